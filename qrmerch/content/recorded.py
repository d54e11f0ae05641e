"""Films and sounds in slots: what may stand there, and why one that stands there cannot be shown yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from qrmerch.media.playing import lacking, said_length


def clean_recordings(value: Any, kind: AssetKind, assets: Mapping[str, Asset]) -> list[str]:
    """The film or sound of a slot as it is kept: a list of one id, or of none.

    :raises ValueError: it is another kind of thing, somebody else's, or several.
    """
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"it takes one {kind.noun}.")
    ids = [each for each in dict.fromkeys(value) if each]
    if len(ids) > 1:
        raise ValueError(f"one {kind.noun} at most; this has {len(ids)}.")
    if any(each not in assets or assets[each].kind != kind for each in ids):
        raise ValueError(f"this {kind.noun} is not among yours any more. Choose another.")
    return ids


def recording_problem(
    asset: Asset, recording: Recording | None, locales: Sequence[str], *, max_seconds: int = 0
) -> str:
    """Why a film or sound cannot be shown, as the end of a sentence that begins with it; empty when it can.

    :param locales: the retailer's languages, first one first.
    """
    if asset.state == AssetState.CHECKING:
        return "is still being made ready. Wait until it is."
    if asset.state == AssetState.REFUSED or recording is None:
        return "cannot be shown. Choose another."
    if max_seconds and recording.duration_ms > max_seconds * 1000 + 999:
        most = said_length(max_seconds * 1000)
        return f"is {said_length(recording.duration_ms)} long; {most} is the most here. Send a shorter one."
    return lacking(asset, recording, locales)


def sealed_recording(asset: Asset, recording: Recording) -> dict[str, Any]:
    """What of a film or sound is part of an approval: the file, what stands in front, every word of it."""
    return {
        "digest": asset.digest,
        "poster_id": recording.poster_id,
        "captions": {
            locale: {"key": said["key"], "words": said["words"]} for locale, said in recording.captions.items()
        },
        "transcript": dict(recording.transcript),
    }

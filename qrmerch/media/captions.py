"""Captions: a vendor's WebVTT or SRT file, read strictly and written anew.

In: bytes of unknown content. Out: cues, and WebVTT text that holds nothing but times and words.
Never: a style, a region, a remark, a setting or a mark-up of the original.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qrmerch.text import clean_line, to_characters

MAX_BYTES: Final = 1_000_000
MAX_CUES: Final = 5_000
MAX_CUE_CHARS: Final = 500
_TIME: Final = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})", re.ASCII)
_TAG: Final = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_NOT_CUES: Final = ("NOTE", "STYLE", "REGION")
# A cue may outlast its film by so much: the ends of sounds and pictures differ a little.
_GRACE_MS: Final = 1_000


class BadCaptions(ValueError):
    """The file cannot be taken; the message names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words and when they show, in milliseconds from the beginning."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def read_captions(data: bytes, *, duration_ms: int) -> list[Cue]:
    """The cues of a WebVTT or SRT file in order of time.

    :param duration_ms: length of the film or sound; captions that go on after it belong to another one.
    :raises BadCaptions: it is neither, or a line of it cannot be understood.
    """
    if len(data) > MAX_BYTES:
        raise BadCaptions("This file is larger than the 1 MB that captions need. Send WebVTT (.vtt) or SRT.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCaptions("This file is not in UTF-8. Save it as “UTF-8” and send it again.") from None
    if "\0" in text:
        raise BadCaptions("This is not a file of text. Send WebVTT (.vtt) or SRT.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_webvtt = re.match(r"WEBVTT(?![^\s])", lines[0]) is not None
    if not is_webvtt and not any("-->" in line for line in lines):
        raise BadCaptions("This file holds no captions: it has no line with two times. Send WebVTT (.vtt) or SRT.")
    cues = [_checked(cue, number, duration_ms) for number, cue in _cues(lines, is_webvtt=is_webvtt)]
    if not any(cue.lines for cue in cues):
        raise BadCaptions("This file has times but no words. Export the captions again.")
    if len(cues) > MAX_CUES:
        raise BadCaptions(f"This file has {len(cues):,} captions; {MAX_CUES:,} are taken.")
    return sorted((cue for cue in cues if cue.lines), key=lambda cue: (cue.start_ms, cue.end_ms))


def write_captions(cues: Sequence[Cue]) -> str:
    """The cues as WebVTT."""
    blocks = [
        f"{_said(cue.start_ms)} --> {_said(cue.end_ms)}\n"
        # An arrow inside words would begin another cue; escaped, it is an arrow.
        + "\n".join(html.escape(line, quote=False) for line in cue.lines)
        for cue in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def words_of(cues: Sequence[Cue]) -> str:
    """All that is said, as one text: what a transcript may begin with."""
    return " ".join(line for cue in cues for line in cue.lines)


def _cues(lines: Sequence[str], *, is_webvtt: bool) -> Iterator[tuple[int, Cue]]:
    """Each cue with the number of its line, the first line being 1."""
    for number, block in _blocks(lines[1:] if is_webvtt else lines, first=2 if is_webvtt else 1):
        # Above the times may stand a name or, in SRT, a number.
        at = next((place for place, line in enumerate(block[:2]) if "-->" in line), None)
        # What stands right under the word WEBVTT belongs to the head.
        is_head = is_webvtt and number == 2
        if at is None and (is_head or block[0].split(" ")[0].rstrip(":") in _NOT_CUES):
            continue
        if at is None:
            raise BadCaptions(
                f"Line {number}: “{_cut(block[0])}” stands without a time. Write one above it,"
                " such as 00:00:01.000 --> 00:00:04.000."
            )
        start, _, rest = block[at].partition("-->")
        end = (rest.split() or [""])[0]
        start_ms, end_ms = (_milliseconds(each, number + at) for each in (start, end))
        yield number + at, Cue(start_ms, end_ms, tuple(_words(block[at + 1 :])))


def _blocks(lines: Sequence[str], *, first: int) -> Iterator[tuple[int, list[str]]]:
    """What stands between empty lines, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], first):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _milliseconds(text: str, number: int) -> int:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise BadCaptions(f"Line {number}: “{_cut(text)}” is not a time. Write it as 00:01:02.500.")
    hours, minutes, seconds, thousandths = (int(each or 0) for each in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _words(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        # Once for marks, once more for what only looks like them after its entities are read.
        words = _TAG.sub("", to_characters(_TAG.sub("", line)))
        words = clean_line(words, max(len(words) * 4, 1))
        if words:
            yield words


def _checked(cue: Cue, number: int, duration_ms: int) -> Cue:
    if cue.end_ms <= cue.start_ms:
        raise BadCaptions(f"Line {number}: it ends at {_said(cue.end_ms)}, before it begins. Turn the times round.")
    if cue.start_ms > duration_ms + _GRACE_MS:
        raise BadCaptions(
            f"Line {number}: it begins at {_said(cue.start_ms)}, but all is over at {_said(duration_ms)}."
            " These may be the captions of another film."
        )
    if sum(map(len, cue.lines)) > MAX_CUE_CHARS:
        raise BadCaptions(f"Line {number}: more than {MAX_CUE_CHARS} characters at once cannot be read. Divide it.")
    return cue


def _said(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"


def _cut(text: str) -> str:
    words = clean_line(text, max(len(text) * 4, 1))
    return words if len(words) <= 40 else words[:40] + "…"

"""A code typed by hand: what was typed, as it stands on a tag, and which tag of ours was meant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from qrmerch.codes.tokens import ALPHABET, LENGTH, find_token
from qrmerch.landing.printed import PrintedCodes

MAX_TYPED_CHARS: Final = 40
_GROUP: Final = 4
# Letters that no tag has are read as the digits they look like.
_AS_READ: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class TypedPart:
    """Some characters of what was typed; a slip is where the tag says something else."""

    text: str
    is_slip: bool = False


def plain_token(text: str) -> str:
    """What was typed without the spaces, hyphens and dots that make it readable."""
    return "".join(character for character in text[:MAX_TYPED_CHARS] if character.isalnum())


def group_token(text: str) -> str:
    """What was typed, upper case in groups of four, as it stands on a tag."""
    plain = plain_token(text).upper()
    return " ".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


def has_token_length(text: str) -> bool:
    return len(plain_token(text)) == LENGTH


def is_nearly_token(text: str) -> bool:
    """Whether one slip may have made this of a token: a character wrong, missing or too many."""
    return LENGTH - 1 <= len(plain_token(text)) <= LENGTH + 1


def find_meant(typed: str, codes: PrintedCodes, *, retailer_id: str | None) -> str | None:
    """The one printed token that differs by a single slip from what was typed: a character wrong, missing, too many,
    or two changed places. None where there is no such, or more than one.

    :param retailer_id: only this retailer's; None for all.
    """
    plain = plain_token(typed).upper()
    if not LENGTH - 1 <= len(plain) <= LENGTH + 1:
        return None
    meant = {token for token in map(find_token, _slips(plain)) if token and _is_ours(codes, token, retailer_id)}
    return meant.pop() if len(meant) == 1 else None


def mark_slip(typed: str, meant: str | None) -> tuple[TypedPart, ...]:
    """What was typed, in groups, with its slip: where the meant token differs, else the check character."""
    plain = plain_token(typed).upper()
    if meant is None:
        return _parts(plain, len(plain) - 1 if len(plain) == LENGTH else None)
    pairs = zip(plain.translate(_AS_READ), meant, strict=False)
    at = next((place for place, (one, other) in enumerate(pairs) if one != other), len(plain) - 1)
    return _parts(plain, at)


def _is_ours(codes: PrintedCodes, token: str, retailer_id: str | None) -> bool:
    code = codes.find(token)
    return code is not None and retailer_id in (None, code.retailer_id)


def _slips(plain: str) -> Iterator[str]:
    """Every text that one slip may have turned into `plain`."""
    for at in range(len(plain) + 1):
        before, after = plain[:at], plain[at:]
        yield from _replacing(before, after, ALPHABET if len(plain) < LENGTH else ())
        if not after:
            continue
        yield before + after[1:]
        if len(plain) == LENGTH:
            yield from (before + character + after[1:] for character in ALPHABET)
            yield before + after[1:2] + after[:1] + after[2:]


def _replacing(before: str, after: str, characters: Iterable[str]) -> Iterator[str]:
    return (before + character + after for character in characters)


def _parts(plain: str, slip_at: int | None) -> tuple[TypedPart, ...]:
    parts: list[TypedPart] = []
    text = ""
    for at, character in enumerate(plain):
        if at and at % _GROUP == 0:
            text += " "
        if at == slip_at:
            parts += [TypedPart(text), TypedPart(character, is_slip=True)]
            text = ""
        else:
            text += character
    return tuple(part for part in (*parts, TypedPart(text)) if part.text)

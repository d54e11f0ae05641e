"""Element strings: what a scanner sends, and the same with brackets, as people read it.

In and out: identifiers with their values, in order. Between them and either form nothing is lost.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from qrmerch.gs1.ai import Problem, Reason, check_value, find_identifier, identifiers
from qrmerch.gs1.digital_link import Element

SEPARATOR: Final = "\x1d"
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\.)*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_MAX_CHARS: Final = 8_000


def read_scanned(text: str) -> tuple[Element, ...]:
    """What a scanner sent, without its symbology identifier: values follow their identifiers, U+001D ends one whose
    length is not fixed.

    :raises Problem: it is not valid.
    """
    found: list[Element] = []
    text = text.removeprefix(SEPARATOR)
    if not text or len(text) > _MAX_CHARS:
        raise Problem(Reason.BAD_LENGTH, "This element string is empty or too long.")
    while text:
        ai = next((text[:size] for size in (2, 3, 4) if text[:size] in identifiers()), None)
        known = find_identifier(ai) if ai else None
        if ai is None or known is None:
            raise Problem(Reason.UNKNOWN_AI, f"There is no application identifier that begins {text[:4]}.")
        text = text[len(ai) :]
        if known.is_fixed:
            value, text = text[: known.most_chars], text[known.most_chars :].removeprefix(SEPARATOR)
        else:
            value, _, text = text.partition(SEPARATOR)
        found.append((ai, value))
    return _checked(found)


def read_bracketed(text: str) -> tuple[Element, ...]:
    r"""What stands in a text such as `(01)09506000134352(10)LOT42`; `\(` is a bracket inside a value.

    :raises Problem: it is not valid.
    """
    found: list[Element] = []
    at = 0
    for match in _BRACKETED.finditer(text[:_MAX_CHARS]):
        if match.start() != at:
            break
        found.append((match[1], _ESCAPED.sub(r"\1", match[2])))
        at = match.end()
    if not found or at != len(text):
        raise Problem(Reason.BAD_VALUE, "This is no element string: each value follows its identifier in brackets.")
    return _checked(found)


def write_scanned(elements: Sequence[Element]) -> str:
    """The same as a scanner sends it."""
    parts = []
    for place, (ai, value) in enumerate(elements, start=1):
        known = find_identifier(ai)
        ends = place == len(elements) or (known is not None and known.is_fixed)
        parts.append(f"{ai}{value}" if ends else f"{ai}{value}{SEPARATOR}")
    return "".join(parts)


def write_bracketed(elements: Iterable[Element]) -> str:
    """The same as people read it."""
    return "".join(f"({ai})" + value.replace("(", r"\(") for ai, value in elements)


def _checked(elements: list[Element]) -> tuple[Element, ...]:
    if len({ai for ai, _ in elements}) < len(elements):
        raise Problem(Reason.DUPLICATE_AI, "An identifier stands there twice.")
    for ai, value in elements:
        check_value(ai, value)
    return tuple(elements)

"""Where a line of text may end: after spaces; in Thai between words; in Chinese and Japanese nearly everywhere.

Thai writes no spaces between words. Its words are found by a list of them (the package `newmm-tokenizer`, of which
only the list is used: its own code takes seconds and 80 MB to start): of all ways to cut a stretch, the one that
leaves the fewest letters unknown, then the one of fewest words. Where the list is missing, Thai breaks at spaces only.
"""

import logging
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

log = logging.getLogger("qrmerch.printing")

_THAI: Final = re.compile(r"[\u0e01-\u0e3a\u0e40-\u0e4e]+")
# Chinese, Japanese and their marks; Korean breaks at its spaces.
_WIDE: Final = re.compile(r"[\u2e80-\u312f\u3190-\uabff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_HANGUL: Final = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
# What never begins a line, and what never ends one.
_NEVER_FIRST: Final = frozenset(
    "、。，．・：；？！）」』】〕〉》］｝’”ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ々〻…‥%％°℃)]},.!?:;"
)
_NEVER_LAST: Final = frozenset("（「『【〔〈《［｛‘“([{¥￥$＄")
# A letter that stands on or behind the one before it, and a vowel that is written before the one it follows.
_THAI_BEHIND: Final = frozenset(chr(code) for code in (*range(0x0E30, 0x0E3B), 0x0E45, *range(0x0E47, 0x0E4F)))
_THAI_BEFORE: Final = frozenset("เแโใไ")
_LONGEST_WORD: Final = 20
_UNKNOWN_COSTS: Final = 100


@lru_cache(maxsize=4_096)
def parts_of(text: str) -> tuple[str, ...]:
    """A text in parts between which a line may end; a part has the space after it. Joined they are the text."""
    parts: list[str] = []
    for word in re.findall(r"\S+\s*|\s+", text):
        parts += _parts_of_word(word)
    return tuple(parts)


def _parts_of_word(word: str) -> list[str]:
    parts, at = [], 0
    for thai in _THAI.finditer(word):
        parts += _parts_of_wide(word[at : thai.start()])
        parts += _thai_words(thai.group())
        at = thai.end()
    parts += _parts_of_wide(word[at:])
    return _joined_marks([part for part in parts if part])


def _joined_marks(parts: list[str]) -> list[str]:
    """Marks go with what stands before or after them, as do the spaces behind a word."""
    made: list[str] = []
    for part in parts:
        if made and (part[0].isspace() or part[0] in _NEVER_FIRST or made[-1][-1] in _NEVER_LAST):
            made[-1] += part
        else:
            made.append(part)
    return made


def _parts_of_wide(word: str) -> list[str]:
    """A word with a break before and after each wide letter; other letters stay together."""
    parts: list[str] = []
    was_wide = False
    for letter in word:
        is_wide = bool(_WIDE.match(letter)) and not _HANGUL.match(letter)
        if parts and not (is_wide or was_wide):
            parts[-1] += letter
        else:
            parts.append(letter)
        was_wide = is_wide
    return parts


def _thai_words(text: str) -> list[str]:
    words = _list_words()
    if not words:
        return [text]
    size = len(text)
    may_cut = [_may_cut(text, at) for at in range(size + 1)]
    # For each place: what it costs to come there, and where the last word began.
    best: list[tuple[int, int]] = [(0, 0)] + [(1 << 30, 0)] * size
    for begin in range(size):
        if not may_cut[begin] or best[begin][0] >= 1 << 30:
            continue
        for end in range(begin + 1, min(size, begin + _LONGEST_WORD) + 1):
            if not may_cut[end]:
                continue
            is_known = text[begin:end] in words
            cost = best[begin][0] + (1 if is_known else _UNKNOWN_COSTS * (end - begin) + 1)
            best[end] = min(best[end], (cost, begin))
    found, end = [], size
    while end:
        begin = best[end][1]
        found.append(text[begin:end])
        end = begin
    return found[::-1]


def _may_cut(text: str, at: int) -> bool:
    """Whether no cluster of letters is torn apart here."""
    if at in (0, len(text)):
        return True
    return text[at] not in _THAI_BEHIND and text[at - 1] not in _THAI_BEFORE


@cache
def _list_words() -> frozenset[str]:
    try:
        text = (files("newmm_tokenizer") / "words_th.txt").read_text(encoding="utf-8")
    except (ModuleNotFoundError, OSError) as error:
        log.warning("the list of Thai words cannot be read, so Thai breaks at spaces only: %s", error)
        return frozenset()
    return frozenset(word.strip() for word in text.splitlines())

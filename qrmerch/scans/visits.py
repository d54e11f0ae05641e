"""Visit ids: one stretch of looking at pages, known by a passing id that the phone never stores.

An id is the minute of its birth and 80 random bits, in hexadecimal, so that whoever sees one again
knows its age without asking anybody. A web server in front, which makes no hexadecimal numbers, writes the second of
its birth in ten digits instead.
"""

import os
import re
from datetime import datetime, timedelta
from typing import Final

VISIT_LASTS: Final = timedelta(hours=4)
VISIT_IDLES: Final = timedelta(minutes=30)
_MINUTE_CHARS, _RANDOM_CHARS = 8, 20
_FORM = re.compile(rf"[0-9a-f]{{{_MINUTE_CHARS + _RANDOM_CHARS}}}", re.ASCII)
_SECOND_CHARS: Final = 10
_OF_A_SERVER = re.compile(rf"[0-9]{{{_SECOND_CHARS}}}[0-9a-f]{{{_RANDOM_CHARS}}}", re.ASCII)
_DRAWN_AT_ONCE = 256


class VisitIds:
    """New visit ids; randomness is drawn from the system many ids at a time."""

    def __init__(self) -> None:
        self._random: list[str] = []

    def draw(self, at_s: float) -> str:
        """A new id for a visit that begins at `at_s`, seconds since 1970."""
        try:
            random = self._random.pop()
        except IndexError:
            text = os.urandom(_RANDOM_CHARS // 2 * _DRAWN_AT_ONCE).hex()
            self._random += [text[n : n + _RANDOM_CHARS] for n in range(_RANDOM_CHARS, len(text), _RANDOM_CHARS)]
            random = text[:_RANDOM_CHARS]
        return f"{int(at_s) // 60:0{_MINUTE_CHARS}x}{random}"


def find_visit(text: str | None, *, at: datetime) -> str | None:
    """The visit that a phone says it is in, or None: no id, not one of ours, or longer ago than a visit lasts."""
    if text and _OF_A_SERVER.fullmatch(text):
        born_s = int(text[:_SECOND_CHARS])
    elif text and _FORM.fullmatch(text):
        born_s = int(text[:_MINUTE_CHARS], 16) * 60
    else:
        return None
    age_s = at.timestamp() - born_s
    # A phone may have been answered by another node, whose clock is a little ahead.
    return text if -120 <= age_s < VISIT_LASTS.total_seconds() + 60 else None

"""Opening hours: a sentence as stores write it -> a week of times.

In: text such as "Mon-Sat 09:30-19:00; Sun 11-5". Out: a `Week`, or `HoursUnclear` that names the part nobody can be
sure of. Never: a guess in silence. Two conventions of shops are followed: of two bare numbers that run backwards the
second is in the afternoon ("10-9" is 10:00 to 21:00), and a day that is not named is closed. Where bare numbers could
be the same half of a day, the longer day is read and said ("9-10" is 09:00 to 22:00).
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

# For each weekday, Monday first, spans of minutes since its midnight; an end beyond 1,440 is the next morning.
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]
DAY: Final = 24 * 60
# Open longer into the night than this is a slip.
LATEST: Final = DAY + 6 * 60
ALL_DAY: Final[tuple[Span, ...]] = ((0, DAY),)
NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NOON: Final = 12 * 60
_DAYS: Final = {
    word: day
    for day, words in enumerate(
        (
            "mo mon monday mondays montag",
            "tu tue tues tuesday tuesdays di dienstag",
            "we wed weds wednesday wednesdays mi mittwoch",
            "th thu thur thurs thursday thursdays do donnerstag",
            "fr fri friday fridays freitag",
            "sa sat saturday saturdays samstag",
            "su sun sunday sundays so sonntag",
        )
    )
    for word in words.split()
}
_GROUPS: Final = {
    "daily": range(7),
    "everyday": range(7),
    "every day": range(7),
    "täglich": range(7),
    "weekdays": range(5),
    "weekend": range(5, 7),
    "weekends": range(5, 7),
}
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<all_day>(?:open\s+)?24\s*(?:/\s*7|h(?:ours|rs|r)?\b)(?:\s*a\s+day)?|around\s+the\s+clock)
      | (?P<closed>closed|geschlossen)\b
      | (?P<noon>(?:12\s*)?noon|midday)\b
      | (?P<midnight>(?:12\s*)?midnight)\b
      | (?P<time>(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?!\d)\s*(?P<half>[ap]\.?\s?m\b\.?)?(?:\s*uhr\b)?)
      | (?P<dash>[-\u2010-\u2015\u2212~]|\bto\b|\btill?\b|\buntil\b|\bbis\b)
      | (?P<day>every\s+day|[^\W\d_]+)\.?
      | (?P<and>,|&|\+|/|\band\b)
      | (?P<end>;|\||\n|\.(?!\d))
      | (?P<colon>:)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_FILLERS: Final = {"open", "from", "hours", "von"}


class HoursUnclear(ValueError):
    """Hours that cannot be read with certainty; the message is a sentence that says which part, and why."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A week, and what had to be decided to read it: sentences such as "9-10 is read as 09:00 to 22:00."."""

    week: Week
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    hour: int = 0
    minute: int = 0
    # "am", "pm" or empty.
    half: str = ""

    @property
    def is_24(self) -> bool:
        """Whether it is written as a clock of 24 hours writes it."""
        return self.kind == "time" and not self.half and (self.hour > 12 or self.text.startswith("0"))

    @property
    def is_full(self) -> bool:
        """Whether it has both digits of the hour and its minutes."""
        return self.kind == "time" and not self.half and re.fullmatch(r"\d\d\D\d\d", self.text) is not None


def parse_hours(text: str) -> Hours:
    """The week that a text says.

    :raises HoursUnclear: it is empty, says something else, or can be read in two ways.
    """
    reader = _Reader(_tokens(text))
    if not reader.tokens:
        raise HoursUnclear("There are no hours in it.")
    return Hours(*reader.read_week())


def format_week(week: Week) -> str:
    """A week in few words, which `parse_hours` reads as the same: `Mon-Sat 09:30-19:00; Sun 11:00-17:00`."""
    if not any(week):
        return "Mon-Sun closed"
    parts, begin = [], 0
    for day in range(1, 8):
        if day == 7 or week[day] != week[begin]:
            name = NAMES[begin] if day - begin == 1 else f"{NAMES[begin]}-{NAMES[day - 1]}"
            if week[begin]:
                parts.append(f"{name} {', '.join(map(_format_span, week[begin]))}")
            begin = day
    return "; ".join(parts)


def _format_span(span: Span) -> str:
    begin, end = span
    end = end if end <= DAY else end - DAY
    return f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    # Digits of other scripts are digits.
    place, text = 0, re.sub(r"\d", lambda digit: str(int(digit[0])), text.strip())
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.end() == place:
            raise HoursUnclear(f"“{text[place : place + 20].strip()}” is no time and no day.")
        place = match.end()
        token = _token_of(match)
        if token is not None:
            found.append(token)
    return found


def _token_of(match: re.Match[str]) -> _Token | None:
    said = match[0].strip()
    if match["time"]:
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()[:1]
        if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12) or (hour == 24 and minute):
            raise HoursUnclear(f"“{said}” is no time of day.")
        bare = re.sub(r"(?i)\s*uhr$", "", said)
        return _Token("time", bare, hour, minute, f"{half}m" if half else "")
    if match["noon"]:
        return _Token("time", said, 12, 0, "pm")
    if match["midnight"]:
        return _Token("time", said, 12, 0, "am")
    for name in ("all_day", "closed", "dash", "and", "end", "colon"):
        if match[name]:
            return _Token(name, said)
    word = re.sub(r"\s+", " ", match["day"].lower())
    if word in _FILLERS:
        return None
    if word not in _DAYS and word not in _GROUPS:
        raise HoursUnclear(f"“{match['day']}” is no day and no time.")
    return _Token("day", word)


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self._at = tokens, 0
        self._is_24 = any(each.is_24 for each in tokens)
        self._notes: list[str] = []

    def read_week(self) -> tuple[Week, tuple[str, ...]]:
        # A day of its own goes before "daily", whichever is said first.
        usual: dict[int, tuple[Span, ...]] = {}
        own: dict[int, tuple[Span, ...]] = {}
        while self._skip("end", "and"):
            is_usual = self._peek() == "day" and self.tokens[self._at].text in _GROUPS
            days = self._read_days()
            spans = self._read_spans(days)
            said = usual if is_usual else own
            if twice := [day for day in days if day in said]:
                raise HoursUnclear(f"{NAMES[twice[0]]} is said twice.")
            said.update(dict.fromkeys(days, spans))
        read = tuple(own.get(day, usual.get(day, ())) for day in range(7))
        _refuse_overlaps(read)
        return read, tuple(dict.fromkeys(self._notes))

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def _take(self) -> _Token:
        self._at += 1
        return self.tokens[self._at - 1]

    def _skip(self, *kinds: str) -> bool:
        """Pass over separators; whether anything is left."""
        while self._peek() in kinds:
            self._at += 1
        return bool(self._peek())

    def _read_days(self) -> list[int]:
        if self._peek() == "all_day" and len(self.tokens) == 1:
            return list(range(7))
        days: list[int] = []
        while self._peek() == "day":
            word = self._take().text
            if word in _GROUPS:
                days += _GROUPS[word]
            elif self._peek() == "dash" and self._peek(1) == "day":
                self._take()
                days += _days_between(word, self._take().text)
            else:
                days.append(_DAYS[word])
            if self._peek() == "and" and self._peek(1) == "day":
                self._take()
        if not days:
            said = self.tokens[self._at].text
            raise HoursUnclear(f"Nobody says on which days “{said}” is.")
        self._skip("colon", "dash")
        return days

    def _read_spans(self, days: list[int]) -> tuple[Span, ...]:
        if self._peek() == "closed":
            self._take()
            return ()
        if self._peek() == "all_day":
            self._take()
            return ALL_DAY
        spans = [self._read_span(days)]
        while self._peek() == "and" and self._peek(1) == "time":
            self._take()
            spans.append(self._read_span(days))
        if len(spans) > 1 and self._notes:
            raise HoursUnclear(f"{self._notes[-1]} With another time on the same day, that is not certain.")
        return tuple(sorted(spans))

    def _read_span(self, days: list[int]) -> Span:
        if [self._peek(), self._peek(1), self._peek(2)] != ["time", "dash", "time"]:
            raise HoursUnclear(f"{NAMES[days[0]]} has no time from and until.")
        begin, _, end = self._take(), self._take(), self._take()
        return self._span_of(begin, end)

    def _span_of(self, begin: _Token, end: _Token) -> Span:
        said = f"{begin.text}-{end.text}"
        if begin.half or end.half:
            opens, closes = _with_halves(begin, end, said, self._notes)
        elif self._is_24 or (begin.is_full and end.is_full):
            opens, closes = _with_24(begin, end, said)
        else:
            opens, closes = _with_bare(begin, end, said, self._notes)
        if not (0 <= opens < DAY and opens < closes <= LATEST):
            raise HoursUnclear(f"“{said}” ends before it begins, or in the middle of the next day.")
        return opens, closes


def _days_between(first: str, last: str) -> list[int]:
    if first in _GROUPS or last in _GROUPS:
        raise HoursUnclear(f"“{first}-{last}” are no days.")
    begin, end = _DAYS[first], _DAYS[last]
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _with_24(begin: _Token, end: _Token, said: str) -> Span:
    opens, closes = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    if closes > opens:
        return opens, closes
    # Into the night only where it is written so that nobody can take it for the afternoon.
    if not (end.text.startswith("0") or closes == 0) or closes == opens:
        raise HoursUnclear(f"“{said}” can be the afternoon or the next morning. Write the end like 21:00 or 02:00.")
    return opens, closes + DAY


def _with_halves(begin: _Token, end: _Token, said: str, notes: list[str]) -> Span:
    """With am or pm on one side at least; the other side follows from it where it can only be one."""
    if begin.is_24 or end.is_24:
        raise HoursUnclear(f"“{said}” mixes two ways to write the time.")
    early, late = _on_the_dial(begin), _on_the_dial(end)
    if begin.half and end.half:
        opens, closes = early + _half(begin), late + _half(end)
        return opens, closes if closes > opens else closes + DAY
    if end.half:
        if end.half == "pm" and early < late and 4 < begin.hour < 12:
            raise HoursUnclear(f"“{said}” can begin in the morning or in the evening. Say am or pm on both sides.")
        closes = late + _half(end)
        if end.half == "am":
            raise HoursUnclear(f"“{said}” can begin in the morning or in the evening. Say am or pm on both sides.")
        opens = early + _NOON if early < late or begin.hour == 12 else early
        return opens, closes
    opens = early + _half(begin)
    if end.hour == 12 or (begin.half == "pm" and late <= early):
        raise HoursUnclear(f"“{said}” can end at noon or at night. Say am or pm on both sides.")
    if begin.half == "pm":
        return opens, late + _NOON
    if late > early:
        notes.append(f"“{said}” is read as {_format_span((opens, late + _NOON)).replace('-', ' to ')}.")
    return opens, late + _NOON


def _with_bare(begin: _Token, end: _Token, said: str, notes: list[str]) -> Span:
    """Two numbers of a dial of twelve hours: the first in the morning, the second after it."""
    if end.hour == 12:
        raise HoursUnclear(f"“{said}” can end at noon or at midnight. Write 12 noon, or 24:00.")
    opens, late = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    if begin.hour < 5:
        raise HoursUnclear(f"“{said}” can begin in the night or in the afternoon. Write it like 13:00-17:00.")
    if late > opens or (late == opens and begin.hour < 8):
        notes.append(f"“{said}” is read as {_format_span((opens, late + _NOON)).replace('-', ' to ')}.")
    return opens, late + _NOON


def _on_the_dial(token: _Token) -> int:
    return token.hour % 12 * 60 + token.minute


def _half(token: _Token) -> int:
    return _NOON if token.half == "pm" else 0


def _refuse_overlaps(week: Week) -> None:
    """:raises HoursUnclear: two spans hold at the same time, on a day or over midnight."""
    for day, spans in enumerate(week):
        followed = [*spans, *((begin + DAY, end + DAY) for begin, end in week[(day + 1) % 7][:1])]
        for (_, end), (begin, _) in pairwise(followed):
            if end > begin:
                raise HoursUnclear(f"On {NAMES[day]} one time begins before the other ends.")

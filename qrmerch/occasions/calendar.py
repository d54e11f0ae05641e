"""An occasion as a file for a calendar (RFC 5545).

In: an occasion in a store, and its words. Out: the text of one `VEVENT`, with the time zone of the store written out,
so that a calendar that knows no names of zones shows the same hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from qrmerch.occasions.queries import Held

_MAX_LINE_BYTES: Final = 75
_LOCAL: Final = "%Y%m%dT%H%M%S"
# The turns of the clock before it begins that are written out: a year has both.
_LOOKED_BACK: Final = timedelta(days=366)
_STEP: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Words:
    """What a calendar shows: title, place, text and the address of the page, in one language."""

    title: str
    place: str
    text: str
    address: str


def write_calendar(held: Held, words: Words) -> bytes:
    """The file; the same bytes for the same occasion as long as nobody changes it."""
    zone = held.store.time_zone
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//qrmerch//events//EN",
        "METHOD:PUBLISH",
        *_write_zone(zone, held.begins_at, held.ends_at),
        "BEGIN:VEVENT",
        f"UID:{held.occasion.public_id}-{held.store.public_id}@qrmerch",
        f"DTSTAMP:{held.occasion.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;TZID={zone}:{_local(held.begins_at, zone)}",
        f"DTEND;TZID={zone}:{_local(held.ends_at, zone)}",
        f"SUMMARY:{_escape(words.title)}",
        f"LOCATION:{_escape(words.place)}",
        *([f"DESCRIPTION:{_escape(words.text)}"] if words.text else []),
        f"URL:{words.address}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_fold(line) for line in lines)


def _write_zone(zone: str, begins_at: datetime, ends_at: datetime) -> Iterator[str]:
    """The turns of a zone's clock around an occasion: the last ones before it, and what falls within."""
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{zone}"
    since = begins_at - _LOOKED_BACK
    turns = [(since, _offset(since, zone)), *_list_turns(zone, since, ends_at)]
    before = turns[0][1]
    for at, after in turns:
        kind = "DAYLIGHT" if at.astimezone(ZoneInfo(zone)).dst() else "STANDARD"
        yield f"BEGIN:{kind}"
        # The hour that the clock showed just before it was turned.
        yield f"DTSTART:{(at + before).strftime(_LOCAL)}"
        yield f"TZOFFSETFROM:{_write_offset(before)}"
        yield f"TZOFFSETTO:{_write_offset(after)}"
        yield f"END:{kind}"
        before = after
    yield "END:VTIMEZONE"


def _list_turns(zone: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """When a zone's clock is turned, to the minute, and how far it is from UTC from then on."""
    at = since
    while at < until:
        step = min(at + _STEP, until)
        if _offset(at, zone) != _offset(step, zone):
            low, high = at, step
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(middle, zone) == _offset(at, zone) else (low, middle)
            # Clocks are turned at whole minutes.
            yield high.replace(second=0, microsecond=0), _offset(step, zone)
        at = step


def _offset(at: datetime, zone: str) -> timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def _write_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(_LOCAL)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _fold(line: str) -> bytes:
    """A line in pieces of at most 75 bytes, none of which cuts a character."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        # What goes on begins with a space.
        if len(piece) + len(encoded) > _MAX_LINE_BYTES:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"

"""Where things happened: from tokens and ids in lines to retailer, item, store, fixture and time zone."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.parties.models import Retailer, Store
from qrmerch.scans import entries, line
from qrmerch.scans.line import Line
from qrmerch.scans.models import ScanPlace

QUARTER_MS: Final = 900_000
_NAME_ITEMS: Final = (line.GS1, *line.OF_PAGES)
_CODES: Final = (
    "SELECT token, retailer_id, id, coalesce(item_id, ''), store_id, fixture_id, carrier FROM code WHERE token"
)
_ITEMS: Final = "SELECT public_id, retailer_id, id FROM item WHERE public_id"


class Place(NamedTuple):
    """Where a line belongs, by our own ids; an empty text stands for "no such place". `zone` dates it."""

    retailer_id: str
    code_id: str
    item_id: str
    store_id: str
    fixture_id: str
    zone: str

    @classmethod
    def of_row(cls, row: ScanPlace) -> "Place":
        """Where something was counted."""
        return cls(row.retailer_id, row.code_id, row.item_id, row.store_id, row.fixture_id, row.zone)


def number_of(place: Place) -> int:
    """The key of a place's row of `ScanPlace`: 64 bits of a hash of it, the same on every node and for ever."""
    return int.from_bytes(blake2b("\0".join(place).encode(), digest_size=8).digest(), "big", signed=True)


class Places:
    """The places of one batch of lines, asked for all at once."""

    def __init__(self, db: Session, lines: Sequence[Line]) -> None:
        self._store_zones = {
            row[0]: (row[1], row[2]) for row in _rows(db, Store.id, Store.retailer_id, Store.time_zone)
        }
        self._retailer_zones = {row[0]: row[1] for row in _rows(db, Retailer.id, Retailer.time_zone)}
        tokens, pages = _name(lines)
        self._codes = {row[0]: row[1:] for row in _find(db, _CODES, tokens)}
        self._items = {row[0]: row[1:] for row in _find(db, _ITEMS, pages)}

    def of(self, said: Line) -> Place | None:
        """The place of a line, or None where nothing of ours is at what it names."""
        traits = said.traits
        if traits.kind == line.SCAN:
            return self._of_code(said.subject)
        if traits.kind in line.OF_PAGES or (traits.kind == line.GS1 and said.subject):
            return self._of_page(said)
        return self.of_store(traits.retailer_id, traits.store_id)

    def of_store(self, retailer_id: str, store_id: str, *, item_id: str = "") -> Place:
        """A retailer's store, or the retailer without a store where that is not one of its own."""
        owner, zone = self._store_zones.get(store_id, ("", ""))
        if owner and owner == retailer_id:
            return Place(retailer_id, "", item_id, store_id, "", zone)
        return Place(retailer_id, "", item_id, "", "", self._retailer_zones.get(retailer_id, "UTC"))

    def has_retailer(self, retailer_id: str) -> bool:
        """Whether there is a retailer with this id."""
        return retailer_id in self._retailer_zones

    def carrier_of(self, said: Line) -> str:
        """What carries the printed address that a line is about; empty where it is about none."""
        if said.traits.kind not in line.PRINTED:
            return ""
        found = self._codes.get(said.subject) if said.traits.kind == line.SCAN else None
        return str(found[-1]) if found else entries.PRINT

    @staticmethod
    def entry_of(referrer: str, carrier: str) -> str:
        """How somebody came to a printed address: by what carries it, or from where it was posted."""
        return entries.find_entry(referrer) if referrer else carrier

    def _of_code(self, token: str) -> Place | None:
        found = self._codes.get(token)
        if found is None:
            return None
        retailer_id, code_id, item_id, store_id, fixture_id, _ = found
        place = self.of_store(retailer_id, store_id or "")
        return Place(retailer_id, code_id, item_id, place.store_id, fixture_id or "", place.zone)

    def _of_page(self, said: Line) -> Place | None:
        found = self._items.get(said.subject)
        if found is None:
            return None
        retailer_id, item_id = found
        code = self._of_code(said.token) if said.token else None
        if code and code.item_id == item_id:
            return code
        return self.of_store(retailer_id, said.traits.store_id, item_id=item_id)


class LocalHours:
    """Business dates and hours of places, remembered for each quarter of an hour."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[date, int]] = {}

    def of(self, zone: str, quarter: int) -> tuple[date, int]:
        """:param quarter: quarters of an hour since 1970; every time zone's offset is a whole number of them."""
        found = self._known.get((zone, quarter))
        if found is None:
            if len(self._known) > 20_000:
                self._known.clear()
            at = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone))
            found = self._known[zone, quarter] = (at.date(), at.hour)
        return found


def _name(lines: Sequence[Line]) -> tuple[set[str], set[str]]:
    """The tokens of codes and the public ids of items that lines name."""
    tokens, pages = set(), set()
    for _, subject, token, _, _, _, _, traits in lines:
        if traits.kind == line.SCAN:
            tokens.add(subject)
        elif subject and traits.kind in _NAME_ITEMS:
            pages.add(subject)
        if token:
            tokens.add(token)
    return tokens, pages


def _rows(db: Session, *columns: Any) -> Iterable[Any]:
    return db.execute(select(*columns))


def _find(db: Session, what: str, wanted: Iterable[str]) -> Iterable[Any]:
    """Rows whose first column is among `wanted`, asked for as one parameter: their number may be in the thousands."""
    listed = sorted(wanted)
    if not listed:
        return ()
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        among, values = " IN (SELECT value FROM json_each(?))", orjson.dumps(listed).decode()
        return connection.exec_driver_sql(what + among, (values,))
    return connection.exec_driver_sql(what + " = ANY(%s)", (listed,))

"""A shop whose scans are counted: two stores in two time zones, two items, codes, and a log to write into."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.models import Code
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.scans import line
from qrmerch.scans.line import make_line, scan_line
from qrmerch.scans.models import DayTotal, HourTotal
from tests.conftest import NOON
from tests.factories import make_code, make_fixture, make_item, make_retailer, make_store

PHONE = "human safari 61 2 phone ios"
ROBOT = "bot search 30 2 other other"


@dataclass(frozen=True)
class Shop:
    """Riverside keeps New York's time, Berlin its own; each has a wall with a code for the top."""

    retailer: Retailer
    riverside: Store
    berlin: Store
    wall: Fixture
    top: Item
    cap: Item
    code: Code
    berlin_code: Code
    folder: Path

    def write(self, *lines: bytes, name: str = "scan-a.jsonl") -> Path:
        """Append lines to a file of the log."""
        path = self.folder / name
        with path.open("ab") as file:
            file.write(b"".join(lines))
        return path

    def scan(self, at: datetime = NOON, *, code: Code | None = None, **more: Any) -> bytes:
        """One phone opens the printed code's page."""
        said = {"agent": PHONE, "is_own_network": False, "visit": "", "near": "", "manner": "", "has_gpc": False}
        return scan_line((code or self.code).token, at.timestamp(), **{**said, **more})

    def view(self, at: datetime = NOON, *, item: Item | None = None, **more: Any) -> bytes:
        """A page was seen for a second."""
        return make_line(line.VIEW, (item or self.top).public_id, at.timestamp(), **{"agent": PHONE, **more})

    def page(self, at: datetime = NOON, *, item: Item | None = None, **more: Any) -> bytes:
        """A page was asked for at `/i/`."""
        return make_line(line.PAGE, (item or self.top).public_id, at.timestamp(), **{"agent": PHONE, **more})


def make_shop(db: Session, folder: Path) -> Shop:
    """The shop, committed."""
    retailer = make_retailer(db, name="Fashiontown")
    riverside = make_store(db, retailer, short_name="Riverside")
    berlin = make_store(db, retailer, short_name="Berlin", time_zone="Europe/Berlin")
    wall = make_fixture(db, riverside, name="Tops wall")
    top, cap = make_item(db, retailer, title="Marigold Top"), make_item(db, retailer, title="Corner Cap")
    shop = Shop(
        retailer=retailer,
        riverside=riverside,
        berlin=berlin,
        wall=wall,
        top=top,
        cap=cap,
        code=make_code(db, top, fixture=wall),
        berlin_code=make_code(db, top, store=berlin),
        folder=folder,
    )
    folder.mkdir(exist_ok=True)
    db.commit()
    return shop


def totals(db: Session) -> dict[str, int]:
    """Counts of each kind in all totals by day."""
    found: dict[str, int] = {}
    for row in db.scalars(select(DayTotal).execution_options(populate_existing=True)):
        found[row.kind] = found.get(row.kind, 0) + row.count
    hours = db.scalars(select(HourTotal).execution_options(populate_existing=True)).all()
    assert sum(found.values()) == sum(row.count for row in hours), "days and hours count the same"
    db.commit()
    return found

"""Who works in the studio in these tests: Vera of one vendor, Olga of another; and what lies in the database."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.scans.models import DayTotal
from qrmerch.tables import Base
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import Person, make_person, make_retailer, make_vendor


@dataclass(frozen=True)
class Studio:
    """A retailer, two vendors that supply it, and somebody of each."""

    retailer: Retailer
    vendor: Vendor
    vera: Person
    other: Vendor
    olga: Person


def make_studio(db: Session, *, locales: list[str] | None = None) -> Studio:
    """The studio of two vendors, committed by the caller."""
    retailer = make_retailer(db, name="Fashiontown", locales=locales)
    vendor, other = make_vendor(db, retailer, name="Sunny Side"), make_vendor(db, retailer, name="Larkfoot")
    return Studio(
        retailer,
        vendor,
        make_person(db, Role.VENDOR_ADMIN, name="Vera", vendor=vendor),
        other,
        make_person(db, Role.VENDOR_ADMIN, name="Olga", vendor=other),
    )


def end_supply(db: Session, studio: Studio) -> None:
    """Let the vendor supply the retailer no more."""
    supply = find_supply(db, studio.retailer.id, studio.vendor.id)
    assert supply is not None
    supply.ended_at = NOON
    db.flush()


def scan(db: Session, item: Item, count: int, *, days_ago: int = 0, kind: str = "scan") -> None:
    """Let an item have been scanned so often on one day of its retailer."""
    today = now().astimezone(ZoneInfo("America/New_York")).date()
    db.add(
        DayTotal(
            retailer_id=item.retailer_id, on=today - timedelta(days=days_ago), kind=kind, store_id="", fixture_id="",
            item_id=item.id, code_id="", count=count,
        )
    )  # fmt: skip
    db.flush()


def kept(browser: Browser, statement: Select[Any]) -> list[Any]:
    """What lies in the application's database now, read beside whatever a test has open."""
    services: Services = browser.app.extensions["qrmerch"]
    with services.database.read() as db:
        return list(db.scalars(statement))


def rows(browser: Browser, *tables: type[Base]) -> list[dict[str, object]]:
    """Every row of some tables as it lies there, to be compared with later."""
    services: Services = browser.app.extensions["qrmerch"]
    found: list[dict[str, object]] = []
    with services.database.read() as db:
        for each in tables:
            columns = each.__table__
            found += [dict(row) for row in db.execute(select(columns).order_by(columns.c.id)).mappings()]
    return found


def with_settings(browser: Browser, **changed: object) -> None:
    """Let the application go on with other settings."""
    services: Services = browser.app.extensions["qrmerch"]
    settings = dataclasses.replace(services.settings, **changed)  # type: ignore[arg-type]
    browser.app.extensions["qrmerch"] = dataclasses.replace(services, settings=settings)

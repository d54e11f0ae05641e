"""A house whose desk is tested, and the one next door that must never see it."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.tables import Base
from tests.factories import Person, make_item, make_person, make_retailer, make_store, make_vendor

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class House:
    """Fashiontown with a store, a vendor, an item and somebody in each role; Otto owns the shop next door."""

    retailer: Retailer
    store: Store
    vendor: Vendor
    item: Item
    other: Retailer
    otto: Person
    people: dict[Role, Person] = field(default_factory=dict)

    @property
    def olive(self) -> Person:
        """The owner."""
        return self.people[Role.OWNER]

    @property
    def mia(self) -> Person:
        """The merchandiser."""
        return self.people[Role.MERCHANDISER]


def make_house(db: Session) -> House:
    """The house, committed."""
    retailer, other = make_retailer(db, name="Fashiontown"), make_retailer(db, name="Next Door")
    store = make_store(db, retailer, code="FT-001", short_name="Riverside")
    vendor = make_vendor(db, retailer, name="Sunny Side")
    names = {
        Role.OWNER: "Olive",
        Role.MERCHANDISER: "Mia",
        Role.REVIEWER: "Rob",
        Role.ANALYST: "Ana",
        Role.ASSOCIATE: "Ada",
        Role.VENDOR_ADMIN: "Vera",
    }
    house = House(
        retailer=retailer,
        store=store,
        vendor=vendor,
        item=make_item(db, retailer, vendor=vendor, key="FT-TOP-01", title="Marigold Slouch Top"),
        other=other,
        otto=make_person(db, Role.OWNER, name="Otto", retailer=other),
        people={
            role: make_person(
                db,
                role,
                name=name,
                retailer=retailer,
                vendor=vendor,
                stores=(store,) if role == Role.ASSOCIATE else (),
            )
            for role, name in names.items()
        },
    )
    db.commit()
    return house


def seen(db: Session, wanted: Select[Any]) -> list[Any]:
    """What the database holds now; the session lets go again, so that the application can write."""
    found = list(db.scalars(wanted.execution_options(populate_existing=True)))
    db.commit()
    return found


def again(db: Session, row: Row) -> Row:
    """A row as it is now."""
    db.refresh(row)
    db.commit()
    return row


def count_entries(db: Session, action: str) -> int:
    """How many entries of this kind the logs hold."""
    return len(seen(db, select(AuditEntry.id).where(AuditEntry.action == action)))

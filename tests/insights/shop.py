"""A shop with made totals, so that every figure on its pages is known."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.scans.models import DayTotal, HourTotal
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_code,
    make_fixture,
    make_item,
    make_person,
    make_retailer,
    make_store,
    make_vendor,
)

TODAY = NOON.astimezone(ZoneInfo("America/New_York")).date()
WEEK = f"from={TODAY - timedelta(days=6)}&to={TODAY}"


@dataclass(frozen=True)
class Shop:
    """Two stores, two items of Sunny Side, a wall and a window; people of each role, and Otto next door."""

    retailer: Retailer
    riverside: Store
    galleria: Store
    wall: Fixture
    window: Fixture
    top: Item
    cap: Item
    code_id: str
    people: dict[Role, Person]
    otto: Person

    def count(
        self,
        db: Session,
        kind: str,
        number: int,
        *,
        on: date = TODAY,
        store: Store | None = None,
        fixture: Fixture | None = None,
        item: Item | None = None,
        code_id: str = "",
        hour: int = 12,
    ) -> None:
        """Add to the totals by day and by hour, at the wall of Riverside unless said otherwise."""
        store_id = (store or self.riverside).id
        fixture_id = fixture.id if fixture else "" if store else self.wall.id
        db.add(
            DayTotal(
                retailer_id=self.retailer.id,
                on=on,
                kind=kind,
                store_id=store_id,
                fixture_id=fixture_id,
                item_id=(item or self.top).id,
                code_id=code_id,
                count=number,
            )
        )
        known = db.get(HourTotal, (self.retailer.id, on, hour, kind, store_id, fixture_id))
        if known:
            known.count += number
        else:
            db.add(
                HourTotal(
                    retailer_id=self.retailer.id,
                    on=on,
                    hour=hour,
                    kind=kind,
                    store_id=store_id,
                    fixture_id=fixture_id,
                    count=number,
                )
            )
        db.flush()

    def count_elsewhere(self, db: Session, kind: str, number: int) -> None:
        """Add to the totals of Riverside what belongs to no item, today at noon."""
        of = {
            "retailer_id": self.retailer.id,
            "on": TODAY,
            "kind": kind,
            "store_id": self.riverside.id,
            "fixture_id": "",
        }
        db.add(DayTotal(**of, item_id="", code_id="", count=number))
        db.add(HourTotal(**of, hour=12, count=number))
        db.flush()


def make_shop(db: Session) -> Shop:
    retailer, other = make_retailer(db, name="Fashiontown", slug="fashiontown"), make_retailer(db)
    riverside, galleria = (make_store(db, retailer, short_name=name) for name in ("Riverside", "Galleria"))
    wall, window = make_fixture(db, riverside, name="Tops wall"), make_fixture(db, riverside, name="Window 1")
    vendor = make_vendor(db, retailer, name="Sunny Side")
    top = make_item(db, retailer, vendor=vendor, title="Marigold Top", key="FT-TOP-01")
    shop = Shop(
        retailer=retailer,
        riverside=riverside,
        galleria=galleria,
        wall=wall,
        window=window,
        top=top,
        cap=make_item(db, retailer, vendor=vendor, title="Corner Cap"),
        code_id=make_code(db, top, fixture=wall).id,
        people={
            role: make_person(db, role, retailer=retailer, vendor=vendor, stores=(riverside,))
            for role in Role
            if role != Role.OPERATOR
        },
        otto=make_person(db, Role.OWNER, name="Otto", retailer=other),
    )
    db.commit()
    return shop

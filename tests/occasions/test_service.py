"""What an event may say, and which come next in a store."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.errors import FormError, NotFound
from qrmerch.occasions import service
from qrmerch.occasions.queries import list_coming, list_stores_of
from tests.conftest import NOON
from tests.factories import make_occasion, make_retailer, make_store


def said(
    *store_ids: str, begins: str = "2026-12-10T18:00", ends: str = "2026-12-10T21:00", **more: str
) -> service.Said:
    return service.Said(title=more or {"en": "Late night"}, begins=begins, ends=ends, store_ids=store_ids)


def test_an_event_is_made_said_anew_published_and_taken_back(db: Session) -> None:
    retailer = make_retailer(db)
    stores = [make_store(db, retailer) for _ in range(2)]
    occasion = service.add_occasion(db, retailer, said(stores[0].id), at=NOON, actor=None)

    service.change_occasion(
        db, retailer, occasion, said(*(each.id for each in stores), en="Later night"), at=NOON, actor=None
    )
    for step in (service.publish, service.publish, service.take_back):
        step(db, occasion, at=NOON, actor=None)

    assert (occasion.name, occasion.begins, occasion.is_published) == ("Later night", "2026-12-10T18:00", False)
    assert {store.id for store in list_stores_of(db, occasion.id)} == {store.id for store in stores}
    actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions == ["occasion.add", "occasion.change", "occasion.publish", "occasion.take_back"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"begins": ""}, "begins"),
        ({"begins": "2026-12-10"}, "begins"),
        ({"begins": "tomorrow"}, "begins"),
        ({"begins": "2026-12-10T18:00+02:00"}, "begins"),
        ({"ends": "2026-12-10T18:00"}, "ends"),
        ({"ends": "2026-12-09T21:00"}, "ends"),
        ({"ends": "9999-12-10T21:00"}, "ends"),
        ({"en": "x" * 81}, "title.en"),
    ],
)
def test_what_an_event_cannot_be_is_named_at_its_field(db: Session, change: dict[str, str], field: str) -> None:
    retailer = make_retailer(db)
    store = make_store(db, retailer)

    with pytest.raises(FormError) as refused:
        service.add_occasion(db, retailer, said(store.id, **change), at=NOON, actor=None)

    assert list(refused.value.problems) == [field]


def test_an_event_is_in_stores_of_its_own_house(db: Session) -> None:
    retailer, foreign = make_retailer(db), make_store(db, make_retailer(db))

    with pytest.raises(FormError) as refused:
        service.add_occasion(db, retailer, said(), at=NOON, actor=None)
    with pytest.raises(NotFound):
        service.add_occasion(db, retailer, said(foreign.id), at=NOON, actor=None)

    assert list(refused.value.problems) == ["stores"]


def test_what_comes_next_goes_by_the_clock_of_each_store(db: Session) -> None:
    retailer = make_retailer(db)
    early, late = (make_store(db, retailer, time_zone=zone) for zone in ("Asia/Riyadh", "America/New_York"))
    both = make_occasion(db, early, late, title="Both", begins="2026-12-10T18:00", ends="2026-12-10T20:00")
    make_occasion(db, early, title="Draft", begins="2026-12-10T18:00", ends="2026-12-10T20:00", is_published=False)
    after = make_occasion(db, early, title="After", begins="2026-12-11T18:00", ends="2026-12-11T20:00")
    over_in_riyadh = datetime(2026, 12, 10, 17, 0, tzinfo=UTC)

    def coming(store_id: str | None, at: datetime, limit: int = 9) -> list[str]:
        found = list_coming(db, retailer.id, store_id=store_id, at=at, limit=limit)
        return [each.occasion.name for each in found]

    assert coming(early.id, over_in_riyadh - timedelta(minutes=1)) == ["Both", "After"]
    assert coming(early.id, over_in_riyadh) == ["After"]
    assert coming(late.id, over_in_riyadh) == ["Both"], "in New York it is morning"
    assert coming(None, over_in_riyadh) == ["Both", "After"] and coming(None, over_in_riyadh, 1) == ["Both"]
    found = list_coming(db, retailer.id, store_id=None, at=NOON, limit=9, but=[both.id])
    assert [each.occasion for each in found] == [after]

"""Which publication holds at an instant: the same as a plain model says, at any instant and in any store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content import publishing
from qrmerch.content.models import Revision
from qrmerch.content.queries import find_publication, find_shown
from qrmerch.parties.models import Store
from qrmerch.rendering.queries import load_scene
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_revision, make_store
from tests.figures import on_both_when_full

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Step:
    """One thing done: revision 0 or 1 published, or (None) taken down; minutes after the step before, and its terms."""

    revision: int | None
    after: int
    delay: int
    lasts: int | None
    stores: tuple[int, ...] | None


STEPS = st.lists(
    st.builds(
        Step,
        revision=st.sampled_from([0, 1, None]),
        after=st.integers(0, 5),
        delay=st.integers(0, 10),
        lasts=st.none() | st.integers(1, 10),
        stores=st.none() | st.sets(st.integers(0, 1), min_size=1).map(lambda chosen: tuple(sorted(chosen))),
    ),
    max_size=7,
)


@dataclass(frozen=True)
class Told:
    """What the plain model remembers of a step."""

    revision: int | None
    begins: int
    ends: int | None
    stores: tuple[int, ...] | None


def expected(told: list[Told], minute: int, store: int | None) -> int | None:
    """What shows: the last that was said of this minute and this store."""
    shown = None
    for each in told:
        is_here = each.stores is None or store in each.stores
        if is_here and each.begins <= minute and (each.ends is None or minute < each.ends):
            shown = each.revision
    return shown


def play(db: Session, item: Item, revisions: list[Revision], stores: list[Store], steps: list[Step]) -> list[Told]:
    told, minute = [], 0
    for step in steps:
        minute += step.after
        at = NOON + minute * MINUTE
        if step.revision is None:
            publishing.take_down(db, item, reason="Recall", actor=None, at=at)
            told.append(Told(None, minute, None, None))
            continue
        begins = minute + step.delay
        ends = begins + step.lasts if step.lasts else None
        publishing.publish(
            db,
            revisions[step.revision],
            actor=None,
            at=at,
            from_at=NOON + begins * MINUTE if step.delay else None,
            until_at=NOON + ends * MINUTE if ends else None,
            store_ids=None if step.stores is None else [stores[each].id for each in step.stores],
        )
        told.append(Told(step.revision, begins, ends, step.stores))
    return told


def shown_on_page(db: Session, item: Item, store: Store | None, at: datetime) -> str | None:
    scene = load_scene(db, item_id=item.id, store_id=store.id if store else None, locale="en", at=at)
    return scene.source.slots["story.lede"]["en"] if scene.is_published else None


@on_both_when_full
@given(steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_live_at_an_instant_is_what_was_said_last_of_it(db: Session, steps: list[Step]) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    stores = [make_store(db, retailer), make_store(db, retailer)]
    lines = ["The first.", "The second."]
    revisions = [make_revision(db, item, state="approved", slots={"story.lede": {"en": line}}) for line in lines]

    told = play(db, item, revisions, stores, steps)

    for minute in range(0, 50, 3):
        at = NOON + minute * MINUTE
        for number, store in ((None, None), (0, stores[0]), (1, stores[1])):
            wanted = expected(told, minute, number)
            found = find_publication(db, item.id, store_id=store.id if store else None, at=at)
            assert (found.revision_id if found else None) == (None if wanted is None else revisions[wanted].id)
            assert shown_on_page(db, item, store, at) == (None if wanted is None else lines[wanted])
        somewhere = [expected(told, minute, number) for number in (None, 0, 1)]
        assert (find_shown(db, item.id, at=at) is not None) == any(each is not None for each in somewhere)
    db.rollback()

"""Which page shows at an instant: the same as a plain model says, at any instant, in any store and language.

The model knows numbers and tuples only: minutes since a Saturday evening before the clocks are set back, pictures as
places in a list, publications in the order they were made. It asks no zone: it is told when each wall is set back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content import publishing
from qrmerch.content.holding import find_shown, hold, list_shown_ids, shows_in
from qrmerch.content.models import Publication, Revision
from qrmerch.errors import FormError
from qrmerch.media.models import Asset
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties import service as parties
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.rendering.queries import list_first_pictures, load_scene
from tests.factories import make_asset, make_item, make_retailer, make_revision, make_store, make_template
from tests.figures import on_both_when_full

MINUTE = timedelta(minutes=1)
# A Saturday, eight in the evening in New York; the clocks there are set back at two the next morning, six UTC.
BEGIN = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
LOCALES = ("en", "ar")
PICTURES = 4
PLACES = [(place, locale) for place in range(3) for locale in LOCALES]
# Of a place: what its wall shows at BEGIN, in minutes since Monday midnight, and after how many minutes it is set back
# by an hour: nowhere in particular and the first store go by New York, the second by Berlin (set back long ago).
WALLS = ((5 * 1440 + 20 * 60, 360), (5 * 1440 + 20 * 60, 360), (6 * 1440 + 60, None))


@dataclass(frozen=True)
class Write:
    """A vendor sends a version with these pictures in its gallery, and it is approved."""

    pictures: tuple[int, ...]


@dataclass(frozen=True)
class Publish:
    """A version (its place among those written, from the newest) shows from so many minutes on, so long, there."""

    back: int
    delay: int
    lasts: int | None
    stores: tuple[int, ...] | None
    locales: tuple[str, ...] | None
    weekly: tuple[tuple[int, int, int], ...] | None


@dataclass(frozen=True)
class TakeDown:
    """Down it comes."""


@dataclass(frozen=True)
class End:
    """A publication (its place among them, from the newest) is over now, or called off."""

    back: int


@dataclass(frozen=True)
class Suspend:
    """The vendor supplies no more, or again."""

    is_over: bool


@dataclass(frozen=True)
class Allow:
    """A picture may be shown from one minute until another."""

    picture: int
    since: int | None
    until: int | None


@dataclass(frozen=True)
class Wait:
    """Time goes by."""

    minutes: int


Step = Write | Publish | TakeDown | End | Suspend | Allow | Wait
MINUTES = st.integers(0, 2000)
# A day of the week and minutes of it, quarters of an hour so that a span is hit; one may go on into the next morning.
SPANS = st.tuples(st.sampled_from([5, 6, 0]), st.integers(0, 90), st.integers(1, 20)).map(
    lambda told: (told[0], told[1] * 15, min((told[1] + told[2]) * 15, 1440 + 360))
)
PUBLISH = st.builds(
    Publish,
    back=st.integers(0, 3),
    delay=st.just(0) | st.integers(1, 600),
    lasts=st.none() | st.integers(1, 900),
    stores=st.none() | st.sets(st.integers(1, 2), min_size=1).map(lambda chosen: tuple(sorted(chosen))),
    locales=st.none() | st.sampled_from([("en",), ("ar",)]),
    weekly=st.none() | st.sets(SPANS, min_size=1, max_size=3).map(lambda chosen: tuple(sorted(chosen))),
)
CHOSEN = st.lists(st.integers(0, PICTURES - 1), min_size=1, max_size=2, unique=True)
STEPS = st.lists(
    st.one_of(
        st.builds(
            Write, pictures=st.lists(st.integers(0, PICTURES - 1), min_size=1, max_size=2, unique=True).map(tuple)
        ),
        PUBLISH,
        PUBLISH,
        st.builds(TakeDown),
        st.builds(End, back=st.integers(0, 4)),
        st.builds(Suspend, is_over=st.booleans()),
        st.builds(
            Allow,
            picture=st.integers(0, PICTURES - 1),
            since=st.none() | MINUTES,
            until=st.none() | MINUTES,
        ).filter(lambda told: told.since is None or told.until is None or told.since < told.until),
        st.builds(Wait, minutes=st.integers(1, 400)),
    ),
    min_size=12,
    max_size=40,
)


@dataclass
class Model:
    """What the plain model remembers: nothing but what it was told, in the order it was told."""

    minute: int = 0
    written: list[tuple[int, ...]] = field(default_factory=list)
    # (version or None, from, until, stores, locales, weekly)
    told: list[tuple[int | None, int, int | None, Any, Any, Any]] = field(default_factory=list)
    rights: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    is_suspended: bool = False

    def may_show(self, picture: int, minute: int) -> bool:
        since, until = self.rights.get(picture, (None, None))
        return (since is None or since <= minute) and (until is None or minute < until)

    def pile(self, minute: int, place: int, locale: str) -> list[int]:
        """The versions that would show if what lies on top were not there, the top first, down to a take-down."""
        found: list[int] = []
        for version, begins, ends, stores, locales, weekly in reversed(self.told):
            is_now = begins <= minute and (ends is None or minute < ends)
            is_here = (stores is None or place in stores) and (locales is None or locale in locales)
            if is_now and is_here and (weekly is None or any(self.shows(place, minute, *span) for span in weekly)):
                if version is None:
                    break
                found.append(version)
        return found

    @staticmethod
    def shows(place: int, minute: int, day: int, begins: int, ends: int) -> bool:
        """Whether the wall of a place shows a time of this day's span."""
        at_begin, set_back = WALLS[place]
        wall = at_begin + minute - (60 if set_back is not None and minute >= set_back else 0)
        week = 7 * 1440
        return any(begins <= wall % week + turn - day * 1440 < ends for turn in (0, week))

    def expected(self, minute: int, place: int, locale: str) -> tuple[int, tuple[int, ...]] | None:
        """The version whose words show, and the pictures that show with them; None for the plain page."""
        pile = self.pile(minute, place, locale)
        if not pile or self.is_suspended:
            return None
        for version in pile:
            shown = tuple(each for each in self.written[version] if self.may_show(each, minute))
            if shown:
                return pile[0], shown
        return pile[0], ()


@dataclass
class Shop:
    """The real thing: one item of one vendor at a retailer with two stores."""

    db: Session
    retailer: Retailer
    item: Item
    stores: tuple[Store, Store]
    pictures: list[Asset]
    revisions: list[Revision] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)

    def store_id(self, place: int) -> str | None:
        return None if place == 0 else self.stores[place - 1].id


def open_shop(db: Session) -> Shop:
    retailer = make_retailer(db, locales=list(LOCALES))
    make_template(db, retailer)
    item = make_item(db, retailer)
    stores = make_store(db, retailer), make_store(db, retailer, time_zone="Europe/Berlin")
    vendor = db.get_one(Vendor, item.vendor_id)
    return Shop(db, retailer, item, stores, [make_asset(db, vendor) for _ in range(PICTURES)])


def instant(minute: int | None) -> datetime | None:
    return None if minute is None else BEGIN + minute * MINUTE


def take(step: Step, model: Model, shop: Shop) -> None:
    """One step, in the model and in the shop alike."""
    at = BEGIN + model.minute * MINUTE
    match step:
        case Wait(minutes):
            model.minute += minutes
        case Write(pictures):
            write(shop, model, pictures, at)
        case Allow(picture, since, until):
            model.rights[picture] = (since, until)
            set_rights(shop.pictures[picture], Rights(instant(since), instant(until)))
        case Suspend(is_over):
            model.is_suspended = is_over
            supply = find_supply(shop.db, shop.retailer.id, shop.item.vendor_id)
            assert supply is not None
            (parties.end_supply if is_over else parties.resume_supply)(shop.db, supply, at=at)
        case TakeDown():
            model.told.append((None, model.minute, None, None, None, None))
            row = publishing.take_down(shop.db, shop.item, reason="Recall", actor=None, at=at)
            shop.publications.append(row)
        case End(back):
            end(shop, model, back, at)
        case Publish():
            publish(shop, model, step, at)
    shop.db.flush()


def write(shop: Shop, model: Model, pictures: tuple[int, ...], at: datetime) -> None:
    if model.is_suspended:
        # A vendor that supplies no more sends nothing.
        return
    slots: dict[str, object] = {
        "gallery.pictures": [shop.pictures[each].id for each in pictures],
        "story.lede": {"en": f"Version {len(shop.revisions)}."},
    }
    try:
        revision = make_revision(shop.db, shop.item, state="approved", slots=slots, at=at)
    except FormError:
        assert not all(model.may_show(each, model.minute) for each in pictures)
        return
    assert all(model.may_show(each, model.minute) for each in pictures)
    model.written.append(pictures)
    shop.revisions.append(revision)


def publish(shop: Shop, model: Model, step: Publish, at: datetime) -> None:
    if not model.written:
        return
    version = max(0, len(model.written) - 1 - step.back)
    begins = model.minute + step.delay
    ends = None if step.lasts is None else begins + step.lasts
    model.told.append((version, begins, ends, step.stores, step.locales, step.weekly))
    weekly: list[list[list[int]]] | None = None
    if step.weekly is not None:
        weekly = [[] for _ in range(7)]
        for day, opens, closes in step.weekly:
            weekly[day].append([opens, closes])
    row = publishing.publish(
        shop.db,
        shop.revisions[version],
        actor=None,
        at=at,
        from_at=instant(begins) if step.delay else None,
        until_at=instant(ends),
        store_ids=None if step.stores is None else [str(shop.store_id(each)) for each in step.stores],
        locales=step.locales,
        weekly=weekly,
    )
    shop.publications.append(row)


def end(shop: Shop, model: Model, back: int, at: datetime) -> None:
    if back >= len(model.told):
        return
    place = len(model.told) - 1 - back
    version, begins, ends, *where = model.told[place]
    if version is None or (ends is not None and ends <= model.minute):
        with pytest.raises(publishing.NotRunning):
            publishing.end(shop.db, shop.publications[place], actor=None, at=at)
        return
    model.told[place] = (version, min(begins, model.minute), model.minute, *where)
    publishing.end(shop.db, shop.publications[place], actor=None, at=at)


def seen(shop: Shop, place: int, locale: str, at: datetime) -> tuple[int, tuple[int, ...]] | None:
    """What the page is made of: which version's words, and which pictures."""
    scene = load_scene(shop.db, item_id=shop.item.id, store_id=shop.store_id(place), locale=locale, at=at)
    if not scene.is_published:
        return None
    version = int(scene.source.slots["story.lede"]["en"].removeprefix("Version ").rstrip("."))
    places = {each.id: number for number, each in enumerate(shop.pictures)}
    held = hold(shop.db, [shop.item], store_ids={shop.item.id: shop.store_id(place)}, locale=locale, at=at)
    usable = held[shop.item.id].usable
    return version, tuple(places[each] for each in scene.source.slots["gallery.pictures"] if each in usable)


def check(model: Model, shop: Shop, minute: int, place: int, locale: str) -> None:
    """At one minute in one place: the page."""
    at = BEGIN + minute * MINUTE
    assert seen(shop, place, locale, at) == model.expected(minute, place, locale), (minute, place, locale)


def check_lists(model: Model, shop: Shop, minute: int, place: int, locale: str) -> None:
    """At one minute: the picture on the item's card in one place, and whether anything shows anywhere."""
    at, db, item, store_id = BEGIN + minute * MINUTE, shop.db, shop.item, shop.store_id(place)
    wanted = model.expected(minute, place, locale)
    first = list_first_pictures(db, [item], store_ids={item.id: store_id} if store_id else {}, locale=locale, at=at)
    on_card = shop.pictures[wanted[1][0]].id if wanted and wanted[1] else None
    assert (first[item.id].asset_id if item.id in first else None) == on_card
    if store_id is not None:
        shows_here = shows_in(db, db.get_one(Store, store_id), locale, at=at)
        assert (db.scalar(select(Item.id).where(Item.id == item.id, shows_here)) is not None) == (wanted is not None)
    is_shown = any(model.expected(minute, *each) is not None for each in PLACES)
    assert (find_shown(db, item.id, at=at) is not None) == is_shown
    assert (item.id in list_shown_ids(db, [item.id], at=at)) == is_shown


def check_edges(model: Model, shop: Shop, minute: int, ahead: list[int]) -> None:
    """Between now and the next edge of a page nothing changes by itself."""
    at = BEGIN + minute * MINUTE
    for place, locale in ((0, "en"), (1, "ar"), (2, "en")):
        now_shows = model.expected(minute, place, locale)
        scene = load_scene(shop.db, item_id=shop.item.id, store_id=shop.store_id(place), locale=locale, at=at)
        edge = min(scene.edges, default=None)
        for later in ahead:
            if model.expected(minute + later, place, locale) != now_shows:
                assert edge is not None, (minute, later, place, locale)
                assert edge <= at + later * MINUTE, (minute, later, place, locale)


def walk(db: Session, steps: list[Step], offsets: list[int], counted: dict[str, int]) -> None:
    """All steps, looking somewhere after each: now or later, the places in turn; at the end everywhere."""
    shop, model = open_shop(db), Model()
    for number, step in enumerate(steps):
        take(step, model, shop)
        for turn, place in enumerate(PLACES if step is steps[-1] else [PLACES[number % len(PLACES)]]):
            minute = model.minute + offsets[(number + turn) % len(offsets)]
            check(model, shop, minute, *place)
            counted["moments"] += 1
        if number % 4 == 3:
            check_lists(model, shop, minute, *place)
        counted["steps"] += 1
    check_edges(model, shop, model.minute, [1, 15, 45, 120, 400, 900, 1439])
    counted["examples"] += 1


@pytest.mark.timeout(4 * 3600)
@on_both_when_full
def test_what_shows_is_what_a_plain_model_says(
    db: Session, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    """Must show 1: revisions, publications with stores, languages and hours, rollbacks, ends, take-downs, suspensions,
    rights."""
    counted = {"examples": 0, "steps": 0, "moments": 0}

    @seed(20261101)
    @given(steps=STEPS, offsets=st.lists(st.integers(0, 2000), min_size=2, max_size=2))
    @settings(
        max_examples=at_scale(12, 540),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def play(steps: list[Step], offsets: list[int]) -> None:
        savepoint = db.begin_nested()
        try:
            walk(db, steps, [0, *offsets], counted)
        finally:
            savepoint.rollback()
            db.expunge_all()

    play()

    note_result(**counted)
    assert counted["steps"] >= at_scale(200, 10_000)

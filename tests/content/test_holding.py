"""What holds where, in which language, at which hour; what stands in where something may not be shown any more."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import publishing
from qrmerch.content.holding import find_publication, find_shown, find_shown_of, hold, list_publications
from qrmerch.content.models import Notice, Publication, Reader, Revision, TemplateVersion
from qrmerch.content.queries import get_newest_version
from qrmerch.content.templates import release_version
from qrmerch.content.watching import list_blocked, tell_blocked
from qrmerch.content.watching_tasks import tell_of_blocked_pages
from qrmerch.content.weekly import is_within, list_turns, read_weekly, say_weekly
from qrmerch.errors import FormError
from qrmerch.jobs import Work
from qrmerch.landing.start import list_start_pieces
from qrmerch.media.models import Asset
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties.hours import HoursUnclear
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.queries import load_scene
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import (
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_store,
    make_template,
    publish_page,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Wednesday at noon in New York lies within.
LUNCH = "Mon-Fri 11:30-13:30"


@dataclass
class Shelf:
    """An item in English and Arabic with a page that shows one picture everywhere."""

    retailer: Retailer
    item: Item
    store: Store
    vendor: Vendor
    picture: Asset
    live: Publication

    def revision(self, db: Session, *, lede: str = "The next one.", pictures: list[str] | None = None) -> Revision:
        slots: dict[str, object] = {"story.lede": {"en": lede}, "gallery.pictures": pictures or [self.picture.id]}
        return make_revision(db, self.item, state="approved", slots=slots, at=NOON - 2 * HOUR)


@pytest.fixture
def shelf(db: Session) -> Shelf:
    retailer = make_retailer(db, locales=["en", "ar"])
    make_template(db, retailer)
    store = make_store(db, retailer)
    item = make_item(db, retailer)
    vendor = db.get_one(Vendor, item.vendor_id)
    picture = make_asset(db, vendor)
    live = publish_page(db, item, slots={"gallery.pictures": [picture.id]})
    return Shelf(retailer, item, store, vendor, picture, live)


def lede_at(db: Session, item: Item, at: datetime, *, locale: str = "en", store: Store | None = None) -> str | None:
    scene = load_scene(db, item_id=item.id, store_id=store.id if store else None, locale=locale, at=at)
    return scene.source.slots["story.lede"]["en"] if scene.is_published else None


def gallery_at(db: Session, item: Item, at: datetime) -> list[str]:
    scene = load_scene(db, item_id=item.id, store_id=None, locale="en", at=at)
    found: list[str] = scene.source.slots["gallery.pictures"]
    return found


# --- hours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("America/New_York", datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
        # Set by half an hour.
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    "hours", ["Sun 01:15-01:45", "Sun 02:30-03:15", "Sat 22:00-02:00", "Sun 02:15-10:00; Sat 01:00-02:00"]
)
def test_nothing_turns_between_two_turns(zone: str, around: datetime, hours: str) -> None:
    weekly = read_weekly(hours).weekly
    since, until = around - 30 * HOUR, around + 30 * HOUR

    turns = set(list_turns(weekly, zone, since=since, until=until))

    minutes = [since + number * MINUTE for number in range(60 * 60 + 1)]
    said = [is_within(weekly, zone, each) for each in minutes]
    changes = {at for at, before, after in zip(minutes[1:], said, said[1:], strict=False) if before != after}
    assert changes
    assert changes <= turns


def test_an_hour_that_comes_twice_holds_twice_and_one_that_never_comes_never() -> None:
    weekly = read_weekly("Sun 01:30-01:45; Mon 02:10-02:20").weekly
    zone = "America/New_York"

    first, second = datetime(2026, 11, 1, 5, 35, tzinfo=UTC), datetime(2026, 11, 1, 6, 35, tzinfo=UTC)
    spring = read_weekly("Sun 02:10-02:50").weekly

    assert is_within(weekly, zone, first) and is_within(weekly, zone, second)
    assert not any(
        is_within(spring, zone, datetime(2027, 3, 14, 5, 0, tzinfo=UTC) + number * MINUTE) for number in range(300)
    )


def test_hours_are_read_and_said_alike() -> None:
    assert (
        say_weekly(read_weekly("mon-fri 7:00-11:00; sun 12:00-18:00").weekly) == "Mon-Fri 07:00-11:00; Sun 12:00-18:00"
    )
    assert read_weekly("  ").weekly is None
    assert say_weekly(None) == ""
    with pytest.raises(HoursUnclear, match="never come"):
        read_weekly("Mon-Sun closed")


def test_a_page_shows_at_its_hours_by_each_stores_own_clock(db: Session, shelf: Shelf) -> None:
    west = make_store(db, shelf.retailer, time_zone="America/Los_Angeles")
    lunch = shelf.revision(db, lede="Lunch.")

    publishing.publish(db, lunch, actor=None, at=NOON - HOUR, weekly=read_weekly(LUNCH).weekly)

    before = "The loose knit that makes jeans look like a plan."
    assert lede_at(db, shelf.item, NOON) == "Lunch."
    assert lede_at(db, shelf.item, NOON, store=west) == before
    assert lede_at(db, shelf.item, NOON + 3 * HOUR, store=west) == "Lunch."
    assert lede_at(db, shelf.item, NOON + 3 * HOUR) == before


def test_a_kept_page_ends_where_its_hours_turn(db: Session, shelf: Shelf) -> None:
    publishing.publish(db, shelf.revision(db), actor=None, at=NOON - HOUR, weekly=read_weekly(LUNCH).weekly)

    page = render_item_page(db, item_id=shelf.item.id, store_id=shelf.store.id, locale="en", at=NOON)

    assert page.until == NOON + 90 * MINUTE


def test_what_shows_at_certain_hours_only_is_somewhere_only_then(db: Session, shelf: Shelf) -> None:
    publishing.take_down(db, shelf.item, reason="Recall", actor=None, at=NOON - 2 * HOUR)
    row = publishing.publish(db, shelf.revision(db), actor=None, at=NOON - HOUR, weekly=read_weekly(LUNCH).weekly)

    assert find_shown(db, shelf.item.id, at=NOON) is row
    assert find_shown(db, shelf.item.id, at=NOON + 6 * HOUR) is None


# --- languages -------------------------------------------------------------------------------------


def test_a_page_shows_in_its_languages_only(db: Session, shelf: Shelf) -> None:
    row = publishing.publish(db, shelf.revision(db), actor=None, at=NOON, locales=["ar"])

    assert lede_at(db, shelf.item, NOON, locale="ar") == "The next one."
    assert lede_at(db, shelf.item, NOON, locale="en") != "The next one."
    assert find_publication(db, shelf.item.id, store_id=None, at=NOON, locale="ar") is row
    assert find_publication(db, shelf.item.id, store_id=None, at=NOON) is shelf.live


@pytest.mark.parametrize(("locales", "sentence"), [([], "Choose at least one language"), (["fr"], "is not yours")])
def test_only_the_houses_languages_are_taken(db: Session, shelf: Shelf, locales: list[str], sentence: str) -> None:
    with pytest.raises(FormError) as refused:
        publishing.publish(db, shelf.revision(db), actor=None, at=NOON, locales=locales)

    assert sentence in refused.value.problems["locales"]


def test_a_required_language_is_asked_for_where_the_page_would_show_in_it(db: Session, shelf: Shelf) -> None:
    shelf.retailer.locale_rules = {"ar": "required"}
    revision = shelf.revision(db)

    with pytest.raises(FormError) as refused:
        publishing.publish(db, revision, actor=None, at=NOON, from_at=NOON + HOUR)
    row = publishing.publish(db, revision, actor=None, at=NOON, locales=["en"])

    said = refused.value.problems["locales"]
    assert said.startswith("Arabic is required") and "publish the page in other languages only" in said
    assert row.locales == ["en"]


def test_a_page_that_says_all_in_the_required_language_is_published(db: Session, shelf: Shelf) -> None:
    shelf.retailer.locale_rules = {"ar": "required"}
    slots: dict[str, object] = {
        "gallery.pictures": [shelf.picture.id],
        "story.lede": {"en": "A knit.", "ar": "حياكة"},
        "story.text": {"en": "Open.", "ar": "مفتوح"},
        "care.text": {"en": "Cool.", "ar": "بارد"},
        "facts.rows": [{"name": {"en": "Fit", "ar": "قصة"}, "value": {"en": "Loose", "ar": "واسع"}}],
    }
    revision = make_revision(db, shelf.item, state="approved", slots=slots, at=NOON - HOUR)

    assert publishing.publish(db, revision, actor=None, at=NOON).locales is None


def test_a_required_language_is_asked_of_what_is_written_in_it_and_of_tables(db: Session, shelf: Shelf) -> None:
    template = make_template(db, shelf.retailer)
    sections = deepcopy(get_newest_version(db, template.id).sections)
    slots = {f"{each['key']}.{slot['key']}": slot for each in sections for slot in each["slots"]}
    slots["care.text"]["locales"] = ["en"]
    table = {"key": "table", "kind": "table", "label": "Sizes", "max_count": 4, "max_chars": 20}
    next(each for each in sections if each["key"] == "size_guide")["slots"] = [table]
    release_version(db, template, sections, at=NOON - 2 * HOUR)
    said: dict[str, object] = {
        "gallery.pictures": [shelf.picture.id],
        "story.lede": {"en": "A knit.", "ar": "حياكة"},
        "story.text": {"en": "Open.", "ar": "مفتوح"},
        "care.text": {"en": "Cool."},
        "staff.selling": {"en": "Ask what it goes with."},
        "size_guide.table": {"en": [["Size", "Chest"], ["S", "90"]]},
    }
    revision = make_revision(db, shelf.item, template=template, state="approved", slots=said, at=NOON - HOUR)

    assert [each.label for each in publishing.list_missing_in(db, revision, "ar")] == ["Sizes"]
    assert publishing.list_missing_in(db, revision, "en") == []


# --- blocked slots ---------------------------------------------------------------------------------


def replace_picture(db: Session, shelf: Shelf) -> Asset:
    """A newer page with another picture, whose rights end at noon."""
    newer = make_asset(db, shelf.vendor, alt={"en": "The newer one"})
    set_rights(newer, Rights(None, NOON))
    revision = shelf.revision(db, pictures=[newer.id])
    publishing.publish(db, revision, actor=None, at=NOON - HOUR)
    return newer


def test_a_blocked_slot_keeps_what_was_approved_before(db: Session, shelf: Shelf) -> None:
    newer = replace_picture(db, shelf)

    assert gallery_at(db, shelf.item, NOON - MINUTE) == [newer.id]
    assert gallery_at(db, shelf.item, NOON) == [shelf.picture.id]
    assert lede_at(db, shelf.item, NOON) == "The next one."
    before = render_item_page(db, item_id=shelf.item.id, store_id=None, locale="en", at=NOON - MINUTE)
    assert before.until == NOON


def test_what_stands_in_is_called_as_it_was_approved(db: Session, shelf: Shelf) -> None:
    replace_picture(db, shelf)
    words = dict(shelf.picture.alt)
    shelf.picture.alt = {"en": "Said otherwise since"}
    db.flush()

    scene = load_scene(db, item_id=shelf.item.id, store_id=None, locale="en", at=NOON)

    assert scene.source.alts[shelf.picture.id] == words


def test_what_was_taken_down_never_stands_in(db: Session, shelf: Shelf) -> None:
    publishing.take_down(db, shelf.item, reason="Recall", actor=None, at=NOON - 2 * HOUR)
    newer = replace_picture(db, shelf)

    held = hold(db, [shelf.item], store_ids={}, locale=None, at=NOON)[shelf.item.id]

    assert [(each.slot, each.is_kept) for each in held.blocked] == [("gallery.pictures", False)]
    assert held.slots["gallery.pictures"] == [newer.id]
    page = render_item_page(db, item_id=shelf.item.id, store_id=None, locale="en", at=NOON)
    assert shelf.item.title in page.html.decode() and "The next one." in page.html.decode()


def test_what_is_over_or_only_for_staff_does_not_stand_in(db: Session, shelf: Shelf) -> None:
    other = make_asset(db, shelf.vendor)
    passing = shelf.revision(db, pictures=[other.id])
    publishing.publish(db, passing, actor=None, at=NOON - 3 * HOUR, until_at=NOON - MINUTE)
    replace_picture(db, shelf)
    assert gallery_at(db, shelf.item, NOON) == [shelf.picture.id]

    version = db.get_one(TemplateVersion, db.get_one(Revision, shelf.live.revision_id).template_version_id)
    hidden = TemplateVersion(
        id="staff",
        retailer_id=shelf.retailer.id,
        template_id=version.template_id,
        number=version.number + 1,
        sections=[
            {**each, "slots": [{**slot, "audience": "staff"} for slot in each.get("slots", ())]}
            for each in version.sections
        ],
        created_at=NOON,
    )
    db.add(hidden)
    db.flush()
    db.get_one(Revision, shelf.live.revision_id).template_version_id = hidden.id
    db.flush()

    assert hold(db, [shelf.item], store_ids={}, locale=None, at=NOON)[shelf.item.id].kept == {}


def test_a_blocked_page_is_told_once_to_both_houses(db: Session, shelf: Shelf) -> None:
    newer = replace_picture(db, shelf)
    assert tell_blocked(db, [shelf.item], at=NOON - MINUTE) == []

    first, again = tell_blocked(db, [shelf.item], at=NOON), tell_blocked(db, [shelf.item], at=NOON + HOUR)
    set_rights(newer, Rights(None, NOON + 3 * HOUR))
    db.flush()
    meanwhile = list_blocked(db, retailer_id=shelf.retailer.id, at=NOON + 2 * HOUR)
    later = tell_blocked(db, [shelf.item], at=NOON + 4 * HOUR)

    assert {each.reader for each in first} == set(Reader)
    assert {each.kind for each in first} == {"blocked"}
    assert again == meanwhile == []
    assert len(later) == 2
    for whose in ({"retailer_id": shelf.retailer.id}, {"vendor_id": shelf.vendor.id}):
        (page,) = list_blocked(db, at=NOON + 4 * HOUR, **whose)
        assert (page.item.id, page.is_covered) == (shelf.item.id, True)


def test_showing_an_old_page_with_a_picture_that_is_over_is_told_at_once(db: Session, shelf: Shelf) -> None:
    replace_picture(db, shelf)
    set_rights(shelf.picture, Rights(None, NOON))
    db.flush()

    publishing.publish(db, db.get_one(Revision, shelf.live.revision_id), actor=None, at=NOON + HOUR)

    about = Notice.revision_id == shelf.live.revision_id
    told = db.scalars(select(Notice).where(about, Notice.kind == "blocked")).all()
    assert len(told) == 2
    assert not told[0].detail["is_covered"]


def test_the_clock_finds_blocked_pages_by_itself(work: Work, db: Session, shelf: Shelf) -> None:
    long_ago = NOON - timedelta(days=300)
    newer = make_asset(db, shelf.vendor)
    revision = shelf.revision(db, pictures=[newer.id])
    publishing.publish(db, revision, actor=None, at=NOON - HOUR)
    set_rights(newer, Rights(None, long_ago))
    db.commit()

    tell_of_blocked_pages(work)
    tell_of_blocked_pages(work)

    db.expire_all()
    assert len(db.scalars(select(Notice).where(Notice.kind == "blocked")).all()) == 2
    assert tell_of_blocked_pages in jobs._chores


# --- following, listing ----------------------------------------------------------------------------


def test_a_trusted_page_follows_to_every_place_and_leaves_what_repeats_on_top(db: Session, shelf: Shelf) -> None:
    other = make_store(db, shelf.retailer)
    old = db.get_one(Revision, shelf.live.revision_id)
    publishing.take_down(db, shelf.item, reason="Recall", actor=None, at=NOON - 5 * HOUR)
    for store, ends in ((shelf.store, None), (other, NOON + 9 * HOUR)):
        publishing.publish(db, old, actor=None, at=NOON - 4 * HOUR, store_ids=[store.id], until_at=ends)
    lunch = shelf.revision(db, lede="Lunch.")
    publishing.publish(
        db, lunch, actor=None, at=NOON - 3 * HOUR, weekly=read_weekly("Wed 18:00-20:00").weekly, store_ids=[other.id]
    )
    supply = find_supply(db, shelf.retailer.id, shelf.vendor.id)
    assert supply is not None
    supply.is_trusted = True

    new = make_revision(db, shelf.item, state="submitted", slots={"story.lede": {"en": "New."}}, at=NOON)

    assert new.state == "approved"
    assert [lede_at(db, shelf.item, NOON, store=each) for each in (shelf.store, other, None)] == ["New.", "New.", None]
    assert lede_at(db, shelf.item, NOON + 6 * HOUR + 10 * MINUTE, store=other) == "Lunch."
    assert lede_at(db, shelf.item, NOON + 10 * HOUR, store=other) is None
    assert lede_at(db, shelf.item, NOON + 10 * HOUR, store=shelf.store) == "New."


def test_a_trusted_page_without_a_required_language_waits_to_be_published(db: Session, shelf: Shelf) -> None:
    shelf.retailer.locale_rules = {"ar": "required"}
    supply = find_supply(db, shelf.retailer.id, shelf.vendor.id)
    assert supply is not None
    supply.is_trusted = True

    new = make_revision(db, shelf.item, state="submitted", at=NOON)

    assert new.state == "approved"
    assert list_publications(db, shelf.item.id) == [shelf.live]


def test_what_is_down_or_of_a_suspended_vendor_is_not_on_the_start_page(db: Session, shelf: Shelf) -> None:
    suspended, kept = make_item(db, shelf.retailer), make_item(db, shelf.retailer)
    for item in (suspended, kept):
        publish_page(db, item)
    publishing.take_down(db, shelf.item, reason="Recall", actor=None, at=NOON - HOUR)
    supply = find_supply(db, shelf.retailer.id, suspended.vendor_id)
    assert supply is not None
    end_supply(db, supply, at=NOON - HOUR)
    db.flush()

    pieces = list_start_pieces(db, load_house(db, shelf.retailer.id, at=NOON), "en", limit=10, at=NOON)

    assert [each.public_id for each in pieces] == [kept.public_id]


def test_asking_for_many_items_takes_as_many_statements_as_for_few(db: Session, shelf: Shelf) -> None:
    items = [shelf.item]
    replace_picture(db, shelf)
    said: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        said.append(statement)

    counts = []
    for more in (0, 5):
        for _ in range(more):
            item = make_item(db, shelf.retailer, vendor=shelf.vendor)
            items.append(item)
            publish_page(db, item, slots={"gallery.pictures": [shelf.picture.id]})
            make_person(db, Role.VENDOR_EDITOR, vendor=shelf.vendor)
        db.flush()
        event.listen(db.get_bind(), "before_cursor_execute", hear)
        said.clear()
        held = hold(db, items, store_ids={each.id: shelf.store.id for each in items}, locale="en", at=NOON)
        shown = find_shown_of(db, [each.id for each in items], at=NOON)
        event.remove(db.get_bind(), "before_cursor_execute", hear)
        counts.append(len(said))
        assert len(held) == len(shown) == len(items)

    assert counts[0] == counts[1] > 0

"""What a language of a page misses, and what was written before the first language changed."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import drafts
from qrmerch.content.models import Revision
from qrmerch.content.queries import get_version, slots_of
from qrmerch.content.revisions import digest_of
from qrmerch.content.slots import read_slots
from qrmerch.content.translating import alts_of, list_alts, list_gaps, mark_alts, since_of
from qrmerch.media.models import Asset
from qrmerch.parties.models import Vendor
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
)

MINUTE = timedelta(minutes=1)
EN, AR, BOTH = {"en": "One"}, {"ar": "واحد"}, {"en": "One", "ar": "واحد"}


@pytest.fixture
def item(db: Session) -> Item:
    retailer = make_retailer(db, locales=["en", "ar"])
    make_template(db, retailer)
    return make_item(db, retailer, vendor=make_vendor(db, retailer))


@pytest.fixture
def vera(db: Session, item: Item) -> Person:
    return make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=db.get_one(Vendor, item.vendor_id))


def save(db: Session, item: Item, minute: int, **slots: object) -> Revision:
    """Write into the item's draft, so many minutes after noon."""
    values = {name.replace("__", "."): value for name, value in slots.items()}
    at = NOON + minute * MINUTE
    return drafts.write_slots(db, item, values, edit=None, author_id=None, at=at, path="form").revision


def gaps(db: Session, draft: Revision) -> list[tuple[str, bool]]:
    """What Arabic lacks, each with whether it is out of date."""
    slots, values = read_slots(get_version(db, draft.template_version_id).sections), slots_of(draft)
    alts = list_alts(db, draft.vendor_id, slots, values)
    since = mark_alts(since_of(draft), alts_of(draft), alts, NOON)
    found = list_gaps(slots, values, alts, since, locale="ar", first="en")
    # What the catalogue says of a new item is in English only.
    prefilled = {"story.text", "care.text"}
    prefilled |= {"story.lede"} if values.get("story.lede") == {"en": "The loose knit."} else set()
    return [(each.name, each.is_stale) for each in found if each.name not in prefilled]


def test_words_that_are_only_in_the_first_language_are_missing(db: Session, item: Item) -> None:
    assert gaps(db, save(db, item, 0, story__lede=EN)) == [("story.lede", False)]


def test_a_translation_is_out_of_date_once_its_original_changed(db: Session, item: Item) -> None:
    save(db, item, 0, story__lede=EN)
    save(db, item, 1, story__lede=AR)
    before = gaps(db, save(db, item, 2, story__lede={"en": "One"}))

    after = gaps(db, save(db, item, 3, story__lede={"en": "Two"}))

    assert (before, after) == ([], [("story.lede", True)])


def test_both_written_at_once_are_up_to_date(db: Session, item: Item) -> None:
    save(db, item, 0, story__lede=EN)

    assert gaps(db, save(db, item, 1, story__lede={"en": "Two", "ar": "اثنان"})) == []


def test_a_new_translation_takes_the_mark_away_and_so_does_saying_that_it_is_right(db: Session, item: Item) -> None:
    save(db, item, 0, story__lede=BOTH, film__words=BOTH)
    draft = save(db, item, 1, story__lede={"en": "Two"}, film__words={"en": "Two"})
    before = gaps(db, draft)
    save(db, item, 2, story__lede={"ar": "اثنان"})

    drafts.confirm(db, draft, "film.words", locale="ar", at=NOON + 3 * MINUTE)

    assert before == [("story.lede", True), ("film.words", True)]
    assert gaps(db, draft) == []


def test_a_page_of_the_time_before_marks_has_none(db: Session, item: Item) -> None:
    draft = save(db, item, 0, story__lede=BOTH)
    draft.body = {"slots": slots_of(draft), "product": draft.body["product"]}
    db.flush()

    assert gaps(db, draft) == []
    assert gaps(db, save(db, item, 1, story__lede={"en": "Two"})) == [("story.lede", True)]


def test_rows_without_words_in_a_language_and_rows_that_changed_are_told(db: Session, item: Item) -> None:
    both = [{"name": {"en": "Made in", "ar": "صنع في"}, "value": {"en": "Porto", "ar": "بورتو"}}]
    more = [*both, {"name": {"en": "Wool"}, "value": {"en": "100 %"}}]
    changed = [{"name": both[0]["name"], "value": {"en": "Lisbon", "ar": "بورتو"}}]

    told = [
        gaps(db, save(db, item, minute, facts__rows=rows)) for minute, rows in enumerate((both, more, both, changed))
    ]

    assert told[:2] == [[], [("facts.rows", False)]]
    assert told[3] == [("facts.rows", True)]


def test_what_pictures_show_is_told_too_wherever_it_was_written(db: Session, item: Item) -> None:
    asset = make_asset(db, db.get_one(Vendor, item.vendor_id), alt={"en": "A top"})
    name = f"alt:{asset.id}"
    told = [gaps(db, save(db, item, 0, gallery__pictures=[asset.id]))]
    asset.alt = {"en": "A top", "ar": "قميص"}
    told.append(gaps(db, save(db, item, 1)))
    asset.alt = {"en": "A yellow top", "ar": "قميص"}
    told.append(gaps(db, save(db, item, 2)))
    asset.alt = {"en": "A yellow top", "ar": "قميص أصفر"}
    told.append(gaps(db, save(db, item, 3)))

    assert told == [[(name, False)], [], [(name, True)], []]


def test_a_picture_that_has_just_been_chosen_is_not_out_of_date(db: Session, item: Item) -> None:
    asset = make_asset(db, db.get_one(Vendor, item.vendor_id), alt={"en": "A top", "ar": "قميص"})

    assert gaps(db, save(db, item, 0, gallery__pictures=[asset.id])) == []


def test_the_marks_are_sealed_with_the_page_and_go_into_the_next_revision(
    db: Session, item: Item, vera: Person
) -> None:
    sent = make_revision(db, item, state="returned", author=vera, slots={"story.lede": BOTH}, at=NOON)
    assert digest_of(sent.body) == sent.digest
    assert sent.body["since"]["story.lede"].keys() == {"en", "ar"}

    draft = save(db, item, 5, story__lede={"en": "Two"})

    assert draft.number == 2
    assert ("story.lede", True) in gaps(db, draft)
    assert (
        db.get_one(Asset, slots_of(draft)["gallery.pictures"][0]).alt
        == draft.body["alts"][slots_of(draft)["gallery.pictures"][0]]
    )

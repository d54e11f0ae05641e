"""What a look may be: its words, its items in their order, and who sees it when."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.errors import FormError, NotFound
from qrmerch.looks import service
from qrmerch.looks.models import Look
from qrmerch.looks.queries import find_look_with, list_items
from qrmerch.parties.models import PageChange, Retailer
from tests.conftest import NOON
from tests.factories import make_item, make_look, make_retailer


def said(**title: str) -> service.Said:
    return service.Said(title or {"en": "For Saturday"})


def add(db: Session, retailer: Retailer) -> Look:
    return service.add_look(db, retailer, said(), at=NOON, actor=None)


def actions(db: Session) -> list[str]:
    return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def changed_pages(db: Session) -> set[str | None]:
    db.flush()
    return set(db.scalars(select(PageChange.item_id)))


def test_a_look_is_called_by_its_title_in_the_first_language_that_has_one(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])

    both = service.add_look(db, retailer, service.Said({"ar": "السبت", "en": "Saturday"}), at=NOON, actor=None)
    other = service.add_look(db, retailer, service.Said({"ar": "السبت", "de": "Samstag"}), at=NOON, actor=None)

    assert (both.name, both.title) == ("Saturday", {"ar": "السبت", "en": "Saturday"})
    assert (other.name, other.title) == ("السبت", {"ar": "السبت"}), "German is none of the retailer's languages"
    assert not both.is_published and actions(db) == ["look.add", "look.add"]


@pytest.mark.parametrize(
    ("title", "words", "field"),
    [({}, {}, "title.en"), ({"en": "x" * 81}, {}, "title.en"), ({"en": "Fine"}, {"en": "x" * 161}, "words.en")],
)
def test_what_a_look_cannot_say_is_named_at_its_field(
    db: Session, title: dict[str, str], words: dict[str, str], field: str
) -> None:
    with pytest.raises(FormError) as refused:
        service.add_look(db, make_retailer(db), service.Said(title, words), at=NOON, actor=None)

    assert list(refused.value.problems) == [field]


def test_what_was_said_in_a_language_that_is_gone_comes_back_with_it(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    look = service.add_look(db, retailer, service.Said({"en": "Saturday", "ar": "السبت"}), at=NOON, actor=None)
    retailer.locales = ["en"]

    service.change_look(db, retailer, look, service.Said({"en": "Sunday"}), at=NOON, actor=None)

    assert look.title == {"en": "Sunday", "ar": "السبت"} and look.name == "Sunday"


def test_items_stand_in_the_order_they_came_and_move_one_place_earlier(db: Session) -> None:
    retailer = make_retailer(db)
    look, items = add(db, retailer), [make_item(db, retailer, title=f"Piece {number}") for number in range(3)]
    for item in items:
        service.add_item(db, look, item, at=NOON, actor=None)
    service.add_item(db, look, items[0], at=NOON, actor=None)

    service.move_earlier(db, look, items[2], at=NOON, actor=None)
    service.move_earlier(db, look, items[0], at=NOON, actor=None)

    assert [item.title for item in list_items(db, look.id)] == ["Piece 0", "Piece 2", "Piece 1"]
    service.remove_item(db, look, items[0], at=NOON, actor=None)
    service.remove_item(db, look, items[0], at=NOON, actor=None)
    service.move_earlier(db, look, items[1], at=NOON, actor=None)
    assert [item.title for item in list_items(db, look.id)] == ["Piece 1", "Piece 2"]
    counted = [each for each in actions(db) if each.startswith("look.item")]
    assert counted == [*["look.item.add"] * 3, "look.item.move", "look.item.remove", "look.item.move"]


def test_a_look_has_two_to_six_items(db: Session) -> None:
    retailer = make_retailer(db)
    look, items = add(db, retailer), [make_item(db, retailer) for _ in range(7)]
    service.add_item(db, look, items[0], at=NOON, actor=None)

    with pytest.raises(service.TooFewItems):
        service.publish(db, look, at=NOON, actor=None)
    for item in items[1:6]:
        service.add_item(db, look, item, at=NOON, actor=None)
    with pytest.raises(service.TooManyItems):
        service.add_item(db, look, items[6], at=NOON, actor=None)
    service.publish(db, look, at=NOON, actor=None)
    for item in items[:4]:
        service.remove_item(db, look, item, at=NOON, actor=None)
    with pytest.raises(service.TooFewItems):
        service.remove_item(db, look, items[4], at=NOON, actor=None)
    service.take_back(db, look, at=NOON, actor=None)
    service.remove_item(db, look, items[4], at=NOON, actor=None)

    assert list_items(db, look.id) == [items[5]]


def test_another_retailers_item_does_not_come_in(db: Session) -> None:
    look, foreign = add(db, make_retailer(db)), make_item(db, make_retailer(db))

    with pytest.raises(NotFound):
        service.add_item(db, look, foreign, at=NOON, actor=None)
    assert list_items(db, look.id) == []


def test_publishing_and_taking_back_are_told_to_its_page_and_those_of_its_items(db: Session) -> None:
    retailer = make_retailer(db)
    items = [make_item(db, retailer) for _ in range(2)]
    look = make_look(db, *items, is_published=False)
    before = changed_pages(db)

    service.publish(db, look, at=NOON, actor=None)
    service.publish(db, look, at=NOON, actor=None)

    assert changed_pages(db) - before >= {look.id}
    assert {item.id for item in items} <= changed_pages(db)
    assert find_look_with(db, items[0].id) is look
    service.take_back(db, look, at=NOON, actor=None)
    service.take_back(db, look, at=NOON, actor=None)
    assert find_look_with(db, items[0].id) is None
    assert actions(db) == ["look.publish", "look.take_back"]

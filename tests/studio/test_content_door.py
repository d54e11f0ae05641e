"""A page's door for programs: values by slot in, refusals by slot out."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content.queries import slots_of
from qrmerch.db import Database
from tests.browsing import Browser
from tests.factories import make_asset, make_person, make_retailer, make_revision, make_vendor
from tests.studio.desks import Desk, begin, latest, make_desk


@pytest.fixture
def desk(db: Session) -> Desk:
    return make_desk(db)


@pytest.fixture
def door(desk: Desk, browser: Browser) -> str:
    """The door of a page that is begun, Vera before it."""
    browser.sign_in(*desk.vera)
    return begin(browser, desk, **{"story.lede": "In English", "care.text": "Wash cool."}) + "/slots"


def send(browser: Browser, door: str, said: object) -> Any:
    text = said if isinstance(said, str) else json.dumps(said)
    return browser.post_json(door, text)


def test_values_are_written_and_what_is_not_named_stays(
    desk: Desk, browser: Browser, door: str, database: Database
) -> None:
    read = browser.get(door).json

    answer = send(browser, door, {**read, "slots": {"story.lede": {"ar": "بالعربية"}, "facts.fit": "runs_small"}})

    assert answer.status_code == 200
    assert answer.json["edit"] == read["edit"] + 1
    assert answer.json["changed"] == [{"slot": "facts.fit", "part": ""}, {"slot": "story.lede", "part": "ar"}]
    values = slots_of(latest(database, desk.item))
    assert values["story.lede"] == {"en": "In English", "ar": "بالعربية"}
    assert (values["care.text"], values["facts.fit"]) == ({"en": "Wash cool."}, "runs_small")


def test_refusals_come_by_slot_and_nothing_is_saved(
    desk: Desk, browser: Browser, door: str, database: Database
) -> None:
    read, before = browser.get(door).json, latest(database, desk.item).body
    slots = {"story.lede": {"en": "x" * 81}, "facts.fit": "gigantic", "no.slot": "x", "care.text": "Fine"}

    answer = send(browser, door, {**read, "slots": slots})

    assert (answer.status_code, answer.json["type"]) == (422, "form")
    assert set(answer.json["problems"]) == {"story.lede", "facts.fit", "no.slot"}
    assert latest(database, desk.item).body == before


def test_a_locked_slot_is_refused(desk: Desk, browser: Browser, door: str, database: Database) -> None:
    read, before = browser.get(door).json, latest(database, desk.item).body

    answer = send(browser, door, {**read, "slots": {"legal.text": {"en": "Mine"}, "care.text": "Too"}})

    assert (answer.status_code, answer.json["type"]) == (422, "slot_locked")
    assert latest(database, desk.item).body == before


def test_what_somebody_else_changed_too_comes_back_with_both_values(
    desk: Desk, browser: Browser, door: str, database: Database
) -> None:
    read = browser.get(door).json
    send(browser, door, {**read, "slots": {"story.lede": {"en": "Theirs"}, "care.text": {"en": "Wash warm."}}})

    late = send(browser, door, {**read, "slots": {"story.lede": {"en": "Mine"}, "story.text": {"en": "New"}}})
    other = send(browser, door, {**read, "slots": {"story.text": {"en": "New"}}})

    assert (late.status_code, late.json["type"]) == (409, "changed_elsewhere")
    assert late.json["conflicts"] == [
        {"slot": "story.lede", "part": "en", "was": "In English", "yours": "Mine", "theirs": "Theirs"}
    ]
    assert other.status_code == 200
    values = slots_of(latest(database, desk.item))
    assert (values["story.lede"], values["care.text"]) == ({"en": "Theirs"}, {"en": "Wash warm."})
    assert values["story.text"] == {"en": "New"}


@pytest.mark.parametrize(
    "said",
    [
        "", "[]", "null", "{", '{"slots": []}', '{"slots": {}}', '{"slots": {}, "number": 1}',
        '{"slots": {}, "number": 1, "edit": "1"}', '{"slots": {}, "number": 1, "edit": true}',
        '{"slots": {}, "number": 1, "edit": -1}', '{"slots": {}, "number": 1, "edit": 1e400}',
        '{"slots": {}, "number": 1, "edit": 99999999999999999999}', "[" * 5000,
    ],
    ids=lambda each: each[:30],
)  # fmt: skip
def test_what_does_not_say_what_it_is_made_upon_is_refused(browser: Browser, door: str, said: str) -> None:
    answer = send(browser, door, said)

    assert (answer.status_code, answer.json["type"]) == (422, "form")


@pytest.mark.parametrize(
    "name", ["story.lede", "story.text", "gallery.pictures", "facts.rows", "facts.fit", "film.video"]
)
@pytest.mark.parametrize(
    "value",
    [None, 5, True, [], [[]], [{}], [None], {"en": None}, {"en": {"en": "x"}}, {"xx": "x"}, {"en": "\ud800"},
     {"en": "a\0b"}, [{"name": {"en": ["x"]}, "value": 5}], ["\ud800"], {"": ""}],
    ids=repr,
)  # fmt: skip
def test_no_shape_of_a_value_breaks_the_door(desk: Desk, browser: Browser, door: str, name: str, value: object) -> None:
    read = browser.get(door).json

    answer = send(browser, door, {**read, "slots": {name: value}})

    assert answer.status_code in (200, 422)
    assert browser.get(door.removesuffix("/slots")).status_code == 200


def test_a_megabyte_is_more_than_any_page(browser: Browser, door: str) -> None:
    answer = send(browser, door, {"number": 1, "edit": 1, "slots": {"story.text": {"en": "x" * 1_000_001}}})

    assert answer.status_code == 413


def test_what_was_sent_is_not_written_any_more(desk: Desk, browser: Browser, db: Session, database: Database) -> None:
    sent = make_revision(db, desk.item, state="submitted", author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)
    door = f"/studio/content/{sent.content_id}/slots"

    answer = send(browser, door, {"number": 1, "edit": 1, "slots": {"story.lede": {"en": "Later"}}})

    assert (answer.status_code, answer.json["type"]) == (409, "not_open")
    assert latest(database, desk.item).body == sent.body


def test_other_houses_and_foreign_pictures_stay_out(
    desk: Desk, browser: Browser, door: str, db: Session, database: Database
) -> None:
    foreign = make_asset(db, make_vendor(db, desk.retailer))
    olga = make_person(db, Role.VENDOR_ADMIN, name="Olga", vendor=make_vendor(db, desk.retailer))
    mia = make_person(db, Role.OWNER, name="Mia", retailer=desk.retailer)
    otto = make_person(db, Role.VENDOR_EDITOR, name="Otto", vendor=make_vendor(db, make_retailer(db)))
    db.commit()
    read, before = browser.get(door).json, latest(database, desk.item).body
    said = {**read, "slots": {"gallery.pictures": [foreign.id]}}

    answers = [send(browser.another().sign_in(*each), door, said).status_code for each in (olga, mia, otto)]
    own = send(browser, door, said)

    assert answers == [404, 404, 404]
    assert "not among yours" in own.json["problems"]["gallery.pictures"]
    assert latest(database, desk.item).body == before


def test_null_clears_and_is_no_word(desk: Desk, browser: Browser, door: str, database: Database) -> None:
    read = browser.get(door).json
    rows = [{"name": {"en": "Weight", "ar": None}, "value": {"en": "210 g", "ar": None}}]

    answer = send(browser, door, {**read, "slots": {"care.text": {"en": None}, "facts.rows": rows}})

    assert answer.status_code == 200
    values = slots_of(latest(database, desk.item))
    assert "care.text" not in values
    assert values["facts.rows"] == [{"name": {"en": "Weight"}, "value": {"en": "210 g"}}]


@pytest.mark.parametrize("value", [{"en": ["a"]}, {"en": {"a": "b"}}, {"en": True}])
def test_what_nobody_means_as_words_is_refused(browser: Browser, door: str, value: object) -> None:
    answer = send(browser, door, {**browser.get(door).json, "slots": {"care.text": value}})

    assert (answer.status_code, set(answer.json["problems"])) == (422, {"care.text"})


@pytest.mark.parametrize("name", ["facts.fit", "care.text", "facts.rows", "gallery.pictures"])
@pytest.mark.parametrize("ends", [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize("depth", [7, 700, 900])
def test_deeply_nested_values_are_refused(
    browser: Browser, door: str, name: str, ends: tuple[str, str], depth: int
) -> None:
    read = browser.get(door).json
    nest = ends[0] * depth + '"x"' + ends[1] * depth
    said = f'{{"number": {read["number"]}, "edit": {read["edit"]}, "slots": {{"{name}": {nest}}}}}'

    assert send(browser, door, said).status_code == 422

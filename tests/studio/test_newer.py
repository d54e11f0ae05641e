"""A newer version of a template as its vendors meet it: said, taken over, and pages that were moved for them."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content import moving, templates
from qrmerch.content.models import Content, DraftSave, PageTemplate, Revision
from qrmerch.content.queries import find_content, get_newest_version, list_revisions, slots_of
from qrmerch.db import Database
from qrmerch.parties.models import Vendor
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import Person, make_item, make_person, make_retailer, make_revision, make_template, publish_page


@dataclass
class Desk:
    """Vera at her draft, in a template of Fashiontown's that has a newer version without a care section."""

    template: PageTemplate
    draft: Revision
    vera: Person

    @property
    def address(self) -> str:
        return f"/studio/content/{self.draft.content_id}"


@pytest.fixture
def desk(db: Session) -> Desk:
    retailer = make_retailer(db, name="Fashiontown")
    template = make_template(db, retailer)
    item = make_item(db, retailer, title="Marigold Slouch Top")
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=db.get_one(Vendor, item.vendor_id))
    draft = make_revision(db, item, template=template, slots={"care.text": {"en": "Wash at 30."}}, author=vera)
    sections = [each for each in get_newest_version(db, template.id).sections if each["key"] != "care"]
    templates.release_version(db, template, sections, at=NOON)
    db.commit()
    return Desk(template, draft, vera)


def saved(database: Database, desk: Desk) -> tuple[dict[str, Any], int]:
    with database.read() as db:
        draft = db.get_one(Revision, desk.draft.id)
        version = db.get_one(type(get_newest_version(db, desk.template.id)), draft.template_version_id)
        return slots_of(draft), version.number


def test_a_draft_says_that_there_is_a_newer_version_and_what_has_no_place(desk: Desk, browser: Browser) -> None:
    page = browser.sign_in(*desk.vera).get(desk.address)

    assert "Fashiontown has released version 2 of this template" in page.text
    assert "There is no place in it for Care" in page.text
    assert "Go on in the newer version" in page.text


def test_taking_it_over_keeps_what_was_typed_and_what_has_no_place(
    desk: Desk, browser: Browser, database: Database
) -> None:
    page = browser.sign_in(*desk.vera).get(desk.address)

    answer = browser.send(page, action=desk.address, do="newer", **{"story.lede": "Typed just before"})

    assert "Care has no place there" in browser.follow(answer).text
    values, number = saved(database, desk)
    assert (values["story.lede"], number) == ({"en": "Typed just before"}, 2)
    assert "care.text" not in values
    with database.read() as db:
        kept = [each.slots.get("care.text") for each in db.scalars(select(DraftSave))]
    assert {"en": "Wash at 30."} in kept
    assert "Go on in the newer version" not in browser.get(desk.address).text


def test_another_vendor_takes_nothing_over(desk: Desk, browser: Browser, database: Database, db: Session) -> None:
    otto = make_person(db, Role.VENDOR_EDITOR, name="Otto")
    db.commit()
    browser.sign_in(*otto)

    answer = browser.post(desk.address, {"number": "1", "edit": "1", "locale": "en", "do": "newer"})

    assert answer.status_code == 404
    assert saved(database, desk)[1] == 1


def test_after_a_move_the_vendor_writes_the_next_revision(browser: Browser, database: Database, db: Session) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    template = make_template(db, retailer)
    item = make_item(db, retailer)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=db.get_one(Vendor, item.vendor_id))
    publish_page(db, item, template=template)
    version = templates.release_version(db, template, get_newest_version(db, template.id).sections, at=NOON)
    content = find_content(db, item.id, template.id)
    assert isinstance(content, Content)
    moving.move_contents(db, [content], version.id, actor=None, at=NOON)
    db.commit()
    address = f"/studio/content/{content.id}"
    page = browser.sign_in(*vera).get(address)

    answer = browser.send(page, action=address, do="save", **{"story.lede": "The next thought"})

    assert answer.status_code == 303
    with database.read() as again:
        newest = list_revisions(again, content.id)[0]
    assert (newest.number, newest.state, slots_of(newest)["story.lede"]) == (3, "draft", {"en": "The next thought"})

"""Tables, links, files, lists to choose from and words for associates in the editor, through HTTP."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import templates
from qrmerch.content.library import LIBRARY
from qrmerch.content.models import Content, Style
from qrmerch.content.queries import list_revisions, slots_of
from qrmerch.db import Database
from qrmerch.parties.models import RetailerHost
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import Person, make_asset, make_item, make_person, make_retailer, make_vendor

CARE = [
    {"value": "cold", "label": {"en": "Wash cold", "ar": "غسيل بارد"}},
    {"value": "dry", "label": {"en": "Dry clean", "ar": "تنظيف جاف"}},
]


@dataclass
class Bench:
    """Vera at a template with every further section, one choice and one slot in Arabic only."""

    item: Item
    picture: str
    vera: Person
    reviewer: Person

    @property
    def address(self) -> str:
        return f"/studio/content/new?item={self.item.id}"


@pytest.fixture
def bench(db: Session) -> Bench:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    db.add(RetailerHost(retailer_id=retailer.id, host="shop.example", proven_at=NOON))
    kinds = ("gallery", "headline", "story", "size_guide", "passport", "downloads", "contact", "care", "staff")
    sections = [LIBRARY[kind].begin(kind) for kind in kinds]
    for section in sections:
        for slot in section["slots"]:
            slot["lock"] = "edit"
    of = {each["key"]: each["slots"] for each in sections}
    of["care"][0] |= {"lock": "choose", "options": CARE}
    of["size_guide"][1]["locales"] = ["ar"]
    templates.add_template(db, retailer.id, name="All", style=Style.EVERYDAY, at=NOON, sections=sections)
    vendor = make_vendor(db, retailer)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    reviewer = make_person(db, Role.REVIEWER, name="Rita", retailer=retailer)
    made = Bench(make_item(db, retailer, vendor=vendor), make_asset(db, vendor).id, vera, reviewer)
    db.commit()
    return made


FILLED = {
    "size_guide.table": "Size\tChest\r\nS\t90",
    "passport.rows.name": "Wool",
    "passport.rows.value": "Merino",
    "downloads.files.name": "Manual",
    "downloads.files.value": "https://shop.example/m.pdf",
    "contact.words": "We answer until six",
    "contact.link.words": "Chat",
    "contact.link.url": "https://shop.example/chat",
    "care.text": "cold",
    "staff.fit": "Runs small",
}


def begin(browser: Browser, bench: Bench, **values: Any) -> str:
    page = browser.get(bench.address)
    sent = {"gallery.pictures": bench.picture, "story.lede": "Loose.", **FILLED, "do": "save", **values}
    answer = browser.send(page, action="/studio/content/new", **sent)
    assert answer.status_code == 303, answer.text[:600]
    return str(answer.headers["Location"]).partition("?")[0].partition("#")[0]


def kept(database: Database, item: Item) -> dict[str, Any]:
    with database.read() as db:
        content_id = db.scalars(select(Content.id).where(Content.item_id == item.id)).one()
        return slots_of(list_revisions(db, content_id)[0])


def test_every_kind_is_typed_kept_and_shown_again(browser: Browser, bench: Bench, database: Database) -> None:
    browser.sign_in(*bench.vera)

    address = begin(browser, bench)

    values = kept(database, bench.item)
    assert values["size_guide.table"] == {"en": [["Size", "Chest"], ["S", "90"]]}
    assert values["downloads.files"] == [{"name": {"en": "Manual"}, "url": "https://shop.example/m.pdf"}]
    assert values["contact.link"] == {"url": "https://shop.example/chat", "words": {"en": "Chat"}}
    assert values["care.text"] == "cold"
    fields = find_form(browser.get(address).text, address).fields
    assert fields["size_guide.table"] == "Size | Chest\nS | 90"
    assert (fields["contact.link.words"], fields["contact.link.url"]) == ("Chat", "https://shop.example/chat")
    assert fields["care.text"] == "cold"


def test_another_language_is_written_beside_the_first(browser: Browser, bench: Bench, database: Database) -> None:
    browser.sign_in(*bench.vera)
    address = begin(browser, bench)

    page = browser.get(f"{address}?locale=ar")
    assert "<b>English:</b>" in page.text
    answer = browser.send(
        page, action=address, **{"do": "save", "size_guide.words": "على طاولة", "contact.link.words": "محادثة"}
    )

    assert answer.status_code == 303
    values = kept(database, bench.item)
    assert values["size_guide.words"] == {"ar": "على طاولة"}
    assert values["contact.link"]["words"] == {"en": "Chat", "ar": "محادثة"}
    assert values["size_guide.table"] == {"en": [["Size", "Chest"], ["S", "90"]]}


def test_a_slot_in_another_language_only_has_no_field_here(browser: Browser, bench: Bench) -> None:
    browser.sign_in(*bench.vera)

    page = browser.get(bench.address)

    assert "Fashiontown wants this in Arabic only." in page.text
    assert "size_guide.words" not in find_form(page.text, "/studio/content/new").fields


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("care.text", "hot", "choose one of the retailer’s list: Wash cold, Dry clean."),
        ("contact.link.url", "https://evil.test/", "away from the retailer"),
        ("downloads.files.value", "javascript:alert(1)", "cannot be taken"),
        ("size_guide.table", "Size", "two columns at least"),
        ("size_guide.words", "In English", "it is written in Arabic only"),
    ],
)
def test_what_cannot_stand_there_is_refused_and_what_was_typed_stays(
    browser: Browser, bench: Bench, field: str, value: str, said: str
) -> None:
    browser.sign_in(*bench.vera)
    page = browser.get(bench.address)

    answer = browser.send(page, action="/studio/content/new", **{**FILLED, "do": "save", field: value})

    assert answer.status_code == 422
    assert said in answer.text
    assert "Merino" in answer.text
    if field not in ("care.text", "size_guide.words"):
        assert value in answer.text


def test_a_page_that_waits_shows_it_and_the_reviewer_compares_it(browser: Browser, bench: Bench, db: Session) -> None:
    browser.sign_in(*bench.vera)
    address = begin(browser, bench)
    alt = {f"alt:{bench.picture}": "A top on a hanger"}

    answer = browser.send(browser.get(address), action=address, **{**FILLED, "do": "submit", **alt})

    assert answer.status_code == 303, answer.text[:500]
    waiting = browser.get(address).text
    for said in ('<th scope="row">S</th>', "https://shop.example/chat", "<p>Wash cold</p>", "Runs small"):
        assert said in waiting
    content_id = address.rpartition("/")[2]
    revision = list_revisions(db, content_id)[0]
    db.commit()
    page = browser.another().sign_in(*bench.reviewer).get(f"/desk/review/{revision.id}").text
    for said in ("Size | Chest", "Manual: https://shop.example/m.pdf", "Chat: https://shop.example/chat", "Runs small"):
        assert said in page

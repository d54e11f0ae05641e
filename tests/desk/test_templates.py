"""Page templates at the desk through HTTP: adding, explaining, fixed lines, the default."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.clock import now
from qrmerch.content.models import PageTemplate, Style
from qrmerch.content.queries import fixed_values, list_templates
from qrmerch.db import Database
from qrmerch.parties.models import Vendor
from tests.browsing import Browser
from tests.desk.template_house import House, make_template_house
from tests.factories import (
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
)


@pytest.fixture
def house(db: Session) -> House:
    return make_template_house(db)


def fixed_now(database: Database, template: PageTemplate) -> dict[str, dict[str, str]]:
    with database.read() as db:
        return fixed_values(db, template.id, at=now())


def test_the_list_says_which_one_new_pages_take(house: House, browser: Browser) -> None:
    page = browser.sign_in(*house.mia).get("/desk/templates")

    assert "One template. New pages are written in Everyday." in page.text
    assert "Written in this one" in page.text


def test_a_retailer_without_templates_is_told_what_to_do(browser: Browser, db: Session) -> None:
    mia = make_person(db, Role.OWNER, name="Mia", retailer=make_retailer(db))
    db.commit()

    page = browser.sign_in(*mia).get("/desk/templates")

    assert "There is none yet" in page.text


@pytest.mark.parametrize("style", list(Style))
def test_each_of_the_three_can_be_added_and_looked_at(
    browser: Browser, db: Session, database: Database, style: Style
) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    mia = make_person(db, Role.OWNER, name="Mia", retailer=retailer)
    db.commit()
    browser.sign_in(*mia)

    answer = browser.send(browser.get("/desk/templates"), action="/desk/templates", style=style.value)
    page = browser.follow(answer)

    assert page.status_code == 200
    assert style.capitalize() in page.text
    with database.read() as again:
        (template,) = list_templates(again, retailer.id)
    assert (template.style, template.is_default) == (style, True)
    assert browser.get(f"/desk/templates/{template.id}/page?item={item.id}").status_code == 200


@pytest.mark.parametrize(("style", "name"), [("baroque", ""), ("", ""), ("quiet", "x" * 81), ("quiet", "everyday")])
def test_a_template_that_cannot_be_added_is_told_why(
    house: House, browser: Browser, database: Database, style: str, name: str
) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post("/desk/templates", {"style": style, "name": name})

    assert answer.status_code == 422
    with database.read() as db:
        assert len(list_templates(db, house.retailer.id)) == 1


def test_a_template_explains_who_fills_what(house: House, browser: Browser) -> None:
    page = browser.sign_in(*house.mia).get(house.address)

    for words in (
        "The vendor: 1 to 6 pictures, 390 × 390 px at least; needed.",
        "The vendor, from your list: Runs small, True to size, Runs large; may stay empty.",
        "You: at most 600 characters, plain text; may stay empty.",
        "One page is written in it; new ones are too.",
    ):
        assert words in page.text


def test_a_fixed_line_shows_at_once(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    words = {"slot": "legal.text", "legal.text.en": "Colours may differ.", "legal.text.ar": "قد تختلف الألوان."}

    answer = browser.post(f"{house.address}/fixed", words)

    assert answer.headers["Location"] == f"{house.address}#f-legal.text"
    assert fixed_now(database, house.template) == {
        "legal.text": {"en": "Colours may differ.", "ar": "قد تختلف الألوان."}
    }
    assert "Colours may differ." in browser.another().get(f"/i/{house.item.public_id}").text


def test_a_fixed_line_can_be_emptied(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "Once"})

    browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": ""})

    assert fixed_now(database, house.template) == {"legal.text": {}}
    assert "Once" not in browser.another().get(f"/i/{house.item.public_id}").text.partition("<main")[2]


def test_a_fixed_line_that_does_not_fit_stays_in_its_field(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "x" * 655})

    assert answer.status_code == 422
    assert "600 characters at most; this has 655." in answer.text
    assert "x" * 655 in answer.text
    assert fixed_now(database, house.template) == {}


@pytest.mark.parametrize("slot", ["story.text", "no.slot", "", "gallery.pictures"])
def test_what_is_not_fixed_is_not_the_retailers_to_write(
    house: House, browser: Browser, database: Database, slot: str
) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(f"{house.address}/fixed", {"slot": slot, f"{slot}.en": "Ours"})

    assert answer.status_code == 422
    assert fixed_now(database, house.template) == {}


def test_another_template_becomes_the_one_for_new_pages(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    quiet = make_template(db, house.retailer, style=Style.QUIET, name="Quiet", is_default=False)
    db.commit()
    browser.sign_in(*house.mia)

    page = browser.follow(browser.post(f"/desk/templates/{quiet.id}/default"))

    assert "New pages are written in Quiet from now on." in page.text
    with database.read() as again:
        default = again.scalars(select(PageTemplate).where(PageTemplate.is_default)).one()
    assert default.id == quiet.id


def test_a_template_is_called_something_else(house: House, browser: Browser, db: Session) -> None:
    make_template(db, house.retailer, name="Evening")
    db.commit()
    browser.sign_in(house.mia.user, house.mia.membership)
    page = browser.get(house.address)

    taken = browser.send(page, action="/name", name=" evening ")
    empty = browser.send(page, action="/name", name="   ")
    same = browser.send(page, action="/name", name="everyday")
    renamed = browser.send(page, action="/name", name="Every day & night")

    assert taken.status_code == empty.status_code == 422
    assert "There is a template called evening already." in taken.text
    assert same.status_code == renamed.status_code == 303
    assert "<h1>Every day &amp; night</h1>" in browser.get(house.address).text
    entries = db.scalars(select(AuditEntry).where(AuditEntry.action == "template.rename").order_by(AuditEntry.number))
    assert [each.detail for each in entries] == [
        {"before": {"name": "Everyday"}, "after": {"name": "everyday"}},
        {"before": {"name": "everyday"}, "after": {"name": "Every day & night"}},
    ]


def test_the_sample_shows_what_is_published_and_no_draft(house: House, browser: Browser, db: Session) -> None:
    make_revision(db, house.item, slots={"story.lede": {"en": "Still a secret"}})
    db.commit()
    browser.sign_in(*house.mia)

    page = browser.get(f"{house.address}/page?item={house.item.id}&scheme=dark")

    assert "The loose knit that makes jeans look like a plan." in page.text
    assert "Still a secret" not in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]


def test_another_retailer_finds_nothing(house: House, browser: Browser, database: Database, db: Session) -> None:
    other = make_retailer(db)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=other)
    own = make_template(db, other)
    db.commit()
    browser.sign_in(*otto)

    assert browser.get(house.address).status_code == 404
    assert browser.get(f"{house.address}/page?item={house.item.id}").status_code == 404
    assert browser.get(f"/desk/templates/{own.id}/page?item={house.item.id}").status_code == 404
    assert browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "Mine"}).status_code == 404
    assert browser.post(f"{house.address}/default").status_code == 404
    assert house.template.id not in browser.get("/desk/templates").text
    assert fixed_now(database, house.template) == {}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.VENDOR_ADMIN])
def test_templates_are_the_merchandisers(house: House, browser: Browser, db: Session, role: Role) -> None:
    person = make_person(db, role, retailer=house.retailer, vendor=db.get_one(Vendor, house.item.vendor_id))
    db.commit()
    browser.sign_in(*person)

    assert browser.get("/desk/templates").status_code == 404
    assert browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "Mine"}).status_code == 404

"""The brand at the desk: tried on, held, said where the colour differs; by the owner, and of one's own house."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.parties.models import BrandKit, PageChange
from qrmerch.parties.queries import get_brand
from tests.browsing import Browser
from tests.desk.house import House, count_entries, seen
from tests.factories import make_person, make_retailer, publish_page

YELLOW = {
    "colour": "#E6B800",
    "display": "serif",
    "corners": "round",
    "tone": "warm",
    "wordmark": "Fashion Town",
    "legal-en": "Returns within 60 days.",
}


def kits(db: Session, house: House) -> list[BrandKit]:
    return seen(db, select(BrandKit).where(BrandKit.retailer_id == house.retailer.id).order_by(BrandKit.from_at))


def test_the_owner_changes_the_brand_and_it_holds_at_the_next_scan(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)
    page = browser.get("/desk/brand")

    response = browser.send(page, action="/desk/brand", **YELLOW)

    assert "The brand holds from now on" in browser.follow(response).text
    kit = kits(db, house)[-1]
    assert (kit.colour, kit.display, kit.corners, kit.tone) == ("#e6b800", "serif", "round", "warm")
    assert kit.legal == {"en": "Returns within 60 days."}
    assert seen(db, select(PageChange).where(PageChange.item_id.is_(None)))
    assert count_entries(db, "brand.set") == 1
    shown = browser.another().get(f"/i/{house.item.public_id}").text
    assert "Fashion Town" in shown and "Returns within 60 days." in shown


def test_trying_on_shows_it_and_changes_nothing(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    page = browser.post("/desk/brand", {**YELLOW, "do": "try"})

    assert page.status_code == 200 and "nothing is changed yet" in page.text
    assert "#836907" in page.text, "what the colour becomes as words"
    assert len(kits(db, house)) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "yellow", "A colour is # and six digits"),
        ("colour", "#e6b80", "A colour is # and six digits"),
        ("colour", "#e6b800;}body{display:none", "A colour is # and six digits"),
        ("wordmark", " \u202e ", "The wordmark is what stands at the top"),
        ("wordmark", "x" * 41, "At most 40 characters"),
        ("legal-en", "x" * 401, "At most 400 characters"),
    ],
)
@pytest.mark.parametrize("do", ["try", "save"])
def test_what_a_brand_cannot_be_is_named_and_nothing_changes(
    browser: Browser, db: Session, house: House, field: str, value: str, said: str, do: str
) -> None:
    browser.sign_in(*house.olive)

    response = browser.post("/desk/brand", {**YELLOW, field: value, "do": do})

    assert response.status_code == 422 and said in response.text
    assert len(kits(db, house)) == 1


def test_a_choice_nobody_knows_stays_as_it_was(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    browser.post("/desk/brand", {**YELLOW, "corners": "wavy", "tone": "", "display": "comic"})

    kit = kits(db, house)[-1]
    assert (kit.display, kit.corners, kit.tone) == ("sans", "soft", "plain")


def test_legal_lines_are_asked_for_in_each_language_of_the_house(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    owner = make_person(db, Role.OWNER, name="Olive", retailer=retailer)
    db.commit()
    browser.sign_in(*owner)
    page = browser.get("/desk/brand")

    browser.send(page, action="/desk/brand", **{"legal-ar": "الإرجاع خلال ٦٠ يوماً", "legal-fr": "Non"})

    kit = get_brand(db, retailer.id, at=now())
    assert 'name="legal-ar"' in page.text and "Arabic" in page.text
    assert kit.legal == {"ar": "الإرجاع خلال ٦٠ يوماً"}


@pytest.mark.parametrize(
    ("colour", "said"),
    [
        ("%231f3fbf", "#1f3fbf is kept wherever it can be read"),
        ("%23161616", "#161616"),
        ("red", "A colour is # and six digits"),
        ("", "A colour is # and six digits"),
    ],
)
def test_what_becomes_of_a_colour_is_told_to_the_script(browser: Browser, house: House, colour: str, said: str) -> None:
    browser.sign_in(*house.olive)

    response = browser.get(f"/desk/brand/shown?colour={colour}")

    assert response.status_code == 200 and said in response.text
    assert "<html" not in response.text


def test_a_real_page_is_shown_in_the_brand_that_is_tried(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)

    page = browser.get("/desk/brand/sample?colour=%237a1f4f&wordmark=Tried+On&corners=sharp&legal-en=Tried+line")

    assert "Tried On" in page.text and "Tried line" in page.text and "#7a1f4f" in page.text
    assert 'data-corners="sharp"' in page.text and house.item.title in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert len(kits(db, house)) == 1
    # What cannot be taken shows the present brand.
    assert "Tried" not in browser.get("/desk/brand/sample?colour=nonsense&wordmark=Tried").text


def test_without_an_item_there_is_nothing_to_show_it_on(browser: Browser, house: House) -> None:
    browser.sign_in(*house.otto)

    assert "iframe" not in browser.get("/desk/brand").text
    assert browser.get("/desk/brand/sample").status_code == 404


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_only_the_owner_looks_after_the_brand(browser: Browser, db: Session, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    for address in ("/desk/brand", "/desk/brand/shown", "/desk/brand/sample"):
        assert browser.get(address).status_code == 404
    assert browser.post("/desk/brand", YELLOW).status_code == 404
    assert len(kits(db, house)) == 1


def test_otto_changes_his_own_brand_only(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.otto)

    browser.post("/desk/brand", {**YELLOW, "retailer_id": house.retailer.id})

    assert len(kits(db, house)) == 1
    assert len(seen(db, select(BrandKit).where(BrandKit.retailer_id == house.other.id))) == 2

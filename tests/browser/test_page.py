"""The parts of a shopper's page in a browser: sheets, one tap, compare; with script and without, in every light."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.library import LIBRARY
from qrmerch.content.models import Style
from qrmerch.content.templates import add_template
from qrmerch.parties.models import Vendor
from qrmerch.reviews.models import Answer, Review, ReviewState
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.conftest import NOON
from tests.factories import make_item, make_review, publish_page
from tests.figures import IS_FULL
from tests.landing.aisle import Aisle, make_aisle, stock

_KINDS = (
    "gallery",
    "headline",
    "price",
    "stock",
    "variants",
    "story",
    "facts",
    "size_guide",
    "look",
    "reviews",
    "feedback",
)
_TABLE = {"en": [["Size", "Bust, in"], ["S", "33 to 35"], ["M", "35 to 37"]]}
_LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "viewport": {"width": 320, "height": 700}},
    {"forced_colors": "active"},
    {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False},
]


@pytest.fixture
def aisle(db: Session, draw: Callable[[Vendor, str], str]) -> Aisle:
    """The aisle, where the top is not in stock here, has reviews and all that stands around it."""
    made = make_aisle(db, draw=draw)
    template = add_template(
        db,
        made.retailer.id,
        name="All",
        style=Style.EDITORIAL,
        at=NOON,
        sections=[LIBRARY[each].begin(each) for each in _KINDS],
    )
    rows = [{"name": {"en": "Fit"}, "value": {"en": "Loose"}}]
    publish_page(
        db,
        made.top,
        template=template,
        slots={"gallery.pictures": [draw(made.vendor, "Top")], "size_guide.table": _TABLE, "facts.rows": rows},
    )
    for stars in (5, 4, 2):
        make_review(db, made.top, stars=stars, state=ReviewState.PUBLISHED)
    other = make_item(db, made.retailer, vendor=made.vendor, title="Buttercup Cardigan")
    publish_page(
        db, other, template=template, slots={"gallery.pictures": [draw(made.vendor, "Cardigan")], "facts.rows": rows}
    )
    made.top.category = other.category = "Tops"
    stock(db, made.top, made.store, 0, 0)
    stock(db, other, made.store, 6, 6)
    db.commit()
    return made


def rows(db: Session, table: Any) -> list[Any]:
    found = list(db.scalars(select(table).execution_options(populate_existing=True)))
    db.commit()
    return found


@pytest.mark.parametrize("look", _LOOKS if IS_FULL else _LOOKS[:2])
def test_nothing_is_against_the_rules_with_a_sheet_open(
    open_phone: OpenPhone, aisle: Aisle, look: dict[str, Any]
) -> None:
    page = open_phone(**look).page
    other = f"/compare?i={aisle.top.public_id}&i={aisle.sandal.public_id}"

    found = {}
    for sheet in ("guide", "write"):
        page.goto(aisle.page)
        page.locator(f'[popovertarget="{sheet}"]').first.click()
        expect(page.locator(f"#{sheet}")).to_be_visible()
        # Axe would judge colours while the sheet still slides.
        page.locator(f"#{sheet}").evaluate("each => Promise.all(each.getAnimations().map(one => one.finished))")
        found[sheet] = list_problems(page)
    for address in (
        f"/i/{aisle.top.public_id}?at=none",
        f"/i/{aisle.top.public_id}/review",
        other,
        f"/store/{aisle.store.public_id}?find=top",
    ):
        page.goto(address)
        found[address] = list_problems(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_review_is_written_in_the_sheet_without_script(open_phone: OpenPhone, aisle: Aisle, db: Session) -> None:
    page = open_phone(java_script_enabled=False).page
    page.goto(aisle.page)

    page.get_by_role("button", name="Write a review").click()
    page.get_by_text("3 ★").click()
    page.get_by_label("In a sentence or two").fill("Cut shorter than it looks.")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("Thank you. A person reads it first; then it stands here.")).to_be_visible()
    (review,) = [each for each in rows(db, Review) if each.state == ReviewState.PENDING]
    assert (review.stars, review.text) == (3, "Cut shorter than it looks.")


def test_thanks_show_only_to_who_sent_something(page: Page, aisle: Aisle) -> None:
    page.goto(aisle.page)

    expect(page.locator("#wrote")).to_be_hidden()
    expect(page.locator("#tapped")).to_be_hidden()


def test_one_tap_without_script_is_thanked_in_its_place(open_phone: OpenPhone, aisle: Aisle, db: Session) -> None:
    page = open_phone(java_script_enabled=False).page
    page.goto(aisle.page)

    page.get_by_role("button", name="Partly").click()

    expect(page.locator("#tapped")).to_be_visible()
    expect(page.get_by_role("button", name="Partly")).to_be_hidden()
    assert [each.answer for each in rows(db, Answer)] == ["partly"]


def test_one_tap_with_script_is_thanked_without_leaving_the_page(page: Page, aisle: Aisle, db: Session) -> None:
    page.goto(aisle.page)
    page.evaluate("window.isSame = true")

    page.get_by_role("button", name="No", exact=True).click()

    expect(page.locator(".tap [role=status]")).to_have_text("Thank you. Riverside reads these.")
    expect(page.get_by_role("button", name="Partly")).to_be_hidden()
    expect(page.locator("#tapped")).to_be_hidden()
    assert page.evaluate("window.isSame")
    assert [each.answer for each in rows(db, Answer)] == ["no"]


def test_the_guide_opens_and_closes_with_the_keyboard_and_gives_the_focus_back(page: Page, aisle: Aisle) -> None:
    page.goto(aisle.page)
    opener = page.get_by_role("button", name="Size guide")

    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#guide")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#guide")).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_is_here_instead_is_compared_without_script(open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone(java_script_enabled=False).page
    page.goto(aisle.page)

    page.get_by_role("link", name="Compare them").click()

    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page.get_by_role("columnheader")).to_have_count(2)
    expect(page.get_by_role("rowheader", name="Price")).to_be_visible()


def test_large_type_covers_nothing_and_moves_nothing_sideways(open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone(viewport={"width": 390, "height": 844}).page
    page.goto(aisle.page)

    page.evaluate("document.documentElement.style.fontSize = '200%'")
    size, chip = page.locator(".size").bounding_box(), page.locator(".chips span").first.bounding_box()

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert size and chip and size["y"] + size["height"] / 2 < chip["y"]

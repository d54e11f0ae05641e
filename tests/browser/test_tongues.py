"""German on a small phone: its words are the longest, and nothing is cut, overlaps or moves sideways for them."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from qrmerch.content.models import Style
from tests.axe import open_sheets
from tests.browser.conftest import Draw, OpenPhone
from tests.browser.test_looks import CUT, SMALL_TARGETS
from tests.browser.test_widths import OUT
from tests.browsing import PHONE
from tests.landing.aisle import hear
from tests.landing.tongues import House, make_house

# Words of an offer that stand on the words of the button beside them.
OVER = """() => [...document.querySelectorAll('.stub, .gift')].filter((each) => {
  const [one, other] = [each.querySelector('time, p'), each.querySelector('.link')].map((part) => {
    const words = document.createRange();
    words.selectNodeContents(part);
    return words.getBoundingClientRect();
  });
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}).map((each) => each.innerText)"""


@pytest.fixture
def house(app: Flask, db: Session, draw: Draw) -> House:
    made = make_house(db, "de", draw=draw)
    hear(app)
    return made


@pytest.fixture
def page(open_phone: OpenPhone) -> Page:
    return open_phone(user_agent=PHONE, reduced_motion="reduce", locale="de-DE").page


def wrong_on(page: Page) -> list[str]:
    """What is cut, sticks out or lies over something, at 320 and 360 pixels, also with type twice as large."""
    found = []
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 780})
        for size in ("100%", "200%"):
            page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            wrong = [each for check in (OUT, OVER) for each in page.evaluate(check)]
            for _ in open_sheets(page):
                wrong += page.evaluate(CUT)
            found += [f"{width} {size} {each}" for each in wrong]
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("style", Style)
def test_an_items_page_has_room_for_german(style: Style, page: Page, house: House) -> None:
    page.goto(house.page(house.items[style]))

    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert wrong_on(page) == []
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.timeout(300)
def test_the_pages_around_it_have_room_for_german(page: Page, house: House) -> None:
    item, of = house.items[Style.EVERYDAY], "of=fashiontown"
    page.goto(house.page(item))
    page.get_by_role("button", name="Code für 10 % holen").first.click()
    expect(page.get_by_text("Einmal einlösbar")).to_be_visible()
    found = {"pass": wrong_on(page)}
    for address in (
        *(f"/my?{of}", f"/privacy?{of}", f"/help?{of}", f"/?{of}", house.page(house.gone), house.page(house.retired)),
        *(f"/i/{item.public_id}/{path}?at={house.store.public_id}" for path in ("where", "review", "reviews")),
        f"/i/{house.gone.public_id}/tell?at={house.store.public_id}",
        f"/compare?i={item.public_id}&i={house.gone.public_id}",
    ):
        page.goto(address)
        found[address] = wrong_on(page)

    assert {address: wrong for address, wrong in found.items() if wrong} == {}

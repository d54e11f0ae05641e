"""Every width a page is seen at, in both directions: nothing moves sideways, and what stands beside what."""

from typing import Any, Final

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import update
from sqlalchemy.orm import Session

from qrmerch.content.models import Style
from qrmerch.media.models import Asset
from qrmerch.reviews.models import ReviewState
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.factories import make_code, make_item, make_review, make_template, publish_page
from tests.landing.aisle import Aisle, add_offer, hear, make_aisle, stock

WIDTHS: Final = (320, 360, 390, 480, 600, 767, 768, 900, 1024, 1280)
# What sticks out of the page on either side, but for what moves by itself under a finger.
OUT: Final = """() => {
  const page = document.documentElement;
  const out = page.scrollWidth > page.clientWidth ? [`the page: ${page.scrollWidth} of ${page.clientWidth}`] : [];
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility() || each.closest('.vh, .skip, .reel, .thumbs, .wide, .beside, svg')) continue;
    const { left, right, width } = each.getBoundingClientRect();
    if (width && (left < -1 || right > page.clientWidth + 1)) out.push(each.outerHTML.slice(0, 120));
  }
  return out;
}"""
# What is smaller than a fingertip; a link within a sentence is as high as its line.
SMALL: Final = """() => [...document.querySelectorAll('a, button, select, summary, textarea, label:has(input)')]
  .filter((each) => each.checkVisibility() && !each.closest('.vh, .skip, .prose'))
  .map((each) => [each.getBoundingClientRect(), each])
  .filter(([box]) => box.height < 43.5 || box.width < 43.5)
  .map(([, each]) => each.outerHTML.slice(0, 120))"""
BOXES: Final = """() => Object.fromEntries(['.gal', '.bar', 'h1'].map((part) =>
  [part, document.querySelector(part).getBoundingClientRect().toJSON()]))"""
SIZES: Final = """() => [...document.querySelectorAll('.buy .chips label')].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y + scrollY, width, height].map(Math.round);
})"""


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    return make_aisle(db, draw=draw)


@pytest.fixture
def page(open_phone: OpenPhone) -> Page:
    return open_phone(user_agent=PHONE, reduced_motion="reduce").page


def make_page(
    db: Session, app: Flask, aisle: Aisle, style: Style, draw: Draw, title: str = "Marigold Slouch Top"
) -> str:
    """The address of a page in a style with sizes, one of them gone here, an offer, facts and reviews."""
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title=title, sizes=("XS", "S", "M", "L"))
    template = make_template(db, aisle.retailer, style=style, is_default=False)
    slots: dict[str, Any] = {
        "gallery.pictures": [draw(aisle.vendor, f"{style} {n}") for n in (1, 2)],
        "story.lede": {"en": "The loose knit that makes jeans look like a plan.", "ar": "القميص الواسع."},
        "facts.rows": [{"name": {"en": "Material"}, "value": {"en": "Cotton, open stitch"}}] * 3,
    }
    publish_page(db, item, template=template, slots=slots)
    for stars in (5, 4, 2):
        make_review(db, item, stars=stars, state=ReviewState.PUBLISHED)
    stock(db, item, aisle.store, 8, 8, 2, 0)
    add_offer(db, item)
    make_code(db, item, store=aisle.store)
    db.commit()
    hear(app)
    return f"/i/{item.public_id}?at={aisle.store.public_id}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("style", Style)
def test_at_no_width_anything_sticks_out_or_is_smaller_than_a_fingertip(
    style: Style, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    address = make_page(db, app, aisle, style, draw)
    found = {}
    for locale in ("en", "ar"):
        page.goto(f"{address}&lang={locale}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            if wrong := page.evaluate(OUT) + page.evaluate(SMALL):
                found[f"{locale} {width}"] = wrong

    assert found == {}


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("style", [Style.EVERYDAY, Style.EDITORIAL])
def test_on_a_wide_screen_the_name_and_the_action_stand_beside_an_upright_picture(
    style: Style, locale: str, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(f"{make_page(db, app, aisle, style, draw)}&lang={locale}")

    boxes = page.evaluate(BOXES)
    first, then = (".gal", ".bar") if locale == "en" else (".bar", ".gal")
    assert boxes[first]["right"] <= boxes[then]["left"]
    assert boxes["h1"]["top"] < boxes[".gal"]["bottom"] and boxes[".bar"]["bottom"] < 1024
    assert abs(boxes[".gal"]["width"] / boxes[".gal"]["height"] - 4 / 5) < 0.02, "shown whole"
    assert page.evaluate("getComputedStyle(document.querySelector('.bar')).position") == "static"


@pytest.mark.parametrize("width", [320, 390, 768])
def test_choosing_a_size_that_is_gone_here_moves_no_size(
    width: int, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(make_page(db, app, aisle, Style.EVERYDAY, draw))

    before = page.evaluate(SIZES)
    page.get_by_text("L", exact=True).click()

    assert page.locator(".if-gone").is_visible()
    assert page.evaluate(SIZES) == before
    assert len({y for _, y, _, _ in before}) == 1, "four sizes fit in one row"


@pytest.mark.parametrize(
    ("style", "title", "height"),
    [
        (Style.EVERYDAY, "Marigold Slouch Top", 844),
        (Style.EVERYDAY, "Marigold Slouch Top", 740),
        (Style.EVERYDAY, "Marigold Slouch Top with Ribbed Hem", 844),
        (Style.EVERYDAY, "Marigold Slouch Top with Ribbed Hem", 740),
        (Style.EDITORIAL, "Meridian 4", 844),
        (Style.EDITORIAL, "Meridian 4", 740),
        (Style.EDITORIAL, "Meridian 4 Running Shoe", 844),
        (Style.EDITORIAL, "Marigold Slouch Top with Ribbed Hem", 844),
    ],
)
def test_the_sizes_stand_above_the_bar_whether_the_name_takes_a_line_or_two(
    style: Style, title: str, height: int, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page.set_viewport_size({"width": 390, "height": height})
    page.goto(make_page(db, app, aisle, style, draw, title))

    chips, bar = (page.locator(part).bounding_box() for part in ("article .chips", ".bar"))

    assert chips and bar and chips["y"] + chips["height"] <= bar["y"]


def test_the_last_question_closes_both_columns_of_a_wide_page(
    app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(make_page(db, app, aisle, Style.EDITORIAL, draw))

    last, *others = page.locator(".rest > *").all()[::-1]
    box = last.bounding_box()
    before = [each.bounding_box() for each in others]

    assert last.locator(".tap").count() == 1
    assert box and box["width"] > 1200
    assert all(each and each["y"] + each["height"] <= box["y"] + 1 for each in before)


@pytest.mark.parametrize("style", Style)
def test_a_wide_picture_is_shown_from_side_to_side(
    style: Style, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    address = make_page(db, app, aisle, style, draw)
    db.execute(update(Asset).values(width=1500, height=1000))
    db.commit()
    hear(app)
    page.set_viewport_size({"width": 390, "height": 1000})

    page.goto(address)

    box = page.locator(".reel").bounding_box()
    # The strong picture of the one style may lose a little at its sides.
    expected = 5 / 4 if style == Style.EDITORIAL else 3 / 2
    assert box and abs(box["width"] / box["height"] - expected) < 0.02


@pytest.mark.parametrize("style", [Style.EVERYDAY, Style.QUIET])
def test_the_first_thumbnail_is_the_first_pictures_own_file(
    style: Style, app: Flask, page: Page, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page.goto(make_page(db, app, aisle, style, draw), wait_until="networkidle")

    large, small = (
        page.locator(f"{part} img").first.evaluate("(one) => one.currentSrc") for part in (".reel", ".thumbs")
    )
    assert large == small
    files = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert files.count(large) == 1

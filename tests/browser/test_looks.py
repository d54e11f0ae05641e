"""A shopper's pages as all kinds of people see them: every sheet open, by day and in the dark, with large type, without
colours or motion of our own, on the smallest phone.
"""

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from qrmerch.content.models import Style
from qrmerch.offers.models import OfferKind
from tests.axe import list_problems, open_sheets
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.factories import make_code, make_item, make_template, publish_page
from tests.landing.aisle import Aisle, add_offer, hear, make_aisle

_VIEWS = [(390, "light"), (390, "dark"), (320, "dark"), (1280, "light")]
# What sticks out of the page or of its own box, and what the eye cannot reach: a hand's breadth of it, in words.
CUT = """() => {
  const page = document.documentElement;
  const cut = page.scrollWidth > page.clientWidth ? [`the page: ${page.scrollWidth} of ${page.clientWidth}`] : [];
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility({ visibilityProperty: true })) continue;
    if (each.closest('.vh, svg, .reel, .thumbs, .wide, .skip')) continue;
    const style = getComputedStyle(each);
    const holdsText = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const hides = style.overflowX !== 'visible' || style.overflowY === 'hidden';
    const isCut = each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
    const told = `${style.fontSize}: ${each.outerHTML.slice(0, 120)}`;
    if (holdsText && hides && isCut && style.webkitLineClamp === 'none') cut.push(told);
    if (holdsText && Number.parseFloat(style.fontSize) < 12.9) cut.push(told);
  }
  return cut;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, select, summary')]
  .filter((each) => each.checkVisibility() && !each.closest('.prose, .vh, .skip, .thumbs'))
  .filter((each) => { const box = each.getBoundingClientRect(); return box.height < 23.5 || box.width < 23.5; })
  .map((each) => each.outerHTML.slice(0, 140))"""


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    return make_aisle(db, draw=draw)


def make_page(db: Session, app: Flask, aisle: Aisle, style: Style, draw: Draw) -> str:
    """The address of a page in a style, with an offer that has terms."""
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Marigold Slouch Top")
    template = make_template(db, aisle.retailer, style=style, is_default=False)
    facts = [{"name": {"en": "Material"}, "value": {"en": "Cotton, open stitch"}}] * 3
    lede = {"en": "The loose knit that makes jeans look like a plan.", "ar": "القميص الواسع."}
    slots = {
        "gallery.pictures": [draw(aisle.vendor, f"{style} {n}") for n in (1, 2)],
        "story.lede": lede,
        "facts.rows": facts,
    }
    publish_page(db, item, template=template, slots=slots)
    add_offer(db, item)
    code = make_code(db, item, store=aisle.store)
    db.commit()
    hear(app)
    return f"/q/{code.token}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("style", Style)
def test_no_view_is_against_the_rules_with_any_sheet_open(
    style: Style, app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    locale = "ar" if style == Style.EDITORIAL else "en-US"
    page = open_phone(user_agent=PHONE, reduced_motion="reduce", locale=locale).page
    page.goto(make_page(db, app, aisle, style, draw))

    found = {}
    for width, scheme in _VIEWS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        for sheet in open_sheets(page):
            if problems := list_problems(page):
                found[f"{width} {scheme} {sheet}"] = problems

    assert found == {}
    # A quiet page takes no reviews.
    assert list(open_sheets(page)) == ["", *(["write"] if style != Style.QUIET else []), "terms", "scan"]


@pytest.mark.parametrize("style", Style)
def test_the_terms_open_from_beside_the_offer_that_an_address_leads_to(
    style: Style, app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, reduced_motion="reduce").page
    page.goto(make_page(db, app, aisle, style, draw) + "#offer")

    expect(page.locator("#offer")).to_contain_text("10% off any yellow top")
    expect(page.locator("#offer")).to_be_in_viewport()
    page.locator("main").get_by_role("button", name="Terms").click()

    expect(page.get_by_role("dialog")).to_contain_text("Once each.")
    assert list_problems(page) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("width", [320, 390])
def test_with_type_twice_as_large_nothing_is_cut_off(
    style: Style, width: int, app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, viewport={"width": width, "height": 844}, reduced_motion="reduce").page
    page.goto(make_page(db, app, aisle, style, draw))
    for large in (False, True):
        if large:
            # As a browser does whose owner chose type twice as large.
            page.evaluate("document.documentElement.style.fontSize = '200%'")

        for sheet in open_sheets(page):
            assert page.evaluate(CUT) == [], f"{sheet} {'large' if large else ''}"
        assert page.evaluate(SMALL_TARGETS) == []


# The words of a heading that do not stand in one piece.
BROKEN = """() => {
  const text = document.querySelector('.invite h2 bdi').firstChild, range = document.createRange(), broken = [];
  for (const word of text.data.matchAll(/\\S+/g)) {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((box) => Math.round(box.y))).size > 1) broken.push(word[0]);
  }
  return broken;
}"""


def test_with_type_twice_as_large_no_word_of_an_invitation_breaks(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Hora No. 4")
    template = make_template(db, aisle.retailer, style=Style.QUIET, is_default=False)
    publish_page(db, item, template=template, slots={"gallery.pictures": [draw(aisle.vendor, "watch")]})
    add_offer(db, item, kind=OfferKind.EXPERIENCE, value=0, headline={"en": "An evening at the watchmaker’s bench"})
    db.commit()
    hear(app)
    page = open_phone(user_agent=PHONE, reduced_motion="reduce").page
    page.goto(f"/i/{item.public_id}?at={aisle.store.public_id}")

    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert page.evaluate(BROKEN) == []


def test_a_bar_of_large_type_does_not_hide_what_has_the_focus(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, viewport={"width": 320, "height": 640}).page
    page.goto(make_page(db, app, aisle, Style.EVERYDAY, draw))
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    hidden = []
    for _ in range(40):
        page.keyboard.press("Tab")
        what = page.evaluate(
            """() => {
              const each = document.activeElement, box = each.getBoundingClientRect();
              if (each === document.body || each.closest('.bar, .chips, .skip')) return '';
              const top = document.elementFromPoint(box.x + box.width / 2, Math.min(box.y + 8, innerHeight - 1));
              return top && (each.contains(top) || top.contains(each)) ? '' : each.outerHTML.slice(0, 120);
            }"""
        )
        hidden += [what] if what else []

    assert hidden == []


def test_without_colours_of_our_own_what_is_chosen_can_be_told(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, forced_colors="active", reduced_motion="reduce").page
    page.goto(make_page(db, app, aisle, Style.EVERYDAY, draw))
    page.get_by_text("M", exact=True).click()
    page.locator("[data-keep]").first.click()
    expect(page.locator(".count")).to_have_text("1")

    styles = page.evaluate(
        """() => {
          const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
          return {
            chosen: of('.chips :checked + span', 'outlineStyle'),
            other: of('.chips :not(:checked) + span', 'outlineStyle'),
            heart: of('[aria-pressed=true] svg', 'fill'), ticket: of('.ticket', 'borderTopStyle'),
            button: of('.bar .btn', 'borderTopStyle'),
          };
        }"""
    )
    assert styles["chosen"] == "solid" != styles["other"]
    assert styles["ticket"] == styles["button"] == "solid"
    assert styles["heart"] != "none"
    for sheet in open_sheets(page):
        assert list_problems(page) == [], sheet


def test_who_wants_no_motion_sees_none(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, reduced_motion="reduce").page
    page.goto(make_page(db, app, aisle, Style.EVERYDAY, draw))

    page.locator(".bar [data-keep]").click()
    page.evaluate("document.querySelector('[popover]').showPopover()")

    assert page.evaluate("document.getAnimations().length") == 0


def test_a_kept_list_and_a_code_hold_in_every_view(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session, draw: Draw
) -> None:
    page = open_phone(user_agent=PHONE, reduced_motion="reduce").page
    page.goto(make_page(db, app, aisle, Style.EVERYDAY, draw))
    page.locator("[data-keep]").first.click()
    expect(page.locator(".count")).to_have_text("1")
    page.locator(".bar .btn").click()
    page.wait_for_url("**/my/claims/**")
    code = page.url

    for address in (code, "/my?of=fashiontown&lang=en"):
        page.goto(address)
        for width, scheme in _VIEWS:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            for sheet in open_sheets(page):
                assert list_problems(page) == [], f"{address} {width} {scheme} {sheet}"
        page.set_viewport_size({"width": 320, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(CUT) == []

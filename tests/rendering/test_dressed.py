"""What a brand puts on shoppers' pages besides its colours: logo, font, addresses, legal lines, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.models import Style
from qrmerch.content.publishing import publish
from qrmerch.parties.languages import LocaleRule, set_rules
from qrmerch.parties.models import Corners, Display, Retailer, Tone
from qrmerch.parties.service import Brand, set_brand
from qrmerch.rendering.frame import dress, load_house
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_revision, make_template, publish_page

LIGHT, DARK, FONT = (f"brands/{letter * 64}" for letter in "abc")
PLAIN = Brand("#7a1f4f", Display.SANS, Corners.SOFT, Tone.PLAIN, "Maison", {})
WORDS = {"en": "A loose knit.", "ar": "قميص واسع."}


def house_of(db: Session, brand: Brand, **more: object) -> tuple[Retailer, Item]:
    retailer = make_retailer(db, name="Maison <Plum>", **more)  # type: ignore[arg-type]
    item = make_item(db, retailer)
    set_brand(db, retailer, brand, at=NOON - timedelta(days=1))
    return retailer, item


def html_of(db: Session, item: Item, *, locale: str = "en", **more: object) -> str:
    page = render_item_page(db, item_id=item.id, store_id=None, locale=locale, at=NOON, **more)  # type: ignore[arg-type]
    return page.html.decode()


@pytest.mark.parametrize("style", list(Style))
def test_a_logo_stands_where_the_wordmark_stood_in_every_style(db: Session, style: Style) -> None:
    retailer, item = house_of(db, replace(PLAIN, logo_key=LIGHT, logo_dark_key=DARK, logo_ratio=4000))
    publish_page(db, item, template=make_template(db, retailer, style=style), at=NOON - timedelta(hours=1))

    html = html_of(db, item)

    assert f'src="/media/{"a" * 64}.webp"' in html and 'alt="Maison &lt;Plum&gt;"' in html
    # Over a light picture, the one for light ground stands in the dark too.
    is_over_a_picture = style == Style.EDITORIAL
    dark = f'srcset="/media/{"b" * 64}.webp" media="(prefers-color-scheme: dark)"'
    assert (dark in html) != is_over_a_picture and ('class="top on-pic"' in html) == is_over_a_picture
    assert "<bdi>Maison</bdi>" not in html and "lplate" not in html.partition("</style>")[2]


def test_without_one_for_the_dark_it_stands_on_a_plate(db: Session) -> None:
    _, item = house_of(db, replace(PLAIN, logo_key=LIGHT))

    html = html_of(db, item)

    assert 'class="lplate"' in html and "prefers-color-scheme: dark)" not in html.partition("</style>")[2]


@pytest.mark.parametrize(("scheme", "said"), [("dark", 'media="all"'), ("light", 'media="not all"')])
def test_a_preview_shows_the_logo_of_its_own_light(db: Session, scheme: str, said: str) -> None:
    _, item = house_of(db, replace(PLAIN, logo_key=LIGHT, logo_dark_key=DARK))

    assert said in html_of(db, item, is_preview=True, scheme=scheme)


@pytest.mark.parametrize("ratio", [500, 1000, 2500, 4000, 8000, 1, 90_000])
def test_a_logo_of_any_shape_fits_the_head_of_a_page(db: Session, ratio: int) -> None:
    retailer, _ = house_of(db, replace(PLAIN, logo_key=LIGHT, logo_ratio=ratio))

    logo = load_house(db, retailer.id, at=NOON).logo

    assert logo is not None and 1 <= logo.width <= 168 and 1 <= logo.height <= 40
    if 500 <= ratio <= 8000:
        assert abs(logo.width / logo.height - ratio / 1000) < 0.15


def test_a_font_is_fetched_from_our_own_host_and_nobody_waits_for_it(db: Session) -> None:
    fonted = replace(PLAIN, display=Display.FONT, font_key=FONT, font_name="X", font_scripts=("latin",))
    _, item = house_of(db, fonted)

    html = html_of(db, item)

    assert f'@font-face{{font-family:House;src:url(/media/{"c" * 64}.woff2) format("woff2");font-display:swap' in html
    assert "unicode-range:U+21-24F" in html and 'data-type="font"' in html


@pytest.mark.parametrize(
    ("key", "scripts"),
    [("brands/x);}body{display:none", ("latin",)), (FONT, ()), (FONT, ("klingon",)), ("", ("latin",))],
)
def test_sec_a_font_that_is_none_leaves_no_rule(db: Session, key: str, scripts: tuple[str, ...]) -> None:
    retailer, item = house_of(db, PLAIN)
    broken = replace(PLAIN, display=Display.FONT, font_key=key, font_scripts=scripts, logo_key="brands/../x")

    html = html_of(db, item, house=dress(load_house(db, retailer.id, at=NOON), broken))

    assert "@font-face" not in html and "display:none" not in html.partition("<body")[0].rpartition("--focus")[2]
    assert "<bdi>Maison</bdi>" in html, "and no logo"


def test_addresses_elsewhere_are_links_and_nothing_is_fetched_from_there(db: Session) -> None:
    _, item = house_of(db, replace(PLAIN, social={"instagram": "@plum", "tiktok": "@plum"}))

    html = html_of(db, item)

    assert '<a class="link" href="https://www.instagram.com/plum" rel="noopener noreferrer">Instagram</a>' in html
    assert html.count("instagram.com") == 1 and 'aria-label="Find us elsewhere"' in html


def test_sec_an_address_that_got_in_another_way_is_not_shown(db: Session) -> None:
    retailer, item = house_of(db, PLAIN)
    hostile = replace(PLAIN, social={"instagram": "javascript:alert(1)", "x": "https://evil.example/x"})

    html = html_of(db, item, house=dress(load_house(db, retailer.id, at=NOON), hostile))

    assert "javascript:" not in html and "evil.example" not in html


# --- languages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("legal", "said"),
    [
        ({"en": "Returns.", "ar": "الإرجاع."}, "<p>الإرجاع.</p>"),
        ({"en": "Returns."}, '<p lang="en" dir="ltr">Returns.</p>'),
        ({"fr": "Retours."}, '<p lang="fr" dir="ltr">Retours.</p>'),
    ],
)
def test_a_legal_line_never_passes_for_another_language(db: Session, legal: dict[str, str], said: str) -> None:
    _, item = house_of(db, replace(PLAIN, legal=legal), locales=["en", "ar"])

    assert said in html_of(db, item, locale="ar")


def hide_arabic(db: Session, retailer: Retailer) -> None:
    set_rules(db, retailer, {"ar": LocaleRule.HIDDEN}, at=NOON)


def worded(db: Session, retailer: Retailer, item: Item, words: dict[str, str]) -> None:
    slots: dict[str, object] = {"story.text": words, "story.lede": words, "care.text": words}
    publish_page(db, item, template=make_template(db, retailer), slots=slots, at=NOON - timedelta(hours=1))


def test_a_hidden_language_is_offered_where_everything_is_said_in_it(db: Session) -> None:
    retailer, item = house_of(db, PLAIN, locales=["en", "ar"])
    worded(db, retailer, item, WORDS)
    hide_arabic(db, retailer)

    assert '<html lang="ar"' in html_of(db, item, locale="ar")
    assert 'hreflang="ar"' in html_of(db, item)


def test_a_hidden_language_is_no_way_to_a_page_that_is_not_translated(db: Session) -> None:
    retailer, item = house_of(db, PLAIN, locales=["en", "ar"])
    worded(db, retailer, item, {"en": WORDS["en"]})
    assert '<html lang="ar"' in html_of(db, item, locale="ar"), "as long as another language may stand in"
    hide_arabic(db, retailer)

    page = render_item_page(db, item_id=item.id, store_id=None, locale="ar", at=NOON)

    html = page.html.decode()
    assert '<html lang="en"' in html and "A loose knit." in html
    assert 'hreflang="ar"' not in html and ("Content-Language", "en") in page.headers


def test_an_item_without_a_page_is_not_offered_in_a_hidden_language(db: Session) -> None:
    retailer, item = house_of(db, PLAIN, locales=["en", "ar"])
    hide_arabic(db, retailer)

    assert '<html lang="en"' in html_of(db, item, locale="ar")


# --- a brand to come ---------------------------------------------------------------------------------


def test_a_page_is_kept_until_the_next_brand_begins_and_then_wears_it(db: Session) -> None:
    retailer, item = house_of(db, PLAIN)
    begins = NOON + timedelta(hours=2)
    set_brand(db, retailer, replace(PLAIN, wordmark="Winter"), at=NOON, from_at=begins)

    before = render_item_page(db, item_id=item.id, store_id=None, locale="en", at=NOON)
    after = render_item_page(db, item_id=item.id, store_id=None, locale="en", at=begins)

    assert before.until == begins and b"<bdi>Maison</bdi>" in before.html
    assert b"<bdi>Winter</bdi>" in after.html and after.until > begins


def test_what_is_published_for_a_hidden_language_only_is_not_shown_in_the_first(db: Session) -> None:
    retailer, item = house_of(db, PLAIN, locales=["en", "ar"])
    for locale, words in (("en", "For everybody."), ("ar", "For readers of Arabic.")):
        at = NOON - timedelta(hours=2 if locale == "en" else 1)
        approved = make_revision(db, item, state="approved", slots={"story.lede": {"en": words}}, at=at)
        publish(db, approved, actor=None, at=at, locales=[locale])
    hide_arabic(db, retailer)

    html = html_of(db, item, locale="ar")

    assert '<html lang="en"' in html and "For everybody." in html
    assert "For readers of Arabic." not in html

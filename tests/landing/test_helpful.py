"""The pages that help: what a scan records, how it works, the way in, and nothing at an address."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.codes.tokens import ALPHABET, find_token, make_token
from qrmerch.landing.misses import Misses
from qrmerch.landing.pages import DemoDoors, DemoPerson, DemoShop
from qrmerch.landing.printed import PrintedCode, PrintedCodes
from qrmerch.landing.typed import MAX_TYPED_CHARS, find_meant, group_token, mark_slip, plain_token
from qrmerch.parties.models import BrandKit, Measurement, RetailerHost
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_item
from tests.landing.aisle import make_aisle


def test_privacy_says_what_a_visit_keeps(browser: Browser, db: Session) -> None:
    make_aisle(db)

    page = browser.get("/privacy?of=fashiontown").text

    assert "What a scan records" in page
    assert "By a random number that ends after 30 minutes" in page
    assert "Yes, for 396 days." in page
    assert "Global Privacy Control" in page


def test_a_shop_that_only_counts_says_so(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    aisle.retailer.measurement = Measurement.COUNTS
    db.commit()

    page = browser.get("/privacy?of=fashiontown").text

    assert "random number" not in page
    assert '<th scope="row">Which looks belong to one visit</th><td>No</td>' in page


def test_privacy_says_whom_to_ask_in_the_readers_language(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    kit = db.query(BrandKit).filter_by(retailer_id=aisle.retailer.id).one()
    kit.legal = {"en": "Questions: privacy@fashiontown.example", "ar": "أسئلة: privacy@fashiontown.example"}
    db.commit()

    page = browser.get("/privacy?of=fashiontown", Accept_Language="ar").text

    assert "من تسأل" in page
    assert "أسئلة: privacy@fashiontown.example" in page


def test_without_a_shop_nobody_is_named_to_ask(browser: Browser) -> None:
    page = browser.get("/privacy").text

    assert "Whom to ask" not in page


def test_help_takes_a_code(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get("/help?of=fashiontown")

    assert '<form class="field" method="get" action="/q/">' in page.text
    assert browser.get(f"/q/?code={aisle.code.token}").headers["Location"] == aisle.printed


@pytest.mark.parametrize("address", ["/my", "/help", "/privacy"])
def test_a_page_of_the_host_is_in_its_brand(address: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="fashiontown.example", is_primary=True, proven_at=NOON))
    db.commit()

    own = browser.get(address, Host="fashiontown.example")
    shared = browser.get(address)

    assert re.search("<title>.*, Fashiontown</title>", own.text)
    assert re.search("<title>.*, qrmerch</title>", shared.text)


@pytest.mark.parametrize("address", ["/my", "/help", "/privacy", "/"])
def test_each_page_is_there_in_the_other_language(address: str, browser: Browser, db: Session) -> None:
    make_aisle(db)

    page = browser.get(f"{address}?of=fashiontown").text
    other = re.search(r'href="([^"]+)"\s+lang="ar"', page)

    assert other
    assert 'dir="rtl"' in browser.get(other[1].replace("&amp;", "&")).text


def test_the_start_page_shows_what_is_published_and_sold(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    make_item(db, aisle.retailer, vendor=aisle.vendor, title="Never Published")
    retire_item(db, aisle.sandal, at=now())
    db.commit()

    page = browser.get("/?of=fashiontown").text

    assert "Marigold Slouch Top" in page
    assert "Never Published" not in page
    assert "Silver Cross Sandal" not in page


def test_a_shared_host_begins_with_a_field_for_a_code(browser: Browser) -> None:
    page = browser.get("/").text

    assert "Find an item by its code" in page
    assert 'action="/q/"' in page


def test_the_demo_begins_with_its_doors(browser: Browser, services: Services) -> None:
    doors = DemoDoors(
        shops=(DemoShop("Fashiontown", "Tops and shoes", "/i/x"),),
        people=(DemoPerson("Merchandiser", "mia@example.com", "a <b> c", "/sign-in"),),
        code=Markup("<svg></svg>"),
        code_address="http://localhost/q/7K3M9QXR8",
    )
    services.parts["demo_doors"] = lambda _db: doors

    page = browser.get("/").text

    assert "Scan this with a phone" in page
    assert "mia@example.com" in page
    assert "a &lt;b&gt; c" in page


@pytest.mark.parametrize("address", ["/nothing", "/i/0000000000000000", "/s/0000000000000000", "/q/a/b/c", "/desk2"])
def test_an_address_that_is_none_helps(address: str, browser: Browser, db: Session) -> None:
    make_aisle(db)

    response = browser.get(f"{address}?of=fashiontown")

    assert response.status_code == 404
    assert 'action="/q/"' in response.text
    assert "Marigold Slouch Top" in response.text


@pytest.mark.parametrize("address", ["/q/7K3M9QXR8", "/i/0000000000000000"])
def test_a_script_is_told_the_plain_fact(address: str, browser: Browser) -> None:
    response = browser.get(address, Accept="application/json")

    assert response.status_code == 404
    assert response.json["status"] == 404


# --- a code typed by hand ---------------------------------------------------------------------------


def codes_with(tmp_path_factory: pytest.TempPathFactory, *tokens: str, retailer_id: str = "one") -> PrintedCodes:
    codes = PrintedCodes(tmp_path_factory.mktemp("codes"))
    for token in tokens:
        codes.by_path[f"/q/{token}"] = PrintedCode(token, "c", retailer_id, "i", "p", "", "", "active")
    return codes


@given(place=st.integers(0, 8), other=st.sampled_from(ALPHABET))
def test_every_single_slip_is_found_again(place: int, other: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    token = make_token()
    typed = token[:place] + other + token[place + 1 :]
    codes = codes_with(tmp_path_factory, token)

    meant = find_meant(typed, codes, retailer_id=None)

    assert meant == token
    if typed != token:
        marked = [part for part in mark_slip(typed, meant) if part.is_slip]
        assert [part.text for part in marked] == [other]


def test_two_tags_that_may_be_meant_are_not_guessed_between(tmp_path_factory: pytest.TempPathFactory) -> None:
    typed = "7K3M9QXR"
    one, other = tokens_that_lost_a_character(typed)[:2]

    alone = find_meant(typed, codes_with(tmp_path_factory, one), retailer_id=None)
    together = find_meant(typed, codes_with(tmp_path_factory, one, other), retailer_id=None)

    assert alone == one
    assert together is None


def tokens_that_lost_a_character(plain: str) -> list[str]:
    """Whole tokens of which one character was left out to give `plain`."""
    texts = (plain[:at] + each + plain[at:] for at in range(9) for each in ALPHABET)
    return sorted({token for token in map(find_token, texts) if token})


def test_another_shops_tag_is_not_meant(tmp_path_factory: pytest.TempPathFactory) -> None:
    token = make_token()
    codes = codes_with(tmp_path_factory, token, retailer_id="other")

    assert find_meant(token[:-1], codes, retailer_id="one") is None
    assert find_meant(token[:-1], codes, retailer_id="other") == token


@given(st.text(max_size=80))
def test_whatever_is_typed_is_shown_as_it_was_meant_to_be_read(text: str) -> None:
    plain = plain_token(text)

    assert len(plain) <= MAX_TYPED_CHARS
    assert group_token(text).replace(" ", "") == plain.upper()
    assert "".join(part.text for part in mark_slip(text, None)).replace(" ", "") == plain.upper()


# --- guessing ---------------------------------------------------------------------------------------


def test_misses_are_given_back_evenly() -> None:
    misses = Misses(limit=60, per_s=60.0)
    for _ in range(60):
        misses.take("198.51.100.7", 0.0)

    assert misses.wait_s("198.51.100.7", 0.0) == pytest.approx(1.0)
    assert misses.wait_s("198.51.100.7", 0.5) == pytest.approx(0.5)
    assert misses.wait_s("198.51.100.7", 1.0) == 0.0
    assert misses.wait_s("198.51.100.8", 0.0) == 0.0


def test_one_household_of_the_new_internet_is_one_network() -> None:
    misses = Misses(limit=1)
    misses.take("2001:db8:1:2:3:4:5:6", 0.0)

    assert misses.wait_s("2001:db8:1:2:ffff::1", 0.0) > 0
    assert misses.wait_s("2001:db8:1:3::1", 0.0) == 0.0


def test_what_is_remembered_of_networks_is_bounded() -> None:
    misses = Misses(limit=1, remembered=3)
    for number in range(10):
        misses.take(f"198.51.100.{number}", float(number))

    assert len(misses._left) == 3
    assert misses.wait_s("198.51.100.9", 9.0) > 0

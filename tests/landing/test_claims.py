"""Taking an offer on an item's page, and the code for the till: for the one phone that took it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from resvg_py import svg_to_bytes
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.landing import offers as landing_offers
from qrmerch.landing import shopper
from qrmerch.offers import service
from qrmerch.offers.models import Claim, ClaimState, Offer, OfferKind
from qrmerch.offers.queries import get_counter
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.scans.models import Event
from qrmerch.scans.visits import VisitIds
from qrmerch.visitors.models import ConsentEvent, Visitor
from tests.browsing import Browser, find_form
from tests.factories import make_claim, make_code_of, make_item, make_offer, make_retailer, make_store, make_use
from tests.landing.aisle import lines

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCRIPT = {"Accept": "application/json"}
NOWHERE = "This link leads nowhere now."


@dataclass
class Aisle:
    """An item in a store with an offer that runs now."""

    retailer: Retailer
    store: Store
    item: Item
    offer: Offer
    keys: tuple[str, ...]

    @property
    def page(self) -> str:
        return f"/i/{self.item.public_id}?at={self.store.public_id}"

    @property
    def address(self) -> str:
        return f"/i/{self.item.public_id}/claim"

    def form(self, **more: str) -> dict[str, str]:
        return {"offer": self.offer.public_id, "at": self.store.public_id, "lang": "en", "v": "", **more}


@pytest.fixture
def aisle(db: Session, settings: Settings) -> Aisle:
    at = now()
    shop = make_retailer(db, slug="fashiontown", name="Fashiontown", locales=["en", "ar"])
    store = make_store(db, shop, short_name="Riverside")
    item = make_item(db, shop, title="Marigold Slouch Top", price_minor=2800)
    offer = make_offer(
        db,
        item,
        headline={"en": "10 % off any yellow top", "ar": "خصم على كل قطعة صفراء"},
        terms={"en": "One code each.", "ar": "رمز واحد لكل زائر."},
        from_at=at - 9 * DAY,
        until_at=at + 10 * DAY,
        limit_total=3,
    )
    db.commit()
    return Aisle(shop, store, item, offer, settings.secret_keys)


def claim(browser: Browser, aisle: Aisle, **more: str) -> TestResponse:
    """The pass that the offer's button leads to."""
    answer = browser.post(aisle.address, aisle.form(**more))
    assert re.fullmatch(r"/my/claims/[0-9a-z]{16}\?of=fashiontown&lang=(en|ar)", answer.headers["Location"])
    return browser.follow(answer)


def only_claim(db: Session) -> Claim:
    """The one there is; the session holds no lock afterwards that a request would wait for."""
    found = db.scalars(select(Claim).execution_options(populate_existing=True)).one()
    db.commit()
    return found


def counts(db: Session) -> tuple[int, ...]:
    tables = (Visitor, ConsentEvent, Claim, Event)
    found = tuple(db.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    db.commit()
    return found


# --- taking an offer -------------------------------------------------------------------------------


def test_a_shopper_takes_the_code_from_the_page_without_script(browser: Browser, aisle: Aisle, db: Session) -> None:
    page = browser.get(aisle.page)
    button = re.search(r'formaction="([^"]+/claim)" name="offer" value="([0-9a-z]+)"', page.text)
    assert button
    assert browser.cookies() == []

    answer = browser.post(button[1], {**find_form(page.text, "/keep").fields, "offer": button[2], "variant": "m"})
    shown = browser.follow(answer)

    claim = only_claim(db)
    assert browser.cookies() == ["qm"]
    assert (claim.store_id, claim.item_id) == (aisle.store.id, aisle.item.id)
    assert shown.status_code == 200
    assert "Ready to use, once" in shown.text
    assert "10 % off any yellow top" in shown.text
    assert "Marigold Slouch Top, M\u2069: \u2068$25.20\u2069 instead of \u2068$28.00" in shown.text
    code = make_code_of(claim, keys=aisle.keys)
    assert f"{code[:4]}-{code[4:8]}-{code[8:]}" in shown.text
    assert 'data-pass="valid"' in shown.text
    assert f'href="/i/{aisle.item.public_id}?at={aisle.store.public_id}&amp;lang=en"' in shown.text


@pytest.mark.parametrize(
    ("lang", "state", "seal"),
    [("en", "Your invitation", "Show it when you arrive"), ("ar", "دعوتك", "أظهره عند وصولك")],
)
def test_an_invitation_is_shown_on_arrival_and_not_at_a_till(
    lang: str, state: str, seal: str, browser: Browser, aisle: Aisle, db: Session
) -> None:
    evening = make_offer(db, aisle.item, kind=OfferKind.EXPERIENCE, value=0, until_at=now() + DAY)
    db.commit()

    shown = claim(browser, aisle, offer=evening.public_id, lang=lang).text

    assert f'<p class="now" role="status">{state}</p>' in shown
    assert f"<b>{seal}</b>" in shown
    assert "Hold it at the till" not in shown


def test_both_symbols_on_the_page_are_read_back(browser: Browser, aisle: Aisle, db: Session) -> None:
    page = claim(browser, aisle).text

    read = {}
    for drawing in re.findall(r'<div class="(?:qr|bars)">(<svg.*?</svg>)', page, re.DOTALL):
        picture = Image.open(BytesIO(bytes(svg_to_bytes(svg_string=drawing, dpi=300, width=900))))
        for found in zxingcpp.read_barcodes(picture.convert("L")):
            read[str(found.format)] = found.text

    code = make_code_of(only_claim(db), keys=aisle.keys)
    grouped = f"{code[:4]}-{code[4:8]}-{code[8:]}"
    assert sorted(read.values()) == sorted([code, f"http://localhost/associate/#{grouped}"])


def test_the_symbol_says_the_retailers_own_host(browser: Browser, aisle: Aisle, db: Session) -> None:
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="shop.example", is_primary=True, proven_at=now()))
    db.commit()
    seen: list[str] = []

    def draw(address: str, *, title: str) -> str:
        seen.append(address)
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing_offers, "draw_qr", draw)
        claim(browser, aisle)

    assert seen[0].startswith("https://shop.example/associate/#")


def test_a_claim_counts_with_its_visit_and_keeps_what_was_agreed(browser: Browser, aisle: Aisle, db: Session) -> None:
    visit = VisitIds().draw(now().timestamp())

    claim(browser, aisle, v=visit)

    event = db.scalars(select(Event)).one()
    assert (event.kind, event.visit, event.store_id) == ("claim", visit, aisle.store.id)
    consent = db.scalars(select(ConsentEvent)).one()
    assert consent.shown_text.startswith("Get the 10% code. Keeping something sets one cookie")


def test_a_second_tap_is_the_same_code(browser: Browser, aisle: Aisle, db: Session) -> None:
    first = browser.post(aisle.address, aisle.form()).headers["Location"]
    second = browser.post(aisle.address, aisle.form()).headers["Location"]

    assert first == second
    assert get_counter(db, aisle.offer.id).held == 1


def test_a_script_gets_the_address_of_the_code(browser: Browser, aisle: Aisle, db: Session) -> None:
    answer = browser.post(aisle.address, aisle.form(), **SCRIPT)

    assert answer.get_json() == {"page": f"/my/claims/{only_claim(db).public_id}?of=fashiontown&lang=en"}


def test_a_foreign_site_takes_nothing(browser: Browser, aisle: Aisle, db: Session) -> None:
    answer = browser.post(aisle.address, aisle.form(), **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 400
    assert counts(db) == (0, 0, 0, 0)


def test_following_a_link_takes_nothing(browser: Browser, aisle: Aisle, db: Session) -> None:
    assert browser.get(f"{aisle.address}?offer={aisle.offer.public_id}").status_code == 405
    assert browser.head(aisle.address).status_code == 405
    assert counts(db) == (0, 0, 0, 0)


@pytest.mark.parametrize("offer", ["", "nonsense", "0" * 16, "<script>", "9" * 5000])
def test_an_offer_that_is_not_there_helps(browser: Browser, aisle: Aisle, db: Session, offer: str) -> None:
    answer = browser.post(aisle.address, aisle.form(offer=offer))

    assert answer.status_code == 404
    assert NOWHERE in answer.text
    assert (browser.cookies(), counts(db)) == ([], (0, 0, 0, 0))


def test_another_retailers_offer_is_not_there(browser: Browser, aisle: Aisle, db: Session) -> None:
    theirs = make_offer(db, make_item(db, make_retailer(db)), until_at=now() + DAY)
    db.commit()

    answer = browser.post(aisle.address, aisle.form(offer=theirs.public_id))

    assert answer.status_code == 404
    assert counts(db) == (0, 0, 0, 0)


def test_a_variant_of_whatever_length_does_no_harm(browser: Browser, aisle: Aisle, db: Session) -> None:
    shown = claim(browser, aisle, variant="\u202e" + "x" * 100_000)

    assert shown.status_code == 200
    assert "x" * 20 not in shown.text


# --- no code, and why ------------------------------------------------------------------------------


def _ended(db: Session, aisle: Aisle) -> None:
    aisle.offer.until_at = now() - timedelta(seconds=1)


def _to_come(db: Session, aisle: Aisle) -> None:
    aisle.offer.from_at = now() + DAY


def _paused(db: Session, aisle: Aisle) -> None:
    service.pause(db, aisle.offer, actor=None, at=now())


def _all_taken(db: Session, aisle: Aisle) -> None:
    for _ in range(3):
        make_claim(db, aisle.offer, aisle.item, at=now())


def _elsewhere(db: Session, aisle: Aisle) -> None:
    aisle.offer.store_ids = [make_store(db, aisle.retailer, short_name="Galleria").id]


def _retired(db: Session, aisle: Aisle) -> None:
    retire_item(db, aisle.item, at=now())


@pytest.mark.parametrize(
    ("change", "status", "title", "words", "slug"),
    [
        (_ended, 410, "This offer is over", "what holds today", "expired"),
        (_to_come, 409, "Not yet", "It begins", "not_started"),
        (_paused, 409, "On hold", "Ask a colleague", "paused"),
        (_all_taken, 409, "All taken", "comes back when its time is up", "budget_exhausted"),
        (_elsewhere, 422, "Not in this store", "Galleria", "wrong_store"),
        (_retired, 410, "No longer sold", "what took its place", "item_retired"),
    ],
)
def test_what_is_wrong_is_said_in_the_retailers_brand_and_nothing_is_written(
    browser: Browser, aisle: Aisle, db: Session, change, status: int, title: str, words: str, slug: str
) -> None:  # type: ignore[no-untyped-def]
    change(db, aisle)
    db.commit()
    before = counts(db)

    page = browser.post(aisle.address, aisle.form())
    told = browser.another().post(aisle.address, aisle.form(), **SCRIPT)

    assert page.status_code == told.status_code == status
    assert f"<h1>{title}</h1>" in page.text
    assert words in page.text
    assert "Fashiontown" in page.text
    assert f'href="/i/{aisle.item.public_id}?at={aisle.store.public_id}&amp;lang=en"' in page.text
    assert told.get_json()["type"] == slug
    assert browser.cookies() == []
    assert counts(db) == before


def test_a_phone_that_used_the_offer_is_shown_how(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    make_use(db, only_claim(db), aisle.store, keys=aisle.keys, at=now())
    db.commit()

    page = browser.post(aisle.address, aisle.form())

    assert page.status_code == 409
    assert "Used already" in page.text
    assert f"/my/claims/{only_claim(db).public_id}?of=fashiontown" in page.text


def test_a_script_cannot_empty_an_offer(
    browser: Browser, aisle: Aisle, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopper, "_MOST_ANEW", 2)

    told = [browser.another().post(aisle.address, aisle.form()).status_code for _ in range(3)]

    made_up = browser.another()
    made_up._client.set_cookie("qm", "x" * 43, domain="localhost")
    assert told == [303, 303, 429]
    assert made_up.post(aisle.address, aisle.form()).status_code == 429
    assert get_counter(db, aisle.offer.id).left == 1


def test_a_heart_first_does_not_help_a_script(
    browser: Browser, aisle: Aisle, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopper, "_MOST_ANEW", 2)
    keep, share = f"/i/{aisle.item.public_id}/keep", f"/i/{aisle.item.public_id}/share"

    kept = [browser.another().post(keep, {"keep": "yes"}).status_code for _ in range(3)]
    shared = [browser.another().post(share).status_code for _ in range(3)]

    assert kept == shared == [303, 303, 429]
    assert browser.another().post(aisle.address, aisle.form()).status_code == 429


def test_a_phone_that_is_known_is_not_slowed_down(
    browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopper, "_MOST_ANEW", 1)
    claim(browser, aisle)

    assert browser.post(aisle.address, aisle.form()).status_code == 303


# --- the code in one's hand ------------------------------------------------------------------------


def test_nobody_else_sees_the_code(browser: Browser, aisle: Aisle, db: Session) -> None:
    code = make_code_of(only_claim(db), keys=aisle.keys) if claim(browser, aisle) else ""
    address = f"/my/claims/{only_claim(db).public_id}"
    stranger, friend = browser.another(), browser.another()
    friend.post(f"/i/{aisle.item.public_id}/keep", {"keep": "yes"})

    for other in (stranger, friend):
        page = other.get(address)
        assert page.status_code == 404
        assert NOWHERE in page.text
        assert code[:4] not in page.text
        assert "10 % off" not in page.text


@pytest.mark.parametrize("address", ["/my/claims/", "/my/claims/x", "/my/claims/" + "0" * 16, "/my/claims/%00"])
def test_a_code_that_is_not_there_helps(browser: Browser, aisle: Aisle, address: str) -> None:
    claim(browser, aisle)

    assert browser.get(address).status_code == 404


def test_the_page_is_for_this_phone_and_in_no_index(browser: Browser, aisle: Aisle) -> None:
    page = claim(browser, aisle)

    assert page.headers["Cache-Control"] == "private, no-cache"
    assert '<meta name="robots" content="noindex">' in page.text
    assert "og:" not in page.text
    assert ' style="' not in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_who_asks_again_hears_nothing_until_something_became_of_the_code(
    browser: Browser, aisle: Aisle, db: Session, app: Flask
) -> None:
    first = claim(browser, aisle)
    found = only_claim(db)
    address, before = f"/my/claims/{found.public_id}?lang=en", counts(db)
    shown = browser.get(address)

    same = browser.get(address, If_None_Match=shown.headers["ETag"])
    weak = browser.get(address, If_None_Match=f"W/{shown.headers['ETag']}")
    assert counts(db) == before and lines(app) == [], "no scan, no view, no visit"
    make_use(db, found, aisle.store, keys=aisle.keys, at=now())
    db.commit()
    other = browser.get(address, If_None_Match=shown.headers["ETag"])

    assert (same.status_code, same.data) == (weak.status_code, weak.data) == (304, b"")
    assert first.headers["ETag"] == shown.headers["ETag"] != other.headers["ETag"]
    assert (other.status_code, 'data-pass="used"' in other.text) == (200, True)


def test_a_used_code_says_when_and_where(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    found = only_claim(db)
    make_use(db, found, aisle.store, keys=aisle.keys, at=now())
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}").text

    assert re.search(r"Used today at \d+:\d\d", page)
    assert "Fashiontown Riverside" in page
    assert "<svg xmlns" not in page, "nothing a till could read"
    assert 'data-pass="used"' in page


def test_a_code_that_ended_says_so_and_what_is_true_today(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    found = only_claim(db)
    found.expires_at = now() - timedelta(seconds=1)
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}").text
    again = browser.post(aisle.address, aisle.form()).headers["Location"]

    assert "It was not used" in page
    assert "The offer still runs" in page
    assert "<svg xmlns" not in page
    assert found.public_id not in again


def test_an_ended_code_of_an_ended_offer_names_the_price(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    found = only_claim(db)
    found.expires_at = aisle.offer.until_at = now() - DAY
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}").text

    assert "\u2068Marigold Slouch Top\u2069: \u2068$28.00\u2069" in page


def test_a_code_of_a_paused_offer_waits(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    service.pause(db, db.get_one(Offer, aisle.offer.id), actor=None, at=now())
    db.commit()

    page = browser.get(f"/my/claims/{only_claim(db).public_id}").text

    assert "It is good again when the offer goes on" in page
    assert "<svg xmlns" not in page


def test_a_code_whose_key_is_lost_is_not_shown_wrongly(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    found = only_claim(db)
    found.code_lookup = "0" * 64
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}").text

    assert "This code can no longer be shown" in page
    assert "<svg xmlns" not in page


def test_the_code_keeps_the_words_it_was_taken_for(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    offer = db.get_one(Offer, aisle.offer.id)
    offer.headline, offer.value = {"en": "1 % off"}, 1
    db.commit()

    page = browser.get(f"/my/claims/{only_claim(db).public_id}").text

    assert "10 % off any yellow top" in page


def test_a_code_in_arabic_runs_right_to_left(browser: Browser, aisle: Aisle) -> None:
    page = claim(browser, aisle, lang="ar").text

    assert '<html lang="ar"' in page
    assert 'dir="rtl"' in page
    assert "خصم على كل قطعة صفراء" in page
    assert "أظهره عند صندوق الدفع" in page
    assert '<bdi dir="ltr">' in page


def test_words_of_an_offer_are_words(browser: Browser, aisle: Aisle, db: Session) -> None:
    offer = db.get_one(Offer, aisle.offer.id)
    offer.headline, offer.terms = {"en": "<b>{{7*7}}</b>"}, {"en": "<script>alert(1)</script>"}
    db.commit()

    page = claim(browser, aisle).text

    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in page
    assert "<script>alert" not in page


def test_a_gift_has_no_price_to_compare(browser: Browser, aisle: Aisle, db: Session) -> None:
    gift = make_offer(db, aisle.item, kind=OfferKind.GIFT, headline="Free gait check", until_at=now() + DAY)
    db.commit()

    page = claim(browser, aisle, offer=gift.public_id).text

    assert "Free gait check" in page
    assert "instead of" not in page


def test_the_end_is_said_in_the_stores_own_time(browser: Browser, aisle: Aisle, db: Session) -> None:
    store = db.get_one(Store, aisle.store.id)
    store.time_zone = "Asia/Tokyo"
    db.commit()
    claim(browser, aisle)
    found = only_claim(db)
    found.expires_at = datetime.fromisoformat("2090-01-01T03:30:00+00:00")
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}", **{"Accept-Language": "en"}).text

    assert "12:30\u202fPM" in page


def test_being_forgotten_gives_the_code_back(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    address = f"/my/claims/{only_claim(db).public_id}"

    browser.post("/my/forget", {"of": "fashiontown"})

    assert browser.get(address).status_code == 404
    assert only_claim(db).state == ClaimState.VOID
    assert get_counter(db, aisle.offer.id).left == 3


def test_a_lapsed_code_is_given_back_by_the_chore(work, aisle: Aisle, database: Database) -> None:  # type: ignore[no-untyped-def]
    from qrmerch.offers.tasks import free_lapsed_codes

    with database.write() as db:
        made = make_claim(db, db.get_one(Offer, aisle.offer.id), db.get_one(Item, aisle.item.id), at=now() - 2 * DAY)
        db.commit()

    free_lapsed_codes(work)
    free_lapsed_codes(work)

    with database.read() as db:
        assert db.get_one(Claim, made.id).freed_at is not None
        assert get_counter(db, aisle.offer.id).left == 3


def test_a_code_that_ends_at_midnight_ends_with_its_day(browser: Browser, aisle: Aisle, db: Session) -> None:
    claim(browser, aisle)
    found = only_claim(db)
    found.expires_at = datetime.fromisoformat("2090-01-02T05:00:00+00:00")
    db.commit()

    page = browser.get(f"/my/claims/{found.public_id}").text

    assert re.search(r"<b>Ends</b>\w+, Jan 1</time>", page)

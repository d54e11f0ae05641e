"""The brand at the desk: tried on, held, said where the colour differs; by the owner, and of one's own house."""

import io
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.leftovers import SPARED_FOR, sweep
from qrmerch.parties.models import BrandKit, PageChange
from qrmerch.parties.queries import get_brand
from qrmerch.web import Services
from tests.browsing import Browser, find_form
from tests.desk.house import House, count_entries, seen
from tests.factories import make_person, make_retailer, publish_page
from tests.media.test_marks import logo
from tests.media.webfonts import woff2

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


# --- logo, font, addresses, and when -----------------------------------------------------------------


def sent(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def test_a_logo_that_is_sent_stands_on_every_page(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)
    page = browser.get("/desk/brand")

    response = browser.send(page, action="/desk/brand", **YELLOW, logo=sent(logo(), "../../logo.png"))

    assert "The brand holds from now on" in browser.follow(response).text
    kit = kits(db, house)[-1]
    assert kit.logo_key.startswith("brands/") and 3400 < kit.logo_ratio < 3600
    shown = browser.another().get(f"/i/{house.item.public_id}").text
    assert f"/media/{kit.logo_key.removeprefix('brands/')}.webp" in shown and 'alt="Fashiontown"' in shown


def test_a_logo_that_is_tried_on_is_kept_in_the_form_and_shown_on_the_sample(
    browser: Browser, db: Session, house: House
) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)

    tried = browser.post("/desk/brand", {**YELLOW, "do": "try", "logo": sent(logo(), "a.png")})
    key = find_form(tried.text, "/desk/brand").fields["logo_key"]
    sample = browser.get("/desk/brand/sample?" + urlencode({"logo_key": key}))
    without = browser.get("/desk/brand/sample?" + urlencode({"logo_key": key, "no_logo": "1"}))
    browser.send(tried, action="/desk/brand", do="save")

    assert key.startswith("brands/") and key.removeprefix("brands/") in sample.text
    assert key.removeprefix("brands/") not in without.text, "as it would be once it is taken away"
    assert [each.logo_key for each in kits(db, house)] == ["", key]


def test_what_else_was_chosen_stays_when_a_file_cannot_be_taken(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    answer = browser.post(
        "/desk/brand",
        {
            **YELLOW,
            "logo": sent(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.png"),
            "font": sent(b"MZ not a font", "font.woff2"),
            "social-instagram": "https://instagram.com.evil.example/x",
            "logo_dark": sent(logo(colour="#ffffff"), "dark.png"),
        },
    )

    assert answer.status_code == 422 and len(kits(db, house)) == 1
    for said in ("This is an SVG drawing", "This is not a WOFF2 font", "Only an address at www.instagram.com"):
        assert said in answer.text
    fields = find_form(answer.text, "/desk/brand").fields
    assert fields["colour"] == "#E6B800" and fields["social-instagram"] == "https://instagram.com.evil.example/x"
    assert fields["logo_dark_key"].startswith("brands/"), "the file that could be taken need not be sent again"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"logo_dark": logo()}, "Send one for light ground too"),
        ({"logo": logo(), "logo_dark": logo(500, 500)}, "The two logos have different shapes"),
    ],
)
def test_two_logos_that_do_not_go_together_are_told(
    browser: Browser, db: Session, house: House, files: dict[str, bytes], said: str
) -> None:
    browser.sign_in(*house.olive)

    answer = browser.post("/desk/brand", {**YELLOW, **{name: sent(data, "a.png") for name, data in files.items()}})

    assert answer.status_code == 422 and said in answer.text and len(kits(db, house)) == 1


def test_logos_and_font_are_taken_away(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    files = {"logo": sent(logo(), "a"), "logo_dark": sent(logo(colour="#fff"), "b"), "font": sent(woff2(), "c")}
    browser.post("/desk/brand", {**YELLOW, **files})
    page = browser.get("/desk/brand")

    browser.send(page, action="/desk/brand", no_logo_dark="1")
    without_dark = kits(db, house)[-1]
    browser.send(browser.get("/desk/brand"), action="/desk/brand", no_logo="1", no_font="1")

    last = kits(db, house)[-1]
    assert without_dark.logo_key and not without_dark.logo_dark_key and without_dark.display == "font"
    assert (last.logo_key, last.logo_dark_key, last.font_key, last.display) == ("", "", "", "sans")


def test_a_font_is_offered_once_it_is_there(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    page = browser.get("/desk/brand")
    assert "Your font" not in page.text and 'value="font"' not in page.text

    browser.post("/desk/brand", {**YELLOW, "display": "font"})
    assert kits(db, house)[-1].display == "sans", "there is none"
    browser.send(page, action="/desk/brand", font=sent(woff2(), "maison.woff2"))

    kit = kits(db, house)[-1]
    assert (kit.display, kit.font_name, kit.font_scripts) == ("font", "Maison Grotesk", ["latin"])
    text = browser.get("/desk/brand").text
    assert "Your font" in text and "Maison Grotesk" in text and "Latin letters" in text
    assert kit.font_key.removeprefix("brands/") in browser.another().get(f"/i/{house.item.public_id}").text


def test_sec_a_key_that_names_another_file_is_no_logo(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    for key in ("incoming/" + "0" * 64, "brands/" + "0" * 64, "../../etc/passwd", "renditions/" + "a" * 64, "x" * 500):
        browser.post("/desk/brand", {**YELLOW, "logo_key": key, "font_key": key})

    assert {(each.logo_key, each.font_key) for each in kits(db, house)} == {("", "")}


def test_files_of_brands_stay_while_a_brand_names_them(
    browser: Browser, db: Session, house: House, services: Services
) -> None:
    browser.sign_in(*house.olive)
    browser.post("/desk/brand", {**YELLOW, "logo": sent(logo(), "a.png"), "font": sent(woff2(), "b.woff2")})
    browser.post("/desk/brand", {**YELLOW, "do": "try", "logo": sent(logo(colour="#123456"), "a.png")})
    kit = kits(db, house)[-1]

    sweep(services.database, services.files, at=now() + SPARED_FOR + timedelta(hours=1))

    assert {each.key for each in services.files.list_files("brands")} == {kit.logo_key, kit.font_key}


def test_addresses_elsewhere_stand_at_the_foot_of_pages(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    page = browser.get("/desk/brand")

    browser.send(page, action="/desk/brand", **{"social-instagram": "@fashiontown", "social-threads": ""})

    assert kits(db, house)[-1].social == {"instagram": "https://www.instagram.com/fashiontown"}
    assert 'href="https://www.instagram.com/fashiontown"' in browser.another().get(f"/i/{house.item.public_id}").text


def test_a_brand_is_set_for_a_later_moment_and_cancelled(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    # The house is in New York.
    begins = (now() + timedelta(days=5)).astimezone(ZoneInfo("America/New_York")).replace(second=0, microsecond=0)

    answer = browser.post("/desk/brand", {**YELLOW, "from": f"{begins:%Y-%m-%dT%H:%M}"})

    page = browser.follow(answer)
    assert "The brand takes over on" in page.text and "Coming up" in page.text and "#e6b800" in page.text
    kit = kits(db, house)[-1]
    assert kit.from_at == begins
    assert 'value="#e6b800"' not in page.text, "the form shows the present one"

    browser.send(page, action=f"/desk/brand/kits/{kit.id}/cancel")
    assert len(kits(db, house)) == 1 and count_entries(db, "brand.cancel") == 1
    assert "Coming up" not in browser.get("/desk/brand").text


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        ("2020-01-01T09:00", "This moment has passed"),
        ("2199-01-01T09:00", "At most two years ahead"),
        ("soon", "This is no date and time"),
        ("9999-99-99T99:99", "This is no date and time"),
    ],
)
def test_a_moment_that_cannot_be_is_told(browser: Browser, db: Session, house: House, begins: str, said: str) -> None:
    browser.sign_in(*house.olive)

    answer = browser.post("/desk/brand", {**YELLOW, "from": begins})

    assert answer.status_code == 422 and said in answer.text and len(kits(db, house)) == 1


def test_two_brands_do_not_begin_at_one_moment(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    begins = f"{now() + timedelta(days=5):%Y-%m-%dT%H:%M}"
    browser.post("/desk/brand", {**YELLOW, "from": begins})

    answer = browser.post("/desk/brand", {**YELLOW, "from": begins})

    assert "Another brand begins at that very moment" in answer.text and len(kits(db, house)) == 2


def test_a_brand_that_holds_or_is_another_houses_is_not_cancelled(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    present = kits(db, house)[0]
    other = seen(db, select(BrandKit).where(BrandKit.retailer_id == house.other.id))[0]

    refused = browser.follow(browser.post(f"/desk/brand/kits/{present.id}/cancel"))

    assert "This brand has begun" in refused.text
    assert browser.post(f"/desk/brand/kits/{other.id}/cancel").status_code == 404
    assert browser.post("/desk/brand/kits/nothing/cancel").status_code == 404
    assert len(kits(db, house)) == 1


def test_a_legal_line_of_a_language_that_rests_is_kept(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    owner = make_person(db, Role.OWNER, name="Olive", retailer=retailer)
    db.commit()
    browser.sign_in(*owner)
    browser.send(browser.get("/desk/brand"), action="/desk/brand", **{"legal-ar": "الإرجاع", "legal-en": "Returns"})

    browser.post("/desk/languages", {"do": "remove", "locale": "ar"})
    browser.send(browser.get("/desk/brand"), action="/desk/brand", colour="#123456")

    assert get_brand(db, retailer.id, at=now()).legal == {"en": "Returns", "ar": "الإرجاع"}


def test_rings_and_charts_that_had_to_move_are_told(browser: Browser, house: House) -> None:
    browser.sign_in(*house.olive)

    page = browser.get("/desk/brand/shown?colour=%23ffe600").text

    assert "the ring around what has the focus is" in page and "bars of charts are" in page

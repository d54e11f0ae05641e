"""Languages at the desk: added, ordered, removed, the first one, and what is asked of each; by the owner."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.parties.models import Retailer
from tests.browsing import Browser
from tests.desk.house import House, count_entries, seen
from tests.factories import publish_page


def locales(db: Session, house: House) -> list[str]:
    return list(seen(db, select(Retailer).where(Retailer.id == house.retailer.id))[0].locales)


def do(browser: Browser, what: str, locale: str = "", **more: str) -> str:
    """What the page says after something was done."""
    answer = browser.post("/desk/languages", {"do": what, "locale": locale, **more})
    return browser.follow(answer).text if answer.status_code == 303 else answer.text


def test_a_language_is_added_and_shoppers_can_choose_it(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)

    said = do(browser, "add", "ar")

    assert "Pages are offered in Arabic now" in said and locales(db, house) == ["en", "ar"]
    assert count_entries(db, "language.add") == 1
    page = browser.another().get(f"/i/{house.item.public_id}", Accept_Language="ar").text
    assert '<html lang="ar"' in page and 'hreflang="en"' in page


def test_hidden_until_it_is_translated(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item)
    db.commit()
    browser.sign_in(*house.olive)
    do(browser, "add", "ar")

    said = do(browser, "rules", **{"rule-ar": "hidden", "rule-en": "hidden", "rule-fr": "required"})

    assert "This holds from now on" in said
    assert seen(db, select(Retailer.locale_rules).where(Retailer.id == house.retailer.id)) == [{"ar": "hidden"}]
    page = browser.another().get(f"/i/{house.item.public_id}?lang=ar", Accept_Language="ar").text
    assert '<html lang="en"' in page and 'hreflang="ar"' not in page


def test_order_first_and_removal(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    for locale in ("ar", "fr"):
        do(browser, "add", locale)

    do(browser, "up", "fr")
    assert locales(db, house) == ["en", "fr", "ar"]
    do(browser, "down", "fr")
    do(browser, "first", "ar")
    assert locales(db, house) == ["ar", "en", "fr"]
    assert "No page is offered in French any more. Its texts are kept" in do(browser, "remove", "fr")
    assert "The first language cannot be removed" in do(browser, "remove", "ar")
    assert locales(db, house) == ["ar", "en"]


@pytest.mark.parametrize(
    ("what", "locale", "said"),
    [
        ("add", "en", "English is there already"),
        ("add", "", "Choose a language from the list"),
        ("add", "<script>", "Choose a language from the list"),
        ("paint", "ar", "Choose what to do"),
        ("", "", "Choose what to do"),
        ("remove", "ar", "none of yours"),
        ("first", "'", "none of yours"),
    ],
)
def test_what_cannot_be_done_is_told(
    browser: Browser, db: Session, house: House, what: str, locale: str, said: str
) -> None:
    browser.sign_in(*house.olive)

    assert said in do(browser, what, locale)
    assert locales(db, house) == ["en"]


def test_the_page_says_what_becomes_of_legal_lines_and_of_our_own_words(browser: Browser, house: House) -> None:
    browser.sign_in(*house.olive)
    browser.post("/desk/brand", {"legal-en": "Returns within 60 days."})
    do(browser, "add", "ur")

    page = browser.get("/desk/languages").text

    assert "The legal line is missing; the English one stands, marked as English" in page
    assert "Our own words, such as those on buttons, are in English there" in page


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_only_the_owner_looks_after_languages(browser: Browser, db: Session, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    assert browser.get("/desk/languages").status_code == 404
    assert browser.post("/desk/languages", {"do": "add", "locale": "ar"}).status_code == 404
    assert locales(db, house) == ["en"]


def test_otto_changes_his_own_languages_only(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.otto)

    do(browser, "add", "ar", retailer_id=house.retailer.id)

    assert locales(db, house) == ["en"]
    assert seen(db, select(Retailer.locales).where(Retailer.id == house.other.id)) == [["en", "ar"]]


@pytest.mark.parametrize(
    ("locale", "own", "has_ours"),
    [
        ("de", "Deutsch", True),
        ("de-CH", "Deutsch (Schweiz)", True),
        ("fr-CA", "Français (Canada)", True),
        ("es", "Español", True),
        ("it", "Italiano", False),
        ("pt-BR", "Português (Brasil)", False),
    ],
)
def test_only_of_a_language_without_our_own_words_they_are_said_to_be_in_english(
    locale: str, own: str, has_ours: bool, browser: Browser, house: House
) -> None:
    browser.sign_in(*house.olive)
    do(browser, "add", locale)

    page = browser.get("/desk/languages").text

    assert own in page
    assert ("Our own words, such as those on buttons, are in English there" in page) is not has_ours

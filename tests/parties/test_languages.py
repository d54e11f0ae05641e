"""A retailer's languages: their order, what is asked of each, and that no text is lost with one."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.errors import FormError, NotFound
from qrmerch.parties import languages
from qrmerch.parties.languages import LocaleRule, locales_of, rule_of
from qrmerch.parties.models import PageChange, Retailer
from qrmerch.parties.queries import get_brand
from tests.conftest import NOON
from tests.factories import make_retailer


def count_changes(db: Session, retailer: Retailer) -> int:
    return db.scalar(select(func.count()).where(PageChange.retailer_id == retailer.id)) or 0


def test_a_language_is_added_behind_the_others_and_pages_look_again(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    before = count_changes(db, retailer)

    languages.add_language(db, retailer, "fr-CH", at=NOON)

    assert locales_of(retailer) == ("en", "ar", "fr-CH")
    assert rule_of(retailer, "fr-CH") == LocaleRule.FALLBACK
    assert count_changes(db, retailer) == before + 1


@pytest.mark.parametrize("locale", ["", "ar", "en", "klingon", "../en", "x" * 13, "en_US; drop"])
def test_what_is_no_new_language_is_told(db: Session, locale: str) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])

    with pytest.raises(FormError) as refused:
        languages.add_language(db, retailer, locale, at=NOON)

    assert list(refused.value.problems) == ["locale"] and locales_of(retailer) == ("en", "ar")


def test_twelve_are_the_most(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar", "fr", "de", "it", "es", "pt", "nl", "pl", "tr", "ru", "ja"])

    with pytest.raises(FormError, match="12 languages at most"):
        languages.add_language(db, retailer, "ko", at=NOON)


def test_a_language_goes_with_its_rule_and_leaves_its_texts(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    kit = get_brand(db, retailer.id, at=NOON)
    kit.legal = {"en": "Returns.", "ar": "الإرجاع."}
    languages.set_rules(db, retailer, {"ar": LocaleRule.HIDDEN}, at=NOON)

    languages.remove_language(db, retailer, "ar", at=NOON)

    assert (locales_of(retailer), retailer.locale_rules) == (("en",), {})
    assert get_brand(db, retailer.id, at=NOON).legal == {"en": "Returns.", "ar": "الإرجاع."}


def test_the_first_language_stays(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])

    with pytest.raises(FormError, match="first language cannot be removed"):
        languages.remove_language(db, retailer, "en", at=NOON)


def test_another_one_becomes_the_first_and_is_required_from_then(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar", "fr"])
    languages.set_rules(db, retailer, {"fr": LocaleRule.HIDDEN, "ar": LocaleRule.REQUIRED}, at=NOON)

    languages.make_first(db, retailer, "fr", at=NOON)

    assert (retailer.default_locale, retailer.locales) == ("fr", ["fr", "en", "ar"])
    assert rule_of(retailer, "fr") == LocaleRule.REQUIRED and retailer.locale_rules == {"ar": "required"}
    languages.make_first(db, retailer, "en", at=NOON)
    assert rule_of(retailer, "fr") == LocaleRule.FALLBACK


@pytest.mark.parametrize(
    ("locale", "by", "order"),
    [
        ("fr", -1, ["en", "fr", "ar", "de"]),
        ("ar", 1, ["en", "fr", "ar", "de"]),
        ("ar", -1, ["en", "ar", "fr", "de"]),
        ("de", 1, ["en", "ar", "fr", "de"]),
        ("en", 1, ["en", "ar", "fr", "de"]),
        ("ar", 99, ["en", "fr", "de", "ar"]),
    ],
)
def test_languages_move_behind_the_first(db: Session, locale: str, by: int, order: list[str]) -> None:
    retailer = make_retailer(db, locales=["en", "ar", "fr", "de"])

    languages.move_language(db, retailer, locale, by, at=NOON)

    assert list(locales_of(retailer)) == order


def test_a_language_of_somebody_elses_cannot_be_moved_or_removed(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])

    for act in (languages.remove_language, languages.make_first):
        with pytest.raises(NotFound):
            act(db, retailer, "fr", at=NOON)
    with pytest.raises(NotFound):
        languages.move_language(db, retailer, "fr", 1, at=NOON)


def test_a_rule_that_is_the_same_changes_nothing(db: Session) -> None:
    retailer = make_retailer(db, locales=["en", "ar"])
    before = count_changes(db, retailer)

    assert not languages.set_rules(db, retailer, {"ar": LocaleRule.FALLBACK, "en": LocaleRule.HIDDEN}, at=NOON)
    assert count_changes(db, retailer) == before
    assert languages.set_rules(db, retailer, {"ar": LocaleRule.REQUIRED, "fr": LocaleRule.HIDDEN}, at=NOON)
    assert retailer.locale_rules == {"ar": "required"}

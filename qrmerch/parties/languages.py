"""The languages a retailer's pages are in: which, in which order, and what has to be said in each.

Texts are kept by language where they are; a language that goes takes none of them along, and finds them again when it
comes back.
"""

import enum
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.db import lock_for_chain
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import is_locale, language_name
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

MAX_LANGUAGES: Final = 12
_MAX_CODE_CHARS: Final = 12


class LocaleRule(enum.StrEnum):
    """What becomes of a page that has no words in a language."""

    REQUIRED = "required"
    FALLBACK = "fallback"
    HIDDEN = "hidden"


def locales_of(retailer: Retailer) -> tuple[str, ...]:
    """The retailer's languages, first one first."""
    return tuple(dict.fromkeys((retailer.default_locale, *retailer.locales)))


def clean_texts(
    retailer: Retailer,
    name: str,
    texts: Mapping[str, str],
    *,
    most: int,
    problems: dict[str, str],
    clean: Callable[[str, int], str] = clean_line,
) -> dict[str, str]:
    """Texts of one kind as they are kept: those that say something, by locale, in the retailer's languages.

    :param most: characters.
    :param problems: takes a sentence under `NAME.LOCALE` for each that is too long.
    """
    kept = {}
    for locale in locales_of(retailer):
        try:
            text = clean(texts.get(locale, ""), most)
        except ValueError as error:
            problems[f"{name}.{locale}"] = str(error)
            continue
        if text:
            kept[locale] = text
    return kept


def first_text(retailer: Retailer, texts: Mapping[str, str]) -> str:
    """The text in the first of the retailer's languages that has one; empty where none has."""
    return next((texts[locale] for locale in locales_of(retailer) if texts.get(locale)), "")


def with_gone(retailer: Retailer, before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What is said now, with what was said in languages that the retailer has no more."""
    return {**{locale: text for locale, text in before.items() if locale not in locales_of(retailer)}, **now}


def rule_of(retailer: Retailer, locale: str) -> LocaleRule:
    """What the retailer asks of a language; its first one is always required."""
    if locale == retailer.default_locale:
        return LocaleRule.REQUIRED
    said = retailer.locale_rules.get(locale, "")
    return LocaleRule(said) if said in set(LocaleRule) else LocaleRule.FALLBACK


def add_language(db: Session, retailer: Retailer, locale: str, *, at: datetime) -> None:
    """Offer pages in one more language, after the others.

    :raises FormError: no language, one that is there already, or more than twelve.
    """
    _hold(db, retailer)
    locale = locale.strip()
    if len(locale) > _MAX_CODE_CHARS or not is_locale(locale):
        raise FormError({"locale": "Choose a language from the list."})
    if locale in locales_of(retailer):
        raise FormError({"locale": f"{language_name(locale, 'en')} is there already."})
    if len(locales_of(retailer)) >= MAX_LANGUAGES:
        raise FormError({"locale": f"{MAX_LANGUAGES} languages at most. Remove one first; its texts are kept."})
    _set(db, retailer, [*locales_of(retailer), locale], at=at)


def remove_language(db: Session, retailer: Retailer, locale: str, *, at: datetime) -> None:
    """Offer no page in this language any more. What was written in it is kept.

    :raises NotFound: it is none of the retailer's.
    :raises FormError: it is the first one.
    """
    _hold(db, retailer)
    _get(retailer, locale)
    if locale == retailer.default_locale:
        raise FormError({"": "The first language cannot be removed. Make another one the first before."})
    _set(db, retailer, [each for each in locales_of(retailer) if each != locale], at=at)


def move_language(db: Session, retailer: Retailer, locale: str, by: int, *, at: datetime) -> None:
    """Let a language stand earlier (-1) or later (1); the first one stays first.

    :raises NotFound: it is none of the retailer's.
    """
    _hold(db, retailer)
    _get(retailer, locale)
    order = list(locales_of(retailer))
    place = order.index(locale)
    wanted = min(max(place + by, 1), len(order) - 1)
    if place > 0 and wanted != place:
        order.insert(wanted, order.pop(place))
        _set(db, retailer, order, at=at)


def make_first(db: Session, retailer: Retailer, locale: str, *, at: datetime) -> None:
    """Let a language be the first: the one every page has, and that stands where another is missing.

    :raises NotFound: it is none of the retailer's.
    """
    _hold(db, retailer)
    _get(retailer, locale)
    order = [locale, *(each for each in locales_of(retailer) if each != locale)]
    _set(db, retailer, order, at=at)


def set_rules(db: Session, retailer: Retailer, rules: dict[str, LocaleRule], *, at: datetime) -> bool:
    """Say what is asked of each language but the first; whether anything was different.

    :param rules: by language; those left out stay as they are.
    """
    _hold(db, retailer)
    kept = {each: rules.get(each, rule_of(retailer, each)) for each in locales_of(retailer)[1:]}
    said = {each: rule.value for each, rule in kept.items() if rule != LocaleRule.FALLBACK}
    if said == retailer.locale_rules:
        return False
    retailer.locale_rules = said
    changed(db, retailer.id, at=at)
    db.flush()
    return True


def _hold(db: Session, retailer: Retailer) -> None:
    """Let one change at a time be made, to what is there now."""
    lock_for_chain(db, f"languages {retailer.id}")
    db.refresh(retailer)


def _get(retailer: Retailer, locale: str) -> None:
    if locale not in locales_of(retailer):
        raise NotFound("This language is none of yours any more.")


def _set(db: Session, retailer: Retailer, order: list[str], *, at: datetime) -> None:
    retailer.default_locale, retailer.locales = order[0], order
    retailer.locale_rules = {each: rule for each, rule in retailer.locale_rules.items() if each in order[1:]}
    changed(db, retailer.id, at=at)
    db.flush()

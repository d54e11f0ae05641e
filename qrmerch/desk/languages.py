"""The languages of a retailer's pages: which, in which order, and what becomes of a page without words in one."""

from functools import cache
from typing import Final

from babel import Locale
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.language_pages import LanguageRow, LanguagesPage
from qrmerch.errors import FormError
from qrmerch.i18n import direction, is_locale, language_name, speaks
from qrmerch.parties.languages import (
    MAX_LANGUAGES,
    LocaleRule,
    add_language,
    locales_of,
    make_first,
    move_language,
    remove_language,
    rule_of,
    set_rules,
)
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_brand, get_retailer
from qrmerch.rendering.frame import pick_language
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_languages", __name__)

_RULES: Final = (
    (LocaleRule.FALLBACK.value, "Show the first language"),
    (LocaleRule.REQUIRED.value, "Ask for it before publishing"),
    (LocaleRule.HIDDEN.value, "Do not offer the page in it"),
)
# Written differently in different countries, so that pages are made for one of them.
_REGIONAL: Final = ("de-CH", "en-GB", "es-MX", "fr-CA", "fr-CH", "pt-BR", "zh-Hant")


@blueprint.get("/desk/languages")
@allow(*OWNERS)
def show() -> Response:
    """The languages as they are."""
    db = get_db()
    return _render(db, get_retailer(db, current_principal().retailer_id))


@blueprint.post("/desk/languages")
@allow(*OWNERS)
def change() -> Response:
    """Add, move or remove a language, make it the first, or say what is asked of each; `do` says which."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    locale, wanted = request.form.get("locale", "")[:20], request.form.get("do", "")
    try:
        action, said = _do(db, retailer, wanted, locale)
    except FormError as error:
        db.rollback()
        return _render(db, retailer, chosen=locale, problems=error.problems)
    detail: dict[str, object] = {"locales": list(locales_of(retailer)), "rules": dict(retailer.locale_rules)}
    if locale:
        detail["locale"] = locale
    audit.record(db, principal, action, ("retailer", retailer.id), at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    notice(said)
    return redirect_to("/desk/languages")


def _do(db: Session, retailer: Retailer, wanted: str, locale: str) -> tuple[str, str]:
    """What was done: its name in the log, and a sentence.

    :raises FormError: it cannot be.
    """
    at = now()
    name = language_name(locale, "en") if is_locale(locale) else locale
    if wanted == "add":
        add_language(db, retailer, locale, at=at)
        return "language.add", f"Pages are offered in {name} now. Vendors find it in their forms."
    if wanted == "remove":
        remove_language(db, retailer, locale, at=at)
        return "language.remove", f"No page is offered in {name} any more. Its texts are kept."
    if wanted == "first":
        make_first(db, retailer, locale, at=at)
        return "language.first", f"{name} is the first language now."
    if wanted in ("up", "down"):
        move_language(db, retailer, locale, -1 if wanted == "up" else 1, at=at)
        return "language.order", "The order is kept."
    if wanted == "rules":
        said = {each: request.form.get(f"rule-{each}", "") for each in locales_of(retailer)[1:]}
        known = set(LocaleRule)
        set_rules(db, retailer, {each: LocaleRule(rule) for each, rule in said.items() if rule in known}, at=at)
        return "language.rules", "This holds from now on, on every page."
    raise FormError({"": "Choose what to do with the language."})


def _render(db: Session, retailer: Retailer, *, chosen: str = "", problems: dict[str, str] | None = None) -> Response:
    locales = locales_of(retailer)
    legal = get_brand(db, retailer.id, at=now()).legal
    page = LanguagesPage(
        lede=_lede(locales),
        rows=tuple(_row(retailer, locales, place, legal) for place in range(len(locales))),
        rules=_RULES,
        choices=tuple((code, name) for code, name in _all_languages() if code not in locales),
        chosen=chosen,
        is_full=len(locales) >= MAX_LANGUAGES,
        problems=problems or {},
    )
    return render("desk/languages.html", page, status=422 if problems else 200)


def _lede(locales: tuple[str, ...]) -> str:
    first = language_name(locales[0], "en")
    if len(locales) == 1:
        return f"Pages are in {first}."
    return f"Pages are in {first} first, and in {len(locales) - 1} more."


def _row(retailer: Retailer, locales: tuple[str, ...], place: int, legal: dict[str, str]) -> LanguageRow:
    locale = locales[place]
    spoken = pick_language(legal, locale, locales)
    return LanguageRow(
        locale=locale,
        name=language_name(locale, "en"),
        own_name=language_name(locale),
        direction=direction(locale),
        rule="" if place == 0 else rule_of(retailer, locale).value,
        interface=language_name(locale if speaks(locale) else "en", "en"),
        legal=language_name(spoken, "en") if spoken else "",
        is_first=place == 0,
        may_go_up=place > 1,
        may_go_down=0 < place < len(locales) - 1,
    )


@cache
def _all_languages() -> tuple[tuple[str, str], ...]:
    """Codes and English names of the languages to choose from, by name."""
    known = [str(code) for code in Locale("en").languages]
    codes = [code for code in known if len(code) == 2 and is_locale(code)]
    return tuple(sorted(((code, language_name(code, "en")) for code in (*codes, *_REGIONAL)), key=lambda each: each[1]))

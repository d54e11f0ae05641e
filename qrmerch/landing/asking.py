"""Asking to be told by mail: that something is back, or a retailer's news. One field, no cookie, no script.

The answer is the same for every address, known or not; what comes of it is said in the mail.
"""

from dataclasses import replace
from datetime import datetime
from time import monotonic, sleep
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.i18n import translator
from qrmerch.landing.asking_pages import AskedPage, AskPage
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.shopper import Place, choose_locale, find_place, load_host_house, respond, slow_down
from qrmerch.messages.models import Purpose
from qrmerch.messages.queries import variant_name
from qrmerch.messages.service import ENDED_KEPT_FOR, PENDING_LASTS, WATCH_LASTS, Sending, Wish, ask
from qrmerch.messages.telling import is_sold
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.rendering.frame import House, build_frame, errand_languages
from qrmerch.rendering.pages import Translate
from qrmerch.rendering.queries import load_shelves, stock_limit
from qrmerch.rendering.wording import Shelf, word_news, word_stock
from qrmerch.visitors.addresses import clean_address
from qrmerch.web import get_db, redirect_to, services

blueprint = Blueprint("landing_asking", __name__)
# What one network asks for in ten minutes: a store full of guests may, a script does more.
_MOST_ASKED: Final = 20
# No answer to an address leaves sooner than this after its form came: nor does its haste tell that it was known.
_ANSWER_AFTER_S: Final = 0.2
_IN_STOCK: Final = ("in_stock", "few")


@blueprint.get("/i/<public_id>/tell")
@allow_anyone
def show_tell(public_id: str) -> Response:
    """The form to be told that a variant is back; after it was sent, what happens now."""
    db, at = get_db(), now()
    place = _find_place(db, public_id, at)
    if place is None:
        return answer_missing()
    variant, variants = _find_variant(db, place)
    if "asked" in request.args:
        t = translator(place.locale)
        return _show_asked(place.house, place.locale, _page_of(place, variant), _back_words(place, t))
    return _show_tell(db, place, variant, variants, {}, {}, at)


@blueprint.post("/i/<public_id>/tell")
@allow_anyone
def take_tell(public_id: str) -> Response:
    """Note who wants to be told that a variant is back."""
    db, at, came_s = get_db(), now(), monotonic()
    place = _find_place(db, public_id, at)
    if place is None:
        return answer_missing()
    t = translator(place.locale)
    variant, variants = _find_variant(db, place)
    typed = request.form.get("email", "")
    email, problems = _read_address(typed, t)
    if variant is None:
        problems["pick"] = t("Choose one.")
    if problems or variant is None or _say_here(db, place, variant, at):
        return _show_tell(db, place, variant, variants, {"email": typed}, problems, at)
    slow_down("wishes", t, most=_MOST_ASKED)
    retailer = get_retailer(db, place.item.retailer_id)
    title, gives = _tell_title(place, t), _tell_gives(t)
    wish = Wish(Purpose.BACK_IN_STOCK, variant, place.store)
    ask(
        db, retailer, email, wish,
        shown_text=_shown(title, gives, _notice(t)), locale=place.locale, sending=_sending(), at=at,
    )  # fmt: skip
    db.commit()
    _wait_since(came_s)
    said = {"at": request.form.get("at", ""), "lang": place.house.lang(place.locale), "pick": variant.key}
    return redirect_to(f"/i/{place.item.public_id}/tell?{_query({**said, 'asked': '1'})}")


@blueprint.get("/sign-up")
@allow_anyone
def show_sign_up() -> Response:
    """The form for a retailer's news; after it was sent, what happens now."""
    house = load_host_house(get_db(), at=now())
    if house.retailer_id is None:
        return answer_missing()
    locale = choose_locale(house)
    if "asked" in request.args:
        return _show_asked(house, locale, house.address("/", locale), house.name)
    return _show_sign_up(house, locale, {}, {})


@blueprint.post("/sign-up")
@allow_anyone
def take_sign_up() -> Response:
    """Note who wants a retailer's news."""
    db, at, came_s = get_db(), now(), monotonic()
    house = load_host_house(db, at=at)
    if house.retailer_id is None:
        return answer_missing()
    locale = choose_locale(house)
    t = translator(locale)
    typed = request.form.get("email", "")
    email, problems = _read_address(typed, t)
    if problems:
        return _show_sign_up(house, locale, {"email": typed}, problems)
    slow_down("wishes", t, most=_MOST_ASKED)
    is_brief = request.form.get("from") == "item"
    shown = word_news(house.name, locale) if is_brief else _shown(_news_title(house, t), _news_gives(t), _notice(t))
    retailer = get_retailer(db, house.retailer_id)
    ask(db, retailer, email, Wish(Purpose.NEWSLETTER), shown_text=shown, locale=locale, sending=_sending(), at=at)
    db.commit()
    _wait_since(came_s)
    return redirect_to(house.address("/sign-up", locale, asked="1"))


def _wait_since(came_s: float) -> None:
    """After the commit, when nobody waits for this request any more."""
    sleep(max(0.0, came_s + _ANSWER_AFTER_S - monotonic()))


def _sending() -> Sending:
    settings = services().settings
    return Sending(settings.base_url, settings.secret_keys)


def _query(said: dict[str, str]) -> str:
    return urlencode({name: value for name, value in said.items() if value})


def _read_address(typed: str, t: Translate) -> tuple[str, dict[str, str]]:
    """A clean address, or what is wrong with what was typed."""
    try:
        return clean_address(typed), {}
    except ValueError:
        return "", {"email": t("This is not an e-mail address. One looks like this: ann@example.com")}


# --- that something is back ------------------------------------------------------------------------


def _find_place(db: Session, public_id: str, at: datetime) -> Place | None:
    """The item, if it is sold; a page of one that is not has nothing to wait for."""
    place = find_place(db, public_id, at=at)
    return place if place is not None and is_sold(db, place.item) else None


def _find_variant(db: Session, place: Place) -> tuple[Variant | None, list[Variant]]:
    """The variant that is meant, None where nobody said; and all that shoppers see."""
    shown = [each for each in list_variants(db, place.item.id) if not each.is_hidden]
    if len(shown) == 1:
        return shown[0], shown
    key = request.values.get("pick") or request.values.get("variant", "")
    return next((each for each in shown if each.key == key), None), shown


def _say_here(db: Session, place: Place, variant: Variant, at: datetime) -> str:
    """That a variant is in stock where it is wished for; empty where it is not."""
    retailer = get_retailer(db, place.item.retailer_id)
    stores = [each for each in list_stores(db, retailer.id) if each.is_open]
    shelves = load_shelves(db, [place.item], {retailer.id: stores}, {retailer.id: stock_limit(retailer)}, at=at)
    shelf = shelves[place.item.id]
    own = Shelf([variant], shelf.was, shelf.pieces, shelf.stores, shelf.old)
    state, sentence = word_stock(own, place.store, place.locale)
    return sentence if state in _IN_STOCK else ""


def _show_tell(
    db: Session,
    place: Place,
    variant: Variant | None,
    variants: list[Variant],
    sent: dict[str, str],
    problems: dict[str, str],
    at: datetime,
) -> Response:
    t = translator(place.locale)
    title = _tell_title(place, t)
    frame, block = build_frame(place.house, locale=place.locale, title=title)
    joint = t(", ")
    name = variant_name(variant, joint) if variant and len(variants) > 1 else ""
    hidden = {
        "at": request.values.get("at", "") if place.store or place.is_nowhere else "",
        "lang": place.locale,
        "pick": variant.key if variant and len(variants) > 1 else "",
    }
    page = AskPage(
        t=t,
        frame=frame,
        about=joint.join(part for part in (place.item.title, name) if part),
        title=title,
        action=f"/i/{place.item.public_id}/tell",
        hidden=tuple((key, value) for key, value in hidden.items() if value),
        button=t("Tell me"),
        variants=() if variant else tuple((each.key, variant_name(each, joint)) for each in variants),
        gives=_tell_gives(t),
        notice=_notice(t),
        sent=sent,
        problems=problems,
        here=_say_here(db, place, variant, at) if variant else "",
        back=_page_of(place, variant),
        back_words=_back_words(place, t),
    )
    return respond("landing/ask.html", page, block, status=422 if problems else 200)


def _tell_title(place: Place, t: Translate) -> str:
    if place.store is None:
        return t("Tell me when it is back")
    return t("Tell me when it is back at {store}").format(store=place.store.short_name)


def _tell_gives(t: Translate) -> tuple[tuple[str, str], ...]:
    return (
        (t("One message"), t("when it is back, within {days} days.").format(days=WATCH_LASTS.days)),
        (t("Then it is over."), t("{days} days later your address is deleted.").format(days=ENDED_KEPT_FOR.days)),
    )


def _back_words(place: Place, t: Translate) -> str:
    return t("Back to {item}").format(item=place.item.title)


def _page_of(place: Place, variant: Variant | None) -> str:
    return replace(place, pick=variant.key if variant else "").page


# --- a retailer's news -----------------------------------------------------------------------------


def _show_sign_up(house: House, locale: str, sent: dict[str, str], problems: dict[str, str]) -> Response:
    t = translator(locale)
    title = _news_title(house, t)
    languages = errand_languages(house, locale, "/sign-up")
    frame, block = build_frame(house, locale=locale, title=title, languages=languages, is_indexed=not problems)
    page = AskPage(
        t=t,
        frame=frame,
        about="",
        title=title,
        action="/sign-up",
        hidden=(("of", house.slug), ("lang", locale)),
        button=t("Sign up"),
        variants=(),
        gives=_news_gives(t),
        notice=_notice(t),
        sent=sent,
        problems=problems,
        here="",
        back="",
        back_words="",
    )
    return respond("landing/ask.html", page, block, status=422 if problems else 200)


def _news_title(house: House, t: Translate) -> str:
    return t("News of {house}").format(house=house.name)


def _news_gives(t: Translate) -> tuple[tuple[str, str], ...]:
    return (
        (t("What is new,"), t("by e-mail, now and then.")),
        (t("An end whenever you like."), t("Every message has a link that stops them, without signing in.")),
    )


# --- both ------------------------------------------------------------------------------------------


def _notice(t: Translate) -> str:
    """What is recorded and for how long; stands beside the button, and is kept as proof of what was agreed to."""
    words = t(
        "We write once to check that the address is yours; without an answer it is deleted after {days} days. "
        "Kept are the address, what you asked for, and when. Nothing is stored on this phone."
    )
    return words.format(days=PENDING_LASTS.days)


def _shown(title: str, gives: tuple[tuple[str, str], ...], notice: str) -> str:
    return "\n".join((title, *(f"{short} {words}" for short, words in gives), notice))


def _show_asked(house: House, locale: str, back: str, back_words: str) -> Response:
    frame, block = build_frame(house, locale=locale, title=translator(locale)("Check your e-mail"))
    return respond("landing/asked.html", AskedPage(translator(locale), frame, back, back_words), block)

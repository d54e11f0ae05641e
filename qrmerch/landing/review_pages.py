"""What shoppers say of an item: all of it page by page, and the form to say something."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import Principal, allow_anyone
from qrmerch.clock import now
from qrmerch.errors import FormError
from qrmerch.i18n import translator
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.pages import ReviewsPage, WritePage
from qrmerch.landing.shopper import Place, find_place, find_shopper, page_number, respond, slow_down
from qrmerch.offers.queries import find_bought_store_id
from qrmerch.rendering.frame import build_frame
from qrmerch.rendering.pages import Translate
from qrmerch.rendering.queries import has_section
from qrmerch.rendering.said import load_review_page
from qrmerch.rendering.service import item_address, list_cards
from qrmerch.reviews.models import MAX_ALIAS_CHARS, MAX_TEXT_CHARS
from qrmerch.reviews.queries import is_heap
from qrmerch.reviews.service import Written, write_review
from qrmerch.text import clean_block, clean_line, whole_number
from qrmerch.users.login import find_principal
from qrmerch.web import get_db, redirect_to

blueprint = Blueprint("landing_reviews", __name__)
_PER_PAGE: Final = 10
# What one network writes in ten minutes: a queue at the till does not write more, a script does.
_MOST_WRITTEN: Final = 20
_FIELDS: Final = ("stars", "text", "alias")


@blueprint.get("/i/<public_id>/reviews")
@allow_anyone
def show_all(public_id: str) -> Response:
    """All reviews of an item, newest first."""
    db, at = get_db(), now()
    place = _find_place(db, public_id, at)
    if place is None:
        return answer_missing()
    reviews, number = load_review_page(db, place.item, place.locale, page=page_number(), per_page=_PER_PAGE)
    t = translator(place.locale)
    frame, block = build_frame(
        place.house, locale=place.locale, title=t("Reviews: {item}").format(item=place.item.title)
    )
    (card,) = list_cards(db, [place.item], locale=place.locale, store=place.store, kept=(), at=at)
    page = ReviewsPage(
        t=t,
        frame=frame,
        title=place.item.title,
        picture=card.picture,
        back=place.page,
        reviews=reviews,
        write=_address(place, "review"),
        before=_address(place, "reviews", number - 1) if number > 1 else "",
        after=_address(place, "reviews", number + 1) if number * _PER_PAGE < reviews.count else "",
    )
    return respond("landing/reviews.html", page, block)


@blueprint.get("/i/<public_id>/review")
@allow_anyone
def show_form(public_id: str) -> Response:
    """The form to write a review."""
    place = _find_place(get_db(), public_id, now())
    return answer_missing() if place is None else _show_form(place, {}, {})


@blueprint.post("/i/<public_id>/review")
@allow_anyone
def send(public_id: str) -> Response:
    """Take a review in; it shows after a person has read it."""
    db, at = get_db(), now()
    place = _find_place(db, public_id, at)
    if place is None:
        return answer_missing()
    t = translator(place.locale)
    try:
        _refuse_own(find_principal(), place, t)
        written = _read(request.form, t)
        _refuse_heap(db, place, t)
    except FormError as error:
        return _show_form(place, {name: request.form.get(name, "") for name in _FIELDS}, error.problems)
    slow_down("reviews", t, most=_MOST_WRITTEN)
    visitor = find_shopper(db, place.item.retailer_id)
    bought = find_bought_store_id(db, visitor.id, place.item.id) if visitor else None
    write_review(db, place.item, written, locale=place.locale, bought_store_id=bought, at=at)
    db.commit()
    return redirect_to(f"{place.page}#wrote")


def _find_place(db: Session, public_id: str, at: datetime) -> Place | None:
    """The item, if its page has a place for reviews."""
    place = find_place(db, public_id, at=at)
    if place is None or place.item.is_retired:
        return None
    takes = has_section(db, place.item, "reviews", store_id=place.store_id, locale=place.locale, at=at)
    return place if takes else None


def _refuse_own(principal: Principal | None, place: Place, t: Translate) -> None:
    """Nobody reviews what they make or sell, and no maker what another makes.

    :raises FormError: whoever is signed in on this phone belongs to a vendor or to the item's retailer.
    """
    if principal is None:
        return
    if principal.vendor_id == place.item.vendor_id or principal.retailer_id == place.item.retailer_id:
        raise FormError({"": t("You are signed in as somebody who makes or sells it. Reviews are for shoppers.")})
    if principal.vendor_id:
        words = t("You are signed in as somebody who makes what shops sell. Reviews are for shoppers.")
        raise FormError({"": words})


def _refuse_heap(db: Session, place: Place, t: Translate) -> None:
    """A heap that nobody can read any more does not grow: many networks may send what one may not.

    :raises FormError: so many of the item's reviews wait already.
    """
    if is_heap(db, place.item.id):
        raise FormError({"": t("Many reviews of it wait to be read, and no more can wait. Try again in a day or two.")})


def _read(form: Mapping[str, str], t: Translate) -> Written:
    """What was typed, clean.

    :raises FormError: by field, in the page's language.
    """
    problems = {}
    stars = whole_number(form.get("stars", ""), most=9) or 0
    if not 1 <= stars <= 5:
        problems["stars"] = t("Choose one to five stars.")
    text, alias = "", ""
    too_long = t("That is too long: {most} characters at most.")
    try:
        text = clean_block(form.get("text", ""), MAX_TEXT_CHARS)
        if not text:
            problems["text"] = t("Write a sentence: stars alone help nobody.")
    except ValueError:
        problems["text"] = too_long.format(most=MAX_TEXT_CHARS)
    try:
        alias = clean_line(form.get("alias", ""), MAX_ALIAS_CHARS)
    except ValueError:
        problems["alias"] = too_long.format(most=MAX_ALIAS_CHARS)
    if problems:
        raise FormError(problems)
    return Written(stars, "", text, alias)


def _show_form(place: Place, sent: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    t = translator(place.locale)
    frame, block = build_frame(place.house, locale=place.locale, title=t("Your review"))
    page = WritePage(
        t=t,
        frame=frame,
        public_id=place.item.public_id,
        at=place.store.public_id if place.store else "",
        title=place.item.title,
        back=place.page,
        sent=dict(sent),
        problems=dict(problems),
    )
    return respond("landing/review.html", page, block, status=422 if problems else 200)


def _address(place: Place, what: str, number: int = 1) -> str:
    """Another page of the same item's, in the same store and language."""
    path, _, query = item_address(place.item, place.store, place.house.lang(place.locale)).partition("?")
    said = "&".join(part for part in (query, f"page={number}" if number > 1 else "") if part)
    return f"{path}/{what}" + (f"?{said}" if said else "")

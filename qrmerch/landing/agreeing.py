"""Whether a phone may be known again: the question, the answer, and taking it back, in the same place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.errors import FormError
from qrmerch.i18n import format_date, translator
from qrmerch.landing.counting import objects
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.pages import Agreement
from qrmerch.landing.shopper import choose_locale, find_host_retailer_id, load_host_house, slow_down
from qrmerch.parties.models import Measurement, Retailer, Store
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.frame import House
from qrmerch.rendering.pages import Translate
from qrmerch.scans.agreed import erase_days_of, list_days_of
from qrmerch.visitors.agreed import (
    AGREEMENT_LASTS,
    agree,
    cookie_mark,
    draw_number,
    find_agreed_phone,
    get_grant,
    phone_key,
    refuse,
    take_back,
)
from qrmerch.visitors.models import AgreedPhone
from qrmerch.web import get_db, redirect_to

blueprint = Blueprint("landing_agreeing", __name__)
QUESTION: Final = "Recognise this phone when it comes back?"
# Kept with the answer as what the shopper read; stands beside the buttons.
AGREEING_NOTICE: Final = (
    "With your yes this phone keeps a cookie with a random number. By it the store counts how many phones come back, "
    "and to which of its stores. Not who you are. It ends after 13 months, or when you take it back here."
)
TAKING_BACK: Final = "Do not recognise it any more"
_ANSWERS: Final = ("yes", "no", "withdraw")
_PLACES: Final = {"my": "/my", "privacy": "/privacy"}
_MOST_HOUSES: Final = 20


@dataclass(frozen=True, slots=True)
class KnownPhone:
    """What this request's phone is at a retailer where its owner agreed."""

    retailer_id: str
    row: AgreedPhone


@blueprint.post("/my/recognise")
@allow_anyone
def answer() -> Response:
    """Yes, no, or no more: a cookie comes with the first alone, and goes with the last."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    if not house.retailer_id:
        return answer_missing()
    said, retailer = request.form.get("answer", ""), get_retailer(db, house.retailer_id)
    if said not in _ANSWERS:
        raise FormError({"answer": "Say yes, no or withdraw."})
    locale = choose_locale(house)
    t = translator(locale)
    phones = [each for each in list_known_phones(db) if each.retailer_id == retailer.id]
    number = ""
    if said == "withdraw":
        forget_phones(db, phones, words=t(TAKING_BACK), locale=locale, at=at)
    elif may_ask(retailer) and not phones:
        number = _take_answer(db, retailer, t, is_yes=said == "yes", locale=locale, at=at)
    db.commit()
    place = request.form.get("back", "")
    address = house.address(_PLACES.get(place, "/my"), locale, recognised="" if said == "yes" else "no")
    response = redirect_to(f"{address}#recognise")
    if said == "withdraw":
        drop_cookies(response, [retailer.id])
    if number:
        _give_cookie(response, retailer.id, number)
    return response


def _take_answer(db: Session, retailer: Retailer, t: Translate, *, is_yes: bool, locale: str, at: datetime) -> str:
    """The number for the phone's cookie; empty for a no."""
    slow_down("phones", t)
    words = f"{t(QUESTION)} {t(AGREEING_NOTICE)}"
    if not is_yes:
        refuse(db, retailer.id, shown_text=words, locale=locale, at=at)
        return ""
    number = draw_number()
    agree(db, retailer.id, phone_key(number, retailer.id), shown_text=words, locale=locale, at=at)
    return number


def may_ask(retailer: Retailer) -> bool:
    """Whether a retailer asks phones, and this one does not object already."""
    return retailer.measurement is Measurement.CONSENTED and not objects(request.environ)


def find_agreement(db: Session, house: House, locale: str, *, back: str) -> Agreement | None:
    """The question for a page of a house, or that it was answered with yes; None where nothing is asked.

    :param back: `my` or `privacy`, where the form leads back to.
    """
    if not house.retailer_id:
        return None
    retailer = get_retailer(db, house.retailer_id)
    known = [each for each in list_known_phones(db) if each.retailer_id == retailer.id]
    if not (known or may_ask(retailer)):
        return None
    t = translator(locale)
    title = t(QUESTION)
    if known:
        title = t("This phone is recognised when it comes back")
        if objects(request.environ):
            title = t("Your browser objects: this phone is not recognised")
    day = format_date(known[0].row.answered_at.astimezone(ZoneInfo(house.time_zone)).date(), locale) if known else ""
    return Agreement(
        action=house.address("/my/recognise", locale),
        back=back,
        title=title,
        words=t("You said yes on {day}.").format(day=day) if known else t(AGREEING_NOTICE),
        is_known=bool(known),
        said_no="recognised" in request.args and not known,
        taking_back=t(TAKING_BACK),
    )


def list_known_phones(db: Session) -> list[KnownPhone]:
    """What this request's phone is at each retailer where its owner agreed; on a host of one's own at that alone."""
    numbers, own, found = _read_numbers(), find_host_retailer_id(), []
    for retailer_id in ([own] if own else db.scalars(select(Retailer.id).order_by(Retailer.id))) if numbers else ():
        number = numbers.get(cookie_mark(retailer_id))
        row = find_agreed_phone(db, retailer_id, phone_key(number, retailer_id)) if number else None
        if row is not None:
            found.append(KnownPhone(retailer_id, row))
    return found


def forget_phones(db: Session, phones: Sequence[KnownPhone], *, words: str, locale: str, at: datetime) -> None:
    """Know these phones no more: their days go, totals and the proof of their yes stay; the caller commits."""
    for each in phones:
        key = each.row.key
        take_back(db, each.row, shown_text=words, locale=locale, at=at)
        if key:
            erase_days_of(db, each.retailer_id, key)


def drop_cookies(response: Response, retailer_ids: Sequence[str]) -> None:
    """Take away the cookies by which retailers know this phone again."""
    _drop(response, map(cookie_mark, retailer_ids))


def drop_all_cookies(response: Response) -> None:
    """Take away every cookie of this request by which some retailer knew this phone again."""
    _drop(response, _read_numbers())


def _drop(response: Response, marks: Iterable[str]) -> None:
    for mark in marks:
        response.delete_cookie(_cookie_name(mark), secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def data_of(db: Session, phone: KnownPhone) -> dict[str, object]:
    """All that is kept of a phone whose owner agreed, to take along."""
    grant, days = get_grant(db, phone.row), list_days_of(db, phone.retailer_id, phone.row.key or "")
    stores = {store_id: db.get_one(Store, store_id).name for _, store_id in days if store_id}
    return {
        "retailer": db.get_one(Retailer, phone.retailer_id).name,
        "agreed": {"to": grant.purpose, "words": grant.shown_text, "at": grant.at.isoformat()},
        "seen": [{"on": on.isoformat(), "store": stores.get(store_id)} for on, store_id in days],
    }


def _read_numbers() -> Mapping[str, str]:
    """The numbers in this request's cookies, by the mark of the retailer that gave them."""
    start = _cookie_name("")
    named = {name.removeprefix(start): value for name, value in request.cookies.items() if name.startswith(start)}
    return dict(list(named.items())[:_MOST_HOUSES])


def _cookie_name(mark: str) -> str:
    """As `landing/counting.py` looks for it."""
    return f"{'__Host-' if request.is_secure else ''}qi-{mark}"


def _give_cookie(response: Response, retailer_id: str, number: str) -> None:
    response.set_cookie(
        _cookie_name(cookie_mark(retailer_id)),
        number,
        max_age=AGREEMENT_LASTS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )

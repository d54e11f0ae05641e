"""An event's page reached without a printed code, and its file for a calendar."""

from datetime import datetime

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.scanning import answer_page
from qrmerch.landing.shopper import choose_locale, find_host_retailer_id, find_said_store, is_public_id
from qrmerch.occasions.calendar import Words, write_calendar
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import find_occasion, hold_in, list_stores_of
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.apart import occasion_address
from qrmerch.rendering.frame import load_house, pick_text
from qrmerch.rendering.kept import OCCASION, PageKey
from qrmerch.web import base_address, get_db

blueprint = Blueprint("landing_occasions", __name__)


@blueprint.get("/event/<public_id>")
@allow_anyone
def show_occasion(public_id: str) -> Response:
    """An event's page, the same bytes for everybody; nothing is counted."""
    db, at = get_db(), now()
    occasion = _find(db, public_id)
    if occasion is None:
        return answer_missing()
    store = find_said_store(db, occasion.retailer_id)
    locale = choose_locale(load_house(db, occasion.retailer_id, at=at), store)
    return answer_page(PageKey(occasion.id, store.id if store else "", locale, OCCASION))


@blueprint.get("/event/<public_id>/calendar.ics")
@allow_anyone
def send_calendar(public_id: str) -> Response:
    """An event in one of its stores, for a phone's calendar; in the first of them where the address names none."""
    db, at = get_db(), now()
    occasion = _find(db, public_id)
    file = _write(db, occasion, at) if occasion is not None and occasion.is_published else None
    if file is None:
        return answer_missing()
    response = Response(file, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="event.ics"'
    response.headers["Cache-Control"] = "no-cache"
    return response


def _write(db: Session, occasion: Occasion, at: datetime) -> bytes | None:
    """The file; None where it takes place nowhere, or not in the store that the address names."""
    house = load_house(db, occasion.retailer_id, at=at)
    said = find_said_store(db, occasion.retailer_id)
    stores = [store for store in list_stores_of(db, occasion.id) if store.is_open and said in (None, store)]
    if not stores:
        return None
    store, locale = stores[0], choose_locale(house, stores[0])
    spot = pick_text(occasion.spot, locale, house.locales)
    base = printed_base(db, occasion.retailer_id, base_url=base_address())
    words = Words(
        title=pick_text(occasion.title, locale, house.locales),
        place=", ".join(part for part in (store.name, store.address, store.town, spot) if part),
        text=pick_text(occasion.words, locale, house.locales),
        address=base + occasion_address(occasion, store, house.lang(locale)),
    )
    return write_calendar(hold_in(occasion, store), words)


def _find(db: Session, public_id: str) -> Occasion | None:
    """The occasion of an address, if the host that was asked answers for its retailer."""
    occasion = find_occasion(db, public_id) if is_public_id(public_id) else None
    return occasion if occasion and find_host_retailer_id() in (None, occasion.retailer_id) else None

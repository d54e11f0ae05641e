"""What shows of an item at one moment, past or to come, in one store and language."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import Held, Place, find_holding, hold, list_edges, list_publications
from qrmerch.content.models import Publication, Revision
from qrmerch.desk.review_pages import Phone
from qrmerch.desk.take_down import offer_take_down
from qrmerch.desk.terms import say_scope
from qrmerch.desk.timeline_pages import Moment
from qrmerch.desk.times import said_in_text
from qrmerch.i18n import format_list
from qrmerch.parties.models import Store

_LOOKED_AHEAD: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Asked:
    """An item, where and in which language it is looked at, and when."""

    item: Item
    place: Place
    at: datetime


def show_moment(db: Session, asked: Asked, stores: list[Store], *, now: datetime) -> Moment:
    """What shows then, why, and what comes after it."""
    item, place = asked.item, asked.place
    held = hold(db, [item], store_ids={item.id: place.store_id}, locale=place.locale, at=asked.at)[item.id]
    bold, say = _say(held, stores, asked, now)
    query = urlencode(
        {"item": item.id, "store": place.store_id or "", "locale": place.locale, "at": asked.at.isoformat()}
    )
    when = said_in_text(asked.at, now=now, zone=place.zone)
    return Moment(
        bold=bold,
        say=say,
        notes=tuple(each for each in (_say_blocked(held), _say_next(db, held.publication, asked, now)) if each),
        phone=Phone(f"{item.title}, {when}", f"/desk/timeline/page?{query}", f"{item.title} as it shows {when}"),
        take_down=offer_take_down(db, item, at=now),
        publications_href=f"/desk/items/{item.id}/publications",
    )


def _say(held: Held, stores: list[Store], asked: Asked, now: datetime) -> tuple[str, str]:
    row = held.publication
    if row is None:
        return "The plain page.", "Nothing is published for this moment. Name, price and stock show."
    since = said_in_text(row.from_at, now=now, zone=asked.place.zone)
    if row.revision_id is None:
        return "The plain page.", f"It was taken down {since}: {row.reason}."
    if held.revision is None:
        return "The plain page.", "The vendor is suspended, so its words and pictures are hidden."
    ends = f", until {_bare(said_in_text(row.until_at, now=now, zone=asked.place.zone))}" if row.until_at else ""
    return f"Revision {held.revision.number}.", f"{say_scope(row, stores)}, since {_bare(since)}{ends}."


def _say_blocked(held: Held) -> str:
    if not held.blocked:
        return ""
    kept = [each.label for each in held.blocked if each.is_kept]
    gone = [each.label for each in held.blocked if not each.is_kept]
    said = f"{format_list(kept, 'en')} may not be shown then: what was approved before stands in." if kept else ""
    if gone:
        said += f" {format_list(gone, 'en')} may not be shown then, and nothing from before can stand in."
    return said.strip()


def _say_next(db: Session, row: Publication | None, asked: Asked, now: datetime) -> str:
    rows = list_publications(db, asked.item.id)
    for edge in list_edges(rows, asked.place, since=asked.at, until=asked.at + _LOOKED_AHEAD):
        after = find_holding(rows, asked.place, at=edge)
        if after is not row:
            name = "the plain page"
            if after is not None and after.revision_id:
                name = f"revision {db.get_one(Revision, after.revision_id).number}"
            return f"Next, {said_in_text(edge, now=now, zone=asked.place.zone)}: {name}."
    return "Nothing else is planned for the two months after."


def _bare(said: str) -> str:
    return said.removeprefix("on ")

"""Lanes of the timeline: what was said for an item at one scope, over four weeks."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import Place, find_holding, is_for, list_edges
from qrmerch.content.models import Publication, Revision
from qrmerch.content.queries import revisions_by_id
from qrmerch.content.weekly import say_weekly
from qrmerch.desk.terms import say_scope
from qrmerch.desk.timeline_pages import Bar, Lane
from qrmerch.desk.times import said_at
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.pictures import list_card_addresses

WEEKS: Final = 4
_WORDS_FROM, _NUMBER_FROM = 9.0, 2.5


@dataclass(frozen=True, slots=True)
class Window:
    """Four weeks from a Monday's midnight in the house's zone, and now."""

    first: date
    zone: str
    now: datetime

    @property
    def since(self) -> datetime:
        return self.day(0)

    @property
    def until(self) -> datetime:
        return self.day(7 * WEEKS)

    def day(self, number: int) -> datetime:
        """The midnight with which a day begins, counted from the first."""
        return datetime.combine(self.first + timedelta(days=number), time(), ZoneInfo(self.zone))

    def percent(self, at: datetime) -> float:
        """Where an instant lies, of the whole width."""
        return round(100 * ((at - self.since) / (self.until - self.since)), 3)


@dataclass(frozen=True, slots=True)
class Filter:
    """What the lanes are about; empty for all."""

    find: str
    store_id: str
    locale: str


def list_touched(
    db: Session, retailer: Retailer, window: Window, wanted: Filter, *, page: int, per_page: int
) -> tuple[list[Item], int]:
    """The items of which something is said in these weeks, what was said last first, and how many there are."""
    last = (
        select(Publication.item_id, func.max(Publication.created_at).label("at"))
        .where(Publication.retailer_id == retailer.id, Publication.from_at < window.until)
        .where(or_(Publication.until_at.is_(None), Publication.until_at > window.since))
        # What was called off before it began says nothing of any moment.
        .where(or_(Publication.until_at.is_(None), Publication.until_at > Publication.from_at))
        .group_by(Publication.item_id)
        .subquery()
    )
    found = select(Item).join(last, last.c.item_id == Item.id).where(Item.is_retired.is_(False))
    if wanted.find:
        found = found.where(Item.title.icontains(wanted.find, autoescape=True))
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = found.order_by(last.c.at.desc(), Item.id).limit(per_page).offset((page - 1) * per_page)
    return list(db.scalars(rows)), total


class Lanes:
    """Makes the lanes of several items; the number of statements does not grow with theirs."""

    def __init__(
        self, db: Session, items: Sequence[Item], retailer: Retailer, stores: Sequence[Store], window: Window
    ) -> None:
        self._retailer, self._stores, self._window = retailer, stores, window
        self._items = items
        self._images = list_card_addresses(db, items, at=window.now)
        self._rows: dict[str, list[Publication]] = defaultdict(list)
        said = select(Publication).where(
            Publication.item_id.in_([item.id for item in items]),
            Publication.from_at < window.until,
            or_(Publication.until_at.is_(None), Publication.until_at > window.since),
        )
        for row in db.scalars(said.order_by(Publication.created_at.desc(), Publication.id.desc())):
            self._rows[row.item_id].append(row)
        ids = {row.revision_id for rows in self._rows.values() for row in rows if row.revision_id}
        self._revisions: dict[str, Revision] = revisions_by_id(db, ids)

    def made(self, wanted: Filter) -> list[Lane]:
        """The lanes that speak of a store and a language, those for all stores of an item first."""
        return [lane for item in self._items for lane in self._of_item(item, wanted)]

    def _of_item(self, item: Item, wanted: Filter) -> Iterator[Lane]:
        scopes: dict[tuple[str, str, str], list[Publication]] = defaultdict(list)
        for row in self._rows[item.id]:
            scopes[_scope_of(row)].append(row)
        for scope in sorted(scopes):
            place = self._place(scopes[scope][0], wanted)
            if not is_for(scopes[scope][0], place):
                continue
            # A lane is not cut to pieces by what repeats on top of it: that has a lane of its own.
            said = [row for row in self._rows[item.id] if row.weekly is None or _scope_of(row) == scope]
            bars = list(self._bars(said, scope, place))
            if bars:
                yield self._lane(item, scopes[scope][0], said, place, bars, is_here=scope)

    def _place(self, row: Publication, wanted: Filter) -> Place:
        store_id = wanted.store_id or (row.store_ids[0] if row.store_ids else None)
        zones = {store.id: store.time_zone for store in self._stores}
        locale = wanted.locale or (row.locales[0] if row.locales else self._retailer.default_locale)
        return Place(store_id, zones.get(store_id or "", self._retailer.time_zone), locale)

    def _bars(self, said: list[Publication], scope: tuple[str, str, str], place: Place) -> Iterator[Bar]:
        window = self._window
        edges = [window.since, *list_edges(said, place, since=window.since, until=window.until), window.until]
        stretches: list[tuple[Publication, datetime, datetime]] = []
        for begins, ends in pairwise(edges):
            row = find_holding(said, place, at=begins)
            if row is None or _scope_of(row) != scope:
                continue
            if stretches and stretches[-1][0] is row and stretches[-1][2] == begins:
                begins = stretches.pop()[1]
            stretches.append((row, begins, ends))
        for row, begins, ends in stretches:
            yield self._bar(row, begins, ends, place)

    def _bar(self, row: Publication, begins: datetime, ends: datetime, place: Place) -> Bar:
        now = self._window.now
        left, right = self._window.percent(begins), self._window.percent(ends)
        kind = "past" if ends <= now else "soon" if begins > now else "live"
        if row.revision_id is None:
            kind = "past" if kind == "past" else "down"
        name = self._name(row)
        is_endless = row.revision_id and not row.until_at and not row.weekly and ends == self._window.until
        tail = ", no end" if is_endless else f": {row.reason}" if row.reason else ""
        number = name.rpartition(" ")[2] if row.revision_id else ""
        width = right - left
        text = f"{name}{tail}" if width >= _WORDS_FROM * 2 else name if width >= _WORDS_FROM else number
        since, until = (said_at(each, now=now, zone=place.zone) for each in (begins, ends))
        reason = f": {row.reason}" if row.reason else ""
        title = f"{name}{reason}, {since} to {until if ends < self._window.until else 'beyond these weeks'}"
        return Bar(kind, left, max(width, 0.4), text if width >= _NUMBER_FROM else "", title)

    def _lane(
        self,
        item: Item,
        row: Publication,
        said: list[Publication],
        place: Place,
        bars: list[Bar],
        *,
        is_here: tuple[str, str, str],
    ) -> Lane:
        now = self._window.now
        held = find_holding(said, place, at=now)
        mine = held if held is not None and _scope_of(held) == is_here else None
        coming = min(
            (each for each in said if each.from_at > now and _scope_of(each) == is_here), key=_begin_of, default=None
        )
        told = mine or coming or row
        return Lane(
            title=item.title,
            href=f"/desk/items/{item.id}/publications",
            image=self._images.get(item.id, ""),
            scope=say_scope(row, self._stores),
            bars=tuple(bars),
            said="; ".join(bar.title for bar in bars),
            now=self._name(mine) if mine else "Nothing of this",
            begins=said_at(told.from_at, now=now, zone=place.zone),
            until=said_at(told.until_at, now=now, zone=place.zone) if told.until_at else "No end",
        )

    def _name(self, row: Publication) -> str:
        return f"Revision {self._revisions[row.revision_id].number}" if row.revision_id else "Taken down"


def _begin_of(row: Publication) -> datetime:
    return row.from_at


def _scope_of(row: Publication) -> tuple[str, str, str]:
    return ",".join(row.store_ids or ()), ",".join(row.locales or ()), say_weekly(row.weekly)

"""What holds of an item at a place, in a language, at an instant: the one rule that all who show or list pages ask.

Of an item's publications the newest that covers the instant and the place holds; one without a revision is a
take-down. A slot whose pictures, film or sound may not be shown then is *blocked*: it keeps what the publication
underneath shows there, if that may be shown, and is left out otherwise. What lies under a take-down stays down.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item
from qrmerch.content.models import Publication, Revision, TemplateVersion
from qrmerch.content.slots import ASSET_KINDS, Lock
from qrmerch.content.weekly import is_within, list_turns
from qrmerch.media.queries import list_usable_ids
from qrmerch.media.rights import list_edges_of
from qrmerch.parties.models import Retailer, Store, Supply

# Turns of weekly hours are looked for this far ahead; nothing that is kept is kept longer.
HORIZON: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is looked at: a store (None: none in particular), the clock on its wall, and a language."""

    store_id: str | None
    zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in a blocked slot: a value of the revision that shows underneath."""

    revision: Revision
    value: Any


@dataclass(frozen=True, slots=True)
class Blocked:
    """A slot nothing of which may be shown, what it is called, and whether something from before stands in."""

    slot: str
    label: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What holds of an item: nothing, a take-down (a publication without a revision), or a page."""

    publication: Publication | None
    # What shoppers see; None for the plain page, also where the vendor is suspended.
    revision: Revision | None = None
    sections: Sequence[Mapping[str, Any]] = ()
    kept: Mapping[str, Kept] | None = None
    blocked: tuple[Blocked, ...] = ()
    # Those of its pictures, films and sounds that may be shown.
    usable: frozenset[str] = frozenset()
    # Instants to come at which something else may hold, unless somebody changes something.
    edges: tuple[datetime, ...] = ()
    # Taken down, or of a vendor that no longer supplies: not an item whose page is still to be written.
    is_down: bool = False

    @property
    def slots(self) -> dict[str, Any]:
        """The values that show, by slot name."""
        own: Mapping[str, Any] = (self.revision.body.get("slots") or {}) if self.revision else {}
        return {**own, **{name: each.value for name, each in (self.kept or {}).items()}}

    def sealed(self, part: str) -> dict[str, Mapping[str, Any]]:
        """What was approved of assets (`pictures` or `recordings`), by their ids, those that stand in among them."""
        bodies = [each.revision.body for each in (self.kept or {}).values()]
        bodies += [self.revision.body] if self.revision else []
        return {asset_id: said for body in bodies for asset_id, said in (body.get(part) or {}).items()}


# --- the rule --------------------------------------------------------------------------------------


def is_for(publication: Publication, place: Place) -> bool:
    """Whether a publication speaks of a place and its language, at whichever instant."""
    return (publication.store_ids is None or place.store_id in publication.store_ids) and (
        publication.locales is None or place.locale in publication.locales
    )


def covers(publication: Publication, place: Place, *, at: datetime) -> bool:
    """Whether a publication speaks of a place at an instant."""
    is_now = publication.from_at <= at and (publication.until_at is None or at < publication.until_at)
    return is_now and is_for(publication, place) and is_within(publication.weekly, place.zone, at)


def find_holding(publications: Iterable[Publication], place: Place, *, at: datetime) -> Publication | None:
    """Of an item's publications, newest first, the one that holds at a place at an instant."""
    return next((row for row in publications if covers(row, place, at=at)), None)


def list_edges(
    publications: Iterable[Publication], place: Place, *, since: datetime, until: datetime
) -> list[datetime]:
    """The instants after `since` and up to `until` at which another of these may hold at a place, in order."""
    edges: set[datetime] = set()
    for row in publications:
        if not is_for(row, place):
            continue
        edges.update(each for each in (row.from_at, row.until_at) if each and since < each <= until)
        begins, ends = max(since, row.from_at), min(until, row.until_at or until)
        if row.weekly is not None and begins < ends:
            edges.update(list_turns(row.weekly, place.zone, since=begins, until=ends))
    return sorted(edges)


def list_publications(db: Session, item_id: str) -> list[Publication]:
    """All of an item's publications, newest first: of those that cover an instant and a place, the first holds."""
    wanted = select(Publication).where(Publication.item_id == item_id)
    return list(db.scalars(wanted.order_by(Publication.created_at.desc(), Publication.id.desc())))


# --- what shows ------------------------------------------------------------------------------------


def hold(
    db: Session,
    items: Collection[Item],
    *,
    store_ids: Mapping[str, str] | Mapping[str, str | None],
    locale: str | None,
    at: datetime,
) -> dict[str, Held]:
    """What holds of these items, by item id; the number of statements does not grow with theirs.

    :param store_ids: where each is looked at, by item id; those left out nowhere in particular.
    :param locale: the language they are looked at in; None for the first one of each item's retailer.
    """
    rows = _rows_of(db, [item.id for item in items], at)
    hidden = _suspended_of(db, items)
    places = _find_places(db, items, store_ids, locale)
    covering = {
        item_id: [row for row in rows[item_id] if covers(row, place, at=at)] for item_id, place in places.items()
    }
    shown = _Shown(db, {key: [] if key in hidden else each for key, each in covering.items()}, at)
    return {
        item_id: shown.held(
            item_id,
            next(iter(covering[item_id]), None),
            item_id in hidden,
            [
                each
                for row in rows[item_id]
                if is_for(row, place)
                for each in (row.from_at, row.until_at)
                if each is not None and each > at
            ]
            + list_edges((row for row in rows[item_id] if row.weekly), place, since=at, until=at + HORIZON),
        )
        for item_id, place in places.items()
    }


def list_down_ids(
    db: Session,
    items: Collection[Item],
    *,
    store_ids: Mapping[str, str] | Mapping[str, str | None],
    locale: str | None,
    at: datetime,
) -> set[str]:
    """The ids of those of these items that are taken down where they are looked at, or whose vendor supplies no more.

    :param store_ids: as for `hold`.
    :param locale: as for `hold`.
    """
    rows = _rows_of(db, [item.id for item in items], at)
    places = _find_places(db, items, store_ids, locale)
    held = {item_id: find_holding(rows[item_id], place, at=at) for item_id, place in places.items()}
    down = {item_id for item_id, row in held.items() if row is not None and row.revision_id is None}
    return down | _suspended_of(db, items)


class _Shown:
    """The pages that hold of several items, read together, and what stands in where their slots are blocked."""

    def __init__(self, db: Session, covering: Mapping[str, Sequence[Publication]], at: datetime) -> None:
        """:param covering: the publications that cover the place of each item, newest first."""
        self._db, self._at = db, at
        self._piles = {item_id: _above_take_down(rows) for item_id, rows in covering.items()}
        self._read: dict[str, tuple[Revision, Sequence[Mapping[str, Any]]]] = {}
        self._load({pile[0] for pile in self._piles.values() if pile})
        tops = {item_id: _media_of(*self._read[pile[0]]) for item_id, pile in self._piles.items() if pile}
        self._assets = {item_id: [each for ids in media.values() for each in ids] for item_id, media in tops.items()}
        self._usable = list_usable_ids(db, {each for ids in self._assets.values() for each in ids}, at=at)
        self._blocked = {
            item_id: [name for name, ids in media.items() if not self._usable.intersection(ids)]
            for item_id, media in tops.items()
        }
        self._look_underneath()
        self._turns = list_edges_of(db, {each for ids in self._assets.values() for each in ids}, at=at)

    def held(self, item_id: str, publication: Publication | None, is_hidden: bool, edges: list[datetime]) -> Held:
        pile = self._piles.get(item_id)
        if not pile:
            is_down = is_hidden or (publication is not None and publication.revision_id is None)
            return Held(publication, edges=tuple(sorted(set(edges))), is_down=is_down)
        revision, sections = self._read[pile[0]]
        kept = {name: found for name in self._blocked[item_id] if (found := self._find_kept(item_id, name))}
        labels = _labels_of(sections)
        return Held(
            publication,
            revision,
            sections,
            kept,
            tuple(Blocked(name, labels[name], name in kept) for name in self._blocked[item_id]),
            frozenset(self._usable.intersection(self._assets[item_id])),
            tuple(sorted({*edges, *(turn for each in self._assets[item_id] for turn in self._turns.get(each, ()))})),
        )

    def _load(self, revision_ids: Collection[str]) -> None:
        wanted = select(Revision, TemplateVersion).join(
            TemplateVersion, TemplateVersion.id == Revision.template_version_id
        )
        missing = set(revision_ids) - self._read.keys()
        if missing:
            rows = self._db.execute(wanted.where(Revision.id.in_(missing)))
            self._read.update({revision.id: (revision, version.sections) for revision, version in rows})

    def _look_underneath(self) -> None:
        """Read what lies under the pages with blocked slots."""
        below = {item_id: self._piles[item_id][1:] for item_id, names in self._blocked.items() if names}
        self._load({each for pile in below.values() for each in pile})
        for item_id, pile in below.items():
            media = [_media_of(*self._read[each]) for each in pile]
            self._assets[item_id] += [
                each for name in self._blocked[item_id] for values in media for each in values.get(name, ())
            ]
        found = {each for item_id in below for each in self._assets[item_id]}
        self._usable |= list_usable_ids(self._db, found, at=self._at)

    def _find_kept(self, item_id: str, name: str) -> Kept | None:
        top, *below = (self._read[each] for each in self._piles[item_id])
        for revision, sections in below:
            ids = _media_of(revision, sections).get(name, ())
            if self._usable.intersection(ids) and _nature_of(sections, name) == _nature_of(top[1], name):
                return Kept(revision, (revision.body.get("slots") or {})[name])
        return None


def _above_take_down(rows: Sequence[Publication]) -> list[str]:
    """The revisions of these publications, each once, as far as the newest take-down among them."""
    found: list[str] = []
    for row in rows:
        if row.revision_id is None:
            break
        if row.revision_id not in found:
            found.append(row.revision_id)
    return found


def _media_of(revision: Revision, sections: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The assets in each of a revision's slots that holds some, by slot name; not in those the retailer fills."""
    values = revision.body.get("slots") or {}
    found = {}
    for section in sections:
        for slot in section.get("slots", ()):
            name = f"{section['key']}.{slot['key']}"
            value = values.get(name)
            if slot["kind"] in ASSET_KINDS and slot.get("lock") != Lock.FIXED and isinstance(value, list) and value:
                found[name] = [str(each) for each in value]
    return found


def _nature_of(sections: Iterable[Mapping[str, Any]], name: str) -> tuple[object, ...] | None:
    """What two slots of one name must share for a value of the one to stand in the other."""
    for section in sections:
        for slot in section.get("slots", ()):
            if f"{section['key']}.{slot['key']}" == name:
                is_for_staff = section["kind"] == "staff" or slot.get("audience") == "staff"
                return slot["kind"], is_for_staff
    return None


def _labels_of(sections: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"{section['key']}.{slot['key']}": str(slot.get("label") or slot["key"])
        for section in sections
        for slot in section.get("slots", ())
    }


def _rows_of(db: Session, item_ids: Collection[str], at: datetime) -> dict[str, list[Publication]]:
    """The publications of each item that are not over, newest first."""
    rows: dict[str, list[Publication]] = defaultdict(list)
    wanted = select(Publication).where(
        Publication.item_id.in_(list(item_ids)), or_(Publication.until_at.is_(None), Publication.until_at > at)
    )
    for row in db.scalars(wanted.order_by(Publication.created_at.desc(), Publication.id.desc())):
        rows[row.item_id].append(row)
    return rows


def _find_places(
    db: Session, items: Collection[Item], store_ids: Mapping[str, str] | Mapping[str, str | None], locale: str | None
) -> dict[str, Place]:
    homes = {each: db.get_one(Retailer, each) for each in {item.retailer_id for item in items}}
    zones = _zones_of(db, {each for each in store_ids.values() if each})
    return {
        item.id: Place(
            store_id := store_ids.get(item.id),
            zones.get(store_id or "", homes[item.retailer_id].time_zone),
            locale or homes[item.retailer_id].default_locale,
        )
        for item in items
    }


def _zones_of(db: Session, store_ids: Collection[str]) -> dict[str, str]:
    """The time zones of stores, by id."""
    if not store_ids:
        return {}
    return dict(db.execute(select(Store.id, Store.time_zone).where(Store.id.in_(store_ids))).all())


def _suspended_of(db: Session, items: Collection[Item]) -> set[str]:
    """The ids of those items whose vendor no longer supplies their retailer: its words and pictures are hidden."""
    ended = select(Supply.retailer_id, Supply.vendor_id).where(
        Supply.vendor_id.in_({item.vendor_id for item in items}), Supply.ended_at.is_not(None)
    )
    hidden = {(retailer_id, vendor_id) for retailer_id, vendor_id in db.execute(ended)} if items else set()
    return {item.id for item in items if (item.retailer_id, item.vendor_id) in hidden}


# --- somewhere -------------------------------------------------------------------------------------


def shows_somewhere(db: Session, *, at: datetime, retailer_id: str | None = None) -> ColumnElement[bool]:
    """A condition on `Item`: a page of it shows in some place and language at an instant.

    :param retailer_id: whose items are asked for; those that the session may see unless given.
    """
    by_hours = select(Publication).where(*_stands(at), Publication.weekly.is_not(None))
    rows = list(db.scalars(by_hours.where(Publication.retailer_id == retailer_id) if retailer_id else by_hours))
    clocks = _clocks_of(db, {row.retailer_id for row in rows}) if rows else {}
    # Where its hours hold on some wall it shows, or a newer one on top of it.
    open_now = {
        row.item_id
        for row in rows
        if any(
            is_within(row.weekly, zone, at)
            for store_id, zone in clocks[row.retailer_id].items()
            if row.store_ids is None or store_id in row.store_ids
        )
    }
    always = select(Publication.item_id).where(*_stands(at), Publication.weekly.is_(None))
    return and_(or_(Item.id.in_(always), Item.id.in_(open_now)), not_(_suspended()))


def shows_in(db: Session, store: Store, locale: str, *, at: datetime) -> ColumnElement[bool]:
    """A condition on `Item`: a page of it shows in a store, in a language, at an instant."""
    place = Place(store.id, store.time_zone, locale)
    limits = (Publication.store_ids, Publication.locales, Publication.weekly)
    mine = (*_stands(at), Publication.retailer_id == store.retailer_id)
    limited = db.scalars(select(Publication).where(*mine, or_(*(each.is_not(None) for each in limits))))
    here = {row.item_id for row in limited if covers(row, place, at=at)}
    everywhere = select(Publication.item_id).where(*mine, *(each.is_(None) for each in limits))
    return and_(or_(Item.id.in_(everywhere), Item.id.in_(here)), not_(_suspended()))


def list_edges_in(db: Session, store: Store, locale: str, *, at: datetime) -> list[datetime]:
    """Instants to come at which `shows_in` may say something else, unless somebody changes something."""
    mine = Publication.retailer_id == store.retailer_id
    edges = [
        db.scalar(select(func.min(edge)).where(mine, edge > at)) for edge in (Publication.from_at, Publication.until_at)
    ]
    turning = select(Publication).where(
        mine, Publication.weekly.is_not(None), or_(Publication.until_at.is_(None), Publication.until_at > at)
    )
    place = Place(store.id, store.time_zone, locale)
    turns = list_edges(db.scalars(turning), place, since=at, until=at + HORIZON)
    return [*(edge for edge in edges if edge), *turns[:1]]


def _suspended() -> ColumnElement[bool]:
    """A condition on `Item`: its vendor no longer supplies its retailer."""
    return exists().where(
        Supply.retailer_id == Item.retailer_id, Supply.vendor_id == Item.vendor_id, Supply.ended_at.is_not(None)
    )


def _stands(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of `Publication`: it has a revision, has begun, is not over, and nothing was taken down after it."""
    down = aliased(Publication)
    taken_down = exists().where(
        down.item_id == Publication.item_id,
        down.revision_id.is_(None),
        down.from_at <= at,
        down.created_at > Publication.created_at,
    )
    return (
        Publication.revision_id.is_not(None),
        Publication.from_at <= at,
        or_(Publication.until_at.is_(None), Publication.until_at > at),
        not_(taken_down),
    )


def _clocks_of(db: Session, retailer_ids: Collection[str]) -> dict[str, dict[str | None, str]]:
    """The time zone of each of these retailers' stores, by its id, and of the house itself (None), by retailer."""
    homes = select(Retailer.id, Retailer.time_zone).where(Retailer.id.in_(retailer_ids))
    found: dict[str, dict[str | None, str]] = {retailer_id: {None: zone} for retailer_id, zone in db.execute(homes)}
    stores = select(Store.retailer_id, Store.id, Store.time_zone).where(Store.retailer_id.in_(retailer_ids))
    for retailer_id, store_id, zone in db.execute(stores.order_by(Store.code)):
        found[retailer_id][store_id] = zone
    return found


def list_shown_ids(db: Session, item_ids: Collection[str], *, at: datetime) -> set[str]:
    """Those of these items of which a page shows somewhere at an instant."""
    return set(db.scalars(select(Item.id).where(Item.id.in_(list(item_ids)), shows_somewhere(db, at=at))))


def find_shown(db: Session, item_id: str, *, at: datetime) -> Publication | None:
    """The newest publication with a revision that holds for an item somewhere, at an instant.

    None where the item's vendor is suspended, whose words and pictures are hidden.
    """
    return find_shown_of(db, [item_id], at=at).get(item_id)


def find_shown_of(db: Session, item_ids: Collection[str], *, at: datetime) -> dict[str, Publication]:
    """`find_shown` of several items, by item id; those of which nothing shows are left out."""
    items = list(db.scalars(select(Item).where(Item.id.in_(list(item_ids)))))
    hidden = _suspended_of(db, items)
    found = {}
    for item_id, (rows, places) in list_places_of(db, items, at=at).items():
        held = [find_holding(rows, place, at=at) for place in places] if item_id not in hidden else []
        shown = next((row for row in rows if row.revision_id and any(row is each for each in held)), None)
        if shown is not None:
            found[item_id] = shown
    return found


def list_places_of(
    db: Session, items: Collection[Item], *, at: datetime
) -> dict[str, tuple[list[Publication], list[Place]]]:
    """The publications of each item that are not over, newest first, and the places that tell them apart.

    Two stores, or languages, of which the publications say the same are told apart by their clocks only.
    """
    rows = _rows_of(db, [item.id for item in items], at)
    retailer_ids = {item.retailer_id for item in items}
    retailers = {each.id: each for each in db.scalars(select(Retailer).where(Retailer.id.in_(retailer_ids)))}
    clocks = _clocks_of(db, retailer_ids)
    return {
        item.id: (rows[item.id], _places_of(rows[item.id], retailers[item.retailer_id], clocks[item.retailer_id]))
        for item in items
    }


def _places_of(rows: Sequence[Publication], retailer: Retailer, clocks: Mapping[str | None, str]) -> list[Place]:
    named = {each for row in rows for each in row.store_ids or ()}
    tells_time = any(row.weekly for row in rows)
    zones: dict[str | None, str] = {None: retailer.time_zone}
    # One store that no publication names stands for all others with its clock.
    seen = {retailer.time_zone}
    for store_id, zone in clocks.items():
        if store_id in named:
            zones[store_id] = zone
        elif tells_time and zone not in seen:
            seen.add(zone)
            zones[store_id] = zone
    every = dict.fromkeys((retailer.default_locale, *retailer.locales))
    locales = every if any(row.locales for row in rows) else [retailer.default_locale]
    return [Place(store_id, zone, locale) for store_id, zone in zones.items() for locale in locales]


def find_publication(
    db: Session, item_id: str, *, store_id: str | None, at: datetime, locale: str = ""
) -> Publication | None:
    """The publication that holds for an item in a store at an instant; without a revision it is a take-down.

    :param locale: the language asked for; the retailer's first one unless given.
    """
    rows = list_publications(db, item_id)
    if not rows:
        return None
    return find_holding(rows, get_place(db, rows[0].retailer_id, store_id=store_id, locale=locale), at=at)


def get_place(db: Session, retailer_id: str, *, store_id: str | None, locale: str = "") -> Place:
    """A place of a retailer's by its ids; the language is the retailer's first one unless given."""
    retailer = db.get_one(Retailer, retailer_id)
    zone = _zones_of(db, [store_id]).get(store_id) if store_id else None
    return Place(store_id, zone or retailer.time_zone, locale or retailer.default_locale)

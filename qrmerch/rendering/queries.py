"""What stands on an item's page at one instant, gathered from the rooms that know it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.calls.queries import Coming, find_coming
from qrmerch.catalog.models import Item, Stock, Variant
from qrmerch.catalog.queries import get_item, was_prices
from qrmerch.content.holding import Held, hold, list_down_ids
from qrmerch.content.models import PageTemplate, Publication, Revision, Style, TemplateVersion
from qrmerch.content.queries import fixed_values, list_fixed_edges
from qrmerch.content.slots import has_shape, read_slots
from qrmerch.looks.models import Look, LookItem
from qrmerch.looks.queries import find_look_with
from qrmerch.offers.models import Offer
from qrmerch.offers.queries import list_offers_on
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_stores
from qrmerch.rendering.around import sort_nearest
from qrmerch.rendering.frame import House, load_house
from qrmerch.rendering.offered import list_offered
from qrmerch.rendering.opening import opening_edges
from qrmerch.rendering.sections import Source, read_gallery
from qrmerch.rendering.wording import Shelf, is_live

_MAX_LOOK_PIECES, _MAX_ALTERNATIVES, _MAX_LOOKED_AT = 4, 4, 40


@dataclass(frozen=True, slots=True)
class Scene:
    """One item in one place: whose it is, what is published of it, what there is, what is promised."""

    item: Item
    retailer: Retailer
    house: House
    # The languages this page is offered in, first one first.
    offered: tuple[str, ...]
    store: Store | None
    style: str
    source: Source
    is_published: bool
    # Taken down, or of a vendor that no longer supplies: nothing of it is shown or promised.
    is_down: bool
    maker: str
    shelf: Shelf
    # Live ones first to end first; what begins later counts only for `edges`.
    offers: tuple[Offer, ...]
    # Instants after now at which something here changes by itself.
    edges: tuple[datetime, ...]
    # The shopper said that they are in no store.
    is_nowhere: bool = False
    # The key of the variant that the printed code is of.
    pick: str = ""
    # Opened by somebody who need not stand in the store.
    is_away: bool = False
    # Somebody comes to who calls in the store.
    is_staffed: bool = False

    @property
    def zone(self) -> str:
        return self.store.time_zone if self.store else self.retailer.time_zone


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """The picture that stands for an item, and what it was said to show, by locale, when that was approved."""

    asset_id: str
    alt: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class _Live:
    style: str
    source: Source
    maker: str
    # When a fixed line gives way to another.
    edges: tuple[datetime, ...]


def load_scene(
    db: Session,
    *,
    item_id: str,
    store_id: str | None,
    locale: str,
    at: datetime,
    revision: Revision | None = None,
    house: House | None = None,
    version: TemplateVersion | None = None,
) -> Scene:
    """What stands on an item's page.

    :param revision: shown instead of what is published; a draft too.
    :param house: a brand to show it in; the retailer's present one unless given.
    :param version: a version of a template to show a revision in, kept or not; its own unless given.
    :raises NotFound: there is no such item.
    """
    item = get_item(db, item_id)
    retailer = db.get_one(Retailer, item.retailer_id)
    house = house or load_house(db, retailer.id, at=at)
    stores = [store for store in list_stores(db, retailer.id) if store.is_open]
    store = next((each for each in stores if each.id == store_id), None)
    stores = sort_nearest(stores, store)
    held = hold(db, [item], store_ids={item.id: store_id}, locale=locale, at=at)[item.id]
    offered = house.locales if revision else list_offered(db, house, held.revision)
    edges = [*held.edges]
    if locale in house.hidden and locale not in offered:
        # What is published for that language only is not what the first one shows.
        locale = house.first
        held = hold(db, [item], store_ids={item.id: store_id}, locale=locale, at=at)[item.id]
        edges += held.edges
    shown = Held(None, revision) if revision else held
    live = _read_held(db, shown, version, locale=locale, house=house, at=at) if shown.revision else None
    offers = _list_offers(db, item, retailer, store, at=at)
    edges += [edge for offer in offers for edge in (offer.from_at, offer.until_at)]
    edges += opening_edges(store, at) if store else []
    coming = find_coming(db, store, at=at) if store else Coming(False)
    edges += [coming.changes_at] if coming.changes_at else []
    edges += live.edges if live else ()
    edges += [house.until] if house.until else []
    default = Source((), {}, (), locale, house.locales)
    return Scene(
        item=item,
        retailer=retailer,
        house=house,
        offered=offered,
        store=store,
        style=live.style if live else default_style(db, retailer.id),
        source=live.source if live else default,
        is_published=live is not None,
        is_down=shown.is_down,
        maker=live.maker if live else "",
        shelf=load_shelves(db, [item], {retailer.id: stores}, {retailer.id: stock_limit(retailer)}, at=at)[item.id],
        offers=tuple(offer for offer in offers if is_live(offer, at)),
        edges=tuple(edge for edge in edges if edge > at),
        is_staffed=coming.is_possible,
    )


def _list_offers(db: Session, item: Item, retailer: Retailer, store: Store | None, *, at: datetime) -> list[Offer]:
    """The offers on an item there, running and to come, without those that its retailer does not make."""
    found = list_offers_on(db, item.id, store_id=store.id if store else None, at=at)
    return [offer for offer in found if not (retailer.no_discount and offer.kind.is_discount)]


def has_section(db: Session, item: Item, kind: str, *, store_id: str | None, locale: str, at: datetime) -> bool:
    """Whether what shows of an item, where it is looked at, has a section of a kind."""
    held = hold(db, [item], store_ids={item.id: store_id}, locale=locale, at=at)[item.id]
    return held.revision is not None and any(section["kind"] == kind for section in held.sections)


def load_shelves(
    db: Session,
    items: Collection[Item],
    stores: Mapping[str, Sequence[Store]],
    limits: Mapping[str, timedelta],
    *,
    at: datetime,
) -> dict[str, Shelf]:
    """Each item's shown variants with their was-prices, and what the stores have of them, by item id.

    :param stores: the open stores of each item's retailer, by its id.
    :param limits: how long a figure of stock counts at each retailer, by its id.
    """
    shown = select(Variant).where(Variant.item_id.in_([item.id for item in items]), Variant.is_hidden.is_(False))
    variants: dict[str, list[Variant]] = defaultdict(list)
    for variant in db.scalars(shown.order_by(Variant.place, Variant.id)):
        variants[variant.item_id].append(variant)
    ids = [variant.id for each in variants.values() for variant in each]
    wanted = select(Stock.retailer_id, Stock.store_id, Stock.variant_id, Stock.pieces, Stock.as_of)
    pieces: dict[tuple[str, str], int] = {}
    old: set[tuple[str, str]] = set()
    for retailer_id, store_id, variant_id, count, as_of in db.execute(wanted.where(Stock.variant_id.in_(ids))):
        if as_of + limits[retailer_id] > at:
            pieces[store_id, variant_id] = count
        else:
            old.add((store_id, variant_id))
    was = was_prices(db, ids, at)
    return {item.id: Shelf(variants[item.id], was, pieces, stores[item.retailer_id], old) for item in items}


def stock_limit(retailer: Retailer) -> timedelta:
    """How long a figure of stock counts."""
    return timedelta(hours=retailer.stock_limit_hours)


def find_stock_edge(db: Session, item_ids: Collection[str], *, limit: timedelta, at: datetime) -> datetime | None:
    """When the first of these items' figures of stock becomes too old to be shown; None where none will."""
    oldest = select(func.min(Stock.as_of)).join(Variant, Variant.id == Stock.variant_id)
    as_of: datetime | None = db.scalar(oldest.where(Variant.item_id.in_(item_ids), Stock.as_of > at - limit))
    return as_of + limit if as_of else None


def list_look_items(db: Session, item: Item) -> tuple[Look | None, list[Item]]:
    """The newest published look with this item, and the other items in it that are sold."""
    look = find_look_with(db, item.id)
    if look is None:
        return None, []
    others = select(Item).join(LookItem, LookItem.item_id == Item.id)
    others = others.where(LookItem.look_id == look.id, Item.id != item.id, Item.is_retired.is_(False))
    return look, list(db.scalars(others.order_by(LookItem.place).limit(_MAX_LOOK_PIECES)))


def list_shown_look(
    db: Session, item: Item, *, store_id: str | None, locale: str, at: datetime
) -> tuple[Look | None, list[Item]]:
    """`list_look_items` without those that are taken down where they are looked at."""
    look, items = list_look_items(db, item)
    down = list_down_ids(db, items, store_ids={each.id: store_id for each in items}, locale=locale, at=at)
    return look, [each for each in items if each.id not in down]


def list_alternatives(
    db: Session, item: Item, *, store_id: str | None, locale: str, at: datetime, has_look: bool = True
) -> tuple[list[Item], list[datetime]]:
    """What to show in place of an item that is no longer sold, and the instants to come at which that may change.

    Others of its category that have a page of their own where it is looked at (a vendor's words that nobody at the
    retailer has read stand nowhere), then its look's.

    :param has_look: whether those of its look stand for it too.
    """
    if not has_look and not item.category:
        # What belongs to no category is like nothing.
        return [], []
    found = list_shown_look(db, item, store_id=store_id, locale=locale, at=at)[1] if has_look else []
    taken = [item.id, *(each.id for each in found)]
    published = select(Publication.id).where(Publication.item_id == Item.id, Publication.revision_id.is_not(None))
    same = select(Item).where(
        Item.retailer_id == item.retailer_id,
        Item.category == item.category,
        Item.is_retired.is_(False),
        Item.id.not_in(taken),
        published.exists(),
    )
    newest = list(db.scalars(same.order_by(Item.created_at.desc(), Item.id).limit(_MAX_LOOKED_AT)))
    held = hold(db, newest, store_ids={each.id: store_id for each in newest}, locale=locale, at=at)
    alike = [each for each in newest if held[each.id].revision is not None]
    edges = [edge for each in held.values() for edge in each.edges]
    return (alike + found)[:_MAX_ALTERNATIVES], edges


def list_first_pictures(
    db: Session, items: Collection[Item], *, store_ids: Mapping[str, str], locale: str | None, at: datetime
) -> dict[str, FirstPicture]:
    """Each item's first published picture that may be shown, by item id; items without one are left out.

    :param store_ids: where items are looked at, by item id; elsewhere is nowhere in particular.
    :param locale: None for the first language of each item's retailer.
    """
    return load_cards(db, items, store_ids=store_ids, locale=locale, at=at)[0]


def load_cards(
    db: Session, items: Collection[Item], *, store_ids: Mapping[str, str], locale: str | None, at: datetime
) -> tuple[dict[str, FirstPicture], set[str]]:
    """`list_first_pictures`, and the ids of those items that are taken down."""
    found, held = {}, hold(db, items, store_ids=store_ids, locale=locale, at=at)
    for item_id, each in held.items():
        gallery = read_gallery(Source(each.sections, each.slots, (), "", ()))
        first = next((picture for picture in gallery if picture in each.usable), None)
        if first is not None:
            found[item_id] = FirstPicture(first, _alts(each).get(first))
    return found, {item_id for item_id, each in held.items() if each.is_down}


def list_card_edges(
    db: Session, item_ids: Collection[str], *, store_id: str | None, locale: str, at: datetime
) -> list[datetime]:
    """The instants after this one at which one of these items' cards, seen in a store, may show something else."""
    if not item_ids:
        return []
    items = list(db.scalars(select(Item).where(Item.id.in_(list(item_ids)))))
    held = hold(db, items, store_ids={each.id: store_id for each in items}, locale=locale, at=at)
    return [edge for each in held.values() for edge in each.edges]


def _read_held(
    db: Session, held: Held, version: TemplateVersion | None, *, locale: str, house: House, at: datetime
) -> _Live:
    revision = cast(Revision, held.revision)
    version = version or db.get_one(TemplateVersion, revision.template_version_id)
    template, newest = _template_of(db, version)
    product: dict[str, Any] = revision.body.get("product") or {}
    slots = {**held.slots, **_fixed_for(db, version, newest, at)}
    facts = product.get("facts") or ()
    source = Source(version.sections, slots, facts, locale, house.locales, _alts(held), held.sealed("recordings"))
    edges = tuple(list_fixed_edges(db, template.id, at=at))
    return _Live(str(template.style), source, str(product.get("maker") or ""), edges)


def _template_of(db: Session, version: TemplateVersion) -> tuple[PageTemplate, TemplateVersion]:
    """The template that a version is of, and its newest version."""
    wanted = select(PageTemplate, TemplateVersion).join(TemplateVersion, TemplateVersion.template_id == PageTemplate.id)
    wanted = wanted.where(PageTemplate.id == version.template_id).order_by(TemplateVersion.number.desc()).limit(1)
    template, newest = db.execute(wanted).one()
    return template, newest


def _fixed_for(db: Session, version: TemplateVersion, newest: TemplateVersion, at: datetime) -> dict[str, Any]:
    """The retailer's values for a page in this version: of slots fixed in it, or fixed by now.

    A value from when the slot was of another kind is none, nor is one that is written for associates by now.
    """
    values = fixed_values(db, version.template_id, at=at)
    slots, newest_slots = read_slots(version.sections), read_slots(newest.sections)
    fixed = {name for each in (slots, newest_slots) for name, slot in each.items() if slot.is_fixed}
    fixed -= {name for name, slot in newest_slots.items() if slot.is_for_staff}
    return {
        name: value
        for name, value in values.items()
        if name in fixed and name in slots and has_shape(slots[name], value)
    }


def _alts(held: Held) -> dict[str, Mapping[str, str]]:
    """What the pictures were said to show when they were sent, by asset id; empty for a draft."""
    return {asset_id: each.get("alt") or {} for asset_id, each in held.sealed("pictures").items()}


def default_style(db: Session, retailer_id: str) -> str:
    """How the retailer's usual template is set."""
    wanted = select(PageTemplate.style).where(PageTemplate.retailer_id == retailer_id, PageTemplate.is_default)
    style = db.scalars(wanted.limit(1)).one_or_none()
    return str(style or Style.EVERYDAY)

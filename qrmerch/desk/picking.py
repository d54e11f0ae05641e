"""Choosing items and places: the boxes that codes and signs are asked for with, and what was ticked in them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_categories, list_items
from qrmerch.codes.models import Code
from qrmerch.codes.service import Place
from qrmerch.desk.code_pages import Filter, Options, Picks, PlaceGroup
from qrmerch.errors import NotFound
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.parties.queries import list_fixtures, list_stores

NO_PLACE: Final = "none"
ITEMS_SHOWN: Final = 100
READ_AT_ONCE: Final = 500
_PLACES_SHOWN: Final = 300
_MAX_TEXT_CHARS: Final = 120


def read_filter(said: MultiDict[str, str]) -> Filter:
    """What a form or an address says."""
    return Filter(
        find=said.get("find", "")[:_MAX_TEXT_CHARS],
        category=said.get("category", "")[:_MAX_TEXT_CHARS],
        store_id=said.get("store", ""),
    )


def show_picks(
    db: Session, retailer: Retailer, wanted: Filter, item_ids: tuple[str, ...], *, is_sold_only: bool = False
) -> Picks:
    """The boxes; what was ticked before stays ticked, though the filter shows something else."""
    stores = list_stores(db, retailer.id)
    lines, total = list_items(db, retailer.id, find=wanted.find, category=wanted.category, per_page=ITEMS_SHOWN)
    shown = {line.item.id: line.item.title for line in lines if not (is_sold_only and line.item.is_retired)}
    missing = [each for each in item_ids if each not in shown][:READ_AT_ONCE]
    chosen = {item.id: item.title for item in db.scalars(select(Item).where(Item.id.in_(missing)))}
    places, left_out = _list_places(db, retailer, stores, wanted.store_id)
    return Picks(
        filter=wanted,
        categories=(("", "All categories"), *((each, each) for each in list_categories(db, retailer.id))),
        stores=(("", "All stores"), *((store.id, store.short_name) for store in stores)),
        items=tuple({**chosen, **shown}.items()),
        items_total=total,
        places=places,
        left_out_places=left_out,
        chosen_items=item_ids,
    )


def load_items(db: Session, item_ids: Sequence[str]) -> list[Item]:
    """The items with these ids, each once, in no order.

    :raises NotFound: one is not there, or another retailer's.
    """
    ids = list(dict.fromkeys(item_ids))
    found: list[Item] = []
    for begin in range(0, len(ids), READ_AT_ONCE):
        found += db.scalars(select(Item).where(Item.id.in_(ids[begin : begin + READ_AT_ONCE])))
    if len(found) < len(ids):
        raise NotFound("One of these items is not here any more. Reload the page and choose again.")
    return found


def load_places(db: Session, values: Sequence[str]) -> list[Place]:
    """The places that the form names, each once: `store:ID`, `place:ID` or `none`.

    :raises NotFound: one is not there, or another retailer's.
    """
    wanted = list(dict.fromkeys(values))
    stores = {store.id: store for store in db.scalars(select(Store).where(Store.id.in_(_ids(wanted, "store"))))}
    fixtures: dict[str, Fixture] = {}
    fixture_ids = _ids(wanted, "place")
    for begin in range(0, len(fixture_ids), READ_AT_ONCE):
        some = select(Fixture).where(Fixture.id.in_(fixture_ids[begin : begin + READ_AT_ONCE]))
        fixtures.update({fixture.id: fixture for fixture in db.scalars(some)})
    places: list[Place] = []
    for value in wanted:
        kind, _, row_id = value.partition(":")
        place = stores.get(row_id) if kind == "store" else fixtures.get(row_id)
        if place is None and value != NO_PLACE:
            raise NotFound("One of these places is not here any more. Reload the page and choose again.")
        places.append(place)
    return places


def place_value(code: Code) -> str:
    """What a form calls the place of a code."""
    if code.fixture_id:
        return f"place:{code.fixture_id}"
    return f"store:{code.store_id}" if code.store_id else NO_PLACE


def _ids(values: Sequence[str], kind: str) -> list[str]:
    return [value.partition(":")[2] for value in values if value.startswith(f"{kind}:")]


def _list_places(
    db: Session, retailer: Retailer, stores: Sequence[Store], store_id: str
) -> tuple[tuple[PlaceGroup, ...], int]:
    """The places to choose from, store by store, and how many more there are."""
    by_store: dict[str, list[Fixture]] = defaultdict(list)
    for fixture in list_fixtures(db, retailer.id):
        by_store[fixture.store_id].append(fixture)
    groups: list[PlaceGroup] = []
    shown = left_out = 0
    for store in stores:
        if store_id and store.id != store_id:
            continue
        fixtures = by_store[store.id]
        if shown + len(fixtures) > _PLACES_SHOWN and groups:
            left_out += len(fixtures)
            continue
        shown += len(fixtures)
        own: Options = tuple((f"place:{fixture.id}", fixture.name) for fixture in fixtures)
        groups.append(PlaceGroup(store.short_name, ((f"store:{store.id}", "The store as a whole"), *own)))
    return tuple(groups), left_out

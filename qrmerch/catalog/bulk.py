"""Prices and stock of many variants at once: compared first, then written in a few statements.

In: figures with the instant they were true at. Out: what each would do, or did. Never: an older figure in the place
of a newer one, or a price in the history that changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import String, Table, and_, case, func, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item, PriceHistory, Stock, Variant, WarehouseStock
from qrmerch.db import lock_for_chain
from qrmerch.parties.models import PageChange

Outcome = Literal["created", "updated", "unchanged", "older"]
_AT_ONCE: Final = 500
# More items than this in one stretch are told as one change of everything: pages are dropped once, not row by row.
_MANY_ITEMS: Final = 300


@dataclass(frozen=True, slots=True)
class VariantKey:
    """What a variant can be named by, and how people call it."""

    id: str
    item_id: str
    public_id: str
    title: str
    key: str
    sku: str
    gtin: str | None
    options: Mapping[str, Any]
    price_minor: int | None

    @property
    def name(self) -> str:
        """`Marigold Top, Marigold / M`"""
        return ", ".join(part for part in (self.title, " / ".join(map(str, self.options.values()))) if part)


@dataclass(frozen=True, slots=True)
class StockFigure:
    """Pieces of a variant in a store or a warehouse, as counted at an instant."""

    place_id: str
    is_warehouse: bool
    variant_id: str
    item_id: str
    pieces: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class PriceFigure:
    """A variant's price from an instant on."""

    variant_id: str
    item_id: str
    price_minor: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """What a figure would do, and the value and instant that are kept now."""

    outcome: Outcome
    now: int | None
    as_of: datetime | None


def list_variant_keys(db: Session, retailer_id: str) -> list[VariantKey]:
    """Every variant of a retailer, hidden ones and those of retired items too."""
    wanted = select(
        Variant.id,
        Variant.item_id,
        Item.public_id,
        Item.title,
        Variant.key,
        Variant.sku,
        Variant.gtin,
        Variant.options,
        Variant.price_minor,
    ).join(Item, Item.id == Variant.item_id)
    return [VariantKey(*row) for row in db.execute(wanted.where(Variant.retailer_id == retailer_id))]


def compare_stock(db: Session, figures: Sequence[StockFigure]) -> list[Compared]:
    """What each figure would do; one of each variant and place."""
    kept: dict[tuple[str, str], tuple[int, datetime]] = {}
    for table in (Stock, WarehouseStock):
        place = _place_of(table)
        pairs = [(each.place_id, each.variant_id) for each in figures if each.is_warehouse == (table is WarehouseStock)]
        for part in _parts(pairs):
            wanted = select(place, table.variant_id, table.pieces, table.as_of)
            for place_id, variant_id, pieces, as_of in db.execute(_of_pairs(db, wanted, place, table.variant_id, part)):
                kept[place_id, variant_id] = pieces, as_of
    return [_compare(each.pieces, each.as_of, kept.get((each.place_id, each.variant_id))) for each in figures]


def put_stock(
    db: Session, retailer_id: str, figures: Sequence[StockFigure], *, limit: timedelta, at: datetime
) -> list[Compared]:
    """Keep figures, each unless a newer one is kept; the caller commits.

    :param limit: a figure older than this was not shown; one that replaces it changes the page, whatever it says.
    :param at: when it is said, for shoppers' pages to be made anew.
    :return: what was done, in the order of `figures`.
    """
    lock_for_chain(db, f"stock {retailer_id}")
    compared = compare_stock(db, figures)
    fresh = [
        each
        for each, found in zip(figures, compared, strict=True)
        if found.outcome != "older" and (found.outcome != "unchanged" or found.as_of != each.as_of)
    ]
    for table in (Stock, WarehouseStock):
        place = _place_of(table).key
        rows = [
            {
                "id": ids.new(),
                "retailer_id": retailer_id,
                place: each.place_id,
                "variant_id": each.variant_id,
                "pieces": each.pieces,
                "as_of": each.as_of,
                **({"came_at": at if each.pieces > 0 else None} if table is Stock else {}),
            }
            for each in fresh
            if each.is_warehouse == (table is WarehouseStock)
        ]
        if rows:
            _upsert(db, table.__table__, place, rows)  # type: ignore[arg-type]
    touched = {
        each.item_id
        for each, found in zip(figures, compared, strict=True)
        if not each.is_warehouse and _is_seen(found, each.as_of, limit, at)
    }
    _tell_pages(db, retailer_id, touched, at=at)
    return compared


def _of_pairs(db: Session, wanted: Any, place: Any, variant_id: Any, pairs: list[tuple[str, str]]) -> Any:
    """A select kept to pairs of place and variant.

    PostgreSQL would look for each pair of a long list of them on its own; a list that it can join with is one look-up.
    """
    if db.get_bind().dialect.name != "postgresql":
        return wanted.where(tuple_(place, variant_id).in_(pairs))
    lists = [literal([pair[at] for pair in pairs], postgresql.ARRAY(String)) for at in (0, 1)]
    asked = func.unnest(*lists).table_valued("place_id", "variant_id", name="asked").render_derived()
    return wanted.join(asked, and_(place == asked.c.place_id, variant_id == asked.c.variant_id))


def compare_prices(db: Session, figures: Sequence[PriceFigure]) -> list[Compared]:
    """What each figure would do; one of each variant."""
    kept: dict[str, tuple[int, datetime]] = {}
    for part in _parts([each.variant_id for each in figures]):
        newest = (
            select(PriceHistory.variant_id, func.max(PriceHistory.from_at).label("from_at"))
            .where(PriceHistory.variant_id.in_(part))
            .group_by(PriceHistory.variant_id)
            .subquery()
        )
        wanted = (
            select(PriceHistory.variant_id, PriceHistory.price_minor, PriceHistory.from_at)
            .join(
                newest,
                and_(PriceHistory.variant_id == newest.c.variant_id, PriceHistory.from_at == newest.c.from_at),
            )
            .order_by(PriceHistory.id)
        )
        for variant_id, price, from_at in db.execute(wanted):
            kept[variant_id] = price, from_at
    return [_compare(each.price_minor, each.as_of, kept.get(each.variant_id)) for each in figures]


def put_prices(db: Session, retailer_id: str, figures: Sequence[PriceFigure], *, at: datetime) -> list[Compared]:
    """Add prices that differ to the history, each unless a later one is kept; the caller commits.

    :param at: when it is said, for shoppers' pages to be made anew.
    :return: what was done, in the order of `figures`.
    """
    lock_for_chain(db, f"prices {retailer_id}")
    compared = compare_prices(db, figures)
    new = [each for each, found in zip(figures, compared, strict=True) if found.outcome in ("created", "updated")]
    rows = [
        {
            "id": ids.new(),
            "retailer_id": retailer_id,
            "variant_id": each.variant_id,
            "price_minor": each.price_minor,
            "from_at": each.as_of,
        }
        for each in new
    ]
    if rows:
        db.execute(PriceHistory.__table__.insert(), rows)  # type: ignore[attr-defined]
    for part in _parts(new):
        prices = {each.variant_id: each.price_minor for each in part}
        db.execute(
            update(Variant)
            .where(Variant.id.in_(list(prices)))
            .values(price_minor=case(prices, value=Variant.id))
            .execution_options(synchronize_session=False)
        )
    _tell_pages(db, retailer_id, {each.item_id for each in new}, at=at)
    return compared


def _compare(value: int, as_of: datetime, kept: tuple[int, datetime] | None) -> Compared:
    if kept is None:
        return Compared("created", None, None)
    now, kept_as_of = kept
    if as_of < kept_as_of:
        return Compared("older", now, kept_as_of)
    return Compared("unchanged" if now == value else "updated", now, kept_as_of)


def _is_seen(found: Compared, as_of: datetime, limit: timedelta, at: datetime) -> bool:
    """Whether a shopper's page says something else with this figure than without it."""
    if found.outcome in ("created", "updated"):
        return True
    return found.outcome == "unchanged" and found.as_of is not None and found.as_of <= at - limit < as_of


def _upsert(db: Session, table: Table, place: str, rows: list[dict[str, Any]]) -> None:
    """Rows as they are, or in the place of one that is not newer: whoever else writes meanwhile, the newest stays.

    What was there without a break goes on having come when it came.
    """
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    fresh = statement.excluded
    db.execute(
        statement.on_conflict_do_update(
            index_elements=[place, "variant_id"],
            set_={"pieces": fresh.pieces, "as_of": fresh.as_of, **_since(table, fresh)},
            where=table.c.as_of <= fresh.as_of,
        ),
        rows,
    )


def _since(table: Table, fresh: Any) -> dict[str, Any]:
    if table is not Stock.__table__:
        return {}
    return {"came_at": case((fresh.pieces > 0, func.coalesce(table.c.came_at, fresh.came_at)), else_=None)}


def _tell_pages(db: Session, retailer_id: str, item_ids: Iterable[str], *, at: datetime) -> None:
    told: list[str | None] = sorted(item_ids)  # type: ignore[assignment]
    if len(told) > _MANY_ITEMS:
        told = [None]
    if told:
        rows = [{"id": ids.new(), "retailer_id": retailer_id, "item_id": each, "at": at} for each in told]
        db.execute(PageChange.__table__.insert(), rows)  # type: ignore[attr-defined]


def _place_of(table: type[Stock] | type[WarehouseStock]) -> Any:
    return Stock.store_id if table is Stock else WarehouseStock.warehouse_id


def _parts(values: Sequence[Any]) -> Iterable[list[Any]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield list(values[begin : begin + _AT_ONCE])

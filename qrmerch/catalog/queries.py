"""Reads about products, items, prices and stock."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, func, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from qrmerch.catalog.drafts import Known
from qrmerch.catalog.models import Item, PriceHistory, ProductVariant, Stock, Variant, VendorProduct
from qrmerch.db import get_one, has_part

# Directive 98/6/EC, article 6a: the prior price is the lowest of at least 30 days before the reduction.
PRIOR_PRICE_PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item in a list: how its vendor calls the style, how many variants, and from which price."""

    item: Item
    style: str
    variants: int
    from_price_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A vendor's product in a list, with its items by retailer id."""

    product: VendorProduct
    variants: int
    items: tuple[Item, ...]


def get_item(db: Session, item_id: str) -> Item:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Item, item_id, "This item is not here.")


def find_item_by_public_id(db: Session, public_id: str) -> Item | None:
    return db.scalars(select(Item).where(Item.public_id == public_id)).one_or_none()


def list_variants(db: Session, item_id: str) -> list[Variant]:
    """An item's variants in the order they are shown, hidden ones too."""
    return list(db.scalars(select(Variant).where(Variant.item_id == item_id).order_by(Variant.place, Variant.id)))


def list_items(
    db: Session,
    retailer_id: str,
    *,
    find: str = "",
    category: str = "",
    vendor_id: str = "",
    is_retired: bool | None = False,
    only: Sequence[ColumnElement[bool]] = (),
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[ItemLine], int]:
    """One page of a retailer's items by title, and how many there are in all pages.

    :param find: part of the title, the vendor's style key or a SKU, or a whole GTIN.
    :param is_retired: None for both.
    :param only: what else must hold of an item, for rooms above to say.
    """
    conditions = [Item.retailer_id == retailer_id, *only]
    if category:
        conditions.append(Item.category == category)
    if vendor_id:
        conditions.append(Item.vendor_id == vendor_id)
    if is_retired is not None:
        conditions.append(Item.is_retired.is_(is_retired))
    if find.strip():
        conditions.append(is_item_found(find.strip()))
    wanted = select(Item, VendorProduct.key).join(VendorProduct, VendorProduct.id == Item.product_id).where(*conditions)
    total = db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = db.execute(
        wanted.order_by(func.lower(Item.title), Item.id).limit(per_page).offset((page - 1) * per_page)
    ).all()
    figures = _variant_figures(db, [item.id for item, _ in rows])
    return [ItemLine(item, style, *figures.get(item.id, (0, None, ""))) for item, style in rows], total


def list_categories(db: Session, retailer_id: str) -> list[str]:
    """The categories that a retailer's items are in."""
    wanted = select(Item.category).where(Item.retailer_id == retailer_id, Item.category != "").distinct()
    return list(db.scalars(wanted.order_by(Item.category)))


def list_products(
    db: Session, vendor_id: str, *, find: str = "", retailer_id: str = "", page: int = 1, per_page: int = 50
) -> tuple[list[ProductLine], int]:
    """One page of a vendor's products by title with their items, and how many there are in all pages.

    :param find: part of the title, the style key or a SKU, or a whole GTIN.
    :param retailer_id: only products listed there; `none` for those listed nowhere.
    """
    conditions = [VendorProduct.vendor_id == vendor_id]
    if retailer_id == "none":
        conditions.append(~select(Item.id).where(Item.product_id == VendorProduct.id).exists())
    elif retailer_id:
        listed = select(Item.id).where(Item.product_id == VendorProduct.id, Item.retailer_id == retailer_id)
        conditions.append(listed.exists())
    if find.strip():
        conditions.append(_is_product_found(find.strip()))
    total = db.scalar(select(func.count()).select_from(VendorProduct).where(*conditions)) or 0
    wanted = select(VendorProduct).where(*conditions).order_by(func.lower(VendorProduct.title), VendorProduct.id)
    products = list(db.scalars(wanted.limit(per_page).offset((page - 1) * per_page)))
    product_ids = [each.id for each in products]
    counts = dict(
        db.execute(
            select(ProductVariant.product_id, func.count())
            .where(ProductVariant.product_id.in_(product_ids))
            .group_by(ProductVariant.product_id)
        ).all()
    )
    items: dict[str, list[Item]] = defaultdict(list)
    for item in db.scalars(select(Item).where(Item.product_id.in_(product_ids)).order_by(Item.created_at, Item.id)):
        items[item.product_id].append(item)
    return [ProductLine(each, counts.get(each.id, 0), tuple(items[each.id])) for each in products], total


def get_product(db: Session, product_id: str) -> VendorProduct:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, VendorProduct, product_id, "This product is not here.")


def list_product_variants(db: Session, product_id: str) -> list[ProductVariant]:
    """A product's variants in their order."""
    wanted = select(ProductVariant).where(ProductVariant.product_id == product_id)
    return list(db.scalars(wanted.order_by(ProductVariant.place, ProductVariant.id)))


def list_items_of_product(db: Session, product_id: str) -> list[Item]:
    """A product's items at the retailers the session may see, oldest first."""
    return list(db.scalars(select(Item).where(Item.product_id == product_id).order_by(Item.created_at, Item.id)))


def products_by_key(db: Session, vendor_id: str, keys: Collection[str]) -> dict[str, Known]:
    """The products of a vendor that have one of these keys, with their variants, by key."""
    wanted = select(VendorProduct).where(VendorProduct.vendor_id == vendor_id, VendorProduct.key.in_(list(keys)))
    products = list(db.scalars(wanted))
    variants: dict[str, list[ProductVariant]] = defaultdict(list)
    of_these = select(ProductVariant).where(ProductVariant.product_id.in_([each.id for each in products]))
    for variant in db.scalars(of_these.order_by(ProductVariant.place, ProductVariant.id)):
        variants[variant.product_id].append(variant)
    return {each.key: Known(each, tuple(variants[each.id])) for each in products}


def read_products_by_key(db: Session, vendor_id: str, keys: Collection[str]) -> dict[str, Known]:
    """As `products_by_key`, as plain rows that nothing can be written to: a third of the time, for looking only."""
    wanted = select(*_columns_of(VendorProduct)).where(
        VendorProduct.vendor_id == vendor_id, VendorProduct.key.in_(list(keys))
    )
    products = db.execute(wanted).all()
    variants: dict[str, list[ProductVariant]] = defaultdict(list)
    of_these = select(*_columns_of(ProductVariant)).where(ProductVariant.product_id.in_([each.id for each in products]))
    for variant in db.execute(of_these.order_by(ProductVariant.place, ProductVariant.id)):
        variants[variant.product_id].append(cast(ProductVariant, variant))
    return {each.key: Known(cast(VendorProduct, each), tuple(variants[each.id])) for each in products}


def _columns_of(table: type[VendorProduct] | type[ProductVariant]) -> list[InstrumentedAttribute[Any]]:
    return [getattr(table, each.key) for each in inspect(table).column_attrs]  # type: ignore[attr-defined]


def gtins_in_use(db: Session, vendor_id: str, gtins: Collection[str]) -> dict[str, set[str]]:
    """Which of these GTINs a vendor's variants have, with the keys of their products."""
    wanted = (
        select(ProductVariant.gtin, VendorProduct.key)
        .join(VendorProduct, VendorProduct.id == ProductVariant.product_id)
        .where(ProductVariant.vendor_id == vendor_id, ProductVariant.gtin.in_(list(gtins)))
    )
    used: dict[str, set[str]] = defaultdict(set)
    for gtin, key in db.execute(wanted):
        used[str(gtin)].add(key)
    return used


def lowest_price_30_days(db: Session, variant_id: str, at: datetime) -> int | None:
    """The lowest price of a variant in the 30 days before an instant, in minor units.

    :param at: when a reduction begins; prices from then on are not looked at.
    :return: None when it had no price before.
    """
    since = at - PRIOR_PRICE_PERIOD
    history = select(PriceHistory.price_minor, PriceHistory.from_at).where(
        PriceHistory.variant_id == variant_id, PriceHistory.from_at < at
    )
    rows = db.execute(history.order_by(PriceHistory.from_at, PriceHistory.id)).all()
    return _lowest_since([(price, from_at) for price, from_at in rows], since)


def was_prices(db: Session, variant_ids: Collection[str], at: datetime) -> dict[str, int]:
    """The was-price that may be shown beside each variant's price at an instant, by variant id.

    It is the lowest price of the 30 days before the present one began; left out where the present
    price is not lower.
    """
    wanted = select(PriceHistory.variant_id, PriceHistory.price_minor, PriceHistory.from_at).where(
        PriceHistory.variant_id.in_(list(variant_ids)), PriceHistory.from_at <= at
    )
    histories: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for variant_id, price, from_at in db.execute(wanted.order_by(PriceHistory.from_at, PriceHistory.id)):
        histories[variant_id].append((price, from_at))
    found = {}
    for variant_id, rows in histories.items():
        present, began = rows[-1]
        lowest = _lowest_since(rows[:-1], began - PRIOR_PRICE_PERIOD)
        if lowest is not None and lowest > present:
            found[variant_id] = lowest
    return found


def stock_of(db: Session, item_id: str, store_id: str) -> dict[str, int]:
    """Pieces in a store by variant id; a variant without a figure is left out."""
    wanted = (
        select(Stock.variant_id, Stock.pieces)
        .join(Variant, Variant.id == Stock.variant_id)
        .where(Variant.item_id == item_id, Stock.store_id == store_id)
    )
    return dict(db.execute(wanted).all())


def _lowest_since(rows: list[tuple[int, datetime]], since: datetime) -> int | None:
    """The lowest of the prices that held from `since` on; `rows` oldest first, each until the next begins."""
    ends = [from_at for _, from_at in rows[1:]]
    held = [price for (price, _), ended_at in zip(rows, ends, strict=False) if ended_at > since]
    return min([*held, rows[-1][0]]) if rows else None


def _variant_figures(db: Session, item_ids: list[str]) -> dict[str, tuple[int, int | None, str]]:
    wanted = (
        select(Variant.item_id, func.count(), func.min(Variant.price_minor), func.min(Variant.currency))
        .where(Variant.item_id.in_(item_ids))
        .group_by(Variant.item_id)
    )
    return {item_id: (count, lowest, currency) for item_id, count, lowest, currency in db.execute(wanted)}


def is_item_found(text: str) -> ColumnElement[bool]:
    """Whether a text is part of an item's title, of its style key or of a SKU, or a whole GTIN of it."""
    in_variant = select(Variant.id).where(
        Variant.item_id == Item.id,
        or_(has_part(Variant.sku, text), Variant.gtin == text.rjust(14, "0")),
    )
    return or_(
        has_part(Item.title, text),
        has_part(VendorProduct.key, text),
        in_variant.exists(),
    )


def _is_product_found(text: str) -> ColumnElement[bool]:
    in_variant = select(ProductVariant.id).where(
        ProductVariant.product_id == VendorProduct.id,
        or_(has_part(ProductVariant.sku, text), ProductVariant.gtin == text.rjust(14, "0")),
    )
    return or_(
        has_part(VendorProduct.title, text),
        has_part(VendorProduct.key, text),
        in_variant.exists(),
    )


def find_variant_key(db: Session, item_id: str, key: str) -> str:
    """The key of an item's variant as somebody said it, if it is one that shoppers see; else empty."""
    shown = select(Variant.key).where(Variant.item_id == item_id, Variant.key == key, Variant.is_hidden.is_(False))
    return db.scalar(shown) or ""

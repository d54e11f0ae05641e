"""Writing products, listing them at retailers, prices, stock and retirement.

A re-import changes the vendor's product only; price, title, category and visibility at a retailer are the retailer's.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.drafts import Known, Outcome, ProductDraft, product_values, variant_values
from qrmerch.catalog.models import Item, PriceHistory, ProductVariant, Stock, Variant, VendorProduct
from qrmerch.catalog.queries import list_product_variants, list_variants, products_by_key
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.money import MAX_MINOR
from qrmerch.parties.models import Retailer, Store, Supply
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

_MAX_TITLE_CHARS, _MAX_CATEGORY_CHARS = 200, 120


class NotSupplied(Conflict):
    """The vendor does not supply the retailer, or no longer."""

    slug = "not_supplied"


def put_product(
    db: Session, vendor_id: str, draft: ProductDraft, *, at: datetime, known: Known | None = None
) -> tuple[VendorProduct, Outcome]:
    """Make or change a vendor's product as a draft says; what it does not speak of stays.

    :param known: the product as it is kept, where the caller has read it already.
    :return: the product, and what happened to it or any of its variants.
    :raises FormError: a new product without a title.
    """
    known = known or products_by_key(db, vendor_id, [draft.key]).get(draft.key)
    outcome: Outcome = "unchanged"
    if known is None:
        if not draft.title:
            raise FormError({"title": "Every item needs a name."})
        product = VendorProduct(
            id=ids.new(), vendor_id=vendor_id, key=draft.key, maker="", texts={}, facts=[], image_urls=[], updated_at=at
        )
        known = Known(product, ())
        db.add(product)
        outcome = "created"
    product = known.product
    is_changed = _assign(product, product_values(draft, known))
    db.flush()
    place = len(known.variants)
    for each, variant in known.matches(draft.variants):
        if variant is None:
            variant = ProductVariant(
                id=ids.new(),
                vendor_id=vendor_id,
                product_id=product.id,
                key=each.key,
                place=place,
                currency=each.currency,
            )
            db.add(variant)
            place += 1
            is_changed = True
        is_changed = _assign(variant, variant_values(each)) or is_changed
    if is_changed:
        product.updated_at = at
        outcome = outcome if outcome == "created" else "updated"
    db.flush()
    return product, outcome


def list_at(db: Session, product: VendorProduct, retailer_id: str, at: datetime) -> Item:
    """List a product at a retailer: its item there, with a variant for each of the product's.

    Makes what is missing. The vendor's proposed price becomes a new variant's first price, if it is in the
    retailer's currency; what the item has already stays as the retailer set it. A variant that comes to an item
    later is hidden, as a proposal: what shoppers see of it does not change unread.

    :raises NotSupplied: the vendor does not supply this retailer.
    """
    retailer = db.get(Retailer, retailer_id)
    if retailer is None:
        raise NotFound("There is no such retailer.")
    _refuse_unsupplied(db, retailer, product.vendor_id)
    item = db.scalars(select(Item).where(Item.retailer_id == retailer_id, Item.product_id == product.id)).one_or_none()
    is_new = item is None
    if item is None:
        item = Item(
            id=ids.new(),
            public_id=ids.public(),
            retailer_id=retailer_id,
            vendor_id=product.vendor_id,
            product_id=product.id,
            title=product.title,
            category=product.category,
            is_retired=False,
            created_at=at,
        )
        db.add(item)
        db.flush()
    there = set() if is_new else {each.key for each in list_variants(db, item.id)}
    missing = [each for each in list_product_variants(db, product.id) if each.key not in there]
    _list_variants(db, item, missing, retailer.currency, at, is_proposal=not is_new)
    if is_new or missing:
        changed(db, retailer_id, item.id, at=at)
    db.flush()
    return item


def describe_item(db: Session, item: Item, *, title: str, category: str, template_id: str | None, at: datetime) -> bool:
    """Say how the retailer calls an item, where it belongs and which template its page is written in.

    :param template_id: one of the retailer's, as the caller has checked; None for its default.
    :return: whether anything was different.
    :raises FormError: no title, or a text that is too long.
    """
    problems: dict[str, str] = {}
    values = {
        "title": _line(problems, "title", title, _MAX_TITLE_CHARS),
        "category": _line(problems, "category", category, _MAX_CATEGORY_CHARS),
        "template_id": template_id or None,
    }
    if not values["title"]:
        problems.setdefault("title", "Every item needs a name.")
    if problems:
        raise FormError(problems)
    is_changed = _assign(item, values)
    if is_changed:
        changed(db, item.retailer_id, item.id, at=at)
    return is_changed


def set_hidden(db: Session, variant: Variant, is_hidden: bool, *, at: datetime) -> None:
    """Leave a variant out of shoppers' pages, or show it; its price and stock stay. It is no proposal any more."""
    variant.is_proposed = False
    if variant.is_hidden != is_hidden:
        variant.is_hidden = is_hidden
        changed(db, variant.retailer_id, variant.item_id, at=at)


def set_price(db: Session, variant: Variant, price_minor: int, *, at: datetime) -> None:
    """Let a variant cost this much from an instant on, in minor units of its currency.

    The present price is that of the latest instant, so that a history can be entered in any order.

    :raises FormError: negative, or larger than any price.
    """
    if not 0 <= price_minor <= MAX_MINOR:
        raise FormError({"price": "A price is 0 or more, and below ten billion."})
    if _record_price(db, variant, price_minor, at):
        changed(db, variant.retailer_id, variant.item_id, at=at)


def set_stock(
    db: Session, variant: Variant, store: Store, pieces: int, *, as_of: datetime, at: datetime | None = None
) -> None:
    """Say how many pieces of a variant a store has; an older figure does not replace a newer one.

    :param as_of: when they were counted.
    :param at: when it is said, for shoppers' pages to be made anew; `as_of` unless given.
    :raises FormError: negative.
    :raises NotFound: the store is another retailer's.
    """
    if pieces < 0:
        raise FormError({"pieces": "A store has 0 pieces or more."})
    if store.retailer_id != variant.retailer_id:
        raise NotFound("There is no such store.")
    # As `bulk.put_stock` does: two counts of the same do not both make the row.
    lock_for_chain(db, f"stock {variant.retailer_id}")
    row = db.scalars(select(Stock).where(Stock.store_id == store.id, Stock.variant_id == variant.id)).one_or_none()
    if row is None:
        row = Stock(
            retailer_id=variant.retailer_id, store_id=store.id, variant_id=variant.id, pieces=pieces, as_of=as_of
        )
        db.add(row)
    elif row.as_of > as_of:
        return
    row.pieces, row.as_of = pieces, as_of
    row.came_at = (row.came_at or at or as_of) if pieces > 0 else None
    changed(db, variant.retailer_id, variant.item_id, at=at or as_of)


def retire_item(db: Session, item: Item, *, at: datetime, actor: audit.Actor | None = None) -> None:
    """Take an item out of the range: its codes stay alive and show alternatives."""
    _set_retired(db, item, True, at=at, actor=actor)


def unretire_item(db: Session, item: Item, *, at: datetime, actor: audit.Actor | None = None) -> None:
    """Take an item back into the range."""
    _set_retired(db, item, False, at=at, actor=actor)


def _set_retired(db: Session, item: Item, is_retired: bool, *, at: datetime, actor: audit.Actor | None) -> None:
    if item.is_retired == is_retired:
        return
    item.is_retired = is_retired
    action = "item.retire" if is_retired else "item.unretire"
    audit.record(db, actor, action, ("item", item.id), at=at, retailer_id=item.retailer_id)
    changed(db, item.retailer_id, item.id, at=at)


def _refuse_unsupplied(db: Session, retailer: Retailer, vendor_id: str) -> None:
    wanted = select(Supply.id).where(
        Supply.retailer_id == retailer.id, Supply.vendor_id == vendor_id, Supply.ended_at.is_(None)
    )
    if db.scalar(wanted) is None:
        raise NotSupplied(
            f"{retailer.name} does not list this vendor's products. Ask {retailer.name} to add the vendor."
        )


def _list_variants(
    db: Session, item: Item, proposed: list[ProductVariant], currency: str, at: datetime, *, is_proposal: bool
) -> None:
    """Give an item variants, each with the proposed price as its first where that is in the retailer's currency."""
    made = [_listed(item, each, currency, is_proposal=is_proposal) for each in proposed]
    db.add_all(made)
    # Prices point to variants.
    db.flush()
    db.add_all(_price_from(each, each.price_minor, at) for each in made if each.price_minor is not None)


def _listed(item: Item, proposed: ProductVariant, currency: str, *, is_proposal: bool) -> Variant:
    return Variant(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        item_id=item.id,
        key=proposed.key,
        sku=proposed.sku,
        gtin=proposed.gtin,
        options=proposed.options,
        place=proposed.place,
        currency=currency,
        price_minor=proposed.price_minor if proposed.currency == currency else None,
        is_hidden=is_proposal,
        is_proposed=is_proposal,
    )


def _record_price(db: Session, variant: Variant, price_minor: int, at: datetime) -> bool:
    """Add a price to a variant's history; whether there was anything to add."""
    history = select(PriceHistory).where(PriceHistory.variant_id == variant.id)
    newest_first = (PriceHistory.from_at.desc(), PriceHistory.id.desc())
    before = db.scalars(history.where(PriceHistory.from_at <= at).order_by(*newest_first).limit(1)).one_or_none()
    if before is not None and before.price_minor == price_minor:
        return False
    db.add(_price_from(variant, price_minor, at))
    db.flush()
    variant.price_minor = db.scalars(history.order_by(*newest_first).limit(1)).one().price_minor
    return True


def _price_from(variant: Variant, price_minor: int, at: datetime) -> PriceHistory:
    return PriceHistory(
        id=ids.new(), retailer_id=variant.retailer_id, variant_id=variant.id, price_minor=price_minor, from_at=at
    )


def _line(problems: dict[str, str], field: str, text: str, max_chars: int) -> str:
    """The text as one clean line; one that is too long is named in `problems`, and empty."""
    try:
        return clean_line(text, max_chars)
    except ValueError as error:
        problems[field] = str(error)
        return ""


def _assign(row: VendorProduct | ProductVariant | Item, values: Mapping[str, object]) -> bool:
    """Set what differs; whether anything did."""
    is_changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            is_changed = True
    return is_changed

"""A retailer's items: found, looked at, priced, counted, described, retired."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog import service
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import ItemLine, get_item, list_categories, list_items, list_variants
from qrmerch.clock import now
from qrmerch.content.queries import get_template
from qrmerch.db import get_one
from qrmerch.desk.item_forms import VariantChange, read_pieces, read_prices
from qrmerch.desk.item_pages import ItemRow, ItemsPage
from qrmerch.desk.item_view import Sent, item_page, variant_name
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.standing import STATES, Standing, conditions_of, standings_of
from qrmerch.downloads import Cell, csv_response
from qrmerch.errors import FormError
from qrmerch.money import format_money, plain_amount
from qrmerch.parties.models import Store
from qrmerch.parties.queries import get_retailer, list_vendors
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.web import get_db, notice, redirect_to, render, search_words

blueprint = Blueprint("desk_items", __name__)

_PER_PAGE: Final = 25
_READ_AT_ONCE: Final = 500
_CSV_HEADS: Final = (
    "Item", "Vendor", "Style", "Category", "State", "Variant", "SKU", "GTIN", "Price", "Currency", "Address",
)  # fmt: skip


@blueprint.get("/desk/items")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """All items or those that are found; every filter is part of the address."""
    db, at, retailer_id = get_db(), now(), str(current_principal().retailer_id)
    number, state = page_number(), _state()
    vendors = {each.vendor.id: each.vendor.name for each in list_vendors(db, retailer_id)}
    lines, total = _find(db, retailer_id, at=at, page=number, per_page=_PER_PAGE)
    items = [line.item for line in lines]
    standings, images = standings_of(db, items, at=at), list_card_addresses(db, items, at=at)
    rows = tuple(_row(line, vendors, standings, images) for line in lines)
    is_filtered = any(request.args.get(each) for each in ("find", "category", "vendor", "state"))
    page = ItemsPage(
        lede=_lede(total, state, is_filtered=is_filtered),
        find=search_words(request.args.get("find", "")),
        category=request.args.get("category", ""),
        categories=(("", "All categories"), *((each, each) for each in list_categories(db, retailer_id))),
        vendor_id=request.args.get("vendor", ""),
        vendors=(("", "All vendors"), *vendors.items()),
        state=state,
        states=STATES,
        rows=rows,
        paging=paging("item", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
        csv=here("/desk/items/export"),
        is_filtered=is_filtered,
    )
    return render("desk/items.html", page)


@blueprint.get("/desk/items/export")
@allow(*PUBLISHERS)
def export() -> Response:
    """The same items as a file, one line for each variant."""
    db, at, retailer_id = get_db(), now(), str(current_principal().retailer_id)
    vendors = {each.vendor.id: each.vendor.name for each in list_vendors(db, retailer_id)}
    slug = get_retailer(db, retailer_id).slug
    return csv_response(f"{slug} items", said=(), heads=_CSV_HEADS, rows=_csv_rows(db, retailer_id, vendors, at=at))


@blueprint.get("/desk/items/<item_id>")
@allow(*PUBLISHERS)
def show(item_id: str) -> Response:
    """One item."""
    db = get_db()
    item = get_item(db, item_id)
    store_id = get_one(db, Store, request.args["store"]).id if request.args.get("store") else ""
    return render("desk/item.html", item_page(db, item, at=now(), store_id=store_id))


@blueprint.post("/desk/items/<item_id>/prices")
@allow(*PUBLISHERS)
def set_prices(item_id: str) -> Response:
    """Change prices, and which variants shoppers see; what it cost before is kept."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    hidden_ids = request.form.getlist("hidden")
    try:
        changes = read_prices(request.form, list_variants(db, item.id), hidden_ids=hidden_ids)
    except FormError as error:
        typed = {**request.form, "hidden-ids": " ".join(hidden_ids)}
        return _again(db, item, Sent("prices", typed, error.problems), at=at)
    told = [_told(each) for each in changes]
    for change in changes:
        if change.price_minor is not None:
            service.set_price(db, change.variant, change.price_minor, at=at)
        service.set_hidden(db, change.variant, change.is_hidden, at=at)
    if changes:
        detail: dict[str, object] = {"variants": told}
        audit.record(db, principal, "item.price", ("item", item.id), at=at, retailer_id=item.retailer_id, detail=detail)
    db.commit()
    many = "1 variant is" if len(changes) == 1 else f"{len(changes)} variants are"
    notice(f"{many} changed. Shoppers see it at once." if changes else "Nothing was different.")
    return redirect_to(f"/desk/items/{item.id}#prices")


@blueprint.post("/desk/items/<item_id>/stock")
@allow(*PUBLISHERS)
def set_stock(item_id: str) -> Response:
    """Say how many pieces of each variant one store has."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    store = get_one(db, Store, request.form.get("store", ""), "There is no such store.")
    variants = list_variants(db, item.id)
    try:
        pieces = read_pieces(request.form, variants)
    except FormError as error:
        return _again(db, item, Sent("stock", request.form, error.problems), at=at, store_id=store.id)
    for variant in variants:
        if variant.id in pieces:
            service.set_stock(db, variant, store, pieces[variant.id], as_of=at)
    detail: dict[str, object] = {"store": store.id, "variants": len(pieces)}
    audit.record(db, principal, "item.stock", ("item", item.id), at=at, retailer_id=item.retailer_id, detail=detail)
    db.commit()
    notice(f"Counted in {store.short_name}. Shoppers are told in stock, few or none, never the number.")
    return redirect_to(f"/desk/items/{item.id}#stock")


@blueprint.post("/desk/items/<item_id>/details")
@allow(*PUBLISHERS)
def describe(item_id: str) -> Response:
    """Change an item's name, category or template."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    template_id = request.form.get("template", "")
    template = get_template(db, template_id) if template_id else None
    before = audit.state_of(item, "title", "category", "template_id")
    try:
        is_changed = service.describe_item(
            db,
            item,
            title=request.form.get("title", ""),
            category=request.form.get("category", ""),
            template_id=template.id if template else None,
            at=at,
        )
    except FormError as error:
        return _again(db, item, Sent("details", request.form, error.problems), at=at)
    if is_changed:
        detail = audit.changes(before, audit.state_of(item, "title", "category", "template_id"))
        subject = ("item", item.id)
        audit.record(db, principal, "item.describe", subject, at=at, retailer_id=item.retailer_id, detail=detail)
    db.commit()
    notice("Changed. Shoppers see it at once." if is_changed else "Nothing was different.")
    return redirect_to(f"/desk/items/{item.id}#details")


@blueprint.post("/desk/items/<item_id>/retire")
@allow(*PUBLISHERS)
def retire(item_id: str) -> Response:
    """Take an item out of the range; its codes stay alive."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    service.retire_item(db, item, at=at, actor=principal)
    db.commit()
    notice(f"{item.title} is retired. Its codes say so, and show what is like it.")
    return redirect_to(f"/desk/items/{item.id}")


@blueprint.post("/desk/items/<item_id>/unretire")
@allow(*PUBLISHERS)
def unretire(item_id: str) -> Response:
    """Take an item back into the range."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    service.unretire_item(db, item, at=at, actor=principal)
    db.commit()
    notice(f"{item.title} is back in the range. Its codes show its page again.")
    return redirect_to(f"/desk/items/{item.id}")


def _again(db: Session, item: Item, sent: Sent, *, at: datetime, store_id: str = "") -> Response:
    """The page with the form that cannot be taken, as it was typed."""
    return render("desk/item.html", item_page(db, item, at=at, store_id=store_id, sent=sent), status=422)


def _told(change: VariantChange) -> dict[str, object]:
    """A change as the log keeps it; read before it is made."""
    told: dict[str, object] = {"variant": variant_name(change.variant), "is_hidden": change.is_hidden}
    if change.price_minor is not None:
        told |= {"from": change.variant.price_minor, "to": change.price_minor, "currency": change.variant.currency}
    return told


# --- the list --------------------------------------------------------------------------------------


def _state() -> str:
    asked = request.args.get("state", "")
    return asked if asked in dict(STATES) else ""


def _find(db: Session, retailer_id: str, *, at: datetime, page: int, per_page: int) -> tuple[list[ItemLine], int]:
    only, is_retired = conditions_of(db, _state(), at=at)
    return list_items(
        db,
        retailer_id,
        find=search_words(request.args.get("find", "")),
        category=request.args.get("category", ""),
        vendor_id=request.args.get("vendor", ""),
        is_retired=is_retired,
        only=only,
        page=page,
        per_page=per_page,
    )


def _row(line: ItemLine, vendors: dict[str, str], standings: dict[str, Standing], images: dict[str, str]) -> ItemRow:
    many = "1 variant" if line.variants == 1 else f"{line.variants} variants"
    price = line.from_price_minor
    return ItemRow(
        title=line.item.title,
        href=f"/desk/items/{line.item.id}",
        sub=f"{line.style}, {many}",
        vendor=vendors.get(line.item.vendor_id, ""),
        category=line.item.category,
        price=format_money(price, line.currency) if price is not None else "No price",
        standing=standings[line.item.id],
        image=images.get(line.item.id, ""),
    )


def _lede(total: int, state: str, *, is_filtered: bool) -> str:
    said = "1 item" if total == 1 else f"{total:,} items"
    if state == "plain":
        return f"{said} without a live page: shoppers see name, price and stock only."
    if state:
        return f"{said} {dict(STATES)[state].lower()}."
    return f"{said} found." if is_filtered else f"{said} in the range."


def _csv_rows(db: Session, retailer_id: str, vendors: dict[str, str], *, at: datetime) -> Iterator[list[Cell]]:
    number, is_more = 1, True
    while is_more:
        lines, total = _find(db, retailer_id, at=at, page=number, per_page=_READ_AT_ONCE)
        standings = standings_of(db, [line.item for line in lines], at=at)
        for line in lines:
            about: list[Cell] = [
                line.item.title,
                vendors.get(line.item.vendor_id, ""),
                line.style,
                line.item.category,
                standings[line.item.id].label,
            ]
            for each in list_variants(db, line.item.id):
                price = plain_amount(each.price_minor, each.currency) if each.price_minor is not None else None
                # By it a price file can name a variant that has no number of its own.
                address = f"/i/{line.item.public_id}#{each.key}"
                yield [*about, variant_name(each), each.sku, each.gtin, price, each.currency, address]
        is_more = number * _READ_AT_ONCE < total
        number += 1

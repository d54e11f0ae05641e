"""One item as the desk shows it: what shoppers see, its prices, what may be struck and why, its stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, PriceHistory, Stock, Variant, WarehouseStock
from qrmerch.catalog.queries import get_product, list_categories, list_variants, was_prices
from qrmerch.codes.models import CodeState
from qrmerch.codes.queries import Wanted, count_codes
from qrmerch.content.holding import find_publication, find_shown, list_publications
from qrmerch.content.models import Content, PageTemplate, Publication, Revision, RevisionState
from qrmerch.content.queries import find_template_of, list_templates
from qrmerch.desk.item_forms import typed_price
from qrmerch.desk.item_pages import ItemPage, PastPrice, PriceRow, Showing, StockCell, StockColumn, StockRow
from qrmerch.desk.paging import here
from qrmerch.desk.standing import standings_of
from qrmerch.desk.take_down import offer_take_down
from qrmerch.desk.terms import say_scope
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.i18n import format_list
from qrmerch.money import format_money
from qrmerch.offers.queries import list_offers_on
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.parties.queries import get_retailer, list_stores, list_warehouses
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.rendering.queries import stock_limit

_SHOWN_PAST: Final = 30
_MANY_STORES: Final = 12


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back: which one, what was typed, and what was wrong with it."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def item_page(db: Session, item: Item, *, at: datetime, store_id: str = "", sent: Sent | None = None) -> ItemPage:
    """:param store_id: the store whose stock is being changed; empty for none."""
    sent = sent or Sent()
    retailer, vendor = get_retailer(db, item.retailer_id), db.get_one(Vendor, item.vendor_id)
    variants = list_variants(db, item.id)
    stores = list_stores(db, retailer.id)
    columns, rows = _stock(db, item, variants, stores, store_id, retailer, sent, at)
    product = get_product(db, item.product_id)
    changing = next((store for store in stores if store.id == store_id), None)
    return ItemPage(
        id=item.id,
        title=item.title,
        lede=f"{product.key}, {vendor.name}.",
        image=list_card_addresses(db, [item], at=at).get(item.id, ""),
        page_href=f"/i/{item.public_id}",
        publications_href=f"/desk/items/{item.id}/publications",
        codes_href=f"/desk/codes?item={item.id}",
        insights_href=f"/desk/insights/items/{item.id}",
        showing=_showing(db, item, vendor, retailer, stores, at),
        take_down=offer_take_down(db, item, at=at),
        facts=_facts(db, item, vendor, at),
        currency=retailer.currency,
        prices=_prices(db, variants, retailer, sent, at),
        past=_past(db, variants, retailer, at),
        stores=columns,
        stock=rows,
        countable=tuple((each.id, f"{each.short_name}, {each.code}") for each in stores)
        if len(stores) > _MANY_STORES
        else (),
        stock_limit=said_hours(retailer.stock_limit_hours),
        changing_store=changing.id if changing else "",
        changing_name=changing.short_name if changing else "",
        item_title=sent.typed.get("title", item.title) if sent.form == "details" else item.title,
        category=sent.typed.get("category", item.category) if sent.form == "details" else item.category,
        categories=tuple(list_categories(db, retailer.id)),
        template_id=item.template_id or "",
        templates=_templates(list_templates(db, retailer.id)),
        is_retired=item.is_retired,
        problems=dict(sent.problems),
        wrong_form=sent.form,
    )


def said_hours(hours: int) -> str:
    """`24 hours`, `3 days`."""
    if hours % 24 == 0 and hours > 24:
        return f"{hours // 24} days"
    return "1 hour" if hours == 1 else f"{hours} hours"


def variant_name(variant: Variant) -> str:
    """A variant as people tell it from the others: `Marigold / M`."""
    return " / ".join(str(value) for value in variant.options.values()) or "One size"


def _templates(templates: list[PageTemplate]) -> tuple[tuple[str, str], ...]:
    default = next((each.name for each in templates if each.is_default), "none yet")
    return (("", f"The usual one ({default})"), *((each.id, each.name) for each in templates))


def _facts(db: Session, item: Item, vendor: Vendor, at: datetime) -> tuple[tuple[str, str], ...]:
    template = find_template_of(db, item)
    codes = count_codes(db, Wanted(item.retailer_id, item_id=item.id, state=CodeState.ACTIVE))
    offers = [each for each in list_offers_on(db, item.id, store_id=None, at=at) if each.from_at <= at]
    return (
        ("Vendor", vendor.name),
        ("Category", item.category or "None"),
        ("Template", template.name if template else "None yet"),
        ("Codes", f"{codes:,} in use" if codes else "None in use: nobody can scan it"),
        ("Offers", f"{len(offers)} now" if offers else "None now"),
    )


def _showing(db: Session, item: Item, vendor: Vendor, retailer: Retailer, stores: list[Store], at: datetime) -> Showing:
    standing = standings_of(db, [item], at=at)[item.id]
    notes = tuple(_notes(db, item, retailer, at))
    if item.is_retired:
        return Showing(
            "retired", "Retired", "Its codes say that it is no longer sold, and show what is like it.", notes
        )
    shown = find_shown(db, item.id, at=at)
    if standing.state == "live" and shown is not None:
        return Showing("live", "Live", _shown_say(db, shown, retailer, stores, at), notes)
    held = find_publication(db, item.id, store_id=None, at=at)
    if held is not None and held.revision_id is None:
        said = f"Taken down {said_in_text(held.from_at, now=at, zone=retailer.time_zone)}: {held.reason}."
        return Showing("wrong", "Taken down", f"{said} Name, price and stock show.", notes)
    if held is not None:
        say = f"{vendor.name} is suspended, so its words and pictures are hidden. Name, price and stock show."
        return Showing("draft", "Plain page", say, notes)
    return Showing("draft", "Plain page", "Nothing of the vendor's is published now.", notes)


def _shown_say(db: Session, shown: Publication, retailer: Retailer, stores: list[Store], at: datetime) -> str:
    revision = db.get_one(Revision, str(shown.revision_id))
    names = [store.short_name for store in stores if store.id in (shown.store_ids or ())]
    where = "everywhere" if shown.store_ids is None else f"in {format_list(names, 'en')}"
    said = f"Revision {revision.number} shows {where} since {_when(shown.from_at, retailer, at)}"
    said = f"{said}, until {_when(shown.until_at, retailer, at)}." if shown.until_at else f"{said}."
    if shown.locales is None and shown.weekly is None:
        return said
    return f"{said} Only this: {say_scope(shown, stores)}."


def _notes(db: Session, item: Item, retailer: Retailer, at: datetime) -> list[str]:
    waiting = (
        select(Revision)
        .join(Content, Content.id == Revision.content_id)
        .where(Content.item_id == item.id, Revision.state == RevisionState.SUBMITTED)
    )
    notes = []
    for each in db.scalars(waiting):
        sent = said_in_text(each.submitted_at or at, now=at, zone=retailer.time_zone)
        notes.append(f"Revision {each.number} waits for review, sent {sent}.")
    for row in list_publications(db, item.id):
        if row.from_at > at and row.revision_id:
            number = db.get_one(Revision, row.revision_id).number
            notes.append(f"Revision {number} begins {said_in_text(row.from_at, now=at, zone=retailer.time_zone)}.")
    return notes


def _when(instant: datetime, retailer: Retailer, at: datetime) -> str:
    said = said_at(instant, now=at, zone=retailer.time_zone)
    return said[:1].lower() + said[1:]


def _prices(db: Session, variants: list[Variant], retailer: Retailer, sent: Sent, at: datetime) -> tuple[PriceRow, ...]:
    was, began = was_prices(db, [each.id for each in variants], at), _began(db, variants, at)
    is_mine = sent.form == "prices"
    rows = []
    for each in variants:
        name = f"price-{each.id}"
        struck = was.get(each.id)
        rows.append(
            PriceRow(
                id=each.id,
                name=variant_name(each),
                sku=each.sku,
                gtin=each.gtin or "",
                price=sent.typed.get(name, typed_price(each)) if is_mine else typed_price(each),
                price_problem=sent.problems.get(name, ""),
                was=format_money(struck, each.currency) if struck is not None else "",
                was_why=_was_why(each, struck, began.get(each.id), retailer, at),
                is_hidden=each.id in sent.typed.get("hidden-ids", "").split() if is_mine else each.is_hidden,
                is_proposed=each.is_proposed,
            )
        )
    return tuple(rows)


def _was_why(variant: Variant, was: int | None, began: datetime | None, retailer: Retailer, at: datetime) -> str:
    if variant.price_minor is None:
        return "No price yet: shoppers are told to ask."
    if was is None or began is None:
        return "Nothing to strike."
    if retailer.no_discount:
        return "Not shown: this house takes nothing off."
    return f"Lowest of the 30 days before {_when(began, retailer, at)}."


def _began(db: Session, variants: list[Variant], at: datetime) -> dict[str, datetime]:
    """Since when each variant costs what it costs."""
    wanted = select(PriceHistory.variant_id, func.max(PriceHistory.from_at)).where(
        PriceHistory.variant_id.in_([each.id for each in variants]), PriceHistory.from_at <= at
    )
    return dict(db.execute(wanted.group_by(PriceHistory.variant_id)).all())


def _past(db: Session, variants: list[Variant], retailer: Retailer, at: datetime) -> tuple[PastPrice, ...]:
    names = {each.id: each for each in variants}
    wanted = select(PriceHistory).where(PriceHistory.variant_id.in_(list(names)))
    rows = db.scalars(wanted.order_by(PriceHistory.from_at.desc(), PriceHistory.id.desc()).limit(_SHOWN_PAST))
    return tuple(
        PastPrice(
            variant_name(names[row.variant_id]),
            format_money(row.price_minor, names[row.variant_id].currency),
            said_at(row.from_at, now=at, zone=retailer.time_zone),
        )
        for row in rows
    )


def _stock(
    db: Session,
    item: Item,
    variants: list[Variant],
    stores: list[Store],
    store_id: str,
    retailer: Retailer,
    sent: Sent,
    at: datetime,
) -> tuple[tuple[StockColumn, ...], tuple[StockRow, ...]]:
    ids = [each.id for each in variants]
    known: dict[tuple[str, str], Stock | WarehouseStock] = {
        (row.store_id, row.variant_id): row for row in db.scalars(select(Stock).where(Stock.variant_id.in_(ids)))
    }
    elsewhere = db.scalars(select(WarehouseStock).where(WarehouseStock.variant_id.in_(ids)))
    known |= {(row.warehouse_id, row.variant_id): row for row in elsewhere}
    warehouses = list_warehouses(db, retailer.id)
    counted = {place_id for place_id, _ in known}
    # Of many stores only those with a figure are shown, and the one that is being counted.
    if len(stores) > _MANY_STORES:
        stores = [each for each in stores if each.id in counted or each.id == store_id]
    columns = (
        *(
            _column(each.id, each.short_name, here(store=each.id) + "#stock", each.time_zone, known, retailer, at)
            for each in stores
        ),
        *(
            _column(each.id, f"{each.name} (warehouse)", "", retailer.time_zone, known, retailer, at)
            for each in warehouses
        ),
    )
    rows = tuple(
        StockRow(
            each.id,
            variant_name(each),
            tuple(
                _cell(known.get((column.store_id, each.id)), each, column.store_id == store_id, sent)
                for column in columns
            ),
        )
        for each in variants
    )
    return columns, rows


def _column(
    place_id: str,
    name: str,
    href: str,
    zone: str,
    known: Mapping[tuple[str, str], Stock | WarehouseStock],
    retailer: Retailer,
    at: datetime,
) -> StockColumn:
    counted = [row.as_of for (known_id, _), row in known.items() if known_id == place_id]
    oldest = min(counted, default=None)
    return StockColumn(
        store_id=place_id,
        name=name,
        href=href,
        said=said_at(oldest, now=at, zone=zone) if oldest else "Never counted",
        is_old=oldest is not None and at - oldest >= stock_limit(retailer),
    )


def _cell(row: Stock | WarehouseStock | None, variant: Variant, is_changing: bool, sent: Sent) -> StockCell:
    pieces = f"{row.pieces}" if row else ""
    name = f"pieces-{variant.id}"
    is_mine = sent.form == "stock" and is_changing
    return StockCell(
        pieces=pieces,
        typed=sent.typed.get(name, "") if is_mine else pieces,
        problem=sent.problems.get(name, "") if is_mine else "",
        is_changing=is_changing,
    )

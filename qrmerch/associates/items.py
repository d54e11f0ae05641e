"""What an associate may know of an item on the shelf: price and stock here, and what its page tells only them."""

from typing import Final

from flask import Blueprint, Response, request

from qrmerch.access import Role, allow, current_principal
from qrmerch.associates.notes import list_notes
from qrmerch.associates.pages import ItemNotesPage, ItemRow, ItemsPage
from qrmerch.associates.stores import get_till, here
from qrmerch.catalog.queries import get_item, list_items
from qrmerch.clock import now
from qrmerch.money import format_money
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.rendering.queries import load_shelves, stock_limit
from qrmerch.rendering.wording import word_price, word_stock
from qrmerch.web import get_db, render

blueprint = Blueprint("associate_items", __name__)
_LISTED: Final = 30
_MAX_FIND_CHARS: Final = 80


@blueprint.get("/associate/items")
@allow(Role.ASSOCIATE)
def show_items() -> Response:
    """Find an item by its name or number."""
    db, at = get_db(), now()
    till = get_till(db, current_principal(), request.args.get("store", ""))
    find = request.args.get("find", "")[:_MAX_FIND_CHARS]
    lines, total = list_items(db, till.store.retailer_id, find=find, per_page=_LISTED)
    images = list_card_addresses(db, [each.item for each in lines], at=at)
    page = ItemsPage(
        here=here(db, current_principal(), till),
        find=find,
        rows=tuple(
            ItemRow(
                title=each.item.title,
                href=f"/associate/items/{each.item.id}?store={till.store.id}",
                image=images.get(each.item.id, ""),
                price=format_money(each.from_price_minor, each.currency) if each.from_price_minor is not None else "",
            )
            for each in lines
        ),
        more=f"{_LISTED} of {total:,} are shown. Type more of the name." if total > len(lines) else "",
    )
    return render("associates/items.html", page)


@blueprint.get("/associate/items/<item_id>")
@allow(Role.ASSOCIATE)
def show_item(item_id: str) -> Response:
    """One item as the associate's own store has it: selling points, fit advice, what to ask."""
    db, at = get_db(), now()
    till = get_till(db, current_principal(), request.args.get("store", ""))
    item, retailer = get_item(db, item_id), get_retailer(db, till.store.retailer_id)
    stores = [each for each in list_stores(db, retailer.id) if each.is_open]
    shelf = load_shelves(db, [item], {retailer.id: stores}, {retailer.id: stock_limit(retailer)}, at=at)[item.id]
    price = word_price(shelf, "en", offer=None, hides_reductions=retailer.no_discount)
    page = ItemNotesPage(
        here=here(db, current_principal(), till),
        title=item.title,
        address=f"/associate/items/{item.id}",
        image=list_card_addresses(db, [item], at=at).get(item.id, ""),
        price=price.now if price else "",
        stock=word_stock(shelf, till.store, "en")[1],
        sections=list_notes(db, item, retailer, till.store, at=at),
    )
    return render("associates/item.html", page)

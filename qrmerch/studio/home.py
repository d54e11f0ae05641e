"""The vendor's first page: what to do next, and the items at each retailer."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, Principal, allow, current_principal
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import list_items
from qrmerch.clock import now
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import list_runs
from qrmerch.media.queries import count_undescribed, list_refused
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.pages import HomePage, ItemRow, RetailerItems, Todo
from qrmerch.studio.standing import Standing, card_images, list_standings
from qrmerch.web import get_db, render

blueprint = Blueprint("studio_home", __name__)

_SHOWN_ITEMS = 8
_SHOWN_TODOS = 6


@blueprint.get("/studio")
@allow(*VENDOR)
def show() -> Response:
    """What to do next, then the vendor's items at each retailer."""
    db, principal, at = get_db(), current_principal(), now()
    vendor_id = str(principal.vendor_id)
    retailers = list_supplied(db, vendor_id)
    items = list(db.scalars(select(Item).where(Item.vendor_id == vendor_id, Item.is_retired.is_(False))))
    standings = list_standings(db, items, at=at)
    runs = list_runs(db, vendor_id, limit=5)
    products = (
        db.scalar(select(func.count()).select_from(VendorProduct).where(VendorProduct.vendor_id == vendor_id)) or 0
    )
    todos = tuple(
        _todos(
            db, vendor_id, standings, runs, products=products, unlisted=products - len({i.product_id for i in items})
        )
    )
    page = HomePage(
        greeting=_greeting(principal, at, retailers[0].time_zone if retailers else "UTC"),
        lede=_lede(standings, products),
        todos=todos[:_SHOWN_TODOS],
        retailers=tuple(_at_retailer(db, vendor_id, each, standings) for each in retailers),
        products=products,
        running=tuple(run for run in runs if run.state == RunState.COMMITTING),
    )
    return render("studio/home.html", page)


def _greeting(principal: Principal, at: datetime, zone: str) -> str:
    hour = at.astimezone(ZoneInfo(zone)).hour
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {principal.name.split()[0]}" if principal.name.strip() else f"Good {part}"


def _lede(standings: list[Standing], products: int) -> str:
    if not products:
        return "Nothing is here yet. One file with your items is enough to begin."
    if not standings:
        return f"{_count(products, 'product')} here, none of them listed at a retailer yet."
    words = (
        ("live", "live"),
        ("submitted", "in review"),
        ("returned", "returned"),
        ("draft", "in draft"),
        ("none", "not begun"),
    )
    counted = [(sum(1 for each in standings if each.state == state), word) for state, word in words]
    said = ", ".join(f"{number} {word}" for number, word in counted if number)
    return (
        f"{_count(len(standings), 'item')} at retailers: {said}."
        if said
        else f"{_count(len(standings), 'item')} at retailers."
    )


def _todos(
    db: Session, vendor_id: str, standings: list[Standing], runs: list[ImportRun], *, products: int, unlisted: int
) -> Iterator[Todo]:
    """What waits, most pressing first."""
    if not products:
        yield Todo(
            "Import your items",
            "A Shopify export or a plain CSV. Nothing is written before you have seen what would change.",
            "/studio/import",
            "Import",
        )
    for each in (each for each in standings if each.state == "returned"):
        yield Todo(
            f"{each.next_step} on {each.item_title}",
            f"{each.retailer_name} returned the page. Change what the comments say and send it again.",
            each.href,
            "Open",
        )
    for asset in list_refused(db, vendor_id)[:2]:
        yield Todo(
            f"Send {asset.file_name} again",
            asset.problem or "It cannot be read.",
            f"/studio/assets?id={asset.id}#panel",
            "Look",
        )
    if undescribed := count_undescribed(db, vendor_id):
        yield Todo(
            f"Say what {_count(undescribed, 'picture')} {'shows' if undescribed == 1 else 'show'}",
            "Shoppers who cannot see them hear your words. A page cannot be sent without.",
            "/studio/assets?state=undescribed",
            "Describe",
        )
    for run in runs[:1]:
        if run.state == RunState.CHECKED:
            yield Todo(
                f"Take in {run.file_name}",
                "It has been checked; nothing of it is written yet.",
                f"/studio/import/{run.id}",
                "Look",
            )
    drafts = [each for each in standings if each.state == "draft"]
    for each in drafts[:2]:
        yield Todo(
            f"Finish {each.item_title}",
            f"It is a draft for {each.retailer_name}. Nobody sees it yet.",
            each.href,
            "Go on",
        )
    empty = [each for each in standings if each.state == "none"]
    if empty:
        others = f", and {len(empty) - 1} more after it" if len(empty) > 1 else ""
        yield Todo(
            f"Fill in the page of {empty[0].item_title}",
            f"Shoppers at {empty[0].retailer_name} see a plain page until then{others}.",
            empty[0].href,
            "Write",
        )
    if unlisted > 0:
        yield Todo(
            f"Offer {_count(unlisted, 'product')} to a retailer",
            "They are in your catalogue, but on no retailer's shelf yet.",
            "/studio/products?retailer=none",
            "Choose",
        )


def _at_retailer(db: Session, vendor_id: str, retailer: Retailer, standings: list[Standing]) -> RetailerItems:
    lines, total = list_items(db, retailer.id, vendor_id=vendor_id, per_page=_SHOWN_ITEMS)
    by_item = {each.item_id: each for each in standings}
    shown = [by_item[line.item.id] for line in lines if line.item.id in by_item]
    images = card_images(db, shown)
    rows = tuple(
        ItemRow(by_item[line.item.id], line.style, line.variants, images.get(line.item.id, ""))
        for line in lines
        if line.item.id in by_item
    )
    live = sum(1 for each in standings if each.retailer_id == retailer.id and each.state == "live")
    return RetailerItems(retailer.id, retailer.name, rows, total, live)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

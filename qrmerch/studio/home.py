"""The vendor's first page: what to do next, and the items at each retailer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from zoneinfo import ZoneInfo

from flask import Blueprint, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, Principal, allow, current_principal
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import list_items, list_products
from qrmerch.clock import now
from qrmerch.content.models import Reader
from qrmerch.content.notices import count_unread, list_unread
from qrmerch.content.watching import list_blocked, say_instead, say_slots
from qrmerch.imports.models import AT_WORK, ImportRun, RunState
from qrmerch.imports.queries import list_runs
from qrmerch.media.queries import count_undescribed, list_refused
from qrmerch.media.rights import days_left, list_ending
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.terms import is_agreed
from qrmerch.studio.findings import verdict
from qrmerch.studio.first_hour import list_first_hours
from qrmerch.studio.messages import told_rows
from qrmerch.studio.pages import FirstHour, HomePage, ItemRow, RetailerItems, Running, Todo
from qrmerch.studio.scanned import count_scans, most_scanned, said_scans
from qrmerch.studio.standing import Standing, card_images, list_standings
from qrmerch.studio.times import house_zone
from qrmerch.web import get_db, render

blueprint = Blueprint("studio_home", __name__)

_SHOWN_ITEMS = 8
_SHOWN_TODOS = 6
_SHOWN_OF_A_KIND = 2


@dataclass(frozen=True, slots=True)
class _Stand:
    """What the first page is made of."""

    vendor_id: str
    at: datetime
    standings: list[Standing]
    runs: list[ImportRun]
    products: int
    scans: dict[str, int]

    def in_state(self, state: str) -> list[Standing]:
        return [each for each in self.standings if each.state == state]


@blueprint.get("/studio")
@allow(*VENDOR)
def show() -> Response:
    """What to do next, then the vendor's items at each retailer."""
    db, principal, at = get_db(), current_principal(), now()
    vendor_id = str(principal.vendor_id)
    retailers = list_supplied(db, vendor_id)
    items = list(db.scalars(select(Item).where(Item.vendor_id == vendor_id, Item.is_retired.is_(False))))
    stand = _Stand(
        vendor_id,
        at,
        list_standings(db, items, at=at),
        list_runs(db, vendor_id, limit=5),
        _count_products(db, vendor_id),
        count_scans(db, retailers, items, at=at),
    )
    hours = list_first_hours(db, vendor_id, retailers, stand.standings, has_products=bool(stand.products or stand.runs))
    page = HomePage(
        greeting=_greeting(principal, at, house_zone(retailers)),
        lede=_lede(stand),
        first_hours=tuple(hours),
        told=told_rows(db, list_unread(db, Reader.VENDOR, vendor_id=vendor_id), vendor_id, at=at),
        unread=count_unread(db, Reader.VENDOR, vendor_id=vendor_id),
        todos=tuple(islice(_todos(db, stand, retailers, hours), _SHOWN_TODOS)),
        retailers=tuple(_at_retailer(db, each, stand) for each in retailers),
        products=stand.products,
        running=tuple(Running(run, verdict(run)) for run in stand.runs if run.state in AT_WORK),
    )
    return render("studio/home.html", page)


def _count_products(db: Session, vendor_id: str) -> int:
    wanted = select(func.count()).select_from(VendorProduct).where(VendorProduct.vendor_id == vendor_id)
    return db.scalar(wanted) or 0


def _greeting(principal: Principal, at: datetime, zone: str) -> str:
    hour = at.astimezone(ZoneInfo(zone)).hour
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {principal.name.split()[0]}" if principal.name.strip() else f"Good {part}"


def _lede(stand: _Stand) -> str:
    if not stand.products:
        return "Nothing is here yet. One file with your items is enough to begin."
    if not stand.standings:
        return f"{_count(stand.products, 'product')} here, none of them listed at a retailer yet."
    words = (
        ("live", "live"),
        ("submitted", "in review"),
        ("returned", "returned"),
        ("rejected", "rejected"),
        ("draft", "in draft"),
        ("none", "not begun"),
    )
    said = ", ".join(f"{len(found)} {word}" for state, word in words if (found := stand.in_state(state)))
    return f"{_count(len(stand.standings), 'item')} at retailers{': ' if said else ''}{said}."


def _todos(db: Session, stand: _Stand, retailers: list[Retailer], hours: list[FirstHour]) -> Iterator[Todo]:
    """What waits, most pressing first; only what is shown is looked up.

    :param hours: the steps that stand above, the first file and a new retailer's terms among them.
    """
    begun = {each.retailer_id for each in hours}
    return chain(
        () if hours else _first_file(stand),
        _blocked_pages(db, stand),
        _new_terms(db, stand, [each for each in retailers if each.id not in begun]),
        _returned_pages(stand),
        _rejected_pages(stand),
        _refused_pictures(db, stand),
        _ending_rights(db, stand),
        _undescribed_pictures(db, stand),
        _checked_file(stand),
        _drafts(stand),
        _unwritten_pages(stand),
        _unlisted_products(db, stand),
    )


def _first_file(stand: _Stand) -> Iterator[Todo]:
    if not stand.products and not stand.runs:
        yield Todo(
            "Import your items",
            "A Shopify, Magento or Vendure export, or a plain CSV. Nothing is written before you have seen what would"
            " change.",
            "/studio/import",
            "Import",
        )


def _blocked_pages(db: Session, stand: _Stand) -> Iterator[Todo]:
    hrefs = {each.item_id: each.href for each in stand.standings}
    for page in list_blocked(db, vendor_id=stand.vendor_id, at=stand.at)[:_SHOWN_OF_A_KIND]:
        if page.item.id in hrefs:
            yield Todo(
                f"{page.item.title}: {say_slots(page)} may not be shown any more",
                f"{say_instead(page)} Write down longer rights, or send the page with others.",
                hrefs[page.item.id],
                "Open",
            )


def _returned_pages(stand: _Stand) -> Iterator[Todo]:
    for each in stand.in_state("returned"):
        yield Todo(
            f"{each.next_step} on {each.item_title}" if each.comments else f"Look at {each.item_title} again",
            f"{each.retailer_name} returned the page. "
            + (
                "What was approved before stays live meanwhile."
                if each.is_live
                else "Nobody sees it until it is sent again."
            ),
            each.href,
            "Open",
        )


def _new_terms(db: Session, stand: _Stand, retailers: list[Retailer]) -> Iterator[Todo]:
    for each in retailers:
        if not is_agreed(db, each, stand.vendor_id):
            yield Todo(
                f"Agree to the terms of {each.name}",
                "No page can be sent to them before. What is live stays as it is.",
                f"/studio/retailers/{each.id}",
                "Read",
            )


def _rejected_pages(stand: _Stand) -> Iterator[Todo]:
    for each in stand.in_state("rejected"):
        yield Todo(
            f"Write another page of {each.item_title}",
            f"{each.retailer_name} rejected the last one and said why. "
            + ("What was approved before stays live." if each.is_live else "Shoppers see a plain page until then."),
            each.href,
            "Open",
        )


def _refused_pictures(db: Session, stand: _Stand) -> Iterator[Todo]:
    for asset in list_refused(db, stand.vendor_id)[:_SHOWN_OF_A_KIND]:
        yield Todo(
            f"Send {asset.file_name} again",
            asset.problem or "It cannot be read.",
            f"/studio/assets?id={asset.id}#panel",
            "Look",
        )


def _ending_rights(db: Session, stand: _Stand) -> Iterator[Todo]:
    if ending := list_ending(db, stand.vendor_id, at=stand.at):
        days = days_left(ending[0], at=stand.at)
        first = f"The first ends in {days} {'day' if days == 1 else 'days'}." if len(ending) > 1 else ""
        yield Todo(
            f"{_count(len(ending), 'picture')} {'loses' if len(ending) == 1 else 'lose'} "
            f"{'its' if len(ending) == 1 else 'their'} rights within {days if len(ending) == 1 else 30} days",
            f"{first} After the last day no page shows {'it' if len(ending) == 1 else 'them'}.".strip(),
            "/studio/assets?rights=ending",
            "Look",
        )


def _undescribed_pictures(db: Session, stand: _Stand) -> Iterator[Todo]:
    if undescribed := count_undescribed(db, stand.vendor_id):
        yield Todo(
            f"Say what {_count(undescribed, 'picture')} {'shows' if undescribed == 1 else 'show'}",
            "Shoppers who cannot see them hear your words. A page cannot be sent without.",
            "/studio/assets?state=undescribed",
            "Describe",
        )


def _checked_file(stand: _Stand) -> Iterator[Todo]:
    for run in stand.runs[:1]:
        if run.state == RunState.CHECKED:
            yield Todo(
                f"Take in {run.file_name}",
                "It has been checked; nothing of it is written yet.",
                f"/studio/import/{run.id}",
                "Look",
            )


def _drafts(stand: _Stand) -> Iterator[Todo]:
    for each in stand.in_state("draft")[:_SHOWN_OF_A_KIND]:
        yield Todo(
            f"Finish {each.item_title}",
            f"It is a draft for {each.retailer_name}. Nobody sees it yet.",
            each.href,
            "Go on",
        )


def _unwritten_pages(stand: _Stand) -> Iterator[Todo]:
    unwritten = stand.in_state("none")
    for each in unwritten[:1]:
        others = f", and {len(unwritten) - 1:,} more after it" if len(unwritten) > 1 else ""
        yield Todo(
            f"Fill in the page of {each.item_title}",
            f"Shoppers at {each.retailer_name} see a plain page until then{others}.",
            each.href,
            "Write",
        )


def _unlisted_products(db: Session, stand: _Stand) -> Iterator[Todo]:
    _, unlisted = list_products(db, stand.vendor_id, retailer_id="none", per_page=1)
    if unlisted:
        yield Todo(
            f"Offer {_count(unlisted, 'product')} to a retailer",
            "They are in your catalogue, but on no retailer's shelf yet.",
            "/studio/products?retailer=none",
            "Choose",
        )


def _at_retailer(db: Session, retailer: Retailer, stand: _Stand) -> RetailerItems:
    lines, total = list_items(db, retailer.id, vendor_id=stand.vendor_id, per_page=_SHOWN_ITEMS)
    here = {each.item_id: each for each in stand.standings if each.retailer_id == retailer.id}
    images = card_images(db, [here[line.item.id] for line in lines if line.item.id in here])
    rows = tuple(
        ItemRow(
            here[line.item.id],
            line.style,
            line.variants,
            images.get(line.item.id, ""),
            said_scans(stand.scans.get(line.item.id, 0)),
        )
        for line in lines
        if line.item.id in here
    )
    live = sum(1 for each in here.values() if each.is_live)
    titles = {each.item_id: each.item_title for each in here.values()}
    said = f"{live:,} of {total:,} live. {most_scanned(titles, stand.scans)}" if total else ""
    return RetailerItems(retailer.id, retailer.name, rows, total, said)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

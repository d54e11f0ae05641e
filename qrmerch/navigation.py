"""What stands at the side of a staff page: the places this person's role may go to, and what waits there."""

from collections.abc import Callable
from typing import Final, NamedTuple

from flask import current_app, request
from sqlalchemy.orm import Session

from qrmerch.access import Principal, declared
from qrmerch.calls.queries import count_asked
from qrmerch.clock import now
from qrmerch.content.models import Reader
from qrmerch.content.notices import count_unread
from qrmerch.content.queries import count_waiting
from qrmerch.reviews.queries import count_waiting_reviews
from qrmerch.web import get_db

Link = tuple[str, str, int, bool]
Groups = list[tuple[str, list[Link]]]


class _Place(NamedTuple):
    label: str
    href: str
    waiting: Callable[[Session, Principal], int] | None = None


def _count_reviews(db: Session, principal: Principal) -> int:
    return count_waiting(db, str(principal.retailer_id)) if principal.retailer_id else 0


def _count_said(db: Session, principal: Principal) -> int:
    return count_waiting_reviews(db, str(principal.retailer_id)) if principal.retailer_id else 0


def _count_told(db: Session, principal: Principal) -> int:
    if principal.is_vendor:
        return count_unread(db, Reader.VENDOR, vendor_id=principal.vendor_id)
    return count_unread(db, Reader.RETAILER, retailer_id=principal.retailer_id)


def _count_calls(db: Session, principal: Principal) -> int:
    return count_asked(db, principal.store_ids, at=now())


_PRODUCTS: Final = "/studio/products"
_DESK: Final = (
    ("", (_Place("Today", "/desk"), _Place("Messages", "/desk/messages", _count_told))),
    (
        "Publish",
        (
            _Place("Review", "/desk/review", _count_reviews),
            _Place("Items", "/desk/items"),
            _Place("Looks", "/desk/looks"),
            _Place("Events", "/desk/events"),
            _Place("Timeline", "/desk/timeline"),
            _Place("Templates", "/desk/templates"),
            _Place("Offers", "/desk/offers"),
            _Place("Shoppers’ reviews", "/desk/reviews", _count_said),
            _Place("Alerts and news", "/desk/alerts"),
        ),
    ),
    (
        "In store",
        (
            _Place("Codes and print", "/desk/codes"),
            _Place("Print batches", "/desk/prints"),
            _Place("Label stocks", "/desk/stocks"),
            _Place("GS1 addresses", "/desk/gs1"),
            _Place("Stores", "/desk/stores"),
        ),
    ),
    (
        "Insights",
        (
            _Place("Overview", "/desk/insights"),
            _Place("Items by scans", "/desk/insights/items"),
            _Place("Vendors by scans", "/desk/insights/vendors"),
        ),
    ),
    (
        "Set up",
        (
            _Place("Brand", "/desk/brand"),
            _Place("Languages", "/desk/languages"),
            _Place("Addresses", "/desk/hosts"),
            _Place("Vendors", "/desk/vendors"),
            _Place("Rules", "/desk/rules"),
            _Place("Measuring", "/desk/measuring"),
            _Place("People", "/desk/people"),
            _Place("Outbox", "/desk/outbox"),
            _Place("Log", "/desk/audit"),
        ),
    ),
)
_STUDIO: Final = (
    ("", (_Place("Home", "/studio"), _Place("Messages", "/studio/messages", _count_told))),
    (
        "Content",
        (
            _Place("Import", "/studio/import"),
            _Place("Products", _PRODUCTS),
            _Place("Fill from a sheet", "/studio/fill"),
            _Place("Pictures and video", "/studio/assets"),
            _Place("Print files", "/studio/prints"),
            _Place("Shoppers’ reviews", "/studio/reviews"),
        ),
    ),
    ("Set up", (_Place("People", "/studio/people"),)),
)
_ASSOCIATE: Final = (
    (
        "",
        (
            _Place("Till", "/associate"),
            _Place("Calls", "/associate/calls", _count_calls),
            _Place("Items", "/associate/items"),
            _Place("Today", "/associate/today"),
            _Place("You", "/account"),
        ),
    ),
)


def navigation_of(principal: Principal) -> Groups:
    """Groups of (label, address, how much waits, whether this is it), without what the role may not open."""
    table = _STUDIO if principal.is_vendor else _ASSOCIATE if principal.role == "associate" else _DESK
    here = _current([place.href for _, places in table for place in places])
    groups = []
    for name, places in table:
        links = [_link(place, principal, here) for place in places if _may(principal, place.href)]
        if links:
            groups.append((name, links))
    return groups


def _link(place: _Place, principal: Principal, here: str) -> Link:
    count = place.waiting(get_db(), principal) if place.waiting else 0
    return place.label, place.href, count, place.href == here


def _current(hrefs: list[str]) -> str:
    """The most particular address that this page is at or below; an item's page in the studio is a product's."""
    path = _PRODUCTS if request.path.startswith("/studio/content/") else request.path
    return max((href for href in hrefs if path == href or path.startswith(f"{href}/")), key=len, default="")


def _may(principal: Principal, href: str) -> bool:
    adapter = current_app.url_map.bind("")
    if not adapter.test(href, "GET"):
        return False
    endpoint, _ = adapter.match(href, "GET")
    access = declared(current_app.view_functions[endpoint])
    return access is not None and access.admits(principal)

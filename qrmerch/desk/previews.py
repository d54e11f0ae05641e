"""Shoppers' pages in the phones of the desk: as they are, or as they would be."""

from datetime import datetime

from flask import Response
from sqlalchemy.orm import Session

from qrmerch.content.models import Revision
from qrmerch.content.queries import find_shown
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_stores
from qrmerch.rendering.service import render_item_page
from qrmerch.web import services

SCHEMES = ("light", "dark")


def locales_of(retailer: Retailer) -> tuple[str, ...]:
    """The retailer's languages, its first one first."""
    return tuple(dict.fromkeys((retailer.default_locale, *retailer.locales)))


def answer_page(
    db: Session,
    item_id: str,
    retailer: Retailer,
    *,
    revision: Revision | None,
    locale: str,
    scheme: str,
    at: datetime,
    store_id: str | None = "",
) -> Response:
    """An item's page with a revision, or (None) with what is published, for a frame of ours; it can do nothing.

    :param at: any instant, also one to come.
    :param store_id: where it is looked at (None: nowhere in particular); where the page shows unless given.
    """
    page = render_item_page(
        db,
        item_id=item_id,
        store_id=_place(db, item_id, retailer, revision, at) if store_id == "" else store_id,
        locale=locale if locale in locales_of(retailer) else locales_of(retailer)[0],
        at=at,
        base_url=services().settings.base_url,
        is_preview=True,
        scheme=scheme,
        revision=revision,
    )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend([*page.headers, ("X-Robots-Tag", "noindex, nofollow")])
    return response


def _place(db: Session, item_id: str, retailer: Retailer, revision: Revision | None, at: datetime) -> str | None:
    """A store to stand in: one where the page shows, else the first open one."""
    shown = None if revision else find_shown(db, item_id, at=at)
    if shown is not None and shown.store_ids:
        return str(shown.store_ids[0])
    return next((store.id for store in list_stores(db, retailer.id) if store.is_open), None)

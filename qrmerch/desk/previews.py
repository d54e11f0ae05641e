"""Shoppers' pages in the phones of the desk: as they are, or as they would be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from qrmerch.content.holding import find_shown
from qrmerch.content.models import Revision, TemplateVersion
from qrmerch.content.queries import slots_of
from qrmerch.content.slots import has_shape, read_slots
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_stores
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.service import render_item_page
from qrmerch.web import services

SCHEMES = ("light", "dark")


def answer_page(
    db: Session,
    item_id: str,
    retailer: Retailer,
    *,
    revision: Revision | None,
    locale: str,
    scheme: str,
    at: datetime,
    version: TemplateVersion | None = None,
    store_id: str | None = "",
) -> Response:
    """An item's page with a revision, or (None) with what is published, for a frame of ours; it can do nothing.

    :param at: any instant, also one to come.
    :param version: a version of a template, kept or not, to show the revision in instead of its own.
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
        version=version,
    )
    return frame_page(page)


def frame_page(page: RenderedPage) -> Response:
    """A shopper's page for a frame of ours."""
    response = Response(page.html, mimetype="text/html")
    response.headers.extend([*page.headers, ("X-Robots-Tag", "noindex, nofollow")])
    return response


def carried(revision: Revision, sections: Sequence[Mapping[str, Any]]) -> Revision:
    """A revision with those of its values that other sections have a place for; belongs to no session."""
    slots = read_slots(sections)
    values = {
        name: value
        for name, value in slots_of(revision).items()
        if name in slots and not slots[name].is_fixed and has_shape(slots[name], value)
    }
    return Revision(
        retailer_id=revision.retailer_id,
        vendor_id=revision.vendor_id,
        template_version_id=revision.template_version_id,
        number=revision.number,
        state=revision.state,
        body={**revision.body, "slots": values},
        edit=revision.edit,
        created_at=revision.created_at,
        saved_at=revision.saved_at,
    )


def _place(db: Session, item_id: str, retailer: Retailer, revision: Revision | None, at: datetime) -> str | None:
    """A store to stand in: one where the page shows, else the first open one."""
    shown = None if revision else find_shown(db, item_id, at=at)
    if shown is not None and shown.store_ids:
        return str(shown.store_ids[0])
    return next((store.id for store in list_stores(db, retailer.id) if store.is_open), None)

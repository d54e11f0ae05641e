"""What a page in a version of a template weighs before a vendor has written a word in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import brotli
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.config import data_folder
from qrmerch.content.models import PageTemplate, Revision, RevisionState, TemplateVersion
from qrmerch.content.queries import get_newest_version
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.rendering.kept import BR_QUALITY
from qrmerch.rendering.service import render_item_page

_NAME = "Marigold Slouch Top"


def weigh_version(db: Session, template: PageTemplate, sections: Sequence[Mapping[str, Any]], *, at: datetime) -> int:
    """Markup, style and script of a page in these sections without a vendor's content, in bytes as a phone gets them.

    The page is of an item that is made for it and gone again; the session must be one that writes.
    """
    retailer = db.get_one(Retailer, template.retailer_id)
    trial = db.begin_nested()
    item = _make_item(db, retailer, at)
    page = render_item_page(
        db,
        item_id=item.id,
        store_id=None,
        locale=retailer.default_locale,
        at=at,
        revision=_empty_revision(item, at),
        version=version_of(template, sections, at=at),
    )
    trial.rollback()
    script = (data_folder("static") / "js" / "shop.js").read_bytes()
    return len(brotli.compress(page.html, quality=BR_QUALITY)) + len(brotli.compress(script))


def weigh_newest(db: Session, template: PageTemplate, *, at: datetime) -> None:
    """Keep with a template's newest version, made in this transaction, what a page in it weighs."""
    version = get_newest_version(db, template.id)
    version.weight_bytes = weigh_version(db, template, version.sections, at=at)
    db.flush()


def version_of(template: PageTemplate, sections: Sequence[Mapping[str, Any]], *, at: datetime) -> TemplateVersion:
    """A version of a template to look at; belongs to no session."""
    return TemplateVersion(
        id="",
        retailer_id=template.retailer_id,
        template_id=template.id,
        number=0,
        sections=[dict(each) for each in sections],
        created_at=at,
    )


def _make_item(db: Session, retailer: Retailer, at: datetime) -> Item:
    house = select(Supply.vendor_id).join(Vendor, Vendor.id == Supply.vendor_id)
    vendor_id = db.scalars(house.where(Supply.retailer_id == retailer.id, Vendor.is_house).limit(1)).one()
    product = VendorProduct(
        id=ids.new(),
        vendor_id=vendor_id,
        key=ids.new(),
        title=_NAME,
        maker=retailer.name,
        texts={},
        facts=[],
        image_urls=[],
        updated_at=at,
    )
    db.add(product)
    db.flush()
    item = Item(
        id=ids.new(),
        public_id=ids.public(),
        retailer_id=retailer.id,
        vendor_id=vendor_id,
        product_id=product.id,
        title=_NAME,
        is_retired=False,
        created_at=at,
    )
    db.add(item)
    db.flush()
    return item


def _empty_revision(item: Item, at: datetime) -> Revision:
    return Revision(
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        template_version_id="",
        number=1,
        state=RevisionState.DRAFT,
        body={"slots": {}, "product": {"title": item.title, "maker": "", "category": "", "facts": []}},
        edit=0,
        created_at=at,
        saved_at=at,
    )

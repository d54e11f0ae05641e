"""The pages that a sheet may fill: a vendor's items at a retailer, how each page stands, and what may stand in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.content.drafts import values_of_product
from qrmerch.content.models import Content, Revision, RevisionState, TemplateVersion
from qrmerch.content.queries import list_templates, slots_of
from qrmerch.content.slots import Bounds, Slot, clean_value, is_empty, keep_shaped, read_slots
from qrmerch.imports.slot_cells import Library, load_library
from qrmerch.media.models import Asset, AssetKind, Recording
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_own_hosts


@dataclass(frozen=True, slots=True)
class Page:
    """An item's page as a sheet finds it: what stands in its draft, or what the next draft would begin with."""

    key: str
    item: Item
    slots: Mapping[str, Slot]
    values: Mapping[str, Any]
    # Of the draft, the one that is open or the one that would begin; and how often it was saved.
    number: int
    edit: int
    content_id: str
    is_waiting: bool
    # Whether anything was ever written of it.
    is_begun: bool

    @property
    def mark(self) -> str:
        """The same as it stands in a sheet; no spreadsheet takes it for a number or a day."""
        return mark_of(self.number, self.edit)


def mark_of(number: int, edit: int) -> str:
    """How a sheet calls the state of a page: which revision, after how many saves."""
    return f"v{number}s{edit}"


@dataclass(frozen=True, slots=True)
class House:
    """A retailer as a vendor's sheet finds it: the pages by the vendor's own key of each item, and what binds them."""

    retailer: Retailer
    pages: Mapping[str, Page]
    library: Library
    bounds: Bounds

    @property
    def locales(self) -> tuple[str, ...]:
        return self.bounds.locales


def load_house(db: Session, retailer: Retailer, vendor_id: str) -> House:
    """Everything that a sheet of a vendor's may fill at a retailer, in a handful of statements; retired items are not
    in it.
    """
    assets = {each.id: each for each in db.scalars(select(Asset).where(Asset.vendor_id == vendor_id))}
    played = select(Recording).join(Asset, Asset.id == Recording.asset_id)
    played = played.where(Asset.vendor_id == vendor_id, Asset.kind != AssetKind.PICTURE)
    recordings = {each.asset_id: each for each in db.scalars(played)}
    hosts = list_own_hosts(db, retailer.id)
    bounds = Bounds(locales_of(retailer), hosts, assets, recordings, None, retailer.time_zone)
    return House(retailer, _pages(db, retailer, vendor_id, bounds), load_library(db, vendor_id), bounds)


def _pages(db: Session, retailer: Retailer, vendor_id: str, bounds: Bounds) -> dict[str, Page]:
    templates = list_templates(db, retailer.id)
    default = next((each.id for each in templates if each.is_default), "")
    known = {each.id for each in templates}
    versions = {
        each.id: each for each in db.scalars(select(TemplateVersion).where(TemplateVersion.template_id.in_(known)))
    }
    newest = {each.template_id: each for each in sorted(versions.values(), key=lambda each: each.number)}
    slots = {each.id: read_slots(each.sections) for each in versions.values()}
    latest, last = _revisions(db, retailer.id, vendor_id)
    contents = {
        (each.item_id, each.template_id): each.id
        for each in db.scalars(
            select(Content).where(Content.retailer_id == retailer.id, Content.vendor_id == vendor_id)
        )
    }
    wanted = select(Item, VendorProduct).join(VendorProduct, VendorProduct.id == Item.product_id)
    wanted = wanted.where(Item.retailer_id == retailer.id, Item.vendor_id == vendor_id, Item.is_retired.is_(False))
    pages = {}
    for item, product in db.execute(wanted.order_by(VendorProduct.key, Item.id)):
        template_id = item.template_id if item.template_id in known else default
        if template_id not in newest:
            continue
        content_id = contents.get((item.id, template_id), "")
        revision = latest.get(content_id)
        page = _page(item, product, revision, last.get(item.id), newest[template_id], slots, content_id)
        pages[product.key] = replace(page, values=_fitting(page.slots, page.values, bounds))
    return pages


def _page(
    item: Item,
    product: VendorProduct,
    revision: Revision | None,
    last: Revision | None,
    newest: TemplateVersion,
    slots: Mapping[str, Mapping[str, Slot]],
    content_id: str,
) -> Page:
    is_open = revision is not None and revision.state in (RevisionState.DRAFT, RevisionState.SUBMITTED)
    own = slots[revision.template_version_id if revision is not None and is_open else newest.id]
    source = revision if is_open else last
    values = keep_shaped(own, slots_of(source)) if source is not None else values_of_product(own, product)
    number = 1 if revision is None else revision.number if is_open else revision.number + 1
    return Page(
        key=product.key,
        item=item,
        slots=own,
        values=values,
        number=number,
        edit=revision.edit if revision is not None and is_open else 0,
        content_id=content_id,
        is_waiting=revision is not None and revision.state == RevisionState.SUBMITTED,
        is_begun=last is not None,
    )


def _fitting(slots: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
    """Of these values those that the slots take, as they are kept."""
    kept = {}
    for name, value in values.items():
        if name not in slots or slots[name].is_fixed:
            continue
        try:
            cleaned = clean_value(slots[name], value, bounds)
        except ValueError:
            continue
        if not is_empty(cleaned):
            kept[name] = cleaned
    return kept


def _revisions(db: Session, retailer_id: str, vendor_id: str) -> tuple[dict[str, Revision], dict[str, Revision]]:
    """The latest revision of each content by its id, and of each item in whichever template by the item's."""
    last = select(Revision.content_id, func.max(Revision.number).label("number"))
    last = last.where(Revision.retailer_id == retailer_id, Revision.vendor_id == vendor_id)
    of_each = last.group_by(Revision.content_id).subquery()
    wanted = (
        select(Revision, Content.item_id)
        .join(of_each, (Revision.content_id == of_each.c.content_id) & (Revision.number == of_each.c.number))
        .join(Content, Content.id == Revision.content_id)
        .order_by(Revision.created_at, Revision.number)
    )
    rows = db.execute(wanted).all()
    return {row[0].content_id: row[0] for row in rows}, {item_id: revision for revision, item_id in rows}

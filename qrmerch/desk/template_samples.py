"""What a template is looked at with: items of the retailer's, and sample content in every slot as far as it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import is_item_found
from qrmerch.content.models import Publication, Revision, RevisionState
from qrmerch.content.slots import ASSET_KINDS, Kind, Slot, read_slots
from qrmerch.media.models import Asset, AssetState
from qrmerch.parties.models import Retailer

# How many items a list offers; others are found by their names.
_SAMPLES: Final = 20
_MOST_CHARS: Final = 600
_LATIN: Final = (
    "A loose knit in marigold cotton, light enough for a warm evening and warm enough for a cool one. "
    "The neck is scooped, the sleeves are cut wide, and the hem falls just below the waist. "
    "It is knitted in one piece, so that no seam shows at the sides. "
)
_OTHERS: Final = {
    "ar": "حياكة واسعة من القطن بلون القطيفة، خفيفة لمساء دافئ ودافئة لمساء بارد. ياقة مستديرة وأكمام واسعة. ",
}
_ROWS: Final = (("Material", "Cotton"), ("Weight", "210 g"), ("Made in", "Porto"), ("Care", "Wash at 30 °C"))


@dataclass(frozen=True, slots=True)
class Samples:
    """Items to look at in a template, as pairs of id and title; `has_more` says that the retailer has others."""

    items: tuple[tuple[str, str], ...]
    has_more: bool


def sample_items(db: Session, retailer: Retailer, at: datetime, *, find: str = "", item_id: str = "") -> Samples:
    """Items to look at in the template: those with a page before the others, newest first.

    :param find: as `catalog.queries.list_items` has it.
    :param item_id: one that is asked for; it is among them, unless something else is to be found.
    """
    published = select(Publication.item_id).where(Publication.retailer_id == retailer.id, Publication.from_at <= at)
    sold = select(Item.id, Item.title).join(VendorProduct, VendorProduct.id == Item.product_id)
    sold = sold.where(Item.retailer_id == retailer.id, Item.is_retired.is_(False))
    wanted = sold.where(is_item_found(find.strip())) if find.strip() else sold
    order = (Item.id.in_(published).desc(), Item.created_at.desc(), Item.id)
    found = [(each, title) for each, title in db.execute(wanted.order_by(*order).limit(_SAMPLES + 1))]
    has_more = bool(find.strip()) or len(found) > _SAMPLES
    found = found[:_SAMPLES]
    if item_id and not find.strip() and item_id not in dict(found):
        found = [*((each, title) for each, title in db.execute(sold.where(Item.id == item_id))), *found]
    return Samples(tuple(found), has_more)


def sample_revision(
    db: Session, item: Item, sections: Sequence[Mapping[str, Any]], locales: Sequence[str], *, at: datetime
) -> Revision:
    """An item's page with sample content in every slot that a vendor fills; belongs to no session.

    Pictures, films and sounds are the vendor's own, as many as there are.
    """
    slots = read_slots(sections)
    values = {name: _sample(db, item, slot, locales) for name, slot in slots.items() if not slot.is_fixed}
    product = {"title": item.title, "maker": "", "category": "", "facts": []}
    return Revision(
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        template_version_id="",
        number=1,
        state=RevisionState.DRAFT,
        body={"slots": {name: value for name, value in values.items() if value}, "product": product},
        edit=0,
        created_at=at,
        saved_at=at,
    )


def _sample(db: Session, item: Item, slot: Slot, locales: Sequence[str]) -> Any:
    if slot.is_choice:
        return slot.options[0].value if slot.options else ""
    if slot.is_words:
        return {each: _words(each, slot.max_chars) for each in slot.languages(locales)}
    if slot.is_assets:
        return _assets(db, item, slot)
    count, most = min(slot.max_count or len(_ROWS), len(_ROWS)), slot.max_chars or 120
    rows = [(name[:most], value[:most]) for name, value in _ROWS[:count]]
    if slot.kind == Kind.FACTS:
        return [{"name": {locales[0]: name}, "value": {locales[0]: value}} for name, value in rows]
    if slot.kind == Kind.TABLE:
        return {locales[0]: [["Size", "Chest"], ["S", "84–88"], ["M", "90–94"], ["L", "96–100"]][: count + 1]}
    # Files and links lead to the retailer's own pages, which a sample does not know.
    return None


def _words(locale: str, most: int) -> str:
    """Words of about the length that fits, cut at a space."""
    text = _OTHERS.get(locale.split("-")[0], _LATIN)
    room = min(most or _MOST_CHARS, _MOST_CHARS)
    whole = (text * (room // len(text) + 1))[:room]
    return whole.rpartition(" ")[0] or whole


def _assets(db: Session, item: Item, slot: Slot) -> list[str]:
    wanted = select(Asset.id).where(
        Asset.vendor_id == item.vendor_id, Asset.kind == ASSET_KINDS[slot.kind], Asset.state == AssetState.READY
    )
    return list(db.scalars(wanted.order_by(Asset.received_at.desc(), Asset.id).limit(slot.max_count or 1)))

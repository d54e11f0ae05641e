"""Pages that go without a picture, film or sound because it may not be shown any more: found, and told once.

The vendor and the retailer are told; pages themselves need nobody to run. Every function leaves the commit to its
caller.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import Held, hold, list_places_of, shows_somewhere
from qrmerch.content.models import Notice, Publication, Reader, Revision
from qrmerch.content.notices import tell
from qrmerch.i18n import format_list
from qrmerch.media.models import Asset
from qrmerch.media.rights import is_allowed

_KIND: Final = "blocked"
_CHUNK: Final = 200
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class BlockedPage:
    """A page with slots nothing of which may be shown now, and whether something stands in for each."""

    item: Item
    revision: Revision
    # Slot names and what they are called.
    slots: dict[str, str]
    is_covered: bool


def find_blocked(db: Session, items: Collection[Item], *, at: datetime) -> list[BlockedPage]:
    """The pages of these items with a blocked slot in some place, in the order of the items."""
    by_place: dict[tuple[str | None, str], list[Item]] = defaultdict(list)
    of_id = {item.id: item for item in items if not item.is_retired}
    for item_id, (_, places) in list_places_of(db, list(of_id.values()), at=at).items():
        for place in places:
            by_place[place.store_id, place.locale].append(of_id[item_id])
    found: dict[str, dict[str, Held]] = defaultdict(dict)
    for (store_id, locale), those in by_place.items():
        for item_id, held in hold(
            db, those, store_ids={each.id: store_id for each in those}, locale=locale, at=at
        ).items():
            if held.blocked and held.revision is not None:
                found[item_id].setdefault(held.revision.id, held)
    return [page for item_id, item in of_id.items() for page in _pages(item, found.get(item_id, {}).values())]


def _pages(item: Item, found: Iterable[Held]) -> Iterator[BlockedPage]:
    for held in found:
        if held.revision is not None:
            slots = {each.slot: each.label for each in held.blocked}
            yield BlockedPage(item, held.revision, slots, all(each.is_kept for each in held.blocked))


def say_slots(page: BlockedPage) -> str:
    """The blocked slots by their labels, as the beginning of a sentence goes on: `pictures and film`."""
    return format_list([f"{label[:1].lower()}{label[1:]}" for label in page.slots.values()], "en")


def say_instead(page: BlockedPage) -> str:
    """What shoppers see meanwhile, in a sentence."""
    if page.is_covered:
        return "What was approved before stands in."
    return "The page shows without; nothing from before can stand in."


def tell_blocked(db: Session, items: Collection[Item], *, at: datetime) -> list[Notice]:
    """Tell the retailer and the vendor of each page of these items with a blocked slot, once for each time.

    :return: the new notices; none where all is as it was told before.
    """
    told: list[Notice] = []
    for page in find_blocked(db, items, at=at):
        detail = {
            "slots": list(page.slots.values()),
            "names": sorted(page.slots),
            "is_covered": page.is_covered,
            "since": _since(db, page, at),
        }
        before = select(Notice.reader, Notice.detail).where(
            Notice.kind == _KIND, Notice.item_id == page.item.id, Notice.revision_id == page.revision.id
        )
        known = {(reader, *_key_of(each)) for reader, each in db.execute(before)}
        told += [
            tell(db, _KIND, page.item, reader=reader, at=at, revision=page.revision, detail=detail)
            for reader in Reader
            if (reader, *_key_of(detail)) not in known
        ]
    return told


def _key_of(detail: dict[str, object]) -> tuple[str, str]:
    """What makes two tellings the same: the slots, and since when."""
    return str(detail.get("names")), str(detail.get("since"))


def _since(db: Session, page: BlockedPage, at: datetime) -> str:
    """When the last of what stands in the blocked slots went, as text; empty where it has not come yet."""
    values = page.revision.body.get("slots") or {}
    ids = {str(each) for name in page.slots for each in values.get(name) or ()}
    ended: datetime | None = db.scalar(
        select(func.max(Asset.rights_until)).where(Asset.id.in_(ids), Asset.rights_until <= at)
    )
    return ended.isoformat() if ended else ""


def list_suspects(db: Session, *, at: datetime) -> Iterator[list[str]]:
    """The ids of items whose live pages name something that may not be shown now, some at a time."""
    outside = select(Asset.vendor_id, Asset.id).where(not_(is_allowed(at))).order_by(Asset.vendor_id)
    of_vendor: dict[str, set[str]] = defaultdict(set)
    for vendor_id, asset_id in db.execute(outside):
        of_vendor[vendor_id].add(asset_id)
    for vendor_id, assets in of_vendor.items():
        last = ""
        while chunk := _next_items(db, vendor_id, last, at):
            last = chunk[-1]
            yield [item_id for item_id, ids in _assets_of(db, chunk, at) if assets & ids]


def _next_items(db: Session, vendor_id: str, last: str, at: datetime) -> Sequence[str]:
    wanted = select(Item.id).where(Item.vendor_id == vendor_id, Item.id > last, Item.is_retired.is_(False))
    return db.scalars(wanted.where(shows_somewhere(db, at=at)).order_by(Item.id).limit(_CHUNK)).all()


def _assets_of(db: Session, item_ids: Sequence[str], at: datetime) -> Iterator[tuple[str, set[str]]]:
    """What was approved with each revision that a publication of these items speaks of now."""
    wanted = (
        select(Publication.item_id, Revision.body)
        .join(Revision, Revision.id == Publication.revision_id)
        .where(Publication.item_id.in_(item_ids), Publication.from_at <= at)
        .where(Publication.until_at.is_(None) | (Publication.until_at > at))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for item_id, body in db.execute(wanted):
        found[item_id].update(body.get("pictures") or {}, body.get("recordings") or {})
    yield from found.items()


def list_blocked(
    db: Session, *, at: datetime, retailer_id: str | None = None, vendor_id: str | None = None
) -> list[BlockedPage]:
    """Of the pages that a retailer, or a vendor, was told of lately those that are blocked still, told last first."""
    wanted = select(Notice.item_id).where(Notice.kind == _KIND)
    if retailer_id:
        wanted = wanted.where(Notice.reader == Reader.RETAILER, Notice.retailer_id == retailer_id)
    if vendor_id:
        wanted = wanted.where(Notice.reader == Reader.VENDOR, Notice.vendor_id == vendor_id)
    ids = list(dict.fromkeys(db.scalars(wanted.order_by(Notice.at.desc(), Notice.id).limit(_MOST))))
    if not ids:
        return []
    items = {each.id: each for each in db.scalars(select(Item).where(Item.id.in_(ids)))}
    return find_blocked(db, [items[each] for each in ids if each in items], at=at)

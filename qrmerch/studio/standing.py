"""How each of a vendor's items stands with its content, and which pages show a picture."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import find_shown_of, list_shown_ids
from qrmerch.content.models import Approval, Content, Revision, RevisionState
from qrmerch.db import unscoped
from qrmerch.media.queries import pictures_of
from qrmerch.parties.models import Retailer, Supply

_ID_CHARS = 36
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Which version of a page shows a picture, the one that matters most first.
_USED_IN = {
    RevisionState.SUBMITTED: "submitted",
    RevisionState.DRAFT: "draft",
    RevisionState.RETURNED: "draft",
    RevisionState.REJECTED: "draft",
}
_SENT_BACK = (RevisionState.RETURNED, RevisionState.REJECTED)
_USED_ORDER = ("live", "submitted", "draft", "earlier")


@dataclass(frozen=True, slots=True)
class Standing:
    """One item at one retailer: its state in a word for `ui/status.html`, what it is called, and where to go on.

    `state` is `none` where nothing has been written yet; `comments` counts a reviewer's, where it came back.
    """

    item_id: str
    item_title: str
    product_id: str
    retailer_id: str
    retailer_name: str
    state: str
    href: str
    comments: int
    changed_at: datetime
    # Whether shoppers see a page of it now, perhaps an earlier one than the latest.
    is_live: bool
    # The latest revision; None where nothing has been written yet.
    revision_id: str | None

    @property
    def label(self) -> str:
        return {"none": "Nothing written", "submitted": "In review"}.get(self.state, self.state.capitalize())

    @property
    def next_step(self) -> str:
        if self.state == "rejected":
            return "Read why, write another"
        if self.state == "returned" and not self.comments:
            return "Change and send again"
        if self.state == "returned":
            return "Answer 1 comment" if self.comments == 1 else f"Answer {self.comments} comments"
        return {"none": "Fill in the page", "draft": "Finish and send"}.get(self.state, "Open")


@dataclass(frozen=True, slots=True)
class Use:
    """A page that shows a picture, and in which of its versions: live, submitted, draft, or earlier."""

    title: str
    retailer_name: str
    state: str
    # Empty where the retailer does not work with the vendor any more: the page is not the vendor's to open.
    href: str


def list_standings(db: Session, items: Collection[Item], *, at: datetime) -> list[Standing]:
    """How these items stand, in the order given; each once, by its latest revision."""
    ids = [each.id for each in items]
    names = dict(
        db.execute(select(Retailer.id, Retailer.name).where(Retailer.id.in_({i.retailer_id for i in items}))).all()
    )
    by_item = select(Content.item_id, Content.id).where(Content.item_id.in_(ids)).order_by(Content.created_at)
    contents = dict(db.execute(by_item).all())
    latest = _latest(db, contents.values())
    comments = _count_comments(db, [each.id for each in latest.values() if each.state in _SENT_BACK])
    live = list_shown_ids(db, ids, at=at)
    found = []
    for item in items:
        content_id = contents.get(item.id)
        revision = latest.get(content_id) if content_id else None
        found.append(
            Standing(
                item_id=item.id,
                item_title=item.title,
                product_id=item.product_id,
                retailer_id=item.retailer_id,
                retailer_name=names.get(item.retailer_id, ""),
                state=_state(item, revision, is_live=item.id in live),
                href=f"/studio/content/{content_id}" if content_id else f"/studio/content/new?item={item.id}",
                comments=comments.get(revision.id, 0) if revision else 0,
                changed_at=revision.saved_at if revision else item.created_at,
                is_live=item.id in live,
                revision_id=revision.id if revision else None,
            )
        )
    return found


def card_images(db: Session, standings: Collection[Standing]) -> dict[str, str]:
    """The address of the first picture of each item's page, by item id; items without one are left out."""
    item_of = {each.revision_id: each.item_id for each in standings if each.revision_id}
    bodies = select(Revision.id, Revision.body).where(Revision.id.in_(list(item_of)))
    ids = {item_of[key]: list(_ids_in(body.get("slots", {}))) for key, body in db.execute(bodies)}
    pictures = pictures_of(db, {each for several in ids.values() for each in several})
    found = {}
    for item_id, several in ids.items():
        first = next((pictures[each] for each in several if each in pictures), None)
        if first is not None:
            found[item_id] = first.card_url
    return found


def pages_with(db: Session, vendor_id: str, asset_ids: Collection[str], *, at: datetime) -> dict[str, list[Use]]:
    """The vendor's pages that show each of these pictures, live, waiting, drafted or before, by asset id.

    At every retailer, also where the vendor is suspended: its pages there are to come back as they were.
    """
    if not asset_ids:
        return {}
    body = cast(Revision.body, String)
    supplied = select(Supply.id).where(
        Supply.retailer_id == Item.retailer_id, Supply.vendor_id == vendor_id, Supply.ended_at.is_(None)
    )
    wanted = (
        select(Content.id, Item.id, Item.title, Retailer.name, Revision.id, Revision.state, body, supplied.exists())
        .join(Revision, Revision.content_id == Content.id)
        .join(Item, Item.id == Content.item_id)
        .join(Retailer, Retailer.id == Item.retailer_id)
        .where(Item.vendor_id == vendor_id, Revision.state != RevisionState.WITHDRAWN)
        .where(or_(*(body.like(f"%{each}%") for each in asset_ids)))
        .order_by(Item.title)
    )
    found: dict[str, dict[str, Use]] = defaultdict(dict)
    with unscoped(db):
        rows = db.execute(wanted).all()
        shown = {each.revision_id for each in find_shown_of(db, {row[1] for row in rows}, at=at).values()}
    for content_id, _, title, retailer, revision_id, state, text, is_supplied in rows:
        word = "live" if revision_id in shown else _USED_IN.get(state, "earlier")
        for asset_id in (each for each in asset_ids if each in text):
            before = found[asset_id].get(content_id)
            if before is None or _USED_ORDER.index(word) < _USED_ORDER.index(before.state):
                href = f"/studio/content/{content_id}" if is_supplied else ""
                found[asset_id][content_id] = Use(title, retailer, word, href)
    return {asset_id: list(uses.values()) for asset_id, uses in found.items()}


def used_asset_ids(db: Session, vendor_id: str) -> set[str]:
    """The pictures that stand on any page of the vendor's, live, waiting, drafted or before."""
    body = cast(Revision.body, String)
    wanted = select(body).where(Revision.vendor_id == vendor_id, Revision.state != RevisionState.WITHDRAWN)
    with unscoped(db):
        return {found for text in db.scalars(wanted) for found in _ID.findall(text)}


def _ids_in(value: object) -> Iterator[str]:
    """Every text in a revision's values that has the length of an id."""
    if isinstance(value, str) and len(value) == _ID_CHARS:
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids_in(each)


@dataclass(frozen=True, slots=True)
class _Latest:
    """What is asked of a content's latest revision; its words are long and stay where they are."""

    id: str
    state: RevisionState
    saved_at: datetime


def _latest(db: Session, content_ids: Collection[str]) -> dict[str, _Latest]:
    """The latest revision of each content, by content id."""
    last = select(Revision.content_id, func.max(Revision.number).label("number")).where(
        Revision.content_id.in_(list(content_ids)), Revision.moved_from_id.is_(None)
    )
    last_of_each = last.group_by(Revision.content_id).subquery()
    wanted = select(Revision.content_id, Revision.id, Revision.state, Revision.saved_at).join(
        last_of_each,
        (Revision.content_id == last_of_each.c.content_id) & (Revision.number == last_of_each.c.number),
    )
    return {content_id: _Latest(id, state, saved_at) for content_id, id, state, saved_at in db.execute(wanted)}


def _state(item: Item, revision: _Latest | None, *, is_live: bool) -> str:
    if item.is_retired:
        return "retired"
    if revision is None:
        return "none"
    if revision.state in (RevisionState.SUBMITTED, RevisionState.DRAFT, *_SENT_BACK):
        return revision.state.value
    if is_live:
        return "live"
    return "approved" if revision.state == RevisionState.APPROVED else "draft"


def _count_comments(db: Session, returned: list[str]) -> dict[str, int]:
    if not returned:
        return {}
    answers = select(Approval.revision_id, Approval.comments).where(Approval.revision_id.in_(returned))
    return {revision_id: len(comments) for revision_id, comments in db.execute(answers)}

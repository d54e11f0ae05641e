"""Putting another picture in the place of one, on every page of a vendor's that is not out of its hands.

What shoppers see is exactly what was approved: nothing that was sent is changed. A page that shows the old picture gets
its next revision, the same but for the picture, and that goes the ordinary way through review.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.drafts import open_draft, save_draft, submit
from qrmerch.content.holding import find_shown
from qrmerch.content.models import Content, PageTemplate, Revision, RevisionState
from qrmerch.content.queries import find_latest, slots_of
from qrmerch.db import lock_for_chain
from qrmerch.errors import DomainError
from qrmerch.media.models import Asset


@dataclass(slots=True)
class Replaced:
    """What became of the pages, by their titles."""

    # On their way to the retailer, or let through by rule already.
    sent: list[str] = field(default_factory=list)
    # Changed, and waiting for their vendor to send them.
    drafts: list[str] = field(default_factory=list)
    # As they were, each with the reason as the rest of a sentence.
    left: list[tuple[str, str]] = field(default_factory=list)


def replace_picture(db: Session, old: Asset, new: Asset, *, author_id: str, at: datetime) -> Replaced:
    """Put `new` in the place of `old` on the vendor's pages that the session may see; the caller commits."""
    done, pages = Replaced(), _pages_with(db, old)
    # All of them before the log's, which the first one that is sent takes.
    for item_id in sorted({item.id for _, item in pages}):
        lock_for_chain(db, f"content {item_id}")
    for content, item in pages:
        if item.is_retired:
            continue
        with db.begin_nested():
            _replace_on(db, content, item, (old.id, new.id), done, author_id=author_id, at=at)
    return done


def _replace_on(
    db: Session,
    content: Content,
    item: Item,
    ids: tuple[str, str],
    done: Replaced,
    *,
    author_id: str,
    at: datetime,
) -> None:
    latest, shown = find_latest(db, content.id), find_shown(db, item.id, at=at)
    is_shown = shown is not None and shown.revision_id is not None and _shows(db, shown.revision_id, ids[0])
    if latest is None or not (is_shown or ids[0] in _pictures(latest)):
        return
    if latest.state == RevisionState.SUBMITTED:
        done.left.append((item.title, "waits for the retailer’s answer; withdraw it first"))
        return
    was_open = latest.state in (RevisionState.DRAFT, RevisionState.RETURNED, RevisionState.REJECTED)
    try:
        template = db.get_one(PageTemplate, content.template_id)
        draft = open_draft(db, item, author_id=author_id, at=at, template=template)
        values = _with_other(slots_of(draft), *ids)
        if not values:
            done.left.append((item.title, "has a newer version without it; send that"))
            return
        save_draft(db, draft, values, edit=draft.edit, at=at)
    except DomainError as refused:
        done.left.append((item.title, f"could not be changed: {refused.detail}"))
        return
    # Who was writing on it goes on writing; what was finished is sent as it was, but for the picture.
    (done.sent if not was_open and _is_sent(db, draft, author_id, at) else done.drafts).append(item.title)


def _is_sent(db: Session, draft: Revision, author_id: str, at: datetime) -> bool:
    try:
        with db.begin_nested():
            submit(db, draft, author_id=author_id, at=at)
    except DomainError:
        return False
    return True


def _pages_with(db: Session, asset: Asset) -> list[tuple[Content, Item]]:
    body = cast(Revision.body, String)
    mentions = select(Revision.id).where(
        Revision.content_id == Content.id, Revision.state != RevisionState.WITHDRAWN, body.like(f"%{asset.id}%")
    )
    wanted = select(Content, Item).join(Item, Item.id == Content.item_id).where(mentions.exists())
    wanted = wanted.where(Content.vendor_id == asset.vendor_id).order_by(Item.title, Content.id)
    return [(content, item) for content, item in db.execute(wanted)]


def _shows(db: Session, revision_id: str, asset_id: str) -> bool:
    return asset_id in _pictures(db.get_one(Revision, revision_id))


def _pictures(revision: Revision) -> set[str]:
    """The ids in a revision's slots of pictures."""
    lists = [value for value in slots_of(revision).values() if isinstance(value, list)]
    return {each for value in lists for each in value if isinstance(each, str)}


def _with_other(slots: Mapping[str, Any], old_id: str, new_id: str) -> dict[str, list[str]]:
    """The slots in which the picture stands, with the other in its place and not twice."""
    return {
        name: list(dict.fromkeys(new_id if each == old_id else each for each in value))
        for name, value in slots.items()
        if isinstance(value, list) and old_id in value
    }

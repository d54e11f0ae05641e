"""What the saves of a draft left: what something was typed upon, and what can be brought back.

The newest fifty of a draft are kept, not quite: of those that are not among the newest twenty, the one that stands
closest to the one before goes first. So an hour of typing leaves a save of every few minutes besides the last twenty.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.content.merging import Base, known_between
from qrmerch.content.models import DraftSave, Revision
from qrmerch.content.queries import slots_of
from qrmerch.content.slots import Slot

# Where a save's values came from: `begun` with what the last revision or the catalogue says; typed into the form; from
# a sheet; copied from another page; sent by a program; brought back from an earlier save.
Path = Literal["begun", "form", "sheet", "copy", "api", "earlier"]

MAX_SAVES: Final = 50
_NEWEST: Final = 20


def remember(db: Session, revision: Revision, *, author_id: str | None, at: datetime, path: Path) -> None:
    """Keep a draft's values as they stand now; forget one of the older ones where there are too many."""
    db.add(
        DraftSave(
            id=ids.new(),
            retailer_id=revision.retailer_id,
            vendor_id=revision.vendor_id,
            revision_id=revision.id,
            edit=revision.edit,
            slots=slots_of(revision),
            path=path,
            author_id=author_id,
            saved_at=at,
        )
    )
    db.flush()
    wanted = select(DraftSave.id, DraftSave.saved_at).where(DraftSave.revision_id == revision.id)
    kept = db.execute(wanted.order_by(DraftSave.edit)).all()
    if len(kept) <= MAX_SAVES:
        return
    gaps = [(after.saved_at - before.saved_at, after.id) for before, after in pairwise(kept[:-_NEWEST])]
    db.execute(delete(DraftSave).where(DraftSave.id == min(gaps)[1]))


def find_base(db: Session, content_id: str, slots: Mapping[str, Slot], *, number: int, edit: int) -> Base:
    """What a page said after a save, as far as it is kept.

    :param number: of the revision that was saved.
    :param edit: the count of its saves by then.
    """
    kept = select(DraftSave).join(Revision, Revision.id == DraftSave.revision_id)
    kept = kept.where(Revision.content_id == content_id, Revision.number == number)
    older = db.scalars(kept.where(DraftSave.edit <= edit).order_by(DraftSave.edit.desc()).limit(1)).one_or_none()
    newer = db.scalars(kept.where(DraftSave.edit > edit).order_by(DraftSave.edit).limit(1)).one_or_none()
    if older is None or (older.edit < edit and newer is None):
        return Base({}, is_unknown=True)
    if older.edit == edit or newer is None:
        return Base(older.slots)
    return known_between(slots, older.slots, newer.slots)


def list_saves(db: Session, revision: Revision) -> list[DraftSave]:
    """What is kept of a draft's saves, newest first."""
    wanted = select(DraftSave).where(DraftSave.revision_id == revision.id)
    return list(db.scalars(wanted.order_by(DraftSave.edit.desc())))


def find_save(db: Session, revision: Revision, edit: int) -> DraftSave | None:
    """What a draft's save left, where that is still kept."""
    wanted = select(DraftSave).where(DraftSave.revision_id == revision.id, DraftSave.edit == edit)
    return db.scalars(wanted).one_or_none()

"""Pictures out of a ZIP: each taken in like one that was sent alone, and put beside the product its name says.

In: an archive that `media.archives` keeps. Out: one line for each file, in one transaction with what it made.
Never: a file taken twice, however often the job is cut off, or a product guessed where two would do.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, String, cast, func, literal_column, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import VendorProduct
from qrmerch.catalog.pictures import add_picture
from qrmerch.config import Settings
from qrmerch.errors import DomainError
from qrmerch.files import FileStore
from qrmerch.imports.matching import Match, Names
from qrmerch.imports.models import ArchiveLine, Outcome
from qrmerch.media.models import Archive, ArchiveState
from qrmerch.media.service import receive_upload

MATCHED: Final = "matched"
UNMATCHED: Final = "unmatched"
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class File:
    """One file of an archive: its place, its name with folders, and its bytes or why there are none."""

    place: int
    name: str
    data: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of an archive's files came to what."""

    files: int = 0
    matched: int = 0
    unmatched: int = 0
    again: int = 0
    refused: int = 0


def take_file(
    db: Session, archive: Archive, file: File, names: Names, *, store: FileStore, settings: Settings, at: datetime
) -> ArchiveLine:
    """Take one file in, match it, and note what came of it; the caller commits, and with it how far the archive is."""
    archive.done_entries = file.place + 1
    archive.began_at = archive.began_at or at
    line = ArchiveLine(
        vendor_id=archive.vendor_id,
        archive_id=archive.id,
        place=file.place,
        name=file.name,
        reason="",
        product_ids=[],
        matched_by="",
    )
    try:
        if file.problem:
            raise DomainError(file.problem)
        asset = receive_upload(
            db,
            vendor_id=archive.vendor_id,
            stream=io.BytesIO(file.data),
            file_name=file.name,
            store=store,
            settings=settings,
            at=at,
        )
    except DomainError as refused:
        line.outcome, line.reason = Outcome.REFUSED, refused.detail[:300]
    else:
        line.outcome = Outcome.TAKEN if asset.received_at == at else Outcome.AGAIN
        line.asset_id = asset.id
        _put_beside(db, line, names.match(file.name))
    db.add(line)
    db.flush()
    return line


def end(archive: Archive, *, at: datetime, problem: str = "") -> None:
    """The archive's last file was looked at, or none can be any more."""
    archive.state = ArchiveState.FAILED if problem else ArchiveState.DONE
    archive.problem, archive.ended_at = problem or None, at


def count_lines(db: Session, archive_ids: Sequence[str]) -> dict[str, Counts]:
    """What came of the files so far, by archive id."""
    kind, is_matched = ArchiveLine.outcome, _is_matched()
    wanted = select(ArchiveLine.archive_id, kind, is_matched, func.count()).where(
        ArchiveLine.archive_id.in_(archive_ids)
    )
    found = {each: Counts() for each in archive_ids}
    for archive_id, outcome, has_product, count in db.execute(
        wanted.group_by(ArchiveLine.archive_id, kind, is_matched)
    ):
        so_far, is_in = found[archive_id], outcome != Outcome.REFUSED
        found[archive_id] = Counts(
            files=so_far.files + count,
            matched=so_far.matched + (count if is_in and has_product else 0),
            unmatched=so_far.unmatched + (count if is_in and not has_product else 0),
            again=so_far.again + (count if outcome == Outcome.AGAIN else 0),
            refused=so_far.refused + (0 if is_in else count),
        )
    return found


def list_lines(
    db: Session, archive_id: str, *, only: str = "", page: int = 1, per_page: int | None = None
) -> tuple[list[ArchiveLine], int]:
    """One page of what came of an archive's files, in its order, and how many there are in all pages.

    :param only: `matched`, `unmatched`, or a word of Outcome; empty for all.
    """
    conditions: list[ColumnElement[bool]] = [ArchiveLine.archive_id == archive_id]
    if only in (MATCHED, UNMATCHED):
        conditions += [ArchiveLine.outcome != Outcome.REFUSED, _is_matched() if only == MATCHED else ~_is_matched()]
    elif only in set(Outcome):
        conditions.append(ArchiveLine.outcome == Outcome(only))
    total = db.scalar(select(func.count()).select_from(ArchiveLine).where(*conditions)) or 0
    wanted = select(ArchiveLine).where(*conditions).order_by(ArchiveLine.place)
    if per_page is not None:
        wanted = wanted.limit(per_page).offset((page - 1) * per_page)
    return list(db.scalars(wanted)), total


def products_by_id(db: Session, lines: Iterable[ArchiveLine]) -> dict[str, VendorProduct]:
    """The products that these lines were matched to."""
    wanted = {each for line in lines for each in line.product_ids}
    if not wanted:
        return {}
    return {each.id: each for each in db.scalars(select(VendorProduct).where(VendorProduct.id.in_(wanted)))}


def _put_beside(db: Session, line: ArchiveLine, match: Match) -> None:
    line.matched_by = match.by
    if match.is_clear:
        for product in match.products:
            add_picture(db, product, line.asset_id or "")
        line.product_ids = [each.id for each in match.products]
    elif match.products:
        titles = ", ".join(each.title for each in match.products[:_NAMED])
        more = f" and {len(match.products) - _NAMED} more" if len(match.products) > _NAMED else ""
        line.reason = f"Its name fits {len(match.products)} items: {titles}{more}. Choose one yourself."[:300]
    else:
        line.reason = "No item is called so. Choose one yourself, or call the file by SKU or handle and send it again."


def _is_matched() -> ColumnElement[bool]:
    # Written out, or PostgreSQL would not see that what is grouped by is what is asked for.
    return cast(ArchiveLine.product_ids, String) != literal_column("'[]'")

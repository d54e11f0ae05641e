"""Reads about import runs."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.imports.models import ImportRun

# A sheet is kept so long after its import ended, to be looked at once more.
SHEETS_KEPT_FOR: Final = timedelta(days=90)


def get_run(db: Session, run_id: str) -> ImportRun:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, ImportRun, run_id, "This import is not here.")


def list_runs(db: Session, vendor_id: str, *, limit: int = 20) -> list[ImportRun]:
    """A vendor's latest imports, newest first."""
    wanted = select(ImportRun).where(ImportRun.vendor_id == vendor_id)
    return list(db.scalars(wanted.order_by(ImportRun.created_at.desc(), ImportRun.id.desc()).limit(limit)))


def remembered_columns(db: Session, vendor_id: str) -> dict[str, str]:
    """What a vendor's people said that columns are, in their latest files: field by the column's name."""
    said: dict[str, str] = {}
    for run in reversed(list_runs(db, vendor_id, limit=10)):
        said.update({each["name"]: each["field"] for each in run.columns if each["is_chosen"]})
    return said


def is_sheet_kept(run: ImportRun, *, at: datetime) -> bool:
    """Whether a run's file is still to be had."""
    return run.ended_at is None or run.ended_at > at - SHEETS_KEPT_FOR


def list_sheet_keys(db: Session, *, at: datetime, vendor_id: str | None = None) -> list[str]:
    """Keys of all sheets that are still kept, each once; of one vendor's or of everybody's."""
    wanted = select(ImportRun.file_key).where(
        or_(ImportRun.ended_at.is_(None), ImportRun.ended_at > at - SHEETS_KEPT_FOR)
    )
    if vendor_id is not None:
        wanted = wanted.where(ImportRun.vendor_id == vendor_id)
    return list(db.scalars(wanted.distinct()))

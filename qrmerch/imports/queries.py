"""Reads about import runs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.imports.models import ImportRun


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

"""Sending a file and taking it in, as a test does it without pages."""

import io
from collections.abc import Iterator

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.imports import service
from qrmerch.imports.checking import Checked, Reading, check
from qrmerch.imports.models import ImportRun
from qrmerch.imports.rows import Group
from qrmerch.parties.models import Retailer, Vendor
from tests.conftest import NOON


def dry_run(db: Session, vendor: Vendor, text: str | bytes, settings: Settings, *, currency: str = "USD") -> Checked:
    """What taking the sheet in would do."""
    return check(db, vendor.id, _data(text), Reading(currency), settings=settings)


def send(
    db: Session,
    vendor: Vendor,
    text: str | bytes,
    settings: Settings,
    *,
    list_at: Retailer | None = None,
    currency: str = "USD",
) -> ImportRun:
    """A checked run of the sheet."""
    return service.receive_sheet(
        db,
        vendor_id=vendor.id,
        stream=io.BytesIO(_data(text)),
        file_name="catalogue.csv",
        currency=currency,
        list_at_id=list_at.id if list_at else None,
        user_id=None,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=NOON,
    )


def groups_of(run: ImportRun, settings: Settings) -> Iterator[Group]:
    """The products of a run's file that are left to write, as the job reads them."""
    source = FileStore(settings.uploads_dir).path(run.file_key)
    return service.groups_left(source, service.reading_of(run), done=run.done_groups, settings=settings)


def take_in(
    db: Session,
    vendor: Vendor,
    text: str | bytes,
    settings: Settings,
    *,
    list_at: Retailer | None = None,
    currency: str = "USD",
) -> ImportRun:
    """A run of the sheet that is done."""
    run = send(db, vendor, text, settings, list_at=list_at, currency=currency)
    service.start(db, run, at=NOON)
    db.flush()
    groups = groups_of(run, settings)
    while service.commit_chunk(db, run.id, groups, at=NOON):
        continue
    return run


def report_of(run: ImportRun, db: Session, settings: Settings) -> str:
    """The file of rows to fix."""
    return "".join(service.report(db, run, store=FileStore(settings.uploads_dir), settings=settings))


def _data(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text

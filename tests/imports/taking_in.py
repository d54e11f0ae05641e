"""Sending a file and taking it in, as a test does it without pages."""

import io

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.imports import service
from qrmerch.imports.models import ImportRun
from qrmerch.imports.service import Checked, Reading
from qrmerch.parties.models import Retailer, Vendor
from tests.conftest import NOON


def dry_run(db: Session, vendor: Vendor, text: str | bytes, settings: Settings, *, currency: str = "USD") -> Checked:
    """What taking the sheet in would do."""
    return service.check(db, vendor.id, _data(text), Reading(currency), settings=settings)


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


def groups_of(run: ImportRun, settings: Settings) -> tuple[service.Group, ...]:
    """The products of a run's file, as the job reads them."""
    with FileStore(settings.uploads_dir).open(run.file_key) as file:
        return service.parse(file.read(), service.reading_of(run), settings=settings).understood.groups


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
    service.start(db, run)
    db.flush()
    groups = groups_of(run, settings)
    while service.commit_chunk(db, run.id, groups, at=NOON):
        continue
    return run


def report_of(run: ImportRun, db: Session, settings: Settings) -> str:
    """The file of rows to fix."""
    return service.report(db, run, store=FileStore(settings.uploads_dir), settings=settings)


def _data(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text

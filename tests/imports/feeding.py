"""Sending a retailer's file and taking it in, as a test does it without pages."""

import io
from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.imports import feeds
from qrmerch.imports.feed_lines import FeedReading
from qrmerch.imports.feed_models import FeedKind, FeedRun
from qrmerch.imports.feeds import Checked, Prepared
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from tests.conftest import NOON


def dry_run(
    db: Session,
    retailer: Retailer,
    kind: FeedKind,
    data: str | bytes,
    settings: Settings,
    *,
    as_of: datetime = NOON,
    at: datetime = NOON,
    country: str = "US",
) -> Checked:
    """What taking the file in would do."""
    return feeds.check(db, retailer, kind, _bytes(data), FeedReading(as_of, at, country), settings=settings)


def send(
    db: Session,
    retailer: Retailer,
    kind: FeedKind,
    data: str | bytes,
    settings: Settings,
    *,
    as_of: datetime | None = None,
    at: datetime = NOON,
    country: str = "US",
) -> FeedRun:
    """A checked run of the file."""
    return feeds.receive_file(
        db,
        retailer=retailer,
        kind=kind,
        stream=io.BytesIO(_bytes(data)),
        file_name="feed.csv",
        as_of=as_of,
        country=country,
        user_id=None,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=at,
    )


def prepared_of(db: Session, run: FeedRun, settings: Settings) -> Prepared:
    """A run's rows, as the job reads them."""
    with FileStore(settings.uploads_dir).open(run.file_key) as file:
        data = file.read()
    retailer = get_retailer(db, run.retailer_id)
    return feeds.prepare(db, retailer, run.kind, data, feeds.reading_of(run), settings=settings)


def take_in(
    db: Session,
    retailer: Retailer,
    kind: FeedKind,
    data: str | bytes,
    settings: Settings,
    *,
    as_of: datetime | None = None,
    at: datetime = NOON,
    country: str = "US",
) -> FeedRun:
    """A run of the file that is done."""
    run = send(db, retailer, kind, data, settings, as_of=as_of, at=at, country=country)
    feeds.start(db, run)
    db.flush()
    prepared = prepared_of(db, run, settings)
    while feeds.commit_chunk(db, run.id, prepared, at=at):
        continue
    return run


def codes_of(checked: Checked) -> dict[int, list[str]]:
    """The codes of what is odd about each row."""
    return {line.number: [each.code for each in line.problems] for line in checked.prepared.lines if line.problems}


def said_of(checked: Checked, number: int) -> str:
    """What is said about a row, in one text."""
    (line,) = [line for line in checked.prepared.lines if line.number == number]
    return " ".join(each.message for each in line.problems)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data

"""The files that catalogues and feeds come in, as they lie in the store; several runs may be of one file."""

from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.db import unscoped
from qrmerch.errors import NotFound
from qrmerch.files import FileStore
from qrmerch.imports.feed_models import FeedRun
from qrmerch.imports.models import ImportRun
from qrmerch.imports.slot_models import FillRun


def store_sheet(stream: BinaryIO, *, store: FileStore, settings: Settings) -> str:
    """Keep the bytes of a sheet; their key.

    :raises TooLarge: more than `settings.max_sheet_bytes`.
    """
    return store.put(stream, "sheets", max_bytes=settings.max_sheet_bytes)


def path_of_sheet(key: str, *, store: FileStore) -> Path:
    """Where the bytes of a sheet lie.

    :raises NotFound: they are gone.
    """
    if not store.exists(key):
        raise NotFound("The file is gone. Send it again.")
    return store.path(key)


def forget_sheet(db: Session, key: str, *, store: FileStore) -> None:
    """Delete the bytes of a sheet that could not be read, unless they are those of somebody's run."""
    with unscoped(db):
        used = (select(model.id).where(model.file_key == key).limit(1) for model in (FeedRun, FillRun, ImportRun))
        is_used = any(db.scalar(each) is not None for each in used)
    if not is_used:
        store.delete(key)

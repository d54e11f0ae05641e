"""The job that makes a batch: draw every page, read every code back from the drawn pages, keep the file.

What is drawn lies in a file of this machine's with a mark beside it: a worker that was killed goes on at the last mark,
another machine begins anew. A batch that was cancelled leaves neither.
"""

import json
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import DomainError, NotFound
from qrmerch.files import replace_file
from qrmerch.jobs import PRINTS, Work, chore, given_up, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.printing import requests, service
from qrmerch.printing.house_face import faces_folder, unpack_font
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.models import BatchState, Medium, PrintBatch
from qrmerch.printing.queries import each_line, label_of_line
from qrmerch.printing.readback import CodeNotReadBack, read_label, read_pages
from qrmerch.printing.reading import PageUnreadable, open_pages
from qrmerch.printing.sheets import Printed, Run, Sheets, with_copies
from qrmerch.printing.zpl import Zebra, read_labels

AREA: Final = "prints"
PARTS_SPARED_FOR: Final = timedelta(days=2)
_TELL_EVERY_S: Final = 1.0
_AT_ONCE: Final = 100
log = logging.getLogger("qrmerch.printing")


class _Unwanted(Exception):
    """Somebody has cancelled the batch."""


@dataclass(frozen=True, slots=True)
class _Making:
    """A batch that is being made: what it is, and where it lies on this machine meanwhile."""

    work: Work
    batch_id: str
    medium: Medium
    dpi: int
    run: Run
    wording: Wording
    base_url: str
    part: Path
    mark: Path

    def labels(self, *, begin: int = 0) -> Iterator[Label]:
        """Its labels with their copies, from one on; read little by little, each time in a session of its own."""
        first, skipped = divmod(begin, self.run.copies)
        return islice(with_copies(self._codes(first), self.run.copies), skipped, None)

    def codes(self, *, begin: int = 0) -> Iterator[Label]:
        """Its labels, one for each code."""
        return self._codes(begin)

    def _codes(self, begin: int) -> Iterator[Label]:
        while True:
            with self.work.database.read() as db:
                lines = list(islice(each_line(db, self.batch_id, base_url=self.base_url, begin=begin), _AT_ONCE * 5))
            yield from (label_of_line(line) for line in lines)
            if len(lines) < _AT_ONCE * 5:
                return
            begin = lines[-1].place + 1

    def read_mark(self) -> dict[str, Any]:
        """Where the last worker was; empty where nothing usable is there."""
        try:
            marked: dict[str, Any] = json.loads(self.mark.read_bytes())
        except (OSError, ValueError):
            return {}
        return marked if self.part.is_file() and self.part.stat().st_size >= marked["bytes"] else {}

    def write_mark(self, marked: dict[str, Any]) -> None:
        replace_file(self.mark, json.dumps(marked).encode())

    def tell(self, *, drawn: int, read: int) -> None:
        with self.work.database.write() as db:
            is_wanted = service.note_progress(db, self.batch_id, drawn=drawn, read=read)
            db.commit()
        if not is_wanted:
            raise _Unwanted

    def forget(self) -> None:
        for path in (self.part, self.mark):
            path.unlink(missing_ok=True)


@job(service.DRAW, lane=PRINTS)
def draw(work: Work, *, batch_id: str) -> None:
    """Make a batch, or go on with it; running again after the end changes nothing."""
    making = _load(work, batch_id)
    if making is None:
        return
    try:
        _refuse_ended(making)
        printed = _draw_pdf(making) if making.medium == Medium.PDF else _draw_zpl(making)
        _read_back(making, printed)
        _keep(making, printed)
    except _Unwanted:
        log.info("print batch %s was cancelled", batch_id)
    except DomainError as refused:
        _fail(work, batch_id, refused.detail)
    making.forget()


def _refuse_ended(making: _Making) -> None:
    """:raises CodeEnded: a code was retired or replaced between asking and drawing."""
    with making.work.database.read() as db:
        service.insist_none_ended(db, making.batch_id)


@given_up(service.DRAW)
def give_up(work: Work, *, batch_id: str, said: str) -> None:
    """Say on its page that a batch could not be made, and why; nothing of it stays."""
    _fail(work, batch_id, said)
    for path in _folder(work).glob(f"{batch_id}.*"):
        path.unlink(missing_ok=True)


def _fail(work: Work, batch_id: str, said: str) -> None:
    with work.database.write() as db:
        failed = service.note_failed(db, batch_id, said, at=now())
        if failed:
            requests.ask_anew(db, failed)
        db.commit()


@sweep(service.DRAW)
def undrawn(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Batches that wait for their job, or were cut off in it."""
    for batch in db.scalars(select(PrintBatch).where(PrintBatch.state == BatchState.DRAWING)):
        yield batch.job_id, {"batch_id": batch.id}


@names_files(AREA)
def needed_prints(db: Session, _at: datetime) -> Iterable[str]:
    """The files of all batches that were checked: what hangs in a shop may have to be printed again."""
    return db.scalars(select(PrintBatch.file_key).where(PrintBatch.file_key != "").distinct())


@chore
def forget_parts(work: Work) -> None:
    """Delete what was half drawn on this machine for batches that have ended elsewhere."""
    before = now() - PARTS_SPARED_FOR
    for path in _folder(work).glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def _folder(work: Work) -> Path:
    return work.settings.data_dir / "prints"


def _load(work: Work, batch_id: str) -> _Making | None:
    with work.database.read() as db:
        batch = db.get(PrintBatch, batch_id)
        if batch is None or batch.state != BatchState.DRAWING:
            return None
        folder = _folder(work)
        folder.mkdir(parents=True, exist_ok=True)
        return _Making(
            work=work,
            batch_id=batch_id,
            medium=batch.medium,
            dpi=batch.dpi,
            run=service.run_of(batch),
            wording=service.wording_of(
                batch,
                logo=_read_logo(work, str(batch.wording.get("logo_key", ""))),
                face=unpack_font(work.files, str(batch.wording.get("font_key", "")), faces_folder(work.settings)),
            ),
            base_url=batch.base_url,
            part=folder / f"{batch_id}.{batch.medium}",
            mark=folder / f"{batch_id}.json",
        )


def _read_logo(work: Work, key: str) -> bytes:
    try:
        with work.files.open(key) as file:
            return file.read()
    except NotFound:
        return b""


def _draw_pdf(making: _Making) -> Printed:
    marked = making.read_mark()
    if marked.get("printed"):
        return _printed_of(marked["printed"])
    with _open_part(making.part, marked) as file:
        if marked:
            sheets = Sheets.resumed(file, marked, making.run, wording=making.wording)
        else:
            sheets = Sheets.begun(file, making.run, wording=making.wording)
        left = making.labels(begin=sheets.labels)
        told_s = time.monotonic()
        while some := list(islice(left, sheets.room)):
            sheets.add_page(some)
            if time.monotonic() - told_s >= _TELL_EVERY_S:
                told = sheets.mark()
                making.write_mark({**told, "bytes": told["paper"]["bytes"]})
                making.tell(drawn=sheets.labels, read=0)
                told_s = time.monotonic()
        printed = sheets.finish()
        size = _settle(file)
    making.write_mark({"bytes": size, "printed": [printed.labels, printed.pages, printed.incomplete, printed.cut]})
    making.tell(drawn=printed.labels, read=0)
    return printed


def _draw_zpl(making: _Making) -> Printed:
    marked = making.read_mark()
    if marked.get("printed"):
        return _printed_of(marked["printed"])
    done = marked.get("codes", 0)
    with _open_part(making.part, marked) as file:
        file.seek(marked.get("bytes", 0))
        file.truncate()
        zebra = Zebra(file, making.run, making.wording, making.dpi)
        zebra.incomplete |= dict.fromkeys(marked.get("incomplete", ()))
        zebra.cut |= dict.fromkeys(marked.get("cut", ()))
        left = making.codes(begin=done)
        told_s = time.monotonic()
        while some := list(islice(left, _AT_ONCE)):
            zebra.add(some)
            done += len(some)
            if time.monotonic() - told_s >= _TELL_EVERY_S:
                making.write_mark({"bytes": _settle(file), "codes": done, **zebra.names})
                making.tell(drawn=done * making.run.copies, read=0)
                told_s = time.monotonic()
        size = _settle(file)
    printed = Printed(done * making.run.copies, 0, tuple(zebra.incomplete), tuple(zebra.cut))
    making.write_mark({"bytes": size, "printed": [printed.labels, 0, printed.incomplete, printed.cut]})
    making.tell(drawn=printed.labels, read=0)
    return printed


def _settle(file: BinaryIO) -> int:
    """Let what was written so far lie on the disk itself before a mark says that it is there; how many bytes."""
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def _open_part(path: Path, marked: dict[str, Any]) -> BinaryIO:
    """The file that is being written, to go on in or from its beginning."""
    return path.open("r+b") if marked else path.open("w+b")


def _printed_of(kept: list[Any]) -> Printed:
    return Printed(kept[0], kept[1], tuple(kept[2]), tuple(kept[3]))


def _read_back(making: _Making, printed: Printed) -> None:
    """Read every code of the finished file where it lies.

    :raises CodeNotReadBack: one of them cannot be read, or says something else.
    """
    told_s = time.monotonic()
    for read, pages in _read_pdf(making) if making.medium == Medium.PDF else _read_zpl(making):
        if time.monotonic() - told_s >= _TELL_EVERY_S:
            making.write_mark({**making.read_mark(), "pages_read": pages})
            making.tell(drawn=printed.labels, read=read)
            told_s = time.monotonic()


def _read_pdf(making: _Making) -> Iterator[tuple[int, int]]:
    """How many labels were read and how many pages, after each page; those before a mark were read already."""
    done = making.read_mark().get("pages_read", 0)
    begin = max(done * making.run.stock.per_sheet - (making.run.start - 1), 0)
    addresses = (label.address for label in making.labels(begin=begin))
    try:
        with open_pages(making.part) as pages:
            for read in read_pages(pages, making.run, addresses, first_page=done):
                done += 1
                yield begin + read, done
    except PageUnreadable as error:
        raise CodeNotReadBack(f"{error} Make the sheet anew.") from None


def _read_zpl(making: _Making) -> Iterator[tuple[int, int]]:
    read, wanted = 0, making.codes()
    with making.part.open("rb") as file:
        for drawn in read_labels(file):
            label = next(wanted, None)
            if label is None or read_label(drawn.picture) != [label.address] or drawn.copies != making.run.copies:
                raise CodeNotReadBack(f"Label {read // making.run.copies + 1} cannot be read back. Make the file anew.")
            read += drawn.copies
            yield read, 0
    if next(wanted, None) is not None:
        raise CodeNotReadBack("The file has fewer labels than it needs. Make it anew.")


def _keep(making: _Making, printed: Printed) -> None:
    with making.part.open("rb") as file:
        key = making.work.files.put(file, AREA)
    with making.work.database.write() as db:
        size = making.part.stat().st_size
        is_wanted = service.note_checked(db, making.batch_id, printed, file_key=key, file_bytes=size, at=now())
        db.commit()
    if not is_wanted:
        raise _Unwanted

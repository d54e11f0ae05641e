"""Pictures that a file names by address: noted while it is taken in, fetched afterwards where that is switched on.

In: addresses of a product's pictures. Out: the vendor's assets, linked to the product; or for each a code and a
sentence why not. Never: two at once for one vendor, a fetch while the file is being taken in, or one by `fetch.py`'s
rules forbidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from qrmerch import ids, jobs, quota
from qrmerch.catalog.models import VendorProduct
from qrmerch.catalog.pictures import add_picture
from qrmerch.config import Settings
from qrmerch.db import lock_for_chain
from qrmerch.errors import TooLarge
from qrmerch.fetch import Fetched
from qrmerch.files import FileStore
from qrmerch.imports.models import FetchState, ImportRun, PictureFetch, RunState
from qrmerch.media.service import ImageRejected, receive_upload

FETCH: Final = "imports.fetch_pictures"
# Longer than any fetch takes; after that whoever had it is dead.
TAKEN_FOR: Final = timedelta(seconds=60)
_LOOKUP_PRODUCTS: Final = 400


@dataclass(frozen=True, slots=True)
class Taken:
    """An address that is to be fetched now, by whoever holds this."""

    fetch_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an address could not be fetched: a code for machines, and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of an import's addresses are in which state."""

    waiting: int
    done: int
    failed: int
    left: int

    @property
    def total(self) -> int:
        return self.waiting + self.done + self.failed + self.left


def note_addresses(db: Session, run: ImportRun, named: Mapping[str, Iterable[str]]) -> None:
    """Keep which addresses the products of a run name, by product id; the caller commits.

    What was fetched before is not fetched again; what failed or was left is tried once more.
    """
    kept = _kept(db, list(named))
    for product_id, urls in named.items():
        for place, url in enumerate(urls):
            if not is_address(url):
                continue
            known = kept.get((product_id, url))
            if known is None:
                db.add(
                    PictureFetch(
                        id=ids.new(),
                        vendor_id=run.vendor_id,
                        run_id=run.id,
                        product_id=product_id,
                        url=url,
                        place=place,
                        state=FetchState.WAITING,
                    )
                )
            elif known.state in (FetchState.FAILED, FetchState.LEFT):
                known.run_id, known.state, known.code, known.reason = run.id, FetchState.WAITING, None, None


def ask(db: Session, run: ImportRun) -> None:
    """Let what a run noted, if anything, be fetched after the caller's commit."""
    noted = select(PictureFetch.id).where(PictureFetch.run_id == run.id, PictureFetch.state == FetchState.WAITING)
    if db.scalar(noted.limit(1)) is not None:
        jobs.enqueue(db, FETCH, run.id, {"vendor_id": run.vendor_id})


def ask_for_more(db: Session, vendor_id: str, *, after: Taken) -> None:
    """Let the rest of a vendor's be fetched in another job, so that other jobs come in between."""
    jobs.enqueue(db, FETCH, f"{vendor_id}:{after.fetch_id}", {"vendor_id": vendor_id})


def is_address(name: str) -> bool:
    """Whether a picture is named by an address, and not by the name of a file."""
    return name.lower().startswith(("https://", "http://"))


def take_next(db: Session, vendor_id: str, *, store: FileStore, settings: Settings, at: datetime) -> Taken | None:
    """The next address of a vendor's, now held by the caller, who commits; None while somebody else holds one.

    Where the vendor's files take all the room there is, what waits fails at once.
    """
    lock_for_chain(db, f"fetch:{vendor_id}")
    held = select(PictureFetch.id).where(
        PictureFetch.vendor_id == vendor_id,
        PictureFetch.state == FetchState.FETCHING,
        PictureFetch.taken_at > at - TAKEN_FOR,
    )
    if db.scalar(held.limit(1)) is not None:
        return None
    try:
        quota.refuse_when_full(db, vendor_id, store=store, settings=settings, waits=False)
    except quota.QuotaFull as full:
        _end_waiting(db, PictureFetch.vendor_id == vendor_id, FetchState.FAILED, Problem("QUOTA", full.detail), at=at)
        return None
    wanted = _waiting(at).where(PictureFetch.vendor_id == vendor_id)
    row = db.scalars(wanted.order_by(PictureFetch.id).limit(1)).one_or_none()
    if row is None:
        return None
    row.state, row.taken_at = FetchState.FETCHING, at
    return Taken(row.id, row.url)


def keep_fetched(
    db: Session, taken: Taken, fetched: Fetched, *, store: FileStore, settings: Settings, at: datetime
) -> None:
    """Make what came an asset of the vendor's, and link it to the product; the caller commits."""
    row = _held(db, taken)
    if row is None:
        return
    try:
        asset = receive_upload(
            db,
            vendor_id=row.vendor_id,
            stream=fetched.stream(),
            file_name=_name_in(fetched.url),
            store=store,
            settings=settings,
            at=at,
        )
    except quota.QuotaFull as full:
        _end(row, FetchState.FAILED, Problem("QUOTA", full.detail), at=at)
        return
    except (ImageRejected, TooLarge) as refused:
        _end(row, FetchState.FAILED, Problem("IMG_TYPE", refused.detail), at=at)
        return
    add_picture(db, db.get_one(VendorProduct, row.product_id), asset.id, place=row.place)
    _end(row, FetchState.DONE, None, at=at)


def note_failure(db: Session, taken: Taken, problem: Problem, *, at: datetime) -> None:
    """Keep why an address could not be fetched; the caller commits."""
    row = _held(db, taken)
    if row is not None:
        _end(row, FetchState.FAILED, problem, at=at)


def leave(db: Session, *, at: datetime, vendor_id: str = "", run_id: str = "") -> None:
    """Fetch nothing of what still waits of a vendor's, or of a run's; it can be asked for again by sending the file."""
    which = PictureFetch.run_id == run_id if run_id else PictureFetch.vendor_id == vendor_id
    _end_waiting(db, which, FetchState.LEFT, None, at=at)


def count_fetches(db: Session, run_id: str) -> Progress:
    """How far the fetching of a run's addresses is."""
    counted = select(PictureFetch.state, func.count()).where(PictureFetch.run_id == run_id)
    by_state = {state: int(count) for state, count in db.execute(counted.group_by(PictureFetch.state))}
    return Progress(
        waiting=by_state.get(FetchState.WAITING, 0) + by_state.get(FetchState.FETCHING, 0),
        done=by_state.get(FetchState.DONE, 0),
        failed=by_state.get(FetchState.FAILED, 0),
        left=by_state.get(FetchState.LEFT, 0),
    )


def list_failed_fetches(db: Session, run_id: str, *, limit: int) -> list[PictureFetch]:
    """Addresses of a run that could not be fetched, in the order in which they were named."""
    wanted = select(PictureFetch).where(PictureFetch.run_id == run_id, PictureFetch.state == FetchState.FAILED)
    return list(db.scalars(wanted.order_by(PictureFetch.id).limit(limit)))


def list_waiting_vendors(db: Session, *, at: datetime) -> list[str]:
    """Ids of vendors with addresses that nobody is fetching."""
    found = _waiting(at).with_only_columns(PictureFetch.vendor_id)
    return list(db.scalars(found.distinct().order_by(PictureFetch.vendor_id)))


def _kept(db: Session, product_ids: list[str]) -> dict[tuple[str, str], PictureFetch]:
    found: dict[tuple[str, str], PictureFetch] = {}
    for begin in range(0, len(product_ids), _LOOKUP_PRODUCTS):
        part = product_ids[begin : begin + _LOOKUP_PRODUCTS]
        for each in db.scalars(select(PictureFetch).where(PictureFetch.product_id.in_(part))):
            found[each.product_id, each.url] = each
    return found


def _waiting(at: datetime) -> Select[PictureFetch]:
    """Addresses that wait, or whose fetcher is dead, of imports that are over."""
    is_free = or_(
        PictureFetch.state == FetchState.WAITING,
        and_(PictureFetch.state == FetchState.FETCHING, PictureFetch.taken_at <= at - TAKEN_FOR),
    )
    under_way = select(ImportRun.id).where(ImportRun.state == RunState.COMMITTING)
    return select(PictureFetch).where(is_free, PictureFetch.run_id.not_in(under_way))


def _held(db: Session, taken: Taken) -> PictureFetch | None:
    """The row of an address that is being fetched; None where somebody said stop meanwhile."""
    row = db.scalars(select(PictureFetch).where(PictureFetch.id == taken.fetch_id).with_for_update()).one_or_none()
    return row if row is not None and row.state == FetchState.FETCHING else None


def _end(row: PictureFetch, state: FetchState, problem: Problem | None, *, at: datetime) -> None:
    row.state, row.ended_at = state, at
    row.code, row.reason = (problem.code, problem.reason[:300]) if problem else (None, None)


def _end_waiting(
    db: Session, which: ColumnElement[bool], state: FetchState, problem: Problem | None, *, at: datetime
) -> None:
    db.execute(
        update(PictureFetch)
        .where(which, PictureFetch.state.in_([FetchState.WAITING, FetchState.FETCHING]))
        .values(
            state=state,
            ended_at=at,
            code=problem.code if problem else None,
            reason=problem.reason[:300] if problem else None,
        )
    )


def _name_in(url: str) -> str:
    """What a file is called at the end of its address."""
    return PurePosixPath(unquote(urlsplit(url).path)).name

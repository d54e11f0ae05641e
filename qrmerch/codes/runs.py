"""Many codes at once, as a job: begun, made little by little out of sight, shown together at the end, or cancelled.

Drafts are written in chunks, each with how far the run came, so that whoever comes after a kill goes on from there.
The last step makes codes of all of them in one transaction: a batch is there as a whole or not at all. Tokens that
were taken meanwhile are drawn again, and places that got their code meanwhile are left out. The caller commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from qrmerch import audit, ids, jobs
from qrmerch.audit import Actor
from qrmerch.codes.models import Carrier, Code, CodeDraft, CodeRun, CodeState, RunState, Subject
from qrmerch.codes.service import (
    Asked,
    Lead,
    Place,
    check_chosen,
    check_name,
    ids_of,
    lead_of,
    list_taken,
    lock_codes,
    spot_of,
)
from qrmerch.codes.tokens import make_token
from qrmerch.db import get_one, lock_for_chain, unscoped
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.queries import find_printed_host
from qrmerch.parties.service import changed
from qrmerch.tables import Word

JOB: Final = "codes.make"
# One transaction makes them all, and nobody else writes to SQLite meanwhile: some 4 s of a core for so many.
MAX_IN_RUN: Final = 50_000
# So many are made while somebody waits; more are a job.
MAX_WHILE_WAITING: Final = 500
CHUNK: Final = 2_000
# Names a change of a retailer's codes that is none of its pages.
NEW_CODES: Final = "new codes"
_LOOKED_UP_AT_ONCE: Final = 500


class RunOver(Conflict):
    """The run has ended; there is nothing left to cancel."""

    slug = "run_over"


def start_run(
    db: Session,
    items: Sequence[Lead],
    places: Sequence[Place],
    *,
    at: datetime,
    run_id: str = "",
    batch: str = "",
    campaign: str = "",
    actor: Actor | None = None,
    carrier: Carrier = Carrier.PRINT,
    again: bool = False,
) -> CodeRun:
    """Ask for a code of each item at each place; the job makes them after the commit.

    :param run_id: the order's own id, where it may come twice: the second time it gives the run of the first.
    :raises FormError: nothing chosen, or more than 50,000 codes.
    :raises NotFound: an item or place is another retailer's.
    :raises ItemNotSold: an item is retired.
    """
    retailer_id = check_chosen(db, items, places)
    batch, campaign = check_name("batch", batch), check_name("campaign", campaign)
    if run_id:
        # The same order sent twice at once: the second waits, and finds the first one's run.
        lock_for_chain(db, f"code run {run_id}")
    # Another retailer's order of that id is in the way too.
    with unscoped(db):
        known = db.scalars(select(CodeRun).where(CodeRun.id == run_id)).one_or_none() if run_id else None
    if known is not None and known.retailer_id == retailer_id:
        return known
    leads = list(dict.fromkeys(lead_of(item) for item in items))
    spots = list(dict.fromkeys(ids_of(place) for place in places))
    total = len(leads) * len(spots)
    if total > MAX_IN_RUN:
        raise FormError(
            {"place": f"That would be {total:,} codes. {MAX_IN_RUN:,} at once is the most: choose fewer places."}
        )
    run = CodeRun(
        id=ids.new() if known is not None else run_id or ids.new(),
        retailer_id=retailer_id,
        state=RunState.MAKING,
        leads=[[kind.value, subject_id, item_id] for kind, subject_id, item_id in leads],
        places=[list(spot) for spot in spots],
        total=total,
        batch=batch,
        campaign=campaign,
        carrier=carrier,
        again=again,
        user_id=actor.user_id if actor else None,
        created_at=at,
    )
    db.add(run)
    db.flush()
    audit.record(db, actor, "code.run", ("code_run", run.id), at=at, retailer_id=retailer_id, detail={"codes": total})
    jobs.enqueue(db, JOB, run.id, {"run_id": run.id})
    return run


def get_run(db: Session, run_id: str) -> CodeRun:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, CodeRun, run_id, "This order of codes is not here.")


def list_running(db: Session, retailer_id: str) -> list[CodeRun]:
    """A retailer's runs that are under way, oldest first."""
    rows = select(CodeRun).where(CodeRun.retailer_id == retailer_id, CodeRun.state == RunState.MAKING)
    return list(db.scalars(rows.order_by(CodeRun.created_at, CodeRun.id)))


def make_chunk(db: Session, run_id: str, *, at: datetime) -> bool:
    """Go on with a run for one chunk; at its end make codes of its drafts. Whether more is to be done.

    A run that was cancelled, or is over, is left as it is.
    """
    run = _get_locked(db, run_id)
    if run is None or run.state != RunState.MAKING:
        return False
    if run.done == run.total:
        _finish(db, run, at=at)
        return False
    asked = _asked(run, run.done, min(run.done + CHUNK, run.total))
    taken = _taken(db, run, asked)
    drafts = [
        {
            "id": ids.new(),
            "retailer_id": run.retailer_id,
            "run_id": run.id,
            "token": make_token(),
            "subject_kind": kind,
            "subject_id": subject_id,
            "item_id": item_id,
            "store_id": store_id,
            "fixture_id": fixture_id,
        }
        for each in asked
        if spot_of(each) not in taken
        for kind, subject_id, item_id, store_id, fixture_id in (each,)
    ]
    if drafts:
        db.execute(insert(CodeDraft), drafts)
    run.done += len(asked)
    db.flush()
    return True


def cancel_run(db: Session, run: CodeRun, *, at: datetime, actor: Actor | None) -> None:
    """Stop a run; nothing of it is left.

    :raises RunOver: it has ended already.
    """
    locked = _get_locked(db, run.id)
    if locked is None or locked.state != RunState.MAKING:
        raise RunOver("These codes are made already, or were cancelled. Look at the list.")
    _end(db, locked, RunState.CANCELLED, at=at)
    audit.record(
        db, actor, "code.run_cancel", ("code_run", run.id), at=at, retailer_id=run.retailer_id, detail={"of": run.total}
    )


def _get_locked(db: Session, run_id: str) -> CodeRun | None:
    """The run as it is now, for this transaction alone."""
    wanted = select(CodeRun).where(CodeRun.id == run_id).with_for_update()
    return db.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def _asked(run: CodeRun, since: int, until: int) -> list[Asked]:
    """What is wanted, by number: all that is led to at the first place, then at the second."""
    leads = [(Subject(kind), subject_id, item_id) for kind, subject_id, item_id in run.leads]
    found: list[Asked] = []
    for number in range(since, until):
        place, lead = divmod(number, len(leads))
        store_id, fixture_id = run.places[place]
        found.append((*leads[lead], store_id, fixture_id))
    return found


def _taken(db: Session, run: CodeRun, asked: Sequence[Asked]) -> set[Any]:
    if run.again:
        return set()
    return set(list_taken(db, run.retailer_id, asked, carrier=run.carrier, campaign=run.campaign))


def _finish(db: Session, run: CodeRun, *, at: datetime) -> None:
    """Make codes of the drafts, all at once."""
    lock_codes(db, run.retailer_id)
    if not run.again:
        _leave_out_taken(db, run)
    _draw_again(db, run)
    host = find_printed_host(db, run.retailer_id) or ""
    draft = CodeDraft
    rows = select(
        draft.id,
        draft.retailer_id,
        draft.token,
        draft.subject_kind,
        draft.subject_id,
        draft.item_id,
        draft.store_id,
        draft.fixture_id,
        literal(host),
        literal(run.carrier, Word(Carrier)),
        literal(CodeState.ACTIVE, Word(CodeState)),
        literal(run.batch),
        literal(run.campaign),
        literal(at, Code.created_at.type),
    ).where(draft.run_id == run.id)
    columns = (
        "id", "retailer_id", "token", "subject_kind", "subject_id", "item_id", "store_id", "fixture_id", "host",
        "carrier", "state", "batch", "campaign", "created_at",
    )  # fmt: skip
    run.made = db.scalar(select(func.count(draft.id)).where(draft.run_id == run.id)) or 0
    db.execute(insert(Code).from_select(columns, rows, include_defaults=False))
    _end(db, run, RunState.DONE, at=at)
    if run.made:
        changed(db, run.retailer_id, NEW_CODES, at=at)
        actor = _Asker(run.user_id) if run.user_id else None
        detail: dict[str, object] = {"codes": run.made, "items": len(run.leads)}
        subject = ("batch", run.batch or run.id)
        audit.record(db, actor, "code.make", subject, at=at, retailer_id=run.retailer_id, detail=detail)


def _leave_out_taken(db: Session, run: CodeRun) -> None:
    """Drop drafts of places that got their code while the run was under way."""
    same = select(Code.id).where(
        Code.retailer_id == run.retailer_id,
        Code.subject_id == CodeDraft.subject_id,
        Code.store_id.is_not_distinct_from(CodeDraft.store_id),
        Code.fixture_id.is_not_distinct_from(CodeDraft.fixture_id),
        Code.state == CodeState.ACTIVE,
        Code.carrier == run.carrier,
        Code.campaign == run.campaign,
    )
    gone = delete(CodeDraft).where(CodeDraft.run_id == run.id, same.exists())
    db.execute(gone.execution_options(synchronize_session=False))


def _draw_again(db: Session, run: CodeRun) -> None:
    """Give another token to drafts whose token a code has, of whichever retailer, or another draft of the run."""
    with unscoped(db):
        while True:
            in_use = select(Code.id).where(Code.token == CodeDraft.token)
            wanted = select(CodeDraft.id).where(CodeDraft.run_id == run.id)
            twins = select(CodeDraft.token).where(CodeDraft.run_id == run.id)
            twins = twins.group_by(CodeDraft.token).having(func.count() > 1)
            clashing = set(db.scalars(wanted.where(in_use.exists()))) | set(
                db.scalars(wanted.where(CodeDraft.token.in_(twins)))
            )
            if not clashing:
                return
            for draft_id in clashing:
                db.get_one(CodeDraft, draft_id).token = make_token()
            db.flush()


def _end(db: Session, run: CodeRun, state: RunState, *, at: datetime) -> None:
    run.state, run.ended_at = state, at
    gone = delete(CodeDraft).where(CodeDraft.run_id == run.id)
    db.execute(gone.execution_options(synchronize_session=False))
    db.flush()


class _Asker:
    """Who asked for a run, as much of them as an entry of the log keeps."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id

"""Writes about signs: asked for, drawn, cancelled, fetched. The caller commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids, jobs
from qrmerch.audit import Actor
from qrmerch.codes.models import Code, CodeState
from qrmerch.codes.queries import list_by_id
from qrmerch.codes.service import insist_active, mark_printed
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict
from qrmerch.printing.service import TAPS_WITHIN
from qrmerch.printing.sign_drawing import check_sign
from qrmerch.printing.sign_models import SignRun, SignState
from qrmerch.printing.signs import Sign

DRAW = "printing.sign"
_TITLE_CHARS = 200
MAKE_ANEW = "Make another sign like it."


class SignNotReady(Conflict):
    """A sign whose file is not there, or not any more."""

    slug = "sign_not_ready"


class SignOver(Conflict):
    """A sign that is drawn or cancelled already."""

    slug = "sign_over"


def ask_for_sign(
    db: Session, sign: Sign, codes: Sequence[Code], *, retailer_id: str, user_id: str | None, at: datetime, actor: Actor
) -> SignRun:
    """Keep a sign and ask for its drawing, which begins after the commit. Asked for twice in one breath, it is one.

    :raises FormError: its code has no room to be read from so far, or letters are in no typeface here.
    """
    check_sign(sign)
    lock_for_chain(db, f"prints of {retailer_id}")
    same = _find_same(db, sign, retailer_id, user_id, at=at)
    if same is not None:
        return same
    title = sign.headline or ", ".join(item.title for item in sign.items[:3]) or sign.shape.name
    run = SignRun(
        id=ids.new(),
        retailer_id=retailer_id,
        state=SignState.DRAWING,
        format=sign.format,
        title=title[:_TITLE_CHARS],
        sign=sign.to_json(),
        code_ids=[code.id for code in codes],
        items=len(sign.items),
        tries=0,
        done_items=0,
        pages=0,
        findings=[],
        preview_keys=[],
        user_id=user_id,
        created_at=at,
    )
    db.add(run)
    db.flush()
    detail: dict[str, object] = {"format": sign.format, "items": len(sign.items)}
    audit.record(db, actor, "sign.make", ("sign_run", run.id), at=at, retailer_id=retailer_id, detail=detail)
    jobs.enqueue(db, DRAW, run.job_id, {"sign_id": run.id})
    return run


def _find_same(db: Session, sign: Sign, retailer_id: str, user_id: str | None, *, at: datetime) -> SignRun | None:
    """The sign that the same person asked for a moment ago with the same form: a second tap, not a second sign."""
    wanted = select(SignRun).where(
        SignRun.retailer_id == retailer_id,
        SignRun.user_id == user_id,
        SignRun.created_at > at - TAPS_WITHIN,
        SignRun.state.in_((SignState.DRAWING, SignState.READY)),
        SignRun.format == sign.format,
    )
    return next((run for run in db.scalars(wanted) if Sign.from_json(run.sign) == sign), None)


def cancel_sign(db: Session, run: SignRun, *, at: datetime, actor: Actor) -> None:
    """Leave a sign that is being drawn: no file comes of it.

    :raises SignOver: it is drawn or cancelled already.
    """
    lock(db, run)
    if run.state != SignState.DRAWING:
        raise SignOver("This sign is not being drawn any more. Reload the page.")
    run.state, run.ended_at = SignState.CANCELLED, at
    audit.record(db, actor, "sign.cancel", ("sign_run", run.id), at=at, retailer_id=run.retailer_id)


def try_again(db: Session, run: SignRun, *, at: datetime, actor: Actor) -> None:
    """Have a sign that could not be made drawn once more, as it was asked for.

    :raises SignOver: it did not fail.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    lock(db, run)
    if run.state != SignState.FAILED:
        raise SignOver("This sign is not waiting to be tried again. Reload the page.")
    insist_active(list_ended(db, run), MAKE_ANEW)
    run.state, run.ended_at, run.problem = SignState.DRAWING, None, ""
    run.done_items, run.tries = 0, run.tries + 1
    audit.record(db, actor, "sign.again", ("sign_run", run.id), at=at, retailer_id=run.retailer_id)
    jobs.enqueue(db, DRAW, run.job_id, {"sign_id": run.id})


def list_ended(db: Session, run: SignRun) -> list[str]:
    """The tokens of its codes that were retired or replaced since."""
    return [code.token for code in list_by_id(db, run.code_ids) if code.state != CodeState.ACTIVE]


def note_fetched(db: Session, run: SignRun, *, at: datetime, actor: Actor) -> None:
    """Note that a sign's file was fetched, and with the first time that its codes go on paper.

    :raises SignNotReady: there is no file.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    lock(db, run)
    if run.state != SignState.READY:
        raise SignNotReady("This sign has no file: not every code on it was read back. Make it anew.")
    insist_active(list_ended(db, run), MAKE_ANEW)
    if run.fetched_at is None:
        run.fetched_at = at
        mark_printed(db, list_by_id(db, run.code_ids), at=at, actor=actor)


def note_progress(db: Session, sign_id: str, done: int) -> bool:
    """Say how many items are drawn; whether the sign is still wanted."""
    run = _find_drawing(db, sign_id)
    if run is None:
        return False
    run.done_items = min(done, run.items)
    return True


def note_drawn(
    db: Session,
    sign_id: str,
    *,
    file_key: str,
    file_bytes: int,
    preview_keys: Sequence[str],
    pages: int,
    findings: Sequence[dict[str, Any]],
    at: datetime,
) -> bool:
    """Say that a sign is ready; whether it was still wanted."""
    run = _find_drawing(db, sign_id)
    if run is None:
        return False
    run.file_key, run.file_bytes, run.preview_keys = file_key, file_bytes, list(preview_keys)
    run.pages, run.findings, run.done_items = pages, list(findings), run.items
    run.state, run.ended_at = SignState.READY, at
    return True


def note_failed(db: Session, sign_id: str, problem: str, *, at: datetime) -> None:
    """Say why no file comes of a sign."""
    run = _find_drawing(db, sign_id)
    if run is not None:
        run.state, run.ended_at, run.problem = SignState.FAILED, at, problem[:400]


def lock(db: Session, run: SignRun) -> None:
    """Let nobody else change a sign until this transaction ends, and see what the last one made of it."""
    db.flush()
    db.refresh(run, with_for_update=True)


def _find_drawing(db: Session, sign_id: str) -> SignRun | None:
    run = db.get(SignRun, sign_id, with_for_update=True, populate_existing=True)
    return run if run is not None and run.state == SignState.DRAWING else None

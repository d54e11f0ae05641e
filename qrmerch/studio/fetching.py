"""Pictures that a vendor's file names by address: how far the fetching is, what failed, and stopping it."""

from datetime import datetime
from typing import Final

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow
from qrmerch.clock import now
from qrmerch.imports.fetching import Progress, count_fetches, leave, list_failed_fetches
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import get_run
from qrmerch.studio.pages import Fetching
from qrmerch.studio.times import in_a_row, said_left
from qrmerch.web import get_db, notice, redirect_to

blueprint = Blueprint("studio_fetching", __name__)

_SHOWN: Final = 100
# Fewer say nothing about how long the others take.
_TOLD_AFTER: Final = 5


@blueprint.post("/studio/import/<run_id>/stop-fetching")
@allow(*VENDOR)
def stop(run_id: str) -> Response:
    """Fetch nothing more of what a file names; what came stays."""
    db = get_db()
    run = get_run(db, run_id)
    leave(db, run_id=run.id, at=now())
    db.commit()
    notice("No more pictures are fetched for this file. Those that came stay.", "info")
    return redirect_to(f"/studio/import/{run.id}")


def fetching_of(db: Session, run: ImportRun, *, is_on: bool, at: datetime) -> Fetching | None:
    """What is said about the addresses of pictures in a file; None where it names none, or is not taken in yet.

    :param is_on: whether this installation fetches.
    """
    progress = count_fetches(db, run.id)
    if not progress.total or run.state == RunState.COMMITTING:
        return None
    failed = list_failed_fetches(db, run.id, limit=_SHOWN)
    return Fetching(
        is_under_way=bool(progress.waiting) and is_on,
        said=_said(progress, run, at=at) if is_on or progress.done or progress.failed else _off(progress),
        done=progress.total - progress.waiting,
        total=progress.total,
        failed=tuple((each.url, each.reason or "", each.code or "") for each in failed),
        more_failed=progress.failed - len(failed),
    )


def _off(progress: Progress) -> str:
    named = "1 picture is" if progress.total == 1 else f"{progress.total:,} pictures are"
    files = "the file" if progress.total == 1 else "the files"
    return f"{named} named by address. Nothing is fetched from other sites here: send {files} as a ZIP."


def _said(progress: Progress, run: ImportRun, *, at: datetime) -> str:
    parts = [f"{progress.done:,} of {progress.total:,} {'picture' if progress.total == 1 else 'pictures'} fetched"]
    if progress.failed:
        parts.append(f"{progress.failed:,} could not be")
    if progress.waiting:
        ended = progress.done + progress.failed
        total = ended + progress.waiting
        left = said_left(ended, total, since=run.ended_at, now=at, told_after=_TOLD_AFTER)
        return in_a_row(f"{', '.join(parts)}.", left, "It is safe to close this page.")
    if progress.left:
        parts.append(f"{progress.left:,} not tried")
    return f"{', '.join(parts)}." + (" Send the file again to fetch the rest." if progress.left else "")

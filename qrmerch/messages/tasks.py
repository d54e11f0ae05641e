"""Telling who waits, and forgetting addresses that nothing holds any more, without anybody asking."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.jobs import Work, chore, job, sweep
from qrmerch.messages import service, telling
from qrmerch.messages.service import Sending

# A variant is looked at by a job of its own at most once in so long.
_EVERY_S: Final = 60


@job("messages.tell")
def tell(work: Work, *, variant_id: str) -> None:
    """Tell who waits for a variant, some in each transaction; killed in the middle, it goes on with the others."""
    sending = Sending(work.settings.base_url, work.settings.secret_keys)
    while True:
        with work.database.write() as db:
            told = telling.tell(db, variant_id, sending=sending, at=now())
            db.commit()
        if not told:
            return


@sweep("messages.tell")
def due(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Variants that are back and have somebody to be told."""
    at = now()
    for variant_id in telling.list_due_variants(db, at=at):
        # The same name and id run once: it is asked for again a minute later, if there is anybody left.
        yield f"{variant_id}:{int(at.timestamp()) // _EVERY_S}", {"variant_id": variant_id}


@chore
def forget_ended(work: Work) -> None:
    """Erase what has run out."""
    while True:
        with work.database.write() as db:
            found = service.forget_ended(db, at=now())
            db.commit()
        if not found:
            return


@chore
def empty_log(work: Work) -> None:
    """Leave nothing of who was erased in the database's log either."""
    work.database.empty_log()

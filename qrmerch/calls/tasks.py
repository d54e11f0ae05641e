"""What is done about calls every few minutes: those that nobody came for end, and old ones go."""

from qrmerch import jobs
from qrmerch.calls import service
from qrmerch.clock import now
from qrmerch.jobs import Work


@jobs.chore
def forget_calls(work: Work) -> None:
    """Write down which calls have lapsed, and delete those whose time is over."""
    with work.database.write() as db:
        service.lapse(db, at=now())
        service.forget(db, at=now())
        db.commit()

"""What is done with shoppers' words without anybody asking."""

from qrmerch.clock import now
from qrmerch.jobs import Work, chore
from qrmerch.reviews import service


@chore
def forget_answers(work: Work) -> None:
    """Delete the taps that no page counts any more."""
    with work.database.write() as db:
        service.forget_answers(db, at=now())
        db.commit()

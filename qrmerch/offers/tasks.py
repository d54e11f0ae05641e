"""What is done for offers every few minutes: what lapsed codes held is given back."""

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.offers.service import free_expired


@jobs.chore
def free_lapsed_codes(work: Work) -> None:
    """Give back the budget of codes whose time is up, a few hundred in each transaction."""
    while True:
        with work.database.write() as db:
            freed = free_expired(db, at=now())
            db.commit()
        if not freed:
            return

"""What is done for lists without anybody asking: what was shared too long ago is seen by nobody any more."""

from qrmerch.clock import now
from qrmerch.jobs import Work, chore
from qrmerch.wishlists.service import end_lapsed


@chore
def end_lapsed_shares(work: Work) -> None:
    """End shared lists whose time is over, a few hundred in each transaction."""
    while True:
        with work.database.write() as db:
            ended = end_lapsed(db, at=now())
            db.commit()
        if not ended:
            return

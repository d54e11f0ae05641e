"""What is due by the clock: telling of pages that lost a picture, film or sound."""

from sqlalchemy import select

from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.watching import list_suspects, tell_blocked
from qrmerch.jobs import Work, chore


@chore
def tell_of_blocked_pages(work: Work) -> None:
    """Tell of pages with a slot nothing of which may be shown any more; each once."""
    at = now()
    with work.database.read() as db:
        chunks = [each for each in list_suspects(db, at=at) if each]
    for chunk in chunks:
        with work.database.write() as db:
            tell_blocked(db, list(db.scalars(select(Item).where(Item.id.in_(chunk)))), at=at)
            db.commit()

"""Following the links of GS1 numbers that lead elsewhere, again and again: what is there may lead on one day."""

from qrmerch.clock import now
from qrmerch.codes.gs1_queries import followed_at, list_away
from qrmerch.jobs import Work, chore
from qrmerch.parties.following import follow


@chore
def follow_links(work: Work) -> None:
    """Ask for the end of each link elsewhere of which nothing fresh is known."""
    after = ""
    while work.settings.follows_links:
        with work.database.write() as db:
            links = list_away(db, after=after)
            follow(db, [followed_at(each) for each in links], at=now())
            db.commit()
        if not links:
            return
        after = links[-1].id

"""Two at once over one answer: the desk lets it show while the vendor writes another, on both databases."""

from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.reviews.models import Review, ReviewState
from qrmerch.reviews.service import ReplyChanged, reply, show_reply
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_review
from tests.threads import at_once

ROUNDS = 12


class Ann:
    """Somebody at the desk, or at the vendor's."""

    user_id = "ann"


def read_by_one(database: Database) -> tuple[str, str]:
    """A shown review with a vendor's answer that waits; its id, and the digest of what is read."""
    with database.write() as db:
        review = make_review(
            db,
            make_item(db, make_retailer(db)),
            state=ReviewState.PUBLISHED,
            reply="We mend it.",
            reply_by="Sunny Side",
            replied_at=NOON,
        )
        db.commit()
        return review.id, review.reply_digest


def test_an_answer_nobody_read_never_shows(database: Database) -> None:
    for _ in range(ROUNDS):
        review_id, read = read_by_one(database)

        def act(db: Session, place: int, review_id: str = review_id, read: str = read) -> None:
            review = db.get_one(Review, review_id)
            if place:
                reply(db, review, "Buy it at ours.", by="Sunny Side", actor=Ann(), at=NOON, is_shown=False)
                return
            try:
                show_reply(db, review, read=read, actor=Ann(), at=NOON)
            except ReplyChanged:
                db.rollback()

        at_once(database, 2, act)

        with database.read() as db:
            left = db.get_one(Review, review_id)
            assert (left.reply, left.is_reply_shown) == ("Buy it at ours.", False)

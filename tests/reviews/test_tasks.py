"""Old taps go: the table of what anybody may write does not grow without end."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.reviews.models import Answer, Helped
from qrmerch.reviews.service import ANSWERS_KEPT_FOR
from qrmerch.reviews.tasks import forget_answers
from tests.factories import make_answer, make_item, make_retailer


def test_taps_that_no_page_counts_any_more_are_deleted(work: Work, db: Session) -> None:
    item, at = make_item(db, make_retailer(db)), now()
    make_answer(db, item, Helped.NO, at=at - ANSWERS_KEPT_FOR - timedelta(hours=1))
    make_answer(db, item, Helped.YES, at=at - ANSWERS_KEPT_FOR + timedelta(hours=1))
    db.commit()

    forget_answers(work)

    assert [each.answer for each in db.scalars(select(Answer))] == [Helped.YES]
    assert forget_answers in jobs._chores

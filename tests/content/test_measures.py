"""How long vendors wait, as the database counts it, beside a naive count."""

import random
import statistics
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content import measures, reviewing
from qrmerch.content.models import Approval, Content, Revision, Verdict
from qrmerch.content.queries import get_content
from tests.conftest import NOON
from tests.factories import Doer, make_item, make_person, make_retailer, make_revision, make_template, make_vendor

SINCE = NOON - timedelta(days=28)


def test_the_databases_count_is_the_naive_one(db: Session) -> None:
    dice = random.Random(7)
    retailer, other = make_retailer(db), make_retailer(db)
    for each in (retailer, other):
        make_template(db, each)
    vendors = [make_vendor(db, retailer, other) for _ in range(3)]
    reviewers = [make_person(db, Role.REVIEWER, retailer=retailer) for _ in range(2)]
    by_vendor: dict[str, list[float]] = {}
    by_reviewer: dict[str, list[float]] = {}
    answers: dict[str, list[float]] = {}
    returned: dict[str, int] = {}
    for number in range(12):
        vendor, house = vendors[number % 3], other if number == 11 else retailer
        came_at = NOON - timedelta(days=dice.randint(2, 26), seconds=dice.randint(0, 86_399))
        item = make_item(db, house, vendor=vendor, at=came_at)
        at: datetime = came_at
        for turn in range(dice.randint(1, 3)):
            at += timedelta(minutes=dice.randint(1, 600), seconds=dice.randint(0, 59))
            revision = make_revision(db, item, state="submitted", at=at)
            waited = timedelta(seconds=dice.randint(1, 90_000))
            at += waited
            rob = dice.choice(reviewers)
            verdict = Verdict.RETURNED if turn == 0 and dice.random() < 0.5 else Verdict.APPROVED
            digest, doer = str(revision.digest), Doer(rob.user.id)
            if verdict == Verdict.APPROVED:
                reviewing.approve(db, revision, digest=digest, reviewer=doer, at=at)
            else:
                said = [{"slot": "", "text": "Again"}]
                reviewing.send_back(db, revision, digest=digest, comments=said, reviewer=doer, at=at)
            if house is other or not SINCE <= at < NOON:
                continue
            assert get_content(db, revision.content_id).item_id == item.id
            answers.setdefault(rob.user.id, []).append(waited.total_seconds())
            if verdict != Verdict.APPROVED:
                returned[vendor.id] = returned.get(vendor.id, 0) + 1
        firsts = _first_approval(db, item.id)
        if firsts is not None and house is retailer and SINCE <= firsts[0] < NOON:
            seconds = (firsts[0] - came_at).total_seconds()
            by_vendor.setdefault(vendor.id, []).append(seconds)
            by_reviewer.setdefault(firsts[1], []).append(seconds)

    said = {"since": SINCE, "until": NOON}
    assert by_vendor and answers
    _same(measures.measure_vendors(db, retailer.id, **said), by_vendor)
    _same(measures.measure_reviewers(db, retailer.id, **said), by_reviewer)
    _same(measures.measure_answers(db, retailer.id, **said), answers)
    assert measures.count_returned(db, retailer.id, **said) == returned
    whole = measures.measure_all(db, retailer.id, **said)
    every = [each for one in by_vendor.values() for each in one]
    assert whole is not None and whole.pages == len(every)
    assert abs(whole.median_s - statistics.median(every)) < 0.01


def _first_approval(db: Session, item_id: str) -> tuple[datetime, str] | None:
    rows = db.execute(
        select(Approval.at, Approval.reviewer_id, Approval.verdict)
        .join(Revision, Revision.id == Approval.revision_id)
        .join(Content, Content.id == Revision.content_id)
        .where(Content.item_id == item_id)
    ).all()
    approved = sorted((at, str(reviewer)) for at, reviewer, verdict in rows if verdict == Verdict.APPROVED)
    return approved[0] if approved else None


def _same(counted: list[measures.Waited], naive: dict[str, list[float]]) -> None:
    assert {each.id for each in counted} == set(naive)
    for each in counted:
        times = naive[each.id]
        assert each.pages == len(times)
        assert abs(each.median_s - statistics.median(times)) < 0.01
        assert abs(each.worst_s - max(times)) < 0.01
    assert [each.median_s for each in counted] == sorted((each.median_s for each in counted), reverse=True)


def test_a_house_without_an_approved_page_has_no_measure(db: Session) -> None:
    retailer = make_retailer(db)

    assert measures.measure_all(db, retailer.id, since=SINCE, until=NOON) is None
    assert measures.measure_vendors(db, retailer.id, since=SINCE, until=NOON) == []

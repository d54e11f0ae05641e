"""How long vendors wait, as the desk says it: by vendor and by reviewer, over three months."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.content.measures import (
    Waited,
    count_returned,
    measure_all,
    measure_answers,
    measure_reviewers,
    measure_vendors,
)
from qrmerch.content.reviewing import list_reviewers
from qrmerch.desk.review_pages import ReviewerWait, VendorWait, Waits
from qrmerch.parties.models import Retailer, Supply
from qrmerch.parties.queries import list_vendors

DAYS: Final = 90


def answer_waits(db: Session, retailer: Retailer, *, at: datetime) -> Waits:
    """What the desk shows of the last three months."""
    since = at - timedelta(days=DAYS)
    vendors = measure_vendors(db, retailer.id, since=since, until=at)
    returned = count_returned(db, retailer.id, since=since, until=at)
    supplied = {each.vendor.id: each for each in list_vendors(db, retailer.id)}
    names = {vendor_id: each.vendor.name for vendor_id, each in supplied.items()}
    return Waits(
        say=_say(measure_all(db, retailer.id, since=since, until=at), vendors, names),
        vendors=tuple(
            VendorWait(
                name=names.get(each.id, "A vendor that is gone"),
                href=f"/desk/vendors/{each.id}",
                pages=each.pages,
                half=said_span(each.median_s),
                slowest=said_span(each.worst_s),
                returned=returned.get(each.id, 0),
                rule=say_rule(supplied[each.id].supply) if each.id in supplied else "No",
            )
            for each in vendors
        ),
        reviewers=_reviewers(db, retailer, since, at),
    )


def _reviewers(db: Session, retailer: Retailer, since: datetime, at: datetime) -> tuple[ReviewerWait, ...]:
    names = dict(list_reviewers(db, retailer.id))
    pages = {each.id: each for each in measure_reviewers(db, retailer.id, since=since, until=at)}
    answers = {each.id: each for each in measure_answers(db, retailer.id, since=since, until=at)}
    rows = []
    for reviewer_id in dict.fromkeys((*answers, *pages)):
        page, answer = pages.get(reviewer_id), answers.get(reviewer_id)
        rows.append(
            ReviewerWait(
                name=names.get(reviewer_id, "Somebody who is gone") if reviewer_id else "By rule",
                answers=answer.pages if answer else 0,
                answer_half=said_span(answer.median_s) if answer else "",
                answer_slowest=said_span(answer.worst_s) if answer else "",
                pages=page.pages if page else 0,
                half=said_span(page.median_s) if page else "",
                slowest=said_span(page.worst_s) if page else "",
            )
        )
    return tuple(rows)


def say_rule(supply: Supply) -> str:
    """What of a vendor's is approved without a reviewer, in words."""
    if supply.is_trusted:
        return "Everything"
    rules = supply.rules or {}
    return f"Words up to {rules['max_chars']} characters" if rules.get("small") else "Nothing"


def said_span(seconds: float) -> str:
    """A stretch of time: `4 min`, `3 h 10 min`, `2 d 4 h`."""
    minutes = max(0, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _say(whole: Waited | None, vendors: list[Waited], names: Mapping[str, str]) -> str:
    if whole is None:
        return f"From an item’s file to its first approved page. None was approved in the last {DAYS} days."
    said = f"From an item’s file to its first approved page, last {DAYS} days. "
    said += f"Half are through within {said_span(whole.median_s)}"
    if len(vendors) > 1:
        return f"{said}; {names.get(vendors[0].id, 'a vendor that is gone')} waits longest."
    return f"{said}."

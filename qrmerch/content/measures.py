"""How long vendors wait: from an item's file to its first approved page, and from a page sent to its answer.

Counted by the database, on both kinds of it the same; times are in seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from qrmerch.catalog.models import Item
from qrmerch.content.models import Approval, Content, Revision, Verdict


@dataclass(frozen=True, slots=True)
class Waited:
    """How long those of one vendor or reviewer took: how many pages, the one in the middle, and the slowest."""

    # Empty for what a rule let through.
    id: str
    pages: int
    median_s: float
    worst_s: float


class _Seconds(FunctionElement[float]):
    """How many seconds lie between two instants, the earlier one first."""

    name = "seconds"
    type = Float()
    inherit_cache = True


@compiles(_Seconds, "postgresql")
def _on_postgresql(element: _Seconds, compiler: Any, **options: Any) -> str:
    begins, ends = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({ends} - {begins})) AS DOUBLE PRECISION)"


@compiles(_Seconds, "sqlite")
def _on_sqlite(element: _Seconds, compiler: Any, **options: Any) -> str:
    begins, ends = (compiler.process(each, **options) for each in element.clauses)
    return f"ROUND((JULIANDAY({ends}) - JULIANDAY({begins})) * 86400.0, 3)"


def measure_vendors(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> list[Waited]:
    """From an item's file to its first approved page, by vendor; pages first approved within these instants."""
    return _measure(db, _first_approved(retailer_id, Item.vendor_id, since, until))


def measure_reviewers(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> list[Waited]:
    """The same by whoever approved the page."""
    return _measure(db, _first_approved(retailer_id, Approval.reviewer_id, since, until))


def measure_all(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> Waited | None:
    """The same of all pages together; None where there are none."""
    return next(iter(_measure(db, _first_approved(retailer_id, Item.retailer_id, since, until))), None)


def measure_answers(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> list[Waited]:
    """From a page sent to its answer, whatever it was, by reviewer; answers given within these instants."""
    waited = _Seconds(Revision.submitted_at, Approval.at)
    wanted = (
        select(func.coalesce(Approval.reviewer_id, "").label("id"), waited.label("seconds"))
        .join(Revision, Revision.id == Approval.revision_id)
        .where(
            Approval.retailer_id == retailer_id,
            Approval.reviewer_id.is_not(None),
            Approval.at >= since,
            Approval.at < until,
        )
    )
    return _measure(db, wanted)


def count_returned(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> dict[str, int]:
    """How many pages were returned or rejected within these instants, by vendor."""
    wanted = (
        select(Revision.vendor_id, func.count())
        .join(Approval, Approval.revision_id == Revision.id)
        .where(
            Approval.retailer_id == retailer_id,
            Approval.verdict != Verdict.APPROVED,
            Approval.at >= since,
            Approval.at < until,
        )
    )
    return dict(db.execute(wanted.group_by(Revision.vendor_id)).all())


def _first_approved(retailer_id: str, who: ColumnElement[Any] | Any, since: datetime, until: datetime) -> Select[Any]:
    """Whose it is and how long it took, for the first approved page of each item."""
    place = func.row_number().over(partition_by=Item.id, order_by=(Approval.at, Approval.id))
    approved = (
        select(
            func.coalesce(who, "").label("id"),
            _Seconds(Item.created_at, Approval.at).label("seconds"),
            Approval.at.label("at"),
            place.label("place"),
        )
        .join(Revision, Revision.id == Approval.revision_id)
        .join(Content, Content.id == Revision.content_id)
        .join(Item, Item.id == Content.item_id)
        .where(Approval.retailer_id == retailer_id, Approval.verdict == Verdict.APPROVED)
        .subquery()
    )
    wanted = select(approved.c.id, approved.c.seconds).where(approved.c.place == 1)
    return wanted.where(approved.c.at >= since, approved.c.at < until)


def _measure(db: Session, times: Select[*tuple[Any, ...]]) -> list[Waited]:
    """The middle and the end of each one's times, slowest median first."""
    each = times.subquery()
    ranked = select(
        each.c.id,
        each.c.seconds,
        func.row_number().over(partition_by=each.c.id, order_by=each.c.seconds).label("place"),
        func.count().over(partition_by=each.c.id).label("pages"),
    ).subquery()
    is_middle = ranked.c.place.in_(((ranked.c.pages + 1) // 2, (ranked.c.pages + 2) // 2))
    median = func.avg(case((is_middle, ranked.c.seconds)))
    wanted = select(ranked.c.id, func.max(ranked.c.pages), median, func.max(ranked.c.seconds)).group_by(ranked.c.id)
    rows = db.execute(wanted.order_by(median.desc(), ranked.c.id))
    return [Waited(row_id, pages, float(middle), float(worst)) for row_id, pages, middle, worst in rows]

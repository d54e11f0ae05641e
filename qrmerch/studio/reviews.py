"""What shoppers say of a vendor's items, in the studio: read, and answered; the retailer reads the answer first."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.db import get_one
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import list_supplied
from qrmerch.reviews import service
from qrmerch.reviews.models import Review
from qrmerch.reviews.queries import ReviewLine, get_review, list_reviews_of_vendor
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.review_pages import ReviewRow, ReviewsPage
from qrmerch.studio.times import said_at
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("studio_reviews", __name__, url_prefix="/studio/reviews")
_PER_PAGE = 20


@blueprint.get("")
@allow(*VENDOR)
def show() -> Response:
    """The reviews that show of one's own items, newest first."""
    return _show(get_db())


@blueprint.post("/<review_id>/reply")
@allow(*VENDOR)
def reply(review_id: str) -> Response:
    """Answer a review; the answer waits at the retailer's desk.

    :raises NotFound: it is of another vendor's item.
    """
    db, principal = get_db(), current_principal()
    review, text = _own(db, review_id), request.form.get("reply", "")
    vendor = get_one(db, Vendor, str(principal.vendor_id))
    try:
        service.reply(db, review, text, by=vendor.name, actor=principal, at=now(), is_shown=False)
    except FormError as refused:
        db.rollback()
        return _show(db, wrong_id=review_id, typed=text, problems=refused.problems)
    retailer = db.get_one(Retailer, review.retailer_id)
    db.commit()
    notice(f"{retailer.name} reads your answer; then it shows under the review.")
    return redirect_to("/studio/reviews")


def _own(db: Session, review_id: str) -> Review:
    review = get_review(db, review_id)
    # A vendor's session finds its own items only.
    get_one(db, Item, review.item_id)
    return review


def _show(db: Session, *, wrong_id: str = "", typed: str = "", problems: dict[str, str] | None = None) -> Response:
    vendor_id, number = str(current_principal().vendor_id), page_number()
    retailers = {each.id: each for each in list_supplied(db, vendor_id)}
    lines, total = list_reviews_of_vendor(db, vendor_id, list(retailers), page=number, per_page=_PER_PAGE)
    name = get_one(db, Vendor, vendor_id).name
    page = ReviewsPage(
        lede="What shoppers say of your items. You can answer; the retailer reads it before it shows."
        if total
        else "Nobody has said anything yet.",
        rows=tuple(_row(line, retailers[line.item.retailer_id], name) for line in lines),
        paging=paging("review", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        wrong_id=wrong_id,
        typed=typed,
        problems=problems or {},
    )
    return render("studio/reviews.html", page, status=422 if problems else 200)


def _row(line: ReviewLine, retailer: Retailer, name: str) -> ReviewRow:
    """:param name: the vendor's own."""
    review = line.review
    when = said_at(review.written_at, now=now(), zone=retailer.time_zone)
    return ReviewRow(
        id=review.id,
        item=line.item.title,
        stars=line.drawn,
        stars_said=line.stars_said,
        title=review.title,
        text=review.text,
        locale=review.locale,
        who=line.who,
        rest=f"at {retailer.name}, {when}",
        reply=review.reply,
        reply_by=review.reply_by,
        is_reply_shown=review.is_reply_shown,
        may_reply=review.reply_by in ("", name),
    )

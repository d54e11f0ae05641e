"""What shoppers say, at the desk: read before it shows, answered, taken off with a reason; and what one tap said."""

from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import RETAILER_STAFF, REVIEWERS, allow, current_principal
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.said_pages import AnswerRow, AnswersPage, ReviewRow, ReviewsPage
from qrmerch.desk.times import said_at
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import get_retailer
from qrmerch.reviews import service
from qrmerch.reviews.models import Reason, Review, ReviewState
from qrmerch.reviews.queries import (
    ItemAnswers,
    ReviewLine,
    count_waiting_reviews,
    get_review,
    list_answers,
    list_reviews,
)
from qrmerch.web import get_db, local_address, notice, redirect_to, render

blueprint = Blueprint("desk_reviews", __name__, url_prefix="/desk/reviews")

_PER_PAGE: Final = 20
_MOST_ANSWERED: Final = 200
_TABS: Final = {
    ReviewState.PENDING: "To read",
    ReviewState.PUBLISHED: "Shown",
    ReviewState.REMOVED: "Not shown",
}
_STATES: Final = {
    ReviewState.PENDING: ("waiting", "To read"),
    ReviewState.PUBLISHED: ("live", "Shown"),
    ReviewState.REMOVED: ("ended", "Not shown"),
}
# None of them is about what the review thinks of the item.
REASONS: Final = {
    Reason.OFF_TOPIC: "It is not about the item",
    Reason.PERSONAL: "It names somebody; its words are deleted",
    Reason.ABUSE: "It insults or threatens",
    Reason.ADVERT: "It advertises something else",
    Reason.TWICE: "The same person sent it before",
    Reason.OWN: "Whoever makes or sells it wrote it",
}


@blueprint.get("")
@allow(*REVIEWERS)
def show() -> Response:
    """What waits to be read, or what is shown, or what is not."""
    return _show(get_db(), now())


@blueprint.post("/<review_id>/publish")
@allow(*REVIEWERS)
def publish(review_id: str) -> Response:
    """Show a review, or show it again."""
    db, at = get_db(), now()
    service.publish(db, get_review(db, review_id), actor=current_principal(), at=at)
    db.commit()
    notice("It shows. The next scan has it.")
    return _back()


@blueprint.post("/<review_id>/remove")
@allow(*REVIEWERS)
def remove(review_id: str) -> Response:
    """Do not show a review, for one of the reasons."""
    db, at = get_db(), now()
    review, said = get_review(db, review_id), request.form.get("reason", "")
    if said not in list(Reason):
        return _show(db, at, wrong=review, problems={"reason": "Choose why it is not shown."})
    service.remove(db, review, Reason(said), actor=current_principal(), at=at)
    db.commit()
    notice("It is not shown. It stays under Not shown, with the reason.")
    return _back()


@blueprint.post("/<review_id>/reply")
@allow(*REVIEWERS)
def reply(review_id: str) -> Response:
    """Answer a review in the house's name; it shows at once."""
    db, at, principal = get_db(), now(), current_principal()
    review, text = get_review(db, review_id), request.form.get("reply", "")
    retailer = get_retailer(db, principal.retailer_id)
    try:
        service.reply(db, review, text, by=retailer.name, actor=principal, at=at, is_shown=True)
    except FormError as refused:
        db.rollback()
        return _show(db, at, wrong=get_review(db, review_id), typed=text, problems=refused.problems)
    db.commit()
    notice("Your answer shows under the review.")
    return _back()


@blueprint.post("/<review_id>/reply/show")
@allow(*REVIEWERS)
def show_reply(review_id: str) -> Response:
    """Let a vendor's answer show."""
    db, at = get_db(), now()
    read = request.form.get("read", "")
    service.show_reply(db, get_review(db, review_id), read=read, actor=current_principal(), at=at)
    db.commit()
    notice("The answer shows.")
    return _back()


@blueprint.post("/<review_id>/reply/drop")
@allow(*REVIEWERS)
def drop_reply(review_id: str) -> Response:
    """Take an answer away, shown or waiting."""
    db, at = get_db(), now()
    service.drop_reply(db, get_review(db, review_id), actor=current_principal(), at=at)
    db.commit()
    notice("The answer is gone. The review stays as it is.")
    return _back()


@blueprint.get("/answers")
@allow(*RETAILER_STAFF)
def show_answers() -> Response:
    """What one tap said of each item's page in ninety days."""
    db, at, principal = get_db(), now(), current_principal()
    rows = list_answers(db, str(principal.retailer_id), since=at - service.ANSWERS_KEPT_FOR, limit=_MOST_ANSWERED)
    total = sum(row.total for row in rows)
    said = f"{total:,} answers in 90 days" if total != 1 else "One answer in 90 days"
    page = AnswersPage(
        lede=f"{said} to “Did this page help you decide?”. Nobody knows who tapped." if total else "None yet.",
        tabs=_tabs(db, str(principal.retailer_id), "answers"),
        rows=tuple(_answer_row(row) for row in rows),
    )
    return render("desk/answers.html", page)


def _show(
    db: Session, at: datetime, *, wrong: Review | None = None, typed: str = "", problems: dict[str, str] | None = None
) -> Response:
    retailer = get_retailer(db, current_principal().retailer_id)
    state, number = _state(wrong), page_number()
    item = get_item(db, request.args["item"]) if request.args.get("item") else None
    lines, total = list_reviews(
        db, retailer.id, state, item_id=item.id if item else "", page=number, per_page=_PER_PAGE
    )
    stores = _store_names(db, lines)
    page = ReviewsPage(
        lede=_lede(state, total),
        tabs=_tabs(db, retailer.id, state),
        state=state,
        rows=tuple(_row(line, stores, retailer, at) for line in lines),
        reasons=(("", "Choose why"), *((str(reason), words) for reason, words in REASONS.items())),
        paging=paging("review", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        item=item.title if item else "",
        item_id=item.id if item else "",
        wrong_id=wrong.id if wrong else "",
        typed=typed,
        problems=problems or {},
    )
    return render("desk/reviews.html", page, status=422 if problems else 200)


def _state(wrong: Review | None) -> ReviewState:
    said = wrong.state if wrong else request.args.get("state", "")
    return ReviewState(said) if said in list(ReviewState) else ReviewState.PENDING


def _tabs(db: Session, retailer_id: str, here: str) -> tuple[tuple[str, str, bool], ...]:
    waiting = count_waiting_reviews(db, retailer_id)
    words = {**_TABS, ReviewState.PENDING: f"To read {waiting:,}" if waiting else "To read"}
    tabs = [(words[state], f"/desk/reviews?state={state}", state == here) for state in ReviewState]
    return (*tabs, ("One tap", "/desk/reviews/answers", here == "answers"))


def _lede(state: ReviewState, total: int) -> str:
    if state == ReviewState.PENDING:
        return "Shoppers’ words show after a person has read them. Oldest first." if total else "Nothing waits."
    if state == ReviewState.PUBLISHED:
        return "What stands on the pages, newest first. An answer shows under it."
    return "What is not shown, and why. It can come back."


def _store_names(db: Session, lines: list[ReviewLine]) -> dict[str, str]:
    ids = {line.review.bought_store_id for line in lines if line.review.bought_store_id}
    return {store.id: store.short_name for store in db.scalars(select(Store).where(Store.id.in_(ids)))}


def _row(line: ReviewLine, stores: dict[str, str], retailer: Retailer, at: datetime) -> ReviewRow:
    review = line.review
    bought = stores.get(review.bought_store_id or "", "")
    when = said_at(review.written_at, now=at, zone=retailer.time_zone)
    state, label = _STATES[review.state]
    is_shown = review.state == ReviewState.PUBLISHED
    return ReviewRow(
        id=review.id,
        item=line.item.title,
        item_href=f"/desk/items/{line.item.id}",
        page_href=f"/i/{line.item.public_id}#reviews",
        stars=line.drawn,
        stars_said=line.stars_said,
        title=review.title,
        text=review.text,
        locale=review.locale,
        who=line.who,
        rest=f"bought at {bought}, {when}" if bought else when,
        state=state,
        label=label,
        reason=REASONS[review.reason] if review.reason else "",
        is_gone=not review.text,
        may_publish=not is_shown and bool(review.text),
        may_remove=review.state != ReviewState.REMOVED,
        reply=review.reply,
        reply_by=review.reply_by,
        reply_digest=review.reply_digest,
        is_reply_waiting=bool(review.reply) and not review.is_reply_shown,
        may_reply=is_shown,
    )


def _answer_row(row: ItemAnswers) -> AnswerRow:
    return AnswerRow(
        title=row.item.title,
        href=f"/desk/items/{row.item.id}",
        yes=f"{row.yes:,}",
        partly=f"{row.partly:,}",
        no=f"{row.no:,}",
        share=f"{round(100 * row.yes / row.total)} %",
    )


def _back() -> Response:
    """The list that the form stood on."""
    return redirect_to(local_address(request.form.get("back", ""), fallback="/desk/reviews"))

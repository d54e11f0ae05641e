"""One revision on the reviewer's desk: before and after; approve, return, reject, say who answers, publish."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, REVIEWERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import publishing, reviewing
from qrmerch.content.forms import read_comments
from qrmerch.content.models import Revision
from qrmerch.content.queries import find_next_waiting, get_content
from qrmerch.desk.links import ask_again
from qrmerch.desk.previews import answer_page
from qrmerch.desk.revision_view import RevisionView, TypedAnswer, TypedAssignment, get_sent, said_due
from qrmerch.desk.terms import TypedPublication, read_terms, read_typed, say_scope
from qrmerch.desk.times import said_at
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.web import get_db, notice, parse_form_instant, redirect_to, render, services

blueprint = Blueprint("desk_review", __name__)

_UNREAD: Final = "Nobody would read this on an approved page. Return the page with it, or empty this to approve."


@blueprint.get("/desk/review/<revision_id>")
@allow(*REVIEWERS)
def show(revision_id: str) -> Response:
    """One revision: `locale` is the language looked at, `scheme` the light on the phones."""
    db = get_db()
    return _render(db, get_sent(db, revision_id))


@blueprint.get("/desk/review/<revision_id>/page")
@allow(*REVIEWERS)
def show_page(revision_id: str) -> Response:
    """What shoppers would see of a revision."""
    db = get_db()
    revision = get_sent(db, revision_id)
    return _answer_page(db, revision, revision)


@blueprint.get("/desk/review/<revision_id>/live")
@allow(*REVIEWERS)
def show_live(revision_id: str) -> Response:
    """What shoppers see now of a revision's item."""
    db = get_db()
    return _answer_page(db, get_sent(db, revision_id), None)


@blueprint.post("/desk/review/<revision_id>/approve")
@allow(*REVIEWERS)
def approve(revision_id: str) -> Response:
    """Let exactly this content through; with `do` = `publish` it shows everywhere at once, for who may publish.

    Comments are for what goes back: where some were typed, it is asked what is meant. `codes` says that codes in its
    pictures may stay.
    """
    db, principal, at = get_db(), current_principal(), now()
    revision, publishes = get_sent(db, revision_id), request.form.get("do") == "publish"
    if publishes and principal.role not in PUBLISHERS:
        raise NotFound()
    if said := [each for each in read_comments(request.form) if each["text"].strip()]:
        refused = FormError({f"comment.{_field_of(each)}": _UNREAD for each in said})
        return _render(db, revision, answer=_typed(said, refused), status=refused.status)
    keeps_codes, digest = request.form.get("codes") == "1", request.form.get("digest", "")
    try:
        reviewing.approve(db, revision, digest=digest, reviewer=principal, at=at, keeps_codes=keeps_codes)
    except FormError as error:
        return _render(db, revision, answer=TypedAnswer(problems=error.problems), status=error.status)
    if publishes:
        try:
            follows = services().settings.follows_links
            publishing.publish(db, revision, actor=principal, at=at, follows_links=follows)
        except FormError as error:
            ask_again(db, revision, at=at)
            typed = _typed(read_comments(request.form), error)
            return _render(db, get_sent(db, revision_id), answer=typed, status=error.status)
    following = find_next_waiting(db, revision)
    db.commit()
    if publishes:
        notice("Approved, and live in all stores.")
    elif principal.role in PUBLISHERS:
        notice("Approved. Choose when and where shoppers see it.")
        return redirect_to(f"/desk/review/{revision.id}")
    else:
        notice("Approved. A merchandiser chooses when shoppers see it.")
    return redirect_to(f"/desk/review/{following.id}" if following else "/desk/review")


@blueprint.post("/desk/review/<revision_id>/return")
@allow(*REVIEWERS)
def send_back(revision_id: str) -> Response:
    """Return a revision with the comments pinned to its slots."""
    db, principal, at = get_db(), current_principal(), now()
    revision, comments = get_sent(db, revision_id), read_comments(request.form)
    digest = request.form.get("digest", "")
    try:
        reviewing.send_back(db, revision, digest=digest, comments=comments, reviewer=principal, at=at)
    except FormError as error:
        return _render(db, revision, answer=_typed(comments, error), status=error.status)
    following = find_next_waiting(db, revision)
    db.commit()
    notice("Returned. The vendor sees your comments beside the slots.", "info")
    return redirect_to(f"/desk/review/{following.id}" if following else "/desk/review")


@blueprint.post("/desk/review/<revision_id>/reject")
@allow(*REVIEWERS)
def reject(revision_id: str) -> Response:
    """Refuse a page, with the comment on the page as a whole as the reason."""
    db, principal, at = get_db(), current_principal(), now()
    revision, comments = get_sent(db, revision_id), read_comments(request.form)
    reason = next((each["text"] for each in comments if not each["slot"]), "")
    pinned = [each for each in comments if each["slot"]]
    digest = request.form.get("digest", "")
    try:
        reviewing.reject(db, revision, digest=digest, reason=reason, comments=pinned, reviewer=principal, at=at)
    except FormError as error:
        return _render(db, revision, answer=_typed(comments, error), status=error.status)
    following = find_next_waiting(db, revision)
    db.commit()
    notice("Rejected. The vendor reads your reason; what is live stays as it is.", "info")
    return redirect_to(f"/desk/review/{following.id}" if following else "/desk/review")


@blueprint.post("/desk/review/<revision_id>/assign")
@allow(*REVIEWERS)
def assign(revision_id: str) -> Response:
    """Say who answers, and by when."""
    db, principal, at = get_db(), current_principal(), now()
    revision = get_sent(db, revision_id)
    zone = get_retailer(db, principal.retailer_id).time_zone
    typed = TypedAssignment(request.form.get("assignee", ""), request.form.get("due", ""))
    try:
        # One that stands as it was is not asked again whether it is over.
        is_kept = typed.due == said_due(revision, zone)
        due_at = revision.due_at if is_kept else _instant("due", typed.due, zone)
        reviewing.assign(db, revision, assignee_id=typed.assignee or None, due_at=due_at, actor=principal, at=at)
    except FormError as error:
        refused = TypedAssignment(typed.assignee, typed.due, error.problems)
        return _render(db, revision, assign=refused, status=error.status)
    db.commit()
    notice("Noted who answers." if typed.assignee or typed.due else "Nobody in particular answers this one.")
    return redirect_to(f"/desk/review/{revision.id}")


@blueprint.post("/desk/review/<revision_id>/publish")
@allow(*PUBLISHERS)
def publish(revision_id: str) -> Response:
    """Let an approved revision show: now or from an instant, for good or until one, everywhere or in some stores."""
    db, principal, at = get_db(), current_principal(), now()
    revision = get_sent(db, revision_id)
    retailer = get_retailer(db, principal.retailer_id)
    typed = read_typed(request.form)
    try:
        terms = read_terms(typed, retailer.time_zone)
        row = publishing.publish(
            db,
            revision,
            actor=principal,
            at=at,
            from_at=terms.from_at,
            until_at=terms.until_at,
            store_ids=terms.store_ids,
            locales=terms.locales,
            weekly=terms.weekly,
            follows_links=services().settings.follows_links,
        )
    except FormError as error:
        ask_again(db, revision, at=at)
        return _render(db, revision, publish=replace(typed, problems=error.problems), status=error.status)
    item_id, scope = row.item_id, say_scope(row, list_stores(db, retailer.id))
    db.commit()
    begins = "now" if terms.from_at is None else f"from {said_at(row.from_at, now=at, zone=retailer.time_zone)}"
    notice(" ".join((f"Revision {revision.number} shows {begins}: {scope}.", *terms.notes)))
    return redirect_to(f"/desk/items/{item_id}/publications")


def _instant(name: str, text: str, zone: str) -> datetime | None:
    try:
        return parse_form_instant(text, zone)
    except ValueError:
        raise FormError({name: f"{text[:30]} is no date and time. Choose one, or leave it empty."}) from None


def _typed(comments: list[dict[str, str]], error: FormError) -> TypedAnswer:
    return TypedAnswer({_field_of(each): each["text"] for each in comments}, error.problems)


def _field_of(comment: dict[str, str]) -> str:
    return f"{comment['slot']}@{comment['locale']}" if comment["locale"] else comment["slot"]


def _render(
    db: Session,
    revision: Revision,
    *,
    answer: TypedAnswer | None = None,
    publish: TypedPublication | None = None,
    assign: TypedAssignment | None = None,
    status: int = 200,
) -> Response:
    view = RevisionView(db, revision, principal=current_principal(), at=now())
    page = view.page(
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        answer=answer,
        publish=publish,
        assign=assign,
    )
    return render("desk/revision.html", page, status=status)


def _answer_page(db: Session, revision: Revision, shown: Revision | None) -> Response:
    return answer_page(
        db,
        get_content(db, revision.content_id).item_id,
        get_retailer(db, revision.retailer_id),
        revision=shown,
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        at=now(),
    )

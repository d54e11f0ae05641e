"""The reviewer's desk: what waits, oldest first; one revision, before and after; approve, return, publish."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, REVIEWERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import publishing, reviewing
from qrmerch.content.comparing import SlotChange, compare
from qrmerch.content.forms import read_comments
from qrmerch.content.models import Revision
from qrmerch.content.queries import (
    Waiting,
    find_next_waiting,
    find_shown_of,
    get_content,
    list_waiting,
    revisions_by_id,
    sections_by_version,
    slots_of,
)
from qrmerch.content.slots import Slot, asset_ids_in, read_slots
from qrmerch.desk.links import ask_again
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.previews import answer_page, locales_of
from qrmerch.desk.review_pages import QueuePage, QueueRow
from qrmerch.desk.revision_view import RevisionView, TypedAnswer, get_sent
from qrmerch.desk.terms import TypedPublication, read_terms, read_typed, say_scope
from qrmerch.desk.times import said_age, said_at
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import language_name
from qrmerch.media.queries import pictures_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, list_stores, list_vendors
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_review", __name__)

_PER_PAGE: Final = 25
_NAMED_CHANGES: Final = 4


@blueprint.get("/desk/review")
@allow(*REVIEWERS)
def show_queue() -> Response:
    """What waits for an answer, oldest first; `vendor` and `page` are addresses."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    vendor_id, number = request.args.get("vendor", ""), page_number()
    waiting, total = list_waiting(db, retailer.id, vendor_id=vendor_id, page=number, per_page=_PER_PAGE)
    vendors = [(each.vendor.id, each.vendor.name) for each in list_vendors(db, retailer.id)]
    page = QueuePage(
        lede=_queue_lede(total, waiting, at, is_filtered=bool(vendor_id)),
        rows=tuple(_queue_rows(db, waiting, retailer, at)),
        paging=paging("revision", shown=len(waiting), total=total, number=number, per_page=_PER_PAGE),
        vendors=(("", "All"), *vendors),
        vendor_id=vendor_id,
        is_filtered=bool(vendor_id),
    )
    return render("desk/review.html", page)


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
    """Let exactly this content through; with `do` = `publish` it shows everywhere at once, for who may publish."""
    db, principal, at = get_db(), current_principal(), now()
    revision, publishes = get_sent(db, revision_id), request.form.get("do") == "publish"
    if publishes and principal.role not in PUBLISHERS:
        raise NotFound()
    reviewing.approve(db, revision, digest=request.form.get("digest", ""), reviewer=principal, at=at)
    if publishes:
        try:
            follows = services().settings.follows_links
            publishing.publish(db, revision, actor=principal, at=at, follows_links=follows)
        except FormError as error:
            ask_again(db, revision, at=at)
            typed = TypedAnswer({each["slot"]: each["text"] for each in read_comments(request.form)}, error.problems)
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
    try:
        reviewing.send_back(
            db, revision, digest=request.form.get("digest", ""), comments=comments, reviewer=principal, at=at
        )
    except FormError as error:
        typed = TypedAnswer({each["slot"]: each["text"] for each in comments}, error.problems)
        return _render(db, revision, answer=typed, status=error.status)
    following = find_next_waiting(db, revision)
    db.commit()
    notice("Returned. The vendor sees your comments beside the slots.", "info")
    return redirect_to(f"/desk/review/{following.id}" if following else "/desk/review")


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


def _render(
    db: Session,
    revision: Revision,
    *,
    answer: TypedAnswer | None = None,
    publish: TypedPublication | None = None,
    status: int = 200,
) -> Response:
    view = RevisionView(db, revision, principal=current_principal(), at=now())
    page = view.page(
        locale=request.args.get("locale", ""), scheme=request.args.get("scheme", ""), answer=answer, publish=publish
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


# --- the queue -------------------------------------------------------------------------------------


def _queue_rows(db: Session, waiting: list[Waiting], retailer: Retailer, at: datetime) -> Iterator[QueueRow]:
    """The lines of the queue; the number of statements does not grow with theirs."""
    shown = find_shown_of(db, [each.item.id for each in waiting], at=at)
    bases = revisions_by_id(db, {each.revision_id for each in shown.values() if each.revision_id})
    sections = sections_by_version(db, {each.revision.template_version_id for each in waiting})
    slots = {version_id: read_slots(each) for version_id, each in sections.items()}
    images = _first_images(db, waiting, slots)
    for each in waiting:
        publication = shown.get(each.item.id)
        base = bases.get(publication.revision_id or "") if publication else None
        changes = compare(
            slots[each.revision.template_version_id],
            base.body if base else None,
            each.revision.body,
            locales_of(retailer),
        )
        yield _queue_row(each, changes, images.get(each.revision.id, ""), retailer, at, is_new=base is None)


def _queue_row(
    waiting: Waiting, changes: list[SlotChange], image: str, retailer: Retailer, at: datetime, *, is_new: bool
) -> QueueRow:
    sent_at = waiting.revision.submitted_at or waiting.revision.saved_at
    count = len({each.slot or each.label for each in changes})
    return QueueRow(
        href=f"/desk/review/{waiting.revision.id}",
        title=waiting.item.title,
        vendor=waiting.vendor.name,
        image=image,
        changed=_name_changes(changes, is_new=is_new),
        size="New" if is_new else f"{count} slot" if count == 1 else f"{count} slots",
        age=said_age(at - sent_at),
        sent=said_at(sent_at, now=at, zone=retailer.time_zone),
        state=("submitted", "Sent again") if waiting.is_again else ("submitted", "Waiting"),
    )


def _name_changes(changes: list[SlotChange], *, is_new: bool) -> str:
    languages = [language_name(each, "en") for each in dict.fromkeys(change.locale for change in changes) if each]
    labels = list(dict.fromkeys(change.label for change in changes))
    if is_new:
        return f"New page in {' and '.join(languages)}" if languages else "New page"
    if not labels:
        return "Nothing against what is live"
    named = [labels[0], *(f"{label[:1].lower()}{label[1:]}" for label in labels[1:_NAMED_CHANGES])]
    more = f" and {len(labels) - _NAMED_CHANGES} more" if len(labels) > _NAMED_CHANGES else ""
    other = f"; {', '.join(languages[1:])}" if len(languages) > 1 else ""
    return f"{', '.join(named)}{more}{other}"


def _first_images(db: Session, waiting: list[Waiting], slots: dict[str, dict[str, Slot]]) -> dict[str, str]:
    """The address of the first picture of each revision, by its id."""
    firsts = {}
    for each in waiting:
        ids = asset_ids_in(slots[each.revision.template_version_id], slots_of(each.revision))
        if ids:
            firsts[each.revision.id] = ids[0]
    pictures = pictures_of(db, list(firsts.values()))
    return {revision_id: pictures[each].card_url for revision_id, each in firsts.items() if each in pictures}


def _queue_lede(total: int, waiting: list[Waiting], at: datetime, *, is_filtered: bool) -> str:
    if not total:
        return "Nothing of this vendor’s waits." if is_filtered else "Nothing waits."
    oldest = waiting[0].revision.submitted_at if waiting else None
    said = f"{total:,} {'revision waits' if total == 1 else 'revisions wait'}"
    return f"{said}, the oldest for {said_age(at - oldest)}." if oldest else f"{said}."

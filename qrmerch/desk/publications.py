"""What is live of an item: what was published when and where, rolling back, taking down."""

from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, REVIEWERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content import publishing
from qrmerch.content.holding import (
    Place,
    find_holding,
    find_shown,
    is_for,
    list_edges,
    list_places_of,
    list_publications,
)
from qrmerch.content.models import Publication, Revision
from qrmerch.content.queries import (
    Approved,
    list_approved,
    revisions_by_id,
)
from qrmerch.db import get_one
from qrmerch.desk.links import ask_again
from qrmerch.desk.previews import answer_page
from qrmerch.desk.review_pages import ApprovedRow, Phone, PublicationRow, PublicationsPage
from qrmerch.desk.revision_view import get_sent
from qrmerch.desk.take_down import offer_take_down
from qrmerch.desk.terms import read_reason, say_scope
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_publications", __name__)

_SHOWN: Final = 50
_WEEK: Final = timedelta(days=8)
_LABELS: Final = {
    "live": "Live",
    "scheduled": "Scheduled",
    "again": "Comes again",
    "ended": "Ended",
    "replaced": "Replaced",
    "down": "Down",
}
# The word of `ui/status.html` that looks right.
_MARKS: Final = {"down": "wrong", "again": "scheduled"}


@blueprint.get("/desk/items/<item_id>/publications")
@allow(*REVIEWERS)
def show(item_id: str) -> Response:
    """What is live of an item, what was and what will be."""
    db = get_db()
    return _render(db, get_item(db, item_id))


@blueprint.get("/desk/items/<item_id>/publications/page")
@allow(*REVIEWERS)
def show_page(item_id: str) -> Response:
    """The page as shoppers see it now, for the phone beside the list."""
    db = get_db()
    item = get_item(db, item_id)
    retailer = get_retailer(db, item.retailer_id)
    return answer_page(db, item.id, retailer, revision=None, locale="", scheme=request.args.get("scheme", ""), at=now())


@blueprint.post("/desk/items/<item_id>/publications")
@allow(*PUBLISHERS)
def roll_back(item_id: str) -> Response:
    """Show one of the item's approved revisions again, everywhere and at once."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    revision = get_sent(db, request.form.get("revision", ""))
    if revision.id not in {each.revision.id for each in list_approved(db, item.id)}:
        raise NotFound("This revision is not one of this item’s.")
    try:
        publishing.publish(db, revision, actor=principal, at=at, follows_links=services().settings.follows_links)
    except FormError as error:
        ask_again(db, revision, at=at)
        return _render(db, item, problems=error.problems, status=error.status)
    db.commit()
    notice(f"Revision {revision.number} is live in all stores.")
    return redirect_to(f"/desk/items/{item.id}/publications")


@blueprint.post("/desk/items/<item_id>/publications/<publication_id>/end")
@allow(*PUBLISHERS)
def end(item_id: str, publication_id: str) -> Response:
    """Let a publication be over now, or call off one that is still to come."""
    db, principal, at = get_db(), current_principal(), now()
    item, publication = get_item(db, item_id), get_one(db, Publication, publication_id)
    if publication.item_id != item.id:
        raise NotFound("This publication is not one of this item’s.")
    is_planned = publication.from_at > at
    publishing.end(db, publication, actor=principal, at=at)
    db.commit()
    notice("Called off." if is_planned else "Over. Shoppers see what showed before, or the plain page.", "info")
    return redirect_to(f"/desk/items/{item.id}/publications")


@blueprint.post("/desk/items/<item_id>/take-down")
@allow(*REVIEWERS)
def take_down(item_id: str) -> Response:
    """Show the plain page everywhere, at once: `why` is a ready reason, `reason` words of one's own."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    try:
        publishing.take_down(db, item, reason=read_reason(request.form), actor=principal, at=at)
    except FormError as error:
        words = request.form.get("reason", "")
        return _render(db, item, reason=words, problems=error.problems, status=error.status)
    db.commit()
    notice(f"{item.title} shows the plain page in all stores now.", "careful")
    return redirect_to(f"/desk/items/{item.id}/publications")


def _render(
    db: Session, item: Item, *, reason: str = "", problems: dict[str, str] | None = None, status: int = 200
) -> Response:
    at, retailer = now(), get_retailer(db, item.retailer_id)
    publications = list_publications(db, item.id)
    stores = list_stores(db, retailer.id)
    revisions = revisions_by_id(db, {each.revision_id for each in publications if each.revision_id})
    shown = find_shown(db, item.id, at=at)
    address = f"/desk/items/{item.id}"
    ((_, places),) = list_places_of(db, [item], at=at).values()
    states = {each.id: state_of(each, publications, places, at=at) for each in publications[:_SHOWN]}
    page = PublicationsPage(
        title=item.title,
        crumbs=(("Items", "/desk/items"), (item.title, address)),
        lede=_lede(publications, shown, revisions, stores, retailer, at),
        address=address,
        rows=tuple(_row(db, each, states[each.id], stores, revisions, retailer, at) for each in publications[:_SHOWN]),
        approved=tuple(_approved_row(each, shown, retailer, at) for each in list_approved(db, item.id)),
        phone=Phone("As shoppers see it now", f"{address}/publications/page", f"{item.title} as shoppers see it now"),
        can_publish=current_principal().role in PUBLISHERS,
        take_down=offer_take_down(db, item, at=at, reason=reason, problems=problems),
        problems=problems or {},
    )
    return render("desk/publications.html", page, status=status)


def _lede(
    publications: list[Publication],
    shown: Publication | None,
    revisions: dict[str, Revision],
    stores: list[Store],
    retailer: Retailer,
    at: datetime,
) -> str:
    if shown is not None and shown.revision_id:
        since = said_in_text(shown.from_at, now=at, zone=retailer.time_zone)
        scope = say_scope(shown, stores)
        where = "" if scope == "All stores" else f" ({scope})"
        return f"Shoppers see revision {revisions[shown.revision_id].number}{where}, since {_bare(since)}."
    here = Place(None, retailer.time_zone, retailer.default_locale)
    newest = find_holding(publications, here, at=at)
    if newest is not None and newest.revision_id:
        return "The vendor is suspended, so shoppers see the plain page."
    if newest is not None and newest.revision_id is None:
        since = said_in_text(newest.from_at, now=at, zone=retailer.time_zone)
        return f"Taken down since {_bare(since)}. Shoppers see the plain page."
    return "Nothing shows now. Shoppers see the plain page."


def _bare(said: str) -> str:
    return said.removeprefix("on ")


def _row(
    db: Session,
    row: Publication,
    state: str,
    stores: list[Store],
    revisions: dict[str, Revision],
    retailer: Retailer,
    at: datetime,
) -> PublicationRow:
    zone = retailer.time_zone
    revision = revisions.get(row.revision_id or "")
    user = db.get(User, row.created_by) if row.created_by else None
    return PublicationRow(
        title=f"Revision {revision.number}" if revision else "Taken down",
        href=f"/desk/review/{revision.id}" if revision else "",
        state=_MARKS.get(state, state),
        label="Called off" if row.until_at == row.from_at else _LABELS[state],
        begins=said_at(row.from_at, now=at, zone=zone),
        ends=said_at(row.until_at, now=at, zone=zone) if row.until_at else "",
        places=say_scope(row, stores),
        by=user.name if user else "By rule",
        reason=row.reason,
        end_href=f"/desk/items/{row.item_id}/publications/{row.id}/end" if _may_end(row, state) else "",
        end_label="Call it off" if state == "scheduled" else "End it now",
    )


def _may_end(row: Publication, state: str) -> bool:
    is_on = row.revision_id is not None and state in ("live", "scheduled", "again")
    return is_on and current_principal().role in PUBLISHERS


def state_of(row: Publication, publications: list[Publication], places: list[Place], *, at: datetime) -> str:
    """How a publication stands: live, scheduled, again, ended, replaced by newer ones, or (a take-down) down.

    :param places: those that tell the publications apart; `again` has begun, and waits for its hours or for the end
        of what lies on top of it.
    """
    if row.until_at is not None and row.until_at <= at:
        return "ended"
    mine = [place for place in places if is_for(row, place)]
    if any(find_holding(publications, place, at=at) is row for place in mine):
        return "live" if row.revision_id else "down"
    if not any(_comes(row, publications, place, at) for place in mine):
        return "replaced"
    return "scheduled" if row.from_at > at else "again"


def _comes(row: Publication, publications: list[Publication], place: Place, at: datetime) -> bool:
    """Whether a publication will hold at a place, with its hours looked at for eight days from its beginning."""
    begins = max(row.from_at, at)
    bounds = [each for one in publications for each in (one.from_at, one.until_at) if each is not None and each > at]
    turns = list_edges(publications, place, since=begins, until=begins + _WEEK)
    return any(find_holding(publications, place, at=edge) is row for edge in {begins, *bounds, *turns})


def _approved_row(one: Approved, shown: Publication | None, retailer: Retailer, at: datetime) -> ApprovedRow:
    said = said_in_text(one.approval.at, now=at, zone=retailer.time_zone)
    return ApprovedRow(
        revision_id=one.revision.id,
        href=f"/desk/review/{one.revision.id}",
        title=f"Revision {one.revision.number}",
        said=f"Approved {said}",
        is_shown=shown is not None and shown.revision_id == one.revision.id,
    )

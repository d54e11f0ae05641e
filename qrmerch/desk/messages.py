"""What happened to vendors' pages, told to the people of the desk."""

from flask import Blueprint, Response, request

from qrmerch.access import REVIEWERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.content.forms import read_until
from qrmerch.content.models import Reader
from qrmerch.content.notices import count_unread, list_notices, mark_all_read, open_notice
from qrmerch.desk.house_pages import MessagesPage, ToldRow
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, redirect_to, render

blueprint = Blueprint("desk_messages", __name__)

_PER_PAGE = 30


@blueprint.get("/desk/messages")
@allow(*REVIEWERS)
def show() -> Response:
    """Everything that the house was told, newest first."""
    db, at, number = get_db(), now(), page_number()
    retailer = get_retailer(db, current_principal().retailer_id)
    told, total = list_notices(db, Reader.RETAILER, retailer_id=retailer.id, page=number, per_page=_PER_PAGE)
    page = MessagesPage(
        rows=tuple(
            ToldRow(each.id, each.title, each.next, said_at(each.at, now=at, zone=retailer.time_zone), each.is_unread)
            for each in told
        ),
        unread=count_unread(db, Reader.RETAILER, retailer_id=retailer.id),
        until=at.isoformat(),
        paging=paging("message", shown=len(told), total=total, number=number, per_page=_PER_PAGE),
    )
    return render("desk/messages.html", page)


@blueprint.post("/desk/messages/read")
@allow(*REVIEWERS)
def read_all() -> Response:
    """Everything that was told until the list was opened is read."""
    db, at = get_db(), now()
    until = read_until(request.form.get("until", ""), at=at)
    mark_all_read(db, Reader.RETAILER, until=until, at=at, retailer_id=current_principal().retailer_id)
    db.commit()
    return redirect_to("/desk/messages")


@blueprint.post("/desk/messages/<notice_id>/open")
@allow(*REVIEWERS)
def open_one(notice_id: str) -> Response:
    """Go to what a message is about; it is read from now on."""
    db = get_db()
    told = open_notice(db, notice_id, Reader.RETAILER, at=now())
    db.commit()
    return redirect_to(told.href)

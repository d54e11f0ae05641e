"""What retailers did with a vendor's pages, told to its people."""

from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.content.forms import read_until
from qrmerch.content.models import Reader
from qrmerch.content.notices import Told, count_unread, list_notices, mark_all_read, open_notice
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.pages import MessagesPage, ToldRow
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.times import house_zone, said_alone
from qrmerch.web import get_db, redirect_to, render

blueprint = Blueprint("studio_messages", __name__)

_PER_PAGE = 30


@blueprint.get("/studio/messages")
@allow(*VENDOR)
def show() -> Response:
    """Everything that the vendor was told, newest first."""
    db, at, number = get_db(), now(), page_number()
    vendor_id = str(current_principal().vendor_id)
    told, total = list_notices(db, Reader.VENDOR, vendor_id=vendor_id, page=number, per_page=_PER_PAGE)
    page = MessagesPage(
        rows=told_rows(db, told, vendor_id, at=at),
        unread=count_unread(db, Reader.VENDOR, vendor_id=vendor_id),
        until=at.isoformat(),
        paging=paging("message", shown=len(told), total=total, number=number, per_page=_PER_PAGE),
    )
    return render("studio/messages.html", page)


@blueprint.post("/studio/messages/read")
@allow(*VENDOR)
def read_all() -> Response:
    """Everything that was told until the list was opened is read."""
    db, at = get_db(), now()
    until = read_until(request.form.get("until", ""), at=at)
    mark_all_read(db, Reader.VENDOR, until=until, at=at, vendor_id=current_principal().vendor_id)
    db.commit()
    return redirect_to("/studio/messages")


@blueprint.post("/studio/messages/<notice_id>/open")
@allow(*VENDOR)
def open_one(notice_id: str) -> Response:
    """Go to what a message is about; it is read from now on."""
    db = get_db()
    told = open_notice(db, notice_id, Reader.VENDOR, at=now())
    db.commit()
    return redirect_to(told.href)


def told_rows(db: Session, told: list[Told], vendor_id: str, *, at: datetime) -> tuple[ToldRow, ...]:
    """Messages as a list shows them."""
    zone = house_zone(list_supplied(db, vendor_id))
    return tuple(
        ToldRow(each.id, each.title, each.next, said_alone(each.at, now=at, zone=zone), each.is_unread) for each in told
    )

"""Shoppers who asked to be told: how many wait for what, who reads the news, and what is owed to a person who asks.

Merchandisers see numbers; addresses are an owner's, and each time one takes them stands in the log.
"""

import json
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import OWNERS, READERS, Role, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.alert_pages import AlertsPage, WaitingRow
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.downloads import csv_response
from qrmerch.messages.queries import (
    Waiting,
    count_newsletter,
    describe_contact,
    list_newsletter,
    list_waiting,
    variant_name,
)
from qrmerch.messages.service import erase_address
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.visitors.addresses import clean_address
from qrmerch.visitors.queries import find_contact
from qrmerch.visitors.service import release
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_alerts", __name__, url_prefix="/desk/alerts")
_PER_PAGE: Final = 25
_MAX_TYPED_CHARS: Final = 300
# Kept with the withdrawal as the words of it.
_ERASED_HERE: Final = "Deleted by the shop, as the owner of the address asked"


@blueprint.get("")
@allow(*READERS)
def show() -> Response:
    """Who waits for what, in numbers."""
    return _show(get_db(), now())


@blueprint.post("/newsletter")
@allow(*OWNERS)
def take_newsletter() -> Response:
    """The addresses that confirmed, as a file; that they were taken stands in the log."""
    db, at, principal = get_db(), now(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    rows = list_newsletter(db, retailer.id)
    _note(db, retailer, "newsletter.export", at=at, addresses=len(rows))
    db.commit()
    said = (
        f"News of {retailer.name}: addresses that confirmed, as of {at.isoformat(timespec='seconds')}.",
        "Take the list anew before each mailing: who stopped since then is not on it.",
    )
    heads = ("Address", "Language", "Confirmed")
    return csv_response(
        f"news {retailer.slug}",
        said=said,
        heads=heads,
        rows=[(email, locale, confirmed_at.isoformat(timespec="seconds")) for email, locale, confirmed_at in rows],
    )


@blueprint.post("/person")
@allow(*OWNERS)
def answer_person() -> Response:
    """What is owed to somebody who asks: what is kept of their address, that it goes, or that it may come again."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    typed = request.form.get("email", "")[:_MAX_TYPED_CHARS]
    try:
        email = clean_address(typed)
    except ValueError:
        return _show(db, at, typed=typed, problems={"email": "This is not an e-mail address, such as ann@example.com."})
    what = request.form.get("do", "")
    if what == "erase":
        return _erase(db, retailer, email, at=at)
    if what == "release":
        return _release(db, retailer, email, at=at)
    return _hand_out(db, retailer, email, typed=typed, at=at)


def _hand_out(db: Session, retailer: Retailer, email: str, *, typed: str, at: datetime) -> Response:
    contact = find_contact(db, retailer.id, email)
    if contact is None:
        return _show(db, at, typed=typed, problems={"email": "Nothing is kept of this address."})
    data = describe_contact(db, contact)
    _note(db, retailer, "contact.export", at=at)
    db.commit()
    response = Response(json.dumps(data, ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="address.json"'
    return response


def _erase(db: Session, retailer: Retailer, email: str, *, at: datetime) -> Response:
    erase_address(db, retailer.id, email, shown_text=_ERASED_HERE, keys=services().settings.secret_keys, at=at)
    _note(db, retailer, "contact.erase", at=at)
    db.commit()
    notice("Nothing is kept of this address, and nobody can have us write to it.")
    return redirect_to("/desk/alerts")


def _release(db: Session, retailer: Retailer, email: str, *, at: datetime) -> Response:
    is_released = release(db, retailer.id, email, keys=services().settings.secret_keys)
    if is_released:
        _note(db, retailer, "contact.release", at=at)
    db.commit()
    notice("It may be left on the pages again." if is_released else "Nothing kept it out.")
    return redirect_to("/desk/alerts")


def _note(db: Session, retailer: Retailer, action: str, *, at: datetime, **detail: object) -> None:
    # The log is for ever, and no address stands in it.
    subject = ("retailer", retailer.id)
    audit.record(db, current_principal(), action, subject, at=at, retailer_id=retailer.id, detail=detail)


def _show(db: Session, at: datetime, *, typed: str = "", problems: dict[str, str] | None = None) -> Response:
    principal = current_principal()
    retailer, number = get_retailer(db, principal.retailer_id), page_number()
    lines, total = list_waiting(db, retailer.id, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    readers = count_newsletter(db, retailer.id)
    page = AlertsPage(
        lede="What shoppers asked to be told by mail, and said yes to. Numbers only.",
        rows=tuple(_row(line, retailer, at) for line in lines),
        paging=paging("line", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        readers="1 address" if readers == 1 else f"{readers:,} addresses",
        sign_up=f"/sign-up?of={retailer.slug}",
        is_owner=principal.role == Role.OWNER,
        typed=typed,
        problems=problems or {},
    )
    return render("desk/alerts.html", page, status=422 if problems else 200)


def _row(line: Waiting, retailer: Retailer, at: datetime) -> WaitingRow:
    return WaitingRow(
        item=line.item.title,
        href=f"/desk/items/{line.item.id}",
        variant=variant_name(line.variant),
        store=line.store.short_name if line.store else "Any store",
        count=f"{line.count:,}",
        since=said_at(line.since, now=at, zone=retailer.time_zone),
    )

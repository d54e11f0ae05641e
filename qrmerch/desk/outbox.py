"""Every mail and text message that went out, or would have."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from flask import Blueprint, Response

from qrmerch import outbox
from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.house_pages import MessageRow, OutboxPage, Part
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.outbox import Channel, MessageState, OutboxMessage
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, render, services

blueprint = Blueprint("desk_outbox", __name__)

_PER_PAGE: Final = 25
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")
_STATES: Final = {
    MessageState.QUEUED: ("waiting", "On its way"),
    MessageState.SENT: ("live", "Sent"),
    MessageState.KEPT: ("draft", "Kept here"),
}


@blueprint.get("/desk/outbox")
@allow(*OWNERS)
def show() -> Response:
    """The retailer's messages, newest first."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    number = page_number()
    messages = outbox.list_messages(db, retailer_id=retailer.id, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    total = outbox.count_messages(db, retailer_id=retailer.id)
    rows = tuple(_row(message, at=at, zone=retailer.time_zone) for message in messages)
    page = OutboxPage(
        lede=_lede(total),
        rows=rows,
        paging=paging("message", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
    )
    return render("desk/outbox.html", page)


def _lede(total: int) -> str:
    said = "1 message" if total == 1 else f"{total:,} messages"
    if services().settings.smtp_url:
        return f"{said}. Mail goes out within seconds."
    return f"{said}. Nothing leaves this installation: what would have been sent is kept here to be read."


def _row(message: OutboxMessage, *, at: datetime, zone: str) -> MessageRow:
    state, label = _STATES[message.state]
    # Outside the demo a one-time link is for whoever it was sent to.
    body = message.body if services().settings.is_demo else outbox.without_secrets(message.body)
    return MessageRow(
        subject=message.subject or "Text message",
        channel="Mail" if message.channel == Channel.MAIL else "Text",
        recipient=message.recipient,
        at=said_at(message.created_at, now=at, zone=zone),
        state=state,
        label=label,
        parts=tuple(_parts(body.strip())),
    )


def _parts(body: str) -> Iterator[Part]:
    """A message in pieces, its links apart."""
    place = 0
    for found in _LINK.finditer(body):
        link = found[0].rstrip(".,;:!?)")
        if found.start() > place:
            yield Part(body[place : found.start()], "")
        yield Part(link, "" if "…" in link else link)
        place = found.start() + len(link)
    if place < len(body):
        yield Part(body[place:], "")

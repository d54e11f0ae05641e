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
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.outbox import Channel, MessageState, OutboxMessage, Stuck
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, render, services

blueprint = Blueprint("desk_outbox", __name__)

_PER_PAGE: Final = 25
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")
_STATES: Final = {
    MessageState.QUEUED: ("waiting", "On its way"),
    MessageState.SENT: ("live", "Sent"),
    MessageState.KEPT: ("draft", "Kept here"),
    MessageState.FAILED: ("failed", "Not sent"),
    MessageState.DROPPED: ("ended", "Left out"),
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
    stuck = _stuck(outbox.find_stuck(db, at=at, retailer_id=retailer.id), at=at, zone=retailer.time_zone)
    page = OutboxPage(
        lede=_lede(total, is_stuck=bool(stuck)),
        stuck=stuck,
        rows=rows,
        paging=paging("message", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
    )
    return render("desk/outbox.html", page)


def _lede(total: int, *, is_stuck: bool) -> str:
    said = "1 message" if total == 1 else f"{total:,} messages"
    if services().settings.smtp_url:
        return f"{said}." if is_stuck else f"{said}. Mail goes out within seconds."
    return f"{said}. Nothing leaves this installation: what would have been sent is kept here to be read."


def _stuck(stuck: Stuck, *, at: datetime, zone: str) -> str:
    if stuck.since is None:
        return ""
    many = "1 mail waits" if stuck.waiting == 1 else f"{stuck.waiting:,} mails wait"
    since = said_in_text(stuck.since, now=at, zone=zone)
    return (
        f"{many}, the first since {since}: the mail server does not take them ({stuck.told or 'no answer'}). "
        "They are tried again by themselves for two days."
    )


def _fate(message: OutboxMessage, *, at: datetime, zone: str) -> str:
    """Why a message did not leave yet, or will not."""
    if message.state == MessageState.FAILED:
        return f"The mail server did not take it: {message.told}. Whoever it was for has not read it."
    if message.state == MessageState.DROPPED:
        return "What it says was not true any more when it could have left."
    if message.state == MessageState.QUEUED and message.told and message.due_at is not None:
        again = said_in_text(message.due_at, now=at, zone=zone)
        return f"Tried {_times(message.tries)}: {message.told}. Tried again {again}."
    return ""


def _times(tries: int) -> str:
    return "once" if tries == 1 else f"{tries} times"


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
        fate=_fate(message, at=at, zone=zone),
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

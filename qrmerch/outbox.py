"""Mail and text messages, written in the transaction that causes them and sent afterwards."""

import enum
import re
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import ForeignKey, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.tables import Base, Id, Json, one_of, word
from qrmerch.text import clean_line

_SMTP_TIMEOUT_S: Final = 10
_MAX_HEADER_CHARS: Final = 500
# What a mail can carry besides its own: how to stop it (RFC 2369, RFC 8058).
_HEADERS: Final = frozenset(("List-Unsubscribe", "List-Unsubscribe-Post"))
# Such a header stands in one line, however long: what is encoded or folded, no mail provider follows.
_POLICY: Final = SMTP.clone(max_line_length=_MAX_HEADER_CHARS + 80)
# A one-time secret as links carry it: 256 bits in URL-safe Base64.
_SECRET: Final = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])", re.ASCII)


class Channel(enum.StrEnum):
    """How a message goes out."""

    MAIL = "mail"
    SMS = "sms"


class MessageState(enum.StrEnum):
    """Where a message stands. `kept`: this installation sends nothing, it only shows."""

    QUEUED = "queued"
    SENT = "sent"
    KEPT = "kept"


class MailRefused(Exception):
    """A mail server did not take a mail. It says by which code, and not whose mail: failures are logged and kept."""


class OutboxMessage(Base):
    """One message to one recipient."""

    __table_args__ = (one_of("channel", Channel), one_of("state", MessageState))

    id: Mapped[Id]
    retailer_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("retailer.id"), index=True)
    channel: Mapped[Channel] = word(Channel)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    # {"List-Unsubscribe": "<https://…>"}; empty once it was sent, for it may hold a one-time link.
    headers: Mapped[Json] = mapped_column(default=dict)
    # The shopper it was written to, with whom it is erased; None for staff.
    contact_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("contact.id"), index=True)
    state: Mapped[MessageState] = word(MessageState)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


def post(
    db: Session,
    *,
    retailer_id: str | None,
    channel: Channel,
    to: str,
    subject: str,
    body: str,
    at: datetime,
    headers: Mapping[str, str] | None = None,
    contact_id: str | None = None,
) -> OutboxMessage:
    """Write a message; it leaves after the caller's commit, by a job.

    :param headers: of a mail, besides its own: `List-Unsubscribe` and `List-Unsubscribe-Post`.
    :param contact_id: the shopper it is written to; None for staff.
    :raises ValueError: recipient, subject or a header holds what a header must not, or it is none of those.
    """
    if strange := set(headers or {}) - _HEADERS:
        raise ValueError(f"A mail carries no {', '.join(sorted(strange))}.")
    message = OutboxMessage(
        retailer_id=retailer_id,
        channel=channel,
        recipient=_header(to, 254),
        subject=_header(subject, 200),
        body=body,
        headers={name: _header(value, _MAX_HEADER_CHARS) for name, value in (headers or {}).items()},
        contact_id=contact_id,
        state=MessageState.QUEUED,
        created_at=at,
    )
    db.add(message)
    db.flush()
    jobs.enqueue(db, "outbox.send", message.id, {"message_id": message.id})
    return message


def list_messages(db: Session, *, retailer_id: str, limit: int = 200, offset: int = 0) -> list[OutboxMessage]:
    """A retailer's messages, newest first."""
    found = select(OutboxMessage).where(OutboxMessage.retailer_id == retailer_id)
    newest_first = found.order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
    return list(db.scalars(newest_first.limit(limit).offset(offset)))


def count_messages(db: Session, *, retailer_id: str) -> int:
    """How many messages of a retailer there are."""
    found = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.retailer_id == retailer_id)
    return db.scalar(found) or 0


def without_secrets(text: str) -> str:
    """A message's words with the secret of its one-time link left out: for whoever it is not meant for."""
    return _SECRET.sub("…", text)


def mail_of(message: OutboxMessage, *, sender: str) -> EmailMessage:
    """The message as mail, one recipient, plain text; sent once more after a kill it is the same to a mailbox."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"], mail["Subject"] = sender, message.recipient, message.subject
    mail["Date"] = message.created_at
    mail["Message-ID"] = f"<{message.id}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.body)
    return mail


@jobs.job("outbox.send")
def send(work: jobs.Work, *, message_id: str) -> None:
    """Send one message, or keep it to be shown where this installation sends nothing."""
    with work.database.read() as db:
        message = db.get(OutboxMessage, message_id)
        if message is None or message.state != MessageState.QUEUED:
            return
        mail = mail_of(message, sender=work.settings.mail_from) if message.channel == Channel.MAIL else None
    is_sent = bool(work.settings.smtp_url and mail)
    if is_sent and mail:
        try:
            _send_mail(work.settings.smtp_url, mail)
        except smtplib.SMTPException as error:
            raise MailRefused(f"{type(error).__name__} {_code_of(error)}".strip()) from None
    with work.database.write() as db:
        message = db.get(OutboxMessage, message_id)
        if message is None:
            # Its recipient was erased while it went out.
            return
        message.state = MessageState.SENT if is_sent else MessageState.KEPT
        message.sent_at = now() if is_sent else None
        if is_sent:
            message.body, message.headers = without_secrets(message.body), {}
        db.commit()


@jobs.sweep("outbox.send")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Messages that nobody was asked to send."""
    for message_id in db.scalars(select(OutboxMessage.id).where(OutboxMessage.state == MessageState.QUEUED)):
        yield message_id, {"message_id": message_id}


def _send_mail(address: str, mail: EmailMessage) -> None:
    server = urlsplit(address)
    with smtplib.SMTP(server.hostname or "", server.port or 25, timeout=_SMTP_TIMEOUT_S) as smtp:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
        if server.username and server.password:
            smtp.login(unquote(server.username), unquote(server.password))
        smtp.send_message(mail)


def _code_of(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return " ".join(str(code) for code, _ in error.recipients.values())
    return str(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else ""


def _header(text: str, max_chars: int) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("A line break cannot stand in a recipient or a subject.")
    return clean_line(text, max_chars)

"""Mail and text messages, written in the transaction that causes them and sent afterwards.

A mail that the server did not take is tried again by itself, after growing pauses, for two days; what the server
refuses for good ends at once. Each try is noted before it begins, so that no two of them run: only a mail that was
taken in the very moment in which this process died goes out twice, under the same Message-ID.
A room that writes what may not be true for so long declares with `@holds` whether it still is.
"""

import enum
import logging
import re
import smtplib
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.tables import Base, Id, Json, one_of, word
from qrmerch.text import clean_line

# How long after a try in vain the next one comes, minutes; after the last of these none does.
PAUSES_MIN: Final = (1, 2, 4, 8, 16, 32, *(60,) * 47)
# From here on somebody should look: the mail server has been away for some minutes.
STUCK_TRIES: Final = 4
# A failure is told on the desk's first page for so long.
FAILURES_TOLD_FOR: Final = timedelta(days=7)
# Nobody hears any more of a try that takes longer than this: its process has died.
_TRY_LASTS: Final = timedelta(minutes=30)
_CONNECT_WAIT_S: Final = 10
# A server that is slow to say that it took a mail has taken it (RFC 5321, 4.5.3.2): gone too soon, it comes twice.
_ANSWER_WAIT_S: Final = 300
_PERMANENT: Final = 500
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
    """Where a message stands. `kept`: this installation sends nothing, it only shows. `failed`: refused for good, or
    tried in vain to the end. `dropped`: what it says was not true any more when it could have left.
    """

    QUEUED = "queued"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
    DROPPED = "dropped"


class OutboxMessage(Base):
    """One message to one recipient."""

    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", MessageState),
        Index("ix_outbox_message_state_due_at", "state", "due_at"),
    )

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
    # Which declaration of `holds` knows whether it is still true, and the id of the row that it is about.
    kind: Mapped[str] = mapped_column(String(40), default="")
    about_id: Mapped[str] = mapped_column(String(36), default="")
    state: Mapped[MessageState] = word(MessageState)
    created_at: Mapped[datetime]
    # How often it was tried, when it is tried again (None: at once), and what the mail server said last: the name of
    # an error and a code, never whose mail it was.
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(String(80), default="")
    # When it left, or when it was given up or dropped.
    sent_at: Mapped[datetime | None]


Holds = Callable[[Session, OutboxMessage, datetime], bool]
_holds: dict[str, Holds] = {}
log = logging.getLogger("qrmerch.outbox")


@dataclass(frozen=True, slots=True)
class Stuck:
    """Mail that does not leave: how many wait after some tries, since when the first of them does, what was said of it
    last; and how many failed lately.
    """

    waiting: int
    since: datetime | None
    told: str
    failed: int


def holds(kind: str) -> Callable[[Holds], Holds]:
    """Declare what says, right before a message of a kind leaves, whether it is still true; it may put right what
    becomes of it otherwise, and leaves the commit to its caller.
    """

    def declare(body: Holds) -> Holds:
        _holds[kind] = body
        return body

    return declare


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
    kind: str = "",
    about_id: str = "",
) -> OutboxMessage:
    """Write a message; it leaves after the caller's commit, by a job.

    :param headers: of a mail, besides its own: `List-Unsubscribe` and `List-Unsubscribe-Post`.
    :param contact_id: the shopper it is written to; None for staff.
    :param kind: a kind that `holds` was declared for, where it can stop being true; `about_id`: of which row.
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
        kind=kind,
        about_id=about_id,
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


def find_stuck(db: Session, *, at: datetime, retailer_id: str | None = None) -> Stuck:
    """The mail that does not leave, of one retailer or of all."""
    own: list[ColumnElement[bool]] = [OutboxMessage.retailer_id == retailer_id] if retailer_id else []
    waits = (OutboxMessage.state == MessageState.QUEUED, OutboxMessage.tries >= STUCK_TRIES, *own)
    waiting, since = db.execute(select(func.count(), func.min(OutboxMessage.created_at)).where(*waits)).one()
    said = select(OutboxMessage.told).where(*waits).order_by(OutboxMessage.due_at.desc()).limit(1)
    failed = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == MessageState.FAILED, *own)
    lately = failed.where(OutboxMessage.sent_at > at - FAILURES_TOLD_FOR)
    return Stuck(waiting, since, db.scalar(said) or "", db.scalar(lately) or 0)


@jobs.job("outbox.send", lane=jobs.MAIL)
def send(work: jobs.Work, *, message_id: str, tries: int = 0) -> None:
    """Try once to send a message, or keep it to be shown where this installation sends nothing.

    :param tries: how often it was tried before; another number than the message's own belongs to a try that is over.
    """
    with work.database.write() as db:
        mail = _begin(db, message_id, tries, work=work, at=now())
        db.commit()
    if mail is None:
        return
    failure: _Failure | None = None
    try:
        _send_mail(work.settings.smtp_url, mail)
    # Whatever it is, the mail stays, and is tried again.
    except Exception as error:
        failure = _Failure.of(error)
        if not tries or failure.is_final:
            # Without its words, which may hold an address; of further tries the row says enough.
            log.warning("a mail was not sent: %s", failure.said)
    with work.database.write() as db:
        message = db.get(OutboxMessage, message_id)
        if message is None:
            # Its recipient was erased while it went out.
            return
        _note(message, failure, at=now())
        db.commit()


def _begin(db: Session, message_id: str, tries: int, *, work: jobs.Work, at: datetime) -> EmailMessage | None:
    """Note that a message is tried now, and give its mail; None where nothing is to be sent."""
    message = db.get(OutboxMessage, message_id)
    if message is None or message.state != MessageState.QUEUED or message.tries != tries:
        return None
    still_holds = _holds.get(message.kind)
    if still_holds is not None and not still_holds(db, message, at):
        _end(message, MessageState.DROPPED, at=at)
        return None
    if not work.settings.smtp_url or message.channel != Channel.MAIL:
        message.state = MessageState.KEPT
        return None
    mail = mail_of(message, sender=work.settings.mail_from)
    # What another process has begun meanwhile is its own.
    begun = (
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.tries == tries)
        .where(OutboxMessage.state == MessageState.QUEUED)
        .values(tries=tries + 1, due_at=at + _TRY_LASTS)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return mail if db.scalar(begun) is not None else None


def _note(message: OutboxMessage, failure: "_Failure | None", *, at: datetime) -> None:
    """What came of a try."""
    if failure is None:
        message.told = ""
        _end(message, MessageState.SENT, at=at)
        return
    message.told = failure.said
    if failure.is_final or message.tries > len(PAUSES_MIN):
        _end(message, MessageState.FAILED, at=at)
    else:
        message.due_at = at + timedelta(minutes=PAUSES_MIN[message.tries - 1])


def _end(message: OutboxMessage, state: MessageState, *, at: datetime) -> None:
    """Try a message no more, and forget the secrets in it."""
    message.state, message.sent_at, message.due_at = state, at, None
    message.body, message.headers = without_secrets(message.body), {}


@jobs.sweep("outbox.send")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Messages that nobody was asked to send, and those whose next try has come."""
    due = or_(OutboxMessage.due_at.is_(None), OutboxMessage.due_at <= now())
    found = select(OutboxMessage.id, OutboxMessage.tries).where(OutboxMessage.state == MessageState.QUEUED, due)
    for message_id, tries in db.execute(found.order_by(OutboxMessage.due_at, OutboxMessage.id)):
        yield _order_id(message_id, tries), {"message_id": message_id, "tries": tries}


def _order_id(message_id: str, tries: int) -> str:
    return f"{message_id}:{tries}" if tries else message_id


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a mail did not leave, in a few words; whether no further try can help."""

    said: str
    is_final: bool

    @classmethod
    def of(cls, error: Exception) -> "_Failure":
        """Final is what the server says for good (5xx, RFC 5321) of the recipient or of the mail. What it says of the
        sender or of a password is about the installation, which can be put right meanwhile.
        """
        codes = _codes_of(error)
        is_about_mail = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
        said = " ".join([type(error).__name__, *map(str, codes)])
        return cls(said[:80], is_about_mail and bool(codes) and min(codes) >= _PERMANENT)


def _send_mail(address: str, mail: EmailMessage) -> None:
    server = urlsplit(address)
    smtp = smtplib.SMTP(server.hostname or "", server.port or 25, timeout=_CONNECT_WAIT_S)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
        if server.username and server.password:
            smtp.login(unquote(server.username), unquote(server.password))
        if smtp.sock is not None:
            smtp.sock.settimeout(_ANSWER_WAIT_S)
        smtp.send_message(mail)
    finally:
        # How it says goodbye changes nothing about what it took.
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _codes_of(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _header(text: str, max_chars: int) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("A line break cannot stand in a recipient or a subject.")
    return clean_line(text, max_chars)

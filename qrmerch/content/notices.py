"""What happened to a vendor's pages, told to the people of one house: in the app, and by mail.

A notice is for a house: whoever of it looks at it has read it for all. What one transaction causes is one mail to
each person. Every function leaves the commit to its caller.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, SessionTransaction

from qrmerch import ids
from qrmerch.access import PUBLISHERS, Role
from qrmerch.catalog.models import Item
from qrmerch.content.models import Content, Notice, Reader, Revision
from qrmerch.db import get_one, unscoped
from qrmerch.errors import NotFound
from qrmerch.i18n import format_date
from qrmerch.outbox import Channel, OutboxMessage, post
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import printed_base
from qrmerch.text import clean_line
from qrmerch.users.queries import Member, list_members

# A vendor that sends page after page causes one mail to the reviewers, not one for each.
QUIET_FOR: Final = timedelta(minutes=30)
_SUBJECT_CHARS: Final = 200
_NAMED_IN_MAIL: Final = 50


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as its reader sees it: what happened, what to do next, and where (`href` is a path)."""

    id: str
    kind: str
    title: str
    next: str
    href: str
    at: datetime
    is_unread: bool


@dataclass(frozen=True, slots=True)
class _Names:
    """What a sentence about a notice needs to know."""

    item: str
    retailer: str
    vendor: str
    zone: str
    content_id: str


@dataclass(slots=True)
class _Mail:
    """A mail of the transaction that is under way, and what stands in it so far."""

    message: OutboxMessage
    said: list[Told] = field(default_factory=list)


@dataclass(slots=True)
class _Burst:
    """The mails of one transaction, by recipient and retailer."""

    transaction: SessionTransaction | None
    mails: dict[tuple[str, str], _Mail] = field(default_factory=dict)


def tell(
    db: Session,
    kind: str,
    item: Item,
    *,
    reader: Reader,
    at: datetime,
    revision: Revision | None = None,
    detail: dict[str, Any] | None = None,
) -> Notice:
    """Note for one house that something happened to an item's page, and write to those whom it concerns.

    :param kind: sent, approved, returned, rejected, live, down, ended, template, blocked, print_asked, print_released
        or print_refused.
    :param detail: plain JSON that the sentence needs: `reason`, `slot` (its label), `comments` (how many),
        `from_at` (ISO, where it is to come), `called_off`.
    """
    notice = Notice(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        reader=reader,
        kind=kind,
        item_id=item.id,
        revision_id=revision.id if revision else None,
        detail={**({"number": revision.number} if revision else {}), **(detail or {})},
        at=at,
    )
    db.add(notice)
    db.flush()
    _write_mails(db, notice, item, revision)
    return notice


def list_notices(
    db: Session,
    reader: Reader,
    *,
    retailer_id: str | None = None,
    vendor_id: str | None = None,
    page: int = 1,
    per_page: int = 30,
) -> tuple[list[Told], int]:
    """One page of what a house was told, newest first, and how many there are in all pages."""
    mine = _of(reader, retailer_id, vendor_id)
    total = db.scalar(select(func.count()).select_from(Notice).where(*mine)) or 0
    wanted = select(Notice).where(*mine).order_by(Notice.at.desc(), Notice.id.desc())
    rows = list(db.scalars(wanted.limit(per_page).offset((page - 1) * per_page)))
    names = _names_of(db, rows)
    return [say(each, names[each.id]) for each in rows if each.id in names], total


def list_unread(db: Session, reader: Reader, *, vendor_id: str | None = None, limit: int = 3) -> list[Told]:
    """The newest things that nobody of the house has read yet."""
    wanted = select(Notice).where(*_of(reader, None, vendor_id), Notice.read_at.is_(None))
    rows = list(db.scalars(wanted.order_by(Notice.at.desc(), Notice.id.desc()).limit(limit)))
    names = _names_of(db, rows)
    return [say(each, names[each.id]) for each in rows if each.id in names]


def count_unread(db: Session, reader: Reader, *, retailer_id: str | None = None, vendor_id: str | None = None) -> int:
    """How much nobody of the house has read yet."""
    wanted = select(func.count()).select_from(Notice).where(*_of(reader, retailer_id, vendor_id))
    return db.scalar(wanted.where(Notice.read_at.is_(None))) or 0


def mark_all_read(
    db: Session,
    reader: Reader,
    *,
    until: datetime,
    at: datetime,
    retailer_id: str | None = None,
    vendor_id: str | None = None,
) -> None:
    """Everything told up to an instant is read; what came after it stays unread."""
    ours = update(Notice).where(*_of(reader, retailer_id, vendor_id), Notice.read_at.is_(None), Notice.at <= until)
    db.execute(ours.values(read_at=at).execution_options(synchronize_session=False))


def open_notice(db: Session, notice_id: str, reader: Reader, *, at: datetime) -> Told:
    """One notice, read from now on.

    :raises NotFound: there is none that the session may see, or it is for the other house.
    """
    notice = get_one(db, Notice, notice_id, "This message is not here.")
    if notice.reader != reader:
        raise NotFound("This message is not here.")
    notice.read_at = notice.read_at or at
    db.flush()
    return say(notice, _names_of(db, [notice])[notice.id])


def say(notice: Notice, names: _Names) -> Told:
    """A notice in words."""
    words = _WORDS.get((notice.reader, notice.kind), _say_something)
    title, following = words(names, notice.detail)
    return Told(
        id=notice.id,
        kind=notice.kind,
        title=title,
        next=following,
        href=_href(notice, names),
        at=notice.at,
        is_unread=notice.read_at is None,
    )


# --- sentences -------------------------------------------------------------------------------------

_Detail = dict[str, Any]


def _reason(detail: _Detail) -> str:
    """The reason that was given, as a sentence of its own; empty where none was."""
    reason = str(detail.get("reason") or "").strip()
    return reason if not reason or reason[-1] in ".!?…" else f"{reason}."


def _join(*sentences: str) -> str:
    return " ".join(each for each in sentences if each)


def _say_approved(names: _Names, detail: _Detail) -> tuple[str, str]:
    title = f"{names.retailer} approved {names.item}"
    return title, "They choose when shoppers see it. There is nothing for you to do."


def _say_returned(names: _Names, detail: _Detail) -> tuple[str, str]:
    count = int(detail.get("comments") or 0)
    comments = "the comment" if count == 1 else f"the {count} comments" if count else "the comments"
    return (
        f"{names.retailer} returned {names.item}",
        f"Open the page, answer {comments} beside the slots, and send it again.",
    )


def _say_rejected(names: _Names, detail: _Detail) -> tuple[str, str]:
    return (
        f"{names.retailer} rejected the page of {names.item}",
        _join(_reason(detail), "Write another page that answers this, or ask them before you go on."),
    )


def _say_live(names: _Names, detail: _Detail) -> tuple[str, str]:
    begins = str(detail.get("from_at") or "")
    if begins:
        day = format_date(datetime.fromisoformat(begins).astimezone(ZoneInfo(names.zone)).date(), "en")
        return f"{names.item} goes live at {names.retailer} on {day}", "There is nothing for you to do until then."
    return f"{names.item} is live at {names.retailer}", "Shoppers see it now. Look at it on a phone."


def _say_down(names: _Names, detail: _Detail) -> tuple[str, str]:
    return (
        f"{names.retailer} took {names.item} down",
        _join(_reason(detail), "Shoppers see a plain page. Send a changed page, or ask them what is needed."),
    )


def _say_ended(names: _Names, detail: _Detail) -> tuple[str, str]:
    if detail.get("called_off"):
        return (
            f"{names.retailer} called off what was planned for {names.item}",
            "What shoppers see stays as it is. There is nothing for you to do.",
        )
    return (
        f"{names.item} ended at {names.retailer}",
        "What showed before shows again, or a plain page. There is nothing for you to do.",
    )


def _say_template(names: _Names, detail: _Detail) -> tuple[str, str]:
    return (
        f"{names.retailer} changed the template of {names.item}",
        _join(_reason(detail), "Open the page, fill what is new, and send it. What is live stays as it is."),
    )


def _say_blocked(names: _Names, detail: _Detail) -> tuple[str, str]:
    slot = str(detail.get("slot") or "A part")
    return (
        f"{slot} of {names.item} may not be shown at {names.retailer}",
        _join(_reason(detail), "Shoppers see what stood there before. Replace it and send the page again."),
    )


def _say_sent(names: _Names, detail: _Detail) -> tuple[str, str]:
    return f"{names.vendor} sent {names.item}", "Look at what changed, then approve, return or reject it."


def _say_template_here(names: _Names, detail: _Detail) -> tuple[str, str]:
    return (
        f"The template of {names.item} changed",
        _join(_reason(detail), f"What {names.vendor} sent stays in its version. Approve it, or return it."),
    )


def _say_blocked_here(names: _Names, detail: _Detail) -> tuple[str, str]:
    slot = str(detail.get("slot") or "A part")
    return (
        f"{slot} of {names.item} may not be shown",
        _join(_reason(detail), f"Shoppers see what stood there before. Ask {names.vendor}, or take the page down."),
    )


def _say_items(names: _Names, detail: _Detail) -> str:
    """The item, and how many more there are with it."""
    more = int(detail.get("items") or 1) - 1
    return f"{names.item} and {more} more" if more > 0 else names.item


def _say_print_asked(names: _Names, detail: _Detail) -> tuple[str, str]:
    title = f"{names.vendor} asks for print files of {_say_items(names, detail)}"
    return title, "Have them made and release them, or refuse and say why."


def _say_print_released(names: _Names, detail: _Detail) -> tuple[str, str]:
    title = f"{names.retailer} released print files of {_say_items(names, detail)}"
    return title, "Download them and print them as they are. Every code on them was read back."


def _say_print_refused(names: _Names, detail: _Detail) -> tuple[str, str]:
    title = f"{names.retailer} refused print files of {_say_items(names, detail)}"
    return title, _join(_reason(detail), "Ask again once that is answered.")


def _say_something(names: _Names, detail: _Detail) -> tuple[str, str]:
    return f"Something happened to {names.item}", _join(_reason(detail), "Open it and look.")


_WORDS: Final[dict[tuple[Reader, str], Callable[[_Names, _Detail], tuple[str, str]]]] = {
    (Reader.VENDOR, "approved"): _say_approved,
    (Reader.VENDOR, "returned"): _say_returned,
    (Reader.VENDOR, "rejected"): _say_rejected,
    (Reader.VENDOR, "live"): _say_live,
    (Reader.VENDOR, "down"): _say_down,
    (Reader.VENDOR, "ended"): _say_ended,
    (Reader.VENDOR, "template"): _say_template,
    (Reader.VENDOR, "blocked"): _say_blocked,
    (Reader.VENDOR, "print_released"): _say_print_released,
    (Reader.VENDOR, "print_refused"): _say_print_refused,
    (Reader.RETAILER, "print_asked"): _say_print_asked,
    (Reader.RETAILER, "sent"): _say_sent,
    (Reader.RETAILER, "template"): _say_template_here,
    (Reader.RETAILER, "blocked"): _say_blocked_here,
}


def _href(notice: Notice, names: _Names) -> str:
    if notice.kind.startswith("print_"):
        is_vendor = notice.reader == Reader.VENDOR
        return "/studio/prints" if is_vendor else f"/desk/prints/requests/{notice.detail.get('request', '')}"
    if notice.reader == Reader.VENDOR:
        return f"/studio/content/{names.content_id}" if names.content_id else "/studio/products"
    if notice.kind in ("sent", "template") and notice.revision_id:
        return f"/desk/review/{notice.revision_id}"
    return f"/desk/items/{notice.item_id}/publications"


# --- rows ------------------------------------------------------------------------------------------


def _of(reader: Reader, retailer_id: str | None, vendor_id: str | None) -> list[ColumnElement[bool]]:
    """The notices of one house."""
    conditions = [Notice.reader == reader]
    if retailer_id is not None:
        conditions.append(Notice.retailer_id == retailer_id)
    if vendor_id is not None:
        conditions.append(Notice.vendor_id == vendor_id)
    return conditions


def _names_of(db: Session, rows: Collection[Notice]) -> dict[str, _Names]:
    """What is called how, by notice; the number of statements does not grow with the rows."""
    item_ids = {each.item_id for each in rows}
    wanted = (
        select(Item.id, Item.title, Retailer.name, Retailer.time_zone, Vendor.name)
        .join(Retailer, Retailer.id == Item.retailer_id)
        .join(Vendor, Vendor.id == Item.vendor_id)
        .where(Item.id.in_(item_ids))
    )
    found = {item_id: rest for item_id, *rest in db.execute(wanted)}
    revised = select(Revision.id, Revision.content_id).where(
        Revision.id.in_({each.revision_id for each in rows if each.revision_id})
    )
    by_revision = dict(db.execute(revised).all())
    written = select(Content.item_id, Content.id).where(Content.item_id.in_(item_ids)).order_by(Content.created_at)
    by_item = dict(db.execute(written).all())
    names = {}
    for each in rows:
        if each.item_id in found:
            title, retailer, zone, vendor = found[each.item_id]
            content_id = by_revision.get(each.revision_id or "") or by_item.get(each.item_id, "")
            names[each.id] = _Names(title, retailer, vendor, zone, content_id)
    return names


# --- mail ------------------------------------------------------------------------------------------


def _write_mails(db: Session, notice: Notice, item: Item, revision: Revision | None) -> None:
    with unscoped(db):
        names = _names_of(db, [notice])[notice.id]
        recipients = _recipients(db, notice, revision)
        burst = _burst_of(db)
        told, base = say(notice, names), _base_of(db, notice)
        waiting = [each for each in recipients if (each, notice.retailer_id) not in burst.mails]
        if notice.kind == "sent" and waiting and _is_quiet(db, notice):
            recipients = [each for each in recipients if each not in waiting]
        for email in recipients:
            mail = burst.mails.get((email, notice.retailer_id))
            if mail is None:
                mail = _Mail(_post(db, email, notice))
                burst.mails[email, notice.retailer_id] = mail
            mail.said.append(told)
            mail.message.subject = _subject(mail.said, names)
            mail.message.body = _body(mail.said, notice.reader, base)
        db.flush()


def _recipients(db: Session, notice: Notice, revision: Revision | None) -> list[str]:
    """Who is written to: at a vendor its admins and whoever sent the page, at a retailer who answers."""
    if notice.reader == Reader.VENDOR:
        author_id = revision.author_id if revision else None
        people = list_members(db, vendor_id=notice.vendor_id)
        chosen = [each for each in people if each.membership.role == Role.VENDOR_ADMIN or each.user.id == author_id]
        return _addresses(chosen)
    people = list_members(db, retailer_id=notice.retailer_id)
    assignee_id = revision.assignee_id if revision else None
    if assignee_id and (mine := [each for each in people if each.user.id == assignee_id]):
        return _addresses(mine)
    publishers = [each for each in people if each.membership.role in PUBLISHERS]
    if notice.kind != "sent":
        return _addresses(publishers)
    return _addresses([each for each in people if each.membership.role == Role.REVIEWER]) or _addresses(publishers)


def _addresses(people: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(each.user.email for each in people if not each.user.is_disabled))


def _is_quiet(db: Session, notice: Notice) -> bool:
    """Whether the retailer was told of this vendor's pages a moment ago and has not looked yet."""
    earlier = select(Notice.id).where(
        Notice.reader == notice.reader,
        Notice.kind == notice.kind,
        Notice.retailer_id == notice.retailer_id,
        Notice.vendor_id == notice.vendor_id,
        Notice.id != notice.id,
        Notice.read_at.is_(None),
        Notice.at > notice.at - QUIET_FOR,
        Notice.at <= notice.at,
    )
    return db.scalar(earlier.limit(1)) is not None


def _burst_of(db: Session) -> _Burst:
    """The mails of the transaction under way."""
    transaction = db.get_transaction()
    burst: _Burst | None = db.info.get("notices")
    if burst is None or burst.transaction is not transaction:
        burst = _Burst(transaction)
        db.info["notices"] = burst
    # A savepoint that was rolled back took its mails along.
    burst.mails = {key: mail for key, mail in burst.mails.items() if mail.message in db}
    return burst


def _post(db: Session, email: str, notice: Notice) -> OutboxMessage:
    return post(
        db,
        retailer_id=notice.retailer_id if notice.reader == Reader.RETAILER else None,
        channel=Channel.MAIL,
        to=email,
        subject="",
        body="",
        at=notice.at,
    )


def _subject(said: Sequence[Told], names: _Names) -> str:
    """One line, whatever an item or a house is called."""
    text = said[0].title if len(said) == 1 else f"{len(said):,} messages about pages at {names.retailer}"
    line = clean_line(text, max(len(text) * 4, 1))
    return line if len(line) <= _SUBJECT_CHARS else f"{line[: _SUBJECT_CHARS - 1]}…"


def _base_of(db: Session, notice: Notice) -> str:
    """What links in a mail begin with: for a retailer's people its own host, for vendors the installation's address."""
    database = db.info.get("database")
    base_url = database.base_url if database is not None else ""
    if notice.reader == Reader.VENDOR:
        return base_url
    return printed_base(db, notice.retailer_id, base_url=base_url)


def _body(said: Sequence[Told], reader: Reader, base_url: str) -> str:
    lines: list[str] = []
    for each in said[:_NAMED_IN_MAIL]:
        lines += [each.title, each.next, f"{base_url}{each.href}", ""]
    if len(said) > _NAMED_IN_MAIL:
        lines += [f"And {len(said) - _NAMED_IN_MAIL:,} more.", ""]
    room = "studio" if reader == Reader.VENDOR else "desk"
    return "\n".join([*lines, f"Everything that happened: {base_url}/{room}/messages"])

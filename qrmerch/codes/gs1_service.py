"""Writes about GS1 addresses: links added, changed, removed; hosts allowed; who answers a shared number.

Every function leaves the commit to its caller.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.catalog.models import Item, Variant
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.codes.gs1_queries import followed_at, list_item_gtins, list_link_hosts
from qrmerch.db import lock_for_chain, reread
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.gs1.ai import KEYS, Problem, check_value
from qrmerch.gs1.digital_link import write_path
from qrmerch.gs1.epc import is_compressed
from qrmerch.gs1.link_types import HANDLED_BY, LINK_TYPES
from qrmerch.i18n import is_locale
from qrmerch.parties.following import follow, host_of
from qrmerch.parties.queries import list_own_hosts
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

MAX_TITLE_CHARS: Final = 80
MAX_HREF_CHARS: Final = 1000
MAX_LINKS: Final = 200
MAX_HOSTS: Final = 50
# What a link may lead to, by its media type.
MEDIA_TYPES: Final = {
    "text/html": "A page",
    "application/pdf": "A PDF",
    "video/mp4": "A film",
    "image/jpeg": "A picture",
    "application/json": "Data (JSON)",
    "application/ld+json": "Linked data (JSON-LD)",
}
# What an address may hold as it stands: no space, quote, backslash or bracket of another kind.
_SIGNS: Final = r"[!#-;=?-\[\]_a-z~]"
_LOCAL: Final = re.compile(rf"/(?!/){_SIGNS}*")
_ELSEWHERE: Final = re.compile(rf"https://{_SIGNS}+")
_HOST: Final = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_CONTEXT: Final = re.compile("[a-z0-9][a-z0-9-]{0,39}")
_QUALIFIERS: Final = (("22", "variant"), ("10", "lot"), ("21", "serial"))


class TooManyLinks(Conflict):
    """An item has as many links as it can have."""

    slug = "too_many_links"


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """A link as somebody wrote it. `variant`, `lot` and `serial` are empty for every one."""

    link_type: str
    title: str
    href: str
    locale: str = ""
    media_type: str = "text/html"
    # For whom it is, in one word; empty for everybody.
    context: str = ""
    gtin: str = ""
    variant: str = ""
    lot: str = ""
    serial: str = ""
    is_default: bool = False


def add_link(
    db: Session, item: Item, draft: LinkDraft, *, at: datetime, actor: Actor | None, follows: bool = False
) -> Gs1Link:
    """A new link of an item's GS1 address.

    :param follows: whether it holds only once it was followed to its end, where it leads elsewhere.
    :raises FormError: by field, what cannot be taken.
    :raises TooManyLinks: there are 200 already.
    """
    lock_for_chain(db, f"gs1 {item.id}")
    values = _checked(db, item, draft)
    if (db.scalar(select(func.count(Gs1Link.id)).where(Gs1Link.item_id == item.id)) or 0) >= MAX_LINKS:
        raise TooManyLinks(f"An item has at most {MAX_LINKS} links. Remove one first.")
    link = Gs1Link(id=ids.new(), retailer_id=item.retailer_id, item_id=item.id, created_at=at, **values)
    _make_room(db, link)
    db.add(link)
    _tell(db, link, "gs1.link.add", at=at, actor=actor, detail=_said(link))
    if follows:
        _follow(db, link, at=at)
    return link


def change_link(
    db: Session,
    item: Item,
    link: Gs1Link,
    draft: LinkDraft,
    *,
    at: datetime,
    actor: Actor | None,
    follows: bool = False,
) -> bool:
    """Change a link; whether anything was different.

    :param follows: as `add_link` has it.
    :raises FormError: by field, what cannot be taken.
    :raises NotFound: somebody took it away meanwhile.
    """
    lock_for_chain(db, f"gs1 {item.id}")
    _refresh(db, link)
    values = _checked(db, item, draft)
    before = audit.state_of(link, *values)
    if before == values:
        return False
    with db.no_autoflush:
        for name, value in values.items():
            setattr(link, name, value)
        _make_room(db, link)
    detail = audit.changes(before, audit.state_of(link, *values))
    _tell(db, link, "gs1.link.change", at=at, actor=actor, detail=detail)
    if follows:
        _follow(db, link, at=at)
    return True


def remove_link(db: Session, link: Gs1Link, *, at: datetime, actor: Actor | None) -> None:
    """Take a link away; without a default of its own, a level leads where the next higher one does.

    :raises NotFound: somebody took it away meanwhile.
    """
    lock_for_chain(db, f"gs1 {link.item_id}")
    _refresh(db, link)
    _tell(db, link, "gs1.link.remove", at=at, actor=actor, detail=_said(link))
    db.delete(link)
    db.flush()


def _follow(db: Session, link: Gs1Link, *, at: datetime) -> None:
    if not link.href.startswith("/"):
        follow(db, [followed_at(link)], at=at)


def _refresh(db: Session, link: Gs1Link) -> None:
    """The link as it is now, while nobody else writes the item's.

    :raises NotFound: it is gone.
    """
    try:
        reread(db, link)
    except InvalidRequestError:
        raise NotFound("This link is not here any more.") from None


def mark_answer(db: Session, variant: Variant, *, at: datetime, actor: Actor | None) -> None:
    """Let a variant be the one that is meant by the number it shares with others.

    :raises Conflict: it has no number.
    """
    if not variant.gtin:
        raise Conflict("This variant has no GTIN, so no number can mean it.")
    lock_for_chain(db, f"gs1 {variant.retailer_id}")
    own = (GtinAnswer.retailer_id == variant.retailer_id, GtinAnswer.gtin == variant.gtin)
    before = db.scalars(select(GtinAnswer).where(*own)).one_or_none()
    if before is not None and before.variant_id == variant.id:
        return
    db.execute(delete(GtinAnswer).where(*own))
    db.add(GtinAnswer(retailer_id=variant.retailer_id, gtin=variant.gtin, variant_id=variant.id))
    same = select(Variant.item_id).where(Variant.retailer_id == variant.retailer_id, Variant.gtin == variant.gtin)
    for item_id in sorted(set(db.scalars(same))):
        changed(db, variant.retailer_id, item_id, at=at)
    audit.record(
        db,
        actor,
        "gs1.answer",
        ("item", variant.item_id),
        at=at,
        retailer_id=variant.retailer_id,
        detail={"gtin": variant.gtin, "variant": variant.id},
    )
    db.flush()


def allow_host(db: Session, retailer_id: str, typed: str, *, at: datetime, actor: Actor | None) -> LinkHost:
    """Let a retailer's links lead to a host that is not its own.

    :raises FormError: it is no host name, or there are 50 already.
    """
    host = _read_host(typed)
    lock_for_chain(db, f"gs1 {retailer_id}")
    known = list(db.scalars(select(LinkHost).where(LinkHost.retailer_id == retailer_id)))
    found = next((each for each in known if each.host == host), None)
    if found is not None:
        return found
    if len(known) >= MAX_HOSTS:
        raise FormError({"host": f"At most {MAX_HOSTS} hosts are allowed. Take one away first."})
    row = LinkHost(id=ids.new(), retailer_id=retailer_id, host=host, added_at=at)
    db.add(row)
    _tell_hosts(db, row, "gs1.host.allow", at=at, actor=actor)
    return row


def disallow_host(db: Session, row: LinkHost, *, at: datetime, actor: Actor | None) -> None:
    """Links to this host are not followed any more; they stay, and hold again when it is allowed again."""
    _tell_hosts(db, row, "gs1.host.take", at=at, actor=actor)
    db.delete(row)
    db.flush()


def _tell_hosts(db: Session, row: LinkHost, action: str, *, at: datetime, actor: Actor | None) -> None:
    changed(db, row.retailer_id, at=at)
    detail: dict[str, object] = {"host": row.host}
    audit.record(db, actor, action, ("host", row.id), at=at, retailer_id=row.retailer_id, detail=detail)
    db.flush()


def _tell(
    db: Session, link: Gs1Link, action: str, *, at: datetime, actor: Actor | None, detail: dict[str, object]
) -> None:
    changed(db, link.retailer_id, link.item_id, at=at)
    audit.record(db, actor, action, ("gs1_link", link.id), at=at, retailer_id=link.retailer_id, detail=detail)
    db.flush()


def _said(link: Gs1Link) -> dict[str, object]:
    return {"type": link.link_type, "title": link.title, "level": link.gtin + link.qualifiers, "item": link.item_id}


def _make_room(db: Session, link: Gs1Link) -> None:
    """One default for each level and language: the one before is an ordinary link from now on."""
    if link.is_default:
        same = (
            Gs1Link.retailer_id == link.retailer_id,
            Gs1Link.item_id == link.item_id,
            Gs1Link.gtin == link.gtin,
            Gs1Link.qualifiers == link.qualifiers,
            Gs1Link.locale == link.locale,
            Gs1Link.is_default,
            Gs1Link.id != link.id,
        )
        db.execute(update(Gs1Link).where(*same).values(is_default=False))


def _checked(db: Session, item: Item, draft: LinkDraft) -> dict[str, object]:
    """A draft as the row's values."""
    problems: dict[str, str] = {}
    title = ""
    try:
        title = clean_line(draft.title, MAX_TITLE_CHARS)
        if not title:
            problems["title"] = "Say what the link gives, such as How to wash it."
    except ValueError as error:
        problems["title"] = str(error)
    if draft.link_type not in LINK_TYPES:
        problems["link_type"] = "Choose what the link gives."
    if draft.media_type not in MEDIA_TYPES:
        problems["media_type"] = "Choose what is there."
    if draft.locale and not (len(draft.locale) <= 12 and is_locale(draft.locale)):
        problems["locale"] = "Choose a language."
    if draft.gtin and draft.gtin not in list_item_gtins(db, [item.id]):
        problems["gtin"] = "No variant of this item has that number. Choose one of the list."
    qualifiers = _read_qualifiers(draft, problems)
    context = draft.context.strip().lower()
    if context and not _CONTEXT.fullmatch(context):
        problems["context"] = "One word of at most 40 small letters, digits and hyphens, such as staff."
    elif context and draft.is_default:
        problems["context"] = "A link that a scan follows is for everybody. Leave this empty."
    href = draft.href.strip()
    problem = href_problem(href, list_link_hosts(db, item.retailer_id))
    if not problem and host_of(href) in list_own_hosts(db, item.retailer_id):
        problem = _circle_problem(urlsplit(href).path)
    if not problem and draft.link_type == HANDLED_BY:
        problem = _handling_problem(href, list_own_hosts(db, item.retailer_id))
        if draft.is_default:
            problems["link_type"] = "Another resolver answers everything already. Untick where a scan leads."
    if problem:
        problems["href"] = problem
    if problems:
        raise FormError(problems)
    return {
        "gtin": draft.gtin,
        "qualifiers": qualifiers,
        "link_type": draft.link_type,
        "title": title,
        "locale": draft.locale,
        "href": href,
        "media_type": draft.media_type,
        "context": context,
        "is_default": draft.is_default,
    }


def _read_qualifiers(draft: LinkDraft, problems: dict[str, str]) -> str:
    elements = []
    for ai, field in _QUALIFIERS:
        value = str(getattr(draft, field)).strip()
        if not value:
            continue
        try:
            check_value(ai, value)
        except Problem as problem:
            problems[field] = f"{problem.said} Up to 20 letters, digits and signs, without spaces."
        elements.append((ai, value))
    if draft.serial.strip() and len(elements) > 1:
        problems["serial"] = "A piece by its serial number stands by itself: leave the variant and the batch empty."
    return write_path(elements)


def href_problem(href: str, hosts: frozenset[str]) -> str:
    """Why a link may not lead there, as a sentence; empty where it may.

    :param hosts: the retailer's own and those that its owner allowed, small letters.
    """
    if not href:
        return "Say where the link leads."
    if len(href) > MAX_HREF_CHARS:
        return f"At most {MAX_HREF_CHARS:,} characters; this has {len(href):,}."
    if _LOCAL.fullmatch(href):
        return _circle_problem(urlsplit(href).path)
    if not _ELSEWHERE.fullmatch(href):
        return "A link begins with https:// or, for a page here, with a slash, and holds no spaces."
    try:
        parts = urlsplit(href)
        host, netloc = (parts.hostname or "").lower(), parts.netloc.lower()
    except ValueError:
        return "This is no address."
    if host in hosts and netloc in (host, f"{host}:443"):
        return ""
    return f"{netloc[:80]} is not a host that links may lead to. The owner allows hosts under GS1 addresses."


def _circle_problem(path: str) -> str:
    """Why a path here may not be led to, as a sentence; empty where it may: a number must not lead to itself."""
    first = path.split("/")[1] if "/" in path else ""
    if unquote(first) in KEYS or is_compressed(first):
        return "A link leads to a page, and this is a GS1 address again. Give the page that it leads to."
    return ""


def _handling_problem(href: str, own_hosts: frozenset[str]) -> str:
    """Why an address is none of another resolver, as a sentence; empty where it may be."""
    if href.startswith("/") or host_of(href) in own_hosts:
        return "Another resolver is not here: it has an address at another host that the owner allowed."
    if "?" in href or "#" in href:
        return "Give the address of the resolver alone; the number and what is asked for are put behind it."
    return ""


def _read_host(typed: str) -> str:
    host = typed.strip().lower().removeprefix("https://").rstrip("/")
    if not _HOST.fullmatch(host):
        raise FormError({"host": "Write the name of a host alone, such as help.example.com."})
    return host

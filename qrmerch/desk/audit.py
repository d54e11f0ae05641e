"""Who did what, when: the retailer's log, and whether anything in it was changed afterwards."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.audit import NOBODY, AuditEntry, find_break, list_actions, list_entries
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.content.models import Content, PageTemplate, Revision
from qrmerch.desk.house_pages import AuditPage, EntryRow
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.money import format_money
from qrmerch.parties.models import Fixture, Store, Vendor
from qrmerch.parties.queries import get_retailer
from qrmerch.users.models import Invitation, User
from qrmerch.web import get_db, render

blueprint = Blueprint("desk_audit", __name__)

_PER_PAGE: Final = 50
# Checking a long chain takes a second; so many of the newest are checked with each look.
_CHECKED: Final = 1_000
_MAX_DETAIL_CHARS: Final = 200
# Noted for machines, or said by the subject already.
_UNTOLD: Final = frozenset(("digest", "number"))
# What an entry says was done; others say their own word.
_WORDS: Final = {
    "asset.delete": "Deleted a picture",
    "brand.set": "Changed the brand",
    "code.bring_back": "Brought a code back",
    "code.make": "Made codes",
    "code.print": "Printed codes",
    "code.replace": "Replaced a code",
    "code.retire": "Retired a code",
    "content.migrate": "Moved a page to a newer version",
    "content.approve": "Approved a revision",
    "content.publish": "Published a revision",
    "content.return": "Returned a revision",
    "content.submit": "Sent a revision",
    "content.take_down": "Took a page down",
    "content.withdraw": "Withdrew a revision",
    "import.start": "Took a file in",
    "item.describe": "Changed name, category or template",
    "item.list": "Listed an item",
    "item.price": "Changed prices",
    "item.retire": "Retired an item",
    "item.stock": "Counted stock",
    "item.unretire": "Took an item back",
    "offer.add": "Made an offer",
    "offer.change": "Changed an offer",
    "offer.limit": "Changed an offer’s limit",
    "offer.pause": "Paused an offer",
    "offer.resume": "Resumed an offer",
    "place.add": "Added a place",
    "place.change": "Changed a place",
    "store.add": "Added a store",
    "store.change": "Changed a store",
    "store.close": "Closed a store",
    "store.networks": "Changed a store’s Wi-Fi",
    "store.open": "Opened a store",
    "template.add": "Added a template",
    "template.default": "Chose the usual template",
    "template.discard": "Discarded a template’s draft",
    "template.fix": "Changed a fixed line",
    "template.migrate": "Began to move pages to a newer version",
    "template.migrate_end": "Moved pages to a newer version",
    "template.migrate_stop": "Stopped the moving of pages",
    "template.release": "Released a template",
    "template.unfix": "Took a coming fixed line back",
    "till.guessing": "Too many wrong codes at a till",
    "user.accept": "Came in",
    "user.invite": "Asked somebody in",
    "user.password": "Changed a password",
    "user.remove": "Removed somebody",
    "user.stores": "Changed an associate’s stores",
    "user.uninvite": "Cancelled an invitation",
    "vendor.add": "Added a vendor",
    "vendor.resume": "Took a vendor back",
    "vendor.review": "Began to review a vendor",
    "vendor.suspend": "Suspended a vendor",
    "vendor.trust": "Trusted a vendor",
}


@blueprint.get("/desk/audit")
@allow(*OWNERS)
def show() -> Response:
    """The log, newest first; `action` and `page` are part of the address, `check=all` checks every entry."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    known = list_actions(db, retailer.id)
    asked = request.args.get("action", "")
    action, number = asked if asked in known else "", page_number()
    entries, total = list_entries(db, retailer.id, action=action, page=number, per_page=_PER_PAGE)
    state, said, check_href = _checked(db, retailer.id)
    rows = _rows(db, entries, at=at, zone=retailer.time_zone)
    page = AuditPage(
        lede="What people and the system did, kept for good. Nothing in it can be changed or taken out unseen.",
        action=action,
        actions=(("", "Everything"), *((each, _words_of(each)) for each in known)),
        rows=rows,
        paging=paging("entry", nouns="entries", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
        state=state,
        said=said,
        check_href=check_href,
    )
    return render("desk/audit.html", page)


def _checked(db: Session, chain: str) -> tuple[str, str, str]:
    """State, sentence, and where to have all checked if only the newest were."""
    newest, total = list_entries(db, chain, per_page=1)
    last = newest[0].number if newest else 0
    is_whole = request.args.get("check") == "all"
    first = 1 if is_whole else max(1, last - _CHECKED + 1)
    broken = find_break(db, chain, first=first)
    if broken is not None:
        return "wrong", f"Entry {broken:,} does not fit the one before it: somebody changed the log.", ""
    if last != total:
        return "wrong", f"{last - total:,} entries are missing.", ""
    if first > 1:
        return (
            "pass",
            f"The newest {_CHECKED:,} of {total:,} entries were checked: each fits the one before.",
            here(check="all"),
        )
    many = "1 entry was checked" if total == 1 else f"All {total:,} entries were checked: each fits the one before"
    return "pass", f"{many}.", ""


def _rows(db: Session, entries: Collection[AuditEntry], *, at: datetime, zone: str) -> tuple[EntryRow, ...]:
    names = _names(db, entries)
    rows = []
    for entry in entries:
        subject, href = names.get((entry.subject_kind, entry.subject_id), (_kind_words(entry), ""))
        rows.append(
            EntryRow(
                number=entry.number,
                at=said_at(entry.at, now=at, zone=zone),
                who=_who(entry, names),
                what=_words_of(entry.action),
                subject=subject,
                href=href,
                detail=_detail(entry.detail),
            )
        )
    return tuple(rows)


def _kind_words(entry: AuditEntry) -> str:
    """What a subject is, where its name is not known: a batch has no other name than its id, if it has one."""
    if entry.subject_kind == "batch" and not _is_id(entry.subject_id):
        return entry.subject_id
    return entry.subject_kind.replace("_", " ").capitalize()


def _words_of(action: str) -> str:
    return _WORDS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def _who(entry: AuditEntry, names: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    if entry.actor == NOBODY:
        return "By itself" if not entry.action.startswith("user.") else "Themselves"
    name, _ = names.get(("user", entry.actor.removeprefix("user:")), ("Somebody who is gone", ""))
    return name


def _names(db: Session, entries: Collection[AuditEntry]) -> dict[tuple[str, str], tuple[str, str]]:
    """What subjects and actors are called, and where they are shown, by kind and id."""
    ids: dict[str, set[str]] = {"user": {each.actor.removeprefix("user:") for each in entries}}
    for entry in entries:
        ids.setdefault(entry.subject_kind, set()).add(entry.subject_id)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, (column, name, address) in _KINDS.items():
        wanted = ids.get(kind)
        if wanted:
            rows = db.execute(select(column, name).where(column.in_(wanted)))
            found |= {(kind, row_id): (text, address.format(row_id) if address else "") for row_id, text in rows}
    revisions = (
        select(Revision.id, Item.title, Revision.number)
        .join(Content, Content.id == Revision.content_id)
        .join(Item, Item.id == Content.item_id)
    )
    codes = select(Code.id, Item.title).join(Item, Item.id == Code.item_id)
    for row_id, title in db.execute(codes.where(Code.id.in_(ids.get("code", ())))):
        found["code", row_id] = (title, f"/desk/codes/{row_id}")
    for row_id, title, number in db.execute(revisions.where(Revision.id.in_(ids.get("revision", ())))):
        found["revision", row_id] = (f"{title}, revision {number}", f"/desk/review/{row_id}")
    return found


# Kind of subject to its id, its name, and the address of its page.
_KINDS: Final[dict[str, tuple[Any, Any, str]]] = {
    "user": (User.id, User.name, ""),
    "item": (Item.id, Item.title, "/desk/items/{}"),
    "store": (Store.id, Store.name, "/desk/stores/{}"),
    "fixture": (Fixture.id, Fixture.name, ""),
    "vendor": (Vendor.id, Vendor.name, "/desk/vendors/{}"),
    "page_template": (PageTemplate.id, PageTemplate.name, "/desk/templates/{}"),
    "invitation": (Invitation.id, Invitation.email, ""),
}


def _detail(detail: Mapping[str, object]) -> str:
    """What else was noted, as words; ids say nothing to a reader."""
    told = {name: value for name, value in detail.items() if name not in _UNTOLD and _is_readable(value)}
    said = [f"{name.replace('_', ' ')} {value}" for name, value in told.items()]
    listed = detail.get("variants")
    text = ", ".join([*said, *(_price_words(each) for each in (listed if isinstance(listed, list) else ()))])
    return text if len(text) <= _MAX_DETAIL_CHARS else f"{text[:_MAX_DETAIL_CHARS]}…"


def _price_words(told: Mapping[str, Any]) -> str:
    """One variant of a change of prices: `Marigold / M from $28.00 to $25.00`, `Marigold / M hidden`."""
    said = f"{told.get('variant', '')}"
    if "to" in told:
        before = told.get("from")
        came = f" from {format_money(before, told['currency'])}" if before is not None else ""
        said += f"{came} to {format_money(told['to'], told['currency'])}"
    return f"{said} hidden" if told.get("is_hidden") else said


def _is_readable(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and not _is_id(value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4

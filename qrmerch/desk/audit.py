"""Who did what, when: the retailer's log, and whether anything in it was changed afterwards."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.audit import NOBODY, AuditEntry, Wanted, find_break, list_actions, list_actors, list_entries, list_kinds
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.models import Code, CodeRun
from qrmerch.content.models import Content, PageTemplate, Revision
from qrmerch.desk.house_pages import AuditPage, EntryRow
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.downloads import csv_response
from qrmerch.looks.models import Look
from qrmerch.money import format_money
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Fixture, Retailer, RetailerHost, Store, Vendor
from qrmerch.parties.queries import get_retailer
from qrmerch.printing.sign_models import SignRun
from qrmerch.users.models import Invitation, User
from qrmerch.web import get_db, render

blueprint = Blueprint("desk_audit", __name__)

_PER_PAGE: Final = 50
# Checking a long chain takes a second; so many of the newest are checked with each look.
_CHECKED: Final = 1_000
_MAX_DETAIL_CHARS: Final = 200
_MAX_SIDE_CHARS: Final = 60
_EXPORTED: Final = 50_000
# What let a page through without a reviewer, as the log says it.
_RULES: Final = {
    "trusted": "as the vendor is trusted",
    "small": "as a small change",
    "migration": "as its template moved on",
}
# Noted for machines, or said by the subject already.
_UNTOLD: Final = frozenset(("digest", "number"))
# What an entry says was done; others say their own word.
_WORDS: Final = {
    "asset.delete": "Deleted a picture",
    "brand.cancel": "Cancelled a brand to come",
    "brand.seen": "Looked at the brand",
    "brand.set": "Changed the brand",
    "code.bring_back": "Brought a code back",
    "code.make": "Made codes",
    "code.run": "Asked for many codes",
    "code.run_cancel": "Cancelled the making of codes",
    "code.import": "Brought codes in from elsewhere",
    "host.add": "Added a host",
    "host.prove": "Proved a host",
    "host.default": "Made a host the default",
    "host.remove": "Took a host away",
    "code.print": "Printed codes",
    "code.replace": "Replaced a code",
    "code.retire": "Retired a code",
    "content.migrate": "Moved a page to a newer version",
    "content.approve": "Approved a revision",
    "content.approve_own": "Approved their own revision",
    "content.publish": "Published a revision",
    "content.reject": "Rejected a revision",
    "content.return": "Returned a revision",
    "content.submit": "Sent a revision",
    "content.take_down": "Took a page down",
    "content.end": "Ended a publication",
    "content.withdraw": "Withdrew a revision",
    "design.change": "Changed a design of codes",
    "design.delete": "Deleted a design of codes",
    "design.make": "Made a design of codes",
    "fill.start": "Took in a sheet of pages",
    "gs1.answer": "Said which variant a number means",
    "gs1.host.allow": "Allowed a host for links",
    "gs1.host.take": "Took a host for links away",
    "gs1.link.add": "Added a GS1 link",
    "gs1.link.change": "Changed a GS1 link",
    "gs1.link.remove": "Removed a GS1 link",
    "import.start": "Took a file in",
    "item.describe": "Changed name, category or template",
    "item.list": "Listed an item",
    "item.price": "Changed prices",
    "item.retire": "Retired an item",
    "item.stock": "Counted stock",
    "item.unretire": "Took an item back",
    "language.add": "Added a language",
    "language.first": "Chose the first language",
    "language.order": "Ordered the languages",
    "language.remove": "Removed a language",
    "language.rules": "Said what languages have to say",
    "look.add": "Made a look",
    "look.change": "Changed a look’s words",
    "look.item.add": "Put an item in a look",
    "look.item.move": "Moved an item in a look",
    "look.item.remove": "Took an item out of a look",
    "look.picture": "Changed a look’s picture",
    "look.publish": "Published a look",
    "look.take_back": "Took a look back",
    "occasion.add": "Made an event",
    "occasion.change": "Changed an event",
    "occasion.picture": "Changed an event’s picture",
    "occasion.publish": "Published an event",
    "occasion.take_back": "Took an event back",
    "measuring.mode": "Changed what scans keep",
    "offer.add": "Made an offer",
    "offer.change": "Changed an offer",
    "offer.limit": "Changed an offer’s limit",
    "offer.pause": "Paused an offer",
    "offer.resume": "Resumed an offer",
    "place.add": "Added a place",
    "place.change": "Changed a place",
    "review.answer": "Changed how soon is answered",
    "review.assign": "Said who answers",
    "review.own": "Changed who approves their own",
    "said.drop_reply": "Deleted an answer to a review",
    "said.publish": "Showed a shopper’s review",
    "said.remove": "Did not show a shopper’s review",
    "said.reply": "Answered a shopper’s review",
    "said.show_reply": "Showed an answer to a review",
    "store.add": "Added a store",
    "store.calls": "Changed whether shoppers may call",
    "store.calls_come": "Began to come when called",
    "store.calls_stop": "Stopped to come when called",
    "store.change": "Changed a store",
    "store.close": "Closed a store",
    "store.networks": "Changed a store’s Wi-Fi",
    "store.open": "Opened a store",
    "template.add": "Added a template",
    "template.budget": "Changed what pages may weigh",
    "template.rename": "Renamed a template",
    "template.default": "Chose the usual template",
    "template.discard": "Discarded a template’s draft",
    "template.fix": "Changed a fixed line",
    "template.migrate": "Began to move pages to a newer version",
    "template.migrate_end": "Moved pages to a newer version",
    "template.migrate_stop": "Stopped the moving of pages",
    "template.release": "Released a template",
    "terms.agree": "Agreed to the terms",
    "terms.set": "Changed the terms for vendors",
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
    "vendor.rules": "Changed what is approved by rule",
    "vendor.suspend": "Suspended a vendor",
    "vendor.trust": "Trusted a vendor",
}


@blueprint.get("/desk/audit")
@allow(*OWNERS)
def show() -> Response:
    """The log, newest first; filters and `page` are part of the address, `check=all` checks every entry."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    asked, number = _read_asked(db, retailer), page_number()
    entries, total = list_entries(db, retailer.id, asked.wanted, page=number, per_page=_PER_PAGE)
    state, said, check_href = _checked(db, retailer.id)
    rows = _rows(db, entries, at=at, zone=retailer.time_zone)
    page = AuditPage(
        lede="What people and the system did, kept for good. Nothing in it can be changed or taken out unseen.",
        action=asked.wanted.action,
        actions=(("", "Everything"), *((each, _words_of(each)) for each in list_actions(db, retailer.id))),
        person=asked.wanted.actor,
        people=(("", "Everybody"), *_people(db, retailer.id)),
        kind=asked.wanted.kind,
        kinds=(("", "Anything"), *((each, kind_words(each)) for each in list_kinds(db, retailer.id))),
        since=asked.since,
        until=asked.until,
        subject=asked.wanted.subject_id,
        subject_say=_subject_say(db, asked.wanted, entries),
        without_subject=here(subject="", kind=""),
        is_filtered=asked.wanted != Wanted(),
        problems=asked.problems,
        rows=rows,
        paging=paging("entry", nouns="entries", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
        csv_href=here("/desk/audit/export", check=""),
        state=state,
        said=said,
        check_href=check_href,
    )
    return render("desk/audit.html", page)


@blueprint.get("/desk/audit/export")
@allow(*OWNERS)
def export() -> Response:
    """What is filtered as CSV, newest first, with the seals and both sides of each change."""
    db = get_db()
    retailer = get_retailer(db, current_principal().retailer_id)
    wanted = _read_asked(db, retailer).wanted
    entries, total = list_entries(db, retailer.id, wanted, per_page=_EXPORTED)
    said = [f"Log of {retailer.name}. Instants are in UTC. {total:,} entries fit."]
    if total > len(entries):
        said.append(f"Here are the newest {len(entries):,} of them; choose days for the rest.")
    heads = ("Number", "At", "Who", "What", "Of what", "Kind", "Id", "Before", "After", "Noted", "Seal")
    return csv_response(f"log {retailer.slug}", said=said, heads=heads, rows=list(_exported(db, entries)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for; the days as they were typed, and what is wrong with them."""

    wanted: Wanted
    since: str
    until: str
    problems: dict[str, str]


def _read_asked(db: Session, retailer: Retailer) -> _Asked:
    args, zone, problems = request.args, ZoneInfo(retailer.time_zone), {}
    days: dict[str, date | None] = {}
    for name in ("since", "until"):
        text = args.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            days[name], problems[name] = None, f"{text[:30]} is no day. Choose one, or leave it empty."
    since, until, action = days["since"], days["until"], args.get("action", "")
    if since and until and until < since:
        problems["until"] = "It ends before it begins. Choose a later day."
    wanted = Wanted(
        action=action if action in list_actions(db, retailer.id) else "",
        actor=args.get("person", "")[:60],
        kind=args.get("kind", "")[:40],
        subject_id=args.get("subject", "")[:60],
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until and until < date.max else None,
    )
    return _Asked(wanted, args.get("since", "")[:30], args.get("until", "")[:30], problems)


def _people(db: Session, chain: str) -> list[tuple[str, str]]:
    """Who did something, by name, as the filter names them."""
    actors = list_actors(db, chain)
    ids = [each.removeprefix("user:") for each in actors if each != NOBODY]
    names = dict(db.execute(select(User.id, User.name).where(User.id.in_(ids))).all())
    people = [(f"user:{each}", names.get(each, "Somebody who is gone")) for each in ids]
    people.sort(key=lambda each: each[1].casefold())
    return [*people, *([(NOBODY, "By itself")] if NOBODY in actors else [])]


def _subject_say(db: Session, wanted: Wanted, entries: Collection[AuditEntry]) -> str:
    """What the one thing is called that was asked for; empty where all were."""
    if not wanted.subject_id:
        return ""
    for (_, row_id), (name, _) in _names(db, entries).items():
        if row_id == wanted.subject_id:
            return name
    return "One thing"


def _exported(db: Session, entries: Collection[AuditEntry]) -> Iterator[tuple[str | int, ...]]:
    names = _names(db, entries)
    for each in entries:
        rest = {name: value for name, value in each.detail.items() if name not in ("before", "after")}
        yield (
            each.number,
            each.at.astimezone(UTC).isoformat(timespec="seconds"),
            _who(each, names),
            _words_of(each.action),
            names.get((each.subject_kind, each.subject_id), ("", ""))[0],
            each.subject_kind,
            each.subject_id,
            _as_json(each.detail.get("before")),
            _as_json(each.detail.get("after")),
            _as_json(rest),
            each.seal,
        )


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _checked(db: Session, chain: str) -> tuple[str, str, str]:
    """State, sentence, and where to have all checked if only the newest were."""
    newest, total = list_entries(db, chain, per_page=1)
    last = newest[0].number if newest else 0
    is_whole = request.args.get("check") == "all"
    first = 1 if is_whole else max(1, last - _CHECKED + 1)
    broken = find_break(db, chain, first=first)
    if broken is not None and broken > last:
        return "wrong", f"Entries are missing at the end, from {broken:,} on: somebody cut the log.", ""
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
                all_href=here(kind=entry.subject_kind, subject=entry.subject_id),
                detail=_detail(entry.detail),
            )
        )
    return tuple(rows)


def _kind_words(entry: AuditEntry) -> str:
    """What a subject is, where its name is not known: a batch has no other name than its id, if it has one."""
    if entry.subject_kind == "batch" and not _is_id(entry.subject_id):
        return entry.subject_id
    return kind_words(entry.subject_kind)


def kind_words(kind: str) -> str:
    """What a kind of subject is called."""
    return "Event" if kind == "occasion" else kind.replace("_", " ").capitalize()


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
    named = func.coalesce(Item.title, Store.name, Look.name, Occasion.name)
    codes = select(Code.id, named).outerjoin(Item, Item.id == Code.item_id)
    codes = codes.outerjoin(Store, Store.id == Code.subject_id)
    codes = codes.outerjoin(Look, Look.id == Code.subject_id).outerjoin(Occasion, Occasion.id == Code.subject_id)
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
    "host": (RetailerHost.id, RetailerHost.host, "/desk/hosts"),
    "code_run": (CodeRun.id, func.coalesce(func.nullif(CodeRun.batch, ""), "Codes"), "/desk/codes/orders/{}"),
    "retailer": (Retailer.id, Retailer.name, ""),
    "vendor": (Vendor.id, Vendor.name, "/desk/vendors/{}"),
    "page_template": (PageTemplate.id, PageTemplate.name, "/desk/templates/{}"),
    "invitation": (Invitation.id, Invitation.email, ""),
    "look": (Look.id, Look.name, "/desk/looks/{}"),
    "occasion": (Occasion.id, Occasion.name, "/desk/events/{}"),
    "sign_run": (SignRun.id, SignRun.title, "/desk/codes/signs/{}"),
}


def _detail(detail: Mapping[str, object]) -> str:
    """What else was noted, as words; ids say nothing to a reader."""
    told = {name: value for name, value in detail.items() if name not in _UNTOLD and _is_readable(value)}
    said = [*_change_words(detail), *(_told(name, value) for name, value in told.items())]
    listed = detail.get("variants")
    text = ", ".join([*said, *(_price_words(each) for each in (listed if isinstance(listed, list) else ()))])
    return text if len(text) <= _MAX_DETAIL_CHARS else f"{text[:_MAX_DETAIL_CHARS]}…"


def _told(name: str, value: object) -> str:
    if name == "rule" and value in _RULES:
        return _RULES[str(value)]
    return f"{name.replace('_', ' ')} {value}"


def _change_words(detail: Mapping[str, Any]) -> Iterator[str]:
    """What changed, each from what it was to what it is: `colour from #7a1f4f to #0b5`."""
    before, after = detail.get("before"), detail.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for name in dict.fromkeys((*before, *after)):
        sides = [_side(each.get(name)) for each in (before, after)]
        yield f"{name.replace('_', ' ')} from {sides[0]} to {sides[1]}"


def _side(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], {}):
        return "nothing"
    if _is_id(value):
        return "one"
    text = str(value) if isinstance(value, str | int | float) else _as_json(value)
    return text if len(text) <= _MAX_SIDE_CHARS else f"{text[:_MAX_SIDE_CHARS]}…"


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

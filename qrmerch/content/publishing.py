"""What shows from when on and where: publications and take-downs.

A publication shows only what a reviewer let through. Which one holds at an instant is a question (`holding`),
not a job. Every function leaves the commit to its caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.content import watching
from qrmerch.content.holding import find_holding, list_places_of, list_publications
from qrmerch.content.links import refuse_leaving
from qrmerch.content.models import Publication, Reader, Revision, RevisionState, Verdict
from qrmerch.content.notices import tell
from qrmerch.content.queries import find_approval, get_content, get_revision, get_version, revisions_by_id, slots_of
from qrmerch.content.revisions import digest_of, note
from qrmerch.content.slots import Kind, Slot, is_empty, read_slots
from qrmerch.content.weekly import Weekly, say_weekly
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.i18n import format_list, language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

MAX_REASON_CHARS: Final = 300
# Why a page comes down, as a button says it and as it is written down.
REASONS: Final = {"recall": "Recall", "legal": "Legal reason", "other": "Other reason"}
_NAMED_SLOTS: Final = 3


class NotRunning(Conflict):
    """Only what shows, or is still to come, is ended."""

    slug = "not_running"


class NotApproved(Conflict):
    """Only what a reviewer let through is published."""

    slug = "not_approved"


@dataclass(frozen=True, slots=True)
class _Terms:
    """Where and when a row holds."""

    from_at: datetime
    until_at: datetime | None = None
    store_ids: Sequence[str] | None = None
    locales: Sequence[str] | None = None
    weekly: Weekly | None = None


def publish(
    db: Session,
    revision: Revision,
    *,
    actor: audit.Actor | None,
    at: datetime,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    store_ids: Sequence[str] | None = None,
    locales: Sequence[str] | None = None,
    weekly: Weekly | None = None,
    follows_links: bool = False,
) -> Publication:
    """Let an approved revision show; an older one again to roll back.

    :param from_at: first instant; now where left out.
    :param until_at: first instant no longer; what held before then holds again.
    :param store_ids: everywhere where left out.
    :param locales: in every language where left out.
    :param weekly: hours of each week as `content.weekly` reads them, by each store's clock; always where left out.
    :param follows_links: whether its links must have been followed to their end lately.
    :raises NotApproved: no reviewer let exactly this through.
    :raises FormError: a link leads away or is still being checked; the period ends before it begins or lies in the
        past; a store or a language is not the retailer's; the page says nothing in a language that the retailer
        requires.
    """
    _refuse_unapproved(db, revision)
    refuse_leaving(db, revision.retailer_id, slots_of(revision), at=at, follows=follows_links)
    problems = {}
    if from_at is not None and from_at < at:
        problems["from_at"] = "It cannot begin in the past. Leave the beginning empty for now."
    begins = from_at or at
    if until_at is not None and until_at <= begins:
        problems["until_at"] = "It would end before it begins. Choose a later end, or none."
    if store_ids is not None and (problem := _store_problem(db, revision.retailer_id, store_ids)):
        problems["store_ids"] = problem
    if problem := _locale_problem(db, revision, locales):
        problems["locales"] = problem
    if problems:
        raise FormError(problems)
    item = get_item(db, get_content(db, revision.content_id).item_id)
    row = _add_publication(db, item, revision, actor, at, _Terms(begins, until_at, store_ids, locales, weekly))
    limits = {"stores": len(row.store_ids or ()), "locales": row.locales, "weekly": say_weekly(weekly)}
    limits["until"] = until_at.isoformat() if until_at else None
    told = {name: value for name, value in limits.items() if value}
    note(db, actor, "content.publish", revision, at=at, publication=row.id, **told)
    watching.tell_blocked(db, [item], at=at)
    begins_later = {"from_at": begins.isoformat()} if begins > at else {}
    tell(db, "live", item, reader=Reader.VENDOR, at=at, revision=revision, detail=begins_later)
    return row


def take_down(db: Session, item: Item, *, reason: str, actor: audit.Actor | None, at: datetime) -> Publication:
    """Show the neutral page of an item everywhere, at once, until somebody publishes again.

    :raises FormError: no reason.
    """
    reason = clean_line(reason, max(len(reason), 1))
    if not reason:
        raise FormError({"reason": "Say why it comes down: the vendor and your colleagues read it."})
    if len(reason) > MAX_REASON_CHARS:
        raise FormError({"reason": f"{MAX_REASON_CHARS} characters at most; this has {len(reason)}."})
    row = _add_publication(db, item, None, actor, at, _Terms(at), reason=reason)
    detail: dict[str, object] = {"reason": reason, "publication": row.id}
    audit.record(db, actor, "content.take_down", ("item", item.id), at=at, retailer_id=item.retailer_id, detail=detail)
    tell(db, "down", item, reader=Reader.VENDOR, at=at, detail={"reason": reason})
    return row


def end(db: Session, publication: Publication, *, actor: audit.Actor | None, at: datetime) -> None:
    """Let a publication be over now: what lies under it shows again. One that has not begun is called off.

    :raises NotRunning: it is over already, or a take-down, which ends with the next publication.
    """
    audit.lock(db, publication.retailer_id)
    lock_for_chain(db, f"publications {publication.item_id}")
    db.refresh(publication)
    if publication.revision_id is None:
        raise NotRunning("The page is taken down. Show a revision, and it is up again.")
    if publication.until_at is not None and publication.until_at <= at:
        raise NotRunning("This is over already. Open the list again to see what shows.")
    item, revision = get_item(db, publication.item_id), get_revision(db, publication.revision_id)
    planned = (publication.from_at, publication.until_at)
    publication.from_at, publication.until_at = min(publication.from_at, at), at
    changed(db, publication.retailer_id, item.id, at=at)
    db.flush()
    told = {name: each.isoformat() for name, each in zip(("from_at", "until"), planned, strict=True) if each}
    note(db, actor, "content.end", revision, at=at, publication=publication.id, **told)
    tell(db, "ended", item, reader=Reader.VENDOR, at=at, revision=revision, detail={"called_off": planned[0] > at})


def follow(
    db: Session, revision: Revision, item: Item, *, at: datetime, actor: audit.Actor | None = None
) -> list[Publication]:
    """Show an approved revision wherever an earlier one shows now, on the same terms.

    Where none of its own template does, it follows those of another. What repeats by the week or is still to come
    keeps what was chosen for it, and stays on top. Where a language that the retailer requires is missing, or a link
    leads elsewhere by now, what showed goes on showing.

    :return: the new publications, oldest first; none where nothing shows, or nothing may.
    """
    ((rows, places),) = list_places_of(db, [item], at=at).values()
    held = [find_holding(rows, place, at=at) for place in places]
    shown = [row for row in rows if row.revision_id and row.weekly is None and any(row is each for each in held)]
    revisions = revisions_by_id(db, {row.revision_id for row in rows if row.revision_id})
    own = [row for row in shown if revisions[str(row.revision_id)].content_id == revision.content_id]
    followed = own or shown
    if not followed:
        return []
    # A publication made now would lie on top of what was planned since, so that is said again.
    again = [
        (row, revision if any(row is each for each in followed) else revisions[row.revision_id])
        for row in rows[: rows.index(followed[-1]) + 1]
        if row.revision_id
    ]
    if not all(_may_show(db, each, row, at) for row, each in again):
        return []
    return [
        publish(
            db,
            each,
            actor=actor,
            at=at,
            from_at=row.from_at if row.from_at > at else None,
            until_at=row.until_at,
            store_ids=row.store_ids,
            locales=row.locales,
            weekly=row.weekly,
        )
        for row, each in reversed(again)
    ]


def _may_show(db: Session, revision: Revision, row: Publication, at: datetime) -> bool:
    """Whether a revision could be published anew on the terms of a row that was published before."""
    try:
        _refuse_unapproved(db, revision)
        refuse_leaving(db, revision.retailer_id, slots_of(revision), at=at, follows=False)
    except DomainError:
        return False
    return not _locale_problem(db, revision, row.locales)


def list_missing_in(db: Session, revision: Revision, locale: str) -> list[Slot]:
    """The vendor's slots for shoppers that are written in a language and say something in another one only."""
    values = slots_of(revision)
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    return [
        slot
        for name, slot in slots.items()
        if not slot.is_fixed
        and not slot.is_for_staff
        and slot.languages((locale,))
        and not is_empty(values.get(name))
        and not _speaks(slot, values[name], locale)
    ]


def _speaks(slot: Slot, value: object, locale: str) -> bool:
    if slot.is_by_locale and isinstance(value, dict):
        return not is_empty(value.get(locale))
    if slot.kind == Kind.LINK and isinstance(value, dict):
        return not is_empty(value["words"].get(locale))
    if isinstance(value, list):
        said = [part for row in value if isinstance(row, dict) for part in (row.get("name"), row.get("value"))]
        return all(part.get(locale) for part in said if isinstance(part, dict) and any(part.values()))
    return True


def _locale_problem(db: Session, revision: Revision, locales: Sequence[str] | None) -> str:
    retailer = db.get_one(Retailer, revision.retailer_id)
    every = locales_of(retailer)
    if locales is not None and not locales:
        return "Choose at least one language, or all."
    if not set(locales or every) <= set(every):
        return "One of the languages is not yours. Choose again."
    rules: dict[str, str] = retailer.locale_rules or {}
    for locale in locales or every:
        missing = list_missing_in(db, revision, locale) if rules.get(locale) == "required" else []
        if missing:
            labels = [slot.label for slot in missing[:_NAMED_SLOTS]]
            labels += [f"{len(missing) - _NAMED_SLOTS} more"] if len(missing) > _NAMED_SLOTS else []
            return (
                f"{language_name(locale, 'en')} is required, and nothing is said in it under "
                f"{format_list(labels, 'en')}. Ask the vendor for it, or publish the page in other languages only."
            )
    return ""


def _refuse_unapproved(db: Session, revision: Revision) -> None:
    approval = find_approval(db, revision.id)
    is_let_through = (
        revision.state == RevisionState.APPROVED
        and approval is not None
        and approval.verdict == Verdict.APPROVED
        and approval.digest == revision.digest == digest_of(revision.body)
    )
    if not is_let_through:
        raise NotApproved("This revision is not approved as it is. Send it through review first.")


def _store_problem(db: Session, retailer_id: str, store_ids: Sequence[str]) -> str:
    if not store_ids:
        return "Choose at least one store, or all."
    there = set(db.scalars(select(Store.id).where(Store.retailer_id == retailer_id, Store.id.in_(store_ids))))
    return "" if there == set(store_ids) else "One of the stores is not yours. Choose again."


def _add_publication(
    db: Session,
    item: Item,
    revision: Revision | None,
    actor: audit.Actor | None,
    at: datetime,
    terms: _Terms,
    *,
    reason: str = "",
) -> Publication:
    # The log's lock comes first here as everywhere, or two people could wait for each other.
    audit.lock(db, item.retailer_id)
    lock_for_chain(db, f"publications {item.id}")
    newest = next(iter(list_publications(db, item.id)), None)
    # The newest holds, also where two come in one instant or a clock was set back.
    created_at = max(at, newest.created_at + timedelta(microseconds=1)) if newest else at
    row = Publication(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        item_id=item.id,
        revision_id=revision.id if revision else None,
        store_ids=sorted(set(terms.store_ids)) if terms.store_ids is not None else None,
        locales=sorted(set(terms.locales)) if terms.locales is not None else None,
        weekly=[[list(span) for span in day] for day in terms.weekly] if terms.weekly is not None else None,
        from_at=terms.from_at,
        until_at=terms.until_at,
        created_by=actor.user_id if actor else None,
        created_at=created_at,
        reason=reason,
    )
    db.add(row)
    changed(db, item.retailer_id, item.id, at=at)
    db.flush()
    return row

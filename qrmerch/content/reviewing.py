"""Answers to what was submitted: each holds for one digest of one revision.

Every function leaves the commit to its caller.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.access import REVIEWERS
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.content.comparing import Size, compare, size_of
from qrmerch.content.holding import find_holding, find_shown, list_places_of
from qrmerch.content.links import refuse_leaving
from qrmerch.content.models import Approval, Reader, Revision, RevisionState, Verdict
from qrmerch.content.notices import tell
from qrmerch.content.picture_codes import find_in_revision, refuse_unread
from qrmerch.content.publishing import follow
from qrmerch.content.queries import get_content, get_revision, get_version, revisions_by_id, slots_of
from qrmerch.content.revisions import NotOpen, check_digest, move, note
from qrmerch.content.slots import Slot, read_slots
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Supply
from qrmerch.text import clean_block
from qrmerch.users.queries import list_members

MAX_COMMENT_CHARS: Final = 1_000
# What one press of a button answers at most.
MAX_AT_ONCE: Final = 200
_STEPS: Final = {
    Verdict.APPROVED: (RevisionState.APPROVED, "content.approve"),
    Verdict.RETURNED: (RevisionState.RETURNED, "content.return"),
    Verdict.REJECTED: (RevisionState.REJECTED, "content.reject"),
}


class OwnWork(Conflict):
    """Whoever sent a page does not approve it, unless the retailer says otherwise."""

    slug = "own_work"


class NotSmall(Conflict):
    """Only small changes are approved without being opened."""

    slug = "not_small"


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision as it stood before a reviewer: its id, and the digest of what was shown."""

    revision_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of several: those that were approved, and why others were not, each by revision id."""

    approved: tuple[Revision, ...]
    left: dict[str, str]


def approve(
    db: Session,
    revision: Revision,
    *,
    digest: str,
    reviewer: audit.Actor,
    at: datetime,
    keeps_codes: bool = False,
) -> Approval:
    """Let exactly this content through.

    :param digest: of what the reviewer looked at.
    :param keeps_codes: whether the reviewer said that codes in its pictures may lead shoppers away.
    :raises FormError: there are some, and nobody said so.
    :raises OwnWork: the reviewer sent it, and the retailer does not allow that.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    refuse_own(db, revision, reviewer)
    check_digest(revision, digest)
    if not keeps_codes:
        refuse_unread(db, revision)
    return _answer(db, revision, Verdict.APPROVED, [], reviewer, at, keeps_codes=keeps_codes)


def refuse_own(db: Session, revision: Revision, reviewer: audit.Actor) -> None:
    """:raises OwnWork: the reviewer sent it, and the retailer does not allow that."""
    if _is_own(revision, reviewer) and not db.get_one(Retailer, revision.retailer_id).allows_own_approval:
        raise OwnWork("You sent this page yourself, so somebody else has to approve it.")


def approve_small(
    db: Session,
    seen: Collection[Seen],
    *,
    reviewer: audit.Actor,
    at: datetime,
    follows: bool = False,
    follows_links: bool = False,
) -> Answered:
    """Let several small changes through, each bound to what was shown of it; what cannot be is left as it is.

    :param follows: show each at once where an earlier page of its item shows now, as long as that; one whose links
        lead away, or were not followed to their end lately where `follows_links`, is left as it is.
    :raises FormError: more at once than anybody looks at.
    """
    if len(seen) > MAX_AT_ONCE:
        raise FormError({"": f"Choose {MAX_AT_ONCE} at most."})
    approved, left = [], {}
    by_id = {each.revision_id: each for each in seen}
    # In one order for everybody, and the log's lock first: two who choose the same never wait for each other.
    for revision_id in sorted(by_id):
        revision = get_revision(db, revision_id)
        audit.lock(db, revision.retailer_id)
        db.refresh(revision)
        try:
            if revision.state != RevisionState.SUBMITTED:
                raise NotOpen("It has been answered in the meantime.")
            if not measure(db, revision, at=at).is_small:
                raise NotSmall("It is more than a small change. Open it and look at it.")
            if follows:
                refuse_leaving(db, revision.retailer_id, slots_of(revision), at=at, follows=follows_links)
            approve(db, revision, digest=by_id[revision_id].digest, reviewer=reviewer, at=at)
        except DomainError as refused:
            left[revision_id] = refused.detail
            continue
        approved.append(revision)
        if follows:
            item = get_item(db, get_content(db, revision.content_id).item_id)
            follow(db, revision, item, actor=reviewer, at=at)
    return Answered(tuple(approved), left)


def measure(db: Session, revision: Revision, *, at: datetime) -> Size:
    """How much a revision changes against what shows of its item."""
    shown = find_shown(db, get_content(db, revision.content_id).item_id, at=at)
    base = get_revision(db, shown.revision_id) if shown is not None and shown.revision_id else None
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    locales = locales_of(db.get_one(Retailer, revision.retailer_id))
    changed = compare(slots, base.body if base else None, revision.body, locales)
    is_comparable = base is not None and base.template_version_id == revision.template_version_id
    return size_of(slots, changed, is_comparable=is_comparable)


def send_back(
    db: Session,
    revision: Revision,
    *,
    digest: str,
    comments: Sequence[Mapping[str, str]],
    reviewer: audit.Actor,
    at: datetime,
) -> Approval:
    """Return a revision with comments.

    :param comments: {"slot": "story.text", "text": …}, and "locale" where it is about one language; an empty slot
        for the page as a whole.
    :raises FormError: not one comment, one that is too long, on a slot or in a language that is not there.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    kept = _clean_comments(db, revision, comments)
    if not kept:
        raise FormError({"comment.": "Write at least one comment: the vendor needs to know what to change."})
    check_digest(revision, digest)
    return _answer(db, revision, Verdict.RETURNED, kept, reviewer, at)


def reject(
    db: Session,
    revision: Revision,
    *,
    digest: str,
    reason: str,
    reviewer: audit.Actor,
    at: datetime,
    comments: Sequence[Mapping[str, str]] = (),
) -> Approval:
    """Refuse a page for good: the vendor writes another one, or none.

    :param reason: what is wrong with the page as a whole.
    :param comments: as of `send_back`, besides the reason.
    :raises FormError: no reason, one that is too long, a comment that cannot be kept.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    kept = _clean_comments(db, revision, [{"slot": "", "text": reason}, *comments])
    if not any(not each["slot"] for each in kept):
        raise FormError({"comment.": "Say why it is rejected: the vendor reads it and decides what to do."})
    check_digest(revision, digest)
    return _answer(db, revision, Verdict.REJECTED, kept, reviewer, at)


def assign(
    db: Session,
    revision: Revision,
    *,
    assignee_id: str | None,
    due_at: datetime | None,
    actor: audit.Actor,
    at: datetime,
) -> None:
    """Say who answers, and by when; None takes either back.

    :raises FormError: that person does not review here, or the time is over.
    :raises NotOpen: it does not wait for an answer any more.
    """
    if revision.state != RevisionState.SUBMITTED:
        raise NotOpen("This page has been answered already.")
    problems = {}
    if assignee_id is not None and assignee_id not in {each for each, _ in list_reviewers(db, revision.retailer_id)}:
        problems["assignee"] = "This person does not review here. Choose somebody of the list."
    if due_at is not None and due_at <= at and due_at != revision.due_at:
        problems["due"] = "That is over. Choose today or a later day."
    if problems:
        raise FormError(problems)
    before = {"assignee": revision.assignee_id, "due": _said(revision.due_at)}
    revision.assignee_id, revision.due_at = assignee_id, due_at
    detail = audit.changes(before, {"assignee": assignee_id, "due": _said(due_at)})
    db.flush()
    if detail:
        subject = ("revision", revision.id)
        audit.record(db, actor, "review.assign", subject, at=at, retailer_id=revision.retailer_id, detail=detail)


def list_reviewers(db: Session, retailer_id: str) -> list[tuple[str, str]]:
    """Id and name of everybody who may answer at a retailer, by name, each once."""
    people = [each for each in list_members(db, retailer_id=retailer_id) if each.membership.role in REVIEWERS]
    return list({each.user.id: (each.user.id, each.user.name) for each in people}.values())


def find_rule(db: Session, revision: Revision, supply: Supply | None, *, at: datetime) -> str:
    """Which rule of the retailer's lets a submission of this vendor through: trusted, small, or none ("").

    None lets pictures through that hold a code which leads away. It is small where it is so against every page that it
    would follow, and against what a person let through last.
    """
    rules: dict[str, Any] = supply.rules or {} if supply else {}
    if supply is None or not (supply.is_trusted or rules.get("small")) or find_in_revision(db, revision):
        return ""
    if supply.is_trusted:
        return "trusted"
    sizes = [measure(db, revision, at=at), *_sizes_against_all(db, revision, at)]
    fits = [
        each.is_words and each.chars <= int(rules["max_chars"]) and each.slots <= set(rules["slots"]) for each in sizes
    ]
    return "small" if all(fits) else ""


def _sizes_against_all(db: Session, revision: Revision, at: datetime) -> list[Size]:
    """How much a revision changes against each page that it would follow, and against what a person let through last:
    many small changes are a large one."""
    item = get_item(db, get_content(db, revision.content_id).item_id)
    ((rows, places),) = list_places_of(db, [item], at=at).values()
    held = [find_holding(rows, place, at=at) for place in places]
    ids = {row.revision_id for row in held if row is not None and row.revision_id and row.weekly is None}
    bases = [each for each in revisions_by_id(db, ids).values() if each.content_id == revision.content_id]
    looked_at = select(Revision).join(Approval, Approval.revision_id == Revision.id)
    looked_at = looked_at.where(
        Revision.content_id == revision.content_id,
        Approval.verdict == Verdict.APPROVED,
        Approval.reviewer_id.is_not(None),
    )
    last = db.scalars(looked_at.order_by(Revision.number.desc()).limit(1)).one_or_none()
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    locales = locales_of(db.get_one(Retailer, revision.retailer_id))
    found = [
        size_of(
            slots,
            compare(slots, each.body, revision.body, locales),
            is_comparable=each.template_version_id == revision.template_version_id,
        )
        for each in bases
    ]
    changed = compare(slots, last.body if last else None, revision.body, locales)
    # In an older version of the template it is told by its words alone.
    return [*found, size_of(slots, changed, is_comparable=last is not None)]


def approve_by_rule(db: Session, revision: Revision, item: Item, at: datetime, rule: str = "trusted") -> None:
    """Let a submission through as the retailer's rule says, and show it where it follows a page that is live."""
    _answer(db, revision, Verdict.APPROVED, [], None, at, rule=rule)
    follow(db, revision, item, at=at)


def _answer(
    db: Session,
    revision: Revision,
    verdict: Verdict,
    comments: list[dict[str, str]],
    reviewer: audit.Actor | None,
    at: datetime,
    *,
    rule: str = "",
    keeps_codes: bool = False,
) -> Approval:
    state, action = _STEPS[verdict]
    is_own = verdict == Verdict.APPROVED and reviewer is not None and _is_own(revision, reviewer)
    move(db, revision, RevisionState.SUBMITTED, state)
    row = Approval(
        id=ids.new(),
        retailer_id=revision.retailer_id,
        revision_id=revision.id,
        digest=revision.digest or "",
        verdict=verdict,
        reviewer_id=reviewer.user_id if reviewer else None,
        rule=rule,
        is_own=is_own,
        comments=comments,
        at=at,
    )
    db.add(row)
    db.flush()
    more = {"rule": rule} if rule else {}
    if keeps_codes and (codes := find_in_revision(db, revision)):
        more["codes_kept"] = str(len(codes))
    note(db, reviewer, "content.approve_own" if is_own else action, revision, at=at, **more)
    item = get_item(db, get_content(db, revision.content_id).item_id)
    whole = next((each["text"] for each in comments if not each["slot"]), "")
    detail = {"comments": len(comments), "reason": whole}
    tell(db, state.value, item, reader=Reader.VENDOR, at=at, revision=revision, detail=detail)
    return row


def _is_own(revision: Revision, reviewer: audit.Actor) -> bool:
    return reviewer.user_id == revision.author_id


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _clean_comments(db: Session, revision: Revision, comments: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    slots: Mapping[str, Slot] = read_slots(get_version(db, revision.template_version_id).sections)
    locales = locales_of(db.get_one(Retailer, revision.retailer_id))
    kept, problems = [], {}
    for each in comments:
        slot, locale, text = (str(each.get(name, "")) for name in ("slot", "locale", "text"))
        text = clean_block(text, max(len(text) * 4, 1)).strip()
        field = f"comment.{slot}@{locale}" if locale else f"comment.{slot}"
        if not text:
            continue
        if slot and slot not in slots:
            problems[field] = f"There is no slot {slot[:60]} in this template."
        elif locale and locale not in locales:
            problems[field] = f"There is no language {locale[:12]} here."
        elif len(text) > MAX_COMMENT_CHARS:
            problems[field] = f"{MAX_COMMENT_CHARS:,} characters at most; this has {len(text):,}."
        else:
            kept.append({"slot": slot, "text": text, **({"locale": locale} if locale else {})})
    if problems:
        raise FormError(problems)
    return kept

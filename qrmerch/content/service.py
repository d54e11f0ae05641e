"""Writing pages and answering for them: templates, drafts, review, publication, take-down.

A revision is a draft until it is submitted and never changes after that. An approval holds for one digest of one
revision; a publication shows only what has one. What is live at an instant is a question (`queries`), not a job.
Every function leaves the commit to its caller.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import get_item, get_product
from qrmerch.catalog.service import NotSupplied
from qrmerch.content import shipped
from qrmerch.content.models import (
    Approval,
    Content,
    FixedValue,
    PageTemplate,
    Publication,
    Revision,
    RevisionState,
    Style,
    TemplateVersion,
    Verdict,
)
from qrmerch.content.queries import (
    covers,
    find_approval,
    find_content,
    find_template_of,
    get_content,
    get_newest_version,
    get_version,
    list_publications,
    slots_of,
)
from qrmerch.content.recorded import sealed_recording
from qrmerch.content.slots import (
    Bounds,
    Kind,
    Slot,
    asset_ids_in,
    clean,
    clean_value,
    clean_words,
    is_empty,
    list_missing,
    read_slots,
)
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.media.models import Asset
from qrmerch.media.playing import recordings_of
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import changed
from qrmerch.text import clean_block, clean_line, plain, rich_text

MAX_COMMENT_CHARS: Final = 1_000
MAX_REASON_CHARS: Final = 300
# Where a product's own texts go, first choice first.
_PREFILLED: Final = {"story.lede": ("blurb",), "story.text": ("story", "description", "blurb"), "care.text": ("care",)}


class ChangedElsewhere(Conflict):
    """Somebody, or another tab, saved the draft in the meantime."""

    slug = "changed_elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "This page was saved in another tab or by a colleague after you opened it. Nothing was overwritten."
        )


class NotOpen(Conflict):
    """The revision is not, or no longer, in the state in which this can be done."""

    slug = "not_open"


class DigestDiffers(Conflict):
    """What was looked at is not what waits."""

    slug = "digest_differs"


class OwnWork(Conflict):
    """Whoever sent a page does not approve it."""

    slug = "own_work"


class NotApproved(Conflict):
    """Only what a reviewer let through is published."""

    slug = "not_approved"


@dataclass(frozen=True, slots=True)
class _Author:
    user_id: str


# --- templates -------------------------------------------------------------------------------------


def add_template(
    db: Session,
    retailer_id: str,
    *,
    name: str,
    style: Style,
    at: datetime,
    sections: Sequence[Mapping[str, Any]] | None = None,
    is_default: bool = False,
    actor: audit.Actor | None = None,
) -> PageTemplate:
    """A new template with version 1; the retailer's first one becomes its default.

    :param sections: the shipped ones of the style where left out.
    :raises FormError: no name, or the retailer has a template of that name.
    """
    name = clean_line(name, max(len(name), 1))
    if not name or len(name) > 80:
        raise FormError({"name": "A template needs a name of at most 80 characters, such as Everyday."})
    mine = select(PageTemplate).where(PageTemplate.retailer_id == retailer_id)
    there = list(db.scalars(mine))
    if any(each.name.casefold() == name.casefold() for each in there):
        raise FormError({"name": f"There is a template called {name} already. Give this one another name."})
    template = PageTemplate(
        id=ids.new(), retailer_id=retailer_id, name=name, style=Style(style), is_default=False, created_at=at
    )
    db.add(template)
    db.flush()
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.add", subject, at=at, retailer_id=retailer_id, detail={"name": name})
    release_version(db, template, sections or shipped.sections_of(Style(style)), at=at, actor=actor)
    if is_default or not there:
        make_default(db, template, at=at, actor=actor)
    return template


def release_version(
    db: Session,
    template: PageTemplate,
    sections: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    actor: audit.Actor | None = None,
) -> TemplateVersion:
    """The next version of a template. Pages keep the version they were written in; new drafts take this one.

    :raises ValueError: a section or slot is not one that can be read.
    """
    read_slots(sections)
    last = db.scalar(select(func.max(TemplateVersion.number)).where(TemplateVersion.template_id == template.id)) or 0
    version = TemplateVersion(
        id=ids.new(),
        retailer_id=template.retailer_id,
        template_id=template.id,
        number=last + 1,
        sections=[dict(each) for each in sections],
        created_at=at,
    )
    db.add(version)
    db.flush()
    detail: dict[str, object] = {"version": version.number}
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.release", subject, at=at, retailer_id=template.retailer_id, detail=detail)
    return version


def make_default(db: Session, template: PageTemplate, *, at: datetime, actor: audit.Actor | None) -> None:
    """Let pages be written in this template from now on, unless an item names another."""
    others = update(PageTemplate).where(PageTemplate.retailer_id == template.retailer_id, PageTemplate.is_default)
    db.execute(others.values(is_default=False))
    template.is_default = True
    audit.record(db, actor, "template.default", ("page_template", template.id), at=at, retailer_id=template.retailer_id)
    changed(db, template.retailer_id, at=at)
    db.flush()


def set_fixed(
    db: Session,
    template: PageTemplate,
    slot: str,
    value: Mapping[str, str],
    *,
    at: datetime,
    actor: audit.Actor | None,
) -> FixedValue:
    """Say what stands in a fixed slot from now on, on every page of the template at once.

    :param slot: "section.slot".
    :param value: by locale; empty for nothing.
    :raises FormError: no fixed slot of that name, or the words do not fit.
    """
    found = read_slots(get_newest_version(db, template.id).sections).get(slot)
    if found is None or not found.is_fixed or not found.is_words:
        raise FormError({slot: f"There is no fixed slot {slot[:60]} in this template."})
    retailer = db.get_one(Retailer, template.retailer_id)
    problems, kept = {}, {}
    for locale, words in value.items():
        try:
            if locale not in _locales(retailer):
                raise ValueError(f"{locale[:12]} is not one of your languages.")
            text = clean_words(found, words, None)
        except ValueError as error:
            problems[f"{slot}.{locale}"] = f"{found.label}: {error}"
            continue
        if text:
            kept[locale] = text
    if problems:
        raise FormError(problems)
    row = FixedValue(retailer_id=template.retailer_id, template_id=template.id, slot=slot, value=kept, from_at=at)
    db.add(row)
    db.flush()
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.fix", subject, at=at, retailer_id=template.retailer_id, detail={"slot": slot})
    changed(db, template.retailer_id, at=at)
    return row


# --- drafts ----------------------------------------------------------------------------------------


def open_draft(
    db: Session, item: Item, *, author_id: str | None, at: datetime, template: PageTemplate | None = None
) -> Revision:
    """The draft of an item's page that is being written, or a new one.

    A new one begins with what the last revision said, else with what the vendor's product says.

    :param template: the item's own or the retailer's default where left out.
    :raises NotSupplied: the vendor does not supply the retailer any more.
    :raises Conflict: the retailer has no template.
    :raises NotOpen: the last revision still waits for an answer.
    """
    _refuse_unsupplied(db, item)
    template = template or _template_of(db, item)
    lock_for_chain(db, f"content {item.id}")
    content = find_content(db, item.id, template.id) or _add_content(db, item, template, at)
    states = select(Revision).where(Revision.content_id == content.id).order_by(Revision.number.desc())
    revisions = list(db.scalars(states))
    draft = next((each for each in revisions if each.state == RevisionState.DRAFT), None)
    if draft is not None:
        return draft
    if any(each.state == RevisionState.SUBMITTED for each in revisions):
        raise NotOpen("This page waits for the retailer’s answer. Withdraw it to change it.")
    draft = begin_draft(db, item, template, at=at)
    draft.id, draft.content_id, draft.author_id = ids.new(), content.id, author_id
    draft.number = revisions[0].number + 1 if revisions else 1
    db.add(draft)
    db.flush()
    return draft


def begin_draft(db: Session, item: Item, template: PageTemplate, *, at: datetime) -> Revision:
    """What a new draft of an item's page would begin with; belongs to no session, nothing is written."""
    return _unsaved(db, item, template, _find_last(db, item), at)


def sample_page(db: Session, item: Item, template: PageTemplate, shown: Revision | None, *, at: datetime) -> Revision:
    """An item in a template, to look at: with what a published revision says, else with the catalogue's words.

    Belongs to no session; nothing is written. What the vendor has not sent is not in it.
    """
    return _unsaved(db, item, template, shown, at)


def _unsaved(db: Session, item: Item, template: PageTemplate, source: Revision | None, at: datetime) -> Revision:
    version = get_newest_version(db, template.id)
    slots, product = read_slots(version.sections), get_product(db, item.product_id)
    values = slots_of(source) if source else _values_of_product(slots, product)
    return Revision(
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        template_version_id=version.id,
        number=1,
        state=RevisionState.DRAFT,
        body={"slots": _fitting(db, item, slots, values), "product": copy_product(product)},
        edit=0,
        created_at=at,
        saved_at=at,
    )


def save_draft(db: Session, revision: Revision, slots: Mapping[str, Any], *, edit: int, at: datetime) -> Revision:
    """Put values into a draft's slots; an empty one clears its slot, and what is not named stays.

    :param slots: by slot name, as `content.slots` says.
    :param edit: the draft's count of saves when it was read.
    :raises SlotLocked: one of the slots is the retailer's.
    :raises FormError: by slot name, what cannot stand there; nothing is saved.
    :raises ChangedElsewhere: it was saved after it was read; nothing is saved.
    :raises NotOpen: it is no draft any more.
    """
    if revision.state != RevisionState.DRAFT:
        raise NotOpen("This page has been sent. What is sent does not change: begin the next revision.")
    specs = read_slots(get_version(db, revision.template_version_id).sections)
    cleaned = clean(specs, slots, load_bounds(db, revision, slots, specs))
    kept = {name: value for name, value in slots_of(revision).items() if name not in slots}
    item = get_item(db, get_content(db, revision.content_id).item_id)
    body = {"slots": {**kept, **cleaned}, "product": copy_product(get_product(db, item.product_id))}
    ours = update(Revision).where(
        Revision.id == revision.id, Revision.edit == edit, Revision.state == RevisionState.DRAFT
    )
    done = db.execute(ours.values(body=body, edit=edit + 1, saved_at=at).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise ChangedElsewhere()
    db.refresh(revision)
    return revision


def submit(db: Session, revision: Revision, *, author_id: str, at: datetime) -> Revision:
    """Send a draft to the retailer: sealed, with the product's values and the pictures' words copied into it.

    A trusted vendor's is approved by rule. It is also published by rule where it follows a page that is live now,
    in the same places and for as long; a first page, and one after a take-down, waits for a person.

    :raises FormError: by slot name, what is wrong or missing.
    :raises NotOpen: it is no draft, or an earlier one still waits.
    :raises NotSupplied: the vendor does not supply the retailer any more.
    """
    if revision.state != RevisionState.DRAFT:
        raise NotOpen("This page has been sent already.")
    item = get_item(db, get_content(db, revision.content_id).item_id)
    _refuse_unsupplied(db, item)
    waiting = select(Revision.id).where(
        Revision.content_id == revision.content_id, Revision.state == RevisionState.SUBMITTED
    )
    if db.scalar(waiting.limit(1)):
        raise NotOpen("An earlier revision still waits for an answer. Withdraw it first.")
    body = _sealed_body(db, revision, item, at)
    _move(db, revision, RevisionState.DRAFT, RevisionState.SUBMITTED)
    revision.body, revision.digest = body, digest_of(body)
    revision.author_id, revision.submitted_at = author_id, at
    db.flush()
    _note(db, _Author(author_id), "content.submit", revision, at=at)
    supply = find_supply(db, revision.retailer_id, revision.vendor_id)
    if supply is not None and supply.is_trusted:
        _approve_by_rule(db, revision, item, at)
    return revision


def withdraw(db: Session, revision: Revision, *, at: datetime, actor: audit.Actor | None = None) -> None:
    """Take a revision back before it is answered.

    :raises NotOpen: it is answered already, or was never sent.
    """
    _move(db, revision, RevisionState.SUBMITTED, RevisionState.WITHDRAWN)
    db.flush()
    _note(db, actor, "content.withdraw", revision, at=at)


# --- review ----------------------------------------------------------------------------------------


def approve(db: Session, revision: Revision, *, digest: str, reviewer: audit.Actor, at: datetime) -> Approval:
    """Let exactly this content through.

    :param digest: of what the reviewer looked at.
    :raises OwnWork: the reviewer sent it.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    if reviewer.user_id == revision.author_id:
        raise OwnWork("You sent this page yourself, so somebody else has to approve it.")
    _check_digest(revision, digest)
    return _answer(db, revision, Verdict.APPROVED, [], reviewer, at)


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

    :param comments: {"slot": "story.text", "text": …}; an empty slot for the page as a whole.
    :raises FormError: not one comment, one that is too long, or on a slot that is not there.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    kept = _clean_comments(comments, slots)
    _check_digest(revision, digest)
    return _answer(db, revision, Verdict.RETURNED, kept, reviewer, at)


# --- publication -----------------------------------------------------------------------------------


def publish(
    db: Session,
    revision: Revision,
    *,
    actor: audit.Actor | None,
    at: datetime,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    store_ids: Sequence[str] | None = None,
) -> Publication:
    """Let an approved revision show; an older one again to roll back.

    :param from_at: first instant; now where left out.
    :param until_at: first instant no longer; what held before then holds again.
    :param store_ids: everywhere where left out.
    :raises NotApproved: no reviewer let exactly this through.
    :raises FormError: the period ends before it begins or lies in the past; a store is not the retailer's.
    """
    _refuse_unapproved(db, revision)
    problems = {}
    if from_at is not None and from_at < at:
        problems["from_at"] = "It cannot begin in the past. Leave the beginning empty for now."
    begins = from_at or at
    if until_at is not None and until_at <= begins:
        problems["until_at"] = "It would end before it begins. Choose a later end, or none."
    if store_ids is not None and (problem := _store_problem(db, revision.retailer_id, store_ids)):
        problems["store_ids"] = problem
    if problems:
        raise FormError(problems)
    item = get_item(db, get_content(db, revision.content_id).item_id)
    row = _add_publication(
        db, item, revision, actor, at, from_at=begins, until_at=until_at, store_ids=store_ids, reason=""
    )
    _note(db, actor, "content.publish", revision, at=at, publication=row.id)
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
    row = _add_publication(db, item, None, actor, at, from_at=at, until_at=None, store_ids=None, reason=reason)
    detail: dict[str, object] = {"reason": reason, "publication": row.id}
    audit.record(db, actor, "content.take_down", ("item", item.id), at=at, retailer_id=item.retailer_id, detail=detail)
    return row


def digest_of(body: Mapping[str, Any]) -> str:
    """What seals a body: SHA-256 over its canonical JSON."""
    told = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


# --- what the above share --------------------------------------------------------------------------


def load_bounds(
    db: Session,
    revision: Revision,
    values: Mapping[str, Any],
    slots: Mapping[str, Slot],
    *,
    at: datetime | None = None,
) -> Bounds:
    """What a revision's values are checked against: languages and hosts of the retailer, pictures of the vendor.

    :param at: when its pictures must be allowed to be shown; not asked where left out.
    """
    retailer = db.get_one(Retailer, revision.retailer_id)
    hosts = db.scalars(select(RetailerHost.host).where(RetailerHost.retailer_id == retailer.id))
    wanted = select(Asset).where(Asset.vendor_id == revision.vendor_id, Asset.id.in_(asset_ids_in(slots, values)))
    assets = {each.id: each for each in db.scalars(wanted)}
    played = [each.id for each in assets.values() if each.kind.is_recording]
    return Bounds(_locales(retailer), frozenset(hosts), assets, recordings_of(db, played), at, retailer.time_zone)


def copy_product(product: VendorProduct) -> dict[str, Any]:
    """The product's values that a page uses."""
    facts = [{"name": str(each["name"]), "value": str(each["value"])} for each in product.facts]
    return {"title": product.title, "maker": product.maker, "category": product.category, "facts": facts}


def _locales(retailer: Retailer) -> tuple[str, ...]:
    return tuple(dict.fromkeys((retailer.default_locale, *retailer.locales)))


def _template_of(db: Session, item: Item) -> PageTemplate:
    template = find_template_of(db, item)
    if template is None:
        raise Conflict("This retailer has no page template yet. Ask them to add one, then come back.")
    return template


def _refuse_unsupplied(db: Session, item: Item) -> None:
    supply = find_supply(db, item.retailer_id, item.vendor_id)
    if supply is None or supply.ended_at is not None:
        raise NotSupplied("This retailer does not take your pages at the moment. Ask them before you go on.")


def _add_content(db: Session, item: Item, template: PageTemplate, at: datetime) -> Content:
    content = Content(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        item_id=item.id,
        template_id=template.id,
        created_at=at,
    )
    db.add(content)
    db.flush()
    return content


def _find_last(db: Session, item: Item) -> Revision | None:
    """The newest revision of an item's page, in whichever template."""
    wanted = select(Revision).join(Content, Content.id == Revision.content_id).where(Content.item_id == item.id)
    return db.scalars(wanted.order_by(Revision.created_at.desc(), Revision.number.desc()).limit(1)).one_or_none()


def _values_of_product(slots: Mapping[str, Slot], product: VendorProduct) -> dict[str, Any]:
    """The product's texts where they fit whole; nothing is cut, and none stands twice."""
    texts = {**(product.texts or {}), "description": product.description}
    found: dict[str, Any] = {}
    for name, sources in _PREFILLED.items():
        slot = slots.get(name)
        if slot is None or slot.is_fixed or not slot.is_words:
            continue
        for source in sources:
            text = str(texts.get(source) or "")
            words = text if slot.kind == Kind.RICH_TEXT else plain(str(rich_text(text)))
            if words and len(words) <= slot.max_chars and source not in found:
                found[name] = words
                texts.pop(source)
                break
    return found


def _fitting(db: Session, item: Item, slots: Mapping[str, Slot], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of these values those that the slots take."""
    draft = Revision(retailer_id=item.retailer_id, vendor_id=item.vendor_id)
    bounds = load_bounds(db, draft, values, slots)
    kept = {}
    for name, value in values.items():
        slot = slots.get(name)
        if slot is None or slot.is_fixed:
            continue
        try:
            cleaned = clean_value(slot, value, bounds)
        except ValueError:
            continue
        if not is_empty(cleaned):
            kept[name] = cleaned
    return kept


def _sealed_body(db: Session, revision: Revision, item: Item, at: datetime) -> dict[str, Any]:
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    values = slots_of(revision)
    bounds = load_bounds(db, revision, values, slots, at=at)
    values = clean(slots, values, bounds)
    missing = list_missing(slots, values, bounds)
    if missing:
        raise FormError(missing)
    # What a picture is said to show is part of what is approved; a later word waits for the next revision.
    pictures = {
        each.id: {"alt": {} if each.is_decorative else dict(each.alt), "digest": each.digest}
        for each in bounds.assets.values()
        if not each.kind.is_recording
    }
    body = {"slots": values, "product": copy_product(get_product(db, item.product_id)), "pictures": pictures}
    # As is every word that is heard or read in a film.
    if bounds.recordings:
        body["recordings"] = {
            asset_id: sealed_recording(bounds.assets[asset_id], recording)
            for asset_id, recording in bounds.recordings.items()
        }
    return body


def _move(db: Session, revision: Revision, before: RevisionState, after: RevisionState) -> None:
    """Take a revision from one state to the next, unless somebody was faster.

    :raises NotOpen: it is not in that state any more.
    """
    ours = update(Revision).where(Revision.id == revision.id, Revision.state == before, Revision.edit == revision.edit)
    done = db.execute(ours.values(state=after).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        db.refresh(revision)
        raise NotOpen(f"This revision is {_WORDS[revision.state]} in the meantime. Open it again.")
    db.refresh(revision, ["state"])


_WORDS: Final = {
    RevisionState.DRAFT: "being written",
    RevisionState.SUBMITTED: "sent",
    RevisionState.RETURNED: "returned",
    RevisionState.APPROVED: "approved",
    RevisionState.WITHDRAWN: "withdrawn",
}


def _check_digest(revision: Revision, digest: str) -> None:
    if digest != revision.digest or digest != digest_of(revision.body):
        raise DigestDiffers("This is not what waits for an answer any more. Open the revision again and look at it.")


def _answer(
    db: Session,
    revision: Revision,
    verdict: Verdict,
    comments: list[dict[str, str]],
    reviewer: audit.Actor | None,
    at: datetime,
) -> Approval:
    is_approved = verdict == Verdict.APPROVED
    _move(db, revision, RevisionState.SUBMITTED, RevisionState.APPROVED if is_approved else RevisionState.RETURNED)
    row = Approval(
        id=ids.new(),
        retailer_id=revision.retailer_id,
        revision_id=revision.id,
        digest=revision.digest or "",
        verdict=verdict,
        reviewer_id=reviewer.user_id if reviewer else None,
        comments=comments,
        at=at,
    )
    db.add(row)
    db.flush()
    _note(db, reviewer, "content.approve" if is_approved else "content.return", revision, at=at)
    return row


def _clean_comments(comments: Sequence[Mapping[str, str]], slots: Mapping[str, Slot]) -> list[dict[str, str]]:
    kept, problems = [], {}
    for each in comments:
        slot, text = str(each.get("slot", "")), str(each.get("text", ""))
        text = clean_block(text, max(len(text) * 4, 1)).strip()
        if not text:
            continue
        if slot and slot not in slots:
            problems[f"comment.{slot}"] = f"There is no slot {slot[:60]} in this template."
        elif len(text) > MAX_COMMENT_CHARS:
            problems[f"comment.{slot}"] = f"{MAX_COMMENT_CHARS:,} characters at most; this has {len(text):,}."
        else:
            kept.append({"slot": slot, "text": text})
    if not kept and not problems:
        problems["comment."] = "Write at least one comment: the vendor needs to know what to change."
    if problems:
        raise FormError(problems)
    return kept


def _approve_by_rule(db: Session, revision: Revision, item: Item, at: datetime) -> None:
    _answer(db, revision, Verdict.APPROVED, [], None, at)
    newest = next(iter(list_publications(db, item.id)), None)
    if newest is None or newest.revision_id is None:
        return
    places = newest.store_ids or [None]
    if not covers(newest, store_id=places[0], at=at):
        return
    publish(db, revision, actor=None, at=at, until_at=newest.until_at, store_ids=newest.store_ids)


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
    *,
    from_at: datetime,
    until_at: datetime | None,
    store_ids: Sequence[str] | None,
    reason: str,
) -> Publication:
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
        store_ids=sorted(set(store_ids)) if store_ids is not None else None,
        from_at=from_at,
        until_at=until_at,
        created_by=actor.user_id if actor else None,
        created_at=created_at,
        reason=reason,
    )
    db.add(row)
    changed(db, item.retailer_id, item.id, at=at)
    db.flush()
    return row


def _note(
    db: Session, actor: audit.Actor | None, action: str, revision: Revision, *, at: datetime, **more: object
) -> None:
    detail: dict[str, object] = {"number": revision.number, "digest": revision.digest, **more}
    audit.record(db, actor, action, ("revision", revision.id), at=at, retailer_id=revision.retailer_id, detail=detail)

"""Writing pages: a revision is a draft until it is submitted and never changes after that.

Whatever brings values (the form, a sheet, another page, a program) goes through `write_slots`: locks and limits hold
there, and what somebody else saved meanwhile stays. Every function leaves the commit to its caller.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import get_item, get_product
from qrmerch.catalog.service import NotSupplied
from qrmerch.content.earlier import Path, find_base, remember
from qrmerch.content.links import refuse_leaving
from qrmerch.content.merging import Base, Difference, Merged, Part, merge_three
from qrmerch.content.models import Content, PageTemplate, Reader, Revision, RevisionState
from qrmerch.content.notices import tell
from qrmerch.content.queries import (
    find_content,
    find_template_of,
    get_content,
    get_newest_version,
    get_version,
    slots_of,
)
from qrmerch.content.recorded import sealed_recording
from qrmerch.content.reviewing import approve_by_rule, find_rule
from qrmerch.content.revisions import NotOpen, digest_of, move, note
from qrmerch.content.slots import (
    Bounds,
    Kind,
    Slot,
    asset_ids_in,
    clean,
    clean_value,
    is_empty,
    keep_shaped,
    list_missing,
    read_slots,
)
from qrmerch.content.translating import ALT, alts_of, list_alts, mark_alts, mark_since, since_of
from qrmerch.content.weights import refuse_heavy, weigh_page
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.media.models import Asset
from qrmerch.media.playing import recordings_of
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import find_supply, list_own_hosts
from qrmerch.parties.terms import refuse_unagreed
from qrmerch.text import plain, rich_text

# Where a product's own texts go, first choice first.
_PREFILLED: Final = {"story.lede": ("blurb",), "story.text": ("story", "description", "blurb"), "care.text": ("care",)}


class ChangedElsewhere(Conflict):
    """Somebody, or another tab, changed in the meantime what was changed here otherwise; `merged` says where."""

    slug = "changed_elsewhere"

    def __init__(self, merged: Merged | None = None) -> None:
        super().__init__(
            "This page was saved in another tab or by a colleague after you opened it. Nothing was overwritten."
        )
        self.merged = merged
        self.conflicts: tuple[Difference, ...] = merged.conflicts if merged else ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft after a save: the parts that the save changed, and those where somebody else's newer value stayed."""

    revision: Revision
    changed: frozenset[Part]
    taken: frozenset[Part]


@dataclass(frozen=True, slots=True)
class _Author:
    user_id: str


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
    remember(db, draft, author_id=author_id, at=at, path="begun")
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
    values = keep_shaped(slots, slots_of(source)) if source else values_of_product(slots, product)
    return Revision(
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        template_version_id=version.id,
        number=1,
        state=RevisionState.DRAFT,
        body=_first_body(_fitting(db, item, slots, values), product, source),
        edit=0,
        created_at=at,
        saved_at=at,
    )


def write_slots(
    db: Session,
    item: Item,
    values: Mapping[str, Any],
    *,
    edit: int | None,
    author_id: str | None,
    at: datetime,
    path: Path,
    number: int | None = None,
    template: PageTemplate | None = None,
    yielded: Collection[Part] = (),
    twice: Collection[Difference] = (),
) -> Saved:
    """Put values into the draft of an item's page, which is begun where there is none: the one door for all of them.

    An empty value clears its slot. What is not named stays: other slots, and the other languages of words.

    :param values: by slot name, as `content.slots` says.
    :param edit: the draft's count of saves when it was read; None to write upon whatever stands there now.
    :param path: where the values come from; kept with the save.
    :param number: of the revision that was read, where that may be an earlier one.
    :param template: as for `open_draft`.
    :param yielded: parts in which what stands is kept, whatever the values say.
    :param twice: what belongs to the same save and was changed by somebody else too, such as pictures' words.
    :raises SlotLocked: one of the slots is the retailer's; nothing is saved.
    :raises FormError: by slot name, what cannot stand there; nothing is saved.
    :raises ChangedElsewhere: something named was changed otherwise after it was read; nothing is saved.
    :raises NotOpen: the last revision waits for an answer.
    :raises NotSupplied: the vendor does not supply the retailer any more.
    :raises Conflict: the retailer has no template.
    """
    draft = open_draft(db, item, author_id=author_id, at=at, template=template)
    typed = _Typed(values, draft.number if number is None else number, edit, frozenset(yielded), tuple(twice))
    return _save(db, draft, typed, author_id=author_id, at=at, path=path)


def save_draft(
    db: Session,
    revision: Revision,
    slots: Mapping[str, Any],
    *,
    edit: int,
    at: datetime,
    author_id: str | None = None,
    path: Path = "form",
) -> Revision:
    """`write_slots` for a draft that is at hand.

    :raises NotOpen: it is no draft any more.
    """
    typed = _Typed(slots, revision.number, edit)
    return _save(db, revision, typed, author_id=author_id, at=at, path=path).revision


def confirm(db: Session, draft: Revision, name: str, *, locale: str, at: datetime) -> None:
    """Say that what stands in a language is still right, though the first language was written after it.

    :param name: of a slot, or "alt:" and a picture's id; one that was never noted is let be.
    """
    since = since_of(draft)
    if draft.state == RevisionState.DRAFT and name in since:
        told = {**since[name], locale: at.astimezone(UTC).isoformat()}
        draft.body = {**draft.body, "since": {**since, name: told}}
        db.flush()


@dataclass(frozen=True, slots=True)
class _Typed:
    """Values, and which revision they were typed into, as of which save."""

    values: Mapping[str, Any]
    number: int
    edit: int | None
    yielded: frozenset[Part] = frozenset()
    twice: tuple[Difference, ...] = ()


def _save(db: Session, revision: Revision, typed: _Typed, *, author_id: str | None, at: datetime, path: Path) -> Saved:
    item = get_item(db, get_content(db, revision.content_id).item_id)
    lock_for_chain(db, f"content {item.id}")
    db.refresh(revision)
    if revision.state != RevisionState.DRAFT:
        raise NotOpen("This page has been sent. What is sent does not change: begin the next revision.")
    specs, standing = read_slots(get_version(db, revision.template_version_id).sections), slots_of(revision)
    bounds = load_bounds(db, revision, typed.values, specs)
    mine = clean(specs, typed.values, bounds)
    merged = merge_three(
        specs,
        _base_of(db, revision, specs, typed),
        mine,
        standing,
        cleared=_cleared(specs, typed.values, mine, bounds.locales),
        yielded=typed.yielded,
    )
    if merged.conflicts or typed.twice:
        raise ChangedElsewhere(replace(merged, conflicts=merged.conflicts + typed.twice))
    body = _written_body(db, revision, specs, merged.slots, at)
    body["product"] = copy_product(get_product(db, item.product_id))
    ours = update(Revision).where(
        Revision.id == revision.id, Revision.edit == revision.edit, Revision.state == RevisionState.DRAFT
    )
    ours = ours.values(body=body, edit=revision.edit + 1, saved_at=at)
    done = db.execute(ours.execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise ChangedElsewhere()
    db.refresh(revision)
    remember(db, revision, author_id=author_id, at=at, path=path)
    return Saved(revision, merged.changed, merged.taken)


def _base_of(db: Session, revision: Revision, slots: Mapping[str, Slot], typed: _Typed) -> Base:
    if typed.edit is None or (typed.number, typed.edit) == (revision.number, revision.edit):
        return Base(slots_of(revision))
    return find_base(db, revision.content_id, slots, number=typed.number, edit=typed.edit)


def _written_body(
    db: Session, revision: Revision, slots: Mapping[str, Slot], values: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """A draft's body with these values, and since when each text says what it says."""
    alts = list_alts(db, revision.vendor_id, slots, values)
    since = mark_since(slots, since_of(revision), slots_of(revision), values, at)
    return {"slots": values, "alts": alts, "since": mark_alts(since, alts_of(revision), alts, at)}


def _cleared(
    slots: Mapping[str, Slot], values: Mapping[str, Any], cleaned: Mapping[str, Any], spoken: Collection[str]
) -> list[Part]:
    """The parts that were named and hold nothing."""
    found: list[Part] = []
    for name, value in values.items():
        if slots[name].is_by_locale:
            locales = value if isinstance(value, Mapping) else slots[name].languages(spoken)[:1]
            found += [(name, locale) for locale in locales if locale not in cleaned.get(name, ())]
        elif name not in cleaned:
            found.append((name, ""))
    return found


def submit(db: Session, revision: Revision, *, author_id: str, at: datetime, follows_links: bool = False) -> Revision:
    """Send a draft to the retailer: sealed, with the product's values and the pictures' words copied into it.

    One that a rule of the retailer's lets through is approved at once. It is also published by rule where it follows
    a page that is live now, in the same places and for as long; a first page, and one after a take-down, waits for a
    person.

    :param follows_links: whether links must have been followed to their end; those that were not are asked for.
    :raises FormError: by slot name, what is wrong or missing, too heavy, or leads away from the retailer.
    :raises NotOpen: it is no draft, or an earlier one still waits.
    :raises NotSupplied: the vendor does not supply the retailer any more.
    :raises TermsNotAgreed: the vendor has not agreed to the retailer's terms as they are now.
    """
    if revision.state != RevisionState.DRAFT:
        raise NotOpen("This page has been sent already.")
    item = get_item(db, get_content(db, revision.content_id).item_id)
    _refuse_unsupplied(db, item)
    refuse_unagreed(db, db.get_one(Retailer, item.retailer_id), item.vendor_id)
    waiting = select(Revision.id).where(
        Revision.content_id == revision.content_id, Revision.state == RevisionState.SUBMITTED
    )
    if db.scalar(waiting.limit(1)):
        raise NotOpen("An earlier revision still waits for an answer. Withdraw it first.")
    body = _sealed_body(db, revision, item, at)
    refuse_leaving(db, revision.retailer_id, body["slots"], at=at, follows=follows_links)
    move(db, revision, RevisionState.DRAFT, RevisionState.SUBMITTED)
    revision.body, revision.digest = body, digest_of(body)
    revision.author_id, revision.submitted_at = author_id, at
    hours = db.get_one(Retailer, revision.retailer_id).answer_hours
    revision.due_at = at + timedelta(hours=hours) if hours else None
    db.flush()
    note(db, _Author(author_id), "content.submit", revision, at=at)
    supply = find_supply(db, revision.retailer_id, revision.vendor_id)
    if rule := find_rule(db, revision, supply, at=at):
        approve_by_rule(db, revision, item, at, rule)
    else:
        tell(db, "sent", item, reader=Reader.RETAILER, at=at, revision=revision)
    return revision


def withdraw(db: Session, revision: Revision, *, at: datetime, actor: audit.Actor | None = None) -> None:
    """Take a revision back before it is answered.

    :raises NotOpen: it is answered already, or was never sent.
    """
    move(db, revision, RevisionState.SUBMITTED, RevisionState.WITHDRAWN)
    db.flush()
    note(db, actor, "content.withdraw", revision, at=at)


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
    wanted = select(Asset).where(Asset.vendor_id == revision.vendor_id, Asset.id.in_(asset_ids_in(slots, values)))
    assets = {each.id: each for each in db.scalars(wanted)}
    played = [each.id for each in assets.values() if each.kind.is_recording]
    return Bounds(
        locales_of(retailer), list_own_hosts(db, retailer.id), assets, recordings_of(db, played), at, retailer.time_zone
    )


def copy_product(product: VendorProduct) -> dict[str, Any]:
    """The product's values that a page uses."""
    facts = [{"name": str(each["name"]), "value": str(each["value"])} for each in product.facts]
    return {"title": product.title, "maker": product.maker, "category": product.category, "facts": facts}


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
    """The newest revision of an item's page that somebody wrote, in whichever template."""
    wanted = select(Revision).join(Content, Content.id == Revision.content_id)
    wanted = wanted.where(Content.item_id == item.id, Revision.moved_from_id.is_(None))
    return db.scalars(wanted.order_by(Revision.created_at.desc(), Revision.number.desc()).limit(1)).one_or_none()


def _first_body(values: dict[str, Any], product: VendorProduct, source: Revision | None) -> dict[str, Any]:
    ids_in = {str(each) for value in values.values() if isinstance(value, list) for each in value}
    alts = {each: alt for each, alt in alts_of(source).items() if each in ids_in} if source else {}
    kept = {*values, *(ALT + each for each in alts)}
    since = {name: told for name, told in since_of(source).items() if name in kept} if source else {}
    return {"slots": values, "product": copy_product(product), "since": since, "alts": alts}


def values_of_product(slots: Mapping[str, Slot], product: VendorProduct) -> dict[str, Any]:
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
    version = get_version(db, revision.template_version_id)
    slots = read_slots(version.sections)
    values = slots_of(revision)
    bounds = load_bounds(db, revision, values, slots, at=at)
    values = clean(slots, values, bounds)
    missing = list_missing(slots, values, bounds)
    if missing:
        raise FormError(missing)
    budget = db.get_one(PageTemplate, version.template_id).budget_bytes
    weight = weigh_page(db, version, slots, values, budget_bytes=budget)
    refuse_heavy(weight, retailer=db.get_one(Retailer, revision.retailer_id).name)
    # What a picture is said to show is part of what is approved; a later word waits for the next revision.
    pictures = {
        each.id: {"alt": {} if each.is_decorative else dict(each.alt), "digest": each.digest}
        for each in bounds.assets.values()
        if not each.kind.is_recording
    }
    body = {
        "slots": values,
        "product": copy_product(get_product(db, item.product_id)),
        "pictures": pictures,
        "since": _written_body(db, revision, slots, values, at)["since"],
    }
    # As is every word that is heard or read in a film.
    if bounds.recordings:
        body["recordings"] = {
            asset_id: sealed_recording(bounds.assets[asset_id], recording)
            for asset_id, recording in bounds.recordings.items()
        }
    return body

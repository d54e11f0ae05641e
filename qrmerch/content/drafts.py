"""Writing pages: a revision is a draft until it is submitted and never changes after that.

Every function leaves the commit to its caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import get_item, get_product
from qrmerch.catalog.service import NotSupplied
from qrmerch.content.models import (
    Content,
    PageTemplate,
    Reader,
    Revision,
    RevisionState,
)
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
from qrmerch.content.revisions import NotOpen, digest_of, locales_of, move, note
from qrmerch.content.slots import (
    Bounds,
    Kind,
    Slot,
    asset_ids_in,
    clean,
    clean_value,
    is_empty,
    list_missing,
    read_slots,
)
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.media.models import Asset
from qrmerch.media.playing import recordings_of
from qrmerch.parties.models import Retailer, RetailerHost
from qrmerch.parties.queries import find_supply
from qrmerch.parties.terms import refuse_unagreed
from qrmerch.text import plain, rich_text

# Where a product's own texts go, first choice first.
_PREFILLED: Final = {"story.lede": ("blurb",), "story.text": ("story", "description", "blurb"), "care.text": ("care",)}


class ChangedElsewhere(Conflict):
    """Somebody, or another tab, saved the draft in the meantime."""

    slug = "changed_elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "This page was saved in another tab or by a colleague after you opened it. Nothing was overwritten."
        )


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

    One that a rule of the retailer's lets through is approved at once. It is also published by rule where it follows
    a page that is live now, in the same places and for as long; a first page, and one after a take-down, waits for a
    person.

    :raises FormError: by slot name, what is wrong or missing.
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
    hosts = db.scalars(select(RetailerHost.host).where(RetailerHost.retailer_id == retailer.id))
    wanted = select(Asset).where(Asset.vendor_id == revision.vendor_id, Asset.id.in_(asset_ids_in(slots, values)))
    assets = {each.id: each for each in db.scalars(wanted)}
    played = [each.id for each in assets.values() if each.kind.is_recording]
    return Bounds(locales_of(retailer), frozenset(hosts), assets, recordings_of(db, played), at, retailer.time_zone)


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

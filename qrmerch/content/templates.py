"""Templates: added, released in versions that never change, and what stands in their fixed slots.

Every function leaves the commit to its caller.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item
from qrmerch.content import shipped
from qrmerch.content.library import check_sections
from qrmerch.content.models import (
    Content,
    FixedValue,
    PageTemplate,
    Reader,
    Revision,
    RevisionState,
    Style,
    TemplateVersion,
)
from qrmerch.content.notices import tell
from qrmerch.content.queries import fixed_values, get_newest_version
from qrmerch.content.slots import ASSET_KINDS, Bounds, Slot, clean_value, read_slots
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

# Below it no page with one picture fits; above it a shopper on slow 4G waits five seconds.
_NAME_CHARS: Final = 80
MIN_BUDGET_BYTES: Final = 30_000
MAX_BUDGET_BYTES: Final = 1_000_000


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
    there = list(db.scalars(select(PageTemplate).where(PageTemplate.retailer_id == retailer_id)))
    name = _clean_name(name, there)
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


def rename(db: Session, template: PageTemplate, name: str, *, at: datetime, actor: audit.Actor | None) -> None:
    """Call a template something else; its pages do not change.

    :raises FormError: as `add_template`.
    """
    others = select(PageTemplate).where(
        PageTemplate.retailer_id == template.retailer_id, PageTemplate.id != template.id
    )
    before, template.name = template.name, _clean_name(name, list(db.scalars(others)))
    db.flush()
    detail: dict[str, object] = {"before": {"name": before}, "after": {"name": template.name}}
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.rename", subject, at=at, retailer_id=template.retailer_id, detail=detail)


def _clean_name(name: str, others: Sequence[PageTemplate]) -> str:
    name = clean_line(name, max(len(name), 1))
    if not name or len(name) > _NAME_CHARS:
        raise FormError({"name": f"A template needs a name of at most {_NAME_CHARS} characters, such as Everyday."})
    if any(each.name.casefold() == name.casefold() for each in others):
        raise FormError({"name": f"There is a template called {name} already. Give this one another name."})
    return name


def release_version(
    db: Session,
    template: PageTemplate,
    sections: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    actor: audit.Actor | None = None,
    weight_bytes: int = 0,
) -> TemplateVersion:
    """The next version of a template. Pages keep the version they were written in; new drafts take this one.

    Those whose pages wait for an answer are told, on both sides.

    :param weight_bytes: of a page in it without a vendor's content, compressed; 0 where nobody measured it.
    :raises FormError: as `library.check_sections`; a slot that nobody could fill, too.
    """
    checked = check_template(sections)
    last = db.scalar(select(func.max(TemplateVersion.number)).where(TemplateVersion.template_id == template.id)) or 0
    version = TemplateVersion(
        id=ids.new(),
        retailer_id=template.retailer_id,
        template_id=template.id,
        number=last + 1,
        sections=checked,
        weight_bytes=weight_bytes,
        created_at=at,
    )
    db.add(version)
    db.flush()
    detail: dict[str, object] = {"version": version.number}
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.release", subject, at=at, retailer_id=template.retailer_id, detail=detail)
    # Which slots the newest version fixes is seen on pages of older ones too.
    changed(db, template.retailer_id, at=at)
    if version.number > 1:
        _tell_those_who_wait(db, template, version, at)
    return version


def check_template(sections: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A whole version of a template, as it is kept.

    :raises FormError: as `library.check_sections`; also for a picture, film or sound that nobody could fill.
    """
    checked = check_sections(sections)
    problems = {
        f"{name}.lock": "Pictures, films and sounds are the vendor’s own. Let the vendor fill this slot."
        for name, slot in read_slots(checked).items()
        if slot.is_fixed and slot.kind in ASSET_KINDS
    }
    if problems:
        raise FormError(problems)
    return checked


def _tell_those_who_wait(db: Session, template: PageTemplate, version: TemplateVersion, at: datetime) -> None:
    waiting = (
        select(Revision, Item)
        .join(Content, Content.id == Revision.content_id)
        .join(Item, Item.id == Content.item_id)
        .where(Content.template_id == template.id, Revision.state == RevisionState.SUBMITTED)
    )
    detail = {"template": template.name, "version": version.number}
    for revision, item in db.execute(waiting.order_by(Revision.submitted_at, Revision.id)).all():
        for reader in (Reader.RETAILER, Reader.VENDOR):
            tell(db, "template", item, reader=reader, at=at, revision=revision, detail=detail)


def make_default(db: Session, template: PageTemplate, *, at: datetime, actor: audit.Actor | None) -> None:
    """Let pages be written in this template from now on, unless an item names another."""
    others = update(PageTemplate).where(PageTemplate.retailer_id == template.retailer_id, PageTemplate.is_default)
    db.execute(others.values(is_default=False))
    template.is_default = True
    audit.record(db, actor, "template.default", ("page_template", template.id), at=at, retailer_id=template.retailer_id)
    changed(db, template.retailer_id, at=at)
    db.flush()


def set_budget(
    db: Session, template: PageTemplate, budget_bytes: int, *, at: datetime, actor: audit.Actor | None
) -> None:
    """Say what the first view of a page in this template may weigh; asked of what is sent from now on.

    :raises FormError: less than any page needs, or more than a shopper on slow 4G waits for.
    """
    least, most = MIN_BUDGET_BYTES // 1000, MAX_BUDGET_BYTES // 1000
    if not MIN_BUDGET_BYTES <= budget_bytes <= MAX_BUDGET_BYTES:
        raise FormError({"budget": f"Choose between {least} and {most:,} KB. 110 KB are seen within 1.5 s on slow 4G."})
    before, template.budget_bytes = template.budget_bytes, budget_bytes
    detail: dict[str, object] = {"before": before, "after": budget_bytes}
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.budget", subject, at=at, retailer_id=template.retailer_id, detail=detail)
    db.flush()


def set_fixed(
    db: Session,
    template: PageTemplate,
    slot: str,
    value: Any,
    *,
    at: datetime,
    actor: audit.Actor | None,
    from_at: datetime | None = None,
) -> FixedValue:
    """Say what stands in a fixed slot from an instant on, on every page of the template at once.

    :param slot: "section.slot".
    :param value: in the shape of the slot's kind, words by locale; empty for nothing.
    :param from_at: now where left out.
    :raises FormError: no fixed slot of that name, the value does not fit, or the instant is past.
    """
    found = read_slots(get_newest_version(db, template.id).sections).get(slot)
    if found is None or not found.is_fixed or found.kind in ASSET_KINDS:
        raise FormError({slot: f"There is no fixed slot {slot[:60]} in this template."})
    if from_at is not None and from_at < at:
        raise FormError({f"{slot}.from_at": "It cannot begin in the past. Leave it empty for now."})
    kept = _clean_fixed(found, value, locales_of(db.get_one(Retailer, template.retailer_id)))
    before = fixed_values(db, template.id, at=from_at or at).get(slot)
    row = FixedValue(
        retailer_id=template.retailer_id, template_id=template.id, slot=slot, value=kept, from_at=from_at or at
    )
    db.add(row)
    db.flush()
    detail: dict[str, object] = {"slot": slot, **audit.changes({"value": before}, {"value": kept})}
    detail |= {"from": from_at.isoformat()} if from_at else {}
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.fix", subject, at=at, retailer_id=template.retailer_id, detail=detail)
    changed(db, template.retailer_id, at=at)
    return row


def take_back_fixed(db: Session, row: FixedValue, *, at: datetime, actor: audit.Actor | None) -> None:
    """Forget a fixed value that was to stand from a later instant on.

    :raises Conflict: it stands already.
    """
    if row.from_at <= at:
        raise Conflict("This line shows already. Write another one in its place.")
    detail: dict[str, object] = {"slot": row.slot, "from": row.from_at.isoformat()}
    subject = ("page_template", row.template_id)
    audit.record(db, actor, "template.unfix", subject, at=at, retailer_id=row.retailer_id, detail=detail)
    db.delete(row)
    changed(db, row.retailer_id, at=at)
    db.flush()


def _clean_fixed(slot: Slot, value: Any, locales: tuple[str, ...]) -> Any:
    """A fixed slot's value as it is kept; by locale, each language's problem is named by itself."""
    bounds = Bounds(locales, None, {})
    if not isinstance(value, Mapping) or not slot.is_by_locale:
        try:
            return clean_value(slot, value, bounds)
        except ValueError as error:
            raise FormError({slot.name: f"{slot.label}: {error}"}) from None
    problems, kept = {}, {}
    for locale, words in value.items():
        try:
            kept.update(clean_value(slot, {locale: words}, bounds))
        except ValueError as error:
            problems[f"{slot.name}.{locale}"] = f"{slot.label}: {error}"
    if problems:
        raise FormError(problems)
    return kept

"""Templates: added, released in versions that never change, and what stands in their fixed slots.

Every function leaves the commit to its caller.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.content import shipped
from qrmerch.content.models import (
    FixedValue,
    PageTemplate,
    Style,
    TemplateVersion,
)
from qrmerch.content.queries import (
    fixed_values,
    get_newest_version,
)
from qrmerch.content.revisions import locales_of
from qrmerch.content.slots import (
    clean_words,
    read_slots,
)
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import changed
from qrmerch.text import clean_line


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
            if locale not in locales_of(retailer):
                raise ValueError(f"{locale[:12]} is not one of your languages.")
            text = clean_words(found, words, None)
        except ValueError as error:
            problems[f"{slot}.{locale}"] = f"{found.label}: {error}"
            continue
        if text:
            kept[locale] = text
    if problems:
        raise FormError(problems)
    detail = {"slot": slot, **audit.changes(fixed_values(db, template.id, at=at).get(slot, {}), kept)}
    row = FixedValue(retailer_id=template.retailer_id, template_id=template.id, slot=slot, value=kept, from_at=at)
    db.add(row)
    db.flush()
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.fix", subject, at=at, retailer_id=template.retailer_id, detail=detail)
    changed(db, template.retailer_id, at=at)
    return row

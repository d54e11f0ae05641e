"""A template's next version while it is being built: sections added, moved, removed, and their slots changed.

What is kept here could be released as it is. Every function leaves the commit to its caller.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.content.library import LIBRARY, STAFF_KINDS
from qrmerch.content.models import PageTemplate, TemplateDraft, TemplateVersion
from qrmerch.content.queries import get_newest_version
from qrmerch.content.slots import Kind
from qrmerch.content.templates import check_template, release_version
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError

Json = dict[str, Any]
Sections = list[Json]

# What a new slot of each kind begins with, besides its key, its label and who fills it.
_BEGINS: Final[Mapping[Kind, Json]] = {
    Kind.LINE: {"label": "A line", "max_chars": 80},
    Kind.TEXT: {"label": "Words", "max_chars": 400},
    Kind.RICH_TEXT: {"label": "Words", "max_chars": 600},
    Kind.PICTURES: {"label": "Picture", "min_count": 0, "max_count": 1, "min_width": 780, "min_height": 390},
    Kind.VIDEO: {"label": "Film", "max_count": 1, "max_seconds": 180},
    Kind.AUDIO: {"label": "Sound", "max_count": 1, "max_seconds": 300},
    Kind.FACTS: {"label": "Facts", "max_count": 12, "max_chars": 120},
    Kind.TABLE: {"label": "Table", "max_count": 16, "max_chars": 24},
    Kind.FILES: {"label": "Files", "max_count": 6, "max_chars": 80},
    Kind.LINK: {"label": "Link", "max_chars": 60},
    Kind.CHOICE: {
        "label": "Choice",
        "lock": "choose",
        "options": [{"value": "yes", "label": {"en": "Yes"}}, {"value": "no", "label": {"en": "No"}}],
    },
}


class BuiltElsewhere(Conflict):
    """Somebody, or another tab, changed the template's draft in the meantime."""

    slug = "built_elsewhere"


def find_draft(db: Session, template_id: str) -> TemplateDraft | None:
    """The version of a template that is being built."""
    return db.scalars(select(TemplateDraft).where(TemplateDraft.template_id == template_id)).one_or_none()


def read_draft(db: Session, template: PageTemplate) -> tuple[Sections, int]:
    """The sections that are being built and how often they were saved; the newest version's and 0 where none are."""
    draft = find_draft(db, template.id)
    if draft is not None:
        return deepcopy(list(draft.sections)), draft.edit
    return deepcopy(list(get_newest_version(db, template.id).sections)), 0


def save_sections(
    db: Session,
    template: PageTemplate,
    sections: Sequence[Mapping[str, Any]],
    *,
    edit: int,
    actor: audit.Actor,
    at: datetime,
) -> TemplateDraft:
    """Keep sections as the template's next version; nobody's page changes before it is released.

    :param edit: the draft's count of saves when it was read; 0 where there was none.
    :raises FormError: as `templates.check_template`; nothing is saved.
    :raises BuiltElsewhere: it was saved after it was read; nothing is saved.
    """
    checked = check_template(sections)
    lock_for_chain(db, f"template {template.id}")
    draft = find_draft(db, template.id)
    if draft is None and edit == 0:
        draft = TemplateDraft(
            id=ids.new(),
            retailer_id=template.retailer_id,
            template_id=template.id,
            sections=checked,
            edit=1,
            saved_by=actor.user_id,
            saved_at=at,
        )
        db.add(draft)
        db.flush()
        return draft
    ours = update(TemplateDraft).where(TemplateDraft.template_id == template.id, TemplateDraft.edit == edit)
    values = {"sections": checked, "edit": edit + 1, "saved_by": actor.user_id, "saved_at": at}
    done = db.execute(ours.values(values).execution_options(synchronize_session=False))
    if draft is None or done.rowcount != 1:  # type: ignore[attr-defined]
        raise _elsewhere()
    db.refresh(draft)
    return draft


def discard(db: Session, template: PageTemplate, *, edit: int, actor: audit.Actor, at: datetime) -> None:
    """Forget what is being built.

    :raises BuiltElsewhere: it was saved after it was read, or is gone.
    """
    ours = delete(TemplateDraft).where(TemplateDraft.template_id == template.id, TemplateDraft.edit == edit)
    done = db.execute(ours.execution_options(synchronize_session="fetch"))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise _elsewhere()
    subject = ("page_template", template.id)
    audit.record(db, actor, "template.discard", subject, at=at, retailer_id=template.retailer_id)


def release_draft(
    db: Session, template: PageTemplate, *, edit: int, weight_bytes: int, actor: audit.Actor, at: datetime
) -> TemplateVersion:
    """Make what is being built the template's newest version.

    :raises BuiltElsewhere: it was saved after it was read, or is gone.
    :raises FormError: as `templates.release_version`.
    """
    lock_for_chain(db, f"template {template.id}")
    draft = find_draft(db, template.id)
    if draft is None or draft.edit != edit:
        raise _elsewhere()
    version = release_version(db, template, draft.sections, at=at, actor=actor, weight_bytes=weight_bytes)
    db.delete(draft)
    db.flush()
    return version


def _elsewhere() -> BuiltElsewhere:
    return BuiltElsewhere(
        "This template was changed in another tab or by a colleague after you opened it. Nothing was overwritten:"
        " look at it as it is now, and make your change again."
    )


# --- changes ---------------------------------------------------------------------------------------


def list_used(db: Session, template_id: str) -> set[str]:
    """Names of sections and of slots ("section.slot") of all versions of a template.

    What is new takes none of them: an older page's words would turn up in it.
    """
    found: set[str] = set()
    wanted = select(TemplateVersion.sections).where(TemplateVersion.template_id == template_id)
    for sections in db.scalars(wanted):
        for section in sections:
            found.add(section["key"])
            found.update(f"{section['key']}.{slot['key']}" for slot in section.get("slots", ()))
    return found


def add_section(sections: Sections, kind: str, used: Collection[str] = ()) -> str:
    """Put a new section of a kind behind the others; its key.

    :param used: names that are taken, as `list_used` says; a kind that stands on a page once keeps its own.
    :raises FormError: there is no such kind, or it stands there once already and once is all.
    """
    found = LIBRARY.get(kind)
    if found is None:
        raise FormError({"add": "Choose a section from the list."})
    if not found.may_repeat and any(each["kind"] == kind for each in sections):
        raise FormError({"add": f"{found.name} can stand on a page once, and it does."})
    taken = {each["key"] for each in sections}
    key = _free_key(kind, taken | set(used) if found.may_repeat else taken)
    sections.append(found.begin(key))
    return key


def move_section(sections: Sections, key: str, by: int) -> None:
    """Move a section up (-1) or down (1); at the edge, or where it is gone, nothing happens."""
    _move(sections, key, by)


def remove_section(sections: Sections, key: str) -> None:
    """Leave a section out; where it is gone, nothing happens."""
    sections[:] = [each for each in sections if each["key"] != key]


def slot_kinds(section: Mapping[str, Any]) -> tuple[Kind, ...]:
    """What can be filled in a section, in the order in which a builder offers it."""
    found = LIBRARY.get(section["kind"])
    takes = STAFF_KINDS if section["kind"] == "staff" else found.takes if found else frozenset()
    return tuple(each for each in Kind if each in takes)


def add_slot(section: Json, kind: str, used: Collection[str] = ()) -> None:
    """Put a new slot of a kind behind the others of a section.

    :param used: names that are taken, as `list_used` says.
    :raises FormError: the section takes no such slot.
    """
    if kind not in slot_kinds(section):
        raise FormError({"add_slot": "Choose what can be filled in from the list."})
    before = f"{section['key']}."
    earlier = {each.removeprefix(before) for each in used if each.startswith(before)}
    key = _free_key(kind, earlier | {each["key"] for each in section["slots"]})
    slot: Json = {"key": key, "kind": kind, "lock": "edit", "help": "", "is_required": False}
    section["slots"].append({**slot, **deepcopy(_BEGINS[Kind(kind)])})


def move_slot(section: Json, key: str, by: int) -> None:
    """Move a slot within its section, as `move_section`."""
    _move(section["slots"], key, by)


def remove_slot(section: Json, key: str) -> None:
    """Leave a slot out; where it is gone, nothing happens."""
    section["slots"][:] = [each for each in section["slots"] if each["key"] != key]


def _move(rows: list[Json], key: str, by: int) -> None:
    place = next((number for number, each in enumerate(rows) if each["key"] == key), None)
    if place is not None and 0 <= place + by < len(rows):
        rows.insert(place + by, rows.pop(place))


def _free_key(word: str, taken: Collection[str]) -> str:
    key, number = word, 2
    while key in taken:
        key, number = f"{word}_{number}", number + 1
    return key


SECTION_MOVES: Final[Mapping[str, Callable[[Sections, str], None]]] = {
    "up": lambda sections, key: move_section(sections, key, -1),
    "down": lambda sections, key: move_section(sections, key, 1),
    "remove": remove_section,
}
SLOT_MOVES: Final[Mapping[str, Callable[[Json, str], None]]] = {
    "slot_up": lambda section, key: move_slot(section, key, -1),
    "slot_down": lambda section, key: move_slot(section, key, 1),
    "slot_remove": remove_slot,
}

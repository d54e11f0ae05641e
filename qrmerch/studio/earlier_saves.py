"""A draft's earlier saves: to look at, and to bring back, slot by slot."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import drafts
from qrmerch.content.comparing import SlotChange, compare
from qrmerch.content.drafts import ChangedElsewhere
from qrmerch.content.earlier import find_save, list_saves
from qrmerch.content.forms import read_parts, read_upon
from qrmerch.content.merging import Part, parts_of
from qrmerch.content.models import DraftSave
from qrmerch.content.revisions import NotOpen
from qrmerch.content.slots import Slot, has_shape
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import direction, format_list, language_name
from qrmerch.media.queries import pictures_of
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.history_pages import Change, SaveLine, SavesPage
from qrmerch.studio.subject import Subject, load_subject
from qrmerch.studio.times import house_zone, said_at
from qrmerch.text import whole_number
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("studio_earlier_saves", __name__)

_PATHS: Final = {
    "begun": "as it began",
    "form": "typed",
    "sheet": "from a sheet",
    "copy": "copied from another page",
    "api": "sent by a program",
    "earlier": "brought back from an earlier save",
}
_MOST_NAMED: Final = 3
_MAX_EDIT: Final = 2**31


@blueprint.get("/studio/content/<content_id>/saves")
@allow(*VENDOR)
def show(content_id: str) -> Response:
    """What is kept of a draft's saves; `save` is the one that is looked at."""
    db = get_db()
    subject = load_subject(db, content_id, at=now())
    if not subject.is_kept or not subject.is_open:
        notice("Nothing is being written here at the moment, so there is nothing to bring back.", "careful")
        return redirect_to(subject.address())
    return _render(db, subject, request.args.get("save", ""))


@blueprint.post("/studio/content/<content_id>/saves")
@allow(*VENDOR)
def bring_back(content_id: str) -> Response:
    """Put what an earlier save said back into the draft, in the slots that are ticked."""
    db, at = get_db(), now()
    subject = _open_subject(db, content_id)
    number, edit = read_upon(request.form)
    chosen, said = read_parts(request.form), request.form.get("save", "")
    save = _find(db, subject, said)
    if save is None:
        raise NotFound("This save is not kept any more. Look at those that are.")
    if not chosen:
        return _render(db, subject, said, {"": "Nothing is ticked. Tick what is to come back."}, status=422)
    # What was kept in an older version of the template may be of another kind.
    others = {name for name, _ in chosen if name in save.slots and not _has_place(subject.slots, name, save)}
    if others:
        labels = format_list(sorted(slot.label for name, slot in subject.slots.items() if name in others), "en")
        problem = f"{labels} held something else in an older version of the template, and cannot come back as it was."
        return _render(db, subject, said, {"": problem}, status=422)
    try:
        drafts.write_slots(
            db,
            subject.item,
            _values_of(subject.slots, save.slots, chosen),
            number=number,
            edit=edit,
            author_id=current_principal().user_id,
            at=at,
            path="earlier",
            template=subject.template,
        )
    except FormError as error:
        db.rollback()
        return _render(db, _open_subject(db, content_id), said, error.problems, status=error.status)
    except ChangedElsewhere as error:
        db.rollback()
        problem = "The page was changed meanwhile where you wanted something back. Look at it as it is now."
        return _render(db, _open_subject(db, content_id), said, {"": problem}, status=error.status)
    db.commit()
    notice("It is back. What stood there before is among the earlier saves.")
    return redirect_to(subject.address())


def _open_subject(db: Session, content_id: str) -> Subject:
    subject = load_subject(db, content_id, at=now())
    if not subject.is_kept or not subject.is_open:
        raise NotOpen("Nothing is being written here at the moment, so there is nothing to bring back.")
    return subject


def _find(db: Session, subject: Subject, said: str) -> DraftSave | None:
    edit = whole_number(said, most=_MAX_EDIT)
    return find_save(db, subject.revision, edit) if edit is not None and edit < _MAX_EDIT else None


def _has_place(slots: Mapping[str, Slot], name: str, save: DraftSave) -> bool:
    return name not in slots or has_shape(slots[name], save.slots[name])


def _values_of(slots: Mapping[str, Slot], kept: Mapping[str, Any], chosen: Collection[Part]) -> dict[str, Any]:
    """What to write: of words and tables the languages that are ticked, of everything else the whole slot."""
    found: dict[str, Any] = {}
    for name, locale in chosen:
        slot = slots.get(name)
        if slot is None:
            continue
        if slot.is_by_locale:
            found.setdefault(name, {})[locale] = (kept.get(name) or {}).get(locale, "")
        else:
            found[name] = kept.get(name) or ("" if slot.is_choice else {} if slot.kind == "link" else [])
    return found


def _render(
    db: Session, subject: Subject, said: str, problems: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    saves = list_saves(db, subject.revision)
    shown = _find(db, subject, said) or next((each for each in saves if each.edit < subject.revision.edit), None)
    zone = house_zone(list_supplied(db, subject.item.vendor_id))
    lines = _lines(db, subject, saves, shown, zone)
    current = next((line for line in lines if line.is_current), None)
    page = SavesPage(
        title="Earlier saves",
        crumbs=(("Products", "/studio/products"), (subject.item.title, subject.address())),
        lede=f"Revision {subject.revision.number} of {subject.item.title} as each save left it. "
        "Bringing something back changes the draft only, and can be undone in the same way.",
        saves=tuple(lines),
        heading=f"As it was {current.at}" if current else "",
        changes=tuple(_changes(db, subject, shown)) if shown else (),
        address=subject.address("/saves"),
        number=subject.revision.number,
        edit=subject.revision.edit,
        save=shown.edit if shown else 0,
        problems=dict(problems or {}),
    )
    return render("studio/content_saves.html", page, status=status)


def _lines(db: Session, subject: Subject, saves: list[DraftSave], shown: DraftSave | None, zone: str) -> list[SaveLine]:
    lines = []
    for number, each in enumerate(saves):
        before = saves[number + 1] if number + 1 < len(saves) else None
        author = db.get(User, each.author_id) if each.author_id else None
        lines.append(
            SaveLine(
                href=subject.address("/saves", save=str(each.edit)),
                at=said_at(each.saved_at, now=now(), zone=zone),
                by=author.name if author else "",
                path=_PATHS.get(each.path, each.path),
                said=_said_changed(subject.slots, before.slots, each.slots) if before else "",
                is_current=shown is not None and each.id == shown.id,
                is_newest=each.edit == subject.revision.edit,
            )
        )
    return lines


def _said_changed(slots: Mapping[str, Slot], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The labels of the slots that a save changed."""
    was, said = parts_of(slots, before), parts_of(slots, after)
    names = {part[0] for part in (*was, *said) if was.get(part) != said.get(part)}
    labels = [slot.label for name, slot in slots.items() if name in names]
    if not labels:
        return "nothing changed"
    more = len(labels) - _MOST_NAMED
    return ", ".join(labels[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _changes(db: Session, subject: Subject, save: DraftSave) -> list[Change]:
    """What bringing a save back would change in the draft."""
    changes = compare(subject.slots, {"slots": subject.values}, {"slots": save.slots}, subject.locales)
    changes = [each for each in changes if each.slot]
    pictures = pictures_of(db, [asset_id for each in changes for asset_id in each.after])
    return [_change(subject.slots[each.slot], each, pictures) for each in changes]


def _change(slot: Slot, change: SlotChange, pictures: Mapping[str, Any]) -> Change:
    return Change(
        part=f"{slot.name}:{change.locale if slot.is_by_locale else ''}",
        label=slot.label,
        language=language_name(change.locale, "en") if change.locale else "",
        locale=change.locale,
        direction=direction(change.locale) if change.locale else "auto",
        pieces=change.pieces,
        images=tuple(pictures[each].card_url for each in change.after if each in pictures),
    )

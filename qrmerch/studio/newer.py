"""A newer version of a page's template: what a draft that goes on in it would leave behind, and taking it over."""

from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.content.models import RevisionState
from qrmerch.content.moving import find_newer, take_over
from qrmerch.content.slots import is_empty
from qrmerch.content.upgrading import Layout, judge_draft
from qrmerch.studio.subject import Subject
from qrmerch.web import notice


def say_newer(db: Session, subject: Subject) -> tuple[str, bool]:
    """What is said of a newer version, or "" where there is none; and whether the draft can go on in it."""
    if not subject.is_kept or subject.revision.state not in (RevisionState.DRAFT, RevisionState.SUBMITTED):
        return "", False
    version = find_newer(db, subject.revision)
    if version is None:
        return "", False
    said = f"{subject.retailer.name} has released version {version.number} of this template"
    written = f"this page is written in version {subject.version.number}"
    if subject.revision.state == RevisionState.SUBMITTED:
        return f"{said}; {written}. It is answered as it is; what you write next takes the newer one.", False
    values = judge_draft(db, subject.revision, Layout(version.sections)).values
    left = [
        slot.label
        for name, slot in subject.slots.items()
        if name not in values and not is_empty(subject.values.get(name))
    ]
    loss = f" There is no place in it for {', '.join(left)}: that stays among the earlier saves." if left else ""
    return f"{said}; {written}.{loss}", True


def take_newer(db: Session, subject: Subject) -> None:
    """Let the draft go on in the newest version.

    :raises NotOpen: as `content.moving.take_over`.
    """
    left = take_over(db, subject.revision, edit=subject.revision.edit, at=now())
    labels = ", ".join(subject.slots[name].label for name in left if name in subject.slots)
    kept = f" What stood in {labels} has no place there and stays among the earlier saves." if labels else ""
    notice(f"This page goes on in the newest version of the template.{kept}")

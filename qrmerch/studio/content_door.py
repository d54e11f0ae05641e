"""The door of a page for programs: values in as JSON, by slot; refusals out, by slot.

In: {"number": 3, "edit": 12, "slots": {"story.lede": {"en": "…"}, …}}, the values as `content.slots` says; `number` and
`edit` are of what was read. A language that is not named stays, as does a slot. Locks and limits are those of the form.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import drafts
from qrmerch.content.drafts import ChangedElsewhere
from qrmerch.content.forms import read_slots_body
from qrmerch.content.merging import Part
from qrmerch.content.models import Revision
from qrmerch.content.queries import slots_of
from qrmerch.errors import DomainError, FormError, TooLarge
from qrmerch.studio.subject import load_subject
from qrmerch.web import get_db

blueprint = Blueprint("studio_content_door", __name__)

_MAX_BYTES = 1_000_000


@blueprint.get("/studio/content/<content_id>/slots")
@allow(*VENDOR)
def show(content_id: str) -> Response:
    """A page's values as they stand, and what they are to be written upon."""
    subject = load_subject(get_db(), content_id, at=now())
    return jsonify(number=subject.revision.number, edit=subject.revision.edit, slots=slots_of(subject.revision))


@blueprint.post("/studio/content/<content_id>/slots")
@allow(*VENDOR)
def write(content_id: str) -> Response:
    """Put values into the page's draft, which is begun where there is none."""
    db, at = get_db(), now()
    subject = load_subject(db, content_id, at=at)
    try:
        # One that does not say how long it is is cut off there.
        request.max_content_length = _MAX_BYTES + 1
        if (request.content_length or 0) > _MAX_BYTES or len(request.get_data()) > _MAX_BYTES:
            raise TooLarge("One page’s values never come to a megabyte. Send fewer.")
        said = read_slots_body(request.get_data())
        saved = drafts.write_slots(
            db,
            subject.item,
            said.slots,
            number=said.number,
            edit=said.edit,
            author_id=current_principal().user_id,
            at=at,
            path="api",
            template=subject.template,
        )
    except ChangedElsewhere as error:
        db.rollback()
        return answer_conflict(load_subject(db, content_id, at=at).revision, error)
    except DomainError as error:
        problems = error.problems if isinstance(error, FormError) else {}
        return _answer(error.status, type=error.slug, detail=error.detail, problems=problems)
    db.commit()
    return jsonify(
        number=saved.revision.number,
        edit=saved.revision.edit,
        changed=_told(saved.changed),
        taken=_told(saved.taken),
        slots=slots_of(saved.revision),
    )


def answer_conflict(revision: Revision, error: ChangedElsewhere) -> Response:
    """What was not saved, because somebody else changed the same: both values of each part."""
    conflicts = [
        {"slot": each.part[0], "part": each.part[1], "was": each.base, "yours": each.mine, "theirs": each.theirs}
        for each in error.conflicts
    ]
    return _answer(
        error.status,
        type=error.slug,
        detail=error.detail,
        number=revision.number,
        edit=revision.edit,
        conflicts=conflicts,
    )


def _told(parts: frozenset[Part]) -> list[dict[str, str]]:
    return [{"slot": name, "part": key} for name, key in sorted(parts)]


def _answer(status: int, **said: Any) -> Response:
    response = jsonify(status=status, **said)
    response.status_code = status
    return response

"""What an editor's form and a reviewer's form say, as they arrive; what it means is for `merging` and `service`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from qrmerch.errors import FormError
from qrmerch.text import whole_number

_MAX_COUNT: Final = 2**31
_MAX_FIELDS: Final = 400
# A table by language is three deep, below its slot.
_MAX_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class DraftForm:
    """A page as it was typed, in one language, and what the pressed button wants.

    `number` and `edit` say which draft it was typed into, and how often that had been saved by then. `action` is
    `save`, `submit`, what to do with a picture of `slot`: `add`, `up`, `down`, `drop`, or `find` (`subject` is the
    picture), or `right`: what `slot` says in this language is right as it is.
    """

    number: int
    edit: int
    locale: str
    action: str = "save"
    slot: str = ""
    subject: str = ""
    # By "section.slot", or "section.slot.name" and ".value" for rows.
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What pictures show, by asset id.
    alts: Mapping[str, str] = field(default_factory=dict)
    # What they were said to show when the form was drawn; one that is not in here was not drawn.
    alts_before: Mapping[str, str] = field(default_factory=dict)
    # The parts of slots in which what somebody else saved is to stand, where both changed it.
    yielded: frozenset[tuple[str, str]] = frozenset()
    # What was looked for among the pictures, by slot.
    finds: Mapping[str, str] = field(default_factory=dict)


def read_draft_form(form: MultiDict[str, str]) -> DraftForm:
    """The form of a page.

    :raises FormError: it does not say which draft it belongs to, or is larger than any page.
    """
    names = list(form)
    if len(names) > _MAX_FIELDS:
        raise FormError({"": "This form has more fields than any page. Open the page again."})
    action, _, rest = form.get("do", "save").partition(":")
    # A picture's words are called "alt:<id>".
    slot, subject = (rest, "") if action == "right" else [*rest.split(":", 1), ""][:2]
    return DraftForm(
        number=_count(form.get("number", "")),
        edit=_count(form.get("edit", "")),
        locale=form.get("locale", "")[:12],
        action=action or "save",
        slot=slot,
        subject=subject,
        fields={name: tuple(form.getlist(name)) for name in names if "." in name and ":" not in name},
        alts={name.removeprefix("alt:"): form.get(name, "") for name in names if name.startswith("alt:")},
        alts_before={name.removeprefix("was:"): form.get(name, "") for name in names if name.startswith("was:")},
        yielded=frozenset(
            _part(name.removeprefix("choose:"))
            for name in names
            if name.startswith("choose:") and form.get(name) == "theirs"
        ),
        finds={name.removeprefix("find:"): form.get(name, "")[:80] for name in names if name.startswith("find:")},
    )


@dataclass(frozen=True, slots=True)
class SlotsBody:
    """Values by slot as a program sends them, and which save of which revision they were made upon."""

    number: int
    edit: int
    slots: Mapping[str, Any]


def read_slots_body(sent: bytes) -> SlotsBody:
    """A program's values of a page, from the JSON that it sent.

    :raises FormError: it is no JSON, not of that shape, or does not say what it was made upon.
    """
    try:
        said = json.loads(sent)
        has_no_text = b"\0" in json.dumps(said, ensure_ascii=False).encode() or b"\\u0000" in sent
    except (ValueError, RecursionError):
        # Halves of characters are no text either: they have no bytes.
        said, has_no_text = None, False
    if has_no_text:
        raise FormError({"": "This holds a character that no keyboard has. Leave it out."})
    if not isinstance(said, Mapping) or not isinstance(said.get("slots"), Mapping):
        raise FormError({"": 'Send JSON: {"number": …, "edit": …, "slots": {"section.slot": value}}.'})
    counts = [said.get(name) for name in ("number", "edit")]
    if any(type(count) is not int or not 0 <= count < _MAX_COUNT for count in counts):
        raise FormError({"": "Say the number and the edit of the page that was read: two whole numbers."})
    if len(said["slots"]) > _MAX_FIELDS:
        raise FormError({"": "This has more slots than any page."})
    if _is_deep(said["slots"], _MAX_DEPTH):
        raise FormError({"": "This is nested deeper than any page's values."})
    number, edit = (int(str(count)) for count in counts)
    return SlotsBody(number, edit, said["slots"])


def _is_deep(value: Any, most: int) -> bool:
    """Whether a value of JSON has more than so many lists and objects inside each other."""
    if not isinstance(value, list | dict):
        return False
    return most == 0 or any(_is_deep(each, most - 1) for each in (value.values() if isinstance(value, dict) else value))


def read_parts(form: MultiDict[str, str]) -> frozenset[tuple[str, str]]:
    """The parts of slots that are ticked, each as "name:part"; of those that no page has, none is told."""
    return frozenset(_part(each) for each in form.getlist("part")[:_MAX_FIELDS])


def read_upon(form: MultiDict[str, str]) -> tuple[int, int]:
    """Which revision a form was drawn of, and which save of it.

    :raises FormError: it does not say.
    """
    return _count(form.get("number", "")), _count(form.get("edit", ""))


def read_comments(form: MultiDict[str, str]) -> list[dict[str, str]]:
    """A reviewer's comments, empty ones too: `comment.<section.slot>@<language>`, `comment.` for the whole page."""
    names = [name for name in form if name.startswith("comment.")]
    comments = []
    for name in names[:_MAX_FIELDS]:
        slot, _, locale = name.removeprefix("comment.").partition("@")
        comments.append({"slot": slot, "locale": locale, "text": form.get(name, "")})
    return comments


def read_until(text: str, *, at: datetime) -> datetime:
    """Up to which instant a list was seen, as its form says in ISO; now where it says nothing one can use."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return at
    return min(said, at) if said.tzinfo is not None else at


def _part(told: str) -> tuple[str, str]:
    """A slot's name and what of it, from "name:part"."""
    name, _, key = told.rpartition(":")
    return name, key


def _count(text: str) -> int:
    number = whole_number(text, most=_MAX_COUNT)
    if number is None or number == _MAX_COUNT:
        raise FormError({"": "This form does not say which draft it belongs to. Open the page again."})
    return number

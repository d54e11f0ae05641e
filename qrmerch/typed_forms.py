"""Forms of staff's that could not be taken: what was typed stays in sight, to be sent again or copied.

Never: a form from another site, which nobody here typed; a file, which has to be chosen again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from qrmerch.access import find_principal
from qrmerch.errors import Conflict, DomainError, SignInNeeded
from qrmerch.web import ForeignWrite, answer_refusal, is_from_here, local_address, render, wants_json

# A form of words is small; what is larger carries files and is not read before somebody is signed in.
_MAX_BYTES: Final = 1_000_000
_TECHNICAL: Final = frozenset(("csrf", "do", "edit", "number", "digest"))
# What choices, numbers and ids look like; all else somebody typed.
_CHOSEN: Final = re.compile(r"[a-z0-9_.:@#/+-]*")


@dataclass(frozen=True, slots=True)
class TypedText:
    """Something that was typed; `label` is made of its field's name, for the page it stood on is not at hand."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class TypedFormPage:
    """`errors/typed.html`: the words of a form that could not be taken.

    `hidden` are all of its fields, to be sent to `address` again where `can_send`; `back` is the page it stood on.
    """

    title: str
    detail: str
    address: str
    back: str
    hidden: tuple[tuple[str, str], ...]
    texts: tuple[TypedText, ...]
    can_send: bool
    needs_sign_in: bool


def keep_typed_in(blueprints: Iterable[Blueprint]) -> None:
    """Let forms of these blueprints keep their words when a sign-in is over or somebody else was faster."""
    for blueprint in blueprints:
        for kind in (SignInNeeded, ForeignWrite, Conflict):
            blueprint.register_error_handler(kind, _keep_typed)


def _keep_typed(error: DomainError) -> Response:
    is_small = request.content_length is not None and request.content_length <= _MAX_BYTES
    if request.method != "POST" or wants_json() or not is_from_here() or not is_small:
        return answer_refusal(error)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf", "do")]
    texts = tuple(TypedText(_label_of(name), value) for name, value in fields if _is_text(name, value))
    if not texts:
        return answer_refusal(error)
    is_over = isinstance(error, SignInNeeded | ForeignWrite)
    can_send = is_over and not any(each.filename for each in request.files.values())
    needs_sign_in = find_principal() is None
    # The pressed button goes with what is sent again: an answer stays the answer it was.
    fields += [("do", value) for value in request.form.getlist("do")]
    page = TypedFormPage(
        title="Not done yet",
        detail=_sentence(error, can_send=can_send, needs_sign_in=needs_sign_in),
        address=request.full_path.removesuffix("?"),
        back=_page_before(),
        hidden=tuple(fields) if can_send else (),
        texts=texts,
        can_send=can_send,
        needs_sign_in=needs_sign_in,
    )
    return render("errors/typed.html", page, status=error.status)


def _sentence(error: DomainError, *, can_send: bool, needs_sign_in: bool) -> str:
    if isinstance(error, Conflict):
        return f"{error.detail} What you typed is below; nothing of it was done."
    over = "You were signed out before this arrived." if needs_sign_in else "This was opened under an earlier sign-in."
    if not can_send:
        return f"{over} What you typed is below. Open the page again and choose the file once more."
    if needs_sign_in:
        return f"{over} Nothing is lost: sign in in a new tab, come back here and go on."
    return f"{over} Nothing is lost: send it once more."


def _is_text(name: str, value: str) -> bool:
    return name not in _TECHNICAL and bool(value.strip()) and _CHOSEN.fullmatch(value) is None


def _label_of(name: str) -> str:
    return re.sub(r"[._@:]+", " ", name).strip().capitalize()


def _page_before() -> str:
    """The page that the form stood on, where the browser says so; else the first page of this side."""
    said = urlsplit(request.headers.get("Referer", ""))
    before = f"{said.path}?{said.query}" if said.query else said.path
    side = f"/{request.path.split('/')[1]}"
    return local_address(before, side) if said.netloc == request.host else side

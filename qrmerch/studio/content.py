"""The content editor: the retailer's template as a form beside the page it makes.

A GET shows what the next revision would begin with and writes nothing; the first save makes it. What was typed is
never lost: not to a second tab, not to an expired sign-in, not to a text that is too long.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, allow_anyone, current_principal, find_principal
from qrmerch.clock import now
from qrmerch.content import drafts
from qrmerch.content.drafts import ChangedElsewhere
from qrmerch.content.forms import DraftForm, read_draft_form
from qrmerch.content.merging import differing, merge
from qrmerch.content.models import Revision, RevisionState
from qrmerch.content.preview_links import read_link
from qrmerch.content.queries import find_shown, get_content, get_revision
from qrmerch.content.revisions import NotOpen
from qrmerch.db import unscoped
from qrmerch.errors import DomainError, FormError, SignInNeeded
from qrmerch.media.forms import ALT_MAX_CHARS, Description
from qrmerch.media.queries import get_asset
from qrmerch.media.service import describe
from qrmerch.parties.queries import list_stores, list_supplied
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.service import render_item_page
from qrmerch.studio.content_pages import KeptPage, KeptText
from qrmerch.studio.editor import Editor, Typed, View
from qrmerch.studio.newer import take_newer
from qrmerch.studio.subject import Subject, load_subject, load_subject_of
from qrmerch.studio.times import house_zone
from qrmerch.text import clean_line
from qrmerch.web import (
    ForeignWrite,
    answer_refusal,
    base_address,
    get_db,
    notice,
    redirect_to,
    render,
    services,
    wants_json,
)

blueprint = Blueprint("studio_content", __name__)

Load = Callable[[], Subject]
_SCHEMES: Final = ("light", "dark")


@blueprint.get("/studio/content/new")
@allow(*VENDOR)
def show_new() -> Response:
    """The editor of an item's page before its first save; of one that is begun, its own address."""
    db = get_db()
    subject = load_subject_of(db, request.args.get("item", ""), at=now())
    if subject.content is None:
        return _render(db, subject)
    said = {name: request.args.get(name, "") for name in ("locale", "scheme")}
    return redirect_to(subject.address(**said))


@blueprint.get("/studio/content/<content_id>")
@allow(*VENDOR)
def show(content_id: str) -> Response:
    """The editor: `locale` is the language, `scheme` the light on the phone, `find:<slot>` looks for pictures."""
    db = get_db()
    return _render(db, load_subject(db, content_id, at=now()))


@blueprint.post("/studio/content/new")
@allow(*VENDOR)
def save_new() -> Response:
    """The first save: it makes the draft."""
    db, at = get_db(), now()
    return _take(db, lambda: load_subject_of(db, request.args.get("item", ""), at=at), at)


@blueprint.post("/studio/content/<content_id>")
@allow(*VENDOR)
def save(content_id: str) -> Response:
    """Save the form, and do what the pressed button says: nothing more, send it, or move a picture."""
    db, at = get_db(), now()
    return _take(db, lambda: load_subject(db, content_id, at=at), at)


@blueprint.post("/studio/content/<content_id>/withdraw")
@allow(*VENDOR)
def withdraw(content_id: str) -> Response:
    """Take the page back before it is answered."""
    db, principal, at = get_db(), current_principal(), now()
    subject = load_subject(db, content_id, at=at)
    if subject.revision.state != RevisionState.SUBMITTED:
        raise NotOpen("This page does not wait for an answer any more. Open it again.")
    drafts.withdraw(db, subject.revision, at=at, actor=principal)
    db.commit()
    notice("It is yours again. Change it and send it when it is ready.", "info")
    return redirect_to(subject.address())


@blueprint.get("/studio/content/new/page")
@allow(*VENDOR)
def show_new_page() -> Response:
    """What shoppers would see of a page that is not begun."""
    db = get_db()
    subject = load_subject_of(db, request.args.get("item", ""), at=now())
    return _show_page(db, subject.revision, subject.item.id, _locale(subject))


@blueprint.get("/studio/content/<content_id>/page")
@allow(*VENDOR)
def show_page(content_id: str) -> Response:
    """What shoppers would see of the page as it is saved; stands in the phone beside the form."""
    db = get_db()
    subject = load_subject(db, content_id, at=now())
    return _show_page(db, subject.revision, subject.item.id, _locale(subject))


@blueprint.get("/studio/preview/<preview_token>")
@allow_anyone
def show_preview(preview_token: str) -> Response:
    """A revision on somebody's phone, for who has the signed link, for a day."""
    db, at = get_db(), now()
    with unscoped(db):
        revision = get_revision(db, read_link(preview_token, keys=services().settings.secret_keys, at=at))
        house = load_house(db, revision.retailer_id, at=at)
        locale = house.choose_locale(request.args.get("lang", ""), request.headers.get("Accept-Language", ""))
        return _show_page(db, revision, get_content(db, revision.content_id).item_id, locale)


@blueprint.errorhandler(SignInNeeded)
@blueprint.errorhandler(ForeignWrite)
def keep_typed(error: DomainError) -> Response:
    """A form that came without a valid sign-in: its words stay, to be sent again."""
    if request.method == "GET" or wants_json() or "number" not in request.form:
        return answer_refusal(error)
    needs_sign_in = find_principal() is None
    detail = (
        "You were signed out before this was saved. Nothing is lost: sign in in a new tab, come back here and go on."
        if needs_sign_in
        else "This form was opened under an earlier sign-in. Save what you typed once more."
    )
    return _keep(detail, status=error.status, can_save=True, needs_sign_in=needs_sign_in)


# --- taking a form ---------------------------------------------------------------------------------


def _take(db: Session, load: Load, at: datetime) -> Response:
    subject, form = load(), read_draft_form(request.form)
    values = merge(subject.slots, subject.values, form, first=subject.locales[0])
    try:
        draft = _save(db, subject, form, values, at)
        missing = _send(db, draft, at) if form.action == "submit" else {}
    except FormError as error:
        db.rollback()
        return _refuse(db, load(), form, values, error.problems)
    except ChangedElsewhere as error:
        db.rollback()
        return _compare(db, load(), form, error)
    except DomainError as error:
        db.rollback()
        if wants_json():
            raise
        return _keep(f"{error.detail} What you typed is below; it is not saved.", status=error.status, can_save=False)
    subject = load_subject(db, draft.content_id, at=at)
    answer = _refuse(db, subject, form, {}, missing) if missing else _answer_saved(db, subject, form)
    db.commit()
    return answer


def _save(db: Session, subject: Subject, form: DraftForm, values: Mapping[str, Any], at: datetime) -> Revision:
    author_id = current_principal().user_id
    draft = drafts.open_draft(db, subject.item, author_id=author_id, at=at, template=subject.template)
    if draft.number != form.number:
        raise ChangedElsewhere()
    drafts.save_draft(db, draft, values, edit=form.edit, at=at)
    _describe_pictures(db, form)
    return draft


def _send(db: Session, draft: Revision, at: datetime) -> dict[str, str]:
    """Send a draft that has just been saved; where that is refused, it stays saved, and the reasons are returned."""
    try:
        drafts.submit(db, draft, author_id=current_principal().user_id, at=at)
    except FormError as error:
        return error.problems
    return {}


def _describe_pictures(db: Session, form: DraftForm) -> None:
    """Keep what pictures are said to show in the form's language."""
    problems = {}
    for asset_id, text in form.alts.items():
        asset = get_asset(db, asset_id)
        try:
            line = clean_line(text, ALT_MAX_CHARS)
        except ValueError as error:
            problems[f"alt:{asset_id}"] = f"What the picture shows: {error}"
            continue
        if asset.is_decorative or line == asset.alt.get(form.locale, ""):
            continue
        alt = {**asset.alt, form.locale: line}
        describe(db, asset, Description(alt, False, asset.focus_x, asset.focus_y))
    if problems:
        raise FormError(problems)


# --- answering -------------------------------------------------------------------------------------


def _answer_saved(db: Session, subject: Subject, form: DraftForm) -> Response:
    if wants_json():
        editor = Editor(db, subject, _view(db, subject))
        standing = editor.standing()
        fields = {each.name: getattr(standing, each.name) for each in dataclasses.fields(standing)}
        return jsonify(
            number=subject.revision.number,
            edit=subject.revision.edit,
            address=subject.address(),
            preview=subject.address("/page", locale=form.locale, scheme=_scheme()),
            way=standing.in_the_way,
            parts={"standing": render_template("studio/_content_standing.html", **fields)},
        )
    if form.action == "newer":
        take_newer(db, subject)
        return redirect_to(subject.address())
    if form.action == "submit":
        notice(_sent_sentence(db, subject))
        return redirect_to(subject.address())
    said = {
        "locale": form.locale if form.locale != subject.locales[0] else "",
        "scheme": request.form.get("scheme", ""),
    }
    if form.action == "find":
        said[f"find:{form.slot}"] = form.finds.get(form.slot, "")
    anchor = f"#f-{form.slot}" if form.slot in subject.slots else ""
    return redirect_to(subject.address(**said) + anchor)


def _sent_sentence(db: Session, subject: Subject) -> str:
    name, latest = subject.retailer.name, subject.latest
    if latest is None or latest.state != RevisionState.APPROVED:
        return f"{subject.item.title} is sent. {name} looks at it now; you may take it back until they answer."
    shown = find_shown(db, subject.item.id, at=now())
    if shown is not None and shown.revision_id == latest.id:
        return f"{subject.item.title} is live: {name} trusts your changes."
    return f"{subject.item.title} is approved: {name} trusts your changes. They choose when shoppers see it."


def _refuse(
    db: Session, subject: Subject, form: DraftForm, values: Mapping[str, Any], problems: Mapping[str, str]
) -> Response:
    if wants_json():
        response = jsonify(type="form", status=422, detail=" ".join(problems.values()), problems=dict(problems))
        response.status_code = 422
        return response
    typed = Typed(values=values, alts=form.alts if values else {}, problems=problems)
    return _render(db, subject, typed, status=422, locale=form.locale)


def _compare(db: Session, subject: Subject, form: DraftForm, error: ChangedElsewhere) -> Response:
    """What was typed beside what somebody else saved; saving once more keeps what was typed."""
    if wants_json():
        raise error
    if not subject.is_open:
        detail = "This page was sent in the meantime. What you typed is below; it is not saved."
        return _keep(detail, status=error.status, can_save=False)
    values = merge(subject.slots, subject.values, form, first=subject.locales[0])
    bounds = drafts.load_bounds(db, subject.revision, values, subject.slots)
    changed = differing(subject.slots, values, subject.values, bounds)
    sentence = "This page was saved in another tab or by a colleague while you were typing. "
    if changed:
        sentence += "Where yours differs, theirs stands under it. Save keeps what stands in the fields."
    else:
        sentence += "Both say the same: go on."
    typed = Typed(
        values=values,
        alts=form.alts,
        theirs={name: subject.values.get(name) for name in changed},
        conflict=sentence,
    )
    return _render(db, subject, typed, status=error.status, locale=form.locale)


def _keep(detail: str, *, status: int, can_save: bool, needs_sign_in: bool = False) -> Response:
    """The words of a form that could not be taken, to copy or to send again."""
    names = [name for name in request.form if name not in ("csrf", "do")]
    hidden = [(name, value) for name in names for value in request.form.getlist(name)]
    texts = tuple(
        KeptText(name, name.replace(".", " ").replace("_", " ").capitalize(), value)
        for name, value in hidden
        if "." in name and value.strip() and not name.endswith((".row", ".picture", ".pictures"))
    )
    page = KeptPage(
        title="Not saved yet",
        detail=detail,
        address=request.full_path.removesuffix("?"),
        hidden=tuple(hidden),
        texts=texts,
        can_save=can_save,
        needs_sign_in=needs_sign_in,
    )
    return render("studio/content_kept.html", page, status=status)


def _render(
    db: Session, subject: Subject, typed: Typed | None = None, *, status: int = 200, locale: str = ""
) -> Response:
    if typed is None:
        finds = {name.removeprefix("find:"): text for name, text in request.args.items() if name.startswith("find:")}
        typed = Typed(finds=finds)
    editor = Editor(db, subject, _view(db, subject, locale), typed)
    return render("studio/content.html", editor.page(), status=status)


def _view(db: Session, subject: Subject, locale: str = "") -> View:
    return View(
        locale=locale if locale in subject.locales else _locale(subject),
        scheme=_scheme(),
        zone=house_zone(list_supplied(db, subject.item.vendor_id)),
        at=now(),
        base=base_address(),
        key=services().settings.secret_key,
    )


def _scheme() -> str:
    wanted = request.values.get("scheme", "")
    return wanted if wanted in _SCHEMES else _SCHEMES[0]


def _locale(subject: Subject) -> str:
    wanted = request.values.get("locale", "")
    return wanted if wanted in subject.locales else subject.locales[0]


def _show_page(db: Session, revision: Revision, item_id: str, locale: str) -> Response:
    # What stands on the page besides, such as a look, is other vendors' and public.
    with unscoped(db):
        store = next((each for each in list_stores(db, revision.retailer_id) if each.is_open), None)
        page = render_item_page(
            db,
            item_id=item_id,
            store_id=store.id if store else None,
            locale=locale,
            at=now(),
            base_url=services().settings.base_url,
            is_preview=True,
            scheme=request.args.get("scheme", ""),
            revision=revision,
        )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend([*page.headers, ("X-Robots-Tag", "noindex, nofollow"), ("Cache-Control", "no-store")])
    return response

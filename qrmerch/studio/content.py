"""The content editor: the retailer's template as a form beside the page it makes.

A GET shows what the next revision would begin with and writes nothing; the first save makes it. What was typed is
never lost: not to a second tab, not to an expired sign-in, not to a text that is too long.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, allow_anyone, current_principal, find_principal
from qrmerch.clock import now
from qrmerch.content import drafts
from qrmerch.content.drafts import ChangedElsewhere
from qrmerch.content.earlier import find_base
from qrmerch.content.forms import DraftForm, read_draft_form
from qrmerch.content.holding import find_shown
from qrmerch.content.merging import Difference, Part, merge, rows_or_value
from qrmerch.content.models import Revision, RevisionState
from qrmerch.content.preview_links import read_link
from qrmerch.content.queries import get_content, get_revision
from qrmerch.content.revisions import NotOpen
from qrmerch.content.translating import ALT
from qrmerch.db import unscoped
from qrmerch.errors import DomainError, FormError, SignInNeeded
from qrmerch.media.forms import ALT_MAX_CHARS, Description
from qrmerch.media.queries import get_asset
from qrmerch.media.service import describe
from qrmerch.parties.queries import list_stores, list_supplied
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.service import render_item_page
from qrmerch.studio.content_door import answer_conflict
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
_MARK_CHARS: Final = 40


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
    values = merge(subject.slots, _typed_upon(db, subject, form), form, first=subject.locales[0])
    try:
        saved = _save(db, subject, form, values, at)
        missing = _send(db, saved.revision, at) if form.action == "submit" else {}
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
    subject = load_subject(db, saved.revision.content_id, at=at)
    answer = _refuse(db, subject, form, {}, missing) if missing else _answer_saved(db, subject, form, saved)
    db.commit()
    return answer


def _typed_upon(db: Session, subject: Subject, form: DraftForm) -> Mapping[str, Any]:
    """The values that stood in a form when it was drawn, as far as they are known."""
    if subject.content is None or (form.number, form.edit) == (subject.revision.number, subject.revision.edit):
        return subject.values
    base = find_base(db, subject.content.id, subject.slots, number=form.number, edit=form.edit)
    return subject.values if base.is_unknown else base.slots


def _save(db: Session, subject: Subject, form: DraftForm, values: Mapping[str, Any], at: datetime) -> drafts.Saved:
    author_id = current_principal().user_id
    twice = _describe_pictures(db, form)
    saved = drafts.write_slots(
        db,
        subject.item,
        values,
        number=form.number,
        edit=form.edit,
        author_id=author_id,
        at=at,
        path="form",
        template=subject.template,
        yielded=form.yielded,
        twice=twice,
    )
    if form.action == "right":
        drafts.confirm(db, saved.revision, form.slot, locale=form.locale, at=at)
    return saved


def _send(db: Session, draft: Revision, at: datetime) -> dict[str, str]:
    """Send a draft that has just been saved; where that is refused, it stays saved, and the reasons are returned."""
    try:
        follows = services().settings.follows_links
        drafts.submit(db, draft, author_id=current_principal().user_id, at=at, follows_links=follows)
    except FormError as error:
        return error.problems
    return {}


def _describe_pictures(db: Session, form: DraftForm) -> list[Difference]:
    """Keep what pictures are said to show in the form's language; what somebody else changed too is returned."""
    problems, twice = {}, []
    for asset_id, text in form.alts.items():
        asset = get_asset(db, asset_id)
        try:
            line = clean_line(text, ALT_MAX_CHARS)
        except ValueError as error:
            problems[f"alt:{asset_id}"] = f"What the picture shows: {error}"
            continue
        stands, part = asset.alt.get(form.locale, ""), (f"{ALT}{asset_id}", form.locale)
        was = form.alts_before.get(asset_id, stands)
        if asset.is_decorative or line in (stands, was) or part in form.yielded:
            continue
        if was != stands:
            twice.append(Difference(part, was, line, stands))
        alt = {**asset.alt, form.locale: line}
        describe(db, asset, Description(alt, False, asset.focus_x, asset.focus_y))
    if problems:
        raise FormError(problems)
    return twice


# --- answering -------------------------------------------------------------------------------------


def _answer_saved(db: Session, subject: Subject, form: DraftForm, saved: drafts.Saved) -> Response:
    if wants_json():
        editor = Editor(db, subject, _view(db, subject))
        standing = editor.standing()
        taken = {name for name, _ in saved.taken}
        fields = {each.name: getattr(standing, each.name) for each in dataclasses.fields(standing)}
        return jsonify(
            number=subject.revision.number,
            edit=subject.revision.edit,
            address=subject.address(),
            preview=subject.address("/page", locale=form.locale, scheme=_scheme()),
            way=standing.in_the_way,
            parts={
                "standing": render_template("studio/_content_standing.html", **fields),
                "languages": render_template("studio/_content_languages.html", languages=editor.languages()),
            },
            # What somebody else changed meanwhile, to stand in the form from now on.
            fields={name: _draw_field(editor, name) for name in subject.slots if name in taken},
        )
    if form.action == "newer":
        take_newer(db, subject)
        return redirect_to(subject.address())
    # Tells the script which of the forms that it keeps arrived.
    arrived = _mark()
    if form.action == "submit":
        notice(_sent_sentence(db, subject))
        return redirect_to(subject.address(saved=arrived))
    said = {
        "saved": arrived,
        "locale": form.locale if form.locale != subject.locales[0] else "",
        "scheme": request.form.get("scheme", ""),
    }
    if form.action == "find":
        said[f"find:{form.slot}"] = form.finds.get(form.slot, "")
    if saved.taken:
        notice(f"Saved. Meanwhile somebody else changed {_labels(subject, saved.taken)}; theirs stays.", "info")
    anchor = f"#f-{form.slot}" if form.slot in subject.slots else ""
    return redirect_to(subject.address(**said) + anchor)


def _labels(subject: Subject, parts: Collection[Part]) -> str:
    names = {name for name, _ in parts}
    return ", ".join(slot.label for name, slot in subject.slots.items() if name in names)


def _draw_field(editor: Editor, name: str) -> str:
    return render_template("studio/_content_field.html", it=editor.field(name), form=editor.form_part())


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
    # What was typed upon an older save goes on being typed upon that one.
    typed = (
        Typed(
            values=values,
            alts=form.alts,
            alts_before=form.alts_before,
            upon=(form.number, form.edit),
            problems=problems,
        )
        if values
        else Typed(problems=problems)
    )
    return _render(db, subject, typed, status=422, locale=form.locale)


def _compare(db: Session, subject: Subject, form: DraftForm, error: ChangedElsewhere) -> Response:
    """What was typed, with what somebody else saved beside it where both changed the same; each is chosen by itself."""
    if wants_json():
        return answer_conflict(subject.revision, error)
    if error.merged is None or not subject.is_open:
        detail = "This page was sent in the meantime. What you typed is below; it is not saved."
        return _keep(detail, status=error.status, can_save=False)
    typed = Typed(
        values={name: rows_or_value(slot, error.merged) for name, slot in subject.slots.items() if not slot.is_fixed},
        alts=form.alts,
        twice=error.conflicts,
        conflict=_conflict_sentence(subject, error),
    )
    return _render(db, subject, typed, status=error.status, locale=form.locale)


def _conflict_sentence(subject: Subject, error: ChangedElsewhere) -> str:
    sentence = (
        "You and somebody else changed the same at the same time, in another tab or at another desk. "
        "Nothing of either is lost: choose below, then save."
    )
    if error.merged and error.merged.taken:
        sentence += f" What only they changed stands here already: {_labels(subject, error.merged.taken)}."
    return sentence


def _keep(detail: str, *, status: int, can_save: bool, needs_sign_in: bool = False) -> Response:
    """The words of a form that could not be taken, to copy or to send again."""
    names = [name for name in request.form if name not in ("csrf", "do")]
    hidden = [(name, value) for name in names for value in request.form.getlist(name)]
    texts = tuple(
        KeptText(name, name.replace(".", " ").replace("_", " ").capitalize(), value)
        for name, value in hidden
        if "." in name and ":" not in name and value.strip() and not name.endswith((".row", ".picture", ".pictures"))
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
    typed = dataclasses.replace(typed, mark=_mark())
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
        user_id=current_principal().user_id,
    )


def _mark() -> str:
    """What the script calls the form that it sends."""
    return request.form.get("mark", "")[:_MARK_CHARS]


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

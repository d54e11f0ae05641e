"""Building a template's next version: sections and slots, the phone beside them, and releasing it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content import building, drafts
from qrmerch.content.holding import find_shown
from qrmerch.content.models import PageTemplate, Revision
from qrmerch.content.queries import count_pages, get_newest_version, get_template
from qrmerch.content.upgrading import classify
from qrmerch.desk.previews import answer_page, carried
from qrmerch.desk.review_pages import Phone
from qrmerch.desk.template_differences import tell_differences
from qrmerch.desk.template_forms import BuilderForm, read_builder_form, read_section
from qrmerch.desk.template_pages import ReleasePage
from qrmerch.desk.template_samples import sample_items, sample_revision
from qrmerch.desk.template_view import SAMPLE, BuilderView, fate_lines
from qrmerch.errors import FormError
from qrmerch.parties.languages import locales_of
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.weighing import version_of, weigh_version
from qrmerch.web import get_db, notice, redirect_to, render, search_words, wants_json

blueprint = Blueprint("desk_template_editing", __name__)


@blueprint.get("/desk/templates/<template_id>/edit")
@allow(*PUBLISHERS)
def show(template_id: str) -> Response:
    """The template's next version as it stands, one section of it open."""
    db = get_db()
    template = get_template(db, template_id)
    sections, edit = building.read_draft(db, template)
    return _render(db, template, sections, edit, {}, request.args.to_dict())


@blueprint.post("/desk/templates/<template_id>/edit")
@allow(*PUBLISHERS)
def change(template_id: str) -> Response:
    """Keep what was typed, and do with a section or a slot what the pressed button says."""
    db, principal, at = get_db(), current_principal(), now()
    template = get_template(db, template_id)
    form = read_builder_form(request.form)
    sections, _ = building.read_draft(db, template)
    query = {**request.args.to_dict(), "section": form.section}
    try:
        _type(db, template, sections, form)
        query["section"] = _act(db, template, sections, form)
        draft = building.save_sections(db, template, sections, edit=form.edit, actor=principal, at=at)
    except FormError as error:
        if wants_json():
            raise
        return _render(db, template, sections, form.edit, error.problems, query, status=error.status)
    db.commit()
    if wants_json():
        return jsonify(edit=draft.edit)
    if form.action == "release":
        return redirect_to(f"/desk/templates/{template.id}/release")
    view = BuilderView(db, template, query, at=at)
    return redirect_to(f"{view.address}/edit?{view.query_with()}")


@blueprint.post("/desk/templates/<template_id>/discard")
@allow(*PUBLISHERS)
def discard(template_id: str) -> Response:
    """Forget what is being built, and stay with the released version."""
    db, principal = get_db(), current_principal()
    template = get_template(db, template_id)
    edit = read_builder_form(request.form).edit
    building.discard(db, template, edit=edit, actor=principal, at=now())
    db.commit()
    notice("The draft is gone. The released version is as it was.")
    return redirect_to(f"/desk/templates/{template.id}")


@blueprint.get("/desk/templates/<template_id>/draft-page")
@allow(*PUBLISHERS)
def show_page(template_id: str) -> Response:
    """An item of the retailer's, or sample content, in the version that is being built."""
    db, at = get_db(), now()
    template = get_template(db, template_id)
    sections, _ = building.read_draft(db, template)
    retailer = get_retailer(db, template.retailer_id)
    first = next(iter(sample_items(db, retailer, at).items), ("", ""))[0]
    wanted = request.args.get("item") or first
    if wanted == SAMPLE:
        item = get_item(db, first)
        revision = sample_revision(db, item, sections, locales_of(retailer), at=at)
    else:
        item = get_item(db, wanted)
        revision = carried(_shown_revision(db, item, template, at), sections)
    return answer_page(
        db,
        item.id,
        retailer,
        revision=revision,
        version=version_of(template, sections, at=at),
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        at=at,
    )


@blueprint.get("/desk/templates/<template_id>/release")
@allow(*PUBLISHERS)
def show_release(template_id: str) -> Response:
    """What the next version changes, and what it would mean for each page."""
    db, at = get_db(), now()
    template = get_template(db, template_id)
    sections, edit = building.read_draft(db, template)
    version, pages = get_newest_version(db, template.id), count_pages(db, [template.id]).get(template.id, 0)
    differences = tell_differences(version.sections, sections)
    address = f"/desk/templates/{template.id}"
    items = sample_items(db, get_retailer(db, template.retailer_id), at).items
    first = items[0][0] if items else ""
    page = ReleasePage(
        title=f"{template.name}, version {version.number + 1}",
        lede="Nothing is changed yet." if not differences else "New pages are written in it from the release on.",
        address=address,
        edit=edit,
        number=version.number + 1,
        is_draft=building.find_draft(db, template.id) is not None,
        differences=differences,
        fates=fate_lines(classify(db, template, sections, at=at)) if differences else (),
        pages=pages,
        before=_phone(f"{address}/page?item={first}", version.number) if first else None,
        after=_phone(f"{address}/draft-page?item={first}", version.number + 1) if first else None,
    )
    return render("desk/template_release.html", page)


@blueprint.post("/desk/templates/<template_id>/release")
@allow(*PUBLISHERS)
def release(template_id: str) -> Response:
    """Make what is being built the version that new pages are written in."""
    db, principal, at = get_db(), current_principal(), now()
    template = get_template(db, template_id)
    edit = read_builder_form(request.form).edit
    sections, _ = building.read_draft(db, template)
    weight = weigh_version(db, template, sections, at=at)
    version = building.release_draft(db, template, edit=edit, weight_bytes=weight, actor=principal, at=at)
    db.commit()
    notice(f"Version {version.number} is released. New pages are written in it; say below which of the others move.")
    return redirect_to(f"/desk/templates/{template.id}/moving")


def _phone(src: str, number: int) -> Phone:
    return Phone(f"Version {number}", src, f"An item of yours in version {number}")


def _type(db: Session, template: PageTemplate, sections: building.Sections, form: BuilderForm) -> None:
    """Put what was typed into the section that was open."""
    locales = locales_of(get_retailer(db, template.retailer_id))
    for number, each in enumerate(sections):
        if each["key"] == form.section:
            sections[number] = read_section(each, request.form, locales)


def _act(db: Session, template: PageTemplate, sections: building.Sections, form: BuilderForm) -> str:
    """Do what the pressed button says; the key of the section that is open then.

    :raises FormError: what was to be added cannot be.
    """
    if form.action == "add":
        return building.add_section(sections, form.add, building.list_used(db, template.id))
    if form.action in building.SECTION_MOVES:
        building.SECTION_MOVES[form.action](sections, form.key)
        return form.section
    section: dict[str, Any] | None = next((each for each in sections if each["key"] == form.section), None)
    if section is not None and form.action == "add_slot":
        building.add_slot(section, form.add_slot, building.list_used(db, template.id))
    elif section is not None and form.action in building.SLOT_MOVES:
        building.SLOT_MOVES[form.action](section, form.key)
    return form.section


def _shown_revision(db: Session, item: Item, template: PageTemplate, at: datetime) -> Revision:
    shown = find_shown(db, item.id, at=at)
    published = db.get(Revision, shown.revision_id) if shown is not None and shown.revision_id else None
    return published or drafts.sample_page(db, item, template, None, at=at)


def _render(
    db: Session,
    template: PageTemplate,
    sections: building.Sections,
    edit: int,
    problems: Mapping[str, str],
    query: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    at = now()
    view = BuilderView(db, template, query, at=at)
    find = search_words(query.get("find", ""))
    samples = sample_items(db, view.retailer, at, find=find, item_id=query.get("item", ""))
    page = view.page(sections, edit, samples=samples, find=find, problems=problems)
    return render("desk/template_edit.html", page, status=status)

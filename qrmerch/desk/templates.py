"""The retailer's page templates: which there are, who fills which slot, and the lines that are the same everywhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content import drafts, templates
from qrmerch.content.building import find_draft
from qrmerch.content.holding import find_shown
from qrmerch.content.models import FixedValue, PageTemplate, Revision, Style, TemplateVersion
from qrmerch.content.moving import count_older, find_running
from qrmerch.content.queries import (
    count_pages,
    fixed_values,
    get_newest_version,
    get_template,
    list_coming_fixed,
    list_templates,
)
from qrmerch.content.slots import ASSET_KINDS, Kind, Lock, Slot, has_shape, read_slots
from qrmerch.content.weights import USUAL_OWN_BYTES
from qrmerch.content.weights import kilobytes as kilobytes_of
from qrmerch.db import get_one
from qrmerch.desk.fixed_forms import fixed_fields, read_fixed, write_fixed
from qrmerch.desk.previews import SCHEMES, answer_page
from qrmerch.desk.review_pages import (
    ComingFixed,
    FixedField,
    Phone,
    SectionLine,
    SlotLine,
    StyleChoice,
    TemplatePage,
    TemplateRow,
    TemplatesPage,
)
from qrmerch.desk.template_samples import sample_items
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import language_name
from qrmerch.media.playing import said_length
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.weighing import weigh_newest
from qrmerch.text import whole_number
from qrmerch.web import get_db, notice, parse_form_instant, redirect_to, render, search_words

blueprint = Blueprint("desk_templates", __name__)

_STYLES: Final = {
    Style.EVERYDAY: ("Everyday", "Picture, price, stock and offer first; the story after. For most of a range."),
    Style.EDITORIAL: ("Editorial", "One picture edge to edge, a large name, then how it is made. For hero items."),
    Style.QUIET: ("Quiet", "Much silence, one sentence, an invitation instead of an offer. For luxury."),
}


@blueprint.get("/desk/templates")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """The templates, and the three finished ones to add."""
    return _render_list(get_db(), "", "", {})


@blueprint.post("/desk/templates")
@allow(*PUBLISHERS)
def add() -> Response:
    """Add one of the three finished templates, under a name of its own."""
    db, principal, at = get_db(), current_principal(), now()
    style, name = request.form.get("style", ""), request.form.get("name", "")
    try:
        if style not in set(Style):
            raise FormError({"style": "Choose one of the three."})
        chosen = Style(style)
        template = templates.add_template(
            db, str(principal.retailer_id), name=name or _STYLES[chosen][0], style=chosen, at=at, actor=principal
        )
        weigh_newest(db, template, at=at)
    except FormError as error:
        return _render_list(db, name, style, error.problems, status=error.status)
    db.commit()
    notice(f"{template.name} is there. Write its fixed lines, then let items use it.")
    return redirect_to(f"/desk/templates/{template.id}")


@blueprint.get("/desk/templates/<template_id>")
@allow(*PUBLISHERS)
def show(template_id: str) -> Response:
    """One template: its sections, who fills each slot, and the fixed lines to write."""
    db = get_db()
    return _render(db, get_template(db, template_id))


@blueprint.post("/desk/templates/<template_id>/fixed")
@allow(*PUBLISHERS)
def fix(template_id: str) -> Response:
    """Write a fixed slot; from now on, or from the instant said, it shows on every page of the template."""
    db, principal, at = get_db(), current_principal(), now()
    template, name = get_template(db, template_id), request.form.get("slot", "")
    retailer = get_retailer(db, principal.retailer_id)
    slot = read_slots(get_newest_version(db, template.id).sections).get(name)
    try:
        from_at = _begins(name, retailer.time_zone)
        value = read_fixed(slot, request.form, locales_of(retailer)) if slot is not None else {}
        templates.set_fixed(db, template, name, value, at=at, actor=principal, from_at=from_at)
    except FormError as error:
        typed = {each: request.form.get(each, "") for each in request.form}
        return _render(db, template, typed=typed, problems=error.problems, status=error.status)
    count = count_pages(db, [template.id]).get(template.id, 0)
    db.commit()
    pages = "the one page" if count == 1 else f"all {count:,} pages"
    when = f" from {said_in_text(from_at, now=at, zone=retailer.time_zone)[3:]}" if from_at else " now"
    notice(f"Saved. It shows on {pages} of {template.name}{when}.")
    return redirect_to(f"/desk/templates/{template.id}#f-{name}")


@blueprint.post("/desk/templates/<template_id>/unfix")
@allow(*PUBLISHERS)
def unfix(template_id: str) -> Response:
    """Take back a fixed value that was to show later."""
    db, principal = get_db(), current_principal()
    template = get_template(db, template_id)
    row = get_one(db, FixedValue, request.form.get("fixed_id", ""), "This line is not here any more.")
    if row.template_id != template.id:
        raise NotFound("This line belongs to another template.")
    slot = row.slot
    templates.take_back_fixed(db, row, at=now(), actor=principal)
    db.commit()
    notice("Taken back. What shows now goes on showing.")
    return redirect_to(f"/desk/templates/{template.id}#f-{slot}")


@blueprint.post("/desk/templates/<template_id>/name")
@allow(*PUBLISHERS)
def rename(template_id: str) -> Response:
    """Call the template something else."""
    db, principal, at = get_db(), current_principal(), now()
    template, typed = get_template(db, template_id), request.form.get("name", "")
    try:
        templates.rename(db, template, typed, at=at, actor=principal)
    except FormError as error:
        return _render(db, template, typed={"name": typed}, problems=error.problems, status=error.status)
    db.commit()
    notice(f"It is called {template.name} from now on. Its pages do not change.")
    return redirect_to(f"/desk/templates/{template.id}")


@blueprint.post("/desk/templates/<template_id>/budget")
@allow(*PUBLISHERS)
def set_budget(template_id: str) -> Response:
    """Say what the first view of a page may weigh."""
    db, principal, at = get_db(), current_principal(), now()
    template, typed = get_template(db, template_id), request.form.get("budget", "").strip()
    kilobytes = whole_number(typed, most=1_000_000)
    try:
        if kilobytes is None:
            raise FormError({"budget": f"{typed[:20] or 'Nothing'} is no number of kilobytes. Write 110, say."})
        templates.set_budget(db, template, kilobytes * 1000, at=at, actor=principal)
    except FormError as error:
        return _render(db, template, typed={"budget": typed}, problems=error.problems, status=error.status)
    db.commit()
    notice(f"Pages in {template.name} may weigh {kilobytes} KB from now on. Those that are sent already stay.")
    return redirect_to(f"/desk/templates/{template.id}#f-budget")


def _begins(slot: str, zone: str) -> datetime | None:
    """From when on a fixed value is to show; None for now."""
    try:
        return parse_form_instant(request.form.get("from_at", ""), zone)
    except ValueError:
        raise FormError({f"{slot}.from_at": "Choose a day and a time, or leave it empty for now."}) from None


@blueprint.post("/desk/templates/<template_id>/default")
@allow(*PUBLISHERS)
def make_default(template_id: str) -> Response:
    """Let new pages be written in this template, unless an item names another."""
    db, principal, at = get_db(), current_principal(), now()
    template = get_template(db, template_id)
    templates.make_default(db, template, at=at, actor=principal)
    db.commit()
    notice(f"New pages are written in {template.name} from now on. Pages that are live stay as they are.")
    return redirect_to(f"/desk/templates/{template.id}")


@blueprint.get("/desk/templates/<template_id>/page")
@allow(*PUBLISHERS)
def show_page(template_id: str) -> Response:
    """An item of the retailer's as it looks in this template: the one asked for, else the first to look at."""
    db, at = get_db(), now()
    template = get_template(db, template_id)
    item_id = request.args.get("item") or _first_sample(db, template, at)
    item = get_item(db, item_id)
    shown = find_shown(db, item.id, at=at)
    published = db.get(Revision, shown.revision_id) if shown is not None and shown.revision_id else None
    return answer_page(
        db,
        item.id,
        get_retailer(db, template.retailer_id),
        revision=drafts.sample_page(db, item, template, published, at=at),
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        at=at,
    )


# --- the list --------------------------------------------------------------------------------------


def _render_list(db: Session, name: str, style: str, problems: dict[str, str], *, status: int = 200) -> Response:
    templates = list_templates(db, str(current_principal().retailer_id))
    pages = count_pages(db, [each.id for each in templates])
    rows = tuple(
        TemplateRow(
            template_id=each.id,
            href=f"/desk/templates/{each.id}",
            name=each.name,
            style=_STYLES[each.style][0],
            version=f"Version {get_newest_version(db, each.id).number}",
            pages=pages.get(each.id, 0),
            is_default=each.is_default,
        )
        for each in templates
    )
    there = {each.style for each in templates}
    page = TemplatesPage(
        lede=_list_lede(rows),
        rows=rows,
        choices=tuple(StyleChoice(str(key), *words, key in there) for key, words in _STYLES.items()),
        name=name,
        style=style or next((str(key) for key in _STYLES if key not in there), str(Style.EVERYDAY)),
        problems=problems,
    )
    return render("desk/templates.html", page, status=status)


def _list_lede(rows: tuple[TemplateRow, ...]) -> str:
    if not rows:
        return "There is none yet, so no vendor can write a page. Add one of the three below."
    default = next((each.name for each in rows if each.is_default), "")
    count = "One template" if len(rows) == 1 else f"{len(rows)} templates"
    return f"{count}. New pages are written in {default}." if default else f"{count}. Choose the one for new pages."


# --- one template ----------------------------------------------------------------------------------


def _render(
    db: Session,
    template: PageTemplate,
    *,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    at, retailer = now(), get_retailer(db, template.retailer_id)
    version = get_newest_version(db, template.id)
    find = search_words(request.args.get("find", ""))
    samples = sample_items(db, retailer, at, find=find, item_id=request.args.get("item", ""))
    item_id = _asked("item", [value for value, _ in samples.items])
    locales, scheme = locales_of(retailer), _asked("scheme", SCHEMES)
    locale = _asked("locale", locales)
    query = {"item": item_id, "locale": locale, "scheme": scheme}
    address = f"/desk/templates/{template.id}"
    pages = count_pages(db, [template.id]).get(template.id, 0)
    page = TemplatePage(
        title=template.name,
        lede=_lede(template, version.number, pages),
        address=address,
        is_default=template.is_default,
        is_being_built=find_draft(db, template.id) is not None,
        older_pages=_older(db, template, version),
        sections=_sections(db, template, version.sections, retailer, typed or {}, problems or {}, at),
        problems=problems or {},
        name=(typed or {}).get("name", template.name),
        budget=(typed or {}).get("budget", str(template.budget_bytes // 1000)),
        own_weight=kilobytes_of(version.weight_bytes or USUAL_OWN_BYTES),
        phone=Phone("", f"{address}/page?{urlencode(query)}", f"{template.name} with an item of yours"),
        items=samples.items,
        item_id=item_id,
        find=find,
        has_more=samples.has_more,
        locales=_links(address, query, "locale", locales, lambda each: language_name(each, "en")),
        schemes=_links(address, query, "scheme", SCHEMES, str.capitalize),
        scheme=scheme,
        locale=locale,
    )
    return render("desk/template.html", page, status=status)


def _older(db: Session, template: PageTemplate, version: TemplateVersion) -> str:
    """What is said of pages that are not in the newest version; empty where nothing has to be."""
    running = find_running(db, template.id)
    if running is not None:
        return f"Pages are moving: {running.done:,} of {running.total:,} looked at."
    count = count_older(db, template.id, version.id)
    return "" if not count else "One page is in an older version." if count == 1 else f"{count:,} pages are older."


def _asked(name: str, offered: Sequence[str]) -> str:
    """What an address asks for among what there is; the first otherwise, and empty where there is nothing."""
    wanted = request.args.get(name, "")
    return wanted if wanted in offered else next(iter(offered), "")


def _first_sample(db: Session, template: PageTemplate, at: datetime) -> str:
    items = sample_items(db, get_retailer(db, template.retailer_id), at).items
    return next((item_id for item_id, _ in items), "")


def _links(
    address: str, query: Mapping[str, str], name: str, values: Sequence[str], label: Callable[[str], str]
) -> tuple[tuple[str, str, bool], ...]:
    return tuple((label(each), f"{address}?{urlencode({**query, name: each})}", each == query[name]) for each in values)


def _lede(template: PageTemplate, number: int, pages: int) -> str:
    used = "One page is written in it" if pages == 1 else f"{pages:,} pages are written in it"
    used = used if pages else "No page is written in it yet"
    new = "; new ones are too" if template.is_default else ""
    return f"{_STYLES[template.style][0]}, version {number}. {used}{new}."


def _sections(
    db: Session,
    template: PageTemplate,
    sections: Sequence[Mapping[str, Any]],
    retailer: Retailer,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    at: datetime,
) -> tuple[SectionLine, ...]:
    slots, fixed = read_slots(sections), fixed_values(db, template.id, at=at)
    since, coming = _since(db, template, retailer, at), list_coming_fixed(db, template.id, at=at)
    lines = []
    for section in sections:
        own = [slots[f"{section['key']}.{each['key']}"] for each in section.get("slots", ())]
        lines.append(
            SectionLine(
                key=str(section["key"]),
                label=str(section.get("label") or section["key"]),
                note=str(section.get("note", "")),
                who=_who_fills(own),
                slots=tuple(
                    SlotLine(
                        slot=slot,
                        who=_WHO[slot.lock],
                        limits=_limits(slot),
                        fixed=_fields(slot, fixed.get(slot.name), retailer, typed, problems),
                        since=since.get(slot.name, ""),
                        coming=tuple(_said_coming(slot, row, retailer, at) for row in coming if row.slot == slot.name),
                        from_at=typed.get("from_at", "") if typed.get("slot") == slot.name else "",
                    )
                    for slot in own
                ),
            )
        )
    return tuple(lines)


_WHO: Final = {Lock.FIXED: "You", Lock.CHOOSE: "The vendor, from your list", Lock.EDIT: "The vendor"}


def _who_fills(slots: Sequence[Slot]) -> str:
    """Who fills a section, in a word."""
    locks = {slot.lock for slot in slots}
    if not locks or locks == {Lock.FIXED}:
        return "Fixed"
    return "Choose" if locks == {Lock.CHOOSE} else "Edit"


def _limits(slot: Slot) -> str:
    need = "needed" if slot.is_required else "may stay empty"
    if slot.kind == Kind.PICTURES:
        return (
            f"{slot.min_count} to {slot.max_count} pictures, {slot.min_width} × {slot.min_height} px at least; {need}"
        )
    if slot.kind in (Kind.VIDEO, Kind.AUDIO):
        return f"one {ASSET_KINDS[slot.kind].noun}, at most {said_length(slot.max_seconds * 1000)} long; {need}"
    if slot.is_choice:
        return f"{', '.join(option.words for option in slot.options)}; {need}"
    if slot.kind in (Kind.FACTS, Kind.TABLE, Kind.FILES):
        return f"at most {slot.max_count} rows; {need}"
    if slot.kind == Kind.LINK:
        return f"one link, to you only; {need}"
    kind = {Kind.LINE: "one line", Kind.RICH_TEXT: "bold, lists, links to you only"}.get(slot.kind, "plain text")
    return f"at most {slot.max_chars:,} characters, {kind}; {need}"


def _fields(
    slot: Slot, value: Any, retailer: Retailer, typed: Mapping[str, str], problems: Mapping[str, str]
) -> tuple[FixedField, ...]:
    if not slot.is_fixed or slot.kind in ASSET_KINDS:
        return ()
    kept = value if value and has_shape(slot, value) else None
    return fixed_fields(slot, kept, locales_of(retailer), typed, problems)


def _said_coming(slot: Slot, row: FixedValue, retailer: Retailer, at: datetime) -> ComingFixed:
    kept = row.value if row.value and has_shape(slot, row.value) else None
    said = write_fixed(slot, kept, retailer.default_locale)
    return ComingFixed(row.id, said or "Nothing", said_at(row.from_at, now=at, zone=retailer.time_zone))


def _since(db: Session, template: PageTemplate, retailer: Retailer, at: datetime) -> dict[str, str]:
    """From when the present fixed values hold, by slot."""
    wanted = select(FixedValue.slot, FixedValue.from_at).where(
        FixedValue.template_id == template.id, FixedValue.from_at <= at
    )
    rows = db.execute(wanted.order_by(FixedValue.from_at, FixedValue.id))
    return {slot: said_at(from_at, now=at, zone=retailer.time_zone) for slot, from_at in rows}

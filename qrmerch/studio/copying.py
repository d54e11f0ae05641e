"""Copying from another item's page, or from the same item's page at another retailer."""

from collections.abc import Collection, Mapping

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content import drafts
from qrmerch.content.comparing import Piece
from qrmerch.content.copying import Fit, Source, list_fits, list_sources, values_of
from qrmerch.content.drafts import ChangedElsewhere
from qrmerch.content.forms import read_parts, read_upon
from qrmerch.content.queries import find_latest, get_content, get_version, slots_of
from qrmerch.content.revisions import NotOpen
from qrmerch.content.slots import Slot, read_slots
from qrmerch.errors import FormError
from qrmerch.i18n import direction, language_name
from qrmerch.media.queries import list_by_ids, pictures_of
from qrmerch.parties.queries import get_retailer, list_supplied
from qrmerch.studio.history_pages import Change, CopyPage, SourceLine
from qrmerch.studio.subject import Subject, load_subject, load_subject_of
from qrmerch.studio.times import house_zone, said_at
from qrmerch.studio.told import tell
from qrmerch.web import get_db, notice, redirect_to, render, search_words

blueprint = Blueprint("studio_copying", __name__)


@blueprint.get("/studio/content/new/copy")
@allow(*VENDOR)
def show_new() -> Response:
    """What a page that is not begun could take from another: `from` is the other, `find` looks for one."""
    db = get_db()
    return _render(db, load_subject_of(db, request.args.get("item", ""), at=now()), request.args.get("from", ""))


@blueprint.get("/studio/content/<content_id>/copy")
@allow(*VENDOR)
def show(content_id: str) -> Response:
    """What a page could take from another."""
    db = get_db()
    return _render(db, load_subject(db, content_id, at=now()), request.args.get("from", ""))


@blueprint.post("/studio/content/new/copy")
@allow(*VENDOR)
def take_new() -> Response:
    """Begin a page with what is ticked of another."""
    db = get_db()
    return _take(db, load_subject_of(db, request.args.get("item", ""), at=now()))


@blueprint.post("/studio/content/<content_id>/copy")
@allow(*VENDOR)
def take(content_id: str) -> Response:
    """Put what is ticked of another page into this one's draft."""
    db = get_db()
    return _take(db, load_subject(db, content_id, at=now()))


def _take(db: Session, subject: Subject) -> Response:
    at, source_id = now(), request.form.get("from", "")
    number, edit = read_upon(request.form)
    source = _source(db, source_id)
    values = values_of(subject.slots, _fits(db, subject, source), read_parts(request.form))
    if not values:
        problem = {"": "Nothing is ticked. Tick what is to be taken."}
        return _render(db, subject, source_id, problem, status=422)
    try:
        saved = drafts.write_slots(
            db,
            subject.item,
            values,
            number=number,
            edit=edit,
            author_id=current_principal().user_id,
            at=at,
            path="copy",
            template=subject.template,
        )
    except FormError as error:
        db.rollback()
        return _render(db, subject, source_id, error.problems, status=error.status)
    except ChangedElsewhere as error:
        db.rollback()
        problem = {"": "This page was changed meanwhile where you wanted to copy. Look at it as it is now."}
        return _render(db, _again(db, subject), source_id, problem, status=error.status)
    db.commit()
    notice(f"Copied from {source.item.title} at {source.retailer.name}. Earlier saves have what stood here before.")
    return redirect_to(load_subject(db, saved.revision.content_id, at=at).address())


def _again(db: Session, subject: Subject) -> Subject:
    return load_subject(db, subject.content.id, at=now()) if subject.content else subject


def _source(db: Session, content_id: str) -> Source:
    """:raises NotFound: there is no such page that the session may see."""
    content = get_content(db, content_id)
    revision = find_latest(db, content.id)
    if revision is None:
        raise NotOpen("Nothing is written on that page yet.")
    return Source(content, revision, get_item(db, content.item_id), get_retailer(db, content.retailer_id))


def _fits(db: Session, subject: Subject, source: Source) -> list[Fit]:
    other = read_slots(get_version(db, source.revision.template_version_id).sections)
    values = slots_of(source.revision)
    bounds = drafts.load_bounds(db, subject.revision, values, {**other, **subject.slots}, at=None)
    return list_fits(subject.slots, subject.values, other, values, bounds)


def _render(
    db: Session, subject: Subject, source_id: str, problems: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    if not subject.is_open:
        notice("This page waits for the retailer’s answer. Take it back to change it.", "careful")
        return redirect_to(subject.address())
    find = search_words(request.args.get("find", ""))
    sources = list_sources(db, subject.item, except_id=subject.content.id if subject.content else None, find=find)
    source = _source(db, source_id) if source_id else sources[0] if sources else None
    fits = _fits(db, subject, source) if source else []
    shown = _Shown(db, subject.slots, fits)
    same = sum(each.is_same for each in fits)
    page = CopyPage(
        title="Copy from another page",
        crumbs=(("Products", "/studio/products"), (subject.item.title, subject.address())),
        lede=f"Into {subject.item.title} at {subject.retailer.name}. Nothing changes but what is ticked, in the draft.",
        action=subject.address("/copy").partition("?")[0],
        item_id="" if subject.content else subject.item.id,
        find=find,
        sources=tuple(_line(db, subject, each, source, find) for each in sources),
        heading=f"{source.item.title} at {source.retailer.name}" if source else "",
        fitting=tuple(shown.change(each) for each in fits if not each.problem and not each.is_same),
        others=tuple(shown.change(each) for each in fits if each.problem),
        same=f"{same} of its texts and pictures {'is' if same == 1 else 'are'} here already." if same else "",
        address=subject.address("/copy"),
        number=subject.revision.number,
        edit=subject.revision.edit,
        source=source.content.id if source else "",
        problems=dict(problems or {}),
    )
    return render("studio/content_copy.html", page, status=status)


def _line(db: Session, subject: Subject, source: Source, current: Source | None, find: str) -> SourceLine:
    zone = house_zone(list_supplied(db, subject.item.vendor_id))
    is_same = source.item.product_id == subject.item.product_id
    written = said_at(source.revision.saved_at, now=now(), zone=zone)
    return SourceLine(
        href=subject.address("/copy", find=find, **{"from": source.content.id}),
        title=source.item.title,
        retailer=source.retailer.name,
        said=f"{'the same product, ' if is_same else ''}{source.revision.state}, {written}",
        is_current=current is not None and source.content.id == current.content.id,
    )


class _Shown:
    """Makes lines of values: as words, and as pictures."""

    def __init__(self, db: Session, slots: Mapping[str, Slot], fits: Collection[Fit]) -> None:
        self.slots = slots
        lists = [fit.value for fit in fits if isinstance(fit.value, list)]
        ids = [each for value in lists for each in value if isinstance(each, str)]
        self.assets = {each.id: each for each in list_by_ids(db, ids)}
        self.pictures = pictures_of(db, ids)

    def change(self, fit: Fit) -> Change:
        name, locale = fit.part
        slot = self.slots.get(name)
        text = tell(slot, fit.value, self.assets)
        stands = tell(slot, fit.stands, self.assets)
        pieces = [Piece("gone", stands)] if stands and not fit.problem else []
        images = [each for each in fit.value if each in self.pictures] if isinstance(fit.value, list) and text else []
        return Change(
            part="" if fit.problem else f"{name}:{locale}",
            label=fit.label,
            language=language_name(locale, "en") if locale else "",
            locale=locale,
            direction=direction(locale) if locale else "auto",
            pieces=(*pieces, Piece("new" if pieces else "same", text)),
            images=tuple(self.pictures[each].card_url for each in images),
            problem=fit.problem,
            # What would replace something is ticked by hand.
            is_ticked=not stands,
        )

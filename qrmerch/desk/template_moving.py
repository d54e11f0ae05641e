"""Moving a template's pages to its newest version: what becomes of each, how far it is, and stopping it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import moving
from qrmerch.content.models import Content, Migration, MigrationState, Revision, TemplateVersion
from qrmerch.content.queries import find_latest, get_content, get_newest_version, get_template
from qrmerch.content.upgrading import Fate, Layout, Outcome, judge_contents, list_fates
from qrmerch.desk.previews import answer_page, carried
from qrmerch.desk.review_pages import Phone
from qrmerch.desk.template_pages import MovingPage, PageLine
from qrmerch.desk.template_view import fate_lines, said_outcome
from qrmerch.desk.times import said_in_text
from qrmerch.errors import NotFound
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_template_moving", __name__)

_ROWS: Final = 50


@blueprint.get("/desk/templates/<template_id>/moving")
@allow(*PUBLISHERS)
def show(template_id: str) -> Response:
    """What becomes of each page that is in an older version; while they move, how far that is."""
    db, at = get_db(), now()
    template = get_template(db, template_id)
    version, migration = get_newest_version(db, template.id), moving.find_newest_migration(db, template.id)
    is_running = migration is not None and migration.state == MigrationState.RUNNING
    fates = [] if is_running else list_fates(db, template, version, at=at)
    only = request.args.get("only", "")
    chosen = [fate for fate in fates if only in ("", fate.outcome.value)]
    looked_at = next((each for each in chosen if each.content_id == request.args.get("content")), None)
    looked_at = looked_at or next((each for each in chosen if each.revision_ids), None)
    address = f"/desk/templates/{template.id}"
    page = MovingPage(
        title=f"Move pages to version {version.number}",
        lede=_lede(version, fates, is_running=is_running),
        address=address,
        migration=migration,
        said=_said(migration, get_retailer(db, template.retailer_id), at) if migration else "",
        is_running=is_running,
        fates=fate_lines(fates) if fates else (),
        movable=sum(1 for fate in fates if fate.outcome == Outcome.AUTO or fate.draft_id),
        rows=_rows(chosen, address, only),
        more=f"The first {_ROWS} of {len(chosen):,}" if len(chosen) > _ROWS else "",
        only=_only(fates, only, address),
        before=_phone(address, looked_at, version, "older") if looked_at else None,
        after=_phone(address, looked_at, version, "newest") if looked_at else None,
        looked_at=looked_at.title if looked_at else "",
    )
    return render("desk/template_moving.html", page)


@blueprint.post("/desk/templates/<template_id>/moving")
@allow(*PUBLISHERS)
def start(template_id: str) -> Response:
    """Let the job move every page that can move as it is."""
    db, principal = get_db(), current_principal()
    template = get_template(db, template_id)
    moving.start_migration(db, template, actor=principal, at=now())
    db.commit()
    return redirect_to(f"/desk/templates/{template.id}/moving")


@blueprint.post("/desk/templates/<template_id>/moving/stop")
@allow(*PUBLISHERS)
def stop(template_id: str) -> Response:
    """Move no more pages; those that have moved stay moved."""
    db, principal = get_db(), current_principal()
    template = get_template(db, template_id)
    migration = moving.find_running(db, template.id)
    if migration is None:
        raise NotFound("No page of this template is being moved.")
    moving.stop_migration(db, migration, actor=principal, at=now())
    db.commit()
    notice("Stopped. Pages that have moved stay where they are.", kind="info")
    return redirect_to(f"/desk/templates/{template.id}/moving")


@blueprint.get("/desk/templates/<template_id>/moving/<content_id>")
@allow(*PUBLISHERS)
def show_page(template_id: str, content_id: str) -> Response:
    """A page of the template as it is, or (`in=newest`) as it would be in the newest version."""
    db, at = get_db(), now()
    template = get_template(db, template_id)
    content = get_content(db, content_id)
    if content.template_id != template.id:
        raise NotFound("This page is not written in this template.")
    version = get_newest_version(db, template.id)
    revision = _revision_of(db, content, version, at)
    is_newest = request.args.get("in") == "newest"
    return answer_page(
        db,
        content.item_id,
        get_retailer(db, template.retailer_id),
        revision=carried(revision, version.sections) if is_newest else revision,
        version=version if is_newest else None,
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        at=at,
    )


def _revision_of(db: Session, content: Content, version: TemplateVersion, at: datetime) -> Revision:
    """The newest revision that is to move, else the draft, else the newest that there is."""
    fates = judge_contents(db, [content.id], Layout(version.sections), version_id=version.id, at=at)
    ids = [fate.revision_ids[-1] if fate.revision_ids else fate.draft_id for fate in fates]
    found = db.get(Revision, ids[0]) if ids and ids[0] else find_latest(db, content.id)
    if found is None:
        raise NotFound("Nothing is written on this page yet.")
    return found


def _lede(version: TemplateVersion, fates: Sequence[Fate], *, is_running: bool) -> str:
    if is_running:
        return "Each page shows the same words as before, in the newer version, from the moment it has moved."
    if not fates:
        return f"Every page is in version {version.number}."
    count = "One page is" if len(fates) == 1 else f"{len(fates):,} pages are"
    return f"{count} in an older version. A page that moves says what was approved, word for word."


def _said(migration: Migration, retailer: Retailer, at: datetime) -> str:
    counts: dict[str, int] = dict(migration.counts)
    parts = [f"{counts.get('moved', 0):,} moved"]
    stayed = counts.get("needs_work", 0) + counts.get("broken", 0)
    parts += [f"{stayed:,} stayed"] if stayed else []
    drafts = counts.get("drafts", 0)
    parts += [f"{drafts:,} {'draft' if drafts == 1 else 'drafts'} went along"] if drafts else []
    said = ", ".join(parts)
    if migration.state == MigrationState.RUNNING:
        return f"{migration.done:,} of {migration.total:,} looked at: {said}. It is safe to close this page."
    when = said_in_text(migration.ended_at or at, now=at, zone=retailer.time_zone)
    word = "Stopped" if migration.state == MigrationState.STOPPED else "Done"
    return f"{word} {when}: {said}."


def _rows(fates: Sequence[Fate], address: str, only: str) -> tuple[PageLine, ...]:
    found = []
    for fate in fates[:_ROWS]:
        state, label = said_outcome(fate.outcome)
        query = urlencode({name: value for name, value in (("only", only), ("content", fate.content_id)) if value})
        look = f"{address}/moving?{query}#look"
        found.append(PageLine(fate.title, f"/desk/items/{fate.item_id}", state, label, fate.reasons, look))
    return tuple(found)


def _only(fates: Sequence[Fate], only: str, address: str) -> tuple[tuple[str, str, bool], ...]:
    """Ways to see pages of one outcome; none where all have the same."""
    there = [each for each in Outcome if any(fate.outcome == each for fate in fates)]
    if len(there) < 2:
        return ()
    rest = [(said_outcome(each)[1], f"{address}/moving?only={each}", only == each) for each in there]
    return (("All", f"{address}/moving", only == ""), *rest)


def _phone(address: str, fate: Fate, version: TemplateVersion, which: str) -> Phone:
    caption = f"In version {version.number}" if which == "newest" else "As it is"
    return Phone(caption, f"{address}/moving/{fate.content_id}?in={which}", f"{fate.title}: {caption.lower()}")

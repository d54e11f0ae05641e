"""Moving pages to a newer version of their template, so that shoppers see what was approved and nothing else.

A page that can move as it is gets a successor: the same values under a seal of its own, approved by the rule
"migration". Publications never change, so all that can still show is published anew in the same order, each with its
stores, languages, hours and end, the successor in its page's place: at every instant from then on the same page shows
as would have without the move. Every function leaves the commit to its caller.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.content.holding import list_publications
from qrmerch.content.models import (
    Approval,
    Content,
    DraftSave,
    Migration,
    MigrationState,
    PageTemplate,
    Publication,
    Revision,
    RevisionState,
    TemplateVersion,
    Verdict,
)
from qrmerch.content.queries import find_approval, get_content, get_newest_version, slots_of
from qrmerch.content.revisions import NotOpen, digest_of, note
from qrmerch.content.slots import is_empty
from qrmerch.content.upgrading import (
    Fate,
    Layout,
    Outcome,
    is_let_through,
    judge_contents,
    judge_draft,
    layout_of,
    show_again,
)
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict
from qrmerch.jobs import enqueue
from qrmerch.parties.service import changed

RULE: Final = "migration"
CHUNK: Final = 25


class AlreadyMoving(Conflict):
    """A template's pages move once at a time."""

    slug = "already_moving"


@dataclass(frozen=True, slots=True)
class _Starter:
    user_id: str


def start_migration(db: Session, template: PageTemplate, *, actor: audit.Actor, at: datetime) -> Migration:
    """Let the job move every page of a template that can move as it is to the newest version.

    :raises AlreadyMoving: they are on their way.
    """
    lock_for_chain(db, f"migration {template.id}")
    if find_running(db, template.id) is not None:
        raise AlreadyMoving("Pages of this template are being moved already. Wait until they are, or stop it.")
    version = get_newest_version(db, template.id)
    migration = Migration(
        id=ids.new(),
        retailer_id=template.retailer_id,
        template_id=template.id,
        version_id=version.id,
        state=MigrationState.RUNNING,
        done=0,
        total=db.scalar(select(func.count()).where(Content.template_id == template.id)) or 0,
        counts={},
        last_id="",
        started_by=actor.user_id,
        created_at=at,
    )
    db.add(migration)
    db.flush()
    _note(db, "template.migrate", migration, actor, at, version=version.number, pages=migration.total)
    enqueue(db, "content.migrate", migration.id, {"migration_id": migration.id})
    return migration


def stop_migration(db: Session, migration: Migration, *, actor: audit.Actor, at: datetime) -> None:
    """Move no more pages; those that have moved stay where they are.

    :raises NotOpen: it is over.
    """
    ours = update(Migration).where(Migration.id == migration.id, Migration.state == MigrationState.RUNNING)
    done = db.execute(ours.values(state=MigrationState.STOPPED, ended_at=at))
    db.refresh(migration)
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotOpen("It is over already: every page was looked at.")
    _note(db, "template.migrate_stop", migration, actor, at, done=migration.done)


def find_running(db: Session, template_id: str) -> Migration | None:
    """The migration of a template's pages that is on its way."""
    wanted = select(Migration).where(Migration.template_id == template_id, Migration.state == MigrationState.RUNNING)
    return db.scalars(wanted.limit(1)).one_or_none()


def find_newest_migration(db: Session, template_id: str) -> Migration | None:
    """The migration of a template's pages that was begun last."""
    wanted = select(Migration).where(Migration.template_id == template_id)
    return db.scalars(wanted.order_by(Migration.created_at.desc(), Migration.id.desc()).limit(1)).one_or_none()


def count_older(db: Session, template_id: str, version_id: str) -> int:
    """How many of a template's contents have their newest revision in another version than this one."""
    last = select(Revision.content_id, func.max(Revision.number).label("number")).group_by(Revision.content_id)
    newest = last.subquery()
    wanted = (
        select(func.count())
        .select_from(Revision)
        .join(newest, (newest.c.content_id == Revision.content_id) & (newest.c.number == Revision.number))
        .join(Content, Content.id == Revision.content_id)
        .where(Content.template_id == template_id, Revision.template_version_id != version_id)
    )
    return db.scalar(wanted) or 0


def move_chunk(db: Session, migration_id: str, *, at: datetime) -> bool:
    """Move the next pages in this transaction, with how far it came; whether more are left.

    Calling it again after a cut goes on where the last commit ended.
    """
    held = select(Migration).where(Migration.id == migration_id).with_for_update()
    migration = db.scalars(held.execution_options(populate_existing=True)).one_or_none()
    if migration is None or migration.state != MigrationState.RUNNING:
        return False
    behind = select(Content).where(Content.template_id == migration.template_id, Content.id > migration.last_id)
    contents = list(db.scalars(behind.order_by(Content.id).limit(CHUNK)))
    actor = _Starter(migration.started_by) if migration.started_by else None
    counted: Counter[str] = Counter(migration.counts)
    counted.update(move_contents(db, contents, migration.version_id, actor=actor, at=at))
    migration.counts, migration.done = dict(counted), migration.done + len(contents)
    if len(contents) == CHUNK:
        migration.last_id = contents[-1].id
        return True
    migration.state, migration.ended_at, migration.total = MigrationState.DONE, at, migration.done
    _note(db, "template.migrate_end", migration, actor, at, **counted)
    return False


def move_contents(
    db: Session, contents: Sequence[Content], version_id: str, *, actor: audit.Actor | None, at: datetime
) -> Counter[str]:
    """Move those of these contents that can move as they are; how many of each kind there were.

    Counted are `moved`, `needs_work` and `broken` pages, and `drafts` that take the newer version over.
    """
    # Everybody who writes takes the locks in this order: whoever publishes holds the log's first.
    item_ids = sorted({each.item_id for each in contents})
    for item_id in item_ids:
        lock_for_chain(db, f"content {item_id}")
    for retailer_id in sorted({each.retailer_id for each in contents}):
        audit.lock(db, retailer_id)
    for item_id in item_ids:
        lock_for_chain(db, f"publications {item_id}")
    after, by_id = layout_of(db, version_id), {each.id: each for each in contents}
    counted: Counter[str] = Counter()
    for fate in judge_contents(db, list(by_id), after, version_id=version_id, at=at):
        counted.update(_move(db, by_id[fate.content_id], fate, after, version_id, actor, at))
    return counted


def take_over(db: Session, draft: Revision, *, edit: int, at: datetime) -> list[str]:
    """Let a draft go on in the newest version of its template; the names of the values that have no place there.

    Those stay among the draft's earlier saves.

    :param edit: the draft's count of saves when it was read.
    :raises NotOpen: it is no draft any more, was saved in the meantime, or is in the newest version already.
    """
    content = get_content(db, draft.content_id)
    lock_for_chain(db, f"content {content.item_id}")
    db.refresh(draft)
    version = get_newest_version(db, content.template_id)
    if draft.state != RevisionState.DRAFT or draft.template_version_id == version.id:
        raise NotOpen("This page is in the newest version already. Open it again.")
    return _carry(db, draft, version, edit=edit, at=at)


def find_newer(db: Session, revision: Revision) -> TemplateVersion | None:
    """The newest version of a revision's template where the revision is written in an older one."""
    content = db.get(Content, revision.content_id) if revision.content_id else None
    version = get_newest_version(db, content.template_id) if content is not None else None
    return version if version is not None and version.id != revision.template_version_id else None


def _remember(db: Session, draft: Revision, at: datetime) -> None:
    """Keep what a draft says at its present count of saves, unless that is kept."""
    there = select(DraftSave.id).where(DraftSave.revision_id == draft.id, DraftSave.edit == draft.edit)
    if db.scalar(there) is None:
        db.add(
            DraftSave(
                retailer_id=draft.retailer_id,
                vendor_id=draft.vendor_id,
                revision_id=draft.id,
                edit=draft.edit,
                slots=slots_of(draft),
                author_id=draft.author_id,
                saved_at=at,
            )
        )
        db.flush()


def _move(
    db: Session,
    content: Content,
    fate: Fate,
    after: Layout,
    version_id: str,
    actor: audit.Actor | None,
    at: datetime,
) -> Counter[str]:
    counted: Counter[str] = Counter()
    if fate.outcome == Outcome.AUTO and fate.revision_ids:
        successors = _add_successors(db, content, fate, after, version_id, actor, at)
        _publish_anew(db, content, successors, actor, at)
        counted["moved"] += 1
    elif fate.outcome != Outcome.AUTO:
        counted[fate.outcome.value] += 1
    if fate.draft_id:
        draft = db.get_one(Revision, fate.draft_id, populate_existing=True)
        _carry(db, draft, db.get_one(TemplateVersion, version_id), edit=draft.edit, at=at)
        counted["drafts"] += 1
    return counted


def _add_successors(
    db: Session,
    content: Content,
    fate: Fate,
    after: Layout,
    version_id: str,
    actor: audit.Actor | None,
    at: datetime,
) -> dict[str, Revision]:
    """An approved revision in the newer version for each that can show, by the id of the one it follows."""
    number = db.scalar(select(func.max(Revision.number)).where(Revision.content_id == content.id)) or 0
    found = {}
    for revision_id in fate.revision_ids:
        source = db.get_one(Revision, revision_id)
        kept = {name: value for name, value in slots_of(source).items() if not _is_retailers(after, name)}
        body = {**source.body, "slots": kept}
        if (moved := _find_successor(db, source, version_id)) is not None:
            # It moved before, and was rolled back to since. One that is not what it was stays where it is.
            if is_let_through(moved, find_approval(db, moved.id)) and moved.digest == digest_of(body):
                note(db, actor, "content.migrate", moved, at=at, moved_from=source.number, approved=source.digest)
                found[source.id] = moved
            continue
        number += 1
        successor = Revision(
            id=ids.new(),
            retailer_id=source.retailer_id,
            vendor_id=source.vendor_id,
            content_id=content.id,
            template_version_id=version_id,
            number=number,
            state=RevisionState.APPROVED,
            body=body,
            edit=source.edit,
            digest=digest_of(body),
            author_id=source.author_id,
            created_at=at,
            saved_at=at,
            submitted_at=source.submitted_at,
            moved_from_id=source.id,
        )
        db.add(successor)
        db.flush()
        db.add(_approval_of(successor, at))
        note(db, actor, "content.migrate", successor, at=at, moved_from=source.number, approved=source.digest)
        found[source.id] = successor
    return found


def _find_successor(db: Session, source: Revision, version_id: str) -> Revision | None:
    """What a revision became when it moved to a version before."""
    wanted = select(Revision).where(Revision.moved_from_id == source.id, Revision.template_version_id == version_id)
    return db.scalars(wanted).one_or_none()


def _is_retailers(after: Layout, name: str) -> bool:
    slot = after.slots.get(name)
    return slot is not None and slot.is_fixed


def _approval_of(revision: Revision, at: datetime) -> Approval:
    return Approval(
        id=ids.new(),
        retailer_id=revision.retailer_id,
        revision_id=revision.id,
        digest=revision.digest or "",
        verdict=Verdict.APPROVED,
        rule=RULE,
        comments=[],
        at=at,
    )


def _publish_anew(
    db: Session, content: Content, successors: Mapping[str, Revision], actor: audit.Actor | None, at: datetime
) -> None:
    """Publish again what can still show of an item, oldest first, from the lowest page that moved up."""
    rows = list_publications(db, content.item_id)
    stack = show_again(rows, at=at)
    places = [place for place, row in enumerate(stack) if row.revision_id in successors]
    if not places:
        return
    # The newest holds, also where a clock was set back.
    created_at = max(at, rows[0].created_at)
    for row in reversed(stack[: places[-1] + 1]):
        created_at += timedelta(microseconds=1)
        successor = successors.get(row.revision_id or "")
        db.add(
            Publication(
                id=ids.new(),
                retailer_id=row.retailer_id,
                vendor_id=row.vendor_id,
                item_id=row.item_id,
                revision_id=successor.id if successor else row.revision_id,
                store_ids=row.store_ids,
                locales=row.locales,
                weekly=row.weekly,
                from_at=max(row.from_at, at),
                until_at=row.until_at,
                created_by=actor.user_id if actor else None,
                created_at=created_at,
                reason=row.reason,
            )
        )
    changed(db, content.retailer_id, content.item_id, at=at)
    db.flush()


def _carry(db: Session, draft: Revision, version: TemplateVersion, *, edit: int, at: datetime) -> list[str]:
    """Let a draft go on in a version with the values that have a place there; the names of those that have none."""
    values = judge_draft(db, draft, Layout(version.sections)).values
    left = [name for name, value in slots_of(draft).items() if name not in values and not is_empty(value)]
    _remember(db, draft, at)
    ours = update(Revision).where(Revision.id == draft.id, Revision.edit == edit, Revision.state == RevisionState.DRAFT)
    body = {**draft.body, "slots": values}
    told = ours.values(body=body, template_version_id=version.id, edit=edit + 1, saved_at=at)
    done = db.execute(told.execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotOpen("This page was saved or sent in the meantime. Open it again.")
    db.refresh(draft)
    _remember(db, draft, at)
    return left


def _note(
    db: Session, action: str, migration: Migration, actor: audit.Actor | None, at: datetime, **more: object
) -> None:
    subject = ("page_template", migration.template_id)
    audit.record(db, actor, action, subject, at=at, retailer_id=migration.retailer_id, detail=dict(more))

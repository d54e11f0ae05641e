"""Reads about templates, contents, revisions, approvals and publications."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item
from qrmerch.content.models import (
    Approval,
    Content,
    FixedValue,
    PageTemplate,
    Revision,
    RevisionState,
    TemplateVersion,
    Verdict,
)
from qrmerch.db import get_one
from qrmerch.parties.models import Vendor

_SENT_BACK = (RevisionState.RETURNED, RevisionState.REJECTED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A revision that waits for an answer, with its item, its vendor, and whether one was returned before."""

    revision: Revision
    item: Item
    vendor: Vendor
    is_again: bool


@dataclass(frozen=True, slots=True)
class Approved:
    """A revision that may be published, and its approval."""

    revision: Revision
    approval: Approval


# --- templates -------------------------------------------------------------------------------------


def get_template(db: Session, template_id: str) -> PageTemplate:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, PageTemplate, template_id, "This template is not here.")


def list_templates(db: Session, retailer_id: str) -> list[PageTemplate]:
    """A retailer's templates: the default one first, then by name."""
    wanted = select(PageTemplate).where(PageTemplate.retailer_id == retailer_id)
    return list(db.scalars(wanted.order_by(PageTemplate.is_default.desc(), PageTemplate.name, PageTemplate.id)))


def find_template_of(db: Session, item: Item) -> PageTemplate | None:
    """The template an item's page is written in: the one set on it, else the retailer's default."""
    if item.template_id:
        named = select(PageTemplate).where(
            PageTemplate.id == item.template_id, PageTemplate.retailer_id == item.retailer_id
        )
        found = db.scalars(named).one_or_none()
        if found is not None:
            return found
    default = select(PageTemplate).where(PageTemplate.retailer_id == item.retailer_id, PageTemplate.is_default)
    return db.scalars(default.order_by(PageTemplate.created_at.desc(), PageTemplate.id).limit(1)).one_or_none()


def get_newest_version(db: Session, template_id: str) -> TemplateVersion:
    """The version that new drafts are written in.

    :raises NotFound: the template has none, which `add_template` never leaves.
    """
    wanted = select(TemplateVersion).where(TemplateVersion.template_id == template_id)
    found = db.scalars(wanted.order_by(TemplateVersion.number.desc()).limit(1)).one_or_none()
    return get_one(db, TemplateVersion, found.id if found else "")


def get_version(db: Session, version_id: str) -> TemplateVersion:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, TemplateVersion, version_id)


def sections_by_version(db: Session, version_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The sections of these template versions, by version id."""
    wanted = select(TemplateVersion.id, TemplateVersion.sections).where(TemplateVersion.id.in_(list(version_ids)))
    return dict(db.execute(wanted).all()) if version_ids else {}


def fixed_values(db: Session, template_id: str, *, at: datetime) -> dict[str, Any]:
    """The retailer's values of a template's fixed slots at an instant, by slot, in the shape of the slot's kind."""
    wanted = select(FixedValue.slot, FixedValue.value).where(
        FixedValue.template_id == template_id, FixedValue.from_at <= at
    )
    return dict(db.execute(wanted.order_by(FixedValue.from_at, FixedValue.id)).all())


def list_coming_fixed(db: Session, template_id: str, *, at: datetime) -> list[FixedValue]:
    """The retailer's values that are to stand in a template's fixed slots later on, next first."""
    wanted = select(FixedValue).where(FixedValue.template_id == template_id, FixedValue.from_at > at)
    return list(db.scalars(wanted.order_by(FixedValue.from_at, FixedValue.id)))


def list_fixed_edges(db: Session, template_id: str, *, at: datetime) -> list[datetime]:
    """The instants after this one at which another value stands in one of a template's fixed slots."""
    wanted = select(FixedValue.from_at).where(FixedValue.template_id == template_id, FixedValue.from_at > at)
    return list(db.scalars(wanted.distinct()))


def count_pages(db: Session, template_ids: Collection[str]) -> dict[str, int]:
    """How many items' contents are written in each template, by its id."""
    wanted = select(Content.template_id, func.count()).where(Content.template_id.in_(list(template_ids)))
    return dict(db.execute(wanted.group_by(Content.template_id)).all())


# --- contents and revisions ------------------------------------------------------------------------


def get_content(db: Session, content_id: str) -> Content:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Content, content_id, "This page is not here.")


def find_content(db: Session, item_id: str, template_id: str) -> Content | None:
    """What is written of an item in a template."""
    wanted = select(Content).where(Content.item_id == item_id, Content.template_id == template_id)
    return db.scalars(wanted).one_or_none()


def get_revision(db: Session, revision_id: str) -> Revision:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Revision, revision_id, "This revision is not here.")


def revisions_by_id(db: Session, revision_ids: Collection[str]) -> dict[str, Revision]:
    """These revisions by id; what is not there is left out."""
    wanted = select(Revision).where(Revision.id.in_(list(revision_ids)))
    return {each.id: each for each in db.scalars(wanted)} if revision_ids else {}


def list_revisions(db: Session, content_id: str) -> list[Revision]:
    """A content's revisions, newest first."""
    wanted = select(Revision).where(Revision.content_id == content_id)
    return list(db.scalars(wanted.order_by(Revision.number.desc())))


def find_latest(db: Session, content_id: str) -> Revision | None:
    """A content's newest revision that somebody wrote; one that was only moved to a newer version is not."""
    wanted = select(Revision).where(Revision.content_id == content_id, Revision.moved_from_id.is_(None))
    return db.scalars(wanted.order_by(Revision.number.desc()).limit(1)).one_or_none()


def next_number(db: Session, content_id: str) -> int:
    """The number that a content's next revision has; those that only moved count."""
    return (db.scalar(select(func.max(Revision.number)).where(Revision.content_id == content_id)) or 0) + 1


def slots_of(revision: Revision) -> dict[str, Any]:
    """The values of a revision's slots, by slot name."""
    slots: dict[str, Any] = (revision.body or {}).get("slots") or {}
    return slots


def find_approval(db: Session, revision_id: str) -> Approval | None:
    """The answer to a revision, whichever way it went."""
    return db.scalars(select(Approval).where(Approval.revision_id == revision_id)).one_or_none()


def find_last_return(db: Session, content_id: str, *, before: int) -> Approval | None:
    """The newest answer that returned or rejected a revision, among those numbered lower.

    None once one after it was approved.
    """
    answers = (
        select(Approval)
        .join(Revision, Revision.id == Approval.revision_id)
        .where(Revision.content_id == content_id, Revision.number < before, Revision.moved_from_id.is_(None))
        .order_by(Revision.number.desc())
    )
    newest = db.scalars(answers.limit(1)).one_or_none()
    return newest if newest is not None and newest.verdict != Verdict.APPROVED else None


def count_waiting(db: Session, retailer_id: str) -> int:
    """How many revisions wait for an answer at a retailer."""
    wanted = select(func.count()).select_from(Revision).where(Revision.retailer_id == retailer_id)
    return db.scalar(wanted.where(Revision.state == RevisionState.SUBMITTED)) or 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of the waiting revisions, and in which order: by age, or by when an answer is due."""

    vendor_id: str = ""
    # A user's id, or "nobody".
    assignee: str = ""
    is_late: bool = False
    is_again: bool = False
    by_due: bool = False


def list_waiting(
    db: Session,
    retailer_id: str,
    asked: Asked = Asked(),
    *,
    at: datetime | None = None,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[Waiting], int]:
    """One page of the revisions that wait at a retailer, oldest first, and how many there are in all pages.

    :param at: what is late by then; needed where that is asked.
    """
    conditions = _waiting_conditions(retailer_id, asked, at)
    total = db.scalar(select(func.count()).select_from(Revision).where(*conditions)) or 0
    order = (Revision.due_at.is_(None), Revision.due_at) if asked.by_due else ()
    wanted = (
        select(Revision, Item, Vendor)
        .join(Content, Content.id == Revision.content_id)
        .join(Item, Item.id == Content.item_id)
        .join(Vendor, Vendor.id == Revision.vendor_id)
        .where(*conditions)
        .order_by(*order, Revision.submitted_at, Revision.id)
    )
    rows = db.execute(wanted.limit(per_page).offset((page - 1) * per_page)).all()
    returned = _with_returns(db, [revision.content_id for revision, _, _ in rows])
    return [Waiting(revision, item, vendor, revision.content_id in returned) for revision, item, vendor in rows], total


def count_late(db: Session, retailer_id: str, *, at: datetime) -> int:
    """How many waiting revisions should have been answered by now."""
    conditions = _waiting_conditions(retailer_id, Asked(is_late=True), at)
    return db.scalar(select(func.count()).select_from(Revision).where(*conditions)) or 0


def _waiting_conditions(retailer_id: str, asked: Asked, at: datetime | None) -> list[ColumnElement[bool]]:
    conditions = [Revision.retailer_id == retailer_id, Revision.state == RevisionState.SUBMITTED]
    if asked.vendor_id:
        conditions.append(Revision.vendor_id == asked.vendor_id)
    if asked.assignee == "nobody":
        conditions.append(Revision.assignee_id.is_(None))
    elif asked.assignee:
        conditions.append(Revision.assignee_id == asked.assignee)
    if asked.is_late:
        conditions.append(Revision.due_at <= at)
    if asked.is_again:
        earlier = aliased(Revision)
        before = select(earlier.id).where(earlier.content_id == Revision.content_id, earlier.state.in_(_SENT_BACK))
        conditions.append(before.exists())
    return conditions


def titles_of(db: Session, revision_ids: Collection[str]) -> dict[str, str]:
    """The titles of the items that these revisions are of, by revision."""
    wanted = select(Revision.id, Item.title).join(Content, Content.id == Revision.content_id)
    wanted = wanted.join(Item, Item.id == Content.item_id).where(Revision.id.in_(list(revision_ids)))
    return dict(db.execute(wanted).all())


def find_next_waiting(db: Session, revision: Revision) -> Revision | None:
    """The revision to look at after this one: the oldest other one that waits at its retailer."""
    wanted = select(Revision).where(
        Revision.retailer_id == revision.retailer_id,
        Revision.state == RevisionState.SUBMITTED,
        Revision.id != revision.id,
    )
    return db.scalars(wanted.order_by(Revision.submitted_at, Revision.id).limit(1)).one_or_none()


def list_approved(db: Session, item_id: str) -> list[Approved]:
    """The item's revisions that may be published, newest first."""
    wanted = (
        select(Revision, Approval)
        .join(Content, Content.id == Revision.content_id)
        .join(Approval, Approval.revision_id == Revision.id)
        .where(Content.item_id == item_id, Revision.state == RevisionState.APPROVED)
        .order_by(Approval.at.desc(), Revision.id.desc())
    )
    return [Approved(revision, approval) for revision, approval in db.execute(wanted)]


def _with_returns(db: Session, content_ids: Collection[str]) -> set[str]:
    wanted = select(Revision.content_id).where(
        Revision.content_id.in_(list(content_ids)), Revision.state.in_(_SENT_BACK)
    )
    return set(db.scalars(wanted))

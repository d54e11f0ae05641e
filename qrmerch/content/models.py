"""Tables of templates, contents, revisions, approvals and publications."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import OPTIONAL_JSON, Base, Id, Json, RetailerScoped, VendorScoped, one_of, reference, word


class Style(enum.StrEnum):
    """The three ways a page is set."""

    EVERYDAY = "everyday"
    EDITORIAL = "editorial"
    QUIET = "quiet"


class RevisionState(enum.StrEnum):
    """From the vendor's desk to the reviewer's answer."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


DEFAULT_BUDGET_BYTES = 110_000
_OPEN = text("state IN ('draft', 'submitted')")


class Verdict(enum.StrEnum):
    """A reviewer's answer."""

    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


class Reader(enum.StrEnum):
    """Whom a notice is for."""

    VENDOR = "vendor"
    RETAILER = "retailer"


class MigrationState(enum.StrEnum):
    """How far the moving of pages to a newer version of their template is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class PageTemplate(RetailerScoped, Base):
    """A retailer's approved page with named slots."""

    __table_args__ = (one_of("style", Style), UniqueConstraint("retailer_id", "name"))

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    style: Mapped[Style] = word(Style)
    is_default: Mapped[bool] = mapped_column(default=False)
    # What a page written in it may weigh as a phone gets it, pictures of the first screen included.
    budget_bytes: Mapped[int] = mapped_column(default=DEFAULT_BUDGET_BYTES)
    created_at: Mapped[datetime]


class TemplateVersion(RetailerScoped, Base):
    """Order, locks and limits of a template's sections; never changed once made.

    `sections`: [{"key": "story", "kind": "story", "slots": [{"key": "text", "kind": "rich_text",
    "lock": "edit", "label": …, "help": …, "is_required": true, "max_chars": 600, …}]}].
    """

    __table_args__ = (UniqueConstraint("template_id", "number"),)

    id: Mapped[Id]
    template_id: Mapped[str] = reference("page_template.id")
    number: Mapped[int]
    sections: Mapped[Json]
    # Markup, style and script of a page without a vendor's content, compressed; measured when it was released.
    weight_bytes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class TemplateDraft(RetailerScoped, Base):
    """The next version of a template while it is being built; one for each template."""

    id: Mapped[Id]
    template_id: Mapped[str] = mapped_column(String(36), ForeignKey("page_template.id"), unique=True)
    sections: Mapped[Json]
    # Counts saves, so that a second tab notices the first.
    edit: Mapped[int] = mapped_column(default=0)
    saved_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    saved_at: Mapped[datetime]


class Migration(RetailerScoped, Base):
    """The moving of a template's pages to a newer version, page by page."""

    __table_args__ = (one_of("state", MigrationState),)

    id: Mapped[Id]
    template_id: Mapped[str] = reference("page_template.id")
    version_id: Mapped[str] = reference("template_version.id")
    state: Mapped[MigrationState] = word(MigrationState, default=MigrationState.RUNNING)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # What became of them, by word: {"moved": 12, "needs_work": 3, "broken": 1, "drafts": 2}.
    counts: Mapped[Json] = mapped_column(default=dict)
    # The content moved last; the next begins behind it.
    last_id: Mapped[str] = mapped_column(String(36), default="")
    started_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FixedValue(RetailerScoped, Base):
    """The retailer's value of a fixed slot from an instant on, for every version of the template."""

    __table_args__ = (Index("ix_fixed_value_template_slot_from", "template_id", "slot", "from_at"),)

    id: Mapped[Id]
    template_id: Mapped[str] = reference("page_template.id", index=False)
    # "section.slot"
    slot: Mapped[str] = mapped_column(String(90))
    # By locale.
    value: Mapped[Json]
    from_at: Mapped[datetime]


class Content(RetailerScoped, VendorScoped, Base):
    """What a vendor says about an item in a template."""

    __table_args__ = (UniqueConstraint("item_id", "template_id"),)

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id")
    template_id: Mapped[str] = reference("page_template.id")
    created_at: Mapped[datetime]


class Revision(RetailerScoped, VendorScoped, Base):
    """One state of a content: a draft until submitted, immutable from then on.

    `body`: {"slots": {"story.text": {"en": …}, "gallery.pictures": [asset ids]}, "product": values copied
    from the vendor's product when submitted}. `digest` seals the body.
    """

    __table_args__ = (
        one_of("state", RevisionState),
        UniqueConstraint("content_id", "number"),
        UniqueConstraint("moved_from_id", "template_version_id"),
        # At most one waits for an answer, and at most one is being written.
        Index("uq_revision_open", "content_id", "state", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[Id]
    content_id: Mapped[str] = reference("content.id")
    template_version_id: Mapped[str] = reference("template_version.id")
    number: Mapped[int]
    state: Mapped[RevisionState] = word(RevisionState, default=RevisionState.DRAFT)
    body: Mapped[Json]
    # Counts saves of a draft, so that a second tab notices the first.
    edit: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    # Who answers, and by when, where somebody said so.
    assignee_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    due_at: Mapped[datetime | None]
    # The approved revision whose values it carries into a newer version of its template; no vendor wrote it anew.
    moved_from_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("revision.id"), index=True)


class DraftSave(RetailerScoped, VendorScoped, Base):
    """A draft's values as one save left them: what a later save was typed upon, and what can be brought back."""

    __table_args__ = (UniqueConstraint("revision_id", "edit"),)

    id: Mapped[Id]
    revision_id: Mapped[str] = reference("revision.id", index=False)
    edit: Mapped[int]
    slots: Mapped[Json]
    # Where it came from: a word of `content.earlier.Path`.
    path: Mapped[str] = mapped_column(String(10), default="form")
    author_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    saved_at: Mapped[datetime]


class Approval(RetailerScoped, Base):
    """A reviewer's answer to exactly one digest."""

    __table_args__ = (one_of("verdict", Verdict), UniqueConstraint("revision_id"))

    id: Mapped[Id]
    revision_id: Mapped[str] = reference("revision.id", index=False)
    digest: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict] = word(Verdict)
    # The reviewer; null when a trusted vendor's submission was approved by rule.
    reviewer_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    # The rule that approved it, where no reviewer did: trusted, small or migration.
    rule: Mapped[str] = mapped_column(String(20), default="")
    # The reviewer sent it; only where the retailer allows that.
    is_own: Mapped[bool] = mapped_column(default=False)
    # [{"slot": "story.text", "text": …}], and "locale" where it is about one language.
    comments: Mapped[Json]
    at: Mapped[datetime]


class Publication(RetailerScoped, VendorScoped, Base):
    """Which revision shows, where and when; the newest that covers an instant holds.

    Without a revision it is a take-down: the neutral page shows.
    """

    __table_args__ = (
        # One that was called off before it began is over in the instant in which it begins.
        CheckConstraint("until_at IS NULL OR until_at >= from_at", name="period_forward"),
        Index("ix_publication_item_from", "item_id", "from_at"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id", index=False)
    revision_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("revision.id"), index=True)
    # Ids of stores; null means everywhere.
    store_ids: Mapped[Json | None] = mapped_column(OPTIONAL_JSON)
    # Languages; null means all.
    locales: Mapped[Json | None] = mapped_column(OPTIONAL_JSON)
    # Hours as `Store.weekly`, by the store's clock (the retailer's where there is no store); null means always.
    weekly: Mapped[Json | None] = mapped_column(OPTIONAL_JSON)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")


class Notice(RetailerScoped, VendorScoped, Base):
    """Something that happened to a vendor's page, told to those of one house."""

    __table_args__ = (one_of("reader", Reader),)

    id: Mapped[Id]
    reader: Mapped[Reader] = word(Reader)
    # sent, approved, returned, rejected, live, down, ended, template, blocked, print_asked, print_released or
    # print_refused
    kind: Mapped[str] = mapped_column(String(20))
    item_id: Mapped[str] = reference("item.id")
    revision_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("revision.id"), index=True)
    detail: Mapped[Json] = mapped_column(default=dict)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]

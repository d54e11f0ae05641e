"""The tables of printed codes, and of the designs they are drawn in."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, one_of, word


class Carrier(enum.StrEnum):
    """What carries the code."""

    PRINT = "print"
    # A chip that a phone is held to.
    NFC = "nfc"
    SCREEN = "screen"


class Subject(enum.StrEnum):
    """What a code leads to."""

    ITEM = "item"
    # The item's page, opened with that variant chosen.
    VARIANT = "variant"
    # A store's own page.
    STORE = "store"
    # The page of items that go together, and that of an event.
    LOOK = "look"
    OCCASION = "occasion"


class CodeState(enum.StrEnum):
    """A code lives for ever; only what it leads to changes."""

    ACTIVE = "active"
    REPLACED = "replaced"
    RETIRED = "retired"


def _item_of(context: DefaultExecutionContext) -> str | None:
    """A code leads to its item unless something else is said."""
    said: str | None = context.get_current_parameters()["item_id"]  # type: ignore[no-untyped-call]
    return said


class Modules(enum.StrEnum):
    """The shape of a dark module."""

    SQUARE = "square"
    ROUNDED = "rounded"
    DOTS = "dots"


class Finders(enum.StrEnum):
    """The shape of the three large corners. Rings are none of them: of their pictures 68 in 100 read, of these 98."""

    SQUARE = "square"
    ROUNDED = "rounded"


class Ink(enum.StrEnum):
    """What a design's codes are printed in."""

    BLACK = "black"
    # The brand's colour of the day, only as dark as it must be.
    BRAND = "brand"


class Paper(enum.StrEnum):
    """What a code is printed on, where no white is printed first."""

    WHITE = "white"
    CREAM = "cream"
    GREY = "grey"
    KRAFT = "kraft"


class Use(enum.StrEnum):
    """Where a code is read, which says how large and how it may be."""

    HANG_TAG = "hang_tag"
    TILL = "till"
    SHELF = "shelf"
    POSTER = "poster"


class Code(RetailerScoped, Base):
    """One printed address: what it leads to, at a place. Its token is never used again."""

    __table_args__ = (
        one_of("carrier", Carrier),
        one_of("state", CodeState),
        one_of("subject_kind", Subject),
        CheckConstraint("item_id IS NOT NULL OR subject_kind IN ('store', 'look', 'occasion')", name="item_or_other"),
        Index("ix_code_retailer_item", "retailer_id", "item_id"),
        Index("ix_code_retailer_host", "retailer_id", "host"),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(9), unique=True)
    # What it leads to, as kind and id without a foreign key: kinds to come are rows of other rooms.
    subject_kind: Mapped[Subject] = word(Subject, default=Subject.ITEM)
    subject_id: Mapped[str] = mapped_column(String(36), index=True, default=_item_of)
    # The item it is about; null for the page of a store, a look or an event.
    item_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("item.id"), index=True)
    # Null for a magazine, a catalogue, a billboard.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    fixture_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("fixture.id"), index=True)
    # The host in its address, for as long as it is printed; empty for the installation's own.
    host: Mapped[str] = mapped_column(String(253), default="")
    carrier: Mapped[Carrier] = word(Carrier, default=Carrier.PRINT)
    state: Mapped[CodeState] = word(CodeState, default=CodeState.ACTIVE)
    # What old prints lead to once this code is replaced.
    replaced_by_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("code.id"), index=True)
    batch: Mapped[str] = mapped_column(String(60), default="")
    campaign: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]


class RunState(enum.StrEnum):
    """From the order to the end."""

    MAKING = "making"
    DONE = "done"
    CANCELLED = "cancelled"


class CodeRun(RetailerScoped, Base):
    """Many codes asked for at once: each thing they lead to, at each place. They appear together or not at all."""

    __table_args__ = (one_of("carrier", Carrier), one_of("state", RunState))

    id: Mapped[Id]
    state: Mapped[RunState] = word(RunState, default=RunState.MAKING)
    # What they lead to: [["item", subject id, item id or null]], and where: [[store id or null, fixture id or null]].
    leads: Mapped[Json]
    places: Mapped[Json]
    # How many of `leads` x `places` are gone through; a run that was cut off goes on from here.
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    made: Mapped[int] = mapped_column(default=0)
    # Also where an active code hangs already.
    again: Mapped[bool] = mapped_column(default=False)
    batch: Mapped[str] = mapped_column(String(60), default="")
    campaign: Mapped[str] = mapped_column(String(60), default="")
    carrier: Mapped[Carrier] = word(Carrier, default=Carrier.PRINT)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CodeDraft(RetailerScoped, Base):
    """A code of a run that is not at its end; nobody sees it, and a cancelled run leaves none."""

    # The code's own id later.
    id: Mapped[Id]
    run_id: Mapped[str] = mapped_column(String(36), ForeignKey("code_run.id"), index=True)
    token: Mapped[str] = mapped_column(String(9))
    subject_kind: Mapped[Subject] = word(Subject)
    subject_id: Mapped[str] = mapped_column(String(36))
    # Checked when the code is made, like whether the token is free.
    item_id: Mapped[str | None] = mapped_column(String(36))
    store_id: Mapped[str | None] = mapped_column(String(36))
    fixture_id: Mapped[str | None] = mapped_column(String(36))


class CodeDesign(RetailerScoped, Base):
    """How a retailer's codes look, under a name: shapes, ink and logo, for one use at one size."""

    __table_args__ = (
        one_of("modules", Modules),
        one_of("finders", Finders),
        one_of("ink", Ink),
        one_of("paper", Paper),
        one_of("use", Use),
        CheckConstraint("size_mm >= 5 AND size_mm <= 1000", name="size_possible"),
        CheckConstraint("distance_cm >= 0", name="distance_not_negative"),
        UniqueConstraint("retailer_id", "name"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(60))
    modules: Mapped[Modules] = word(Modules, default=Modules.SQUARE)
    finders: Mapped[Finders] = word(Finders, default=Finders.SQUARE)
    ink: Mapped[Ink] = word(Ink, default=Ink.BLACK)
    paper: Mapped[Paper] = word(Paper, default=Paper.WHITE)
    has_logo: Mapped[bool] = mapped_column(default=False)
    use: Mapped[Use] = word(Use, default=Use.HANG_TAG)
    # From which it is read; 0 for the usual distance of its use.
    distance_cm: Mapped[int] = mapped_column(default=0)
    size_mm: Mapped[float]
    # What stands under the code: a line, and whether the trade number and what a scan keeps are said.
    caption: Mapped[str] = mapped_column(String(60), default="")
    shows_gtin: Mapped[bool] = mapped_column(default=False)
    shows_notice: Mapped[bool] = mapped_column(default=False)
    has_frame: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]


class CodeReading(RetailerScoped, Base):
    """How often the typical pictures of a design were read; kept by what they depend on, so measured once."""

    __table_args__ = (UniqueConstraint("retailer_id", "digest"),)

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(32))
    read: Mapped[int]
    taken: Mapped[int]
    measured_at: Mapped[datetime]

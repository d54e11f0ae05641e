"""The tables of import runs, and of what came of each file in an archive of pictures."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, VendorScoped, one_of, reference, word


class RunState(enum.StrEnum):
    """From arrival to the end."""

    CHECKED = "checked"
    COMMITTING = "committing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Outcome(enum.StrEnum):
    """What came of a file in an archive."""

    TAKEN = "taken"
    AGAIN = "again"
    REFUSED = "refused"


class ImportRun(VendorScoped, Base):
    """One catalogue file of a vendor's."""

    __table_args__ = (one_of("state", RunState),)

    id: Mapped[Id]
    state: Mapped[RunState] = word(RunState)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(100))
    format: Mapped[str] = mapped_column(String(40))
    encoding: Mapped[str] = mapped_column(String(40))
    delimiter: Mapped[str] = mapped_column(String(1))
    # Of prices that name none.
    currency: Mapped[str] = mapped_column(String(3))
    # How each column was read: [{"name": "Handle", "field": "key", "sample": …, "is_chosen": …}], field "" where
    # not used, and whether a person said so.
    columns: Mapped[Json]
    # The retailer the products are listed at, if any.
    list_at_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("retailer.id"), index=True)
    # {"rows": …, "created": …, "updated": …, "unchanged": …, "errors": …}
    counts: Mapped[Json]
    # [{"row": 7, "problems": [{"code": …, "column": …, "message": …, "value": …}]}], at most 1,000
    problems: Mapped[Json]
    # What would change: [{"row": …, "title": …, "variant": …, "field": …, "now": …, "after": …}], at most 300
    changes: Mapped[Json]
    # What a commit did so far: {"created": …, "updated": …, "unchanged": …, "listed": …} products.
    written: Mapped[Json]
    # Product groups written so far; a run that was cut off goes on from here.
    done_groups: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ArchiveLine(VendorScoped, Base):
    """What came of one file in an archive: the picture it became, and the products it was found to show."""

    __table_args__ = (one_of("outcome", Outcome), UniqueConstraint("archive_id", "place"))

    id: Mapped[Id]
    archive_id: Mapped[str] = reference("archive.id", index=False)
    place: Mapped[int]
    # As it is called in the archive, folders too: shown, never used as a path.
    name: Mapped[str] = mapped_column(String(300))
    outcome: Mapped[Outcome] = word(Outcome)
    # Why it was refused, or why no one product was found; empty where all is well.
    reason: Mapped[str] = mapped_column(String(300), default="")
    asset_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("asset.id", ondelete="SET NULL"), index=True)
    # Ids of products; more than one where several name the file in their pictures.
    product_ids: Mapped[Json]
    # What the name was found by: image, sku, gtin or key; empty where by nothing.
    matched_by: Mapped[str] = mapped_column(String(10), default="")

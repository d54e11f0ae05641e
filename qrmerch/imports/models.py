"""The tables of import runs, and of what came of each file in an archive of pictures."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, VendorScoped, one_of, reference, word


class RunState(enum.StrEnum):
    """From arrival to the end: its columns are understood, then every row is tried, then somebody takes it in."""

    UPLOADED = "uploaded"
    MAPPED = "mapped"
    CHECKED = "checked"
    COMMITTING = "committing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


# While one of these holds, a job has something to do.
AT_WORK = (RunState.UPLOADED, RunState.MAPPED, RunState.COMMITTING)


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
    # What the sender said of the file, and its columns are read with: {"encoding": "", "has_header": null,
    # "columns": {…}}; what is empty is found out.
    said: Mapped[Json]
    # What was found: a CSV, workbook, JSON or XML, of which shop system, in which characters.
    kind: Mapped[str] = mapped_column(String(10), default="CSV")
    format: Mapped[str] = mapped_column(String(40), default="CSV")
    encoding: Mapped[str] = mapped_column(String(40), default="UTF-8")
    is_guessed_encoding: Mapped[bool] = mapped_column(default=False)
    has_header: Mapped[bool] = mapped_column(default=True)
    delimiter: Mapped[str] = mapped_column(String(1), default=",")
    # Of prices that name none.
    currency: Mapped[str] = mapped_column(String(3))
    # How each column was read: [{"name": "Handle", "field": "key", "sample": …, "is_chosen": …}], field "" where
    # not used, and whether a person said so.
    columns: Mapped[Json]
    # The retailer the products are listed at, if any.
    list_at_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("retailer.id"), index=True)
    # {"rows": …, "products": …, "created": …, "updated": …, "unchanged": …, "errors": …, "codes": {…}}
    counts: Mapped[Json]
    # [{"row": 7, "problems": [{"code": …, "column": …, "message": …, "value": …}]}], at most 1,000
    problems: Mapped[Json]
    # What would change: [{"row": …, "title": …, "variant": …, "field": …, "now": …, "after": …}], at most 300
    changes: Mapped[Json]
    # Products that are not there yet: [{"row": …, "title": …, "variants": …}], at most 300
    news: Mapped[Json]
    # How far the dry run is, and when it or the commit began.
    done_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime | None]
    # Why a run failed.
    failure: Mapped[str] = mapped_column(String(500), default="")
    # What a commit did so far: {"created": …, "updated": …, "unchanged": …, "listed": …} products.
    written: Mapped[Json]
    # Product groups written so far; a run that was cut off goes on from here.
    done_groups: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FetchState(enum.StrEnum):
    """Of a picture's address. `left`: nobody fetches here, or somebody said stop."""

    WAITING = "waiting"
    FETCHING = "fetching"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"


class PictureFetch(VendorScoped, Base):
    """An address that a vendor's file names as a picture of a product, and what became of it."""

    __table_args__ = (one_of("state", FetchState), Index("ix_picture_fetch_vendor_state", "vendor_id", "state"))

    id: Mapped[Id]
    # The latest import that named it.
    run_id: Mapped[str] = reference("import_run.id")
    product_id: Mapped[str] = reference("vendor_product.id")
    url: Mapped[str] = mapped_column(String(1000))
    # Its place among the product's pictures.
    place: Mapped[int]
    state: Mapped[FetchState] = word(FetchState)
    # Why it failed: for machines, and as a sentence.
    code: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(300))
    # When somebody began to fetch it; whoever does so and dies lets it go after a while.
    taken_at: Mapped[datetime | None]
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

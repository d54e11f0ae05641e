"""The table of feed runs: a retailer's files of stores, places, prices and stock."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, one_of, word


class FeedKind(enum.StrEnum):
    """What a file says."""

    STORES = "stores"
    FIXTURES = "fixtures"
    PRICES = "prices"
    STOCK = "stock"


class FeedState(enum.StrEnum):
    """From arrival to the end."""

    CHECKED = "checked"
    COMMITTING = "committing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FeedRun(RetailerScoped, Base):
    """One file of a retailer's."""

    __table_args__ = (one_of("kind", FeedKind), one_of("state", FeedState))

    id: Mapped[Id]
    kind: Mapped[FeedKind] = word(FeedKind)
    state: Mapped[FeedState] = word(FeedState)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(100))
    # "CSV", "Excel" or "JSON", and for a CSV what was found of its encoding and its separator.
    format: Mapped[str] = mapped_column(String(40))
    encoding: Mapped[str] = mapped_column(String(40))
    delimiter: Mapped[str] = mapped_column(String(1))
    # When what the file says held, for rows that do not say so themselves; the instant it came unless somebody said.
    as_of: Mapped[datetime]
    # Of stores whose row names none: two letters, or empty.
    country: Mapped[str] = mapped_column(String(2))
    # [{"name": "Store no.", "field": "code", "sample": …}], field "" where not used
    columns: Mapped[Json]
    # {"rows": …, "created": …, "updated": …, "unchanged": …, "older": …, "errors": …, "warnings": …}
    counts: Mapped[Json]
    # [{"row": 7, "problems": [{"code": …, "column": …, "message": …, "value": …}]}], at most 1,000
    problems: Mapped[Json]
    # What would change: [{"row": …, "title": …, "field": …, "now": …, "after": …}], at most 300
    changes: Mapped[Json]
    # What taking it in did so far: {"created": …, "updated": …, "unchanged": …, "older": …, "left_out": …} rows.
    written: Mapped[Json]
    # Rows gone through so far; a run that was cut off goes on from here.
    done_rows: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

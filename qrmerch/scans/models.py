"""Tables of raw scans, events and totals.

A raw scan is identified by its log file and the line's offset there, so that none can come twice.
Totals are by the place's own business date; an empty text stands for "no such place".
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped

# Room beside each row of a page for its next counts: PostgreSQL then leaves the indexes as they are.
_CHANGED_OFTEN: Final = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 60}}


class LogFile(Base):
    """How far the loader has read one file."""

    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    bad_lines: Mapped[int] = mapped_column(default=0)
    # What the disk did not take, as the file itself says.
    lost_lines: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime]
    # The folder it lies in: phones are told apart within one, so that each node sees repeats of its own.
    node: Mapped[str] = mapped_column(String(16), default="")


class ScanPlace(Base):
    """Where lines belong: five ids, any of them may be empty, and the time zone they were counted by.

    Under the number that `places.number_of` makes of them. Kept for ever, as totals are, which name the same ids: what
    is taken away again is taken away there, wherever a store's clocks go by then. Raw scans and visits name a place by
    8 bytes instead of 190.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    retailer_id: Mapped[str] = mapped_column(String(36))
    code_id: Mapped[str] = mapped_column(String(36))
    item_id: Mapped[str] = mapped_column(String(36))
    store_id: Mapped[str] = mapped_column(String(36))
    fixture_id: Mapped[str] = mapped_column(String(36))
    zone: Mapped[str] = mapped_column(String(64))


class Scan(Base):
    """One line of the log. No address, no agent; no secondary index. On PostgreSQL each month is a table of its own.

    The key holds the instant because a table that is parted by it must. What stands at a place of a file never changes,
    so that no two rows have one `id`.
    """

    __table_args__ = ({"postgresql_partition_by": "RANGE (at)", "sqlite_with_rowid": False},)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    # Of `ScanPlace`, which the loader writes in the same transaction; a foreign key would be tried with every row.
    place_number: Mapped[int] = mapped_column(BigInteger)
    visit: Mapped[str] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(3))
    # How it came: the code's carrier, or in the words of `entries.py`; empty within a visit.
    entry: Mapped[str] = mapped_column(String(8))
    referrer: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(20))


class OpenVisit(Base):
    """Where a visit began, for as long as actions may still belong to it. Swept by reading it whole."""

    __table_args__ = (_CHANGED_OFTEN,)

    visit: Mapped[str] = mapped_column(String(32), primary_key=True)
    # Of `ScanPlace`, which the loader writes in the same transaction; a foreign key would be tried with every row.
    place_number: Mapped[int] = mapped_column(BigInteger)
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # The outcome of an opening that becomes a scan once its page is seen; empty for all others.
    waiting: Mapped[str] = mapped_column(String(20))
    is_engaged: Mapped[bool]


_UNCOUNTED = text("NOT is_counted")


class Event(RetailerScoped, Base):
    """Something done on a page, recorded in the transaction that did it; the loader counts it."""

    __table_args__ = (
        Index("ix_event_uncounted", "id", sqlite_where=_UNCOUNTED, postgresql_where=_UNCOUNTED),
        Index("ix_event_retailer_item_at", "retailer_id", "item_id", "at"),
    )

    id: Mapped[Id]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"))
    # As the page said; the visit's own place, where known, counts instead.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    visit: Mapped[str | None] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(String(60), default="")
    is_counted: Mapped[bool] = mapped_column(default=False)


class DayTotal(Base):
    """Counts of one outcome or kind on one business date."""

    __table_args__ = (Index("ix_day_total_retailer_item", "retailer_id", "item_id", "on"), _CHANGED_OFTEN)

    retailer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    store_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fixture_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    count: Mapped[int]


class DayHash(Base):
    """A phone that scanned in a store on a day, as 64 keyed bits; gone two days after that day began."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    on: Mapped[date] = mapped_column(primary_key=True)
    store_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    hash: Mapped[str] = mapped_column(String(16), primary_key=True)


class AgreedDay(Base):
    """A phone whose owner agreed that it is known again, on a day in a store (or in none): kept for four months."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    phone: Mapped[str] = mapped_column(String(16), primary_key=True)
    retailer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True, index=True)
    store_id: Mapped[str] = mapped_column(String(36), primary_key=True)


class HourTotal(Base):
    """Counts by the place's own hour, per store and fixture."""

    __table_args__ = (_CHANGED_OFTEN,)

    retailer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    store_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fixture_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    count: Mapped[int]


class CodeHour(Base):
    """Scans of one printed code by its place's own hour, for two weeks; read by item."""

    __table_args__ = (_CHANGED_OFTEN,)

    retailer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    # A code that was hung elsewhere within the hour is counted at both places.
    store_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    count: Mapped[int]


class WithdrawnRule(Base):
    """A rule of `agents.KINDS` that was found wrong: whom it leaves out are people, from now on and until now."""

    rule: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Of the rules, when it was withdrawn.
    version: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))
    why: Mapped[str] = mapped_column(String(200))


class Correction(RetailerScoped, Base):
    """By how much a day's total was changed afterwards, and why; `cause` is one of `correcting`'s words."""

    __table_args__ = (Index("ix_correction_retailer_on", "retailer_id", "on"),)

    id: Mapped[Id]
    on: Mapped[date]
    kind: Mapped[str] = mapped_column(String(20))
    store_id: Mapped[str] = mapped_column(String(36))
    item_id: Mapped[str] = mapped_column(String(36))
    code_id: Mapped[str] = mapped_column(String(36))
    difference: Mapped[int]
    cause: Mapped[str] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]

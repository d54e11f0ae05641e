"""Tables of print: label stocks of a retailer's own, what its printers need, batches of labels, vendors' requests."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, VendorScoped, one_of, reference, word


class BatchState(enum.StrEnum):
    """From asking to the printer. Only a batch that was checked can be released, and only then does it leave."""

    DRAWING = "drawing"
    CHECKED = "checked"
    RELEASED = "released"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Medium(enum.StrEnum):
    """What the file is for: sheets of paper, or a printer of labels."""

    PDF = "pdf"
    ZPL = "zpl"


class RequestState(enum.StrEnum):
    """A vendor's request for print files."""

    ASKED = "asked"
    MAKING = "making"
    RELEASED = "released"
    REFUSED = "refused"


class LabelStock(RetailerScoped, Base):
    """A kind of label sheet that a retailer uses besides those that everybody has."""

    __table_args__ = (UniqueConstraint("retailer_id", "key"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(80))
    # What it can be used instead of, and what it is sold as: "5160", "Address labels".
    equal_to: Mapped[str] = mapped_column(String(40), default="")
    about: Mapped[str] = mapped_column(String(80), default="")
    # A `printing.stocks.Stock` as JSON.
    measures: Mapped[Json]
    # Whether it came with a list, rather than being written down here.
    is_listed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class PrinterFit(RetailerScoped, Base):
    """What one printer needs so that one stock is hit: moved by millimetres, stretched by a share."""

    __table_args__ = (UniqueConstraint("retailer_id", "printer", "stock_key"),)

    id: Mapped[Id]
    printer: Mapped[str] = mapped_column(String(40))
    stock_key: Mapped[str] = mapped_column(String(100))
    right_mm: Mapped[float]
    down_mm: Mapped[float]
    across: Mapped[float] = mapped_column(default=1.0)
    along: Mapped[float] = mapped_column(default=1.0)


class PrintBatch(RetailerScoped, Base):
    """Labels that were asked for together, and the file that was made of them."""

    __table_args__ = (one_of("state", BatchState), one_of("medium", Medium))

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    state: Mapped[BatchState] = word(BatchState)
    medium: Mapped[Medium] = word(Medium)
    # Of a printer of labels; 0 for sheets.
    dpi: Mapped[int] = mapped_column(default=0)
    # What it was asked for with: a `Stock`, how it is put on paper, the words of every label; all as JSON.
    stock: Mapped[Json]
    run: Mapped[Json]
    wording: Mapped[Json]
    # The installation's own address when it was asked for, which codes of no host of their own say.
    base_url: Mapped[str] = mapped_column(String(300))
    codes: Mapped[int]
    # Copies included, and how far drawing and reading back have come.
    labels: Mapped[int]
    drawn: Mapped[int] = mapped_column(default=0)
    read: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    # [["Riverside", 12], …], by store, as it was when it was asked for.
    stores: Mapped[Json]
    # Names of which letters were left out, and names that were cut to fit; the first of each.
    incomplete: Mapped[Json] = mapped_column(default=list)
    cut: Mapped[Json] = mapped_column(default=list)
    # How often it was tried again after it had failed; each try is a job of its own.
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")
    # The key of its file holds the file's digest.
    file_key: Mapped[str] = mapped_column(String(100), default="")
    file_bytes: Mapped[int] = mapped_column(default=0)
    # Whom it is for, where it is not for the retailer's own printers.
    vendor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("vendor.id"), index=True)
    # The batch of which one label was damaged.
    again_of_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("print_batch.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    released_by_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]

    @property
    def job_id(self) -> str:
        """What the job of its present try is called."""
        return f"{self.id}-{self.tries}" if self.tries else self.id

    @property
    def digest(self) -> str:
        """SHA-256 of the file; empty where there is none."""
        return self.file_key.partition("/")[2]


class PrintLine(RetailerScoped, Base):
    """One code of a batch, at its place in it."""

    batch_id: Mapped[str] = mapped_column(String(36), ForeignKey("print_batch.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    code_id: Mapped[str] = reference("code.id")


class PrintRequest(RetailerScoped, VendorScoped, Base):
    """A vendor asks for print files of its own items, to put the tags on where they are made."""

    __table_args__ = (one_of("state", RequestState),)

    id: Mapped[Id]
    state: Mapped[RequestState] = word(RequestState)
    stock_key: Mapped[str] = mapped_column(String(100))
    stock_said: Mapped[str] = mapped_column(String(120))
    copies: Mapped[int]
    note: Mapped[str] = mapped_column(String(300), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    batch_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("print_batch.id"), index=True)
    # The request of which some tags were damaged or lost.
    again_of_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("print_request.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class PrintRequestItem(RetailerScoped, VendorScoped, Base):
    """One item of a request."""

    request_id: Mapped[str] = mapped_column(String(36), ForeignKey("print_request.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"), primary_key=True, index=True)

"""Reads about print: stocks, what printers need, batches and their labels, vendors' requests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.models import Code, CodeState
from qrmerch.codes.queries import list_lines as list_codes_by_id
from qrmerch.codes.queries import said_by
from qrmerch.db import get_one, has_part
from qrmerch.errors import NotFound
from qrmerch.parties.models import Store, Vendor
from qrmerch.printing.labels import Label
from qrmerch.printing.models import (
    LabelStock,
    PrintBatch,
    PrinterFit,
    PrintLine,
    PrintRequest,
    PrintRequestItem,
    RequestState,
)
from qrmerch.printing.stocks import STOCKS, Stock, StockNotFound, find_stock, stock_from_json
from qrmerch.users.models import User

_READ_AT_ONCE = 500
_ENDED_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One label of a batch as a list names it."""

    place: int
    code_id: str
    token: str
    state: CodeState
    address: str
    title: str
    store: str
    fixture: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A vendor's request, with who asked and how many items."""

    request: PrintRequest
    vendor_name: str
    person: str
    items: int


def get_batch(db: Session, batch_id: str) -> PrintBatch:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, PrintBatch, batch_id, "This print batch is not here.")


def list_batches(db: Session, retailer_id: str, *, page: int = 1, per_page: int = 50) -> tuple[list[PrintBatch], int]:
    """One page of a retailer's batches, newest first, and how many there are in all pages."""
    mine = PrintBatch.retailer_id == retailer_id
    total = db.scalar(select(func.count(PrintBatch.id)).where(mine)) or 0
    wanted = select(PrintBatch).where(mine).order_by(PrintBatch.created_at.desc(), PrintBatch.id.desc())
    return list(db.scalars(wanted.limit(per_page).offset((page - 1) * per_page))), total


def list_again(db: Session, batch: PrintBatch) -> list[PrintBatch]:
    """The batches in which labels of this one were printed again, newest first."""
    wanted = select(PrintBatch).where(PrintBatch.again_of_id == batch.id)
    return list(db.scalars(wanted.order_by(PrintBatch.created_at.desc(), PrintBatch.id.desc())))


def list_lines(
    db: Session, batch_id: str, *, base_url: str, page: int = 1, per_page: int = 50, find: str = ""
) -> tuple[list[Line], int]:
    """One page of a batch's labels in their order, and how many there are in all pages.

    :param base_url: the installation's own address, for codes of no host of their own.
    :param find: a part of a name or a token, as it stands on the label.
    """
    wanted = select(PrintLine.place, PrintLine.code_id).where(PrintLine.batch_id == batch_id)
    if find:
        token = "".join(find.split()).upper()
        wanted = wanted.join(Code, Code.id == PrintLine.code_id).outerjoin(Item, Item.id == Code.item_id)
        wanted = wanted.where(or_(has_part(Item.title, find), Code.token == token))
    total = db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = db.execute(wanted.order_by(PrintLine.place).limit(per_page).offset((page - 1) * per_page)).all()
    return _lines(db, dict(rows), base_url), total


def each_line(db: Session, batch_id: str, *, base_url: str, begin: int = 0) -> Iterator[Line]:
    """The labels of a batch from a place on, read little by little; between two reads nothing is held."""
    while True:
        wanted = select(PrintLine.place, PrintLine.code_id).where(
            PrintLine.batch_id == batch_id, PrintLine.place >= begin
        )
        places = dict(db.execute(wanted.order_by(PrintLine.place).limit(_READ_AT_ONCE)).all())
        yield from _lines(db, places, base_url)
        if len(places) < _READ_AT_ONCE:
            return
        begin = max(places) + 1


def list_code_ids(db: Session, batch_id: str) -> list[str]:
    """The codes of a batch in their order."""
    return list(db.scalars(select(PrintLine.code_id).where(PrintLine.batch_id == batch_id).order_by(PrintLine.place)))


def list_ended(db: Session, batch_id: str) -> list[str]:
    """The first few codes of a batch that were retired or replaced since it was asked for: their tokens."""
    wanted = select(Code.token).join(PrintLine, PrintLine.code_id == Code.id)
    wanted = wanted.where(PrintLine.batch_id == batch_id, Code.state != CodeState.ACTIVE)
    return list(db.scalars(wanted.order_by(PrintLine.place).limit(_ENDED_SHOWN)))


def has_active(db: Session, batch_id: str) -> bool:
    """Whether a code of a batch still leads to what it was printed for."""
    wanted = select(PrintLine.place).join(Code, PrintLine.code_id == Code.id)
    wanted = wanted.where(PrintLine.batch_id == batch_id, Code.state == CodeState.ACTIVE)
    return db.scalars(wanted.limit(1)).first() is not None


def label_of_line(line: Line) -> Label:
    """What the label of a line says."""
    place = ", ".join(name for name in (line.store, line.fixture) if name)
    return Label(line.address, line.token, line.title, place)


def count_by_store(db: Session, code_ids: Iterable[str]) -> list[tuple[str, int]]:
    """How many of these codes hang in which store, most first; an empty name is no store."""
    ids, counted = list(code_ids), dict[str, int]()
    for begin in range(0, len(ids), _READ_AT_ONCE):
        wanted = (
            select(Store.short_name, func.count(Code.id))
            .select_from(Code)
            .outerjoin(Store, Store.id == Code.store_id)
            .where(Code.id.in_(ids[begin : begin + _READ_AT_ONCE]))
            .group_by(Store.short_name)
        )
        for name, number in db.execute(wanted):
            counted[name or ""] = counted.get(name or "", 0) + number
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def name_of(db: Session, user_id: str | None) -> str:
    """Who did it; empty for nobody."""
    user = db.get(User, user_id) if user_id else None
    return user.name if user else ""


# --- stocks ------------------------------------------------------------------------------------------


def list_stocks(db: Session, retailer_id: str) -> list[Stock]:
    """The stocks that can be printed on: those that everybody has, then the retailer's own by name."""
    rows = db.scalars(select(LabelStock).where(LabelStock.retailer_id == retailer_id).order_by(LabelStock.name))
    return [*STOCKS, *(stock_from_json(row.measures) for row in rows)]


def get_any_stock(db: Session, retailer_id: str, key: str) -> Stock:
    """The stock of that key, shipped or the retailer's own.

    :raises StockNotFound: there is none.
    """
    shipped = find_stock(key)
    if shipped is not None:
        return shipped
    row = find_own_stock(db, retailer_id, key)
    if row is None:
        raise StockNotFound("This label stock is not known. Choose one from the list.")
    return stock_from_json(row.measures)


def find_own_stock(db: Session, retailer_id: str, key: str) -> LabelStock | None:
    wanted = select(LabelStock).where(LabelStock.retailer_id == retailer_id, LabelStock.key == key)
    return db.scalars(wanted).one_or_none()


def get_own_stock(db: Session, stock_id: str) -> LabelStock:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, LabelStock, stock_id, "This label stock is not here.")


def list_own_stocks(
    db: Session, retailer_id: str, *, find: str = "", page: int = 1, per_page: int = 50
) -> tuple[list[LabelStock], int]:
    """One page of a retailer's own stocks by name, and how many there are in all pages."""
    mine = [LabelStock.retailer_id == retailer_id]
    if find:
        mine.append(or_(*(has_part(each, find) for each in (LabelStock.name, LabelStock.equal_to, LabelStock.about))))
    total = db.scalar(select(func.count(LabelStock.id)).where(*mine)) or 0
    wanted = select(LabelStock).where(*mine).order_by(LabelStock.is_listed, LabelStock.name, LabelStock.id)
    return list(db.scalars(wanted.limit(per_page).offset((page - 1) * per_page))), total


def list_fits(db: Session, retailer_id: str, stock_key: str | None = None) -> list[PrinterFit]:
    """What the retailer's printers need, by name; of one stock, or of all."""
    wanted = select(PrinterFit).where(PrinterFit.retailer_id == retailer_id)
    if stock_key is not None:
        wanted = wanted.where(PrinterFit.stock_key == stock_key)
    return list(db.scalars(wanted.order_by(PrinterFit.printer, PrinterFit.stock_key)))


# --- requests ----------------------------------------------------------------------------------------


def get_request(db: Session, request_id: str) -> PrintRequest:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, PrintRequest, request_id, "This request is not here.")


def list_requests(db: Session, *, retailer_id: str | None = None, vendor_id: str | None = None) -> list[Asked]:
    """The newest hundred requests at a retailer or of a vendor, those that wait first."""
    counted = (
        select(PrintRequestItem.request_id, func.count().label("number"))
        .group_by(PrintRequestItem.request_id)
        .subquery()
    )
    wanted = (
        select(PrintRequest, Vendor.name, User.name, counted.c.number)
        .join(Vendor, Vendor.id == PrintRequest.vendor_id)
        .outerjoin(User, User.id == PrintRequest.user_id)
        .outerjoin(counted, counted.c.request_id == PrintRequest.id)
    )
    if retailer_id is not None:
        wanted = wanted.where(PrintRequest.retailer_id == retailer_id)
    if vendor_id is not None:
        wanted = wanted.where(PrintRequest.vendor_id == vendor_id)
    is_over = PrintRequest.state != RequestState.ASKED
    rows = db.execute(wanted.order_by(is_over, PrintRequest.created_at.desc(), PrintRequest.id.desc()).limit(100))
    return [Asked(request, vendor, person or "", items or 0) for request, vendor, person, items in rows]


def list_request_items(db: Session, request: PrintRequest) -> list[Item]:
    """The items of a request, by name."""
    wanted = select(Item).join(PrintRequestItem, PrintRequestItem.item_id == Item.id)
    return list(db.scalars(wanted.where(PrintRequestItem.request_id == request.id).order_by(Item.title, Item.id)))


def find_request_of(db: Session, batch_id: str) -> PrintRequest | None:
    """The request that a batch answers."""
    return db.scalars(select(PrintRequest).where(PrintRequest.batch_id == batch_id)).one_or_none()


def get_released(db: Session, request: PrintRequest) -> PrintBatch:
    """The batch that a vendor may download.

    :raises NotFound: it was not released.
    """
    batch = db.get(PrintBatch, request.batch_id) if request.batch_id else None
    if request.state != RequestState.RELEASED or batch is None or batch.vendor_id != request.vendor_id:
        raise NotFound("There is no print file yet. The retailer releases it.")
    return batch


def _lines(db: Session, places: dict[int, str], base_url: str) -> list[Line]:
    """Lines by their places and codes, in their order."""
    found = list_codes_by_id(db, list(places.values()))
    return [
        Line(
            place=place,
            code_id=line.code.id,
            token=line.code.token,
            state=line.code.state,
            address=said_by(line.code, base_url),
            title=line.item_title,
            store=line.store_name,
            fixture=line.fixture_name,
        )
        for place, line in zip(places, found, strict=True)
    ]

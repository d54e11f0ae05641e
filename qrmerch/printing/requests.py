"""Print files that a vendor asks for: tags of its own items, put on where these are made.

Only where the retailer allows it, only for items of which a page was approved, and only the retailer releases them.
Both houses are told in their messages. The caller commits.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.access import Principal
from qrmerch.catalog.models import Item
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.queries import list_by_id
from qrmerch.codes.service import make_codes
from qrmerch.content.models import Content, Reader, Revision, RevisionState
from qrmerch.content.notices import tell
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.printing.models import PrintBatch, PrintRequest, PrintRequestItem, RequestState
from qrmerch.printing.queries import find_request_of, list_code_ids, list_request_items
from qrmerch.printing.service import TAPS_WITHIN, Order, ask_batch, ask_rest
from qrmerch.printing.sheets import MAX_COPIES
from qrmerch.printing.stocks import Stock
from qrmerch.text import clean_line

MAX_ITEMS: Final = 200
MAX_NOTE_CHARS: Final = 300
_FACTORY: Final = "At the factory"


class RequestOver(Conflict):
    """A request was answered already."""

    slug = "request_over"


class PrintsNotAllowed(Conflict):
    """The retailer makes all print files itself."""

    slug = "prints_not_allowed"


def allow_prints(db: Session, supply: Supply, is_allowed: bool, *, at: datetime, actor: Principal) -> None:
    """Let a vendor ask for print files of its items, or no longer; what was released stays released."""
    detail = audit.changes({"prints": supply.may_ask_prints}, {"prints": is_allowed})
    supply.may_ask_prints = is_allowed
    action = "vendor.prints" if is_allowed else "vendor.no_prints"
    subject = ("vendor", supply.vendor_id)
    audit.record(db, actor, action, subject, at=at, retailer_id=supply.retailer_id, detail=detail)


def may_ask(supply: Supply | None) -> bool:
    """Whether a vendor may ask this retailer now."""
    return supply is not None and supply.may_ask_prints and supply.ended_at is None


def list_askable(db: Session, retailer_id: str, vendor_id: str) -> list[Item]:
    """The vendor's items of which tags can be asked for: sold there, a page approved."""
    wanted = select(Item).where(Item.retailer_id == retailer_id, Item.vendor_id == vendor_id, *_is_approved())
    return list(db.scalars(wanted.order_by(Item.title, Item.id).limit(2_000)))


def _is_approved() -> tuple[ColumnElement[bool], ...]:
    approved = (
        select(Revision.id)
        .join(Content, Content.id == Revision.content_id)
        .where(Content.item_id == Item.id, Revision.state == RevisionState.APPROVED)
    )
    return Item.is_retired.is_(False), approved.exists()


def ask(
    db: Session,
    retailer: Retailer,
    vendor_id: str,
    item_ids: Sequence[str],
    *,
    stock: Stock,
    copies: int,
    note: str,
    again_of: PrintRequest | None = None,
    at: datetime,
    actor: Principal,
) -> PrintRequest:
    """Ask a retailer for print files; it is told. Asked for twice in one breath, it is one.

    :param again_of: the released request of which some tags are wanted once more, with the codes that they had.
    :raises PrintsNotAllowed: the retailer does not take such requests from this vendor.
    :raises NotFound: an item is not the vendor's own, no page of it was approved, or it is none of those before.
    :raises FormError: nothing chosen, too many, or a number that cannot be.
    """
    if not may_ask(find_supply(db, retailer.id, vendor_id)):
        raise PrintsNotAllowed(f"{retailer.name} makes its print files itself. Ask your contact there.")
    wanted = list(dict.fromkeys(item_ids))
    said = _check_asked(wanted, copies, note)
    items = _find_approved(db, retailer.id, vendor_id, wanted)
    if again_of is not None and not set(wanted) <= {item.id for item in list_request_items(db, again_of)}:
        raise NotFound("One of these items was not among those tags. Reload the page and choose again.")
    lock_for_chain(db, f"print requests of {vendor_id}")
    again_of_id = again_of.id if again_of else None
    same = _find_same(db, retailer.id, vendor_id, items, (stock.key, copies, said, again_of_id), at=at)
    if same is not None:
        return same
    request = PrintRequest(
        id=ids.new(),
        retailer_id=retailer.id,
        vendor_id=vendor_id,
        state=RequestState.ASKED,
        stock_key=stock.key,
        stock_said=stock.said[:120],
        copies=copies,
        note=said,
        again_of_id=again_of_id,
        user_id=actor.user_id,
        created_at=at,
    )
    db.add(request)
    db.flush()
    db.add_all(
        PrintRequestItem(request_id=request.id, item_id=item.id, retailer_id=retailer.id, vendor_id=vendor_id)
        for item in items
    )
    _tell(db, request, items, "print_asked", Reader.RETAILER, at=at)
    _record(db, request, "prints.ask", at=at, actor=actor, detail={"items": len(items), "copies": copies})
    return request


def _find_approved(db: Session, retailer_id: str, vendor_id: str, item_ids: Sequence[str]) -> list[Item]:
    """A vendor's items by title.

    :raises NotFound: one is not its own, or no page of it was approved.
    """
    mine = Item.retailer_id == retailer_id, Item.vendor_id == vendor_id, Item.id.in_(item_ids)
    items = list(db.scalars(select(Item).where(*mine, *_is_approved()).order_by(Item.title, Item.id)))
    if len(items) < len(item_ids):
        raise NotFound("One of these items is not approved any more. Reload the page and choose again.")
    return items


def _check_asked(item_ids: Sequence[str], copies: int, note: str) -> str:
    """The note as it is kept.

    :raises FormError: nothing chosen, too many, or a note that is too long.
    """
    said, problems = "", {}
    if not 1 <= len(item_ids) <= MAX_ITEMS:
        problems["item"] = f"Choose between 1 and {MAX_ITEMS} items."
    if not 1 <= copies <= MAX_COPIES:
        problems["copies"] = f"Between 1 and {MAX_COPIES} of each."
    try:
        said = clean_line(note, MAX_NOTE_CHARS)
    except ValueError as error:
        problems["note"] = str(error)
    if problems:
        raise FormError(problems)
    return said


def _find_same(
    db: Session,
    retailer_id: str,
    vendor_id: str,
    items: Sequence[Item],
    said: tuple[str, int, str, str | None],
    *,
    at: datetime,
) -> PrintRequest | None:
    """The request that was sent a moment ago with the same form: a second tap, not a second request."""
    wanted = select(PrintRequest).where(
        PrintRequest.retailer_id == retailer_id,
        PrintRequest.vendor_id == vendor_id,
        PrintRequest.created_at > at - TAPS_WITHIN,
        PrintRequest.state == RequestState.ASKED,
    )
    ids_asked = {item.id for item in items}
    for request in db.scalars(wanted):
        is_alike = (request.stock_key, request.copies, request.note, request.again_of_id) == said
        if is_alike and {item.id for item in list_request_items(db, request)} == ids_asked:
            return request
    return None


def answer_with_batch(
    db: Session, retailer: Retailer, request: PrintRequest, order: Order, *, at: datetime, actor: Principal
) -> PrintBatch:
    """Have the files of a request made; the vendor gets them when their batch is released.

    Each item's code of no place is taken, or made where it has none; tags that are wanted again keep their words and,
    while these are active, their codes.

    :param order: how they are to be; its codes are put in here.
    :raises RequestOver: it was answered already, or nothing of it is left.
    :raises PrintsNotAllowed: the vendor was suspended, or may not have print files any more.
    """
    _lock(db, request)
    if request.state != RequestState.ASKED:
        raise RequestOver("This request was answered already.")
    _insist_allowed(db, request)
    items = _list_approved(db, request)
    if not items:
        raise RequestOver("None of these items is sold and approved any more. Refuse the request, and say so.")
    before = find_before(db, request)
    code_ids = _codes_of(db, retailer, items, before=before, at=at, actor=actor)
    order = replace(order, code_ids=code_ids, vendor_id=request.vendor_id, again_of=before)
    batch = ask_batch(db, retailer, order, at=at, actor=actor)
    request.state, request.batch_id = RequestState.MAKING, batch.id
    return batch


def _insist_allowed(db: Session, request: PrintRequest) -> None:
    """:raises PrintsNotAllowed: the vendor was suspended, or may not have print files any more."""
    if not may_ask(find_supply(db, request.retailer_id, request.vendor_id)):
        name = db.get_one(Vendor, request.vendor_id).name
        raise PrintsNotAllowed(f"{name} is suspended, or gets no print files any more. Allow it on the vendor’s page.")


def _list_approved(db: Session, request: PrintRequest) -> list[Item]:
    """The items of a request that are still sold, the vendor's own, and approved; by name."""
    wanted = [item.id for item in list_request_items(db, request)]
    mine = Item.retailer_id == request.retailer_id, Item.vendor_id == request.vendor_id, Item.id.in_(wanted)
    return list(db.scalars(select(Item).where(*mine, *_is_approved()).order_by(Item.title, Item.id)))


def refuse(db: Session, request: PrintRequest, reason: str, *, at: datetime, actor: Principal) -> None:
    """Say no, and why; the vendor is told.

    :raises FormError: no reason is given.
    :raises RequestOver: it was answered already.
    """
    _lock(db, request)
    if request.state != RequestState.ASKED:
        raise RequestOver("This request was answered already.")
    try:
        said = clean_line(reason, MAX_NOTE_CHARS)
    except ValueError as error:
        raise FormError({"reason": str(error)}) from None
    if not said:
        raise FormError({"reason": "Say why, so that they know what to do."})
    request.state, request.reason, request.answered_at = RequestState.REFUSED, said, at
    _tell(db, request, list_request_items(db, request), "print_refused", Reader.VENDOR, at=at, reason=said)
    _record(db, request, "prints.refuse", at=at, actor=actor)


def release_to_vendor(db: Session, batch: PrintBatch, *, at: datetime) -> bool:
    """The batch of a request was released: its vendor may download it from now on, and is told; whether it was.

    :raises PrintsNotAllowed: the vendor was suspended, or may not have print files any more.
    """
    request = find_request_of(db, batch.id)
    if request is None or request.state != RequestState.MAKING:
        return False
    _insist_allowed(db, request)
    request.state, request.answered_at = RequestState.RELEASED, at
    _tell(db, request, list_request_items(db, request), "print_released", Reader.VENDOR, at=at)
    return True


def answer_with_rest(
    db: Session, retailer: Retailer, batch: PrintBatch, *, at: datetime, actor: Principal
) -> PrintBatch:
    """Have a batch made once more without its codes that have ended; a request that it answered gets that one.

    :raises BatchOver: there is no rest of it.
    :raises PrintsNotAllowed: its vendor was suspended, or may not have print files any more.
    """
    request = find_request_of(db, batch.id)
    if request is not None:
        _lock(db, request)
        _insist_allowed(db, request)
    rest = ask_rest(db, retailer, batch, at=at, actor=actor)
    if request is not None and request.batch_id == batch.id:
        request.state, request.batch_id, request.answered_at = RequestState.MAKING, rest.id, None
    return rest


def ask_anew(db: Session, batch: PrintBatch) -> None:
    """The batch of a request was cancelled: the request waits for an answer again."""
    request = find_request_of(db, batch.id)
    if request is not None and request.state == RequestState.MAKING:
        request.state, request.batch_id = RequestState.ASKED, None


def find_before(db: Session, request: PrintRequest) -> PrintBatch | None:
    """The batch of which a request wants some tags again."""
    earlier = db.get(PrintRequest, request.again_of_id) if request.again_of_id else None
    return db.get(PrintBatch, earlier.batch_id) if earlier and earlier.batch_id else None


def _codes_of(
    db: Session,
    retailer: Retailer,
    items: Sequence[Item],
    *,
    before: PrintBatch | None,
    at: datetime,
    actor: Principal,
) -> list[str]:
    """One code of no place for each item, in their order: that of a batch before, the newest, or one made now."""
    had = list_by_id(db, list_code_ids(db, before.id)) if before else ()
    by_item = {code.item_id: code.id for code in had if code.state == CodeState.ACTIVE}
    others = [item for item in items if item.id not in by_item]
    if others:
        by_item |= _make_missing(db, retailer, others, at=at, actor=actor)
    return [by_item[item.id] for item in items if item.id in by_item]


def _make_missing(
    db: Session, retailer: Retailer, items: Sequence[Item], *, at: datetime, actor: Principal
) -> dict[str | None, str]:
    """For each item its newest code of no place; made where there is none."""
    make_codes(db, items, [None], at=at, batch=_FACTORY, actor=actor)
    wanted = select(Code.item_id, Code.id).where(
        Code.retailer_id == retailer.id,
        Code.item_id.in_([item.id for item in items]),
        Code.subject_kind == Subject.ITEM,
        Code.state == CodeState.ACTIVE,
        Code.carrier == Carrier.PRINT,
        Code.campaign == "",
        Code.store_id.is_(None),
    )
    # The newest of an item comes last and holds.
    return dict(db.execute(wanted.order_by(Code.created_at, Code.id)).all())


def _lock(db: Session, request: PrintRequest) -> None:
    lock_for_chain(db, f"print request {request.id}")
    db.flush()
    db.refresh(request)


def _tell(
    db: Session,
    request: PrintRequest,
    items: Sequence[Item],
    kind: str,
    reader: Reader,
    *,
    at: datetime,
    reason: str = "",
) -> None:
    """Tell a house; the first item stands for all."""
    if not items:
        return
    detail: dict[str, Any] = {"request": request.id, "items": len(items)}
    tell(db, kind, items[0], reader=reader, at=at, detail={**detail, "reason": reason} if reason else detail)


def _record(
    db: Session,
    request: PrintRequest,
    action: str,
    *,
    at: datetime,
    actor: Principal,
    detail: dict[str, object] | None = None,
) -> None:
    vendor = db.get_one(Vendor, request.vendor_id)
    detail = {"vendor": vendor.name, **(detail or {})}
    subject = ("print_request", request.id)
    audit.record(db, actor, action, subject, at=at, retailer_id=request.retailer_id, detail=detail)

"""What a retailer's codes lead to, each once."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.models import Code, Subject
from qrmerch.parties.models import Retailer, Store


@dataclass(frozen=True, slots=True)
class Led:
    """An item or a store that codes lead to; the other id is empty."""

    public_id: str
    item_id: str = ""
    store_id: str = ""


def each_subject(db: Session, retailer: Retailer) -> Iterator[Led]:
    """The items that codes are about, then the stores whose pages they lead to."""
    about = select(Code.item_id).where(Code.retailer_id == retailer.id, Code.item_id.is_not(None))
    items = select(Item.id, Item.public_id).where(Item.id.in_(about)).order_by(Item.created_at, Item.id)
    for item_id, public_id in db.execute(items).all():
        yield Led(public_id, item_id=item_id)
    led = select(Code.subject_id).where(Code.retailer_id == retailer.id, Code.subject_kind == Subject.STORE)
    stores = select(Store.id, Store.public_id).where(Store.id.in_(led)).order_by(Store.code)
    for store_id, public_id in db.execute(stores).all():
        yield Led(public_id, store_id=store_id)

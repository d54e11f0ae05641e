"""What a retailer's printed addresses lead to, each once: those of its codes, and the GS1 ones."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.gs1_queries import find_store_by_gln, list_all_answers
from qrmerch.codes.models import Code, Subject
from qrmerch.looks.queries import list_looks
from qrmerch.occasions.queries import list_occasions
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_stores


@dataclass(frozen=True, slots=True)
class Led:
    """An item, a store, a look or an occasion that codes or numbers lead to; the other ids are empty."""

    public_id: str
    item_id: str = ""
    store_id: str = ""
    look_id: str = ""
    occasion_id: str = ""
    # The GS1 numbers that mean it, as a path: `/01/…` of an item, `/414/…` of a store.
    numbers: tuple[str, ...] = ()


def each_subject(db: Session, retailer: Retailer) -> Iterator[Led]:
    """The items that codes are about or numbers mean, then the stores, looks and occasions whose pages they lead to."""
    numbers: dict[str, list[str]] = {}
    for answer in list_all_answers(db, retailer_id=retailer.id):
        numbers.setdefault(answer.item_id, []).append(f"/01/{answer.gtin}")
    about = select(Code.item_id).where(Code.retailer_id == retailer.id, Code.item_id.is_not(None))
    led_to = {*db.scalars(about), *numbers}
    items = select(Item.id, Item.public_id).where(Item.retailer_id == retailer.id)
    for item_id, public_id in db.execute(items.order_by(Item.created_at, Item.id)).all():
        if item_id in led_to:
            yield Led(public_id, item_id=item_id, numbers=tuple(sorted(numbers.get(item_id, ()))))
    led = select(Code.subject_id).where(Code.retailer_id == retailer.id, Code.subject_kind == Subject.STORE)
    coded = set(db.scalars(led))
    for store in list_stores(db, retailer.id):
        means = store.gln is not None and store.id in {
            each.id for each in find_store_by_gln(db, store.gln, retailer_id=retailer.id)
        }
        if means or store.id in coded:
            yield Led(store.public_id, store_id=store.id, numbers=(f"/414/{store.gln}",) if means else ())
    others = select(Code.subject_id).where(Code.retailer_id == retailer.id, Code.item_id.is_(None))
    coded = set(db.scalars(others))
    yield from (Led(each.public_id, look_id=each.id) for each in list_looks(db, retailer.id) if each.id in coded)
    for each in list_occasions(db, retailer.id):
        if each.id in coded:
            yield Led(each.public_id, occasion_id=each.id)

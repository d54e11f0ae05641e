"""Whatever a shopper would see changed is there at the next scan, on every worker."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.service import retire_item, set_price, set_stock
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.content.publishing import take_down
from qrmerch.parties.models import Corners, Display, Retailer, Store, Tone
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import Brand, end_supply, resume_supply, set_brand
from qrmerch.reviews.service import Written, publish, write_review
from tests.drills.shop import Shop
from tests.factories import Doer, make_code, make_item, make_offer, make_retailer, make_store, make_vendor, publish_page

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]
_ROBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"
# So often the same page, on a connection of its own each time, is the page of both workers.
_IN_A_ROW = 24
_WAIT_S = 120
_EDGE = timedelta(seconds=3)


@dataclass
class Shelf:
    """What one session changes: the rows of the shop."""

    db: Session
    retailer: Retailer
    store: Store
    item: Item

    @property
    def variant(self) -> Variant:
        return self.db.scalars(select(Variant).where(Variant.item_id == self.item.id).order_by(Variant.place)).all()[0]


def _offer_begins(shelf: Shelf) -> None:
    """Of the edge itself nobody hears anything: kept pages end with it."""
    make_offer(shelf.db, shelf.item, from_at=now() + _EDGE, at=now())


def _suspend(shelf: Shelf) -> None:
    supply = find_supply(shelf.db, shelf.retailer.id, shelf.item.vendor_id)
    assert supply
    end_supply(shelf.db, supply, at=now())


def _resume(shelf: Shelf) -> None:
    supply = find_supply(shelf.db, shelf.retailer.id, shelf.item.vendor_id)
    assert supply
    resume_supply(shelf.db, supply, at=now())


def _review(shelf: Shelf) -> None:
    review = write_review(
        shelf.db, shelf.item, Written(4, "Warm", "Kept me warm.", "Ann"), locale="en", bought_store_id=None, at=now()
    )
    shelf.db.flush()
    publish(shelf.db, review, actor=Doer("merchandiser"), at=now())


def _brand(shelf: Shelf) -> None:
    kit = Brand("#8a1f5c", Display.SANS, Corners.SOFT, Tone.PLAIN, "Fashiontown & Co", {})
    set_brand(shelf.db, shelf.retailer, kit, at=now())


_CHANGES: dict[str, Callable[[Shelf], object]] = {
    "price": lambda shelf: set_price(shelf.db, shelf.variant, 4321, at=now()),
    "stock": lambda shelf: set_stock(shelf.db, shelf.variant, shelf.store, 0, as_of=now()),
    "review": _review,
    "offer begins": _offer_begins,
    "brand": _brand,
    "suspension": _suspend,
    "resumption": _resume,
    "publication": lambda shelf: publish_page(
        shelf.db, shelf.item, slots={"story.lede": {"en": "Another story."}}, at=now()
    ),
    "taken down": lambda shelf: take_down(shelf.db, shelf.item, reason="A wrong price.", actor=None, at=now()),
    "retired": lambda shelf: retire_item(shelf.db, shelf.item, at=now()),
}


def test_every_kind_of_change_shows_at_the_next_scan_on_every_worker(
    shop: Shop, note_result: Callable[..., None]
) -> None:
    token = _stock(shop)
    shop.serve()
    seconds = {}
    for name, change in _CHANGES.items():
        before = _same_page(shop, token)
        began = time.monotonic()
        with _shelf(shop, token) as shelf:
            change(shelf)
            shelf.db.commit()
        began = time.monotonic() if name != "offer begins" else began + _EDGE.total_seconds()
        seconds[name] = round(_await_another(shop, token, before) - began, 2)

    note_result(seconds_until_the_last_old_page={name: max(0.0, took) for name, took in seconds.items()})
    assert seconds.keys() == _CHANGES.keys()


@contextmanager
def _shelf(shop: Shop, token: str) -> Iterator[Shelf]:
    with shop.database.write() as db:
        code = db.scalars(select(Code).where(Code.token == token)).one()
        item = db.get_one(Item, code.item_id)
        yield Shelf(db, db.get_one(Retailer, item.retailer_id), db.get_one(Store, code.store_id), item)


def _stock(shop: Shop) -> str:
    with shop.database.write() as db:
        retailer = make_retailer(db, name="Fashiontown")
        store = make_store(db, retailer)
        item = make_item(db, retailer, vendor=make_vendor(db, retailer))
        publish_page(db, item, slots={"story.lede": {"en": "The first story."}})
        token = make_code(db, item, store=store).token
        shelf = Shelf(db, retailer, store, item)
        set_stock(db, shelf.variant, store, 9, as_of=now())
        db.commit()
    return token


def _scan(shop: Shop, token: str) -> str:
    status, _, body = shop.fetch(f"/q/{token}", agent=_ROBOT)
    assert status == 200
    return sha256(body).hexdigest()


def _same_page(shop: Shop, token: str) -> str:
    """The page that every worker shows."""
    shown = _scan(shop, token)
    in_a_row, until = 1, time.monotonic() + _WAIT_S
    while in_a_row < _IN_A_ROW:
        assert time.monotonic() < until, "the workers do not agree"
        again = _scan(shop, token)
        in_a_row = in_a_row + 1 if again == shown else 1
        shown = again
    return shown


def _await_another(shop: Shop, token: str, before: str) -> float:
    """When the last answer with the page from before was on its way; every worker shows another one since."""
    in_a_row, last, until = 0, 0.0, time.monotonic() + _WAIT_S
    while in_a_row < _IN_A_ROW:
        assert time.monotonic() < until, "a worker still shows the page from before"
        began = time.monotonic()
        if _scan(shop, token) == before:
            in_a_row, last = 0, began
        else:
            in_a_row += 1
    return last

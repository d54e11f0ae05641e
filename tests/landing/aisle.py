"""A shopper in an aisle: a shop with two languages, a store, a published top with its printed code, and an offer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.service import set_stock
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.content.models import Style
from qrmerch.landing.front_door import ScanPath
from qrmerch.looks.models import Look
from qrmerch.offers.models import Offer, OfferCounter, OfferItem, OfferKind
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.scans.line import read_line
from qrmerch.web import Services
from tests.browsing import Browser
from tests.factories import (
    make_asset,
    make_code,
    make_item,
    make_look,
    make_retailer,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)

LEDE = {"en": "The loose knit that makes jeans look like a plan.", "ar": "القميص الواسع."}


@dataclass
class Aisle:
    """What stands around the shopper."""

    retailer: Retailer
    store: Store
    vendor: Vendor
    top: Item
    sandal: Item
    code: Code
    look: Look

    @property
    def printed(self) -> str:
        """The address on the top's tag."""
        return f"/q/{self.code.token}"

    @property
    def page(self) -> str:
        """The same page's own address."""
        return f"/i/{self.top.public_id}?at={self.store.public_id}"

    @property
    def keep(self) -> str:
        return f"/i/{self.top.public_id}/keep"


def make_aisle(
    db: Session,
    *,
    locales: list[str] | None = None,
    style: Style = Style.EVERYDAY,
    draw: Callable[[Vendor, str], str] | None = None,
    **more: object,
) -> Aisle:
    """An aisle, committed; `more` goes to the retailer.

    :param draw: gives the id of a picture of a vendor's; without it there are rows and no files.
    """
    retailer = make_retailer(db, slug="fashiontown", name="Fashiontown", locales=locales or ["en", "ar"], **more)
    store = make_store(db, retailer, short_name="Riverside")
    vendor = make_vendor(db, retailer, name="Sunny Side")
    top = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top")
    sandal = make_item(db, retailer, vendor=vendor, title="Silver Cross Sandal")
    make_template(db, retailer, style=style)
    for item in (top, sandal):
        pictures = [draw(vendor, f"{item.title} {n}") if draw else make_asset(db, vendor).id for n in (1, 2)]
        lede = {locale: words for locale, words in LEDE.items() if locale in retailer.locales}
        publish_page(db, item, slots={"gallery.pictures": pictures, "story.lede": lede})
    look = make_look(db, top, sandal, title="Complete the look", at=now())
    stock(db, top, store, 8, 0)
    code = make_code(db, top, store=store)
    db.commit()
    return Aisle(retailer, store, vendor, top, sandal, code, look)


def variants_of(db: Session, item: Item) -> list[Variant]:
    return list(db.scalars(select(Variant).where(Variant.item_id == item.id).order_by(Variant.place)))


def stock(db: Session, item: Item, store: Store, *pieces: int) -> None:
    """So many pieces of each variant of an item, in order."""
    for variant, count in zip(variants_of(db, item), pieces, strict=True):
        set_stock(db, variant, store, count, as_of=now())


def add_offer(
    db: Session,
    *items: Item,
    kind: OfferKind = OfferKind.PERCENT,
    value: int = 10,
    until_at: datetime | None = None,
    **more: object,
) -> Offer:
    """An offer on items that began yesterday and holds for two days unless said otherwise; as rows."""
    values: dict[str, object] = {"headline": {"en": "10% off any yellow top"}, "terms": {"en": "Once each."}, **more}
    at = now()
    offer = Offer(
        id=ids.new(),
        retailer_id=items[0].retailer_id,
        kind=kind,
        value=value,
        currency="USD",
        from_at=at - timedelta(days=1),
        until_at=until_at or at + timedelta(days=2),
        limit_total=50,
        created_at=at,
        **values,
    )
    db.add(offer)
    db.flush()
    db.add(OfferCounter(retailer_id=offer.retailer_id, offer_id=offer.id, lim=50))
    for item in items:
        db.add(OfferItem(retailer_id=offer.retailer_id, offer_id=offer.id, item_id=item.id))
    db.flush()
    return offer


def carry(browser: Browser, secret: str, *, host: str = "localhost") -> Browser:
    """The browser with this value in a shopper's cookie; the client sends no other."""
    browser._client.set_cookie("qm", secret, domain=host)
    return browser


def lines(app: Flask) -> list[Any]:
    """What the scan log says so far: of each line what is its own, and its traits beside that."""
    services: Services = app.extensions["qrmerch"]
    files = sorted(services.settings.log_dir.glob("*.jsonl"))
    said = [read_line(line) for file in files for line in file.read_bytes().splitlines()]
    return [SimpleNamespace(**each._asdict(), **each.traits._asdict()) for each in said]


def scan_path(app: Flask) -> ScanPath:
    services: Services = app.extensions["qrmerch"]
    found: ScanPath = services.parts["scan_path"]
    return found


def hear(app: Flask) -> None:
    """What every worker does each half second: read what has changed."""
    assert scan_path(app).changes.look(now())

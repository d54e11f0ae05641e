"""A vendor's desk at one retailer, and a page written there through HTTP."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content.models import Content, PageTemplate, Revision
from qrmerch.content.queries import list_revisions
from qrmerch.db import Database
from qrmerch.media.models import Asset
from qrmerch.parties.models import Retailer, Vendor
from tests.browsing import Browser
from tests.factories import Person, make_asset, make_item, make_person, make_retailer, make_template, make_vendor


@dataclass
class Desk:
    """Vera's vendor at one retailer, with an item and a picture there."""

    retailer: Retailer
    vendor: Vendor
    template: PageTemplate
    item: Item
    asset: Asset
    vera: Person


def make_desk(db: Session) -> Desk:
    """A desk with nothing written yet; committed."""
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    vendor = make_vendor(db, retailer, name="Sunny Side")
    template = make_template(db, retailer, name="Everyday")
    item = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top")
    asset = make_asset(db, vendor)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    db.commit()
    return Desk(retailer, vendor, template, item, asset, vera)


def new_address(desk: Desk) -> str:
    return f"/studio/content/new?item={desk.item.id}"


def latest(database: Database, item: Item) -> Revision:
    """The item's newest revision as another session sees it."""
    with database.read() as db:
        content_id = db.scalars(select(Content.id).where(Content.item_id == item.id)).one()
        return list_revisions(db, content_id)[0]


def begin(browser: Browser, desk: Desk, **values: object) -> str:
    """Fill in and save the first draft; the address of its editor."""
    page = browser.get(new_address(desk))
    answer = browser.send(page, action="/studio/content/new", **{"do": "save", **values})
    assert answer.status_code == 303, answer.text[:400]
    address: str = answer.headers["Location"].partition("?")[0].partition("#")[0]
    return address

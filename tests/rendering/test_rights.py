"""A picture outside its rights is on no page, and a page that is kept ends where it would change."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.media.models import Asset
from qrmerch.media.queries import pictures_of
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import make_asset, make_item, make_look, make_retailer, make_template, publish_page

SOON = NOON + timedelta(hours=2)


def rendered(db: Session, item: Item, at: datetime) -> RenderedPage:
    return render_item_page(db, item_id=item.id, store_id=None, locale="en", at=at)


def addresses(db: Session, asset: Asset) -> set[str]:
    picture = pictures_of(db, [asset.id])[asset.id]
    return {each.url for each in (*picture.sources, *picture.card)} | {picture.preview_url}


def shows(db: Session, page: RenderedPage, asset: Asset) -> bool:
    html = page.html.decode()
    return any(address in html for address in addresses(db, asset))


@pytest.fixture
def shown(db: Session) -> tuple[Item, Asset, Asset]:
    """An item with two pictures on its page."""
    retailer = make_retailer(db)
    make_template(db, retailer)
    item = make_item(db, retailer)
    vendor = db.get_one(Vendor, item.vendor_id)
    one, other = make_asset(db, vendor), make_asset(db, vendor)
    publish_page(db, item, slots={"gallery.pictures": [one.id, other.id]})
    return item, one, other


def test_a_page_shows_a_picture_until_its_rights_end_and_not_a_moment_longer(
    db: Session, shown: tuple[Item, Asset, Asset]
) -> None:
    item, one, other = shown
    set_rights(one, Rights(None, SOON))
    db.flush()

    before, after = rendered(db, item, SOON - timedelta(microseconds=1)), rendered(db, item, SOON)

    assert (shows(db, before, one), shows(db, before, other)) == (True, True)
    assert (shows(db, after, one), shows(db, after, other)) == (False, True)
    assert before.until == SOON
    assert rendered(db, item, NOON).until == SOON
    assert after.until > SOON + timedelta(hours=1)


def test_a_picture_whose_rights_begin_comes_at_that_instant(db: Session, shown: tuple[Item, Asset, Asset]) -> None:
    item, one, other = shown
    set_rights(other, Rights(SOON, None))
    db.flush()

    before, after = rendered(db, item, NOON), rendered(db, item, SOON)

    assert (shows(db, before, other), shows(db, after, other)) == (False, True)
    assert before.until == SOON
    assert shows(db, before, one)


def test_a_page_all_of_whose_pictures_are_over_stands_without(db: Session, shown: tuple[Item, Asset, Asset]) -> None:
    item, one, other = shown
    for each in (one, other):
        set_rights(each, Rights(None, NOON))
    db.flush()

    page = rendered(db, item, NOON)

    assert not shows(db, page, one)
    assert not shows(db, page, other)
    assert item.title in page.html.decode()


def test_a_card_takes_the_next_picture_and_its_page_ends_there_too(
    db: Session, shown: tuple[Item, Asset, Asset]
) -> None:
    item, one, other = shown
    host = make_item(db, db.get_one(Retailer, item.retailer_id))
    make_look(db, host, item, title="Together")
    publish_page(db, host)
    set_rights(one, Rights(None, SOON))
    db.flush()

    before, after = rendered(db, host, NOON), rendered(db, host, SOON)

    assert (shows(db, before, one), shows(db, before, other)) == (True, False)
    assert (shows(db, after, one), shows(db, after, other)) == (False, True)
    assert before.until == SOON


def test_lists_of_staff_show_what_may_be_shown(db: Session, shown: tuple[Item, Asset, Asset]) -> None:
    item, one, other = shown
    set_rights(one, Rights(None, SOON))
    db.flush()

    found = [list_card_addresses(db, [item], at=at)[item.id] for at in (NOON, SOON)]

    assert found == [pictures_of(db, [each.id])[each.id].card_url for each in (one, other)]

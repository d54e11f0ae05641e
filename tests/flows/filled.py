"""A shop with one item as a vendor would fill it: real photographs, an offer, and what goes with it."""

import io
from pathlib import Path

from sqlalchemy.orm import Session

from qrmerch.buckets import open_store
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.jobs import Work
from qrmerch.media import service as media
from qrmerch.media.tasks import render
from qrmerch.parties.models import Vendor
from tests.drills.shop import Shop
from tests.factories import (
    make_code,
    make_fixture,
    make_item,
    make_look,
    make_offer,
    make_retailer,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)

_PHOTOS = tuple(f"magento_{name}-yellow_main.jpg" for name in ("ws01", "ws05", "ws10", "wt07"))
_STORY = (
    "Open-stitch cotton with a **scooped** neck and a dropped shoulder. Cut a little short so it sits right over high"
    " waists, and knitted loosely enough to wear over a shirt in October and a vest in June."
)


def fill_shop(served: Shop, photos: Path, style: Style) -> str:
    """An item as a vendor would fill it, with an offer and what goes with it; the token of a code on its shelf."""
    settings, store_of_files = served.settings, open_store(served.settings)
    with served.database.write() as db:
        retailer = make_retailer(db, name="Fashiontown")
        store = make_store(db, retailer, short_name="Riverside")
        vendor = make_vendor(db, retailer, name="Sunny Side")
        item = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top", sizes=("XS", "S", "M", "L"))
        goes_with = make_item(db, retailer, vendor=vendor, title="Mustard V Jumper")
        template = make_template(db, retailer, style=style)
        pictures = [receive_picture(db, vendor, photos / name, served) for name in _PHOTOS]
        other = receive_picture(db, vendor, photos / "magento_wt02-yellow_main.jpg", served)
        db.commit()
    for asset_id in (*pictures, other):
        render(Work(settings, served.database, store_of_files), asset_id=asset_id)
    with served.database.write() as db:
        item, goes_with = db.get_one(Item, item.id), db.get_one(Item, goes_with.id)
        values: dict[str, object] = {"gallery.pictures": pictures, "story.text": {"en": _STORY}}
        publish_page(db, item, template=template, slots=values, at=now())
        publish_page(db, goes_with, template=template, slots={"gallery.pictures": [other]}, at=now())
        make_look(db, item, goes_with, title="Yellow, all of it", at=now())
        make_offer(db, item)
        token = make_code(db, item, fixture=make_fixture(db, store)).token
        db.commit()
    return token


def receive_picture(db: Session, vendor: Vendor, photo: Path, served: Shop) -> str:
    """A photo as a vendor sends it, with its alt text in English; its renditions are yet to be made. Its id."""
    asset = media.receive_upload(
        db,
        vendor_id=vendor.id,
        stream=io.BytesIO(photo.read_bytes()),
        file_name=photo.name,
        store=open_store(served.settings),
        settings=served.settings,
        at=now(),
    )
    asset.alt = {"en": photo.stem.replace("-", " ").capitalize()}
    db.flush()
    return asset.id

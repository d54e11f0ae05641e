"""A retailer's codes and all that they name, as lines of JSON: what is written here is read back by `coming`.

Every line says its kind. First the retailer with its brand and hosts, then stores, places, vendors with their items,
looks and events without their pictures, what GS1 numbers lead to, and last the codes, each by its own words and never
by an id of this database.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item, Variant, VendorProduct
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer
from qrmerch.codes.gs1_queries import list_allowed_hosts, list_link_hosts
from qrmerch.codes.gs1_service import href_problem
from qrmerch.codes.models import Code
from qrmerch.looks.models import Look
from qrmerch.looks.queries import list_items, list_looks
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import list_occasions, list_stores_of
from qrmerch.parties.models import BrandKit, Fixture, Retailer, Store, Vendor
from qrmerch.parties.queries import get_brand, list_hosts, list_networks, list_stores

FILE: Final = "shop.jsonl"
# Grows when a reader of before could not read a file of now: 2 says the links of GS1 numbers as well, 3 looks and
# events.
VERSION: Final = 3
READABLE: Final = (1, 2, 3)
_AT_ONCE: Final = 500
Record = dict[str, Any]

_STORE_FIELDS: Final = (
    "public_id", "code", "name", "short_name", "address", "city", "region", "postcode", "country", "time_zone",
    "is_zone_guessed", "locale", "gln", "hours", "is_open",
)  # fmt: skip
_BRAND_FIELDS: Final = ("colour", "corners", "tone", "wordmark", "legal", "social")


def each_record(db: Session, retailer: Retailer, *, base_url: str, at: datetime) -> Iterator[Record]:
    """Every record of a retailer, in the order in which they can be read back.

    :param base_url: the installation's own address, which codes without a host of the retailer's carry.
    """
    yield {**_retailer_record(db, retailer, at), "shared_host": urlsplit(base_url).hostname or ""}
    stores = {store.id: store for store in list_stores(db, retailer.id)}
    for store in stores.values():
        said = {name: getattr(store, name) for name in _STORE_FIELDS}
        yield {"kind": "store", **said, "networks": list_networks(db, store.id)}
    fixtures = select(Fixture).where(Fixture.retailer_id == retailer.id).order_by(Fixture.id)
    for fixture in db.scalars(fixtures):
        store = stores[fixture.store_id]
        yield {"kind": "place", "store": store.code, "name": fixture.name, "is": fixture.kind.value}
    yield from _each_item(db, retailer)
    yield from _each_look(db, retailer)
    yield from _each_occasion(db, retailer)
    yield from _each_answer(db, retailer)
    yield from _each_link(db, retailer)
    yield from _each_code(db, retailer)


def _retailer_record(db: Session, retailer: Retailer, at: datetime) -> Record:
    brand: BrandKit = get_brand(db, retailer.id, at=at)
    return {
        "kind": "retailer",
        "version": VERSION,
        "written_at": at.isoformat(),
        "slug": retailer.slug,
        "name": retailer.name,
        "currency": retailer.currency,
        "locales": [retailer.default_locale, *(x for x in retailer.locales if x != retailer.default_locale)],
        "time_zone": retailer.time_zone,
        "measurement": retailer.measurement.value,
        "no_discount": retailer.no_discount,
        "brand": {name: getattr(brand, name) for name in _BRAND_FIELDS},
        "hosts": [
            {"host": row.host, "is_default": row.is_primary}
            for row in list_hosts(db, retailer.id)
            if row.proven_at is not None
        ],
        "link_hosts": [row.host for row in list_allowed_hosts(db, retailer.id)],
    }


def _each_item(db: Session, retailer: Retailer) -> Iterator[Record]:
    rows = (
        select(Item, VendorProduct, Vendor)
        .join(VendorProduct, VendorProduct.id == Item.product_id)
        .join(Vendor, Vendor.id == Item.vendor_id)
        .where(Item.retailer_id == retailer.id)
        .order_by(Item.created_at, Item.id)
    )
    for item, product, vendor in db.execute(rows.execution_options(yield_per=_AT_ONCE)):
        variants = db.scalars(select(Variant).where(Variant.item_id == item.id).order_by(Variant.place, Variant.id))
        yield {
            "kind": "item",
            "public_id": item.public_id,
            "vendor": vendor.name,
            "is_house": vendor.is_house,
            "key": product.key,
            "maker": product.maker,
            "title": item.title,
            "category": item.category,
            "is_retired": item.is_retired,
            "created_at": item.created_at.isoformat(),
            "variants": [
                {
                    "key": each.key,
                    "sku": each.sku,
                    "gtin": each.gtin,
                    "options": each.options,
                    "price_minor": each.price_minor,
                    "currency": each.currency,
                    "is_hidden": each.is_hidden,
                }
                for each in variants
            ],
        }


def _each_look(db: Session, retailer: Retailer) -> Iterator[Record]:
    for look in list_looks(db, retailer.id):
        yield {
            "kind": "look",
            "public_id": look.public_id,
            "title": look.title,
            "words": look.words,
            "items": [item.public_id for item in list_items(db, look.id)],
            "is_published": look.is_published,
            "made_at": look.created_at.isoformat(),
        }


def _each_occasion(db: Session, retailer: Retailer) -> Iterator[Record]:
    for occasion in list_occasions(db, retailer.id):
        yield {
            "kind": "occasion",
            "public_id": occasion.public_id,
            "title": occasion.title,
            "words": occasion.words,
            "spot": occasion.spot,
            "begins": occasion.begins,
            "ends": occasion.ends,
            "stores": [store.code for store in list_stores_of(db, occasion.id)],
            "is_published": occasion.is_published,
            "made_at": occasion.created_at.isoformat(),
        }


def _each_answer(db: Session, retailer: Retailer) -> Iterator[Record]:
    """Which variant is meant by a number that several have."""
    rows = select(GtinAnswer.gtin, Item.public_id, Variant.key).join(Variant, Variant.id == GtinAnswer.variant_id)
    rows = rows.join(Item, Item.id == Variant.item_id).where(GtinAnswer.retailer_id == retailer.id)
    for gtin, item, variant in db.execute(rows.order_by(GtinAnswer.gtin)).all():
        yield {"kind": "answer", "gtin": gtin, "item": item, "variant": variant}


def _each_link(db: Session, retailer: Retailer) -> Iterator[Record]:
    """What the numbers of items lead to besides their pages; one to a host that is not allowed any more is left out."""
    hosts = list_link_hosts(db, retailer.id)
    rows = select(Gs1Link, Item.public_id).join(Item, Item.id == Gs1Link.item_id)
    rows = rows.where(Gs1Link.retailer_id == retailer.id).order_by(Gs1Link.created_at, Gs1Link.id)
    for link, item in db.execute(rows).all():
        if href_problem(link.href, hosts):
            continue
        yield {
            "kind": "link",
            "item": item,
            "gtin": link.gtin,
            "level": link.qualifiers,
            "link_type": link.link_type,
            "title": link.title,
            "locale": link.locale,
            "href": link.href,
            "media_type": link.media_type,
            "context": link.context,
            "is_default": link.is_default,
            "made_at": link.created_at.isoformat(),
        }


def _each_code(db: Session, retailer: Retailer) -> Iterator[Record]:
    """The codes, oldest first; one that was replaced names its successor's token."""
    led, after = aliased(Store), aliased(Code)
    rows = (
        select(
            Code,
            Item.public_id,
            Variant.key,
            led.public_id,
            Look.public_id,
            Occasion.public_id,
            Store.code,
            Fixture.name,
            after.token,
        )
        .outerjoin(Item, Item.id == Code.item_id)
        .outerjoin(Variant, Variant.id == Code.subject_id)
        .outerjoin(led, led.id == Code.subject_id)
        .outerjoin(Look, Look.id == Code.subject_id)
        .outerjoin(Occasion, Occasion.id == Code.subject_id)
        .outerjoin(Store, Store.id == Code.store_id)
        .outerjoin(Fixture, Fixture.id == Code.fixture_id)
        .outerjoin(after, after.id == Code.replaced_by_id)
        .where(Code.retailer_id == retailer.id)
        .order_by(Code.created_at, Code.id)
    )
    found = db.execute(rows.execution_options(yield_per=_AT_ONCE))
    for code, item, variant, shop, look, occasion, store, place, successor in found:
        yield {
            "kind": "code",
            "token": code.token,
            "host": code.host,
            "leads_to": code.subject_kind.value,
            "item": item,
            "variant": variant,
            "shop": shop,
            "look": look,
            "occasion": occasion,
            "store": store,
            "place": place,
            "carrier": code.carrier.value,
            "state": code.state.value,
            "replaced_by": successor,
            "batch": code.batch,
            "campaign": code.campaign,
            "made_at": code.created_at.isoformat(),
            "printed_at": code.printed_at.isoformat() if code.printed_at else None,
        }

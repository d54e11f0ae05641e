"""Setting the sample shops up, from the house to the shelf: places, people, goods, prices, stock, pictures, reviews."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.calls.models import CallRule, Staffed
from qrmerch.calls.service import MOST_OPEN
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import list_at, put_product, set_price, set_stock
from qrmerch.config import Settings
from qrmerch.demo import facts
from qrmerch.demo.facts import HouseFacts, Placement, StyleFacts
from qrmerch.demo.pictures import Shot
from qrmerch.files import FileStore
from qrmerch.looks import service as looks
from qrmerch.looks.models import Look
from qrmerch.media.models import Asset
from qrmerch.media.service import receive_upload, record_renditions
from qrmerch.parties import service as parties
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, Store, Vendor
from qrmerch.parties.queries import list_vendors
from qrmerch.reviews.models import Helped, Reason, Review, ReviewState
from qrmerch.reviews.service import answer
from qrmerch.users.models import User
from qrmerch.users.service import Wanted, add_membership, add_user

# Pieces in a store that the page should tell of: few left, none here but elsewhere.
_TOLD_STOCK: Final = {
    ("FT-001", "FT-TOP-01-XS"): 2,
    ("FT-001", "FT-TOP-01-S"): 9,
    ("FT-001", "FT-TOP-01-M"): 14,
    ("FT-001", "FT-TOP-01-L"): 0,
    ("FT-002", "FT-TOP-01-L"): 6,
    ("FT-001", "FT-TOP-02-XS"): 3,
    ("FT-001", "FT-CAP-01-14"): 2,
    ("FT-001", "FT-CAP-02-6"): 0,
    ("FT-001", "FT-SAN-02-7"): 0,
    ("FT-002", "FT-SAN-02-7"): 4,
    ("FT-001", "FT-SAN-02-9"): 3,
    ("FT-003", "FT-BAG-01"): 0,
    ("FT-001", "FT-RUN-01-11"): 2,
    ("FT-001", "FT-RUN-01-12"): 0,
    ("FT-002", "FT-RUN-01-12"): 3,
    ("CV-PAR", "CV-WAT-04"): 1,
    ("SD-RUH", "SD-DAL-01"): 2,
    ("SD-RUH", "SD-OUD-01-50"): 3,
    ("SD-JED", "SD-THR-01-B"): 0,
}
# No shelf, no stock: what is bought there comes home.
_WITHOUT_STOCK: Final = frozenset({"FT-004"})
_REDUCED_DAYS_AGO: Final = 12
# Where shoppers may call an associate, and for how long after the sample shops were set up; then she says so herself.
_CALLED_STORE: Final = "FT-001"
_CALLED_FOR: Final = timedelta(hours=24)


@dataclass(slots=True)
class Shops:
    """What has been set up so far, by the names that the facts use."""

    retailers: dict[str, Retailer] = field(default_factory=dict)
    houses: dict[str, Vendor] = field(default_factory=dict)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    fixtures: dict[tuple[str, str], Fixture] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    assets: dict[str, list[Asset]] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)

    def vendor_of(self, style: StyleFacts) -> Vendor:
        return self.vendors[style.vendor] if style.vendor else self.houses[style.retailer]

    def fixture_at(self, placement: Placement) -> Fixture:
        return self.fixtures[placement.store, placement.spot]


def set_up_places(db: Session, shops: Shops, *, at: datetime) -> None:
    """Retailers with their brand, stores, places and vendors."""
    opened_at = at - timedelta(days=facts.OPENED_DAYS_AGO)
    for house in facts.HOUSES:
        _add_retailer(db, shops, house, opened_at)
    for row in facts.rows("stores"):
        details = parties.StoreDetails(
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            address=row["address"],
            city=row["city"],
            country=row["country"],
            time_zone=row["time_zone"],
            gln=row["gln"],
            hours=row["hours"],
        )
        store = parties.add_store(db, shops.retailers[row["retailer"]], details, at=opened_at)
        if row["network"]:
            parties.set_networks(db, store, [row["network"]])
        shops.stores[store.code] = store
    _let_call(db, shops.stores[_CALLED_STORE], at=at)
    for each in facts.list_placements():
        if (each.store, each.spot) not in shops.fixtures:
            kind = FixtureKind(each.kind)
            shops.fixtures[each.store, each.spot] = parties.add_fixture(
                db, shops.stores[each.store], name=each.spot, kind=kind
            )
    for name in dict.fromkeys(style.vendor for style in facts.list_styles() if style.vendor):
        vendor = shops.vendors[name] = parties.add_vendor(db, name=name, at=opened_at)
        is_trusted = name in facts.TRUSTED_VENDORS
        parties.add_supply(db, shops.retailers[facts.FASHIONTOWN], vendor, is_trusted=is_trusted)


def _let_call(db: Session, store: Store, *, at: datetime) -> None:
    """Shoppers may call in one store, whose associates have said that they can come: at whatever hour one looks."""
    rule = CallRule(
        id=ids.new(), retailer_id=store.retailer_id, store_id=store.id, is_on=True, staffed=Staffed.SWITCH,
        most_open=MOST_OPEN, says_name=True, come_until=at + _CALLED_FOR,
    )  # fmt: skip
    db.add(rule)


def _add_retailer(db: Session, shops: Shops, house: HouseFacts, opened_at: datetime) -> None:
    retailer = parties.add_retailer(
        db,
        slug=house.slug,
        name=house.name,
        currency=house.currency,
        locales=list(house.locales),
        time_zone=house.time_zone,
        no_discount=house.no_discount,
        # A moment earlier, so that the brand of its own comes after the plain one.
        at=opened_at - timedelta(minutes=1),
    )
    parties.set_brand(db, retailer, house.brand, at=opened_at)
    retailer.has_sample_scans = True
    # Nobody sends a demo figures every night.
    retailer.stock_limit_hours = 31 * 24
    shops.retailers[house.slug] = retailer
    own = next(each for each in list_vendors(db, retailer.id) if each.vendor.is_house)
    # Nobody reviews what they wrote themselves, and a house writes its own range.
    parties.set_trusted(own.supply, True)
    shops.houses[house.slug] = own.vendor


def set_up_people(db: Session, shops: Shops, *, at: datetime) -> None:
    """One user for each role, an owner for each further house, and an editor for each further vendor."""
    joined_at = at - timedelta(days=facts.OPENED_DAYS_AGO)
    for person in (*facts.PEOPLE, *facts.EDITORS):
        user = add_user(db, email=person.email, name=person.name, password=facts.PASSWORD, at=joined_at)
        wanted = Wanted(
            person.email,
            person.role,
            retailer_id=shops.retailers[person.retailer].id if person.retailer else None,
            vendor_id=shops.vendors[person.vendor].id if person.vendor else None,
            store_ids=tuple(shops.stores[code].id for code in person.stores),
        )
        add_membership(db, user, wanted, at=joined_at)
        shops.users[person.email] = user


def set_up_goods(db: Session, shops: Shops, *, at: datetime) -> None:
    """Products, the items that list them, two months of prices, and what the stores have."""
    for number, style in enumerate(facts.list_styles()):
        # A little apart, so that lists of what is new have an order.
        listed_at = at - timedelta(days=facts.OPENED_DAYS_AGO - 4, minutes=number)
        product, _ = put_product(db, shops.vendor_of(style).id, _draft(style), at=listed_at)
        item = list_at(db, product, shops.retailers[style.retailer].id, listed_at)
        shops.items[style.key] = item
        variants = list_variants(db, item.id)
        if style.was_price_minor is not None:
            for variant, now in zip(variants, style.variants, strict=True):
                set_price(db, variant, now.price_minor, at=at - timedelta(days=_REDUCED_DAYS_AGO))
        _set_stock(db, shops, style, variants, at)


def _draft(style: StyleFacts) -> ProductDraft:
    locale = facts.house(style.retailer).locales[0]
    words = style.words[locale]
    return ProductDraft(
        key=style.key,
        title=style.title,
        maker=style.vendor or facts.house(style.retailer).name,
        category=style.category,
        description=words.story,
        texts={"blurb": words.blurb, "story": words.story, "care": words.care},
        # Facts in several languages stand on the page itself, which can hold them.
        facts=words.facts if len(style.words) == 1 else (),
        variants=tuple(
            VariantDraft(
                key=" ".join(value for _, value in each.options).casefold(),
                options=each.options,
                currency=style.currency,
                sku=each.sku,
                gtin=each.gtin,
                price_minor=style.was_price_minor or each.price_minor,
            )
            for each in style.variants
        ),
    )


def _set_stock(db: Session, shops: Shops, style: StyleFacts, variants: Sequence[Variant], at: datetime) -> None:
    for store in shops.stores.values():
        if store.retailer_id != shops.retailers[style.retailer].id or store.code in _WITHOUT_STOCK:
            continue
        for variant in variants:
            pieces = _TOLD_STOCK.get((store.code, variant.sku))
            if pieces is None:
                pieces = 0 if style.key == facts.RETIRED_STYLE else _some_pieces(store.code, variant.sku)
            set_stock(db, variant, store, pieces, as_of=at - timedelta(hours=2))


def _some_pieces(store: str, sku: str) -> int:
    """A number that is the same at every setting up."""
    chance = random.Random(f"{store} {sku}")  # noqa: S311 - sample figures
    return chance.choice((3, 4, 5, 6, 6, 7, 8, 9, 11, 12, 14))


def set_up_pictures(
    db: Session,
    shops: Shops,
    shots: Mapping[str, Sequence[Shot]],
    *,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> None:
    """The pictures of each style as its vendor's assets, ready, with words for who cannot see them."""
    received_at = at - timedelta(days=facts.OPENED_DAYS_AGO - 5)
    for style in facts.list_styles():
        assets = []
        for shot in shots[style.key]:
            alt = {
                locale: words.detail if shot.is_detail and words.detail else words.alt
                for locale, words in style.words.items()
            }
            asset = receive_upload(
                db,
                vendor_id=shops.vendor_of(style).id,
                stream=BytesIO(store.path(shot.key).read_bytes()),
                file_name=shot.file_name,
                store=store,
                settings=settings,
                at=received_at,
                alt=alt,
            )
            record_renditions(db, asset, shot.prepared)
            assets.append(asset)
        shops.assets[style.key] = assets


def set_up_looks(db: Session, shops: Shops, *, at: datetime) -> None:
    """What goes with what."""
    titles: dict[tuple[str, str], dict[str, str]] = {}
    words: dict[tuple[str, str], dict[str, str]] = {}
    styles: dict[tuple[str, str], list[str]] = {}
    for row in facts.rows("looks"):
        key = row["retailer"], row["look"]
        titles.setdefault(key, {})[row["locale"]] = row["title"]
        words.setdefault(key, {})[row["locale"]] = row["words"]
        styles.setdefault(key, []).extend(each for each in row["styles"].split(";") if each)
    for key, title in titles.items():
        retailer_id = shops.retailers[key[0]].id
        retailer = db.get_one(Retailer, retailer_id)
        made_at = at - timedelta(days=60)
        look = looks.add_look(db, retailer, looks.Said(title, words[key]), at=made_at, actor=None)
        for style in styles[key]:
            looks.add_item(db, look, shops.items[style], at=made_at, actor=None)
        looks.publish(db, look, at=made_at, actor=None)
        shops.looks[key[1]] = look


def set_up_reviews(db: Session, shops: Shops, *, at: datetime) -> None:
    """What shoppers said, the worst of it too; what waits to be read; and what one tap said."""
    db.add_all(_review(db, shops, row, at) for row in facts.rows("reviews"))
    asked = [each for each in shops.items.values() if each.retailer_id != shops.retailers[facts.CORVANE].id]
    for place, item in enumerate(asked):
        # So many each that sums differ, and the same in every demo.
        said = [Helped.YES] * (3 + place * 7 % 11) + [Helped.PARTLY] * (place * 5 % 4) + [Helped.NO] * (place * 2 % 3)
        for number, helped in enumerate(said):
            answer(db, item, helped, store_id=None, at=at - timedelta(days=1 + number))
    db.flush()


def _review(db: Session, shops: Shops, row: dict[str, str], at: datetime) -> Review:
    item, state = shops.items[row["style"]], ReviewState(row["state"])
    written_at = at - timedelta(days=int(row["days_ago"]), hours=2)
    by = ""
    if row["reply_by"] == "vendor":
        by = db.get_one(Vendor, item.vendor_id).name
    elif row["reply_by"] == "house":
        by = db.get_one(Retailer, item.retailer_id).name
    return Review(
        retailer_id=item.retailer_id,
        item_id=item.id,
        stars=int(row["stars"]),
        title=row["title"],
        text=row["text"],
        alias=row["name"],
        locale=row["lang"],
        state=state,
        reason=Reason.ADVERT if state == ReviewState.REMOVED else None,
        written_at=written_at,
        decided_at=None if state == ReviewState.PENDING else written_at + timedelta(hours=1),
        bought_store_id=shops.stores[row["store"]].id if row["store"] else None,
        reply=row["reply"],
        reply_by=by,
        replied_at=written_at + timedelta(days=1) if by else None,
        is_reply_shown=bool(by),
    )

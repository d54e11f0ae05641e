"""Bringing codes back from a folder that `going` wrote: every old token answers again.

In: `shop.jsonl`, looked at whole first (`checking`). Out: the retailer with its hosts, stores, places, items, variants
and links, and its codes under their old tokens. What is there already stays, so that an import that was cut off is
simply done again.
Never: a token that another retailer has, a host that another has proven, a new host for a house that was here before,
or a change of what a vendor has here already.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import products_by_key
from qrmerch.catalog.service import list_at, put_product
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.codes.gs1_queries import list_link_hosts
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.content.models import Style
from qrmerch.content.templates import add_template
from qrmerch.db import Database
from qrmerch.errors import Conflict, FormError
from qrmerch.looks.models import Look, LookItem
from qrmerch.looks.queries import find_look, list_looks
from qrmerch.moving import records
from qrmerch.moving.checking import NoExport, check_folder, each_record
from qrmerch.occasions.models import Occasion, OccasionStore
from qrmerch.occasions.queries import find_occasion, list_occasions
from qrmerch.parties import service as parties
from qrmerch.parties.languages import first_text
from qrmerch.parties.models import (
    Corners,
    Display,
    Fixture,
    FixtureKind,
    Measurement,
    Proof,
    Retailer,
    RetailerHost,
    Store,
    Supply,
    Tone,
    Vendor,
)
from qrmerch.parties.own_hosts import refuse_taken
from qrmerch.parties.queries import (
    find_retailer_by_slug,
    find_supply,
    find_vendor_by_name,
    list_fixtures,
    list_own_hosts,
    list_stores,
)
from qrmerch.rendering.weighing import weigh_newest

_CHUNK: Final = 2_000
Progress = Callable[[int], None]


class HouseKnown(Conflict):
    """A retailer of that short name is here, and nothing here says that these hosts are its own."""

    slug = "house_known"


class TokenTaken(Conflict):
    """Another retailer has a code with one of these tokens."""

    slug = "token_taken"


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of it."""

    slug: str
    stores: int
    items: int
    codes: int
    # Codes that were there already.
    known: int
    # The old installation's own host, and how many codes carry it.
    shared_host: str
    shared_codes: int


@dataclass(slots=True)
class _There:
    """Ids of what codes name, as the database has them now."""

    retailer_id: str
    items: dict[str, str] = field(default_factory=dict)
    variants: dict[tuple[str, str], str] = field(default_factory=dict)
    shops: dict[str, str] = field(default_factory=dict)
    looks: dict[str, str] = field(default_factory=dict)
    occasions: dict[str, str] = field(default_factory=dict)
    stores: dict[str, str] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)


def count_lines(folder: Path) -> int:
    """How many records the folder holds.

    :raises NoExport: it holds none.
    """
    return sum(1 for _ in each_record(folder))


def read_folder(database: Database, folder: Path, *, at: datetime, progress: Progress = lambda _: None) -> Arrived:
    """Take a folder in; commits as it goes, and leaves what is there already as it is.

    :raises NoExport: it is none, was changed, or was written by a later release; nothing of it is kept.
    :raises HouseKnown: the retailer is here already and the folder names hosts that are not known to be its own.
    :raises TokenTaken: a token belongs to another retailer; nothing of that chunk is kept.
    """
    check_folder(folder)
    lines = each_record(folder)
    first = next(lines)
    counts = {"store": 0, "item": 0}
    try:
        with database.write() as db:
            retailer = _take_retailer(db, first, at)
            db.commit()
            there = _There(retailer.id)
        made = known = shared = 0
        after: dict[str, str] = {}
        for chunk in _chunks(lines):
            with database.write() as db:
                retailer = db.get_one(Retailer, there.retailer_id)
                for record in chunk:
                    _take(db, retailer, record, counts, at)
                    progress(1)
                db.flush()
                new = [record for record in chunk if record["kind"] == "code"]
                if new:
                    _find_all(db, there)
                    fresh = _take_codes(db, there, new, after)
                    made, known = made + fresh, known + len(new) - fresh
                    shared += sum(1 for each in new if not each["host"])
                db.commit()
        with database.write() as db:
            _link(db, there, after)
            detail: dict[str, object] = {"codes": made}
            subject = ("retailer", there.retailer_id)
            audit.record(db, None, "code.import", subject, at=at, retailer_id=there.retailer_id, detail=detail)
            parties.changed(db, there.retailer_id, at=at)
            db.commit()
    except FormError as refused:
        # Each value may be one, and still be none that a house here could have.
        said = " ".join(refused.problems.values())
        raise NoExport(f"A line of {records.FILE} cannot be taken in. {said}") from None
    except (ValueError, NoResultFound) as error:
        raise NoExport(
            f"A line of {records.FILE} cannot be read ({error}). Use a folder as an export wrote it."
        ) from None
    return Arrived(
        slug=str(first["slug"]),
        stores=counts["store"],
        items=counts["item"],
        codes=made,
        known=known,
        shared_host=str(first["shared_host"]),
        shared_codes=shared,
    )


def _chunks(lines: Iterator[records.Record]) -> Iterator[list[records.Record]]:
    """Records in chunks; codes come apart from what they name."""
    chunk: list[records.Record] = []
    for record in lines:
        if chunk and (len(chunk) == _CHUNK or (record["kind"] == "code") != (chunk[0]["kind"] == "code")):
            yield chunk
            chunk = []
        chunk.append(record)
    if chunk:
        yield chunk


def _take_retailer(db: Session, said: records.Record, at: datetime) -> Retailer:
    retailer, linked = find_retailer_by_slug(db, said["slug"]), set(said.get("link_hosts", []))
    if retailer is not None:
        _refuse_new_hosts(db, retailer, {each["host"] for each in said["hosts"]}, linked)
        return retailer
    retailer = parties.add_retailer(
        db,
        slug=said["slug"],
        name=said["name"],
        currency=said["currency"],
        locales=list(said["locales"]),
        time_zone=said["time_zone"],
        no_discount=bool(said["no_discount"]),
        at=at,
    )
    retailer.measurement = Measurement(said["measurement"])
    _take_brand(db, retailer, said["brand"], at)
    usual = Style.QUIET if retailer.no_discount else Style.EVERYDAY
    for style in Style:
        template = add_template(db, retailer.id, name=style.capitalize(), style=style, is_default=style == usual, at=at)
        weigh_newest(db, template, at=at)
    for each in said["hosts"]:
        _take_host(db, retailer, each["host"], is_default=each["is_default"], at=at)
    db.add_all(LinkHost(id=ids.new(), retailer_id=retailer.id, host=host, added_at=at) for host in sorted(linked))
    return retailer


def _refuse_new_hosts(db: Session, retailer: Retailer, hosts: set[str], linked: set[str]) -> None:
    """Who wrote a file cannot say which hosts a house that is here already has.

    :raises HouseKnown: the file names one that is not proven, or not allowed, here.
    """
    new = sorted(hosts - list_own_hosts(db, retailer.id)) + sorted(linked - list_link_hosts(db, retailer.id))
    if new:
        raise HouseKnown(
            f"There is a retailer {retailer.slug} here already, and {new[0]} is not known to be its own. If it is the "
            "same house, let its owner prove and allow its hosts at the desk; then take the folder in again."
        )


def _take_brand(db: Session, retailer: Retailer, said: dict[str, Any], at: datetime) -> None:
    brand = parties.Brand(
        said["colour"],
        Display.SANS,
        Corners(said["corners"]),
        Tone(said["tone"]),
        said["wordmark"],
        dict(said["legal"]),
        dict(said["social"]),
    )
    try:
        # The plain one that came with the retailer has begun already.
        parties.set_brand(db, retailer, brand, at=at + timedelta(milliseconds=1))
    except FormError:
        # A brand that this release would not take costs its looks, and no code.
        return


def _take_host(db: Session, retailer: Retailer, host: str, *, is_default: bool, at: datetime) -> None:
    """A host of the retailer's; whoever runs the installation vouches for it.

    :raises HostTaken: another retailer has proven it.
    """
    refuse_taken(db, retailer.id, host)
    mine = select(RetailerHost).where(RetailerHost.retailer_id == retailer.id)
    row = db.scalars(mine.where(RetailerHost.host == host)).one_or_none()
    if row is None:
        row = RetailerHost(id=ids.new(), retailer_id=retailer.id, host=host, secret=ids.secret(), added_at=at)
        db.add(row)
    # What is printed with it is not known here.
    row.was_primary = True
    if row.proven_at is None:
        row.proven_at, row.proof = at, Proof.OPERATOR
    db.flush()
    has_default = db.scalars(mine.where(RetailerHost.is_primary).limit(1)).one_or_none() is not None
    if is_default and not has_default:
        parties.make_primary(db, row)


def _take(db: Session, retailer: Retailer, record: records.Record, counts: dict[str, int], at: datetime) -> None:
    kind = record["kind"]
    if kind == "store":
        counts["store"] += _take_store(db, retailer, record, at)
    elif kind == "place":
        _take_place(db, retailer, record)
    elif kind == "item":
        counts["item"] += _take_item(db, retailer, record, at)
    elif kind == "look":
        _take_look(db, retailer, record)
    elif kind == "occasion":
        _take_occasion(db, retailer, record)
    elif kind == "answer":
        _take_answer(db, retailer, record)
    elif kind == "link":
        _take_link(db, retailer, record)


def _take_store(db: Session, retailer: Retailer, said: records.Record, at: datetime) -> int:
    known = select(Store.id).where(Store.retailer_id == retailer.id, Store.code == said["code"])
    if db.scalar(known):
        return 0
    names = parties.StoreDetails.__dataclass_fields__
    details = parties.StoreDetails(**{name: value for name, value in said.items() if name in names})
    store = parties.add_store(db, retailer, details, at=at, tells_pages=False)
    store.is_open = bool(said["is_open"])
    if db.scalar(select(Store.id).where(Store.public_id == said["public_id"])) is None:
        store.public_id = said["public_id"]
    parties.set_networks(db, store, list(said["networks"]))
    return 1


def _take_place(db: Session, retailer: Retailer, said: records.Record) -> None:
    store = db.scalars(select(Store).where(Store.retailer_id == retailer.id, Store.code == said["store"])).one()
    known = select(Fixture.id).where(Fixture.store_id == store.id, Fixture.name == said["name"])
    if db.scalar(known) is None:
        parties.add_fixture(db, store, name=said["name"], kind=FixtureKind(said["is"]))


def _take_item(db: Session, retailer: Retailer, said: records.Record, at: datetime) -> int:
    known = db.scalars(select(Item).where(Item.public_id == said["public_id"])).one_or_none()
    if known is not None and known.retailer_id == retailer.id:
        return 0
    vendor = _vendor_of(db, retailer, said, at)
    # What the vendor has here already is the vendor's, and others sell it: its words and numbers stay.
    there = products_by_key(db, vendor.id, [said["key"]]).get(said["key"])
    has = {each.key for each in there.variants} if there else set()
    draft = ProductDraft(
        key=said["key"],
        title=None if there else said["title"],
        maker=None if there else said["maker"],
        category=None if there else said["category"],
        variants=tuple(
            VariantDraft(
                each["key"],
                tuple((str(name), str(value)) for name, value in each["options"].items()),
                each["currency"],
                sku=each["sku"],
                gtin=each["gtin"],
                price_minor=each["price_minor"],
            )
            for each in said["variants"]
            if each["key"] not in has
        ),
    )
    product, _ = put_product(db, vendor.id, draft, at=at)
    item = list_at(db, product, retailer.id, at)
    item.title, item.category, item.is_retired = said["title"], said["category"], bool(said["is_retired"])
    if known is None:
        item.public_id = said["public_id"]
    own = {each["key"]: each for each in said["variants"]}
    for variant in db.scalars(select(Variant).where(Variant.item_id == item.id)):
        each = own.get(variant.key)
        # Of a variant that the house never had nothing shows.
        variant.is_hidden, variant.is_proposed = each is None or each["is_hidden"], each is None
        if each is not None:
            # As they are printed, and as the house sells it, whatever the vendor says by now.
            variant.gtin, variant.sku = each["gtin"], each["sku"]
    return 1


def _take_look(db: Session, retailer: Retailer, said: records.Record) -> None:
    """A look with its items; one that is here already stays as it is.

    :raises NoExport: it is another retailer's.
    """
    known = find_look(db, said["public_id"])
    if known is not None:
        _refuse_foreign(retailer, known.retailer_id, said)
        return
    look = Look(
        id=ids.new(),
        retailer_id=retailer.id,
        name=first_text(retailer, said["title"]) or next(iter(said["title"].values())),
        created_at=datetime.fromisoformat(said["made_at"]),
        **{name: said[name] for name in ("public_id", "title", "words", "is_published")},
    )
    db.add(look)
    db.flush()
    mine = select(Item.public_id, Item.id).where(Item.retailer_id == retailer.id, Item.public_id.in_(said["items"]))
    items = dict(db.execute(mine).all())
    for place, public_id in enumerate(said["items"]):
        inside = LookItem(retailer_id=retailer.id, look_id=look.id, item_id=items[public_id], place=place)
        db.add(inside)
    db.flush()


def _take_occasion(db: Session, retailer: Retailer, said: records.Record) -> None:
    """An occasion in its stores; one that is here already stays as it is.

    :raises NoExport: it is another retailer's.
    """
    known = find_occasion(db, said["public_id"])
    if known is not None:
        _refuse_foreign(retailer, known.retailer_id, said)
        return
    made_at = datetime.fromisoformat(said["made_at"])
    occasion = Occasion(
        id=ids.new(),
        retailer_id=retailer.id,
        name=first_text(retailer, said["title"]) or next(iter(said["title"].values())),
        created_at=made_at,
        changed_at=made_at,
        **{name: said[name] for name in ("public_id", "title", "words", "spot", "begins", "ends", "is_published")},
    )
    db.add(occasion)
    db.flush()
    mine = select(Store.id).where(Store.retailer_id == retailer.id, Store.code.in_(said["stores"]))
    for store_id in db.scalars(mine).all():
        db.add(OccasionStore(retailer_id=retailer.id, occasion_id=occasion.id, store_id=store_id))
    db.flush()


def _refuse_foreign(retailer: Retailer, owner_id: str, said: records.Record) -> None:
    if owner_id != retailer.id:
        raise NoExport(f"The {said['kind']} {said['public_id']} belongs to another retailer here.")


def _take_answer(db: Session, retailer: Retailer, said: records.Record) -> None:
    known = select(GtinAnswer.id).where(GtinAnswer.retailer_id == retailer.id, GtinAnswer.gtin == said["gtin"])
    if db.scalar(known) is None:
        variant = select(Variant.id).join(Item, Item.id == Variant.item_id)
        variant = variant.where(Item.retailer_id == retailer.id, Item.public_id == said["item"])
        variant_id = db.scalars(variant.where(Variant.key == said["variant"])).one()
        db.add(GtinAnswer(retailer_id=retailer.id, gtin=said["gtin"], variant_id=variant_id))
        db.flush()


def _take_link(db: Session, retailer: Retailer, said: records.Record) -> None:
    item_id = db.scalars(select(Item.id).where(Item.retailer_id == retailer.id, Item.public_id == said["item"])).one()
    values = {name: said[name] for name in ("gtin", "link_type", "title", "locale", "href", "media_type", "context")}
    values["qualifiers"] = said["level"]
    if db.scalars(select(Gs1Link.id).filter_by(item_id=item_id, **values).limit(1)).one_or_none():
        return
    level = select(Gs1Link.id).filter_by(
        item_id=item_id, gtin=said["gtin"], qualifiers=said["level"], locale=said["locale"], is_default=True
    )
    # What was chosen here since stays.
    is_default = said["is_default"] and db.scalar(level) is None
    made_at = datetime.fromisoformat(said["made_at"])
    db.add(
        Gs1Link(
            id=ids.new(), retailer_id=retailer.id, item_id=item_id, created_at=made_at, is_default=is_default, **values
        )
    )
    db.flush()


def _vendor_of(db: Session, retailer: Retailer, said: records.Record, at: datetime) -> Vendor:
    """The vendor of an item: of the house's own range the house vendor, else one of that name."""
    if said["is_house"]:
        house = select(Vendor).join(Supply, Supply.vendor_id == Vendor.id)
        return db.scalars(house.where(Supply.retailer_id == retailer.id, Vendor.is_house).limit(1)).one()
    vendor = find_vendor_by_name(db, said["vendor"]) or parties.add_vendor(db, name=said["vendor"], at=at)
    if find_supply(db, retailer.id, vendor.id) is None:
        parties.add_supply(db, retailer, vendor)
    return vendor


def _find_all(db: Session, there: _There) -> None:
    """Read once what codes name."""
    if there.items or there.stores:
        return
    retailer_id = there.retailer_id
    there.items = dict(db.execute(select(Item.public_id, Item.id).where(Item.retailer_id == retailer_id)).all())
    rows = select(Item.public_id, Variant.key, Variant.id).join(Item, Item.id == Variant.item_id)
    there.variants = {(item, key): row for item, key, row in db.execute(rows.where(Item.retailer_id == retailer_id))}
    there.looks = {look.public_id: look.id for look in list_looks(db, retailer_id)}
    there.occasions = {occasion.public_id: occasion.id for occasion in list_occasions(db, retailer_id)}
    stores = list_stores(db, retailer_id)
    there.stores = {store.code: store.id for store in stores}
    there.shops = {store.public_id: store.id for store in stores}
    codes = {store.id: store.code for store in stores}
    there.places = {(codes[each.store_id], each.name): each.id for each in list_fixtures(db, retailer_id)}


def _take_codes(db: Session, there: _There, said: list[records.Record], after: dict[str, str]) -> int:
    """Codes under their old tokens; how many were not there yet. Successors are noted in `after`, by token.

    :raises TokenTaken: one is another retailer's.
    """
    tokens = [str(each["token"]) for each in said]
    found = dict(db.execute(select(Code.token, Code.retailer_id).where(Code.token.in_(tokens))).all())
    if foreign := [token for token, owner in found.items() if owner != there.retailer_id]:
        raise TokenTaken(f"{len(foreign)} of these tokens belong to another retailer here, such as {foreign[0]}.")
    new = [each for each in said if each["token"] not in found]
    db.add_all(_code_of(there, each) for each in new)
    after.update({each["token"]: each["replaced_by"] for each in said if each["replaced_by"]})
    db.flush()
    return len(new)


def _code_of(there: _There, said: records.Record) -> Code:
    kind, item = Subject(said["leads_to"]), said["item"]
    subjects = {
        Subject.ITEM: lambda: there.items[item],
        Subject.VARIANT: lambda: there.variants[item, said["variant"]],
        Subject.STORE: lambda: there.shops[said["shop"]],
        Subject.LOOK: lambda: there.looks[said["look"]],
        Subject.OCCASION: lambda: there.occasions[said["occasion"]],
    }
    store, place = said["store"], said["place"]
    return Code(
        id=ids.new(),
        retailer_id=there.retailer_id,
        token=said["token"],
        subject_kind=kind,
        subject_id=subjects[kind](),
        item_id=there.items[item] if item else None,
        store_id=there.stores[store] if store else None,
        fixture_id=there.places[store, place] if place else None,
        host=said["host"],
        carrier=Carrier(said["carrier"]),
        # Its successor is known once all codes are there.
        state=CodeState(said["state"]),
        batch=said["batch"],
        campaign=said["campaign"],
        created_at=datetime.fromisoformat(said["made_at"]),
        printed_at=datetime.fromisoformat(said["printed_at"]) if said["printed_at"] else None,
    )


def _link(db: Session, there: _There, after: dict[str, str]) -> None:
    """Let replaced codes that have no successor yet lead to theirs again."""
    mine = select(Code).where(Code.retailer_id == there.retailer_id)
    waiting = mine.where(Code.state == CodeState.REPLACED, Code.replaced_by_id.is_(None))
    for old in db.scalars(waiting).all():
        if old.token in after:
            old.replaced_by_id = db.scalars(mine.where(Code.token == after[old.token])).one().id
    db.flush()

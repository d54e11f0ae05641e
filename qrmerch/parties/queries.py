"""Reads about retailers, their brand and places, vendors and supply."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from qrmerch.db import get_one, has_part, is_text
from qrmerch.errors import NotFound
from qrmerch.parties.models import (
    BrandKit,
    Fixture,
    Retailer,
    RetailerHost,
    Store,
    StoreNetwork,
    Supply,
    Vendor,
    Warehouse,
)


@dataclass(frozen=True, slots=True)
class SuppliedBy:
    """A vendor as one retailer sees it."""

    supply: Supply
    vendor: Vendor


def get_retailer(db: Session, retailer_id: str | None) -> Retailer:
    """:raises NotFound: there is none."""
    retailer = db.get(Retailer, retailer_id) if retailer_id else None
    if retailer is None:
        raise NotFound()
    return retailer


def find_retailer_by_slug(db: Session, slug: str) -> Retailer | None:
    return db.scalars(select(Retailer).where(Retailer.slug == slug)).one_or_none()


def list_retailers(db: Session) -> list[Retailer]:
    """All retailers, oldest first."""
    return list(db.scalars(select(Retailer).order_by(Retailer.created_at, Retailer.id)))


def list_supplied(db: Session, vendor_id: str) -> list[Retailer]:
    """The retailers a vendor supplies and is not suspended at, by name."""
    found = select(Retailer).join(Supply, Supply.retailer_id == Retailer.id)
    found = found.where(Supply.vendor_id == vendor_id, Supply.ended_at.is_(None))
    return list(db.scalars(found.order_by(Retailer.name)))


def get_brand(db: Session, retailer_id: str, *, at: datetime) -> BrandKit:
    """The brand kit that holds at an instant; before the first, the first.

    :raises NotFound: the retailer has none, which `add_retailer` never leaves.
    """
    kits = select(BrandKit).where(BrandKit.retailer_id == retailer_id)
    kit = db.scalars(kits.where(BrandKit.from_at <= at).order_by(BrandKit.from_at.desc()).limit(1)).one_or_none()
    kit = kit or db.scalars(kits.order_by(BrandKit.from_at).limit(1)).one_or_none()
    if kit is None:
        raise NotFound()
    return kit


def find_next_brand(db: Session, retailer_id: str, *, at: datetime) -> datetime | None:
    """When the next brand kit begins; None where none waits."""
    coming = select(func.min(BrandKit.from_at)).where(BrandKit.retailer_id == retailer_id, BrandKit.from_at > at)
    return db.scalar(coming)


def list_coming_brands(db: Session, retailer_id: str, *, at: datetime) -> list[BrandKit]:
    """Brand kits that have not begun, the next one first."""
    coming = select(BrandKit).where(BrandKit.retailer_id == retailer_id, BrandKit.from_at > at)
    return list(db.scalars(coming.order_by(BrandKit.from_at)))


def list_stores(db: Session, retailer_id: str) -> list[Store]:
    """A retailer's stores by their code."""
    return list(db.scalars(select(Store).where(Store.retailer_id == retailer_id).order_by(Store.code)))


def list_warehouses(db: Session, retailer_id: str) -> list[Warehouse]:
    """A retailer's warehouses by their code."""
    return list(db.scalars(select(Warehouse).where(Warehouse.retailer_id == retailer_id).order_by(Warehouse.code)))


def find_store_by_public_id(db: Session, retailer_id: str, public_id: str) -> Store | None:
    wanted = select(Store).where(Store.public_id == public_id, Store.retailer_id == retailer_id)
    return db.scalars(wanted).one_or_none()


def find_store(db: Session, public_id: str) -> Store | None:
    """The store of an address, whoever's it is."""
    return db.scalars(select(Store).where(Store.public_id == public_id)).one_or_none()


def search_stores(db: Session, retailer_id: str, find: str, *, limit: int) -> tuple[list[Store], int]:
    """The first open stores with these words in their name or town, by town and name, and how many there are."""
    wanted = [Store.retailer_id == retailer_id, Store.is_open.is_(True)]
    if find:
        names = (Store.name, Store.short_name, Store.city, Store.postcode)
        wanted.append(or_(*(has_part(name, find) for name in names)))
    total = db.scalar(select(func.count(Store.id)).where(*wanted)) or 0
    rows = select(Store).where(*wanted).order_by(Store.city, Store.name, Store.id).limit(limit)
    return list(db.scalars(rows)), total


def list_fixtures(db: Session, retailer_id: str) -> list[Fixture]:
    """A retailer's places, by store and name."""
    found = select(Fixture).join(Store, Store.id == Fixture.store_id).where(Fixture.retailer_id == retailer_id)
    return list(db.scalars(found.order_by(Store.code, Fixture.name)))


def list_networks(db: Session, store_id: str) -> list[str]:
    """The store's own address ranges."""
    wanted = select(StoreNetwork.cidr).where(StoreNetwork.store_id == store_id)
    return list(db.scalars(wanted.order_by(StoreNetwork.cidr)))


def list_vendors(db: Session, retailer_id: str) -> list[SuppliedBy]:
    """Everyone who supplies or supplied a retailer, by name."""
    found = select(Supply, Vendor).join(Vendor, Vendor.id == Supply.vendor_id)
    rows = db.execute(found.where(Supply.retailer_id == retailer_id).order_by(Vendor.name))
    return [SuppliedBy(supply, vendor) for supply, vendor in rows]


def find_supply(db: Session, retailer_id: str, vendor_id: str) -> Supply | None:
    wanted = select(Supply).where(Supply.retailer_id == retailer_id, Supply.vendor_id == vendor_id)
    return db.scalars(wanted).one_or_none()


def find_printed_host(db: Session, retailer_id: str) -> str | None:
    """The host that codes of this retailer are printed with from now on, if it has one of its own."""
    wanted = select(RetailerHost.host).where(
        RetailerHost.retailer_id == retailer_id, RetailerHost.is_primary, RetailerHost.proven_at.is_not(None)
    )
    return db.scalars(wanted.limit(1)).one_or_none()


def list_own_hosts(db: Session, retailer_id: str) -> frozenset[str]:
    """The hosts that are proven to be a retailer's, small letters."""
    wanted = select(RetailerHost.host).where(
        RetailerHost.retailer_id == retailer_id, RetailerHost.proven_at.is_not(None)
    )
    return frozenset(each.lower() for each in db.scalars(wanted))


def printed_base(db: Session, retailer_id: str, *, base_url: str) -> str:
    """What addresses of the retailer's begin with: its own default host, else the installation's address."""
    host = find_printed_host(db, retailer_id)
    return f"https://{host}" if host else base_url


def get_host(db: Session, host_id: str) -> RetailerHost:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, RetailerHost, host_id, "This host is not here any more.")


def list_hosts(db: Session, retailer_id: str) -> list[RetailerHost]:
    """A retailer's hosts: the default first, then the proven ones, then those that wait, each by name."""
    rows = db.scalars(select(RetailerHost).where(RetailerHost.retailer_id == retailer_id))
    return sorted(rows, key=lambda row: (not row.is_primary, row.proven_at is None, row.host))


def find_vendor_by_name(db: Session, name: str) -> Vendor | None:
    """A vendor by its name, in whatever case."""
    return db.scalars(select(Vendor).where(is_text(Vendor.name, name.strip()))).one_or_none()

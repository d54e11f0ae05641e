"""Writes about retailers, their brand and places, vendors and supply."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.errors import Conflict, FormError
from qrmerch.gs1 import check_digit
from qrmerch.i18n import is_locale
from qrmerch.parties.models import (
    BrandKit,
    Corners,
    Display,
    Fixture,
    FixtureKind,
    PageChange,
    Retailer,
    RetailerHost,
    Store,
    StoreNetwork,
    Supply,
    Tone,
    Vendor,
)
from qrmerch.text import clean_line

# As far back as a restarted worker can check the pages on its disk.
CHANGES_KEPT_FOR = timedelta(days=7)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Brand:
    """The five choices of a brand kit, and its legal lines by locale."""

    colour: str
    display: Display
    corners: Corners
    tone: Tone
    wordmark: str
    legal: dict[str, str]


@dataclass(frozen=True, slots=True)
class StoreDetails:
    """What is said of a store."""

    code: str
    name: str
    short_name: str
    address: str
    city: str
    country: str
    time_zone: str
    gln: str | None = None
    hours: str = ""


def changed(db: Session, retailer_id: str, item_id: str | None = None, *, at: datetime) -> None:
    """Tell every worker that shoppers' pages of this item, or of the whole retailer, are out of date.

    Written in the transaction that makes the change.
    """
    db.add(PageChange(retailer_id=retailer_id, item_id=item_id, at=at))


def forget_old_changes(db: Session, *, at: datetime) -> None:
    """Delete changes that every worker has read or slept through."""
    db.execute(delete(PageChange).where(PageChange.at < at - CHANGES_KEPT_FOR))


def add_retailer(
    db: Session,
    *,
    slug: str,
    name: str,
    currency: str,
    locales: list[str],
    time_zone: str,
    at: datetime,
    no_discount: bool = False,
) -> Retailer:
    """A new retailer with a plain brand kit and a house vendor of its own.

    :param locales: the first is the default.
    :raises FormError: a value is not of its kind, or the slug is taken.
    """
    problems = {}
    if not _SLUG.fullmatch(slug) or len(slug) > 40:
        problems["slug"] = "A short name is lower-case letters, digits and single hyphens, at most 40."
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        problems["currency"] = f"{currency} is not a currency's three letters, such as EUR."
    if not locales or not all(is_locale(each) for each in locales):
        problems["locales"] = "Name at least one language, such as en or ar."
    if time_zone not in available_timezones():
        problems["time_zone"] = f"{time_zone} is not a time zone, such as Europe/Berlin."
    if db.scalar(select(Retailer.id).where(Retailer.slug == slug)):
        problems["slug"] = f"There is a retailer {slug} already."
    if problems:
        raise FormError(problems)
    retailer = Retailer(
        id=ids.new(),
        slug=slug,
        name=clean_line(name, 80),
        currency=currency,
        default_locale=locales[0],
        locales=locales,
        time_zone=time_zone,
        no_discount=no_discount,
        created_at=at,
    )
    db.add(retailer)
    db.flush()
    house = Vendor(name=f"{retailer.name} house range", is_house=True, created_at=at)
    db.add(house)
    db.flush()
    add_supply(db, retailer, house)
    plain = Brand("#1f3fbf", Display.SANS, Corners.SOFT, Tone.PLAIN, retailer.name[:40], {})
    set_brand(db, retailer, plain, at=at)
    return retailer


def set_brand(db: Session, retailer: Retailer, brand: Brand, *, at: datetime) -> BrandKit:
    """Let a brand kit hold from now on, on every page of the retailer.

    :raises FormError: the colour is not `#rrggbb`, or the wordmark is empty.
    """
    problems = {}
    colour = brand.colour.lower()
    if not _COLOUR.fullmatch(colour):
        problems["colour"] = "A colour is # and six digits or letters a to f, such as #7a1f4f."
    if not brand.wordmark.strip():
        problems["wordmark"] = "The wordmark is what stands at the top of each page. It cannot be empty."
    if problems:
        raise FormError(problems)
    kit = BrandKit(
        retailer_id=retailer.id,
        from_at=at,
        colour=colour,
        display=brand.display,
        corners=brand.corners,
        tone=brand.tone,
        wordmark=clean_line(brand.wordmark, 40),
        legal={locale: clean_line(line, 400) for locale, line in brand.legal.items() if line.strip()},
    )
    db.add(kit)
    changed(db, retailer.id, at=at)
    db.flush()
    return kit


def add_host(
    db: Session, retailer: Retailer, host: str, *, is_primary: bool, proven_at: datetime | None
) -> RetailerHost:
    """A host name that answers for this retailer."""
    row = RetailerHost(retailer_id=retailer.id, host=host.lower(), is_primary=is_primary, proven_at=proven_at)
    db.add(row)
    db.flush()
    return row


def add_store(db: Session, retailer: Retailer, details: StoreDetails, *, at: datetime) -> Store:
    """A new store.

    :raises FormError: a value is not of its kind, or the code is taken.
    """
    store = Store(retailer_id=retailer.id, public_id=ids.public(), **_checked_store(db, retailer, details, None))
    db.add(store)
    changed(db, retailer.id, at=at)
    db.flush()
    return store


def change_store(db: Session, retailer: Retailer, store: Store, details: StoreDetails, *, at: datetime) -> None:
    """Say something else of a store.

    :raises FormError: a value is not of its kind, or the code is another store's.
    """
    for name, value in _checked_store(db, retailer, details, store).items():
        setattr(store, name, value)
    changed(db, retailer.id, at=at)


def _checked_store(
    db: Session, retailer: Retailer, details: StoreDetails, store: Store | None
) -> dict[str, str | None]:
    problems = {}
    if not details.name.strip():
        problems["name"] = "A store needs a name."
    if not details.code.strip():
        problems["code"] = "A store needs a code of your own, such as 004."
    if details.time_zone not in available_timezones():
        problems["time_zone"] = f"{details.time_zone} is not a time zone, such as Europe/Berlin."
    if not (len(details.country) == 2 and details.country.isascii() and details.country.isalpha()):
        problems["country"] = "A country is its two letters, such as US."
    if details.gln and (problem := _gln_problem(details.gln)):
        problems["gln"] = problem
    same = select(Store.id).where(Store.retailer_id == retailer.id, Store.code == details.code.strip())
    taken = db.scalar(same)
    if taken and (store is None or taken != store.id):
        problems["code"] = f"There is a store {details.code} already."
    if problems:
        raise FormError(problems)
    return {
        "code": clean_line(details.code, 40),
        "name": clean_line(details.name, 80),
        "short_name": clean_line(details.short_name or details.name, 40),
        "address": clean_line(details.address, 200),
        "city": clean_line(details.city, 80),
        "country": details.country.upper(),
        "time_zone": details.time_zone,
        "gln": details.gln or None,
        "hours": clean_line(details.hours, 200),
    }


def _gln_problem(text: str) -> str | None:
    if not (text.isascii() and text.isdigit() and len(text) == 13):
        return "A location number (GLN) has 13 digits."
    expected = check_digit(text[:-1])
    return None if text[-1] == expected else f"The check digit of {text} should be {expected}."


def add_fixture(db: Session, store: Store, *, name: str, kind: FixtureKind) -> Fixture:
    """A new shelf, window or poster in a store.

    :raises FormError: no name, or the store has one of that name.
    """
    name = clean_line(name, 80)
    if not name:
        raise FormError({"name": "A place needs a name that staff will recognise, such as Shoe wall."})
    if db.scalar(select(Fixture.id).where(Fixture.store_id == store.id, Fixture.name == name)):
        raise FormError({"name": f"{store.short_name} has a place called {name} already."})
    fixture = Fixture(retailer_id=store.retailer_id, store_id=store.id, name=name, kind=kind)
    db.add(fixture)
    db.flush()
    return fixture


def set_networks(db: Session, store: Store, cidrs: list[str]) -> None:
    """The address ranges that the store's own Wi-Fi leaves from.

    :raises FormError: one is no address range.
    """
    try:
        ranges = sorted({str(ipaddress.ip_network(each.strip(), strict=False)) for each in cidrs if each.strip()})
    except ValueError as error:
        raise FormError({"networks": f"{error}. Write an address or a range such as 203.0.113.0/28."}) from None
    db.execute(delete(StoreNetwork).where(StoreNetwork.store_id == store.id))
    db.add_all(StoreNetwork(retailer_id=store.retailer_id, store_id=store.id, cidr=each) for each in ranges)
    db.flush()


def add_vendor(db: Session, *, name: str, at: datetime) -> Vendor:
    """A new vendor.

    :raises FormError: no name, or one of that name exists.
    """
    name = clean_line(name, 80)
    if not name:
        raise FormError({"name": "A vendor needs a name."})
    if db.scalar(select(Vendor.id).where(func.lower(Vendor.name) == name.lower())):
        raise FormError({"name": f"There is a vendor {name} already. Ask the operator to link it to you."})
    vendor = Vendor(id=ids.new(), name=name, created_at=at)
    db.add(vendor)
    db.flush()
    return vendor


def add_supply(db: Session, retailer: Retailer, vendor: Vendor, *, is_trusted: bool = False) -> Supply:
    """Let a vendor supply a retailer.

    :raises Conflict: it does already.
    """
    if db.scalar(select(Supply.id).where(Supply.retailer_id == retailer.id, Supply.vendor_id == vendor.id)):
        raise Conflict(f"{vendor.name} supplies {retailer.name} already.")
    supply = Supply(retailer_id=retailer.id, vendor_id=vendor.id, is_trusted=is_trusted)
    db.add(supply)
    db.flush()
    return supply


def end_supply(db: Session, supply: Supply, *, at: datetime) -> None:
    """Suspend a vendor at a retailer: its content is hidden at the next scan."""
    supply.ended_at = at
    changed(db, supply.retailer_id, at=at)


def resume_supply(db: Session, supply: Supply, *, at: datetime) -> None:
    """Let a suspended vendor's content show again."""
    supply.ended_at = None
    changed(db, supply.retailer_id, at=at)


def make_primary(db: Session, host: RetailerHost) -> None:
    """Print this host on codes made from now on."""
    db.execute(update(RetailerHost).where(RetailerHost.retailer_id == host.retailer_id).values(is_primary=False))
    host.is_primary = True

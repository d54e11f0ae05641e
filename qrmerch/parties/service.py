"""Writes about retailers, their brand and places, vendors and supply."""

import ipaddress
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.clock import time_zones
from qrmerch.db import is_text, lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.gs1 import check_digit
from qrmerch.i18n import is_locale
from qrmerch.parties.hours import HoursUnclear, parse_hours
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
    Warehouse,
)
from qrmerch.parties.social import clean_social
from qrmerch.text import clean_line

# As far back as a restarted worker can check the pages on its disk.
CHANGES_KEPT_FOR = timedelta(days=7)
# A store's own Wi-Fi leaves from few addresses; a wider range would take strangers for it.
_WIDEST_V4, _WIDEST_V6, _MAX_NETWORKS = 16, 32, 50
_MAX_LEGAL_CHARS = 400
_MAX_COMING_KITS, _LONGEST_AHEAD = 12, timedelta(days=731)
_LONGEST_STOCK_LIMIT = 366 * 24
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Brand:
    """The five choices of a brand kit, its legal lines by locale, its files by their keys, its addresses by network.

    `logo_ratio`: width over height of the logos, in thousandths. `font_scripts`: what the font has letters of.
    """

    colour: str
    display: Display
    corners: Corners
    tone: Tone
    wordmark: str
    legal: dict[str, str]
    social: dict[str, str] = field(default_factory=dict)
    logo_key: str = ""
    logo_dark_key: str = ""
    logo_ratio: int = 1000
    font_key: str = ""
    font_name: str = ""
    font_scripts: tuple[str, ...] = ()


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
    region: str = ""
    postcode: str = ""
    # Nobody said which zone it is: the retailer's stands in its place, and no clock is told by it.
    is_zone_guessed: bool = False
    # One of the retailer's languages, or empty for its first.
    locale: str = ""


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
    problems: dict[str, str] = {}
    name = _line(problems, "name", name, 80)
    if not name:
        problems.setdefault("name", "A retailer needs a name.")
    if not _SLUG.fullmatch(slug) or len(slug) > 40:
        problems["slug"] = "A short name is lower-case letters, digits and single hyphens, at most 40."
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        problems["currency"] = f"{currency} is not a currency's three letters, such as EUR."
    if not locales or not all(is_locale(each) for each in locales):
        problems["locales"] = "Name at least one language, such as en or ar."
    if time_zone not in time_zones():
        problems["time_zone"] = f"{time_zone} is not a time zone, such as Europe/Berlin."
    if db.scalar(select(Retailer.id).where(Retailer.slug == slug)):
        problems["slug"] = f"There is a retailer {slug} already."
    if problems:
        raise FormError(problems)
    retailer = Retailer(
        id=ids.new(),
        slug=slug,
        name=name,
        currency=currency,
        default_locale=locales[0],
        locales=locales,
        time_zone=time_zone,
        no_discount=no_discount,
        created_at=at,
    )
    db.add(retailer)
    db.flush()
    house_name = f"{retailer.name[:68]} house range"
    if db.scalar(select(Vendor.id).where(is_text(Vendor.name, house_name))):
        house_name = f"{retailer.slug} house range"
    house = Vendor(name=house_name, is_house=True, created_at=at)
    db.add(house)
    db.flush()
    add_supply(db, retailer, house)
    plain = Brand("#1f3fbf", Display.SANS, Corners.SOFT, Tone.PLAIN, retailer.name[:40], {})
    set_brand(db, retailer, plain, at=at)
    return retailer


def set_brand(
    db: Session, retailer: Retailer, brand: Brand, *, at: datetime, from_at: datetime | None = None
) -> BrandKit:
    """Let a brand kit hold on every page of the retailer, from now or from a later instant on.

    :param from_at: later than `at`; None for now.
    :raises FormError: the colour is not `#rrggbb`, the wordmark is empty, a line is too long, an address is another
        network's, a font is chosen that is not there, or the instant is past or another kit's.
    """
    checked = check_brand(brand)
    if from_at is not None:
        lock_for_chain(db, f"brand {retailer.id}")
        _check_begin(db, retailer, from_at, at=at)
    kit = BrandKit(
        id=ids.new(),
        retailer_id=retailer.id,
        from_at=from_at or at,
        colour=checked.colour,
        display=checked.display,
        corners=checked.corners,
        tone=checked.tone,
        wordmark=checked.wordmark,
        legal=checked.legal,
        social=checked.social,
        logo_key=checked.logo_key,
        logo_dark_key=checked.logo_dark_key,
        logo_ratio=checked.logo_ratio,
        font_key=checked.font_key,
        font_name=checked.font_name,
        font_scripts=list(checked.font_scripts),
    )
    db.add(kit)
    changed(db, retailer.id, at=at)
    db.flush()
    return kit


def _check_begin(db: Session, retailer: Retailer, from_at: datetime, *, at: datetime) -> None:
    if from_at <= at:
        raise FormError({"from": "This moment has passed. Choose a later one, or leave it empty for now."})
    if from_at > at + _LONGEST_AHEAD:
        raise FormError({"from": "At most two years ahead."})
    coming = list(
        db.scalars(select(BrandKit.from_at).where(BrandKit.retailer_id == retailer.id, BrandKit.from_at > at))
    )
    if from_at in coming:
        raise FormError({"from": "Another brand begins at that very moment. Cancel it first, or choose another one."})
    if len(coming) >= _MAX_COMING_KITS:
        raise FormError({"from": f"{_MAX_COMING_KITS} brands wait already. Cancel one of them first."})


def cancel_brand(db: Session, retailer: Retailer, kit: BrandKit, *, at: datetime) -> None:
    """Take a brand kit back that has not begun.

    :raises Conflict: it holds already, or held.
    """
    if kit.from_at <= at:
        raise Conflict("This brand has begun. Choose another one and let it hold instead.")
    db.delete(kit)
    changed(db, retailer.id, at=at)
    db.flush()


def check_brand(brand: Brand) -> Brand:
    """A brand kit as it would be kept.

    :raises FormError: as `set_brand`; legal lines are named `legal-<locale>`, networks `social-<key>`.
    """
    problems: dict[str, str] = {}
    colour = brand.colour.strip().lower()
    if not _COLOUR.fullmatch(colour):
        problems["colour"] = "A colour is # and six digits or letters a to f, such as #7a1f4f."
    wordmark = _line(problems, "wordmark", brand.wordmark, 40)
    if not wordmark:
        problems.setdefault("wordmark", "The wordmark is what stands at the top of each page. It cannot be empty.")
    lines = {locale: _line(problems, f"legal-{locale}", line, _MAX_LEGAL_CHARS) for locale, line in brand.legal.items()}
    social, wrong = clean_social(brand.social)
    problems |= {f"social-{key}": sentence for key, sentence in wrong.items()}
    if brand.display == Display.FONT and not brand.font_key:
        problems["display"] = "There is no font of your own yet. Send one, or choose another face for headings."
    if brand.logo_dark_key and not brand.logo_key:
        problems["logo"] = "A logo for dark ground alone leaves the day without one. Send one for light ground too."
    if problems:
        raise FormError(problems)
    legal = {locale: line for locale, line in lines.items() if line}
    return replace(brand, colour=colour, wordmark=wordmark, legal=legal, social=social)


def add_host(
    db: Session, retailer: Retailer, host: str, *, is_primary: bool, proven_at: datetime | None
) -> RetailerHost:
    """A host name that answers for this retailer."""
    row = RetailerHost(retailer_id=retailer.id, host=host.lower(), proven_at=proven_at)
    row.is_primary = row.was_primary = is_primary
    db.add(row)
    db.flush()
    return row


def add_store(
    db: Session, retailer: Retailer, details: StoreDetails, *, at: datetime, tells_pages: bool = True
) -> Store:
    """A new store.

    :param tells_pages: unless the caller does so itself, once for many stores.
    :raises FormError: a value is not of its kind, or the code is taken.
    """
    lock_for_chain(db, f"stores {retailer.id}")
    store = Store(retailer_id=retailer.id, public_id=ids.public(), **_checked_store(db, retailer, details, None))
    db.add(store)
    if tells_pages:
        changed(db, retailer.id, at=at)
    db.flush()
    return store


def change_store(
    db: Session, retailer: Retailer, store: Store, details: StoreDetails, *, at: datetime, tells_pages: bool = True
) -> None:
    """Say something else of a store.

    :param tells_pages: as for `add_store`.
    :raises FormError: a value is not of its kind, or the code is another store's.
    """
    lock_for_chain(db, f"stores {retailer.id}")
    for name, value in _checked_store(db, retailer, details, store).items():
        setattr(store, name, value)
    if tells_pages:
        changed(db, retailer.id, at=at)


def set_open(db: Session, store: Store, is_open: bool, *, at: datetime) -> None:
    """Close a store for shoppers' pages, or open it again; its codes go on working either way."""
    if store.is_open != is_open:
        store.is_open = is_open
        changed(db, store.retailer_id, at=at)


def _checked_store(db: Session, retailer: Retailer, details: StoreDetails, store: Store | None) -> dict[str, object]:
    values, problems = check_store(details)
    code = values["code"]
    taken = db.scalar(select(Store.id).where(Store.retailer_id == retailer.id, Store.code == code))
    if taken and (store is None or taken != store.id):
        problems["code"] = f"There is a store {code} already."
    elif db.scalar(select(Warehouse.id).where(Warehouse.retailer_id == retailer.id, Warehouse.code == code)):
        problems["code"] = f"{code} is a warehouse’s code already."
    if details.locale and details.locale not in (retailer.default_locale, *retailer.locales):
        # One that the retailer gave up since is no mistake of whoever changes something else.
        if store is None or store.locale != details.locale:
            problems["locale"] = "It is not one of your languages."
        values["locale"] = ""
    if problems:
        raise FormError(problems)
    return values


def check_store(details: StoreDetails) -> tuple[dict[str, object], dict[str, str]]:
    """A store's columns as they would be kept, and what is wrong with each; whether its code is free is not asked."""
    problems: dict[str, str] = {}
    code, name = _line(problems, "code", details.code, 40), _line(problems, "name", details.name, 80)
    short_name = _line(problems, "short_name", details.short_name, 40) or name[:40].rstrip()
    gln, country = "".join((details.gln or "").split()), details.country.strip()
    if not name:
        problems.setdefault("name", "A store needs a name.")
    if not code:
        problems.setdefault("code", "A store needs a code of your own, such as 004.")
    if details.time_zone not in time_zones():
        problems["time_zone"] = f"{details.time_zone or 'Nothing'} is not a time zone, such as Europe/Berlin."
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        problems["country"] = "A country is its two letters, such as US."
    if gln and (problem := gln_problem(gln)):
        problems["gln"] = problem
    hours = _line(problems, "hours", details.hours, 200)
    values: dict[str, object] = {
        "code": code,
        "name": name,
        "short_name": short_name,
        "address": _line(problems, "address", details.address, 200),
        "city": _line(problems, "city", details.city, 80),
        "region": _line(problems, "region", details.region, 80),
        "postcode": _line(problems, "postcode", details.postcode, 20),
        "country": country.upper(),
        "time_zone": details.time_zone,
        "is_zone_guessed": details.is_zone_guessed,
        "locale": details.locale,
        "gln": gln or None,
        "hours": hours,
        "weekly": [] if details.is_zone_guessed else _weekly(hours),
    }
    return values, problems


def _weekly(hours: str) -> list[list[list[int]]]:
    """Hours as a row keeps them; empty where they cannot be read."""
    try:
        return [[list(span) for span in day] for day in parse_hours(hours).week]
    except HoursUnclear:
        return []


def _line(problems: dict[str, str], field: str, text: str, max_chars: int) -> str:
    """The text as one clean line; one that is too long is named in `problems`, and empty."""
    try:
        return clean_line(text, max_chars)
    except ValueError as error:
        problems[field] = str(error)
        return ""


def gln_problem(text: str) -> str | None:
    """What is wrong with a store's number, in a sentence that says what would be right; None when nothing is."""
    if not (text.isascii() and text.isdigit() and len(text) == 13):
        return "A location number (GLN) has 13 digits."
    expected = check_digit(text[:-1])
    return None if text[-1] == expected else f"The check digit of {text} should be {expected}."


def add_warehouse(db: Session, retailer: Retailer, *, code: str, name: str) -> Warehouse:
    """A new warehouse: a place with stock and without shoppers.

    :raises FormError: no code, one that a store or warehouse has, or no name.
    """
    problems: dict[str, str] = {}
    code, name = _line(problems, "code", code, 40), _line(problems, "name", name, 80)
    if not code:
        problems.setdefault("code", "A warehouse needs a code, as your stock files name it.")
    if not name:
        problems.setdefault("name", "A warehouse needs a name.")
    lock_for_chain(db, f"stores {retailer.id}")
    for place in (Store, Warehouse):
        if db.scalar(select(place.id).where(place.retailer_id == retailer.id, place.code == code)):
            problems["code"] = f"There is a {place.__name__.lower()} {code} already."
    if problems:
        raise FormError(problems)
    warehouse = Warehouse(retailer_id=retailer.id, code=code, name=name)
    db.add(warehouse)
    db.flush()
    return warehouse


def set_stock_limit(db: Session, retailer: Retailer, hours: int, *, at: datetime) -> bool:
    """Say for how many hours a figure of stock counts; whether anything was different.

    :raises FormError: less than an hour or more than a year.
    """
    if not 1 <= hours <= _LONGEST_STOCK_LIMIT:
        raise FormError({"hours": f"A figure counts for a whole number of hours from 1 to {_LONGEST_STOCK_LIMIT:,}."})
    if retailer.stock_limit_hours == hours:
        return False
    retailer.stock_limit_hours = hours
    changed(db, retailer.id, at=at)
    return True


def add_fixture(db: Session, store: Store, *, name: str, kind: FixtureKind) -> Fixture:
    """A new shelf, window or poster in a store.

    :raises FormError: no name, one that is too long, or the store has one of that name.
    """
    name = _checked_fixture(db, store.id, name, None)
    fixture = Fixture(retailer_id=store.retailer_id, store_id=store.id, name=name, kind=kind)
    db.add(fixture)
    db.flush()
    return fixture


def change_fixture(
    db: Session, fixture: Fixture, *, name: str, kind: FixtureKind, at: datetime, tells_pages: bool = True
) -> None:
    """Call a place something else; its codes and numbers stay with it.

    :param tells_pages: as for `add_store`.
    :raises FormError: as `add_fixture`.
    """
    fixture.name, fixture.kind = _checked_fixture(db, fixture.store_id, name, fixture), kind
    if tells_pages and db.is_modified(fixture):
        changed(db, fixture.retailer_id, at=at)
    db.flush()


def _checked_fixture(db: Session, store_id: str, name: str, fixture: Fixture | None) -> str:
    problems: dict[str, str] = {}
    name = _line(problems, "name", name, 80)
    if not name:
        problems.setdefault("name", "A place needs a name that staff will recognise, such as Shoe wall.")
    lock_for_chain(db, f"places {store_id}")
    taken = db.scalar(select(Fixture.id).where(Fixture.store_id == store_id, Fixture.name == name))
    if taken and (fixture is None or taken != fixture.id):
        problems["name"] = f"This store has a place called {name} already."
    if problems:
        raise FormError(problems)
    return name


def set_networks(db: Session, store: Store, cidrs: list[str]) -> None:
    """The address ranges that the store's own Wi-Fi leaves from.

    :raises FormError: one is no address range, is wider than any store's, or there are more than 50.
    """
    try:
        ranges = sorted({str(_network(each.strip())) for each in cidrs if each.strip()})
    except ValueError as error:
        raise FormError({"networks": f"{error}. Write an address or a range such as 203.0.113.0/28."}) from None
    if len(ranges) > _MAX_NETWORKS:
        raise FormError({"networks": f"{_MAX_NETWORKS} ranges at most; these are {len(ranges)}."})
    db.execute(delete(StoreNetwork).where(StoreNetwork.store_id == store.id))
    db.add_all(StoreNetwork(retailer_id=store.retailer_id, store_id=store.id, cidr=each) for each in ranges)
    db.flush()


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """:raises ValueError: no range, or one so wide that it would hold strangers."""
    network = ipaddress.ip_network(text, strict=False)
    widest = _WIDEST_V4 if network.version == 4 else _WIDEST_V6
    if network.prefixlen < widest:
        raise ValueError(f"{network} is wider than /{widest}, so most of it is not the store's")
    return network


def add_vendor(db: Session, *, name: str, at: datetime) -> Vendor:
    """A new vendor.

    :raises FormError: no name, one that is too long, or one of that name exists.
    """
    problems: dict[str, str] = {}
    name = _line(problems, "name", name, 80)
    if not name:
        problems.setdefault("name", "A vendor needs a name.")
    lock_for_chain(db, "vendors")
    if db.scalar(select(Vendor.id).where(is_text(Vendor.name, name))):
        problems["name"] = f"There is a vendor {name} already. Ask the operator to link it to you."
    if problems:
        raise FormError(problems)
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


def set_trusted(supply: Supply, is_trusted: bool) -> None:
    """Let what a vendor sends through without a reviewer, or not; what waits already is not touched."""
    supply.is_trusted = is_trusted


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
    host.is_primary = host.was_primary = True

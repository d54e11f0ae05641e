"""What every printed address leads to, known without asking the database.

The table is made from the codes, items, stores and retailers, refreshed where a page change says so, and
lies on local disk as well, so that a worker that starts while the database is away knows every code.
"""

import logging
import socket
import time
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item, Variant
from qrmerch.codes.models import Code, CodeState, Subject
from qrmerch.codes.runs import NEW_CODES
from qrmerch.files import replace_file
from qrmerch.i18n import negotiate
from qrmerch.looks.models import Look
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Measurement, Retailer, Store, StoreNetwork
from qrmerch.rendering.changes import Change
from qrmerch.rendering.kept import (
    LOOK,
    OCCASION,
    OTHERS,
    PICKED,
    RETIRED,
    RETIRED_LOOK,
    RETIRED_OCCASION,
    STORE,
    PageKey,
)
from qrmerch.scans.agents import Remembered

log = logging.getLogger("qrmerch.printed")
_FILE: Final = "codes.json"
_SAVE_EVERY_S: Final = 10.0
_PARTIES_EVERY_S: Final = 30.0
_LANGUAGES_REMEMBERED: Final = 2_000
_MAX_REPLACEMENTS: Final = 100


class PrintedCode(NamedTuple):
    """What one printed address leads to; `store_id` and `fixture_id` are empty where there is none.

    Of the page of a store, a look or an event, `item_id` and `item_public_id` are its own.
    """

    token: str
    code_id: str
    retailer_id: str
    item_id: str
    item_public_id: str
    store_id: str
    fixture_id: str
    state: str
    # The token of the code that its old prints lead to; empty unless it was replaced.
    replaced_by: str = ""
    # Which form of the page it is: empty, or as `PageKey` has it.
    form: str = ""
    # What the store it hangs in, or leads to, speaks where nothing else fits; empty for the retailer's first language.
    locale: str = ""

    @property
    def is_retired(self) -> bool:
        return self.state == CodeState.RETIRED

    def page_in(self, locale: str) -> PageKey:
        """The page that it shows in a language of its retailer, if it was not replaced."""
        if self.form == STORE:
            return PageKey(self.item_id, self.item_id, locale, STORE)
        form = _RETIRED.get(self.form, RETIRED) if self.is_retired else self.form
        return PageKey(self.item_id, self.store_id, locale, form)


# What a retired code shows, by the form of the page it led to; of an item's, whatever is chosen, the same.
_RETIRED: Final = {LOOK: RETIRED_LOOK, OCCASION: RETIRED_OCCASION}


class KnownItem(NamedTuple):
    """An item that has a printed code."""

    item_id: str
    public_id: str
    retailer_id: str


class Network(NamedTuple):
    """A range of addresses: those whose bits under `mask` are `base`."""

    size: int
    mask: int
    base: int


class KnownStore(NamedTuple):
    """A store, and the address ranges its own Wi-Fi leaves from."""

    store_id: str
    public_id: str
    retailer_id: str
    cidrs: tuple[str, ...]
    networks: tuple[Network, ...]
    zone: str
    # What is spoken there where nothing else fits; empty for the retailer's first language.
    locale: str


class KnownRetailer:
    """How a retailer's scans are measured, and which languages its pages are in."""

    def __init__(self, measurement: str, default_locale: str, locales: Iterable[str]) -> None:
        self.measurement, self.default_locale, self.locales = measurement, default_locale, tuple(locales)
        self.has_visits = measurement != Measurement.COUNTS
        self.is_estimated = measurement == Measurement.ESTIMATE
        self.is_consented = measurement == Measurement.CONSENTED
        # The default first: it is the answer where nothing fits.
        offered = [default_locale, *(each for each in self.locales if each != default_locale)]
        self.locale_for = Remembered(lambda accept: negotiate(accept, offered), limit=_LANGUAGES_REMEMBERED)
        self._locale_in = {each: _remember(each, offered) for each in offered}

    def choose_locale(self, accept: str, local: str = "") -> str:
        """The language for a browser's wishes.

        :param local: the store's own, which stands where nothing fits; empty, or none of the retailer's, for its first.
        """
        return self._locale_in.get(local, self.locale_for)[accept]

    def says(self) -> tuple[str, str, list[str]]:
        """What `__init__` takes."""
        return self.measurement, self.default_locale, list(self.locales)


def _remember(first: str, offered: Iterable[str]) -> Remembered[str]:
    order = [first, *(each for each in offered if each != first)]
    return Remembered(lambda accept: negotiate(accept, order), limit=_LANGUAGES_REMEMBERED)


class PrintedCodes:
    """The table of one process. Reading it needs no lock: entries are replaced whole."""

    def __init__(self, folder: Path) -> None:
        """:param folder: where the copy lies; an unreadable one is as good as none."""
        self.by_path: dict[str, PrintedCode] = {}
        self.items: dict[str, KnownItem] = {}
        self.stores: dict[str, KnownStore] = {}
        self.retailers: dict[str, KnownRetailer] = {}
        self._retailer_of: dict[str, str] = {}
        # The time zone of each store, by its id.
        self.zones: dict[str, str] = {}
        self._networks: dict[str, tuple[Network, ...]] = {}
        self._file = folder / _FILE
        self._is_read = self._is_dirty = False
        self._saved_s = self._parties_s = 0.0
        self._load()

    def find(self, token: str) -> PrintedCode | None:
        """:param token: in its one printed form."""
        return self.by_path.get(f"/q/{token}")

    def shown_for(self, code: PrintedCode) -> PrintedCode:
        """The code whose page an address leads to: its own, or the last of those that replaced it."""
        for _ in range(_MAX_REPLACEMENTS):
            after = self.find(code.replaced_by) if code.replaced_by else None
            if after is None:
                break
            code = after
        return code

    def retailer_of(self, item_id: str) -> str | None:
        """The retailer of an item with a printed code."""
        return self._retailer_of.get(item_id)

    def find_store(self, public_id: str, retailer_id: str) -> KnownStore | None:
        """A retailer's store by the id in an address; None for another retailer's."""
        store = self.stores.get(public_id)
        return store if store and store.retailer_id == retailer_id else None

    def is_own_network(self, store_id: str, address: str) -> bool:
        """Whether an address belongs to the store's own Wi-Fi."""
        networks = self._networks.get(store_id)
        return networks is not None and _is_in(address, networks)

    def is_network_of_any(self, retailer_id: str | None, address: str) -> bool:
        """Whether an address belongs to the Wi-Fi of any store of a retailer, or (None) of any retailer."""
        stores = [store for store in self.stores.values() if retailer_id in (None, store.retailer_id)]
        return _is_in(address, [network for store in stores for network in store.networks])

    def hear(self, db: Session, changes: Iterable[Change]) -> None:
        """Read anew what changes name, or everything the first time."""
        changes = list(changes)
        if not self._is_read:
            self._read_parties(db)
            self._take(db.execute(_CODES).all(), replaces_all=True)
            self._is_read = True
        elif changes:
            self._read_parties(db)
            self._reread(db, changes)
        elif time.monotonic() - self._parties_s > _PARTIES_EVERY_S:
            self._read_parties(db)
        if self._is_dirty and time.monotonic() - self._saved_s > _SAVE_EVERY_S:
            self.save()

    def learn(self, db: Session, token: str) -> PrintedCode | None:
        """A code that is not in the table yet, from the database, with the item and the retailer it needs."""
        self._take(db.execute(_CODES.where(Code.token == token)).all())
        code = self.find(token)
        if code and code.replaced_by and self.find(code.replaced_by) is None:
            self.learn(db, code.replaced_by)
        if code and code.retailer_id not in self.retailers:
            self._read_parties(db)
        return code

    def save(self) -> None:
        """Write the copy for the next start; a full disk is no reason to fail."""
        self._saved_s, self._is_dirty = time.monotonic(), False
        said = {
            "codes": [list(code) for code in self.by_path.values()],
            "stores": [[*store[:4], store.zone, store.locale] for store in self.stores.values()],
            "retailers": {retailer_id: known.says() for retailer_id, known in self.retailers.items()},
        }
        try:
            replace_file(self._file, orjson.dumps(said))
        except OSError as error:
            log.warning("the table of printed codes was not saved: %s", error)

    def _load(self) -> None:
        try:
            said: dict[str, Any] = orjson.loads(self._file.read_bytes())
            retailers = {retailer_id: KnownRetailer(*known) for retailer_id, known in said["retailers"].items()}
            stores = [_known_store(*store) for store in said["stores"]]
            codes = [PrintedCode(*code) for code in said["codes"]]
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._set_parties(retailers, stores)
        self._take(codes)
        self._is_dirty = False

    def _reread(self, db: Session, changes: list[Change]) -> None:
        item_ids = {change.item_id for change in changes if change.item_id}
        retailer_ids = {change.retailer_id for change in changes if change.item_id in (None, NEW_CODES)}
        if retailer_ids:
            self._take(db.execute(_CODES.where(Code.retailer_id.in_(retailer_ids))).all())
        wanted = sorted(item_ids)
        for begin in range(0, len(wanted), 500):
            some = wanted[begin : begin + 500]
            self._take(db.execute(_CODES.where(Code.item_id.in_(some))).all())
            self._take(db.execute(_CODES.where(Code.item_id.is_(None), Code.subject_id.in_(some))).all())

    def _take(self, rows: Iterable[Any], *, replaces_all: bool = False) -> None:
        codes = [PrintedCode(*row) for row in rows]
        if replaces_all:
            self.by_path, self.items, self._retailer_of = {}, {}, {}
        for code in codes:
            self.by_path[f"/q/{code.token}"] = code
            if code.form not in OTHERS:
                self.items[code.item_public_id] = KnownItem(code.item_id, code.item_public_id, code.retailer_id)
            self._retailer_of[code.item_id] = code.retailer_id
        self._is_dirty = self._is_dirty or bool(codes)

    def _read_parties(self, db: Session) -> None:
        self._parties_s = time.monotonic()
        ranges: dict[str, list[str]] = {}
        for store_id, cidr in db.execute(select(StoreNetwork.store_id, StoreNetwork.cidr)):
            ranges.setdefault(store_id, []).append(cidr)
        stores = [
            _known_store(store_id, public_id, retailer_id, ranges.get(store_id, ()), zone, locale)
            for store_id, public_id, retailer_id, zone, locale in db.execute(select(*_STORES))
        ]
        columns = (Retailer.id, Retailer.measurement, Retailer.default_locale, Retailer.locales)
        retailers: dict[str, KnownRetailer] = {}
        for retailer_id, measurement, default_locale, locales in db.execute(select(*columns)):
            fresh = KnownRetailer(measurement.value, default_locale, locales)
            old = self.retailers.get(retailer_id)
            # Kept where it says the same: its memory of languages is warm.
            retailers[retailer_id] = old if old and old.says() == fresh.says() else fresh
        self._set_parties(retailers, stores)

    def _set_parties(self, retailers: Mapping[str, KnownRetailer], stores: Iterable[KnownStore]) -> None:
        by_public_id = {store.public_id: store for store in stores}
        self._is_dirty = self._is_dirty or by_public_id != self.stores or retailers.keys() != self.retailers.keys()
        self.retailers, self.stores = dict(retailers), by_public_id
        self._networks = {store.store_id: store.networks for store in by_public_id.values() if store.networks}
        self.zones = {store.store_id: store.zone for store in by_public_id.values()}


def _is_in(address: str, networks: Iterable[Network]) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        return False
    if len(packed) == 16 and packed[:12] == b"\0" * 10 + b"\xff\xff":
        packed = packed[12:]
    number = int.from_bytes(packed)
    return any(len(packed) == size and number & mask == base for size, mask, base in networks)


_STORES: Final = (Store.id, Store.public_id, Store.retailer_id, Store.time_zone, Store.locale)


def _known_store(
    store_id: str, public_id: str, retailer_id: str, cidrs: Iterable[str], zone: str, locale: str
) -> KnownStore:
    networks = []
    for cidr in cidrs:
        network = ip_network(cidr)
        size = network.max_prefixlen // 8
        networks.append(Network(size, int(network.netmask), int(network.network_address)))
    return KnownStore(store_id, public_id, retailer_id, tuple(cidrs), tuple(networks), zone, locale)


def _codes() -> Any:
    led, after, hung = aliased(Store), aliased(Code), aliased(Store)
    public_id = func.coalesce(Item.public_id, led.public_id, Look.public_id, Occasion.public_id, "")
    page = func.coalesce(Code.item_id, Code.subject_id), public_id
    places = (func.coalesce(Code.store_id, ""), func.coalesce(Code.fixture_id, ""), Code.state)
    found = select(Code.token, Code.id, Code.retailer_id, *page, *places, func.coalesce(after.token, ""))
    found = found.add_columns(
        case(
            (Code.subject_kind == Subject.STORE, STORE),
            (Code.subject_kind == Subject.LOOK, LOOK),
            (Code.subject_kind == Subject.OCCASION, OCCASION),
            (Variant.key.is_not(None), literal(PICKED) + Variant.key),
            else_="",
        ),
        func.coalesce(hung.locale, led.locale, ""),
    )
    found = found.outerjoin(hung, hung.id == Code.store_id)
    found = found.outerjoin(Item, Item.id == Code.item_id).outerjoin(after, after.id == Code.replaced_by_id)
    found = found.outerjoin(led, and_(Code.subject_kind == Subject.STORE, led.id == Code.subject_id))
    found = found.outerjoin(Look, and_(Code.subject_kind == Subject.LOOK, Look.id == Code.subject_id))
    found = found.outerjoin(Occasion, and_(Code.subject_kind == Subject.OCCASION, Occasion.id == Code.subject_id))
    return found.outerjoin(Variant, and_(Code.subject_kind == Subject.VARIANT, Variant.id == Code.subject_id))


_CODES: Final = _codes()

"""Whether a folder is one that `going` wrote, looked at whole before anything of it is taken in.

In: `shop.jsonl`, which may have been cut off, changed, or written by somebody who means harm. Out: nothing, or which
line is wrong and why. What passes has no value that a page, a path or a table could not hold, names nothing that the
file does not say itself, has each token once, and leads no code in a circle.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import InstrumentedAttribute

from qrmerch.catalog.models import Item, Variant, VendorProduct
from qrmerch.codes.gs1_models import Gs1Link
from qrmerch.codes.gs1_service import MEDIA_TYPES, href_problem
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.tokens import LENGTH, find_token
from qrmerch.errors import DomainError, FormError
from qrmerch.gs1.ai import Problem
from qrmerch.gs1.digital_link import read_path
from qrmerch.gs1.link_types import LINK_TYPES
from qrmerch.looks import service as looks
from qrmerch.moving import records
from qrmerch.occasions import service as occasions
from qrmerch.occasions.service import read_clock
from qrmerch.parties.models import Fixture, FixtureKind, Measurement, Retailer, Store, Vendor
from qrmerch.parties.own_hosts import read_host

Check = Callable[[Any], bool]
_MAX_LINE_CHARS: Final = 1_000_000
_MAX_IN_LIST: Final = 5_000
_MAX_VALUE_CHARS: Final = 2_000
_PUBLIC_ID: Final = re.compile("[0-9a-hjkmnp-tv-z]{16}")
_CONTEXT: Final = re.compile("([a-z0-9][a-z0-9-]{0,39})?")
_WITHOUT_ITEM: Final = (Subject.STORE, Subject.LOOK, Subject.OCCASION)
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class NoExport(DomainError):
    """The folder is none that an export wrote, or a line of it cannot be read."""

    status = 422
    slug = "no_export"


def each_record(folder: Path) -> Iterator[records.Record]:
    """The records of a folder, one after the other.

    :raises NoExport: there are none, or a line is none.
    """
    path = folder / records.FILE
    try:
        with path.open(encoding="utf-8") as file:
            number = 0
            while line := file.readline(_MAX_LINE_CHARS + 1):
                number += 1
                yield _record(line, f"Line {number} of {path}")
    except (OSError, UnicodeDecodeError):
        raise NoExport(f"There is no {path}, or it is no text. Name a folder that an export wrote.") from None


def check_folder(folder: Path) -> None:
    """Look at every record before the first is taken in.

    :raises NoExport: it is no export, was written by a later release, or a line was changed.
    """
    seen = _Seen()
    for number, record in enumerate(each_record(folder), 1):
        where = f"Line {number} of {folder / records.FILE}"
        kind = record.get("kind")
        if (number == 1) != (kind == "retailer"):
            raise NoExport(f"{where} is not where a retailer stands. Name a folder that an export wrote.")
        if number == 1 and record.get("version") not in records.READABLE:
            raise NoExport("This export was written by another release. Use that one, or a later one, to take it in.")
        fields = _FIELDS.get(kind) if isinstance(kind, str) else None
        wrong = "kind" if fields is None else _find_wrong(record, fields) or seen.take(record)
        if wrong:
            raise NoExport(f"{where} says something of {wrong} that cannot be. Use a folder as an export wrote it.")
    if seen.hosts is None:
        raise NoExport(f"{folder / records.FILE} is empty. Name a folder that an export wrote.")
    if loose := seen.find_loose():
        raise NoExport(f"The code {loose} is replaced by one that is not there, or by itself in the end.")


def _record(line: str, where: str) -> records.Record:
    try:
        if len(line) > _MAX_LINE_CHARS:
            raise ValueError(len(line))
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise NoExport(f"{where} is cut off or changed. Export again.") from None
    if not isinstance(record, dict):
        raise NoExport(f"{where} is no record. Export again.")
    return record


def _find_wrong(record: records.Record, fields: Mapping[str, Check]) -> str:
    """The first field that is missing or is not of its kind; empty where all are."""
    return next((name for name, check in fields.items() if name not in record or not check(record[name])), "")


# --- what a value may be ----------------------------------------------------------------------------


def _text(column: InstrumentedAttribute[Any], *, least: int = 0) -> Check:
    """As much text as the column holds."""
    most = column.type.length
    return lambda value: _is_text(value) and least <= len(value) <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_VALUE_CHARS and not _NO_TEXT.search(value)


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(words: Any) -> Check:
    known = {str(word) for word in words}
    return lambda value: isinstance(value, str) and value in known


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= _MAX_IN_LIST and all(map(check, value))


def _record_of(fields: Mapping[str, Check]) -> Check:
    return lambda value: isinstance(value, dict) and not _find_wrong(value, fields)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_words(value: Any) -> bool:
    """A name for each of a few texts or numbers."""
    return (
        isinstance(value, dict)
        and len(value) <= _MAX_IN_LIST
        and all(_is_text(name) and (_is_text(each) or type(each) in (int, float)) for name, each in value.items())
    )


def _is_public_id(value: Any) -> bool:
    return isinstance(value, str) and _PUBLIC_ID.fullmatch(value) is not None


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and len(value) == LENGTH and find_token(value) == value


def _is_price(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_host(value: Any) -> bool:
    try:
        return isinstance(value, str) and read_host(value) == value
    except FormError:
        return False


def _is_level(value: Any) -> bool:
    """What stands behind a number in the address of a batch or a piece."""
    try:
        return isinstance(value, str) and read_path(f"/01/{'0' * 14}{value}").path.endswith(value)
    except Problem:
        return False


_BRAND: Final = {
    **dict.fromkeys(("colour", "corners", "tone", "wordmark"), _is_text), "legal": _is_words, "social": _is_words,
}  # fmt: skip
_VARIANT: Final = {
    "key": _text(Variant.key),
    "sku": _text(Variant.sku),
    "gtin": _maybe(_text(Variant.gtin)),
    "options": _is_words,
    "price_minor": _maybe(_is_price),
    "currency": _text(Variant.currency),
    "is_hidden": _is_flag,
}
# What a language's short name may take, and how many texts one thing has at most.
_MAX_LOCALE_CHARS: Final = 12
_MAX_TEXTS: Final = 40


def _texts(most: int, *, least: int = 0) -> Check:
    """A text in each of a few languages, at least so many; its lines may be broken."""
    return lambda value: (
        isinstance(value, dict)
        and least <= len(value) <= _MAX_TEXTS
        and all(_is_text(locale) and len(locale) <= _MAX_LOCALE_CHARS for locale in value)
        and all(isinstance(text, str) and _is_text(text.replace("\n", " ")) for text in value.values())
        and all(0 < len(text) <= most for text in value.values())
    )


def _is_clock(value: Any) -> bool:
    return isinstance(value, str) and value != "" and read_clock(value) == value


_FIELDS: Final[dict[str, dict[str, Check]]] = {
    "retailer": {
        "slug": _text(Retailer.slug, least=1),
        "name": _text(Retailer.name, least=1),
        "currency": _text(Retailer.currency),
        "locales": _list_of(_is_text),
        "time_zone": _text(Retailer.time_zone),
        "measurement": _one_of(Measurement),
        "no_discount": _is_flag,
        "brand": _record_of(_BRAND),
        "hosts": _list_of(_record_of({"host": _is_host, "is_default": _is_flag})),
        "shared_host": _is_text,
    },
    "store": {
        "public_id": _is_public_id,
        "code": _text(Store.code, least=1),
        **{
            name: _text(getattr(Store, name))
            for name in ("name", "short_name", "address", "city", "region", "postcode", "country", "time_zone", "hours")
        },
        "is_zone_guessed": _is_flag,
        "gln": _maybe(_text(Store.gln)),
        "is_open": _is_flag,
        "networks": _list_of(_is_text),
    },
    "place": {"store": _is_text, "name": _text(Fixture.name, least=1), "is": _one_of(FixtureKind)},
    "item": {
        "public_id": _is_public_id,
        "vendor": _text(Vendor.name, least=1),
        "is_house": _is_flag,
        "key": _text(VendorProduct.key, least=1),
        "maker": _text(VendorProduct.maker),
        "title": _text(Item.title, least=1),
        "category": _text(Item.category),
        "is_retired": _is_flag,
        "variants": _list_of(_record_of(_VARIANT)),
    },
    "code": {
        "token": _is_token,
        "host": lambda value: value == "" or _is_host(value),
        "leads_to": _one_of(Subject),
        **dict.fromkeys(("item", "variant", "shop", "store", "place"), _maybe(_is_text)),
        "carrier": _one_of(Carrier),
        "state": _one_of(CodeState),
        "replaced_by": _maybe(_is_token),
        "batch": _text(Code.batch),
        "campaign": _text(Code.campaign),
        "made_at": _is_instant,
        "printed_at": _maybe(_is_instant),
    },
    "look": {
        "public_id": _is_public_id,
        "title": _texts(looks.MAX_TITLE_CHARS, least=1),
        "words": _texts(looks.MAX_WORDS_CHARS),
        "items": _list_of(_is_public_id),
        "is_published": _is_flag,
        "made_at": _is_instant,
    },
    "occasion": {
        "public_id": _is_public_id,
        "title": _texts(occasions.MAX_TITLE_CHARS, least=1),
        "words": _texts(occasions.MAX_WORDS_CHARS),
        "spot": _texts(occasions.MAX_SPOT_CHARS),
        "begins": _is_clock,
        "ends": _is_clock,
        "stores": _list_of(_is_text),
        "is_published": _is_flag,
        "made_at": _is_instant,
    },
    "answer": {"gtin": _text(Variant.gtin, least=1), "item": _is_text, "variant": _is_text},
    "link": {
        "item": _is_text,
        "gtin": _text(Gs1Link.gtin),
        "level": _is_level,
        "link_type": _one_of(LINK_TYPES),
        "title": _text(Gs1Link.title, least=1),
        "locale": _text(Gs1Link.locale),
        "href": _text(Gs1Link.href, least=1),
        "media_type": _one_of(MEDIA_TYPES),
        "context": lambda value: isinstance(value, str) and _CONTEXT.fullmatch(value) is not None,
        "is_default": _is_flag,
        "made_at": _is_instant,
    },
}


# --- what records say of each other -----------------------------------------------------------------


@dataclass(slots=True)
class _Seen:
    """What the records so far have named."""

    hosts: frozenset[str] | None = None
    link_hosts: frozenset[str] = frozenset()
    # Codes of stores, public ids of stores, places of stores, variants of items.
    stores: set[str] = field(default_factory=set)
    shops: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)
    items: dict[str, frozenset[str]] = field(default_factory=dict)
    looks: set[str] = field(default_factory=set)
    occasions: set[str] = field(default_factory=set)
    after: dict[str, str | None] = field(default_factory=dict)
    # Where a scan leads, and numbers that are marked.
    once: set[tuple[str, ...]] = field(default_factory=set)

    def take(self, record: records.Record) -> str:
        """What is wrong with a record beside the others, as the name of its field; empty where nothing is."""
        takers: dict[str, Callable[[records.Record], str]] = {
            "retailer": self._take_retailer,
            "store": self._take_store,
            "place": self._take_place,
            "item": self._take_item,
            "look": self._take_look,
            "occasion": self._take_occasion,
            "code": self._take_code,
            "answer": self._take_answer,
            "link": self._take_link,
        }
        return takers[record["kind"]](record)

    def find_loose(self) -> str:
        """A token whose successor is not there, or that is its own; empty where there is none."""
        sound: set[str] = set()
        for token in self.after:
            chain: dict[str, None] = {}
            at: str | None = token
            while at is not None and at not in sound:
                if at in chain or at not in self.after:
                    return token
                chain[at] = None
                at = self.after[at]
            sound |= chain.keys()
        return ""

    def _take_retailer(self, record: records.Record) -> str:
        self.hosts = frozenset(each["host"] for each in record["hosts"])
        linked = record.get("link_hosts", [])
        if not (isinstance(linked, list) and len(linked) <= _MAX_IN_LIST and all(map(_is_host, linked))):
            return "link_hosts"
        self.link_hosts = frozenset(linked)
        return ""

    def _take_store(self, record: records.Record) -> str:
        if record["code"] in self.stores or record["public_id"] in self.shops:
            return "code"
        self.stores.add(record["code"])
        self.shops.add(record["public_id"])
        return ""

    def _take_place(self, record: records.Record) -> str:
        if record["store"] not in self.stores:
            return "store"
        self.places.add((record["store"], record["name"]))
        return ""

    def _take_item(self, record: records.Record) -> str:
        keys = [each["key"] for each in record["variants"]]
        if record["public_id"] in self.items or len(set(keys)) < len(keys):
            return "public_id"
        self.items[record["public_id"]] = frozenset(keys)
        return ""

    def _take_look(self, record: records.Record) -> str:
        items = record["items"]
        if record["public_id"] in self.looks:
            return "public_id"
        if len(items) > looks.MOST_ITEMS or len(set(items)) < len(items) or not set(items) <= self.items.keys():
            return "items"
        if record["is_published"] and len(items) < looks.LEAST_ITEMS:
            return "is_published"
        self.looks.add(record["public_id"])
        return ""

    def _take_occasion(self, record: records.Record) -> str:
        stores = record["stores"]
        if record["public_id"] in self.occasions:
            return "public_id"
        if len(set(stores)) < len(stores) or not set(stores) <= self.stores:
            return "stores"
        if record["ends"] <= record["begins"]:
            return "ends"
        self.occasions.add(record["public_id"])
        return ""

    def _take_code(self, record: records.Record) -> str:
        token, kind = record["token"], record["leads_to"]
        is_there = {
            "token": token not in self.after,
            "host": record["host"] == "" or record["host"] in (self.hosts or ()),
            "item": record["item"] is None if kind in _WITHOUT_ITEM else record["item"] in self.items,
            "variant": kind != Subject.VARIANT or record["variant"] in self.items.get(record["item"] or "", ()),
            "shop": kind != Subject.STORE or record["shop"] in self.shops,
            "look": kind != Subject.LOOK or str(record.get("look")) in self.looks,
            "occasion": kind != Subject.OCCASION or str(record.get("occasion")) in self.occasions,
            "store": record["store"] is None or record["store"] in self.stores,
            "place": record["place"] is None or (record["store"], record["place"]) in self.places,
            "replaced_by": (record["state"] == CodeState.REPLACED) == (record["replaced_by"] is not None),
        }
        self.after[token] = record["replaced_by"]
        return next((name for name, is_right in is_there.items() if not is_right), "")

    def _take_answer(self, record: records.Record) -> str:
        if record["variant"] not in self.items.get(record["item"], ()):
            return "variant"
        return self._note_once("gtin", record["gtin"])

    def _take_link(self, record: records.Record) -> str:
        if record["item"] not in self.items:
            return "item"
        if href_problem(record["href"], (self.hosts or frozenset()) | self.link_hosts):
            return "href"
        level = (record["item"], record["gtin"], record["level"], record["locale"])
        return self._note_once("is_default", *level) if record["is_default"] else ""

    def _note_once(self, *said: str) -> str:
        """The first of these words where all were said before; empty where they were not."""
        is_known = said in self.once
        self.once.add(said)
        return said[0] if is_known else ""

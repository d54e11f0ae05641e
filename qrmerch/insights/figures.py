"""What was counted, as values: the words of totals become fields, and ids become names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.insights.filters import Filters, Period
from qrmerch.parties.models import Fixture, Measurement, Retailer, Store, Vendor
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.scans import kinds, queries
from qrmerch.scans.queries import OF_SCAN, Reading, Span

REASONS: Final = {
    kinds.HEAD: ("Only asked for", "A request without a page: it asks whether the address answers."),
    kinds.PREFETCH: ("Fetched ahead", "A phone that loaded the page in case somebody would want it."),
    kinds.LOOKUP: ("Looked up", "A program that asked what there is behind a GS1 address, and opened no page."),
    kinds.NO_AGENT: ("Nameless", "A program that does not say what it is."),
    kinds.REPEAT: ("Repeat", "The same phone opened the same code again within 30 seconds."),
    kinds.BURST: ("Burst", "More than 30 scans in a minute that look like one phone: a program, not a person."),
    kinds.INTERNAL: ("Your own people", "Somebody who is signed in here, or a phone marked as a test device."),
    kinds.ORPHAN: ("Unknown code", "An address that no code has: mistyped, or not ours."),
    "bot": ("Robot", "A program that reads pages: search engines, checkers."),
    "preview": ("Link preview", "A messenger that draws a little card of an address."),
    "fetcher": ("Scanner’s own look", "A scanning app that opened the page before its owner did."),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What people did with one thing in one period; `used` has the uses that were undone taken off.

    `engaged` are visits, `plays` those of films and recordings that were begun, `played` those that came to the end.
    `scan_views` are the views of printed codes' own pages, `loose` the actions that no visit is known of.
    """

    scans: int = 0
    views: int = 0
    arrivals: int = 0
    kept: int = 0
    claimed: int = 0
    used: int = 0
    refused: int = 0
    shared: int = 0
    loose: int = 0
    scan_views: int = 0
    engaged: int = 0
    plays: int = 0
    played: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int], *, suffix: str = "") -> "Counts":
        """From totals by their words; with the suffix `OF_SCAN`, only what followed a scan."""

        def total(*words: str) -> int:
            return sum(counts.get(word + suffix, 0) for word in words)

        return cls(
            scans=total(kinds.SCAN),
            views=total(kinds.VIEW),
            # Visits that began without a code, by an address or by a friend's link.
            arrivals=total(kinds.VISIT, kinds.FRIEND),
            kept=total("keep"),
            claimed=total("claim"),
            used=max(0, total("redeem") - total("reverse")),
            refused=total("refuse"),
            shared=total("share"),
            loose=sum(counts.get(f"{action}{kinds.LOOSE}", 0) for action in kinds.SHOPPER_ACTIONS),
            scan_views=counts.get(kinds.VIEW + OF_SCAN, 0),
            engaged=total(kinds.ENGAGED),
            plays=total(kinds.PLAYS[0]),
            played=total(kinds.PLAYS[100]),
        )

    @property
    def visits(self) -> int:
        """Each scan begins a visit, and so does an arrival without a code."""
        return self.scans + self.arrivals

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))


@dataclass(frozen=True, slots=True)
class Listed:
    """An item's name and its vendor's."""

    item_id: str
    title: str
    vendor_id: str
    vendor: str
    is_retired: bool


# What was counted where no item was opened, so that every table adds up to the same.
NO_ITEM: Final = Listed("", "No item", "", "No vendor", is_retired=False)
NO_ITEM_SAYS: Final = "pages of stores, looks and events, shared lists"


@dataclass(frozen=True, slots=True)
class House:
    """Whose numbers these are: the retailer, its stores by id, and its business date now."""

    retailer: Retailer
    stores: dict[str, Store]
    at: datetime

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.retailer.time_zone))

    @property
    def counts_only(self) -> bool:
        return self.retailer.measurement is Measurement.COUNTS

    def store_name(self, store_id: str) -> str:
        return self.stores[store_id].name if store_id in self.stores else "No store"


def get_house(db: Session, retailer_id: str | None, *, at: datetime) -> House:
    """:raises NotFound: nobody's."""
    retailer = get_retailer(db, retailer_id)
    return House(retailer, {store.id: store for store in list_stores(db, retailer.id)}, at)


def span_of(house: House, filters: Filters, period: Period, *, item_id: str = "") -> Span:
    """What to count for a view, in the period asked for or the one it is compared with."""
    return Span(house.retailer.id, period.since_on, period.until_on, filters.store_id, item_id)


def read_state(db: Session, house: House, period: Period) -> Reading:
    """How counting stands, and what was lost in a period."""

    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(house.retailer.time_zone))

    return queries.read_state(db, house.retailer.id, since=midnight(period.since_on), until=midnight(period.until_on))


def list_images(db: Session, item_ids: Sequence[str], *, at: datetime) -> dict[str, str]:
    """The address of the small picture of each item's page, by item id; items without one are left out."""
    items = list(db.scalars(select(Item).where(Item.id.in_(item_ids)))) if item_ids else []
    return list_card_addresses(db, items, at=at)


def list_items(db: Session, retailer_id: str) -> list[Listed]:
    """All of a retailer's items by title, retired ones too, each with who supplies it today."""
    found = select(Item.id, Item.title, Vendor.id, Vendor.name, Item.is_retired).join(
        Vendor, Vendor.id == Item.vendor_id
    )
    found = found.where(Item.retailer_id == retailer_id).order_by(Item.title, Item.id)
    return [Listed(*row) for row in db.execute(found)]


def fixture_names(db: Session, retailer_id: str) -> dict[str, str]:
    """Places by id."""
    found = select(Fixture.id, Fixture.name).where(Fixture.retailer_id == retailer_id)
    return dict(db.execute(found).all())


def reason_words(kind: str) -> tuple[str, str]:
    """What a reason to leave an opening out is called, and what it means."""
    return REASONS.get(kind, (kind.replace("_", " ").capitalize(), ""))


def left_out(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """(reason, openings), the most frequent first."""
    found = {kind: counts.get(kind, 0) for kind in kinds.LEFT_OUT}
    return sorted(((kind, count) for kind, count in found.items() if count), key=lambda each: (-each[1], each[0]))

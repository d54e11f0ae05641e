"""What waits for somebody at a retailer: the facts behind the desk's first page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, not_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Stock
from qrmerch.codes.models import Code, CodeState
from qrmerch.content.holding import shows_somewhere
from qrmerch.desk.standing import has_proposals, is_waiting
from qrmerch.offers.models import Offer
from qrmerch.parties.models import Fixture, Store
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.queries import stock_limit
from qrmerch.scans import kinds
from qrmerch.scans.models import DayTotal

# A code that was printed needs a few days to be hung and found.
SILENT_AFTER: Final = timedelta(days=3)
ENDS_WITHIN: Final = timedelta(days=2)
_NAMED: Final = 2


@dataclass(frozen=True, slots=True)
class Silent:
    """Printed codes that nobody has scanned: how many, and the one printed longest ago."""

    total: int
    item_id: str
    item_title: str
    place: str
    printed_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """So many things, of which the first few are named."""

    total: int
    names: tuple[str, ...]


def find_silent(db: Session, retailer_id: str, *, at: datetime) -> Silent | None:
    """Codes in use that were printed three days ago or longer and have not been scanned since."""
    scanned = select(DayTotal.code_id).where(
        DayTotal.retailer_id == Code.retailer_id,
        DayTotal.item_id == Code.item_id,
        DayTotal.code_id == Code.id,
        DayTotal.kind == kinds.SCAN,
    )
    conditions = (
        Code.retailer_id == retailer_id,
        Code.state == CodeState.ACTIVE,
        Code.printed_at <= at - SILENT_AFTER,
        Item.is_retired.is_(False),
        not_(scanned.exists()),
    )
    total = db.scalar(select(func.count(Code.id)).join(Item, Item.id == Code.item_id).where(*conditions)) or 0
    if not total:
        return None
    wanted = (
        select(Code.printed_at, Item.id, Item.title, Store.short_name, Fixture.name)
        .join(Item, Item.id == Code.item_id)
        .outerjoin(Store, Store.id == Code.store_id)
        .outerjoin(Fixture, Fixture.id == Code.fixture_id)
        .where(*conditions)
        .order_by(Code.printed_at, Code.id)
        .limit(1)
    )
    printed_at, item_id, title, store, fixture = db.execute(wanted).one()
    place = ", ".join(name for name in (fixture, store) if name) or "No place"
    return Silent(total, item_id, title, place, printed_at or at)


def list_ending(db: Session, retailer_id: str, *, at: datetime) -> list[Offer]:
    """Offers that run and end within two days, soonest first."""
    wanted = select(Offer).where(
        Offer.retailer_id == retailer_id,
        Offer.is_paused.is_(False),
        Offer.from_at <= at,
        Offer.until_at > at,
        Offer.until_at <= at + ENDS_WITHIN,
    )
    return list(db.scalars(wanted.order_by(Offer.until_at, Offer.id)))


def count_plain(db: Session, retailer_id: str, *, at: datetime) -> Named:
    """Items in the range that show the plain page, and of which nothing waits for review."""
    return _name(db, retailer_id, not_(shows_somewhere(db, at=at)), not_(is_waiting()))


def count_proposed(db: Session, retailer_id: str) -> Named:
    """Items in the range with variants that their vendors added and nobody here has looked at."""
    return _name(db, retailer_id, has_proposals())


def _name(db: Session, retailer_id: str, *only: ColumnElement[bool]) -> Named:
    conditions = (Item.retailer_id == retailer_id, Item.is_retired.is_(False), *only)
    total = db.scalar(select(func.count(Item.id)).where(*conditions)) or 0
    wanted = select(Item.title).where(*conditions).order_by(func.lower(Item.title), Item.id).limit(_NAMED)
    return Named(total, tuple(db.scalars(wanted)))


def list_uncounted(db: Session, retailer_id: str, *, at: datetime) -> list[tuple[Store, datetime]]:
    """Open stores whose newest stock figure is older than the retailer's limit, oldest first."""
    newest = func.max(Stock.as_of)
    wanted = (
        select(Store, newest)
        .join(Stock, Stock.store_id == Store.id)
        .where(Store.retailer_id == retailer_id, Store.is_open)
        .group_by(Store.id)
        .having(newest <= at - stock_limit(get_retailer(db, retailer_id)))
        .order_by(newest)
    )
    return [(store, as_of) for store, as_of in db.execute(wanted)]

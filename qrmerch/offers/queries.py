"""Reads about offers, claims and what tills did with them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.db import get_one
from qrmerch.offers.models import (
    Claim,
    ClaimState,
    Offer,
    OfferCounter,
    OfferItem,
    OfferSubjectUse,
    Outcome,
    Redemption,
)
from qrmerch.users.models import User

STATES: Final = ("live", "scheduled", "paused", "ended")


@dataclass(frozen=True, slots=True)
class Count:
    """How much of an offer is taken: used, held by codes that may still be used, and what there is in all."""

    limit: int
    used: int
    held: int

    @property
    def taken(self) -> int:
        return self.used + self.held

    @property
    def left(self) -> int:
        return self.limit - self.taken


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer in a list; `claimed` counts every code ever given, used, held or let lapse."""

    offer: Offer
    count: Count
    claimed: int
    items: int


@dataclass(frozen=True, slots=True)
class Try:
    """One row of what a till did, with whose offer and who did it."""

    row: Redemption
    claim: Claim | None
    associate: str


def list_offers_on(db: Session, item_id: str, *, store_id: str | None, at: datetime) -> list[Offer]:
    """Offers on an item in a store (None: anywhere) that have not ended, not paused and not all taken.

    Those still to come are among them, for whoever asks when the next one begins; soonest end first.
    """
    wanted = (
        select(Offer)
        .join(OfferItem, OfferItem.offer_id == Offer.id)
        .outerjoin(OfferCounter, OfferCounter.offer_id == Offer.id)
        .where(OfferItem.item_id == item_id, Offer.until_at > at, Offer.is_paused.is_(False))
        .where(OfferCounter.id.is_(None) | (OfferCounter.used + OfferCounter.reserved < OfferCounter.lim))
        .order_by(Offer.until_at, Offer.id)
    )
    return [offer for offer in db.scalars(wanted) if _holds_in(offer, store_id)]


def _holds_in(offer: Offer, store_id: str | None) -> bool:
    return offer.store_ids is None or store_id is None or store_id in offer.store_ids


def get_offer(db: Session, offer_id: str) -> Offer:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Offer, offer_id, "This offer is not here.")


def find_offer_by_public_id(db: Session, retailer_id: str, public_id: str) -> Offer | None:
    wanted = select(Offer).where(Offer.public_id == public_id, Offer.retailer_id == retailer_id)
    return db.scalars(wanted).one_or_none()


def state_of(offer: Offer, *, at: datetime) -> str:
    """How an offer stands by the clock: one of `STATES`."""
    if at >= offer.until_at:
        return "ended"
    if offer.is_paused:
        return "paused"
    return "scheduled" if at < offer.from_at else "live"


def standing_at(state: str, *, at: datetime) -> ColumnElement[bool]:
    """What it takes for an offer to stand in one of `STATES`, as `state_of` says it."""
    if state == "ended":
        return Offer.until_at <= at
    if state == "paused":
        return and_(Offer.until_at > at, Offer.is_paused)
    begins = Offer.from_at > at if state == "scheduled" else Offer.from_at <= at
    return and_(Offer.until_at > at, Offer.is_paused.is_(False), begins)


def list_offers(
    db: Session, retailer_id: str, *, state: str = "", at: datetime, page: int = 1, per_page: int = 50
) -> tuple[list[OfferLine], int]:
    """One page of a retailer's offers, those that end last first, and how many there are in all pages.

    :param state: one of `STATES`; empty for all.
    """
    wanted = select(Offer).where(Offer.retailer_id == retailer_id)
    if state:
        wanted = wanted.where(standing_at(state, at=at))
    total = db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(Offer.until_at.desc(), Offer.id.desc())
    offers = list(db.scalars(ordered.limit(per_page).offset((page - 1) * per_page)))
    return _lines(db, offers), total


def count_offers(db: Session, retailer_id: str, *, at: datetime) -> dict[str, int]:
    """How many of a retailer's offers stand in each state by the clock."""
    of_retailer = select(func.count()).select_from(Offer).where(Offer.retailer_id == retailer_id)
    return {each: db.scalar(of_retailer.where(standing_at(each, at=at))) or 0 for each in STATES}


def count_refusals(db: Session, offer_id: str) -> dict[str, int]:
    """How often tills refused codes of an offer, by reason, the most frequent first."""
    count = func.count()
    wanted = select(Redemption.reason, count).join(Claim, Claim.id == Redemption.claim_id)
    wanted = wanted.where(Claim.offer_id == offer_id, Redemption.outcome == Outcome.REFUSED)
    return dict(db.execute(wanted.group_by(Redemption.reason).order_by(count.desc(), Redemption.reason)).all())


def get_line(db: Session, offer: Offer) -> OfferLine:
    """One offer with its figures."""
    (line,) = _lines(db, [offer])
    return line


def _lines(db: Session, offers: Sequence[Offer]) -> list[OfferLine]:
    ids = [offer.id for offer in offers]
    counters = {row.offer_id: row for row in db.scalars(select(OfferCounter).where(OfferCounter.offer_id.in_(ids)))}
    claimed = _count_by_offer(db, Claim.offer_id, ids)
    items = _count_by_offer(db, OfferItem.offer_id, ids)
    return [
        OfferLine(each, _count(counters[each.id]), claimed.get(each.id, 0), items.get(each.id, 0)) for each in offers
    ]


def _count_by_offer(db: Session, by: InstrumentedAttribute[str], offer_ids: Sequence[str]) -> dict[str, int]:
    rows = db.execute(select(by, func.count()).where(by.in_(offer_ids)).group_by(by))
    return dict(rows.all())


def get_counter(db: Session, offer_id: str) -> Count:
    """How much of an offer is taken at this moment; a hint, never what decides."""
    return _count(db.scalars(select(OfferCounter).where(OfferCounter.offer_id == offer_id)).one())


def _count(counter: OfferCounter) -> Count:
    return Count(counter.lim, counter.used, counter.reserved)


def list_item_ids(db: Session, offer_id: str) -> list[str]:
    """The items an offer holds for."""
    return list(db.scalars(select(OfferItem.item_id).where(OfferItem.offer_id == offer_id).order_by(OfferItem.item_id)))


def is_on_item(db: Session, offer_id: str, item_id: str) -> bool:
    """Whether an offer holds for an item."""
    wanted = select(OfferItem.id).where(OfferItem.offer_id == offer_id, OfferItem.item_id == item_id)
    return db.scalar(wanted) is not None


def list_highest_prices(db: Session, item_ids: Collection[str]) -> dict[str, int]:
    """The highest price that each of these items is sold at, minor units, by item id; unpriced ones are left out."""
    priced = select(Variant.item_id, func.max(Variant.price_minor)).where(
        Variant.item_id.in_(item_ids), Variant.price_minor.is_not(None), Variant.is_hidden.is_(False)
    )
    rows = db.execute(priced.group_by(Variant.item_id))
    return {item_id: highest for item_id, highest in rows if highest is not None}


# --- claims ----------------------------------------------------------------------------------------


def find_claim_by_public_id(db: Session, public_id: str) -> Claim | None:
    return db.scalars(select(Claim).where(Claim.public_id == public_id)).one_or_none()


def get_claim(db: Session, public_id: str) -> Claim:
    """:raises NotFound: there is none that the session may see."""
    claim = find_claim_by_public_id(db, public_id)
    return get_one(db, Claim, claim.id if claim else "", "There is no such code here.")


def find_claim_by_code(db: Session, retailer_id: str, lookups: Sequence[str]) -> Claim | None:
    """A retailer's claim whose code has one of these lookups."""
    wanted = select(Claim).where(Claim.code_lookup.in_(lookups), Claim.retailer_id == retailer_id)
    return db.scalars(wanted).one_or_none()


def find_open_claim(db: Session, offer_id: str, visitor_id: str, *, item_id: str | None, at: datetime) -> Claim | None:
    """The code of an offer that a visitor holds and may still use; the newest.

    :param item_id: taken from this item's page; None for any.
    """
    wanted = select(Claim).where(
        Claim.offer_id == offer_id,
        Claim.visitor_id == visitor_id,
        Claim.state == ClaimState.ISSUED,
        Claim.freed_at.is_(None),
        Claim.expires_at > at,
    )
    if item_id is not None:
        wanted = wanted.where(Claim.item_id == item_id)
    return db.scalars(wanted.order_by(Claim.issued_at.desc(), Claim.id.desc()).limit(1)).one_or_none()


def list_used_claims(db: Session, offer_id: str, visitor_id: str) -> list[Claim]:
    """The codes by which a visitor used an offer, the last one first."""
    wanted = select(Claim).where(
        Claim.offer_id == offer_id, Claim.visitor_id == visitor_id, Claim.state == ClaimState.REDEEMED
    )
    return list(db.scalars(wanted.order_by(Claim.redeemed_at.desc(), Claim.id)))


def list_claims(db: Session, visitor_id: str) -> list[Claim]:
    """All codes that a visitor was given, the newest first."""
    wanted = select(Claim).where(Claim.visitor_id == visitor_id)
    return list(db.scalars(wanted.order_by(Claim.issued_at.desc(), Claim.id.desc())))


def find_bought_store_id(db: Session, visitor_id: str, item_id: str) -> str | None:
    """The store at whose till a visitor last used a code for an item, where that use stands; None for none."""
    wanted = select(Redemption.store_id).join(Claim, Claim.id == Redemption.claim_id)
    wanted = wanted.where(
        Claim.visitor_id == visitor_id,
        Claim.item_id == item_id,
        Redemption.outcome == Outcome.REDEEMED,
        Redemption.undone_at.is_(None),
    )
    return db.scalars(wanted.order_by(Redemption.at.desc(), Redemption.id).limit(1)).one_or_none()


def list_free_places(db: Session, offer: Offer, subject_key: str) -> list[int]:
    """Which of the uses that an offer permits a subject are not taken, the lowest first."""
    wanted = select(OfferSubjectUse.place).where(
        OfferSubjectUse.offer_id == offer.id, OfferSubjectUse.subject_key == subject_key
    )
    taken = set(db.scalars(wanted))
    return [place for place in range(offer.limit_per_visitor) if place not in taken]


# --- at the till -----------------------------------------------------------------------------------


def find_standing_use(db: Session, claim_id: str) -> Redemption | None:
    """The use of a claim that was not taken back."""
    wanted = select(Redemption).where(
        Redemption.claim_id == claim_id, Redemption.outcome == Outcome.REDEEMED, Redemption.undone_at.is_(None)
    )
    return db.scalars(wanted).one_or_none()


def find_last_use(db: Session, claim_id: str, *, until: datetime) -> Redemption | None:
    """The last use of a claim up to an instant, taken back since or not."""
    wanted = select(Redemption).where(
        Redemption.claim_id == claim_id, Redemption.outcome == Outcome.REDEEMED, Redemption.at <= until
    )
    return db.scalars(wanted.order_by(Redemption.at.desc(), Redemption.id.desc()).limit(1)).one_or_none()


def get_try(db: Session, redemption_id: str) -> Redemption:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Redemption, redemption_id, "There is no such entry here.")


def list_tries(db: Session, store_id: str, *, since: datetime, until: datetime, limit: int) -> list[Try]:
    """Uses and refusals at the tills of a store in a period, the newest first, `limit` at most.

    A use that was taken back says so itself.
    """
    wanted = _tries().where(Redemption.store_id == store_id, Redemption.outcome != Outcome.REVERSED)
    wanted = wanted.where(Redemption.at >= since, Redemption.at < until)
    rows = db.execute(wanted.order_by(Redemption.at.desc(), Redemption.id.desc()).limit(limit))
    return [Try(row, claim, name or "") for row, claim, name in rows]


def list_history(db: Session, claim_id: str) -> list[Try]:
    """How a claim was used and taken back, the earliest first."""
    wanted = _tries().where(Redemption.claim_id == claim_id, Redemption.outcome != Outcome.REFUSED)
    rows = db.execute(wanted.order_by(Redemption.at, Redemption.id))
    return [Try(row, claim, name or "") for row, claim, name in rows]


def _tries() -> Select[Redemption, Claim, str]:
    return (
        select(Redemption, Claim, User.name)
        .outerjoin(Claim, Claim.id == Redemption.claim_id)
        .outerjoin(User, User.id == Redemption.associate_id)
    )


def count_tries(db: Session, store_id: str, *, since: datetime, until: datetime) -> dict[Outcome, int]:
    """How many of each outcome the tills of a store had in a period; uses that were taken back are not uses."""
    wanted = (
        select(Redemption.outcome, func.count())
        .where(Redemption.store_id == store_id, Redemption.at >= since, Redemption.at < until)
        .where(or_(Redemption.outcome != Outcome.REDEEMED, Redemption.undone_at.is_(None)))
        .group_by(Redemption.outcome)
    )
    return dict(db.execute(wanted).all())


def find_last_store_id(db: Session, associate_id: str, store_ids: Collection[str]) -> str | None:
    """The store, of these, in which an associate did something last."""
    wanted = select(Redemption.store_id).where(
        Redemption.associate_id == associate_id, Redemption.store_id.in_(store_ids)
    )
    return db.scalar(wanted.order_by(Redemption.at.desc(), Redemption.id.desc()).limit(1))


def list_items_of(db: Session, offer_id: str) -> list[Item]:
    """The items an offer holds for, by title."""
    wanted = select(Item).join(OfferItem, OfferItem.item_id == Item.id).where(OfferItem.offer_id == offer_id)
    return list(db.scalars(wanted.order_by(func.lower(Item.title), Item.id)))

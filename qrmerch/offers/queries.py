"""Reads about offers and claims."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.offers.models import Offer, OfferCounter, OfferItem


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

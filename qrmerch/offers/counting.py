"""How much of an offer is taken: moved by one conditional update, whose row count is the decision.

Whoever moves a counter has locked the claims concerned before, never after: two transactions that hold one and want
the other would wait for each other for ever.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from qrmerch.offers.models import Claim, ClaimState, Offer, OfferCounter, OfferItem, OfferSubjectUse
from qrmerch.parties.service import changed

# An offer on more items than this is told to all pages of the retailer at once.
_MAX_ITEMS_TOLD: Final = 50
_AS_IT_IS: Final = {"synchronize_session": False}


def reserve(db: Session, offer_id: str) -> bool:
    """Take one unit for a claim; False if none is left."""
    wanted = update(OfferCounter).where(
        OfferCounter.offer_id == offer_id, OfferCounter.used + OfferCounter.reserved < OfferCounter.lim
    )
    return _move(db, wanted.values(reserved=OfferCounter.reserved + 1))


def use_reserved(db: Session, offer_id: str) -> None:
    """A claim's unit is used."""
    _must_move(db, offer_id, OfferCounter.reserved, used=OfferCounter.used + 1, reserved=OfferCounter.reserved - 1)


def reserve_again(db: Session, offer_id: str) -> None:
    """A used unit is its claim's again."""
    _must_move(db, offer_id, OfferCounter.used, used=OfferCounter.used - 1, reserved=OfferCounter.reserved + 1)


def set_limit(db: Session, offer_id: str, limit: int) -> bool:
    """Raise or lower what there is in all; False if more is taken already."""
    wanted = update(OfferCounter).where(
        OfferCounter.offer_id == offer_id, OfferCounter.used + OfferCounter.reserved <= limit
    )
    return _move(db, wanted.values(lim=limit))


def is_exhausted(db: Session, offer_id: str, *, but_for: int = 0) -> bool:
    """Whether nothing of an offer is left at this moment of the transaction.

    :param but_for: units that were given back in it already.
    """
    wanted = select(OfferCounter.id).where(
        OfferCounter.offer_id == offer_id, OfferCounter.used + OfferCounter.reserved + but_for >= OfferCounter.lim
    )
    return db.scalar(wanted) is not None


def give_back(db: Session, claim_ids: Sequence[str], *, state: ClaimState, at: datetime) -> int:
    """Give back what these claims hold of their offers, unused: each exactly once, whoever else tries; how many did.

    :param state: what the claims are from now on: `issued` for those whose time is up, or `void`.
    """
    holding = update(Claim).where(Claim.id.in_(claim_ids), Claim.state == ClaimState.ISSUED, Claim.freed_at.is_(None))
    freed = holding.values(state=state, freed_at=at).returning(Claim.id, Claim.offer_id)
    rows = db.execute(freed, execution_options=_AS_IT_IS).all()
    counts = Counter(offer_id for _, offer_id in rows)
    for offer_id, count in sorted(counts.items()):
        _must_move(db, offer_id, OfferCounter.reserved, reserved=OfferCounter.reserved - count)
        if is_exhausted(db, offer_id, but_for=count):
            tell_pages(db, db.get_one(Offer, offer_id), at=at)
    uses = delete(OfferSubjectUse).where(OfferSubjectUse.claim_id.in_([claim_id for claim_id, _ in rows]))
    db.execute(uses, execution_options=_AS_IT_IS)
    return len(rows)


def tell_pages(db: Session, offer: Offer, *, at: datetime) -> None:
    """Tell every worker that pages which show this offer, or would, are out of date."""
    wanted = select(OfferItem.item_id).where(OfferItem.offer_id == offer.id).order_by(OfferItem.item_id)
    item_ids = list(db.scalars(wanted.limit(_MAX_ITEMS_TOLD + 1)))
    for item_id in item_ids if len(item_ids) <= _MAX_ITEMS_TOLD else [None]:
        changed(db, offer.retailer_id, item_id, at=at)


def _must_move(db: Session, offer_id: str, holds: InstrumentedAttribute[int], **values: object) -> None:
    """Move a counter that a claim's own state says can be moved; otherwise the books are wrong, which is a bug."""
    if not _move(db, update(OfferCounter).where(OfferCounter.offer_id == offer_id, holds > 0).values(**values)):
        raise RuntimeError(f"the counter of offer {offer_id} does not fit its claims")


def _move(db: Session, statement: object) -> bool:
    return db.execute(statement, execution_options=_AS_IT_IS).rowcount == 1  # type: ignore[call-overload,no-any-return]

"""The books of an offer, kept once more from its rows: what the tests hold every counter against."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.offers.models import Claim, ClaimState, Offer, OfferSubjectUse, Outcome, Redemption
from qrmerch.offers.queries import get_counter


def assert_books_fit(db: Session, offer: Offer) -> None:
    """Invariants I1, I2 and I3: counters, claims, permitted uses and redemptions tell one story."""
    count = get_counter(db, offer.id)
    claims = select(func.count()).select_from(Claim).where(Claim.offer_id == offer.id)
    used = db.scalar(claims.where(Claim.state == ClaimState.REDEEMED))
    held = db.scalar(claims.where(Claim.state == ClaimState.ISSUED, Claim.freed_at.is_(None)))
    standing = select(Redemption.claim_id).join(Claim, Claim.id == Redemption.claim_id)
    standing = standing.where(
        Claim.offer_id == offer.id, Redemption.outcome == Outcome.REDEEMED, Redemption.undone_at.is_(None)
    )
    redeemed = list(db.scalars(standing))
    uses = select(func.count()).select_from(OfferSubjectUse).where(OfferSubjectUse.offer_id == offer.id)

    assert (count.used, count.held) == (used, held)
    assert 0 <= count.taken <= count.limit
    assert len(redeemed) == len(set(redeemed)) == used
    assert db.scalar(uses) == count.taken

"""The sample shops' offers, and the claims that their sample scans ended in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.demo import facts
from qrmerch.demo.publishing import who
from qrmerch.demo.samples import SampleClaim
from qrmerch.demo.shops import Shops
from qrmerch.offers import till_codes
from qrmerch.offers.models import Claim, Offer
from qrmerch.offers.service import Till, add_offer, claim, redeem
from qrmerch.offers.terms import OfferTerms
from qrmerch.scans.models import Event
from qrmerch.visitors.service import remember

# Kept as what a sample shopper agreed to, so that nobody takes them for people.
_SAMPLE: Final = "A sample shopper of the demo. Nobody agreed to anything."


def set_up_offers(db: Session, shops: Shops, *, at: datetime) -> dict[str, Offer]:
    """What is promised, by the facts' names: some of it running, some over, some to come."""
    offers = {}
    for each in facts.OFFERS:
        house = facts.house(each.retailer)
        from_at, until_at = each.period(at, house.time_zone)
        terms = OfferTerms(
            kind=each.kind,
            value=each.value,
            headline=each.headline,
            from_at=from_at,
            until_at=until_at,
            limit_total=each.limit_total,
            terms=each.terms,
            claim_hours=each.claim_hours,
            store_ids=tuple(shops.stores[code].id for code in each.stores) or None,
        )
        offers[each.name] = add_offer(
            db,
            shops.retailers[each.retailer].id,
            terms,
            item_ids=[shops.items[style].id for style in each.styles],
            actor=who(shops, Role.MERCHANDISER, retailer=each.retailer),
            at=min(at, from_at) - timedelta(days=2),
        )
    return offers


def play_claims(
    db: Session, shops: Shops, offers: Mapping[str, Offer], claims: Sequence[SampleClaim], *, keys: Sequence[str]
) -> None:
    """Take and use the offers as the sample has it, each by a shopper of its own.

    The sample's totals hold these actions already, at the codes they came from, so their events count as counted.
    """
    for number, each in enumerate(claims):
        offer, store = offers[each.offer.name], shops.stores[each.placement.store]
        shopper = remember(
            db, offer.retailer_id, None, shown_text=_SAMPLE, locale="en", at=each.claimed_at - timedelta(minutes=1)
        )
        made = claim(
            db,
            offer,
            shops.items[each.placement.style],
            shopper.visitor,
            store_id=store.id,
            visit=None,
            keys=keys,
            at=each.claimed_at,
        )
        till = Till(store, shops.users["associate@fashiontown.example"].id if store.code == "FT-001" else None)
        for step, when in (("use", each.used_at), ("again", each.refused_at)):
            if when is not None:
                key = f"sample {number} {step}"
                redeem(db, _code_of(made, keys), till=till, idempotency_key=key, keys=keys, at=when)
    db.flush()
    db.execute(update(Event).where(~Event.is_counted).values(is_counted=True))


def _code_of(made: Claim, keys: Sequence[str]) -> str:
    code = till_codes.find_code_of(keys, made.id, made.code_lookup)
    if code is None:
        raise RuntimeError("a claim made a moment ago has no code")
    return code

"""What was promised, as a value: an offer's words and worth, and the copy of them that a claim keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qrmerch.offers.models import Claim, Offer, OfferKind


@dataclass(frozen=True, slots=True)
class Promise:
    """An offer as it was at one instant; `headline` and `terms` by locale, `store_ids` None for all stores."""

    kind: OfferKind
    value: int
    currency: str
    headline: Mapping[str, str]
    terms: Mapping[str, str]
    store_ids: tuple[str, ...] | None
    from_at: datetime
    # The key of the variant that was chosen on the page; empty for none.
    variant: str = ""

    @classmethod
    def of_offer(cls, offer: Offer, *, variant: str = "") -> "Promise":
        """What an offer promises now."""
        return cls(
            kind=offer.kind,
            value=offer.value,
            currency=offer.currency,
            headline=offer.headline,
            terms=offer.terms,
            store_ids=None if offer.store_ids is None else tuple(offer.store_ids),
            from_at=offer.from_at,
            variant=variant,
        )

    @classmethod
    def of_claim(cls, claim: Claim) -> "Promise":
        """What a claim was given on."""
        kept: dict[str, Any] = dict(claim.terms)
        stores = kept.pop("store_ids")
        return cls(
            **{
                **kept,
                "kind": OfferKind(kept["kind"]),
                "from_at": datetime.fromisoformat(kept["from_at"]),
                "store_ids": None if stores is None else tuple(stores),
            }
        )

    def as_json(self) -> dict[str, object]:
        """As `of_claim` reads it."""
        stores = None if self.store_ids is None else list(self.store_ids)
        return {**asdict(self), "kind": self.kind.value, "store_ids": stores, "from_at": self.from_at.isoformat()}

    def holds_in(self, store_id: str | None) -> bool:
        """Whether it holds in a store; nowhere in particular is no obstacle."""
        return self.store_ids is None or store_id is None or store_id in self.store_ids

    def take_off(self, price_minor: int, currency: str) -> int:
        """How much comes off a price, in minor units; 0 for gifts and experiences, and never more than the price.

        What is left to pay is rounded half up, as the page says it.
        """
        if self.kind == OfferKind.PERCENT:
            left = Decimal(price_minor) * (100 - self.value) / 100
            return price_minor - int(left.quantize(Decimal(1), ROUND_HALF_UP))
        if self.kind == OfferKind.AMOUNT and self.currency == currency:
            return min(self.value, price_minor)
        return 0

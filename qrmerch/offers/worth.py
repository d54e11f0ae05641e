"""What a code is worth on the very thing it was taken for, and what an offer can cost at most."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.offers.models import Claim
from qrmerch.offers.promises import Promise


@dataclass(frozen=True, slots=True)
class Worth:
    """An item with its chosen variant, and what comes off its price; minor units, None where no one price is known."""

    item: Item
    # The chosen variant in words, "M" or "Marigold, M"; empty where none was chosen.
    variant: str
    price_minor: int | None
    off_minor: int
    currency: str

    @property
    def name(self) -> str:
        return f"{self.item.title}, {self.variant}" if self.variant else self.item.title

    @property
    def left_minor(self) -> int:
        """What is left to pay."""
        return (self.price_minor or 0) - self.off_minor


def find_worth(db: Session, claim: Claim) -> Worth:
    """What a code takes off the item it was taken for, at today's price."""
    promise, item = Promise.of_claim(claim), db.get_one(Item, claim.item_id)
    shown = [each for each in list_variants(db, item.id) if not each.is_hidden]
    chosen = next((each for each in shown if each.key == promise.variant), None)
    price = _one_price([chosen] if chosen else shown)
    return Worth(
        item=item,
        variant=", ".join(str(value) for value in chosen.options.values() if value) if chosen else "",
        price_minor=price,
        off_minor=promise.take_off(price, shown[0].currency) if price is not None else 0,
        currency=shown[0].currency if shown else promise.currency,
    )


def _one_price(variants: list[Variant]) -> int | None:
    prices = {each.price_minor for each in variants}
    return prices.pop() if len(prices) == 1 else None


@dataclass(frozen=True, slots=True)
class Worst:
    """The dearest way to use one code: on which item, at which price, and what that takes off; minor units."""

    item_id: str
    price_minor: int
    off_minor: int


def find_worst(promise: Promise, prices: Mapping[str, int], currency: str) -> Worst | None:
    """Where one use of an offer costs most; None where it takes no money off, or nothing has a price.

    :param prices: the highest price of each item, by item id.
    """
    uses = [Worst(each, price, promise.take_off(price, currency)) for each, price in sorted(prices.items())]
    dearest = max(uses, key=lambda use: use.off_minor, default=None)
    return dearest if dearest is not None and dearest.off_minor else None

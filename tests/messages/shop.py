"""A shop whose shoppers wait: one top in two sizes, two stores, and what the outbox holds."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_stock
from qrmerch.messages.links import find_link
from qrmerch.messages.models import LinkKind, MailLink, Purpose, Subscription
from qrmerch.messages.service import Sending, Wish, ask, confirm
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Store
from tests.conftest import NOON
from tests.factories import TILL_KEYS, make_item, make_retailer, make_store

SENDING = Sending("https://shop.example", TILL_KEYS)
ANN = "ann@example.com"


@dataclass
class Shop:
    """What shoppers wait for, and where."""

    retailer: Retailer
    riverside: Store
    galleria: Store
    top: Item
    variants: list[Variant]

    def back(self, variant: int = 0, *, here: bool = True) -> Wish:
        """The wish to hear when a variant is back: at Riverside, or in whichever store."""
        return Wish(Purpose.BACK_IN_STOCK, self.variants[variant], self.riverside if here else None)


NEWS = Wish(Purpose.NEWSLETTER)


def make_shop(db: Session, *, locales: list[str] | None = None) -> Shop:
    """The shop, both variants counted and gone at both stores for a day."""
    retailer = make_retailer(db, name="Fashiontown", locales=locales)
    riverside = make_store(db, retailer, short_name="Riverside")
    galleria = make_store(db, retailer, short_name="Galleria")
    top = make_item(db, retailer, title="Marigold Top")
    variants = list_variants(db, top.id)
    return Shop(retailer, riverside, galleria, top, variants)


def stock(db: Session, shop: Shop, pieces: int, *, at: datetime, store: Store | None = None, variant: int = 0) -> None:
    set_stock(db, shop.variants[variant], store or shop.riverside, pieces, as_of=at)


def wish(
    db: Session, shop: Shop, wanted: Wish = NEWS, email: str = ANN, *, locale: str = "en", at: datetime = NOON
) -> None:
    """Leave an address on a page."""
    ask(db, shop.retailer, email, wanted, shown_text="Tell me.", locale=locale, sending=SENDING, at=at)
    db.flush()


def say_yes(db: Session, shop: Shop, wanted: Wish, email: str = ANN, *, at: datetime = NOON) -> Subscription:
    """Leave an address, and press the button in the mail."""
    wish(db, shop, wanted, email, at=at)
    link = link_in(db, mails(db, email)[-1], LinkKind.CONFIRM, at=at)
    assert confirm(db, link, at=at) == 1
    db.flush()
    found = db.get_one(Subscription, link.subscription_id)
    assert found.about == wanted.about
    return found


def mails(db: Session, to: str = ANN) -> list[OutboxMessage]:
    """What was written to an address, first one first."""
    wanted = select(OutboxMessage).where(OutboxMessage.recipient == to)
    return list(db.scalars(wanted.order_by(OutboxMessage.created_at, OutboxMessage.id)))


def secret_in(body: str, kind: LinkKind) -> str:
    """The secret of the link of a kind in a mail."""
    path = "confirm" if kind == LinkKind.CONFIRM else "u"
    found = re.search(rf"/{path}/([\w-]{{43}})", body)
    assert found, body
    return found[1]


def link_in(db: Session, mail: OutboxMessage, kind: LinkKind, *, at: datetime = NOON) -> MailLink:
    """The link of a kind in a mail."""
    link = find_link(db, secret_in(mail.body, kind), kind, retailer_id=None, at=at)
    assert link is not None
    return link


def subscriptions(db: Session) -> list[Subscription]:
    """All of them, first asked first."""
    wanted = select(Subscription).order_by(Subscription.asked_at, Subscription.id)
    return list(db.scalars(wanted.execution_options(populate_existing=True)))

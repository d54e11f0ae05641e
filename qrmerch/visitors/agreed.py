"""Phones that may be known again because their owner said yes: a random number in a cookie, and what is kept of it.

Each retailer gives a number of its own, so that nothing joins what one phone did at two of them.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2s
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.visitors.ledger import note
from qrmerch.visitors.models import AgreedPhone, ConsentAction, ConsentEvent

ANALYTICS_ID: Final = "analytics_id"
# Less than 13 months; cookie and key end together.
AGREEMENT_LASTS: Final = timedelta(days=390)
_NUMBER_BYTES: Final = 16
_ASKED_AT_ONCE: Final = 500


def draw_number() -> str:
    """A new number for a cookie: 128 random bits as 32 hex digits."""
    return secrets.token_hex(_NUMBER_BYTES)


@lru_cache(maxsize=1_000)
def cookie_mark(retailer_id: str) -> str:
    """What stands for a retailer in its cookie's name, 16 hex digits: its id would tell since when it is here."""
    return blake2s(retailer_id.encode(), digest_size=8, person=b"qi").hexdigest()


def phone_key(number: str, retailer_id: str) -> str:
    """What is written and kept of a number: 64 bits of a hash, as 16 hex digits; another one at each retailer."""
    return blake2s(number.encode(), key=retailer_id.encode()[:32], digest_size=8).hexdigest()


def find_agreed_phone(db: Session, retailer_id: str, key: str) -> AgreedPhone | None:
    """The phone with this key, or None where nobody agreed or it was taken back."""
    wanted = select(AgreedPhone).where(AgreedPhone.retailer_id == retailer_id, AgreedPhone.key == key)
    return db.scalars(wanted).one_or_none()


def lock_agreed(db: Session, keys: Collection[str]) -> set[tuple[str, str]]:
    """Those of these keys whose owners agreed, as (retailer id, key); none is taken back before the caller commits."""
    found: set[tuple[str, str]] = set()
    listed = sorted(keys)
    for begin in range(0, len(listed), _ASKED_AT_ONCE):
        some = listed[begin : begin + _ASKED_AT_ONCE]
        wanted = select(AgreedPhone.retailer_id, AgreedPhone.key).where(AgreedPhone.key.in_(some))
        found.update((retailer_id, key) for retailer_id, key in db.execute(wanted.with_for_update(read=True)) if key)
    return found


def get_grant(db: Session, phone: AgreedPhone) -> ConsentEvent:
    """The yes that a phone's key rests on, with the words that were shown."""
    wanted = select(ConsentEvent).where(ConsentEvent.phone_id == phone.id, ConsentEvent.action == ConsentAction.GRANT)
    return db.scalars(wanted).one()


def agree(db: Session, retailer_id: str, key: str, *, shown_text: str, locale: str, at: datetime) -> None:
    """Note a yes; the caller commits.

    :param shown_text: the words that stood beside the button, kept as proof of what was agreed to.
    """
    _answer(db, retailer_id, key, ConsentAction.GRANT, shown_text, locale, at)


def refuse(db: Session, retailer_id: str, *, shown_text: str, locale: str, at: datetime) -> None:
    """Note a no, of nobody in particular; the caller commits."""
    _answer(db, retailer_id, None, ConsentAction.REFUSE, shown_text, locale, at)


def take_back(db: Session, phone: AgreedPhone, *, shown_text: str, locale: str, at: datetime) -> None:
    """Cut the tie between a phone and its yes, whose proof stays; the rooms above erase what they keep of the key."""
    note(db, phone, ANALYTICS_ID, ConsentAction.WITHDRAW, shown_text=shown_text, locale=locale, at=at)
    phone.key = None
    # The loader holds phones that it counts: from here on it counts this one no more.
    db.flush()


def end_old_agreements(db: Session, *, at: datetime) -> None:
    """Let go of the keys of phones whose cookie has ended; the caller commits."""
    old = update(AgreedPhone).where(AgreedPhone.key.is_not(None), AgreedPhone.answered_at < at - AGREEMENT_LASTS)
    db.execute(old.values(key=None).execution_options(synchronize_session=False))


def _answer(
    db: Session, retailer_id: str, key: str | None, action: ConsentAction, shown_text: str, locale: str, at: datetime
) -> None:
    phone = AgreedPhone(id=ids.new(), retailer_id=retailer_id, key=key, answered_at=at)
    db.add(phone)
    db.flush()
    note(db, phone, ANALYTICS_ID, action, shown_text=shown_text, locale=locale, at=at)

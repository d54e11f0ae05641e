"""Remembering a phone that asked for it, and forgetting it again."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.visitors.models import ConsentAction, ConsentEvent, Visitor
from qrmerch.visitors.queries import find_visitor, hash_secret

# The one purpose of the cookie: that what a shopper keeps can be found again.
FUNCTIONAL = "functional"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Remembered:
    """A visitor, and the secret for the phone's cookie; the secret itself is kept nowhere here."""

    visitor: Visitor
    secret: str
    is_new: bool


def remember(
    db: Session, retailer_id: str, secret: str | None, *, shown_text: str, locale: str, at: datetime
) -> Remembered:
    """The visitor of this cookie at this retailer, made where there is none yet; the caller commits.

    :param secret: what the cookie held; one that is not known here is used on, so that a phone needs one cookie.
    :param shown_text: the words that stood beside the button, kept as proof of what was agreed to.
    """
    known = find_visitor(db, retailer_id, secret)
    if known is not None and secret:
        return Remembered(known, secret, is_new=False)
    secret = secret if secret and _is_secret(secret) else secrets.token_urlsafe(_SECRET_BYTES)
    visitor = Visitor(
        id=ids.new(), retailer_id=retailer_id, secret_hash=hash_secret(secret, retailer_id), created_at=at
    )
    try:
        with db.begin_nested():
            db.add(visitor)
    except IntegrityError:
        # Two presses came at once; the other one was first.
        known = find_visitor(db, retailer_id, secret)
        if known is None:
            raise
        return Remembered(known, secret, is_new=False)
    _note(db, visitor, ConsentAction.GRANT, shown_text=shown_text, locale=locale, at=at)
    return Remembered(visitor, secret, is_new=True)


def forget(db: Session, visitor: Visitor, *, shown_text: str, locale: str, at: datetime) -> None:
    """Cut the tie between a phone and what it did: its secret is gone, what stays belongs to nobody.

    The proof of what was agreed to stays, without the phone. The rooms above erase what they keep.
    """
    _note(db, visitor, ConsentAction.WITHDRAW, shown_text=shown_text, locale=locale, at=at)
    visitor.secret_hash = hash_secret(secrets.token_urlsafe(_SECRET_BYTES), visitor.retailer_id)
    visitor.forgotten_at = at


def _is_secret(text: str) -> bool:
    """Whether a cookie's value has the form of one that was made here."""
    return len(text) == 43 and all(character.isalnum() or character in "-_" for character in text) and text.isascii()


def _note(db: Session, visitor: Visitor, action: ConsentAction, *, shown_text: str, locale: str, at: datetime) -> None:
    db.add(
        ConsentEvent(
            retailer_id=visitor.retailer_id,
            visitor_id=visitor.id,
            purpose=FUNCTIONAL,
            action=action,
            shown_text=shown_text,
            locale=locale,
            at=at,
        )
    )

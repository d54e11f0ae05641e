"""Remembering a phone that asked for it and an address that was left, and forgetting them again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.visitors.addresses import address_hash
from qrmerch.visitors.ledger import note
from qrmerch.visitors.models import ConsentAction, Contact, Suppression, Visitor
from qrmerch.visitors.queries import (
    find_visitor,
    hash_secret,
    list_contact_consents,
    list_suppressions,
    suppression_purpose,
)

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
    note(db, visitor, FUNCTIONAL, ConsentAction.GRANT, shown_text=shown_text, locale=locale, at=at)
    return Remembered(visitor, secret, is_new=True)


def forget(db: Session, visitor: Visitor, *, shown_text: str, locale: str, at: datetime) -> None:
    """Cut the tie between a phone and what it did: its secret is gone, what stays belongs to nobody.

    The proof of what was agreed to stays, without the phone. The rooms above erase what they keep.
    """
    note(db, visitor, FUNCTIONAL, ConsentAction.WITHDRAW, shown_text=shown_text, locale=locale, at=at)
    visitor.secret_hash = hash_secret(secrets.token_urlsafe(_SECRET_BYTES), visitor.retailer_id)
    visitor.forgotten_at = at


def _is_secret(text: str) -> bool:
    """Whether a cookie's value has the form of one that was made here."""
    return len(text) == 43 and all(character.isalnum() or character in "-_" for character in text) and text.isascii()


def keep_contact(db: Session, retailer_id: str, email: str, *, at: datetime) -> Contact:
    """The contact with a clean address, made where there is none; who else asks for it waits. The caller commits."""
    wanted = select(Contact).where(Contact.retailer_id == retailer_id, Contact.email == email)
    locked = wanted.with_for_update().execution_options(populate_existing=True)
    known = db.scalars(locked).one_or_none()
    if known is not None:
        return known
    contact = Contact(id=ids.new(), retailer_id=retailer_id, email=email, created_at=at)
    try:
        with db.begin_nested():
            db.add(contact)
    except IntegrityError:
        # Two asked at once; the other one was first.
        return db.scalars(locked).one()
    return contact


def erase_contact(db: Session, contact: Contact, *, at: datetime) -> None:
    """Delete an address; what points to the contact from rooms above is gone already. The caller commits.

    The proof of what was agreed to stays, without the address; where there is none, nothing stays.
    """
    if list_contact_consents(db, contact.id):
        contact.email, contact.erased_at = None, at
    else:
        db.delete(contact)


def suppress(db: Session, retailer_id: str, email: str, *, keys: Sequence[str], at: datetime) -> None:
    """Let nobody have a retailer write to a clean address any more; the caller commits.

    :param keys: the installation's secret keys, the present one first.
    """
    if list_suppressions(db, retailer_id, email, keys=keys):
        return
    digest = address_hash(email, suppression_purpose(retailer_id), keys[0])
    db.add(Suppression(id=ids.new(), retailer_id=retailer_id, address_hash=digest, at=at))


def release(db: Session, retailer_id: str, email: str, *, keys: Sequence[str]) -> bool:
    """Let a retailer be asked to write to a clean address again; the caller commits.

    :return: whether it was suppressed.
    """
    found = list_suppressions(db, retailer_id, email, keys=keys)
    for each in found:
        db.delete(each)
    return bool(found)

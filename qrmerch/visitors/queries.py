"""Reads about visitors, addresses that shoppers left, and consent."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.parties.models import Retailer
from qrmerch.visitors.addresses import address_hashes
from qrmerch.visitors.models import ConsentEvent, Contact, Suppression, Visitor


def hash_secret(secret: str, retailer_id: str) -> str:
    """What is kept of a cookie's secret; another one at each retailer, so that two cannot compare."""
    return hashlib.sha256(f"{retailer_id}:{secret}".encode()).hexdigest()


def find_visitor(db: Session, retailer_id: str, secret: str | None) -> Visitor | None:
    """The visitor whose cookie holds `secret`, or None: no cookie, not one of ours, or forgotten."""
    if not secret:
        return None
    wanted = select(Visitor).where(Visitor.secret_hash == hash_secret(secret, retailer_id))
    return db.scalars(wanted.where(Visitor.forgotten_at.is_(None))).one_or_none()


def list_visitors(db: Session, secret: str | None, *, retailer_id: str | None = None) -> list[Visitor]:
    """Whom a cookie's secret means at each retailer that remembers it, oldest first.

    :param retailer_id: the one retailer to ask; None for all.
    """
    if not secret:
        return []
    asked = [retailer_id] if retailer_id else list(db.scalars(select(Retailer.id)))
    hashes = [hash_secret(secret, each) for each in asked]
    wanted = select(Visitor).where(Visitor.secret_hash.in_(hashes), Visitor.forgotten_at.is_(None))
    return list(db.scalars(wanted.order_by(Visitor.created_at, Visitor.id)))


def list_consents(db: Session, visitor_id: str) -> list[ConsentEvent]:
    """What a visitor agreed to and took back, oldest first."""
    wanted = select(ConsentEvent).where(ConsentEvent.visitor_id == visitor_id)
    return list(db.scalars(wanted.order_by(ConsentEvent.at, ConsentEvent.id)))


def find_contact(db: Session, retailer_id: str, email: str) -> Contact | None:
    """The contact with a clean address at a retailer."""
    wanted = select(Contact).where(Contact.retailer_id == retailer_id, Contact.email == email)
    return db.scalars(wanted).one_or_none()


def list_contact_consents(db: Session, contact_id: str) -> list[ConsentEvent]:
    """What the owner of an address agreed to and took back, oldest first."""
    wanted = select(ConsentEvent).where(ConsentEvent.contact_id == contact_id)
    return list(db.scalars(wanted.order_by(ConsentEvent.at, ConsentEvent.id)))


def list_suppressions(db: Session, retailer_id: str, email: str, *, keys: Sequence[str]) -> list[Suppression]:
    """What keeps a retailer from writing to a clean address; empty where nothing does.

    :param keys: the installation's secret keys, the present one first.
    """
    digests = address_hashes(email, suppression_purpose(retailer_id), keys)
    wanted = select(Suppression).where(Suppression.retailer_id == retailer_id)
    return list(db.scalars(wanted.where(Suppression.address_hash.in_(digests))))


def suppression_purpose(retailer_id: str) -> str:
    """What digests of suppressed addresses are made for; another at each retailer, so that two cannot compare."""
    return f"suppressed {retailer_id}"

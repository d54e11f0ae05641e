"""One-time links in mails to shoppers: made for one mail, found again by their secret, kept hashed."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.messages.models import LinkKind, MailLink, Subscription

_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[\w-]{43}", re.ASCII)


def make_link(db: Session, subscription: Subscription, kind: LinkKind, *, at: datetime, until: datetime | None) -> str:
    """The secret of a new link about a subscription, 43 characters; the caller commits.

    :param until: when it ends; None for never.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    db.add(
        MailLink(
            id=ids.new(),
            retailer_id=subscription.retailer_id,
            kind=kind,
            secret_hash=_hash(secret),
            contact_id=subscription.contact_id,
            purpose=subscription.purpose,
            subscription_id=subscription.id,
            created_at=at,
            until=until,
        )
    )
    return secret


def find_link(db: Session, secret: str, kind: LinkKind, *, retailer_id: str | None, at: datetime) -> MailLink | None:
    """The link with this secret, if it is of this kind and has not ended.

    :param retailer_id: whose it must be; None where any retailer's will do.
    """
    if not _SECRET.fullmatch(secret):
        return None
    wanted = select(MailLink).where(MailLink.secret_hash == _hash(secret), MailLink.kind == kind)
    if retailer_id:
        wanted = wanted.where(MailLink.retailer_id == retailer_id)
    return db.scalars(wanted.where(or_(MailLink.until.is_(None), MailLink.until > at))).one_or_none()


def _hash(secret: str) -> str:
    return hashlib.sha256(f"mail link {secret}".encode()).hexdigest()

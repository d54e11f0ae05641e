"""Reads about users, what they may do and their sessions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Principal
from qrmerch.errors import NotFound
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.users.models import Invitation, Membership, StaffSession, User


@dataclass(frozen=True, slots=True)
class Member:
    """A user in one of their roles."""

    user: User
    membership: Membership


def hash_secret(secret: str) -> str:
    """What is kept of a session's or an invitation's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_user_by_email(db: Session, email: str) -> User | None:
    return db.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()


def find_session(db: Session, secret: str, *, at: datetime) -> tuple[StaffSession, User, Membership] | None:
    """The sign-in of a cookie's secret, unless it is over or its user or role is gone."""
    wanted = (
        select(StaffSession, User, Membership)
        .join(User, User.id == StaffSession.user_id)
        .join(Membership, Membership.id == StaffSession.membership_id)
        .where(StaffSession.secret_hash == hash_secret(secret), StaffSession.until > at, User.is_disabled.is_(False))
    )
    found = db.execute(wanted).one_or_none()
    return (found[0], found[1], found[2]) if found else None


def list_sessions(db: Session, user_id: str, *, at: datetime) -> list[StaffSession]:
    """A user's sign-ins that are not over, the one used last first."""
    wanted = select(StaffSession).where(StaffSession.user_id == user_id, StaffSession.until > at)
    return list(db.scalars(wanted.order_by(StaffSession.seen_at.desc(), StaffSession.id)))


def list_memberships(db: Session, user_id: str) -> list[Membership]:
    """What a user does, oldest first."""
    wanted = select(Membership).where(Membership.user_id == user_id)
    return list(db.scalars(wanted.order_by(Membership.created_at, Membership.id)))


def list_members(db: Session, *, retailer_id: str | None = None, vendor_id: str | None = None) -> list[Member]:
    """The people of one retailer or one vendor, by name."""
    wanted = select(User, Membership).join(Membership, Membership.user_id == User.id)
    wanted = wanted.where(Membership.retailer_id == retailer_id, Membership.vendor_id == vendor_id)
    return [Member(user, membership) for user, membership in db.execute(wanted.order_by(User.name, Membership.id))]


def get_member(db: Session, membership_id: str, *, retailer_id: str | None, vendor_id: str | None) -> Member:
    """One of the people of a retailer or vendor.

    :raises NotFound: there is none, or somebody else's.
    """
    for member in list_members(db, retailer_id=retailer_id, vendor_id=vendor_id):
        if member.membership.id == membership_id:
            return member
    raise NotFound()


def find_invitation(db: Session, secret: str, *, at: datetime) -> Invitation | None:
    """The invitation of a link's secret, unless it is used or too old."""
    wanted = select(Invitation).where(Invitation.secret_hash == hash_secret(secret), Invitation.until > at)
    return db.scalars(wanted.where(Invitation.used_at.is_(None))).one_or_none()


def list_invitations(
    db: Session, *, at: datetime, retailer_id: str | None = None, vendor_id: str | None = None
) -> list[Invitation]:
    """Open invitations of one retailer or one vendor, newest first."""
    wanted = select(Invitation).where(Invitation.retailer_id == retailer_id, Invitation.vendor_id == vendor_id)
    wanted = wanted.where(Invitation.used_at.is_(None), Invitation.until > at)
    return list(db.scalars(wanted.order_by(Invitation.created_at.desc(), Invitation.id)))


def house_name(db: Session, *, retailer_id: str | None, vendor_id: str | None) -> str:
    """What the place is called that a role is for."""
    if retailer_id:
        return db.get_one(Retailer, retailer_id).name
    return db.get_one(Vendor, vendor_id).name if vendor_id else "qrmerch"


def make_principal(db: Session, session: StaffSession, user: User, membership: Membership) -> Principal:
    """Who is asking, in the role of this sign-in."""
    supplied: tuple[str, ...] = ()
    if membership.vendor_id:
        wanted = select(Supply.retailer_id).where(Supply.vendor_id == membership.vendor_id, Supply.ended_at.is_(None))
        supplied = tuple(db.scalars(wanted.order_by(Supply.retailer_id)))
    return Principal(
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=membership.role,
        retailer_id=membership.retailer_id,
        vendor_id=membership.vendor_id,
        house_name=house_name(db, retailer_id=membership.retailer_id, vendor_id=membership.vendor_id),
        store_ids=frozenset(membership.store_ids),
        supplied_retailer_ids=supplied,
        session_id=session.id,
    )

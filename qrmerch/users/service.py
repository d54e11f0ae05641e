"""Signing in and out, inviting people, changing what they may do."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids, limits, outbox
from qrmerch.access import VENDOR, Role
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.outbox import Channel
from qrmerch.parties.queries import printed_base
from qrmerch.text import clean_line
from qrmerch.users.models import Invitation, Membership, StaffSession, User
from qrmerch.users.passwords import hash_password, is_outdated, is_password, password_problem
from qrmerch.users.queries import find_user_by_email, hash_secret, house_name, list_memberships

IDLE: Final = timedelta(hours=2)
WHOLE: Final = timedelta(hours=12)
INVITATION_LASTS: Final = timedelta(days=7)
INVITED: Final = "invitation"
_LINK_SAYS: Final = "The link works once, for seven days."
_SECRET_BYTES: Final = 32
_WINDOW: Final = timedelta(minutes=5)
_PER_ACCOUNT, _PER_ADDRESS, _OVERALL = 10, 100, 1000
_EMAIL: Final = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@[^@\s\"(),:;<>\[\\\]]{1,185}\.[^@\s.]{2,60}")


class SignInRefused(DomainError):
    """No account has this e-mail and password; which of the two is wrong is not said."""

    status = 401
    slug = "sign_in_refused"


class LinkUsed(DomainError):
    """The one-time link was used already or is too old."""

    status = 410
    slug = "link_used"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in, and the secret for its cookie; the secret itself is kept nowhere here."""

    session: StaffSession
    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be invited, and to what."""

    email: str
    role: Role
    retailer_id: str | None = None
    vendor_id: str | None = None
    store_ids: tuple[str, ...] = ()


def plain_email(text: str) -> str:
    """An e-mail address as it is kept.

    :raises FormError: it is none.
    """
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise FormError({"email": "This is not an e-mail address, such as vera@example.com."})
    return email


def sign_in(db: Session, *, email: str, password: str, address: str, at: datetime) -> SignedIn:
    """Open a session for who has this e-mail and password. The caller commits, also when it is refused.

    :param address: where the request came from; only its hash is kept, for as long as it counts failures.
    :raises SignInRefused: no such account, another password, a disabled account, or no role.
    :raises TooMany: too many failures of this account, from this address, or in all.
    """
    buckets = (
        (f"sign-in account {email.strip().lower()}", _PER_ACCOUNT),
        (f"sign-in address {address}", _PER_ADDRESS),
        ("sign-in", _OVERALL),
    )
    for bucket, limit in buckets:
        limits.check(db, bucket, limit=limit, per=_WINDOW, at=at)
    user = find_user_by_email(db, email)
    is_right = is_password(user.password_hash if user else None, password)
    memberships = list_memberships(db, user.id) if user and is_right and not user.is_disabled else []
    if user is None or not memberships:
        for bucket, limit in buckets:
            limits.take(db, bucket, limit=limit, per=_WINDOW, at=at)
        raise SignInRefused("No account has this e-mail and password. Check both and try again.")
    if user.password_hash and is_outdated(user.password_hash):
        user.password_hash = hash_password(password)
    return open_session(db, user, memberships[0], at=at)


def open_session(
    db: Session, user: User, membership: Membership, *, at: datetime, began_at: datetime | None = None
) -> SignedIn:
    """A new sign-in in one role, under a secret never used before.

    :param began_at: when the password was given, where this takes the place of a session that is open already.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    session = StaffSession(
        id=ids.new(),
        secret_hash=hash_secret(secret),
        user_id=user.id,
        membership_id=membership.id,
        created_at=began_at or at,
        seen_at=at,
        until=min(at + IDLE, (began_at or at) + WHOLE),
        notices=[],
    )
    db.add(session)
    db.flush()
    return SignedIn(session, user, secret)


def touch(session: StaffSession, *, at: datetime) -> None:
    """A session was used: it stays open for two more hours, twelve in all."""
    session.seen_at = at
    session.until = min(at + IDLE, session.created_at + WHOLE)


def end_session(db: Session, session_id: str, *, user_id: str) -> None:
    """Sign out one of a user's sessions; nothing happens if it is over already."""
    db.execute(delete(StaffSession).where(StaffSession.id == session_id, StaffSession.user_id == user_id))


def end_sessions(db: Session, user_id: str, *, but: str = "") -> None:
    """Sign a user out everywhere, except in one session if named."""
    db.execute(delete(StaffSession).where(StaffSession.user_id == user_id, StaffSession.id != but))


def forget_old_sessions(db: Session, *, at: datetime) -> None:
    """Delete sessions that are over."""
    db.execute(delete(StaffSession).where(StaffSession.until <= at))


def change_password(db: Session, user: User, *, old: str, new: str, session_id: str, at: datetime) -> None:
    """Take another password; every other session of the user ends.

    :raises FormError: the old one is wrong, or the new one may not be chosen.
    """
    limits.take(db, f"password {user.id}", limit=_PER_ACCOUNT, per=_WINDOW, at=at)
    if not is_password(user.password_hash, old):
        raise FormError({"old": "This is not your present password."})
    if problem := password_problem(new, known_words=(user.name, user.email, *_house_names(db, user))):
        raise FormError({"new": problem})
    user.password_hash = hash_password(new)
    end_sessions(db, user.id, but=session_id)
    audit.record(db, None, "user.password", ("user", user.id), at=at, retailer_id=None)


def invite(
    db: Session,
    actor: audit.Actor | None,
    wanted: Wanted,
    *,
    base_url: str,
    at: datetime,
    asked_by: str | None = None,
) -> str:
    """Ask somebody in by mail; the link works once, for seven days, and earlier links to the same role no more.

    :param base_url: the installation's; a retailer's people get its own host instead, if it has one.
    :param asked_by: the retailer that asks a vendor's people in, for its outbox and its log.
    :return: the link.
    :raises FormError: no e-mail address, or a role that does not go with the place.
    :raises Conflict: this person has the role already.
    """
    email = plain_email(wanted.email)
    if problem := _role_problem(wanted):
        raise FormError({"role": problem})
    if (user := find_user_by_email(db, email)) is not None and _has(db, user, wanted):
        raise Conflict(f"{email} has this role already.")
    _end_earlier(db, email, wanted, at=at)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    invitation = Invitation(
        id=ids.new(),
        secret_hash=hash_secret(secret),
        email=email,
        role=wanted.role,
        retailer_id=wanted.retailer_id,
        vendor_id=wanted.vendor_id,
        store_ids=list(wanted.store_ids),
        created_at=at,
        until=at + INVITATION_LASTS,
        used_at=None,
    )
    db.add(invitation)
    db.flush()
    link = _write_to_invited(db, invitation, secret, base_url=base_url, at=at, asked_by=asked_by)
    audit.record(
        db,
        actor,
        "user.invite",
        ("invitation", invitation.id),
        at=at,
        retailer_id=wanted.retailer_id or asked_by,
        detail={"role": wanted.role.value},
    )
    return link


def _write_to_invited(
    db: Session, invitation: Invitation, secret: str, *, base_url: str, at: datetime, asked_by: str | None
) -> str:
    retailer_id = invitation.retailer_id
    base = printed_base(db, retailer_id, base_url=base_url) if retailer_id else base_url
    link = f"{base}/invitation/{secret}"
    house = house_name(db, retailer_id=retailer_id, vendor_id=invitation.vendor_id)
    outbox.post(
        db,
        retailer_id=retailer_id or asked_by,
        channel=Channel.MAIL,
        to=invitation.email,
        subject=f"{house} asks you in",
        body=f"You are asked in to {house} as {role_name(invitation.role)}.\n\n{link}\n\n{_LINK_SAYS}\n",
        at=at,
        kind=INVITED,
        about_id=invitation.id,
    )
    return link


@outbox.holds(INVITED)
def renew_invitation(db: Session, message: outbox.OutboxMessage, at: datetime) -> bool:
    """Let the link of a mail that leaves late work for as long as the mail says; whether it still works at all."""
    renewed = (
        update(Invitation)
        .where(Invitation.id == message.about_id, Invitation.used_at.is_(None), Invitation.until > at)
        .values(until=at + INVITATION_LASTS)
        .returning(Invitation.id)
    )
    return db.scalar(renewed) is not None


def _end_earlier(db: Session, email: str, wanted: Wanted, *, at: datetime) -> None:
    """Let the open links that ask the same person to the same role lead nowhere."""
    earlier = (
        update(Invitation)
        .where(
            Invitation.email == email,
            Invitation.role == wanted.role,
            Invitation.retailer_id == wanted.retailer_id,
            Invitation.vendor_id == wanted.vendor_id,
            Invitation.used_at.is_(None),
            Invitation.until > at,
        )
        .values(until=at)
    )
    db.execute(earlier)


def accept(db: Session, invitation: Invitation, *, name: str, password: str, at: datetime) -> SignedIn:
    """Take up an invitation: make the account, or add the role to the account that has this e-mail.

    The caller commits, also when it is refused: tries at an account's password are counted.

    :param password: a new one; for an account that is there already, its present one.
    :raises FormError: no name, a password that may not be chosen, or not the account's.
    :raises TooMany: the account's password was tried too often.
    :raises LinkUsed: somebody took it up in the meantime.
    """
    # Whoever opens the link a second time waits here, and then finds it used.
    db.refresh(invitation, with_for_update=True)
    if invitation.used_at is not None or invitation.until <= at:
        raise LinkUsed("This link was used already. Ask for a new one.")
    user = find_user_by_email(db, invitation.email)
    if user is None:
        house = house_name(db, retailer_id=invitation.retailer_id, vendor_id=invitation.vendor_id)
        user = _add_user(db, email=invitation.email, name=name, password=password, at=at, houses=(house,))
    else:
        limits.take(db, f"sign-in account {user.email}", limit=_PER_ACCOUNT, per=_WINDOW, at=at)
        if user.is_disabled or not is_password(user.password_hash, password):
            raise FormError({"password": "This is not the password of your account."})
    invitation.used_at = at
    membership = add_membership(db, user, _wanted_of(invitation), at=at)
    audit.record(
        db,
        None,
        "user.accept",
        ("user", user.id),
        at=at,
        retailer_id=invitation.retailer_id,
        detail={"role": membership.role.value},
    )
    return open_session(db, user, membership, at=at)


def add_user(db: Session, *, email: str, name: str, password: str, at: datetime) -> User:
    """An account with a password, for setting up a demo; everybody else is invited.

    :raises FormError: no e-mail address or name, or a password that may not be chosen.
    """
    return _add_user(db, email=plain_email(email), name=name, password=password, at=at)


def _house_names(db: Session, user: User) -> tuple[str, ...]:
    """What the places are called that a user works for."""
    mine = list_memberships(db, user.id)
    return tuple(house_name(db, retailer_id=each.retailer_id, vendor_id=each.vendor_id) for each in mine)


def _add_user(db: Session, *, email: str, name: str, password: str, at: datetime, houses: tuple[str, ...] = ()) -> User:
    problems = {}
    try:
        name = clean_line(name, 80)
    except ValueError as error:
        problems["name"] = str(error)
    if not name.strip():
        problems["name"] = "How shall we call you? Others here see your name."
    if problem := password_problem(password, known_words=(name, email, *houses)):
        problems["password"] = problem
    if problems:
        raise FormError(problems)
    user = User(id=ids.new(), email=email, name=name, password_hash=hash_password(password), created_at=at)
    db.add(user)
    db.flush()
    return user


def add_membership(db: Session, user: User, wanted: Wanted, *, at: datetime) -> Membership:
    """Give a user a role.

    :raises Conflict: they have it already.
    """
    if _has(db, user, wanted):
        raise Conflict(f"{user.email} has this role already.")
    membership = Membership(
        id=ids.new(),
        user_id=user.id,
        role=wanted.role,
        retailer_id=wanted.retailer_id,
        vendor_id=wanted.vendor_id,
        store_ids=list(wanted.store_ids),
        created_at=at,
    )
    db.add(membership)
    db.flush()
    return membership


def remove_membership(db: Session, actor: audit.Actor, membership: Membership, *, at: datetime) -> None:
    """Take a role away; sessions in it end at once.

    :raises Conflict: it is the retailer's last owner.
    """
    if membership.role == Role.OWNER and _count_owners(db, membership.retailer_id) == 1:
        raise Conflict("A retailer needs an owner. Invite another one first.")
    db.execute(delete(StaffSession).where(StaffSession.membership_id == membership.id))
    audit.record(
        db,
        actor,
        "user.remove",
        ("user", membership.user_id),
        at=at,
        retailer_id=membership.retailer_id,
        detail={"role": membership.role.value},
    )
    db.delete(membership)
    db.flush()


def set_stores(
    db: Session, actor: audit.Actor, membership: Membership, store_ids: tuple[str, ...], *, at: datetime
) -> None:
    """Say in which stores an associate works; it holds from their next page on.

    :param store_ids: of the associate's retailer, as the caller has checked.
    :raises FormError: none.
    :raises Conflict: the role is not tied to stores.
    """
    if membership.role != Role.ASSOCIATE:
        raise Conflict("Only an associate works in particular stores.")
    if not store_ids:
        raise FormError({"stores": "An associate needs at least one store."})
    detail = audit.changes({"stores": list(membership.store_ids)}, {"stores": list(store_ids)})
    membership.store_ids = list(store_ids)
    subject = ("user", membership.user_id)
    audit.record(db, actor, "user.stores", subject, at=at, retailer_id=membership.retailer_id, detail=detail)


def cancel_invitation(db: Session, actor: audit.Actor, invitation: Invitation, *, at: datetime) -> None:
    """Let an invitation's link lead nowhere."""
    invitation.until = at
    audit.record(db, actor, "user.uninvite", ("invitation", invitation.id), at=at, retailer_id=invitation.retailer_id)


def role_name(role: Role) -> str:
    """A role as people say it."""
    return role.value.replace("_", " ")


def _wanted_of(invitation: Invitation) -> Wanted:
    return Wanted(
        invitation.email,
        invitation.role,
        invitation.retailer_id,
        invitation.vendor_id,
        tuple(invitation.store_ids),
    )


def _role_problem(wanted: Wanted) -> str | None:
    if wanted.role == Role.OPERATOR:
        return None if wanted.retailer_id is None and wanted.vendor_id is None else "An operator belongs to nobody."
    if wanted.role in VENDOR:
        return None if wanted.vendor_id and not wanted.retailer_id else "This role is for a vendor's people."
    if not wanted.retailer_id or wanted.vendor_id:
        return "This role is for a retailer's people."
    if wanted.role == Role.ASSOCIATE and not wanted.store_ids:
        return "An associate needs at least one store."
    return None


def _has(db: Session, user: User, wanted: Wanted) -> bool:
    found = select(Membership.id).where(
        Membership.user_id == user.id,
        Membership.role == wanted.role,
        Membership.retailer_id == wanted.retailer_id,
        Membership.vendor_id == wanted.vendor_id,
    )
    return db.scalar(found) is not None


def _count_owners(db: Session, retailer_id: str | None) -> int:
    """How many owners a retailer has; until this transaction ends nobody else can take one away."""
    owners = select(Membership.id).where(Membership.retailer_id == retailer_id, Membership.role == Role.OWNER)
    return len(db.scalars(owners.order_by(Membership.id).with_for_update()).all())

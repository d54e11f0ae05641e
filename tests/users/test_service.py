"""Signing in, inviting, removing: what the service promises, at held instants, on both databases."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import limits
from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.db import Database
from qrmerch.errors import Conflict, FormError, TooMany
from qrmerch.limits import RateBucket
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer
from qrmerch.users import service
from qrmerch.users.models import Invitation, Membership, StaffSession, User
from qrmerch.users.passwords import hash_password
from qrmerch.users.queries import find_invitation, find_session, list_invitations
from qrmerch.users.service import LinkUsed, SignInRefused, Wanted
from tests.conftest import NOON
from tests.factories import Doer, Person, make_person, make_retailer, make_store, make_vendor

PASSWORD = "quince marmalade"
WRONG = "quince marmalada"


def make_vera(db: Session, *, retailer: Retailer | None = None, role: Role = Role.OWNER) -> Person:
    """Somebody with a password."""
    person = make_person(db, role, name="Vera", retailer=retailer or make_retailer(db))
    person.user.password_hash = hash_password(PASSWORD)
    db.commit()
    return person


def sign_in(
    db: Session, email: str, password: str = PASSWORD, *, address: str = "203.0.113.9", at: datetime = NOON
) -> service.SignedIn:
    """As the route does: what was refused is committed too."""
    try:
        return service.sign_in(db, email=email, password=password, address=address, at=at)
    finally:
        db.commit()


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hash that is verified from here on."""
    made: list[str] = []
    verify: Callable[..., bool] = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, given: str) -> bool:
        made.append(kept)
        return verify(self, kept, given)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return made


# --- signing in ------------------------------------------------------------------------------------


def test_the_right_password_opens_a_session_whose_secret_is_kept_hashed(db: Session) -> None:
    vera = make_vera(db)

    signed_in = sign_in(db, vera.user.email.upper() + " ")

    assert len(signed_in.secret) == 43, "256 random bits"
    assert signed_in.secret not in signed_in.session.secret_hash
    found = find_session(db, signed_in.secret, at=NOON)
    assert found and found[1].id == vera.user.id


def test_sec_A08_known_and_unknown_cost_the_same_and_are_told_the_same(db: Session, verifications: list[str]) -> None:
    vera, disabled, roleless = make_vera(db), make_vera(db), make_vera(db)
    disabled.user.is_disabled = True
    db.delete(roleless.membership)
    db.commit()
    said, counted = set(), []

    for email in (vera.user.email, "nobody@example.com", disabled.user.email, roleless.user.email, "", "no e-mail"):
        before = len(verifications)
        with pytest.raises(SignInRefused) as refused:
            sign_in(db, email, WRONG)
        said.add((refused.value.status, refused.value.detail))
        counted.append(len(verifications) - before)

    assert len(said) == 1
    assert counted == [1] * 6


def test_a_disabled_account_and_one_without_a_role_do_not_come_in(db: Session) -> None:
    disabled, roleless = make_vera(db), make_vera(db)
    disabled.user.is_disabled = True
    db.delete(roleless.membership)
    db.commit()

    for person in (disabled, roleless):
        with pytest.raises(SignInRefused):
            sign_in(db, person.user.email)


def test_sec_A03_older_parameters_are_renewed_at_the_next_sign_in(db: Session) -> None:
    vera = make_vera(db)
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    vera.user.password_hash = old
    db.commit()

    with pytest.raises(SignInRefused):
        sign_in(db, vera.user.email, WRONG)
    assert vera.user.password_hash == old, "a wrong password renews nothing"
    sign_in(db, vera.user.email)

    renewed = vera.user.password_hash
    assert renewed and "m=19456,t=2" in renewed
    sign_in(db, vera.user.email)
    assert vera.user.password_hash == renewed


def test_sec_A04_ten_failures_of_an_account_and_the_eleventh_waits(db: Session, verifications: list[str]) -> None:
    vera, other = make_vera(db), make_vera(db)
    for number in range(10):
        with pytest.raises(SignInRefused):
            sign_in(db, vera.user.email, WRONG, address=f"203.0.113.{number}")

    with pytest.raises(TooMany) as refused:
        sign_in(db, vera.user.email, PASSWORD, address="203.0.113.99")

    assert refused.value.retry_after == timedelta(seconds=30)
    assert len(verifications) == 10, "who waits costs no hash"
    # Others go on, and so does the account after the wait.
    assert sign_in(db, other.user.email)
    assert sign_in(db, vera.user.email, at=NOON + refused.value.retry_after)


def test_sec_A04_success_does_not_use_tries_up(db: Session) -> None:
    vera = make_vera(db)

    for _ in range(12):
        assert sign_in(db, vera.user.email)


def test_sec_A04_unknown_accounts_are_limited_like_known_ones(db: Session) -> None:
    for _ in range(10):
        with pytest.raises(SignInRefused):
            sign_in(db, "nobody@example.com", WRONG)

    with pytest.raises(TooMany):
        sign_in(db, "Nobody@example.com ", WRONG)


@pytest.mark.parametrize(
    ("limits_", "address"),
    [({"_PER_ADDRESS": 3}, "203.0.113.9"), ({"_OVERALL": 3}, "198.51.100.1")],
    ids=["per address", "overall"],
)
def test_sec_A04_an_address_and_the_whole_house_have_limits_too(
    db: Session, monkeypatch: pytest.MonkeyPatch, limits_: dict[str, int], address: str
) -> None:
    for name, limit in limits_.items():
        monkeypatch.setattr(service, name, limit)
    for number in range(3):
        with pytest.raises(SignInRefused):
            sign_in(db, f"nobody{number}@example.com", WRONG)

    with pytest.raises(TooMany) as refused:
        sign_in(db, "another@example.com", WRONG, address=address)

    assert refused.value.retry_after == timedelta(seconds=100)


def test_the_limits_are_those_of_the_security_checks() -> None:
    assert (service._PER_ACCOUNT, service._PER_ADDRESS, service._OVERALL) == (10, 100, 1000)
    assert timedelta(minutes=5) == service._WINDOW


def test_the_log_of_tries_holds_no_address(db: Session) -> None:
    with pytest.raises(SignInRefused):
        sign_in(db, "nobody@example.com", WRONG)

    kept = db.scalars(select(RateBucket.id)).all()
    assert len(kept) == 3 and not any("203" in each or "nobody" in each for each in kept)


def test_two_first_tries_at_once_are_both_counted(database: Database, db: Session) -> None:
    """On PostgreSQL both would find no bucket and make it; the second must not fail."""
    db.commit()
    start, errors = threading.Barrier(4), []

    def take() -> None:
        with database.write() as session:
            if not database.is_sqlite:
                start.wait()
            try:
                limits.take(session, "door", limit=10, per=timedelta(minutes=5), at=NOON)
                session.commit()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert db.scalars(select(RateBucket.tokens)).one() == 6


# --- sessions --------------------------------------------------------------------------------------


def test_sec_B03_a_session_idles_for_two_hours_and_lasts_twelve(db: Session) -> None:
    vera = make_vera(db)
    signed_in = sign_in(db, vera.user.email)
    session = signed_in.session

    assert find_session(db, signed_in.secret, at=NOON + timedelta(hours=2) - timedelta(seconds=1))
    assert not find_session(db, signed_in.secret, at=NOON + timedelta(hours=2))
    for hour in range(1, 12):
        service.touch(session, at=NOON + timedelta(hours=hour))
    assert find_session(db, signed_in.secret, at=NOON + timedelta(hours=12) - timedelta(seconds=1))
    assert not find_session(db, signed_in.secret, at=NOON + timedelta(hours=12))


def test_sec_B03_taking_another_role_does_not_begin_the_twelve_hours_anew(db: Session) -> None:
    vera = make_vera(db)
    late = NOON + timedelta(hours=11)

    again = service.open_session(db, vera.user, vera.membership, at=late, began_at=NOON)

    assert again.session.until == NOON + timedelta(hours=12)
    service.touch(again.session, at=late + timedelta(minutes=30))
    assert again.session.until == NOON + timedelta(hours=12)


def test_sec_B04_a_disabled_account_is_out_at_once(db: Session) -> None:
    vera = make_vera(db)
    signed_in = sign_in(db, vera.user.email)

    vera.user.is_disabled = True
    db.commit()

    assert not find_session(db, signed_in.secret, at=NOON)


def test_sec_B04_a_changed_password_ends_the_other_sessions(db: Session) -> None:
    vera = make_vera(db)
    here, there = sign_in(db, vera.user.email), sign_in(db, vera.user.email)

    service.change_password(
        db, vera.user, old=PASSWORD, new="pear and walnut bread", session_id=here.session.id, at=NOON
    )
    db.commit()

    assert find_session(db, here.secret, at=NOON) and not find_session(db, there.secret, at=NOON)
    with pytest.raises(SignInRefused):
        sign_in(db, vera.user.email)
    assert sign_in(db, vera.user.email, "pear and walnut bread")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (WRONG, "pear and walnut bread", "old"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "Fashiontown Stores!", "new"),
    ],
)
def test_a_password_that_may_not_be_chosen_changes_nothing(db: Session, old: str, new: str, field: str) -> None:
    vera = make_vera(db, retailer=make_retailer(db, name="Fashiontown Stores"))
    other = sign_in(db, vera.user.email)

    with pytest.raises(FormError) as refused:
        service.change_password(db, vera.user, old=old, new=new, session_id="", at=NOON)
    db.commit()

    assert list(refused.value.problems) == [field]
    assert find_session(db, other.secret, at=NOON) and sign_in(db, vera.user.email)


def test_the_present_password_is_not_guessed_without_end(db: Session) -> None:
    vera = make_vera(db)
    for _ in range(10):
        with pytest.raises(FormError):
            service.change_password(db, vera.user, old=WRONG, new="pear and walnut bread", session_id="", at=NOON)

    with pytest.raises(TooMany):
        service.change_password(db, vera.user, old=PASSWORD, new="pear and walnut bread", session_id="", at=NOON)


# --- invitations -----------------------------------------------------------------------------------


def invite(db: Session, *, role: Role = Role.ANALYST, email: str = "nora@example.com") -> tuple[Retailer, str]:
    """A retailer and the secret of the link it sent."""
    retailer = make_retailer(db, name="Fashiontown")
    link = service.invite(
        db, None, Wanted(email, role, retailer_id=retailer.id), base_url="https://shop.example", at=NOON
    )
    db.commit()
    return retailer, link.removeprefix("https://shop.example/invitation/")


def accept(
    db: Session, secret: str, *, name: str = "Nora", password: str = PASSWORD, at: datetime = NOON
) -> service.SignedIn:
    invitation = find_invitation(db, secret, at=at)
    assert invitation
    signed_in = service.accept(db, invitation, name=name, password=password, at=at)
    db.commit()
    return signed_in


def test_sec_A07_a_link_is_kept_hashed_works_once_and_for_seven_days(db: Session) -> None:
    _, secret = invite(db)
    (kept,) = db.scalars(select(Invitation)).all()

    assert len(secret) == 43 and secret not in kept.secret_hash
    assert find_invitation(db, secret, at=NOON + timedelta(days=7) - timedelta(seconds=1))
    assert not find_invitation(db, secret, at=NOON + timedelta(days=7))
    accept(db, secret)
    assert not find_invitation(db, secret, at=NOON)


def test_who_comes_in_has_the_role_and_the_name_they_chose(db: Session) -> None:
    retailer, secret = invite(db)

    signed_in = accept(db, secret, name="  Nora \u202e Nkemelu ")

    membership = db.get_one(Membership, signed_in.session.membership_id)
    assert (membership.role, membership.retailer_id) == (Role.ANALYST, retailer.id)
    assert signed_in.user.name == "Nora Nkemelu" and signed_in.user.email == "nora@example.com"


def test_an_account_that_is_there_needs_its_own_password(db: Session) -> None:
    vera = make_vera(db)
    _, secret = invite(db, email=vera.user.email)

    with pytest.raises(FormError) as refused:
        accept(db, secret, password="a brand new sentence")
    db.rollback()

    assert "not the password of your account" in refused.value.detail
    signed_in = accept(db, secret, name="Somebody Else")
    assert signed_in.user.id == vera.user.id and vera.user.name == "Vera"
    assert len(db.scalars(select(Membership).where(Membership.user_id == vera.user.id)).all()) == 2


def test_an_invitation_is_no_place_to_guess_passwords(db: Session) -> None:
    vera = make_vera(db)
    _, secret = invite(db, email=vera.user.email)
    invitation = find_invitation(db, secret, at=NOON)
    assert invitation

    for _ in range(10):
        with pytest.raises(FormError):
            service.accept(db, invitation, name="", password=WRONG, at=NOON)
        db.commit()

    with pytest.raises(TooMany):
        service.accept(db, invitation, name="", password=PASSWORD, at=NOON)


@pytest.mark.parametrize(
    ("name", "password", "fields"),
    [
        ("", PASSWORD, ["name"]),
        ("x" * 81, PASSWORD, ["name"]),
        ("Nora", "short", ["password"]),
        ("Nora", "Fashiontown12", ["password"]),
        ("", "short", ["name", "password"]),
    ],
)
def test_what_cannot_be_taken_is_named_and_the_link_goes_on_working(
    db: Session, name: str, password: str, fields: list[str]
) -> None:
    _, secret = invite(db)

    with pytest.raises(FormError) as refused:
        accept(db, secret, name=name, password=password)
    db.rollback()

    assert list(refused.value.problems) == fields
    assert accept(db, secret)


def test_two_who_open_the_same_link_at_once_make_one_account(database: Database, db: Session) -> None:
    _, secret = invite(db)
    start, outcomes = threading.Barrier(2), []

    def come() -> None:
        with database.write() as session:
            if not database.is_sqlite:
                invitation = find_invitation(session, secret, at=NOON)
                start.wait()
            else:
                invitation = find_invitation(session, secret, at=NOON)
            try:
                if invitation is None:
                    raise LinkUsed("gone")
                service.accept(session, invitation, name="Nora", password=PASSWORD, at=NOON)
                session.commit()
                outcomes.append("in")
            except LinkUsed:
                outcomes.append("used")

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["in", "used"]
    assert len(db.scalars(select(User)).all()) == 1


def test_asking_again_ends_the_earlier_link(db: Session) -> None:
    retailer, first = invite(db)

    service.invite(
        db, None, Wanted("Nora@Example.com", Role.ANALYST, retailer_id=retailer.id), base_url="https://x", at=NOON
    )
    other = service.invite(
        db, None, Wanted("nora@example.com", Role.REVIEWER, retailer_id=retailer.id), base_url="https://x", at=NOON
    )
    db.commit()

    assert not find_invitation(db, first, at=NOON)
    assert len(list_invitations(db, at=NOON, retailer_id=retailer.id)) == 2
    assert find_invitation(db, other.rpartition("/")[2], at=NOON)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("nora@example.com", Role.OWNER),
        Wanted("nora@example.com", Role.VENDOR_ADMIN, retailer_id="r"),
        Wanted("nora@example.com", Role.OWNER, vendor_id="v"),
        Wanted("nora@example.com", Role.OPERATOR, retailer_id="r"),
        Wanted("nora@example.com", Role.ASSOCIATE, retailer_id="r"),
        Wanted("nora@example.com", Role.OWNER, retailer_id="r", vendor_id="v"),
        Wanted("nora", Role.OWNER, retailer_id="r"),
        Wanted("nora@example.com, all@example.com", Role.OWNER, retailer_id="r"),
        Wanted("nora@example.com\nBcc: all@example.com", Role.OWNER, retailer_id="r"),
        Wanted("", Role.OWNER, retailer_id="r"),
        Wanted(f"{'n' * 65}@example.com", Role.OWNER, retailer_id="r"),
    ],
)
def test_a_role_goes_with_its_place_and_an_e_mail_is_one(db: Session, wanted: Wanted) -> None:
    with pytest.raises(FormError):
        service.invite(db, None, wanted, base_url="https://shop.example", at=NOON)

    assert not db.scalars(select(Invitation)).all()


# --- removing --------------------------------------------------------------------------------------


def test_sec_B04_removal_ends_the_sessions_of_that_role_only(db: Session) -> None:
    vera = make_vera(db)
    second = service.add_membership(db, vera.user, Wanted("", Role.ANALYST, retailer_id=make_retailer(db).id), at=NOON)
    kept = service.open_session(db, vera.user, second, at=NOON)
    ended = service.open_session(db, vera.user, vera.membership, at=NOON)
    make_person(db, Role.OWNER, retailer=db.get_one(Retailer, vera.membership.retailer_id))

    service.remove_membership(db, Doer("boss"), vera.membership, at=NOON)
    db.commit()

    assert find_session(db, kept.secret, at=NOON) and not find_session(db, ended.secret, at=NOON)


def test_two_owners_cannot_remove_each_other_at_once(database: Database, db: Session) -> None:
    retailer = make_retailer(db)
    owners = [make_person(db, Role.OWNER, retailer=retailer).membership.id for _ in range(2)]
    db.commit()
    start, refused = threading.Barrier(2), []

    def remove(membership_id: str) -> None:
        with database.write() as session:
            membership = session.get_one(Membership, membership_id)
            if not database.is_sqlite:
                start.wait()
            try:
                service.remove_membership(session, Doer("other"), membership, at=NOON)
                session.commit()
            except Conflict:
                refused.append(membership_id)

    threads = [threading.Thread(target=remove, args=(each,)) for each in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left = db.scalars(select(Membership).where(Membership.retailer_id == retailer.id)).all()
    assert len(left) == 1 and len(refused) == 1


def test_an_associates_stores_change_and_are_logged(db: Session) -> None:
    retailer = make_retailer(db)
    first, second = make_store(db, retailer), make_store(db, retailer)
    ada = make_person(db, Role.ASSOCIATE, retailer=retailer, stores=(first,))

    service.set_stores(db, Doer("boss"), ada.membership, (second.id,), at=NOON)

    assert ada.membership.store_ids == [second.id]
    assert db.scalars(select(AuditEntry.action)).all()[-1] == "user.stores"
    with pytest.raises(FormError):
        service.set_stores(db, Doer("boss"), ada.membership, (), at=NOON)
    with pytest.raises(Conflict):
        service.set_stores(db, Doer("boss"), make_vera(db).membership, (first.id,), at=NOON)


def test_a_vendors_invitation_stands_in_the_retailers_log_that_asked(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)

    service.invite(
        db,
        None,
        Wanted("hal@example.com", Role.VENDOR_ADMIN, vendor_id=vendor.id),
        base_url="https://x",
        at=NOON,
        asked_by=retailer.id,
    )

    assert [each.chain for each in db.scalars(select(AuditEntry).where(AuditEntry.action == "user.invite"))] == [
        retailer.id
    ]
    (invitation,) = db.scalars(select(Invitation)).all()
    assert invitation.retailer_id is None and invitation.vendor_id == vendor.id


def test_old_sessions_are_forgotten(db: Session) -> None:
    vera = make_vera(db)
    sign_in(db, vera.user.email)

    service.forget_old_sessions(db, at=NOON + timedelta(hours=1))
    assert db.scalars(select(StaffSession)).all()
    service.forget_old_sessions(db, at=NOON + timedelta(hours=2))
    assert not db.scalars(select(StaffSession)).all()


def test_an_invitation_that_leaves_late_works_for_as_long_as_it_says(db: Session) -> None:
    _, secret = invite(db)
    (message,) = db.scalars(select(OutboxMessage))
    late = NOON + timedelta(days=2)

    assert service.renew_invitation(db, message, late)

    assert find_invitation(db, secret, at=late + timedelta(days=6, hours=23))
    assert not find_invitation(db, secret, at=late + timedelta(days=7))


def test_an_invitation_that_leads_nowhere_any_more_does_not_leave(db: Session) -> None:
    invite(db)
    (message,) = db.scalars(select(OutboxMessage))
    late = NOON + timedelta(days=7)
    over = service.renew_invitation(db, message, late)
    db.get_one(Invitation, message.about_id).used_at = NOON
    db.flush()

    assert not over
    assert not service.renew_invitation(db, message, NOON + timedelta(days=1))

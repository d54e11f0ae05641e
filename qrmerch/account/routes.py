"""Signing in and out, taking up an invitation, one's own password, sessions and roles."""

from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import Role, allow_anyone, allow_signed_in, current_principal, find_principal
from qrmerch.account.pages import AccountPage, InvitationPage, RoleLine, SessionLine, SignInPage
from qrmerch.clock import now
from qrmerch.db import unscoped
from qrmerch.errors import FormError, NotFound, TooMany
from qrmerch.i18n import format_datetime
from qrmerch.users import login, service
from qrmerch.users.models import StaffSession, User
from qrmerch.users.queries import (
    find_invitation,
    find_user_by_email,
    house_name,
    list_memberships,
    list_sessions,
)
from qrmerch.users.service import LinkUsed, SignedIn, SignInRefused, role_name
from qrmerch.web import get_db, local_address, notice, redirect_to, render, services

blueprint = Blueprint("account", __name__)
_HOMES: Final = {Role.ASSOCIATE: "/associate", Role.VENDOR_ADMIN: "/studio", Role.VENDOR_EDITOR: "/studio"}


def blueprints() -> list[Blueprint]:
    """What `create_app` registers."""
    return [blueprint]


def home_of(role: Role) -> str:
    """Where a role begins its day."""
    return _HOMES.get(role, "/account" if role == Role.OPERATOR else "/desk")


@blueprint.get("/sign-in")
@allow_anyone
def sign_in() -> Response:
    """The form; who is signed in already goes on."""
    principal = find_principal()
    wanted = local_address(request.args.get("next", ""), "")
    if principal is not None:
        return redirect_to(wanted or home_of(principal.role))
    return render("account/sign_in.html", SignInPage("", wanted, {}, services().settings.is_demo))


@blueprint.post("/sign-in")
@allow_anyone
def send_sign_in() -> Response:
    """Open a session, or say that it did not work, without saying what was wrong."""
    db, at = get_db(), now()
    email, wanted = request.form.get("email", ""), local_address(request.form.get("next", ""), "")
    try:
        signed_in = service.sign_in(
            db, email=email, password=request.form.get("password", ""), address=request.remote_addr or "", at=at
        )
    except (SignInRefused, TooMany) as refused:
        db.commit()
        page = SignInPage(email, wanted, {"": refused.detail}, services().settings.is_demo)
        response = render("account/sign_in.html", page, status=refused.status)
        if isinstance(refused, TooMany):
            response.headers["Retry-After"] = str(int(refused.retry_after.total_seconds()))
        return response
    role = list_memberships(db, signed_in.user.id)[0].role
    _end_present(db)
    db.commit()
    return _begin(signed_in, wanted or home_of(role))


@blueprint.post("/sign-out")
@allow_signed_in
def sign_out() -> Response:
    """End this session."""
    db, principal = get_db(), current_principal()
    service.end_session(db, principal.session_id, user_id=principal.user_id)
    db.commit()
    response = redirect_to("/sign-in")
    login.take_cookie(response)
    return response


@blueprint.get("/invitation/<secret>")
@allow_anyone
def show_invitation(secret: str) -> Response:
    """What one is invited to, and the form to take it up; a GET changes nothing."""
    return _render_invitation(secret, {})


@blueprint.post("/invitation/<secret>")
@allow_anyone
def accept_invitation(secret: str) -> Response:
    """Take an invitation up."""
    db, at = get_db(), now()
    invitation = find_invitation(db, secret, at=at)
    if invitation is None:
        raise LinkUsed("This link was used already or is too old. Ask for a new one.")
    try:
        signed_in = service.accept(
            db, invitation, name=request.form.get("name", ""), password=request.form.get("password", ""), at=at
        )
    except FormError as error:
        # The try is counted.
        db.commit()
        return _render_invitation(secret, error.problems, status=error.status)
    home = home_of(invitation.role)
    _end_present(db)
    db.commit()
    return _begin(signed_in, home)


@blueprint.get("/account")
@allow_signed_in
def show_account() -> Response:
    """One's own password, roles and sessions."""
    return _render_account({})


@blueprint.post("/account/password")
@allow_signed_in
def change_password() -> Response:
    """Take another password; all other sessions end."""
    db, principal, at = get_db(), current_principal(), now()
    user = db.get_one(User, principal.user_id)
    try:
        service.change_password(
            db,
            user,
            old=request.form.get("old", ""),
            new=request.form.get("new", ""),
            session_id=principal.session_id,
            at=at,
        )
    except FormError as error:
        db.commit()
        return _render_account(error.problems, status=error.status)
    db.commit()
    notice("Your password is changed. You are signed out everywhere else.")
    return redirect_to("/account")


@blueprint.post("/account/sessions/<session_id>/end")
@allow_signed_in
def end_session(session_id: str) -> Response:
    """Sign out somewhere else."""
    db, principal = get_db(), current_principal()
    if session_id not in {each.id for each in list_sessions(db, principal.user_id, at=now())}:
        raise NotFound()
    service.end_session(db, session_id, user_id=principal.user_id)
    db.commit()
    return redirect_to("/account")


@blueprint.post("/account/roles/<membership_id>")
@allow_signed_in
def take_role(membership_id: str) -> Response:
    """Act in another of one's roles: a new session takes the place of this one."""
    db, principal, at = get_db(), current_principal(), now()
    mine = {each.id: each for each in list_memberships(db, principal.user_id)}
    if membership_id not in mine:
        raise NotFound()
    user = db.get_one(User, principal.user_id)
    began_at = db.get_one(StaffSession, principal.session_id).created_at
    service.end_session(db, principal.session_id, user_id=user.id)
    signed_in = service.open_session(db, user, mine[membership_id], at=at, began_at=began_at)
    db.commit()
    return _begin(signed_in, home_of(mine[membership_id].role))


def _end_present(db: Session) -> None:
    """End the session that this browser brought, if any: another one takes its place."""
    principal = login.find_principal()
    if principal is not None:
        service.end_session(db, principal.session_id, user_id=principal.user_id)


def _begin(signed_in: SignedIn, address: str) -> Response:
    response = redirect_to(address)
    login.give_cookie(response, signed_in.secret)
    return response


def _render_invitation(secret: str, problems: dict[str, str], *, status: int = 200) -> Response:
    with services().database.read() as db:
        invitation = find_invitation(db, secret, at=now())
        if invitation is None:
            raise LinkUsed("This link was used already or is too old. Ask for a new one.")
        page = InvitationPage(
            house=house_name(db, retailer_id=invitation.retailer_id, vendor_id=invitation.vendor_id),
            role=role_name(invitation.role),
            email=invitation.email,
            name=request.form.get("name", ""),
            is_known=find_user_by_email(db, invitation.email) is not None,
            problems=problems,
        )
    response = render("account/invitation.html", page, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _render_account(problems: dict[str, str], *, status: int = 200) -> Response:
    principal, at = current_principal(), now()
    with services().database.read() as db, unscoped(db):
        sessions = tuple(
            SessionLine(
                each.id,
                format_datetime(each.created_at, "en", "UTC"),
                format_datetime(each.seen_at, "en", "UTC"),
                each.id == principal.session_id,
            )
            for each in list_sessions(db, principal.user_id, at=at)
        )
        roles = tuple(
            RoleLine(
                each.id,
                role_name(each.role),
                house_name(db, retailer_id=each.retailer_id, vendor_id=each.vendor_id),
                each.role == principal.role
                and each.retailer_id == principal.retailer_id
                and each.vendor_id == principal.vendor_id,
            )
            for each in list_memberships(db, principal.user_id)
        )
    return render("account/account.html", AccountPage(sessions, roles, problems), status=status)

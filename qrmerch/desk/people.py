"""Who works at a retailer, in which role and which stores: asked in, moved, removed."""

from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import OWNERS, Role, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.people_pages import InvitationRow, PeoplePage, PersonPage, PersonRow, RoleGroup
from qrmerch.desk.times import said_at
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.i18n import format_list
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.users import service
from qrmerch.users.models import StaffSession
from qrmerch.users.queries import Member, get_member, list_invitations, list_members
from qrmerch.users.service import Wanted, role_name
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_people", __name__)

# The roles that a retailer gives, and what each may do.
_ROLES: Final = {
    Role.OWNER: ("Owners", "Everything, also brand, people and the log."),
    Role.MERCHANDISER: ("Merchandisers", "Items, codes, offers, stores, vendors, templates; review and numbers."),
    Role.REVIEWER: ("Reviewers", "Answer what vendors send, publish it and take it down."),
    Role.ANALYST: ("Analysts", "Read the numbers and download them."),
    Role.ASSOCIATE: ("Associates", "Honour offers at the till, in their own stores."),
}


@blueprint.get("/desk/people")
@allow(*OWNERS)
def show_list() -> Response:
    """Everybody, by role, and who is asked in."""
    return _render(get_db())


@blueprint.post("/desk/people/invite")
@allow(*OWNERS)
def ask_in() -> Response:
    """Ask somebody in by mail."""
    db, principal = get_db(), current_principal()
    email = request.form.get("email", "")
    try:
        role = _role_asked()
        store_ids = _stores_asked(db) if role == Role.ASSOCIATE else ()
        wanted = Wanted(email, role, retailer_id=principal.retailer_id, store_ids=store_ids)
        link = service.invite(db, principal, wanted, base_url=services().settings.base_url, at=now())
    except (FormError, Conflict) as error:
        db.rollback()
        problems = error.problems if isinstance(error, FormError) else {"email": error.detail}
        return _render(db, problems=problems)
    db.commit()
    if not services().settings.smtp_url:
        # Nothing is mailed here: the link is shown this once.
        return _render(db, link=link)
    notice(f"{email} is asked in by mail. The link works once, for seven days.")
    return redirect_to("/desk/people")


@blueprint.post("/desk/people/invitations/<invitation_id>/cancel")
@allow(*OWNERS)
def cancel(invitation_id: str) -> Response:
    """Let the link of an invitation lead nowhere."""
    db, principal, at = get_db(), current_principal(), now()
    for invitation in list_invitations(db, at=at, retailer_id=principal.retailer_id):
        if invitation.id == invitation_id:
            service.cancel_invitation(db, principal, invitation, at=at)
            db.commit()
            notice(f"The link for {invitation.email} no longer works.", "info")
            return redirect_to("/desk/people#invited")
    raise NotFound("This invitation is not open any more.")


@blueprint.post("/desk/people/<membership_id>/remove")
@allow(*OWNERS)
def remove(membership_id: str) -> Response:
    """Take somebody's role away; they are signed out of it at once."""
    db, principal = get_db(), current_principal()
    member = _get(db, membership_id)
    service.remove_membership(db, principal, member.membership, at=now())
    db.commit()
    notice(f"{member.user.name} is no longer {role_name(member.membership.role)} here.", "info")
    return redirect_to("/desk/people")


@blueprint.get("/desk/people/<membership_id>")
@allow(*OWNERS)
def show(membership_id: str) -> Response:
    """The stores of one associate."""
    db = get_db()
    return _render_person(db, _get_associate(db, membership_id))


@blueprint.post("/desk/people/<membership_id>")
@allow(*OWNERS)
def set_stores(membership_id: str) -> Response:
    """Say in which stores an associate works."""
    db, principal = get_db(), current_principal()
    member = _get_associate(db, membership_id)
    try:
        service.set_stores(db, principal, member.membership, _stores_asked(db), at=now())
    except FormError as error:
        db.rollback()
        return _render_person(db, member, problems=error.problems)
    db.commit()
    notice(f"{member.user.name} works in {_store_names(db, member)} now.")
    return redirect_to("/desk/people")


def _get(db: Session, membership_id: str) -> Member:
    return get_member(db, membership_id, retailer_id=current_principal().retailer_id, vendor_id=None)


def _get_associate(db: Session, membership_id: str) -> Member:
    member = _get(db, membership_id)
    if member.membership.role != Role.ASSOCIATE:
        raise NotFound("Only an associate works in particular stores.")
    return member


def _role_asked() -> Role:
    """:raises FormError: none of those that a retailer gives."""
    for role in _ROLES:
        if request.form.get("role", "") == role:
            return role
    raise FormError({"role": "Choose what this person will do."})


def _stores_asked(db: Session) -> tuple[str, ...]:
    """The stores chosen in the form.

    :raises NotFound: one is another retailer's.
    :raises FormError: none.
    """
    asked = tuple(dict.fromkeys(request.form.getlist("stores")))
    mine = {store.id for store in list_stores(db, str(current_principal().retailer_id))}
    if not set(asked) <= mine:
        raise NotFound("This store is not here.")
    if not asked:
        raise FormError({"stores": "An associate needs at least one store."})
    return asked


def _store_names(db: Session, member: Member) -> str:
    stores = list_stores(db, str(member.membership.retailer_id))
    names = [store.short_name for store in stores if store.id in member.membership.store_ids]
    return format_list(names, "en") if names else "no store"


def _render(db: Session, *, problems: dict[str, str] | None = None, link: str = "") -> Response:
    principal, at = current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    members = list_members(db, retailer_id=retailer.id)
    signed_in = set(
        db.scalars(
            select(StaffSession.membership_id).where(
                StaffSession.membership_id.in_([each.membership.id for each in members]), StaffSession.until > at
            )
        )
    )
    invited = list_invitations(db, at=at, retailer_id=retailer.id)
    is_back = bool(problems)
    page = PeoplePage(
        lede=_lede(len(members), len(invited)),
        groups=tuple(
            RoleGroup(
                role.value,
                title,
                say,
                tuple(
                    PersonRow(
                        membership_id=each.membership.id,
                        name=each.user.name,
                        email=each.user.email,
                        stores=_store_names(db, each) if role == Role.ASSOCIATE else "",
                        href=f"/desk/people/{each.membership.id}" if role == Role.ASSOCIATE else "",
                        since=said_at(each.membership.created_at, now=at, zone=retailer.time_zone),
                        is_signed_in=each.membership.id in signed_in,
                        is_oneself=each.user.id == principal.user_id,
                    )
                    for each in members
                    if each.membership.role == role
                ),
            )
            for role, (title, say) in _ROLES.items()
        ),
        invitations=tuple(
            InvitationRow(
                each.id, each.email, role_name(each.role), said_at(each.until, now=at, zone=retailer.time_zone)
            )
            for each in invited
        ),
        email=request.form.get("email", "") if is_back else "",
        role=request.form.get("role", "") if is_back else Role.REVIEWER.value,
        roles=tuple((role.value, role_name(role).capitalize()) for role in _ROLES),
        stores=tuple((store.id, store.name) for store in list_stores(db, retailer.id) if store.is_open),
        chosen_stores=tuple(request.form.getlist("stores")) if is_back else (),
        problems=problems or {},
        link=link,
    )
    return render("desk/people.html", page, status=422 if problems else 200)


def _render_person(db: Session, member: Member, *, problems: dict[str, str] | None = None) -> Response:
    page = PersonPage(
        membership_id=member.membership.id,
        name=member.user.name,
        lede=f"{member.user.email}, associate. What is changed here holds from the next page they open.",
        stores=tuple((store.id, store.name) for store in list_stores(db, str(member.membership.retailer_id))),
        chosen=tuple(member.membership.store_ids),
        problems=problems or {},
    )
    return render("desk/person.html", page, status=422 if problems else 200)


def _lede(people: int, invited: int) -> str:
    said = "1 person works here" if people == 1 else f"{people:,} people work here"
    if not invited:
        return f"{said}."
    return f"{said}; {invited} {'has' if invited == 1 else 'have'} not come in yet."

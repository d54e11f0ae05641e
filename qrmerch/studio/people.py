"""A vendor's own people: who may work here, who is asked in, and who no longer."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import limits
from qrmerch.access import Role, allow, current_principal
from qrmerch.clock import now
from qrmerch.errors import Conflict, DomainError, FormError, NotFound
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.pages import InvitationLine, PeoplePage, PersonLine
from qrmerch.studio.times import house_zone, said_alone, said_at
from qrmerch.users import service
from qrmerch.users.models import Invitation
from qrmerch.users.queries import get_member, list_invitations, list_members
from qrmerch.users.service import Wanted
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("studio_people", __name__)

_ROLES: Final = {
    Role.VENDOR_EDITOR: "Editor: products, pictures and pages",
    Role.VENDOR_ADMIN: "Admin: the same, and people",
}
# Each invitation is a mail to somebody who did not ask for it.
_INVITATIONS_PER_DAY: Final = 30


class OneselfRemoved(Conflict):
    """Somebody tried to remove themselves, and perhaps the last admin with it."""

    slug = "oneself_removed"


@blueprint.get("/studio/people")
@allow(Role.VENDOR_ADMIN)
def show() -> Response:
    """Who works here, and who is asked in."""
    return _render(get_db())


@blueprint.post("/studio/people")
@allow(Role.VENDOR_ADMIN)
def invite() -> Response:
    """Ask somebody in to this vendor; an older link of theirs leads nowhere from now on."""
    db, principal, at = get_db(), current_principal(), now()
    try:
        email, role = service.plain_email(request.form.get("email", "")), _role_asked()
        limits.take(db, f"invite {principal.vendor_id}", limit=_INVITATIONS_PER_DAY, per=timedelta(days=1), at=at)
        for earlier in _invitations(db, str(principal.vendor_id)):
            if earlier.email == email:
                service.cancel_invitation(db, principal, earlier, at=at)
        wanted = Wanted(email, role, vendor_id=principal.vendor_id)
        link = service.invite(db, principal, wanted, base_url=services().settings.base_url, at=at)
    except DomainError as error:
        # An older link that was to be replaced still works.
        db.rollback()
        problems = error.problems if isinstance(error, FormError) else {"email": error.detail}
        return _render(db, problems=problems, status=error.status)
    db.commit()
    if not services().settings.smtp_url:
        # Nothing is mailed here: the link is shown this once and kept nowhere.
        return _render(db, link=link, invited=email)
    notice(f"{email} is asked in by mail. The link works once, for seven days.")
    return redirect_to("/studio/people")


@blueprint.post("/studio/people/<membership_id>/remove")
@allow(Role.VENDOR_ADMIN)
def remove(membership_id: str) -> Response:
    """Take somebody's role at this vendor away; they are signed out of it at once."""
    db, principal = get_db(), current_principal()
    member = get_member(db, membership_id, retailer_id=None, vendor_id=principal.vendor_id)
    if member.user.id == principal.user_id:
        raise OneselfRemoved("You cannot remove yourself. Another admin can.")
    service.remove_membership(db, principal, member.membership, at=now())
    db.commit()
    notice(f"{member.user.name} no longer works here.", "info")
    return redirect_to("/studio/people")


@blueprint.post("/studio/people/invitations/<invitation_id>/cancel")
@allow(Role.VENDOR_ADMIN)
def cancel(invitation_id: str) -> Response:
    """Let the link of an invitation lead nowhere."""
    db, principal = get_db(), current_principal()
    for invitation in _invitations(db, str(principal.vendor_id)):
        if invitation.id == invitation_id:
            service.cancel_invitation(db, principal, invitation, at=now())
            db.commit()
            notice(f"The link for {invitation.email} no longer works.", "info")
            return redirect_to("/studio/people")
    raise NotFound("This invitation is not open any more.")


def _invitations(db: Session, vendor_id: str) -> list[Invitation]:
    return list_invitations(db, at=now(), vendor_id=vendor_id)


def _role_asked() -> Role:
    """The role in the form.

    :raises FormError: it is none of a vendor's.
    """
    for role in _ROLES:
        if request.form.get("role", "") == role:
            return role
    raise FormError({"role": "Choose editor or admin."})


def _render(
    db: Session, *, problems: dict[str, str] | None = None, link: str = "", invited: str = "", status: int = 200
) -> Response:
    principal, at = current_principal(), now()
    vendor_id = str(principal.vendor_id)
    zone = house_zone(list_supplied(db, vendor_id))
    members = list_members(db, vendor_id=vendor_id)
    open_invitations = _invitations(db, vendor_id)
    page = PeoplePage(
        lede=_lede(len(members), len(open_invitations)),
        people=tuple(
            PersonLine(
                each.membership.id,
                each.user.name,
                each.user.email,
                _role_word(each.membership.role),
                said_alone(each.membership.created_at, now=at, zone=zone),
                is_oneself=each.user.id == principal.user_id,
            )
            for each in members
        ),
        invitations=tuple(
            InvitationLine(
                each.id,
                each.email,
                _role_word(each.role),
                said_at(each.until, now=at, zone=zone),
            )
            for each in open_invitations
        ),
        roles=tuple((role.value, words) for role, words in _ROLES.items()),
        email="" if link else request.form.get("email", ""),
        role=request.form.get("role", Role.VENDOR_EDITOR.value),
        problems=problems or {},
        link=link,
        invited=invited,
    )
    return render("studio/people.html", page, status=status)


def _role_word(role: Role) -> str:
    return "Admin" if role == Role.VENDOR_ADMIN else "Editor"


def _lede(people: int, invitations: int) -> str:
    said = "You work here alone." if people == 1 else f"{people} people work here."
    if invitations == 1:
        return f"{said} One invitation is open."
    return f"{said} {invitations} invitations are open." if invitations else said

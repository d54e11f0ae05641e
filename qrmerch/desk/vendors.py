"""Who supplies a retailer: asked in, trusted or reviewed, suspended and taken back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import PUBLISHERS, Role, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.models import Revision, RevisionState
from qrmerch.db import get_one, unscoped
from qrmerch.desk.people_pages import NewVendorPage, RulesForm, VendorPage, VendorRow, VendorsPage
from qrmerch.desk.rules import list_word_slots, read_rules
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.errors import Conflict, DomainError, FormError, NotFound
from qrmerch.parties import service
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.parties.queries import SuppliedBy, find_supply, get_retailer, list_vendors
from qrmerch.parties.terms import is_agreed
from qrmerch.printing import requests as prints
from qrmerch.users.queries import list_invitations, list_members
from qrmerch.users.service import Wanted, invite, plain_email, role_name
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_vendors", __name__)


class NotYoursToInvite(Conflict):
    """A vendor's own people ask others in; a retailer only the first one of a vendor that is its own alone."""

    slug = "not_yours_to_invite"


@blueprint.get("/desk/vendors")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """Everybody who supplies or supplied."""
    db, retailer_id, at = get_db(), str(current_principal().retailer_id), now()
    zone = get_retailer(db, retailer_id).time_zone
    supplied = list_vendors(db, retailer_id)
    items, waiting = _count_items(db, retailer_id), _count_waiting(db, retailer_id)
    rows = tuple(_row(db, each, items, waiting, at=at, zone=zone) for each in supplied)
    return render("desk/vendors.html", VendorsPage(_lede(supplied), rows))


@blueprint.get("/desk/vendors/new")
@allow(*PUBLISHERS)
def show_new() -> Response:
    """The form of a new vendor."""
    return render("desk/vendor_new.html", NewVendorPage("", "", False, {}))


@blueprint.post("/desk/vendors")
@allow(*PUBLISHERS)
def add() -> Response:
    """Add a vendor and ask its admin in."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    name, email = request.form.get("name", ""), request.form.get("email", "")
    is_trusted = request.form.get("trusted") == "1"
    try:
        vendor = _add(db, name, email)
    except FormError as error:
        db.rollback()
        page = NewVendorPage(name, email, is_trusted, error.problems)
        return render("desk/vendor_new.html", page, status=422)
    service.add_supply(db, retailer, vendor, is_trusted=is_trusted)
    audit.record(
        db,
        principal,
        "vendor.add",
        ("vendor", vendor.id),
        at=at,
        retailer_id=retailer.id,
        detail={"is_trusted": is_trusted},
    )
    link = _invite(db, vendor, email, at=at)
    db.commit()
    if not services().settings.smtp_url:
        # Nothing is mailed here: the link is shown this once.
        return _render(db, vendor.id, link=link, email=email)
    notice(f"{vendor.name} is added. Its admin is asked in by mail.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.get("/desk/vendors/<vendor_id>")
@allow(*PUBLISHERS)
def show(vendor_id: str) -> Response:
    """One vendor."""
    return _render(get_db(), vendor_id)


@blueprint.post("/desk/vendors/<vendor_id>/invite")
@allow(*PUBLISHERS)
def invite_admin(vendor_id: str) -> Response:
    """Ask the first admin of a vendor in."""
    db, at, email = get_db(), now(), request.form.get("email", "")
    supply, vendor = _get(db, vendor_id)
    if not _may_invite(db, supply, vendor):
        raise NotYoursToInvite("This vendor's own people ask others in. Ask its admin.")
    try:
        link = _invite(db, vendor, email, at=at)
    except DomainError as error:
        db.rollback()
        problems = error.problems if isinstance(error, FormError) else {"email": error.detail}
        return _render(db, vendor_id, email=email, problems=problems)
    db.commit()
    if not services().settings.smtp_url:
        return _render(db, vendor_id, link=link, email=email)
    notice(f"{email} is asked in by mail. The link works once, for seven days.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.post("/desk/vendors/<vendor_id>/trust")
@allow(*PUBLISHERS)
def trust(vendor_id: str) -> Response:
    """Let what a vendor sends through without a reviewer, or no longer."""
    db, principal, at = get_db(), current_principal(), now()
    supply, vendor = _get(db, vendor_id)
    is_trusted = request.form.get("trusted") == "1"
    detail = audit.changes({"trusted": supply.is_trusted}, {"trusted": is_trusted})
    service.set_trusted(supply, is_trusted)
    action = "vendor.trust" if is_trusted else "vendor.review"
    audit.record(db, principal, action, ("vendor", vendor.id), at=at, retailer_id=supply.retailer_id, detail=detail)
    db.commit()
    said = "is approved as it comes in" if is_trusted else "waits for a reviewer from now on"
    notice(f"What {vendor.name} sends {said}.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.post("/desk/vendors/<vendor_id>/prints")
@allow(*PUBLISHERS)
def allow_prints(vendor_id: str) -> Response:
    """Let a vendor ask for print files of its items, or no longer."""
    db, principal, at = get_db(), current_principal(), now()
    supply, vendor = _get(db, vendor_id)
    is_allowed = request.form.get("prints") == "1"
    prints.allow_prints(db, supply, is_allowed, at=at, actor=principal)
    db.commit()
    said = "may ask for print files of its approved items" if is_allowed else "cannot ask for print files any more"
    notice(f"{vendor.name} {said}.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.post("/desk/vendors/<vendor_id>/rules")
@allow(*PUBLISHERS)
def set_rules(vendor_id: str) -> Response:
    """Let a vendor's small changes of some slots through without a reviewer, or no longer."""
    db, principal, at, form = get_db(), current_principal(), now(), request.form
    supply, vendor = _get(db, vendor_id)
    known = dict(list_word_slots(db, supply.retailer_id))
    try:
        rules = read_rules(form, known)
    except FormError as error:
        return _render(db, vendor_id, rules=_typed_rules(form, error.problems))
    detail = audit.changes(supply.rules or {}, rules)
    if detail:
        supply.rules = rules
        subject = ("vendor", vendor.id)
        audit.record(db, principal, "vendor.rules", subject, at=at, retailer_id=supply.retailer_id, detail=detail)
    db.commit()
    said = "Small changes of those slots are approved as they come in" if rules else "Every change waits for a reviewer"
    notice(f"{said}: {vendor.name}.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.post("/desk/vendors/<vendor_id>/suspend")
@allow(*PUBLISHERS)
def suspend(vendor_id: str) -> Response:
    """Hide all of a vendor's words and pictures at the next scan."""
    db, principal, at = get_db(), current_principal(), now()
    supply, vendor = _get(db, vendor_id)
    if vendor.is_house:
        raise Conflict("This is your own range. Take down or retire single items instead.")
    if supply.ended_at is None:
        service.end_supply(db, supply, at=at)
        audit.record(db, principal, "vendor.suspend", ("vendor", vendor.id), at=at, retailer_id=supply.retailer_id)
    db.commit()
    notice(f"{vendor.name} is suspended. Its pages show name, price and stock only.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


@blueprint.post("/desk/vendors/<vendor_id>/resume")
@allow(*PUBLISHERS)
def resume(vendor_id: str) -> Response:
    """Let a suspended vendor's pages show again, as they were."""
    db, principal, at = get_db(), current_principal(), now()
    supply, vendor = _get(db, vendor_id)
    if supply.ended_at is not None:
        service.resume_supply(db, supply, at=at)
        audit.record(db, principal, "vendor.resume", ("vendor", vendor.id), at=at, retailer_id=supply.retailer_id)
    db.commit()
    notice(f"{vendor.name} supplies again. Its pages show as they were.")
    return redirect_to(f"/desk/vendors/{vendor.id}")


def _get(db: Session, vendor_id: str) -> tuple[Supply, Vendor]:
    """A vendor of this retailer.

    :raises NotFound: it never supplied this retailer.
    """
    supply = find_supply(db, str(current_principal().retailer_id), vendor_id)
    if supply is None:
        raise NotFound("This vendor is not here.")
    return supply, get_one(db, Vendor, vendor_id)


def _add(db: Session, name: str, email: str) -> Vendor:
    """:raises FormError: name or e-mail cannot be taken; both are looked at."""
    problems: dict[str, str] = {}
    vendor = None
    try:
        plain_email(email)
    except FormError as error:
        problems |= error.problems
    try:
        vendor = service.add_vendor(db, name=name, at=now())
    except FormError as error:
        problems |= error.problems
    if problems or vendor is None:
        raise FormError(problems)
    return vendor


def _invite(db: Session, vendor: Vendor, email: str, *, at: datetime) -> str:
    principal = current_principal()
    wanted = Wanted(email, Role.VENDOR_ADMIN, vendor_id=vendor.id)
    return invite(db, principal, wanted, base_url=services().settings.base_url, at=at, asked_by=principal.retailer_id)


def _may_invite(db: Session, supply: Supply, vendor: Vendor) -> bool:
    """Whether a retailer may make somebody a vendor's admin: never of one that others depend on."""
    if vendor.is_house:
        return True
    with unscoped(db):
        retailers = db.scalar(select(func.count()).select_from(Supply).where(Supply.vendor_id == vendor.id))
    return retailers == 1 and supply.ended_at is None and not list_members(db, vendor_id=vendor.id)


def _typed_rules(form: Mapping[str, str], problems: dict[str, str]) -> RulesForm:
    slots = tuple(request.form.getlist("slots"))
    return RulesForm(form.get("small") == "1", form.get("max_chars", ""), slots, (), problems)


def _rules_of(db: Session, supply: Supply, typed: RulesForm | None) -> RulesForm:
    kept = supply.rules or {}
    chosen = typed or RulesForm(
        bool(kept.get("small")), str(kept.get("max_chars", 40)), tuple(kept.get("slots", ())), (), {}
    )
    return replace(chosen, options=tuple(list_word_slots(db, supply.retailer_id)))


def _render(
    db: Session,
    vendor_id: str,
    *,
    problems: dict[str, str] | None = None,
    email: str = "",
    link: str = "",
    rules: RulesForm | None = None,
) -> Response:
    supply, vendor = _get(db, vendor_id)
    at = now()
    retailer = get_retailer(db, supply.retailer_id)
    members = list_members(db, vendor_id=vendor.id)
    suspended = said_in_text(supply.ended_at, now=at, zone=retailer.time_zone) if supply.ended_at else ""
    page = VendorPage(
        id=vendor.id,
        name=vendor.name,
        lede=_state_say(vendor, supply, suspended),
        is_house=vendor.is_house,
        is_trusted=supply.is_trusted,
        may_ask_prints=supply.may_ask_prints,
        suspended=suspended,
        facts=_facts(db, supply, at=at, zone=retailer.time_zone),
        items_href=f"/desk/items?vendor={vendor.id}",
        people=tuple((each.user.name, each.user.email, role_name(each.membership.role)) for each in members),
        invited=tuple(each.email for each in list_invitations(db, at=at, vendor_id=vendor.id)),
        may_invite=_may_invite(db, supply, vendor),
        invite_say=_invite_say(vendor, has_people=bool(members)),
        email="" if link else email,
        problems=problems or {},
        link=link,
        rules=_rules_of(db, supply, rules),
        terms=_say_terms(db, retailer, supply),
    )
    return render("desk/vendor.html", page, status=422 if problems or (rules and rules.problems) else 200)


def _say_terms(db: Session, retailer: Retailer, supply: Supply) -> str:
    """Whether the vendor agreed to the terms; empty where there are none for it."""
    if not retailer.vendor_terms or db.get_one(Vendor, supply.vendor_id).is_house:
        return ""
    agreed = is_agreed(db, retailer, supply.vendor_id)
    return "Agreed to your terms" if agreed else "Not agreed to your terms yet: it cannot send pages"


def _state_say(vendor: Vendor, supply: Supply, suspended: str) -> str:
    if suspended:
        return f"Suspended {suspended}. Its pages show name, price and stock only."
    if vendor.is_house:
        return "Your own range."
    return "Trusted: what it sends is approved as it comes in." if supply.is_trusted else "What it sends is reviewed."


def _invite_say(vendor: Vendor, *, has_people: bool) -> str:
    if vendor.is_house:
        return "Whoever writes the pages of your own range. They see nothing else of the desk."
    return (
        "They ask their colleagues in themselves."
        if has_people
        else "Nobody has come in yet. Its admin asks others in."
    )


def _facts(db: Session, supply: Supply, *, at: datetime, zone: str) -> tuple[tuple[str, str], ...]:
    mine = (Revision.retailer_id == supply.retailer_id, Revision.vendor_id == supply.vendor_id)
    sent = dict(db.execute(select(Revision.state, func.count()).where(*mine).group_by(Revision.state)).all())
    last = db.scalar(select(func.max(Revision.submitted_at)).where(*mine))
    items = _count_items(db, supply.retailer_id).get(supply.vendor_id, 0)
    return (
        ("Items", f"{items:,} in the range"),
        ("In review", f"{sent.get(RevisionState.SUBMITTED, 0):,}"),
        ("Approved", f"{sent.get(RevisionState.APPROVED, 0):,} revisions so far"),
        ("Returned", f"{sent.get(RevisionState.RETURNED, 0):,} so far"),
        ("Last sent", said_at(last, now=at, zone=zone) if last else "Nothing yet"),
    )


def _count_items(db: Session, retailer_id: str) -> dict[str, int]:
    wanted = select(Item.vendor_id, func.count()).where(Item.retailer_id == retailer_id, Item.is_retired.is_(False))
    return dict(db.execute(wanted.group_by(Item.vendor_id)).all())


def _count_waiting(db: Session, retailer_id: str) -> dict[str, int]:
    wanted = select(Revision.vendor_id, func.count()).where(Revision.retailer_id == retailer_id)
    wanted = wanted.where(Revision.state == RevisionState.SUBMITTED)
    return dict(db.execute(wanted.group_by(Revision.vendor_id)).all())


def _row(
    db: Session, each: SuppliedBy, items: dict[str, int], waiting: dict[str, int], *, at: datetime, zone: str
) -> VendorRow:
    vendor, supply = each.vendor, each.supply
    state, label = ("live", "Supplies")
    if supply.ended_at is not None:
        state, label = "paused", f"Suspended {said_at(supply.ended_at, now=at, zone=zone)}"
    elif not vendor.is_house and not items.get(vendor.id) and not list_members(db, vendor_id=vendor.id):
        state, label = "soon", "Asked in"
    return VendorRow(
        name=vendor.name,
        href=f"/desk/vendors/{vendor.id}",
        sub="Your own range" if vendor.is_house else "Trusted" if supply.is_trusted else "Reviewed",
        items=f"{items.get(vendor.id, 0):,}",
        items_href=f"/desk/items?vendor={vendor.id}",
        review=f"{waiting[vendor.id]:,}" if vendor.id in waiting else "",
        state=state,
        label=label,
    )


def _lede(supplied: list[SuppliedBy]) -> str:
    others = [each for each in supplied if not each.vendor.is_house]
    ended = sum(1 for each in others if each.supply.ended_at is not None)
    trusted = sum(1 for each in others if each.supply.is_trusted and each.supply.ended_at is None)
    said = "1 vendor supplies" if len(others) - ended == 1 else f"{len(others) - ended:,} vendors supply"
    said += f", {trusted} of them trusted" if trusted else ""
    return f"{said}; {ended} suspended." if ended else f"{said}."

"""The hosts that a retailer's codes and links carry: added, proven, made the default, taken away."""

from typing import Final, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes import carrying
from qrmerch.codes.queries import count_by_host
from qrmerch.desk.code_pages import count_of
from qrmerch.desk.host_pages import HostRow, HostsPage
from qrmerch.desk.times import said_in_text
from qrmerch.errors import FormError
from qrmerch.parties.models import Proof, Retailer, RetailerHost
from qrmerch.parties.own_hosts import HostTaken, LookedJustNow, begin_look, claim_host
from qrmerch.parties.proving import IN_DEMO, Look, Outside, file_address, look_for_proof, record_name, record_text
from qrmerch.parties.queries import get_host, get_retailer, list_hosts
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_hosts", __name__)
# The part by which a test says how the outside is reached.
OUTSIDE: Final = "outside"
_MAX_TYPED_CHARS: Final = 300
_PROOFS: Final = {
    Proof.DNS: "by its TXT record",
    Proof.FILE: "by the file",
    Proof.OPERATOR: "by whoever runs the installation",
}


@blueprint.get("/desk/hosts")
@allow(*OWNERS)
def show() -> Response:
    """The retailer's hosts, and what would prove those that wait."""
    return _render(get_db())


@blueprint.post("/desk/hosts")
@allow(*OWNERS)
def add() -> Response:
    """Say that a host is the retailer's."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    typed = request.form.get("host", "")[:_MAX_TYPED_CHARS]
    shared = urlsplit(services().settings.base_url).hostname or ""
    try:
        row = claim_host(db, retailer, typed, shared_host=shared, at=now(), actor=principal)
    except FormError as refused:
        db.rollback()
        return _render(db, typed=typed, problems=refused.problems)
    except HostTaken as taken:
        db.rollback()
        return _render(db, typed=typed, problems={"host": taken.detail})
    db.commit()
    notice(f"{row.host} is added. It answers as soon as it is proven.", "info")
    return redirect_to(f"/desk/hosts#h-{row.id}")


@blueprint.post("/desk/hosts/<host_id>/check")
@allow(*OWNERS)
def check(host_id: str) -> Response:
    """Look for the proof of a host now."""
    db, principal = get_db(), current_principal()
    row = get_host(db, host_id)
    try:
        begin_look(db, row, at=now())
    except LookedJustNow as early:
        notice(early.detail, "info")
        return redirect_to(f"/desk/hosts#h-{host_id}")
    host, secret, is_proven = row.host, row.secret, row.proven_at is not None
    # Looking takes seconds, and nobody's writing waits for it.
    db.commit()
    found = Look(None) if is_proven else _look(host, secret)
    db.expire_all()
    row = get_host(db, host_id)
    try:
        is_proven = carrying.settle(db, row, found, at=now(), actor=principal)
    except HostTaken as taken:
        db.rollback()
        notice(taken.detail, "wrong")
        return redirect_to("/desk/hosts")
    db.commit()
    if not is_proven:
        notice(f"{host} is not proven yet. {found.said}", "careful")
    elif row.is_primary:
        notice(f"{host} is proven and answers. New codes carry it.")
    else:
        notice(f"{host} is proven and answers.")
    return redirect_to(f"/desk/hosts#h-{host_id}")


@blueprint.post("/desk/hosts/<host_id>/default")
@allow(*OWNERS)
def make_default(host_id: str) -> Response:
    """Let new codes carry a host."""
    db, principal = get_db(), current_principal()
    row = get_host(db, host_id)
    carrying.make_default(db, row, at=now(), actor=principal)
    db.commit()
    notice(f"New codes carry {row.host}. What is printed stays as it is, and goes on answering.")
    return redirect_to("/desk/hosts")


@blueprint.post("/desk/hosts/<host_id>/remove")
@allow(*OWNERS)
def remove(host_id: str) -> Response:
    """Take a host away that no code carries, and that no GS1 address can be printed with.

    :raises HostPrinted: at least one does, or may be.
    """
    db, principal = get_db(), current_principal()
    row = get_host(db, host_id)
    host = row.host
    carrying.remove_host(db, row, at=now(), actor=principal)
    db.commit()
    notice(f"{host} is taken away.", "info")
    return redirect_to("/desk/hosts")


def _look(host: str, secret: str) -> Look:
    outside = cast("Outside | None", services().parts.get(OUTSIDE))
    if outside is None and services().settings.is_demo:
        return Look(None, IN_DEMO)
    return look_for_proof(host, secret, outside=outside or Outside())


def _render(db: Session, *, typed: str = "", problems: dict[str, str] | None = None) -> Response:
    retailer = get_retailer(db, current_principal().retailer_id)
    hosts, codes = list_hosts(db, retailer.id), count_by_host(db, retailer.id)
    rows = [_row(each, codes.get(each.host, 0), carrying.count_numbers(db, each), retailer) for each in hosts]
    shared = services().settings.base_url
    default = next((each.host for each in hosts if each.is_primary and each.proven_at), "")
    page = HostsPage(
        lede=f"New codes carry {default or f'{urlsplit(shared).netloc}, which is not your own'}.",
        proven=tuple(row for row in rows if row.is_proven),
        waiting=tuple(row for row in rows if not row.is_proven),
        shared=urlsplit(shared).netloc,
        lead_to=urlsplit(shared).hostname or "",
        shared_codes=count_of(codes.get("", 0), "code"),
        typed=typed,
        problems=problems or {},
    )
    return render("desk/hosts.html", page, status=422 if problems else 200)


def _row(row: RetailerHost, codes: int, numbers: int, retailer: Retailer) -> HostRow:
    is_proven = row.proven_at is not None
    return HostRow(
        host_id=row.id,
        host=row.host,
        is_default=row.is_primary and is_proven,
        is_proven=is_proven,
        state="live" if is_proven else "waiting",
        state_words="Answers" if is_proven else "Not proven",
        codes=count_of(codes if is_proven else 0, "code"),
        said=_say(row, retailer),
        record_name=record_name(row.host),
        record_text=record_text(row.secret),
        file_address=file_address(row.host),
        may_leave=not (is_proven and (codes or numbers)),
    )


def _say(row: RetailerHost, retailer: Retailer) -> str:
    at, zone = now(), retailer.time_zone
    if row.proven_at is not None:
        how = f" {_PROOFS[row.proof]}" if row.proof else ""
        return f"Proven{how} {said_in_text(row.proven_at, now=at, zone=zone)}."
    if row.checked_at is None:
        return "We have not looked yet. We look by ourselves each hour for two weeks."
    return f"Looked {said_in_text(row.checked_at, now=at, zone=zone)}. {row.check_said}"

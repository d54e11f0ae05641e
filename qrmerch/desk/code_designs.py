"""Designs of codes: the list, one with its picture and what preflight says, made, changed, measured, deleted."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.artwork import ColourTooPale, SizeNotPossible
from qrmerch.codes.designs import (
    Design,
    checked,
    delete_design,
    design_of,
    get_design,
    keep_design,
    keep_reading,
    list_designs,
)
from qrmerch.db import scope
from qrmerch.desk.design_pages import DesignRow, DesignsPage, not_shown
from qrmerch.desk.design_view import (
    USES,
    Drawn,
    design_page,
    load_asked,
    measure_drawn,
    read_design,
    sample_symbols,
    say_look,
    show_design,
)
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_code_designs", __name__, url_prefix="/desk/codes/designs")

_NEW = Design(name="")


@blueprint.get("")
@allow(*PUBLISHERS)
def show_all() -> Response:
    """The retailer's designs, each with what preflight says of it."""
    db, retailer = _here()
    rows = []
    for kept in list_designs(db, retailer.id):
        design = design_of(kept)
        shown, is_measured = show_design(db, retailer, design)
        rows.append(
            DesignRow(
                name=kept.name,
                href=f"/desk/codes/designs/{kept.id}",
                look=say_look(design),
                use=dict(USES)[design.use],
                size=f"{design.size_mm:g} mm",
                verdict=shown.verdict if is_measured or shown.verdict == "refuse" else "waiting",
            )
        )
    return render("desk/code_designs.html", DesignsPage(tuple(rows)))


@blueprint.get("/new")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form of a new design."""
    db, retailer = _here()
    return render("desk/code_design.html", design_page(db, retailer, _NEW))


@blueprint.get("/shown")
@allow(*PUBLISHERS)
def try_on() -> Response:
    """What becomes of a design while its form is filled in, for the page's script."""
    db, retailer = _here()
    try:
        shown, _ = show_design(db, retailer, read_design(request.args))
    except FormError as refused:
        shown = not_shown(" ".join(refused.problems.values()))
    return render("desk/_code_design_shown.html", shown)


@blueprint.get("/<design_id>")
@allow(*PUBLISHERS)
def show(design_id: str) -> Response:
    """One design."""
    db, retailer = _here()
    kept = get_design(db, design_id)
    return render("desk/code_design.html", design_page(db, retailer, design_of(kept), design_id=kept.id))


@blueprint.post("")
@allow(*PUBLISHERS)
def make() -> Response:
    """Keep a new design, its typical pictures read."""
    return _keep("")


@blueprint.post("/<design_id>")
@allow(*PUBLISHERS)
def change(design_id: str) -> Response:
    """Change a design, its typical pictures read."""
    return _keep(design_id)


@blueprint.post("/<design_id>/measure")
@allow(*PUBLISHERS)
def measure(design_id: str) -> Response:
    """Read a design's typical pictures as its codes look now: another brand, logo or host came since."""
    principal = current_principal()
    with services().database.read() as reading:
        scope(reading, retailer_ids=principal.seen_retailer_ids, vendor_id=None)
        retailer = get_retailer(reading, principal.retailer_id)
        design = design_of(get_design(reading, design_id))
        found = measure_drawn(reading, retailer.id, _drawn_in(reading, retailer, design))
    db = get_db()
    get_design(db, design_id)
    for digest, taken in found.items():
        keep_reading(db, str(principal.retailer_id), digest, taken, at=now())
    db.commit()
    notice("Its typical pictures are read.")
    return redirect_to(f"/desk/codes/designs/{design_id}")


@blueprint.post("/<design_id>/delete")
@allow(*PUBLISHERS)
def delete(design_id: str) -> Response:
    """Delete a design; what was printed in it keeps working."""
    db, principal = get_db(), current_principal()
    kept = get_design(db, design_id)
    name = kept.name
    delete_design(db, kept, at=now(), actor=principal)
    db.commit()
    notice(f"{name} is deleted. What was printed in it keeps working.")
    return redirect_to("/desk/codes/designs")


def _keep(design_id: str) -> Response:
    """Check, measure and keep what the form says; measuring takes seconds, and no one's writing waits for it."""
    principal, at = current_principal(), now()
    with services().database.read() as reading:
        scope(reading, retailer_ids=principal.seen_retailer_ids, vendor_id=None)
        retailer = get_retailer(reading, principal.retailer_id)
        present = design_of(get_design(reading, design_id)) if design_id else _NEW
        try:
            design = present = read_design(request.form)
            design = checked(design)
        except FormError as refused:
            return _again(reading, retailer, present, design_id, refused.problems)
        found = measure_drawn(reading, retailer.id, _drawn_in(reading, retailer, design))
    db = get_db()
    retailer = get_retailer(db, principal.retailer_id)
    kept = get_design(db, design_id) if design_id else None
    try:
        kept = keep_design(db, retailer.id, design, at=at, actor=principal, kept=kept)
    except FormError as refused:
        db.rollback()
        return _again(db, get_retailer(db, principal.retailer_id), design, design_id, refused.problems)
    for digest, taken in found.items():
        keep_reading(db, retailer.id, digest, taken, at=at)
    name, kept_id = kept.name, kept.id
    db.commit()
    notice(f"{name} is kept, and chosen on a code’s page under Artwork.")
    return redirect_to(f"/desk/codes/designs/{kept_id}")


def _again(db: Session, retailer: Retailer, design: Design, design_id: str, problems: dict[str, str]) -> Response:
    page = design_page(db, retailer, design, design_id=design_id, typed=request.form, problems=problems)
    return render("desk/code_design.html", page, status=422)


def _drawn_in(db: Session, retailer: Retailer, design: Design) -> list[Drawn]:
    """Codes as a design draws them, one of each size that the retailer's have; none where it cannot be drawn."""
    try:
        asked = load_asked(db, retailer, design)
        return [(symbol, asked) for symbol in sample_symbols(db, retailer, design.level)]
    except (SizeNotPossible, ColourTooPale):
        return []


def _here() -> tuple[Session, Retailer]:
    db = get_db()
    return db, get_retailer(db, current_principal().retailer_id)

"""A retailer's brand: its choices, logo and font, what the colour becomes where it must be read, the legal lines."""

from dataclasses import asdict

from flask import Blueprint, Response, request

from qrmerch import audit
from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.brand_forms import Sent, add_files, brand_of, read_brand, read_from, receive_files
from qrmerch.desk.brand_view import find_sample, render_brand, show_colours
from qrmerch.desk.times import said_in_text
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.parties.models import BrandKit
from qrmerch.parties.queries import get_brand, get_retailer
from qrmerch.parties.service import cancel_brand, check_brand, set_brand
from qrmerch.rendering.frame import dress, load_house
from qrmerch.rendering.service import render_item_page
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_brand", __name__)


@blueprint.get("/desk/brand")
@allow(*OWNERS)
def show() -> Response:
    """The brand that holds now."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    return render_brand(db, retailer, brand_of(get_brand(db, retailer.id, at=at)), at=at)


@blueprint.post("/desk/brand")
@allow(*OWNERS)
def change() -> Response:
    """Try a brand on, or let it hold from now or from an instant on."""
    made_with, at = services(), now()
    sent = receive_files(request.files, store=made_with.files, settings=made_with.settings)
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    present = brand_of(get_brand(db, retailer.id, at=at))
    brand = read_brand(request.form, retailer, present, store=made_with.files)
    brand, problems = add_files(brand, sent, request.form, store=made_with.files)
    from_at, wrong = read_from(request.form, retailer)
    problems |= wrong
    is_tried = request.form.get("do") == "try"
    try:
        brand = check_brand(brand)
        if not problems and not is_tried:
            set_brand(db, retailer, brand, at=at, from_at=from_at)
    except FormError as error:
        problems = error.problems | problems
    if problems or is_tried:
        db.rollback()
        begins = request.form.get("from", "")[:40]
        return render_brand(db, retailer, brand, at=at, begins=begins, is_tried=is_tried, problems=problems)
    detail = audit.changes(asdict(present), asdict(brand))
    if from_at:
        detail["from"] = from_at.isoformat()
    audit.record(db, principal, "brand.set", ("retailer", retailer.id), at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    when = said_in_text(from_at, now=at, zone=retailer.time_zone) if from_at else ""
    notice(
        f"The brand takes over {when}, on every page at once. Until then the present one stays."
        if when
        else "The brand holds from now on, on every page and on codes printed from now on."
    )
    return redirect_to("/desk/brand")


@blueprint.post("/desk/brand/kits/<kit_id>/cancel")
@allow(*OWNERS)
def cancel(kit_id: str) -> Response:
    """Take a brand back that has not begun."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    kit = db.get(BrandKit, kit_id)
    if kit is None or kit.retailer_id != retailer.id:
        raise NotFound()
    detail: dict[str, object] = {"colour": kit.colour, "from": kit.from_at.isoformat()}
    try:
        cancel_brand(db, retailer, kit, at=at)
    except Conflict as refused:
        db.rollback()
        notice(refused.detail, "wrong")
        return redirect_to("/desk/brand")
    subject = ("retailer", retailer.id)
    audit.record(db, principal, "brand.cancel", subject, at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    notice("Cancelled. The present brand stays.")
    return redirect_to("/desk/brand")


@blueprint.get("/desk/brand/shown")
@allow(*OWNERS)
def show_shown() -> Response:
    """What becomes of a colour, for the page's script."""
    return render("desk/_brand_shown.html", show_colours(request.args.get("colour", "").strip().lower()))


@blueprint.get("/desk/brand/sample")
@allow(*OWNERS)
def show_sample() -> Response:
    """A real page of the retailer's in the brand that the address describes."""
    db, at, made_with = get_db(), now(), services()
    retailer = get_retailer(db, current_principal().retailer_id)
    item = find_sample(db, retailer.id, at)
    if item is None:
        raise NotFound("There is no item yet to show the brand on.")
    present = brand_of(get_brand(db, retailer.id, at=at))
    said = read_brand(request.args, retailer, present, store=made_with.files)
    said, _ = add_files(said, Sent(), request.args, store=made_with.files)
    try:
        brand = check_brand(said)
    except FormError:
        brand = present
    page = render_item_page(
        db,
        item_id=item.id,
        store_id=None,
        locale=retailer.default_locale,
        at=at,
        is_preview=True,
        house=dress(load_house(db, retailer.id, at=at), brand),
        base_url=made_with.settings.base_url,
    )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend(dict(page.headers))
    return response

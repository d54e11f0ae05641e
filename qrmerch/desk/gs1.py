"""GS1 addresses at the desk: an item's numbers, codes and links, and to which other hosts links may lead."""

from typing import Final

from flask import Blueprint, Response, request

from qrmerch.access import OWNERS, PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Variant
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.codes import preflight
from qrmerch.codes.artwork import SizeNotPossible
from qrmerch.codes.gs1_models import LinkHost
from qrmerch.codes.gs1_queries import get_gs1_link, list_item_gtins
from qrmerch.codes.gs1_service import (
    TooManyLinks,
    add_link,
    allow_host,
    change_link,
    disallow_host,
    mark_answer,
    remove_link,
)
from qrmerch.db import get_one
from qrmerch.desk.gs1_view import WRITINGS, address_for, gs1_link_page, gs1_page, item_gs1_page, read_draft
from qrmerch.errors import FormError, NotFound
from qrmerch.gs1.ai import Problem
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_gs1", __name__)
_KINDS: Final = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
_DPI: Final = 300
_MAX_HOST_CHARS: Final = 300


@blueprint.get("/desk/gs1")
@allow(*PUBLISHERS)
def show() -> Response:
    """The retailer's GS1 addresses as a whole."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    return render("desk/gs1.html", gs1_page(db, retailer, may_allow=principal.role in OWNERS))


@blueprint.post("/desk/gs1/hosts")
@allow(*OWNERS)
def add_host() -> Response:
    """Let links lead to a host that is not the retailer's own."""
    db, principal = get_db(), current_principal()
    retailer, typed = get_retailer(db, principal.retailer_id), request.form.get("host", "")[:_MAX_HOST_CHARS]
    try:
        row = allow_host(db, retailer.id, typed, at=now(), actor=principal)
    except FormError as error:
        page = gs1_page(db, retailer, may_allow=True, host=typed, problems=error.problems)
        return render("desk/gs1.html", page, status=422)
    db.commit()
    notice(f"Links may lead to {row.host}.")
    return redirect_to("/desk/gs1#hosts")


@blueprint.post("/desk/gs1/hosts/<link_host_id>/take")
@allow(*OWNERS)
def take_host(link_host_id: str) -> Response:
    """Let links lead to a host no longer."""
    db, principal = get_db(), current_principal()
    row = get_one(db, LinkHost, link_host_id, "This host is not here.")
    host = row.host
    disallow_host(db, row, at=now(), actor=principal)
    db.commit()
    notice(f"Links to {host} are not followed from now on. They stay, and hold again when it is allowed again.")
    return redirect_to("/desk/gs1#hosts")


@blueprint.get("/desk/items/<item_id>/gs1")
@allow(*PUBLISHERS)
def show_item(item_id: str) -> Response:
    """An item's numbers with their addresses, codes and links."""
    db = get_db()
    return render("desk/item_gs1.html", item_gs1_page(db, get_item(db, item_id), at=now()))


@blueprint.post("/desk/items/<item_id>/gs1")
@allow(*PUBLISHERS)
def add(item_id: str) -> Response:
    """One more link."""
    db, principal, at = get_db(), current_principal(), now()
    item = get_item(db, item_id)
    try:
        link = add_link(db, item, read_draft(request.form), at=at, actor=principal, follows=_follows())
    except (FormError, TooManyLinks) as error:
        problems = error.problems if isinstance(error, FormError) else {"": error.detail}
        page = item_gs1_page(db, item, at=at, typed=request.form, problems=problems)
        return render("desk/item_gs1.html", page, status=422)
    db.commit()
    notice(f"{link.title} is among its links.")
    return redirect_to(f"/desk/items/{item.id}/gs1#links")


@blueprint.post("/desk/items/<item_id>/gs1/answer")
@allow(*PUBLISHERS)
def answer(item_id: str) -> Response:
    """Let one of the item's variants be meant by a number that it shares."""
    db, principal = get_db(), current_principal()
    item = get_item(db, item_id)
    variant = get_one(db, Variant, request.form.get("variant", ""), "This variant is not here.")
    if variant.item_id != item.id:
        raise NotFound("This variant is not here.")
    mark_answer(db, variant, at=now(), actor=principal)
    db.commit()
    notice(f"{variant.gtin} leads to {item.title} from the next scan on.")
    return redirect_to(f"/desk/items/{item.id}/gs1")


@blueprint.get("/desk/items/<item_id>/gs1/code")
@allow(*PUBLISHERS)
def draw(item_id: str) -> Response:
    """A code that says a number's address, as a file that was read back.

    :raises ArtworkRefused: it would not scan at this size.
    """
    db = get_db()
    item = get_item(db, item_id)
    gtin, kind = request.args.get("gtin", ""), request.args.get("as", "svg")
    writing = request.args.get("writing", "plain")
    if not gtin:
        return redirect_to(f"/desk/items/{item.id}/gs1")
    if kind not in _KINDS or writing not in WRITINGS or gtin not in list_item_gtins(db, [item.id]):
        raise NotFound("No variant of this item has that number.")
    try:
        says = address_for(db, item.retailer_id, gtin, writing=writing)
    except Problem as problem:
        raise NotFound(problem.said) from None
    size_mm = _read_size(request.args.get("size", "20"))
    data: str | bytes
    if kind == "svg":
        data = preflight.release_svg(says, size_mm=size_mm)
    elif kind == "png":
        data = preflight.release_png(says, size_mm=size_mm, dpi=_DPI)
    else:
        data = preflight.release_pdf(says, size_mm=size_mm)
    response = Response(data, mimetype=_KINDS[kind])
    if not request.args.get("shown"):
        response.headers["Content-Disposition"] = f'attachment; filename="gtin-{gtin}.{kind}"'
    return response


@blueprint.get("/desk/gs1/links/<link_id>")
@allow(*PUBLISHERS)
def show_link(link_id: str) -> Response:
    """One link, to be changed."""
    db = get_db()
    link = get_gs1_link(db, link_id)
    return render("desk/gs1_link.html", gs1_link_page(db, get_item(db, link.item_id), link))


@blueprint.post("/desk/gs1/links/<link_id>")
@allow(*PUBLISHERS)
def change(link_id: str) -> Response:
    """Change a link."""
    db, principal = get_db(), current_principal()
    link = get_gs1_link(db, link_id)
    item = get_item(db, link.item_id)
    try:
        is_changed = change_link(
            db, item, link, read_draft(request.form), at=now(), actor=principal, follows=_follows()
        )
    except FormError as error:
        page = gs1_link_page(db, item, link, typed=request.form, problems=error.problems)
        return render("desk/gs1_link.html", page, status=422)
    db.commit()
    notice("Changed. It holds from the next scan on." if is_changed else "Nothing was different.")
    return redirect_to(f"/desk/items/{item.id}/gs1#links")


@blueprint.post("/desk/gs1/links/<link_id>/remove")
@allow(*PUBLISHERS)
def remove(link_id: str) -> Response:
    """Take a link away."""
    db, principal = get_db(), current_principal()
    link = get_gs1_link(db, link_id)
    title, item_id = link.title, link.item_id
    remove_link(db, link, at=now(), actor=principal)
    db.commit()
    notice(f"{title} is gone. Where it was the default, the address leads to the item’s page again.")
    return redirect_to(f"/desk/items/{item_id}/gs1#links")


def _follows() -> bool:
    return services().settings.follows_links


def _read_size(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise SizeNotPossible(f"{text[:20]} is not a size. Write the width in millimetres, such as 20.") from None

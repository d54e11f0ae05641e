"""A retailer as its vendor meets it: the brand, what its pages ask for, and the terms to agree to."""

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.queries import find_content, find_template_of, get_newest_version, list_templates
from qrmerch.content.slots import ASSET_KINDS, Kind, Slot, read_slots
from qrmerch.errors import NotFound
from qrmerch.i18n import direction, language_name
from qrmerch.media.playing import said_length
from qrmerch.parties import terms
from qrmerch.parties.models import Retailer, Supply
from qrmerch.parties.queries import find_supply, get_brand, get_retailer
from qrmerch.studio.pages import AskedSlot, RetailerPage
from qrmerch.text import whole_number
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("studio_retailers", __name__)


@blueprint.get("/studio/retailers/<retailer_id>")
@allow(*VENDOR)
def show(retailer_id: str) -> Response:
    """The brand, the usual template's slots, and the terms."""
    db = get_db()
    retailer, supply = _get(db, retailer_id)
    return render("studio/retailer.html", _page(db, retailer, supply))


@blueprint.post("/studio/retailers/<retailer_id>/begin")
@allow(*VENDOR)
def begin(retailer_id: str) -> Response:
    """Note that the brand was looked at, and that the terms were agreed to where there are some."""
    db, principal, at = get_db(), current_principal(), now()
    retailer, supply = _get(db, retailer_id)
    vendor_id = str(principal.vendor_id)
    if not terms.is_agreed(db, retailer, vendor_id):
        number = whole_number(request.form.get("terms", ""), most=2**31)
        if number is None or request.form.get("agree") != "1":
            problems = {"agree": f"Read the terms of {retailer.name}, tick that you agree, and go on."}
            return render("studio/retailer.html", _page(db, retailer, supply, problems), status=422)
        terms.agree(db, retailer, vendor_id, number=number, actor=principal, at=at)
    if supply.brand_seen_at is None:
        supply.brand_seen_at = at
        audit.record(db, principal, "brand.seen", ("vendor", vendor_id), at=at, retailer_id=retailer.id)
    db.commit()
    notice(f"Noted. You can send pages to {retailer.name}.")
    return redirect_to("/studio")


def _get(db: Session, retailer_id: str) -> tuple[Retailer, Supply]:
    """A retailer that the vendor supplies now.

    :raises NotFound: it does not, or not any more.
    """
    supply = find_supply(db, retailer_id, str(current_principal().vendor_id))
    if supply is None or supply.ended_at is not None:
        raise NotFound("This retailer is not here.")
    return get_retailer(db, retailer_id), supply


def _page(db: Session, retailer: Retailer, supply: Supply, problems: dict[str, str] | None = None) -> RetailerPage:
    kit = get_brand(db, retailer.id, at=now())
    templates = list_templates(db, retailer.id)
    usual = next((each for each in templates if each.is_default), None)
    slots = read_slots(get_newest_version(db, usual.id).sections) if usual else {}
    locales = [retailer.default_locale, *(each for each in retailer.locales if each != retailer.default_locale)]
    sample_src, sample_title = _sample(db, retailer, supply.vendor_id)
    return RetailerPage(
        id=retailer.id,
        name=retailer.name,
        wordmark=kit.wordmark,
        colour=kit.colour,
        facts=(
            ("Headings", str(kit.display).capitalize()),
            ("Corners", str(kit.corners).capitalize()),
            ("Ground", str(kit.tone).capitalize()),
            ("Languages", ", ".join(language_name(each, "en") for each in locales)),
            ("Template", usual.name if usual else "None yet"),
        ),
        asked=tuple(AskedSlot(each.label, _limits(each)) for each in slots.values() if not each.is_fixed),
        sample_src=sample_src,
        sample_title=sample_title,
        terms=tuple(
            (language_name(each, "en"), each, direction(each), retailer.vendor_terms[each])
            for each in locales
            if each in (retailer.vendor_terms or {})
        ),
        terms_number=retailer.terms_number,
        is_agreed=terms.is_agreed(db, retailer, supply.vendor_id),
        is_seen=supply.brand_seen_at is not None,
        problems=problems or {},
    )


def _limits(slot: Slot) -> str:
    said = ["needed" if slot.is_required else "if you like", *_bounds(slot)]
    return ", ".join([*said, "only associates read it"] if slot.is_for_staff else said)


def _bounds(slot: Slot) -> list[str]:
    """What may stand in a slot, in a few words each."""
    if slot.is_choice:
        return [f"one of their list: {', '.join(each.words for each in slot.options)}"]
    if slot.kind == Kind.PICTURES:
        count = f"{slot.min_count} to {slot.max_count}" if slot.min_count else f"at most {slot.max_count}"
        pictures = [f"{count} pictures"] if slot.max_count > 1 else ["one picture"]
        return [*pictures, f"at least {slot.min_width} × {slot.min_height} pixels"] if slot.min_width else pictures
    if slot.is_recording:
        noun = f"one {ASSET_KINDS[slot.kind].noun}"
        return [noun, f"at most {said_length(slot.max_seconds * 1000)} long"] if slot.max_seconds else [noun]
    if slot.is_rows or slot.kind == Kind.TABLE:
        rows = [f"at most {slot.max_count} rows"] if slot.max_count else []
        return [*rows, "on their own pages"] if slot.kind == Kind.FILES else rows
    if slot.kind == Kind.LINK:
        return ["one link, to their own pages"]
    return [f"at most {slot.max_chars:,} characters"] if slot.max_chars else []


def _sample(db: Session, retailer: Retailer, vendor_id: str) -> tuple[str, str]:
    """The address and the title of a page of the vendor's own as it looks there."""
    mine = select(Item).where(Item.retailer_id == retailer.id, Item.vendor_id == vendor_id, Item.is_retired.is_(False))
    item = db.scalars(mine.order_by(Item.created_at, Item.id).limit(1)).one_or_none()
    template = find_template_of(db, item) if item is not None else None
    if item is None or template is None:
        return "", ""
    content = find_content(db, item.id, template.id)
    address = f"/studio/content/{content.id}/page" if content else f"/studio/content/new/page?item={item.id}"
    return address, item.title

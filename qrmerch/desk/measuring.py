"""What scans keep, which an owner says, and phones of the house, which count for nothing."""

from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import OWNERS, PUBLISHERS, Role, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.house_pages import MeasuringPage
from qrmerch.errors import FormError
from qrmerch.parties.models import Measurement, Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.parties.service import changed
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_measuring", __name__)

_ADDRESS: Final = "/desk/measuring"
_MODES: Final = (
    (Measurement.COUNTS.value, "Counts only: a scan is a mark on a tally"),
    (Measurement.VISITS.value, "Visits: what follows a scan within half an hour belongs to it"),
    (Measurement.ESTIMATE.value, "Visits, and how many phones a store sees on a day, at least"),
    (Measurement.CONSENTED.value, "Visits, and which phones come back, of those whose owners say yes"),
)
_YEAR_S: Final = 365 * 24 * 3600


@blueprint.get("/desk/measuring")
@allow(*PUBLISHERS)
def show() -> Response:
    """How this retailer measures, and whether this phone counts."""
    db = get_db()
    return _render(get_retailer(db, current_principal().retailer_id))


@blueprint.post("/desk/measuring")
@allow(*OWNERS)
def change() -> Response:
    """Say what scans keep from now on."""
    db = get_db()
    retailer = get_retailer(db, current_principal().retailer_id)
    try:
        is_changed = _set_mode(db, retailer, request.form.get("mode", ""))
    except FormError as error:
        return _render(retailer, problems=error.problems)
    db.commit()
    notice("From now on, on every page." if is_changed else "Nothing changed.", "pass" if is_changed else "info")
    return redirect_to(_ADDRESS)


@blueprint.post("/desk/measuring/phone")
@allow(*PUBLISHERS)
def mark_phone() -> Response:
    """Let this browser count for nothing from now on, also when nobody is signed in; or let it count again."""
    response = redirect_to(_ADDRESS)
    name, is_safe = _cookie_name(), request.is_secure
    if request.form.get("test") == "1":
        response.set_cookie(name, "1", max_age=_YEAR_S, secure=is_safe, httponly=True, samesite="Lax", path="/")
        notice("This browser counts for nothing now, here and on every page at this address.")
    else:
        response.delete_cookie(name, secure=is_safe, httponly=True, samesite="Lax", path="/")
        notice("This browser counts again, once you are signed out.")
    return response


def _set_mode(db: Session, retailer: Retailer, said: str) -> bool:
    """:raises FormError: no such way of measuring."""
    principal, at = current_principal(), now()
    if said not in set(Measurement):
        raise FormError({"mode": "Choose one of the four."})
    detail = audit.changes({"measuring": retailer.measurement.value}, {"measuring": said})
    if not detail:
        return False
    retailer.measurement = Measurement(said)
    subject = ("retailer", retailer.id)
    audit.record(db, principal, "measuring.mode", subject, at=at, retailer_id=retailer.id, detail=detail)
    # Every worker reads its retailers anew.
    changed(db, retailer.id, at=at)
    return True


def _render(retailer: Retailer, *, problems: dict[str, str] | None = None) -> Response:
    page = MeasuringPage(
        mode=retailer.measurement.value,
        modes=_MODES,
        may_change=current_principal().role == Role.OWNER,
        is_test_phone=_cookie_name() in request.cookies,
        problems=problems or {},
    )
    return render("desk/measuring.html", page, status=422 if problems else 200)


def _cookie_name() -> str:
    """As `landing/counting.py` looks for it."""
    return "__Host-qt" if request.is_secure else "qt"

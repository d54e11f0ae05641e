"""One tap: did the page help to decide? Nothing is kept of who tapped."""

from flask import Blueprint, Response, jsonify, request

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.i18n import translator
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.shopper import find_place, is_script, slow_down
from qrmerch.rendering.queries import has_section
from qrmerch.reviews.models import Helped
from qrmerch.reviews.service import answer
from qrmerch.web import get_db, redirect_to

blueprint = Blueprint("landing_answers", __name__)


@blueprint.post("/i/<public_id>/answer")
@allow_anyone
def take_answer(public_id: str) -> Response:
    """Note the tap, and thank where it was tapped; a script is told that it arrived."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    said = request.form.get("helped", "")
    if place is None or place.item.is_retired or said not in list(Helped):
        return answer_missing()
    if not has_section(db, place.item, "feedback", store_id=place.store_id, locale=place.locale, at=at):
        return answer_missing()
    slow_down("answers", translator(place.locale))
    answer(db, place.item, Helped(said), store_id=place.store_id, at=at)
    db.commit()
    if is_script():
        return jsonify(thanks=True)
    return redirect_to(f"{place.page}#tapped")

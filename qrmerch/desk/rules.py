"""What the house asks before pages show: who may approve their own, how soon is answered, what vendors agree to."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch import audit
from qrmerch.access import OWNERS, PUBLISHERS, Role, allow, current_principal
from qrmerch.clock import now
from qrmerch.content.comparing import SMALL_CHARS
from qrmerch.content.queries import get_newest_version, list_templates
from qrmerch.content.slots import Kind, read_slots
from qrmerch.desk.house_pages import RulesPage, TermsText, VendorRule
from qrmerch.desk.waits import say_rule
from qrmerch.errors import FormError
from qrmerch.i18n import direction, language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, list_vendors
from qrmerch.parties.terms import MAX_TERMS_CHARS, is_agreed, set_terms
from qrmerch.text import whole_number
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_rules", __name__)

_LONGEST_ANSWER_HOURS: Final = 24 * 60
_WORDS: Final = (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT, Kind.FACTS)


@blueprint.get("/desk/rules")
@allow(*PUBLISHERS)
def show() -> Response:
    """The rules as they hold."""
    db = get_db()
    return _render(db, get_retailer(db, current_principal().retailer_id))


@blueprint.post("/desk/rules/own")
@allow(*OWNERS)
def set_own() -> Response:
    """Let people approve what they sent themselves, or no longer."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    allows = request.form.get("own") == "1"
    detail = audit.changes({"own approval": retailer.allows_own_approval}, {"own approval": allows})
    if detail:
        retailer.allows_own_approval = allows
        subject = ("retailer", retailer.id)
        audit.record(db, principal, "review.own", subject, at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    said = "Whoever sent a page may approve it; the log says so each time." if allows else "Somebody else approves."
    notice(said)
    return redirect_to("/desk/rules")


@blueprint.post("/desk/rules/answer")
@allow(*PUBLISHERS)
def set_answer() -> Response:
    """Say within how many hours what vendors send is to be answered; empty for no rule."""
    db, principal, at = get_db(), current_principal(), now()
    retailer, typed = get_retailer(db, principal.retailer_id), request.form.get("answer_hours", "").strip()
    hours = whole_number(typed, most=_LONGEST_ANSWER_HOURS + 1) if typed else 0
    if hours is None or hours > _LONGEST_ANSWER_HOURS:
        problem = f"Whole hours up to {_LONGEST_ANSWER_HOURS:,}, or nothing."
        return _render(db, retailer, problems={"answer_hours": problem}, hours=typed)
    detail = audit.changes({"answer hours": retailer.answer_hours}, {"answer hours": hours})
    if detail:
        retailer.answer_hours = hours
        subject = ("retailer", retailer.id)
        audit.record(db, principal, "review.answer", subject, at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    notice(f"What comes in from now on is due within {hours} h." if hours else "Nothing is due by itself from now on.")
    return redirect_to("/desk/rules")


@blueprint.post("/desk/rules/terms")
@allow(*PUBLISHERS)
def write_terms() -> Response:
    """Write what vendors agree to, in each language."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    texts = {each: request.form.get(f"terms.{each}", "") for each in locales_of(retailer)}
    try:
        is_changed = set_terms(db, retailer, texts, actor=principal, at=at)
    except FormError as error:
        return _render(db, retailer, problems=error.problems, texts=texts)
    db.commit()
    if not is_changed:
        notice("Nothing changed, so nobody is asked again.", "info")
    else:
        notice("Vendors are asked to agree before they send the next page." if retailer.vendor_terms else "No terms.")
    return redirect_to("/desk/rules")


def list_word_slots(db: Session, retailer_id: str) -> list[tuple[str, str]]:
    """The slots of words that vendors fill in a retailer's templates as they are now: name and label."""
    found: dict[str, str] = {}
    for template in list_templates(db, retailer_id):
        for slot in read_slots(get_newest_version(db, template.id).sections).values():
            if slot.kind in _WORDS and not slot.is_fixed:
                is_named_twice = slot.section in ("", slot.label)
                found.setdefault(slot.name, slot.label if is_named_twice else f"{slot.section}: {slot.label}")
    return list(found.items())


def read_rules(form: MultiDict[str, str], known: Mapping[str, str]) -> dict[str, Any]:
    """What of a vendor's is approved without a reviewer, as a form says it; empty for nothing.

    :raises FormError: no number of characters, no slot, or one that no template has.
    """
    if form.get("small") != "1":
        return {}
    problems = {}
    max_chars = whole_number(form.get("max_chars", ""), most=SMALL_CHARS + 1)
    if not max_chars or max_chars > SMALL_CHARS:
        problems["max_chars"] = f"A whole number from 1 to {SMALL_CHARS}."
    slots = list(dict.fromkeys(form.getlist("slots")))
    if not slots or not set(slots) <= set(known):
        problems["slots"] = "Choose at least one slot of the list."
    if problems:
        raise FormError(problems)
    return {"small": True, "max_chars": max_chars, "slots": slots}


def _render(
    db: Session,
    retailer: Retailer,
    *,
    problems: dict[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    hours: str | None = None,
) -> Response:
    kept = texts if texts is not None else retailer.vendor_terms or {}
    others = [each for each in list_vendors(db, retailer.id) if not each.vendor.is_house]
    page = RulesPage(
        allows_own=retailer.allows_own_approval,
        may_allow_own=current_principal().role == Role.OWNER,
        answer_hours=hours if hours is not None else str(retailer.answer_hours or ""),
        terms=tuple(
            TermsText(each, language_name(each, "en"), direction(each), kept.get(each, ""))
            for each in locales_of(retailer)
        ),
        max_chars=MAX_TERMS_CHARS,
        has_terms=bool(retailer.vendor_terms),
        vendors=tuple(
            VendorRule(
                name=each.vendor.name,
                href=f"/desk/vendors/{each.vendor.id}",
                rule=say_rule(each.supply),
                terms=("Agreed" if is_agreed(db, retailer, each.vendor.id) else "Not yet")
                if retailer.vendor_terms
                else "",
            )
            for each in others
            if each.supply.ended_at is None
        ),
        problems=problems or {},
    )
    return render("desk/rules.html", page, status=422 if problems else 200)

"""The till: a shopper's code is read, used, taken back; and what this store did today.

A code stands in no address. A verdict has an address of its own, so that reload and back do nothing twice.
"""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.access import Role, allow, current_principal
from qrmerch.associates import calls, items
from qrmerch.associates.pages import GoodNow, SignedOutPage, TillPage, TodayPage, TryLine, VerdictPage
from qrmerch.associates.stores import get_till, here
from qrmerch.clock import now
from qrmerch.errors import Conflict, NotFound
from qrmerch.offers import service
from qrmerch.offers.models import Claim, Outcome, Redemption
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import (
    Try,
    count_tries,
    get_claim,
    get_try,
    list_history,
    list_tries,
)
from qrmerch.offers.service import REVERSAL_WINDOW, WRONG_CODES_PER_ASSOCIATE, Till
from qrmerch.offers.till_codes import find_code_of, group_code
from qrmerch.offers.till_words import headline_of, list_good_now, said_until, said_when, word_verdict
from qrmerch.offers.verdicts import Reason, Verdict
from qrmerch.parties.models import Store
from qrmerch.users.login import take_cookie
from qrmerch.users.service import end_session
from qrmerch.web import get_db, redirect_to, render, services

blueprint = Blueprint("associates", __name__)
_RECENT: Final = 5
_OF_TODAY: Final = 200
_MAX_TYPED_CHARS: Final = 400
_SHORT_REASONS: Final = {
    Reason.ALREADY_REDEEMED: "used already",
    Reason.EXPIRED: "time was up",
    Reason.NOT_STARTED: "not begun yet",
    Reason.WRONG_STORE: "for another store",
    Reason.PAUSED: "on hold",
    Reason.VOID: "given back",
    Reason.CODE_UNKNOWN: "not one of ours",
    Reason.CHECK_DIGIT: "one symbol off",
    Reason.NOT_REDEEMED: "nothing to undo",
    Reason.UNDO_TOO_LATE: "too late to undo",
    Reason.UNDO_ELSEWHERE: "used in another store",
}


def blueprints() -> list[Blueprint]:
    """What `create_app` registers."""
    return [blueprint, items.blueprint, calls.blueprint]


@blueprint.get("/associate")
@blueprint.get("/associate/")
@allow(Role.ASSOCIATE)
def show_till() -> Response:
    """Scan or type a code."""
    return _till_page("", status=200)


@blueprint.post("/associate/check")
@allow(Role.ASSOCIATE)
def check_code() -> Response:
    """Say what a code is good for; one that is refused is written down."""
    db, at = get_db(), now()
    typed = request.form.get("code", "")[:_MAX_TYPED_CHARS]
    till = _till(db, request.form.get("store", ""))
    if not typed.strip():
        return _till_page("Type the code, or scan it.", status=422)
    verdict = service.check(db, typed, till=till, keys=services().settings.secret_keys, at=at)
    if verdict.must_sign_in:
        return _sign_out(db)
    db.commit()
    return redirect_to(_address_of(verdict, till))


@blueprint.get("/associate/codes/<claim_id>")
@allow(Role.ASSOCIATE)
def show_code(claim_id: str) -> Response:
    """What a code is good for in this store now; looking changes nothing."""
    db, at = get_db(), now()
    till = _till(db, request.args.get("store", ""))
    claim = get_claim(db, claim_id)
    return _verdict_page(db, service.look(db, claim, till=till, at=at), till, at=at)


@blueprint.post("/associate/codes/<claim_id>/use")
@allow(Role.ASSOCIATE)
def use_code(claim_id: str) -> Response:
    """Honour a code, once however often the button is pressed."""
    db, at = get_db(), now()
    till = _till(db, request.form.get("store", ""))
    claim = get_claim(db, claim_id)
    key = request.form.get("key", "") or ids.public()
    keys = services().settings.secret_keys
    verdict = service.redeem(db, _code_of(claim), till=till, idempotency_key=key, keys=keys, at=at)
    db.commit()
    return redirect_to(_address_of(verdict, till))


@blueprint.get("/associate/tries/<redemption_id>")
@allow(Role.ASSOCIATE)
def show_try(redemption_id: str) -> Response:
    """What was said of a code, and what can still be done."""
    db, at = get_db(), now()
    row = get_try(db, redemption_id)
    till = _till(db, row.store_id)
    return _verdict_page(db, service.retell(db, row), till, at=at)


@blueprint.post("/associate/tries/<redemption_id>/undo")
@allow(Role.ASSOCIATE)
def undo_use(redemption_id: str) -> Response:
    """Take a use back, once; the code is the shopper's again."""
    db, at = get_db(), now()
    row = get_try(db, redemption_id)
    till = _till(db, row.store_id)
    if row.claim_id is None or row.outcome != Outcome.REDEEMED:
        raise NotFound()
    verdict = service.reverse(
        db,
        _code_of(db.get_one(Claim, row.claim_id)),
        till=till,
        idempotency_key=f"undo {row.id}",
        keys=services().settings.secret_keys,
        at=at,
        use_id=row.id,
    )
    db.commit()
    return redirect_to(_address_of(verdict, till))


@blueprint.get("/associate/today")
@allow(Role.ASSOCIATE)
def show_today() -> Response:
    """What this store's tills used and refused today, by its own clock."""
    db, at = get_db(), now()
    till = _till(db, request.args.get("store", ""))
    since, until = _day_of(at, till.store.time_zone)
    counts = count_tries(db, till.store.id, since=since, until=until)
    tries = list_tries(db, till.store.id, since=since, until=until, limit=_OF_TODAY)
    total = sum(count for outcome, count in counts.items() if outcome != Outcome.REVERSED)
    page = TodayPage(
        here=here(db, current_principal(), till),
        lede=_word_day(counts),
        rows=_lines(tries, till, at=at),
        more=f"The last {_OF_TODAY} are shown." if total > _OF_TODAY else "",
    )
    return render("associates/today.html", page)


def _till(db: Session, wanted: str) -> Till:
    return get_till(db, current_principal(), wanted)


def _till_page(problem: str, *, status: int) -> Response:
    db, at = get_db(), now()
    till = _till(db, request.values.get("store", ""))
    since, until = _day_of(at, till.store.time_zone)
    tries = list_tries(db, till.store.id, since=since, until=until, limit=_RECENT)
    page = TillPage(here=here(db, current_principal(), till), problem=problem, recent=_lines(tries, till, at=at))
    return render("associates/scan.html", page, status=status)


def _sign_out(db: Session) -> Response:
    """Too many codes that are not ours: who typed them signs in again. The store goes on."""
    principal = current_principal()
    end_session(db, principal.session_id, user_id=principal.user_id)
    db.commit()
    response = render("associates/signed_out.html", SignedOutPage(WRONG_CODES_PER_ASSOCIATE), status=429)
    take_cookie(response)
    return response


def _code_of(claim: Claim) -> str:
    """The code of a claim that an associate has read before.

    :raises Conflict: the key it was made under is lost.
    """
    code = find_code_of(services().settings.secret_keys, claim.id, claim.code_lookup)
    if code is None:
        raise Conflict("This code is too old to be used here. The item’s page gives the shopper a new one.")
    return code


def _address_of(verdict: Verdict, till: Till) -> str:
    """Where a verdict stands: what was written down as it was, else the code as it is."""
    if verdict.row is not None:
        return f"/associate/tries/{verdict.row.id}"
    return _code_address(verdict.claim, till) if verdict.claim else "/associate"


def _code_address(claim: Claim, till: Till) -> str:
    return f"/associate/codes/{claim.public_id}?{urlencode({'store': till.store.id})}"


# --- verdicts --------------------------------------------------------------------------------------


def _verdict_page(db: Session, verdict: Verdict, till: Till, *, at: datetime) -> Response:
    words = word_verdict(db, verdict, till=till, at=at)
    claim, row = verdict.claim, verdict.row
    is_valid = verdict.outcome == "valid"
    can_undo = row is not None and _can_undo(row, at=at)
    page = VerdictPage(
        here=here(db, current_principal(), till),
        kind={"valid": "ok", "redeemed": "ok", "reversed": "nt"}.get(verdict.outcome, "bad"),
        title=words.title,
        lead=words.lead,
        text=words.text,
        say=words.say,
        about_href=f"/associate/items/{claim.item_id}?{urlencode({'store': till.store.id})}" if claim else "",
        use_href=f"/associate/codes/{claim.public_id}/use" if claim and is_valid else "",
        key=ids.public() if is_valid else "",
        undo_href=f"/associate/tries/{row.id}/undo" if row and can_undo else "",
        again_href=_code_address(claim, till) if claim and verdict.outcome == "reversed" else "",
        first_href=_first_address(verdict, till, at=at),
        good_now=_good_now(db, verdict, till, at=at),
        facts=_facts(db, claim, till, at=at) if claim else (),
        history=_history(db, claim, till, at=at) if claim and row and not verdict.reason else (),
    )
    return render("associates/verdict.html", page)


def _can_undo(row: Redemption, *, at: datetime) -> bool:
    return row.outcome == Outcome.REDEEMED and row.undone_at is None and at < row.at + REVERSAL_WINDOW


def _first_address(verdict: Verdict, till: Till, *, at: datetime) -> str:
    use = verdict.use
    if verdict.reason != Reason.ALREADY_REDEEMED or use is None or use.store_id != till.store.id:
        return ""
    return f"/associate/tries/{use.id}" if _can_undo(use, at=at) else ""


def _good_now(db: Session, verdict: Verdict, till: Till, *, at: datetime) -> tuple[GoodNow, ...]:
    """What the shopper could take instead, where this code is refused."""
    if verdict.claim is None or verdict.reason is None:
        return ()
    zone = till.store.time_zone
    return tuple(
        GoodNow(
            headline_of(Promise.of_offer(each)),
            f"On the item’s page until {said_until(each.until_at, now=at, zone=zone)}",
        )
        for each in list_good_now(db, verdict.claim, till=till, at=at)
    )


def _facts(db: Session, claim: Claim, till: Till, *, at: datetime) -> tuple[tuple[str, str], ...]:
    zone = till.store.time_zone
    store = db.get(Store, claim.store_id) if claim.store_id else None
    claimed = said_when(claim.issued_at, now=at, zone=zone)
    code = find_code_of(services().settings.secret_keys, claim.id, claim.code_lookup)
    return (
        ("Code", group_code(code) if code else f"…{claim.code_tail}"),
        ("Claimed", f"{claimed[:1].upper()}{claimed[1:]}{f', {store.short_name}' if store else ''}"),
        ("Until", said_until(claim.expires_at, now=at, zone=zone)),
    )


def _history(db: Session, claim: Claim, till: Till, *, at: datetime) -> tuple[tuple[str, str], ...]:
    words = {Outcome.REDEEMED: "Used", Outcome.REVERSED: "Undone"}
    zone = till.store.time_zone
    told = [("Claimed", said_when(claim.issued_at, now=at, zone=zone))]
    for each in list_history(db, claim.id):
        by = f", {each.associate}" if each.associate else ""
        told.append((words[each.row.outcome], f"{said_when(each.row.at, now=at, zone=zone)}{by}"))
    return tuple((word, f"{when[:1].upper()}{when[1:]}") for word, when in told)


# --- the day ---------------------------------------------------------------------------------------


def _day_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The store's own day around an instant: its first instant, and the next day's."""
    local = at.astimezone(ZoneInfo(zone))
    since = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return since, datetime.combine(since.date() + timedelta(days=1), since.timetz())


def _lines(tries: list[Try], till: Till, *, at: datetime) -> tuple[TryLine, ...]:
    return tuple(_line(each, till, at=at) for each in tries)


def _line(each: Try, till: Till, *, at: datetime) -> TryLine:
    row, clock = each.row, f"{each.row.at.astimezone(ZoneInfo(till.store.time_zone)):%H:%M}"
    title = headline_of(Promise.of_claim(each.claim)) if each.claim else "A code that is not here"
    is_other = each.associate and row.associate_id != till.associate_id
    by = f", {each.associate}" if is_other else ""
    href = f"/associate/tries/{row.id}"
    if row.outcome == Outcome.REFUSED:
        sub = f"{clock}, {_SHORT_REASONS[Reason(row.reason)]}{by}"
        return TryLine("refused", "Refused", title, sub, href, can_undo=False)
    state, label = ("ended", "Undone") if row.undone_at else ("used", "Used")
    return TryLine(state, label, title, f"{clock}{by}", href, can_undo=_can_undo(row, at=at))


def _word_day(counts: dict[Outcome, int]) -> str:
    used, refused, undone = (counts.get(each, 0) for each in (Outcome.REDEEMED, Outcome.REFUSED, Outcome.REVERSED))
    if not (used or refused or undone):
        return "No code was shown at this store’s tills yet."
    parts = [f"{used:,} used", f"{refused:,} refused"]
    return ", ".join([*parts, f"{undone:,} undone"] if undone else parts) + "."

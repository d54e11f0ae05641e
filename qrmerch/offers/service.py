"""Writes of offers: setting them up, claiming them, and what a till does with a claim's code.

Each verb is one transaction of its caller's, who commits. Counters move by conditional updates only; expiry is read
from the clock; a refusal is written down like a use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import audit, idempotency, ids, limits
from qrmerch.catalog.models import Item
from qrmerch.content.holding import list_down_ids
from qrmerch.db import lock_for_chain
from qrmerch.errors import DomainError, FormError, TooMany
from qrmerch.offers import till_codes
from qrmerch.offers.counting import (
    give_back,
    is_exhausted,
    reserve,
    reserve_again,
    set_limit,
    tell_pages,
    use_reserved,
)
from qrmerch.offers.models import (
    Claim,
    ClaimState,
    Offer,
    OfferCounter,
    OfferItem,
    OfferSubjectUse,
    Outcome,
    Redemption,
)
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import (
    find_claim_by_code,
    find_last_use,
    find_open_claim,
    find_standing_use,
    get_counter,
    is_on_item,
    list_free_places,
    list_used_claims,
)
from qrmerch.offers.terms import OfferTerms, check_terms
from qrmerch.offers.verdicts import Reason, Verdict, judge
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_stores
from qrmerch.scans.service import record_event
from qrmerch.visitors.models import Visitor

# So long may a till take back what it took; later it is a matter for the desk.
REVERSAL_WINDOW: Final = timedelta(minutes=15)
WRONG_CODES_PER_ASSOCIATE: Final = 10
WRONG_CODES_PER_STORE: Final = 100
WRONG_CODES_WITHIN: Final = timedelta(hours=1)
# The same code refused again at the same till so soon is the same press.
_SAME_PRESS_S: Final = 10
_FREED_AT_ONCE: Final = 500
_CODE_TRIES: Final = 3
_AS_IT_IS: Final = {"synchronize_session": False}


class LimitBelowUsed(FormError):
    """More codes are taken already than there shall be in all."""

    status = 409
    slug = "limit_below_used"


class Refusal(StrEnum):
    """Why a shopper does not get an offer."""

    NOT_STARTED = "not_started"
    ENDED = "expired"
    PAUSED = "paused"
    EXHAUSTED = "budget_exhausted"
    VISITOR_LIMIT = "per_customer_limit"
    WRONG_STORE = "wrong_store"
    WRONG_ITEM = "wrong_item"
    ITEM_RETIRED = "item_retired"
    ITEM_DOWN = "item_down"
    NO_DISCOUNT = "brand_forbids_discount"


_STATUSES: Final = {Refusal.ENDED: 410, Refusal.ITEM_RETIRED: 410, Refusal.WRONG_STORE: 422, Refusal.WRONG_ITEM: 422}
_SENTENCES: Final = {
    Refusal.NOT_STARTED: "This offer has not begun. Come back when it has.",
    Refusal.ENDED: "This offer is over. Look at the item for what holds today.",
    Refusal.PAUSED: "This offer is paused. Ask a colleague, or try again later.",
    Refusal.EXHAUSTED: "All codes of this offer are taken. A code that nobody uses comes back when its time is up.",
    Refusal.VISITOR_LIMIT: "This phone has used this offer already.",
    Refusal.WRONG_STORE: "This offer does not hold in this store.",
    Refusal.WRONG_ITEM: "This offer does not hold for this item.",
    Refusal.ITEM_RETIRED: "This item is no longer sold.",
    Refusal.ITEM_DOWN: "This item is not available at the moment.",
    Refusal.NO_DISCOUNT: "This offer is over. Look at the item for what holds today.",
}


class ClaimRefused(DomainError):
    """A shopper does not get an offer; nothing was written."""

    def __init__(self, refusal: Refusal, *, used: Claim | None = None) -> None:
        """:param used: the claim by which this phone used the offer, where that is why."""
        super().__init__(_SENTENCES[refusal])
        self.refusal, self.used = refusal, used
        self.status, self.slug = _STATUSES.get(refusal, 409), refusal.value


@dataclass(frozen=True, slots=True)
class Till:
    """Where a code is shown, and who looks at it: an associate, or a till's own program (None)."""

    store: Store
    associate_id: str | None

    @property
    def caller(self) -> str:
        """To whom an idempotency key belongs."""
        return f"till {self.store.retailer_id} {self.associate_id or self.store.id}"


# --- setting up ------------------------------------------------------------------------------------


def add_offer(
    db: Session,
    retailer_id: str,
    terms: OfferTerms,
    *,
    item_ids: Sequence[str],
    actor: audit.Actor | None,
    at: datetime,
) -> Offer:
    """A new offer on some items, shown from its begin on.

    :raises BrandForbidsDiscount: money off at a retailer that does not discount.
    :raises FormError: as `terms.check_terms`; without an item of the retailer's: `items`.
    """
    retailer = db.get_one(Retailer, retailer_id)
    checked, items = _check(db, retailer, terms, item_ids)
    offer = Offer(
        id=ids.new(),
        public_id=ids.public(),
        retailer_id=retailer.id,
        created_by=actor.user_id if actor else None,
        created_at=at,
        is_paused=False,
    )
    _describe(offer, retailer, checked)
    db.add(offer)
    db.flush()
    db.add(OfferCounter(retailer_id=retailer.id, offer_id=offer.id, lim=checked.limit_total))
    _set_items(db, offer, items)
    tell_pages(db, offer, at=at)
    _note(db, actor, "offer.add", offer, at=at)
    return offer


def change_offer(
    db: Session,
    offer: Offer,
    terms: OfferTerms,
    *,
    item_ids: Sequence[str],
    actor: audit.Actor | None,
    at: datetime,
) -> None:
    """Say an offer anew. Codes that were taken keep what they were taken for.

    :raises LimitBelowUsed: more codes are taken than there shall be.
    :raises BrandForbidsDiscount, FormError: as `add_offer`.
    """
    retailer = db.get_one(Retailer, offer.retailer_id)
    checked, items = _check(db, retailer, terms, item_ids)
    before = _noted(db, offer)
    if checked.limit_total != offer.limit_total:
        change_limit(db, offer, checked.limit_total, actor=actor, at=at)
    tell_pages(db, offer, at=at)
    _describe(offer, retailer, checked)
    _set_items(db, offer, items)
    tell_pages(db, offer, at=at)
    _note(db, actor, "offer.change", offer, at=at, **audit.changes(before, _noted(db, offer)))


def change_limit(db: Session, offer: Offer, limit: int, *, actor: audit.Actor | None, at: datetime) -> None:
    """Raise or lower how many codes there are in all.

    :raises LimitBelowUsed: more are taken already; those whose time is up are given back first.
    """
    free_expired(db, at=at, offer_id=offer.id)
    if not set_limit(db, offer.id, limit):
        taken = get_counter(db, offer.id).taken
        raise LimitBelowUsed({"limit": f"{taken:,} codes are taken already. {taken:,} is the least it can be now."})
    detail = audit.changes({"limit": offer.limit_total}, {"limit": limit})
    offer.limit_total = limit
    tell_pages(db, offer, at=at)
    _note(db, actor, "offer.limit", offer, at=at, **detail)


def pause(db: Session, offer: Offer, *, actor: audit.Actor | None, at: datetime) -> None:
    """Give no more codes, and let tills hold the ones that were taken, until it goes on."""
    _set_paused(db, offer, True, actor=actor, at=at)


def resume(db: Session, offer: Offer, *, actor: audit.Actor | None, at: datetime) -> None:
    """Let a paused offer go on."""
    _set_paused(db, offer, False, actor=actor, at=at)


def _set_paused(db: Session, offer: Offer, is_paused: bool, *, actor: audit.Actor | None, at: datetime) -> None:
    if offer.is_paused == is_paused:
        return
    offer.is_paused = is_paused
    tell_pages(db, offer, at=at)
    _note(db, actor, "offer.pause" if is_paused else "offer.resume", offer, at=at)


def _check(
    db: Session, retailer: Retailer, terms: OfferTerms, item_ids: Sequence[str]
) -> tuple[OfferTerms, list[Item]]:
    problems: dict[str, str] = {}
    wanted = select(Item).where(Item.id.in_(item_ids), Item.retailer_id == retailer.id)
    items = list(db.scalars(wanted.order_by(Item.id)))
    if not items:
        problems["items"] = "Choose at least one item."
    elif len(items) != len(set(item_ids)):
        problems["items"] = "One of these items is not here. Choose again."
    try:
        checked = check_terms(retailer, list_stores(db, retailer.id), terms)
    except FormError as error:
        error.problems.update(problems)
        raise
    if problems:
        raise FormError(problems)
    return checked, items


def _describe(offer: Offer, retailer: Retailer, terms: OfferTerms) -> None:
    offer.kind, offer.value, offer.currency = terms.kind, terms.value, retailer.currency
    offer.headline, offer.terms = dict(terms.headline), dict(terms.terms)
    offer.store_ids = None if terms.store_ids is None else list(terms.store_ids)
    offer.from_at, offer.until_at = terms.from_at, terms.until_at
    offer.limit_total, offer.limit_per_visitor = terms.limit_total, terms.limit_per_visitor
    offer.claim_hours = terms.claim_hours


def _noted(db: Session, offer: Offer) -> dict[str, object]:
    """What the log keeps both sides of when an offer is said anew; the limit has an entry of its own."""
    names = ("kind", "value", "headline", "terms", "store_ids", "from_at", "until_at", "limit_per_visitor")
    items = select(OfferItem.item_id).where(OfferItem.offer_id == offer.id).order_by(OfferItem.item_id)
    return {**audit.state_of(offer, *names, "claim_hours"), "items": list(db.scalars(items))}


def _set_items(db: Session, offer: Offer, items: Sequence[Item]) -> None:
    wanted = {item.id for item in items}
    for row in db.scalars(select(OfferItem).where(OfferItem.offer_id == offer.id)):
        if row.item_id not in wanted:
            db.delete(row)
        wanted.discard(row.item_id)
    db.add_all(OfferItem(retailer_id=offer.retailer_id, offer_id=offer.id, item_id=each) for each in sorted(wanted))
    db.flush()


def _note(db: Session, actor: audit.Actor | None, action: str, offer: Offer, *, at: datetime, **detail: object) -> None:
    audit.record(db, actor, action, ("offer", offer.id), at=at, retailer_id=offer.retailer_id, detail=detail)


# --- claiming --------------------------------------------------------------------------------------


def claim(
    db: Session,
    offer: Offer,
    item: Item,
    visitor: Visitor,
    *,
    store_id: str | None,
    visit: str | None,
    keys: Sequence[str],
    at: datetime,
    variant: str = "",
) -> Claim:
    """Give a visitor a code for an offer, or the one they hold already; the caller commits.

    One unit is held for it until it is used or its time is up: a code that was given is honoured.

    :param store_id: where the page said the shopper stood.
    :param keys: the installation's secret keys, the present one first.
    :param variant: the key of the variant that was chosen on the page.
    :raises ClaimRefused: it does not hold here and now, or nothing is left; roll back.
    """
    held = find_open_claim(db, offer.id, visitor.id, item_id=item.id, at=at)
    if held is not None:
        return held
    _refuse_dead_offer(db, offer, item, store_id=store_id, at=at)
    free_expired(db, at=at, offer_id=offer.id)
    with db.begin_nested() as step:
        made = _claim(db, offer, item, visitor, store_id=store_id, visit=visit, keys=keys, at=at, variant=variant)
        if made is None:
            step.rollback()
    if made is None:
        return _held_or_refused(db, offer, item, visitor, at=at)
    if is_exhausted(db, offer.id):
        tell_pages(db, offer, at=at)
    record_event(
        db,
        kind="claim",
        retailer_id=offer.retailer_id,
        item_id=item.id,
        store_id=store_id,
        visit=visit,
        at=at,
        detail=made.id,
    )
    return made


def _refuse_dead_offer(db: Session, offer: Offer, item: Item, *, store_id: str | None, at: datetime) -> None:
    if offer.retailer_id != item.retailer_id or not is_on_item(db, offer.id, item.id):
        raise ClaimRefused(Refusal.WRONG_ITEM)
    if item.is_retired:
        raise ClaimRefused(Refusal.ITEM_RETIRED)
    if list_down_ids(db, [item], store_ids={item.id: store_id}, locale=None, at=at):
        raise ClaimRefused(Refusal.ITEM_DOWN)
    if at < offer.from_at:
        raise ClaimRefused(Refusal.NOT_STARTED)
    if at >= offer.until_at:
        raise ClaimRefused(Refusal.ENDED)
    if not Promise.of_offer(offer).holds_in(store_id):
        raise ClaimRefused(Refusal.WRONG_STORE)
    if offer.is_paused:
        raise ClaimRefused(Refusal.PAUSED)
    if offer.kind.is_discount and db.get_one(Retailer, offer.retailer_id).no_discount:
        raise ClaimRefused(Refusal.NO_DISCOUNT)


def _claim(
    db: Session,
    offer: Offer,
    item: Item,
    visitor: Visitor,
    *,
    store_id: str | None,
    visit: str | None,
    keys: Sequence[str],
    at: datetime,
    variant: str,
) -> Claim | None:
    """Take a unit and make the claim; None if nothing is left, or this visitor's other press was quicker."""
    if not reserve(db, offer.id):
        return None
    # Whoever takes a unit waits here for the one before, so what is read from now on is what holds.
    places = list_free_places(db, offer, _subject(visitor))
    if not places or find_open_claim(db, offer.id, visitor.id, item_id=item.id, at=at):
        return None
    made = Claim(
        public_id=ids.public(),
        retailer_id=offer.retailer_id,
        offer_id=offer.id,
        item_id=item.id,
        visitor_id=visitor.id,
        store_id=store_id,
        visit=visit,
        state=ClaimState.ISSUED,
        terms=Promise.of_offer(offer, variant=variant).as_json(),
        issued_at=at,
        expires_at=min(at + timedelta(hours=offer.claim_hours), offer.until_at),
    )
    _add_with_code(db, made, keys[0])
    use = OfferSubjectUse(
        retailer_id=offer.retailer_id,
        offer_id=offer.id,
        subject_key=_subject(visitor),
        place=places[0],
        claim_id=made.id,
    )
    db.add(use)
    db.flush()
    return made


def _add_with_code(db: Session, made: Claim, key: str) -> None:
    """Give a claim an id whose code nobody has; the unique column decides."""
    for _ in range(_CODE_TRIES):
        made.id = ids.new()
        code = till_codes.make_code(key, made.id)
        made.code_lookup, made.code_tail = till_codes.make_lookup(key, code), code[-till_codes.TAIL_CHARS :]
        try:
            with db.begin_nested():
                db.add(made)
            return
        except IntegrityError:
            continue
    raise RuntimeError("no code was free in several tries")


def _subject(visitor: Visitor) -> str:
    """Whose uses are counted: a phone's."""
    return f"v:{visitor.id}"


def _held_or_refused(db: Session, offer: Offer, item: Item, visitor: Visitor, *, at: datetime) -> Claim:
    held = find_open_claim(db, offer.id, visitor.id, item_id=item.id, at=at)
    held = held or find_open_claim(db, offer.id, visitor.id, item_id=None, at=at)
    if held is not None:
        return held
    used = list_used_claims(db, offer.id, visitor.id)
    if len(used) >= offer.limit_per_visitor:
        raise ClaimRefused(Refusal.VISITOR_LIMIT, used=used[0])
    raise ClaimRefused(Refusal.EXHAUSTED)


def free_expired(db: Session, *, at: datetime, offer_id: str | None = None) -> int:
    """Give back what claims hold whose time is up, each once, a few hundred at a time; how many.

    :param offer_id: of this offer only.
    """
    expired = select(Claim.id).where(Claim.state == ClaimState.ISSUED, Claim.freed_at.is_(None), Claim.expires_at <= at)
    if offer_id is not None:
        expired = expired.where(Claim.offer_id == offer_id)
    expired = expired.order_by(Claim.id).limit(_FREED_AT_ONCE).with_for_update(skip_locked=True)
    claim_ids = list(db.scalars(expired))
    return give_back(db, claim_ids, state=ClaimState.ISSUED, at=at) if claim_ids else 0


def void_claims(db: Session, visitor: Visitor, *, at: datetime) -> int:
    """Make a visitor's unused codes worth nothing and give back what they hold; how many. For a phone forgotten."""
    held = select(Claim.id).where(
        Claim.visitor_id == visitor.id, Claim.state == ClaimState.ISSUED, Claim.freed_at.is_(None)
    )
    claim_ids = list(db.scalars(held.order_by(Claim.id).with_for_update()))
    return give_back(db, claim_ids, state=ClaimState.VOID, at=at) if claim_ids else 0


# --- at the till -----------------------------------------------------------------------------------


def look(db: Session, claim: Claim, *, till: Till, at: datetime) -> Verdict:
    """What a till would say of a claim now; nothing is written."""
    reason = judge(claim, db.get_one(Offer, claim.offer_id), store_id=till.store.id, at=at)
    return Verdict(reason, claim, use=find_standing_use(db, claim.id))


def check(db: Session, code: str, *, till: Till, keys: Sequence[str], at: datetime) -> Verdict:
    """Whether a code is good in this store now. A refusal is written down; the caller commits either way.

    :param code: as typed or scanned.
    """
    claim, reason = _read(db, code, till=till, keys=keys)
    if claim is not None:
        verdict = look(db, claim, till=till, at=at)
        if verdict.reason is None:
            return verdict
        reason = verdict.reason
    name, moment = _name(claim, code, keys), int(at.timestamp()) // _SAME_PRESS_S
    press = f"check {till.caller} {till.store.id} {name} {reason} {moment}"
    return _refuse(db, claim, reason, till=till, key=_key_of(press), at=at)


def redeem(db: Session, code: str, *, till: Till, idempotency_key: str, keys: Sequence[str], at: datetime) -> Verdict:
    """Honour a code once. The same key gives the same answer for ever; the caller commits whatever it is.

    :raises KeyUsedDifferently: the key came before with another code or from another store.
    """
    claim, reason = _read(db, code, till=till, keys=keys)
    body: dict[str, object] = {"do": "redeem", "code": _name(claim, code, keys), "store": till.store.id}
    answered = _find_answer(db, till, idempotency_key, body)
    if answered is not None:
        return answered
    if claim is not None:
        reason = _take(db, claim, till=till, at=at)
    key = _key_of(f"{till.caller}\0{idempotency_key}")
    if claim is None or reason is not None:
        verdict = _refuse(db, claim, reason, till=till, key=key, at=at)
    else:
        use = _add_row(db, claim, Outcome.REDEEMED, till=till, key=key, at=at)
        verdict = Verdict(None, claim, use, use)
    return _keep_answer(db, till, idempotency_key, body, verdict, at=at)


def reverse(
    db: Session,
    code: str,
    *,
    till: Till,
    idempotency_key: str,
    keys: Sequence[str],
    at: datetime,
    use_id: str | None = None,
) -> Verdict:
    """Take back a use within `REVERSAL_WINDOW`, in the store that made it; the code is the shopper's again.

    :param use_id: only this use; None for whichever stands.
    :raises KeyUsedDifferently: as `redeem`.
    """
    claim, reason = _read(db, code, till=till, keys=keys)
    name = _name(claim, code, keys)
    body: dict[str, object] = {"do": "reverse", "code": name, "store": till.store.id, "use": use_id or ""}
    answered = _find_answer(db, till, idempotency_key, body)
    if answered is not None:
        return answered
    key = _key_of(f"{till.caller}\0{idempotency_key}")
    use = _lock_standing_use(db, claim) if claim else None
    if claim is not None:
        reason = _why_not_undone(use, use_id=use_id, till=till, at=at)
    if claim is None or use is None or reason is not None:
        verdict = _refuse(db, claim, reason, till=till, key=key, at=at)
    else:
        verdict = Verdict(None, claim, _undo(db, claim, use, till=till, key=key, at=at))
    return _keep_answer(db, till, idempotency_key, body, verdict, at=at)


def retell(db: Session, row: Redemption) -> Verdict:
    """What was said of an earlier try, as it was said."""
    claim = db.get(Claim, row.claim_id) if row.claim_id else None
    use = find_last_use(db, claim.id, until=row.at) if claim else None
    return Verdict(Reason(row.reason) if row.reason else None, claim, row, use)


def _read(db: Session, code: str, *, till: Till, keys: Sequence[str]) -> tuple[Claim | None, Reason | None]:
    """The claim of a code, or why there is none; a slip of the hand is told without asking the database."""
    plain = till_codes.plain_code(code)
    if not till_codes.is_code(plain):
        return None, Reason.CHECK_DIGIT
    claim = find_claim_by_code(db, till.store.retailer_id, [till_codes.make_lookup(key, plain) for key in keys])
    return claim, None if claim else Reason.CODE_UNKNOWN


def _take(db: Session, claim: Claim, *, till: Till, at: datetime) -> Reason | None:
    """Use a claim, if it is good and nobody else is quicker; otherwise why not."""
    offer = db.get_one(Offer, claim.offer_id)
    reason = judge(claim, offer, store_id=till.store.id, at=at)
    if reason is not None:
        return reason
    good = update(Claim).where(
        Claim.id == claim.id, Claim.state == ClaimState.ISSUED, Claim.freed_at.is_(None), Claim.expires_at > at
    )
    is_taken = _has_changed(db, good.values(state=ClaimState.REDEEMED, redeemed_at=at))
    db.refresh(claim)
    if not is_taken:
        return judge(claim, offer, store_id=till.store.id, at=at) or Reason.EXPIRED
    use_reserved(db, claim.offer_id)
    return None


def _lock_standing_use(db: Session, claim: Claim) -> Redemption | None:
    """The use of a claim that stands; nobody else can use or undo the claim before this transaction ends."""
    db.refresh(claim, with_for_update=True)
    return find_standing_use(db, claim.id)


def _why_not_undone(use: Redemption | None, *, use_id: str | None, till: Till, at: datetime) -> Reason | None:
    if use is None or use_id not in (None, use.id):
        return Reason.NOT_REDEEMED
    if use.store_id != till.store.id:
        return Reason.UNDO_ELSEWHERE
    return Reason.UNDO_TOO_LATE if at >= use.at + REVERSAL_WINDOW else None


def _undo(db: Session, claim: Claim, use: Redemption, *, till: Till, key: str, at: datetime) -> Redemption:
    """Give back exactly what was taken; what is over by now is free again at once."""
    claim.state, claim.redeemed_at, use.undone_at = ClaimState.ISSUED, None, at
    db.flush()
    reserve_again(db, claim.offer_id)
    row = _add_row(db, claim, Outcome.REVERSED, till=till, key=key, at=at, reverses_id=use.id)
    if at >= claim.expires_at:
        give_back(db, [claim.id], state=ClaimState.ISSUED, at=at)
        db.refresh(claim)
    return row


def _refuse(db: Session, claim: Claim | None, reason: Reason | None, *, till: Till, key: str, at: datetime) -> Verdict:
    """Write down that a code was not taken; the same press twice is one refusal."""
    wanted = select(Redemption).where(
        Redemption.retailer_id == till.store.retailer_id, Redemption.idempotency_key == key
    )
    lock_for_chain(db, f"till {key}")
    row = db.scalars(wanted).one_or_none()
    if row is not None:
        return retell(db, row)
    reason = reason or Reason.CODE_UNKNOWN
    row = _add_row(db, claim, Outcome.REFUSED, till=till, key=key, at=at, reason=reason)
    is_over = reason == Reason.CODE_UNKNOWN and _is_guessing(db, till, at=at)
    return Verdict(reason, claim, row, find_standing_use(db, claim.id) if claim else None, must_sign_in=is_over)


def _add_row(
    db: Session,
    claim: Claim | None,
    outcome: Outcome,
    *,
    till: Till,
    key: str,
    at: datetime,
    reason: Reason | None = None,
    reverses_id: str | None = None,
) -> Redemption:
    row = Redemption(
        id=ids.new(),
        retailer_id=till.store.retailer_id,
        claim_id=claim.id if claim else None,
        outcome=outcome,
        reason=reason.value if reason else "",
        idempotency_key=key,
        store_id=till.store.id,
        associate_id=till.associate_id,
        reverses_id=reverses_id,
        at=at,
    )
    db.add(row)
    db.flush()
    if claim is not None:
        record_event(
            db,
            kind=_EVENTS[outcome],
            retailer_id=claim.retailer_id,
            item_id=claim.item_id,
            store_id=till.store.id,
            visit=claim.visit,
            at=at,
            detail=claim.id,
        )
    return row


_EVENTS: Final = {Outcome.REDEEMED: "redeem", Outcome.REVERSED: "reverse", Outcome.REFUSED: "refuse"}


def _is_guessing(db: Session, till: Till, *, at: datetime) -> bool:
    """Count a code that is not ours; whether there were too many, which the audit log is told."""
    lock_for_chain(db, f"wrong codes {till.store.id}")
    is_over = False
    for bucket, limit in (
        (f"wrong codes {till.caller}", WRONG_CODES_PER_ASSOCIATE),
        (f"wrong codes of {till.store.id}", WRONG_CODES_PER_STORE),
    ):
        try:
            limits.take(db, bucket, limit=limit, per=WRONG_CODES_WITHIN, at=at)
        except TooMany:
            is_over = True
    if is_over:
        detail: dict[str, object] = {"associate": till.associate_id or ""}
        subject = ("store", till.store.id)
        audit.record(db, None, "till.guessing", subject, at=at, retailer_id=till.store.retailer_id, detail=detail)
    return is_over


def _find_answer(db: Session, till: Till, key: str, body: dict[str, object]) -> Verdict | None:
    """The answer to this very request, if it was given before; from now on nobody else answers it."""
    lock_for_chain(db, f"till {till.caller} {key}")
    stored = idempotency.replay(db, caller=till.caller, key=key, body=body)
    if stored is None:
        return None
    return replace(retell(db, db.get_one(Redemption, str(stored.answer["row"]))), is_replayed=True)


def _keep_answer(
    db: Session, till: Till, key: str, body: dict[str, object], verdict: Verdict, *, at: datetime
) -> Verdict:
    row_id = verdict.row.id if verdict.row else ""
    idempotency.remember(
        db, caller=till.caller, key=key, body=body, status=verdict.status, answer={"row": row_id}, at=at, for_ever=True
    )
    return verdict


def _name(claim: Claim | None, code: str, keys: Sequence[str]) -> str:
    """What a code is called where it may be kept: its claim, else a keyed hash."""
    return claim.id if claim else till_codes.make_lookup(keys[0], till_codes.plain_code(code))


def _key_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _has_changed(db: Session, statement: object) -> bool:
    return db.execute(statement, execution_options=_AS_IT_IS).rowcount == 1  # type: ignore[call-overload,no-any-return]

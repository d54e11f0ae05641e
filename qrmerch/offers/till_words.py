"""What a till says of a code, as one would say it across the counter: with when and where, and what would be good.

In English, as all that staff read; times are the store's own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.i18n import format_list
from qrmerch.money import format_money
from qrmerch.offers.models import Claim, ClaimState, Offer, OfferKind, Redemption
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import list_offers_on
from qrmerch.offers.service import REVERSAL_WINDOW, Till
from qrmerch.offers.till_codes import LENGTH
from qrmerch.offers.verdicts import Reason, Verdict
from qrmerch.offers.worth import find_worth
from qrmerch.parties.models import Retailer, Store
from qrmerch.users.models import User


@dataclass(frozen=True, slots=True)
class Words:
    """A verdict in words: one or two to see from afar, the fact, what goes with it, and what to say aloud."""

    title: str
    lead: str
    text: str = ""
    say: str = ""


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where and when a verdict is read, and what it is about."""

    db: Session
    till: Till
    at: datetime
    verdict: Verdict

    @property
    def zone(self) -> str:
        return self.till.store.time_zone

    @property
    def claim(self) -> Claim:
        if self.verdict.claim is None:
            raise ValueError("this verdict is about no claim")
        return self.verdict.claim

    @property
    def tried_at(self) -> datetime:
        return self.verdict.row.at if self.verdict.row else self.at

    def when(self, at: datetime) -> str:
        return said_when(at, now=self.at, zone=self.zone)

    def until(self, at: datetime) -> str:
        return said_until(at, now=self.at, zone=self.zone)


def word_verdict(db: Session, verdict: Verdict, *, till: Till, at: datetime) -> Words:
    """A verdict in words, for who reads it in this store now."""
    scene = _Scene(db, till, at, verdict)
    if verdict.reason is not None:
        return _REFUSALS[verdict.reason](scene)
    return {"valid": _word_valid, "redeemed": _word_used, "reversed": _word_undone}[verdict.outcome](scene)


def headline_of(promise: Promise) -> str:
    """What was promised, in English where it was said so."""
    return promise.headline.get("en") or next(iter(promise.headline.values()), "")


def list_good_now(db: Session, claim: Claim, *, till: Till, at: datetime) -> list[Offer]:
    """Offers on the claim's item that can be taken in this store now; three at most, soonest end first."""
    is_plain = db.get_one(Retailer, claim.retailer_id).no_discount
    found = list_offers_on(db, claim.item_id, store_id=till.store.id, at=at)
    return [each for each in found if each.from_at <= at and not (is_plain and each.kind.is_discount)][:3]


def said_when(at: datetime, *, now: datetime, zone: str) -> str:
    """An instant past or to come within a sentence: `today at 14:02`, `on Saturday 31 October at 18:59`."""
    day, clock = _day_and_clock(at, now=now, zone=zone)
    return f"{day} at {clock}" if day in _NEAR_DAYS else f"on {day} at {clock}"


def said_until(at: datetime, *, now: datetime, zone: str) -> str:
    """An end within a sentence: `18:59` today, `Sunday 6 December, 18:59`, `the end of today` at midnight."""
    day, clock = _day_and_clock(at, now=now, zone=zone)
    if clock == "00:00":
        return f"the end of {_day_and_clock(at - timedelta(seconds=1), now=now, zone=zone)[0]}"
    return clock if day == "today" else f"{day}, {clock}"


_NEAR_DAYS = {0: "today", -1: "yesterday", 1: "tomorrow"}.values()


def _day_and_clock(at: datetime, *, now: datetime, zone: str) -> tuple[str, str]:
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{local:%H:%M}"
    away = (local.date() - today) // timedelta(days=1)
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get(away)
    year = "" if local.year == today.year else f" {local.year}"
    return near or f"{local:%A} {local.day} {local:%B}{year}", clock


# --- good ------------------------------------------------------------------------------------------


def _word_valid(scene: _Scene) -> Words:
    promise = Promise.of_claim(scene.claim)
    text = f"{_word_worth(scene)} One use, until {scene.until(scene.claim.expires_at)}."
    return Words("Valid", headline_of(promise), text)


def _word_used(scene: _Scene) -> Words:
    promise, use = Promise.of_claim(scene.claim), scene.verdict.row
    if use is None:
        raise ValueError("a use has its row")
    if use.undone_at is not None:
        return Words("Undone since", headline_of(promise), f"It was used {_where(scene, use)}, and undone later.")
    parts = [f"{_word_worth(scene)} Used {_where(scene, use)}."]
    ends_at = use.at + REVERSAL_WINDOW
    if scene.at < ends_at:
        parts.append(f"It can be undone until {scene.until(ends_at)}.")
    return Words("Used", headline_of(promise), " ".join(parts))


def _word_undone(scene: _Scene) -> Words:
    claim = scene.claim
    if claim.state == ClaimState.ISSUED and claim.freed_at is None and scene.at < claim.expires_at:
        ends = scene.until(claim.expires_at)
        return Words("Undone", "The code is the shopper’s again", f"What it took is put back. Valid until {ends}.")
    if claim.state == ClaimState.REDEEMED:
        return Words("Undone", "It was used again since", "This entry is about the time before.")
    return Words("Undone", "Its time is up by now", "What it took is put back. It cannot be used again.")


def _word_worth(scene: _Scene) -> str:
    """What to do at the till: so much off this item, or what to hand over."""
    kind = Promise.of_claim(scene.claim).kind
    if kind == OfferKind.GIFT:
        return "Hand it over with the sale."
    if kind == OfferKind.EXPERIENCE:
        return "Let them in, or note the name they give."
    worth = find_worth(scene.db, scene.claim)
    if worth.price_minor is None or not worth.off_minor:
        return f"Taken for {worth.name}."
    off, price = format_money(worth.off_minor, worth.currency), format_money(worth.price_minor, worth.currency)
    return f"Takes {off} off {worth.name} at {price}."


# --- refused ---------------------------------------------------------------------------------------


def _word_already_redeemed(scene: _Scene) -> Words:
    promise, use = Promise.of_claim(scene.claim), scene.verdict.use
    if use is None:
        return Words("Already used", headline_of(promise))
    by = scene.db.scalar(select(User.name).where(User.id == use.associate_id)) if use.associate_id else None
    said = scene.when(use.at)
    return Words(
        "Already used",
        f"{said[:1].upper()}{said[1:]}, {_store_name(scene.db, use.store_id)}",
        f"{headline_of(promise)}.{f' {by} took it.' if by else ''}",
        f"“This code was used {_where(scene, use)}. I can look whether something else fits.”",
    )


def _word_expired(scene: _Scene) -> Words:
    claim = scene.claim
    runs_on = any(each.id == claim.offer_id for each in list_good_now(scene.db, claim, till=scene.till, at=scene.at))
    ended = scene.when(claim.expires_at)
    again = "Open the item’s page again and take a new one: the offer still runs." if runs_on else ""
    return Words(
        "Time is up",
        f"It held until {scene.until(claim.expires_at)}",
        f"{headline_of(Promise.of_claim(claim))}. {_late(scene.tried_at - claim.expires_at)}",
        f"“Your code ended {ended}. {again or 'I can look whether something else fits.'}”",
    )


def _word_not_started(scene: _Scene) -> Words:
    promise = Promise.of_claim(scene.claim)
    begins = scene.when(promise.from_at)
    return Words(
        "Not yet",
        f"It begins {begins}",
        f"{headline_of(promise)}. The code is good from then on.",
        f"“This one begins {begins}. Keep the code, it will be good then.”",
    )


def _word_wrong_store(scene: _Scene) -> Words:
    promise = Promise.of_claim(scene.claim)
    stores = scene.db.scalars(
        select(Store.short_name).where(Store.id.in_(promise.store_ids or ())).order_by(Store.code)
    )
    named = format_list(list(stores), "en") or "another store"
    return Words(
        "Not in this store",
        f"It holds at {named}",
        f"{headline_of(promise)}. Until {scene.until(scene.claim.expires_at)}.",
        f"“This one is for {named}. It is good there until {scene.until(scene.claim.expires_at)}.”",
    )


def _word_paused(scene: _Scene) -> Words:
    return Words(
        "On hold",
        "The offer is paused for now",
        f"{headline_of(Promise.of_claim(scene.claim))}. Ask a manager: the desk can let it go on.",
        "“This offer is on hold at the moment. Let me ask whether we can honour it.”",
    )


def _word_void(scene: _Scene) -> Words:
    return Words(
        "Given back",
        "The phone it was on was forgotten, and its codes with it",
        f"{headline_of(Promise.of_claim(scene.claim))}. The item’s page gives a new code, while there are any.",
        "“This code was given back when you asked to be forgotten. Scan the tag again for a new one.”",
    )


def _word_code_unknown(_: _Scene) -> Words:
    return Words(
        "Not one of ours",
        "No code here is written like this",
        "It may be another shop’s, or a picture of an old one. Look at the shopper’s screen once more.",
        "“May I see the page with the code itself?”",
    )


def _word_check_digit(_: _Scene) -> Words:
    return Words(
        "One symbol off",
        "The last symbol checks the others, and it does not fit",
        f"A code has {LENGTH} symbols, such as 7K3M-9QW4-T2F. Type it again, or scan it.",
        "“One moment, I have mistyped it.”",
    )


def _word_not_redeemed(_: _Scene) -> Words:
    return Words("Nothing to undo", "This use was undone already", "The code is as it was before.")


def _word_undo_too_late(scene: _Scene) -> Words:
    minutes = REVERSAL_WINDOW // timedelta(minutes=1)
    use = scene.verdict.use
    said = f"It was used {_where(scene, use)}." if use else ""
    return Words(
        "Too late to undo",
        f"A till can undo a use for {minutes} minutes",
        f"{said} Put it right in the sale itself, and tell the desk.".strip(),
    )


def _word_undo_elsewhere(scene: _Scene) -> Words:
    use = scene.verdict.use
    store = _store_name(scene.db, use.store_id) if use else "the store that used it"
    return Words("Undo it where it was used", f"That was {store}", "What it took lies in that store’s till.")


_REFUSALS = {
    Reason.ALREADY_REDEEMED: _word_already_redeemed,
    Reason.EXPIRED: _word_expired,
    Reason.NOT_STARTED: _word_not_started,
    Reason.WRONG_STORE: _word_wrong_store,
    Reason.PAUSED: _word_paused,
    Reason.VOID: _word_void,
    Reason.CODE_UNKNOWN: _word_code_unknown,
    Reason.CHECK_DIGIT: _word_check_digit,
    Reason.NOT_REDEEMED: _word_not_redeemed,
    Reason.UNDO_TOO_LATE: _word_undo_too_late,
    Reason.UNDO_ELSEWHERE: _word_undo_elsewhere,
}


def _where(scene: _Scene, use: Redemption) -> str:
    return f"{scene.when(use.at)} in {_store_name(scene.db, use.store_id)}"


def _store_name(db: Session, store_id: str) -> str:
    return db.get_one(Store, store_id).short_name


def _late(by: timedelta) -> str:
    """By how much a code came too late."""
    minutes = max(1, by // timedelta(minutes=1))
    if minutes < 120:
        return f"It came {minutes} minute{'' if minutes == 1 else 's'} too late."
    if minutes < 48 * 60:
        return f"It came {minutes // 60} hours too late."
    return f"It came {minutes // (24 * 60)} days too late."

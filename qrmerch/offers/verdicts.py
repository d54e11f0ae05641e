"""What a till is told about a code, and why it is refused where it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from qrmerch.offers.models import Claim, ClaimState, Offer, Outcome, Redemption
from qrmerch.offers.promises import Promise


class Reason(StrEnum):
    """Why a code is not taken, or a use not taken back; the words tills know."""

    ALREADY_REDEEMED = "already_redeemed"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    WRONG_STORE = "wrong_store"
    PAUSED = "paused"
    VOID = "void"
    CODE_UNKNOWN = "code_unknown"
    CHECK_DIGIT = "check_digit"
    NOT_REDEEMED = "not_redeemed"
    UNDO_TOO_LATE = "undo_too_late"
    UNDO_ELSEWHERE = "undo_elsewhere"

    @property
    def status(self) -> int:
        """As HTTP says it."""
        return _STATUSES[self]


_STATUSES: Final = {
    Reason.ALREADY_REDEEMED: 409,
    Reason.EXPIRED: 410,
    Reason.NOT_STARTED: 409,
    Reason.WRONG_STORE: 422,
    Reason.PAUSED: 423,
    Reason.VOID: 423,
    Reason.CODE_UNKNOWN: 404,
    Reason.CHECK_DIGIT: 422,
    Reason.NOT_REDEEMED: 409,
    Reason.UNDO_TOO_LATE: 409,
    Reason.UNDO_ELSEWHERE: 422,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a code at a till.

    Without a reason it is good: valid where nothing was written, else used or taken back, as `row` says.
    """

    reason: Reason | None
    # None where no claim has the code.
    claim: Claim | None
    # What was written down of this try; None where it was only looked at.
    row: Redemption | None = None
    # The use of the claim that stands, whoever made it.
    use: Redemption | None = None
    # The same request was answered before; this is that answer.
    is_replayed: bool = field(default=False, kw_only=True)
    # Too many codes that are not ours: who typed them has to sign in again.
    must_sign_in: bool = field(default=False, kw_only=True)

    @property
    def outcome(self) -> str:
        """`valid`, `redeemed`, `reversed` or `refused`."""
        if self.reason is not None:
            return Outcome.REFUSED.value
        return self.row.outcome.value if self.row else "valid"

    @property
    def status(self) -> int:
        """As HTTP says it."""
        return self.reason.status if self.reason else 200


def judge(claim: Claim, offer: Offer, *, store_id: str, at: datetime) -> Reason | None:
    """Why a claim is not honoured in a store at an instant; None if it is. Its end is not counted."""
    promise = Promise.of_claim(claim)
    if claim.state == ClaimState.VOID:
        return Reason.VOID
    if claim.state == ClaimState.REDEEMED:
        return Reason.ALREADY_REDEEMED
    if at < promise.from_at:
        return Reason.NOT_STARTED
    if at >= claim.expires_at or claim.freed_at is not None:
        return Reason.EXPIRED
    if not promise.holds_in(store_id):
        return Reason.WRONG_STORE
    return Reason.PAUSED if offer.is_paused else None

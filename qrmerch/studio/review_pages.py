"""What the studio's page of shoppers' reviews receives."""

from dataclasses import dataclass

from qrmerch.studio.pages import Paging


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review that shows, with its answer; `reply` is empty for none."""

    id: str
    item: str
    stars: str
    stars_said: str
    title: str
    text: str
    locale: str
    # The name that was given; then where, and when.
    who: str
    rest: str
    reply: str
    reply_by: str
    is_reply_shown: bool
    # False where the retailer has answered.
    may_reply: bool


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """`studio/reviews.html`; `wrong_id`, `typed` and `problems` are of the form that came back."""

    lede: str
    rows: tuple[ReviewRow, ...]
    paging: Paging
    wrong_id: str
    typed: str
    problems: dict[str, str]

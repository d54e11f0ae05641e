"""What the desk's pages about shoppers' words receive: reviews, and what one tap said."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review; what can be done with it is said by `may_*`, and `is_gone` that its words were deleted."""

    id: str
    item: str
    item_href: str
    # The page as shoppers see it.
    page_href: str
    stars: str
    stars_said: str
    title: str
    text: str
    locale: str
    # The name that was given; then where it was bought, and when.
    who: str
    rest: str
    state: str
    label: str
    # Why it is not shown; empty for one that is.
    reason: str
    is_gone: bool
    may_publish: bool
    may_remove: bool
    reply: str
    reply_by: str
    # Says which answer is being read.
    reply_digest: str
    # A vendor's answer that nobody has read yet.
    is_reply_waiting: bool
    may_reply: bool


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """`desk/reviews.html`"""

    lede: str
    tabs: tuple[tuple[str, str, bool], ...]
    state: str
    rows: tuple[ReviewRow, ...]
    reasons: tuple[tuple[str, str], ...]
    paging: Paging
    # The item that the list is of; its id and name, or empty.
    item: str
    item_id: str
    # Of the form that came back: which review, what was typed, what is wrong.
    wrong_id: str
    typed: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one tap said of an item's page."""

    title: str
    href: str
    yes: str
    partly: str
    no: str
    share: str


@dataclass(frozen=True, slots=True)
class AnswersPage:
    """`desk/answers.html`"""

    lede: str
    tabs: tuple[tuple[str, str, bool], ...]
    rows: tuple[AnswerRow, ...]

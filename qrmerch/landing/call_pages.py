"""What the templates of a call receive: which size, the call itself, and why nobody comes."""

from dataclasses import dataclass

from qrmerch.rendering.pages import Choice, Fact, Frame, Translate


@dataclass(frozen=True, slots=True)
class CallSizePage:
    """`landing/call_size.html`: which one shall be brought; every answer is a button."""

    t: Translate
    frame: Frame
    item: str
    item_href: str
    # Where the answer goes, and what it says besides.
    action: str
    fields: tuple[tuple[str, str], ...]
    choice: Choice


@dataclass(frozen=True, slots=True)
class CallPage:
    """`landing/call.html`: a call in the hand of who made it."""

    t: Translate
    frame: Frame
    # Changes when anything on the page does.
    mark: str
    is_open: bool
    number: str
    # The state in a word or two, as a heading, and as a sentence.
    now: str
    title: str
    words: str
    facts: tuple[Fact, ...]
    # Addresses of the two forms, and what each says besides; the names of the store's places where nobody said which.
    withdraw: str
    place: str
    places: tuple[str, ...]
    item: str
    item_href: str


@dataclass(frozen=True, slots=True)
class NobodyPage:
    """`landing/call_refused.html`: nobody comes, why, and what can be done."""

    t: Translate
    frame: Frame
    title: str
    words: str
    item: str
    item_href: str

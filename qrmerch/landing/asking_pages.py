"""What the templates receive with which a shopper asks to be told something by mail, says yes, and stops it."""

from dataclasses import dataclass

from qrmerch.rendering.pages import Frame, Translate


@dataclass(frozen=True, slots=True)
class AskPage:
    """One field, and what one gets for it."""

    t: Translate
    frame: Frame
    # Above the title: the item; empty for the newsletter.
    about: str
    title: str
    # Where the form goes, and what else it says.
    action: str
    hidden: tuple[tuple[str, str], ...]
    button: str
    # The variants to choose from, key and name; empty where it is clear which.
    variants: tuple[tuple[str, str], ...]
    # What one gets, each a few words and a sentence.
    gives: tuple[tuple[str, str], ...]
    notice: str
    # What was typed, and what is wrong with it, by field.
    sent: dict[str, str]
    problems: dict[str, str]
    # Where it is here already: the sentence that says so. Then there is nothing to ask for.
    here: str
    # The item's page, and the words of the link; empty for the newsletter.
    back: str
    back_words: str


@dataclass(frozen=True, slots=True)
class AskedPage:
    """After the form was sent: the same for every address."""

    t: Translate
    frame: Frame
    back: str
    back_words: str


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """The page behind the link of a mail that asks whether an address is theirs."""

    t: Translate
    frame: Frame
    # `open` (there is something to say yes to), `done` or `gone`.
    state: str
    title: str
    # What was asked for, line by line.
    lines: tuple[str, ...]
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class StopPage:
    """The page behind the link that stops a mail."""

    t: Translate
    frame: Frame
    # `open`, `stopped`, `over` (had ended before), `erased` or `gone`.
    state: str
    title: str
    line: str
    address: str
    action: str
    # Where all that is kept of the address is taken along.
    data: str
    # Whether anything else of the shop's comes to this address.
    has_more: bool

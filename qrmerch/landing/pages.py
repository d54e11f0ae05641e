"""What the templates of a shopper's errands receive: the list, sharing, help, privacy, the way in."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.rendering.pages import Fact, Frame, Piece

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class KeptAt:
    """What is kept at one retailer; `retailer` is empty where the page is that retailer's own."""

    retailer: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A code for the till that this phone holds."""

    href: str
    headline: str
    state: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """All that a shopper keeps, the codes they hold, and what is known of the phone."""

    t: Translate
    frame: Frame
    lists: tuple[KeptAt, ...]
    claims: tuple[ClaimLine, ...]
    # What is kept of this phone, in rows; empty for a phone nothing is kept of.
    known: tuple[Fact, ...]
    was_forgotten: bool


@dataclass(frozen=True, slots=True)
class SharePage:
    """A link to an item, to be handed on."""

    t: Translate
    frame: Frame
    title: str
    url: str
    mail: str
    sms: str
    back: str


@dataclass(frozen=True, slots=True)
class HelpfulPage:
    """No page at this address: what was asked for, and ways on."""

    t: Translate
    frame: Frame
    title: str
    words: str
    # What was typed, in groups; empty where the address held no code.
    typed: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class HelpPage:
    """How this works, and a field for a code that will not scan."""

    t: Translate
    frame: Frame
    code: str


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """What a scan records, and for how long."""

    t: Translate
    frame: Frame
    recorded: tuple[Fact, ...]
    contact: str


@dataclass(frozen=True, slots=True)
class StartPage:
    """What a retailer shows now; without pieces, a field for a code."""

    t: Translate
    frame: Frame
    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class DemoShop:
    """One shop of the demo, and an item to begin with."""

    name: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone who can sign in."""

    role: str
    email: str
    password: str
    href: str


@dataclass(frozen=True, slots=True)
class DemoDoors:
    """The ways into the demo: its shops, its people, and one code to scan with a phone."""

    shops: tuple[DemoShop, ...]
    people: tuple[DemoPerson, ...]
    code: Markup
    code_address: str


@dataclass(frozen=True, slots=True)
class DoorsPage:
    """The demo's first page."""

    t: Translate
    frame: Frame
    doors: DemoDoors

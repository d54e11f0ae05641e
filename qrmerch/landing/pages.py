"""What the templates of a shopper's errands receive: the list, sharing, help, privacy, the way in."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.landing.typed import TypedPart
from qrmerch.rendering.pages import Fact, Frame, Picture, Piece, ReviewSection, Search

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class KeptAt:
    """What is kept at one retailer; `retailer` is empty where the page is that retailer's own."""

    retailer: str
    pieces: tuple[Piece, ...]
    # What all of it comes to; empty for one item, and where one has no one price or another currency.
    sum: str = ""
    # Where it is shared with friends, their address of it (empty while it is not shared), and how to title that.
    sharing: str = ""
    url: str = ""
    share_title: str = ""


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A code for the till that this phone holds."""

    href: str
    headline: str
    state: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether this phone may be known again: the question with what a yes means, or that it was said."""

    action: str
    # The page that the form leads back to: `my` or `privacy`.
    back: str
    title: str
    words: str
    is_known: bool
    # The page answers a no.
    said_no: bool
    taking_back: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """All that a shopper keeps, the codes they hold, and what is known of the phone."""

    t: Translate
    frame: Frame
    # The short name in the address of the brand that the page is in; empty for none.
    of: str
    lists: tuple[KeptAt, ...]
    # The owner's pages of lists that friends still have the address of, though nothing is on them.
    still_shared: tuple[str, ...]
    claims: tuple[ClaimLine, ...]
    # What was let go a moment ago, so that it can be put back.
    let_go: Piece | None
    # What is kept of this phone, in rows; empty for a phone nothing is kept of.
    known: tuple[Fact, ...]
    was_forgotten: bool
    # What being forgotten does.
    forgetting: str
    # Something more could not be kept.
    is_full: bool
    # A few of what there is to keep, for a list that is empty; they decorate.
    pictures: tuple[Picture, ...]
    # None where nothing is asked.
    agreement: Agreement | None


@dataclass(frozen=True, slots=True)
class SharePage:
    """A link to an item, to be handed on."""

    t: Translate
    frame: Frame
    title: str
    picture: Picture | None
    url: str
    mail: str
    sms: str
    back: str


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """One page of all that shoppers say of an item."""

    t: Translate
    frame: Frame
    title: str
    picture: Picture | None
    # The item's own page.
    back: str
    reviews: ReviewSection
    # Where a review is written.
    write: str
    # The neighbouring pages; empty for none.
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WritePage:
    """The form for a review on a page of its own: it came back with problems, or was asked for by its address."""

    t: Translate
    frame: Frame
    public_id: str
    at: str
    title: str
    back: str
    # What was typed, and what is wrong with it, by field; "" is the whole form.
    sent: dict[str, str]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class HelpfulPage:
    """No page at this address: what was asked for, and ways on."""

    t: Translate
    frame: Frame
    title: str
    words: str
    # What was typed, in groups; empty where the address held no code.
    typed: str
    # The same with its slip apart.
    parts: tuple[TypedPart, ...]
    # What to try next, for the field.
    code: str
    of: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class HelpPage:
    """How this works, and a field for a code that will not scan."""

    t: Translate
    frame: Frame
    code: str
    of: str


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """A store to choose, and the page as seen there."""

    name: str
    town: str
    href: str


@dataclass(frozen=True, slots=True)
class WherePage:
    """In which store a shopper stands."""

    t: Translate
    frame: Frame
    # The address of this list.
    action: str
    pick: str
    find: str
    stores: tuple[StoreChoice, ...]
    # That there are more, and how many; empty where these are all.
    more: str
    nowhere: str


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """What a scan records, and for how long."""

    t: Translate
    frame: Frame
    recorded: tuple[Fact, ...]
    # Whom to ask, as the retailer says it; empty where it says nothing.
    contact: str
    # Where the form goes with which a phone asks not to be told apart, and whether it has.
    objection: str
    has_objected: bool
    # None where nothing is asked.
    agreement: Agreement | None


@dataclass(frozen=True, slots=True)
class StartPage:
    """What a retailer shows now; without pieces, a field for a code."""

    t: Translate
    frame: Frame
    title: str
    of: str
    pieces: tuple[Piece, ...]
    # None where no retailer is meant.
    search: Search | None


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """A fact that two items or more state, not all alike: one that has its name, and each item's own, None where it
    states none."""

    named: Fact
    stated: tuple[Fact | None, ...]


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Two or three items beside each other: what differs first, then what is the same in all."""

    t: Translate
    frame: Frame
    pieces: tuple[Piece, ...]
    differing: tuple[ComparedFact, ...]
    same: tuple[Fact, ...]
    # What each item alone states; empty where none does.
    besides: tuple[tuple[Fact, ...], ...]
    # A sentence where there were too few to compare, or more than fit.
    said: str


@dataclass(frozen=True, slots=True)
class ChooserPage:
    """A number that several retailers of a shared host have: whose is meant. Each is its address, name and item."""

    t: Translate
    frame: Frame
    title: str
    houses: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One link of a GS1 address; `kind` is what it gives, in words."""

    href: str
    title: str
    kind: str
    languages: str


@dataclass(frozen=True, slots=True)
class LinksLevel:
    """What a number, a batch or a piece has; `number` is as people read it."""

    number: str
    links: tuple[LinkLine, ...]


@dataclass(frozen=True, slots=True)
class LinksPage:
    """All links of a GS1 address, for people and, in `json_ld`, for programs."""

    t: Translate
    frame: Frame
    title: str
    words: str
    levels: tuple[LinksLevel, ...]
    json_ld: Markup


@dataclass(frozen=True, slots=True)
class DemoShop:
    """One shop of the demo, and an item to begin with, with its picture where it has one."""

    name: str
    words: str
    href: str
    picture: Picture | None = None


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

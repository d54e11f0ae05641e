"""What the templates of the till receive."""

from dataclasses import dataclass, replace

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Here:
    """The store that the till stands in, and the others of this associate; `asks` where there is one to choose."""

    store_id: str
    name: str
    stores: tuple[tuple[str, str], ...]

    @property
    def asks(self) -> bool:
        return len(self.stores) > 1


@dataclass(frozen=True, slots=True)
class TryLine:
    """One code at this store's tills: a state as `ui/status.html` knows it, what it was, when, and what can be done."""

    state: str
    label: str
    title: str
    sub: str
    href: str
    can_undo: bool


@dataclass(frozen=True, slots=True)
class TillPage:
    """`associates/scan.html`"""

    here: Here
    problem: str
    recent: tuple[TryLine, ...]


@dataclass(frozen=True, slots=True)
class GoodNow:
    """An offer that could be taken instead: what it is, and until when."""

    headline: str
    sub: str


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """`associates/verdict.html`: what the till says of a code, and the one thing to do next."""

    here: Here
    # `ok`, `bad` or `nt`, as `ui/verdict.html` knows it.
    kind: str
    title: str
    lead: str
    text: str
    say: str
    # What the store's associates are told of the item.
    about_href: str
    # Where the code is used, and the key that makes a second press the same press; empty where it cannot be.
    use_href: str
    key: str
    # Where the use is taken back; empty where it cannot be.
    undo_href: str
    # The verdict of the same code now, to be used again; empty for none.
    again_href: str
    # The use that stands in the way, where this store may still take it back; empty for none.
    first_href: str
    good_now: tuple[GoodNow, ...]
    facts: tuple[tuple[str, str], ...]
    # What happened to the code so far: word and when.
    history: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TodayPage:
    """`associates/today.html`"""

    here: Here
    lede: str
    rows: tuple[TryLine, ...]
    more: str


@dataclass(frozen=True, slots=True)
class SignedOutPage:
    """`associates/signed_out.html`: too many codes that are not ours."""

    limit: int


@dataclass(frozen=True, slots=True)
class Note:
    """One thing associates are told: as safe HTML, as rows of name and value, or as a table; in which language."""

    label: str
    locale: str = ""
    direction: str = "ltr"
    html: Markup = Markup()
    rows: tuple[tuple[str, str], ...] = ()
    # The first row names the columns.
    table: tuple[tuple[str, ...], ...] = ()

    def with_html(self, html: Markup) -> "Note":
        return replace(self, html=html)

    def with_rows(self, rows: tuple[tuple[str, str], ...]) -> "Note":
        return replace(self, rows=rows)

    def with_table(self, table: tuple[tuple[str, ...], ...]) -> "Note":
        return replace(self, table=table)


@dataclass(frozen=True, slots=True)
class NoteSection:
    """The notes of one section; its label, or empty where the section is for associates altogether."""

    label: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item to choose: picture and price where there is one."""

    title: str
    href: str
    image: str
    price: str


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """`associates/items.html`"""

    here: Here
    find: str
    rows: tuple[ItemRow, ...]
    more: str


@dataclass(frozen=True, slots=True)
class ItemNotesPage:
    """`associates/item.html`: what a shopper sees of price and stock here, and what only associates read."""

    here: Here
    title: str
    address: str
    image: str
    price: str
    stock: str
    sections: tuple[NoteSection, ...]


@dataclass(frozen=True, slots=True)
class CallCard:
    """Somebody who waits: for what, where, for how long, and who goes."""

    id: str
    number: int
    title: str
    image: str
    variant: str
    stock: str
    where: str
    # For how long, and since which time of the store's clock.
    waits: str
    since: str
    # As `ui/status.html` knows it, and in words.
    state: str
    state_said: str
    is_taken: bool
    is_mine: bool
    href: str


@dataclass(frozen=True, slots=True)
class CallsPage:
    """`associates/calls.html`"""

    here: Here
    # Whether shoppers can call now, in a sentence.
    said: str
    can_switch: bool
    comes: bool
    cards: tuple[CallCard, ...]


@dataclass(frozen=True, slots=True)
class CallPage:
    """`associates/call.html`: one call, the notes on its item, and the reasons why it may not be possible."""

    here: Here
    card: CallCard
    about_href: str
    why: tuple[tuple[str, str], ...]

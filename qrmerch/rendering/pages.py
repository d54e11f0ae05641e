"""What the templates of a shopper's pages receive: words and addresses, ready to stand on the page.

Nothing here asks, computes or decides; sections of page templates are written against these fields, so they are
a promise. Texts are already in the page's language; prices and dates already written out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in its renditions; `avif` and `jpeg` are `srcset` values, `src` the plain fallback."""

    alt: str
    src: str
    width: int
    height: int
    avif: str = ""
    jpeg: str = ""
    # Of a card: the edge that stays when it is cut: `top`, `low`, `left`, `right`, or empty for the middle.
    edge: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether a screen's whole width suits it; what is nearer to a square would lose its head and feet."""
        return self.width * 4 >= self.height * 5


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language."""

    locale: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Logo:
    """The retailer's logo: addresses for light and for dark ground (empty: the light one on a plate), shown pixels."""

    src: str
    dark_src: str
    width: int
    height: int
    # When the dark one is shown: the condition of a media query.
    dark_when: str = "(prefers-color-scheme: dark)"


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every shopper's page: the brand, the language, the ways out."""

    locale: str
    direction: str
    title: str
    description: str
    retailer: str
    wordmark: str
    # Addresses in this language: the start page, the shopper's own page, what is recorded, help.
    home: str
    mine: str
    privacy: str
    help: str
    css: Markup
    tone: str
    display: str
    corners: str
    style: str
    theme_light: str
    theme_dark: str
    # The brand's colour without its #, for the little picture on the browser's tab.
    icon_colour: str
    script: str
    # What the script shows in the address bar instead of the printed address; empty where it stays.
    here: str = ""
    # How many items the shopper keeps; None where the page is the same for everybody.
    kept: int | None = None
    # What a scan records, and what keeping something does, in a sentence or two each.
    notice: str = ""
    keeping: str = ""
    legal: str = ""
    # The lines' language, where that is not the page's, and which way it runs.
    legal_language: str = ""
    legal_direction: str = ""
    languages: tuple[LanguageLink, ...] = ()
    is_indexed: bool = False
    # Shown instead of the wordmark.
    logo: Logo | None = None
    # Where else the retailer is: the network's name and an address there.
    social: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a chat or a search engine shows of the page; addresses are absolute."""

    url: str
    json_ld: Markup
    image: str | None = None
    image_width: int = 0
    image_height: int = 0
    image_alt: str = ""
    # As Open Graph writes it, and the others that the page is offered in.
    locale: str = ""
    other_locales: tuple[str, ...] = ()
    # Each language that the page is offered in with its address, then `x-default`; none where there is but one.
    languages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """Today's price; `was` only where it may be shown as a reduction."""

    now: str
    was: str | None = None
    # What it comes to with today's offer: "$25.20 with today's code".
    with_offer: str | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """One variant to choose, with its stock here: `in_stock`, `few`, `none`, `ask` where the figure is too old to tell,
    or, where nothing was ever counted, empty."""

    value: str
    label: str
    stock: str
    # Where one that is gone here can be had, and the page to be told when it is back.
    elsewhere: str = ""
    tell: str = ""
    # Chosen as the page opens: the printed code is this variant's.
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The variants of an item."""

    legend: str
    chips: tuple[Chip, ...]
    # `dense` for many short labels, `long` for long ones, `list` for more than chips can show, else empty.
    width: str
    # They differ in size.
    is_of_size: bool = False


@dataclass(frozen=True, slots=True)
class StoreQuestion:
    """In which store somebody stands who came by a code that hangs in none; the answer stays in the page's address."""

    # Name and address of the page as seen there; none where there are too many to be listed.
    stores: tuple[tuple[str, str], ...]
    # The page for somebody in no store, and where a store is looked for by its name.
    nowhere: str
    find: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is not here today, and the nearest stores that have it: name, and address of the page as seen there."""

    words: str
    stores: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HangingAt:
    """A store where the item's code hangs: its name, address and opening line by line, and the page as seen there."""

    name: str
    lines: tuple[str, ...]
    href: str
    # The store's public id, for keeping the item for a visit there.
    at: str


@dataclass(frozen=True, slots=True)
class OfferCard:
    """A live offer. `ends_at` is ISO 8601; on its last day the script fills `{h}` and `{m}` with what is left."""

    offer: str
    headline: str
    how: str
    terms: str
    ends: str
    ends_at: str
    left_hours: str
    left_minutes: str
    action: str
    is_invitation: bool = False
    # Their languages, where those are not the page's; of the terms also the sentence that says so.
    headline_language: str = ""
    terms_language: str = ""
    terms_note: str = ""


@dataclass(frozen=True, slots=True)
class CallButton:
    """The way to call an associate to the shopper, in words."""

    words: str
    # It asks for one of the variants, which has to be chosen.
    is_for_size: bool
    # It comes before an offer, which then has a button of its own.
    is_first: bool


@dataclass(frozen=True, slots=True)
class Story:
    """The vendor's words: one line that stands alone, and a paragraph of safe HTML."""

    lede: str = ""
    text: Markup = Markup()
    # The line's language, where that is not the page's.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and its value, each with its language where that is not the page's."""

    name: str
    value: str
    name_language: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as `head` has; the language where it is not the page's, and which way it runs."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A way off the page: an address over https, `mailto:` or `tel:`; `form` is what a file is, such as PDF."""

    words: str
    href: str
    language: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """One thing that folds open: rows, a table, words, links."""

    title: str
    rows: tuple[Fact, ...] = ()
    text: Markup = Markup()
    table: Table | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """Facts, care, delivery, other stores: what folds, in one group."""

    folds: tuple[Fold, ...]
    kind: str = field(default="details", init=False)


@dataclass(frozen=True, slots=True)
class Plate:
    """A further picture that stands large, with its words."""

    picture: Picture
    words: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Plates:
    """Pictures that stand large, after the first."""

    title: str
    plates: tuple[Plate, ...]
    kind: str = field(default="plates", init=False)


@dataclass(frozen=True, slots=True)
class Track:
    """The captions of a film in one language."""

    locale: str
    language: str
    src: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """A film or a sound: its one file, what stands in front, its captions and what is said in it."""

    is_film: bool
    src: str
    media_type: str
    # 0 for a sound.
    width: int
    height: int
    # An address, or empty.
    poster: str
    length: str
    duration_s: int
    tracks: tuple[Track, ...]
    # Paragraphs; their language where that is not the page's, and which way it runs.
    transcript: tuple[str, ...]
    transcript_language: str
    transcript_direction: str
    # The day on which it came, ISO 8601.
    sent_at: str

    @property
    def is_tall(self) -> bool:
        return self.height > self.width


@dataclass(frozen=True, slots=True)
class Played:
    """A film or sound under its words."""

    title: str
    language: str
    recording: Recording
    kind: str = field(default="played", init=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A headed paragraph of the vendor's."""

    title: str
    text: Markup
    kind: str = field(default="words", init=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """Another item: in a look, on a list, or in place of one that is no longer sold."""

    public_id: str
    href: str
    title: str
    price: str
    picture: Picture | None
    # `in_stock`, `few`, `none`, `ask` or empty, and the same in words.
    stock: str = ""
    stock_words: str = ""
    was: str | None = None
    is_kept: bool = False
    # The public id of the store it is looked at in, or empty.
    at: str = ""
    # The price where every variant has the same one; None else.
    price_minor: int | None = None
    currency: str = ""
    # What it was before, where `was` says so; and the lowest price, where each variant has one.
    was_minor: int | None = None
    low_minor: int | None = None
    # No longer sold, or taken down.
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class LookSection:
    """What goes with the item."""

    title: str
    pieces: tuple[Piece, ...]
    # What all of it comes to with the item itself; empty where a price is missing.
    sum: str = ""
    # The look's own page.
    href: str = ""
    kind: str = field(default="look", init=False)

    @property
    def pictured(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.picture)[:3]

    @property
    def is_composed(self) -> bool:
        """Whether there are pictures enough for one composition; fewer stand small beside their names."""
        return len(self.pictured) > 1


@dataclass(frozen=True, slots=True)
class Instead:
    """Items like this one that are in stock here, perhaps none, where this one is not; and the page to compare them."""

    pieces: tuple[Piece, ...]
    compare: str
    # Public ids of all that were looked at: one of them may come in tomorrow.
    considered: tuple[str, ...] = ()
    kind: str = field(default="instead", init=False)


@dataclass(frozen=True, slots=True)
class Beside:
    """The newest item like this one, where a style sets two beside each other, and the page to compare them."""

    piece: Piece
    compare: str
    kind: str = field(default="beside", init=False)


@dataclass(frozen=True, slots=True)
class Hanging:
    """Where the item hangs, for somebody who is in no store."""

    stores: tuple[HangingAt, ...]
    kind: str = field(default="hanging", init=False)


@dataclass(frozen=True, slots=True)
class Specification:
    """The facts as a table of its own, where a style gives them one."""

    title: str
    rows: tuple[Fact, ...]
    kind: str = field(default="specification", init=False)


@dataclass(frozen=True, slots=True)
class StarCount:
    """How many reviews gave so many stars."""

    stars: int
    count: int


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """One shopper's review."""

    stars: int
    title: str
    text: str
    # The name they chose, alone: whatever it says, it does not stand where `bought` does.
    by: str
    locale: str
    # Where this phone bought it, in words; empty where nobody knows.
    bought: str = ""
    # What the maker or the house answers, and under which name; empty for nothing.
    reply: str = ""
    reply_by: str = ""

    @property
    def drawn(self) -> str:
        return "★" * self.stars + "☆" * (5 - self.stars)


@dataclass(frozen=True, slots=True)
class ReviewSection:
    """What shoppers say; `average` only from three reviews on."""

    average: str | None
    count: int
    count_words: str
    stars: tuple[StarCount, ...]
    reviews: tuple[ReviewCard, ...]
    # Where the rest is read, and the words of the link; empty where all stand here.
    more: str = ""
    more_words: str = ""
    kind: str = field(default="reviews", init=False)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One question that is answered by one tap, and the thanks for it."""

    thanks: str
    kind: str = field(default="feedback", init=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event or an experience, as an invitation."""

    offer: OfferCard
    kind: str = field(default="invitation", init=False)


@dataclass(frozen=True, slots=True)
class SignUp:
    """The field for the retailer's news."""

    title: str
    text: Markup
    # The retailer's short name in addresses, for a shared host; and the page that says what one gets for it.
    of: str
    href: str
    # What comes of it, in the words that are kept as proof.
    notice: str
    kind: str = field(default="signup", init=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A question, a sign-up elsewhere or a way to ask: a few words, and the link that it is all about."""

    title: str
    language: str
    text: Markup
    link: Link
    kind: str = field(default="call", init=False)


Section = (
    Details
    | Plates
    | Played
    | Words
    | LookSection
    | Instead
    | Beside
    | Hanging
    | Specification
    | ReviewSection
    | Feedback
    | Invitation
    | SignUp
    | Call
)


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One item, in one store, at one instant."""

    t: Translate
    frame: Frame
    preview: Preview
    public_id: str
    # The store's public id, `none` on the shopper's word, or empty.
    at: str
    title: str
    maker: str
    # Where the shopper stands, for the label above a quiet page's name.
    place: str
    gallery: tuple[Picture, ...]
    # The header may stand on the first picture only where that is light at its top.
    is_cover_light: bool
    price: Price | None
    stock: str
    stock_words: str
    choice: Choice | None
    offer: OfferCard | None
    story: Story
    # Up to three facts that fit on a strip.
    figures: tuple[Fact, ...]
    reviews_words: str
    sections: tuple[Section, ...]
    # Whether the template has a place for the name and for the price.
    shows_name: bool = True
    shows_price: bool = True
    is_kept: bool = False
    is_neutral: bool = False
    # Asked where the code hangs in no store and the shopper has not said.
    question: StoreQuestion | None = None
    # What is not here today, and who has it.
    elsewhere: Elsewhere | None = None
    # The size guide, beside the sizes.
    guide: Fold | None = None
    # How to ask somebody, for the one button of a page without an offer.
    contact: Link | None = None
    # Somebody who works in the store comes; None where nobody does.
    call: CallButton | None = None
    # Opened by somebody who need not stand in the store that the page is of.
    is_away: bool = False
    # The page to be told when the one variant that there is is back; empty where it is here.
    tell: str = ""
    # Where in the store it is: the shelf or rail, as the retailer calls it; empty where nobody said.
    spot: str = ""

    @property
    def template(self) -> str:
        return f"rendering/{self.frame.style}.html"

    @property
    def monogram(self) -> str:
        """What stands where the picture will be."""
        return self.title[:1].upper()

    @property
    def figure_names(self) -> frozenset[str]:
        return frozenset(fact.name for fact in self.figures)


@dataclass(frozen=True, slots=True)
class Search:
    """The field that looks for items on this page, what it found, and the neighbouring pages (empty: none)."""

    path: str
    find: str
    # What was found in words; empty where nothing was looked for, or nothing found.
    said: str
    of: str
    lang: str
    # The page without the words.
    all: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StorePage:
    """One store of a retailer's: where it is, whether it is open, and what it shows."""

    t: Translate
    frame: Frame
    title: str
    # Address and opening, line by line.
    lines: tuple[str, ...]
    # Said first where the store is closed for good.
    closed: str
    pieces: tuple[Piece, ...]
    search: Search

    template = "rendering/store.html"


@dataclass(frozen=True, slots=True)
class Together:
    """What the items of a look come to: the sum, what is counted in it, and what is saved (empty: nothing)."""

    sum: str
    words: str
    saving: str = ""


@dataclass(frozen=True, slots=True)
class LookPage:
    """A look: items that the retailer put together, in one store, at one instant."""

    t: Translate
    frame: Frame
    public_id: str
    # The store's public id, `none` on the shopper's word, or empty; and its name, for the label above the title.
    at: str
    place: str
    title: str
    title_language: str
    words: str
    words_language: str
    # One of all of it; without one those of the pieces are set together.
    picture: Picture | None
    # Those whose pictures are set together where there is no such one; none where fewer than two have any.
    pictured: tuple[Piece, ...]
    # What is sold and has a page here, in the look's order.
    pieces: tuple[Piece, ...]
    # That some of it is no longer to be had; empty where all is.
    left_out: str = ""
    together: Together | None = None
    question: StoreQuestion | None = None

    template = "rendering/look.html"


@dataclass(frozen=True, slots=True)
class OccasionPlace:
    """A store in which an event takes place: its name, where it is, its page, the file for a calendar (or empty)."""

    name: str
    lines: tuple[str, ...]
    href: str
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """An event to come: its title, when and where, and its page."""

    title: str
    language: str
    when: str
    href: str


@dataclass(frozen=True, slots=True)
class OccasionPage:
    """An event in one store, or in all of its stores where nobody said in which one they are."""

    t: Translate
    frame: Frame
    public_id: str
    title: str
    title_language: str
    # When, in words and for machines; by the clock of the store.
    when: str
    begins_at: str
    # Paragraphs.
    words: tuple[str, ...]
    words_language: str
    spot: str
    spot_language: str
    places: tuple[OccasionPlace, ...]
    picture: Picture | None
    # That it is on now, or over; empty where it is still to come.
    state: str
    is_over: bool
    coming: tuple[Coming, ...] = ()
    pieces: tuple[Piece, ...] = ()

    template = "rendering/occasion.html"


@dataclass(frozen=True, slots=True)
class NoMorePage:
    """What a printed code shows where its look or event is shown no more."""

    t: Translate
    frame: Frame
    title: str
    words: str
    pieces: tuple[Piece, ...]
    coming: tuple[Coming, ...] = ()

    template = "rendering/no_more.html"


@dataclass(frozen=True, slots=True)
class GonePage:
    """An item that is no longer sold, or is taken down, and what there is in its place."""

    t: Translate
    frame: Frame
    preview: Preview
    public_id: str
    at: str
    title: str
    # What became of it, in three or four words.
    said: str
    may_return: bool
    portrait: Picture | None
    alternatives: tuple[Piece, ...]
    sections: tuple[Section, ...] = ()

    template = "rendering/gone.html"

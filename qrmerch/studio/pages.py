"""What each of the studio's templates receives."""

from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.catalog.models import VendorProduct
from qrmerch.imports.models import ImportRun
from qrmerch.imports.shown import ChangeLine, Finding, ProblemLine
from qrmerch.media.models import Archive, Asset
from qrmerch.media.queries import Picture
from qrmerch.studio.film_pages import ArrivalLine, FilmPanel
from qrmerch.studio.standing import Standing, Use


@dataclass(frozen=True, slots=True)
class Paging:
    """What stands under a list: what is shown of how many, and the addresses of its neighbours ("": none)."""

    said: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do, with the sentence why, and the button's word."""

    title: str
    why: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class ToldRow:
    """Something that happened: what, what to do next, and when."""

    id: str
    title: str
    next: str
    at: str
    is_unread: bool


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """`studio/messages.html`; `until` is when the list was made, in ISO."""

    rows: tuple[ToldRow, ...]
    unread: int
    until: str
    paging: Paging


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a vendor's first hour with a retailer: what, why, and where it is done."""

    title: str
    why: str
    href: str
    action: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class FirstHour:
    """The steps with one retailer; `at` counts those that are done."""

    retailer_id: str
    retailer: str
    steps: tuple[Step, ...]
    done: int


@dataclass(frozen=True, slots=True)
class AskedSlot:
    """What a retailer's usual template asks for: its label, and its limits in words."""

    label: str
    limits: str


@dataclass(frozen=True, slots=True)
class RetailerPage:
    """`studio/retailer.html`: a retailer's brand, what its pages ask for, and its terms."""

    id: str
    name: str
    wordmark: str
    colour: str
    facts: tuple[tuple[str, str], ...]
    asked: tuple[AskedSlot, ...]
    # A page of the vendor's own in this brand; empty where nothing is listed yet.
    sample_src: str
    sample_title: str
    # (language, its code, its direction, text)
    terms: tuple[tuple[str, str, str, str], ...]
    terms_number: int
    is_agreed: bool
    is_seen: bool
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item at a retailer, with its picture's address ("" where it has none)."""

    standing: Standing
    style: str
    variants: int
    image: str
    # Of the last 28 days, in words where they are too few to be told.
    scans: str


@dataclass(frozen=True, slots=True)
class RetailerItems:
    """A retailer's part of the home page: its first items, how many there are, and the sentence about them."""

    retailer_id: str
    name: str
    rows: tuple[ItemRow, ...]
    total: int
    said: str


@dataclass(frozen=True, slots=True)
class Running:
    """An import under way, with how far it is."""

    run: ImportRun
    said: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """`studio/home.html`"""

    greeting: str
    lede: str
    first_hours: tuple[FirstHour, ...]
    told: tuple[ToldRow, ...]
    unread: int
    todos: tuple[Todo, ...]
    retailers: tuple[RetailerItems, ...]
    products: int
    running: tuple[Running, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """An import in the list."""

    run: ImportRun
    said: str
    at: str


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """`studio/imports.html`"""

    lede: str
    runs: tuple[RunLine, ...]
    retailers: tuple[tuple[str, str], ...]
    retailer_id: str
    currencies: tuple[tuple[str, str], ...]
    currency: str
    problems: dict[str, str]
    max_mb: int
    is_running: bool


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """How one of the vendor's columns was read; `place` is its number in the form."""

    place: int
    name: str
    # A field of `columns.CHOOSABLE`, "" for none, or another that only a shop system's own column can be.
    field: str
    goes_to: str
    is_choosable: bool
    sample: str
    remark: str


@dataclass(frozen=True, slots=True)
class NewsLine:
    """A product that is not there yet."""

    row: int
    title: str
    variants: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A job under way: what it does, how far it is, in words and as a share (total 0: not known yet)."""

    title: str
    said: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Fetching:
    """Pictures that a file names by address: `failed` are address, reason and code."""

    is_under_way: bool
    said: str
    done: int
    total: int
    failed: tuple[tuple[str, str, str], ...]
    more_failed: int


@dataclass(frozen=True, slots=True)
class ImportPage:
    """`studio/import.html`"""

    run: ImportRun
    # In which way its file was read, for the button that takes it in.
    seen: str
    sent: str
    step: int
    # Of a file that is checked and waits; None once it is taken in or cancelled.
    finding: Finding | None
    verdict: str
    # Why no row can be read yet: a column is missing.
    lacking: str
    # What the page says while a job works at it; None while none does.
    work: Progress | None
    # Said where the file itself is kept no longer; empty while it is.
    deleted: str
    fetching: Fetching | None
    problems: tuple[ProblemLine, ...]
    more_problems: int
    # What would change, what is new: one of the two is shown.
    show: str
    shows: tuple[tuple[str, str, bool], ...]
    changes: tuple[ChangeLine, ...]
    more_changes: int
    news: tuple[NewsLine, ...]
    more_news: int
    read_as: str
    encodings: tuple[tuple[str, str], ...]
    encoding: str
    has_header: bool
    columns: tuple[ColumnLine, ...]
    unused: tuple[ColumnLine, ...]
    # Value and label of everything a column can be.
    fields: tuple[tuple[str, str], ...]
    currencies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """A ZIP in the list of the latest ones."""

    archive: Archive
    said: str
    href: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A picture in the list."""

    asset: Asset
    picture: Picture | None
    shows: str
    size: str
    uses: tuple[Use, ...]
    rights: str
    # Whether its rights need somebody to look: over, not begun, or near their end.
    is_ending: bool
    href: str
    # What a film or sound still needs, or that a code is in a picture, in a few words.
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Crop:
    """How a picture is cut to a shape around its focus: numbers of an SVG image in a box `width` by `height`."""

    label: str
    width: int
    height: int
    image_x: float
    image_y: float
    image_width: float
    image_height: float


@dataclass(frozen=True, slots=True)
class AltLine:
    """The words for a picture in one language."""

    locale: str
    language: str
    text: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class AssetPanel:
    """The picture opened beside the list. `across` and `down` are the focus in per cent."""

    asset: Asset
    picture: Picture | None
    alt: tuple[AltLine, ...]
    is_decorative: bool
    across: int
    down: int
    crops: tuple[Crop, ...]
    uses: tuple[Use, ...]
    # The products it was put beside, and what was typed to add one.
    items: tuple[VendorProduct, ...]
    typed_item: str
    # Days as a date field has them, and the state of its rights in words.
    rights_from: str
    rights_to: str
    rights_said: str
    # Id and name of each picture that may stand for it, "choose" first.
    others: tuple[tuple[str, str], ...]
    # What a code in it would do, in a sentence; empty where there is none that matters.
    warning: str
    # What its transparent parts lie on, in words; empty where it has none.
    ground: str
    received: str
    size: str
    # Of the form; those of deleting stand under "delete", of putting it beside an item under "item".
    problems: dict[str, str]
    # What a film or sound has instead of words and a focus.
    film: FilmPanel | None = None

    @property
    def refusal(self) -> str:
        """What did not happen, above the problems."""
        if "delete" in self.problems:
            return f"This {self.asset.kind.noun} was not deleted"
        if "replace_by" in self.problems:
            return "Nothing was replaced"
        return "It was put beside no item" if "item" in self.problems else f"This {self.asset.kind.noun} was not saved"


@dataclass(frozen=True, slots=True)
class AssetsPage:
    """`studio/assets.html`"""

    lede: str
    rows: tuple[AssetRow, ...]
    paging: Paging
    panel: AssetPanel | None
    find: str
    state: str
    used_where: str
    rights: str
    sort: str
    # The address behind each head that sorts.
    sorts: dict[str, str]
    kind: str
    is_filtered: bool
    # What became of the files just sent: how many were taken, and name and reason of each that was not.
    taken: str
    refused: tuple[tuple[str, str], ...]
    problems: dict[str, str]
    archives: tuple[ArchiveRow, ...]
    is_checking: bool
    used: str
    max_mb: int
    max_files: int
    arrivals: tuple[ArrivalLine, ...]
    max_video_mb: int
    max_audio_mb: int


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list, with how it stands at each retailer."""

    product: VendorProduct
    variants: int
    image: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """`studio/products.html`"""

    lede: str
    rows: tuple[ProductRow, ...]
    paging: Paging
    find: str
    retailer_id: str
    retailers: tuple[tuple[str, str], ...]
    is_filtered: bool


@dataclass(frozen=True, slots=True)
class VariantLine:
    """A size and colour, with the price its vendor proposes."""

    name: str
    sku: str
    gtin: str
    price: str
    was_price: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A product at one retailer: how its page stands, and its scans in words."""

    standing: Standing
    scans: str


@dataclass(frozen=True, slots=True)
class ProductPictureLine:
    """A picture put beside a product; `image` is empty until it is made ready."""

    name: str
    image: str
    href: str
    # Why it shows nothing, or what it lacks.
    remark: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`studio/product.html`"""

    product: VendorProduct
    lede: str
    variants: tuple[VariantLine, ...]
    # Name and words; the words are in the small Markdown that pages read.
    texts: tuple[tuple[str, Markup], ...]
    facts: tuple[tuple[str, str], ...]
    # Pictures as the vendor's file names them, and what becomes of addresses among them.
    images: tuple[str, ...]
    images_said: str
    # The vendor's pictures put beside it: address of the page and of the picture, and what it shows.
    pictures: tuple[ProductPictureLine, ...]
    listings: tuple[Listing, ...]
    unlisted: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody who works here."""

    id: str
    name: str
    email: str
    role: str
    since: str
    is_oneself: bool


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """Somebody who is asked in."""

    id: str
    email: str
    role: str
    until: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """`studio/people.html`"""

    lede: str
    people: tuple[PersonLine, ...]
    invitations: tuple[InvitationLine, ...]
    roles: tuple[tuple[str, str], ...]
    email: str
    role: str
    problems: dict[str, str]
    # Just made, to be handed over by hand where no mail is sent; empty otherwise.
    link: str
    invited: str


@dataclass(frozen=True, slots=True)
class PrintRetailer:
    """A retailer that can be asked for print files: the items there that can be tagged, and the stocks."""

    id: str
    name: str
    items: tuple[tuple[str, str], ...]
    stocks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PrintFileRow:
    """A request for print files; once it is released, with where its file is and where some are asked for again."""

    retailer: str
    items: str
    stock: str
    state: str
    state_said: str
    reason: str
    at: str
    href: str
    size: str
    again_href: str


@dataclass(frozen=True, slots=True)
class PrintsPage:
    """`studio/prints.html`"""

    lede: str
    # The retailer that the form asks; none where none takes requests. The others by address and name.
    retailer: PrintRetailer | None
    others: tuple[tuple[str, str], ...]
    # The request of which the form asks for some tags again; empty for new ones.
    again: str
    rows: tuple[PrintFileRow, ...]
    values: dict[str, str]
    chosen: tuple[str, ...]
    problems: dict[str, str]

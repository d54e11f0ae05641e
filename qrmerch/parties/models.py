"""Tables of retailers, their brand and places, vendors and supply."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch import ids
from qrmerch.tables import Base, Id, Json, PublicId, RetailerScoped, VendorScoped, one_of, reference, word

# Where the region and the postal code stand behind the town.
_REGION_BEHIND = ("US", "CA", "AU", "MX")


class Measurement(enum.StrEnum):
    """What a retailer's scans keep: counts; a passing visit id too; for two days also what tells phones apart."""

    COUNTS = "counts"
    VISITS = "visits"
    ESTIMATE = "estimate"
    CONSENTED = "consented"


class Display(enum.StrEnum):
    """The face of headings."""

    SANS = "sans"
    SERIF = "serif"
    # The kit's own.
    FONT = "font"


class Corners(enum.StrEnum):
    """The shape of cards, chips and buttons."""

    SHARP = "sharp"
    SOFT = "soft"
    ROUND = "round"


class Tone(enum.StrEnum):
    """The grounds a page stands on."""

    PLAIN = "plain"
    WARM = "warm"
    LUXURY = "luxury"

    @property
    def grounds(self) -> tuple[str, str]:
        """What a page of this tone stands on, by day and in the dark, `#rrggbb`; as in shop.css."""
        return _GROUNDS[self.value]


_GROUNDS = {"plain": ("#ffffff", "#121212"), "warm": ("#fbfaf8", "#131211"), "luxury": ("#ffffff", "#0e0e0e")}


class FixtureKind(enum.StrEnum):
    """What a code hangs on."""

    SHELF = "shelf"
    WINDOW = "window"
    POSTER = "poster"
    HANGTAG = "hangtag"
    QUEUE = "queue"
    WALL = "wall"
    SCREEN = "screen"


class Retailer(Base):
    """A company with stores and a brand; the tenant."""

    __table_args__ = (
        one_of("measurement", Measurement),
        CheckConstraint("stock_limit_hours > 0", name="stock_limit_positive"),
    )

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    default_locale: Mapped[str] = mapped_column(String(12))
    locales: Mapped[Json]
    time_zone: Mapped[str] = mapped_column(String(40))
    measurement: Mapped[Measurement] = word(Measurement, default=Measurement.VISITS)
    no_discount: Mapped[bool] = mapped_column(default=False)
    # A figure of stock older than this says nothing: shoppers are told to ask.
    stock_limit_hours: Mapped[int] = mapped_column(default=24)
    # Whether somebody who sent a page may approve it as well.
    allows_own_approval: Mapped[bool] = mapped_column(default=False)
    # Within how many hours what vendors send is to be answered; 0 where nobody said.
    answer_hours: Mapped[int] = mapped_column(default=0)
    # What a page has to say in another language than the first: {"ar": "required"}, "hidden" or, if unsaid, "fallback".
    locale_rules: Mapped[Json] = mapped_column(default=dict)
    # By locale, what vendors agree to; its number grows with each change, 0 where there are none.
    vendor_terms: Mapped[Json] = mapped_column(default=dict)
    terms_number: Mapped[int] = mapped_column(default=0)
    has_sample_scans: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Proof(enum.StrEnum):
    """How a host was shown to be the retailer's."""

    # A TXT record below the host.
    DNS = "dns"
    # A file at a well-known address of the host.
    FILE = "file"
    # Said by whoever runs the installation, from the command line.
    OPERATOR = "operator"


_PROVEN = text("proven_at IS NOT NULL")


class RetailerHost(RetailerScoped, Base):
    """A host name that a retailer says is its own. It answers once that is proven; the primary one is printed."""

    __table_args__ = (
        one_of("proof", Proof),
        UniqueConstraint("retailer_id", "host"),
        # Several may claim a host, one may have it.
        Index("uq_retailer_host_proven", "host", unique=True, sqlite_where=_PROVEN, postgresql_where=_PROVEN),
    )

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(String(253))
    is_primary: Mapped[bool] = mapped_column(default=False)
    # Whether it ever was: then it may stand on printed GS1 addresses, of which there are no records.
    was_primary: Mapped[bool] = mapped_column(default=False)
    # What has to be found in its DNS or at its well-known address.
    secret: Mapped[str] = mapped_column(String(32), default=ids.secret)
    added_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    proof: Mapped[Proof | None] = word(Proof, nullable=True)
    # The last look, and what it missed.
    checked_at: Mapped[datetime | None]
    check_said: Mapped[str] = mapped_column(String(400), default="")


class BrandKit(RetailerScoped, Base):
    """The brand from an instant on; the newest begun one holds."""

    __table_args__ = (
        one_of("display", Display),
        one_of("corners", Corners),
        one_of("tone", Tone),
        CheckConstraint("length(colour) = 7", name="colour_hex"),
        UniqueConstraint("retailer_id", "from_at"),
    )

    id: Mapped[Id]
    from_at: Mapped[datetime]
    colour: Mapped[str] = mapped_column(String(7))
    display: Mapped[Display] = word(Display)
    corners: Mapped[Corners] = word(Corners)
    tone: Mapped[Tone] = word(Tone)
    wordmark: Mapped[str] = mapped_column(String(40))
    # By locale: the lines under every page.
    legal: Mapped[Json]
    # Keys of files: the mark on light and on dark ground, and the face of headings.
    logo_key: Mapped[str] = mapped_column(String(100), default="")
    logo_dark_key: Mapped[str] = mapped_column(String(100), default="")
    # Width over height of the marks as shown, in thousandths.
    logo_ratio: Mapped[int] = mapped_column(default=1000)
    font_key: Mapped[str] = mapped_column(String(100), default="")
    font_name: Mapped[str] = mapped_column(String(80), default="")
    # What the font has letters of: ["latin", "arabic"].
    font_scripts: Mapped[Json] = mapped_column(default=list)
    # {"instagram": "https://…"}
    social: Mapped[Json] = mapped_column(default=dict)


class Store(RetailerScoped, Base):
    """One shop."""

    __table_args__ = (UniqueConstraint("retailer_id", "code"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    # As the shop is called among people standing in it: "Riverside".
    short_name: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(80))
    # The state, province or canton.
    region: Mapped[str] = mapped_column(String(80), default="")
    postcode: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2))
    time_zone: Mapped[str] = mapped_column(String(40))
    # The retailer's own, since nobody said which; until somebody does, no clock is told by it.
    is_zone_guessed: Mapped[bool] = mapped_column(default=False)
    # What its pages speak to a phone that speaks none of the retailer's languages; empty for the retailer's first.
    locale: Mapped[str] = mapped_column(String(12), default="")
    gln: Mapped[str | None] = mapped_column(String(13))
    hours: Mapped[str] = mapped_column(String(200), default="")
    # `hours` as a `parties.hours.Week` in lists, Monday first; empty where they cannot be read.
    weekly: Mapped[Json] = mapped_column(default=list)
    is_open: Mapped[bool] = mapped_column(default=True)

    @property
    def town(self) -> str:
        """Its town with what stands around it on a letter: `Bloomington, MN 55425`, `1012 Lausanne`."""
        if self.country in _REGION_BEHIND:
            return ", ".join(part for part in (self.city, f"{self.region} {self.postcode}".strip()) if part)
        return f"{self.postcode} {self.city}".strip()


class Warehouse(RetailerScoped, Base):
    """A place that has stock and no shoppers: what lies there can be ordered, not taken along."""

    __table_args__ = (UniqueConstraint("retailer_id", "code"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))


class StoreNetwork(RetailerScoped, Base):
    """An address range that a store's own Wi-Fi leaves from."""

    id: Mapped[Id]
    store_id: Mapped[str] = reference("store.id")
    cidr: Mapped[str] = mapped_column(String(43))


class Fixture(RetailerScoped, Base):
    """A shelf, window or poster in a store."""

    __table_args__ = (one_of("kind", FixtureKind), UniqueConstraint("store_id", "name"))

    id: Mapped[Id]
    store_id: Mapped[str] = reference("store.id")
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[FixtureKind] = word(FixtureKind)


class Vendor(Base):
    """Who supplies products; a retailer's own range belongs to its house vendor."""

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    is_house: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Supply(RetailerScoped, Base):
    """A vendor supplies a retailer."""

    __table_args__ = (UniqueConstraint("retailer_id", "vendor_id"),)

    id: Mapped[Id]
    vendor_id: Mapped[str] = mapped_column(String(36), ForeignKey("vendor.id"), index=True)
    # A trusted vendor's submissions are approved without a reviewer.
    is_trusted: Mapped[bool] = mapped_column(default=False)
    # What is approved without a reviewer besides: {"small": true, "max_chars": 40, "slots": ["story.text"]}.
    rules: Mapped[Json] = mapped_column(default=dict)
    # Whether it may ask for print files of its items, to put tags on where they are made.
    may_ask_prints: Mapped[bool] = mapped_column(default=False)
    # When somebody of the vendor looked at the retailer's brand for the first time.
    brand_seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class SupplyTerms(RetailerScoped, VendorScoped, Base):
    """A vendor agreed to a retailer's terms of one number."""

    __table_args__ = (UniqueConstraint("retailer_id", "vendor_id", "number"),)

    id: Mapped[Id]
    number: Mapped[int]
    accepted_by: Mapped[str | None] = mapped_column(String(36), index=True)
    accepted_at: Mapped[datetime]


class PageChange(Base):
    """Something shoppers see has changed: of one item, or of all of a retailer's."""

    __table_args__ = (Index("ix_page_change_at", "at"),)

    id: Mapped[Id]
    retailer_id: Mapped[str] = mapped_column(String(36), ForeignKey("retailer.id"))
    item_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]


class LinkState(enum.StrEnum):
    """What is known of where a link ends: nothing yet, an address, or that it cannot be opened."""

    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


class LinkCheck(Base):
    """Where an address elsewhere ends, after all redirects; who links to it is not asked."""

    __table_args__ = (one_of("state", LinkState),)

    id: Mapped[Id]
    # SHA-256 of the address.
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(String(2000))
    state: Mapped[LinkState] = word(LinkState, default=LinkState.WAITING)
    end: Mapped[str] = mapped_column(String(2000), default="")
    # Why it cannot be opened.
    reason: Mapped[str] = mapped_column(String(300), default="")
    asked_at: Mapped[datetime] = mapped_column(index=True)
    checked_at: Mapped[datetime | None]

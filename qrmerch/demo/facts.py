"""What the sample shops consist of: read from the files in `data/`, with every date counted from the day of setting up.

Nothing here writes, and nothing here is true of anybody.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from qrmerch.access import Role
from qrmerch.content.models import Style
from qrmerch.money import parse_money
from qrmerch.offers.models import OfferKind
from qrmerch.parties.models import Corners, Display, Tone
from qrmerch.parties.service import Brand

_DATA: Final = Path(__file__).with_name("data")
# One for everybody: the demo's accounts hold nothing, and exist in no other mode.
PASSWORD: Final = "marigold-at-noon"  # noqa: S105 - printed when the demo starts
# The shops opened here so long ago; enough for two months of numbers and for the prices before a reduction.
OPENED_DAYS_AGO: Final = 90
SAMPLE_DAYS: Final = 56
FASHIONTOWN, CORVANE, SIDRA = "fashiontown", "corvane", "sidra"
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """A retailer: how it is called, what it looks like, and what it says on every page (by locale)."""

    slug: str
    name: str
    words: str
    currency: str
    locales: tuple[str, ...]
    time_zone: str
    brand: Brand
    style: Style
    first_style: str
    # By slot: texts by locale, or what else the slot takes.
    fixed: Mapping[str, Mapping[str, Any]]
    no_discount: bool = False


HOUSES: Final = (
    HouseFacts(
        slug=FASHIONTOWN,
        name="Fashiontown Stores",
        words="Four stores, five vendors, an offer that runs today",
        currency="USD",
        locales=("en",),
        time_zone="America/New_York",
        brand=Brand(
            "#7a1f4f",
            Display.SANS,
            Corners.SOFT,
            Tone.PLAIN,
            "Fashiontown",
            {"en": "Fashiontown Stores, 12 Quay Street, Riverside. A sample shop: nothing here can be bought."},
        ),
        style=Style.EVERYDAY,
        first_style="FT-TOP-01",
        fixed={
            "delivery.text": {
                "en": "Home in two days, free from $50. Bring it back to any store within 30 days, worn outside or not."
            },
            "legal.text": {"en": "Prices include no sales tax. Struck prices are the lowest of the 30 days before."},
        },
    ),
    HouseFacts(
        slug=CORVANE,
        name="Corvane",
        words="A quiet house that does not discount, and an evening by invitation",
        currency="EUR",
        locales=("en",),
        time_zone="Europe/Paris",
        brand=Brand(
            "#161616",
            Display.SERIF,
            Corners.SHARP,
            Tone.LUXURY,
            "Corvane",
            {"en": "Corvane, 9 Passage Vert, Paris. A sample house: nothing here can be bought."},
        ),
        style=Style.QUIET,
        first_style="CV-WAT-04",
        fixed={
            "legal.text": {"en": "Each piece is numbered and entered in our book under the name you give."},
            "contact.link": {
                "url": "mailto:maison@corvane.example?subject=A%20piece%20I%20am%20looking%20at",
                "words": {"en": "Ask an advisor to join you"},
            },
        },
        no_discount=True,
    ),
    HouseFacts(
        slug=SIDRA,
        name="بيت سدرة",
        words="Arabic first, right to left, prices in riyals",
        currency="SAR",
        locales=("ar", "en"),
        time_zone="Asia/Riyadh",
        brand=Brand(
            "#1c5d4a",
            Display.SANS,
            Corners.ROUND,
            Tone.WARM,
            "بيت سدرة",
            {
                "ar": "بيت سدرة، طريق التحلية، الرياض. متجر للعرض فقط: لا شيء هنا للبيع.",
                "en": "Bayt Sidra, Tahlia Street, Riyadh. A sample shop: nothing here can be bought.",
            },
        ),
        style=Style.EVERYDAY,
        first_style="SD-DAL-01",
        fixed={
            "delivery.text": {
                "ar": "التوصيل خلال ثلاثة أيام في كل المملكة، والإرجاع خلال أربعة عشر يومًا.",
                "en": "Three days to anywhere in the Kingdom; fourteen days to bring it back.",
            },
            "legal.text": {"ar": "الأسعار تشمل ضريبة القيمة المضافة.", "en": "Prices include value added tax."},
        },
    ),
)


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """One size and colour; money in minor units."""

    sku: str
    gtin: str
    options: tuple[tuple[str, str], ...]
    price_minor: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says of a style in one language, and what its pictures show."""

    blurb: str
    story: str
    care: str
    alt: str
    detail: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StyleFacts:
    """One style; `vendor` is empty for the retailer's own range."""

    retailer: str
    key: str
    vendor: str
    title: str
    category: str
    drawing: str
    currency: str
    was_price_minor: int | None
    variants: tuple[VariantFacts, ...]
    words: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Placement:
    """A code at a place; `scans_a_day` is what its scans come to in the middle of the sample."""

    name: str
    retailer: str
    store: str
    spot: str
    kind: str
    style: str
    scans_a_day: float
    hung_days_ago: int


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An offer from one local midnight to another, counted in days from the day of setting up."""

    retailer: str
    name: str
    kind: OfferKind
    value: int
    headline: Texts
    terms: Texts
    styles: tuple[str, ...]
    from_day: int
    until_day: int
    limit_total: int
    stores: tuple[str, ...] = ()
    claim_hours: int = 24
    # Of the last day, by the clocks of the house; 0 ends with the day before.
    until_hour: int = 0

    def period(self, at: datetime, zone: str) -> tuple[datetime, datetime]:
        """From which instant (counted) until which (not counted) it holds, if the shop is set up at `at`."""
        return local_hour(at, zone, self.from_day), local_hour(at, zone, self.until_day, self.until_hour)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    role: Role
    email: str
    name: str
    retailer: str = ""
    vendor: str = ""
    stores: tuple[str, ...] = field(default=())


PEOPLE: Final = (
    Person(Role.OPERATOR, "operator@qrmerch.example", "Uma Ortiz"),
    Person(Role.OWNER, "owner@fashiontown.example", "Olivia Quay", FASHIONTOWN),
    Person(Role.MERCHANDISER, "merchandiser@fashiontown.example", "Mia Larsen", FASHIONTOWN),
    Person(Role.REVIEWER, "reviewer@fashiontown.example", "Rob Ames", FASHIONTOWN),
    Person(Role.ANALYST, "analyst@fashiontown.example", "Ana Silva", FASHIONTOWN),
    Person(Role.ASSOCIATE, "associate@fashiontown.example", "Ada Brook", FASHIONTOWN, stores=("FT-001",)),
    Person(Role.VENDOR_ADMIN, "admin@sunnyside.example", "Victor Lund", vendor="Sunny Side"),
    Person(Role.VENDOR_EDITOR, "editor@sunnyside.example", "Vera Lund", vendor="Sunny Side"),
    Person(Role.OWNER, "owner@corvane.example", "Céleste Roux", CORVANE),
    Person(Role.OWNER, "owner@sidra.example", "ليان", SIDRA),
)

# Who writes the pages of the other vendors; they are there to have written them.
EDITORS: Final = (
    Person(Role.VENDOR_EDITOR, "editor@halyard.example", "Hal Yarrow", vendor="Halyard"),
    Person(Role.VENDOR_EDITOR, "editor@larkfoot.example", "Lena Fuchs", vendor="Larkfoot"),
    Person(Role.VENDOR_EDITOR, "editor@vantagerun.example", "Noor Haddad", vendor="Vantage Run"),
    Person(Role.VENDOR_EDITOR, "editor@parcel.example", "Pia Conti", vendor="Parcel & Co"),
)

# Whose revisions are approved without a reviewer.
TRUSTED_VENDORS: Final = ("Halyard",)
# Shown in the template for one strong item instead of the shop's usual one.
EDITORIAL_STYLE: Final = "FT-RUN-01"
# Never published; sold out; waiting for a reviewer; sent back by one.
DRAFT_STYLE, RETIRED_STYLE = "FT-JKT-01", "FT-JMP-01"
SUBMITTED_STYLES: Final = ("FT-TOP-02", "FT-SAN-02")
RETURNED_STYLE: Final = "FT-HAT-01"
# The code whose first prints were replaced.
REPLACED_PLACEMENT: Final = "PL-003"

OFFERS: Final = (
    OfferFacts(
        FASHIONTOWN,
        "YELLOW10",
        OfferKind.PERCENT,
        10,
        {"en": "10% off any yellow top"},
        {"en": "One code for each shopper. Not with other offers."},
        ("FT-TOP-01", "FT-TOP-02"),
        from_day=-10,
        until_day=12,
        limit_total=200,
    ),
    OfferFacts(
        FASHIONTOWN,
        "FIVER",
        OfferKind.AMOUNT,
        500,
        {"en": "$5 off, one hour after your scan"},
        {"en": "The code holds for one hour. One for each shopper."},
        ("FT-SAN-03",),
        from_day=-3,
        until_day=12,
        limit_total=100,
        claim_hours=1,
    ),
    OfferFacts(
        FASHIONTOWN,
        "RUNFREE",
        OfferKind.GIFT,
        0,
        {"en": "Free gait check with the Meridian 4"},
        {"en": "Ten minutes on the treadmill, with or without buying."},
        ("FT-RUN-01",),
        from_day=-40,
        # Long enough that something is on whenever the demo is looked at; less than a year, for a page says no year.
        until_day=300,
        limit_total=5_000,
        stores=("FT-001",),
    ),
    OfferFacts(
        FASHIONTOWN,
        "PRIVIEW",
        OfferKind.EXPERIENCE,
        0,
        {"en": "Private preview evening, 19:00: two places held for you"},
        {"en": "At the Galleria. Bring whom you like; we close the doors at 18:45."},
        ("FT-RUN-01", "FT-RUN-02"),
        from_day=0,
        until_day=8,
        until_hour=19,
        limit_total=40,
        stores=("FT-002",),
        claim_hours=240,
    ),
    OfferFacts(
        FASHIONTOWN,
        "LOOK15",
        OfferKind.PERCENT,
        15,
        {"en": "15% off when you take the whole look"},
        {"en": "Top, capri and sandal on one receipt."},
        ("FT-TOP-01", "FT-CAP-01", "FT-SAN-01"),
        from_day=14,
        until_day=45,
        limit_total=500,
    ),
    OfferFacts(
        FASHIONTOWN,
        "BIRTHDAY",
        OfferKind.PERCENT,
        20,
        {"en": "20% off one piece on our birthday"},
        {"en": "On the day only, one piece for each shopper."},
        ("FT-BAG-01", "FT-HAT-01"),
        from_day=320,
        until_day=321,
        limit_total=1_000,
    ),
    OfferFacts(
        FASHIONTOWN,
        "LAPSED",
        OfferKind.PERCENT,
        20,
        {"en": "20% off the Tempo Trainer"},
        {"en": "One code for each shopper."},
        ("FT-RUN-02",),
        from_day=-49,
        until_day=-19,
        limit_total=100,
    ),
    OfferFacts(
        CORVANE,
        "BENCH",
        OfferKind.EXPERIENCE,
        0,
        {"en": "An evening at the watchmaker’s bench"},
        {"en": "Two places are kept in your name. We begin at seven; there is nothing to buy."},
        ("CV-WAT-04", "CV-SLK-02", "CV-LEA-01"),
        from_day=-10,
        until_day=16,
        until_hour=19,
        limit_total=24,
        stores=("CV-PAR",),
        claim_hours=720,
    ),
    OfferFacts(
        SIDRA,
        "MAJLIS",
        OfferKind.PERCENT,
        15,
        {"ar": "خصم ١٥٪ على العود والبخور", "en": "15% off oud and incense"},
        {"ar": "رمز واحد لكل زائر، ولا يُجمع مع عروض أخرى.", "en": "One code for each guest. Not with other offers."},
        ("SD-OUD-01", "SD-MAB-01"),
        from_day=-5,
        until_day=25,
        limit_total=300,
    ),
    OfferFacts(
        SIDRA,
        "FINJAN",
        OfferKind.GIFT,
        0,
        {"ar": "ستة فناجين هدية مع كل دلّة", "en": "Six cups with every coffee pot"},
        {"ar": "حتى نفاد الكمية.", "en": "While they last."},
        ("SD-DAL-01",),
        from_day=-20,
        until_day=20,
        limit_total=60,
    ),
)


def house(slug: str) -> HouseFacts:
    """The retailer of that short name."""
    return next(each for each in HOUSES if each.slug == slug)


def local_hour(at: datetime, zone: str, days: int, hour: int = 0) -> datetime:
    """An hour of the day so many days after the day of `at`, by the clocks of `zone`."""
    day = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone))


@cache
def list_styles() -> tuple[StyleFacts, ...]:
    """All styles of all three shops, each shop's in its own order."""
    variants, words = _grouped("variants", "style"), _grouped("words", "style")
    facts = _grouped("facts", "style")
    return tuple(
        _style(row, variants[row["style"]], words[row["style"]], facts[row["style"]]) for row in rows("styles")
    )


@cache
def list_placements() -> tuple[Placement, ...]:
    """All places with a code."""
    retailers = {row["code"]: row["retailer"] for row in rows("stores")}
    return tuple(
        Placement(
            row["placement"],
            retailers[row["store_code"]],
            row["store_code"],
            row["spot"],
            row["kind"],
            row["style"],
            float(row["scans_a_day"]),
            int(row["hung_days_ago"]),
        )
        for row in rows("placements")
    )


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the files."""
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _grouped(name: str, column: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(name):
        found[row[column]].append(row)
    return found


def _style(
    row: dict[str, str],
    variants: Iterable[dict[str, str]],
    words: Iterable[dict[str, str]],
    facts: Iterable[dict[str, str]],
) -> StyleFacts:
    currency = house(row["retailer"]).currency
    by_locale: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in facts:
        by_locale[each["locale"]].append((each["name"], each["value"]))
    return StyleFacts(
        retailer=row["retailer"],
        key=row["style"],
        vendor=row["vendor"],
        title=row["title"],
        category=row["category"],
        drawing=row["drawing"],
        currency=currency,
        was_price_minor=parse_money(row["was_price"], currency) if row["was_price"] else None,
        variants=tuple(
            VariantFacts(
                each["sku"],
                each["gtin14"],
                tuple((name, value) for name, _, value in (part.partition("=") for part in each["options"].split(";"))),
                parse_money(each["price"] or row["price"], currency),
            )
            for each in variants
        ),
        words={
            each["locale"]: Words(
                each["blurb"],
                each["story"],
                each["care"],
                each["alt"],
                each["detail"] or "",
                tuple(by_locale[each["locale"]]),
            )
            for each in words
        },
    )

"""What hangs in a shop besides labels: posters, shelf talkers, table tents, window clings, walls, and two cards.

A `Sign` says all that one shows: words, prices, pictures and codes as they were when it was asked for. It is kept as
plain values, so that what is drawn later, or again after a kill, is what was asked for.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from qrmerch.codes.artwork import Symbol
from qrmerch.codes.models import Finders, Modules
from qrmerch.codes.preflight import GOOD_MODULE_MM
from qrmerch.codes.styles import Logo, Style
from qrmerch.codes.tokens import group

# A phone reads a code from ten times its side away (research of print shops, and a rule of thumb of all makers).
READING_RATIO: Final = 10.0
BLEED_MM: Final = 3.0
# Fewer dots to the inch than this are seen as blur from where a code is scanned.
GOOD_DPI: Final = 150
MAX_WALL_ITEMS: Final = 240


class SignKind(enum.StrEnum):
    """How a sign is built up."""

    POSTER = "poster"
    TALKER = "talker"
    TENT = "tent"
    CLING = "cling"
    WALL = "wall"
    CARD = "card"
    GUIDE = "guide"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of sign at a size: finished width and height, mm, and from how far its code is usually scanned, m."""

    key: str
    kind: SignKind
    name: str
    width: float
    height: float
    distance: float

    @property
    def takes_items(self) -> bool:
        return self.kind not in (SignKind.CARD, SignKind.GUIDE)

    @property
    def shows_pictures(self) -> bool:
        return self.takes_items and self.kind != SignKind.CLING

    @property
    def scale(self) -> float:
        """How much larger it is than the size that its kind is designed at."""
        return min(self.width / _DESIGNED[self.kind][0], self.height / _DESIGNED[self.kind][1])

    @property
    def bleed(self) -> float:
        """What leaves the house for a press has a bleed; the guide is printed in the office."""
        return 0.0 if self.kind == SignKind.GUIDE else BLEED_MM


_DESIGNED: Final = {
    SignKind.POSTER: (297.0, 420.0),
    SignKind.TALKER: (148.0, 105.0),
    SignKind.TENT: (148.0, 210.0),
    SignKind.CLING: (200.0, 200.0),
    SignKind.WALL: (1189.0, 841.0),
    SignKind.CARD: (148.0, 210.0),
    SignKind.GUIDE: (210.0, 297.0),
}
FORMATS: Final = (
    Format("poster-a6", SignKind.POSTER, "Poster, A6", 105, 148, 0.3),
    Format("poster-a5", SignKind.POSTER, "Poster, A5", 148, 210, 0.4),
    Format("poster-a4", SignKind.POSTER, "Poster, A4", 210, 297, 0.6),
    Format("poster-a3", SignKind.POSTER, "Poster, A3", 297, 420, 0.8),
    Format("poster-a2", SignKind.POSTER, "Poster, A2", 420, 594, 1.2),
    Format("poster-a1", SignKind.POSTER, "Poster, A1", 594, 841, 1.6),
    Format("poster-a0", SignKind.POSTER, "Poster, A0", 841, 1189, 2.4),
    Format("talker", SignKind.TALKER, "Shelf talker, A6", 148, 105, 0.3),
    Format("tent", SignKind.TENT, "Table tent, A4 folded", 210, 297, 0.4),
    Format("cling", SignKind.CLING, "Window cling, 200 × 200 mm", 200, 200, 0.8),
    Format("wall", SignKind.WALL, "Wall to shop from, A0 sheets", 1189, 841, 0.8),
    Format("card", SignKind.CARD, "Counter card “How to scan”, A5", 148, 210, 0.4),
    Format("guide", SignKind.GUIDE, "Guide for associates, A4", 210, 297, 0.3),
)
_BY_KEY: Final = {each.key: each for each in FORMATS}


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as it came, to be made ready for print: its pixels, focus and what transparent parts are laid on.

    `until` is the last day on which it may be shown, `2026-12-06`; empty for no end.
    """

    key: str
    width: int
    height: int
    focus_x: float = 0.5
    focus_y: float = 0.5
    ground: str = "#ffffff"
    until: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One item on a sign: its code, and what is said of it; each text may be empty."""

    address: str
    token: str
    title: str
    price: str = ""
    was: str = ""
    line: str = ""
    picture: PictureFile | None = None

    @property
    def short_address(self) -> str:
        """The address for eyes and hands."""
        host = self.address.removesuffix(self.token).partition("://")[2]
        return f"{host} {group(self.token)}" if self.token else host


@dataclass(frozen=True, slots=True)
class Dress:
    """A brand on paper: how it writes itself, its colours and its tone. `on_fill` is read on `fill`."""

    wordmark: str
    fill: str
    on_fill: str
    code: str
    tone: str = "plain"
    logo_key: str = ""
    # The retailer's own font, for headings.
    font_key: str = ""
    # How codes look, as the design of this id says it; the logo in them is the brand's.
    modules: str = "square"
    finders: str = "square"
    has_code_logo: bool = False
    level: str = "M"
    paper: str = "#ffffff"
    design: str = ""

    def style(self, logo: Logo | None) -> Style:
        """How codes look.

        :param logo: the brand's logo, ready for the middle of a code.
        """
        return Style(Modules(self.modules), Finders(self.finders), logo if self.has_code_logo else None)

    @property
    def is_quiet(self) -> bool:
        """A luxury house does not raise its voice."""
        return self.tone == "luxury"


@dataclass(frozen=True, slots=True)
class Sign:
    """Everything that a sign shows. `is_inside`: it sticks on the inside of a window, printed the other way round."""

    format: str
    locale: str
    direction: str
    dress: Dress
    items: tuple[Shown, ...]
    headline: str = ""
    call: str = ""
    notice: str = ""
    place: str = ""
    ground: str = "brand"
    distance: float = 0.0
    is_inside: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    # The last day of the offer that its call speaks of, and on which it hangs, `2026-12-31`; empty for none.
    offer_until: str = ""
    hangs_until: str = ""

    @property
    def shape(self) -> Format:
        return _BY_KEY[self.format]

    @property
    def is_rtl(self) -> bool:
        return self.direction == "rtl"

    def to_json(self) -> dict[str, Any]:
        """Plain values, from which `from_json` makes the same sign again."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Sign":
        items = tuple(
            Shown(**{**each, "picture": PictureFile(**each["picture"]) if each["picture"] else None})
            for each in values["items"]
        )
        return cls(**{**values, "dress": Dress(**values["dress"]), "items": items})


def find_format(key: str) -> Format | None:
    """The format of this key; None for another word."""
    return _BY_KEY.get(key)


def code_side_mm(symbol: Symbol, distance: float) -> float:
    """How large the artwork of a code has to be to be read from `distance` metres away, its quiet zone included."""
    module = max(distance * 1000 / READING_RATIO / symbol.modules, GOOD_MODULE_MM)
    return module * symbol.side


def distance_of(symbol: Symbol, side_mm: float) -> float:
    """From how many metres away a code of this side is read, down to whole tenths."""
    return math.floor(side_mm / symbol.side * symbol.modules * READING_RATIO / 100 + 1e-6) / 10

"""What the desk's pages about the brand receive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrandForm:
    """The five choices as they stand in their fields, and the legal lines: (locale, language, line, problem)."""

    colour: str
    display: str
    corners: str
    tone: str
    wordmark: str
    legal: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Swatch:
    """One use of the colour: ground, ink, what it is and how well it can be read; all colours `#rrggbb`."""

    name: str
    ground: str
    ink: str
    colour: str
    say: str


@dataclass(frozen=True, slots=True)
class ShownPage:
    """`desk/_brand_shown.html`: what becomes of a colour, or why it is none."""

    say: str
    swatches: tuple[Swatch, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class PastKit:
    """A brand kit that held before."""

    since: str
    colour: str
    words: str


@dataclass(frozen=True, slots=True)
class BrandPage:
    """`desk/brand.html`"""

    lede: str
    form: BrandForm
    displays: tuple[tuple[str, str], ...]
    corners: tuple[tuple[str, str], ...]
    tones: tuple[tuple[str, str], ...]
    shown: ShownPage
    sample_src: str
    sample_title: str
    is_tried: bool
    past: tuple[PastKit, ...]
    problems: dict[str, str]

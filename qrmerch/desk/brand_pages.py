"""What the desk's pages about the brand receive."""

from dataclasses import dataclass

from qrmerch.rendering.pages import Logo


@dataclass(frozen=True, slots=True)
class LogoField:
    """The logos of the form by their keys, as shoppers see them, and the grounds by day and in the dark."""

    key: str
    dark_key: str
    shown: Logo | None
    grounds: tuple[str, str]


@dataclass(frozen=True, slots=True)
class FontField:
    """The font of the form by its key; empty where there is none."""

    key: str
    name: str
    letters: str


@dataclass(frozen=True, slots=True)
class LegalField:
    """The legal line in one language; `help` says what stands where it is empty."""

    locale: str
    language: str
    line: str
    help: str
    problem: str


@dataclass(frozen=True, slots=True)
class BrandForm:
    """The brand as it stands in its fields; `social` and `more_social` are (key, network, address, problem)."""

    colour: str
    display: str
    corners: str
    tone: str
    wordmark: str
    logo: LogoField
    font: FontField
    legal: tuple[LegalField, ...]
    social: tuple[tuple[str, str, str, str], ...]
    more_social: tuple[tuple[str, str, str, str], ...]
    begins: str


@dataclass(frozen=True, slots=True)
class Swatch:
    """One use of the colour: ground, ink, what it is and how well it can be read; all colours `#rrggbb`.

    `shape`: `words`, a `ring` or `bars`.
    """

    name: str
    ground: str
    ink: str
    colour: str
    say: str
    shape: str


@dataclass(frozen=True, slots=True)
class ShownPage:
    """`desk/_brand_shown.html`: what becomes of a colour, or why it is none."""

    say: str
    swatches: tuple[Swatch, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class KitRow:
    """A brand that is to come or was before."""

    kit_id: str
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
    zone: str
    is_tried: bool
    coming: tuple[KitRow, ...]
    past: tuple[KitRow, ...]
    problems: dict[str, str]

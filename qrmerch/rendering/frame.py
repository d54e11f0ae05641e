"""The brand around a shopper's page: the retailer's own, or a neutral one where no retailer is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from qrmerch.files import is_key
from qrmerch.i18n import SPOKEN, direction, language_name, negotiate, translator
from qrmerch.media.fonts import unicode_range
from qrmerch.parties.languages import LocaleRule, locales_of, rule_of
from qrmerch.parties.models import BrandKit, Display
from qrmerch.parties.queries import find_next_brand, get_brand, get_retailer
from qrmerch.parties.service import Brand
from qrmerch.parties.social import list_social
from qrmerch.rendering.brand import BrandColours, derive_colours
from qrmerch.rendering.pages import Frame, LanguageLink, Logo
from qrmerch.rendering.style import Face, Ground, StyleBlock, build_style, theme_colours
from qrmerch.web import asset_address

ITEM_SHEETS: Final = ("shop",)
ERRAND_SHEETS: Final = ("shop", "errands")
APART_SHEETS: Final = ("shop", "apart")
# A logo's shown pixels: its area, least and most height, most width.
_LOGO_AREA: Final = 3600
_LOGO_HEIGHTS: Final = (22, 40)
_LOGO_WIDTH: Final = 168
# Stands under every page, and is kept as proof of what was agreed to with the first heart.
KEEPING_NOTICE: Final = (
    "Keeping something sets one cookie on this phone, so that your list can be found again. It holds no name."
)


@dataclass(frozen=True, slots=True)
class House:
    """Whose page it is: the name, the languages, and the five choices of the brand."""

    retailer_id: str | None
    # Empty where no retailer is meant.
    slug: str
    name: str
    locales: tuple[str, ...]
    time_zone: str
    wordmark: str
    colours: BrandColours
    display: str
    corners: str
    tone: str
    legal: Mapping[str, str]
    logo: Logo | None = None
    face: Face | None = None
    social: tuple[tuple[str, str], ...] = ()
    # Languages that an item's page is offered in only where it says everything in them.
    hidden: frozenset[str] = frozenset()
    # When another brand takes over.
    until: datetime | None = None

    @property
    def first(self) -> str:
        """The language that stands where another is missing."""
        return self.locales[0]

    def choose_locale(self, wanted: str, accept_language: str, local: str = "") -> str:
        """The language to speak: the one asked for in the address if offered, else the browser's, else the place's or
        our first.

        :param local: what is spoken in the store that it is about; empty, or none of ours, for our first.
        """
        if wanted in self.locales:
            return wanted
        first = (local,) if local in self.locales else ()
        return negotiate(accept_language, (*first, *self.locales))

    def lang(self, locale: str) -> str:
        """What an address says of the language: nothing where there is but one."""
        return locale if len(self.locales) > 1 else ""

    def address(self, path: str, locale: str, **more: str) -> str:
        """A page of ours that is no item's, in this language, and in this brand on a shared host too.

        :param more: what else its query says, where it is not empty.
        """
        said = {"of": self.slug, "lang": self.lang(locale), **more}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path


NEUTRAL: Final = House(
    retailer_id=None,
    slug="",
    name="qrmerch",
    locales=SPOKEN,
    time_zone="UTC",
    wordmark="qrmerch",
    colours=derive_colours("#161616"),
    display="sans",
    corners="soft",
    tone="plain",
    legal={},
)


def load_house(db: Session, retailer_id: str | None, *, at: datetime) -> House:
    """The brand of a retailer at an instant, or the neutral one for None.

    :raises NotFound: there is no such retailer.
    """
    if retailer_id is None:
        return NEUTRAL
    retailer, kit = get_retailer(db, retailer_id), get_brand(db, retailer_id, at=at)
    locales = locales_of(retailer)
    house = House(
        retailer_id=retailer.id,
        slug=retailer.slug,
        name=retailer.name,
        locales=locales,
        time_zone=retailer.time_zone,
        wordmark="",
        colours=NEUTRAL.colours,
        display="",
        corners="",
        tone="",
        legal={},
        hidden=frozenset(each for each in locales if rule_of(retailer, each) == LocaleRule.HIDDEN),
        until=find_next_brand(db, retailer_id, at=at),
    )
    return dress(house, kit)


def dress(house: House, kit: BrandKit | Brand) -> House:
    """The same house in a brand, one that is kept or one that is only tried on."""
    has_face = kit.display == Display.FONT and is_key(kit.font_key) and bool(kit.font_scripts)
    display = Display.SANS if kit.display == Display.FONT and not has_face else kit.display
    return replace(
        house,
        wordmark=kit.wordmark,
        colours=derive_colours(kit.colour),
        display=str(display),
        corners=str(kit.corners),
        tone=str(kit.tone),
        legal=kit.legal,
        logo=_logo_of(kit),
        face=Face(_address(kit.font_key, "woff2"), unicode_range(kit.font_scripts)) if has_face else None,
        social=list_social(kit.social),
    )


def _logo_of(kit: BrandKit | Brand) -> Logo | None:
    """The logo in the size in which logos of its shape look equally large; at most 168 pixels wide."""
    if not is_key(kit.logo_key):
        return None
    ratio = max(1, kit.logo_ratio) / 1000
    height = min(max(_LOGO_AREA / ratio, _LOGO_HEIGHTS[0] ** 2) ** 0.5, _LOGO_HEIGHTS[1], _LOGO_WIDTH / ratio)
    dark = _address(kit.logo_dark_key, "webp") if is_key(kit.logo_dark_key) else ""
    return Logo(_address(kit.logo_key, "webp"), dark, max(1, round(height * ratio)), max(1, round(height)))


def _address(key: str, ending: str) -> str:
    return f"/media/{key.rpartition('/')[2]}.{ending}"


def build_frame(
    house: House,
    *,
    locale: str,
    title: str,
    description: str = "",
    style: str = "everyday",
    sheets: tuple[str, ...] = ERRAND_SHEETS,
    ground: Ground | None = None,
    here: str = "",
    languages: tuple[LanguageLink, ...] = (),
    kept: int | None = None,
    is_indexed: bool = False,
) -> tuple[Frame, StyleBlock]:
    """The frame of one page, and the style block its policy has to allow.

    :param title: of the page alone; the retailer's name is added.
    """
    t = translator(locale)
    block = build_style(house.colours, *sheets, ground=ground, face=house.face)
    legal_language = pick_language(house.legal, locale, house.locales)
    light, dark = theme_colours(house.tone)
    frame = Frame(
        locale=locale,
        direction=direction(locale),
        title=t("{page}, {house}").format(page=title, house=house.name),
        description=description,
        retailer=house.name,
        wordmark=house.wordmark,
        home=house.address("/", locale),
        mine=house.address("/my", locale),
        privacy=house.address("/privacy", locale),
        help=house.address("/help", locale),
        css=block.css,
        tone=house.tone,
        display=house.display,
        corners=house.corners,
        style=style,
        theme_light=light,
        theme_dark=dark,
        icon_colour=house.colours.brand.removeprefix("#"),
        script=asset_address("js/shop.js"),
        here=here,
        kept=kept,
        notice=t(
            "A scan counts one look at one item, in one place, at one hour. No name, no cookie, no address is kept."
        ),
        keeping=t(KEEPING_NOTICE),
        legal=house.legal.get(legal_language, ""),
        legal_language=legal_language if legal_language != locale else "",
        legal_direction=direction(legal_language) if legal_language else "",
        languages=languages,
        is_indexed=is_indexed,
        logo=house.logo,
        social=house.social,
    )
    return frame, block


def errand_languages(house: House, locale: str, path: str) -> tuple[LanguageLink, ...]:
    """A page that is no item's, in the house's other languages."""
    others = (each for each in house.locales if each != locale)
    return tuple(LanguageLink(each, language_name(each), house.address(path, each)) for each in others)


def language_links(locales: Sequence[str], locale: str, path: str) -> tuple[LanguageLink, ...]:
    """An item's page in the other languages it is offered in.

    :param path: the page's address without a language; a query may be there already.
    """
    joint = "&" if "?" in path else "?"
    return tuple(
        LanguageLink(each, language_name(each), f"{path}{joint}lang={each}") for each in locales if each != locale
    )


def pick_text(texts: Mapping[str, str] | None, locale: str, fallbacks: tuple[str, ...] = ()) -> str:
    """The text for a language: its own, the bare language's, the first fallback that has one, or any."""
    return (texts or {}).get(pick_language(texts, locale, fallbacks), "")


def pick_language(texts: Mapping[str, str] | None, locale: str, fallbacks: tuple[str, ...] = ()) -> str:
    """The language of the text that `pick_text` gives; empty where there is no text."""
    said = [each for each, text in (texts or {}).items() if text]
    return next((each for each in (locale, locale.split("-")[0], *fallbacks, *said) if each in said), "")

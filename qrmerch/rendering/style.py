"""The one style block of a shopper's page, and the header that allows it and nothing else.

The block holds everything: the parts from `static/css`, minified, and the brand's colours. Its digest goes into
the page's Content-Security-Policy, so the bytes of a kept page need no nonce.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from qrmerch.config import data_folder
from qrmerch.parties.models import Tone
from qrmerch.rendering.brand import BrandColours
from qrmerch.web import content_policy

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r" ?([{};,>]) ?")
_COLOUR = re.compile("#[0-9a-f]{6}")
_FONT = re.compile(r"/media/[0-9a-f]{64}\.woff2")
_LETTERS = re.compile(r"U\+[0-9A-F]+(?:-[0-9A-F]+)?(?:,U\+[0-9A-F]+(?:-[0-9A-F]+)?)*")
_PLACEHOLDER = re.compile(r"data:image/(?:webp|jpeg|png|avif);base64,[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class StyleBlock:
    """CSS for one `<style>` element, exactly as it stands in the page."""

    css: Markup

    @property
    def source(self) -> str:
        """The expression by which a Content-Security-Policy allows this block."""
        digest = hashlib.sha256(self.css.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"


@dataclass(frozen=True, slots=True)
class Face:
    """The font of headings: its address on our own host, and the letters it is fetched for (a `unicode-range`)."""

    src: str
    letters: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies behind the first picture until it has come, and where its subject is."""

    colour: str | None = None
    placeholder: str | None = None
    # Position in the row of pictures -> (x, y) between 0 and 1; only those that are not centred.
    focus: tuple[tuple[int, float, float], ...] = ()
    # Its width by its height; 0 where that is not known.
    ratio: float = 0.0


# A picture that is wider than this is cut at its sides.
_WIDEST = 16 / 9


def build_style(
    colours: BrandColours, *sheets: str, ground: Ground | None = None, face: Face | None = None
) -> StyleBlock:
    """The style of a page in this brand.

    :param sheets: names in `static/css`, without ending, in order.
    :param face: the retailer's own font for headings.
    """
    parts = [*(_sheet(name) for name in sheets), _brand_css(colours), _face_css(face), _ground_css(ground or Ground())]
    return StyleBlock(Markup("".join(parts)))  # noqa: S704


def theme_colours(tone: str) -> tuple[str, str]:
    """The ground by day and in the dark, for the browser's own bars."""
    return Tone(tone).grounds


def page_policy(style: StyleBlock, *, is_preview: bool = False) -> tuple[str, str]:
    """The header that says what a page with this style may load, and who may frame it.

    :param is_preview: shown inside our own studio or desk; nothing in it counts, keeps or claims.
    """
    if not is_preview:
        return "Content-Security-Policy", content_policy(style_src=style.source)
    closed = {"script_src": "'none'", "connect_src": "'none'", "form_action": "'none'"}
    return "Content-Security-Policy", content_policy(style_src=style.source, frame_ancestors="'self'", **closed)


@lru_cache(maxsize=8)
def _sheet(name: str) -> str:
    text = (data_folder("static") / "css" / f"{name}.css").read_text(encoding="utf-8")
    return minify(text)


def minify(css: str) -> str:
    """The same rules in fewer bytes; spaces inside `calc()` and selectors stay."""
    flat = _AROUND.sub(r"\1", _SPACE.sub(" ", _COMMENT.sub("", css)))
    return re.sub(r": ", ":", flat).replace(";}", "}").strip()


def _brand_css(colours: BrandColours) -> str:
    return (
        f":root{{--fill:{colours.fill.css};--on-fill:{colours.on_fill.css};--fill-edge:{colours.edge.css};"
        f"--accent:{colours.accent.css};--focus:{colours.focus.css}}}"
    )


def _face_css(face: Face | None) -> str:
    """Text stands in another font until this one has come, so that nobody waits for it to read."""
    if face is None or not (_FONT.fullmatch(face.src) and _LETTERS.fullmatch(face.letters)):
        return ""
    return (
        f'@font-face{{font-family:House;src:url({face.src}) format("woff2");font-display:swap;'
        f"font-weight:1 1000;unicode-range:{face.letters}}}"
    )


def _ground_css(ground: Ground) -> str:
    rules = []
    if ground.colour and _COLOUR.fullmatch(ground.colour):
        rules.append(f":root{{--pic:{ground.colour}}}")
    if ground.ratio > 0:
        rules.append(f":root{{--ratio:{min(ground.ratio, _WIDEST):.3g}}}")
    if ground.placeholder and _PLACEHOLDER.fullmatch(ground.placeholder):
        rules.append(f"#g1{{background:url({ground.placeholder}) 50%/cover}}")
    rules += [
        f"#g{place} img{{object-position:{x:.0%} {y:.0%}}}"
        for place, x, y in ground.focus
        if 0 <= x <= 1 and 0 <= y <= 1
    ]
    return "".join(rules)

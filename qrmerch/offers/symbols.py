"""A claim's code as a till reads it: a QR symbol for the associate's phone, bars for the till's own scanner.

Both are drawn black on white with their quiet zone inside, as SVG that needs no style and no other file.
"""

import re
from typing import Any, Final

import zxingcpp
from markupsafe import Markup

from qrmerch.codes.artwork import Level, svg
from qrmerch.offers.till_codes import group_code

_QUIET_BARS: Final = 10
_BARS_HIGH: Final = 24
_DARK_RUN: Final = re.compile(rb"\x00+")


def draw_qr(address: str, *, title: str) -> Markup:
    """A QR symbol that opens `address`.

    :param title: what a reader of the screen is told instead.
    """
    return Markup(svg(address, size_mm=40, level=Level.M, title=title))  # noqa: S704 - drawn here, the title is escaped


def draw_bars(code: str, *, title: str) -> Markup:
    """A code as Code 128, one unit a bar's width."""
    drawn: Any = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.Code128)
    image: Any = memoryview(drawn.to_image(scale=1, add_quiet_zones=False))
    row = image.tobytes()[: image.shape[1]]
    wide = len(row) + 2 * _QUIET_BARS
    runs = ((run.start() + _QUIET_BARS, run.end() - run.start()) for run in _DARK_RUN.finditer(row))
    path = "".join(f"M{at} 0h{length}v{_BARS_HIGH}h-{length}z" for at, length in runs)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        'preserveAspectRatio="none" '
        'shape-rendering="crispEdges" role="img"><title>{title}</title>'
        '<path fill="#fff" d="M0 0h{wide}v{high}H0z"/><path d="{path}"/></svg>'
    ).format(wide=wide, high=_BARS_HIGH, title=title, path=path)


def till_address(base: str, code: str) -> str:
    """What the QR symbol says: the till's page, with the code behind a `#`, where no server and no log sees it.

    :param base: scheme and host without a slash at its end.
    """
    return f"{base}/associate/#{group_code(code)}"

"""Programs that read codes: zxing-cpp, which comes with us, and others where they are installed.

In: greys. Out: what they say. OpenCV and zbar look for a code in other ways than zxing-cpp, so that what all of them
read is more likely to be read by a phone nobody here has held.
"""

import importlib
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any, Final

import zxingcpp
from PIL import Image

# What the others are called, and what has to be installed for them.
_OTHERS: Final = {"OpenCV": "cv2", "zbar": "pyzbar.pyzbar"}
_ONLY_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

# PDFium, by which finished pages are read, works for one thread of a process at a time.
pdfium_alone: Final = Lock()

Read = Callable[[Image.Image], list[str]]


def read_all(greys: Image.Image | memoryview, *, is_upright: bool = False) -> list[str]:
    """What every code in a picture says: dark ones on light ground, as phones look for them.

    :param is_upright: they are neither turned nor so large that the picture has to be made smaller first.
    """
    # A reader that also tries the inverse would hide a fault.
    found = zxingcpp.read_barcodes(
        greys, formats=_ONLY_QR, try_rotate=not is_upright, try_downscale=not is_upright, try_invert=False
    )
    return [each.text for each in found]


@cache
def others() -> dict[str, Read]:
    """The further readers that this machine has, by name."""
    found: dict[str, Read] = {}
    for name, module in _OTHERS.items():
        try:
            found[name] = _MAKERS[name](importlib.import_module(module))
        # A reader whose system library is missing breaks in its own way.
        except (ImportError, OSError, AttributeError):
            continue
    return found


def say_absent() -> str:
    """Which readers are not here, in a sentence; empty where one of them is."""
    if others():
        return ""
    names = " nor ".join(_OTHERS)
    return f"Read by zxing-cpp alone: neither {names} is installed on this machine. Install one for a second opinion."


def _opencv(library: Any) -> Read:
    detector, numbers = library.QRCodeDetector(), importlib.import_module("numpy")

    def read(picture: Image.Image) -> list[str]:
        pixels = numbers.asarray(picture.convert("RGB"))
        try:
            said = detector.detectAndDecode(pixels)[0]
        except library.error:
            return []
        return [said] if said else []

    return read


def _zbar(library: Any) -> Read:
    def read(picture: Image.Image) -> list[str]:
        found = library.decode(picture, symbols=[library.ZBarSymbol.QRCODE])
        return [each.data.decode("utf-8", "replace") for each in found]

    return read


_MAKERS: Final[dict[str, Callable[[Any], Read]]] = {"OpenCV": _opencv, "zbar": _zbar}

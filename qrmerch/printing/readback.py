"""Every code of a finished file, read back from its drawn pages at the place where its label lies.

In: a PDF, how it was laid out, and the addresses in their order. Out: nothing, or a refusal that names the label.
Never: a file of which a single code says something else, says nothing, or stands on another label.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import zxingcpp
from PIL import Image

from qrmerch.codes.artwork import MM_PER_INCH
from qrmerch.errors import DomainError
from qrmerch.printing.reading import Pages
from qrmerch.printing.sheets import Run

READ_DPI = 300
# One sheet of A3 has 17 million dots; a larger page is read in parts.
_MAX_PAGE_PIXELS = 24_000_000
_ONLY_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


class CodeNotReadBack(DomainError):
    """A code on a finished page does not say what it should; the file is not handed out."""

    status = 422
    slug = "code_not_read_back"


def read_pages(
    pages: Pages, run: Run, addresses: Iterable[str], *, first_page: int = 0, dpi: int = READ_DPI
) -> Iterator[int]:
    """Read page after page; how many labels were read so far, after each.

    :param addresses: of the labels from the first one on `first_page` on.
    :raises CodeNotReadBack: one is not what it should be, or the pages do not match the labels.
    """
    left, read, number = iter(addresses), 0, first_page
    while True:
        first = run.start - 1 if number == 0 else 0
        wanted = list(islice(left, run.stock.per_sheet - first))
        if not wanted:
            break
        if number >= pages.count:
            raise CodeNotReadBack("The file has fewer pages than its labels need. Make it anew.")
        _read_page(pages, run, wanted, first, number, dpi)
        number, read = number + 1, read + len(wanted)
        yield read
    if number != pages.count:
        raise CodeNotReadBack("The file has more pages than its labels need. Make it anew.")


def read_label(picture: Image.Image) -> list[str]:
    """What the codes on a label say, read as a phone reads them: dark on light."""
    found = zxingcpp.read_barcodes(picture, formats=_ONLY_QR, try_rotate=False, try_downscale=False, try_invert=False)
    return [each.text for each in found]


def _read_page(pages: Pages, run: Run, wanted: list[str], first: int, number: int, dpi: int) -> None:
    width, height = (side * dpi / MM_PER_INCH for side in run.page_mm)
    # A page as large as a door is drawn label by label, so that it takes no more memory than others.
    page = pages.render(number, dpi) if width * height <= _MAX_PAGE_PIXELS else None
    for place, address in enumerate(wanted, start=first):
        box = run.box_on_page(place)
        if page is None:
            picture = pages.render(number, dpi, box_mm=box)
        else:
            picture = page.crop(tuple(round(edge * dpi / MM_PER_INCH) for edge in box))  # type: ignore[arg-type]
        said = read_label(picture)
        if said != [address]:
            where = f"Page {number + 1}, label {place + 1}"
            if not said:
                raise CodeNotReadBack(f"{where}: no code can be read. Choose a larger stock, or print in black.")
            raise CodeNotReadBack(f"{where} says {', '.join(said)} instead of {address}. Make the sheet anew.")

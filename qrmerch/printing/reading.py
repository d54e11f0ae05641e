"""Finished pages as a printer or a phone sees them: a PDF's page as grey dots."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2
from PIL import Image

from qrmerch.codes.artwork import MM_PER_INCH
from qrmerch.codes.readers import pdfium_alone as _alone

_POINTS_PER_INCH = 72


class PageUnreadable(ValueError):
    """A file that is no PDF, or has no such page."""


class Pages:
    """A PDF whose pages can be drawn; see `open_pages`."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document

    @property
    def count(self) -> int:
        with _alone:
            return len(self._document)

    def render(
        self,
        page: int,
        dpi: float,
        *,
        has_colour: bool = False,
        box_mm: tuple[float, float, float, float] | None = None,
    ) -> Image.Image:
        """A page, from 0, in shades of grey, or in its colours.

        :param box_mm: a part of it: left, top, right and bottom from its upper left corner, mm; all of it unless given.
        :raises PageUnreadable: there is none of that number.
        """
        with _alone:
            if not 0 <= page < len(self._document):
                raise PageUnreadable(f"This file has {len(self._document)} pages.")
            opened = self._document[page]
            try:
                crop = _crop_of(opened.get_size(), box_mm) if box_mm else (0, 0, 0, 0)
                drawn = opened.render(scale=dpi / _POINTS_PER_INCH, grayscale=not has_colour, crop=crop)
                # A copy: what PDFium drew goes with its page.
                copied: Image.Image = drawn.to_pil().copy()
                return copied
            finally:
                opened.close()


def _crop_of(size: tuple[float, float], box_mm: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """What PDFium leaves away at the left, bottom, right and top, points; what lies off the page is not drawn."""
    left, top, right, bottom = (each / MM_PER_INCH * _POINTS_PER_INCH for each in box_mm)
    width, height = size
    return max(left, 0), max(height - bottom, 0), max(width - right, 0), max(top, 0)


@contextmanager
def open_pages(pdf: Path | bytes) -> Iterator[Pages]:
    """The pages of a PDF, one drawn at a time.

    :raises PageUnreadable: it is none.
    """
    with _alone:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise PageUnreadable(f"This is no PDF that can be read: {error}") from None
    try:
        yield Pages(document)
    finally:
        with _alone:
            document.close()


def render_page(
    pdf: Path | bytes,
    page: int,
    dpi: float,
    *,
    has_colour: bool = False,
    box_mm: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """One page of a PDF in shades of grey, or in its colours.

    :param page: from 0.
    :param box_mm: a part of it, as `Pages.render` takes it.
    :raises PageUnreadable: it is no PDF, or has no such page.
    """
    with open_pages(pdf) as pages:
        return pages.render(page, dpi, has_colour=has_colour, box_mm=box_mm)

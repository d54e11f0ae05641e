"""Finished pages as a printer or a phone sees them: a PDF's page as grey dots."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pypdfium2
from PIL import Image

_POINTS_PER_INCH = 72
# PDFium works for one thread of a process at a time.
_alone = Lock()


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

    def render(self, page: int, dpi: float, *, has_colour: bool = False) -> Image.Image:
        """A page, from 0, in shades of grey, or in its colours.

        :raises PageUnreadable: there is none of that number.
        """
        with _alone:
            if not 0 <= page < len(self._document):
                raise PageUnreadable(f"This file has {len(self._document)} pages.")
            opened = self._document[page]
            try:
                drawn = opened.render(scale=dpi / _POINTS_PER_INCH, grayscale=not has_colour)
                # A copy: what PDFium drew goes with its page.
                copied: Image.Image = drawn.to_pil().copy()
                return copied
            finally:
                opened.close()


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


def render_page(pdf: Path | bytes, page: int, dpi: float, *, has_colour: bool = False) -> Image.Image:
    """One page of a PDF in shades of grey, or in its colours.

    :param page: from 0.
    :raises PageUnreadable: it is no PDF, or has no such page.
    """
    with open_pages(pdf) as pages:
        return pages.render(page, dpi, has_colour=has_colour)

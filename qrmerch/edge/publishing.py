"""Published pages as files: each page once, in three encodings, and for each printed code a link to it by language.

    pages/<digest>/page, page.gz, page.br
    codes/<retailer>/<token>/<language> -> ../../../pages/<digest>

A link is replaced in one step, so that whoever asks meanwhile gets the old page or the new one, never half of one.
"""

import gzip
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import brotli

from qrmerch.rendering.kept import BR_QUALITY, RenderedPage

_POLICY: Final = "Content-Security-Policy"
_CHARSET: Final = b'<meta charset="utf-8">'
_MTIME_DIGITS: Final = 7


class Spot(NamedTuple):
    """Where one page is asked for: a printed code in one language."""

    retailer_id: str
    token: str
    locale: str


class Shelf:
    """The published files in one folder. One process at a time writes here."""

    def __init__(self, folder: Path) -> None:
        """:param folder: is made where it is not there."""
        self._pages, self._codes = folder / "pages", folder / "codes"
        for each in (self._pages, self._codes):
            each.mkdir(parents=True, exist_ok=True)

    def put(self, page: RenderedPage) -> str:
        """Put a page there, if it is not; the digest that it is known by."""
        html = _with_policy(page)
        digest = hashlib.blake2b(html, digest_size=12).hexdigest()
        final = self._pages / digest
        if not final.is_dir():
            fresh = self._beside(digest)
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                _write(fresh, html, mtime_s=int(digest[:_MTIME_DIGITS], 16))
                fresh.rename(final)
            except BaseException:
                # Or what a full disk still took of each page would keep it full.
                shutil.rmtree(fresh, ignore_errors=True)
                raise
        return digest

    def link(self, spot: Spot, digest: str) -> None:
        """Answer a code in a language with a page from now on."""
        link = self._codes.joinpath(*spot)
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f".{spot.locale}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("../../../pages") / digest)
        fresh.replace(link)

    def unlink(self, spot: Spot) -> None:
        """Answer a code in a language no more; whoever asks is sent on to what stands behind."""
        link = self._codes.joinpath(*spot)
        link.unlink(missing_ok=True)
        if link.parent.is_dir() and not any(link.parent.iterdir()):
            link.parent.rmdir()

    def house(self, retailer_id: str) -> None:
        """Make a retailer's folder, without which a server would write no log."""
        (self._codes / retailer_id).mkdir(exist_ok=True)

    def spots(self) -> dict[Spot, str]:
        """What is linked, and to which digest."""
        found = {}
        for link in self._codes.glob("*/*/*"):
            if link.is_symlink():
                spot = Spot(*link.relative_to(self._codes).parts)
                if link.name.startswith("."):
                    link.unlink()
                else:
                    found[spot] = link.readlink().name
        return found

    def digests(self) -> set[str]:
        """The pages that are there."""
        return {path.name for path in self._pages.iterdir()}

    def remove(self, digests: Iterable[str]) -> None:
        """Remove pages that nothing links to."""
        for digest in digests:
            # Under another name first: whoever is killed meanwhile leaves no half of a page where a whole one would be.
            gone = self._beside(digest)
            with suppress(OSError):
                (self._pages / digest).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _beside(self, digest: str) -> Path:
        return self._pages / f"{digest.partition('.')[0]}.{os.getpid()}"


def _write(folder: Path, html: bytes, *, mtime_s: int) -> None:
    folder.mkdir()
    packed = {
        "": html,
        ".gz": gzip.compress(html, 9, mtime=0),
        ".br": brotli.compress(html, quality=BR_QUALITY),
    }
    for ending, data in packed.items():
        file = folder / f"page{ending}"
        file.write_bytes(data)
        # A server makes its ETag of this and the length: two pages of one second must not share it.
        os.utime(file, (0, mtime_s))


def _with_policy(page: RenderedPage) -> bytes:
    """The page with its policy inside: it names the page's own style, which no header of a plain server can.

    Who may frame the page cannot be said there, and stays a header.
    """
    policy = next(value for name, value in page.headers if name == _POLICY)
    inside = re.sub(r"; frame-ancestors [^;]*", "", policy)
    meta = f'<meta http-equiv="{_POLICY}" content="{inside}">'
    return page.html.replace(_CHARSET, _CHARSET + meta.encode(), 1)

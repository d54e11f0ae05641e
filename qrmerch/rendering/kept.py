"""Rendered pages, kept in memory ready to send and on local disk for the next start.

In: a rendered page for (item, store, language, form). Out: headers and bytes for one accepted encoding.
Never: a database call while a phone waits for a page that is kept.
"""

import dataclasses
import gzip
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import brotli
import orjson

from qrmerch.files import replace_file

Headers = list[tuple[str, str]]
PLAIN, GZIP, BR = 0, 1, 2
CODINGS: Final = ("identity", "gzip", "br")
# How long the page changes may go unread before the database counts as away, seconds.
STALE_AFTER_S: Final = 5.0
# 11 is 13 % smaller and takes ten times as long: too long while a phone waits for a page not kept.
BR_QUALITY: Final = 5
_OVERHEAD_BYTES: Final = 4096
_ABANDONED_AFTER_S: Final = 60


# In the place of a store: the shopper said that they are in none, and is not asked again.
NOWHERE: Final = "none"
# Forms of a page: of something retired, of a store instead of an item, of an item with a variant chosen.
RETIRED: Final = "retired"
STORE: Final = "store"
PICKED: Final = "picked "


def picked(variant_key: str) -> str:
    """The form of an item's page with a variant chosen; without one, the usual form."""
    return PICKED + variant_key if variant_key else ""


def pick_of(form: str) -> str:
    """The key of the variant that a form of a page chooses; empty for none."""
    return form.removeprefix(PICKED) if form.startswith(PICKED) else ""


class PageKey(NamedTuple):
    """What distinguishes two pages.

    `store_id` is empty for no store, `NOWHERE` for none on the shopper's own word; `form` is empty, `RETIRED`,
    `picked(…)` or `STORE`: then `item_id` is the store's.
    """

    item_id: str
    store_id: str
    locale: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as the renderer gives it: the same bytes for everybody, until the next edge it knows of.

    `headers` are the page's own, such as its Content-Security-Policy.
    """

    html: bytes
    headers: tuple[tuple[str, str], ...]
    until: datetime
    item_id: str
    # Items that stand on it as cards: when one of them changes, so does the page. A retailer's id stands for all its
    # items.
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One page in one encoding; `body` is what a WSGI application returns, and nobody changes.

    A list, and no tuple: of a list granian makes one answer, anything else it goes through piece by piece.
    """

    headers: Headers
    etag: str
    body: list[bytes]


@dataclass(frozen=True, slots=True)
class KeptPage:
    """One page, good for every phone until `until_s`; its rendering began at `rendered_s` (seconds since 1970)."""

    key: PageKey
    rendered_s: float
    until_s: float
    headers: tuple[tuple[str, str], ...]
    variants: tuple[Variant, Variant, Variant]
    others: tuple[str, ...] = ()

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items whose changes are its own."""
        return self.key.item_id, *self.others

    @property
    def size(self) -> int:
        """What it takes in memory, bytes, roughly."""
        return sum(len(variant.body[0]) for variant in self.variants) + _OVERHEAD_BYTES


class Pages:
    """Kept pages, bounded in bytes; the one kept longest goes first."""

    def __init__(self, folder: Path, *, max_bytes: int, build: str, common: Sequence[tuple[str, str]] = ()) -> None:
        """:param build: changes whenever templates or styles do; a page of another build is only a stopgap.
        :param common: headers that every page carries and no disk copy holds.
        """
        self.read_s = 0.0
        self.epoch = 0
        self._kept: dict[PageKey, KeptPage] = {}
        self._folder, self._max_bytes, self._bytes = folder, max_bytes, 0
        self._build, self._common = build, tuple(common)
        self._changed: dict[str, int] = {}
        self._all_changed = 0
        self._changing = Lock()
        self._load()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """What all of them take in memory, bytes, roughly."""
        return self._bytes

    @property
    def oldest_s(self) -> float:
        """When the page kept longest was rendered; now, if there is none."""
        return min([page.rendered_s for page in self._kept.values()], default=time.time())

    def find(self, key: PageKey, at_s: float) -> KeptPage | None:
        """The page to send now. Its end is not heeded while the database is away: an old page beats none."""
        page = self._kept.get(key)
        if page is None or (at_s >= page.until_s and not self.is_stale(at_s)):
            return None
        return page

    def find_old(self, key: PageKey) -> KeptPage | None:
        """The best page there is when none can be rendered: this one however old, else the item's in another
        language or store.
        """
        page = self._kept.get(key)
        if page is not None:
            return page
        same = [
            page for page in list(self._kept.values()) if page.key.item_id == key.item_id and page.key.form == key.form
        ]
        same.sort(key=lambda page: (page.key.store_id == key.store_id, page.key.locale == key.locale))
        return same[-1] if same else None

    def is_stale(self, at_s: float) -> bool:
        """Whether changes have gone unread for so long that kept pages may be out of date."""
        return at_s - self.read_s > STALE_AFTER_S

    def make(self, key: PageKey, rendered: RenderedPage, *, at_s: float) -> KeptPage:
        """A page ready to send, kept or not.

        :param at_s: when its rendering began, seconds since 1970.
        """
        html = rendered.html
        bodies = (html, gzip.compress(html, 9, mtime=0), brotli.compress(html, quality=BR_QUALITY))
        return self._page(
            key,
            bodies,
            rendered_s=at_s,
            until_s=rendered.until.timestamp(),
            headers=rendered.headers,
            others=rendered.others,
        )

    def keep(self, page: KeptPage, *, as_of: int) -> bool:
        """Keep a page here and on disk, unless something on it has changed while it was being rendered.

        :param as_of: `epoch` as it was before the first read for this rendering.
        """
        with self._changing:
            if as_of < max(self._all_changed, *(self._changed.get(each, 0) for each in page.item_ids)):
                return False
            self._add(page)
        # A full disk costs the next start a rendering, and this phone nothing.
        try:
            self._write(page)
        except OSError:
            _delete(self._path(page.key))
        return True

    def drop(self, should_drop: Callable[[KeptPage], bool], *, item_ids: Iterable[str] | None) -> None:
        """Forget the pages for which `should_drop`, here and on disk, and refuse those being rendered now.

        :param item_ids: the items that have changed; None for any.
        """
        with self._changing:
            self.epoch += 1
            if item_ids is None:
                self._all_changed = self.epoch
            else:
                self._changed.update(dict.fromkeys(item_ids, self.epoch))
            for key in [key for key, page in self._kept.items() if should_drop(page)]:
                self._forget(key)

    def expire(self, *, before_s: float) -> None:
        """Let no page rendered before then stand once the database answers: changes may have been missed."""
        with self._changing:
            self.epoch += 1
            self._all_changed = self.epoch
            for key, page in list(self._kept.items()):
                if page.rendered_s < before_s:
                    self._kept[key] = dataclasses.replace(page, until_s=0.0)

    def _add(self, page: KeptPage) -> None:
        old = self._kept.pop(page.key, None)
        self._bytes += page.size - (old.size if old else 0)
        self._kept[page.key] = page
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: PageKey) -> None:
        self._bytes -= self._kept.pop(key).size
        _delete(self._path(key))

    def _page(
        self,
        key: PageKey,
        bodies: Sequence[bytes],
        *,
        rendered_s: float,
        until_s: float,
        headers: Iterable[Sequence[str]],
        others: Iterable[str],
    ) -> KeptPage:
        own = tuple((name, value) for name, value in headers)
        # The key is part of it: two languages may render the same bytes and still be two pages.
        digest = hashlib.blake2b("\0".join(key).encode() + bodies[PLAIN], digest_size=8).hexdigest()
        plain, gzipped, br = (
            _variant(body, coding, digest, (*self._common, *own)) for body, coding in zip(bodies, CODINGS, strict=True)
        )
        return KeptPage(key, rendered_s, until_s, own, (plain, gzipped, br), tuple(others))

    # --- on disk ---------------------------------------------------------------------------------

    def _write(self, page: KeptPage) -> None:
        bodies = [variant.body[0] for variant in page.variants]
        about = {
            "key": list(page.key),
            "rendered": page.rendered_s,
            "until": page.until_s,
            "build": self._build,
            "headers": page.headers,
            "others": page.others,
            "lengths": [len(body) for body in bodies],
        }
        replace_file(self._path(page.key), b"\n".join((orjson.dumps(about), b"".join(bodies))))

    def _load(self) -> None:
        """Take in the disk's pages, compressed already: a restart must not compress thousands of pages."""
        found = []
        for path in self._folder.glob("*.page"):
            try:
                found.append(self._read(path))
            except (OSError, ValueError, KeyError, TypeError):
                _delete(path)
        for page in sorted(found, key=lambda page: page.rendered_s):
            self._add(page)
        for path in self._folder.glob("*.[0-9]*-[0-9]*"):
            # Another worker may have finished it meanwhile.
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()

    def _read(self, path: Path) -> KeptPage:
        head, _, data = path.read_bytes().partition(b"\n")
        about: dict[str, Any] = orjson.loads(head)
        plain, gzipped, br = about["lengths"]
        if len(data) != plain + gzipped + br:
            raise ValueError("torn")
        until_s = float(about["until"]) if about["build"] == self._build else 0.0
        bodies = data[:plain], data[plain : plain + gzipped], data[plain + gzipped :]
        key = PageKey(*about["key"])
        return self._page(
            key,
            bodies,
            rendered_s=float(about["rendered"]),
            until_s=until_s,
            headers=about["headers"],
            others=about["others"],
        )

    def _path(self, key: PageKey) -> Path:
        name = hashlib.blake2b("\0".join(key).encode(), digest_size=12).hexdigest()
        return self._folder / f"{name}.page"


def _delete(path: Path) -> None:
    """Delete a page's copy. A disk that refuses even that must not keep a page in memory that has changed: at the next
    start the changes since it was rendered are read before it is served.
    """
    with suppress(OSError):
        path.unlink()


def choose_coding(accept: str) -> int:
    """The index of the smallest variant that an Accept-Encoding value allows."""
    offered = {}
    for part in accept.lower().split(",")[:20]:
        name, _, rest = part.partition(";")
        try:
            offered[name.strip()] = float(rest.strip()[2:]) if rest.strip().startswith("q=") else 1.0
        except ValueError:
            offered[name.strip()] = 0.0
    for index in (BR, GZIP):
        if offered.get(CODINGS[index], offered.get("*", 0.0)) > 0:
            return index
    return PLAIN


def is_same(etag: str, if_none_match: str) -> bool:
    """Whether a phone that sends this If-None-Match has the page with this ETag already."""
    if if_none_match == etag:
        return True
    return etag in [part.strip().removeprefix("W/") for part in if_none_match[:1000].split(",")]


def _variant(body: bytes, coding: str, digest: str, more: Iterable[tuple[str, str]]) -> Variant:
    etag = f'"{digest}-{coding}"'
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept-Encoding, Accept-Language"),
        ("ETag", etag),
        *more,
    ]
    if coding != "identity":
        headers.append(("Content-Encoding", coding))
    return Variant(headers, etag, [body])

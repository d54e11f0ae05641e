"""Rendered pages, kept in memory ready to send and on local disk for the next start.

In: a rendered page for (item, store, language, form). Out: headers and bytes for one accepted encoding; which page
phones are likely to wait for next.
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
from threading import Event, Lock
from typing import Any, Final, NamedTuple

import brotli
import orjson

from qrmerch.files import replace_file

Headers = list[tuple[str, str]]
PLAIN, GZIP, BR = 0, 1, 2
CODINGS: Final = ("identity", "gzip", "br")
# How long the page changes may go unread before the database counts as away, seconds.
STALE_AFTER_S: Final = 5.0
# 11 is 13 % smaller and takes ten times as long: too long while a phone waits for a page not kept; done later.
BR_QUALITY: Final = 5
_BEST_BR_QUALITY: Final = 11
_OVERHEAD_BYTES: Final = 4096
_ABANDONED_AFTER_S: Final = 60
# How long before it ends a page is rendered as it will be from then on.
AHEAD_S: Final = 900.0
# What pages for later may take of the memory, and how many dropped ones are remembered, the most asked for.
_SHARE_FOR_LATER: Final = 0.25
_MOST_DROPPED: Final = 500
# How long a page whose rendering fails is let alone: at first, and at the most.
_ASIDE_S: Final = 60.0
_LONGEST_ASIDE_S: Final = 3600.0
# "Lately": each time so long has passed, half of the askings are forgotten.
_FADES_S: Final = 6 * 3600.0
_MOST_ASKED: Final = 20_000


# In the place of a store: the shopper said that they are in none, and is not asked again.
NOWHERE: Final = "none"
# Forms of a page: of something retired, of a store, a look or an event instead of an item, of an item with a variant
# chosen.
RETIRED: Final = "retired"
STORE: Final = "store"
LOOK: Final = "look"
OCCASION: Final = "occasion"
RETIRED_LOOK: Final = "retired look"
RETIRED_OCCASION: Final = "retired occasion"
PICKED: Final = "picked "
# Those that are no item's page.
OTHERS: Final = frozenset((STORE, LOOK, OCCASION, RETIRED_LOOK, RETIRED_OCCASION))


def picked(variant_key: str) -> str:
    """The form of an item's page with a variant chosen; without one, the usual form."""
    return PICKED + variant_key if variant_key else ""


def pick_of(form: str) -> str:
    """The key of the variant that a form of a page chooses; empty for none."""
    return form.removeprefix(PICKED) if form.startswith(PICKED) else ""


class PageKey(NamedTuple):
    """What distinguishes two pages.

    `store_id` is empty for no store, `NOWHERE` for none on the shopper's own word; `form` is empty, `RETIRED`,
    `picked(…)` or one of `OTHERS`: then `item_id` is the store's, the look's or the occasion's.
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
    """One page, good for every phone from `from_s` until `until_s`; its rendering began at `rendered_s` (seconds since
    1970), long before `from_s` where it was rendered ahead.
    """

    key: PageKey
    rendered_s: float
    from_s: float
    until_s: float
    headers: tuple[tuple[str, str], ...]
    variants: tuple[Variant, Variant, Variant]
    others: tuple[str, ...] = ()
    # Whether it was compressed a second time, as small as it gets.
    is_tight: bool = False
    # What it takes in memory, bytes, roughly; reckoned once, for all pages are looked through for it.
    size: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        size = sum(len(variant.body[0]) for variant in self.variants) + _OVERHEAD_BYTES
        object.__setattr__(self, "size", size)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items whose changes are its own."""
        return self.key.item_id, *self.others


class Wanted(NamedTuple):
    """A page that phones are likely to ask for and that is not there; `from_s` is 0 where it is needed now."""

    key: PageKey
    from_s: float = 0.0


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
        # Pages rendered ahead: each takes the place of the one that ends when it begins.
        self._later: dict[PageKey, KeptPage] = {}
        self._later_bytes = 0
        # Pages whose rendering fails: until when none is tried while nobody waits, and how long that pause is.
        self._aside: dict[PageKey, tuple[float, float]] = {}
        self._asked: dict[PageKey, int] = {}
        self._faded_s = 0.0
        # Pages that were asked for and have changed; the event says that there are new ones.
        self._dropped: dict[PageKey, None] = {}
        self.has_dropped = Event()
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
        if page is None or not page.from_s <= at_s < page.until_s:
            later = self._later.get(key)
            if later is not None and later.from_s <= at_s < later.until_s:
                page = later
            elif page is None or not self.is_stale(at_s):
                return None
        # Two threads at once may count one; nothing depends on it.
        self._asked[key] = self._asked.get(key, 0) + 1
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

    def make(self, key: PageKey, rendered: RenderedPage, *, at_s: float, from_s: float = 0.0) -> KeptPage:
        """A page ready to send, kept or not.

        :param at_s: when its rendering began, seconds since 1970.
        :param from_s: the instant that it shows, where that was still to come.
        """
        html = rendered.html
        bodies = (html, gzip.compress(html, 9, mtime=0), brotli.compress(html, quality=BR_QUALITY))
        return self._page(
            key,
            bodies,
            rendered_s=at_s,
            from_s=from_s or at_s,
            until_s=rendered.until.timestamp(),
            headers=rendered.headers,
            others=rendered.others,
        )

    def keep(self, page: KeptPage, *, as_of: int, is_asked: bool = True) -> bool:
        """Keep a page here and on disk, unless something on it has changed while it was being rendered.

        One that was rendered ahead is kept for later, in memory alone.

        :param as_of: `epoch` as it was before the first read for this rendering.
        :param is_asked: whether a phone waits for it.
        """
        with self._changing:
            if as_of < max(self._all_changed, *(self._changed.get(each, 0) for each in page.item_ids)):
                return False
            if page.from_s > page.rendered_s:
                self._add_later(page)
                return True
            self._add(page)
            if is_asked:
                self._asked[page.key] = self._asked.get(page.key, 0) + 1
        self._write_or_delete(page)
        return True

    def find_wanted(self, at_s: float) -> Wanted | None:
        """What to render while nobody waits for it: of pages that were asked for lately those that changed or have
        ended, the most asked for first; then those that end soon, the earliest first. None that is set aside.
        """
        self._fade(at_s)
        asked, aside = self._asked, {key for key, (until_s, _) in list(self._aside.items()) if at_s < until_s}
        soon_s = at_s + AHEAD_S
        kept = [page for page in list(self._kept.values()) if page.until_s <= soon_s and page.key in asked]
        missing = [page.key for page in kept if page.until_s <= at_s]
        missing += list(self._dropped)
        if missing := [key for key in missing if key not in aside]:
            return Wanted(max(missing, key=lambda key: asked.get(key, 0)))
        free = self._max_bytes * _SHARE_FOR_LATER - self._later_bytes
        kept = [page for page in kept if page.until_s > at_s and page.key not in aside]
        ending = [page for page in kept if page.size <= free and self._begins_s(page.key) != page.until_s]
        first = min(ending, key=lambda page: page.until_s, default=None)
        return Wanted(first.key, first.until_s) if first else None

    def give_up(self, key: PageKey) -> None:
        """Render this one no more until a phone asks for it: it cannot be."""
        with self._changing:
            self._asked.pop(key, None)
            self._dropped.pop(key, None)

    def set_aside(self, key: PageKey, at_s: float) -> bool:
        """Try this one no more for a while, longer after each failure in a row: something is wrong with it that may be
        put right. Others go first meanwhile, and a phone that asks for it has it rendered all the same.

        :return: whether it is the first failure since it was last rendered.
        """
        with self._changing:
            _, pause_s = self._aside.get(key, (0.0, 0.0))
            longer_s = min(pause_s * 2, _LONGEST_ASIDE_S) if pause_s else _ASIDE_S
            self._aside[key] = (at_s + longer_s, longer_s)
            return not pause_s

    @property
    def aside(self) -> int:
        """How many pages could not be rendered when nobody waited for them."""
        return len(self._aside)

    def turn(self, at_s: float) -> None:
        """Let pages that were rendered ahead take their place, here and on disk, when they have begun."""
        begun = [page for page in list(self._later.values()) if page.from_s <= at_s]
        for page in begun:
            with self._changing:
                if self._later.get(page.key) is not page:
                    continue
                self._remove_later(page.key)
                if at_s < page.until_s:
                    self._add(page)
            if at_s < page.until_s:
                self._write_or_delete(page)

    def tighten(self, *, before_s: float) -> bool:
        """Compress one page that was rendered before then and still stands as small as it gets; whether there was one.

        It takes the place of the page as it was, here and on disk, good for as long and under the same ETag: what a
        phone unpacks is the same.
        """
        at_s = time.time()
        waiting = (page for page in list(self._kept.values()) if not page.is_tight and page.until_s > at_s)
        page = next((page for page in waiting if page.rendered_s < before_s), None)
        if page is None:
            return False
        plain, gzipped, br = page.variants
        body = brotli.compress(plain.body[0], quality=_BEST_BR_QUALITY)
        smaller = _with_body(br, min(body, br.body[0], key=len))
        tight = dataclasses.replace(page, variants=(plain, gzipped, smaller), is_tight=True)
        with self._changing:
            if self._kept.get(page.key) is not page:
                return True
            self._kept[page.key] = tight
            self._bytes += tight.size - page.size
        self._write_or_delete(tight)
        return True

    def drop(self, should_drop: Callable[[KeptPage], bool], *, item_ids: Iterable[str] | None) -> None:
        """Forget the pages for which `should_drop`, here and on disk, and refuse those being rendered now.

        :param item_ids: the items that have changed; None for any.
        """
        with self._changing:
            self.epoch += 1
            changed = None if item_ids is None else frozenset(item_ids)
            if changed is None:
                self._all_changed = self.epoch
            else:
                self._changed.update(dict.fromkeys(changed, self.epoch))
            gone = [key for key, page in self._kept.items() if should_drop(page)]
            for key in gone:
                self._forget(key)
            for key in [key for key, page in self._later.items() if should_drop(page)]:
                self._remove_later(key)
            self._remember(key for key in gone if key in self._asked)
            for key, (_, pause_s) in self._aside.items():
                if changed is None or key.item_id in changed:
                    # What was wrong with it may be right now.
                    self._aside[key] = (0.0, pause_s)

    def expire(self, *, before_s: float) -> None:
        """Let no page rendered before then stand once the database answers: changes may have been missed."""
        with self._changing:
            self.epoch += 1
            self._all_changed = self.epoch
            for key, page in list(self._kept.items()):
                if page.rendered_s < before_s:
                    self._kept[key] = dataclasses.replace(page, until_s=0.0)
            for key in [key for key, page in self._later.items() if page.rendered_s < before_s]:
                self._remove_later(key)

    def _remember(self, keys: Iterable[PageKey]) -> None:
        """Pages that were dropped and shall be there again before they are asked for."""
        self._dropped |= dict.fromkeys(keys)
        if len(self._dropped) > _MOST_DROPPED:
            most = sorted(self._dropped, key=lambda key: self._asked.get(key, 0), reverse=True)
            self._dropped = dict.fromkeys(most[:_MOST_DROPPED])
        if self._dropped:
            self.has_dropped.set()

    def _fade(self, at_s: float) -> None:
        if not self._faded_s or at_s < self._faded_s:
            self._faded_s = at_s
        if at_s - self._faded_s >= _FADES_S or len(self._asked) > _MOST_ASKED:
            self._faded_s = at_s
            self._asked = {key: count >> 1 for key, count in list(self._asked.items()) if count > 1}
            self._aside = {key: pause for key, pause in list(self._aside.items()) if key in self._asked}

    def _begins_s(self, key: PageKey) -> float:
        later = self._later.get(key)
        return later.from_s if later else 0.0

    def _add_later(self, page: KeptPage) -> None:
        if page.key in self._later:
            self._remove_later(page.key)
        self._later[page.key] = page
        self._aside.pop(page.key, None)
        self._bytes += page.size
        self._later_bytes += page.size
        self._make_room()

    def _remove_later(self, key: PageKey) -> None:
        size = self._later.pop(key).size
        self._bytes -= size
        self._later_bytes -= size

    def _add(self, page: KeptPage) -> None:
        self._dropped.pop(page.key, None)
        self._aside.pop(page.key, None)
        old = self._kept.pop(page.key, None)
        self._bytes += page.size - (old.size if old else 0)
        self._kept[page.key] = page
        self._make_room()

    def _make_room(self) -> None:
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
        from_s: float,
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
        return KeptPage(key, rendered_s, from_s, until_s, own, (plain, gzipped, br), tuple(others))

    # --- on disk ---------------------------------------------------------------------------------

    def _write_or_delete(self, page: KeptPage) -> None:
        # A full disk costs the next start a rendering, and this phone nothing.
        try:
            self._write(page)
        except OSError:
            _delete(self._path(page.key))

    def _write(self, page: KeptPage) -> None:
        bodies = [variant.body[0] for variant in page.variants]
        about = {
            "key": list(page.key),
            "rendered": page.rendered_s,
            "until": page.until_s,
            "from": page.from_s,
            "build": self._build,
            "headers": page.headers,
            "others": page.others,
            "tight": page.is_tight,
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
        page = self._page(
            key,
            bodies,
            rendered_s=float(about["rendered"]),
            from_s=float(about["from"]),
            until_s=until_s,
            headers=about["headers"],
            others=about["others"],
        )
        return dataclasses.replace(page, is_tight=bool(about.get("tight")))

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


def _with_body(variant: Variant, body: bytes) -> Variant:
    headers = [(name, str(len(body)) if name == "Content-Length" else value) for name, value in variant.headers]
    return Variant(headers, variant.etag, [body])


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

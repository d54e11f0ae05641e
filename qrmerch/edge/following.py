"""Publishing and keeping up: every page of a printed code as a file, anew with each change and each edge in time.

In: the codes, hosts and page changes of one database. Out: the files of `publishing.Shelf`, the configuration of
`nginx`, and `published.json`, which says as of when that is. Only hosts that one house has proven are published: on
a shared one the house, and with it the language, is not known before the code is.
Never: a page that a change seen by then is not in.
"""

import logging
import shlex
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import AWAY, Database
from qrmerch.edge.nginx import Around, House, house_file, write_configuration
from qrmerch.edge.publishing import Shelf, Spot
from qrmerch.errors import DomainError
from qrmerch.files import replace_file
from qrmerch.landing.printed import PrintedCode, PrintedCodes
from qrmerch.parties.models import PageChange, Retailer, RetailerHost
from qrmerch.rendering.changes import EVERY_S, READ_BACK, ROWS_KEPT_FOR, Change
from qrmerch.rendering.kept import PageKey
from qrmerch.rendering.keys import render_key
from qrmerch.scans.log import node_of
from qrmerch.web import safety_headers

STATE: Final = "published.json"
# Pages rendered between two looks at the changes.
_AT_ONCE: Final = 40
# A page that could not be rendered is tried again then; whoever asks meanwhile is answered from behind.
_TRY_AGAIN: Final = timedelta(minutes=1)
# How long a page that nothing links to is left, for a server that is about to open it.
_LEFT_FOR_S: Final = 30.0
_RELOAD_WAIT_S: Final = 60.0
log = logging.getLogger("qrmerch.edge")


@dataclass(frozen=True, slots=True)
class Standing:
    """A page as it was published: its files, when it ends by itself, whose changes are its own."""

    # Empty where it could not be rendered.
    digest: str
    until: datetime
    item_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Published:
    """How much stands: codes, pages, and pages that are still to be rendered."""

    codes: int
    pages: int
    waiting: int


class Publisher:
    """Publishes one database into one folder."""

    def __init__(self, settings: Settings, folder: Path, *, behind: str, reload_command: str = "") -> None:
        """:param behind: address of qrmerch as the server in front reaches it.
        :param reload_command: run after the configuration has changed, without a shell.
        """
        self._settings, self._folder = settings, folder.absolute()
        self._database = Database(settings.database_url)
        self._codes = PrintedCodes(settings.pages_dir)
        self._shelf = Shelf(self._folder)
        headers = tuple(safety_headers(settings, path="/q/"))
        self._around = Around(self._folder, settings.log_dir, behind, headers, node_of(settings.log_dir))
        self._reload = shlex.split(reload_command)
        self._heard_at = datetime.min.replace(tzinfo=UTC)
        self._seen: set[str] = set()
        self._houses: tuple[House, ...] = ()
        self._spots: dict[PageKey, list[Spot]] = {}
        # When the server last failed to read what was written for it; at first nobody knows what it has read.
        self._unread_since: datetime | None = self._heard_at
        self._links = self._shelf.spots()
        self._standing: dict[PageKey, Standing] = {}
        self._changed: dict[PageKey, None] = {}
        self._idle_since = dict.fromkeys(self._shelf.digests(), time.monotonic())

    def look(self, at: datetime) -> Published:
        """Take in what has changed, and render the next pages that are due; those that have changed go first."""
        with self._database.read() as db:
            rows = self._read_changes(db, at)
            changes, is_late = [row for row in rows if row.id not in self._seen], self._heard_at < at - ROWS_KEPT_FOR
            self._codes.hear(db, changes)
            houses = _load_houses(db, self._codes)
        if houses != self._houses or (self._unread_since and at - self._unread_since >= _TRY_AGAIN):
            self._configure(houses, at)
        if changes or houses != self._houses or is_late:
            self._want(houses)
        self._note_due(changes, at, everything=is_late)
        # Only now: a look that ended before this has heard of nothing.
        self._houses, self._heard_at, self._seen = houses, at, {row.id for row in rows}
        due = list(self._changed)
        self._let_wait(due[_AT_ONCE:])
        for key in due[:_AT_ONCE]:
            self._render(key)
            del self._changed[key]
        self._sweep()
        return self._tell(at)

    def publish(self) -> Published:
        """Publish all there is."""
        while (done := self.look(now())).waiting:
            continue
        return done

    def follow(self, ended: Event, *, every_s: float = EVERY_S) -> None:
        """Publish, and keep up until `ended` is set; while the database is away, what stands goes on standing."""
        is_away = False
        while not ended.is_set():
            try:
                waiting = self.look(now()).waiting
                if is_away:
                    log.warning("the database is back")
                is_away = False
            except AWAY as error:
                if not is_away:
                    said = getattr(error, "orig", error)
                    log.warning("the database is away, what is published stands: %s", said)
                is_away, waiting = True, 0
            except OSError:
                log.warning("pages were not published", exc_info=True)
                waiting = 0
            if self._database.is_sqlite:
                self._database.close()
            if not waiting:
                ended.wait(every_s)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _read_changes(self, db: Session, at: datetime) -> list[Change]:
        """Changes since the last look that ended well, and some from before it."""
        since = max(min(at, self._heard_at), at - ROWS_KEPT_FOR) - READ_BACK
        wanted = select(PageChange.id, PageChange.retailer_id, PageChange.item_id, PageChange.at)
        return [Change(*row) for row in db.execute(wanted.where(PageChange.at > since))]

    def _want(self, houses: Sequence[House]) -> None:
        """Say for each page at which codes it is asked for; what is asked for no more is removed."""
        of_house = {house.retailer_id: house for house in houses}
        self._spots = {}
        for code in list(self._codes.by_path.values()):
            house = of_house.get(code.retailer_id)
            for locale in house.locales if house else ():
                spot = Spot(code.retailer_id, code.token, locale)
                self._spots.setdefault(key_of(self._codes, code, locale), []).append(spot)
        wanted = {spot for spots in self._spots.values() for spot in spots}
        for spot in [spot for spot in self._links if spot not in wanted]:
            self._shelf.unlink(spot)
            del self._links[spot]
        self._standing = {key: standing for key, standing in self._standing.items() if key in self._spots}
        self._changed = {key: None for key in self._changed if key in self._spots}
        # What is there already may be asked for at another code than before.
        for key, standing in self._standing.items():
            self._link(key, standing.digest)

    def _note_due(self, changes: Sequence[Change], at: datetime, *, everything: bool) -> None:
        retailer_ids = {change.retailer_id for change in changes if not change.item_id}
        item_ids = {change.item_id for change in changes if change.item_id} | {each.retailer_id for each in changes}
        due = []
        for key, spots in self._spots.items():
            standing = self._standing.get(key)
            if everything or standing is None or standing.until <= at:
                due.append(key)
            elif spots[0].retailer_id in retailer_ids or not item_ids.isdisjoint(standing.item_ids):
                self._changed = {key: None, **self._changed}
        self._changed.update(dict.fromkeys(due))

    def _let_wait(self, keys: Iterable[PageKey]) -> None:
        """Have pages that have changed or ended answered from behind until their turn comes."""
        for key in keys:
            standing = self._standing.get(key)
            if standing and standing.digest:
                self._standing[key] = replace(standing, digest="")
                self._link(key, "")

    def _render(self, key: PageKey) -> None:
        at = now()
        try:
            with self._database.read() as db:
                page = render_key(db, key, at=at, base_url=self._settings.base_url)
        except AWAY:
            raise
        except Exception as error:
            # Whatever is wrong with one page, all others are published.
            said = error.detail if isinstance(error, DomainError) else error
            log.warning("%s is not published: %s", key, said, exc_info=not isinstance(error, DomainError))
            self._standing[key] = Standing("", at + _TRY_AGAIN, frozenset((key.item_id,)))
        else:
            item_ids = frozenset((key.item_id, *page.others))
            self._standing[key] = Standing(self._shelf.put(page), page.until, item_ids)
        self._link(key, self._standing[key].digest)

    def _link(self, key: PageKey, digest: str) -> None:
        for spot in self._spots[key]:
            if self._links.get(spot, "") == digest:
                continue
            if digest:
                self._shelf.link(spot, digest)
                self._links[spot] = digest
            else:
                self._shelf.unlink(spot)
                del self._links[spot]

    def _sweep(self) -> None:
        """Remove pages that nothing has linked to for a while."""
        used, at_s = set(self._links.values()), time.monotonic()
        there = self._idle_since.keys() | {each.digest for each in self._standing.values() if each.digest}
        self._idle_since = {digest: self._idle_since.get(digest, at_s) for digest in there if digest not in used}
        # Before everything stands, links from an earlier run still hold what they hold.
        gone = [digest for digest, since_s in self._idle_since.items() if at_s - since_s > _LEFT_FOR_S]
        self._shelf.remove(gone)
        for digest in gone:
            del self._idle_since[digest]

    def _configure(self, houses: Sequence[House], at: datetime) -> None:
        """Write the parts of the configuration that say something new, and have the server read them."""
        parts = write_configuration(self._around, houses)
        for house in houses:
            self._shelf.house(house.retailer_id)
        changed = [name for name, text in parts.items() if _text_of(self._folder / name) != text]
        for name in changed:
            replace_file(self._folder / name, parts[name].encode())
        kept = {house_file(house) for house in houses}
        old = [path for path in self._folder.glob("house-*.conf") if path.name not in kept]
        if self._reload and (changed or old or self._unread_since):
            try:
                subprocess.run(self._reload, check=True, timeout=_RELOAD_WAIT_S)
            except (OSError, subprocess.SubprocessError) as error:
                log.warning("the server did not read its configuration anew, it is asked again: %s", error)
                self._unread_since = at
                return
        self._unread_since = None
        for path in old:
            path.unlink(missing_ok=True)

    def _tell(self, at: datetime) -> Published:
        codes = len({spot.token for spot in self._links})
        done = Published(codes, len(set(self._links.values())), len(self._changed))
        said = {"at": at.isoformat(), "codes": done.codes, "pages": done.pages, "waiting": done.waiting}
        replace_file(self._folder / STATE, orjson.dumps(said))
        return done


def key_of(codes: PrintedCodes, code: PrintedCode, locale: str) -> PageKey:
    """The page that a printed code shows in a language: as the front door has it."""
    shown = codes.shown_for(code)
    return shown.page_in(codes.retailers[shown.retailer_id].locale_for[locale])


def _load_houses(db: Session, codes: PrintedCodes) -> tuple[House, ...]:
    """The retailers that have a host of their own, in order of their names."""
    hosts: dict[str, list[str]] = {}
    proven = select(RetailerHost.retailer_id, RetailerHost.host).where(RetailerHost.proven_at.is_not(None))
    for retailer_id, host in db.execute(proven.order_by(RetailerHost.host)):
        hosts.setdefault(retailer_id, []).append(host)
    rows = db.execute(select(Retailer.id, Retailer.slug).where(Retailer.id.in_(hosts)).order_by(Retailer.slug))
    return tuple(
        House(
            retailer_id=retailer_id,
            slug=slug,
            hosts=tuple(hosts[retailer_id]),
            locales=_offered(codes, retailer_id),
            has_visits=codes.retailers[retailer_id].has_visits,
            networks=_networks_of(codes, retailer_id),
            is_consented=codes.retailers[retailer_id].is_consented,
        )
        for retailer_id, slug in rows
        if retailer_id in codes.retailers
    )


def _offered(codes: PrintedCodes, retailer_id: str) -> tuple[str, ...]:
    known = codes.retailers[retailer_id]
    return tuple(dict.fromkeys((known.default_locale, *known.locales)))


def _networks_of(codes: PrintedCodes, retailer_id: str) -> tuple[str, ...]:
    stores: Iterable[tuple[str, ...]] = (
        store.cidrs for store in codes.stores.values() if store.retailer_id == retailer_id
    )
    return tuple(sorted({cidr for cidrs in stores for cidr in cidrs}))


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""

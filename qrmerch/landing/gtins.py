"""What every trade item's number leads to, known without asking the database.

The table is made from variants, items and links, refreshed where a page change says so, and lies on local disk as
well: a worker that starts while the database is away knows where each printed GS1 address leads.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy.orm import Session

from qrmerch.codes.gs1_queries import (
    Answer,
    item_page,
    list_all_answers,
    list_answers,
    list_item_gtins,
    list_linked,
)
from qrmerch.files import replace_file
from qrmerch.gs1.linkset import MEDIA_TYPE
from qrmerch.rendering.changes import Change

log = logging.getLogger("qrmerch.gtins")
_FILE: Final = "gtins.json"
_SAVE_EVERY_S: Final = 10.0
_ASKED_AT_ONCE: Final = 500


class KnownGtin(NamedTuple):
    """What one retailer means by a number."""

    gtin: str
    retailer_id: str
    item_id: str
    public_id: str
    # The address of the page that it means.
    href: str
    # Whether it leads there in whatever language, since nobody chose another default.
    is_plain: bool
    # Whether it has no links but what the page gives, so that its batches and pieces lead there as well.
    is_bare: bool

    def page(self, visit: str) -> str:
        """Where a scan goes on, with the visit it began where one may be kept."""
        if not visit:
            return self.href
        return f"{self.href}{'&' if '?' in self.href else '?'}v={visit}"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What this number's answer says besides."""
        return (("Link", linkset_link(f"/01/{self.gtin}")),)


def linkset_link(path: str) -> str:
    """Where all that an address has is listed, as a Link header."""
    return f'<{path}?linkType=linkset>; rel="linkset"; type="{MEDIA_TYPE}"'


class Gtins:
    """The table of one process. Reading it needs no lock: entries are replaced whole."""

    def __init__(self, folder: Path) -> None:
        """:param folder: where the copy lies; an unreadable one is as good as none."""
        # By the address that is printed most: the number alone.
        self.by_path: dict[str, tuple[KnownGtin, ...]] = {}
        self._by_item: dict[str, set[str]] = {}
        self._file = folder / _FILE
        self._is_read = self._is_dirty = False
        self._saved_s = 0.0
        self._load()

    def find(self, gtin: str, retailer_id: str | None) -> list[KnownGtin]:
        """Who answers a number: one retailer, or (None) all of them."""
        known = self.by_path.get(f"/01/{gtin}", ())
        return [each for each in known if retailer_id in (None, each.retailer_id)]

    def hear(self, db: Session, changes: Iterable[Change]) -> None:
        """Read anew what changes name, or everything the first time."""
        changes = list(changes)
        if not self._is_read:
            self.by_path, self._by_item = {}, {}
            self._take(db, list_all_answers(db))
            self._is_read = True
        elif changes:
            self._reread(db, changes)
        if self._is_dirty and time.monotonic() - self._saved_s > _SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """Write the copy for the next start; a full disk is no reason to fail."""
        self._saved_s, self._is_dirty = time.monotonic(), False
        said = [list(each) for known in self.by_path.values() for each in known]
        try:
            replace_file(self._file, orjson.dumps(said))
        except OSError as error:
            log.warning("the table of numbers was not saved: %s", error)

    def _load(self) -> None:
        try:
            known = [KnownGtin(*each) for each in orjson.loads(self._file.read_bytes())]
        except (OSError, ValueError, TypeError):
            return
        for each in known:
            self._put(each)
        self._is_dirty = False

    def _reread(self, db: Session, changes: Sequence[Change]) -> None:
        for retailer_id in {change.retailer_id for change in changes if not change.item_id}:
            self._forget({each.gtin for known in self.by_path.values() for each in known}, retailer_id)
            self._take(db, list_all_answers(db, retailer_id=retailer_id))
        items: dict[str, set[str]] = {}
        for change in changes:
            if change.item_id:
                items.setdefault(change.retailer_id, set()).add(change.item_id)
        for retailer_id, item_ids in items.items():
            wanted = sorted(item_ids)
            # The numbers that they had as well as those that they have.
            gtins = {gtin for item_id in wanted for gtin in self._by_item.get(item_id, ())}
            for begin in range(0, len(wanted), _ASKED_AT_ONCE):
                gtins |= list_item_gtins(db, wanted[begin : begin + _ASKED_AT_ONCE])
            answers = list_answers(db, gtins, retailer_id=retailer_id)
            self._forget(gtins - {each.gtin for each in answers}, retailer_id)
            self._take(db, answers)

    def _take(self, db: Session, answers: Sequence[Answer]) -> None:
        for begin in range(0, len(answers), _ASKED_AT_ONCE):
            some = answers[begin : begin + _ASKED_AT_ONCE]
            linked = list_linked(db, {each.item_id for each in some})
            for each in some:
                leads = [linked[key] for key in ((each.item_id, ""), (each.item_id, each.gtin)) if key in linked]
                href = item_page(each.item_public_id, each.pick)
                self._put(
                    KnownGtin(
                        each.gtin,
                        each.retailer_id,
                        each.item_id,
                        each.item_public_id,
                        href,
                        is_plain=not any(leads),
                        is_bare=not leads,
                    )
                )

    def _put(self, known: KnownGtin) -> None:
        path = f"/01/{known.gtin}"
        others: tuple[Any, ...] = tuple(
            each for each in self.by_path.get(path, ()) if each.retailer_id != known.retailer_id
        )
        self.by_path[path] = (*others, known)
        self._by_item.setdefault(known.item_id, set()).add(known.gtin)
        self._is_dirty = True

    def _forget(self, gtins: Iterable[str], retailer_id: str) -> None:
        for gtin in gtins:
            path = f"/01/{gtin}"
            known = self.by_path.get(path, ())
            left = tuple(each for each in known if each.retailer_id != retailer_id)
            if left:
                self.by_path[path] = left
            else:
                self.by_path.pop(path, None)
            self._is_dirty = self._is_dirty or len(left) < len(known)

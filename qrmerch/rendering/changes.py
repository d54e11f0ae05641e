"""Hearing of page changes: what was changed by any process, dropped from this one's kept pages soon after.

Rows are known by their id, not by "later than the last one": transactions commit out of order, up to
5 minutes after the instant they wrote down. So each look reads 10 minutes back from the last one, and the
first reads as far back as the oldest page on disk was rendered.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import AWAY, Database
from qrmerch.parties.models import PageChange
from qrmerch.parties.service import CHANGES_KEPT_FOR
from qrmerch.rendering.kept import KeptPage, Pages

READ_BACK: Final = timedelta(minutes=10)
# A write transaction is shorter than this; a page rendered later than that after a change has it.
COMMITTED_WITHIN: Final = timedelta(minutes=5)
# Older rows are swept; a page rendered before cannot be vouched for.
ROWS_KEPT_FOR: Final = CHANGES_KEPT_FOR - timedelta(hours=1)
EVERY_S: Final = 0.5
_END_WAIT_S: Final = 5.0
log = logging.getLogger("qrmerch.changes")


class Change(NamedTuple):
    """Something shoppers see has changed: of one item, or (None) of all of a retailer's."""

    id: str
    retailer_id: str
    item_id: str | None
    at: datetime


Hear = Callable[[Session, Sequence[Change]], None]
RetailerOf = Callable[[str], str | None]


class Changes:
    """Reads the page changes of one database for one process."""

    def __init__(self, database_url: str, pages: Pages, *, retailer_of: RetailerOf, hear: Hear) -> None:
        """:param retailer_of: the retailer of an item that has a kept page, or None where that is not known.
        :param hear: told of new changes (perhaps none) each time, with a session to read with, before pages go.
        """
        # Its own, and opened anew for each look where the database is a file: one that is gone must be missed.
        self._database = Database(database_url, pool_size=1)
        self._pages, self._retailer_of, self._hear = pages, retailer_of, hear
        self._seen: set[str] = set()
        # The instant up to which every page kept here has heard of the changes.
        self._heard_at = datetime.fromtimestamp(pages.oldest_s, UTC)
        self._is_away = False
        self._ended = Event()
        self._thread: Thread | None = None

    def look(self, at: datetime) -> bool:
        """Drop the pages of what has changed since the last look; whether the database answered."""
        try:
            self._look(at)
        except AWAY as error:
            if not self._is_away:
                log.warning("the database is away: %s", getattr(error, "orig", error))
            self._is_away = True
            return False
        finally:
            if self._database.is_sqlite:
                self._database.close()
        if self._is_away:
            log.warning("the database is back")
        self._is_away = False
        return True

    def follow(self, *, every_s: float = EVERY_S) -> None:
        """Look once now, before the first page from disk is served; then go on in a thread."""
        self.look(now())
        self._thread = Thread(target=self._run, args=(every_s,), daemon=True, name="page-changes")
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its present look, and close what it read with."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_END_WAIT_S)
        self._database.close()

    def _run(self, every_s: float) -> None:
        while not self._ended.wait(every_s):
            try:
                self.look(now())
            except Exception:
                # Whatever it was, shoppers keep their pages and the next look may do better.
                log.exception("page changes were not read")

    def _look(self, at: datetime) -> None:
        since = max(self._heard_at - READ_BACK, at - ROWS_KEPT_FOR)
        if at < self._heard_at:
            # The clock was set back, nobody knows when: what has changed since may bear any time.
            since = at - ROWS_KEPT_FOR
        with self._database.read() as db:
            wanted = select(PageChange.id, PageChange.retailer_id, PageChange.item_id, PageChange.at)
            rows = [Change(*row) for row in db.execute(wanted.where(PageChange.at > since))]
            changes = [change for change in rows if change.id not in self._seen]
            self._hear(db, changes)
        if self._heard_at < since:
            self._pages.expire(before_s=(since + COMMITTED_WITHIN).timestamp())
        self._drop(changes, at)
        self._seen = {change.id for change in rows}
        self._heard_at = at
        self._pages.read_s = time.time()

    def _drop(self, changes: Sequence[Change], at: datetime) -> None:
        if not changes:
            return
        at_s = at.timestamp()
        of_items: dict[str | None, float] = {}
        of_retailers: dict[str | None, float] = {}
        for change in changes:
            until_s = (change.at + COMMITTED_WITHIN).timestamp()
            late, key = (of_items, change.item_id) if change.item_id else (of_retailers, change.retailer_id)
            late[key] = max(until_s, late.get(key, 0.0))
            # A page that lists what a retailer shows names the retailer among what stands on it.
            of_items[change.retailer_id] = max(until_s, of_items.get(change.retailer_id, 0.0))
            # A page whose retailer is not known has changed with any.
            if not change.item_id:
                of_retailers[None] = max(until_s, of_retailers.get(None, 0.0))

        def has_changed(page: KeptPage) -> bool:
            until_s = max(of_items.get(item_id, 0.0) for item_id in page.item_ids)
            if of_retailers:
                until_s = max(until_s, of_retailers.get(self._retailer_of(page.key.item_id), 0.0))
            # One that claims to be from the future was rendered before the clock was set back: before or after this
            # change, nobody knows.
            return until_s > 0 and not until_s <= page.rendered_s <= at_s

        item_ids = None if of_retailers else [item_id for item_id in of_items if item_id]
        self._pages.drop(has_changed, item_ids=item_ids)

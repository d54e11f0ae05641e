"""64 bits that let the loader count the phones of one store on one day, at least, and nothing else.

A keyed BLAKE2s of retailer, store, cut address and agent, only where a retailer measures by estimate. The key is
random, made for one business date of one time zone in a small file that all workers of the node share, and gone 48
hours after it was made: then nobody can go back from bits to a phone, nor know one again on another day. A date goes on
for 50 hours around the world, and for 25 in one zone: there it has one key from its first minute to its last.
"""

import os
import time
from contextlib import suppress
from datetime import date
from hashlib import blake2s
from pathlib import Path
from threading import Lock
from typing import Final

from qrmerch.files import make_once
from qrmerch.scans.near import cut

# Who forgets keys looks each hour at least, so that none is there after 48.
KEY_LASTS_S: Final = 47 * 3600
# Of each time zone: those on both sides of a midnight.
_DATES_AT_ONCE: Final = 2


class DayHashes:
    """The bits for a scan; `folder` holds the keys of the dates that some store still has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keyed: dict[tuple[str, date], blake2s] = {}
        self._turning = Lock()

    def of(self, zone: str, on: date, retailer_id: str, store_id: str, address: str, agent: str) -> str:
        """Sixteen hex digits; the same for the same four values on a store's business date `on`.

        :param zone: the store's time zone, as its IANA name.


        Empty when the key's folder cannot be used: a phone goes uncounted, and the page goes out.
        """
        begun = self._keyed.get((zone, on))
        if begun is None:
            try:
                begun = self._turn(zone, on)
            except OSError:
                return ""
        mac = begun.copy()
        mac.update(f"{retailer_id}\0{store_id}\0{cut(address)}\0{agent}".encode("utf-8", "replace"))
        return mac.hexdigest()

    def forget(self, at_s: float) -> None:
        """Let go of every key that was made more than `KEY_LASTS_S` ago, here and on the disk."""
        with self._turning:
            forget_old_keys(self._folder, at_s=at_s)
            self._keyed = {key: begun for key, begun in self._keyed.items() if self._path(*key).exists()}

    def _turn(self, zone: str, on: date) -> blake2s:
        with self._turning:
            begun = blake2s(key=self._key(zone, on), digest_size=8)
            of_zone = sorted({day for there, day in self._keyed if there == zone} | {on})
            old = {(zone, day) for day in of_zone[:-_DATES_AT_ONCE]}
            self._keyed = {key: each for key, each in self._keyed.items() if key not in old} | {(zone, on): begun}
            return begun

    def _key(self, zone: str, on: date) -> bytes:
        key = make_once(self._path(zone, on), os.urandom(32), mode=0o600)
        forget_old_keys(self._folder, at_s=time.time())
        return key

    def _path(self, zone: str, on: date) -> Path:
        return self._folder / f"day-{on.isoformat()}-{zone.replace('/', '~')}.key"


def forget_old_keys(folder: Path, *, at_s: float) -> None:
    """Delete keys that were made more than `KEY_LASTS_S` ago; another worker may be doing the same."""
    # Whoever was killed while making a key left it under a second name as well.
    for path in folder.glob("day-*"):
        with suppress(FileNotFoundError):
            if at_s - path.stat().st_mtime > KEY_LASTS_S:
                path.unlink()

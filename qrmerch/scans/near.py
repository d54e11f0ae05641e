"""32 bits that let the loader see one phone scanning one code again, and nothing else.

A keyed BLAKE2s of store, cut address and agent. The key is random, made anew each hour in one small
file that all workers of the node share; with the file gone, nobody can go back from bits to a phone.
"""

import os
from hashlib import blake2s
from pathlib import Path
from threading import Lock
from typing import Final

from qrmerch.files import make_once

_NO_KEY: Final = (-1, blake2s(digest_size=4))


class Near:
    """The bits for a hit; `folder` holds the key of this hour and no earlier one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keyed = _NO_KEY
        self._turning = Lock()

    def of(self, hour: int, store_id: str, address: str, agent: str) -> str:
        """Eight hex digits; the same for the same three values within `hour` (hours since 1970).

        Empty when the key's folder cannot be used: a repeat goes unseen, and the page goes out.
        """
        kept_hour, begun = self._keyed
        if hour != kept_hour:
            try:
                begun = self._turn(hour)
            except OSError:
                return ""
        mac = begun.copy()
        mac.update(f"{store_id}\0{cut(address)}\0{agent}".encode("utf-8", "replace"))
        return mac.hexdigest()

    def forget(self, hour: int) -> None:
        """Let go of the keys of hours before `hour`, here and on the disk."""
        with self._turning:
            if self._keyed[0] < hour:
                self._keyed = _NO_KEY
                self._forget_files(hour)

    def _turn(self, hour: int) -> blake2s:
        with self._turning:
            begun = blake2s(key=self._key(hour), digest_size=4)
            self._keyed = (hour, begun)
            return begun

    def _key(self, hour: int) -> bytes:
        key = make_once(self._folder / f"near-{hour}.key", os.urandom(32), mode=0o600)
        self._forget_files(hour)
        return key

    def _forget_files(self, hour: int) -> None:
        # Only earlier hours: a worker whose clock is a moment behind must not undo the next key.
        # Under a second name as well, which whoever was killed while making a key has left.
        for old in self._folder.glob("near-*.*"):
            if int(old.stem[5:]) < hour:
                old.unlink(missing_ok=True)


def cut(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one."""
    if ":" not in address:
        return address[: address.rfind(".")]
    if address[:7].lower() == "::ffff:" and "." in address:
        return cut(address[7:])
    head = address.split("::")[0].split(":")
    return ":".join([*head, "0", "0", "0"][:3])

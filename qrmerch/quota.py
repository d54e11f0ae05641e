"""How much room a vendor's files may take, and how much they do.

A room declares with `@takes_room` how many bytes of a vendor's it keeps; whoever receives a file asks
`refuse_when_full` before keeping it.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.db import lock_for_chain
from qrmerch.errors import TooLarge
from qrmerch.files import FileStore

_MB: Final = 1_000_000
_GB: Final = 1_000_000_000

Taken = Callable[[Session, str, FileStore], int]
_taken: list[Taken] = []


class QuotaFull(TooLarge):
    """The vendor's files take all the room there is for them."""

    slug = "quota_full"


def takes_room(count: Taken) -> Taken:
    """Declare how many bytes of a vendor's a room keeps: called with a session, the vendor's id and the store."""
    _taken.append(count)
    return count


def used_bytes(db: Session, vendor_id: str, store: FileStore) -> int:
    """Bytes of all that is kept for a vendor: what was sent, and what was made of it."""
    return sum(count(db, vendor_id, store) for count in _taken)


def refuse_when_full(
    db: Session, vendor_id: str, *, store: FileStore, settings: Settings, more_bytes: int = 0, waits: bool = True
) -> None:
    """Let a vendor's file be kept, or not; the last one that is may pass the limit, and no other after it.

    :param more_bytes: of the file that is to come, where that is known.
    :param waits: whether this transaction will keep the file: then others of the same vendor wait until it ends.
    :raises QuotaFull: there is no room.
    """
    if waits:
        lock_for_chain(db, f"quota:{vendor_id}")
    used, most = used_bytes(db, vendor_id, store), settings.vendor_quota_bytes
    if used >= most or used + more_bytes > most:
        rest = f", and this one has {in_words(more_bytes)}" if used < most else ""
        raise QuotaFull(
            f"Your files take {in_words(used)} of {in_words(most)}{rest}. Delete pictures that no page needs, under"
            " Pictures, and send this again; or ask whoever runs this installation for more room."
        )


def in_words(size_bytes: int) -> str:
    """A number of bytes as people say it: "12 kB", "31 MB", "1.4 GB"."""
    if size_bytes < _MB:
        return f"{size_bytes // 1000} kB"
    if size_bytes >= _GB:
        return f"{size_bytes / _GB:,.1f}".removesuffix(".0") + " GB"
    if size_bytes >= 10 * _MB:
        return f"{size_bytes // _MB} MB"
    return f"{size_bytes / _MB:.1f}".removesuffix(".0") + " MB"

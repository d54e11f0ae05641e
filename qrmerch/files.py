"""Files by content: stored under their digest, so that no name from outside ever reaches the disk."""

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from qrmerch.errors import NotFound, TooLarge

_KEY = re.compile(r"[a-z]+/[0-9a-f]{64}")
PART_PREFIX = ".part-"
_CHUNK_BYTES = 1 << 20


def is_key(text: str) -> bool:
    """Whether a text is a key that a store makes."""
    return _KEY.fullmatch(text) is not None


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in the place of another whole: who reads it meanwhile finds the old one or the new one.

    Threads and processes may do so at once; the last one holds.

    :raises OSError: it could not be written; the old one stays.
    """
    fresh = path.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except BaseException:
        # Or each half of a file that a full disk still took would stay there, and keep it full.
        with suppress(OSError):
            fresh.unlink()
        raise


def make_once(path: Path, data: bytes, *, mode: int) -> bytes:
    """What a file holds that several processes make at once: `data`, or what the first of them wrote, always whole.

    Whoever is killed meanwhile leaves it under a second name, its suffix a number.

    :raises OSError: it could not be written or read.
    """
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(data)
    fresh.chmod(mode)
    # A hard link is made by one of them only.
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in the store: its size, and when it was put there last."""

    key: str
    size_bytes: int
    put_at: datetime


class FileStore:
    """Files under one folder, called `<area>/<digest>`.

    Whoever puts a file has a day to commit a row that names it (`leftovers.py`). Putting the same bytes again makes
    an old file new, and that never falls between looking at its age and deleting it: both take the area's lock.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, stream: BinaryIO, area: str, *, max_bytes: int | None = None) -> str:
        """Store what the stream holds from here on; its key. The same bytes twice are one file.

        :param area: a word of our own, such as `incoming` or `renditions`.
        :raises TooLarge: more than `max_bytes`; nothing is kept.
        """
        folder = self.root / area
        folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=folder, prefix=PART_PREFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := stream.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if max_bytes is not None and size > max_bytes:
                        raise TooLarge(f"This file is larger than the {max_bytes // 1_000_000} MB taken here.")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            key = f"{area}/{digest.hexdigest()}"
            self._keep(Path(name), key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return key

    def _keep(self, part: Path, key: str) -> None:
        """Let what was written beside be the key's file."""
        path = self._place(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(key.partition("/")[0], fcntl.LOCK_SH):
            part.replace(path)

    def path(self, key: str) -> Path:
        """Where this machine's disk has a key's file; a file that is nowhere is not there either.

        :raises NotFound: `key` is not one this store makes.
        """
        return self._place(key)

    def _place(self, key: str) -> Path:
        if not is_key(key):
            raise NotFound()
        area, _, digest = key.partition("/")
        return self.root / area / digest[:2] / digest

    def open(self, key: str) -> BinaryIO:
        """The file, at its first byte.

        :raises NotFound: it is not there.
        """
        try:
            return self.path(key).open("rb")
        except FileNotFoundError:
            raise NotFound() from None

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove the file; nothing happens if it is gone already."""
        self.path(key).unlink(missing_ok=True)

    def size(self, key: str) -> int:
        """The file's bytes; 0 where it is gone."""
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return 0

    def list_files(self, area: str) -> Iterator[KeptFile]:
        """All files of an area, in no order; what comes or goes meanwhile may be missing."""
        for path in (self.root / area).glob("[0-9a-f][0-9a-f]/*"):
            key = f"{area}/{path.name}"
            if not is_key(key):
                continue
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield KeptFile(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete_old(self, key: str, *, before: datetime) -> bool:
        """Remove the file if it was put there before an instant, and not again since; whether it was."""
        path = self._place(key)
        with self._locked(key.partition("/")[0], fcntl.LOCK_EX):
            return _unlink_old(path, before)

    def delete_parts(self, area: str, *, before: datetime) -> int:
        """Remove what was half written before an instant and never finished; how many."""
        return sum(_unlink_old(path, before) for path in list((self.root / area).glob(f"{PART_PREFIX}*")))

    def trim(self) -> int:
        """Remove copies that can be had again where they take too much room; how many. Here are only originals."""
        return 0

    @contextmanager
    def _locked(self, area: str, how: int) -> Iterator[None]:
        """While this lasts, nobody else has the area's folder locked in a way that does not go with `how`."""
        folder = self.root / area
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _unlink_old(path: Path, before: datetime) -> bool:
    try:
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) >= before:
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True

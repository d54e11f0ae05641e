"""The same files in a bucket of an S3-compatible store, for installations of several machines.

The folder of each machine then holds copies. A key is the digest of what it names, so a copy is never out of date, and
a file that arrives damaged is told by its digest. What the folder holds already needs no word with the bucket.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.files import PART_PREFIX, FileStore, KeptFile, is_key

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

_TRIES: Final = 3
_CONNECT_WITHIN: Final = timedelta(seconds=5)
# One request, which may carry a whole archive.
_ANSWERED_WITHIN: Final = timedelta(minutes=5)
_GIVEN_UP_AFTER: Final = timedelta(seconds=20)
_READ_BYTES: Final = 1 << 20
# A HEAD tells the whole second in which a file was put.
_TOLD_TO: Final = timedelta(seconds=1)
# A copy this young may be about to be read.
_COPY_SPARED_FOR: Final = timedelta(hours=1)


class BucketAway(OSError):
    """The bucket cannot be reached, or does not let us in."""


def open_store(settings: Settings) -> FileStore:
    """Where this installation's files lie: in its folder, or in its bucket."""
    if not settings.bucket:
        return FileStore(settings.uploads_dir)
    return BucketStore(settings)


class BucketStore(FileStore):
    """Files in a bucket, called as in a folder; the folder holds the copies that this machine used last.

    A file is put into the bucket before its key is given away. Credentials are the usual ones of AWS: `AWS_*`
    variables, or the machine's role.

    A file that is deleted in the very instant in which another machine puts it again is missed by no bucket's lock;
    the copy of the machine that put it heals that: `exists` sends a copy whose original is gone.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.uploads_dir)
        self._settings = settings

    @cached_property
    def _bucket(self) -> "S3Store":
        from obstore.store import S3Store

        url, endpoint = urlsplit(self._settings.bucket), self._settings.bucket_endpoint
        place: S3Config = {"region": self._settings.bucket_region}
        if endpoint:
            place["endpoint"] = endpoint
        return S3Store(
            url.netloc,
            prefix=url.path.strip("/") or None,
            config=place,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": _CONNECT_WITHIN,
                "timeout": _ANSWERED_WITHIN,
            },
            retry_config={"max_retries": _TRIES, "retry_timeout": _GIVEN_UP_AFTER},
        )

    def _keep(self, part: Path, key: str) -> None:
        self._send(part, key)
        super()._keep(part, key)

    def path(self, key: str) -> Path:
        """As in a folder; what only the bucket has is fetched first.

        :raises BucketAway: it has to be fetched and cannot be.
        """
        path = self._place(key)
        if not path.is_file():
            self._fetch(key)
        return path

    def open(self, key: str) -> BinaryIO:
        self.path(key)
        return super().open(key)

    def exists(self, key: str) -> bool:
        """As in a folder; a copy here whose original is gone from the bucket is sent there again."""
        if self._head(key) is not None:
            return True
        path = self._place(key)
        if not path.is_file():
            return False
        self._send(path, key)
        return True

    def size(self, key: str) -> int:
        return super().size(key) or (found.size_bytes if (found := self._head(key)) else 0)

    def delete(self, key: str) -> None:
        import obstore

        super().delete(key)
        with _told():
            obstore.delete(self._bucket, key)

    def list_files(self, area: str) -> Iterator[KeptFile]:
        import obstore

        with _told():
            for some in obstore.list(self._bucket, prefix=area):
                for found in some:
                    digest = found["path"].rpartition("/")[2]
                    if is_key(f"{area}/{digest}"):
                        yield KeptFile(f"{area}/{digest}", found["size"], found["last_modified"])

    def delete_old(self, key: str, *, before: datetime) -> bool:
        with self._locked(key.partition("/")[0], fcntl.LOCK_EX):
            found = self._head(key)
            if found is None or found.put_at + _TOLD_TO >= before:
                return False
            self.delete(key)
        return True

    def trim(self) -> int:
        """Remove the copies used longest ago until the rest takes no more than `bucket_copies_bytes`; how many.

        What the bucket turns out not to have is sent there instead of removed: so lay the files of a folder that
        became a folder of copies.
        """
        copies = sorted(
            (copy for area in self.root.iterdir() for copy in FileStore(self.root).list_files(area.name)),
            key=lambda copy: copy.put_at,
        )
        too_many = sum(copy.size_bytes for copy in copies) - self._settings.bucket_copies_bytes
        young, removed = now() - _COPY_SPARED_FOR, 0
        for copy in copies:
            if too_many <= 0 or copy.put_at > young:
                break
            if self.exists(copy.key):
                super().delete(copy.key)
                too_many -= copy.size_bytes
                removed += 1
        return removed

    # --- the bucket ------------------------------------------------------------------------------------

    def _send(self, path: Path, key: str) -> None:
        import obstore

        with _told():
            obstore.put(self._bucket, key, path)

    def _fetch(self, key: str) -> None:
        """Copy a file to this machine, whole or not at all; nothing where the bucket has none."""
        import obstore

        path, digest = self._place(key), hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.root / key.partition("/")[0], prefix=PART_PREFIX)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file, _told():
                for chunk in obstore.get(self._bucket, key).stream(min_chunk_size=_READ_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != path.name:
                raise BucketAway(f"{key} in the bucket is not what was put there.")
            part.replace(path)
        except FileNotFoundError:
            part.unlink(missing_ok=True)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _head(self, key: str) -> KeptFile | None:
        import obstore

        self._place(key)
        try:
            with _told():
                found = obstore.head(self._bucket, key)
        except FileNotFoundError:
            return None
        return KeptFile(key, found["size"], found["last_modified"])


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the library as ours; a file that is not there stays a `FileNotFoundError`."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        raise BucketAway(f"The bucket could not be used: {str(error).splitlines()[0]}") from error

"""Which retailer a proven host name answers for, remembered so that no page waits for it."""

import ipaddress
import logging
import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.db import AWAY, Database
from qrmerch.files import replace_file
from qrmerch.parties.models import RetailerHost

log = logging.getLogger("qrmerch.hosts")
SHARED: Final = ""
_FILE: Final = "hosts.json"
_RELOAD_S: Final = 5.0
_MAX_REMEMBERED: Final = 1_000
# As requests may say it: a name, perhaps with the dot of the root behind it, or an address; perhaps a port.
_SAID: Final = re.compile(r"([a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_-])?|\[[0-9a-f:.]{2,45}\])\.?(?::[0-9]{1,5})?")


class Hosts:
    """The table of known hosts. While the database is away, what was last read holds, even across a start."""

    def __init__(self, settings: Settings, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._base_host = urlsplit(settings.base_url).hostname
        self._file = settings.pages_dir / _FILE
        self._retailer_ids = self._load()
        self._whose: dict[str, str] = {}
        self._read_at = float("-inf")

    def whose(self, host: str) -> str | None:
        """Whose a host is, without asking the database: a retailer's id, `SHARED`, or None for a strange one.

        The demo also answers for this machine's own addresses: loopback, private ones and its names.

        :param host: as a request says it, perhaps with a port.
        """
        known = self._whose.get(host)
        if known is None:
            known = self._find(_bare(host))
            if known is not None and len(self._whose) < _MAX_REMEMBERED:
                self._whose[host] = known
        return known

    def find_retailer_id(self, host: str) -> str | None:
        """The retailer whose own host this is; None for the installation's shared one."""
        self._reload()
        return self.whose(host) or None

    def is_known(self, host: str) -> bool:
        """Whether this installation answers for a host, as `whose` says; a new one is known at once."""
        if self.whose(host) is None:
            self._reload()
        return self.whose(host) is not None

    def refresh(self, db: Session) -> None:
        """Read the table anew."""
        wanted = select(RetailerHost.host, RetailerHost.retailer_id).where(RetailerHost.proven_at.is_not(None))
        rows = db.execute(wanted)
        fresh: dict[str, str] = dict(rows.all())
        if fresh != self._retailer_ids:
            self._retailer_ids, self._whose = fresh, {}
            self._save()

    def _reload(self) -> None:
        if self._clock() - self._read_at < _RELOAD_S:
            return
        self._read_at = self._clock()
        try:
            with self._database.read() as db:
                self.refresh(db)
        except AWAY:
            return

    def _find(self, name: str) -> str | None:
        if name == self._base_host:
            return SHARED
        if name in self._retailer_ids:
            return self._retailer_ids[name]
        return SHARED if self._settings.is_demo and _is_private(name) else None

    def _load(self) -> dict[str, str]:
        try:
            return {str(host): str(retailer_id) for host, retailer_id in orjson.loads(self._file.read_bytes()).items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _save(self) -> None:
        try:
            replace_file(self._file, orjson.dumps(self._retailer_ids))
        except OSError as error:
            log.warning("the table of hosts was not saved: %s", error)


def _bare(host: str) -> str:
    """The name without a port and the dot of the root, in lower case; empty for what is no host at all."""
    found = _SAID.fullmatch(host.lower())
    return found[1].strip("[]") if found else ""


def _is_private(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private

"""Which retailer a host name answers for, remembered so that no page waits for it."""

import ipaddress
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.parties.models import RetailerHost

_RELOAD_S = 5.0


class Hosts:
    """The table of known hosts. While the database is away, what was last read holds."""

    def __init__(self, settings: Settings, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._retailer_ids: dict[str, str] = {}
        self._read_at = float("-inf")

    def find_retailer_id(self, host: str) -> str | None:
        """The retailer whose own host this is; None for the installation's shared one."""
        self._reload()
        return self._retailer_ids.get(_bare(host))

    def is_known(self, host: str) -> bool:
        """Whether this installation answers for a host.

        The demo also answers for this machine's own addresses: loopback, private ones and its names.
        """
        name = _bare(host)
        if name == urlsplit(self._settings.base_url).hostname:
            return True
        self._reload()
        return name in self._retailer_ids or (self._settings.is_demo and _is_private(name))

    def _reload(self) -> None:
        if self._clock() - self._read_at < _RELOAD_S:
            return
        self._read_at = self._clock()
        try:
            with self._database.read() as db:
                rows = db.execute(select(RetailerHost.host, RetailerHost.retailer_id))
                self._retailer_ids = dict(rows.all())
        except DBAPIError:
            return


def _bare(host: str) -> str:
    """The name without a port, in lower case; empty for what is no host at all."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_private(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private

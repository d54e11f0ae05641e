"""`qrmerch demo`: set the sample shops up, serve them, print how to get in."""

import dataclasses
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qrmerch import migrate
from qrmerch.buckets import open_store
from qrmerch.config import Settings, SettingsError
from qrmerch.db import Database
from qrmerch.serving import Certificate, serve

Say = Callable[[str], None]
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, never listened on unasked
_WITHOUT_HTTPS: Final = (
    "Over plain http a phone shows and counts everything, but offers no sheet to share with, keeps no screen awake "
    "at the till, and lends no camera to the associate's page. `--tls` makes a certificate; the phone asks once."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked for."""

    host: str
    port: int
    tls: bool
    photos: Path | None
    photo_map: Path | None
    reset: bool
    seed_only: bool


def run(wanted: Wanted, environ: Mapping[str, str], *, say: Say) -> None:
    """Serve the demo until Ctrl-C.

    :raises SettingsError: the environment is a production's, or the port is taken.
    """
    settings = demo_settings(wanted, environ)
    if wanted.reset:
        from qrmerch.demo.service import reset

        reset(settings)
        settings = settings.ready()
    _set_up(settings, wanted, say=say)
    if wanted.seed_only:
        return
    certificate = _make_certificate(settings) if wanted.tls else None
    serve(settings, certificate=certificate, on_ready=lambda: _print_ways_in(settings, wanted, say=say))


def demo_settings(wanted: Wanted, environ: Mapping[str, str]) -> Settings:
    """The settings of the environment, for a demo at the wanted address.

    :raises SettingsError: they are a production's.
    """
    if environ.get("QRMERCH_MODE", "demo") != "demo":
        raise SettingsError("QRMERCH_MODE is not demo here. The demo's accounts are never made beside a real shop.")
    settings = Settings.read({**environ, "QRMERCH_MODE": "demo"})
    scheme = "https" if wanted.tls else "http"
    named = find_own_address() if wanted.host in _EVERYWHERE else wanted.host
    return dataclasses.replace(
        settings, host=wanted.host, port=wanted.port, base_url=f"{scheme}://{named}:{wanted.port}"
    )


def find_own_address() -> str:
    """This machine's address on its network, as a phone beside it can reach it; loopback where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # No packet leaves: it only asks which way one would go.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


def _set_up(settings: Settings, wanted: Wanted, *, say: Say) -> None:
    database = Database(settings.database_url, create=True)
    try:
        if _is_ready(database):
            return
        from qrmerch.clock import now
        from qrmerch.demo.service import seed

        say("Setting up three sample shops with their pictures: half a minute, this once.")
        began_s = time.monotonic()
        migrate.upgrade(settings)
        files = open_store(settings)
        seed(database, files, settings, at=now(), photos=wanted.photos, photo_map=wanted.photo_map)
        say(f"Set up in {time.monotonic() - began_s:.0f} s.")
    finally:
        database.close()


def _is_ready(database: Database) -> bool:
    """Whether the tables are of this release and the shops are in them; asked without importing a room."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    try:
        with database.engine.connect() as connection:
            is_seeded = connection.execute(text("SELECT count(*) FROM retailer")).scalar_one() > 0
            return is_seeded and migrate.is_current(connection)
    except DBAPIError:
        return False


def _print_ways_in(settings: Settings, wanted: Wanted, *, say: Say) -> None:
    from qrmerch.demo.printout import ways_in

    database = Database(settings.database_url)
    with database.read() as db:
        say(ways_in(db, settings.base_url))
    database.close()
    if wanted.host in _EVERYWHERE and not wanted.tls:
        say(_WITHOUT_HTTPS)


def _make_certificate(settings: Settings) -> Certificate:
    """A certificate of our own for the demo's address, made once for each address."""
    from qrmerch.demo.certificate import make_certificate

    name = settings.base_url.partition("://")[2].rpartition(":")[0]
    try:
        names, addresses = [], [ipaddress.ip_address(name)]
    except ValueError:
        names, addresses = [name], []
    return make_certificate(settings.data_dir / "tls", names=names, addresses=addresses)

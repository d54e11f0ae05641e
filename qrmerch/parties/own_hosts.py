"""Writes about a retailer's own hosts: claimed, proven, made the default, taken away.

Several retailers may claim a host; the first to prove it has it, and no other can. A host that stands on a printed
code is never taken away. The caller commits.
"""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.db import lock_for_chain, reread, unscoped
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.models import Retailer, RetailerHost
from qrmerch.parties.proving import Look
from qrmerch.parties.service import changed, make_primary

MAX_HOSTS: Final = 20
# A person may look again so soon; by itself it is looked for each hour, for two weeks.
LOOK_AGAIN_AFTER: Final = timedelta(seconds=10)
LOOKED_FOR_EVERY: Final = timedelta(hours=1)
LOOKED_FOR: Final = timedelta(days=14)
_LABEL: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_CHARS: Final = 240
# Names that lead nowhere in public (RFC 6761, RFC 8375).
_NOWHERE: Final = ("localhost", "local", "internal", "invalid", "onion", "arpa", "test")


class HostTaken(Conflict):
    """Another retailer has proven this host."""

    slug = "host_taken"


class HostPrinted(Conflict):
    """Codes carry this host; it has to go on answering."""

    slug = "host_printed"


class HostUnproven(Conflict):
    """Nobody knows yet that the host is the retailer's."""

    slug = "host_unproven"


class LookedJustNow(Conflict):
    """The last look was seconds ago."""

    slug = "looked_just_now"


def read_host(typed: str) -> str:
    """The host somebody typed, or pasted as an address, in lower case and ASCII.

    :raises FormError: it is none that phones could reach.
    """
    text = typed.strip().lower()
    text = text.removeprefix("https://").removeprefix("http://").partition("/")[0].rstrip(".")
    try:
        host = text.encode("idna").decode("ascii") if text else ""
    except UnicodeError:
        host = ""
    if not host:
        raise FormError({"host": "Write the host alone, such as qr.yourshop.com."})
    if ":" in host or "@" in host or "?" in host or _is_address(host):
        raise FormError({"host": "A host is a name, such as qr.yourshop.com, without a port, a number or a path."})
    labels = host.split(".")
    if len(labels) < 2 or len(host) > _MAX_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise FormError({"host": f"{host[:60]} is no host. It should look like qr.yourshop.com."})
    if labels[-1] in _NOWHERE or labels[-1].isdigit():
        raise FormError({"host": f"No phone finds a host that ends in .{labels[-1]}. Use one of your public names."})
    return host


def claim_host(
    db: Session, retailer: Retailer, typed: str, *, shared_host: str, at: datetime, actor: Actor | None
) -> RetailerHost:
    """Say that a host is the retailer's; it answers once that is proven.

    :param shared_host: the installation's own, which is nobody's.
    :raises FormError: it is no host, the installation's own, claimed already, or the retailer has 20.
    :raises HostTaken: another retailer has proven it.
    """
    host = read_host(typed)
    lock_for_chain(db, f"hosts {retailer.id}")
    mine = list(db.scalars(select(RetailerHost.host).where(RetailerHost.retailer_id == retailer.id)))
    if host == shared_host.lower():
        raise FormError({"host": "This is the address of the installation itself. It answers already."})
    if host in mine:
        raise FormError({"host": f"{host} is in your list already."})
    if len(mine) >= MAX_HOSTS:
        raise FormError({"host": f"{MAX_HOSTS} hosts are the most. Take one away that no code carries."})
    refuse_taken(db, retailer.id, host)
    row = RetailerHost(
        id=ids.new(), retailer_id=retailer.id, host=host, is_primary=False, secret=ids.secret(), added_at=at
    )
    db.add(row)
    db.flush()
    audit.record(db, actor, "host.add", ("host", row.id), at=at, retailer_id=retailer.id, detail={"host": host})
    return row


def note_look(db: Session, row: RetailerHost, look: Look, *, at: datetime, actor: Actor | None) -> bool:
    """Keep what a look for the proof found; whether the host is proven now.

    The retailer's first proven host becomes the default for new codes.

    :raises HostTaken: another retailer was faster.
    """
    row.checked_at, row.check_said = at, look.said[:400]
    if row.proven_at is not None or look.proof is None:
        return row.proven_at is not None
    lock_for_chain(db, f"hosts {row.retailer_id}")
    refuse_taken(db, row.retailer_id, row.host)
    host = row.host
    try:
        # Within the savepoint: whoever proves it at the same instant is found by the database alone.
        with db.begin_nested():
            row.proven_at, row.proof = at, look.proof
    except IntegrityError:
        raise _taken(host) from None
    detail: dict[str, object] = {"host": host, "proof": look.proof.value}
    audit.record(db, actor, "host.prove", ("host", row.id), at=at, retailer_id=row.retailer_id, detail=detail)
    others = select(func.count(RetailerHost.id)).where(
        RetailerHost.retailer_id == row.retailer_id, RetailerHost.is_primary, RetailerHost.proven_at.is_not(None)
    )
    if not db.scalar(others):
        make_default(db, row, at=at, actor=actor)
    return True


def begin_look(db: Session, row: RetailerHost, *, at: datetime) -> None:
    """Note that somebody looks now, before it is done: a look takes seconds, and many at once would be a weapon.

    :raises LookedJustNow: the last one began seconds ago.
    """
    lock_for_chain(db, f"look {row.id}")
    reread(db, row)
    if row.checked_at is not None and at < row.checked_at + LOOK_AGAIN_AFTER:
        raise LookedJustNow("We looked a few seconds ago. A change takes longer than that to be seen; try in a minute.")
    row.checked_at = at
    db.flush()


def make_default(db: Session, row: RetailerHost, *, at: datetime, actor: Actor | None) -> None:
    """Let codes made from now on carry this host, and links to the retailer's pages begin with it.

    :raises HostUnproven: it is not proven yet.
    """
    if row.proven_at is None:
        raise HostUnproven(f"{row.host} is not proven yet. Prove it first, then make it the default.")
    if row.is_primary:
        return
    make_primary(db, row)
    changed(db, row.retailer_id, at=at)
    audit.record(
        db, actor, "host.default", ("host", row.id), at=at, retailer_id=row.retailer_id, detail={"host": row.host}
    )
    db.flush()


def remove_host(db: Session, row: RetailerHost, *, codes: int, numbers: int, at: datetime, actor: Actor | None) -> None:
    """Take a host away.

    :param codes: how many codes carry it, counted while nobody makes any.
    :param numbers: how many GS1 numbers may be printed with it.
    :raises HostPrinted: at least one does, or may be.
    """
    if codes:
        number = "1 code carries" if codes == 1 else f"{codes:,} codes carry"
        raise HostPrinted(
            f"{number} {row.host}. What is printed cannot be called back, so it stays and goes on answering."
        )
    if numbers:
        many = "1 number has" if numbers == 1 else f"{numbers:,} numbers have"
        raise HostPrinted(
            f"{many} a GS1 address, and {row.host} was the host in it. Nobody knows whether tags with it are printed, "
            "so it stays and goes on answering."
        )
    db.delete(row)
    if row.proven_at is not None:
        changed(db, row.retailer_id, at=at)
    audit.record(
        db, actor, "host.remove", ("host", row.id), at=at, retailer_id=row.retailer_id, detail={"host": row.host}
    )
    db.flush()


def refuse_taken(db: Session, retailer_id: str, host: str) -> None:
    """:raises HostTaken: another retailer has proven this host."""
    with unscoped(db):
        other = select(RetailerHost.id).where(
            RetailerHost.host == host, RetailerHost.retailer_id != retailer_id, RetailerHost.proven_at.is_not(None)
        )
        if db.scalar(other.limit(1)):
            raise _taken(host)


def _taken(host: str) -> HostTaken:
    return HostTaken(f"{host} is proven by another house here. If it is yours, ask whoever runs this installation.")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True

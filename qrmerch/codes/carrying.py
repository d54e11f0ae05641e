"""Which host codes carry: the retailer's default when they are made, and that one for ever.

Codes that were made before there was one, and never printed, take the first. The caller commits.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from qrmerch.audit import Actor
from qrmerch.catalog.models import Variant
from qrmerch.codes.models import Code
from qrmerch.codes.queries import count_with_host
from qrmerch.codes.service import lock_codes
from qrmerch.db import reread
from qrmerch.parties import own_hosts
from qrmerch.parties.models import RetailerHost, Store
from qrmerch.parties.proving import Look


def settle(db: Session, row: RetailerHost, look: Look, *, at: datetime, actor: Actor | None) -> bool:
    """Keep what a look for a host's proof found; whether the host is proven now.

    :raises HostTaken: another retailer was faster.
    """
    lock_codes(db, row.retailer_id)
    was_primary = row.is_primary
    is_proven = own_hosts.note_look(db, row, look, at=at, actor=actor)
    if row.is_primary and not was_primary:
        _adopt(db, row)
    return is_proven


def make_default(db: Session, row: RetailerHost, *, at: datetime, actor: Actor | None) -> None:
    """Let codes made from now on carry a host.

    :raises HostUnproven: it is not proven yet.
    """
    lock_codes(db, row.retailer_id)
    own_hosts.make_default(db, row, at=at, actor=actor)
    _adopt(db, row)


def remove_host(db: Session, row: RetailerHost, *, at: datetime, actor: Actor | None) -> None:
    """Take a host away that no code carries, and that no GS1 address can be printed with.

    :raises HostPrinted: at least one does, or may be.
    """
    lock_codes(db, row.retailer_id)
    # It may have been proven, and printed, since the row was read.
    reread(db, row)
    codes = count_with_host(db, row.retailer_id, row.host)
    own_hosts.remove_host(db, row, codes=codes, numbers=count_numbers(db, row), at=at, actor=actor)


def count_numbers(db: Session, row: RetailerHost) -> int:
    """How many of the retailer's GS1 numbers may be printed with a host: all, if it was ever the default."""
    if not (row.is_primary or row.was_primary):
        return 0
    wanted = select(func.count(Variant.gtin.distinct())).where(Variant.retailer_id == row.retailer_id)
    stores = select(func.count(Store.id)).where(Store.retailer_id == row.retailer_id, Store.gln.is_not(None))
    return (db.scalar(wanted) or 0) + (db.scalar(stores) or 0)


def _adopt(db: Session, row: RetailerHost) -> int:
    """Codes of no host of the retailer's that were never printed carry this one from now on; how many."""
    unprinted = update(Code).where(Code.retailer_id == row.retailer_id, Code.host == "", Code.printed_at.is_(None))
    done = db.execute(unprinted.values(host=row.host).execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount

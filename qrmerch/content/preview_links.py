"""Links by which a page can be looked at on another phone before it is published.

Signed, for one revision, for a day at most. A draft shows as it stands; what comes after it does not.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from qrmerch.errors import NotFound

LIFETIME: Final = timedelta(hours=24)
_SIGNATURE_CHARS: Final = 32
# The same hour gives the same link, so that a page that is drawn again shows the same code.
_STEP_S: Final = 3600


def make_link(revision_id: str, *, key: str, at: datetime) -> str:
    """The path of a preview of a revision; it leads there for 23 to 24 hours."""
    until = int((at + LIFETIME).timestamp()) // _STEP_S * _STEP_S
    told = f"{revision_id}.{until:x}"
    return f"/studio/preview/{told}.{_sign(told, key)}"


def read_link(text: str, *, keys: Iterable[str], at: datetime) -> str:
    """The id of the revision that a link's last part leads to.

    :raises NotFound: it was not made here, was altered, or is over.
    """
    told, _, signature = text.rpartition(".")
    revision_id, _, until = told.partition(".")
    if not any(hmac.compare_digest(signature.encode(), _sign(told, key).encode()) for key in keys):
        raise NotFound("This preview is not here. Ask for a new link.")
    if datetime.fromtimestamp(int(until, 16), UTC) <= at:
        raise NotFound("This preview was for one day, and that is over. Ask for a new link.")
    return revision_id


def _sign(told: str, key: str) -> str:
    return hmac.new(key.encode(), b"preview " + told.encode(), hashlib.sha256).hexdigest()[:_SIGNATURE_CHARS]

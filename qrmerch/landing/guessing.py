"""What stands between a program that guesses printed addresses and the helpful page."""

from datetime import timedelta
from math import ceil
from time import time
from typing import cast

from flask import request

from qrmerch.errors import TooMany
from qrmerch.landing.misses import Misses
from qrmerch.landing.scanning import get_scan_path
from qrmerch.landing.shopper import find_host_retailer_id
from qrmerch.web import services


def refuse_guessing() -> None:
    """Let nothing through from a network that has just asked for many addresses that do not exist.

    Asked only when it is certain that this one does not exist either: a printed code is never refused. A store's own
    Wi-Fi, which hundreds of phones share, is never made to wait: one guesser there would cost all others the help with
    a mistyped code.

    :raises TooMany: with how long to wait.
    """
    wait_s = _get_misses().wait_s(request.remote_addr or "", time())
    codes = get_scan_path().codes
    if not wait_s or codes.is_network_of_any(find_host_retailer_id(), request.remote_addr or ""):
        return
    raise TooMany(
        "Many codes that do not exist were asked for from this network. Wait a minute and try again.",
        retry_after=timedelta(seconds=ceil(wait_s)),
    )


def note_miss() -> None:
    """One more address that does not exist was asked for."""
    _get_misses().take(request.remote_addr or "", time())


def _get_misses() -> Misses:
    return cast(Misses, services().parts.setdefault("misses", Misses()))

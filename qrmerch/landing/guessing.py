"""What stands between a program that guesses printed addresses and the helpful page."""

from datetime import timedelta
from math import ceil
from time import time
from typing import cast

from flask import request

from qrmerch.codes.tokens import find_token
from qrmerch.errors import TooMany
from qrmerch.landing.misses import Misses
from qrmerch.landing.scanning import get_scan_path
from qrmerch.web import services


def refuse_guessing() -> None:
    """Let nothing through from a network that has just asked for many addresses that do not exist.

    :raises TooMany: with how long to wait.
    """
    if wait_s := _get_misses().wait_s(request.remote_addr or "", time()):
        raise TooMany(
            "Many codes that do not exist were asked for from this network. Wait a minute and try again.",
            retry_after=timedelta(seconds=ceil(wait_s)),
        )


def note_miss() -> None:
    """One more address that does not exist was asked for."""
    _get_misses().take(request.remote_addr or "", time())


def is_known_code(typed: str) -> bool:
    """Whether the scan path of this process knows a code by what was typed or scanned."""
    token = find_token(typed)
    return token is not None and get_scan_path().codes.find(token) is not None


def _get_misses() -> Misses:
    return cast(Misses, services().parts.setdefault("misses", Misses()))

"""How often one network may ask for codes that do not exist: a guard against guessing, kept in memory only.

A database would be written to with each guess, and shoppers would pay for it. So each process counts for itself.
"""

import socket
from collections import OrderedDict
from threading import Lock
from typing import Final

LIMIT: Final = 60
PER_S: Final = 60.0
_REMEMBERED: Final = 10_000
# How IPv6 writes an IPv4 address.
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"


class Misses:
    """Tries left of each network, refilled evenly; the ones not heard of for longest are forgotten first."""

    def __init__(self, *, limit: int = LIMIT, per_s: float = PER_S, remembered: int = _REMEMBERED) -> None:
        """:param limit: tries in `per_s` seconds."""
        self._limit, self._per_s, self._remembered = limit, per_s, remembered
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._changing = Lock()

    def wait_s(self, address: str, at_s: float) -> float:
        """How many seconds a network has to wait for its next try; 0 where it has one."""
        left, _ = self._refilled(_network(address), at_s)
        return 0.0 if left >= 1 else (1 - left) * self._per_s / self._limit

    def take(self, address: str, at_s: float) -> None:
        """Take one try, if there is one."""
        network = _network(address)
        with self._changing:
            left, _ = self._refilled(network, at_s)
            self._left[network] = (max(0.0, left - 1), at_s)
            self._left.move_to_end(network)
            while len(self._left) > self._remembered:
                self._left.popitem(last=False)

    def _refilled(self, network: str, at_s: float) -> tuple[float, float]:
        left, filled_s = self._left.get(network, (float(self._limit), at_s))
        passed_s = max(0.0, at_s - filled_s)
        return min(float(self._limit), left + passed_s * self._limit / self._per_s), at_s


def _network(address: str) -> str:
    """An IPv4 address, or the /64 that one household or phone has of IPv6, however it is written."""
    if ":" not in address:
        return address
    try:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return address
    if packed.startswith(_MAPPED):
        return socket.inet_ntoa(packed[12:])
    return packed[:8].hex()

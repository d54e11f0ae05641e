"""Ports for servers that listen a moment later, in another process.

They lie below those that a system gives to whoever connects somewhere (on Linux from 32,768 up): of these one may be
taken between the choice and the start, by another's connection or by one that dials the server while it is away.
"""

import itertools
import os
import socket

_FIRST, _COUNT = 20_000, 12_000
# Test processes begin far from each other, and no port comes twice soon.
_places = itertools.count(os.getpid() * 101)


def free_port() -> int:
    """A port of this machine that nobody listens at, over TCP or UDP."""
    return next(port for place in _places if _is_free(port := _FIRST + place % _COUNT))


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True

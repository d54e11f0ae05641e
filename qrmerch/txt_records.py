"""Reading a name's TXT records from the resolvers that this machine is set to.

In: a host name. Out: its texts, none where the name has none. Asked over UDP, and over TCP where the answer is long.
Never: another resolver than the system's, an answer to another question, a loop over what an answer says of itself.
"""

import secrets
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qrmerch.errors import DomainError

Server = tuple[str, int]
_TXT, _IN, _PORT, _NO_SUCH_NAME = 16, 1, 53, 3
_HEAD: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!2HIH")
_ANSWERS, _CUT_OFF, _CODE = 0x8000, 0x0200, 0x000F
_RECURSION_WANTED: Final = 0x0100
_MAX_UDP_BYTES, _MAX_RECORDS, _MAX_SERVERS = 4096, 200, 3
_SYSTEM: Final = Path("/etc/resolv.conf")


class LookupFailed(DomainError):
    """No resolver gave an answer; the message says so."""

    status = 422
    slug = "lookup_failed"


def find_txt(name: str, *, servers: Sequence[Server] | None = None, timeout_s: float = 3.0) -> list[str]:
    """The TXT records of a name, each joined to one text; none where there is no such name.

    :param name: in ASCII, as DNS spells it.
    :param servers: the system's unless given.
    :raises LookupFailed: no resolver answered in time, or only with an error of its own.
    """
    ends_s = time.monotonic() + timeout_s
    asked = list(servers if servers is not None else list_servers())[:_MAX_SERVERS]
    for place, server in enumerate(asked):
        left_s = (ends_s - time.monotonic()) / (len(asked) - place)
        if left_s <= 0:
            break
        try:
            return _ask(name, server, left_s)
        # A resolver that is away, or answers nonsense, is followed by the next one.
        except (OSError, ValueError, struct.error):
            continue
    raise LookupFailed("The name servers did not answer. Try again in a minute.")


def list_servers(path: Path = _SYSTEM) -> list[Server]:
    """The resolvers that the system's configuration names."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [(each[1].partition("%")[0], _PORT) for each in words if len(each) > 1 and each[0] == "nameserver"]


def _ask(name: str, server: Server, timeout_s: float) -> list[str]:
    """:raises OSError: nobody answered.
    :raises ValueError: the answer is none to this question.
    """
    question = _question(name)
    number = secrets.randbelow(1 << 16)
    query = _HEAD.pack(number, _RECURSION_WANTED, 1, 0, 0, 0) + question
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout_s)
        # Connected, so that only this server's datagrams come in.
        sock.connect(server)
        sock.send(query)
        answer = sock.recv(_MAX_UDP_BYTES)
    if _flags(answer, number) & _CUT_OFF:
        answer = _ask_tcp(query, server, timeout_s)
    return _read(answer, number, question)


def _ask_tcp(query: bytes, server: Server, timeout_s: float) -> bytes:
    ends_s = time.monotonic() + timeout_s
    with socket.create_connection(server, timeout_s) as sock:
        sock.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", _receive(sock, 2, ends_s))
        return _receive(sock, length, ends_s)


def _receive(sock: socket.socket, length: int, ends_s: float) -> bytes:
    got = b""
    while len(got) < length:
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        sock.settimeout(left_s)
        part = sock.recv(length - len(got))
        if not part:
            raise ValueError("broken off")
        got += part
    return got


def _question(name: str) -> bytes:
    labels = name.rstrip(".").encode("ascii").split(b".")
    if not all(0 < len(label) < 64 for label in labels) or len(name) > 253:
        raise ValueError(name)
    return b"".join(bytes((len(label),)) + label for label in labels) + struct.pack("!BHH", 0, _TXT, _IN)


def _flags(answer: bytes, number: int) -> int:
    got, flags, *_ = _HEAD.unpack_from(answer)
    if got != number or not flags & _ANSWERS:
        raise ValueError("an answer to something else")
    return int(flags)


def _read(answer: bytes, number: int, question: bytes) -> list[str]:
    flags = _flags(answer, number)
    _, _, questions, records, _, _ = _HEAD.unpack_from(answer)
    if flags & _CODE == _NO_SUCH_NAME:
        return []
    at = _HEAD.size + len(question)
    if flags & _CODE or questions != 1 or answer[_HEAD.size : at].lower() != question.lower():
        raise ValueError("no answer")
    texts: list[str] = []
    for _ in range(min(records, _MAX_RECORDS)):
        at = _after_name(answer, at)
        kind, group, _, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        data, at = answer[at : at + length], at + length
        if len(data) < length:
            raise ValueError("cut short")
        if (kind, group) == (_TXT, _IN):
            texts.append(_join(data))
    return texts


def _after_name(answer: bytes, at: int) -> int:
    """Where a name ends; what a pointer in it points to is not looked at."""
    while (length := answer[at] if at < len(answer) else 0) and length < 0xC0:
        at += 1 + length
    return at + (2 if length else 1)


def _join(data: bytes) -> str:
    """The strings of one record as one text."""
    parts, at = [], 0
    while at < len(data):
        length = data[at]
        parts.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return b"".join(parts).decode("utf-8", errors="replace")

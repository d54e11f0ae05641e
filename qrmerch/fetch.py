"""Reading one file from an address that somebody outside gave us.

In: an address and limits. Out: its bytes, or a sentence why not.
Never: a connection to anything but a public address on the https port, however the address is written, whatever a
name leads to a moment later, and wherever a redirect points; nor cookies, proxies or anybody's password.

A name is looked up once for each request, all that it leads to must be public, and the connection goes to exactly
what was looked at. The certificate must be that of the name.
"""

import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from qrmerch.errors import DomainError

HTTPS_PORT: Final = 443
MAX_REDIRECTS: Final = 3
MAX_URL_CHARS: Final = 2000
USER_AGENT: Final = "qrmerch/1 (fetches what a vendor's own file names)"
_CHUNK_BYTES: Final = 1 << 16
# Of a name with many addresses, so many are tried.
_MOST_TRIED: Final = 4
_CONNECT_S: Final = 3.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# What may stand in a path or query as it is; the rest is escaped, so that no line break reaches the request.
_KEPT: Final = "%/:=&?~+!$,;'@()*[]"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Sequence[str]]
Connect = Callable[[tuple[str, int], float], socket.socket]

# Public by the books, and yet no stranger's web server: relays, translations and the insides of clouds.
_CLOSED_4: Final = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only this part is given out at all: no mapped, translated (NAT64), local or multicast address lies in it.
_OPEN_6: Final = ipaddress.IPv6Network("2000::/3")
# Teredo and its neighbours, documentation, 6to4: an IPv4 address may hide in them.
_CLOSED_6: Final = tuple(
    ipaddress.IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


class FetchFailed(DomainError):
    """The file cannot be had from there; the message says why and what to do."""

    status = 422
    slug = "fetch_failed"


class AddressPrivate(FetchFailed):
    """The address leads, or was redirected, to something that is not public."""

    slug = "address_private"

    def __init__(self) -> None:
        super().__init__("This address leads into a private network. Use one that everybody can open.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the bytes, and the address at the end of all redirects."""

    data: bytes
    url: str

    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.data)


@dataclass(frozen=True, slots=True)
class Network:
    """How the outside is reached: whose word counts for names, how a connection begins, and which certificates hold."""

    lookup: Lookup
    connect: Connect
    trust: ssl.SSLContext


def fetch(
    url: str, *, max_bytes: int, timeout_s: float, accept: str = "*/*", network: Network | None = None
) -> Fetched:
    """The bytes at an https address, at most `max_bytes`, within `timeout_s` seconds in all.

    :param network: this machine's unless given.
    :raises AddressPrivate: it leads to something that is not public; nothing was connected to.
    :raises FetchFailed: there is no such file, it is too large, too slow or compressed.
    """
    asked = _Asked(
        network=network or Network(look_up, socket.create_connection, ssl.create_default_context()),
        max_bytes=max_bytes,
        ends_s=time.monotonic() + timeout_s,
        accept=accept,
    )
    return _follow(url, asked)


def find_end(url: str, *, timeout_s: float, network: Network | None = None) -> str:
    """Where an https address leads after all redirects; of what is there nothing is read.

    :param network: this machine's unless given.
    :raises AddressPrivate: it leads to something that is not public; nothing was connected to.
    :raises FetchFailed: nothing answers there, or not with a page.
    """
    asked = _Asked(
        network=network or Network(look_up, socket.create_connection, ssl.create_default_context()),
        max_bytes=0,
        ends_s=time.monotonic() + timeout_s,
        accept="text/html,*/*;q=0.5",
        is_read=False,
    )
    return _follow(url, asked).url


def _follow(url: str, asked: "_Asked") -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        target = _target(url)
        answer = _ask_plainly(target, asked)
        if isinstance(answer, bytes):
            return Fetched(answer, url)
        url = _joined(url, answer.location)
    raise FetchFailed(f"This address leads on and on, more than {MAX_REDIRECTS} times. Use the last one itself.")


def is_public(address: str) -> bool:
    """Whether an address, in digits, is one that everybody can reach and that belongs to nobody's inside."""
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not any(found in each for each in _CLOSED_4)
    return found in _OPEN_6 and found.is_global and not any(found in each for each in _CLOSED_6)


def look_up(host: str, port: int) -> list[str]:
    """All addresses that the system's resolver knows of a host, in the order to try them.

    :raises OSError: there is no such host.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one `fetch` may do."""

    network: Network
    max_bytes: int
    ends_s: float
    accept: str
    # Whether what is there is read, or only that it is.
    is_read: bool = True

    def left_s(self) -> float:
        """Seconds left.

        :raises TimeoutError: none is.
        """
        left = self.ends_s - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom to ask for what: the name as certificates spell it, and the rest of the address."""

    host: str
    path: str


@dataclass(frozen=True, slots=True)
class _Moved:
    """The answer was: elsewhere."""

    location: str


def _target(url: str) -> _Target:
    """An address taken apart.

    :raises FetchFailed: it is not one that is ever asked.
    """
    try:
        if len(url) > MAX_URL_CHARS or not url.isprintable() or "\\" in url:
            raise ValueError(url)
        parts = urlsplit(url.strip())
        host, given_port = _host_of(parts), parts.port
    except ValueError:
        raise FetchFailed("This is no address of a file. It should look like https://shop.example/top.jpg.") from None
    if parts.scheme != "https":
        raise FetchFailed("Only addresses that begin with https:// are fetched. Use that form, or send the file.")
    if "@" in parts.netloc:
        raise FetchFailed("This address holds a name or password. Use one that everybody can open.")
    if given_port not in (None, HTTPS_PORT):
        raise FetchFailed("This address names a port of its own. Only the usual one of https is asked.")
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    return _Target(host, (quote(parts.path, safe=_KEPT) or "/") + query)


def _host_of(parts: SplitResult) -> str:
    """The host in ASCII; full-width digits and dots become what a resolver would make of them.

    :raises ValueError: there is none, or no resolver takes it.
    """
    host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".")
    if not host:
        raise ValueError("no host")
    return host


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise FetchFailed("This address leads on to one that is none. Use another, or send the file.") from None


def _ask_plainly(target: _Target, asked: _Asked) -> bytes | _Moved:
    """One request; what goes wrong in it is a sentence.

    :raises FetchFailed: anything but a file or a redirect came of it.
    """
    try:
        return _ask(target, asked)
    except TimeoutError:
        raise FetchFailed(f"{target.host} took too long to answer. Try again later, or send the file.") from None
    except ssl.SSLCertVerificationError:
        raise FetchFailed(f"The certificate of {target.host} is not valid. Send the file instead.") from None
    # What `http.client` cannot make sense of is a `ValueError` here and there.
    except (OSError, ValueError, http.client.HTTPException):
        raise FetchFailed(
            f"{target.host} cannot be reached, or broke off. Look whether the address is right."
        ) from None


def _ask(target: _Target, asked: _Asked) -> bytes | _Moved:
    """One request, its name looked up once."""
    addresses = _found_public(target.host, asked)
    with _connected(addresses, target.host, asked) as sock:
        connection = http.client.HTTPConnection(target.host, HTTPS_PORT)
        connection.sock = _Timed(sock, asked)
        connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"[{target.host}]" if ":" in target.host else target.host)
        connection.putheader("User-Agent", USER_AGENT)
        connection.putheader("Accept", asked.accept)
        connection.putheader("Accept-Encoding", "identity")
        connection.putheader("Connection", "close")
        connection.endheaders()
        with connection.getresponse() as response:
            return _read(response, target, asked)


def _read(response: http.client.HTTPResponse, target: _Target, asked: _Asked) -> bytes | _Moved:
    location = response.getheader("Location")
    if response.status in _REDIRECTS and location:
        return _Moved(location)
    if response.status != 200:
        wanted = "the file" if asked.is_read else "a page"
        raise FetchFailed(f"{target.host} answers {response.status} instead of {wanted}. Open the address and look.")
    if not asked.is_read:
        return b""
    if response.getheader("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise FetchFailed(f"{target.host} sends the file compressed, which is not read. Send the file instead.")
    kept = io.BytesIO()
    if (response.length or 0) > asked.max_bytes:
        raise _too_large(asked)
    while chunk := response.read(_CHUNK_BYTES):
        kept.write(chunk)
        if kept.tell() > asked.max_bytes:
            raise _too_large(asked)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return kept.getvalue()


def _too_large(asked: _Asked) -> FetchFailed:
    return FetchFailed(f"This file is larger than the {asked.max_bytes // 1_000_000} MB taken here. Make it smaller.")


def _found_public(host: str, asked: _Asked) -> list[str]:
    """The addresses of a host.

    :raises AddressPrivate: one of them is not public.
    """
    addresses = list(_looked_up(host, asked))
    if not addresses:
        raise OSError("no address")
    if not all(map(is_public, addresses)):
        raise AddressPrivate()
    return addresses[:_MOST_TRIED]


def _looked_up(host: str, asked: _Asked) -> Sequence[str]:
    """What the lookup says, within the time there is: a resolver knows no limit that we could set."""
    said: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def look() -> None:
        try:
            said.put(asked.network.lookup(host, HTTPS_PORT))
        # Handed over to whoever waits.
        except Exception as error:
            said.put(error)

    Thread(target=look, daemon=True, name="look-up").start()
    try:
        found = said.get(timeout=asked.left_s())
    except Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        # A label that is too long is a `UnicodeError` to Python.
        raise OSError(str(found)) from found
    return found


def _connected(addresses: Sequence[str], host: str, asked: _Asked) -> ssl.SSLSocket:
    """A connection to the first of these addresses that answers, its certificate checked against the name."""
    for place, address in enumerate(addresses):
        try:
            plain = asked.network.connect((address, HTTPS_PORT), min(asked.left_s(), _CONNECT_S))
        except OSError:
            if place + 1 == len(addresses):
                raise
            continue
        try:
            plain.settimeout(asked.left_s())
            return asked.network.trust.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
    raise OSError("no address")


class _Timed(io.RawIOBase):
    """A connection as `http.client` uses it, that ends at an instant however slowly the other side drips."""

    def __init__(self, sock: ssl.SSLSocket, asked: _Asked) -> None:
        super().__init__()
        self._sock, self._asked = sock, asked

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._asked.left_s())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        # Another one: `http.client` closes the connection as soon as it knows that this answer is the last.
        return io.BufferedReader(_Timed(self._sock, self._asked))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._asked.left_s())
        return self._sock.recv_into(buffer)

"""Codes that stand in pictures: what is kept of them, and the address that a phone would open.

In: what the reader of pictures found. Out: plain values, kept with the asset. Whose an address of this installation is,
rooms above know: they declare it with `@tells_house`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from qrmerch.media.images import Code

# What phones act upon without an address of the web; other schemes are told by their slashes.
_ACTS: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://|(?:mailto|matmsg|tel|facetime|sms|smsto|mms|mmsto|geo):)\S", re.I)
_WEB: Final = re.compile(r"https?://\S+", re.I)
# A host without a scheme in front, as phones open it too.
_BARE: Final = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,63}(?::\d+)?(?:[/?#]\S*)?", re.I)
_PLAIN_HOST: Final = re.compile(r"[a-z0-9.-]+(?::\d+)?")
_SHOWN_CHARS: Final = 60

TellsHouse = Callable[[Session, str], str | None]
_tellers: list[TellsHouse] = []


def tells_house(tell: TellsHouse) -> TellsHouse:
    """Declare who knows whose an address is: called with a session and an address of this installation's own host.

    It answers with a retailer's id, or None.
    """
    _tellers.append(tell)
    return tell


def find_house(db: Session, address: str) -> str | None:
    """The retailer whose an address of this installation's own host is; None where nobody says."""
    return next((found for tell in _tellers if (found := tell(db, address))), None)


def kept(codes: Iterable[Code], *, base_url: str) -> tuple[dict[str, object], ...]:
    """Codes as `Asset.codes` keeps them.

    :param base_url: the installation's own address; `is_here` says that a code's is on the same host.
    """
    own = urlsplit(base_url).netloc.lower()
    return tuple(
        {"kind": each.kind, "text": each.text, "is_here": bool(own) and host_in(address_in(each.text)) == own}
        for each in codes
    )


def address_in(text: str) -> str:
    """What a phone would open of what a code says, with its scheme; empty where that is no address."""
    said = text.strip()
    if found := _WEB.search(said):
        return found[0]
    if _ACTS.match(said):
        return said
    return f"http://{said}" if _BARE.fullmatch(said) else ""


def host_in(address: str) -> str:
    """The host of a web address with its port, lower case; empty where something stands around it, or it has none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    netloc = parts.netloc.lower()
    return netloc if parts.scheme in ("http", "https") and _PLAIN_HOST.fullmatch(netloc) else ""


def is_on(address: str, hosts: Iterable[str]) -> bool:
    """Whether a web address is on one of these hosts, at the usual port.

    :param hosts: lower case.
    """
    host = host_in(address).removesuffix(":443").removesuffix(":80").rstrip(".")
    return bool(host) and host in frozenset(hosts)


def said_end(address: str) -> str:
    """Where an address leads, in as few words as tell it: its host, or what else it is."""
    if not _WEB.match(address):
        return address[:_SHOWN_CHARS]
    # As browsers take it: a backslash is a slash, and what stands before an @ is no host.
    try:
        host = urlsplit(address.replace("\\", "/")).netloc.rpartition("@")[2].lower()
    except ValueError:
        host = ""
    return (host or address)[:_SHOWN_CHARS]


def list_addresses(codes: Iterable[Mapping[str, Any]] | None) -> list[tuple[str, str, bool]]:
    """Of the codes that an asset keeps those with an address: kind, address, and whether that is on our own host."""
    found = [(str(each["kind"]), address_in(str(each["text"])), bool(each["is_here"])) for each in codes or ()]
    return [each for each in found if each[1]]

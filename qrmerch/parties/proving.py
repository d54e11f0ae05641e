"""Whether a host is the retailer's who says so: a TXT record below it, or a file at a well-known address of it.

In: a host and the secret that only its retailer was shown. Out: how it was proven, or a sentence on what is missing.
Never: a look at anything but public addresses (`fetch.py`), or at a file that another host answered with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from qrmerch.fetch import AddressPrivate, FetchFailed, Network, fetch
from qrmerch.parties.models import Proof
from qrmerch.txt_records import LookupFailed, Server, find_txt

WELL_KNOWN: Final = "/.well-known/qrmerch.txt"
# Where no host of the sample shops is anywhere.
IN_DEMO: Final = "This is the demo: no name server and no web server is asked."
_BELOW: Final = "_qrmerch"
_DNS_WAITS_S, _FILE_WAITS_S = 3.0, 5.0
_MAX_FILE_BYTES: Final = 4_000


@dataclass(frozen=True, slots=True)
class Outside:
    """How names and files are looked up; the machine's own way unless said."""

    network: Network | None = None
    servers: Sequence[Server] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking: the proof, or (None) what is missing, in a sentence."""

    proof: Proof | None
    said: str = ""


def record_name(host: str) -> str:
    """The name whose TXT record proves a host."""
    return f"{_BELOW}.{host}"


def record_text(secret: str) -> str:
    """What the record, or a line of the file, has to say."""
    return f"qrmerch-host={secret}"


def file_address(host: str) -> str:
    """Where the file is looked for."""
    return f"https://{host}{WELL_KNOWN}"


def look_for_proof(host: str, secret: str, *, outside: Outside = Outside()) -> Look:
    """Look for the record, then for the file; takes seconds where neither answers."""
    wanted = record_text(secret)
    try:
        texts = find_txt(record_name(host), servers=outside.servers, timeout_s=_DNS_WAITS_S)
    except LookupFailed as error:
        in_dns = error.detail
    else:
        if wanted in (text.strip() for text in texts):
            return Look(Proof.DNS)
        in_dns = (
            f"The TXT record at {record_name(host)} says something else."
            if texts
            else f"There is no TXT record at {record_name(host)} yet; a new one may take an hour to be seen."
        )
    in_file = _find_in_file(host, wanted, outside)
    return Look(Proof.FILE) if not in_file else Look(None, f"{in_dns} {in_file}")


def _find_in_file(host: str, wanted: str, outside: Outside) -> str:
    """Empty where the file has the line; else what is missing."""
    try:
        found = fetch(
            file_address(host),
            max_bytes=_MAX_FILE_BYTES,
            timeout_s=_FILE_WAITS_S,
            accept="text/plain,*/*;q=0.5",
            network=outside.network,
        )
    except AddressPrivate:
        return "The host leads into a private network, where no file is looked for."
    except FetchFailed:
        return f"There is no file at {WELL_KNOWN} that can be read over https."
    if urlsplit(found.url).hostname != host:
        return f"{WELL_KNOWN} leads on to another host, which proves nothing about this one."
    lines = found.data.decode("utf-8", errors="replace").lstrip("\ufeff").splitlines()
    return "" if wanted in (line.strip() for line in lines) else f"The file at {WELL_KNOWN} says something else."

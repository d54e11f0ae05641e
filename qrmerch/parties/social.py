"""Where else a retailer can be found: an address at each network, and at no other host.

In: what a person writes, an address or the name there (`@fashiontown`). Out: an `https` address at one of the
network's own hosts, with nothing in it but the path. Never: another scheme, a port, a name or password, a look-alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Network:
    """A network, the hosts that are its own (the first is written), and what stands before a name in an address."""

    key: str
    name: str
    hosts: tuple[str, ...]
    before: str = ""


NETWORKS: Final = (
    Network("instagram", "Instagram", ("www.instagram.com", "instagram.com")),
    Network("facebook", "Facebook", ("www.facebook.com", "facebook.com", "m.facebook.com", "fb.com")),
    Network("tiktok", "TikTok", ("www.tiktok.com", "tiktok.com"), "@"),
    Network("youtube", "YouTube", ("www.youtube.com", "youtube.com", "m.youtube.com"), "@"),
    Network("x", "X", ("x.com", "www.x.com", "twitter.com", "www.twitter.com")),
    Network("pinterest", "Pinterest", ("www.pinterest.com", "pinterest.com")),
    Network("linkedin", "LinkedIn", ("www.linkedin.com", "linkedin.com"), "company/"),
    Network("snapchat", "Snapchat", ("www.snapchat.com", "snapchat.com"), "add/"),
    Network("threads", "Threads", ("www.threads.net", "threads.net", "www.threads.com", "threads.com"), "@"),
)
_BY_KEY: Final = {each.key: each for each in NETWORKS}
_MAX_CHARS: Final = 200
_NAME: Final = re.compile(r"@?([A-Za-z0-9][A-Za-z0-9._-]{0,59})")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9@._~-]{1,100}){1,4}/?")


def clean_social(written: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The addresses of a retailer's by network, and what is wrong by network; empty ones are left out.

    :param written: by the network's key, as typed.
    """
    kept, problems = {}, {}
    for key, text in written.items():
        network = _BY_KEY.get(key)
        if network is None or not text.strip():
            continue
        try:
            kept[key] = clean_address(network, text)
        except ValueError as error:
            problems[key] = str(error)
    return kept, problems


def clean_address(network: Network, text: str) -> str:
    """The address at one network that an address or a name means.

    :raises ValueError: it is neither; the sentence says what would be right.
    """
    text = text.strip()
    if len(text) > _MAX_CHARS:
        raise ValueError(f"At most {_MAX_CHARS} characters; copy the address of your page at {network.name}.")
    if name := _NAME.fullmatch(text):
        if "@" in text or not _looks_like_host(text, network):
            return f"https://{network.hosts[0]}/{network.before}{name[1]}"
        raise ValueError(f"{text} is {network.name} itself. Add the name of your page there, or write @name.")
    host, path = _split(network, text)
    return f"https://{host}{path.rstrip('/')}"


def _looks_like_host(text: str, network: Network) -> bool:
    return text.lower() in network.hosts or text.lower().removeprefix("www.") in network.hosts


def _split(network: Network, text: str) -> tuple[str, str]:
    refused = (
        f"Only an address at {network.hosts[0]} stands under {network.name}: copy that of your page, or write @name."
    )
    try:
        said = urlsplit(text if "://" in text else f"https://{text}")
        host, port = said.hostname or "", said.port
    except ValueError:
        raise ValueError(refused) from None
    is_plain = said.scheme in ("https", "http") and port is None and text.isascii() and not re.search(r"[\s\\]", text)
    if not is_plain or host not in network.hosts or said.netloc.lower() != host:
        raise ValueError(refused)
    if not _PATH.fullmatch(said.path) or "/.." in said.path or "/./" in said.path:
        raise ValueError(f"The address names no page of yours at {network.name}. It ends in your name there.")
    return host, said.path


def list_social(social: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(network, address) of what is kept, in the networks' order; what would not be kept now is left out."""
    found = []
    for network in NETWORKS:
        try:
            address = clean_address(network, social.get(network.key, "")) if social.get(network.key) else ""
        except ValueError:
            continue
        if address:
            found.append((network.name, address))
    return tuple(found)

"""The configuration of nginx for published pages: who is asking, in which language, and the line that says so.

In: the rules of `scans/agents.py`, and each house with its hosts, languages, networks and mode of measuring.
Out: text for three places of a configuration: `maps.conf` within http, `house-<slug>.conf` within a server, and
`servers.conf`, servers on port 80 that take both in.
Never: an address, an agent or a path of a referring page in the log.

A map cannot weigh an Accept-Language: the first tag that fits one of the house's languages is taken, which is what
browsers put first as well.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qrmerch.codes.tokens import ALPHABET, LENGTH
from qrmerch.landing.counting import PARTS
from qrmerch.scans.agents import DEVICES, KINDS, MAX_AGENT_CHARS, SYSTEMS, VERSION, describe
from qrmerch.scans.line import MAX_REFERRER_CHARS, SCAN
from qrmerch.visitors.agreed import cookie_mark

MAPS: Final = "maps.conf"
SERVERS: Final = "servers.conf"
_OF_AGENTS: Final = ("kind", "device", "system")
_SLUG: Final = re.compile("[a-z0-9-]{1,40}")
_HOST: Final = re.compile("[a-z0-9.-]{1,253}")
_ID: Final = re.compile("[0-9a-z-]{1,36}")
_NODE: Final = re.compile("[0-9a-f]{0,16}")
_LOCALE: Final = re.compile("[A-Za-z0-9-]{1,12}")
# An address of lower-case letters or with hyphens goes behind, which knows what was meant.
_TOKEN: Final = f"[{ALPHABET}]{{{LENGTH}}}"
_ASKED: Final = rf"~^/[qQ]/(?<qrmerch_asked>{_TOKEN})(?:\?|$)"
_FIRST_TAG: Final = r"~^\s*(?<qrmerch_tag>[a-z]{2,3})(?:[-;,\s]|$)"
# What a configuration may hold of a folder's name between quotes.
_FOLDER: Final = re.compile(r"[^\"'$;{}\\\s]+")


class Unwritable(ValueError):
    """A value that a configuration cannot hold."""


@dataclass(frozen=True, slots=True)
class House:
    """What nginx has to know of one retailer."""

    retailer_id: str
    slug: str
    hosts: tuple[str, ...]
    # The first is the answer where nothing fits.
    locales: tuple[str, ...]
    has_visits: bool
    # Ranges of addresses that its stores' own Wi-Fi leaves from.
    networks: tuple[str, ...] = ()
    # Phones whose owners agreed are known again: they are answered from behind.
    is_consented: bool = False

    @property
    def name(self) -> str:
        """The end of its variables' names."""
        return self.slug.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Around:
    """What all houses share: folders, what stands behind, and the headers of every page."""

    folder: Path
    log_folder: Path
    # Scheme, host and port of qrmerch itself, which answers everything else.
    behind: str
    headers: tuple[tuple[str, str], ...]
    # The name of the folder of logs: hosts of the same name write into folders of their own.
    node: str = ""


def house_file(house: House) -> str:
    """The name of the part of a configuration that belongs to one house."""
    return f"house-{_checked(_SLUG, house.slug)}.conf"


def write_configuration(around: Around, houses: Sequence[House]) -> dict[str, str]:
    """All parts of the configuration by file name.

    :raises Unwritable: a host, a folder or a language that a configuration cannot hold.
    """
    parts = {house_file(each): _house_part(around, each) for each in houses}
    return {MAPS: _maps(around, houses), SERVERS: _servers(around, houses), **parts}


def _maps(around: Around, houses: Sequence[House]) -> str:
    shared = (
        _WHAT_MAPS_ARE,
        "map_hash_bucket_size 128;\nvariables_hash_max_size 2048;\n",
        _map(
            "$http_user_agent", "$qrmerch_agent_text", {f"~^(?<qrmerch_cut>.{{0,{MAX_AGENT_CHARS}}})": "$qrmerch_cut"}
        ),
        *(_agent_map(what) for what in _OF_AGENTS),
        _MANNER_MAPS,
        # What is put into another page is seen by nobody.
        _map(
            "$http_sec_fetch_dest",
            "$qrmerch_purpose",
            {f"~^(?:{'|'.join(sorted(PARTS))})$": "prefetch"},
            default="$qrmerch_asked_ahead",
        ),
        _map("$http_accept_language", "$qrmerch_language", {_FIRST_TAG: "$qrmerch_tag"}),
        _REFERRER_MAPS,
        _CODING_MAPS,
        _HOUR_MAP,
        # A visit as `scans/visits.py` knows one of a web server: its second, and 80 random bits.
        _map("$msec", "$qrmerch_born", {"~^(?<qrmerch_second>[0-9]{10})[.]": "$qrmerch_second"}),
        _map("$request_id", "$qrmerch_drawn", {"~^(?<qrmerch_bits>[0-9a-f]{20})": "$qrmerch_bits"}),
        # As it was sent: what stands for a letter by its number goes behind.
        _map("$request_uri", "$qrmerch_token", {_ASKED: "$qrmerch_asked"}),
        *(_house_maps(each) for each in houses),
        *(_log_format(each) for each in houses),
        f"upstream qrmerch_behind {{\n    server {_address_of(around.behind)};\n    keepalive 16;\n}}\n",
    )
    return "\n".join(shared)


def _agent_map(what: str) -> str:
    """The rules in their order, first match wins; an empty agent, on which a map tries no pattern, by name."""
    *some, (_, last) = rules_of(what)
    words = describe("").split()
    empty = {"kind": " ".join(words[:4]), "device": words[4], "system": words[5]}[what]
    entries = {"": empty, **{f"~*{pattern}": word for pattern, word in some}}
    return _map("$qrmerch_agent_text", f"$qrmerch_{what}", entries, default=last)


def rules_of(what: str) -> list[tuple[str, str]]:
    """The patterns of agents and what they say, in order; the last one fits all and is empty."""
    if what == "kind":
        return [(pattern, f"{cls} {family} {rule} {VERSION}") for rule, cls, family, pattern in KINDS]
    return [(pattern, word) for word, pattern in (DEVICES if what == "device" else SYSTEMS)]


def _house_maps(house: House) -> str:
    offered = [_checked(_LOCALE, each) for each in house.locales]
    visit, timing = f"$qrmerch_visit_{house.name}", f"$qrmerch_timing_{house.name}"
    networks = "".join(f"    {each} 1;\n" for each in house.networks)
    folder = f"$qrmerch_folder_{house.name}"
    hosts = dict.fromkeys((_checked(_HOST, host) for host in house.hosts), folder)
    # What is counted of a phone that agreed is a hash, which a map cannot make.
    agreed = {f"~qi-{cookie_mark(house.retailer_id)}=": "none"} if house.is_consented else {}
    maps = (
        _map("$http_cookie", folder, agreed, default=_checked(_ID, house.retailer_id)),
        # A name that is none of its own, and still reaches its server, finds no folder and is answered from behind.
        _map("$host", f"$qrmerch_house_{house.name}", hosts, default="none"),
        _map("$http_accept_language", f"$qrmerch_locale_{house.name}", dict(locale_rules(offered)), default=offered[0]),
        _map("$qrmerch_has_gpc", visit, {"0": "$qrmerch_born$qrmerch_drawn"} if house.has_visits else {}),
        _map(visit, timing, {"~.": rf"v;desc=\"{visit}\""}),
        f"geo $qrmerch_own_{house.name} {{\n    default 0;\n{networks}}}\n",
    )
    return "\n".join(maps)


def locale_rules(offered: Sequence[str]) -> list[tuple[str, str]]:
    """For each offered locale the pattern of an Accept-Language whose first tag that fits any is this one's."""
    languages = list(dict.fromkeys(each.lower().split("-")[0] for each in offered))
    none = rf"(?:\s*(?!(?:{'|'.join(languages)})(?:[-;,\s]|$))[^,]*,)*"
    rules = []
    for language in languages:
        # As in `i18n.negotiate`, the first offered one that shares the language, whatever its country.
        locale = next(each for each in offered if each.lower().split("-")[0] == language)
        rules.append((rf"~*^{none}\s*{language}(?:[-;,\s]|$)", locale))
    return rules


def _log_format(house: House) -> str:
    """The line of `scans/line.py` for a printed code. Every value is made by a map of ours, or checked by one."""
    line = (
        f'{{"t":$msec,"q":"$qrmerch_token","v":"$qrmerch_visit_{house.name}","n":"","u":"","p":"","k":"{SCAN}",'
        f'"a":"$qrmerch_kind $qrmerch_device $qrmerch_system","o":$qrmerch_own_{house.name},"m":"$qrmerch_manner",'
        f'"g":$qrmerch_has_gpc,"y":"$qrmerch_language","f":"$qrmerch_referrer"}}'
    )
    return f"log_format qrmerch_{house.name} escape=json '{line}';\n"


def _house_part(around: Around, house: House) -> str:
    """The locations of one house: its printed codes from files, everything else from behind."""
    log = f"{_folder(around.log_folder)}/scan-$qrmerch_hour-nginx-{_checked(_NODE, around.node)}-$hostname.jsonl"
    headers = "".join(f'    add_header {name} "{_quoted(value)}";\n' for name, value in around.headers)
    return f"""# {house.slug}: put into each server that answers for its hosts.
location ~ "^/[qQ]/{_TOKEN}$" {{
    root {_folder(around.folder)}/codes/$qrmerch_house_{house.name};
    try_files /$qrmerch_token/$qrmerch_locale_{house.name}/page$qrmerch_ending @qrmerch_behind;
    access_log {log} qrmerch_{house.name} if=$qrmerch_is_answered;
    open_log_file_cache max=16 inactive=10m valid=1m min_uses=1;
    open_file_cache off;
    gzip off;
    types {{ }}
    default_type "text/html; charset=utf-8";
    max_ranges 0;
    if_modified_since off;
    add_header Last-Modified "";
    add_header Content-Encoding $qrmerch_coding;
    add_header Content-Language $qrmerch_locale_{house.name};
    add_header Server-Timing $qrmerch_timing_{house.name};
    add_header Cache-Control "no-cache";
    add_header Vary "Accept-Encoding, Accept-Language";
    add_header Content-Security-Policy "frame-ancestors 'none'";
{headers}}}
location / {{
    # Addresses in mails are secrets, and whose phone asks is written nowhere.
    access_log off;
    proxy_pass http://qrmerch_behind;
{_PROXIED}}}
location @qrmerch_behind {{
    access_log off;
    proxy_pass http://qrmerch_behind;
{_PROXIED}}}
"""


def _servers(around: Around, houses: Sequence[House]) -> str:
    return "\n".join((_WHAT_SERVERS_ARE, *(_server(around, each) for each in houses)))


def _server(around: Around, house: House) -> str:
    hosts = " ".join(_checked(_HOST, host) for host in house.hosts)
    return f"""server {{
    listen 80;
    server_name {hosts};
    access_log off;
    client_max_body_size 1100m;
    include {_folder(around.folder)}/{house_file(house)};
}}
"""


def _map(source: str, target: str, entries: Mapping[str, str], *, default: str = "") -> str:
    lines = "".join(f'    "{_pattern(said)}" "{value}";\n' for said, value in entries.items())
    return f'map {source} {target} {{\n    default "{default}";\n{lines}}}\n'


def _pattern(text: str) -> str:
    """A pattern as it may stand between quotes, where a backslash before most letters stays one.

    :raises Unwritable: it holds a quotation mark or a backslash that nginx would take for its own.
    """
    if '"' in text or re.search(r"\\[\\trn'\"]", text):
        raise Unwritable(text)
    return text


def _checked(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise Unwritable(text)
    return text


def _folder(path: Path) -> str:
    return _checked(_FOLDER, str(path))


def _quoted(text: str) -> str:
    if "$" in text:
        raise Unwritable(text)
    return _pattern(text)


def _address_of(behind: str) -> str:
    return _checked(re.compile(r"[a-z0-9.:\[\]-]{1,260}"), behind.removeprefix("http://").rstrip("/"))


_WHAT_MAPS_ARE: Final = (
    "# Written by `qrmerch publish`, which writes it anew: include it within http, and change nothing here.\n"
)
_WHAT_SERVERS_ARE: Final = (
    "# Written by `qrmerch publish`. Include it within http as it is, or write servers of your own with certificates\n"
    "# that include the same house-….conf. qrmerch has to be told of the proxy: QRMERCH_PROXIES=1.\n"
)
# As `landing/counting.py` does: who objects is not told apart, and who is of the house counts for nothing.
_MANNER_MAPS: Final = r"""map "$http_sec_gpc $http_cookie" $qrmerch_has_gpc {
    default 0;
    "~^1 " 1;
    "~[; ](?:__Host-)?qo=" 1;
}
map "$scheme $http_cookie" $qrmerch_inside {
    default "";
    "~^https? (?:.*;\s*)?__Host-q[st]=" "internal";
    "~^http (?:.*;\s*)?q[st]=" "internal";
}
map "$http_sec_purpose $http_purpose $http_x_purpose $http_x_moz" $qrmerch_asked_ahead {
    default $qrmerch_inside;
    "~*prefetch|preview" "prefetch";
}
map $request_method $qrmerch_manner {
    default $qrmerch_purpose;
    "HEAD" "head";
}
map "$request_method $status" $qrmerch_is_answered {
    default 0;
    "~^(GET|HEAD) (200|304)$" 1;
}
"""
_REFERRER_MAPS: Final = f"""map $http_referer $qrmerch_from {{
    default "";
    "~^[a-z-]+://(?<qrmerch_source>[a-z0-9.-]{{1,{MAX_REFERRER_CHARS}}})(?::[0-9]+)?(?:/|$)" "$qrmerch_source";
}}
map "$host $qrmerch_from" $qrmerch_referrer {{
    default $qrmerch_from;
    "~^([^ ]+) \\1$" "";
}}
"""
_CODING_MAPS: Final = r"""map $http_accept_encoding $qrmerch_coding {
    default "";
    "~*(^|[, ])br(?! *; *q=0(\.0*)?([, ]|$))([ ;,]|$)" "br";
    "~*(^|[, ])gzip(?! *; *q=0(\.0*)?([, ]|$))([ ;,]|$)" "gzip";
}
map $qrmerch_coding $qrmerch_ending {
    default "";
    "br" ".br";
    "gzip" ".gz";
}
"""
_HOUR_MAP: Final = r"""map $time_iso8601 $qrmerch_hour {
    default "unknown";
    "~^(?<qrmerch_hour_text>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})" "$qrmerch_hour_text";
}
"""
_PROXIED: Final = """    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Original-URI $request_uri;
"""

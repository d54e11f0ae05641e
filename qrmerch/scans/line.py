"""The line of the scan log: how it is written, and how it is read back.

It is an interface: a web server in front may write the same line. JSON, one object a line:

    t   seconds since 1970, with milliseconds
    k   kind: q printed code, g GS1 address, i item's page, s share link, v view (seen for a second), e engaged (seen
        for ten), p play of a film or a recording, o orphan, l lost
    q   what was asked for: token (q, o), item's public id (g, i, v, e, p; empty for a store's address), share link's
        id (s)
    c   code's token, where a view or page came straight from one
    at  store, by our own id; only where no code tells it
    r   retailer, by our own id; only where no code or item tells it
    a   agent: "class family rule version device system"
    o   1 if the address is one of the store's own network
    v   visit id, empty in `counts` mode and under Sec-GPC
    w   1 if the visit is a new one
    n   near: 32 keyed bits; empty where v is
    m   manner: "" for a plain GET, "head", "prefetch", "internal" (somebody of the house), "lookup" (where a GS1
        address leads, by a program)
    g   1 if the phone is not to be told apart: it sent Sec-GPC, or somebody asked for it on our page
    y   language the phone asks for first: two or three letters
    e   entry: how somebody came to an item's page: share, search, social, mail, link, direct (`entries.py`); empty
        for a printed code, whose carrier says it, and within a visit
    f   host of the page that led here, where it was not one of ours
    s   how far a play came: 0, 25, 50, 75 or 100 in a hundred (p)
    u   16 hex digits that tell phones in one store on one day apart; only in `estimate` mode, empty where v is
    p   16 hex digits of a phone whose owner agreed that it is known again; only in `consented` mode, empty where g is
    x   number of lines lost (l)

Every value is of our own making or checked against a fixed alphabet: a line is plain ASCII without a backslash, and
one that is not is none of ours. A key that is not there is an empty text or 0.

Whoever writes begins with what is the line's own, in the order t, q, c (may be absent), v, n, u, p; what follows many
lines have in common, and is read once. In any other order a line says the same, and takes four times as long to read.
"""

import re
from collections.abc import Collection, Iterator
from operator import gt
from typing import Final, NamedTuple

import orjson

from qrmerch.scans.agents import Remembered

SCAN, GS1, PAGE, SHARE, VIEW, ENGAGED, PLAY, ORPHAN, LOST = KINDS = ("q", "g", "i", "s", "v", "e", "p", "o", "l")
# What is printed: a plain GET of it is a scan.
PRINTED: Final = (SCAN, GS1)
# Of an item's page, by its public id.
OF_PAGES: Final = (PAGE, VIEW, ENGAGED, PLAY)
# How far a film or a recording was played, in per cent.
STEPS: Final = (0, 25, 50, 75, 100)
MAX_REFERRER_CHARS: Final = 60
_MAX_CHARS: Final = {
    "q": 40,
    "c": 9,
    "at": 36,
    "r": 36,
    "a": 60,
    "v": 32,
    "n": 8,
    "m": 12,
    "y": 3,
    "e": 8,
    "f": MAX_REFERRER_CHARS,
    "u": 16,
    "p": 16,
}
_TEXTS: Final = tuple(_MAX_CHARS)
_MOST_CHARS: Final = tuple(_MAX_CHARS.values())
_EMPTY: Final = ("",) * len(_TEXTS)
_VISIT, _DAY_HASH, _PHONE = map(_TEXTS.index, "vup")
_LATEST_S: Final = 4_102_444_800  # the year 2100


class BadLine(ValueError):
    """Not a line of ours: torn, or written by something else."""


class Traits(NamedTuple):
    """What many lines have in common: who asked, for which kind of thing, and how."""

    kind: str
    store_id: str = ""
    retailer_id: str = ""
    agent: str = ""
    is_own_network: bool = False
    is_new_visit: bool = False
    manner: str = ""
    has_gpc: bool = False
    lost: int = 0
    language: str = ""
    entry: str = ""
    referrer: str = ""
    step: int = 0

    def is_human(self, withdrawn: Collection[str] = ()) -> bool:
        """Whether a person asked, as the agent's rule says it.

        :param withdrawn: numbers of rules that were found wrong: whom they leave out are people.
        """
        if self.agent.startswith("human "):
            return True
        return any(word in withdrawn for word in self.agent.split(" ", 3)[2:3])


class Line(NamedTuple):
    """One line, read and checked: what is its own, and its traits; absent texts are empty."""

    at_ms: int
    subject: str
    token: str
    visit: str
    near: str
    day_hash: str
    phone: str
    traits: Traits


def make_line(
    kind: str,
    subject: str,
    at_s: float,
    *,
    agent: str,
    token: str = "",
    store_id: str = "",
    retailer_id: str = "",
    is_own_network: bool = False,
    visit: str = "",
    is_new_visit: bool = False,
    near: str = "",
    manner: str = "",
    has_gpc: bool = False,
    language: str = "",
    entry: str = "",
    referrer: str = "",
    step: int = 0,
    day_hash: str = "",
    phone: str = "",
) -> bytes:
    """One whole line with its newline; every argument is one of our own values, never text from outside."""
    return (
        f'{{"t":{at_s:.3f},"q":"{subject}","c":"{token}","v":"{visit}","n":"{near}","u":"{day_hash}","p":"{phone}",'
        f'"k":"{kind}","at":"{store_id}","r":"{retailer_id}","a":"{agent}","o":{is_own_network:d},'
        f'"w":{is_new_visit:d},"m":"{manner}","g":{has_gpc:d},"y":"{language}","e":"{entry}","f":"{referrer}",'
        f'"s":{step}}}\n'
    ).encode()


def scan_line(
    token: str,
    at_s: float,
    *,
    agent: str,
    is_own_network: bool,
    visit: str,
    near: str,
    manner: str,
    has_gpc: bool,
    language: str = "",
    referrer: str = "",
    day_hash: str = "",
    phone: str = "",
) -> bytes:
    """`make_line` for a printed code, without the keys its code tells: the one that is written most."""
    return (
        f'{{"t":{at_s:.3f},"q":"{token}","v":"{visit}","n":"{near}","u":"{day_hash}","p":"{phone}","k":"q",'
        f'"a":"{agent}","o":{is_own_network:d},"m":"{manner}","g":{has_gpc:d},"y":"{language}","f":"{referrer}"}}\n'
    ).encode()


def lost_line(at_s: float, count: int) -> bytes:
    """The line that says how many others the disk did not take."""
    return f'{{"t":{at_s:.3f},"k":"l","x":{count}}}\n'.encode()


def read_line(raw: bytes) -> Line:
    """What a line says.

    :raises BadLine: it is torn, or says something that no line of ours says.
    """
    if not raw.isascii() or b"\\" in raw:
        raise BadLine("not of our alphabet")
    try:
        said = orjson.loads(raw)
        at_s, kind = said["t"], said["k"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(str(error)) from None
    get = said.get
    if kind not in KINDS or type(at_s) not in (int, float) or not 0 < at_s < _LATEST_S:
        raise BadLine("kind or time")
    texts = tuple(map(get, _TEXTS, _EMPTY))
    try:
        too_long = any(map(gt, map(len, texts), _MOST_CHARS))
        visit = texts[_VISIT]
        # Lists have a length as well; only texts can be joined.
        "".join(texts)
    except TypeError as error:
        raise BadLine(str(error)) from None
    step, lost = get("s", 0), get("x", 0)
    of_phones = texts[_DAY_HASH] + visit + texts[_PHONE]
    if too_long or not (of_phones + "0").isalnum() or type(step) is not int or step not in STEPS:
        raise BadLine("a text or a step")
    if type(lost) is not int or not 0 <= lost < 1 << 31:
        raise BadLine("x")
    subject, token, store_id, retailer_id, agent, visit, near, manner, language, entry, referrer, day_hash, phone = (
        texts
    )
    traits = Traits(
        kind,
        store_id,
        retailer_id,
        agent,
        bool(get("o")),
        bool(get("w", kind in (SCAN, GS1, SHARE))),
        manner,
        bool(get("g")),
        lost,
        language,
        entry,
        referrer,
        step,
    )
    return Line(int(at_s * 1000 + 0.5), subject, token, visit, near, day_hash, phone, traits)


def read_lines(data: bytes) -> Iterator[tuple[int, Line | None]]:
    """Each line of what a file holds: how many bytes it has with its newline, and what it says; None is none of ours.

    :param data: whole lines; what stands behind the last newline is not read.
    """
    begin, traits_in, new = 0, _TRAITS, tuple.__new__
    for length, (second, ms, subject, token, visit, near, day_hash, phone, rest) in zip(
        map(len, data.split(b"\n")), _OWN_AND_REST.findall(data.decode("latin-1")), strict=False
    ):
        traits = traits_in[rest] if second else None
        if traits is None:
            said = _find_line(data[begin : begin + length])
        else:
            said = new(Line, (int(second + ms), subject, token, visit, near, day_hash, phone, traits))
        begin += length + 1
        yield length + 1, said


def _find_line(raw: bytes) -> Line | None:
    try:
        return read_line(raw)
    except BadLine:
        return None


def _find_traits(rest: str) -> Traits | None:
    """What the end of a line says, or None where it is no end of ours, or says what is a line's own."""
    said = _find_line(b'{"t":1,' + rest.encode("latin-1"))
    return None if said is None or _OWN_KEY.search(rest) else said.traits


# What is a line's own, as our writers begin one, and the rest of it; of any other line all of it is the rest.
_OWN_AND_REST: Final = re.compile(
    r'(?:\{"t":([1-3][0-9]{9})\.([0-9]{3}),"q":"([ !#-\[\]-~]{0,40})"(?:,"c":"([ !#-\[\]-~]{0,9})")?'
    r',"v":"([0-9A-Za-z]{0,32})","n":"([ !#-\[\]-~]{0,8})","u":"([0-9A-Za-z]{0,16})","p":"([0-9A-Za-z]{0,16})",)?'
    r"([^\n]*)\n"
)
_OWN_KEY: Final = re.compile(r'"[tqcvnup]"\s*:')
_TRAITS: Final = Remembered(_find_traits, limit=4_096, max_chars=512)

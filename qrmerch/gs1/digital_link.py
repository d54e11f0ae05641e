"""GS1 Digital Link addresses (URI Syntax 1.7): read strictly from the raw address, and written.

In: an address as it was sent, its percent signs untouched; or identifiers with their values.
Out: the identifiers in the order key, qualifiers, attributes, and nothing lost; or a `Problem` with its reason.

A value is decoded once, after the path was cut at its slashes: a `%2F` belongs to a value and cuts nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from qrmerch.gs1.ai import ALPHAS, KEYS, Problem, Reason, check_company, check_value, find_identifier
from qrmerch.gs1.epc import is_compressed, read_compressed
from qrmerch.gs1.numbers import is_restricted

Element = tuple[str, str]
CANONICAL_STEM: Final = "https://id.gs1.org"
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_BROKEN: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_DIGITS: Final = re.compile("[0-9]+")
_MAX_CHARS: Final = 8_000
# Into how many pieces a slash may have cut a value of 20 characters.
_MAX_PIECES: Final = 11
# What is written in both a QR code's dense alphabet and an address as it stands.
_DENSE: Final = re.compile(r"[0-9A-Z./:%*+$ -]*")


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """A valid address: whose thing it means, and what else it says."""

    # Key, qualifiers as in the path, attributes as in the query.
    elements: tuple[Element, ...]
    qualifiers: int = 0
    # What stands before the key: scheme, host and perhaps a path.
    stem: str = CANONICAL_STEM
    # Other parts of the query as they were sent, with what they are called.
    others: tuple[tuple[str, str], ...] = ()
    has_trailing_slash: bool = False

    @property
    def key(self) -> Element:
        """The primary key with its value."""
        return self.elements[0]

    @property
    def path(self) -> str:
        """The key and the qualifiers as a path."""
        return write_path(self.elements[: 1 + self.qualifiers])

    @property
    def attributes(self) -> tuple[Element, ...]:
        return self.elements[1 + self.qualifiers :]

    @property
    def canonical(self) -> str:
        """The one form in which the same thing is always written."""
        return _with_query(f"{CANONICAL_STEM}{self.path}", sorted(self.attributes))

    @property
    def is_restricted(self) -> bool:
        """Whether the number is for use inside one shop only, and should not stand in an address at all."""
        return self.key[0] == "01" and is_restricted(self.key[1])


def read_link(address: str) -> DigitalLink:
    """What a whole address means.

    :param address: as it was sent; scheme and host in any case.
    :raises Problem: it is not valid.
    """
    found = _ADDRESS.fullmatch(address) if len(address) <= _MAX_CHARS else None
    if found is None or found[1].lower() not in ("http", "https"):
        raise Problem(Reason.BAD_SCHEME, "An address begins with https:// or http://.")
    scheme, host, path, query = found.groups()
    if not _HOST.fullmatch(host):
        raise Problem(Reason.BAD_HOST, "This address names no host.")
    return read_path(path, query or "", origin=f"{scheme}://{host}")


def read_path(path: str, query: str = "", *, origin: str = "https://id.gs1.org") -> DigitalLink:
    """What the path and the query of an address mean, both as they were sent.

    :param path: begins with a slash.
    :param origin: scheme and host that it came to.
    :raises Problem: it is not valid.
    """
    if len(path) + len(query) > _MAX_CHARS:
        raise Problem(Reason.BAD_LENGTH, "This address is too long.")
    segments = _uncompressed(path.split("/")[1:])
    place, has_slash = _find_key(segments)
    stem, segments = segments[:place], segments[place:]
    in_path = tuple(zip(segments[::2], (_decode(each) for each in segments[1::2]), strict=True))
    for ai, value in in_path:
        check_value(ai, value)
    _check_qualifiers(in_path)
    attributes, others = _read_query(query, in_path)
    elements = (*in_path, *attributes)
    check_company(dict(elements))
    return DigitalLink(
        elements, len(in_path) - 1, origin + "".join(f"/{each}" for each in stem), tuple(others), has_slash
    )


def write_link(elements: Iterable[Element], *, stem: str = CANONICAL_STEM, is_dense: bool = False) -> str:
    """The address that says these identifiers, which may come in any order.

    :param stem: scheme, host and perhaps a path, without a slash at its end.
    :param is_dense: scheme and host in capitals, which a QR code holds in less room and readers take alike.
    :raises Problem: they have no primary key or do not go together; or the number is for use inside one shop only.
    """
    given = list(elements)
    if len({ai for ai, _ in given}) < len(given):
        raise Problem(Reason.DUPLICATE_AI, "An identifier stands there twice.")
    values = dict(given)
    key = next((ai for ai in KEYS if ai in values), None)
    if key is None:
        raise Problem(Reason.NO_PRIMARY_KEY, "None of these identifiers stands for a thing by itself.")
    for ai, value in given:
        check_value(ai, value)
    check_company(values)
    if key == "01" and is_restricted(values["01"]):
        raise Problem(
            Reason.RESTRICTED, f"{values['01']} is a number for use inside one shop. Elsewhere it means another thing."
        )
    in_path = [(key, values.pop(key))]
    for ai in _qualifiers_among(key, values):
        in_path.append((ai, values.pop(ai)))
    left = {ai for order in KEYS[key] for ai in order} & values.keys()
    if left:
        raise Problem(Reason.EXCLUDED_AI, f"({min(left)}) cannot stand beside ({in_path[1][0]}).")
    return _with_query(f"{capitals(stem) if is_dense else stem}{write_path(in_path)}", sorted(values.items()))


def write_path(elements: Iterable[Element]) -> str:
    """A path of identifiers with their values, all but unreserved characters encoded."""
    return "".join(f"/{ai}/{_encode(value)}" for ai, value in elements)


def capitals(stem: str) -> str:
    """A stem with its scheme and host in capitals; a path behind them stays as it is."""
    scheme, _, rest = stem.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.upper()}://{host.upper()}{slash}{path}"


def is_dense(text: str) -> bool:
    """Whether a QR code needs its dense alphabet only for this."""
    return _DENSE.fullmatch(text) is not None


def raw_path_for(path: str) -> str:
    """A raw path for one that a server handed on decoded: where an encoded slash once was can only be guessed.

    Read as it stands if that is valid, else with slashes inside values, the shortest values first.

    :param path: decoded once, as text or as WSGI's bytes in Latin-1.
    """
    plain = quote(path.encode("latin-1", "replace"), safe="/")
    segments = path.split("/")[1:]
    if len(segments) > 4 and segments[0] in KEYS and not _is_valid(plain):
        for pairs in _readings(segments[0], segments[1:], ""):
            return "".join(f"/{ai}/{quote(value.encode('latin-1', 'replace'), safe='')}" for ai, value in pairs)
    return plain


def _is_valid(path: str) -> bool:
    try:
        read_path(path)
    except Problem:
        return False
    return True


def _readings(ai: str, rest: Sequence[str], key: str) -> Iterator[list[Element]]:
    """Ways to read decoded segments as values and qualifiers in order, each value as short as can be."""
    key = key or ai
    own = {later for order in KEYS[key] for later in order}
    for many in range(1, min(len(rest), _MAX_PIECES) + 1):
        # An identifier of the key's own behind a value begins what is missing, rather than ends what is there.
        if many > 1 and rest[many - 1] in own:
            break
        value = "/".join(rest[:many])
        try:
            check_value(ai, value)
        except Problem:
            continue
        if many == len(rest):
            yield [(ai, value)]
        elif rest[many] in _after(key, ai):
            for more in _readings(rest[many], rest[many + 1 :], key):
                yield [(ai, value), *more]


def _after(key: str, ai: str) -> set[str]:
    """The qualifiers of a key that may come after this identifier."""
    return {
        later
        for order in KEYS[key]
        for place, later in enumerate(order)
        if ai == key or (ai in order and place > order.index(ai))
    }


def _uncompressed(segments: list[str]) -> list[str]:
    """The segments with what a tag holds in place of its compressed form, where the path ends with one."""
    *before, last = segments[:-1] if segments[1:] and not segments[-1] else segments or [""]
    if not is_compressed(last) or _has_key(segments):
        return segments
    return [*before, *(part for ai, value in read_compressed(last) for part in (ai, _encode(value)))]


def _find_key(segments: list[str]) -> tuple[int, bool]:
    """Where the primary key stands, the rightmost one; an empty end that only follows a slash is taken away."""
    if len(segments) > 2 and segments[-1] == "" and not _has_key(segments) and _has_key(segments[:-1]):
        segments.pop()
        return _find_key(segments)[0], True
    for place in range(len(segments) - 2, -1, -2):
        if segments[place] in KEYS:
            return place, False
    if any(each in KEYS for each in segments[-1::-2]):
        raise Problem(Reason.ODD_PATH, "This address ends in the middle: each identifier has one value behind it.")
    if any(each.lower() in ALPHAS for each in segments[:-1]):
        raise Problem(Reason.ALPHA_KEY, "Identifiers are written as digits, such as 01 instead of gtin.")
    raise Problem(Reason.NO_PRIMARY_KEY, "This address names no thing: it holds no primary key.")


def _has_key(segments: Sequence[str]) -> bool:
    return any(segments[place] in KEYS for place in range(len(segments) - 2, -1, -2))


def _check_qualifiers(in_path: Sequence[Element]) -> None:
    key, qualifiers = in_path[0][0], [ai for ai, _ in in_path[1:]]
    if not qualifiers:
        return
    if len(set(qualifiers)) < len(qualifiers):
        raise Problem(Reason.DUPLICATE_AI, "A qualifier stands there twice.")
    own = {ai for order in KEYS[key] for ai in order}
    for ai in qualifiers:
        if ai not in own and any(ai in order for orders in KEYS.values() for order in orders):
            raise Problem(Reason.QUALIFIER_NOT_FOR_KEY, f"({ai}) does not qualify ({key}).")
        if ai not in own:
            raise Problem(Reason.ATTRIBUTE_IN_PATH, f"({ai}) stands behind the question mark, not in the path.")
    if not any(_is_in_order(qualifiers, order) for order in KEYS[key]):
        raise Problem(Reason.BAD_ORDER, f"What qualifies ({key}) comes in another order, or not together.")


def _is_in_order(qualifiers: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(ai) for ai in qualifiers if ai in order]
    return len(places) == len(qualifiers) and places == sorted(places)


def _qualifiers_among(key: str, values: dict[str, str]) -> list[str]:
    """Of the qualifiers that are there, those of the alternative that takes most of them, in order."""
    orders = [[ai for ai in order if ai in values] for order in KEYS[key]]
    return max(orders, key=len, default=[])


def _read_query(query: str, in_path: Sequence[Element]) -> tuple[list[Element], list[tuple[str, str]]]:
    found: list[Element] = []
    others: list[tuple[str, str]] = []
    seen = {ai for ai, _ in in_path}
    own = {ai for order in KEYS[in_path[0][0]] for ai in order}
    for part in query.split("&"):
        if not part:
            continue
        name, _, raw = part.partition("=")
        ai = _decode_name(name)
        if not _DIGITS.fullmatch(ai):
            others.append((ai, part))
            continue
        if find_identifier(ai) is None:
            raise Problem(Reason.UNKNOWN_AI, f"There is no application identifier {ai[:8]}.")
        if ai in seen:
            raise Problem(Reason.DUPLICATE_AI, f"({ai}) stands there twice.")
        seen.add(ai)
        value = _decode(raw)
        check_value(ai, value)
        found.append((ai, value))
    for ai, _ in found:
        if ai in own:
            raise Problem(Reason.QUALIFIER_IN_QUERY, f"({ai}) stands in the path, not behind the question mark.")
    return found, others


def _decode(raw: str) -> str:
    """A value decoded once; what is no ASCII stays as something that no value can hold."""
    if _BROKEN.search(raw):
        raise Problem(Reason.BAD_ENCODING, "A percent sign stands there without its two digits.")
    return unquote_to_bytes(raw).decode("latin-1")


def _decode_name(raw: str) -> str:
    """What a part of the query is called; names that are not ours may be written in any way."""
    return unquote_to_bytes(raw).decode("latin-1")


def _encode(value: str) -> str:
    return quote(value, safe="")


def _with_query(address: str, attributes: Iterable[Element]) -> str:
    query = "&".join(f"{ai}={_encode(value)}" for ai, value in attributes)
    return f"{address}?{query}" if query else address

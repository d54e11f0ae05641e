"""The GS1 resolver: printed addresses of items and stores, what is behind them, and what this host promises.

A GET without a link type leads to the page by 307 and is a scan; everything else is a lookup. The path is read as it
was sent, for Flask's is decoded, and a slash inside a lot number would cut it in two. (GS1-Conformant Resolver 1.2.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.db import AWAY
from qrmerch.gs1.ai import KEYS, Problem, Reason
from qrmerch.gs1.digital_link import DigitalLink, raw_path_for, read_path
from qrmerch.gs1.elements import write_bracketed
from qrmerch.gs1.link_types import (
    DEFAULT_LINK,
    DEFAULT_LINK_MULTI,
    DESCRIPTION,
    LINKSET_WORDS,
    read_link_type,
    uri_of,
)
from qrmerch.gs1.linkset import CONTEXT_LINK, MEDIA_TYPE, Level, Link, make_linkset
from qrmerch.gs1.negotiate import is_named, quality_of, read_wishes
from qrmerch.i18n import format_list, language_name, translator
from qrmerch.landing.front_door import GS1_HEADERS
from qrmerch.landing.gtins import KnownGtin, linkset_link
from qrmerch.landing.guessing import note_miss, refuse_guessing
from qrmerch.landing.helpful import answer_wrong
from qrmerch.landing.pages import ChooserPage, LinkLine, LinksLevel, LinksPage
from qrmerch.landing.resolving import (
    SERVED_KEYS,
    Target,
    Ways,
    decide,
    find_handler,
    find_targets,
    list_ways,
    make_levels,
)
from qrmerch.landing.scanning import count_gs1, count_orphan, get_scan_path
from qrmerch.landing.shopper import choose_locale, find_host_retailer_id, respond
from qrmerch.parties.languages import locales_of
from qrmerch.rendering.frame import NEUTRAL, build_frame, load_house
from qrmerch.rendering.page_links import KeptPageLinks, PageLink
from qrmerch.rendering.preview import safe_json
from qrmerch.web import base_address, get_db, services

blueprint = Blueprint("landing_gs1", __name__)
_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_DEFAULTS: Final = ("", DEFAULT_LINK, DEFAULT_LINK_MULTI)
_JSON: Final = "application/json"
_PREFLIGHT_S: Final = 86_400


class _Tail(BaseConverter):
    """Whatever follows a key, slashes too; it is read from the raw address instead, so it is not handed on."""

    regex = ".*?"
    part_isolating = False

    def to_python(self, value: str) -> str:
        return ""


class _Compressed(_Tail):
    """A compressed address, right or wrong, perhaps with a slash behind it."""

    regex = "e[hx][0-9A-Za-z_-]+/?"


class _Redirect(Response):
    """A redirect whose Location goes out byte for byte as it was put together."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = Headers(self.headers)
        headers["Content-Length"] = "0"
        return headers


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request says: the address, what is wanted of it, and what its sender takes."""

    link: DigitalLink
    # A bare name; empty for the default.
    link_type: str
    query: str
    accept: str
    accept_language: str

    @property
    def is_default(self) -> bool:
        return self.link_type in _DEFAULTS

    @property
    def wants_linkset(self) -> bool:
        """A linkset is asked for by its link type, or, where no other is, by its media type; `*/*` asks for none."""
        return self.link_type in LINKSET_WORDS or (self.is_default and self.wants_data)

    @property
    def wants_data(self) -> bool:
        """Whether JSON is asked for by its name, and no less than a page."""
        return bool(self.data_type) and not self._prefers_page

    @property
    def data_type(self) -> str:
        """The kind of JSON that is asked for by its name; empty for none."""
        return next((each for each in (MEDIA_TYPE, _JSON) if is_named(each, self.accept)), "")

    @property
    def _prefers_page(self) -> bool:
        wishes = read_wishes(self.accept)
        return is_named("text/html", self.accept) and quality_of("text/html", wishes) > max(
            quality_of(each, wishes) for each in (MEDIA_TYPE, _JSON) if is_named(each, self.accept)
        )

    @property
    def takes_page(self) -> bool:
        """Whether a linkset goes out as a page: the request names HTML and no JSON that is as good."""
        return is_named("text/html", self.accept) and not self.wants_data


class _Offer(NamedTuple):
    """What one retailer means by an address, and where that leads, by level."""

    target: Target
    ways: list[Ways]


@blueprint.record_once
def _install(state: BlueprintSetupState) -> None:
    """Before the rules: what follows a key is of a kind of its own, and so is what a tag holds."""
    state.app.url_map.converters["tail"] = _Tail
    state.app.url_map.converters["compressed"] = _Compressed


@blueprint.after_request
def _say_always(response: Response) -> Response:
    """What every answer of the resolver says, refusals too."""
    for name, value in GS1_HEADERS:
        response.headers[name] = value
    return response


@allow_anyone
def resolve(rest: str = "") -> Response:
    """Where a GS1 address leads, or what there is behind it."""
    if request.method == "OPTIONS":
        return _answer_preflight()
    try:
        asked = _read()
    except Problem as problem:
        return answer_wrong(400, problem.reason, problem.said)
    if asked.link.key[0] not in SERVED_KEYS or asked.link.is_restricted:
        return _answer_unknown(asked)
    return _answer_from_memory(asked) or _answer_from_rows(asked)


# What an RFID tag says, as the end of an address.
blueprint.add_url_rule("/<compressed:rest>", "resolve", resolve, methods=_METHODS, provide_automatic_options=False)
for _key in KEYS:
    for _rule in (f"/{_key}", f"/{_key}/<tail:rest>"):
        blueprint.add_url_rule(_rule, "resolve", resolve, methods=_METHODS, provide_automatic_options=False)


@blueprint.route(DESCRIPTION, methods=_METHODS, provide_automatic_options=False)
@allow_anyone
def describe() -> Response:
    """What this resolver promises: the keys that it answers, and no others."""
    if request.method == "OPTIONS":
        return _answer_preflight()
    said = {
        "name": "qrmerch",
        "resolverRoot": base_address(),
        "supportedPrimaryKeys": list(SERVED_KEYS),
        "supportedLinkType": [{"namespace": uri_of(""), "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }
    return Response(orjson.dumps(said), mimetype=_JSON)


def _read() -> _Asked:
    """What this request says.

    :raises Problem: its address is not valid, or no resolver's.
    """
    environ = request.environ
    # As WSGI has it, each byte a character: what is passed on is passed on as it came.
    query = str(environ.get("QUERY_STRING", ""))
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in query):
        raise Problem(Reason.BAD_ENCODING, "The query holds a character that no address can hold.")
    origin = base_address()
    link = read_path(_raw_path(environ), query, origin=origin)
    if link.stem != origin:
        raise Problem(Reason.NO_PRIMARY_KEY, "This address holds more than one primary key, or something before it.")
    return _Asked(
        link,
        read_link_type(request.args.get("linkType", "")),
        _in_ascii(query),
        request.headers.get("Accept", ""),
        request.headers.get("Accept-Language", ""),
    )


def _in_ascii(query: str) -> str:
    """A query as a header can say it: bytes beyond ASCII, which no address may hold as they are, are encoded."""
    return query if query.isascii() else quote(query, safe=punctuation, encoding="latin-1")


def _raw_path(environ: dict[str, Any]) -> str:
    """The path as it was sent, if the server or the proxy in front of it says; else put together from the decoded."""
    raw = environ.get("HTTP_X_ORIGINAL_URI") if services().settings.proxies else None
    raw = str(raw or environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    path = raw.partition("?")[0]
    if not path.startswith("/") and "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path if path.startswith("/") else raw_path_for(environ["PATH_INFO"])


def _answer_from_rows(asked: _Asked) -> Response:
    """What the database says; while it is away, on to the page that the number is known to mean."""
    try:
        return _answer(asked)
    except AWAY:
        known = _find_known(asked)
        if len(known) != 1 or not asked.is_default or asked.wants_linkset:
            raise
        return _go_to_page(asked, known[0])


def _answer(asked: _Asked) -> Response:
    as_of, db = get_scan_path().pages.epoch, get_db()
    targets = find_targets(db, asked.link, retailer_id=find_host_retailer_id())
    if len(targets) > 1:
        named = request.args.get("of", "")
        targets = [each for each in targets if each.retailer.slug == named] or targets
    if not targets:
        return _answer_unknown(asked)
    is_plain = (asked.is_default or asked.link_type == "pip") and not asked.wants_linkset
    offers = [_Offer(each, _list_ways(each, asked, as_of=None if is_plain else as_of)) for each in targets]
    if len(offers) == 1 and (handler := find_handler(offers[0].ways, _is_here)):
        return _hand_over(asked, targets[0], handler)
    if asked.wants_linkset:
        return _answer_linkset(asked, offers)
    if len(offers) > 1:
        return _answer_chooser(asked, targets)
    (offer,) = offers
    chosen = decide(
        offer.ways,
        asked.link_type,
        accept=asked.accept,
        accept_language=asked.accept_language,
        context=request.args.get("context", ""),
    )
    if len(chosen) != 1:
        # None of this type: what there is. Several that nothing tells apart: which of them.
        return _answer_linkset(asked, offers, status=300 if chosen else 404)
    return _go_on(asked, offer.target, chosen[0])


def _list_ways(target: Target, asked: _Asked, *, as_of: int | None) -> list[Ways]:
    """What a target gives at each level.

    :param as_of: as `KeptPageLinks.get` has it; None where of the page no more than the page is asked for.
    """
    db = get_db()
    given: tuple[PageLink, ...] = ()
    if as_of is not None and target.item is not None:
        parts = services().parts
        kept = cast(KeptPageLinks, parts.setdefault("page_links", KeptPageLinks(get_scan_path().pages)))
        given = kept.get(db, target.item, locale=locales_of(target.retailer)[0], at=now(), as_of=as_of)
    return list_ways(db, target, asked.link, given=given)


def _is_here(host: str) -> bool:
    return get_scan_path().hosts.whose(host) is not None


def _hand_over(asked: _Asked, target: Target, handler: str) -> Response:
    """On to the resolver that answers this number in place of this one, whatever is asked of it."""
    _count(asked, target)
    return _redirect(asked, _with_query(f"{handler}{asked.link.path}", asked.query))


def _count(asked: _Asked, target: Target) -> str:
    store_id = target.store.id if target.store else ""
    is_lookup = not asked.is_default or asked.wants_linkset
    return count_gs1(target.retailer.id, target.public_id, store_id, is_lookup=is_lookup)


def _go_on(asked: _Asked, target: Target, chosen: Link) -> Response:
    """On to what was asked for, with the whole query as it came; a scan begins a visit of our own pages."""
    visit = _count(asked, target)
    own = f"v={visit}" if visit and chosen.href.startswith("/i/") else ""
    return _redirect(asked, _with_query(chosen.href, own, asked.query))


def _redirect(asked: _Asked, location: str) -> Response:
    response = _Redirect(status=307)
    response.headers["Location"] = location
    response.headers["Link"] = linkset_link(asked.link.path)
    return response


def _with_query(href: str, *queries: str) -> str:
    """An address with more behind its question mark, before what stands behind its hash."""
    address, mark, anchor = href.partition("#")
    joined = "&".join(query for query in queries if query)
    if joined:
        address = f"{address}{'&' if '?' in address else '?'}{joined}"
    return f"{address}{mark}{anchor}"


def _answer_linkset(asked: _Asked, offers: Sequence[_Offer], *, status: int = 200) -> Response:
    """All that there is, level by level: as data, or as a page for whoever reads pages."""
    targets = [each.target for each in offers]
    _count_lookup(asked, targets)
    levels: list[Level] = []
    for target, ways in offers:
        said = f"?of={target.retailer.slug}" if len(targets) > 1 else ""
        levels += make_levels(ways, target, asked.link, base=base_address(), query=said)
    linkset = make_linkset(levels)
    # A browser that asked for a link is shown a page; a program that asked for a linkset gets one.
    if asked.takes_page or (status != 200 and not asked.data_type):
        return _show_links(levels, linkset, targets, status=status)
    response = Response(orjson.dumps(linkset), status=status)
    # By hand: as it is registered, without a character set.
    response.headers["Content-Type"] = asked.data_type or MEDIA_TYPE
    response.headers["Link"] = CONTEXT_LINK
    return response


def _show_links(
    levels: Sequence[Level], linkset: dict[str, Any], targets: Sequence[Target], *, status: int
) -> Response:
    db, at = get_db(), now()
    house = load_house(db, targets[0].retailer.id, at=at) if len(targets) == 1 else NEUTRAL
    locale = choose_locale(house)
    t = translator(locale)
    title = t("What this number leads to")
    frame, block = build_frame(house, locale=locale, title=title)
    words = {
        300: t("Several pages fit what you asked for. Choose one."),
        404: t("There is no page of the kind you asked for. This is what there is."),
    }
    page = LinksPage(
        t=t,
        frame=frame,
        title=title,
        words=words.get(status, levels[-1].description),
        levels=tuple(_level_of(each, locale) for each in levels),
        json_ld=safe_json({"@context": "https://ref.gs1.org/standards/resolver/linkset-context", **linkset}),
    )
    response = respond("landing/links.html", page, block, status=status)
    response.headers["Link"] = CONTEXT_LINK
    return response


def _level_of(level: Level, locale: str) -> LinksLevel:
    path = level.anchor.partition("?")[0].partition("://")[2].partition("/")[2]
    lines = dict.fromkeys((*level.defaults, *level.links))
    return LinksLevel(
        write_bracketed(read_path(f"/{path}").elements),
        tuple(
            LinkLine(
                each.href,
                each.title,
                f"gs1:{each.link_type}",
                format_list([language_name(one, locale) for one in each.languages], locale),
            )
            for each in lines
        ),
    )


def _answer_chooser(asked: _Asked, targets: Sequence[Target]) -> Response:
    """Several retailers of this host have the number: whose is meant, in nobody's brand."""
    _count_lookup(asked, targets)
    locale = choose_locale(NEUTRAL)
    t = translator(locale)
    title = t("Which shop are you in?")
    frame, block = build_frame(NEUTRAL, locale=locale, title=title)
    houses = tuple(
        (
            _with_query(asked.link.path, f"of={each.retailer.slug}", asked.query),
            each.retailer.name,
            each.description,
        )
        for each in targets
    )
    return respond("landing/chooser.html", ChooserPage(t, frame, title, houses), block, status=300)


def _count_lookup(asked: _Asked, targets: Sequence[Target]) -> None:
    if len(targets) == 1:
        (target,) = targets
        count_gs1(target.retailer.id, target.public_id, target.store.id if target.store else "", is_lookup=True)
    else:
        count_gs1("", "", "", is_lookup=True)


def _answer_unknown(asked: _Asked) -> Response:
    refuse_guessing()
    note_miss()
    count_orphan(find_host_retailer_id(), "")
    key, value = asked.link.key
    return answer_wrong(404, "unknown_number", f"Nothing here has the number ({key}){value}.")


def _answer_from_memory(asked: _Asked) -> Response | None:
    """On to the page of an item whose number is known by heart and has no links of its own; None where more has to be
    asked. So it is answered while the database is away as well.
    """
    known = _find_known(asked)
    leads_to_page = asked.is_default or asked.link_type == "pip"
    if len(known) != 1 or not known[0].is_bare or not leads_to_page or asked.wants_linkset:
        return None
    return _go_to_page(asked, known[0])


def _find_known(asked: _Asked) -> list[KnownGtin]:
    """Who is known by heart to answer the number, on this host."""
    key, value = asked.link.key
    return get_scan_path().gtins.find(value, find_host_retailer_id()) if key == "01" else []


def _go_to_page(asked: _Asked, number: KnownGtin) -> Response:
    visit = count_gs1(number.retailer_id, number.public_id, "", is_lookup=not asked.is_default)
    return _redirect(asked, _with_query(number.page(visit), asked.query))


def _answer_preflight() -> Response:
    count_gs1(find_host_retailer_id() or "", "", "", is_lookup=True)
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(_METHODS)
    response.headers["Access-Control-Allow-Headers"] = "*"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_S)
    return response

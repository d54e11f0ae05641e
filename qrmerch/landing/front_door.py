"""The front door: a printed address, a kept page, one line in the log; all else goes to Flask.

In: a WSGI environ. Out: the page in the phone's language and encoding, with the id of this visit.
Never: a database call, a cookie, an error because a count failed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from qrmerch.codes.tokens import find_token
from qrmerch.landing.counting import Counting, passed_on
from qrmerch.landing.gtins import Gtins, KnownGtin
from qrmerch.landing.printed import PrintedCode, PrintedCodes
from qrmerch.landing.turns import Turns
from qrmerch.parties.hosts import SHARED, Hosts
from qrmerch.rendering.ahead import Ahead
from qrmerch.rendering.changes import Changes
from qrmerch.rendering.kept import NOWHERE, KeptPage, PageKey, Pages, choose_coding, is_same, picked
from qrmerch.rendering.tightening import Tightening
from qrmerch.scans.agents import Remembered

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What every answer of the GS1 resolver says: anybody's page may ask, and it depends on what is asked for.
GS1_HEADERS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Expose-Headers", "Link, Location"),
    ("Vary", "Accept, Accept-Language"),
    ("Cache-Control", "no-cache"),
)
_OF_BODIES: Final = ("Content-Type", "Content-Length", "Content-Encoding")
_SHOWN: Final = ("GET", "HEAD")
_CODINGS: Final = Remembered(choose_coding, limit=256)
# What the address of an item's page may say and still be answered with the same bytes for everybody.
_ITEM_FIELDS: Final = frozenset(("at", "v", "lang", "pick"))
_MAX_QUERY_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class ScanPath:
    """What one process keeps to answer scans and count them."""

    codes: PrintedCodes
    gtins: Gtins
    pages: Pages
    counting: Counting
    changes: Changes
    tightening: Tightening
    ahead: Ahead
    hosts: Hosts
    turns: Turns
    proxies: int
    # The headers of every answer.
    safety: tuple[tuple[str, str], ...] = ()

    def is_house_of(self, environ: "WSGIEnvironment", retailer_id: str) -> bool:
        """Whether a request came to a host that answers for a retailer: its own one, or the shared one."""
        return self.whose(environ) in (retailer_id, SHARED)

    def whose(self, environ: "WSGIEnvironment") -> str | None:
        """Whose host a request came to: a retailer's id, `SHARED`, or None for a strange one."""
        return self.hosts.whose(
            passed_on(environ, "HTTP_X_FORWARDED_HOST", self.proxies) or environ.get("HTTP_HOST", "")
        )

    def key_of(self, code: PrintedCode, accept_language: str) -> PageKey:
        """The page that a printed code shows to a phone that speaks these languages."""
        if code.replaced_by:
            code = self.codes.shown_for(code)
        return code.page_in(self.codes.retailers[code.retailer_id].choose_locale(accept_language, code.locale))

    def serve_scan(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        *,
        code: PrintedCode,
        page: KeptPage,
        at_s: float,
    ) -> Iterable[bytes]:
        """Count a scan and send its page."""
        visit = self.counting.scan(environ, code, at_s)
        return self.send(environ, start_response, page=page, visit=visit, at_s=at_s)

    def send(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        *,
        page: KeptPage,
        visit: str,
        at_s: float,
    ) -> Iterable[bytes]:
        """Send a page, or say that the phone has it."""
        variant = page.variants[_CODINGS[environ.get("HTTP_ACCEPT_ENCODING", "")]]
        headers = [*variant.headers, ("Server-Timing", f'v;desc="{visit}"')] if visit else variant.headers
        if self.pages.is_stale(at_s):
            headers = [*headers, ("X-Page-Checked", self._age(at_s))]
        if "HTTP_IF_NONE_MATCH" in environ and is_same(variant.etag, environ["HTTP_IF_NONE_MATCH"]):
            start_response("304 Not Modified", [header for header in headers if header[0] not in _OF_BODIES])
            return []
        start_response("200 OK", headers)
        return variant.body if environ["REQUEST_METHOD"] == "GET" else []

    def _age(self, at_s: float) -> str:
        return f"{at_s - self.pages.read_s:.0f}s ago" if self.pages.read_s else "not since the start"


class FrontDoor:
    """A WSGI application in front of another."""

    def __init__(self, application: "WSGIApplication", path: ScanPath) -> None:
        self._application, self._path = application, path
        self._common = [*GS1_HEADERS, ("Content-Length", "0"), *path.safety]
        self._codes, self._gtins, self._pages = path.codes, path.gtins, path.pages

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        address = environ["PATH_INFO"]
        code = self._codes.by_path.get(address)
        if code is None:
            return self._answer_unprinted(environ, start_response, address)
        return self._answer_code(environ, start_response, code)

    def _answer_code(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", code: PrintedCode
    ) -> Iterable[bytes]:
        at_s = time()
        page = self._pages.find(self._path.key_of(code, environ.get("HTTP_ACCEPT_LANGUAGE", "")), at_s)
        is_shown = environ["REQUEST_METHOD"] in _SHOWN and self._path.is_house_of(environ, code.retailer_id)
        if page is None or not is_shown:
            return self._application(environ, start_response)
        return self._path.serve_scan(environ, start_response, code=code, page=page, at_s=at_s)

    def _answer_unprinted(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", address: str
    ) -> Iterable[bytes]:
        if address.startswith("/i/"):
            return self._answer_item(environ, start_response, address[3:])
        numbers = self._gtins.by_path.get(address)
        if numbers is not None:
            return self._answer_number(environ, start_response, numbers)
        if address.startswith(("/q/", "/Q/")):
            token = find_token(address[3:])
            code = self._codes.find(token) if token else None
            if code is not None:
                return self._answer_code(environ, start_response, code)
        return self._application(environ, start_response)

    def _answer_number(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", numbers: tuple[KnownGtin, ...]
    ) -> Iterable[bytes]:
        """A GS1 address that says a number alone, asked for by a phone: on to the item's page."""
        is_plain = environ["REQUEST_METHOD"] == "GET" and not environ.get("QUERY_STRING")
        if not is_plain or "json" in environ.get("HTTP_ACCEPT", "").lower():
            return self._application(environ, start_response)
        whose = self._path.whose(environ)
        known = numbers if whose == SHARED else [each for each in numbers if each.retailer_id == whose]
        if len(known) != 1 or not known[0].is_plain:
            return self._application(environ, start_response)
        (number,) = known
        visit = self._path.counting.gs1(environ, number.retailer_id, time(), subject=number.public_id)
        start_response("307 Temporary Redirect", [("Location", number.page(visit)), *number.headers, *self._common])
        return []

    def _answer_item(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", public_id: str
    ) -> Iterable[bytes]:
        item = self._codes.items.get(public_id)
        asked = _item_fields(environ.get("QUERY_STRING", ""))
        if item is None or asked is None or "HTTP_COOKIE" in environ or environ["REQUEST_METHOD"] not in _SHOWN:
            return self._application(environ, start_response)
        retailer = self._codes.retailers[item.retailer_id]
        store = self._codes.find_store(asked.get("at", ""), item.retailer_id)
        accept = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        locale = asked.get("lang") or retailer.choose_locale(accept, store.locale if store else "")
        store_id = store.store_id if store else ""
        seen_in = NOWHERE if asked.get("at") == NOWHERE else store_id
        at_s = time()
        page = self._pages.find(PageKey(item.item_id, seen_in, locale, picked(asked.get("pick", ""))), at_s)
        if page is None or not self._path.is_house_of(environ, item.retailer_id):
            return self._application(environ, start_response)
        visit = self._path.counting.page(environ, item, store_id, asked.get("v"), at_s)
        return self._path.send(environ, start_response, page=page, visit=visit, at_s=at_s)


def _item_fields(query: str) -> dict[str, Any] | None:
    """The fields of an item's address, or None where it says more than the same bytes can answer."""
    if not query:
        return {}
    if len(query) > _MAX_QUERY_CHARS:
        return None
    fields = dict(parse_qsl(query))
    return fields if fields.keys() <= _ITEM_FIELDS else None

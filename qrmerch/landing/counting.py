"""One line in the scan log for what a phone asked: who it says it is, without a word of its own kept.

In: a WSGI environ and what it was answered with. Out: one line of `scans/line.py`; the visit's id.
Never: a raw address or agent written down, an error because a count failed.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from qrmerch.landing.printed import KnownItem, KnownRetailer, PrintedCode, PrintedCodes
from qrmerch.scans import entries
from qrmerch.scans.agents import Remembered, describe
from qrmerch.scans.day_hashes import DayHashes
from qrmerch.scans.kinds import BY_AGENT
from qrmerch.scans.line import ENGAGED, GS1, ORPHAN, PAGE, PLAY, SHARE, VIEW, make_line, scan_line
from qrmerch.scans.log import ScanLog
from qrmerch.scans.near import Near
from qrmerch.scans.places import LocalHours
from qrmerch.scans.visits import VisitIds, find_visit
from qrmerch.visitors.agreed import cookie_mark, phone_key

Environ = Mapping[str, Any]
_QUARTER_S: Final = 900
_AGENTS_REMEMBERED: Final = 20_000
_HEADERS_REMEMBERED: Final = 5_000
# The cookies of somebody who is signed in at the desk, and of a phone marked as a test device.
# Over HTTPS only under the name that no other page of the domain can set, nor chances to use for something else.
_INTERNAL: Final = {
    "https": re.compile(r"(?:^|;\s*)__Host-q[st]="),
    "http": re.compile(r"(?:^|;\s*)(?:__Host-)?q[st]="),
}
# The number of a phone whose owner agreed to be known again, one of each retailer's.
_AGREED: Final = {
    "https": re.compile(r"(?:^|;\s*)__Host-qi-([0-9a-f]{16})=([0-9a-f]{32})(?=;|$)"),
    "http": re.compile(r"(?:^|;\s*)(?:__Host-)?qi-([0-9a-f]{16})=([0-9a-f]{32})(?=;|$)"),
}
_OBJECTS: Final = re.compile(r"(?:^|;\s*)(?:__Host-)?qo=")
# What a browser asks for to put it into somebody else's page, where ours shows to nobody.
PARTS: Final = frozenset(
    ("audio", "embed", "font", "frame", "iframe", "image", "manifest", "object", "script", "style", "track", "video")
)
_PURPOSES: Final = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


class Counting:
    """Writes the lines of one process."""

    def __init__(self, codes: PrintedCodes, log: ScanLog, near: Near, *, proxies: int, day_hashes: DayHashes) -> None:
        """:param proxies: how many trusted proxies stand in front, each adding to X-Forwarded-For."""
        self.log = log
        self._codes, self._near, self._proxies = codes, near, proxies
        self._agents = Remembered(describe, limit=_AGENTS_REMEMBERED)
        self._languages = Remembered(entries.find_language, limit=_HEADERS_REMEMBERED)
        self._hosts = Remembered(entries.find_host, limit=_HEADERS_REMEMBERED)
        self._visits = VisitIds()
        self._day_hashes, self._hours = day_hashes, LocalHours()
        # The minute since 1970 in which keys were forgotten last.
        self._forgot_in = -1

    def forget_keys(self, at_s: float) -> None:
        """Let go of the keys whose time is over, though nobody scans; looks once a minute."""
        if int(at_s) // 60 == self._forgot_in:
            return
        self._forgot_in = int(at_s) // 60
        with suppress(OSError):
            self._near.forget(int(at_s) // 3600)
            self._day_hashes.forget(at_s)

    def scan(self, environ: Environ, code: PrintedCode, at_s: float) -> str:
        """Write down that a printed code's page was asked for; the new visit's id, or "" where none may be kept."""
        agent = environ.get("HTTP_USER_AGENT", "")
        address = self._address(environ)
        has_gpc = objects(environ)
        visit = near = day_hash = ""
        retailer = self._codes.retailers[code.retailer_id]
        # Without a visit there is no `near` either: the phone is not to be told apart.
        if not has_gpc and retailer.has_visits:
            visit, near, day_hash = self._begin(retailer, code.retailer_id, code.store_id, at_s, address, agent)
        line = scan_line(
            code.token,
            at_s,
            agent=self._agents[agent],
            is_own_network=self._codes.is_own_network(code.store_id, address),
            visit=visit,
            near=near,
            manner=_manner(environ, self._proxies),
            has_gpc=has_gpc,
            language=self._languages[environ.get("HTTP_ACCEPT_LANGUAGE", "")],
            referrer=self._referrer(environ),
            day_hash=day_hash,
            phone="" if has_gpc or not retailer.is_consented else self._phone(environ, code.retailer_id),
        )
        self.log.append(line, at_s)
        return visit

    def gs1(
        self,
        environ: Environ,
        retailer_id: str,
        at_s: float,
        *,
        subject: str = "",
        store_id: str = "",
        is_lookup: bool = False,
    ) -> str:
        """Write down that a GS1 address was asked for; the new visit's id, or "" where there is or may be none.

        :param subject: the public id of the item that answers it; empty for a store's address.
        :param is_lookup: what is behind it was asked for, and no page.
        """
        manner = _manner(environ, self._proxies) or ("lookup" if is_lookup else "")
        retailer = self._codes.retailers.get(retailer_id)
        visit = near = day_hash = ""
        if not manner and not objects(environ) and (retailer is None or retailer.has_visits):
            agent, address = environ.get("HTTP_USER_AGENT", ""), self._address(environ)
            visit, near, day_hash = self._begin(retailer, retailer_id, store_id, at_s, address, agent)
        self._append(
            GS1,
            subject,
            environ,
            at_s,
            manner=manner,
            store_id=store_id,
            retailer_id=retailer_id,
            visit=visit,
            is_new_visit=bool(visit),
            near=near,
            day_hash=day_hash,
            phone=self._find_phone(environ, retailer_id),
        )
        return visit

    def page(self, environ: Environ, item: KnownItem, store_id: str, said: str | None, at_s: float) -> str:
        """Write down that an item's page was asked for by `/i/`; the id of the visit, new or continued.

        :param said: the visit that the phone says it is in.
        """
        visit, is_new = self._continue(environ, item.retailer_id, said, at_s)
        entry = "" if said else self._entry(environ)
        self._append(
            PAGE,
            item.public_id,
            environ,
            at_s,
            store_id=store_id,
            visit=visit,
            is_new_visit=is_new,
            entry=entry,
            phone=self._find_phone(environ, item.retailer_id),
        )
        return visit

    def view(
        self, environ: Environ, item: KnownItem, store_id: str, said: str | None, at_s: float, *, token: str = ""
    ) -> str:
        """Write down that an item's page was seen for a second; the id of its visit.

        :param token: the code whose page it is, where the address still says it.
        """
        visit, is_new = self._continue(environ, item.retailer_id, said, at_s)
        known = token if token and self._codes.find(token) else ""
        self._append(
            VIEW, item.public_id, environ, at_s, token=known, store_id=store_id, visit=visit, is_new_visit=is_new
        )
        return visit

    def engaged(self, environ: Environ, item: KnownItem, store_id: str, said: str | None, at_s: float) -> None:
        """Write down that an item's page was on the screen for ten seconds, in the visit that the phone says.

        Nothing where it might have one and says none: what nobody has seen for a second is not looked at for ten.
        """
        visit, is_new = self._continue(environ, item.retailer_id, said, at_s)
        if visit and is_new:
            return
        self._append(ENGAGED, item.public_id, environ, at_s, store_id=store_id, visit=visit)

    def play(self, environ: Environ, item: KnownItem, store_id: str, step: int, at_s: float) -> None:
        """Write down how far a film or a recording was played; it belongs to no visit.

        :param step: one of `line.STEPS`.
        """
        self._append(PLAY, item.public_id, environ, at_s, store_id=store_id, step=step)

    def share(self, environ: Environ, retailer_id: str, public_id: str, at_s: float) -> str:
        """Write down that a share link was opened; the new visit's id.

        :param public_id: the link's, as our own record has it.
        """
        visit, _ = self._continue(environ, retailer_id, None, at_s)
        self._append(
            SHARE,
            public_id,
            environ,
            at_s,
            retailer_id=retailer_id,
            visit=visit,
            is_new_visit=bool(visit),
            entry=entries.SHARE,
            phone=self._find_phone(environ, retailer_id),
        )
        return visit

    def orphan(self, environ: Environ, retailer_id: str, token: str | None, at_s: float) -> None:
        """Write down that an address was asked for that no code has.

        :param retailer_id: whose host it was; empty for the shared one.
        :param token: what was asked for, if it could be a token; anything else is not kept.
        """
        self._append(ORPHAN, token or "", environ, at_s, retailer_id=retailer_id)

    def _continue(self, environ: Environ, retailer_id: str, said: str | None, at_s: float) -> tuple[str, bool]:
        retailer = self._codes.retailers.get(retailer_id)
        if objects(environ) or (retailer is not None and not retailer.has_visits):
            return "", True
        visit = find_visit(said, at=datetime.fromtimestamp(at_s, UTC)) if said else None
        return (visit, False) if visit else (self._visits.draw(at_s), True)

    def _begin(
        self, retailer: KnownRetailer | None, retailer_id: str, store_id: str, at_s: float, address: str, agent: str
    ) -> tuple[str, str, str]:
        """A new visit's id, and what tells its phone apart: within the hour, and on the day where that is estimated."""
        visit, near = self._visits.draw(at_s), self._near.of(int(at_s) // 3600, store_id, address, agent)
        if retailer is None or not retailer.is_estimated:
            return visit, near, ""
        return visit, near, self._day_hash(retailer_id, store_id, at_s, address, agent)

    def _find_phone(self, environ: Environ, retailer_id: str) -> str:
        """The key of a phone whose owner agreed at this retailer; empty where none did, or somebody objects now."""
        retailer = self._codes.retailers.get(retailer_id)
        if retailer is None or not retailer.is_consented or objects(environ):
            return ""
        return self._phone(environ, retailer_id)

    def _phone(self, environ: Environ, retailer_id: str) -> str:
        for mark, number in _AGREED[_scheme(environ, self._proxies)].findall(environ.get("HTTP_COOKIE", "")):
            if mark == cookie_mark(retailer_id):
                return phone_key(number, retailer_id)
        return ""

    def _append(
        self, kind: str, subject: str, environ: Environ, at_s: float, *, manner: str | None = None, **more: Any
    ) -> None:
        """:param manner: where it is known already."""
        store_id = more.get("store_id", "")
        line = make_line(
            kind,
            subject,
            at_s,
            agent=self._agents[environ.get("HTTP_USER_AGENT", "")],
            is_own_network=self._codes.is_own_network(store_id, self._address(environ)),
            manner=_manner(environ, self._proxies) if manner is None else manner,
            has_gpc=objects(environ),
            language=self._languages[environ.get("HTTP_ACCEPT_LANGUAGE", "")],
            referrer=self._referrer(environ),
            **more,
        )
        self.log.append(line, at_s)

    def _entry(self, environ: Environ) -> str:
        """How somebody came to `/i/`; empty for whoever came from a page of ours."""
        host = self._referrer(environ)
        if not host and environ.get("HTTP_REFERER"):
            return ""
        return entries.find_entry(host, self._agents[environ.get("HTTP_USER_AGENT", "")].split(" ", 2)[1])

    def _referrer(self, environ: Environ) -> str:
        """The host of the page that led here; empty for none, and for a page of this very host."""
        said = environ.get("HTTP_REFERER")
        if not said:
            return ""
        host = self._hosts[said]
        own = passed_on(environ, "HTTP_X_FORWARDED_HOST", self._proxies) or environ.get("HTTP_HOST", "")
        return "" if host == own.partition(":")[0].lower() else host

    def _day_hash(self, retailer_id: str, store_id: str, at_s: float, address: str, agent: str) -> str:
        zone = self._codes.zones.get(store_id)
        if not zone:
            return ""
        on, _ = self._hours.of(zone, int(at_s) // _QUARTER_S)
        return self._day_hashes.of(zone, on, retailer_id, store_id, address, agent)

    def _address(self, environ: Environ) -> str:
        return passed_on(environ, "HTTP_X_FORWARDED_FOR", self._proxies) or str(environ.get("REMOTE_ADDR", ""))


def passed_on(environ: Environ, header: str, proxies: int) -> str:
    """What the outermost of our own proxies said of a request; empty where none did."""
    passed = str(environ.get(header, "")).split(",") if proxies else []
    return passed[-proxies].strip() if len(passed) >= proxies > 0 else ""


def _manner(environ: Environ, proxies: int) -> str:
    if environ["REQUEST_METHOD"] == "HEAD":
        return "head"
    for key in _PURPOSES:
        if key in environ:
            purpose = environ[key].lower()
            if "prefetch" in purpose or "preview" in purpose:
                return "prefetch"
    if environ.get("HTTP_SEC_FETCH_DEST") in PARTS:
        return "prefetch"
    cookies = environ.get("HTTP_COOKIE")
    return "internal" if cookies and _is_of_the_house(environ, cookies, proxies) else ""


def _is_of_the_house(environ: Environ, cookies: str, proxies: int) -> bool:
    return _INTERNAL[_scheme(environ, proxies)].search(cookies) is not None


def _scheme(environ: Environ, proxies: int) -> str:
    scheme = passed_on(environ, "HTTP_X_FORWARDED_PROTO", proxies) or environ.get("wsgi.url_scheme")
    return "https" if scheme == "https" else "http"


def objects(environ: Environ) -> bool:
    """Whether a phone is not to be told apart: it sends Global Privacy Control, or somebody said so on our page."""
    if environ.get("HTTP_SEC_GPC") == "1":
        return True
    return _OBJECTS.search(environ.get("HTTP_COOKIE", "")) is not None


def is_program(environ: Environ) -> bool:
    """Whether a robot, a preview or a program that opens pages ahead is asking; `environ` as Flask has it."""
    return _manner(environ, 0) in ("head", "prefetch") or _class_of(environ.get("HTTP_USER_AGENT", "")) in BY_AGENT


def _class_of(agent: str) -> str:
    return describe(agent).split(" ", 1)[0]


def is_internal(environ: Environ) -> bool:
    """Whether somebody of the house is asking, who counts for nothing; `environ` as Flask has it, proxies heeded."""
    return _manner(environ, 0) == "internal"

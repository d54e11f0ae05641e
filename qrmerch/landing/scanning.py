"""The scan path as Flask's side sees it: what is not kept yet is rendered, kept and counted here.

`answer_scan` is the view of `/q/<token>` after a miss, `answer_item` that of `/i/<id>` for a phone without a
cookie; both send through the front door's own code, so that a line is written once whichever way was taken.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import time
from typing import Any, Final, cast

from flask import Response, request
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.tokens import find_token
from qrmerch.config import Settings, data_folder
from qrmerch.db import AWAY
from qrmerch.landing.counting import Counting
from qrmerch.landing.front_door import ScanPath
from qrmerch.landing.gtins import Gtins
from qrmerch.landing.printed import KnownItem, PrintedCode, PrintedCodes
from qrmerch.landing.turns import Turns
from qrmerch.parties.hosts import Hosts
from qrmerch.rendering.ahead import Ahead
from qrmerch.rendering.changes import Change, Changes
from qrmerch.rendering.kept import NOWHERE, STORE, KeptPage, PageKey, Pages, picked
from qrmerch.rendering.keys import render_key
from qrmerch.rendering.tightening import Tightening
from qrmerch.scans.day_hashes import DayHashes
from qrmerch.scans.log import ScanLog
from qrmerch.scans.near import Near
from qrmerch.web import safety_headers, services

_PART: Final = "scan_path"
_RENDERINGS: Final = 3
_MAX_TEXT_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is asked to show: an item, in a store (empty for none), in a language.

    `is_nowhere`: the shopper said that they are in no store. `pick`: the key of one of the item's variants.
    """

    item: KnownItem
    store_id: str
    locale: str
    is_nowhere: bool = False
    pick: str = ""

    @property
    def key(self) -> PageKey:
        seen_in = NOWHERE if self.is_nowhere else self.store_id
        return PageKey(self.item.item_id, seen_in, self.locale, picked(self.pick))


def open_scan_path(settings: Settings, hosts: Hosts) -> ScanPath:
    """The scan path of this process, its table and pages read from the local disk; nobody reads changes yet."""
    codes, gtins = PrintedCodes(settings.pages_dir), Gtins(settings.pages_dir)
    pages = Pages(
        settings.pages_dir,
        max_bytes=settings.page_memory_bytes,
        build=_build_of(
            settings.base_url, (data_folder("templates"), data_folder("static"), Path(__file__).parents[1])
        ),
        common=safety_headers(settings, path="/q/"),
    )
    log = ScanLog(settings.log_dir, is_durable=settings.has_durable_log)
    near, day_hashes = Near(settings.keys_dir), DayHashes(settings.keys_dir)
    counting = Counting(codes, log, near, proxies=settings.proxies, day_hashes=day_hashes)

    def hear(db: Session, news: Iterable[Change]) -> None:
        codes.hear(db, news)
        gtins.hear(db, news)
        hosts.refresh(db)
        counting.forget_keys(time())

    changes = Changes(settings.database_url, pages, retailer_of=codes.retailer_of, hear=hear)
    return ScanPath(
        codes=codes,
        gtins=gtins,
        pages=pages,
        counting=counting,
        changes=changes,
        tightening=Tightening(pages),
        ahead=Ahead(pages, settings.database_url, base_url=settings.base_url),
        hosts=hosts,
        turns=Turns(),
        proxies=settings.proxies,
        safety=tuple(safety_headers(settings, path="/01/")),
    )


def put_scan_path(parts: dict[str, Any], path: ScanPath) -> None:
    """Make the scan path one of the application's parts."""
    parts[_PART] = path


def close_scan_path(parts: dict[str, Any]) -> None:
    """End what the scan path of an application does by itself."""
    path: ScanPath = parts[_PART]
    path.changes.stop()
    path.tightening.stop()
    path.ahead.stop()
    path.counting.log.close()


def get_scan_path() -> ScanPath:
    """The scan path of the running application."""
    return cast(ScanPath, services().parts[_PART])


def answer_scan(text: str) -> Response | None:
    """Answer this request with a printed code's page and count the scan; None if no code of this host has the address.

    :param text: what stood after `/q/`.
    """
    path = get_scan_path()
    token = find_token(text[:_MAX_TEXT_CHARS])
    code = _find_code(path, token) if token else None
    if code is None or not path.is_house_of(request.environ, code.retailer_id):
        return None
    at_s = time()
    key = path.key_of(code, request.headers.get("Accept-Language", ""))
    page = _get_page(path, key, at_s)

    def send(environ: Any, start_response: Any) -> Iterable[bytes]:
        return path.serve_scan(environ, start_response, code=code, page=page, at_s=at_s)

    return cast(Response, Response.from_app(send, request.environ))


def answer_item(shown: Shown) -> Response:
    """Answer this request with an item's page, the same bytes for everybody, and count it as a visit."""
    path = get_scan_path()
    at_s = time()
    page = _get_page(path, shown.key, at_s)
    visit = path.counting.page(request.environ, shown.item, shown.store_id, request.args.get("v"), at_s)
    return _send_page(path, page, visit, at_s)


def answer_store(store_id: str, locale: str) -> Response:
    """Answer this request with a store's page, the same bytes for everybody; nothing is counted."""
    return answer_page(PageKey(store_id, store_id, locale, STORE))


def answer_page(key: PageKey) -> Response:
    """Answer this request with a page that is no item's, the same bytes for everybody; nothing is counted."""
    path = get_scan_path()
    at_s = time()
    return _send_page(path, _get_page(path, key, at_s), "", at_s)


def _send_page(path: ScanPath, page: KeptPage, visit: str, at_s: float) -> Response:
    def send(environ: Any, start_response: Any) -> Iterable[bytes]:
        return path.send(environ, start_response, page=page, visit=visit, at_s=at_s)

    return cast(Response, Response.from_app(send, request.environ))


def count_page(shown: Shown) -> tuple[tuple[str, str], ...]:
    """Count an item's page that is rendered for one shopper; the headers that tell it its visit."""
    visit = get_scan_path().counting.page(request.environ, shown.item, shown.store_id, request.args.get("v"), time())
    return visit_headers(visit)


def count_view(item: KnownItem, store_id: str, *, said: str | None, text: str = "") -> str:
    """Count that an item's page was seen for a second; the id of its visit, empty where none may be kept.

    :param said: the visit that the phone says it is in.
    :param text: the token in the page's address, where that is still the printed one.
    """
    token = find_token(text[:_MAX_TEXT_CHARS]) if text else None
    return get_scan_path().counting.view(request.environ, item, store_id, said, time(), token=token or "")


def count_engaged(item: KnownItem, store_id: str, *, said: str | None) -> None:
    """Count that an item's page was on the screen for ten seconds, in the visit that the phone says it is in."""
    get_scan_path().counting.engaged(request.environ, item, store_id, said, time())


def count_play(item: KnownItem, store_id: str, *, step: int) -> None:
    """Count how far a film or a recording on an item's page was played, in per cent."""
    get_scan_path().counting.play(request.environ, item, store_id, step, time())


def count_share(retailer_id: str, public_id: str) -> tuple[tuple[str, str], ...]:
    """Count that a share link was opened; the headers that tell the phone its visit."""
    return visit_headers(count_list(retailer_id, public_id))


def count_list(retailer_id: str, public_id: str) -> str:
    """Count that a shared list was opened, as a share link; the new visit's id, empty where none may be kept.

    :param public_id: what the log calls it, which opens nothing.
    """
    return get_scan_path().counting.share(request.environ, retailer_id, public_id, time())


def count_gs1(retailer_id: str, public_id: str, store_id: str, *, is_lookup: bool) -> str:
    """Count that a GS1 address was asked for; the new visit's id where it is a scan and one may be kept.

    :param retailer_id: whose it is; empty where several could be meant.
    :param public_id: of the item; empty for a store's address.
    """
    return get_scan_path().counting.gs1(
        request.environ, retailer_id, time(), subject=public_id, store_id=store_id, is_lookup=is_lookup
    )


def count_orphan(retailer_id: str | None, text: str) -> None:
    """Count that somebody asked for a printed address that does not exist.

    :param retailer_id: whose host it was; None for the shared one.
    """
    token = find_token(text[:_MAX_TEXT_CHARS])
    get_scan_path().counting.orphan(request.environ, retailer_id or "", token, time())


def visit_headers(visit: str) -> tuple[tuple[str, str], ...]:
    """How a page's script learns the visit it belongs to."""
    return (("Server-Timing", f'v;desc="{visit}"'),) if visit else ()


def _find_code(path: ScanPath, token: str) -> PrintedCode | None:
    code = path.codes.find(token)
    if code is None:
        # Made a moment ago, perhaps by another process.
        with services().database.read() as db:
            code = path.codes.learn(db, token)
    return code


def _get_page(path: ScanPath, key: PageKey, at_s: float) -> KeptPage:
    page = path.pages.find(key, at_s)
    if page is not None:
        return page
    try:
        with path.turns.of(key):
            # Somebody may have rendered it meanwhile: for now, which is later than this phone came.
            return path.pages.find(key, time()) or _render(path, key)
    except AWAY:
        old = path.pages.find_old(key)
        if old is None:
            raise
        return old


def _render(path: ScanPath, key: PageKey) -> KeptPage:
    """Render a page and keep it; one that changes again and again while it is rendered is sent and not kept."""
    for _ in range(_RENDERINGS):
        as_of, at = path.pages.epoch, now()
        with services().database.read() as db:
            rendered = render_key(db, key, at=at, base_url=services().settings.base_url)
        page = path.pages.make(key, rendered, at_s=at.timestamp())
        if path.pages.keep(page, as_of=as_of):
            break
    return page


@cache
def _build_of(base_url: str, folders: tuple[Path, ...]) -> str:
    """Changes whenever something that may show on a page does: templates, styles, words, code, our own address."""
    digest = hashlib.blake2b(base_url.encode(), digest_size=12)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".po", ".html", ".css", ".js", ".svg"):
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()

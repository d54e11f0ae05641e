"""The shopper asking: whose host they came to, which language they read, the cookie they asked for."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from time import time
from typing import Any, Final, cast
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import find_item_by_public_id, find_variant_key
from qrmerch.errors import TooMany
from qrmerch.landing.counting import objects
from qrmerch.landing.misses import Misses
from qrmerch.parties.hosts import Hosts
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import find_retailer_by_slug, find_store_by_public_id
from qrmerch.rendering.frame import House, load_house
from qrmerch.rendering.kept import NOWHERE
from qrmerch.rendering.pages import Translate
from qrmerch.rendering.service import Personal, item_address
from qrmerch.rendering.style import StyleBlock, page_policy
from qrmerch.rendering.templates import render_html
from qrmerch.scans.visits import find_visit
from qrmerch.text import whole_number
from qrmerch.visitors.models import Visitor
from qrmerch.visitors.queries import find_visitor, list_visitors
from qrmerch.web import services, wants_json
from qrmerch.wishlists.queries import list_kept_public_ids

COOKIE_LASTS: Final = timedelta(days=180)
_PUBLIC_ID: Final = re.compile("[0-9a-hjkmnp-tv-z]{16}")
_SLUG: Final = re.compile("[a-z0-9-]{1,40}")
# As `ids.secret` makes it.
_LIST_SECRET: Final = re.compile("[0-9a-f]{32}")
# What one network makes anew in ten minutes: a store full of guests, but no script.
_MOST_ANEW: Final = 120
_ANEW_PER_S: Final = 600.0
_MOST_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shopper acts: the item, the store their page named, the brand and the language."""

    item: Item
    store: Store | None
    house: House
    locale: str
    # The shopper said that they are in no store.
    is_nowhere: bool = False
    # The key of the variant that the page was opened with.
    pick: str = ""

    @property
    def store_id(self) -> str | None:
        return self.store.id if self.store else None

    @property
    def page(self) -> str:
        """The address of the item's page as the shopper has it open."""
        lang = self.house.lang(self.locale)
        return item_address(self.item, self.store, lang, is_nowhere=self.is_nowhere, pick=self.pick)


def slow_down(what: str, t: Translate, *, most: int = 0) -> None:
    """Count one more thing that a network's phones have made anew: `phones` that are remembered, or `links`.

    :param most: so many in ten minutes, in each process; 0 for as many as phones.
    :raises TooMany: there were too many of them just now.
    """
    made = services().parts.setdefault(f"new_{what}", Misses(limit=most or _MOST_ANEW, per_s=_ANEW_PER_S))
    anew, address, at_s = cast(Misses, made), request.remote_addr or "", time()
    if wait_s := anew.wait_s(address, at_s):
        words = t("Too many phones on this network asked for something new just now. Wait a minute and try again.")
        raise TooMany(words, retry_after=timedelta(seconds=ceil(wait_s)))
    anew.take(address, at_s)


def find_host_retailer_id() -> str | None:
    """The retailer whose own host this request came to; None on a shared one."""
    hosts = cast("Hosts | None", services().parts.get("hosts"))
    return hosts.find_retailer_id(request.host) if hosts else None


def load_host_house(db: Session, *, at: datetime) -> House:
    """The brand of the host this request came to; on a shared one that of the retailer named by the address."""
    return load_house(db, find_host_retailer_id() or _find_named_retailer_id(db), at=at)


def _find_named_retailer_id(db: Session) -> str | None:
    named = find_named_retailer(db, request.values.get("of", ""))
    return named.id if named else None


def find_said_store(db: Session, retailer_id: str) -> Store | None:
    """The retailer's store that the form or the query names."""
    said = request.values.get("at", "")
    return find_store_by_public_id(db, retailer_id, said) if _PUBLIC_ID.fullmatch(said) else None


def is_nowhere() -> bool:
    """Whether the shopper said that they are in no store."""
    return request.values.get("at", "") == NOWHERE


def find_named_retailer(db: Session, slug: str) -> Retailer | None:
    """The retailer with the short name that an address says."""
    return find_retailer_by_slug(db, slug) if _SLUG.fullmatch(slug) else None


def find_place(db: Session, public_id: str, *, at: datetime) -> Place | None:
    """The item of an address `/i/<public_id>` with what the form or the query says of store and language."""
    item = find_item_by_public_id(db, public_id) if _PUBLIC_ID.fullmatch(public_id) else None
    host_retailer_id = find_host_retailer_id()
    if item is None or host_retailer_id not in (None, item.retailer_id):
        return None
    house = load_house(db, item.retailer_id, at=at)
    store = find_said_store(db, item.retailer_id)
    pick = find_variant_key(db, item.id, request.values.get("pick", "")) if "pick" in request.values else ""
    return Place(item, store, house, choose_locale(house, store), is_nowhere(), pick)


def choose_locale(house: House, store: Store | None = None) -> str:
    """The language of this request: as its address or form says, else as the browser prefers.

    :param store: where it is about: what is spoken there stands where nothing else fits.
    """
    accept, local = request.headers.get("Accept-Language", ""), store.locale if store else ""
    return house.choose_locale(request.values.get("lang", ""), accept, local)


def page_number() -> int:
    """Which page of a list the address asks for, from 1; 1 where it says anything else."""
    return whole_number(request.args.get("page", ""), most=_MOST_PAGES) or 1


def is_public_id(text: str) -> bool:
    """Whether a text has the form of an id in a shopper's address."""
    return _PUBLIC_ID.fullmatch(text) is not None


def is_list_secret(text: str) -> bool:
    """Whether a text has the form of what stands in the address of a shared list."""
    return _LIST_SECRET.fullmatch(text) is not None


def shared_list_address(secret: str, *, store: str, locale: str, visit: str, place: str = "", **more: str) -> str:
    """A shared list as one of its friends has it open.

    :param store: the public id of the store they are in, `NOWHERE`, or empty.
    :param visit: they are in, perhaps none; its name stands there all the same, and says that the list is open already.
    :param place: the public id of the item to come back to.
    """
    said = {name: value for name, value in {"at": store, "lang": locale, **more}.items() if value}
    return f"/l/{secret}?{urlencode({**said, 'v': visit})}" + (f"#i-{place}" if place else "")


def find_said_visit(*, at: datetime) -> str | None:
    """The visit that the form says it is part of, if it can be one; None for a phone that is not to be told apart."""
    if objects(request.environ):
        return None
    return find_visit(request.form.get("v", ""), at=at)


def cookie_name() -> str:
    """The cookie's name; over plain http, as in the demo, a browser would refuse the safer one."""
    return "__Host-qm" if request.is_secure else "qm"


def read_secret() -> str | None:
    """The secret in the shopper's cookie, if they have one."""
    return request.cookies.get(cookie_name())


def give_cookie(response: Response, secret: str) -> None:
    """Let the phone be known again; only ever in answer to something that needs it."""
    response.set_cookie(
        cookie_name(), secret, max_age=COOKIE_LASTS, secure=request.is_secure, httponly=True, samesite="Lax", path="/"
    )


def take_cookie(response: Response) -> None:
    """Take the phone's cookie away."""
    response.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def find_shopper(db: Session, retailer_id: str) -> Visitor | None:
    """The visitor of this request's cookie at a retailer."""
    return find_visitor(db, retailer_id, read_secret())


def list_shoppers(db: Session) -> list[Visitor]:
    """Who this request's cookie is: at the host's retailer, or on a shared host at each that knows the phone."""
    return list_visitors(db, read_secret(), retailer_id=find_host_retailer_id())


def load_personal(db: Session, visitor: Visitor) -> Personal:
    """What a page shows to this visitor only."""
    return Personal(kept=list_kept_public_ids(db, visitor.id))


def respond(template: str, page: Any, block: StyleBlock, *, status: int = 200) -> Response:
    """A shopper's page that is not kept: its own policy, and not for any other phone."""
    response = Response(render_html(template, page), status=status, mimetype="text/html")
    name, value = page_policy(block)
    response.headers[name] = value
    response.headers["Content-Language"] = page.frame.locale
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def private(response: Response) -> Response:
    """The same, kept by no cache and listed by no search engine, and its address told to nobody by links from it."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def is_script() -> bool:
    """Whether the page's script asks, which reads JSON, rather than a form."""
    return wants_json()

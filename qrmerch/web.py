"""What every page shares: the request's session, who may call it, headers, errors, rendering.

Access is declared on the route and enforced here; a route that declares nothing answers nobody.
"""

import dataclasses
import hashlib
import hmac
import logging
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import brotli
from flask import Blueprint, Flask, Response, abort, current_app, g, request, url_for
from flask import render_template as _render_template
from flask.sessions import SessionInterface, SessionMixin
from jinja2 import StrictUndefined
from markupsafe import Markup
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from qrmerch import i18n
from qrmerch.access import Principal, allow_anyone, current_principal, declared, find_principal
from qrmerch.buckets import BucketAway
from qrmerch.config import Settings, data_folder
from qrmerch.db import Database, scope
from qrmerch.errors import DomainError, NotFound, SignInNeeded, TooMany
from qrmerch.files import FileStore

SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
# Browsers read a backslash as a slash, and drop tabs and line breaks before they look.
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20]*")
_MAX_SEARCH_CHARS: Final = 120
# Years in which anything can be planned; at the ends of the calendar, time zones lead out of it.
_YEARS: Final = range(2000, 2200)
log = logging.getLogger("qrmerch.web")

_CONTENT_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_CLOSED_FEATURES: Final = ("accelerometer", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb")
_STAFF_PATHS: Final = ("/desk", "/studio", "/associate", "/account")


@dataclass(frozen=True, slots=True)
class Services:
    """What the application was made with. `parts` holds what rooms above the ground add, by name."""

    settings: Settings
    database: Database
    files: FileStore
    parts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the rooms above tell the ground: hosts, sign-in, navigation."""

    is_known_host: Callable[[str], bool]
    find_principal: Callable[[], Principal | None]
    # Called once a request at its end, with the lines for the next page; perhaps none.
    keep_notices: Callable[[Principal, list[dict[str, str]]], None]
    take_notices: Callable[[], list[dict[str, str]]]
    navigation: Callable[[Principal], object]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What `errors/error.html` receives; it must not need a database."""

    status: int
    title: str
    detail: str
    reference: str


class _NoSession(dict[str, Any], SessionMixin):
    """Nothing is kept in a signed cookie; sessions are rows."""


class _NoSessions(SessionInterface):
    def open_session(self, app: Flask, request: Any) -> SessionMixin:
        return _NoSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
        return


def services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["qrmerch"])


def install(app: Flask, made_with: Services, hooks: Hooks) -> None:
    """Give an application its services, guards, headers, errors and template globals."""
    app.extensions["qrmerch"] = made_with
    app.extensions["qrmerch.hooks"] = hooks
    app.session_interface = _NoSessions()
    app.config["MAX_CONTENT_LENGTH"] = made_with.settings.max_sheet_bytes + 1_000_000
    if made_with.settings.proxies:
        count = made_with.settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=asset_address, csrf_field=csrf_field, csrf_token=csrf_token)
    app.register_blueprint(_static_files(data_folder("static")))
    app.before_request(_guard)
    app.after_request(_finish)
    app.teardown_request(_close_db)
    app.register_error_handler(DomainError, answer_refusal)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(BucketAway, _answer_away)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _answer_database_away)
    app.register_error_handler(Exception, _answer_bug)


def get_db() -> Session:
    """This request's session: it writes where the method may, and sees the signed-in tenant's rows only.

    The route commits; what it did not commit is gone when the request ends.
    """
    if "db" not in g:
        database = services().database
        g.db = database.read() if request.method in SAFE_METHODS else database.write()
        principal = find_principal()
        if principal is not None and principal.role != "operator":
            scope(g.db, retailer_ids=principal.seen_retailer_ids, vendor_id=principal.vendor_id)
    return cast(Session, g.db)


@contextmanager
def reading_session() -> Iterator[Session]:
    """A session to check a long file with: while it lasts, nobody waits for this request's writing one."""
    principal = current_principal()
    with services().database.read() as db:
        scope(db, retailer_ids=principal.seen_retailer_ids, vendor_id=principal.vendor_id)
        yield db


def render(
    template: str, page: object, *, status: int = 200, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()
) -> Response:
    """A response made from a template and the one frozen dataclass it receives."""
    fields = {each.name: getattr(page, each.name) for each in dataclasses.fields(page)}  # type: ignore[arg-type]
    principal = find_principal()
    context: dict[str, Any] = {"principal": principal, "notices": [], "navigation": [], "t": i18n.translator("en")}
    if principal is not None and request.path.startswith(_STAFF_PATHS):
        hooks: Hooks = current_app.extensions["qrmerch.hooks"]
        # A form that came back is shown while its transaction is open; notices wait for the next page.
        context["notices"] = hooks.take_notices() if request.method in SAFE_METHODS else []
        context["navigation"] = hooks.navigation(principal)
    text = _render_template(template, **{**context, **fields})
    response = Response(text, status=status, mimetype="text/html")
    response.headers.extend(dict(headers))
    return response


def redirect_to(address: str) -> Response:
    """See other: the answer to a form that was taken. Only to an address of this host."""
    return Response(status=303, headers={"Location": local_address(address)})


def local_address(address: str, fallback: str = "/") -> str:
    """`address` if it is a path of this host, else `fallback`: nobody is sent elsewhere by a link."""
    return address if _LOCAL.fullmatch(address) else fallback


def notice(text: str, kind: str = "good") -> None:
    """A line on top of the next staff page this person sees; kind: good, info, careful or wrong."""
    principal = find_principal()
    if principal is not None:
        g.setdefault("new_notices", []).append({"kind": kind, "text": text})


def wants_json() -> bool:
    """Whether the caller is a script that reads JSON rather than a person."""
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), default="text/html")
    return best == "application/json" or request.path.startswith("/api/")


def base_address() -> str:
    """Scheme and host that this request came to, already checked to be ours."""
    return request.host_url.rstrip("/")


def search_words(typed: str) -> str:
    """What is looked for, cut to what any name has: a database refuses endless patterns."""
    return typed.strip()[:_MAX_SEARCH_CHARS]


# --- who may ---------------------------------------------------------------------------------------


def _guard() -> None:
    hooks: Hooks = current_app.extensions["qrmerch.hooks"]
    if not hooks.is_known_host(request.host):
        abort(421)
    if request.url_rule is None:
        return
    access = declared(current_app.view_functions[request.endpoint or ""])
    if access is None:
        raise RuntimeError(f"{request.endpoint} does not declare who may call it")
    # A shopper's page must not wait for the database to learn that nobody is signed in.
    g.principal = None if access.is_public and not _is_staff_path() else hooks.find_principal()
    if not access.admits(g.principal):
        if g.principal is None:
            raise SignInNeeded("Sign in to go on.")
        raise NotFound()
    if request.method not in SAFE_METHODS and not access.has_secret:
        _refuse_foreign_write(needs_token=not access.is_public)
    _refuse_nul()


def _refuse_nul() -> None:
    """No text that a person types holds the character NUL, and PostgreSQL takes none; looked for once, here.

    Nor does it hold bytes that are no UTF-8, as some servers hand them on.
    """
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        raise NoText("This address holds something that is no text. Scan the code again, or type it anew.") from None
    if any("\0" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound()
    said = [request.args] if request.method in SAFE_METHODS else [request.args, request.form]
    if any("\0" in value for fields in said for _, value in fields.items(multi=True)):
        raise NoText("This holds a character that no keyboard has. Type it again instead of pasting it.")


def _is_staff_path() -> bool:
    return request.path.startswith((*_STAFF_PATHS, "/sign-in", "/sign-out"))


def _refuse_foreign_write(*, needs_token: bool) -> None:
    if needs_token:
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
        if not _is_token(given):
            raise ForeignWrite("This form is too old. Go back, reload the page and send it again.")
        return
    if not is_from_here():
        raise ForeignWrite("This was sent from another site. Open the page here and try again.")


def is_from_here() -> bool:
    """Whether the browser says that a page of this host sent the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return _host_in(request.headers.get("Origin") or request.headers.get("Referer", "")) == request.host


def _host_in(address: str) -> str:
    """Host and port of an address; empty if it has none or is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


class NoText(DomainError):
    """A field holds what is no text."""

    slug = "no_text"


class ForeignWrite(DomainError):
    """A change asked for by a page that is not ours."""

    slug = "foreign_write"


def csrf_token() -> str:
    """The token of this sign-in, for forms and scripts of signed-in pages; empty when nobody is."""
    principal = find_principal()
    return _token(principal, services().settings.secret_key) if principal else ""


def csrf_field() -> Markup:
    """The hidden field that every form of a signed-in page carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf_token())


def _is_token(given: str) -> bool:
    principal = find_principal()
    if principal is None:
        return False
    # As bytes: text from outside may hold more than ASCII, which `compare_digest` does not take.
    said = given.encode()
    return any(hmac.compare_digest(said, _token(principal, key).encode()) for key in services().settings.secret_keys)


def _token(principal: Principal, key: str) -> str:
    return hmac.new(key.encode(), b"csrf " + principal.session_id.encode(), hashlib.sha256).hexdigest()


# --- what every answer carries ---------------------------------------------------------------------


def _finish(response: Response) -> Response:
    principal = find_principal()
    # A page that is shown again after a refusal has not ended its transaction; two writers in one request would wait
    # for each other for ever.
    _close_db(None)
    if principal is not None:
        hooks: Hooks = current_app.extensions["qrmerch.hooks"]
        hooks.keep_notices(principal, g.pop("new_notices", []))
    headers = response.headers
    if principal is not None and not request.path.startswith("/static/"):
        headers["Cache-Control"] = "no-store"
    headers.setdefault("Cache-Control", "no-cache")
    headers.setdefault("Content-Security-Policy", content_policy(frame_src="'self'" if principal else "'none'"))
    for name, value in safety_headers(services().settings, path=request.path):
        headers.setdefault(name, value)
    return response


def content_policy(**changes: str) -> str:
    """A Content-Security-Policy: nothing but our own host, with changes such as `style_src="'sha256-…'"`."""
    policy = {**_CONTENT_POLICY, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def safety_headers(settings: Settings, *, path: str) -> list[tuple[str, str]]:
    """The headers of every answer that do not depend on its body (SECURITY_CHECKS D03)."""
    camera = "camera=()" if path.startswith(("/desk", "/studio")) else "camera=(self)"
    closed = ", ".join([camera, *(f"{feature}=()" for feature in _CLOSED_FEATURES)])
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Permissions-Policy", closed),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.is_https:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    return headers


def _close_db(_error: BaseException | None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()


# --- refusals and errors ---------------------------------------------------------------------------


def answer_refusal(error: DomainError) -> Response:
    """A refusal as a page or a problem document; who is not signed in is sent to sign in."""
    if isinstance(error, SignInNeeded) and not wants_json():
        address = url_for(
            "account.sign_in", next=request.full_path.removesuffix("?") if request.method == "GET" else None
        )
        return Response(status=303, headers={"Location": address})
    response = _error(error.status, error.slug, error.detail)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(int(error.retry_after.total_seconds()))
    return response


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    slug, sentence = _HTTP_SENTENCES.get(status, ("http", error.description or error.name))
    response = _error(status, slug, sentence)
    for name, value in error.get_headers():
        if name in ("Allow", "Location", "Retry-After"):
            response.headers[name] = value
    return response


def _answer_away(error: BucketAway) -> Response:
    log.warning("%s at %s", error, request.endpoint)
    response = _error(503, "away", "Files cannot be reached at the moment. Try again in a minute.")
    response.headers["Retry-After"] = "60"
    return response


def _answer_database_away(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("database %s at %s: %s", reference, request.endpoint, getattr(error, "orig", error))
    response = _error(503, "away", "This cannot be answered at the moment. Try again in a minute.", reference)
    response.headers["Retry-After"] = "60"
    return response


def _answer_bug(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("bug %s at %s", reference, request.endpoint, exc_info=error)
    return _error(500, "bug", "Something here is broken. It has been noted.", reference)


def _error(status: int, slug: str, detail: str, reference: str = "") -> Response:
    if wants_json():
        problem: dict[str, object] = {"type": slug, "status": status, "detail": detail}
        if reference:
            problem["reference"] = reference
        return Response(current_app.json.dumps(problem), status=status, mimetype="application/problem+json")
    page = ErrorPage(status, _TITLES.get(status, "That did not work"), detail, reference)
    text = _render_template("errors/error.html", **dataclasses.asdict(page))
    return Response(text, status=status, mimetype="text/html")


_TITLES: Final = {
    400: "That cannot be taken",
    401: "Sign in first",
    404: "Nothing here",
    405: "That cannot be done here",
    409: "Changed in the meantime",
    410: "No longer here",
    413: "Too large",
    421: "Wrong address",
    422: "Something is not right yet",
    429: "A moment",
    500: "Our fault",
    503: "Back in a moment",
}
_HTTP_SENTENCES: Final = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method", "This address does not take that kind of request."),
    413: ("too_large", "More was sent than can be taken at once."),
    421: ("unknown_host", "This server does not answer for that name."),
}


# --- static files, addressed by content ------------------------------------------------------------


def asset_address(name: str) -> str:
    """The address of a static file, with a hash of its content in the name."""
    return f"/static/{_assets(data_folder('static'))[name]}"


@cache
def _assets(root: Path) -> dict[str, str]:
    """Plain name to name with hash, read once a process."""
    return {path.relative_to(root).as_posix(): _hashed(path, root) for path in root.rglob("*") if path.is_file()}


def _hashed(path: Path, root: Path) -> str:
    stem, _, suffix = path.relative_to(root).as_posix().rpartition(".")
    return f"{stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}.{suffix}"


def _static_files(root: Path) -> Blueprint:
    blueprint = Blueprint("static_files", __name__)

    @blueprint.get("/static/<path:name>")
    @allow_anyone
    def serve(name: str) -> Response:
        stem, _, suffix = name.rpartition(".")
        plain = f"{stem.rpartition('.')[0]}.{suffix}"
        if _assets(root).get(plain) != name:
            raise NotFound()
        kind = mimetypes.guess_type(plain)[0] or "application/octet-stream"
        takes_br = request.accept_encodings["br"] > 0
        response = Response(_compressed(root / plain) if takes_br else (root / plain).read_bytes(), mimetype=kind)
        if takes_br:
            response.headers["Content-Encoding"] = "br"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return blueprint


@cache
def _compressed(path: Path) -> bytes:
    """A static file as small as it gets; they are few, and stay the same while the process lives."""
    return bytes(brotli.compress(path.read_bytes()))


def parse_form_instant(text: str, zone: str) -> datetime | None:
    """The instant meant by a `datetime-local` field in a time zone; None when the field is empty.

    :raises ValueError: not a date and time, or none of the years 2000 to 2199.
    """
    if not text.strip():
        return None
    at = datetime.fromisoformat(text)
    if at.year not in _YEARS:
        raise ValueError(f"{at.year} is not a year from {_YEARS[0]} to {_YEARS[-1]}.")
    return at.replace(tzinfo=ZoneInfo(zone))

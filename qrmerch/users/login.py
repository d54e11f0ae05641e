"""Who is signed in on a request: our own session rows behind Flask-Login.

The cookie holds a random secret; the row of its hash says who, in which role and until when. Flask-Login asks for
the person once a request; nothing of it is kept in a cookie of its own.
"""

from typing import Final

import flask_login
from flask import Flask, Request, Response, g, request

from qrmerch.access import Principal
from qrmerch.clock import now
from qrmerch.users.models import StaffSession
from qrmerch.users.queries import find_session, make_principal
from qrmerch.users.service import IDLE, WHOLE, touch
from qrmerch.web import services

_TOUCH_AFTER: Final = IDLE / 24


class _Person(flask_login.UserMixin):  # type: ignore[misc]
    """A signed-in person as Flask-Login knows them."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    def get_id(self) -> str:
        return self.principal.session_id


def install_login(app: Flask) -> None:
    """Let Flask-Login find who is asking by our cookie."""
    manager = flask_login.LoginManager()
    manager.session_protection = None
    manager.request_loader(_load)
    manager.init_app(app, add_context_processor=False)


def find_principal() -> Principal | None:
    """Who is signed in on this request, if anybody."""
    person = flask_login.current_user
    return person.principal if person.is_authenticated else None


def _is_safe() -> bool:
    """Whether the cookie goes over https only: always, but for the demo on plain http."""
    return request.is_secure or not services().settings.is_demo


def cookie_name() -> str:
    """The cookie's name; a browser takes the safer one over https only."""
    return "__Host-qs" if _is_safe() else "qs"


def give_cookie(response: Response, secret: str) -> None:
    """Let the browser be known until the session is over."""
    response.set_cookie(
        cookie_name(), secret, max_age=WHOLE, secure=_is_safe(), httponly=True, samesite="Lax", path="/"
    )


def take_cookie(response: Response) -> None:
    """Let the browser be known no more."""
    response.delete_cookie(cookie_name(), secure=_is_safe(), httponly=True, samesite="Lax", path="/")


def _load(asked: Request) -> _Person | None:
    secret = asked.cookies.get(cookie_name())
    if not secret:
        return None
    at, database = now(), services().database
    with database.read() as db:
        found = find_session(db, secret, at=at)
        if found is None:
            return None
        session, user, membership = found
        g.notices = list(session.notices)
        principal = make_principal(db, session, user, membership)
        is_due = at - session.seen_at > _TOUCH_AFTER
    if is_due:
        _touch(principal.session_id, secret)
    return _Person(principal)


def _touch(session_id: str, secret: str) -> None:
    at = now()
    with services().database.write() as db:
        found = find_session(db, secret, at=at)
        if found is not None and found[0].id == session_id:
            touch(found[0], at=at)
            db.commit()


def take_notices() -> list[dict[str, str]]:
    """The lines kept for this page, once."""
    g.are_notices_taken = True
    lines: list[dict[str, str]] = g.get("notices", [])
    return lines


def keep_notices(principal: Principal, new: list[dict[str, str]]) -> None:
    """Keep lines for the next page of this session, and let go of those that this one showed."""
    kept: list[dict[str, str]] = g.get("notices", [])
    left = [] if g.get("are_notices_taken") else kept
    if [*left, *new] == kept:
        return
    with services().database.write() as db:
        session = db.get(StaffSession, principal.session_id)
        if session is not None:
            session.notices = [*left, *new]
            db.commit()

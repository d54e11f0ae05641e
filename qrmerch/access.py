"""Who may do what: the eight roles, the person asking, and the declaration every route carries."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from flask import g

from qrmerch.errors import SignInNeeded

Route = TypeVar("Route", bound=Callable[..., Any])


class Role(StrEnum):
    """What a user does; rights follow from it (DESIGN section 2)."""

    OPERATOR = "operator"
    OWNER = "owner"
    MERCHANDISER = "merchandiser"
    REVIEWER = "reviewer"
    ANALYST = "analyst"
    ASSOCIATE = "associate"
    VENDOR_ADMIN = "vendor_admin"
    VENDOR_EDITOR = "vendor_editor"


OWNERS: Final = (Role.OWNER,)
PUBLISHERS: Final = (Role.OWNER, Role.MERCHANDISER)
REVIEWERS: Final = (Role.OWNER, Role.MERCHANDISER, Role.REVIEWER)
READERS: Final = (Role.OWNER, Role.MERCHANDISER, Role.ANALYST)
RETAILER_STAFF: Final = (Role.OWNER, Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST)
VENDOR: Final = (Role.VENDOR_ADMIN, Role.VENDOR_EDITOR)


@dataclass(frozen=True, slots=True)
class Principal:
    """The person who is signed in, in the one role they act in now."""

    user_id: str
    name: str
    email: str
    role: Role
    retailer_id: str | None
    vendor_id: str | None
    house_name: str
    store_ids: frozenset[str]
    supplied_retailer_ids: tuple[str, ...]
    session_id: str

    @property
    def is_vendor(self) -> bool:
        return self.role in VENDOR

    @property
    def seen_retailer_ids(self) -> tuple[str, ...]:
        """The retailers whose rows this person may meet at all."""
        if self.retailer_id:
            return (self.retailer_id,)
        return self.supplied_retailer_ids


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares: anyone, anyone signed in, or these roles."""

    roles: frozenset[Role]
    is_public: bool = False
    # Its address holds a secret that only its owner knows: whoever sends it need not come from a page of ours.
    has_secret: bool = False

    def admits(self, principal: Principal | None) -> bool:
        return self.is_public or (principal is not None and principal.role in self.roles)


def allow(*roles: Role) -> Callable[[Route], Route]:
    """Declare that only these roles may call a route; everybody else gets a 404."""
    if not roles:
        raise ValueError("name at least one role")
    return _declare(Access(frozenset(roles)))


def allow_anyone(route: Route) -> Route:
    """Declare a route that needs no sign-in: a shopper's, or the door itself."""
    return _declare(Access(frozenset(), is_public=True))(route)


def allow_secret(route: Route) -> Route:
    """Declare a route for whoever knows the secret in its address, such as a mail provider that stops a mail."""
    return _declare(Access(frozenset(), is_public=True, has_secret=True))(route)


def allow_signed_in(route: Route) -> Route:
    """Declare a route for everybody who is signed in, in whatever role."""
    return _declare(Access(frozenset(Role)))(route)


def _declare(access: Access) -> Callable[[Route], Route]:
    def mark(route: Route) -> Route:
        route.__dict__["access"] = access
        return route

    return mark


def declared(route: Callable[..., Any]) -> Access | None:
    """What a route declares, or None where it forgot to."""
    return getattr(route, "access", None)


def find_principal() -> Principal | None:
    """Who is signed in on this request, if anybody."""
    found: Principal | None = g.get("principal")
    return found


def current_principal() -> Principal:
    """Who is signed in on this request.

    :raises SignInNeeded: nobody is.
    """
    principal = find_principal()
    if principal is None:
        raise SignInNeeded("Sign in to go on.")
    return principal

"""What the templates of the door receive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignInPage:
    """`account/sign_in.html`"""

    email: str
    next: str
    problems: dict[str, str]
    is_demo: bool


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """`account/invitation.html`"""

    house: str
    role: str
    email: str
    name: str
    # Whether an account has this e-mail already: then its password is asked for.
    is_known: bool
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One place where this person is signed in."""

    id: str
    began: str
    seen: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role this person can act in."""

    id: str
    role: str
    house: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`account/account.html`"""

    sessions: tuple[SessionLine, ...]
    roles: tuple[RoleLine, ...]
    problems: dict[str, str]

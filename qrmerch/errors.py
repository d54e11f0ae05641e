"""What can be refused, and how it is told: a status, a slug for machines, a sentence for people."""

from collections.abc import Mapping
from datetime import timedelta


class DomainError(Exception):
    """Something the person asking can understand and act on; never a bug."""

    status = 400
    slug = "refused"

    def __init__(self, detail: str) -> None:
        """:param detail: what is wrong and what to do next, for the person reading it."""
        super().__init__(detail)
        self.detail = detail


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else: the answer is the same."""

    status = 404
    slug = "not_found"

    def __init__(self, detail: str = "There is nothing at this address.") -> None:
        super().__init__(detail)


class SignInNeeded(DomainError):
    """Nobody is signed in, and this needs somebody."""

    status = 401
    slug = "sign_in_needed"


class Conflict(DomainError):
    """The thing is not, or no longer, in a state in which this can be done."""

    status = 409
    slug = "conflict"


class TooLarge(DomainError):
    """More bytes, rows or pixels than are taken."""

    status = 413
    slug = "too_large"


class FormError(DomainError):
    """One or more fields cannot be taken as they are; each is named with its sentence."""

    status = 422
    slug = "form"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class TooMany(DomainError):
    """Asked more often than allowed."""

    status = 429
    slug = "too_many"

    def __init__(self, detail: str, *, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

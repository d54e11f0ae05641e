"""Lists in pages whose numbers are in the address."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from qrmerch.text import whole_number

_MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Paging:
    """What stands under a list: what is shown of how many, and the addresses of its neighbours ("": none)."""

    said: str
    previous: str
    next: str


def page_number() -> int:
    """The page asked for, from 1; 1 where the address says anything else."""
    return whole_number(request.args.get("page", ""), most=_MAX_PAGE) or 1


def paging(noun: str, *, shown: int, total: int, number: int, per_page: int, nouns: str = "") -> Paging:
    """What stands under a list of which `shown` of `total` rows are on this page."""
    said = f"{shown:,} of {total:,} {noun if total == 1 else nouns or f'{noun}s'}"
    return Paging(
        said=said,
        previous=here(page=number - 1) if number > 1 else "",
        next=here(page=number + 1) if number * per_page < total else "",
    )


def here(path: str = "", **changes: object) -> str:
    """The address of this very view with some of its words changed; empty ones are left out.

    :param path: another page that takes the same words; this one unless given.
    """
    kept = {name: value for name, value in request.args.items() if name != "page" and name not in changes}
    said = {name: value for name, value in {**kept, **changes}.items() if value not in ("", None)}
    return f"{path or request.path}?{urlencode(said)}" if said else path or request.path

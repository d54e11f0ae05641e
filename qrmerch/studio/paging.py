"""Lists in pages whose numbers are in the address."""

from urllib.parse import urlencode

from flask import request

from qrmerch.studio.pages import Paging
from qrmerch.text import whole_number

_MAX_PAGE = 10_000


def page_number() -> int:
    """The page asked for, from 1; 1 where the address says anything else."""
    return whole_number(request.args.get("page", ""), most=_MAX_PAGE) or 1


def paging(noun: str, *, shown: int, total: int, number: int, per_page: int) -> Paging:
    """What stands under a list of which `shown` of `total` rows are on this page."""
    nouns = noun if total == 1 else f"{noun}s"
    is_last = number * per_page >= total
    return Paging(
        said=f"{shown:,} of {total:,} {nouns}",
        previous=_address(number - 1) if number > 1 else "",
        next="" if is_last else _address(number + 1),
    )


def _address(number: int) -> str:
    kept = {name: value for name, value in request.args.items() if name != "page" and value}
    return f"{request.path}?{urlencode({**kept, 'page': number})}"

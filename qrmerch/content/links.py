"""Where the links in a vendor's words lead: to the retailer's own proven hosts, also at the end of all redirects.

A vendor never sends the shopper away. `link_problem` looks at the link as it is written. Where it ends in fact is asked
by a job (`parties/following`); sending and publishing look that up.
Every function leaves the commit to its caller.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.errors import FormError
from qrmerch.parties.following import find_checks, follow, is_fresh
from qrmerch.parties.models import LinkCheck, LinkState
from qrmerch.parties.queries import list_own_hosts
from qrmerch.text import rich_links

_HOST: Final = re.compile(r"[a-z0-9.-]+(:443)?")
_ANY_PORT: Final = re.compile(r"[a-z0-9.-]+(:\d+)?")
_MAIL: Final = re.compile(r"[^@,;:\s]+@([a-z0-9.-]+)", re.IGNORECASE)
# What a mail link may fill in besides; another receiver is none of it.
_MAIL_FIELDS: Final = frozenset({"subject", "body"})
_OWN_PAGES: Final = "Say it here, or link to the retailer’s own pages."


def link_problem(link: str, hosts: Collection[str] | None) -> str:
    """Why a link cannot be taken as it is written, as a sentence that begins small; empty where it can.

    :param hosts: the retailer's own, lower case; None for anywhere over https, for what the retailer writes itself.
    """
    if link.startswith("mailto:"):
        return "" if hosts is None else _mail_problem(link, hosts)
    if link.startswith("tel:"):
        return "" if hosts is None else f"the link dials {link[4:40]}. Shoppers ask in the store: leave the number out."
    # The sanitiser that shows it lets small letters through only.
    parts = _split(link)
    if parts is None:
        return f"the link to {link[:60]} cannot be taken. A link begins with https:// or mailto:."
    host, is_plain = parts
    if hosts is None and _ANY_PORT.fullmatch(urlsplit(link).netloc.lower()):
        return ""
    if hosts is not None and is_plain and host in hosts:
        return ""
    return f"the link leads to {urlsplit(link).netloc[:60]}, away from the retailer. {_OWN_PAGES}"


def links_in(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The https addresses that a page's values link to, by slot name, each once and in order."""
    found = {}
    for name, value in values.items():
        links = [each for each in dict.fromkeys(_links_of(value)) if each.startswith("https://")]
        if links:
            found[name] = links
    return found


def ask(db: Session, values: Mapping[str, Any], *, at: datetime) -> None:
    """Let a job follow the links in these values, those of which nothing fresh is known."""
    follow(db, (each for links in links_in(values).values() for each in links), at=at)


def refuse_leaving(db: Session, retailer_id: str, values: Mapping[str, Any], *, at: datetime, follows: bool) -> None:
    """Let nothing through that leads a shopper away.

    :param follows: whether the end of each link counts as well; what is not known yet is asked for, and who commits
        what was refused lets the job begin.
    :raises FormError: by slot name, which link leads away, cannot be opened, or is still being checked.
    """
    hosts = list_own_hosts(db, retailer_id)
    problems = _written_problems(values, hosts)
    if follows and not problems:
        # Who sends or publishes holds the log's lock before that of the links.
        audit.lock(db, retailer_id)
        ask(db, values, at=at)
        problems = find_problems(db, values, hosts, at=at)
    if problems:
        raise FormError(problems)


def find_problems(db: Session, values: Mapping[str, Any], hosts: Collection[str], *, at: datetime) -> dict[str, str]:
    """By slot name, which link leads away, cannot be opened or is still being looked at; empty where all is well.

    :param hosts: the retailer's own, lower case.
    """
    links = links_in(values)
    known = find_checks(db, [each for several in links.values() for each in several])
    found = {}
    for name, several in links.items():
        problem = next((said for each in several if (said := _problem(each, known.get(each), hosts, at))), "")
        if problem:
            found[name] = problem
    return found


def _written_problems(values: Mapping[str, Any], hosts: Collection[str]) -> dict[str, str]:
    found = {}
    for name, value in values.items():
        problem = next((said for each in _links_of(value) if (said := link_problem(each, hosts))), "")
        if problem:
            found[name] = f"{problem[:1].upper()}{problem[1:]}"
    return found


def _split(link: str) -> tuple[str, bool] | None:
    """The host of an https address, and whether nothing stands before or after it; None for another kind."""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if not link.startswith("https://") or not parts.netloc or not host:
        return None
    return host, _HOST.fullmatch(parts.netloc.lower()) is not None


def _mail_problem(link: str, hosts: Collection[str]) -> str:
    address, _, query = link.removeprefix("mailto:").partition("?")
    fields = {unquote(each.partition("=")[0]).lower() for each in query.split("&") if each}
    named = _MAIL.fullmatch(unquote(address))
    domains = {part for host in hosts for part in (host, host.removeprefix("www."))}
    if named is not None and named[1].lower() in domains and fields <= _MAIL_FIELDS:
        return ""
    return f"the link writes to {unquote(address)[:60] or 'nobody'}, who is not the retailer. {_OWN_PAGES}"


def _links_of(value: Any) -> Iterable[str]:
    """Every link in words, and every address that stands alone, however deep."""
    if isinstance(value, str):
        if value.startswith(("https://", "mailto:", "tel:")) and not any(map(str.isspace, value)):
            yield value
        elif any(mark in value for mark in ("](", "]:", "<")):
            yield from rich_links(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _links_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from _links_of(each)


def _problem(url: str, check: LinkCheck | None, hosts: Collection[str], at: datetime) -> str:
    if check is None or check.state == LinkState.WAITING or (check.state == LinkState.GOOD and not is_fresh(check, at)):
        return f"The link to {url[:80]} is being checked. Try again in a moment."
    if check.state == LinkState.BAD:
        return f"The link to {url[:80]} cannot be opened. {check.reason} Mend it or take it out."
    ends = _split(check.end)
    if ends is None or not ends[1] or ends[0] not in hosts:
        where = ends[0] if ends else check.end[:80]
        return f"The link to {url[:80]} ends at {where}, away from the retailer. {_OWN_PAGES}"
    return ""

"""A linkset (RFC 9264) as GS1's resolver standard wants it: for each level of identification, what there is.

In: levels with their links, the most particular first. Out: plain JSON. What a schema check would refuse (a second
default, a default with more than an address and a title, a language that is not `ll` or `ll-CC`) cannot be said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from qrmerch.gs1.link_types import DEFAULT_LINK, DEFAULT_LINK_MULTI, uri_of

MEDIA_TYPE: Final = "application/linkset+json"
# What turns a linkset into linked data, for whoever reads it so.
CONTEXT_LINK: Final = (
    "<https://ref.gs1.org/standards/resolver/linkset-context>; "
    'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
)
_LANGUAGE: Final = re.compile("([a-z]{2})(?:-[A-Za-z]{4})?(?:-(?:([A-Z]{2})|[0-9]{3}))?")


@dataclass(frozen=True, slots=True)
class Link:
    """Something that a level of identification has; `href` is absolute in a linkset."""

    link_type: str
    href: str
    title: str
    # As the retailer calls them; empty where the link is for everybody.
    languages: tuple[str, ...] = ()
    media_type: str = "text/html"
    # For whom it is, as the retailer calls them; empty where it is for everybody.
    context: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """An identified thing, or a batch or a piece of it, with its links; the first of `defaults` is the one."""

    anchor: str
    description: str
    links: tuple[Link, ...]
    defaults: tuple[Link, ...]


def make_linkset(levels: Sequence[Level]) -> dict[str, Any]:
    """The linkset as JSON."""
    return {"linkset": [_context(level) for level in levels]}


def language_tags(languages: Sequence[str]) -> list[str]:
    """Languages as GS1's schema takes them, `ll` or `ll-CC`; one that cannot be said so is left out."""
    tags = []
    for each in languages:
        found = _LANGUAGE.fullmatch(each)
        tag = f"{found[1]}-{found[2]}" if found and found[2] else found[1] if found else ""
        if tag and tag not in tags:
            tags.append(tag)
    return tags


def _context(level: Level) -> dict[str, Any]:
    first = level.defaults[0]
    said: dict[str, Any] = {
        "anchor": level.anchor,
        "itemDescription": level.description,
        uri_of(DEFAULT_LINK): [{"href": first.href, "title": first.title}],
    }
    if len(level.defaults) > 1:
        said[uri_of(DEFAULT_LINK_MULTI)] = [_target(link) for link in level.defaults]
    seen: set[tuple[str, str, str, str]] = set()
    for link in (*level.links, *level.defaults):
        if (link.link_type, link.href, link.title, link.context) not in seen:
            seen.add((link.link_type, link.href, link.title, link.context))
            said.setdefault(uri_of(link.link_type), []).append(_target(link))
    return said


def _target(link: Link) -> dict[str, Any]:
    said: dict[str, Any] = {"href": link.href, "title": link.title, "type": link.media_type}
    tags = language_tags(link.languages)
    if tags:
        said["hreflang"] = tags
    if link.context:
        said["context"] = [link.context]
    return said

"""How a page was reached, and in which language it was asked for: coarse words from two headers, which are forgotten.

In: `Referer` and `Accept-Language` as a phone sent them. Out: a host, an entry, a language; never a path or a query.
"""

import re
from typing import Final

from qrmerch.scans.line import MAX_REFERRER_CHARS

SHARE: Final = "share"
DIRECT: Final = "direct"
LINK: Final = "link"
# What a code is carried by is an entry as well, in the words of `codes.models.Carrier`.
PRINT: Final = "print"

_HOST = re.compile(rf"[a-z-]+://([a-z0-9.-]{{1,{MAX_REFERRER_CHARS}}})(?::[0-9]+)?(?:/|$)", re.ASCII)
_LANGUAGE = re.compile(r"\s*([a-z]{2,3})(?:[-;,\s]|$)", re.ASCII | re.IGNORECASE)
# First match wins: the mail of a search engine is mail. Apps on Android send their own name as a host.
_ENTRIES: Final = (
    ("mail", re.compile(r"(^|\.)(mail|webmail|outlook)\.|^com\.google\.android\.gm$|(^|\.)(gmx|web)\.(de|net)$")),
    (
        "search",
        re.compile(
            r"(^|\.)(google|bing|duckduckgo|yahoo|yandex|baidu|ecosia|qwant|startpage|kagi|naver)\.[a-z.]+$"
            r"|^search\.|^com\.google\.android\.googlequicksearchbox$"
        ),
    ),
    (
        "social",
        re.compile(
            r"(^|\.)(facebook|instagram|threads|twitter|tiktok|pinterest|youtube|reddit|linkedin|snapchat|tumblr|vk"
            r"|weibo|whatsapp|telegram)\.[a-z.]+$|(^|\.)(x\.com|t\.co|t\.me|youtu\.be|lnkd\.in|fb\.me)$"
            r"|^(com|org)\.(facebook|instagram|twitter|pinterest|reddit|zhiliaoapp|whatsapp|telegram)\."
        ),
    ),
)
_SOCIAL_APPS: Final = frozenset(("instagram", "facebook", "wechat", "line", "pinterest", "tiktok"))


def find_language(accept: str) -> str:
    """The language a phone asks for first, in lower case; empty where it says none."""
    found = _LANGUAGE.match(accept)
    return found[1].lower() if found else ""


def find_host(referrer: str) -> str:
    """The host of the page that led here, in lower case; empty where none is named or it is a strange one."""
    found = _HOST.match(referrer.lower())
    return found[1] if found else ""


def find_entry(host: str, family: str = "") -> str:
    """How somebody came who opened no code.

    :param host: of the page that led here, not one of ours; may be empty.
    :param family: of the agent: an app in which people read what others post says so by itself.
    """
    for entry, pattern in _ENTRIES:
        if host and pattern.search(host):
            return entry
    if family in _SOCIAL_APPS:
        return "social"
    return LINK if host else DIRECT

"""Which of several links a request means: by media type, language (RFC 9110, RFC 4647 lookup), then context.

In: links, and what the request accepts. Out: the links that fit best, several where it says nothing that tells them
apart. Never: none, where there was one; a shopper gets a page in another language rather than an error.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

_MAX_PARTS: Final = 30
# No header that means something is longer; what is behind is passed over, for reading it is somebody else's time.
_MAX_CHARS: Final = 2_000
# As many as a registered language tag has, and some more (RFC 5646, section 4.4.1).
_MAX_SUBTAGS: Final = 8


class Offered(Protocol):
    """As much of a link as is compared."""

    @property
    def media_type(self) -> str: ...

    @property
    def languages(self) -> Sequence[str]: ...

    @property
    def context(self) -> str: ...


Link = TypeVar("Link", bound=Offered)


class Wish(NamedTuple):
    """One part of an Accept header, small letters."""

    what: str
    quality: float


def read_wishes(header: str) -> list[Wish]:
    """The parts of an Accept or Accept-Language header, most wanted first; what cannot be read is passed over."""
    found = []
    for part in header[:_MAX_CHARS].lower().split(",")[:_MAX_PARTS]:
        what, *parameters = (each.strip() for each in part.split(";"))
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            number = float(quality)
        except ValueError:
            continue
        if what and 0 <= number <= 1:
            found.append(Wish(what, number))
    return sorted(found, key=lambda wish: -wish.quality)


def quality_of(media_type: str, wishes: Sequence[Wish]) -> float:
    """How much a media type is wanted, 0 to 1, as the most particular part says; 1 where nothing is said at all."""
    if not wishes:
        return 1.0
    kind = media_type.partition("/")[0]
    for what in (media_type, f"{kind}/*", "*/*"):
        for wish in wishes:
            if wish.what == what:
                return wish.quality
    return 0.0


def choose(links: Sequence[Link], *, accept: str, accept_language: str, context: str = "") -> list[Link]:
    """The links that fit a request best, in the order given; all of them where it fits none.

    :param context: as the request says it; empty where it says nothing.
    """
    fitting = _by_language(_by_media_type(links, read_wishes(accept)), read_wishes(accept_language))
    return _by_context(fitting, context.strip().lower())


def is_named(media_type: str, accept: str) -> bool:
    """Whether a media type is asked for by its name; `*/*`, as every browser sends it, asks for nothing."""
    return any(wish.what == media_type and wish.quality > 0 for wish in read_wishes(accept))


def _by_media_type(links: Sequence[Link], wishes: Sequence[Wish]) -> list[Link]:
    qualities = [quality_of(link.media_type, wishes) for link in links]
    best = max(qualities, default=0.0)
    return [link for link, quality in zip(links, qualities, strict=True) if quality == best]


def _by_language(links: Sequence[Link], wishes: Sequence[Wish]) -> list[Link]:
    refused = {wish.what for wish in wishes if wish.quality == 0}
    for wish in wishes:
        if wish.quality == 0:
            continue
        if wish.what == "*":
            found = [link for link in links if not _speaks(link.languages, refused)]
            return found or list(links)
        # `pt-BR` looks for itself, then for `pt`; at last any Portuguese is better than another language.
        parts = wish.what.split("-")[:_MAX_SUBTAGS]
        for size in range(len(parts), 0, -1):
            found = [link for link in links if _speaks(link.languages, {"-".join(parts[:size])})]
            if found:
                return found
        found = [link for link in links if any(each.lower().split("-")[0] == parts[0] for each in link.languages)]
        if found:
            return found
    neutral = [link for link in links if not link.languages]
    return neutral or list(links)


def _by_context(links: Sequence[Link], context: str) -> list[Link]:
    """Those of the context, else those for everybody, else all."""
    for wanted in (context, ""):
        found = [link for link in links if link.context == wanted]
        if found:
            return found
    return list(links)


def _speaks(languages: Iterable[str], wanted: set[str]) -> bool:
    return any(each.lower() in wanted for each in languages)

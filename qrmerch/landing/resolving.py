"""What a GS1 address leads to: whose it is, which links it has at which level, which one a request means.

In: a valid address and whose host it came to. Out: targets, levels with their links, the link to follow.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.gs1_models import Gs1Link
from qrmerch.codes.gs1_queries import Answer, find_store_by_gln, item_page, levels_of, list_answers, list_served_links
from qrmerch.gs1.digital_link import DigitalLink
from qrmerch.gs1.link_types import DEFAULT_LINK, DEFAULT_LINK_MULTI, HANDLED_BY
from qrmerch.gs1.linkset import Level, Link
from qrmerch.gs1.negotiate import choose
from qrmerch.i18n import translator
from qrmerch.parties.following import host_of
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.page_links import PageLink

# What is answered here, as `/.well-known/gs1resolver` promises.
SERVED_KEYS: Final = ("01", "414")


@dataclass(frozen=True, slots=True)
class Target:
    """What one retailer means by an address: an item or a store."""

    retailer: Retailer
    item: Item | None
    store: Store | None
    answer: Answer | None

    @property
    def description(self) -> str:
        return self.item.title if self.item else self.store.name if self.store else ""

    @property
    def public_id(self) -> str:
        """The item's; empty for a store."""
        return self.item.public_id if self.item else ""

    @property
    def page(self) -> str:
        """The address of its page here."""
        if self.item is not None:
            return item_page(self.item.public_id, self.answer.pick if self.answer else "")
        return f"/store/{self.store.public_id}" if self.store else "/"


@dataclass(frozen=True, slots=True)
class Ways:
    """The links of one level; the first default is the one where nothing says otherwise."""

    level: str
    links: tuple[Link, ...]
    defaults: tuple[Link, ...]


def find_targets(db: Session, link: DigitalLink, *, retailer_id: str | None) -> list[Target]:
    """Who answers an address.

    :param retailer_id: whose host was asked; None for the shared one, where several may.
    """
    key, value = link.key
    if key == "01":
        answers = {each.item_id: each for each in list_answers(db, [value], retailer_id=retailer_id)}
        wanted = select(Item, Retailer).join(Retailer, Retailer.id == Item.retailer_id).where(Item.id.in_(answers))
        found = [Target(house, item, None, answers[item.id]) for item, house in db.execute(wanted)] if answers else []
    elif key == "414":
        stores = find_store_by_gln(db, value, retailer_id=retailer_id)
        found = [Target(db.get_one(Retailer, each.retailer_id), None, each, None) for each in stores]
    else:
        found = []
    return sorted(found, key=lambda target: (target.retailer.name, target.retailer.id))


def list_ways(db: Session, target: Target, link: DigitalLink, *, given: Iterable[PageLink]) -> list[Ways]:
    """The links of an address, the most particular level first; the last one is the number's own and never empty.

    :param given: what the item's page gives besides itself, where that is asked for.
    """
    if target.answer is None or target.item is None:
        return [_ways_of_store(target)]
    item, locales = target.item, locales_of(target.retailer)
    names = levels_of(link)
    rows = list_served_links(db, target.answer, names)
    ways = [_ways_of_rows(name, rows[name], locales[0]) for name in names if name and name in rows]
    own = _ways_of_rows("", rows.get("", ()), locales[0])
    taken = {each.link_type for each in own.links}
    page = Link("pip", target.page, item.title, locales)
    on_page = [
        Link(each.link_type, f"{target.page}#{each.anchor}" if each.anchor else target.page, each.title, locales)
        for each in given
        if each.link_type != "pip"
    ]
    links = (*own.links, *(each for each in (page, *on_page) if each.link_type not in taken))
    # Whoever reads none of the languages that have a default of their own gets the page.
    spoken = {locale for each in own.defaults for locale in each.languages}
    rest = replace(page, languages=tuple(each for each in locales if each not in spoken))
    is_covered = any(not each.languages for each in own.defaults)
    return [*ways, Ways("", links, own.defaults if is_covered else (rest, *own.defaults))]


def find_handler(ways: Iterable[Ways], is_here: Callable[[str], bool]) -> str:
    """The address of the resolver that answers in place of this one; empty where none does.

    :param is_here: whether a host is one of this installation's: nothing is handed over to ourselves.
    """
    links = (link for level in ways for link in level.links if link.link_type == HANDLED_BY)
    return next((link.href.rstrip("/") for link in links if not is_here(host_of(link.href))), "")


def decide(ways: Iterable[Ways], link_type: str, *, accept: str, accept_language: str, context: str = "") -> list[Link]:
    """The link that a request means; several where nothing tells them apart; none where there is none of this type.

    :param link_type: a bare name; empty for the default.
    :param context: for whom, as the request says it; empty where it says nothing.
    """
    is_default = link_type in ("", DEFAULT_LINK, DEFAULT_LINK_MULTI)
    for level in ways:
        pool = (
            level.defaults
            if is_default
            else [each for each in dict.fromkeys((*level.defaults, *level.links)) if each.link_type == link_type]
        )
        if pool:
            fitting = choose(pool, accept=accept, accept_language=accept_language, context=context)
            # Of links in different languages none of which was asked for, the first; the same twice is a question.
            first = fitting[0]
            if first in level.defaults:
                return [first]
            return [each for each in fitting if _is_like(each, first)]
    return []


def make_levels(ways: Sequence[Ways], target: Target, link: DigitalLink, *, base: str, query: str = "") -> list[Level]:
    """The same for a linkset, with absolute addresses.

    :param query: what the anchor says besides, where one host answers for several.
    """
    inherited = {place: next(each.defaults for each in ways[place:] if each.defaults) for place in range(len(ways))}
    key = f"/{link.key[0]}/{link.key[1]}"
    return [
        Level(
            f"{base}{key}{each.level}{query}",
            target.description,
            tuple(_absolute(one, base) for one in each.links),
            tuple(_absolute(one, base) for one in inherited[place]),
        )
        for place, each in enumerate(ways)
    ]


def _ways_of_store(target: Target) -> Ways:
    """A store's page says where it is and when it is open."""
    locales = locales_of(target.retailer)
    t = translator(locales[0])
    page = Link("locationInfo", target.page, target.description, locales)
    links = [page]
    if target.store is not None and target.store.hours:
        links.append(Link("openingHoursInfo", target.page, t("Opening hours"), locales))
    return Ways("", tuple(links), (page,))


def _ways_of_rows(level: str, rows: Iterable[Gs1Link], first_locale: str) -> Ways:
    rows = list(rows)
    defaults = [row for row in rows if row.is_default]
    # One for everybody before one in a language, that in the retailer's first one before others; and of a number's own
    # before one of all the item's numbers, as they come.
    defaults.sort(key=lambda row: (row.locale != "", row.locale != first_locale))
    chosen: dict[str, Gs1Link] = {}
    for row in defaults:
        chosen.setdefault(row.locale, row)
    return Ways(level, tuple(_link(row) for row in rows), tuple(_link(row) for row in chosen.values()))


def _link(row: Gs1Link) -> Link:
    languages = (row.locale,) if row.locale else ()
    return Link(row.link_type, row.href, row.title, languages, row.media_type, row.context)


def _is_like(one: Link, other: Link) -> bool:
    return (one.media_type, one.languages, one.context) == (other.media_type, other.languages, other.context)


def _absolute(link: Link, base: str) -> Link:
    return replace(link, href=f"{base}{link.href}" if link.href.startswith("/") else link.href)

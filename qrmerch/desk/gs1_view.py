"""GS1 addresses as the desk shows them: an item's numbers, its links by level, the retailer's as a whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.codes import preflight
from qrmerch.codes.artwork import draw_symbol
from qrmerch.codes.gs1_models import Gs1Link
from qrmerch.codes.gs1_queries import (
    Sharer,
    count_links_to,
    followed_at,
    list_all_answers,
    list_allowed_hosts,
    list_item_links,
    list_link_hosts,
    list_sharers,
)
from qrmerch.codes.gs1_service import MEDIA_TYPES, LinkDraft
from qrmerch.desk.gs1_pages import (
    Drawing,
    Gs1LinkPage,
    Gs1Page,
    HostRow,
    ItemGs1Page,
    LinkForm,
    LinkRow,
    NumberRow,
    SharedRow,
)
from qrmerch.desk.item_view import variant_name
from qrmerch.gs1.digital_link import read_path, write_link
from qrmerch.gs1.elements import write_bracketed
from qrmerch.gs1.link_types import LINK_TYPES
from qrmerch.gs1.numbers import gtin_problem, is_restricted
from qrmerch.i18n import language_name
from qrmerch.parties.following import find_checks, host_of, may_lead
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import LinkCheck, Retailer
from qrmerch.parties.queries import get_retailer, list_stores, printed_base
from qrmerch.rendering.page_links import PageLink, list_page_links
from qrmerch.web import services

USUAL_SIZE_MM: Final = "20"
WRITINGS: Final = {"dense": "In capitals", "plain": "As usual"}
_MOST_SHARED: Final = 100
_LEVELS: Final = {"22": "Variant", "10": "Batch", "21": "Piece"}


def item_gs1_page(
    db: Session,
    item: Item,
    *,
    at: datetime,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> ItemGs1Page:
    """:param typed: the form for another link as it came back; None for an empty one."""
    retailer, variants = get_retailer(db, item.retailer_id), list_variants(db, item.id)
    numbers = tuple(_number(db, retailer, each) for each in variants)
    gtins = tuple((each.gtin, f"{each.gtin}, {each.name}") for each in numbers if each.address)
    first = gtins[0][0] if gtins else ""
    own = list_item_links(db, item.id)
    given = list_page_links(db, item, locale=locales_of(retailer)[0], at=at)
    return ItemGs1Page(
        id=item.id,
        title=item.title,
        lede=_lede(len(gtins), len(variants)),
        numbers=numbers,
        gtin=first,
        gtins=gtins,
        drawings=tuple(_drawing(db, retailer, first, each) for each in WRITINGS) if first else (),
        size=USUAL_SIZE_MM,
        links=_link_rows(db, item, own, given),
        form=link_form(db, item, typed or {"link_type": "pip"}, problems or {}),
        hosts=tuple(sorted(list_link_hosts(db, item.retailer_id))),
    )


def gs1_link_page(
    db: Session,
    item: Item,
    link: Gs1Link,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Gs1LinkPage:
    """One link, to be changed."""
    return Gs1LinkPage(
        id=link.id,
        item_id=item.id,
        item_title=item.title,
        title=link.title,
        form=link_form(db, item, typed or _fields_of(link), problems or {}),
        hosts=tuple(sorted(list_link_hosts(db, item.retailer_id))),
    )


def gs1_page(
    db: Session, retailer: Retailer, *, may_allow: bool, host: str = "", problems: Mapping[str, str] | None = None
) -> Gs1Page:
    """:param host: a host as it was typed and could not be taken."""
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    answers = list_all_answers(db, retailer_id=retailer.id)
    shared = sorted((each for each in answers if each.sharing > 1), key=lambda each: each.gtin)
    many = "1 number has" if len(answers) == 1 else f"{len(answers):,} numbers have"
    return Gs1Page(
        lede=f"{many} an address that tills and phones both read." if answers else "No variant has a GTIN yet.",
        base=base,
        keys=(("01", "Items, by GTIN; with variant (22), batch (10), piece (21)"), ("414", "Stores, by GLN")),
        description=f"{base}/.well-known/gs1resolver",
        stores=tuple(
            (store.name, str(store.gln), f"{base}/414/{store.gln}")
            for store in list_stores(db, retailer.id)
            if store.gln
        ),
        shared=tuple(_shared(list_sharers(db, retailer.id, each.gtin)) for each in shared[:_MOST_SHARED]),
        hosts=_host_rows(db, retailer),
        may_allow=may_allow,
        host=host,
        problems=dict(problems or {}),
    )


def address_for(db: Session, retailer_id: str, gtin: str, *, writing: str) -> str:
    """A number's address as it is printed.

    :param writing: `dense` for scheme and host in capitals.
    :raises Problem: the number is for use inside one shop only.
    """
    base = printed_base(db, retailer_id, base_url=services().settings.base_url)
    return write_link([("01", gtin)], stem=base, is_dense=writing == "dense")


def link_form(db: Session, item: Item, typed: Mapping[str, str], problems: Mapping[str, str]) -> LinkForm:
    """The fields of a link with what there is to choose from."""
    retailer = get_retailer(db, item.retailer_id)
    variants = [each for each in list_variants(db, item.id) if each.gtin]
    names = (
        "link_type", "title", "href", "locale", "media_type", "context", "gtin", "variant", "lot", "serial",
        "is_default",
    )  # fmt: skip
    return LinkForm(
        fields={name: typed.get(name, "") for name in names},
        types=tuple((name, f"{said} ({name})") for name, said in LINK_TYPES.items()),
        media_types=tuple(MEDIA_TYPES.items()),
        locales=(("", "Every language"), *((each, language_name(each, "en")) for each in locales_of(retailer))),
        gtins=(
            ("", "Every number of it"),
            *((str(each.gtin), f"{each.gtin}, {variant_name(each)}") for each in variants),
        ),
        problems=dict(problems),
    )


def read_draft(fields: Mapping[str, str]) -> LinkDraft:
    """What a form says of a link."""
    return LinkDraft(
        link_type=fields.get("link_type", ""),
        title=fields.get("title", ""),
        href=fields.get("href", ""),
        locale=fields.get("locale", ""),
        media_type=fields.get("media_type", ""),
        context=fields.get("context", ""),
        gtin=fields.get("gtin", ""),
        variant=fields.get("variant", ""),
        lot=fields.get("lot", ""),
        serial=fields.get("serial", ""),
        is_default=bool(fields.get("is_default")),
    )


def _fields_of(link: Gs1Link) -> dict[str, str]:
    said = {ai: value for ai, value in _elements(link) if ai != "01"}
    return {
        "link_type": link.link_type,
        "title": link.title,
        "href": link.href,
        "locale": link.locale,
        "media_type": link.media_type,
        "context": link.context,
        "gtin": link.gtin,
        "variant": said.get("22", ""),
        "lot": said.get("10", ""),
        "serial": said.get("21", ""),
        "is_default": "1" if link.is_default else "",
    }


def _elements(link: Gs1Link) -> list[tuple[str, str]]:
    """What a link's level says, under a number that stands for any."""
    path = f"/01/{link.gtin or '0' * 14}{link.qualifiers}"
    return list(read_path(path).elements)


def _lede(addresses: int, variants: int) -> str:
    if not addresses:
        return "No variant has a GTIN that may stand in an address. Import one with the vendor’s catalogue."
    many = "Its number has" if addresses == 1 else f"{addresses} of its {variants} variants have"
    return f"{many} an address that a till reads as a GTIN and a phone opens as the page."


def _number(db: Session, retailer: Retailer, variant: Variant) -> NumberRow:
    name, gtin = variant_name(variant), variant.gtin or ""
    if not gtin:
        return NumberRow(variant.id, name, "", "", "The vendor has sent no GTIN.", may_answer=False)
    if gtin_problem(gtin) or is_restricted(gtin):
        said = gtin_problem(gtin) or "A number for use inside one shop; elsewhere it means another thing."
        return NumberRow(variant.id, name, gtin, "", said, may_answer=False)
    if variant.is_proposed:
        said = "New from the vendor. It answers as soon as you have shown or hidden the variant."
        return NumberRow(variant.id, name, gtin, "", said, may_answer=False)
    sharers = list_sharers(db, retailer.id, gtin)
    address = address_for(db, retailer.id, gtin, writing="plain")
    if len(sharers) == 1:
        return NumberRow(variant.id, name, gtin, address, "Leads to this item.", may_answer=False)
    first = sharers[0]
    if first.variant.id == variant.id:
        said = f"Shared by {len(sharers)} variants; this is the one that is meant."
        return NumberRow(variant.id, name, gtin, address, said, may_answer=False)
    said = f"Shared: {first.item.title}, {variant_name(first.variant)} is meant."
    return NumberRow(variant.id, name, gtin, address, said, may_answer=True)


def _drawing(db: Session, retailer: Retailer, gtin: str, writing: str) -> Drawing:
    says = address_for(db, retailer.id, gtin, writing=writing)
    symbol = draw_symbol(says)
    fit = preflight.check_fit(symbol, size_mm=float(USUAL_SIZE_MM))
    said = (
        f"{symbol.modules} modules a side; least width {fit.least_size_mm:.1f} mm, good from {fit.good_size_mm:.1f} mm."
    )
    return Drawing(writing, WRITINGS[writing], says, said)


def _link_rows(db: Session, item: Item, own: list[Gs1Link], given: tuple[PageLink, ...]) -> tuple[LinkRow, ...]:
    hosts, checks = list_link_hosts(db, item.retailer_id), find_checks(db, [followed_at(each) for each in own])
    at_top = [each for each in own if not each.qualifiers and not each.gtin]
    taken, has_default = (
        {each.link_type for each in at_top},
        any(each.is_default and not each.locale for each in at_top),
    )
    page = f"/i/{item.public_id}"
    rows = [
        LinkRow(
            "",
            each.title,
            LINK_TYPES[each.link_type],
            "The item",
            "Every language",
            f"{page}#{each.anchor}" if each.anchor else page,
            is_default=each.link_type == "pip" and not has_default,
            problem="",
        )
        for each in given
        if each.link_type == "pip" or each.link_type not in taken
    ]
    return (*rows, *(_link_row(each, hosts, checks.get(followed_at(each))) for each in own))


def _link_row(link: Gs1Link, hosts: frozenset[str], check: LinkCheck | None) -> LinkRow:
    return LinkRow(
        link.id,
        link.title,
        LINK_TYPES.get(link.link_type, link.link_type),
        _level(link),
        _for_whom(link),
        link.href,
        link.is_default,
        _why_not_followed(link, hosts, check),
    )


def _why_not_followed(link: Gs1Link, hosts: frozenset[str], check: LinkCheck | None) -> str:
    """Why shoppers are not led there, as a sentence; empty where they are."""
    host = host_of(link.href)
    if not host or may_lead(link.href, hosts, check):
        return ""
    if host not in hosts:
        return f"Not followed: {host} is not allowed any more."
    if check is not None and check.end:
        return f"Not followed: it ends at {host_of(check.end)}, which is not allowed."
    if check is not None and check.reason:
        return f"Not followed: it cannot be opened. {check.reason}"
    return "Not followed yet: where it ends is being looked at. Reload in a moment."


def _for_whom(link: Gs1Link) -> str:
    """Its language, and its context where it is not for everybody."""
    language = language_name(link.locale, "en") if link.locale else "Every language"
    return f"{language}, {link.context}" if link.context else language


def _level(link: Gs1Link) -> str:
    said = [f"{_LEVELS.get(ai, ai)} {value}" for ai, value in _elements(link) if ai != "01"]
    number = write_bracketed([("01", link.gtin)]) if link.gtin else ""
    return ", ".join([*([number] if number else []), *said]) or "The item"


def _shared(sharers: list[Sharer]) -> SharedRow:
    first, *others = sharers
    return SharedRow(
        first.variant.gtin or "",
        f"{first.item.title}, {variant_name(first.variant)}",
        f"/desk/items/{first.item.id}/gs1",
        tuple(
            (f"{each.item.title}, {variant_name(each.variant)}", f"/desk/items/{each.item.id}/gs1") for each in others
        ),
    )


def _host_rows(db: Session, retailer: Retailer) -> tuple[HostRow, ...]:
    counts = count_links_to(db, retailer.id)
    allowed = {each.host: each.id for each in list_allowed_hosts(db, retailer.id)}
    return tuple(
        HostRow(allowed.get(host, ""), host, _count(counts.get(host, 0)))
        for host in sorted({*list_link_hosts(db, retailer.id), *allowed})
    )


def _count(links: int) -> str:
    return "1 link" if links == 1 else f"{links} links" if links else "No links"

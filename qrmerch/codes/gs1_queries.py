"""Reads about GS1 addresses: who answers a number, and which links it has at which level."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.db import get_one
from qrmerch.gs1.digital_link import DigitalLink, Element, write_path
from qrmerch.gs1.link_types import DESCRIPTION, HANDLED_BY
from qrmerch.gs1.numbers import is_gtin, is_restricted
from qrmerch.parties.following import find_checks, host_of, may_lead
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_own_hosts

_READ_AT_ONCE: Final = 500


class Answer(NamedTuple):
    """What a retailer means by a number."""

    gtin: str
    retailer_id: str
    item_id: str
    item_public_id: str
    variant_id: str
    # The key of the variant that the page opens with; empty where it is hidden, or others have the number as well.
    pick: str
    # How many of the retailer's variants have the number.
    sharing: int


@dataclass(frozen=True, slots=True)
class Sharer:
    """A variant that has a number which others may have as well, and whether it is the one that is meant."""

    variant: Variant
    item: Item
    is_answer: bool


def list_answers(db: Session, gtins: Collection[str], *, retailer_id: str | None) -> list[Answer]:
    """Who answers these numbers, one answer for each retailer and number.

    Of several variants with one number it is the one that was marked, else of those of the vendor who had it first the
    oldest that is sold and shown: no vendor takes a number over by listing an article of its own under it.

    :param retailer_id: the only one that is asked; None for all of them.
    """
    # Named one by one, so that the index by retailer and number serves.
    asked = [retailer_id] if retailer_id else list(db.scalars(select(Retailer.id)))
    wanted = sorted(gtins)
    rows: list[Any] = []
    for begin in range(0, len(wanted), _READ_AT_ONCE):
        some = wanted[begin : begin + _READ_AT_ONCE]
        rows += db.execute(_answering().where(Variant.retailer_id.in_(asked), Variant.gtin.in_(some)))
    return pick_answers(rows)


def list_all_answers(db: Session, *, retailer_id: str | None = None) -> list[Answer]:
    """Who answers every number that any variant has, or any of one retailer's."""
    wanted = _answering().where(Variant.gtin.is_not(None))
    return pick_answers(db.execute(wanted.where(Variant.retailer_id == retailer_id) if retailer_id else wanted))


def pick_answers(rows: Iterable[Any]) -> list[Answer]:
    """Of rows of `_answering` the one that is meant by each retailer's number; numbers for one shop only have none."""
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        if is_gtin(row.gtin) and not is_restricted(row.gtin):
            found.setdefault((row.retailer_id, row.gtin), []).append(row)
    return [_answer(same) for same in found.values()]


def list_item_gtins(db: Session, item_ids: Collection[str]) -> set[str]:
    """The numbers that variants of these items have."""
    wanted = select(Variant.gtin).where(Variant.item_id.in_(list(item_ids)), Variant.gtin.is_not(None))
    return set(db.scalars(wanted))


def list_sharers(db: Session, retailer_id: str, gtin: str) -> list[Sharer]:
    """The retailer's variants with a number, the one that is meant first."""
    rows = list(db.execute(_answering().where(Variant.retailer_id == retailer_id, Variant.gtin == gtin)))
    rows = _ranked(rows)
    return [
        Sharer(db.get_one(Variant, row.variant_id), db.get_one(Item, row.item_id), place == 0)
        for place, row in enumerate(rows)
    ]


def find_store_by_gln(db: Session, gln: str, *, retailer_id: str | None) -> list[Store]:
    """The stores that have a location number, one for each retailer: an open one before another."""
    wanted = select(Store).where(Store.gln == gln)
    if retailer_id:
        wanted = wanted.where(Store.retailer_id == retailer_id)
    found: dict[str, Store] = {}
    for store in db.scalars(wanted.order_by(Store.is_open.desc(), Store.code, Store.id)):
        found.setdefault(store.retailer_id, store)
    return list(found.values())


def get_gs1_link(db: Session, link_id: str) -> Gs1Link:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Gs1Link, link_id, "This link is not here.")


def list_item_links(db: Session, item_id: str) -> list[Gs1Link]:
    """An item's own links, those of the number itself first, then by level, type and age."""
    wanted = select(Gs1Link).where(Gs1Link.item_id == item_id)
    return list(
        db.scalars(
            wanted.order_by(
                Gs1Link.gtin,
                Gs1Link.qualifiers,
                Gs1Link.is_default.desc(),
                Gs1Link.link_type,
                Gs1Link.created_at,
                Gs1Link.id,
            )
        )
    )


def list_served_links(db: Session, answer: Answer, levels: Collection[str]) -> dict[str, list[Gs1Link]]:
    """The links that hold for an answered number, by level; one that leads, or ends, at a host that is not allowed is
    left out.

    Where the number has links of its own at a level, they come before those of all the item's numbers.
    """
    wanted = select(Gs1Link).where(
        Gs1Link.retailer_id == answer.retailer_id,
        Gs1Link.item_id == answer.item_id,
        Gs1Link.gtin.in_(["", answer.gtin]),
        Gs1Link.qualifiers.in_(list(levels)),
    )
    rows = list(db.scalars(wanted.order_by(Gs1Link.gtin.desc(), Gs1Link.created_at, Gs1Link.id)))
    away = {row.id: followed_at(row) for row in rows if not row.href.startswith("/")}
    if away:
        hosts, checks = list_link_hosts(db, answer.retailer_id), find_checks(db, list(away.values()))
        rows = [row for row in rows if row.id not in away or may_lead(row.href, hosts, checks.get(away[row.id]))]
    found: dict[str, list[Gs1Link]] = {}
    for row in rows:
        found.setdefault(row.qualifiers, []).append(row)
    return found


def followed_at(link: Gs1Link) -> str:
    """The address that is followed to know where a link elsewhere ends: of a resolver its description."""
    return f"{link.href.rstrip('/')}{DESCRIPTION}" if link.link_type == HANDLED_BY else link.href


def list_linked(db: Session, item_ids: Collection[str]) -> dict[tuple[str, str], bool]:
    """Which of these items' numbers (empty: all of an item's) have links of their own, by item id and number; and
    whether one of them is where the number itself leads.
    """
    is_way = or_(Gs1Link.is_default, Gs1Link.link_type == HANDLED_BY)
    leads = func.max(case((and_(is_way, Gs1Link.qualifiers == ""), 1), else_=0))
    wanted = select(Gs1Link.item_id, Gs1Link.gtin, leads).where(Gs1Link.item_id.in_(list(item_ids)))
    rows = db.execute(wanted.group_by(Gs1Link.item_id, Gs1Link.gtin))
    return {(item_id, gtin): bool(found) for item_id, gtin, found in rows}


def item_page(public_id: str, pick: str) -> str:
    """The address of an item's page, opened with a variant by its key or (empty) with none."""
    return f"/i/{public_id}?{urlencode({'pick': pick})}" if pick else f"/i/{public_id}"


def list_link_hosts(db: Session, retailer_id: str) -> frozenset[str]:
    """The hosts that a retailer's links may lead to: its own proven ones, and those that its owner allowed."""
    others = select(LinkHost.host).where(LinkHost.retailer_id == retailer_id)
    return list_own_hosts(db, retailer_id) | {each.lower() for each in db.scalars(others)}


def list_allowed_hosts(db: Session, retailer_id: str) -> list[LinkHost]:
    """The hosts that the owner allowed besides the retailer's own, by name."""
    return list(db.scalars(select(LinkHost).where(LinkHost.retailer_id == retailer_id).order_by(LinkHost.host)))


def count_links_to(db: Session, retailer_id: str) -> Mapping[str, int]:
    """How many of a retailer's links lead to each host."""
    found: dict[str, int] = {}
    for href in db.scalars(select(Gs1Link.href).where(Gs1Link.retailer_id == retailer_id)):
        host = host_of(href)
        if host:
            found[host] = found.get(host, 0) + 1
    return found


def list_away(db: Session, *, after: str = "", limit: int = 200) -> list[Gs1Link]:
    """Links of any retailer that lead elsewhere, by id; those behind `after`."""
    wanted = select(Gs1Link).where(Gs1Link.id > after, ~Gs1Link.href.startswith("/"))
    return list(db.scalars(wanted.order_by(Gs1Link.id).limit(limit)))


def levels_of(link: DigitalLink) -> tuple[str, ...]:
    """Where links of an address are looked for, the most particular level first, the number itself (empty) last.

    A piece by its serial comes before its batch, and stands by itself: which batch or variant it is of says nothing.
    """
    said = dict(link.elements[1 : 1 + link.qualifiers])
    serial: list[Element] = [(ai, said[ai]) for ai in ("21", "235") if ai in said]
    batch: list[Element] = [(ai, said[ai]) for ai in ("22", "10") if ai in said]
    levels: list[list[Element]] = [serial, batch, batch[1:], batch[:1]]
    if link.key[0] != "01":
        levels = [list(link.elements[1 : 1 + link.qualifiers])]
    return tuple(dict.fromkeys([*(write_path(each) for each in levels if each), ""]))


@cache
def _answering() -> Any:
    columns = (
        Variant.gtin,
        Variant.retailer_id,
        Variant.item_id,
        Item.public_id.label("public_id"),
        Variant.id.label("variant_id"),
        Variant.vendor_id,
        Variant.key,
        Variant.is_hidden,
        Item.is_retired,
        GtinAnswer.id.label("marked"),
    )
    is_marked = and_(
        GtinAnswer.retailer_id == Variant.retailer_id,
        GtinAnswer.gtin == Variant.gtin,
        GtinAnswer.variant_id == Variant.id,
    )
    # What a vendor added to an item and nobody at the retailer has looked at answers no number: it might be another's.
    wanted = select(*columns).where(~Variant.is_proposed)
    return wanted.join(Item, Item.id == Variant.item_id).outerjoin(GtinAnswer, is_marked)


def _ranked(rows: list[Any]) -> list[Any]:
    """Variants with one number, the one that is meant first."""
    vendor_id = min(rows, key=lambda row: row.variant_id).vendor_id if rows else ""
    return sorted(
        rows,
        key=lambda row: (
            row.marked is None,
            row.vendor_id != vendor_id,
            row.is_retired,
            row.is_hidden,
            row.variant_id,
        ),
    )


def _answer(rows: list[Any]) -> Answer:
    first = _ranked(rows)[0]
    pick = "" if first.is_hidden or len(rows) > 1 else first.key
    return Answer(first.gtin, first.retailer_id, first.item_id, first.public_id, first.variant_id, pick, len(rows))

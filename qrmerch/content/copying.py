"""Taking values from another page: what of them fits into the slots of this one, and why the rest does not."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item
from qrmerch.content.merging import Part
from qrmerch.content.models import Content, Revision
from qrmerch.content.slots import Bounds, Kind, Slot, clean_value, is_empty
from qrmerch.i18n import language_name
from qrmerch.parties.models import Retailer


@dataclass(frozen=True, slots=True)
class Fit:
    """A value of another page: in one language of a slot, or the whole slot where that is not by language.

    `problem` says why it cannot be taken; it is empty for one that fits, whose `value` is clean.
    """

    part: Part
    label: str
    value: Any
    # What stands there now; None for nothing.
    stands: Any
    problem: str = ""

    @property
    def is_same(self) -> bool:
        """Whether this page says the same already."""
        return not self.problem and self.value == self.stands


@dataclass(frozen=True, slots=True)
class Source:
    """A page to copy from: its newest revision, its item and its retailer."""

    content: Content
    revision: Revision
    item: Item
    retailer: Retailer


def list_sources(db: Session, item: Item, *, except_id: str | None, find: str = "", most: int = 25) -> list[Source]:
    """The vendor's pages that the session may see, those of the same product first, then the newest.

    :param except_id: the content that is written; it is no source of itself.
    :param find: a part of an item's title; any where empty.
    """
    other = aliased(Revision)
    newest = select(other.id).where(other.content_id == Content.id).order_by(other.number.desc()).limit(1)
    wanted = (
        select(Content, Revision, Item, Retailer)
        .join(Item, Item.id == Content.item_id)
        .join(Retailer, Retailer.id == Content.retailer_id)
        .join(Revision, Revision.id == newest.correlate(Content).scalar_subquery())
        .where(Content.vendor_id == item.vendor_id, Content.id != (except_id or ""))
        .order_by(Item.product_id != item.product_id, Revision.saved_at.desc(), Content.id)
    )
    if find:
        wanted = wanted.where(Item.title.icontains(find, autoescape=True))
    return [Source(*row) for row in db.execute(wanted.limit(most)).all()]


def list_fits(
    slots: Mapping[str, Slot],
    stands: Mapping[str, Any],
    other: Mapping[str, Slot],
    values: Mapping[str, Any],
    bounds: Bounds,
) -> list[Fit]:
    """What another page's values are worth here, in its own order. Slots belong together by their names.

    :param slots: of this page; `stands` is what they hold.
    :param other: of the other page; `values` is what they hold.
    :param bounds: this page's, with the pictures of `values`.
    """
    found: list[Fit] = []
    for name, slot in other.items():
        if not slot.is_fixed and not is_empty(values.get(name)):
            found += _fits_of(slots.get(name), slot, values[name], stands.get(name), bounds)
    return found


def values_of(slots: Mapping[str, Slot], fits: Collection[Fit], parts: Collection[Part]) -> dict[str, Any]:
    """The values to write for some of the parts that fit; the others are passed over."""
    found: dict[str, Any] = {}
    for fit in fits:
        name, key = fit.part
        if fit.problem or fit.part not in parts:
            continue
        if slots[name].is_by_locale:
            found.setdefault(name, {})[key] = fit.value
        else:
            found[name] = fit.value
    return found


def _fits_of(slot: Slot | None, other: Slot, value: Any, stands: Any, bounds: Bounds) -> Iterator[Fit]:
    pieces = value.items() if other.is_by_locale else [("", value)]
    for locale, piece in pieces:
        part, label = (other.name, locale), slot.label if slot else other.label
        problem = _refusal(slot, other, locale, bounds)
        if problem or slot is None:
            yield Fit(part, label, piece, None, problem)
            continue
        standing = (stands or {}).get(locale) if locale else stands
        try:
            cleaned = clean_value(slot, {locale: piece} if locale else _spoken(slot, piece, bounds), bounds)
        except ValueError as error:
            yield Fit(part, label, piece, standing, str(error))
            continue
        if not is_empty(cleaned):
            yield Fit(part, label, cleaned[locale] if locale else cleaned, standing)


def _refusal(slot: Slot | None, other: Slot, locale: str, bounds: Bounds) -> str:
    if slot is None:
        return "this template has no such slot."
    if slot.is_fixed:
        return "the retailer fills this, the same on every page."
    if (slot.kind, slot.is_choice) != (other.kind, other.is_choice):
        return "this template holds something else there."
    if locale and locale not in bounds.locales:
        return f"{language_name(locale, 'en')} is not a language of this retailer’s."
    return ""


def _spoken(slot: Slot, value: Any, bounds: Bounds) -> Any:
    """Rows, or a link, in the languages that are spoken here."""
    if slot.is_rows:
        return [{half: _of_locales(said, bounds) for half, said in row.items()} for row in value]
    if slot.kind == Kind.LINK and isinstance(value, Mapping):
        return {half: _of_locales(said, bounds) for half, said in value.items()}
    return value


def _of_locales(said: Any, bounds: Bounds) -> Any:
    if not isinstance(said, Mapping):
        return said
    return {locale: words for locale, words in said.items() if locale in bounds.locales}

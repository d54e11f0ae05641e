"""A product as a file or form describes it, and how that differs from what is kept.

A draft's `None` means "not said": what is kept stays.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from qrmerch.catalog.models import ProductVariant, VendorProduct

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One size and colour. Money in minor units of `currency`; options in the order they are shown."""

    key: str
    options: tuple[tuple[str, str], ...]
    currency: str
    sku: str | None = None
    gtin: str | None = None
    vendor_code: str | None = None
    price_minor: int | None = None
    was_price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product with the variants that were sent; variants that were not sent stay as they are."""

    key: str
    title: str | None = None
    maker: str | None = None
    category: str | None = None
    description: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    image_urls: tuple[str, ...] = ()
    variants: tuple[VariantDraft, ...] = ()
    # Whether only some of its rows were sent, as when those are mended that were left out.
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A product that is kept, with its variants."""

    product: VendorProduct
    variants: tuple[ProductVariant, ...]

    def matches(self, drafts: Sequence[VariantDraft]) -> list[tuple[VariantDraft, ProductVariant | None]]:
        """Each draft with the variant it means: by its options, else by a SKU that no other has; None for a new one."""
        by_key = {each.key: each for each in self.variants}
        claimed = {each.key for each in drafts if each.key in by_key}
        left = Counter(each.sku for each in drafts if each.key not in claimed)
        free = [each for each in self.variants if each.key not in claimed and each.sku]
        by_sku = {each.sku: each for each in free if left[each.sku] == 1}
        shared = Counter(each.sku for each in free)
        return [
            (each, by_key.get(each.key) or (by_sku.get(each.sku or "") if shared[each.sku or ""] == 1 else None))
            for each in drafts
        ]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs: of which variant ("" for the product itself), now and after.

    `field` is a column's name, `text:…` or `fact:…`, or `new` for a variant that is not there yet.
    """

    variant_key: str
    field: str
    now: str
    after: str


def product_values(draft: ProductDraft, known: Known | None) -> dict[str, object]:
    """The column values a product has after a draft is taken in; only those that the draft speaks of."""
    values: dict[str, object] = {}
    for name in ("title", "maker", "category", "description"):
        said = getattr(draft, name)
        if said is not None:
            values[name] = said
    if draft.texts:
        values["texts"] = {**(known.product.texts if known else {}), **draft.texts}
    if draft.facts:
        values["facts"] = _merged_facts(known.product.facts if known else [], draft.facts)
    if draft.image_urls:
        # A file that names the product speaks of all its pictures; a few rows of it add theirs.
        is_whole = draft.title is not None and not draft.is_partial
        kept = [] if is_whole or known is None else list(known.product.image_urls)
        values["image_urls"] = list(dict.fromkeys([*kept, *draft.image_urls]))
    return values


def variant_values(draft: VariantDraft) -> dict[str, object]:
    """The column values a variant has after a draft is taken in; only those that the draft speaks of."""
    values: dict[str, object] = {"options": dict(draft.options)}
    for name in ("sku", "gtin", "vendor_code", "price_minor", "was_price_minor"):
        said = getattr(draft, name)
        if said is not None:
            values[name] = said
    if draft.price_minor is not None or draft.was_price_minor is not None:
        values["currency"] = draft.currency
    if draft.gtin is not None:
        values["vendor_code"] = draft.vendor_code
    return values


def list_changes(draft: ProductDraft, known: Known) -> list[Change]:
    """What a draft changes in a product that is kept; new variants are one change each."""
    changes = list(_differences("", known.product, product_values(draft, known)))
    for each, variant in known.matches(draft.variants):
        if variant is None:
            changes.append(Change(each.key, "new", "", " / ".join(value for _, value in each.options) or "One size"))
        else:
            changes += _differences(each.key, variant, variant_values(each))
    return changes


def _differences(key: str, row: VendorProduct | ProductVariant, values: Mapping[str, object]) -> Iterator[Change]:
    for name, after in values.items():
        now = getattr(row, name)
        if now == after:
            continue
        parts_now, parts_after = _parts(name, now), _parts(name, after)
        for part, text in parts_after.items():
            if parts_now.get(part, "") != text:
                yield Change(key, part, parts_now.get(part, ""), text)


def _parts(name: str, value: object) -> dict[str, str]:
    """A column's value in words; texts and facts each under a name of their own, `text:story`, `fact:Material`."""
    if name == "texts" and isinstance(value, dict):
        return {f"text:{each}": str(text) for each, text in value.items()}
    if name == "facts" and isinstance(value, list):
        return {f"fact:{each['name']}": each["value"] for each in value}
    return {name: shown(value)}


def shown(value: object) -> str:
    """A column's value in words."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, text in value.items())
    if isinstance(value, list):
        # Pictures: the last part of an address tells them apart.
        return ", ".join(str(each).rstrip("/").rpartition("/")[2] for each in value)
    return str(value)


def _merged_facts(kept: list[dict[str, str]], said: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    merged = {each["name"]: each["value"] for each in kept}
    merged.update(said)
    return [{"name": name, "value": value} for name, value in merged.items()]

"""What an offer is to be: checked as a whole, each wrong thing named with its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from qrmerch.errors import FormError
from qrmerch.money import MAX_MINOR
from qrmerch.offers.models import OfferKind
from qrmerch.parties.models import Retailer, Store
from qrmerch.text import clean_block, clean_line

MAX_HEADLINE_CHARS: Final = 80
MAX_TERMS_CHARS: Final = 400
MAX_CODES: Final = 1_000_000
MAX_PER_VISITOR: Final = 20
# A year: a code that holds longer is a promise nobody remembers having made.
MAX_CLAIM_HOURS: Final = 24 * 366


class BrandForbidsDiscount(FormError):
    """The retailer does not discount, so an offer of money off is not made."""

    slug = "brand_forbids_discount"


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """All that is said of an offer; `headline` and `terms` by locale, `store_ids` None for all stores.

    `value` is per cent, or minor units of the retailer's currency; 0 for gifts and experiences.
    """

    kind: OfferKind
    value: int
    headline: Mapping[str, str]
    from_at: datetime
    until_at: datetime
    limit_total: int
    terms: Mapping[str, str]
    limit_per_visitor: int = 1
    claim_hours: int = 24
    store_ids: tuple[str, ...] | None = None


def check_terms(retailer: Retailer, stores: list[Store], wanted: OfferTerms) -> OfferTerms:
    """The terms as they would be kept: words cleaned, without languages the retailer does not speak.

    :param stores: the retailer's.
    :raises BrandForbidsDiscount: money off at a retailer that does not discount.
    :raises FormError: one or more things are wrong; words are named `headline-<locale>` and `terms-<locale>`.
    """
    if retailer.no_discount and wanted.kind.is_discount:
        raise BrandForbidsDiscount(
            {"kind": f"{retailer.name} does not discount. Offer a gift or an experience, or change that in the brand."}
        )
    problems = {**_worth_problems(wanted), **_count_problems(wanted)}
    if wanted.until_at <= wanted.from_at:
        problems["until"] = "It ends before it begins. Choose a later end."
    if wanted.store_ids is not None and not wanted.store_ids:
        problems["stores"] = "Choose at least one store, or all of them."
    elif wanted.store_ids is not None and not set(wanted.store_ids) <= {store.id for store in stores}:
        problems["stores"] = "One of these stores is not here. Choose again."
    locales = list(dict.fromkeys((retailer.default_locale, *retailer.locales)))
    headline = _clean_words(problems, "headline", wanted.headline, locales)
    terms = _clean_words(problems, "terms", wanted.terms, locales)
    if retailer.default_locale not in headline:
        problems.setdefault(
            f"headline-{retailer.default_locale}", "Say in a few words what it is, such as 10 % off any yellow top."
        )
    if problems:
        raise FormError(problems)
    store_ids = None if wanted.store_ids is None else tuple(sorted(set(wanted.store_ids)))
    value = wanted.value if wanted.kind.is_discount else 0
    return replace(wanted, headline=headline, terms=terms, store_ids=store_ids, value=value)


def _worth_problems(wanted: OfferTerms) -> dict[str, str]:
    if wanted.kind == OfferKind.PERCENT and not 1 <= wanted.value <= 100:
        return {"value": "Per cent off is a whole number from 1 to 100."}
    if wanted.kind == OfferKind.AMOUNT and wanted.value < 1:
        return {"value": "An amount off is more than nothing, such as 5.00."}
    if wanted.kind == OfferKind.AMOUNT and wanted.value > MAX_MINOR:
        return {"value": "This is more than any price here."}
    return {}


def _count_problems(wanted: OfferTerms) -> dict[str, str]:
    problems = {}
    if not 1 <= wanted.limit_total <= MAX_CODES:
        problems["limit"] = f"Codes in all: a whole number from 1 to {MAX_CODES:,}."
    if not 1 <= wanted.limit_per_visitor <= MAX_PER_VISITOR:
        problems["per_visitor"] = f"Per phone: a whole number from 1 to {MAX_PER_VISITOR}."
    if not 1 <= wanted.claim_hours <= MAX_CLAIM_HOURS:
        problems["hours"] = f"A code holds for a whole number of hours from 1 to {MAX_CLAIM_HOURS:,}."
    return problems


def _clean_words(problems: dict[str, str], field: str, words: Mapping[str, str], locales: list[str]) -> dict[str, str]:
    clean, max_chars = (clean_line, MAX_HEADLINE_CHARS) if field == "headline" else (clean_block, MAX_TERMS_CHARS)
    found = {}
    for locale in locales:
        try:
            text = clean(words.get(locale, ""), max_chars)
        except ValueError as error:
            problems[f"{field}-{locale}"] = str(error)
            continue
        if text.strip():
            found[locale] = text
    return found

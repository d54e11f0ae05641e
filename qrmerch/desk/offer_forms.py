"""What the form of an offer says, as its terms; a field that cannot be taken is named with its sentence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from qrmerch.errors import FormError
from qrmerch.money import parse_money, plain_amount
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.offers.terms import OfferTerms
from qrmerch.parties.models import Retailer
from qrmerch.web import parse_form_instant

ALL, SOME = "all", "some"
_MAX_DIGITS: Final = 9


def read_terms(form: Mapping[str, str], retailer: Retailer, *, store_ids: Sequence[str]) -> OfferTerms:
    """What was typed, as terms that are yet to be checked against the retailer.

    :raises FormError: a number, an amount or an instant that cannot be read.
    """
    problems: dict[str, str] = {}
    kind = _read_kind(form, problems)
    terms = OfferTerms(
        kind=kind,
        value=_read_value(form, kind, retailer.currency, problems),
        headline=_read_words(form, "headline"),
        terms=_read_words(form, "terms"),
        from_at=_read_instant(form, "from", retailer.time_zone, problems),
        until_at=_read_instant(form, "until", retailer.time_zone, problems),
        limit_total=_read_count(form, "limit", problems),
        limit_per_visitor=_read_count(form, "per_visitor", problems),
        claim_hours=_read_count(form, "hours", problems),
        store_ids=tuple(store_ids) if form.get("where") == SOME else None,
    )
    if problems:
        raise FormError(problems)
    return terms


def typed_terms(offer: Offer, retailer: Retailer) -> dict[str, str]:
    """An offer as it stands in its form."""
    value = str(offer.value) if offer.kind == OfferKind.PERCENT else ""
    if offer.kind == OfferKind.AMOUNT:
        value = plain_amount(offer.value, offer.currency)
    words = {f"headline-{locale}": text for locale, text in offer.headline.items()}
    words |= {f"terms-{locale}": text for locale, text in offer.terms.items()}
    return {
        **words,
        "kind": offer.kind.value,
        "value": value,
        "from": type_instant(offer.from_at, retailer.time_zone),
        "until": type_instant(offer.until_at, retailer.time_zone),
        "limit": str(offer.limit_total),
        "per_visitor": str(offer.limit_per_visitor),
        "hours": str(offer.claim_hours),
        "where": ALL if offer.store_ids is None else SOME,
    }


def type_instant(at: datetime, zone: str) -> str:
    """An instant as a `datetime-local` field holds it, to the second where it is not a whole minute."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"


def _read_kind(form: Mapping[str, str], problems: dict[str, str]) -> OfferKind:
    try:
        return OfferKind(form.get("kind", ""))
    except ValueError:
        problems["kind"] = "Choose what the offer gives."
        return OfferKind.GIFT


def _read_value(form: Mapping[str, str], kind: OfferKind, currency: str, problems: dict[str, str]) -> int:
    text = form.get("value", "").strip().removesuffix("%").strip()
    if not kind.is_discount:
        return 0
    if kind == OfferKind.PERCENT:
        if not _is_count(text):
            problems["value"] = "Per cent off is a whole number from 1 to 100."
            return 0
        return int(text)
    try:
        return parse_money(text, currency)
    except ValueError as error:
        problems["value"] = str(error) if text else "How much comes off? Write it like 5.00."
        return 0


def _read_count(form: Mapping[str, str], name: str, problems: dict[str, str]) -> int:
    text = form.get(name, "").strip().replace(",", "").replace(" ", "")
    if not _is_count(text):
        problems[name] = "A whole number, such as 1."
        return 1
    return int(text)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def _read_instant(form: Mapping[str, str], name: str, zone: str, problems: dict[str, str]) -> datetime:
    try:
        at = parse_form_instant(form.get(name, ""), zone)
    except ValueError:
        at = None
    if at is None:
        problems[name] = "A day and a time, such as 2026-12-06 18:59."
        return datetime(2000, 1, 1, tzinfo=ZoneInfo(zone))
    return at


def _read_words(form: Mapping[str, str], field: str) -> dict[str, str]:
    begin = f"{field}-"
    return {name.removeprefix(begin): text for name, text in form.items() if name.startswith(begin)}

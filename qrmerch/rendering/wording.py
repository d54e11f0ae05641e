"""Prices, stock, variants and offers in words of the page's language."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from qrmerch.catalog.models import Variant
from qrmerch.i18n import (
    counter,
    format_list,
    format_percent,
    format_time,
    format_weekday,
    format_whole_day,
    in_sentence,
    language_name,
    translator,
)
from qrmerch.money import format_money
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.parties.models import Store
from qrmerch.rendering.frame import pick_language, pick_text
from qrmerch.rendering.pages import Chip, Choice, Fact, OfferCard, Price

# So many pieces or fewer are said to be few; the number itself is never shown.
FEW_PIECES = 3
MIDNIGHT: Final = time(0)
# What stands in the name of the option that one tries on, in the catalogues of vendors.
_SIZES: Final = ("size", "waist", "größe", "taille", "talla", "taglia", "مقاس")
_SHORT_CHARS, _LONG_CHARS, _MANY_CHIPS = 3, 8, 4
# More chips than this are a list to choose from; short ones take less room.
_MAX_CHIPS, _MAX_DENSE_CHIPS = 12, 24
# A sentence names so many stores, a list shows so many; the rest are counted.
_NAMED_STORES, _LISTED_STORES = 3, 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """What there is of an item: its shown variants in order, their was-prices, and pieces by (store, variant).

    `old` are those (store, variant) whose figure is older than the retailer's limit: it says nothing any more.
    """

    variants: Sequence[Variant]
    was: Mapping[str, int]
    pieces: Mapping[tuple[str, str], int]
    stores: Sequence[Store]
    old: Collection[tuple[str, str]] = ()

    def state_at(self, store_id: str, variant_ids: Sequence[str]) -> str:
        """`in_stock`, `few`, `none`; `ask` where old figures leave it open; empty where nothing was ever counted."""
        known = [self.pieces[store_id, each] for each in variant_ids if (store_id, each) in self.pieces]
        state = stock_state(sum(max(0, each) for each in known)) if known else ""
        is_open = state in ("", "none") and any((store_id, each) in self.old for each in variant_ids)
        return "ask" if is_open else state

    def is_gone(self, variant_ids: Sequence[str]) -> bool:
        """Whether no store has any, by figures that count in each that was ever counted."""
        states = {self.state_at(store.id, variant_ids) for store in self.stores}
        return "none" in states and states <= {"none", ""}

    @property
    def variant_ids(self) -> list[str]:
        return [variant.id for variant in self.variants]


def stock_state(pieces: int) -> str:
    """How much there is, without the number."""
    if pieces <= 0:
        return "none"
    return "few" if pieces <= FEW_PIECES else "in_stock"


def word_price(shelf: Shelf, locale: str, *, offer: Offer | None, hides_reductions: bool) -> Price | None:
    """Today's price of an item; a was-price only where every variant has the same one.

    :param hides_reductions: the retailer does not discount, so nothing is struck.
    """
    t = translator(locale)
    priced = [variant for variant in shelf.variants if variant.price_minor is not None]
    if not priced:
        return None
    amounts = [variant.price_minor for variant in priced if variant.price_minor is not None]
    currency, low = priced[0].currency, min(amounts)
    # A house that does not discount writes its prices without noughts behind the point.
    now = format_money(low, currency, locale, is_round=hides_reductions)
    if low != max(amounts):
        return Price(t("from {price}").format(price=now))
    was = {shelf.was.get(variant.id) for variant in priced}
    before = was.pop() if len(was) == 1 else None
    reduced = _reduced(low, currency, offer) if offer and not hides_reductions else None
    return Price(
        now=now,
        was=format_money(before, currency, locale) if before and not hides_reductions else None,
        with_offer=t("{price} with the code").format(price=format_money(reduced, currency, locale))
        if reduced is not None
        else None,
    )


def one_price(shelf: Shelf) -> tuple[int | None, str]:
    """The price that every shown variant of an item has, with its currency; None where there is no one price."""
    prices = {(variant.price_minor, variant.currency) for variant in shelf.variants}
    return prices.pop() if len(prices) == 1 else (None, "")


def low_price(shelf: Shelf) -> tuple[int | None, str]:
    """The lowest price of an item's shown variants, with its currency; None where one has none, or another currency."""
    prices = [variant.price_minor for variant in shelf.variants if variant.price_minor is not None]
    currencies = {variant.currency for variant in shelf.variants}
    if not prices or len(prices) < len(shelf.variants) or len(currencies) != 1:
        return None, ""
    return min(prices), currencies.pop()


def one_was(shelf: Shelf) -> int | None:
    """The price before a reduction that every shown variant of an item has; None where there is no one."""
    was = {shelf.was.get(variant.id) for variant in shelf.variants}
    return was.pop() if len(was) == 1 else None


def _reduced(price_minor: int, currency: str, offer: Offer) -> int | None:
    """What the price comes to with an offer; None where it takes nothing off this price."""
    if offer.kind == OfferKind.PERCENT:
        share = Decimal(price_minor) * (100 - offer.value) / 100
        return int(share.quantize(Decimal(1), ROUND_HALF_UP))
    if offer.kind == OfferKind.AMOUNT and offer.currency == currency and offer.value <= price_minor:
        return price_minor - offer.value
    return None


def word_choice(shelf: Shelf, store: Store | None, locale: str, *, pick: str = "") -> Choice | None:
    """The variants to choose from with their stock here; None where there is only one.

    :param pick: the key of the one that is chosen as the page opens.
    """
    if len(shelf.variants) < 2:
        return None
    t = translator(locale)
    names = _varying_options(shelf.variants)
    made = (_chip(shelf, variant, _label(variant, names, locale), store, locale) for variant in shelf.variants)
    chips = tuple(replace(chip, is_chosen=bool(pick) and chip.value == pick) for chip in made)
    legend = t(names[0]) if names else t("Version")
    if len(names) == 2:
        legend = t("{one} and {other}").format(one=legend, other=in_sentence(t(names[1]), locale))
    return Choice(
        legend=legend,
        chips=chips,
        width=_choice_width(chips),
        is_of_size=any(word in name.casefold() for name in names for word in _SIZES),
    )


def _chip(shelf: Shelf, variant: Variant, label: str, store: Store | None, locale: str) -> Chip:
    t = translator(locale)
    is_gone = store is None and shelf.is_gone([variant.id])
    state = shelf.state_at(store.id, [variant.id]) if store else "none" if is_gone else ""
    if state != "none":
        return Chip(variant.key, label, state)
    there = _stores_with(shelf, [variant.id])
    if there:
        elsewhere = t("In stock at {stores}").format(stores=_name_stores(there, locale))
    else:
        elsewhere = t("Ask us about the other stores") if _is_open_anywhere(shelf, [variant.id]) else ""
    return Chip(variant.key, label, state, elsewhere=elsewhere or t("In no store today"))


def _choice_width(chips: Sequence[Chip]) -> str:
    longest = max(len(chip.label) for chip in chips)
    if len(chips) > _MANY_CHIPS and longest <= _SHORT_CHARS:
        return "dense" if len(chips) <= _MAX_DENSE_CHIPS else "list"
    if len(chips) > _MAX_CHIPS:
        return "list"
    return "long" if longest > _LONG_CHARS else ""


def _varying_options(variants: Sequence[Variant]) -> list[str]:
    """The names of the options in which these variants differ, in their own order."""
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))
    return [name for name in names if len({variant.options.get(name) for variant in variants}) > 1]


def _label(variant: Variant, names: Sequence[str], locale: str) -> str:
    values = [str(variant.options[name]) for name in names if variant.options.get(name)]
    return translator(locale)(", ").join(values) or variant.sku or variant.key


def word_variant(variant: Variant, locale: str) -> str:
    """What sets a variant apart from others: `Marigold, M`."""
    return _label(variant, list(variant.options), locale)


def _name_stores(names: Sequence[str], locale: str, *, is_short: bool = False) -> str:
    """Stores, or places in one, in a sentence: the first few by name, then how many more.

    :param is_short: for a narrow place: two by name, of more than two only the first.
    """
    few = 2 if is_short else _NAMED_STORES
    if len(names) <= few:
        return format_list(names, locale)
    shown = 1 if is_short else few
    more = len(names) - shown
    named = translator(locale)(", ").join(names[:shown])
    return translator(locale)("{stores} and {count} more").format(stores=named, count=more)


def _stores_with(shelf: Shelf, variant_ids: Sequence[str]) -> list[str]:
    return [store.short_name for store in shelf.stores if shelf.state_at(store.id, variant_ids) in ("in_stock", "few")]


def _is_open_anywhere(shelf: Shelf, variant_ids: Sequence[str]) -> bool:
    """Whether old figures leave open what some store has."""
    return any(shelf.state_at(store.id, variant_ids) == "ask" for store in shelf.stores)


def word_stock(shelf: Shelf, store: Store | None, locale: str, *, is_short: bool = False) -> tuple[str, str]:
    """The state of an item's stock where the shopper stands, and the sentence that says it.

    :param is_short: of many stores it names the first alone.
    """
    t = translator(locale)
    elsewhere = [name for name in _stores_with(shelf, shelf.variant_ids) if store is None or name != store.short_name]
    named = _name_stores(elsewhere, locale, is_short=is_short) if elsewhere else ""
    if store is None:
        if named:
            return "in_stock", t("In stock at {stores}").format(stores=named)
        return ("ask", t("Ask us which store has it")) if _is_open_anywhere(shelf, shelf.variant_ids) else ("", "")
    state = shelf.state_at(store.id, shelf.variant_ids)
    if state == "none" and named:
        return state, t("None here today. In stock at {stores}").format(stores=named)
    if state == "ask" and named:
        return state, t("Ask us if it is here. In stock at {stores}").format(stores=named)
    sentences = {
        "ask": t("Ask us if it is here, at {store}"),
        "in_stock": t("In stock here, at {store}"),
        "few": t("Few left here, at {store}"),
        "none": t("None here today, at {store}"),
    }
    return state, sentences[state].format(store=store.short_name) if state else ""


def word_none_here(shelf: Shelf, store: Store, locale: str) -> str:
    """That an item is not in this store today, or that nobody can tell; empty where it is."""
    t = translator(locale)
    sentences = {"none": t("None here today, at {store}"), "ask": t("Ask us if it is here, at {store}")}
    sentence = sentences.get(shelf.state_at(store.id, shelf.variant_ids), "")
    return sentence.format(store=store.short_name)


def word_spot(names: Sequence[str], locale: str) -> str:
    """The places of an item in a store, short enough for one line; empty for none."""
    return _name_stores(names, locale, is_short=True) if names else ""


def word_stock_at(shelf: Shelf, store: Store | None, locale: str, *, is_short: bool = False) -> tuple[str, str]:
    """As `word_stock`, said by somebody who need not stand there: on a list, on a card."""
    state, sentence = word_stock(shelf, store, locale, is_short=is_short)
    if store is None or not state:
        return state, sentence
    t = translator(locale)
    sentences = {
        "ask": t("Ask at {stores}"),
        "in_stock": t("In stock at {stores}"),
        "few": t("Few left at {stores}"),
        "none": t("None at {stores} today"),
    }
    return state, sentences[state].format(stores=store.short_name)


def list_other_stores(shelf: Shelf, store: Store | None, locale: str) -> tuple[Fact, ...]:
    """What the retailer's other stores have: the store, and the variants in stock there; a last row counts the rest."""
    t = translator(locale)
    names = _varying_options(shelf.variants)
    rows = []
    for other in shelf.stores:
        if store is not None and other.id == store.id:
            continue
        there = [each for each in shelf.variants if shelf.state_at(other.id, [each.id]) in ("in_stock", "few")]
        if there:
            labels = [_label(each, names, locale) for each in there] if len(shelf.variants) > 1 else [t("in stock")]
            rows.append(Fact(other.short_name, (t("; ") if len(names) > 1 else t(", ")).join(labels)))
    more = len(rows) - _LISTED_STORES
    if more <= 0:
        return tuple(rows)
    rest = counter(locale)(more, "1 other store", "{count} other stores").format(count=more)
    return (*rows[:_LISTED_STORES], Fact(t("And more"), rest))


def word_gone(locale: str, *, may_return: bool) -> str:
    """What became of an item that shows no price and no offer any more."""
    t = translator(locale)
    return t("Not available at the moment") if may_return else t("No longer sold")


def word_news(retailer: str, locale: str) -> str:
    """What stands beside the field for a retailer's news on an item's page; kept as proof of what was agreed to."""
    words = translator(locale)(
        "{house} sends its news by e-mail, now and then. We write once to check that the address is yours. "
        "Every message has a link that stops them."
    )
    return words.format(house=retailer)


def word_end(until_at: datetime, locale: str, zone: str, *, timed: str, whole: str, is_long: bool = False) -> str:
    """An end in the place's own time; one at midnight is the end of the day before, as people say it.

    :param timed: a sentence with `{day}` and `{time}`; `whole` one with `{day}` alone.
    :param is_long: day and month are written out.
    """
    format_day = format_whole_day if is_long else format_weekday
    if until_at.astimezone(ZoneInfo(zone)).time() == MIDNIGHT:
        return whole.format(day=format_day(until_at - timedelta(seconds=1), locale, zone))
    return timed.format(day=format_day(until_at, locale, zone), time=format_time(until_at, locale, zone))


def word_offer(offer: Offer, locale: str, zone: str, *, retailer: str, fallbacks: tuple[str, ...]) -> OfferCard:
    """An offer as a card."""
    t = translator(locale)
    is_invitation = offer.kind == OfferKind.EXPERIENCE
    terms_language = other_language(offer.terms, locale, fallbacks)
    return OfferCard(
        offer=offer.public_id,
        headline=pick_text(offer.headline, locale, fallbacks),
        how=t("Show the code at the till in any {retailer} store.").format(retailer=retailer)
        if offer.store_ids is None
        else t("Show the code at the till."),
        terms=pick_text(offer.terms, locale, fallbacks),
        ends=word_end(
            offer.until_at,
            locale,
            zone,
            timed=t("Until {day}, {time}") if is_invitation else t("Ends {day}, {time}"),
            whole=t("Through {day}"),
            is_long=True,
        ),
        ends_at=offer.until_at.isoformat(),
        left_hours=t("Ends in {h} h {m} min"),
        left_minutes=t("Ends in {m} min"),
        action=t("Accept the invitation") if is_invitation else _action(offer, locale),
        is_invitation=is_invitation,
        headline_language=other_language(offer.headline, locale, fallbacks),
        terms_language=terms_language,
        terms_note=say_language(terms_language, locale),
    )


def other_language(texts: Mapping[str, str] | None, locale: str, fallbacks: tuple[str, ...]) -> str:
    """The language of the text that a page in `locale` gets; empty where it is the page's own."""
    spoken = pick_language(texts, locale, fallbacks)
    return "" if spoken.split("-")[0] == locale.split("-")[0] else spoken


def say_language(language: str, locale: str) -> str:
    """What stands above terms and small print in another language, which never fall back unsaid; empty for none."""
    return translator(locale)("In {language} only").format(language=language_name(language, locale)) if language else ""


def _action(offer: Offer, locale: str) -> str:
    t = translator(locale)
    if offer.kind == OfferKind.PERCENT:
        return t("Get the {value} code").format(value=format_percent(offer.value, locale))
    if offer.kind == OfferKind.AMOUNT:
        return t("Get the {value} code").format(value=format_money(offer.value, offer.currency, locale))
    return t("Get the code")


def is_live(offer: Offer, at: datetime) -> bool:
    """Whether an offer holds at an instant; its end is not counted."""
    return offer.from_at <= at < offer.until_at

"""An offer's page at the desk, put together: what stands in its form, how it runs, what it can cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_items
from qrmerch.desk.offer_forms import ALL, read_terms, type_instant, typed_terms
from qrmerch.desk.offer_pages import OfferPage, WordsIn, Worst
from qrmerch.desk.times import clock_of, said_at
from qrmerch.errors import FormError
from qrmerch.i18n import direction, format_list, language_name
from qrmerch.money import format_money
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import (
    OfferLine,
    count_refusals,
    get_line,
    list_highest_prices,
    list_item_ids,
    state_of,
)
from qrmerch.offers.terms import MAX_HEADLINE_CHARS, MAX_TERMS_CHARS, OfferTerms
from qrmerch.offers.verdicts import Reason
from qrmerch.offers.worth import find_worst
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.web import search_words

KINDS: Final = (
    (OfferKind.PERCENT.value, "Per cent off"),
    (OfferKind.AMOUNT.value, "Amount off"),
    (OfferKind.GIFT.value, "Gift"),
    (OfferKind.EXPERIENCE.value, "Invitation"),
)
_REASONS: Final = {
    Reason.ALREADY_REDEEMED: "Used already",
    Reason.EXPIRED: "Time was up",
    Reason.NOT_STARTED: "Not begun yet",
    Reason.WRONG_STORE: "In another store",
    Reason.PAUSED: "While paused",
    Reason.VOID: "Given back",
    Reason.NOT_REDEEMED: "Nothing to undo",
    Reason.UNDO_TOO_LATE: "Undo came too late",
    Reason.UNDO_ELSEWHERE: "Undo in another store",
}
# So many items are simply shown; more are looked for.
_SHOWN_ITEMS, _FOUND_ITEMS = 24, 12
_NEW_LASTS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form said that came back: its fields, the boxes ticked, and what is wrong with them."""

    typed: Mapping[str, str]
    item_ids: Sequence[str]
    store_ids: Sequence[str]
    problems: Mapping[str, str]


def blank(retailer: Retailer, item_ids: Sequence[str], *, at: datetime) -> Sent:
    """The form of a new offer: from the next full hour, for two weeks."""
    begin = (at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    typed = {
        "kind": (OfferKind.GIFT if retailer.no_discount else OfferKind.PERCENT).value,
        "value": "",
        "from": type_instant(begin, retailer.time_zone),
        "until": type_instant(begin + _NEW_LASTS, retailer.time_zone),
        "limit": "100",
        "per_visitor": "1",
        "hours": "24",
        "where": ALL,
    }
    return Sent(typed, item_ids, (), {})


def state_words(line: OfferLine, *, at: datetime) -> tuple[str, str]:
    """An offer's state as `ui/status.html` knows it, and the word for it."""
    state = state_of(line.offer, at=at)
    if state == "live" and line.count.left == 0:
        return "ended", "All taken"
    return state, {"live": "Live", "scheduled": "To come", "paused": "Paused", "ended": "Ended"}[state]


def headline(words: Mapping[str, str], retailer: Retailer) -> str:
    """An offer's words for staff: in English where there are such, else in the retailer's own language."""
    return words.get("en") or words.get(retailer.default_locale) or next(iter(words.values()), "")


def offer_page(
    db: Session, retailer_id: str, offer: Offer | None, *, sent: Sent | None, may_edit: bool, at: datetime
) -> OfferPage:
    """The page of an offer, or of one that is to be set up (None).

    :param sent: a form that came back; None for the offer as it is.
    """
    retailer, stores = get_retailer(db, retailer_id), list_stores(db, retailer_id)
    sent = sent or (_sent_of(db, offer, retailer) if offer else blank(retailer, (), at=at))
    typed = {**dict.fromkeys(("kind", "value", "from", "until", "limit", "per_visitor", "hours"), ""), **sent.typed}
    line = get_line(db, offer) if offer else None
    state, label = state_words(line, at=at) if line else ("", "")
    chosen, others, finds, found = _list_choices(db, retailer, sent)
    terms = _read_or_none(typed, retailer, sent)
    can_pause = offer is not None and state_of(offer, at=at) != "ended"
    return OfferPage(
        title=headline(offer.headline, retailer) if offer else "New offer",
        lede=_lede(line, state=label) if line else "It is live from the instant it begins. Nothing goes out before.",
        state=state,
        label=label,
        say=_say(terms, retailer, stores, at=at) if terms else Markup(),
        action=f"/desk/offers/{offer.id}" if offer else "/desk/offers",
        submit_label="Save" if offer else "Set it up",
        pause_href=f"/desk/offers/{offer.id}/{'resume' if offer.is_paused else 'pause'}" if offer and can_pause else "",
        pause_label="Let it go on" if offer and offer.is_paused else "Pause",
        may_edit=may_edit,
        kinds=tuple(kind for kind in KINDS if not retailer.no_discount or not OfferKind(kind[0]).is_discount),
        typed=typed,
        currency=retailer.currency,
        words=_words(typed, retailer),
        max_headline_chars=MAX_HEADLINE_CHARS,
        max_terms_chars=MAX_TERMS_CHARS,
        items=tuple((item.id, item.title) for item in (*chosen, *others)),
        chosen=tuple(item.id for item in chosen),
        finds=finds,
        found=found,
        stores=tuple((store.id, store.short_name) for store in stores),
        chosen_stores=tuple(sent.store_ids),
        zone=clock_of(retailer.time_zone),
        other_zones=_word_zones(terms.until_at, retailer, stores) if terms else "",
        worst=_worst(db, terms, retailer, [item.id for item in chosen], line),
        facts=_facts(terms, line, retailer, stores, chosen, at=at) if terms and line else (),
        tills=_tills(db, offer) if offer else (),
        problems=dict(sent.problems),
    )


def _sent_of(db: Session, offer: Offer, retailer: Retailer) -> Sent:
    return Sent(typed_terms(offer, retailer), list_item_ids(db, offer.id), offer.store_ids or (), {})


def _read_or_none(typed: Mapping[str, str], retailer: Retailer, sent: Sent) -> OfferTerms | None:
    try:
        return read_terms(typed, retailer, store_ids=sent.store_ids)
    except FormError:
        return None


def _list_choices(db: Session, retailer: Retailer, sent: Sent) -> tuple[list[Item], list[Item], bool, str]:
    """Items chosen, further ones to choose from, whether there are more than can be shown, and what was found."""
    wanted = select(Item).where(Item.id.in_(sent.item_ids), Item.retailer_id == retailer.id)
    chosen = list(db.scalars(wanted.order_by(Item.title, Item.id)))
    ids = {item.id for item in chosen}
    find = search_words(sent.typed.get("find", ""))
    lines, total = list_items(db, retailer.id, per_page=_SHOWN_ITEMS)
    if total <= _SHOWN_ITEMS:
        return chosen, [line.item for line in lines if line.item.id not in ids], False, ""
    if not find:
        return chosen, [], True, ""
    lines, matching = list_items(db, retailer.id, find=find, per_page=_FOUND_ITEMS + len(ids))
    found = [line.item for line in lines if line.item.id not in ids][:_FOUND_ITEMS]
    said = f"{matching:,} items fit “{find}”." if matching != 1 else f"1 item fits “{find}”."
    return chosen, found, True, f"{said} The first {len(found)} are shown." if matching > len(found) else said


def _words(typed: Mapping[str, str], retailer: Retailer) -> tuple[WordsIn, ...]:
    locales = dict.fromkeys((retailer.default_locale, *retailer.locales))
    return tuple(
        WordsIn(
            locale=each,
            language=language_name(each, "en"),
            direction=direction(each),
            headline=typed.get(f"headline-{each}", ""),
            terms=typed.get(f"terms-{each}", ""),
            is_needed=each == retailer.default_locale,
        )
        for each in locales
    )


def _lede(line: OfferLine, *, state: str) -> str:
    count = line.count
    return (
        f"{state}: {count.used:,} used and {count.held:,} held of {count.limit:,}; {count.left:,} left. "
        "Codes that were taken keep what they were taken for."
    )


def _say(terms: OfferTerms, retailer: Retailer, stores: Sequence[Store], *, at: datetime) -> Markup:
    """The offer in a sentence, as one would tell it to a colleague."""
    names = [store.short_name for store in stores if terms.store_ids and store.id in terms.store_ids]
    where = f"in {format_list(names, 'en')}" if names else "in every store"
    each = "one" if terms.limit_per_visitor == 1 else f"{terms.limit_per_visitor}"
    until = said_at(terms.until_at, now=at, zone=retailer.time_zone)
    words = headline(terms.headline, retailer).strip() or dict(KINDS)[terms.kind.value]
    return Markup("<b>{}</b>, {}. Up to {} codes, {} for each phone, until {}. A code holds for {}.").format(
        words, where, f"{terms.limit_total:,}", each, until, _hours(terms.claim_hours)
    )


def _hours(hours: int) -> str:
    if hours % 24 == 0 and hours > 24:
        return f"{hours // 24} days"
    return "1 hour" if hours == 1 else f"{hours} hours"


def _word_zones(until_at: datetime, retailer: Retailer, stores: Sequence[Store]) -> str:
    """Where clocks show something else when the offer ends."""
    own = until_at.astimezone(ZoneInfo(retailer.time_zone)).utcoffset()
    others: dict[str, list[str]] = {}
    for store in stores:
        local = until_at.astimezone(ZoneInfo(store.time_zone))
        if local.utcoffset() != own:
            others.setdefault(f"{local:%H:%M}", []).append(store.short_name)
    return " ".join(
        f"In {format_list(names, 'en')} it ends at {clock} by their clocks." for clock, names in others.items()
    )


def _worst(
    db: Session, terms: OfferTerms | None, retailer: Retailer, item_ids: Sequence[str], line: OfferLine | None
) -> Worst | None:
    """What the offer can cost at most; None where the form does not say enough yet."""
    if terms is None or not item_ids:
        return None
    left = terms.limit_total - (line.count.used if line else 0)
    if not terms.kind.is_discount:
        noun = "gifts" if terms.kind == OfferKind.GIFT else "invitations"
        costs = (("Not used yet", f"{max(left, 0):,}"), ("What one costs you", "Unknown here"))
        return Worst(f"{terms.limit_total:,} {noun}", "if every code is used", costs, "No money comes off a price.")
    promise = Promise(
        terms.kind, terms.value, retailer.currency, terms.headline, terms.terms, terms.store_ids, terms.from_at
    )
    prices = list_highest_prices(db, item_ids)
    use = find_worst(promise, prices, retailer.currency)
    if use is None:
        return Worst("Unknown", "None of these items has a price yet", (), "Give them prices to see what it can cost.")

    def money(minor: int) -> str:
        return format_money(minor, retailer.currency)

    title = db.get_one(Item, use.item_id).title
    rows = (
        ("One use", f"{money(use.off_minor)} off {money(use.price_minor)}"),
        ("Not used yet", f"{money(max(left, 0) * use.off_minor)} at most"),
        ("Cost per sale gained", "Unknown: no hold-out"),
    )
    unpriced = len(set(item_ids) - set(prices))
    hint = f"{unpriced} of the items have no price and are left out." if unpriced else "One piece for each code."
    say = f"if all {terms.limit_total:,} codes are used on {title}"
    return Worst(money(terms.limit_total * use.off_minor), say, rows, hint)


def _facts(
    terms: OfferTerms,
    line: OfferLine,
    retailer: Retailer,
    stores: Sequence[Store],
    items: Sequence[Item],
    *,
    at: datetime,
) -> tuple[tuple[str, str], ...]:
    """The offer in rows, for who may only look."""
    names = [store.short_name for store in stores if terms.store_ids and store.id in terms.store_ids]
    zone = retailer.time_zone
    return (
        ("Gives", word_value(line.offer)),
        ("On", format_list([item.title for item in items], "en")),
        ("Where", format_list(names, "en") if names else "Every store"),
        ("From", said_at(terms.from_at, now=at, zone=zone)),
        ("Until", said_at(terms.until_at, now=at, zone=zone)),
        ("Codes in all", f"{terms.limit_total:,}"),
        ("For each phone", f"{terms.limit_per_visitor:,}"),
        ("A code holds for", _hours(terms.claim_hours)),
        ("Terms", headline(terms.terms, retailer) or "None"),
    )


def word_value(offer: Offer) -> str:
    """What an offer gives, in a word or two."""
    if offer.kind == OfferKind.PERCENT:
        return f"{offer.value} % off"
    if offer.kind == OfferKind.AMOUNT:
        return f"{format_money(offer.value, offer.currency)} off"
    return dict(KINDS)[offer.kind.value]


def _tills(db: Session, offer: Offer) -> tuple[tuple[str, str], ...]:
    """What tills refused of it, by reason."""
    return tuple(
        (_REASONS.get(Reason(reason), reason), f"{count:,}") for reason, count in count_refusals(db, offer.id).items()
    )

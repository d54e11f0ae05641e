"""The desk's first page: what waits, and yesterday and today in numbers."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from qrmerch.access import OWNERS, PUBLISHERS, READERS, RETAILER_STAFF, REVIEWERS, Principal, allow, current_principal
from qrmerch.clock import now
from qrmerch.content.queries import list_waiting
from qrmerch.content.watching import list_blocked, say_instead, say_slots
from qrmerch.desk.house_pages import DayFigure, TodayPage, Waiting
from qrmerch.desk.times import said_age, said_in_text
from qrmerch.desk.waiting import Named, count_plain, count_proposed, find_silent, list_ending, list_uncounted
from qrmerch.offers.models import Offer
from qrmerch.outbox import find_stuck
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.reviews.queries import count_waiting_reviews
from qrmerch.scans.queries import Span, count_by_day
from qrmerch.web import get_db, render

blueprint = Blueprint("desk_today", __name__)

_MINUTES_A_REVISION: Final = 2.5
_IN_WORDS: Final = ("Nothing", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
# More stores than this with old figures are one thing to look at: a feed that stopped.
_NAMED_STORES: Final = 3
# Blocked pages are told one by one no further than this.
_NAMED_BLOCKED: Final = 1
_FIGURES: Final = (("Scans", "scan"), ("Views", "view"), ("Kept on a list", "keep"), ("Claimed", "claim"))


@blueprint.get("/desk")
@allow(*RETAILER_STAFF)
def show() -> Response:
    """What waits for this person, then the numbers if they read them."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    local = at.astimezone(ZoneInfo(retailer.time_zone))
    waiting = tuple(_waiting(db, principal, retailer, at))
    today = local.date()
    page = TodayPage(
        greeting=_greeting(principal.name, local.hour),
        lede=f"{today:%A} {today.day} {today:%B}. {_count_say(len(waiting))}",
        waiting=waiting,
        calm="" if waiting else "Nothing waits for you. Everything runs.",
        figures=tuple(_figures(db, retailer, today)) if principal.role in READERS else (),
        figures_say=f"Beside {today - timedelta(days=8):%A} a week before. Today counts until {local:%H:%M}.",
        yesterday_href=_insights(today - timedelta(days=1)),
        today_href=_insights(today),
        is_sample=retailer.has_sample_scans,
    )
    return render("desk/today.html", page)


def _greeting(name: str, hour: int) -> str:
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    first = name.split()[0] if name.strip() else ""
    return f"Good {part}, {first}" if first else f"Good {part}"


def _count_say(things: int) -> str:
    if not things:
        return "Nothing waits."
    number = _IN_WORDS[things] if things < len(_IN_WORDS) else f"{things}"
    return f"{number} thing{'' if things == 1 else 's'} wait{'s' if things == 1 else ''}; the rest runs."


def _insights(day: date) -> str:
    return f"/desk/insights?from={day.isoformat()}&to={day.isoformat()}"


# --- what waits --------------------------------------------------------------------------------------


def _waiting(db: Session, principal: Principal, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    """What this person's role can do something about, most pressing first."""
    if principal.role in OWNERS:
        yield from _mail(db, retailer, at)
    if principal.role in REVIEWERS:
        yield from _blocked(db, retailer, at)
        yield from _reviews(db, retailer, at)
        yield from _said(db, retailer)
    if principal.role in PUBLISHERS:
        yield from _offers(db, retailer, at)
        yield from _silent_codes(db, retailer, at)
        yield from _proposals(db, retailer)
        yield from _plain_items(db, retailer, at)
        yield from _old_stock(db, retailer, at)


def _mail(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    stuck = find_stuck(db, at=at, retailer_id=retailer.id)
    if stuck.since is not None:
        age = said_age(at - stuck.since)
        title = "Mail does not go out"
        why = f"The mail server takes none ({stuck.told or 'no answer'}); the first waits {age}. It is tried by itself."
        yield Waiting(title, why, f"{stuck.waiting:,} waiting", "/desk/outbox", "Look")
    if stuck.failed:
        title = "A mail was not sent" if stuck.failed == 1 else f"{stuck.failed:,} mails were not sent"
        yield Waiting(
            title, "The mail server refused it for good, or took none for two days.", "", "/desk/outbox", "Look"
        )


def _blocked(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    pages = list_blocked(db, retailer_id=retailer.id, at=at)
    for page in pages[:_NAMED_BLOCKED]:
        others = f" And {len(pages) - 1:,} more." if len(pages) > 1 else ""
        yield Waiting(
            f"{page.item.title}: {say_slots(page)} may not be shown any more",
            f"{say_instead(page)} Ask the vendor for the next version, or show another one.{others}",
            "",
            f"/desk/items/{page.item.id}/publications",
            "Look",
        )


def _reviews(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    oldest, total = list_waiting(db, retailer.id, per_page=1)
    if not oldest:
        return
    first = oldest[0]
    age = said_age(at - (first.revision.submitted_at or at))
    minutes = max(1, round(total * _MINUTES_A_REVISION))
    yield Waiting(
        f"Review {total:,} revisions" if total > 1 else f"Review {first.item.title}",
        f"The oldest waits {age}: {first.item.title}, {first.vendor.name}."
        if total > 1
        else f"{first.vendor.name} sent it {age} ago.",
        f"About {minutes} min",
        "/desk/review" if total > 1 else f"/desk/review/{first.revision.id}",
        "Review",
    )


def _said(db: Session, retailer: Retailer) -> Iterator[Waiting]:
    total = count_waiting_reviews(db, retailer.id)
    if total:
        yield Waiting(
            f"{total:,} shoppers’ reviews to read" if total > 1 else "A shopper’s review to read",
            "It shows after a person has read it; so does what a vendor answers.",
            "",
            "/desk/reviews",
            "Read",
        )


def _offers(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    ending = list_ending(db, retailer.id, at=at)
    if not ending:
        return
    first = ending[0]
    ends = said_in_text(first.until_at, now=at, zone=retailer.time_zone)
    left = said_age(first.until_at - at)
    if len(ending) == 1:
        title, why = f"“{_headline(first, retailer)}” ends soon", f"It ends {ends}. Shoppers see the time that is left."
    else:
        title, why = f"{len(ending)} offers end within two days", f"First “{_headline(first, retailer)}”, {ends}."
    yield Waiting(title, why, f"{left} left", "/desk/offers", "Look")


def _headline(offer: Offer, retailer: Retailer) -> str:
    headline: dict[str, str] = offer.headline
    return headline.get(retailer.default_locale) or next(iter(headline.values()), "An offer")


def _silent_codes(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    silent = find_silent(db, retailer.id, at=at)
    if silent is None:
        return
    age = said_age(at - silent.printed_at)
    more = f", and {silent.total - 1:,} more" if silent.total > 1 else ""
    yield Waiting(
        f"{silent.total:,} codes nobody has scanned" if silent.total > 1 else "A code nobody has scanned",
        f"{silent.place}: {silent.item_title}, printed {age} ago{more}. Hung out of sight, or not yet.",
        "",
        f"/desk/codes?item={silent.item_id}" if silent.total == 1 else "/desk/codes?printed=yes",
        "Look",
    )


def _proposals(db: Session, retailer: Retailer) -> Iterator[Waiting]:
    added = count_proposed(db, retailer.id)
    if not added.total:
        return
    one = f"{added.names[0]} has new choices"
    yield Waiting(
        f"{added.total:,} items have new choices" if added.total > 1 else one,
        f"{_names(added)}: sizes or colours that the vendor added. Shoppers see them when you show them.",
        "",
        "/desk/items?state=proposed",
        "Look",
    )


def _names(items: Named) -> str:
    others = items.total - len(items.names)
    return ", ".join(items.names) + (f" and {others:,} more" if others else "")


def _plain_items(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    plain = count_plain(db, retailer.id, at=at)
    if not plain.total:
        return
    names = _names(plain)
    verb = "shows" if plain.total == 1 else "show"
    yield Waiting(
        f"{plain.total:,} items without a page" if plain.total > 1 else f"{plain.names[0]} has no page",
        f"{names} {verb} name, price and stock only." if plain.total > 1 else "It shows name, price and stock only.",
        "",
        "/desk/items?state=plain",
        "Look",
    )


def _old_stock(db: Session, retailer: Retailer, at: datetime) -> Iterator[Waiting]:
    old = list_uncounted(db, retailer.id, at=at)
    if len(old) > _NAMED_STORES:
        yield Waiting(
            f"Stock of {len(old):,} stores is up to {said_age(at - old[0][1])} old",
            "Shoppers are told to ask. The feed may have stopped.",
            "",
            "/desk/items/files",
            "Send a file",
        )
        return
    for store, as_of in old:
        yield Waiting(
            f"Stock of {store.short_name} is {said_age(at - as_of)} old",
            "Shoppers are told to ask. Its feed may have stopped.",
            "",
            f"/desk/stores/{store.id}",
            "Look",
        )


# --- the numbers -------------------------------------------------------------------------------------


def _figures(db: Session, retailer: Retailer, today: date) -> Iterator[DayFigure]:
    by_day = count_by_day(db, Span(retailer.id, today - timedelta(days=8), today + timedelta(days=1)))
    yesterday, week_before = today - timedelta(days=1), today - timedelta(days=8)
    for name, kind in _FIGURES:
        count, before = by_day.get(yesterday, {}).get(kind, 0), by_day.get(week_before, {}).get(kind, 0)
        yield DayFigure(name, f"{count:,}", _compared(count, before), f"{by_day.get(today, {}).get(kind, 0):,}")


def _compared(count: int, before: int) -> str:
    if not before:
        return "None a week before." if count else "None a week before either."
    change = round(100 * (count - before) / before)
    if not change:
        return f"As many as a week before ({before:,})."
    return f"{abs(change)} % {'more' if change > 0 else 'less'} than a week before ({before:,})."

"""The timeline: what shoppers see, where and when; what shows at a moment, past or to come."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import REVIEWERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content.holding import Place
from qrmerch.desk.moments import Asked, show_moment
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.previews import answer_page
from qrmerch.desk.timeline_pages import Lane, MomentForm, TimelinePage
from qrmerch.desk.timeline_view import WEEKS, Filter, Lanes, Window, list_touched
from qrmerch.desk.times import clock_of
from qrmerch.downloads import csv_response
from qrmerch.errors import NotFound
from qrmerch.i18n import language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.web import get_db, parse_form_instant, render, search_words

blueprint = Blueprint("desk_timeline", __name__)

_PER_PAGE: Final = 12
_PER_FILE: Final = 2_000
_YEARS: Final = range(2000, 2200)


@blueprint.get("/desk/timeline")
@allow(*REVIEWERS)
def show() -> Response:
    """Four weeks of lanes: `find`, `store`, `locale`, `from`, `page`; a moment: `item`, `in`, `lang`, `day`, `time`."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    stores = list_stores(db, retailer.id)
    window, wanted, number = _window(retailer, at), _filter(retailer, stores), page_number()
    items, total = list_touched(db, retailer, window, wanted, page=number, per_page=_PER_PAGE)
    lanes = Lanes(db, items, retailer, stores, window).made(wanted)
    form, asked = _asked(db, retailer, stores, items, wanted, at)
    is_inside = window.since <= at < window.until
    local = at.astimezone(ZoneInfo(retailer.time_zone))
    page = TimelinePage(
        lede="What shoppers see, where and when. Scheduling is only a date: nothing has to run for a page to change.",
        find=wanted.find,
        stores=(("", "All stores"), *((store.id, store.short_name) for store in stores)),
        store_id=wanted.store_id,
        locales=(("", "All"), *((each, language_name(each, "en")) for each in locales_of(retailer))),
        locale=wanted.locale,
        first_day=window.first.isoformat(),
        heading=f"Four weeks from {window.first.day} {window.first:%B}",
        say=_say(lanes),
        is_filtered=bool(wanted.find or wanted.store_id or wanted.locale),
        weeks=tuple(
            (f"{(window.first + timedelta(days=7 * week)):%-d %b}", window.percent(window.day(7 * week)))
            for week in range(WEEKS)
        ),
        now=window.percent(at) if is_inside else None,
        now_said=f"Now, {local:%a} {local.day} {local:%B} {local:%H:%M}" if is_inside else "",
        lanes=tuple(lanes),
        before_href=here(**{"from": (window.first - timedelta(days=7 * WEEKS)).isoformat()}),
        after_href=here(**{"from": (window.first + timedelta(days=7 * WEEKS)).isoformat()}),
        paging=paging("item", shown=len(items), total=total, number=number, per_page=_PER_PAGE),
        csv_href=here("/desk/timeline.csv"),
        asked=form,
        moment=show_moment(db, asked, stores, now=at) if asked else None,
    )
    return render("desk/timeline.html", page, status=422 if form.problem else 200)


@blueprint.get("/desk/timeline.csv")
@allow(*REVIEWERS)
def download() -> Response:
    """The same lanes, without pages."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    stores = list_stores(db, retailer.id)
    window, wanted = _window(retailer, at), _filter(retailer, stores)
    items, _ = list_touched(db, retailer, window, wanted, page=1, per_page=_PER_FILE)
    lanes = Lanes(db, items, retailer, stores, window).made(wanted)
    return csv_response(
        f"timeline-{window.first.isoformat()}",
        said=(
            f"What shows from {window.first.isoformat()} for four weeks, as it stands now.",
            f"One line for each item and scope; times by the clock of its first store, else of {retailer.time_zone}.",
        ),
        heads=("Item", "Stores, languages, hours", "Shows now", "From", "Until", "In these weeks"),
        rows=[(each.title, each.scope, each.now, each.begins, each.until, each.said) for each in lanes],
    )


@blueprint.get("/desk/timeline/page")
@allow(*REVIEWERS)
def show_page() -> Response:
    """The page of `item` as it shows in `store` and `locale` at the instant `at`, for the phone."""
    db = get_db()
    item = get_item(db, request.args.get("item", ""))
    retailer = get_retailer(db, item.retailer_id)
    store_id = request.args.get("store", "")
    try:
        at = datetime.fromisoformat(request.args.get("at", ""))
    except ValueError:
        raise NotFound("This is no moment.") from None
    if at.tzinfo is None or at.year not in _YEARS:
        raise NotFound("This is no moment.")
    return answer_page(
        db,
        item.id,
        retailer,
        revision=None,
        locale=request.args.get("locale", ""),
        scheme=request.args.get("scheme", ""),
        at=at.astimezone(UTC),
        store_id=store_id if store_id in {store.id for store in list_stores(db, retailer.id)} else None,
    )


def _window(retailer: Retailer, at: datetime) -> Window:
    today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
    try:
        first = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        first = today - timedelta(days=7)
    if first.year not in _YEARS:
        first = today
    return Window(first - timedelta(days=first.weekday()), retailer.time_zone, at)


def _filter(retailer: Retailer, stores: Sequence[Store]) -> Filter:
    store_id, locale = request.args.get("store", ""), request.args.get("locale", "")
    return Filter(
        search_words(request.args.get("find", "")),
        store_id if store_id in {store.id for store in stores} else "",
        locale if locale in locales_of(retailer) else "",
    )


def _say(lanes: Sequence[Lane]) -> str:
    """What the lanes of this page come to, in a sentence or two."""
    kinds = {kind: {lane.title for lane in lanes for bar in lane.bars if bar.kind == kind} for kind in ("live", "down")}
    starts = {lane.title for lane in lanes if any(bar.kind == "soon" for bar in lane.bars)} - kinds["live"]
    counts = Counter({kind: len(titles) for kind, titles in kinds.items()})
    said = [f"{counts['live']} {'item is' if counts['live'] == 1 else 'items are'} live here"]
    if starts:
        said.append(f"{len(starts)} more {'has' if len(starts) == 1 else 'have'} a start")
    down = sorted(kinds["down"])
    if not down:
        return f"{', '.join(said)}."
    taken = f"{down[0]} is taken down" if len(down) == 1 else f"{len(down)} are taken down"
    return f"{', '.join(said)}. {taken} in every store."


# --- a moment --------------------------------------------------------------------------------------


def _asked(
    db: Session, retailer: Retailer, stores: Sequence[Store], items: Sequence[Item], wanted: Filter, at: datetime
) -> tuple[MomentForm, Asked | None]:
    """The form for a moment as it was sent, and the moment; none where nothing, or no day and time, was asked for."""
    args = request.args
    item = get_item(db, args["item"]) if args.get("item") else None
    chosen = args.get("in", wanted.store_id)
    store = next((each for each in stores if each.id == chosen), None)
    zone = store.time_zone if store else retailer.time_zone
    spoken = args.get("lang", wanted.locale)
    locale = spoken if spoken in locales_of(retailer) else retailer.default_locale
    local = at.astimezone(ZoneInfo(zone))
    day, clock = args.get("day") or f"{local:%Y-%m-%d}", args.get("time") or f"{local:%H:%M}"
    problem, instant = "", None
    try:
        minute = parse_form_instant(f"{day}T{clock}", zone)
        # What was published within a minute shows in it.
        instant = minute and minute.replace(second=59, microsecond=999_999)
    except ValueError:
        problem = "This is no day and time. Choose both, such as 2026-12-06 and 13:00."
    listed = {each.id: each.title for each in (*([item] if item else []), *items)}
    form = MomentForm(
        items=tuple(listed.items()),
        item_id=item.id if item else "",
        stores=(("", "None in particular"), *((each.id, each.short_name) for each in stores)),
        store_id=store.id if store else "",
        locales=tuple((each, language_name(each, "en")) for each in locales_of(retailer)),
        locale=locale,
        day=day,
        time=clock,
        zone=clock_of(zone),
        problem=problem,
    )
    if item is None or instant is None:
        return form, None
    return form, Asked(item, Place(store.id if store else None, zone, locale), instant.astimezone(UTC))

"""What the overview and an item's page have in common: the form, tiles, the days and how good the numbers are."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from qrmerch import charts
from qrmerch.charts import Chart, Point
from qrmerch.insights.figures import Counts, House
from qrmerch.insights.filters import PRESETS, Filters, Period, last_days, short_date
from qrmerch.insights.pages import FilterForm, Quality, Tile
from qrmerch.insights.sentences import change_percent, change_words, counted, of_hundred, share
from qrmerch.scans.queries import Reading

_LATE = timedelta(minutes=1)


def filter_form(action: str, house: House, filters: Filters, problems: dict[str, str]) -> FilterForm:
    """The form that this view came from, and the links to the last week, four weeks, quarter."""
    days = filters.period.days
    compared = "The day before" if days == 1 else f"The {days} days before"
    today = house.local.date()
    return FilterForm(
        action=action,
        store=filters.store_id,
        stores=(("", "All stores"), *((store.id, store.name) for store in house.stores.values())),
        since=filters.period.since_on.isoformat(),
        until=filters.period.last_on.isoformat(),
        comparison=filters.comparison.value,
        comparisons=(("before", compared), ("year", "Same weekdays last year"), ("nothing", "Nothing")),
        sort=filters.sort,
        problems=problems,
        presets=tuple(
            (
                f"{count} days",
                f"{action}?{filters.last(count, today=today).query()}",
                filters.period == last_days(count, today=today),
            )
            for count in PRESETS
        ),
    )


def lede(house: House, filters: Filters) -> str:
    """Which days and where; that today is not over."""
    where = house.store_name(filters.store_id) if filters.store_id else "all stores"
    said = f"{filters.period.text()}, {where}."
    if filters.period.since_on <= house.local.date() < filters.period.until_on:
        said += f" Today is not over: it counts until {house.local:%H:%M}."
    return said


def daily(period: Period, by_day: Mapping[date, Mapping[str, int]]) -> list[Counts]:
    """Counts of every day of the period, also of days without any."""
    return [Counts.of(by_day.get(day, {})) for day in period.dates()]


def days_chart(house: House, filters: Filters, now: list[Counts], before: list[Counts] | None) -> Chart:
    """Scans a day, with the period it is compared with; today, if it is the last day, is still being counted."""
    dates = filters.period.dates()
    points = [
        Point(short_date(day), counts.scans, before[at].scans if before else None)
        for at, (day, counts) in enumerate(zip(dates, now, strict=True))
    ]
    total = sum(counts.scans for counts in now)
    said = Markup("<b>{}</b>. {}").format(counted(total, "scan"), _best_day(points, total))
    if before is not None:
        earlier = sum(counts.scans for counts in before)
        said = Markup("<b>{}</b>{} {}").format(
            counted(total, "scan"), _compared(total, earlier, filters.compared_name), _best_day(points, total)
        )
    name = filters.compared_name.removeprefix("the ").capitalize()
    if name[:1].isdigit() or not name:
        name = name.lower()
    return charts.line(
        "Scans a day", said, points, before=name, is_unfinished=filters.period.last_on == house.local.date()
    )


def _compared(now: int, before: int, than: str) -> str:
    change = change_percent(now, before)
    if change is None:
        return f"; {than} had none."
    if not change:
        return f", as many as {than}."
    return f", {abs(change)} % {'more' if change > 0 else 'less'} than {than}."


def _best_day(points: list[Point], total: int) -> str:
    if len(points) < 2 or not total:
        return ""
    best = max(points, key=lambda point: point.value)
    return f"The best day was {best.label} with {best.value:,}."


def tile(name: str, now: list[int], before: int | None, than: str, *, say: str = "", small: str = "") -> Tile:
    """A figure of the period with its course by day; says how it stands to the one before unless told what to say."""
    total = sum(now)
    return Tile(name, f"{total:,}", say or change_words(total, before, than), charts.sparkline(now), small)


def claims_say(total: Counts) -> str:
    """How many claims reached a till, and how many a till refused."""
    if not total.claimed:
        return "Nothing was claimed."
    said = of_hundred(total.used, total.claimed, "claims", "reached a till")
    return f"{said} {counted(total.refused, 'was', 'were')} refused." if total.refused else said


def quality(
    house: House, reading: Reading, *, left_out: int, scans: int, maybe: int, corrected: int, late: int
) -> tuple[Quality, ...]:
    """What to know before trusting the numbers: how people are counted, what is left out, what is missing.

    :param corrected: among the scans, those that a rule had left out until it was withdrawn.
    :param late: among the scans, those that were counted when their day was closed.
    :param maybe: among the scans, those that may be the same phone again on a store's own Wi-Fi.
    """
    mode = (
        Quality("pass", "Counting scans only", "No visit is known, so nothing is told about what follows a scan.")
        if house.counts_only
        else Quality("pass", "Counting visits", "No cookie, nobody followed. Never read visits as people.")
    )
    return (
        mode,
        *((_maybe(scans, maybe),) if maybe else ()),
        *((_corrected(corrected),) if corrected else ()),
        *((_late(late),) if late else ()),
        *((_nodes(reading.nodes),) if reading.nodes > 1 else ()),
        Quality("pass", f"{left_out:,} left out", "Robots, previews and repeats, counted by their reason."),
        Quality("draft", "Sales not connected", "No till sends its receipts, so nothing is said about sales."),
        _lag(house, reading),
    )


def _maybe(scans: int, maybe: int) -> Quality:
    said = "On a store’s own Wi-Fi all phones look alike: they may be one phone twice. They are counted."
    return Quality("warn", f"{share(maybe, scans)} % perhaps repeats", said)


def _nodes(count: int) -> Quality:
    said = "Each sees repeats and bursts of its own answers only: a phone that is answered by two in turn counts twice."
    return Quality("draft", f"{count} nodes answer", said)


def _corrected(count: int) -> Quality:
    said = "A rule that took people for robots was withdrawn. None of these could be tried for repeats."
    return Quality("warn", f"{count:,} {'scan' if count == 1 else 'scans'} came back", said)


def _late(count: int) -> Quality:
    said = "Counted more than 72 hours after the end of their day: a report that was made before does not have them."
    return Quality("warn", f"{counted(count, 'scan')} came late", said)


def _lag(house: House, reading: Reading) -> Quality:
    """What was lost, and whether counting keeps up: an action waits for seconds, not for a minute."""
    missing = reading.lost_lines + reading.bad_lines
    is_late = reading.waiting_since is not None and house.at - reading.waiting_since > _LATE
    said = _last_read(house, reading)
    if is_late:
        since = _local(house, reading.waiting_since)
        said += f" {counted(reading.waiting, 'action waits', 'actions wait')} since {since} to be counted."
    if missing:
        return Quality("warn", f"{missing:,} lost", f"Openings that the disk did not take or that were torn. {said}")
    return Quality("warn" if is_late else "pass", "Counting is late" if is_late else "0 late, 0 lost", said)


def _last_read(house: House, reading: Reading) -> str:
    if reading.read_at is None:
        return "Nothing was opened yet."
    seconds = max(0, round((house.at - reading.read_at).total_seconds()))
    if seconds < 120:
        return f"Last opening counted {seconds} s ago."
    return f"Last opening counted {_local(house, reading.read_at)}."


def _local(house: House, at: datetime | None) -> str:
    local = (at or house.at).astimezone(ZoneInfo(house.retailer.time_zone))
    day = "" if local.date() == house.local.date() else f"{local.day} {local:%B}, "
    return f"{day}{local:%H:%M}"

"""What a page of numbers is asked for: which store, which days, compared with which; the address says it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

USUAL_DAYS: Final = 28
MAX_DAYS: Final = 400
PRESETS: Final = (7, 28, 90)


class Comparison(StrEnum):
    """What a period is compared with."""

    BEFORE = "before"
    YEAR = "year"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Period:
    """Business days from `since_on` (counted) to `until_on` (not counted)."""

    since_on: date
    until_on: date

    @property
    def days(self) -> int:
        return (self.until_on - self.since_on).days

    @property
    def last_on(self) -> date:
        return self.until_on - timedelta(days=1)

    def dates(self) -> list[date]:
        return [self.since_on + timedelta(days=n) for n in range(self.days)]

    def earlier(self, days: int) -> "Period":
        """The same number of days, so many days earlier."""
        return Period(self.since_on - timedelta(days=days), self.until_on - timedelta(days=days))

    def text(self) -> str:
        """As people say it: `12 to 18 November 2026`, `4 November to 1 December 2026`."""
        if self.days == 1:
            return long_date(self.since_on)
        first = f"{self.since_on.day}"
        if (self.since_on.year, self.since_on.month) != (self.last_on.year, self.last_on.month):
            first += f" {self.since_on:%B}"
        if self.since_on.year != self.last_on.year:
            first += f" {self.since_on.year}"
        return f"{first} to {long_date(self.last_on)}"


@dataclass(frozen=True, slots=True)
class Filters:
    """One view of the numbers, as its address says it."""

    period: Period
    store_id: str
    comparison: Comparison
    sort: str = ""

    @property
    def compared(self) -> Period | None:
        """The period it is compared with, if any."""
        if self.comparison is Comparison.BEFORE:
            return self.period.earlier(self.period.days)
        # 52 weeks: the same weekdays.
        return self.period.earlier(364) if self.comparison is Comparison.YEAR else None

    @property
    def compared_name(self) -> str:
        if self.comparison is Comparison.YEAR:
            return "a year ago"
        if self.comparison is Comparison.NOTHING:
            return ""
        return "the day before" if self.period.days == 1 else f"the {self.period.days} days before"

    def query(self, **changes: str) -> str:
        """The part of an address after `?`, with changes; what is usual is left out by nobody, so it can be shared."""
        said = {
            "store": self.store_id,
            "from": self.period.since_on.isoformat(),
            "to": self.period.last_on.isoformat(),
            "with": self.comparison.value,
            "sort": self.sort,
            **changes,
        }
        return urlencode({name: value for name, value in said.items() if value})

    def last(self, days: int, *, today: date) -> "Filters":
        """The same view of the last so many days, today among them."""
        return replace(self, period=last_days(days, today=today))


def last_days(days: int, *, today: date) -> Period:
    """So many days, of which today is the last."""
    until_on = today + timedelta(days=1)
    return Period(until_on - timedelta(days=days), until_on)


def read_filters(
    fields: Mapping[str, str], *, today: date, store_ids: Sequence[str], sorts: Sequence[str] = ()
) -> tuple[Filters, dict[str, str]]:
    """The view that an address asks for, and by field what in it could not be taken.

    A field that cannot be taken leaves the usual value in its place, so that there is always something to show.
    """
    problems: dict[str, str] = {}
    usual = last_days(USUAL_DAYS, today=today)
    last_on = _read_day(fields, "to", usual.last_on, problems)
    since_on = _read_day(fields, "from", last_on - timedelta(days=USUAL_DAYS - 1), problems)
    period = Period(since_on, last_on + timedelta(days=1))
    if not problems and period.days < 1:
        problems["to"] = f"This is before {long_date(since_on)}. Choose a day that is not."
    if not problems and period.days > MAX_DAYS:
        problems["from"] = f"At most {MAX_DAYS} days at once; these are {period.days}."
    store_id = fields.get("store", "")
    if store_id and store_id not in store_ids:
        problems["store"] = "There is no such store. All stores are shown."
        store_id = ""
    comparison = fields.get("with", "")
    return (
        Filters(
            period=usual if "to" in problems or "from" in problems else period,
            store_id=store_id,
            comparison=Comparison(comparison) if comparison in set(Comparison) else Comparison.BEFORE,
            sort=fields.get("sort", "") if fields.get("sort", "").lstrip("-") in sorts else "",
        ),
        problems,
    )


def _read_day(fields: Mapping[str, str], name: str, usual: date, problems: dict[str, str]) -> date:
    text = fields.get(name, "")
    if not text:
        return usual
    try:
        day = date.fromisoformat(text)
    except ValueError:
        problems[name] = "This is not a day. Write it like 2026-11-24."
        return usual
    if not 2000 <= day.year <= 2200:
        problems[name] = "Choose a year between 2000 and 2200."
        return usual
    return day


def short_date(day: date) -> str:
    """`Sat 28 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def long_date(day: date) -> str:
    """`28 November 2026`."""
    return f"{day.day} {day:%B} {day.year}"

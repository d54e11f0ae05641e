"""What the address of a page of numbers asks for."""

from datetime import date

import pytest

from qrmerch.insights.filters import Comparison, Filters, Period, read_filters

TODAY = date(2026, 12, 2)


def read(**fields: str) -> tuple[Filters, dict[str, str]]:
    named = {name.removesuffix("_"): text for name, text in fields.items()}
    return read_filters(named, today=TODAY, store_ids=["riverside"], sorts=["scans"])


def test_the_usual_view_is_the_last_28_days_with_today() -> None:
    filters, problems = read()

    assert filters.period == Period(date(2026, 11, 5), date(2026, 12, 3))
    assert filters.compared == Period(date(2026, 10, 8), date(2026, 11, 5))
    assert not problems


def test_the_last_day_asked_for_is_counted() -> None:
    filters, _ = read(from_="2026-11-01", to="2026-11-30")

    assert filters.period.days == 30
    assert filters.period.last_on == date(2026, 11, 30)


def test_a_year_ago_means_the_same_weekdays() -> None:
    filters, _ = read(from_="2026-11-02", to="2026-11-08", with_="year")

    assert filters.compared is not None
    assert filters.compared.since_on.weekday() == filters.period.since_on.weekday()
    assert filters.compared_name == "a year ago"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"from_": "0001-01-01"}, "from"),
        ({"from_": "2026-11-30", "to": "2026-11-01"}, "to"),
        ({"from_": "2020-01-01"}, "from"),
        ({"store": "of-another-house"}, "store"),
    ],
)
def test_what_cannot_be_taken_is_named_and_the_usual_is_shown(fields: dict[str, str], named: str) -> None:
    filters, problems = read(**fields)

    assert list(problems) == [named]
    assert filters.period.days == 28 and filters.store_id == ""


def test_a_view_is_its_address() -> None:
    filters, _ = read(store="riverside", from_="2026-11-01", to="2026-11-30", with_="nothing", sort="-scans")

    query = filters.query()
    assert query == "store=riverside&from=2026-11-01&to=2026-11-30&with=nothing&sort=-scans"
    assert filters.comparison is Comparison.NOTHING and filters.compared is None


def test_an_unknown_sort_is_ignored() -> None:
    assert read(sort="-password")[0].sort == ""


def test_a_period_is_said_as_people_say_it() -> None:
    assert Period(date(2026, 11, 4), date(2026, 12, 2)).text() == "4 November to 1 December 2026"
    assert Period(date(2026, 11, 12), date(2026, 11, 19)).text() == "12 to 18 November 2026"
    assert Period(date(2026, 12, 2), date(2026, 12, 3)).text() == "2 December 2026"
    assert Period(date(2026, 12, 30), date(2027, 1, 3)).text() == "30 December 2026 to 2 January 2027"

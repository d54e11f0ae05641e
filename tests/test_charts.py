"""Charts say their numbers, hold what they are given, and never carry style or script."""

import re

import pytest
from markupsafe import Markup

from qrmerch import charts
from qrmerch.charts import Chart, Mark, Point, Step

WEEK = [Point("Mon", 178, 160), Point("Tue", 186, 170), Point("Sat", 371, 320)]


def every_chart() -> list[Chart]:
    return [
        charts.line("Scans a day", "Most on Saturday.", WEEK, before="last week", marks=[Mark(1, "Offer begins")]),
        charts.bars("Scans by hour", "Most at noon.", [Point("12", 9), Point("13", 3)]),
        charts.heat("When", "At noon.", row_labels=["Mon"], column_labels=["12", "13"], values=[[9, 0]]),
        charts.funnel("Scan to sale", "Few keep.", [Step("Scanned", 10, ""), Step("Bought", None, "Not connected")]),
    ]


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: str(chart.title))
def test_no_chart_needs_inline_style_or_script(chart: Chart) -> None:
    assert "style=" not in chart.body and "<script" not in chart.body
    assert not re.search(r"\son\w+=", chart.body)


def test_every_point_of_a_line_says_its_number_and_the_one_before() -> None:
    chart = charts.line("Scans a day", "Most on Saturday.", WEEK, before="last week")

    titles = re.findall(r"<title>(.*?)</title>", chart.body)
    assert titles == ["Mon: 178; last week 160", "Tue: 186; last week 170", "Sat: 371; last week 320"]


def test_the_table_behind_a_line_holds_the_same_numbers() -> None:
    chart = charts.line("Scans a day", "Most on Saturday.", WEEK, before="Last week")

    assert chart.heads == ("Day", "This period", "Last week")
    assert chart.rows[2] == ("Sat", "371", "320")


def test_the_sentence_is_the_pictures_name_without_mark_up() -> None:
    chart = charts.line("Scans a day", Markup("<b>Most</b> on Saturday."), WEEK)

    assert 'aria-label="Most on Saturday."' in chart.body


def test_labels_are_escaped() -> None:
    hostile = '<img src=x onerror="a">'
    drawn = [
        charts.line("A", hostile, [Point(hostile, 1, 2)], this=hostile, before=hostile, marks=[Mark(0, hostile)]),
        charts.bars("A", hostile, [Point(hostile, 1)]),
        charts.heat("A", "", row_labels=[hostile], column_labels=[hostile], values=[[1]]),
        charts.funnel("A", "", [Step(hostile, 1, hostile)]),
    ]

    assert not any("<img" in chart.body for chart in drawn)


@pytest.mark.parametrize("points", [[], [Point("Mon", 0)], [Point("Mon", 5)], [Point("Mon", 0), Point("Tue", 0)]])
def test_a_line_can_be_drawn_of_nothing_and_of_little(points: list[Point]) -> None:
    chart = charts.line("Scans a day", "Nothing yet.", points)

    assert "nan" not in chart.body and len(chart.rows) == len(points)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 4), (4, 4), (5, 8), (33, 40), (41, 48), (427, 480), (329, 400), (1575, 1600)]
)
def test_an_axis_holds_its_values_and_quarters_into_whole_numbers(highest: int, top: int) -> None:
    assert charts.nice_top(highest) == top
    assert charts.nice_top(highest) % 4 == 0


def test_the_strongest_tint_is_the_largest_value_and_none_exceeds_it() -> None:
    assert [charts.heat_step(value, 70) for value in (0, 10, 35, 69, 70)] == [0, 1, 4, 7, 7]
    assert charts.heat_step(0, 0) == 0


def test_a_stage_without_data_is_dashed_and_not_zero() -> None:
    chart = charts.funnel("Scan to sale", "", [Step("Scanned", 10, ""), Step("Bought", None, "Not connected")])

    assert 'class="off"' in chart.body
    assert chart.rows[1] == ("Bought", "–", "Not connected")


def test_a_sparkline_of_nothing_is_nothing() -> None:
    assert charts.sparkline([]) == charts.sparkline([3]) == charts.sparkline([0, 0]) == ""
    assert "polyline" in charts.sparkline([1, 2])


def test_the_bar_of_the_first_rank_is_full() -> None:
    assert 'width="100.0%"' in charts.rank_bar(857, 857)
    assert 'width="0.0%"' in charts.rank_bar(0, 0)

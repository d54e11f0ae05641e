"""A page that shows every component of the staff side with its states."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response
from markupsafe import Markup

from qrmerch import charts
from qrmerch.access import allow_signed_in
from qrmerch.charts import Chart, Point, Step
from qrmerch.web import render

blueprint = Blueprint("components", __name__)

_WEEK = (("Mon", 178, 160), ("Tue", 186, 170), ("Wed", 201, 176), ("Thu", 214, 190), ("Fri", 262, 231))
_WEEKEND = (("Sat", 371, 320), ("Sun", 248, 230))
_DAY = ((11, 8), (12, 24), (13, 42), (14, 38), (15, 40), (16, 31), (17, 22), (18, 9))


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    """`desk/ui.html`"""

    line: Chart
    bars: Chart
    heat: Chart
    funnel: Chart
    spark: Markup
    rank_bars: tuple[Markup, ...]
    problems: dict[str, str]
    today: date


@blueprint.get("/desk/ui")
@allow_signed_in
def show() -> Response:
    """Show every component; the numbers are samples."""
    points = [Point(day, now, before) for day, now, before in _WEEK + _WEEKEND]
    said = Markup("<b>Twice as many at the weekend</b> as on Mondays.")
    values = [[(hour * 7 + day * 5) % 71 if hour > 10 else 0 for hour in range(9, 21)] for day in range(7)]
    page = ComponentsPage(
        line=charts.line("Scans a day", said, points, this="This week", before="Last week"),
        bars=charts.bars("Scans by hour", "Most between 13 and 16.", [Point(f"{h}", n) for h, n in _DAY]),
        heat=charts.heat(
            "When shoppers scan",
            "Stronger is more.",
            row_labels=[day for day, _, _ in _WEEK + _WEEKEND],
            column_labels=[str(hour) for hour in range(9, 21)],
            values=values,
        ),
        funnel=charts.funnel("From scan to sale", "Kept is where most are lost.", _steps()),
        spark=charts.sparkline([now for _, now, _ in _WEEK + _WEEKEND]),
        rank_bars=tuple(charts.rank_bar(count, 857) for count in (857, 252)),
        problems={"price": "This is not an amount we can read. Write 28.00."},
        today=date(2026, 12, 2),
    )
    return render("desk/ui.html", page)


def _steps() -> list[Step]:
    return [
        Step("Scanned", 857, "2 codes, 1 store"),
        Step("Viewed", 780, "91 % of scans"),
        Step("Kept", 148, "19 % of views"),
        Step("Bought", None, "Not connected"),
    ]

"""Pictures of numbers, drawn on the server as SVG.

In: labelled numbers and the sentence that says what they show.
Out: a `Chart`: title, sentence, markup without inline style or script (colours come from `css/staff.css`), and
the same numbers as a table. Every point has a native title; text is HTML beside the SVG, so it never shrinks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 700, 196
HEAT_STEPS = 8
_TOPS = (4, 8, 12, 16, 20, 24, 32, 40, 48, 60)
_EMPTY = Markup("")


@dataclass(frozen=True, slots=True)
class Chart:
    """A finding: what it says, how it looks, and the numbers behind it."""

    title: str
    said: str
    body: Markup
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One place on a line or one bar; `before` is the value it is compared with, if any."""

    label: str
    value: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one of a line's points, counted from 0."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of a funnel. `count` is None where nothing can be counted; `note` names the denominator, or why not."""

    label: str
    count: int | None
    note: str


def line(
    title: str,
    said: str,
    points: Sequence[Point],
    *,
    this: str = "This period",
    before: str = "",
    marks: Sequence[Mark] = (),
    head: str = "Day",
    is_unfinished: bool = False,
) -> Chart:
    """A line of values over time, this period solid and the one before dotted.

    :param before: the name of what it is compared with; empty for no comparison.
    :param is_unfinished: the last point is still being counted, so that the way to it is not a fall.
    """
    values = [p.value for p in points]
    over = len(values) - 1 if is_unfinished and len(values) > 2 else len(values)
    top = nice_top(max([p.value for p in points] + [p.before or 0 for p in points], default=0))
    compared = [p.before or 0 for p in points] if before else []
    drawing = Markup("").join(
        (
            _grid(),
            _area(values[:over], top, of=len(values)),
            _polyline("l2", compared, top),
            _polyline("l1", values[:over], top, of=len(values)),
            _polyline("l1 open", values[over - 1 :], top, of=len(values), at=over - 1)
            if over < len(values)
            else _EMPTY,
            *(_mark(mark, len(points)) for mark in marks),
            *_hits(points, before),
        )
    )
    key = _key(this, before, marks)
    body = key + _plot(drawing, said, top, _spaced([p.label for p in points]))
    return Chart(title, said, body, *_table(points, head, this, before))


def bars(
    title: str, said: str, points: Sequence[Point], *, this: str = "Scans", before: str = "", head: str = "Hour"
) -> Chart:
    """Upright bars, for a few values that are not a course of time or of one day only."""
    top = nice_top(max([p.value for p in points], default=0))
    slot = WIDTH / max(1, len(points))
    drawn = (
        Markup(
            '<rect class="upright" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
        ).format(
            slot * at + slot * 0.15, _y(p.value, top), slot * 0.7, HEIGHT - _y(p.value, top), _say_point(p, before)
        )
        for at, p in enumerate(points)
    )
    body = _plot(_grid() + Markup("").join(drawn), said, top, [p.label for p in points], is_slotted=True)
    return Chart(title, said, body, *_table(points, head, this, before))


def heat(
    title: str,
    said: str,
    *,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    values: Sequence[Sequence[int]],
) -> Chart:
    """A table whose cells are tinted: stronger is more. It is its own table, so `rows` is empty."""
    top = max((value for row in values for value in row), default=0)
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(label) for label in column_labels)
    lines = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            label,
            Markup("").join(
                Markup('<td class="h{}" title="{}">{}</td>').format(
                    heat_step(value, top), f"{label} {column}: {value:,}", f"{value:,}"
                )
                for column, value in zip(column_labels, row, strict=True)
            ),
        )
        for label, row in zip(row_labels, values, strict=True)
    )
    body = Markup(
        '<div class="tw" tabindex="0" role="region" aria-label="{title}, table"><table class="heat">'
        '<caption class="vh">{title}</caption><thead><tr><td class="rowh"></td>{heads}</tr></thead>'
        "<tbody>{lines}</tbody></table></div>"
    ).format(title=title, heads=heads, lines=lines)
    return Chart(title, said, body, (), ())


def funnel(title: str, said: str, steps: Sequence[Step]) -> Chart:
    """Bars from one stage to the next, each with its denominator; dashed where a stage is not connected."""
    top = max((step.count or 0 for step in steps), default=0)
    drawn = Markup("").join(
        Markup('<li><span>{}</span>{}<span class="num">{}</span><small>{}</small></li>').format(
            step.label, _funnel_bar(step, top), "–" if step.count is None else f"{step.count:,}", step.note
        )
        for step in steps
    )
    rows = tuple((s.label, "–" if s.count is None else f"{s.count:,}", s.note) for s in steps)
    return Chart(title, said, Markup('<ol class="fun">{}</ol>').format(drawn), ("Step", "Count", "Of what"), rows)


def sparkline(values: Sequence[int]) -> Markup:
    """The course of a figure, small, without axis; nothing when there is too little to draw."""
    if len(values) < 2 or not any(values):
        return _EMPTY
    low, high = min(values), max(values)
    step = 100 / (len(values) - 1)
    points = " ".join(f"{at * step:.1f},{22 - 20 * (v - low) / max(1, high - low):.1f}" for at, v in enumerate(values))
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline points="{}"/></svg>'
    ).format(points)


def rank_bar(value: int, top: int) -> Markup:
    """The tint behind a name in a ranked table; the table itself is the chart (class `rank`)."""
    share = 100 * value / top if top else 0
    return Markup('<svg class="rb" aria-hidden="true"><rect width="{:.1f}%" height="100%" rx="4"/></svg>').format(share)


def nice_top(highest: int) -> int:
    """The top of an axis that holds `highest` and can be quartered into whole numbers."""
    scale = 1
    while True:
        for top in _TOPS:
            if top * scale >= highest:
                return top * scale
        scale *= 10


def heat_step(value: int, top: int) -> int:
    """Which of the 8 tints a value has, 0 the palest."""
    return min(HEAT_STEPS - 1, HEAT_STEPS * value // top) if top else 0


# --- parts of a plot -------------------------------------------------------------------------------


def _plot(drawing: Markup, said: str, top: int, labels: Sequence[str], *, is_slotted: bool = False) -> Markup:
    scale = Markup("").join(Markup("<span>{}</span>").format(f"{top * part // 4:,}") for part in (4, 3, 2, 1, 0))
    below = Markup("").join(Markup("<span>{}</span>").format(label) for label in labels)
    return Markup(
        '<div class="plot"><div class="y" aria-hidden="true">{scale}</div>'
        '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{said}">{drawing}</svg>'
        '<div class="x{slotted}" aria-hidden="true">{below}</div></div>'
    ).format(
        scale=scale,
        width=WIDTH,
        height=HEIGHT,
        said=_unmarked(said),
        drawing=drawing,
        slotted=" slots-x" if is_slotted else "",
        below=below,
    )


def _unmarked(said: str) -> str:
    return said.striptags() if isinstance(said, Markup) else said


def _grid() -> Markup:
    return Markup("").join(
        Markup('<line class="g{}" x1="0" x2="{}" y1="{y}" y2="{y}"/>').format(
            " g0" if part == 4 else "", WIDTH, y=HEIGHT * part // 4
        )
        for part in (4, 3, 2, 1, 0)
    )


def _x(at: int, count: int) -> float:
    return WIDTH * at / (count - 1) if count > 1 else WIDTH / 2


def _y(value: int, top: int) -> float:
    return HEIGHT * (1 - value / top)


def _coordinates(values: Sequence[int], top: int, *, of: int = 0, at: int = 0) -> str:
    """Where values lie that begin at the place `at` among `of`."""
    count = of or len(values)
    return " ".join(f"{_x(place, count):.1f},{_y(value, top):.1f}" for place, value in enumerate(values, start=at))


def _polyline(css_class: str, values: Sequence[int], top: int, *, of: int = 0, at: int = 0) -> Markup:
    if not values:
        return _EMPTY
    return Markup('<polyline class="{}" points="{}"/>').format(css_class, _coordinates(values, top, of=of, at=at))


def _area(values: Sequence[int], top: int, *, of: int) -> Markup:
    if len(values) < 2:
        return _EMPTY
    return Markup('<polygon class="area" points="0,{h} {points} {w:.1f},{h}"/>').format(
        points=_coordinates(values, top, of=of), w=_x(len(values) - 1, of), h=HEIGHT
    )


def _mark(mark: Mark, count: int) -> Markup:
    return Markup('<line class="mkl" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{}"/>').format(HEIGHT, x=_x(mark.at, count))


def _hits(points: Sequence[Point], before: str) -> list[Markup]:
    """One invisible column for each point, half way to its neighbours, that says the point's numbers."""
    places = [_x(at, len(points)) for at in range(len(points))]
    edges = [0.0, *((left + right) / 2 for left, right in pairwise(places)), float(WIDTH)]
    return [
        Markup('<rect class="hit" x="{:.1f}" y="0" width="{:.1f}" height="{}"><title>{}</title></rect>').format(
            left, right - left, HEIGHT, _say_point(point, before)
        )
        for (left, right), point in zip(pairwise(edges), points, strict=False)
    ]


def _say_point(point: Point, before: str) -> str:
    compared = f"; {before} {point.before:,}" if before and point.before is not None else ""
    return f"{point.label}: {point.value:,}{compared}"


def _key(this: str, before: str, marks: Sequence[Mark]) -> Markup:
    entries = [("l1", "M1 4h16", this)]
    if before:
        entries.append(("l2", "M1 4h16", before))
    entries.extend(("mkl", "M9 0v8", mark.label) for mark in marks)
    if len(entries) == 1:
        return _EMPTY
    lines = Markup("").join(
        Markup('<li><svg viewBox="0 0 18 8" aria-hidden="true"><path class="{}" d="{}"/></svg>{}</li>').format(*entry)
        for entry in entries
    )
    return Markup('<ul class="key">{}</ul>').format(lines)


def _spaced(labels: Sequence[str]) -> list[str]:
    """At most four labels, the first and the last among them."""
    last = len(labels) - 1
    if last < 3:
        return list(labels)
    return [labels[round(last * part / 3)] for part in range(4)]


def _funnel_bar(step: Step, top: int) -> Markup:
    if step.count is None:
        return Markup('<svg aria-hidden="true"><rect class="off" x="1" y="1" width="98%" height="20" rx="3"/></svg>')
    share = 100 * step.count / top if top else 0
    return Markup('<svg aria-hidden="true"><rect width="{:.1f}%" height="100%" rx="3"/></svg>').format(share)


def _table(
    points: Sequence[Point], head: str, this: str, before: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if not before:
        return (head, this), tuple((p.label, f"{p.value:,}") for p in points)
    rows = tuple((p.label, f"{p.value:,}", "–" if p.before is None else f"{p.before:,}") for p in points)
    return (head, this, before), rows

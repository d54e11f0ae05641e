"""Ranked tables: named things with their counts, sorted as the address says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qrmerch.charts import rank_bar
from qrmerch.insights.figures import Counts
from qrmerch.insights.filters import Filters
from qrmerch.insights.pages import Head, RankedRow, Ranking
from qrmerch.insights.sentences import change_percent, share

# Column word to the word in the address; with a minus before it the largest comes first.
COLUMNS: Final = {
    "Scans": "scans",
    "Change": "change",
    "Viewed": "viewed",
    "Kept": "kept",
    "Claimed": "claimed",
    "Used": "used",
}
SORTS: Final = ("name", *COLUMNS.values())


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to rank: its name, what was counted now and before, and where its name leads."""

    name: str
    now: Counts
    before: Counts | None
    href: str = ""
    sub: str = ""
    id: str = ""

    def value(self, column: str) -> float:
        """What it is sorted by; a share for those that are shown as one."""
        if column == "change":
            return change_percent(self.now.scans, self.before.scans if self.before else None) or 0
        if column in ("viewed", "kept"):
            part = self.now.scan_views if column == "viewed" else self.now.kept
            whole = self.now.scans if column == "viewed" else self.now.views
            return part / whole if whole else 0
        return float(getattr(self.now, column))


def rank(
    title: str,
    say: str,
    entries: Sequence[Entry],
    *,
    name: str,
    filters: Filters,
    action: str,
    limit: int | None = None,
    skip: int = 0,
) -> Ranking:
    """A table of entries, sorted as the address asks, `limit` lines after the first `skip`; the bar shows scans.

    :param action: the page whose heads lead back to itself with another sort.
    """
    sort = filters.sort or "-scans"
    column, backwards = sort.lstrip("-"), sort.startswith("-")
    if column == "name":
        ordered = sorted(entries, key=lambda entry: entry.name.casefold(), reverse=backwards)
    else:
        by_name = sorted(entries, key=lambda entry: entry.name.casefold())
        ordered = sorted(by_name, key=lambda entry: entry.value(column), reverse=backwards)
    top = max((entry.now.scans for entry in entries), default=0)
    heads = tuple(
        _head(label, key, column, is_backwards=backwards, filters=filters, action=action)
        for label, key in {name: "name", **COLUMNS}.items()
    )
    return Ranking(title, say, heads, tuple(_row(entry, top) for entry in ordered[skip:][:limit]), len(entries))


def _head(label: str, key: str, column: str, *, is_backwards: bool, filters: Filters, action: str) -> Head:
    is_sorted = key == column
    # Figures begin with the largest, names with A; a second press turns the order round.
    turned = f"-{key}" if (not is_backwards if is_sorted else key != "name") else key
    direction = ("descending" if is_backwards else "ascending") if is_sorted else ""
    return Head(label, f"{action}?{filters.query(sort=turned)}", direction)


def _row(entry: Entry, top: int) -> RankedRow:
    now = entry.now
    change = change_percent(now.scans, entry.before.scans if entry.before else None)
    return RankedRow(
        title=entry.name,
        href=entry.href,
        sub=entry.sub,
        id=entry.id,
        image="",
        bar=rank_bar(now.scans, top),
        scans=f"{now.scans:,}",
        change="" if change is None else _signed(change),
        change_class="up" if (change or 0) > 0 else "dn" if (change or 0) < 0 else "fl",
        viewed=f"{share(now.scan_views, now.scans)} %" if now.scans else "",
        kept=f"{share(now.kept, now.views)} %" if now.views else f"{now.kept:,}" if now.kept else "",
        claimed=f"{now.claimed:,}",
        used=f"{now.used:,}",
    )


def _signed(percent: int) -> str:
    sign = "+" if percent > 0 else "−" if percent < 0 else ""
    return f"{sign}{abs(percent)} %"

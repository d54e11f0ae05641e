"""What the numbers say, in a sentence: the finding first, then the figure."""

from typing import Final

WORDS: Final = (
    (
        "Scan",
        "A phone opened the page of a printed code. Robots, previews, repeats within 30 seconds and one’s own people "
        "are left out.",
    ),
    (
        "View",
        "A page was seen for a second, as it reports itself; also when reached without a code. No script, no view.",
    ),
    (
        "Engaged",
        "A visit in which a page was on the screen for ten seconds, something was kept, shared or claimed, or an "
        "associate was called.",
    ),
    ("Played", "A film or a recording was begun. Who played it is not known, so it belongs to no visit."),
    ("Viewed", "Of the scans: how many of the pages they opened were seen for a second."),
    (
        "Visit",
        "One stretch of looking: a scan, or a page reached without a code, and what follows until 30 minutes pass "
        "without anything, four hours at most; a page asked for after that begins another. Of phones that ask not to "
        "be told apart only scans and friends’ links begin one. Never read visits as people.",
    ),
    ("Kept", "A page’s heart was pressed. Taking it away again does not lower the count."),
    ("Claimed", "Somebody took an offer and got a code for the till."),
    ("Used", "A till or an associate honoured that code. A use that was undone is taken off."),
    ("Sale", "A line on a receipt. No till is connected, so nothing is said about sales."),
    (
        "Left out",
        "Openings that are no scan: they are counted by their reason and can be put back if a rule was wrong.",
    ),
    ("Day", "The store’s own day; for a code without a store, the retailer’s."),
)


def change_words(now: int, before: int | None, than: str) -> str:
    """How a figure stands to the one before: `13 % more than the 28 days before (6,195).`"""
    if before is None:
        return ""
    if not before:
        return "None then either." if not now else f"None {_in(than)}."
    change = round(100 * (now - before) / before)
    if not change:
        return f"As many as {than} ({before:,})."
    return f"{abs(change)} % {'more' if change > 0 else 'less'} than {than} ({before:,})."


def _in(than: str) -> str:
    return f"in {than}" if than.endswith("days before") else than


def change_percent(now: int, before: int | None) -> int | None:
    """By how many per cent a figure rose (or fell, negative); None where nothing was before."""
    return round(100 * (now - before) / before) if before else None


def of_hundred(part: int, whole: int, what: str, done: str) -> str:
    """`91 of 100 scans were looked at.`; says the plain counts where there are too few for a share."""
    if not whole:
        return f"No {what} to compare with."
    if part > whole:
        return f"More than there were {what}: {part:,} for {whole:,}."
    if whole < 100:
        return f"{part:,} of {whole:,} {what} {done}."
    return f"{share(part, whole)} of 100 {what} {done}."


def share(part: int, whole: int) -> int:
    """Whole per cents of `whole`; 0 of nothing."""
    return round(100 * part / whole) if whole else 0


def counted(number: int, one: str, many: str = "") -> str:
    """`1 scan`, `6,974 scans`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"

"""What a file's dry run found, as pages show it: the studio for catalogues, the desk for the retailer's own files."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What a dry run found, in words, and what the buttons say ("": there is nothing to do with it)."""

    counted: str
    split: str
    need: str
    consequence: str
    take_in: str
    fix: str


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One problem of one row."""

    row: int
    code: str
    column: str
    value: str
    message: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One value that differs from what is kept."""

    title: str
    row: int
    field: str
    now: str
    after: str


def problem_lines(problems: Iterable[Mapping[str, Any]], *, told_elsewhere: Collection[str]) -> list[ProblemLine]:
    """What is odd about rows, one line each, errors first.

    :param problems: as a run keeps them.
    :param told_elsewhere: codes that the page tells in another place.
    """
    return [
        ProblemLine(entry["row"], each["code"], each["column"], each["value"], each["message"], each["is_error"])
        for entry in problems
        for each in sorted(entry["problems"], key=lambda problem: not problem["is_error"])
        if each["code"] not in told_elsewhere
    ]

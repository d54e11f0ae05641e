"""Artwork in files, as the command line checks it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import resvg_py
from sqlalchemy.orm import Session

from qrmerch.codes.preflight import Asked, Verdict
from qrmerch.codes.proofs import ProofReport, judge_proof, list_hosts, match_proof, read_proof
from qrmerch.config import Settings
from qrmerch.errors import DomainError
from qrmerch.text import clean_line

_MAX_SHOWN_CHARS: Final = 500
_SVG_PIXELS, _SCREEN_DPI = 3_000, 96
# What the judgement was made of.
_INNER: Final = ("modules", "mask")
_MARKS: Final = {Verdict.PASS: "pass", Verdict.WARN: "warn", Verdict.REFUSE: "refuse"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in each file: a report, or why there is none."""

    files: dict[str, ProofReport | str]

    @property
    def is_good(self) -> bool:
        """Whether each file holds a code, and none of them is refused."""
        reports = [each for each in self.files.values() if isinstance(each, ProofReport)]
        return len(reports) == len(self.files) and all(
            report.codes and not report.count(Verdict.REFUSE) for report in reports
        )

    @property
    def as_json(self) -> dict[str, Any]:
        return {name: _as_json(report) for name, report in self.files.items()}


def check_files(
    files: Iterable[Path],
    asked: Asked,
    *,
    width_mm: float = 0.0,
    db: Session | None = None,
    retailer_id: str = "",
    settings: Settings | None = None,
) -> Checked:
    """What stands in files of artwork.

    :param width_mm: how wide a picture is printed; 0 for what it says itself.
    :param db: with `retailer_id` and `settings`, to match each code with its record.
    """
    found: dict[str, ProofReport | str] = {}
    for path in files:
        try:
            with _opened(path) as file:
                proof = read_proof(file, width_mm=width_mm)
        except DomainError as refused:
            found[str(path)] = refused.detail
            continue
        if db is None or settings is None:
            found[str(path)] = judge_proof(proof, asked=asked)
        else:
            hosts = [*list_hosts(db, retailer_id), urlsplit(settings.base_url).netloc]
            found[str(path)] = match_proof(db, retailer_id, proof, hosts=hosts, asked=asked)
    return Checked(found)


def say_files(checked: Checked) -> str:
    """The same for people: a line for each code, and under it what would put it right."""
    lines = []
    for name, report in checked.files.items():
        if isinstance(report, str):
            lines.append(f"{name}: {report}")
            continue
        if not report.codes:
            lines.append(f"{name}: nothing can be read")
        for each in report.codes:
            text = _shown(each.found.text) or "not read"
            lines.append(f"{name}, page {each.found.page}: {_MARKS[each.verdict]}: {text}")
            if each.said:
                lines.append(f"    {each.said}")
            lines += [f"    {finding.said}" for finding in each.findings if finding.said and finding.said != each.said]
    return "\n".join(lines)


def _shown(text: str) -> str:
    """A code's text for a terminal: a line, without what would move the cursor."""
    return clean_line(text[:_MAX_SHOWN_CHARS], _MAX_SHOWN_CHARS)


def _opened(path: Path) -> Any:
    """A file's bytes; an SVG as a picture of it."""
    if path.suffix.lower() != ".svg":
        return path.open("rb")
    try:
        drawing = path.read_text(encoding="utf-8")
        return BytesIO(
            resvg_py.svg_to_bytes(svg_string=drawing, width=_SVG_PIXELS, background="#ffffff", dpi=_SCREEN_DPI)
        )
    # What is no drawing is looked through as it is, and refused with a sentence.
    except ValueError:
        return path.open("rb")


def _as_json(report: ProofReport | str) -> dict[str, Any]:
    if isinstance(report, str):
        return {"problem": report, "codes": []}
    return {
        "pages": [asdict(page) for page in report.pages],
        "left_out_pages": report.left_out_pages,
        "codes": [
            {
                **{name: value for name, value in asdict(each.found).items() if name not in _INNER},
                "whose": each.whose.value,
                "item": each.item_title,
                "place": each.line.place if each.line else "",
                "verdict": each.verdict.value,
                "findings": [asdict(finding) for finding in each.findings],
            }
            for each in report.codes
        ],
    }

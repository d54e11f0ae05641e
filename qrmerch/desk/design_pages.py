"""What the templates of code designs and of proofs receive."""

from collections.abc import Iterable
from dataclasses import dataclass

from qrmerch.codes.designs import Design
from qrmerch.codes.preflight import Finding, Report
from qrmerch.desk.code_pages import Options


@dataclass(frozen=True, slots=True)
class DesignRow:
    """A design in the list."""

    name: str
    href: str
    look: str
    use: str
    size: str
    verdict: str


@dataclass(frozen=True, slots=True)
class DesignsPage:
    """`desk/code_designs.html`"""

    rows: tuple[DesignRow, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """`desk/_code_design_shown.html`: the picture of a design and what preflight says of it.

    `picture` is a data URI, empty where the design cannot be drawn; `problem` then says why.
    """

    picture: str
    alt: str
    verdict: str
    lead: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DesignPage:
    """`desk/code_design.html`; `design_id` is empty for one that is not kept yet."""

    design_id: str
    title: str
    form: Design
    size: str
    distance: str
    uses: Options
    modules: Options
    finders: Options
    inks: Options
    papers: Options
    has_brand_logo: bool
    is_measured: bool
    shown: Shown
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class ProofMark:
    """A code on the little picture of a page, mm."""

    number: int
    x: float
    y: float
    width: float
    height: float
    verdict: str


@dataclass(frozen=True, slots=True)
class ProofSheet:
    """A page of a proof, mm, with what stands on it."""

    number: int
    width: float
    height: float
    marks: tuple[ProofMark, ...]


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A code of a proof."""

    number: int
    page: int
    name: str
    href: str
    place: str
    text: str
    said: str
    verdict: str
    module: str
    quiet: str
    contrast: str
    fixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofPage:
    """`desk/code_proof.html`; without `lead` nothing was looked through yet."""

    lead: str
    verdict: str
    sheets: tuple[ProofSheet, ...]
    rows: tuple[ProofRow, ...]
    left_out: str
    uses: Options
    use: str
    distance: str
    width: str
    is_photo: bool
    problems: dict[str, str]


def not_shown(problem: str) -> Shown:
    """What is shown of a design that cannot be drawn, and why."""
    return Shown("", "", "refuse", "", (), (), (), problem=problem)


def fixes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The sentences of what does not pass."""
    return tuple(each.said for each in findings if each.said)


def say_verdict(report: Report) -> str:
    """What a report comes to, in a sentence."""
    count = sum(bool(finding.said) for finding in report.findings)
    if not count:
        return "All checks pass."
    return "One thing to look at." if count == 1 else f"{count} things to look at."

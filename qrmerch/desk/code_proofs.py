"""Artwork designed elsewhere: a proof is sent, every code in it is read, matched with its record and measured."""

from typing import BinaryIO, Final, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.codes.designs import MAX_DISTANCE_CM
from qrmerch.codes.models import Use
from qrmerch.codes.preflight import Asked, Verdict
from qrmerch.codes.proofs import (
    MAX_WIDTH_MM,
    Matched,
    ProofRefused,
    ProofReport,
    list_hosts,
    match_proof,
    read_proof,
)
from qrmerch.codes.tokens import group
from qrmerch.desk.code_pages import count_of
from qrmerch.desk.design_pages import ProofMark, ProofPage, ProofRow, ProofSheet, fixes
from qrmerch.desk.design_view import USES
from qrmerch.errors import FormError
from qrmerch.text import whole_number
from qrmerch.web import get_db, render, services

blueprint = Blueprint("desk_code_proofs", __name__, url_prefix="/desk/codes/proof")

_MAX_TYPED_CHARS: Final = 40
_MAX_TEXT_CHARS: Final = 200
# Where the file does not say how large it is, its pages are shown this wide.
_UNKNOWN_MM: Final = 100.0


@blueprint.get("")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form."""
    return render("desk/code_proof.html", _page(ProofReport((), (), 0)))


@blueprint.post("")
@allow(*PUBLISHERS)
def check() -> Response:
    """What stands in a proof. Nothing of it is kept, so nothing is written."""
    upload = request.files.get("proof")
    try:
        asked, width_mm = _read_form()
        if upload is None or not upload.filename:
            raise FormError({"proof": "Choose the proof: a PDF, PNG or JPEG."})
        # Drawing takes seconds, and is done before a database is asked.
        proof = read_proof(cast(BinaryIO, upload.stream), width_mm=width_mm)
    except FormError as refused:
        return render("desk/code_proof.html", _page(ProofReport((), (), 0), refused.problems), status=422)
    except ProofRefused as refused:
        problems = {"proof": refused.detail}
        return render("desk/code_proof.html", _page(ProofReport((), (), 0), problems), status=422)
    db, retailer_id = get_db(), str(current_principal().retailer_id)
    hosts = [*list_hosts(db, retailer_id), urlsplit(services().settings.base_url).netloc]
    report = match_proof(db, retailer_id, proof, hosts=hosts, asked=asked, is_photo=bool(request.form.get("photo")))
    db.rollback()
    return render("desk/code_proof.html", _page(report))


def _read_form() -> tuple[Asked, float]:
    """What the proof is for, and how wide a picture is printed, mm."""
    problems = {}
    typed = request.form.get("distance", "").strip() or "0"
    distance_cm = whole_number(typed, most=MAX_DISTANCE_CM + 1)
    if distance_cm is None or distance_cm > MAX_DISTANCE_CM:
        problems["distance"] = f"Write whole centimetres up to {MAX_DISTANCE_CM:,}, or nothing."
    try:
        width_mm = float(request.form.get("width", "").strip().replace(",", ".") or "0")
    except ValueError:
        width_mm = -1.0
    if not 0 <= width_mm <= MAX_WIDTH_MM:
        problems["width"] = f"Write the printed width in millimetres, up to {MAX_WIDTH_MM:,.0f}, or nothing."
    if problems:
        raise FormError(problems)
    use = request.form.get("use", "")
    known = Use(use) if use in list(Use) else Use.HANG_TAG
    return Asked(size_mm=25, use=known, distance_mm=(distance_cm or 0) * 10.0), width_mm


def _page(report: ProofReport, problems: dict[str, str] | None = None) -> ProofPage:
    return ProofPage(
        lead=_lead(report),
        verdict=_verdict(report),
        sheets=tuple(_sheet(report, number) for number in range(1, len(report.pages) + 1)),
        rows=tuple(_row(number, each) for number, each in enumerate(report.codes, start=1)),
        left_out=f"{count_of(report.left_out_pages, 'page')} more were not looked at." if report.left_out_pages else "",
        uses=USES,
        use=request.form.get("use", "")[:_MAX_TYPED_CHARS],
        distance=request.form.get("distance", "")[:_MAX_TYPED_CHARS],
        width=request.form.get("width", "")[:_MAX_TYPED_CHARS],
        is_photo=bool(request.form.get("photo")),
        problems=problems or {},
    )


def _lead(report: ProofReport) -> str:
    if not report.pages:
        return ""
    if not report.codes:
        return "No code was found. Is the artwork in the file, and large enough to be seen at its printed size?"
    said = f"{count_of(len(report.codes), 'code')} on {count_of(len(report.pages), 'page')}: "
    counts = ((Verdict.PASS, "pass"), (Verdict.WARN, "to look at"), (Verdict.REFUSE, "refused"))
    return said + ", ".join(f"{report.count(verdict):,} {word}" for verdict, word in counts) + "."


def _verdict(report: ProofReport) -> str:
    if not report.codes:
        return "careful"
    if report.count(Verdict.REFUSE):
        return "wrong"
    return "careful" if report.count(Verdict.WARN) else "good"


def _sheet(report: ProofReport, number: int) -> ProofSheet:
    page = report.pages[number - 1]
    boxes = [(at, each) for at, each in enumerate(report.codes, start=1) if each.found.page == number]
    width, height = page.width_mm, page.height_mm
    if not width:
        # Boxes are in pixels then: as far as they reach is what can be shown.
        reach = [(each.found.box[0] + each.found.box[2], each.found.box[1] + each.found.box[3]) for _, each in boxes]
        width, height = (max((side[at] for side in reach), default=_UNKNOWN_MM) * 1.1 for at in (0, 1))
    marks = tuple(ProofMark(at, *each.found.box, each.verdict.value) for at, each in boxes)
    return ProofSheet(number, round(width, 2), round(height, 2), marks)


def _row(number: int, each: Matched) -> ProofRow:
    found, line = each.found, each.line
    # Of a photo, light and distance are the photographer's.
    is_measured = found.kind == "QR" and found.is_read and not request.form.get("photo")
    return ProofRow(
        number=number,
        page=found.page,
        name=each.item_title or (found.text[:_MAX_TEXT_CHARS] if found.is_read else "Not read"),
        href=f"/desk/codes/{line.code.id}" if line else "",
        place=line.place if line else "",
        text=group(line.code.token) if line else "",
        said=each.said,
        verdict=each.verdict.value,
        module=(f"{found.module_mm:.2f} mm" if found.module_mm else "Unknown") if is_measured else "Not measured",
        quiet=("4 or more" if found.quiet_modules >= 4 else str(found.quiet_modules))
        if is_measured
        else "Not measured",
        contrast=f"{found.contrast:.2f}" if is_measured else "Not measured",
        fixes=tuple(said for said in fixes(each.findings) if said != each.said),
    )

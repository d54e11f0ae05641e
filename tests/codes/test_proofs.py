"""Proofs from elsewhere: each code is found, matched with its record and measured, whatever the file holds."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Variant
from qrmerch.codes import proofs, service
from qrmerch.codes.artwork import POINTS_PER_MM, Level, draw_on, draw_symbol, paint, png_of
from qrmerch.codes.checking import check_files, say_files
from qrmerch.codes.models import Code, Use
from qrmerch.codes.preflight import Asked, Verdict
from qrmerch.codes.proofs import Matched, ProofRefused, ProofReport, Whose
from qrmerch.codes.styles import Style
from tests.codes.test_styles import make_logo
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store

HOST = "fashiontown.example"
ADDRESS = f"https://{HOST}/q/7K3M9QXRB"
ASKED = Asked(size_mm=25)


def page_of(*codes: tuple[str, float, float, float], size: tuple[float, float] = (210, 297), **look: Any) -> bytes:
    """A PDF page with codes: text, left and bottom in mm, size in mm; grey beside them."""
    file = io.BytesIO()
    canvas: Any = Canvas(file, pagesize=tuple(each * POINTS_PER_MM for each in size))
    canvas.setFillGray(0.5)
    canvas.rect(0, 0, *(each * POINTS_PER_MM for each in size), stroke=0, fill=1)
    for text, left, bottom, side in codes:
        symbol = draw_symbol(text, level=look.get("level", Level.M))
        x, y, side = (each * POINTS_PER_MM for each in (left, bottom, side))
        draw_on(canvas, symbol, x=x, y=y, side=side, style=look.get("style", Style()))
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def judged(data: bytes, asked: Asked = ASKED, **how: Any) -> ProofReport:
    return proofs.judge_proof(proofs.read_proof(io.BytesIO(data), **how), asked=asked)


def fault(each: Matched, name: str) -> Verdict:
    (found,) = [finding for finding in each.findings if finding.name == name]
    return found.verdict


def test_every_code_of_a_page_is_measured_where_it_stands() -> None:
    other = f"https://{HOST}/q/P4W8TB2CA"

    report = judged(page_of((ADDRESS, 20, 30, 25), (other, 120, 200, 13)))

    assert [(page.width_mm, page.height_mm) for page in report.pages] == [(210, 297)]
    large, small = sorted(report.codes, key=lambda each: each.found.box[0])
    assert (large.found.text, small.found.text) == (ADDRESS, other)
    assert large.found.module_mm == pytest.approx(25 / 37, abs=0.01)
    assert small.found.module_mm == pytest.approx(13 / 37, abs=0.01)
    left, top = 20 + 4 * 25 / 37, 297 - 30 - 25 + 4 * 25 / 37
    assert large.found.box[:2] == pytest.approx((left, top), abs=0.3)
    assert (large.verdict, small.verdict) == (Verdict.PASS, Verdict.WARN)
    assert large.found.quiet_modules == 4
    assert fault(small, "Module") == Verdict.WARN


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_knife_that_takes_the_margin_is_missed_however_the_page_lies(turned: int) -> None:
    document = pypdfium2.PdfDocument(page_of((ADDRESS, 10, 10, 30), size=(60, 60)))
    millimetre = POINTS_PER_MM
    document[0].set_trimbox(12 * millimetre, 0, 60 * millimetre, 60 * millimetre)
    document[0].set_rotation(turned)
    file = io.BytesIO()
    document.save(file)
    document.close()

    (each,) = judged(file.getvalue()).codes

    assert each.found.text == ADDRESS
    assert fault(each, "Quiet zone") == Verdict.REFUSE


def test_small_codes_and_large_ones_on_a_sheet_are_found_once_each() -> None:
    others = [f"https://{HOST}/q/{token}" for token in ("P4W8TB2CA", "7K3M9QXRB")]

    report = judged(page_of((others[0], 60, 300, 15), (others[1], 5, 5, 290), size=(320, 330)))

    assert sorted(each.found.text for each in report.codes) == sorted(others)
    assert [each.verdict for each in report.codes] == [Verdict.PASS, Verdict.PASS]


def _inverted(data: bytes) -> bytes:
    return _changed(data, lambda picture: Image.eval(picture, lambda value: 255 - value))


def _pale(data: bytes) -> bytes:
    return _changed(data, lambda picture: Image.eval(picture, lambda value: 190 if value < 128 else 255))


def _cropped(data: bytes) -> bytes:
    return _changed(data, lambda picture: picture.crop((21, 21, picture.width - 21, picture.height - 21)))


def _covered(data: bytes) -> bytes:
    def cover(picture: Image.Image) -> Image.Image:
        picture.paste(255, (100, 100, 156, 156))
        return picture

    return _changed(data, cover)


def _changed(data: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        picture = change(opened.convert("L"))
    file = io.BytesIO()
    picture.save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


@pytest.mark.parametrize(
    ("spoil", "name", "said"),
    [
        (_inverted, "Contrast", "light on dark"),
        (_pale, "Contrast", "Print it darker"),
        (_cropped, "Quiet zone", "Only 1 of the 4 modules"),
        (_covered, "Error correction left", "Something covers it"),
    ],
)
def test_a_picture_with_a_fault_is_told_what_it_is(spoil: Callable[[bytes], bytes], name: str, said: str) -> None:
    data = spoil(png_of(draw_symbol(ADDRESS), size_mm=25, dpi=300))

    (each,) = judged(data).codes

    assert each.found.text == ADDRESS
    assert fault(each, name) != Verdict.PASS
    assert any(said in finding.said for finding in each.findings)


def test_a_picture_says_its_size_or_is_told_it() -> None:
    silent = io.BytesIO()
    paint(draw_symbol(ADDRESS), dots=7).save(silent, "JPEG", quality=80)

    (unknown,) = judged(silent.getvalue()).codes
    (known,) = judged(silent.getvalue(), width_mm=10).codes

    assert fault(unknown, "Module") == Verdict.WARN
    assert known.found.module_mm == pytest.approx(10 / 37, abs=0.01)
    assert fault(known, "Module") == Verdict.REFUSE


def test_red_is_refused_at_a_till_and_a_logo_too_large_is_seen() -> None:
    red = io.BytesIO()
    paint(draw_symbol(ADDRESS), dots=7, dark="#c80000").save(red, "PNG", dpi=(300, 300))

    (at_till,) = judged(red.getvalue(), Asked(size_mm=25, use=Use.TILL)).codes
    (in_hand,) = judged(red.getvalue()).codes
    (with_logo,) = judged(page_of((ADDRESS, 20, 30, 30), level=Level.H, style=Style(logo=make_logo()))).codes

    assert fault(at_till, "Red light") == Verdict.WARN
    assert in_hand.verdict == Verdict.PASS
    assert with_logo.verdict == Verdict.PASS
    assert fault(with_logo, "Error correction left") == Verdict.PASS


# --- whose a code is --------------------------------------------------------------------------------


def make_code(db: Session) -> Code:
    shop = make_retailer(db)
    shelf = make_fixture(db, make_store(db, shop, short_name="Riverside"), name="Bay 3")
    code = service.make_code(db, make_item(db, shop, title="Marigold Top"), at=NOON, fixture_id=shelf.id)
    db.commit()
    return code


def match(db: Session, code: Code, *texts: str) -> list[Matched]:
    places = [(text, 10 + 40 * (at % 4), 10 + 40 * (at // 4), 30.0) for at, text in enumerate(texts)]
    proof = proofs.read_proof(io.BytesIO(page_of(*places)))
    report = proofs.match_proof(db, code.retailer_id, proof, hosts=[HOST], asked=ASKED)
    assert len(report.codes) == len(texts)
    return sorted(report.codes, key=lambda each: texts.index(each.found.text))


def test_codes_are_matched_with_their_records_and_others_are_named(db: Session) -> None:
    code, foreign = make_code(db), make_code(db)
    retired = service.make_code(db, make_item(db, _shop(db, code), title="Old Top"), at=NOON)
    service.retire_code(db, retired, at=NOON, actor=None)
    gtin = db.query(Variant.gtin).filter(Variant.retailer_id == code.retailer_id, Variant.gtin.is_not(None)).first()
    db.commit()

    texts = [
        f"https://{HOST}/q/{code.token}",
        f"HTTPS://{HOST.upper()}/Q/{retired.token}",
        f"https://other.example/q/{code.token}",
        f"https://{HOST}/q/{foreign.token}",
        f"https://{HOST}/q/000000001",
        "https://elsewhere.example/summer",
        "WIFI:S:shop;P:secret;;",
    ]
    found = match(db, code, *texts)

    whose = [each.whose for each in found]
    assert whose == [
        *(Whose.OURS, Whose.OURS, Whose.OURS, Whose.UNKNOWN, Whose.MISTYPED, Whose.FOREIGN, Whose.FOREIGN),
    ]
    assert gtin is None or gtin
    assert [each.verdict for each in found] == [
        *(Verdict.PASS, Verdict.WARN, Verdict.REFUSE, Verdict.REFUSE, Verdict.REFUSE, Verdict.WARN, Verdict.WARN),
    ]
    assert (found[0].item_title, found[0].said) == ("Marigold Top", "Marigold Top, Riverside, Bay 3")
    assert "other.example" in found[2].said
    # Another retailer's code is as unknown as one that nobody made.
    assert found[3].item_title == ""
    assert found[3].line is None


def test_a_trade_number_is_matched_with_its_item(db: Session) -> None:
    code = make_code(db)
    variant = db.query(Variant).filter(Variant.item_id == code.item_id).first()
    assert variant is not None
    variant.gtin = "09506000134352"
    db.commit()

    ours, unknown = match(db, code, f"https://{HOST}/01/09506000134352", f"https://{HOST}/01/09506000134369/10/A1")

    assert (ours.whose, ours.item_title, ours.verdict) == (Whose.NUMBER, "Marigold Top", Verdict.PASS)
    assert (unknown.whose, unknown.verdict) == (Whose.UNKNOWN, Verdict.WARN)


def _shop(db: Session, code: Code) -> Any:
    from qrmerch.parties.models import Retailer

    return db.get_one(Retailer, code.retailer_id)


# --- hostile files ----------------------------------------------------------------------------------


def _png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"GIF89a", "no PDF, PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PDF, PNG or JPEG"),
        (b"%PDF-1.7\n%%EOF", "cannot be opened"),
        (b"\x89PNG\r\n\x1a\n", "cannot be opened"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "cannot be opened"),
        (_png_of_size(50_000, 50_000), "million are the most"),
        (page_of((ADDRESS, 1, 1, 20), size=(210, 297))[:600], "cannot be opened"),
        (page_of(size=(20_000, 20_000)), "mm large"),
    ],
    ids=["empty", "gif", "svg", "no pages", "no picture", "no jpeg", "bomb", "cut off", "metres"],
)
def test_a_file_that_cannot_be_looked_through_says_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(ProofRefused, match=said):
        proofs.read_proof(io.BytesIO(data))


def test_a_file_with_no_end_is_not_read_to_it() -> None:
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return b"%PDF-" + b"\0" * (size - 5)

    endless = Endless()

    with pytest.raises(ProofRefused, match="40 MB"):
        proofs.read_proof(endless)  # type: ignore[arg-type]

    assert endless.read_bytes <= proofs.MAX_BYTES + 100_000


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(ProofRefused, match="too long"):
        proofs.read_proof(io.BytesIO(page_of((ADDRESS, 1, 1, 20))), timeout_s=0.001)
    # What was given up leaves room for the next.
    assert judged(png_of(draw_symbol(ADDRESS), size_mm=25, dpi=300)).codes


# --- by command -------------------------------------------------------------------------------------


def test_files_are_checked_one_after_the_other(tmp_path: Path) -> None:
    from qrmerch.codes.artwork import svg

    good, drawn, broken = tmp_path / "a.pdf", tmp_path / "b.svg", tmp_path / "c.pdf"
    good.write_bytes(page_of((ADDRESS, 20, 30, 25)))
    drawn.write_text(svg(ADDRESS))
    broken.write_bytes(b"nothing")

    checked = check_files([good, drawn, broken], ASKED)

    assert not checked.is_good
    assert check_files([good], ASKED).is_good
    assert checked.as_json[str(good)]["codes"][0]["text"] == ADDRESS
    said = say_files(checked)
    assert f"{good}, page 1: pass: {ADDRESS}" in said
    assert f"{drawn}, page 1: warn: {ADDRESS}" in said
    assert f"{broken}: This is no PDF" in said


def test_what_a_code_says_moves_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(draw_symbol("https://elsewhere.example/\x1b[2J\r\u202egnp"), size_mm=30, dpi=300))

    said = say_files(check_files([path], ASKED))

    assert "https://elsewhere.example/" in said
    assert not set(said) & set("\x1b\r\u202e")

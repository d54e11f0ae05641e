"""What must not leave for the printer: codes that have ended, half a name, what lies over the cut; and what gave up."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.codes.artwork import Level
from qrmerch.codes.models import Code, Finders, Modules
from qrmerch.codes.preflight import release_pdf
from qrmerch.codes.service import CodeEnded, bring_back, retire_code
from qrmerch.codes.styles import Logo, Style, logo_of
from qrmerch.errors import FormError
from qrmerch.jobs import Work
from qrmerch.parties.models import Retailer, Store
from qrmerch.printing import service, tasks
from qrmerch.printing.house_face import unpack_font
from qrmerch.printing.labels import Wording
from qrmerch.printing.models import BatchState, Medium, PrintBatch
from qrmerch.printing.queries import list_code_ids
from qrmerch.printing.readback import read_pages
from qrmerch.printing.reading import open_pages, render_page
from qrmerch.printing.service import BatchOver
from qrmerch.printing.sheets import Run, sheet
from qrmerch.printing.stocks import Stock
from qrmerch.printing.wording import refuse_unset
from tests.conftest import NOON
from tests.factories import Doer, make_person
from tests.media.webfonts import outlined
from tests.printing.test_batches import AVERY, TAG, addresses_of, again, ask
from tests.printing.test_sheets import make_labels, pages_of, read

MISSING = "\U00012000"


def logo() -> Logo:
    picture, data = Image.new("RGBA", (200, 160), (0, 0, 0, 0)), io.BytesIO()
    ImageDraw.Draw(picture).ellipse((20, 0, 180, 160), fill=(122, 31, 79, 255))
    picture.save(data, "PNG")
    made = logo_of(data.getvalue())
    assert made is not None
    return made


# --- codes that have ended ----------------------------------------------------------------------------


def test_a_code_that_ended_before_it_was_drawn_stops_its_batch_by_name(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes)
    retire_code(db, codes[2], at=NOON, actor=None)
    db.commit()

    jobs.run_all(work)

    failed = again(db, batch)
    assert (failed.state, failed.file_key) == (BatchState.FAILED, "")
    assert f"{codes[2].token[:4]} {codes[2].token[4:8]}" in failed.problem


def test_a_code_that_ended_after_it_was_drawn_is_not_released_and_not_handed_out(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes)
    jobs.run_all(work)
    again(db, batch)
    retire_code(db, codes[0], at=NOON, actor=None)
    with pytest.raises(CodeEnded):
        service.release_batch(db, batch, at=NOON, actor=None)
    db.rollback()

    bring_back(db, codes[0], at=NOON, actor=None)
    service.release_batch(db, batch, at=NOON, actor=None)
    service.check_leaves(db, batch)
    retire_code(db, codes[0], at=NOON, actor=None)

    with pytest.raises(CodeEnded, match="Print the rest"):
        service.check_leaves(db, batch)


def test_the_rest_of_a_batch_is_printed_as_it_was_asked_for(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    logo_key = work.files.put(io.BytesIO(logo().data), "brands")
    order = service.Order(
        name="W" * service.MAX_NAME_CHARS,
        code_ids=[code.id for code in codes],
        run=Run(stock=AVERY, start=3, copies=2, right_mm=0.4),
        wording=Wording(call="Scan", style=Style(Modules.ROUNDED, Finders.ROUNDED, logo()), level=Level.H),
        base_url="https://fashiontown.example",
        logo_key=logo_key,
    )
    batch = service.ask_batch(db, retailer, order, at=NOON, actor=None)
    db.commit()
    jobs.run_all(work)
    again(db, batch)
    with pytest.raises(BatchOver):
        service.ask_rest(db, retailer, batch, at=NOON, actor=None)
    retire_code(db, codes[1], at=NOON, actor=None)

    rest = service.ask_rest(db, retailer, batch, at=NOON, actor=None)
    db.commit()
    jobs.run_all(work)

    assert again(db, rest).state == BatchState.CHECKED, rest.problem
    assert (batch.state, rest.again_of_id) == (BatchState.CANCELLED, batch.id)
    assert (rest.name[-11:], len(rest.name)) == ("W, the rest"[-11:], service.MAX_NAME_CHARS)
    assert list_code_ids(db, rest.id) == [code.id for code in codes if code is not codes[1]]
    assert (service.run_of(rest), rest.wording) == (order.run, batch.wording)
    assert work.files.path(rest.file_key).read_bytes().count(b"/Subtype/Image") == 2, "the logo and its mask"


def test_what_was_released_stays_on_record_when_its_rest_is_printed(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes)
    jobs.run_all(work)
    service.release_batch(db, again(db, batch), at=NOON, actor=None)
    for code in codes[1:]:
        retire_code(db, code, at=NOON, actor=None)

    rest = service.ask_rest(db, retailer, batch, at=NOON, actor=None)
    retire_code(db, codes[0], at=NOON, actor=None)

    assert (batch.state, rest.codes) == (BatchState.RELEASED, 1)
    with pytest.raises(BatchOver):
        service.ask_rest(db, retailer, batch, at=NOON, actor=None)
    with pytest.raises(CodeEnded, match="Choose others in the list"):
        service.check_leaves(db, batch)


# --- what could not be made ---------------------------------------------------------------------------


def test_a_full_disk_is_said_on_the_batch_which_is_tried_again_as_it_was(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    whole, batch = ask(db, retailer, codes), ask(db, retailer, codes)
    tasks.draw(work, batch_id=whole.id)
    part = work.settings.data_dir / "prints" / f"{batch.id}.pdf"
    part.parent.mkdir(exist_ok=True)
    part.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left") as full:
        tasks.draw(work, batch_id=batch.id)
    tasks.give_up(work, batch_id=batch.id, said=jobs.say_failure(full.value))
    failed = again(db, batch)

    assert (failed.state, failed.problem[:36]) == (BatchState.FAILED, "The disk of this machine is full. Ma")
    assert list(part.parent.iterdir()) == []
    service.try_again(db, failed, at=NOON, actor=None)
    db.commit()
    assert [id for id, _ in tasks.undrawn(db)] == [f"{batch.id}-1"]
    db.commit()
    jobs.run_all(work)
    assert again(db, batch).state == BatchState.CHECKED
    assert batch.file_key == again(db, whole).file_key
    with pytest.raises(BatchOver):
        service.try_again(db, batch, at=NOON, actor=None)


# --- words ---------------------------------------------------------------------------------------------


def test_letters_that_no_face_has_are_refused_by_name_wherever_they_stand() -> None:
    good = Wording(call="Scan me", house="Fashiontown", notice="Counts a look.")

    refuse_unset(good)
    for bad in (replace(good, call=f"Scan {MISSING}"), replace(good, house=f"Fashion{MISSING}")):
        with pytest.raises(FormError, match=MISSING):
            refuse_unset(bad)


def test_a_place_whose_letters_are_left_out_is_told(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    for medium, dpi in ((Medium.PDF, 0), (Medium.ZPL, 203)):
        batch = ask(db, retailer, codes[:1], medium=medium, dpi=dpi)
        store = db.get_one(Store, codes[0].store_id)
        store.short_name = f"River{MISSING}side"
        db.commit()

        jobs.run_all(work)

        assert again(db, batch).incomplete == ["Marigold Top 0"]


# --- paper ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "field"),
    [
        (Run(stock=replace(TAG, bleed=3.0), right_mm=12), "right"),
        (Run(stock=replace(TAG, bleed=3.0), down_mm=-9), "down"),
        (Run(stock=TAG, along=1.05), "down"),
        (Run(stock=AVERY, right_mm=15), "right"),
        (Run(stock=AVERY, down_mm=-19), "down"),
    ],
)
def test_a_setting_that_moves_codes_over_the_cut_is_refused(
    db: Session, retailer: Retailer, codes: list[Code], run: Run, field: str
) -> None:
    with pytest.raises(FormError) as refused:
        ask(db, retailer, codes, run=run)

    assert list(refused.value.problems) == [field]
    assert "over the edge of the paper" in refused.value.problems[field]


@pytest.mark.parametrize("run", [Run(stock=TAG, right_mm=1.5), Run(stock=AVERY, right_mm=3, down_mm=-4, across=1.01)])
def test_what_a_printer_usually_needs_is_taken(
    db: Session, retailer: Retailer, codes: list[Code], work: Work, run: Run
) -> None:
    batch = ask(db, retailer, codes, run=run)

    jobs.run_all(work)

    assert again(db, batch).state == BatchState.CHECKED


def test_a_page_as_large_as_a_door_is_read_label_by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = Stock(
        key="door", name="Door", shape=AVERY.shape, paper=(1_200, 1_200), label=(100, 60), columns=2, rows=2,
        first=(10, 10), step=(1_000, 1_000),
    )  # fmt: skip
    labels, seen = make_labels(4), list[tuple[int, int]]()
    pdf = sheet(labels, stock)

    with open_pages(pdf) as pages:
        drawn = pages.render
        monkeypatch.setattr(
            pages, "render", lambda *args, **how: seen.append((picture := drawn(*args, **how)).size) or picture
        )
        assert list(read_pages(pages, Run(stock=stock), [label.address for label in labels])) == [4]

    assert len(seen) == 4
    assert max(max(size) for size in seen) < 1_300


def test_no_label_printer_is_sent_what_it_cannot_print(db: Session, retailer: Retailer, codes: list[Code]) -> None:
    wide = replace(TAG, label=(300.0, 90.0), paper=(300.0, 90.0))

    with pytest.raises(FormError, match="216 × 1000 mm at most"):
        ask(db, retailer, codes, stock=wide, medium=Medium.ZPL, dpi=203)


# --- taps ----------------------------------------------------------------------------------------------


def test_a_form_that_was_tapped_twice_is_one_batch(db: Session, retailer: Retailer, codes: list[Code]) -> None:
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    order = service.Order(
        name="Winter",
        code_ids=[code.id for code in codes],
        run=Run(stock=AVERY),
        wording=Wording(),
        base_url="http://x",
    )
    more = replace(order, run=Run(stock=AVERY, copies=2))

    made = [
        service.ask_batch(db, retailer, each, at=at, actor=Doer(mia.user.id))
        for each, at in ((order, NOON), (order, NOON), (more, NOON), (order, NOON + 2 * service.TAPS_WITHIN))
    ]

    assert made[0] is made[1]
    assert len({batch.id for batch in made}) == 3
    assert db.scalar(select(func.count(PrintBatch.id))) == 3


# --- designs and faces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("modules", [Modules.ROUNDED, Modules.DOTS])
def test_labels_in_a_design_are_read_back_and_stay_small(modules: Modules) -> None:
    style = Style(modules, Finders.ROUNDED, logo())
    labels = make_labels(300)
    wording = Wording(call="Scan", dark="#7a1f4f", style=style, level=Level.H)

    pdf = sheet(labels, AVERY, wording=wording)

    with open_pages(pdf) as pages:
        assert max(read_pages(pages, Run(stock=AVERY), [label.address for label in labels])) == 300
    assert pdf.count(b"/Subtype/Image") == 2, "the logo and its mask, once"
    bare = sheet(labels[:30], AVERY, wording=wording)
    assert (len(pdf) - len(bare)) / 270 < 1_024
    # In the middle of the first code is the logo, not black and not white.
    middle = render_page(pdf, 0, 300, has_colour=True, box_mm=(4.76, 12.7, 4.76 + 25.4, 38.1))
    assert (122, 31, 79) in {colour for _, colour in middle.getcolors(1 << 20) or ()}


def test_a_batch_keeps_its_design(db: Session, retailer: Retailer, codes: list[Code], work: Work) -> None:
    style = Style(Modules.DOTS, Finders.ROUNDED)
    order = service.Order(
        name="Winter",
        code_ids=[code.id for code in codes],
        run=Run(stock=AVERY),
        wording=Wording(style=style, level=Level.Q, ground="#e8ddc7"),
        base_url="https://fashiontown.example",
    )
    batch = service.ask_batch(db, retailer, order, at=NOON, actor=None)
    db.commit()

    jobs.run_all(work)

    kept = service.wording_of(again(db, batch))
    assert (batch.state, kept.style, kept.level, kept.ground) == (BatchState.CHECKED, style, Level.Q, "#e8ddc7")
    (page,) = pages_of(work.files.path(batch.file_key).read_bytes())
    assert read(page).keys() == set(addresses_of(codes))
    zebra = replace(order, medium=Medium.ZPL, dpi=203)
    with pytest.raises(FormError, match="draws codes plain"):
        service.ask_batch(db, retailer, zebra, at=NOON, actor=None)


def test_names_are_set_in_the_brands_own_font_letter_by_letter(work: Work, tmp_path: Path) -> None:
    block = ((0, 0), (0, 700), (700, 700), (700, 0))
    key = work.files.put(io.BytesIO(outlined({"A": block, "B": block})), "brands")
    face = unpack_font(work.files, key, tmp_path / "faces")
    (label,) = make_labels(1)

    pdf = sheet([replace(label, title="AB שלום x")], AVERY, wording=Wording(face=face))

    assert face.startswith(str(tmp_path))
    assert unpack_font(work.files, key, tmp_path / "faces") == face
    odd = work.files.put(io.BytesIO(outlined({"A": block}, post=0)), "brands")
    assert unpack_font(work.files, odd, tmp_path / "faces") == "", "one that no document can hold is not set in"
    assert unpack_font(work.files, "brands/" + "0" * 64, tmp_path) == unpack_font(work.files, "", tmp_path) == ""
    assert pdf.count(b"/FontFile2") == 4, "the brand's, Heebo, and Noto in two weights"
    page = render_page(pdf, 0, 300, box_mm=(4.76 + 25.4, 12.7, 60, 20))
    dark = sum(page.histogram()[:100])
    plain = render_page(sheet([replace(label, title="AB שלום x")], AVERY), 0, 300, box_mm=(30.16, 12.7, 60, 20))
    assert dark > sum(plain.histogram()[:100]), "blocks are blacker than letters"


# --- the process that draws ------------------------------------------------------------------------------


def test_no_second_reader_weighs_on_the_process_that_draws() -> None:
    code = (
        "import sys; from qrmerch.printing.labels import Label; from qrmerch.printing.stocks import STOCKS; "
        "from qrmerch.printing.sheets import sheet; "
        "sheet([Label('https://x.example/q/A', 'A', 'Top', '')], STOCKS[0]); print('cv2' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_artwork_and_pages_are_drawn_at_the_same_time_by_several_threads() -> None:
    pdf = sheet(make_labels(30), AVERY)

    def both(number: int) -> int:
        release_pdf(f"https://fashiontown.example/q/{number:09d}")
        return render_page(pdf, 0, 60).width

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(both, range(24)))) == 1

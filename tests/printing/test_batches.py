"""Print batches: nothing leaves before every code was read back; nothing half made stays; what was cut off goes on."""

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.audit import AuditEntry
from qrmerch.codes.models import Code
from qrmerch.codes.service import make_codes, retire_code
from qrmerch.errors import FormError
from qrmerch.jobs import Work
from qrmerch.leftovers import look
from qrmerch.parties.models import Retailer
from qrmerch.printing import service, tasks
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.models import BatchState, Medium, PrintBatch, PrintLine
from qrmerch.printing.package import write_package
from qrmerch.printing.queries import each_line, list_lines
from qrmerch.printing.readback import CodeNotReadBack, read_pages
from qrmerch.printing.reading import open_pages
from qrmerch.printing.service import BatchOver, Order
from qrmerch.printing.sheets import Run, sheet
from qrmerch.printing.stocks import Stock, get_stock
from tests.conftest import NOON
from tests.factories import make_item
from tests.printing.conftest import make_many
from tests.printing.test_sheets import make_labels, pages_of, read

BASE = "https://fashiontown.example"
AVERY, TAG = get_stock("avery-5160"), get_stock("hang-tag")
WORDING = Wording(house="Fashiontown", call="Scan: sizes here", notice="Counts a look, not you.")


def ask(db: Session, retailer: Retailer, codes: list[Code], *, stock: Stock = AVERY, **values: object) -> PrintBatch:
    run = values.pop("run", None) or Run(stock=stock)
    order = Order(
        name="Winter", code_ids=[code.id for code in codes], run=run, wording=WORDING, base_url=BASE, **values
    )  # type: ignore[arg-type]
    batch = service.ask_batch(db, retailer, order, at=NOON, actor=None)
    db.commit()
    return batch


def addresses_of(codes: list[Code]) -> list[str]:
    return [f"{BASE}/q/{code.token}" for code in codes]


def again(db: Session, batch: PrintBatch) -> PrintBatch:
    """The batch as it is now; the reading ends at once, for SQLite has one writer."""
    db.refresh(batch)
    db.commit()
    return batch


def test_a_batch_is_checked_then_released_and_its_codes_count_as_printed(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes, run=Run(stock=AVERY, copies=2, start=4))
    with pytest.raises(BatchOver):
        service.release_batch(db, batch, at=NOON, actor=None)
    db.rollback()

    jobs.run_all(work)

    checked = again(db, batch)
    assert (checked.state, checked.labels, checked.codes, checked.pages) == (BatchState.CHECKED, 8, 4, 1)
    assert (checked.drawn, checked.read, checked.stores) == (8, 8, [["Riverside", 4]])
    file = work.files.path(checked.file_key).read_bytes()
    assert len(file) == checked.file_bytes
    assert read(pages_of(file)[0]).keys() == set(addresses_of(codes))
    assert db.scalar(select(func.count(Code.id)).where(Code.printed_at.is_not(None))) == 0
    service.release_batch(db, checked, at=NOON, actor=None)
    service.release_batch(db, checked, at=NOON, actor=None)
    db.commit()
    assert db.scalar(select(func.count(Code.id)).where(Code.printed_at.is_not(None))) == 4
    said = list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))
    assert said.count("print.release") == 1
    assert [each for each in said if each.startswith("print.")] == ["print.ask", "print.checked", "print.release"]
    assert not list((work.settings.data_dir / "prints").iterdir())
    assert look(work.database, work.files, at=NOON).missing == ()


def test_running_the_job_again_changes_nothing(db: Session, retailer: Retailer, codes: list[Code], work: Work) -> None:
    batch = ask(db, retailer, codes)
    jobs.run_all(work)
    key = again(db, batch).file_key

    tasks.draw(work, batch_id=batch.id)
    tasks.draw(work, batch_id="gone")

    assert again(db, batch).file_key == key


def interrupted(monkeypatch: pytest.MonkeyPatch, at: int, act: Callable[[Session, str], None]) -> None:
    """Tell after every page, and do something as soon as so many labels are drawn."""
    monkeypatch.setattr(tasks, "_TELL_EVERY_S", 0.0)
    told = service.note_progress
    done: list[int] = []

    def note(db: Session, batch_id: str, *, drawn: int, read: int) -> bool:
        if drawn >= at and not done:
            done.append(drawn)
            act(db, batch_id)
        return told(db, batch_id, drawn=drawn, read=read)

    monkeypatch.setattr(service, "note_progress", note)


def test_a_batch_that_is_cancelled_at_sixty_percent_leaves_no_half_batch(
    db: Session, retailer: Retailer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = make_many(db, retailer, 5)
    batch = ask(db, retailer, codes, stock=TAG)
    interrupted(
        monkeypatch, 3, lambda at, id: service.cancel_batch(at, at.get_one(PrintBatch, id), at=NOON, actor=None)
    )

    tasks.draw(work, batch_id=batch.id)

    ended = again(db, batch)
    assert (ended.state, ended.file_key, ended.drawn) == (BatchState.CANCELLED, "", 0)
    assert list((work.settings.data_dir / "prints").iterdir()) == []
    assert not (work.settings.uploads_dir / "prints").exists()
    assert db.scalar(select(func.count()).select_from(PrintLine)) == 0
    assert db.scalar(select(func.count(Code.id)).where(Code.printed_at.is_not(None))) == 0
    with pytest.raises(BatchOver):
        service.cancel_batch(db, ended, at=NOON, actor=None)


class _PowerCut(BaseException):
    pass


@pytest.mark.parametrize("medium", [Medium.PDF, Medium.ZPL])
def test_a_batch_that_was_cut_off_goes_on_and_becomes_the_same_file(
    db: Session, retailer: Retailer, work: Work, monkeypatch: pytest.MonkeyPatch, medium: Medium
) -> None:
    codes = make_many(db, retailer, 7)
    dpi = 203 if medium == Medium.ZPL else 0
    whole, cut = (ask(db, retailer, codes, stock=TAG, medium=medium, dpi=dpi) for _ in range(2))
    tasks.draw(work, batch_id=whole.id)

    def fall(_db: Session, _id: str) -> None:
        raise _PowerCut

    monkeypatch.setattr(tasks, "_AT_ONCE", 2)
    interrupted(monkeypatch, 4, fall)
    with pytest.raises(_PowerCut):
        tasks.draw(work, batch_id=cut.id)
    part = work.settings.data_dir / "prints" / f"{cut.id}.{medium}"
    # What came after the last mark is half a page.
    with part.open("ab") as file:
        file.write(b"99 0 obj\n<</Filt")
    tasks.draw(work, batch_id=cut.id)

    assert again(db, cut).state == BatchState.CHECKED
    assert cut.file_key == again(db, whole).file_key


def test_a_mark_that_cannot_be_used_is_no_harm(db: Session, retailer: Retailer, codes: list[Code], work: Work) -> None:
    batch = ask(db, retailer, codes)
    folder = work.settings.data_dir / "prints"
    folder.mkdir()
    (folder / f"{batch.id}.json").write_text('{"bytes": 99999, "paper"')

    tasks.draw(work, batch_id=batch.id)

    assert again(db, batch).state == BatchState.CHECKED


def test_a_batch_whose_codes_would_not_scan_says_so_and_keeps_nothing(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes, stock=replace(AVERY, label=(20.0, 8.0)))

    jobs.run_all(work)

    failed = again(db, batch)
    assert (failed.state, failed.file_key) == (BatchState.FAILED, "")
    assert "The least size is" in failed.problem
    assert list((work.settings.data_dir / "prints").iterdir()) == []


def test_a_page_that_says_something_else_is_refused_by_name() -> None:
    labels = make_labels(31)
    run = Run(stock=AVERY)
    pdf = sheet(labels, AVERY)
    right = [label.address for label in labels]

    def read_all(addresses: list[str]) -> int:
        with open_pages(pdf) as pages:
            return max(read_pages(pages, run, addresses))

    assert read_all(right) == 31
    with pytest.raises(CodeNotReadBack, match=r"Page 1, label 3 says .* instead of https://x.example/q/A"):
        read_all([*right[:2], "https://x.example/q/A", *right[3:]])
    with pytest.raises(CodeNotReadBack, match="Page 2, label 2: no code can be read"):
        read_all([*right, right[0]])
    with pytest.raises(CodeNotReadBack, match="more pages"):
        read_all(right[:30])
    with pytest.raises(CodeNotReadBack, match="fewer pages"), open_pages(sheet(labels[:30], AVERY)) as pages:
        list(read_pages(pages, run, right))


def test_codes_on_another_label_than_theirs_are_refused() -> None:
    labels = make_labels(2)
    pdf = sheet(labels, AVERY)

    with open_pages(pdf) as pages, pytest.raises(CodeNotReadBack):
        list(read_pages(pages, Run(stock=AVERY), [labels[1].address, labels[0].address]))
    with open_pages(pdf) as pages, pytest.raises(CodeNotReadBack):
        list(read_pages(pages, Run(stock=AVERY, right_mm=15), [label.address for label in labels]))


def test_one_damaged_label_is_printed_again_as_it_was(
    db: Session, retailer: Retailer, codes: list[Code], work: Work
) -> None:
    batch = ask(db, retailer, codes, run=Run(stock=TAG, copies=3))
    jobs.run_all(work)

    made = service.ask_again(db, retailer, again(db, batch), [codes[2].id, "other"], at=NOON, actor=None)
    db.commit()
    jobs.run_all(work)

    made = again(db, made)
    assert (made.state, made.labels, made.again_of_id, made.name) == (BatchState.CHECKED, 1, batch.id, "Winter, again")
    (page,) = pages_of(work.files.path(made.file_key).read_bytes())
    assert list(read(page)) == addresses_of([codes[2]])
    retire_code(db, codes[2], at=NOON, actor=None)
    with pytest.raises(FormError):
        service.ask_again(db, retailer, batch, [codes[2].id], at=NOON, actor=None)


def test_labels_are_listed_with_their_place_and_found_by_token(
    db: Session, retailer: Retailer, codes: list[Code]
) -> None:
    batch = ask(db, retailer, codes)

    lines, total = list_lines(db, batch.id, base_url=BASE, page=2, per_page=3)
    found, _ = list_lines(db, batch.id, base_url=BASE, find=f"{codes[1].token[:4]} {codes[1].token[4:]}".lower())

    assert (total, [line.place for line in lines]) == (4, [3])
    assert [line.code_id for line in found] == [codes[1].id]
    assert [line.code_id for line in each_line(db, batch.id, base_url=BASE, begin=2)] == [code.id for code in codes[2:]]


def test_the_zip_for_a_print_shop_lists_every_label(
    db: Session, retailer: Retailer, codes: list[Code], work: Work, tmp_path: Path
) -> None:
    codes[0].batch = "x"
    item = db.get_one(type(make_item(db, retailer)), codes[0].item_id)
    item.title = "=1+1 Top"
    batch = ask(db, retailer, codes, run=Run(stock=AVERY, start=29, copies=2))
    jobs.run_all(work)
    batch, out = again(db, batch), io.BytesIO()

    write_package(out, batch, each_line(db, batch.id, base_url=BASE), work.files.path(batch.file_key))

    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
        said = archive.read("README.txt").decode()
        file = archive.read(next(name for name in names if name.endswith(".pdf")))
    assert len(names) == 3
    assert [(row["Page"], row["Label"], row["Copy"]) for row in rows[:4]] == [
        *[("1", "29", "1"), ("1", "30", "2"), ("2", "1", "1"), ("2", "2", "2")]
    ]
    assert [row["Address"] for row in rows] == [each for each in addresses_of(codes) for _ in range(2)]
    assert rows[0]["Item"] == "'=1+1 Top"
    assert batch.digest in said
    assert len(file) == batch.file_bytes


def test_bleed_brings_boxes_and_marks_and_codes_are_read_where_they_are() -> None:
    stock = replace(TAG, bleed=3.0)
    labels = make_labels(2)
    run = Run(stock=stock)

    pdf = sheet(labels, stock, run=run)

    assert pdf.count(b"/TrimBox[28.346 28.346 170.079 283.465]") == 2
    assert pdf.count(b"/BleedBox[19.843 19.843 178.583 291.969]") == 2
    page = pages_of(pdf)[0]
    assert page.size == tuple(pytest.approx(side / 25.4 * 300, abs=2) for side in run.page_mm)
    # A mark at the left, at the height where the tag is cut.
    row = round(10 / 25.4 * 300)
    assert page.crop((0, row - 2, 59, row + 3)).getextrema()[0] < 128
    with open_pages(pdf) as pages:
        assert list(read_pages(pages, run, [label.address for label in labels])) == [1, 2]


def test_an_empty_batch_and_one_too_large_are_refused(db: Session, retailer: Retailer, codes: list[Code]) -> None:
    with pytest.raises(FormError, match="None of these codes is active"):
        ask(db, retailer, [])
    with pytest.raises(FormError, match="more than one file holds"):
        service.check_number(20_001)


def test_names_that_were_cut_are_listed(db: Session, retailer: Retailer, work: Work) -> None:
    long = make_item(db, retailer, title="A very long name that goes on and on and on, with pockets and a hood " * 2)
    short = make_item(db, retailer, title="Top")
    codes = make_codes(db, [long, short], [None], at=NOON)
    batch = ask(db, retailer, codes)

    jobs.run_all(work)

    assert again(db, batch).cut == [long.title]
    assert batch.incomplete == []


def test_label_of_each_kind_is_known_by_its_words() -> None:
    label = Label(f"{BASE}/q/7K3M9WX2C", "7K3M9WX2C", "Top", "")

    assert sheet([label], AVERY) == sheet([label], AVERY), "the same labels make the same file"

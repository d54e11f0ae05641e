"""Filling pages from a sheet: what is in a new one, what a dry run says, what is written, and what never is."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product
from qrmerch.catalog.service import NotSupplied
from qrmerch.content import drafts, templates
from qrmerch.content.models import PageTemplate, Revision, RevisionState
from qrmerch.content.queries import find_content, get_newest_version, list_revisions, slots_of
from qrmerch.content.slots import SlotLocked
from qrmerch.db import Database
from qrmerch.errors import DomainError
from qrmerch.files import FileStore
from qrmerch.imports import slot_sheets, slot_tasks
from qrmerch.imports.problems import SheetRejected
from qrmerch.imports.slot_files import sheet_rows, write_csv, write_report, write_workbook
from qrmerch.imports.slot_models import FillRun, FillState
from qrmerch.jobs import Work
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import add_host
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
)


@dataclass
class Shop:
    retailer: Retailer
    vendor: Vendor
    template: PageTemplate
    vera: Person
    top: Item
    cap: Item


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    vendor = make_vendor(db, retailer, name="Sunny Side")
    template = make_template(db, retailer)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    top = make_item(db, retailer, vendor=vendor, key="top", title="Marigold Top")
    cap = make_item(db, retailer, vendor=vendor, key="cap", title="Corner Cap")
    db.commit()
    return Shop(retailer, vendor, template, vera, top, cap)


def send(db: Session, shop: Shop, work: Work, data: str | bytes) -> FillRun:
    run = slot_sheets.receive_file(
        db,
        retailer=shop.retailer,
        vendor_id=shop.vendor.id,
        stream=io.BytesIO(data.encode() if isinstance(data, str) else data),
        file_name="pages.csv",
        user_id=shop.vera.user.id,
        store=FileStore(work.settings.uploads_dir),
        settings=work.settings,
        at=NOON,
    )
    db.commit()
    return run


def take_in(db: Session, work: Work, run: FillRun) -> FillRun:
    slot_sheets.start(db, run, at=NOON)
    db.commit()
    jobs.run_all(work)
    db.expire_all()
    return db.get_one(FillRun, run.id)


def sheet_of(db: Session, shop: Shop) -> list[dict[str, str]]:
    """A new sheet, row by row."""
    header, *rows = sheet_rows(slot_sheets.load_pages(db, shop.retailer, shop.vendor.id))
    return [dict(zip(header, row, strict=True)) for row in rows]


def draft_of(db: Session, item: Item) -> Revision | None:
    content = find_content(db, item.id, db.scalars(select(PageTemplate.id)).one())
    return next(iter(list_revisions(db, content.id)), None) if content else None


def values(db: Session, item: Item) -> dict[str, object]:
    draft = draft_of(db, item)
    assert draft is not None
    assert draft.state == RevisionState.DRAFT
    return dict(slots_of(draft))


def codes(run: FillRun) -> list[tuple[int, str, str]]:
    return [(each["row"], one["code"], one["column"]) for each in run.problems for one in each["problems"]]


def csv_of(*rows: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


# --- a new sheet -----------------------------------------------------------------------------------


def test_a_new_sheet_has_a_row_for_each_item_and_a_column_for_each_open_slot_and_language(
    db: Session, shop: Shop
) -> None:
    make_item(db, shop.retailer, vendor=make_vendor(db, shop.retailer), key="theirs")
    retired = make_item(db, shop.retailer, vendor=shop.vendor, key="gone")
    retired.is_retired = True

    rows = sheet_of(db, shop)

    assert [each["item"] for each in rows] == ["cap", "top"]
    assert {"story.lede", "story.lede.ar", "facts.rows", "facts.rows.ar", "gallery.pictures", "facts.fit"} <= set(
        rows[0]
    )
    assert not {"legal.text", "delivery.text", "gallery.pictures.ar", "facts.fit.ar"} & set(rows[0])
    assert rows[1]["story.lede"] == "The loose knit."
    assert rows[1]["_version"] == "v1s0"


def test_a_sheet_that_nobody_touched_changes_nothing(db: Session, shop: Shop, work: Work) -> None:
    picture = make_asset(db, shop.vendor, file_name="front.jpg")
    make_revision(
        db,
        shop.top,
        author=shop.vera,
        slots={
            "gallery.pictures": [picture.id],
            "story.lede": {"en": "=SUM(1)", "ar": "قميص"},
            "facts.rows": [{"name": {"en": "Fibre", "ar": "ليف"}, "value": {"en": "Cotton", "ar": "قطن"}}],
            "facts.fit": "true_to_size",
        },
    )
    db.commit()
    house = slot_sheets.load_pages(db, shop.retailer, shop.vendor.id)
    rows = list(sheet_rows(house))

    for data in (write_csv(rows), write_workbook(rows, sheet="Fashiontown: [pages]")):
        run = send(db, shop, work, data)

        assert run.counts == {"rows": 2, "created": 0, "changed": 0, "unchanged": 2, "errors": 0}
        assert run.problems == []
    with pytest.raises(slot_sheets.NothingToFill):
        slot_sheets.start(db, run, at=NOON)


def test_a_formula_is_text_in_both_kinds_of_file(db: Session, shop: Shop) -> None:
    make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "=HYPERLINK(0)"}})
    rows = list(sheet_rows(slot_sheets.load_pages(db, shop.retailer, shop.vendor.id)))

    assert b",'=HYPERLINK(0)," in write_csv(rows)


# --- the dry run -----------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_change_and_writes_nothing(db: Session, shop: Shop, work: Work) -> None:
    make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}})
    data = csv_of(
        ["item", "story.lede", "story.lede.ar"], ["top", "Looser.", "أوسع"], ["cap", "A cap.", ""], ["top2", "?", ""]
    )

    run = send(db, shop, work, data)

    assert run.counts == {"rows": 3, "created": 1, "changed": 1, "unchanged": 0, "errors": 1}
    assert codes(run) == [(4, "ITEM_UNKNOWN", "item")]
    assert [(each["title"], each["field"], each["now"], each["after"]) for each in run.changes] == [
        ("Marigold Top", "One line, Arabic", "", "أوسع"),
        ("Marigold Top", "One line", "Loose.", "Looser."),
        ("Corner Cap", "One line", "The loose knit.", "A cap."),
    ]
    assert values(db, shop.top)["story.lede"] == {"en": "Loose."}
    assert draft_of(db, shop.cap) is None


@pytest.mark.parametrize("name", ["legal.text", "legal.text.ar", "Delivery.Text"])
def test_a_column_of_the_retailers_is_refused_by_name(db: Session, shop: Shop, work: Work, name: str) -> None:
    with pytest.raises(SlotLocked, match="comes from Fashiontown, the same on every page") as refused:
        send(db, shop, work, csv_of(["item", "story.lede", name], ["top", "Loose.", "We owe nothing."]))

    assert refused.value.slug == "slot_locked"
    assert db.scalar(select(func.count()).select_from(FillRun)) == 0


def test_a_slot_that_is_locked_for_one_item_is_refused_in_its_row(db: Session, shop: Shop, work: Work) -> None:
    sections = [dict(each) for each in get_newest_version(db, shop.template.id).sections]
    other = templates.add_template(
        db, shop.retailer.id, name="Strict", style=shop.template.style, at=NOON, sections=_fixing(sections, "care")
    )
    shop.cap.template_id = other.id
    db.commit()

    run = send(db, shop, work, csv_of(["item", "care.text"], ["top", "Wash."], ["cap", "Wash."]))

    assert codes(run) == [(3, "slot_locked", "care.text")]
    assert run.counts["errors"] == 1


def _fixing(sections: list[dict[str, object]], key: str) -> list[dict[str, object]]:
    return [
        {**each, "slots": [{**slot, "lock": "fixed"} for slot in each["slots"]]} if each["key"] == key else each  # type: ignore[attr-defined]
        for each in sections
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["story.lede"], "No column is called “item”"),
        (["item", "name"], "No column names a slot"),
        (["item", "story.lead"], "no slot story.lead. Do you mean story.lede?"),
        (["item", "story.lede", "Story.Lede"], "two columns called Story.Lede"),
        (["item", "story.lede", "story.lede.en"], "story.lede and story.lede.en fill the same"),
        (
            ["item", "story.lede.fr"],
            "fr in story.lede.fr is not among the languages of Fashiontown. These are: en (English), ar",
        ),
        (["item", "gallery.pictures.ar"], "has no languages: call the column gallery.pictures"),
    ],
)
def test_a_header_that_says_something_else_is_refused_with_what_to_do(
    db: Session, shop: Shop, work: Work, header: list[str], said: str
) -> None:
    with pytest.raises(SheetRejected) as refused:
        send(db, shop, work, csv_of(header, ["x"] * len(header)))

    assert said in refused.value.detail


@pytest.mark.parametrize("mark", ["3.1", "v1", "v1s0x", "v٣s٠", "=v1s0", "v" + "9" * 40 + "s0"])
def test_a_version_that_somebody_changed_is_no_version(db: Session, shop: Shop, work: Work, mark: str) -> None:
    run = send(db, shop, work, csv_of(["item", "_version", "story.lede"], ["top", mark, "Loose."]))

    assert codes(run) == [(2, "VERSION", "_version")]


def test_a_version_that_never_was_overwrites_nothing(db: Session, shop: Shop, work: Work) -> None:
    make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}})
    db.commit()

    run = send(db, shop, work, csv_of(["item", "_version", "story.lede"], ["top", "v7s7", "Mine."]))

    assert codes(run) == [(2, "CHANGED", "story.lede")]


def test_a_column_without_a_dot_is_left_out_with_a_word(db: Session, shop: Shop, work: Work) -> None:
    run = send(db, shop, work, csv_of(["item", "remark", "story.lede"], ["top", "urgent", "Loose."]))

    assert codes(run) == [(1, "COLUMN_UNUSED", "remark")]
    assert run.counts["changed"] + run.counts["created"] == 1


def test_each_problem_stands_at_its_own_cell(db: Session, shop: Shop, work: Work) -> None:
    make_asset(db, shop.vendor, file_name="twice.jpg")
    make_asset(db, shop.vendor, file_name="Twice.jpg")
    header = ["item", "story.lede", "story.lede.ar", "story.text", "gallery.pictures", "facts.fit", "facts.rows"]
    data = csv_of(
        header,
        ["top", "x" * 81, "ق" * 81, "[buy](https://vendor.example)", "none.jpg", "huge", "Fibre"],
        ["top", "again", "", "", "", "", ""],
        ["cap", "", "", "", "twice.jpg", "", ""],
        ["", "nobody", "", "", "", "", ""],
    )

    run = send(db, shop, work, data)

    assert codes(run) == [
        (2, "SLOT", "story.lede"),
        (2, "SLOT", "story.lede.ar"),
        (2, "SLOT", "story.text"),
        (2, "SLOT", "gallery.pictures"),
        (2, "SLOT", "facts.fit"),
        (2, "SLOT", "facts.rows"),
        (3, "ITEM_TWICE", "item"),
        (4, "SLOT", "gallery.pictures"),
        (5, "ITEM_MISSING", "item"),
    ]
    said = [one["message"] for each in run.problems for one in each["problems"]]
    assert "in Arabic, 80 characters at most; this has 81." in said[1]
    assert "away from the retailer" in said[2]
    assert "there is no picture called none.jpg among yours" in said[3]
    assert "2 of yours are called twice.jpg" in said[7]
    assert draft_of(db, shop.top) is None


def test_another_vendors_items_and_pictures_are_not_there(db: Session, shop: Shop, work: Work) -> None:
    other = make_vendor(db, shop.retailer)
    make_item(db, shop.retailer, vendor=other, key="theirs")
    picture = make_asset(db, other, file_name="theirs.jpg")
    data = csv_of(["item", "gallery.pictures"], ["theirs", ""], ["top", "theirs.jpg"], ["cap", picture.id])

    run = send(db, shop, work, data)

    assert codes(run) == [
        (2, "ITEM_UNKNOWN", "item"),
        (3, "SLOT", "gallery.pictures"),
        (4, "SLOT", "gallery.pictures"),
    ]


def test_a_page_that_waits_for_an_answer_is_left_as_it_is(db: Session, shop: Shop, work: Work) -> None:
    make_revision(db, shop.top, author=shop.vera, state="submitted")
    db.commit()

    run = send(db, shop, work, csv_of(["item", "story.lede"], ["top", "Loose."]))

    assert codes(run) == [(2, "WAITING", "")]


def test_a_vendor_who_does_not_supply_any_more_fills_nothing(db: Session, shop: Shop, work: Work) -> None:
    supply = find_supply(db, shop.retailer.id, shop.vendor.id)
    assert supply is not None
    supply.ended_at = NOON

    with pytest.raises(NotSupplied):
        send(db, shop, work, csv_of(["item", "story.lede"], ["top", "Loose."]))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04 and no more", b"%PDF-1.7", b"\x89PNG\r\n", b"item,story.lede\n", b'item,story.lede\n"top'],
)
def test_what_is_no_sheet_is_refused_and_not_kept(db: Session, shop: Shop, work: Work, data: bytes) -> None:
    with pytest.raises(DomainError):
        send(db, shop, work, data)

    assert not [each for each in work.settings.uploads_dir.rglob("*") if each.is_file()]


# --- taking in -------------------------------------------------------------------------------------


def test_what_was_checked_lands_in_drafts_in_every_kind_of_slot(db: Session, shop: Shop, work: Work) -> None:
    front, back = (make_asset(db, shop.vendor, file_name=f"{each}.jpg") for each in ("front", "back"))
    make_revision(db, shop.top, author=shop.vera, slots={"care.text": {"en": "Wash.", "ar": "اغسل"}})
    db.commit()
    header = [
        "item",
        "story.lede.ar",
        "story.text",
        "care.text",
        "gallery.pictures",
        "facts.fit",
        "facts.rows",
        "facts.rows.ar",
    ]
    data = csv_of(
        header,
        [
            "top",
            "قميص واسع",
            "**Loose**",
            "-",
            "back.jpg\nFront.jpg",
            "True to size",
            "Fibre | Cotton\nMade in | Oman",
            "ليف | قطن",
        ],
    )

    run = take_in(db, work, send(db, shop, work, data))

    assert (run.state, run.written) == (FillState.DONE, {"created": 0, "changed": 1, "unchanged": 0, "left_out": 0})
    kept = values(db, shop.top)
    assert kept["story.lede"] == {"en": "The loose knit that makes jeans look like a plan.", "ar": "قميص واسع"}
    assert kept["story.text"] == {"en": "**Loose**"}
    assert kept["care.text"] == {"ar": "اغسل"}
    assert kept["gallery.pictures"] == [back.id, front.id]
    assert kept["facts.fit"] == "true_to_size"
    assert kept["facts.rows"] == [
        {"name": {"en": "Fibre", "ar": "ليف"}, "value": {"en": "Cotton", "ar": "قطن"}},
        {"name": {"en": "Made in"}, "value": {"en": "Oman"}},
    ]


def test_a_page_that_nobody_began_is_begun_and_never_sent(db: Session, shop: Shop, work: Work) -> None:
    run = take_in(db, work, send(db, shop, work, csv_of(["item", "story.lede"], ["cap", "A cap."])))

    draft = draft_of(db, shop.cap)
    assert draft is not None
    assert (run.written["created"], draft.state, draft.author_id) == (1, RevisionState.DRAFT, shop.vera.user.id)


def test_an_empty_cell_leaves_a_slot_as_it_is(db: Session, shop: Shop, work: Work) -> None:
    make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}, "facts.fit": "true_to_size"})
    db.commit()

    take_in(
        db,
        work,
        send(db, shop, work, csv_of(["item", "story.lede", "facts.fit", "care.text"], ["top", "", "", "Wash."])),
    )

    assert (values(db, shop.top)["story.lede"], values(db, shop.top)["facts.fit"]) == ({"en": "Loose."}, "true_to_size")


def test_a_slot_changed_in_the_studio_meanwhile_is_named_and_not_overwritten(
    db: Session, shop: Shop, work: Work
) -> None:
    draft = make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}})
    db.commit()
    run = send(db, shop, work, csv_of(["item", "story.lede"], ["top", "From the sheet."], ["cap", "A cap."]))
    drafts.save_draft(db, draft, {"story.lede": {"en": "From the studio."}}, edit=draft.edit, at=NOON)
    db.commit()

    run = take_in(db, work, run)

    assert values(db, shop.top)["story.lede"] == {"en": "From the studio."}
    assert codes(run) == [(2, "CHANGED", "story.lede")]
    assert "says “From the studio.” now" in run.problems[0]["problems"][0]["message"]
    assert run.written == {"created": 1, "changed": 0, "unchanged": 0, "left_out": 1}


def test_another_slot_changed_meanwhile_stays_and_the_sheets_own_is_written(
    db: Session, shop: Shop, work: Work
) -> None:
    draft = make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}})
    db.commit()
    rows = list(sheet_rows(slot_sheets.load_pages(db, shop.retailer, shop.vendor.id)))
    drafts.save_draft(db, draft, {"care.text": {"en": "Wash by hand."}}, edit=draft.edit, at=NOON)
    db.commit()
    place = rows[0].index("story.lede")
    rows[2][place] = "From the sheet."

    run = take_in(db, work, send(db, shop, work, write_csv(rows)))

    assert (run.problems, run.written["changed"]) == ([], 1)
    assert values(db, shop.top)["story.lede"] == {"en": "From the sheet."}
    assert values(db, shop.top)["care.text"] == {"en": "Wash by hand."}


def test_an_old_sheet_names_what_was_changed_since_it_was_downloaded(db: Session, shop: Shop, work: Work) -> None:
    draft = make_revision(db, shop.top, author=shop.vera, slots={"story.lede": {"en": "Loose."}})
    db.commit()
    rows = list(sheet_rows(slot_sheets.load_pages(db, shop.retailer, shop.vendor.id)))
    drafts.save_draft(
        db, draft, {"story.lede": {"en": "Studio."}, "care.text": {"en": "By hand."}}, edit=draft.edit, at=NOON
    )
    db.commit()
    rows[2][rows[0].index("story.lede")] = "Sheet."

    run = send(db, shop, work, write_csv(rows))
    prepared = slot_sheets.prepare(
        db, shop.retailer, shop.vendor.id, work.files.path(run.file_key), settings=work.settings
    )
    report = write_report(slot_sheets.check(db, prepared, marks=run.marks))
    again = take_in(db, work, send(db, shop, work, report))

    assert (run.counts["errors"], codes(run)) == (1, [(3, "CHANGED", "story.lede")])
    assert again.written == {"created": 0, "changed": 1, "unchanged": 0, "left_out": 0}
    assert values(db, shop.top)["story.lede"] == {"en": "Sheet."}
    assert values(db, shop.top)["care.text"] == {"en": "By hand."}


def test_rows_to_fix_come_back_in_their_own_columns_and_go_in_once_fixed(db: Session, shop: Shop, work: Work) -> None:
    data = csv_of(["remark", "story.lede", "item"], ["=1+1", "x" * 90, "top"], ["", "A cap.", "cap"])
    run = send(db, shop, work, data)
    prepared = slot_sheets.prepare(
        db, shop.retailer, shop.vendor.id, work.files.path(run.file_key), settings=work.settings
    )

    report = write_report(slot_sheets.check(db, prepared)).decode("utf-8-sig")
    header, row = list(csv.reader(io.StringIO(report)))
    fixed = report.replace("x" * 90, "Loose.")
    again = send(db, shop, work, fixed)

    assert header == ["remark", "story.lede", "item", "_row", "_status", "_errors"]
    assert row[:5] == ["'=1+1", "x" * 90, "top", "2", "error"]
    assert (again.counts["rows"], again.counts["errors"], again.counts["created"]) == (1, 0, 1)


def test_the_job_goes_on_where_it_was_cut(db: Session, shop: Shop, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    count = slot_sheets.CHUNK_ROWS * 2 + 3
    for number in range(count):
        make_item(db, shop.retailer, vendor=shop.vendor, key=f"more-{number:03}")
    db.commit()
    run = send(db, shop, work, csv_of(["item", "care.text"], *([f"more-{n:03}", f"Care {n}."] for n in range(count))))
    slot_sheets.start(db, run, at=NOON)
    db.commit()
    real, calls = slot_sheets.commit_chunk, []

    def dies_at_the_second(*given: object, **named: object) -> bool:
        calls.append(given)
        if len(calls) == 2:
            raise OSError("the power is gone")
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(slot_sheets, "commit_chunk", dies_at_the_second)
    with pytest.raises(OSError, match="power"):
        jobs.run_all(work)
    db.expire_all()
    assert db.get_one(FillRun, run.id).done_rows == slot_sheets.CHUNK_ROWS
    db.commit()

    jobs.run_all(work)

    db.expire_all()
    assert db.get_one(FillRun, run.id).written == {"created": count, "changed": 0, "unchanged": 0, "left_out": 0}
    assert db.scalars(select(func.max(Revision.edit))).one() == 1


def test_a_cancelled_file_writes_no_more_and_a_taken_one_is_over(db: Session, shop: Shop, work: Work) -> None:
    run = send(db, shop, work, csv_of(["item", "story.lede"], ["cap", "A cap."]))
    slot_sheets.start(db, run, at=NOON)
    slot_sheets.cancel(db, run, at=NOON)
    db.commit()

    slot_tasks.fill(work, fill_id=run.id)

    assert draft_of(db, shop.cap) is None
    for again in (slot_sheets.start, slot_sheets.cancel):
        with pytest.raises(slot_sheets.FillOver):
            again(db, run, at=NOON)


def test_a_file_that_is_gone_ends_its_run(db: Session, shop: Shop, work: Work) -> None:
    run = send(db, shop, work, csv_of(["item", "story.lede"], ["cap", "A cap."]))
    work.files.delete(run.file_key)

    assert take_in(db, work, run).state == FillState.FAILED


def test_a_page_sent_between_check_and_taking_in_is_named(db: Session, shop: Shop, work: Work) -> None:
    draft = make_revision(db, shop.top, author=shop.vera)
    db.commit()
    run = send(db, shop, work, csv_of(["item", "story.lede"], ["top", "Loose."]))
    drafts.submit(db, draft, author_id=shop.vera.user.id, at=NOON)
    db.commit()

    run = take_in(db, work, run)

    assert run.written["left_out"] == 1
    assert draft.state == RevisionState.SUBMITTED


def test_thousands_of_rows_are_checked_in_a_handful_of_statements(
    db: Session, database: Database, shop: Shop, work: Work, at_scale: Callable[[int, int], int]
) -> None:
    count = at_scale(200, 5000)
    for number in range(count):
        make_item(db, shop.retailer, vendor=shop.vendor, key=f"many-{number:05}", sizes=("S",))
    db.commit()
    data = csv_of(
        ["item", "story.lede", "story.lede.ar"], *([f"many-{n:05}", f"Line {n}.", f"سطر {n}"] for n in range(count))
    )
    statements = _count_statements(database)

    run = send(db, shop, work, data)

    assert run.counts["created"] == count
    assert len(statements) < 40


def _count_statements(database: Database) -> list[str]:
    from sqlalchemy import event

    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(str(given[2])))
    return said


def test_the_key_of_an_item_is_the_vendors_own(db: Session, shop: Shop) -> None:
    assert sheet_of(db, shop)[1]["item"] == get_product(db, shop.top.product_id).key


# --- tables, links, files, and what the retailer lists -----------------------------------------------


@pytest.fixture
def wide(db: Session, shop: Shop) -> Shop:
    """The shop with a template that has a slot of each newer kind."""
    slots = [
        {"key": "sizes", "kind": "table", "label": "Sizes", "max_count": 5},
        {"key": "link", "kind": "link", "label": "Link"},
        {"key": "files", "kind": "files", "label": "Downloads", "max_count": 3},
        {
            "key": "words",
            "kind": "line",
            "label": "Promise",
            "lock": "choose",
            "max_chars": 40,
            "options": [{"value": "slow", "label": {"en": "Made slowly", "ar": "صنع ببطء"}}],
        },
        {"key": "ask", "kind": "text", "label": "What to ask", "max_chars": 200, "audience": "staff"},
    ]
    add_host(db, shop.retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    template = templates.add_template(db, shop.retailer.id, name="Wide", style=shop.template.style, at=NOON)
    # One section with every kind of slot, which nobody could release.
    version = get_newest_version(db, template.id)
    version.sections = [{"key": "more", "kind": "words", "label": "More", "slots": slots}]
    shop.top.template_id = template.id
    db.commit()
    return shop


def test_tables_links_files_and_choices_come_as_lines(db: Session, wide: Shop, work: Work) -> None:
    cells = {
        "item": "top",
        "more.sizes": "Size | Chest\nM | 52",
        "more.sizes.ar": "المقاس | الصدر\nM | 52",
        "more.link": "Care | https://fashiontown.example/care",
        "more.files": "Guide | https://fashiontown.example/guide.pdf",
        "more.files.ar": "دليل | https://fashiontown.example/guide.pdf",
        "more.words": "صنع ببطء",
        "more.ask": "Does it shrink?",
    }

    run = take_in(db, work, send(db, wide, work, csv_of(list(cells), list(cells.values()))))

    assert run.problems == []
    revision = db.scalars(select(Revision)).one()
    assert slots_of(revision) == {
        "more.sizes": {"en": [["Size", "Chest"], ["M", "52"]], "ar": [["المقاس", "الصدر"], ["M", "52"]]},
        "more.link": {"url": "https://fashiontown.example/care", "words": {"en": "Care"}},
        "more.files": [{"url": "https://fashiontown.example/guide.pdf", "name": {"en": "Guide", "ar": "دليل"}}],
        "more.words": "slow",
        "more.ask": {"en": "Does it shrink?"},
    }
    rows = list(sheet_rows(slot_sheets.load_pages(db, wide.retailer, wide.vendor.id)))
    again = send(db, wide, work, write_csv(rows))
    assert (again.counts["unchanged"], again.problems) == (2, [])


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("more.words", "Made fast", "choose one of the retailer’s list: Made slowly."),
        ("more.link", "Buy | https://vendor.example/", "away from the retailer"),
        ("more.link", "One | https://fashiontown.example/\nTwo | https://fashiontown.example/", "it takes one link"),
        ("more.files", "Guide", "needs two cells with | between them"),
        ("more.files", "Guide | https://vendor.example/guide.pdf", "away from the retailer"),
        ("more.sizes", "Size", "a table has two columns at least"),
    ],
)
def test_what_they_do_not_take_is_refused_in_its_cell(
    db: Session, wide: Shop, work: Work, column: str, cell: str, said: str
) -> None:
    run = send(db, wide, work, csv_of(["item", column], ["top", cell]))

    assert codes(run) == [(2, "SLOT", column)]
    assert said in run.problems[0]["problems"][0]["message"]


def test_a_language_of_rows_is_told_line_by_line_and_takes_none_away(db: Session, shop: Shop, work: Work) -> None:
    rows = [{"name": {"en": name}, "value": {"en": "Yes"}} for name in ("Fibre", "Lined")]
    make_revision(db, shop.top, author=shop.vera, slots={"facts.rows": rows})
    db.commit()

    take_in(db, work, send(db, shop, work, csv_of(["item", "facts.rows.ar"], ["top", "ليف | نعم"])))
    longer = send(db, shop, work, csv_of(["item", "facts.rows.ar"], ["top", "1 | 2\n3 | 4\n5 | 6"]))

    assert values(db, shop.top)["facts.rows"] == [
        {"name": {"en": "Fibre", "ar": "ليف"}, "value": {"en": "Yes", "ar": "نعم"}},
        {"name": {"en": "Lined"}, "value": {"en": "Yes"}},
    ]
    take_in(db, work, send(db, shop, work, csv_of(["item", "facts.rows.ar"], ["top", "-"])))

    assert values(db, shop.top)["facts.rows"] == rows
    assert codes(longer) == [(2, "SLOT", "facts.rows.ar")]
    assert "there are 3 lines where the first language has 2" in longer.problems[0]["problems"][0]["message"]


def test_a_slot_of_another_template_is_no_slot_of_this_item(db: Session, wide: Shop, work: Work) -> None:
    run = send(db, wide, work, csv_of(["item", "more.ask", "care.text"], ["top", "", "Wash."], ["cap", "Why?", ""]))

    assert codes(run) == [(2, "SLOT_MISSING", "care.text"), (3, "SLOT_MISSING", "more.ask")]

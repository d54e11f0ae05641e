"""Filling pages from a sheet through HTTP: download, send, look, take in, fix; and nobody else's."""

import csv
import io

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.content import drafts
from qrmerch.content.models import Revision, RevisionState
from qrmerch.imports.slot_models import FillRun, FillState
from qrmerch.jobs import Work
from tests.browsing import Browser
from tests.factories import make_item, make_retailer, make_revision, make_template
from tests.studio.people import Studio, end_supply, kept, make_studio


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db, locales=["en", "ar"])
    make_template(db, made.retailer)
    make_item(db, made.retailer, vendor=made.vendor, key="top", title="Marigold Top")
    make_item(db, made.retailer, vendor=made.other, key="theirs", title="Their Cap")
    db.commit()
    return made


def send_file(browser: Browser, data: str | bytes, *, name: str = "pages.csv", **fields: str) -> TestResponse:
    page = browser.get("/studio/fill")
    sent = data.encode() if isinstance(data, str) else data
    return browser.send(page, action="/studio/fill", file=(io.BytesIO(sent), name), **fields)


def runs(browser: Browser) -> list[FillRun]:
    return kept(browser, select(FillRun).order_by(FillRun.created_at))


def revisions(browser: Browser) -> list[Revision]:
    return kept(browser, select(Revision))


def test_a_sheet_goes_out_and_comes_back_as_a_draft(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    sheet = browser.get(f"/studio/fill/pages.csv?retailer={studio.retailer.id}")
    header, row = list(csv.reader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    row[header.index("story.lede.ar")] = "قميص"
    out = io.StringIO()
    csv.writer(out).writerows([header, row])

    page = browser.follow(send_file(browser, out.getvalue()))
    before = revisions(browser)
    browser.send(page, action="/take-in")
    running = browser.get(f"/studio/fill/{runs(browser)[0].id}").text
    jobs.run_all(work)
    done = browser.get(f"/studio/fill/{runs(browser)[0].id}").text

    assert sheet.headers["Content-Disposition"] == 'attachment; filename="fashiontown-pages.csv"'
    assert row[0] == "top"
    assert "<b>1 of 1 row</b> can be taken in: 1 begun." in page.text
    assert "Fill 1 page" in page.text
    assert "قميص" in page.text
    assert before == []
    assert 'data-again="5"' in running
    assert "Your drafts are filled." in done
    draft = revisions(browser)[0]
    assert (draft.state, draft.body["slots"]["story.lede"]["ar"]) == (RevisionState.DRAFT, "قميص")
    assert "fill.start" in [each.action for each in kept(browser, select(AuditEntry))]


def test_a_workbook_goes_out_and_comes_back(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    book = browser.get(f"/studio/fill/pages.xlsx?retailer={studio.retailer.id}")
    page = browser.follow(send_file(browser, book.data, name="pages.xlsx")).text

    assert book.data.startswith(b"PK")
    assert book.headers["Content-Disposition"] == 'attachment; filename="fashiontown-pages.xlsx"'
    assert "<b>1 of 1 row</b> can be taken in: 1 as before." in page
    assert "/take-in" not in page


def test_a_column_of_the_retailers_is_refused_by_its_name(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    answer = send_file(browser, "item,legal.text\ntop,We owe nothing.\n")

    assert answer.status_code == 422
    assert "Small print comes from Fashiontown, the same on every page. Remove the column. (slot_locked)" in answer.text
    assert runs(browser) == []


def test_what_is_wrong_stands_at_its_cell_and_comes_back_to_be_fixed(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, f"item,story.lede\ntop,{'<b>' * 40}\ntheirs,Mine now.\n"))

    report = browser.get(f"/studio/fill/{runs(browser)[0].id}/rows-to-fix.csv")

    assert "<b>2 rows need you.</b>" in page.text
    assert "80 characters at most; this has 120." in page.text
    assert "&lt;b&gt;" in page.text
    assert "You list no item theirs at Fashiontown." in page.text
    assert report.data.startswith(b"\xef\xbb\xbf")
    assert [line.split(",")[0] for line in report.text.splitlines()] == ["\ufeffitem", "top", "theirs"]


def test_what_a_colleague_changed_meanwhile_is_shown_and_stays(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:

    item = db.scalars(select(Item).where(Item.vendor_id == studio.vendor.id)).one()
    draft = make_revision(db, item, author=studio.vera)
    db.commit()
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, "item,story.lede\ntop,From the sheet.\n"))
    drafts.save_draft(db, draft, {"story.lede": {"en": "From a colleague."}}, edit=draft.edit, at=draft.saved_at)
    db.commit()

    browser.send(page, action="/take-in")
    jobs.run_all(work)
    done = browser.get(f"/studio/fill/{runs(browser)[0].id}").text

    assert "1 row left out" in done
    assert "says “From a colleague.” now" in done
    assert revisions(browser)[0].body["slots"]["story.lede"]["en"] == "From a colleague."


def test_a_cancelled_file_is_over(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, "item,story.lede\ntop,Loose.\n"))

    browser.send(page, action="/cancel")
    again = browser.post(f"/studio/fill/{runs(browser)[0].id}/take-in")

    assert (runs(browser)[0].state, again.status_code) == (FillState.CANCELLED, 409)


def test_nobody_elses_retailer_or_file_is_there(browser: Browser, db: Session, studio: Studio) -> None:
    stranger = make_retailer(db)
    db.commit()
    browser.sign_in(*studio.vera)
    browser.follow(send_file(browser, "item,story.lede\ntop,Loose.\n"))
    address = f"/studio/fill/{runs(browser)[0].id}"
    olga = browser.another().sign_in(*studio.olga)

    answers = [
        browser.get(f"/studio/fill/pages.csv?retailer={stranger.id}"),
        browser.post("/studio/fill", {"retailer": stranger.id, "file": (io.BytesIO(b"item"), "a.csv")}),
        olga.get(address),
        olga.post(f"{address}/take-in"),
        olga.post(f"{address}/cancel"),
        olga.get(f"{address}/rows-to-fix.csv"),
    ]

    assert [each.status_code for each in answers] == [404] * 6
    assert "theirs" not in browser.get(f"/studio/fill/pages.csv?retailer={studio.retailer.id}").text


@pytest.mark.parametrize("data", [b"", b"item\n", b"\x89PNG", b"<html></html>"])
def test_what_is_no_sheet_is_said_beside_the_form(browser: Browser, studio: Studio, data: bytes) -> None:
    browser.sign_in(*studio.vera)

    answer = send_file(browser, data)

    assert answer.status_code == 422
    assert 'id="f-file-err"' in answer.text
    assert runs(browser) == []


def test_a_vendor_without_retailers_is_told_so(browser: Browser, db: Session, studio: Studio) -> None:
    end_supply(db, studio)
    db.commit()
    browser.sign_in(*studio.vera)

    assert "No retailer yet." in browser.get("/studio/fill").text

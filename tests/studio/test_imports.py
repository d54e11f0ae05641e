"""Sending a catalogue through the pages: check, choose, take in, fix; and nobody else's file."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.imports import service
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.jobs import Work
from tests.browsing import Browser, find_form
from tests.factories import make_person, make_retailer
from tests.imports.sheets import csv_of, top
from tests.imports.taking_in import send
from tests.studio.people import Studio, end_supply, kept, make_studio, rows


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


def send_file(browser: Browser, text: str | bytes, *, name: str = "autumn.csv", **fields: str) -> TestResponse:
    """Send a file with the form on the import page."""
    data = text.encode() if isinstance(text, str) else text
    page = browser.get("/studio/import")
    return browser.send(page, action="/studio/import", file=(io.BytesIO(data), name), **fields)


def runs(browser: Browser) -> list[ImportRun]:
    return kept(browser, select(ImportRun).order_by(ImportRun.created_at))


def test_a_file_is_checked_shown_taken_in_and_listed(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send_file(browser, csv_of(top(), top(size="M", sku="B", price="dear"))))
    written_before = kept(browser, select(VendorProduct))
    browser.send(page, action="/take-in")
    running = browser.get(f"/studio/import/{runs(browser)[0].id}").text
    jobs.run_all(work)
    done = browser.get(f"/studio/import/{runs(browser)[0].id}").text

    assert "<b>1 of 2 rows</b> can be taken in: 1 new." in page.text
    assert "<b>1 row needs you.</b>" in page.text
    assert "Items that are new to Fashiontown are listed there" in page.text
    assert written_before == []
    assert 'data-again="5"' in running
    assert '<meta http-equiv="refresh" content="5">' in running
    assert "1 new, 0 changed, 0 as before; 1 row left out." in done
    assert "data-again" not in done
    assert [each.retailer_id for each in kept(browser, select(Item))] == [studio.retailer.id]


def test_a_row_that_needs_somebody_is_shown_with_its_cell_and_what_to_do(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send_file(browser, csv_of(top(), top(size="M", price="28,00 $ <b>")))).text

    assert '<span class="rowno">Row </span>3</th>' in page
    assert "28,00 $ &lt;b&gt;" in page
    assert "Write 28.00, and set the currency once for the file." in page
    assert ">MONEY</span>" in page


def test_the_rows_to_fix_come_as_a_file_and_go_back_in_without_errors(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, csv_of(top(), top(size="M", sku="=1+1", price="dear"))))
    browser.send(page, action="/take-in")
    jobs.run_all(work)

    answer = browser.get(f"/studio/import/{runs(browser)[0].id}/rows-to-fix.csv")
    fixed = answer.data.replace(b"dear", b"29.00")
    again = browser.follow(send_file(browser, fixed)).text

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rows-to-fix.csv"'
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert next(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))["sku"] == "'=1+1"
    assert "<b>1 of 1 row</b> can be taken in: 1 new." in again
    assert "Rows to look at" not in again


def test_a_file_that_changes_nothing_offers_nothing_to_take_in(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    browser.send(browser.follow(send_file(browser, csv_of(top()))), action="/take-in")
    jobs.run_all(work)

    page = browser.follow(send_file(browser, csv_of(top()), retailer="")).text

    assert "1 as before" in page
    assert "Every row is as it was, so there is nothing to take in." in page
    assert "/take-in" not in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04", "This is a ZIP archive, not a list."),
        (b"[{}]", "This JSON file has no items."),
        (b"style,title,price,price\nA,Top,1,2\n", "There are two columns called price. Remove one."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_beside_the_form_and_is_not_kept(
    browser: Browser, db: Session, work: Work, studio: Studio, data: bytes, said: str
) -> None:
    browser.sign_in(*studio.vera)

    response = send_file(browser, data, currency="EUR")

    assert response.status_code == 422
    assert said in response.text
    assert find_form(response.text, "/studio/import").fields["currency"] == "EUR"
    assert runs(browser) == []
    assert [path for path in work.settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_no_file_is_a_sentence(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    response = browser.send(browser.get("/studio/import"), action="/studio/import")

    assert response.status_code == 422
    assert "Choose a file first." in response.text


def test_letters_that_are_no_currency_are_refused(browser: Browser, studio: Studio) -> None:
    response = send_file(browser.sign_in(*studio.vera), csv_of(top()), currency="DOLLAR")

    assert response.status_code == 422
    assert "DOLLAR is not a currency" in response.text


def test_a_missing_column_can_be_chosen_and_is_remembered(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)
    text = csv_of(["A-1", "Loose Knit", "31.00"], header=["Shelf label", "Heading", "Net"])

    lacking = browser.follow(send_file(browser, text))
    page = browser.follow(
        browser.send(lacking, action="/columns", **{"column.0": "key", "column.1": "title", "column.2": "price"})
    )
    browser.send(page, action="/take-in")
    jobs.run_all(work)
    next_time = browser.follow(send_file(browser, text.replace("31.00", "33.00"))).text

    assert "No row can be read yet." in lacking.text
    assert "/take-in" not in lacking.text
    assert "<b>1 of 1 row</b> can be taken in: 1 new." in page.text
    assert "As you chose" in page.text
    assert '<del dir="auto">$31.00</del>' in next_time
    assert '<ins dir="auto">$33.00</ins>' in next_time
    assert kept(browser, select(VendorProduct.title)) == ["Loose Knit"]


def test_another_currency_is_read_again(browser: Browser, db: Session, studio: Studio) -> None:
    page = browser.follow(send_file(browser.sign_in(*studio.vera), csv_of(top()), currency="USD"))

    browser.send(page, action="/columns", currency="SAR")

    assert runs(browser)[0].currency == "SAR"


def test_sec_c03_a_column_cannot_become_what_is_not_offered(browser: Browser, db: Session, studio: Studio) -> None:
    page = browser.follow(send_file(browser.sign_in(*studio.vera), csv_of(top())))

    browser.send(page, action="/columns", **{"column.0": "vendor_id", "column.3": "variations"})

    fields = {each["name"]: each["field"] for each in runs(browser)[0].columns}
    assert (fields["style"], fields["title"]) == ("key", "title")


def test_sec_c03_a_run_belongs_to_who_sent_it_whatever_the_form_says(
    browser: Browser, db: Session, studio: Studio
) -> None:
    send_file(
        browser.sign_in(*studio.vera), csv_of(top()), vendor_id=studio.other.id, vendor=studio.other.id, state="done"
    )

    assert [(each.vendor_id, each.state) for each in runs(browser)] == [(studio.vendor.id, RunState.CHECKED)]


def test_a_retailer_that_is_not_supplied_is_not_found(browser: Browser, db: Session, studio: Studio) -> None:
    stranger = make_retailer(db)
    db.commit()

    response = send_file(browser.sign_in(*studio.vera), csv_of(top()), retailer=stranger.id)

    assert response.status_code == 404
    assert runs(browser) == []


def test_a_retailer_that_is_no_longer_supplied_is_not_offered(browser: Browser, db: Session, studio: Studio) -> None:
    end_supply(db, studio)
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get("/studio/import").text
    response = send_file(browser, csv_of(top()), retailer=studio.retailer.id)

    assert "Fashiontown" not in page
    assert response.status_code == 404


def test_a_checked_file_can_be_left(browser: Browser, db: Session, studio: Studio) -> None:
    page = browser.follow(send_file(browser.sign_in(*studio.vera), csv_of(top())))

    after = browser.follow(browser.send(page, action="/cancel"))

    assert runs(browser)[0].state == RunState.CANCELLED
    assert "autumn.csv is cancelled." in after.text
    assert "Cancelled, nothing written" in after.text


def test_a_second_tap_takes_nothing_in_twice(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    page = browser.follow(send_file(browser.sign_in(*studio.vera), csv_of(top())))

    first, second = browser.send(page, action="/take-in"), browser.send(page, action="/take-in")
    jobs.run_all(work)
    third = browser.send(page, action="/take-in")

    assert [each.status_code for each in (first, second, third)] == [303, 409, 409]
    assert runs(browser)[0].written["created"] == 1


def test_nothing_but_errors_cannot_be_taken_in(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, csv_of(top(price="dear"))))

    response = browser.post(f"/studio/import/{runs(browser)[0].id}/take-in")

    assert "/take-in" not in page.text
    assert response.status_code == 409
    assert "Every row needs fixing first." in response.text


def test_files_are_listed_with_what_came_of_them(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    for name, sku in (("one.csv", "A"), ("../../two<b>.csv", "B")):
        send_file(browser, csv_of(top(sku=sku)), name=name)

    page = browser.get("/studio/import").text

    assert "2 files are checked and wait for you." in page
    assert ">two&lt;b&gt;.csv</a>" in page
    assert "1 of 1 row can be taken in" in page


def test_sec_c02_olga_cannot_touch_veras_file(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    run = send(db, studio.vendor, csv_of(top(price="dear"), top(size="M", sku="B")), work.settings)
    db.commit()
    before = rows(browser, ImportRun)
    olga = browser.sign_in(*studio.olga)
    address = f"/studio/import/{run.id}"

    answers = [olga.get(address), olga.get(f"{address}/rows-to-fix.csv")]
    answers += [olga.post(f"{address}/{what}", {"currency": "EUR"}) for what in ("take-in", "cancel", "columns")]

    assert [each.status_code for each in answers] == [404] * 5
    assert rows(browser, ImportRun) == before
    assert "catalogue.csv" not in olga.get("/studio/import").text
    assert jobs.run_all(work) == 0


def test_files_are_for_vendors_only(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    run = send(db, studio.vendor, csv_of(top()), work.settings)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=studio.retailer)
    db.commit()

    assert browser.get("/studio/import").status_code == 303
    assert browser.sign_in(*otto).get(f"/studio/import/{run.id}").status_code == 404


@pytest.mark.shared_data
@pytest.mark.parametrize("folder", ["catalogues", "csv", "fashiontown", "sales", "text", "images/hostile"])
def test_no_real_file_breaks_the_page(browser: Browser, studio: Studio, shared_data: Path, folder: str) -> None:
    browser.sign_in(*studio.vera)

    for file in sorted(path for path in (shared_data / folder).iterdir() if path.is_file()):
        response = send_file(browser, file.read_bytes(), name=file.name)
        assert response.status_code in (303, 422), file.name
        if response.status_code == 303:
            assert browser.follow(response).status_code == 200, file.name
        else:
            assert 'class="errs"' in response.text, file.name


def test_a_long_file_is_checked_while_its_sender_may_go(
    browser: Browser, work: Work, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHECKED_AT_ONCE_BYTES", 10)
    browser.sign_in(*studio.vera)

    waiting = browser.follow(send_file(browser, csv_of(top(), top(size="M", sku="B"))))
    listed = browser.get("/studio/import").text
    jobs.run_all(work)
    checked = browser.get(f"/studio/import/{runs(browser)[0].id}")
    read_again = browser.follow(browser.send(checked, action=f"/studio/import/{runs(browser)[0].id}/columns"))
    jobs.run_all(work)
    taken = browser.get(f"/studio/import/{runs(browser)[0].id}").text

    assert "Being read. It is safe to close this page." in waiting.text
    assert "Being read" in listed
    assert "2 of 2 rows" in checked.text
    assert "Being read" in read_again.text
    assert "Take in 2 rows" in taken


def test_the_same_file_sent_twice_is_one_that_waits(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    first, second = (send_file(browser, csv_of(top()), name=name) for name in ("one.csv", "one.csv"))

    assert first.headers["Location"] == second.headers["Location"]
    assert len(runs(browser)) == 1


def test_letters_and_a_header_can_be_said(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, "sku;title\n1;Κίτρινη μπλούζα\n".encode("cp1253")))
    address = f"/studio/import/{runs(browser)[0].id}/columns"

    greek = browser.follow(browser.send(page, action=address, encoding="Windows-1253 (Greek)"))
    values = {"encoding": "Windows-1253 (Greek)", "column.0": "", "column.1": ""}
    headless = browser.follow(browser.send(greek, action=address, has_header="", **values))

    assert "is a guess" in page.text
    assert "Κίτρινη μπλούζα" in greek.text and "is a guess" not in greek.text
    assert "Column 1" in headless.text


@pytest.mark.parametrize("action", ["/columns", "/rows-to-fix.csv"])
def test_a_file_that_is_gone_from_the_store_is_a_sentence(
    browser: Browser, work: Work, studio: Studio, action: str
) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send_file(browser, csv_of(top(), top(size="M", sku="B", price="dear"))))
    run = runs(browser)[0]
    work.files.delete(run.file_key)

    if action == "/columns":
        answer = browser.send(page, action=action)
    else:
        answer = browser.get(f"/studio/import/{run.id}{action}")

    assert answer.status_code == 404
    assert "The file is gone. Send it again." in answer.text


def test_the_columns_of_our_own_report_are_nothing_else(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    report = "sku,title,price,_row,_status,_errors\nA,Top,dear,2,error,x\n"
    page = browser.follow(send_file(browser, report))

    browser.send(page, action="/columns", **{"column.3": "parent"})

    run = runs(browser)[0]
    assert [each["field"] for each in run.columns] == ["sku", "title", "price", "", "", ""]
    assert browser.get(f"/studio/import/{run.id}/rows-to-fix.csv").status_code == 200


def test_what_was_read_in_another_way_meanwhile_is_not_taken_in_unseen(
    browser: Browser, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)
    seen = browser.follow(send_file(browser, csv_of(top()), currency="EUR"))
    browser.send(seen, action="/columns", currency="USD")

    refused = browser.send(seen, action="/take-in")
    [run] = runs(browser)
    taken = browser.send(browser.get(f"/studio/import/{run.id}"), action="/take-in")

    assert refused.status_code == 409
    assert "read in another way since" in refused.text
    assert run.state == RunState.CHECKED
    assert taken.status_code == 303

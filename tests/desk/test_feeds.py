"""Files of stores, places, prices and stock at the desk: check, take in, fix; and nobody else's."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Stock
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.desk.feed_view import address_of
from qrmerch.imports.feed_models import FeedRun, FeedState
from qrmerch.jobs import Work
from qrmerch.parties.models import Store
from qrmerch.parties.service import add_warehouse
from tests.browsing import Browser, find_form
from tests.desk.house import House, again, count_entries, seen
from tests.imports.workbooks import workbook

STORES, ITEMS = "/desk/stores/files", "/desk/items/files"


def send_file(
    browser: Browser, address: str, data: str | bytes, *, name: str = "list.csv", **fields: str
) -> TestResponse:
    """Send a file with the form on its page."""
    body = data.encode() if isinstance(data, str) else data
    return browser.send(browser.get(address), action=address, file=(io.BytesIO(body), name), **fields)


def runs(db: Session) -> list[FeedRun]:
    return seen(db, select(FeedRun).order_by(FeedRun.created_at))


def change_store(browser: Browser, store: Store, **values: str) -> None:
    """Save a store with the form on its page, whose address others begin with."""
    page = browser.get(f"/desk/stores/{store.id}").text
    address = f'action="/desk/stores/{store.id}"'
    form = find_form(page[page.index(address) - len('<form method="post" ') :], store.id)
    assert browser.post(form.action, {**form.fields, **values}).status_code == 303


def test_a_file_of_stores_is_checked_shown_and_taken_in(
    browser: Browser, db: Session, work: Work, house: House
) -> None:
    browser.sign_in(*house.mia)
    text = "code,name,country,hours\nFT-002,Galleria,US,Mon-Sat 10:00-20:00\nFT-003,,US,\n"

    page = browser.follow(send_file(browser, STORES, text))
    before = seen(db, select(Store.code).where(Store.retailer_id == house.retailer.id))
    browser.send(page, action="/take-in")
    running = browser.get(address_of(runs(db)[0])).text
    jobs.run_all(work)
    done = browser.get(address_of(runs(db)[0])).text
    listed = browser.get(STORES).text

    assert "<b>1 of 2 rows</b> can be taken in: 1 new." in page.text
    assert "<b>1 row needs you.</b>" in page.text
    assert before == ["FT-001"]
    assert 'data-again="2"' in running and "It is safe to close this page." in running
    assert '<meta http-equiv="refresh" content="5">' in running
    assert "1 new, 0 changed, 0 as before; 1 row left out." in done
    assert "data-again" not in done
    assert "list.csv" in listed and "Taken in" in listed
    assert set(seen(db, select(Store.code).where(Store.retailer_id == house.retailer.id))) == {"FT-001", "FT-002"}
    assert count_entries(db, "feed.start") == 1


def test_the_rows_to_fix_come_as_a_file_and_go_back_in(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    page = browser.follow(send_file(browser, STORES, "code;name;country\n=1;Köln;DE\n2;;DE\n"))

    report = browser.get(f"{address_of(runs(db)[0])}/rows-to-fix.csv")
    fixed = report.text.replace("2;;DE", "2;Bonn;DE")
    again_page = browser.follow(send_file(browser, STORES, fixed, name="rows-to-fix.csv"))

    assert "rows-to-fix.csv" in page.text
    assert report.text.startswith("\ufeffcode;name;country;_row;_status;_errors\r\n2;;DE;3;error;REQUIRED|name|")
    assert "<b>1 of 1 row</b> can be taken in: 1 new." in again_page.text


def test_stock_is_sent_with_the_instant_it_was_counted(browser: Browser, db: Session, work: Work, house: House) -> None:
    browser.sign_in(*house.mia)
    counted_at = (now() - timedelta(hours=3)).replace(microsecond=0)

    page = browser.follow(
        send_file(browser, ITEMS, "sku,store,qty\nFT-TOP-01-S,FT-001,7\n", kind="stock", as_of=counted_at.isoformat())
    )
    browser.send(page, action="/take-in")
    jobs.run_all(work)

    (row,) = seen(db, select(Stock))
    assert (row.pieces, row.as_of) == (7, counted_at)
    assert "Shoppers see the stock at once; it was counted" in page.text


def test_the_export_of_items_can_be_changed_and_sent_as_prices(
    browser: Browser, db: Session, work: Work, house: House
) -> None:
    small, medium = list_variants(db, house.item.id)
    small.sku = medium.sku = ""
    db.commit()
    browser.sign_in(*house.mia)
    export = browser.get("/desk/items/export").text.replace("28.00", "25,50", 1).replace("25,50", '"25,50"')

    page = browser.follow(send_file(browser, ITEMS, export, kind="prices"))
    browser.send(page, action="/take-in")
    jobs.run_all(work)

    assert "<b>2 of 2 rows</b> can be taken in: 1 changed, 1 as before." in page.text
    assert again(db, small).price_minor == 2550
    assert again(db, medium).price_minor == 2800


def test_what_cannot_be_read_is_said_at_its_field(browser: Browser, db: Session, house: House, work: Work) -> None:
    browser.sign_in(*house.mia)

    empty = send_file(browser, STORES, "")
    headless = send_file(browser, STORES, "a,b\n1,2\n")
    none = browser.send(browser.get(STORES), action=STORES)
    ahead = send_file(browser, ITEMS, "sku,store,qty\nA,B,1\n", as_of="2090-01-01")
    odd = send_file(browser, ITEMS, "sku,store,qty\nA,B,1\n", as_of="soon")
    nowhere = send_file(browser, STORES, "code,name\n1,A\n", country="Germany")

    answers = [empty, headless, none, ahead, odd, nowhere]
    assert [each.status_code for each in answers] == [422] * 6
    assert "This file is empty." in empty.text
    assert "No column has the store’s code." in headless.text
    assert "Choose a file first." in none.text
    assert "has not come yet" in ahead.text
    assert "soon is no date and time." in odd.text
    assert "two letters" in nowhere.text
    assert runs(db) == []
    # Nothing of it stays on the disk.
    assert [each for each in work.settings.uploads_dir.rglob("*") if each.is_file()] == []


def test_a_second_tap_and_a_late_cancel_do_no_harm(browser: Browser, db: Session, work: Work, house: House) -> None:
    browser.sign_in(*house.mia)
    browser.follow(send_file(browser, STORES, "code,name,country\nA,Alpha,US\n"))
    address = address_of(runs(db)[0])

    first, second = browser.post(f"{address}/take-in"), browser.post(f"{address}/take-in")
    jobs.run_all(work)
    late = browser.post(f"{address}/cancel")

    assert (first.status_code, second.status_code, late.status_code) == (303, 409, 409)
    assert again(db, runs(db)[0]).state == FeedState.DONE
    assert len(seen(db, select(Store).where(Store.code == "A"))) == 1


def test_a_cancelled_file_changes_nothing(browser: Browser, db: Session, work: Work, house: House) -> None:
    browser.sign_in(*house.mia)
    page = browser.follow(send_file(browser, STORES, "code,name,country\nA,Alpha,US\n"))

    back = browser.follow(browser.send(page, action="/cancel"))

    assert "list.csv is cancelled." in back.text
    assert jobs.run_all(work) == 0
    assert "Cancelled, nothing written" in browser.get(address_of(runs(db)[0])).text


def test_otto_finds_nothing_of_it(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    browser.follow(send_file(browser, STORES, "code,name,country\nA,Alpha,US\n"))
    address = address_of(runs(db)[0])
    otto = browser.another().sign_in(*house.otto)

    answers = [
        otto.get(address),
        otto.get(f"{address}/rows-to-fix.csv"),
        otto.post(f"{address}/take-in"),
        otto.post(f"{address}/cancel"),
    ]

    assert [each.status_code for each in answers] == [404] * 4
    assert "list.csv" not in otto.get(STORES).text
    assert again(db, runs(db)[0]).state == FeedState.CHECKED


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_look_after_stores_sends_no_files(browser: Browser, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    assert [browser.get(each).status_code for each in (STORES, ITEMS)] == [404, 404]


def test_sec_e01_what_a_file_says_is_text_everywhere(browser: Browser, db: Session, work: Work, house: House) -> None:
    browser.sign_in(*house.mia)
    evil = "<script>alert(1)</script>"
    data = workbook(
        [["code", "name", "country", evil], ["X1", evil, "US", "a"], ["X2", f"{evil}{'x' * 90}", "US", "b"]]
    )

    page = browser.follow(send_file(browser, STORES, data, name=f"{evil}.xlsx"))
    browser.send(page, action="/take-in")
    jobs.run_all(work)
    pages = [page.text, browser.get(address_of(runs(db)[0])).text, browser.get(STORES).text]
    pages += [browser.get("/desk/stores").text]

    assert all("<script>alert" not in each for each in pages)
    assert "&lt;script&gt;" in pages[-1]


def test_the_limit_of_stock_is_set_and_said(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(ITEMS)

    wrong = [browser.send(page, action="/limit", hours=each) for each in ("0", "-1", "a day", "99999", "١٢")]
    done = browser.follow(browser.send(page, action="/limit", hours="72"))

    assert [each.status_code for each in wrong[:4]] == [422] * 4
    assert "Figures of stock count for 3 days." in done.text
    assert again(db, house.retailer).stock_limit_hours == 72
    assert count_entries(db, "stock.limit") == 1 + (wrong[4].status_code == 303)


def test_the_item_shows_how_old_a_count_is_and_what_lies_in_a_warehouse(
    browser: Browser, db: Session, work: Work, house: House
) -> None:
    add_warehouse(db, house.retailer, code="W1", name="North")
    db.commit()
    browser.sign_in(*house.mia)
    two_days_ago = (now() - timedelta(days=2)).isoformat()
    text = f"sku,store,qty,as of\nFT-TOP-01-S,W1,500,\nFT-TOP-01-S,FT-001,7,{two_days_ago}\n"

    browser.send(browser.follow(send_file(browser, ITEMS, text, kind="stock")), action="/take-in")
    jobs.run_all(work)
    page = browser.get(f"/desk/items/{house.item.id}").text

    assert "North (warehouse)" in page and ">500<" in page
    assert "where the count is older than 24 hours" in page
    assert page.count('class="soonc"') == 1


def test_the_store_says_how_its_hours_are_understood(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    change_store(browser, house.store, hours="Mon-Sat 10-9", region="NY", postcode="10001")
    read = browser.get(f"/desk/stores/{house.store.id}").text
    change_store(browser, house.store, hours="when we like")
    text = browser.get(f"/desk/stores/{house.store.id}").text

    assert "Understood as Mon-Sat 10:00-21:00, so that pages can say “open until”." in read
    assert "without “open until”. “when” is no day and no time." in text
    kept = again(db, house.store)
    assert (kept.weekly, kept.region, kept.postcode) == ([], "NY", "10001")


def test_a_guessed_zone_is_marked_until_somebody_saves_the_right_one(
    browser: Browser, db: Session, work: Work, house: House
) -> None:
    browser.sign_in(*house.mia)
    page = browser.follow(send_file(browser, STORES, "code,name,country,hours\nA,Alpha,US,Mon 10-9\n"))
    browser.send(page, action="/take-in")
    jobs.run_all(work)
    (store,) = seen(db, select(Store).where(Store.code == "A"))

    listed, shown = browser.get("/desk/stores").text, browser.get(f"/desk/stores/{store.id}").text
    change_store(browser, store, time_zone="America/Chicago")

    assert "Time zone?" in listed
    assert "Nobody has said which time zone it is in." in shown
    kept = again(db, store)
    assert (kept.is_zone_guessed, kept.time_zone, bool(kept.weekly)) == (False, "America/Chicago", True)

"""Print batches, label stocks and vendors' print files, at the desk and in the studio; by whom, and of whom."""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.designs import Design, keep_design
from qrmerch.codes.models import Code, CodeReading, Modules
from qrmerch.codes.service import bring_back, make_codes, retire_code
from qrmerch.content.models import Notice, Revision, RevisionState
from qrmerch.i18n import format_date
from qrmerch.jobs import Work
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.printing import tasks
from qrmerch.printing.models import LabelStock, PrintBatch, PrintRequest, RequestState
from qrmerch.printing.reading import render_page
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_fixture,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_vendor,
    publish_page,
)
from tests.printing.test_sheets import pages_of, read, words_of

HEADER = "brand,part,paper,shape,w_mm,h_mm,cols,rows,x0_mm,y0_mm,dx_mm,dy_mm\n"


@dataclass(frozen=True)
class Shop:
    """A shop with Mia, its vendor with Vera, another vendor with Otto, and one published item of Vera's."""

    retailer: Retailer
    vendor: Vendor
    item: Item
    mia: Person
    vera: Person
    otto: Person


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer = make_retailer(db, name="Fashiontown")
    vendor, other = make_vendor(db, retailer, name="Sunny Side"), make_vendor(db, retailer, name="Otherwear")
    item = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top")
    publish_page(db, item)
    made = Shop(
        retailer=retailer,
        vendor=vendor,
        item=item,
        mia=make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer),
        vera=make_person(db, Role.VENDOR_ADMIN, name="Vera", vendor=vendor),
        otto=make_person(db, Role.VENDOR_ADMIN, name="Otto", vendor=other),
    )
    find_supply(db, retailer.id, vendor.id).may_ask_prints = True
    db.commit()
    return made


@pytest.fixture
def mia(browser: Browser, shop: Shop) -> Browser:
    return browser.another().sign_in(*shop.mia)


@pytest.fixture
def vera(browser: Browser, shop: Shop) -> Browser:
    return browser.another().sign_in(*shop.vera)


def file_of(browser: Browser, address: str) -> bytes:
    with browser.get(address) as response:
        assert response.status_code == 200
        return response.data


# --- batches ----------------------------------------------------------------------------------------


def test_a_batch_is_followed_released_and_downloaded_and_one_label_printed_again(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    store = make_store(db, shop.retailer, short_name="Riverside")
    codes = make_codes(db, [shop.item], [make_fixture(db, store, name=f"Bay {bay}") for bay in range(3)], at=NOON)
    db.commit()

    here = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "name": "Winter tags"}).headers["Location"]
    running, early = mia.get(here).text, mia.get(f"{here}/file").status_code
    jobs.run_all(work)
    checked, still = mia.get(here).text, mia.get(f"{here}/file").status_code
    release = mia.post(f"{here}/release")
    page, look = mia.get(here).text, mia.get(f"{here}/look.png")
    again = mia.post(f"{here}/again", {"pick": codes[1].id})
    nothing = mia.post(f"{here}/again", {})
    jobs.run_all(work)

    assert "0 of 3 labels drawn" in running
    assert (early, still, release.status_code) == (404, 404, 303)
    assert "Every code was read back from the finished pages. Release it to print." in checked
    for said in ("Winter tags", "Riverside", "Mia", "Page 1, label 3", "Avery 5160", "SHA-256"):
        assert said in page
    assert (look.status_code, look.mimetype) == (200, "image/png")
    assert len(read(pages_of(file_of(mia, f"{here}/file"))[0])) == 3
    with zipfile.ZipFile(io.BytesIO(file_of(mia, f"{here}/package.zip"))) as archive:
        assert {"README.txt", "manifest.csv"} < set(archive.namelist())
    once_more = again.headers["Location"]
    assert "1 label on Avery 5160" in mia.get(once_more).text
    assert (nothing.status_code, "Choose at least one label" in nothing.text) == (422, True)
    assert once_more in mia.get(here).text
    assert "Winter tags, again" in mia.get("/desk/prints").text


def test_a_batch_can_be_cancelled_until_it_is_released(mia: Browser, shop: Shop, db: Session, work: Work) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    db.commit()
    here = mia.post("/desk/codes/sheet", {"state": "active"}).headers["Location"]

    cancelled = mia.post(f"{here}/cancel")
    twice = mia.post(f"{here}/cancel")
    jobs.run_all(work)
    late = mia.post(f"{here}/release")

    assert (cancelled.status_code, twice.status_code, late.status_code) == (303, 409, 409)
    assert "Nothing was printed." in mia.get(here).text
    assert db.scalar(select(func.count(Code.id)).where(Code.printed_at.is_not(None))) == 0


def test_labels_for_a_zebra_are_a_file_of_zpl(mia: Browser, shop: Shop, db: Session, work: Work) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    db.commit()

    here = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "as": "zpl-203"}).headers["Location"]
    jobs.run_all(work)
    mia.post(f"{here}/release")

    data = file_of(mia, f"{here}/file")
    assert data.startswith(b"^XA^CI28")
    assert "Label printer, ZPL, 203 dpi" in mia.get(here).text
    assert mia.get(f"{here}/look.png").status_code == 404


def test_what_a_label_printer_needs_is_kept_tested_and_printed_by(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    db.commit()
    fields = {"state": "active", "sent": "1", "as": "zpl-203"}
    form = mia.get("/desk/codes/sheet?" + urlencode(fields)).text
    far = mia.post("/desk/codes/sheet", {**fields, "right": "3"})
    kept = mia.post("/desk/codes/sheet/fit", {**fields, "right": "1", "down": "-0.5", "printer": "Zebra, back"})
    fitted = mia.get(kept.headers["Location"]).text
    test = mia.get("/desk/codes/sheet/test?" + urlencode({**fields, "right": "1"}))
    batches = [mia.post("/desk/codes/sheet", {**fields, "right": right}).headers["Location"] for right in ("0", "1")]
    jobs.run_all(work)
    for here in batches:
        mia.post(f"{here}/release")
    first, moved = (
        re.search(rb"\^FO(\d+),(\d+)\^GFA", file_of(mia, f"{here}/file")).groups()
        for here in batches  # type: ignore[union-attr]
    )

    assert not [each for each in ("Start at label", "Colour of the code") if each in form]
    assert "Test label" in form
    assert (far.status_code, "over the edge of the label" in far.text) == (422, True)
    assert 'name="right" type="text" value="1"' in fitted
    assert 'name="down" type="text" value="-0.5"' in fitted
    assert b"^GB" in test.data
    assert test.headers["Content-Disposition"] == 'attachment; filename="test-label.zpl"'
    assert (int(moved[0]) - int(first[0]), moved[1]) == (round(203 / 25.4), first[1])


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST])
def test_who_only_looks_sees_batches_and_changes_nothing(
    browser: Browser, mia: Browser, shop: Shop, db: Session, work: Work, role: Role
) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    rob = make_person(db, role, name="Rob", retailer=shop.retailer)
    db.commit()
    here = mia.post("/desk/codes/sheet", {"state": "active"}).headers["Location"]
    jobs.run_all(work)
    reader = browser.another().sign_in(*rob)

    page = reader.get(here)

    assert page.status_code == 200
    assert "Release" not in page.text.replace("Released", "").replace("Release it", "")
    assert [reader.post(f"{here}/{each}").status_code for each in ("release", "cancel", "again")] == [404] * 3


# --- stocks -----------------------------------------------------------------------------------------


def test_a_stock_is_written_down_mended_used_and_taken_away(mia: Browser, shop: Shop, db: Session) -> None:
    values = {"name": "Drawer 3", "paper": "a4", "width": "63,5", "height": "38.1", "columns": "3", "rows": "8"}

    wrong = mia.post("/desk/stocks", {**values, "left": "7"})
    made = mia.post("/desk/stocks", {**values, "rows": "7", "left": "7"})
    twice = mia.post("/desk/stocks", {**values, "rows": "7", "left": "7"})
    here = made.headers["Location"]
    page = mia.get(here).text
    changed = mia.post(here, {**values, "rows": "6", "left": "7", "shape": "round"})
    sheet_page = mia.get("/desk/codes/sheet?stock=drawer-3").text
    gone = mia.post(f"{here}/remove")

    assert wrong.status_code == 422
    assert "The last label ends 7.8 mm beyond the lower edge. Fewer rows, or less between them." in wrong.text
    assert (made.status_code, changed.status_code, gone.status_code) == (303, 303, 303)
    assert (twice.status_code, "There is a stock called Drawer 3 already" in twice.text) == (422, True)
    assert "Drawer 3, 21 of 63.5 × 38.1 mm" in page
    assert "Drawer 3, 18 of 63.5 × 38.1 mm" in sheet_page
    assert db.scalar(select(func.count(LabelStock.id))) == 0
    assert mia.get("/desk/codes/sheet?stock=drawer-3").status_code == 404


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "Give it the name that stands on the pack"),
        ({"width": ""}, "Nothing is no measure"),
        ({"height": "inf"}, "inf is no measure"),
        ({"columns": "two"}, "two is no whole number"),
        ({"paper": "own", "paper_width": "x"}, "x is no measure"),
        ({"bleed": "3", "rows": "2"}, "Bleed is for one label to a page"),
    ],
)
def test_what_is_wrong_with_a_stock_is_said_beside_its_field(
    mia: Browser, shop: Shop, values: dict[str, str], said: str
) -> None:
    answer = mia.post("/desk/stocks", {"name": "Tag", "width": "50", "height": "90", **values})

    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.shared_data
def test_a_list_of_hundreds_of_stocks_is_sent_and_searched(mia: Browser, shop: Shop, shared_data: Path) -> None:
    data = (shared_data / "labels" / "label_stocks.csv").read_bytes()

    sent = mia.post("/desk/stocks/file", {"file": (io.BytesIO(data), "stocks.csv")})
    page = mia.get("/desk/stocks")
    found = mia.get("/desk/stocks?find=L7160").text

    assert sent.status_code == 303
    assert "549 stocks new, 0 changed, 0 as before." in page.text
    assert "50 of 549 stocks" in page.text
    assert "Avery L7160" in found


def test_a_list_with_odd_rows_names_them_and_keeps_the_others(mia: Browser, shop: Shop, db: Session) -> None:
    rows = "A,1,A9,,50,30,1,1,0,0,0,0\nB,2,A4,,50,30,1,1,0,0,0,0\n"

    odd = mia.post("/desk/stocks/file", {"file": (io.BytesIO((HEADER + rows).encode()), "stocks.csv")})
    other = mia.post("/desk/stocks/file", {"file": (io.BytesIO(b"%PDF-1.7"), "stocks.pdf")})
    none = mia.post("/desk/stocks/file", {})

    assert "paper A9 is not known" in odd.text
    assert db.scalar(select(func.count(LabelStock.id))) == 1
    assert (other.status_code, none.status_code) == (422, 422)


# --- vendors' print files ---------------------------------------------------------------------------


def ask(vera: Browser, shop: Shop, **values: object) -> int:
    fields = {"retailer": shop.retailer.id, "item": shop.item.id, "stock": "hang-tag", "copies": "2", **values}
    return vera.post("/studio/prints", fields).status_code


def request_of(db: Session) -> PrintRequest:
    """The one request; the reading ends at once, for SQLite has one writer."""
    asked = db.scalars(select(PrintRequest)).one()
    db.commit()
    return asked


def test_a_vendor_asks_the_desk_releases_and_only_that_vendor_downloads(
    browser: Browser, mia: Browser, vera: Browser, shop: Shop, db: Session, work: Work
) -> None:
    assert ask(vera, shop, note="We tag in May.") == 303
    asked = request_of(db)
    file = f"/studio/prints/{asked.id}/file"
    desk = f"/desk/prints/requests/{asked.id}"
    page, early = mia.get(desk).text, vera.get(file).status_code
    batch = mia.post(f"{desk}/make", {"stock": "hang-tag"}).headers["Location"]
    jobs.run_all(work)
    unreleased = vera.get(file).status_code
    mia.post(f"{batch}/release")

    assert "We tag in May." in page
    assert (early, unreleased) == (404, 404)
    data = file_of(vera, file)
    assert len(pages_of(data)) == 2
    assert "Marigold" in words_of(data)
    assert vera.get("/studio/prints").text.count(file) == 1
    otto = browser.another().sign_in(*shop.otto)
    assert otto.get(file).status_code == 404
    assert asked.id not in otto.get("/studio/prints").text
    assert "released print files of Marigold Slouch Top" in vera.get("/studio/messages").text
    assert "Sunny Side asks for print files of Marigold Slouch Top" in mia.get("/desk/messages").text
    kinds = set(db.scalars(select(Notice.kind)))
    assert {"print_asked", "print_released"} <= kinds
    mails = set(db.scalars(select(OutboxMessage.recipient)))
    assert {shop.mia.user.email, shop.vera.user.email} <= mails
    record = db.scalars(select(PrintBatch)).one()
    assert (record.vendor_id, record.labels) == (shop.vendor.id, 2)


def test_a_vendor_asks_for_one_damaged_tag_again_and_the_desk_releases_it(
    browser: Browser, mia: Browser, vera: Browser, shop: Shop, db: Session, work: Work
) -> None:
    other = make_item(db, shop.retailer, vendor=shop.vendor, title="Marigold Skirt")
    publish_page(db, other)
    db.commit()
    ask(vera, shop, item=[shop.item.id, other.id])
    first = request_of(db)
    early = vera.get(f"/studio/prints?again={first.id}").text
    batch = mia.post(f"/desk/prints/requests/{first.id}/make", {}).headers["Location"]
    jobs.run_all(work)
    mia.post(f"{batch}/release")
    code = db.scalars(select(Code).where(Code.item_id == other.id)).one()
    # Another code of no place, newer than the one on the damaged tag.
    later = make_item(db, shop.retailer, vendor=shop.vendor, title="Plain Skirt")
    publish_page(db, later)
    newer = Code(**{**as_row(code), "id": "z" * 36, "token": "7K3M9QXRB", "created_at": NOON + timedelta(days=9)})
    db.add(newer)
    db.commit()

    form = vera.get(f"/studio/prints?again={first.id}").text
    wrong = ask(vera, shop, item=[later.id], again=first.id)
    assert ask(vera, shop, item=[other.id], copies="1", again=first.id) == 303
    again = db.scalars(select(PrintRequest).where(PrintRequest.again_of_id == first.id)).one()
    db.commit()
    desk = mia.get(f"/desk/prints/requests/{again.id}").text
    made = mia.post(f"/desk/prints/requests/{again.id}/make", {}).headers["Location"]
    jobs.run_all(work)
    unreleased = vera.get(f"/studio/prints/{again.id}/file").status_code
    mia.post(f"{made}/release")

    assert "for some again" not in early
    assert "Ask Fashiontown for some again" in form
    assert "Plain Skirt" not in form.partition('id="ask"')[2]
    assert (wrong, unreleased) == (404, 404)
    assert f'href="{batch}"' in desk
    (page,) = pages_of(file_of(vera, f"/studio/prints/{again.id}/file"))
    assert [address.rpartition("/")[2] for address in read(page)] == [code.token]
    assert made in mia.get(batch).text
    otto = browser.another().sign_in(*shop.otto)
    assert "for some again" not in otto.get(f"/studio/prints?again={first.id}").text


def as_row(code: Code) -> dict[str, object]:
    return {column.key: getattr(code, column.key) for column in Code.__table__.columns}


def test_a_request_is_refused_with_a_reason(mia: Browser, vera: Browser, shop: Shop, db: Session) -> None:
    ask(vera, shop)
    asked = request_of(db)
    desk = f"/desk/prints/requests/{asked.id}"

    silent = mia.post(f"{desk}/refuse", {"reason": " "})
    refused = mia.post(f"{desk}/refuse", {"reason": "The tags are ours this year."})
    twice = mia.post(f"{desk}/make", {})

    assert (silent.status_code, refused.status_code, twice.status_code) == (422, 303, 409)
    assert "The tags are ours this year." in vera.get("/studio/prints").text
    assert "The tags are ours this year." in vera.get("/studio/messages").text


def test_a_cancelled_batch_leaves_the_request_to_be_answered(
    mia: Browser, vera: Browser, shop: Shop, db: Session
) -> None:
    ask(vera, shop)
    asked = request_of(db)
    batch = mia.post(f"/desk/prints/requests/{asked.id}/make", {}).headers["Location"]

    mia.post(f"{batch}/cancel")

    db.refresh(asked)
    assert (asked.state, asked.batch_id) == (RequestState.ASKED, None)
    db.commit()
    assert mia.post(f"/desk/prints/requests/{asked.id}/make", {}).status_code == 303


def test_a_vendor_asks_for_its_own_approved_items_only_and_only_where_allowed(
    browser: Browser, mia: Browser, vera: Browser, shop: Shop, db: Session
) -> None:
    unapproved = make_item(db, shop.retailer, vendor=shop.vendor, title="Not yet")
    others = make_item(db, shop.retailer, title="House top")
    publish_page(db, others)
    db.commit()
    otto = browser.another().sign_in(*shop.otto)

    form = vera.get("/studio/prints").text

    assert "Marigold Slouch Top" in form
    assert "Not yet" not in form
    assert [ask(vera, shop, item=each.id) for each in (unapproved, others)] == [404, 404]
    assert ask(vera, shop, item=[]) == 422
    assert ask(vera, shop, copies="0") == 422
    assert ask(vera, shop, copies="101") == 422
    assert ask(vera, shop, note="x" * 301) == 422
    assert ask(otto, shop) == 404
    assert "No retailer takes requests" in otto.get("/studio/prints").text
    mia.post(f"/desk/vendors/{shop.vendor.id}/prints", {"prints": "0"})
    assert ask(vera, shop) == 404
    mia.post(f"/desk/vendors/{shop.vendor.id}/prints", {"prints": "1"})
    assert ask(vera, shop) == 303
    supply = db.scalars(select(Supply).where(Supply.vendor_id == shop.vendor.id)).one()
    supply.ended_at = NOON
    db.commit()
    assert ask(vera, shop) == 404
    assert db.scalar(select(func.count(PrintRequest.id))) == 1


# --- what changes between asking and printing ---------------------------------------------------------


def test_codes_that_end_keep_their_batch_from_release_and_from_every_download(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    codes = make_codes(db, [shop.item], [None], at=NOON)
    db.commit()
    here = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1"}).headers["Location"]
    jobs.run_all(work)
    retire_code(db, codes[0], at=NOON, actor=None)
    db.commit()
    page, kept = mia.get(here).text, mia.post(f"{here}/release").status_code
    bring_back(db, codes[0], at=NOON, actor=None)
    db.commit()
    mia.post(f"{here}/release")
    with mia.get(f"{here}/file") as response:
        let_out = response.status_code
    retire_code(db, codes[0], at=NOON, actor=None)
    db.commit()

    assert kept == 409
    assert "Codes of it have ended." in page
    assert f'action="{here}/release"' not in page
    assert let_out == 200
    assert [mia.get(f"{here}/{file}").status_code for file in ("file", "package.zip")] == [409, 409]
    single = f"/desk/codes/{codes[0].id}/artwork?as="
    assert [mia.get(f"{single}{kind}").status_code for kind in ("svg", "png", "pdf")] == [409, 409, 409]


def test_the_rest_of_a_batch_is_printed_from_its_page(mia: Browser, shop: Shop, db: Session, work: Work) -> None:
    store = make_store(db, shop.retailer, short_name="Riverside")
    codes = make_codes(db, [shop.item], [make_fixture(db, store, name=f"Bay {bay}") for bay in range(3)], at=NOON)
    db.commit()
    here = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "name": "Winter"}).headers["Location"]
    jobs.run_all(work)
    mia.post(f"{here}/release")
    early = mia.post(f"{here}/rest").status_code
    retire_code(db, codes[1], at=NOON, actor=None)
    db.commit()
    page = mia.get(here).text

    rest = mia.post(f"{here}/rest").headers["Location"]
    jobs.run_all(work)
    mia.post(f"{rest}/release")

    assert early == 409
    assert f"{codes[1].token[:4]} {codes[1].token[4:8]}" in page
    assert page.count("<small>Retired</small>") == 1
    assert f'action="{here}/rest"' in page
    assert len(read(pages_of(file_of(mia, f"{rest}/file"))[0])) == 2
    assert "Printed again from" in mia.get(rest).text
    assert rest in mia.get(here).text


def test_a_vendor_gets_the_rest_of_its_batch(mia: Browser, vera: Browser, shop: Shop, db: Session, work: Work) -> None:
    other = make_item(db, shop.retailer, vendor=shop.vendor, title="Marigold Skirt")
    publish_page(db, other)
    db.commit()
    ask(vera, shop, item=[shop.item.id, other.id])
    asked = request_of(db)
    db.commit()
    here = mia.post(f"/desk/prints/requests/{asked.id}/make", {}).headers["Location"]
    jobs.run_all(work)
    mia.post(f"{here}/release")
    code = db.scalars(select(Code).where(Code.item_id == other.id)).one()
    retire_code(db, code, at=NOON, actor=None)
    db.commit()

    rest = mia.post(f"{here}/rest").headers["Location"]
    making = vera.get(f"/studio/prints/{asked.id}/file").status_code
    jobs.run_all(work)
    mia.post(f"{rest}/release")

    assert making == 404
    assert len(read(pages_of(file_of(vera, f"/studio/prints/{asked.id}/file"))[0])) == 1


def test_a_batch_that_failed_is_tried_again_from_its_page(mia: Browser, shop: Shop, db: Session, work: Work) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    db.commit()
    here = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1"}).headers["Location"]
    early = mia.post(f"{here}/try").status_code
    tasks.give_up(work, batch_id=here.rpartition("/")[2], said="The disk of this machine is full. Make room on it.")
    failed = mia.get(here).text

    mia.post(f"{here}/try")
    jobs.run_all(work)

    assert early == 409
    assert "The disk of this machine is full." in failed
    assert f'action="{here}/try"' in failed
    assert "Every code was read back from the finished pages." in mia.get(here).text


def test_a_request_whose_batch_could_not_be_made_waits_for_an_answer_again(
    mia: Browser, vera: Browser, shop: Shop, db: Session, work: Work
) -> None:
    ask(vera, shop)
    asked = request_of(db)
    batch = mia.post(f"/desk/prints/requests/{asked.id}/make", {}).headers["Location"]

    tasks.give_up(work, batch_id=batch.rpartition("/")[2], said="The disk of this machine is full.")

    db.refresh(asked)
    assert (asked.state, asked.batch_id) == (RequestState.ASKED, None)
    db.commit()
    assert mia.post(f"/desk/prints/requests/{asked.id}/make", {}).status_code == 303


def test_a_vendor_suspended_meanwhile_gets_no_files_and_still_has_its_page(
    mia: Browser, vera: Browser, shop: Shop, db: Session, work: Work
) -> None:
    ask(vera, shop)
    first = request_of(db)
    batch = mia.post(f"/desk/prints/requests/{first.id}/make", {}).headers["Location"]
    jobs.run_all(work)
    supply = find_supply(db, shop.retailer.id, shop.vendor.id)
    assert supply is not None
    supply.ended_at = NOON
    db.commit()
    suspended = mia.post(f"{batch}/release").status_code
    supply.ended_at = None
    db.commit()
    mia.post(f"{batch}/release")
    assert file_of(vera, f"/studio/prints/{first.id}/file")
    supply.ended_at = NOON
    db.commit()

    page = vera.get("/studio/prints")

    assert suspended == 409
    assert (page.status_code, f"/studio/prints/{first.id}/file" in page.text) == (200, False)
    assert vera.get(f"/studio/prints/{first.id}/file").status_code == 404


def test_an_item_no_longer_approved_is_not_made(mia: Browser, vera: Browser, shop: Shop, db: Session) -> None:
    ask(vera, shop)
    asked = request_of(db)
    for revision in db.scalars(select(Revision)):
        revision.state = RevisionState.WITHDRAWN
    db.commit()

    answer = mia.post(f"/desk/prints/requests/{asked.id}/make", {})

    assert answer.status_code == 409
    assert "None of these items is sold and approved any more." in answer.text


def test_a_vendors_tags_are_refused_where_they_would_not_scan_or_a_name_has_holes(
    mia: Browser, vera: Browser, shop: Shop, db: Session
) -> None:
    mia.post("/desk/stocks", {"name": "Tiny", "width": "20", "height": "8"})
    ask(vera, shop)
    asked = request_of(db)
    small = mia.post(f"/desk/prints/requests/{asked.id}/make", {"stock": "tiny"})
    shop.item.title = "Top \U00012000"
    db.commit()
    holes = mia.post(f"/desk/prints/requests/{asked.id}/make", {})

    assert (small.status_code, "The least size is" in small.text) == (422, True)
    assert (holes.status_code, "Top \U00012000" in holes.text) == (422, True)


def test_forms_that_were_tapped_twice_ask_once(mia: Browser, vera: Browser, shop: Shop, db: Session) -> None:
    make_codes(db, [shop.item], [None], at=NOON)
    db.commit()

    made = {mia.post("/desk/codes/sheet", {"state": "active", "sent": "1"}).headers["Location"] for _ in range(2)}
    for _ in range(2):
        ask(vera, shop)

    assert len(made) == 1
    assert db.scalar(select(func.count(PrintRequest.id))) == 1


def test_places_and_calls_with_letters_no_font_has_are_refused_by_name(mia: Browser, shop: Shop, db: Session) -> None:
    store = make_store(db, shop.retailer, short_name="River \U00012000")
    make_codes(db, [shop.item], [store], at=NOON)
    db.commit()

    place = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "shows_place": "1"})
    call = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "call": "Scan \U00012000"})

    assert (place.status_code, "River \U00012000" in place.text) == (422, True)
    assert (call.status_code, "No font here has \U00012000 in" in call.text) == (422, True)


# --- designs and offers ---------------------------------------------------------------------------------


def test_a_sheet_is_drawn_in_a_design_whose_pictures_are_read_first(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    codes = make_codes(db, [shop.item], [None], at=NOON)
    design = keep_design(db, shop.retailer.id, Design(name="Soft", modules=Modules.ROUNDED), at=NOON, actor=None)
    db.commit()
    form = mia.get("/desk/codes/sheet?state=active").text
    fields = {"state": "active", "sent": "1", "design": design.id}

    look = file_of(mia, f"/desk/codes/sheet/first?state=active&sent=1&design={design.id}")
    here = mia.post("/desk/codes/sheet", fields).headers["Location"]
    jobs.run_all(work)
    zebra = mia.post("/desk/codes/sheet", {**fields, "as": "zpl-203"})

    assert "Soft" in form
    assert db.scalar(select(func.count(CodeReading.id))) == 1
    (batch,) = db.scalars(select(PrintBatch))
    assert (batch.wording["style"]["modules"], batch.state) == ("rounded", "checked")
    page = render_page(work.files.path(batch.file_key), 0, 300)
    assert page.tobytes() == render_page(look, 0, 300).tobytes()
    assert read(page).keys() == {f"http://localhost/q/{codes[0].token}"}
    assert (zebra.status_code, "draws codes plain" in zebra.text) == (422, True)
    assert here.endswith(batch.id)


def test_a_call_speaks_of_an_offer_only_while_the_print_hangs_no_longer(mia: Browser, shop: Shop, db: Session) -> None:
    store, other = make_store(db, shop.retailer, short_name="Riverside"), make_store(db, shop.retailer)
    make_codes(db, [shop.item], [store], at=NOON)
    ends = now().replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=40)
    offer = make_offer(db, shop.item, until_at=ends, stores=(store,))
    last = ends.astimezone(ZoneInfo(store.time_zone)).date() - timedelta(days=1)
    db.commit()

    def call(hangs_until: str) -> str:
        page = mia.get(f"/desk/codes/sheet?state=active&sent=1&said_in=en&hangs_until={hangs_until}").text
        return page.partition('name="call"')[2].partition('value="')[2].partition('"')[0]

    assert call(last.isoformat()) == f"Scan: an offer until {format_date(last, 'en')}, while it lasts"
    assert "offer" not in call((last + timedelta(days=1)).isoformat())
    assert "offer" not in mia.get("/desk/codes/sheet?state=active").text.partition('name="call"')[2][:200]
    offer.store_ids = [other.id]
    db.commit()
    assert "offer" not in call(last.isoformat())
    offer.store_ids, offer.is_paused = None, True
    db.commit()
    assert "offer" not in call(last.isoformat())
    wrong = mia.post("/desk/codes/sheet", {"state": "active", "sent": "1", "hangs_until": "2020-01-01"})
    assert (wrong.status_code, "This day is over." in wrong.text) == (422, True)

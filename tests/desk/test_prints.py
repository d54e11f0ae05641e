"""Print batches, label stocks and vendors' print files, at the desk and in the studio; by whom, and of whom."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.codes.models import Code
from qrmerch.codes.service import make_codes
from qrmerch.content.models import Notice
from qrmerch.jobs import Work
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Supply, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.printing.models import LabelStock, PrintBatch, PrintRequest, RequestState
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_fixture,
    make_item,
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

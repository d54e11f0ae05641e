"""Codes at the desk: made, found, printed, ended; by whom, and of whom."""

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.tokens import group
from qrmerch.jobs import Work
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.parties.service import Brand, Corners, Display, Tone, add_host, set_brand
from qrmerch.printing.models import PrintBatch
from qrmerch.printing.service import add_stock
from qrmerch.printing.stocks import get_stock
from qrmerch.scans.models import DayTotal
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import Person, make_fixture, make_item, make_person, make_retailer, make_store

READ_ONLY = (Role.REVIEWER, Role.ANALYST)


@dataclass(frozen=True)
class Shop:
    """A shop with one item on one shelf, a code for it, and Mia; and Otto's shop next door."""

    retailer: Retailer
    store: Store
    shelf: Fixture
    item: Item
    code: Code
    mia: Person
    otto: Person


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer, other = make_retailer(db, name="Fashiontown"), make_retailer(db)
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    store = make_store(db, retailer, short_name="Riverside")
    shelf = make_fixture(db, store, name="Tops wall, bay 3")
    item = make_item(db, retailer, title="Marigold Slouch Top")
    made = Shop(
        retailer=retailer,
        store=store,
        shelf=shelf,
        item=item,
        code=service.make_code(db, item, at=NOON, fixture_id=shelf.id, batch="Winter"),
        mia=make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer),
        otto=make_person(db, Role.MERCHANDISER, name="Otto", retailer=other),
    )
    db.commit()
    return made


@pytest.fixture
def mia(browser: Browser, shop: Shop) -> Browser:
    return browser.sign_in(*shop.mia)


def codes_of(db: Session) -> list[Code]:
    """All codes as they are now; the reading ends at once, for SQLite has one writer."""
    db.expire_all()
    codes = list(db.scalars(select(Code).order_by(Code.created_at, Code.id)))
    db.commit()
    return codes


def address_of(code: Code) -> str:
    return f"https://fashiontown.example/q/{code.token}"


def read_pdf(data: bytes) -> list[str]:
    """Every code on every page, and the words that can be read."""
    document = pypdfium2.PdfDocument(data)
    pages = [page.render(scale=300 / 72).to_pil().convert("L") for page in document]
    document.close()
    return [each.text for page in pages for each in zxingcpp.read_barcodes(page)]


def words_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    words = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return words


# --- the list ---------------------------------------------------------------------------------------


def test_a_shop_without_codes_is_told_how_to_begin(browser: Browser, db: Session) -> None:
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=make_retailer(db))
    db.commit()

    page = browser.sign_in(*mia).get("/desk/codes").text

    assert "No codes yet" in page
    assert 'href="/desk/codes/make"' in page


def test_the_list_says_item_place_and_token_and_how_things_stand(mia: Browser, shop: Shop) -> None:
    page = mia.get("/desk/codes").text

    assert "1 code, all active. One waits to be printed." in page
    for said in ("Marigold Slouch Top", "Riverside, Tops wall, bay 3", group(shop.code.token), "Winter", "Not yet"):
        assert said in page


def test_a_code_is_found_as_it_was_read_from_a_tag(mia: Browser, shop: Shop) -> None:
    found = mia.get(f"/desk/codes?find={group(shop.code.token).lower().replace(' ', '+')}").text
    missed = mia.get("/desk/codes?find=7K3M9QXRB").text

    assert f"/desk/codes/{shop.code.id}" in found
    assert "No code fits" in missed


@pytest.mark.parametrize(
    "query", ["state=nonsense", "printed=maybe", "page=0", "page=99999999999", "page=%D9%A3", "store=x&batch=' OR 1=1"]
)
def test_an_address_that_says_nonsense_shows_a_page(mia: Browser, query: str) -> None:
    assert mia.get(f"/desk/codes?{query}").status_code == 200


def test_the_list_is_handed_out_with_addresses_and_no_formula(mia: Browser, shop: Shop, db: Session) -> None:
    db.get_one(Item, shop.item.id).title = "=HYPERLINK(1)"
    db.commit()

    response = mia.get("/desk/codes/export?batch=Winter")

    (heads, row) = csv.reader(io.StringIO(response.text.removeprefix("\ufeff")))
    assert dict(zip(heads, row, strict=True))["Address"] == address_of(shop.code)
    assert row[2] == "'=HYPERLINK(1)"


def test_a_long_list_comes_in_pages(mia: Browser, shop: Shop, db: Session) -> None:
    places = [make_fixture(db, shop.store) for _ in range(120)]
    service.make_codes(db, [shop.item], places, at=NOON)
    db.commit()

    first, second = mia.get("/desk/codes"), mia.get("/desk/codes?page=3")

    assert "50 of 121 codes" in first.text
    assert "21 of 121 codes" in second.text
    assert 'rel="prev"' in second.text
    assert 'rel="next"' not in second.text


# --- what codes were scanned -------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """Codes of one item with what was counted: on a shelf and in a magazine, on paper and on a chip."""

    magazine: Code
    chip: Code


@pytest.fixture
def today(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> date:
    """The retailer's date, which stays."""
    for page in ("desk.codes", "insights.routes"):
        monkeypatch.setattr(f"qrmerch.{page}.now", lambda: NOON)
    return NOON.astimezone(ZoneInfo(shop.retailer.time_zone)).date()


@pytest.fixture
def compared(db: Session, shop: Shop, today: date) -> Compared:
    magazine = service.make_code(db, shop.item, at=NOON, campaign="Magazine")
    chip = service.make_code(db, shop.item, at=NOON, carrier=Carrier.NFC, campaign="Shelf", fixture_id=shop.shelf.id)
    service.make_code(db, make_item(db, shop.retailer, title="Sock"), at=NOON, carrier=Carrier.SCREEN)
    other = db.get_one(Retailer, shop.otto.membership.retailer_id)
    for code, kind, days_ago, number, retailer in (
        (shop.code, "scan", 0, 1200, shop.retailer),
        (shop.code, "scan", 27, 30, shop.retailer),
        # Neither the 29th day, nor what is no scan, nor what another house's totals say of it.
        (shop.code, "scan", 28, 500, shop.retailer),
        (shop.code, "view", 0, 400, shop.retailer),
        (shop.code, "scan", 0, 7000, other),
        (magazine, "scan", 1, 60, shop.retailer),
        (chip, "scan", 2, 9, shop.retailer),
    ):
        count_day(db, retailer, code, kind, today - timedelta(days=days_ago), number)
    db.commit()
    return Compared(magazine, chip)


def count_day(db: Session, retailer: Retailer, code: Code, kind: str, on: date, number: int) -> None:
    place = {"store_id": code.store_id or "", "fixture_id": code.fixture_id or ""}
    named = {"item_id": code.item_id or "", "code_id": code.id}
    db.add(DayTotal(retailer_id=retailer.id, on=on, kind=kind, **place, **named, count=number))


def table(page: str, caption: str) -> list[list[str]]:
    """The cells of a table below its heads, as words."""
    body = page.partition(f">{caption}</caption>")[2].partition("</table>")[0]
    lines = re.findall(r"<tr.*?</tr>", body, re.DOTALL)[1:]
    cells = [re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL) for line in lines]
    return [[" ".join(re.sub("<.*?>", " ", cell).split()) for cell in line] for line in cells]


def test_each_code_says_its_scans_of_28_days(mia: Browser, shop: Shop, compared: Compared) -> None:
    listed = {line[3]: line[-1] for line in table(mia.get("/desk/codes").text, "Codes")}

    response = mia.get("/desk/codes/export")
    heads, *lines = csv.reader(io.StringIO(response.text.removeprefix("\ufeff")))
    found = {line[0]: line[heads.index("Scans in 28 days")] for line in lines}
    assert listed[group(shop.code.token)] == "1,230" and found[shop.code.token] == "1230"
    assert listed[group(compared.chip.token)] == "9" and found[compared.chip.token] == "9"
    assert sorted(listed.values()) == ["0", "1,230", "60", "9"]


def test_a_filtered_list_compares_campaigns_and_carriers(mia: Browser, shop: Shop, compared: Compared) -> None:
    page = mia.get(f"/desk/codes?item={shop.item.id}").text

    assert table(page, "Scans by campaign") == [
        ["No campaign", "1", "1,230", "1,230.0"],
        ["Magazine", "1", "60", "60.0"],
        ["Shelf", "1", "9", "9.0"],
    ]
    assert table(page, "Scans by carrier") == [["Print", "2", "1,290", "645.0"], ["NFC chip", "1", "9", "9.0"]]
    assert "3 codes, 1,299 scans from" in page
    assert "Scans of these codes" not in mia.get("/desk/codes").text
    assert "Scans of these codes" not in mia.get("/desk/codes?find=nothing+such").text


def test_a_campaign_is_a_filter_that_stays(mia: Browser, shop: Shop, compared: Compared) -> None:
    (href,) = re.findall(r'href="([^"]+)">Magazine</a>', mia.get(f"/desk/codes?item={shop.item.id}").text)

    page = mia.get(unescape(href)).text

    assert [line[3] for line in table(page, "Codes")] == [group(compared.magazine.token)]
    assert '<input type="hidden" name="campaign" value="Magazine">' in page
    assert table(page, "Scans by carrier") == [["Print", "1", "60", "60.0"]]


def test_codes_that_nobody_scanned_and_no_campaign_has_say_so_with_zeros(mia: Browser, shop: Shop) -> None:
    page = mia.get("/desk/codes?batch=Winter").text

    assert table(page, "Scans by carrier") == [["Print", "1", "0", "0.0"]]
    assert "Scans by campaign" not in page and "1 code, 0 scans from" in page


def test_many_campaigns_end_in_one_line_that_adds_up(mia: Browser, shop: Shop, db: Session, today: date) -> None:
    for number in range(20):
        code = service.make_code(db, shop.item, at=NOON, campaign=f"Wave {number:02}")
        count_day(db, shop.retailer, code, "scan", today, number + 1)
    db.commit()

    lines = table(mia.get(f"/desk/codes?item={shop.item.id}").text, "Scans by campaign")

    assert len(lines) == 13 and lines[0][0] == "Wave 19" and lines[-1][:3] == ["9 others", "9", "36"]
    assert sum(int(line[2]) for line in lines) == 210


def test_sums_of_codes_are_those_of_the_numbers(mia: Browser, shop: Shop, compared: Compared) -> None:
    _, *days = csv.reader(io.StringIO(mia.get("/desk/insights/export/days").text.rpartition("\r\n\r\n")[2]))

    page = mia.get("/desk/codes?find=o").text

    assert sum(int(line[1]) for line in days) == 1299
    assert sum(int(line[2].replace(",", "")) for line in table(page, "Scans by campaign")) == 1299
    assert sum(int(line[2].replace(",", "")) for line in table(page, "Scans by carrier")) == 1299


def test_a_list_of_codes_asks_for_its_scans_at_once(mia: Browser, shop: Shop, db: Session) -> None:
    service.make_codes(db, [shop.item], [make_fixture(db, shop.store) for _ in range(60)], at=NOON)
    db.commit()
    said: list[str] = []
    database = mia.app.extensions["qrmerch"].database

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    mia.get(f"/desk/codes?item={shop.item.id}")

    assert len([each for each in said if "day_total" in each]) == 2
    assert not [each for each in said if "FROM scan " in each]


# --- one code ---------------------------------------------------------------------------------------


def test_a_codes_page_says_what_it_says_and_where_it_hangs(mia: Browser, shop: Shop) -> None:
    page = mia.get(f"/desk/codes/{shop.code.id}").text

    assert address_of(shop.code) in page
    assert "Riverside, Tops wall, bay 3" in page
    assert f"/desk/insights/items/{shop.item.id}" in page
    assert "0 scans" in page


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("colour", ["", "brand"])
def test_artwork_is_handed_out_as_a_file_that_says_the_address(
    mia: Browser, shop: Shop, db: Session, kind: str, colour: str
) -> None:
    # Yellow would not scan; it is darkened until it does.
    brand = Brand("#e9dc12", Display.SANS, Corners.SOFT, Tone.PLAIN, "Fashiontown", {})
    set_brand(db, db.get_one(Retailer, shop.retailer.id), brand, at=now())
    db.commit()

    response = mia.get(f"/desk/codes/{shop.code.id}/artwork?as={kind}&size=30&colour={colour}")

    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == f'attachment; filename="code-{shop.code.token}.{kind}"'
    if kind == "svg":
        assert f"<title>{address_of(shop.code)}</title>" in response.text
        assert ("#000000" in response.text) is (colour == "")
    elif kind == "png":
        picture = Image.open(io.BytesIO(response.data)).convert("L")
        assert [each.text for each in zxingcpp.read_barcodes(picture)] == [address_of(shop.code)]
    else:
        assert read_pdf(response.data) == [address_of(shop.code)]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("size=10", 422, "The least size is 12.3 mm"),
        ("size=many", 422, "is not a size"),
        ("size=nan", 422, "between 5 and 1,000 mm"),
        ("size=-1", 422, "between 5 and 1,000 mm"),
        ("as=exe", 404, "SVG, PNG or PDF"),
    ],
)
def test_artwork_that_cannot_be_is_refused_with_what_would(
    mia: Browser, shop: Shop, query: str, status: int, said: str
) -> None:
    response = mia.get(f"/desk/codes/{shop.code.id}/artwork?{query}")

    assert response.status_code == status
    assert said in response.text


def test_the_preview_is_a_picture_and_no_page(mia: Browser, shop: Shop) -> None:
    response = mia.get(f"/desk/codes/{shop.code.id}/preview.svg")

    assert response.mimetype == "image/svg+xml"
    assert "<script" not in response.text


def test_old_prints_are_made_to_follow_a_code_that_was_typed(mia: Browser, shop: Shop, db: Session) -> None:
    other = service.make_code(db, make_item(db, shop.retailer, title="Silver Sandal"), at=NOON)
    db.commit()
    address = f"/desk/codes/{shop.code.id}"

    answer = mia.send(mia.get(address), action="/end", what="replace", code=group(other.token).lower())
    page = mia.follow(answer).text

    assert "Old prints show another code’s page" in page
    assert group(other.token) in page
    (old, _) = codes_of(db)
    assert (old.state, old.replaced_by_id) == (CodeState.REPLACED, other.id)
    assert group(shop.code.token) in mia.get(f"/desk/codes/{other.id}").text


def test_old_prints_are_made_to_follow_a_code_that_was_chosen(mia: Browser, shop: Shop, db: Session) -> None:
    other = service.make_code(db, shop.item, at=NOON)
    db.commit()

    mia.post(f"/desk/codes/{shop.code.id}/end", {"what": "replace", "by": other.id})

    assert codes_of(db)[0].replaced_by_id == other.id


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Choose what old prints shall show."),
        ({"what": "delete"}, "Choose what old prints shall show."),
        ({"what": "replace"}, "Choose the code that old prints shall follow"),
        ({"what": "replace", "code": "7K3M"}, "A code has 9 characters"),
        ({"what": "replace", "code": "000000001"}, "One character is off"),
        ({"what": "replace", "code": "000000000"}, "There is no code of yours with this text."),
        ({"what": "replace", "code": "own"}, "That is this code itself."),
    ],
)
def test_an_ending_that_is_not_clear_changes_nothing_and_keeps_what_was_typed(
    mia: Browser, shop: Shop, db: Session, values: dict[str, str], said: str
) -> None:
    if values.get("code") == "own":
        values = {**values, "code": shop.code.token}

    response = mia.post(f"/desk/codes/{shop.code.id}/end", values)

    assert response.status_code == 422
    assert said in response.text
    assert values.get("code", "") in response.text
    assert codes_of(db)[0].state == CodeState.ACTIVE


def test_a_code_is_retired_and_brought_back(mia: Browser, shop: Shop, db: Session) -> None:
    address = f"/desk/codes/{shop.code.id}"

    retired = mia.follow(mia.send(mia.get(address), action="/end", what="retire")).text
    state = codes_of(db)[0].state
    mia.follow(mia.send(mia.get(address), action="/bring-back"))

    assert "Retired. Old prints say that the item is no longer here" in retired
    assert state == CodeState.RETIRED
    assert codes_of(db)[0].state == CodeState.ACTIVE


def test_a_double_tap_on_retire_is_one_retirement(mia: Browser, shop: Shop, db: Session) -> None:
    for _ in range(2):
        assert mia.post(f"/desk/codes/{shop.code.id}/end", {"what": "retire"}).status_code == 303

    assert codes_of(db)[0].state == CodeState.RETIRED


def test_a_code_printed_elsewhere_is_noted(mia: Browser, shop: Shop, db: Session) -> None:
    mia.follow(mia.send(mia.get(f"/desk/codes/{shop.code.id}"), action="/printed"))

    assert codes_of(db)[0].printed_at is not None


# --- making -----------------------------------------------------------------------------------------


def test_codes_are_made_for_items_at_places_and_shown_as_a_batch(mia: Browser, shop: Shop, db: Session) -> None:
    other = make_item(db, shop.retailer, title="Silver Sandal")
    db.commit()
    form = find_form(mia.get(f"/desk/codes/make?item={shop.item.id}").text, "/desk/codes/make")

    answer = mia.post(
        "/desk/codes/make",
        {
            "item": [shop.item.id, other.id],
            "place": [f"place:{shop.shelf.id}", f"store:{shop.store.id}", "none"],
            "batch": "Spring",
            "campaign": "Yellow",
            "carrier": "screen",
        },
    )
    page = mia.follow(answer).text

    assert form.fields["item"] == shop.item.id
    assert "6 codes made." in page, "on another carrier it is another code"
    made = [code for code in codes_of(db) if code.batch == "Spring"]
    assert len(made) == 6
    assert {code.carrier for code in made} == {Carrier.SCREEN}
    assert {(code.store_id, code.fixture_id) for code in made} == {
        (shop.store.id, shop.shelf.id),
        (shop.store.id, None),
        (None, None),
    }


def test_a_double_tap_makes_nothing_twice(mia: Browser, shop: Shop, db: Session) -> None:
    asked = {"item": shop.item.id, "place": "none", "batch": "Spring"}

    mia.post("/desk/codes/make", asked)
    again = mia.follow(mia.post("/desk/codes/make", asked)).text

    assert "Nothing was made" in again
    assert len(codes_of(db)) == 2


def test_a_second_code_at_a_place_is_made_when_asked_for(mia: Browser, shop: Shop, db: Session) -> None:
    mia.post("/desk/codes/make", {"item": shop.item.id, "place": f"place:{shop.shelf.id}", "again": "1"})

    assert len(codes_of(db)) == 2


def test_all_that_the_filter_shows_is_taken(mia: Browser, shop: Shop, db: Session) -> None:
    for title in ("Red sock", "Blue sock", "Hat"):
        make_item(db, shop.retailer, title=title)
    db.commit()

    mia.post("/desk/codes/make", {"which": "all", "find": "sock", "place": "none", "batch": "Socks"})

    titles = db.scalars(select(Item.title).join(Code, Code.item_id == Item.id).where(Code.batch == "Socks"))
    assert sorted(titles) == ["Blue sock", "Red sock"]


def test_a_form_that_lacks_something_comes_back_with_what_was_chosen(mia: Browser, shop: Shop, db: Session) -> None:
    response = mia.post("/desk/codes/make", {"item": shop.item.id, "batch": "x" * 61})

    assert response.status_code == 422
    assert "Choose at least one place" in response.text
    assert f'value="{shop.item.id}" checked' in response.text
    assert len(codes_of(db)) == 1


@pytest.fixture
def many(shop: Shop, db: Session) -> dict[str, Any]:
    """A form that asks for 506 codes, one of which hangs already."""
    places = [f"place:{make_fixture(db, shop.store).id}" for _ in range(22)]
    items = [make_item(db, shop.retailer, sizes=("M",)).id for _ in range(21)]
    db.commit()
    return {"item": [shop.item.id, *items], "place": [f"place:{shop.shelf.id}", *places], "batch": "Wall"}


def test_many_codes_are_a_job_that_shows_how_far_it_is(
    mia: Browser, shop: Shop, db: Session, many: dict[str, Any], work: jobs.Work
) -> None:
    order_id = re.search(r'name="order_id" value="([^"]+)"', mia.get("/desk/codes/make").text)[1]  # type: ignore[index]

    ordered = mia.post("/desk/codes/make", {**many, "order_id": order_id})
    twice = mia.post("/desk/codes/make", {**many, "order_id": order_id})
    waiting = mia.follow(ordered).text
    listed = mia.get("/desk/codes").text
    ran = jobs.run_all(work)

    assert ordered.location == twice.location == f"/desk/codes/orders/{order_id}"
    assert "0 of 506 are gone through" in waiting and "22 items at 23 places" in waiting
    assert "Wall are being made." in listed
    assert ran == 1
    assert "505 codes made. One place had one already." in mia.follow(ordered).text
    assert len(codes_of(db)) == 506
    assert "are being made" not in mia.get("/desk/codes").text


def test_an_order_that_is_cancelled_leaves_no_code(
    mia: Browser, shop: Shop, db: Session, many: dict[str, Any], work: jobs.Work
) -> None:
    ordered = mia.post("/desk/codes/make", many)

    cancelled = mia.follow(mia.send(mia.follow(ordered), action="/cancel")).text
    late = mia.post(f"{ordered.location}/cancel")
    jobs.run_all(work)

    assert "None of these codes was made" in cancelled
    assert late.status_code == 409
    assert len(codes_of(db)) == 1


def test_codes_of_variants_and_of_stores_are_made_from_the_same_form(mia: Browser, shop: Shop, db: Session) -> None:
    mia.post("/desk/codes/make", {"item": shop.item.id, "place": "none", "leads": "variant", "batch": "Sizes"})
    mia.post(
        "/desk/codes/make",
        {"place": [f"place:{shop.shelf.id}", f"store:{shop.store.id}"], "leads": "store", "batch": "Doors"},
    )
    nowhere = mia.post("/desk/codes/make", {"place": "none", "leads": "store"})
    page, listed = mia.get("/desk/codes?batch=Doors").text, mia.get("/desk/codes").text

    sizes = [code for code in codes_of(db) if code.batch == "Sizes"]
    doors = [code for code in codes_of(db) if code.batch == "Doors"]
    assert [(code.subject_kind, code.item_id) for code in sizes] == [(Subject.VARIANT, shop.item.id)] * 2
    assert {(code.subject_id, code.item_id) for code in doors} == {(shop.store.id, None)}
    assert {code.fixture_id for code in doors} == {shop.shelf.id, None}
    assert nowhere.status_code == 422 and "needs a store" in nowhere.text
    assert shop.store.name in page
    assert "Marigold Slouch Top, S" in listed
    db.commit()
    assert "The store’s own page" in mia.get(f"/desk/codes/{doors[0].id}").text


def test_an_encoder_gets_the_addresses_of_chips_alone(mia: Browser, shop: Shop, db: Session) -> None:
    chip = service.make_code(db, shop.item, at=NOON, store_id=shop.store.id, carrier=Carrier.NFC)
    gone = service.make_code(db, shop.item, at=NOON, carrier=Carrier.NFC)
    service.retire_code(db, gone, at=NOON, actor=None)
    db.commit()

    rows = list(csv.DictReader(io.StringIO(mia.get("/desk/codes/nfc").text.lstrip("\ufeff"))))

    said = f"https://fashiontown.example/q/{chip.token}"
    assert [row["Address"] for row in rows] == [said]
    message = bytes.fromhex(rows[0]["NDEF message (hex)"])
    # One short record of a well-known kind, U, whose first byte stands for https://.
    assert message[:5] == bytes((0xD1, 1, len(said) - 7, ord("U"), 4))
    assert message[5:].decode() == said.removeprefix("https://")
    assert int(rows[0]["Bytes on the chip"]) == len(message) + 3
    assert "Addresses for an NFC encoder" in mia.get("/desk/codes").text


# --- sheets -----------------------------------------------------------------------------------------


def released(mia: Browser, work: Work, fields: dict[str, object]) -> bytes:
    """The file of a batch that was asked for with these fields, made and released."""
    asked = mia.post("/desk/codes/sheet", fields)
    assert asked.status_code == 303, asked.text
    jobs.run_all(work)
    assert mia.post(f"{asked.headers['Location']}/release").status_code == 303
    with mia.get(f"{asked.headers['Location']}/file") as response:
        assert response.mimetype == "application/pdf"
        assert int(response.headers["Content-Length"]) == len(response.data)
        return response.data


def test_a_sheet_holds_the_chosen_codes_and_notes_them_as_printed(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    other = service.make_code(db, make_item(db, shop.retailer, title="Silver Sandal"), at=NOON)
    left_out = service.make_code(db, shop.item, at=NOON)
    db.commit()

    page = mia.get(f"/desk/codes/sheet?pick={shop.code.token}&pick={other.token}")
    file = released(mia, work, {"pick": [shop.code.token, other.token], "sent": "1", "shows_place": "1"})

    assert "2 codes on 1 sheet of Avery 5160" in page.text
    assert read_pdf(file) == [address_of(shop.code), address_of(other)]
    assert "Tops wall" in words_of(file)
    assert "privacy" not in words_of(file)
    printed = {code.id: code.printed_at is not None for code in codes_of(db)}
    assert printed == {shop.code.id: True, other.id: True, left_out.id: False}


def test_a_sheet_of_a_batch_has_every_usual_word(mia: Browser, shop: Shop, work: Work) -> None:
    words = words_of(released(mia, work, {"batch": "Winter", "stock": "hang-tag"}))

    for said in ("Fashiontown", "Marigold", "Counts a look, not you.", "fashiontown.example/privacy", "Scan: sizes"):
        assert said in words


def test_looking_at_the_first_sheet_or_a_test_page_prints_nothing(mia: Browser, shop: Shop, db: Session) -> None:
    first = mia.get("/desk/codes/sheet/first?batch=Winter&copies=2")
    test = mia.get("/desk/codes/sheet/test?stock=avery-l7160&right=0,4")

    assert read_pdf(first.data) == [address_of(shop.code)] * 2
    assert "Moved right 0.4 mm" in words_of(test.data).replace("\r\n", " ")
    assert first.headers["Content-Disposition"].startswith("inline")
    assert codes_of(db)[0].printed_at is None


def test_the_form_shows_the_first_label_as_large_as_it_is_printed(mia: Browser, shop: Shop, db: Session) -> None:
    page = mia.get("/desk/codes/sheet?batch=Winter&sent=1&stock=hang-tag&call=Scan").text
    (src, width, height) = re.findall(r'class="onelabel" src="([^"]+)" width="(\d+)" height="(\d+)"', page)[0]
    picture = Image.open(io.BytesIO(mia.get(unescape(src)).data))
    small = mia.get("/desk/codes/sheet?batch=Winter&sent=1&right=x").text
    none = mia.get("/desk/codes/sheet/label.png?state=retired")

    assert (int(width), int(height)) == (round(50 / 25.4 * 96), round(90 / 25.4 * 96))
    assert picture.width == pytest.approx(2 * int(width), abs=2)
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [address_of(shop.code)]
    assert "onelabel" not in small
    assert none.status_code == 404
    assert codes_of(db)[0].printed_at is None


def test_a_retired_code_is_not_printed_again(mia: Browser, shop: Shop, db: Session) -> None:
    service.retire_code(db, db.get_one(Code, shop.code.id), at=NOON, actor=None)
    db.commit()

    for chosen in ({"pick": shop.code.token}, {"batch": "Winter"}, {"state": "retired"}):
        response = mia.post("/desk/codes/sheet", chosen)
        assert response.status_code == 422
        assert "None of these codes is active" in response.text
    assert mia.get("/desk/codes/sheet?batch=Winter").status_code == 200
    assert codes_of(db)[0].printed_at is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"start": "31"}, "A sheet has the labels 1 to 30."),
        ({"start": "x"}, "x is not a number we can read."),
        ({"start": "1.5"}, "1.5 is not a number we can read."),
        ({"copies": ""}, "Nothing is not a number we can read."),
        ({"copies": "inf"}, "inf is not a number we can read."),
        ({"right": "999"}, "20 mm at most"),
        ({"across": "50"}, "Between 95 and 105 %."),
    ],
)
def test_a_number_that_no_sheet_has_is_said_and_nothing_is_asked_for(
    mia: Browser, shop: Shop, db: Session, values: dict[str, str], said: str
) -> None:
    response = mia.post("/desk/codes/sheet", {"batch": "Winter", "sent": "1", **values})

    assert response.status_code == 422
    assert said in response.text
    assert (
        mia.get(f"/desk/codes/sheet?batch=Winter&sent=1&{next(iter(values))}={next(iter(values.values()))}").status_code
        == 200
    )
    assert db.scalar(select(func.count(PrintBatch.id))) == 0


def test_more_labels_than_one_file_holds_are_refused_copies_included(mia: Browser, shop: Shop, db: Session) -> None:
    service.make_codes(db, [shop.item], [make_fixture(db, shop.store) for _ in range(200)], at=NOON, batch="All")
    db.commit()

    response = mia.post("/desk/codes/sheet", {"state": "active", "copies": "100"})

    assert response.status_code == 422
    assert "20,100 labels are more than one file holds" in response.text
    assert db.scalar(select(func.count(PrintBatch.id))) == 0


def test_an_unknown_stock_is_not_found(mia: Browser, shop: Shop) -> None:
    assert mia.get("/desk/codes/sheet?batch=Winter&stock=avery-0000").status_code == 404


def test_a_letter_without_a_font_is_refused_by_name_unless_it_is_left_out(
    mia: Browser, shop: Shop, db: Session, work: Work
) -> None:
    db.get_one(Item, shop.item.id).title = "توب \U000f0000 أصفر"
    db.commit()

    page = mia.get("/desk/codes/sheet?batch=Winter")
    refused = mia.post("/desk/codes/sheet", {"batch": "Winter", "sent": "1"})
    file = released(mia, work, {"batch": "Winter", "sent": "1", "leaves_out": "1"})

    assert "Some letters cannot be printed." in page.text
    assert "توب \U000f0000 أصفر" in page.text
    assert refused.status_code == 422
    assert "This name has letters that no font here has" in refused.text
    assert read_pdf(file) == [address_of(shop.code)]


def test_a_stock_that_is_too_small_names_the_least_size_and_another_stock(
    mia: Browser, shop: Shop, db: Session
) -> None:
    small = replace(get_stock("avery-5160"), key="tiny", name="Tiny", label=(20.0, 10.0))
    add_stock(db, db.get_one(Retailer, shop.retailer.id), small, at=NOON, actor=None)
    db.commit()

    page = mia.get("/desk/codes/sheet?batch=Winter&stock=tiny")
    response = mia.post("/desk/codes/sheet", {"batch": "Winter", "stock": "tiny"})

    assert "The least size is" in page.text
    assert "Another stock that would do: " in page.text
    assert "Make the batch" not in page.text
    assert response.status_code == 422
    assert db.scalar(select(func.count(PrintBatch.id))) == 0


def test_what_a_printer_needs_is_kept_for_its_stock_and_used(mia: Browser, shop: Shop) -> None:
    kept = mia.post(
        "/desk/codes/sheet/fit",
        {"batch": "Winter", "sent": "1", "printer": "Back office", "right": "0.4", "along": "100.5"},
    )
    unnamed = mia.post("/desk/codes/sheet/fit", {"batch": "Winter", "sent": "1", "printer": " "})
    fit = parse_qs(urlsplit(kept.headers["Location"]).query)["fit"][0]
    chosen = mia.get(f"/desk/codes/sheet?batch=Winter&fit={fit}").text
    test = mia.get(f"/desk/codes/sheet/test?fit={fit}").data
    other = mia.get(f"/desk/codes/sheet?batch=Winter&fit={fit}&stock=hang-tag").text

    assert unnamed.status_code == 422
    assert "Name the printer" in unnamed.text
    assert ('value="0.4"' in chosen, 'value="100.5"' in chosen) == (True, True)
    assert "Moved right 0.4 mm" in words_of(test).replace("\r\n", " ")
    assert 'value="0.4"' not in other


# --- who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READ_ONLY)
def test_who_only_looks_sees_codes_and_changes_nothing(browser: Browser, shop: Shop, db: Session, role: Role) -> None:
    person = make_person(db, role, name="Rob", retailer=shop.retailer)
    db.commit()
    rob = browser.sign_in(*person)

    page = rob.get(f"/desk/codes/{shop.code.id}").text

    assert "End this code" not in page
    assert "Make codes" not in rob.get("/desk/codes").text and "Scans, 28 days" in rob.get("/desk/codes").text
    assert rob.get(f"/desk/codes/{shop.code.id}/preview.svg").status_code == 200
    for address in ("/desk/codes/make", "/desk/codes/sheet", f"/desk/codes/{shop.code.id}/artwork"):
        assert rob.get(address).status_code == 404
    for address in ("end", "bring-back", "printed"):
        assert rob.post(f"/desk/codes/{shop.code.id}/{address}", {"what": "retire"}).status_code == 404
    assert rob.post("/desk/codes/make", {"item": shop.item.id, "place": "none"}).status_code == 404
    assert rob.post("/desk/codes/sheet", {"batch": "Winter"}).status_code == 404
    (code,) = codes_of(db)
    assert (code.state, code.printed_at) == (CodeState.ACTIVE, None)


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_others_find_nothing_here(browser: Browser, shop: Shop, db: Session, role: Role) -> None:
    person = make_person(db, role, name="Ada", retailer=shop.retailer)
    db.commit()

    assert browser.sign_in(*person).get("/desk/codes").status_code == 404


def test_another_retailers_code_is_not_there_and_nothing_changes(browser: Browser, shop: Shop, db: Session) -> None:
    otto = browser.sign_in(*shop.otto)
    own = make_item(db, db.get_one(Retailer, shop.otto.membership.retailer_id), title="Sock")
    own_code = service.make_code(db, own, at=NOON)
    db.commit()

    for address in ("", "/preview.svg", "/artwork?as=pdf"):
        assert otto.get(f"/desk/codes/{shop.code.id}{address}").status_code == 404
    for address in ("end", "bring-back", "printed"):
        assert otto.post(f"/desk/codes/{shop.code.id}/{address}", {"what": "retire"}).status_code == 404
    assert otto.get(f"/desk/codes?item={shop.item.id}").status_code == 404
    assert shop.code.token not in otto.get("/desk/codes/export").text
    assert "Marigold" not in otto.get("/desk/codes").text
    # Mine with his, and his with mine.
    asked = [
        {"item": shop.item.id, "place": "none"},
        {"item": own.id, "place": f"store:{shop.store.id}"},
        {"item": own.id, "place": f"place:{shop.shelf.id}"},
    ]
    for values in asked:
        assert otto.post("/desk/codes/make", values).status_code == 404
    stolen = otto.post("/desk/codes/sheet", {"pick": shop.code.token})
    assert stolen.status_code == 422
    follow = otto.post(f"/desk/codes/{own_code.id}/end", {"what": "replace", "by": shop.code.id})
    assert follow.status_code == 404
    typed = otto.post(f"/desk/codes/{own_code.id}/end", {"what": "replace", "code": shop.code.token})
    assert typed.status_code == 422
    codes = codes_of(db)
    assert len(codes) == 2
    assert {(code.state, code.printed_at, code.replaced_by_id) for code in codes} == {(CodeState.ACTIVE, None, None)}


def test_the_items_of_another_retailer_are_not_offered(browser: Browser, shop: Shop, db: Session) -> None:
    page = browser.sign_in(*shop.otto).get(f"/desk/codes/make?item={shop.item.id}&place=place:{shop.shelf.id}").text

    assert "Marigold" not in page
    assert "Tops wall" not in page


def test_the_host_of_a_request_changes_nothing_on_paper(mia: Browser, shop: Shop) -> None:
    response = mia.get(f"/desk/codes/{shop.code.id}/artwork?as=svg", Host="127.0.0.1")

    assert response.status_code in (200, 303, 401, 404, 421)
    assert "127.0.0.1" not in response.text

"""The pages of numbers: every figure known beforehand, every table a file, nobody else's numbers."""

import csv
import io
import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.access import Role
from qrmerch.parties.models import Measurement, Vendor
from qrmerch.scans.models import CodeHour, Correction, DayTotal, LogFile
from qrmerch.scans.service import record_event
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_code, make_item, make_vendor
from tests.insights.shop import TODAY, WEEK, Shop, make_shop

READERS = (Role.OWNER, Role.MERCHANDISER, Role.ANALYST)
KEPT_OUT = (Role.REVIEWER, Role.ASSOCIATE, Role.VENDOR_ADMIN, Role.VENDOR_EDITOR)


@pytest.fixture(autouse=True)
def held_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qrmerch.insights.routes.now", lambda: NOON)


@pytest.fixture
def shop(db: Session) -> Shop:
    return make_shop(db)


@pytest.fixture
def busy(db: Session, shop: Shop) -> Shop:
    """A week with 200 scans of the top and 50 of the cap, after one with 200 in all."""
    code = shop.code_id
    shop.count(db, "scan", 120, code_id=code)
    shop.count(db, "scan", 80, on=TODAY - timedelta(days=3), store=shop.galleria, code_id=code, hour=15)
    shop.count(db, "scan", 50, item=shop.cap, fixture=shop.window)
    shop.count(db, "view", 150, code_id=code)
    shop.count(db, "view", 30)
    shop.count(db, "engaged", 60, code_id=code)
    shop.count(db, "engaged", 2)
    shop.count(db, "play", 9)
    shop.count(db, "play_100", 3)
    shop.count(db, "keep", 40, code_id=code)
    shop.count(db, "keep", 5)
    shop.count(db, "keep_loose", 5)
    shop.count(db, "claim", 20, code_id=code)
    shop.count(db, "redeem", 11, code_id=code)
    shop.count(db, "reverse", 1, code_id=code)
    shop.count(db, "refuse", 2)
    shop.count(db, "visit", 7)
    shop.count(db, "friend", 3)
    shop.count(db, "share", 4)
    shop.count(db, "bot", 12)
    shop.count(db, "repeat", 30)
    shop.count(db, "maybe_repeat", 25)
    shop.count(db, "scan", 200, on=TODAY - timedelta(days=7))
    db.commit()
    return shop


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Name to figure and sentence."""
    found = re.findall(r'<p class="k">(.*?)</p><p class="v">(.*?)</p>(?:<p class="say">(.*?)</p>)?', page)
    return {name: (re.sub("<.*?>", "", value).strip(), say) for name, value, say in found}


def rows(page: str, table: str) -> list[list[str]]:
    """The cells of a table, as words."""
    body = page.partition(f">{table}</caption>")[2].partition("</table>")[0]
    lines = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL) for line in lines]
    return [[" ".join(re.sub("<.*?>", " ", cell).split()) for cell in line] for line in cells]


def sheet(text: str) -> tuple[list[str], list[list[str]]]:
    """What stands above a file's heads, and its table."""
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    blank = lines.index([])
    return [line[0] for line in lines[:blank]], lines[blank + 1 :]


# --- the overview ------------------------------------------------------------------------------------


def test_every_figure_of_the_overview_is_what_was_counted(browser: Browser, busy: Shop) -> None:
    page = browser.sign_in(*busy.people[Role.ANALYST]).get(f"/desk/insights?{WEEK}").text

    said = tiles(page)
    assert said["Scans"] == ("250", "25 % more than the 7 days before (200).")
    assert said["Visits"] == ("260", "250 began with a code, 10 with an address or a friend’s link.")
    assert said["Views"] == ("180", "60 of 100 scans were looked at.")
    assert said["Kept on a list"] == ("45", "None in the 7 days before.")
    assert said["Codes used"] == ("10 of 20", "10 of 20 claims reached a till. 2 were refused.")
    assert "Wed 18 Nov with 170" in page
    assert "42 openings beside 250 scans." in page


def test_items_and_stores_are_ranked_with_shares_and_changes(browser: Browser, busy: Shop) -> None:
    page = browser.sign_in(*busy.people[Role.OWNER]).get(f"/desk/insights?{WEEK}").text

    assert rows(page, "Items by scans")[1:] == [
        ["Marigold Top Sunny Side", "200", "0 %", "75 %", "25 %", "20", "10"],
        ["Corner Cap Sunny Side", "50", "", "0 %", "", "0", "0"],
    ]
    assert [row[:3] for row in rows(page, "Stores by scans")[1:]] == [
        ["Fashiontown Riverside", "170", "−15 %"],
        ["Fashiontown Galleria", "80", ""],
    ]
    assert "Marigold Top brings 80 of 100 scans." in page
    assert "Busiest on Wednesdays from 12:00 to 13:00, 170 scans in all." in page


def test_one_store_alone_is_another_address(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    page = browser.get(f"/desk/insights?store={busy.galleria.id}&{WEEK}").text

    assert tiles(page)["Scans"][0] == "80" and "Fashiontown Galleria." in page
    assert [row[0] for row in rows(page, "Stores by scans")[1:]] == ["Fashiontown Galleria"]


def test_a_retired_item_that_was_scanned_is_still_told(browser: Browser, db: Session, busy: Shop) -> None:
    busy.top.is_retired = True
    make_item(db, busy.retailer, title="Old Belt").is_retired = True
    db.commit()

    page = browser.sign_in(*busy.people[Role.OWNER]).get(f"/desk/insights?{WEEK}").text

    assert "Sunny Side, retired" in page and "Old Belt" not in page


def test_tables_are_sorted_by_their_heads(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    def order(sort: str) -> list[str]:
        page = browser.get(f"/desk/insights/items?{WEEK}&sort={sort}").text
        return [row[0].split(" Sunny")[0] for row in rows(page, "Items by scans")[1:]]

    assert order("-scans") == order("") == ["Marigold Top", "Corner Cap"]
    assert order("scans") == order("name") == ["Corner Cap", "Marigold Top"]
    assert order("-password") == order("")
    assert 'aria-sort="descending"' in browser.get(f"/desk/insights/items?{WEEK}&sort=-kept").text


def test_many_items_come_page_by_page(browser: Browser, db: Session, busy: Shop) -> None:
    for number in range(55):
        make_item(db, busy.retailer, title=f"Sock {number:02}", sizes=())
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    first, second = (browser.get(f"/desk/insights/items?{WEEK}&page={number}").text for number in (1, 2))

    assert "50 of 57 items" in first and "7 of 57 items" in second
    assert rows(first, "Items by scans")[1][0] == "Marigold Top Sunny Side" and len(rows(second, "Items by scans")) == 8
    assert browser.get("/desk/insights/items?page=99999").status_code == 200


@pytest.fixture
def two_vendors(db: Session, busy: Shop) -> Shop:
    """Another vendor with a scarf, and one whose belt nobody scanned; a door's code that opens no item."""
    north = make_vendor(db, busy.retailer, name="North Mill")
    scarf = make_item(db, busy.retailer, vendor=north, title="Long Scarf")
    make_item(db, busy.retailer, vendor=make_vendor(db, busy.retailer, name="Lake & Co"), title="Belt")
    old = make_item(db, busy.retailer, vendor=north, title="Old Shawl")
    old.is_retired = True
    busy.count(db, "scan", 100, item=scarf, fixture=busy.window, code_id=make_code(db, scarf).id)
    busy.count(db, "view", 30, item=scarf, fixture=busy.window)
    busy.count(db, "visit", 5, item=scarf, store=busy.galleria)
    busy.count(db, "scan", 60, item=old, on=TODAY - timedelta(days=9))
    busy.count_elsewhere(db, "scan", 15)
    busy.count_elsewhere(db, "friend", 2)
    db.commit()
    return busy


def test_vendors_are_ranked_by_the_scans_of_their_items(browser: Browser, two_vendors: Shop) -> None:
    page = browser.sign_in(*two_vendors.people[Role.ANALYST]).get(f"/desk/insights?{WEEK}").text

    assert rows(page, "Vendors by scans")[1:] == [
        ["Sunny Side 2 items", "250", "+25 %", "60 %", "25 %", "20", "10"],
        ["North Mill 2 items", "100", "+67 %", "0 %", "0 %", "0", "0"],
        ["No vendor pages of stores, looks and events, shared lists", "15", "", "0 %", "", "0", "0"],
        ["Lake &amp; Co 1 item", "0", "", "", "", "0", "0"],
    ]
    assert "Sunny Side brings 68 of 100 scans. 1 vendor was not scanned at all." in page


def test_all_vendors_come_page_by_page_and_are_sorted_by_their_heads(
    browser: Browser, db: Session, two_vendors: Shop
) -> None:
    for number in range(50):
        make_item(db, two_vendors.retailer, vendor=make_vendor(db, two_vendors.retailer, name=f"Mill {number:02}"))
    db.commit()
    browser.sign_in(*two_vendors.people[Role.MERCHANDISER])

    first = browser.get(f"/desk/insights/vendors?{WEEK}&sort=name").text
    second = browser.get(f"/desk/insights/vendors?{WEEK}&sort=name&page=2").text
    overview = browser.get(f"/desk/insights?{WEEK}").text

    assert rows(first, "Vendors by scans")[1][0] == "Lake &amp; Co 1 item" and "50 of 54 lines" in first
    assert rows(second, "Vendors by scans")[-1][0] == "Sunny Side 2 items" and 'rel="prev"' in second
    assert len(rows(overview, "Vendors by scans")) == 11 and ">All 54<" in overview


def test_every_table_adds_up_to_the_overview(browser: Browser, two_vendors: Shop) -> None:
    browser.sign_in(*two_vendors.people[Role.OWNER])
    stores = (two_vendors.riverside.id, two_vendors.galleria.id)

    for view in (WEEK, f"{WEEK}&with=nothing", *(f"{WEEK}&store={store_id}" for store_id in stores)):
        tables = {
            name: sheet(browser.get(f"/desk/insights/export/{name}?{view}").text)[1]
            for name in ("days", "items", "vendors", "stores")
        }
        page = browser.get(f"/desk/insights?{view}").text
        sums = {name: added_up(table) for name, table in tables.items()}
        assert sums["items"] == sums["vendors"] == sums["stores"] == sums["days"], view
        assert f"{sums['days'][0]:,}" == tiles(page)["Scans"][0] and f"{sums['days'][2]:,}" == tiles(page)["Visits"][0]
        hours = sheet(browser.get(f"/desk/insights/export/hours?{view}").text)[1]
        assert sum(int(row[2]) for row in hours[1:]) == sums["days"][0]


def added_up(table: list[list[str]]) -> list[int]:
    """What each column of counts comes to."""
    begin = table[0].index("Scans")
    return [sum(int(cell or 0) for cell in column) for column in list(zip(*table[1:], strict=True))[begin:]]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=yesterday", "This is not a day."),
        ("from=2026-11-10&to=2026-11-01", "This is before 10 November 2026."),
        ("from=2020-01-01&to=2026-11-01", "At most 400 days at once"),
        ("store=of-another-house", "There is no such store."),
    ],
)
def test_a_view_that_cannot_be_shown_says_why_and_shows_the_usual(
    browser: Browser, busy: Shop, query: str, named: str
) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    response = browser.get(f"/desk/insights?{query}")

    assert response.status_code == 422 and named in response.text
    assert "22 October to 18 November 2026" in response.text


def test_a_day_that_is_not_over_is_said_to_be(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    assert "Today is not over: it counts until 12:00." in browser.get(f"/desk/insights?{WEEK}").text
    assert '<polyline class="l1 open"' in browser.get(f"/desk/insights?{WEEK}").text
    past = f"from={TODAY - timedelta(days=9)}&to={TODAY - timedelta(days=1)}"
    assert "l1 open" not in browser.get(f"/desk/insights?{past}").text


def test_nothing_counted_says_what_to_do(browser: Browser, shop: Shop) -> None:
    page = browser.sign_in(*shop.people[Role.OWNER]).get("/desk/insights").text

    assert "No scans in these days" in page and 'href="/desk/codes"' in page
    assert "Nothing had to be left out in these days." in page and "Nothing was opened yet." in page


# --- how good the numbers are ------------------------------------------------------------------------


def test_losses_lateness_and_perhaps_repeats_are_told(browser: Browser, db: Session, busy: Shop) -> None:
    db.add(LogFile(name="a", offset=0, lost_lines=4, bad_lines=1, read_at=NOON - timedelta(seconds=3)))
    record_event(db, kind="keep", retailer_id=busy.retailer.id, item_id=busy.top.id, at=NOON - timedelta(minutes=9))
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    page = browser.get(f"/desk/insights?{WEEK}").text

    assert "5 lost" in page and "Last opening counted 3 s ago." in page
    assert "1 action waits since 11:51 to be counted." in page
    assert "10 % perhaps repeats" in page and "42 left out" in page
    earlier = f"from={TODAY - timedelta(days=20)}&to={TODAY - timedelta(days=10)}"
    assert "lost</" not in browser.get(f"/desk/insights?{earlier}").text.replace("0 late, 0 lost", "")


def test_a_house_that_only_counts_says_so(browser: Browser, db: Session, busy: Shop) -> None:
    busy.retailer.measurement = Measurement.COUNTS
    db.commit()

    page = browser.sign_in(*busy.people[Role.OWNER]).get(f"/desk/insights?{WEEK}").text

    assert "Counting scans only" in page


def test_samples_are_called_samples_on_every_page_and_in_every_file(browser: Browser, db: Session, busy: Shop) -> None:
    busy.retailer.has_sample_scans = True
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    for address in ("/desk/insights", "/desk/insights/items", f"/desk/insights/items/{busy.top.id}"):
        assert "Sample scans." in browser.get(address).text
    assert "These scans are samples" in browser.get("/desk/insights/export/days").text


@pytest.mark.parametrize(("cause", "words"), [("rule", "3 scans came back"), ("late", "3 scans came late")])
def test_what_a_closed_day_was_corrected_by_is_told(
    browser: Browser, db: Session, busy: Shop, cause: str, words: str
) -> None:
    for kind, difference in (("scan", 3), ("bot", -3)):
        where = {"store_id": busy.riverside.id, "item_id": busy.top.id, "code_id": busy.code_id}
        said = {"retailer_id": busy.retailer.id, "on": TODAY, "kind": kind, "at": NOON}
        db.add(Correction(id=ids.new(), difference=difference, cause=cause, why="a kiosk", **said, **where))
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    assert words in browser.get(f"/desk/insights?{WEEK}").text
    assert words in browser.get(f"/desk/insights/items/{busy.top.id}?{WEEK}").text
    assert "scans came" not in browser.get(f"/desk/insights/items/{busy.cap.id}?{WEEK}").text


def test_phones_are_told_by_day_and_store_and_never_added_up(browser: Browser, db: Session, busy: Shop) -> None:
    for days, store, phones, own in (
        (0, busy.riverside, 90, 0),
        (0, busy.galleria, 40, 30),
        (1, busy.riverside, 250, 0),
    ):
        on = TODAY - timedelta(days=days)
        busy.count(db, "estimated", phones, on=on, store=store)
        busy.count(db, "own_network", own, on=on, store=store)
    busy.count(db, "scan", 45, store=busy.galleria)
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])
    assert "Phones, at least" not in browser.get(f"/desk/insights?{WEEK}").text
    busy.retailer.measurement = Measurement.ESTIMATE
    db.commit()

    all_stores = rows(browser.get(f"/desk/insights?{WEEK}").text, "Phones, at least")[1:]
    one_store = rows(browser.get(f"/desk/insights?{WEEK}&store={busy.riverside.id}").text, "Phones, at least")[1:]

    assert [each[1:3] for each in all_stores] == [[busy.galleria.name, "40"], [busy.riverside.name, "90"]]
    assert "all phones look alike" in all_stores[0][3] and "Good" in all_stores[1][3]
    assert [each[2] for each in one_store] == ["90", "250"]
    assert "some look alike" in one_store[1][3]


def test_phones_that_agreed_are_told_by_day_with_their_share_and_never_added_up(
    browser: Browser, db: Session, busy: Shop
) -> None:
    yesterday = TODAY - timedelta(days=1)
    for kind, count, on in (("agreed_house", 40, TODAY), ("returned_house", 12, TODAY), ("agreed_house", 8, yesterday)):
        busy.count(db, kind, count, on=on)
    busy.count(db, "agreed", 31, store=busy.riverside)
    busy.count(db, "returned", 9, store=busy.riverside)
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])
    assert "Phones that agreed" not in browser.get(f"/desk/insights?{WEEK}").text
    busy.retailer.measurement = Measurement.CONSENTED
    db.commit()
    visits = sum(count_visits(db, TODAY))
    busy.count(db, "agreed_visit", round(visits * 0.25), store=busy.riverside)
    db.commit()

    page = browser.get(f"/desk/insights?{WEEK}").text
    house = rows(page, "Phones that agreed")[1:]
    one_store = rows(browser.get(f"/desk/insights?{WEEK}&store={busy.riverside.id}").text, "Phones that agreed")[1:]

    assert [each[1:3] for each in house] == [["40", "12"], ["8", "0"]]
    assert house[0][3] == f"25 % of {visits:,} visits" and "Good" in house[0][4] and "Few" in house[1][4]
    assert house[1][3] == "No visit began"
    assert [each[1:3] for each in one_store] == [["31", "9"]]
    assert "an earlier day of the 90 before" in page


def count_visits(db: Session, on: date) -> list[int]:
    """How often a visit began on a day, by kind and place."""
    wanted = select(DayTotal.count).where(DayTotal.on == on, DayTotal.kind.in_(("scan", "visit", "friend")))
    return list(db.scalars(wanted))


def test_more_than_one_node_is_told_for_each_sees_repeats_of_its_own(browser: Browser, db: Session, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])
    db.add(LogFile(name="a", offset=0, node="1" * 16, read_at=NOON))
    db.commit()
    alone = browser.get(f"/desk/insights?{WEEK}").text
    db.add(LogFile(name="b", offset=0, node="2" * 16, read_at=NOON))
    db.commit()

    assert "nodes answer" not in alone
    assert "2 nodes answer" in browser.get(f"/desk/insights?{WEEK}").text


# --- one item ------------------------------------------------------------------------------------------


def test_an_items_funnel_holds_one_visit_and_the_rest_stands_beside_it(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.MERCHANDISER])

    page = browser.get(f"/desk/insights/items/{busy.top.id}?{WEEK}").text

    assert rows(page, "From scan to sale, in one visit, the numbers")[1:] == [
        ["Scanned", "200", "2 places, 2 stores"],
        ["Viewed", "150", "75 % of scans"],
        ["Engaged", "60", "40 % of views"],
        ["Kept", "40", "67 % of engaged"],
        ["Claimed", "20", "50 % of kept"],
        ["Used", "10", "50 % of claimed"],
        ["Bought", "–", "Not connected"],
    ]
    assert rows(page, "In any order")[1:][:6] == [
        ["Viewed", "180", "also without a code: from a list, a link, another item’s page"],
        ["Engaged", "62", "visits that began here, with or without a code"],
        ["Played", "9", "films and recordings begun; 3 came to the end"],
        ["Kept", "45", "also from shared links and on a later day"],
        ["Claimed", "20", "also without keeping"],
        ["Used", "10", "also in another store or on a later day; undone uses taken off"],
    ]
    assert "5 actions came without script" in page
    assert "<b>200 scans</b>, 80 of 100 of all scans here. As many as the 7 days before (200)." in page
    assert "FT-TOP-01, Sunny Side." in page


def test_an_items_hours_are_those_of_its_codes_in_the_last_two_weeks(browser: Browser, db: Session, busy: Shop) -> None:
    place = {"retailer_id": busy.retailer.id, "code_id": busy.code_id, "item_id": busy.top.id}
    for store, days, hour, count in ((busy.riverside, 0, 15, 7), (busy.galleria, 3, 10, 4)):
        on = TODAY - timedelta(days=days)
        db.add(CodeHour(on=on, hour=hour, store_id=store.id, count=count, **{**place, "code_id": store.id}))
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    page = browser.get(f"/desk/insights/items/{busy.top.id}?{WEEK}").text
    galleria = browser.get(f"/desk/insights/items/{busy.top.id}?{WEEK}&store={busy.galleria.id}").text

    assert "When it is scanned, in the last two weeks" in page
    assert "Busiest on Wednesdays from 15:00 to 16:00, 7 scans in all." in page
    assert "Busiest on Sundays from 10:00 to 11:00, 4 scans in all." in galleria


def test_where_an_item_is_scanned_is_told_by_store_and_place(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    page = browser.get(f"/desk/insights/items/{busy.top.id}?{WEEK}").text

    assert [row[:2] for row in rows(page, "Stores by scans")[1:]] == [
        ["Fashiontown Riverside", "120"],
        ["Fashiontown Galleria", "80"],
    ]
    assert [row[:2] for row in rows(page, "Where it is scanned")[1:]] == [
        ["Tops wall Fashiontown Riverside", "120"],
        ["No place named Fashiontown Galleria", "80"],
    ]


def test_who_may_not_open_the_item_gets_no_link_to_it(browser: Browser, busy: Shop) -> None:
    address = f"/desk/insights/items/{busy.top.id}"

    of_mia = browser.another().sign_in(*busy.people[Role.MERCHANDISER]).get(address).text
    of_ana = browser.another().sign_in(*busy.people[Role.ANALYST]).get(address).text

    assert f'href="/desk/items/{busy.top.id}"' in of_mia
    assert f'href="/desk/items/{busy.top.id}"' not in of_ana


def test_an_item_nobody_scanned_says_so(browser: Browser, shop: Shop) -> None:
    page = browser.sign_in(*shop.people[Role.OWNER]).get(f"/desk/insights/items/{shop.cap.id}").text

    assert "Nobody scanned this item in these days" in page and f'href="/desk/codes?item={shop.cap.id}"' in page


# --- files ---------------------------------------------------------------------------------------------


def test_a_file_says_what_its_words_mean_and_holds_the_same_numbers(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.ANALYST])

    response = browser.get(f"/desk/insights/export/items?{WEEK}")

    above, table = sheet(response.text)
    assert response.mimetype == "text/csv"
    assert 'filename="fashiontown-items.csv"' in response.headers["Content-Disposition"]
    assert above[0].startswith("Fashiontown. 12 to 18 November 2026, all stores.")
    assert any(line.startswith("Visit: One stretch of looking") for line in above)
    assert table[0][:4] == ["Item", "Vendor", "Scans", "Scans before"]
    assert ["Marigold Top", "Sunny Side", "200", "200", "210", "180", "45", "20", "10", "4"] in table


@pytest.mark.parametrize("table", ["days", "hours", "items", "vendors", "stores", "left_out"])
def test_every_table_of_the_overview_is_a_file(browser: Browser, busy: Shop, table: str) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    _, found = sheet(browser.get(f"/desk/insights/export/{table}?{WEEK}").text)

    assert len(found) > 1
    if table == "days":
        assert len(found) == 8 and found[-1][:3] == ["2026-11-18", "170", "200"]
    if table == "left_out":
        assert [row[0] for row in found[1:]] == ["Repeat", "Robot"]


@pytest.mark.parametrize("table", ["days", "funnel", "stores", "places"])
def test_every_table_of_an_item_is_a_file(browser: Browser, busy: Shop, table: str) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    above, found = sheet(browser.get(f"/desk/insights/items/{busy.top.id}/export/{table}?{WEEK}").text)

    assert above[0] == "Marigold Top" and len(found) > 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\uff1d", "\uff20"])
def test_sec_E05_no_cell_is_a_formula(browser: Browser, db: Session, busy: Shop, start: str) -> None:
    busy.top.title = f"{start}cmd|' /C calc'!A0"
    busy.riverside.name = f"{start}1+1"
    db.get_one(Vendor, busy.top.vendor_id).name = f"{start}2+2"
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])

    for address in ("export/items", "export/vendors", "export/stores", f"items/{busy.top.id}/export/places"):
        lines = csv.reader(io.StringIO(browser.get(f"/desk/insights/{address}?{WEEK}").text.removeprefix("\ufeff")))
        cells = [cell for line in lines for cell in line]
        assert not [cell for cell in cells if cell[:1] in "=+-@\t\r\uff1d\uff0b\uff0d\uff20" and cell]


def test_no_such_table_is_not_there(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.people[Role.OWNER])

    assert browser.get("/desk/insights/export/passwords").status_code == 404
    assert browser.get(f"/desk/insights/items/{busy.top.id}/export/hours").status_code == 404


# --- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_who_reads_numbers_opens_them(browser: Browser, shop: Shop, role: Role) -> None:
    browser.sign_in(*shop.people[role])

    for address in ("", "/items", "/vendors", f"/items/{shop.top.id}", "/export/days", "/export/vendors"):
        assert browser.get(f"/desk/insights{address}").status_code == 200


@pytest.mark.parametrize("role", KEPT_OUT)
def test_who_does_not_read_numbers_does_not_see_them(browser: Browser, shop: Shop, role: Role) -> None:
    browser.sign_in(*shop.people[role])

    of_item = (f"/items/{shop.top.id}", f"/items/{shop.top.id}/export/days")
    for address in ("", "/items", "/vendors", "/export/days", "/export/vendors", *of_item):
        assert browser.get(f"/desk/insights{address}").status_code == 404


def test_otto_reads_his_own_numbers_only(browser: Browser, busy: Shop) -> None:
    browser.sign_in(*busy.otto)

    assert browser.get(f"/desk/insights/items/{busy.top.id}").status_code == 404
    assert browser.get(f"/desk/insights/items/{busy.top.id}/export/days").status_code == 404
    assert browser.get(f"/desk/insights?store={busy.riverside.id}").status_code == 422
    page = browser.get(f"/desk/insights?{WEEK}")
    assert "No scans in these days" in page.text and "Marigold" not in page.text
    assert "No vendors yet" in browser.get(f"/desk/insights/vendors?{WEEK}").text
    assert sheet(browser.get(f"/desk/insights/export/vendors?{WEEK}").text)[1][1:] == []
    _, table = sheet(browser.get(f"/desk/insights/export/days?{WEEK}").text)
    assert {cell for row in table[1:] for cell in row[1:]} == {"0"}


def test_a_page_of_numbers_reads_totals_and_asks_little(browser: Browser, db: Session, busy: Shop) -> None:
    for number in range(30):
        make_item(db, busy.retailer, title=f"Sock {number:02}", sizes=())
    db.commit()
    browser.sign_in(*busy.people[Role.OWNER])
    said: list[str] = []
    database = browser.app.extensions["qrmerch"].database

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    browser.get(f"/desk/insights?{WEEK}")

    assert len([each for each in said if each.lstrip().startswith("SELECT")]) <= 30, len(said)
    assert not [each for each in said if "FROM scan " in each]


def test_the_clock_is_the_houses_own(browser: Browser, busy: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime.fromisoformat("2026-11-19T03:00:00+00:00")
    monkeypatch.setattr("qrmerch.insights.routes.now", lambda: late)

    page = browser.sign_in(*busy.people[Role.OWNER]).get("/desk/insights").text

    assert "22 October to 18 November 2026" in page and "until 22:00" in page

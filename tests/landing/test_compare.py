"""Items beside each other: what differs first, the same folded, and words where there is nothing to compare."""

import re

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.publishing import take_down
from qrmerch.parties.models import Retailer, RetailerHost
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, publish_page
from tests.landing.aisle import make_aisle


def make_lamps(db: Session, retailer: Retailer, *facts: dict[str, str]) -> list[Item]:
    found = []
    for number, each in enumerate(facts):
        item = make_item(db, retailer, title=f"Lamp {number}")
        rows = [{"name": {"en": name}, "value": {"en": value}} for name, value in each.items()]
        publish_page(db, item, slots={"facts.rows": rows})
        found.append(item)
    db.commit()
    return found


def address(*items: Item) -> str:
    return "/compare?" + "&".join(f"i={item.public_id}" for item in items)


def rows(page: str) -> dict[str, list[str]]:
    """The rows of the table: the fact, and each item's value."""
    found = re.findall(r'<tr role="row"><th role="rowheader"[^>]*>([^<]+)</th>(.*?)</tr>', page, re.DOTALL)
    return {
        name: [_text(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)] for name, cells in found
    }


def _text(cell: str) -> str:
    words = re.sub(r'<span aria-hidden="true">.*?</span>', "", cell)
    return " ".join(re.sub(r"<[^>]+>", " ", words).split())


def test_what_differs_stands_first_and_the_same_is_folded(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    items = make_lamps(
        db,
        retailer,
        {"Made of": "Brass", "Socket": "E27", "Height": "40 cm"},
        {"Socket": "e27", "Height": "52 cm", "Cable": "Linen"},
        {"Made of": "Tin", "Socket": "E27", "Height": "52 cm"},
    )

    page = browser.get(address(*items)).text

    table = rows(page)
    assert next(iter(table)) == "Price"
    assert list(table)[-3:] == ["Height", "Made of", "Besides"]
    assert table["Height"] == ["40 cm", "52 cm", "52 cm"]
    assert table["Made of"] == ["Brass", "Not said", "Tin"]
    assert table["Besides"] == ["Not said", "Cable Linen", "Not said"]
    assert "Socket" not in table
    folded = page[page.index("The same in all") :]
    assert "E27" in folded
    assert '<meta name="robots" content="noindex">' in page


def test_unlike_things_fill_no_table_with_gaps(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    items = make_lamps(db, retailer, {"Cable": "Linen", "Made of": "Brass"}, {"Drop": "8 mm", "Weight": "240 g"})

    table = rows(browser.get(address(*items)).text)

    assert list(table) == ["Price", "In store", "Besides"]
    assert table["Besides"] == ["Cable Linen Made of Brass", "Drop 8 mm Weight 240 g"]


def test_three_fit_and_a_fourth_is_said_to_be_left_out(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    items = make_lamps(db, retailer, *({"Height": f"{number} cm"} for number in range(4)))

    three = browser.get(address(*items[:3])).text
    four = browser.get(address(*items)).text

    assert rows(three)["Height"] == rows(four)["Height"] == ["0 cm", "1 cm", "2 cm"]
    assert "Three at most" not in three
    assert "Three at most stand side by side" in four


def test_too_few_are_answered_with_words(browser: Browser, db: Session) -> None:
    (lamp,) = make_lamps(db, make_retailer(db), {"Height": "40 cm"})

    for asked in ("/compare", address(lamp), address(lamp, lamp), "/compare?i=nothing&i=0000000000000000"):
        page = browser.get(asked)
        assert page.status_code == 200
        assert "Choose two or three things" in page.text
        assert "<table" not in page.text


def test_things_of_two_shops_do_not_stand_side_by_side(browser: Browser, db: Session) -> None:
    (lamp,) = make_lamps(db, make_retailer(db), {"Height": "40 cm"})
    (other,) = make_lamps(db, make_retailer(db), {"Height": "41 cm"})

    page = browser.get(address(lamp, other)).text

    assert "Only things of one shop can stand side by side." in page
    assert "41 cm" not in page


def test_a_house_shows_its_own_items_only_on_its_host(browser: Browser, db: Session) -> None:
    ours, theirs = make_retailer(db), make_retailer(db)
    db.add(RetailerHost(retailer_id=ours.id, host="ours.example", is_primary=True, proven_at=NOON))
    items = make_lamps(db, theirs, {"Height": "40 cm"}, {"Height": "41 cm"})

    page = browser.get(address(*items), Host="ours.example").text

    assert "40 cm" not in page


def test_what_is_no_longer_sold_has_no_price_beside_the_rest_nor_on_the_list(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser.post(aisle.keep, {"keep": "yes", "at": aisle.store.public_id})
    retire_item(db, aisle.top, at=now())
    db.commit()

    table = rows(browser.get(address(aisle.top, aisle.sandal)).text)
    mine = browser.get("/my").text

    assert table["Price"][0] == "No longer sold"
    assert table["Price"][1] != "No longer sold"
    assert '<p class="num"><bdi>No longer sold</bdi></p>' in mine


def test_what_is_taken_down_has_neither_price_nor_facts_beside_the_rest_nor_on_the_list(
    browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    browser.post(aisle.keep, {"keep": "yes", "at": aisle.store.public_id})
    take_down(db, aisle.top, reason="Recalled", actor=None, at=now())
    db.commit()

    table = rows(browser.get(address(aisle.top, aisle.sandal)).text)
    mine = browser.get("/my").text

    assert table["Price"][0] == "Not available at the moment"
    assert '<p class="num"><bdi>Not available at the moment</bdi></p>' in mine


def test_the_list_leads_there_without_script(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser.post(aisle.keep, {"keep": "yes", "at": aisle.store.public_id})
    one = browser.get("/my").text
    browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "yes", "at": aisle.store.public_id})
    two = browser.get("/my").text

    boxes = re.findall(r'type="checkbox" name="i" value="([^"]+)" form="compare-1"', two)
    page = browser.get(f"/compare?i={boxes[0]}&i={boxes[1]}&lang=ar")

    assert 'name="i"' not in one
    assert sorted(boxes) == sorted([aisle.top.public_id, aisle.sandal.public_id])
    assert '<form id="compare-1" method="get" action="/compare">' in two
    assert "جنبًا إلى جنب" in page.text

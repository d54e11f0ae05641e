"""Stores, warehouses and fixtures by file."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.imports.feed_models import FeedKind, FeedState
from qrmerch.imports.feed_report import report_of
from qrmerch.imports.reader import SheetRejected
from qrmerch.parties.hours import format_week
from qrmerch.parties.models import Fixture, FixtureKind, PageChange, Retailer, Store
from qrmerch.parties.opening import week_of
from qrmerch.parties.queries import list_fixtures, list_stores, list_warehouses
from qrmerch.text import clean_line
from tests.factories import make_fixture, make_retailer, make_store
from tests.imports.feeding import codes_of, dry_run, said_of, take_in
from tests.imports.workbooks import workbook

STORES, FIXTURES = FeedKind.STORES, FeedKind.FIXTURES
_HEAD = "code,name,address,city,country,time zone,gln,hours\n"


@pytest.fixture
def retailer(db: Session) -> Retailer:
    return make_retailer(db)


def store_of(db: Session, retailer: Retailer, code: str) -> Store:
    return db.scalars(select(Store).where(Store.retailer_id == retailer.id, Store.code == code)).one()


def test_a_store_comes_in_with_its_week(db: Session, retailer: Retailer, settings: Settings) -> None:
    text = _HEAD + "B1,Berlin Mitte,Unter den Linden 1,Berlin,Germany,,9520000001018,Mo-Fr 9-18; Sa 10-16\n"

    run = take_in(db, retailer, STORES, text, settings)

    store = store_of(db, retailer, "B1")
    assert (run.state, run.written["created"]) == (FeedState.DONE, 1)
    assert (store.country, store.time_zone, store.is_zone_guessed) == ("DE", "Europe/Berlin", False)
    assert (store.gln, store.hours) == ("9520000001018", "Mo-Fr 9-18; Sa 10-16")
    assert format_week(week_of(store.weekly) or ()) == "Mon-Fri 09:00-18:00; Sat 10:00-16:00"


def test_a_dry_run_writes_nothing(db: Session, retailer: Retailer, settings: Settings) -> None:
    checked = dry_run(db, retailer, STORES, _HEAD + "B1,Berlin,,,DE,,,\n", settings)

    assert checked.counts["created"] == 1
    assert list_stores(db, retailer.id) == []


def test_the_same_file_again_changes_nothing(db: Session, retailer: Retailer, settings: Settings) -> None:
    text = _HEAD + "B1,Berlin,,,DE,,123,Mon 9-10\nB2,Houston,,,US,,,by appointment\n"
    take_in(db, retailer, STORES, text, settings)
    changes = db.scalar(select(func.count()).select_from(PageChange))

    again = dry_run(db, retailer, STORES, text, settings)
    take_in(db, retailer, STORES, text, settings)

    assert set(again.statuses.values()) == {"unchanged"}
    assert db.scalar(select(func.count()).select_from(PageChange)) == changes


def test_what_a_file_does_not_speak_of_stays(db: Session, retailer: Retailer, settings: Settings) -> None:
    take_in(db, retailer, STORES, _HEAD + "B1,Berlin,Allee 1,Berlin,DE,,9520000001018,Mon 9-18\n", settings)

    checked = dry_run(db, retailer, STORES, "code,city,hours\nB1,Potsdam,\n", settings)
    take_in(db, retailer, STORES, "code,city,hours\nB1,Potsdam,\n", settings)

    store = store_of(db, retailer, "B1")
    assert [(each["field"], each["now"], each["after"]) for each in checked.changes] == [("City", "Berlin", "Potsdam")]
    assert (store.city, store.address, store.gln, store.hours) == ("Potsdam", "Allee 1", "9520000001018", "Mon 9-18")


def test_a_wrong_location_number_is_left_out_with_the_digit_it_should_have(
    db: Session, retailer: Retailer, settings: Settings
) -> None:
    text = _HEAD + "B1,Berlin,,,DE,,9520000001019,\n"

    checked = dry_run(db, retailer, STORES, text, settings)
    take_in(db, retailer, STORES, text, settings)

    assert codes_of(checked) == {2: ["GLN_CHECK"]}
    assert "should be 8" in said_of(checked, 2)
    assert store_of(db, retailer, "B1").gln is None


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        (",Nameless,,,DE,,,", "REQUIRED", "code of your own"),
        ("B1,,,,DE,,,", "REQUIRED", "needs a name"),
        ("B1,Berlin,,,Atlantis,,,", "VALUE", "two letters"),
        ("B1,Berlin,,,DE,Europe/Bonn,,", "VALUE", "not a time zone"),
        (f"B1,{'B' * 81},,,DE,,,", "TOO_LONG", "At most 80"),
        (f"{'B' * 41},Berlin,,,DE,,,", "TOO_LONG", "At most 40"),
        (f"B1,Berlin,,,DE,,,{'Mon 9-18; ' * 30}", "TOO_LONG", "At most 200"),
    ],
)
def test_what_cannot_be_kept_is_named_with_what_would_be_right(
    db: Session, retailer: Retailer, settings: Settings, row: str, code: str, says: str
) -> None:
    checked = dry_run(db, retailer, STORES, f"{_HEAD}{row}\n", settings)

    assert checked.counts["errors"] == 1
    assert code in codes_of(checked)[2]
    assert says in said_of(checked, 2)


def test_the_same_code_twice_names_the_first_row(db: Session, retailer: Retailer, settings: Settings) -> None:
    checked = dry_run(db, retailer, STORES, _HEAD + "B1,Berlin,,,DE,,,\nB1,Bonn,,,DE,,,\n", settings)

    assert codes_of(checked) == {3: ["DUPLICATE_KEY"]}
    assert "Row 2" in said_of(checked, 3)


def test_the_rows_to_fix_are_sent_again_as_they_are(db: Session, retailer: Retailer, settings: Settings) -> None:
    text = "Store No;Filiale;Land;Store Name;Country\n1;x;y;Köln;DE\n2;x;y;;DE\n3;=cmd;y;;DE\n"

    report = report_of(dry_run(db, retailer, STORES, text, settings).prepared)
    fixed = report.replace(";;DE", ";Bonn;DE")
    checked = dry_run(db, retailer, STORES, fixed, settings)

    assert report.splitlines()[0] == "Store No;Filiale;Land;Store Name;Country;_row;_status;_errors"
    assert report.splitlines()[1].startswith("2;x;y;;DE;3;error;")
    assert report.splitlines()[2].startswith("3;'=cmd;")
    assert (checked.counts["rows"], checked.counts["errors"], checked.counts["created"]) == (2, 0, 2)


def test_a_zone_nobody_says_is_that_of_the_stores_around_it(
    db: Session, retailer: Retailer, settings: Settings
) -> None:
    text = "code,name,country,state,lat,lon,tz,hours\n" + (
        "1,Told,US,TX,,,America/Chicago,\n"
        "2,Same state,US,TX,,,,Mon 10-9\n"
        "3,By its place,US,FL,25.76,-80.19,,Mon 10-9\n"
        "4,Nobody knows,US,AK,,,,Mon 10-9\n"
    )

    checked = dry_run(db, retailer, STORES, text, settings)
    take_in(db, retailer, STORES, text, settings)

    zones = {
        each.code: (each.time_zone, each.is_zone_guessed, bool(each.weekly)) for each in list_stores(db, retailer.id)
    }
    assert zones == {
        "1": ("America/Chicago", False, False),
        "2": ("America/Chicago", False, True),
        "3": ("America/New_York", False, True),
        # A guess: no clock is told by it.
        "4": (retailer.time_zone, True, False),
    }
    assert codes_of(checked) == {3: ["ZONE_NEAR"], 5: ["ZONE_UNKNOWN"]}


def test_a_guessed_zone_is_settled_by_a_file_that_says_it(db: Session, retailer: Retailer, settings: Settings) -> None:
    take_in(db, retailer, STORES, "code,name,country,state,hours\n4,Far,US,AK,Mon 10-9\n", settings)

    checked = dry_run(db, retailer, STORES, "code,time zone\n4,America/New_York\n", settings)
    take_in(db, retailer, STORES, "code,time zone\n4,America/New_York\n", settings)

    store = store_of(db, retailer, "4")
    assert [(each["now"], each["after"]) for each in checked.changes] == [
        ("America/New_York, a guess", "America/New_York")
    ]
    assert (store.is_zone_guessed, format_week(week_of(store.weekly) or ())) == (False, "Mon 10:00-21:00")


def test_hours_in_a_column_for_each_day_are_put_together(db: Session, retailer: Retailer, settings: Settings) -> None:
    head = "Store code,Business name,Country,Monday hours,Tuesday hours,Sunday hours\n"
    text = head + "1,Mall,DE,09:00-18:00,09:00-18:00,closed\n"

    take_in(db, retailer, STORES, text, settings)

    store = store_of(db, retailer, "1")
    assert store.hours == "Mon 09:00-18:00; Tue 09:00-18:00; Sun closed"
    assert format_week(week_of(store.weekly) or ()) == "Mon-Tue 09:00-18:00"


def test_long_hours_are_kept_in_fewer_words(db: Session, retailer: Retailer, settings: Settings) -> None:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    head = ",".join(["code", "name", "country", *days])
    cells = ['"9:00 AM - 12:00 PM, 1:00 PM - 6:00 PM"'] * 7

    take_in(db, retailer, STORES, f"{head}\n{','.join(['1', 'Mall', 'DE', *cells])}\n", settings)

    store = store_of(db, retailer, "1")
    assert store.hours == "Mon-Sun 09:00-12:00, 13:00-18:00"
    assert store.weekly


def test_a_zone_is_known_in_any_case(db: Session, retailer: Retailer, settings: Settings) -> None:
    take_in(db, retailer, STORES, _HEAD + "B1,Berlin,,,DE,europe/BERLIN,,\n", settings)

    assert store_of(db, retailer, "B1").time_zone == "Europe/Berlin"


def test_hours_that_are_read_with_a_choice_or_not_at_all_are_said(
    db: Session, retailer: Retailer, settings: Settings
) -> None:
    checked = dry_run(db, retailer, STORES, _HEAD + "1,A,,,DE,,,Fri 9-10\n2,B,,,DE,,,when we like\n", settings)

    assert codes_of(checked) == {2: ["HOURS_READ"], 3: ["HOURS_TEXT"]}
    assert checked.counts["errors"] == 0
    assert "09:00 to 22:00" in said_of(checked, 2)


def test_a_warehouse_is_no_store(db: Session, retailer: Retailer, settings: Settings) -> None:
    make_store(db, retailer, code="S1")
    text = "code,name,country,type\nW1,North,DE,Distribution Centre\nS1,Odd,DE,warehouse\n"

    checked = dry_run(db, retailer, STORES, text, settings)
    take_in(db, retailer, STORES, text, settings)
    again = dry_run(db, retailer, STORES, text.replace("North", "North Sea"), settings)

    assert codes_of(checked) == {3: ["CODE_TAKEN"]}
    assert [each.name for each in list_warehouses(db, retailer.id)] == ["North"]
    assert [each.code for each in list_stores(db, retailer.id)] == ["S1"]
    assert again.changes[0]["after"] == "North Sea"


def test_a_file_without_codes_is_refused_with_what_it_has(db: Session, retailer: Retailer, settings: Settings) -> None:
    with pytest.raises(SheetRejected, match=r"No column has the store’s code\. Name one “code”.*It reads: wo, was"):
        dry_run(db, retailer, STORES, "wo,was\na,b\n", settings)


def test_a_workbook_of_stores_comes_in(db: Session, retailer: Retailer, settings: Settings) -> None:
    data = workbook([["Store ID", "Store Name", "Country"], [1000, "الرياض بارك", "SA"], [1001, "Mall", "SA"]])

    take_in(db, retailer, STORES, data, settings)

    assert [(each.code, each.name) for each in list_stores(db, retailer.id)] == [
        ("1000", "الرياض بارك"),
        ("1001", "Mall"),
    ]


@pytest.mark.shared_data
def test_150_real_stores_come_in_and_again_change_nothing(
    db: Session, retailer: Retailer, settings: Settings, shared_data: Path
) -> None:
    data = (shared_data / "stores" / "bestbuy_stores_150.json").read_bytes()

    checked = dry_run(db, retailer, STORES, data, settings)
    take_in(db, retailer, STORES, data, settings)
    again = dry_run(db, retailer, STORES, data, settings)

    stores = list_stores(db, retailer.id)
    guessed = [each for each in stores if each.is_zone_guessed]
    assert (checked.counts["created"], checked.counts["errors"]) == (150, 0)
    assert (again.counts["unchanged"], again.counts["errors"]) == (150, 0)
    assert len(stores) == 150
    # Near the lines that cut a state in two nobody is sure.
    assert len(guessed) < 10
    assert all(bool(each.weekly) != each.is_zone_guessed for each in stores)
    bloomington = store_of(db, retailer, "1000")
    assert (bloomington.town, bloomington.time_zone) == ("Bloomington, MN 55425", "America/Chicago")


@pytest.mark.shared_data
def test_fashiontowns_stores_and_places_come_in(
    db: Session, retailer: Retailer, settings: Settings, shared_data: Path
) -> None:
    stores = (shared_data / "fashiontown" / "stores.csv").read_bytes()
    places = (shared_data / "fashiontown" / "placements.csv").read_bytes()

    first = take_in(db, retailer, STORES, stores, settings)
    second = take_in(db, retailer, FIXTURES, places, settings)
    again = dry_run(db, retailer, FIXTURES, places, settings)

    assert (first.counts["errors"], first.written["created"]) == (0, 4)
    assert second.counts["errors"] == 0
    # The same spot stands there once for each style that hangs in it.
    assert len(list_fixtures(db, retailer.id)) == second.written["created"] == 7
    assert set(again.statuses.values()) == {"unchanged"}
    assert all(each.weekly for each in list_stores(db, retailer.id))


def test_fixtures_are_found_by_store_and_name(db: Session, retailer: Retailer, settings: Settings) -> None:
    store = make_store(db, retailer, code="S1")
    make_fixture(db, store, name="Shoe wall", kind=FixtureKind.WALL)
    text = (
        "store,place,kind\nS1,Shoe wall,shelf\nS1,Window 1,Shop window\nS1,Till,\n"
        "S9,Nowhere,shelf\nS1,Odd,carousel\nS1,,wall\n"
    )

    checked = dry_run(db, retailer, FIXTURES, text, settings)
    take_in(db, retailer, FIXTURES, text, settings)

    kinds = {each.name: each.kind for each in db.scalars(select(Fixture))}
    assert kinds == {"Shoe wall": FixtureKind.SHELF, "Window 1": FixtureKind.WINDOW, "Till": FixtureKind.SHELF}
    assert checked.changes[0] | {"row": 0} == {
        "row": 0, "title": f"Shoe wall, {store.short_name}", "field": "Kind", "now": "wall", "after": "shelf",
    }  # fmt: skip
    assert codes_of(checked) == {5: ["UNKNOWN_STORE"], 6: ["ENUM"], 7: ["REQUIRED"]}


def test_a_place_that_is_two_kinds_names_the_first_row(db: Session, retailer: Retailer, settings: Settings) -> None:
    make_store(db, retailer, code="S1")
    text = "store,place,kind\nS1,A,wall\nS1,A,wall\nS1,A,screen\n"

    assert codes_of(dry_run(db, retailer, FIXTURES, text, settings)) == {4: ["DUPLICATE_KEY"]}


def test_another_retailers_store_is_not_known(db: Session, retailer: Retailer, settings: Settings) -> None:
    make_store(db, make_retailer(db), code="S1")

    checked = dry_run(db, retailer, FIXTURES, "store,place\nS1,A\n", settings)

    assert codes_of(checked) == {2: ["UNKNOWN_STORE"]}
    assert "none yet" in said_of(checked, 2)


@pytest.mark.shared_data
def test_naughty_strings_are_kept_as_text_or_refused_with_a_reason(
    db: Session, retailer: Retailer, settings: Settings, shared_data: Path
) -> None:
    naughty = [*orjson.loads((shared_data / "text" / "blns.json").read_bytes()), "a\0b", "\u202e\u0000", "x" * 500]
    fields = ("name", "short name", "address", "city", "state", "zip", "country", "time zone", "gln", "hours", "kind")
    entries = [{"code": f"F{at}", **dict.fromkeys(fields, text)} for at, text in enumerate(naughty)]
    entries += [
        {"code": text, "name": "Mall", "country": "DE", "city": text, "address": text, "hours": text}
        for text in naughty
    ]

    run = take_in(db, retailer, STORES, orjson.dumps(entries), settings)
    make_store(db, retailer, code="R1")
    spots = [{"store": "R1", "place": text} for text in naughty]
    spots += [{"store": "R1", "place": "Wall", "kind": text} for text in naughty if text.strip()]
    places = take_in(db, retailer, FIXTURES, orjson.dumps(spots), settings)

    kept = [each for each in list_stores(db, retailer.id) if each.code != "R1"]
    assert run.state == places.state == FeedState.DONE
    assert len(kept) == run.written["created"] > 200
    assert run.counts["errors"] + run.counts["created"] == run.counts["rows"]
    assert all(each.city in naughty or each.city == clean_line(each.city, 80) for each in kept)
    assert all(entry["problems"][0]["message"] for entry in run.problems)


def test_a_store_speaks_one_of_the_houses_languages(db: Session, settings: Settings) -> None:
    retailer = make_retailer(db, locales=["en", "de", "ar"])
    text = "code,name,country,language\n1,Berlin,DE,German\n2,Bonn,DE,de-DE\n3,Dubai,AE,العربية\n4,Paris,FR,French\n"

    checked = dry_run(db, retailer, STORES, text, settings)
    take_in(db, retailer, STORES, text, settings)

    assert codes_of(checked) == {5: ["LANGUAGE_UNKNOWN"]}
    assert {each.code: each.locale for each in list_stores(db, retailer.id)} == {
        "1": "de",
        "2": "de",
        "3": "ar",
        "4": "",
    }
    take_in(db, retailer, STORES, "code,city,language\n1,Berlin,\n2,Bonn,en\n", settings)
    assert [store_of(db, retailer, code).locale for code in "12"] == ["de", "en"]

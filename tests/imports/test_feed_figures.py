"""Prices and stock by file: whose they are, what is newer, and what shoppers' pages hear of it."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog import bulk
from qrmerch.catalog.models import Item, PriceHistory, Stock, Variant, WarehouseStock
from qrmerch.catalog.queries import list_variants, was_prices
from qrmerch.catalog.service import set_price, set_stock
from qrmerch.config import Settings
from qrmerch.imports.feed_models import FeedKind
from qrmerch.parties.models import PageChange, Retailer, Store
from qrmerch.parties.service import add_warehouse
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store
from tests.imports.feeding import codes_of, dry_run, said_of, send, take_in

PRICES, STOCK = FeedKind.PRICES, FeedKind.STOCK
HOUR = timedelta(hours=1)


class House:
    """A retailer with a store and an item in sizes S and M, whose SKUs are TOP-S and TOP-M."""

    def __init__(self, db: Session) -> None:
        self.retailer: Retailer = make_retailer(db)
        self.store: Store = make_store(db, self.retailer, code="FT-1", short_name="Riverside")
        self.item: Item = make_item(db, self.retailer, key="TOP", title="Marigold Top")
        self.small, self.medium = list_variants(db, self.item.id)
        db.execute(PageChange.__table__.delete())  # type: ignore[attr-defined]


@pytest.fixture
def house(db: Session) -> House:
    return House(db)


def stock_of(db: Session, variant: Variant) -> tuple[int, object] | None:
    row = db.execute(select(Stock.pieces, Stock.as_of).where(Stock.variant_id == variant.id)).one_or_none()
    return (row[0], row[1]) if row else None


def count_changes(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(PageChange)) or 0


# --- stock -----------------------------------------------------------------------------------------


def test_stock_comes_in_by_sku_and_store(db: Session, house: House, settings: Settings) -> None:
    run = take_in(db, house.retailer, STOCK, "SKU,Store,Qty\nTOP-S,FT-1,12\ntop-m,ft-1,0\n", settings)

    assert (run.written["created"], run.counts["errors"]) == (2, 0)
    assert stock_of(db, house.small) == (12, NOON)
    assert stock_of(db, house.medium) == (0, NOON)
    assert count_changes(db) == 1


def test_the_same_stock_file_again_changes_nothing(db: Session, house: House, settings: Settings) -> None:
    text = "sku,store,qty,as of\nTOP-S,FT-1,12,2026-11-18 06:00\n"
    take_in(db, house.retailer, STOCK, text, settings)
    before = count_changes(db)

    again = dry_run(db, house.retailer, STOCK, text, settings)
    run = take_in(db, house.retailer, STOCK, text, settings)

    assert (again.counts["unchanged"], again.counts["confirmed"]) == (1, 0)
    assert run.written["unchanged"] == 1
    assert count_changes(db) == before


def test_an_older_file_does_not_replace_newer_figures(db: Session, house: House, settings: Settings) -> None:
    take_in(db, house.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,12\n", settings, as_of=NOON)

    checked = dry_run(db, house.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,3\n", settings, as_of=NOON - HOUR)
    run = take_in(db, house.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,3\n", settings, as_of=NOON - HOUR)

    assert (checked.counts["older"], run.written["older"]) == (1, 1)
    assert "A newer figure, of 18 November 2026 12:00, is kept." in said_of(checked, 2)
    assert stock_of(db, house.small) == (12, NOON)


def test_a_count_confirmed_later_is_fresh_again(db: Session, house: House, settings: Settings) -> None:
    text = "sku,store,qty\nTOP-S,FT-1,12\n"
    take_in(db, house.retailer, STOCK, text, settings, as_of=NOON - 30 * HOUR)
    before = count_changes(db)

    checked = dry_run(db, house.retailer, STOCK, text, settings)
    take_in(db, house.retailer, STOCK, text, settings)

    assert (checked.counts["unchanged"], checked.counts["confirmed"]) == (1, 1)
    assert stock_of(db, house.small) == (12, NOON)
    # The page said "ask us" of it; now it does not.
    assert count_changes(db) == before + 1


def test_rows_may_say_when_they_were_counted_and_the_newest_holds(
    db: Session, house: House, settings: Settings
) -> None:
    text = (
        "sku,store,qty,updated_at\n"
        "TOP-S,FT-1,5,2026-11-18T09:00:00-05:00\nTOP-S,FT-1,7,2026-11-18 10:00\nTOP-S,FT-1,6,18.11.2026 09:30\n"
    )

    checked = dry_run(db, house.retailer, STOCK, text, settings)
    take_in(db, house.retailer, STOCK, text, settings)

    assert checked.counts["errors"] == 0
    assert stock_of(db, house.small) == (7, NOON - 2 * HOUR)


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("TOP-X,,FT-1,5,", "UNKNOWN_ITEM", "no item with the SKU TOP-X"),
        (",,FT-1,5,", "REQUIRED", "names no item"),
        (",09506000134359,FT-1,5,", "GTIN_CHECK", "should be 2"),
        (",4.00638E+12,FT-1,5,", "GTIN_CHECK", "spreadsheet shortens"),
        ("TOP-S,,FT-9,5,", "UNKNOWN_STORE", "Known: FT-1."),
        ("TOP-S,,,5,", "REQUIRED", "names no store"),
        ("TOP-S,,FT-1,,", "REQUIRED", "no number of pieces"),
        ("TOP-S,,FT-1,many,", "NUMBER", "no whole number"),
        ("TOP-S,,FT-1,1.5,", "NUMBER", "no whole number"),
        ("TOP-S,,FT-1,99999999999,", "NUMBER", "more than any store holds"),
        ("TOP-S,,FT-1,5,11/10/2026", "DATE", "two ways"),
        ("TOP-S,,FT-1,5,yesterday", "DATE", "no date and time"),
        ("TOP-S,,FT-1,5,2026-11-19 12:00", "DATE_AHEAD", "has not come yet"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(
    db: Session, house: House, settings: Settings, row: str, code: str, says: str
) -> None:
    checked = dry_run(db, house.retailer, STOCK, f"sku,gtin,store,qty,as of\n{row}\n", settings)

    assert codes_of(checked) == {2: [code]}
    assert says in said_of(checked, 2)


def test_pieces_are_read_as_systems_write_them(db: Session, house: House, settings: Settings) -> None:
    checked = dry_run(db, house.retailer, STOCK, "sku;store;qty\nTOP-S;FT-1;1,200\nTOP-M;FT-1;-3.0\n", settings)

    assert [line.value.figure.pieces for line in checked.prepared.lines] == [1200, 0]
    assert codes_of(checked) == {3: ["NEGATIVE"]}


def test_two_rows_that_contradict_each_other_are_named(db: Session, house: House, settings: Settings) -> None:
    text = "sku,store,qty\nTOP-S,FT-1,5\nTOP-S,FT-1,5\nTOP-S,FT-1,6\n"

    checked = dry_run(db, house.retailer, STOCK, text, settings)

    assert codes_of(checked) == {4: ["DUPLICATE_KEY"]}
    assert "Row 2" in said_of(checked, 4)


def test_a_number_several_variants_share_is_an_error_that_names_them(
    db: Session, house: House, settings: Settings
) -> None:
    house.small.gtin = house.medium.gtin = "09506000134352"
    db.flush()

    checked = dry_run(
        db,
        house.retailer,
        STOCK,
        "gtin,sku,store,qty\n9506000134352,,FT-1,5\n9506000134352,TOP-M,FT-1,5\n",
        settings,
    )

    assert codes_of(checked) == {2: ["KEY_SHARED"]}
    assert "Marigold Top, S; Marigold Top, M" in said_of(checked, 2)
    # Together with the SKU it is clear.
    assert checked.prepared.lines[1].value.figure.variant_id == house.medium.id


def test_sku_and_gtin_of_different_variants_are_no_match(db: Session, house: House, settings: Settings) -> None:
    house.small.gtin = "09506000134352"
    db.flush()

    checked = dry_run(db, house.retailer, STOCK, "gtin,sku,store,qty\n09506000134352,TOP-M,FT-1,5\n", settings)

    assert codes_of(checked) == {2: ["KEYS_DIFFER"]}


def test_a_variant_without_a_number_is_named_by_its_address(db: Session, house: House, settings: Settings) -> None:
    house.small.sku = house.medium.sku = ""
    db.flush()
    rows = f"/i/{house.item.public_id}#m,FT-1,5\nhttps://shop.example/i/{house.item.public_id}#s,FT-1,6\n"
    both = f"/i/{house.item.public_id},FT-1,5\n/i/nothing#s,FT-1,5\n"

    checked = dry_run(db, house.retailer, STOCK, "address,store,qty\n" + rows + both, settings)

    found = [line.value.figure.variant_id for line in checked.prepared.lines if line.value]
    assert found == [house.medium.id, house.small.id]
    assert codes_of(checked) == {4: ["KEY_SHARED"], 5: ["UNKNOWN_ITEM"]}


def test_stock_of_a_warehouse_is_kept_and_told_to_no_page(db: Session, house: House, settings: Settings) -> None:
    add_warehouse(db, house.retailer, code="W1", name="North")

    take_in(db, house.retailer, STOCK, "sku,warehouse,qty\nTOP-S,W1,500\n", settings)

    assert db.scalars(select(WarehouseStock.pieces)).one() == 500
    assert stock_of(db, house.small) is None
    assert count_changes(db) == 0


def test_another_retailers_items_and_stores_are_not_known(db: Session, house: House, settings: Settings) -> None:
    other = House(db)

    checked = dry_run(db, other.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,5\n", settings)
    take_in(db, other.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,5\n", settings)

    assert checked.prepared.lines[0].value.figure.variant_id == other.small.id
    assert stock_of(db, house.small) is None


def test_many_items_are_told_as_one_change(
    db: Session, house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_MANY_ITEMS", 1)
    make_item(db, house.retailer, key="CAP")
    db.execute(PageChange.__table__.delete())  # type: ignore[attr-defined]

    take_in(db, house.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,5\nCAP-S,FT-1,5\n", settings)

    assert [(each.retailer_id, each.item_id) for each in db.scalars(select(PageChange))] == [(house.retailer.id, None)]


def test_the_statements_do_not_grow_with_the_rows(db: Session, house: House, settings: Settings) -> None:
    from sqlalchemy import event

    counted: list[str] = []
    engine = db.get_bind()
    for key in ("A", "B", "C"):
        make_item(db, house.retailer, key=key, sizes=tuple(f"{n}" for n in range(40)))

    def count(*given: object) -> None:
        counted.append(str(given[2]))

    def statements(rows: list[str]) -> int:
        counted.clear()
        take_in(db, house.retailer, STOCK, "sku,store,qty\n" + "".join(rows), settings, at=NOON)
        return len(counted)

    event.listen(engine, "before_cursor_execute", count)
    try:
        few = statements(["A-1,FT-1,1\n"])
        many = statements([f"{key}-{n},FT-1,2\n" for key in "ABC" for n in range(40)])
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert many <= few + 2


# --- prices ----------------------------------------------------------------------------------------


def history_of(db: Session, variant: Variant) -> list[int]:
    wanted = select(PriceHistory.price_minor).where(PriceHistory.variant_id == variant.id)
    return list(db.scalars(wanted.order_by(PriceHistory.from_at, PriceHistory.id)))


def test_a_price_that_differs_is_added_to_the_history(db: Session, house: House, settings: Settings) -> None:
    text = "sku,price\nTOP-S,24.00\nTOP-M,28.00\n"

    checked = dry_run(db, house.retailer, PRICES, text, settings)
    run = take_in(db, house.retailer, PRICES, text, settings)
    db.refresh(house.small)

    assert (run.written["updated"], run.written["unchanged"]) == (1, 1)
    assert [(each["title"], each["now"], each["after"]) for each in checked.changes] == [
        ("Marigold Top, S", "$28.00", "$24.00")
    ]
    assert (history_of(db, house.small), history_of(db, house.medium)) == ([2800, 2400], [2800])
    assert house.small.price_minor == 2400
    assert count_changes(db) == 1
    # The lowest of the 30 days before stays what may be struck.
    assert was_prices(db, [house.small.id, house.medium.id], NOON) == {house.small.id: 2800}


def test_the_same_price_file_again_adds_nothing(db: Session, house: House, settings: Settings) -> None:
    text = "sku,price\nTOP-S,24.00\n"
    take_in(db, house.retailer, PRICES, text, settings)

    run = take_in(db, house.retailer, PRICES, text, settings, at=NOON + HOUR)

    assert run.written["unchanged"] == 1
    assert history_of(db, house.small) == [2800, 2400]


def test_an_older_price_does_not_replace_a_newer_one(db: Session, house: House, settings: Settings) -> None:
    set_price(db, house.small, 3000, at=NOON - HOUR)

    run = take_in(db, house.retailer, PRICES, "sku,price\nTOP-S,24.00\n", settings, as_of=NOON - 2 * HOUR)
    db.refresh(house.small)

    assert run.written["older"] == 1
    assert (history_of(db, house.small), house.small.price_minor) == ([2800, 3000], 3000)


@pytest.mark.parametrize(
    ("price", "minor"),
    [("12.34", 1234), ("12,34", 1234), ("1,234.50", 123450), ("USD 12.34", 1234), ("12.34 USD", 1234), ("0", 0)],
)
def test_a_price_is_read_with_a_point_or_a_comma(
    db: Session, house: House, settings: Settings, price: str, minor: int
) -> None:
    checked = dry_run(db, house.retailer, PRICES, f"sku;price\nTOP-S;{price}\n", settings)

    assert checked.prepared.lines[0].value.figure.price_minor == minor


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("TOP-S,12.34,EUR", "MONEY_CURRENCY"),
        ("TOP-S,12.34 EUR,", "MONEY_CURRENCY"),
        ("TOP-S,-1,", "MONEY"),
        ("TOP-S,12.345,", "MONEY"),
        ("TOP-S,free,", "MONEY"),
        ("TOP-S,1e9,", "MONEY"),
        ("TOP-S,,", "REQUIRED"),
    ],
)
def test_a_price_that_is_none_is_an_error(db: Session, house: House, settings: Settings, row: str, code: str) -> None:
    checked = dry_run(db, house.retailer, PRICES, f"sku,price,currency\n{row}\n", settings)

    assert codes_of(checked) == {2: [code]}


def test_a_count_by_hand_is_kept_against_an_older_file(db: Session, house: House, settings: Settings) -> None:
    set_stock(db, house.small, house.store, 2, as_of=NOON)

    take_in(db, house.retailer, STOCK, "sku,store,qty\nTOP-S,FT-1,9\n", settings, as_of=NOON - HOUR)

    assert stock_of(db, house.small) == (2, NOON)


@pytest.mark.shared_data
def test_naughty_strings_are_refused_with_a_reason(
    db: Session, house: House, settings: Settings, shared_data: Path
) -> None:
    naughty = [*orjson.loads((shared_data / "text" / "blns.json").read_bytes()), "a\0b"]
    stock = [{"sku": "TOP-S", "store": "FT-1", "qty": text, "as of": text} for text in naughty]
    stock += [{"sku": text, "gtin": text, "address": text, "store": text, "qty": 1} for text in naughty]
    prices = [{"sku": "TOP-S", "price": text, "currency": text} for text in naughty]

    for kind, entries in ((STOCK, stock), (PRICES, prices)):
        checked = dry_run(db, house.retailer, kind, orjson.dumps(entries), settings)
        send(db, house.retailer, kind, orjson.dumps(entries), settings)

        refused = [line for line in checked.prepared.lines if line.is_error]
        assert len(refused) > len(entries) - 20
        assert all(each.message and each.code for line in refused for each in line.problems)

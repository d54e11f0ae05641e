"""Taking a catalogue in: nothing before it is wanted, all of it once, and a plain word about every row."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, PriceHistory, ProductVariant, Variant, VendorProduct
from qrmerch.catalog.queries import products_by_key
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.errors import FormError, NotFound, TooLarge
from qrmerch.files import FileStore
from qrmerch.imports import checking, service
from qrmerch.imports.checking import Checked, Reading, check
from qrmerch.imports.feed_models import FeedKind
from qrmerch.imports.feeds import receive_file
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.problems import SheetRejected
from qrmerch.imports.queries import remembered_columns
from qrmerch.imports.service import NothingToTakeIn, RunOver
from qrmerch.parties.models import Vendor
from qrmerch.parties.queries import find_supply
from tests.conftest import NOON
from tests.factories import make_retailer, make_vendor
from tests.imports.sheets import HEADER, codes, csv_of, top
from tests.imports.taking_in import dry_run, groups_of, report_of, send, take_in


def count(db: Session, table: type) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


def catalogue(styles: int, *, price: str = "28.00") -> str:
    """So many styles of two sizes each."""
    rows = (
        top(style=f"ST-{style:05}", sku=f"ST-{style:05}-{size}", title=f"Top {style}", size=size, price=price)
        for style in range(styles)
        for size in "SM"
    )
    return csv_of(*rows)


def kept(
    db: Session, vendor: Vendor, checked: Checked, *, file_name: str = "x.csv", list_at_id: str | None = None
) -> ImportRun:
    """A run of a dry run, whose file is not there."""
    run = service.receive_run(
        db, vendor_id=vendor.id, file_key=f"sheets/{'0' * 64}", file_name=file_name,
        reading=checked.parsed.reading, list_at_id=list_at_id, user_id=None, at=NOON,
    )  # fmt: skip
    service.record_check(db, run, checked)
    return run


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements sent to a database meanwhile."""
    sent: list[str] = []

    def note(*said: object) -> None:
        sent.append(str(said[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_dry_run_writes_nothing(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)

    checked = dry_run(db, vendor, csv_of(top(), top(size="M")), settings)

    assert checked.counts == {
        "rows": 2, "products": 1, "created": 2, "updated": 0, "unchanged": 0, "errors": 0, "warnings": 0, "codes": {},
    }  # fmt: skip
    assert count(db, VendorProduct) == count(db, ImportRun) == 0


def test_a_taken_in_file_is_products_with_sizes_and_proposed_prices(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)

    run = take_in(db, vendor, csv_of(top(was_price="45.00", description="Loose"), top(size="M", sku="B")), settings)

    known = products_by_key(db, vendor.id, ["FT-TOP-01"])["FT-TOP-01"]
    assert (run.state, run.ended_at) == (RunState.DONE, NOON)
    assert run.written == {"created": 1, "updated": 0, "unchanged": 0, "listed": 0}
    assert (known.product.title, known.product.description) == ("Marigold Top", "Loose")
    assert [(each.key, each.price_minor, each.was_price_minor) for each in known.variants] == [
        ("s", 2800, 4500),
        ("m", 2800, None),
    ]


def test_the_same_file_again_changes_nothing(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    text = csv_of(
        top(colour="Marigold", was_price="45.00", description="<p>Loose <b>knit</b></p>", gtin="09506000136011"),
        top(colour="Marigold", size="M", gtin="123"),
        top(style="CAP", title="Cap", size="", price=""),
    )
    take_in(db, vendor, text, settings)

    again = take_in(db, vendor, text, settings)

    assert (again.counts["unchanged"], again.counts["created"], again.counts["updated"]) == (3, 0, 0)
    assert again.changes == []
    assert again.written == {"created": 0, "updated": 0, "unchanged": 2, "listed": 0}


def test_what_a_file_does_not_say_stays(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    take_in(db, vendor, csv_of(top(description="Loose knit", was_price="45.00", gtin="09506000136011")), settings)

    take_in(db, vendor, csv_of(top(price="29.00")), settings)

    known = products_by_key(db, vendor.id, ["FT-TOP-01"])["FT-TOP-01"]
    assert known.product.description == "Loose knit"
    assert (known.variants[0].price_minor, known.variants[0].was_price_minor) == (2900, 4500)
    assert known.variants[0].gtin == "09506000136011"


def test_each_change_is_told_with_now_and_after(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    header = [*HEADER, "Care", "Material"]
    take_in(db, vendor, csv_of(top(Care="Hand wash.", Material="Cotton"), header=header), settings)

    text = csv_of(top(price="30.00", Care="Wash cool.", Material="Wool"), top(size="M"), header=header)
    run = send(db, vendor, text, settings)

    told = {each["field"]: (each["row"], each["variant"], each["now"], each["after"]) for each in run.changes}
    assert told == {
        "text:care": (2, "", "Hand wash.", "Wash cool."),
        "fact:Material": (2, "", "Cotton", "Wool"),
        "price_minor": (2, "S", "$28.00", "$30.00"),
    }
    assert (run.counts["updated"], run.counts["created"]) == (1, 1)


def test_a_change_of_the_item_is_told_in_its_first_row_only(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    take_in(db, vendor, csv_of(top(), top(size="M")), settings)

    checked = dry_run(db, vendor, csv_of(top(title="Slouch Top"), top(size="M", title="Slouch Top")), settings)

    assert dict(checked.statuses) == {2: "updated", 3: "unchanged"}


def test_a_broken_row_is_named_with_row_and_column_and_the_others_are_taken(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)

    run = take_in(db, vendor, csv_of(top(), top(size="M", price="28,00 zz"), top(style="CAP", title="Cap")), settings)

    assert run.problems == [
        {
            "row": 3,
            "problems": [
                {
                    "code": "MONEY",
                    "column": "price",
                    "message": "This is not an amount we can read. Write 28.00, and set the currency once for"
                    " the file.",
                    "value": "28,00 zz",
                    "is_error": True,
                }
            ],
        }
    ]
    assert run.counts["errors"] == 1
    assert [each.key for each in products_by_key(db, vendor.id, ["FT-TOP-01"])["FT-TOP-01"].variants] == ["s"]
    assert "CAP" in products_by_key(db, vendor.id, ["CAP"])


def test_a_new_item_without_a_name_is_not_taken_in_and_its_rows_say_why(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    text = csv_of(top(), top(style="NEW", title=""), top(style="NEW", title="", size="M"))

    run = take_in(db, vendor, text, settings)

    assert {each["row"]: each["problems"][0]["code"] for each in run.problems} == {3: "REQUIRED", 4: "ITEM_NOT_READY"}
    assert products_by_key(db, vendor.id, ["NEW"]) == {}


def test_a_size_may_come_later_without_the_items_name(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    take_in(db, vendor, csv_of(top()), settings)

    checked = dry_run(db, vendor, csv_of(top(size="M", sku="B", title="")), settings)

    assert dict(checked.statuses) == {2: "created"}


def test_a_shared_gtin_is_a_warning_on_both_sides(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    take_in(db, vendor, csv_of(top(gtin="09506000136011")), settings)

    text = csv_of(
        top(gtin="09506000136011"),
        top(style="CAP", title="Cap", gtin="09506000136011"),
        top(style="BAG", title="Bag", gtin="09506000136028"),
        top(style="BAG", title="Bag", size="M", gtin="09506000136028"),
    )
    checked = dry_run(db, vendor, text, settings)

    assert codes(dict(checked.problems)) == {3: ["GTIN_SHARED"], 5: ["GTIN_SHARED"]}
    assert checked.counts["errors"] == 0
    assert checked.counts["warnings"] == 2


def test_another_vendors_product_of_the_same_style_is_another_product(db: Session, settings: Settings) -> None:
    vera, olga = make_vendor(db), make_vendor(db)
    take_in(db, vera, csv_of(top(gtin="09506000136011")), settings)

    run = take_in(db, olga, csv_of(top(title="Olga's Top", gtin="09506000136011")), settings)

    assert run.written["created"] == 1
    assert run.problems == []
    assert products_by_key(db, vera.id, ["FT-TOP-01"])["FT-TOP-01"].product.title == "Marigold Top"


def test_listing_makes_items_with_the_proposed_price_in_the_retailers_currency(db: Session, settings: Settings) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)

    run = take_in(db, vendor, csv_of(top(), top(size="M", price="EUR 30.00")), settings, list_at=retailer)

    item = db.scalars(select(Item)).one()
    prices = {each.key: each.price_minor for each in db.scalars(select(Variant).where(Variant.item_id == item.id))}
    assert run.written["listed"] == 1
    assert (item.retailer_id, item.title) == (retailer.id, "Marigold Top")
    assert prices == {"s": 2800, "m": None}
    assert count(db, PriceHistory) == 1


def test_a_retailer_that_is_not_supplied_cannot_be_listed_at(db: Session, settings: Settings) -> None:
    vendor, stranger = make_vendor(db), make_retailer(db)

    with pytest.raises(NotFound):
        send(db, vendor, csv_of(top()), settings, list_at=stranger)

    assert count(db, ImportRun) == 0


def test_a_supply_that_ended_meanwhile_leaves_the_products_unlisted(db: Session, settings: Settings) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    run = send(db, vendor, csv_of(top()), settings, list_at=retailer)
    service.start(db, run, at=NOON)
    supply = find_supply(db, retailer.id, vendor.id)
    assert supply is not None
    supply.ended_at = NOON
    db.flush()

    service.commit_chunk(db, run.id, groups_of(run, settings), at=NOON)

    assert run.state == RunState.DONE
    assert run.written == {"created": 1, "updated": 0, "unchanged": 0, "listed": 0}
    assert count(db, Item) == 0


def test_a_run_that_was_cut_off_goes_on_and_writes_nothing_twice(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK_GROUPS", 4)
    styles = service.CHUNK_GROUPS * 2 + 3
    with database.write() as db:
        retailer = make_retailer(db)
        vendor = make_vendor(db, retailer)
        run = send(db, vendor, catalogue(styles), settings, list_at=retailer)
        service.start(db, run, at=NOON)
        db.commit()
    groups = groups_of(run, settings)

    with database.write() as db:
        assert service.commit_chunk(db, run.id, groups, at=NOON)
        db.commit()
    with pytest.raises(RuntimeError), database.write() as db:
        service.commit_chunk(db, run.id, groups, at=NOON)
        raise RuntimeError("the process dies before its commit")
    with database.read() as db:
        groups = groups_of(db.get_one(ImportRun, run.id), settings)
    far = []
    is_more = True
    while is_more:
        with database.write() as db:
            is_more = service.commit_chunk(db, run.id, groups, at=NOON + timedelta(minutes=5))
            db.commit()
            far.append(db.get_one(ImportRun, run.id).done_groups)

    with database.read() as db:
        done = db.get_one(ImportRun, run.id)
        assert far == [service.CHUNK_GROUPS * 2, styles]
        assert (done.state, done.written["created"], done.written["listed"]) == (RunState.DONE, styles, styles)
        assert (count(db, VendorProduct), count(db, ProductVariant)) == (styles, styles * 2)
        assert (count(db, Item), count(db, Variant), count(db, PriceHistory)) == (styles, styles * 2, styles * 2)


def test_a_chunk_of_a_run_that_is_done_writes_nothing(db: Session, settings: Settings) -> None:
    run = take_in(db, make_vendor(db), csv_of(top()), settings)
    written = dict(run.written)

    assert not service.commit_chunk(db, run.id, groups_of(run, settings), at=NOON)

    assert run.written == written


def test_a_cancelled_run_keeps_what_was_written_and_writes_no_more(
    db: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK_GROUPS", 4)
    run = send(db, make_vendor(db), catalogue(service.CHUNK_GROUPS + 1), settings)
    service.start(db, run, at=NOON)
    service.commit_chunk(db, run.id, groups_of(run, settings), at=NOON)

    service.cancel(db, run, at=NOON)

    assert not service.commit_chunk(db, run.id, groups_of(run, settings), at=NOON)
    assert (run.state, run.done_groups) == (RunState.CANCELLED, service.CHUNK_GROUPS)
    assert count(db, VendorProduct) == service.CHUNK_GROUPS


def test_a_run_is_taken_in_once_and_cancelled_once(db: Session, settings: Settings) -> None:
    run = take_in(db, make_vendor(db), csv_of(top()), settings)

    with pytest.raises(RunOver):
        service.start(db, run, at=NOON)
    with pytest.raises(RunOver):
        service.cancel(db, run, at=NOON)


def test_a_file_with_nothing_but_errors_cannot_be_taken_in(db: Session, settings: Settings) -> None:
    run = send(db, make_vendor(db), csv_of(top(price="dear")), settings)

    with pytest.raises(NothingToTakeIn):
        service.start(db, run, at=NOON)

    assert run.state == RunState.CHECKED


def test_columns_can_be_chosen_and_are_remembered(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    text = csv_of(["A", "Top", "31.00"], header=["Shelf label", "Title", "Net"])
    lenient = Reading("USD", may_lack_columns=True)
    checked = check(db, vendor.id, text.encode(), lenient, settings=settings)
    assert (checked.counts["errors"], checked.counts["products"]) == (1, 0)
    run = kept(db, vendor, checked)

    chosen = Reading("USD", {"Shelf label": "key", "Net": "price"}, may_lack_columns=True)
    service.read_again(db, run, chosen)
    service.record_check(db, run, check(db, vendor.id, text.encode(), chosen, settings=settings))

    assert (run.counts["errors"], run.counts["created"]) == (0, 1)
    assert remembered_columns(db, vendor.id) == {"Shelf label": "key", "Net": "price"}
    assert remembered_columns(db, make_vendor(db).id) == {}
    assert service.reading_of(run).chosen == {"Shelf label": "key", "Title": "title", "Net": "price"}


def test_a_run_that_began_is_not_read_in_another_way(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    run = take_in(db, vendor, csv_of(top()), settings)

    with pytest.raises(RunOver):
        service.read_again(db, run, Reading("EUR"))
    with pytest.raises(RunOver):
        service.record_check(db, run, dry_run(db, vendor, csv_of(top()), settings))


def test_letters_that_are_no_currency_are_refused_for_the_whole_file(db: Session, settings: Settings) -> None:
    with pytest.raises(FormError, match="three letters"):
        dry_run(db, make_vendor(db), csv_of(top()), settings, currency="DOLLAR")


def test_a_sheet_that_cannot_be_read_is_not_kept(db: Session, settings: Settings) -> None:
    with pytest.raises(SheetRejected):
        send(db, make_vendor(db), "PK\x03\x04", settings)

    assert count(db, ImportRun) == 0
    assert [path for path in settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_a_sheet_of_an_import_stays_when_it_is_sent_again_with_a_slip(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    run = send(db, vendor, csv_of(top()), settings)

    with pytest.raises(FormError):
        send(db, vendor, csv_of(top()), settings, currency="DOLLAR")

    assert FileStore(settings.uploads_dir).exists(run.file_key)


def test_a_sheet_larger_than_taken_is_refused_before_it_is_read(db: Session, settings: Settings) -> None:
    import dataclasses

    small = dataclasses.replace(settings, max_sheet_bytes=100)

    with pytest.raises(TooLarge):
        send(db, make_vendor(db), catalogue(10), small)

    assert [path for path in settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_a_file_name_from_outside_is_shown_without_folders(db: Session, settings: Settings) -> None:
    checked = dry_run(db, make_vendor(db), csv_of(top()), settings)
    run = kept(db, make_vendor(db), checked, file_name="..\\..\\win/…/\u202eevil\n.csv" + "x" * 300)

    assert run.file_name.startswith("evil .csv")
    assert len(run.file_name) == 200


def test_only_so_many_problems_and_changes_are_kept(
    db: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MAX_PROBLEMS", 5)
    monkeypatch.setattr(checking, "MAX_CHANGES", 3)
    vendor = make_vendor(db)
    take_in(db, vendor, catalogue(4), settings)

    run = send(db, vendor, catalogue(4, price="29.00") + csv_of(*[top(price="x")] * 7).partition("\n")[2], settings)

    assert (len(run.problems), run.counts["errors"]) == (5, 7)
    assert (len(run.changes), run.counts["updated"]) == (3, 8)


def test_long_files_cost_statements_by_the_hundred_rows_not_by_the_row(database: Database, settings: Settings) -> None:
    with database.write() as db:
        retailer = make_retailer(db)
        vendor = make_vendor(db, retailer)
        db.commit()
    text = catalogue(2500)

    with database.read() as db, counted(database) as dry:
        checked = dry_run(db, vendor, text, settings)
    with database.write() as db:
        run = kept(db, vendor, checked, list_at_id=retailer.id)
        service.start(db, run, at=NOON)
        db.commit()
    with database.write() as db, counted(database) as chunk:
        service.commit_chunk(db, run.id, checked.parsed.groups, at=NOON)
        db.commit()

    assert checked.counts["created"] == 5000
    assert len(dry) <= 2 * (2500 // 400 + 1) + 15
    # A product is two looks and five writes with its item, however many sizes it has.
    assert len(chunk) <= service.CHUNK_GROUPS * 14 + 20


def test_sizes_told_by_their_sku_only_travel_together_and_stay_what_they_are(db: Session, settings: Settings) -> None:
    vendor, header = make_vendor(db), ["style", "sku", "title", "price"]
    broken = take_in(db, vendor, csv_of(["G", "a", "Top", "dear"], ["G", "b", "Top", "3"], header=header), settings)

    take_in(db, vendor, report_of(broken, db, settings).replace("dear", "2"), settings)
    whole = take_in(db, vendor, csv_of(["G", "a", "Top", "2"], ["G", "b", "Top", "3"], header=header), settings)

    assert whole.counts["unchanged"] == 2
    assert count(db, ProductVariant) == 2


def test_a_vendors_refused_file_does_not_take_a_retailers_equal_one_along(db: Session, settings: Settings) -> None:
    text = "store id,address,city,hours,name\nW1,Quay 1,Riverside,Mon 10-9,Riverside\n"
    run = receive_file(
        db, retailer=make_retailer(db), kind=FeedKind.STORES, stream=io.BytesIO(text.encode()), file_name="stores.csv",
        as_of=None, country="US", user_id=None, store=FileStore(settings.uploads_dir), settings=settings, at=NOON,
    )  # fmt: skip

    with pytest.raises(SheetRejected, match="These are stores"):
        send(db, make_vendor(db), text, settings)

    assert FileStore(settings.uploads_dir).exists(run.file_key)

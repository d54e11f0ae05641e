"""Codes: made once for each place, replaced, retired, never lost and never used again."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry, find_break
from qrmerch.catalog.models import Item
from qrmerch.codes import service
from qrmerch.codes.models import Carrier, Code, CodeState
from qrmerch.codes.queries import (
    NO_STORE,
    Wanted,
    count_by_state,
    count_codes,
    each_code,
    find_code,
    list_active_codes,
    list_batches,
    list_by_token,
    list_codes,
    list_replaced_by,
)
from qrmerch.codes.service import CodeIsRetired, CodesInCircle, ItemNotSold
from qrmerch.codes.tokens import ALPHABET, find_token, group
from qrmerch.db import scope
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.models import PageChange
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store, make_vendor


def changes_of(db: Session, item: Item) -> int:
    """How often an item's pages were said to be out of date since it was listed."""
    of_item = select(func.count(PageChange.id)).where(PageChange.item_id == item.id, PageChange.at >= NOON)
    return db.scalar(of_item) or 0


def test_a_code_is_an_item_at_a_place_with_a_token_of_its_own(db: Session) -> None:
    shop = make_retailer(db)
    item, shelf = make_item(db, shop), make_fixture(db, make_store(db, shop))

    code = service.make_code(db, item, at=NOON, fixture_id=shelf.id, batch=" Winter\n wall ", campaign="yellow")

    assert find_token(code.token) == code.token
    assert (code.item_id, code.store_id, code.fixture_id) == (item.id, shelf.store_id, shelf.id)
    assert (code.carrier, code.state, code.batch) == (Carrier.PRINT, CodeState.ACTIVE, "Winter wall")
    assert code.created_at == NOON
    assert changes_of(db, item) == 1


def test_a_code_may_hang_in_a_store_as_a_whole_or_nowhere(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)

    in_store = service.make_code(db, item, at=NOON, store_id=store.id)
    nowhere = service.make_code(db, item, at=NOON)

    assert (in_store.store_id, in_store.fixture_id) == (store.id, None)
    assert (nowhere.store_id, nowhere.fixture_id) == (None, None)


def test_a_place_of_another_retailer_is_not_found(db: Session) -> None:
    item, other = make_item(db, make_retailer(db)), make_retailer(db)
    store = make_store(db, other)
    shelf = make_fixture(db, store)

    for place in ({"store_id": store.id}, {"fixture_id": shelf.id}):
        with pytest.raises(NotFound):
            service.make_code(db, item, at=NOON, **place)
    with pytest.raises(NotFound):
        service.make_codes(db, [item, make_item(db, other)], [None], at=NOON)


def test_a_fixture_of_another_store_is_not_found(db: Session) -> None:
    shop = make_retailer(db)
    shelf, other = make_fixture(db, make_store(db, shop)), make_store(db, shop)

    with pytest.raises(NotFound):
        service.make_code(db, make_item(db, shop), at=NOON, fixture_id=shelf.id, store_id=other.id)


def test_no_code_is_made_for_an_item_that_is_no_longer_sold(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    item.is_retired = True

    with pytest.raises(ItemNotSold):
        service.make_code(db, item, at=NOON)


def test_a_taken_token_is_drawn_again(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, other = make_retailer(db), make_retailer(db)
    taken = service.make_code(db, make_item(db, other), at=NOON)
    draws = iter([taken.token, "7K3M9QXRB", "7K3M9QXRB", "P4W8TB2CA", "H6DN3YVS8", "2M8QK4TX0"])
    monkeypatch.setattr(service, "make_token", lambda: next(draws))
    item, another = make_item(db, shop), make_item(db, shop)
    db.commit()
    # As on a request: the other retailer's row is out of sight, and still in the way.
    scope(db, retailer_ids=(shop.id,), vendor_id=None)

    codes = service.make_codes(db, [item, another], [None], at=NOON)
    db.commit()

    assert [code.token for code in codes] == ["H6DN3YVS8", "2M8QK4TX0"] or [code.token for code in codes] == [
        "7K3M9QXRB",
        "P4W8TB2CA",
    ]
    assert db.scalar(select(func.count(Code.id))) == 2


def test_codes_are_made_for_each_item_at_each_place_and_only_once(db: Session) -> None:
    shop = make_retailer(db)
    store = make_store(db, shop)
    items = [make_item(db, shop), make_item(db, shop)]
    places = [make_fixture(db, store), make_fixture(db, store), store, None]

    made = service.make_codes(db, items, places, at=NOON, batch="Winter")
    again = service.make_codes(db, items, places, at=NOON, batch="Winter")

    assert len(made) == 8
    assert len({(code.item_id, code.store_id, code.fixture_id) for code in made}) == 8
    assert again == []
    assert changes_of(db, items[0]) == 1
    entries = db.scalars(select(AuditEntry).where(AuditEntry.action == "code.make")).all()
    assert [entry.detail for entry in entries] == [{"codes": 8, "items": 2}]
    assert find_break(db, shop.id) is None


def test_a_place_whose_code_is_retired_gets_a_new_one(db: Session) -> None:
    shop = make_retailer(db)
    item, shelf = make_item(db, shop), make_fixture(db, make_store(db, shop))
    (old,) = service.make_codes(db, [item], [shelf], at=NOON)
    service.retire_code(db, old, at=NOON, actor=None)

    (new,) = service.make_codes(db, [item], [shelf], at=NOON)

    assert new.token != old.token


@pytest.mark.parametrize(("items", "places", "field"), [(0, 1, "item"), (1, 0, "place")])
def test_nothing_chosen_is_said_beside_its_field(db: Session, items: int, places: int, field: str) -> None:
    item = make_item(db, make_retailer(db))

    with pytest.raises(FormError) as refused:
        service.make_codes(db, [item] * items, [None] * places, at=NOON)

    assert list(refused.value.problems) == [field]


def test_a_name_that_is_too_long_is_said_beside_its_field(db: Session) -> None:
    with pytest.raises(FormError) as refused:
        service.make_code(db, make_item(db, make_retailer(db)), at=NOON, batch="x" * 61)

    assert list(refused.value.problems) == ["batch"]


def test_five_thousand_codes_are_made_at_once_and_not_one_more(db: Session) -> None:
    shop = make_retailer(db)
    vendor, store = make_vendor(db, shop), make_store(db, shop)
    items = [make_item(db, shop, vendor=vendor, sizes=("M",)) for _ in range(50)]
    places = [make_fixture(db, store) for _ in range(101)]

    with pytest.raises(FormError, match="5,050 codes"):
        service.make_codes(db, items, places, at=NOON, batch="All")
    made = service.make_codes(db, items, places[:100], at=NOON, batch="All")
    db.commit()

    assert len({code.token for code in made}) == 5_000
    assert db.scalar(select(func.count(Code.id))) == 5_000
    assert {changes_of(db, item) for item in items} == {1}
    assert sum(1 for _ in each_code(db, Wanted(shop.id, batch="All"))) == 5_000


def test_a_replaced_code_leads_to_the_new_one_and_both_items_have_changed(db: Session) -> None:
    shop = make_retailer(db)
    item, other = make_item(db, shop), make_item(db, shop)
    old, new = service.make_code(db, item, at=NOON), service.make_code(db, other, at=NOON)

    service.replace_code(db, old, new, at=NOON, actor=None)

    assert (old.state, old.replaced_by_id) == (CodeState.REPLACED, new.id)
    assert list_replaced_by(db, new) == [old]
    assert (changes_of(db, item), changes_of(db, other)) == (2, 2)


def test_codes_do_not_lead_in_a_circle(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    first, second, third = (service.make_code(db, item, at=NOON) for _ in range(3))
    service.replace_code(db, first, second, at=NOON, actor=None)
    service.replace_code(db, second, third, at=NOON, actor=None)

    for code in (first, second, third):
        with pytest.raises(CodesInCircle):
            service.replace_code(db, third, code, at=NOON, actor=None)
    assert third.state == CodeState.ACTIVE


def test_a_retired_code_is_neither_replaced_nor_a_replacement(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    retired, active = service.make_code(db, item, at=NOON), service.make_code(db, item, at=NOON)
    service.retire_code(db, retired, at=NOON, actor=None)

    for code, by in ((retired, active), (active, retired)):
        with pytest.raises(CodeIsRetired):
            service.replace_code(db, code, by, at=NOON, actor=None)


def test_a_code_of_another_retailer_is_no_replacement(db: Session) -> None:
    mine, foreign = (service.make_code(db, make_item(db, make_retailer(db)), at=NOON) for _ in range(2))

    with pytest.raises(NotFound):
        service.replace_code(db, mine, foreign, at=NOON, actor=None)


def test_retiring_keeps_the_row_and_can_be_undone(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    code = service.make_code(db, item, at=NOON)

    service.retire_code(db, code, at=NOON, actor=None)
    service.retire_code(db, code, at=NOON, actor=None)
    was = code.state
    service.bring_back(db, code, at=NOON, actor=None)
    service.bring_back(db, code, at=NOON, actor=None)

    assert (was, code.state) == (CodeState.RETIRED, CodeState.ACTIVE)
    actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions == ["code.make", "code.retire", "code.bring_back"]
    assert changes_of(db, item) == 3


def test_the_audit_names_no_token(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    old, new = service.make_code(db, item, at=NOON), service.make_code(db, item, at=NOON)
    service.replace_code(db, old, new, at=NOON, actor=None)
    service.mark_printed(db, [old, new], at=NOON, actor=None)

    said = "".join(str(entry.detail) + entry.subject_id for entry in db.scalars(select(AuditEntry)))

    assert old.token not in said
    assert new.token not in said


def test_printing_is_noted_with_its_instant(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    codes = [service.make_code(db, item, at=NOON, batch="Winter") for _ in range(2)]

    service.mark_printed(db, codes, at=NOON + timedelta(hours=1), actor=None)

    assert {code.printed_at for code in codes} == {NOON + timedelta(hours=1)}
    (batch,) = list_batches(db, item.retailer_id)
    assert (batch.name, batch.codes, batch.printed, batch.made_at) == ("Winter", 2, 2, NOON)


def test_a_list_is_filtered_by_each_thing_that_is_known_of_a_code(db: Session) -> None:
    shop = make_retailer(db)
    store, other = make_store(db, shop, short_name="Riverside"), make_store(db, shop)
    shelf = make_fixture(db, store, name="Tops wall")
    top, sandal = make_item(db, shop, title="Marigold Top"), make_item(db, shop, title="100% Silver_Sandal")
    on_shelf = service.make_code(db, top, at=NOON, fixture_id=shelf.id, batch="Winter")
    in_other = service.make_code(db, top, at=NOON, store_id=other.id)
    nowhere = service.make_code(db, sandal, at=NOON)
    service.retire_code(db, nowhere, at=NOON, actor=None)

    def found(**wanted: str) -> set[str]:
        asked = Wanted(shop.id, **wanted)
        lines, total = list_codes(db, asked)
        assert total == len(lines) == count_codes(db, asked)
        return {line.code.id for line in lines}

    assert found() == {on_shelf.id, in_other.id, nowhere.id}
    assert found(item_id=top.id) == {on_shelf.id, in_other.id}
    assert found(store_id=store.id) == {on_shelf.id}
    assert found(store_id=NO_STORE) == {nowhere.id}
    assert found(fixture_id=shelf.id) == {on_shelf.id}
    assert found(state=CodeState.RETIRED) == {nowhere.id}
    assert found(batch="Winter") == {on_shelf.id}
    assert found(find="mari") == {on_shelf.id, in_other.id}
    assert found(find="100% silver_") == {nowhere.id}
    assert found(find="_") == {nowhere.id}
    assert found(find=group(in_other.token).lower()) == {in_other.id}
    assert count_by_state(db, shop.id) == {CodeState.ACTIVE: 2, CodeState.RETIRED: 1}
    assert [line.place for line in list_active_codes(db, top.id)] == ["Riverside, Tops wall", other.short_name]
    assert [line.code.id for line in list_by_token(db, shop.id, [nowhere.token, on_shelf.token])] == [
        nowhere.id,
        on_shelf.id,
    ]


def test_a_word_that_could_be_a_token_still_finds_its_item(db: Session) -> None:
    word = next(each for each in (f"SWEATERS{last}" for last in ALPHABET) if find_token(each))
    item = make_item(db, make_retailer(db), title=f"Warm {word} top")
    code = service.make_code(db, item, at=NOON)

    (line,), _ = list_codes(db, Wanted(item.retailer_id, find=word))

    assert line.code.id == code.id


def test_pages_of_a_list_hold_each_code_once(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    made = {service.make_code(db, item, at=NOON).id for _ in range(7)}

    pages = [list_codes(db, Wanted(item.retailer_id), page=page, per_page=3)[0] for page in (1, 2, 3, 4)]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert {line.code.id for page in pages for line in page} == made


def test_a_session_of_one_retailer_sees_no_other_retailers_code(db: Session) -> None:
    mine = service.make_code(db, make_item(db, make_retailer(db)), at=NOON)
    foreign = service.make_code(db, make_item(db, make_retailer(db)), at=NOON)
    db.commit()
    scope(db, retailer_ids=(mine.retailer_id,), vendor_id=None)

    assert find_code(db, mine.token) is not None
    assert find_code(db, foreign.token) is None
    assert list_by_token(db, mine.retailer_id, [foreign.token]) == []
    assert list_codes(db, Wanted(foreign.retailer_id))[1] == 0

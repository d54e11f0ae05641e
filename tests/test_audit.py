"""The log's chain: one changed byte anywhere, an entry gone, the end cut off; and that nothing changes entries."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.audit import AuditEntry, AuditHead, Wanted
from qrmerch.db import Database
from qrmerch.migrate import move
from tests.conftest import NOON
from tests.factories import Doer
from tests.tampering import allow_tampering

PACKAGE = Path(__file__).parents[1] / "qrmerch"
# Every column that a seal is made of, and the seal.
SEALED = ("chain", "number", "at", "actor", "action", "subject_kind", "subject_id", "detail", "seal")


def fill(db: Session, count: int, chain: str | None = None) -> None:
    for number in range(count):
        audit.record(
            db, Doer("vera"), "item.price", ("item", f"i{number}"), at=NOON, retailer_id=chain, detail={"to": number}
        )
    db.commit()


def other_values(value: Any) -> list[Any]:
    """The value with one byte changed, at every place."""
    if isinstance(value, str):
        return [f"{value[:at]}{chr(ord(value[at]) ^ 1)}{value[at + 1 :]}" for at in range(len(value))]
    if isinstance(value, int):
        return [value ^ 1 << bit for bit in range(3, 6)]
    if isinstance(value, dict):
        changed = [{key: each} for key, one in value.items() for each in other_values(one)]
        return [*changed, *({each: one} for key, one in value.items() for each in other_values(key)), {}]
    return [value + timedelta(microseconds=1), value - timedelta(hours=1)]


@pytest.mark.parametrize("column", SEALED)
def test_one_changed_byte_breaks_the_chain(db: Session, column: str) -> None:
    fill(db, 3)
    allow_tampering(db)
    entry = db.scalars(select(AuditEntry).where(AuditEntry.number == 2)).one()
    row_id, kept = entry.id, getattr(entry, column)
    values = other_values(kept) if kept != "" else ["x"]

    for value in values:
        db.execute(update(AuditEntry).where(AuditEntry.id == row_id).values({column: value}))
        db.expire_all()
        broken = {chain: audit.find_break(db, chain) for chain in audit.list_chains(db)}
        assert any(each is not None for each in broken.values()), f"{column} = {value!r} was not noticed"
        db.execute(update(AuditEntry).where(AuditEntry.id == row_id).values({column: kept}))
        db.expire_all()
        assert audit.find_break(db, "") is None


def test_every_column_that_says_something_is_sealed() -> None:
    assert {*SEALED, "id"} == set(AuditEntry.__table__.columns.keys())


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_entries_cut_off_the_end_are_missed(db: Session, cut: int) -> None:
    fill(db, 4)
    allow_tampering(db)

    db.execute(delete(AuditEntry).where(AuditEntry.number > 4 - cut))

    assert audit.find_break(db, "") == 5 - cut


def test_a_cut_end_stays_missed_when_the_log_goes_on(db: Session) -> None:
    fill(db, 4)
    allow_tampering(db)
    db.execute(delete(AuditEntry).where(AuditEntry.number == 4))

    fill(db, 1)

    assert audit.find_break(db, "") == 4
    assert db.scalar(select(AuditEntry.number).order_by(AuditEntry.number.desc()).limit(1)) == 5


def test_a_head_that_was_taken_away_or_set_back_is_noticed(db: Session) -> None:
    fill(db, 3)
    second = db.scalars(select(AuditEntry).where(AuditEntry.number == 2)).one()

    db.execute(update(AuditHead).values(number=2, seal=second.seal))
    assert audit.find_break(db, "") == 3

    db.execute(delete(AuditHead))
    assert audit.find_break(db, "") == 4


def test_a_whole_chain_that_is_gone_is_noticed(db: Session) -> None:
    fill(db, 2, "house")
    allow_tampering(db)

    db.execute(delete(AuditEntry))

    assert audit.list_chains(db) == ["house"]
    assert audit.find_break(db, "house") == 1


def test_a_chain_written_anew_is_told_by_a_head_kept_elsewhere(db: Session) -> None:
    fill(db, 3)
    kept = audit.list_heads(db)
    assert audit.find_missing(db, kept) == {}
    fill(db, 1)
    assert audit.find_missing(db, kept) == {}
    allow_tampering(db)

    db.execute(delete(AuditEntry))
    db.execute(delete(AuditHead))
    for _ in range(4):
        audit.record(db, None, "item.stock", ("item", "other"), at=NOON, retailer_id=None)

    assert audit.find_break(db, "") is None, "the chain itself looks whole"
    assert audit.find_missing(db, kept) == {"": 3}


def test_what_was_not_committed_leaves_neither_entry_nor_head(db: Session) -> None:
    fill(db, 1)
    audit.record(db, None, "item.retire", ("item", "x"), at=NOON, retailer_id=None)
    db.rollback()

    fill(db, 1)

    assert audit.find_break(db, "") is None
    assert audit.list_heads(db)[""][0] == 2


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'user:else'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_changes(db: Session, statement: str) -> None:
    fill(db, 2)

    with pytest.raises(DBAPIError, match="only appended"):
        db.execute(text(statement))

    db.rollback()
    assert audit.find_break(db, "") is None


def test_the_rule_comes_back_with_the_next_upgrade(database: Database, db: Session) -> None:
    fill(db, 1)
    allow_tampering(db)

    with database.engine.connect() as connection:
        move(connection, "head")
        connection.commit()

    with pytest.raises(DBAPIError, match="only appended"):
        db.execute(delete(AuditEntry))
    db.rollback()


def test_nothing_in_the_code_changes_or_deletes_an_entry() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("update", "delete"):
                assert "AuditEntry" not in ast.unparse(node), f"{path}:{node.lineno}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "audit.py":
                assert "audit_entry" not in node.value, f"{path}:{node.lineno}"


def test_both_sides_of_a_change_are_noted_and_nothing_else() -> None:
    assert audit.changes({"name": "A", "town": "X"}, {"name": "B", "town": "X"}) == {
        "before": {"name": "A"},
        "after": {"name": "B"},
    }
    assert audit.changes({}, {"ar": "نص"}) == {"before": {"ar": None}, "after": {"ar": "نص"}}
    assert audit.changes({"name": "A"}, {"name": "A"}) == {}


def test_entries_are_found_by_person_kind_subject_and_day(db: Session) -> None:
    for number, (who, kind) in enumerate([("vera", "item"), ("mia", "store"), ("mia", "item")]):
        at = NOON + timedelta(days=number)
        audit.record(db, Doer(who), f"{kind}.change", (kind, str(number)), at=at, retailer_id="h")

    def numbers(**asked: Any) -> list[int]:
        return [each.number for each in audit.list_entries(db, "h", Wanted(**asked))[0]]

    assert numbers() == [3, 2, 1]
    assert numbers(actor="user:mia") == [3, 2]
    assert numbers(actor="user:mia", kind="item") == [3]
    assert numbers(kind="item", subject_id="0") == [1]
    assert numbers(since=NOON + timedelta(days=1)) == [3, 2]
    assert numbers(since=NOON + timedelta(days=1), until=NOON + timedelta(days=2)) == [2]
    assert audit.list_entries(db, "other", Wanted()) == ([], 0)

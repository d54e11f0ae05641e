"""Remembering a phone that asked for it, and forgetting it again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.visitors.models import ConsentAction, ConsentEvent, Visitor
from qrmerch.visitors.queries import find_visitor, hash_secret, list_consents, list_visitors
from qrmerch.visitors.service import FUNCTIONAL, Remembered, forget, remember
from tests.conftest import NOON
from tests.factories import make_retailer


def known(db: Session, retailer_id: str, secret: str | None = None) -> Remembered:
    return remember(db, retailer_id, secret, shown_text="Keep on my list.", locale="en", at=NOON)


def test_a_phone_is_known_again_by_its_secret(db: Session) -> None:
    retailer = make_retailer(db)

    first = known(db, retailer.id)
    again = known(db, retailer.id, first.secret)

    assert first.is_new
    assert not again.is_new
    assert again.visitor.id == first.visitor.id


def test_the_secret_itself_is_kept_nowhere(db: Session) -> None:
    retailer = make_retailer(db)

    made = known(db, retailer.id)

    assert len(made.secret) == 43
    assert made.secret not in made.visitor.secret_hash
    assert made.visitor.secret_hash == hash_secret(made.secret, retailer.id)


def test_two_retailers_cannot_compare_what_they_keep(db: Session) -> None:
    one, other = make_retailer(db), make_retailer(db)

    first = known(db, one.id)
    second = known(db, other.id, first.secret)

    assert second.secret == first.secret
    assert second.visitor.secret_hash != first.visitor.secret_hash
    assert [each.retailer_id for each in list_visitors(db, first.secret)] == [one.id, other.id]
    assert [each.retailer_id for each in list_visitors(db, first.secret, retailer_id=other.id)] == [other.id]


@pytest.mark.parametrize("secret", [None, "", "short", "a" * 42 + "!", "x" * 44, "å" * 43])
def test_a_secret_that_is_not_of_our_making_is_not_taken_on(secret: str | None, db: Session) -> None:
    made = known(db, make_retailer(db).id, secret)

    assert made.is_new
    assert made.secret != secret


def test_what_was_agreed_to_is_noted_once_with_its_words(db: Session) -> None:
    retailer = make_retailer(db)
    made = known(db, retailer.id)
    known(db, retailer.id, made.secret)

    (consent,) = list_consents(db, made.visitor.id)

    assert (consent.purpose, consent.action, consent.shown_text) == (
        FUNCTIONAL,
        ConsentAction.GRANT,
        "Keep on my list.",
    )


def test_a_forgotten_phone_is_unknown_and_its_proof_stays(db: Session) -> None:
    retailer = make_retailer(db)
    made = known(db, retailer.id)

    forget(db, made.visitor, shown_text="Forget this phone.", locale="en", at=NOON)
    db.flush()

    assert find_visitor(db, retailer.id, made.secret) is None
    assert list_visitors(db, made.secret) == []
    assert made.visitor.secret_hash != hash_secret(made.secret, retailer.id)
    assert [each.action for each in list_consents(db, made.visitor.id)] == [ConsentAction.GRANT, ConsentAction.WITHDRAW]


def test_nobody_is_known_without_a_secret(db: Session) -> None:
    retailer = make_retailer(db)
    known(db, retailer.id)

    assert find_visitor(db, retailer.id, None) is None
    assert find_visitor(db, retailer.id, "") is None
    assert list_visitors(db, None) == []


def test_a_phone_that_presses_twice_at_once_is_one_phone(database: Database, db: Session) -> None:
    retailer = make_retailer(db)
    secret = known(db, make_retailer(db).id).secret
    db.commit()

    def press(_number: int) -> None:
        with database.write() as session:
            known(session, retailer.id, secret)
            session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(16)))

    with database.read() as reading:
        mine = select(Visitor.id).where(Visitor.retailer_id == retailer.id)
        assert len(list(reading.scalars(mine))) == 1
        assert len(list(reading.scalars(select(ConsentEvent.id).where(ConsentEvent.visitor_id.in_(mine))))) == 1

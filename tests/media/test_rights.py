"""When a picture may be shown: days that begin and end at the house's midnight, and what is said of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.errors import FormError
from qrmerch.media import rights
from qrmerch.media.models import Asset
from qrmerch.media.queries import list_assets, pictures_of
from qrmerch.media.reminders import write_reminders
from qrmerch.media.rights import Rights, read_rights, rights_problem, said_rights, set_rights
from qrmerch.outbox import OutboxMessage
from tests.conftest import NOON
from tests.factories import make_asset, make_person, make_retailer, make_vendor

ZONE = "America/New_York"


def read(first: str = "", last: str = "") -> Rights:
    return read_rights({"rights_from": first, "rights_to": last}, zone=ZONE)


def test_days_begin_and_end_at_the_houses_midnight() -> None:
    assert read("2026-12-01", "2026-12-31") == Rights(
        datetime(2026, 12, 1, 5, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)
    )
    assert read() == Rights(None, None)


def test_a_day_on_which_the_clocks_change_is_whole() -> None:
    found = read("2026-11-01", "2026-11-01")

    assert found.since is not None and found.until is not None
    assert found.until - found.since == timedelta(hours=25)


@pytest.mark.parametrize(
    ("first", "last", "field", "said"),
    [
        ("2026-12-02", "2026-12-01", "rights_to", "lies before the first"),
        ("tomorrow", "", "rights_from", "year, month and day"),
        ("", "31/12/2026", "rights_to", "year, month and day"),
        ("", "9999-12-31", "rights_to", "another century"),
        ("0001-01-01", "", "rights_to", "another century"),
    ],
)
def test_what_is_no_time_is_refused_at_its_field(first: str, last: str, field: str, said: str) -> None:
    with pytest.raises(FormError) as refused:
        read(first, last)

    assert said in refused.value.problems[field]


UNTIL = datetime(2026, 12, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "at", "said", "problem"),
    [
        (None, None, NOON, "No end", ""),
        (None, UNTIL, UNTIL - timedelta(days=40), "Until Dec 9, 2026", ""),
        (None, UNTIL, UNTIL - timedelta(days=7), "End in 7 days, Dec 9, 2026", ""),
        (None, UNTIL, UNTIL - timedelta(microseconds=1), "End in 1 day, Dec 9, 2026", ""),
        (None, UNTIL, UNTIL, "Ended on Dec 9, 2026", "its rights ended on Dec 9, 2026. Choose another."),
        (UNTIL, None, UNTIL - timedelta(seconds=1), "Begin on Dec 10, 2026", "may be shown from Dec 10, 2026 on."),
        (UNTIL, None, UNTIL, "No end", ""),
    ],
)
def test_rights_are_said_to_the_instant(
    since: datetime | None, until: datetime | None, at: datetime, said: str, problem: str
) -> None:
    asset = Asset(rights_from=since, rights_until=until)

    assert said_rights(asset, at=at, zone=ZONE) == said
    assert (problem in rights_problem(asset, at=at, zone=ZONE)) and bool(problem) is bool(
        rights_problem(asset, at=at, zone=ZONE)
    )
    assert rights.may_show(asset, at=at) is not bool(problem)


@pytest.mark.parametrize(("offset", "is_shown"), [(-1, False), (0, True), (3599, True), (3600, False)])
def test_the_database_says_the_same(db: Session, offset: int, is_shown: bool) -> None:
    asset = make_asset(db, make_vendor(db))
    set_rights(asset, Rights(NOON, NOON + timedelta(hours=1)))
    db.flush()
    at = NOON + timedelta(seconds=offset)

    assert (asset.id in pictures_of(db, [asset.id], at=at)) is is_shown
    assert rights.may_show(asset, at=at) is is_shown
    assert asset.id in pictures_of(db, [asset.id])


def test_only_edges_that_are_to_come_are_edges(db: Session) -> None:
    vendor = make_vendor(db)
    one, other, past = make_asset(db, vendor), make_asset(db, vendor), make_asset(db, vendor)
    set_rights(one, Rights(NOON - timedelta(days=1), NOON + timedelta(days=2)))
    set_rights(other, Rights(NOON + timedelta(days=1), None))
    set_rights(past, Rights(None, NOON))
    db.flush()

    edges = rights.list_rights_edges(db, [one.id, other.id, past.id], at=NOON)

    assert edges == [NOON + timedelta(days=1), NOON + timedelta(days=2)]
    assert rights.list_rights_edges(db, [], at=NOON) == []


@pytest.mark.parametrize(
    ("word", "expected"), [("ending", ["soon"]), ("over", ["over"]), ("none", ["free"]), ("x", None)]
)
def test_pictures_are_picked_by_their_rights(db: Session, word: str, expected: list[str] | None) -> None:
    vendor = make_vendor(db)
    for name, until in (("soon", 29), ("later", 31), ("over", 0)):
        set_rights(make_asset(db, vendor, file_name=name), Rights(None, NOON + timedelta(days=until)))
    make_asset(db, vendor, file_name="free")
    db.flush()

    condition = rights.rights_condition(word, at=NOON)

    if expected is None:
        assert condition is None
        return
    assert condition is not None
    assert [each.file_name for each in list_assets(db, vendor.id, only=[condition])[0]] == expected


@pytest.mark.parametrize(
    ("sort", "names"),
    [("name", ["a", "B", "c"]), ("-name", ["c", "B", "a"]), ("rights", ["c", "a", "B"]), ("size", ["B", "a", "c"])],
)
def test_pictures_are_sorted(db: Session, sort: str, names: list[str]) -> None:
    vendor = make_vendor(db)
    for name, width, days in (("B", 200, None), ("a", 300, 9), ("c", 400, 3)):
        asset = make_asset(db, vendor, file_name=name, width=width, height=width)
        set_rights(asset, Rights(None, NOON + timedelta(days=days) if days else None))
    db.flush()

    assert [each.file_name for each in list_assets(db, vendor.id, sort=sort)[0]] == names


# --- reminders -------------------------------------------------------------------------------------


def mails(db: Session) -> list[OutboxMessage]:
    return list(db.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id)))


def test_a_vendors_admins_are_told_30_7_and_1_days_before_once_each(db: Session) -> None:
    vendor = make_vendor(db, make_retailer(db))
    vera = make_person(db, Role.VENDOR_ADMIN, name="Vera", vendor=vendor)
    make_person(db, Role.VENDOR_EDITOR, name="Ed", vendor=vendor)
    make_person(db, Role.VENDOR_ADMIN, name="Olga", vendor=make_vendor(db))
    asset = make_asset(db, vendor, file_name="top.jpg")
    set_rights(asset, Rights(None, UNTIL))
    db.flush()

    told = []
    for hours in range(40 * 24, -48, -6):
        if write_reminders(db, at=UNTIL - timedelta(hours=hours), base_url="https://x"):
            told.append(hours)

    assert told == [30 * 24, 7 * 24, 24]
    assert {each.recipient for each in mails(db)} == {vera.user.email}
    assert [each.subject for each in mails(db)] == ["The rights of 1 picture end soon"] * 3
    assert "- top.jpg: last day Dec 9, 2026, in 7 days" in mails(db)[1].body
    assert "https://x/studio/assets?rights=ending" in mails(db)[1].body


def test_late_rights_are_told_of_at_once_and_new_ones_again(db: Session) -> None:
    vendor = make_vendor(db)
    make_person(db, Role.VENDOR_ADMIN, vendor=vendor)
    asset, other = make_asset(db, vendor), make_asset(db, vendor)
    for each in (asset, other):
        set_rights(each, Rights(None, NOON + timedelta(days=5)))
    db.flush()

    first = write_reminders(db, at=NOON, base_url="")
    again = write_reminders(db, at=NOON + timedelta(hours=1), base_url="")
    set_rights(asset, Rights(None, NOON + timedelta(days=6)))
    changed = write_reminders(db, at=NOON + timedelta(hours=2), base_url="")

    assert (first, again, changed) == (1, 0, 1)
    assert [each.subject for each in mails(db)] == [
        "The rights of 2 pictures end soon",
        "The rights of 1 picture end soon",
    ]


def test_the_last_day_is_shown_as_it_was_written() -> None:
    found = read("2026-12-01", "2026-12-31")
    asset = Asset(rights_from=found.since, rights_until=found.until)

    assert rights.first_day(asset, zone=ZONE) == date(2026, 12, 1)
    assert rights.last_day(asset, zone=ZONE) == date(2026, 12, 31)

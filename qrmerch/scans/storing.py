"""A batch's rows, totals and visits into the tables, in the quickest way that each database has.

All in the caller's transaction. Values are ASCII without a backslash, a tab or a quotation mark, as `line.read_line`
lets no other in, so that none of them needs escaping.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy import BigInteger, Boolean, Date, Integer, TextClause, bindparam, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qrmerch.scans.models import CodeHour, DayTotal, HourTotal, OpenVisit, Scan, ScanPlace
from qrmerch.scans.places import Place
from qrmerch.scans.totals import Tally
from qrmerch.scans.visiting import Visit
from qrmerch.tables import Instant

_SCAN: Final = tuple(column.name for column in Scan.__table__.columns)
_INSERT_SCAN: Final = f"INSERT INTO scan ({', '.join(_SCAN)}) VALUES ({', '.join('?' * len(_SCAN))})"  # noqa: S608 - names
_COPY_SCAN: Final = f"COPY scan ({', '.join(_SCAN)}) FROM STDIN"
_COPIED: Final = "\t".join(["%s"] * len(_SCAN)) + "\n"
_TYPES: Final = {Instant: "timestamptz", Boolean: "boolean", Date: "date", Integer: "integer", BigInteger: "bigint"}


class _Adding:
    """The statement that adds rows to a table, or changes those of the same key that are there."""

    def __init__(self, table: Any, change: str) -> None:
        """:param change: what is set where the key is there; nothing, where it is empty."""
        columns = table.__table__.columns
        names, key = (", ".join(f'"{each.name}"' for each in some) for some in (columns, table.__table__.primary_key))
        types = [_TYPES.get(type(column.type), "text") for column in columns]
        into, or_change = (
            f"INSERT INTO {table.__tablename__} ({names}) ",
            f" ON CONFLICT ({key}) DO {f'UPDATE SET {change}' if change else 'NOTHING'}",
        )
        arrays = ", ".join(f"CAST(%s AS {each}[])" for each in types)
        self._sqlite = f"{into} VALUES ({', '.join('?' * len(types))}){or_change}"
        self._postgresql = f"{into} SELECT * FROM unnest({arrays}){or_change}"  # noqa: S608 - names

    def run(self, db: Session, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, each with all columns in their order; each key once."""
        if not rows:
            return
        if is_sqlite(db):
            db.connection().exec_driver_sql(self._sqlite, list(rows))
            return
        arrays = tuple(_array(map(str, column)) for column in zip(*rows, strict=True))
        db.connection().exec_driver_sql(self._postgresql, arrays)


_COUNTED: Final = "count = {table}.count + excluded.count"
_VISIT: Final = _Adding(
    OpenVisit,
    ", ".join(f"{each.name} = excluded.{each.name}" for each in OpenVisit.__table__.columns if not each.primary_key),
)
_LIST_VISITS: Final = (
    f"SELECT {', '.join((*(each.name for each in OpenVisit.__table__.columns), *Place._fields))} FROM open_visit"  # noqa: S608 - names
    " JOIN scan_place ON number = place_number WHERE visit"
)
_PLACE: Final = _Adding(ScanPlace, "")
_ID: Final = attrgetter("id")
_DAY: Final = _Adding(DayTotal, _COUNTED.format(table="day_total"))
_HOUR: Final = _Adding(HourTotal, _COUNTED.format(table="hour_total"))
_CODE_HOUR: Final = _Adding(CodeHour, _COUNTED.format(table="code_hour"))


_INTO_PHONES: Final = 'INSERT INTO day_hash ("on", store_id, hash) SELECT '
_NEW_PHONES: Final = ' ON CONFLICT DO NOTHING RETURNING "on", store_id, hash'
_PHONES_SQLITE: Final = "".join(
    (
        _INTO_PHONES,
        "json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')",
        " FROM json_each(?) WHERE true",
        _NEW_PHONES,
    )
)
_PHONES_POSTGRESQL: Final = "".join(
    (_INTO_PHONES, "* FROM unnest(CAST(%s AS date[]), CAST(%s AS text[]), CAST(%s AS text[]))", _NEW_PHONES)
)


_SQLITE_KB: Final = 32_768
_SECONDS: Final = tuple(f"{second:02d}." for second in range(60))
_RESTS: Final = tuple(f"{rest_ms:03d}000" for rest_ms in range(1000))
_RESTS_IN_UTC: Final = tuple(f"{rest}+00" for rest in _RESTS)


class Instants:
    """Instants as their column's text, most of it remembered for each second; `months` are those they lie in."""

    def __init__(self, db: Session) -> None:
        self.months: set[str] = set()
        self._rests = _RESTS if is_sqlite(db) else _RESTS_IN_UTC
        self._minute, self._second, self._minute_said, self._said = -1, -1, "", ""

    def of(self, at_ms: int) -> str:
        """:param at_ms: milliseconds since 1970; quick where instants come in order."""
        second, rest_ms = divmod(at_ms, 1000)
        if second != self._second:
            self._turn(second)
        return self._said + self._rests[rest_ms]

    def _turn(self, second: int) -> None:
        minute = second // 60
        if minute != self._minute:
            self._minute, self._minute_said = minute, f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M:}"
            self.months.add(self._minute_said[:7])
        self._second, self._said = second, self._minute_said + _SECONDS[second % 60]


def make_room(db: Session) -> None:
    """Let SQLite keep the pages of a whole batch in memory until they are written once; they are freed at its end."""
    if is_sqlite(db):
        db.connection().exec_driver_sql(f"PRAGMA cache_size = -{_SQLITE_KB}")


def add_scans(db: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Raw rows, each with the columns of `Scan` in their order; instants as `Instants` says them."""
    if not rows:
        return
    connection = db.connection()
    if is_sqlite(db):
        connection.exec_driver_sql(_INSERT_SCAN, list(rows))
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(_COPY_SCAN) as copy:
            copy.write("".join([_COPIED % row for row in rows]))
    except psycopg.Error as error:
        # As every other statement says it: whoever follows waits for a database that is away.
        raise DBAPIError.instance(_COPY_SCAN, None, error, psycopg.Error) from error


def keep_places(db: Session, places: Mapping[Place, int]) -> None:
    """Places and their numbers, for those that are new."""
    _PLACE.run(db, sorted((number, *place) for place, number in places.items()))


def keep_visits(db: Session, visits: Iterable[Visit]) -> None:
    """Take in visits as they are now, whether they are open already or not."""
    # In one order for all loaders, and beside each other in the table.
    rows = [
        (each.id, each.place_number, each.began, each.seen, each.waiting, each.is_engaged)
        for each in sorted(visits, key=_ID)
    ]
    _VISIT.run(db, rows)


def add_totals(db: Session, tally: Tally) -> None:
    """Add a batch's counts to the totals."""
    # In one order for all loaders, so that two of them wait for each other and never for both.
    total = tally.total()
    _DAY.run(db, sorted((*key, count) for key, count in total.days.items() if count))
    _HOUR.run(db, sorted((*key, count) for key, count in total.hours.items() if count))
    _CODE_HOUR.run(db, sorted((*key, count) for key, count in total.code_hours.items() if count))


def add_phones(db: Session, phones: Collection[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Take in phones by (business date, store, bits); those among them that were not there yet."""
    rows = sorted(phones)
    if not rows:
        return []
    if is_sqlite(db):
        found = db.connection().exec_driver_sql(_PHONES_SQLITE, (orjson.dumps(rows).decode(),))
    else:
        found = db.connection().exec_driver_sql(_PHONES_POSTGRESQL, tuple(map(_array, zip(*rows, strict=True))))
    return [(str(on), store_id, bits) for on, store_id, bits in found]


def list_visits(db: Session, visits: Collection[str]) -> Sequence[tuple[Any, ...]]:
    """Those among visits that are open, each with the columns of `OpenVisit` and the place where it began.

    Instants as the driver gives them.
    """
    listed = sorted(visits)
    if not listed:
        return ()
    connection = db.connection()
    if is_sqlite(db):
        among, values = "IN (SELECT value FROM json_each(?))", orjson.dumps(listed).decode()
    else:
        among, values = "= ANY(CAST(%s AS text[]))", _array(listed)
    return connection.exec_driver_sql(f"{_LIST_VISITS} {among}", (values,)).all()


def settle(db: Session, visits: Collection[str]) -> None:
    """Note that the opening these visits began with has become a scan."""
    if visits:
        db.connection().execute(update(OpenVisit).where(_among(db, visits)).values(waiting=""))


def _among(db: Session, visits: Collection[str]) -> TextClause:
    """The condition that a row is one of these visits, as one parameter however many they are."""
    if is_sqlite(db):
        said, value = "open_visit.visit IN (SELECT value FROM json_each(:visits))", orjson.dumps(list(visits)).decode()
    else:
        said, value = "open_visit.visit = ANY(CAST(:visits AS text[]))", _array(visits)
    return text(said).bindparams(bindparam("visits", value))


def _array(values: Iterable[str]) -> str:
    return '{"' + '","'.join(values) + '"}'


def is_sqlite(db: Session) -> bool:
    """Whether a session's database is SQLite."""
    return db.get_bind().dialect.name == "sqlite"

"""Reads about codes: one, many with where they hang, and print batches."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from qrmerch.catalog.models import Item, Variant
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.tokens import address_of, find_token
from qrmerch.db import get_one, has_part, unscoped
from qrmerch.gs1 import gtin14
from qrmerch.looks.models import Look
from qrmerch.media.picture_codes import tells_house
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Fixture, Store

# Where a list is asked for the codes that hang in no store: magazines, billboards, parcels.
NO_STORE = "none"
# A state that no code is in.
NO_STATE = "none"
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which codes of a retailer; an empty word means any."""

    retailer_id: str
    find: str = ""
    item_id: str = ""
    # Of what is led to: an item, a variant, a store, a look, an event.
    subject_id: str = ""
    store_id: str = ""
    fixture_id: str = ""
    state: str = ""
    batch: str = ""
    carrier: str = ""
    # `yes` or `no`.
    printed: str = ""
    campaign: str = ""

    @property
    def is_filtered(self) -> bool:
        return self != Wanted(self.retailer_id)

    @property
    def active(self) -> "Wanted":
        """The active ones among them; none where another state is asked for."""
        state = CodeState.ACTIVE if self.state in ("", CodeState.ACTIVE) else NO_STATE
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A code with the names of what it leads to and where it hangs; empty names where there is none."""

    code: Code
    # Of an item with its variant, where the code leads to one; of another page its store, look or event.
    item_title: str
    store_name: str
    fixture_name: str

    @property
    def place(self) -> str:
        """Where it hangs, in words."""
        return ", ".join(name for name in (self.store_name, self.fixture_name) if name) or "No place"


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes made under one name."""

    name: str
    codes: int
    printed: int
    made_at: datetime


def get_code(db: Session, code_id: str) -> Code:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Code, code_id, "This code is not here.")


def get_line(db: Session, code_id: str) -> CodeLine:
    """A code with its names.

    :raises NotFound: there is none that the session may see.
    """
    code = get_code(db, code_id)
    return _line(*db.execute(_lines().where(Code.id == code.id)).one())


@tells_house
def find_house(db: Session, address: str) -> str | None:
    """The retailer whose printed code an address on this installation's host is, whoever asks; None for another one."""
    before, _, last = urlsplit(address).path.rstrip("/").rpartition("/")
    token = find_token(last) if before == "/q" else None
    if token is None:
        return None
    with unscoped(db):
        return db.scalar(select(Code.retailer_id).where(Code.token == token))


def find_code(db: Session, text: str) -> Code | None:
    """The code whose token somebody typed, however they wrote it, among those the session may see."""
    token = find_token(text)
    return db.scalars(select(Code).where(Code.token == token)).one_or_none() if token else None


def list_hosts_in_print(db: Session, retailer_id: str) -> list[str]:
    """The hosts in the addresses of a retailer's codes; empty for the installation's own."""
    return list(db.scalars(select(Code.host).where(Code.retailer_id == retailer_id).distinct().order_by(Code.host)))


def find_gtin(db: Session, item_id: str) -> str:
    """The one trade number of an item's variants, in 14 digits; empty where there is none or several."""
    wanted = select(Variant.gtin).where(Variant.item_id == item_id, Variant.gtin.is_not(None)).distinct().limit(2)
    numbers = {gtin14(number) for number in db.scalars(wanted) if number}
    return numbers.pop() if len(numbers) == 1 else ""


def list_codes(db: Session, wanted: Wanted, *, page: int = 1, per_page: int = 50) -> tuple[list[CodeLine], int]:
    """One page of codes, newest first, and how many there are in all pages."""
    conditions = _conditions(wanted)
    total = _count(db, conditions)
    rows = _lines().where(*conditions).order_by(Code.created_at.desc(), Code.id.desc())
    return [_line(*row) for row in db.execute(rows.limit(per_page).offset((page - 1) * per_page))], total


def count_codes(db: Session, wanted: Wanted) -> int:
    """How many codes are wanted."""
    return _count(db, _conditions(wanted))


def select_ids(wanted: Wanted) -> Select[str]:
    """The ids of the codes that are wanted, to be asked for within another query."""
    return select(Code.id).outerjoin(Item, Item.id == Code.item_id).where(*_conditions(wanted))


def each_code(db: Session, wanted: Wanted) -> Iterator[CodeLine]:
    """Every code that is wanted, by store, place and item, as labels are handed out; read little by little."""
    rows = _lines().where(*_conditions(wanted))
    rows = rows.order_by(Store.code, Fixture.name, func.lower(Item.title), Code.id)
    # Closed by itself: whoever has seen enough leaves a cursor on the server otherwise.
    with db.execute(rows.execution_options(yield_per=_READ_AT_ONCE)) as found:
        for row in found:
            yield _line(*row)


def list_by_token(db: Session, retailer_id: str, tokens: Collection[str]) -> list[CodeLine]:
    """The retailer's codes among these tokens, in the order given; unknown ones are left out."""
    place = {token: at for at, token in enumerate(tokens)}
    rows = db.execute(_lines().where(Code.retailer_id == retailer_id, Code.token.in_(list(place))))
    return sorted((_line(*row) for row in rows), key=lambda line: place[line.code.token])


def list_by_id(db: Session, code_ids: Sequence[str]) -> list[Code]:
    """The codes with these ids that the session may see, in no order."""
    found: list[Code] = []
    for begin in range(0, len(code_ids), _READ_AT_ONCE):
        found += db.scalars(select(Code).where(Code.id.in_(code_ids[begin : begin + _READ_AT_ONCE])))
    return found


def count_with_host(db: Session, retailer_id: str, host: str) -> int:
    """How many codes, in whatever state, carry a host in their address."""
    wanted = select(func.count(Code.id)).where(Code.retailer_id == retailer_id, Code.host == host)
    return db.scalar(wanted) or 0


def count_by_subject(db: Session, retailer_id: str, kind: Subject) -> dict[str, int]:
    """How many codes lead to each thing of a kind, by its id, in whatever state."""
    rows = select(Code.subject_id, func.count()).where(Code.retailer_id == retailer_id, Code.subject_kind == kind)
    return dict(db.execute(rows.group_by(Code.subject_id)).all())


def count_by_host(db: Session, retailer_id: str) -> dict[str, int]:
    """How many codes carry each host; an empty one stands for the installation's own."""
    rows = select(Code.host, func.count()).where(Code.retailer_id == retailer_id).group_by(Code.host)
    return dict(db.execute(rows).all())


def list_lines(db: Session, code_ids: Sequence[str]) -> list[CodeLine]:
    """The codes with these ids with their names, in the order given; each may come more than once."""
    found: dict[str, CodeLine] = {}
    for begin in range(0, len(code_ids), _READ_AT_ONCE):
        for row in db.execute(_lines().where(Code.id.in_(code_ids[begin : begin + _READ_AT_ONCE]))):
            found[row[0].id] = _line(*row)
    return [found[code_id] for code_id in code_ids]


def said_by(code: Code, base_url: str) -> str:
    """The address that a code carries: of the host it was made with, for as long as it is printed.

    :param base_url: the installation's own address, for codes made before their retailer had a host.
    """
    return address_of(f"https://{code.host}" if code.host else base_url, code.token)


def list_active_codes(db: Session, item_id: str) -> list[CodeLine]:
    """The codes of an item that lead to their own page, oldest first."""
    rows = _lines().where(Code.item_id == item_id, Code.state == CodeState.ACTIVE)
    return [_line(*row) for row in db.execute(rows.order_by(Code.created_at, Code.id))]


def list_replaced_by(db: Session, code: Code) -> list[Code]:
    """The older codes whose prints lead straight to this one, oldest first."""
    return list(db.scalars(select(Code).where(Code.replaced_by_id == code.id).order_by(Code.created_at, Code.id)))


def list_candidates(db: Session, code: Code, *, limit: int = 20) -> list[CodeLine]:
    """Active codes that old prints of this one might follow: of the same item or at the same place, newest first."""
    alike = [Code.subject_id == code.subject_id]
    if code.item_id:
        alike.append(Code.item_id == code.item_id)
    if code.fixture_id:
        alike.append(Code.fixture_id == code.fixture_id)
    rows = _lines().where(
        Code.retailer_id == code.retailer_id, Code.state == CodeState.ACTIVE, Code.id != code.id, or_(*alike)
    )
    return [_line(*row) for row in db.execute(rows.order_by(Code.created_at.desc(), Code.id.desc()).limit(limit))]


def list_batches(db: Session, retailer_id: str, *, limit: int = 50) -> list[Batch]:
    """The newest print batches that have a name."""
    made_at = func.min(Code.created_at)
    rows = select(Code.batch, func.count(), func.count(Code.printed_at), made_at)
    rows = rows.where(Code.retailer_id == retailer_id, Code.batch != "").group_by(Code.batch)
    return [Batch(*row) for row in db.execute(rows.order_by(made_at.desc(), Code.batch).limit(limit))]


def count_by_state(db: Session, retailer_id: str) -> dict[CodeState, int]:
    """How many codes a retailer has in each state that any is in."""
    rows = select(Code.state, func.count()).where(Code.retailer_id == retailer_id).group_by(Code.state)
    return dict(db.execute(rows).all())


_Led = aliased(Store)


def _lines() -> Select[Code, str | None, dict[str, object] | None, str | None, str | None, str | None]:
    named = func.coalesce(_Led.name, Look.name, Occasion.name)
    return (
        select(Code, Item.title, Variant.options, named, Store.short_name, Fixture.name)
        .outerjoin(Item, Item.id == Code.item_id)
        .outerjoin(Variant, and_(Code.subject_kind == Subject.VARIANT, Variant.id == Code.subject_id))
        .outerjoin(_Led, and_(Code.subject_kind == Subject.STORE, _Led.id == Code.subject_id))
        .outerjoin(Look, and_(Code.subject_kind == Subject.LOOK, Look.id == Code.subject_id))
        .outerjoin(Occasion, and_(Code.subject_kind == Subject.OCCASION, Occasion.id == Code.subject_id))
        .outerjoin(Store, Store.id == Code.store_id)
        .outerjoin(Fixture, Fixture.id == Code.fixture_id)
    )


def _line(
    code: Code,
    title: str | None,
    options: dict[str, object] | None,
    led: str | None,
    store: str | None,
    fixture: str | None,
) -> CodeLine:
    words = [title or led or "", *(str(value) for value in (options or {}).values() if value)]
    return CodeLine(code, ", ".join(words), store or "", fixture or "")


def _count(db: Session, conditions: list[ColumnElement[bool]]) -> int:
    rows = select(func.count(Code.id)).outerjoin(Item, Item.id == Code.item_id)
    return db.scalar(rows.where(*conditions)) or 0


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [Code.retailer_id == wanted.retailer_id]
    if wanted.item_id:
        conditions.append(Code.item_id == wanted.item_id)
    if wanted.subject_id:
        conditions.append(Code.subject_id == wanted.subject_id)
    if wanted.store_id:
        none = wanted.store_id == NO_STORE
        conditions.append(Code.store_id.is_(None) if none else Code.store_id == wanted.store_id)
    if wanted.fixture_id:
        conditions.append(Code.fixture_id == wanted.fixture_id)
    if wanted.state:
        conditions.append(false() if wanted.state == NO_STATE else Code.state == wanted.state)
    if wanted.printed:
        conditions.append(Code.printed_at.is_not(None) if wanted.printed == "yes" else Code.printed_at.is_(None))
    if wanted.carrier:
        conditions.append(Code.carrier == Carrier(wanted.carrier))
    if wanted.batch:
        conditions.append(Code.batch == wanted.batch)
    if wanted.campaign:
        conditions.append(Code.campaign == wanted.campaign)
    if wanted.find.strip():
        conditions.append(_is_found(wanted.find.strip()))
    return conditions


def _is_found(text: str) -> ColumnElement[bool]:
    """A title that has it, or, since some words could be tokens, the code of that token."""
    named = [
        and_(Code.subject_kind == kind, Code.subject_id.in_(select(table.id).where(has_part(table.name, text))))
        for kind, table in ((Subject.STORE, Store), (Subject.LOOK, Look), (Subject.OCCASION, Occasion))
    ]
    in_title = or_(has_part(Item.title, text), *named)
    token = find_token(text)
    return or_(Code.token == token, in_title) if token else in_title

"""Writes about codes: made, replaced, retired, brought back, printed.

A code is never deleted and its token never used again: what hangs in a shop keeps working. The caller commits.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.catalog.models import Item, Variant
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.queries import get_code
from qrmerch.codes.tokens import group, make_token
from qrmerch.db import get_one, lock_for_chain, reread, unscoped
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.looks.models import Look
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Fixture, Store
from qrmerch.parties.queries import find_printed_host
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

# A fixture, a store as a whole, or (None) a magazine, a billboard, a parcel.
Place = Fixture | Store | None
# What a code leads to: an item's page, the same with a variant chosen, the page of a store, a look or an event.
Lead = Item | Variant | Store | Look | Occasion
# Kind and id of what is led to, its item, store and fixture.
Asked = tuple[Subject, str, str | None, str | None, str | None]
Spot = tuple[str, str | None, str | None]

MAX_AT_ONCE: Final = 5_000
_MOST_NAMED: Final = 3
MAX_NAME_CHARS: Final = 60
_TRIES: Final = 5
_LOOKED_UP_AT_ONCE: Final = 500


class ItemNotSold(Conflict):
    """A new code would lead to an item that is no longer sold."""

    slug = "item_retired"


class CodeIsRetired(Conflict):
    """A retired code can only be brought back."""

    slug = "code_retired"


class CodesInCircle(Conflict):
    """Two codes would each lead to the other."""

    slug = "codes_in_circle"


def make_code(
    db: Session,
    item: Lead,
    *,
    at: datetime,
    store_id: str | None = None,
    fixture_id: str | None = None,
    carrier: Carrier = Carrier.PRINT,
    batch: str = "",
    campaign: str = "",
    actor: Actor | None = None,
) -> Code:
    """A new code for an item at a place; without one, for a magazine, a billboard, a parcel.

    :param item: or one of its variants, or a store, a look or an occasion, for their own pages.
    :param fixture_id: says the store as well.
    :raises NotFound: the place is not one of the item's retailer.
    :raises ItemNotSold: the item is retired.
    """
    place: Place = None
    if fixture_id:
        place = get_one(db, Fixture, fixture_id, "This place is not here.")
        if store_id and place.store_id != store_id:
            raise NotFound("This place is in another store.")
    elif store_id:
        place = get_one(db, Store, store_id, "This store is not here.")
    made = make_codes(
        db, [item], [place], at=at, batch=batch, campaign=campaign, actor=actor, carrier=carrier, again=True
    )
    return made[0]


def make_codes(
    db: Session,
    items: Sequence[Lead],
    places: Sequence[Place],
    *,
    at: datetime,
    batch: str = "",
    campaign: str = "",
    actor: Actor | None = None,
    carrier: Carrier = Carrier.PRINT,
    again: bool = False,
) -> list[Code]:
    """New codes for each item at each place, in the order of the places, in one transaction.

    :param items: or variants of items, or stores, looks, occasions, for their own pages.
    :param batch: the name under which they are found and printed, at most 60 characters.
    :param again: also where an active code of the carrier and campaign for that item hangs already; else such places
        are left out, so that asking twice makes nothing twice.
    :raises FormError: nothing chosen, or more than 5,000 codes at once; a run (`codes/runs.py`) makes more.
    :raises NotFound: an item or place is another retailer's.
    :raises ItemNotSold: an item is retired.
    """
    retailer_id = check_chosen(db, items, places)
    batch, campaign = check_name("batch", batch), check_name("campaign", campaign)
    lock_codes(db, retailer_id)
    leads = [lead_of(item) for item in items]
    asked = list(dict.fromkeys((*lead, *ids_of(place)) for place in places for lead in leads))
    taken = set() if again else list_taken(db, retailer_id, asked, carrier=carrier, campaign=campaign)
    wanted = [each for each in asked if spot_of(each) not in taken]
    if len(wanted) > MAX_AT_ONCE:
        raise FormError(
            {"place": f"That would be {len(wanted):,} codes. {MAX_AT_ONCE:,} at once is the most: choose fewer places."}
        )
    if not wanted:
        return []
    said = {"host": find_printed_host(db, retailer_id) or "", "batch": batch, "campaign": campaign, "created_at": at}
    codes = _insert(db, lambda: [_fresh(retailer_id, each, carrier=carrier, **said) for each in wanted])
    for page in dict.fromkeys(page_of(code) for code in codes):
        changed(db, retailer_id, page, at=at)
    subject = ("code", codes[0].id) if len(codes) == 1 else ("batch", batch or codes[0].id)
    detail: dict[str, object] = {"codes": len(codes), "items": len({page_of(code) for code in codes})}
    audit.record(db, actor, "code.make", subject, at=at, retailer_id=retailer_id, detail=detail)
    return codes


def _fresh(retailer_id: str, asked: Asked, **said: Any) -> Code:
    """A new code with a token that may be taken."""
    kind, subject_id, item_id, store_id, fixture_id = asked
    return Code(
        id=ids.new(),
        retailer_id=retailer_id,
        token=make_token(),
        subject_kind=kind,
        subject_id=subject_id,
        item_id=item_id,
        store_id=store_id,
        fixture_id=fixture_id,
        state=CodeState.ACTIVE,
        **said,
    )


def page_of(code: Code) -> str:
    """The id by which changes name the page that a code leads to: its item's, else that of what it leads to."""
    return code.item_id or code.subject_id


def replace_code(db: Session, code: Code, by: Code, *, at: datetime, actor: Actor | None) -> None:
    """Let the old prints of a code show what another one shows; their scans still count for the old one.

    :raises CodeIsRetired: either is retired.
    :raises CodesInCircle: the other one leads to this.
    :raises NotFound: they are not of one retailer.
    """
    if code.retailer_id != by.retailer_id:
        raise NotFound("This code is not here.")
    # Two that replace each other at once would both see no circle.
    lock_codes(db, code.retailer_id)
    for each in (code, by):
        reread(db, each)
    if code.state == CodeState.RETIRED:
        raise CodeIsRetired("This code is retired. Bring it back first, then replace it.")
    if by.state == CodeState.RETIRED:
        raise CodeIsRetired("The other code is retired. Choose one that is active.")
    if code.id in _ids_after(db, by):
        raise CodesInCircle("The other code leads to this one already. Choose another.")
    code.state, code.replaced_by_id = CodeState.REPLACED, by.id
    _tell(db, code, "code.replace", at=at, actor=actor, detail={"by": by.id})
    changed(db, code.retailer_id, page_of(by), at=at)


def retire_code(db: Session, code: Code, *, at: datetime, actor: Actor | None) -> None:
    """Say on a code's page from now on that the item is no longer here, with what is like it.

    The code is kept, its scans are counted, and its token is never used again. Retiring twice changes nothing.
    """
    if code.state == CodeState.RETIRED:
        return
    code.state, code.replaced_by_id = CodeState.RETIRED, None
    _tell(db, code, "code.retire", at=at, actor=actor)


class CodeEnded(Conflict):
    """What is to be printed carries a code that was retired or replaced since it was asked for."""

    slug = "code_ended"


def insist_active(tokens: Sequence[str], help: str) -> None:
    """Let nothing leave for the printer that carries a code of what has ended.

    :param tokens: of the codes that were retired or replaced.
    :param help: what to do now, a sentence.
    :raises CodeEnded: there are such.
    """
    if not tokens:
        return
    named = ", ".join(group(token) for token in tokens[:_MOST_NAMED]) + (" and others" if tokens[_MOST_NAMED:] else "")
    were = "was" if len(tokens) == 1 else "were"
    raise CodeEnded(f"{named} {were} retired or replaced since this was asked for. {help}")


def bring_back(db: Session, code: Code, *, at: datetime, actor: Actor | None) -> None:
    """Let a replaced or retired code lead to its own page again. An active one stays as it is."""
    if code.state == CodeState.ACTIVE:
        return
    code.state, code.replaced_by_id = CodeState.ACTIVE, None
    _tell(db, code, "code.bring_back", at=at, actor=actor)


def mark_printed(db: Session, codes: Collection[Code], *, at: datetime, actor: Actor | None) -> None:
    """Note that codes of one retailer were put on paper."""
    if not codes:
        return
    for code in codes:
        code.printed_at = at
    first = next(iter(codes))
    subject = ("code", first.id) if len(codes) == 1 else ("batch", first.batch or first.id)
    audit.record(db, actor, "code.print", subject, at=at, retailer_id=first.retailer_id, detail={"codes": len(codes)})


def check_chosen(db: Session, items: Sequence[Lead], places: Sequence[Place]) -> str:
    """The retailer whose codes are to be made.

    :raises FormError: nothing is chosen.
    :raises NotFound: an item or place is another retailer's.
    :raises ItemNotSold: an item is retired.
    """
    problems = {}
    if not items:
        problems["item"] = "Choose at least one item."
    if not places:
        problems["place"] = "Choose at least one place, or No place."
    if problems:
        raise FormError(problems)
    retailer_id = items[0].retailer_id
    for each in (*items, *places):
        if each is not None and each.retailer_id != retailer_id:
            raise NotFound("This is not here.")
    gone = next((item for item in items if isinstance(item, Item) and item.is_retired), None)
    gone = gone or _find_retired(db, [item.item_id for item in items if isinstance(item, Variant)])
    if gone is not None:
        raise ItemNotSold(f"{gone.title} is no longer sold. Bring the item back before you make codes for it.")
    return retailer_id


def _find_retired(db: Session, item_ids: Sequence[str]) -> Item | None:
    for begin in range(0, len(item_ids), _LOOKED_UP_AT_ONCE):
        some = select(Item).where(Item.id.in_(item_ids[begin : begin + _LOOKED_UP_AT_ONCE]), Item.is_retired)
        if found := db.scalars(some.limit(1)).one_or_none():
            return found
    return None


def check_name(field: str, text: str) -> str:
    """A batch's or a campaign's name as it is kept.

    :raises FormError: it is too long.
    """
    try:
        return clean_line(text, MAX_NAME_CHARS)
    except ValueError as error:
        raise FormError({field: str(error)}) from None


def lock_codes(db: Session, retailer_id: str) -> None:
    """Be the only transaction that makes codes of this retailer, until it ends."""
    lock_for_chain(db, f"codes {retailer_id}")


def lead_of(lead: Lead) -> tuple[Subject, str, str | None]:
    """What a code of it leads to, and the item it is about."""
    if isinstance(lead, Item):
        return Subject.ITEM, lead.id, lead.id
    if isinstance(lead, Variant):
        return Subject.VARIANT, lead.id, lead.item_id
    if isinstance(lead, Store):
        return Subject.STORE, lead.id, None
    return (Subject.LOOK if isinstance(lead, Look) else Subject.OCCASION), lead.id, None


def ids_of(place: Place) -> tuple[str | None, str | None]:
    """A place as a code keeps it: store and fixture."""
    if place is None:
        return None, None
    return (place.store_id, place.id) if isinstance(place, Fixture) else (place.id, None)


def spot_of(asked: Asked) -> Spot:
    """What may be there once: what is led to, and where."""
    _, subject_id, _, store_id, fixture_id = asked
    return subject_id, store_id, fixture_id


def list_taken(db: Session, retailer_id: str, asked: Sequence[Asked], *, carrier: Carrier, campaign: str) -> set[Spot]:
    """Which of these have an active code of that carrier and campaign."""
    taken: set[Spot] = set()
    wanted = select(Code.subject_id, Code.store_id, Code.fixture_id).where(
        Code.retailer_id == retailer_id,
        Code.state == CodeState.ACTIVE,
        Code.carrier == carrier,
        Code.campaign == campaign,
    )
    subject_ids = list(dict.fromkeys(each[1] for each in asked))
    for begin in range(0, len(subject_ids), _LOOKED_UP_AT_ONCE):
        some = subject_ids[begin : begin + _LOOKED_UP_AT_ONCE]
        rows = db.execute(wanted.where(Code.subject_id.in_(some)))
        taken.update((subject_id, store_id, fixture_id) for subject_id, store_id, fixture_id in rows)
    return taken


def _insert(db: Session, fresh: Callable[[], list[Code]]) -> list[Code]:
    """Add codes; where a token is taken already, by whomever, all are drawn again."""
    for _ in range(_TRIES):
        codes = fresh()
        try:
            with db.begin_nested():
                db.add_all(codes)
        except IntegrityError:
            if not _is_any_taken(db, [code.token for code in codes]):
                raise
        else:
            return codes
    raise RuntimeError(f"{_TRIES} draws of {len(codes)} tokens each met one that was taken")


def _is_any_taken(db: Session, tokens: Sequence[str]) -> bool:
    if len(set(tokens)) < len(tokens):
        return True
    # Another retailer's token is taken too.
    with unscoped(db):
        for begin in range(0, len(tokens), _LOOKED_UP_AT_ONCE):
            some = tokens[begin : begin + _LOOKED_UP_AT_ONCE]
            if db.scalar(select(Code.id).where(Code.token.in_(some)).limit(1)):
                return True
    return False


def _ids_after(db: Session, code: Code) -> set[str]:
    """The code and all that old prints of it lead to, one after the other."""
    found = {code.id}
    while code.replaced_by_id and code.replaced_by_id not in found:
        code = get_code(db, code.replaced_by_id)
        reread(db, code)
        found.add(code.id)
    return found


def _tell(
    db: Session,
    code: Code,
    action: str,
    *,
    at: datetime,
    actor: Actor | None,
    detail: dict[str, object] | None = None,
) -> None:
    changed(db, code.retailer_id, page_of(code), at=at)
    audit.record(db, actor, action, ("code", code.id), at=at, retailer_id=code.retailer_id, detail=detail)

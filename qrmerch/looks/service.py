"""Writes about looks: made, said anew, their items, published, taken back. The caller commits.

A look is never deleted: codes that lead to it may hang in a shop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.catalog.models import Item
from qrmerch.db import lock_for_chain, reread
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.looks.models import Look, LookItem
from qrmerch.looks.queries import list_items
from qrmerch.parties.languages import clean_texts, first_text, with_gone
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import changed

LEAST_ITEMS: Final = 2
MOST_ITEMS: Final = 6
MAX_TITLE_CHARS: Final = 80
MAX_WORDS_CHARS: Final = 160


class TooFewItems(Conflict):
    """A look that shoppers see has at least two items."""

    slug = "look_too_few_items"


class TooManyItems(Conflict):
    """A look has at most six items."""

    slug = "look_too_many_items"


@dataclass(frozen=True, slots=True)
class Said:
    """What a look says, by locale."""

    title: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)


def add_look(db: Session, retailer: Retailer, said: Said, *, at: datetime, actor: Actor | None) -> Look:
    """A new look, without items and not published.

    :raises FormError: no title in any language, or a text that is too long; names `title.LOCALE` or `words.LOCALE`.
    """
    title, words = _check(retailer, said)
    look = Look(
        id=ids.new(),
        retailer_id=retailer.id,
        public_id=ids.public(),
        name=first_text(retailer, title),
        title=title,
        words=words,
        is_published=False,
        created_at=at,
    )
    db.add(look)
    db.flush()
    _note(db, look, "look.add", at=at, actor=actor)
    return look


def change_look(db: Session, retailer: Retailer, look: Look, said: Said, *, at: datetime, actor: Actor | None) -> None:
    """Say something else.

    :raises FormError: as `add_look`.
    """
    title, words = _check(retailer, said)
    before = audit.state_of(look, "title", "words")
    look.name = first_text(retailer, title)
    look.title, look.words = with_gone(retailer, look.title, title), with_gone(retailer, look.words, words)
    detail = audit.changes(before, audit.state_of(look, "title", "words"))
    _note(db, look, "look.change", at=at, actor=actor, detail=detail)
    _tell(db, look, at=at)


def add_item(db: Session, look: Look, item: Item, *, at: datetime, actor: Actor | None) -> None:
    """Put an item behind the others; one that is in it already stays where it is.

    :raises NotFound: it is another retailer's.
    :raises TooManyItems: there are six.
    """
    if item.retailer_id != look.retailer_id:
        raise NotFound("This item is not here.")
    _lock(db, look)
    items = list_items(db, look.id)
    if item in items:
        return
    if len(items) >= MOST_ITEMS:
        raise TooManyItems(f"{MOST_ITEMS} items are the most that a look has. Take one out first.")
    places = [row.place for row in _rows(db, look)]
    place = max(places, default=-1) + 1
    db.add(LookItem(id=ids.new(), retailer_id=look.retailer_id, look_id=look.id, item_id=item.id, place=place))
    db.flush()
    _note(db, look, "look.item.add", at=at, actor=actor, detail={"item": item.title})
    _tell(db, look, at=at)


def remove_item(db: Session, look: Look, item: Item, *, at: datetime, actor: Actor | None) -> None:
    """Take an item out; one that is not in it is out already.

    :raises TooFewItems: shoppers see the look, and it would have fewer than two.
    """
    _lock(db, look)
    rows = _rows(db, look)
    row = next((each for each in rows if each.item_id == item.id), None)
    if row is None:
        return
    if look.is_published and len(rows) <= LEAST_ITEMS:
        raise TooFewItems("A look has at least two items. Take it back first, or put another one in.")
    _tell(db, look, at=at)
    db.delete(row)
    db.flush()
    _note(db, look, "look.item.remove", at=at, actor=actor, detail={"item": item.title})


def move_earlier(db: Session, look: Look, item: Item, *, at: datetime, actor: Actor | None) -> None:
    """Let an item stand one place earlier; the first one stays where it is."""
    _lock(db, look)
    rows = _rows(db, look)
    at_place = next((number for number, each in enumerate(rows) if each.item_id == item.id), 0)
    if at_place == 0:
        return
    rows[at_place - 1 : at_place + 1] = [rows[at_place], rows[at_place - 1]]
    for place, row in enumerate(rows):
        row.place = place
    db.flush()
    _note(db, look, "look.item.move", at=at, actor=actor, detail={"item": item.title})
    _tell(db, look, at=at)


def set_picture(db: Session, look: Look, asset_id: str | None, *, at: datetime, actor: Actor | None) -> None:
    """Let one picture stand for the look, or (None) those of its items again."""
    if look.picture_id == asset_id:
        return
    look.picture_id = asset_id
    db.flush()
    _note(db, look, "look.picture", at=at, actor=actor)
    _tell(db, look, at=at)


def publish(db: Session, look: Look, *, at: datetime, actor: Actor | None) -> None:
    """Let shoppers see it, from the next scan on.

    :raises TooFewItems: it has fewer than two items.
    """
    _lock(db, look)
    if look.is_published:
        return
    if len(_rows(db, look)) < LEAST_ITEMS:
        raise TooFewItems("A look has at least two items. Put another one in, then publish it.")
    look.is_published = True
    _note(db, look, "look.publish", at=at, actor=actor)
    _tell(db, look, at=at)


def take_back(db: Session, look: Look, *, at: datetime, actor: Actor | None) -> None:
    """Let shoppers see it no more; codes that lead to it say so and show something else."""
    _lock(db, look)
    if not look.is_published:
        return
    look.is_published = False
    _note(db, look, "look.take_back", at=at, actor=actor)
    _tell(db, look, at=at)


def _check(retailer: Retailer, said: Said) -> tuple[dict[str, str], dict[str, str]]:
    problems: dict[str, str] = {}
    title = clean_texts(retailer, "title", said.title, most=MAX_TITLE_CHARS, problems=problems)
    words = clean_texts(retailer, "words", said.words, most=MAX_WORDS_CHARS, problems=problems)
    if not title and not problems:
        problems[f"title.{retailer.default_locale}"] = "Give the look a title."
    if problems:
        raise FormError(problems)
    return title, words


def _rows(db: Session, look: Look) -> list[LookItem]:
    rows = select(LookItem).where(LookItem.look_id == look.id).order_by(LookItem.place, LookItem.id)
    return list(db.scalars(rows))


def _lock(db: Session, look: Look) -> None:
    """Be the only one who changes what is in it, with the look as it is now."""
    lock_for_chain(db, f"look {look.id}")
    reread(db, look)


def _tell(db: Session, look: Look, *, at: datetime) -> None:
    """Its own page, and those of its items, which say what goes with them."""
    for page in (look.id, *_ids(list_items(db, look.id))):
        changed(db, look.retailer_id, page, at=at)


def _ids(items: Sequence[Item]) -> list[str]:
    return [item.id for item in items]


def _note(
    db: Session,
    look: Look,
    action: str,
    *,
    at: datetime,
    actor: Actor | None,
    detail: dict[str, object] | None = None,
) -> None:
    audit.record(db, actor, action, ("look", look.id), at=at, retailer_id=look.retailer_id, detail=detail)

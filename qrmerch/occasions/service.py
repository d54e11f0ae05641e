"""Writes about occasions: made, said anew, published, taken back. The caller commits.

An occasion is never deleted: codes that lead to it may hang in a shop.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.errors import FormError, NotFound
from qrmerch.occasions.models import Occasion, OccasionStore
from qrmerch.parties.languages import clean_texts, first_text, with_gone
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.service import changed
from qrmerch.text import clean_block

MAX_TITLE_CHARS: Final = 80
MAX_WORDS_CHARS: Final = 600
MAX_SPOT_CHARS: Final = 120
MAX_STORES: Final = 500
_NOTED: Final = ("title", "words", "spot", "begins", "ends")


@dataclass(frozen=True, slots=True)
class Said:
    """What an occasion says, by locale; when, as a clock shows it (`2026-12-10T18:00`); and in which stores, by id."""

    title: Mapping[str, str]
    begins: str
    ends: str
    store_ids: Collection[str]
    words: Mapping[str, str] = field(default_factory=dict)
    spot: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Checked:
    title: dict[str, str]
    words: dict[str, str]
    spot: dict[str, str]
    begins: str
    ends: str
    stores: list[Store]


def add_occasion(db: Session, retailer: Retailer, said: Said, *, at: datetime, actor: Actor | None) -> Occasion:
    """A new occasion, not published.

    :raises FormError: no title, no store, no time, an end before its begin, or a text that is too long; names `begins`,
        `ends`, `stores` or `FIELD.LOCALE`.
    :raises NotFound: a store is another retailer's.
    """
    checked = _check(db, retailer, said)
    occasion = Occasion(
        id=ids.new(),
        retailer_id=retailer.id,
        public_id=ids.public(),
        name=first_text(retailer, checked.title),
        title=checked.title,
        words=checked.words,
        spot=checked.spot,
        begins=checked.begins,
        ends=checked.ends,
        is_published=False,
        created_at=at,
        changed_at=at,
    )
    db.add(occasion)
    db.flush()
    _set_stores(db, occasion, checked.stores)
    _note(db, occasion, "occasion.add", at=at, actor=actor)
    return occasion


def change_occasion(
    db: Session, retailer: Retailer, occasion: Occasion, said: Said, *, at: datetime, actor: Actor | None
) -> None:
    """Say something else.

    :raises FormError: as `add_occasion`.
    :raises NotFound: a store is another retailer's.
    """
    checked = _check(db, retailer, said)
    before = audit.state_of(occasion, *_NOTED)
    occasion.name = first_text(retailer, checked.title)
    occasion.title = with_gone(retailer, occasion.title, checked.title)
    occasion.words = with_gone(retailer, occasion.words, checked.words)
    occasion.spot = with_gone(retailer, occasion.spot, checked.spot)
    occasion.begins, occasion.ends = checked.begins, checked.ends
    _set_stores(db, occasion, checked.stores)
    detail = audit.changes(before, audit.state_of(occasion, *_NOTED))
    _note(db, occasion, "occasion.change", at=at, actor=actor, detail=detail)
    _tell(db, occasion, at=at)


def set_picture(db: Session, occasion: Occasion, asset_id: str | None, *, at: datetime, actor: Actor | None) -> None:
    """Let a picture stand for it, or (None) none."""
    if occasion.picture_id == asset_id:
        return
    occasion.picture_id = asset_id
    db.flush()
    _note(db, occasion, "occasion.picture", at=at, actor=actor)
    _tell(db, occasion, at=at)


def publish(db: Session, occasion: Occasion, *, at: datetime, actor: Actor | None) -> None:
    """Let shoppers see it, from the next scan on."""
    _set_published(db, occasion, True, "occasion.publish", at=at, actor=actor)


def take_back(db: Session, occasion: Occasion, *, at: datetime, actor: Actor | None) -> None:
    """Let shoppers see it no more; codes that lead to it say so and show something else."""
    _set_published(db, occasion, False, "occasion.take_back", at=at, actor=actor)


def _set_published(
    db: Session, occasion: Occasion, is_published: bool, action: str, *, at: datetime, actor: Actor | None
) -> None:
    if occasion.is_published == is_published:
        return
    occasion.is_published = is_published
    _note(db, occasion, action, at=at, actor=actor)
    _tell(db, occasion, at=at)


def _check(db: Session, retailer: Retailer, said: Said) -> _Checked:
    problems: dict[str, str] = {}
    title = clean_texts(retailer, "title", said.title, most=MAX_TITLE_CHARS, problems=problems)
    words = clean_texts(retailer, "words", said.words, most=MAX_WORDS_CHARS, problems=problems, clean=clean_block)
    spot = clean_texts(retailer, "spot", said.spot, most=MAX_SPOT_CHARS, problems=problems)
    if not title and not any(name.startswith("title.") for name in problems):
        problems[f"title.{retailer.default_locale}"] = "Give the event a title."
    begins, ends = read_clock(said.begins), read_clock(said.ends)
    if not begins:
        problems["begins"] = "Say when it begins: a day and a time."
    if not ends:
        problems["ends"] = "Say when it ends: a day and a time."
    elif begins and ends <= begins:
        problems["ends"] = "It ends before it begins. Choose a later time."
    wanted = list(dict.fromkeys(said.store_ids))
    if not wanted:
        problems["stores"] = "Choose at least one store."
    elif len(wanted) > MAX_STORES:
        problems["stores"] = f"{MAX_STORES} stores are the most."
    if problems:
        raise FormError(problems)
    stores = list(db.scalars(select(Store).where(Store.id.in_(wanted), Store.retailer_id == retailer.id)))
    if len(stores) < len(wanted):
        raise NotFound("One of these stores is not here any more. Reload the page and choose again.")
    return _Checked(title, words, spot, begins, ends, stores)


def read_clock(text: str) -> str:
    """What a clock shows, in its one written form; empty where a text says no day and time."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    if read.tzinfo is not None or len(text.strip()) < len("2026-12-10T18:00"):
        return ""
    return read.strftime("%Y-%m-%dT%H:%M") if 2000 <= read.year <= 2999 else ""


def _set_stores(db: Session, occasion: Occasion, stores: Collection[Store]) -> None:
    db.execute(delete(OccasionStore).where(OccasionStore.occasion_id == occasion.id))
    db.add_all(
        OccasionStore(id=ids.new(), retailer_id=occasion.retailer_id, occasion_id=occasion.id, store_id=store.id)
        for store in stores
    )
    db.flush()


def _tell(db: Session, occasion: Occasion, *, at: datetime) -> None:
    occasion.changed_at = at
    changed(db, occasion.retailer_id, occasion.id, at=at)


def _note(
    db: Session,
    occasion: Occasion,
    action: str,
    *,
    at: datetime,
    actor: Actor | None,
    detail: dict[str, object] | None = None,
) -> None:
    subject = ("occasion", occasion.id)
    audit.record(db, actor, action, subject, at=at, retailer_id=occasion.retailer_id, detail=detail)

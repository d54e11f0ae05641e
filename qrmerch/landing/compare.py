"""Two or three items beside each other, by the facts that their pages state; nothing is kept or counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.i18n import translator
from qrmerch.landing.pages import ComparedFact, ComparePage
from qrmerch.landing.shopper import Place, choose_locale, find_place, load_host_house, respond
from qrmerch.rendering.frame import build_frame
from qrmerch.rendering.pages import Fact, Piece, Translate
from qrmerch.rendering.queries import load_scene
from qrmerch.rendering.sections import read_facts
from qrmerch.rendering.service import MAX_COMPARED, list_cards
from qrmerch.web import get_db

blueprint = Blueprint("landing_compare", __name__)


@blueprint.get("/compare")
@allow_anyone
def compare() -> Response:
    """The items that the address names, as seen in the store it names; differing facts first."""
    db, at = get_db(), now()
    asked = list(dict.fromkeys(request.args.getlist("i")))
    # One more than fits is looked up, so that it can be said that there were more.
    found = [place for each in asked[: MAX_COMPARED + 1] if (place := find_place(db, each, at=at))]
    places = [each for each in found if each.item.retailer_id == found[0].item.retailer_id]
    house = places[0].house if places else load_host_house(db, at=at)
    locale = places[0].locale if places else choose_locale(house)
    t = translator(locale)
    shown = places[:MAX_COMPARED]
    frame, block = build_frame(house, locale=locale, title=t("Side by side"))
    facts = _read_facts(db, shown, locale, at) if len(shown) > 1 else []
    differing, same = _split(facts)
    page = ComparePage(
        t=t,
        frame=frame,
        pieces=_cards(db, shown, locale, at),
        differing=differing,
        same=same,
        besides=_besides(facts),
        said=_say(t, shown=len(shown), others=len(found) - len(places), more=len(places) - len(shown)),
    )
    return respond("landing/compare.html", page, block)


def _cards(db: Session, places: Sequence[Place], locale: str, at: datetime) -> tuple[Piece, ...]:
    if not places:
        return ()
    store, is_nowhere = places[0].store, places[0].is_nowhere
    items = [each.item for each in places]
    return list_cards(db, items, locale=locale, store=store, kept=(), at=at, is_nowhere=is_nowhere)


def _read_facts(db: Session, places: Sequence[Place], locale: str, at: datetime) -> list[tuple[Fact, ...]]:
    """Each item's facts, as its own page states them."""
    scenes = [load_scene(db, item_id=each.item.id, store_id=each.store_id, locale=locale, at=at) for each in places]
    return [read_facts(scene.source) for scene in scenes]


def _split(facts: Sequence[tuple[Fact, ...]]) -> tuple[tuple[ComparedFact, ...], tuple[Fact, ...]]:
    """The facts that two or more state and in which they differ, those that most of them state first, and those that
    all state alike."""
    by_name = [{fact.name: fact for fact in each} for each in facts]
    differing, same = [], []
    for name in dict.fromkeys(fact.name for each in facts for fact in each):
        stated = tuple(each.get(name) for each in by_name)
        first = next(fact for fact in stated if fact)
        if len({fact.value.casefold() if fact else "" for fact in stated}) == 1:
            same.append(first)
        elif stated.count(None) < len(stated) - 1:
            differing.append(ComparedFact(first, stated))
    differing.sort(key=lambda row: row.stated.count(None))
    return tuple(differing), tuple(same)


def _besides(facts: Sequence[tuple[Fact, ...]]) -> tuple[tuple[Fact, ...], ...]:
    """What each item alone states: unlike things would otherwise fill a table with gaps. Empty where none does."""
    stated = Counter(name for each in facts for name in {fact.name for fact in each})
    alone = tuple(tuple(fact for fact in each if stated[fact.name] == 1) for each in facts)
    return alone if any(alone) else ()


def _say(t: Translate, *, shown: int, others: int, more: int) -> str:
    """What could not be set beside the rest, and why."""
    if shown < 2 and not others:
        return t("Choose two or three things, on your list or on a page, and they stand side by side here.")
    if others:
        return t("Only things of one shop can stand side by side.")
    return t("Three at most stand side by side; these are the first three.") if more else ""

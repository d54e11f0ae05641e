"""A page as a plain file: what stands at a printed address when nothing runs behind it any more.

In: an item, a store, a look or an event and an instant. Out: HTML that needs no other file than its picture, without
script, price or stock, which would soon be wrong.
Never: a word or picture of a vendor's that is not published.
"""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.catalog.queries import get_item
from qrmerch.content.holding import list_down_ids
from qrmerch.db import get_one
from qrmerch.i18n import direction, translator
from qrmerch.looks.queries import get_look, list_items
from qrmerch.occasions.queries import get_occasion, hold_in, list_stores_of
from qrmerch.parties.models import Store
from qrmerch.rendering.apart import word_time
from qrmerch.rendering.frame import House, load_house, pick_text
from qrmerch.rendering.pages import Fact, Translate
from qrmerch.rendering.pictures import PagePictures
from qrmerch.rendering.queries import load_scene
from qrmerch.rendering.sections import read_facts, read_story
from qrmerch.rendering.templates import render_html
from qrmerch.rendering.wording import word_gone


@dataclass(frozen=True, slots=True)
class FallbackPage:
    """What `rendering/fallback.html` receives."""

    t: Translate
    locale: str
    direction: str
    house: str
    colour: str
    title: str
    # Said above everything else: no longer sold.
    note: str
    lines: tuple[str, ...]
    lede: str
    text: Markup
    facts: tuple[Fact, ...]
    # Where the picture lies beside the page; empty for none.
    picture: str
    alt: str
    width: int
    height: int
    legal: str


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A page to write, and the picture it needs: its name at `/media/` and where the page expects it."""

    html: bytes
    picture: str = ""
    picture_name: str = ""


def render_item_file(
    db: Session, *, item_id: str, at: datetime, is_retired: bool = False, pictures: str = "img/"
) -> PlainFile:
    """An item's page as a file, in the retailer's first language.

    :param pictures: the folder of pictures as seen from the page.
    """
    house = load_house(db, get_item(db, item_id).retailer_id, at=at)
    scene = load_scene(db, item_id=item_id, store_id=None, locale=house.first, at=at, house=house)
    t, story = translator(house.first), read_story(scene.source)
    gallery = PagePictures(db, scene.source, at=at).gallery
    first = gallery[0] if gallery else None
    name = first.src.rpartition("/")[2] if first else ""
    is_gone = is_retired or scene.item.is_retired
    page = FallbackPage(
        **_around(house),
        t=t,
        title=scene.item.title,
        note=word_gone(house.first, may_return=not is_gone) if is_gone or scene.is_down else "",
        lines=(scene.maker,) if scene.maker else (),
        lede=story.lede,
        text=story.text,
        facts=tuple(read_facts(scene.source)),
        picture=f"{pictures}{name}" if name else "",
        alt=first.alt if first else "",
        width=first.width if first else 0,
        height=first.height if first else 0,
    )
    return PlainFile(render_html("rendering/fallback.html", page).encode(), first.src if first else "", name)


def render_store_file(db: Session, *, store_id: str, at: datetime) -> PlainFile:
    """A store's page as a file, in the retailer's first language."""
    store = get_one(db, Store, store_id)
    house = load_house(db, store.retailer_id, at=at)
    lines = tuple(line for line in (store.address, store.town, store.hours) if line)
    return PlainFile(_render_words(house, store.name, lines))


def render_look_file(db: Session, *, look_id: str, at: datetime) -> PlainFile:
    """A look's page as a file, in the retailer's first language: what it is made of, while it is published."""
    look = get_look(db, look_id)
    house = load_house(db, look.retailer_id, at=at)
    items = [item for item in list_items(db, look.id) if not item.is_retired] if look.is_published else []
    down = list_down_ids(db, items, store_ids={}, locale=house.first, at=at)
    items = [item for item in items if item.id not in down]
    if not items:
        return PlainFile(_render_words(house, translator(house.first)("This look is no longer here"), ()))
    title, words = (pick_text(each, house.first, house.locales) for each in (look.title, look.words))
    return PlainFile(_render_words(house, title, (*([words] if words else ()), *(item.title for item in items))))


def render_occasion_file(db: Session, *, occasion_id: str, at: datetime) -> PlainFile:
    """An event's page as a file, in the retailer's first language: when and where, while it is published."""
    occasion = get_occasion(db, occasion_id)
    house = load_house(db, occasion.retailer_id, at=at)
    held = [hold_in(occasion, store) for store in list_stores_of(db, occasion.id)]
    if not occasion.is_published or not held:
        return PlainFile(_render_words(house, translator(house.first)("This event is no longer here"), ()))
    title, words = (pick_text(each, house.first, house.locales) for each in (occasion.title, occasion.words))
    when = dict.fromkeys(word_time(each, house.first) for each in held)
    lines = (*when, *(each.store.name for each in held), *(line for line in words.split("\n") if line))
    return PlainFile(_render_words(house, title, lines))


def render_words_file(db: Session, *, retailer_id: str, title: str, lines: tuple[str, ...], at: datetime) -> PlainFile:
    """A page of a title and some lines, in the retailer's first language, for addresses that are no item's."""
    house = load_house(db, retailer_id, at=at)
    t = translator(house.first)
    return PlainFile(_render_words(house, t(title), tuple(t(line) for line in lines)))


def _render_words(house: House, title: str, lines: tuple[str, ...]) -> bytes:
    page = FallbackPage(
        **_around(house),
        t=translator(house.first),
        title=title,
        note="",
        lines=lines,
        lede="",
        text=Markup(),
        facts=(),
        picture="",
        alt="",
        width=0,
        height=0,
    )
    return render_html("rendering/fallback.html", page).encode()


def _around(house: House) -> dict[str, str]:
    return {
        "locale": house.first,
        "direction": direction(house.first),
        "house": house.wordmark or house.name,
        "colour": house.colours.brand,
        "legal": house.legal.get(house.first, ""),
    }

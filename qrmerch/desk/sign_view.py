"""What a sign shows of items: gathered from their pages as shoppers see them at that place, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.codes.models import Carrier, Code, CodeState, Subject
from qrmerch.codes.queries import said_by
from qrmerch.codes.service import Place
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.content.library import HEAD_KINDS
from qrmerch.errors import FormError
from qrmerch.files import FileStore
from qrmerch.media.marks import find_mark
from qrmerch.media.models import Asset, AssetKind, Recording
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.parties.queries import get_brand
from qrmerch.printing.house_face import font_key_of
from qrmerch.printing.sign_words import Holds
from qrmerch.printing.signs import Dress, PictureFile, Shown
from qrmerch.rendering.brand import derive_colours
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.queries import Scene, list_first_pictures, list_look_items, load_scene
from qrmerch.rendering.recordings import list_played
from qrmerch.rendering.sections import read_story
from qrmerch.rendering.service import list_shown_offers
from qrmerch.rendering.wording import word_price

_LINE_CHARS: Final = 120
_READ_AT_ONCE: Final = 500
_DAY_CHARS: Final = 10


@dataclass(frozen=True, slots=True)
class Gathered:
    """Items as a sign shows them, their addresses still to come, and what all of their pages hold."""

    items: tuple[Shown, ...]
    holds: Holds


def gather(
    db: Session,
    items: Sequence[Item],
    place: Place,
    *,
    retailer: Retailer,
    locale: str,
    base: str,
    at: datetime,
    hangs_until: date | None = None,
) -> Gathered:
    """What items show at a place in a language; each has an address as long as its code's will be.

    :param base: scheme and host that the retailer's codes are printed with.
    :param hangs_until: the last day on which it hangs, for offers that run at least as long; None where nobody said.
    """
    store_id = store_of(place)
    house = load_house(db, retailer.id, at=at)
    pictures = _find_pictures(db, items, store_id, locale, at)
    shown, holds = [], []
    for item in items:
        scene = load_scene(db, item_id=item.id, store_id=store_id, locale=locale, at=at, house=house)
        shown.append(replace(_show(scene, locale, base), picture=pictures.get(item.id)))
        holds.append(_holds_of(db, scene, item, hangs_until))
    return Gathered(tuple(shown), _in_all(holds))


def held_by_all(
    db: Session,
    hung: Sequence[tuple[Item, str | None]],
    *,
    retailer: Retailer,
    locale: str,
    at: datetime,
    hangs_until: date | None = None,
) -> Holds:
    """What the pages of all these items hold, each in its store (None: in no store); see `gather`."""
    house = load_house(db, retailer.id, at=at)
    holds = []
    for item, store_id in hung:
        scene = load_scene(db, item_id=item.id, store_id=store_id, locale=locale, at=at, house=house)
        holds.append(_holds_of(db, scene, item, hangs_until))
    return _in_all(holds)


def _in_all(holds: Sequence[Holds]) -> Holds:
    if not holds:
        return Holds()
    ends = [each.offer_until for each in holds if each.offer_until]
    return Holds(
        offer_until=min(ends) if len(ends) == len(holds) else None,
        sizes=all(each.sizes for each in holds),
        stock=all(each.stock for each in holds),
        film=all(each.film for each in holds),
        look=all(each.look for each in holds),
    )


def with_codes(items: Sequence[Shown], codes: Sequence[Code], *, base_url: str) -> tuple[Shown, ...]:
    """The items with the addresses of their codes, one for each.

    :param base_url: the installation's own address, for codes that carry none of their retailer's.
    """
    return tuple(
        replace(item, address=said_by(code, base_url), token=code.token)
        for item, code in zip(items, codes, strict=True)
    )


def find_codes(db: Session, items: Sequence[Item], place: Place) -> Mapping[str, Code]:
    """The oldest active code of each item at a place, by item id; items without one are left out."""
    fixture_id = place.id if isinstance(place, Fixture) else None
    found: dict[str, Code] = {}
    ids = [item.id for item in items]
    for begin in range(0, len(ids), _READ_AT_ONCE):
        wanted = select(Code).where(
            Code.subject_kind == Subject.ITEM,
            Code.subject_id.in_(ids[begin : begin + _READ_AT_ONCE]),
            Code.carrier == Carrier.PRINT,
            Code.campaign == "",
            Code.state == CodeState.ACTIVE,
            Code.store_id == store_of(place) if place else Code.store_id.is_(None),
            Code.fixture_id == fixture_id if fixture_id else Code.fixture_id.is_(None),
        )
        for code in db.scalars(wanted.order_by(Code.created_at.desc(), Code.id.desc())):
            found[code.subject_id] = code
    return found


def read_hangs_until(text: str, *, at: datetime, zone: str) -> date | None:
    """The last day on which print hangs, as a form says it; None where it says nothing.

    :raises FormError: no day, or one that is over.
    """
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip()[:_DAY_CHARS])
    except ValueError:
        raise FormError({"hangs_until": f"{text[:20]} is no day. Write it as 2026-12-31."}) from None
    if day < at.astimezone(ZoneInfo(zone)).date():
        raise FormError({"hangs_until": "This day is over. Say until when it will hang, or nothing."})
    return day


def store_of(place: Place) -> str | None:
    """The store that a place is in, or is."""
    if place is None:
        return None
    return place.store_id if isinstance(place, Fixture) else place.id


def say_place(db: Session, place: Place) -> str:
    """A place in words; empty for none."""
    if isinstance(place, Fixture):
        return f"{db.get_one(Store, place.store_id).short_name}, {place.name}"
    return place.short_name if place else ""


def dress_of(db: Session, retailer: Retailer, *, store: FileStore, at: datetime) -> Dress:
    """The retailer's brand on paper."""
    kit = get_brand(db, retailer.id, at=at)
    colours = derive_colours(kit.colour)
    return Dress(
        wordmark=kit.wordmark or retailer.name,
        fill=colours.fill.light,
        on_fill=colours.on_fill.light,
        code=colours.code,
        tone=str(kit.tone),
        logo_key=kit.logo_key if find_mark(store, kit.logo_key) else "",
        font_key=font_key_of(kit),
    )


def _show(scene: Scene, locale: str, base: str) -> Shown:
    source = scene.source
    heads = {kind for kind in HEAD_KINDS if source.has(kind) or not scene.is_published}
    price = word_price(scene.shelf, locale, offer=None, hides_reductions=scene.retailer.no_discount)
    token = make_token()
    return Shown(
        address=address_of(base, token),
        token=token,
        title=scene.item.title,
        price=price.now if price and "price" in heads else "",
        line=_cut(read_story(source).lede),
    )


def _cut(text: str) -> str:
    """A text that is short enough to stand under a name; of a long one nothing, for half a sentence says nothing."""
    text = " ".join(text.split())
    return text if len(text) <= _LINE_CHARS else ""


def _offer_until(scene: Scene, hangs_until: date | None) -> date | None:
    """The last day of an offer that a page shows and that runs from now until the print is taken down, or longer.

    Where the code hangs in no store, it has to hold in all of them.
    """
    if hangs_until is None:
        return None
    offers = [offer for each in list_shown_offers(scene) for offer in each]
    zone = ZoneInfo(scene.zone)
    # The last whole day: an offer that ends at noon is not promised for that day's evening.
    ends = [
        offer.until_at.astimezone(zone).date() - timedelta(days=1)
        for offer in offers
        if scene.store is not None or offer.store_ids is None
    ]
    last = max(ends, default=None)
    return last if last is not None and last >= hangs_until else None


def _holds_of(db: Session, scene: Scene, item: Item, hangs_until: date | None = None) -> Holds:
    source = scene.source
    heads = {kind for kind in HEAD_KINDS if source.has(kind) or not scene.is_published}
    ids = scene.shelf.variant_ids
    is_counted = scene.store is not None and scene.shelf.state_at(scene.store.id, ids) not in ("", "ask")
    return Holds(
        sizes=len(ids) > 1 and "variants" in heads,
        stock=is_counted and "stock" in heads,
        film=bool(list_played(source)),
        look=source.has("look") and bool(list_look_items(db, item)[1]),
        offer_until=_offer_until(scene, hangs_until),
    )


def _find_pictures(
    db: Session, items: Sequence[Item], store_id: str | None, locale: str, at: datetime
) -> dict[str, PictureFile]:
    """The file of each item's first published picture that may be shown, by item id."""
    places = {item.id: store_id for item in items} if store_id else {}
    first = list_first_pictures(db, items, store_ids=places, locale=locale, at=at)
    wanted = {each.asset_id for each in first.values()}
    fronts = select(Recording.asset_id, Recording.poster_id).where(
        Recording.asset_id.in_(wanted), Recording.poster_id.is_not(None)
    )
    instead = {asset_id: str(poster_id) for asset_id, poster_id in db.execute(fronts)}
    rows = select(Asset).where(Asset.id.in_({*wanted, *instead.values()}), Asset.kind == AssetKind.PICTURE)
    assets = {asset.id: asset for asset in db.scalars(rows)}
    found = {}
    for item_id, each in first.items():
        asset = assets.get(instead.get(each.asset_id, each.asset_id))
        if asset is not None and asset.width and asset.height:
            ground = asset.ground or "#ffffff"
            found[item_id] = PictureFile(
                asset.source_key,
                asset.width,
                asset.height,
                asset.focus_x,
                asset.focus_y,
                ground,
                until=f"{asset.rights_until - timedelta(days=1):%Y-%m-%d}" if asset.rights_until else "",
            )
    return found

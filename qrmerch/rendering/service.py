"""An item's page, rendered for one store, language and instant.

In: ids and an instant. Out: the bytes that every phone gets, their headers, and until when they are true.
Never: a word of a vendor's that no reviewer let through, or anything about the person who looks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.library import HEAD_KINDS
from qrmerch.content.models import Revision, Style, TemplateVersion
from qrmerch.i18n import translator
from qrmerch.looks.models import Look
from qrmerch.media.queries import Picture as FoundPicture
from qrmerch.media.queries import pictures_of
from qrmerch.money import format_money
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_stores
from qrmerch.rendering.around import find_elsewhere, list_hanging, list_spots
from qrmerch.rendering.frame import APART_SHEETS, ITEM_SHEETS, House, build_frame, language_links, pick_text
from qrmerch.rendering.kept import NOWHERE, RenderedPage
from qrmerch.rendering.opening import word_opening
from qrmerch.rendering.pages import (
    Beside,
    CallButton,
    Choice,
    Elsewhere,
    Fold,
    Frame,
    GonePage,
    Hanging,
    Instead,
    ItemPage,
    LookSection,
    OfferCard,
    Piece,
    Price,
    ReviewSection,
    Section,
    Specification,
    StoreQuestion,
)
from qrmerch.rendering.pictures import PagePictures, as_approved, card_picture
from qrmerch.rendering.preview import make_preview
from qrmerch.rendering.queries import (
    Scene,
    find_stock_edge,
    list_alternatives,
    list_card_edges,
    list_look_items,
    load_cards,
    load_scene,
    load_shelves,
    stock_limit,
)
from qrmerch.rendering.recordings import load_recordings
from qrmerch.rendering.said import load_reviews, word_score
from qrmerch.rendering.sections import (
    Extras,
    Source,
    build_sections,
    pick_figures,
    read_contact,
    read_facts,
    read_guide,
    read_story,
)
from qrmerch.rendering.style import Ground, StyleBlock, page_policy
from qrmerch.rendering.templates import render_html
from qrmerch.rendering.wording import (
    Shelf,
    list_other_stores,
    low_price,
    one_price,
    one_was,
    word_choice,
    word_gone,
    word_news,
    word_offer,
    word_price,
    word_spot,
    word_stock,
    word_stock_at,
)

# Nothing that is not announced by a change stays longer than this.
KEPT_AT_MOST: Final = timedelta(hours=24)
_DESCRIPTION_CHARS: Final = 160
# What is still good to know of something that is no longer sold.
_KEPT_WORDS: Final = frozenset(("care", "facts", "specification", "passport", "downloads"))
# More stores than this are looked for by name.
_LISTED_STORES: Final = 24
_SCHEMES: Final = ("light", "dark")
_HERE: Final = ("in_stock", "few")
# Wider tables than three items are none for a phone.
MAX_COMPARED: Final = 3


@dataclass(frozen=True, slots=True)
class Personal:
    """What a page shows to one shopper only."""

    kept: Collection[str] = ()

    @property
    def count(self) -> int:
        return len(self.kept)


def render_item_page(
    db: Session,
    *,
    item_id: str,
    store_id: str | None,
    locale: str,
    at: datetime,
    is_retired: bool = False,
    is_nowhere: bool = False,
    pick: str = "",
    base_url: str = "",
    personal: Personal | None = None,
    is_away: bool = False,
    is_preview: bool = False,
    scheme: str = "",
    revision: Revision | None = None,
    house: House | None = None,
    version: TemplateVersion | None = None,
) -> RenderedPage:
    """An item's page as a phone gets it.

    :param store_id: where it is seen; None for nowhere in particular.
    :param is_retired: the code it was reached by is retired; an item that is retired shows so by any code.
    :param is_nowhere: the shopper said that they are in no store, and is not asked again.
    :param pick: the key of the variant that is chosen as the page opens.
    :param base_url: scheme and host for absolute addresses where the retailer has no host of its own.
    :param personal: marks what one shopper keeps; such bytes are that shopper's alone.
    :param is_away: a friend's link: the shopper need not stand in the store that the page is of.
    :param is_preview: for our own studio and desk: may be framed by them, runs no script, sends no form.
    :param scheme: of a preview: lit as by day (`light`) or `dark`, whatever the screen around it is.
    :param revision: shown instead of what is published, for a preview; it need not be kept anywhere yet.
    :param house: a brand that is only tried on, instead of the one that holds.
    :param version: a version of a template to show the revision in instead of its own; it need not be kept either.
    :raises NotFound: there is no such item.
    """
    scene = load_scene(
        db, item_id=item_id, store_id=store_id, locale=locale, at=at, revision=revision, house=house, version=version
    )
    scene = replace(scene, is_nowhere=is_nowhere and scene.store is None, pick=pick, is_away=is_away)
    is_gone = is_retired or scene.item.is_retired or scene.is_down
    make = _make_gone_page if is_gone else _make_item_page
    page, block, edges = make(db, scene, base_url=base_url, personal=personal, at=at)
    others = _list_others(db, scene, page)
    seen_in = scene.store.id if scene.store else None
    edges += list_card_edges(db, others, store_id=seen_in, locale=locale, at=at)
    if is_preview:
        page, block = _as_preview(page, block, scheme)
    too_old = find_stock_edge(db, (scene.item.id, *others), limit=stock_limit(scene.retailer), at=at)
    return RenderedPage(
        html=render_html(page.template, page).encode(),
        headers=(page_policy(block, is_preview=is_preview), ("Content-Language", scene.source.locale)),
        until=min((*scene.edges, *edges, too_old or at + KEPT_AT_MOST, at + KEPT_AT_MOST)),
        item_id=scene.item.id,
        others=others,
    )


def _list_others(db: Session, scene: Scene, page: ItemPage | GonePage) -> tuple[str, ...]:
    """The ids of the items that stand on a page as cards, or would if they were not taken down."""
    pieces = page.alternatives if isinstance(page, GonePage) else ()
    shown = [piece.public_id for piece in pieces]
    if isinstance(page, GonePage) or scene.source.has("look"):
        shown += [item.public_id for item in list_look_items(db, scene.item)[1]]
    for section in page.sections:
        if isinstance(section, Instead):
            shown += section.considered
        elif isinstance(section, Beside):
            shown.append(section.piece.public_id)
    return tuple(db.scalars(select(Item.id).where(Item.public_id.in_(shown)))) if shown else ()


def _as_preview(page: ItemPage | GonePage, block: StyleBlock, scheme: str) -> tuple[ItemPage | GonePage, StyleBlock]:
    logo = page.frame.logo
    if scheme in _SCHEMES:
        block = StyleBlock(block.css + Markup(":root{{color-scheme:{}}}").format(scheme))
        logo = replace(logo, dark_when="all" if scheme == "dark" else "not all") if logo else None
    frame = replace(page.frame, css=block.css, script="", is_indexed=False, logo=logo)
    if isinstance(page, ItemPage):
        # A preview leads nowhere, and nobody stands in a store before it.
        sections = tuple(each for each in page.sections if not isinstance(each, Hanging))
        choice = page.choice
        if choice is not None:
            choice = replace(choice, chips=tuple(replace(chip, tell="") for chip in choice.chips))
        return replace(page, frame=frame, question=None, sections=sections, choice=choice, tell="", call=None), block
    return replace(page, frame=frame), block


def _make_item_page(
    db: Session, scene: Scene, *, base_url: str, personal: Personal | None, at: datetime
) -> tuple[ItemPage, StyleBlock, list[datetime]]:
    source, item = scene.source, scene.item
    heads = {kind for kind in HEAD_KINDS if source.has(kind) or not scene.is_published}
    shown = PagePictures(db, source, at=at)
    main, invitation = split_offers(scene)
    story, facts = read_story(source), read_facts(source)
    state, stock_words = _word_stock(scene) if "stock" in heads else ("", "")
    choice = _word_choice(scene) if "variants" in heads else None
    guide = read_guide(source) if choice else None
    reviews = load_reviews(db, item, source.locale, more=_reviews_address(scene)) if source.has("reviews") else None
    extras = _load_extras(db, scene, shown, reviews, invitation, has_guide=guide is not None, personal=personal, at=at)
    around, edges = _list_around(db, scene, state, personal=personal, at=at)
    description = _describe(story.lede, stock_words)
    frame, block = _frame_of(
        scene, personal, description=description, style=scene.style, ground=shown.ground, is_indexed=True
    )
    preview = make_preview(
        db, scene, shown.gallery, shown.preview, reviews,
        base_url=base_url, recordings=extras.recordings.values(), heads=heads, offer=main, at=at,
    )  # fmt: skip
    page = ItemPage(
        t=translator(source.locale),
        frame=frame,
        preview=preview,
        public_id=item.public_id,
        at=_said_place(scene),
        title=item.title,
        maker=scene.maker if "headline" in heads else "",
        place=scene.store.short_name if scene.store else "",
        gallery=shown.gallery,
        is_cover_light=shown.is_light,
        price=_word_price(scene, main) if "price" in heads else None,
        shows_name="headline" in heads,
        shows_price="price" in heads,
        stock=state,
        stock_words=stock_words,
        choice=choice,
        offer=_card(main, scene) if main else None,
        story=story,
        figures=tuple(facts) if scene.style == Style.QUIET else pick_figures(facts),
        reviews_words=word_score(reviews, source.locale) if reviews else "",
        sections=_arrange(around, build_sections(source, extras, () if scene.style == Style.QUIET else facts)),
        is_kept=bool(personal and item.public_id in personal.kept),
        is_neutral=not scene.is_published,
        question=_ask_store(scene),
        elsewhere=_find_elsewhere(scene) if "stock" in heads else None,
        guide=guide,
        contact=read_contact(source),
        call=_word_call(scene, choice, state),
        is_away=scene.is_away,
        tell=_tell_of_one(scene) if "stock" in heads else "",
        spot=_word_spot(db, scene, state),
    )
    return page, block, shown.edges + edges


def _arrange(around: Sequence[Section], own: Sequence[Section]) -> tuple[Section, ...]:
    """The template's own sections with what stands around: another item behind the specification, the rest first."""
    beside = [each for each in around if isinstance(each, Beside)]
    first = [each for each in around if not isinstance(each, Beside)]
    after = next((place for place, each in enumerate(own, 1) if isinstance(each, Specification)), len(own))
    return (*first, *own[:after], *beside, *own[after:])


def _word_stock(scene: Scene) -> tuple[str, str]:
    say = word_stock_at if scene.is_away else word_stock
    return say(scene.shelf, scene.store, scene.source.locale)


def _word_spot(db: Session, scene: Scene, state: str) -> str:
    """Where in the store the item is; nothing for somebody who need not be there, or where there is none of it."""
    if scene.store is None or scene.is_away or state == "none":
        return ""
    return word_spot(list_spots(db, scene.item.id, scene.store), scene.source.locale)


def _word_price(scene: Scene, offer: Offer | None) -> Price | None:
    return word_price(
        scene.shelf,
        scene.source.locale,
        offer=offer if offer and offer.kind.is_discount else None,
        hides_reductions=scene.retailer.no_discount,
    )


def _find_elsewhere(scene: Scene) -> Elsewhere | None:
    lang = scene.house.lang(scene.source.locale)
    if scene.is_away:
        return None
    return find_elsewhere(
        scene.shelf,
        scene.store,
        scene.source.locale,
        lambda store: item_address(scene.item, store, lang, pick=scene.pick),
    )


def _reviews_address(scene: Scene) -> str:
    """Where all reviews of the item are read."""
    said = {"at": _said_place(scene), "lang": scene.house.lang(scene.source.locale)}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"/i/{scene.item.public_id}/reviews" + (f"?{query}" if query else "")


def _list_around(
    db: Session, scene: Scene, state: str, *, personal: Personal | None, at: datetime
) -> tuple[list[Section], list[datetime]]:
    """What stands before the template's own sections: where the item hangs, or what is here in its place."""
    locale, lang = scene.source.locale, scene.house.lang(scene.source.locale)
    if scene.store is None or scene.is_away:
        stores, edges = list_hanging(
            db, scene.item.id, scene.shelf.stores, first=scene.store, locale=locale, at=at,
            address=lambda store: item_address(scene.item, store, lang, pick=scene.pick),
        )  # fmt: skip
        return [Hanging(stores)] if stores else [], edges
    return _list_alike(db, scene, state, personal=personal, at=at)


def _list_alike(
    db: Session, scene: Scene, state: str, *, personal: Personal | None, at: datetime
) -> tuple[list[Section], list[datetime]]:
    """What is like the item: all that is here where it is not; else one of them, where the style has a place for it."""
    if state != "none" and scene.style != Style.EDITORIAL:
        return [], []
    store, lang = scene.store, scene.house.lang(scene.source.locale)
    seen_in = store.id if store else None
    items, edges = list_alternatives(
        db, scene.item, store_id=seen_in, locale=scene.source.locale, at=at, has_look=False
    )
    if not items:
        return [], edges
    pieces = list_pieces(db, items, scene, personal=personal, at=at)
    own = scene.item.public_id
    if state != "none":
        return [Beside(pieces[0], compare_address([own, pieces[0].public_id], store, lang))], edges
    here = tuple(each for each in pieces if each.stock in _HERE)
    compare = compare_address([own, *(each.public_id for each in here)], store, lang)
    return [Instead(here, compare, considered=tuple(each.public_id for each in items))], edges


def compare_address(public_ids: Sequence[str], store: Store | None, lang: str = "") -> str:
    """The page that sets items beside each other: the first three of these, as seen in a store."""
    said = [("i", each) for each in public_ids[:MAX_COMPARED]]
    said += [(name, value) for name, value in (("at", store.public_id if store else ""), ("lang", lang)) if value]
    return f"/compare?{urlencode(said)}"


def _word_choice(scene: Scene) -> Choice | None:
    choice = word_choice(scene.shelf, scene.store, scene.source.locale, pick=scene.pick)
    if choice is None:
        return None
    chips = (
        replace(chip, tell=_tell_address(scene, chip.value) if chip.stock == "none" else "") for chip in choice.chips
    )
    return replace(choice, chips=tuple(chips))


def _word_call(scene: Scene, choice: Choice | None, state: str) -> CallButton | None:
    """How somebody is called to this page's reader; None where nobody comes, or who reads it may be elsewhere."""
    if not scene.is_staffed or scene.is_away:
        return None
    t = translator(scene.source.locale)
    is_first = scene.style != Style.EVERYDAY
    if scene.style == Style.QUIET:
        return CallButton(t("Ask an advisor to join you"), False, is_first)
    if choice is None or not choice.is_of_size or state == "none":
        return CallButton(t("Ask a colleague to come"), False, is_first)
    return CallButton(t("Bring my size"), True, is_first)


def _tell_of_one(scene: Scene) -> str:
    """The page to be told when an item of one variant is back; empty where it is here, or there is a choice."""
    shelf, store = scene.shelf, scene.store
    if len(shelf.variants) != 1:
        return ""
    is_gone = shelf.state_at(store.id, shelf.variant_ids) == "none" if store else shelf.is_gone(shelf.variant_ids)
    return _tell_address(scene) if is_gone else ""


def _tell_address(scene: Scene, pick: str = "") -> str:
    said = {"at": _said_place(scene), "lang": scene.house.lang(scene.source.locale), "pick": pick}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"/i/{scene.item.public_id}/tell" + (f"?{query}" if query else "")


def _load_extras(
    db: Session,
    scene: Scene,
    shown: PagePictures,
    reviews: ReviewSection | None,
    invitation: Offer | None,
    *,
    has_guide: bool,
    personal: Personal | None,
    at: datetime,
) -> Extras:
    source = scene.source
    return Extras(
        look=_load_look(db, scene, personal, at) if source.has("look") else None,
        reviews=reviews,
        invitation=_card(invitation, scene) if invitation else None,
        pictures=shown.by_asset,
        stores=_store_folds(scene, at),
        recordings=load_recordings(db, source, at=at),
        thanks=_thank(scene),
        has_specification=scene.style == Style.EDITORIAL,
        of=scene.house.slug,
        news_href=scene.house.address("/sign-up", source.locale),
        news=word_news(scene.house.name, source.locale),
        is_guide_apart=has_guide,
    )


def _thank(scene: Scene) -> str:
    """Who reads what was tapped."""
    reader = scene.store.short_name if scene.store else scene.house.name
    return translator(scene.source.locale)("Thank you. {store} reads these.").format(store=reader)


def _make_gone_page(
    db: Session, scene: Scene, *, base_url: str, personal: Personal | None, at: datetime
) -> tuple[GonePage, StyleBlock, list[datetime]]:
    item, locale = scene.item, scene.source.locale
    shown = PagePictures(db, scene.source, at=at)
    said = word_gone(locale, may_return=scene.is_down and not item.is_retired)
    frame, block = _frame_of(scene, personal, description=said, sheets=APART_SHEETS)
    care = [section for section in scene.source.sections if section["kind"] in _KEPT_WORDS]
    kept_words = Source(care, scene.source.slots, scene.source.facts, locale, scene.source.fallbacks)
    nothing = Extras(look=None, reviews=None, invitation=None, pictures={}, stores=())
    seen_in = scene.store.id if scene.store else None
    others, edges = list_alternatives(db, item, store_id=seen_in, locale=locale, at=at)
    page = GonePage(
        t=translator(locale),
        frame=frame,
        said=said,
        may_return=scene.is_down and not item.is_retired,
        preview=make_preview(
            db, scene, shown.gallery, shown.preview, None, base_url=base_url, heads=("headline",), at=at
        ),
        public_id=item.public_id,
        at=_said_place(scene),
        title=item.title,
        portrait=shown.gallery[0] if shown.gallery else None,
        alternatives=list_pieces(db, others, scene, personal=personal, at=at),
        sections=build_sections(kept_words, nothing, read_facts(kept_words)),
    )
    return page, block, shown.edges + edges


def _frame_of(
    scene: Scene,
    personal: Personal | None,
    *,
    description: str,
    style: str = "everyday",
    sheets: tuple[str, ...] = ITEM_SHEETS,
    ground: Ground | None = None,
    is_indexed: bool = False,
) -> tuple[Frame, StyleBlock]:
    house, locale = scene.house, scene.source.locale
    return build_frame(
        house,
        locale=locale,
        title=scene.item.title,
        description=description,
        style=style,
        sheets=sheets,
        ground=ground,
        here=_address_in(scene, house.lang(locale)),
        languages=language_links(scene.offered, locale, _address_in(scene)),
        kept=personal.count if personal else None,
        is_indexed=is_indexed,
    )


def _address_in(scene: Scene, lang: str = "") -> str:
    return item_address(scene.item, scene.store, lang, is_nowhere=scene.is_nowhere, pick=scene.pick)


def _said_place(scene: Scene) -> str:
    if scene.store is not None:
        return scene.store.public_id
    return NOWHERE if scene.is_nowhere else ""


def _ask_store(scene: Scene) -> StoreQuestion | None:
    """The question where somebody stands, if nobody knows; never a guess, even where there is one store only."""
    stores = scene.shelf.stores
    if scene.store is not None or scene.is_nowhere or not stores:
        return None
    lang = scene.house.lang(scene.source.locale)
    listed = stores if len(stores) <= _LISTED_STORES else ()
    return StoreQuestion(
        stores=tuple((each.short_name, item_address(scene.item, each, lang, pick=scene.pick)) for each in listed),
        nowhere=item_address(scene.item, None, lang, is_nowhere=True, pick=scene.pick),
        find=where_address(scene.item, lang, pick=scene.pick),
    )


def where_address(item: Item, lang: str = "", *, pick: str = "") -> str:
    """Where a store is looked for by its name, for an item's page."""
    query = urlencode({name: value for name, value in {"lang": lang, "pick": pick}.items() if value})
    return f"/i/{item.public_id}/where" + (f"?{query}" if query else "")


def item_address(item: Item, store: Store | None, lang: str = "", *, is_nowhere: bool = False, pick: str = "") -> str:
    """The page's own address, which is no printed one.

    :param lang: the language to stay in; empty for whichever the browser prefers.
    :param is_nowhere: the shopper said that they are in no store.
    :param pick: the key of the variant that is chosen as the page opens.
    """
    at = store.public_id if store else NOWHERE if is_nowhere else ""
    said = {"at": at, "lang": lang, "pick": pick}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"/i/{item.public_id}" + (f"?{query}" if query else "")


def look_address(look: Look, store: Store | None, lang: str = "", *, is_nowhere: bool = False) -> str:
    """The address of a look's page, which is no printed one; see `item_address`."""
    return f"/look/{look.public_id}{said_in(store, lang, is_nowhere=is_nowhere)}"


def said_in(store: Store | None, lang: str = "", *, is_nowhere: bool = False) -> str:
    """The query of a page that is looked at in a store and a language; empty where it says nothing."""
    said = {"at": store.public_id if store else NOWHERE if is_nowhere else "", "lang": lang}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"?{query}" if query else ""


def list_pieces(
    db: Session, items: Sequence[Item], scene: Scene, *, personal: Personal | None, at: datetime
) -> tuple[Piece, ...]:
    """Other items of the scene's retailer, as they stand in a look or in place of one no longer sold."""
    kept = personal.kept if personal else ()
    return list_cards(
        db, items, locale=scene.source.locale, store=scene.store, kept=kept, at=at, is_nowhere=scene.is_nowhere
    )


def list_cards(
    db: Session,
    items: Sequence[Item],
    *,
    locale: str,
    store: Store | None,
    kept: Collection[str],
    at: datetime,
    stores: Mapping[str, Store] | None = None,
    is_nowhere: bool = False,
) -> tuple[Piece, ...]:
    """Items as cards, in the order given; the number of statements does not grow with theirs.

    :param store: where they are looked at; a store of another retailer than an item's means nowhere.
    :param kept: public ids of those the shopper keeps.
    :param stores: where single ones are looked at instead, by item id.
    :param is_nowhere: the shopper said that they are in no store.
    """
    places = {
        item.id: place
        for item in items
        if (place := (stores or {}).get(item.id, store)) and place.retailer_id == item.retailer_id
    }
    seen_in = {each: place.id for each, place in places.items()}
    firsts, down = load_cards(db, items, store_ids=seen_in, locale=locale, at=at)
    pictures = pictures_of(db, [each.asset_id for each in firsts.values()], at=at)
    found = {
        item_id: as_approved(pictures[first.asset_id], first.alt)
        for item_id, first in firsts.items()
        if first.asset_id in pictures
    }
    retailers = {each.id: each for each in db.scalars(_retailers_of(items))}
    open_stores = {each: [store for store in list_stores(db, each) if store.is_open] for each in retailers}
    limits = {each: stock_limit(retailer) for each, retailer in retailers.items()}
    shelves = load_shelves(db, items, open_stores, limits, at=at)
    return tuple(
        _card_of(
            item,
            retailers[item.retailer_id],
            shelves[item.id],
            places.get(item.id),
            found.get(item.id),
            locale=locale,
            is_kept=item.public_id in kept,
            is_nowhere=is_nowhere,
            is_down=item.id in down,
        )
        for item in items
    )


def _card_of(
    item: Item,
    retailer: Retailer,
    shelf: Shelf,
    place: Store | None,
    found: FoundPicture | None,
    *,
    locale: str,
    is_kept: bool,
    is_nowhere: bool,
    is_down: bool,
) -> Piece:
    t = translator(locale)
    is_sold = not item.is_retired and not is_down
    gone = word_gone(locale, may_return=is_down and not item.is_retired)
    price = word_price(shelf, locale, offer=None, hides_reductions=retailer.no_discount) if is_sold else None
    state, words = word_stock_at(shelf, place, locale, is_short=True) if is_sold else ("", "")
    has_languages = len({retailer.default_locale, *retailer.locales}) > 1
    price_minor, currency = one_price(shelf) if is_sold else (None, "")
    low_minor, low_currency = low_price(shelf) if is_sold else (None, "")
    return Piece(
        public_id=item.public_id,
        href=item_address(item, place, locale if has_languages else "", is_nowhere=is_nowhere),
        title=item.title,
        price=price.now if price else t("Ask in the store") if is_sold else gone,
        picture=card_picture(found, item.title, locale) if found else None,
        stock=state,
        stock_words=words,
        was=price.was if price else None,
        is_kept=is_kept,
        at=place.public_id if place else NOWHERE if is_nowhere else "",
        price_minor=price_minor,
        currency=currency or low_currency,
        low_minor=low_minor,
        was_minor=one_was(shelf) if price and price.was else None,
        is_gone=not is_sold,
    )


def _retailers_of(items: Sequence[Item]) -> Select[Retailer]:
    return select(Retailer).where(Retailer.id.in_({item.retailer_id for item in items}))


def split_offers(scene: Scene) -> tuple[Offer | None, Offer | None]:
    """The offer for the bar, and the one for the page's invitation if the template has a place for it."""
    others, invitations = list_shown_offers(scene)
    return (others[0] if others else None), (invitations[0] if invitations else None)


def list_shown_offers(scene: Scene) -> tuple[list[Offer], list[Offer]]:
    """The running offers for which a page has a place, for the bar and as invitations; the first of each shows first.

    When one ends, the next one takes its place.
    """
    has_place = scene.source.has("event") or scene.source.has("invitation")
    invitations = [offer for offer in scene.offers if offer.kind == OfferKind.EXPERIENCE and has_place]
    others = [offer for offer in scene.offers if offer not in invitations]
    shows_offers = scene.source.has("offer") or not scene.is_published
    return (others if shows_offers else []), invitations


def _card(offer: Offer, scene: Scene) -> OfferCard:
    house = scene.house
    return word_offer(offer, scene.source.locale, scene.zone, retailer=house.wordmark, fallbacks=house.locales)


def _load_look(db: Session, scene: Scene, personal: Personal | None, at: datetime) -> LookSection | None:
    look, items = list_look_items(db, scene.item)
    pieces = tuple(each for each in list_pieces(db, items, scene, personal=personal, at=at) if not each.is_gone)
    if look is None or not pieces:
        return None
    words = pick_text(look.title, scene.source.locale, scene.house.locales)
    lang = scene.house.lang(scene.source.locale)
    return LookSection(
        words or translator(scene.source.locale)("Complete the look"),
        pieces,
        sum=_sum(scene, pieces),
        href=look_address(look, scene.store, lang, is_nowhere=scene.is_nowhere),
    )


def _sum(scene: Scene, pieces: Sequence[Piece]) -> str:
    """What the look comes to with the item itself; empty where one of them has no one price, or another currency."""
    own, currency = one_price(scene.shelf)
    prices = [own, *(each.price_minor if each.currency == currency else None for each in pieces)]
    if any(price is None for price in prices):
        return ""
    total = sum(price for price in prices if price is not None)
    return format_money(total, currency, scene.source.locale, is_round=scene.retailer.no_discount)


def _store_folds(scene: Scene, at: datetime) -> tuple[Fold, ...]:
    """Where the shopper stands, whether it is open, and who else has it."""
    t = translator(scene.source.locale)
    folds = []
    if scene.store is not None:
        store = scene.store
        lines = [store.address, store.town, word_opening(store, scene.source.locale, at), store.hours]
        text = Markup("<br>").join(line for line in lines if line)
        folds.append(Fold(scene.store.name, text=Markup("<p>{}</p>").format(text)))
    others = list_other_stores(scene.shelf, scene.store, scene.source.locale)
    if others:
        folds.append(Fold(t("Other stores"), rows=others))
    return tuple(folds)


def _describe(lede: str, stock_words: str) -> str:
    text = ". ".join(part.rstrip(".") for part in (lede, stock_words) if part)
    return text[:_DESCRIPTION_CHARS]

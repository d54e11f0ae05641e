"""The shopper's own page: what they keep, the codes they hold, what is known of the phone, and being forgotten."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import find_item_by_public_id
from qrmerch.clock import now
from qrmerch.i18n import format_date, format_list, format_weekday, translator
from qrmerch.landing.agreeing import (
    KnownPhone,
    data_of,
    drop_all_cookies,
    find_agreement,
    forget_phones,
    list_known_phones,
)
from qrmerch.landing.pages import ClaimLine, KeptAt, ListPage
from qrmerch.landing.sharing import find_shared_address
from qrmerch.landing.shopper import (
    choose_locale,
    is_public_id,
    list_shoppers,
    load_host_house,
    load_personal,
    respond,
    take_cookie,
)
from qrmerch.landing.start import list_start_pieces
from qrmerch.money import format_money
from qrmerch.offers.models import Claim, ClaimState
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import list_claims
from qrmerch.offers.service import void_claims
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.frame import House, build_frame, errand_languages, pick_text
from qrmerch.rendering.pages import Fact, Piece
from qrmerch.rendering.service import list_cards
from qrmerch.rendering.wording import word_end
from qrmerch.scans.agreed import list_days_of
from qrmerch.visitors.models import Visitor
from qrmerch.visitors.queries import list_consents
from qrmerch.visitors.service import forget
from qrmerch.web import base_address, get_db, redirect_to
from qrmerch.wishlists.models import ShareMode, WishlistItem
from qrmerch.wishlists.queries import find_share_of, list_brought_by, list_ever_kept, list_kept
from qrmerch.wishlists.service import erase_list

blueprint = Blueprint("landing_my", __name__)
Row = TypeVar("Row", Item, Store)
_PICTURES: Final = 3
_MOST_CLAIMS: Final = 30
# Kept with the withdrawal as what the shopper read; stands beside the button.
FORGETTING_NOTICE: Final = (
    "Your list goes, and with it the link that friends have, and so does the cookie. "
    "A code you took can no longer be shown; one that was used stays in the till's books, tied to nobody."
)


@blueprint.get("/my")
@allow_anyone
def show_mine() -> Response:
    """The list, the codes and what is known; on a shared host of every retailer that knows this phone."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    visitors, phones = list_shoppers(db), list_known_phones(db)
    lists = _load_lists(db, visitors, house, locale, at)
    claims = _load_claims(db, visitors, house, locale, at)
    pieces = () if lists or not house.retailer_id else list_start_pieces(db, house, locale, limit=_PICTURES, at=at)
    frame, block = build_frame(
        house,
        locale=locale,
        title=t("My list"),
        languages=errand_languages(house, locale, "/my"),
        kept=sum(len(each.pieces) for each in lists),
    )
    page = ListPage(
        t=t,
        frame=frame,
        of=house.slug,
        lists=lists,
        still_shared=_find_still_shared(db, visitors, lists, house, locale, at),
        claims=claims,
        let_go=_find_let_go(db, visitors, locale, at),
        known=(*_word_known(db, visitors, lists, claims, locale, house), *_word_phones(db, phones, locale, house)),
        was_forgotten="forgotten" in request.args and not visitors and not phones,
        forgetting=t(FORGETTING_NOTICE),
        is_full="full" in request.args,
        pictures=tuple(piece.picture for piece in pieces if piece.picture),
        agreement=find_agreement(db, house, locale, back="my"),
    )
    return respond("landing/list.html", page, block)


@blueprint.get("/my/kept")
@allow_anyone
def tell_kept() -> Response:
    """What this phone keeps, for the hearts of a page that the browser had put aside; counts nothing."""
    db = get_db()
    kept = [each for visitor in list_shoppers(db) for each in load_personal(db, visitor).kept]
    response = jsonify(kept=kept)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/my/data")
@allow_anyone
def take_data() -> Response:
    """All that is kept of this phone, as a file to take along."""
    db = get_db()
    data = [_data_of(db, visitor) for visitor in list_shoppers(db)]
    known_again = [data_of(db, phone) for phone in list_known_phones(db)]
    text = json.dumps({"kept_of_this_phone": data, "known_again": known_again}, ensure_ascii=False, indent=2)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-list.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/my/forget")
@allow_anyone
def forget_me() -> Response:
    """Erase the list, cut the tie to this phone, take its cookie and all it kept; the till's book stays, of nobody."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    words = f"{t('Forget this phone')}. {t(FORGETTING_NOTICE)}"
    for visitor in list_shoppers(db):
        erase_list(db, visitor, at=at)
        void_claims(db, visitor, at=at)
        forget(db, visitor, shown_text=words, locale=locale, at=at)
    forget_phones(db, list_known_phones(db), words=words, locale=locale, at=at)
    db.commit()
    response = redirect_to(house.address("/my", locale, forgotten="1"))
    take_cookie(response)
    drop_all_cookies(response)
    # What a worker kept, and the pages that the browser itself put aside.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _load_lists(
    db: Session, visitors: Sequence[Visitor], house: House, locale: str, at: datetime
) -> tuple[KeptAt, ...]:
    """What is kept at each retailer, the page's own first."""
    found = []
    for visitor in sorted(visitors, key=lambda each: each.retailer_id != house.retailer_id):
        pieces = _load_pieces(db, list_kept(db, visitor.id), locale, at)
        is_own = visitor.retailer_id == house.retailer_id and len(visitors) == 1
        if pieces:
            retailer = db.get_one(Retailer, visitor.retailer_id)
            found.append(
                KeptAt(
                    retailer="" if is_own else retailer.name,
                    pieces=pieces,
                    sum=_sum(pieces, locale, retailer),
                    sharing=f"/my/shared/{retailer.slug}",
                    url=find_shared_address(db, visitor, at=at),
                    share_title=translator(locale)("A list at {house}").format(house=retailer.name),
                )
            )
    return tuple(found)


def _find_still_shared(
    db: Session, visitors: Sequence[Visitor], lists: Sequence[KeptAt], house: House, locale: str, at: datetime
) -> tuple[str, ...]:
    """The owner's pages of lists that are shared though nothing is on them."""
    slugs = [db.get_one(Retailer, each.retailer_id).slug for each in visitors if find_shared_address(db, each, at=at)]
    pages = [f"/my/shared/{slug}" for slug in slugs]
    shown = {each.sharing for each in lists}
    return tuple(house.address(page, locale) for page in pages if page not in shown)


def _sum(pieces: Sequence[Piece], locale: str, retailer: Retailer) -> str:
    prices = [piece.price_minor for piece in pieces if piece.price_minor is not None]
    currencies = {piece.currency for piece in pieces}
    if len(pieces) < 2 or len(prices) < len(pieces) or len(currencies) > 1:
        return ""
    return format_money(sum(prices), currencies.pop(), locale, is_round=retailer.no_discount)


def _load_pieces(db: Session, rows: Sequence[WishlistItem], locale: str, at: datetime) -> tuple[Piece, ...]:
    """Kept items as cards, each seen from the store it was kept in."""
    items = _by_id(db, Item, [row.item_id for row in rows])
    stores = _by_id(db, Store, [row.store_id for row in rows if row.store_id])
    return list_cards(
        db,
        [items[row.item_id] for row in rows],
        locale=locale,
        store=None,
        stores={row.item_id: stores[row.store_id] for row in rows if row.store_id},
        kept=[item.public_id for item in items.values()],
        at=at,
    )


def _by_id(db: Session, model: type[Row], ids: Sequence[str]) -> Mapping[str, Row]:
    return {row.id: row for row in db.scalars(select(model).where(model.id.in_(ids)))}


def _find_let_go(db: Session, visitors: Sequence[Visitor], locale: str, at: datetime) -> Piece | None:
    """The item that was taken off the list by the form this page answers, unless it is on it again."""
    public_id = request.args.get("gone", "")
    item = find_item_by_public_id(db, public_id) if is_public_id(public_id) else None
    if item is None:
        return None
    rows = [row for each in visitors for row in list_ever_kept(db, each.id) if row.item_id == item.id]
    if not rows or rows[0].removed_at is None:
        return None
    store = db.get(Store, rows[0].store_id) if rows[0].store_id else None
    (piece,) = list_cards(db, [item], locale=locale, store=store, kept=(), at=at)
    return piece


def _load_claims(
    db: Session, visitors: Sequence[Visitor], house: House, locale: str, at: datetime
) -> tuple[ClaimLine, ...]:
    """The codes this phone was given, those that still hold first."""
    claims = [claim for visitor in visitors for claim in list_claims(db, visitor.id)]
    claims.sort(key=lambda claim: not _holds(claim, at))
    stores = _by_id(db, Store, [claim.store_id for claim in claims if claim.store_id])
    return tuple(
        ClaimLine(
            href=house.address(f"/my/claims/{claim.public_id}", locale),
            headline=pick_text(Promise.of_claim(claim).headline, locale, house.locales),
            state=_word_state(
                claim, locale, stores[claim.store_id].time_zone if claim.store_id else house.time_zone, at
            ),
        )
        for claim in claims[:_MOST_CLAIMS]
    )


def _holds(claim: Claim, at: datetime) -> bool:
    return claim.state == ClaimState.ISSUED and at < claim.expires_at


def _word_state(claim: Claim, locale: str, zone: str, at: datetime) -> str:
    t = translator(locale)
    if claim.state == ClaimState.VOID:
        return t("No longer good")
    if claim.redeemed_at is not None and claim.state == ClaimState.REDEEMED:
        return t("Used {day}").format(day=format_weekday(claim.redeemed_at, locale, zone))
    if _holds(claim, at):
        timed, whole = t("Good until {day}, {time}"), t("Good through {day}")
    else:
        timed, whole = t("Ended {day}, {time}"), t("Ended {day}")
    return word_end(claim.expires_at, locale, zone, timed=timed, whole=whole)


def _word_known(
    db: Session,
    visitors: Sequence[Visitor],
    lists: Sequence[KeptAt],
    claims: Sequence[ClaimLine],
    locale: str,
    house: House,
) -> tuple[Fact, ...]:
    """What is kept of this phone, said in rows."""
    if not visitors:
        return ()
    t = translator(locale)
    since = min(visitor.created_at for visitor in visitors)
    kept = sum(len(each.pieces) for each in lists)
    ever = sum(len(list_ever_kept(db, visitor.id)) for visitor in visitors)
    rows = [
        Fact(t("A cookie"), t("Since {day}: a random number, no name").format(day=_day(since, locale, house))),
        Fact(t("On your list"), str(kept)),
    ]
    if ever > kept:
        rows.append(Fact(t("Taken off it again"), str(ever - kept)))
    shares = [share for each in visitors if (share := find_share_of(db, each.id))]
    rows += [
        Fact(t("Your list is shared"), t("Since {day}").format(day=_day(s.given_at, locale, house))) for s in shares
    ]
    if brought := sum(len(list_brought_by(db, each.id)) for each in visitors):
        rows.append(Fact(t("Marked on friends’ lists"), str(brought)))
    if claims:
        rows.append(Fact(t("Codes for the till"), str(len(claims))))
    if len(visitors) > 1:
        names = [str(name) for name in db.scalars(_names_of(visitors))]
        rows.append(Fact(t("Who knows this phone"), format_list(names, locale)))
    agreed = [consent for visitor in visitors for consent in list_consents(db, visitor.id)]
    rows += [
        Fact(t("You agreed on {day}").format(day=_day(each.at, locale, house)), each.shown_text) for each in agreed[:1]
    ]
    return tuple(rows)


def _word_phones(db: Session, phones: Sequence[KnownPhone], locale: str, house: House) -> tuple[Fact, ...]:
    """What is kept of a phone that may be known again, said in rows for each retailer."""
    t, rows = translator(locale), list[Fact]()
    for phone in phones:
        days = list_days_of(db, phone.retailer_id, phone.row.key or "")
        since = _day(phone.row.answered_at, locale, house)
        name = db.get_one(Retailer, phone.retailer_id).name
        rows += [
            Fact(
                t("Recognised by {retailer}").format(retailer=name),
                t("Since {day}: a random number in a cookie, no name").format(day=since),
            ),
            Fact(t("Days on which it was seen"), str(len({on for on, _ in days}))),
            Fact(t("Stores in which it was seen"), str(len({store_id for _, store_id in days} - {""}))),
        ]
    return tuple(rows)


def _names_of(visitors: Sequence[Visitor]) -> Select[str]:
    ids = [visitor.retailer_id for visitor in visitors]
    return select(Retailer.name).where(Retailer.id.in_(ids)).order_by(Retailer.name)


def _day(at: datetime, locale: str, house: House) -> str:
    return format_date(at.astimezone(ZoneInfo(house.time_zone)).date(), locale)


def _data_of(db: Session, visitor: Visitor) -> dict[str, object]:
    rows = list_ever_kept(db, visitor.id)
    items = _by_id(db, Item, [row.item_id for row in rows])
    stores = _by_id(db, Store, [row.store_id for row in rows if row.store_id])
    return {
        "retailer": db.get_one(Retailer, visitor.retailer_id).name,
        "known_since": visitor.created_at.isoformat(),
        "list": [
            {
                "item": items[row.item_id].title,
                "address": f"{base_address()}/i/{items[row.item_id].public_id}",
                "kept_in": stores[row.store_id].name if row.store_id else None,
                "kept_at": row.added_at.isoformat(),
                "taken_off_at": row.removed_at.isoformat() if row.removed_at else None,
            }
            for row in rows
        ],
        "shared": _share_of(db, visitor),
        "brings": [
            {"item": db.get_one(Item, each.item_id).title, "said_at": each.at.isoformat()}
            for each in list_brought_by(db, visitor.id)
        ],
        "codes": [
            {
                "offer": pick_text(Promise.of_claim(each).headline, "en"),
                "taken_at": each.issued_at.isoformat(),
                "good_until": each.expires_at.isoformat(),
                "used_at": each.redeemed_at.isoformat() if each.redeemed_at else None,
            }
            for each in list_claims(db, visitor.id)
        ],
        "agreed": [
            {"to": each.purpose, "action": str(each.action), "words": each.shown_text, "at": each.at.isoformat()}
            for each in list_consents(db, visitor.id)
        ],
    }


def _share_of(db: Session, visitor: Visitor) -> dict[str, str] | None:
    """How a list is shared; what friends marked on it is theirs, and for the owner to ask for."""
    share = find_share_of(db, visitor.id)
    if share is None:
        return None
    return {
        "address": f"{base_address()}/l/{share.secret}",
        "friends_may": "mark what they bring" if share.mode == ShareMode.GIFT else "look",
        "asked_for_at": share.given_at.isoformat(),
    }

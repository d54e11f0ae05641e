"""A list that its owner shared, as friends see it: what is on it now, hearts of their own, and what they bring.

Looking makes nothing: no cookie, no row. It is an opening of a link, as that of a shared item is, and never a scan.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.holding import list_down_ids
from qrmerch.i18n import language_name, translator
from qrmerch.landing.counting import is_internal, objects
from qrmerch.landing.guessing import note_miss, refuse_guessing
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.scanning import count_list
from qrmerch.landing.sharing_pages import EndedListPage, SharedListPage, SharedPiece, StoreOption
from qrmerch.landing.shopper import (
    choose_locale,
    find_host_retailer_id,
    find_said_visit,
    give_cookie,
    is_list_secret,
    is_public_id,
    load_personal,
    private,
    read_secret,
    respond,
    shared_list_address,
    slow_down,
)
from qrmerch.parties.models import Store
from qrmerch.parties.queries import find_store_by_public_id, list_stores
from qrmerch.rendering.frame import KEEPING_NOTICE, House, build_frame, load_house
from qrmerch.rendering.kept import NOWHERE
from qrmerch.rendering.pages import LanguageLink, Piece, Translate
from qrmerch.rendering.service import list_cards
from qrmerch.scans.service import record_event
from qrmerch.scans.visits import find_visit
from qrmerch.visitors.models import Visitor
from qrmerch.visitors.queries import find_visitor
from qrmerch.visitors.service import Remembered, remember
from qrmerch.web import get_db, redirect_to
from qrmerch.wishlists.models import ListShare, ShareMode
from qrmerch.wishlists.queries import find_list_share, list_bringings, list_kept
from qrmerch.wishlists.service import bring, copy_list, is_brought, take_back

blueprint = Blueprint("landing_shared_list", __name__)
# Stands beside the buttons of a list on which friends mark what they bring; kept as proof of what was agreed to.
MARKING_NOTICE: Final = (
    "Your first mark sets one cookie on this phone, so that you can take it back. It holds no name, "
    "and nobody is told that it was you."
)
_PHONE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class _Friends:
    """A shared list, whoever looks at it, and how: their phone where it is known, brand, language, store, visit."""

    share: ListShare
    secret: str
    house: House
    locale: str
    store: Store | None
    # They said that they are in no store.
    is_nowhere: bool
    visitor: Visitor | None
    visit: str

    @property
    def at(self) -> str:
        return self.store.public_id if self.store else NOWHERE if self.is_nowhere else ""

    @property
    def store_id(self) -> str | None:
        return self.store.id if self.store else None

    @property
    def is_owner(self) -> bool:
        return self.visitor is not None and self.visitor.id == self.share.visitor_id

    @property
    def is_gift(self) -> bool:
        """Whether they may mark what they bring: the owner is not to see what others marked."""
        return self.share.mode == ShareMode.GIFT and not self.is_owner

    def address(self, *, place: str = "", **more: str) -> str:
        return shared_list_address(
            self.secret, store=self.at, locale=self.house.lang(self.locale), visit=self.visit, place=place, **more
        )


@blueprint.get("/l/<secret>")
@allow_anyone
def show_list(secret: str) -> Response:
    """What is on the list now."""
    db, at = get_db(), now()
    friends = _find(db, secret, at)
    if friends is None:
        return _answer_gone(db, secret, at)
    if not _is_open_already(at):
        visit = count_list(friends.share.retailer_id, friends.share.public_id)
        friends = replace(friends, visit=visit)
    t, house, locale = translator(friends.locale), friends.house, friends.locale
    frame, block = build_frame(
        house,
        locale=locale,
        title=t("A friend’s list"),
        languages=_languages(friends),
        kept=len(load_personal(db, friends.visitor).kept) if friends.visitor else None,
    )
    pieces = _load_pieces(db, friends, at)
    page = SharedListPage(
        t=t,
        frame=frame,
        title=t("A friend’s list"),
        secret=secret,
        pieces=pieces,
        at=friends.at,
        stores=tuple(
            StoreOption(each.public_id, each.short_name)
            for each in list_stores(db, friends.share.retailer_id)
            if each.is_open
        ),
        visit=friends.visit,
        is_owner=friends.is_owner,
        is_gift=friends.is_gift,
        phone=secrets.token_urlsafe(_PHONE_BYTES) if read_secret() is None else "",
        marking=t(MARKING_NOTICE) if friends.visitor is None else "",
        said=_word_said(t),
        can_copy=not friends.is_owner and any(not each.piece.is_kept and not each.piece.is_gone for each in pieces),
    )
    return private(respond("landing/shared_list.html", page, block))


@blueprint.post("/l/<secret>/copy")
@allow_anyone
def copy_shared(secret: str) -> Response:
    """Put all that is on the list and still sold on the friend's own; the phone gets its cookie with it."""
    db, at = get_db(), now()
    friends = _find(db, secret, at)
    if friends is None:
        return _answer_gone(db, secret, at)
    t = translator(friends.locale)
    items = _leave_gone(db, friends, _load_items(db, friends.share), at)
    if friends.is_owner or not items:
        return redirect_to(friends.address())
    slow_down("copies", t)
    known = _remember(db, friends, f"{t('Copy to my list')}. {t(KEEPING_NOTICE)}", at)
    copied = copy_list(db, items, known.visitor, store_id=friends.store_id, at=at)
    for item in copied.items:
        _record_kept(db, friends, item, at)
    db.commit()
    response = redirect_to(friends.address(**{"full" if copied.is_full else "copied": "1"}))
    give_cookie(response, known.secret)
    return response


@blueprint.post("/l/<secret>/bring")
@allow_anyone
def mark_brought(secret: str) -> Response:
    """Say that one brings an item of the list, or take that back; each item is brought by one friend."""
    db, at = get_db(), now()
    friends = _find(db, secret, at, to_change=True)
    if friends is None:
        return _answer_gone(db, secret, at)
    public_id = request.form.get("bring") or request.form.get("leave", "")
    item = next((each for each in _load_items(db, friends.share) if each.public_id == public_id), None)
    if item is None or not friends.is_gift:
        return redirect_to(friends.address(gone="1" if friends.is_gift else ""))
    if request.form.get("bring"):
        return _bring(db, friends, item, at)
    if friends.visitor is not None:
        take_back(db, friends.share, friends.visitor, item)
        db.commit()
    return redirect_to(friends.address(place=item.public_id))


def _bring(db: Session, friends: _Friends, item: Item, at: datetime) -> Response:
    t = translator(friends.locale)
    if not _leave_gone(db, friends, [item], at):
        return redirect_to(friends.address(place=item.public_id))
    if friends.visitor is None and is_brought(db, friends.share, item):
        return redirect_to(friends.address(place=item.public_id, taken="1"))
    slow_down("marks", t)
    known = _remember(db, friends, f"{t('I bring this')}. {t(MARKING_NOTICE)}", at)
    if not bring(db, friends.share, known.visitor, item, at=at):
        # Nothing is left of a phone that came second.
        return redirect_to(friends.address(place=item.public_id, taken="1"))
    db.commit()
    response = redirect_to(friends.address(place=item.public_id))
    give_cookie(response, known.secret)
    return response


def _find(db: Session, secret: str, at: datetime, *, to_change: bool = False) -> _Friends | None:
    """The list behind an address and who asks for it; None where nobody shares it, or it is another host's."""
    share = find_list_share(db, secret, to_change=to_change) if is_list_secret(secret) else None
    if share is None or not share.holds(at) or find_host_retailer_id() not in (None, share.retailer_id):
        return None
    house = load_house(db, share.retailer_id, at=at)
    said = request.values.get("at", "")
    store = find_store_by_public_id(db, share.retailer_id, said) if is_public_id(said) else None
    visit = "" if objects(request.environ) else find_visit(request.values.get("v", ""), at=at)
    return _Friends(
        share=share,
        secret=secret,
        house=house,
        locale=choose_locale(house, store),
        store=store,
        is_nowhere=said == NOWHERE,
        visitor=find_visitor(db, share.retailer_id, _phone_secret()),
        visit=visit or "",
    )


def _phone_secret() -> str | None:
    """What this phone is known by: its cookie, or what the page gave its first form, which may be sent twice."""
    return read_secret() or request.form.get("phone") or None


def _is_open_already(at: datetime) -> bool:
    """Whether the list is shown again to somebody who has it open: after a button, in another store or language."""
    said = request.args.get("v")
    return said is not None and (not said or find_visit(said, at=at) is not None)


def _answer_gone(db: Session, secret: str, at: datetime) -> Response:
    """Kindly, where a list was shared once; else that nothing is here, which guessers are told so often only."""
    share = find_list_share(db, secret) if is_list_secret(secret) else None
    if share is None or find_host_retailer_id() not in (None, share.retailer_id):
        refuse_guessing()
        note_miss()
        return private(answer_missing())
    house = load_house(db, share.retailer_id, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    frame, block = build_frame(house, locale=locale, title=t("This list is shared no more"))
    return private(respond("landing/list_ended.html", EndedListPage(t, frame), block, status=410))


def _load_items(db: Session, share: ListShare) -> list[Item]:
    """What is on the list now, newest first."""
    rows = list_kept(db, share.visitor_id or "")
    found = {item.id: item for item in db.scalars(select(Item).where(Item.id.in_([row.item_id for row in rows])))}
    return [found[row.item_id] for row in rows]


def _leave_gone(db: Session, friends: _Friends, items: list[Item], at: datetime) -> list[Item]:
    """Without what is no longer sold, or taken down where the friend is."""
    seen_in = {item.id: friends.store_id for item in items}
    down = list_down_ids(db, items, store_ids=seen_in, locale=friends.locale, at=at)
    return [item for item in items if not item.is_retired and item.id not in down]


def _load_pieces(db: Session, friends: _Friends, at: datetime) -> tuple[SharedPiece, ...]:
    """The list as cards, seen from where the friend is; nothing of where its owner was."""
    items = _load_items(db, friends.share)
    cards = list_cards(
        db,
        items,
        locale=friends.locale,
        store=friends.store,
        kept=load_personal(db, friends.visitor).kept if friends.visitor else (),
        at=at,
        is_nowhere=friends.is_nowhere,
    )
    brought = _load_brought(db, friends)
    return tuple(
        SharedPiece(replace(card, href=_with_visit(card, friends.visit)), brought.get(item.id, ""))
        for item, card in zip(items, cards, strict=True)
    )


def _load_brought(db: Session, friends: _Friends) -> dict[str, str]:
    if not friends.is_gift:
        return {}
    mine = friends.visitor.id if friends.visitor else ""
    said = list_bringings(db, friends.share.id)
    return {each.item_id: "me" if each.visitor_id == mine else "other" for each in said}


def _with_visit(card: Piece, visit: str) -> str:
    if not visit:
        return card.href
    return f"{card.href}{'&' if '?' in card.href else '?'}v={visit}"


def _languages(friends: _Friends) -> tuple[LanguageLink, ...]:
    others = [each for each in friends.house.locales if each != friends.locale]
    return tuple(LanguageLink(each, language_name(each), replace(friends, locale=each).address()) for each in others)


def _word_said(t: Translate) -> str:
    """What the last button came to, as the address that it led to says."""
    sentences = {
        "copied": t("It is on your own list now."),
        "full": t("Your own list is full. Let something go to keep more."),
        "taken": t("Somebody was faster: this one is being brought already."),
        "gone": t("That is not on the list any more."),
    }
    return next((words for name, words in sentences.items() if name in request.args), "")


def _remember(db: Session, friends: _Friends, words: str, at: datetime) -> Remembered:
    known = remember(db, friends.share.retailer_id, _phone_secret(), shown_text=words, locale=friends.locale, at=at)
    if known.is_new:
        slow_down("phones", translator(friends.locale))
    return known


def _record_kept(db: Session, friends: _Friends, item: Item, at: datetime) -> None:
    if is_internal(request.environ):
        return
    record_event(
        db,
        kind="keep",
        retailer_id=item.retailer_id,
        item_id=item.id,
        store_id=friends.store_id,
        visit=find_said_visit(at=at),
        at=at,
    )

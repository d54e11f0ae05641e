"""A shopper sharing their list: the address for friends, what these may do with it, and its end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.i18n import format_date, translator
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.sharing_pages import GiftsPage, SharingPage
from qrmerch.landing.shopper import (
    choose_locale,
    find_host_retailer_id,
    find_named_retailer,
    find_shopper,
    give_cookie,
    is_script,
    private,
    read_secret,
    respond,
    slow_down,
)
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.frame import House, build_frame, errand_languages, load_house
from qrmerch.rendering.service import list_cards
from qrmerch.visitors.models import Visitor
from qrmerch.web import base_address, get_db, redirect_to
from qrmerch.wishlists.models import ListShare, ShareMode
from qrmerch.wishlists.queries import find_share_of, list_bringings, list_kept
from qrmerch.wishlists.service import end_share, share_list

blueprint = Blueprint("landing_sharing", __name__)
# What a button of the owner's page says; without a word, that the list is to be shared.
_STOP: Final = "stop"


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose list it is about: the retailer's brand and the language, and the phone where it is known."""

    house: House
    retailer_id: str
    locale: str
    visitor: Visitor | None

    @property
    def page(self) -> str:
        return self.house.address(f"/my/shared/{self.house.slug}", self.locale)

    @property
    def back(self) -> str:
        return self.house.address("/my", self.locale)


@blueprint.post("/my/shared/<name>")
@allow_anyone
def share_mine(name: str) -> Response:
    """Share the list kept at a retailer, say what friends may do with it, or stop; an empty list is not shared."""
    db, at = get_db(), now()
    owner = _find_owner(db, name, at)
    if owner is None:
        return answer_missing()
    share = None
    if request.form.get("what") == _STOP:
        _stop(db, owner, at)
    else:
        share = _share(db, owner, at)
    response = _answer(owner, _url(db, share) if share else "")
    db.commit()
    secret = read_secret()
    if share is not None and secret:
        # Whoever shares a list can stop it for as long as it is shared.
        give_cookie(response, secret)
    return response


@blueprint.get("/my/shared/<name>")
@allow_anyone
def show_sharing(name: str) -> Response:
    """How the list is shared: the address to hand on, what friends may do, the way to stop."""
    db, at = get_db(), now()
    owner = _find_owner(db, name, at)
    if owner is None:
        return answer_missing()
    t = translator(owner.locale)
    share = _find_share(db, owner, at)
    url = _url(db, share) if share else ""
    title = t("Your list is shared") if share else t("Your list is not shared")
    frame, block = build_frame(
        owner.house,
        locale=owner.locale,
        title=title,
        languages=errand_languages(owner.house, owner.locale, f"/my/shared/{owner.house.slug}"),
        kept=_count_kept(db, owner),
    )
    subject = t("A list at {house}").format(house=owner.house.name)
    page = SharingPage(
        t=t,
        frame=frame,
        title=title,
        action=f"/my/shared/{owner.house.slug}",
        back=owner.back,
        url=url,
        seen=f"/l/{share.secret}" if share else "",
        mail=f"mailto:?subject={quote(subject)}&body={quote(url)}",
        sms=f"sms:?&body={quote(f'{subject} {url}')}",
        until=_day(share.until_at, owner) if share else "",
        is_gift=share is not None and share.mode == ShareMode.GIFT,
        gifts=owner.house.address(f"/my/gifts/{owner.house.slug}", owner.locale),
        has_items=_count_kept(db, owner) > 0,
    )
    return respond("landing/sharing.html", page, block)


@blueprint.get("/my/gifts/<name>")
@allow_anyone
def show_gifts(name: str) -> Response:
    """What friends said they bring, for an owner who asks; not who, and on no page that a phone keeps."""
    db, at = get_db(), now()
    owner = _find_owner(db, name, at)
    if owner is None:
        return answer_missing()
    share = _find_share(db, owner, at)
    if share is None or share.mode != ShareMode.GIFT:
        return redirect_to(owner.page)
    t = translator(owner.locale)
    kept = _count_kept(db, owner)
    frame, block = build_frame(owner.house, locale=owner.locale, title=t("What friends bring"), kept=kept)
    found = {item.id: item for item in db.scalars(select(Item).where(Item.id.in_(_brought(db, share))))}
    # In the order of the list, for that of the marks may tell who was asked when.
    brought = [found[row.item_id] for row in list_kept(db, share.visitor_id or "") if row.item_id in found]
    pieces = list_cards(db, brought, locale=owner.locale, store=None, kept=(), at=at)
    page = GiftsPage(t=t, frame=frame, pieces=pieces, back=owner.page)
    return private(respond("landing/gifts.html", page, block))


def find_shared_address(db: Session, visitor: Visitor, *, at: datetime) -> str:
    """The address that friends have of a visitor's list; empty where it is not shared."""
    share = find_share_of(db, visitor.id)
    return _url(db, share) if share is not None and share.holds(at) else ""


def _find_owner(db: Session, name: str, at: datetime) -> _Owner | None:
    retailer = find_named_retailer(db, name)
    if retailer is None or find_host_retailer_id() not in (None, retailer.id):
        return None
    house = load_house(db, retailer.id, at=at)
    return _Owner(house, retailer.id, choose_locale(house), find_shopper(db, retailer.id))


def _find_share(db: Session, owner: _Owner, at: datetime) -> ListShare | None:
    share = find_share_of(db, owner.visitor.id) if owner.visitor else None
    return share if share is not None and share.holds(at) else None


def _share(db: Session, owner: _Owner, at: datetime) -> ListShare | None:
    visitor, what = owner.visitor, request.form.get("what", "")
    if visitor is None or not list_kept(db, visitor.id):
        return None
    if _find_share(db, owner, at) is None:
        slow_down("links", translator(owner.locale))
    share = share_list(db, visitor, at=at)
    if what in list(ShareMode):
        share.mode = ShareMode(what)
    return share


def _stop(db: Session, owner: _Owner, at: datetime) -> None:
    share = find_share_of(db, owner.visitor.id, to_change=True) if owner.visitor else None
    if share is not None:
        end_share(db, share, at=at)


def _count_kept(db: Session, owner: _Owner) -> int:
    return len(list_kept(db, owner.visitor.id)) if owner.visitor else 0


def _answer(owner: _Owner, url: str) -> Response:
    return jsonify(url=url, page=owner.page) if is_script() else redirect_to(owner.page)


def _url(db: Session, share: ListShare) -> str:
    """The address to hand on: at the retailer's own host where it has one, else at the one this request came to."""
    return f"{printed_base(db, share.retailer_id, base_url=base_address())}/l/{share.secret}"


def _brought(db: Session, share: ListShare) -> list[str]:
    return [each.item_id for each in list_bringings(db, share.id)]


def _day(at: datetime, owner: _Owner) -> str:
    return format_date(at.astimezone(ZoneInfo(owner.house.time_zone)).date(), owner.locale)

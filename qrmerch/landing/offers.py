"""Taking an offer, and the code for the till that a shopper gets for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.content.holding import list_down_ids
from qrmerch.i18n import format_list, format_time, format_weekday, translator
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.offer_pages import ClaimPage, NoClaimPage, Seal
from qrmerch.landing.shopper import (
    Place,
    choose_locale,
    find_place,
    find_said_visit,
    give_cookie,
    is_public_id,
    is_script,
    list_shoppers,
    load_personal,
    read_secret,
    respond,
    slow_down,
)
from qrmerch.money import format_money
from qrmerch.offers.models import Claim, ClaimState, Offer, OfferKind
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import (
    find_claim_by_public_id,
    find_offer_by_public_id,
    find_standing_use,
    list_offers_on,
)
from qrmerch.offers.service import ClaimRefused, Refusal, claim
from qrmerch.offers.symbols import draw_bars, draw_qr, till_address
from qrmerch.offers.till_codes import find_code_of, group_code
from qrmerch.offers.worth import find_worth
from qrmerch.parties.models import Store
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.frame import KEEPING_NOTICE, House, build_frame, load_house, pick_text
from qrmerch.rendering.pages import Translate
from qrmerch.rendering.service import item_address, list_cards
from qrmerch.rendering.wording import MIDNIGHT, word_end, word_offer
from qrmerch.visitors.service import Remembered, remember
from qrmerch.web import get_db, redirect_to, services

blueprint = Blueprint("landing_offers", __name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """A code in its holder's hand, seen in one language at one instant."""

    db: Session
    claim: Claim
    offer: Offer
    item: Item
    store: Store | None
    house: House
    locale: str
    at: datetime

    @property
    def t(self) -> Translate:
        return translator(self.locale)

    @property
    def promise(self) -> Promise:
        return Promise.of_claim(self.claim)

    @property
    def is_invitation(self) -> bool:
        return self.promise.kind == OfferKind.EXPERIENCE

    @property
    def zone(self) -> str:
        return self.store.time_zone if self.store else self.house.time_zone

    @property
    def headline(self) -> str:
        return pick_text(self.promise.headline, self.locale, self.house.locales)

    @property
    def item_href(self) -> str:
        return item_address(self.item, self.store, self.house.lang(self.locale))

    def ended(self, *, today: str, timed: str, whole: str) -> str:
        """The code's end in a sentence: for today, for another day, and for a day that it ends with."""
        at = self.claim.expires_at
        if at.astimezone(ZoneInfo(self.zone)).time() == MIDNIGHT:
            return word_end(at, self.locale, self.zone, timed=timed, whole=whole)
        return self.dated(at, today=today, other=timed)

    def dated(self, at: datetime, *, today: str, other: str, zone: str = "") -> str:
        """As `_dated`, in the time of the store where it was taken unless another is given."""
        return _dated(at, today=today, other=other, locale=self.locale, zone=zone or self.zone, now=self.at)


# --- taking an offer -------------------------------------------------------------------------------


@blueprint.post("/i/<public_id>/claim")
@allow_anyone
def claim_offer(public_id: str) -> Response:
    """Take an offer that stands on an item's page; the phone gets its cookie with the code."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    offer = _find_offer(db, place) if place else None
    if place is None or offer is None:
        return answer_missing()
    known = _remember(db, offer, place, at=at)
    try:
        made = claim(
            db,
            offer,
            place.item,
            known.visitor,
            store_id=place.store_id,
            visit=find_said_visit(at=at),
            keys=services().settings.secret_keys,
            at=at,
            variant=_find_variant(db, place.item),
        )
    except ClaimRefused as refused:
        db.rollback()
        return _answer_refused(db, refused, offer, place, at=at)
    db.commit()
    address = claim_address(made, place.house, place.locale)
    response = jsonify(page=address) if is_script() else redirect_to(address)
    give_cookie(response, known.secret)
    return response


def claim_address(made: Claim, house: House, locale: str) -> str:
    """The page of a code, in the language it was taken in."""
    return house.address(f"/my/claims/{made.public_id}", locale)


def _find_offer(db: Session, place: Place) -> Offer | None:
    public_id = request.form.get("offer", "")
    return find_offer_by_public_id(db, place.item.retailer_id, public_id) if is_public_id(public_id) else None


def _find_variant(db: Session, item: Item) -> str:
    """The key of the variant that was chosen on the page; empty if none was, or none of the item's."""
    chosen = request.form.get("variant", "")
    shown = (each.key for each in list_variants(db, item.id) if not each.is_hidden)
    return chosen if chosen in shown else ""


def _remember(db: Session, offer: Offer, place: Place, *, at: datetime) -> Remembered:
    """Who asks, with what stood on the page beside the button.

    :raises TooMany: too many phones that nobody knows ask from one network.
    """
    t = translator(place.locale)
    card = word_offer(
        offer, place.locale, place.house.time_zone, retailer=place.house.name, fallbacks=place.house.locales
    )
    shown = f"{card.action}. {t(KEEPING_NOTICE)}"
    known = remember(db, place.item.retailer_id, read_secret(), shown_text=shown, locale=place.locale, at=at)
    if known.is_new:
        slow_down("phones", t)
    return known


def _answer_refused(db: Session, refused: ClaimRefused, offer: Offer, place: Place, *, at: datetime) -> Response:
    """Why there is no code, in the retailer's brand, and what can be done; nothing was written."""
    t = translator(place.locale)
    title, words = _word_refusal(db, refused.refusal, offer, place, at=at)
    if is_script():
        response = jsonify(type=refused.slug, status=refused.status, detail=f"{title}. {words}")
        response.status_code = refused.status
        return response
    frame, block = build_frame(place.house, locale=place.locale, title=title)
    page = NoClaimPage(
        t=t,
        frame=frame,
        headline=pick_text(offer.headline, place.locale, place.house.locales),
        title=title,
        words=words,
        used_href=claim_address(refused.used, place.house, place.locale) if refused.used else "",
        item=place.item.title,
        item_href=item_address(place.item, place.store, place.house.lang(place.locale)),
    )
    return respond("landing/claim_refused.html", page, block, status=refused.status)


def _word_refusal(db: Session, refusal: Refusal, offer: Offer, place: Place, *, at: datetime) -> tuple[str, str]:
    """What is wrong, in two or three words and in a sentence or two."""
    t = translator(place.locale)
    zone = place.store.time_zone if place.store else place.house.time_zone
    if refusal == Refusal.NOT_STARTED:
        begins = _dated(
            offer.from_at,
            today=t("It begins today at {time}. Keep the item on your list and come back."),
            other=t("It begins {day}, {time}. Keep the item on your list and come back."),
            locale=place.locale,
            zone=zone,
            now=at,
        )
        return t("Not yet"), begins
    if refusal == Refusal.WRONG_STORE:
        stores = _name_stores(db, offer.store_ids or (), place.locale)
        return t("Not in this store"), t("This offer holds at {stores}.").format(stores=stores)
    sentences = {
        Refusal.PAUSED: (t("On hold"), t("This offer is on hold for the moment. Ask a colleague, or try again later.")),
        Refusal.EXHAUSTED: (
            t("All taken"),
            t("Every code of this offer is taken. One that nobody uses comes back when its time is up."),
        ),
        Refusal.VISITOR_LIMIT: (t("Used already"), t("This phone has had what the offer gives each phone.")),
        Refusal.WRONG_ITEM: (t("Not for this item"), t("This offer is for other items of ours.")),
        Refusal.ITEM_DOWN: (t("Not available at the moment"), t("A colleague in the store can tell you more.")),
        Refusal.ITEM_RETIRED: (t("No longer sold"), t("The item’s page shows what took its place.")),
    }
    over = (t("This offer is over"), t("The item’s page shows what holds today."))
    return sentences.get(refusal, over)


# --- the code in one's hand ------------------------------------------------------------------------


@blueprint.get("/my/claims/<claim_id>")
@allow_anyone
def show_claim(claim_id: str) -> Response:
    """A code for the till, to the phone that took it; to every other there is nothing here.

    :return: 304 to a phone that has exactly this page, by `If-None-Match`.
    """
    db, at = get_db(), now()
    found = find_claim_by_public_id(db, claim_id) if is_public_id(claim_id) else None
    holder = next((each for each in list_shoppers(db) if found and each.id == found.visitor_id), None)
    if found is None or holder is None:
        return answer_missing()
    house = load_house(db, found.retailer_id, at=at)
    held = _Held(
        db=db,
        claim=found,
        offer=db.get_one(Offer, found.offer_id),
        item=db.get_one(Item, found.item_id),
        store=db.get(Store, found.store_id) if found.store_id else None,
        house=house,
        locale=choose_locale(house),
        at=at,
    )
    frame, block = build_frame(
        house,
        locale=held.locale,
        title=held.t("Your code: {offer}").format(offer=held.headline),
        kept=load_personal(db, holder).count,
    )
    state, code = _state_of(found, is_paused=held.offer.is_paused, at=at), _find_code(found)
    if state == "valid" and not code:
        state = "void"
    qr, bars = _draw(held, code) if state == "valid" else (Markup(), Markup())
    page = ClaimPage(
        t=held.t,
        frame=frame,
        state=state,
        now=_word_state(held, state),
        headline=held.headline,
        worth=_word_worth(held) if state in ("valid", "held") else _apart(held.item.title),
        code=group_code(code),
        qr=qr,
        bars=bars,
        seal=_word_seal(held, state),
        words=_word_more(held, state),
        terms=pick_text(held.promise.terms, held.locale, house.locales),
        kept=held.t(
            "This code belongs to this phone. {retailer} keeps when and where it was used, not who you are."
        ).format(retailer=house.name),
        item=held.item.title,
        item_href=held.item_href,
    )
    response = respond("landing/claim.html", page, block)
    # An open pass asks every few seconds what became of its code.
    response.add_etag()
    response.make_conditional(request.environ)
    return response


def _find_code(found: Claim) -> str:
    """The code itself, made again; empty if the key it was made under is lost."""
    return find_code_of(services().settings.secret_keys, found.id, found.code_lookup) or ""


def _draw(held: _Held, code: str) -> tuple[Markup, Markup]:
    base = printed_base(held.db, held.claim.retailer_id, base_url=services().settings.base_url)
    title = held.t("A code for the till: {code}").format(code=group_code(code))
    return draw_qr(till_address(base, code), title=title), draw_bars(code, title=held.t("The same code as bars"))


def _state_of(found: Claim, *, is_paused: bool, at: datetime) -> str:
    if found.state == ClaimState.REDEEMED:
        return "used"
    if found.state == ClaimState.VOID:
        return "void"
    if at >= found.expires_at or found.freed_at is not None:
        return "ended"
    return "held" if is_paused else "valid"


def _word_state(held: _Held, state: str) -> str:
    t = held.t
    ready = t("Your invitation") if held.is_invitation else t("Ready to use, once")
    words = {"valid": ready, "used": t("Used"), "ended": t("Ended"), "held": t("On hold")}
    return words.get(state, t("Given back"))


def _word_worth(held: _Held) -> str:
    worth = find_worth(held.db, held.claim)
    if worth.price_minor is None or not worth.off_minor:
        return _apart(worth.name)
    return held.t("{item}: {price} instead of {before}").format(
        item=_apart(worth.name),
        price=_apart(format_money(worth.left_minor, worth.currency, held.locale)),
        before=_apart(format_money(worth.price_minor, worth.currency, held.locale)),
    )


def _apart(text: str) -> str:
    """A text that may run the other way than the sentence it stands in, so that neither turns the other around."""
    return f"\u2068{text}\u2069"


def _word_seal(held: _Held, state: str) -> Seal:
    t, ends_at = held.t, held.claim.expires_at
    ends = held.ended(today=t("Today, {time}"), timed=t("{day}, {time}"), whole="{day}")
    if state == "valid":
        show = t("Show it when you arrive") if held.is_invitation else t("Hold it at the till")
        return Seal(show, t("Turn the screen up if it will not read"), ends, ends_at.isoformat())
    if state == "held":
        return Seal(t("Keep it"), t("It is good again when the offer goes on"), ends, ends_at.isoformat())
    if state == "used":
        return _word_use(held)
    if state == "ended":
        timed, whole = t("Ended {day}, {time}"), t("Ended {day}")
        return Seal(held.ended(today=t("Ended today at {time}"), timed=timed, whole=whole), t("It was not used"))
    return Seal(t("This code can no longer be shown"), t("It was not used"))


def _word_use(held: _Held) -> Seal:
    t, use = held.t, find_standing_use(held.db, held.claim.id)
    store = held.db.get(Store, use.store_id) if use else None
    if use is None or store is None:
        return Seal(t("Used"), "")
    when = held.dated(use.at, today=t("Used today at {time}"), other=t("Used {day}, {time}"), zone=store.time_zone)
    return Seal(when, store.name)


def _word_more(held: _Held, state: str) -> str:
    """What to know beside the code: where it holds, what to do if it is not as it should be."""
    t = held.t
    if state == "used":
        return t("Not you? Show this page to a colleague: the till knows when and where.")
    if state in ("valid", "held"):
        stores = held.promise.store_ids
        return t("Good at {stores}.").format(stores=_name_stores(held.db, stores, held.locale)) if stores else ""
    if _is_still_given(held):
        return t("The offer still runs. The item’s page gives a new code.")
    (card,) = list_cards(held.db, [held.item], locale=held.locale, store=held.store, kept=(), at=held.at)
    return f"{_apart(held.item.title)}: {_apart(card.price)}"


def _is_still_given(held: _Held) -> bool:
    seen_in = {held.item.id: held.claim.store_id}
    if held.item.is_retired or list_down_ids(held.db, [held.item], store_ids=seen_in, locale=held.locale, at=held.at):
        return False
    found = list_offers_on(held.db, held.item.id, store_id=held.claim.store_id, at=held.at)
    return any(each.id == held.offer.id and each.from_at <= held.at for each in found)


def _name_stores(db: Session, store_ids: Sequence[str], locale: str) -> str:
    names = db.scalars(select(Store.short_name).where(Store.id.in_(store_ids)).order_by(Store.code))
    return format_list(list(names), locale)


def _dated(at: datetime, *, today: str, other: str, locale: str, zone: str, now: datetime) -> str:
    """A sentence with an instant in it: one for today with its `{time}`, one for other days with `{day}` as well."""
    is_today = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    clock = format_time(at, locale, zone)
    return today.format(time=clock) if is_today else other.format(day=format_weekday(at, locale, zone), time=clock)

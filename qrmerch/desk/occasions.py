"""A retailer's events: said, published, taken back."""

from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.models import Subject
from qrmerch.codes.queries import count_by_subject
from qrmerch.desk.code_pages import address, count_of
from qrmerch.desk.occasion_pages import OccasionPage, OccasionRow, OccasionsPage
from qrmerch.desk.own_pictures import show_picture, take_large, take_picture
from qrmerch.desk.own_texts import Sent, read_texts, text_fields
from qrmerch.desk.previews import frame_page
from qrmerch.errors import FormError
from qrmerch.i18n import format_list
from qrmerch.occasions import service
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import get_occasion, hold_in, list_occasions, list_stores_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.rendering.apart import word_time
from qrmerch.rendering.occasion_page import render_occasion_page
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_occasions", __name__)
blueprint.url_value_preprocessor(take_large)


@blueprint.get("/desk/events")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """All events."""
    db, retailer_id, at = get_db(), str(current_principal().retailer_id), now()
    occasions = list_occasions(db, retailer_id)
    codes = count_by_subject(db, retailer_id, Subject.OCCASION)
    rows = []
    for occasion in occasions:
        stores = list_stores_of(db, occasion.id)
        state, label = _state_of(occasion, stores, at)
        rows.append(
            OccasionRow(
                name=occasion.name,
                href=f"/desk/events/{occasion.id}",
                when=word_time(hold_in(occasion, stores[0]), "en") if stores else "",
                where=_where(stores),
                state=state,
                label=label,
                codes=f"{codes.get(occasion.id, 0):,}",
                codes_href=address("/desk/codes", {"leads": occasion.id}),
            )
        )
    lede = f"{count_of(len(rows), 'event')}." if rows else "What you invite to, in your stores."
    return render("desk/occasions.html", OccasionsPage(lede, tuple(rows)))


@blueprint.get("/desk/events/new")
@allow(*PUBLISHERS)
def show_new() -> Response:
    """The form of a new event."""
    db = get_db()
    return _render(db, get_retailer(db, current_principal().retailer_id), None, Sent())


@blueprint.post("/desk/events")
@allow(*PUBLISHERS)
def add() -> Response:
    """Make an event."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    try:
        occasion = service.add_occasion(db, retailer, _read(retailer), at=now(), actor=principal)
    except FormError as refused:
        return _render(db, retailer, None, Sent("details", request.form, refused.problems))
    db.commit()
    notice(f"{occasion.name} is made. Look at it, then publish it.")
    return redirect_to(f"/desk/events/{occasion.id}")


@blueprint.get("/desk/events/<occasion_id>")
@allow(*PUBLISHERS)
def show(occasion_id: str) -> Response:
    """One event."""
    db = get_db()
    occasion = get_occasion(db, occasion_id)
    return _render(db, get_retailer(db, occasion.retailer_id), occasion, Sent())


@blueprint.post("/desk/events/<occasion_id>")
@allow(*PUBLISHERS)
def change(occasion_id: str) -> Response:
    """Say something else."""
    db, occasion = get_db(), get_occasion(get_db(), occasion_id)
    retailer = get_retailer(db, occasion.retailer_id)
    try:
        service.change_occasion(db, retailer, occasion, _read(retailer), at=now(), actor=current_principal())
    except FormError as refused:
        return _render(db, retailer, occasion, Sent("details", request.form, refused.problems))
    db.commit()
    notice(f"{occasion.name} is saved.")
    return redirect_to(f"/desk/events/{occasion.id}")


@blueprint.post("/desk/events/<occasion_id>/picture")
@allow(*PUBLISHERS)
def set_picture(occasion_id: str) -> Response:
    """Send a picture, or take it away."""
    db, principal, at = get_db(), current_principal(), now()
    occasion = get_occasion(db, occasion_id)
    retailer = get_retailer(db, occasion.retailer_id)
    try:
        picture = None if request.form.get("do") == "remove" else take_picture(db, retailer, at=at)
    except FormError as refused:
        return _render(db, retailer, occasion, Sent("picture", request.form, refused.problems))
    service.set_picture(db, occasion, picture.id if picture else None, at=at, actor=principal)
    db.commit()
    notice("The picture stands for the event." if picture else "The event has no picture now.")
    return redirect_to(f"/desk/events/{occasion.id}#picture")


@blueprint.post("/desk/events/<occasion_id>/publish")
@allow(*PUBLISHERS)
def publish(occasion_id: str) -> Response:
    """Let shoppers see it."""
    db, occasion = get_db(), get_occasion(get_db(), occasion_id)
    service.publish(db, occasion, at=now(), actor=current_principal())
    db.commit()
    notice("Published. It shows at the next scan.")
    return redirect_to(f"/desk/events/{occasion.id}")


@blueprint.post("/desk/events/<occasion_id>/take-back")
@allow(*PUBLISHERS)
def take_back(occasion_id: str) -> Response:
    """Let shoppers see it no more."""
    db, occasion = get_db(), get_occasion(get_db(), occasion_id)
    service.take_back(db, occasion, at=now(), actor=current_principal())
    db.commit()
    notice("Taken back. Its codes say so, and show what comes next.", "info")
    return redirect_to(f"/desk/events/{occasion.id}")


@blueprint.get("/desk/events/<occasion_id>/page")
@allow(*PUBLISHERS)
def preview(occasion_id: str) -> Response:
    """The event's page as it would show now, for a frame of ours; it can do nothing."""
    db, occasion = get_db(), get_occasion(get_db(), occasion_id)
    locale = get_retailer(db, occasion.retailer_id).default_locale
    page = render_occasion_page(db, occasion_id=occasion.id, store_id=None, locale=locale, at=now(), is_preview=True)
    return frame_page(page)


def _read(retailer: Retailer) -> service.Said:
    return service.Said(
        title=read_texts(retailer, "title"),
        words=read_texts(retailer, "words"),
        spot=read_texts(retailer, "spot"),
        begins=request.form.get("begins", ""),
        ends=request.form.get("ends", ""),
        store_ids=request.form.getlist("stores"),
    )


def _state_of(occasion: Occasion, stores: list[Store], at: datetime) -> tuple[str, str]:
    if not occasion.is_published:
        return "draft", "Not published"
    held = [hold_in(occasion, store) for store in stores]
    if all(each.is_over(at) for each in held):
        return "ended", "Over"
    return ("live", "On now") if any(each.begins_at <= at < each.ends_at for each in held) else ("scheduled", "To come")


def _where(stores: list[Store]) -> str:
    names = [store.short_name for store in stores]
    return format_list(names, "en") if len(names) <= 3 else f"{count_of(len(names), 'store')}"


def _render(db: Session, retailer: Retailer, occasion: Occasion | None, sent: Sent) -> Response:
    inside = list_stores_of(db, occasion.id) if occasion else []
    is_typed = sent.form == "details"
    kept = {name: getattr(occasion, name) if occasion else {} for name in ("title", "words", "spot")}
    codes = count_by_subject(db, retailer.id, Subject.OCCASION).get(occasion.id, 0) if occasion else 0
    state, label = _state_of(occasion, inside, now()) if occasion else ("", "")
    chosen = tuple(sent.typed.getlist("stores")) if is_typed else tuple(store.id for store in inside)
    page = OccasionPage(
        id=occasion.id if occasion else "",
        title=occasion.name if occasion else "New event",
        lede=f"{word_time(hold_in(occasion, inside[0]), 'en')}. {_where(inside)}."
        if occasion and inside
        else "What it is, when and where.",
        state=state,
        label=label,
        is_published=bool(occasion and occasion.is_published),
        texts=text_fields(retailer, kept, sent.typed if is_typed else None),
        max_title_chars=service.MAX_TITLE_CHARS,
        max_words_chars=service.MAX_WORDS_CHARS,
        max_spot_chars=service.MAX_SPOT_CHARS,
        begins=sent.typed.get("begins", "") if is_typed else occasion.begins if occasion else "",
        ends=sent.typed.get("ends", "") if is_typed else occasion.ends if occasion else "",
        stores=tuple(
            (store.id, store.name) for store in list_stores(db, retailer.id) if store.is_open or store.id in chosen
        ),
        chosen_stores=chosen,
        picture=show_picture(db, retailer, occasion.picture_id if occasion else None),
        preview=f"/desk/events/{occasion.id}/page" if occasion else "",
        page_href=f"/event/{occasion.public_id}" if occasion and occasion.is_published else "",
        codes=count_of(codes, "code"),
        codes_href=address("/desk/codes", {"leads": occasion.id}) if occasion and codes else "",
        make_href=address("/desk/codes/make", {"leads": Subject.OCCASION.value, "event": occasion.id})
        if occasion
        else "",
        problems=dict(sent.problems),
        wrong_form=sent.form,
    )
    return render("desk/occasion.html", page, status=422 if sent.problems else 200)

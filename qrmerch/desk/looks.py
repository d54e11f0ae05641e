"""A retailer's looks: made, filled with items, published, taken back."""

from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item, list_items
from qrmerch.clock import now
from qrmerch.codes.models import Subject
from qrmerch.codes.queries import count_by_subject
from qrmerch.content.holding import hold
from qrmerch.desk.code_pages import address, count_of
from qrmerch.desk.look_pages import LookItemRow, LookPage, LookRow, LooksPage
from qrmerch.desk.own_pictures import show_picture, take_large, take_picture
from qrmerch.desk.own_texts import Sent, read_texts, text_fields
from qrmerch.desk.previews import frame_page
from qrmerch.errors import FormError
from qrmerch.looks import service
from qrmerch.looks.models import Look
from qrmerch.looks.queries import count_items, get_look, list_looks
from qrmerch.looks.queries import list_items as list_look_items
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.rendering.look_page import render_look_page
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.web import get_db, notice, redirect_to, render, search_words

blueprint = Blueprint("desk_looks", __name__)
blueprint.url_value_preprocessor(take_large)
_FOUND: Final = 12


@blueprint.get("/desk/looks")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """All looks."""
    db, retailer_id = get_db(), str(current_principal().retailer_id)
    looks = list_looks(db, retailer_id)
    items = count_items(db, [look.id for look in looks])
    codes = count_by_subject(db, retailer_id, Subject.LOOK)
    rows = tuple(
        LookRow(
            name=look.name,
            href=f"/desk/looks/{look.id}",
            items=str(items.get(look.id, 0)),
            is_published=look.is_published,
            codes=f"{codes.get(look.id, 0):,}",
            codes_href=address("/desk/codes", {"leads": look.id}),
        )
        for look in looks
    )
    published = sum(1 for look in looks if look.is_published)
    lede = f"{count_of(len(looks), 'look')}, {published:,} published." if looks else "Items that go together, as one."
    return render("desk/looks.html", LooksPage(lede, rows))


@blueprint.get("/desk/looks/new")
@allow(*PUBLISHERS)
def show_new() -> Response:
    """The form of a new look."""
    db = get_db()
    return _render(db, get_retailer(db, current_principal().retailer_id), None, Sent())


@blueprint.post("/desk/looks")
@allow(*PUBLISHERS)
def add() -> Response:
    """Make a look; its items come next."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    try:
        look = service.add_look(db, retailer, _read(retailer), at=now(), actor=principal)
    except FormError as refused:
        return _render(db, retailer, None, Sent("texts", request.form, refused.problems))
    db.commit()
    notice(f"{look.name} is made. Put its items in, then publish it.")
    return redirect_to(f"/desk/looks/{look.id}#items")


@blueprint.get("/desk/looks/<look_id>")
@allow(*PUBLISHERS)
def show(look_id: str) -> Response:
    """One look; `find` in the address looks for items to put in."""
    db = get_db()
    look = get_look(db, look_id)
    return _render(db, get_retailer(db, look.retailer_id), look, Sent())


@blueprint.post("/desk/looks/<look_id>")
@allow(*PUBLISHERS)
def change(look_id: str) -> Response:
    """Say something else."""
    db, look = get_db(), get_look(get_db(), look_id)
    retailer = get_retailer(db, look.retailer_id)
    try:
        service.change_look(db, retailer, look, _read(retailer), at=now(), actor=current_principal())
    except FormError as refused:
        return _render(db, retailer, look, Sent("texts", request.form, refused.problems))
    db.commit()
    notice(f"{look.name} is saved.")
    return redirect_to(f"/desk/looks/{look.id}")


@blueprint.post("/desk/looks/<look_id>/items")
@allow(*PUBLISHERS)
def add_item(look_id: str) -> Response:
    """Put an item in, behind the others."""
    db, look = get_db(), get_look(get_db(), look_id)
    item = get_item(db, request.form.get("item", ""))
    service.add_item(db, look, item, at=now(), actor=current_principal())
    db.commit()
    notice(f"{item.title} is in it.")
    return redirect_to(address(f"/desk/looks/{look.id}", _said_find()) + "#items")


@blueprint.post("/desk/looks/<look_id>/items/<item_id>/remove")
@allow(*PUBLISHERS)
def remove_item(look_id: str, item_id: str) -> Response:
    """Take an item out."""
    db, look = get_db(), get_look(get_db(), look_id)
    item = get_item(db, item_id)
    service.remove_item(db, look, item, at=now(), actor=current_principal())
    db.commit()
    notice(f"{item.title} is out of it.", "info")
    return redirect_to(f"/desk/looks/{look.id}#items")


@blueprint.post("/desk/looks/<look_id>/items/<item_id>/earlier")
@allow(*PUBLISHERS)
def move_item(look_id: str, item_id: str) -> Response:
    """Let an item stand one place earlier."""
    db, look = get_db(), get_look(get_db(), look_id)
    service.move_earlier(db, look, get_item(db, item_id), at=now(), actor=current_principal())
    db.commit()
    return redirect_to(f"/desk/looks/{look.id}#items")


@blueprint.post("/desk/looks/<look_id>/picture")
@allow(*PUBLISHERS)
def set_picture(look_id: str) -> Response:
    """Send one picture of all of it, or go back to those of the items."""
    db, principal, at = get_db(), current_principal(), now()
    look = get_look(db, look_id)
    retailer = get_retailer(db, look.retailer_id)
    try:
        picture = None if request.form.get("do") == "remove" else take_picture(db, retailer, at=at)
    except FormError as refused:
        return _render(db, retailer, look, Sent("picture", request.form, refused.problems))
    service.set_picture(db, look, picture.id if picture else None, at=at, actor=principal)
    db.commit()
    notice("The picture stands for the look." if picture else "The pictures of its items stand for the look again.")
    return redirect_to(f"/desk/looks/{look.id}#picture")


@blueprint.post("/desk/looks/<look_id>/publish")
@allow(*PUBLISHERS)
def publish(look_id: str) -> Response:
    """Let shoppers see it."""
    db, look = get_db(), get_look(get_db(), look_id)
    service.publish(db, look, at=now(), actor=current_principal())
    db.commit()
    notice("Published. It shows at the next scan.")
    return redirect_to(f"/desk/looks/{look.id}")


@blueprint.post("/desk/looks/<look_id>/take-back")
@allow(*PUBLISHERS)
def take_back(look_id: str) -> Response:
    """Let shoppers see it no more."""
    db, look = get_db(), get_look(get_db(), look_id)
    service.take_back(db, look, at=now(), actor=current_principal())
    db.commit()
    notice("Taken back. Its codes say so, and show what is here.", "info")
    return redirect_to(f"/desk/looks/{look.id}")


@blueprint.get("/desk/looks/<look_id>/page")
@allow(*PUBLISHERS)
def preview(look_id: str) -> Response:
    """The look's page as it would show now, for a frame of ours; it can do nothing."""
    db, look = get_db(), get_look(get_db(), look_id)
    locale = get_retailer(db, look.retailer_id).default_locale
    store_id = next((store.id for store in list_stores(db, look.retailer_id) if store.is_open), None)
    page = render_look_page(db, look_id=look.id, store_id=store_id, locale=locale, at=now(), is_preview=True)
    return frame_page(page)


def _read(retailer: Retailer) -> service.Said:
    return service.Said(read_texts(retailer, "title"), read_texts(retailer, "words"))


def _said_find() -> dict[str, str]:
    find = search_words(request.values.get("find", ""))
    return {"find": find} if find else {}


def _render(db: Session, retailer: Retailer, look: Look | None, sent: Sent) -> Response:
    inside = list_look_items(db, look.id) if look else []
    find = search_words(request.values.get("find", "")) if look else ""
    found, total = _find_items(db, retailer, find, inside) if find else ([], 0)
    codes = count_by_subject(db, retailer.id, Subject.LOOK).get(look.id, 0) if look else 0
    kept = {"title": look.title if look else {}, "words": look.words if look else {}}
    missing = service.LEAST_ITEMS - len(inside)
    page = LookPage(
        id=look.id if look else "",
        title=look.name if look else "New look",
        lede=_lede(look, len(inside)),
        is_published=bool(look and look.is_published),
        texts=text_fields(retailer, kept, sent.typed if sent.form == "texts" else None),
        max_title_chars=service.MAX_TITLE_CHARS,
        max_words_chars=service.MAX_WORDS_CHARS,
        items=_rows(db, inside),
        missing=f"{count_of(missing, 'more item')} to go." if missing > 0 else "",
        is_full=len(inside) >= service.MOST_ITEMS,
        find=find,
        found=_rows(db, found),
        found_said=_say_found(len(found), total, find),
        picture=show_picture(db, retailer, look.picture_id if look else None),
        preview=f"/desk/looks/{look.id}/page" if look and inside else "",
        page_href=f"/look/{look.public_id}" if look and look.is_published else "",
        codes=count_of(codes, "code"),
        codes_href=address("/desk/codes", {"leads": look.id}) if look and codes else "",
        make_href=address("/desk/codes/make", {"leads": Subject.LOOK.value, "look": look.id}) if look else "",
        problems=dict(sent.problems),
        wrong_form=sent.form,
    )
    return render("desk/look.html", page, status=422 if sent.problems else 200)


def _lede(look: Look | None, items: int) -> str:
    if look is None:
        return "A title first, then two to six items."
    state = "Published" if look.is_published else "Shoppers do not see it"
    return f"{state}. {count_of(items, 'item')}."


def _find_items(db: Session, retailer: Retailer, find: str, inside: list[Item]) -> tuple[list[Item], int]:
    """Items that may be put in, and how many have these words."""
    lines, total = list_items(db, retailer.id, find=find, category="", per_page=_FOUND)
    return [line.item for line in lines if line.item not in inside and not line.item.is_retired], total


def _say_found(found: int, total: int, find: str) -> str:
    if not find:
        return ""
    if not found:
        return f"Nothing else here has “{find}” in its name."
    return f"The first {_FOUND} of {total:,}. Say more of the name to see the others." if total > _FOUND else ""


def _rows(db: Session, items: list[Item]) -> tuple[LookItemRow, ...]:
    if not items:
        return ()
    at = now()
    images = list_card_addresses(db, items, at=at)
    held = hold(db, items, store_ids={}, locale=None, at=at)
    return tuple(
        LookItemRow(
            item.id,
            item.title,
            images.get(item.id, ""),
            note="No longer sold: it is left out."
            if item.is_retired
            else ""
            if held[item.id].revision
            else "Its page is not published: it is left out.",
        )
        for item in items
    )

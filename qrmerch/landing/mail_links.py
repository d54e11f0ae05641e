"""What the links in a shopper's mails lead to: saying that the address is theirs, and stopping it.

Scanners open links, so opening one changes nothing: a button does. Stopping also works by the one click of a mail
program (RFC 8058), which comes without cookie, origin or page; the secret in the address stands for all of them.
"""

import json
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone, allow_secret
from qrmerch.clock import now
from qrmerch.i18n import translator
from qrmerch.landing.asking_pages import ConfirmPage, StopPage
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.shopper import choose_locale, find_host_retailer_id, load_host_house, respond
from qrmerch.messages.links import find_link
from qrmerch.messages.models import LinkKind, MailLink, SubscriptionState
from qrmerch.messages.queries import Asked, count_live, describe_contact, list_asked
from qrmerch.messages.service import can_be_stopped, confirm, erase, find_pending, lock_contact, stop
from qrmerch.messages.wording import word_asked
from qrmerch.rendering.frame import House, build_frame, load_house
from qrmerch.rendering.style import StyleBlock
from qrmerch.visitors.addresses import mask
from qrmerch.visitors.models import Contact
from qrmerch.web import get_db, services

blueprint = Blueprint("landing_mail_links", __name__)


@blueprint.get("/confirm/<secret>")
@allow_anyone
def show_confirm(secret: str) -> Response:
    """What was asked for, and the button that lets it hold."""
    db, at = get_db(), now()
    link = _find(db, secret, LinkKind.CONFIRM, at)
    if link is None:
        return _show_confirm_gone(db, at)
    pending = find_pending(db, link)
    return _show_confirm(db, link, pending, "open" if pending else "", at)


@blueprint.post("/confirm/<secret>")
@allow_anyone
def take_confirm(secret: str) -> Response:
    """Let it hold; pressed once more, it holds already."""
    db, at = get_db(), now()
    link = _find_to_change(db, secret, LinkKind.CONFIRM, at)
    if link is None:
        return _show_confirm_gone(db, at)
    confirm(db, link, at=at)
    response = _show_confirm(db, link, [], "", at)
    db.commit()
    return response


@blueprint.get("/u/<secret>")
@allow_secret
def show_stop(secret: str) -> Response:
    """What comes to the address, and the buttons that stop it."""
    db, at = get_db(), now()
    link = _find(db, secret, LinkKind.STOP, at)
    if link is None:
        return _show_stop_gone(db, at, status=404)
    return _show_stop(db, link, "", at)


@blueprint.post("/u/<secret>")
@allow_secret
def take_stop(secret: str) -> Response:
    """Stop one, stop all, or erase the address; a link that is none stops nothing, and is told the same."""
    db, at = get_db(), now()
    link = _find_to_change(db, secret, LinkKind.STOP, at)
    if link is None:
        return _show_stop_gone(db, at)
    house, locale, _ = _told_of(db, link, at)
    t = translator(locale)
    what = request.form.get("what", "")
    if what == "erase":
        keys = services().settings.secret_keys
        contact = db.get_one(Contact, link.contact_id)
        erase(db, contact, shown_text=t("Delete my address"), locale=locale, keys=keys, at=at)
        db.commit()
        return _show_stop_gone(db, at, state="erased", house=house, locale=locale)
    words = t("Stop everything from {house}").format(house=house.name) if what == "all" else t("Stop this")
    stop(db, link, everything=what == "all", shown_text=words, locale=locale, at=at)
    response = _show_stop(db, link, "stopped", at)
    db.commit()
    return response


@blueprint.get("/u/<secret>/data")
@allow_secret
def take_data(secret: str) -> Response:
    """All that is kept of an address, as a file to take along."""
    db, at = get_db(), now()
    link = _find(db, secret, LinkKind.STOP, at)
    if link is None:
        return answer_missing()
    data = describe_contact(db, db.get_one(Contact, link.contact_id))
    response = Response(json.dumps(data, ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-address.json"'
    return _private(response)


def _find(db: Session, secret: str, kind: LinkKind, at: datetime) -> MailLink | None:
    """The link, on its retailer's host or a shared one."""
    return find_link(db, secret, kind, retailer_id=find_host_retailer_id(), at=at)


def _find_to_change(db: Session, secret: str, kind: LinkKind, at: datetime) -> MailLink | None:
    """As `_find`; nobody else changes or erases its address before the commit. None where somebody just did."""
    link = _find(db, secret, kind, at)
    return link if link is not None and lock_contact(db, link.contact_id) is not None else None


def _told_of(db: Session, link: MailLink, at: datetime) -> tuple[House, str, Asked]:
    """The brand of the retailer that wrote; the language, as the address says, else as it was asked in; what it is
    about.
    """
    house = load_house(db, link.retailer_id, at=at)
    wanted = request.args.get("lang", "")
    (asked,) = list_asked(db, link.contact_id, subscription_id=link.subscription_id)
    said = next((each for each in (wanted, asked.subscription.locale) if each in house.locales), house.first)
    return house, said, asked


def _show_confirm(db: Session, link: MailLink, pending: list[Asked], state: str, at: datetime) -> Response:
    house, locale, _ = _told_of(db, link, at)
    t = translator(locale)
    lines = pending or [
        each
        for each in list_asked(db, link.contact_id)
        if each.subscription.purpose == link.purpose and each.subscription.state == SubscriptionState.CONFIRMED
    ]
    state = state or ("done" if lines else "gone")
    titles = {
        "open": t("Is this what you asked for?"),
        "done": t("It is noted"),
        "gone": t("There is nothing to confirm"),
    }
    frame, block = build_frame(house, locale=locale, title=titles[state])
    page = ConfirmPage(
        t=t,
        frame=frame,
        state=state,
        title=titles[state],
        lines=tuple(word_asked(each, house.name, locale) for each in lines),
        address=mask(db.get_one(Contact, link.contact_id).email or ""),
        action=_here(),
    )
    return _respond("landing/confirm.html", page, block)


def _show_confirm_gone(db: Session, at: datetime) -> Response:
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    title = t("This link has ended")
    frame, block = build_frame(house, locale=locale, title=title)
    return _respond("landing/confirm.html", ConfirmPage(t, frame, "gone", title, (), "", ""), block, status=404)


def _show_stop(db: Session, link: MailLink, state: str, at: datetime) -> Response:
    """:param state: of `StopPage`; empty for as it stands."""
    house, locale, asked = _told_of(db, link, at)
    state = state or ("open" if can_be_stopped(db, asked.subscription) else "over")
    t = translator(locale)
    titles = {"open": t("Stop this?"), "stopped": t("It is stopped"), "over": t("This is over")}
    frame, block = build_frame(house, locale=locale, title=titles[state])
    path, _, query = _here().partition("?")
    page = StopPage(
        t=t,
        frame=frame,
        state=state,
        title=titles[state],
        line=word_asked(asked, house.name, locale),
        address=mask(db.get_one(Contact, link.contact_id).email or ""),
        action=_here(),
        data=f"{path}/data" + (f"?{query}" if query else ""),
        has_more=count_live(db, link.contact_id) > (1 if asked.subscription.is_live else 0),
    )
    return _respond("landing/stop.html", page, block)


def _show_stop_gone(
    db: Session, at: datetime, *, status: int = 200, state: str = "gone", house: House | None = None, locale: str = ""
) -> Response:
    house = house or load_host_house(db, at=at)
    locale = locale or choose_locale(house)
    t = translator(locale)
    title = t("Your address is deleted") if state == "erased" else t("Nothing more comes by this link")
    frame, block = build_frame(house, locale=locale, title=title)
    page = StopPage(t, frame, state, title, "", "", "", "", has_more=False)
    return _respond("landing/stop.html", page, block, status=status)


def _here() -> str:
    """The address of this page without anything but its language."""
    lang = request.args.get("lang", "")
    path = request.path
    return f"{path}?lang={lang}" if lang.replace("-", "").isalnum() and lang.isascii() else path


def _respond(template: str, page: object, block: StyleBlock, *, status: int = 200) -> Response:
    return _private(respond(template, page, block, status=status))


def _private(response: Response) -> Response:
    """Kept by no cache, and its address told to no other site."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response

"""No page at this address: a page that helps, in the brand of the host."""

from typing import Final

from flask import Response, jsonify

from qrmerch.clock import now
from qrmerch.codes.tokens import find_token
from qrmerch.db import AWAY
from qrmerch.i18n import translator
from qrmerch.landing.pages import HelpfulPage
from qrmerch.landing.scanning import get_scan_path
from qrmerch.landing.shopper import choose_locale, find_host_retailer_id, is_script, load_host_house, respond
from qrmerch.landing.start import list_start_pieces
from qrmerch.landing.typed import find_meant, group_token, has_token_length, is_nearly_token, mark_slip
from qrmerch.rendering.frame import NEUTRAL, House, build_frame
from qrmerch.rendering.pages import Piece
from qrmerch.web import services

_WAYS_ON: Final = 4


def answer_missing(*, typed: str = "") -> Response:
    """404 with what was asked for, a field to try again, and somewhere else to go.

    :param typed: what stood where a code's text should; empty where none was meant.
    """
    if is_script():
        response = jsonify(type="not_found", status=404, detail="There is nothing at this address.")
        response.status_code = 404
        return response
    house, locale, pieces = _find_house()
    t = translator(locale)
    meant = find_meant(typed, get_scan_path().codes, retailer_id=find_host_retailer_id()) if typed else None
    title, words = explain(typed, meant, locale)
    frame, block = build_frame(house, locale=locale, title=title)
    page = HelpfulPage(
        t=t,
        frame=frame,
        title=title,
        words=words,
        typed=group_token(typed),
        parts=mark_slip(typed, meant),
        code=group_token(meant or typed),
        of=house.slug,
        pieces=pieces,
    )
    return respond("landing/helpful.html", page, block, status=404)


def answer_wrong(status: int, reason: str, detail: str) -> Response:
    """An address that is printed for machines and leads nowhere: for a script the reason, for a person what to do.

    :param reason: one word, for programs.
    :param detail: a sentence for whoever wrote the program.
    """
    if is_script():
        response = jsonify(type=reason, status=status, detail=detail)
        response.mimetype = "application/problem+json"
        response.status_code = status
        return response
    house, locale, pieces = _find_house()
    t = translator(locale)
    if status == 404:
        title, words = t("We do not know this one"), t("The number is right, and no item of ours here has it.")
    else:
        title, words = t("Something is wrong with this address"), t("A number in it does not add up. Scan it again.")
    frame, block = build_frame(house, locale=locale, title=title)
    page = HelpfulPage(t, frame, title, words, "", (), "", house.slug, pieces)
    return respond("landing/helpful.html", page, block, status=status)


def _find_house() -> tuple[House, str, tuple[Piece, ...]]:
    """The brand of the host, the language and where to go from here; nobody's brand while the database is away."""
    at = now()
    try:
        with services().database.read() as db:
            house = load_host_house(db, at=at)
            locale = choose_locale(house)
            pieces = list_start_pieces(db, house, locale, limit=_WAYS_ON, at=at) if house.retailer_id else ()
    except AWAY:
        return NEUTRAL, choose_locale(NEUTRAL), ()
    return house, locale, pieces


def explain(typed: str, meant: str | None, locale: str) -> tuple[str, str]:
    """Title and words of the page: mistyped, wherever one slip may have made this; unknown, only if the check holds."""
    t = translator(locale)
    if not typed:
        return t("Nothing here any more"), t("This link leads nowhere now. The code on the tag always does.")
    if meant is not None:
        words = t("A tag of ours says {code}. If yours does too, this is the item.")
        return t("One letter off, perhaps"), words.format(code=group_token(meant))
    if find_token(typed):
        return t("That code is not one of ours"), t(
            "It is written as our codes are, but no tag of ours carries it. Look at the tag again."
        )
    if is_nearly_token(typed) and not has_token_length(typed):
        return t("One letter off, perhaps"), t("A code has nine characters. Look at the tag again.")
    if is_nearly_token(typed):
        return t("One letter off, perhaps"), t(
            "The last character checks the others, and it does not fit. Look at the tag again: "
            "the letter B is often read as an 8."
        )
    return t("That is not a whole code"), t("A code has nine characters. Look at the tag again.")

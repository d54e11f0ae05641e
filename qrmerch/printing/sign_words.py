"""What signs say, in the language of the sign: what a scan gives, how to scan, what associates say, how a wall hangs.

A call promises only what the page holds. An offer ends while the print stays: a call speaks of one only where it is
said until when the print hangs, the offer runs at least as long, and the call says its last day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from qrmerch.i18n import format_date, translator

MAX_HEADLINE_CHARS: Final = 60
MAX_CALL_CHARS: Final = 60
MAX_LINE_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Holds:
    """What the pages behind a sign's codes hold: those of all its items.

    `offer_until` is the last day on which each of them has an offer that runs now and as long as the print hangs; None
    where there is none, or nobody said how long it hangs.
    """

    sizes: bool = False
    stock: bool = False
    film: bool = False
    look: bool = False
    offer_until: date | None = None


def choose_call(holds: Holds, locale: str, *, is_wall: bool = False) -> str:
    """What a scan gives, in words that are true of every page behind the sign."""
    t = translator(locale)
    if holds.offer_until:
        day = format_date(holds.offer_until, locale)
        return t("Scan: an offer until {day}, while it lasts").format(day=day)
    if is_wall:
        return t("Scan: sizes, and where to get it") if holds.sizes else t("Scan: more about it, and where to get it")
    if holds.sizes and holds.stock:
        return t("Scan: is your size here?")
    if holds.sizes:
        return t("Scan: sizes and colours")
    if holds.film:
        return t("Scan: see it in motion")
    return t("Scan: what goes with it") if holds.look else t("Scan: all about it")


def usual_headline(locale: str, *, is_wall: bool) -> str:
    """What stands large on a wall unless somebody says otherwise; elsewhere the item's name does."""
    return translator(locale)("Shop the wall.") if is_wall else ""


def word_notice(locale: str, base: str) -> str:
    """What a scan keeps, and where it says so."""
    return f"{translator(locale)('Counts a look, not you.')} {urlsplit(base).netloc}/privacy"


def word_card(locale: str) -> Mapping[str, str]:
    """How to scan, in three steps."""
    t = translator(locale)
    return {
        "title": t("How to scan"),
        "step_1": t("Open your camera, as if to take a picture."),
        "step_2": t("Hold it over the code until a link shows."),
        "step_3": t("Tap the link. No app, no name, no sign-up."),
        "try": t("Try it on this one"),
        "help": t("If nothing happens, wipe the lens, come closer, or type the address below into your browser."),
    }


def word_guide(locale: str) -> Mapping[str, str]:
    """What an associate needs to know of the codes, on one page."""
    t = translator(locale)
    return {
        "guide": t("The codes in our shop, on one page"),
        "guide_lede": t("Two minutes now, and you can answer whatever a shopper asks about them."),
        "ask_1": t("What does it do?"),
        "answer_1": t(
            "The phone’s own camera opens the page of exactly this item in this store: pictures, sizes, and what is "
            "here today. Nothing is installed and nobody signs up."
        ),
        "ask_2": t("How do I scan it?"),
        "answer_2": t(
            "Open the camera, hold it over the code until a link shows, tap the link. Small codes are read from a "
            "hand’s width, large ones from where people stand."
        ),
        "ask_3": t("Does it know who I am?"),
        "answer_3": t(
            "No. A scan counts one look at one item, in one place, at one hour. No name and no address is kept. The "
            "page under Privacy says it all."
        ),
        "ask_4": t("It does not scan."),
        "answer_4": t(
            "Wipe the lens, come closer, turn the shine of a lamp away. Or type the address printed below the code: "
            "capital and small letters are the same. If it still fails, tell your manager which code it was."
        ),
        "ask_5": t("I saw something to keep."),
        "answer_5": t(
            "Tap the heart on the page. The list stays on that phone. What the shopper shows you at the till, you "
            "check under Till in your own page."
        ),
        "guide_try": t("Scan this one to see what shoppers see when they need help."),
    }


def word_hanging(locale: str, sheets: int) -> Mapping[str, str]:
    """What somebody who hangs a wall has to know; in the order they do it."""
    t = translator(locale)
    words = {"hang_1": t("How the wall hangs"), "hang_2": t("Print at 100 % and cut along the marks.")}
    if sheets > 1:
        words |= {
            "hang_3": t("Leave the strip at the end of each sheet but the last; it has a dashed line."),
            "hang_4": t("Hang the sheets by their numbers, and let each cover the strip of the one before."),
        }
    words["hang_5"] = t("Before you leave, scan the first and the last code from where people will stand.")
    return words

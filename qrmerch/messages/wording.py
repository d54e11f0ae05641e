"""Mails to shoppers in words of their language: the question whether an address is theirs, and that something is back.

Plain text; the name of the house stands first in each subject, and every mail ends with the way to stop it.
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from qrmerch.i18n import direction, format_date, translator
from qrmerch.messages.models import Purpose
from qrmerch.messages.queries import Asked, variant_name
from qrmerch.money import format_money
from qrmerch.parties.models import Store

_SUBJECT_CHARS: Final = 200
_TITLE_CHARS: Final = 120
# First strong isolate, and its end: a name that runs the other way does not pull the words around it along.
_ISOLATE, _ISOLATED = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Mail:
    """A subject and a body."""

    subject: str
    body: str


def word_asked(asked: Asked, house: str, locale: str) -> str:
    """What somebody asked for, in a line: on pages and in mails."""
    t = translator(locale)
    if asked.subscription.purpose == Purpose.NEWSLETTER:
        return t("News of {house}").format(house=house)
    name = _apart(name_of(asked, locale), locale)
    if asked.store is None:
        return t("One message when it is back: {item}").format(item=name)
    store = _apart(asked.store.short_name, locale)
    return t("One message when it is back at {store}: {item}").format(store=store, item=name)


def name_of(asked: Asked, locale: str) -> str:
    """An item and its variant as one name."""
    joint = translator(locale)(", ")
    parts = [asked.item.title if asked.item else "", variant_name(asked.variant, joint) if asked.variant else ""]
    return joint.join(part for part in parts if part)


def confirmation(asked: Asked, house: str, locale: str, *, link: str, stop: str, days: int) -> Mail:
    """The question whether an address is theirs: nothing else, and no news.

    :param days: after how many it is deleted if nobody answers.
    """
    t = translator(locale)
    return Mail(
        _cut(t("{house}: is this your address?").format(house=house)),
        _body(
            t("Somebody, you we hope, left this address at {house} and asks for this:").format(house=house),
            word_asked(asked, house, locale),
            t("If it was you, open this page and press its button:"),
            link,
            t("If it was not, do nothing: no more comes, and the address is deleted after {days} days.").format(
                days=days
            ),
            t("To stop it, or never to be written to again:"),
            stop,
        ),
    )


def already(asked: Asked, house: str, locale: str, *, stop: str) -> Mail:
    """That what was asked for is noted already."""
    t = translator(locale)
    return Mail(
        _cut(t("{house}: it is noted already").format(house=house)),
        _body(
            t("This was asked for again at {house}, and it is noted already. There is nothing to do.").format(
                house=house
            ),
            word_asked(asked, house, locale),
            t("To stop it:"),
            stop,
        ),
    )


def back(asked: Asked, house: str, locale: str, *, store: Store, page: str, stop: str, zone: str, days: int) -> Mail:
    """That something is back, with its price today.

    :param store: where it is.
    :param zone: the time zone of the house.
    :param days: after how many the address is deleted where nothing else was asked for.
    """
    t = translator(locale)
    name, variant = name_of(asked, locale), asked.variant
    price = variant.price_minor if variant else None
    said = {"item": _apart(name, locale), "store": _apart(store.short_name, locale)}
    lines = [t("{item} is back at {store}.").format(**said)]
    if variant is not None and price is not None:
        lines.append(t("It costs {price} today.").format(price=format_money(price, variant.currency, locale)))
    subject = t("{house}: {item} is back").format(house=house, item=_cut(name, _TITLE_CHARS))
    words = t(
        "You asked {house} for this one message. If you asked for nothing else, your address is deleted in {days} days."
    )
    asked_on = asked.subscription.asked_at.astimezone(ZoneInfo(zone)).date()
    return Mail(
        _cut(subject),
        _body(
            "\n".join(lines),
            page,
            t("Asked for on {day}.").format(day=format_date(asked_on, locale))
            + " "
            + words.format(house=house, days=days),
            t("To stop everything, or have the address deleted now:"),
            stop,
        ),
    )


def _apart(name: str, locale: str) -> str:
    return f"{_ISOLATE}{name}{_ISOLATED}" if direction(locale) == "rtl" else name


def _body(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"


def _cut(text: str, most: int = _SUBJECT_CHARS) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

"""Languages: which one to speak, which way it runs, and how it writes dates and numbers."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as _format_date
from babel.dates import format_datetime as _format_datetime
from babel.dates import format_skeleton as _format_skeleton
from babel.dates import format_time as _format_time
from babel.lists import format_list as _format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

_CATALOGUES = Path(__file__).parent / "locales"
# The weekday, and a month in letters, in a pattern of Unicode's.
_WEEKDAY, _MONTH = re.compile("E+|c+"), re.compile("M{3,}|L{3,}")


def translator(locale: str) -> Callable[[str], str]:
    """A function from an English sentence to the same in `locale`, or to itself where it has none."""
    catalogue = _catalogue(locale.split("-")[0])
    return lambda sentence: catalogue.get(sentence, sentence)


def speaks(locale: str) -> bool:
    """Whether our own words are there in this language."""
    language = locale.split("-")[0]
    return language == "en" or bool(_catalogue(language))


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = _CATALOGUES / f"{language}.po"
    if not language.isalpha() or not path.is_file():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string}


def is_locale(text: str) -> bool:
    """Whether `text` names a language that dates and prices can be written in (`en`, `ar`, `fr-CH`)."""
    try:
        _locale(text)
    except (UnknownLocaleError, ValueError):
        return False
    return True


@cache
def _locale(text: str) -> Locale:
    return Locale.parse(text, sep="-")


def direction(locale: str) -> str:
    """`rtl` or `ltr`."""
    return str(_locale(locale).text_direction)


def language_name(locale: str, in_locale: str | None = None) -> str:
    """The language's name, in its own words unless `in_locale` is given."""
    return str(_locale(locale).get_display_name(in_locale or locale) or locale)


def negotiate(accept_language: str, offered: Sequence[str]) -> str:
    """The offered locale that an Accept-Language value likes best; the first one when it likes none."""
    best, best_quality = offered[0], 0.0
    for part in accept_language.lower().split(",")[:20]:
        wanted, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        for each in offered:
            fits = each.lower() == wanted or each.lower().split("-")[0] == wanted.split("-")[0]
            if fits and quality > best_quality:
                best, best_quality = each, quality
                break
    return best


def format_date(day: date, locale: str, style: str = "medium") -> str:
    return str(_format_date(day, format=style, locale=_locale(locale)))


def format_weekday(at: datetime, locale: str, zone: str) -> str:
    """The day of an instant, short: "Sun, Dec 6"."""
    local = at.astimezone(ZoneInfo(zone))
    return str(_format_skeleton("MMMMEEEEd", local, fuzzy=True, locale=_locale(locale)))


def format_whole_day(at: datetime, locale: str, zone: str) -> str:
    """The day of an instant as one says it: "Sunday, December 6"."""
    spoken = _locale(locale)
    # The language's own order and signs, with day and month written out.
    known = spoken.datetime_skeletons
    pattern = str(next(known[each] for each in ("MMMMEEEEd", "MMMMEd", "MMMEd") if each in known).pattern)
    pattern = _MONTH.sub("MMMM", _WEEKDAY.sub("EEEE", pattern))
    return str(_format_date(at.astimezone(ZoneInfo(zone)).date(), format=pattern, locale=spoken))


def format_day(at: datetime, locale: str, zone: str) -> str:
    """The weekday of an instant: "Monday"."""
    return str(_format_date(at.astimezone(ZoneInfo(zone)).date(), format="EEEE", locale=_locale(locale)))


def format_time(at: datetime, locale: str, zone: str) -> str:
    return str(_format_time(at, format="short", tzinfo=ZoneInfo(zone), locale=_locale(locale)))


def format_datetime(at: datetime, locale: str, zone: str) -> str:
    return str(_format_datetime(at, format="medium", tzinfo=ZoneInfo(zone), locale=_locale(locale)))


def format_list(texts: Sequence[str], locale: str) -> str:
    """Several names as one says them: "Riverside, Galleria, and Harbor"."""
    return str(_format_list(list(texts), locale=_locale(locale)))


def format_number(number: float, locale: str) -> str:
    return str(format_decimal(number, locale=_locale(locale)))

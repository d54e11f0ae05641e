"""Languages: which one to speak, which way it runs, and how it writes dates and numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as _format_date
from babel.dates import format_datetime as _format_datetime
from babel.dates import format_skeleton as _format_skeleton
from babel.dates import format_time as _format_time
from babel.lists import format_list as _format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.numbers import format_percent as _format_percent

_CATALOGUES = Path(__file__).parent / "locales"
# The languages of our own words; what somebody gets whose language is none of them is the first.
SPOKEN: Final = ("en", *sorted(path.stem for path in _CATALOGUES.glob("*.po")))
# German as written without ß.
_WITHOUT_SHARP_S = ("CH", "LI")
# Nouns have a capital wherever they stand.
_CAPITAL_NOUNS = ("de", "lb")
# The weekday, and a month in letters, in a pattern of Unicode's.
_WEEKDAY, _MONTH = re.compile("E+|c+"), re.compile("M{3,}|L{3,}")


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """Sentences by the English one; those with a number in them by the English one for one, with `form_of` a number."""

    sentences: Mapping[str, str]
    counted: Mapping[str, tuple[str, ...]]
    form_of: Callable[[int], int]


def translator(locale: str) -> Callable[[str], str]:
    """A function from an English sentence to the same in `locale`, or to itself where it has none."""
    sentences = _catalogue(locale).sentences
    return lambda sentence: sentences.get(sentence, sentence)


def counter(locale: str) -> Callable[[int, str, str], str]:
    """A function from a number and the English sentence for one and for more to the one in `locale` for so many.

    The number itself is not in it yet: where a sentence has a place for it, it comes back with the place.
    """
    catalogue = _catalogue(locale)

    def choose(number: int, one: str, more: str) -> str:
        forms = catalogue.counted.get(one)
        if forms is None:
            return one if number == 1 else more
        return forms[catalogue.form_of(number)]

    return choose


def speaks(locale: str) -> bool:
    """Whether our own words are there in this language."""
    return locale.split("-")[0] in SPOKEN


@cache
def _catalogue(locale: str) -> _Catalogue:
    language, _, region = locale.partition("-")
    if language == "en" or language not in SPOKEN:
        return _Catalogue({}, {}, int)
    with (_CATALOGUES / f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language)

    def spell(words: str) -> str:
        return words.replace("ß", "ss") if language == "de" and region in _WITHOUT_SHARP_S else words

    said = [message for message in read if message.id and message.string]
    return _Catalogue(
        {str(each.id): spell(str(each.string)) for each in said if not each.pluralizable},
        {each.id[0]: tuple(spell(str(form)) for form in each.string or ()) for each in said if each.pluralizable},
        c2py(read.plural_expr),
    )


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
    """The language's name as it stands within a sentence of `in_locale`; else in its own words, standing alone."""
    name = str(_locale(locale).get_display_name(_locale(in_locale or locale)) or locale)
    return name if in_locale else name[:1].title() + name[1:]


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


def format_percent(percent: int, locale: str) -> str:
    """So many of a hundred: "15%"."""
    return str(_format_percent(Decimal(percent) / 100, locale=_locale(locale)))


def in_sentence(noun: str, locale: str) -> str:
    """A noun that began a line, as it stands inside of one: small, but in languages that write nouns large."""
    return noun if locale.split("-")[0] in _CAPITAL_NOUNS else noun.lower()

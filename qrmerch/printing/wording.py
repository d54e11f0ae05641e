"""What labels say beside their codes, in the retailer's first language."""

from typing import Final
from urllib.parse import urlsplit

from qrmerch.codes.artwork import BLACK
from qrmerch.errors import FormError
from qrmerch.i18n import direction, translator
from qrmerch.printing import lettering
from qrmerch.printing.labels import Wording
from qrmerch.text import clean_line

MAX_CALL_CHARS: Final = 60
_CALL: Final = "Scan: more about it, and what goes with it"
_NOTICE: Final = "Counts a look, not you."


def usual_call(locale: str) -> str:
    """What a scan gives, in words that hold for every item."""
    return translator(locale)(_CALL)


def refuse_unset(wording: Wording) -> None:
    """Let no word of a sheet be printed with a hole in it.

    :raises FormError: the call, or how the retailer writes itself, has letters that no face here has.
    """
    house = "" if wording.logo else wording.house
    problems = {}
    for field, text in (("call", wording.call), ("", house), ("", wording.notice)):
        if letters := "".join(lettering.list_missing(text)):
            problems[field] = (
                f"No font here has {letters} in “{text}”. Install one for that script, or write it otherwise."
            )
    if problems:
        raise FormError(problems)


def word_labels(
    locale: str,
    *,
    house: str,
    base: str,
    logo: bytes = b"",
    call: str | None = None,
    dark: str = BLACK,
    has_notice: bool = True,
    shows_place: bool = True,
) -> Wording:
    """The words of a sheet.

    :param house: how the retailer writes itself; stands on hang tags.
    :param logo: stands in its place, a picture's bytes as they are served; empty for none.
    :param base: scheme and host of its printed addresses, under which `/privacy` says what a scan keeps.
    :param call: what a scan gives; None for the usual words, empty for none.
    :raises ValueError: the call is longer than 60 characters.
    """
    notice = f"{translator(locale)(_NOTICE)} {urlsplit(base).netloc}/privacy"
    return Wording(
        house=house,
        logo=logo,
        call=usual_call(locale) if call is None else clean_line(call, MAX_CALL_CHARS),
        notice=notice if has_notice else "",
        dark=dark,
        direction=direction(locale),
        shows_place=shows_place,
    )

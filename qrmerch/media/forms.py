"""What a vendor says about a picture: form fields -> a description."""

from collections.abc import Mapping
from dataclasses import dataclass

from qrmerch.errors import FormError
from qrmerch.text import clean_line, whole_number

ALT_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Description:
    """What a picture shows, by locale; empty only for pure decoration. Focus as shares of width and height."""

    alt: dict[str, str]
    is_decorative: bool
    focus_x: float
    focus_y: float


def read_description(form: Mapping[str, str], locales: list[str]) -> Description:
    """The description in a form with `alt.<locale>`, `is_decorative`, `x` and `y` (per cent).

    :param locales: the first one must be described.
    :raises FormError: neither described nor marked as decoration, or too long.
    """
    problems: dict[str, str] = {}
    alt: dict[str, str] = {}
    is_decorative = bool(form.get("is_decorative"))
    for locale in locales:
        try:
            line = clean_line(form.get(f"alt.{locale}", ""), ALT_MAX_CHARS)
        except ValueError as error:
            problems[f"alt.{locale}"] = str(error)
            continue
        if line and not is_decorative:
            alt[locale] = line
    if not is_decorative and not alt.get(locales[0]) and not problems:
        problems[f"alt.{locales[0]}"] = (
            "Say what the picture shows, for shoppers who cannot see it, or mark it as decoration."
        )
    if problems:
        raise FormError(problems)
    return Description(alt, is_decorative, share_of(form.get("x", "")), share_of(form.get("y", "")))


def share_of(text: str) -> float:
    """Per cent in a form as a share between 0 and 1; the middle where it is no number."""
    per_cent = whole_number(text, most=100)
    return 0.5 if per_cent is None else per_cent / 100

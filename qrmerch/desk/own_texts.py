"""A form that came back, and what the house itself says of something in each of its languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import request
from werkzeug.datastructures import MultiDict

from qrmerch.i18n import direction, language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back: which one, what was typed, and what was wrong with it."""

    form: str = ""
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextFields:
    """What a look or an event says in one language; an event alone has a `spot`."""

    locale: str
    language: str
    direction: str
    is_needed: bool
    title: str
    words: str
    spot: str = ""


def read_texts(retailer: Retailer, name: str) -> dict[str, str]:
    """What the form says of one kind of text, by locale."""
    return {locale: request.form.get(f"{name}.{locale}", "") for locale in locales_of(retailer)}


def text_fields(
    retailer: Retailer, kept: Mapping[str, Mapping[str, str]], typed: Mapping[str, str] | None
) -> tuple[TextFields, ...]:
    """The fields of each language; the house's first one is needed.

    :param kept: the texts by locale as they are kept, by name as `TextFields` calls them.
    :param typed: what a form said that came back, which stands instead; None where none did.
    """

    def said(name: str, locale: str) -> str:
        return typed.get(f"{name}.{locale}", "") if typed is not None else kept[name].get(locale, "")

    return tuple(
        TextFields(
            locale=locale,
            language=language_name(locale, "en"),
            direction=direction(locale),
            is_needed=locale == retailer.default_locale,
            **{name: said(name, locale) for name in kept},
        )
        for locale in locales_of(retailer)
    )

"""Where and when a page shows: from a form to terms, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from qrmerch.content.models import Publication
from qrmerch.content.publishing import REASONS
from qrmerch.content.weekly import Weekly, read_weekly, say_weekly
from qrmerch.errors import FormError
from qrmerch.i18n import format_list, language_name
from qrmerch.parties.hours import HoursUnclear
from qrmerch.parties.models import Store
from qrmerch.web import parse_form_instant

_NAMED_STORES: Final = 3


@dataclass(frozen=True, slots=True)
class TypedPublication:
    """A publication as it was typed, and what is wrong with it."""

    from_at: str = ""
    until_at: str = ""
    # "all" or "some", of stores and of languages.
    where: str = "all"
    stores: tuple[str, ...] = ()
    which: str = "all"
    locales: tuple[str, ...] = ()
    hours: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """Where and when a page is to show; None for no limit. `notes` say how its hours were read."""

    from_at: datetime | None
    until_at: datetime | None
    store_ids: list[str] | None
    locales: list[str] | None
    weekly: Weekly | None
    notes: tuple[str, ...]


def read_typed(form: MultiDict[str, str]) -> TypedPublication:
    """A publication's form as it was sent."""
    return TypedPublication(
        from_at=form.get("from_at", ""),
        until_at=form.get("until_at", ""),
        where=form.get("where", "all"),
        stores=tuple(form.getlist("stores")),
        which=form.get("which", "all"),
        locales=tuple(form.getlist("locales")),
        hours=form.get("hours", ""),
    )


def read_terms(typed: TypedPublication, zone: str) -> Terms:
    """The terms that a form says.

    :param zone: whose clock the beginning and the end are typed by.
    :raises FormError: no date and time, or hours that cannot be read.
    """
    problems: dict[str, str] = {}
    instants: dict[str, datetime | None] = {}
    for name, text in (("from_at", typed.from_at), ("until_at", typed.until_at)):
        try:
            instants[name] = parse_form_instant(text, zone)
        except ValueError:
            problems[name] = f"{text[:30]} is no date and time. Choose one, or leave it empty."
    try:
        week = read_weekly(typed.hours)
    except HoursUnclear as unclear:
        problems["hours"] = str(unclear)
    if problems:
        raise FormError(problems)
    return Terms(
        instants["from_at"],
        instants["until_at"],
        list(typed.stores) if typed.where == "some" else None,
        list(typed.locales) if typed.which == "some" else None,
        week.weekly,
        week.notes,
    )


def read_reason(form: Mapping[str, str]) -> str:
    """Why a page comes down: a ready reason, words of one's own, or both; empty for neither."""
    ready, words = REASONS.get(form.get("why", ""), ""), form.get("reason", "").strip()
    return f"{ready}: {words}" if ready and words else ready or words


def say_scope(row: Publication | Terms, stores: Sequence[Store]) -> str:
    """Where a page shows, and at which hours: `All stores`, `Riverside, in Arabic, Mon-Fri 07:00-11:00`."""
    names = {store.id: store.short_name for store in stores}
    places: list[Any] | None = row.store_ids
    parts = ["All stores" if places is None else _say_stores([names.get(each, "?") for each in places])]
    if row.locales is not None:
        parts.append(f"in {format_list([language_name(each, 'en') for each in row.locales], 'en')}")
    if row.weekly is not None:
        parts.append(say_weekly(row.weekly))
    return ", ".join(parts)


def _say_stores(names: list[str]) -> str:
    if len(names) <= _NAMED_STORES:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED_STORES - 1])} and {len(names) - _NAMED_STORES + 1} more"

"""Calls on a store's page of the desk: the form, what holds now, and how long shoppers waited."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.calls.models import Staffed
from qrmerch.calls.queries import find_coming, find_rule, list_days
from qrmerch.calls.service import MOST_OPEN, CallTerms
from qrmerch.desk.store_pages import CallDayRow, CallsForm
from qrmerch.errors import FormError
from qrmerch.i18n import format_date
from qrmerch.parties.models import Store
from qrmerch.text import whole_number

_DAYS: Final = 7
_STAFFED: Final = (
    (Staffed.HOURS.value, "While it is open, by its hours"),
    (Staffed.SWITCH.value, "While its associates say so"),
)


def read_terms(said: Mapping[str, str]) -> CallTerms:
    """What the form says of calls.

    :raises FormError: no whole number of open calls (`most_open`).
    """
    most = whole_number(said.get("most_open", ""), most=1_000)
    if most is None:
        raise FormError({"most_open": "A whole number, such as 5."})
    asked = said.get("staffed", "")
    staffed = Staffed(asked) if asked in set(Staffed) else Staffed.HOURS
    return CallTerms(said.get("is_on") == "1", staffed, most, said.get("says_name") == "1")


def calls_form(db: Session, store: Store, typed: Mapping[str, str] | None, *, at: datetime) -> CallsForm:
    """The section of a store's page.

    :param typed: what stood in the form that came back; None for what is kept.
    """
    rule = find_rule(db, store.id)
    is_on, staffed = bool(rule and rule.is_on), rule.staffed.value if rule else Staffed.HOURS.value
    most, says_name = str(rule.most_open if rule else MOST_OPEN), bool(rule and rule.says_name)
    if typed is not None:
        is_on, says_name = typed.get("is_on") == "1", typed.get("says_name") == "1"
        staffed, most = typed.get("staffed", ""), typed.get("most_open", "")
    since = at.astimezone(ZoneInfo(store.time_zone)).date() - timedelta(days=_DAYS - 1)
    return CallsForm(
        is_on=is_on,
        staffed=staffed,
        ways=_STAFFED,
        most_open=most,
        says_name=says_name,
        comes=find_coming(db, store, at=at).is_possible,
        careful=_word_careful(store) if is_on and staffed == Staffed.HOURS else "",
        days=tuple(
            CallDayRow(
                on=format_date(day.on, "en"),
                calls=f"{day.calls:,}",
                taken=f"{day.taken:,}",
                wait=_word_wait(day.median_wait),
            )
            for day in list_days(db, store.id, since=since)
        ),
    )


def _word_careful(store: Store) -> str:
    if any(store.weekly or ()):
        return ""
    return "Its hours are not understood, so nobody can be called. Say them below, or let its associates say when."


def _word_wait(wait: timedelta | None) -> str:
    if wait is None:
        return "–"
    minutes, seconds = divmod(round(wait.total_seconds()), 60)
    return f"{minutes} min {seconds:02} s"

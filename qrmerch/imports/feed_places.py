"""Stores and warehouses by file: rows -> what is said of each place, what would change, and the writing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy.orm import Session

from qrmerch.clock import time_zones
from qrmerch.db import lock_for_chain
from qrmerch.errors import FormError
from qrmerch.i18n import language_name
from qrmerch.imports.feed_columns import DAYS, FeedColumns
from qrmerch.imports.feed_lines import Difference, FeedReading, Judged, Line, country_code
from qrmerch.imports.feed_table import FeedTable
from qrmerch.parties import service
from qrmerch.parties.hours import NAMES, HoursUnclear, format_week, parse_hours
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store, Warehouse
from qrmerch.parties.queries import list_stores, list_warehouses
from qrmerch.parties.service import StoreDetails
from qrmerch.parties.zones import Spot, find_zone, is_cut
from qrmerch.text import clean_line

# Two stores so near to each other go by the same clock, but for a handful of towns.
_NEAR_KM: Final = 40.0
_MAX_HOURS_CHARS: Final = 200
_NAMED: Final = 6
_WAREHOUSE: Final = re.compile(r"\b(warehouse|depot|dc|distribution|fulfil+ment|lager|stockroom)\b", re.IGNORECASE)
_SHOWN: Final = {
    "name": "Name",
    "short_name": "Short name",
    "address": "Address",
    "city": "City",
    "region": "Region",
    "postcode": "Postal code",
    "country": "Country",
    "time_zone": "Time zone",
    "locale": "Language",
    "gln": "Location number",
    "hours": "Hours",
}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A store as it shall be, or (without details) a warehouse; and what is kept of it now, if anything."""

    code: str
    name: str
    details: StoreDetails | None
    # The details that the row decides; the others are as they are kept.
    stated: frozenset[str]
    known: Store | Warehouse | None


class _Neighbours:
    """What the retailer's own stores and the file's rows say of zones, for rows that say nothing."""

    def __init__(self, stores: Sequence[Store], rows: Sequence[Mapping[str, str]], reading: FeedReading) -> None:
        self._of_region: dict[tuple[str, str], set[str]] = {}
        self._spots: list[tuple[Spot, str]] = []
        for store in stores:
            if store.region and not store.is_zone_guessed:
                self._of_region.setdefault((store.country, store.region.casefold()), set()).add(store.time_zone)
        for said in rows:
            country, region = country_code(said.get("country", reading.country)), said.get("region", "")
            spot = _spot_of(said)
            zone = said.get("time_zone") or find_zone(country, region, spot)
            if zone and spot:
                self._spots.append((spot, zone))
            if said.get("time_zone") and region:
                self._of_region.setdefault((country, region.casefold()), set()).add(said["time_zone"])

    def zone_of(self, country: str, region: str, spot: Spot | None) -> str | None:
        """The one zone of all stores near it, or of all in its region."""
        zones: set[str] = set()
        if spot is not None:
            zones = {zone for other, zone in self._spots if spot.km_to(other) <= _NEAR_KM}
        if not zones and region and not (spot and is_cut(country, region)):
            zones = self._of_region.get((country, region.casefold()), set())
        return next(iter(zones)) if len(zones) == 1 else None


def read_places(
    db: Session, retailer: Retailer, table: FeedTable, columns: FeedColumns, reading: FeedReading
) -> list[Line[PlaceLine]]:
    """Each row's store or warehouse, over what is kept of it: what a row does not say stays as it is."""
    stores = {each.code: each for each in list_stores(db, retailer.id)}
    warehouses = {each.code: each for each in list_warehouses(db, retailer.id)}
    rows = [(number, columns.read(cells)) for number, cells in table.rows]
    neighbours = _Neighbours(list(stores.values()), [said for _, said in rows], reading)
    first: dict[str, int] = {}
    lines = []
    for number, said in rows:
        line: Line[PlaceLine] = Line(number)
        code = said.get("code", "")
        if not code:
            line.refuse("REQUIRED", columns.name_of("code"), "A store needs a code of your own, such as 004.")
        elif code in first:
            message = f"Row {first[code]} is store {code[:40]} already. Keep one of them."
            line.refuse("DUPLICATE_KEY", columns.name_of("code"), message, code)
        else:
            first[code] = number
            if _WAREHOUSE.search(said.get("kind", "")) or code in warehouses:
                _read_warehouse(line, said, code, stores, warehouses, columns)
            else:
                _read_store(line, said, stores.get(code), neighbours, retailer, columns, reading)
        lines.append(line)
    return lines


def _read_warehouse(
    line: Line[PlaceLine],
    said: Mapping[str, str],
    code: str,
    stores: Mapping[str, Store],
    warehouses: Mapping[str, Warehouse],
    columns: FeedColumns,
) -> None:
    known = warehouses.get(code)
    if code in stores:
        message = f"{code[:40]} is a store of yours. Give the warehouse a code of its own."
        line.refuse("CODE_TAKEN", columns.name_of("code"), message, code)
        return
    name = said.get("name", known.name if known else code)
    try:
        name = clean_line(name, 80)
        code = clean_line(code, 40)
    except ValueError as error:
        line.refuse("TOO_LONG", columns.name_of("name"), str(error), name)
        return
    line.value = PlaceLine(code, name, None, frozenset(), known)


def _read_store(
    line: Line[PlaceLine],
    said: Mapping[str, str],
    known: Store | None,
    neighbours: _Neighbours,
    retailer: Retailer,
    columns: FeedColumns,
    reading: FeedReading,
) -> None:
    stated: dict[str, Any] = {
        name: said[name] for name in ("code", "name", "short_name", "city", "region", "postcode") if name in said
    }
    if "country" in said or known is None:
        stated["country"] = country_code(said.get("country", reading.country))
    if address := ", ".join(said[name] for name in ("address", "address2") if name in said):
        stated["address"] = address
    if hours := _hours_of(said):
        stated["hours"] = hours
    if gln := _gln_of(line, said, columns):
        stated["gln"] = gln
    if locale := _locale_of(line, said, retailer, columns):
        stated["locale"] = locale
    stated |= _zone_of(line, said, {**_kept_values(known), **stated}, known, neighbours, retailer, columns)
    details = StoreDetails(**{**_kept_values(known), **stated})
    _, problems = service.check_store(details)
    for name, sentence in problems.items():
        value = str(getattr(details, name) or "")
        code = "REQUIRED" if not value else "TOO_LONG" if sentence.startswith("At most") else "VALUE"
        line.refuse(code, columns.name_of(name), sentence, value)
    if known is None or known.hours != details.hours:
        _say_hours(line, details, columns)
    line.value = PlaceLine(details.code, details.name, details, frozenset(stated), known)


def _kept_values(known: Store | None) -> dict[str, Any]:
    """What is kept of a store, as the arguments of `StoreDetails`; empty ones for a new store."""
    if known is not None:
        return {name: getattr(known, name) for name in StoreDetails.__dataclass_fields__}
    empty: dict[str, Any] = dict.fromkeys(StoreDetails.__dataclass_fields__, "")
    return {**empty, "gln": None, "is_zone_guessed": False}


def _hours_of(said: Mapping[str, str]) -> str:
    """Hours from their column, or put together from one column for each day."""
    if "hours" in said:
        text = "; ".join(part.strip() for part in said["hours"].splitlines() if part.strip())
    else:
        days = [(name, said[day]) for name, day in zip(NAMES, DAYS, strict=True) if day in said]
        text = "; ".join(f"{name} {hours}" for name, hours in days)
    if len(text) <= _MAX_HOURS_CHARS:
        return text
    try:
        # The same in fewer words.
        return format_week(parse_hours(text).week)
    except HoursUnclear:
        return text


def _gln_of(line: Line[PlaceLine], said: Mapping[str, str], columns: FeedColumns) -> str:
    """The store's number; one that is wrong is left out with a warning."""
    gln = re.sub(r"[\s-]", "", said.get("gln", ""))
    if gln and (problem := service.gln_problem(gln)):
        line.warn("GLN_CHECK", columns.name_of("gln"), f"{problem} It is left out.", said["gln"])
        return ""
    return gln


def _locale_of(line: Line[PlaceLine], said: Mapping[str, str], retailer: Retailer, columns: FeedColumns) -> str:
    """The language that is said by its code or its name; one that the retailer does not have is left out."""
    if not (text := said.get("locale", "")):
        return ""
    spoken = locales_of(retailer)
    wanted = text.replace("_", "-").casefold()
    for locale in spoken:
        if wanted in (locale.casefold(), language_name(locale).casefold(), language_name(locale, "en").casefold()):
            return locale
    # A country behind it says no more than the language does, where that is the one they have.
    if shared := [each for each in spoken if each.casefold() == wanted.partition("-")[0]]:
        return shared[0]
    there = ", ".join(f"{each} ({language_name(each, 'en')})" for each in spoken)
    message = f"It is not one of your languages: {there}. It is left out."
    line.warn("LANGUAGE_UNKNOWN", columns.name_of("locale"), message, text)
    return ""


def _zone_of(
    line: Line[PlaceLine],
    said: Mapping[str, str],
    values: Mapping[str, Any],
    known: Store | None,
    neighbours: _Neighbours,
    retailer: Retailer,
    columns: FeedColumns,
) -> dict[str, Any]:
    """The zone that is said, or else follows from the place; nothing for a store that has one."""
    if "time_zone" in said:
        return {"time_zone": _zones().get(said["time_zone"].casefold(), said["time_zone"]), "is_zone_guessed": False}
    if known is not None and not known.is_zone_guessed:
        return {}
    country, region, spot = values["country"], values["region"], _spot_of(said)
    zone = find_zone(country, region, spot)
    if zone is None and (zone := neighbours.zone_of(country, region, spot)):
        line.warn(
            "ZONE_NEAR",
            columns.name_of("region") if columns.has("region") else "",
            f"It goes by {zone}, as your stores around it do.",
        )
    if zone:
        return {"time_zone": zone, "is_zone_guessed": False}
    guess = values["time_zone"] or retailer.time_zone
    message = (
        f"Nothing says which time zone it is in; {guess} is noted, and its hours stay a text. Add a column “time zone”."
    )
    # A country that is none is said already.
    if len(country) == 2:
        line.warn("ZONE_UNKNOWN", columns.name_of("time_zone") if columns.has("time_zone") else "", message)
    return {"time_zone": guess, "is_zone_guessed": True}


@cache
def _zones() -> dict[str, str]:
    """Every zone by its name in lower case."""
    return {each.casefold(): each for each in time_zones()}


def _say_hours(line: Line[PlaceLine], details: StoreDetails, columns: FeedColumns) -> None:
    """Warn of hours that stay a text, and say how those are read that leave a choice."""
    if not details.hours or details.is_zone_guessed:
        return
    column = columns.name_of("hours")
    try:
        hours = parse_hours(details.hours)
    except HoursUnclear as error:
        line.warn("HOURS_TEXT", column, f"They stay a text, without “open until”: {error}", details.hours)
        return
    if hours.notes:
        line.warn("HOURS_READ", column, " ".join(hours.notes), details.hours)


def _spot_of(said: Mapping[str, str]) -> Spot | None:
    try:
        spot = Spot(float(said["latitude"].replace(",", ".")), float(said["longitude"].replace(",", ".")))
    except (KeyError, ValueError):
        return None
    return spot if abs(spot.latitude) <= 90 and abs(spot.longitude) <= 180 else None


def judge_places(db: Session, retailer: Retailer, lines: Sequence[Line[PlaceLine]]) -> list[Judged]:
    """What each good line would do."""
    return [_judge(line.value, line.value.known) for line in lines if line.value]


def _judge(value: PlaceLine, known: Store | Warehouse | None) -> Judged:
    if known is None:
        return Judged("created")
    pairs = [("name", known.name, value.name)]
    if isinstance(known, Store):
        wanted, _ = service.check_store(_over(value, known))
        pairs = [(name, str(getattr(known, name) or ""), str(wanted[name] or "")) for name in _SHOWN]
        if known.is_zone_guessed and not wanted["is_zone_guessed"]:
            pairs.append(("time_zone", f"{known.time_zone}, a guess", str(wanted["time_zone"])))
    told = {name: (now, after) for name, now, after in pairs if now != after}
    differences = tuple(Difference(known.name, _SHOWN[name], now, after) for name, (now, after) in told.items())
    return Judged("updated" if differences else "unchanged", differences)


def _over(value: PlaceLine, known: Store) -> StoreDetails:
    """A store as it is kept now, with what the row decides."""
    stated = {name: getattr(value.details, name) for name in value.stated}
    return StoreDetails(**{**_kept_values(known), **stated})


def write_places(
    db: Session, retailer: Retailer, lines: Sequence[Line[PlaceLine]], reading: FeedReading, *, at: datetime
) -> list[str]:
    """Take good lines in; the outcome of each. A line that somebody else made impossible meanwhile is left out."""
    lock_for_chain(db, f"stores {retailer.id}")
    known: dict[str, Store | Warehouse] = {each.code: each for each in list_stores(db, retailer.id)}
    known |= {each.code: each for each in list_warehouses(db, retailer.id)}
    outcomes = []
    for value in (line.value for line in lines):
        if value is None:
            continue
        there = known.get(value.code)
        if there is not None and isinstance(there, Warehouse) != (value.details is None):
            outcomes.append("left_out")
            continue
        outcome = _judge(value, there).outcome
        try:
            if outcome != "unchanged":
                _write(db, retailer, value, there, at=at)
        except FormError:
            outcome = "left_out"
        outcomes.append(outcome)
    if {"created", "updated"} & set(outcomes):
        service.changed(db, retailer.id, at=at)
    return outcomes


def _write(db: Session, retailer: Retailer, value: PlaceLine, there: Store | Warehouse | None, *, at: datetime) -> None:
    if isinstance(there, Store):
        service.change_store(db, retailer, there, _over(value, there), at=at, tells_pages=False)
    elif there is not None:
        there.name = value.name
    elif value.details is None:
        service.add_warehouse(db, retailer, code=value.code, name=value.name)
    else:
        service.add_store(db, retailer, value.details, at=at, tells_pages=False)

"""How a design of codes is read from its form, drawn and judged on its page."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.artwork import BLACK, ColourTooPale, Level, SizeNotPossible, Symbol, check_size, draw_symbol, svg_of
from qrmerch.codes.designs import (
    MAX_DISTANCE_CM,
    Design,
    NotMeasured,
    asked_of,
    check_design,
    design_of,
    find_reading,
    list_designs,
)
from qrmerch.codes.models import CodeState, Finders, Ink, Modules, Paper, Use
from qrmerch.codes.preflight import (
    ArtworkRefused,
    Asked,
    Reading,
    Report,
    Verdict,
    design_digest,
    take_reading,
    with_reading,
)
from qrmerch.codes.queries import Wanted, list_codes, list_hosts_in_print, said_by
from qrmerch.codes.styles import Logo, logo_of
from qrmerch.codes.tokens import address_of
from qrmerch.desk.code_pages import Options
from qrmerch.desk.design_pages import DesignPage, Shown, not_shown, say_verdict
from qrmerch.errors import FormError
from qrmerch.media.marks import find_mark
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_brand, printed_base
from qrmerch.rendering.brand import derive_colours
from qrmerch.text import whole_number
from qrmerch.web import services

Word = TypeVar("Word", Modules, Finders, Ink, Paper, Use)

USES: Final[Options] = (
    (Use.HANG_TAG, "In the hand: tags, labels"),
    (Use.SHELF, "On a shelf"),
    (Use.POSTER, "On a poster, a window, a wall"),
    (Use.TILL, "At a till"),
)
MODULES: Final[Options] = (
    (Modules.SQUARE, "Squares"),
    (Modules.ROUNDED, "Rounded"),
    (Modules.DOTS, "Dots"),
)
FINDERS: Final[Options] = ((Finders.SQUARE, "Square"), (Finders.ROUNDED, "Rounded"))
INKS: Final[Options] = ((Ink.BLACK, "Black"), (Ink.BRAND, "Brand colour, as dark as it must be"))
PAPERS: Final[Options] = (
    (Paper.WHITE, "White"),
    (Paper.CREAM, "Cream"),
    (Paper.GREY, "Recycled grey"),
    (Paper.KRAFT, "Kraft"),
)
# A code and how it is drawn.
Drawn = tuple[Symbol, Asked]


@dataclass(frozen=True, slots=True)
class Worn:
    """A design on print: its name, its level, and what it comes to; the width is the print's own."""

    name: str
    level: Level
    asked: Asked


# Stands for a retailer's codes while there is none; nobody has it.
_SAMPLE_TOKEN: Final = "7K3M9QXRB"  # noqa: S105 - the text of a sample code, no secret
_MAX_TYPED_CHARS: Final = 200


def read_design(fields: Mapping[str, str]) -> Design:
    """The design that a form or an address describes; what it says wrongly of a closed list is the usual.

    :raises FormError: a number that is none.
    """
    problems = {}
    size_mm = _read_number(fields.get("size", "25"))
    if size_mm is None:
        problems["size"] = "Write the width in millimetres, such as 25."
    typed = fields.get("distance", "").strip() or "0"
    distance_cm = whole_number(typed, most=MAX_DISTANCE_CM + 1)
    if distance_cm is None:
        problems["distance"] = "Write whole centimetres, such as 150, or nothing."
    if problems:
        raise FormError(problems)
    return Design(
        name=fields.get("name", "")[:_MAX_TYPED_CHARS],
        modules=_word(Modules, fields.get("modules", "")),
        finders=_word(Finders, fields.get("finders", "")),
        ink=_word(Ink, fields.get("ink", "")),
        paper=_word(Paper, fields.get("paper", "")),
        has_logo=fields.get("has_logo") == "1",
        use=_word(Use, fields.get("use", "")),
        distance_cm=distance_cm or 0,
        size_mm=size_mm or 0.0,
        caption=fields.get("caption", "")[:_MAX_TYPED_CHARS],
        shows_gtin=fields.get("shows_gtin") == "1",
        shows_notice=fields.get("shows_notice") == "1",
        has_frame=fields.get("has_frame") == "1",
    )


def find_logo(db: Session, retailer: Retailer) -> Logo | None:
    """The retailer's logo, ready for the middle of a code; None where it has none that fits there."""
    store, key = services().files, get_brand(db, retailer.id, at=now()).logo_key
    if find_mark(store, key) is None:
        return None
    with store.open(key) as file:
        return logo_of(file.read())


def load_asked(db: Session, retailer: Retailer, design: Design) -> Asked:
    """What a design comes to with the retailer's brand of today."""
    brand = derive_colours(get_brand(db, retailer.id, at=now()).colour).code
    return asked_of(design, brand=brand, logo=find_logo(db, retailer) if design.has_logo else None)


def sample_symbol(db: Session, retailer: Retailer, design: Design) -> Symbol:
    """A code of the retailer's at the design's level: the newest one, or as long as one."""
    lines, _ = list_codes(db, Wanted(retailer.id, state=CodeState.ACTIVE), per_page=1)
    if lines:
        return draw_symbol(said_by(lines[0].code, services().settings.base_url), level=design.level)
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    return draw_symbol(address_of(base, _SAMPLE_TOKEN), level=design.level)


def sample_symbols(db: Session, retailer: Retailer, level: Level) -> list[Symbol]:
    """One code of each size that the retailer's have: a longer host makes a larger symbol, which reads otherwise."""
    base_url = services().settings.base_url
    bases = [f"https://{host}" if host else base_url for host in list_hosts_in_print(db, retailer.id)]
    bases.append(printed_base(db, retailer.id, base_url=base_url))
    samples = [draw_symbol(address_of(base, _SAMPLE_TOKEN), level=level) for base in dict.fromkeys(bases)]
    return list({symbol.version: symbol for symbol in samples}.values())


def find_worn(db: Session, retailer: Retailer, design_id: str) -> Worn | None:
    """How codes look in a design that is kept, with the retailer's brand of today; None for plain ones."""
    kept = next((each for each in list_designs(db, retailer.id) if each.id == design_id), None)
    if kept is None:
        return None
    design = design_of(kept)
    return Worn(kept.name, design.level, load_asked(db, retailer, design))


def design_options(db: Session, retailer: Retailer) -> Options:
    """What print can be drawn in: plain codes, or one of the designs; empty where there is none."""
    designs = list_designs(db, retailer.id)
    return (("", "Plain"), *((each.id, each.name) for each in designs)) if designs else ()


def measure_drawn(db: Session, retailer_id: str, drawn: Iterable[Drawn]) -> dict[str, Reading]:
    """What is read of typical pictures of codes as they are drawn, by digest; without those that were read before.

    Takes two seconds of the processor for each: ask for it outside of what writes.
    """
    found: dict[str, Reading] = {}
    for symbol, asked in drawn:
        digest = design_digest(symbol, asked)
        if digest in found or find_reading(db, retailer_id, digest):
            continue
        try:
            found[digest] = take_reading(symbol, asked)
        except (SizeNotPossible, ColourTooPale):
            continue
    return found


def refuse_unread(
    db: Session, retailer_id: str, drawn: Iterable[Drawn], *, found: Mapping[str, Reading] | None = None
) -> None:
    """Let no design go on paper that phones would read too seldom at the size it gets there.

    :param found: what `measure_drawn` has read and nobody has kept yet.
    :raises ArtworkRefused: it would not scan, or its typical pictures were read too seldom.
    :raises NotMeasured: they were not read yet.
    """
    for symbol, asked in drawn:
        report, is_measured = check_design(db, retailer_id, symbol, asked)
        fresh = (found or {}).get(design_digest(symbol, asked))
        if fresh and not is_measured:
            report, is_measured = with_reading(report, fresh), True
        if report.verdict == Verdict.REFUSE:
            raise ArtworkRefused(report)
        if not is_measured:
            raise NotMeasured("The brand or the design has changed this moment. Send the form once more.")


def show_design(db: Session, retailer: Retailer, design: Design, symbol: Symbol | None = None) -> tuple[Shown, bool]:
    """A design as it would be, and whether its typical pictures were read."""
    symbol = symbol or sample_symbol(db, retailer, design)
    try:
        check_size(design.size_mm)
        asked = load_asked(db, retailer, design)
        report, is_measured = check_design(db, retailer.id, symbol, asked)
        picture = svg_of(symbol, size_mm=asked.size_mm, dark=asked.dark, style=asked.style)
    except (SizeNotPossible, ColourTooPale) as refused:
        return not_shown(refused.detail), False
    if design.has_logo and asked.style.logo is None:
        missing = "There is no logo in the brand that fits into a code. Add a squarer one under Brand."
        report = replace(report, notes=(missing, *report.notes))
    shown = Shown(
        picture="data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode(),
        alt=f"A code in the design {design.name}" if design.name else "A code in this design",
        verdict=report.verdict.value,
        lead=say_verdict(report),
        findings=report.findings,
        notes=report.notes,
        facts=_facts(report, symbol, asked),
    )
    return shown, is_measured


def design_page(
    db: Session,
    retailer: Retailer,
    design: Design,
    *,
    design_id: str = "",
    typed: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> DesignPage:
    """The page of a design, kept or not."""
    shown, is_measured = show_design(db, retailer, design)
    typed = typed or {}
    return DesignPage(
        design_id=design_id,
        title=design.name if design_id else "New design",
        form=design,
        size=typed.get("size", f"{design.size_mm:g}")[:_MAX_TYPED_CHARS],
        distance=typed.get("distance", str(design.distance_cm or ""))[:_MAX_TYPED_CHARS],
        uses=USES,
        modules=MODULES,
        finders=FINDERS,
        inks=INKS,
        papers=PAPERS,
        has_brand_logo=find_logo(db, retailer) is not None,
        is_measured=is_measured,
        shown=shown,
        problems=problems or {},
    )


def say_look(design: Design) -> str:
    """A design in a few words: `Dots, rounded corners, brand colour, logo`."""
    words = [dict(MODULES)[design.modules]]
    if design.finders == Finders.ROUNDED:
        words.append("rounded corners")
    words.append("black" if design.ink == Ink.BLACK else "brand colour")
    if design.has_logo:
        words.append("logo")
    if design.paper != Paper.WHITE:
        words.append(f"on {dict(PAPERS)[design.paper].lower()}")
    return ", ".join(words)


def _facts(report: Report, symbol: Symbol, asked: Asked) -> tuple[tuple[str, str], ...]:
    ink = "Black" if asked.dark == BLACK else asked.dark
    return (
        ("Code", f"{report.size_mm:.1f} mm, version {report.version}, level {symbol.level}"),
        ("Ink", ink),
        ("Module", f"{report.module_mm:.2f} mm"),
        ("Least width", f"{report.least_size_mm:.1f} mm"),
        ("Reads well from", f"{report.good_size_mm:.1f} mm"),
    )


def _word(words: type[Word], text: str) -> Word:
    try:
        return words(text)
    except ValueError:
        return next(iter(words))


def _read_number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if value == value else None

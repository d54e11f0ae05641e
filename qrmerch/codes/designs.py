"""Designs: how a retailer's codes look, under a name, and what preflight has said of each.

A design names shapes, ink, logo, use and size; what they come to for a certain code (`Asked`) depends on the brand of
the day. How often its typical pictures read is measured once for all codes that look alike, and kept.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.codes.artwork import BLACK, MAX_SIZE_MM, MIN_CONTRAST, MIN_SIZE_MM, Level, Symbol
from qrmerch.codes.inks import GOOD_CONTRAST, PAPERS, darkened, is_colour, ratio, red_contrast
from qrmerch.codes.models import CodeDesign, CodeReading, Finders, Ink, Modules, Paper, Use
from qrmerch.codes.preflight import PRINTER_DPI, Asked, Reading, Report, check_symbol, design_digest, with_reading
from qrmerch.codes.styles import Logo, Style
from qrmerch.db import get_one
from qrmerch.errors import Conflict, FormError
from qrmerch.text import clean_line

MAX_NAME_CHARS: Final = 60
MAX_CAPTION_CHARS: Final = 60
MAX_DESIGNS: Final = 50
MAX_DISTANCE_CM: Final = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a form says of a design; checked when it is kept."""

    name: str
    modules: Modules = Modules.SQUARE
    finders: Finders = Finders.SQUARE
    ink: Ink = Ink.BLACK
    paper: Paper = Paper.WHITE
    has_logo: bool = False
    use: Use = Use.HANG_TAG
    distance_cm: int = 0
    size_mm: float = 25.0
    caption: str = ""
    shows_gtin: bool = False
    shows_notice: bool = False
    has_frame: bool = False

    @property
    def level(self) -> Level:
        """How much of a code may be unreadable: most where a logo lies on it, more where hands and weather come to it.

        More costs size: a code of level H has a tenth larger side than one of level M.
        """
        if self.has_logo:
            return Level.H
        return Level.Q if self.use == Use.POSTER else Level.M


class NotMeasured(Conflict):
    """A design's typical pictures were not read yet as its codes look now."""

    slug = "design_not_measured"


def get_design(db: Session, design_id: str) -> CodeDesign:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, CodeDesign, design_id, "This design is not here.")


def list_designs(db: Session, retailer_id: str) -> list[CodeDesign]:
    """A retailer's designs, by name."""
    wanted = select(CodeDesign).where(CodeDesign.retailer_id == retailer_id)
    return list(db.scalars(wanted.order_by(func.lower(CodeDesign.name), CodeDesign.id)))


def find_reading(db: Session, retailer_id: str, digest: str) -> Reading | None:
    """What was measured of designs that look like this; None for not yet."""
    wanted = select(CodeReading).where(CodeReading.retailer_id == retailer_id, CodeReading.digest == digest)
    kept = db.scalars(wanted).one_or_none()
    return Reading(kept.read, kept.taken) if kept else None


def design_of(kept: CodeDesign) -> Design:
    """The values of a design that is kept."""
    return Design(**{name: getattr(kept, name) for name in Design.__dataclass_fields__})


def asked_of(design: Design, *, brand: str, logo: Logo | None) -> Asked:
    """What a design comes to.

    :param brand: the brand's colour as it is printed, `#rrggbb`.
    :param logo: the brand's logo, where it has one that fits into a code.
    """
    return Asked(
        size_mm=design.size_mm,
        dark=ink_for(design, brand),
        style=Style(design.modules, design.finders, logo if design.has_logo else None),
        use=design.use,
        distance_mm=design.distance_cm * 10.0,
        dpi=PRINTER_DPI,
        paper=PAPERS[design.paper],
    )


def ink_for(design: Design, brand: str) -> str:
    """The ink of a design: black, or the brand's colour, only as dark as phones and the design's use need it."""
    if design.ink == Ink.BLACK or not is_colour(brand):
        return BLACK
    return darkened(brand, _enough(design))


def _enough(design: Design) -> Callable[[str], bool]:
    paper = PAPERS[design.paper]

    def is_enough(shade: str) -> bool:
        # White lies under what a screen shows and what is drawn; the paper may take some of it away.
        seen = min(ratio(shade), ratio(shade, paper)) >= MIN_CONTRAST
        return seen and (design.use != Use.TILL or red_contrast(shade, paper) >= GOOD_CONTRAST)

    return is_enough


def check_design(db: Session, retailer_id: str, symbol: Symbol, asked: Asked) -> tuple[Report, bool]:
    """What preflight says of a code in a design, and whether its typical pictures were read already."""
    report = check_symbol(symbol, size_mm=asked.size_mm, asked=asked)
    reading = find_reading(db, retailer_id, design_digest(symbol, asked))
    return (with_reading(report, reading), True) if reading else (report, False)


def keep_reading(db: Session, retailer_id: str, digest: str, reading: Reading, *, at: datetime) -> None:
    """Keep what was measured; measured twice at once, the first stays. The caller commits."""
    made = CodeReading(
        id=ids.new(), retailer_id=retailer_id, digest=digest, read=reading.read, taken=reading.taken, measured_at=at
    )
    try:
        with db.begin_nested():
            db.add(made)
    except IntegrityError:
        # Somebody measured the same meanwhile, and it came to the same.
        return


def keep_design(
    db: Session, retailer_id: str, design: Design, *, at: datetime, actor: Actor | None, kept: CodeDesign | None = None
) -> CodeDesign:
    """A new design, or new values of one that is kept; the caller commits.

    :raises FormError: a value that no design can have, or a name that another one has.
    """
    values = asdict(checked(design))
    if kept is None and _count(db, retailer_id) >= MAX_DESIGNS:
        raise FormError({"": f"{MAX_DESIGNS} designs are the most. Delete one that is no longer printed."})
    before = {name: getattr(kept, name) for name in values} if kept else {}
    row = kept or CodeDesign(id=ids.new(), retailer_id=retailer_id, made_at=at)
    try:
        with db.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            db.add(row)
    except IntegrityError:
        raise FormError({"name": "Another design has this name. Choose a different one."}) from None
    action = "design.change" if kept else "design.make"
    detail = audit.changes(before, values)
    audit.record(db, actor, action, ("design", row.id), at=at, retailer_id=retailer_id, detail=detail)
    return row


def delete_design(db: Session, kept: CodeDesign, *, at: datetime, actor: Actor | None) -> None:
    """Forget a design; what was printed in it is as it is. The caller commits."""
    detail: dict[str, object] = {"name": kept.name}
    audit.record(db, actor, "design.delete", ("design", kept.id), at=at, retailer_id=kept.retailer_id, detail=detail)
    db.delete(kept)


def checked(design: Design) -> Design:
    """A design whose words are cleaned.

    :raises FormError: a value that no design can have.
    """
    problems, words = {}, {}
    for name, most in (("name", MAX_NAME_CHARS), ("caption", MAX_CAPTION_CHARS)):
        try:
            words[name] = clean_line(getattr(design, name), most)
        except ValueError as error:
            problems[name] = str(error)
    if not problems.get("name") and not words["name"]:
        problems["name"] = "Give the design a name, such as Winter tags."
    if not (math.isfinite(design.size_mm) and MIN_SIZE_MM <= design.size_mm <= MAX_SIZE_MM):
        problems["size"] = f"A code is between {MIN_SIZE_MM:g} and {MAX_SIZE_MM:,.0f} mm wide."
    if not 0 <= design.distance_cm <= MAX_DISTANCE_CM:
        problems["distance"] = f"Between 0 and {MAX_DISTANCE_CM:,} cm; 0 for the usual distance."
    if problems:
        raise FormError(problems)
    return Design(**{**asdict(design), **words})


def _count(db: Session, retailer_id: str) -> int:
    return db.scalar(select(func.count(CodeDesign.id)).where(CodeDesign.retailer_id == retailer_id)) or 0

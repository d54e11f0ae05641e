"""Designs are kept under a name, come to something with the brand of the day, and are measured once."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.codes import designs
from qrmerch.codes.artwork import Level, draw_symbol
from qrmerch.codes.designs import Design
from qrmerch.codes.inks import ratio, red_contrast
from qrmerch.codes.models import CodeDesign, CodeReading, Finders, Ink, Modules, Paper, Use
from qrmerch.codes.preflight import Asked, Reading, Verdict
from qrmerch.errors import FormError
from tests.conftest import NOON
from tests.factories import make_retailer

ADDRESS = "https://fashiontown.example/q/7K3M9QXRB"


def test_a_design_is_kept_changed_and_deleted_and_the_log_says_so(db: Session) -> None:
    shop = make_retailer(db)
    kept = designs.keep_design(db, shop.id, Design(name="  Winter  tags "), at=NOON, actor=None)
    change = Design(name="Winter tags", modules=Modules.DOTS, size_mm=30)
    designs.keep_design(db, shop.id, change, at=NOON, actor=None, kept=kept)
    db.commit()

    assert designs.design_of(kept) == change
    assert [each.name for each in designs.list_designs(db, shop.id)] == ["Winter tags"]
    designs.delete_design(db, kept, at=NOON, actor=None)
    db.commit()
    assert designs.list_designs(db, shop.id) == []
    entries = db.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "design").order_by(AuditEntry.number))
    made, changed, deleted = list(entries)
    assert (made.action, changed.action, deleted.action) == ("design.make", "design.change", "design.delete")
    assert changed.detail["after"] == {"modules": "dots", "size_mm": 30}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "Tags", "caption": "x" * 61}, "caption"),
        ({"name": "Tags", "size_mm": 4.9}, "size"),
        ({"name": "Tags", "size_mm": float("nan")}, "size"),
        ({"name": "Tags", "size_mm": float("inf")}, "size"),
        ({"name": "Tags", "distance_cm": -1}, "distance"),
        ({"name": "Tags", "distance_cm": 3_001}, "distance"),
        ({"name": "Kept"}, "name"),
    ],
)
def test_what_no_design_can_have_is_refused_at_its_field(db: Session, values: dict[str, object], field: str) -> None:
    shop = make_retailer(db)
    designs.keep_design(db, shop.id, Design(name="Kept"), at=NOON, actor=None)

    with pytest.raises(FormError) as refused:
        designs.keep_design(db, shop.id, Design(**values), at=NOON, actor=None)  # type: ignore[arg-type]

    assert list(refused.value.problems) == [field]
    assert db.scalars(select(CodeDesign.name)).all() == ["Kept"]


def test_two_shops_may_call_a_design_alike_and_no_shop_has_too_many(db: Session) -> None:
    shop, other = make_retailer(db), make_retailer(db)
    for number in range(designs.MAX_DESIGNS):
        designs.keep_design(db, shop.id, Design(name=f"Tags {number}"), at=NOON, actor=None)
    designs.keep_design(db, other.id, Design(name="Tags 1"), at=NOON, actor=None)

    with pytest.raises(FormError, match="the most"):
        designs.keep_design(db, shop.id, Design(name="One more"), at=NOON, actor=None)


@pytest.mark.parametrize("paper", list(Paper))
@pytest.mark.parametrize("use", list(Use))
@pytest.mark.parametrize("brand", ["#e9dc12", "#e00000", "#7a1f4f", "#ffffff", "#161616", "nonsense"])
def test_the_brands_ink_is_dark_enough_for_paper_and_use(paper: Paper, use: Use, brand: str) -> None:
    asked = designs.asked_of(Design(name="Tags", ink=Ink.BRAND, paper=paper, use=use), brand=brand, logo=None)

    assert ratio(asked.dark) >= 7
    assert ratio(asked.dark, asked.paper) >= 7 or asked.dark == "#000000"
    assert use != Use.TILL or red_contrast(asked.dark, asked.paper) >= 0.55 or asked.dark == "#000000"


def test_error_correction_follows_from_logo_and_use() -> None:
    levels = [Design(name="a", use=use, has_logo=logo).level for use in (Use.HANG_TAG, Use.POSTER) for logo in (0, 1)]  # type: ignore[arg-type]

    assert levels == [Level.M, Level.H, Level.Q, Level.H]


def test_a_reading_is_kept_once_and_holds_for_all_that_look_alike(db: Session) -> None:
    shop, other = make_retailer(db), make_retailer(db)
    symbol, asked = draw_symbol(ADDRESS), Asked(size_mm=25)
    digest = designs.design_digest(symbol, asked)

    report, is_measured = designs.check_design(db, shop.id, symbol, asked)
    assert (report.verdict, is_measured) == (Verdict.PASS, False)
    for reading in (Reading(100, 128), Reading(1, 128)):
        designs.keep_reading(db, shop.id, digest, reading, at=NOON)
    db.commit()

    report, is_measured = designs.check_design(db, shop.id, symbol, asked)
    assert (report.verdict, is_measured) == (Verdict.REFUSE, True)
    assert "100 of 128 pictures" in report.said[0]
    assert len(db.scalars(select(CodeReading)).all()) == 1
    assert designs.find_reading(db, other.id, digest) is None


def test_a_design_says_all_its_columns() -> None:
    columns = set(CodeDesign.__table__.columns.keys()) - {"id", "retailer_id", "made_at"}

    assert set(Design.__dataclass_fields__) == columns
    assert Design(name="a").finders == Finders.SQUARE

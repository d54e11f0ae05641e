"""Designs of codes at the desk: made, seen, measured, chosen, deleted; by whom, and of whom."""

import io
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Variant
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.artwork import draw_symbol
from qrmerch.codes.designs import Design, asked_of, keep_design, keep_reading
from qrmerch.codes.models import Code, CodeDesign, CodeReading, Finders, Ink, Modules, Use
from qrmerch.codes.preflight import Reading, design_digest
from qrmerch.codes.tokens import address_of, group
from qrmerch.config import Settings
from qrmerch.desk.design_view import read_design
from qrmerch.parties.queries import get_brand
from qrmerch.parties.service import Brand, Corners, Display, Tone, set_brand
from qrmerch.rendering.brand import derive_colours
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import House, again, count_entries, seen
from tests.desk.test_codes import read_pdf, words_of

FORM = {
    "name": "Winter tags",
    "use": "hang_tag",
    "modules": "dots",
    "finders": "rounded",
    "ink": "brand",
    "paper": "white",
    "size": "30",
    "distance": "",
}


@pytest.fixture
def code(db: Session, house: House) -> Code:
    made = service.make_code(db, house.item, at=NOON, store_id=house.store.id)
    db.commit()
    return made


@pytest.fixture
def mia(browser: Browser, house: House) -> Browser:
    return browser.sign_in(*house.mia)


def make(db: Session, house: House, code: Code, settings: Settings, **values: Any) -> str:
    """A design whose pictures were all read; where its page is."""
    design = Design(**{"name": "Winter tags", "modules": Modules.DOTS, "size_mm": 30.0, **values})
    kept = keep_design(db, house.retailer.id, design, at=NOON, actor=None)
    symbol = draw_symbol(address_of(settings.base_url, code.token), level=design.level)
    brand = derive_colours(get_brand(db, house.retailer.id, at=now()).colour).code
    digest = design_digest(symbol, asked_of(design, brand=brand, logo=None))
    keep_reading(db, house.retailer.id, digest, Reading(128, 128), at=NOON)
    db.commit()
    return f"/desk/codes/designs/{kept.id}"


def test_a_design_is_made_measured_and_chosen_on_a_codes_page(
    mia: Browser, db: Session, house: House, code: Code
) -> None:
    response = mia.post(
        "/desk/codes/designs", {**FORM, "caption": "Scan: sizes", "shows_notice": "1", "has_frame": "1"}
    )
    place = response.headers["Location"]

    page = mia.get(place).text
    assert "Rule: 93% of 128 typical pictures" in page
    assert "were not read yet" not in page
    (design,) = seen(db, select(CodeDesign))
    (reading,) = seen(db, select(CodeReading))
    assert (reading.taken, reading.read >= 120) == (128, True)
    assert count_entries(db, "design.make") == 1
    assert f'<option value="{design.id}">Winter tags' in mia.get(f"/desk/codes/{code.id}").text
    shown = mia.get(f"/desk/codes/{code.id}/shown?design={design.id}").text
    assert "30.0 mm, version" in shown
    assert mia.get("/desk/codes/designs").text.count("Winter tags") >= 1


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_artwork_in_a_design_says_the_address_and_has_its_words(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings, kind: str
) -> None:
    for variant in seen(db, select(Variant).where(Variant.item_id == code.item_id)):
        variant.gtin = "09506000134352"
    db.commit()
    words: Any = {"caption": "Scan: sizes", "shows_notice": True, "shows_gtin": True, "has_frame": True}
    place = make(db, house, code, settings, **words)

    response = mia.get(f"/desk/codes/{code.id}/artwork?as={kind}&design={place.rpartition('/')[2]}")

    assert response.status_code == 200
    if kind == "svg":
        assert "Scan: sizes (01) 09506000134352" in response.text
        assert "<text" not in response.text
    elif kind == "png":
        picture = Image.open(io.BytesIO(response.data))
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert picture.height > picture.width
        (found,) = zxingcpp.read_barcodes(picture.convert("L"))
        assert found.text.endswith(code.token)
    else:
        assert read_pdf(response.data)[0].endswith(f"/q/{code.token}")
        said = words_of(response.data)
        assert "Scan: sizes" in said
        assert "(01) 09506000134352" in said
        assert "/privacy" in said


def test_a_design_without_words_is_the_code_alone(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings
) -> None:
    place = make(db, house, code, settings, modules=Modules.ROUNDED, finders=Finders.ROUNDED)

    for kind in ("svg", "png", "pdf"):
        response = mia.get(f"/desk/codes/{code.id}/artwork?as={kind}&design={place.rpartition('/')[2]}")
        assert response.status_code == 200
        assert response.headers["Content-Disposition"].endswith(f'code-{code.token}.{kind}"')


def test_a_design_is_measured_anew_when_the_brand_changes(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings
) -> None:
    place = make(db, house, code, settings, ink=Ink.BRAND)
    artwork = f"/desk/codes/{code.id}/artwork?as=svg&design={place.rpartition('/')[2]}"
    assert mia.get(artwork).status_code == 200
    brand = Brand("#0b3d91", Display.SANS, Corners.SOFT, Tone.PLAIN, "Fashiontown", {})
    set_brand(db, again(db, house.retailer), brand, at=NOON)
    db.commit()

    refused = mia.get(artwork)
    assert (refused.status_code, "was not measured yet" in refused.text) == (409, True)
    assert "Until then it cannot be downloaded" in mia.get(place).text
    mia.post(f"{place}/measure")

    assert mia.get(artwork).status_code == 200
    assert len(seen(db, select(CodeReading))) == 2


def test_a_design_that_would_not_scan_is_kept_and_never_released(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings
) -> None:
    place = make(db, house, code, settings, use=Use.TILL)

    page = mia.get(place).text
    assert "Choose squares for this use" in page
    response = mia.get(f"/desk/codes/{code.id}/artwork?as=png&design={place.rpartition('/')[2]}")
    assert response.status_code == 422
    assert "Choose squares" in response.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "Give the design a name"),
        ({"size": "wide"}, "Write the width in millimetres"),
        ({"size": "nan"}, "Write the width in millimetres"),
        ({"size": "1e9"}, "between 5 and 1,000 mm wide"),
        ({"distance": "far"}, "Write whole centimetres"),
        ({"distance": "9" * 5_000}, "Between 0 and 3,000 cm"),
        ({"caption": "x" * 61}, "At most 60 characters"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_what_was_typed(
    mia: Browser, db: Session, values: dict[str, str], said: str
) -> None:
    response = mia.post("/desk/codes/designs", {**FORM, **values})

    assert response.status_code == 422
    assert said in response.text
    assert seen(db, select(CodeDesign)) == []
    assert seen(db, select(CodeReading)) == []


def test_words_of_closed_lists_that_nobody_knows_are_the_usual() -> None:
    words = {"use": "<b>", "modules": "ring", "finders": "round", "ink": "gold", "paper": "tar"}

    design = read_design({**FORM, **words})

    assert (design.use, design.modules, design.finders, design.ink, design.paper) == (
        *("hang_tag", "square", "square", "black", "white"),
    )


def test_a_form_sent_twice_makes_one_design(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings
) -> None:
    make(db, house, code, settings)

    again_sent = mia.post("/desk/codes/designs", {**FORM, "finders": "square", "ink": "black"})

    assert again_sent.status_code == 422
    assert "Another design has this name" in again_sent.text
    assert len(seen(db, select(CodeDesign))) == 1
    assert len(seen(db, select(CodeReading))) == 1


def test_a_design_is_deleted_and_the_code_goes_on(
    mia: Browser, db: Session, house: House, code: Code, settings: Settings
) -> None:
    place = make(db, house, code, settings)

    assert mia.post(f"{place}/delete").status_code == 303

    assert seen(db, select(CodeDesign)) == []
    assert mia.get(place).status_code == 404
    assert group(code.token) in mia.get(f"/desk/codes/{code.id}").text


def test_a_design_is_tried_on_while_its_form_is_filled_in(mia: Browser, db: Session) -> None:
    shown = mia.get("/desk/codes/designs/shown?modules=dots&size=25")
    wrong = mia.get("/desk/codes/designs/shown?size=x")

    assert "data:image/svg+xml;base64," in shown.text
    assert "Write the width" in wrong.text
    assert seen(db, select(CodeReading)) == []


def test_otto_sees_and_changes_no_design_of_ours(
    browser: Browser, house: House, db: Session, code: Code, settings: Settings
) -> None:
    place = make(db, house, code, settings)
    otto = browser.another().sign_in(*house.otto)

    assert "Winter tags" not in otto.get("/desk/codes/designs").text
    for answer in (
        otto.get(place),
        otto.post(place, FORM),
        otto.post(f"{place}/measure"),
        otto.post(f"{place}/delete"),
        otto.get(f"/desk/codes/{code.id}/shown"),
    ):
        assert answer.status_code == 404
    assert len(seen(db, select(CodeDesign))) == 1


def test_who_only_reads_makes_no_design(browser: Browser, house: House) -> None:
    for role in (Role.REVIEWER, Role.ANALYST):
        reader = browser.another().sign_in(*house.people[role])
        assert reader.get("/desk/codes/designs").status_code == 404
        assert reader.post("/desk/codes/designs", FORM).status_code == 404

"""A proof from an agency, sent to the desk."""

import io

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.codes import service
from qrmerch.codes.artwork import draw_symbol, paint
from qrmerch.codes.models import Code
from qrmerch.codes.shots import take_shots
from qrmerch.codes.tokens import group
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import add_host
from tests.browsing import Browser
from tests.codes.test_proofs import page_of
from tests.conftest import NOON
from tests.desk.house import House


@pytest.fixture
def code(db: Session, house: House) -> Code:
    add_host(db, db.get_one(Retailer, house.retailer.id), "fashiontown.example", is_primary=True, proven_at=NOON)
    made = service.make_code(db, house.item, at=NOON, store_id=house.store.id)
    db.commit()
    return made


def send(browser: Browser, data: bytes, name: str = "proof.pdf", **values: str) -> tuple[int, str]:
    response = browser.post("/desk/codes/proof", {"proof": (io.BytesIO(data), name), **values})
    return response.status_code, response.text


def test_each_code_of_a_proof_is_named_with_its_item_and_place(browser: Browser, house: House, code: Code) -> None:
    mia = browser.sign_in(*house.mia)
    proof = page_of(
        (f"https://fashiontown.example/q/{code.token}", 20, 30, 25),
        ("https://elsewhere.example/<script>alert(1)</script>", 100, 30, 40),
        (f"https://fashiontown.example/q/{code.token}", 20, 200, 11),
    )

    status, page = send(mia, proof)

    assert status == 200
    assert "3 codes on 1 page: 1 pass, 1 to look at, 1 refused." in page
    assert f"/desk/codes/{code.id}" in page
    assert group(code.token) in page
    assert "Riverside" in page
    assert "The least size is" in page
    assert "its scans are not counted" in page
    assert "<script>alert" not in page


def photo_of(artwork: Image.Image, *, seed: str) -> bytes:
    """A print as a phone sees it: artwork of eight dots a module, tilted, in the light of a shop."""
    (shot,) = take_shots(artwork, module=8, count=1, seed=seed)
    file = io.BytesIO()
    shot.resize((shot.width * 3, shot.height * 3), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_a_photo_of_a_printed_tag_says_what_its_code_is_and_judges_no_size(
    browser: Browser, house: House, code: Code
) -> None:
    mia = browser.sign_in(*house.mia)
    artwork = paint(draw_symbol(f"https://fashiontown.example/q/{code.token}"), dots=8).convert("L")
    strangers = paint(draw_symbol("https://fashiontown.example/q/7K3M9QXRB"), dots=8).convert("L")

    _, as_artwork = send(mia, photo_of(artwork, seed="a"), "tag.jpg")
    _, page = send(mia, photo_of(artwork, seed="a"), "tag.jpg", photo="1")
    _, strange = send(mia, photo_of(strangers, seed="a"), "tag.jpg", photo="1")

    assert "does not say how large it is printed" in as_artwork
    assert f"/desk/codes/{code.id}" in page
    assert "does not say how large it is printed" not in page
    assert "0 refused" in page
    assert "No code of yours has this text." in strange
    assert "1 refused" in strange


def test_a_photo_shows_what_covers_a_code(browser: Browser, house: House, code: Code) -> None:
    artwork = paint(draw_symbol(f"https://fashiontown.example/q/{code.token}"), dots=8).convert("L")
    side = artwork.width
    artwork.paste(255, (side // 2, side // 2, side // 2 + 48, side // 2 + 40))

    _, page = send(browser.sign_in(*house.mia), photo_of(artwork, seed="a"), "tag.jpg", photo="1")

    assert "In this photo: Something covers it" in page
    assert f"/desk/codes/{code.id}" in page


def test_a_proof_without_codes_says_so(browser: Browser, house: House) -> None:
    status, page = send(browser.sign_in(*house.mia), page_of(size=(50, 50)))

    assert (status, "No code was found" in page) == (200, True)


@pytest.mark.parametrize(
    ("data", "values", "said"),
    [
        (b"", {}, "Choose the proof"),
        (b"MZ", {}, "no PDF, PNG or JPEG"),
        (b"%PDF-1.7", {}, "cannot be opened"),
        (b"MZ", {"width": "-1"}, "printed width"),
        (b"MZ", {"width": "nan"}, "printed width"),
        (b"MZ", {"distance": "9" * 400}, "whole centimetres"),
    ],
)
def test_what_cannot_be_looked_through_comes_back_with_a_reason(
    browser: Browser, house: House, data: bytes, values: dict[str, str], said: str
) -> None:
    status, page = send(browser.sign_in(*house.mia), data, "proof.pdf" if data else "", **values)

    assert status == 422
    assert said in page


def test_another_houses_code_is_as_unknown_as_none(browser: Browser, house: House, code: Code) -> None:
    otto = browser.sign_in(*house.otto)

    _, page = send(otto, page_of((f"https://fashiontown.example/q/{code.token}", 20, 30, 25)))

    assert "No code of yours has this text" in page
    assert house.item.title not in page


def test_who_only_reads_sends_no_proof(browser: Browser, house: House) -> None:
    reader = browser.sign_in(*house.people[Role.ANALYST])

    assert reader.get("/desk/codes/proof").status_code == 404
    assert send(reader, b"%PDF")[0] == 404

"""The house stands: it answers, refuses strangers, and every answer carries what it must."""

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from tests.browsing import Browser
from tests.factories import make_person, make_retailer, make_vendor


def test_the_server_is_alive_without_asking_anybody(browser: Browser) -> None:
    response = browser.get("/healthz")

    assert response.status_code == 200


def test_an_owner_sees_the_components_page(browser: Browser, db: Session) -> None:
    owner = make_person(db, Role.OWNER, name="Olive", retailer=make_retailer(db))
    db.commit()

    response = browser.sign_in(*owner).get("/desk/ui")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_a_stranger_is_asked_to_sign_in_and_comes_back(browser: Browser) -> None:
    response = browser.get("/desk/ui")

    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in?next=/desk/ui"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
def test_an_unknown_host_is_refused(browser: Browser, host: str) -> None:
    response = browser.get("/sign-in", Host=host)

    assert response.status_code == 421


ENDLESS = "x" * 50_001


def test_an_endless_search_for_items_breaks_nothing(browser: Browser, db: Session) -> None:
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=make_retailer(db))
    db.commit()
    browser.sign_in(*mia)

    page, file = (browser.get(f"{address}?find={ENDLESS}") for address in ("/desk/items", "/desk/items/export"))

    assert (page.status_code, file.status_code) == (200, 200)
    assert f'value="{ENDLESS[:120]}"' in page.text


@pytest.mark.parametrize("address", ["/studio/products", "/studio/assets"])
def test_an_endless_search_in_the_studio_breaks_nothing(browser: Browser, db: Session, address: str) -> None:
    vera = make_person(db, Role.VENDOR_ADMIN, name="Vera", vendor=make_vendor(db, make_retailer(db)))
    db.commit()

    page = browser.sign_in(*vera).get(f"{address}?find={ENDLESS}")

    assert page.status_code == 200
    assert f'value="{ENDLESS[:120]}"' in page.text

"""What a printed code does in a shop after something was decided about it at the desk: at the next scan."""

from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.models import Code
from qrmerch.landing.front_door import ScanPath
from qrmerch.landing.printed import PrintedCode, PrintedCodes
from qrmerch.parties.models import Retailer, Store
from qrmerch.scans.line import SCAN, read_line
from qrmerch.web import Services
from tests.browsing import Browser
from tests.factories import make_item, make_retailer, make_store


def scan_path(app: Flask) -> ScanPath:
    services: Services = app.extensions["qrmerch"]
    found: ScanPath = services.parts["scan_path"]
    return found


def hear(app: Flask) -> None:
    """What every worker does each half second."""
    assert scan_path(app).changes.look(now())


def make_two(db: Session) -> tuple[Retailer, Code, Code]:
    """A tag of a top in Riverside, and one of a sandal in Galleria."""
    shop = make_retailer(db)
    riverside, galleria = make_store(db, shop, short_name="Riverside"), make_store(db, shop, short_name="Galleria")
    top, sandal = make_item(db, shop, title="Marigold Top"), make_item(db, shop, title="Silver Sandal")
    old = service.make_code(db, top, at=now(), store_id=riverside.id)
    new = service.make_code(db, sandal, at=now(), store_id=galleria.id)
    db.commit()
    return shop, old, new


def test_a_code_made_a_moment_ago_opens_its_page(browser: Browser, db: Session) -> None:
    _, old, _ = make_two(db)

    response = browser.get(f"/q/{old.token}")

    assert response.status_code == 200
    assert "Marigold Top" in response.text


def test_a_replaced_code_opens_the_page_of_the_new_one_at_the_next_scan(
    app: Flask, browser: Browser, db: Session
) -> None:
    _, old, new = make_two(db)
    hear(app)
    browser.get(f"/q/{old.token}")
    browser.get(f"/q/{new.token}")
    kept = len(scan_path(app).pages)

    service.replace_code(db, old, new, at=now(), actor=None)
    db.commit()
    hear(app)
    response = browser.get(f"/q/{old.token}")

    assert "Silver Sandal" in response.text
    assert db.get_one(Store, new.store_id).public_id in response.text
    assert db.get_one(Store, old.store_id).public_id not in response.text
    assert "Marigold Top" not in response.text
    assert response.data == browser.get(f"/q/{new.token}").data
    assert len(scan_path(app).pages) <= kept


def test_a_scan_of_a_replaced_code_counts_for_its_own_code(app: Flask, browser: Browser, db: Session) -> None:
    _, old, new = make_two(db)
    service.replace_code(db, old, new, at=now(), actor=None)
    db.commit()

    browser.get(f"/q/{old.token}")

    log_dir = app.extensions["qrmerch"].settings.log_dir
    lines = [
        read_line(line) for path in log_dir.rglob("*") if path.is_file() for line in path.read_bytes().splitlines()
    ]
    assert [line.subject for line in lines if line.traits.kind == SCAN] == [old.token]


def test_old_prints_follow_the_new_as_far_as_it_goes(app: Flask, browser: Browser, db: Session) -> None:
    shop, first, second = make_two(db)
    third = service.make_code(db, make_item(db, shop, title="Courier Bag"), at=now())
    service.replace_code(db, first, second, at=now(), actor=None)
    db.commit()
    hear(app)
    assert "Silver Sandal" in browser.get(f"/q/{first.token}").text

    service.replace_code(db, second, third, at=now(), actor=None)
    db.commit()
    hear(app)

    assert "Courier Bag" in browser.get(f"/q/{first.token}").text
    assert "Courier Bag" in browser.get(f"/q/{second.token}").text


def test_sec_g09_a_retired_code_says_so_and_is_never_missing(app: Flask, browser: Browser, db: Session) -> None:
    _, old, new = make_two(db)
    service.replace_code(db, old, new, at=now(), actor=None)
    db.commit()
    hear(app)
    before = browser.get(f"/q/{new.token}").text

    service.retire_code(db, new, at=now(), actor=None)
    db.commit()
    hear(app)

    for code in (old, new):
        response = browser.get(f"/q/{code.token}")
        assert response.status_code == 200
        assert "Silver Sandal" in response.text
        assert response.text != before


def test_a_code_brought_back_opens_its_own_page_again(app: Flask, browser: Browser, db: Session) -> None:
    _, old, new = make_two(db)
    before = browser.get(f"/q/{old.token}").data
    service.replace_code(db, old, new, at=now(), actor=None)
    db.commit()
    hear(app)

    service.bring_back(db, old, at=now(), actor=None)
    db.commit()
    hear(app)

    assert browser.get(f"/q/{old.token}").data == before


def test_the_table_on_disk_knows_what_a_code_was_replaced_by(app: Flask, db: Session) -> None:
    _, old, new = make_two(db)
    service.replace_code(db, old, new, at=now(), actor=None)
    db.commit()
    hear(app)
    codes = scan_path(app).codes

    codes.save()
    again = PrintedCodes(app.extensions["qrmerch"].settings.pages_dir)

    found = again.find(old.token)
    assert found is not None
    assert again.shown_for(found).token == new.token


def test_codes_that_lead_in_a_circle_still_show_a_page(app: Flask) -> None:
    codes = scan_path(app).codes
    words = {"retailer_id": "r", "item_id": "i", "item_public_id": "p", "store_id": "", "fixture_id": ""}
    for token, after in (("A", "B"), ("B", "A")):
        codes.by_path[f"/q/{token}"] = PrintedCode(
            token=token, code_id=token, state="replaced", replaced_by=after, **words
        )

    assert codes.shown_for(codes.by_path["/q/A"]).token in "AB"


def test_a_code_of_an_earlier_table_on_disk_is_still_read() -> None:
    code = PrintedCode("7K3M9QXRB", "c", "r", "i", "p", "", "", "active")

    assert code.replaced_by == ""

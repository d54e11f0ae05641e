"""A GS1 address in a real browser: on to the page, whose address then names no visit; the pages beside it by axe."""

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.users.service import open_session
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.factories import make_item, make_person, make_retailer
from tests.landing.aisle import make_aisle, variants_of

GTIN, SHARED = "09506000134352", "09506000134369"


@pytest.mark.timeout(300)
def test_a_scanned_number_opens_the_page_and_what_stands_beside_it_can_be_used_by_all(
    open_phone: OpenPhone, db: Session
) -> None:
    aisle = make_aisle(db)
    other = make_item(db, make_retailer(db, name="Corvane"))
    for item, gtin in ((aisle.top, GTIN), (aisle.sandal, SHARED), (other, SHARED)):
        variants_of(db, item)[0].gtin = gtin
    owner = make_person(db, Role.OWNER, retailer=aisle.retailer)
    db.commit()
    watched = open_phone()
    page = watched.page

    page.goto(f"/01/{GTIN}")

    page.wait_for_function("!/[?&]v=/.test(location.search)")
    assert f"/i/{aisle.top.public_id}?" in page.url and "pick=s" in page.url
    secret = open_session(db, owner.user, owner.membership, at=now()).secret
    db.commit()
    page.context.add_cookies([{"name": "qs", "value": secret, "domain": "127.0.0.1", "path": "/"}])
    for address, status in (
        (f"/01/{GTIN}?linkType=linkset", 200),
        (f"/01/{SHARED}", 300),
        (f"/01/{GTIN}?linkType=gs1:dpp", 404),
        ("/01/123", 400),
        (f"/desk/items/{aisle.top.id}/gs1", 200),
        ("/desk/gs1", 200),
    ):
        answer = page.goto(address)
        assert answer is not None and answer.status == status
        assert list_problems(page) == [], address
    # A browser complains of every answer that is not 200.
    watched.forgive()

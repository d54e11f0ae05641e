"""What a page may weigh, set on the template's page."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.content.models import PageTemplate
from tests.browsing import Browser
from tests.factories import make_person, make_retailer, make_template


def made(db: Session, browser: Browser) -> PageTemplate:
    retailer = make_retailer(db)
    template = make_template(db, retailer)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    db.commit()
    browser.sign_in(*mia)
    return template


def test_a_merchandiser_says_what_pages_may_weigh(browser: Browser, db: Session) -> None:
    template = made(db, browser)

    page = browser.get(f"/desk/templates/{template.id}")
    browser.send(page, action="/budget", budget="90")

    db.expire_all()
    assert 'value="110"' in page.text
    assert "this template’s own 15 KB" in page.text
    assert db.get_one(PageTemplate, template.id).budget_bytes == 90_000
    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "template.budget")).one()
    assert entry.detail == {"before": 110_000, "after": 90_000}


@pytest.mark.parametrize("typed", ["", "much", "29", "1001", "-110", "110.5", "9" * 5000, "١١٠"])
def test_what_is_no_sensible_weight_is_refused_beside_the_field(browser: Browser, db: Session, typed: str) -> None:
    template = made(db, browser)

    answer = browser.post(f"/desk/templates/{template.id}/budget", {"budget": typed})

    db.expire_all()
    assert answer.status_code == 422
    assert 'id="f-budget-err"' in answer.text
    assert db.get_one(PageTemplate, template.id).budget_bytes == 110_000

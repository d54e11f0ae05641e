"""A link in a vendor's words on its way: sent once it was followed, asked again when the page is published."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.config import Settings
from qrmerch.content.models import Publication, Revision, RevisionState
from qrmerch.fetch import FetchFailed
from qrmerch.jobs import Work
from qrmerch.parties import following_tasks
from qrmerch.parties.models import LinkCheck
from qrmerch.parties.service import add_host
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_item, make_person, make_retailer, make_revision, make_vendor

OWN = "https://fashiontown.example/care"


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where addresses lead in this installation, which follows links; what is not in it cannot be opened."""
    found: dict[str, str] = {}

    def find_end(url: str, *, timeout_s: float) -> str:
        if url not in found:
            raise FetchFailed("fashiontown.example cannot be reached.")
        return found[url]

    monkeypatch.setattr(Settings, "follows_links", property(lambda settings: True))
    monkeypatch.setattr(following_tasks, "find_end", find_end)
    return found


def test_a_page_with_a_link_goes_from_the_studio_to_shoppers(
    browser: Browser, db: Session, work: Work, ends: dict[str, str]
) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    add_host(db, retailer, "fashiontown.example", is_primary=False, proven_at=NOON)
    vendor = make_vendor(db, retailer)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    item = make_item(db, retailer, vendor=vendor)
    draft = make_revision(db, item, author=vera, slots={"care.text": {"en": f"[How to wash it]({OWN})"}})
    db.commit()
    browser.sign_in(*vera)
    desk = browser.another().sign_in(*mia)
    address, revision_id = f"/studio/content/{draft.content_id}", draft.id

    first = browser.send(browser.get(address), action=address, do="submit")
    jobs.run_all(work)
    unreachable = browser.send(browser.get(address), action=address, do="submit")
    _forget_for(db, minutes=5)
    ends[OWN] = "https://vendor.example/shop"
    browser.send(browser.get(address), action=address, do="submit")
    _follow_again(db, work)
    away = browser.send(browser.get(address), action=address, do="submit")
    ends[OWN] = f"{OWN}-of-wool"
    _follow_again(db, work)
    sent = browser.send(browser.get(address), action=address, do="submit")

    assert (first.status_code, "is being checked. Try again in a moment." in first.text) == (422, True)
    assert "cannot be opened. fashiontown.example cannot be reached." in unreachable.text
    assert "ends at vendor.example, away from the retailer." in away.text
    assert sent.status_code == 303

    _forget_for(db, minutes=60 * 48)
    review = f"/desk/review/{revision_id}"
    page = desk.get(review)
    waiting = desk.send(page, action="/approve", do="publish")
    db.expire_all()
    is_still_sent = db.get_one(Revision, revision_id).state == RevisionState.SUBMITTED
    db.commit()
    jobs.run_all(work)
    live = desk.send(desk.get(review), action="/approve", do="publish")

    assert (waiting.status_code, is_still_sent) == (422, True)
    assert "is being checked" in waiting.text
    assert live.status_code == 303
    db.expire_all()
    assert db.scalars(select(Publication.revision_id)).all() == [revision_id]


def _forget_for(db: Session, *, minutes: int) -> None:
    """Let what is known of links be so much older."""
    db.expire_all()
    for check in db.scalars(select(LinkCheck)):
        check.asked_at -= timedelta(minutes=minutes)
        check.checked_at = check.checked_at and check.checked_at - timedelta(minutes=minutes)
    db.commit()


def _follow_again(db: Session, work: Work) -> None:
    db.expire_all()
    checks = [each.id for each in db.scalars(select(LinkCheck))]
    db.commit()
    for link_id in checks:
        following_tasks.follow_link(work, link_id=link_id)

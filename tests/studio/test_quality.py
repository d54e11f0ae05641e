"""What the editor says of a page besides what is missing: what would make it better, and what it weighs."""

from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content.models import PageTemplate, Revision, RevisionState
from qrmerch.media.models import Asset, Rendition
from qrmerch.parties.models import Retailer, Vendor
from tests.browsing import Browser
from tests.factories import (
    Person,
    make_asset,
    make_film,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
)


@dataclass
class Desk:
    retailer: Retailer
    vendor: Vendor
    template: PageTemplate
    item: Item
    vera: Person


@pytest.fixture
def desk(db: Session) -> Desk:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    vendor = make_vendor(db, retailer, name="Sunny Side")
    template = make_template(db, retailer)
    item = make_item(db, retailer, vendor=vendor)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    db.commit()
    return Desk(retailer, vendor, template, item, vera)


def picture_of(db: Session, desk: Desk, *, large: int, small: int = 5_000, **more: object) -> Asset:
    asset = make_asset(db, desk.vendor, **more)  # type: ignore[arg-type]
    for width, size in ((390, small), (780, large), (1170, large * 2)):
        files = update(Rendition).where(Rendition.asset_id == asset.id, Rendition.width == width)
        db.execute(files.values(size_bytes=size))
    return asset


def editor(browser: Browser, desk: Desk, draft: Revision) -> str:
    browser.sign_in(*desk.vera)
    return browser.get(f"/studio/content/{draft.content_id}").text


def test_the_weight_stands_beside_the_form_against_what_is_allowed(browser: Browser, db: Session, desk: Desk) -> None:
    pictures = [picture_of(db, desk, large=60_000).id, picture_of(db, desk, large=20_000).id]
    draft = make_revision(db, desk.item, author=desk.vera, slots={"gallery.pictures": pictures})
    db.commit()

    page = editor(browser, desk, draft)

    assert "<b>85 of 110 KB</b>" in page
    assert "<dt>Something is seen after</dt><dd>0.7 s</dd>" in page
    assert "<dt>First picture after</dt><dd>1.2 s</dd>" in page
    assert "Putting picture 2 first saves 40 KB" in page
    assert "cannot be sent yet" not in page


def test_a_page_over_its_budget_says_so_before_and_when_it_is_sent(browser: Browser, db: Session, desk: Desk) -> None:
    heavy = picture_of(db, desk, large=300_000)
    draft = make_revision(db, desk.item, author=desk.vera, slots={"gallery.pictures": [heavy.id]})
    db.commit()
    browser.sign_in(*desk.vera)
    address = f"/studio/content/{draft.content_id}"

    page = browser.get(address)
    sent = browser.send(page, action=address, do="submit")

    assert "The page is 205 KB heavier than Fashiontown allows, so it cannot be sent yet." in page.text
    assert "One thing stands in the way. The page is 205 KB heavier than Fashiontown allows." in page.text
    assert sent.status_code == 422
    assert "picture 1, 300 KB (a calmer or cropped one of about 25 KB saves 275 KB)" in sent.text
    db.expire_all()
    assert db.get_one(Revision, draft.id).state == RevisionState.DRAFT


def test_what_would_make_it_better_is_named_and_leads_there(browser: Browser, db: Session, desk: Desk) -> None:
    small = make_asset(db, desk.vendor, width=800, height=1000, alt={"en": "A top"})
    film = make_film(db, desk.vendor)
    draft = make_revision(
        db,
        desk.item,
        author=desk.vera,
        slots={"gallery.pictures": [small.id], "story.text": {"en": "Short."}, "film.video": [film.id]},
    )
    db.commit()

    page = editor(browser, desk, draft)

    assert "Tell a little more in the story: it has 6 characters" in page
    assert "Say more of what picture 1 shows than “A top”" in page
    assert "Send picture 1 at 1170 px or wider: at 800 it looks soft on fine screens" in page
    assert "Add captions in Arabic to the film" in page
    assert f'href="/studio/assets?id={film.id}#panel"' in page
    assert "Add 2 facts that can be checked" in page


def test_nothing_is_wished_of_a_page_that_is_good(browser: Browser, db: Session, desk: Desk) -> None:
    facts = [{"name": {"en": f"Fact {n}"}, "value": {"en": "Yes"}} for n in range(3)]
    story = "Open-stitch cotton with a scooped neck and a dropped shoulder, cut a little short for high waists. " * 2
    draft = make_revision(
        db,
        desk.item,
        author=desk.vera,
        slots={"story.text": {"en": story}, "facts.rows": facts, "gallery.pictures": [make_asset(db, desk.vendor).id]},
    )
    db.commit()

    assert "To make it better" not in editor(browser, desk, draft)


def test_a_save_by_script_brings_the_new_weight(browser: Browser, db: Session, desk: Desk) -> None:
    heavy = picture_of(db, desk, large=300_000)
    draft = make_revision(db, desk.item, author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)
    fields = {"number": draft.number, "edit": draft.edit, "locale": "en", "gallery.pictures": heavy.id}

    answer = browser.post(f"/studio/content/{draft.content_id}", fields, Accept="application/json")

    assert "so it cannot be sent yet" in answer.get_json()["parts"]["standing"]

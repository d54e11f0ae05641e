"""Events at the desk: made, said anew, published, taken back, printed; by whom, and of whom."""

import io

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.codes.models import Code, Subject
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import list_stores_of
from tests.browsing import Browser
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_occasion, make_store

NEW = {
    "title.en": "An evening at the quay",
    "words.en": "Try it on.\nSomething cold to drink.",
    "spot.en": "Upstairs",
    "begins": "2030-05-01T18:00",
    "ends": "2030-05-01T21:00",
}


def stores_of(db: Session, occasion: Occasion) -> list[str]:
    """The ids of its stores; the session lets go again."""
    found = [store.id for store in list_stores_of(db, occasion.id)]
    db.commit()
    return found


@pytest.fixture
def occasion(db: Session, house: House) -> Occasion:
    made = make_occasion(db, house.store, title="Late night", is_published=False)
    db.commit()
    return made


def test_an_event_is_made_published_and_taken_back(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    made = browser.send(browser.get("/desk/events/new"), action="/desk/events", stores=[house.store.id], **NEW)
    page = browser.follow(made)
    (occasion,) = seen(db, select(Occasion))
    own = f"/desk/events/{occasion.id}"
    published = browser.follow(browser.send(page, action=f"{own}/publish"))

    assert occasion.words == {"en": "Try it on.\nSomething cold to drink."}
    assert stores_of(db, occasion) == [house.store.id]
    assert "Published. It shows at the next scan." in published.text and "To come" in published.text
    assert f'href="/event/{occasion.public_id}"' in published.text
    listed = browser.get("/desk/events").text
    assert "An evening at the quay" in listed and "Riverside" in listed and "Wednesday, May 1" in listed
    browser.follow(browser.send(published, action=f"{own}/take-back"))
    assert not again(db, occasion).is_published
    assert count_entries(db, "occasion.publish") == count_entries(db, "occasion.take_back") == 1


def test_what_cannot_be_is_named_and_what_was_typed_stays(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    form = browser.get("/desk/events/new")

    refused = browser.send(form, action="/desk/events", **{**NEW, "ends": "2030-05-01T17:00"})

    assert refused.status_code == 422 and "It ends before it begins." in refused.text
    assert "Choose at least one store." in refused.text and 'value="An evening at the quay"' in refused.text
    assert seen(db, select(Occasion)) == []


def test_an_event_is_said_anew(browser: Browser, db: Session, house: House, occasion: Occasion) -> None:
    harbor = make_store(db, house.retailer, short_name="Harbor")
    db.commit()
    browser.sign_in(*house.mia)
    own = f"/desk/events/{occasion.id}"

    browser.follow(browser.post(own, {**NEW, "stores": harbor.id}))

    assert again(db, occasion).name == "An evening at the quay"
    assert stores_of(db, occasion) == [harbor.id]
    assert "Try it on." in browser.get(f"{own}/page").text
    assert "This event is no longer here" in browser.another().get(f"/event/{occasion.public_id}").text


def test_a_picture_is_sent(browser: Browser, db: Session, house: House, occasion: Occasion) -> None:
    browser.sign_in(*house.mia)
    own, file = f"/desk/events/{occasion.id}", io.BytesIO()
    Image.new("RGB", (800, 600), "teal").save(file, "PNG")
    file.seek(0)

    browser.follow(browser.send(browser.get(own), action=f"{own}/picture", picture=(file, "quay.png")))

    assert again(db, occasion).picture_id is not None
    browser.post(f"{own}/picture", {"do": "remove"})
    assert again(db, occasion).picture_id is None
    assert browser.post(f"{own}/picture", {}).status_code == 422


def test_codes_of_an_event_are_made_and_told_from_others(
    browser: Browser, db: Session, house: House, occasion: Occasion
) -> None:
    browser.sign_in(*house.mia)
    form = browser.get(f"/desk/codes/make?leads=occasion&event={occasion.id}").text
    told = {"leads": "occasion", "event": occasion.id, "place": f"store:{house.store.id}"}

    browser.follow(browser.post("/desk/codes/make", told))

    (code,) = seen(db, select(Code).where(Code.subject_kind == Subject.OCCASION))
    page = browser.get(f"/desk/codes/{code.id}").text
    assert "The event’s page" in page and f'href="/desk/events/{occasion.id}"' in page and "Late night" in page
    assert '<option value="occasion" selected>' in form and f'<option value="{occasion.id}" selected>' in form
    refused = browser.post("/desk/codes/make", {**told, "event": ""})
    assert refused.status_code == 422 and "Choose the event." in refused.text
    retired = browser.follow(browser.post(f"/desk/codes/{code.id}/end", {"what": "retire"})).text
    assert "event is no longer here, and show what comes next" in retired


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_publish_finds_no_events(browser: Browser, house: House, occasion: Occasion, role: Role) -> None:
    browser.sign_in(*house.people[role])

    for address in ("/desk/events", "/desk/events/new", f"/desk/events/{occasion.id}"):
        assert browser.get(address).status_code == 404
    assert browser.post(f"/desk/events/{occasion.id}/publish").status_code == 404


def test_another_houses_event_and_stores_are_not_there(
    browser: Browser, db: Session, house: House, occasion: Occasion
) -> None:
    foreign = make_store(db, house.other, short_name="Foreign")
    db.commit()
    browser.sign_in(*house.mia)
    assert browser.post(f"/desk/events/{occasion.id}", {**NEW, "stores": foreign.id}).status_code == 404
    browser.sign_in(*house.otto)

    assert browser.get(f"/desk/events/{occasion.id}").status_code == 404
    for step in ("", "/publish", "/take-back", "/picture"):
        assert browser.post(f"/desk/events/{occasion.id}{step}", {**NEW, "stores": foreign.id}).status_code == 404
    told = {"leads": "occasion", "event": occasion.id, "place": "none"}
    assert browser.post("/desk/codes/make", told).status_code == 404
    assert again(db, occasion).name == "Late night"

"""Looks at the desk: made, filled, published, taken back, printed; by whom, and of whom."""

import io

import pypdfium2
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.codes.models import Code, Subject
from qrmerch.jobs import Work
from qrmerch.looks.models import Look
from qrmerch.looks.queries import list_items
from qrmerch.media.models import Asset
from qrmerch.media.tasks import render
from tests.browsing import Browser
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_item, make_look, publish_page


def only_look(db: Session) -> Look:
    (look,) = seen(db, select(Look))
    return look


def titles(db: Session, look: Look) -> list[str]:
    """What is in it, in order; the session lets go again."""
    found = [item.title for item in list_items(db, look.id)]
    db.commit()
    return found


@pytest.fixture
def look(db: Session, house: House) -> Look:
    """A look of two items that are published, itself not."""
    cap = make_item(db, house.retailer, vendor=house.vendor, title="Corner Cap")
    for item in (house.item, cap):
        publish_page(db, item)
    made = make_look(db, house.item, cap, title="Sunday at the quay", is_published=False)
    db.commit()
    return made


def picture(colour: str = "teal") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(file, "JPEG")
    file.seek(0)
    return file


def test_a_look_is_made_filled_published_and_taken_back(browser: Browser, db: Session, house: House) -> None:
    cap = make_item(db, house.retailer, vendor=house.vendor, title="Corner Cap")
    db.commit()
    browser.sign_in(*house.mia)

    made = browser.send(browser.get("/desk/looks/new"), action="/desk/looks", **{"title.en": "Sunday at the quay"})
    page = browser.follow(made)
    look = only_look(db)
    own = f"/desk/looks/{look.id}"
    assert "2 more items to go." in page.text and "Publish</button>" not in page.text
    for word, item in (("Slouch", house.item), ("Corner", cap)):
        assert f'value="{item.id}"' in browser.get(f"{own}?find={word}").text
        page = browser.follow(browser.post(f"{own}/items", {"item": item.id, "find": word}))
    published = browser.follow(browser.send(page, action=f"{own}/publish"))

    assert "Published. It shows at the next scan." in published.text
    assert f'href="/look/{look.public_id}"' in published.text and "Take out<span" not in published.text
    assert titles(db, look) == ["Marigold Slouch Top", "Corner Cap"]
    listed = browser.get("/desk/looks").text
    assert "Sunday at the quay" in listed and "1 look, 1 published." in listed
    browser.follow(browser.send(published, action=f"{own}/take-back"))
    assert not again(db, look).is_published
    assert count_entries(db, "look.publish") == count_entries(db, "look.take_back") == 1


def test_what_cannot_be_is_named_and_what_was_typed_stays(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    refused = browser.send(
        browser.get("/desk/looks/new"), action="/desk/looks", **{"title.en": "", "words.en": "For the pier."}
    )

    assert refused.status_code == 422 and "Give the look a title." in refused.text
    assert 'value="For the pier."' in refused.text and seen(db, select(Look)) == []


def test_items_are_moved_and_taken_out(browser: Browser, db: Session, house: House, look: Look) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/looks/{look.id}")
    second = list_items(db, look.id)[1]
    db.commit()

    page = browser.follow(browser.send(page, action=f"/items/{second.id}/earlier"))
    assert page.text.index("Corner Cap") < page.text.index("Marigold Slouch Top")
    page = browser.follow(browser.send(page, action=f"/items/{second.id}/remove"))

    assert titles(db, look) == ["Marigold Slouch Top"]
    assert "1 more item to go." in page.text


def test_an_item_that_shoppers_do_not_see_is_marked(browser: Browser, db: Session, house: House, look: Look) -> None:
    hidden = make_item(db, house.retailer, vendor=house.vendor, title="Secret Sock")
    db.commit()
    browser.sign_in(*house.mia)

    found = browser.get(f"/desk/looks/{look.id}?find=Secret").text

    assert "Its page is not published: it is left out." in found and hidden.id in found
    assert "Nothing else here has “Marigold” in its name." in browser.get(f"/desk/looks/{look.id}?find=Marigold").text


def test_the_look_is_seen_before_it_is_published(browser: Browser, house: House, look: Look) -> None:
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/looks/{look.id}/page")

    assert "Sunday at the quay" in page.text and "Corner Cap" in page.text and "<script" not in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "This look is no longer here" in browser.another().get(f"/look/{look.public_id}").text


def test_one_picture_of_all_of_it_is_sent_described_and_taken_away(
    browser: Browser, db: Session, house: House, look: Look, work: Work
) -> None:
    browser.sign_in(*house.mia)
    own = f"/desk/looks/{look.id}"

    sent = browser.send(
        browser.get(own), action=f"{own}/picture", **{"picture": (picture(), "quay.jpg"), "alt.en": "At the quay"}
    )
    waiting = browser.follow(sent).text
    (asset,) = seen(db, select(Asset).where(Asset.file_name == "quay.jpg"))
    render(work, asset_id=asset.id)
    ready = browser.get(own)

    assert "It is being made ready." in waiting
    assert again(db, look).picture_id == asset.id and asset.alt == {"en": "At the quay"}
    assert 'alt="The picture as it is now"' in ready.text
    assert 'alt="At the quay"' in browser.get(f"{own}/page").text
    browser.post(f"{own}/picture", {"do": "remove"})
    assert again(db, look).picture_id is None
    none = browser.post(f"{own}/picture", {})
    assert none.status_code == 422 and "Choose a picture first." in none.text
    wrong = browser.post(f"{own}/picture", {"picture": (io.BytesIO(b"no picture"), "x.jpg")})
    assert wrong.status_code == 422 and 'id="f-picture-err"' in wrong.text


def test_codes_of_a_look_are_made_found_and_told_from_others(
    browser: Browser, db: Session, house: House, look: Look
) -> None:
    browser.sign_in(*house.mia)
    form = browser.get(f"/desk/codes/make?leads=look&look={look.id}").text
    told = {"leads": "look", "look": look.id, "batch": "Windows"}

    made = browser.post("/desk/codes/make", {**told, "place": [f"store:{house.store.id}", "none"]})
    listed = browser.follow(made).text

    codes = seen(db, select(Code).where(Code.subject_kind == Subject.LOOK))
    assert len(codes) == 2 and {code.subject_id for code in codes} == {look.id}
    assert listed.count("Sunday at the quay") >= 2
    code = browser.get(f"/desk/codes/{codes[0].id}").text
    assert "The look’s page" in code and f'href="/desk/looks/{look.id}"' in code and "0 scans" in code
    assert browser.get(f"/desk/codes?leads={look.id}").text.count("Sunday at the quay") >= 2
    assert "Sunday at the quay" in browser.get("/desk/codes?find=quay").text
    assert '<option value="look" selected>' in form and f'<option value="{look.id}" selected>' in form
    refused = browser.post("/desk/codes/make", {**told, "look": "", "place": "none"})
    assert refused.status_code == 422 and "Choose the look." in refused.text


def test_codes_of_a_look_are_drawn_read_back_and_released_like_others(
    browser: Browser, db: Session, house: House, look: Look, work: Work
) -> None:
    browser.sign_in(*house.mia)
    told = {"leads": "look", "look": look.id, "batch": "Windows", "place": f"store:{house.store.id}"}
    browser.post("/desk/codes/make", told)

    here = browser.post("/desk/codes/sheet", {"batch": "Windows", "sent": "1", "name": "Windows"}).location
    jobs.run_all(work)
    checked = browser.get(here).text
    browser.post(f"{here}/release")
    with browser.get(f"{here}/file") as file:
        text = pypdfium2.PdfDocument(file.data)[0].get_textpage().get_text_bounded()

    (code,) = seen(db, select(Code).where(Code.subject_kind == Subject.LOOK))
    assert "Every code was read back from the finished pages." in checked
    assert "Sunday at the quay" in " ".join(text.split()) and code.printed_at is not None


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_publish_finds_no_looks(browser: Browser, house: House, look: Look, role: Role) -> None:
    browser.sign_in(*house.people[role])

    for address in ("/desk/looks", "/desk/looks/new", f"/desk/looks/{look.id}", f"/desk/looks/{look.id}/page"):
        assert browser.get(address).status_code == 404
    assert browser.post(f"/desk/looks/{look.id}/publish").status_code == 404


def test_another_houses_look_and_items_are_not_there(browser: Browser, db: Session, house: House, look: Look) -> None:
    foreign = make_item(db, house.other, title="Foreign Top")
    db.commit()
    browser.sign_in(*house.mia)
    assert browser.post(f"/desk/looks/{look.id}/items", {"item": foreign.id}).status_code == 404
    browser.sign_in(*house.otto)

    assert browser.get(f"/desk/looks/{look.id}").status_code == 404
    for step in ("", "/items", "/publish", "/take-back", "/picture", f"/items/{house.item.id}/remove"):
        assert browser.post(f"/desk/looks/{look.id}{step}", {"title.en": "Mine"}).status_code == 404
    assert browser.post("/desk/codes/make", {"leads": "look", "look": look.id, "place": "none"}).status_code == 404
    assert again(db, look).name == "Sunday at the quay" and "Sunday" not in browser.get("/desk/looks").text

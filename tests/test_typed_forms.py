"""Forms of staff's that could not be taken: an ended sign-in, an earlier one, and somebody who was faster."""

import io
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content.building import read_draft
from qrmerch.content.models import Approval, PageTemplate, Revision, RevisionState
from qrmerch.db import Database
from tests.browsing import Browser, find_form
from tests.factories import Person, make_item, make_person, make_retailer, make_revision, make_template, make_vendor

# Pages are asked on one database; nothing here depends on which.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = "Could it name the <b>silk</b>?"
SHOWN = "Could it name the &lt;b&gt;silk&lt;/b&gt;?"


@dataclass
class House:
    """A page that waits, and who reviews it."""

    template: PageTemplate
    waiting: Revision
    rob: Person
    mia: Person

    @property
    def address(self) -> str:
        return f"/desk/review/{self.waiting.id}"

    @property
    def typed(self) -> dict[str, str]:
        return {"comment.story.lede@en": WORDS, "comment.": "", "digest": str(self.waiting.digest)}


@pytest.fixture
def house(db: Session) -> House:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    template = make_template(db, retailer)
    item = make_item(db, retailer, vendor=vendor)
    waiting = make_revision(db, item, state="submitted", slots={"story.lede": {"en": "A loose knit."}})
    rob = make_person(db, Role.REVIEWER, retailer=retailer)
    mia = make_person(db, Role.MERCHANDISER, retailer=retailer)
    db.commit()
    return House(template, waiting, rob, mia)


def state_of(database: Database, revision: Revision) -> RevisionState:
    with database.read() as db:
        return db.get_one(Revision, revision.id).state


def test_comments_outlive_a_sign_in_that_ended(house: House, browser: Browser, database: Database) -> None:
    signed_out = browser.post(f"{house.address}/return", house.typed)

    assert signed_out.status_code == 401
    assert SHOWN in signed_out.text
    assert 'href="/sign-in" target="_blank"' in signed_out.text
    browser.sign_in(house.rob.user, house.rob.membership)
    form = find_form(signed_out.text, house.address)
    earlier = browser.post(form.action, {**form.fields, "csrf": "of an earlier sign-in"})
    assert earlier.status_code == 400
    assert SHOWN in earlier.text
    returned = browser.send(earlier, action=f"{house.address}/return")
    assert returned.status_code == 303
    with database.read() as db:
        (answer,) = db.query(Approval).all()
        assert [each["text"] for each in answer.comments] == [WORDS]


def test_comments_on_what_was_answered_meanwhile_can_be_read(house: House, browser: Browser) -> None:
    browser.another().sign_in(house.mia.user, house.mia.membership).post(
        f"{house.address}/approve", {"digest": house.waiting.digest}
    )
    browser.sign_in(house.rob.user, house.rob.membership)

    response = browser.post(f"{house.address}/return", house.typed)

    assert response.status_code == 409
    assert SHOWN in response.text
    assert "nothing of it was done" in response.text
    assert "<form" not in response.text


def test_a_template_that_was_built_elsewhere_keeps_what_was_typed(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(house.mia.user, house.mia.membership)
    address = f"/desk/templates/{house.template.id}/edit"
    form = find_form(browser.get(f"{address}?section=story").text, address)
    help = "story.lede.help"
    browser.post(address, {**form.fields, help: "Why somebody would pick it up, in the other tab.", "do": "save"})

    response = browser.post(address, {**form.fields, help: "What it is made of, in this tab.", "do": "save"})

    assert response.status_code == 409
    assert "What it is made of, in this tab." in response.text
    with database.read() as db:
        sections, _ = read_draft(db, db.get_one(PageTemplate, house.template.id))
        story = next(each for each in sections if each["key"] == "story")
        assert story["slots"][0]["help"] == "Why somebody would pick it up, in the other tab."


def test_a_file_is_not_kept_but_the_words_beside_it_are(house: House, browser: Browser) -> None:
    form = {"wordmark": "Fashion Town", "logo": (io.BytesIO(b"a picture"), "logo.png")}

    response = browser.post("/desk/brand", form, Referer="http://localhost/desk/brand?step=2")

    assert response.status_code == 401
    assert "Fashion Town" in response.text
    assert "choose the file once more" in response.text
    assert 'href="/desk/brand?step=2"' in response.text
    assert "<form" not in response.text


def test_more_than_a_form_of_words_is_not_read_for_somebody_unknown(house: House, browser: Browser) -> None:
    response = browser.post(f"{house.address}/return", {"comment.": "A long story. " * 80_000})

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_what_another_site_typed_is_not_offered_to_be_sent(
    house: House, browser: Browser, database: Database, headers: dict[str, str]
) -> None:
    signed_out = browser.post(f"{house.address}/return", house.typed, **headers)
    browser.sign_in(house.rob.user, house.rob.membership)
    without_token = browser.post(f"{house.address}/return", {**house.typed, "csrf": "made up"}, **headers)

    assert signed_out.status_code == 303
    assert signed_out.headers["Location"].startswith("/sign-in")
    assert without_token.status_code == 400
    assert SHOWN not in without_token.text
    assert "<form" not in without_token.text
    assert state_of(database, house.waiting) == RevisionState.SUBMITTED


def test_a_button_alone_is_no_text_to_keep(house: House, browser: Browser) -> None:
    response = browser.post(f"{house.address}/approve", {"digest": str(house.waiting.digest), "do": "publish"})

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in")

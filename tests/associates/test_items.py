"""What an item's page tells associates: in their own stores, of what shows there, and nobody else."""

import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.config import Settings
from qrmerch.content import publishing, templates
from qrmerch.content.library import LIBRARY
from qrmerch.content.models import PageTemplate, Revision
from qrmerch.content.preview_links import make_link
from qrmerch.content.queries import get_newest_version
from qrmerch.content.shipped import sections_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    Doer,
    Person,
    make_claim,
    make_code,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_revision,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)

SECRET = "Zibelinenfloor"
SHOPPERS_MAY_OPEN = 60


@dataclass
class Floor:
    """Ada in Riverside, and a top whose page has words for her alone."""

    retailer: Retailer
    riverside: Store
    galleria: Store
    template: PageTemplate
    item: Item
    code: Code
    ada: Person
    vera: Person

    @property
    def address(self) -> str:
        return f"/associate/items/{self.item.id}"


@pytest.fixture
def floor(db: Session) -> Floor:
    retailer = make_retailer(db, slug="fashiontown", name="Fashiontown", locales=["en", "ar"])
    riverside, galleria = (
        make_store(db, retailer, short_name="Riverside"),
        make_store(db, retailer, short_name="Galleria"),
    )
    template = make_template(db, retailer)
    vendor = make_vendor(db, retailer, name="Sunny Side")
    item = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top")
    made = Floor(
        retailer,
        riverside,
        galleria,
        template,
        item,
        make_code(db, item, store=riverside),
        make_person(db, Role.ASSOCIATE, name="Ada", retailer=retailer, stores=(riverside,)),
        make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor),
    )
    db.commit()
    return made


@pytest.fixture
def ada(browser: Browser, floor: Floor) -> Browser:
    return browser.sign_in(*floor.ada)


def tell(db: Session, floor: Floor, item: Item | None = None, **more: Any) -> str:
    """Publish a page with words for associates; the id of its revision."""
    slots = {"staff.selling": {"en": f"{SECRET} one\n<b>{SECRET}</b> two"}, "staff.ask": {"ar": f"{SECRET} سؤال"}}
    page = publish_page(db, item or floor.item, template=floor.template, slots=slots, **more)
    db.commit()
    return str(page.revision_id)


def test_an_associate_reads_what_the_page_tells_associates(ada: Browser, floor: Floor, db: Session) -> None:
    tell(db, floor)

    page = ada.get(floor.address)

    assert page.status_code == 200
    assert f"<li>{SECRET} one</li><li>&lt;b&gt;{SECRET}&lt;/b&gt; two</li>" in page.text
    assert re.search(f'lang="ar" dir="rtl"><div class="prose"><p>{SECRET} سؤال', page.text)
    assert "The loose knit that makes jeans look like a plan." not in page.text
    assert "Fit advice" not in page.text


def test_what_is_not_approved_or_over_or_taken_down_is_not_told(ada: Browser, floor: Floor, db: Session) -> None:
    make_revision(db, floor.item, template=floor.template, state="submitted", slots={"staff.fit": {"en": SECRET}})
    db.commit()
    assert SECRET not in ada.get(floor.address).text

    other = make_item(db, floor.retailer, title="Silver Cross Sandal")
    tell(db, floor, other, until_at=now() - timedelta(hours=1))
    assert SECRET not in ada.get(f"/associate/items/{other.id}").text
    tell(db, floor, other)
    assert SECRET in ada.get(f"/associate/items/{other.id}").text

    publishing.take_down(db, other, reason="Recalled", actor=Doer(floor.ada.user.id), at=now())
    db.commit()
    assert SECRET not in ada.get(f"/associate/items/{other.id}").text


def test_a_suspended_vendors_words_are_gone(ada: Browser, floor: Floor, db: Session) -> None:
    tell(db, floor)
    supply = find_supply(db, floor.retailer.id, floor.item.vendor_id)
    assert supply is not None

    end_supply(db, supply, at=now())
    db.commit()

    assert SECRET not in ada.get(floor.address).text


def test_only_what_shows_in_a_store_of_ones_own_is_told(ada: Browser, floor: Floor, db: Session) -> None:
    tell(db, floor, stores=(floor.galleria,))

    assert SECRET not in ada.get(floor.address).text
    assert ada.get(f"{floor.address}?store={floor.galleria.id}").status_code == 404
    gil = make_person(db, Role.ASSOCIATE, name="Gil", retailer=floor.retailer, stores=(floor.galleria,))
    db.commit()
    assert SECRET in ada.another().sign_in(*gil).get(floor.address).text


def test_another_retailers_item_is_not_here(ada: Browser, floor: Floor, db: Session) -> None:
    other = make_item(db, make_retailer(db), title="Elsewhere")
    db.commit()

    assert ada.get(f"/associate/items/{other.id}").status_code == 404
    assert "Elsewhere" not in ada.get("/associate/items?find=Else").text


@pytest.mark.parametrize("role", [each for each in Role if each != Role.ASSOCIATE])
def test_nobody_else_opens_it(browser: Browser, floor: Floor, db: Session, role: Role) -> None:
    tell(db, floor)
    vendor = make_vendor(db, floor.retailer)
    person = make_person(db, role, name="Pat", retailer=floor.retailer, vendor=vendor, stores=(floor.riverside,))
    db.commit()

    answer = browser.sign_in(*person).get(floor.address)

    assert answer.status_code in (403, 404)
    assert SECRET not in answer.text


def test_items_are_found_by_a_part_of_their_name(ada: Browser, floor: Floor, db: Session) -> None:
    make_item(db, floor.retailer, title="Silver Cross Sandal")
    db.commit()

    page = ada.get("/associate/items?find=slouch")

    assert f'href="{floor.address}?store={floor.riverside.id}"' in page.text
    assert "Silver Cross Sandal" not in page.text
    assert "No item is called so" in ada.get("/associate/items?find=nothing").text


def test_the_till_leads_to_what_to_say_of_the_item(ada: Browser, floor: Floor, db: Session, settings: Settings) -> None:
    offer = make_offer(db, floor.item, from_at=now() - timedelta(days=1), until_at=now() + timedelta(days=1))
    claim = make_claim(db, offer, floor.item, store=floor.riverside, keys=settings.secret_keys, at=now())
    db.commit()

    page = ada.get(f"/associate/codes/{claim.public_id}")

    assert f'href="{floor.address}?store={floor.riverside.id}"' in page.text


def test_facts_tables_and_choices_for_associates_are_told_too(ada: Browser, floor: Floor, db: Session) -> None:
    options = [{"value": "small", "label": {"en": "Runs small"}}, {"value": "large", "label": {"en": "Runs large"}}]
    own = [
        {"key": "rows", "kind": "facts", "lock": "edit", "label": "Figures"},
        {"key": "sizes", "kind": "table", "lock": "edit", "label": "Last sizes"},
        {"key": "rich", "kind": "rich_text", "lock": "edit", "label": "Story"},
        {"key": "runs", "kind": "choice", "lock": "choose", "label": "Runs", "options": options},
        {"key": "house", "kind": "line", "lock": "fixed", "label": "House line", "max_chars": 60},
    ]
    sections = [*sections_of(floor.template.style), {**LIBRARY["staff"].begin("floor"), "slots": own}]
    sections = [each for each in sections if each["key"] != "staff"]
    templates.release_version(db, floor.template, sections, at=NOON)
    templates.set_fixed(db, floor.template, "floor.house", {"en": "Smile first."}, at=NOON, actor=None)
    publish_page(
        db,
        floor.item,
        template=floor.template,
        slots={
            "floor.rows": [{"name": {"en": "Weight"}, "value": {"en": "210 g"}}],
            "floor.sizes": {"en": [["EU", "US"], ["38", "7"]]},
            "floor.rich": {"en": "So **soft** [x](javascript:alert)"},
            "floor.runs": "small",
        },
    )
    db.commit()

    page = ada.get(floor.address).text

    for said in ("<dt>Weight</dt><dd>210 g</dd>", '<th scope="row">38</th><td>7</td>', "<strong>soft</strong>"):
        assert said in page
    assert "Runs small" in page
    assert "Smile first." in page
    assert "javascript:alert" not in page.partition("<main")[2].replace("[x](javascript:alert)", "")


# --- no shopper ever gets it ---------------------------------------------------------------------------------


def links_in(html: str) -> list[str]:
    """The addresses on this host that a page leads to."""
    found = re.findall(r'(?:href|src|formaction)="(/[^"#]*)', html) + re.findall(
        r'content="https?://[^/"]+(/[^"]*)', html
    )
    return [unescape(each) for each in found]


def test_no_address_that_a_shopper_can_open_has_a_word_of_it(
    browser: Browser, floor: Floor, db: Session, settings: Settings
) -> None:
    """From the tag, the item's page, the start page and a preview link on, everything that a page leads to."""
    revision_id = tell(db, floor)
    other = make_item(db, floor.retailer, title="Silver Cross Sandal", vendor=None)
    tell(db, floor, other)
    assert SECRET in str(db.get_one(Revision, revision_id).body)
    db.commit()
    public = floor.item.public_id
    preview = make_link(revision_id, key=settings.secret_key, at=now())
    waiting = [f"/q/{floor.code.token}", f"/q/{floor.code.token}", f"/i/{public}", f"/i/{public}?lang=ar", preview]
    waiting += ["/?of=fashiontown", "/nothing-here?of=fashiontown", "/my?of=fashiontown", f"/i/{other.public_id}"]
    seen: set[str] = set()
    pages = 0

    while waiting and pages < SHOPPERS_MAY_OPEN:
        address = waiting.pop(0)
        answer = browser.get(address)
        pages += 1
        assert SECRET.encode() not in answer.data, address
        assert SECRET not in str(answer.headers), address
        fresh = [each for each in links_in(answer.text) if each not in seen] if answer.mimetype == "text/html" else []
        seen.update(fresh)
        waiting += fresh

    assert browser.get(f"/i/{public}").status_code == browser.get(preview).status_code == 200
    assert pages > 12


def test_a_shopper_who_asks_as_a_program_gets_none_of_it(browser: Browser, floor: Floor, db: Session) -> None:
    tell(db, floor)

    for address in (f"/i/{floor.item.public_id}", f"/q/{floor.code.token}", floor.address, "/associate/items"):
        answer = browser.get(address, Accept="application/json")
        assert SECRET not in answer.text


def test_the_vendors_own_preview_is_a_shoppers_page(browser: Browser, floor: Floor, db: Session) -> None:
    draft = make_revision(db, floor.item, template=floor.template, slots={"staff.fit": {"en": SECRET}})
    db.commit()
    vera = browser.sign_in(*floor.vera)

    editor = vera.get(f"/studio/content/{draft.content_id}")

    assert SECRET in editor.text
    assert "only associates read it" in editor.text
    assert SECRET not in vera.get(f"/studio/content/{draft.content_id}/page").text


def test_a_reviewer_reads_it_among_the_changes_and_not_in_the_phones(
    browser: Browser, floor: Floor, db: Session
) -> None:
    sent = make_revision(
        db, floor.item, template=floor.template, state="submitted", slots={"staff.fit": {"en": SECRET}}
    )
    rita = make_person(db, Role.REVIEWER, name="Rita", retailer=floor.retailer)
    db.commit()
    desk = browser.sign_in(*rita)

    page = desk.get(f"/desk/review/{sent.id}")

    assert SECRET in page.text
    for address in re.findall(r'<iframe[^>]+src="([^"]+)"', page.text):
        assert SECRET not in desk.get(unescape(address)).text


def test_a_fixed_value_from_when_the_slot_was_of_another_kind_is_not_told(
    ada: Browser, floor: Floor, db: Session
) -> None:
    sections: list[dict[str, Any]] = deepcopy(get_newest_version(db, floor.template.id).sections)
    (selling,) = [
        slot for each in sections if each["key"] == "staff" for slot in each["slots"] if slot["key"] == "selling"
    ]
    selling["lock"] = "fixed"
    templates.release_version(db, floor.template, sections, at=NOON)
    templates.set_fixed(db, floor.template, "staff.selling", {"en": SECRET}, at=NOON, actor=Doer(floor.ada.user.id))
    selling |= {"kind": "facts"}
    templates.release_version(db, floor.template, sections, at=NOON)
    publish_page(db, floor.item, template=floor.template, slots={"staff.ask": {"en": "Which size?"}})
    db.commit()

    page = ada.get(floor.address)

    assert page.status_code == 200 and "Which size?" in page.text
    assert SECRET not in page.text


@pytest.mark.parametrize("was", ["edit", "fixed"])
def test_a_fixed_line_for_associates_is_on_no_page_of_an_older_version(
    browser: Browser, floor: Floor, db: Session, was: str
) -> None:
    sections: list[dict[str, Any]] = deepcopy(get_newest_version(db, floor.template.id).sections)
    (care,) = [slot for each in sections if each["key"] == "care" for slot in each["slots"]]
    care["lock"] = was
    templates.release_version(db, floor.template, sections, at=NOON)
    publish_page(db, floor.item, template=floor.template)
    care |= {"lock": "fixed", "audience": "staff"}
    templates.release_version(db, floor.template, sections, at=NOON)
    templates.set_fixed(db, floor.template, "care.text", {"en": SECRET}, at=NOON, actor=Doer(floor.ada.user.id))
    db.commit()

    page = browser.get(f"/i/{floor.item.public_id}")

    assert page.status_code == 200 and "The loose knit that makes jeans" in page.text
    assert SECRET not in page.text

"""Building a template at the desk through HTTP: sections, slots, two tabs, looking, releasing, moving pages."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.models import (
    FixedValue,
    MigrationState,
    Notice,
    Publication,
    Revision,
    Style,
    TemplateDraft,
    TemplateVersion,
)
from qrmerch.content.moving import find_newest_migration
from qrmerch.db import Database
from qrmerch.jobs import Work
from qrmerch.parties.models import PageChange, Vendor
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.desk.template_house import House, make_template_house
from tests.factories import make_item, make_person, make_retailer, make_revision, make_template, publish_page


@pytest.fixture
def house(db: Session) -> House:
    return make_template_house(db)


def press(browser: Browser, house: House, do: str, section: str = "story", **fields: Any) -> Any:
    """Fill in the builder's form with a section open, and press a button."""
    page = browser.get(f"{house.address}/edit?section={section}")
    # Both boxes of each slot are ticked; the browser of these tests knows one box of a name.
    spoken: dict[str, Any] = {
        name: ["en", "ar"] for name in find_form(page.text, "/edit").fields if name.endswith(".locales")
    }
    return browser.send(page, action=f"{house.address}/edit", do=do, **{**spoken, **fields})


def draft_of(database: Database, house: House) -> list[dict[str, Any]]:
    with database.read() as db:
        draft = db.scalars(select(TemplateDraft).where(TemplateDraft.template_id == house.template.id)).one()
        return list(draft.sections)


def section_in(sections: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(each for each in sections if each["key"] == key)


def keys(sections: list[dict[str, Any]]) -> list[str]:
    return [each["key"] for each in sections]


def versions_of(database: Database, house: House) -> list[TemplateVersion]:
    with database.read() as db:
        wanted = select(TemplateVersion).where(TemplateVersion.template_id == house.template.id)
        return list(db.scalars(wanted.order_by(TemplateVersion.number)))


def release(browser: Browser, house: House) -> Any:
    page = browser.get(f"{house.address}/release")
    return browser.send(page, action=f"{house.address}/release")


def test_looking_writes_nothing(house: House, browser: Browser, database: Database) -> None:
    page = browser.sign_in(*house.mia).get(f"{house.address}/edit")

    assert "Version 1 is in use on one page." in page.text
    with database.read() as db:
        assert db.scalars(select(TemplateDraft)).all() == []


def test_a_limit_that_is_typed_is_kept_in_the_draft_only(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    answer = press(browser, house, "save", **{"story.lede.max_chars": "60", "story.lede.help": "Why now?"})

    assert answer.status_code == 303
    lede = section_in(draft_of(database, house), "story")["slots"][0]
    assert (lede["max_chars"], lede["help"], lede["key"]) == (60, "Why now?", "lede")
    assert len(versions_of(database, house)) == 1


def test_what_cannot_be_kept_comes_back_as_typed(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    answer = press(browser, house, "save", **{"story.lede.max_chars": "eighty", "story.lede.label": ""})

    assert answer.status_code == 422
    assert "A whole number" in answer.text
    assert "Say what the vendor reads above it" in answer.text
    assert 'value="eighty"' in answer.text
    with database.read() as db:
        assert db.scalars(select(TemplateDraft)).all() == []


def test_what_cannot_be_kept_beside_what_is_comes_back_too(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "save", **{"story.lede.max_chars": "60"})

    answer = press(browser, house, "save", **{"story.lede.max_chars": "eighty", "story.lede.label": ""})

    assert answer.status_code == 422
    assert "A whole number" in answer.text
    assert section_in(draft_of(database, house), "story")["slots"][0]["max_chars"] == 60


def test_a_slot_can_be_for_one_language_only(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    press(browser, house, "save", **{"story.lede.locales": ["en"]})

    lede, text = section_in(draft_of(database, house), "story")["slots"]
    assert (lede["locales"], text.get("locales")) == (["en"], None)


def test_what_stands_once_on_a_page_is_not_added_twice(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "save", **{"story.lede.label": "In a line"})

    refused = press(browser, house, "add", add="size_guide", **{"story.lede.max_chars": ""})

    assert refused.status_code == 422
    assert "Size guide can stand on a page once, and it does." in refused.text
    assert section_in(draft_of(database, house), "story")["slots"][0]["label"] == "In a line"


def test_sections_move_go_and_come(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    before = keys(versions_of(database, house)[0].sections)

    press(browser, house, "up:look")
    press(browser, house, "remove:care", section="care")
    added = press(browser, house, "add", add="question")

    after = keys(draft_of(database, house))
    assert after.index("look") == before.index("look") - 1
    assert "care" not in after
    assert after[-1] == "question"
    assert parse_qs(urlsplit(added.headers["Location"]).query)["section"] == ["question"]


def test_what_was_typed_is_kept_when_a_section_moves(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    press(browser, house, "down:story", **{"story.lede.help": "Typed before the move"})

    assert section_in(draft_of(database, house), "story")["slots"][0]["help"] == "Typed before the move"


def test_slots_move_go_and_come(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    press(browser, house, "slot_down:lede")
    press(browser, house, "add_slot", add_slot="pictures")
    press(browser, house, "slot_remove:text")

    assert [each["key"] for each in section_in(draft_of(database, house), "story")["slots"]] == ["lede", "pictures"]


@pytest.mark.parametrize(
    ("do", "fields", "sentence"),
    [
        ("add", {"add": "gallery"}, "Pictures can stand on a page once, and it does."),
        ("add", {"add": "marquee"}, "Choose a section from the list."),
        ("add_slot", {"add_slot": "audio"}, "Choose what can be filled in from the list."),
    ],
)
def test_what_cannot_be_added_is_said(
    house: House, browser: Browser, database: Database, do: str, fields: dict[str, str], sentence: str
) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(f"{house.address}/edit", {"edit": "0", "section": "story", "do": do, **fields})

    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_choice_is_written_a_line_each(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    typed = "hand | By hand | يدويًا\nloom | On a loom | على نول"

    refused = press(browser, house, "save", **{"story.text.kind": "line", "story.text.lock": "choose"})
    fields = {"story.text.kind": "line", "story.text.lock": "choose", "story.text.options": typed}
    answer = browser.post(
        f"{house.address}/edit", {"edit": "0", "section": "story", "do": "save", "story.text.label": "How", **fields}
    )

    assert "List what can be chosen, two at least." in refused.text
    assert answer.status_code == 303
    slot = section_in(draft_of(database, house), "story")["slots"][1]
    assert slot["options"] == [
        {"value": "hand", "label": {"en": "By hand", "ar": "يدويًا"}},
        {"value": "loom", "label": {"en": "On a loom", "ar": "على نول"}},
    ]
    page = browser.get(f"{house.address}/edit?section=story")
    assert "hand | By hand | يدويًا" in page.text


def test_a_link_is_chosen_from_a_list_too(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="question")
    offered = browser.get(f"{house.address}/edit?section=question").text
    sizes = "sizes | Find your size | اعرف مقاسك | https://fashiontown.example/sizes"
    typed = f"{sizes}\nask | Ask us | mailto:ask@shop.example"
    lock = {"question.link.lock": "choose", "section": "question"}

    refused = press(browser, house, "save", **lock, **{"question.link.options": "sizes | Find your size\nask | Ask us"})
    answer = press(browser, house, "save", **lock, **{"question.link.options": typed})

    assert '<option value="choose">Vendor chooses</option>' in offered
    assert refused.status_code == 422
    assert "Option 1" in refused.text
    assert answer.status_code == 303
    slot = section_in(draft_of(database, house), "question")["slots"][1]
    assert slot["options"] == [
        {
            "value": "sizes",
            "label": {"en": "Find your size", "ar": "اعرف مقاسك"},
            "content": {
                "url": "https://fashiontown.example/sizes",
                "words": {"en": "Find your size", "ar": "اعرف مقاسك"},
            },
        },
        {
            "value": "ask",
            "label": {"en": "Ask us"},
            "content": {"url": "mailto:ask@shop.example", "words": {"en": "Ask us"}},
        },
    ]
    again = browser.get(f"{house.address}/edit?section=question").text
    assert "sizes | Find your size | اعرف مقاسك | https://fashiontown.example/sizes" in again
    assert "ask | Ask us |  | mailto:ask@shop.example" in again
    shown = browser.get(f"{house.address}/draft-page?item=sample&locale=ar").text
    assert 'href="https://fashiontown.example/sizes"' in shown
    assert "اعرف مقاسك" in shown


def test_a_second_tab_is_refused_with_a_sentence(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    first = browser.get(f"{house.address}/edit?section=story")
    press(browser, house, "save", **{"story.lede.max_chars": "60"})

    late = browser.send(first, action=f"{house.address}/edit", do="save", **{"story.lede.max_chars": "70"})

    assert late.status_code == 409
    assert "changed in another tab or by a colleague" in late.text
    assert section_in(draft_of(database, house), "story")["slots"][0]["max_chars"] == 60


def test_a_draft_that_is_being_typed_answers_a_script(house: House, browser: Browser) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(
        f"{house.address}/edit", {"edit": "0", "section": "story", "do": "save"}, Accept="application/json"
    )

    assert answer.json == {"edit": 1}


def test_the_phone_shows_the_draft_and_shoppers_the_released_version(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="words")
    press(browser, house, "save", section="words", **{"words.title.en": "How it is made", "words.text.lock": "fixed"})
    press(browser, house, "remove:story")

    item = browser.get(f"{house.address}/draft-page?item={house.item.id}&scheme=dark&locale=ar")
    sample = browser.get(f"{house.address}/draft-page?item=sample")

    assert "looks like a plan" not in item.text
    assert 'dir="rtl"' in item.text
    assert sample.status_code == 200
    assert "jeans look like a plan" in browser.another().get(f"/i/{house.item.public_id}").text


@pytest.mark.parametrize("part", ["", "/edit"])
def test_any_item_can_be_looked_at(house: House, browser: Browser, db: Session, part: str) -> None:
    browser.sign_in(house.mia.user, house.mia.membership)
    last = make_item(db, house.retailer, title="Zebra Scarf", at=NOON - timedelta(days=900))
    for number in range(21):
        make_item(db, house.retailer, title=f"Plain Scarf {number}")
    db.commit()

    listed = browser.get(f"{house.address}{part}").text
    found = browser.get(f"{house.address}{part}?find=zebra+sc&item={house.item.id}").text
    asked = browser.get(f"{house.address}{part}?item={last.id}").text
    none = browser.get(f"{house.address}{part}?find=giraffe").text

    assert "Zebra Scarf" not in listed
    assert "Find another item" in listed
    for page in (found, asked):
        assert f'<option value="{last.id}" selected>Zebra Scarf</option>' in page
        assert f"page?item={last.id}&amp;" in page
    assert "No item is called that." in none
    assert "Find another item" in none


def test_the_items_of_a_small_range_need_no_search(house: House, browser: Browser) -> None:
    browser.sign_in(house.mia.user, house.mia.membership)

    assert "Find another item" not in browser.get(f"{house.address}/edit").text


def test_sample_content_fills_every_slot(house: House, browser: Browser) -> None:
    browser.sign_in(*house.mia)

    page = browser.get(f"{house.address}/draft-page?item=sample")

    assert "A loose knit in marigold cotton" in page.text
    assert "Runs small" in page.text


def test_comparing_says_what_changes_and_what_it_means(house: House, browser: Browser) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "save", **{"story.lede.max_chars": "20"})
    press(browser, house, "up:look")

    page = browser.get(f"{house.address}/release")

    assert "One line has characters, at most 20 (was 80)." in page.text
    assert "Stands in another place." in page.text
    assert "One line: 20 characters at most; this has 49." in page.text
    assert "Needs work" in page.text


def test_releasing_makes_a_version_that_is_weighed_and_told_to_every_worker(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="question")

    answer = release(browser, house)

    assert answer.headers["Location"] == f"{house.address}/moving"
    first, second = versions_of(database, house)
    assert keys(second.sections) == [*keys(first.sections), "question"]
    assert 3_000 < second.weight_bytes < 60_000
    with database.read() as db:
        assert db.scalars(select(TemplateDraft)).all() == []
        assert db.scalars(
            select(PageChange).where(PageChange.item_id.is_(None), PageChange.at >= second.created_at)
        ).all()
        assert db.scalars(select(Item).where(Item.retailer_id == house.retailer.id)).all() == [
            db.get_one(Item, house.item.id)
        ]


def test_a_release_of_what_somebody_changed_meanwhile_is_refused(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="question")
    page = browser.get(f"{house.address}/release")
    press(browser, house, "add", add="contact")

    late = browser.send(page, action=f"{house.address}/release")

    assert late.status_code == 409
    assert len(versions_of(database, house)) == 1


def test_a_draft_can_be_discarded(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "remove:story")

    answer = browser.post(f"{house.address}/discard", {"edit": "1"})

    assert answer.status_code == 303
    with database.read() as db:
        assert db.scalars(select(TemplateDraft)).all() == []


def test_those_whose_page_waits_are_told(house: House, browser: Browser, database: Database, db: Session) -> None:
    waiting = make_revision(db, make_item(db, house.retailer), template=house.template, state="submitted")
    db.commit()
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="question")

    release(browser, house)

    with database.read() as again:
        notices = list(again.scalars(select(Notice).where(Notice.kind == "template")))
    assert {(each.reader, each.revision_id) for each in notices} == {
        ("vendor", waiting.id),
        ("retailer", waiting.id),
    }
    assert notices[0].detail == {"template": "Everyday", "version": 2, "number": 1}


def test_pages_move_after_they_were_looked_at(
    house: House, browser: Browser, database: Database, work: Work, db: Session
) -> None:
    long = make_item(db, house.retailer, title="Corner Cap")
    publish_page(db, long, template=house.template, slots={"story.lede": {"en": "x" * 75}})
    db.commit()
    browser.sign_in(*house.mia)
    press(browser, house, "save", **{"story.lede.max_chars": "60"})
    release(browser, house)

    before = browser.get(f"{house.address}/moving")
    running = browser.follow(browser.send(before, action=f"{house.address}/moving"))
    jobs.run_all(work)
    after = browser.get(f"{house.address}/moving")

    assert "2 pages are in an older version." in before.text
    assert "Move the page that can move" in before.text
    assert "One line: 60 characters at most; this has 75." in before.text
    assert "0 of 2 looked at" in running.text
    assert "1 moved, 1 stayed." in after.text
    assert "One page is in an older version." in after.text
    assert "jeans look like a plan" in browser.another().get(f"/i/{house.item.public_id}").text
    with database.read() as again:
        newest = again.scalars(
            select(Publication).where(Publication.item_id == house.item.id).order_by(Publication.created_at.desc())
        ).first()
        assert newest is not None
        shown = again.get_one(Revision, newest.revision_id)
        assert again.get_one(TemplateVersion, shown.template_version_id).number == 2


def test_each_page_can_be_seen_before_and_after(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "remove:reviews")
    release(browser, house)
    with database.read() as db:
        content_id = db.scalars(select(Revision.content_id)).first()

    for which in ("older", "newest"):
        page = browser.get(f"{house.address}/moving/{content_id}?in={which}")
        assert page.status_code == 200
        assert "jeans look like a plan" in page.text


def test_moving_can_be_stopped(house: House, browser: Browser, database: Database, work: Work) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="question")
    release(browser, house)
    page = browser.follow(browser.send(browser.get(f"{house.address}/moving"), action=f"{house.address}/moving"))

    again = browser.post(f"{house.address}/moving")
    browser.send(page, action=f"{house.address}/moving/stop")
    jobs.run_all(work)

    assert again.status_code == 409
    with database.read() as db:
        migration = find_newest_migration(db, house.template.id)
        assert migration is not None
        assert (migration.state, migration.done) == (MigrationState.STOPPED, 0)
    assert browser.post(f"{house.address}/moving/stop").status_code == 404


def test_a_fixed_value_can_begin_later_and_be_taken_back(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "Now"})
    later = {"slot": "legal.text", "legal.text.en": "From next year", "from_at": "2199-01-01T09:00"}

    browser.post(f"{house.address}/fixed", later)
    page = browser.get(house.address)
    shown = browser.another().get(f"/i/{house.item.public_id}").text

    assert "From next year" in page.text
    assert "Now" in shown
    assert "From next year" not in shown
    browser.send(page, action=f"{house.address}/unfix")
    with database.read() as db:
        assert [row.value for row in db.scalars(select(FixedValue))] == [{"en": "Now"}]


@pytest.mark.parametrize("begins", ["2001-01-01T09:00", "tomorrow", "9999-01-01T00:00"])
def test_a_fixed_value_does_not_begin_in_the_past(
    house: House, browser: Browser, database: Database, begins: str
) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(f"{house.address}/fixed", {"slot": "legal.text", "legal.text.en": "Ours", "from_at": begins})

    assert answer.status_code == 422
    assert "Ours" in answer.text
    with database.read() as db:
        assert db.scalars(select(FixedValue)).all() == []


def test_a_page_ends_when_another_fixed_value_begins(house: House, db: Session) -> None:
    from qrmerch.content import templates
    from qrmerch.rendering.service import render_item_page

    at = now()
    templates.set_fixed(
        db, house.template, "legal.text", {"en": "Later"}, at=at, actor=None, from_at=at + timedelta(hours=2)
    )

    def page(moment: Any) -> Any:
        return render_item_page(db, item_id=house.item.id, store_id=None, locale="en", at=moment)

    assert page(at).until <= at + timedelta(hours=2)
    assert b"Later" not in page(at).html
    assert b"Later" in page(at + timedelta(hours=2)).html


def test_a_link_and_a_choice_of_the_retailers_are_written_too(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(*house.mia)
    press(browser, house, "add", add="contact")
    press(browser, house, "save", section="facts", **{"facts.fit.lock": "fixed"})
    release(browser, house)

    link = {"slot": "contact.link", "contact.link.en": "Write to us | mailto:hello@fashiontown.example"}
    first = browser.post(f"{house.address}/fixed", link)
    second = browser.post(f"{house.address}/fixed", {"slot": "facts.fit", "facts.fit": "runs_small"})
    bad = browser.post(f"{house.address}/fixed", {"slot": "facts.fit", "facts.fit": "enormous"})

    assert (first.status_code, second.status_code, bad.status_code) == (303, 303, 422)
    with database.read() as db:
        values = {row.slot: row.value for row in db.scalars(select(FixedValue))}
    assert values == {
        "contact.link": {"words": {"en": "Write to us"}, "url": "mailto:hello@fashiontown.example"},
        "facts.fit": "runs_small",
    }
    page = browser.get(house.address)
    assert "Write to us | mailto:hello@fashiontown.example" in page.text
    assert "Runs small" in browser.another().get(f"/i/{house.item.public_id}").text


def test_another_retailer_finds_nothing(house: House, browser: Browser, database: Database, db: Session) -> None:
    other = make_retailer(db)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=other)
    own = make_template(db, other, style=Style.QUIET)
    content_id = db.scalars(select(Revision.content_id)).first()
    db.commit()
    browser.sign_in(*otto)

    for path in ("/edit", "/draft-page?item=sample", "/release", "/moving", f"/moving/{content_id}"):
        assert browser.get(f"{house.address}{path}").status_code == 404, path
    assert browser.get(f"/desk/templates/{own.id}/moving/{content_id}").status_code == 404
    assert browser.get(f"/desk/templates/{own.id}/draft-page?item={house.item.id}").status_code == 404
    for path in ("/edit", "/release", "/discard", "/moving", "/moving/stop", "/unfix"):
        answer = browser.post(f"{house.address}{path}", {"edit": "0", "do": "add", "add": "contact"})
        assert answer.status_code == 404, path
    assert len(versions_of(database, house)) == 1


def test_a_line_of_another_templates_is_not_taken_back(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    quiet = make_template(db, house.retailer, style=Style.QUIET, name="Quiet", is_default=False)
    db.commit()
    browser.sign_in(*house.mia)
    later = {"slot": "legal.text", "legal.text.en": "Later", "from_at": "2199-01-01T09:00"}
    browser.post(f"{house.address}/fixed", later)
    with database.read() as again:
        fixed_id = again.scalars(select(FixedValue.id)).one()

    answer = browser.post(f"/desk/templates/{quiet.id}/unfix", {"fixed_id": fixed_id})

    assert answer.status_code == 404
    with database.read() as again:
        assert again.scalars(select(FixedValue.id)).all() == [fixed_id]


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.VENDOR_ADMIN])
def test_building_is_the_merchandisers(house: House, browser: Browser, db: Session, role: Role) -> None:
    vendor = db.get_one(Vendor, house.item.vendor_id)
    person = make_person(db, role, retailer=house.retailer, vendor=vendor)
    db.commit()
    browser.sign_in(*person)

    assert browser.get(f"{house.address}/edit").status_code == 404
    assert browser.post(f"{house.address}/release", {"edit": "0"}).status_code == 404
    assert browser.post(f"{house.address}/moving").status_code == 404


def test_a_form_that_belongs_to_no_draft_is_refused(house: House, browser: Browser) -> None:
    browser.sign_in(*house.mia)

    for edit in ("", "-1", "many", "9" * 40):
        assert browser.post(f"{house.address}/edit", {"edit": edit, "do": "save"}).status_code == 422
    assert not re.search("Traceback", browser.get(f"{house.address}/edit").text)

"""The content editor through HTTP: writing, sending, taking back, and what is never lost."""

from copy import deepcopy

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content import publishing, templates
from qrmerch.content.models import Content, Publication, Revision, RevisionState, Style
from qrmerch.content.queries import get_newest_version, slots_of
from qrmerch.content.shipped import sections_of
from qrmerch.db import Database
from qrmerch.media.models import Asset
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import (
    Doer,
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_vendor,
    publish_page,
)
from tests.studio.desks import Desk, begin, latest, make_desk, new_address

JSON = {"Accept": "application/json"}


@pytest.fixture
def desk(db: Session) -> Desk:
    return make_desk(db)


def count_all(database: Database) -> int:
    with database.read() as db:
        return sum(
            db.scalar(select(func.count()).select_from(table)) or 0 for table in (Content, Revision, Publication)
        )


# --- opening ---------------------------------------------------------------------------------------


def test_opening_the_editor_writes_nothing_and_shows_what_the_catalogue_says(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)

    page = browser.get(new_address(desk))

    assert page.status_code == 200
    assert f'data-draft="{new_address(desk)}"' in page.text
    assert '<a href="/studio/products" aria-current="page"' in page.text
    fields = find_form(page.text, "/studio/content/new").fields
    assert fields["story.lede"] == "The loose knit."
    assert (fields["number"], fields["edit"]) == ("1", "0")
    assert count_all(database) == 0


def test_the_first_save_makes_the_draft(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)

    address = begin(browser, desk, **{"story.lede": "Cotton, loose."})

    draft = latest(database, desk.item)
    assert address == f"/studio/content/{draft.content_id}"
    assert (draft.state, draft.author_id) == (RevisionState.DRAFT, desk.vera.user.id)
    assert slots_of(draft)["story.lede"] == {"en": "Cotton, loose."}
    assert browser.get(new_address(desk)).headers["Location"] == address


def test_a_locked_slot_is_a_sentence_and_no_field(desk: Desk, browser: Browser, db: Session) -> None:
    templates.set_fixed(db, desk.template, "legal.text", {"en": "Colours <b>may</b> differ."}, at=NOON, actor=None)
    db.commit()
    browser.sign_in(*desk.vera)

    page = browser.get(new_address(desk))

    assert "Colours &lt;b&gt;may&lt;/b&gt; differ." in page.text
    assert "legal.text" not in find_form(page.text, "/studio/content/new").fields
    assert "fixed by Fashiontown" in page.text


def test_a_retailer_without_a_template_is_said_so(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db, name="Bare Stores")
    vendor = make_vendor(db, retailer)
    item = make_item(db, retailer, vendor=vendor)
    browser_of = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    db.commit()

    page = browser.sign_in(*browser_of).get(f"/studio/content/new?item={item.id}")

    assert page.status_code == 409
    assert "Bare Stores has no page template yet" in page.text


# --- saving ----------------------------------------------------------------------------------------


def test_a_draft_saves_itself_and_says_how_often(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields

    answer = browser.post(address, {**fields, "story.lede": "Typed on."}, **JSON)

    assert answer.status_code == 200
    assert (answer.json["number"], answer.json["edit"]) == (1, 2)
    assert answer.json["preview"].startswith(f"{address}/page")
    assert "What next" in answer.json["parts"]["standing"]
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "Typed on."}


def test_the_first_save_of_itself_tells_where_the_page_lives(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    fields = find_form(browser.get(new_address(desk)).text, "new").fields

    answer = browser.post(new_address(desk), fields, **JSON)

    assert answer.json["address"] == f"/studio/content/{latest(database, desk.item).content_id}"


def test_the_second_tab_is_told_and_overwrites_nothing(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    answer = browser.post(address, {**second_tab, "story.lede": "From the second tab"}, **JSON)

    assert (answer.status_code, answer.json["type"]) == (409, "changed_elsewhere")
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "From the first tab"}


def test_the_second_tab_sees_both_and_may_keep_its_own(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    both = browser.post(address, {**second_tab, "story.lede": "From the second tab"})
    kept = browser.send(both, action=address, do="save")

    assert both.status_code == 409
    assert "<ins>From the first tab</ins>" in both.text
    assert "<ins>From the second tab</ins>" in both.text
    assert find_form(both.text, address).fields["story.lede"] == "From the second tab"
    assert kept.status_code == 303
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "From the second tab"}


def test_the_second_tab_may_take_what_the_first_says(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    both = browser.post(address, {**second_tab, "story.lede": "From the second tab", "care.text": "Mine alone"})
    kept = browser.send(both, action=address, do="save", **{"choose:story.lede:en": "theirs"})

    assert kept.status_code == 303
    values = slots_of(latest(database, desk.item))
    assert (values["story.lede"], values["care.text"]) == ({"en": "From the first tab"}, {"en": "Mine alone"})


def test_two_tabs_in_different_slots_both_stay_and_none_is_asked(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    saved = browser.post(address, {**second_tab, "care.text": "From the second tab"})

    values = slots_of(latest(database, desk.item))
    assert saved.status_code == 303
    assert "Meanwhile somebody else changed One line; theirs stays." in browser.follow(saved).text
    assert (values["story.lede"], values["care.text"]) == ({"en": "From the first tab"}, {"en": "From the second tab"})


def test_a_script_is_given_what_others_changed_to_put_into_the_form(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    saved = browser.post(address, {**second_tab, "care.text": "From the second tab"}, **JSON)

    assert list(saved.json["fields"]) == ["story.lede"]
    assert 'value="From the first tab"' in saved.json["fields"]["story.lede"]


def test_saving_after_a_conflict_overwrites_no_slot_that_was_never_touched(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"care.text": "Wash cool."})
    second_tab = find_form(browser.get(address).text, address).fields
    first = {"story.lede": "From the first tab", "care.text": "Wash warm.", "story.text": "Longer."}
    browser.send(browser.get(address), action=address, do="save", **first)

    both = browser.post(address, {**second_tab, "story.lede": "From the second tab"})
    browser.send(both, action=address, do="save")

    values = slots_of(latest(database, desk.item))
    assert "What only they changed stands here already: Story, Care." in both.text
    assert values["care.text"] == {"en": "Wash warm."}
    assert values["story.text"] == {"en": "Longer."}
    assert values["story.lede"] == {"en": "From the second tab"}


def test_a_refused_form_still_knows_what_it_was_typed_upon(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "From the first tab"})

    refused = browser.post(address, {**second_tab, "story.text": "x" * 655})
    saved = browser.send(refused, action=address, do="save", **{"story.text": "Shorter"})

    values = slots_of(latest(database, desk.item))
    assert (refused.status_code, saved.status_code) == (422, 303)
    assert (values["story.lede"], values["story.text"]) == ({"en": "From the first tab"}, {"en": "Shorter"})


def test_what_both_tabs_say_alike_is_no_conflict(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    second_tab = find_form(browser.get(address).text, address).fields
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "The same words"})

    both = browser.post(address, {**second_tab, "story.lede": " The same  words "})

    assert both.status_code == 303


def test_what_a_picture_shows_is_not_overwritten_by_an_older_tab(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, do=f"add:gallery.pictures:{desk.asset.id}")
    name = f"alt:{desk.asset.id}"
    with_picture = {"gallery.pictures": ["", desk.asset.id]}
    second_tab = {**find_form(browser.get(address).text, address).fields, **with_picture}
    browser.send(browser.get(address), action=address, do="save", **with_picture, **{name: "A knit top, from behind"})

    untouched = browser.post(address, {**second_tab, "care.text": "Wash cool."})
    both = browser.post(address, {**second_tab, name: "A knit top, worn"})
    with database.read() as db:
        kept = db.get_one(Asset, desk.asset.id).alt["en"]
    browser.send(both, action=address, do="save", **with_picture)

    assert (untouched.status_code, both.status_code) == (303, 409)
    assert "what picture 1 shows, English" in both.text
    assert kept == "A knit top, from behind"
    with database.read() as db:
        assert db.get_one(Asset, desk.asset.id).alt["en"] == "A knit top, worn"


def test_two_tabs_that_both_begin_make_one_draft(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    first, second = browser.get(new_address(desk)), browser.get(new_address(desk))
    browser.send(first, action="new", do="save", **{"story.lede": "First"})

    late = browser.send(second, action="new", do="save", **{"story.lede": "Second"})

    assert late.status_code == 409
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "First"}
    assert latest(database, desk.item).number == 1


def test_too_much_is_refused_with_what_was_typed_still_there(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    before = latest(database, desk.item)

    answer = browser.send(browser.get(address), action=address, do="save", **{"story.text": "x" * 655})

    assert answer.status_code == 422
    assert "Story: 600 characters at most; this has 655." in answer.text
    assert find_form(answer.text, address).fields["story.text"] == "x" * 655
    assert latest(database, desk.item).edit == before.edit


def test_too_much_is_refused_by_slot_for_a_script_too(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields

    answer = browser.post(address, {**fields, "story.lede": "x" * 81}, **JSON)

    assert answer.status_code == 422
    assert answer.json["problems"] == {"story.lede": "One line: 80 characters at most; this has 81."}


@pytest.mark.parametrize("name", ["legal.text", "delivery.text"])
def test_writing_a_fixed_slot_is_refused(desk: Desk, browser: Browser, database: Database, name: str) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields
    before = latest(database, desk.item)

    answer = browser.post(address, {**fields, name: "Mine now", "story.lede": "Too"}, **JSON)

    assert (answer.status_code, answer.json["type"]) == (422, "slot_locked")
    assert latest(database, desk.item).body == before.body


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("facts.fit", "gigantic"),
        ("price.now", "0.01"),
        ("headline.title", "Another name"),
        ("story.text", "[Buy](https://sunnyside.example)"),
        ("story.lede.name", "x"),
    ],
)
def test_what_no_slot_takes_is_refused(desk: Desk, browser: Browser, database: Database, name: str, value: str) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields
    before = latest(database, desk.item)

    answer = browser.post(address, {**fields, name: value})

    assert answer.status_code == 422
    assert latest(database, desk.item).body == before.body


def test_a_form_cannot_say_whose_it_is_or_that_it_is_approved(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields
    forged = {"state": "approved", "vendor_id": "x", "retailer_id": "x", "digest": "x", "author_id": "x", "body": "{}"}

    answer = browser.post(address, {**fields, **forged}, **JSON)

    draft = latest(database, desk.item)
    assert answer.status_code == 200
    assert (draft.state, draft.vendor_id, draft.retailer_id) == ("draft", desk.vendor.id, desk.retailer.id)
    assert (draft.digest, draft.author_id) == (None, desk.vera.user.id)


@pytest.mark.parametrize(("number", "edit"), [("", "0"), ("1", ""), ("x", "0"), ("1", "-1"), ("9" * 30, "0")])
def test_a_form_that_does_not_say_which_draft_it_is_of_is_refused(
    desk: Desk, browser: Browser, database: Database, number: str, edit: str
) -> None:
    browser.sign_in(*desk.vera)

    answer = browser.post(new_address(desk), {"number": number, "edit": edit, "story.lede": "Hello"})

    assert answer.status_code == 422
    assert count_all(database) == 0


# --- languages, rows, pictures ---------------------------------------------------------------------


def test_each_language_is_written_by_itself(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "In English"})

    page = browser.get(f"{address}?locale=ar")
    browser.send(page, action=address, do="save", **{"story.lede": "بالعربية"})

    assert 'lang="ar" dir="rtl"' in page.text
    assert "In English" in page.text
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "In English", "ar": "بالعربية"}


def test_a_language_the_retailer_does_not_have_is_refused(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields

    answer = browser.post(address, {**fields, "locale": "xx"}, **JSON)

    assert answer.status_code == 422
    assert set(slots_of(latest(database, desk.item))["story.lede"]) == {"en"}


def test_rows_are_added_translated_and_dropped(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields
    several = {
        "facts.rows.row": ["", ""],
        "facts.rows.name": ["Made in", "Weight"],
        "facts.rows.value": ["Porto", "310 g"],
    }
    browser.post(address, {**fields, **several})
    in_arabic = {
        "number": "1",
        "edit": "2",
        "locale": "ar",
        "facts.rows.row": ["0", "1"],
        "facts.rows.name": ["صنع في", ""],
        "facts.rows.value": ["بورتو", ""],
    }
    browser.post(address, in_arabic)

    dropped = {"number": "1", "edit": "3", "locale": "en"}
    dropped |= {"facts.rows.row": ["0", "1"], "facts.rows.name": ["Made in", ""], "facts.rows.value": ["Porto", ""]}
    browser.post(address, dropped)

    assert slots_of(latest(database, desk.item))["facts.rows"] == [
        {"name": {"en": "Made in", "ar": "صنع في"}, "value": {"en": "Porto", "ar": "بورتو"}}
    ]


def test_pictures_are_added_moved_and_left_out(desk: Desk, browser: Browser, database: Database, db: Session) -> None:
    second = make_asset(db, desk.vendor)
    db.commit()
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)

    def press(what: str, asset: Asset) -> list[str]:
        page = browser.get(address)
        fields = find_form(page.text, address).fields
        ids = slots_of(latest(database, desk.item)).get("gallery.pictures", [])
        answer = browser.post(
            address, {**fields, "gallery.pictures": ["", *ids], "do": f"{what}:gallery.pictures:{asset.id}"}
        )
        assert answer.headers["Location"].endswith("#f-gallery.pictures")
        return list(slots_of(latest(database, desk.item)).get("gallery.pictures", []))

    assert press("add", desk.asset) == [desk.asset.id]
    assert press("add", second) == [desk.asset.id, second.id]
    assert press("up", second) == [second.id, desk.asset.id]
    assert press("down", second) == [desk.asset.id, second.id]
    assert press("drop", desk.asset) == [second.id]


def test_a_translation_out_of_date_is_marked_until_somebody_says_it_is_right(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "In English"})
    browser.send(browser.get(f"{address}?locale=ar"), action=address, do="save", **{"story.lede": "بالعربية"})
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "In better English"})

    marked = browser.get(f"{address}?locale=ar")
    right = browser.send(marked, action=address, do="right:story.lede")
    after = browser.follow(right)

    assert "1 out of date" in marked.text
    assert "The English was changed after this was written." in marked.text
    assert right.headers["Location"].partition("?")[2].startswith("locale=ar")
    assert "out of date" not in after.text
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "In better English", "ar": "بالعربية"}


def test_what_was_never_translated_is_missing_and_not_out_of_date(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "In English"})

    page = browser.get(f"{address}?locale=ar")

    assert "missing" in page.text
    assert "The English was changed after this was written." not in page.text


def test_pictures_named_like_the_style_are_offered_first(desk: Desk, browser: Browser, db: Session) -> None:
    item = make_item(db, desk.retailer, vendor=desk.vendor, key="FT-TOP-01")
    make_asset(db, desk.vendor, file_name="FT-TOP-01-front.jpg")
    make_asset(db, desk.vendor, file_name="newer.jpg")
    db.commit()

    page = browser.sign_in(*desk.vera).get(f"/studio/content/new?item={item.id}")

    assert page.text.index("FT-TOP-01-front.jpg") < page.text.index("newer.jpg")


def test_pictures_are_found_by_name(desk: Desk, browser: Browser, db: Session) -> None:
    make_asset(db, desk.vendor, file_name="capri.jpg")
    make_asset(db, desk.vendor, file_name="sandal.jpg")
    db.commit()
    browser.sign_in(*desk.vera)
    page = browser.get(new_address(desk))

    found = browser.follow(
        browser.send(page, action="new", **{"do": "find:gallery.pictures", "find:gallery.pictures": "capri"})
    )

    assert "capri.jpg" in found.text
    assert "sandal.jpg" not in found.text


def test_what_a_picture_shows_is_said_in_the_form(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, do=f"add:gallery.pictures:{desk.asset.id}")
    page = browser.get(f"{address}?locale=ar")

    browser.send(page, action=address, do="save", **{f"alt:{desk.asset.id}": "قميص أصفر"})

    with database.read() as db:
        alt = db.get_one(Asset, desk.asset.id).alt
    assert alt["ar"] == "قميص أصفر"
    assert alt["en"].startswith("A yellow knit top")


def test_another_vendors_picture_is_neither_chosen_nor_described(
    desk: Desk, browser: Browser, database: Database, db: Session
) -> None:
    foreign = make_asset(db, make_vendor(db, desk.retailer), alt={"en": "Theirs"})
    db.commit()
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields

    chosen = browser.post(address, {**fields, "gallery.pictures": ["", foreign.id]})
    described = browser.post(address, {**fields, f"alt:{foreign.id}": "Mine"})

    assert (chosen.status_code, described.status_code) == (422, 404)
    assert foreign.id not in chosen.text.partition("<main")[2].replace(f'value="{foreign.id}"', "")
    with database.read() as again:
        assert again.get_one(Asset, foreign.id).alt == {"en": "Theirs"}


# --- sending ---------------------------------------------------------------------------------------


def test_a_page_is_sent_and_stays_as_it_is(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, do=f"add:gallery.pictures:{desk.asset.id}")
    fields = find_form(browser.get(address).text, address).fields

    sent = browser.post(
        address, {**fields, "gallery.pictures": ["", desk.asset.id], "story.lede": "The last word.", "do": "submit"}
    )
    page = browser.follow(sent)

    revision = latest(database, desk.item)
    assert (revision.state, revision.author_id) == (RevisionState.SUBMITTED, desk.vera.user.id)
    assert slots_of(revision)["story.lede"] == {"en": "The last word."}
    assert "Marigold Slouch Top is sent." in page.text
    assert "The last word." in page.text
    assert "data-draft" not in page.text


def test_an_unfinished_page_is_kept_and_says_what_is_missing(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    page = browser.get(new_address(desk))

    answer = browser.send(page, action="new", do="submit", **{"story.lede": "Nearly"})

    assert answer.status_code == 422
    assert "Pictures: choose a picture." in answer.text
    assert latest(database, desk.item).state == RevisionState.DRAFT
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "Nearly"}


def test_what_was_typed_after_the_page_was_sent_is_shown_and_not_saved(
    desk: Desk, browser: Browser, database: Database, db: Session
) -> None:
    sent = make_revision(db, desk.item, state="submitted", author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)
    typed = {"number": "1", "edit": "1", "locale": "en", "story.lede": "Typed too late", "do": "save"}

    answer = browser.post(f"/studio/content/{sent.content_id}", typed)

    assert answer.status_code == 409
    assert "Typed too late" in answer.text
    assert "not saved" in answer.text
    assert latest(database, desk.item).body == sent.body


def test_a_page_is_taken_back_and_written_on(desk: Desk, browser: Browser, database: Database, db: Session) -> None:
    sent = make_revision(db, desk.item, state="submitted", author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)
    address = f"/studio/content/{sent.content_id}"

    page = browser.follow(browser.send(browser.get(address), action="/withdraw"))
    browser.send(page, action=address, do="save", **{"story.lede": "Better"})

    draft = latest(database, desk.item)
    assert (draft.number, draft.state) == (2, RevisionState.DRAFT)
    assert slots_of(draft)["story.lede"] == {"en": "Better"}
    assert browser.post(f"{address}/withdraw").status_code == 409


def test_the_reviewers_comments_stand_at_their_slots(desk: Desk, browser: Browser, db: Session) -> None:
    returned = make_revision(db, desk.item, state="returned", author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)

    page = browser.get(f"/studio/content/{returned.content_id}")

    assert "One comment from Fashiontown" in page.text
    assert "Could it name the cotton?" in page.text
    assert 'href="#c-1"' in page.text
    assert 'id="c-1"' in page.text
    assert find_form(page.text, returned.content_id).fields["number"] == "2"


def test_a_take_down_is_told_with_its_reason(desk: Desk, browser: Browser, db: Session) -> None:
    live = publish_page(db, desk.item, template=desk.template)
    publishing.take_down(db, desk.item, reason="Recall 4711.", actor=None, at=NOON)
    content_id = db.get_one(Revision, live.revision_id).content_id
    db.commit()

    page = browser.sign_in(*desk.vera).get(f"/studio/content/{content_id}")

    assert "Taken down by Fashiontown." in page.text
    assert "Recall 4711." in page.text


def test_a_trusted_vendors_change_is_live_at_once(browser: Browser, db: Session, database: Database) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    vendor = make_vendor(db, retailer, is_trusted=True)
    item = make_item(db, retailer, vendor=vendor)
    live = publish_page(db, item)
    content_id = db.get_one(Revision, live.revision_id).content_id
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    db.commit()
    browser.sign_in(*vera)
    page = browser.get(f"/studio/content/{content_id}")
    ids = slots_of(latest(database, item))["gallery.pictures"]

    answer = browser.send(
        page, action=content_id, do="submit", **{"story.lede": "Trusted words", "gallery.pictures": ["", *ids]}
    )

    assert "is live: Fashiontown trusts your changes" in browser.follow(answer).text
    assert "Trusted words" in browser.another().get(f"/i/{item.public_id}").text


# --- the page beside the form ----------------------------------------------------------------------


def test_the_preview_shows_the_draft_and_can_do_nothing(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "Only in the draft"})

    page = browser.get(f"{address}/page?locale=en&scheme=dark")

    assert "Only in the draft" in page.text
    policy = page.headers["Content-Security-Policy"]
    for part in ("script-src 'none'", "form-action 'none'", "connect-src 'none'", "frame-ancestors 'self'"):
        assert part in policy
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "no-store" in page.headers["Cache-Control"]
    assert "<script defer" not in page.text
    assert ":root{color-scheme:dark}" in page.text
    assert "Only in the draft" not in browser.another().get(f"/i/{desk.item.public_id}").text


def test_the_preview_of_a_page_that_is_not_begun_shows_the_catalogue(
    desk: Desk, browser: Browser, database: Database
) -> None:
    page = browser.sign_in(*desk.vera).get(f"/studio/content/new/page?item={desk.item.id}")

    assert "The loose knit." in page.text
    assert count_all(database) == 0


def test_the_frame_runs_no_script(desk: Desk, browser: Browser) -> None:
    page = browser.sign_in(*desk.vera).get(new_address(desk))

    assert 'sandbox="allow-same-origin"' in page.text
    assert "allow-scripts" not in page.text


def test_sec_C09_a_signed_link_shows_the_draft_to_who_has_it(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "For the phone"})
    link = browser.get(address).text.partition('<a class="lk" href="http://localhost')[2].partition('"')[0]

    page = browser.another().get(link)

    assert link.startswith("/studio/preview/")
    assert page.status_code == 200
    assert "For the phone" in page.text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "no-store" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers


def test_sec_C09_a_link_altered_by_one_character_leads_nowhere(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    link = browser.get(address).text.partition('<a class="lk" href="http://localhost')[2].partition('"')[0]
    start = len("/studio/preview/")
    stranger = browser.another()

    for place in range(start, len(link)):
        other = "0" if link[place] != "0" else "1"
        assert stranger.get(link[:place] + other + link[place + 1 :]).status_code == 404
    assert stranger.get(link).status_code == 200


# --- who may ---------------------------------------------------------------------------------------


def test_what_was_typed_into_a_slot_that_was_locked_meanwhile_is_still_there(
    desk: Desk, browser: Browser, db: Session
) -> None:
    browser.sign_in(*desk.vera)
    fields = find_form(browser.get(new_address(desk)).text, "new").fields
    sections = sections_of(Style.EVERYDAY)
    next(each for each in sections if each["key"] == "care")["slots"][0]["lock"] = "fixed"
    templates.release_version(db, desk.template, sections, at=NOON)
    db.commit()

    answer = browser.post(new_address(desk), {**fields, "care.text": "Typed before the lock"})

    assert answer.status_code == 422
    assert "Care is filled by the retailer" in answer.text
    assert "Typed before the lock" in answer.text


def test_another_vendor_and_the_retailer_find_nothing(
    desk: Desk, browser: Browser, database: Database, db: Session
) -> None:
    draft = make_revision(db, desk.item, author=desk.vera)
    sent_item = make_item(db, desk.retailer, vendor=desk.vendor)
    sent = make_revision(db, sent_item, state="submitted", author=desk.vera)
    olga = make_person(db, Role.VENDOR_ADMIN, name="Olga", vendor=make_vendor(db, desk.retailer))
    elsewhere = make_person(db, Role.VENDOR_EDITOR, name="Otto", vendor=make_vendor(db, make_retailer(db)))
    mia = make_person(db, Role.OWNER, name="Mia", retailer=desk.retailer)
    db.commit()
    typed = {"number": "1", "edit": "1", "locale": "en", "story.lede": "Taken over", "do": "submit"}

    for person in (olga, elsewhere, mia):
        other = browser.another().sign_in(*person)
        address = f"/studio/content/{draft.content_id}"
        for read in (address, f"{address}/page", new_address(desk), f"/studio/content/new/page?item={desk.item.id}"):
            assert other.get(read).status_code == 404
        for write in (address, new_address(desk), f"/studio/content/{sent.content_id}/withdraw"):
            assert other.post(write, typed).status_code == 404

    assert latest(database, desk.item).body == draft.body
    assert latest(database, sent_item).state == RevisionState.SUBMITTED


def test_a_vendor_whose_supply_ended_finds_its_page_closed(
    desk: Desk, browser: Browser, db: Session, database: Database
) -> None:
    draft = make_revision(db, desk.item, author=desk.vera)
    supply = find_supply(db, desk.retailer.id, desk.vendor.id)
    assert supply is not None
    end_supply(db, supply, at=NOON)
    db.commit()
    browser.sign_in(*desk.vera)
    typed = {"number": "1", "edit": "1", "locale": "en", "story.lede": "Still here", "do": "save"}

    answer = browser.post(f"/studio/content/{draft.content_id}", typed)

    assert answer.status_code in (404, 409)
    assert latest(database, desk.item).body == draft.body


def test_what_was_typed_survives_an_expired_sign_in(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = {**find_form(browser.get(address).text, address).fields, "story.lede": "Typed for an hour"}
    old_token = browser.token
    signed_out = browser.another()

    refused = signed_out.post(address, {**fields, "csrf": old_token})
    signed_out.sign_in(*desk.vera)
    asked_again = signed_out.post(address, {**find_form(refused.text, address).fields, "csrf": old_token})
    saved = signed_out.send(asked_again, action=address)

    assert refused.status_code == 401
    assert "Typed for an hour" in refused.text
    assert 'href="/sign-in"' in refused.text
    assert asked_again.status_code == 400
    assert saved.status_code == 303
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "Typed for an hour"}


def test_a_script_is_told_of_an_expired_sign_in(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    fields = find_form(browser.get(address).text, address).fields

    signed_out = browser.another().post(address, fields, **JSON)
    old_token = browser.post(address, {**fields, "csrf": "0" * 64}, **JSON)

    assert (signed_out.status_code, signed_out.json["type"]) == (401, "sign_in_needed")
    assert (old_token.status_code, old_token.json["type"]) == (400, "foreign_write")


def test_a_signed_out_reader_is_sent_to_sign_in(desk: Desk, browser: Browser) -> None:
    answer = browser.get(new_address(desk))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_markup_in_what_was_typed_stays_text(desk: Desk, browser: Browser) -> None:
    browser.sign_in(*desk.vera)
    evil = '</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    address = begin(browser, desk, **{"story.text": evil, "story.lede": evil[:80]})

    for page in (browser.get(address), browser.get(f"{address}?locale=ar"), browser.get(f"{address}/page")):
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_a_fixed_value_from_when_the_slot_was_of_another_kind_leaves_the_form_whole(
    desk: Desk, browser: Browser, db: Session
) -> None:
    sections = deepcopy(get_newest_version(db, desk.template.id).sections)
    (rows,) = [slot for each in sections if each["key"] == "staff" for slot in each["slots"] if slot["key"] == "fit"]
    rows |= {"kind": "facts", "lock": "fixed", "max_chars": 80}
    templates.release_version(db, desk.template, sections, at=NOON)
    templates.set_fixed(
        db,
        desk.template,
        "staff.fit",
        [{"name": {"en": "Cut"}, "value": {"en": "Loose"}}],
        at=NOON,
        actor=Doer(desk.vera.user.id),
    )
    rows |= {"kind": "text"}
    templates.release_version(db, desk.template, sections, at=NOON)
    db.commit()
    browser.sign_in(*desk.vera)

    page = browser.get(new_address(desk))

    assert page.status_code == 200
    assert "has not written anything here" in page.text


# --- codes in pictures -----------------------------------------------------------------------------


def test_a_code_that_leads_away_is_told_beside_its_picture_while_it_is_written_and_while_it_waits(
    desk: Desk, browser: Browser, database: Database, db: Session
) -> None:
    away = {"kind": "QRCode", "text": "https://example.com/summer", "is_here": False}
    pictures = [make_asset(db, desk.vendor, codes=[]).id, make_asset(db, desk.vendor, codes=[away]).id]
    make_revision(db, desk.item, slots={"gallery.pictures": pictures})
    db.commit()
    browser.sign_in(*desk.vera)
    address = f"/studio/content/{latest(database, desk.item).content_id}"

    written = browser.get(address)
    browser.send(written, action=address, do="submit")
    waiting = browser.get(address)

    assert latest(database, desk.item).state == RevisionState.SUBMITTED
    for page in (written, waiting):
        said = "This picture holds a QR code that leads to example.com: shoppers would be sent away."
        assert page.text.count(said) == 1

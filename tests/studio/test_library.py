"""The library of pictures: rights, where each is used, narrowing the list, and replacing one everywhere."""

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.models import ProductPicture
from qrmerch.catalog.pictures import add_picture
from qrmerch.catalog.queries import get_product
from qrmerch.clock import now
from qrmerch.content.models import Revision, RevisionState
from qrmerch.content.queries import slots_of
from qrmerch.jobs import Work
from qrmerch.media.models import Asset
from qrmerch.media.rights import Rights, set_rights
from tests.browsing import Browser
from tests.factories import make_asset, make_film, make_item, make_revision, make_template, publish_page
from tests.figures import on_both_when_full
from tests.media.pictures import picture
from tests.studio.people import Studio, kept, make_studio


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    make_template(db, made.retailer)
    db.commit()
    return made


def described(**fields: str) -> dict[str, str]:
    return {"alt.en": "A yellow top", "x": "50", "y": "50", **fields}


# --- rights ----------------------------------------------------------------------------------------


def test_rights_are_days_that_come_back_as_they_were_written(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor)
    db.commit()
    browser.sign_in(*studio.vera)
    address = f"/studio/assets/{asset.id}"

    page = browser.follow(browser.post(address, described(rights_from="2026-03-01", rights_to="2090-12-31")))
    cleared = browser.follow(browser.post(address, described(rights_from="", rights_to="")))

    assert 'name="rights_from" type="date" value="2026-03-01"' in page.text
    assert 'name="rights_to" type="date" value="2090-12-31"' in page.text
    assert "Until Dec 31, 2090" in page.text
    assert 'name="rights_to" type="date" value=""' in cleared.text
    assert kept(browser, select(Asset.rights_until)) == [None]


def test_wrong_days_come_back_with_what_was_typed(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor)
    db.commit()
    browser.sign_in(*studio.vera)

    response = browser.post(f"/studio/assets/{asset.id}", described(rights_from="2027-02-02", rights_to="2027-02-01"))

    assert response.status_code == 422
    assert "The last day lies before the first." in response.text
    assert 'value="2027-02-02"' in response.text
    assert kept(browser, select(Asset.rights_until)) == [None]


def test_a_form_that_says_nothing_of_rights_leaves_them(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor)
    set_rights(asset, Rights(None, now() + timedelta(days=3)))
    db.commit()
    browser.sign_in(*studio.vera)

    browser.post(f"/studio/assets/{asset.id}", described())

    assert kept(browser, select(Asset.rights_until)) == [asset.rights_until]


def test_home_says_whose_rights_end(browser: Browser, db: Session, studio: Studio) -> None:
    asset, other = make_asset(db, studio.vendor), make_asset(db, studio.vendor)
    set_rights(asset, Rights(None, now() + timedelta(days=6, hours=1)))
    set_rights(make_asset(db, studio.other), Rights(None, now() + timedelta(days=2)))
    db.commit()
    browser.sign_in(*studio.vera)

    one = browser.get("/studio").text
    set_rights(other, Rights(None, now() + timedelta(days=20)))
    db.commit()
    both = browser.get("/studio").text

    assert "1 picture loses its rights within 7 days" in one
    assert "2 pictures lose their rights within 30 days" in both
    assert "The first ends in 7 days." in both


def test_the_editor_offers_and_sends_no_picture_outside_its_rights(
    browser: Browser, db: Session, studio: Studio
) -> None:
    item = make_item(db, studio.retailer, vendor=studio.vendor)
    used, over = make_asset(db, studio.vendor), make_asset(db, studio.vendor)
    draft = make_revision(db, item, slots={"gallery.pictures": [used.id]})
    for each in (used, over):
        set_rights(each, Rights(None, now() - timedelta(days=1)))
    db.commit()
    browser.sign_in(*studio.vera)
    address = f"/studio/content/{draft.content_id}"

    page = browser.get(address)
    sent = browser.send(page, action=address, do="submit")

    assert f"add:gallery.pictures:{over.id}" not in page.text
    assert "may not be shown any more: its rights ended on" in page.text
    assert sent.status_code == 422
    assert kept(browser, select(Revision.state)) == [RevisionState.DRAFT]


def test_the_editor_offers_the_items_own_pictures_first(browser: Browser, db: Session, studio: Studio) -> None:
    item = make_item(db, studio.retailer, vendor=studio.vendor)
    own = make_asset(db, studio.vendor, file_name="zz.jpg")
    for number in range(30):
        make_asset(db, studio.vendor, file_name=f"a{number}.jpg")
    add_picture(db, get_product(db, item.product_id), own.id)
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get(f"/studio/content/new?item={item.id}").text

    assert page.index("add:gallery.pictures:") == page.index(f"add:gallery.pictures:{own.id}")
    assert page.count('value="add:gallery.pictures:') == 24


# --- where it is used ------------------------------------------------------------------------------


def test_a_picture_says_where_it_is_used_and_in_which_version(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor)
    slots = {"gallery.pictures": [asset.id]}
    publish_page(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Live Top"), slots=slots)
    make_revision(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Draft Top"), slots=slots)
    waiting = make_item(db, studio.retailer, vendor=studio.vendor, title="Waiting Top")
    make_revision(db, waiting, slots=slots, state="submitted")
    before = make_item(db, studio.retailer, vendor=studio.vendor, title="Earlier Top")
    publish_page(db, before, slots=slots)
    publish_page(db, before)
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get(f"/studio/assets?id={asset.id}").text

    words = {"Live": "live", "Draft": "draft", "Waiting": "in review", "Earlier": "an earlier version"}
    for title, word in words.items():
        assert f'>{title} Top</a> <span class="hint">Fashiontown, {word}</span>' in page, title


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("used=used", ["live", "draft"]),
        ("used=nowhere", ["free", "ending", "over"]),
        ("rights=ending", ["ending"]),
        ("rights=over", ["over"]),
        ("rights=none&used=nowhere", ["free"]),
        ("used=nonsense&rights=nonsense&sort=nonsense", ["live", "draft", "free", "ending", "over"]),
        ("find=ending&rights=over", []),
    ],
)
def test_the_list_is_narrowed(browser: Browser, db: Session, studio: Studio, query: str, names: list[str]) -> None:
    words = ("live", "draft", "free", "ending", "over")
    made = {name: make_asset(db, studio.vendor, file_name=f"{name}.jpg") for name in words}
    items = [make_item(db, studio.retailer, vendor=studio.vendor) for _ in range(2)]
    publish_page(db, items[0], slots={"gallery.pictures": [made["live"].id]})
    make_revision(db, items[1], slots={"gallery.pictures": [made["draft"].id]})
    set_rights(made["ending"], Rights(None, now() + timedelta(days=3)))
    set_rights(made["over"], Rights(None, now() - timedelta(days=3)))
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get(f"/studio/assets?{query}").text

    assert {name for name in made if f"{name}.jpg</a>" in page} == set(names)
    assert ("No picture fits" in page) is (not names)


def test_heads_sort_and_keep_what_the_list_is_narrowed_to(browser: Browser, db: Session, studio: Studio) -> None:
    for name in ("b", "a", "c"):
        make_asset(db, studio.vendor, file_name=f"{name}.jpg")
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get("/studio/assets?state=ready&sort=name").text

    assert page.index(">a.jpg<") < page.index(">b.jpg<") < page.index(">c.jpg<")
    assert 'aria-sort="ascending"><a href="/studio/assets?state=ready&amp;sort=-name">' in page


# --- replacing -------------------------------------------------------------------------------------


def test_a_picture_is_replaced_in_drafts_items_and_by_a_version_for_review(
    browser: Browser, db: Session, studio: Studio
) -> None:
    old, new = make_asset(db, studio.vendor), make_asset(db, studio.vendor, file_name="new.jpg")
    slots = {"gallery.pictures": [old.id]}
    live = make_item(db, studio.retailer, vendor=studio.vendor, title="Live Top")
    publish_page(db, live, slots=slots)
    make_revision(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Draft Top"), slots=slots)
    waiting = make_item(db, studio.retailer, vendor=studio.vendor, title="Waiting Top")
    make_revision(db, waiting, slots=slots, state="submitted")
    add_picture(db, get_product(db, live.product_id), old.id)
    db.commit()
    browser.sign_in(*studio.vera)
    page = browser.get(f"/studio/assets?id={old.id}")

    done = browser.follow(browser.send(page, action="/replace", replace_by=new.id))

    assert "1 page is sent for review." in done.text
    assert "1 draft shows it now; send it when ready: Draft Top." in done.text
    assert "It stands with 1 item." in done.text
    assert "Waiting Top waits for the retailer’s answer; withdraw it first." in done.text
    assert kept(browser, select(ProductPicture.asset_id)) == [new.id]
    shown = {row.state: slots_of(row)["gallery.pictures"] for row in kept(browser, select(Revision))}
    assert shown[RevisionState.APPROVED] == [old.id]
    assert shown[RevisionState.DRAFT] == [new.id]


def test_a_new_file_takes_over_the_words_and_the_rights(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    old = make_asset(db, studio.vendor, alt={"en": "A yellow top"})
    set_rights(old, Rights(None, now() + timedelta(days=90)))
    draft = make_revision(
        db, make_item(db, studio.retailer, vendor=studio.vendor), slots={"gallery.pictures": [old.id]}
    )
    db.commit()
    browser.sign_in(*studio.vera)
    page = browser.get(f"/studio/assets?id={old.id}")

    browser.send(page, action="/replace", file=(io.BytesIO(picture(900, 1200)), "better.jpg"))
    jobs.run_all(work)

    [new] = kept(browser, select(Asset).where(Asset.file_name == "better.jpg"))
    assert (new.alt, new.rights_until) == ({"en": "A yellow top"}, old.rights_until)
    [row] = kept(browser, select(Revision).where(Revision.id == draft.id))
    assert slots_of(row)["gallery.pictures"] == [new.id]


@pytest.mark.parametrize("chosen", ["", "itself", "foreign", "film", "nonsense"])
def test_what_cannot_stand_for_it_is_refused(browser: Browser, db: Session, studio: Studio, chosen: str) -> None:
    old, foreign = make_asset(db, studio.vendor), make_asset(db, studio.other)
    film = make_film(db, studio.vendor)
    draft = make_revision(
        db, make_item(db, studio.retailer, vendor=studio.vendor), slots={"gallery.pictures": [old.id]}
    )
    db.commit()
    browser.sign_in(*studio.vera)
    value = {"itself": old.id, "foreign": foreign.id, "film": film.id}.get(chosen, chosen)

    response = browser.post(f"/studio/assets/{old.id}/replace", {"replace_by": value})

    assert response.status_code == 422
    assert "Nothing was replaced" in response.text
    [row] = kept(browser, select(Revision).where(Revision.id == draft.id))
    assert slots_of(row)["gallery.pictures"] == [old.id]


def test_a_file_that_is_no_picture_replaces_nothing_and_stays_nowhere(
    browser: Browser, db: Session, studio: Studio
) -> None:
    old = make_asset(db, studio.vendor)
    db.commit()
    browser.sign_in(*studio.vera)

    response = browser.post(f"/studio/assets/{old.id}/replace", {"file": (io.BytesIO(b"<html>"), "x.jpg")})

    assert response.status_code == 422
    assert "This is a web page." in response.text
    assert len(kept(browser, select(Asset))) == 1


def test_olga_replaces_nothing_of_veras(browser: Browser, db: Session, studio: Studio) -> None:
    old, mine = make_asset(db, studio.vendor), make_asset(db, studio.other)
    db.commit()
    browser.sign_in(*studio.olga)

    answers = [
        browser.post(f"/studio/assets/{old.id}/replace", {"replace_by": mine.id}),
        browser.post(f"/studio/assets/{old.id}/items", {"item": "x"}),
    ]

    assert [each.status_code for each in answers] == [404, 404]


# --- hostile files, through the door ---------------------------------------------------------------


@pytest.mark.shared_data
@on_both_when_full
def test_every_hostile_file_gets_a_sentence_or_is_served_clean_and_leaves_nothing(
    browser: Browser, work: Work, studio: Studio, shared_data: Path
) -> None:
    browser.sign_in(*studio.vera)
    refused, taken = [], []
    for file in sorted((shared_data / "images/hostile").iterdir()):
        fields = {"files": (io.BytesIO(file.read_bytes()), file.name)}
        response = browser.post("/studio/assets", fields, Accept="application/json")
        assert response.status_code in (200, 422), file.name
        assert str(response.json["said"]).endswith(".")
        (taken if response.json["is_in"] else refused).append(file.name)
    jobs.run_all(work)

    assets = kept(browser, select(Asset))
    unreadable = {each.file_name for each in assets if each.problem}
    assert len(taken) + len(refused) == 20
    assert unreadable <= set(taken)
    assert all(str(each.problem).endswith(".") for each in assets if each.problem)
    sources = [each for each in work.settings.uploads_dir.rglob("*") if each.is_file() and "incoming" in each.parts]
    assert len(sources) == len(assets) - len(unreadable)
    assert browser.get("/studio/assets").status_code == 200


def test_what_one_vendor_deletes_stays_for_another_who_sent_the_same_file(
    browser: Browser, work: Work, studio: Studio
) -> None:
    fields = {"files": (io.BytesIO(picture()), "top.jpg")}
    browser.sign_in(*studio.olga)
    browser.post("/studio/assets", dict(fields))
    browser.sign_in(*studio.vera)
    browser.post("/studio/assets", {"files": (io.BytesIO(picture()), "top.jpg")})
    jobs.run_all(work)
    [mine] = kept(browser, select(Asset).where(Asset.vendor_id == studio.vendor.id))

    browser.post(f"/studio/assets/{mine.id}/delete")

    [other] = kept(browser, select(Asset))
    assert other.vendor_id == studio.other.id
    assert work.files.exists(other.source_key)


def test_sec_f12_what_another_vendor_sends_while_it_is_deleted_stays(
    browser: Browser, db: Session, work: Work, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = make_asset(db, studio.vendor)
    db.commit()
    asset.source_key = work.files.put(io.BytesIO(picture(300, 200)), "incoming")
    db.commit()
    browser.sign_in(*studio.vera)
    delete_old = work.files.delete_old

    def send_first(key: str, **when: datetime) -> bool:
        work.files.put(io.BytesIO(picture(300, 200)), "incoming")
        return delete_old(key, **when)

    monkeypatch.setattr(work.files, "delete_old", send_first)
    browser.post(f"/studio/assets/{asset.id}/delete")

    assert kept(browser, select(Asset)) == []
    assert work.files.exists(asset.source_key)

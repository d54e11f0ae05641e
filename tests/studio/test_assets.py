"""Pictures through the pages: many at once, words, focus, deleting; and nobody else's picture."""

import io
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.jobs import Work
from qrmerch.media.models import Asset, AssetState, Rendition
from qrmerch.parties.models import PageChange
from tests.browsing import Browser, find_form
from tests.factories import make_asset, make_item, make_person, make_revision, publish_page
from tests.media.pictures import code_of, picture, png_header, with_codes
from tests.studio.people import Studio, end_supply, kept, make_studio, rows, with_settings


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db, locales=["en", "ar"])
    db.commit()
    return made


def send_pictures(browser: Browser, *files: tuple[str, bytes]) -> TestResponse:
    page = browser.get("/studio/assets")
    return browser.send(page, action="/studio/assets", files=[(io.BytesIO(data), name) for name, data in files])


def assets(browser: Browser) -> list[Asset]:
    return kept(browser, select(Asset).order_by(Asset.id))


def form_values(asset: Asset, **fields: str) -> dict[str, str]:
    return {"alt.en": "A yellow top", "alt.ar": "", "x": "50", "y": "50", **fields}


def test_one_picture_is_taken_and_opened_and_made_ready(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send_pictures(browser, ("top.jpg", picture(400, 300))))
    jobs.run_all(work)
    ready = browser.get(f"/studio/assets?id={assets(browser)[0].id}").text

    assert "1 picture is in. It is being made ready." in page.text
    assert "What it shows can be said already." in page.text
    assert 'class="focal whole"' in ready
    assert ready.count("<image ") == 3


def test_a_code_that_leads_away_is_told_at_the_picture(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    coded = with_codes((code_of("https://example.com/summer", 300), (200, 300)))
    send_pictures(browser, ("coded.jpg", coded), ("plain.jpg", picture(400, 300)))
    jobs.run_all(work)
    by_name = {each.file_name: each for each in assets(browser)}

    listed = browser.get("/studio/assets").text
    shown, plain = (browser.get(f"/studio/assets?id={by_name[name].id}").text for name in ("coded.jpg", "plain.jpg"))

    said = "This picture holds a QR code that leads to example.com: shoppers would be sent away."
    assert listed.count("Leads away by a code") == 1
    assert said in shown
    assert said not in plain


def test_several_pictures_are_taken_at_once_and_the_page_looks_again(
    browser: Browser, db: Session, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send_pictures(browser, *((f"{number}.jpg", picture(160 + number)) for number in range(3))))

    assert "3 pictures are in. They are being made ready." in page.text
    assert 'data-again="5"' in page.text
    assert '<meta http-equiv="refresh" content="5">' in page.text
    assert len(assets(browser)) == 3


def test_the_refused_are_named_with_the_reason_and_the_others_stay(
    browser: Browser, db: Session, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)

    response = send_pictures(
        browser,
        ("good.jpg", picture()),
        ("page<b>.jpg", b"<html>"),
        ("../bomb.png", png_header(50_000, 50_000)),
    )

    assert response.status_code == 422
    assert "1 picture is in. It is being made ready." in response.text
    assert "2 files were not taken" in response.text
    assert "<bdi>page&lt;b&gt;.jpg</bdi></b> This is a web page. Save the picture itself." in response.text
    assert "<bdi>bomb.png</bdi></b> This picture has 50,000 × 50,000 pixels" in response.text
    assert [each.file_name for each in assets(browser)] == ["good.jpg"]
    # Loading this page again would send the files again.
    assert "data-again" not in response.text
    assert "http-equiv" not in response.text


def test_the_same_picture_again_is_said_to_be_here(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    send_pictures(browser, ("top.jpg", picture()))
    jobs.run_all(work)

    page = browser.follow(send_pictures(browser, ("other-name.jpg", picture())))

    assert "This picture is here already." in page.text
    assert len(assets(browser)) == 1


def test_none_and_too_many_are_sentences(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    none = browser.send(browser.get("/studio/assets"), action="/studio/assets")
    many = send_pictures(browser, *((f"{number}.jpg", b"x") for number in range(61)))

    assert (none.status_code, many.status_code) == (422, 422)
    assert "Choose one or more pictures first." in none.text
    assert "61 pictures at once are too many; 60 are taken." in many.text


def test_many_pictures_may_come_in_one_go_where_one_sheet_may_not(browser: Browser, studio: Studio) -> None:
    browser.app.config["MAX_CONTENT_LENGTH"] = 3000
    browser.sign_in(*studio.vera)
    several = [(f"{number}.jpg", picture(160 + number)) for number in range(5)]
    token = {"csrf": browser.token}

    pictures = browser.post("/studio/assets", {**token, "files": [(io.BytesIO(data), name) for name, data in several]})
    sheet = browser.post("/studio/import", {**token, "file": (io.BytesIO(b"x" * 3000), "long.csv")})

    assert sum(len(data) for _, data in several) > 3000
    assert (pictures.status_code, sheet.status_code) == (303, 413)
    assert len(assets(browser)) == 5


def test_more_than_can_come_in_one_go_is_refused_before_it_is_read(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    with_settings(browser, max_archive_bytes=100)

    response = send_pictures(browser, ("a.jpg", picture()), ("b.jpg", bytes(200_000)))

    assert response.status_code == 413
    assert assets(browser) == []


def test_a_picture_over_the_limit_is_refused_by_name(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    with_settings(browser, max_image_bytes=4000)

    response = send_pictures(browser, ("huge.jpg", picture() + bytes(4000)), ("top.jpg", picture()))

    assert response.status_code == 422
    assert "<bdi>huge.jpg</bdi></b> This file is larger than" in response.text
    assert [each.file_name for each in assets(browser)] == ["top.jpg"]


def test_words_and_focus_are_kept(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    send_pictures(browser, ("top.jpg", picture(300, 900)))
    jobs.run_all(work)
    asset = assets(browser)[0]

    page = browser.follow(
        browser.post(f"/studio/assets/{asset.id}", form_values(asset, **{"alt.ar": "قميص أصفر", "x": "48", "y": "10"}))
    )

    kept = assets(browser)[0]
    assert (kept.alt, kept.focus_x, kept.focus_y) == ({"en": "A yellow top", "ar": "قميص أصفر"}, 0.48, 0.1)
    assert "top.jpg is saved." in page.text
    form = find_form(page.text, f"/studio/assets/{asset.id}")
    assert (form.fields["x"], form.fields["y"], form.fields["alt.ar"]) == ("48", "10", "قميص أصفر")


def test_crops_lie_around_the_focus(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor, width=400, height=800)
    asset.focus_x, asset.focus_y = 0.5, 1.0
    db.commit()

    page = browser.sign_in(*studio.vera).get(f"/studio/assets?id={asset.id}").text

    image = r'<image [^>]* x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"'
    images = re.findall(rf'viewBox="0 0 (\d+) (\d+)" aria-hidden="true">{image}', page)
    square = next(each for each in images if each[:2] == ("100", "100"))
    assert [float(each) for each in square[2:]] == [0, -100, 100, 200]


def test_a_picture_without_words_is_not_saved_and_what_was_typed_stays(
    browser: Browser, db: Session, studio: Studio
) -> None:
    asset = make_asset(db, studio.vendor, alt={})
    db.commit()

    response = browser.sign_in(*studio.vera).post(
        f"/studio/assets/{asset.id}", form_values(asset, **{"alt.en": "", "alt.ar": "قميص", "x": "10"})
    )

    assert response.status_code == 422
    assert "Say what the picture shows" in response.text
    assert 'href="#f-alt.en"' in response.text
    form = find_form(response.text, f"/studio/assets/{asset.id}")
    assert (form.fields["alt.ar"], form.fields["x"]) == ("قميص", "10")
    assert assets(browser)[0].alt == {}


def test_decoration_needs_no_words(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor, alt={})
    db.commit()

    browser.sign_in(*studio.vera).post(f"/studio/assets/{asset.id}", {"is_decorative": "1", "x": "50", "y": "50"})

    assert assets(browser)[0].is_decorative
    assert "Only decoration" in browser.get("/studio/assets").text


def test_words_of_a_picture_on_a_page_are_told_to_the_page(browser: Browser, db: Session, studio: Studio) -> None:
    used, loose = make_asset(db, studio.vendor), make_asset(db, studio.vendor)
    item = make_item(db, studio.retailer, vendor=studio.vendor)
    publish_page(db, item, slots={"gallery.pictures": [used.id]})
    db.commit()
    browser.sign_in(*studio.vera)
    before = len(rows(browser, PageChange))

    browser.post(f"/studio/assets/{loose.id}", form_values(loose))
    after_loose = len(rows(browser, PageChange))
    browser.post(f"/studio/assets/{used.id}", form_values(used))

    assert after_loose == before
    assert len(rows(browser, PageChange)) == before + 1


def test_a_picture_on_a_page_is_not_deleted_and_the_page_is_named(
    browser: Browser, db: Session, studio: Studio
) -> None:
    asset = make_asset(db, studio.vendor, file_name="top.jpg")
    item = make_item(db, studio.retailer, vendor=studio.vendor, title="Marigold Top")
    make_revision(db, item, slots={"gallery.pictures": [asset.id]})
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get(f"/studio/assets?id={asset.id}")
    response = browser.send(page, action="/delete")

    assert "1 page shows this picture. Replace it there first." in page.text
    assert response.status_code == 409
    assert "This picture is used in Marigold Top. Replace it there first." in response.text
    assert find_form(response.text, f"/studio/assets/{asset.id}").fields["alt.en"]
    assert assets(browser) != []


def test_a_deleted_picture_takes_its_files_along(browser: Browser, db: Session, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    send_pictures(browser, ("top.jpg", picture()))
    jobs.run_all(work)
    page = browser.get(f"/studio/assets?id={assets(browser)[0].id}")

    after = browser.follow(browser.send(page, action="/delete"))

    assert "top.jpg is deleted." in after.text
    assert rows(browser, Asset, Rendition) == []
    assert [path for path in work.settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_pictures_are_found_by_words_and_state(browser: Browser, db: Session, studio: Studio) -> None:
    make_asset(db, studio.vendor, file_name="marigold.jpg", alt={"en": "Yellow"})
    refused = make_asset(db, studio.vendor, file_name="cap.jpg", alt={}, state=AssetState.REFUSED)
    refused.problem = "It took too long to read."
    db.commit()
    browser.sign_in(*studio.vera)

    found = browser.get("/studio/assets?find=yellow").text
    unusable = browser.get("/studio/assets?state=refused").text
    opened = browser.get(f"/studio/assets?id={refused.id}").text
    nothing = browser.get("/studio/assets?find=zebra").text

    assert ("marigold.jpg" in found, "cap.jpg" in found) == (True, False)
    assert ("marigold.jpg" in unusable, "cap.jpg" in unusable) == (False, True)
    assert "It took too long to read." in opened
    assert "No picture fits" in nothing


def test_an_empty_library_says_what_to_do(browser: Browser, studio: Studio) -> None:
    page = browser.sign_in(*studio.vera).get("/studio/assets").text

    assert "No picture is here yet" in page
    assert 'enctype="multipart/form-data"' in page


def test_sec_c02_olga_cannot_see_describe_or_delete_veras_picture(
    browser: Browser, db: Session, studio: Studio
) -> None:
    asset = make_asset(db, studio.vendor, file_name="secret-collection.jpg")
    db.commit()
    before = rows(browser, Asset, Rendition)
    olga = browser.sign_in(*studio.olga)

    answers = [
        olga.get(f"/studio/assets?id={asset.id}"),
        olga.post(f"/studio/assets/{asset.id}", form_values(asset)),
        olga.post(f"/studio/assets/{asset.id}/delete"),
    ]

    assert [each.status_code for each in answers] == [404] * 3
    assert rows(browser, Asset, Rendition) == before
    assert "secret-collection" not in olga.get("/studio/assets?find=secret").text


def test_sec_c03_an_upload_belongs_to_who_sent_it_whatever_the_form_says(
    browser: Browser, db: Session, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)

    browser.post(
        "/studio/assets",
        {"files": [(io.BytesIO(picture()), "top.jpg")], "vendor_id": studio.other.id, "state": "ready", "id": "x"},
    )

    assert [(each.vendor_id, each.state) for each in assets(browser)] == [(studio.vendor.id, AssetState.CHECKING)]


def test_a_vendor_without_a_retailer_describes_in_english(browser: Browser, db: Session, studio: Studio) -> None:
    asset = make_asset(db, studio.vendor, alt={})
    end_supply(db, studio)
    db.commit()
    browser.sign_in(*studio.vera)

    response = browser.post(f"/studio/assets/{asset.id}", form_values(asset))

    assert response.status_code == 303
    assert assets(browser)[0].alt == {"en": "A yellow top"}


def test_a_suspended_vendor_cannot_delete_what_its_pages_come_back_with(
    browser: Browser, db: Session, studio: Studio
) -> None:
    asset = make_asset(db, studio.vendor)
    item = make_item(db, studio.retailer, vendor=studio.vendor, title="Slouch Top")
    publish_page(db, item, slots={"gallery.pictures": [asset.id]})
    end_supply(db, studio)
    db.commit()
    browser.sign_in(*studio.vera)

    refused = browser.post(f"/studio/assets/{asset.id}/delete")

    assert refused.status_code == 409 and "Slouch Top" in refused.text
    assert "/studio/content/" not in refused.text
    assert asset.id in {each.id for each in assets(browser)}


def test_pictures_are_for_vendors_only(browser: Browser, db: Session, studio: Studio) -> None:
    otto = make_person(db, Role.OWNER, name="Otto", retailer=studio.retailer)
    db.commit()

    assert browser.get("/studio/assets").status_code == 303
    assert browser.sign_in(*otto).post("/studio/assets", {}).status_code == 404

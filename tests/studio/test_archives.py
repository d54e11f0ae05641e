"""ZIPs of pictures through the pages: sent where pictures are, reported file by file, stopped, and nobody else's."""

import csv
import io
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs
from qrmerch.catalog.models import ProductPicture, VendorProduct
from qrmerch.imports import tasks
from qrmerch.jobs import Work
from qrmerch.media.models import Archive, ArchiveState, Asset
from tests.browsing import Browser
from tests.factories import make_product
from tests.imports.archives import shot, zip_of
from tests.media.pictures import picture
from tests.studio.people import Studio, kept, make_studio


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    make_product(db, made.vendor, key="marigold-top", title="Marigold Top")
    make_product(db, made.other, key="larkfoot-top", title="Larkfoot Top")
    db.commit()
    return made


def send(browser: Browser, *files: tuple[str, bytes]) -> TestResponse:
    page = browser.get("/studio/assets")
    return browser.send(page, action="/studio/assets", files=[(io.BytesIO(data), name) for name, data in files])


PHOTOS = zip_of(("marigold-top.jpg", shot(1)), ("=cmd|x.jpg", shot(2)), ("<b>.jpg", b"<html>"))


def test_a_zip_is_known_by_its_content_and_leads_to_its_report(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send(browser, ("photos.jpg", PHOTOS)))

    assert "photos.jpg is in. Its 3 files are being looked at; it is safe to close this page." in page.text
    assert "0 of 3 files, 0 %. It is safe to close this page." in page.text
    assert 'data-again="5"' in page.text
    jobs.run_all(work)
    jobs.run_all(work)
    report = browser.get(page.request.path).text
    assert "1 put beside its item, 1 matched nothing, 1 refused." in report
    assert '<a href="/studio/products/' in report
    assert "By its handle" in report
    assert "This is a web page. Save the picture itself." in report
    assert report.count("<img") == 2
    assert "data-again" not in report
    assert "<b>.jpg" not in report


def test_a_zip_may_come_among_pictures(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    page = browser.follow(send(browser, ("top.jpg", picture()), ("photos.zip", PHOTOS)))

    assert "1 picture is in. It is being made ready. photos.zip is in." in page.text
    assert [each.file_name for each in kept(browser, select(Archive))] == ["photos.zip"]


def test_a_zip_without_pictures_is_refused_by_name(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    response = send(browser, ("empty.zip", zip_of(("photos/", b""))))

    assert response.status_code == 422
    assert "<bdi>empty.zip</bdi></b> There is no file in this archive." in response.text
    assert kept(browser, select(Archive)) == []


def test_a_script_gets_one_line_about_each_file(browser: Browser, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    def send_alone(name: str, data: bytes) -> tuple[int, dict[str, object]]:
        fields = {"csrf": browser.token, "files": (io.BytesIO(data), name)}
        response = browser.post("/studio/assets", fields, Accept="application/json")
        return response.status_code, response.json or {}

    taken, refused, archive = send_alone("a.jpg", picture()), send_alone("b.jpg", b"<html>"), send_alone("c", PHOTOS)

    [asset], [row] = kept(browser, select(Asset)), kept(browser, select(Archive))
    assert taken == (
        200,
        {
            "is_in": True,
            "said": "1 picture is in. It is being made ready.",
            "href": f"/studio/assets?id={asset.id}#panel",
        },
    )
    assert refused == (422, {"is_in": False, "said": "This is a web page. Save the picture itself.", "href": ""})
    assert archive[1]["href"] == f"/studio/assets/archives/{row.id}"


def report_of(browser: Browser, work: Work) -> Archive:
    send(browser, ("photos.zip", PHOTOS))
    [archive] = kept(browser, select(Archive))
    tasks.take_archive(work, archive_id=archive.id)
    return archive


@pytest.mark.parametrize(
    ("show", "files"),
    [("", 3), ("matched", 1), ("unmatched", 1), ("refused", 1), ("again", 0), ("nonsense", 3)],
)
def test_the_report_can_be_narrowed(browser: Browser, work: Work, studio: Studio, show: str, files: int) -> None:
    browser.sign_in(*studio.vera)
    archive = report_of(browser, work)

    page = browser.get(f"/studio/assets/archives/{archive.id}?show={show}").text

    assert page.count('<tr role="row">') == (files + 1 if files else 0)
    assert ("No file here" in page) is (files == 0)


def test_the_report_is_a_table_without_formulas(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    archive = report_of(browser, work)

    response = browser.get(f"/studio/assets/archives/{archive.id}/report.csv")

    rows = list(csv.reader(io.StringIO(response.text.lstrip("\ufeff"))))
    assert rows[0] == ["file", "result", "item", "handle", "matched by", "why"]
    assert [row[:5] for row in rows[1:]] == [
        ["<b>.jpg", "Refused", "", "", ""],
        ["'=cmd|x.jpg", "In", "", "", ""],
        ["marigold-top.jpg", "In", "Marigold Top", "marigold-top", "handle"],
    ]


def test_an_archive_can_be_stopped_once(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    page = browser.follow(send(browser, ("photos.zip", PHOTOS)))
    [archive] = kept(browser, select(Archive))
    address = f"/studio/assets/archives/{archive.id}/stop"

    stopped = browser.follow(browser.send(page, action=address))
    again = browser.post(address, {"csrf": browser.token})
    jobs.run_all(work)

    assert "Stopped. What is in stays." in stopped.text
    assert "Stopped after 0 of 3 files" in stopped.text
    assert again.status_code == 409
    assert kept(browser, select(Archive))[0].state == ArchiveState.CANCELLED
    assert kept(browser, select(Asset)) == []


def test_the_list_of_pictures_tells_of_archives(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    send(browser, ("photos.zip", PHOTOS))
    running = browser.get("/studio/assets").text
    [archive] = kept(browser, select(Archive))
    tasks.take_archive(work, archive_id=archive.id)
    done = browser.get("/studio/assets").text

    assert "Taking in photos.zip" in running
    assert "1 put beside its item" in done


def test_otto_and_olga_see_nothing_of_an_archive(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    archive = report_of(browser, work)
    browser.sign_in(*studio.olga)

    answers = [
        browser.get(f"/studio/assets/archives/{archive.id}"),
        browser.get(f"/studio/assets/archives/{archive.id}/report.csv"),
        browser.post(f"/studio/assets/archives/{archive.id}/stop", {"csrf": browser.token}),
    ]

    assert [each.status_code for each in answers] == [404, 404, 404]
    assert "photos.zip" not in browser.get("/studio/assets").text


# --- beside an item --------------------------------------------------------------------------------


def sent_asset(browser: Browser, work: Work) -> Asset:
    send(browser, ("top.jpg", picture(400, 500)))
    jobs.run_all(work)
    [asset] = kept(browser, select(Asset))
    return asset


def test_a_picture_is_put_beside_an_item_by_hand_and_taken_away(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    asset = sent_asset(browser, work)
    [product] = kept(browser, select(VendorProduct).where(VendorProduct.vendor_id == studio.vendor.id))
    address = f"/studio/assets/{asset.id}/items"

    page = browser.follow(browser.post(address, {"csrf": browser.token, "item": "Marigold TOP"}))
    shown = browser.get(f"/studio/products/{product.id}").text
    gone = browser.follow(browser.send(page, action=f"{address}/{product.id}/drop"))

    assert "top.jpg stands with Marigold Top." in page.text
    assert re.search(r'<ul class="shots">.*top\.jpg', shown, re.DOTALL)
    assert "top.jpg stands with Marigold Top no more." in gone.text
    assert kept(browser, select(ProductPicture)) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write the handle, a SKU or the GTIN of one of your items."),
        ("larkfoot-top", "None of your items is called larkfoot-top."),
        ("<b>", "None of your items is called &lt;b&gt;."),
    ],
)
def test_an_item_that_is_not_the_vendors_is_a_sentence(
    browser: Browser, work: Work, studio: Studio, typed: str, said: str
) -> None:
    browser.sign_in(*studio.vera)
    asset = sent_asset(browser, work)

    response = browser.post(f"/studio/assets/{asset.id}/items", {"csrf": browser.token, "item": typed})

    assert response.status_code == 422
    assert said in response.text
    assert kept(browser, select(ProductPicture)) == []


def test_a_deleted_picture_leaves_its_items_and_its_line(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    archive = report_of(browser, work)
    asset = next(each for each in kept(browser, select(Asset)) if each.file_name == "marigold-top.jpg")

    browser.post(f"/studio/assets/{asset.id}/delete", {"csrf": browser.token})

    assert kept(browser, select(ProductPicture)) == []
    assert browser.get(f"/studio/assets/archives/{archive.id}").status_code == 200

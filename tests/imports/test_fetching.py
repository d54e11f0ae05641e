"""Pictures named by address: fetched after an import where that is on, one at a time, each told what became of it."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.models import ProductPicture, VendorProduct
from qrmerch.clock import now
from qrmerch.fetch import fetch
from qrmerch.imports import fetching, service, tasks
from qrmerch.imports.models import FetchState, ImportRun, PictureFetch, RunState
from qrmerch.jobs import Work
from qrmerch.media.models import Asset, AssetState
from qrmerch.parties.models import Vendor
from tests.browsing import Browser
from tests.factories import make_vendor
from tests.https import HOST, Site, World, open_site
from tests.imports.sheets import csv_of
from tests.imports.taking_in import send
from tests.media.pictures import picture
from tests.studio.people import Studio, make_studio, with_settings

HEADER = ["style", "title", "price", "images"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), HOST, "other.example") as opened:
        yield opened


@pytest.fixture
def world(site: Site, monkeypatch: pytest.MonkeyPatch) -> World:
    site.answers.clear()
    site.asked.clear()
    made = World(site)
    monkeypatch.setattr(tasks, "fetch", partial(fetch, network=made.network()))
    return made


@pytest.fixture
def work(work: Work) -> Work:
    """With fetching switched on."""
    return Work(dataclasses.replace(work.settings, fetch_pictures=True), work.database, work.files)


def address(name: str) -> str:
    return f"https://{HOST}/{name}"


def start_run(work: Work, *rows: list[str], vendor: Vendor | None = None) -> ImportRun:
    with work.database.write() as db:
        run = send(db, vendor or make_vendor(db), csv_of(*rows, header=HEADER), work.settings)
        service.start(db, run, at=now())
        db.commit()
        return run


def states(work: Work) -> dict[str, tuple[str, str | None]]:
    with work.database.read() as db:
        return {
            each.url.rpartition("/")[2]: (each.state, each.code)
            for each in db.scalars(select(PictureFetch).order_by(PictureFetch.id))
        }


def linked(work: Work) -> list[tuple[str, str, int]]:
    """Product, picture and place of each link."""
    with work.database.read() as db:
        wanted = (
            select(VendorProduct.key, Asset.file_name, ProductPicture.place)
            .join(ProductPicture, ProductPicture.product_id == VendorProduct.id)
            .join(Asset, ProductPicture.asset_id == Asset.id)
            .order_by(VendorProduct.key, ProductPicture.place)
        )
        return [tuple(each) for each in db.execute(wanted)]


def test_pictures_named_in_a_file_become_the_vendors_assets_of_its_products(work: Work, world: World) -> None:
    world.site.serve("/front.jpg", picture(300, 200))
    world.site.serve("/back%20side.png", picture(200, 300, kind="PNG"))
    named = f"{address('front.jpg')}|{address('back side.png')}|local.jpg"
    start_run(work, ["A", "Top", "28.00", named], ["B", "Shirt", "31.00", address("front.jpg")])

    jobs.run_all(work)
    jobs.run_all(work)

    assert linked(work) == [("A", "front.jpg", 0), ("A", "back side.png", 1), ("B", "front.jpg", 0)]
    with work.database.read() as db:
        assert {each.state for each in db.scalars(select(Asset))} == {AssetState.READY}
        assert db.scalar(select(func.count()).select_from(Asset)) == 2


def test_sec_f10_with_the_switch_off_nobody_is_asked(work: Work, world: World) -> None:
    off = Work(dataclasses.replace(work.settings, fetch_pictures=False), work.database, work.files)
    start_run(off, ["A", "Top", "28.00", address("front.jpg")])

    jobs.run_all(off)
    again = jobs.run_all(off)

    assert (world.looked_up, world.connected) == ([], [])
    assert states(work) == {"front.jpg": (FetchState.LEFT, None)}
    assert again == 0, "nothing waits"


def test_what_could_not_be_fetched_is_told_with_its_code(work: Work, world: World) -> None:
    world.leads("inside.example", "10.0.0.1")
    world.site.serve("/page.jpg", b"<html>not a picture</html>")
    world.site.serve("/huge.jpg", b"x" * 10_000_001)
    urls = [
        address("page.jpg"),
        address("nobody.jpg"),
        address("huge.jpg"),
        "http://pictures.example/plain.jpg",
        "https://inside.example/private.jpg",
    ]
    start_run(work, ["A", "Top", "28.00", "|".join(urls)])

    jobs.run_all(work)

    assert states(work) == {
        "page.jpg": (FetchState.FAILED, "IMG_TYPE"),
        "nobody.jpg": (FetchState.FAILED, "IMG_FETCH"),
        "huge.jpg": (FetchState.FAILED, "IMG_FETCH"),
        "plain.jpg": (FetchState.FAILED, "IMG_FETCH"),
        "private.jpg": (FetchState.FAILED, "URL_PRIVATE"),
    }
    assert linked(work) == []
    assert list(work.files.list_files("incoming")) == []


def test_the_same_file_again_fetches_only_what_failed(work: Work, world: World) -> None:
    world.site.serve("/front.jpg", picture(300, 200))
    rows = ["A", "Top", "28.00", f"{address('front.jpg')}|{address('later.jpg')}"]
    with work.database.write() as db:
        vendor = make_vendor(db)
        db.commit()
    first = start_run(work, rows, vendor=vendor)
    jobs.run_all(work)
    world.site.serve("/later.jpg", picture(200, 300))
    world.site.asked.clear()

    second = start_run(work, rows, vendor=vendor)
    jobs.run_all(work)

    assert [each["path"] for each in world.site.asked] == ["/later.jpg"]
    assert [name for _, name, _ in linked(work)] == ["front.jpg", "later.jpg"]
    with work.database.read() as db:
        assert fetching.count_fetches(db, first.id).done == 1
        assert fetching.count_fetches(db, second.id).done == 1


def test_nothing_is_fetched_while_the_file_is_being_taken_in(work: Work, world: World) -> None:
    run = start_run(work, ["A", "Top", "28.00", address("front.jpg")])
    with work.database.write() as db:
        product = VendorProduct(
            vendor_id=run.vendor_id, key="x", title="X", maker="", texts={}, facts=[], image_urls=[], updated_at=now()
        )
        db.add(product)
        db.flush()
        fetching.note_addresses(db, db.get_one(ImportRun, run.id), {product.id: [address("front.jpg")]})
        db.commit()

    tasks.fetch_pictures(work, vendor_id=run.vendor_id)

    assert world.looked_up == []
    assert states(work) == {"front.jpg": (FetchState.WAITING, None)}


def test_a_vendors_pictures_are_fetched_one_at_a_time(
    work: Work, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.site.serve("/a.jpg", picture(300, 200))
    world.site.serve("/b.jpg", picture(200, 300))
    run = start_run(work, ["A", "Top", "28.00", f"{address('a.jpg')}|{address('b.jpg')}"])
    tasks.commit(work, run_id=run.id)
    inner: list[int] = []
    whole = tasks.fetch

    def fetch_and_try_beside(*given: object, **named: object) -> object:
        before = len(world.site.asked)
        tasks.fetch_pictures(work, vendor_id=run.vendor_id)
        inner.append(len(world.site.asked) - before)
        return whole(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "fetch", fetch_and_try_beside)
    tasks.fetch_pictures(work, vendor_id=run.vendor_id)

    assert inner == [0, 0]
    assert len(world.site.asked) == 2


def test_a_killed_fetch_is_done_again_after_a_minute_with_one_effect(
    work: Work, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.site.serve("/a.jpg", picture(300, 200))
    run = start_run(work, ["A", "Top", "28.00", address("a.jpg")])
    tasks.commit(work, run_id=run.id)
    # As kill -9 leaves it: taken, perhaps even stored, and nothing committed.
    with work.database.write() as db:
        taken = fetching.take_next(db, run.vendor_id, store=work.files, settings=work.settings, at=now())
        db.commit()
    assert taken is not None

    at_once = jobs.run_all(work)
    monkeypatch.setattr(tasks, "now", lambda: now() + fetching.TAKEN_FOR + timedelta(seconds=1))
    jobs.run_all(work)

    assert at_once == 0
    assert [name for _, name, _ in linked(work)] == ["a.jpg"]
    assert states(work) == {"a.jpg": (FetchState.DONE, None)}
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Asset)) == 1


def test_other_jobs_come_in_between_a_long_list(work: Work, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_AT_A_TIME", 2)
    asked: list[str] = []
    monkeypatch.setattr(jobs, "enqueue", lambda _db, name, _id, _values: asked.append(name))
    run = start_run(work, ["A", "Top", "28.00", "|".join(address(f"{number}.jpg") for number in range(5))])
    tasks.commit(work, run_id=run.id)
    asked.clear()

    tasks.fetch_pictures(work, vendor_id=run.vendor_id)

    assert asked == [fetching.FETCH]
    assert [state for state, _ in states(work).values()].count(FetchState.WAITING) == 3
    for _ in range(2):
        tasks.fetch_pictures(work, vendor_id=run.vendor_id)
    assert {state for state, _ in states(work).values()} == {FetchState.FAILED}


def test_when_the_room_is_full_nothing_more_is_asked(work: Work, world: World) -> None:
    full = Work(dataclasses.replace(work.settings, vendor_quota_bytes=1), work.database, work.files)
    run = start_run(work, ["A", "Top", "28.00", f"{address('a.jpg')}|{address('b.jpg')}"])
    tasks.commit(work, run_id=run.id)

    tasks.fetch_pictures(full, vendor_id=run.vendor_id)

    assert world.looked_up == []
    assert states(work) == {"a.jpg": (FetchState.FAILED, "QUOTA"), "b.jpg": (FetchState.FAILED, "QUOTA")}


def test_a_picture_stopped_while_it_is_fetched_is_not_kept(
    work: Work, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.site.serve("/a.jpg", picture(300, 200))
    run = start_run(work, ["A", "Top", "28.00", address("a.jpg")])
    tasks.commit(work, run_id=run.id)
    whole = tasks.fetch

    def fetch_and_stop(*given: object, **named: object) -> object:
        found = whole(*given, **named)  # type: ignore[arg-type]
        with work.database.write() as db:
            fetching.leave(db, run_id=run.id, at=now())
            db.commit()
        return found

    monkeypatch.setattr(tasks, "fetch", fetch_and_stop)
    tasks.fetch_pictures(work, vendor_id=run.vendor_id)

    assert states(work) == {"a.jpg": (FetchState.LEFT, None)}
    assert linked(work) == []


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


def test_the_imports_page_says_what_becomes_of_addresses(
    browser: Browser, work: Work, world: World, studio: Studio
) -> None:
    world.site.serve("/a.jpg", picture(300, 200))
    world.site.serve("/gone.jpg", b"", status=404)
    world.leads("127.0.0.1", "127.0.0.1")
    rows = ["A", "Top", "28.00", f"{address('a.jpg')}|{address('gone.jpg')}|https://127.0.0.1/<script>.jpg"]
    run = start_run(work, rows, vendor=studio.vendor)
    browser.sign_in(*studio.vera)
    with_settings(browser, fetch_pictures=True)
    page = f"/studio/import/{run.id}"
    tasks.commit(work, run_id=run.id)

    waiting = browser.get(page).text
    jobs.run_all(work)
    done = browser.get(page).text
    with_settings(browser, fetch_pictures=False)
    product = browser.get(f"/studio/products/{run_product(work)}").text

    assert "0 of 3 pictures fetched. It is safe to close this page." in waiting
    assert '<progress max="3" value="0"' in waiting
    assert "stop-fetching" in waiting
    assert '<meta http-equiv="refresh" content="5">' in waiting
    assert "1 of 3 pictures fetched, 2 could not be." in done
    assert "data-again" not in done
    for code in ("IMG_FETCH", "URL_PRIVATE"):
        assert f'<span class="mono hint">{code}</span>' in done
    assert "pictures.example answers 404 instead of the file." in done
    assert "<script>.jpg" not in done
    assert "Nothing is fetched from other sites." in product


def run_product(work: Work) -> str:
    with work.database.read() as db:
        return db.scalars(select(VendorProduct.id)).one()


def test_the_imports_page_says_that_nothing_is_fetched_here(browser: Browser, work: Work, studio: Studio) -> None:
    off = Work(dataclasses.replace(work.settings, fetch_pictures=False), work.database, work.files)
    named = f"{address('a.jpg')}|{address('b.jpg')}"
    run = start_run(off, ["A", "Top", "28.00", named], vendor=studio.vendor)
    jobs.run_all(off)

    page = browser.sign_in(*studio.vera).get(f"/studio/import/{run.id}").text

    assert "2 pictures are named by address. Nothing is fetched from other sites here: send the files as a ZIP." in page
    assert "stop-fetching" not in page


def test_somebody_can_stop_and_another_vendor_cannot(
    browser: Browser, work: Work, world: World, studio: Studio
) -> None:
    run = start_run(work, ["A", "Top", "28.00", address("a.jpg")], vendor=studio.vendor)
    tasks.commit(work, run_id=run.id)
    with_settings(browser, fetch_pictures=True)
    olga = browser.another().sign_in(*studio.olga)
    browser.sign_in(*studio.vera)

    refused = olga.post(f"/studio/import/{run.id}/stop-fetching")
    still = states(work)
    page = browser.follow(browser.send(browser.get(f"/studio/import/{run.id}"), action="stop-fetching"))
    jobs.run_all(work)

    assert refused.status_code == 404
    assert still == {"a.jpg": (FetchState.WAITING, None)}
    assert "0 of 1 picture fetched, 1 not tried. Send the file again to fetch the rest." in page.text
    assert world.looked_up == []


def test_an_import_without_addresses_says_nothing_of_them(browser: Browser, work: Work, studio: Studio) -> None:
    run = start_run(work, ["A", "Top", "28.00", "a.jpg"], vendor=studio.vendor)
    jobs.run_all(work)

    assert "Pictures named by address" not in browser.sign_in(*studio.vera).get(f"/studio/import/{run.id}").text
    with work.database.read() as db:
        assert db.get_one(ImportRun, run.id).state == RunState.DONE

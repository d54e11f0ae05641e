"""Posters, walls and cards at the desk: asked for, drawn by the worker, looked at, fetched; by whom, and of whom."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch import jobs, leftovers
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.artwork import MM_PER_INCH
from qrmerch.codes.designs import Design, keep_design
from qrmerch.codes.models import Code, Modules
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, Store, Vendor
from qrmerch.parties.service import Brand, Corners, Display, Tone, add_host, set_brand
from qrmerch.printing import sign_tasks
from qrmerch.printing.reading import render_page
from qrmerch.printing.sign_drawing import draw_sign
from qrmerch.printing.sign_models import SignRun, SignState
from qrmerch.printing.sign_queries import FILES_KEPT_FOR, list_waiting
from qrmerch.printing.signs import Sign
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import count_entries, seen
from tests.factories import (
    Person,
    make_asset,
    make_fixture,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_vendor,
    publish_page,
)

_MAKE = "/desk/codes/signs/make"
# A phone's picture: so many pixels across what it sees, which is 1.27 times as wide as the distance.
_PHONE_PIXELS, _PHONE_VIEW = 1920, 1.27


@dataclass(frozen=True)
class Shop:
    """Station Wall with one panel, an item with a published picture, and Mia; and Otto's shop next door."""

    retailer: Retailer
    vendor: Vendor
    store: Store
    panel: Fixture
    item: Item
    mia: Person
    otto: Person

    @property
    def place(self) -> str:
        return f"place:{self.panel.id}"


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer, other = make_retailer(db, name="Fashiontown"), make_retailer(db)
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    store = make_store(db, retailer, short_name="Station Wall")
    vendor = make_vendor(db, retailer)
    made = Shop(
        retailer=retailer,
        vendor=vendor,
        store=store,
        panel=make_fixture(db, store, name="Panel A", kind=FixtureKind.WALL),
        item=make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top"),
        mia=make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer),
        otto=make_person(db, Role.MERCHANDISER, name="Otto", retailer=other),
    )
    # Its picture's file is not there: making it ready for print is a child's work, which few tests are about.
    publish_page(db, made.item)
    db.commit()
    return made


@pytest.fixture
def mia(browser: Browser, shop: Shop) -> Browser:
    return browser.sign_in(*shop.mia)


def photo(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(data, "JPEG")
    return data.getvalue()


def show_picture(db: Session, store: FileStore, shop: Shop, item: Item, data: bytes) -> None:
    """Let an item's published page show a real picture."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    asset = make_asset(db, shop.vendor, width=width, height=height)
    asset.source_key = store.put(io.BytesIO(data), "incoming")
    publish_page(db, item, slots={"gallery.pictures": [asset.id]})


def ask(browser: Browser, shop: Shop, **values: object) -> TestResponse:
    return browser.post(_MAKE, {"format": "poster-a4", "item": shop.item.id, "place": shop.place, **values})


def run_of(db: Session) -> SignRun:
    """The newest sign as it is now."""
    found: SignRun = seen(db, select(SignRun).order_by(SignRun.created_at.desc(), SignRun.id.desc()))[0]
    return found


def made(browser: Browser, shop: Shop, work: Work, db: Session, **values: object) -> SignRun:
    """A sign that was asked for and drawn."""
    response = ask(browser, shop, **values)
    assert response.status_code == 303, response.text[:400]
    jobs.run_all(work)
    return run_of(db)


def words_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    said = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(said.split())


# --- from asking to the file --------------------------------------------------------------------------


def test_a_poster_is_asked_for_drawn_looked_at_and_fetched(
    mia: Browser, shop: Shop, work: Work, db: Session, tmp_path: Path
) -> None:
    show_picture(db, work.files, shop, shop.item, photo(1600, 2000))
    db.commit()
    waiting = mia.follow(ask(mia, shop, headline="That yellow.")).text
    jobs.run_all(work)
    run = run_of(db)
    page = mia.get(f"/desk/codes/signs/{run.id}").text
    file = mia.post(f"/desk/codes/signs/{run.id}/file")
    (code,) = seen(db, select(Code))

    assert "Drawing it" in waiting
    assert "Download the PDF" not in waiting
    for said in ("Reads back from the finished pages", "Station Wall, Panel A", "210 × 297 mm", "Not yet"):
        assert said in page
    assert mia.get(f"/desk/codes/signs/{run.id}/picture").mimetype == "image/jpeg"
    assert file.mimetype == "application/pdf"
    said = words_of(file.data)
    for each in ("That yellow.", "Marigold Slouch Top", "The loose knit that makes jeans look like a plan."):
        assert each in said
    (tmp_path / "poster.pdf").write_bytes(file.data)
    read = [each.text for each in zxingcpp.read_barcodes(render_page(tmp_path / "poster.pdf", 0, 100))]
    assert read == [f"https://fashiontown.example/q/{code.token}"]


def test_codes_that_hang_there_are_used_and_others_are_made(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    there = service.make_code(db, shop.item, at=NOON, fixture_id=shop.panel.id)
    db.commit()

    run = made(mia, shop, work, db)
    elsewhere = made(mia, shop, work, db, place="none")

    assert run.code_ids == [there.id]
    (other,) = seen(db, select(Code).where(Code.id.in_(elsewhere.code_ids)))
    assert (other.store_id, other.batch) == (None, "Poster, A4")


def test_codes_are_noted_as_printed_when_the_file_is_fetched(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    run = made(mia, shop, work, db)
    (before,) = seen(db, select(Code.printed_at))

    for _ in range(2):
        mia.post(f"/desk/codes/signs/{run.id}/file")

    (after,) = seen(db, select(Code.printed_at))
    assert before is None
    assert after is not None
    assert count_entries(db, "code.print") == 1


def test_sending_the_form_twice_makes_no_code_twice(mia: Browser, shop: Shop, db: Session) -> None:
    ask(mia, shop)
    ask(mia, shop)

    assert len(seen(db, select(Code))) == 1


def test_the_call_says_what_the_page_holds(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    run = made(mia, shop, work, db)

    assert Sign.from_json(run.sign).call in ("Scan: sizes and colours", "Scan: is your size here?")


def test_a_luxury_house_is_drawn_in_its_own_voice(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    set_brand(db, shop.retailer, Brand("#1b1b1b", Display.SANS, Corners.SHARP, Tone.LUXURY, "Corvane", {}), at=now())
    db.commit()

    run = made(mia, shop, work, db)

    assert Sign.from_json(run.sign).dress.is_quiet
    assert run.state == SignState.READY


def test_cards_need_no_item_and_lead_to_the_help(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    for format in ("card", "guide"):
        response = mia.post(_MAKE, {"format": format})
        jobs.run_all(work)
        run = run_of(db)

        assert response.status_code == 303
        assert (run.format, run.state, run.code_ids) == (format, SignState.READY, [])
        assert "fashiontown.example/help" in words_of(mia.post(f"/desk/codes/signs/{run.id}/file").data)


def test_what_was_made_can_be_made_again_from_its_page(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    run = made(mia, shop, work, db, headline="That yellow.", distance="0.5")
    page = mia.get(f"/desk/codes/signs/{run.id}").text
    href = page.partition('href="/desk/codes/signs/make?')[2].partition('"')[0].replace("&amp;", "&")

    form = mia.get(f"{_MAKE}?{href}").text

    assert 'value="That yellow."' in form
    assert 'value="0.5"' in form
    assert f'value="{shop.item.id}" checked' in form
    assert f'value="{shop.place}" checked' in form


def test_a_place_proposes_the_items_whose_codes_hang_there(mia: Browser, shop: Shop, db: Session) -> None:
    service.make_code(db, shop.item, at=NOON, fixture_id=shop.panel.id)
    make_item(db, shop.retailer, vendor=shop.vendor, title="Buttercup Cardigan")
    db.commit()

    form = mia.get(f"{_MAKE}?format=wall&place={shop.place}").text

    assert f'value="{shop.item.id}" checked' in form
    assert form.count('name="item"') == 2
    assert form.count('" checked') == 2


# --- bad input ----------------------------------------------------------------------------------------


def test_what_cannot_be_drawn_is_refused_with_what_to_do(mia: Browser, shop: Shop, db: Session) -> None:
    for values, said in (
        ({"item": []}, "Choose the one item that it shows."),
        ({"place": ""}, "Choose where it hangs, or No place."),
        ({"distance": "far"}, "far is no distance."),
        ({"distance": "nan"}, "nan is no distance."),
        ({"distance": "9"}, "On this format a code reads from at most 0.9 m."),
        ({"headline": "x" * 61}, "60 characters"),
        ({"headline": "\U00012000 top"}, "No typeface here has"),
    ):
        response = ask(mia, shop, **values)  # type: ignore[arg-type]

        assert response.status_code == 422
        assert said in response.text
    assert seen(db, select(SignRun)) == seen(db, select(Code)) == []


def test_two_items_on_one_poster_are_refused(mia: Browser, shop: Shop, db: Session) -> None:
    other = make_item(db, shop.retailer, vendor=shop.vendor)
    db.commit()

    response = ask(mia, shop, item=[shop.item.id, other.id])

    assert response.status_code == 422
    assert "Choose the one item that it shows." in response.text


def test_an_item_that_is_no_longer_sold_is_refused_by_name(mia: Browser, shop: Shop, db: Session) -> None:
    shop.item.is_retired = True
    db.commit()

    response = ask(mia, shop)

    assert response.status_code == 422
    assert "Marigold Slouch Top is no longer sold." in response.text


def test_a_picture_that_no_revision_published_is_on_no_sign(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    bare = make_item(db, shop.retailer, vendor=shop.vendor, title="Field Jacket")
    asset = make_asset(db, shop.vendor)
    asset.source_key = work.files.put(io.BytesIO(photo(900, 900)), "incoming")
    db.commit()

    run = made(mia, shop, work, db, item=bare.id)

    assert Sign.from_json(run.sign).items[0].picture is None
    assert any("No approved picture shows Field Jacket." in each["said"] for each in run.findings)


def test_a_picture_that_is_gone_leaves_its_place_empty(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    show_picture(db, work.files, shop, shop.item, photo(1600, 2000))
    db.commit()
    ask(mia, shop)
    picture = Sign.from_json(run_of(db).sign).items[0].picture
    assert picture is not None
    work.files.delete(picture.key)

    jobs.run_all(work)

    assert run_of(db).state == SignState.READY
    assert any("No approved picture shows" in each["said"] for each in run_of(db).findings)


# --- the job ------------------------------------------------------------------------------------------


def test_a_cancelled_sign_leaves_no_file(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    ask(mia, shop)
    run = run_of(db)

    mia.post(f"/desk/codes/signs/{run.id}/cancel")
    again = mia.post(f"/desk/codes/signs/{run.id}/cancel")
    sign_tasks.draw(work, sign_id=run.id)

    assert run_of(db).state == SignState.CANCELLED
    assert again.status_code == 409
    assert list(work.files.list_files(sign_tasks.AREA)) == []
    assert mia.post(f"/desk/codes/signs/{run.id}/file").status_code == 409


def test_a_wall_that_is_cancelled_half_way_leaves_no_file(
    mia: Browser, shop: Shop, work: Work, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [make_item(db, shop.retailer, vendor=shop.vendor) for _ in range(8)]
    db.commit()
    ask(mia, shop, format="wall", item=[item.id for item in items])
    run = run_of(db)

    def cancel_on_the_way(file: object, sign: Sign, **how: object) -> object:
        step = how["step"]

        def stepping(done: int) -> None:
            step(done)  # type: ignore[operator]
            if done == 4:
                mia.post(f"/desk/codes/signs/{run.id}/cancel")

        return draw_sign(file, sign, **{**how, "step": stepping})  # type: ignore[arg-type]

    monkeypatch.setattr(sign_tasks, "draw_sign", cancel_on_the_way)
    sign_tasks.draw(work, sign_id=run.id)

    assert (run_of(db).state, run_of(db).done_items) == (SignState.CANCELLED, 4)
    assert list(work.files.list_files(sign_tasks.AREA)) == []


def test_a_drawing_that_was_cut_off_begins_anew(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    ask(mia, shop)
    run = run_of(db)
    run.done_items = 1
    db.commit()

    jobs.run_all(work)

    assert (run_of(db).state, run_of(db).done_items) == (SignState.READY, 1)
    assert list(list_waiting(db)) == []


def test_files_of_signs_are_swept_after_their_time(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    run = made(mia, shop, work, db)
    run.ended_at = now() - FILES_KEPT_FOR
    db.commit()

    gone = leftovers.look(work.database, work.files, at=now())
    page = mia.get(f"/desk/codes/signs/{run.id}").text

    assert [key for key in gone.missing if key.startswith("signs/")] == []
    assert "Its file is not kept any more." in page
    assert "Download the PDF" not in page


# --- who ----------------------------------------------------------------------------------------------


def test_otto_finds_neither_the_sign_nor_its_picture_nor_its_file(
    browser: Browser, mia: Browser, shop: Shop, work: Work, db: Session
) -> None:
    run = made(mia, shop, work, db)
    otto = browser.another().sign_in(*shop.otto)

    address = f"/desk/codes/signs/{run.id}"
    answers = [otto.get(address), otto.get(f"{address}/picture")]
    answers += [otto.post(f"{address}/file"), otto.post(f"{address}/cancel"), ask(otto, shop)]

    assert [each.status_code for each in answers] == [404] * 5
    assert run.title not in otto.get("/desk/codes/signs").text


def test_the_list_shows_what_was_made(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    empty = mia.get("/desk/codes/signs").text
    made(mia, shop, work, db)
    page = mia.get("/desk/codes/signs").text

    assert "Nothing made yet" in empty
    for said in ("1 ready to print.", "Marigold Slouch Top", "Poster, A4", "Station Wall, Panel A", "/picture"):
        assert said in page


# --- Station Wall -------------------------------------------------------------------------------------


@pytest.mark.shared_data
def test_every_code_of_the_station_wall_reads_from_the_platforms_edge(
    mia: Browser,
    shop: Shop,
    work: Work,
    db: Session,
    shared_data: Path,
    tmp_path: Path,
    at_scale: Callable[[int, int], int],
) -> None:
    """Must show 4: a wall on A0, each code in a picture as a phone takes it from 0.8 m."""
    photos = sorted((shared_data / "images" / "products").glob("*.jpg"))[: at_scale(6, 12)]
    items = []
    for path in photos:
        items.append(make_item(db, shop.retailer, vendor=shop.vendor, title=path.stem.replace("-", " ").title()))
        show_picture(db, work.files, shop, items[-1], path.read_bytes())
    db.commit()

    run = made(mia, shop, work, db, format="wall", item=[item.id for item in items])
    pdf = tmp_path / "wall.pdf"
    pdf.write_bytes(mia.post(f"/desk/codes/signs/{run.id}/file").data)
    codes = seen(db, select(Code).where(Code.id.in_(run.code_ids)))

    read = look_at_wall(pdf, distance=Sign.from_json(run.sign).distance)

    assert len(codes) == len(photos)
    assert read == {f"https://fashiontown.example/q/{code.token}" for code in codes}


def look_at_wall(pdf: Path, *, distance: float) -> set[str]:
    """What a phone reads that is led along the first page, a little out of focus, from so many metres away."""
    pixels_per_mm = _PHONE_PIXELS / (_PHONE_VIEW * distance * 1000)
    page = render_page(pdf, 0, pixels_per_mm * MM_PER_INCH).filter(ImageFilter.GaussianBlur(0.9))
    wide, high = _PHONE_PIXELS, _PHONE_PIXELS * 9 // 16
    found: set[str] = set()
    for left in range(0, page.width, wide // 2):
        for top in range(0, page.height, high // 2):
            view = page.crop((left, top, min(left + wide, page.width), min(top + high, page.height)))
            found |= {each.text for each in zxingcpp.read_barcodes(view)}
    return found


# --- what must not leave, and what gave up --------------------------------------------------------------


def test_a_sign_that_fails_at_every_try_says_why_and_is_tried_again(
    mia: Browser, shop: Shop, work: Work, db: Session
) -> None:
    ask(mia, shop, headline="That yellow.")
    run = run_of(db)
    here = f"/desk/codes/signs/{run.id}"
    early = mia.post(f"{here}/again").status_code
    sign_tasks.give_up(work, sign_id=run.id, said="The disk of this machine is full. Make room on it.")
    failed, listed = mia.get(here).text, mia.get("/desk/codes/signs").text

    again = mia.post(f"{here}/again")
    running = mia.get(here).text
    db.expire_all()
    asked = list(sign_tasks.waiting(db))
    db.commit()
    jobs.run_all(work)

    assert (early, again.status_code) == (409, 303)
    assert "The disk of this machine is full." in failed
    assert "Drawing it" not in failed
    assert f'action="{here}/again"' in failed
    assert "Not made" in listed
    assert "Drawing it" in running
    assert asked == [(f"{run.id}-1", {"sign_id": run.id})]
    assert (run_of(db).state, run_of(db).problem, run_of(db).created_at) == (SignState.READY, "", run.created_at)


def test_a_sign_whose_code_has_ended_is_not_drawn_and_not_fetched(
    mia: Browser, shop: Shop, work: Work, db: Session
) -> None:
    run = made(mia, shop, work, db)
    (code,) = db.scalars(select(Code))
    service.retire_code(db, code, at=NOON, actor=None)
    db.commit()

    fetched = mia.post(f"/desk/codes/signs/{run.id}/file")

    assert (fetched.status_code, run_of(db).fetched_at) == (409, None)
    assert f"{code.token[:4]} {code.token[4:8]}" in fetched.text
    service.bring_back(db, code, at=NOON, actor=None)
    db.commit()
    ask(mia, shop, headline="Another.")
    service.retire_code(db, code, at=NOON, actor=None)
    db.commit()
    jobs.run_all(work)
    assert run_of(db).state == SignState.FAILED
    assert "retired or replaced" in run_of(db).problem


def test_a_form_that_was_tapped_twice_is_one_sign(mia: Browser, shop: Shop, db: Session) -> None:
    first, second, other = ask(mia, shop), ask(mia, shop), ask(mia, shop, headline="Another.")

    assert first.headers["Location"] == second.headers["Location"] != other.headers["Location"]


def test_a_sign_is_drawn_in_a_design(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    kept = keep_design(db, shop.retailer.id, Design(name="Soft", modules=Modules.DOTS), at=NOON, actor=None)
    db.commit()
    form = mia.get(_MAKE).text

    run = made(mia, shop, work, db, design=kept.id)
    plain = made(mia, shop, work, db)
    page = mia.get(f"/desk/codes/signs/{run.id}").text
    href = page.partition('href="/desk/codes/signs/make?')[2].partition('"')[0].replace("&amp;", "&")
    form_again = mia.get(f"{_MAKE}?{href}").text

    assert "Soft" in form
    assert Sign.from_json(run.sign).dress.modules == "dots"
    assert (run.state, plain.state) == (SignState.READY, SignState.READY)
    assert {each["name"]: each["verdict"] for each in run.findings}["Reads back from the finished pages"] == "pass"
    assert run.file_key != plain.file_key
    assert f'value="{kept.id}" selected' in form_again


def test_a_sign_speaks_of_an_offer_that_runs_as_long_as_it_hangs(
    mia: Browser, shop: Shop, work: Work, db: Session
) -> None:
    ends = now() + timedelta(days=40)
    make_offer(db, shop.item, until_at=ends)
    db.commit()
    near, far = (f"{ends + timedelta(days=days):%Y-%m-%d}" for days in (-10, 10))

    run = made(mia, shop, work, db, hangs_until=near)
    without = made(mia, shop, work, db, hangs_until=far)
    wrong = ask(mia, shop, hangs_until="soon")

    assert "an offer until" in Sign.from_json(run.sign).call
    assert any("Take the sign down by then." in each["said"] for each in run.findings)
    assert "offer" not in Sign.from_json(without.sign).call
    assert (wrong.status_code, "soon is no day" in wrong.text) == (422, True)


def test_what_a_killed_drawing_left_is_swept_by_the_next_try(mia: Browser, shop: Shop, work: Work, db: Session) -> None:
    ask(mia, shop)
    left = work.settings.data_dir / "signs" / run_of(db).id / "sign.pdf"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"%PDF-1.6 half")

    jobs.run_all(work)

    assert run_of(db).state == SignState.READY
    assert list((work.settings.data_dir / "signs").iterdir()) == []

"""The product's main job, once, as people do it: from a vendor's real file to the merchandiser's numbers."""

import io
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.content.templates import add_template
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.users.service import Wanted, add_membership, add_user
from tests.drills.shop import Shop
from tests.factories import make_fixture, make_retailer, make_store, make_vendor
from tests.figures import on_both_when_full
from tests.flows.conftest import OpenWindow

pytestmark = [pytest.mark.shared_data, pytest.mark.timeout(600)]
_PASSWORD = "buttercup at the quay"
_ITEM = "Ocean Blue Shirt"


@dataclass(frozen=True)
class People:
    """Who can sign in, by e-mail."""

    vera: str = "vera@sunnyside.example"
    rob: str = "rob@fashiontown.example"
    mia: str = "mia@fashiontown.example"
    ada: str = "ada@fashiontown.example"


@on_both_when_full
def test_from_a_vendors_file_to_the_merchandisers_numbers(
    served: Shop, open_window: OpenWindow, shared_data: Path, tmp_path: Path
) -> None:
    people = _set_up(served)
    before = _read_numbers(open_window, people.mia)

    vera = open_window("desk").page
    _sign_in(vera, people.vera)
    _import_catalogue(vera, shared_data / "catalogues" / "shopify_apparel.csv")
    picture = _send_picture(vera, shared_data / "images" / "products" / "shirt-navy-silk.jpg")
    _fill_and_send(vera, picture)
    revision = _approve(open_window("desk").page, people.rob)
    mia = open_window("desk").page
    _sign_in(mia, people.mia)
    _publish(mia, revision)
    _promise(mia)
    address = _print(mia, tmp_path)
    code = _shop(open_window, address, tmp_path)
    _redeem(open_window("phone").page, people.ada, code)

    served.settle()
    after, funnel = _read_numbers(open_window, people.mia), _read_funnel(mia)
    grown = {name: after[name] - before[name] for name in after}
    assert (grown["Scans"], grown["Kept on a list"], grown["Codes used"]) == (1, 1, 1)
    # Seen after the scan, on the way back from the code, and by the friend.
    assert grown["Views"] == 3
    assert funnel == {"Scanned": 1, "Viewed": 1, "Engaged": 1, "Kept": 1, "Claimed": 1, "Used": 1}


def _set_up(served: Shop) -> People:
    people, at = People(), now()
    with served.database.write() as db:
        retailer = make_retailer(db, slug="fashiontown", name="Fashiontown Stores", at=at - timedelta(days=30))
        for style in Style:
            add_template(db, retailer.id, name=style.capitalize(), style=style, is_default=style == "everyday", at=at)
        store = make_store(db, retailer, short_name="Riverside")
        make_fixture(db, store, name="Shirt wall")
        vendor = make_vendor(db, retailer, name="Sunny Side")
        _add_person(db, people.vera, Role.VENDOR_EDITOR, retailer, vendor, ())
        _add_person(db, people.rob, Role.REVIEWER, retailer, vendor, ())
        _add_person(db, people.mia, Role.MERCHANDISER, retailer, vendor, ())
        _add_person(db, people.ada, Role.ASSOCIATE, retailer, vendor, (store.id,))
        db.commit()
    return people


def _add_person(db, email: str, role: Role, retailer: Retailer, vendor: Vendor, stores: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    user = add_user(db, email=email, name=email.split("@")[0].capitalize(), password=_PASSWORD, at=now())
    is_vendors = role == Role.VENDOR_EDITOR
    wanted = Wanted(
        email,
        role,
        retailer_id=None if is_vendors else retailer.id,
        vendor_id=vendor.id if is_vendors else None,
        store_ids=stores,
    )
    add_membership(db, user, wanted, at=now())


def _sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(desk|studio|associate)$"))


def _import_catalogue(page: Page, sheet: Path) -> None:
    page.goto("/studio/import")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name=re.compile("Take in")).click()
    expect(page.get_by_text("20 new").first).to_be_visible()


def _send_picture(page: Page, photo: Path) -> str:
    page.goto("/studio/assets")
    # Sent as soon as it is chosen; its line leads to it.
    page.locator("form[data-pictures] input[name=files]").first.set_input_files(photo)
    page.locator("[data-sent]").get_by_role("link", name=photo.name).click()
    page.get_by_label(re.compile("shows|English")).first.fill("A navy silk shirt on a wooden hanger")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("is saved")).to_be_visible()
    # The worker makes the renditions meanwhile.
    for _ in range(240):
        page.goto("/studio/assets")
        if page.get_by_text("Being made ready", exact=True).count() == 0 and page.locator("tbody img").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("tbody img")).to_have_count(1)
    return photo.stem


def _fill_and_send(page: Page, picture: str) -> None:
    page.goto(f"/studio/products?find={_ITEM.replace(' ', '+')}")
    page.get_by_role("link", name=_ITEM).first.click()
    page.locator("main").get_by_role("link", name="Fashiontown Stores").first.click()
    page.wait_for_url(re.compile("/studio/content/"))
    page.get_by_role("button", name=re.compile(f"Add {picture}")).click()
    page.get_by_label(re.compile("line", re.IGNORECASE)).first.fill("A shirt the colour of the deep end.")
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text(re.compile("review", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()


def _approve(page: Page, reviewer: str) -> str:
    """Let it through; the address of what was read."""
    _sign_in(page, reviewer)
    page.goto("/desk/review")
    page.get_by_role("link", name=_ITEM).first.click()
    page.wait_for_url(re.compile("/desk/review/"))
    revision = page.url
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_text(re.compile("Approved|approved")).first).to_be_visible()
    return revision


def _publish(page: Page, revision: str) -> None:
    page.goto(revision)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text(re.compile("Live|live|shows")).first).to_be_visible()


def _promise(page: Page) -> None:
    page.goto("/desk/offers")
    page.get_by_role("link", name="Set up an offer").click()
    page.get_by_label("Per cent, or amount").fill("10")
    if page.get_by_label("Find items").count():
        page.get_by_label("Find items").fill(_ITEM)
        page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_label(_ITEM).check()
    # Noon, which no change of the clocks leaves out.
    local = (now() - timedelta(days=2)).replace(hour=12)
    page.get_by_label("From", exact=True).fill(local.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Until", exact=True).fill((local + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Codes in all").fill("50")
    page.get_by_label(re.compile("What it is, in English")).fill("10 % off the ocean blue shirt")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("Live").first).to_be_visible()


def _print(page: Page, folder: Path) -> str:
    """Make a code at the shirt wall; its address as each of the three files says it to a reader."""
    page.goto(f"/desk/codes/make?find={_ITEM.replace(' ', '+')}")
    page.get_by_label(_ITEM).check()
    page.get_by_label("Shirt wall").check()
    page.get_by_role("button", name="Make codes").click()
    page.goto("/desk/codes")
    page.get_by_role("link", name=_ITEM).first.click()
    read: set[str] = set()
    for kind in ("svg", "png", "pdf"):
        page.get_by_label("File").select_option(kind)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        path = folder / f"code.{kind}"
        download.value.save_as(path)
        read |= set(_decode(path))
    assert len(read) == 1
    return read.pop()


def _decode(path: Path) -> list[str]:
    data = path.read_bytes()
    if path.suffix == ".pdf":
        picture = pypdfium2.PdfDocument(data)[0].render(scale=6).to_pil()
    elif path.suffix == ".svg":
        picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=300))))
    else:
        picture = Image.open(io.BytesIO(data))
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.convert("RGBA").getchannel("A"))
    return [each.text for each in zxingcpp.read_barcodes(ground)]


def _shop(open_window: OpenWindow, address: str, folder: Path) -> str:
    """Scan, look, keep, claim, look again, share; a friend looks as well. The code for the till."""
    page = open_window("phone").page
    # Seen a second after the page has come, however long the rest of this takes on a busy machine.
    with page.expect_response(re.compile("/v$")):
        # A camera opens what the code says; the base address of this test's browser is not used.
        page.goto(address)
        expect(page.get_by_role("heading", name=_ITEM, level=1)).to_be_visible()
        page.wait_for_url(re.compile("/i/"))
        page.screenshot(path=folder / "page.png", full_page=True)
    assert page.context.cookies() == []
    with page.expect_response(re.compile("/keep")):
        page.get_by_role("button", name="Keep on my list").first.click()
    assert [cookie["name"] for cookie in page.context.cookies()] == ["qm"]
    page.locator("button[formaction$='/claim']").first.click()
    page.wait_for_url(re.compile("/my/claims/"))
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}", page.locator("main").inner_text())
    assert found
    # Past the change from one page to the next.
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "pass.png", full_page=True)
    with page.expect_response(re.compile("/v$")):
        page.get_by_role("link", name=re.compile("Back to")).click()
    expect(page.get_by_role("button", name="Keep on my list").first).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("Share")).first.click()
    page.wait_for_url(re.compile("/share/"))
    friend = open_window("phone").page
    with friend.expect_response(re.compile("/v$")):
        friend.goto(page.locator("main input[readonly]").input_value())
        expect(friend.get_by_role("heading", name=_ITEM, level=1)).to_be_visible()
    return found[0]


def _redeem(page: Page, associate: str, code: str) -> None:
    _sign_in(page, associate)
    page.get_by_role("textbox", name="Code").fill(code.lower())
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("heading", name=re.compile("Used|used"))).to_be_visible()


def _read_numbers(open_window: OpenWindow, email: str) -> dict[str, int]:
    """The tiles of the overview, as the merchandiser reads them."""
    page = open_window("desk").page
    _sign_in(page, email)
    page.goto("/desk/insights")
    tiles = {"Scans": 0, "Views": 0, "Kept on a list": 0, "Codes used": 0}
    for name in tiles:
        tile = page.locator(".tiles li").filter(has=page.get_by_text(name, exact=True))
        if tile.count():
            tiles[name] = int(re.sub(r"\D.*", "", tile.locator(".v").inner_text().replace(",", "")))
    return tiles


def _read_funnel(page: Page) -> dict[str, int]:
    """What came of the scan, on the item's page of numbers."""
    page.goto("/desk/insights")
    page.locator("main").get_by_role("link", name=_ITEM).first.click()
    expect(page.locator(".fun")).to_be_visible()
    steps = [step.inner_text().split("\n") for step in page.locator(".fun li").all()]
    return {name: int(count) for name, count, *_ in steps if count.isdigit()}

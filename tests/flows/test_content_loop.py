"""Pages of two vendors from the first word to the take-down, with a keyboard and nothing else, in English and Arabic.

Every screen on the way goes through axe in its own width and scheme. With `SHOTS=folder` a picture of each is kept.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.buckets import open_store
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.jobs import Work
from qrmerch.media.tasks import render
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.users.service import Wanted, add_membership, add_user
from tests.axe import list_problems
from tests.drills.shop import Shop
from tests.factories import (
    make_code,
    make_fixture,
    make_item,
    make_retailer,
    make_store,
    make_template,
    make_vendor,
)
from tests.flows.conftest import OpenWindow
from tests.flows.filled import receive_picture

pytestmark = [pytest.mark.shared_data, pytest.mark.timeout(600)]
_LOOKS: Final = [("phone", "dark"), ("desk", "light"), ("desk", "dark"), ("phone", "light")]
# As `make_store` says.
_ZONE: Final = "America/New_York"
_PASSWORD: Final = "buttercup at the quay"
# More than any page has places to stop at.
_STOPS: Final = 250
# Whether what has the focus can be seen: it has a ring, and not all of it is off the screen or under something else.
_IS_SEEN: Final = """one => {
  const box = one.getBoundingClientRect(), look = getComputedStyle(one);
  const isRinged = [one, ...(one.labels ?? [])].some(each => {
    const style = getComputedStyle(each);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  });
  const points = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]];
  const isOnTop = points.some(([across, down]) => {
    const top = document.elementFromPoint(box.x + box.width * across, box.y + box.height * down);
    return top && (one === top || one.contains(top) || [...(one.labels ?? [])].some(each => each.contains(top)));
  });
  return look.visibility === 'visible' && isRinged && isOnTop;
}"""


@dataclass(frozen=True)
class Piece:
    """An item of a vendor's, who writes of it, and what is said of it in both languages."""

    title: str
    photo: str
    vendor: str
    writer: str
    lede: str
    lede_ar: str
    alt_ar: str
    token: str = ""


_SHIRT: Final = Piece(
    title="Navy Silk Shirt",
    photo="shirt-navy-silk.jpg",
    vendor="Sunny Side",
    writer="vera@sunnyside.example",
    lede="A shirt the colour of the deep end.",
    lede_ar="قميص بلون أعماق البحر.",
    alt_ar="قميص حريري كحلي على علّاقة خشبية",
)
_JUMPER: Final = Piece(
    title="Mustard V Jumper",
    photo="jumper-mustard-v.jpg",
    vendor="North Loom",
    writer="olga@northloom.example",
    lede="Warm as the last day of September.",
    lede_ar="دافئة كآخر يوم من أيلول.",
    alt_ar="كنزة بلون الخردل بياقة مثلثة",
)
_ROB, _MIA = "rob@fashiontown.example", "mia@fashiontown.example"
_COMMENT: Final = "Could it name the silk?"
_ANSWER: Final = "A silk shirt the colour of the deep end."


@dataclass
class Seat:
    """Somebody at a screen with a keyboard. `look` notes what axe finds; nothing here has a mouse."""

    page: Page
    screen: str
    shots: Path | None
    problems: list[str]
    seen: set[str]

    def look(self, name: str) -> None:
        """Hold a screen against the rules, the first time that somebody comes to it."""
        if name in self.seen:
            return
        self.seen.add(name)
        self.problems.extend(f"{name}: {each}" for each in list_problems(self.page))
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.problems.append(f"{name}: wider than the screen")
        if self.shots:
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)

    def reach(self, wanted: Locator, key: str = "Tab") -> None:
        """Press a key until what is wanted has the focus, and can be seen to have it."""
        expect(wanted.first).to_be_attached()
        for stop in range(_STOPS):
            # Script may have drawn it anew meanwhile.
            if stop % 40 == 0:
                found = wanted.element_handles()
            if self.page.evaluate("all => all.includes(document.activeElement)", found):
                break
            self.page.keyboard.press(key)
        else:
            pytest.fail(f"{key} does not lead to {wanted} on {self.page.url}")
        focused = self.page.locator(":focus")
        for _ in range(20):
            if focused.evaluate(_IS_SEEN):
                return
            self.page.wait_for_timeout(50)
        self.problems.append(
            f"{self.page.url}: nobody sees that {focused.evaluate('e => e.outerHTML')[:200]} has focus"
        )

    def press(self, role: str, name: str | re.Pattern[str], key: str = "Enter") -> None:
        """Go to what has this role and name within the page, and press a key there."""
        self.reach(self.page.get_by_role(role, name=name, exact=isinstance(name, str)))  # type: ignore[arg-type]
        self.page.keyboard.press(key)

    def press_in(self, part: Locator, role: str, name: str) -> None:
        """Go to what has this role and name within a part of the page, and press Enter there."""
        self.reach(part.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
        self.page.keyboard.press("Enter")

    def write(self, label: str | re.Pattern[str], words: str) -> None:
        """Go to the field with this label, and write over what stands there."""
        self.reach(self.page.get_by_label(label, exact=isinstance(label, str)))
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)

    def sign_in(self, email: str) -> None:
        self.page.goto("/sign-in")
        self.write("E-mail address", email)
        self.write("Password", _PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile("/(desk|studio)$"))

    def go(self, place: str) -> None:
        """Take a way of the navigation, which a phone keeps behind a button."""
        if self.screen == "phone":
            self.press("button", "Menu")
        self.reach(self.page.locator("#nav").get_by_role("link", name=re.compile(f"^{place}")))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def follow(self, role: str, name: str | re.Pattern[str], to: str) -> None:
        """Press what leads to an address."""
        with self.page.expect_navigation(url=re.compile(to)):
            self.press(role, name)


Sit = Callable[..., Seat]


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """An empty, migrated database of this test: SQLite."""
    path = tmp_path / "qrmerch.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.mark.full
@pytest.mark.parametrize(("screen", "scheme"), _LOOKS)
def test_two_vendors_pages_with_a_keyboard(
    served: Shop, open_window: OpenWindow, shared_data: Path, screen: str, scheme: str
) -> None:
    shirt, jumper = _set_up(served, shared_data / "images" / "products")
    problems: list[str] = []
    seen: set[str] = set()
    shots = _folder_of(screen, scheme)

    def sit(email: str = "", **options: str) -> Seat:
        at = screen if email else "phone"
        seat = Seat(open_window(at, color_scheme=scheme, **options).page, at, shots, problems, seen)
        if email:
            seat.sign_in(email)
        return seat

    vera, olga, rob, mia = (sit(each) for each in (shirt.writer, jumper.writer, _ROB, _MIA))
    first_page = _fill(vera, shirt)
    _fill(olga, jumper)
    _return(rob, shirt)
    _answer(vera, shirt)
    for each in (jumper, shirt):
        _approve(rob, each)
    _publish_now(mia, shirt)
    _publish_in_arabic(mia, jumper)
    english, arabic = sit(locale="en-US"), sit(locale="ar")
    _see_both(english, arabic, shirt, jumper)
    _look_ahead(mia, jumper)
    _take_down(mia, shirt)
    _see_neither(english, arabic, shirt)
    _know_nothing(olga, shirt, first_page)

    assert problems == []


def _folder_of(screen: str, scheme: str) -> Path | None:
    if not os.environ.get("SHOTS"):
        return None
    folder = Path(os.environ["SHOTS"]) / f"{screen}-{scheme}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _set_up(served: Shop, photos: Path) -> tuple[Piece, Piece]:
    """A shop with two vendors, an item and a picture of each, and everybody's account; the items with their codes."""
    assets: list[str] = []
    tokens: list[str] = []
    with served.database.write() as db:
        retailer = make_retailer(db, slug="fashiontown", name="Fashiontown", locales=["en", "ar"])
        make_template(db, retailer, style=Style.EVERYDAY, name="Everyday")
        shelf = make_fixture(db, make_store(db, retailer, short_name="Riverside"), name="Knits")
        for each in (_SHIRT, _JUMPER):
            vendor = make_vendor(db, retailer, name=each.vendor)
            item: Item = make_item(db, retailer, vendor=vendor, title=each.title)
            assets.append(receive_picture(db, vendor, photos / each.photo, served))
            tokens.append(make_code(db, item, fixture=shelf).token)
            _add_person(db, each.writer, Role.VENDOR_EDITOR, vendor)
        _add_person(db, _ROB, Role.REVIEWER, retailer)
        _add_person(db, _MIA, Role.MERCHANDISER, retailer)
        db.commit()
    for asset_id in assets:
        render(Work(served.settings, served.database, open_store(served.settings)), asset_id=asset_id)
    shirt, jumper = (replace(one, token=token) for one, token in zip((_SHIRT, _JUMPER), tokens, strict=True))
    return shirt, jumper


def _add_person(db: Session, email: str, role: Role, house: Retailer | Vendor) -> None:
    user = add_user(db, email=email, name=email.split("@")[0].capitalize(), password=_PASSWORD, at=now())
    of = {"retailer_id" if isinstance(house, Retailer) else "vendor_id": house.id}
    add_membership(db, user, Wanted(email, role, **of), at=now())


def _fill(seat: Seat, piece: Piece) -> str:
    """Fill a page in both languages and send it; its address in the studio."""
    page = seat.page
    seat.look("vera-1-home")
    seat.go("Products")
    seat.look("vera-2-products")
    seat.follow("link", "Fashiontown", "/studio/content/")
    seat.follow("button", re.compile(f"^Add {Path(piece.photo).stem}"), "/studio/content/")
    seat.write(re.compile("^One line"), piece.lede)
    expect(page.locator("[data-save]")).to_contain_text("Saved")
    seat.look("vera-3-english")
    # The languages stand above the words.
    seat.reach(page.get_by_role("link", name=re.compile("^Arabic")), "Shift+Tab")
    with page.expect_navigation(url=re.compile("locale=ar")):
        page.keyboard.press("Enter")
    expect(page.get_by_text("What picture 1 shows")).to_be_visible()
    seat.write("What picture 1 shows", piece.alt_ar)
    seat.write(re.compile("^One line"), piece.lede_ar)
    expect(page.get_by_text("was changed after this was written")).to_have_count(0)
    expect(page.locator("[data-save]")).to_contain_text("Saved")
    seat.look("vera-4-arabic")
    _send(seat)
    seat.look("vera-5-sent")
    return page.url


def _send(seat: Seat) -> None:
    with seat.page.expect_navigation():
        seat.press("button", "Send for review")
    expect(seat.page.get_by_role("button", name="Take it back")).to_be_visible()


def _open_for_review(seat: Seat, piece: Piece) -> None:
    seat.go("Review")
    seat.follow("link", piece.title, "/desk/review/")


def _return(rob: Seat, piece: Piece) -> None:
    """Send a page back with a comment at its first line."""
    rob.look("rob-1-today")
    rob.go("Review")
    rob.look("rob-2-queue")
    rob.follow("link", piece.title, "/desk/review/")
    rob.look("rob-3-revision")
    line = re.compile("^Comment on One line.*English")
    rob.reach(rob.page.locator("summary").filter(has_text=re.compile("One line.*English")))
    rob.page.keyboard.press("Enter")
    rob.write(line, _COMMENT)
    rob.look("rob-4-comment")
    with rob.page.expect_navigation():
        rob.press("button", re.compile("^Return with comments"))
    rob.look("rob-5-returned")


def _answer(vera: Seat, piece: Piece) -> None:
    """Read what came back, change what it is about, send it again."""
    vera.go("Messages")
    vera.look("vera-6-messages")
    vera.follow("button", "Open", "/studio/content/")
    expect(vera.page.get_by_text(_COMMENT)).to_be_visible()
    vera.look("vera-7-comment")
    vera.write(re.compile("^One line"), _ANSWER)
    expect(vera.page.locator("[data-save]")).to_contain_text("Saved")
    _send(vera)


def _approve(rob: Seat, piece: Piece) -> None:
    _open_for_review(rob, piece)
    with rob.page.expect_navigation():
        rob.press("button", re.compile("^Approve"))
    rob.look("rob-6-approved")


def _open_publications(mia: Seat, piece: Piece) -> None:
    mia.go("Items")
    mia.follow("link", piece.title, "/desk/items/")
    mia.follow("link", "Publications", "/publications$")


def _publish_now(mia: Seat, piece: Piece) -> None:
    """Show it everywhere and for good, with one key."""
    mia.look("mia-1-today")
    _open_publications(mia, piece)
    mia.look("mia-2-approved")
    with mia.page.expect_navigation():
        mia.press("button", "Show it now")
    expect(mia.page.get_by_text("Shows now")).to_be_visible()
    mia.look("mia-3-live")


def _publish_in_arabic(mia: Seat, piece: Piece) -> None:
    """Show it in Arabic alone, on two days of the week by the store's clock: today, there, and tomorrow."""
    page, today = mia.page, now().astimezone(ZoneInfo(_ZONE))
    _open_publications(mia, piece)
    mia.follow("link", "With dates or stores", "/desk/review/")
    mia.reach(page.get_by_role("radio", name="In all languages"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Only in these languages")).to_be_checked()
    mia.press("checkbox", "Arabic", "Space")
    days = (today, today + timedelta(days=1))
    mia.write(re.compile("^Hours of the week"), "; ".join(f"{each:%a} 00:00-24:00" for each in days))
    mia.look("mia-4-panel")
    with page.expect_navigation():
        mia.press("button", "Publish")
    mia.look("mia-5-in-arabic")


def _see_both(english: Seat, arabic: Seat, shirt: Piece, jumper: Piece) -> None:
    """Two phones before two shelves."""
    _scan(english, shirt)
    expect(english.page.get_by_text(_ANSWER)).to_be_visible()
    english.look("shop-1-shirt-english")
    english.follow("link", "العربية", "lang=ar")
    _expect_arabic(english.page, shirt)
    english.look("shop-2-shirt-arabic")
    _scan(english, jumper)
    expect(english.page.get_by_text(jumper.lede)).to_have_count(0)
    english.look("shop-3-jumper-plain")
    _scan(arabic, jumper)
    _expect_arabic(arabic.page, jumper)
    arabic.look("shop-4-jumper-arabic")


def _scan(seat: Seat, piece: Piece) -> None:
    with seat.page.expect_response(re.compile("/v$")):
        seat.page.goto(f"/q/{piece.token}")
    expect(seat.page.get_by_role("heading", name=piece.title, level=1)).to_be_visible()


def _expect_arabic(page: Page, piece: Piece) -> None:
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_text(piece.lede_ar)).to_be_visible()
    expect(page.get_by_role("img", name=piece.alt_ar).first).to_be_visible()


def _look_ahead(mia: Seat, jumper: Piece) -> None:
    """Ask the timeline what the phones were shown, and what they will be shown in three days."""
    page, day = mia.page, now().astimezone(ZoneInfo(_ZONE)) + timedelta(days=3)
    asked, said = page.locator("#moment form"), page.locator("#moment .lead")
    mia.go("Timeline")
    expect(page.get_by_text("in Arabic").first).to_be_visible()
    mia.look("mia-6-timeline")
    for label, words in (("Item", jumper.title), ("Language", "Arabic")):
        mia.reach(asked.get_by_label(label))
        page.keyboard.type(words)
    with page.expect_navigation():
        mia.press_in(asked, "button", "Show")
    expect(said).to_contain_text("Revision 1.")
    mia.look("mia-7-moment")
    mia.reach(asked.get_by_label("Day"))
    page.keyboard.type(f"{day:%m%d%Y}")
    with page.expect_navigation():
        mia.press_in(asked, "button", "Show")
    expect(said).to_contain_text("The plain page.")


def _take_down(mia: Seat, piece: Piece) -> None:
    mia.go("Items")
    mia.follow("link", piece.title, "/desk/items/")
    mia.look("mia-8-item")
    with mia.page.expect_navigation():
        mia.press("button", f"Take {piece.title} down: Recall")
    mia.look("mia-9-down")


def _see_neither(english: Seat, arabic: Seat, piece: Piece) -> None:
    for seat, words in ((english, _ANSWER), (arabic, piece.lede_ar)):
        _scan(seat, piece)
        expect(seat.page.get_by_text(words)).to_have_count(0)
        expect(seat.page.locator("main img")).to_have_count(0)
    english.look("shop-5-down-english")
    arabic.look("shop-6-down-arabic")


def _know_nothing(olga: Seat, piece: Piece, address: str) -> None:
    """Another vendor meets nothing of it, wherever they look."""
    for place in ("Home", "Messages", "Products", "Pictures and video"):
        olga.go(place)
        expect(olga.page.locator("main")).not_to_contain_text(piece.title)
        expect(olga.page.locator("main")).not_to_contain_text(Path(piece.photo).stem)
    answer = olga.page.request.get(address)
    assert answer.status == 404
    assert piece.lede not in answer.text()

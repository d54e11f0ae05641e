"""Pictures whose codes lead shoppers away: what is fine, and that nothing lets such a page through unread."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.content import reviewing
from qrmerch.content.models import RevisionState
from qrmerch.content.picture_codes import find_at_houses, find_in_revision, find_leading_away
from qrmerch.content.reviewing import Seen, approve_small
from qrmerch.errors import FormError
from qrmerch.media.models import Asset, Recording
from qrmerch.parties.models import Retailer, RetailerHost, Supply, Vendor
from qrmerch.parties.queries import find_supply
from tests.conftest import NOON
from tests.factories import (
    Doer,
    make_asset,
    make_code,
    make_film,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_vendor,
    publish_page,
)

AWAY: dict[str, Any] = {"kind": "QRCode", "text": "https://example.com/summer", "is_here": False}
LEDE = "The loose knit that makes jeans look like a plan."
SAID = "holds a QR code that leads to example.com: shoppers would be sent away."


@pytest.fixture
def retailer(db: Session) -> Retailer:
    retailer = make_retailer(db, name="Fashiontown")
    db.add(RetailerHost(retailer_id=retailer.id, host="shop.fashiontown.example", proven_at=NOON))
    db.add(RetailerHost(retailer_id=retailer.id, host="wanted.fashiontown.example"))
    return retailer


@pytest.fixture
def vendor(db: Session, retailer: Retailer) -> Vendor:
    return make_vendor(db, retailer, name="Sunny Side")


@pytest.fixture
def item(db: Session, retailer: Retailer, vendor: Vendor) -> Item:
    return make_item(db, retailer, vendor=vendor, title="Marigold Top")


@pytest.fixture
def rob(db: Session, retailer: Retailer) -> Doer:
    return Doer(make_person(db, Role.REVIEWER, name="Rob", retailer=retailer).user.id)


def code(text: str, *, is_here: bool = False, kind: str = "QRCode") -> dict[str, object]:
    return {"kind": kind, "text": text, "is_here": is_here}


def said(db: Session, retailer: Retailer, vendor: Vendor, *codes: dict[str, object]) -> str:
    asset = make_asset(db, vendor, codes=codes)
    return find_leading_away(db, retailer.id, [asset]).get(asset.id, "")


def supply_of(db: Session, item: Item) -> Supply:
    supply = find_supply(db, item.retailer_id, item.vendor_id)
    assert supply is not None
    return supply


# --- what leads away -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (AWAY["text"], "QRCode", SAID),
        (AWAY["text"], "DataMatrix", SAID.replace("a QR code", "a Data Matrix code")),
        (AWAY["text"], "Aztec", SAID.replace("a QR code", "an Aztec code")),
        ("www.example.com", "QRCode", SAID.replace("example.com", "www.example.com")),
        ("tel:+441234", "QRCode", SAID.replace("example.com", "tel:+441234")),
        ("https://wanted.fashiontown.example/", "QRCode", SAID.replace("example.com", "wanted.fashiontown.example")),
        ("https://shop.fashiontown.example/care", "QRCode", ""),
        ("4012345678901", "EAN13", ""),
        ("Marigold, lot 7", "QRCode", ""),
    ],
)
def test_only_addresses_away_from_proven_hosts_are_told(
    db: Session, retailer: Retailer, vendor: Vendor, text: str, kind: str, expected: str
) -> None:
    assert said(db, retailer, vendor, code(text, kind=kind)) == expected


def test_several_codes_are_told_together(db: Session, retailer: Retailer, vendor: Vendor) -> None:
    codes = [code(f"https://{name}.example/") for name in ("a", "b", "c", "d")]

    assert said(db, retailer, vendor, *codes[:2]) == (
        "holds 2 codes that lead to a.example and b.example: shoppers would be sent away."
    )
    assert said(db, retailer, vendor, *codes) == (
        "holds 4 codes that lead to a.example, b.example, and 2 others: shoppers would be sent away."
    )


def test_the_houses_own_printed_codes_are_fine_and_those_next_door_are_not(
    db: Session, retailer: Retailer, vendor: Vendor, item: Item
) -> None:
    other = make_item(db, make_retailer(db, name="Next Door"))
    own, foreign = make_code(db, item).token, make_code(db, other).token

    def here(path: str) -> str:
        return said(db, retailer, vendor, code(f"https://here.example{path}", is_here=True))

    assert here(f"/q/{own}") == ""
    assert here(f"/q/{own}?utm=a") == ""
    for path in (f"/q/{foreign}", "/q/000000000", "/", f"/go?to=/q/{own}", f"/else/q/{own}"):
        assert "leads to here.example" in here(path), path
    assert said(db, retailer, vendor, code(f"https://elsewhere.example/q/{own}")) != ""


def test_a_vendor_of_two_houses_is_told_where_it_matters(db: Session, retailer: Retailer, vendor: Vendor) -> None:
    other = make_retailer(db, name="Next Door")
    everywhere = make_asset(db, vendor, codes=[AWAY])
    there = make_asset(db, vendor, codes=[code("https://shop.fashiontown.example/")])
    nowhere = make_asset(db, vendor)

    assert find_at_houses(db, [retailer, other], [everywhere, there, nowhere]) == {
        everywhere.id: f"This picture {SAID}",
        there.id: f"This picture {SAID} That is so at Next Door.".replace("example.com", "shop.fashiontown.example"),
    }
    assert set(find_at_houses(db, [], [everywhere, there, nowhere])) == {everywhere.id, there.id}


# --- approving -------------------------------------------------------------------------------------


def test_a_page_with_such_a_picture_is_approved_by_who_says_so_and_noted(
    db: Session, item: Item, vendor: Vendor, rob: Doer
) -> None:
    slots = {"gallery.pictures": [make_asset(db, vendor, codes=[AWAY]).id]}
    revision = make_revision(db, item, state="submitted", slots=slots)

    with pytest.raises(FormError) as refused:
        reviewing.approve(db, revision, digest=revision.digest or "", reviewer=rob, at=NOON)
    assert refused.value.problems == {"codes": f"A picture {SAID} Say that it may stay, or return the page."}
    assert revision.state == RevisionState.SUBMITTED

    reviewing.approve(db, revision, digest=revision.digest or "", reviewer=rob, at=NOON, keeps_codes=True)
    (noted,) = db.scalars(select(AuditEntry).where(AuditEntry.action == "content.approve"))
    assert revision.state == RevisionState.APPROVED
    assert noted.detail["codes_kept"] == "1"


@pytest.mark.parametrize("rule", ["trusted", "small"])
@pytest.mark.parametrize(("codes", "is_let_through"), [([], True), ([AWAY], False), (None, False)])
def test_no_rule_lets_such_a_page_through(
    db: Session, item: Item, vendor: Vendor, rob: Doer, rule: str, codes: list[Any] | None, is_let_through: bool
) -> None:
    pictures = [make_asset(db, vendor, codes=[]).id]
    publish_page(db, item, slots={"gallery.pictures": pictures, "story.lede": {"en": LEDE}})
    db.get_one(Asset, pictures[0]).codes = codes
    supply = supply_of(db, item)
    supply.is_trusted = rule == "trusted"
    supply.rules = {"small": True, "max_chars": 40, "slots": ["story.lede"]} if rule == "small" else {}

    slots = {"gallery.pictures": pictures, "story.lede": {"en": LEDE.replace("loose", "light")}}
    sent = make_revision(db, item, state="submitted", slots=slots, at=NOON)

    assert (sent.state == RevisionState.APPROVED) == is_let_through


def test_such_a_page_is_not_approved_among_small_changes(db: Session, item: Item, vendor: Vendor, rob: Doer) -> None:
    pictures = [make_asset(db, vendor, codes=[]).id]
    publish_page(db, item, slots={"gallery.pictures": pictures, "story.lede": {"en": LEDE}})
    db.get_one(Asset, pictures[0]).codes = [AWAY]
    slots = {"gallery.pictures": pictures, "story.lede": {"en": LEDE.replace("loose", "light")}}
    sent = make_revision(db, item, state="submitted", slots=slots, at=NOON)

    answered = approve_small(db, [Seen(sent.id, sent.digest or "")], reviewer=rob, at=NOON)

    assert answered.approved == ()
    assert answered.left == {sent.id: f"A picture {SAID} Say that it may stay, or return the page."}


def test_a_picture_in_front_of_a_film_counts_too(db: Session, item: Item, vendor: Vendor) -> None:
    front, film = make_asset(db, vendor, codes=[AWAY]), make_film(db, vendor)
    recording = db.scalars(select(Recording).where(Recording.asset_id == film.id)).one()
    recording.poster_id = front.id
    revision = make_revision(db, item, state="submitted")
    revision.body = {**revision.body, "recordings": {film.id: {"poster_id": front.id}}}

    assert find_in_revision(db, revision) == {front.id: SAID}

"""Pages about codes, numbers and hosts through axe, in the states that one house of everything does not show."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item, Variant
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.gs1_models import Gs1Link, LinkHost
from qrmerch.codes.models import Code
from qrmerch.config import Settings
from qrmerch.parties.following import find_checks, follow, record
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.parties.service import changed
from qrmerch.users.service import open_session
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.browsing import PHONE
from tests.conftest import NOON
from tests.factories import make_code, make_item, make_retailer, make_store, make_vendor
from tests.figures import IS_FULL
from tests.landing.aisle import hear
from tests.world import House, make_house

_LOOKS = [(390, "light"), (1280, "dark"), (390, "dark"), (1280, "light")]
GTIN, SHARED, GLN = "09506000134352", "09506000134369", "9506000134376"
AWAY = "https://help.example.com/wash"


@pytest.fixture
def house(app: Flask, db: Session, settings: Settings) -> House:
    made = make_house(db, "Fashiontown", settings=settings)
    _fill(db, made)
    db.commit()
    hear(app)
    return made


def _fill(db: Session, house: House) -> None:
    """Numbers with links of every kind and state, hosts in each state, codes without a place, retired and replaced."""
    retailer = db.get_one(Retailer, house.ids["retailer_id"])
    item, store = db.get_one(Item, house.ids["item_id"]), db.get_one(Store, house.ids["store_id"])
    first = db.scalars(select(Variant).where(Variant.item_id == item.id).order_by(Variant.place)).all()[0]
    first.gtin, store.gln, store.hours = GTIN, GLN, "Mo-Sa 10:00-20:00"
    # On the shared host a choice, and in the house a number that two items have.
    other = make_retailer(db, name="Corvane")
    twin = make_item(db, retailer, vendor=make_vendor(db, retailer), title="Its twin")
    for each in (make_item(db, other), twin):
        db.scalars(select(Variant).where(Variant.item_id == each.id).order_by(Variant.place)).all()[0].gtin = SHARED
    db.scalars(select(Variant).where(Variant.item_id == item.id).order_by(Variant.place)).all()[-1].gtin = SHARED
    for host, proven_at, said in (
        ("id.example.com", NOON, ""),
        ("new.example.com", None, ""),
        ("looked.example.com", None, "There is no TXT record at _qrmerch.looked.example.com yet."),
    ):
        row = RetailerHost(retailer_id=retailer.id, host=host, proven_at=proven_at, added_at=NOON, check_said=said)
        row.checked_at, row.is_primary = NOON if said else None, proven_at is not None
        db.add(row)
    db.add(LinkHost(retailer_id=retailer.id, host="help.example.com", added_at=NOON))
    for place, (href, said) in enumerate({
        "/help": {"locale": "en", "is_default": True},
        AWAY: {"qualifiers": "/10/L1", "context": "staff"},
        "https://gone.example.com/": {"gtin": GTIN, "link_type": "support"},
    }.items()):  # fmt: skip
        said = {"link_type": "instructions", "title": f"Link {place}", **said}
        db.add(Gs1Link(retailer_id=retailer.id, item_id=item.id, href=href, created_at=NOON, **said))
    follow(db, [AWAY], at=now())
    record(find_checks(db, [AWAY])[AWAY], end="https://evil.example/", reason="", at=now())
    changed(db, retailer.id, at=now())


def _shown_to_shoppers(db: Session, house: House) -> list[str]:
    retailer_id = house.ids["retailer_id"]
    item, store = db.get_one(Item, house.ids["item_id"]), db.get_one(Store, house.ids["store_id"])
    closed = make_store(db, db.get_one(Retailer, retailer_id))
    closed.is_open = False
    nowhere, old, retired = (make_code(db, item) for _ in range(3))
    service.replace_code(db, old, nowhere, at=now(), actor=None)
    service.retire_code(db, retired, at=now(), actor=None)
    of_store = service.make_code(db, store, at=now())
    db.commit()
    return [
        *(f"/q/{code.token}" for code in (nowhere, old, retired, of_store)),
        f"/i/{item.public_id}/where",
        f"/i/{item.public_id}/where?find=nothing",
        f"/i/{item.public_id}?at=none",
        f"/store/{store.public_id}",
        f"/store/{closed.public_id}",
        f"/01/{GTIN}?linkType=linkset",
        f"/01/{GTIN}?linkType=gs1:dpp",
        f"/01/{SHARED}",
        "/01/09506000134353",
        "/01/09506000134383",
        f"/414/{GLN}?linkType=linkset",
    ]


def _shown_at_the_desk(db: Session, house: House) -> list[str]:
    link = db.scalars(select(Gs1Link.id).where(Gs1Link.qualifiers != "")).first()
    item_id = house.ids["item_id"]
    codes = [code.id for code in db.scalars(select(Code).where(Code.item_id == item_id))]
    db.commit()
    return [
        "/desk/hosts",
        "/desk/gs1",
        f"/desk/items/{item_id}/gs1",
        f"/desk/gs1/links/{link}",
        "/desk/codes?state=retired",
        "/desk/codes?find=nothing",
        "/desk/codes?store=none&printed=no",
        "/desk/codes/make",
        f"/desk/codes/make?item={item_id}",
        *(f"/desk/codes/{each}" for each in codes),
    ]


@pytest.mark.timeout(600)
@pytest.mark.both
@pytest.mark.parametrize(("width", "scheme"), _LOOKS if IS_FULL else _LOOKS[:1])
@pytest.mark.parametrize("list_addresses", [_shown_to_shoppers, _shown_at_the_desk])
def test_no_state_of_a_page_about_codes_is_against_the_rules(
    app: Flask,
    open_phone: OpenPhone,
    house: House,
    db: Session,
    list_addresses: Callable[[Session, House], list[str]],
    width: int,
    scheme: str,
) -> None:
    watched = open_phone(
        viewport={"width": width, "height": 844}, color_scheme=scheme, is_mobile=width < 500, user_agent=PHONE
    )
    page = watched.page
    if list_addresses is _shown_at_the_desk:
        _sign_in(db, page, house)
    addresses = list_addresses(db, house)
    hear(app)

    found = {}
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None and answer.status < 500, address
        found[address] = list_problems(page)
    if list_addresses is _shown_at_the_desk:
        found["refused"] = _refused(page, house)

    # That a number is wrong or unknown is a refusal, of which the browser complains.
    watched.forgive()
    assert {address: problems for address, problems in found.items() if problems} == {}


def _refused(page: Page, house: House) -> list[str]:
    """The form of a link that came back, and that of a host."""
    page.goto(f"/desk/items/{house.ids['item_id']}/gs1")
    page.fill("#f-title", "Elsewhere")
    page.fill("#f-href", "https://evil.example/")
    page.click("button:has-text('Add the link')")
    page.wait_for_selector("#f-href-err")
    problems = list_problems(page)
    page.goto("/desk/hosts")
    page.fill("#f-host", "localhost")
    page.click("button:has-text('Add')")
    page.wait_for_selector("#f-host-err")
    return [*problems, *list_problems(page)]


def _sign_in(db: Session, page: Page, house: House) -> None:
    owner = house.people[Role.OWNER]
    secret = open_session(db, owner.user, owner.membership, at=now()).secret
    db.commit()
    page.context.add_cookies([{"name": "qs", "value": secret, "domain": "127.0.0.1", "path": "/"}])

"""Every page through axe, as a phone and a desk show it, by day and in the dark; pages are read from the app's map."""

import re

import pytest
from playwright.sync_api import Page, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.config import Settings
from qrmerch.looks.models import Look
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Retailer
from qrmerch.users.service import open_session
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.browsing import PHONE
from tests.factories import Person
from tests.figures import IS_FULL
from tests.test_access import CASES, Case
from tests.world import House, make_house

_SCREENS = {"phone": (390, 844), "desk": (1280, 900)}
_LOOKS = [("phone", "light"), ("desk", "dark"), ("phone", "dark"), ("desk", "light")]
# Together they open all pages.
_ROLES = (Role.OWNER, Role.VENDOR_ADMIN, Role.ASSOCIATE)
# A part of a page, which script puts into one.
_PARTS = {"/desk/brand/shown", "/desk/codes/designs/shown", "/desk/codes/{code_id}/shown"}


@pytest.fixture
def house(db: Session, settings: Settings) -> House:
    made = make_house(db, "Fashiontown", settings=settings)
    db.commit()
    return made


@pytest.mark.timeout(600)
@pytest.mark.both
@pytest.mark.parametrize(("screen", "scheme"), _LOOKS if IS_FULL else _LOOKS[:1])
@pytest.mark.parametrize("role", [None, *_ROLES])
def test_no_page_is_against_the_rules(
    open_phone: OpenPhone, house: House, db: Session, role: Role | None, screen: str, scheme: str
) -> None:
    width, height = _SCREENS[screen]
    is_phone = screen == "phone"
    watched = open_phone(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        is_mobile=is_phone,
        has_touch=is_phone,
        user_agent=PHONE,
    )
    addresses = _list_public(db) if role is None else [house.address(each.rule) for each in _list_cases(role)]
    if role is not None:
        _sign_in(db, watched.page, house.people[role])

    found = {address: problems for address in addresses if (problems := _problems_of(watched.page, address))}

    # Downloads and refusals are no pages: the browser shows a PDF with a page of its own, and complains of the rest.
    watched.foreign[:] = [each for each in watched.foreign if not each.startswith("chrome")]
    watched.forgive()
    assert addresses
    assert found == {}


def test_these_roles_open_every_page() -> None:
    private = {case.rule for case in CASES if case.method == "GET" and case.access and not case.access.is_public}

    assert private == {case.rule for role in _ROLES for case in _list_cases(role)} | _PARTS


def _list_cases(role: Role) -> list[Case]:
    """The pages that this role opens and none before it in the list."""
    before = _ROLES[: _ROLES.index(role)]
    return [
        case
        for case in CASES
        if case.method == "GET"
        and case.rule not in _PARTS
        and case.access
        and role in case.access.roles
        and not any(each in case.access.roles for each in before)
    ]


def _list_public(db: Session) -> list[str]:
    items, code = db.scalars(select(Item.public_id)).all(), db.scalars(select(Code.token)).first()
    slug = db.scalars(select(Retailer.slug)).first()
    asking = [f"/sign-up?of={slug}", f"/sign-up?of={slug}&asked=1", f"/i/{items[0]}/tell", "/u/none", "/confirm/none"]
    apart = [f"/look/{each}" for each in db.scalars(select(Look.public_id))]
    apart += [f"/event/{each}" for each in db.scalars(select(Occasion.public_id))]
    return ["/", "/sign-in", f"/q/{code}", "/q/0000-0000", "/list", *asking, *apart, *(f"/i/{each}" for each in items)]


def _sign_in(db: Session, page: Page, person: Person) -> None:
    secret = open_session(db, person.user, person.membership, at=now()).secret
    db.commit()
    page.context.add_cookies([{"name": "qs", "value": secret, "domain": "127.0.0.1", "path": "/"}])


def _problems_of(page: Page, address: str) -> list[str]:
    """What axe finds on a page; nothing on what is no page."""
    answer = _open(page, address)
    if answer is None or "text/html" not in answer.headers.get("content-type", ""):
        return []
    assert answer.status < 500, address
    return list_problems(page)


def _open(page: Page, address: str) -> Response | None:
    try:
        return page.goto(address)
    except Exception as error:
        if re.search("Download is starting|ERR_ABORTED", str(error)):
            return None
        raise

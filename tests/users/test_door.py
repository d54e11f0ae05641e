"""The door through HTTP: cookies, sessions that end, links used once, nobody sent elsewhere."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.users import service
from qrmerch.users.models import Invitation, Membership, StaffSession, User
from qrmerch.users.passwords import hash_password
from qrmerch.users.service import Wanted
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import Person, make_person, make_retailer, make_vendor

PASSWORD = "quince marmalade"


class Clock:
    """The instant that the door takes for now."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    held = Clock()
    for place in ("qrmerch.account.routes.now", "qrmerch.users.login.now"):
        monkeypatch.setattr(place, held.now)
    return held


@pytest.fixture
def vera(db: Session) -> Person:
    """An owner with a password."""
    person = make_person(db, Role.OWNER, name="Vera", retailer=make_retailer(db, name="Fashiontown"))
    person.user.password_hash = hash_password(PASSWORD)
    db.commit()
    return person


def sign_in(browser: Browser, vera: Person, **more: str) -> TestResponse:
    return browser.post("/sign-in", {"email": vera.user.email, "password": PASSWORD, **more})


def is_in(browser: Browser) -> bool:
    """Whether the browser is signed in, as a script is told."""
    status = browser.get("/account", Accept="application/json").status_code
    assert status in (200, 401)
    return status == 200


def cookie_of(response: TestResponse) -> str:
    return response.headers["Set-Cookie"]


def secret_of(response: TestResponse) -> str:
    found = re.match(r"[\w-]+=([\w-]{43});", cookie_of(response))
    assert found
    return found[1]


def with_cookie(browser: Browser, secret: str) -> Browser:
    """Another browser that brings somebody's cookie."""
    thief = browser.another()
    thief._client.set_cookie("qs", secret, domain="localhost")
    return thief


# --- cookies ---------------------------------------------------------------------------------------


def test_sec_B01_over_plain_http_in_the_demo_the_cookie_is_as_safe_as_it_can_be(browser: Browser, vera: Person) -> None:
    said = cookie_of(sign_in(browser, vera))

    assert said.startswith("qs=") and "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said
    assert "Domain" not in said and "Secure" not in said


def test_sec_B01_over_https_the_cookie_is_a_host_cookie(browser: Browser, vera: Person) -> None:
    response = browser._client.post(
        "/sign-in",
        data={"email": vera.user.email, "password": PASSWORD},
        base_url="https://localhost",
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    said = cookie_of(response)
    assert said.startswith("__Host-qs=")
    assert "Secure" in said and "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said
    assert "Domain" not in said


def test_sec_B02_every_sign_in_has_a_new_secret_and_ends_the_one_it_replaces(browser: Browser, vera: Person) -> None:
    first = secret_of(sign_in(browser, vera))
    second = secret_of(sign_in(browser, vera))

    assert first != second
    assert is_in(browser) and not is_in(with_cookie(browser, first))


def test_a_secret_from_elsewhere_is_never_taken_up(browser: Browser, vera: Person, db: Session) -> None:
    thief = with_cookie(browser, "A" * 43)

    planted = secret_of(sign_in(thief, vera))

    assert planted != "A" * 43
    assert not is_in(with_cookie(browser, "A" * 43))


# --- sessions --------------------------------------------------------------------------------------


def test_sec_B03_two_idle_hours_end_a_session_and_use_keeps_it_for_twelve(
    browser: Browser, vera: Person, clock: Clock
) -> None:
    sign_in(browser, vera)

    for quarter in range(1, 48):
        clock.at = NOON + timedelta(minutes=15 * quarter)
        assert is_in(browser), f"after {quarter} quarters of an hour"
    clock.at = NOON + timedelta(hours=12)

    assert not is_in(browser)
    assert browser.get("/account").headers["Location"] == "/sign-in?next=/account"


def test_sec_B03_an_idle_session_is_over(browser: Browser, vera: Person, clock: Clock) -> None:
    sign_in(browser, vera)

    clock.at = NOON + timedelta(hours=2)

    assert not is_in(browser)


def test_sec_B04_signing_out_ends_the_session_itself(browser: Browser, vera: Person) -> None:
    secret = secret_of(sign_in(browser, vera))
    page = browser.get("/account")

    response = browser.send(page, action="/sign-out")

    assert response.headers["Location"] == "/sign-in"
    assert "Max-Age=0" in cookie_of(response)
    assert not is_in(with_cookie(browser, secret))


def test_sec_B04_one_sees_where_one_is_signed_in_and_ends_it(browser: Browser, vera: Person, db: Session) -> None:
    elsewhere = browser.another()
    sign_in(elsewhere, vera)
    sign_in(browser, vera)
    page = browser.get("/account")

    browser.send(page, action="/end")

    assert is_in(browser) and not is_in(elsewhere)


def test_somebody_elses_session_cannot_be_ended(browser: Browser, vera: Person, db: Session) -> None:
    other = make_person(db, Role.OWNER, name="Otto", retailer=make_retailer(db))
    db.commit()
    otto = browser.another().sign_in(*other)
    (theirs,) = db.scalars(select(StaffSession.id)).all()
    db.commit()
    browser.sign_in(*vera)

    response = browser.post(f"/account/sessions/{theirs}/end")

    assert response.status_code == 404 and is_in(otto)


def test_sec_B04_a_changed_password_ends_all_other_sessions(browser: Browser, vera: Person) -> None:
    elsewhere = browser.another()
    sign_in(elsewhere, vera)
    sign_in(browser, vera)
    page = browser.get("/account")

    response = browser.send(page, action="/account/password", old=PASSWORD, new="pear and walnut bread")

    assert "signed out everywhere else" in browser.follow(response).text
    assert is_in(browser) and not is_in(elsewhere)


def test_a_wrong_present_password_is_named_at_its_field(browser: Browser, vera: Person) -> None:
    sign_in(browser, vera)
    page = browser.get("/account")

    response = browser.send(page, action="/account/password", old="wrong", new="pear and walnut bread")

    assert response.status_code == 422 and 'id="f-old-err"' in response.text
    assert "pear and walnut" not in response.text, "a password never comes back"


def test_sec_B02_taking_another_role_changes_the_secret_and_keeps_the_twelve_hours(
    browser: Browser, vera: Person, clock: Clock, db: Session
) -> None:
    vendor = make_vendor(db, name="Sunny Side")
    second = service.add_membership(db, vera.user, Wanted("", Role.VENDOR_EDITOR, vendor_id=vendor.id), at=NOON)
    db.commit()
    first = secret_of(sign_in(browser, vera))
    clock.at = NOON + timedelta(hours=1)
    page = browser.get("/account")

    response = browser.send(page, action=f"/account/roles/{second.id}")

    assert response.headers["Location"] == "/studio"
    assert secret_of(response) != first and not is_in(with_cookie(browser, first))
    (kept,) = db.scalars(select(StaffSession)).all()
    assert kept.created_at == NOON and kept.membership_id == second.id


def test_nobody_takes_a_role_that_is_not_theirs(browser: Browser, vera: Person, db: Session) -> None:
    boss = make_person(db, Role.OPERATOR, name="Boss")
    db.commit()
    browser.sign_in(*vera)

    assert browser.post(f"/account/roles/{boss.membership.id}").status_code == 404
    assert "You act as this" in browser.get("/account").text


def test_sec_A05_a_stranger_cannot_lock_a_person_out_of_the_session_they_have(browser: Browser, vera: Person) -> None:
    sign_in(browser, vera)
    stranger = browser.another()
    for _ in range(10):
        assert stranger.post("/sign-in", {"email": vera.user.email, "password": "wrong"}).status_code == 401

    limited = sign_in(browser.another(), vera)

    assert limited.status_code == 429 and int(limited.headers["Retry-After"]) in range(1, 31)
    assert "tried too often" in limited.text
    assert is_in(browser) and browser.get("/desk").status_code == 200


def test_sec_A08_the_door_says_the_same_of_known_and_unknown(browser: Browser, vera: Person) -> None:
    pages = []
    for email in (vera.user.email, "nobody@example.com"):
        response = browser.another().post("/sign-in", {"email": email, "password": "wrong"})
        pages.append((response.status_code, response.text.replace(email, "E-MAIL")))

    assert pages[0] == pages[1]
    assert pages[0][0] == 401 and "No account has this e-mail and password." in pages[0][1]


@pytest.mark.parametrize("text", ["\ufffe", "a\x7fb@example.com", "\ud800", "x" * 100_000, "'; DROP TABLE user; --"])
def test_any_text_at_the_door_is_refused_and_never_an_error(browser: Browser, text: str) -> None:
    sent = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    assert browser.post("/sign-in", {"email": sent, "password": sent}).status_code == 401


@pytest.mark.parametrize("text", ["\0", "a\0b@example.com"])
def test_a_character_that_no_text_holds_is_refused_wherever_it_stands(
    browser: Browser, vera: Person, text: str
) -> None:
    told = browser.post("/sign-in", {"email": text, "password": PASSWORD})
    sign_in(browser, vera)

    assert told.status_code == 400 and "no keyboard has" in told.text
    assert browser.get("/desk/items?find=%00").status_code == 400
    assert browser.get("/desk/items/%00").status_code == 404


# --- where one goes next -----------------------------------------------------------------------------

OURS = ["/desk", "/desk/items?find=a%20b&page=2", "/studio#x", "/"]
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    " /desk",
    "///evil.example",
    "/%0d%0aLocation: https://evil.example\r\nX: y",
]


@pytest.mark.parametrize("address", OURS)
def test_who_was_asked_to_sign_in_comes_back(browser: Browser, vera: Person, address: str) -> None:
    response = sign_in(browser, vera, next=address)

    assert response.headers["Location"] == address


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_sent_elsewhere(browser: Browser, vera: Person, address: str) -> None:
    response = sign_in(browser, vera, next=address)

    assert response.status_code == 303 and response.headers["Location"] == "/desk"
    # Who is signed in already is not sent there either.
    again = browser._client.get("/sign-in", query_string={"next": address})
    assert again.headers["Location"] == "/desk"


def test_each_role_begins_its_day_at_its_own_place(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    homes = {
        Role.OWNER: "/desk",
        Role.ANALYST: "/desk",
        Role.ASSOCIATE: "/associate",
        Role.VENDOR_EDITOR: "/studio",
        Role.OPERATOR: "/account",
    }
    people = {
        role: make_person(db, role, retailer=retailer, vendor=make_vendor(db)) if role != Role.OPERATOR else None
        for role in homes
    }
    people[Role.OPERATOR] = make_person(db, Role.OPERATOR)
    kept = hash_password(PASSWORD)
    for person in people.values():
        assert person
        person.user.password_hash = kept
    db.commit()

    for role, person in people.items():
        assert person
        assert sign_in(browser.another(), person).headers["Location"] == homes[role]


# --- forms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
@pytest.mark.parametrize("address", ["/sign-out", "/account/password"])
def test_sec_C_a_form_without_its_token_changes_nothing(
    browser: Browser, vera: Person, address: str, token: str
) -> None:
    sign_in(browser, vera)

    response = browser.post(address, {"csrf": token, "old": PASSWORD, "new": "pear and walnut bread"})

    assert response.status_code == 400 and "This form is too old" in response.text
    assert is_in(browser) and sign_in(browser.another(), vera).status_code == 303


def test_the_token_of_one_sign_in_does_not_fit_another(browser: Browser, vera: Person, db: Session) -> None:
    other = make_person(db, Role.OWNER, name="Otto", retailer=make_retailer(db))
    db.commit()
    otto = browser.another().sign_in(*other)
    sign_in(browser, vera)

    assert browser.post("/sign-out", {"csrf": otto.token}).status_code == 400
    assert is_in(browser)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_site_cannot_sign_anybody_in(browser: Browser, vera: Person, site: str) -> None:
    said = {"email": vera.user.email, "password": PASSWORD}

    response = browser.post("/sign-in", said, Sec_Fetch_Site=site)

    assert response.status_code == 400 and not browser.cookies()


# --- links that work once ----------------------------------------------------------------------------


def invite(db: Session, *, email: str = "nora@example.com", role: Role = Role.ANALYST) -> str:
    """The address of an invitation made at noon."""
    retailer = make_retailer(db, name="Harbour & Pine")
    link = service.invite(db, None, Wanted(email, role, retailer_id=retailer.id), base_url="", at=NOON)
    db.commit()
    return link


def test_sec_A07_the_second_use_is_gone(browser: Browser, db: Session, clock: Clock) -> None:
    link = invite(db)
    page = browser.get(link)

    response = browser.post(link, {"name": "Nora", "password": PASSWORD})

    assert "Harbour &amp; Pine asks you in" in page.text
    assert response.headers["Location"] == "/desk" and is_in(browser)
    stranger = browser.another()
    assert stranger.get(link).status_code == 410
    assert stranger.post(link, {"name": "Nora", "password": PASSWORD}).status_code == 410
    assert len(db.scalars(select(User)).all()) == 1


def test_sec_A07_after_seven_days_it_is_gone(browser: Browser, db: Session, clock: Clock) -> None:
    link = invite(db)

    clock.at = NOON + timedelta(days=7)

    assert browser.get(link).status_code == 410
    assert browser.post(link, {"name": "Nora", "password": PASSWORD}).status_code == 410
    assert not db.scalars(select(User)).all()


def test_sec_A07_looking_at_the_link_changes_nothing(browser: Browser, db: Session, clock: Clock) -> None:
    link = invite(db)

    for _ in range(3):
        page = browser.get(link)
        assert page.status_code == 200 and browser.head(link).status_code == 200

    assert page.headers["Referrer-Policy"] == "no-referrer"
    (invitation,) = db.scalars(select(Invitation)).all()
    assert invitation.used_at is None and not db.scalars(select(Membership)).all()


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "../" * 5, "%00", "é" * 43])
def test_a_link_that_is_none_leads_nowhere(browser: Browser, secret: str) -> None:
    assert browser.get(f"/invitation/{secret}").status_code in (404, 410)


def test_an_account_that_is_there_is_asked_for_its_password(
    browser: Browser, vera: Person, db: Session, clock: Clock
) -> None:
    link = invite(db, email=vera.user.email)
    page = browser.get(link)

    wrong = browser.post(link, {"password": "a brand new sentence"})
    right = browser.post(link, {"password": PASSWORD})

    assert "You have an account already" in page.text and 'name="name"' not in page.text
    assert wrong.status_code == 422 and "not the password of your account" in wrong.text
    assert right.headers["Location"] == "/desk"


def test_tries_at_an_accounts_password_are_counted_here_too(
    browser: Browser, vera: Person, db: Session, clock: Clock
) -> None:
    link = invite(db, email=vera.user.email)

    statuses = [browser.post(link, {"password": f"guess number {number}"}).status_code for number in range(11)]

    assert statuses == [422] * 10 + [429]


def test_what_was_typed_comes_back_but_never_the_password(browser: Browser, db: Session, clock: Clock) -> None:
    link = invite(db)

    response = browser.post(link, {"name": "Nora", "password": "short one"})

    assert response.status_code == 422
    assert 'value="Nora"' in response.text and "short one" not in response.text
    assert "At least 10 characters" in response.text


def test_who_comes_in_by_a_link_leaves_the_session_they_had(
    browser: Browser, vera: Person, db: Session, clock: Clock
) -> None:
    link = invite(db)
    old = secret_of(sign_in(browser, vera))

    browser.post(link, {"name": "Nora", "password": PASSWORD})

    assert not is_in(with_cookie(browser, old))


# --- the page ----------------------------------------------------------------------------------------


def test_signed_in_pages_are_kept_nowhere(browser: Browser, vera: Person) -> None:
    sign_in(browser, vera)

    for address in ("/account", "/desk"):
        assert browser.get(address).headers["Cache-Control"] == "no-store"


def test_who_is_signed_in_goes_on_from_the_door(browser: Browser, vera: Person) -> None:
    sign_in(browser, vera)

    assert browser.get("/sign-in").headers["Location"] == "/desk"

"""GS1 addresses at the desk: links written, changed and removed, hosts allowed, shared numbers, codes drawn."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.codes import gs1_tasks
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.codes.gs1_service import href_problem
from qrmerch.codes.preflight import read_file
from qrmerch.config import Settings
from qrmerch.fetch import FetchFailed
from qrmerch.jobs import Work
from qrmerch.parties import following_tasks
from qrmerch.parties.models import LinkCheck, RetailerHost
from qrmerch.parties.queries import get_retailer
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import seen
from tests.factories import make_item, make_person, make_retailer
from tests.landing.aisle import scan_path

GTIN = "09506000134352"
LINK = {"link_type": "instructions", "title": "How to wash it", "href": "/help", "media_type": "text/html"}
HOSTS = frozenset(("help.example.com",))


@pytest.fixture
def item(db: Session) -> Item:
    """An item of a house with its own host, whose first variant has a number."""
    retailer = make_retailer(db, name="Fashiontown")
    db.add(RetailerHost(retailer_id=retailer.id, host="id.example.com", is_primary=True, proven_at=NOON))
    made = make_item(db, retailer, title="Marigold Top")
    list_variants(db, made.id)[0].gtin = GTIN
    db.commit()
    return made


@pytest.fixture
def mia(browser: Browser, db: Session, item: Item) -> Browser:
    return _sign_in(browser, db, item, Role.MERCHANDISER)


def _sign_in(browser: Browser, db: Session, item: Item, role: Role) -> Browser:
    person = make_person(db, role, retailer=get_retailer(db, item.retailer_id))
    db.commit()
    return browser.another().sign_in(*person)


def links_of(db: Session, item: Item) -> list[Gs1Link]:
    return seen(db, select(Gs1Link).where(Gs1Link.item_id == item.id).order_by(Gs1Link.created_at, Gs1Link.id))


def test_an_items_page_shows_its_number_its_address_and_what_its_page_gives(mia: Browser, item: Item) -> None:
    page = mia.get(f"/desk/items/{item.id}/gs1").text

    assert f"https://id.example.com/01/{GTIN}" in page
    assert f"HTTPS://ID.EXAMPLE.COM/01/{GTIN}" in page
    assert "Product page" in page and "From its page" in page
    assert f"/desk/items/{item.id}/gs1" in mia.get(f"/desk/items/{item.id}").text


def test_the_number_of_a_proposed_variant_waits_for_somebody_to_look_at_it(
    mia: Browser, item: Item, db: Session
) -> None:
    late = list_variants(db, item.id)[1]
    late.gtin, late.is_hidden, late.is_proposed = "09506000134369", True, True
    db.commit()

    page = mia.get(f"/desk/items/{item.id}/gs1").text

    assert "It answers as soon as you have shown or hidden the variant" in page
    assert "/01/09506000134369" not in page


def test_a_link_is_added_changed_and_removed_and_the_address_follows(
    browser: Browser, mia: Browser, item: Item, db: Session
) -> None:
    address = f"/desk/items/{item.id}/gs1"
    for step in range(2):
        answer = mia.post(address, {**LINK, "lot": "L/1", "is_default": "1", "title": f"Recall {step}"})
        assert f"Recall {step} is among its links" in mia.follow(answer).text
    first, second = links_of(db, item)
    assert (first.qualifiers, first.is_default, second.is_default) == ("/10/L%2F1", False, True)
    assert browser.get(f"/01/{GTIN}/10/L%2F1").headers["Location"] == "/help"

    form = mia.get(f"/desk/gs1/links/{second.id}")
    assert 'value="L/1"' in form.text
    changed = mia.send(form, action=f"/desk/gs1/links/{second.id}", href="/privacy")
    assert "It holds from the next scan on" in mia.follow(changed).text
    assert browser.get(f"/01/{GTIN}/10/L%2F1").headers["Location"] == "/privacy"
    same = mia.send(mia.get(f"/desk/gs1/links/{second.id}"), action=f"/desk/gs1/links/{second.id}")
    assert "Nothing was different" in mia.follow(same).text

    mia.post(f"/desk/gs1/links/{second.id}/remove")
    assert browser.get(f"/01/{GTIN}/10/L%2F1").headers["Location"].startswith(f"/i/{item.public_id}")
    assert [each.id for each in links_of(db, item)] == [first.id]
    told = [each for each in seen(db, select(AuditEntry.action).order_by(AuditEntry.number)) if each[:3] == "gs1"]
    assert told == ["gs1.link.add", "gs1.link.add", "gs1.link.change", "gs1.link.remove"]


WRONG = (
    ("href", "https://evil.example/", "not a host that links may lead to"),
    ("href", "", "Say where the link leads"),
    *(
        ("href", href, "this is a GS1 address again")
        for href in (f"/01/{GTIN}", f"/01/{GTIN}/10/L?a", "/%30%31/x", "/ehff", f"https://id.example.com/01/{GTIN}")
    ),
    ("title", " ", "Say what the link gives"),
    ("link_type", "eifu", "Choose what the link gives"),
    ("context", "two words", "One word of at most 40"),
    ("lot", "L 1", "holds a character"),
    ("gtin", "04006381333931", "No variant of this item has that number"),
    ("media_type", "text/javascript", "Choose what is there"),
    ("locale", "xx-klingon", "Choose a language"),
)


def test_what_cannot_be_taken_is_said_beside_its_field(mia: Browser, item: Item, db: Session) -> None:
    for field, value, said in WRONG:
        answer = mia.post(f"/desk/items/{item.id}/gs1", {**LINK, field: value})

        assert answer.status_code == 422
        assert said in answer.text and f'id="f-{field}-err"' in answer.text
    assert links_of(db, item) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"context": "staff", "is_default": "1"}, "is for everybody"),
        ({"link_type": "handledBy", "href": "/help"}, "Another resolver is not here"),
        ({"link_type": "handledBy", "href": "https://id.example.com/"}, "Another resolver is not here"),
        ({"link_type": "handledBy", "href": "https://gs1.example.com/?a=b"}, "Give the address of the resolver alone"),
        ({"link_type": "handledBy", "href": "https://gs1.example.com/", "is_default": "1"}, "answers everything"),
    ],
)
def test_a_context_and_another_resolver_have_rules_of_their_own(
    mia: Browser, item: Item, db: Session, fields: dict[str, str], said: str
) -> None:
    db.add(LinkHost(retailer_id=item.retailer_id, host="gs1.example.com", added_at=NOON))
    db.commit()

    answer = mia.post(f"/desk/items/{item.id}/gs1", {**LINK, **fields})

    assert answer.status_code == 422 and said in answer.text
    assert links_of(db, item) == []


def test_a_link_for_a_context_shows_it_and_keeps_it(mia: Browser, item: Item, db: Session) -> None:
    mia.post(f"/desk/items/{item.id}/gs1", {**LINK, "context": " Staff "})

    (link,) = links_of(db, item)
    assert link.context == "staff"
    assert "Every language, staff" in mia.get(f"/desk/items/{item.id}/gs1").text
    assert 'value="staff"' in mia.get(f"/desk/gs1/links/{link.id}").text


AWAY, RESOLVER = "https://help.example.com/wash", "https://help.example.com/gs1"


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where addresses lead in this installation, which follows links; what is not in it cannot be opened."""
    found: dict[str, str] = {}

    def find_end(url: str, *, timeout_s: float) -> str:
        if url not in found:
            raise FetchFailed(f"{url} cannot be reached.")
        return found[url]

    monkeypatch.setattr(Settings, "follows_links", property(lambda settings: True))
    monkeypatch.setattr(following_tasks, "find_end", find_end)
    return found


@pytest.mark.parametrize(("link_type", "href"), [("instructions", AWAY), ("handledBy", RESOLVER)])
def test_sec_d05_the_desk_follows_a_link_elsewhere_to_its_end_and_says_what_came_of_it(
    mia: Browser, item: Item, db: Session, work: Work, ends: dict[str, str], link_type: str, href: str
) -> None:
    db.add(LinkHost(retailer_id=item.retailer_id, host="help.example.com", added_at=NOON))
    db.commit()
    followed = f"{RESOLVER}/.well-known/gs1resolver" if link_type == "handledBy" else AWAY
    address = f"/desk/items/{item.id}/gs1"

    mia.post(address, {**LINK, "link_type": link_type, "href": href})
    said = [mia.get(address).text]
    for end in ("", "https://evil.example/", f"{followed}?there"):
        ends.pop(followed, None)
        if end:
            ends[followed] = end
        _age(db)
        gs1_tasks.follow_links(work)
        following_tasks.follow_link(work, link_id=seen(db, select(LinkCheck.id))[0])
        said.append(mia.get(address).text)

    assert "where it ends is being looked at" in said[0]
    assert f"it cannot be opened. {followed} cannot be reached." in said[1]
    assert "it ends at evil.example, which is not allowed" in said[2]
    assert "Not followed" not in said[3]


def _age(db: Session) -> None:
    """Let what is known of links be two days old."""
    db.expire_all()
    for check in db.scalars(select(LinkCheck)):
        check.asked_at -= timedelta(days=2)
        check.checked_at = check.checked_at and check.checked_at - timedelta(days=2)
    db.commit()


def test_a_piece_stands_by_itself(mia: Browser, item: Item, db: Session) -> None:
    answer = mia.post(f"/desk/items/{item.id}/gs1", {**LINK, "serial": "S1", "lot": "L1"})

    assert answer.status_code == 422 and "A piece by its serial number stands by itself" in answer.text


def test_sec_d05_no_link_leaves_for_a_host_that_is_not_allowed() -> None:
    bad = (
        "http://help.example.com/", "//help.example.com/", "https://help.example.com@evil.example/", "/\\evil.example",
        "https://help.example.com.evil.example/", "https://help.example.com:8443/", "javascript:alert(1)", "/a b",
        "https://help.example.com/\r\nSet-Cookie: a", "https://[::1]/", "https:///x", "https://hélp.example.com/", "x",
        "https://user@help.example.com/", "https://help.example.com\\@evil.example/", "//", "https://", "/a\u2028b",
        "/\n",
    )  # fmt: skip

    assert [each for each in bad if not href_problem(each, HOSTS)] == []
    for good in (
        "/",
        "/i/0123456789abcdef#reviews",
        "https://HELP.example.com/a?b=c#d",
        "https://help.example.com:443",
    ):
        assert href_problem(good, HOSTS) == ""


def test_only_the_owner_allows_hosts_and_taking_one_away_stops_its_links(
    browser: Browser, mia: Browser, item: Item, db: Session
) -> None:
    owner = _sign_in(browser, db, item, Role.OWNER)
    assert mia.post("/desk/gs1/hosts", {"host": "help.example.com"}).status_code == 404
    assert "Write the name of a host alone" in owner.post("/desk/gs1/hosts", {"host": "http://x/y"}).text
    for typed in ("https://Help.example.com/", "help.example.com"):
        assert "Links may lead to help.example.com" in owner.follow(owner.post("/desk/gs1/hosts", {"host": typed})).text

    link = {**LINK, "href": "https://help.example.com/top", "is_default": "1"}
    assert mia.post(f"/desk/items/{item.id}/gs1", link).status_code == 303
    scan_path(browser.app).changes.look(now())
    assert browser.get(f"/01/{GTIN}?17=261231").headers["Location"] == "https://help.example.com/top?17=261231"

    (row,) = seen(db, select(LinkHost))
    owner.post(f"/desk/gs1/hosts/{row.id}/take")
    scan_path(browser.app).changes.look(now())
    assert browser.get(f"/01/{GTIN}").headers["Location"].startswith(f"/i/{item.public_id}")
    assert "Not followed: help.example.com" in mia.get(f"/desk/items/{item.id}/gs1").text


def test_of_a_shared_number_the_desk_says_which_is_meant(
    browser: Browser, mia: Browser, item: Item, db: Session
) -> None:
    other = make_item(db, get_retailer(db, item.retailer_id), title="Sandal")
    shared = list_variants(db, other.id)[0]
    shared.gtin = GTIN
    strangers = [list_variants(db, other.id)[1].id, list_variants(db, make_item(db, make_retailer(db)).id)[0].id]
    shared_id = shared.id
    db.commit()
    assert "Marigold Top" in mia.get("/desk/gs1").text and "Sandal" in mia.get("/desk/gs1").text
    page = mia.get(f"/desk/items/{other.id}/gs1")
    assert "Shared: Marigold Top" in page.text

    mia.send(page, action="/gs1/answer")

    assert browser.get(f"/01/{GTIN}").headers["Location"].startswith(f"/i/{other.public_id}")
    assert seen(db, select(GtinAnswer.variant_id)) == [shared_id]
    for variant_id in (*strangers, "nonsense"):
        assert mia.post(f"/desk/items/{other.id}/gs1/answer", {"variant": variant_id}).status_code in (404, 409)


def test_a_code_of_the_address_reads_back_and_in_capitals_is_smaller(mia: Browser, item: Item, tmp_path: Path) -> None:
    sizes = {}
    for writing, says in (("dense", "HTTPS://ID.EXAMPLE.COM"), ("plain", "https://id.example.com")):
        for kind in ("svg", "png", "pdf"):
            answer = mia.get(f"/desk/items/{item.id}/gs1/code?gtin={GTIN}&writing={writing}&as={kind}&size=20")
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Disposition"] == f'attachment; filename="gtin-{GTIN}.{kind}"'
            path = tmp_path / f"{writing}.{kind}"
            path.write_bytes(answer.data)
            if kind != "pdf":
                assert read_file(path) == [f"{says}/01/{GTIN}"]
        found = re.search(r'viewBox="0 0 (\d+)', (tmp_path / f"{writing}.svg").read_text())
        sizes[writing] = int(found[1]) if found else 0
    assert 0 < sizes["dense"] < sizes["plain"]
    for query in ("gtin=04006381333931", f"gtin={GTIN}&as=exe", f"gtin={GTIN}&writing=x", f"gtin={GTIN}&size=3"):
        assert mia.get(f"/desk/items/{item.id}/gs1/code?{query}").status_code in (404, 422)


def test_a_number_for_one_shop_gets_no_address(mia: Browser, item: Item, db: Session) -> None:
    list_variants(db, item.id)[0].gtin = "02012345678903"
    db.commit()

    page = mia.get(f"/desk/items/{item.id}/gs1").text

    assert "A number for use inside one shop" in page and "/01/02012345678903" not in page
    assert mia.get(f"/desk/items/{item.id}/gs1/code?gtin=02012345678903").status_code == 404

"""The GS1 resolver through HTTP: one test for each of the requirements R20 to R45, and what is counted."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.codes.gs1_models import Gs1Link, LinkHost
from qrmerch.codes.gs1_service import mark_answer
from qrmerch.gs1.ai import KEYS
from qrmerch.landing import guessing
from qrmerch.landing.misses import LIMIT
from qrmerch.parties.following import find_checks, follow, record
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.service import changed
from qrmerch.scans.line import GS1, ORPHAN, PAGE
from qrmerch.scans.visits import find_visit
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_vendor
from tests.figures import DATABASES
from tests.landing.aisle import Aisle, add_offer, hear, lines, make_aisle, scan_path, variants_of

GTIN, OTHER, GLN = "09506000134352", "09506000134369", "9506000134376"
ITEM, STORE = f"/01/{GTIN}", f"/414/{GLN}"
pytestmark = [pytest.mark.both, pytest.mark.parametrize("database_url", DATABASES, indirect=True)]
VOC = "https://ref.gs1.org/voc/"
ANYTHING = "*/*"


# The application of the running test, which hears of links as soon as they are added.
RUNNING: list[Flask] = []


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    """The top has a number, and so has the store."""
    RUNNING[:] = [app]
    made = make_aisle(db)
    variants_of(db, made.top)[0].gtin = GTIN
    made.store.gln, made.store.hours = GLN, "Mo-Sa 10:00-20:00"
    # The application may have read the shop before it had numbers.
    changed(db, made.retailer.id, at=now())
    db.commit()
    return made


def add(db: Session, item: Item, **values: object) -> Gs1Link:
    """A link of an item's, with a page change, as the desk writes it."""
    said: dict[str, Any] = {"link_type": "instructions", "title": "How to wash it", "href": "/help", **values}
    link = Gs1Link(retailer_id=item.retailer_id, item_id=item.id, created_at=now(), **said)
    db.add(link)
    changed(db, item.retailer_id, item.id, at=now())
    db.commit()
    hear(RUNNING[0])
    return link


def options(browser: Browser, address: str) -> TestResponse:
    return browser._client.open(address, method="OPTIONS", headers={"Origin": "https://app.example"})


def page_of(response: TestResponse) -> str:
    """Where a redirect leads, without the visit that it begins."""
    assert response.status_code == 307, f"{response.status_code}: {response.text[:200]}"
    return re.sub(r"([?&])(?:pick=[^&#]*&?)?(?:v=[^&#]*&?)?", r"\1", response.headers["Location"]).rstrip("?&")


def linkset_of(response: TestResponse) -> list[dict[str, Any]]:
    """The contexts of a linkset that obeys GS1's schema."""
    said = json.loads(response.data)
    assert set(said) == {"linkset"}
    for context in said["linkset"]:
        assert re.fullmatch(r"https?://[^/]+/.*", context["anchor"]) and context["itemDescription"]
        for name in set(context) - {"anchor", "itemDescription"}:
            assert re.fullmatch(re.escape(VOC) + "[A-Za-z]+", name)
            for target in context[name]:
                assert re.fullmatch(r"https?://.+", target["href"]) and target["title"]
                assert set(target) <= {"href", "title", "type", "hreflang", "context"}
                assert all(re.fullmatch("[a-z]{2}(-[A-Z]{2})?", tag) for tag in target.get("hreflang", ()))
        (default,) = context[f"{VOC}defaultLink"]
        assert set(default) == {"href", "title"}
        others = [
            target["href"]
            for name in context
            if name.startswith(VOC) and "efault" not in name
            for target in context[name]
        ]
        assert default["href"] in others
    return list(said["linkset"])


# --- R20 to R46 -------------------------------------------------------------------------------------


def test_r20_get_head_and_options_are_answered(browser: Browser, aisle: Aisle) -> None:
    got, asked, allowed = browser.get(ITEM), browser.head(ITEM), options(browser, ITEM)

    assert (got.status_code, asked.status_code, allowed.status_code) == (307, 307, 204)
    assert asked.data == b""
    assert {name for name, _ in got.headers} == {name for name, _ in asked.headers}
    assert browser.head(f"{ITEM}?linkType=linkset").data == b""
    assert browser.head("/01/123").status_code == 400


R21_ADDRESSES = [ITEM, f"{ITEM}?linkType=linkset", "/.well-known/gs1resolver", "/01/12", f"/01/{OTHER}"]


def test_r21_any_page_may_ask(app: Flask, browser: Browser, aisle: Aisle) -> None:
    for address in R21_ADDRESSES:
        hear(app)
        for response in (
            browser.get(address, Origin="https://app.example"),
            browser.get(address, Accept="application/json"),
        ):
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in response.headers
            assert response.headers["Access-Control-Expose-Headers"] == "Link, Location"
        if address.startswith("/01"):
            assert options(browser, address).headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


R22_HEADERSS = [
    {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"},
    {"Accept": ANYTHING},
    {"Accept": ""},
    {"Accept": "image/png"},
    {"Accept": "text/html, application/json;q=0.5"},
    {"Accept_Language": "xx-YY"},
    {"Accept_Language": "fr;q=0.5, xx"},
]


def test_r22_without_a_link_type_it_leads_on_for_now(app: Flask, browser: Browser, aisle: Aisle) -> None:
    for headers in R22_HEADERSS:
        slow = browser.get(ITEM, **headers)
        hear(app)
        fast = browser.get(ITEM, **headers)

        for response in (slow, fast):
            assert response.status_code == 307
            assert page_of(response) == f"/i/{aisle.top.public_id}"
        assert browser.get(fast.headers["Location"]).status_code == 200


R23_PATHS = [
        "/01/09506000134353", "/01/9506000134352", f"{ITEM}/foo", f"{ITEM}/10", f"{ITEM}/10/", f"{ITEM}/21/S/10/L",
        f"{ITEM}/17/261231", f"{ITEM}/10/A%20B", f"{ITEM}/10/A/10/B", f"{ITEM}/10/A%ZZ", f"{ITEM}/10/%00", "/01",
    "/01/",
        f"{ITEM}//10/A", f"{ITEM}/414/{GLN}", f"/414/{GLN}/10/L1", "/414/9506000134377", f"{ITEM}/10/%C3%A9", "/00/12",
        "/8004/x", "/253/1", f"/415/{GLN}",
    ]  # fmt: skip


def test_r23_what_is_not_valid_is_400(app: Flask, browser: Browser, aisle: Aisle) -> None:
    for path in R23_PATHS:
        shown, told = browser.get(path), browser.get(path, Accept="application/json")

        assert (shown.status_code, told.status_code) == (400, 400)
        assert shown.mimetype == "text/html" and "Something is wrong with this address" in shown.text
        assert told.json is not None and told.json["status"] == 400 and told.json["type"]
        assert not lines(app)


R24_QUERIES = ["17=261331", "17=", "9999=1", "17=261231&17=261231", "10=L1", "3103=12", f"01={GTIN}"]


def test_r24_so_is_a_wrong_attribute(browser: Browser, aisle: Aisle) -> None:
    for query in R24_QUERIES:
        assert browser.get(f"{ITEM}?{query}").status_code == 400


def test_r25_what_is_valid_and_unknown_is_404(app: Flask, browser: Browser, aisle: Aisle) -> None:
    unknown = [
        f"/01/{OTHER}",
        "/414/9506000134383",
        "/00/106141412345678908",
        "/8004/95060001343",
        "/01/02012345678903",
    ]

    answers = [browser.get(path) for path in unknown]

    assert [each.status_code for each in answers] == [404] * len(unknown)
    assert all("We do not know this one" in each.text for each in answers)
    assert [line.kind for line in lines(app)] == [ORPHAN] * len(unknown)


def test_r26_what_is_not_known_of_a_piece_or_batch_is_answered_higher_up(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    plain = f"/i/{aisle.top.public_id}"
    for level in ("/22/2A", "/10/L9", "/21/S9", "/235/T9", "/22/2A/10/L9/21/S9"):
        assert page_of(browser.get(f"{ITEM}{level}")) == plain
    add(db, aisle.top, qualifiers="/10/L1", href="/help?recall", link_type="recallStatus", is_default=True)
    add(db, aisle.top, qualifiers="/21/S1", href="/help?piece", link_type="serviceInfo", is_default=True)
    add(db, aisle.top, qualifiers="/22/2B", href="/help?variant", link_type="instructions")

    assert page_of(browser.get(f"{ITEM}/10/L1")) == "/help?recall"
    assert page_of(browser.get(f"{ITEM}/22/2A/10/L1")) == "/help?recall"
    assert page_of(browser.get(f"{ITEM}/10/L1/21/S2")) == "/help?recall"
    # A piece before its batch; and what its own record does not have, the batch may.
    assert page_of(browser.get(f"{ITEM}/10/L1/21/S1")) == "/help?piece"
    assert page_of(browser.get(f"{ITEM}/10/L1/21/S1?linkType=gs1:recallStatus")).startswith("/help?recall")
    # A level without a default leads where the number does, and has its links all the same.
    assert page_of(browser.get(f"{ITEM}/22/2B")) == plain
    assert page_of(browser.get(f"{ITEM}/22/2B?linkType=gs1:instructions")).startswith("/help?variant")


R27_PREFIXS = ["gs1:", VOC, "https://gs1.org/voc/", ""]


def test_r27_a_link_type_leads_to_that_link(browser: Browser, aisle: Aisle, db: Session) -> None:
    for prefix in R27_PREFIXS:
        add_offer(db, aisle.top)
        add(db, aisle.top)

        for name, page in (("pip", f"/i/{aisle.top.public_id}"), ("instructions", "/help")):
            query = f"linkType={prefix}{name}"
            assert page_of(browser.get(f"{ITEM}?{query}")) == f"{page}?{query}"
        offered = browser.get(f"{ITEM}?linkType={prefix}promotion").headers["Location"]
        assert offered == f"/i/{aisle.top.public_id}?pick=s&linkType={prefix}promotion#offer"
        assert page_of(browser.get(f"{ITEM}?linkType={prefix}defaultLink")).startswith(f"/i/{aisle.top.public_id}")


def test_r28_a_link_type_that_is_not_there_is_404_and_says_what_is(browser: Browser, aisle: Aisle) -> None:
    for wanted in ("gs1:promotion", "gs1:dpp", "nonsense", "gs1:handledBy", VOC + "review"):
        answer = browser.get(f"{ITEM}?linkType={wanted}")
        assert answer.status_code == 404
        assert "There is no page of the kind you asked for" in answer.text and "gs1:pip" in answer.text
    told = browser.get(f"{ITEM}?linkType=gs1:dpp", Accept="application/linkset+json")
    assert told.status_code == 404 and linkset_of(told)


R29_WORDS = ["linkset", "all", "gs1:linkset"]


def test_r29_a_linkset_is_not_a_redirect(browser: Browser, aisle: Aisle) -> None:
    for word in R29_WORDS:
        response = browser.get(f"{ITEM}?linkType={word}", Accept=ANYTHING)

        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/linkset+json")
        (context,) = linkset_of(response)
        assert context["anchor"] == f"http://localhost{ITEM}"
        assert context[f"{VOC}pip"][0]["href"] == f"http://localhost/i/{aisle.top.public_id}?pick=s"


def test_r30_a_linkset_by_its_media_type_has_exactly_that_type(app: Flask, browser: Browser, aisle: Aisle) -> None:
    hear(app)
    response = browser.get(ITEM, Accept="application/linkset+json")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/linkset+json")
    assert linkset_of(response)


def test_r31_json_gets_the_same(app: Flask, browser: Browser, aisle: Aisle) -> None:
    hear(app)
    response = browser.get(ITEM, Accept="application/json")

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.data == browser.get(ITEM, Accept="application/linkset+json").data


def test_r32_a_linkset_says_only_what_the_schema_takes(browser: Browser, aisle: Aisle, db: Session) -> None:
    aisle.retailer.locales = ["en", "ar", "es-419", "zh-Hant", "fil", "pt-BR"]
    add_offer(db, aisle.top)
    add(db, aisle.top, link_type="recipeInfo", locale="pt-BR", is_default=True, title="Receitas")

    (context,) = linkset_of(browser.get(f"{ITEM}?linkType=linkset", Accept=ANYTHING))

    assert context["itemDescription"] == "Marigold Slouch Top"
    assert context[f"{VOC}promotion"][0]["href"].endswith("#offer")
    assert context[f"{VOC}pip"][0]["hreflang"] == ["en", "ar", "es", "zh", "pt-BR"]
    assert [each["title"] for each in context[f"{VOC}defaultLinkMulti"]] == ["Marigold Slouch Top", "Receitas"]
    assert "productSustainabilityInfo" not in json.dumps(context)


def test_r33_a_qualified_request_gets_a_context_for_each_level(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, qualifiers="/10/L1", link_type="recallStatus", is_default=True)
    add(db, aisle.top, qualifiers="/21/S1", link_type="serviceInfo")

    contexts = linkset_of(browser.get(f"{ITEM}/10/L1/21/S1?linkType=linkset", Accept=ANYTHING))

    base = f"http://localhost{ITEM}"
    assert [each["anchor"] for each in contexts] == [f"{base}/21/S1", f"{base}/10/L1", base]
    assert contexts[0][f"{VOC}defaultLink"] == contexts[1][f"{VOC}defaultLink"] != contexts[2][f"{VOC}defaultLink"]


R34_PATHS = [ITEM, f"{ITEM}/10/A%2FB"]


def test_r34_a_redirect_says_where_the_linkset_is(app: Flask, browser: Browser, aisle: Aisle) -> None:
    for path in R34_PATHS:
        slow = browser.get(path)
        hear(app)
        fast = browser.get(path)

        said = f'<{path}?linkType=linkset>; rel="linkset"; type="application/linkset+json"'
        assert slow.headers["Link"] == fast.headers["Link"] == said
        assert browser.get(f"{path}?linkType=linkset", Accept=ANYTHING).status_code == 200


def test_r35_a_linkset_says_how_it_is_linked_data(browser: Browser, aisle: Aisle) -> None:
    response = browser.get(f"{ITEM}?linkType=linkset", Accept=ANYTHING)

    assert 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' in response.headers["Link"]


R36_QUERIES = [
    "a=1;b=2&flag&x=%2B+%2b",
    "17=261231&utm_source=Tag%20A",
    "q=a|b^\"'<>{}",
    "%zz&&=&==",
    "linkType=gs1:pip&17=261231",
]


def test_r36_the_query_is_passed_on_byte_for_byte(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.sandal, href="/help?of=fashiontown#top", is_default=True)
    variants_of(db, aisle.sandal)[0].gtin = OTHER
    db.commit()
    for query in R36_QUERIES:
        plain = browser.get(f"{ITEM}?{query}")
        joined = browser.get(f"/01/{OTHER}?{query.replace('linkType=gs1:pip', 'x')}")

        assert plain.headers["Location"].endswith(query)
        assert joined.headers["Location"] == f"/help?of=fashiontown&{query.replace('linkType=gs1:pip', 'x')}#top"


def test_r37_a_slash_at_the_end_is_taken(browser: Browser, aisle: Aisle) -> None:
    assert page_of(browser.get(f"{ITEM}/")) == page_of(browser.get(f"{ITEM}/10/L1/")) == f"/i/{aisle.top.public_id}"


R38_LANGUAGES = [
        ("pt-BR", "/help?pt"), ("pt-PT, en;q=0.5", "/help?pt"), ("AR", "/help?ar"), ("en;q=0.4, ar;q=0.9", "/help?ar"),
        ("ar;q=0, pt", "/help?pt"), ("en", "/i/"), ("sw", "/i/"), ("", "/i/"), ("*", "/i/"),
    ]  # fmt: skip


def test_r38_languages_are_negotiated(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, locale="ar", href="/help?ar", is_default=True)
    add(db, aisle.top, locale="pt-BR", href="/help?pt", is_default=True)
    for language, page in R38_LANGUAGES:
        assert page_of(browser.get(ITEM, Accept_Language=language)).startswith(page)


def test_r38_media_types_come_before_languages(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, href="/help?en", locale="en")
    add(db, aisle.top, href="/help?pdf", locale="ar", media_type="application/pdf")
    wanted = f"{ITEM}?linkType=gs1:instructions"

    assert page_of(browser.get(wanted, Accept="application/pdf")).startswith("/help?pdf")
    assert page_of(browser.get(wanted, Accept="text/html;q=0.3, application/pdf;q=0.7")).startswith("/help?pdf")
    assert page_of(browser.get(wanted, Accept=ANYTHING)).startswith("/help?en")


def test_r38_the_context_comes_last_and_who_says_none_gets_what_is_for_everybody(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    add(db, aisle.top, href="/help?staff", context="staff")
    add(db, aisle.top, href="/help?all")
    add(db, aisle.top, href="/help?arabic", locale="ar", context="staff")
    wanted = f"{ITEM}?linkType=gs1:instructions"

    for query, language, page in (
        ("", "en", "/help?all"),
        ("&context=staff", "en", "/help?staff"),
        ("&context=STAFF", "sw", "/help?staff"),
        ("&context=nobody", "en", "/help?all"),
        ("&context=nobody", "ar", "/help?arabic"),
    ):
        location = browser.get(wanted + query, Accept_Language=language).headers["Location"]
        assert location == f"{page}&linkType=gs1:instructions{query}"
    (context,) = linkset_of(browser.get(f"{ITEM}?linkType=linkset", Accept=ANYTHING))
    assert [each.get("context") for each in context[f"{VOC}instructions"]] == [["staff"], None, ["staff"]]


def test_r39_links_that_nothing_tells_apart_are_a_choice(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, link_type="recipeInfo", title="Salad")
    add(db, aisle.top, link_type="recipeInfo", title="Soup")

    shown = browser.get(f"{ITEM}?linkType=gs1:recipeInfo")
    told = browser.get(f"{ITEM}?linkType=gs1:recipeInfo", Accept="application/json")

    assert (shown.status_code, told.status_code) == (300, 300)
    assert "Salad" in shown.text and "Soup" in shown.text
    assert len(linkset_of(told)[0][f"{VOC}recipeInfo"]) == 2


def test_r40_the_description_promises_only_what_is_answered(browser: Browser, aisle: Aisle) -> None:
    said = browser.get("/.well-known/gs1resolver", Accept=ANYTHING)

    assert said.mimetype == "application/json"
    assert said.json is not None and said.json["resolverRoot"] == "http://localhost"
    assert said.json["supportedPrimaryKeys"] == ["01", "414"]
    assert page_of(browser.get(ITEM)) and page_of(browser.get(STORE))
    assert set(said.json["supportedPrimaryKeys"]) < set(KEYS)


def test_r41_what_an_answer_depends_on_is_said_and_none_is_kept(app: Flask, browser: Browser, aisle: Aisle) -> None:
    slow = browser.get(ITEM)
    hear(app)
    for response in (slow, browser.get(ITEM), browser.get(f"{ITEM}?linkType=linkset"), browser.get("/01/1")):
        assert response.headers["Vary"] == "Accept, Accept-Language"
        assert response.headers["Cache-Control"] == "no-cache"


def test_r42_a_linkset_is_a_page_for_people(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, title="</script><b>Wash")

    response = browser.get(f"{ITEM}?linkType=linkset")

    assert response.mimetype == "text/html" and response.status_code == 200
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL)
    assert block and json.loads(block[1])["linkset"][0]["anchor"] == f"http://localhost{ITEM}"
    assert "&lt;/script&gt;" in response.text and "(01)" in response.text


R43_RAWS = [f"{ITEM}/10/A%2FB", f"{ITEM}/10/A%2fB/21/%2F%2F", f"{ITEM}/21/%2E%2E%2F"]


def test_r43_a_slash_inside_a_value_stays_there(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, qualifiers="/10/A%2FB", href="/help?batch", is_default=True)
    for raw in R43_RAWS:
        found = page_of(browser.get(raw))

        assert found == ("/help?batch" if "A%2" in raw else f"/i/{aisle.top.public_id}")


def test_r43_also_where_the_server_hands_on_no_raw_address(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    """As granian does; a proxy in front may say it in X-Original-URI."""
    add(db, aisle.top, qualifiers="/10/A%2FB", href="/help?batch", is_default=True)
    bare = {"RAW_URI": "", "REQUEST_URI": ""}

    answer = browser._client.get(f"{ITEM}/10/A%2FB", environ_overrides=bare)
    wrong = browser._client.get(f"{ITEM}/foo", environ_overrides=bare)

    assert page_of(answer) == "/help?batch"
    assert wrong.status_code == 400


def test_r44_a_host_in_capitals_is_the_same_host(app: Flask, browser: Browser, aisle: Aisle) -> None:
    hear(app)

    assert page_of(browser.get(ITEM, Host="LOCALHOST")) == page_of(browser.get(ITEM))


def test_r45_over_https_nobody_is_led_back_to_http(browser: Browser, aisle: Aisle) -> None:
    response = browser._client.get(ITEM, base_url="https://localhost")
    told = browser._client.get(ITEM, base_url="https://localhost", headers={"Accept": "application/json"})

    assert page_of(response).startswith("/i/")
    assert linkset_of(told)[0]["anchor"].startswith("https://localhost/")


EPC, EPC_GTIN, EPC_SERIAL = "/eh30164596f40c0e5cbe991a83", "09528765123457", "123456789123"


def test_r46_what_a_tag_says_is_answered_as_the_number_and_serial_that_it_means(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    variants_of(db, aisle.top)[0].gtin = EPC_GTIN
    add(db, aisle.top, qualifiers=f"/21/{EPC_SERIAL}", href="/help?piece", is_default=True)

    for address in (EPC, "/exMBZFlvQMDly-mRqD", f"{EPC}/"):
        response = browser.get(f"{address}?a=b")
        assert response.headers["Location"] == "/help?piece&a=b"
        assert f"/01/{EPC_GTIN}/21/{EPC_SERIAL}?linkType=linkset>" in response.headers["Link"]
    contexts = linkset_of(browser.get(EPC, Accept="application/json"))
    assert contexts[0]["anchor"] == f"http://localhost/01/{EPC_GTIN}/21/{EPC_SERIAL}"
    assert [browser.get(each).status_code for each in ("/eh30", f"{EPC}0", "/exMB", "/eh31" + "0" * 22)] == [400] * 4
    assert browser.get("/eh30164596f40c0e5cbe991a83/x").status_code == 404
    assert options(browser, EPC).status_code == 204


HANDLER = "https://id.brand.example/gs1/"


@pytest.fixture
def handled(aisle: Aisle, db: Session) -> Aisle:
    """The top's number is another resolver's."""
    db.add(LinkHost(retailer_id=aisle.retailer.id, host="id.brand.example", added_at=NOON))
    add(db, aisle.top, link_type="handledBy", title="The brand's", href=HANDLER)
    return aisle


def test_a_number_that_another_resolver_handles_is_handed_over_whatever_is_asked(
    app: Flask, browser: Browser, handled: Aisle, db: Session
) -> None:
    there = f"https://id.brand.example/gs1{ITEM}"

    for address, headers in (
        (ITEM, {}),
        (f"{ITEM}/10/A%2FB/21/S1?17=271231&a;b", {}),
        (f"{ITEM}?linkType=gs1:dpp", {}),
        (f"{ITEM}?linkType=all", {"Accept": "application/json"}),
        (ITEM, {"Accept": "application/linkset+json"}),
    ):
        hear(app)
        response = browser.get(address, **headers)
        assert (response.status_code, response.headers["Location"]) == (307, there + address.removeprefix(ITEM))
    assert [line.manner for line in lines(app)] == ["", "", "lookup", "lookup", "lookup"]


def test_nothing_is_handed_over_in_a_circle_or_to_a_host_that_is_not_allowed(
    browser: Browser, handled: Aisle, db: Session
) -> None:
    db.add(LinkHost(retailer_id=handled.retailer.id, host="localhost", added_at=NOON))
    (link,) = db.scalars(select(Gs1Link))
    for href in ("https://localhost/", "https://evil.example/"):
        link.href = href
        db.commit()
        assert page_of(browser.get(f"{ITEM}/10/L1")) == f"/i/{handled.top.public_id}"


# --- where links end --------------------------------------------------------------------------------

AWAY = "https://help.example.com/wash"


def test_sec_d05_a_link_elsewhere_holds_once_it_is_known_to_end_at_an_allowed_host(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    db.add(LinkHost(retailer_id=aisle.retailer.id, host="help.example.com", added_at=NOON))
    add(db, aisle.top, href=AWAY, is_default=True)
    plain = f"/i/{aisle.top.public_id}"
    assert page_of(browser.get(ITEM)) == AWAY, "where nobody follows links, what is written counts"

    follow(db, [AWAY], at=NOON)
    db.commit()
    check = find_checks(db, [AWAY])[AWAY]
    for end, reason, page in (
        (None, "", plain),
        ("https://evil.example/", "", plain),
        ("https://help.example.com.evil.example/", "", plain),
        (f"{AWAY}/wool", "", AWAY),
        ("", "It answers 404.", plain),
    ):
        if end is not None:
            record(check, end=end, reason=reason, at=NOON)
            db.commit()
        assert page_of(browser.get(ITEM)) == page
        assert (AWAY in browser.get(f"{ITEM}?linkType=all", Accept=ANYTHING).text) == (page == AWAY)


# --- whose number, stores, what is counted ---------------------------------------------------------


def test_a_store_is_answered_by_its_location_number(app: Flask, browser: Browser, aisle: Aisle) -> None:
    response = browser.get(f"{STORE}/254/SHELF-7")

    assert page_of(response) == f"/store/{aisle.store.public_id}"
    shown = browser.get(response.headers["Location"])
    assert aisle.store.name in shown.text and "12 Quay Street" in shown.text and "Marigold Slouch Top" in shown.text
    (context,) = linkset_of(browser.get(STORE, Accept="application/json"))
    assert {name.removeprefix(VOC) for name in context if name.startswith(VOC)} == {
        "defaultLink", "locationInfo", "openingHoursInfo",
    }  # fmt: skip
    assert [(line.kind, line.subject, line.store_id, line.manner) for line in lines(app)] == [
        (GS1, "", aisle.store.id, ""),
        (GS1, "", aisle.store.id, "lookup"),
    ]


def test_a_number_opens_the_page_with_its_variant_chosen(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    # The second one, of which there is none in stock, so that no page would choose it by itself.
    variants_of(db, aisle.top)[1].gtin = OTHER
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()
    hear(app)
    location = browser.get(f"/01/{OTHER}").headers["Location"]
    assert location.startswith(f"/i/{aisle.top.public_id}?pick=m&v=")
    chosen = re.findall(
        r"<(?:input|option)[^>]*? (?:checked|selected)[^>]*>.{0,200}", browser.get(location).text, re.DOTALL
    )
    assert any(re.search(r">\s*M\b", each) for each in chosen), chosen

    for variant in variants_of(db, aisle.top):
        variant.gtin = GTIN
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()
    hear(app)

    assert "pick" not in browser.get(ITEM).headers["Location"]


def test_a_scan_begins_a_visit_that_its_page_goes_on_with(app: Flask, browser: Browser, aisle: Aisle) -> None:
    browser.get(browser.get(ITEM).headers["Location"])
    hear(app)
    browser.get(browser.get(ITEM).headers["Location"])

    said = lines(app)
    assert [(line.kind, line.subject, line.is_new_visit) for line in said] == [
        (GS1, aisle.top.public_id, True),
        (PAGE, aisle.top.public_id, False),
    ] * 2
    assert said[0].visit == said[1].visit != said[2].visit == said[3].visit
    assert find_visit(said[2].visit, at=now())


def test_what_is_no_page_is_a_lookup(app: Flask, browser: Browser, aisle: Aisle) -> None:
    hear(app)
    browser.get(ITEM, Accept="application/json")
    browser.get(f"{ITEM}?linkType=linkset")
    browser.get(f"{ITEM}?linkType=gs1:pip")
    browser.head(ITEM)
    options(browser, ITEM)

    assert [(line.manner, line.visit) for line in lines(app)] == [("lookup", "")] * 3 + [
        ("head", ""),
        ("lookup", ""),
    ]


def test_sec_h06_a_phone_that_sends_gpc_gets_no_number(app: Flask, browser: Browser, aisle: Aisle) -> None:
    hear(app)

    response = browser.get(ITEM, Sec_GPC="1")

    assert response.headers["Location"] == f"/i/{aisle.top.public_id}?pick=s"
    assert [(line.visit, line.near) for line in lines(app)] == [("", "")]


def test_a_shops_own_host_answers_for_that_shop_and_a_shared_one_asks(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    other = make_retailer(db, slug="corvane", name="Corvane")
    theirs = make_item(db, other, title="Marigold Top of Corvane")
    variants_of(db, theirs)[0].gtin = GTIN
    for retailer, host in ((aisle.retailer, "fashiontown.example"), (other, "corvane.example")):
        db.add(RetailerHost(retailer_id=retailer.id, host=host, is_primary=True, proven_at=NOON))
    changed(db, other.id, theirs.id, at=now())
    db.commit()

    hear(app)
    assert page_of(browser.get(ITEM, Host="corvane.example")) == f"/i/{theirs.public_id}"
    assert page_of(browser.get(f"{ITEM}/10/L1", Host="fashiontown.example")) == f"/i/{aisle.top.public_id}"
    asked = browser.get(f"{ITEM}?17=261231")
    assert asked.status_code == 300 and "Which shop are you in?" in asked.text
    hrefs = [each.replace("&amp;", "&") for each in re.findall(rf'href="({ITEM}[^"]*)"', asked.text)]
    assert [page_of(browser.get(each)).partition("?")[0] for each in hrefs] == [
        f"/i/{theirs.public_id}",
        f"/i/{aisle.top.public_id}",
    ]
    assert browser.get(ITEM, Host="evil.example").status_code == 421
    contexts = linkset_of(browser.get(ITEM, Accept="application/json"))
    assert [each["anchor"].partition("?")[2] for each in contexts] == ["of=corvane", "of=fashiontown"]


def test_of_variants_with_one_number_the_marked_one_answers(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    from qrmerch.codes.gs1_models import GtinAnswer

    shared = variants_of(db, aisle.sandal)[0]
    shared.gtin = GTIN
    changed(db, aisle.retailer.id, aisle.sandal.id, at=now())
    db.commit()
    hear(app)
    assert page_of(browser.get(ITEM)) == f"/i/{aisle.top.public_id}"

    db.add(GtinAnswer(retailer_id=aisle.retailer.id, gtin=GTIN, variant_id=shared.id))
    changed(db, aisle.retailer.id, aisle.sandal.id, at=now())
    db.commit()
    hear(app)

    assert (
        page_of(browser.get(ITEM))
        == page_of(browser.get(f"{ITEM}?x")).partition("?")[0]
        == f"/i/{aisle.sandal.public_id}"
    )


def test_sec_c05_no_vendor_takes_over_a_number_with_a_variant_that_nobody_looked_at(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    """Of a number whose own article is retired, another vendor's would be the better answer."""
    retire_item(db, aisle.top, at=now())
    late = variants_of(db, aisle.sandal)[1]
    late.gtin, late.is_hidden, late.is_proposed = GTIN, True, True
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    hear(app)

    for address in (ITEM, f"{ITEM}/10/L1"):
        location = browser.get(address).headers["Location"]
        assert location.startswith(f"/i/{aisle.top.public_id}?pick=s")
    late.is_hidden, late.is_proposed = False, False
    changed(db, aisle.retailer.id, aisle.sandal.id, at=now())
    db.commit()
    hear(app)

    assert page_of(browser.get(ITEM)) == f"/i/{aisle.sandal.public_id}"


def test_sec_c05_no_vendor_takes_over_a_number_with_an_article_of_its_own(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    """The number's own article is retired; another vendor lists one under it. Only the retailer moves the number."""
    retire_item(db, aisle.top, at=now())
    theirs = make_item(db, aisle.retailer, vendor=make_vendor(db, aisle.retailer), title="Taken over")
    variants_of(db, theirs)[0].gtin = GTIN
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    hear(app)

    for address in (ITEM, f"{ITEM}/10/L1"):
        assert page_of(browser.get(address)) == f"/i/{aisle.top.public_id}"
    mark_answer(db, variants_of(db, theirs)[0], at=now(), actor=None)
    db.commit()
    hear(app)

    assert page_of(browser.get(ITEM)) == f"/i/{theirs.public_id}"


def test_sec_g09_a_number_of_what_is_no_longer_sold_still_leads_to_its_page(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    retire_item(db, aisle.top, at=now())
    db.commit()
    hear(app)

    assert "No longer sold" in browser.get(browser.get(ITEM).headers["Location"]).text


def test_the_front_door_follows_what_changes(app: Flask, browser: Browser, aisle: Aisle, db: Session) -> None:
    hear(app)
    known = scan_path(app).gtins
    assert [each.is_plain for each in known.find(GTIN, None)] == [True]

    link = add(db, aisle.top, href="/help", is_default=True)
    hear(app)
    assert page_of(browser.get(ITEM)) == "/help"

    db.delete(db.get_one(Gs1Link, link.id))
    variants_of(db, aisle.top)[0].gtin = OTHER
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()
    hear(app)
    assert (known.find(GTIN, None), [each.is_plain for each in known.find(OTHER, None)]) == ([], [True])
    assert browser.get(ITEM).status_code == 404
    assert page_of(browser.get(f"/01/{OTHER}")) == f"/i/{aisle.top.public_id}"


def test_sec_j03_a_number_is_answered_while_the_database_is_away(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    from qrmerch.landing.gtins import Gtins

    hear(app)
    path = scan_path(app)
    path.gtins.save()
    services: Services = app.extensions["qrmerch"]

    assert Gtins(services.settings.pages_dir).by_path == path.gtins.by_path


def test_sec_d05_no_link_to_a_host_that_is_not_allowed_is_followed(browser: Browser, aisle: Aisle, db: Session) -> None:
    add(db, aisle.top, href="https://evil.example/x", is_default=True)
    add(db, aisle.top, href="https://fashiontown.example@evil.example/", link_type="support")

    assert page_of(browser.get(ITEM)) == f"/i/{aisle.top.public_id}"
    assert browser.get(f"{ITEM}?linkType=gs1:support").status_code == 404
    assert "evil.example" not in browser.get(f"{ITEM}?linkType=linkset", Accept=ANYTHING).text


def test_sec_g01_guessing_numbers_is_slowed(
    app: Flask, browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(app)
    monkeypatch.setattr(guessing, "time", NOON.timestamp)

    answers = [browser.get(f"/01/{OTHER}", Accept="application/json").status_code for _ in range(LIMIT + 1)]

    assert answers == [404] * LIMIT + [429]
    assert browser.get(ITEM).status_code == 307 and browser.get(f"{ITEM}?x").status_code == 307


# --- what a linkset costs ---------------------------------------------------------------------------


def statements_of(app: Flask, browser: Browser) -> int:
    """How many statements a linkset takes."""
    services: Services = app.extensions["qrmerch"]
    heard: list[str] = []

    def hear_one(*args: Any) -> None:
        heard.append(args[2])

    event.listen(services.database.engine, "before_cursor_execute", hear_one)
    assert browser.get(ITEM, Accept="application/linkset+json").status_code == 200
    event.remove(services.database.engine, "before_cursor_execute", hear_one)
    return len(heard)


def test_what_a_page_gives_is_looked_at_once_until_something_changes(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    def gives() -> set[str]:
        return {name.removeprefix(VOC) for name in linkset_of(browser.get(ITEM, Accept="application/json"))[0]}

    hear(app)
    first, second = (statements_of(app, browser) for _ in range(2))
    assert first > 15 and second <= 6
    assert "promotion" not in gives()

    add_offer(db, aisle.top)
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()
    hear(app)

    assert "promotion" in gives()


def test_what_a_page_gives_ends_with_its_next_edge(
    app: Flask, browser: Browser, aisle: Aisle, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qrmerch.landing import gs1

    add_offer(db, aisle.top, until_at=now() + timedelta(seconds=5))
    db.commit()
    hear(app)
    promoted = f"{VOC}promotion"

    assert promoted in linkset_of(browser.get(ITEM, Accept="application/json"))[0]
    later = now() + timedelta(seconds=6)
    monkeypatch.setattr(gs1, "now", lambda: later)

    assert promoted not in linkset_of(browser.get(ITEM, Accept="application/json"))[0]

"""What a printed address answers, as it shows through HTTP: pages, help, headers, and one line in the log."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.codes.models import CodeState
from qrmerch.codes.tokens import ALPHABET, find_token, make_token
from qrmerch.landing import guessing
from qrmerch.landing.misses import LIMIT
from qrmerch.parties.models import Measurement, RetailerHost
from qrmerch.rendering.style import StyleBlock
from qrmerch.scans.line import ORPHAN, PAGE, SCAN
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_code, make_item, make_retailer, make_vendor
from tests.landing.aisle import hear, lines, make_aisle, scan_path


def slip(token: str) -> str:
    """The token with one character misread, so that its check character does not fit."""
    other = ALPHABET[(ALPHABET.index(token[3]) + 1) % len(ALPHABET)]
    return token[:3] + other + token[4:]


def test_a_printed_address_answers_with_the_page_itself(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    response = browser.get(aisle.printed)

    assert response.status_code == 200
    assert "Marigold Slouch Top" in response.text
    assert [(line.kind, line.subject) for line in lines(app)] == [(SCAN, aisle.code.token)]


@pytest.mark.parametrize("form", ["/Q/{}", "/q/{}/", "/q/{}.", "/q/ {} ", "/q/{}?utm_source=tag"])
def test_a_code_opens_however_it_is_written(form: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    spread = browser.get(f"/q/{aisle.code.token[:4].lower()}-{aisle.code.token[4:8]}-{aisle.code.token[8:]}")
    answer = browser.get(form.format(aisle.code.token))

    assert spread.status_code == answer.status_code == 200


def test_sec_d06_a_kept_page_is_for_hosts_of_its_house_alone(app: Flask, browser: Browser, db: Session) -> None:
    aisle, other = make_aisle(db), make_retailer(db, slug="corvane", name="Corvane")
    for retailer, host in ((aisle.retailer, "fashiontown.example"), (other, "corvane.example")):
        db.add(RetailerHost(retailer_id=retailer.id, host=host, is_primary=True, proven_at=NOON))
    db.commit()
    hear(app)
    addresses = (aisle.printed, aisle.page)

    kept = [browser.get(address).status_code for address in addresses]
    own = [browser.get(address, Host="fashiontown.example").status_code for address in addresses]
    others = [browser.get(address, Host="corvane.example").status_code for address in addresses]
    strange = [browser.get(address, Host="evil.example").status_code for address in addresses]

    assert (kept, own, others, strange) == ([200, 200], [200, 200], [404, 404], [421, 421])
    assert [line.kind for line in lines(app)] == [SCAN, PAGE, SCAN, PAGE, ORPHAN]


def test_an_unknown_code_is_answered_with_help_and_counted(app: Flask, browser: Browser, db: Session) -> None:
    make_aisle(db)
    token = make_token()

    response = browser.get(f"/q/{token}?of=fashiontown")

    assert response.status_code == 404
    assert "That code is not one of ours" in response.text
    assert "Fashiontown" in response.text
    assert [(line.kind, line.subject) for line in lines(app)] == [(ORPHAN, token)]


def test_a_slip_of_one_character_leads_to_the_tag_that_was_meant(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    typed = slip(aisle.code.token)

    response = browser.get(f"/q/{typed}")

    token = aisle.code.token
    assert response.status_code == 404
    assert f"{token[:4]} {token[4:8]} {token[8:]}" in response.text
    assert f"<mark>{typed[3]}</mark>" in response.text


@pytest.mark.parametrize("change", ["missing", "doubled", "swapped"])
def test_other_slips_lead_to_the_tag_as_well(change: str, app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    token = aisle.code.token
    place = next(at for at in range(8) if token[at] != token[at + 1])
    typed = {
        "missing": token[:2] + token[3:],
        "doubled": token[:2] + token[1:],
        "swapped": token[:place] + token[place + 1] + token[place] + token[place + 2 :],
    }[change]

    response = browser.get(f"/q/{typed}")

    assert "One letter off, perhaps" in response.text
    assert f'value="{token[:4]} {token[4:8]} {token[8:]}"' in response.text


def test_another_shops_tag_is_not_named_on_a_shops_own_host(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    other = make_code(db, aisle.top)
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="fashiontown.example", is_primary=True, proven_at=NOON))
    db.commit()
    hear(app)
    codes = scan_path(app).codes
    codes.by_path[f"/q/{other.token}"] = codes.by_path[f"/q/{other.token}"]._replace(retailer_id="another")

    response = browser.get(f"/q/{slip(other.token)}", Host="fashiontown.example")

    assert "A tag of ours says" not in response.text


def test_the_help_for_a_mistyped_code_marks_the_check_character(browser: Browser) -> None:
    response = browser.get("/q/7K3M9QXR8" if not find_token("7K3M9QXR8") else "/q/7K3M9QXR9")

    assert response.status_code == 404
    assert re.search(r"7K3M 9QXR <mark>[89]</mark>", response.text)


def test_what_was_typed_stands_on_the_page_as_text(browser: Browser) -> None:
    response = browser.get("/q/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert response.status_code == 404
    assert "<script>alert" not in response.text


def test_a_code_typed_into_the_field_goes_to_its_address(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    token = aisle.code.token

    answer = browser.get(f"/q/?code={token[:4].lower()}+{token[4:8]}-{token[8:]}&of=fashiontown&lang=ar")

    assert answer.headers["Location"] == aisle.printed
    assert browser.follow(answer).status_code == 200


def test_nothing_typed_leads_to_help(browser: Browser) -> None:
    answer = browser.get("/q/?code=+-&lang=ar")

    assert answer.headers["Location"] == "/help?lang=ar"
    assert browser.follow(answer).status_code == 200


def test_sec_g01_guessing_is_slowed_and_a_real_code_still_opens(
    app: Flask, browser: Browser, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    aisle = make_aisle(db)
    hear(app)
    # All within one second, however slow the machine is.
    monkeypatch.setattr(guessing, "time", NOON.timestamp)

    answers = [browser.get(f"/q/{make_token()}") for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [404] * LIMIT + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert browser.get(aisle.printed).status_code == 200
    assert len([line for line in lines(app) if line.kind == ORPHAN]) == LIMIT


def test_sec_g09_a_retired_item_shows_what_took_its_place(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    retire_item(db, aisle.top, at=now())
    db.commit()
    hear(app)

    response = browser.get(aisle.printed)

    assert response.status_code == 200
    assert "No longer sold" in response.text
    assert "Silver Cross Sandal" in response.text
    assert "Your tag is still good" in response.text
    assert [(line.kind, line.subject) for line in lines(app)] == [(SCAN, aisle.code.token)]


def test_sec_c05_what_nobody_at_the_retailer_has_read_stands_on_no_retired_page(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    unread = make_item(db, aisle.retailer, vendor=make_vendor(db, aisle.retailer), title="Visit evil.example")
    unread.category = aisle.top.category
    retire_item(db, aisle.top, at=now())
    db.commit()
    hear(app)

    response = browser.get(aisle.printed)

    assert "Silver Cross Sandal" in response.text and "evil.example" not in response.text


def test_a_retired_code_shows_the_item_with_alternatives(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    code = make_code(db, aisle.top, store=aisle.store, state=CodeState.RETIRED)
    db.commit()

    response = browser.get(f"/q/{code.token}")

    assert response.status_code == 200
    assert "No longer sold" in response.text


def test_head_says_what_get_would_and_is_no_scan(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    shown = browser.get(aisle.printed)

    asked = browser.head(aisle.printed)

    assert asked.data == b""
    assert asked.headers["ETag"] == shown.headers["ETag"]
    assert [line.manner for line in lines(app)] == ["", "head"]


@pytest.mark.parametrize("header", ["Sec_Purpose", "Purpose", "X_Moz"])
def test_sec_g07_a_prefetch_is_marked(header: str, app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    browser.get(aisle.page, **{header: "prefetch;prerender"})

    assert [(line.kind, line.manner) for line in lines(app)] == [(PAGE, "prefetch")]


def test_a_phone_that_has_the_page_is_told_so_and_the_scan_counts(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    etag = browser.get(aisle.printed).headers["ETag"]

    again = browser.get(aisle.printed, If_None_Match=etag)

    assert again.status_code == 304
    assert again.data == b""
    assert len(lines(app)) == 2


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_each_encoding_has_its_own_tag(coding: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    response = browser.get(aisle.printed, Accept_Encoding=coding)

    assert response.headers.get("Content-Encoding", "identity") == coding
    assert response.headers["ETag"].endswith(f'-{coding}"')


def test_sec_b06_a_scan_is_kept_by_nobody_and_varies_by_language(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    response = browser.get(aisle.printed)

    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding, Accept-Language"
    assert response.headers["ETag"]


def test_sec_b05_no_page_of_a_shoppers_sets_a_cookie(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answers = [
        browser.get(address)
        for address in (aisle.printed, aisle.page, "/", "/my", "/my/kept", "/my/data", "/help", "/privacy", "/q/NOPE")
    ]

    assert [answer.headers.get("Set-Cookie") for answer in answers] == [None] * len(answers)
    assert browser.cookies() == []


def test_sec_d02_the_policy_allows_exactly_the_pages_own_style(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    for address in (aisle.printed, "/my", "/help", "/privacy", "/", "/q/NOPE"):
        response = browser.get(address)
        blocks = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
        policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))

        assert len(blocks) == 1
        assert policy["style-src"] == StyleBlock(blocks[0]).source
        assert policy["default-src"] == policy["base-uri"] == policy["object-src"] == "'none'"
        assert policy["script-src"] == policy["form-action"] == "'self'"
        assert not re.search(r"<[^>]+ (style|on[a-z]+)=", response.text)


def test_sec_d03_every_answer_is_guarded(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    for address in (aisle.printed, aisle.page, "/my", "/q/NOPE", "/static/no.css"):
        headers = browser.get(address).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=(self)" in headers["Permissions-Policy"]


def test_sec_d06_a_forged_host_is_refused_and_changes_no_address(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    forged = browser.get(aisle.page, Host="evil.example")
    page = browser.get(aisle.page, X_Forwarded_Host="evil.example")

    assert forged.status_code == 421
    assert "evil.example" not in forged.text + page.text


def test_sec_g06_a_store_in_the_query_of_a_printed_address_counts_for_nothing(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)

    browser.get(f"{aisle.printed}?at=0000000000000000&v=00000000")

    (line,) = lines(app)
    assert line.subject == aisle.code.token
    assert line.visit != "00000000"


def test_sec_h06_a_phone_that_sends_gpc_gets_no_number(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    response = browser.get(aisle.printed, Sec_GPC="1")

    (line,) = lines(app)
    assert (line.visit, line.near, line.has_gpc) == ("", "", True)
    assert "Server-Timing" not in response.headers


def test_a_shop_that_only_counts_gives_no_numbers_either(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    aisle.retailer.measurement = Measurement.COUNTS
    db.commit()

    response = browser.get(aisle.printed)

    (line,) = lines(app)
    assert (line.visit, line.near) == ("", "")
    assert "Server-Timing" not in response.headers


def test_sec_h02_the_phones_address_and_agent_are_written_nowhere(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    browser.get(aisle.printed, X_Forwarded_For="203.0.113.77")

    folder = Path(app.extensions["qrmerch"].settings.log_dir)
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"203.0.113" not in written
    assert b"127.0.0.1" not in written
    assert b"Mozilla" not in written
    assert b"iPhone" not in written


def test_the_printed_page_speaks_the_phones_language(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    response = browser.get(aisle.printed, Accept_Language="ar-EG,ar;q=0.9,en;q=0.5")

    assert '<html lang="ar"' in response.text
    assert 'dir="rtl"' in response.text
    assert "احفظ في قائمتي" in response.text

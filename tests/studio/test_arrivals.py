"""Large files through the pages: in pieces, after a lost line, after a kill, in one go; and nobody else's."""

import io
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.errors import DomainError
from qrmerch.media import arrivals, films
from qrmerch.media.models import Arrival, Asset, AssetKind
from qrmerch.studio import arrivals as pages
from qrmerch.web import Services
from tests.browsing import Browser
from tests.media import films as sources
from tests.studio.people import Studio, kept, make_studio, with_settings

FILM = sources.film(seconds=1)


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


@pytest.fixture
def vera(browser: Browser, studio: Studio) -> Browser:
    return browser.sign_in(*studio.vera)


def announce(browser: Browser, size: int = len(FILM), **said: str) -> TestResponse:
    form = {"kind": "recording", "name": "drop.mp4", "size": str(size), "stamp": "17", **said}
    return browser.post("/studio/arrivals", form, Accept="application/json")


def put(browser: Browser, address: str, data: bytes, offset: int, **headers: str) -> TestResponse:
    told = {"X-CSRF-Token": browser.token, "Content-Type": "application/octet-stream", "Accept": "application/json"}
    return browser._client.post(f"{address}?offset={offset}", data=data, headers=browser._headers({**told, **headers}))


def said(response: TestResponse) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(response.text)
    return answer


def test_a_film_comes_in_pieces_and_is_shown_at_its_end(vera: Browser, studio: Studio) -> None:
    begun = announce(vera)
    address, half = said(begun)["address"], len(FILM) // 2

    first = put(vera, address, FILM[:half], 0)
    last = put(vera, address, FILM[half:], half)

    asset = kept(vera, select(Asset))[0]
    assert (begun.status_code, begun.headers["Location"], said(begun)["received"]) == (201, address, 0)
    assert (said(first)["received"], said(first)["done"]) == (half, "")
    assert said(last)["done"] == f"/studio/assets?id={asset.id}#panel"
    assert (asset.kind, asset.file_name, asset.source_bytes) == (AssetKind.FILM, "drop.mp4", len(FILM))
    assert kept(vera, select(Arrival)) == []
    assert vera.get(address).status_code == 404


def test_a_closed_tab_goes_on_where_it_was(vera: Browser, studio: Studio) -> None:
    address = said(announce(vera))["address"]
    put(vera, address, FILM[:5000], 0)

    page = vera.get("/studio/assets").text
    again = announce(vera)

    assert 'data-name="drop.mp4"' in page and f'data-size="{len(FILM)}"' in page and 'data-stamp="17"' in page
    assert "Choose the same file again to go on." in page
    assert (again.status_code, said(again)["address"], said(again)["received"]) == (200, address, 5000)
    assert said(vera.get(address))["received"] == 5000


def test_a_wrong_place_is_answered_with_the_right_one(vera: Browser, studio: Studio) -> None:
    address = said(announce(vera))["address"]
    put(vera, address, FILM[:5000], 0)

    for offset in (0, 4999, 5001, 10**11):
        answer = put(vera, address, FILM[offset : offset + 10], offset)
        assert (answer.status_code, said(answer)["received"]) == (409, 5000)


def test_more_than_was_announced_is_not_written(vera: Browser, studio: Studio, services: Services) -> None:
    address = said(announce(vera, 100))["address"]

    put(vera, address, b"x" * 99, 0)
    answer = put(vera, address, b"x" * 5000, 99)

    assert "not a film or sound" in said(answer)["detail"]
    assert kept(vera, select(Arrival)) == []
    assert list((services.settings.uploads_dir / "arrivals").iterdir()) == []


def test_a_piece_that_is_too_large_is_refused_unread(vera: Browser, studio: Studio, services: Services) -> None:
    address = said(announce(vera, 20_000_000))["address"]

    answer = put(vera, address, b"x" * (arrivals.MAX_PIECE_BYTES + 1), 0)

    assert answer.status_code == 413
    assert arrivals.received(services.settings, address.rpartition("/")[2]) == 0


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"size": "200000001"}, 413),
        ({"size": "0"}, 422),
        ({"size": "-5"}, 422),
        ({"size": "9" * 5000}, 413),
        ({"size": ""}, 422),
        ({"kind": "catalogue"}, 422),
        ({"kind": ""}, 422),
    ],
)
def test_what_cannot_come_is_refused_at_once(vera: Browser, studio: Studio, form: dict[str, str], status: int) -> None:
    answer = announce(vera, **form)

    assert answer.status_code == status
    assert said(answer)["detail"]
    assert kept(vera, select(Arrival)) == []


def test_what_is_no_film_is_refused_when_it_is_whole_and_leaves_nothing(
    vera: Browser, studio: Studio, services: Services
) -> None:
    data = b"#EXTM3U\nhttp://127.0.0.1/\n"
    address = said(announce(vera, len(data)))["address"]

    answer = put(vera, address, data, 0)

    assert answer.status_code == 422
    assert "playlist" in said(answer)["detail"]
    assert kept(vera, select(Arrival)) == kept(vera, select(Asset)) == []
    assert [path for path in services.settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_what_is_half_here_takes_no_more_room_than_a_vendor_has(vera: Browser, studio: Studio) -> None:
    with_settings(vera, vendor_quota_bytes=3_000_000)

    first = announce(vera, 2_000_000, kind="pictures", name="a.zip")
    second = announce(vera, 2_000_000, kind="pictures", name="b.zip")

    assert (first.status_code, second.status_code) == (201, 422)
    assert "Too much is half here already" in second.text


def test_a_film_that_finds_no_room_when_it_is_whole_leaves_nothing(
    vera: Browser, studio: Studio, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = said(announce(vera))["address"]
    used = iter([0, 10**12])
    monkeypatch.setattr("qrmerch.quota.used_bytes", lambda *_: next(used))

    answer = put(vera, address, FILM, 0)

    assert answer.status_code == 413
    assert kept(vera, select(Asset)) == []
    assert [path for path in services.settings.uploads_dir.rglob("*") if path.is_file()] == []


def test_a_hand_over_that_was_cut_short_is_done_again_by_an_empty_piece(
    vera: Browser, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = said(announce(vera))["address"]

    def die(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(films, "accept", die)
        with pytest.raises(KeyboardInterrupt):
            put(vera, address, FILM, 0)

    state = said(vera.get(address))
    answer = put(vera, address, b"", state["received"])

    assert state["received"] == len(FILM)
    assert said(answer)["done"].startswith("/studio/assets?id=")
    assert len(kept(vera, select(Asset))) == 1


def test_another_vendor_neither_sees_nor_feeds_nor_ends_it(vera: Browser, studio: Studio, services: Services) -> None:
    address = said(announce(vera))["address"]
    put(vera, address, FILM[:10], 0)
    olga = vera.another().sign_in(*studio.olga)

    answers = [
        olga.get(address).status_code,
        put(olga, address, FILM[10:], 10).status_code,
        olga.post(f"{address}/cancel").status_code,
    ]

    assert answers == [404, 404, 404]
    assert "drop.mp4" not in olga.get("/studio/assets").text
    assert said(announce(olga))["address"] != address
    assert arrivals.received(services.settings, address.rpartition("/")[2]) == 10


def test_sec_d01_a_piece_without_its_token_is_refused(vera: Browser, studio: Studio, services: Services) -> None:
    address = said(announce(vera))["address"]

    answer = put(vera, address, FILM, 0, **{"X-CSRF-Token": "0" * 64})

    assert answer.status_code == 400
    assert arrivals.received(services.settings, address.rpartition("/")[2]) == 0


def test_it_can_be_dropped(vera: Browser, studio: Studio, services: Services) -> None:
    address = said(announce(vera))["address"]
    put(vera, address, FILM[:10], 0)

    page = vera.follow(vera.send(vera.get("/studio/assets"), action=f"{address}/cancel"))

    assert "drop.mp4 is not waited for any more." in page.text
    assert list((services.settings.uploads_dir / "arrivals").iterdir()) == []


def test_without_script_the_form_sends_it_in_one_go(vera: Browser, studio: Studio) -> None:
    page = vera.get("/studio/assets")

    answer = vera.follow(vera.send(page, action="/studio/recordings", recording=(io.BytesIO(FILM), "films/drop.mp4")))

    asset = kept(vera, select(Asset))[0]
    assert "drop.mp4 is here whole." in answer.text
    assert "The film is being made ready" in answer.text
    assert asset.file_name == "drop.mp4"


def test_without_script_a_refusal_is_said_on_top(vera: Browser, studio: Studio) -> None:
    page = vera.get("/studio/assets")

    answer = vera.follow(vera.send(page, action="/studio/recordings", recording=(io.BytesIO(b"hello"), "<b>.mp4")))
    nothing = vera.follow(vera.send(page, action="/studio/recordings"))

    assert "&lt;b&gt;.mp4 was not taken. This is not a film or sound" in answer.text
    assert "Choose a film or a sound first." in nothing.text


def test_the_limit_of_the_form_is_that_of_films(vera: Browser, studio: Studio) -> None:
    with_settings(vera, max_video_bytes=1000)
    head = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="drop.mp4"\r\n\r\n'
    told = {"X-CSRF-Token": vera.token, "Content-Type": "multipart/form-data; boundary=x"}

    answer = vera._client.post(
        "/studio/recordings", data=head + bytes(2_000_000) + b"\r\n--x--\r\n", headers=vera._headers(told)
    )

    assert answer.status_code == 413


def test_another_kind_of_file_is_one_line_more(vera: Browser, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []

    def take(whole: pages.Whole) -> str:
        taken.append(whole.path.read_bytes())
        return "/studio/assets"

    kinds: dict[str, pages.Kind] = {**pages.KINDS, "pictures": pages.Kind(lambda settings: 1000, take)}
    monkeypatch.setattr(pages, "KINDS", kinds)
    address = said(announce(vera, 4, kind="pictures"))["address"]

    assert said(put(vera, address, b"PK\x03\x04", 0))["done"] == "/studio/assets"
    assert taken == [b"PK\x03\x04"]
    assert announce(vera, 1001, kind="pictures").status_code == 413


def test_a_kind_that_refuses_leaves_no_row(vera: Browser, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(whole: pages.Whole) -> str:
        raise DomainError("Nothing in it.")

    monkeypatch.setattr(pages, "KINDS", {"pictures": pages.Kind(lambda settings: 1000, refuse)})
    address = said(announce(vera, 4, kind="pictures"))["address"]

    assert said(put(vera, address, b"PK\x03\x04", 0))["detail"] == "Nothing in it."
    assert vera.get(address).status_code == 404

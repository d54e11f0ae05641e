"""What the front door says through a real server, one request after another on one connection."""

import http.client
from urllib.parse import urlsplit

import pytest

from tests.browsing import PHONE
from tests.drills.shop import Shop

pytestmark = pytest.mark.drill


def test_no_answer_on_one_connection_spoils_the_next(shop: Shop) -> None:
    shop.stock(codes=1)
    shop.serve()
    shop.warm_up()
    path = f"/q/{shop.tokens[0]}"
    connection = http.client.HTTPConnection(urlsplit(shop.settings.base_url).netloc, timeout=20)

    def ask(method: str, path: str, **more: str) -> tuple[http.client.HTTPResponse, bytes]:
        told = {"User-Agent": PHONE, "Accept-Encoding": "gzip", **{k.replace("_", "-"): v for k, v in more.items()}}
        connection.request(method, path, headers=told)
        answer = connection.getresponse()
        return answer, answer.read()

    page, body = ask("GET", path)
    head, nothing = ask("HEAD", path)
    same, none = ask("GET", path, If_None_Match=page.headers["ETag"])
    again, again_body = ask("GET", path)
    missing, _ = ask("GET", "/01/09506000134352", Accept="application/json")
    flask, flask_body = ask("HEAD", "/help")
    last, last_body = ask("GET", path, Accept_Encoding="identity")
    connection.close()

    assert [each.status for each in (page, head, same, again, missing, flask, last)] == [
        200,
        200,
        304,
        200,
        404,
        200,
        200,
    ]
    assert (nothing, none, flask_body) == (b"", b"", b"")
    assert int(head.headers["Content-Length"]) == len(body) == len(again_body)
    assert again_body == body
    assert "Content-Length" not in same.headers or same.headers["Content-Length"] in ("0", str(len(body)))
    assert same.headers["ETag"] == page.headers["ETag"]
    # One answer whole, not in pieces: granian knows its length.
    assert "Transfer-Encoding" not in page.headers
    assert last_body.startswith(b"<!doctype html>")

"""What the front door says through a real server, one request after another on one connection."""

import http.client
import os
from urllib.parse import urlsplit

import pytest

from tests.browsing import PHONE
from tests.drills.shop import Shop, web_workers

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


def test_each_worker_answers_on_one_processor_and_workers_keep_apart(shop: Shop) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("*** one processor here: nothing of keeping apart is tested ***")
    shop.stock(codes=1)
    server = shop.serve()
    shop.warm_up()

    def places() -> list[set[int]]:
        """Of each worker, where the threads that do not run wherever they like are."""
        told = []
        for worker in web_workers(server.pid):
            each = {tuple(sorted(os.sched_getaffinity(thread.id))) for thread in worker.threads()}
            told.append({seat[0] for seat in each if len(seat) == 1})
        return [seats for seats in told if seats]

    def are_apart() -> bool:
        seats = places()
        return [len(each) for each in seats] == [1, 1] and seats[0] != seats[1]

    # Two that have begun in the same moment on one processor part within seconds.
    shop.wait_for(are_apart, "the workers stay on one processor")

"""Lines that are held for nothing, and forms that never end, keep no scan waiting."""

import resource
import socket
from collections.abc import Iterator

import pytest

from tests.drills.shop import Shop

pytestmark = pytest.mark.drill
# More than two workers used to hold at once, all of them idle or in the middle of a request that does not go on.
_LINES = 1200


@pytest.fixture
def many_files() -> Iterator[None]:
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < _LINES + 500:
        pytest.skip(f"this system allows {most} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, _LINES + 500), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))


@pytest.mark.usefixtures("many_files")
def test_sec_j06_a_thousand_idle_lines_keep_no_phone_waiting(shop: Shop) -> None:
    shop.stock(codes=2)
    shop.serve()
    shop.warm_up()
    lines = []
    for number in range(_LINES):
        line = socket.create_connection(("127.0.0.1", shop.settings.port), timeout=20)
        if number % 3 == 0:
            line.sendall(b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        lines.append(line)

    answers = [shop.fetch(f"/q/{token}")[0] for token in shop.tokens * 5]

    for line in lines:
        line.close()
    assert answers == [200] * 10


def test_sec_j06_forms_that_never_end_keep_no_scan_waiting(shop: Shop) -> None:
    shop.stock(codes=2)
    shop.serve()
    shop.warm_up()
    head = f"POST /v HTTP/1.1\r\nHost: 127.0.0.1:{shop.settings.port}\r\nSec-Fetch-Site: same-origin\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\npage="
    lines = []
    for _ in range(60):
        line = socket.create_connection(("127.0.0.1", shop.settings.port), timeout=20)
        line.sendall(head.encode())
        lines.append(line)

    scans = [shop.fetch(f"/q/{token}")[0] for token in shop.tokens * 10]
    alive = shop.fetch("/healthz")[0]

    for line in lines:
        line.close()
    assert scans == [200] * 20
    assert alive == 200
    shop.wait_for(lambda: [shop.fetch("/help")[0] for _ in range(10)] == [200] * 10, "the places are not free again")

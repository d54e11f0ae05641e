"""TXT records as name servers give them, and what is no answer."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch import txt_records
from qrmerch.txt_records import LookupFailed, find_txt, list_servers
from tests.nameserver import HEAD, NameServer, open_nameserver

NAME = "_qrmerch.qr.fashiontown.example"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with open_nameserver() as opened:
        yield opened


def test_all_texts_of_a_name_are_found_and_parts_of_one_are_joined(server: NameServer) -> None:
    server.records[NAME] = ["v=spf1 -all", "x" * 300]

    assert find_txt(NAME, servers=server.servers) == ["v=spf1 -all", "x" * 300]
    assert server.over_tcp == 0


def test_an_answer_that_is_too_long_comes_over_tcp(server: NameServer) -> None:
    server.records[NAME] = [f"{number} " + "y" * 200 for number in range(10)]

    assert find_txt(NAME, servers=server.servers) == server.records[NAME]
    assert server.over_tcp == 1


def test_a_name_that_is_not_there_has_no_texts(server: NameServer) -> None:
    assert find_txt(NAME, servers=server.servers) == []


def test_a_server_that_is_away_is_followed_by_the_next_one(server: NameServer) -> None:
    server.records[NAME] = ["here"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        away = silent.getsockname()

        assert find_txt(NAME, servers=[away, *server.servers], timeout_s=1.0) == ["here"]


@pytest.mark.parametrize("code", [1, 2, 5])
def test_an_error_of_the_servers_own_is_no_answer(server: NameServer, code: int) -> None:
    server.code = code

    with pytest.raises(LookupFailed):
        find_txt(NAME, servers=server.servers)


@pytest.mark.parametrize("garbage", [b"\0", b"no DNS at all", HEAD.pack(1, 0x8180, 1, 60_000, 0, 0), b"\xff" * 600])
def test_garbage_is_no_answer(server: NameServer, garbage: bytes) -> None:
    server.garbage = garbage

    with pytest.raises(LookupFailed):
        find_txt(NAME, servers=server.servers)


@pytest.mark.parametrize("name", ["", "a..b", "a" * 64 + ".example", ".".join(["abc"] * 70), "bücher.example"])
def test_what_is_no_name_is_not_asked(server: NameServer, name: str) -> None:
    with pytest.raises(LookupFailed):
        find_txt(name, servers=server.servers)
    assert server.asked == []


@given(body=st.binary(max_size=300), records=st.integers(0, 65_535), flags=st.sampled_from([0x8180, 0x8183, 0x8181]))
def test_whatever_an_answer_says_of_itself_reading_it_ends(body: bytes, records: int, flags: int) -> None:
    question = txt_records._question(NAME)
    answer = HEAD.pack(7, flags, 1, records, 0, 0) + question + body

    try:
        found = txt_records._read(answer, 7, question)
    except (ValueError, struct.error):
        return
    assert all(isinstance(text, str) for text in found)


def test_the_systems_servers_are_read_from_its_configuration(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# made\nsearch example\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\noptions rotate\n"
    )

    assert list_servers(path) == [("192.0.2.1", 53), ("fe80::1", 53)]
    assert list_servers(tmp_path / "none") == []
    with pytest.raises(LookupFailed):
        find_txt(NAME, servers=[])

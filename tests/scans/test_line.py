"""The line of the scan log: what is written is read back, and what is torn is told apart."""

import json

import orjson
import pytest

from qrmerch.scans import line
from qrmerch.scans.line import BadLine, lost_line, make_line, read_line, scan_line

AT_S = 1_795_626_000.123
FULL = make_line(
    line.PAGE,
    "0123456789abcdef",
    AT_S,
    agent="human safari 61 2 phone ios",
    token="7K3M9QW4T",
    store_id="01a212aa-e27d-72ef-84aa-758a8dd914b7",
    retailer_id="01a212aa-e27d-72ef-84aa-758a8dd914b8",
    is_own_network=True,
    visit="01c5b8d4" + "a" * 20,
    is_new_visit=True,
    near="89abcdef",
    manner="head",
    has_gpc=True,
    language="gsw",
    entry="social",
    referrer="out.reddit.com",
    step=75,
    day_hash="0123456789abcdef",
    phone="fedcba9876543210",
)


def test_a_line_says_all_that_was_written() -> None:
    said = read_line(FULL)

    assert said == line.Line(
        at_ms=1_795_626_000_123,
        kind="i",
        subject="0123456789abcdef",
        token="7K3M9QW4T",
        store_id="01a212aa-e27d-72ef-84aa-758a8dd914b7",
        retailer_id="01a212aa-e27d-72ef-84aa-758a8dd914b8",
        agent="human safari 61 2 phone ios",
        is_own_network=True,
        visit="01c5b8d4" + "a" * 20,
        is_new_visit=True,
        near="89abcdef",
        manner="head",
        has_gpc=True,
        lost=0,
        language="gsw",
        entry="social",
        referrer="out.reddit.com",
        step=75,
        day_hash="0123456789abcdef",
        phone="fedcba9876543210",
    )
    assert said.is_human()


def test_the_short_line_of_a_scan_says_the_same_as_the_long_one() -> None:
    common = {"agent": "bot search 30 2 other other", "visit": "", "near": "", "manner": "prefetch", "has_gpc": False}
    common |= {"language": "en", "referrer": "t.co", "phone": "fedcba9876543210"}
    short = read_line(scan_line("7K3M9QW4T", AT_S, is_own_network=False, **common))
    long = read_line(make_line(line.SCAN, "7K3M9QW4T", AT_S, is_own_network=False, is_new_visit=True, **common))

    assert short == long and not short.is_human()


@pytest.mark.parametrize("kind", line.KINDS)
def test_every_kind_is_one_line_of_json(kind: str) -> None:
    raw = lost_line(AT_S, 7) if kind == line.LOST else make_line(kind, "x", AT_S, agent="human other 57 2 phone other")

    assert raw.endswith(b"\n") and raw.count(b"\n") == 1
    assert json.loads(raw)["k"] == kind == read_line(raw).kind
    assert len(raw) < 1024, "less than the loader reads on for"


def test_a_rule_that_is_withdrawn_leaves_nobody_out() -> None:
    robot = read_line(make_line(line.SCAN, "x", AT_S, agent="bot word 37 2 desktop windows"))

    assert robot.is_human({"37"}) and not robot.is_human({"2", "7", "3"}) and not robot.is_human()
    assert not read_line(make_line(line.SCAN, "x", AT_S, agent="")).is_human({"37", ""})


def test_what_the_disk_did_not_take_is_a_number() -> None:
    assert read_line(lost_line(AT_S, 12)).lost == 12


def test_a_line_torn_at_any_byte_is_no_line() -> None:
    whole = FULL.rstrip(b"\n")

    for length in range(len(whole)):
        with pytest.raises(BadLine):
            read_line(whole[:length])
    assert read_line(whole)


def test_two_torn_lines_run_together_are_no_line() -> None:
    for length in range(1, len(FULL) - 1, 7):
        with pytest.raises(BadLine):
            read_line(FULL[:length] + FULL)


@pytest.mark.parametrize(
    "change",
    [
        {"k": "z"},
        {"k": None},
        {"k": ["q"]},
        {"t": "now"},
        {"t": True},
        {"t": 0},
        {"t": -5},
        {"t": 1e300},
        {"q": 5},
        {"q": "x" * 41},
        {"c": "x" * 10},
        {"at": "x" * 37},
        {"v": {"a": 1}},
        {"n": "x" * 9},
        {"a": None},
        {"x": -1},
        {"x": 1 << 31},
        {"x": "5"},
        {"y": "long"},
        {"e": "by carrier pigeon"},
        {"f": "x" * 61},
        {"f": None},
        {"u": "x" * 17},
        {"p": "x" * 17},
        {"p": "not hex digits."},
        {"u": "0123456789abcde,"},
        {"v": '{"' + "a" * 20},
        {"s": 10},
        {"s": True},
        {"s": "25"},
        {"a": "human safari\t61"},
        {"v": "\0" * 28},
        {"f": "b\u00fccher.example"},
    ],
    ids=str,
)
def test_what_no_line_of_ours_says_is_refused(change: dict[str, object]) -> None:
    said = {**orjson.loads(FULL), **change}

    with pytest.raises(BadLine):
        read_line(orjson.dumps(said))


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"null", b"[]", b"5", b'"q"', b"{}", b"\0" * 300, b"\xff\xfe", b"{" * 5000]
)
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BadLine):
        read_line(raw)


def test_a_line_of_an_earlier_version_is_read_with_what_it_lacks_empty() -> None:
    said = read_line(b'{"t":1795626000.123,"k":"q","q":"7K3M9QW4T","a":"human safari 61 1 phone","o":0}')

    assert (said.language, said.entry, said.referrer, said.step, said.visit) == ("", "", "", 0, "")


def test_a_line_of_a_later_version_is_read_for_what_is_known_of_it() -> None:
    said = {**orjson.loads(FULL), "new": {"anything": 1}}

    assert read_line(orjson.dumps(said)) == read_line(FULL)

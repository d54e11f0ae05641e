"""The line of the scan log: what is written is read back, and what is torn is told apart."""

import json
import random

import orjson
import pytest

from qrmerch.scans import line
from qrmerch.scans.line import BadLine, lost_line, make_line, read_line, read_lines, scan_line

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


SHORT = {
    "agent": "human safari 61 2 phone ios",
    "visit": "01c5b8d4" + "a" * 20,
    "near": "89abcdef",
    "manner": "",
    "has_gpc": False,
    "language": "en",
}


def test_a_line_says_all_that_was_written() -> None:
    said = read_line(FULL)

    assert said == line.Line(
        at_ms=1_795_626_000_123,
        subject="0123456789abcdef",
        token="7K3M9QW4T",
        visit="01c5b8d4" + "a" * 20,
        near="89abcdef",
        day_hash="0123456789abcdef",
        phone="fedcba9876543210",
        traits=line.Traits(
            kind="i",
            store_id="01a212aa-e27d-72ef-84aa-758a8dd914b7",
            retailer_id="01a212aa-e27d-72ef-84aa-758a8dd914b8",
            agent="human safari 61 2 phone ios",
            is_own_network=True,
            is_new_visit=True,
            manner="head",
            has_gpc=True,
            lost=0,
            language="gsw",
            entry="social",
            referrer="out.reddit.com",
            step=75,
        ),
    )
    assert said.traits.is_human()


def test_the_short_line_of_a_scan_says_the_same_as_the_long_one() -> None:
    common = {"agent": "bot search 30 2 other other", "visit": "", "near": "", "manner": "prefetch", "has_gpc": False}
    common |= {"language": "en", "referrer": "t.co", "phone": "fedcba9876543210"}
    short = read_line(scan_line("7K3M9QW4T", AT_S, is_own_network=False, **common))
    long = read_line(make_line(line.SCAN, "7K3M9QW4T", AT_S, is_own_network=False, is_new_visit=True, **common))

    assert short == long and not short.traits.is_human()


@pytest.mark.parametrize("kind", line.KINDS)
def test_every_kind_is_one_line_of_json(kind: str) -> None:
    raw = lost_line(AT_S, 7) if kind == line.LOST else make_line(kind, "x", AT_S, agent="human other 57 2 phone other")

    assert raw.endswith(b"\n") and raw.count(b"\n") == 1
    assert json.loads(raw)["k"] == kind == read_line(raw).traits.kind
    assert len(raw) < 1024, "less than the loader reads on for"


def test_a_rule_that_is_withdrawn_leaves_nobody_out() -> None:
    robot = read_line(make_line(line.SCAN, "x", AT_S, agent="bot word 37 2 desktop windows")).traits

    assert robot.is_human({"37"}) and not robot.is_human({"2", "7", "3"}) and not robot.is_human()
    assert not read_line(make_line(line.SCAN, "x", AT_S, agent="")).traits.is_human({"37", ""})


def test_what_the_disk_did_not_take_is_a_number() -> None:
    assert read_line(lost_line(AT_S, 12)).traits.lost == 12


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

    traits = said.traits
    assert (traits.language, traits.entry, traits.referrer, traits.step, said.visit) == ("", "", "", 0, "")


def test_a_line_of_a_later_version_is_read_for_what_is_known_of_it() -> None:
    said = {**orjson.loads(FULL), "new": {"anything": 1}}

    assert read_line(orjson.dumps(said)) == read_line(FULL)


# --- many lines at once -------------------------------------------------------------------------------


def told_of(raw: bytes) -> line.Line | None:
    try:
        return read_line(raw)
    except BadLine:
        return None


def mangled(dice: random.Random, whole: bytes) -> bytes:
    """A line as a disk, an editor or another version might leave it."""
    at, length = dice.randrange(len(whole)), dice.randrange(1, 12)
    what = dice.randrange(7)
    if what == 0:
        return whole[:at]
    if what == 1:
        return whole[:at] + whole[at + length :]
    if what == 2:
        return whole[:at] + bytes(dice.choice(b'",:{}[]0aq\\\r\t \x7f\xc3') for _ in range(length)) + whole[at:]
    if what == 3:
        return whole[:at] + whole
    if what == 4:
        return whole[:-1] + b',"' + dice.choice([b"t", b"q", b"c", b"v", b"k", b"a", b"z"]) + b'":"x"}'
    said = list(orjson.loads(whole).items())
    dice.shuffle(said)
    if what == 5:
        return orjson.dumps(dict(said))
    key, value = dice.choice(said)
    return orjson.dumps(
        {**dict(said), key: dice.choice(["", "x" * 41, 5, None, -1, "\u00fc", f"{value}{value}", [value]])}
    )


@pytest.mark.parametrize("seed", range(5))
def test_many_lines_say_what_each_says_alone(seed: int) -> None:
    dice, short = random.Random(seed), scan_line("7K3M9QW4T", AT_S, is_own_network=True, **SHORT)
    kinds = [make_line(kind, "x", AT_S, agent="human other 57 2 phone other", step=50) for kind in line.KINDS]
    whole = [raw.rstrip(b"\n") for raw in (FULL, short, lost_line(AT_S, 3), *kinds)]
    raws = [mangled(dice, raw) if dice.random() < 0.7 else raw for raw in dice.choices(whole, k=2_000)]
    raws = [raw.replace(b"\n", b"") for raw in raws]

    read = list(read_lines(b"".join(raw + b"\n" for raw in raws)))

    assert [length for length, _ in read] == [len(raw) + 1 for raw in raws]
    assert [said for _, said in read] == [told_of(raw) for raw in raws]
    assert sum(said is None for _, said in read) > 300 < sum(said is not None for _, said in read)


def test_what_stands_behind_the_last_line_is_not_read() -> None:
    assert [length for length, _ in read_lines(FULL + FULL[:-1])] == [len(FULL)]
    assert not list(read_lines(b"")) and not list(read_lines(b'{"t":1'))


@pytest.mark.parametrize("written", [FULL, scan_line("7K3M9QW4T", AT_S, is_own_network=True, **SHORT)])
def test_our_writers_begin_with_what_is_a_lines_own(written: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any other order a line would be read as well, four times as slowly."""
    list(read_lines(written))
    monkeypatch.setattr(line, "read_line", None)

    [(_, said)] = read_lines(written)

    assert said and said.at_ms == 1_795_626_000_123

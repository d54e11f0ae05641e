"""Digital Link addresses beyond the vectors: every key, slashes inside values, capitals, and any text at all."""

import string
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrmerch.gs1.ai import _CSET82, KEYS, Problem, Reason, check_value
from qrmerch.gs1.digital_link import is_dense, raw_path_for, read_link, read_path, write_link
from qrmerch.gs1.elements import read_bracketed, read_scanned, write_bracketed, write_scanned
from qrmerch.gs1.numbers import check_digit
from tests.figures import IS_FULL

GTIN = "09506000134352"
GLN = "9506000134376"
EXAMPLES = {
    "01": GTIN,
    "8006": f"{GTIN}0102",
    "8013": "1987654Ad4X4bL5ttr2310c2K",
    "8010": "9506000#A-1/2",
    "414": GLN,
    "415": GLN,
    "417": GLN,
    "8017": "950600013435200008",
    "8018": "950600013435200008",
    "255": f"{GLN}12",
    "00": "106141412345678908",
    "253": f"{GLN}A/1",
    "401": "9506000(1)",
    "402": "95060001343520000",
    "8003": f"0{GLN}S1",
    "8004": "95060001343",
    "10": "L/1",
    "21": "S?1",
    "22": "2A",
    "235": "TPX0001",
    "254": "DOCK-7",
    "7040": "1ABC",
    "8011": "12",
    "8019": "7",
    "8020": "REF-1",
}
BOUNDS = settings(max_examples=2_000 if IS_FULL else 120, deadline=None)


def digits(size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=string.digits, min_size=size, max_size=size)


def summed(size: int) -> st.SearchStrategy[str]:
    return digits(size - 1).map(lambda body: body + check_digit(body))


def words(most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=_CSET82, min_size=1, max_size=most)


# Not of a restricted range: such a number is refused when an address is made of it.
ITEMS = summed(14).filter(lambda text: text[0] in "13456789")
QUALIFIED = st.fixed_dictionaries(
    {"01": ITEMS}, optional={"22": words(20), "10": words(20), "21": words(20), "240": words(30), "91": words(90)}
)
PLACES = st.fixed_dictionaries({"414": summed(13)}, optional={"254": words(20), "3103": digits(6), "91": words(90)})
PARCELS = st.fixed_dictionaries(
    {"00": summed(18), "02": summed(14), "37": digits(3)}, optional={"10": words(20), "400": words(30)}
)


@BOUNDS
@given(st.one_of(QUALIFIED, PLACES, PARCELS))
def test_nothing_is_lost_on_the_way_round(elements: dict[str, str]) -> None:
    link = read_link(write_link(elements.items(), stem="https://id.example.com/t"))

    assert dict(link.elements) == elements
    assert read_link(link.canonical).canonical == link.canonical
    assert read_bracketed(write_bracketed(link.elements)) == link.elements
    assert read_scanned(write_scanned(link.elements)) == link.elements
    assert write_link(link.elements) == link.canonical


@BOUNDS
@given(st.text(), st.text())
def test_no_text_is_more_than_a_problem(first: str, second: str) -> None:
    for address in (first, f"https://id.example.com{first}", f"https://x.example/01/{GTIN}/{first}?{second}"):
        for read in (read_link, read_scanned, read_bracketed):
            try:
                found = read(address)
            except Problem as problem:
                assert problem.said and problem.reason in Reason
            else:
                assert found
    assert raw_path_for(f"/01/{GTIN}/10/{first}").startswith(f"/01/{GTIN}/10")


@BOUNDS
@given(st.lists(st.sampled_from([*EXAMPLES, *EXAMPLES.values(), "", "foo", "%2F", "%ZZ", "17", "261231"]), max_size=9))
def test_what_is_taken_is_written_as_the_same(segments: list[str]) -> None:
    try:
        link = read_path("/" + "/".join(segments))
    except Problem:
        return

    assert link.key[0] in KEYS
    assert read_link(link.canonical).elements == link.elements


@pytest.mark.parametrize("key", KEYS)
def test_every_key_takes_its_qualifiers_in_their_order(key: str) -> None:
    orders = [*KEYS[key], *([()] if key != "415" else [])]

    for order in orders:
        elements = [(key, EXAMPLES[key]), *((ai, EXAMPLES[ai]) for ai in order)]
        address = write_link(reversed(elements))
        assert list(read_link(address).elements) == elements


def test_a_payment_needs_its_reference() -> None:
    with pytest.raises(Problem) as refused:
        read_path(f"/415/{GLN}")

    assert refused.value.reason == Reason.MISSING_AI


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        (f"/01/{GTIN}/10/%00", "", Reason.BAD_CHARSET),
        (f"/01/{GTIN}/10/A%1DB", "", Reason.BAD_CHARSET),
        (f"/01/{GTIN}/10/A%0D%0AB", "", Reason.BAD_CHARSET),
        (f"/01/{GTIN}/10/%C3%A9", "", Reason.BAD_CHARSET),
        (f"/01/{GTIN}/10/%23", "", Reason.BAD_CHARSET),
        (f"/01/{GTIN}/10/A%ZZ", "", Reason.BAD_ENCODING),
        (f"/01/{GTIN}/10/A%", "", Reason.BAD_ENCODING),
        (f"/01/{GTIN}/10/A%252F", "", None),
        (f"/01/{GTIN}/235/T/21/S", "", Reason.BAD_ORDER),
        (f"/01/{GTIN}/10/A/10/B", "", Reason.DUPLICATE_AI),
        (f"/01/{GTIN}", "10=L1", Reason.QUALIFIER_IN_QUERY),
        (f"/01/{GTIN}", f"01={GTIN}", Reason.DUPLICATE_AI),
        (f"/01/{GTIN}", "17=", Reason.EMPTY_VALUE),
        (f"/01/{GTIN}", "9999=1", Reason.UNKNOWN_AI),
        (f"/01/{GTIN}", "17=261231&17=261231", Reason.DUPLICATE_AI),
        (f"/01/{GTIN}", "37=5", Reason.EXCLUDED_AI),
        (f"/414/{GLN}", "21=S", Reason.MISSING_AI),
        (f"/01/{GTIN}", "a;b=c&flag&x=%2B", None),
        ("/01/٠٩٥٠٦٠٠٠١٣٤٣٥٢", "", Reason.BAD_CHARSET),
        ("/01/%EF%BC%9009506000134352", "", Reason.BAD_CHARSET),
    ],
)
def test_values_are_taken_apart_once_and_strictly(path: str, query: str, reason: Reason | None) -> None:
    if reason is None:
        assert read_path(path, query).key == ("01", GTIN)
        return
    with pytest.raises(Problem) as refused:
        read_path(path, query)

    assert refused.value.reason == reason


def test_the_rightmost_key_is_the_one_and_a_stem_may_look_like_another() -> None:
    link = read_link(f"https://id.example.com/8004/95060001343/01/{GTIN}")

    assert link.elements == (("01", GTIN),)
    assert link.stem == "https://id.example.com/8004/95060001343"


def test_an_address_is_not_made_of_a_number_for_one_shop() -> None:
    with pytest.raises(Problem) as refused:
        write_link([("01", "02012345678903")])

    assert refused.value.reason == Reason.RESTRICTED
    assert read_link("https://id.example.com/01/02012345678903").is_restricted


def test_capitals_are_dense_and_mean_the_same() -> None:
    dense = write_link([("01", GTIN)], stem="https://id.example.com", is_dense=True)

    assert dense == f"HTTPS://ID.EXAMPLE.COM/01/{GTIN}"
    assert is_dense(dense) and not is_dense(f"https://id.example.com/01/{GTIN}")
    assert read_link(dense).canonical == read_link(dense.lower()).canonical


@pytest.mark.parametrize(
    "raw",
    [f"/01/{GTIN}/10/A%2FB", f"/01/{GTIN}/10/A%2FB/21/S%2F1", f"/01/{GTIN}/22/%2F/10/L", f"/01/{GTIN}/10/L1", "/help"],
)
def test_a_slash_that_a_server_decoded_is_found_again(raw: str) -> None:
    assert raw_path_for(unquote(raw)) == raw


def test_a_wrong_path_stays_wrong_when_it_comes_decoded() -> None:
    for raw in (f"/01/{GTIN}/foo", f"/01/{GTIN}/17/261231", f"/01/{GTIN[:-1]}3/10/A/B", f"/01/{GTIN}/21/S/10"):
        with pytest.raises(Problem):
            read_path(raw_path_for(raw))


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("17", "260229"), ("17", "261301"), ("8013", "1987654Ad4X4bL5ttr2310c2L"), ("8007", "DE00370400440532013000"),
        ("8006", f"{GTIN}0301"), ("7003", "2601012460"), ("4330", "000100+"), ("8003", f"1{GLN}"), ("423", "27604"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_add_up_is_refused(ai: str, value: str) -> None:
    with pytest.raises(Problem):
        check_value(ai, value)


def test_a_long_path_costs_little() -> None:
    """Guessing where slashes were must not take time that grows with every slash."""
    assert raw_path_for(f"/01/{GTIN}/10" + "/10" * 2_000).startswith("/01")
    with pytest.raises(Problem):
        read_path("/01/" + "1" * 9_000)

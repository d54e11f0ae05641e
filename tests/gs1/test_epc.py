"""Compressed addresses, as RFID tags hold them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrmerch.gs1.ai import _CSET82, Problem, Reason
from qrmerch.gs1.digital_link import read_link, read_path
from qrmerch.gs1.epc import _BASE_64, _PARTITIONS, is_compressed, read_compressed
from qrmerch.gs1.numbers import check_digit
from tests.figures import IS_FULL

# The standard's own examples (EPC-binary compression 1.0, 4.2.1 and 4.2.2): one tag in both alphabets.
HEX, BASE_64 = "eh30164596f40c0e5cbe991a83", "exMBZFlvQMDly-mRqD"
SAID = (("01", "09528765123457"), ("21", "123456789123"))
BOUNDS = settings(max_examples=2_000 if IS_FULL else 100, deadline=None)


def write(kind: int, partition: int, company: int, article: int, tail: str) -> str:
    """The bits of a tag."""
    _, company_bits, _, article_bits = _PARTITIONS[partition]
    return f"{kind:08b}001{partition:03b}{company:0{company_bits}b}{article:0{article_bits}b}{tail}"


def as_hex(bits: str) -> str:
    bits += "0" * (-len(bits) % 4)
    return "eh" + "".join(f"{int(bits[at : at + 4], 2):x}" for at in range(0, len(bits), 4))


def as_base_64(bits: str) -> str:
    bits += "0" * (-len(bits) % 6)
    return "ex" + "".join(_BASE_64[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def letters(text: str) -> str:
    return "".join(f"{ord(character):07b}" for character in text).ljust(140, "0")


@pytest.mark.parametrize("text", [HEX, BASE_64, HEX[:2] + HEX[2:].upper()])
def test_r46_both_alphabets_say_the_same_tag(text: str) -> None:
    assert read_compressed(text) == SAID
    assert read_path(f"/{text}").elements == read_path(f"/{text}/").elements == SAID
    assert read_link(f"https://example.com/shop/{text}?17=271231").canonical == (
        "https://id.gs1.org/01/09528765123457/21/123456789123?17=271231"
    )


def test_r46_a_batch_that_looks_like_a_tag_is_a_batch() -> None:
    assert read_path(f"/01/09528765123457/10/{HEX[:20]}").elements[1] == ("10", HEX[:20])


@BOUNDS
@given(
    st.integers(0, 6),
    st.integers(0, 10**12 - 1),
    st.integers(0, 10**7 - 1),
    st.integers(0, 2**38 - 1),
    st.text(alphabet=_CSET82, min_size=1, max_size=20),
)
def test_r46_every_tag_is_read_as_it_was_written(
    partition: int, company: int, article: int, serial: int, text: str
) -> None:
    digits, _, own, _ = _PARTITIONS[partition]
    company, article = company % 10**digits, article % 10**own
    body = f"{article:0{own}}"[0] + f"{company:0{digits}}" + f"{article:0{own}}"[1:]
    number = ("01", body + check_digit(body))
    for write_down in (as_hex, as_base_64):
        short = write_down(write(0x30, partition, company, article, f"{serial:038b}"))
        long = write_down(write(0x36, partition, company, article, letters(text)))

        assert read_compressed(short) == (number, ("21", str(serial)))
        assert read_compressed(long) == (number, ("21", text))


GOOD = write(0x36, 5, 9528765, 12345, letters("A"))


@pytest.mark.parametrize(
    "text",
    [
        *("eh", "ex", "eh3", "ehxyz", HEX[:-1], f"{HEX}00", f"{HEX}1", "eh31" + "0" * 22, "eh" + "f" * 24),
        as_hex(write(0x30, 5, 9528765, 12345, "0" * 38))[:-2],
        # A company of more digits than its place has; a partition that there is not.
        as_hex(write(0x30, 5, 10_000_000, 1, "0" * 38)),
        as_hex(f"{0x30:08b}000111" + "0" * 82),
        as_hex(write(0x30, 5, 1, 1_000_000, "0" * 38)),
        # No serial, one that goes on behind its end, one with a space, bits behind the last.
        as_hex(write(0x36, 5, 1, 1, "0" * 140)),
        as_hex(write(0x36, 5, 1, 1, letters("A\0B"))),
        as_hex(write(0x36, 5, 1, 1, letters("A B"))),
        as_hex(GOOD + "01"),
        as_base_64(GOOD) + "A",
    ],
)
def test_r46_what_is_broken_says_so(text: str) -> None:
    assert is_compressed(text)
    with pytest.raises(Problem):
        read_path(f"/{text}")


@BOUNDS
@given(st.text(alphabet=_BASE_64, max_size=60), st.sampled_from(["eh", "ex"]))
def test_r46_no_text_is_anything_but_read_or_refused(text: str, start: str) -> None:
    try:
        elements = read_path(f"/{start}{text}").elements
    except Problem as problem:
        assert problem.reason in Reason
    else:
        assert [ai for ai, _ in elements] == ["01", "21"]

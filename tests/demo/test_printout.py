"""What the terminal shows when the demo is ready."""

import re

import pytest
import zxingcpp
from PIL import Image

from qrmerch.db import Database
from qrmerch.demo.facts import PASSWORD, PEOPLE
from qrmerch.demo.printout import code_lines, ways_in

_INK = {"█": (0, 0), "▀": (0, 255), "▄": (255, 0), " ": (255, 255)}
_STYLED = re.compile(r"\x1b\[38;5;16;48;5;231m([█▀▄ ]+)\x1b\[0m")


def read(lines: list[str]) -> str:
    """What a phone reads from half blocks, black ink on white as the lines themselves ask for."""
    rows = []
    for line in lines:
        styled = _STYLED.fullmatch(line)
        assert styled, f"a line without its own colours: {line!r}"
        rows += list(zip(*(_INK[block] for block in styled[1]), strict=True))
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([pixel for row in rows for pixel in row])
    found = zxingcpp.read_barcodes(image.resize((image.width * 8, image.height * 8), Image.Resampling.NEAREST))
    assert len(found) == 1
    return str(found[0].text)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/q/7K3M9QXRA",
        "HTTPS://FASHIONTOWN.EXAMPLE/Q/7K3M9QXRA",
        "http://a-machine-with-a-rather-long-name.local.example:18000/q/7K3M9QXRA",
    ],
)
def test_the_code_in_the_terminal_says_its_address(address: str) -> None:
    assert read(code_lines(address)) == address


def test_the_code_has_its_quiet_zone_on_every_side() -> None:
    lines = [_STYLED.fullmatch(line)[1] for line in code_lines("http://127.0.0.1:8000/q/7K3M9QXRA")]  # type: ignore[index]

    assert all(set(line) == {" "} for line in (*lines[:2], *lines[-2:]))
    assert all(line.startswith("    ") and line.endswith("    ") for line in lines)


def test_everybody_and_the_codes_address_are_printed(seeded: Database) -> None:
    with seeded.read() as db:
        text = ways_in(db, "http://127.0.0.1:8123")

    plain = [line.strip() for line in text.splitlines()]
    [address] = [line for line in plain if line.startswith("http://127.0.0.1:8123/q/")]
    drawn = [line.strip(" ") for line in text.splitlines() if "\x1b" in line]
    assert read(drawn) == address
    assert PASSWORD in text
    assert all(person.email in text for person in PEOPLE)

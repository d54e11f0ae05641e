"""What the demo prints when it is ready: where to look, who can sign in, and a code to scan from the terminal."""

from typing import Final

from sqlalchemy.orm import Session

from qrmerch.codes.artwork import QUIET_MODULES, draw_symbol
from qrmerch.demo.service import describe

# Dark ink on a light ground, said in full, so that it reads the same on dark and on light terminals.
_ON, _OFF = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
# Two modules, one above the other, by (upper is dark, lower is dark).
_HALVES: Final = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def ways_in(db: Session, base_url: str) -> str:
    """All that somebody needs who sees the demo for the first time.

    :raises NotFound: the sample shops are not there.
    """
    doors = describe(db, base_url)
    wide = max(len(person.role) for person in doors.people)
    lines = [
        "",
        f"  {base_url}/",
        "",
        *(f"  {shop.name}: {shop.words}.\n    {base_url}{shop.href}" for shop in doors.shops),
        "",
        f"  Sign in at {base_url}/sign-in with the password {doors.people[0].password}",
        *(f"    {person.role:<{wide}}  {person.email}" for person in doors.people),
        "",
        "  Scan this with a phone, as in the shop window:",
        "",
        *(f"    {line}" for line in code_lines(doors.code_address)),
        "",
        f"  {doors.code_address}",
        "",
    ]
    return "\n".join(lines)


def code_lines(address: str) -> list[str]:
    """A code in half blocks with its quiet zone, one text for each two rows of modules, colours said in each."""
    symbol = draw_symbol(address)
    quiet = (False,) * QUIET_MODULES
    empty = (False,) * symbol.side
    rows = [empty] * QUIET_MODULES
    rows += [(*quiet, *(bool(module) for module in row), *quiet) for row in symbol.rows]
    rows += [empty] * (QUIET_MODULES + symbol.side % 2)
    return [
        _ON + "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True)) + _OFF
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]

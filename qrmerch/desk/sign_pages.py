"""What the templates of posters, walls and cards receive."""

from dataclasses import dataclass

from qrmerch.desk.code_pages import Options, Picks


@dataclass(frozen=True, slots=True)
class SignRow:
    """A sign in the list; `picture` is empty while there is none."""

    href: str
    title: str
    format: str
    place: str
    state: str
    state_words: str
    made: str
    picture: str


@dataclass(frozen=True, slots=True)
class SignsPage:
    """`desk/signs.html`"""

    lede: str
    rows: tuple[SignRow, ...]
    is_running: bool


@dataclass(frozen=True, slots=True)
class SignMakePage:
    """`desk/sign_make.html`"""

    picks: Picks
    place: str
    # The chosen place where the filter leaves it out: it goes along, and gives way to another choice.
    hidden_place: str
    formats: Options
    locales: Options
    grounds: Options
    # Designs to draw the codes in; empty where there is none.
    designs: Options
    values: dict[str, str]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class SignPage:
    """`desk/sign.html`"""

    sign_id: str
    title: str
    lede: str
    state: str
    state_words: str
    is_running: bool
    is_ready: bool
    done: int
    items: int
    problem: str
    # Verdict, name, and what to do where it does not pass.
    findings: tuple[tuple[str, str, str], ...]
    facts: tuple[tuple[str, str], ...]
    # Address, what it shows, width and height.
    pictures: tuple[tuple[str, str, int, int], ...]
    advice: tuple[str, ...]
    file_label: str
    again_href: str

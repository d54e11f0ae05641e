"""What the desk's pages about looks receive."""

from dataclasses import dataclass

from qrmerch.desk.own_pictures import OwnPicture
from qrmerch.desk.own_texts import TextFields


@dataclass(frozen=True, slots=True)
class LookRow:
    """A look in the list."""

    name: str
    href: str
    items: str
    is_published: bool
    codes: str
    codes_href: str


@dataclass(frozen=True, slots=True)
class LooksPage:
    """`desk/looks.html`"""

    lede: str
    rows: tuple[LookRow, ...]


@dataclass(frozen=True, slots=True)
class LookItemRow:
    """An item in a look, or one that may come into it; `note` says why shoppers do not see it there."""

    id: str
    title: str
    image: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LookPage:
    """`desk/look.html`; `id` is empty while it is new."""

    id: str
    title: str
    lede: str
    is_published: bool
    texts: tuple[TextFields, ...]
    max_title_chars: int
    max_words_chars: int
    items: tuple[LookItemRow, ...]
    # Why it cannot be published yet; empty where it can.
    missing: str
    is_full: bool
    find: str
    found: tuple[LookItemRow, ...]
    found_said: str
    picture: OwnPicture
    preview: str
    page_href: str
    codes: str
    codes_href: str
    make_href: str
    problems: dict[str, str]
    wrong_form: str

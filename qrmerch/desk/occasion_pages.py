"""What the desk's pages about events receive."""

from dataclasses import dataclass

from qrmerch.desk.own_pictures import OwnPicture
from qrmerch.desk.own_texts import TextFields


@dataclass(frozen=True, slots=True)
class OccasionRow:
    """An event in the list; `state` is a word of `ui/status.html`."""

    name: str
    href: str
    when: str
    where: str
    state: str
    label: str
    codes: str
    codes_href: str


@dataclass(frozen=True, slots=True)
class OccasionsPage:
    """`desk/occasions.html`"""

    lede: str
    rows: tuple[OccasionRow, ...]


@dataclass(frozen=True, slots=True)
class OccasionPage:
    """`desk/occasion.html`; `id` is empty while it is new."""

    id: str
    title: str
    lede: str
    state: str
    label: str
    is_published: bool
    texts: tuple[TextFields, ...]
    max_title_chars: int
    max_words_chars: int
    max_spot_chars: int
    begins: str
    ends: str
    stores: tuple[tuple[str, str], ...]
    chosen_stores: tuple[str, ...]
    picture: OwnPicture
    preview: str
    page_href: str
    codes: str
    codes_href: str
    make_href: str
    problems: dict[str, str]
    wrong_form: str

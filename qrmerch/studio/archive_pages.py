"""What the templates about archives of pictures receive."""

from dataclasses import dataclass

from qrmerch.media.models import Archive
from qrmerch.studio.pages import Paging


@dataclass(frozen=True, slots=True)
class Count:
    """How many files came to one thing; `href` shows them alone."""

    label: str
    number: int
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A product that a picture was put beside."""

    title: str
    key: str
    href: str


@dataclass(frozen=True, slots=True)
class FileLine:
    """What came of one file. `mark` and `said` are for `ui/status.html`; `image` is empty until it is made ready."""

    name: str
    image: str
    # The picture's own page; empty where there is none.
    href: str
    mark: str
    said: str
    items: tuple[ShownItem, ...]
    matched_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """`studio/archive.html`"""

    archive: Archive
    lede: str
    # How far it is and how long the rest takes; empty once it is at its end.
    running: str
    # What came of it in the end; empty while it runs.
    ended: str
    # Pictures that are in and not ready yet.
    unready: int
    counts: tuple[Count, ...]
    lines: tuple[FileLine, ...]
    paging: Paging
    csv: str

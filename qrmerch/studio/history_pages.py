"""What the pages on a draft's earlier saves, and on copying from another page, receive."""

from dataclasses import dataclass

from qrmerch.content.comparing import Piece


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of a part of a slot.

    `part` is what its box says, empty where it cannot be ticked; `problem` says why.
    """

    part: str
    label: str
    language: str
    locale: str
    direction: str
    pieces: tuple[Piece, ...]
    images: tuple[str, ...] = ()
    problem: str = ""
    is_ticked: bool = True


@dataclass(frozen=True, slots=True)
class SaveLine:
    """One save in the list: when, by whom, where from, and what it changed."""

    href: str
    at: str
    by: str
    path: str
    said: str
    is_current: bool
    # What stands now is no earlier save.
    is_newest: bool


@dataclass(frozen=True, slots=True)
class SavesPage:
    """`studio/content_saves.html`"""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    lede: str
    saves: tuple[SaveLine, ...]
    # Of the one that is looked at: its heading, and what bringing it back would change.
    heading: str
    changes: tuple[Change, ...]
    address: str
    number: int
    edit: int
    save: int
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A page to copy from."""

    href: str
    title: str
    retailer: str
    said: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class CopyPage:
    """`studio/content_copy.html`"""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    lede: str
    # Where the list is looked through, and the hidden field that says for which item where nothing is begun.
    action: str
    item_id: str
    find: str
    sources: tuple[SourceLine, ...]
    # Of the one that is looked at: its heading, what fits, what does not, and how much is here already.
    heading: str
    fitting: tuple[Change, ...]
    others: tuple[Change, ...]
    same: str
    address: str
    number: int
    edit: int
    source: str
    problems: dict[str, str]

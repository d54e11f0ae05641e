"""What the templates of a shared list receive: its owner's page, what is brought, and what friends see."""

from dataclasses import dataclass

from qrmerch.landing.pages import Translate
from qrmerch.rendering.pages import Frame, Piece


@dataclass(frozen=True, slots=True)
class SharingPage:
    """How a shopper's list is shared, for its owner."""

    t: Translate
    frame: Frame
    title: str
    # Where its form goes, and the list itself.
    action: str
    back: str
    # The address that friends get; empty while the list is not shared.
    url: str
    # The same page on this host, where its owner is known.
    seen: str
    mail: str
    sms: str
    # Until when the address holds, in words.
    until: str
    # Friends may mark what they bring; and the page that tells what they marked.
    is_gift: bool
    gifts: str
    # There is something on the list to share.
    has_items: bool


@dataclass(frozen=True, slots=True)
class GiftsPage:
    """What friends bring of a list, for an owner who asks; never who."""

    t: Translate
    frame: Frame
    pieces: tuple[Piece, ...]
    back: str


@dataclass(frozen=True, slots=True)
class SharedPiece:
    """One item of a friend's list. `brought`: `me`, `other`, or empty while nobody says that they bring it."""

    piece: Piece
    brought: str


@dataclass(frozen=True, slots=True)
class StoreOption:
    """A store in which the friend may be."""

    public_id: str
    name: str


@dataclass(frozen=True, slots=True)
class SharedListPage:
    """A list as its owner's friends see it."""

    t: Translate
    frame: Frame
    title: str
    # The part of its address that no other list has.
    secret: str
    pieces: tuple[SharedPiece, ...]
    # The store that stock is said for, its public id; `none` for no store, empty before anybody chose.
    at: str
    stores: tuple[StoreOption, ...]
    visit: str
    is_owner: bool
    # Friends may mark what they bring, and whoever looks is one.
    is_gift: bool
    # For a phone without a cookie: what its first mark makes it known by, so that two taps are one phone.
    phone: str
    # What marking does on this phone.
    marking: str
    # What the last button came to, in a sentence; empty for nothing.
    said: str
    can_copy: bool


@dataclass(frozen=True, slots=True)
class EndedListPage:
    """A list that is shared no more."""

    t: Translate
    frame: Frame

"""What the templates of the content editor receive."""

from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.content.comparing import Piece
from qrmerch.content.slots import Slot
from qrmerch.studio.quality import QualityPart


@dataclass(frozen=True, slots=True)
class LanguageTab:
    """A language of the retailer's; `notes` say what is missing in it or out of date, each after its mark.

    A mark is a class of `ui/status.html`.
    """

    locale: str
    label: str
    notes: tuple[tuple[str, str], ...]
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A reviewer's comment, with its number on the page."""

    number: int
    # The slot's name, or empty for the page as a whole.
    slot: str
    label: str
    text: str
    by: str
    at: str
    # What it is called, where it is about one language.
    language: str = ""


@dataclass(frozen=True, slots=True)
class ChosenPicture:
    """A picture in a slot: its words in this language, and what is wrong with it as the end of a sentence."""

    asset_id: str
    image: str
    alt: str
    is_decorative: bool
    problem: str
    # What a code in it would do, which is for the retailer to judge.
    warning: str
    # Why the words of this picture were not taken.
    alt_problem: str
    # What a film or sound is called.
    name: str = ""
    # What the form is told it said, so that the next save knows what was changed.
    was: str = ""
    # The same in the first language where another is shown, and whether that was written after this.
    original: str = ""
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class OfferedPicture:
    """A picture that may be added to a slot; `problem` says why it would not do."""

    asset_id: str
    image: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a facts slot in this language, and in the first language where that is another."""

    # Its place among the kept rows; empty for a new one.
    place: str
    name: str
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class Twice:
    """A part of a slot that two people changed differently, each against what stood there before.

    `field` is the name of the choice: "mine", or "theirs" for what is saved.
    """

    field: str
    label: str
    # Empty where it is not about one language.
    locale: str
    direction: str
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    my_images: tuple[str, ...] = ()
    their_images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormPart:
    """What all fields of the editor's form know: whether it can be written, and its language."""

    is_open: bool
    locale: str
    direction: str
    first_language: str


@dataclass(frozen=True, slots=True)
class SlotField:
    """A slot as it stands in the form, in one language."""

    slot: Slot
    # What stands at the right of the label: limits, who set it.
    opt: str
    value: str
    # The same in the first language, where another one is shown.
    original: str
    # Where two people changed it at once.
    twice: tuple[Twice, ...]
    # Whether the first language was written after this one.
    is_stale: bool
    problem: str
    comments: tuple[Comment, ...]
    pictures: tuple[ChosenPicture, ...] = ()
    offered: tuple[OfferedPicture, ...] = ()
    find: str = ""
    rows: tuple[Row, ...] = ()
    # Value and words of each option of a choice, "not said" first.
    choices: tuple[tuple[str, str], ...] = ()
    # Where a link leads.
    url: str = ""
    # Why nothing can be written in this language; empty where it can.
    only: str = ""
    # The rows of a table that waits for an answer, the first of which names the columns.
    table: tuple[tuple[str, ...], ...] = ()
    # As safe HTML: what the retailer says in a fixed slot; what waits for an answer in a longer text.
    said: Markup = Markup()


@dataclass(frozen=True, slots=True)
class Locked:
    """What the page shows and no vendor writes: the value, and who set it."""

    label: str
    opt: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class SectionFields:
    """A section of the template with its slots, and what stands in it locked."""

    label: str
    fields: tuple[SlotField, ...]
    locked: tuple[Locked, ...] = ()


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do next; `mark` is a class of `ui/status.html`: refuse, wait or draft."""

    text: str
    href: str
    mark: str


@dataclass(frozen=True, slots=True)
class StandingPart:
    """`studio/_content_standing.html`: how far the page is, and what to do next. Redrawn after each save."""

    done: int
    total: int
    todos: tuple[Todo, ...]
    # The sentence beside the button that sends.
    in_the_way: str
    quality: QualityPart


@dataclass(frozen=True, slots=True)
class Preview:
    """The page in a phone: its address, how it is lit, and the way to look at it on a real one."""

    src: str
    title: str
    scheme: str
    schemes: tuple[tuple[str, str, bool], ...]
    # A signed link, and its code as SVG; empty before the first save.
    link: str
    code: Markup


@dataclass(frozen=True, slots=True)
class EditorPage:
    """`studio/content.html`"""

    title: str
    retailer: str
    crumbs: tuple[tuple[str, str], ...]
    lede: str
    saved: str
    # draft, returned, submitted, approved, withdrawn.
    state: str
    is_open: bool
    # Where the form goes; the draft saves itself there too.
    address: str
    # What the person's browser keeps of it is called so: the content or the item, and the person.
    shelf: str
    # What the browser called the form that came back; empty where none did.
    mark: str
    number: int
    edit: int
    form: FormPart
    languages: tuple[LanguageTab, ...]
    problems: dict[str, str]
    # The sentence on somebody else's save, where one came in between.
    conflict: str
    comments: tuple[Comment, ...]
    # Why nothing is shown to shoppers, where the page was taken down.
    taken_down: str
    # What is said of a newer version of the template, and whether this draft can go on in it.
    newer: str
    can_take_newer: bool
    sections: tuple[SectionFields, ...]
    added: str
    standing: StandingPart
    preview: Preview
    withdraw: str
    # Addresses; empty where there is nothing to look at or nothing can be taken.
    saves: str
    copy: str


@dataclass(frozen=True, slots=True)
class KeptText:
    """What was typed in one field."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptPage:
    """`studio/content_kept.html`: what was typed, when it could not be saved."""

    title: str
    detail: str
    address: str
    hidden: tuple[tuple[str, str], ...]
    texts: tuple[KeptText, ...]
    # Whether pressing Save again may work, and whether signing in comes first.
    can_save: bool
    needs_sign_in: bool

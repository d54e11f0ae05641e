"""What the templates of review, publication and page templates receive."""

from dataclasses import dataclass

from qrmerch.content.comparing import Piece
from qrmerch.content.slots import Slot
from qrmerch.desk.paging import Paging
from qrmerch.desk.take_down import TakeDown


@dataclass(frozen=True, slots=True)
class ChangedWords:
    """What of a slot's words went and came, in one language (empty: all)."""

    label: str
    locale: str
    direction: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A revision that waits. `size` is "New" or how many slots; `state` a word and what it is called."""

    id: str
    # The revision and the digest of what is shown of it here.
    pick: str
    href: str
    title: str
    vendor: str
    image: str
    changed: str
    # The words themselves, where so few change that they can be approved from here.
    words: tuple[ChangedWords, ...]
    size: str
    age: str
    sent: str
    due: str
    is_late: bool
    assignee: str
    state: tuple[str, str]


@dataclass(frozen=True, slots=True)
class VendorWait:
    """How long one vendor waited, and what of its is approved without a reviewer."""

    name: str
    href: str
    pages: int
    half: str
    slowest: str
    returned: int
    rule: str


@dataclass(frozen=True, slots=True)
class ReviewerWait:
    """How long one reviewer took to answer, and how long the pages took that they let through."""

    name: str
    answers: int
    answer_half: str
    answer_slowest: str
    pages: int
    half: str
    slowest: str


@dataclass(frozen=True, slots=True)
class Waits:
    """How long vendors wait: the sentence, and by whom."""

    say: str
    vendors: tuple[VendorWait, ...]
    reviewers: tuple[ReviewerWait, ...]


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`desk/review.html`"""

    lede: str
    rows: tuple[QueueRow, ...]
    paging: Paging
    vendors: tuple[tuple[str, str], ...]
    vendor_id: str
    kinds: tuple[tuple[str, str], ...]
    change: str
    languages: tuple[tuple[str, str], ...]
    locale: str
    people: tuple[tuple[str, str], ...]
    assignee: str
    dues: tuple[tuple[str, str], ...]
    due: str
    # "due", or empty for by age; the addresses that order it either way.
    order: str
    age_href: str
    due_href: str
    is_filtered: bool
    # Where the chosen are sent to.
    address: str
    can_publish: bool
    waits: Waits


@dataclass(frozen=True, slots=True)
class Remark:
    """A reviewer's comment: who, when, what."""

    by: str
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class PictureMark:
    """A picture in a change: it stayed, went or came."""

    image: str
    number: int
    # same, gone or new.
    change: str
    alt: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, as it stands in the list. `slot` is empty where nothing can be pinned."""

    slot: str
    label: str
    language: str
    locale: str
    direction: str
    count: str
    pieces: tuple[Piece, ...]
    pictures: tuple[PictureMark, ...]
    # What was said of this slot when an earlier revision went back.
    remarks: tuple[Remark, ...]
    # Of its pictures those that hold a code which leads away, each in a sentence.
    warnings: tuple[str, ...]
    # The name of its comment ("comment.story.text@ar"), empty where nothing is to be said; and what is typed there.
    field: str
    comment: str
    problem: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A page in a phone, with what it is."""

    caption: str
    src: str
    title: str


@dataclass(frozen=True, slots=True)
class PublishForm:
    """When and where a revision shall show; values as typed."""

    address: str
    zone: str
    from_at: str
    until_at: str
    where: str
    stores: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    # "all" or "some" of the languages.
    which: str
    languages: tuple[tuple[str, str], ...]
    chosen_languages: tuple[str, ...]
    # The hours of each week, as text; empty for always.
    hours: str
    problems: dict[str, str]
    # What shows now, in a sentence.
    now: str
    # What was planned before, and would lie underneath.
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssignForm:
    """Who answers a revision and by when; `due` as a `datetime-local` field holds it."""

    address: str
    people: tuple[tuple[str, str], ...]
    assignee: str
    due: str
    zone: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """`desk/revision.html`"""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    lede: str
    state: str
    next_href: str
    heading: str
    changes: tuple[ChangeRow, ...]
    unchanged: str
    # As in a change, of pictures that no change shows; and whether it has to be said that codes may stay.
    warnings: tuple[str, ...]
    asks_codes: bool
    # Slots without a change that can be commented on, and comments typed there.
    others: tuple[tuple[str, str, str], ...]
    # Who answers and by when, as it stands or as it was typed; None where nothing waits.
    assign: AssignForm | None
    languages: tuple[tuple[str, str, bool], ...]
    phone_views: tuple[tuple[str, str, bool], ...]
    before: Phone
    after: Phone
    problems: dict[str, str]
    whole_comment: str
    whole_remarks: tuple[Remark, ...]
    # Empty where it does not wait for an answer.
    address: str
    digest: str
    shown_digest: str
    # Why this person does not approve it; empty where they may.
    may_not_approve: str
    # That they approve what they sent themselves; empty where they did not.
    own_say: str
    can_publish: bool
    publish: PublishForm | None
    publications_href: str
    # None where nothing shows or is going to.
    take_down: TakeDown | None


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """What was said when of which revision: `state` is live, scheduled, ended or replaced."""

    title: str
    href: str
    state: str
    label: str
    begins: str
    ends: str
    places: str
    by: str
    reason: str
    # Where it is ended, or called off; empty where it is over, or is not this person's to end.
    end_href: str
    end_label: str


@dataclass(frozen=True, slots=True)
class ApprovedRow:
    """A revision that can be shown again."""

    revision_id: str
    href: str
    title: str
    said: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PublicationsPage:
    """`desk/publications.html`"""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    lede: str
    address: str
    rows: tuple[PublicationRow, ...]
    approved: tuple[ApprovedRow, ...]
    phone: Phone
    can_publish: bool
    # None where nothing shows or is going to.
    take_down: TakeDown | None
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list."""

    template_id: str
    href: str
    name: str
    style: str
    version: str
    pages: int
    is_default: bool


@dataclass(frozen=True, slots=True)
class StyleChoice:
    """One of the three finished templates."""

    style: str
    name: str
    says: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class TemplatesPage:
    """`desk/templates.html`"""

    lede: str
    rows: tuple[TemplateRow, ...]
    choices: tuple[StyleChoice, ...]
    name: str
    style: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class FixedField:
    """A field of a fixed slot: words in one language, the whole of what has none, or what can be chosen."""

    name: str
    language: str
    locale: str
    direction: str
    value: str
    problem: str
    help: str = ""
    # Pairs of value and words; empty where it is typed.
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ComingFixed:
    """A fixed value that is to stand later on."""

    fixed_id: str
    said: str
    begins: str


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A slot as the retailer sees it: who fills it, within which limits."""

    slot: Slot
    who: str
    limits: str
    fixed: tuple[FixedField, ...] = ()
    since: str = ""
    coming: tuple[ComingFixed, ...] = ()
    # As typed, where the form came back.
    from_at: str = ""


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section of a template, and who fills it."""

    key: str
    label: str
    note: str
    who: str
    slots: tuple[SlotLine, ...]


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """`desk/template.html`"""

    title: str
    lede: str
    address: str
    is_default: bool
    is_being_built: bool
    older_pages: str
    sections: tuple[SectionLine, ...]
    problems: dict[str, str]
    # What a page may weigh, in KB, as it stands in the field; and what the template itself weighs.
    # As it stands in the field.
    name: str
    budget: str
    own_weight: str
    phone: Phone
    items: tuple[tuple[str, str], ...]
    # What was looked for among the items, and whether there are more than these.
    find: str
    has_more: bool
    item_id: str
    locales: tuple[tuple[str, str, bool], ...]
    schemes: tuple[tuple[str, str, bool], ...]
    scheme: str
    locale: str

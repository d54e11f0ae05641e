"""What the desk's pages about GS1 addresses receive."""

from dataclasses import dataclass

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A variant's number with its address; both empty where there can be none, and `said` tells why."""

    variant_id: str
    name: str
    gtin: str
    address: str
    said: str
    # Whether another variant is meant by the number, and this one could be.
    may_answer: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """One way to write the address, and how fine the code is that says it."""

    writing: str
    name: str
    says: str
    said: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the table shows it; `id` is empty for what the item's page gives by itself."""

    id: str
    title: str
    kind: str
    level: str
    language: str
    href: str
    is_default: bool
    # Why it is not followed; empty where it is.
    problem: str


@dataclass(frozen=True, slots=True)
class LinkForm:
    """The fields of one link as they are typed, and what there is to choose from."""

    fields: dict[str, str]
    types: Options
    media_types: Options
    locales: Options
    gtins: Options
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemGs1Page:
    """`desk/item_gs1.html`"""

    id: str
    title: str
    lede: str
    numbers: tuple[NumberRow, ...]
    # The first number that has an address, drawn both ways; none where there is none.
    gtin: str
    gtins: Options
    drawings: tuple[Drawing, ...]
    size: str
    links: tuple[LinkRow, ...]
    form: LinkForm
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gs1LinkPage:
    """`desk/gs1_link.html`"""

    id: str
    item_id: str
    item_title: str
    title: str
    form: LinkForm
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host that links may lead to; `id` is empty for the retailer's own."""

    id: str
    host: str
    links: str


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A number that several variants have: which is meant, and the others."""

    gtin: str
    answer: str
    href: str
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gs1Page:
    """`desk/gs1.html`"""

    lede: str
    base: str
    keys: tuple[tuple[str, str], ...]
    description: str
    stores: tuple[tuple[str, str, str], ...]
    shared: tuple[SharedRow, ...]
    hosts: tuple[HostRow, ...]
    may_allow: bool
    host: str
    problems: dict[str, str]

"""What the desk's pages about vendors and people receive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VendorRow:
    """A vendor in the list; `state` is a word of `ui/status.html`."""

    name: str
    href: str
    sub: str
    items: str
    items_href: str
    review: str
    state: str
    label: str


@dataclass(frozen=True, slots=True)
class VendorsPage:
    """`desk/vendors.html`"""

    lede: str
    rows: tuple[VendorRow, ...]


@dataclass(frozen=True, slots=True)
class NewVendorPage:
    """`desk/vendor_new.html`"""

    name: str
    email: str
    is_trusted: bool
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class RulesForm:
    """What of a vendor's is approved without a reviewer, as it stands or as it was typed."""

    is_small: bool
    max_chars: str
    slots: tuple[str, ...]
    # Slots of words: (name, label).
    options: tuple[tuple[str, str], ...]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class VendorPage:
    """`desk/vendor.html`"""

    id: str
    name: str
    lede: str
    is_house: bool
    is_trusted: bool
    may_ask_prints: bool
    # When it was suspended, in words; empty while it supplies.
    suspended: str
    facts: tuple[tuple[str, str], ...]
    items_href: str
    # (name, e-mail, role)
    people: tuple[tuple[str, str, str], ...]
    invited: tuple[str, ...]
    may_invite: bool
    invite_say: str
    email: str
    problems: dict[str, str]
    # The link of the invitation just made, where this installation mails nothing.
    link: str
    rules: RulesForm
    # Whether it agreed to the terms; empty where there are none.
    terms: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody in one role; `stores` are an associate's, `href` leads to changing them."""

    membership_id: str
    name: str
    email: str
    stores: str
    href: str
    since: str
    is_signed_in: bool
    is_oneself: bool


@dataclass(frozen=True, slots=True)
class RoleGroup:
    """The people of one role, and what it may do."""

    id: str
    title: str
    say: str
    people: tuple[PersonRow, ...]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that nobody has taken up yet."""

    id: str
    email: str
    role: str
    until: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """`desk/people.html`"""

    lede: str
    groups: tuple[RoleGroup, ...]
    invitations: tuple[InvitationRow, ...]
    email: str
    role: str
    roles: tuple[tuple[str, str], ...]
    stores: tuple[tuple[str, str], ...]
    chosen_stores: tuple[str, ...]
    problems: dict[str, str]
    # The link of the invitation just made, where this installation mails nothing.
    link: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    """`desk/person.html`"""

    membership_id: str
    name: str
    lede: str
    stores: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    problems: dict[str, str]

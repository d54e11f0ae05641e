"""What the template of a retailer's hosts receives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host: whether it answers, what carries it, and what would prove it."""

    host_id: str
    host: str
    is_default: bool
    is_proven: bool
    # For `status`: live, ready or waiting.
    state: str
    state_words: str
    codes: str
    # When and how it was proven, or what the last look missed.
    said: str
    record_name: str
    record_text: str
    file_address: str
    may_leave: bool


@dataclass(frozen=True, slots=True)
class HostsPage:
    """`desk/hosts.html`"""

    lede: str
    proven: tuple[HostRow, ...]
    waiting: tuple[HostRow, ...]
    # The installation's own address, and how many codes carry that one.
    shared: str
    # Its name alone, for a record in DNS.
    lead_to: str
    shared_codes: str
    typed: str
    problems: dict[str, str]

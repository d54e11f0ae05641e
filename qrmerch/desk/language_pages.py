"""What the desk's page about languages receives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """One of the retailer's languages; `rule` is empty for the first one."""

    locale: str
    name: str
    # In its own words, and which way those run.
    own_name: str
    direction: str
    rule: str
    # What our own words (buttons, notices) are in.
    interface: str
    # The legal line: in which language it stands on its pages; empty where there is none at all.
    legal: str
    is_first: bool
    may_go_up: bool
    may_go_down: bool


@dataclass(frozen=True, slots=True)
class LanguagesPage:
    """`desk/languages.html`; `rules` and `choices` are pairs of (value, label)."""

    lede: str
    rows: tuple[LanguageRow, ...]
    rules: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    chosen: str
    is_full: bool
    problems: dict[str, str]

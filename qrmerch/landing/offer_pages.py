"""What the templates of a claimed offer receive: the code for the till, and why there is none."""

from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.rendering.pages import Frame, Translate


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands under a code: a word and its sentence, and where it ends, its end."""

    title: str
    text: str
    ends: str = ""
    # ISO 8601.
    ends_at: str = ""


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """A code for the till, for the one phone that holds it."""

    t: Translate
    frame: Frame
    # `valid`, `held`, `used`, `ended` or `void`; only a valid one can be read by a till.
    state: str
    # The state in a word or two.
    now: str
    headline: str
    # What it comes to on the item it was taken for; empty where that is not one figure.
    worth: str
    # The code in groups; empty where it can no longer be shown.
    code: str
    qr: Markup
    bars: Markup
    seal: Seal
    # A sentence under the pass; empty where there is nothing to add.
    words: str
    terms: str
    # What is kept of a code, and of whom not.
    kept: str
    item: str
    item_href: str


@dataclass(frozen=True, slots=True)
class NoClaimPage:
    """An offer that this phone does not get: why, and what can be done."""

    t: Translate
    frame: Frame
    headline: str
    title: str
    words: str
    # The code by which it was used already; empty for none.
    used_href: str
    item: str
    item_href: str

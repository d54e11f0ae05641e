"""Text from outside, made safe to keep and to show."""

import html
import re
import unicodedata
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# Beyond it a nest of brackets costs the Markdown parser noticeable time.
MAX_RICH_CHARS = 10_000
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
_LINKS = ("https://", "mailto:", "tel:")
_MARKDOWN = MarkdownIt("zero").enable(["emphasis", "list", "link", "newline", "heading", "escape", "blockquote"])
# Joiners that Arabic, Persian and Indic words and emoji need.
_JOINERS = "\u200c\u200d"
# Characters that show nothing, though Unicode calls some of them letters: fillers of Hangul, an empty Braille cell,
# a joiner of marks. Within a line they may shape what stands beside them.
_BLANK: Final = "\u034f\u115f\u1160\u2800\u3164\uffa0" + _JOINERS
# What a spreadsheet takes for the start of a formula, in full width too.
_FORMULA_STARTS = frozenset("=+-@\t\r\0\uff1d\uff0b\uff0d\uff20")
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{9,}")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)


def clean_line(text: str, max_chars: int) -> str:
    """One line: NFC, no control, hidden or direction-overriding characters, spaces joined, trimmed.

    Blank-looking letters and joiners at its ends count as spaces. A line without a visible character is empty.

    :raises ValueError: longer than `max_chars` after cleaning.
    """
    line = _clean(text)
    if len(line) > max_chars:
        raise ValueError(f"At most {max_chars} characters; this has {len(line)}.")
    return line


def _clean(text: str) -> str:
    """One clean line, however long."""
    normal = unicodedata.normalize("NFC", text)
    if not normal.isprintable():
        # Only then is each character looked at: a long catalogue has millions.
        normal = "".join(c if _is_shown(c) else " " for c in normal)
    line = " ".join(normal.split()).strip(" " + _BLANK)
    return line if any(map(_is_visible, line)) else ""


def clean_block(text: str, max_chars: int) -> str:
    """As `clean_line`, with line breaks kept.

    :raises ValueError: longer than `max_chars` after cleaning.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    block = "\n".join(map(_clean, lines)).strip("\n")
    if len(block) > max_chars:
        raise ValueError(f"At most {max_chars} characters; this has {len(block)}.")
    return block


def _is_shown(character: str) -> bool:
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def _is_visible(character: str) -> bool:
    """Whether a character shows something when it stands alone; an accent needs a letter."""
    return character not in _BLANK and unicodedata.category(character)[0] in "LNPS"


def whole_number(text: str, *, most: int) -> int | None:
    """The number that `text` is in ASCII digits, `most` for a larger one; None if it is anything else.

    However long it is: Python refuses to read a number of thousands of digits.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0")
    return most if len(digits) > len(str(most)) else min(int(digits or "0"), most)


def to_characters(text: str) -> str:
    """`text` with HTML's references (`&amp;`, `&#38;`) replaced by the characters they stand for.

    However long they are: Python refuses to read a number of thousands of digits, and no character's has nine.
    """
    return html.unescape(_ENDLESS_REFERENCE.sub("&#999999999", text))


def rich_text(source: str) -> Markup:
    """A small Markdown subset as safe HTML: emphasis, lists, small headings, links over https."""
    rendered = _MARKDOWN.render(source[:MAX_RICH_CHARS])
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=lambda _tag, name, value: value if name != "href" or value.startswith(_LINKS) else None,
        link_rel="noopener nofollow ugc",
    )
    return Markup(clean)  # noqa: S704 - the sanitiser's answer


def is_link(address: str) -> bool:
    """Whether an address is one that a page of ours leads to: over https, to a mailbox, to a telephone."""
    return address.startswith(_LINKS)


def rich_links(source: str) -> list[str]:
    """Where the links in a text of `rich_text` lead, in order, as the browser would be told."""
    found = []
    for block in _MARKDOWN.parse(source[:MAX_RICH_CHARS]):
        found += [str(token.attrs.get("href", "")) for token in block.children or () if token.type == "link_open"]
    return found


def plain(source: str) -> str:
    """The words of a piece of HTML, without any mark-up, spaces joined."""
    stripped = nh3.clean(source.replace("<", " <"), tags=set())
    return " ".join(Markup(stripped).unescape().split())  # noqa: S704 - only read as text


def spreadsheet_cell(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula; a plain number stays one."""
    if not text or text[0] not in _FORMULA_STARTS or _PLAIN_NUMBER.fullmatch(text):
        return text
    return "'" + text

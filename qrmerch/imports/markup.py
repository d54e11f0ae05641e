"""HTML from a shop system, as plain text in the small Markdown that our pages read.

Every character is looked at a fixed number of times. The parsers at hand are no help there: Python's reads an unclosed
tag once more for each of its beginnings, and the one in nh3 reads all open blocks once more for each new one. What
comes out is text, never HTML: pages escape it.
"""

import re
from typing import Final

from qrmerch.text import to_characters

_IS_HTML: Final = re.compile(r"</?[a-zA-Z][^<>]*>|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_BLOCKS: Final = {
    "p",
    "div",
    "ul",
    "ol",
    "table",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
}
_DROPPED: Final = {"script", "style", "template", "iframe", "object", "svg", "noscript", "title", "textarea"}
_MARKS: Final = {"strong": "**", "b": "**", "em": "_", "i": "_"}
# Deeper ones are left out: each level is read once more.
_MAX_MARKS_DEEP: Final = 4
# A tag to its end, and whether it closes itself; a ">" in a quoted value is no end. Nothing is given back (`*+`).
_TAG: Final = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?:=\s*+"[^"]*"|=\s*+'[^']*'|(?P<itself>/)(?=>)|[^>])*+>"""
)
_IS_TAG: Final = re.compile(r"</?[a-zA-Z]")
# What looks like a tag and is none: a declaration, an instruction, an end without a name.
_NO_TAG: Final = re.compile(r"<(?:[!?]|/[^a-zA-Z])")
# In these a browser looks for nothing but their end.
_ENDS_OF_RAW: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "iframe", "noscript", "title", "textarea")
}


def to_text(source: str) -> str:
    """The words with paragraphs, list items, bold and emphasis kept; scripts, styles, links and the rest gone.

    From a tag, comment or script that never ends, the rest is words as it stands.
    """
    if not _IS_HTML.search(source):
        return source.strip()
    writer = _Writer()
    at = 0
    while (begin := source.find("<", at)) >= 0:
        writer.words(source[at:begin])
        at = _step(writer, source, begin)
        if at == begin:
            break
    writer.words(source[at:])
    return writer.text()


def _step(writer: "_Writer", source: str, begin: int) -> int:
    """Take in what begins with the "<" at `begin`; where it ends, or `begin` if it never does."""
    if source.startswith("<!--", begin):
        return _after(source, "-->", begin, begin + 4)
    if _NO_TAG.match(source, begin):
        return _after(source, ">", begin, begin + 2)
    if not _IS_TAG.match(source, begin):
        writer.words("<")
        return begin + 1
    tag = _TAG.match(source, begin)
    if tag is None:
        return begin
    name = tag["name"].lower()
    if tag["end"]:
        writer.end(name)
        return tag.end()
    writer.start(name)
    if tag["itself"]:
        writer.end(name)
    elif name in _ENDS_OF_RAW:
        raw_end = _ENDS_OF_RAW[name].search(source, tag.end())
        return raw_end.start() if raw_end else len(source)
    return tag.end()


def _after(source: str, mark: str, begin: int, at: int) -> int:
    end = source.find(mark, at)
    return end + len(mark) if end >= 0 else begin


class _Writer:
    """The text as it grows."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._dropped = 0
        # Marks that are open, with the place where their words begin.
        self._open: list[tuple[str, int]] = []

    def start(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag in ("li", "tr"):
            self._parts.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _MARKS and len(self._open) < _MAX_MARKS_DEEP:
            self._open.append((_MARKS[tag], len(self._parts)))

    def end(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _MARKS and self._open and self._open[-1][0] == _MARKS[tag]:
            mark, begin = self._open.pop()
            self._parts[begin:] = [_marked("".join(self._parts[begin:]), mark)]

    def words(self, source: str) -> None:
        if source and not self._dropped:
            self._parts.append(re.sub(r"\s+", " ", to_characters(source)))

    def text(self) -> str:
        # Once more: what went through two shop systems is often written twice over.
        joined = to_characters("".join(self._parts))
        lines = [re.sub(r"[ \t]+", " ", line).strip() for line in joined.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "-")).strip()


def _marked(words: str, mark: str) -> str:
    """Words between marks that hug them: what is bold may begin or end with a space, Markdown's bold may not."""
    bare = words.strip()
    if not bare or "\n\n" in bare:
        return words
    before, _, after = words.partition(bare)
    return f"{before}{mark}{bare}{mark}{after}"

"""HTML from a shop system, as plain text in the small Markdown that our pages read."""

import html
import re
from html.parser import HTMLParser
from typing import Final

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


def to_text(source: str) -> str:
    """The words with paragraphs, list items, bold and emphasis kept; scripts, styles, links and the rest gone."""
    if not _IS_HTML.search(source):
        return source.strip()
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._dropped = 0
        # Marks that are open, with the place where their words begin.
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
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

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _MARKS and self._open and self._open[-1][0] == _MARKS[tag]:
            mark, begin = self._open.pop()
            self._parts[begin:] = [_marked("".join(self._parts[begin:]), mark)]

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._parts.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        joined = html.unescape("".join(self._parts))
        lines = [re.sub(r"[ \t]+", " ", line).strip() for line in joined.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "-")).strip()


def _marked(words: str, mark: str) -> str:
    """Words between marks that hug them: what is bold may begin or end with a space, Markdown's bold may not."""
    bare = words.strip()
    if not bare or "\n\n" in bare:
        return words
    before, _, after = words.partition(bare)
    return f"{before}{mark}{bare}{mark}{after}"

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
        elif tag in _MARKS:
            self._parts.append(f"\0{_MARKS[tag]}")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _MARKS:
            self._parts.append(f"{_MARKS[tag]}\0")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._parts.append(re.sub(r"\s+", " ", data.replace("\0", "")))

    def text(self) -> str:
        joined = html.unescape("".join(self._parts))
        # Marks hug their words: what is bold may begin or end with a space, Markdown's bold may not.
        joined = re.sub(r"\0(\*\*|_)(\s*)([^\0]*?)(\s*)\1\0", _hug, joined).replace("\0", "")
        lines = [re.sub(r"[ \t]+", " ", line).strip() for line in joined.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "-")).strip()


def _hug(found: re.Match[str]) -> str:
    mark, before, words, after = found.groups()
    return f"{before}{mark}{words}{mark}{after}" if words else f"{before}{after}"

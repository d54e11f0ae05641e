"""Strings that break things, and how to see that they broke nothing: forms as they stand on pages, what is alive in
HTML, what a spreadsheet would run, and what was written to the database.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from qrmerch.text import clean_block, clean_line

# An element and a product that only a string of ours can bring about.
TELL_TAG, TELL_SUM = "x-naughty", "8641969"
# One for each way out of a text: element, attribute, script, address, template, formula, mark-up, and what a database
# or a terminal chokes on.
CORE = (
    f"'\"></script></textarea></title></style><{TELL_TAG}>",
    f'" onfocus=alert(1) autofocus x="<{TELL_TAG}>',
    "javascript:alert(1)//",
    "{{1234567*7}}{% raw %}${1234567*7}<%= 1234567*7 %>",
    '=HYPERLINK("//e")',
    "＠SUM(1+1)*cmd|' /C calc'!A0",
    f"[a](javascript:alert(1)) <{TELL_TAG} onload=alert(1)>",
    "a\u202eb\u2066c\u200b\ufeffd",
    "\u0645\u0631\u062d\u0628\u0627 \u200fabc",
    "Ω≈ç√∫˜µ≤≥÷ ﷽",
    "%00%0d%0aSet-Cookie: a=b",
    "line\r\nBcc: somebody@example.com",
    'O\'Brien "quoted" \\ back\\slash',
    "../../../../etc/passwd\0.png",
    "NULL",
    "-1",
    "٣",
)
# What a database may choke on.
OF_DATABASES = (
    "before\x00after",
    "\U0001f600 \U00020bb7",
    "\x1b[31mred\x07\x08",
    'O\'Brien "quoted" \\ back\\slash \\u0000',
    "%s %(name)s :name ?",
    "a\u0301\u202eb\ufeff\ufffe",
)
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
# Attributes that lead somewhere.
_LEADING = {"href", "src", "action", "formaction", "xlink:href", "poster", "data", "srcset", "ping", "background"}
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def strings_in(shared_data: Path) -> list[str]:
    """All naughty strings and payloads there are, each once."""
    folder = shared_data / "text"
    listed = json.loads((folder / "blns.json").read_text())
    listed += [each["payload"] for each in json.loads((folder / "dompurify_expect.json").read_text())]
    return list(dict.fromkeys([*CORE, *OF_DATABASES, *filter(None, listed)]))


def kept_forms(text: str) -> set[str]:
    """What may lie in the database for a text: itself, or itself without what cannot be seen; "" for nothing."""
    room = max(len(text) * 4, 1)
    return {text, text.strip(), clean_line(text, room), clean_block(text, room), clean_block(text, room).strip()}


@dataclass
class Form:
    """A form on a page: where it goes, what its fields hold, and which of them take words."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    has_password: bool = False


class Page(HTMLParser):
    """A page as a browser takes it: its forms, its vocabulary, and what in it is alive."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.invalid: set[str] = set()
        self.alive: list[str] = []
        self.tags: set[str] = set()
        self.alerts: list[str] = []
        self._ids: dict[str, Form] = {}
        self._actions: list[tuple[str, str | None]] = []
        self._form: Form | None = None
        self._area = self._select = ""
        self._owner: Form | None = None
        self._loud: list[str] = []
        self.feed(html)
        self.close()
        self.forms += [
            Form(action, dict(form.fields), list(form.texts), form.has_password)
            for action, owner in self._actions
            for form in [self._ids.get(owner or "") or (self.forms[-1] if self.forms else None)]
            if form
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.alive += alive_in(tag, said)
        if said.get("role") == "alert":
            self.alerts.append(tag)
        if tag == "form" and said.get("method", "").lower() == "post":
            self._form = Form(said.get("action", ""))
            self.forms.append(self._form)
            self._ids[said.get("id", "-")] = self._form
        if "formaction" in said:
            self._actions.append((said["formaction"], said.get("form")))
        owner = self._ids.get(said["form"]) if "form" in said else self._form
        self._take_field(tag, said, owner)

    def _take_field(self, tag: str, said: dict[str, str], owner: Form | None) -> None:
        name, kind = said.get("name", ""), said.get("type", "text")
        if said.get("aria-invalid") == "true":
            self.invalid.add(name)
        if tag == "option" and self._select and owner is not None:
            if "selected" in said or self._select not in owner.fields:
                owner.fields[self._select] = said.get("value", "")
            return
        if owner is None or not name or name == "csrf":
            return
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            owner.fields[name] = ""
            owner.texts.append(name)
            self._area, self._owner = name, owner
        elif tag == "input" and kind in ("checkbox", "radio"):
            # One of a list is ticked, since many forms ask for one at least; a yes or no stays as it is.
            is_listed = not name.startswith("is_")
            if "checked" in said or (is_listed and name not in owner.fields):
                owner.fields[name] = said.get("value", "on")
        elif tag == "input" and kind == "password":
            owner.has_password = True
        elif tag == "input" and kind not in ("file", "submit"):
            owner.fields[name] = said.get("value", "")
            if kind in ("text", "search", "email", "url", "tel"):
                owner.texts.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._owner:
            self._owner.fields[self._area] += data.removeprefix("\n")


def alive_in(tag: str, said: dict[str, str]) -> list[str]:
    """What of an element could do something that no page of ours asks for."""
    found = [f"<{tag} {name}={value}>" for name, value in said.items() if name.startswith("on") or name == "srcdoc"]
    if tag in (TELL_TAG, "object", "embed", "base", "math", "applet", "frame", "frameset", "marquee"):
        found.append(f"<{tag}>")
    if tag == "script" and not said.get("src", "").startswith("/static/") and said.get("type") != "application/ld+json":
        found.append("<script>")
    if tag == "meta" and said.get("http-equiv", "").lower() == "refresh" and said.get("content") != "5":
        found.append("<meta refresh>")
    for name in said.keys() & _LEADING:
        value = re.sub(r"[\x00-\x20]", "", said[name]).lower()
        if value and not re.match(r"(/(?!/)|#|\?|https?://localhost|https://|mailto:|tel:|data:image/|data:,$)", value):
            found.append(f"<{tag} {name}={value[:60]}>")
    return found


def live_formulas(text: str) -> list[str]:
    """Cells of a CSV file that a spreadsheet would run."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [cell for row in rows for cell in row if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell.strip())]


@contextmanager
def written() -> Iterator[set[str]]:
    """All texts that are sent to any database while this lasts, those inside JSON too."""
    found: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE"):
            found.update(_leaves(list(given) if isinstance(given, list) else given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _leaves(value: Any) -> Iterator[str]:
    value = getattr(value, "obj", value)
    if isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                parsed = json.loads(value)
            except ValueError:
                return
            yield from _leaves(parsed)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)

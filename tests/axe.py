"""A page through axe: every rule of WCAG 2.2 AA, and its best practice."""

from collections.abc import Iterator
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_STANDARDS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is right is checked all the same, but not described: to name and send every element that is takes longest.
_OPTIONS: Final = {"runOnly": _STANDARDS, "resultTypes": ["violations"], "selectors": False}


def list_problems(page: Page) -> list[str]:
    """What axe finds on the page as it stands, frames with it: the rule and the element, three for each rule."""
    response: dict[str, Any] = Axe().run(page, options=_OPTIONS).response
    return [f"{rule['id']}: {node['html'][:160]}" for rule in response["violations"] for node in rule["nodes"][:3]]


def open_sheets(page: Page) -> Iterator[str]:
    """The page as it stands, then with each of its sheets open in turn; the sheet's id, empty for none.

    Sheets stand still at once where the browser was told to reduce motion.
    """
    yield ""
    for name in page.evaluate("[...document.querySelectorAll('[popover]')].map((each) => each.id)"):
        page.evaluate("(id) => document.getElementById(id).showPopover()", name)
        yield name
        page.evaluate("(id) => document.getElementById(id).hidePopover()", name)

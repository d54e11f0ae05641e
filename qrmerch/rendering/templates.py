"""Turning a page's values into HTML, with or without a request around it."""

import dataclasses
import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from qrmerch.config import data_folder
from qrmerch.web import asset_address

_BETWEEN_TAGS = re.compile(r">\s+<(?=[a-z/!])")
_INDENT = re.compile(r"\n\s*")


def render_html(template: str, page: Any) -> str:
    """The page's HTML.

    :param page: the frozen dataclass that the template is written against; its fields become the names in it.
    """
    values = {each.name: getattr(page, each.name) for each in dataclasses.fields(page)}
    extra = {"figure_names", "monogram"} & set(dir(page))
    values |= {name: getattr(page, name) for name in extra}
    return _INDENT.sub("\n", _environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(data_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset_address
    return made

"""Every sentence that a shopper can see is there in every language we speak."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from qrmerch.i18n import translator

ROOT = Path(__file__).parents[1]
CATALOGUES = sorted((ROOT / "qrmerch" / "locales").glob("*.po"))
TEMPLATES = [
    ROOT / "templates" / "layouts" / "shop.html",
    *sorted((ROOT / "templates" / "rendering").glob("*.html")),
    *sorted((ROOT / "templates" / "landing").glob("*.html")),
]
ROOMS = ("rendering", "landing", "messages", "printing")
MODULES = [path for room in ROOMS for path in sorted((ROOT / "qrmerch" / room).glob("*.py"))]
# What facts and choices of a catalogue are called most often; they are translated where they are shown.
COMMON = ["Size", "Colour", "Color", "Material", "Fit", "Length", "Width", "Height", "Weight", "Waist", "Made in"]
PLACEHOLDER = re.compile(r"\{\w*\}")


def sentences_in_template(path: Path) -> set[str]:
    """The sentences of the `t("…")` calls of a template."""
    found: set[str] = set()
    for call in Environment(autoescape=True).parse(path.read_text()).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            (sentence,) = call.args
            assert isinstance(sentence, nodes.Const), f"{path.name}:{call.lineno}: t() of something that is computed"
            found.add(sentence.value)
    return found


def constants_of(trees: dict[Path, ast.Module]) -> dict[str, str]:
    """Texts that modules give a name to."""
    found = {}
    for tree in trees.values():
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
                target, value = node.target, node.value.value
                if isinstance(target, ast.Name) and isinstance(value, str):
                    found[target.id] = value
    return found


def is_translation(call: ast.Call) -> bool:
    """Whether a call is `t(…)` or `translator(…)(…)`."""
    function = call.func
    if isinstance(function, ast.Call):
        function = function.func
        return isinstance(function, ast.Name) and function.id == "translator"
    return isinstance(function, ast.Name) and function.id == "t"


def sentences_in_code() -> set[str]:
    """The sentences of the rooms' translations; names of facts and choices come from catalogues and are not here."""
    trees = {path: ast.parse(path.read_text()) for path in MODULES}
    constants = constants_of(trees)
    found = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not is_translation(node):
                continue
            (said,) = node.args
            if isinstance(said, ast.Constant):
                found.add(said.value)
            elif isinstance(said, ast.Name) and said.id in constants:
                found.add(constants[said.id])
    return found


def sentences() -> set[str]:
    in_templates = set().union(*(sentences_in_template(path) for path in TEMPLATES))
    return in_templates | sentences_in_code() | set(COMMON)


def test_the_walk_finds_what_is_there() -> None:
    found = sentences()

    assert {"Keep on my list", "In stock here, at {store}", "Find the item"} <= found
    assert len(found) > 150


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_sentence_is_left_untranslated(path: Path) -> None:
    t = translator(path.stem)

    missing = sorted(sentence for sentence in sentences() if t(sentence) == sentence and re.search("[a-z]", sentence))

    # What is made of placeholders alone may stay as it is.
    assert [each for each in missing if re.search("[a-z]", PLACEHOLDER.sub("", each))] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_fills_the_same_places(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = [message for message in read_po(file, locale=path.stem) if message.id]

    wrong = [
        message.id
        for message in catalogue
        if sorted(PLACEHOLDER.findall(message.id)) != sorted(PLACEHOLDER.findall(message.string))
    ]

    assert not wrong
    assert not [message.id for message in catalogue if message.fuzzy or not message.string]

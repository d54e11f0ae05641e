"""Every sentence that a shopper can see is there in every language we speak."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from qrmerch.i18n import SPOKEN, counter

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
# Words that are the same in both languages; whatever else is as in English was left as it was.
ALIKE = {
    "ar": set[str](),
    "de": {"Demo", "Material", "Film", "Film, {length}", "Downloads"},
    "es": {"No", "Color", "Material", "Drop"},
    "fr": {
        *("Version", "E-mail", "Composition", "Style", "Drop", "Volume", "Dimensions", "Film", "Film, {length}"),
        *("Invitation", "Pages"),
    },
}
# English words that are no word of these languages, and what may stand there nevertheless.
ENGLISH = re.compile(r"\b(?:the|and|of|with|you|your|is|this|that|not|for|it|to|here|at|store|item|list)\b", re.I)
NAMES = re.compile("Global Privacy Control|Safari|Wi-Fi|„Till“|« Till »|«Till»|ann@example.com")


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


def is_counting(call: ast.Call) -> bool:
    """Whether a call is `counter(…)(number, one, more)`."""
    return isinstance(call.func, ast.Call) and isinstance(call.func.func, ast.Name) and call.func.func.id == "counter"


@cache
def sentences_in_code() -> set[str]:
    """The sentences of the rooms' translations; names of facts and choices come from catalogues and are not here."""
    trees = {path: ast.parse(path.read_text()) for path in MODULES}
    everywhere = constants_of(trees)
    found = set()
    for path, tree in trees.items():
        # A module's own name stands before the same name elsewhere.
        constants = everywhere | constants_of({path: tree})
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not is_translation(node):
                continue
            (said,) = node.args
            if isinstance(said, ast.Constant):
                found.add(said.value)
            elif isinstance(said, ast.Name) and said.id in constants:
                found.add(constants[said.id])
    return found


@cache
def counted_in_code() -> set[tuple[str, str]]:
    """The pairs of sentences, for one and for more, that the rooms have for a number."""
    calls = (node for path in MODULES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {(one.value, more.value) for call in calls if is_counting(call) for _, one, more in [call.args]}  # type: ignore[attr-defined]


def sentences() -> set[str]:
    in_templates = set().union(*(sentences_in_template(path) for path in TEMPLATES))
    return in_templates | sentences_in_code() | set(COMMON)


def test_the_walk_finds_what_is_there() -> None:
    found = sentences()

    assert {"Keep on my list", "In stock here, at {store}", "Find the item"} <= found
    assert len(found) > 150

    assert ("1 item", "{count} items") in counted_in_code()


def test_four_languages_are_spoken_beside_english() -> None:
    assert SPOKEN == ("en", *(path.stem for path in CATALOGUES)) == ("en", "ar", "de", "es", "fr")


@cache
def messages_of(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=path.stem, abort_invalid=True) if message.id]


def forms_of(message: Message) -> tuple[str, ...]:
    return message.string if message.pluralizable else (message.string,)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_sentence_is_left_untranslated(path: Path) -> None:
    messages = messages_of(path)
    there = {each.id for each in messages if not each.fuzzy and all(forms_of(each))}

    # What is made of placeholders and signs alone may stay as it is.
    said = {each for each in sentences() if re.search("[a-z]", PLACEHOLDER.sub("", each))}
    assert sorted(said - there) == []
    assert sorted(counted_in_code() - there) == []
    worded = [each for each in messages if re.search("[a-z]", PLACEHOLDER.sub("", str(each.id)))]
    same = {each.id for each in worded if each.id in forms_of(each)}
    assert same == ALIKE[path.stem]


def test_all_languages_say_the_same_sentences() -> None:
    said = {path.stem: {message.id for message in messages_of(path)} for path in CATALOGUES}

    assert {language: each ^ said["ar"] for language, each in said.items()} == {language: set() for language in said}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_word_of_english_stands_in_another_language(path: Path) -> None:
    said = [form for message in messages_of(path) for form in forms_of(message)]

    assert [each for each in said if ENGLISH.search(PLACEHOLDER.sub("", NAMES.sub("", each)))] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_fills_the_same_places(path: Path) -> None:
    messages = messages_of(path)

    wrong = [
        message.id
        for message in messages
        if not message.pluralizable
        and sorted(PLACEHOLDER.findall(message.id)) != sorted(PLACEHOLDER.findall(message.string))
    ]

    assert not wrong
    assert not [message.id for message in messages if message.fuzzy or not all(forms_of(message))]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_form_for_several_numbers_says_which(path: Path) -> None:
    choose = counter(path.stem)

    for one, more in counted_in_code():
        numbers: dict[str, set[int]] = {}
        for number in range(1000):
            numbers.setdefault(choose(number, one, more), set()).add(number)
        place = PLACEHOLDER.findall(more)
        assert all(PLACEHOLDER.findall(form) == place for form, of in numbers.items() if len(of) > 1), one
        assert all(PLACEHOLDER.findall(form) in ([], place) for form in numbers), one


def test_numbers_are_counted_as_each_language_does() -> None:
    said = {
        locale: [counter(locale)(number, "1 item", "{count} items").format(count=number) for number in (0, 1, 2, 5, 12)]
        for locale in (*SPOKEN, "it")
    }

    assert said == {
        "en": ["0 items", "1 item", "2 items", "5 items", "12 items"],
        "ar": ["لا قطع", "قطعة واحدة", "قطعتان", "5 قطع", "12 قطعة"],
        "de": ["0 Artikel", "1 Artikel", "2 Artikel", "5 Artikel", "12 Artikel"],
        "es": ["0 artículos", "1 artículo", "2 artículos", "5 artículos", "12 artículos"],
        "fr": ["0 article", "1 article", "2 articles", "5 articles", "12 articles"],
        "it": ["0 items", "1 item", "2 items", "5 items", "12 items"],
    }


@pytest.mark.parametrize(
    ("path", "wrong"), [("fr", r" [:;?!»]|«[^\xa0]|[^\xa0 ][?!»]|'"), ("de", "[\"'«»]"), ("es", "[\"'„“]")]
)
def test_a_language_has_its_own_signs(path: str, wrong: str) -> None:
    said = [form for message in messages_of(ROOT / "qrmerch" / "locales" / f"{path}.po") for form in forms_of(message)]

    assert [each for each in said if re.search(wrong, each)] == []

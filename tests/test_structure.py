"""How the code hangs together: which way imports point, what a function may measure, what a room consists of.

The table is the one of `docs/architecture.md`; the picture there is compared with it.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "qrmerch"
TOP = {
    *(".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "README.md", "pyproject.toml", "wsgi.py"),
    *("requirements.lock", "requirements-dev.lock", "bench", "docs", "migrations", "qrmerch", "static", "templates"),
    *("tests", "tools", "vendor_uploads"),
}
# From the top down. A name imports from lower rows only, in the ground only from its left.
ROWS = {
    "top": ("__init__", "application", "cli", "demo", "edge", "moving", "navigation", "serving"),
    "pages": ("landing", "account", "desk", "studio", "insights", "associates"),
    "rendering": ("rendering",),
    "after": ("messages", "printing"),
    "actions": ("offers", "wishlists", "reviews", "calls"),
    "counting": ("scans",),
    "intake": ("imports",),
    "publishing": ("content", "codes"),
    "showing": ("looks", "occasions"),
    "goods": ("catalog",),
    "media": ("media",),
    "people": ("users", "visitors"),
    "parties": ("parties",),
    "ground": (
        "errors",
        "processors",
        "logs",
        "config",
        "clock",
        "ids",
        "money",
        "i18n",
        "text",
        "tables",
        "db",
        "files",
        "buckets",
        "fetch",
        "txt_records",
        "jobs",
        "leftovers",
        "quota",
        "audit",
        "access",
        "idempotency",
        "limits",
        "outbox",
        "gs1",
        "charts",
        "migrate",
        "web",
        "typed_forms",
        "downloads",
    ),
}
ORDER = list(ROWS)
MAX_FUNCTION_LINES = 60


def row_of(name: str) -> str:
    return next(row for row, names in ROWS.items() if name in names)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The package or top-level module that a file belongs to."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imports_of(path: Path) -> Iterator[str]:
    """The rooms of ours that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "qrmerch":
            parts = node.module.split(".")
            if len(parts) > 1:
                yield parts[1]
            else:
                yield from (alias.name if is_room(alias.name) else "__init__" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("qrmerch."))


def is_room(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def test_every_room_has_its_row() -> None:
    there = {room_of(path) for path in modules()}

    assert there == {name for names in ROWS.values() for name in names}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    row = row_of(room)

    for imported in set(imports_of(path)) - {room}:
        other = row_of(imported)
        if row == other == "ground":
            assert ROWS["ground"].index(imported) < ROWS["ground"].index(room), f"{imported} stands to the right"
        elif row == "top":
            assert imported != "cli", "nobody knows the commands"
        else:
            assert ORDER.index(other) > ORDER.index(row), f"{imported} is not below {room}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text())

    assert ast.get_docstring(tree), "a module opens with a sentence"
    # A package of the ground hands its names on; a room is asked file by file.
    if path.name == "__init__.py" and path.parent != PACKAGE and room_of(path) not in ROWS["ground"]:
        assert len(tree.body) == 1, "a room's __init__ holds a docstring and no code"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]

    assert not long


def test_inside_a_room_models_and_forms_stand_alone() -> None:
    for path in modules():
        if path.name in ("models.py", "forms.py"):
            own = [
                node.module
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"qrmerch.{path.parent.name}.")
            ]
            assert not own, f"{path.relative_to(ROOT)} imports {own}"


def test_every_table_is_known_to_migrations() -> None:
    from qrmerch.migrate import WITH_TABLES

    with_tables = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in modules()
        if re.search(r"^class \w+\(.*\bBase\)", path.read_text(), re.MULTILINE)
    }

    assert with_tables == set(WITH_TABLES)


def test_the_picture_in_the_papers_is_this_table() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawn = text.partition("```rooms\n")[2].partition("```")[0].strip().splitlines()

    assert {line.split()[0]: tuple(line.split()[1:]) for line in drawn} == ROWS


def test_at_the_top_lies_what_belongs_there() -> None:
    folder = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if folder.returncode:
        pytest.skip("this is no checkout of git, so nothing says which files are the project's")
    found = {name.partition("/")[0] for name in folder.stdout.split("\0") if name}
    assert found <= TOP, "what others wrote comes in at set-up"

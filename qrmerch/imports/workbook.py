"""Excel and OpenDocument workbooks, as the text of a CSV file.

A workbook is opened in a child process with little memory and little time: one cell far to the right and below is
enough to ask for more than there is. This file is the child's program as well, so it imports nothing of ours.
Formulas are never evaluated; what was last shown of them is read.
"""

import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_UNPACKED_BYTES: Final = 100_000_000
MAX_PARTS: Final = 1000
_TIMEOUT_S: Final = 60
_MEMORY_BYTES: Final = 1_200_000_000
_MAX_TEXT_BYTES: Final = 200_000_000
_PROGRAM: Final = __file__


class Unreadable(Exception):
    """The workbook cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's first sheet with rows in it, as a CSV file in UTF-8 that the caller deletes; the others' names."""

    path: Path
    sheet: str
    others: tuple[str, ...]


def is_workbook(path: Path) -> bool:
    """Whether a ZIP archive is a workbook, by the parts it has.

    :raises Unreadable: it is one, and would unpack to more than is taken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False
    names = {each.filename for each in parts}
    if not (any(name.startswith("xl/") for name in names) or {"content.xml", "mimetype"} <= names):
        return False
    if len(parts) > MAX_PARTS or sum(each.file_size for each in parts) > MAX_UNPACKED_BYTES:
        raise Unreadable(
            "This workbook unpacks to more than is taken here. Save the one sheet as “CSV UTF-8” and send that file."
        )
    return True


def read_workbook(path: Path, *, max_rows: int) -> Workbook:
    """The first visible sheet with rows as a CSV file in the folder for temporary files.

    :param max_rows: reading ends one row after these.
    :raises Unreadable: damaged, protected by a password, or beyond the limits.
    """
    handle, name = tempfile.mkstemp(prefix="qrmerch-", suffix=".csv")
    os.close(handle)
    try:
        answer = _ask_child([str(path), name, str(max_rows)])
        if "problem" in answer:
            raise Unreadable(str(answer["problem"]))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Workbook(Path(name), str(answer["sheet"]), tuple(answer["others"]))


@contextmanager
def as_file(data: bytes) -> Iterator[Path]:
    """Bytes as a file, for as long as the block lasts."""
    with tempfile.NamedTemporaryFile(prefix="qrmerch-") as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


def _ask_child(arguments: list[str]) -> dict[str, list[str] | str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QRMERCH_")}
    damaged = Unreadable("This workbook cannot be read. Save the sheet as “CSV UTF-8” and send that file.")
    try:
        child = subprocess.run(
            [sys.executable, "-I", _PROGRAM, *arguments],
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise damaged from None
    if child.returncode != 0:
        raise damaged
    answer: dict[str, list[str] | str] = json.loads(child.stdout)
    return answer


def _limit_this_process() -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _TIMEOUT_S),
        (resource.RLIMIT_FSIZE, _MAX_TEXT_BYTES),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            continue


def _shown(value: object) -> str:
    """A cell as its author sees it, as far as that can be known."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _run(arguments: list[str]) -> int:
    """The child: write the sheet's text, answer in JSON."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

    source, target, max_rows = arguments
    _limit_this_process()
    try:
        book = CalamineWorkbook.from_path(source)
        shown = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
        filled = [name for name in shown if book.get_sheet_by_name(name).total_height > 1]
        if not filled:
            answer: dict[str, object] = {"problem": "No sheet of this workbook has a header and rows below it."}
        else:
            with Path(target).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                for number, row in enumerate(book.get_sheet_by_name(filled[0]).iter_rows()):
                    if number > int(max_rows) + 20:
                        break
                    writer.writerow([_shown(cell) for cell in row])
            answer = {"sheet": filled[0], "others": filled[1:]}
    except PasswordError:
        answer = {"problem": "This workbook is protected by a password. Save it without one and send it again."}
    # Workbooks come broken in every imaginable way.
    except Exception:
        return 1
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))

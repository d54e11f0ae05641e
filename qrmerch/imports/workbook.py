"""Excel and OpenDocument workbooks, as the text of a CSV file.

A workbook is measured and opened in a child process with little memory and little time: what its parts say of their
size need not be true, and one cell far to the right and below is enough to ask for more than there is. This file is the
child's program as well, so it imports nothing of ours. Formulas are never evaluated; what was last shown of them is
read.
"""

import csv
import datetime
import json
import os
import re
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
_MAX_COLUMNS: Final = 500
_MAX_CELLS: Final = 3_000_000
# A thousand parts with names as long as those of real workbooks; what says it has more is no workbook.
_MAX_DIRECTORY_BYTES: Final = 1_000_000
_READ_BYTES: Final = 1 << 20
_OLD: Final = b"\xd0\xcf\x11\xe0"
_DECLARED: Final = re.compile(rb"(?i)<!\s*(doctype|entity)")
# Cells and rows that hold something; those without an end of their own inside the tag.
_CELLS: Final = re.compile(rb"<(?:\w+:)?(?:c|row)(\s[^<>]*[^<>/]|)>")
_PLACE: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{0,3})(\d{1,7})[\"']")
_LONGEST_TAG: Final = 400
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
    """Whether a ZIP archive is a workbook, by the parts it has."""
    if _directory_bytes(path) > _MAX_DIRECTORY_BYTES:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = {each.lower() for each in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False
    return any(name.startswith("xl/workbook.") for name in names) or {"content.xml", "mimetype"} <= names


def _directory_bytes(path: Path) -> int:
    """How long an archive's list of parts says it is: opening an archive makes an object of each entry.

    Where the archive says so several times, the longest counts: which of them a reader believes is its own affair.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 66_000))
        tail = file.read()
    told = [tail[each.end() + 8 : each.end() + 12] for each in re.finditer(rb"PK\x05\x06", tail)]
    # The longer form of the same, whose word counts where this one has no room for it.
    told += [tail[each.end() + 36 : each.end() + 44] for each in re.finditer(rb"PK\x06\x06", tail)]
    return max((int.from_bytes(each, "little") for each in told), default=0)


def read_workbook(path: Path, *, max_rows: int) -> Workbook:
    """The first visible sheet with rows as a CSV file in the folder for temporary files.

    :param max_rows: reading ends one row after these.
    :raises Unreadable: damaged, protected by a password, with entities of its own, or beyond the limits.
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
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR")}
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


def _refuse_bombs(source: str) -> None:
    """Unpack each part to nowhere and measure.

    :raises Unreadable: too many parts, too many bytes, cells too far away, or entities.
    """
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise Unreadable(f"This workbook has {len(parts):,} parts; at most {MAX_PARTS:,} are read.")
        left = MAX_UNPACKED_BYTES
        if sum(part.file_size for part in parts) > left:
            raise Unreadable(_too_large())
        for part in parts:
            left -= _measure(archive, part, left)


def _measure(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """How many bytes a part unpacks into."""
    name, size, tail = part.filename.lower(), 0, b""
    right = bottom = 1
    with archive.open(part) as stream:
        while chunk := stream.read(_READ_BYTES):
            # A declaration can only stand before the first element.
            if size == 0 and name.endswith((".xml", ".rels")) and _DECLARED.search(chunk[:4096]):
                raise Unreadable("This workbook declares entities, which no spreadsheet does. Save it again.")
            size += len(chunk)
            if size > left:
                raise Unreadable(_too_large())
            if name.startswith("xl/worksheets/"):
                seen = tail + chunk
                right, bottom = _reach(seen, right, bottom)
                tail = seen[-_LONGEST_TAG:]
    return size


def _reach(seen: bytes, right: int, bottom: int) -> tuple[int, int]:
    """How far cells with something in them reach, columns and rows: the parser makes room for the whole rectangle."""
    for tag in _CELLS.finditer(seen):
        if found := _PLACE.search(tag[1]):
            column = 0
            for letter in found[1]:
                column = column * 26 + letter - 64
            right, bottom = max(right, column), max(bottom, int(found[2] or 1))
    if right > _MAX_COLUMNS:
        raise Unreadable(f"This sheet has {right:,} columns; at most {_MAX_COLUMNS} are read.")
    if right * bottom > _MAX_CELLS:
        raise Unreadable(
            f"This sheet reaches to row {bottom:,}, column {right:,}. Delete what lies far from the list, and save it."
        )
    return right, bottom


def _too_large() -> str:
    return f"This workbook unpacks into more than {MAX_UNPACKED_BYTES // 1_000_000} MB. Split it and send the parts."


def _read(source: str, target: str, max_rows: int) -> dict[str, object]:
    """Write the text of the first visible sheet with rows; its name, and those of the others."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    with Path(source).open("rb") as file:
        if file.read(4) != _OLD:
            _refuse_bombs(source)
    book = CalamineWorkbook.from_path(source)
    shown = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
    filled = [name for name in shown if book.get_sheet_by_name(name).height]
    if not filled:
        raise Unreadable("This workbook has no rows. Look into it before sending.")
    count = 0
    with Path(target).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in book.get_sheet_by_name(filled[0]).iter_rows():
            cells = [_shown(cell) for cell in row]
            is_blank = not any(cells)
            # Blank rows are no rows, but count in the numbers.
            writer.writerow([] if is_blank else cells)
            count += not is_blank
            if count > max_rows + 2:
                break
    return {"sheet": filled[0], "others": filled[1:]}


def _run(arguments: list[str]) -> int:
    """The child: write the sheet's text, answer in JSON."""
    from python_calamine import PasswordError

    source, target, max_rows = arguments
    _limit_this_process()
    try:
        answer = _read(source, target, int(max_rows))
    except Unreadable as refused:
        answer = {"problem": str(refused)}
    except PasswordError:
        answer = {"problem": "This workbook is protected by a password. Save it without one and send it again."}
    # Workbooks come broken in every imaginable way.
    except Exception:
        return 1
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))

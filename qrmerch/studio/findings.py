"""What an import run found, did and would do, in the vendor's words."""

from datetime import datetime
from typing import Final

from qrmerch.imports.columns import CHOICE, CHOOSABLE, FACT, named
from qrmerch.imports.models import AT_WORK, ImportRun, RunState
from qrmerch.imports.shown import ChangeLine, Finding
from qrmerch.studio.pages import ColumnLine, NewsLine, Progress
from qrmerch.studio.times import in_a_row, said_left

# Of these the columns' part of the page tells.
OF_COLUMNS: Final = ("HEADER_UNKNOWN", "HEADER_MISSING", "GROUP_MISSING", "KEY_IS_BARCODE")
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_FIELDS: Final = {
    "key": "Item",
    "sku": "SKU",
    "gtin": "GTIN",
    "title": "Name",
    "maker": "Brand",
    "category": "Category",
    "colour": "Colour",
    "size": "Size",
    "price": "Price",
    "currency": "Currency",
    "was_price": "Was-price",
    "description": "Description",
    "blurb": "In one line",
    "story": "Story",
    "care": "Care",
    "image": "Pictures",
    "sku_gtin": "SKU and GTIN",
    "sale_price": "Reduced price",
    "parent": "Parent’s SKU",
    "row_id": "Row’s number",
    "kind": "Kind of row",
    "choices.names": "Names of options",
    "choices.values": "Options",
    "variations": "Sizes and colours",
}
_CHANGED: Final = {
    "title": "Name",
    "maker": "Brand",
    "price_minor": "Price",
    "was_price_minor": "Was-price",
    "image_urls": "Pictures",
    "gtin": "GTIN",
    "sku": "SKU",
    "vendor_code": "Own code",
    "text:blurb": "In one line",
}


def field_name(field: str) -> str:
    """What a field is called on screen."""
    if field in (FACT, CHOICE):
        return "Fact, under this name" if field == FACT else "A choice besides colour and size"
    if field.startswith(FACT):
        return f"Fact: {field.removeprefix(FACT)}"
    if field.startswith(CHOICE):
        return f"Choice: {field.removeprefix(CHOICE)}"
    if field.startswith("option"):
        return f"Option {field[6]}, {field.rpartition('.')[2]}"
    return _FIELDS.get(field, field)


def verdict(run: ImportRun) -> str:
    """What became of a file, in one line."""
    if run.state == RunState.CHECKED:
        taken = run.counts["rows"] - run.counts["errors"]
        return f"{taken:,} of {_count(run.counts['rows'], 'row')} can be taken in"
    if run.state == RunState.FAILED:
        return f"Stopped: {run.failure.rstrip('.')}"
    if run.state in (RunState.UPLOADED, RunState.MAPPED):
        return f"{run.done_rows:,} of {_count(run.total_rows, 'row')} checked" if run.total_rows else "Being read"
    parts = [f"{run.written.get(name, 0):,} {word}" for name, word in (("created", "new"), ("updated", "changed"))]
    said = f"{', '.join(parts)}, {run.written.get('unchanged', 0):,} as before"
    far = f"{run.done_groups:,} of {_count(run.counts['products'], 'item')}"
    if run.state == RunState.COMMITTING:
        return f"{far} so far: {said}"
    if run.state == RunState.CANCELLED:
        return f"Cancelled after {far}, which stay: {said}" if run.done_groups else "Cancelled, nothing written"
    return f"{said}; {_count(run.counts['errors'], 'row')} left out" if run.counts["errors"] else said


def finding_of(run: ImportRun, listed_at: str) -> Finding:
    """What a checked file would do.

    :param listed_at: name of the retailer that the items are listed at, or empty.
    """
    counts = run.counts
    taken, errors = counts["rows"] - counts["errors"], counts["errors"]
    words = (("created", "new"), ("updated", "changed"), ("unchanged", "as before"))
    is_new = bool(counts["created"] or counts["updated"] or listed_at)
    consequence = "Nothing has been written yet. "
    if listed_at and taken:
        consequence += f"Items that are new to {listed_at} are listed there with a plain page. "
    consequence += "Shoppers see your words and pictures after review." if taken else ""
    if taken and not is_new:
        consequence = "Every row is as it was, so there is nothing to take in."
    return Finding(
        counted=f"{taken:,} of {_count(counts['rows'], 'row')}",
        split=", ".join(f"{counts[name]:,} {word}" for name, word in words if counts[name]),
        need=f"{_count(errors, 'row')} {'needs' if errors == 1 else 'need'} you." if errors else "",
        consequence=consequence.strip(),
        take_in=f"Take in {_count(taken, 'row')}" if taken and is_new else "",
        fix=f"Download the {_count(errors, 'row') if errors > 1 else 'row'} to fix" if errors else "",
    )


def progress_of(run: ImportRun, *, at: datetime) -> Progress | None:
    """What a job does with a run at an instant; None while none does."""
    if run.state not in AT_WORK:
        return None
    is_commit = run.state == RunState.COMMITTING
    done, total = (run.done_groups, int(run.counts["products"])) if is_commit else (run.done_rows, run.total_rows)
    left = said_left(done, total, since=run.begun_at or run.created_at, now=at)
    said = in_a_row(f"{verdict(run)}.", left, "It is safe to close this page.")
    return Progress(f"{'Taking in' if is_commit else 'Checking'} {run.file_name}", said, done, total)


def news_lines(run: ImportRun) -> list[NewsLine]:
    """The products that are not there yet."""
    return [
        NewsLine(
            each["row"], each["title"], _count(each["variants"], "variant") if each["variants"] > 1 else "One size"
        )
        for each in run.news
    ]


def lacking_of(run: ImportRun) -> str:
    """Why none of a file's rows can be read: which column is missing; empty where none is."""
    missing = [
        each["message"] for entry in run.problems for each in entry["problems"] if each["code"] == "HEADER_MISSING"
    ]
    return " ".join(missing)


def change_lines(run: ImportRun) -> list[ChangeLine]:
    """What differs from what is kept, value by value."""
    return [
        ChangeLine(
            title=f"{each['title']}, {each['variant']}" if each["variant"] else each["title"],
            row=each["row"],
            field=_changed_name(each["field"]),
            now=each["now"],
            after=each["after"],
        )
        for each in run.changes
    ]


def _changed_name(field: str) -> str:
    return _CHANGED.get(field) or field.rpartition(":")[2].capitalize()


def column_lines(run: ImportRun) -> list[ColumnLine]:
    """How each column was read, with what is worth saying about it."""
    hints = {
        each["column"]: f"Perhaps “{field_name(each['value'])}”"
        for entry in run.problems
        for each in entry["problems"]
        if each["code"] == "HEADER_UNKNOWN" and each["value"]
    }
    return [
        ColumnLine(
            place=place,
            name=each["name"],
            field=_choosable(each["field"], each["name"]),
            goes_to=field_name(each["field"]) if each["field"] else "Not used",
            is_choosable=_choosable(each["field"], each["name"]) in ("", *CHOOSABLE),
            sample=each["sample"],
            remark="As you chose" if each["is_chosen"] else hints.get(each["name"], ""),
        )
        for place, each in enumerate(run.columns)
        if each["name"]
    ]


def read_as(run: ImportRun) -> str:
    """What kind of file it is, and what is known of its columns as a whole."""
    kind = {"CSV": "CSV", "Excel": "an Excel workbook"}.get(run.kind, run.kind)
    said = f"Read as {kind}" if run.format == "CSV" else f"Read as {run.format}’s export, {kind}"
    if run.kind == "CSV":
        said += f" in {run.encoding}, with {_SEPARATORS.get(run.delimiter, 'commas')} between cells"
    said += ". The first row is an item already: nothing names the columns." if not run.has_header else "."
    if run.is_guessed_encoding:
        said += f" {run.encoding} is a guess: if names look wrong, choose another below."
    told = (
        each["message"]
        for entry in run.problems
        for each in entry["problems"]
        if each["code"] in ("GROUP_MISSING", "KEY_IS_BARCODE")
    )
    return " ".join([said, *told])


def _choosable(field: str, name: str) -> str:
    """A field as the form offers it: what is called as its column is stands there without that name."""
    return next((each for each in (FACT, CHOICE) if field and field == named(each, name)), field)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""Taking a vendor's catalogue in: a dry run of every row first, then the writing in chunks.

In: a file as it is. Out: an `ImportRun` that says what would change; after `start`, products and items.
Never: a write in the dry run, or half a product.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs, quota
from qrmerch.catalog.drafts import Known, list_changes
from qrmerch.catalog.queries import gtins_in_use, products_by_key
from qrmerch.catalog.service import list_at, put_product
from qrmerch.config import Settings
from qrmerch.db import unscoped
from qrmerch.errors import Conflict, DomainError, FormError, NotFound
from qrmerch.files import FileStore
from qrmerch.imports import fetching
from qrmerch.imports.columns import Columns, read_header
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Sheet, SheetRejected, read_sheet
from qrmerch.imports.report import write_report
from qrmerch.imports.rows import CURRENCIES, Group, Understood, understand
from qrmerch.money import format_money
from qrmerch.parties.queries import list_supplied
from qrmerch.text import clean_line

COMMIT: Final = "imports.commit"
CHUNK_GROUPS: Final = 50
_LOOKUP_GROUPS: Final = 400
_MAX_PROBLEMS: Final = 1000
_MAX_CHANGES: Final = 300


class RunOver(Conflict):
    """The import was taken in or cancelled already."""

    slug = "run_over"


class NothingToTakeIn(Conflict):
    """No row of the file can be taken in as it is."""

    slug = "nothing_to_take_in"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: the currency of prices that name none, and what a person said columns are."""

    currency: str
    # Field ("" for none) by the column's name; the others are guessed.
    chosen: Mapping[str, str] = field(default_factory=dict)
    # Whether a header that lacks what is needed is a finding, to be mended by choosing columns, or a refusal.
    may_lack_columns: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file, understood without a look into the database; without groups where the header lacks what is needed."""

    reading: Reading
    sheet: Sheet
    columns: Columns
    header_problems: tuple[Problem, ...]
    understood: Understood

    @property
    def is_lacking(self) -> bool:
        return any(each.is_error for each in self.header_problems)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run found. Row statuses are `created`, `updated`, `unchanged` or `error`."""

    parsed: Parsed
    statuses: Mapping[int, str]
    problems: Mapping[int, list[Problem]]
    changes: Sequence[dict[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Rows in all and by status, products, and rows with warnings."""
        by_status = Counter(self.statuses.values())
        rows = len(self.parsed.sheet.rows)
        return {
            "rows": rows,
            "products": len(self.parsed.understood.groups),
            "created": by_status["created"],
            "updated": by_status["updated"],
            "unchanged": by_status["unchanged"],
            "errors": rows if self.parsed.is_lacking else by_status["error"],
            "warnings": sum(1 for row, found in self.problems.items() if self.statuses.get(row) != "error" and found),
        }


def parse(data: bytes, reading: Reading, *, settings: Settings) -> Parsed:
    """A file's rows and products.

    :raises SheetRejected: it cannot be read, or its header has a column twice or lacks what is needed.
    """
    sheet = read_sheet(data, max_rows=settings.max_sheet_rows)
    columns, odd = read_header(sheet.header, reading.chosen)
    fatal = [each for each in odd if each.is_error]
    if any(each.code != "HEADER_MISSING" or not reading.may_lack_columns for each in fatal):
        said = next((f" It reads: {each.value}." for each in fatal if each.value), "")
        raise SheetRejected(" ".join(each.message for each in fatal) + said)
    understood = Understood((), {}) if fatal else understand(sheet, columns, currency=reading.currency)
    return Parsed(reading, sheet, columns, tuple(odd), understood)


def check(db: Session, vendor_id: str, data: bytes, reading: Reading, *, settings: Settings) -> Checked:
    """What taking a file in would do, row by row; writes nothing.

    :raises SheetRejected: the file as a whole cannot be read.
    :raises FormError: no such currency.
    """
    if reading.currency not in CURRENCIES:
        raise FormError({"currency": f"{reading.currency} is not a currency's three letters, such as EUR."})
    parsed = parse(data, reading, settings=settings)
    statuses: dict[int, str] = dict.fromkeys(parsed.understood.stray, "error")
    problems: dict[int, list[Problem]] = dict(parsed.understood.stray)
    changes: list[dict[str, Any]] = []
    for group, known in _with_known(db, vendor_id, parsed.understood.groups):
        found = _problems_of(group, known, parsed.columns)
        problems.update(found)
        statuses.update(_statuses(group, known, found))
        if known is not None and len(changes) < _MAX_CHANGES:
            changes += _changes(group, known)
    for row, problem in _shared_gtins(db, vendor_id, parsed):
        problems.setdefault(row, []).append(problem)
    return Checked(parsed, statuses, dict(sorted(problems.items())), changes[:_MAX_CHANGES])


def record_run(
    db: Session,
    *,
    vendor_id: str,
    checked: Checked,
    file_key: str,
    file_name: str,
    list_at_id: str | None,
    user_id: str | None,
    at: datetime,
) -> ImportRun:
    """Keep a dry run, for its pages and for taking it in later; the caller commits.

    :param list_at_id: the retailer that the products shall be listed at, or None.
    :raises NotFound: the vendor does not supply that retailer.
    """
    if list_at_id and list_at_id not in {each.id for each in list_supplied(db, vendor_id)}:
        raise NotFound("You do not supply this retailer.")
    run = ImportRun(
        id=ids.new(),
        vendor_id=vendor_id,
        state=RunState.CHECKED,
        file_name=clean_line(file_name.replace("\\", "/").rpartition("/")[2], 10_000)[:200] or "Unnamed",
        file_key=file_key,
        list_at_id=list_at_id,
        written={},
        done_groups=0,
        user_id=user_id,
        created_at=at,
        ended_at=None,
        **_findings(checked),
    )
    db.add(run)
    db.flush()
    return run


def check_again(db: Session, run: ImportRun, checked: Checked) -> None:
    """Replace what a dry run found by what was found with other columns or another currency; the caller commits.

    :raises RunOver: it is under way, done or cancelled.
    """
    _lock(db, run)
    if run.state != RunState.CHECKED:
        raise RunOver("This file was taken in or cancelled already. Send it again to read it in another way.")
    for name, value in _findings(checked).items():
        setattr(run, name, value)


def reading_of(run: ImportRun) -> Reading:
    """How a run's file was read when it was checked; it is taken in just so."""
    return Reading(run.currency, {each["name"]: each["field"] for each in run.columns if each["name"]}, True)


def receive_sheet(
    db: Session,
    *,
    vendor_id: str,
    stream: BinaryIO,
    file_name: str,
    currency: str,
    list_at_id: str | None,
    user_id: str | None,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> ImportRun:
    """Store a file, run it dry and keep what was found, in one session; the caller commits.

    :raises TooLarge: more than `settings.max_sheet_bytes`.
    :raises SheetRejected: the file as a whole cannot be read; nothing is kept.
    :raises QuotaFull: the vendor's files take all the room there is.
    """
    quota.refuse_when_full(db, vendor_id, store=store, settings=settings)
    key = store_sheet(stream, store=store, settings=settings)
    with store.open(key) as file:
        data = file.read()
    try:
        checked = check(db, vendor_id, data, Reading(currency), settings=settings)
    except DomainError:
        forget_sheet(db, key, store=store)
        raise
    return record_run(
        db,
        vendor_id=vendor_id,
        checked=checked,
        file_key=key,
        file_name=file_name,
        list_at_id=list_at_id,
        user_id=user_id,
        at=at,
    )


def store_sheet(stream: BinaryIO, *, store: FileStore, settings: Settings) -> str:
    """Keep the bytes of a sheet; their key.

    :raises TooLarge: more than `settings.max_sheet_bytes`.
    """
    return store.put(stream, "sheets", max_bytes=settings.max_sheet_bytes)


def forget_sheet(db: Session, key: str, *, store: FileStore) -> None:
    """Delete the bytes of a sheet that could not be read, unless they are those of somebody's import."""
    with unscoped(db):
        is_used = db.scalar(select(ImportRun.id).where(ImportRun.file_key == key).limit(1)) is not None
    if not is_used:
        store.delete(key)


def start(db: Session, run: ImportRun) -> None:
    """Ask for a checked run to be taken in; the job begins after the caller's commit.

    :raises RunOver: it is under way, done or cancelled.
    :raises NothingToTakeIn: every row needs fixing first.
    """
    _lock(db, run)
    if run.state != RunState.CHECKED:
        raise RunOver("This file was taken in or cancelled already. Send it again to import it once more.")
    if run.counts["errors"] == run.counts["rows"]:
        raise NothingToTakeIn("Every row needs fixing first. Download the rows to fix and send that file.")
    run.state = RunState.COMMITTING
    run.written = {"created": 0, "updated": 0, "unchanged": 0, "listed": 0}
    jobs.enqueue(db, COMMIT, run.id, {"run_id": run.id})


def cancel(db: Session, run: ImportRun, *, at: datetime) -> None:
    """Leave a run: nothing more of it is written; what was written stays.

    :raises RunOver: it is done or cancelled.
    """
    _lock(db, run)
    if run.state not in (RunState.CHECKED, RunState.COMMITTING):
        raise RunOver("This import is over already.")
    run.state, run.ended_at = RunState.CANCELLED, at


def _lock(db: Session, run: ImportRun) -> None:
    """Let nobody else change a run until this transaction ends, and see what the last one made of it."""
    db.flush()
    db.refresh(run, with_for_update=True)


def commit_chunk(db: Session, run_id: str, groups: Sequence[Group], *, at: datetime) -> bool:
    """Write the next products of a run in this transaction, with how far it came; whether more are left.

    Calling it again after a cut goes on where the last commit ended; a product that is written twice does not change.
    """
    run = db.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one_or_none()
    if run is None or run.state != RunState.COMMITTING:
        return False
    chunk = groups[run.done_groups : run.done_groups + CHUNK_GROUPS]
    counted: Counter[str] = Counter(run.written)
    # A supply that ended since the dry run leaves the products unlisted, and the run goes on.
    is_listing = run.list_at_id in {each.id for each in list_supplied(db, run.vendor_id)}
    addresses: dict[str, tuple[str, ...]] = {}
    for group, known in _with_known(db, run.vendor_id, chunk):
        if _is_nameless(group, known) or not group.row_keys:
            continue
        product, outcome = put_product(db, run.vendor_id, group.draft, at=at, known=known)
        counted[outcome] += 1
        addresses[product.id] = group.draft.image_urls
        if run.list_at_id and is_listing:
            list_at(db, product, run.list_at_id, at)
            counted["listed"] += 1
    fetching.note_addresses(db, run, addresses)
    run.written = dict(counted)
    run.done_groups += len(chunk)
    if run.done_groups < len(groups):
        return True
    run.state, run.ended_at = RunState.DONE, at
    fetching.ask(db, run)
    return False


def fail(db: Session, run_id: str, *, at: datetime) -> None:
    """Note that a run cannot go on because its file is gone."""
    run = db.get(ImportRun, run_id)
    if run is not None and run.state == RunState.COMMITTING:
        run.state, run.ended_at = RunState.FAILED, at


def report(db: Session, run: ImportRun, *, store: FileStore, settings: Settings) -> str:
    """The rows of a run's file that cannot be taken in as things are now, to be fixed and sent again."""
    with store.open(run.file_key) as file:
        checked = check(db, run.vendor_id, file.read(), reading_of(run), settings=settings)
    return report_of(checked)


def report_of(checked: Checked) -> str:
    """The rows to fix of a dry run that is not kept."""
    parsed = checked.parsed
    item_of = {row: group.draft.key for group in parsed.understood.groups for row in group.rows}
    return write_report(parsed.sheet, parsed.columns, checked.problems, item_of=item_of)


def _findings(checked: Checked) -> dict[str, Any]:
    """The columns of a run that say what its file holds."""
    reading, sheet, columns = checked.parsed.reading, checked.parsed.sheet, checked.parsed.columns
    first = sheet.rows[0].cells
    return {
        "format": columns.format,
        "encoding": sheet.encoding,
        "delimiter": sheet.delimiter,
        "currency": reading.currency,
        "columns": [
            {
                "name": name,
                "field": field_name,
                "sample": first[place][:120] if place < len(first) else "",
                "is_chosen": name in reading.chosen,
            }
            for place, (name, field_name) in enumerate(zip(columns.names, columns.fields, strict=True))
        ],
        "counts": checked.counts,
        "problems": _as_json(checked),
        "changes": list(checked.changes),
    }


def _with_known(db: Session, vendor_id: str, groups: Sequence[Group]) -> Iterator[tuple[Group, Known | None]]:
    """Each group with the product it would change, read some hundred at a time."""
    for begin in range(0, len(groups), _LOOKUP_GROUPS):
        part = groups[begin : begin + _LOOKUP_GROUPS]
        known = products_by_key(db, vendor_id, [group.draft.key for group in part])
        for group in part:
            yield group, known.get(group.draft.key)


def _is_nameless(group: Group, known: Known | None) -> bool:
    """Whether nothing of a group can be taken in: a new product needs a name."""
    return known is None and not group.draft.title


def _problems_of(group: Group, known: Known | None, columns: Columns) -> dict[int, list[Problem]]:
    """All that is odd about a group's rows, with what only the database knows."""
    found = {row: list(problems) for row, problems in group.problems.items()}
    if not _is_nameless(group, known):
        return found
    first = group.rows[0]
    about_title = [each for each in found.get(first, []) if each.is_error and each.column == columns.name_of("title")]
    for row in group.rows:
        if row == first and not about_title:
            missing = f"Every item needs a name. Row {first} begins a new item, {group.draft.key}."
            problem = Problem("REQUIRED", columns.name_of("title"), missing, "")
        elif row != first:
            problem = Problem(
                "ITEM_NOT_READY", "", f"Row {first} of the same item needs fixing first.", group.draft.key
            )
        else:
            continue
        found.setdefault(row, []).append(problem)
    return found


def _statuses(group: Group, known: Known | None, problems: Mapping[int, list[Problem]]) -> dict[int, str]:
    bad = {row for row, found in problems.items() if any(each.is_error for each in found)}
    if known is None:
        return {row: "error" if row in bad else "created" for row in group.rows}
    changes = list_changes(group.draft, known)
    new = {each.variant_key for each in changes if each.field == "new"}
    changed = {each.variant_key for each in changes} - new
    statuses: dict[int, str] = {}
    is_product_told = "" not in changed
    for row in group.rows:
        key = group.row_keys.get(row, "")
        if row in bad:
            statuses[row] = "error"
        elif key in new:
            statuses[row] = "created"
        elif key in changed or not is_product_told:
            statuses[row] = "updated"
            # A change of the product itself is told once, in its first good row.
            is_product_told = True
        else:
            statuses[row] = "unchanged"
    return statuses


def _changes(group: Group, known: Known) -> Iterable[dict[str, Any]]:
    row_of = {key: row for row, key in reversed(list(group.row_keys.items()))}
    currency_of = {each.key: each.currency for each in group.draft.variants}
    name_of = {each.key: " / ".join(value for _, value in each.options) for each in group.draft.variants}
    for each in list_changes(group.draft, known):
        if each.field != "new":
            is_price = each.field.endswith("price_minor")
            now, after = (
                _in_money(text, currency_of[each.variant_key]) if is_price else text for text in (each.now, each.after)
            )
            yield {
                "row": row_of.get(each.variant_key, group.rows[0]) if each.variant_key else group.rows[0],
                "title": known.product.title,
                "variant": name_of.get(each.variant_key, ""),
                "field": each.field,
                "now": now[:300],
                "after": after[:300],
            }


def _in_money(minor: str, currency: str) -> str:
    return format_money(int(minor), currency) if minor else ""


def _shared_gtins(db: Session, vendor_id: str, parsed: Parsed) -> Iterator[tuple[int, Problem]]:
    """A warning for each row whose GTIN is another variant's too."""
    column = parsed.columns.name_of("gtin")
    seen: dict[str, tuple[int, str]] = {}
    for group in parsed.understood.groups:
        gtin_of = {each.key: each.gtin for each in group.draft.variants}
        for row, key in group.row_keys.items():
            gtin = gtin_of.get(key)
            if gtin is None:
                continue
            if gtin in seen:
                message = f"Row {seen[gtin][0]} has the same GTIN. Both are kept; a scan of the number finds the first."
                yield row, Problem("GTIN_SHARED", column, message, gtin, is_error=False)
            else:
                seen[gtin] = (row, group.draft.key)
    for begin in range(0, len(seen), _LOOKUP_GROUPS):
        part = dict(list(seen.items())[begin : begin + _LOOKUP_GROUPS])
        for gtin, keys in gtins_in_use(db, vendor_id, part).items():
            row, key = part[gtin]
            if others := sorted(keys - {key}):
                message = f"Your item {others[0]} has the same GTIN. Both are kept."
                yield row, Problem("GTIN_SHARED", column, message, gtin, is_error=False)


def _as_json(checked: Checked) -> list[dict[str, Any]]:
    """Problems as they are kept: of the columns first (row 1), then of the rows, errors before warnings."""
    header = [each.as_json() for each in checked.parsed.header_problems]
    rows = sorted(checked.problems.items(), key=lambda pair: (checked.statuses.get(pair[0]) != "error", pair[0]))
    listed = [{"row": row, "problems": [each.as_json() for each in found]} for row, found in rows[:_MAX_PROBLEMS]]
    return [{"row": 1, "problems": header}, *listed] if header else listed

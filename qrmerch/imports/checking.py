"""The dry run: what taking a file in would do, row by row, without a write.

A file is read from its beginning to its end twice, and never all of it is in memory: what is kept of 50,000 rows is a
word for each and what is odd about some.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy.orm import Session

from qrmerch.catalog.drafts import Change, Known, list_changes
from qrmerch.catalog.queries import gtins_in_use, products_by_key, read_products_by_key
from qrmerch.config import Settings
from qrmerch.errors import FormError
from qrmerch.imports.cells import CURRENCIES
from qrmerch.imports.columns import Columns, read_header
from qrmerch.imports.problems import Problem, SheetRejected
from qrmerch.imports.reader import Sheet, Source, open_sheet
from qrmerch.imports.rows import Group, Understood
from qrmerch.money import format_money

LOOKUP_GROUPS: Final = 400
MAX_PROBLEMS: Final = 1000
MAX_CHANGES: Final = 300
_MAX_TOLD_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: the currency of prices that name none, and what a person said of columns and file."""

    currency: str
    # Field ("" for none) by the column's name; the others are guessed.
    chosen: Mapping[str, str] = field(default_factory=dict)
    # Whether a header that lacks what is needed is a finding, to be mended by choosing columns, or a refusal.
    may_lack_columns: bool = False
    # A key of `encodings.CHOICES`, and whether the first row names the columns; empty and None to find out.
    encoding: str = ""
    has_header: bool | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file, understood without a look into the database; without groups where the header lacks what is needed."""

    reading: Reading
    sheet: Sheet
    columns: Columns
    header_problems: tuple[Problem, ...]
    # None where the header lacks what is needed.
    understood: Understood | None

    @property
    def is_lacking(self) -> bool:
        return self.understood is None

    @property
    def groups(self) -> Iterator[Group]:
        return self.understood.groups if self.understood else iter(())


@dataclass(slots=True)
class Checked:
    """What a dry run found. Row statuses are `created`, `updated`, `unchanged` or `error`.

    `problems` has all errors, and warnings of the first 1,000 rows that have one; `changes` and `news` (products that
    are not there yet) the first 300.
    """

    parsed: Parsed
    rows: int = 0
    products: int = 0
    statuses: dict[int, str] = field(default_factory=dict)
    # The item of each row.
    item_of: dict[int, str] = field(default_factory=dict)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    warned_rows: int = 0

    @property
    def counts(self) -> dict[str, Any]:
        """Rows in all and by status, products, variants, rows with warnings, and problems by code."""
        by_status = Counter(self.statuses.values())
        return {
            "rows": self.rows,
            "products": self.products,
            "created": by_status["created"],
            "updated": by_status["updated"],
            "unchanged": by_status["unchanged"],
            "errors": self.rows if self.parsed.is_lacking else by_status["error"],
            "warnings": self.warned_rows,
            "codes": dict(sorted(self.codes.items())),
        }

    def note(self, problems: Mapping[int, list[Problem]]) -> None:
        """Keep what is odd about some rows, whose statuses are known."""
        for row, found in problems.items():
            if not found:
                continue
            self.codes.update({each.code for each in found})
            is_error = self.statuses.get(row) == "error"
            if not is_error:
                self.warned_rows += 1
            if is_error or self.warned_rows <= MAX_PROBLEMS:
                self.problems[row] = found


def parse(source: Source, reading: Reading, *, settings: Settings) -> Parsed:
    """A file's rows and products.

    :raises SheetRejected: it cannot be read, or its header has a column twice or lacks what is needed.
    """
    sheet = open_sheet(
        source, max_rows=settings.max_sheet_rows, encoding=reading.encoding, has_header=reading.has_header
    )
    columns, odd = read_header(sheet.header, reading.chosen)
    fatal = [each for each in odd if each.is_error]
    if any(each.code != "HEADER_MISSING" or not reading.may_lack_columns for each in fatal):
        said = next((f" It reads: {each.value}." for each in fatal if each.value), "")
        raise SheetRejected(" ".join(each.message for each in fatal) + said)
    understood = None if fatal else Understood(sheet, columns, currency=reading.currency)
    return Parsed(reading, sheet, columns, (*sheet.remarks, *odd), understood)


def check(
    db: Session,
    vendor_id: str,
    source: Source,
    reading: Reading,
    *,
    settings: Settings,
    tell: Callable[[int, int], None] | None = None,
) -> Checked:
    """What taking a file in would do, row by row; writes nothing.

    :param tell: told now and then how many rows are checked, and of how many; what it raises ends the check.
    :raises SheetRejected: the file as a whole cannot be read.
    :raises FormError: no such currency.
    """
    if reading.currency not in CURRENCIES:
        raise FormError({"currency": f"{reading.currency} is not a currency's three letters, such as EUR."})
    parsed = parse(source, reading, settings=settings)
    checked = Checked(parsed)
    if parsed.understood is None:
        checked.rows = sum(1 for _ in parsed.sheet.rows)
        return checked
    checked.rows, checked.products = parsed.understood.rows, parsed.understood.count
    checked.statuses.update(dict.fromkeys(parsed.understood.stray, "error"))
    checked.note(parsed.understood.stray)
    done = len(parsed.understood.stray)
    gtins: dict[str, tuple[int, str]] = {}
    for batch in _batches(parsed.groups, LOOKUP_GROUPS):
        known = read_products_by_key(db, vendor_id, [group.draft.key for group in batch])
        shared = _shared_gtins(db, vendor_id, batch, gtins, parsed.columns.name_of("gtin"))
        for group in batch:
            _check_group(checked, group, known.get(group.draft.key), shared)
            done += len(group.rows)
        if tell:
            tell(done, checked.rows)
    checked.problems = dict(sorted(checked.problems.items()))
    return checked


def with_known(db: Session, vendor_id: str, groups: Sequence[Group]) -> Iterator[tuple[Group, Known | None]]:
    """Each group with the product it would change, read some hundred at a time."""
    for batch in _batches(groups, LOOKUP_GROUPS):
        known = products_by_key(db, vendor_id, [group.draft.key for group in batch])
        for group in batch:
            yield group, known.get(group.draft.key)


def is_nameless(group: Group, known: Known | None) -> bool:
    """Whether nothing of a group can be taken in: a new product needs a name."""
    return known is None and not group.draft.title


def as_json(checked: Checked) -> list[dict[str, Any]]:
    """Problems as they are kept: of the columns first (row 1), then of the rows, errors before warnings."""
    header = [each.as_json() for each in checked.parsed.header_problems]
    rows = sorted(checked.problems.items(), key=lambda pair: (checked.statuses.get(pair[0]) != "error", pair[0]))
    listed = [{"row": row, "problems": [each.as_json() for each in found]} for row, found in rows[:MAX_PROBLEMS]]
    return [{"row": 1, "problems": header}, *listed] if header else listed


def _batches(groups: Iterable[Group], size: int) -> Iterator[list[Group]]:
    left = iter(groups)
    while batch := list(islice(left, size)):
        yield batch


def _check_group(checked: Checked, group: Group, known: Known | None, shared: Mapping[int, list[Problem]]) -> None:
    found = _problems_of(group, known, checked.parsed.columns)
    bad = {row for row, problems in found.items() if any(each.is_error for each in problems)}
    changes = list_changes(group.draft, known) if known else []
    checked.statuses.update(_statuses(group, known, changes, bad))
    checked.item_of.update(dict.fromkeys(group.rows, group.draft.key))
    for row in group.rows:
        if row in shared:
            found.setdefault(row, []).extend(shared[row])
    checked.note(found)
    if known is not None and changes and len(checked.changes) < MAX_CHANGES:
        checked.changes += list(_as_lines(group, known, changes))[: MAX_CHANGES - len(checked.changes)]
    elif known is None and len(checked.news) < MAX_CHANGES and group.row_keys and not is_nameless(group, known):
        variants = len(group.draft.variants)
        checked.news.append({"row": group.rows[0], "title": group.draft.title, "variants": variants})


def _problems_of(group: Group, known: Known | None, columns: Columns) -> dict[int, list[Problem]]:
    """All that is odd about a group's rows, with what only the database knows."""
    found = {row: list(problems) for row, problems in group.problems.items()}
    if not is_nameless(group, known):
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


def _statuses(group: Group, known: Known | None, changes: Sequence[Change], bad: set[int]) -> dict[int, str]:
    if known is None:
        return {row: "error" if row in bad else "created" for row in group.rows}
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


def _as_lines(group: Group, known: Known, changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    row_of = {key: row for row, key in reversed(list(group.row_keys.items()))}
    currency_of = {each.key: each.currency for each in group.draft.variants}
    name_of = {each.key: " / ".join(value for _, value in each.options) for each in group.draft.variants}
    for each in changes:
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
                "now": now[:_MAX_TOLD_CHARS],
                "after": after[:_MAX_TOLD_CHARS],
            }


def _in_money(minor: str, currency: str) -> str:
    return format_money(int(minor), currency) if minor else ""


def _shared_gtins(
    db: Session, vendor_id: str, batch: Sequence[Group], seen: dict[str, tuple[int, str]], column: str
) -> dict[int, list[Problem]]:
    """A warning for each row of a batch whose GTIN is another variant's too, in the file so far or in the catalogue.

    :param seen: the row and the item that had a GTIN first; grows.
    """
    found: dict[int, list[Problem]] = {}
    new: list[str] = []
    for group in batch:
        gtin_of = {each.key: each.gtin for each in group.draft.variants}
        for row, key in group.row_keys.items():
            gtin = gtin_of.get(key)
            if gtin is None:
                continue
            if gtin in seen:
                message = f"Row {seen[gtin][0]} has the same GTIN. Both are kept; a scan of the number finds the first."
                found.setdefault(row, []).append(Problem("GTIN_SHARED", column, message, gtin, is_error=False))
            else:
                seen[gtin] = (row, group.draft.key)
                new.append(gtin)
    if new:
        for gtin, keys in gtins_in_use(db, vendor_id, new).items():
            row, key = seen[gtin]
            if others := sorted(keys - {key}):
                message = f"Your item {others[0]} has the same GTIN. Both are kept."
                found.setdefault(row, []).append(Problem("GTIN_SHARED", column, message, gtin, is_error=False))
    return found

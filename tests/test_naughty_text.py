"""Must show 3: whatever is typed is kept exactly or refused with a reason, and is alive on no page, in no export.

Forms are found on the pages themselves and columns in the tables, so that a new one is tried without a line here.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, Table, Text, select, update
from sqlalchemy.orm import Session

from qrmerch import ids, jobs
from qrmerch.access import Role
from qrmerch.catalog.models import VendorProduct
from qrmerch.config import Settings
from qrmerch.content.models import PageTemplate, Style
from qrmerch.content.shipped import sections_of
from qrmerch.content.slots import Kind, clean_words, read_slots
from qrmerch.content.templates import set_fixed
from qrmerch.db import Database
from qrmerch.imports.models import ArchiveLine, FetchState, ImportRun, Outcome, PictureFetch
from qrmerch.jobs import Work
from qrmerch.looks.models import Look
from qrmerch.media.models import AssetState
from qrmerch.media.service import shown_name
from qrmerch.migrate import metadata
from qrmerch.occasions.models import Occasion
from qrmerch.outbox import Channel, post
from qrmerch.parties.models import Retailer, Vendor, Warehouse
from qrmerch.parties.social import NETWORKS
from qrmerch.reviews.models import Review, ReviewState
from qrmerch.scans.models import Correction, WithdrawnRule
from qrmerch.text import clean_block, clean_line, rich_text, spreadsheet_cell
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_asset, make_film, make_item, make_revision
from tests.figures import on_both_when_full
from tests.imports.sheets import csv_of
from tests.imports.taking_in import send
from tests.naughty import CORE, OF_DATABASES, TELL_SUM, Form, Page, kept_forms, live_formulas, strings_in, written
from tests.tampering import allow_tampering
from tests.test_access import CASES, Case, opens
from tests.world import House, make_house

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# What stands in a field that must hold something particular while another is tried.
VALID = {
    "context": lambda number: f"word-{number}",
    "code": lambda number: f"C{number}",
    "country": lambda _: "US",
    "time_zone": lambda _: "America/New_York",
    "email": lambda number: f"person{number}@example.com",
    "gln": lambda _: "",
    "networks": lambda _: "",
    "value": lambda _: "10",
    "limit": lambda _: "5",
    "per_visitor": lambda _: "1",
    "hours": lambda _: "24",
    "colour": lambda _: "#123456",
    "answer_hours": lambda _: "24",
    "max_chars": lambda _: "40",
    "from": lambda _: "",
    "href": lambda _: "/help",
    **{name: lambda _, hour=hour: f"2027-05-01T{hour}:30" for name, hour in (("begins", 18), ("ends", 21))},
    **{name: lambda _: "" for name in ("variant", "lot", "serial")},
    "locale": lambda _: "fr",
    "distance": lambda _: "",
    **{name: lambda _: "21.5" for name in ("width", "height")},
    **{name: lambda _: "" for name in ("step_across", "step_down", "paper_width", "paper_height")},
    "gallery.pictures.ratio": lambda _: "4:5",
    # Nothing: half a row is none.
    **{name: lambda _: "" for name in ("size_guide.table", "downloads.files.name", "downloads.files.value")},
    **{f"social-{each.key}": lambda _: "" for each in NETWORKS},
}
# Nothing is kept of these: they are looked up, compared or counted, or are words of a closed list.
_STRICT = {
    *(
        "code",
        "country",
        "host",
        "time_zone",
        "email",
        "gln",
        "networks",
        "value",
        "limit",
        "per_visitor",
        "budget",
        "colour",
        "distance",
        "as_of",
    ),
    # The number of an item of one's own, and what a list is filtered by.
    *("item", "find"),
    # Hours, and characters that a rule lets through.
    *("answer_hours", "max_chars"),
    # Of a GS1 link: an address, what stands in an address behind a number, and one plain word.
    *("href", "variant", "lot", "serial", "context"),
    # An instant, and the code of a language.
    *("from", "locale"),
    # Of paper and labels, and how they are put on it: millimetres, percent and numbers.
    *("paper_width", "paper_height", "width", "height", "columns", "rows", "left", "top", "step_across", "step_down"),
    *("corner", "bleed", "start", "copies", "right", "down", "across", "along"),
}
# Forms that are refused as long as nothing is chosen: what their address says to have chosen.
_CHOSEN = {"/desk/codes/signs/make": "?item={item_id}&place=place:{fixture_id}"}
# What the shortest fields can hold too.
_SHORT = ("<b>'\"", "' OR 1", "=1+1", "{{7*7}}")
# How often each form is sent at least.
_TIMES = 10
_STRICT_BEGIN = ("find:", "price-", "social-")
# Limits of a slot, and where a file or a link leads.
_STRICT_END = (
    *(".min_count", ".max_count", ".min_chars", ".max_chars", ".min_rows", ".max_seconds"),
    *(".min_width", ".min_height", ".ratio", ".url"),
    # Rows and tables are refused as a whole, and have tests of their own.
    *(".files.name", ".files.value", ".table"),
)


def is_strict(form: str, field: str) -> bool:
    """Whether a field takes a code, a number or an address rather than words."""
    return (
        field in _STRICT
        or field.startswith(_STRICT_BEGIN)
        or field.endswith(_STRICT_END)
        or (form.startswith(("/desk/offers", "/desk/items/files")) and field == "hours")
        or (form.startswith("/desk/codes/designs") and field == "size")
        # The words of a picture go with its file.
        or (form.startswith(("/desk/looks", "/desk/events")) and form.endswith("/picture"))
    )


@pytest.fixture
def strings(shared_data: Path) -> list[str]:
    return strings_in(shared_data)


@dataclass
class Everything:
    """A house with one row of every table that holds a text, and addresses that show them."""

    house: House
    more: list[tuple[Role, str]]


@pytest.fixture
def everything(db: Session, settings: Settings) -> Everything:
    house = make_house(db, "Fashiontown", settings=settings)
    retailer, vendor = db.get_one(Retailer, house.ids["retailer_id"]), db.get_one(Vendor, house.ids["vendor_id"])
    draft = make_revision(db, make_item(db, retailer, vendor=vendor, key="draft"))
    refused = make_asset(db, vendor, state=AssetState.REFUSED)
    refused.problem = "This picture cannot be read."
    template = db.get_one(PageTemplate, house.ids["template_id"])
    set_fixed(db, template, "legal.text", {"en": "Made with care."}, at=NOON, actor=None)
    db.add_all(
        [
            Look(retailer_id=retailer.id, name="Autumn", title={"en": "Autumn"}, created_at=NOON),
            Occasion(
                retailer_id=retailer.id,
                name="Late night",
                title={"en": "Late night"},
                begins="2030-05-01T18:00",
                ends="2030-05-01T21:00",
                created_at=NOON,
                changed_at=NOON,
            ),
            Review(
                retailer_id=retailer.id,
                item_id=house.ids["item_id"],
                stars=4,
                title="Lovely",
                text="Soft and warm.",
                alias="Ann",
                locale="en",
                state=ReviewState.PUBLISHED,
                written_at=NOON,
            ),
            PictureFetch(
                id=ids.new(),
                vendor_id=vendor.id,
                run_id=house.ids["run_id"],
                product_id=house.ids["product_id"],
                url="https://pictures.example/a.jpg",
                place=0,
                state=FetchState.FAILED,
                code="IMG_FETCH",
                reason="It is gone.",
            ),
            Warehouse(retailer_id=retailer.id, code="W1", name="Riverside depot"),
            WithdrawnRule(rule=1, version=1, at=NOON, by="Op", why="It was a phone."),
            Correction(
                retailer_id=retailer.id,
                on=NOON.date(),
                kind="scan",
                cause="rule",
                store_id=house.ids["store_id"],
                item_id=house.ids["item_id"],
                code_id="",
                difference=3,
                why="It was a phone.",
                at=NOON,
            ),
            ArchiveLine(
                vendor_id=vendor.id,
                archive_id=house.ids["archive_id"],
                place=0,
                name="autumn/top.jpg",
                outcome=Outcome.REFUSED,
                reason="This is a web page.",
                product_ids=[],
            ),
        ]
    )
    film = make_film(db, vendor, transcript={"en": "Knitted by hand."})
    post(
        db, retailer_id=retailer.id, channel=Channel.MAIL, to="a@example.com", subject="Hello", body="Welcome.", at=NOON
    )
    db.commit()
    more = [
        (Role.VENDOR_ADMIN, f"/studio/assets?id={house.ids['asset_id']}"),
        (Role.VENDOR_ADMIN, f"/studio/assets?id={refused.id}"),
        (Role.VENDOR_ADMIN, f"/studio/assets?id={film.id}"),
        (Role.VENDOR_ADMIN, f"/studio/content/{draft.content_id}"),
        (Role.VENDOR_ADMIN, f"/studio/content/{draft.content_id}/page"),
    ]
    return Everything(house, more)


def readers(browser: Browser, house: House) -> dict[Role, Browser]:
    return {role: browser.another().sign_in(*person) for role, person in house.people.items()}


def pages_of(everything: Everything) -> list[tuple[Role, str]]:
    """Every page that somebody signed in may open, once."""
    found = []
    for case in CASES:
        if case.method == "GET" and case.access and not case.access.is_public and not _is_long(case):
            role = next(role for role in (Role.OWNER, Role.VENDOR_ADMIN, *Role) if opens(case, role))
            found.append((role, everything.house.address(case.rule + _CHOSEN.get(case.rule, ""))))
    return found + everything.more


def _is_long(case: Case) -> bool:
    """Drawings and sheets of codes: what is printed of a text has tests of its own."""
    return bool(re.search(r"\.(svg|png|pdf|zip)$", case.rule))


def look_at(everything: Everything, people: dict[Role, Browser]) -> tuple[set[str], int]:
    """What is alive on any page or in any export, and how many were looked at."""
    alive, count = set(), 0
    for role, address in pages_of(everything):
        # A file that is handed out is closed with its answer.
        with people[role].get(address) as response:
            assert response.status_code < 500, f"{address} as {role}: {response.status_code}"
            if response.status_code != 200:
                continue
            count += 1
            if response.mimetype == "text/html":
                alive |= {f"{address}: {each}" for each in Page(response.text).alive}
                if TELL_SUM in response.text:
                    alive.add(f"{address}: a template was run")
            elif response.mimetype == "text/csv":
                alive |= {f"{address}: {each}" for each in live_formulas(response.text)}
    return alive, count


# --- forms --------------------------------------------------------------------------------------------


def forms_on(everything: Everything, people: dict[Role, Browser]) -> dict[str, tuple[Role, str, Form]]:
    """Every form with a field for words, by where it goes, with who sees it and where."""
    found: dict[str, tuple[Role, str, Form]] = {}
    for role, address in pages_of(everything):
        with people[role].get(address) as response:
            page = response.text if (response.status_code, response.mimetype) == (200, "text/html") else ""
        for form in Page(page).forms:
            # A shopper's form in a preview is sent by nobody: the preview's policy allows none.
            is_dead = (form.action or "").startswith("/i/")
            if form.texts and not form.has_password and not is_dead:
                name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=^/i/)[0-9a-z]{16}", "ID", form.action or address)
                found.setdefault(name, (role, address, form))
    return found


@pytest.mark.shared_data
@pytest.mark.timeout(300)
@on_both_when_full
def test_every_form_keeps_what_is_typed_or_says_why_not(
    browser: Browser, everything: Everything, strings: list[str], database_url: str
) -> None:
    people = readers(browser, everything.house)
    forms = forms_on(everything, people)
    told: list[str] = []
    kept: set[tuple[str, str]] = set()

    for number, (name, (role, address, form)) in enumerate(forms.items()):
        if "postgresql" in database_url:
            # One string in all fields at once: where it is none that can be taken, no other is kept from its field.
            # Each form has its own, for there are names that nothing else may have.
            for text in OF_DATABASES:
                told += try_form(people[role], name, address, form, [f"{text} {number}"], 0, kept)
            continue
        # All strings are shared out among all forms, and those of a form among its fields.
        part = [*strings[number :: len(forms)], *_SHORT]
        step = max(min(len(form.texts), len(part) // _TIMES), 1)
        for place in range(0, len(part), step):
            told += try_form(people[role], name, address, form, part, place, kept)

    assert told == []
    assert len(forms) >= 15, sorted(forms)
    # Otherwise that nothing was kept wrongly would prove nothing.
    never = {(name, field) for name, (_, _, form) in forms.items() for field in form.texts} - kept
    assert {each for each in never if not is_strict(*each)} == set()
    assert look_at(everything, people)[0] == set()


def try_form(
    browser: Browser,
    name: str,
    address: str,
    form: Form,
    part: list[str],
    place: int,
    kept: set[tuple[str, str]],
) -> list[str]:
    """Send a form with another string in each of its fields; what went wrong, in words."""
    if form.fields.keys() & {"edit", "digest", "number"}:
        # Such a form knows what it was filled in on: it is read anew.
        fresh = [each for each in Page(browser.get(address).text).forms if each.action == form.action]
        form = fresh[0] if fresh else form
    typed = {field: part[(place + step) % len(part)] for step, field in enumerate(form.texts)}
    words = {field: text for field, text in typed.items() if not is_strict(name, field)}
    strict = {field: text for field, text in typed.items() if field not in words}
    wrong: list[str] = []
    if words:
        wrong, invalid = _send(browser, name, form, words, kept)
        good = {field: text for field, text in words.items() if field not in (invalid or ())}
        if invalid and good:
            # What was not refused goes again.
            wrong += _send(browser, name, form, good, kept)[0]
        elif invalid is not None:
            # The answer does not say which it was: one of them goes alone, each in its turn.
            field = list(words)[place % len(words)]
            wrong += _send(browser, name, form, {field: words[field]}, kept)[0]
    # A code or a number among words would have the whole form refused each time: those go by themselves.
    if strict and (not words or place % 3 == 0):
        wrong += _send(browser, name, form, strict, kept)[0]
    return wrong


def _send(
    browser: Browser, name: str, form: Form, typed: dict[str, str], kept: set[tuple[str, str]]
) -> tuple[list[str], set[str] | None]:
    """What went wrong, and where the form was refused the fields that the answer marks."""
    # A file that is handed out is closed with its answer.
    with written() as stored, browser.post(form.action, {**_rest(form), **typed}) as response:
        said = response.text if response.status_code >= 400 else ""
    if response.status_code >= 500:
        return [f"{name}: {response.status_code} for {typed}"], None
    if response.status_code >= 400:
        page = Page(said)
        if page.alive:
            return [f"{name}: {page.alive} on the answer to {typed}"], None
        has_reason = bool(page.alerts or page.invalid or "<h1" in said)
        return [] if has_reason else [f"{name}: {response.status_code} without a reason for {typed}"], page.invalid
    wrong = []
    for field, text in typed.items():
        if is_strict(name, field) or "" in kept_forms(text):
            continue
        if kept_forms(text) & stored:
            kept.add((name, field))
        else:
            wrong.append(f"{name}: {field} kept nothing of {text!r}")
    return wrong, None


_numbers = iter(range(1, 1_000_000))


def _rest(form: Form) -> dict[str, str]:
    """What stands in a form's other fields: what the page said, or something that can be taken."""
    number = next(_numbers)
    rest = {
        field: value or (VALID[field](number) if field in VALID else f"Word {number}" if field in form.texts else "")
        for field, value in form.fields.items()
    }
    if "code" in rest and "short_name" in rest:
        # Of a store: no two have the same.
        rest["code"] = f"C{number}"
    return rest


# --- columns ------------------------------------------------------------------------------------------

# Texts that only we write: codes, digests, names of files, words of closed lists. All others are tried.
OURS = {
    *("audit_entry.chain", "audit_entry.actor", "audit_entry.action", "audit_entry.subject_kind"),
    *("audit_entry.subject_id", "audit_entry.seal", "idempotency_key.body_digest", "idempotency_key.answer"),
    *("log_file.name", "log_file.node", "retailer.slug"),
    *("retailer.currency", "retailer.default_locale", "retailer.locales"),
    # An hour by the clock on a store's wall.
    *("occasion.begins", "occasion.ends"),
    *("retailer.time_zone", "retailer_host.host", "user.password_hash", "asset.public_id", "asset.digest"),
    *("asset.source_key", "asset.colour", "asset.placeholder", "brand_kit.colour", "import_run.file_key"),
    *("import_run.encoding", "import_run.delimiter", "import_run.currency", "invitation.secret_hash"),
    *("invitation.store_ids", "membership.store_ids", "offer.public_id", "offer.currency", "offer.store_ids"),
    *("store.public_id", "store.country", "store.time_zone", "store_network.cidr", "visitor.secret_hash"),
    *(
        "consent_event.purpose",
        "consent_event.locale",
        "subscription.locale",
        "subscription.about",
        "fixed_value.slot",
        "item.public_id",
        "item.template_id",
    ),
    *("product_variant.currency", "variant.currency", "rendition.purpose", "rendition.format", "rendition.key"),
    *("mail_link.secret_hash", "suppression.address_hash", "agreed_phone.key", "outbox_message.headers"),
    *("staff_session.secret_hash", "claim.public_id", "claim.visit", "claim.code_lookup", "claim.code_tail"),
    *(
        "code.token",
        "code_reading.digest",
        "event.kind",
        "event.visit",
        "review.locale",
        "share_link.public_id",
        "list_share.public_id",
        "list_share.secret",
        "list_share.secret_hash",
        "redemption.reason",
    ),
    *("offer_subject_use.subject_key", "redemption.idempotency_key", "revision.digest", "approval.digest"),
    *("publication.store_ids", "page_change.item_id", "picture_fetch.code", "feed_run.file_key", "feed_run.encoding"),
    *("feed_run.delimiter", "feed_run.country", "asset.ground", "rendition.part", "archive.file_key"),
    *("archive_line.product_ids", "archive_line.matched_by", "arrival.kind", "arrival.stamp", "recording.frame"),
    *("recording.frame_made", "brand_kit.logo_key", "brand_kit.logo_dark_key", "brand_kit.font_key"),
    *("brand_kit.font_scripts", "migration.last_id", "supply_terms.accepted_by", "link_check.digest"),
    # Addresses as `parties.following` takes them, and our words about them; they stand in sentences of refusals only.
    *("link_check.url", "link_check.end", "link_check.reason", "fill_run.file_key"),
    # Structures of ours around texts from outside: `import_run` is filled by a real file below, a revision's body by
    # tests/content/test_rendered.py, a template's sections are shipped.
    *("import_run.columns", "import_run.counts", "import_run.problems", "import_run.changes", "import_run.written"),
    *("import_run.format", "import_run.said", "import_run.kind", "import_run.news", "feed_run.columns"),
    *("feed_run.counts", "feed_run.problems", "feed_run.changes", "feed_run.written", "feed_run.format"),
    *("gs1_link.gtin", "gs1_link.qualifiers", "gs1_link.link_type", "gs1_link.locale", "gs1_link.href"),
    *("gs1_link.media_type", "gs1_link.context", "link_host.host", "gtin_answer.gtin"),
    # Of a code that nobody sees yet.
    *("code_draft.token", "code_draft.subject_id", "code_draft.item_id", "code_draft.store_id"),
    "code_draft.fixture_id",
    *("template_draft.sections", "migration.counts", "fill_run.counts", "fill_run.problems", "fill_run.changes"),
    # Keys and measures of stocks, how a batch is laid out, digests, and counts by store.
    *("label_stock.key", "label_stock.measures", "printer_fit.stock_key", "print_batch.stock", "print_batch.run"),
    *("print_batch.base_url", "print_batch.file_key", "print_batch.stores", "print_request.stock_key"),
    # The words of every label, drawn as they are; tests/printing looks at them.
    "print_batch.wording",
    *("revision.body", "template_version.sections", "claim.terms", "store.weekly", "recording.captions"),
    *("sign_run.sign", "sign_run.format", "sign_run.code_ids", "sign_run.file_key", "sign_run.preview_keys"),
}
# No rows of these lie in a shop where nobody has scanned or clicked; their texts are in OURS or are ids.
_OF_SCANS = {"open_visit", "scan", "scan_place"}


def text_columns(table: Table) -> Iterator[Any]:
    """Columns that hold words from outside."""
    for column in table.columns:
        if column.primary_key or column.foreign_keys or f"{table.name}.{column.name}" in OURS:
            continue
        if isinstance(column.type, String | Text | JSON):
            yield column


def smuggle(database: Database, text: str) -> set[str]:
    """Put a text into every column for words, behind everybody's back; the columns of tables that have no row."""
    empty, number = set(), 0
    with database.write() as db:
        allow_tampering(db)
        for table in metadata().sorted_tables:
            columns = [] if table.name in _OF_SCANS else list(text_columns(table))
            rows = db.execute(select(table)).mappings().all() if columns else []
            key = list(table.primary_key.columns)
            empty |= {f"{table.name}.{each.name}" for each in columns if not rows}
            for row in rows:
                number += 1
                values = {each.name: _replaced(row[each.name], text, each, number) for each in columns}
                db.execute(update(table).where(*(each == row[each.name] for each in key)).values(values))
        db.commit()
    return empty


def _replaced(value: Any, text: str, column: Any, number: int) -> Any:
    """The text in place of a value's words, as long as the column is; each row's differs."""
    if isinstance(value, dict):
        return {name: _replaced(each, text, column, number) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, text, column, number) for each in value]
    if not isinstance(value, str):
        return value
    mark = f" {number}"
    most = getattr(column.type, "length", None) or 2000
    return text[: most - len(mark)] + mark


@pytest.mark.timeout(300)
@ON_ONE
def test_sec_E01_whatever_lies_in_a_text_column_is_alive_on_no_page(
    browser: Browser, everything: Everything, database: Database
) -> None:
    people = readers(browser, everything.house)
    _, before = look_at(everything, people)

    found = {}
    for text in (*CORE[:3], "={{1234567*7}}"):
        empty = smuggle(database, text)
        found[text], count = look_at(everything, people)
        assert count == before, f"a page went away: {text}"

    assert {text: each for text, each in found.items() if each} == {}
    assert empty == set(), "say in `everything` what a row of these looks like, or in OURS that only we write them"


# --- files in -----------------------------------------------------------------------------------------

FIELDS = ("style", "title", "brand", "category", "colour", "size", "description", "blurb", "story", "care", "material")


@pytest.mark.shared_data
def test_every_cell_of_a_sheet_is_kept_exactly_or_refused(
    browser: Browser, everything: Everything, work: Work, strings: list[str]
) -> None:
    vera = browser.sign_in(*everything.house.people[Role.VENDOR_ADMIN])
    # A file with an empty character in it is no text file, and is refused as a whole.
    strings = [each for each in strings if "\0" not in each]
    # Each row has one string in a cell of each field, shifted so that no row has the same twice.
    rows = [
        [
            f"row-{number}",
            f"Top {number}",
            *(strings[(number + step) % len(strings)] for step in range(len(FIELDS) - 2)),
        ]
        for number in range(len(strings))
    ]
    rows += [[text, text, *[""] * (len(FIELDS) - 2)] for text in strings]
    sheet = csv_of(*rows, header=FIELDS)
    with work.database.write() as db:
        vendor = db.get_one(Vendor, everything.house.ids["vendor_id"])
        run = send(db, vendor, sheet, work.settings)
        db.commit()

    checked = vera.get(f"/studio/import/{run.id}")
    fix = vera.get(f"/studio/import/{run.id}/rows-to-fix.csv")
    started = vera.post(f"/studio/import/{run.id}/take-in")
    jobs.run_all(work)
    pages = [
        checked,
        vera.get(f"/studio/import/{run.id}"),
        vera.get("/studio/products"),
        vera.get("/studio/products?page=9"),
    ]

    assert started.status_code == 303
    assert [each for page in pages for each in Page(page.text).alive] == []
    assert all(page.status_code == 200 for page in pages)
    assert live_formulas(fix.text) == []
    assert wrongly_kept(work, run, rows) == []


def wrongly_kept(work: Work, run: ImportRun, rows: list[list[str]]) -> list[str]:
    """Cells of rows that were taken in and lie in no form of themselves in their product."""
    with work.database.read() as db:
        run = db.get_one(ImportRun, run.id)
        told = {each["row"] for each in run.problems}
        products = {
            each.key: each for each in db.scalars(select(VendorProduct).where(VendorProduct.vendor_id == run.vendor_id))
        }
    wrong, taken = [], 0
    for number, cells in enumerate(rows, start=2):
        product = products.get(cells[0])
        if number in told or product is None or not cells[0].startswith("row-"):
            continue
        taken += 1
        said = dict(zip(FIELDS, cells, strict=True))
        lies = {
            "title": product.title,
            "brand": product.maker,
            "category": product.category,
            "description": product.description,
            **product.texts,
        }
        wrong += [
            f"row {number} {name}: {lies[name]!r} for {said[name]!r}"
            for name in lies
            if name in said and not is_kept(lies[name], said[name])
        ]
    assert taken > len(rows) // 4, "hardly any row was taken in"
    return wrong


def is_kept(lies: str, said: str) -> bool:
    """Whether a cell is kept: itself, or of HTML, as exports are full of it, letters of it in their order."""
    if lies in kept_forms(said) or (not said.strip() and not lies):
        return True
    # A spreadsheet's apostrophe before a formula is not part of the cell.
    if said.startswith("'") and lies in kept_forms(said[1:]):
        return True
    if not re.search(r"[<&]", said):
        return False
    letters = iter(filter(str.isalnum, unescape(said)))
    return all(letter in letters for letter in filter(str.isalnum, lies))


@pytest.mark.shared_data
@ON_ONE
def test_names_and_words_of_pictures_are_shown_as_text(
    browser: Browser, everything: Everything, db: Session, strings: list[str]
) -> None:
    vendor = db.get_one(Vendor, everything.house.ids["vendor_id"])
    for text in strings:
        make_asset(db, vendor, file_name=shown_name(text), alt={"en": text})
    db.commit()
    vera = browser.sign_in(*everything.house.people[Role.VENDOR_ADMIN])

    pages = [vera.get(f"/studio/assets?page={number}") for number in range(1, len(strings) // 30 + 2)]

    assert [each for page in pages for each in Page(page.text).alive] == []
    shown = "".join(page.text for page in pages)
    assert shown.count('<tr role="row">') > len(strings)


# --- one by one ---------------------------------------------------------------------------------------


@pytest.mark.shared_data
def test_a_cleaned_text_is_itself_without_what_cannot_be_seen(strings: list[str]) -> None:
    for text in strings:
        line, block = clean_line(text, 10_000), clean_block(text, 10_000)
        assert clean_line(line, 10_000) == line
        assert clean_block(block, 10_000) == block
        assert line.replace("\u200c", "").replace("\u200d", "").isprintable()
        assert re.sub(r"\s", "", line) in re.sub(r"\s", "", "".join(kept_forms(text)))


@pytest.mark.shared_data
def test_rich_text_of_anything_is_harmless(strings: list[str]) -> None:
    for text in strings:
        for source in (text, f"[{text}]({text})", f"**{text}**", f"- {text}\n- x"):
            page = Page(str(rich_text(source)))
            assert page.alive == [], source
            assert page.tags <= {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}, source


@pytest.mark.shared_data
@pytest.mark.parametrize("style", Style)
def test_every_slot_for_words_keeps_a_text_or_says_why_not(style: Style, strings: list[str]) -> None:
    slots = [each for each in read_slots(sections_of(style)).values() if each.is_words]
    kept = 0

    for slot in slots:
        for text in strings:
            try:
                words = clean_words(slot, text, ())
            except ValueError as refused:
                assert len(str(refused)) > 10
                continue
            assert words in kept_forms(text), (slot.name, text)
            kept += 1

    assert {each.kind for each in slots} >= {Kind.LINE, Kind.RICH_TEXT}
    assert kept > len(slots) * len(strings) // 2


@pytest.mark.shared_data
def test_sec_E05_no_cell_of_any_text_starts_a_formula(strings: list[str]) -> None:
    kept = io.StringIO(newline="")
    writer = csv.writer(kept)
    for text in strings:
        writer.writerow([spreadsheet_cell(text.lstrip(" "))])

    assert live_formulas(kept.getvalue()) == []

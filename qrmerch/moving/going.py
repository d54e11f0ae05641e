"""Writing a folder with everything that keeps a retailer's printed codes alive elsewhere.

In: a retailer. Out: a CSV of all codes, maps for nginx and Apache, a plain page for all that a code leads to, records
that `coming` reads back, and a README that says what is what.
Never: a shopper's, a scan's or a person's data; a page of something that is not published.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.codes.models import Code
from qrmerch.codes.tokens import address_of
from qrmerch.errors import Conflict, NotFound
from qrmerch.files import FileStore
from qrmerch.moving import records, servers
from qrmerch.moving.subjects import each_subject
from qrmerch.parties.languages import first_text
from qrmerch.parties.models import Retailer
from qrmerch.rendering.fallback import (
    PlainFile,
    render_item_file,
    render_look_file,
    render_occasion_file,
    render_store_file,
    render_words_file,
)
from qrmerch.text import spreadsheet_cell

_HEADS: Final = (
    "Token", "Address", "Page", "Leads to", "Item", "Variant", "Store", "Place", "Carrier", "State", "Replaced by",
    "Batch", "Campaign", "Made", "Printed",
)  # fmt: skip
_MAX_STEPS: Final = 100
Progress = Callable[[int], None]


class FolderInUse(Conflict):
    """There is something in the folder already."""

    slug = "folder_in_use"


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written."""

    codes: int
    pages: int
    items: int


@dataclass(slots=True)
class _Led:
    """What the codes lead to, gathered from the records."""

    titles: dict[str, str] = field(default_factory=dict)
    # Addresses as phones ask for them, and the page of each.
    pages: dict[str, str] = field(default_factory=dict)
    codes: list[records.Record] = field(default_factory=list)


def count_codes(db: Session, retailer: Retailer) -> int:
    """How many codes an export would hold."""
    return db.scalar(select(func.count(Code.id)).where(Code.retailer_id == retailer.id)) or 0


def write_folder(
    db: Session,
    retailer: Retailer,
    folder: Path,
    *,
    store: FileStore,
    base_url: str,
    at: datetime,
    progress: Progress = lambda _: None,
) -> Written:
    """Write the folder, which may be there already if it is empty.

    :param base_url: the installation's own address, which codes without a host of the retailer's carry.
    :param progress: told of each code that is written.
    :raises FolderInUse: something is in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse(f"{folder} is not empty. Name a folder that is new or empty.")
    for name in ("pages/img", "nginx", "apache"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    led, hosts = _write_records(db, retailer, folder, base_url, at)
    by_token = {code["token"]: code for code in led.codes}
    pages = _write_pages(db, retailer, folder, led, store=store, at=at)
    with (folder / "codes.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADS)
        for code in led.codes:
            page = _page_of(_shown_for(code, by_token))
            led.pages[f"/q/{code['token']}"] = f"/{page}"
            writer.writerow([spreadsheet_cell(str(cell or "")) for cell in _row(code, page, led, base_url)])
            progress(1)
    led.pages |= {"/privacy": "/pages/privacy.html", "/help": "/pages/help.html", "/": "/pages/unknown.html"}
    shared = urlsplit(base_url).hostname or ""
    named = [*dict.fromkeys([*hosts, *(each["host"] or shared for each in led.codes)])]
    _write(folder / servers.NGINX_MAP, servers.nginx_map(led.pages))
    _write(folder / servers.NGINX, servers.nginx_conf(named, entries=len(led.pages)))
    _write(folder / servers.APACHE_MAP, servers.apache_map(led.pages))
    _write(folder / servers.APACHE, servers.apache_conf(named))
    _write(folder / "README.txt", _readme(retailer, led, named, pages, at))
    return Written(len(led.codes), pages, sum(1 for key in led.titles if " " not in key))


def _write_records(
    db: Session, retailer: Retailer, folder: Path, base_url: str, at: datetime
) -> tuple[_Led, list[str]]:
    led, hosts = _Led(), list[str]()
    with (folder / records.FILE).open("w", encoding="utf-8") as file:
        for record in records.each_record(db, retailer, base_url=base_url, at=at):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            if record["kind"] == "retailer":
                hosts = [each["host"] for each in record["hosts"]]
            elif record["kind"] == "item":
                led.titles[record["public_id"]] = record["title"]
            elif record["kind"] == "store":
                led.titles[f"store {record['public_id']}"] = record["name"]
            elif record["kind"] in ("look", "occasion"):
                title = record["title"]
                led.titles[f"{record['kind']} {record['public_id']}"] = first_text(retailer, title)
            elif record["kind"] == "code":
                led.codes.append(record)
    return led, hosts


def _write_pages(db: Session, retailer: Retailer, folder: Path, led: _Led, *, store: FileStore, at: datetime) -> int:
    """A page for each thing that a code leads to, its own address in the maps; how many."""
    written = 0
    for subject in each_subject(db, retailer):
        if subject.store_id:
            page = render_store_file(db, store_id=subject.store_id, at=at)
            address, name = f"/store/{subject.public_id}", f"store-{subject.public_id}"
        elif subject.look_id:
            page = render_look_file(db, look_id=subject.look_id, at=at)
            address, name = f"/look/{subject.public_id}", f"look-{subject.public_id}"
        elif subject.occasion_id:
            page = render_occasion_file(db, occasion_id=subject.occasion_id, at=at)
            address, name = f"/event/{subject.public_id}", f"occasion-{subject.public_id}"
        else:
            page = render_item_file(db, item_id=subject.item_id, at=at)
            address, name = f"/i/{subject.public_id}", subject.public_id
        led.pages |= dict.fromkeys((address, *subject.numbers), f"/pages/{name}.html")
        _write_page(folder, name, page, store)
        written += 1
    for name, title, lines in _WORDS:
        _write_page(
            folder, name, render_words_file(db, retailer_id=retailer.id, title=title, lines=lines, at=at), store
        )
    return written + len(_WORDS)


_WORDS: Final = (
    ("unknown", "That code is not one of ours", ("A code has nine characters. Look at the tag again.",)),
    ("help", "Help", ("Point your camera at the square on a tag to see what it is.",)),
    ("privacy", "What a scan records", ("These pages are plain files. They set no cookie and run no script.",)),
)


def _write_page(folder: Path, name: str, page: PlainFile, store: FileStore) -> None:
    (folder / "pages" / f"{name}.html").write_bytes(page.html)
    target = folder / "pages" / "img" / page.picture_name
    if page.picture_name and not target.exists():
        try:
            with store.open(f"renditions/{page.picture_name.partition('.')[0]}") as file:
                target.write_bytes(file.read())
        except NotFound:
            return


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _shown_for(code: records.Record, by_token: dict[str, records.Record]) -> records.Record:
    """The code whose page shows: its own, or the last of those that replaced it."""
    for _ in range(_MAX_STEPS):
        after = by_token.get(code["replaced_by"] or "")
        if after is None:
            break
        code = after
    return code


def _page_of(code: records.Record) -> str:
    return f"pages/{_led_to(code).replace(' ', '-')}.html"


def _led_to(code: records.Record) -> str:
    """What a code leads to, as `_Led.titles` has it."""
    field = {"store": "shop", "look": "look", "occasion": "occasion"}.get(code["leads_to"])
    return f"{code['leads_to']} {code[field]}" if field else str(code["item"])


def _row(code: records.Record, page: str, led: _Led, base_url: str) -> Iterator[Any]:
    yield code["token"]
    yield address_of(f"https://{code['host']}" if code["host"] else base_url, code["token"])
    yield page
    yield code["leads_to"]
    yield led.titles.get(_led_to(code), "")
    yield from (code[name] for name in ("variant", "store", "place", "carrier", "state", "replaced_by"))
    yield from (code[name] for name in ("batch", "campaign", "made_at", "printed_at"))


def _readme(retailer: Retailer, led: _Led, hosts: list[str], pages: int, at: datetime) -> str:
    return f"""{retailer.name}: {len(led.codes):,} printed codes, {pages:,} pages, written {at:%Y-%m-%d %H:%M} UTC

A printed code cannot be called back. With this folder the codes go on working without qrmerch, or come back into it.

codes.csv     Every code ever made, also replaced and retired ones: the address that is printed, the page that answers
              it, what it leads to and where it hangs. Excel and any database read it.
pages/        A plain page for everything that a code or a GS1 number leads to, with its picture: no script, no price,
              no stock.
nginx/        qrmerch.conf and its map: answers every printed address with its page, GS1 addresses (/01/…, /414/…) too,
              whatever batch or piece they name.
apache/       The same for Apache.
shop.jsonl    All of it as records. An empty qrmerch takes it in:
                  qrmerch db upgrade
                  qrmerch codes import THIS-FOLDER
              Then every code answers again, with its item, its variants, its place, and the links of its GS1 numbers.
              Words and pictures that vendors sent are in pages/ only; items show the plain page until new ones are
              published. Looks and events come back with their words, and without a picture of their own.

The printed addresses are at: {", ".join(hosts) or "no host"}
Let these names lead to the new server before the old one is switched off.

To lead codes to pages of another system, write its addresses behind the printed ones in nginx/qrmerch-codes.map or
apache/qrmerch-codes.txt: the line "/q/TOKEN /pages/x.html" becomes "/q/TOKEN https://shop.example/x".
"""

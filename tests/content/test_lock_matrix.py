"""Which changes get through: every kind of slot × every lock × every path that values come by.

The paths are the real ones: the editor's form, a sheet that is taken in, copying from another page, the door for
programs, and bringing back an earlier save. What is allowed arrives and nothing else changes; what is not allowed is
refused in words and changes nothing at all.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import drafts, templates
from qrmerch.content.models import Content, DraftSave, PageTemplate, Style
from qrmerch.content.queries import find_content, list_revisions, slots_of
from qrmerch.content.slots import Kind, Lock, SlotLocked
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.imports import slot_sheets
from qrmerch.jobs import Work
from qrmerch.media.models import AssetKind
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.service import add_host, add_supply
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_asset,
    make_film,
    make_item,
    make_person,
    make_retailer,
    make_template,
    make_vendor,
)

Json = dict[str, Any]
OURS, AWAY = "https://fashiontown.example/guide", "https://elsewhere.example/guide"
OPTIONS = [{"value": value, "label": {"en": value.capitalize()}} for value in ("one", "two")]
MORE_OPTIONS = [*OPTIONS, {"value": "three", "label": {"en": "Three"}}]


@dataclass
class Shop:
    """A page in a template with a slot of every kind under every lock, and what may and may not stand in each."""

    retailer: Retailer
    elsewhere: Retailer
    vendor: Vendor
    item: Item
    vera: Person
    allowed: Json
    forbidden: Json


def name_of(kind: Kind, lock: Lock) -> str:
    return f"{lock}.{kind}"


def sections(*, is_tight: bool, swapped: bool = False) -> list[Json]:
    """A section for each lock with a slot of each kind; loose ones are for pages to copy from."""
    swap = {Kind.VIDEO: Kind.AUDIO, Kind.AUDIO: Kind.VIDEO} if swapped else {}
    limits = {"max_chars": 20, "max_count": 1} if is_tight else {"max_chars": 400, "max_count": 9}
    found = []
    for lock in Lock:
        slots = []
        for kind in Kind:
            is_list = Lock.CHOOSE in (lock,) or kind == Kind.CHOICE
            own = lock if is_tight or lock == Lock.CHOOSE else Lock.EDIT
            slot = {"key": str(kind), "kind": str(swap.get(kind, kind)), "lock": str(own), "label": f"{lock} {kind}"}
            slots.append({**slot, **limits, **({"options": OPTIONS if is_tight else MORE_OPTIONS} if is_list else {})})
        found.append({"key": str(lock), "kind": "words", "label": str(lock), "slots": slots})
    return found


def fill(address: str, words: str, pictures: list[str], film: str, sound: str, option: str) -> Json:
    """A value for each kind of slot."""
    return {
        Kind.LINE: {"en": words},
        Kind.TEXT: {"en": words},
        Kind.RICH_TEXT: {"en": f"[{words}]({address})"},
        Kind.PICTURES: pictures,
        Kind.VIDEO: [film],
        Kind.AUDIO: [sound],
        Kind.FACTS: [{"name": {"en": "Made in"}, "value": {"en": words}}],
        Kind.TABLE: {"en": [["Size", "Chest"], ["S", words]]},
        Kind.FILES: [{"name": {"en": "Guide"}, "url": address}],
        Kind.LINK: {"url": address, "words": {"en": "Ask"}},
        Kind.CHOICE: option,
    }


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer, elsewhere = make_retailer(db, name="Fashiontown"), make_retailer(db, name="Grand Stores")
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    for host in ("fashiontown2.example", "elsewhere.example"):
        add_host(db, elsewhere, host, is_primary=False, proven_at=NOON)
    vendor = make_vendor(db, retailer)
    add_supply(db, elsewhere, vendor)
    film, sound = make_film(db, vendor), make_film(db, vendor, kind=AssetKind.SOUND)
    pictures = [make_asset(db, vendor).id for _ in range(2)]
    template = make_template(db, retailer)
    templates.release_version(db, template, sections(is_tight=True), at=NOON)
    item = make_item(db, retailer, vendor=vendor, key="top", title="Marigold Top")
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    allowed = fill(OURS, "Fine", pictures[:1], film.id, sound.id, "one")
    # Too much, too long, of another kind, not listed, or leading away.
    forbidden = fill(AWAY, "x" * 200, pictures, sound.id, film.id, "three")
    drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    db.commit()
    return Shop(retailer, elsewhere, vendor, item, vera, allowed, forbidden)


@dataclass
class Attempt:
    """Somebody tries to put a value into a slot; `natural` is of the slot's kind, whatever its lock."""

    shop: Shop
    db: Session
    browser: Browser
    work: Work
    name: str
    kind: Kind
    lock: Lock
    value: Any

    @property
    def address(self) -> str:
        template_id = self.db.scalars(
            select(PageTemplate.id).where(PageTemplate.retailer_id == self.shop.retailer.id)
        ).one()
        content = find_content(self.db, self.shop.item.id, template_id)
        assert content is not None
        return f"/studio/content/{content.id}"


def by_form(attempt: Attempt) -> bool:
    fields = find_form(attempt.browser.get(attempt.address).text, attempt.address).fields
    sent = {name: fields[name] for name in ("number", "edit", "locale")}
    value, name = attempt.value, attempt.name
    if isinstance(value, str):
        sent[name] = value
    elif attempt.kind in (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT):
        sent[name] = value["en"]
    elif attempt.kind == Kind.TABLE:
        sent[name] = "\n".join(" | ".join(row) for row in value["en"])
    elif attempt.kind == Kind.LINK:
        sent |= {f"{name}.words": value["words"]["en"], f"{name}.url": value["url"]}
    elif attempt.kind in (Kind.FACTS, Kind.FILES):
        said = value[0].get("url") or value[0]["value"]["en"]
        sent |= {f"{name}.name": value[0]["name"]["en"], f"{name}.value": said, f"{name}.row": ""}
    else:
        sent[name] = ["", *value]
    return attempt.browser.post(attempt.address, sent).status_code == 303


def by_door(attempt: Attempt) -> bool:
    door = f"{attempt.address}/slots"
    said = {**attempt.browser.get(door).json, "slots": {attempt.name: attempt.value}}
    return attempt.browser.post_json(door, json.dumps(said)).status_code == 200


def by_sheet(attempt: Attempt) -> bool:
    value, kind = attempt.value, attempt.kind
    has_languages = kind not in (Kind.PICTURES, Kind.VIDEO, Kind.AUDIO, Kind.CHOICE) and attempt.lock != Lock.CHOOSE
    if isinstance(value, str):
        cell = value
    elif kind in (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT):
        cell = value["en"]
    elif kind == Kind.TABLE:
        cell = "\n".join(" | ".join(row) for row in value["en"])
    elif kind == Kind.LINK:
        cell = f"{value['words']['en']} | {value['url']}"
    elif kind in (Kind.FACTS, Kind.FILES):
        cell = f"{value[0]['name']['en']} | {value[0].get('url') or value[0]['value']['en']}"
    else:
        cell = "\n".join(value)
    text = io.StringIO()
    csv.writer(text).writerows([["item", attempt.name + (".en" if has_languages else "")], ["top", cell]])
    shop, work, db = attempt.shop, attempt.work, attempt.db
    try:
        run = slot_sheets.receive_file(
            db, retailer=shop.retailer, vendor_id=shop.vendor.id, stream=io.BytesIO(text.getvalue().encode()),
            file_name="pages.csv", user_id=shop.vera.user.id, store=FileStore(work.settings.uploads_dir),
            settings=work.settings, at=NOON,
        )  # fmt: skip
        slot_sheets.start(db, run, at=NOON)
    except (SlotLocked, slot_sheets.NothingToFill):
        db.rollback()
        return False
    db.commit()
    jobs.run_all(work)
    db.expire_all()
    return bool(run.written["created"] + run.written["changed"])


def by_copy(attempt: Attempt) -> bool:
    """Copy from a page elsewhere that may hold more, sending the box of the slot whether it was offered or not."""
    db, shop = attempt.db, attempt.shop
    is_swapped = attempt.kind in (Kind.VIDEO, Kind.AUDIO) and attempt.value == shop.forbidden[attempt.kind]
    template = make_template(db, shop.elsewhere, style=Style.QUIET)
    made = sections(is_tight=False, swapped=is_swapped)
    if attempt.lock == Lock.CHOOSE and not isinstance(attempt.value, str):
        made = [{**each, "slots": [{**slot, "lock": "edit"} for slot in each["slots"]]} for each in made]
    templates.release_version(db, template, made, at=NOON)
    source = make_item(db, shop.elsewhere, vendor=shop.vendor)
    value = attempt.value
    if attempt.kind in (Kind.RICH_TEXT, Kind.FILES, Kind.LINK) and not isinstance(value, str):
        add_host_once(db, shop.elsewhere, "fashiontown.example")
    drafts.write_slots(
        db, source, {attempt.name: value}, edit=None, author_id=None, at=NOON, path="form", template=template
    )
    content = find_content(db, source.id, template.id)
    assert content is not None
    db.commit()
    page = attempt.browser.get(f"{attempt.address}/copy?from={content.id}")
    fields = find_form(attempt.browser.get(attempt.address).text, attempt.address).fields
    assert page.status_code == 200
    said = {name: fields[name] for name in ("number", "edit")}
    parts = [f"{attempt.name}:{key}" for key in ("", "en")]
    sent = attempt.browser.post(f"{attempt.address}/copy", {**said, "from": content.id, "part": parts})
    return sent.status_code == 303


def add_host_once(db: Session, retailer: Retailer, host: str) -> None:
    """The other house may link to ours: its page holds what ours takes."""
    from qrmerch.parties.models import RetailerHost

    if not db.scalar(select(RetailerHost.id).where(RetailerHost.retailer_id == retailer.id, RetailerHost.host == host)):
        db.execute(RetailerHost.__table__.delete().where(RetailerHost.__table__.c.host == host))
        add_host(db, retailer, host, is_primary=False, proven_at=NOON)


def by_earlier_save(attempt: Attempt) -> bool:
    """Bring back a save that holds what an older rule let through."""
    db = attempt.db
    saves = f"{attempt.address}/saves"
    content = db.get_one(Content, attempt.address.rpartition("/")[2])
    draft = list_revisions(db, content.id)[0]
    save = db.scalars(select(DraftSave).where(DraftSave.revision_id == draft.id, DraftSave.edit == 0)).one()
    save.slots = {attempt.name: attempt.value}
    fields = {"number": str(draft.number), "edit": str(draft.edit), "save": "0"}
    db.commit()
    parts = [f"{attempt.name}:{key}" for key in ("", "en")]
    return attempt.browser.post(saves, {**fields, "part": parts}).status_code == 303


PATHS: dict[str, Callable[[Attempt], bool]] = {
    "form": by_form, "sheet": by_sheet, "copy": by_copy, "json": by_door, "earlier save": by_earlier_save,
}  # fmt: skip


def tries(shop: Shop, kind: Kind, lock: Lock) -> list[tuple[Any, bool]]:
    """What is tried in a slot, and whether it may."""
    if lock == Lock.FIXED:
        return [(shop.allowed[kind], False), (shop.forbidden[kind], False)]
    if lock == Lock.CHOOSE:
        natural = [] if kind == Kind.CHOICE else [(shop.allowed[kind], False)]
        return [*natural, ("three", False), ("one", True)]
    return [(shop.forbidden[kind], False), (shop.allowed[kind], True)]


@pytest.mark.parametrize("lock", Lock)
@pytest.mark.parametrize("path", PATHS)
def test_exactly_the_allowed_changes_get_through(
    path: str, lock: Lock, shop: Shop, db: Session, database: Database, browser: Browser, work: Work
) -> None:
    browser.sign_in(*shop.vera)
    leaks, lost, done = [], [], 0

    for kind in Kind:
        name = name_of(kind, lock)
        for value, is_allowed in tries(shop, kind, lock):
            before = standing(database, shop)
            said = PATHS[path](Attempt(shop, db, browser, work, name, kind, lock, value))
            after = standing(database, shop)
            wanted = {**before[0], name: value} if is_allowed else before[0]
            if not is_allowed and (after != before or said):
                leaks.append((name, value))
            if is_allowed and (after[0] != wanted or not said):
                lost.append((name, value, after[0].get(name)))
            done += 1

    assert (leaks, lost) == ([], [])
    assert done >= 2 * len(Kind)


def standing(database: Database, shop: Shop) -> tuple[Json, int]:
    """The draft's values and how often it was saved, as another session sees them."""
    with database.read() as db:
        content_id = db.scalars(select(Content.id).where(Content.item_id == shop.item.id)).one()
        draft = list_revisions(db, content_id)[0]
        return dict(slots_of(draft)), draft.edit

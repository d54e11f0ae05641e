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
from qrmerch.content import drafts
from qrmerch.content.models import DraftSave, PageTemplate, Style, TemplateVersion
from qrmerch.content.queries import get_newest_version, list_revisions, slots_of
from qrmerch.content.slots import Kind, Lock, SlotLocked
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.imports import slot_sheets
from qrmerch.jobs import Work
from qrmerch.media.models import AssetKind
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.service import add_host
from tests.browsing import Browser
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
from tests.figures import on_both_when_full

Json = dict[str, Any]
OURS, AWAY = "https://fashiontown.example/guide", "https://elsewhere.example/guide"
OPTIONS = [{"value": value, "label": {"en": value.capitalize()}} for value in ("one", "two")]
MORE_OPTIONS = [*OPTIONS, {"value": "three", "label": {"en": "Three"}}]


@dataclass
class Shop:
    """A page in a template with a slot of every kind under every lock, and what may and may not stand in each."""

    retailer: Retailer
    vendor: Vendor
    item: Item
    content_id: str
    vera: Person
    allowed: Json
    forbidden: Json


def name_of(kind: Kind, lock: Lock) -> str:
    return f"{lock}.{kind}"


def sections(*, is_tight: bool, swapped: bool = False) -> list[Json]:
    """A section for each lock with a slot of each kind; loose ones are for pages to copy from."""
    swap = {Kind.VIDEO: Kind.AUDIO, Kind.AUDIO: Kind.VIDEO} if swapped else {}
    limits = {"max_chars": 60, "max_count": 1} if is_tight else {"max_chars": 400, "max_count": 9}
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


def put_version(db: Session, template: PageTemplate, made: list[Json]) -> None:
    """A version with every kind of slot in one section, which no retailer could release."""
    number = get_newest_version(db, template.id).number + 1
    retailer_id = template.retailer_id
    db.add(
        TemplateVersion(retailer_id=retailer_id, template_id=template.id, number=number, sections=made, created_at=NOON)
    )
    db.flush()


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer = make_retailer(db, name="Fashiontown")
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    vendor = make_vendor(db, retailer)
    film, sound = make_film(db, vendor), make_film(db, vendor, kind=AssetKind.SOUND)
    pictures = [make_asset(db, vendor).id for _ in range(2)]
    template = make_template(db, retailer)
    put_version(db, template, sections(is_tight=True))
    item = make_item(db, retailer, vendor=vendor, key="top", title="Marigold Top")
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    allowed = fill(OURS, "Fine", pictures[:1], film.id, sound.id, "one")
    # Too much, too long, of another kind, not listed, or leading away.
    forbidden = fill(AWAY, "x" * 200, pictures, sound.id, film.id, "three")
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    db.commit()
    return Shop(retailer, vendor, item, draft.content_id, vera, allowed, forbidden)


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
        return f"/studio/content/{self.shop.content_id}"

    def upon(self) -> dict[str, Any]:
        """What every form says of the draft that it was drawn of."""
        said = self.browser.get(f"{self.address}/slots").json
        return {"number": str(said["number"]), "edit": str(said["edit"]), "locale": "en"}


def by_form(attempt: Attempt) -> bool:
    sent = attempt.upon()
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
        sent[name] = value if attempt.lock == Lock.CHOOSE else ["", *value]
    return attempt.browser.post(attempt.address, sent, Accept="application/json").status_code == 200


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
    """Copy from a page that holds what an older, looser template let through; the box is sent, offered or not."""
    db, shop = attempt.db, attempt.shop
    is_swapped = attempt.kind in (Kind.VIDEO, Kind.AUDIO) and attempt.value == shop.forbidden[attempt.kind]
    made = sections(is_tight=False, swapped=is_swapped)
    if attempt.lock == Lock.CHOOSE and not isinstance(attempt.value, str):
        made = [{**each, "slots": [{**slot, "lock": "edit"} for slot in each["slots"]]} for each in made]
    template = make_template(db, shop.retailer, style=Style.QUIET, is_default=False)
    put_version(db, template, made)
    source = make_item(db, shop.retailer, vendor=shop.vendor)
    draft = drafts.open_draft(db, source, author_id=None, at=NOON, template=template)
    draft.body = {**draft.body, "slots": {attempt.name: attempt.value}}
    content_id = draft.content_id
    db.commit()
    parts = [f"{attempt.name}:{key}" for key in ("", "en")]
    sent = {**attempt.upon(), "from": content_id, "part": parts}
    return attempt.browser.post(f"{attempt.address}/copy", sent).status_code == 303


def by_earlier_save(attempt: Attempt) -> bool:
    """Bring back a save that holds what an older rule let through."""
    db = attempt.db
    saves = f"{attempt.address}/saves"
    draft = list_revisions(db, attempt.shop.content_id)[0]
    save = db.scalars(select(DraftSave).where(DraftSave.revision_id == draft.id, DraftSave.edit == 0)).one()
    save.slots = {attempt.name: attempt.value}
    db.commit()
    is_by_language = attempt.kind in (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT, Kind.TABLE) and attempt.lock == Lock.EDIT
    parts = [f"{attempt.name}:{'en' if is_by_language else ''}"]
    return attempt.browser.post(saves, {**attempt.upon(), "save": "0", "part": parts}).status_code == 303


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


@on_both_when_full
@pytest.mark.timeout(600)
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
        draft = list_revisions(db, shop.content_id)[0]
        return dict(slots_of(draft)), draft.edit

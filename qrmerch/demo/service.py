"""The sample shops: set up once, described to whoever opens the demo, thrown away again.

Only where the mode is demo: the accounts made here have a password that everybody knows.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

from markupsafe import Markup
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from qrmerch.access import RETAILER_STAFF, VENDOR, Role
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.clock import now
from qrmerch.codes import artwork
from qrmerch.codes.models import Code, CodeState
from qrmerch.codes.queries import said_by
from qrmerch.config import Settings, SettingsError
from qrmerch.db import Database
from qrmerch.demo import facts
from qrmerch.demo.pictures import make_pictures
from qrmerch.demo.promises import play_claims, set_up_offers
from qrmerch.demo.publishing import set_up_apart, set_up_codes, set_up_pages, set_up_templates
from qrmerch.demo.samples import add_sample_totals
from qrmerch.demo.shops import (
    Shops,
    set_up_goods,
    set_up_looks,
    set_up_people,
    set_up_pictures,
    set_up_places,
    set_up_reviews,
)
from qrmerch.errors import NotFound
from qrmerch.files import FileStore
from qrmerch.jobs import queue_url
from qrmerch.landing.pages import DemoDoors, DemoPerson, DemoShop
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.parties.queries import find_retailer_by_slug
from qrmerch.rendering.service import list_cards

# Where the file store keeps what; nothing else in its folder is touched.
_AREAS: Final = ("incoming", "renditions", "sheets")
_SHOWN_PLACEMENT: Final = ("FT-001", "Window 1")
_CODE_MM: Final = 40.0


def seed(
    database: Database,
    files: FileStore,
    settings: Settings,
    *,
    at: datetime,
    photos: Path | None = None,
    photo_map: Path | None = None,
) -> None:
    """Set the three sample shops up, with every date counted from `at`; nothing happens where they are there already.

    All or nothing: what was cut off leaves no row behind. The tables must have been made.

    :param photos: a folder of real photographs instead of the drawn pictures; `photo_map` says which shows what.
    :raises SettingsError: the mode is not demo.
    :raises PhotosMissing: the photographs cannot be used.
    """
    _refuse_production(settings)
    with database.read() as db:
        if is_seeded(db):
            return
    # Pictures are drawn and decoded by other processes, for as long as it takes; rows are written meanwhile.
    with ThreadPoolExecutor(max_workers=1) as aside:
        shots = aside.submit(
            make_pictures, facts.list_styles(), store=files, settings=settings, photos=photos, photo_map=photo_map
        )
        with database.write() as db:
            shops = Shops()
            set_up_places(db, shops, at=at)
            set_up_people(db, shops, at=at)
            set_up_goods(db, shops, at=at)
            set_up_looks(db, shops, at=at)
            set_up_reviews(db, shops, at=at)
            set_up_templates(db, shops, at=at)
            codes = set_up_codes(db, shops, at=at)
            set_up_apart(db, shops, at=at)
            offers = set_up_offers(db, shops, at=at)
            claims = add_sample_totals(db, shops, codes, at=at)
            play_claims(db, shops, offers, claims, keys=settings.secret_keys)
            set_up_pictures(db, shops, shots.result(), store=files, settings=settings, at=at)
            set_up_pages(db, shops, at=at)
            db.commit()


def is_seeded(db: Session) -> bool:
    """Whether the sample shops are there."""
    return find_retailer_by_slug(db, facts.FASHIONTOWN) is not None


def reset(settings: Settings) -> None:
    """Throw away what the demo made: its SQLite database, its uploads, kept pages and scan log. The keys stay.

    :raises SettingsError: the mode is not demo, or the database is not a file in the data folder.
    """
    _refuse_production(settings)
    settings = settings.ready()
    database = _own_file(settings.database_url, settings.data_dir)
    queue = _own_file(queue_url(settings.database_url), settings.data_dir)
    for file in (database, queue):
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    for folder in (settings.pages_dir, settings.log_dir, *(settings.uploads_dir / area for area in _AREAS)):
        shutil.rmtree(folder, ignore_errors=True)


def find_doors(db: Session, *, base_url: str) -> DemoDoors | None:
    """As `describe`; None where the sample shops are not there."""
    return describe(db, base_url) if is_seeded(db) else None


def describe(db: Session, base_url: str) -> DemoDoors:
    """The ways into the demo: each shop with an item, who can sign in, and one code to scan.

    :param base_url: scheme and host that a phone reaches this installation by.
    :raises NotFound: the sample shops are not there.
    """
    code, item = find_shown_code(db)
    address = said_by(code, base_url)
    return DemoDoors(
        shops=tuple(_shop(db, house) for house in facts.HOUSES),
        people=tuple(
            DemoPerson(_role_of(person), person.email, facts.PASSWORD, _door_of(person.role)) for person in facts.PEOPLE
        ),
        code=Markup(artwork.svg(address, size_mm=_CODE_MM, title=f"{item.title}, {_SHOWN_PLACEMENT[1]}")),  # noqa: S704
        code_address=address,
    )


def find_shown_code(db: Session) -> tuple[Code, Item]:
    """The code that the demo shows first, on the poster in the window, and its item.

    :raises NotFound: the sample shops are not there.
    """
    store, spot = _SHOWN_PLACEMENT
    wanted = (
        select(Code, Item)
        .join(Item, Item.id == Code.item_id)
        .join(Fixture, Fixture.id == Code.fixture_id)
        .join(Store, Store.id == Fixture.store_id)
        .where(Store.code == store, Fixture.name == spot, Code.state == CodeState.ACTIVE)
    )
    found = db.execute(wanted.order_by(Code.id).limit(1)).one_or_none()
    if found is None:
        raise NotFound("The sample shops are not here. Set them up with qrmerch demo.")
    return found[0], found[1]


def _shop(db: Session, house: facts.HouseFacts) -> DemoShop:
    wanted = (
        select(Item)
        .join(VendorProduct, VendorProduct.id == Item.product_id)
        .join(Retailer, Retailer.id == Item.retailer_id)
        .where(Retailer.slug == house.slug, VendorProduct.key == house.first_style)
    )
    item = db.scalars(wanted).one()
    placement = next(each for each in facts.list_placements() if each.style == house.first_style)
    store = db.scalars(select(Store).where(Store.code == placement.store)).one()
    locale = house.locales[0]
    [card] = list_cards(db, [item], locale=locale, store=store, kept=(), at=now())
    return DemoShop(house.name, house.words, f"/i/{item.public_id}?at={store.public_id}&lang={locale}", card.picture)


def _role_of(person: facts.Person) -> str:
    role = person.role.value.replace("_", " ").capitalize()
    if person.role == Role.OPERATOR:
        return role
    return f"{role}, {person.vendor or facts.house(person.retailer).name}"


def _door_of(role: Role) -> str:
    """The way in for a role, which leads on to where it works."""
    if role in VENDOR:
        return "/sign-in?next=/studio"
    if role in RETAILER_STAFF:
        return "/sign-in?next=/desk"
    return "/sign-in?next=/associate" if role == Role.ASSOCIATE else "/sign-in"


def _refuse_production(settings: Settings) -> None:
    if not settings.is_demo:
        raise SettingsError("QRMERCH_MODE is not demo. Sample shops and their accounts are made in no other mode.")


def _own_file(url: str, folder: Path) -> Path:
    parts = make_url(url)
    path = Path(parts.database or "")
    if parts.get_backend_name() != "sqlite" or folder not in path.absolute().parents:
        raise SettingsError(
            f"The demo's database is not a file in {folder}, so it is left alone. Empty it yourself, or unset "
            "QRMERCH_DATABASE_URL."
        )
    return path

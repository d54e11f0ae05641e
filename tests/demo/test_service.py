"""Setting the sample shops up, describing them and throwing them away."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import Role
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import list_variants, was_prices
from qrmerch.codes.models import Code, CodeState, Subject
from qrmerch.config import Settings, SettingsError
from qrmerch.content.models import Content, Publication, Revision, RevisionState
from qrmerch.db import Database
from qrmerch.demo import facts, service
from qrmerch.demo.pictures import PhotosMissing
from qrmerch.errors import NotFound
from qrmerch.files import FileStore
from qrmerch.media.models import Asset, AssetState
from qrmerch.offers.models import Offer
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.kept import LOOK, OCCASION, PageKey
from qrmerch.rendering.keys import render_key
from qrmerch.rendering.service import render_item_page
from qrmerch.tables import Base
from qrmerch.users.models import Membership, User
from tests.browsing import Browser
from tests.conftest import NOON
from tests.demo.conftest import Seed, make_photos
from tests.figures import IS_FULL

# Where one database is as good as another, and setting up takes its time.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_DAYS = [
    pytest.param(datetime(2027, 1, 31, 22, 0, tzinfo=UTC), id="the end of a month"),
    pytest.param(datetime(2027, 3, 14, 7, 30, tzinfo=UTC), id="clocks go forward in New York"),
    pytest.param(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="clocks go back in Paris"),
]


def item_of(db: Session, style: str) -> Item:
    wanted = select(Item).join(VendorProduct, VendorProduct.id == Item.product_id)
    return db.scalars(wanted.where(VendorProduct.key == style)).one()


def revisions_of(db: Session, style: str) -> list[RevisionState]:
    wanted = select(Revision.state).join(Content, Content.id == Revision.content_id)
    return list(db.scalars(wanted.where(Content.item_id == item_of(db, style).id).order_by(Revision.number)))


def count_rows(db: Session) -> dict[str, int]:
    tables: list[Any] = [table for table in Base.metadata.sorted_tables if isinstance(table, Table)]
    return {table.name: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def render_all(db: Session, at: datetime) -> int:
    """Render every item's page in each store and language; how many there were."""
    count = 0
    for retailer in db.scalars(select(Retailer)):
        items = list(db.scalars(select(Item).where(Item.retailer_id == retailer.id)))
        stores = list(db.scalars(select(Store.id).where(Store.retailer_id == retailer.id)))
        for item, store_id, locale in product(items, (None, *stores), retailer.locales):
            page = render_item_page(db, item_id=item.id, store_id=store_id, locale=locale, at=at)
            assert item.title in page.html.decode()
            count += 1
    return count


def test_every_page_renders_in_each_store_and_language(seeded: Database) -> None:
    with seeded.read() as db:
        assert render_all(db, NOON) > 90


@ON_SQLITE
@pytest.mark.both
@pytest.mark.parametrize("at", _DAYS if IS_FULL else _DAYS[:1])
def test_every_page_renders_whatever_the_day(seed: Seed, database: Database, at: datetime) -> None:
    seed(at)

    with database.read() as db:
        assert render_all(db, at) > 90


def published_picture(db: Session, item: Item) -> Asset | None:
    """The first picture of what is published of an item."""
    wanted = select(Revision).join(Publication, Publication.revision_id == Revision.id)
    revision = db.scalars(wanted.where(Publication.item_id == item.id)).one_or_none()
    return db.get_one(Asset, revision.body["slots"]["gallery.pictures"][0]) if revision else None


def test_every_item_but_the_draft_shows_a_picture_of_its_own(seeded: Database) -> None:
    with seeded.read() as db:
        items = list(db.scalars(select(Item)))
        shown = {item.id: published_picture(db, item) for item in items}
        draft = item_of(db, facts.DRAFT_STYLE)

    assert [item_id for item_id, asset in shown.items() if asset is None] == [draft.id]
    assets = [asset for asset in shown.values() if asset]
    assert all(asset.state == AssetState.READY and asset.alt_text for asset in assets)
    assert len({asset.id for asset in assets}) == len(assets) == len(facts.list_styles()) - 1


def test_one_fashiontown_offer_is_live_one_over_and_one_to_come(seeded: Database) -> None:
    with seeded.read() as db:
        shop = db.scalars(select(Retailer).where(Retailer.slug == facts.FASHIONTOWN)).one()
        offers = list(db.scalars(select(Offer).where(Offer.retailer_id == shop.id)))

    assert any(offer.from_at <= NOON < offer.until_at for offer in offers)
    assert any(offer.until_at <= NOON for offer in offers)
    assert any(offer.from_at > NOON for offer in offers)


def test_a_struck_price_has_thirty_days_behind_it(seeded: Database) -> None:
    with seeded.read() as db:
        variants = list_variants(db, item_of(db, "FT-TOP-02").id)
        was = was_prices(db, [variant.id for variant in variants], NOON)

    assert {variant.price_minor for variant in variants} == {3600}
    assert set(was.values()) == {4500}
    assert len(was) == len(variants)


def test_work_is_under_way_for_studio_and_desk(seeded: Database) -> None:
    with seeded.read() as db:
        assert revisions_of(db, facts.DRAFT_STYLE) == [RevisionState.DRAFT]
        assert revisions_of(db, facts.RETURNED_STYLE) == [RevisionState.APPROVED, RevisionState.RETURNED]
        for style in facts.SUBMITTED_STYLES:
            assert revisions_of(db, style) == [RevisionState.APPROVED, RevisionState.SUBMITTED]
        published = set(db.scalars(select(Publication.item_id).where(Publication.revision_id.is_not(None))))
        assert len(published) == len(facts.list_styles()) - 1


def test_one_item_is_retired_with_its_code_and_one_code_leads_to_a_newer_one(seeded: Database) -> None:
    with seeded.read() as db:
        ferry = item_of(db, facts.RETIRED_STYLE)
        [retired] = db.scalars(select(Code).where(Code.state == CodeState.RETIRED))
        [replaced] = db.scalars(select(Code).where(Code.state == CodeState.REPLACED))
        newer = db.get_one(Code, replaced.replaced_by_id)

        assert ferry.is_retired
        assert retired.item_id == ferry.id
        assert newer.state == CodeState.ACTIVE
        assert newer.item_id == replaced.item_id


def test_a_look_and_an_event_have_codes_and_show(seeded: Database) -> None:
    with seeded.read() as db:
        shown = {each.subject_kind: each for each in db.scalars(select(Code).where(Code.item_id.is_(None)))}
        look, event = shown[Subject.LOOK], shown[Subject.OCCASION]
        at = datetime.now(UTC)
        pages = [
            render_key(db, PageKey(code.subject_id, code.store_id or "", "en", form), at=at, base_url="http://x")
            for code, form in ((look, LOOK), (event, OCCASION))
        ]

        assert b"Sunday at the quay" in pages[0].html and b"An evening at the quay" in pages[1].html
        assert look.printed_at and event.printed_at


def test_there_is_one_user_for_each_role(seeded: Database) -> None:
    with seeded.read() as db:
        found = db.execute(select(User.email, Membership.role).join(Membership, Membership.user_id == User.id))
        roles = {role for email, role in found if email in {person.email for person in facts.PEOPLE}}

    assert roles == set(Role)


def test_setting_up_twice_changes_nothing(seeded: Database, seed: Seed) -> None:
    with seeded.read() as db:
        before = count_rows(db)

    seed(NOON + timedelta(days=3))

    with seeded.read() as db:
        assert count_rows(db) == before


@ON_SQLITE
def test_what_was_cut_off_leaves_no_row_behind(seed: Seed, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr(service, "add_sample_totals", fail)

    with pytest.raises(RuntimeError):
        seed(NOON)

    with database.read() as db:
        assert not service.is_seeded(db)
        assert sum(count_rows(db).values()) == 0


def test_the_audit_chains_hold(seeded: Database) -> None:
    with seeded.read() as db:
        chains = list(db.scalars(select(audit.AuditEntry.chain).distinct()))

        assert len(chains) >= 3
        assert all(audit.find_break(db, chain) is None for chain in chains)


@ON_SQLITE
def test_real_photographs_take_the_place_of_the_drawings(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    photos, photo_map = make_photos(tmp_path, facts.list_styles())

    service.seed(database, FileStore(settings.uploads_dir), settings, at=NOON, photos=photos, photo_map=photo_map)

    with database.read() as db:
        shown = published_picture(db, item_of(db, "FT-TOP-01"))

    assert shown is not None
    assert shown.file_name == "FT-TOP-01.png"


@ON_SQLITE
def test_a_photograph_that_is_not_there_is_named(database: Database, settings: Settings, tmp_path: Path) -> None:
    photo_map = tmp_path / "map.csv"
    photo_map.write_text("style,image\nFT-TOP-01,nowhere.jpg\n")

    with pytest.raises(PhotosMissing, match=r"nowhere\.jpg"):
        service.seed(database, FileStore(settings.uploads_dir), settings, at=NOON, photos=tmp_path, photo_map=photo_map)

    with database.read() as db:
        assert not service.is_seeded(db)


@ON_SQLITE
@pytest.mark.parametrize("text", ["", "style\nFT-TOP-01\n", "image\na.jpg\n"])
def test_a_map_without_its_columns_is_refused(
    database: Database, settings: Settings, tmp_path: Path, text: str
) -> None:
    photo_map = tmp_path / "map.csv"
    photo_map.write_text(text)

    with pytest.raises(PhotosMissing, match="columns style and image"):
        service.seed(database, FileStore(settings.uploads_dir), settings, at=NOON, photos=tmp_path, photo_map=photo_map)


def production(settings: Settings) -> Settings:
    return Settings(
        mode="production",
        data_dir=settings.data_dir,
        uploads_dir=settings.uploads_dir,
        database_url=settings.database_url,
        base_url="https://shops.example",
        secret_key="k" * 32,
    ).ready()


def test_no_sample_shop_is_made_in_production(database: Database, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="not demo"):
        service.seed(database, FileStore(settings.uploads_dir), production(settings), at=NOON)

    with database.read() as db:
        assert sum(count_rows(db).values()) == 0


def test_nothing_is_thrown_away_in_production(settings: Settings, tmp_path: Path) -> None:
    precious = settings.log_dir / "1.log"
    precious.write_text("scans")

    with pytest.raises(SettingsError, match="not demo"):
        service.reset(production(settings))

    assert precious.read_text() == "scans"


def test_a_reset_takes_only_what_the_demo_made(tmp_path: Path) -> None:
    settings = Settings(mode="demo", data_dir=tmp_path / "var", uploads_dir=tmp_path / "uploads").ready()
    own = [
        settings.data_dir / "qrmerch.db",
        settings.data_dir / "qrmerch.db-wal",
        settings.data_dir / "qrmerch.jobs.db",
        settings.log_dir / "scans.log",
        settings.pages_dir / "codes.json",
        settings.uploads_dir / "incoming" / "ab" / "abc",
        settings.uploads_dir / "renditions" / "cd" / "cde",
    ]
    others = [settings.data_dir / "notes.txt", settings.uploads_dir / "README", tmp_path / "qrmerch.db"]
    for path in (*own, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    key = settings.secret_key

    service.reset(settings)

    assert not any(path.exists() for path in own)
    assert all(path.exists() for path in others)
    assert settings.ready().secret_key == key


@pytest.mark.parametrize("url", ["postgresql+psycopg://shop@db.example/shop", "sqlite:////srv/shop/qrmerch.db"])
def test_a_database_elsewhere_is_left_alone(tmp_path: Path, url: str) -> None:
    settings = Settings(mode="demo", data_dir=tmp_path / "var", uploads_dir=tmp_path / "uploads", database_url=url)
    precious = settings.ready().log_dir / "1.log"
    precious.write_text("scans")

    with pytest.raises(SettingsError, match="left alone"):
        service.reset(settings)

    assert precious.exists()


def test_without_shops_there_is_nothing_to_describe(database: Database) -> None:
    with database.read() as db, pytest.raises(NotFound):
        service.describe(db, "http://localhost")


def test_every_door_opens(seeded: Database, app: Flask, browser: Browser) -> None:
    with seeded.read() as db:
        doors = service.describe(db, "http://localhost")

    for door in (*doors.shops, *doors.people):
        assert browser.get(door.href).status_code == 200
    shown = browser.get(doors.code_address.removeprefix("http://localhost"))
    assert shown.status_code == 200
    assert "Marigold Slouch Top" in shown.text
    assert re.search(r"<svg[^>]*>", doors.code)


def test_the_first_page_shows_the_doors(seeded: Database, browser: Browser) -> None:
    page = browser.get("/").text

    assert "Scan this with a phone" in page
    assert all(person.email in page for person in facts.PEOPLE)
    assert page.count(facts.PASSWORD) == 1


def test_a_demo_without_shops_begins_like_any_other(browser: Browser) -> None:
    assert "Find an item by its code" in browser.get("/").text


def test_the_arabic_shop_opens_in_arabic(seeded: Database, browser: Browser) -> None:
    with seeded.read() as db:
        sidra = service.describe(db, "http://localhost").shops[-1]

    page = browser.get(sidra.href).text

    assert 'dir="rtl"' in page
    assert "ر.س" in page


def test_everybody_can_sign_in(seeded: Database, browser: Browser) -> None:
    for person in facts.PEOPLE:
        own = browser.another()
        answer = own.send(own.get("/sign-in"), action="/sign-in", email=person.email, password=facts.PASSWORD)

        assert answer.status_code == 303, person.email
        assert own.follow(answer).status_code in (200, 303), person.email

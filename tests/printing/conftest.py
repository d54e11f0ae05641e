"""What is printed in these tests: labels of four tops on one wall."""

import pytest
from sqlalchemy.orm import Session

from qrmerch.codes.models import Code
from qrmerch.codes.service import make_codes
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.parties.models import Retailer
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store


@pytest.fixture
def work(database: Database, settings: Settings) -> Work:
    return Work(settings, database, FileStore(settings.uploads_dir))


@pytest.fixture
def retailer(db: Session) -> Retailer:
    return make_retailer(db, name="Fashiontown")


@pytest.fixture
def codes(db: Session, retailer: Retailer) -> list[Code]:
    return make_many(db, retailer, 4)


def make_many(db: Session, retailer: Retailer, count: int) -> list[Code]:
    store = make_store(db, retailer, short_name="Riverside")
    fixture = make_fixture(db, store, name="Tops wall")
    items = [make_item(db, retailer, title=f"Marigold Top {number}", sizes=("M",)) for number in range(count)]
    return make_codes(db, items, [fixture], at=NOON)

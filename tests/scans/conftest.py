"""What the tests of counting share."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.scans.shop import Shop, make_shop


@pytest.fixture
def shop(db: Session, tmp_path: Path) -> Shop:
    return make_shop(db, tmp_path / "log")

"""What the tests of the desk share."""

import pytest
from sqlalchemy.orm import Session

from tests.desk.house import House, make_house


@pytest.fixture
def house(db: Session) -> House:
    return make_house(db)

"""Links to a page that is not published: for one revision, for a day."""

from datetime import timedelta

import pytest

from qrmerch.content.preview_links import LIFETIME, make_link, read_link
from qrmerch.errors import NotFound
from tests.conftest import NOON

KEY = "k" * 32
ID = "01a212a9-8b96-76b5-a37f-a881c848456d"


def token(**more: object) -> str:
    return make_link(ID, key=KEY, at=NOON, **more).rpartition("/")[2]  # type: ignore[arg-type]


def test_sec_C09_a_link_leads_to_its_revision_for_nearly_a_day() -> None:
    assert read_link(token(), keys=[KEY], at=NOON + timedelta(hours=22, minutes=59)) == ID


def test_sec_C09_a_link_is_over_after_a_day() -> None:
    with pytest.raises(NotFound, match="over"):
        read_link(token(), keys=[KEY], at=NOON + LIFETIME)


def test_sec_C09_a_link_altered_by_one_character_is_none() -> None:
    good = token()

    for place in range(len(good)):
        other = "1" if good[place] == "0" else "0"
        with pytest.raises(NotFound):
            read_link(good[:place] + other + good[place + 1 :], keys=[KEY], at=NOON)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", ID, f"{ID}.zz.", "é.1.é"])
def test_what_is_no_link_leads_nowhere(text: str) -> None:
    with pytest.raises(NotFound):
        read_link(text, keys=[KEY], at=NOON)


def test_a_link_signed_with_an_older_key_still_leads_there() -> None:
    assert read_link(token(), keys=["n" * 32, KEY], at=NOON) == ID


def test_a_link_signed_with_another_key_leads_nowhere() -> None:
    with pytest.raises(NotFound):
        read_link(token(), keys=["n" * 32], at=NOON)


def test_the_same_hour_gives_the_same_link() -> None:
    assert make_link(ID, key=KEY, at=NOON) == make_link(ID, key=KEY, at=NOON + timedelta(minutes=59))

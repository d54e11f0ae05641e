"""Reads about pictures: lists, what still needs words, and a picture as a page sets it."""

from sqlalchemy.orm import Session

from qrmerch.media.models import AssetState
from qrmerch.media.queries import count_undescribed, list_assets, list_refused, pictures_of
from tests.factories import make_asset, make_vendor


def test_a_picture_is_found_by_file_name_and_by_its_words(db: Session) -> None:
    vendor = make_vendor(db)
    top = make_asset(db, vendor, file_name="MARIGOLD_1.jpg", alt={"en": "A yellow top"})
    make_asset(db, vendor, file_name="cap.jpg", alt={"en": "A black cap"})

    for find in ("marigold_", "Yellow"):
        assert [each.id for each in list_assets(db, vendor.id, find=find)[0]] == [top.id]
    assert list_assets(db, vendor.id, find="%")[1] == 0


def test_pictures_are_listed_by_state_and_without_words(db: Session) -> None:
    vendor = make_vendor(db)
    ready = make_asset(db, vendor)
    mute = make_asset(db, vendor, alt={})
    refused = make_asset(db, vendor, alt={}, state=AssetState.REFUSED)
    decoration = make_asset(db, vendor, alt={})
    decoration.is_decorative = True
    db.flush()

    def ids(state: str) -> set[str]:
        return {each.id for each in list_assets(db, vendor.id, state=state)[0]}

    assert ids("") == {ready.id, mute.id, refused.id, decoration.id}
    assert ids("undescribed") == {mute.id}
    assert ids("refused") == {refused.id}
    assert ids("nonsense") == ids("")
    assert count_undescribed(db, vendor.id) == 1
    assert [each.id for each in list_refused(db, vendor.id)] == [refused.id]


def test_another_vendors_pictures_are_not_listed(db: Session) -> None:
    make_asset(db, make_vendor(db), alt={})
    vera = make_vendor(db)

    assert list_assets(db, vera.id) == ([], 0)
    assert count_undescribed(db, vera.id) == 0


def test_only_ready_pictures_can_be_shown(db: Session) -> None:
    vendor = make_vendor(db)
    ready = make_asset(db, vendor)
    waiting = make_asset(db, vendor, state=AssetState.CHECKING)

    assert pictures_of(db, [ready.id, waiting.id, "nobody"]).keys() == {ready.id}
    assert pictures_of(db, []) == {}


def test_a_picture_offers_its_widths_and_a_fallback(db: Session) -> None:
    asset = make_asset(db, make_vendor(db))

    picture = pictures_of(db, [asset.id])[asset.id]

    assert [each.split()[1] for each in picture.srcset("avif").split(", ")] == ["390w", "780w", "1170w"]
    assert (picture.fallback.width, picture.fallback.format) == (780, "jpeg")
    assert picture.card_url.endswith(".jpeg")
    assert picture.preview_url.endswith(".jpeg")


def test_the_words_come_in_the_language_asked_for_or_the_first_there_is(db: Session) -> None:
    vendor = make_vendor(db)
    asset = make_asset(db, vendor, alt={"en": "A yellow top", "ar": "قميص أصفر"})
    silent = make_asset(db, vendor, alt={"en": "ignored"})
    silent.is_decorative = True
    db.commit()
    db.expire_all()

    pictures = pictures_of(db, [asset.id, silent.id])

    words = pictures[asset.id]
    assert [words.alt_for(each) for each in ("ar", "ar-EG", "en", "de")] == [
        "قميص أصفر", "قميص أصفر", "A yellow top", "A yellow top",
    ]  # fmt: skip
    assert pictures[silent.id].alt_for("en") == ""

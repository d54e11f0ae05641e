"""Films and sounds beside the list of assets: progress, what stands in front, captions, and nobody else's."""

import io
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.jobs import Work
from qrmerch.media import films
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_asset, make_film, make_item, make_revision
from tests.media import films as sources
from tests.studio.people import Studio, kept, make_studio

VTT = b"WEBVTT\n\n00:00.500 --> 00:01.500\nHello <b>you</b>\n"


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db, locales=["en", "ar"])
    db.commit()
    return made


@pytest.fixture
def vera(browser: Browser, studio: Studio) -> Browser:
    return browser.sign_in(*studio.vera)


@pytest.fixture
def film(db: Session, studio: Studio) -> Asset:
    made = make_film(db, studio.vendor, captions={})
    db.commit()
    return made


def recording_of(browser: Browser, asset: Asset) -> Recording:
    found: Recording = kept(browser, select(Recording).where(Recording.asset_id == asset.id))[0]
    return found


def test_a_film_is_watched_being_made_and_then_plays(vera: Browser, work: Work, studio: Studio) -> None:
    accepted = films.accept(work.database, work.files, io.BytesIO(sources.film(seconds=1)), settings=work.settings)
    with work.database.write() as db:
        asset = films.keep(db, accepted, vendor_id=studio.vendor.id, file_name="drop.mp4", at=NOON)
        db.commit()
    waiting = vera.get(f"/studio/assets?id={asset.id}").text
    with work.database.write() as db:
        recording = db.scalars(select(Recording)).one()
        recording.begun_at, recording.done_percent = NOON, 40
        db.commit()
    making = vera.get(f"/studio/assets?id={asset.id}").text
    jobs.run_all(work)
    ready = vera.get(f"/studio/assets?id={asset.id}").text

    assert "It waits for its turn. You may close this page." in waiting
    assert '<meta http-equiv="refresh" content="5">' in waiting
    assert re.search(r"40 % done. About [\d,]+ minutes left.", making)
    assert '<video class="filmv" controls preload="none" playsinline width="320" height="180" poster="/media/' in ready
    assert ready.count('name="front"') == 6
    assert "This film has no captions in English. Add them, or say that nobody speaks." in ready
    assert "Film, 0:01" in ready
    assert "refresh" not in ready


def test_captions_transcript_and_front_are_kept_together(vera: Browser, studio: Studio, film: Asset) -> None:
    page = vera.get(f"/studio/assets?id={film.id}")

    saved = vera.send(
        page,
        action=f"{film.id}/recording",
        **{
            "front": "4",
            "captions.en": (io.BytesIO(VTT), "talk.vtt"),
            "transcript.en": "Hello you.",
            "transcript.ar": "",
        },
    )

    recording = recording_of(vera, film)
    shown = vera.follow(saved).text
    assert (recording.frame, recording.frame_made) == ("4", "2")
    assert recording.transcript == {"en": "Hello you."}
    assert recording.captions["en"]["cues"] == 1
    assert "talk.vtt, 1 line" in shown
    assert '<track kind="captions" src="/media/' in shown
    assert "has no captions" not in shown


def test_what_was_typed_stays_when_captions_cannot_be_read(vera: Browser, studio: Studio, film: Asset) -> None:
    page = vera.get(f"/studio/assets?id={film.id}")
    said = {"captions.en": (io.BytesIO(VTT.replace(b"00:01.500", b"later")), "a.vtt"), "transcript.en": "Long words."}

    answer = vera.send(page, action=f"{film.id}/recording", front="4", **said)

    assert answer.status_code == 422
    assert "Line 3: “later” is not a time." in answer.text
    assert "This film was not saved" in answer.text
    assert "Long words.</textarea>" in answer.text
    assert re.search(r'value="4" checked', answer.text)
    recording = recording_of(vera, film)
    assert (recording.frame, recording.transcript, recording.captions) == ("2", {}, {})


def test_captions_can_be_taken_away_and_nobody_may_speak(vera: Browser, db: Session, studio: Studio) -> None:
    film = make_film(db, studio.vendor, captions={"en": "a" * 64})
    db.commit()
    page = vera.get(f"/studio/assets?id={film.id}")

    vera.send(page, action=f"{film.id}/recording", **{"drop.en": "1", "is_speechless": "1"})

    recording = recording_of(vera, film)
    assert (recording.captions, recording.is_speechless) == ({}, True)


def test_a_picture_of_ones_own_stands_in_front(vera: Browser, db: Session, studio: Studio, film: Asset) -> None:
    mine, hers = make_asset(db, studio.vendor), make_asset(db, studio.other)
    db.commit()
    page = vera.get(f"/studio/assets?id={film.id}")

    foreign = vera.send(page, action=f"{film.id}/recording", front=hers.id)
    vera.send(page, action=f"{film.id}/recording", front=mine.id)

    assert foreign.status_code == 404
    assert hers.id not in page.text
    assert recording_of(vera, film).poster_id == mine.id
    assert f'value="{mine.id}" checked' in vera.get(f"/studio/assets?id={film.id}").text


def test_making_can_be_stopped_and_begun_again(vera: Browser, db: Session, studio: Studio) -> None:
    film = make_film(db, studio.vendor, state=AssetState.CHECKING)
    db.commit()

    stopped = vera.follow(vera.send(vera.get(f"/studio/assets?id={film.id}"), action="/stop"))
    twice = vera.post(f"/studio/assets/{film.id}/stop")
    again = vera.follow(vera.send(stopped, action="/again"))
    early = vera.post(f"/studio/assets/{film.id}/again")

    assert "You stopped this. Begin again, or delete it." in stopped.text
    assert "is being made ready" in again.text
    assert (twice.status_code, early.status_code) == (409, 409)


def test_the_list_is_filtered_by_kind_and_says_what_is_lacking(
    vera: Browser, db: Session, studio: Studio, film: Asset
) -> None:
    picture = make_asset(db, studio.vendor)
    sound = make_film(db, studio.vendor, kind=AssetKind.SOUND)
    db.commit()

    pages = {kind: vera.get(f"/studio/assets?kind={kind}").text for kind in ("picture", "video", "audio", "nonsense")}

    names = {kind: [each.file_name in text for each in (picture, film, sound)] for kind, text in pages.items()}
    assert names == {
        "picture": [True, False, False],
        "video": [False, True, False],
        "audio": [False, False, True],
        "nonsense": [True, True, True],
    }
    assert "Film, 0:42" in pages["video"] and "No captions yet" in pages["video"]
    assert "Sound, 0:42" in pages["audio"] and "No words yet" in pages["audio"]


def test_a_film_is_not_described_as_a_picture_nor_a_picture_as_a_film(
    vera: Browser, db: Session, studio: Studio, film: Asset
) -> None:
    picture = make_asset(db, studio.vendor)
    db.commit()

    assert vera.post(f"/studio/assets/{film.id}", {"alt.en": "A film", "x": "50", "y": "50"}).status_code == 404
    for action in ("recording", "again"):
        assert vera.post(f"/studio/assets/{picture.id}/{action}", {}).status_code in (404, 409)
    assert vera.post(f"/studio/assets/{picture.id}/stop", {}).status_code == 404


def test_another_vendors_film_is_not_there(vera: Browser, studio: Studio, film: Asset) -> None:
    olga = vera.another().sign_in(*studio.olga)

    answers = [olga.get(f"/studio/assets?id={film.id}")]
    answers += [
        olga.post(f"/studio/assets/{film.id}/{action}", {}) for action in ("recording", "stop", "again", "delete")
    ]

    assert [each.status_code for each in answers] == [404] * 5


def test_a_film_nobody_shows_is_deleted(vera: Browser, studio: Studio, film: Asset) -> None:
    page = vera.follow(vera.send(vera.get(f"/studio/assets?id={film.id}"), action=f"{film.id}/delete"))

    assert f"{film.file_name} is deleted." in page.text
    assert kept(vera, select(Asset)) == kept(vera, select(Recording)) == []


def test_the_frame_a_page_was_sent_with_stays_and_a_picture_can_stand_there(
    vera: Browser, db: Session, studio: Studio
) -> None:
    film, picture = make_film(db, studio.vendor), make_asset(db, studio.vendor)
    item = make_item(db, studio.retailer, vendor=studio.vendor)
    make_revision(db, item, state="submitted", slots={"film.video": [film.id]})
    db.commit()
    address = f"{film.id}/recording"

    refused = vera.send(vera.get(f"/studio/assets?id={film.id}"), action=address, front="4")
    taken = vera.send(vera.get(f"/studio/assets?id={film.id}"), action=address, front=picture.id)

    assert refused.status_code == 422
    assert "was sent for review with the frame that stands in front now" in refused.text
    assert taken.status_code == 303
    recording = recording_of(vera, film)
    assert (recording.frame, recording.poster_id) == ("2", picture.id)

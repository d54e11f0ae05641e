"""Films and sounds as assets: taken in once, made by a job, stopped, captioned, and gone without a trace."""

import dataclasses
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.errors import FormError, TooLarge
from qrmerch.jobs import Work
from qrmerch.media import arrivals, films, recording_tasks, recordings, service, tasks
from qrmerch.media.models import Arrival, Asset, AssetKind, AssetState, Recording, Rendition
from qrmerch.media.playing import lacking, playables_of
from qrmerch.media.queries import pictures_of
from qrmerch.media.service import AssetInUse
from tests.conftest import NOON
from tests.factories import make_asset, make_film, make_vendor
from tests.media import films as sources
from tests.media.pictures import picture

VTT = b"WEBVTT\n\n00:00.500 --> 00:01.500\nHello & welcome\n"


def receive(work: Work, data: bytes, *, vendor_id: str = "", name: str = "drop.mp4") -> str:
    accepted = films.accept(work.database, work.files, io.BytesIO(data), settings=work.settings)
    with work.database.write() as db:
        vendor_id = vendor_id or make_vendor(db).id
        asset = films.keep(db, accepted, vendor_id=vendor_id, file_name=name, at=NOON)
        db.commit()
        return asset.id


def asset_of(work: Work, asset_id: str) -> tuple[Asset, Recording]:
    with work.database.read() as db:
        recording = db.scalars(select(Recording).where(Recording.asset_id == asset_id)).one()
        return db.get_one(Asset, asset_id), recording


def files_of(work: Work, asset_id: str) -> list[Rendition]:
    with work.database.read() as db:
        return list(db.scalars(select(Rendition).where(Rendition.asset_id == asset_id)))


def stored(work: Work) -> set[str]:
    return {path.name for path in work.files.root.rglob("*") if path.is_file()}


def test_a_film_is_taken_in_and_made_once(work: Work) -> None:
    asset_id = receive(work, sources.film(seconds=1))
    before, _ = asset_of(work, asset_id)

    ran = (jobs.run_all(work), jobs.run_all(work))

    asset, recording = asset_of(work, asset_id)
    purposes = sorted({each.purpose for each in files_of(work, asset_id)})
    assert (before.state, before.kind, before.width, before.height) == (AssetState.CHECKING, AssetKind.FILM, 320, 180)
    assert ran == (1, 0)
    assert (asset.state, recording.done_percent) == (AssetState.READY, 100)
    assert purposes == ["card", "film", "frame", "page", "preview"]
    assert recording.frame == recording.frame_made != ""
    assert all(work.files.exists(each.key) for each in files_of(work, asset_id))
    assert list((work.settings.data_dir / "making").iterdir()) == []


def test_a_sound_is_taken_in_and_made(work: Work) -> None:
    asset_id = receive(work, sources.tone(), name="voice.mp3")

    jobs.run_all(work)

    asset, _ = asset_of(work, asset_id)
    assert (asset.kind, asset.state) == (AssetKind.SOUND, AssetState.READY)
    assert [(each.purpose, each.format) for each in files_of(work, asset_id)] == [("sound", "mp3")]
    with work.database.read() as db:
        assert pictures_of(db, [asset_id]) == {}
        assert playables_of(db, [asset_id])[asset_id].media_type == "audio/mpeg"


def test_a_film_sent_among_the_pictures_is_not_decoded_as_one(work: Work) -> None:
    data = sources.film(seconds=1)
    asset_id = receive(work, data)
    with work.database.write() as db, pytest.raises(service.ImageRejected, match="This is a film"):
        service.receive_upload(
            db,
            vendor_id=db.get_one(Asset, asset_id).vendor_id,
            stream=io.BytesIO(data),
            file_name="film.jpg",
            store=work.files,
            settings=work.settings,
            at=NOON,
        )
    tasks.render(work, asset_id=asset_id)

    assert asset_of(work, asset_id)[0].state == AssetState.CHECKING


def test_what_cannot_be_played_leaves_nothing(work: Work) -> None:
    before = stored(work)

    with pytest.raises(films.RecordingRejected, match="a playlist"):
        receive(work, b"#EXTM3U\nhttp://127.0.0.1/\n")

    assert stored(work) == before


def test_a_sound_has_a_limit_of_its_own(work: Work) -> None:
    small = Work(dataclasses.replace(work.settings, max_audio_bytes=1000), work.database, work.files)

    with pytest.raises(TooLarge, match="This sound has"):
        receive(small, sources.tone())

    assert stored(work) == set()


def test_the_same_film_again_is_the_same_asset(work: Work) -> None:
    data = sources.film(seconds=1)
    first = receive(work, data)
    with work.database.read() as db:
        vendor_id = db.get_one(Asset, first).vendor_id

    assert receive(work, data, vendor_id=vendor_id) == first
    assert receive(work, data) != first


def test_a_film_that_breaks_off_is_refused_by_the_job_with_a_sentence(work: Work, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(sources.film(seconds=6))
    recordings.make(tmp_path / "film.mp4", tmp_path, duration_ms=6000, max_s=60, tell=lambda done: True)
    whole = (tmp_path / "final.mp4").read_bytes()
    asset_id = receive(work, whole[: len(whole) // 2])

    jobs.run_all(work)

    asset, _ = asset_of(work, asset_id)
    assert asset.state == AssetState.REFUSED
    assert "breaks off" in str(asset.problem)
    assert files_of(work, asset_id) == []


def test_a_stopped_film_is_not_made_and_may_begin_again(work: Work) -> None:
    asset_id = receive(work, sources.film(seconds=1))
    with work.database.write() as db:
        films.stop(db, db.get_one(Asset, asset_id))
        db.commit()

    ran = jobs.run_all(work)
    stopped, _ = asset_of(work, asset_id)
    with work.database.write() as db:
        films.start_again(db, db.get_one(Asset, asset_id), at=NOON)
        db.commit()
    jobs.run_all(work)

    assert (ran, stopped.state, stopped.problem) == (
        0,
        AssetState.REFUSED,
        "You stopped this. Begin again, or delete it.",
    )
    assert asset_of(work, asset_id)[0].state == AssetState.READY


def test_a_film_stopped_while_it_is_made_stays_stopped(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id = receive(work, sources.film(1280, 960, seconds=1, preset="ultrafast"))
    real = films.tell_progress

    def tell(db: Session, asked: str, done: float) -> bool:
        films.stop(db, db.get_one(Asset, asked))
        db.flush()
        return real(db, asked, done)

    monkeypatch.setattr(films, "tell_progress", tell)

    jobs.run_all(work)

    assert asset_of(work, asset_id)[0].state == AssetState.REFUSED
    assert files_of(work, asset_id) == []
    assert list((work.settings.data_dir / "making").iterdir()) == []


def test_a_film_deleted_while_it_waits_ends_the_job(work: Work) -> None:
    recording_tasks.transcode(work, asset_id="nobody")
    recording_tasks.make_poster(work, asset_id="nobody")

    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Rendition)) == 0


def test_a_frame_that_is_chosen_again_is_made_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id = receive(work, sources.film(seconds=3))
    jobs.run_all(work)
    _, recording = asset_of(work, asset_id)
    one, other = [each for each in "0123" if each != recording.frame][:2]
    asked: set[str] = set()
    made = []

    for hours, frame in enumerate((one, other, one)):
        monkeypatch.setattr(recording_tasks, "now", lambda at=NOON + timedelta(hours=hours): at)
        with work.database.write() as db:
            films.choose_frame(db, db.get_one(Asset, asset_id), frame)
            # Nobody was asked: the process died after the commit.
            db.info.pop("orders")
            db.commit()
        with work.database.read() as db:
            # The queue runs each of them once.
            orders = [order for order in recording_tasks.waiting_posters(db) if order[0] not in asked]
        for order_id, values in orders:
            asked.add(order_id)
            recording_tasks.make_poster(work, asset_id=str(values["asset_id"]))
        made.append(asset_of(work, asset_id)[1].frame_made)

    assert made == [one, other, one]


def test_another_frame_makes_other_pictures_and_keeps_the_film(work: Work) -> None:
    asset_id = receive(work, sources.film(seconds=3))
    jobs.run_all(work)
    before = {each.key for each in files_of(work, asset_id) if each.purpose == "page"}
    _, recording = asset_of(work, asset_id)
    other = "5" if recording.frame != "5" else "0"
    with work.database.write() as db:
        films.choose_frame(db, db.get_one(Asset, asset_id), other)
        db.commit()

    ran = (jobs.run_all(work), jobs.run_all(work))

    after = {each.key for each in files_of(work, asset_id) if each.purpose == "page"}
    assert ran == (1, 0)
    assert before.isdisjoint(after) and len(before) == len(after)
    assert asset_of(work, asset_id)[1].frame_made == other


def test_a_picture_may_stand_in_front_and_is_not_deleted_then(db: Session) -> None:
    vendor = make_vendor(db)
    film, front = make_film(db, vendor), make_asset(db, vendor)
    before = pictures_of(db, [film.id])[film.id]

    films.choose_picture(db, film, front)

    shown = pictures_of(db, [film.id])
    assert list(shown) == [film.id]
    assert shown[film.id].sources == pictures_of(db, [front.id])[front.id].sources != before.sources
    with pytest.raises(AssetInUse, match="stands in front of the film"):
        service.delete_asset(db, front, used_in=[])
    films.choose_frame(db, film, "1")
    assert pictures_of(db, [film.id])[film.id].sources == before.sources


def test_only_ones_own_ready_pictures_stand_in_front(db: Session) -> None:
    vendor = make_vendor(db)
    film = make_film(db, vendor)
    others = (
        make_asset(db, make_vendor(db)),
        make_asset(db, vendor, state=AssetState.CHECKING),
        make_film(db, vendor),
    )

    for other in others:
        with pytest.raises(FormError):
            films.choose_picture(db, film, other)
    with pytest.raises(FormError):
        films.choose_frame(db, film, "9")


def test_captions_are_written_anew_and_the_former_ones_stay_for_approved_pages(db: Session, work: Work) -> None:
    film = make_film(db, make_vendor(db), captions={})
    films.set_captions(db, film, "en", VTT, file_name="../talk.vtt", store=work.files)
    first = playables_of(db, [film.id])[film.id].captions["en"]

    films.set_captions(db, film, "en", VTT.replace(b"Hello", b"Bye"), file_name="talk.vtt", store=work.files)
    films.set_captions(db, film, "en", VTT.replace(b"Hello", b"Bye"), file_name="talk.vtt", store=work.files)

    second = playables_of(db, [film.id])[film.id].captions["en"]
    kept = list(db.scalars(select(Rendition).where(Rendition.purpose == "captions")))
    assert first != second
    written = {work.files.path(each.key).read_bytes() for each in kept}
    assert written == {
        f"WEBVTT\n\n00:00:00.500 --> 00:00:01.500\n{word} &amp; welcome\n".encode() for word in ("Hello", "Bye")
    }
    films.drop_captions(db, film, "en")
    assert playables_of(db, [film.id])[film.id].captions == {}


def test_captions_that_cannot_be_read_name_their_line(db: Session, work: Work) -> None:
    film = make_film(db, make_vendor(db), captions={}, duration_ms=1000)

    with pytest.raises(FormError) as refused:
        films.set_captions(db, film, "en", VTT.replace(b"00:01.500", b"soon"), file_name="a.vtt", store=work.files)

    assert refused.value.problems == {"captions.en": "Line 3: “soon” is not a time. Write it as 00:01:02.500."}


def test_making_a_film_again_keeps_its_captions(work: Work) -> None:
    asset_id = receive(work, sources.film(seconds=2))
    with work.database.write() as db:
        films.set_captions(db, db.get_one(Asset, asset_id), "en", VTT, file_name="a.vtt", store=work.files)
        db.commit()

    jobs.run_all(work)

    with work.database.read() as db:
        assert list(playables_of(db, [asset_id])[asset_id].captions) == ["en"]


@pytest.mark.parametrize(
    ("kind", "more", "lacks"),
    [
        (AssetKind.FILM, {}, ""),
        (AssetKind.FILM, {"captions": {}}, "has no captions in English"),
        (AssetKind.FILM, {"captions": {"ar": "1"}}, "has no captions in English"),
        (AssetKind.FILM, {"captions": {}, "is_speechless": True}, ""),
        (AssetKind.SOUND, {}, "has no transcript in English"),
        (AssetKind.SOUND, {"transcript": {"en": "Hello"}}, ""),
    ],
)
def test_what_is_said_is_asked_for(db: Session, kind: AssetKind, more: dict[str, object], lacks: str) -> None:
    asset = make_film(db, make_vendor(db), kind=kind, **more)  # type: ignore[arg-type]
    recording = db.scalars(select(Recording).where(Recording.asset_id == asset.id)).one()

    assert lacking(asset, recording, ["en", "ar"]).startswith(lacks)
    assert bool(lacking(asset, recording, ["en-GB", "ar"])) == bool(lacks)


def test_an_endless_transcript_is_refused(db: Session) -> None:
    film = make_film(db, make_vendor(db))

    with pytest.raises(FormError, match="characters"):
        films.set_words(db, film, {"en": "x" * 30_001}, is_speechless=False)


def test_deleting_a_film_leaves_no_file(work: Work) -> None:
    asset_id = receive(work, sources.film(seconds=1))
    jobs.run_all(work)
    with work.database.write() as db:
        asset = db.get_one(Asset, asset_id)
        films.set_captions(db, asset, "en", VTT, file_name="a.vtt", store=work.files)
        freed = service.delete_asset(db, asset, used_in=[])
        db.commit()
    for key in freed:
        work.files.delete(key)

    assert stored(work) == set()
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Recording)) == 0


# --- files on their way ----------------------------------------------------------------------------

Begin = Callable[..., Arrival]


@pytest.fixture
def begin(db: Session, work: Work) -> Begin:
    vendor = make_vendor(db)

    def begin(**changed: object) -> Arrival:
        said = {"vendor_id": vendor.id, "user_id": None, "kind": "recording", "file_name": "film.mp4", "stamp": "7"}
        said |= {"size_bytes": 10, "max_bytes": 100, "settings": work.settings, "at": NOON, **changed}
        return arrivals.begin(db, **said)  # type: ignore[arg-type]

    return begin


def test_the_same_file_is_gone_on_with_and_another_is_not(begin: Begin) -> None:
    first = begin()

    assert begin().id == first.id
    assert len({first.id, begin(size_bytes=11).id, begin(stamp="8").id, begin(file_name="b.mp4").id}) == 4


def test_what_cannot_come_is_refused_before_it_comes(begin: Begin, work: Work) -> None:
    with pytest.raises(TooLarge):
        begin(size_bytes=101)
    with pytest.raises(FormError, match="empty"):
        begin(size_bytes=0)
    with pytest.raises(FormError, match="no room"):
        begin(size_bytes=10**15, max_bytes=10**16, settings=replace(work.settings, vendor_quota_bytes=10**16))
    for number in range(20):
        begin(stamp=str(number))
    with pytest.raises(FormError, match="half here already"):
        begin(stamp="one more")


def test_pieces_are_put_together_and_a_wrong_place_is_told(begin: Begin, work: Work) -> None:
    settings, arrival = work.settings, begin()

    def put(data: bytes, offset: int) -> int:
        with arrivals.held(settings, arrival.id) as file:
            return arrivals.append(file, io.BytesIO(data), offset=offset, size_bytes=10)

    assert put(b"0123", 0) == 4
    for offset in (0, 3, 5, 10):
        with pytest.raises(arrivals.OtherOffset) as refused:
            put(b"xxxx", offset)
        assert refused.value.received == 4
    assert put(b"4567890123", 4) == 10
    assert arrivals.path_of(settings, arrival.id).read_bytes() == b"0123456789"
    assert put(b"more", 10) == 10


def test_what_came_before_the_line_broke_stays(begin: Begin, work: Work) -> None:
    settings, arrival = work.settings, begin()

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 4:
                raise ConnectionError
            return super().read(4)

    with pytest.raises(ConnectionError), arrivals.held(settings, arrival.id) as file:
        arrivals.append(file, Broken(b"0123456789"), offset=0, size_bytes=10)

    assert arrivals.received(settings, arrival.id) == 4


def test_two_at_once_do_not_write_into_each_other(begin: Begin, work: Work) -> None:
    arrival = begin()

    with (
        arrivals.held(work.settings, arrival.id),
        pytest.raises(arrivals.OtherOffset),
        arrivals.held(work.settings, arrival.id),
    ):
        pytest.fail("held twice")


def test_what_never_came_whole_is_swept(db: Session, begin: Begin, work: Work) -> None:
    old, fresh = begin(at=NOON - arrivals.KEPT_FOR * 2), begin(stamp="8")
    db.commit()
    folder = work.settings.uploads_dir / "arrivals"
    folder.mkdir()
    for name in (old.id, fresh.id, "nobody's"):
        (folder / name).write_bytes(b"0123")
    left = films.making_folder(work.settings) / f"{old.id}-left"
    left.mkdir(parents=True)
    arrivals.forget_old(db, at=NOON)
    db.commit()

    arrivals.sweep_files(work.settings, arrivals.list_ids(db), at=NOON)
    young = {path.name for path in folder.iterdir()}
    arrivals.sweep_files(work.settings, arrivals.list_ids(db), at=NOON.replace(year=2090))

    assert young == {old.id, fresh.id, "nobody's"}
    assert [path.name for path in folder.iterdir()] == [fresh.id]
    assert not left.exists()


def test_a_picture_is_no_film(work: Work) -> None:
    with pytest.raises(films.RecordingRejected, match="a picture"):
        receive(work, picture())

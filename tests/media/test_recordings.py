"""Films and sounds: what is taken, what is made of it, and that nothing else is ever opened."""

import http.server
import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from qrmerch.media import decoding, recordings
from qrmerch.media.recordings import Facts, Outcome, Stopped, Unusable, examine, make
from tests.media import films
from tests.media.pictures import picture

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write bytes into a file of this test."""

    def write(data: bytes, name: str = "film.mp4") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def made(path: Path, tmp_path: Path) -> tuple[Outcome, bytes]:
    """What is made of a file, and the bytes that would be served."""
    folder = tmp_path / "out"
    folder.mkdir(exist_ok=True)
    outcome = make(path, folder, duration_ms=10_000, max_s=600, tell=lambda done: True)
    return outcome, (folder / outcome.files[0].name).read_bytes()


# --- what is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (films.film, Facts(True, 2000, 320, 180, True)),
        (lambda: films.film(sound=""), Facts(True, 2000, 320, 180, False)),
        (lambda: films.film(kind="mov"), Facts(True, 2000, 320, 180, True)),
        (lambda: films.film(turn=-90), Facts(True, 2000, 180, 320, True)),
        (lambda: films.film(more_tracks=9), Facts(True, 2000, 320, 180, True)),
        (lambda: films.tone(kind="ipod", codec="aac"), Facts(False, 2000, 0, 0, True)),
    ],
    ids=["mp4", "silent", "mov", "turned", "ten tracks", "m4a"],
)
def test_films_and_sounds_are_understood(put: Put, data: Callable[[], bytes], facts: Facts) -> None:
    found = examine(put(data()), max_s=600)

    assert found.duration_ms == pytest.approx(facts.duration_ms, abs=120)
    assert (found.is_film, found.width, found.height, found.has_sound) == (
        facts.is_film,
        facts.width,
        facts.height,
        facts.has_sound,
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty."),
        (b"#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1/a.ts\n", "a playlist (M3U)"),
        (b"[playlist]\nFile1=/etc/passwd\n", "a playlist (PLS)"),
        (b"<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", "a playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a list of films"),
        (b"file '/etc/passwd'\n", "a list of files"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "a live stream (SDP)"),
        (b"RIFF\0\0\0\0AVI LIST", "an AVI film"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a WAV sound"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
        (b"<!doctype html><title>Film</title>", "a web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "a drawing"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"WEBVTT\n\n", "a file of captions"),
        (b"\0\0\0\x20ftypheic\0\0\0\0mif1heic", "a picture"),
        (b"\0\0\0\x1cftypmp42\0\0\0\0mif1heic", "a picture"),
        (b"hello, I am a film", "not a film or sound that can be taken"),
    ],
)
def test_sec_f09_everything_else_is_named_and_refused(put: Put, data: bytes, sentence: str) -> None:
    with pytest.raises(Unusable) as refused:
        examine(put(data), max_s=600)

    assert sentence in str(refused.value)


def test_pictures_are_sent_to_the_pictures(put: Put) -> None:
    with pytest.raises(Unusable, match="This is a picture"):
        examine(put(picture()), max_s=600)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (lambda: films.film()[:-4000], "cannot be read"),
        (lambda: films.film(4160, 160, seconds=0.1, sound="", preset="ultrafast"), "4,096 a side is the most"),
        (lambda: films.film(128, 128, seconds=0.2), "needs 144 each way"),
        (lambda: films.film(seconds=1 / 24, sound=""), "This film has no length"),
        (lambda: films.film(more_tracks=40, seconds=0.1), "32 are taken"),
        (lambda: films.film(seconds=5), "0:03 is the most"),
    ],
    ids=["cut off", "too large", "too small", "no length", "too many tracks", "too long"],
)
def test_what_is_beyond_the_limits_is_refused_with_a_sentence(
    put: Put, data: Callable[[], bytes], sentence: str
) -> None:
    with pytest.raises(Unusable, match=sentence):
        examine(put(data()), max_s=3)


def test_a_claimed_size_costs_no_memory(put: Put) -> None:
    """What the box says does not matter; what the film itself says does."""
    found = examine(put(films.claiming(films.film(), 65_000, 65_000)), max_s=600)

    assert (found.width, found.height) == (320, 180)


def test_a_child_that_takes_too_long_is_ended(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "_PROGRAM", str(put(b"import time; time.sleep(60)", "program.py")))
    monkeypatch.setattr(recordings, "EXAMINE_TIMEOUT_S", 0.2)

    with pytest.raises(Unusable, match="took too long"):
        examine(put(films.film(seconds=0.2)), max_s=600)


@pytest.mark.parametrize("body", [b"import os; os.abort()", b"raise MemoryError", b""])
def test_a_child_that_dies_leaves_a_sentence(put: Put, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(recordings, "_PROGRAM", str(put(body, "program.py")))

    with pytest.raises(Unusable, match="cannot be read to its end"):
        examine(put(films.film(seconds=0.2)), max_s=600)


def test_a_decoder_that_wants_more_memory_than_there_is_ends_with_a_sentence(put: Put, tmp_path: Path) -> None:
    path = put(films.film(1920, 1080, seconds=0.3, sound="", fps=10))

    with pytest.raises(Unusable):
        make(path, tmp_path, duration_ms=300, max_s=600, tell=lambda done: True, max_memory_bytes=300 << 20)


def test_the_child_knows_no_secret_of_ours(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"import json, os; print(json.dumps({'problem': ' '.join(n for n in os.environ if 'QRMERCH' in n) or 'no'}))"
    monkeypatch.setattr(recordings, "_PROGRAM", str(put(body, "program.py")))
    monkeypatch.setenv("QRMERCH_SECRET_KEY", "x" * 40)

    with pytest.raises(Unusable, match=r"^no$"):
        examine(put(films.film(seconds=0.2)), max_s=600)


# --- no way out ------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked for there."""
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def hls(*addresses: str) -> bytes:
    return ("#EXTM3U\n#EXT-X-TARGETDURATION:2\n" + "".join(f"#EXTINF:2,\n{each}\n" for each in addresses)).encode()


def test_sec_f09_a_playlist_called_mp4_opens_no_file_and_no_socket(
    put: Put, tmp_path: Path, listener: tuple[str, list[str]]
) -> None:
    base, asked = listener
    canary = put(films.film(seconds=1), "canary.mp4")
    for data in (
        hls(f"{base}/a.ts", str(canary)),
        f"ffconcat version 1.0\nfile '{canary}'\nfile '{base}/b'\n".encode(),
    ):
        with pytest.raises(Unusable, match=r"only points to|list of films"):
            examine(put(data), max_s=600)

    assert asked == []


@pytest.mark.parametrize("reader", ["hls", "concat", "dash", "sdp", "image2", "mov"])
def test_sec_f09_even_the_reader_of_playlists_gets_nowhere(
    put: Put, tmp_path: Path, listener: tuple[str, list[str]], reader: str
) -> None:
    """The first wall, the first bytes, is taken away here; the second one, inside the child, holds alone."""
    base, asked = listener
    canary = put(films.film(seconds=1), "canary.mp4")
    bodies = {
        "hls": hls(str(canary), canary.as_uri(), f"{base}/a.ts", f"data:;base64,AAAA{base}"),
        "concat": f"ffconcat version 1.0\nfile '{canary}'\nfile '{base}/b.mp4'\n".encode(),
        "dash": f"<MPD><Period><BaseURL>{base}/c.mp4</BaseURL></Period></MPD>".encode(),
        "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n",
    }
    order = {
        "do": "examine",
        "path": str(put(bodies.get(reader, hls(str(canary), f"{base}/d.ts")), "list.mp4")),
        "reader": reader,
        "max_s": 600,
        "max_memory_bytes": 512 << 20,
        "max_cpu_s": 20,
    }

    child = subprocess.run(
        [sys.executable, "-I", recordings._PROGRAM, json.dumps(order)], capture_output=True, check=True, timeout=60
    )

    assert asked == []
    assert list(json.loads(child.stdout)) == ["problem"]


def test_sec_f09_while_a_film_is_open_nothing_else_can_be(put: Put) -> None:
    path, other = put(films.film(seconds=0.2)), put(b"secret", "secret.txt")

    with decoding.opened(path, "mov", max_s=600), pytest.raises(OSError, match="Too many open files"):
        other.open("rb")

    assert other.read_bytes() == b"secret"


# --- what is made ----------------------------------------------------------------------------------


def looked_at(data: bytes) -> dict[str, object]:
    with av.open(io.BytesIO(data)) as source:
        video, audio = source.streams.video[0], next(iter(source.streams.audio), None)
        keys, last, end = [], 0.0, 0.0
        for packet in source.demux(video):
            if packet.pts is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                keys += [float(packet.pts * packet.time_base)] if packet.is_keyframe else []
        last = max(b - a for a, b in zip([*keys], [*keys[1:], end], strict=True))
        return {
            "size": (video.width, video.height),
            "video": video.codec_context.name,
            "points": video.pix_fmt,
            "audio": audio.codec_context.name if audio else "",
            "tracks": len(source.streams),
            "rate": round(float(video.average_rate or 0)),
            "between keys": last <= 2.1,
            "metadata": {**source.metadata},
        }


@pytest.mark.parametrize(
    ("data", "size", "rate"),
    [
        (lambda: films.film(1920, 1080, seconds=1, fps=60, preset="ultrafast"), (1280, 720), 30),
        (lambda: films.film(720, 1280, seconds=1), (720, 1280), 24),
        (lambda: films.film(960, 540, seconds=1, turn=-90), (540, 960), 24),
        (lambda: films.film(321 + 1, 181 + 1, seconds=1), (322, 182), 24),
        (lambda: films.film(kind="webm", codec="libvpx-vp9", sound="libopus", deadline="realtime"), (320, 180), 24),
        (lambda: films.film(kind="mov", codec="mpeg4", sound="aac"), (320, 180), 24),
        (lambda: films.film(seconds=5, g="1000", keyint_min="1000", sc_threshold="0"), (320, 180), 24),
    ],
    ids=["large and fast", "tall", "turned", "odd", "webm", "mov", "few keyframes"],
)
def test_a_film_becomes_an_mp4_that_plays_while_it_loads(
    put: Put, tmp_path: Path, data: Callable[[], bytes], size: tuple[int, int], rate: int
) -> None:
    outcome, served = made(put(data()), tmp_path)

    assert films.boxes(served)[:2] == ["ftyp", "moov"]
    assert (outcome.width, outcome.height) == size
    assert looked_at(served) == {
        "size": size,
        "video": "h264",
        "points": "yuv420p",
        "audio": "aac",
        "tracks": 2,
        "rate": rate,
        "between keys": True,
        "metadata": looked_at(served)["metadata"],
    }


def test_a_phone_held_upright_gives_an_upright_film(put: Put, tmp_path: Path) -> None:
    _, served = made(put(films.film(640, 360, seconds=1, turn=-90)), tmp_path)

    shown = films.colours(served)
    # Turned clockwise, what was at the left is above, what was below is at the left.
    assert (shown["left"], shown["top"], shown["bottom"]) == ("green", "red", "blue")


@pytest.mark.parametrize("curve", [16, 18])
def test_high_dynamic_range_becomes_what_every_screen_shows(put: Put, tmp_path: Path, curve: int) -> None:
    source = films.film(seconds=0.5, curve=curve)

    _, served = made(put(source), tmp_path)

    with av.open(io.BytesIO(source)) as before, av.open(io.BytesIO(served)) as after:
        assert before.streams.video[0].color_trc == curve
        context = after.streams.video[0].codec_context
        assert (context.color_trc, context.color_primaries, context.colorspace) == (1, 1, 1)
    assert films.colours(served)["left"] == "red"


def test_a_light_film_is_taken_over_without_loss(put: Put, tmp_path: Path) -> None:
    source = films.film(seconds=1)

    _, served = made(put(source), tmp_path)

    with av.open(io.BytesIO(source)) as before, av.open(io.BytesIO(served)) as after:
        frames = [[bytes(each.planes[0]) for each in film.decode(video=0)] for film in (before, after)]
    assert frames[0] == frames[1]
    assert films.boxes(source).index("moov") > films.boxes(source).index("mdat")
    assert films.boxes(served)[1] == "moov"


def test_sec_f04_nothing_of_the_original_metadata_is_left(put: Put, tmp_path: Path) -> None:
    said = {"comment": "SECRET-comment", "artist": "SECRET-artist", "creation_time": "2024-05-01T10:00:00Z"}
    light = films.with_place(films.film(seconds=1, metadata=said))
    heavy = films.with_place(films.film(1920, 1080, seconds=0.5, metadata=said, preset="ultrafast"))

    for source in (light, heavy):
        assert b"SECRET-comment" in source and b"+48.8577" in source

        _, served = made(put(source), tmp_path)

        for word in (b"SECRET", b"+48.8577", b"\xa9xyz", b"2024", b"Lavf"):
            assert word not in served
        # Times of creation in the heads are 0.
        at = served.index(b"mvhd") + 8
        assert served[at : at + 8] == bytes(8)
        with av.open(io.BytesIO(served)) as film:
            assert not film.chapters()


def test_remarks_between_the_pictures_go_too(put: Put, tmp_path: Path) -> None:
    """x264 writes its settings there; some cameras their position."""
    source = films.film(seconds=1)
    assert b"x264 - core" in source

    _, served = made(put(source), tmp_path)

    assert b"x264" not in served


def test_six_frames_are_spread_over_the_film_and_the_fullest_is_proposed(put: Put, tmp_path: Path) -> None:
    outcome, _ = made(put(films.film(seconds=3)), tmp_path)

    frames = [each for each in outcome.files if each.purpose == "frame"]
    assert [each.part for each in frames] == ["0", "1", "2", "3", "4", "5"]
    sizes = {each.part: (tmp_path / "out" / each.name).stat().st_size for each in frames}
    assert sizes[outcome.best_frame] == max(sizes.values())


@pytest.mark.parametrize(
    ("data", "form", "first"),
    [
        (lambda: films.tone(title="SECRET", artist="SECRET"), "mp3", b"\xff\xfb"),
        (lambda: films.tone(kind="ipod", codec="aac", title="SECRET"), "m4a", b"\0\0\0\x1cftypM4A "),
        (lambda: films.tone(kind="ogg", codec="libopus", title="SECRET"), "m4a", b"\0\0\0\x1cftypM4A "),
    ],
    ids=["mp3", "m4a", "ogg"],
)
def test_a_sound_is_kept_as_mp3_or_becomes_m4a_without_a_word_of_its_tags(
    put: Put, tmp_path: Path, data: Callable[[], bytes], form: str, first: bytes
) -> None:
    source = data()
    assert b"SECRET" in source

    outcome, served = made(put(source), tmp_path)

    assert [(each.purpose, each.format) for each in outcome.files] == [("sound", form)]
    assert served.startswith(first)
    assert b"SECRET" not in served
    assert outcome.duration_ms == pytest.approx(2000, abs=150)


def test_a_film_that_breaks_off_is_refused_with_the_place(put: Put, tmp_path: Path) -> None:
    _, whole = made(put(films.film(seconds=8)), tmp_path)

    with pytest.raises(Unusable, match=r"breaks off after 0:0. of 0:08"):
        made(put(whole[: len(whole) // 2]), tmp_path)


def test_who_does_not_want_it_any_more_stops_it(put: Put, tmp_path: Path) -> None:
    told: list[float] = []

    def tell(done: float) -> bool:
        told.append(done)
        return False

    with pytest.raises(Stopped):
        make(put(films.film(1920, 1080, preset="ultrafast")), tmp_path, duration_ms=2000, max_s=600, tell=tell)

    assert len(told) == 1

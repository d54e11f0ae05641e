"""The child process that reads films and sounds: FFmpeg, with little memory, little time and no way out.

In: a file of unknown content. Out: lines of JSON, how far it is and then what it found or made.
Never: another file or connection opened because a file says so, or metadata of the original. The source is read
through a Python file object, by the one reader that its first bytes call for; while it is open, the process may open
nothing else at all.

The child knows no folder to import from, so nothing of ours is imported and all of it stands in this one file.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import av
import av.error
import av.filter
import av.logging

# FFmpeg's wrapper imports these when it meets such a track; by then nothing can be opened any more.
import av.sidedata.encparams
import av.sidedata.motionvectors
import av.subtitles.stream
import PIL.Image
import PIL.JpegImagePlugin  # noqa: F401 - loaded while files can still be opened
from av.audio.resampler import AudioResampler
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.stream import Disposition

SHORT_SIDE: Final = 720
MAX_FPS: Final = 30
MIN_SIDE: Final = 144
MAX_SIDE: Final = 4096
MAX_STREAMS: Final = 32
FRAMES: Final = 6
# What a film may cost a phone each second; a lighter one of the right kind is taken over as it is.
_MAX_BIT_RATE: Final = 2_500_000
_KEYFRAME_S: Final = 2
_SOUND_RATE: Final = 48_000
_TOLD_EVERY_S: Final = 0.5
_VIDEO_CODECS: Final = frozenset(("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores", "h263"))
_AUDIO_CODECS: Final = frozenset(("aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "eac3"))
# Transfer curves of high dynamic range (PQ and HLG), as phones film by default, and what most screens show (BT.709).
_HDR: Final = frozenset((16, 18))
_BT709: Final = 1
_PLAIN: Final = {"fflags": "+bitexact", "movflags": "+faststart"}
_UNREADABLE: Final = "This file cannot be read. It may be damaged or cut off; open it, export it as {kind} again."


class Refused(Exception):
    """The file cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file holds. Sizes are as seen, upright; 0 for a sound."""

    is_film: bool
    duration_ms: int
    width: int
    height: int
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Made:
    """One file that was made: its purpose, format, size in pixels and name in the folder."""

    purpose: str
    format: str
    width: int
    height: int
    name: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of a film or a sound. `best_frame` is the `part` of the frame that shows most."""

    duration_ms: int
    width: int
    height: int
    files: tuple[Made, ...]
    best_frame: str = ""


class Source:
    """A film or sound that is open: its picture and its sound, the first of each that can be played."""

    def __init__(self, container: InputContainer, *, max_s: float) -> None:
        self.container, self._max_s = container, max_s
        if len(container.streams) > MAX_STREAMS:
            raise Refused(f"This file holds {len(container.streams)} tracks; {MAX_STREAMS} are taken. Export it anew.")
        pictures = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
        self.video = next(iter(pictures), None)
        self.audio = next((each for each in container.streams.audio if _is_sound(each)), None)
        if self.video is None and self.audio is None:
            raise Refused("This file holds neither a film nor a sound. Export it as MP4 again.")
        self._check_codecs()
        if self.video is not None:
            self.video.thread_count, self.video.thread_type = 2, "AUTO"
        self.turn = self._turn() if self.video else 0
        self.duration_s = self._duration()
        self._check_duration()

    @property
    def facts(self) -> Facts:
        width, height = self.size if self.video else (0, 0)
        return Facts(self.video is not None, round(self.duration_s * 1000), width, height, self.audio is not None)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as seen: upright, with square points."""
        video = cast(Any, self.video)
        aspect = video.sample_aspect_ratio or Fraction(1)
        aspect = aspect if Fraction(1, 4) <= aspect <= 4 else Fraction(1)
        width, height = max(1, round(video.width * aspect)), video.height
        return (height, width) if self.turn in (90, 270) else (width, height)

    def _check_codecs(self) -> None:
        if self.video is not None:
            codec = _codec_of(self.video)
            if codec not in _VIDEO_CODECS:
                raise Refused(f"The film is kept in a way ({codec}) that is not taken. Export it as MP4 with H.264.")
            width, height = self.video.width, self.video.height
            if max(width, height) > MAX_SIDE:
                raise Refused(
                    f"This film is {width:,} × {height:,} points large; {MAX_SIDE:,} a side is the most."
                    " Export it smaller, 1,920 × 1,080 is plenty."
                )
            if min(width, height) < MIN_SIDE:
                raise Refused(
                    f"This film is {width} × {height} points small; it needs {MIN_SIDE} each way. Send a larger one."
                )
        if self.audio is not None and _codec_of(self.audio) not in _AUDIO_CODECS and self.video is None:
            raise Refused(f"The sound is kept in a way ({_codec_of(self.audio)}) that is not taken. Export it as MP3.")

    def _turn(self) -> int:
        """By how many degrees, clockwise, the film has to be turned to stand upright."""
        for frame in self.container.decode(cast(Any, self.video)):
            turn: int = round(-cast(Any, frame).rotation / 90) * 90 % 360
            self.container.seek(0)
            return turn
        raise Refused("This film has no picture that can be shown. Export it as MP4 again.")

    def _duration(self) -> float:
        """Seconds, as the file says; counted where it says nothing, as browsers' own recordings do not."""
        lead = cast(Any, self.video or self.audio)
        if lead.duration and lead.time_base:
            return float(lead.duration * lead.time_base)
        if self.container.duration:
            return self.container.duration / av.time_base
        end = 0.0
        for packet in self.container.demux(lead):
            if packet.pts is not None and packet.time_base:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if end > self._max_s:
                    break
        self.container.seek(0)
        return end

    def _check_duration(self) -> None:
        name = "film" if self.video else "sound"
        if self.duration_s < 0.1:
            raise Refused(f"This {name} has no length. Open it, export it again and send that.")
        if self.duration_s > self._max_s + 1:
            raise Refused(
                f"This {name} is {said_length(self.duration_s)} long; {said_length(self._max_s)} is the most. Cut it."
            )


def said_length(seconds: float) -> str:
    """A length as players show it: `1:05`."""
    whole = round(seconds)
    return f"{whole // 60:,}:{whole % 60:02}"


def _codec_of(stream: Any) -> str:
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "unknown"


def _is_sound(stream: Any) -> bool:
    codec = _codec_of(stream)
    return (codec in _AUDIO_CODECS or codec.startswith("pcm_")) and bool(stream.rate)


def _refuse_opening(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
    raise PermissionError("nothing else is opened")


@contextmanager
def opened(path: Path, reader: str, *, max_s: float) -> Iterator[Source]:
    """The file, read by the one reader named; meanwhile this process can open nothing else.

    :raises Refused: it is nothing that can be played within the limits.
    """
    with path.open("rb") as file, _nothing_opened():
        container = av.open(file, "r", format=reader, io_open=_refuse_opening, metadata_errors="ignore")
        try:
            yield Source(container, max_s=max_s)
        finally:
            container.close()


@contextmanager
def _nothing_opened() -> Iterator[None]:
    """Let the process get no further file or connection: it has as many as it may have."""
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- making ----------------------------------------------------------------------------------------


def make(path: Path, reader: str, folder: Path, *, max_s: float, tell: Callable[[float], None]) -> Outcome:
    """Make what is served: a film as MP4 with frames to choose from, a sound as M4A or MP3.

    :param tell: called with the part that is done, 0 to 1.
    """
    draft = folder / "draft"
    # Opened before the source, and written without its name, so that nothing is opened while the source is.
    with draft.open("w+b") as written, opened(path, reader, max_s=max_s) as source:
        is_film, promised_s = source.video is not None, source.duration_s
        keeps_mp3 = not is_film and _codec_of(source.audio) == "mp3"
        kind = "mp4" if is_film else "mp3" if keeps_mp3 else "m4a"
        with av.open(written, "w", format=kind if kind != "m4a" else "ipod", options=_options(kind)) as made:
            _Making(source, made, tell).run()
    final = folder / f"final.{kind}"
    reached_s, size = _finish(draft, final, kind)
    draft.unlink()
    if reached_s < promised_s * 0.9 - 1:
        raise Refused(
            f"This file breaks off after {said_length(reached_s)} of {said_length(promised_s)}."
            " Export it again and send it once more."
        )
    files = [Made("film" if is_film else "sound", kind, *size, final.name)]
    best = ""
    if is_film:
        frames, best = _take_frames(final, folder, reached_s)
        files += frames
    tell(1.0)
    return Outcome(round(reached_s * 1000), *size, tuple(files), best)


def _options(kind: str) -> dict[str, str]:
    if kind == "mp3":
        return {"fflags": "+bitexact", "id3v2_version": "0", "write_id3v1": "0"}
    return {"fflags": "+bitexact"}


def _finish(draft: Path, final: Path, kind: str) -> tuple[float, tuple[int, int]]:
    """Our own draft with its index first, so that it plays while it loads; its length and size."""
    reader = "mp3" if kind == "mp3" else "mov"
    with av.open(str(draft), "r", format=reader) as source:
        options = _options(kind) if kind == "mp3" else _PLAIN
        with av.open(str(final), "w", format="ipod" if kind == "m4a" else kind, options=options) as made:
            pairs = {each.index: made.add_stream_from_template(each) for each in source.streams}
            reached = 0.0
            for packet in source.demux():
                if packet.dts is None:
                    continue
                if packet.pts is not None and packet.time_base:
                    reached = max(reached, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                packet.stream = pairs[packet.stream.index]
                made.mux(packet)
        video = source.streams.video
        return reached, (video[0].width, video[0].height) if video else (0, 0)


class _Making:
    """From an open source to an open container: each track is taken over or made anew."""

    def __init__(self, source: Source, made: OutputContainer, tell: Callable[[float], None]) -> None:
        self.source, self.made, self.tell = source, made, tell
        self.tracks: dict[int, _Track] = {}
        # Tracks are written in the order in which they are added.
        if source.video is not None:
            is_light = _is_light(source)
            self.tracks[source.video.index] = _Copied(source.video, made) if is_light else _Pictures(source, made)
        if source.audio is not None:
            codec, channels = _codec_of(source.audio), source.audio.codec_context.channels
            is_plain = (codec == "aac" and channels <= 2) or (codec == "mp3" and source.video is None)
            self.tracks[source.audio.index] = _Copied(source.audio, made) if is_plain else _Sounds(source.audio, made)

    def run(self) -> None:
        streams = [each for each in (self.source.video, self.source.audio) if each is not None]
        told_s = 0.0
        for packet in self.source.container.demux(*streams):
            at_s = float(packet.pts * packet.time_base) if packet.pts is not None and packet.time_base else 0.0
            if at_s > self.source.duration_s * 1.2 + 60:
                raise Refused("The times in this file contradict its length. Open it, export it as MP4 again.")
            self.tracks[packet.stream.index].take(packet)
            if time.monotonic() - told_s > _TOLD_EVERY_S:
                told_s = time.monotonic()
                self.tell(max(0.0, min(0.95, 0.95 * at_s / self.source.duration_s)))
        for track in self.tracks.values():
            track.end()


class _Track:
    """What becomes of one track's packets."""

    def take(self, packet: Any) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError


class _Copied(_Track):
    """A track whose packets stay as they are, but for the remarks that encoders and cameras leave between them."""

    def __init__(self, stream: Any, made: OutputContainer) -> None:
        self._made, self._stream = made, made.add_stream_from_template(stream)
        # Units of type 6 hold remarks (SEI): some cameras write their position there.
        wanted = "filter_units=remove_types=6" if _codec_of(stream) == "h264" else "null"
        self._filter = BitStreamFilterContext(wanted, stream, self._stream)

    def take(self, packet: Any) -> None:
        if packet.dts is None:
            return
        self._write(self._filter.filter(packet))

    def end(self) -> None:
        self._write(self._filter.filter(None))

    def _write(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.stream = self._stream
            self._made.mux(packet)


class _Pictures(_Track):
    """The film's pictures: upright, small enough for a phone, H.264."""

    def __init__(self, source: Source, made: OutputContainer) -> None:
        self._made, self._source, self._video = made, source, cast(Any, source.video)
        self.width, self.height = fitting(*source.size)
        self._rate = rate_of(self._video)
        frames = max(1, int(self._rate * _KEYFRAME_S))
        self._stream = made.add_stream(
            "libx264",
            rate=self._rate,
            options={
                "preset": "veryfast",
                "crf": "23",
                "maxrate": str(_MAX_BIT_RATE),
                "bufsize": str(2 * _MAX_BIT_RATE),
                "profile": "high",
                "threads": "2",
                "g": str(frames),
                "keyint_min": str(min(frames, 12)),
            },
        )
        self._stream.width, self._stream.height, self._stream.pix_fmt = self.width, self.height, "yuv420p"
        context = self._stream.codec_context
        context.time_base = 1 / self._rate
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = 1
        self._graph: av.filter.Graph | None = None
        self._shape: tuple[int, int, str] = (0, 0, "")
        self._last = -1

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            shape = (frame.width, frame.height, frame.format.name)
            if shape != self._shape:
                # Recordings of screens and calls change their size on the way.
                self._drain()
                self._graph, self._shape = self._build(frame), shape
            cast(av.filter.Graph, self._graph).vpush(frame)
            self._encode()

    def end(self) -> None:
        self._drain()
        self._made.mux(self._stream.encode(None))

    def _build(self, frame: Any) -> av.filter.Graph:
        turned = self._source.turn in (90, 270)
        width, height = (self.height, self.width) if turned else (self.width, self.height)
        # Shown as it is, it would be pale on every other screen.
        plain = ":out_primaries=bt709:out_transfer=bt709" if frame.color_trc in _HDR else ""
        turns = {90: ["transpose=clock"], 180: ["hflip", "vflip"], 270: ["transpose=cclock"]}
        steps = [
            "bwdif=deint=interlaced",
            f"fps={self._rate.numerator}/{self._rate.denominator}",
            f"scale={width}:{height}:flags=bicubic:out_range=tv:out_color_matrix=bt709{plain}",
            *turns.get(self._source.turn, []),
            "format=yuv420p",
            "setsar=1",
        ]
        graph = av.filter.Graph()
        graph.threads = 1
        chain = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=self._video.time_base
            )
        ]
        for step in steps:
            name, _, given = step.partition("=")
            chain.append(graph.add(name, given or None))
        chain.append(graph.add("buffersink"))
        for one, other in pairwise(chain):
            one.link_to(other)
        graph.configure()
        return graph

    def _encode(self) -> None:
        while self._graph is not None:
            try:
                frame: Any = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pict_type = 0
            if frame.pts is None or frame.pts <= self._last:
                continue
            self._last = frame.pts
            self._made.mux(self._stream.encode(frame))

    def _drain(self) -> None:
        if self._graph is not None:
            self._graph.vpush(None)
            self._encode()


class _Sounds(_Track):
    """The sound as AAC, in one or two channels."""

    def __init__(self, audio: Any, made: OutputContainer) -> None:
        self._made = made
        layout = "mono" if audio.codec_context.channels == 1 else "stereo"
        self._stream: Any = made.add_stream("aac", rate=_SOUND_RATE, layout=layout)
        self._stream.bit_rate = 96_000 if layout == "mono" else 128_000
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=_SOUND_RATE)

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            self._encode(self._resampler.resample(frame))

    def end(self) -> None:
        self._encode(self._resampler.resample(None))
        self._made.mux(self._stream.encode(None))

    def _encode(self, frames: list[Any]) -> None:
        for frame in frames:
            self._made.mux(self._stream.encode(frame))


def fitting(width: int, height: int) -> tuple[int, int]:
    """Width and height of what is made of a film: its short side at most 720, both even, its shape kept."""
    scale = min(1.0, SHORT_SIDE / min(width, height), 2 * SHORT_SIDE / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def rate_of(video: Any) -> Fraction:
    """Pictures a second in what is made: as in the source, at most 30."""
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    if not 1 <= rate <= 1000:
        return Fraction(25)
    return min(Fraction(rate).limit_denominator(1001), Fraction(MAX_FPS))


def _is_light(source: Source) -> bool:
    """Whether a film is already what would be made of it, so that it can be taken over without loss."""
    video = cast(Any, source.video)
    plain = video.sample_aspect_ratio in (None, 0, 1) and source.turn == 0 and video.pix_fmt == "yuv420p"
    plain = plain and video.color_trc not in _HDR
    if _codec_of(video) != "h264" or not plain or (video.width, video.height) != fitting(video.width, video.height):
        return False
    # Firsts of Safari's own profiles play everywhere; others do not.
    if str(video.profile or "") not in ("Baseline", "Constrained Baseline", "Main", "High"):
        return False
    if not video.average_rate or video.average_rate > MAX_FPS + 1:
        return False
    return _is_light_to_carry(source, video)


def _is_light_to_carry(source: Source, video: Any) -> bool:
    """Whether it has a picture to begin with every two seconds or so and does not weigh too much."""
    size, last_key, widest = 0, 0.0, 0.0
    for packet in source.container.demux(video):
        size += packet.size
        if packet.is_keyframe and packet.pts is not None:
            at = float(packet.pts * packet.time_base)
            widest, last_key = max(widest, at - last_key), at
    source.container.seek(0)
    widest = max(widest, source.duration_s - last_key)
    return widest <= _KEYFRAME_S + 0.5 and size * 8 <= _MAX_BIT_RATE * source.duration_s * 1.1


def _take_frames(film: Path, folder: Path, duration_s: float) -> tuple[list[Made], str]:
    """Pictures spread over the film, to stand in front of it, and which of them shows most."""
    files: list[Made] = []
    weights: dict[str, int] = {}
    with av.open(str(film), "r", format="mov") as source:
        stream = source.streams.video[0]
        for number in range(FRAMES):
            wanted = duration_s * (number + 0.5) / FRAMES
            source.seek(int(wanted / cast(Fraction, stream.time_base)), stream=stream)
            frame = None
            for frame in source.decode(stream):
                if frame.time is None or frame.time >= wanted:
                    break
            if frame is None:
                continue
            name = f"frame-{number}.jpg"
            cast(Any, frame).to_image().save(folder / name, "JPEG", quality=90)
            weights[str(number)] = (folder / name).stat().st_size
            files.append(Made("frame", "jpeg", frame.width, frame.height, name, str(number)))
    if not files:
        raise Refused("This film has no picture that can be shown. Export it as MP4 again.")
    # What compresses worst shows most: not the black before the beginning.
    return files, max(weights, key=lambda part: weights[part])


# --- the child -------------------------------------------------------------------------------------


def _limit_this_process(max_memory_bytes: int, max_s: int) -> None:
    """Take memory, time and disk away from this process, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, max_memory_bytes),
        (resource.RLIMIT_CPU, max_s),
        (resource.RLIMIT_FSIZE, 400_000_000),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS knows no limit on address space; time is limited by the parent as well.
            continue


def _tell(answer: dict[str, object]) -> None:
    # Whoever started this and died meanwhile hears nothing: the pipe is broken, and this process ends.
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _do(order: dict[str, Any]) -> dict[str, object]:
    path, reader, max_s = Path(order["path"]), order["reader"], float(order["max_s"])
    if order["do"] == "examine":
        with opened(path, reader, max_s=max_s) as source:
            return asdict(source.facts)
    # Pages go first; pictures and films share what is left.
    os.nice(10)
    outcome = make(path, reader, Path(order["folder"]), max_s=max_s, tell=lambda done: _tell({"done": done}))
    return asdict(outcome)


def _run(text: str) -> int:
    """The child: do what the order says, and answer in lines of JSON."""
    order = json.loads(text)
    av.logging.set_level(av.logging.PANIC)
    _limit_this_process(order["max_memory_bytes"], order["max_cpu_s"])
    try:
        answer: dict[str, object] = {"result": _do(order)}
    except Refused as refused:
        answer = {"problem": str(refused)}
    except MemoryError:
        answer = {"problem": "This file needs too much memory to read. Export it as MP4, 1,920 × 1,080 or smaller."}
    except BrokenPipeError:
        return 1
    # Decoders meet hostile bytes here; whatever they raise, the file is not usable.
    except Exception:
        kind = "MP3" if order["reader"] in ("mp3", "ogg") else "MP4"
        answer = {"problem": _UNREADABLE.format(kind=kind)}
    _tell(answer)
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1]))

"""Films and sounds made in a test, good ones and hostile ones."""

import array
import io
import math
import struct
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

_RATE = 48_000


def film(
    width: int = 320,
    height: int = 180,
    *,
    seconds: float = 2,
    fps: int = 24,
    kind: str = "mp4",
    codec: str = "libx264",
    sound: str = "aac",
    turn: int = 0,
    metadata: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    more_tracks: int = 0,
    curve: int = 0,
    **encoder: str,
) -> bytes:
    """A film of a red half, a blue half and a green floor over which a white square wanders, with a tone.

    :param sound: its codec; empty for a silent film.
    :param curve: FFmpeg's number of the transfer curve it claims; 18 is HLG.
    :param turn: degrees, counter-clockwise, by which players are told to turn it.
    """
    kept = io.BytesIO()
    with av.open(kept, "w", format=kind, options=options or {}) as made:
        made.metadata.update(metadata or {})
        video: Any = made.add_stream(codec, rate=fps, options={"g": str(fps), **encoder})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        if curve:
            video.codec_context.color_trc = curve
            video.codec_context.color_primaries = video.codec_context.colorspace = 9
        if turn:
            video.set_display_rotation(turn)
        audios: list[Any] = [made.add_stream(sound, rate=_RATE) for _ in range(1 + more_tracks)] if sound else []
        for audio in audios:
            audio.layout = "stereo"
        for number in range(round(seconds * fps)):
            frame = VideoFrame.from_image(_scene(width, height, number))
            frame.pts, frame.time_base = number, Fraction(1, fps)
            made.mux(video.encode(frame))
        made.mux(video.encode(None))
        for audio in audios:
            _hum(made, audio, seconds)
    return kept.getvalue()


def tone(seconds: float = 2, *, kind: str = "mp3", codec: str = "libmp3lame", **metadata: str) -> bytes:
    """A sound: one note."""
    kept = io.BytesIO()
    with av.open(kept, "w", format=kind) as made:
        made.metadata.update(metadata)
        audio: Any = made.add_stream(codec, rate=_RATE)
        audio.layout = "stereo"
        _hum(made, audio, seconds)
    return kept.getvalue()


def _scene(width: int, height: int, number: int) -> Image.Image:
    scene = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(scene)
    draw.rectangle((width // 2, 0, width, height), fill="blue")
    draw.rectangle((0, height * 3 // 4, width, height), fill="green")
    at = width // 4 + number % max(width // 2, 1)
    draw.rectangle((at, height // 3, at + width // 10, height // 3 + width // 10), fill="white")
    return scene


def _hum(made: Any, audio: Any, seconds: float) -> None:
    name = audio.codec_context.format.name
    step = audio.codec_context.frame_size or 1024
    code, most = ("f", 0.2) if name.startswith("flt") else ("h", 6000)
    for begin in range(0, round(seconds * _RATE), step):
        wave = [most * math.sin(at * math.tau * 440 / _RATE) for at in range(begin, begin + step)]
        values = array.array(code, wave if code == "f" else [int(each) for each in wave])
        frame = AudioFrame(format=name, layout="stereo", samples=step)
        data = values.tobytes()
        for plane in frame.planes:
            plane.update((data * 2)[: plane.buffer_size].ljust(plane.buffer_size, b"\0"))
        frame.pts, frame.sample_rate, frame.time_base = begin, _RATE, Fraction(1, _RATE)
        made.mux(audio.encode(frame))
    made.mux(audio.encode(None))


# --- looking into what was made -----------------------------------------------------------------------


def boxes(data: bytes) -> list[str]:
    """The names of an MP4's outer boxes, in order."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        found.append(data[at + 4 : at + 8].decode("latin-1"))
        at += max(size, 8)
    return found


def colours(data: bytes) -> dict[str, str]:
    """What a film shows in its first picture at the left, the right, above and below: `red`, `blue`, `green`."""
    with av.open(io.BytesIO(data)) as source:
        image = next(source.decode(video=0)).to_image()
    width, height = image.size
    places = {
        "left": (width // 10, height // 2),
        "right": (width * 9 // 10, height // 2),
        "top": (width // 2, height // 10),
        "bottom": (width // 2, height * 9 // 10),
    }
    return {name: _name_of(image.getpixel(at)) for name, at in places.items()}


def _name_of(point: Any) -> str:
    return ("red", "green", "blue")[max(range(3), key=lambda channel: point[channel])]


# --- hostile ------------------------------------------------------------------------------------------


def with_place(data: bytes) -> bytes:
    """An MP4 with a position where iPhones and Androids write it, and a comment, after its other boxes."""
    place = b"+48.8577+002.295/"
    xyz = struct.pack(">I4sHH", 12 + len(place), b"\xa9xyz", len(place), 0x15C7) + place
    udta = struct.pack(">I4s", 8 + len(xyz), b"udta") + xyz
    at = data.rindex(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    return data[:at] + (size + len(udta)).to_bytes(4, "big") + data[at + 4 : at + size] + udta + data[at + size :]


def claiming(data: bytes, width: int, height: int) -> bytes:
    """An MP4 whose description of the picture claims another size."""
    at = data.index(b"avc1") + 4 + 24
    return data[:at] + struct.pack(">HH", width, height) + data[at + 4 :]

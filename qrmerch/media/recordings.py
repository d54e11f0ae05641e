"""Films and sounds from outside, turned into ones of our own.

In: a file of unknown content. Out: an MP4 (or M4A, MP3) that plays while it loads, and frames to choose from.
Never: the original's bytes as they came, its metadata, or anything opened because a file says so.

The kind is told by the first bytes (`containers`); everything else is read by a child process (`decoding`) that has
little memory and little time. FFmpeg itself is never loaded into this process.
"""

import importlib.util
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from qrmerch.media.containers import FIRST_BYTES, Unusable, container_of

__all__ = ["Facts", "Made", "Outcome", "Stopped", "Unusable", "examine", "make"]

EXAMINE_TIMEOUT_S: Final = 10
EXAMINE_MEMORY_BYTES: Final = 512 << 20
MAKE_MEMORY_BYTES: Final = 2 << 30
# Making may take a minute, and this many times the length of what is made.
MAKE_TIMEOUT_S: Final = 60
MAKE_TIMES: Final = 15
_ASKED_EVERY_S: Final = 1.0
# What the child runs.
_PROGRAM: Final = str(Path(__file__).with_name("decoding.py"))
_TOO_LONG: Final = "This file took too long to read. Export it as MP4, 1,920 × 1,080 or smaller, and send that."
_BROKEN: Final = "This file cannot be read to its end. Open it, export it again, and send that."
_NOT_HERE: Final = "Films and sounds cannot be made ready here yet: the extra “video” of qrmerch is not installed."


class Stopped(Exception):
    """Somebody does not want it any more."""


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
    """One file that was made: its purpose, format, size in pixels and name; `part` numbers frames."""

    purpose: str
    format: str
    width: int
    height: int
    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of a film or a sound. `best_frame` is the `part` of the frame that shows most."""

    duration_ms: int
    width: int
    height: int
    files: tuple[Made, ...]
    best_frame: str


def examine(path: Path, *, max_s: int) -> Facts:
    """What a film or sound holds, read within ten seconds and 512 MiB.

    :param max_s: how long it may be.
    :raises Unusable: another kind of file, unreadable, too long, too small or too large.
    """
    reader = _reader_of(path)
    return Facts(
        **_ask(
            {"do": "examine", "path": str(path), "reader": reader, "max_s": max_s},
            timeout_s=EXAMINE_TIMEOUT_S,
            max_memory_bytes=EXAMINE_MEMORY_BYTES,
        )
    )


def make(
    path: Path,
    folder: Path,
    *,
    duration_ms: int,
    max_s: int,
    tell: Callable[[float], bool],
    max_memory_bytes: int = MAKE_MEMORY_BYTES,
) -> Outcome:
    """Make what is served of a film or sound in `folder`.

    :param tell: called about once a second with the part that is done; whether it is still wanted.
    :raises Unusable: it cannot be made within the limits.
    :raises Stopped: `tell` said that it is not wanted any more.
    """
    order = {"do": "make", "path": str(path), "reader": _reader_of(path), "folder": str(folder), "max_s": max_s}
    timeout_s = MAKE_TIMEOUT_S + MAKE_TIMES * duration_ms // 1000
    answer = _ask(order, timeout_s=timeout_s, max_memory_bytes=max_memory_bytes, tell=tell)
    return Outcome(**{**answer, "files": tuple(Made(**each) for each in answer["files"])})


def _reader_of(path: Path) -> str:
    with path.open("rb") as file:
        reader = container_of(file.read(FIRST_BYTES))
    if importlib.util.find_spec("av") is None:
        raise Unusable(_NOT_HERE)
    return reader.value


def _ask(
    order: dict[str, Any], *, timeout_s: float, max_memory_bytes: int, tell: Callable[[float], bool] | None = None
) -> dict[str, Any]:
    """Let a child do what is ordered, and end it when it takes too long or is not wanted any more."""
    # Several threads decode: the child may use a little more of the processor than of the clock.
    told = {**order, "max_memory_bytes": max_memory_bytes, "max_cpu_s": int(timeout_s * 3)}
    # Whoever takes over a decoder finds no secret of ours in the child's memory.
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR")}
    # -I: the child looks at no variable, user folder or current folder.
    with subprocess.Popen(
        [sys.executable, "-I", _PROGRAM, json.dumps(told)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as child:
        try:
            return _hear(cast(IO[bytes], child.stdout), until_s=time.monotonic() + timeout_s, tell=tell)
        finally:
            child.kill()


def _hear(said: IO[bytes], *, until_s: float, tell: Callable[[float], bool] | None) -> dict[str, Any]:
    """The child's answer; how far it is goes to `tell`."""
    done, told_s = 0.0, 0.0
    for line in _lines(said, until_s=until_s):
        answer: dict[str, Any] = json.loads(line) if line else {"done": done}
        if "problem" in answer:
            raise Unusable(answer["problem"])
        if "result" in answer:
            result: dict[str, Any] = answer["result"]
            return result
        done = answer["done"]
        if tell and time.monotonic() - told_s >= _ASKED_EVERY_S:
            told_s = time.monotonic()
            if not tell(done):
                raise Stopped
    raise Unusable(_BROKEN)


def _lines(said: IO[bytes], *, until_s: float) -> Iterator[bytes]:
    """The child's lines as they come; an empty one each second in which it says nothing.

    :raises Unusable: it is not done in time.
    """
    kept = b""
    with selectors.DefaultSelector() as selector:
        selector.register(said, selectors.EVENT_READ)
        while (left_s := until_s - time.monotonic()) > 0:
            if not selector.select(min(left_s, _ASKED_EVERY_S)):
                yield b""
                continue
            piece = os.read(said.fileno(), 65_536)
            if not piece:
                return
            *lines, kept = (kept + piece).split(b"\n")
            yield from lines
    raise Unusable(_TOO_LONG)

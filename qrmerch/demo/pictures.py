"""The pictures of the sample shops: drawn, or a folder of real photographs; made ready outside of any transaction."""

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from qrmerch.config import Settings
from qrmerch.demo.facts import StyleFacts
from qrmerch.demo.illustrations import find_detail
from qrmerch.errors import DomainError
from qrmerch.files import FileStore
from qrmerch.media.images import WHITE
from qrmerch.media.service import Prepared, prepare


class PhotosMissing(DomainError):
    """The photographs for the sample shops cannot be used; the message names what is missing."""

    status = 422
    slug = "photos_missing"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a style, in the file store with its renditions; `is_detail` for a second, closer look."""

    style: str
    file_name: str
    key: str
    prepared: Prepared
    is_detail: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    style: str
    file_name: str
    photo: Path | None
    drawing: str
    is_detail: bool


def make_pictures(
    styles: Iterable[StyleFacts],
    *,
    store: FileStore,
    settings: Settings,
    photos: Path | None = None,
    photo_map: Path | None = None,
) -> dict[str, list[Shot]]:
    """The pictures of each style by its key, the whole one before its detail.

    :param photos: a folder of photographs to take instead of the drawings, where `photo_map` names one.
    :param photo_map: CSV with a column `style` or `key`, and a column `image`, the file's name in the folder.
    :raises PhotosMissing: the map cannot be read, or a file that it names is not there.
    """
    by_style = _read_map(photos, photo_map) if photos else {}
    wanted = [each for style in styles for each in _list_wanted(style, by_style)]
    found: dict[str, list[Shot]] = {}
    with tempfile.TemporaryDirectory(prefix="qrmerch-demo-") as folder:
        # Both drawing and decoding are a child's work, so threads are enough to use every core.
        with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
            shots = pool.map(lambda each: _make(each, Path(folder), store, settings), wanted)
        for shot in shots:
            found.setdefault(shot.style, []).append(shot)
    return found


def _list_wanted(style: StyleFacts, photos: Mapping[str, Path]) -> list[_Wanted]:
    photo = photos.get(style.key)
    if photo:
        return [_Wanted(style.key, photo.name, photo, "", is_detail=False)]
    whole = _Wanted(style.key, f"{style.drawing}.png", None, style.drawing, is_detail=False)
    if find_detail(style.drawing) is None:
        return [whole]
    return [whole, _Wanted(style.key, f"{style.drawing}-detail.png", None, style.drawing, is_detail=True)]


def _make(wanted: _Wanted, folder: Path, store: FileStore, settings: Settings) -> Shot:
    path = wanted.photo or _draw(wanted, folder)
    with path.open("rb") as file:
        key = store.put(file, "incoming")
    prepared = prepare(store, key, focus=(0.5, 0.5), ground=WHITE, settings=settings)
    if prepared.problem:
        raise PhotosMissing(f"{path.name}: {prepared.problem}")
    return Shot(wanted.style, wanted.file_name, key, prepared, wanted.is_detail)


def _draw(wanted: _Wanted, folder: Path) -> Path:
    path = folder / wanted.file_name
    order = [sys.executable, "-m", "qrmerch.demo.illustrations", wanted.drawing, str(path)]
    subprocess.run(order + (["--detail"] if wanted.is_detail else []), check=True)
    return path


def _read_map(photos: Path, photo_map: Path | None) -> dict[str, Path]:
    if photo_map is None:
        raise PhotosMissing("--photos needs --map: a CSV with the columns style and image.")
    with photo_map.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    if not lines or "image" not in lines[0] or not {"style", "key"} & set(lines[0]):
        raise PhotosMissing(f"{photo_map} needs the columns style and image.")
    found = {line.get("style") or line.get("key") or "": photos / line["image"] for line in lines if line["image"]}
    missing = [path.name for path in found.values() if not path.is_file()]
    if missing:
        raise PhotosMissing(f"{photos} has no {missing[0]}, which {photo_map.name} names.")
    return found

"""The job that draws a sign. Killed in the middle it begins anew from the kept row; nothing half drawn is ever kept."""

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.artwork import MM_PER_INCH
from qrmerch.codes.preflight import Finding
from qrmerch.codes.service import insist_active
from qrmerch.codes.styles import logo_of
from qrmerch.errors import DomainError, NotFound
from qrmerch.files import is_key
from qrmerch.jobs import Work, given_up, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.media import images
from qrmerch.printing import sign_service
from qrmerch.printing.house_face import faces_folder, unpack_font
from qrmerch.printing.reading import open_pages
from qrmerch.printing.sign_drawing import Drawn, draw_sign, judge, read_back, read_logo
from qrmerch.printing.sign_models import SignRun, SignState
from qrmerch.printing.sign_queries import list_file_keys, list_waiting
from qrmerch.printing.signs import Shown, Sign, SignKind
from qrmerch.printing.walls import cell_of, grid_of

AREA: Final = "signs"
# As fine as an eye sees from the length of an arm.
_PRINT_DPI: Final = 220
_PREVIEW_PIXELS: Final = 1_400
_PREVIEWS: Final = 12
_PROGRESS_EVERY: Final = 4


class _NotWanted(Exception):
    """The sign was cancelled, or is gone."""


@job(sign_service.DRAW)
def draw(work: Work, *, sign_id: str) -> None:
    """Draw a sign, read its codes back, keep its file and pictures of its pages."""
    # What a worker that was killed has left of it.
    folder = work.settings.data_dir / "signs" / sign_id
    shutil.rmtree(folder, ignore_errors=True)
    with work.database.read() as db:
        run = db.get(SignRun, sign_id)
        if run is None or run.state != SignState.DRAWING:
            return
        sign, ended = Sign.from_json(run.sign), sign_service.list_ended(db, run)
    folder.mkdir(parents=True)
    try:
        insist_active(ended, sign_service.MAKE_ANEW)
        _draw_in(work, sign_id, sign, folder)
    except _NotWanted:
        return
    except DomainError as refused:
        give_up(work, sign_id=sign_id, said=refused.detail)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@given_up(sign_service.DRAW)
def give_up(work: Work, *, sign_id: str, said: str) -> None:
    """Say on its page that a sign could not be drawn, and why."""
    with work.database.write() as db:
        sign_service.note_failed(db, sign_id, said, at=now())
        db.commit()


@sweep(sign_service.DRAW)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Signs that were asked for and not drawn."""
    for run in list_waiting(db):
        yield run.job_id, {"sign_id": run.id}


@names_files(AREA)
def needed_signs(db: Session, at: datetime) -> Iterable[str]:
    """Files of signs of the last weeks, and the pictures of their pages."""
    return list_file_keys(db, at=at)


def _draw_in(work: Work, sign_id: str, sign: Sign, folder: Path) -> None:
    path = folder / "sign.pdf"
    logo = _read_file(work, sign.dress.logo_key)
    with path.open("wb") as file:
        drawn = draw_sign(
            file,
            sign,
            fetch=_fetcher(work, sign, folder),
            logo=read_logo(logo),
            code_logo=logo_of(logo),
            face=unpack_font(work.files, sign.dress.font_key, faces_folder(work.settings)),
            step=_stepper(work, sign_id, len(sign.items)),
        )
    findings = (*read_back(path, sign, drawn), *judge(sign, drawn))
    _keep(work, sign_id, path, drawn, findings)


def _fetcher(work: Work, sign: Sign, folder: Path) -> Callable[[Shown], Path | None]:
    """Makes the JPEG of an item's picture when its turn comes, as fine as the sign needs it."""
    longest = _longest_pixels(sign)

    def fetch(item: Shown) -> Path | None:
        picture = item.picture
        if picture is None or not is_key(picture.key):
            return None
        try:
            made = images.render_print(
                work.files.path(picture.key),
                folder,
                max_pixels=work.settings.max_image_pixels,
                ground=picture.ground,
                longest=longest,
            )
        # A picture that is gone or broken leaves its place empty, and the page of the sign says so.
        except (images.Unusable, NotFound, FileNotFoundError):
            return None
        return folder / made.name

    return fetch


def _longest_pixels(sign: Sign) -> int:
    """How many pixels the longer side of a picture needs at most."""
    shape = sign.shape
    side = max(cell_of(sign, grid_of(len(sign.items)))) if shape.kind == SignKind.WALL else shape.height
    return min(round(side / MM_PER_INCH * _PRINT_DPI), images.PRINT_MAX_SIDE)


def _stepper(work: Work, sign_id: str, items: int) -> Callable[[int], None]:
    """Writes down how far a drawing is, and ends it when it is not wanted any more."""

    def step(done: int) -> None:
        if done % _PROGRESS_EVERY and done < items:
            return
        with work.database.write() as db:
            is_wanted = sign_service.note_progress(db, sign_id, done)
            db.commit()
        if not is_wanted:
            raise _NotWanted

    return step


def _read_file(work: Work, key: str) -> bytes:
    if not is_key(key) or not work.files.exists(key):
        return b""
    with work.files.open(key) as file:
        return file.read()


def _keep(work: Work, sign_id: str, path: Path, drawn: Drawn, findings: tuple[Finding, ...]) -> None:
    previews = [_keep_preview(work, path, page) for page in range(min(drawn.pages, _PREVIEWS))]
    with path.open("rb") as file:
        key = work.files.put(file, AREA)
    with work.database.write() as db:
        sign_service.note_drawn(
            db,
            sign_id,
            file_key=key,
            file_bytes=path.stat().st_size,
            preview_keys=previews,
            pages=drawn.pages,
            findings=[{"name": each.name, "verdict": each.verdict.value, "said": each.said} for each in findings],
            at=now(),
        )
        db.commit()


def _keep_preview(work: Work, pdf: Path, page: int) -> str:
    """The key of a picture of a page, as large as a screen shows it."""
    with open_pages(pdf) as pages:
        small = pages.render(page, 20)
        image = pages.render(page, 20 * _PREVIEW_PIXELS / max(small.size), has_colour=True)
    picture = pdf.with_suffix(".jpeg")
    image.convert("RGB").save(picture, "JPEG", quality=85, optimize=True, progressive=True)
    with picture.open("rb") as file:
        return work.files.put(file, AREA)

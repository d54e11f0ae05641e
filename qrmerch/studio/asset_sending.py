"""Files sent to the library: pictures and ZIPs, told apart by their content, and what is said of each."""

from dataclasses import dataclass, field
from typing import BinaryIO, cast

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from qrmerch.access import current_principal
from qrmerch.clock import now
from qrmerch.errors import DomainError
from qrmerch.media import service
from qrmerch.media.archives import is_archive, receive_archive
from qrmerch.media.models import Archive, Asset, AssetState
from qrmerch.web import services


@dataclass(slots=True)
class Sent:
    """What became of the files of one form: pictures by id, archives, and name and reason of what was refused."""

    pictures: dict[str, Asset] = field(default_factory=dict)
    archives: list[Archive] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def said(self) -> str:
        said = [_taken_sentence(list(self.pictures.values())), *(_archive_sentence(each) for each in self.archives)]
        return " ".join(each for each in said if each)

    @property
    def address(self) -> str:
        """Where to look at it."""
        if self.archives:
            return f"/studio/assets/archives/{self.archives[0].id}"
        only = next(iter(self.pictures)) if len(self.pictures) == 1 else ""
        return f"/studio/assets?id={only}#panel" if only else "/studio/assets"

    def as_line(self) -> dict[str, object]:
        """What is said of a file that came alone."""
        reason = " ".join(reason for _, reason in self.refused)
        return {"is_in": not self.refused, "said": reason or self.said, "href": "" if reason else self.address}


def take_in(db: Session, uploads: list[FileStorage]) -> Sent:
    """Take every file in as what its first bytes say it is.

    Commits after each: while the next one is stored, which may be a long one, nobody else waits to write.
    """
    sent = Sent()
    for upload in uploads:
        stream = cast(BinaryIO, upload.stream)
        is_zip = is_archive(stream.read(4))
        stream.seek(0)
        try:
            if is_zip:
                sent.archives.append(_take_archive(db, upload.filename or "", stream))
            else:
                asset = _take_picture(db, upload.filename or "", stream)
                sent.pictures[asset.id] = asset
        except DomainError as error:
            sent.refused.append((service.shown_name(upload.filename or ""), error.detail))
        db.commit()
    return sent


def _take_archive(db: Session, name: str, stream: BinaryIO) -> Archive:
    principal, made_with = current_principal(), services()
    return receive_archive(
        db,
        vendor_id=str(principal.vendor_id),
        user_id=principal.user_id,
        stream=stream,
        file_name=name,
        store=made_with.files,
        settings=made_with.settings,
        at=now(),
    )


def _take_picture(db: Session, name: str, stream: BinaryIO) -> Asset:
    made_with = services()
    return service.receive_upload(
        db,
        vendor_id=str(current_principal().vendor_id),
        stream=stream,
        file_name=name,
        store=made_with.files,
        settings=made_with.settings,
        at=now(),
    )


def _archive_sentence(archive: Archive) -> str:
    files = "1 file" if archive.entries == 1 else f"{archive.entries:,} files"
    return f"{archive.file_name} is in. Its {files} are being looked at; it is safe to close this page."


def _taken_sentence(taken: list[Asset]) -> str:
    ready = sum(1 for each in taken if each.state == AssetState.READY)
    if not taken:
        return ""
    if len(taken) == 1:
        return "This picture is here already." if ready else "1 picture is in. It is being made ready."
    if ready == len(taken):
        return f"These {len(taken)} pictures are here already."
    said = f"{len(taken)} pictures are in. They are being made ready."
    return f"{said} {ready} of them {'was' if ready == 1 else 'were'} here already." if ready else said

"""ZIPs of pictures in the studio: how far one is, which item each file was put beside, and what fits none."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import VendorProduct
from qrmerch.clock import now
from qrmerch.downloads import csv_response
from qrmerch.imports.archives import MATCHED, UNMATCHED, Counts, count_lines, list_lines, products_by_id
from qrmerch.imports.models import ArchiveLine, Outcome
from qrmerch.media.archives import get_archive, list_archives, stop
from qrmerch.media.models import Archive, ArchiveState, Asset, AssetState
from qrmerch.media.queries import Picture, list_by_ids, pictures_of
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.archive_pages import ArchivePage, Count, FileLine, ShownItem
from qrmerch.studio.pages import ArchiveRow
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.times import house_zone, in_a_row, said_at, said_left
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("studio_archives", __name__)

_PER_PAGE: Final = 50
_TOLD_AFTER: Final = 3
_SHOWN_FOR: Final = timedelta(days=2)
_BY: Final = {"image": "picture named in your file", "sku": "SKU", "gtin": "GTIN", "key": "handle"}


@blueprint.get("/studio/assets/archives/<archive_id>")
@allow(*VENDOR)
def show(archive_id: str) -> Response:
    """How far an archive is, and what came of its files; `show` picks some of them."""
    db, at = get_db(), now()
    archive = get_archive(db, archive_id)
    only, number = request.args.get("show", ""), page_number()
    counts = count_lines(db, [archive.id])[archive.id]
    lines, total = list_lines(db, archive.id, only=only, page=number, per_page=_PER_PAGE)
    is_running = archive.state == ArchiveState.TAKING
    page = ArchivePage(
        archive=archive,
        lede=_sent(db, archive, at=at),
        running=_running(archive, at=at) if is_running else "",
        ended="" if is_running else _ended(archive, counts),
        unready=_count_unready(db, archive),
        counts=tuple(_counts(archive, counts, only)),
        lines=tuple(_file_lines(db, lines)),
        paging=paging("file", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        csv=f"/studio/assets/archives/{archive.id}/report.csv",
    )
    return render("studio/archive.html", page)


@blueprint.get("/studio/assets/archives/<archive_id>/report.csv")
@allow(*VENDOR)
def download(archive_id: str) -> Response:
    """What came of every file, as a table."""
    db = get_db()
    archive = get_archive(db, archive_id)
    lines, _ = list_lines(db, archive.id)
    products = products_by_id(db, lines)
    return csv_response(
        f"pictures-{archive.id}",
        said=(),
        heads=("file", "result", "item", "handle", "matched by", "why"),
        rows=(
            (each.name, _said(each), *_named(each, products), _BY.get(each.matched_by, ""), each.reason)
            for each in lines
        ),
    )


@blueprint.post("/studio/assets/archives/<archive_id>/stop")
@allow(*VENDOR)
def stop_taking(archive_id: str) -> Response:
    """Take no more files out of an archive."""
    db, principal, at = get_db(), current_principal(), now()
    archive = get_archive(db, archive_id)
    stop(archive, at=at)
    audit.record(db, principal, "archive.stop", ("archive", archive.id), at=at, retailer_id=None)
    db.commit()
    notice("Stopped. What is in stays.", "info")
    return redirect_to(f"/studio/assets/archives/{archive.id}")


def latest_archives(db: Session, vendor_id: str, *, at: datetime) -> tuple[ArchiveRow, ...]:
    """The vendor's archives that are being read, and those of the last days, newest first."""
    shown = [
        each
        for each in list_archives(db, vendor_id)
        if each.state == ArchiveState.TAKING or each.created_at > at - _SHOWN_FOR
    ]
    counts = count_lines(db, [each.id for each in shown])
    return tuple(
        ArchiveRow(
            each,
            _running(each, at=at) if each.state == ArchiveState.TAKING else _ended(each, counts[each.id]),
            f"/studio/assets/archives/{each.id}",
            each.state == ArchiveState.TAKING,
        )
        for each in shown
    )


def _sent(db: Session, archive: Archive, *, at: datetime) -> str:
    sender = db.get(User, archive.user_id) if archive.user_id else None
    by = f" by {sender.name}" if sender else ""
    zone = house_zone(list_supplied(db, archive.vendor_id))
    size = f"{archive.file_bytes / 1_000_000:,.1f} MB"
    return f"{_files(archive.entries)}, {size}, sent{by} {said_at(archive.created_at, now=at, zone=zone)}."


def _running(archive: Archive, *, at: datetime) -> str:
    done, total = archive.done_entries, archive.entries
    left = said_left(done, total, since=archive.began_at, now=at, told_after=_TOLD_AFTER)
    said = f"{done:,} of {_files(total)}, {done * 100 // max(total, 1)} %."
    return in_a_row(said, left, "It is safe to close this page.")


def _ended(archive: Archive, counts: Counts) -> str:
    parts = [
        f"{counts.matched:,} put beside {'its item' if counts.matched == 1 else 'their items'}"
        if counts.matched
        else "",
        f"{counts.unmatched:,} matched nothing" if counts.unmatched else "",
        f"{counts.refused:,} refused" if counts.refused else "",
    ]
    said = ", ".join(part for part in parts if part) or "No file was looked at"
    if archive.state == ArchiveState.CANCELLED:
        return f"Stopped after {counts.files:,} of {_files(archive.entries)}: {said}."
    if archive.state == ArchiveState.FAILED:
        return f"{archive.problem} {said}."
    return f"{said}."


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def _counts(archive: Archive, counts: Counts, only: str) -> Iterator[Count]:
    for word, label, number in (
        ("", "All", counts.files),
        (MATCHED, "Put beside an item", counts.matched),
        (UNMATCHED, "Matched nothing", counts.unmatched),
        (Outcome.REFUSED.value, "Refused", counts.refused),
        (Outcome.AGAIN.value, "Here already", counts.again),
    ):
        query = f"?show={word}" if word else ""
        yield Count(label, number, f"/studio/assets/archives/{archive.id}{query}", word == only)


def _file_lines(db: Session, lines: Sequence[ArchiveLine]) -> Iterator[FileLine]:
    products = products_by_id(db, lines)
    wanted = [each.asset_id for each in lines if each.asset_id]
    pictures = pictures_of(db, wanted)
    assets = {each.id: each for each in list_by_ids(db, wanted)}
    for line in lines:
        yield _file_line(line, products, pictures.get(line.asset_id or ""), assets.get(line.asset_id or ""))


def _file_line(
    line: ArchiveLine, products: dict[str, VendorProduct], picture: Picture | None, asset: Asset | None
) -> FileLine:
    # A picture may turn out to be unreadable after it came in.
    is_unreadable = asset is not None and asset.state == AssetState.REFUSED
    is_refused = line.outcome == Outcome.REFUSED or is_unreadable
    is_checking = asset is not None and asset.state == AssetState.CHECKING
    return FileLine(
        name=line.name,
        image=picture.card_url if picture else "",
        href=f"/studio/assets?id={line.asset_id}#panel" if line.asset_id else "",
        mark="refused" if is_refused else "checking" if is_checking else "ready",
        said="Cannot be read" if is_unreadable else _said(line),
        items=tuple(
            ShownItem(products[each].title, products[each].key, f"/studio/products/{each}")
            for each in line.product_ids
            if each in products
        ),
        matched_by=_BY.get(line.matched_by, "") if line.product_ids else "",
        reason=(asset.problem if asset and is_unreadable else None) or line.reason,
    )


def _said(line: ArchiveLine) -> str:
    return {Outcome.TAKEN: "In", Outcome.AGAIN: "Here already", Outcome.REFUSED: "Refused"}[line.outcome]


def _named(line: ArchiveLine, products: dict[str, VendorProduct]) -> tuple[str, str]:
    found = [products[each] for each in line.product_ids if each in products]
    return "; ".join(each.title for each in found), "; ".join(each.key for each in found)


def _count_unready(db: Session, archive: Archive) -> int:
    wanted = (
        select(func.count())
        .select_from(ArchiveLine)
        .join(Asset, Asset.id == ArchiveLine.asset_id)
        .where(ArchiveLine.archive_id == archive.id, Asset.state == AssetState.CHECKING)
    )
    return db.scalar(wanted) or 0

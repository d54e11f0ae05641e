"""A vendor's pictures in the studio: sending several at once, saying what each shows, deleting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO, Final, cast

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.db import unscoped
from qrmerch.errors import DomainError, FormError, NotFound
from qrmerch.i18n import language_name
from qrmerch.media import service
from qrmerch.media.forms import read_description, share_of
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import Picture, count_bytes, count_undescribed, get_asset, list_assets, pictures_of
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed
from qrmerch.studio.film_view import arrival_lines, film_lines, film_panel
from qrmerch.studio.pages import AltLine, AssetPanel, AssetRow, AssetsPage, Crop
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.standing import Use, pages_with
from qrmerch.studio.times import house_zone, said_at
from qrmerch.web import get_db, notice, redirect_to, render, search_words, services

blueprint = Blueprint("studio_assets", __name__)

_PER_PAGE: Final = 30
_MAX_FILES: Final = 60
# So many of the largest pictures may come in one go; the limit of other forms is that of one sheet.
_LARGEST_AT_ONCE: Final = 20
_CROPS: Final = (("Page 4:5", 80, 100), ("Card 1:1", 100, 100), ("Share 1.9:1", 190, 100))


@blueprint.url_value_preprocessor
def _take_many(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a body be as large as many pictures; asked before the guard reads the form's token."""
    if request.method == "POST":
        request.max_content_length = services().settings.max_image_bytes * _LARGEST_AT_ONCE


@blueprint.get("/studio/assets")
@allow(*VENDOR)
def show_list() -> Response:
    """The vendor's pictures; `id` opens one beside the list."""
    db = get_db()
    asked = request.args.get("id", "")
    return _render(db, panel=_panel(db, get_asset(db, asked)) if asked else None)


@blueprint.post("/studio/assets")
@allow(*VENDOR)
def send() -> Response:
    """Take several pictures in; those that cannot be taken are named with the reason, the others stay."""
    db = get_db()
    uploads = [each for each in request.files.getlist("files") if each.filename]
    if problem := _count_problem(len(uploads)):
        return _render(db, problems={"files": problem}, status=422)
    taken, refused = _take_in(db, uploads)
    db.commit()
    if refused:
        return _render(db, taken=_taken_sentence(taken), refused=tuple(refused), status=422)
    notice(_taken_sentence(taken))
    return redirect_to(f"/studio/assets?id={taken[0].id}#panel" if len(taken) == 1 else "/studio/assets")


@blueprint.post("/studio/assets/<asset_id>")
@allow(*VENDOR)
def describe(asset_id: str) -> Response:
    """Say what a picture shows, and what must stay when it is cropped."""
    db, principal, at = get_db(), current_principal(), now()
    asset = get_asset(db, asset_id)
    if asset.kind.is_recording:
        raise NotFound()
    try:
        description = read_description(request.form, locales_of(db, str(principal.vendor_id)))
    except FormError as error:
        panel = _panel(db, asset, posted=request.form, problems=error.problems)
        return _render(db, panel=panel, status=error.status)
    service.describe(db, asset, description)
    for retailer_id in shown_by(db, asset):
        changed(db, retailer_id, at=at)
    db.commit()
    notice(f"{asset.file_name} is saved.")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/delete")
@allow(*VENDOR)
def delete(asset_id: str) -> Response:
    """Remove a picture that no page shows."""
    db, principal = get_db(), current_principal()
    asset = get_asset(db, asset_id)
    name = asset.file_name
    uses = pages_with(db, asset.vendor_id, [asset.id]).get(asset.id, [])
    try:
        freed = service.delete_asset(db, asset, used_in=[each.title for each in uses])
    except service.AssetInUse as refused:
        return _render(db, panel=_panel(db, asset, problems={"delete": refused.detail}), status=refused.status)
    audit.record(db, principal, "asset.delete", ("asset", asset_id), at=now(), retailer_id=None)
    db.commit()
    for key in freed:
        services().files.delete(key)
    notice(f"{name} is deleted.", "info")
    return redirect_to("/studio/assets")


def render_refused_film(
    db: Session, asset: Asset, *, posted: Mapping[str, str], problems: Mapping[str, str]
) -> Response:
    """The list with a film or sound beside it whose form cannot be taken as it was typed."""
    return _render(db, panel=_panel(db, asset, posted=posted, problems=dict(problems)), status=FormError.status)


def _count_problem(files: int) -> str:
    if not files:
        return "Choose one or more pictures first."
    if files > _MAX_FILES:
        return f"{files} pictures at once are too many; {_MAX_FILES} are taken. Send them in parts."
    return ""


def _take_in(db: Session, uploads: list[FileStorage]) -> tuple[list[Asset], list[tuple[str, str]]]:
    """The assets made of the uploads, and name and reason of each that was refused."""
    vendor_id, at, made_with = str(current_principal().vendor_id), now(), services()
    taken: dict[str, Asset] = {}
    refused: list[tuple[str, str]] = []
    for upload in uploads:
        try:
            asset = service.receive_upload(
                db,
                vendor_id=vendor_id,
                stream=cast(BinaryIO, upload.stream),
                file_name=upload.filename or "",
                store=made_with.files,
                settings=made_with.settings,
                at=at,
            )
        except DomainError as error:
            refused.append((service.shown_name(upload.filename or ""), error.detail))
        else:
            taken[asset.id] = asset
    return list(taken.values()), refused


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


def _render(
    db: Session,
    *,
    panel: AssetPanel | None = None,
    problems: dict[str, str] | None = None,
    taken: str = "",
    refused: tuple[tuple[str, str], ...] = (),
    status: int = 200,
) -> Response:
    vendor_id, settings = str(current_principal().vendor_id), services().settings
    find, state, number = search_words(request.args.get("find", "")), request.args.get("state", ""), page_number()
    kind = request.args.get("kind", "")
    assets, total = list_assets(db, vendor_id, find=find, state=state, kind=kind, page=number, per_page=_PER_PAGE)
    recordings = film_lines(db, assets, locales_of(db, vendor_id))
    wanted = [each.id for each in assets]
    pictures, uses = pictures_of(db, wanted), pages_with(db, str(current_principal().vendor_id), wanted)
    page = AssetsPage(
        lede=_lede(db, vendor_id, total),
        rows=tuple(_row(each, pictures, uses, recordings.get(each.id)) for each in assets),
        paging=paging("picture", shown=len(assets), total=total, number=number, per_page=_PER_PAGE),
        panel=panel,
        find=find,
        state=state,
        kind=kind,
        is_filtered=bool(find or state or kind),
        taken=taken,
        refused=refused,
        problems=problems or {},
        # What answers a form must not be loaded again by itself: the form would be sent again.
        is_checking=status == 200 and any(each.state == AssetState.CHECKING for each in assets),
        used=f"{count_bytes(db, vendor_id) / 1_000_000:,.1f} MB kept",
        max_mb=services().settings.max_image_bytes // 1_000_000,
        max_files=_MAX_FILES,
        arrivals=arrival_lines(db, vendor_id, settings, at=now(), zone=house_zone(list_supplied(db, vendor_id))),
        max_video_mb=settings.max_video_bytes // 1_000_000,
        max_audio_mb=settings.max_audio_bytes // 1_000_000,
    )
    return render("studio/assets.html", page, status=status)


def _lede(db: Session, vendor_id: str, total: int) -> str:
    undescribed = count_undescribed(db, vendor_id)
    if undescribed:
        return "1 picture still needs words." if undescribed == 1 else f"{undescribed:,} pictures still need words."
    return "Every picture says what it shows." if total else "Nothing is here yet."


def _row(
    asset: Asset, pictures: dict[str, Picture], uses: dict[str, list[Use]], recording: tuple[str, str] | None
) -> AssetRow:
    said, lacks = recording or ("", "")
    return AssetRow(
        asset=asset,
        picture=pictures.get(asset.id),
        lacks=lacks,
        shows=said if recording else "Only decoration" if asset.is_decorative else next(iter(asset.alt.values()), ""),
        size=_size(asset),
        uses=tuple(uses.get(asset.id, ())),
        href=f"/studio/assets?id={asset.id}#panel",
    )


def _size(asset: Asset) -> str:
    return f"{asset.width:,} × {asset.height:,}" if asset.width and asset.height else ""


def _panel(
    db: Session,
    asset: Asset,
    *,
    posted: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> AssetPanel:
    """One picture as it is kept, or as it was just typed (`posted`) where that cannot be taken."""
    at, retailers = now(), list_supplied(db, asset.vendor_id)
    focus = (share_of(posted.get("x", "")), share_of(posted.get("y", ""))) if posted else (asset.focus_x, asset.focus_y)
    across, down = (round(each * 100) for each in focus)
    return AssetPanel(
        asset=asset,
        picture=pictures_of(db, [asset.id]).get(asset.id),
        alt=tuple(_alt_lines(locales_of(db, asset.vendor_id), asset, posted)),
        is_decorative=bool(posted.get("is_decorative")) if posted else asset.is_decorative,
        across=across,
        down=down,
        crops=tuple(_crop(*each, asset, across, down) for each in _CROPS),
        uses=tuple(pages_with(db, asset.vendor_id, [asset.id]).get(asset.id, ())),
        received=_received(asset, at=at, zone=house_zone(retailers)),
        size=_size(asset),
        problems=problems or {},
        film=film_panel(db, asset, locales_of(db, asset.vendor_id), at=at, posted=posted, problems=problems)
        if asset.kind.is_recording
        else None,
    )


def _received(asset: Asset, *, at: datetime, zone: str) -> str:
    return said_at(asset.received_at, now=at, zone=zone).capitalize()


def _alt_lines(locales: list[str], asset: Asset, posted: Mapping[str, str] | None) -> list[AltLine]:
    return [
        AltLine(
            locale,
            language_name(locale, "en"),
            posted.get(f"alt.{locale}", "") if posted else asset.alt.get(locale, ""),
            is_required=locale == locales[0],
        )
        for locale in locales
    ]


def _crop(label: str, width: int, height: int, asset: Asset, across: int, down: int) -> Crop:
    """The picture laid over a box so that it covers it, shifted by the focus as `object-position` shifts it."""
    scale = max(width / (asset.width or width), height / (asset.height or height))
    image_width, image_height = (asset.width or width) * scale, (asset.height or height) * scale
    x, y = (width - image_width) * across / 100, (height - image_height) * down / 100
    return Crop(label, width, height, round(x, 2), round(y, 2), round(image_width, 2), round(image_height, 2))


def locales_of(db: Session, vendor_id: str) -> list[str]:
    """The languages of the retailers a vendor supplies; the first must be described."""
    found: dict[str, None] = {}
    for retailer in list_supplied(db, vendor_id):
        found.update(dict.fromkeys([retailer.default_locale, *retailer.locales]))
    return list(found) or ["en"]


def shown_by(db: Session, asset: Asset) -> set[str]:
    """The retailers on whose pages a picture may show."""
    if not pages_with(db, asset.vendor_id, [asset.id]):
        return set()
    with unscoped(db):
        return set(db.scalars(select(Item.retailer_id).where(Item.vendor_id == asset.vendor_id).distinct()))

"""A vendor's pictures in the studio: sending several at once, saying what each shows, deleting."""

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.errors import DomainError, FormError
from qrmerch.i18n import format_datetime, language_name
from qrmerch.media import service
from qrmerch.media.forms import read_description
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import Picture, count_bytes, count_undescribed, get_asset, list_assets, pictures_of
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed
from qrmerch.studio.pages import AssetPanel, AssetRow, AssetsPage
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.standing import Use, pages_with
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("studio_assets", __name__)

_PER_PAGE = 30
_MAX_FILES = 60


@blueprint.get("/studio/assets")
@allow(*VENDOR)
def show_list() -> Response:
    """The vendor's pictures; `id` opens one beside the list."""
    return _render(get_db(), {}, ())


@blueprint.post("/studio/assets")
@allow(*VENDOR)
def send() -> Response:
    """Take several pictures in; those that cannot be taken are named with the reason, the others stay."""
    uploads = [each for each in request.files.getlist("files") if each.filename]
    if not uploads:
        return _render(get_db(), {"files": "Choose one or more pictures first."}, (), status=422)
    if len(uploads) > _MAX_FILES:
        problem = f"{len(uploads)} pictures at once are too many; {_MAX_FILES} are taken. Send them in parts."
        return _render(get_db(), {"files": problem}, (), status=422)
    db = get_db()
    taken, refused = _take_in(db, uploads)
    db.commit()
    if refused:
        if taken:
            notice(_taken_sentence(taken))
        return _render(db, {}, tuple(refused), status=422)
    notice(_taken_sentence(taken))
    return redirect_to(f"/studio/assets?id={taken[0].id}#panel" if len(taken) == 1 else "/studio/assets")


@blueprint.post("/studio/assets/<asset_id>")
@allow(*VENDOR)
def describe(asset_id: str) -> Response:
    """Say what a picture shows, and what must stay when it is cropped."""
    db, principal, at = get_db(), current_principal(), now()
    asset = get_asset(db, asset_id)
    try:
        description = read_description(request.form, _locales(db, str(principal.vendor_id)))
    except FormError as error:
        return _render(db, {}, (), status=error.status, opened=asset, panel_problems=error.problems)
    service.describe(db, asset, description)
    for retailer_id in _shown_by(db, asset):
        changed(db, retailer_id, at=at)
    db.commit()
    notice(f"{asset.file_name} is described.")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/delete")
@allow(*VENDOR)
def delete(asset_id: str) -> Response:
    """Remove a picture that no page shows."""
    db, principal = get_db(), current_principal()
    asset = get_asset(db, asset_id)
    name = asset.file_name
    uses = pages_with(db, [asset.id]).get(asset.id, [])
    freed = service.delete_asset(db, asset, used_in=[each.title for each in uses])
    audit.record(db, principal, "asset.delete", ("asset", asset_id), at=now(), retailer_id=None)
    db.commit()
    for key in freed:
        services().files.delete(key)
    notice(f"{name} is deleted.", "info")
    return redirect_to("/studio/assets")


def _take_in(db: Session, uploads: list[FileStorage]) -> tuple[list[Asset], list[tuple[str, str]]]:
    """The assets made of the uploads, and name and reason of each that was refused."""
    vendor_id, at, made_with = str(current_principal().vendor_id), now(), services()
    taken: list[Asset] = []
    refused: list[tuple[str, str]] = []
    for upload in uploads:
        try:
            asset = service.receive_upload(
                db,
                vendor_id=vendor_id,
                stream=upload.stream,
                file_name=upload.filename or "",
                store=made_with.files,
                settings=made_with.settings,
                at=at,
            )
        except DomainError as error:
            refused.append((service.shown_name(upload.filename or ""), error.detail))
        else:
            taken.append(asset)
    return taken, refused


def _taken_sentence(taken: list[Asset]) -> str:
    return (
        "1 picture is in. It is being made ready."
        if len(taken) == 1
        else f"{len(taken)} pictures are in. They are being made ready."
    )


def _render(
    db: Session,
    problems: dict[str, str],
    refused: tuple[tuple[str, str], ...],
    *,
    status: int = 200,
    opened: Asset | None = None,
    panel_problems: dict[str, str] | None = None,
) -> Response:
    vendor_id = str(current_principal().vendor_id)
    find, state, number = request.args.get("find", ""), request.args.get("state", ""), page_number()
    assets, total = list_assets(db, vendor_id, find=find, state=state, page=number, per_page=_PER_PAGE)
    if opened is None and (asked := request.args.get("id", "")):
        opened = get_asset(db, asked)
    wanted = {each.id for each in assets} | ({opened.id} if opened else set())
    pictures, uses = pictures_of(db, wanted), pages_with(db, wanted)
    page = AssetsPage(
        lede=_lede(db, vendor_id, total),
        rows=tuple(_row(each, pictures, uses) for each in assets),
        paging=paging("picture", shown=len(assets), total=total, number=number, per_page=_PER_PAGE),
        panel=_panel(db, vendor_id, opened, pictures, uses, panel_problems or {}) if opened else None,
        find=find,
        state=state,
        problems=problems,
        refused=refused,
        is_checking=any(each.state == AssetState.CHECKING for each in assets),
        used=f"{count_bytes(db, vendor_id) / 1_000_000:,.1f} MB kept",
    )
    return render("studio/assets.html", page, status=status)


def _lede(db: Session, vendor_id: str, total: int) -> str:
    undescribed = count_undescribed(db, vendor_id)
    if undescribed:
        return "1 picture still needs words." if undescribed == 1 else f"{undescribed:,} pictures still need words."
    return "Every picture says what it shows." if total else "Nothing is here yet."


def _row(asset: Asset, pictures: dict[str, Picture], uses: dict[str, list[Use]]) -> AssetRow:
    return AssetRow(
        asset=asset,
        picture=pictures.get(asset.id),
        shows="Only decoration" if asset.is_decorative else next(iter(asset.alt.values()), ""),
        size=f"{asset.width:,} × {asset.height:,}" if asset.width and asset.height else "",
        uses=tuple(uses.get(asset.id, ())),
        href=f"/studio/assets?id={asset.id}#panel",
    )


def _panel(
    db: Session,
    vendor_id: str,
    asset: Asset,
    pictures: dict[str, Picture],
    uses: dict[str, list[Use]],
    problems: dict[str, str],
) -> AssetPanel:
    zone = next((each.time_zone for each in list_supplied(db, vendor_id)), "UTC")
    posted = request.form if problems else None
    return AssetPanel(
        asset=asset,
        picture=pictures.get(asset.id),
        alt=tuple(
            (
                locale,
                language_name(locale, "en"),
                posted.get(f"alt.{locale}", "") if posted else asset.alt.get(locale, ""),
            )
            for locale in _locales(db, vendor_id)
        ),
        is_decorative=bool(posted.get("is_decorative")) if posted else asset.is_decorative,
        across=round(asset.focus_x * 100),
        down=round(asset.focus_y * 100),
        uses=tuple(uses.get(asset.id, ())),
        received=format_datetime(asset.received_at, "en", zone),
        problems=problems,
    )


def _locales(db: Session, vendor_id: str) -> list[str]:
    """The languages of the retailers a vendor supplies; the first must be described."""
    found: dict[str, None] = {}
    for retailer in list_supplied(db, vendor_id):
        found.update(dict.fromkeys([retailer.default_locale, *retailer.locales]))
    return list(found) or ["en"]


def _shown_by(db: Session, asset: Asset) -> set[str]:
    """The retailers on whose pages a picture may show."""
    if not pages_with(db, [asset.id]):
        return set()
    return set(db.scalars(select(Item.retailer_id).where(Item.vendor_id == asset.vendor_id).distinct()))

"""A vendor's pictures in the studio: sending several or a ZIP at once, saying what each shows, deleting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from qrmerch import audit, quota
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.pictures import products_shown
from qrmerch.clock import now
from qrmerch.content.picture_codes import find_at_houses
from qrmerch.db import unscoped
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import language_name
from qrmerch.looks import queries as looks
from qrmerch.media import service
from qrmerch.media.forms import read_description, share_of
from qrmerch.media.images import WHITE
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import SORTS, Picture, count_undescribed, get_asset, list_assets, pictures_of
from qrmerch.media.rights import (
    WARNED_DAYS,
    days_left,
    first_day,
    is_allowed,
    last_day,
    may_show,
    read_rights,
    rights_condition,
    said_rights,
    set_rights,
)
from qrmerch.occasions import queries as occasions
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed
from qrmerch.studio.archives import latest_archives
from qrmerch.studio.asset_sending import take_in
from qrmerch.studio.film_view import arrival_lines, film_lines, film_panel
from qrmerch.studio.pages import AltLine, AssetPanel, AssetRow, AssetsPage, Crop
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.standing import Use, pages_with, used_asset_ids
from qrmerch.studio.times import house_zone, said_alone
from qrmerch.web import get_db, notice, redirect_to, render, search_words, services, wants_json

blueprint = Blueprint("studio_assets", __name__)

_PER_PAGE: Final = 30
_MAX_FILES: Final = 60
_OFFERED: Final = 200
# What a form's body has besides its files.
_AROUND_BYTES: Final = 100_000
_CROPS: Final = (("Page 4:5", 80, 100), ("Card 1:1", 100, 100), ("Share 1.9:1", 190, 100))


@blueprint.url_value_preprocessor
def _take_many(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a body be as large as an archive of pictures; asked before the guard reads the form's token."""
    if request.method == "POST":
        request.max_content_length = services().settings.max_archive_bytes + _AROUND_BYTES


@blueprint.get("/studio/assets")
@allow(*VENDOR)
def show_list() -> Response:
    """The vendor's pictures; `id` opens one beside the list."""
    db = get_db()
    asked = request.args.get("id", "")
    return render_list(db, panel=open_panel(db, get_asset(db, asked)) if asked else None)


@blueprint.post("/studio/assets")
@allow(*VENDOR)
def send() -> Response:
    """Take several pictures or ZIPs in; those that cannot be taken are named with the reason, the others stay.

    A script sends each alone and gets one line of JSON about it.
    """
    db = get_db()
    uploads = [each for each in request.files.getlist("files") if each.filename]
    if problem := _count_problem(len(uploads)):
        return render_list(db, problems={"files": problem}, status=422)
    sent = take_in(db, uploads)
    if wants_json():
        return make_response(jsonify(sent.as_line()), 422 if sent.refused else 200)
    if sent.refused:
        return render_list(db, taken=sent.said, refused=tuple(sent.refused), status=422)
    notice(sent.said)
    return redirect_to(sent.address)


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
        rights = read_rights(request.form, zone=house_zone(list_supplied(db, asset.vendor_id)))
    except FormError as error:
        panel = open_panel(db, asset, posted=request.form, problems=error.problems)
        return render_list(db, panel=panel, status=error.status)
    service.describe(db, asset, description)
    if {"rights_from", "rights_to"} & request.form.keys():
        set_rights(asset, rights)
    for retailer_id in shown_by(db, asset):
        changed(db, retailer_id, at=at)
    db.commit()
    notice(f"{asset.file_name} is saved.")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/delete")
@allow(*VENDOR)
def delete(asset_id: str) -> Response:
    """Remove a picture that no page shows."""
    db, principal, at = get_db(), current_principal(), now()
    asset = get_asset(db, asset_id)
    name = asset.file_name
    uses = pages_with(db, asset.vendor_id, [asset.id], at=at).get(asset.id, [])
    try:
        freed = service.delete_asset(db, asset, used_in=[*(each.title for each in uses), *_names_apart(db, asset)])
    except service.AssetInUse as refused:
        return render_list(db, panel=open_panel(db, asset, problems={"delete": refused.detail}), status=refused.status)
    audit.record(db, principal, "asset.delete", ("asset", asset_id), at=at, retailer_id=None)
    db.commit()
    for key in freed:
        # Another vendor may have sent the same bytes meanwhile.
        services().files.delete_old(key, before=at)
    notice(f"{name} is deleted.", "info")
    return redirect_to("/studio/assets")


def _names_apart(db: Session, asset: Asset) -> list[str]:
    """The looks and events of any house that a picture stands for."""
    with unscoped(db):
        return [*looks.list_names_with(db, asset.id), *occasions.list_names_with(db, asset.id)]


def render_refused_film(
    db: Session, asset: Asset, *, posted: Mapping[str, str], problems: Mapping[str, str]
) -> Response:
    """The list with a film or sound beside it whose form cannot be taken as it was typed."""
    panel = open_panel(db, asset, posted=posted, problems=dict(problems))
    return render_list(db, panel=panel, status=FormError.status)


def _count_problem(files: int) -> str:
    if not files:
        return "Choose one or more pictures first."
    if files > _MAX_FILES:
        return f"{files} pictures at once are too many; {_MAX_FILES} are taken. Send them in parts."
    return ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the list is narrowed to and sorted by, as the address says it."""

    find: str
    state: str
    kind: str
    used: str
    rights: str
    sort: str

    @classmethod
    def read(cls) -> "_Asked":
        said = {name: request.args.get(name, "") for name in ("state", "kind", "used", "rights", "sort")}
        return cls(find=search_words(request.args.get("find", "")), **said)

    def conditions(self, db: Session, vendor_id: str, *, at: datetime) -> list[ColumnElement[bool]]:
        """What must hold besides words and state."""
        rights = rights_condition(self.rights, at=at)
        found = [] if rights is None else [rights]
        if self.used in ("used", "nowhere"):
            used = used_asset_ids(db, vendor_id)
            found.append(Asset.id.in_(used) if self.used == "used" else Asset.id.not_in(used))
        return found

    @property
    def sorts(self) -> dict[str, str]:
        """The address behind each head: sorted by it, or the other way round where it is."""
        kept = {name: value for name, value in request.args.items() if name not in ("sort", "page", "id") and value}
        return {
            word: f"/studio/assets?{urlencode({**kept, 'sort': f'-{word}' if self.sort == word else word})}"
            for word in SORTS
        }


def render_list(
    db: Session,
    *,
    panel: AssetPanel | None = None,
    problems: dict[str, str] | None = None,
    taken: str = "",
    refused: tuple[tuple[str, str], ...] = (),
    status: int = 200,
) -> Response:
    vendor_id, settings = str(current_principal().vendor_id), services().settings
    at, number, asked = now(), page_number(), _Asked.read()
    assets, total = list_assets(
        db,
        vendor_id,
        find=asked.find,
        state=asked.state,
        kind=asked.kind,
        only=asked.conditions(db, vendor_id, at=at),
        sort=asked.sort,
        page=number,
        per_page=_PER_PAGE,
    )
    recordings = film_lines(db, assets, locales_of(db, vendor_id))
    wanted = [each.id for each in assets]
    pictures, uses = pictures_of(db, wanted), pages_with(db, vendor_id, wanted, at=at)
    archives = latest_archives(db, vendor_id, at=at)
    houses = list_supplied(db, vendor_id)
    zone, codes = house_zone(houses), find_at_houses(db, houses, assets)
    lacks = dict.fromkeys(codes, ("", "Leads away by a code")) | recordings
    page = AssetsPage(
        lede=_lede(db, vendor_id, total),
        rows=tuple(_row(each, pictures, uses, lacks.get(each.id), at=at, zone=zone) for each in assets),
        paging=paging("picture", shown=len(assets), total=total, number=number, per_page=_PER_PAGE),
        panel=panel,
        find=asked.find,
        state=asked.state,
        kind=asked.kind,
        used_where=asked.used,
        rights=asked.rights,
        sort=asked.sort,
        sorts=asked.sorts,
        is_filtered=bool(asked.find or asked.state or asked.kind or asked.used or asked.rights),
        taken=taken,
        refused=refused,
        problems=problems or {},
        # What answers a form must not be loaded again by itself: the form would be sent again.
        is_checking=status == 200
        and (any(each.state == AssetState.CHECKING for each in assets) or any(each.is_running for each in archives)),
        used=_used(db, vendor_id),
        archives=archives,
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


def _used(db: Session, vendor_id: str) -> str:
    """How much of the room there is the vendor's files take, sheets among them."""
    made_with = services()
    used = quota.used_bytes(db, vendor_id, made_with.files)
    return f"{quota.in_words(used)} of {quota.in_words(made_with.settings.vendor_quota_bytes)} used"


def _row(
    asset: Asset,
    pictures: dict[str, Picture],
    uses: dict[str, list[Use]],
    noted: tuple[str, str] | None,
    *,
    at: datetime,
    zone: str,
) -> AssetRow:
    said, lacks = noted or ("", "")
    return AssetRow(
        asset=asset,
        picture=pictures.get(asset.id),
        lacks=lacks,
        shows=_shows(asset, said),
        size=_size(asset),
        uses=tuple(uses.get(asset.id, ())),
        rights=said_rights(asset, at=at, zone=zone),
        is_ending=not may_show(asset, at=at) or 0 < days_left(asset, at=at) <= WARNED_DAYS[0],
        href=f"/studio/assets?id={asset.id}#panel",
    )


def _shows(asset: Asset, said: str) -> str:
    if said:
        return said
    return "Only decoration" if asset.is_decorative else next(iter(asset.alt.values()), "")


def _size(asset: Asset) -> str:
    return f"{asset.width:,} × {asset.height:,}" if asset.width and asset.height else ""


def open_panel(
    db: Session,
    asset: Asset,
    *,
    posted: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
    typed_item: str = "",
) -> AssetPanel:
    """One picture as it is kept, or as it was just typed (`posted`) where that cannot be taken."""
    at, houses = now(), list_supplied(db, asset.vendor_id)
    zone = house_zone(houses)
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
        uses=tuple(pages_with(db, asset.vendor_id, [asset.id], at=now()).get(asset.id, ())),
        items=tuple(products_shown(db, [asset.id]).get(asset.id, ())),
        typed_item=typed_item,
        rights_from=posted.get("rights_from", "") if posted else _day(first_day(asset, zone=zone)),
        rights_to=posted.get("rights_to", "") if posted else _day(last_day(asset, zone=zone)),
        rights_said=_rights_sentence(asset, at=at, zone=zone),
        others=tuple(_others(db, asset, at=at)),
        warning=find_at_houses(db, houses, [asset]).get(asset.id, ""),
        ground=_ground_said(asset.ground),
        received=said_alone(asset.received_at, now=at, zone=zone),
        size=_size(asset),
        problems=problems or {},
        film=film_panel(db, asset, locales_of(db, asset.vendor_id), at=at, posted=posted, problems=problems)
        if asset.kind.is_recording
        else None,
    )


def _others(db: Session, asset: Asset, *, at: datetime) -> Iterator[tuple[str, str]]:
    """The newest pictures that may stand for one, to choose from."""
    only = [is_allowed(at), Asset.kind == asset.kind]
    found, _ = list_assets(db, asset.vendor_id, state=AssetState.READY, only=only, per_page=_OFFERED)
    yield "", "Choose a picture"
    yield from ((each.id, each.file_name) for each in found if each.id != asset.id)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _rights_sentence(asset: Asset, *, at: datetime, zone: str) -> str:
    if asset.rights_from is None and asset.rights_until is None:
        return "Outside these days no page shows it. Your admins get a mail 30, 7 and 1 days before the end."
    said = said_rights(asset, at=at, zone=zone)
    if not may_show(asset, at=at):
        return f"{said}: no page shows it now."
    return f"{said}. From then on no page shows it." if asset.rights_until else "It may be shown, without an end."


def _ground_said(ground: str | None) -> str:
    if not ground:
        return ""
    return "White" if ground == WHITE else f"The ground of your retailers’ pages, {ground}"


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
    if not pages_with(db, asset.vendor_id, [asset.id], at=now()):
        return set()
    with unscoped(db):
        return set(db.scalars(select(Item.retailer_id).where(Item.vendor_id == asset.vendor_id).distinct()))

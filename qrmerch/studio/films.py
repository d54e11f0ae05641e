"""A vendor's films and sounds in the studio: stopping and beginning, what stands in front, what is said in them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow
from qrmerch.clock import now
from qrmerch.errors import FormError
from qrmerch.media import films
from qrmerch.media.captions import MAX_BYTES
from qrmerch.media.models import Asset, AssetKind, AssetState
from qrmerch.media.playing import frames_of, get_recording
from qrmerch.media.queries import get_asset
from qrmerch.media.rights import read_rights, set_rights
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed
from qrmerch.studio.assets import locales_of, render_refused_film, shown_by
from qrmerch.studio.standing import pages_with
from qrmerch.studio.times import house_zone
from qrmerch.web import get_db, notice, redirect_to, services

blueprint = Blueprint("studio_films", __name__)

# A file of captions and a transcript for each language there may be.
_MAX_FORM_BYTES: Final = 20_000_000


@blueprint.url_value_preprocessor
def _limit_form(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if request.method == "POST":
        request.max_content_length = _MAX_FORM_BYTES
        request.max_form_memory_size = _MAX_FORM_BYTES


@blueprint.post("/studio/assets/<asset_id>/recording")
@allow(*VENDOR)
def describe(asset_id: str) -> Response:
    """Say what stands in front of a film, and what is said in a film or sound."""
    db, at = get_db(), now()
    asset = get_asset(db, asset_id)
    get_recording(db, asset.id)
    try:
        _take_form(db, asset)
        if {"rights_from", "rights_to"} & request.form.keys():
            set_rights(asset, read_rights(request.form, zone=house_zone(list_supplied(db, asset.vendor_id))))
    except FormError as error:
        problems: Mapping[str, str] = error.problems
        db.rollback()
        return render_refused_film(db, get_asset(db, asset_id), posted=request.form, problems=problems)
    for retailer_id in shown_by(db, asset):
        changed(db, retailer_id, at=at)
    db.commit()
    notice(f"{asset.file_name} is saved.")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/stop")
@allow(*VENDOR)
def stop(asset_id: str) -> Response:
    """Let a film or sound not be made."""
    db = get_db()
    asset = get_asset(db, asset_id)
    get_recording(db, asset.id)
    films.stop(db, asset)
    db.commit()
    notice(f"{asset.file_name} is stopped.", "info")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/again")
@allow(*VENDOR)
def start_again(asset_id: str) -> Response:
    """Try once more to make a film or sound that was stopped or refused."""
    db = get_db()
    asset = get_asset(db, asset_id)
    films.start_again(db, asset, at=now())
    db.commit()
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


def _take_form(db: Session, asset: Asset) -> None:
    """Write what a form says, all of it or nothing.

    :raises FormError: by field, what cannot be taken.
    """
    problems: dict[str, str] = {}
    locales = locales_of(db, asset.vendor_id)
    steps: list[Callable[[], None]] = [partial(_take_words, db, asset, locales)]
    if asset.kind == AssetKind.FILM:
        steps.append(partial(_take_front, db, asset))
        steps += [partial(_take_captions, db, asset, locale) for locale in locales]
    for step in steps:
        try:
            step()
        except FormError as error:
            problems.update(error.problems)
    if problems:
        raise FormError(problems)


def _take_words(db: Session, asset: Asset, locales: Sequence[str]) -> None:
    words = {locale: request.form.get(f"transcript.{locale}", "") for locale in locales}
    films.set_words(db, asset, words, is_speechless=bool(request.form.get("is_speechless")))


def _take_front(db: Session, asset: Asset) -> None:
    front = request.form.get("front", "")
    recording = get_recording(db, asset.id)
    if not front or asset.state != AssetState.READY or front == (recording.poster_id or recording.frame):
        return
    if front in [each.part for each in frames_of(db, asset.id)]:
        _refuse_on_pages(db, asset)
        films.choose_frame(db, asset, front)
        return
    films.choose_picture(db, asset, get_asset(db, front))


def _refuse_on_pages(db: Session, asset: Asset) -> None:
    """Keep the frame of a film that shoppers or reviewers see: a page is approved with it.

    :raises FormError: it is on such a page.
    """
    uses = pages_with(db, asset.vendor_id, [asset.id], at=now()).get(asset.id, [])
    seen = [each.title for each in uses if each.state != "draft"]
    if seen:
        raise FormError(
            {
                "frame": f"{seen[0]} was sent for review with the frame that stands in front now. Choose one of your"
                " pictures instead: a page keeps the one it was approved with."
            }
        )


def _take_captions(db: Session, asset: Asset, locale: str) -> None:
    upload = request.files.get(f"captions.{locale}")
    if upload is not None and upload.filename:
        data = upload.stream.read(MAX_BYTES + 1)
        films.set_captions(db, asset, locale, data, file_name=upload.filename, store=services().files)
    elif request.form.get(f"drop.{locale}"):
        films.drop_captions(db, asset, locale)

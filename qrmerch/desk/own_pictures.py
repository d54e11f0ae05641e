"""One picture of the house's own, sent at the desk to stand for a look or an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final, cast

from flask import request
from sqlalchemy.orm import Session

from qrmerch.errors import DomainError, FormError
from qrmerch.i18n import direction, language_name
from qrmerch.media.forms import ALT_MAX_CHARS
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import pictures_of
from qrmerch.media.service import receive_upload
from qrmerch.parties.languages import clean_texts, locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_vendors
from qrmerch.web import services

# What a form's body has besides its file.
_AROUND_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class AltField:
    """A field for what a picture shows, in one language."""

    locale: str
    language: str
    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnPicture:
    """What the desk shows of the picture: its address (empty for none that is ready), how it stands, its fields."""

    src: str
    said: str
    has_one: bool
    alts: tuple[AltField, ...]


def take_large(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a body be as large as a picture; asked before the guard reads the form's token."""
    if request.method == "POST":
        request.max_content_length = services().settings.max_image_bytes + _AROUND_BYTES


def show_picture(db: Session, retailer: Retailer, asset_id: str | None) -> OwnPicture:
    """The picture that stands for something, or None of it."""
    asset = db.get(Asset, asset_id) if asset_id else None
    found = pictures_of(db, [asset.id]).get(asset.id) if asset else None
    said = ""
    if asset is not None and asset.state == AssetState.CHECKING:
        said = "It is being made ready. Shoppers see it in a moment."
    elif asset is not None and asset.state == AssetState.REFUSED:
        said = asset.problem or "It could not be read. Send another one."
    alt = asset.alt if asset else {}
    fields = (
        AltField(each, language_name(each, "en"), direction(each), alt.get(each, "")) for each in locales_of(retailer)
    )
    return OwnPicture(found.card_url if found else "", said, asset is not None, tuple(fields))


def take_picture(db: Session, retailer: Retailer, *, at: datetime) -> Asset:
    """The picture of the form, as one of the house's own; what it shows is said beside it.

    :raises FormError: there is none, it cannot be taken, or a text is too long; names `picture` or `alt.LOCALE`.
    """
    problems: dict[str, str] = {}
    typed = {each: request.form.get(f"alt.{each}", "") for each in locales_of(retailer)}
    alt = clean_texts(retailer, "alt", typed, most=ALT_MAX_CHARS, problems=problems)
    upload = request.files.get("picture")
    if upload is None or not upload.filename:
        problems["picture"] = "Choose a picture first."
    if problems or upload is None:
        raise FormError(problems)
    house = next(each.vendor for each in list_vendors(db, retailer.id) if each.vendor.is_house)
    try:
        return receive_upload(
            db,
            vendor_id=house.id,
            stream=cast(BinaryIO, upload.stream),
            file_name=upload.filename or "",
            store=services().files,
            settings=services().settings,
            at=at,
            alt=alt,
        )
    except DomainError as refused:
        raise FormError({"picture": refused.detail}) from None

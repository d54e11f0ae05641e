"""What else is done with a picture in the studio: put beside an item, or replaced everywhere."""

from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.pictures import add_picture, drop_picture, replace_picture
from qrmerch.catalog.queries import get_product
from qrmerch.clock import now
from qrmerch.content import replacing
from qrmerch.content.replacing import Replaced
from qrmerch.errors import DomainError, FormError
from qrmerch.imports.matching import find_product
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import get_asset
from qrmerch.media.rights import Rights, set_rights
from qrmerch.media.service import receive_upload
from qrmerch.studio.assets import open_panel, render_list
from qrmerch.web import get_db, notice, redirect_to, search_words, services

blueprint = Blueprint("studio_asset_actions", __name__)


@blueprint.url_value_preprocessor
def _take_one(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a body be as large as one picture; asked before the guard reads the form's token."""
    if request.method == "POST":
        request.max_content_length = services().settings.max_image_bytes + 100_000


@blueprint.post("/studio/assets/<asset_id>/items")
@allow(*VENDOR)
def add_to_item(asset_id: str) -> Response:
    """Put a picture beside the item that is named by handle, SKU or GTIN."""
    db = get_db()
    asset = get_asset(db, asset_id)
    typed = search_words(request.form.get("item", ""))
    found = find_product(db, str(current_principal().vendor_id), typed) if typed else None
    if found is None or len(found.products) != 1:
        problem = "Write the handle, a SKU or the GTIN of one of your items."
        if found is not None and found.products:
            problem = f"{len(found.products)} of your items are called {typed}. Write one’s handle."
        elif typed:
            problem = f"None of your items is called {typed}. Write its handle, a SKU or its GTIN."
        return render_list(db, panel=open_panel(db, asset, problems={"item": problem}, typed_item=typed), status=422)
    product = found.products[0]
    is_new = add_picture(db, product, asset.id)
    db.commit()
    notice(f"{asset.file_name} {'stands' if is_new else 'stood already'} with {product.title}.")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/items/<product_id>/drop")
@allow(*VENDOR)
def drop_from_item(asset_id: str, product_id: str) -> Response:
    """Take a picture away from an item; pages that show it stay as they are."""
    db = get_db()
    asset, product = get_asset(db, asset_id), get_product(db, product_id)
    drop_picture(db, product.id, asset.id)
    db.commit()
    notice(f"{asset.file_name} stands with {product.title} no more. Pages that show it stay as they are.", "info")
    return redirect_to(f"/studio/assets?id={asset.id}#panel")


@blueprint.post("/studio/assets/<asset_id>/replace")
@allow(*VENDOR)
def replace(asset_id: str) -> Response:
    """Put another picture of the vendor's, or a new file, in the place of this one wherever that can be done."""
    db, principal, at = get_db(), current_principal(), now()
    old = get_asset(db, asset_id)
    try:
        new = _other(db, old)
    except DomainError as error:
        return render_list(db, panel=open_panel(db, old, problems={"replace_by": error.detail}), status=422)
    done = replacing.replace_picture(db, old, new, author_id=principal.user_id, at=at)
    items = replace_picture(db, old.id, new.id)
    detail: dict[str, object] = {"by": new.id, "sent": len(done.sent), "drafts": len(done.drafts), "items": items}
    audit.record(db, principal, "asset.replace", ("asset", old.id), at=at, retailer_id=None, detail=detail)
    db.commit()
    notice(_said(done, items), "careful" if done.left else "good")
    return redirect_to(f"/studio/assets?id={new.id}#panel")


def _other(db: Session, old: Asset) -> Asset:
    """The picture that was chosen, or the one made of the file that was sent.

    :raises DomainError: neither, the same one, or one that cannot be shown.
    """
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return _received(db, old, cast(BinaryIO, upload.stream), upload.filename)
    chosen = request.form.get("replace_by", "")
    if not chosen:
        raise FormError({"replace_by": "Choose another picture, or a new file."})
    new = get_asset(db, chosen)
    if new.id == old.id:
        raise FormError({"replace_by": "This is the same picture. Choose another."})
    if new.kind != old.kind:
        raise FormError({"replace_by": f"This is a {old.kind.noun}, and that one a {new.kind.noun}. Choose another."})
    if new.state != AssetState.READY:
        raise FormError({"replace_by": "That picture cannot be shown yet. Choose one that is ready."})
    return new


def _received(db: Session, old: Asset, stream: BinaryIO, name: str) -> Asset:
    """A new file with the words and rights of the old one: it is to stand for the same."""
    made_with, at = services(), now()
    new = receive_upload(
        db,
        vendor_id=old.vendor_id,
        stream=stream,
        file_name=name,
        store=made_with.files,
        settings=made_with.settings,
        at=at,
        alt=old.alt,
        is_decorative=old.is_decorative,
    )
    if new.id == old.id:
        raise FormError({"replace_by": "This is the same picture. Choose another."})
    if new.received_at == at:
        set_rights(new, Rights(old.rights_from, old.rights_until))
    return new


def _said(done: Replaced, items: int) -> str:
    """What became of it, in a few sentences."""
    parts = []
    if done.sent:
        parts.append(f"{_count(len(done.sent), 'page')} {'is' if len(done.sent) == 1 else 'are'} sent for review.")
    if done.drafts:
        parts.append(
            f"{_count(len(done.drafts), 'draft')} {'shows' if len(done.drafts) == 1 else 'show'} it now; send"
            f" {'it' if len(done.drafts) == 1 else 'them'} when ready: {', '.join(done.drafts[:3])}"
            f"{' and others' if len(done.drafts) > 3 else ''}."
        )
    if items:
        parts.append(f"It stands with {_count(items, 'item')}.")
    parts += [f"{title} {why}." for title, why in done.left[:3]]
    if len(done.left) > 3:
        parts.append(f"{len(done.left) - 3:,} more stay as they are.")
    return " ".join(parts) or "No page and no item had the old one, so nothing has changed."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

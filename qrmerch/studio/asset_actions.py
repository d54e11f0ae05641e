"""What else is done with a picture in the studio: put beside an item, or replaced everywhere."""

from flask import Blueprint, Response, request

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.pictures import add_picture, drop_picture
from qrmerch.catalog.queries import get_product
from qrmerch.imports.matching import find_product
from qrmerch.media.queries import get_asset
from qrmerch.studio.assets import open_panel, render_list
from qrmerch.web import get_db, notice, redirect_to, search_words

blueprint = Blueprint("studio_asset_actions", __name__)


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

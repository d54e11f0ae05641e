"""A vendor's products, and where each is listed."""

from collections.abc import Iterator

from flask import Blueprint, Response, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.catalog.models import ProductVariant, VendorProduct
from qrmerch.catalog.pictures import list_picture_ids
from qrmerch.catalog.queries import get_product, list_items_of_product, list_product_variants, list_products
from qrmerch.catalog.service import list_at
from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.media.models import AssetState
from qrmerch.media.queries import list_by_ids, pictures_of
from qrmerch.money import format_money
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.pages import Listing, ProductPage, ProductPictureLine, ProductRow, ProductsPage, VariantLine
from qrmerch.studio.paging import page_number, paging
from qrmerch.studio.scanned import count_scans, said_scans
from qrmerch.studio.standing import card_images, list_standings
from qrmerch.text import rich_text
from qrmerch.web import get_db, notice, redirect_to, render, search_words, services

blueprint = Blueprint("studio_products", __name__)

_PER_PAGE = 25
_FETCHED = "Addresses are fetched after an import, as its page tells; files come under Pictures."
_NOT_FETCHED = "Nothing is fetched from other sites. Send the files themselves under Pictures."
_LABELS = {"blurb": "In one line", "story": "Story", "care": "Care"}


@blueprint.get("/studio/products")
@allow(*VENDOR)
def show_list() -> Response:
    """The vendor's products with their state at each retailer; `find`, `retailer` and `page` are addresses."""
    db, vendor_id, at = get_db(), str(current_principal().vendor_id), now()
    find, number = search_words(request.args.get("find", "")), page_number()
    retailer_id = request.args.get("retailer", "")
    lines, total = list_products(db, vendor_id, find=find, retailer_id=retailer_id, page=number, per_page=_PER_PAGE)
    standings = list_standings(db, [item for line in lines for item in line.items], at=at)
    images = card_images(db, standings)
    rows = []
    for line in lines:
        mine = tuple(each for each in standings if each.product_id == line.product.id)
        image = next((images[each.item_id] for each in mine if each.item_id in images), "")
        rows.append(ProductRow(line.product, line.variants, image, mine))
    retailers = [(each.id, each.name) for each in list_supplied(db, vendor_id)]
    is_filtered = bool(find or retailer_id)
    page = ProductsPage(
        lede=_lede(total, is_filtered=is_filtered),
        rows=tuple(rows),
        paging=paging("product", shown=len(rows), total=total, number=number, per_page=_PER_PAGE),
        find=find,
        retailer_id=retailer_id,
        retailers=(("", "Anywhere"), *retailers, ("none", "Not listed yet")),
        is_filtered=is_filtered,
    )
    return render("studio/products.html", page)


@blueprint.get("/studio/products/<product_id>")
@allow(*VENDOR)
def show(product_id: str) -> Response:
    """One product as it was sent, and its items at retailers."""
    db, vendor_id, at = get_db(), str(current_principal().vendor_id), now()
    product = get_product(db, product_id)
    items, retailers = list_items_of_product(db, product.id), list_supplied(db, vendor_id)
    standings, scans = list_standings(db, items, at=at), count_scans(db, retailers, items, at=at)
    listed = {each.retailer_id for each in standings}
    page = ProductPage(
        product=product,
        lede=f"{product.maker}, {product.key}" if product.maker else product.key,
        variants=tuple(_variant_line(each) for each in list_product_variants(db, product.id)),
        texts=tuple(_texts(product)),
        facts=tuple((each["name"], each["value"]) for each in product.facts),
        images=tuple(product.image_urls),
        images_said=_FETCHED if services().settings.fetch_pictures else _NOT_FETCHED,
        pictures=tuple(_picture_lines(db, product.id)),
        listings=tuple(Listing(each, said_scans(scans.get(each.item_id, 0))) for each in standings),
        unlisted=tuple((each.id, each.name) for each in retailers if each.id not in listed),
    )
    return render("studio/product.html", page)


@blueprint.post("/studio/products/<product_id>/list")
@allow(*VENDOR)
def offer(product_id: str) -> Response:
    """List a product at one of the retailers this vendor supplies."""
    db, principal, at = get_db(), current_principal(), now()
    product = get_product(db, product_id)
    name = _supplied_name(db, str(principal.vendor_id), request.form.get("retailer", ""))
    item = list_at(db, product, request.form["retailer"], at)
    audit.record(db, principal, "item.list", ("item", item.id), at=at, retailer_id=item.retailer_id)
    db.commit()
    notice(f"{product.title} is listed at {name}. Shoppers see a plain page until yours is approved.")
    return redirect_to(f"/studio/products/{product.id}")


def _picture_lines(db: Session, product_id: str) -> Iterator[ProductPictureLine]:
    ids = list_picture_ids(db, product_id)
    ready = pictures_of(db, ids)
    for asset in list_by_ids(db, ids):
        picture = ready.get(asset.id)
        remark = "" if picture else "Cannot be shown" if asset.state == AssetState.REFUSED else "Being made ready"
        if picture and not asset.alt_text and not asset.is_decorative:
            remark = "Not described"
        address = f"/studio/assets?id={asset.id}#panel"
        yield ProductPictureLine(asset.file_name, picture.card_url if picture else "", address, remark)


def _supplied_name(db: Session, vendor_id: str, retailer_id: str) -> str:
    for each in list_supplied(db, vendor_id):
        if each.id == retailer_id:
            return each.name
    raise NotFound("There is no such retailer.")


def _lede(total: int, *, is_filtered: bool) -> str:
    if is_filtered:
        return "1 product fits." if total == 1 else f"{total:,} products fit."
    if not total:
        return "Your catalogue is empty."
    return (
        "1 product in your catalogue."
        if total == 1
        else f"{total:,} products in your catalogue, once for all retailers."
    )


def _texts(product: VendorProduct) -> Iterator[tuple[str, Markup]]:
    """What a product says of itself, as a page would set it."""
    said = {"Description": product.description}
    said |= {_LABELS.get(name, name.capitalize()): text for name, text in product.texts.items()}
    return ((label, rich_text(text)) for label, text in said.items() if text)


def _variant_line(variant: ProductVariant) -> VariantLine:
    def money(minor: int | None) -> str:
        return format_money(minor, variant.currency) if minor is not None else ""

    return VariantLine(
        name=" / ".join(variant.options.values()) or "One size",
        sku=variant.sku,
        gtin=variant.gtin or (f"{variant.vendor_code} (own code)" if variant.vendor_code else ""),
        price=money(variant.price_minor),
        was_price=money(variant.was_price_minor),
    )

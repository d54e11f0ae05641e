"""Which pictures show which product: what a file's name said, or what somebody chose.

It is the vendor's own note. Shoppers see a picture only through a published revision.
"""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import ProductPicture, VendorProduct


def list_picture_ids(db: Session, product_id: str) -> list[str]:
    """The ids of a product's pictures, in their order."""
    wanted = select(ProductPicture.asset_id).where(ProductPicture.product_id == product_id)
    return list(db.scalars(wanted.order_by(ProductPicture.place, ProductPicture.id)))


def products_shown(db: Session, asset_ids: Collection[str]) -> dict[str, list[VendorProduct]]:
    """The products that each of these pictures shows, by asset id; pictures of none are left out."""
    wanted = (
        select(ProductPicture.asset_id, VendorProduct)
        .join(VendorProduct, VendorProduct.id == ProductPicture.product_id)
        .where(ProductPicture.asset_id.in_(list(asset_ids)))
        .order_by(VendorProduct.title, VendorProduct.id)
    )
    found: dict[str, list[VendorProduct]] = defaultdict(list)
    for asset_id, product in db.execute(wanted) if asset_ids else ():
        found[asset_id].append(product)
    return dict(found)


def add_picture(db: Session, product: VendorProduct, asset_id: str, *, place: int | None = None) -> bool:
    """Say that a picture shows a product, after the others unless its place is known; whether that was new.

    Both are the same vendor's: the caller has looked.
    """
    known = select(ProductPicture.id).where(
        ProductPicture.product_id == product.id, ProductPicture.asset_id == asset_id
    )
    if db.scalar(known) is not None:
        return False
    if place is None:
        last = db.scalar(select(func.max(ProductPicture.place)).where(ProductPicture.product_id == product.id))
        place = 0 if last is None else last + 1
    db.add(
        ProductPicture(
            vendor_id=product.vendor_id,
            product_id=product.id,
            asset_id=asset_id,
            place=place,
        )
    )
    db.flush()
    return True


def drop_picture(db: Session, product_id: str, asset_id: str) -> None:
    """Say that a picture does not show a product; nothing happens where nobody said it did."""
    known = select(ProductPicture).where(ProductPicture.product_id == product_id, ProductPicture.asset_id == asset_id)
    for row in db.scalars(known):
        db.delete(row)
    db.flush()


def replace_picture(db: Session, old_id: str, new_id: str) -> int:
    """Let another picture stand for all products that one stood for, in its places; how many."""
    rows = list(db.scalars(select(ProductPicture).where(ProductPicture.asset_id == old_id)))
    have = set(db.scalars(select(ProductPicture.product_id).where(ProductPicture.asset_id == new_id)))
    for row in rows:
        if row.product_id in have:
            db.delete(row)
        else:
            row.asset_id = new_id
    db.flush()
    return len(rows)

"""Tables of products, items, prices and stock.

A product is the vendor's, once for all retailers; an item is one retailer's listing of it. Shoppers
read items only; a product's words reach them through a published revision.
"""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, PublicId, RetailerScoped, VendorScoped, reference


class VendorProduct(VendorScoped, Base):
    """A style as its vendor describes it; found again by the vendor's own key."""

    __table_args__ = (UniqueConstraint("vendor_id", "key"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    maker: Mapped[str] = mapped_column(String(80))
    category: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    # {"blurb": …, "story": …, "care": …}, each in the small Markdown of `text.rich_text`.
    texts: Mapped[Json] = mapped_column(JSON)
    # [{"name": "Material", "value": "Cotton"}]
    facts: Mapped[Json]
    image_urls: Mapped[Json]
    updated_at: Mapped[datetime]


class ProductVariant(VendorScoped, Base):
    """One size and colour of a product."""

    __table_args__ = (UniqueConstraint("product_id", "key"),)

    id: Mapped[Id]
    product_id: Mapped[str] = reference("vendor_product.id")
    key: Mapped[str] = mapped_column(String(200))
    sku: Mapped[str] = mapped_column(String(120), default="")
    gtin: Mapped[str | None] = mapped_column(String(14), index=True)
    # What stood in the barcode column but is no GTIN.
    vendor_code: Mapped[str | None] = mapped_column(String(60))
    # {"Colour": "Marigold", "Size": "M"}, in the order they are shown: JSON keeps it, JSONB does not.
    options: Mapped[Json] = mapped_column(JSON)
    place: Mapped[int]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    was_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class ProductPicture(VendorScoped, Base):
    """A picture of the vendor's that shows a product; it goes with the picture."""

    __table_args__ = (UniqueConstraint("product_id", "asset_id"),)

    id: Mapped[Id]
    product_id: Mapped[str] = reference("vendor_product.id", index=False)
    asset_id: Mapped[str] = mapped_column(String(36), ForeignKey("asset.id", ondelete="CASCADE"), index=True)
    place: Mapped[int]


class Item(RetailerScoped, VendorScoped, Base):
    """A style on one retailer's shelf."""

    __table_args__ = (UniqueConstraint("retailer_id", "product_id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    product_id: Mapped[str] = reference("vendor_product.id")
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(120), default="")
    # Set on the item by the retailer; empty means the retailer's default template.
    template_id: Mapped[str | None] = mapped_column(String(36))
    is_retired: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Variant(RetailerScoped, VendorScoped, Base):
    """One size and colour of an item, with the retailer's price."""

    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        Index("ix_variant_retailer_gtin", "retailer_id", "gtin"),
        UniqueConstraint("item_id", "key"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id")
    key: Mapped[str] = mapped_column(String(200))
    sku: Mapped[str] = mapped_column(String(120), default="")
    gtin: Mapped[str | None] = mapped_column(String(14))
    options: Mapped[Json] = mapped_column(JSON)
    place: Mapped[int]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    is_hidden: Mapped[bool] = mapped_column(default=False)
    # New from the vendor, and hidden until somebody at the retailer has looked.
    is_proposed: Mapped[bool] = mapped_column(default=False)


class PriceHistory(RetailerScoped, Base):
    """A variant's price from an instant on."""

    __table_args__ = (Index("ix_price_history_variant_from", "variant_id", "from_at"),)

    id: Mapped[Id]
    variant_id: Mapped[str] = reference("variant.id", index=False)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    from_at: Mapped[datetime]


class Stock(RetailerScoped, Base):
    """Pieces of a variant in a store, as of the feed's instant."""

    __table_args__ = (UniqueConstraint("store_id", "variant_id"),)

    id: Mapped[Id]
    store_id: Mapped[str] = reference("store.id")
    variant_id: Mapped[str] = reference("variant.id")
    pieces: Mapped[int]
    as_of: Mapped[datetime]
    # Since when, by our clock, there have been pieces without a break; None where there are none.
    came_at: Mapped[datetime | None]


class WarehouseStock(RetailerScoped, Base):
    """Pieces of a variant in a warehouse, as of the feed's instant; no page of a shopper's speaks of them."""

    __table_args__ = (UniqueConstraint("warehouse_id", "variant_id"),)

    id: Mapped[Id]
    warehouse_id: Mapped[str] = reference("warehouse.id")
    variant_id: Mapped[str] = reference("variant.id")
    pieces: Mapped[int]
    as_of: Mapped[datetime]

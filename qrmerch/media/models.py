"""Tables of assets and their renditions."""

import enum
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, PublicId, VendorScoped, one_of, reference, word


class AssetState(enum.StrEnum):
    """From arrival to use."""

    CHECKING = "checking"
    READY = "ready"
    REFUSED = "refused"


class Asset(VendorScoped, Base):
    """One picture of a vendor's."""

    __table_args__ = (
        one_of("state", AssetState),
        UniqueConstraint("vendor_id", "digest"),
        CheckConstraint("focus_x BETWEEN 0 AND 1 AND focus_y BETWEEN 0 AND 1", name="focus_inside"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    state: Mapped[AssetState] = word(AssetState, default=AssetState.CHECKING)
    # Of the bytes that came, and where they lie in the file store.
    digest: Mapped[str] = mapped_column(String(64))
    source_key: Mapped[str] = mapped_column(String(100))
    source_bytes: Mapped[int]
    # As the vendor called the file: shown, never used as a path.
    file_name: Mapped[str] = mapped_column(String(200))
    width: Mapped[int | None]
    height: Mapped[int | None]
    colour: Mapped[str | None] = mapped_column(String(7))
    placeholder: Mapped[str | None] = mapped_column(String(2000))
    focus_x: Mapped[float] = mapped_column(default=0.5)
    focus_y: Mapped[float] = mapped_column(default=0.5)
    # By locale, the retailer's default first (JSON keeps the order, JSONB does not). Empty with `is_decorative`.
    alt: Mapped[Json] = mapped_column(JSON)
    # The same words as one text, to search in; empty where nothing is said yet.
    alt_text: Mapped[str] = mapped_column(String(4000), default="")
    is_decorative: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str | None] = mapped_column(String(300))
    received_at: Mapped[datetime]


class Rendition(Base):
    """One size and format of an asset, as served."""

    __table_args__ = (UniqueConstraint("asset_id", "purpose", "width", "format"),)

    id: Mapped[Id]
    asset_id: Mapped[str] = reference("asset.id")
    # page (390/780/1170 wide), card (300 wide), preview (1200×630).
    purpose: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    key: Mapped[str] = mapped_column(String(100), index=True)
    size_bytes: Mapped[int]

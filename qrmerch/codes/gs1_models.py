"""Tables of what GS1 addresses lead to besides an item's page: links, hosts they may lead to, who answers a number."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, reference

_DEFAULT = text("is_default")


class Gs1Link(RetailerScoped, Base):
    """A link of an item's GS1 address, or of one batch, variant or piece of it."""

    __table_args__ = (
        Index("ix_gs1_link_retailer_item", "retailer_id", "item_id"),
        # One default for each level and language.
        Index(
            "uq_gs1_link_default",
            "retailer_id",
            "item_id",
            "gtin",
            "qualifiers",
            "locale",
            unique=True,
            sqlite_where=_DEFAULT,
            postgresql_where=_DEFAULT,
        ),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id")
    # One of the item's numbers; empty for all of them.
    gtin: Mapped[str] = mapped_column(String(14), default="")
    # What follows the number in the address, as `/10/LOT42`; empty for the number itself.
    qualifiers: Mapped[str] = mapped_column(String(200), default="")
    link_type: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(80))
    # Empty: for every language.
    locale: Mapped[str] = mapped_column(String(12), default="")
    href: Mapped[str] = mapped_column(String(2000))
    media_type: Mapped[str] = mapped_column(String(40), default="text/html")
    # For whom it is, as a request's `context` says it; empty for everybody.
    context: Mapped[str] = mapped_column(String(40), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class LinkHost(RetailerScoped, Base):
    """A host that is not the retailer's, and that its links may lead to all the same."""

    __table_args__ = (UniqueConstraint("retailer_id", "host"),)

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(String(253))
    added_at: Mapped[datetime]


class GtinAnswer(RetailerScoped, Base):
    """Which of several variants with one number is meant by it."""

    __table_args__ = (UniqueConstraint("retailer_id", "gtin"),)

    id: Mapped[Id]
    gtin: Mapped[str] = mapped_column(String(14))
    variant_id: Mapped[str] = reference("variant.id")

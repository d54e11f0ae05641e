"""Tables of visitors and their consent."""

import enum
from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, one_of, reference, word


class ConsentAction(enum.StrEnum):
    """What was done about a purpose."""

    GRANT = "grant"
    WITHDRAW = "withdraw"


class Visitor(RetailerScoped, Base):
    """A phone that asked to be remembered at one retailer; the cookie's secret is kept hashed."""

    id: Mapped[Id]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]


class ConsentEvent(RetailerScoped, Base):
    """One answer, with the words that were shown; rows are only added."""

    __table_args__ = (one_of("action", ConsentAction),)

    id: Mapped[Id]
    visitor_id: Mapped[str] = reference("visitor.id")
    purpose: Mapped[str] = mapped_column(String(40))
    action: Mapped[ConsentAction] = word(ConsentAction)
    shown_text: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]

"""What all tables share: their base, their column types, and whose row it is."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, DateTime, Dialect, ForeignKey, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from qrmerch import ids

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[str, mapped_column(String(36), primary_key=True, default=ids.new)]
PublicId = Annotated[str, mapped_column(String(16), unique=True, default=ids.public)]
Json = Any
JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")
# Where None is the database's null, so that a query can ask for it.
OPTIONAL_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """The base of every table; a table is called after its class, in snake case."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant(), Json: JSON_TYPE}

    @declared_attr.directive
    def __tablename__(cls) -> str:
        name = cls.__name__
        return "".join(f"_{c.lower()}" if c.isupper() and at else c.lower() for at, c in enumerate(name))


class RetailerScoped:
    """A row of one retailer; a scoped session sees no other retailer's."""

    @declared_attr
    def retailer_id(cls) -> Mapped[str]:
        return mapped_column(String(36), ForeignKey("retailer.id"), index=True, sort_order=-2)


class VendorScoped:
    """A row of one vendor; a vendor's session sees no other vendor's."""

    @declared_attr
    def vendor_id(cls) -> Mapped[str]:
        return mapped_column(String(36), ForeignKey("vendor.id"), index=True, sort_order=-1)


def reference(target: str, *, nullable: bool = False, index: bool = True) -> Any:
    """A column that points to another row's id (`reference("item.id")`), indexed."""
    return mapped_column(String(36), ForeignKey(target), index=index, nullable=nullable)


def one_of(column: str, words: type[enum.StrEnum]) -> CheckConstraint:
    """The rule that a text column holds one of an enumeration's words; goes into `__table_args__`."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Word(TypeDecorator[Any]):
    """One word of an enumeration, kept as text."""

    MAX_CHARS = 40
    impl = String(MAX_CHARS)
    cache_ok = True

    def __init__(self, words: type[enum.StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.words(value)


def word(words: type[enum.StrEnum], **options: Any) -> Any:
    """A column that holds one word of an enumeration, and refuses others; see `one_of` for the database's rule."""
    return mapped_column(Word(words), **options)

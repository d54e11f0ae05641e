"""Tables of assets, their renditions, files on their way, and the archives that many come in."""

import enum
from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import OPTIONAL_JSON, Base, Id, Json, PublicId, VendorScoped, one_of, reference, word


class AssetState(enum.StrEnum):
    """From arrival to use."""

    CHECKING = "checking"
    READY = "ready"
    REFUSED = "refused"


class ArchiveState(enum.StrEnum):
    """From arrival to the end."""

    TAKING = "taking"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class AssetKind(enum.StrEnum):
    """What an asset is."""

    PICTURE = "picture"
    FILM = "video"
    SOUND = "audio"

    @property
    def is_recording(self) -> bool:
        """Whether it plays: a film or a sound."""
        return self is not AssetKind.PICTURE

    @property
    def noun(self) -> str:
        """As staff read it."""
        return {AssetKind.PICTURE: "picture", AssetKind.FILM: "film", AssetKind.SOUND: "sound"}[self]


class Asset(VendorScoped, Base):
    """One picture, film or sound of a vendor's."""

    __table_args__ = (
        one_of("kind", AssetKind),
        one_of("state", AssetState),
        UniqueConstraint("vendor_id", "digest"),
        CheckConstraint("focus_x BETWEEN 0 AND 1 AND focus_y BETWEEN 0 AND 1", name="focus_inside"),
        CheckConstraint("rights_until > rights_from", name="rights_forward"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[AssetKind] = word(AssetKind, default=AssetKind.PICTURE)
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
    # What must stay when it is cropped: guessed when it came, until its vendor says.
    focus_x: Mapped[float] = mapped_column(default=0.5)
    focus_y: Mapped[float] = mapped_column(default=0.5)
    # Dark words can stand on its top.
    is_light_above: Mapped[bool] = mapped_column(default=False)
    # By locale, the retailer's default first (JSON keeps the order, JSONB does not). Empty with `is_decorative`.
    alt: Mapped[Json] = mapped_column(JSON)
    # The same words as one text, to search in; empty where nothing is said yet.
    alt_text: Mapped[str] = mapped_column(String(4000), default="")
    is_decorative: Mapped[bool] = mapped_column(default=False)
    # What its transparent parts were laid on, `#rrggbb`; null where it has none.
    ground: Mapped[str | None] = mapped_column(String(7))
    # The codes that can be read in a picture, as `picture_codes.kept` has them: [{"kind", "text", "is_here"}]; null
    # where nobody has looked, and of a film or sound.
    codes: Mapped[Json | None] = mapped_column(OPTIONAL_JSON)
    # When it may be shown: half open, null for no limit.
    rights_from: Mapped[datetime | None]
    rights_until: Mapped[datetime | None] = mapped_column(index=True)
    # So many days before the end its vendor was written to last; null where nobody was yet.
    rights_warned_days: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(300))
    received_at: Mapped[datetime]


class Rendition(Base):
    """One size and format of an asset, as served."""

    __table_args__ = (UniqueConstraint("asset_id", "purpose", "width", "format", "part"),)

    id: Mapped[Id]
    asset_id: Mapped[str] = reference("asset.id")
    # page (390/780/1170 wide), card (300 wide), preview (1200×630), of a film those of what stands in front of it;
    # film or sound; frame, to choose from; captions.
    purpose: Mapped[str] = mapped_column(String(20))
    # Which of several alike: a frame's number, the beginning of a digest of captions; empty for the rest.
    part: Mapped[str] = mapped_column(String(16), default="")
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    key: Mapped[str] = mapped_column(String(100), index=True)
    size_bytes: Mapped[int]


class Archive(VendorScoped, Base):
    """One ZIP of pictures, and how far it was taken in; its lines are kept by the room that knows products."""

    __table_args__ = (one_of("state", ArchiveState),)

    id: Mapped[Id]
    state: Mapped[ArchiveState] = word(ArchiveState, default=ArchiveState.TAKING)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(100), index=True)
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    # Files in it that are not the sender's system's own, and how many of them were looked at.
    entries: Mapped[int]
    done_entries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Recording(Base):
    """What a film or a sound has besides what every asset has."""

    __table_args__ = (CheckConstraint("done_percent BETWEEN 0 AND 100", name="percent"),)

    id: Mapped[Id]
    asset_id: Mapped[str] = mapped_column(String(36), ForeignKey("asset.id"), unique=True)
    duration_ms: Mapped[int]
    # How far its making is, and when that began; None while it waits.
    done_percent: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime | None]
    # The frame that is to stand in front of a film, and the one of which the pictures are; empty before there is any.
    frame: Mapped[str] = mapped_column(String(16), default="")
    frame_made: Mapped[str] = mapped_column(String(16), default="")
    # A picture of the vendor's that stands in front of it instead of a frame.
    poster_id: Mapped[str | None] = reference("asset.id", nullable=True)
    # By locale: {"key", "file_name", "cues", "words"}. Former ones stay as renditions: approved pages show them.
    captions: Mapped[Json] = mapped_column(JSON, default=dict)
    # By locale: the words that are spoken, and what is heard besides.
    transcript: Mapped[Json] = mapped_column(JSON, default=dict)
    # Nobody speaks, so that captions say nothing.
    is_speechless: Mapped[bool] = mapped_column(default=False)


class Arrival(VendorScoped, Base):
    """A file that is on its way, piece by piece; its bytes lie in a file of that name until all are there."""

    __table_args__ = (CheckConstraint("size_bytes > 0", name="size"),)

    id: Mapped[Id]
    # Who takes it when it is whole: a word that the studio knows.
    kind: Mapped[str] = mapped_column(String(20))
    # As the vendor called the file: shown, never used as a path.
    file_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    # What tells the same file when it is chosen again: when it was changed last, as its sender says.
    stamp: Mapped[str] = mapped_column(String(40), default="")
    user_id: Mapped[str | None] = reference("user.id", nullable=True)
    created_at: Mapped[datetime] = mapped_column(index=True)

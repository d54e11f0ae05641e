"""Settings, read once from `QRMERCH_*`, and where the packed folders lie.

An unknown, missing or malformed variable stops the start-up and names itself.
"""

import dataclasses
import importlib.util
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qrmerch.errors import DomainError

PREFIX = "QRMERCH_"
_PACKAGE = Path(__file__).parent
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_MIN_TOKEN_CHARS = 16
_SWITCH = {"0": False, "1": True}


class SettingsError(DomainError):
    """The settings cannot be used; the message names the variable."""

    slug = "settings"


def _setting(default: object, sentence: str) -> Any:
    return field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between two installations."""

    mode: str = _setting("production", "`demo` or `production`.")
    data_dir: Path = _setting(Path("var"), "Folder for keys, kept pages, scan log and the SQLite database.")
    uploads_dir: Path = _setting(Path("vendor_uploads"), "Folder for files that vendors send.")
    bucket: str = _setting("", "s3://name/prefix keeps vendors' files in a bucket and copies of them in the folder.")
    bucket_endpoint: str = _setting("", "Address of an S3-compatible store; empty means that of AWS.")
    bucket_region: str = _setting("us-east-1", "Region of the bucket.")
    bucket_copies_bytes: int = _setting(20_000_000_000, "Room for copies of the bucket's files, bytes.")
    database_url: str = _setting("", "SQLAlchemy URL; empty means SQLite in the data folder.")
    base_url: str = _setting("http://127.0.0.1:8000", "Where this installation is reached; https outside the demo.")
    secret_key: str = _setting("", "At least 32 bytes; in the demo one is made and kept in the data folder.")
    secret_key_fallbacks: tuple[str, ...] = _setting((), "Older secret keys, comma separated, still accepted.")
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.")
    workers: int = _setting(2, "Web worker processes.")
    one_processor: bool = _setting(
        True, "1 keeps each web worker on one processor at a time, where a scan costs less; 0 leaves it to the system."
    )
    flask_threads: int = _setting(4, "Answers, besides kept pages, that a worker works on at once.")
    staff_threads: int = _setting(2, "Of those, at most so many for staff; others are told to try again in a second.")
    node: str = _setting("node-1", "Name of this machine among those of one database; it keeps its name for ever.")
    proxies: int = _setting(0, "Trusted proxies in front, whose X-Forwarded-* are read.")
    metrics_token: str = _setting(
        "",
        "Who asks for /metrics from another machine sends it as `Authorization: Bearer …`; empty: only this machine.",
    )
    smtp_url: str = _setting("", "smtp://user:password@host:port for mail; empty keeps mail in the outbox.")
    mail_from: str = _setting("qrmerch@localhost", "Sender of mails.")
    max_image_bytes: int = _setting(10_000_000, "Largest picture taken, bytes.")
    max_image_pixels: int = _setting(50_000_000, "Largest picture taken, pixels.")
    max_archive_bytes: int = _setting(1_000_000_000, "Largest ZIP of pictures taken, bytes.")
    max_sheet_bytes: int = _setting(50_000_000, "Largest catalogue file taken, bytes.")
    max_sheet_rows: int = _setting(50_000, "Longest catalogue file taken, rows.")
    max_video_bytes: int = _setting(200_000_000, "Largest film taken, bytes.")
    max_audio_bytes: int = _setting(20_000_000, "Largest sound taken, bytes.")
    max_recording_s: int = _setting(600, "Longest film or sound taken, seconds.")
    vendor_quota_bytes: int = _setting(2_000_000_000, "What the files of one vendor may take in all, bytes.")
    fetch_pictures: bool = _setting(False, "1 fetches pictures that a catalogue names by https address; 0 never does.")
    check_links: bool = _setting(
        True,
        "1 follows links in vendors' words and of GS1 numbers to their end, outside the demo; 0 looks at the named host"
        " only.",
    )
    page_memory_bytes: int = _setting(256_000_000, "Kept pages in memory for each worker, bytes.")
    scan_log: str = _setting(
        "fast", "`fast`: an answered scan survives a crash; `durable`: a power cut too, for some milliseconds of disk."
    )
    scan_retention_days: int = _setting(396, "Raw scans older than this are deleted, days; totals stay.")

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @property
    def follows_links(self) -> bool:
        """Whether the end of a link counts; in the demo no host of the sample shops is anywhere."""
        return self.check_links and not self.is_demo

    @property
    def has_durable_log(self) -> bool:
        return self.scan_log == "durable"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "log"

    @property
    def pages_dir(self) -> Path:
        return self.data_dir / "pages"

    @property
    def keys_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The key to sign with, then the older ones that still verify."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings from an environment, checked.

        :raises SettingsError: a variable is unknown, malformed or unsafe for its mode.
        """
        known = {PREFIX + each.name.upper(): each for each in fields(cls)}
        values: dict[str, object] = {}
        for name, text in environ.items():
            if not name.startswith(PREFIX):
                continue
            if name not in known:
                raise SettingsError(f"{name} is not a setting. Known: {', '.join(sorted(known))}.")
            values[known[name].name] = _parse(name, text, known[name].default)
        return cls(**values).ready()  # type: ignore[arg-type]

    def ready(self) -> "Settings":
        """These settings with folders made, defaults filled and refusals spoken."""
        if self.mode not in ("demo", "production"):
            raise SettingsError("QRMERCH_MODE must be demo or production.")
        if self.metrics_token and len(self.metrics_token) < _MIN_TOKEN_CHARS:
            raise SettingsError(f"QRMERCH_METRICS_TOKEN must have at least {_MIN_TOKEN_CHARS} characters, or none.")
        if self.scan_log not in ("fast", "durable"):
            raise SettingsError("QRMERCH_SCAN_LOG must be fast or durable.")
        if not 1 <= self.staff_threads < self.flask_threads:
            raise SettingsError("QRMERCH_STAFF_THREADS must be at least 1, and less than QRMERCH_FLASK_THREADS.")
        if not self.is_demo:
            self._refuse_unsafe()
        if self.bucket:
            self._refuse_bucket()
        data_dir = self.data_dir.absolute()
        for folder in (data_dir, data_dir / "log", data_dir / "pages", data_dir / "keys", self.uploads_dir):
            folder.mkdir(parents=True, exist_ok=True)
        return dataclasses.replace(
            self,
            data_dir=data_dir,
            uploads_dir=self.uploads_dir.absolute(),
            database_url=self.database_url or f"sqlite:///{data_dir / 'qrmerch.db'}",
            secret_key=self.secret_key or _kept_secret(data_dir / "keys" / "secret"),
            base_url=self.base_url.rstrip("/"),
        )

    def _refuse_unsafe(self) -> None:
        if len(self.secret_key.encode()) < 32:
            raise SettingsError("QRMERCH_SECRET_KEY must have at least 32 bytes in production.")
        if urlsplit(self.base_url).scheme != "https":
            raise SettingsError("QRMERCH_BASE_URL must begin with https:// in production.")

    def _refuse_bucket(self) -> None:
        url, endpoint = urlsplit(self.bucket), urlsplit(self.bucket_endpoint)
        if url.scheme != "s3" or not url.netloc:
            raise SettingsError("QRMERCH_BUCKET must be s3://name or s3://name/prefix.")
        if self.bucket_endpoint and (endpoint.scheme not in ("http", "https") or not endpoint.hostname):
            raise SettingsError("QRMERCH_BUCKET_ENDPOINT must be an http or https address.")
        if endpoint.scheme == "http" and not (self.is_demo or endpoint.hostname in _THIS_MACHINE):
            raise SettingsError("QRMERCH_BUCKET_ENDPOINT must begin with https:// in production.")
        if importlib.util.find_spec("obstore") is None:
            raise SettingsError("QRMERCH_BUCKET needs the extra s3: install qrmerch[s3].")


def _parse(name: str, text: str, default: object) -> object:
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, bool):
        if text not in _SWITCH:
            raise SettingsError(f"{name} must be 0 or 1, not {text!r}.")
        return _SWITCH[text]
    if isinstance(default, int):
        try:
            number = int(text)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
        if number < 0:
            raise SettingsError(f"{name} must not be negative.")
        return number
    return text


def _kept_secret(path: Path) -> str:
    """A random key made once for all workers of this data folder."""
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text()


def data_folder(name: str) -> Path:
    """`templates`, `static` or `migrations`: from the wheel if packed there, else from the checkout."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name

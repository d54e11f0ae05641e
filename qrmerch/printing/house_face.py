"""A retailer's own font for print: unpacked once on each machine, to set names and headings in.

In: the font as pages serve it. Out: the path of a file that shapes and embeds like any other face. Letters it does not
have are set in our own faces, one by one. Where it cannot be used, all of it is.
"""

import hashlib
import logging
from pathlib import Path

from qrmerch.config import Settings
from qrmerch.errors import NotFound
from qrmerch.files import FileStore, is_key, replace_file
from qrmerch.media.font_tables import as_opentype
from qrmerch.media.fonts import BadFont
from qrmerch.parties.models import BrandKit, Display
from qrmerch.printing.faces import is_usable
from qrmerch.printing.shaping import can_be_set

log = logging.getLogger("qrmerch.printing")


def font_key_of(kit: BrandKit) -> str:
    """The font that a brand sets its headings in; empty where it has none of its own."""
    return kit.font_key if kit.display == Display.FONT and is_key(kit.font_key) and kit.font_scripts else ""


def faces_folder(settings: Settings) -> Path:
    """Where this machine keeps unpacked fonts."""
    return settings.data_dir / "faces"


def unpack_font(store: FileStore, key: str, folder: Path) -> str:
    """The path of the font of a key on this machine; empty where there is none, or none that print can use.

    :param folder: where unpacked fonts are kept, named by their digest.
    """
    if not is_key(key):
        return ""
    try:
        with store.open(key) as file:
            data = file.read()
    except (NotFound, FileNotFoundError):
        return ""
    path = folder / f"{hashlib.sha256(data).hexdigest()}.otf"
    if not path.is_file():
        try:
            plain = as_opentype(data)
        except BadFont as refused:
            log.info("a brand's font is not used in print: %s", refused)
            return ""
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, plain)
    return str(path) if is_usable(path) and can_be_set(str(path)) else ""

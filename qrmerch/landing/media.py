"""Pictures as they are served: renditions only, by the digest of their content, for ever."""

import re
from typing import Final

from flask import Blueprint, Response, send_file

from qrmerch.access import allow_anyone
from qrmerch.errors import NotFound
from qrmerch.media.queries import MEDIA_TYPES
from qrmerch.web import services

blueprint = Blueprint("media", __name__)

_ADDRESS: Final = re.compile(r"([0-9a-f]{64})\.(avif|jpeg)")


@blueprint.get("/media/<name>")
@allow_anyone
def serve(name: str) -> Response:
    """A rendition's bytes under its one fixed type; an original is never here, whatever is asked."""
    found = _ADDRESS.fullmatch(name)
    if found is None:
        raise NotFound()
    digest, kind = found.groups()
    store = services().files
    with store.open(f"renditions/{digest}") as file:
        if _kind_of(file.read(12)) != kind:
            raise NotFound()
    response = send_file(
        store.path(f"renditions/{digest}"),
        mimetype=MEDIA_TYPES[kind],
        conditional=True,
        etag=digest,
        max_age=31_536_000,
    )
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _kind_of(first: bytes) -> str:
    if first.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "avif" if first[4:12] == b"ftypavif" else ""

"""Pictures, films, sounds, captions, retailers' logos and fonts as they are served: by their digest, for ever."""

import re
from typing import Final

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from qrmerch.access import allow_anyone
from qrmerch.errors import NotFound
from qrmerch.media.marks import AREA, KINDS
from qrmerch.media.queries import MEDIA_TYPES
from qrmerch.web import services

blueprint = Blueprint("media", __name__)

_ADDRESS: Final = re.compile(r"([0-9a-f]{64})\.(avif|jpeg|mp4|m4a|mp3|vtt|webp|woff2)")


@blueprint.get("/media/<name>")
@allow_anyone
def serve(name: str) -> Response:
    """A rendition's bytes, or the part of them that is asked for, under its one fixed type.

    An original is never here, whatever is asked.
    """
    found = _ADDRESS.fullmatch(name)
    if found is None:
        raise NotFound()
    digest, kind = found.groups()
    store = services().files
    key = f"{AREA if kind in KINDS else 'renditions'}/{digest}"
    with store.open(key) as file:
        if _kind_of(file.read(12)) != kind:
            raise NotFound()
    path = store.path(key)
    response = send_file(path, mimetype=MEDIA_TYPES[kind], conditional=False, etag=digest, max_age=31_536_000)
    return _with_headers(_part_of(response, path.stat().st_size))


def _part_of(response: Response, size: int) -> Response:
    """The part that the request asks for; several at once, which no player does, are answered with the whole."""
    environ = dict(request.environ)
    if "," in environ.get("HTTP_RANGE", ""):
        del environ["HTTP_RANGE"]
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    return response


def _with_headers(response: Response) -> Response:
    is_there = response.status_code != 416
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_there else "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _kind_of(first: bytes) -> str:
    if first.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if first[4:8] == b"ftyp":
        return {b"avif": "avif", b"M4A ": "m4a", b"isom": "mp4"}.get(first[8:12], "")
    if first.startswith(b"WEBVTT"):
        return "vtt"
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "webp"
    if first.startswith(b"wOF2"):
        return "woff2"
    # A frame of MPEG audio, which JPEG's beginning cannot be taken for.
    return "mp3" if first[:1] == b"\xff" and first[1:2] >= b"\xe0" else ""

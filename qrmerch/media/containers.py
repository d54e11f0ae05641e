"""What kind of film or sound a file is, told by its first bytes; its name and declared type are not asked."""

import re
from enum import StrEnum
from typing import Final

# How much of a file `container_of` wants to see.
FIRST_BYTES: Final = 4096


class Container(StrEnum):
    """The four kinds of file that are opened at all, each by FFmpeg's name of its reader."""

    MP4 = "mov"
    WEBM = "matroska"
    MP3 = "mp3"
    OGG = "ogg"


class Unusable(Exception):
    """The film or sound cannot be taken; the message says why and what to do."""


_UNKNOWN: Final = (
    "This is not a film or sound that can be taken. Send a film as MP4, MOV or WebM, a sound as MP3, M4A or Ogg."
)
_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_PICTURE_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_PICTURE: Final = "a picture. Send it with the pictures"
_FILM: Final = "Export it as MP4 and send that"
_SOUND: Final = "Export it as MP3 or M4A and send that"
# What else people send, told by its first bytes, with what would make it right.
_REFUSED: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"\s*#EXTM3U", "a playlist (M3U), which only points to a film. Send the film itself"),
    (rb"(?i)\s*\[playlist\]", "a playlist (PLS), which only points to a sound. Send the sound itself"),
    (rb"(?i)\s*<asx|\s*\[reference\]", "a playlist, which only points to a film. Send the film itself"),
    (rb"(?is)\s*<(\?xml.{0,400}<)?(MPD|smil|playlist)\b", "a playlist, which only points to a film. Send the film"),
    (rb"\s*ffconcat", "a list of films to be joined. Join them in an editor, export as MP4 and send that"),
    (rb"\s*file\s+['\"/\w]", "a list of files. Send the film itself"),
    (rb"\s*v=0\r?\n", "the description of a live stream (SDP). Record it and send the film itself"),
    (rb"\s*WEBVTT", "a file of captions. Choose the film first, then add its captions to it"),
    (rb"RIFF....AVI ", f"an AVI film. {_FILM}"),
    (rb"RIFF....WAVE", f"a WAV sound. {_SOUND}"),
    (rb"RIFF....WEBP|\xff\xd8\xff|\x89PNG|GIF8|BM|II[*+]\x00|MM\x00[*+]", _PICTURE),
    (rb"\x30\x26\xb2\x75", f"a Windows Media file. {_FILM}"),
    (rb"FLV\x01", f"a Flash film. {_FILM}"),
    (rb"\x00\x00\x01[\xb3\xba]|\x47.{187}\x47", f"an MPEG film as DVDs and cameras keep it. {_FILM}"),
    (rb"fLaC|FORM|#!AMR|MThd|\xff[\xf0\xf1\xf8\xf9]", f"a sound of a kind that phones do not all play. {_SOUND}"),
    (rb"(?i)\s*<(!doctype html|html|head|body|script|!--)", "a web page. Save the film itself"),
    (rb"(?is)\s*<(\?xml.{0,400}<)?svg", "a drawing. Send it as PNG with the pictures"),
    (rb"%PDF", "a PDF. Send a film as MP4"),
    (rb"PK\x03\x04", "a ZIP archive. Unpack it and send the film"),
)


def container_of(first: bytes) -> Container:
    """The kind of file that begins with these bytes.

    :raises Unusable: it is another kind; the message names it where it is known.
    """
    if not first:
        raise Unusable("This file is empty. Choose the film again.")
    if first[4:8] in _BOXES:
        brands = first[8 : min(len(first), max(16, int.from_bytes(first[:4], "big")), 64)]
        if first[4:8] == b"ftyp" and any(brands[at : at + 4] in _PICTURE_BRANDS for at in range(0, len(brands), 4)):
            raise Unusable(f"This is {_PICTURE}.")
        return Container.MP4
    if first.startswith(b"\x1a\x45\xdf\xa3"):
        return Container.WEBM
    if first.startswith(b"OggS"):
        return Container.OGG
    for pattern, name in _REFUSED:
        if re.match(pattern, first, re.DOTALL):
            raise Unusable(f"This is {name}.")
    if first.startswith(b"ID3") or _is_mp3_frame(first):
        return Container.MP3
    raise Unusable(_UNKNOWN)


def _is_mp3_frame(first: bytes) -> bool:
    """Whether the bytes begin with the header of a frame of MPEG audio, layer III."""
    if len(first) < 4 or first[0] != 0xFF or first[1] & 0xE6 != 0xE2:
        return False
    return first[2] >> 4 not in (0, 15) and first[2] >> 2 & 3 != 3

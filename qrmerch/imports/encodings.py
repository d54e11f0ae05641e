"""Which characters the bytes of a text file mean.

UTF-8 and UTF-16 prove themselves. What is neither is guessed, and a guess is shown to its vendor, who can say
another (`CHOICES`).
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

from qrmerch.imports.problems import SheetRejected

# What a vendor can say, as people know it, and Python's name for it. In the order it is offered.
CHOICES: Final = {
    "UTF-8": "utf-8",
    "UTF-16": "utf-16",
    "Windows-1252 (Western Europe)": "cp1252",
    "Windows-1250 (Central Europe)": "cp1250",
    "Windows-1251 (Cyrillic)": "cp1251",
    "Windows-1253 (Greek)": "cp1253",
    "Windows-1254 (Turkish)": "cp1254",
    "Windows-1255 (Hebrew)": "cp1255",
    "Windows-1256 (Arabic)": "cp1256",
    "Windows-1257 (Baltic)": "cp1257",
    "Windows-1258 (Vietnamese)": "cp1258",
    "Windows-874 (Thai)": "cp874",
    "Shift-JIS (Japanese)": "cp932",
    "EUC-JP (Japanese)": "euc_jp",
    "EUC-KR (Korean)": "cp949",
    "GB 18030 (Chinese)": "gb18030",
    "Big5 (Chinese)": "big5hkscs",
    "KOI8-R (Cyrillic)": "koi8_r",
    "DOS 850 (Western Europe)": "cp850",
    "Mac Roman": "mac_roman",
}
# What the detector calls by a narrower or older name.
_WIDER: Final = {
    "ascii": "utf-8",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_15": "cp1252",
    "iso8859_2": "cp1250",
    "iso8859_5": "cp1251",
    "mac_cyrillic": "cp1251",
    "cp1125": "cp1251",
    "iso8859_7": "cp1253",
    "iso8859_9": "cp1254",
    "iso8859_8": "cp1255",
    "iso8859_6": "cp1256",
    "iso8859_13": "cp1257",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_jis_2004": "euc_jp",
    "euc_jisx0213": "euc_jp",
    "euc_kr": "cp949",
    "johab": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "cp437": "cp850",
    "cp858": "cp850",
}
# Letters and marks of Western Europe: where Windows-1252 gives no other, a detector's finer guess is worth less. Left
# out are those that Turkish letters would look like.
_WESTERN: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøœùúûüÿß€£¥§©®°·«»–—‘’“”„…•™¡¿½¼¾ªº²³×\xa0") | frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ"
)
_READ_AT_ONCE: Final = 1 << 20
# So much of what is not ASCII is enough for a guess.
_TELLING_BYTES: Final = 16_000
_LINE_BYTES: Final = 400
# In a file of UTF-8 no more than one of so many foreign bytes may be another's.
_SLIP_ONE_IN: Final = 20
# Windows-1252 leaves five bytes without a meaning; these show a question mark in a box.
_MIXED: Final = "qrmerch.mixed"
_WITHOUT_ASCII: Final = dict.fromkeys(range(128))


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes are read: what people call it, Python's codec and its way with bad bytes.

    `slips` has the lines in which UTF-8 was broken off by bytes of Windows-1252, at most 20.
    """

    name: str
    codec: str
    errors: str = "strict"
    is_guess: bool = False
    slips: tuple[int, ...] = ()


def find_encoding(open_file: Callable[[], BinaryIO], *, said: str = "") -> Encoding:
    """The encoding of a text file.

    :param open_file: gives the file at its first byte, as often as it is asked.
    :param said: what its vendor says it is, a key of `CHOICES`; empty to find out.
    :raises SheetRejected: it cannot be read in the encoding that was said, or holds what no text holds.
    """
    if said in CHOICES:
        return _said(open_file, said)
    with open_file() as file:
        first = file.read(4000)
    if first.startswith(b"\xef\xbb\xbf"):
        return Encoding("UTF-8", "utf-8-sig", _MIXED, slips=_slips(open_file))
    if wide := _wide(first):
        return _proven(open_file, Encoding("UTF-16", wide))
    if b"\0" in first:
        raise SheetRejected("This is not a text file. Open it in your spreadsheet and save it as “CSV UTF-8”.")
    foreign, broken = _count_foreign(open_file)
    if not broken:
        return Encoding("UTF-8", "utf-8")
    if broken * _SLIP_ONE_IN <= foreign:
        return Encoding("UTF-8", "utf-8", _MIXED, slips=_slips(open_file))
    return _guessed(open_file)


def _said(open_file: Callable[[], BinaryIO], said: str) -> Encoding:
    codec = CHOICES[said]
    if codec == "utf-16":
        with open_file() as file:
            codec = _wide(file.read(4000)) or "utf-16-le"
    return _proven(open_file, Encoding(said, "utf-8-sig" if codec == "utf-8" else codec))


def _proven(open_file: Callable[[], BinaryIO], encoding: Encoding) -> Encoding:
    """The encoding, if the file can be read in it to its end."""
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    line = 1
    with open_file() as file:
        while True:
            part = file.read(_READ_AT_ONCE)
            try:
                line += decoder.decode(part, final=not part).count("\n")
            except UnicodeDecodeError as error:
                line += part[: error.start].count(b"\n")
                raise SheetRejected(
                    f"Near line {line:,} there are characters that are not {encoding.name}. Open the file in your"
                    " spreadsheet and save it as “CSV UTF-8”, then send that file."
                ) from None
            if not part:
                return encoding


def _wide(first: bytes) -> str:
    """Python's name for the UTF-16 that a file begins in, or empty."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if first[1::2].count(0) > len(first) // 4:
        return "utf-16-le"
    if first[::2].count(0) > len(first) // 4:
        return "utf-16-be"
    return ""


def _count_foreign(open_file: Callable[[], BinaryIO]) -> tuple[int, int]:
    """How many characters of a file are not ASCII if it is read as UTF-8, and how many bytes of it are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    foreign = broken = 0
    with open_file() as file:
        while part := file.read(_READ_AT_ONCE):
            text = decoder.decode(part)
            if not text.isascii():
                foreign += sum(1 for character in text if character > "\x7f")
                broken += sum(1 for character in text if "\ud800" <= character <= "\udfff")
    # A file that was cut in the middle of a character breaks off with one bad byte.
    broken += len(decoder.decode(b"", final=True))
    return foreign, broken


def _slips(open_file: Callable[[], BinaryIO]) -> tuple[int, ...]:
    """The first lines that are not UTF-8."""
    found = []
    with open_file() as file:
        for number, line in enumerate(file, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                found.append(number)
                if len(found) == 20:
                    break
    return tuple(found)


def _guessed(open_file: Callable[[], BinaryIO]) -> Encoding:
    """What a detector takes the lines for that are not ASCII; Windows-1252 where it has no opinion."""
    telling = bytearray()
    with open_file() as file:
        while len(telling) < _TELLING_BYTES and (line := file.readline(_LINE_BYTES)):
            if not line.isascii():
                telling += line
    codec = "cp1252" if _is_western(bytes(telling)) else _detected(bytes(telling))
    codec = _WIDER.get(codec, codec)
    name = next((each for each, known in CHOICES.items() if known == codec), "Windows-1252 (Western Europe)")
    # The rest of the file may hold a byte that the sample did not.
    return Encoding(name, CHOICES[name], _MIXED if CHOICES[name] == "cp1252" else "replace", is_guess=True)


def _is_western(telling: bytes) -> bool:
    foreign = telling.decode("cp1252", "replace").translate(_WITHOUT_ASCII)
    return set(foreign) <= _WESTERN and not re.search(r"[²³ªº¼½¾×¥§]\w", telling.decode("cp1252", "replace"))


def _detected(telling: bytes) -> str:
    best = from_bytes(telling).best()
    return codecs.lookup(best.encoding).name.replace("-", "_") if best else "cp1252"


def _mix(error: UnicodeError) -> tuple[str, int]:
    """What broke off UTF-8, read as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_MIXED, _mix)

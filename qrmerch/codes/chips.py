"""What an NFC chip holds of a code: its address as an NDEF message, as encoders write it."""

from typing import Final

# Ways to begin an address that one byte stands for (NFC Forum, URI record type).
_BEGINNINGS: Final = ((b"https://www.", 2), (b"http://www.", 1), (b"https://", 4), (b"http://", 3))
_WHOLE_SHORT_KNOWN: Final = 0xD1
# A block's kind and its end, and a length in one byte or in three.
_AROUND: Final = 2
_LONG: Final = 255


def ndef_message(address: str) -> bytes:
    """The message of one record that holds an address.

    :raises ValueError: the address is longer than a short record takes, 250 bytes or so.
    """
    said = address.encode("ascii")
    begin, code = next((each for each in _BEGINNINGS if said.startswith(each[0])), (b"", 0))
    payload = bytes((code,)) + said.removeprefix(begin)
    if len(payload) >= _LONG:
        raise ValueError(f"{len(payload)} bytes are more than a short record takes")
    return bytes((_WHOLE_SHORT_KNOWN, 1, len(payload))) + b"U" + payload


def chip_bytes(message: bytes) -> int:
    """What the message takes of a chip's memory; an NTAG213 has 144 bytes."""
    return len(message) + _AROUND + (1 if len(message) < _LONG else 3)

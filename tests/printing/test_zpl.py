"""Labels for Zebra printers: drawn back, every code reads; no name is ever a command."""

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrmerch.codes.preflight import ArtworkRefused
from qrmerch.printing import zpl
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.readback import read_label
from qrmerch.printing.stocks import Stock, get_stock
from tests.printing.test_sheets import BASE, make_label, make_labels

AVERY, TAG = get_stock("avery-5160"), get_stock("hang-tag")
WORDING = Wording(house="Fashiontown", call="Scan: sizes here", notice="Counts a look, not you.")
HOSTILE = ["^XA~JR", "~DG R:X", "_5E_7E", "^FS^XZ", "Top\\&x", "50 % & <b>", "Żółty ^FD", "บ๊วย ~ ดอง"]


def written(labels: list[Label], stock: Stock, *, dpi: int = 203, copies: int = 1) -> io.BytesIO:
    file = io.BytesIO()
    zpl.Zebra(file, stock, WORDING, dpi, copies).add(labels)
    file.seek(0)
    return file


@pytest.mark.parametrize("dpi", zpl.RESOLUTIONS)
@pytest.mark.parametrize("stock", [AVERY, TAG], ids=lambda stock: stock.key)
def test_every_label_is_drawn_back_and_read(stock: Stock, dpi: int) -> None:
    labels = [*make_labels(2), make_label(title="שמלה כחולה"), make_label(title="新亞姜糖")]

    drawn = list(zpl.read_labels(written(labels, stock, dpi=dpi, copies=3)))

    assert [read_label(each.picture) for each in drawn] == [[label.address] for label in labels]
    assert drawn[0].picture.size == tuple(round(side / 25.4 * dpi) for side in stock.label)
    assert {each.copies for each in drawn} == {3}
    assert "Riverside, Tops wall" in drawn[0].words
    assert "Marigold" in drawn[0].words[0] + drawn[0].words[1]


@pytest.mark.parametrize("title", HOSTILE)
def test_sec_e07_a_name_is_never_a_command(title: str) -> None:
    label = make_label(title=title)

    data = written([label], AVERY).getvalue()

    # As many commands as a harmless name has, but for the bitmap of what the printer has no letters for.
    commands = re.findall(rb"[\^~][A-Z][A-Z0-9]", data)
    assert set(commands) <= {b"^XA", b"^CI", b"^LH", b"^PW", b"^LL", b"^FO", b"^GF", b"^FS", b"^A0", b"^FB", b"^FH"} | {
        *(b"^FD", b"^PQ", b"^XZ")
    }
    assert (commands.count(b"^XA"), commands.count(b"^XZ")) == (1, 1)
    assert b"~" not in data
    (drawn,) = zpl.read_labels(io.BytesIO(data))
    assert read_label(drawn.picture) == [label.address]
    if title.isascii():
        assert title in " ".join(drawn.words)


@pytest.mark.parametrize("text", [*HOSTILE, "", "_", "\0\r\n\t", "שלום", "🔥", "\ud7ff\uffff"])
def test_a_field_says_what_it_was_given_in_plain_letters(text: str) -> None:
    field = zpl.field_text(text)

    assert not set(field) & set("^~\\\n")
    assert zpl._said(field.encode("ascii")) == text


@settings(max_examples=40)
@given(st.integers(1, 9).flatmap(lambda width: st.lists(st.binary(min_size=width, max_size=width), min_size=1)))
def test_bitmaps_come_back_as_they_were_packed(rows: list[bytes]) -> None:
    assert zpl.unpack(zpl.pack(rows), len(rows[0])) == rows


@pytest.mark.parametrize("data", [b"^XA^XZ\n", b"hello^XZ\n", b"^XA^CI28^LH0,0^PW10^LL10", b"\xff\x00^XZ\n"])
def test_what_is_no_label_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(zpl.ZplUnreadable):
        list(zpl.read_labels(io.BytesIO(data)))


def test_a_code_too_small_for_the_printer_is_refused() -> None:
    with pytest.raises(ArtworkRefused, match="The least size is"):
        written([make_label()], replace(AVERY, label=(30.0, 12.0)))


def test_names_that_are_cut_are_told() -> None:
    label = make_label(title="A very long name that goes on and on, with pockets and a hood " * 3)
    zebra = zpl.Zebra(io.BytesIO(), AVERY, WORDING, 203)

    zebra.add([label, make_label(title="Top", base=BASE), make_label(title="Top \U0001f44d", base=BASE)])

    assert zebra.names == {"incomplete": ["Top \U0001f44d"], "cut": [label.title]}

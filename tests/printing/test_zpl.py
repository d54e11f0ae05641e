"""Labels for Zebra printers: drawn back, every code reads; no name is ever a command."""

import io
import re
from dataclasses import replace

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from qrmerch.codes.preflight import ArtworkRefused
from qrmerch.errors import FormError
from qrmerch.printing import zpl
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.readback import read_label
from qrmerch.printing.sheets import Run, check_on_label
from qrmerch.printing.stocks import Stock, get_stock
from tests.printing.test_sheets import BASE, make_label, make_labels

AVERY, TAG = get_stock("avery-5160"), get_stock("hang-tag")
WORDING = Wording(house="Fashiontown", call="Scan: sizes here", notice="Counts a look, not you.")
HOSTILE = ["^XA~JR", "~DG R:X", "_5E_7E", "^FS^XZ", "Top\\&x", "50 % & <b>", "Żółty ^FD", "บ๊วย ~ ดอง"]


def written(labels: list[Label], stock: Stock, *, dpi: int = 203, copies: int = 1) -> io.BytesIO:
    return written_by(Run(stock=stock, copies=copies), labels, dpi=dpi)


def written_by(run: Run, labels: list[Label], *, dpi: int = 203) -> io.BytesIO:
    file = io.BytesIO()
    zpl.Zebra(file, run, WORDING, dpi).add(labels)
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
    zebra = zpl.Zebra(io.BytesIO(), Run(stock=AVERY), WORDING, 203)

    zebra.add([label, make_label(title="Top", base=BASE), make_label(title="Top \U0001f44d", base=BASE)])

    assert zebra.names == {"incomplete": ["Top \U0001f44d"], "cut": [label.title]}


@pytest.mark.parametrize("dpi", zpl.RESOLUTIONS)
def test_a_label_is_moved_and_stretched_as_its_printer_needs_and_its_code_keeps_whole_dots(dpi: int) -> None:
    labels = [make_label(), make_label(title="新亞姜糖")]
    plain = zpl.read_labels(written_by(Run(stock=AVERY), labels, dpi=dpi))
    moved = zpl.read_labels(written_by(Run(stock=AVERY, right_mm=1.0, down_mm=-1.0, across=1.01), labels, dpi=dpi))

    for label, before, after in zip(labels, plain, moved, strict=True):
        assert read_label(after.picture) == [label.address]
        assert after.picture.size == before.picture.size
        (left, top, right, bottom), (to_left, to_top, to_right, to_bottom) = map(box_of_code, (before, after))
        assert (to_right - to_left, to_bottom - to_top) == (right - left, bottom - top)
        assert to_left - left == pytest.approx((left + right) / 2 * 0.01 + dpi / 25.4, abs=1)
        assert to_top - top == pytest.approx(-dpi / 25.4, abs=1)


def box_of_code(drawn: zpl.Drawn) -> tuple[int, int, int, int]:
    """Where the code lies, dots: left, top, right, bottom."""
    (found,) = zxingcpp.read_barcodes(drawn.picture)
    where = found.position
    return where.top_left.x, where.top_left.y, where.bottom_right.x, where.bottom_right.y


def test_words_and_bitmaps_move_with_the_code() -> None:
    label = make_label(title="新亞姜糖")
    places = [
        [(int(x), int(y)) for x, y in re.findall(rb"\^FO(\d+),(\d+)", written_by(run, [label]).getvalue())]
        for run in (Run(stock=TAG), Run(stock=TAG, right_mm=1.0, down_mm=0.5))
    ]

    assert len(places[0]) == len(places[1]) > 2
    for (x, y), (to_x, to_y) in zip(*places, strict=True):
        assert to_x - x == pytest.approx(203 / 25.4, abs=1)
        assert to_y - y == pytest.approx(203 / 25.4 / 2, abs=1)


def test_a_printer_that_needs_words_off_the_label_is_refused_by_how_much() -> None:
    check_on_label(Run(stock=AVERY, right_mm=1.6, down_mm=-1.6))
    with pytest.raises(FormError) as refused:
        check_on_label(Run(stock=AVERY, right_mm=2.6, down_mm=-1.7, along=0.99))

    assert "moves words 1.0 mm over the edge of the label" in refused.value.problems["right"]
    assert "0.1 mm over" in refused.value.problems["down"]


def test_a_test_label_is_a_frame_as_far_inside_the_edges_as_words_are() -> None:
    data = zpl.outline_label(Run(stock=AVERY, right_mm=0.5), dpi=300)

    width, height = (round(side / 25.4 * 300) for side in AVERY.label)
    margin, moved = 1.6 / 25.4 * 300, 0.5 / 25.4 * 300
    (frame,) = re.findall(rb"\^FO(\d+),(\d+)\^GB(\d+),(\d+),2", data)
    assert data.startswith(b"^XA") and data.endswith(b"^XZ\n")
    assert f"^PW{width}^LL{height}".encode() in data
    expected = [margin + moved, margin, width - 2 * margin, height - 2 * margin]
    assert [int(each) for each in frame] == pytest.approx(expected, abs=1)

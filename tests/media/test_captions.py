"""Captions: read strictly, written anew, and nothing of the original's but times and words."""

import pytest

from qrmerch.media.captions import BadCaptions, Cue, read_captions, words_of, write_captions

LENGTH_MS = 60_000


def read(text: str, duration_ms: int = LENGTH_MS) -> list[Cue]:
    return read_captions(text.encode(), duration_ms=duration_ms)


def test_webvtt_is_read_with_names_settings_and_short_times() -> None:
    cues = read(
        "WEBVTT Kind: captions\nLanguage: en\n\nfirst\n00:01.000 --> 00:02.500 line:0 align:start\nHello\nthere\n"
    )

    assert cues == [Cue(1000, 2500, ("Hello", "there"))]


def test_srt_becomes_webvtt() -> None:
    cues = read(
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nBye\r\n"
    )

    assert write_captions(cues) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n\n00:00:03.000 --> 00:00:04.000\nBye\n"
    )


def test_styles_regions_and_remarks_are_dropped() -> None:
    cues = read(
        "WEBVTT\n\nSTYLE\n::cue { background: url(https://evil.example/x) }\n\nREGION\nid:a width:90%\n\n"
        "NOTE by the editor\nhome address\n\n00:01.000 --> 00:02.000 region:a\nHello\n"
    )

    written = write_captions(cues)

    assert [each.lines for each in cues] == [("Hello",)]
    for word in ("STYLE", "url", "REGION", "NOTE", "address", "region:a"):
        assert word not in written


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<script>alert(1)</script>Hello", "alert(1)Hello"),
        ("<v.loud Mary>Hello <c.red>there</c></v>", "Hello there"),
        ("&lt;img src=x onerror=alert(1)&gt;Hello", "Hello"),
        ("Salt &amp; Pepper &lt; 3 <b", "Salt &amp; Pepper &lt; 3 &lt;b"),
        ("a &#45;-&gt; b", "a --&gt; b"),
        ("{\\an8}Above", "Above"),
        ("Hid\u202eden\u0007", "Hid den"),
        # Python refuses to read such a number.
        (f"Hello &#{'9' * 5000};", "Hello \ufffd"),
    ],
)
def test_hostile_words_stay_words(said: str, kept: str) -> None:
    written = write_captions(read(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{said}\n"))

    assert written == f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{kept}\n"


def test_what_was_written_reads_the_same_again() -> None:
    cues = read("WEBVTT\n\n00:03.000 --> 00:04.000\nLater & more\n\n00:01.000 --> 00:02.000\n1 < 2\n")

    assert [cue.start_ms for cue in cues] == [1000, 3000]
    assert read(write_captions(cues)) == cues
    assert words_of(cues) == "1 < 2 Later & more"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This file holds no captions"),
        ("Hello", "This file holds no captions"),
        ("WEBVTT\n\n00:01.000 --> 0x:02\nHello\n", "Line 3: “0x:02” is not a time. Write it as 00:01:02.500."),
        ("WEBVTT\n\n00:05.000 --> 00:02.000\nHello\n", "Line 3: it ends at 00:00:02.000, before it begins."),
        ("WEBVTT\n\n02:00.000 --> 02:01.000\nHello\n", "Line 3: it begins at 00:02:00.000, but all is over at"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\nLost words\n", "Line 6: “Lost words” stands without a time."),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<c></c>\n", "This file has times but no words."),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "x" * 501, "Line 3: more than 500 characters at once"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\0\n", "This is not a file of text."),
    ],
)
def test_the_line_and_what_is_wrong_with_it_are_named(text: str, sentence: str) -> None:
    with pytest.raises(BadCaptions) as refused:
        read(text)

    assert str(refused.value).startswith(sentence)


def test_other_encodings_and_endless_files_are_refused() -> None:
    with pytest.raises(BadCaptions, match="UTF-8"):
        read_captions("WEBVTT\n\n00:01.000 --> 00:02.000\nÄpfel".encode("latin-1"), duration_ms=LENGTH_MS)
    with pytest.raises(BadCaptions, match="1 MB"):
        read_captions(b"WEBVTT\n\n" + b"x" * 1_000_000, duration_ms=LENGTH_MS)

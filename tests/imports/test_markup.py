"""HTML of shop systems as small Markdown: what is kept, what goes, and no cell that takes its time."""

from itertools import pairwise

import pytest

from qrmerch.imports import markup
from qrmerch.imports.markup import to_text
from qrmerch.text import to_characters


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain words, 5 < 6 & more", "Plain words, 5 < 6 & more"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<ul><li>Cotton</li><li>Wool</li></ul>", "- Cotton\n- Wool"),
        ("Very<b> warm </b>knit", "Very **warm** knit"),
        ("<strong>Very <em>warm</em></strong>", "**Very _warm_**"),
        ("<b></b>Knit<i> </i>", "Knit"),
        ("<b>One<p>Two</p></b>", "One\n\nTwo"),
        ("<b>Unclosed", "Unclosed"),
        ("<b>One<i>Two</b>Three</i>", "One_TwoThree_"),
        ("Fish &amp; chips &bull; 5&nbsp;kg", "Fish & chips • 5 kg"),
        ("<a href='https://shop.example'>Our shop</a>", "Our shop"),
        ("<script>alert(1)</script>Top<style>p{}</style>", "Top"),
        ("<svg><text>x</text></svg><iframe src=x>y</iframe>Top", "Top"),
        ("<table><tr><td>A</td><td>B</td></tr></table>", "A B"),
        ("<a title='5 > 4' data-x=\"<b>\">Our</a> shop", "Our shop"),
        ("<p don't>It's</p>", "It's"),
        ("<SCRIPT>if (a<b) '<p>'</Script >Top<script/><iframe src='x'/>!", "Top!"),
        ("<!DOCTYPE html><?xml x?><!-- no <b>words</b> --><i>Top</i></>", "_Top_"),
        ("<p>We <3 knits & 4<5</p>", "We <3 knits & 4<5"),
        ("<p>Fish &amp;amp; chips</p>", "Fish & chips"),
        ("<i>Top</i><script>never <b>ended</b>", "_Top_"),
        ("<i>Sizes</i> under <M", "_Sizes_ under <M"),
        ("<i>Top</i><!-- open", "_Top_<!-- open"),
        ("<i>Top</i><a title='open>more", "_Top_more"),
        ("<i>Top</i><a title='>'", "_Top_<a title='>'"),
    ],
)
def test_words_stay_and_mark_up_goes(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<b>" + "<br>" * 30_000 + "x",
        "<b>" * 30_000 + "x" + "</b>" * 30_000,
        "<b>&" * 30_000,
        "<!--" * 30_000,
        "</" * 60_000 + "<b>x</b>",
        "<p " + "a=b " * 30_000,
        "<p>" + " \n" * 60_000 + "x",
        "<b>x</b>&#" + "1" * 60_000 + ";&#" + "0" * 60_000 + "65;",
    ],
    ids=["breaks", "nested", "entities", "comments", "ends", "attributes", "spaces", "digits"],
)
def test_a_hostile_cell_ends(html: str) -> None:
    assert len(to_text(html)) < 200_000


def test_a_number_that_no_character_has_is_shown_as_unknown() -> None:
    assert to_characters("&#65;&#0065;&#x41;&amp;") == "AAA&"
    assert to_characters(f"&#{'9' * 5000};") == "\ufffd"


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<a x='",
        '<a x="',
        "<a x='<b y=\"",
        "<a x='>\"",
        "<!--",
        "</",
        "<!",
        "<script>",
        "</script",
        "<a =   ",
        "<",
    ],
)
@pytest.mark.parametrize("end", ["", ">", "'>", "-->"])
def test_no_part_of_a_hostile_cell_is_read_twice(piece: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, step = [], markup._step

    def counted(writer: markup._Writer, source: str, begin: int) -> int:
        steps.append((begin, step(writer, source, begin)))
        return steps[-1][1]

    monkeypatch.setattr(markup, "_step", counted)

    to_text("<b>x</b>" + piece * 500 + end)

    # Each step begins behind the one before, and only the last may find no end to what it read.
    assert all(begin < after for begin, after in steps[:-1])
    assert all(after <= begin for (_, after), (begin, _) in pairwise(steps))

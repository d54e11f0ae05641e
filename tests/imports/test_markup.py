"""HTML of shop systems as small Markdown: what is kept, what goes, and no cell that takes its time."""

import pytest

from qrmerch.imports.markup import to_text


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
    ],
    ids=["breaks", "nested", "entities", "comments", "ends", "attributes", "spaces"],
)
def test_a_hostile_cell_ends(html: str) -> None:
    assert len(to_text(html)) < 200_000

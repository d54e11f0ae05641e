"""What preflight asks of a code by its use, each with its figure, its rule and what would put it right."""

import pytest

from qrmerch.codes import preflight, readers, shots
from qrmerch.codes.artwork import Level, Symbol, draw_symbol, paint, snap_to_dots
from qrmerch.codes.models import Finders, Modules, Use
from qrmerch.codes.preflight import Asked, Finding, Reading, Report, Verdict
from qrmerch.codes.styles import Style
from tests.codes.test_styles import make_logo

ADDRESS = "https://fashiontown.example/q/7K3M9QXRB"
KRAFT = "#c9a678"


def finding(report: Report, name: str) -> Finding:
    (found,) = [each for each in report.findings if each.name == name]
    return found


def check(symbol: Symbol | None = None, **asked: object) -> Report:
    how = Asked(**{"size_mm": 25, **asked})  # type: ignore[arg-type]
    return preflight.check_symbol(symbol or draw_symbol(ADDRESS), size_mm=how.size_mm, asked=how)


def test_every_finding_has_a_rule_and_what_fails_a_figure() -> None:
    logo = Style(Modules.DOTS, Finders.ROUNDED, make_logo())

    good = check(dpi=300, size_mm=snap_to_dots(draw_symbol(ADDRESS), size_mm=26))
    bad = check(draw_symbol(ADDRESS, level=Level.H), size_mm=9, use=Use.TILL, dpi=203, dark="#b60000", style=logo)

    assert good.verdict == Verdict.PASS
    assert bad.verdict == Verdict.REFUSE
    for each in (*good.findings, *bad.findings):
        assert each.rule
        assert bool(each.said) is (each.verdict != Verdict.PASS)
        assert each.measured


@pytest.mark.parametrize(
    ("asked", "name", "verdict", "said"),
    [
        ({"use": Use.TILL, "size_mm": 14.6}, "Module", Verdict.REFUSE, "14.7 to 36.6 mm wide"),
        ({"use": Use.TILL, "size_mm": 14.7}, "Module", Verdict.PASS, ""),
        ({"use": Use.TILL, "size_mm": 40}, "Module", Verdict.REFUSE, "14.7 to 36.6 mm wide"),
        ({"use": Use.SHELF, "size_mm": 29}, "Module", Verdict.WARN, "from 30 mm on"),
        ({"use": Use.SHELF, "size_mm": 30}, "Module", Verdict.PASS, ""),
        ({"use": Use.SHELF, "size_mm": 14.9}, "Module", Verdict.REFUSE, "least size is 15 mm"),
        ({"use": Use.POSTER, "distance_mm": 900, "size_mm": 88}, "Module", Verdict.WARN, "From 0.9 m"),
        ({"use": Use.POSTER, "distance_mm": 880, "size_mm": 88}, "Module", Verdict.PASS, ""),
        ({"use": Use.POSTER, "distance_mm": 3000, "size_mm": 149}, "Module", Verdict.REFUSE, "least size is 150 mm"),
        ({"dpi": 300, "size_mm": 25.3}, "Whole dots", Verdict.WARN, "21.93 or 25.06"),
        ({"dpi": 203, "size_mm": 14}, "Whole dots", Verdict.WARN, "18.52 mm wide"),
        ({"dark": "#b60000", "use": Use.TILL}, "Red light", Verdict.WARN, "red light"),
        ({"dark": "#7a1f4f", "use": Use.TILL}, "Red light", Verdict.PASS, ""),
        ({"paper": KRAFT}, "Contrast", Verdict.WARN, "Print white under the code"),
        ({"paper": KRAFT, "dark": "#7a1f4f"}, "Contrast", Verdict.REFUSE, "too pale"),
        ({"use": Use.TILL, "style": Style(Modules.DOTS)}, "Shape", Verdict.REFUSE, "Choose squares"),
        ({"use": Use.TILL, "style": Style(finders=Finders.ROUNDED)}, "Shape", Verdict.PASS, ""),
    ],
)
def test_each_use_has_limits_of_its_own(asked: dict[str, object], name: str, verdict: Verdict, said: str) -> None:
    if asked.get("dpi") == 300:
        asked = {**asked, "size_mm": 24.5}

    found = finding(check(**asked), name)

    assert found.verdict == verdict
    assert said in found.said


def test_the_sizes_named_are_those_that_pass() -> None:
    symbol = draw_symbol(ADDRESS)
    for asked in (Asked(size_mm=20, use=use, distance_mm=far) for use in Use for far in (0.0, 1_500.0)):
        report = preflight.check_fit(symbol, size_mm=20, asked=asked)
        for size_mm, worst in ((report.least_size_mm, Verdict.WARN), (report.good_size_mm, Verdict.PASS)):
            again = preflight.check_fit(symbol, size_mm=size_mm, asked=Asked(**{**_fields(asked), "size_mm": size_mm}))
            assert finding(again, "Module").verdict in (Verdict.PASS, worst)


def _fields(asked: Asked) -> dict[str, object]:
    return {name: getattr(asked, name) for name in Asked.__dataclass_fields__}


def test_a_logo_has_room_where_error_correction_spares_it() -> None:
    style = Style(logo=make_logo(300, 110))

    at_m = finding(check(draw_symbol(ADDRESS), style=style), "Logo")
    at_h = finding(check(draw_symbol(ADDRESS, level=Level.H), style=style), "Logo")

    assert (at_m.verdict, at_h.verdict) == (Verdict.REFUSE, Verdict.PASS)
    assert "Choose level H" in at_m.said
    assert float(at_h.measured.split()[0]) >= 0.5


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_artwork_in_a_design_is_released_as_it_was_asked(kind: str) -> None:
    asked = Asked(size_mm=30, dark="#7a1f4f", style=Style(Modules.ROUNDED, Finders.ROUNDED, make_logo()))
    release = {"svg": preflight.release_svg, "png": preflight.release_png, "pdf": preflight.release_pdf}[kind]

    assert release(ADDRESS, level=Level.H, asked=asked)  # type: ignore[operator]
    with pytest.raises(preflight.ArtworkRefused):
        release(ADDRESS, level=Level.H, asked=Asked(size_mm=12, style=asked.style))  # type: ignore[operator]


def test_a_pdf_of_another_code_is_refused() -> None:
    other = draw_symbol("https://fashiontown.example/q/P4W8TB2CA")
    from qrmerch.codes.artwork import pdf_of

    report = preflight.check_pdf(pdf_of(other, size_mm=25), draw_symbol(ADDRESS), Asked(size_mm=25))

    assert finding(report, "Reads back").verdict == Verdict.REFUSE


def test_what_second_opinion_is_missing_is_said() -> None:
    report = check()

    if readers.others():
        assert {each.verdict for each in report.findings if each.name == "Second reader"} == {Verdict.PASS}
        assert report.notes == ()
    else:
        assert report.verdict == Verdict.PASS
        assert "neither OpenCV nor zbar is installed" in report.notes[0]


# --- typical pictures -------------------------------------------------------------------------------


def test_pictures_are_the_same_ones_each_time() -> None:
    artwork = paint(draw_symbol(ADDRESS), dots=6).convert("L")

    first, again, other = (
        [picture.tobytes() for picture in shots.take_shots(artwork, module=6, count=3, seed=seed)]
        for seed in ("a", "a", "b")
    )

    assert first == again
    assert len({*first, *other}) == 6


def test_a_plain_code_is_read_and_a_pale_one_less_often() -> None:
    symbol = draw_symbol(ADDRESS)

    black = preflight.take_reading(symbol, Asked(size_mm=25), count=48)
    pale = preflight.take_reading(symbol, Asked(size_mm=25, dark="#e0b48a"), count=48)

    assert black.share >= preflight.LEAST_READ
    assert pale.share < black.share - 0.1


@pytest.mark.parametrize(("read", "verdict"), [(119, Verdict.REFUSE), (120, Verdict.PASS), (128, Verdict.PASS)])
def test_a_design_passes_from_93_in_100_on(read: int, verdict: Verdict) -> None:
    report = preflight.with_reading(check(), Reading(read, 128))

    assert finding(report, "Typical pictures").verdict == verdict
    assert report.verdict == verdict


def test_designs_that_look_alike_are_measured_once() -> None:
    symbol, other = draw_symbol(ADDRESS), draw_symbol("https://fashiontown.example/q/P4W8TB2CA")
    alike = {preflight.design_digest(each, Asked(size_mm=25, use=use)) for each in (symbol, other) for use in Use}
    others = {
        preflight.design_digest(draw_symbol(ADDRESS, level=Level.H), Asked(size_mm=25)),
        preflight.design_digest(symbol, Asked(size_mm=25, dark="#7a1f4f")),
        preflight.design_digest(symbol, Asked(size_mm=25, paper=KRAFT)),
        preflight.design_digest(symbol, Asked(size_mm=13)),
        preflight.design_digest(symbol, Asked(size_mm=25, style=Style(Modules.DOTS))),
    }

    assert len(alike) == 1
    assert len(others) == 5
    assert not alike & others

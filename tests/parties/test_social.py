"""Where else a retailer is: an address at the network itself, whatever is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch.parties.social import NETWORKS, clean_address, clean_social, list_social

BY_KEY = {each.key: each for each in NETWORKS}


@pytest.mark.parametrize(
    ("key", "written", "kept"),
    [
        ("instagram", "@fashiontown", "https://www.instagram.com/fashiontown"),
        ("instagram", " fashion.town_1 ", "https://www.instagram.com/fashion.town_1"),
        ("instagram", "instagram.com/fashiontown/", "https://instagram.com/fashiontown"),
        ("instagram", "https://www.instagram.com/fashiontown?igsh=abc#x", "https://www.instagram.com/fashiontown"),
        ("tiktok", "@fashiontown", "https://www.tiktok.com/@fashiontown"),
        ("youtube", "https://youtube.com/@fashiontown", "https://youtube.com/@fashiontown"),
        ("youtube", "https://www.youtube.com/channel/UC_abc-123", "https://www.youtube.com/channel/UC_abc-123"),
        ("x", "http://twitter.com/fashiontown", "https://twitter.com/fashiontown"),
        ("linkedin", "@fashion-town", "https://www.linkedin.com/company/fashion-town"),
        ("facebook", "https://www.facebook.com/fashiontown", "https://www.facebook.com/fashiontown"),
        ("pinterest", "@fashiontown", "https://www.pinterest.com/fashiontown"),
    ],
)
def test_an_address_or_a_name_becomes_an_address_at_the_network(key: str, written: str, kept: str) -> None:
    assert clean_address(BY_KEY[key], written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://www.instagram.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/instagram.com",
        "https://evil.example/www.instagram.com",
        "https://www.instagram.com.evil.example/fashiontown",
        "https://evil-instagram.com/fashiontown",
        "https://xn--instagrm-4ya.com/fashiontown",
        "https://www.instagrаm.com/fashiontown",  # a Cyrillic letter
        "https://www.instagram.com@evil.example/fashiontown",
        "https://user:word@www.instagram.com/fashiontown",
        "https://www.instagram.com:8443/fashiontown",
        "https://www.instagram.com\\@evil.example/x",
        "https://evil.instagram.com/fashiontown",
        "ftp://www.instagram.com/fashiontown",
        "https://www.instagram.com",
        "https://www.instagram.com/",
        "www.instagram.com",
        "https://www.instagram.com/../../x",
        'https://www.instagram.com/"><script>',
        "https://www.instagram.com/fashion town",
        "https://www.instagram.com/a\nb",
        "https://www.facebook.com/fashiontown",
        "https://[::1/x",
        "@" + "x" * 61,
        "x" * 201,
    ],
)
def test_sec_whatever_else_is_written_is_told(written: str) -> None:
    with pytest.raises(ValueError, match=r"Instagram|characters"):
        clean_address(BY_KEY["instagram"], written)


@given(st.sampled_from(NETWORKS), st.text(max_size=120))
def test_what_is_kept_is_always_at_the_networks_own_host(network: object, written: str) -> None:
    assert isinstance(network, type(NETWORKS[0]))
    try:
        kept = clean_address(network, written)
    except ValueError:
        return
    assert kept.startswith(tuple(f"https://{host}/" for host in network.hosts))
    assert clean_address(network, kept) == kept


def test_problems_are_named_by_network_and_the_rest_is_kept() -> None:
    kept, problems = clean_social({"instagram": "@a", "x": "javascript:1", "tiktok": " ", "myspace": "@tom"})

    assert kept == {"instagram": "https://www.instagram.com/a"} and list(problems) == ["x"]


def test_what_would_not_be_kept_now_is_not_shown() -> None:
    kept = {"x": "https://x.com/a", "instagram": "javascript:alert(1)", "myspace": "https://x.com/a", "tiktok": ""}

    assert list_social(kept) == (("X", "https://x.com/a"),)

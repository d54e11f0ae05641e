"""How a page was reached: a coarse word, and never where on another site somebody was."""

import pytest

from qrmerch.scans.entries import find_entry, find_host, find_language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("en-US,en;q=0.9", "en"),
        ("AR", "ar"),
        ("gsw-CH, de;q=0.8", "gsw"),
        (" de;q=1", "de"),
        ("", ""),
        ("*", ""),
        ("english", ""),
        ("e", ""),
        ('en"}{', ""),
        ("\u0435n-US", ""),
    ],
)
def test_the_first_language_is_two_or_three_letters_or_nothing(accept: str, language: str) -> None:
    assert find_language(accept) == language


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://www.Google.com/search?q=my+secret", "www.google.com"),
        ("https://shop.example:8443/", "shop.example"),
        ("https://shop.example", "shop.example"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("https://user:secret@shop.example/", ""),
        ("https://b\u00fccher.example/", ""),
        ('https://evil"}/', ""),
        ("https://" + "x" * 61 + "/", ""),
        ("about:blank", ""),
        ("", ""),
    ],
)
def test_of_a_referrer_its_host_alone_is_kept(referrer: str, host: str) -> None:
    assert find_host(referrer) == host


@pytest.mark.parametrize(
    ("host", "family", "entry"),
    [
        ("", "safari", "direct"),
        ("", "instagram", "social"),
        ("www.google.co.uk", "safari", "search"),
        ("mail.google.com", "chrome", "mail"),
        ("com.google.android.gm", "chrome", "mail"),
        ("com.google.android.googlequicksearchbox", "google_app", "search"),
        ("l.facebook.com", "safari", "social"),
        ("t.co", "safari", "social"),
        ("blog.example", "safari", "link"),
        ("notgoogle.example", "safari", "link"),
        ("next.com", "safari", "link"),
    ],
)
def test_an_entry_is_told_by_the_host_and_the_app(host: str, family: str, entry: str) -> None:
    assert find_entry(host, family) == entry
    assert len(entry) <= 8

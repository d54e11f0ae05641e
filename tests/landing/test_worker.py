"""The worker's script, as a browser asks for it."""

from tests.browsing import Browser


def test_the_worker_may_answer_for_every_page_and_is_asked_for_anew(browser: Browser) -> None:
    answer = browser.get("/sw.js")

    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # At the root, so that nothing else has to say how far it reaches.
    assert "Service-Worker-Allowed" not in answer.headers
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


def test_no_page_names_the_worker(browser: Browser) -> None:
    assert "sw.js" not in browser.get("/help").text

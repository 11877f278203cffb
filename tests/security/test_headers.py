"""The headers that make a browser careful, on every answer of every status."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import ServiceUnavailable

from tests.support.browsing import Browser
from trackflow_web.pages import songs

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def assert_careful(headers):
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert POLICY.items() <= policy.items()
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def broken(*_arguments, **_options):
    message = "out of luck"
    raise ZeroDivisionError(message)


@pytest.fixture
def answers(as_alice, monkeypatch):
    """An answer of every status, by its status."""
    as_alice.may_break = True
    found = [
        as_alice.get("/songs/"),
        as_alice.get("/"),
        as_alice.get("/songs/", page="0"),
        as_alice.get("/nowhere"),
        as_alice.get("/logout"),
        as_alice.post("/songs/", csrf_token="x"),
        as_alice.post("/songs/", title="x" * (5 << 20)),
        *[as_alice.post("/confirm", password="x") for _ in range(11)],
    ]
    monkeypatch.setattr(songs, "render_template", broken)
    found.append(as_alice.get("/songs/"))
    monkeypatch.setattr(songs, "render_template", unavailable)
    found.append(as_alice.get("/songs/"))
    return {page.status: page for page in found}


def unavailable(*_arguments, **_options):
    raise ServiceUnavailable


def test_every_status_is_careful(answers):
    assert set(answers) == {200, 303, 403, 404, 405, 413, 422, 429, 500, 503}
    for page in answers.values():
        assert_careful(page.headers)


def test_no_cache_keeps_what_was_made_for_alice(answers):
    assert {page.headers["Cache-Control"] for page in answers.values()} == {"no-store"}


def test_every_page_says_that_it_varies_by_htmx(answers):
    pages = [page for page in answers.values() if "html" in page.headers["Content-Type"]]
    assert all("HX-Request" in page.headers["Vary"] for page in pages)


def test_errors_are_pages_of_the_house(answers):
    for status in (403, 404, 405, 413, 422, 429, 500, 503):
        page = answers[status]
        assert page.one("h1").get_text(), status
        assert page.all('a[href="/"]'), status
        assert "Traceback" not in page.html


def test_what_broke_is_not_told_but_has_a_number(answers):
    page = answers[500]
    assert "out of luck" not in page.html
    assert "ZeroDivisionError" not in page.html
    assert "If you report it, say:" in page.text


def test_a_405_says_what_is_taken(answers):
    assert "POST" in answers[405].headers["Allow"]


def test_files_are_careful_and_kept_for_ever_under_their_digest(stranger):
    address = stranger.get("/").one('link[rel="stylesheet"][href*="tokens"]')["href"]
    page = stranger.get(address)
    assert_careful(page.headers)
    assert "immutable" in page.headers["Cache-Control"]
    assert "immutable" not in stranger.get(address.partition("?")[0]).headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/css", "/static/../wsgi.py", "/static/%2e%2e/wsgi.py", "/.git/config",
     "/.env", "/console", "/wsgi.py", "/static/..%2f..%2fetc/passwd", "/static/%00"],
)  # fmt: skip
def test_what_nobody_is_to_find(stranger, path):
    page = stranger.get(path)
    assert page.status == 404
    assert_careful(page.headers)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_odd_methods_are_refused(as_alice, method):
    page = as_alice.request(method, "/songs/", headers={"X-CSRFToken": as_alice.token()})
    assert page.status == 405
    assert_careful(page.headers)


def test_a_head_has_the_headers_and_no_body(as_alice):
    page = as_alice.request("HEAD", "/songs/")
    assert (page.status, page.html) == (200, "")
    assert_careful(page.headers)


def test_strangers_pages_are_careful_too(stranger):
    for path in ("/", "/login", "/register", "/healthz", "/songs/"):
        assert_careful(stranger.get(path).headers)


def test_in_production_browsers_are_told_to_stay_on_https(make_app):
    browser = Browser(make_app(TRACKFLOW_ENV="production", SECRET_KEY="x" * 40))
    page = browser.request("GET", "/nowhere", base_url="https://localhost")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_without_https_nothing_is_said_of_it(stranger):
    assert "Strict-Transport-Security" not in stranger.get("/").headers

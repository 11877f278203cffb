"""Security headers, on every response of every status."""

from __future__ import annotations

import base64
import hashlib

import pytest
from werkzeug.exceptions import ServiceUnavailable

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.header_grade import grade
from tests.support.people import PASSWORD
from tests.support.routes import all_routes
from trackflow_web.api.songs import views as api_songs
from trackflow_web.pages.songs import context as song_context
from trackflow_web.pages.songs import views as songs

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# The required score of every response; rules that do not apply count as passed.
LEAST = 135
# The same with 0 for those rules, as the Observatory counts them.
LEAST_STRICTLY = 130
METHODS = ("GET", "POST", "DELETE", "TRACE")


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


def unavailable(*_arguments, **_options):
    raise ServiceUnavailable


@pytest.fixture
def answers(as_alice, monkeypatch):
    """A response of every status, by its status."""
    as_alice.may_break = True
    found = [
        as_alice.get("/songs/"),
        as_alice.post("/songs/", title="One", artist="Metallica"),
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


def test_responses_of_every_status_have_the_security_headers(answers):
    assert set(answers) == {200, 303, 403, 404, 405, 413, 422, 429, 500, 503}
    for page in answers.values():
        assert_careful(page.headers)


def test_responses_for_a_signed_in_user_are_not_cached(answers):
    assert {page.headers["Cache-Control"] for page in answers.values()} == {"no-store"}


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/nowhere", "/songs/", "/healthz"])
def test_responses_for_an_anonymous_visitor_are_not_cached(stranger, path):
    assert stranger.get(path).headers["Cache-Control"] == "no-store"


def test_every_page_varies_by_the_htmx_header(answers):
    pages = [page for page in answers.values() if "html" in page.headers["Content-Type"]]
    assert all("HX-Request" in page.headers["Vary"] for page in pages)


def test_every_page_varies_by_the_cookie(answers, stranger):
    assert all("Cookie" in page.headers["Vary"] for page in answers.values())
    assert "Cookie" in stranger.get("/login").headers["Vary"]


def test_error_pages_use_the_site_layout(answers):
    for status in (403, 404, 405, 413, 422, 429, 500, 503):
        page = answers[status]
        assert page.one("h1").get_text(), status
        assert page.all('a[href="/"]'), status
        assert "Traceback" not in page.html


def test_internal_errors_show_a_reference_and_no_details(answers):
    page = answers[500]
    assert "out of luck" not in page.html
    assert "ZeroDivisionError" not in page.html
    assert "If you report it, include this reference:" in page.text


def test_a_405_lists_the_allowed_methods(answers):
    assert "POST" in answers[405].headers["Allow"]


def test_files_have_the_security_headers(stranger):
    assert_careful(stranger.get(stranger.get("/").one('link[rel="stylesheet"]')["href"]).headers)


def test_scripts_have_the_integrity_of_their_files(stranger):
    for script in stranger.get("/").all("script"):
        address = script["src"].partition("?")[0]
        with stranger.client.get(address) as file:
            assert integrity_of(file.data) == script["integrity"], address


def integrity_of(data):
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/css", "/static/css/", "/static/../wsgi.py", "/static/%2e%2e/wsgi.py",
     "/static/..%2f..%2fetc/passwd", "/static/%00", "/static/css/base.css.map",
     "/.git/config", "/.git/HEAD", "/.env", "/.svn/entries", "/console", "/debug-songs", "/wsgi.py",
     "/instance/trackflow.sqlite3", "/config.py", "/requirements.txt", "/server-status", "/admin/"],
)  # fmt: skip
def test_private_files_are_not_served(stranger, path):
    page = stranger.get(path)
    assert page.status == 404
    assert_careful(page.headers)


def test_a_head_has_the_headers_and_no_body(as_alice):
    page = as_alice.request("HEAD", "/songs/")
    assert (page.status, page.html) == (200, "")
    assert_careful(page.headers)


def test_anonymous_pages_have_the_security_headers(stranger):
    for path in ("/", "/login", "/register", "/healthz", "/songs/"):
        assert_careful(stranger.get(path).headers)


def test_responses_allow_no_other_origin(as_alice, stranger):
    for browser in (as_alice, stranger):
        for path in ("/", "/songs/", "/api/songs/", "/api/openapi.json", "/static/css/base.css"):
            page = browser.request("GET", path, headers={"Origin": "https://evil.example"})
            assert not [name for name, _ in page.headers if name.startswith("Access-Control")]


def test_without_https_no_hsts_header_is_sent(stranger):
    assert "Strict-Transport-Security" not in stranger.get("/").headers


# --- every endpoint, as in production -------------------------------------------------------------


@pytest.fixture
def production(make_app):
    app = make_app(TRACKFLOW_ENV="production", SECRET_KEY="x" * 40, LIMIT_SIGN_IN="2/1 minute")
    app.config["PREFERRED_URL_SCHEME"] = "https"  # set by the test client
    return app


@pytest.fixture
def at_home(production, alice):
    """A client of Alice's; over HTTPS the forms of other sites are known by their Referer."""
    client = production.test_client()
    client.environ_base["HTTP_REFERER"] = "https://localhost/login"
    page = client.get("/login").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"username": "alice", "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form).status_code == 303
    return client


def assert_graded(response):
    found = grade(response.headers, _html_of(response), https=True)
    what = f"{response.request.method} {response.request.path}: {response.status} {found.points}"
    assert found.score >= LEAST, what
    assert found.strict >= LEAST_STRICTLY, what
    if found.points["integrity"] is not None and found.points["cookies"] is not None:
        assert found.strict == 140, what
    return response.status_code


def _html_of(response):
    return response.get_data(as_text=True) if response.mimetype == "text/html" else ""


def test_in_production_every_endpoint_and_method_reaches_the_score(production, alice, at_home):
    statuses = set()
    for route in all_routes(production, belongings_of(production, alice)):
        for method in METHODS:
            with at_home.open(route.path, method=method) as response:
                statuses.add(assert_graded(response))
            stranger = production.test_client()
            with stranger.open(route.path, method=method) as response:
                statuses.add(assert_graded(response))
    assert statuses >= {200, 303, 401, 403, 404, 405}


def test_in_production_every_status_reaches_the_score(production, at_home, monkeypatch):
    csrf = {"headers": {"X-CSRFToken": token_of(at_home)}}
    asked = [
        ("GET", "/nowhere", {}),
        ("GET", "/api/nowhere", {}),
        ("GET", "/static/nowhere", {}),
        ("GET", "/static/css/base.css", {"headers": {"Range": "bytes=0-1"}}),
        ("GET", "/songs", {}),
        ("GET", "/songs/?page=0", {}),
        ("POST", "/api/songs/", csrf | {"data": b"{", "content_type": "text/json"}),
        (
            "POST",
            "/api/songs/",
            csrf | {"data": b"{", "content_type": "application/json"},
        ),
        ("POST", "/api/songs/", csrf | {"json": {}}),
        ("POST", "/api/songs/", csrf | {"json": {"title": "One", "artist": "Metallica"}}),
        ("POST", "/api/songs/", csrf | {"json": {"title": "x" * (1 << 17)}}),
        ("POST", "/songs/", csrf | {"data": {"title": "x" * (5 << 20)}}),
        *[("POST", "/confirm", csrf | {"data": {"password": "x"}})] * 3,
    ]
    statuses = []
    for method, path, more in asked:
        with at_home.open(path, method=method, **more) as response:
            statuses.append(assert_graded(response))
    for module, path in ((song_context, "/songs/"), (api_songs, "/api/songs/")):
        for fault in (broken, unavailable):
            monkeypatch.setattr(module, "queries", FaultyQueries(fault))
            statuses.append(assert_graded(at_home.get(path)))
    foreign = {"Host": "evil.example"}
    monkeypatch.setitem(production.config, "TRUSTED_HOSTS", ["localhost"])
    statuses.append(assert_graded(at_home.get("/", headers=foreign)))
    assert set(statuses) == {201, 206, 308, 400, 404, 413, 415, 422, 429, 500, 503}


class FaultyQueries:
    """Replaces a module: every attribute raises."""

    def __init__(self, fault):
        self.fault = fault

    def __getattr__(self, _name):
        return self.fault


def token_of(client):
    page = client.get("/settings/profile").get_data(as_text=True)
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_production_sends_hsts(production):
    page = Browser(production).get("/nowhere")
    assert page.headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.fault("E5")
def test_hsts_options_are_configurable(make_app):
    app = make_app(
        TRACKFLOW_ENV="production", SECRET_KEY="x" * 40, HSTS_EXTRA="includeSubDomains preload"
    )
    sent = Browser(app).get("/nowhere").headers["Strict-Transport-Security"]
    assert sent == "max-age=63072000; includeSubDomains; preload"


# --- the grade itself -----------------------------------------------------------------------------

BEST = [
    ("Content-Security-Policy", "default-src 'none'; script-src 'self'; frame-ancestors 'none'"),
    ("Set-Cookie", "__Host-session=x; Secure; HttpOnly; Path=/; SameSite=Lax"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
]
PAGE = '<html><script src="/x.js" integrity="sha384-x"></script></html>'


def with_header(name, value):
    return [*[it for it in BEST if it[0] != name], *([(name, value)] if value else [])]


def test_the_best_possible_score_is_140():
    assert (grade(BEST, PAGE, https=True).score, grade(BEST, PAGE, https=True).strict) == (140, 140)
    assert not grade(BEST, PAGE, https=True).missing


@pytest.mark.parametrize(
    ("name", "value", "score"),
    [
        ("Content-Security-Policy", "", 55),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'", 140),
        ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'", 135),
        ("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'", 60),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors *", 80),
        ("Set-Cookie", "", 140),
        ("Set-Cookie", "x=y; HttpOnly; SameSite=Lax", 60),
        ("Set-Cookie", "x=y; Secure; SameSite=Lax", 70),
        ("Set-Cookie", "x=y; Secure; HttpOnly", 135),
        ("Referrer-Policy", "", 135),
        ("Referrer-Policy", "unsafe-url", 130),
        ("Cross-Origin-Resource-Policy", "", 130),
        ("X-Content-Type-Options", "", 135),
        ("Strict-Transport-Security", "max-age=60", 80),
        ("Access-Control-Allow-Origin", "*", 50),
    ],
)
def test_a_missing_or_weak_header_lowers_the_score(name, value, score):
    assert grade(with_header(name, value), PAGE, https=True).score == score


@pytest.mark.parametrize(
    ("html", "score", "strictly"),
    [
        ("", 140, 135),
        ("<p>a fragment</p>", 140, 135),
        ('<html><script src="/x.js"></script></html>', 135, 135),
        ('<html><script src="//x.org/x.js"></script></html>', 50, 50),
    ],
)
def test_scripts_change_the_score(html, score, strictly):
    found = grade(BEST, html, https=True)
    assert (found.score, found.strict) == (score, strictly)

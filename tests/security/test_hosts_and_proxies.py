"""Host, client address and scheme of a request are trusted only from configured proxies."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.gunicorn import serving
from tests.support.people import PASSWORD
from tests.support.wire import ask

OURS = "trackflow.example"
FOREIGN = [
    "evil.example",
    "trackflow.example.evil.example",
    "eviltrackflow.example",
    "evil.example#trackflow.example",
    "evil.example\\@trackflow.example",
    "trackflow.example:80@evil.example",
    "trackflow.example/evil.example",
    "trackflow.example evil.example",
    "trackflow.example,evil.example",
    "trackflow.example:evil",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "0",
    "x" * 5_000,
    "é.example",
    " ",
]
SAYING = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "1234",
    "X-Forwarded-Proto": "https",
    "X-Original-URL": "/admin/achievements",
    "X-Rewrite-URL": "/admin/achievements",
    "Forwarded": "for=192.0.2.1;host=evil.example;proto=https",
}


@pytest.fixture
def named(make_app):
    return make_app(TRUSTED_HOSTS=OURS).test_client()


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/login", "/api/songs/", "/static/css/base.css", "/nowhere"])
def test_a_foreign_host_is_rejected_if_hosts_are_configured(named, host, path):
    with named.get(path, environ_overrides={"HTTP_HOST": host}) as answer:
        assert answer.status_code == 400
        assert "evil" not in answer.get_data(as_text=True)
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("host", [OURS, f"{OURS}:8443"])
def test_a_configured_host_is_served(named, host):
    assert named.get("/", environ_overrides={"HTTP_HOST": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_an_unknown_host_causes_no_error_without_configured_hosts(client, host):
    answer = client.get("/songs/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in {303, 400}
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("header", SAYING)
def test_forwarded_headers_are_ignored_without_a_configured_proxy(stranger, alice, header):
    said = {header: SAYING[header]}
    page = stranger.request("GET", "/songs/", headers=said)
    assert page.location == "/login?next=/songs/"
    form = {"username": "alice", "password": PASSWORD, "csrf_token": stranger.token()}
    page = stranger.request("POST", "/login", data=form, headers=said)
    assert page.location == "/"
    assert "evil" not in stranger.get("/songs/").html


@pytest.mark.parametrize(
    "said",
    ["https", "javascript", "x" * 3_000, "http, https", "é", ""],
)
def test_malformed_forwarded_headers_cause_no_error(make_app, said):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    for header in ("X-Forwarded-Proto", "X-Forwarded-For"):
        assert browser.request("GET", "/songs/", headers={header: said}).status == 303


@pytest.mark.both_databases(postgresql="stress")
@pytest.mark.fault("E5")
def test_gunicorn_ignores_a_script_name_header(app, database_url, tmp_path):
    with serving(database_url, tmp_path, workers=1) as site:
        for name in ("SCRIPT_NAME", "Script-Name", "PATH_INFO"):
            for value in ("/evil", "evil", "/healthz", ""):
                answer = ask(site.port, "GET", "/healthz", {name: value})
                assert (answer.status, answer.text) == (200, "ok"), (name, value)


def test_the_host_is_not_taken_from_a_configured_proxy(make_app, alice):
    app = make_app(TRUSTED_PROXIES="1", SPOTIFY_CLIENT_ID="id")
    browser = Browser(app)
    browser.enter(alice)
    page = browser.request("GET", "/imports/spotify/connect", headers=SAYING)
    assert page.status == 303
    assert "evil" not in page.location

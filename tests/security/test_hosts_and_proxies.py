"""What a request says of its host, its address and its scheme is believed of nobody unasked."""

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
def test_a_foreign_host_is_refused_where_hosts_are_named(named, host, path):
    with named.get(path, environ_overrides={"HTTP_HOST": host}) as answer:
        assert answer.status_code == 400
        assert "evil" not in answer.get_data(as_text=True)
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("host", [OURS, f"{OURS}:8443"])
def test_the_own_name_is_answered(named, host):
    assert named.get("/", environ_overrides={"HTTP_HOST": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_where_none_is_named_a_strange_host_breaks_nothing(client, host):
    answer = client.get("/songs/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in {303, 400}
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("header", SAYING)
def test_what_a_proxy_would_say_is_not_believed_of_anybody(stranger, alice, header):
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
def test_strange_words_of_a_proxy_that_is_named_break_nothing(make_app, said):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    for header in ("X-Forwarded-Proto", "X-Forwarded-For"):
        assert browser.request("GET", "/songs/", headers={header: said}).status == 303


@pytest.mark.both_databases(postgresql="stress")
def test_gunicorn_takes_no_place_of_the_application_from_a_header(app, database_url, tmp_path):
    with serving(database_url, tmp_path, workers=1) as site:
        for name in ("SCRIPT_NAME", "Script-Name", "PATH_INFO"):
            for value in ("/evil", "evil", "/healthz", ""):
                answer = ask(site.port, "GET", "/healthz", {name: value})
                assert (answer.status, answer.text) == (200, "ok"), (name, value)


def test_a_proxy_that_is_named_is_not_asked_for_the_host(make_app, alice):
    app = make_app(TRUSTED_PROXIES="1", SPOTIFY_CLIENT_ID="id")
    browser = Browser(app)
    browser.enter(alice)
    page = browser.request("GET", "/imports/spotify/connect", headers=SAYING)
    assert page.status == 303
    assert "evil" not in page.location

"""No redirect leads to another site, however its URL is spelled."""

from __future__ import annotations

import pytest

from tests.support.people import PASSWORD
from trackflow_web.web.urls import safe_next_url

FOREIGN = [
    "http://evil.example/",
    "https://evil.example/songs/",
    "HTTPS://evil.example",
    "//evil.example/",
    "///evil.example/",
    "////evil.example//",
    "/\\evil.example/",
    "\\\\evil.example/",
    "\\/evil.example",
    "/\t/evil.example/",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x08//evil.example",
    "\x00//evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/songs/..//evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://evil.example/",
    "//user:pass@evil.example/",
    "http://localhost@evil.example/",
    "http://localhost.evil.example/",
    "//localhost:80@evil.example/",
    "http://[::1]@evil.example",
    "http://[",
    "//[",
    "//\u2024evil.example",
    "/\u2044/evil.example",
    "／／evil.example",
    "evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "/\ud7ff//evil.example",
    "",
]
NOT_PAGES = [
    "/nowhere",
    "/logout",
    "/static/img/logo.svg",
    "/api/songs/",
    "/songs",
    "/songs/0",
    "/songs/1/status",
    "/songs/ /",
]
OWN = ["/", "/songs/", "/songs/?status=wip&q=a%20b", "/songs/1", "/settings/tokens"]


# Every form is tested with these; all spellings go through the function they use.
SOME = [*FOREIGN[::7], *NOT_PAGES[::3], *OWN]


def test_foreign_urls_are_rejected_in_every_spelling(app):
    with app.test_request_context():
        led = {wanted: safe_next_url(wanted) for wanted in [None, *FOREIGN, *NOT_PAGES, *OWN]}
    assert led == dict.fromkeys([None, *FOREIGN, *NOT_PAGES], "/") | {own: own for own in OWN}


@pytest.mark.parametrize("entry", ["login", "register", "confirm"])
@pytest.mark.parametrize("htmx", [False, True])
def test_forms_never_redirect_to_another_site(alice, stranger, entry, htmx):
    for number, wanted in enumerate(SOME):
        if entry == "confirm" and not stranger.signed_in:
            stranger.sign_in("alice", PASSWORD)
        if entry == "register" and number:  # signed-in users cannot register
            stranger.sign_out()
        name = f"dora{number}" if entry == "register" else "alice"
        fields = {"username": name, "email": f"{name}@x.org", "password": PASSWORD}
        page = stranger.post(f"/{entry}", **fields, next=wanted, htmx=htmx)
        led = page.headers["HX-Redirect"] if htmx else page.location
        assert led == (wanted if wanted in OWN else "/"), wanted
        stranger._token = ""  # a new session has a new one


def test_signed_in_users_are_not_redirected_to_another_site(as_alice):
    for wanted in SOME[: -len(OWN)]:
        assert as_alice.get("/login", next=wanted).location == "/"


def test_a_foreign_current_url_is_ignored(stranger):
    for said in [*FOREIGN, "http://evil.example//evil.example", "http://evil.example/nowhere"]:
        header = said.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")
        page = stranger.request(
            "GET", "/songs/", htmx=True, headers={"HX-Current-URL": header.replace("\x00", "")}
        )
        assert page.headers["HX-Redirect"] in {"/login?next=/", "/login?next=/songs/"}, said


def test_a_malformed_referer_causes_no_error(stranger):
    for said in ("http://[", "//", "\\\\", "http://localhost:99999/songs/"):
        page = stranger.request(
            "POST", "/songs/", data={"csrf_token": stranger.token()}, headers={"Referer": said}
        )
        assert page.location == "/login?next=/"


def test_a_foreign_host_is_rejected_if_hosts_are_configured(make_app):
    client = make_app(TRUSTED_HOSTS="trackflow.example").test_client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "trackflow.example"}).status_code == 200

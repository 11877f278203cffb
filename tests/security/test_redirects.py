"""Nobody is sent to a foreign site, however its address is spelt."""

from __future__ import annotations

import pytest

from tests.support.people import PASSWORD

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


@pytest.mark.parametrize("entry", ["login", "register", "confirm"])
def test_after_a_form_one_stays_here(app, make_app, alice, stranger, entry):
    arrived = {}
    for number, wanted in enumerate([*FOREIGN, *NOT_PAGES, *OWN]):
        if entry == "confirm" and not stranger.signed_in:
            stranger.sign_in("alice", PASSWORD)
        name = "alice" if entry != "register" else f"dora{number}"
        page = stranger.post(
            f"/{entry}", username=name, email=f"{name}@x.org", password=PASSWORD, next=wanted
        )
        assert page.status == 303, wanted
        arrived[wanted] = page.location
        if entry != "confirm":
            stranger.signed_in = True
            stranger._token = ""
            stranger.sign_out()
    assert arrived == dict.fromkeys([*FOREIGN, *NOT_PAGES], "/") | {own: own for own in OWN}


def test_who_is_signed_in_already_is_not_led_away_either(as_alice):
    for wanted in FOREIGN:
        assert as_alice.get("/login", next=wanted).location == "/"


def test_htmx_is_not_led_away_either(stranger, alice):
    for wanted in FOREIGN:
        page = stranger.post("/login", username="alice", password=PASSWORD, next=wanted, htmx=True)
        assert page.headers["HX-Redirect"] == "/"
        stranger.signed_in, stranger._token = True, ""
        stranger.sign_out()


def test_what_a_browser_says_of_its_page_leads_nowhere_else(stranger):
    for said in [*FOREIGN, "http://evil.example//evil.example", "http://evil.example/nowhere"]:
        header = said.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")
        page = stranger.request(
            "GET", "/songs/", htmx=True, headers={"HX-Current-URL": header.replace("\x00", "")}
        )
        assert page.headers["HX-Redirect"] in {"/login?next=/", "/login?next=/songs/"}, said


def test_a_malformed_referer_is_borne(stranger):
    for said in ("http://[", "//", "\\\\", "http://localhost:99999/songs/"):
        page = stranger.request(
            "POST", "/songs/", data={"csrf_token": stranger.token()}, headers={"Referer": said}
        )
        assert page.location == "/login?next=/"


def test_a_foreign_host_is_refused_where_hosts_are_named(make_app):
    client = make_app(TRUSTED_HOSTS="trackflow.example").test_client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "trackflow.example"}).status_code == 200

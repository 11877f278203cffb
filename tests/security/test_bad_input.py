"""Invalid input is rejected by field, without side effects or errors, on both databases."""

from __future__ import annotations

import io

import pytest

from tests.support.belongings import belongings_of
from tests.support.people import PASSWORD
from tests.support.routes import html_routes
from tests.support.snapshots import snapshot
from tests.support.songs import add_song

pytestmark = pytest.mark.both_databases

UNSTORABLE = ["nul\x00byte", "\x00", "bell\x07", "\x1b[2J", "\x9d"]
TOO_LONG = "x" * 100_000
NO_TEXT = ["", "   ", "\t\r\n", "\N{ZERO WIDTH SPACE}", "\N{COMBINING ACUTE ACCENT}"]
NO_NUMBER = [
    "١٩٩٩", "1999.0", "1e3", "-1", "0", "999", "9999", "0x7cf", "NaN", "1_999", str(2**31),
    str(2**63), "1" + "0" * 30, "9" * 5000, "1999\x00", "' OR 1=1 --", "x",
]  # fmt: skip
NO_CHOICE = ["RELEASED", "released ", "nonsense", "0", "[]", *UNSTORABLE, TOO_LONG]
NO_NAME = [*NO_TEXT, *UNSTORABLE, TOO_LONG, "al", "a b", "аlice", "admin", "'; --"]
NO_ADDRESS = [*NO_TEXT, *UNSTORABLE, TOO_LONG, "alice", "a@b", "a@" + "ß" * 200 + ".org"]
NO_PASSWORD = ["", "short", "password", TOO_LONG]
NO_ZONE = ["Mars/Olympus", "../../etc/passwd", *UNSTORABLE, TOO_LONG]

SONG = {"title": "Two", "artist": "Metallica", "album": "", "year": "1988", "status": "wip"}
DORA = {"username": "dora", "email": "dora@example.org", "password": PASSWORD, "timezone": "UTC"}
TOKEN = {"name": "Script", "scope": "read", "days": "30"}
ALBUM = {"artist": "Metallica", "album": "Load", "year": "1996", "tracks": "Until It Sleeps"}
WISH = {"title": "A wish", "description": "This."}

# A form, what it needs, and what each of its fields does not take.
FORMS = [
    ("/songs/", SONG, "title", [*NO_TEXT, *UNSTORABLE, "x" * 201, TOO_LONG]),
    ("/songs/", SONG, "artist", [*NO_TEXT, *UNSTORABLE, "x" * 201, TOO_LONG]),
    ("/songs/", SONG, "album", [*UNSTORABLE, "x" * 201, TOO_LONG]),
    ("/songs/", SONG, "status", NO_CHOICE),
    ("/songs/{one}", SONG, "title", ["", "\x00", TOO_LONG]),
    ("/songs/{one}", SONG, "artist", ["", "\x00", TOO_LONG]),
    ("/songs/{one}", SONG, "album", ["\x00", TOO_LONG]),
    ("/songs/{one}", SONG, "status", ["", "x", "\x00"]),
    ("/songs/{one}/status", {}, "status", ["", *NO_CHOICE]),
    ("/songs/{one}/parts/drums", {}, "state", ["", *NO_CHOICE]),
    ("/settings/profile", {"timezone": "UTC"}, "email", ["", "\x00", "alice", TOO_LONG]),
    ("/settings/profile", {"email": "a@example.org"}, "timezone", ["x", "\x00", TOO_LONG]),
    ("/settings/password", {"current": PASSWORD}, "password", NO_PASSWORD),
    ("/settings/tokens", TOKEN, "name", [*NO_TEXT, *UNSTORABLE, "x" * 61, TOO_LONG]),
    ("/settings/tokens", TOKEN, "scope", NO_CHOICE),
    ("/settings/tokens", TOKEN, "days", [*NO_NUMBER, "", "31"]),
    ("/songs/{one}/collaborators", {}, "username", ["", "\x00", "nobody-there", TOO_LONG]),
    ("/packs/", {}, "name", [*NO_TEXT, *UNSTORABLE, "x" * 201, TOO_LONG]),
    ("/series/", ALBUM, "artist", ["", "\x00", TOO_LONG]),
    ("/series/", ALBUM, "album", ["", "\x00", TOO_LONG]),
    ("/series/", ALBUM, "tracks", ["", "\x00", "x" * 201, "\n".join(map(str, range(201)))]),
    ("/features/", WISH, "title", ["", "\x00", "x" * 201, TOO_LONG]),
    ("/features/", WISH, "description", [*NO_TEXT, "\x00", "\x1b[2J", TOO_LONG]),
    ("/bugs/", WISH, "title", ["", "\x00", TOO_LONG]),
    ("/features/{wish}/comments", {}, "body", [*NO_TEXT, "\x00", TOO_LONG]),
    ("/settings/privacy", {"new_achievements": "public"}, "profile", ["", *NO_CHOICE]),
    ("/settings/achievements", {}, "toasts", ["x", "\x00", TOO_LONG]),
]
AT_THE_DOOR = [
    ("/register", DORA, "username", NO_NAME),
    ("/register", DORA, "email", NO_ADDRESS),
    ("/register", DORA, "password", NO_PASSWORD),
    ("/register", DORA, "timezone", NO_ZONE),
]


@pytest.fixture
def app(make_app):
    """The bounds on trying are far away: these tests are about the fields."""
    return make_app(LIMIT_SIGN_IN="10000/1 minute", LIMIT_REGISTER="10000/1 minute",
                    LIMIT_FEEDBACK="10000/1 minute", LIMIT_COMMENTS="10000/1 minute")  # fmt: skip


@pytest.fixture
def one(app, alice):
    return add_song(app, alice)


def refuse_each(browser, forms, **ids):
    """Send each invalid value; return those that were not rejected correctly."""
    wrong = []
    for path, fields, field, values in forms:
        for value in values:
            page = browser.post(path.format(**ids), **fields | {field: value})
            named = field in page.errors() or f"{field}:" in page.text
            if page.status != 422 or not named:
                wrong.append(f"{path} {field}={value[:40]!r}: {page!r}")
    return wrong


def test_invalid_input_in_alices_forms_is_rejected_by_field(app, one, as_alice):
    as_alice.post("/features/", **WISH)
    wish = as_alice.last.location.rpartition("/")[2]
    as_alice.get("/songs/")
    before = snapshot(app)
    assert refuse_each(as_alice, FORMS, one=one, wish=wish) == []
    assert snapshot(app) == before


def test_invalid_input_in_sign_in_and_registration_forms_is_rejected_by_field(app, stranger):
    before = snapshot(app)
    assert refuse_each(stranger, AT_THE_DOOR) == []
    assert snapshot(app) == before


def test_signing_in_with_invalid_input_is_rejected(app, alice, stranger):
    before = snapshot(app)
    values = {*NO_NAME, *NO_ADDRESS, "ß" * 254, "ΐ" * 254} - {"alice"}
    for value in sorted(values):
        for fields in (
            {"username": value, "password": PASSWORD},
            {"username": "alice", "password": value},
        ):
            page = stranger.post("/login", **fields)
            assert page.status == 422, fields
            assert page.alert() == "Wrong username or password."
    assert snapshot(app) == before


def test_invalid_search_arguments_are_rejected_by_name(as_alice):
    wanted = {
        "status": NO_CHOICE[:3] + UNSTORABLE,
        "q": [*UNSTORABLE, "x" * 101],
        "page": [value for value in NO_NUMBER if value not in {"999", "9999"}] + ["201", "999"],
    }
    for field, values in wanted.items():
        for value in values:
            page = as_alice.get("/songs/", **{field: value})
            assert page.status == 422, (field, value)
            assert f"{field}:" in page.text


def test_a_search_accepts_any_characters(one, as_alice):
    for q in [
        "%",
        "_",
        "\\",
        "%" * 100,
        "\\%_" * 33,
        "'",
        '"',
        ";",
        "é" * 100,
        "\N{GUITAR}" * 100,
        "ﷺ" * 100,
    ]:
        assert as_alice.get("/songs/", q=q).status == 200, q


def test_invalid_query_arguments_cause_no_server_error(as_alice, as_admin):
    for value in [*UNSTORABLE, TOO_LONG[:2000], "١", "-1", str(2**63), "%", "' --", "<b>"]:
        for field in ("category", "state", "rarity", "q", "sort"):
            assert as_alice.get("/achievements/", **{field: value}).status in {200, 422}
        assert as_alice.get("/login", next=value).status == 303
        assert as_alice.get("/confirm", next=value).status == 200
        assert as_admin.get("/admin/rechecks/", user=value).status == 422
        assert as_admin.post("/admin/rechecks/", user=value).status == 422


def test_missing_fields_are_reported_by_name(app, one, as_alice):
    as_alice.get("/songs/")
    before = snapshot(app)
    assert set(as_alice.post("/songs/").errors()) == {"title", "artist"}
    assert set(as_alice.post("/settings/profile", email="").errors()) == {"email"}
    assert set(as_alice.post("/settings/tokens").errors()) == {"name", "scope", "days"}
    assert set(as_alice.post("/settings/password").errors()) == {"password"}
    assert as_alice.post(f"/songs/{one}/status").status == 422
    assert as_alice.post(f"/songs/{one}/parts/drums").status == 422
    assert snapshot(app) == before


def test_invalid_utf8_causes_no_server_error(as_alice):
    token = as_alice.token()
    for number, raw in enumerate([b"%FF%FE", b"%ED%A0%80", b"\xff\xfe", b"%C0%80", b"%", b"%zz"]):
        body = (
            b"title=" + raw + b"&artist=" + str(number).encode() + b"&csrf_token=" + token.encode()
        )
        page = as_alice.request(
            "POST", "/songs/", data=body, content_type="application/x-www-form-urlencoded"
        )
        assert page.status in {303, 403, 422}, raw
    for query in ("q=%FF", "q=%ED%A0%80", "page=%FF", "status=%00", "&&&=%", "q=1&q=2"):
        assert as_alice.get(f"/songs/?{query}").status in {200, 422}, query


def test_a_body_of_an_unexpected_content_type_changes_nothing(subtests, app, as_alice):
    before = snapshot(app)
    for kind, body in [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
        ("application/x-www-form-urlencoded", b"\x00" * 1000),
        ("application/x-www-form-urlencoded; charset=utf-7", b"title=+ADw-b+AD4-"),
        ("nonsense", b"title=One"),
        ("application/xml", b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"),
    ]:
        with subtests.test(kind=kind, body=body):
            page = as_alice.request(
                "POST",
                "/songs/",
                data=body,
                content_type=kind,
                headers={"X-CSRFToken": as_alice.token()},
            )
            assert page.status in {400, 413, 422}
            assert snapshot(app) == before


def test_oversized_bodies_are_rejected(app, as_alice):
    before = snapshot(app)
    assert as_alice.post("/songs/", title="x" * (5 << 20), artist="X").status == 413
    assert snapshot(app) == before


def test_a_file_in_a_text_field_counts_as_missing(as_alice):
    form = {
        "title": (io.BytesIO(b"One"), "one.txt"),
        "artist": "Metallica",
        "csrf_token": as_alice.token(),
    }
    page = as_alice.request("POST", "/songs/", data=form, content_type="multipart/form-data")
    assert page.status == 422
    assert set(page.errors()) == {"title"}


def test_empty_requests_with_any_method_cause_no_server_error(app, alice, as_alice):
    for route in html_routes(app, belongings_of(app, alice)):
        if route.endpoint == "people.logout":
            continue
        for method in ("HEAD", "POST", "DELETE", "OPTIONS"):
            page = as_alice.request(method, route.path, headers={"X-CSRFToken": as_alice.token()})
            assert page.status < 500, f"{method} {route.path}"

"""The account's settings: profile, password, access tokens."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD, add_person, working
from trackflow_web.domain.people import profile, queries
from trackflow_web.domain.people.models import Theme

NEW = "a new long password"


@pytest.fixture
def token_of_alice(app, alice):
    """The rows of Alice's tokens."""

    def read():
        with app.app_context():
            return queries.tokens_of(alice.id)

    return read


def test_the_first_tab_is_the_profile(as_alice):
    assert as_alice.get("/settings/").location == "/settings/profile"


def test_a_profile_change_is_saved(as_alice):
    page = as_alice.post("/settings/profile", email="Alice@New.example", timezone="Asia/Kathmandu")
    assert (page.status, page.location) == (303, "/settings/profile")
    page = as_alice.follow()
    assert page.one("#email")["value"] == "alice@new.example"
    assert page.one("#timezone option[selected]")["value"] == "Asia/Kathmandu"


@pytest.mark.both_databases
def test_a_taken_address_is_rejected(bob, as_alice):
    page = as_alice.post("/settings/profile", email="BOB@example.org", timezone="UTC")
    assert page.status == 422
    assert set(page.errors()) == {"email"}


def test_times_are_shown_in_the_readers_time_zone(clock, as_alice):
    as_alice.post("/settings/profile", email="alice@example.org", timezone="Pacific/Kiritimati")
    as_alice.post("/settings/tokens", name="Script", scope="read", days="30")
    page = as_alice.get("/settings/tokens")
    made = page.all(".tokens__dates time")[0]
    assert made.get_text() == "3 March 2026"
    assert made["datetime"] == "2026-03-02T12:00:00Z"


def test_changing_the_password_ends_other_sessions(app, as_alice):
    page = as_alice.post("/settings/password", current=PASSWORD, password=NEW)
    assert page.status == 303
    assert "Password changed" in as_alice.follow().text
    assert Browser(app).sign_in("alice", PASSWORD).status == 422
    assert Browser(app).sign_in("alice", NEW).status == 200


def test_a_wrong_current_password_changes_nothing(app, as_alice):
    page = as_alice.post("/settings/password", current="wrong", password=NEW)
    assert page.status == 422
    assert set(page.errors()) == {"current"}
    assert Browser(app).sign_in("alice", PASSWORD).status == 200


def test_the_user_name_is_rejected_as_password(app, as_alice, alice):
    page = as_alice.post("/settings/password", current=PASSWORD, password=alice.email)
    assert page.status == 422
    assert set(page.errors()) == {"password"}


def test_an_access_token_is_shown_once(as_alice, token_of_alice):
    page = as_alice.post("/settings/tokens", name="Script", scope="write", days="90")
    secret = page.one("code.token").get_text()
    assert secret.startswith("tf_")
    again = as_alice.get("/settings/tokens")
    assert "Script" in again.one(".tokens").get_text()
    assert secret not in again.html
    assert secret not in repr(vars(token_of_alice()[0]))


def test_a_revoked_token_stops_working(as_alice, token_of_alice):
    as_alice.post("/settings/tokens", name="Script", scope="read", days="30")
    page = as_alice.get("/settings/tokens")
    assert as_alice.post(page.one('form[action$="/delete"]')["action"]).status == 303
    assert "No tokens yet." in as_alice.follow().text
    assert token_of_alice() == []


def test_revoking_a_token_twice_returns_404(as_alice, token_of_alice):
    as_alice.post("/settings/tokens", name="Script", scope="read", days="30")
    path = f"/settings/tokens/{token_of_alice()[0].id}/delete"
    assert [as_alice.post(path).status for _ in range(2)] == [303, 404]


def test_an_invalid_token_form_keeps_its_input(as_alice):
    page = as_alice.post("/settings/tokens", name="Script", scope="read", days="7")
    assert page.status == 422
    assert set(page.errors()) == {"days"}
    assert page.one("#name")["value"] == "Script"


def test_only_administrators_create_admin_tokens(as_alice, as_admin, token_of_alice):
    wanted = {"name": "Script", "scope": "admin", "days": "30"}
    assert not as_alice.get("/settings/tokens").all("option[value=admin]")
    page = as_alice.post("/settings/tokens", **wanted)
    assert (page.status, set(page.errors())) == (422, {"scope"})
    assert token_of_alice() == []
    assert as_admin.get("/settings/tokens").one("option[value=admin]")
    assert as_admin.post("/settings/tokens", **wanted).one("code.token")


def test_a_link_cannot_fill_in_a_form(as_alice, as_admin, alice, clock):
    """Only what the user has typed before confirming the password comes back."""
    filled = (
        "?email=mallory@example.net&timezone=Asia/Tokyo&reason=Because&status=planned&code=dreamer"
    )
    request = as_alice.post("/features/", title="Undo", description="Please.").location
    for browser, path in (
        (as_alice, "/settings/profile"),
        (as_alice, "/settings/tokens"),
        (as_alice, "/register"),
        (as_admin, request),
        (as_admin, "/admin/users/alice"),
        (as_admin, "/admin/users/alice/account"),
    ):
        page = browser.get(path + filled)
        assert "mallory" not in page.html
        assert not page.soup.select("[value='Because'], option[selected][value='Asia/Tokyo']")
        assert not page.soup.select("option[selected][value='planned']")


def test_input_kept_for_the_confirmation_is_bound_to_its_user_and_page(as_alice, as_bob, clock):
    clock.move(minutes=11)
    typed = {"email": "new@example.org", "timezone": "UTC"}
    address = as_alice.post("/settings/profile", **typed).location
    back = as_alice.post("/confirm", password=PASSWORD, next=next_of(address)).location
    assert as_alice.get(back).one("[name=email]")["value"] == "new@example.org"
    assert as_bob.get(back).one("[name=email]")["value"] == "bob@example.org"
    kept = back.partition("?")[2]
    assert "new@example.org" not in as_alice.get(f"/settings/tokens?{kept}").html
    clock.move(minutes=11)
    assert as_alice.get(back).one("[name=email]")["value"] == "alice@example.org"


def next_of(address):
    return parse_qs(urlsplit(address).query)["next"][0]


# --- the profile ---------------------------------------------------------------------------------

PROFILE = "/settings/profile"


ADMINS = (
    "аdmіn",
    "ΑDΜΙΝ",
    "ᴀᴅᴍɪɴ",
    "🅰🅳🅼🅸🅽",
    "🇦🇩🇲🇮🇳",
    "ꓮꓓꓟꓲꓠ",
    "Adrnin",
    "Adm!n",
    "Admin ✓",
    "A.d.m.i.n",
)


def test_a_display_name_cannot_be_that_of_the_site(as_alice):
    for name in ("Admin", "ADM 1N", "\N{FULLWIDTH LATIN SMALL LETTER A}dmin", "Moderator", *ADMINS):
        page = as_alice.post(PROFILE, display_name=name, bio="Kept")
        assert (page.status, list(page.errors())) == (422, ["display_name"]), name
        assert page.one("#bio").get_text().strip() == "Kept"
    for name in ("Adminton", "Horne"):
        assert as_alice.post(PROFILE, display_name=name).status == 303


def test_a_display_name_cannot_be_that_of_an_administrator(app, as_alice):
    olga = add_person(app, "olga", is_admin=True)
    with working(app):
        profile.change_profile(olga.user, display_name="Ragnhild")
    other_scripts = ("Оlgа", "ΟLGΑ", "ᴏʟɢᴀ", "🅞🅛🅖🅐", "ꓳꓡꓖꓮ", "Olga ✓", "(olga)", "Rаgnhіld")
    latin = ("olga", "Ólga", "OL GA", "0lga", "ol_ga", "ragnhild", "Ragn-Hild", "o|g@")
    for name in (*latin, *other_scripts):
        page = as_alice.post(PROFILE, display_name=name, bio="Kept")
        assert (page.status, list(page.errors())) == (422, ["display_name"]), name
    assert as_alice.post(PROFILE, display_name="Olga B.").status == 303


def test_an_administrator_may_be_shown_by_their_own_name(app):
    olga = add_person(app, "olga", is_admin=True)
    with working(app):
        profile.change_profile(olga.user, display_name="Olga")
    with app.app_context():
        assert olga.user.shown_name == "Olga"


def test_a_profile_has_a_name_a_bio_and_links(as_alice, as_bob):
    as_alice.post(
        PROFILE,
        display_name="Alice  in Chords",
        bio="I chart *everything*.\nAsk me.",
        links="https://www.youtube.com/@alice\nexample.org/me",
        charter_names="xAlicex",
    )
    page = as_bob.get("/users/alice")
    assert page.one("h1").get_text() == "Alice in Chords"
    assert "@alice" in page.text
    assert page.one(".prose em").get_text() == "everything"
    assert page.one(".prose br")
    links = page.all(".profile__links a")
    assert [link["href"] for link in links] == [
        "https://www.youtube.com/@alice",
        "https://example.org/me",
    ]
    assert [link.get_text() for link in links] == ["youtube.com", "example.org"]
    assert all("nofollow" in link["rel"] for link in links)
    assert "Charts as xAlicex" in page.text


def test_profile_fields_that_are_not_sent_stay(as_alice):
    as_alice.post(PROFILE, bio="Hello", display_name="A", shortcuts="0")
    as_alice.post(PROFILE, display_name="B")
    page = as_alice.follow()
    assert page.one("#bio").get_text().strip() == "Hello"
    assert page.one("#display_name")["value"] == "B"
    assert page.one("#shortcuts option[selected]")["value"] == "0"
    assert page.one("#email")["value"] == "alice@example.org"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "x" * 61),
        ("bio", "x" * 501),
        ("links", "\n".join(f"https://{n}.example" for n in range(6))),
        ("links", "javascript:alert(1)"),
        ("links", "https://user:secret@example.org"),
        ("links", "https://exa mple.org"),
        ("links", "nowhere"),
        ("links", "https://" + "x" * 300 + ".org"),
        ("charter_names", "a\nb\nc\nd\ne\nf"),
        ("theme", "pink"),
        ("shortcuts", "2"),
    ],
)
def test_invalid_profile_fields_are_rejected_by_name(as_alice, field, value):
    page = as_alice.post(PROFILE, **{field: value})
    assert page.status == 422
    assert set(page.errors()) == {field}


def test_a_lookalike_host_is_shown_in_ascii(as_alice):
    as_alice.post(PROFILE, links="https://youtub\u0435.com/x")
    assert as_alice.get("/users/alice").one(".profile__links a").get_text() == "xn--youtub-8of.com"


def test_a_theme_is_stored_with_the_account_and_in_the_browser(as_alice, stranger):
    assert as_alice.get("/songs/").one("html")["data-theme"] == "auto"
    answer = as_alice.request(
        "POST",
        "/settings/theme",
        data={"theme": "dark", "csrf_token": as_alice.token()},
        headers={"Referer": "http://localhost/packs/"},
    )
    assert (answer.status, answer.location) == (303, "/packs/")
    assert as_alice.follow().one("html")["data-theme"] == "dark"
    as_alice.post("/logout")
    assert as_alice.get("/login").one("html")["data-theme"] == "dark"
    assert stranger.get("/login").one("html")["data-theme"] == "auto"


def test_changing_the_theme_keeps_the_filters_of_the_page(as_alice):
    as_alice.get("/songs/")
    address = "/songs/?status=wip&q=one"
    answer = as_alice.request(
        "POST",
        "/settings/theme",
        data={"theme": "dark", "csrf_token": as_alice.token()},
        headers={"Referer": f"http://localhost{address}"},
    )
    assert (answer.status, answer.location) == (303, address)


def test_changing_the_theme_with_htmx_returns_the_switch_only(as_alice):
    page = as_alice.post("/settings/theme", htmx="theme-switch", theme="light")
    assert page.one("#theme-switch")["data-theme-chosen"] == "light"
    assert page.one("[aria-pressed=true]").get_text() == "Light"
    assert as_alice.post("/settings/theme", theme="pink").status == 422


def test_a_forged_theme_cookie_is_ignored(stranger):
    stranger.client.set_cookie("theme", '"><script>')
    assert stranger.get("/login").one("html")["data-theme"] == "auto"


def test_shortcuts_can_be_turned_off(as_alice):
    assert as_alice.get("/songs/").one("body").has_attr("data-shortcuts")
    as_alice.post(PROFILE, shortcuts="0")
    assert not as_alice.get("/songs/").one("body").has_attr("data-shortcuts")


def test_a_visitors_theme_is_kept_until_the_account_has_its_own(alice, stranger, app):
    page = stranger.get("/login")
    assert page.one("html")["data-theme"] == "auto"
    link = page.one('footer a[href^="/theme"]')["href"]
    form = stranger.get(link).one("main form")
    back = form.select_one("[name=next]")["value"]
    assert back == "/login"
    page = stranger.post(form["action"], theme="dark", next=back)
    assert (page.status, page.location) == (303, "/login")
    assert stranger.get("/").one("html")["data-theme"] == "dark"
    with working(app):
        alice.user.theme = Theme.LIGHT
    stranger.sign_in("alice", PASSWORD)
    assert stranger.get("/songs/").one("html")["data-theme"] == "light"
    stranger.post("/logout")
    assert stranger.get("/").one("html")["data-theme"] == "light"


def test_a_new_account_takes_over_the_visitors_theme(stranger):
    stranger.post("/theme", theme="dark")
    stranger.post("/register", username="newcomer", email="n@example.org", password=PASSWORD)
    assert stranger.get("/songs/").one("html")["data-theme"] == "dark"


def test_an_unknown_theme_or_a_foreign_page_is_rejected(stranger):
    assert stranger.post("/theme", theme="pink").status == 422
    page = stranger.post("/theme", theme="dark", next="https://evil.example/")
    assert page.location == "/"


def test_a_new_token_keeps_what_was_typed_until_the_password_is_confirmed(clock, alice, as_alice):
    clock.move(minutes=11)
    sent = as_alice.post("/settings/tokens", name="Export", scope="write", days="30")
    to = next_of(sent.location)
    as_alice.post("/confirm", password=alice.password, next=to)
    page = as_alice.get(to)
    assert page.one("#name")["value"] == "Export"
    assert page.one("#scope option[selected]")["value"] == "write"
    assert page.one("#days option[selected]")["value"] == "30"

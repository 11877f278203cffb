"""Security events are logged with user, client address and route, and without secrets."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.databases import run_command
from tests.support.people import PASSWORD, work_together, working
from tests.support.songs import add_song
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain import audit
from trackflow_web.domain.people import administration
from trackflow_web.domain.songs import actions as songs
from trackflow_web.kernel.database import db

ADDRESS = "203.0.113.9"


class Lines(logging.Handler):
    """The parsed log lines."""

    def __init__(self):
        super().__init__()
        self.raw = []

    def emit(self, record):
        self.raw.append(self.format(record))

    def all(self):
        return [json.loads(line) for line in self.raw]

    def of(self, event):
        return [line for line in self.all() if line["event"] == event]

    def one(self, event):
        found = self.of(event)
        assert len(found) == 1, self.raw
        return found[0]


@pytest.fixture
def make_app(make_app):
    """Applications that write the log; the last one decides its destination."""
    return lambda **settings: make_app(**{"SECURITY_LOG": "stderr", **settings})


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def lines(app):
    handler = Lines()
    for other in list(audit.logger.handlers):
        audit.logger.removeHandler(other)
    audit.logger.addHandler(handler)
    yield handler
    audit.logger.removeHandler(handler)
    audit.logger.setLevel(logging.CRITICAL)


# --- signing in --------------------------------------------------------------------------------


def test_signing_in_is_logged(lines, alice, stranger):
    stranger.client.environ_base["REMOTE_ADDR"] = ADDRESS
    stranger.sign_in("alice", PASSWORD)
    line = lines.one("signed_in")
    assert (line["user_id"], line["address"], line["route"]) == (alice.id, ADDRESS, "/login")


def test_a_wrong_password_is_logged_although_the_request_is_rolled_back(lines, alice, stranger):
    stranger.sign_in("alice", "a wrong guess of mine")
    line = lines.one("sign_in_failed")
    assert line["account"] == alice.id
    assert "user_id" not in line
    assert "guess" not in str(lines.raw)


def test_an_unknown_username_is_logged_without_the_name(lines, stranger):
    stranger.sign_in("my secret typed into the wrong field", PASSWORD)
    assert "account" not in lines.one("sign_in_failed")
    assert "typed" not in str(lines.raw)


def test_signing_out_is_logged(lines, alice, as_alice):
    as_alice.sign_out()
    assert lines.one("signed_out")["user_id"] == alice.id


def test_exceeding_the_sign_in_limit_is_logged(make_app, lines, alice):
    browser = Browser(make_app(LIMIT_SIGN_IN="2/1 minute"))
    audit.logger.handlers[:] = [lines]
    for _ in range(4):
        browser.sign_in("alice", "wrong")
    assert [line["status"] for line in lines.of("limit_hit")] == [429, 429]


# --- refusals ----------------------------------------------------------------------------------


def test_a_forged_form_is_logged(lines, alice, as_alice):
    as_alice.post("/songs/", title="One", artist="X", csrf_token="forged")
    line = lines.one("csrf_refused")
    assert line["user_id"] == alice.id
    assert (line["route"], line["method"]) == ("/songs/", "POST")


def test_a_forged_api_request_is_logged(lines, as_alice):
    as_alice.request("POST", "/api/songs/", json={"title": "One", "artist": "X"})
    assert lines.one("csrf_refused")["route"] == "/api/songs/"


def test_an_invalid_token_is_logged_without_the_token(lines, stranger):
    stranger.request("GET", "/api/songs/", headers={"Authorization": "Bearer tf_stolen"})
    assert lines.one("token_refused")["status"] == 401
    assert "stolen" not in str(lines.raw)


def test_a_forbidden_action_is_logged(app, lines, alice, as_bob):
    page = as_bob.post("/features/", title="More", description="More of everything.")
    as_bob.post(f"{page.location}/status", status="planned")
    line = lines.one("not_allowed")
    assert (line["status"], line["route"]) == (403, "/features/<id:item_id>/status")


@pytest.mark.parametrize("path", ["/admin/rechecks/", "/api/achievements/check"])
def test_requesting_an_administrators_page_is_logged(lines, charlie, as_charlie, path):
    if path.startswith("/api"):
        as_charlie.api("POST", path, {"user": ""})
    else:
        as_charlie.get(path)
    line = lines.one("not_allowed")
    assert (line["status"], line["user_id"]) == (404, charlie.id)


def test_a_missing_page_is_not_logged(lines, as_charlie):
    lines.raw.clear()
    as_charlie.get("/songs/4711")
    as_charlie.get("/nothing")
    assert lines.raw == []


# --- administrators ----------------------------------------------------------------------------


def test_an_administrators_action_is_logged(lines, admin, as_admin):
    as_admin.get("/admin/rechecks/")
    assert lines.of("administrator_acted") == []
    as_admin.post("/admin/rechecks/", user="olga")
    line = lines.one("administrator_acted")
    assert (line["user_id"], line["path"]) == (admin.id, "/admin/rechecks/")


def test_an_action_waiting_for_the_password_is_not_logged(clock, lines, as_admin):
    clock.move(minutes=11)
    assert "/confirm" in as_admin.post("/admin/rechecks/", user="").location
    assert lines.of("administrator_acted") == []


def test_an_administrators_decision_is_logged(lines, as_bob, as_admin):
    page = as_bob.post("/features/", title="More", description="More of everything.")
    as_admin.post(f"{page.location}/status", status="planned")
    assert lines.one("status_decided")["status"] == "planned"


def test_promoting_and_banning_by_command_is_logged(app, admin, lines):
    run_command(app, "user", "add", "orla", "--email", "o@x.org", "--password", PASSWORD, "--admin")
    run_command(app, "user", "ban", "orla")
    assert lines.one("administrator_created")["of"] == lines.one("account_banned")["of"]


# --- accounts ----------------------------------------------------------------------------------


def test_account_changes_are_logged(lines, alice, as_alice):
    as_alice.post("/settings/profile", email="new@example.org", timezone="UTC")
    as_alice.post("/settings/tokens", name="mine", scope="write", days="30")
    as_alice.post("/settings/tokens/1/delete")
    as_alice.post("/settings/password", current=PASSWORD, password="another long password")
    for event in ("email_changed", "token_created", "token_revoked", "password_changed"):
        assert lines.one(event)["of"] == alice.id
    assert lines.one("token_created")["scope"] == "write"


def test_an_unchanged_email_address_is_not_logged(lines, alice, as_alice):
    as_alice.post("/settings/profile", email=alice.email, timezone="Europe/Berlin")
    assert lines.of("email_changed") == []


def test_a_new_account_is_logged(lines, stranger):
    stranger.post("/register", username="dora", email="dora@example.org", password=PASSWORD)
    assert lines.one("account_created")["route"] == "/register"


def test_an_account_deletion_is_logged(lines, alice, as_alice):
    as_alice.post("/settings/privacy/delete", username="alice", password=PASSWORD)
    assert lines.one("account_deleted")["of"] == alice.id


# --- awards ------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_award_is_logged_once(lines, alice, as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica")
    as_alice.follow()
    line = lines.one("award_given")
    assert (line["of"], line["code"], line["route"]) == (alice.id, "dreamer", "/songs/")


def test_an_award_of_another_user_is_logged_with_the_acting_user(app, lines, alice, bob, as_alice):
    one = add_song(app, alice)
    work_together(app, alice, bob)
    lines.raw.clear()
    as_alice.post(f"/songs/{one}/collaborators", username="bob")
    given = {line["of"]: line["user_id"] for line in lines.of("award_given")}
    assert given[bob.id] == alice.id


@pytest.mark.both_databases
def test_awards_of_a_recheck_are_logged(app, lines, alice):
    add_song(app, alice)
    with app.app_context():
        mine = UserAchievement.user_id == alice.id
        db.session.execute(sa.delete(UserAchievement).where(mine))
        db.session.commit()
    run_command(app, "achievements", "recheck")
    line = lines.one("awards_backfilled")
    assert line["of"] == alice.id
    assert "dreamer" in line["codes"]


@pytest.mark.both_databases
def test_revoking_and_restoring_is_logged(app, lines, alice, admin):
    add_song(app, alice)
    with working(app):
        revocations.revoke(admin.user, alice.user, "dreamer", reason="It was our mistake.")
    with working(app):
        revocations.restore(admin.user, alice.user, "dreamer")
    for event in ("award_revoked", "award_restored"):
        line = lines.one(event)
        assert (line["of"], line["by"], line["code"]) == (alice.id, admin.id, "dreamer")
    assert "mistake" not in str(lines.raw)


@pytest.mark.both_databases
def test_a_rolled_back_action_is_not_logged(app, lines, alice):
    lines.raw.clear()
    with pytest.raises(ZeroDivisionError), working(app):
        songs.add_song(alice.user, title="One", artist="Metallica")
        administration.ban(alice.user, by=None, why="spam")
        raise ZeroDivisionError
    assert lines.raw == []


# --- the form of it ----------------------------------------------------------------------------


def test_users_cannot_forge_log_lines(lines, stranger):
    hostile = 'x\r\n{"event": "signed_in"}\u2028\u202e'
    stranger.request("GET", "/api/songs/", headers={"Authorization": "Bearer x"})
    audit.note(audit.SecurityEvent.NOT_ALLOWED, about=hostile)
    for line in lines.raw:
        assert line.isascii()
        assert line.isprintable()
    assert lines.all()[-1]["about"] == hostile


def test_the_log_contains_no_secret_and_no_email_address(lines, alice, as_alice):
    as_alice.post("/settings/profile", email="new@example.org", timezone="UTC")
    answer = as_alice.post("/settings/tokens", name="mine", scope="read", days="30")
    as_alice.post("/settings/password", current="not it", password="another long password")
    secret = answer.one("code, output, input[readonly]").get_text() or "tf_"
    told = str(lines.raw)
    for kept in (
        PASSWORD,
        "not it",
        "another long",
        "example.org",
        "tf_",
        secret,
        as_alice.token(),
    ):
        assert kept not in told


def test_the_security_log_can_be_a_file(make_app, tmp_path):
    file = tmp_path / "security.log"
    app = make_app(SECURITY_LOG=file)
    Browser(app).sign_in("nobody", "wrong")
    file.rename(tmp_path / "security.log.1")  # as logrotate does
    Browser(app).sign_in("nobody", "wrong")
    audit.logger.handlers[0].close()
    audit.logger.handlers.clear()
    for kept in (file, tmp_path / "security.log.1"):
        assert json.loads(kept.read_text())["event"] == "sign_in_failed"


def test_the_security_log_is_off_outside_production(make_app, capfd):
    app = make_app(SECURITY_LOG="")
    Browser(app).sign_in("nobody", "wrong")
    assert "sign_in_failed" not in capfd.readouterr().err


def test_decisions_of_moderators_are_logged_without_their_words(lines, as_alice, as_admin, bob):
    as_alice.post("/users/bob/report", reason="spam")
    report_id = as_admin.get("/admin/moderation").one("[data-report]")["data-report"]
    as_admin.post(
        f"/admin/moderation/{report_id}", action="warn", statement="Please post this once only."
    )
    line = lines.one("moderated")
    assert (line["of"], line["action"]) == (bob.id, "warn")
    assert "once only" not in str(lines.all())

"""The commands, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.databases import close, run_command
from tests.support.people import PASSWORD, add_person, working
from tests.support.settings import settings_for
from tests.support.snapshots import snapshot
from tests.support.songs import add_song
from trackflow_web import create_app
from trackflow_web.achievements.models import Achievement, UserStats
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

ACCOUNT = ["--email", "dora@example.org", "--password", PASSWORD]


@pytest.fixture
def refusal(app):
    """The error message of a failing command."""

    def run(*arguments):
        result = app.test_cli_runner().invoke(args=list(arguments))
        assert result.exit_code, result.output
        assert "Traceback" not in result.output
        return result.output

    return run


def test_migrating_and_syncing_an_empty_database_makes_it_ready(databases):
    url = databases.empty()
    app = create_app(settings_for(url))
    run_command(app, "db", "upgrade")
    assert "82 added" in run_command(app, "achievements", "sync")
    run_command(app, "user", "add", "dora", *ACCOUNT)
    assert Browser(app).sign_in("dora", PASSWORD).status == 200
    close(app)
    databases.drop(url)


def test_syncing_twice_changes_nothing(app):
    before = snapshot(app)
    said = run_command(app, "achievements", "sync")
    assert said.startswith("0 added, 0 changed, 0 retired, 82 in the catalogue.")
    assert snapshot(app) == before


def test_syncing_repairs_a_changed_row(app):
    with working(app):
        db.session.execute(
            sa.update(Achievement).where(Achievement.code == "dreamer").values(name="Sleeper")
        )
    assert "1 changed" in run_command(app, "achievements", "sync")
    with app.app_context():
        name = sa.select(Achievement.name).where(Achievement.code == "dreamer")
        assert db.session.scalar(name) == "Dreamer"


def test_a_recheck_without_drift_reports_nothing_to_do(app, alice):
    said = run_command(app, "achievements", "recheck")
    assert said.strip() == "2 users, 0 awards, 0 numbers corrected."


def test_a_recheck_corrects_and_prints_drift(app, alice, bob):
    add_song(app, alice)
    with working(app):
        db.session.execute(
            sa.update(UserStats).where(UserStats.user_id == alice.id).values(total_songs=7)
        )
    assert run_command(app, "achievements", "recheck", "--user", "bob").startswith("1 user, 0")
    said = run_command(app, "achievements", "recheck", "--user", "ALICE")
    assert said.strip() == "1 user, 0 awards, 1 number corrected."


def test_a_recheck_of_an_unknown_user_is_rejected(refusal):
    assert "No user with that name." in refusal("achievements", "recheck", "--user", "zora")


def test_a_sweep_redelivers_pending_events(app, alice):
    add_song(app, alice)
    with working(app):
        db.session.execute(
            sa.update(Event).where(Event.user_id == alice.id).values(delivered_at=None)
        )
    assert "dispatched again" in run_command(app, "achievements", "sweep")
    assert run_command(app, "achievements", "sweep").startswith("0 events")


def test_an_account_is_created_and_can_be_used(app):
    assert run_command(app, "user", "add", "Dora", *ACCOUNT).strip() == "Created dora."
    assert Browser(app).sign_in("dora", PASSWORD).status == 200


def test_an_administrator_is_created_and_may_recheck(app):
    said = run_command(app, "user", "add", "dora", *ACCOUNT, "--admin")
    assert "(administrator)" in said
    browser = Browser(app)
    browser.sign_in("dora", PASSWORD)
    assert browser.get("/admin/rechecks/").status == 200


def test_an_operator_may_create_a_user_with_a_reserved_name(app):
    assert "Created admin." in run_command(app, "user", "add", "admin", *ACCOUNT)


def test_a_taken_username_is_rejected(app, refusal):
    add_person(app, "dora")
    assert "username: This username is taken." in refusal("user", "add", "DORA", *ACCOUNT)


def test_invalid_account_fields_are_rejected_by_name(app, refusal):
    before = snapshot(app)
    said = refusal("user", "add", "x", "--email", "x", "--password", "x", "--timezone", "x")
    for field in ("username", "email", "password", "timezone"):
        assert f"{field}: " in said
    assert snapshot(app) == before


def test_banning_a_user_ends_their_session(app, alice, as_alice, refusal):
    assert as_alice.get("/songs/").status == 200
    run_command(app, "user", "ban", "Alice")
    assert as_alice.get("/songs/").status == 303
    assert "No user with that name." in refusal("user", "ban", "zora")

"""Accounts: created once, changed by their owner, banned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.people import PASSWORD, add_person, working
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.people import (
    actions,
    administration,
    identity,
    passwords,
    profile,
    queries,
)
from trackflow_web.domain.people.models import AccessToken, User, Visit
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.notifications import bell

pytestmark = pytest.mark.both_databases


def refused(app, action, **arguments):
    """The invalid fields of a rejected action."""
    with pytest.raises(Invalid) as refusal, working(app):
        action(**arguments)
    return set(refusal.value.errors)


def register(**fields):
    known = {"username": "dora", "email": "dora@example.org", "password": PASSWORD}
    return actions.register(**known | fields)


def visit(app, person):
    with working(app):
        return actions.record_visit(person.user)


def numbers(app, person):
    """The longest streak, the present one, and the last day."""
    with app.app_context():
        stats = db.session.get_one(UserStats, person.id)
        return stats.login_streak, stats.current_streak, stats.last_login_date.isoformat()


def test_a_password_is_stored_as_an_argon2id_hash_only(app, alice):
    with app.app_context():
        assert alice.user.password_hash.startswith("$argon2id$")


def test_production_hashes_have_the_recommended_parameters():
    passwords.use_cheap_hashes(cheap=False)
    try:
        assert "m=19456,t=2,p=1" in passwords.hash_password("x")
    finally:
        passwords.use_cheap_hashes(cheap=True)


def test_all_invalid_fields_are_reported_at_once(app):
    assert refused(
        app, register, username="x", email="x", password="x", timezone="x"
    ) == {"username", "email", "password", "timezone"}  # fmt: skip


def test_a_taken_username_is_rejected_in_every_spelling(app, alice):
    assert refused(app, register, username="ＡLICE") == {"username"}


@pytest.mark.parametrize("name", ["a1ice", "al1ce", "al_ice", "-alice-", "a11ce"])
@pytest.mark.fault("B5")
def test_a_lookalike_of_a_taken_username_is_rejected(app, alice, name):
    assert refused(app, register, username=name) == {"username"}


@pytest.mark.parametrize("name", ["ragnhild", "ragn_hild", "r4gnhi1d"])
@pytest.mark.fault("B5")
def test_the_display_name_of_an_administrator_is_no_username(app, admin, alice, name):
    with working(app):
        profile.change_profile(admin.user, display_name="Ragnhild")
    assert refused(app, register, username=name) == {"username"}
    with working(app), pytest.raises(Invalid):
        administration.rename(alice.user, to=name, by=admin.user, why="asked for it")
    with working(app):
        assert register(username=name, by_operator=True).username == name


@pytest.mark.parametrize("address", ["ALICE@example.ORG", "ａlice＠example.org"])
def test_a_taken_email_address_is_rejected_in_every_spelling(app, alice, address):
    assert refused(app, register, email=address) == {"email"}


def test_the_username_is_rejected_as_password(app):
    assert refused(app, register, username="longenough", password="LongEnough") == {"password"}


def test_registering_twice_at_once_creates_one_account(app):
    def knock(_number):
        try:
            with working(app):
                return register().id
        except Invalid as refusal:
            return set(refusal.errors)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(knock, range(4)))
    assert sum(isinstance(answer, int) for answer in answers) == 1
    with app.app_context():
        count = sa.select(sa.func.count()).where(User.username == "dora")
        assert db.session.scalar(count) == 1


def test_a_visit_is_recorded_once_a_day(app, clock):
    alice = add_person(app, "alice", timezone="Asia/Kathmandu")
    clock.set("2026-03-02T23:59+05:45")
    assert [visit(app, alice), visit(app, alice)] == [True, False]
    clock.move(minutes=2)
    assert [visit(app, alice), visit(app, alice)] == [True, False]
    assert numbers(app, alice) == (2, 2, "2026-03-03")


def test_two_concurrent_visits_at_midnight_count_once(app, alice, clock):
    clock.set("2026-03-03T00:00+00:00")
    with ThreadPoolExecutor(4) as pool:
        noted = list(pool.map(lambda _number: visit(app, alice), range(4)))
    assert noted.count(True) == 1
    assert numbers(app, alice) == (1, 1, "2026-03-03")


def test_the_longest_streak_is_kept_when_the_current_one_ends(app, alice, clock):
    for days in (0, 1, 1, 2, 1):
        clock.move(days=days)
        visit(app, alice)
    assert numbers(app, alice) == (3, 2, "2026-03-07")


def test_a_clock_that_steps_back_changes_nothing(app, alice, clock):
    visit(app, alice)
    before = numbers(app, alice)
    clock.move(days=-3)
    assert not visit(app, alice)
    assert numbers(app, alice) == before


def test_a_visit_in_another_zone_within_twenty_hours_does_not_count(app, clock):
    farmer = add_person(app, "farmer", timezone="Pacific/Niue")
    visit(app, farmer)
    with working(app):
        identity.change_profile(
            farmer.user, email=farmer.email, timezone="Pacific/Kiritimati", mail_from_site=""
        )
    assert not visit(app, farmer)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(Visit.user_id == farmer.id)) == 1


def test_changing_to_a_taken_email_address_is_rejected(app, alice, bob):
    def change(**fields):
        identity.change_profile(alice.user, **fields, mail_from_site="")

    assert refused(app, change, email="BOB@example.org", timezone="UTC") == {"email"}
    with working(app):
        change(email="Alice@New.example", timezone="Europe/Berlin")
    with app.app_context():
        assert (alice.user.email, alice.user.timezone) == ("alice@new.example", "Europe/Berlin")


@pytest.mark.both_databases
def test_an_email_address_taken_concurrently_is_rejected(app, alice, bob, monkeypatch):
    def change():
        monkeypatch.setattr(queries, "find_by_email", lambda _email: None)
        identity.change_profile(alice.user, email=bob.email, timezone="UTC", mail_from_site="")

    assert refused(app, change) == {"email"}
    with app.app_context():
        assert alice.user.email == alice.email


@pytest.mark.both_databases
def test_concurrent_changes_to_one_email_address_succeed_once(app):
    people = [add_person(app, f"dora{number}") for number in range(4)]

    def change(person):
        with suppress(Invalid), working(app):
            identity.change_profile(
                person.user, email="one@example.org", timezone="UTC", mail_from_site=""
            )
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, people)).count(True) == 1


def test_a_token_is_stored_as_a_digest_and_found_by_its_secret(app, alice):
    with working(app):
        secret = actions.create_token(alice.user, name="Script", scope="read", days="30")
    with app.app_context():
        kept = db.session.scalars(sa.select(AccessToken)).one()
        assert secret not in str(vars(kept))
        assert queries.find_token(secret)[1].id == alice.id
        assert queries.find_token(secret + "x") is None


def test_an_expired_token_is_not_found(app, alice, clock):
    with working(app):
        secret = actions.create_token(alice.user, name="Script", scope="read", days="30")
    clock.move(days=30)
    with app.app_context():
        assert queries.find_token(secret) is None


@pytest.mark.parametrize("deed", ["change the password", "ban"])
def test_changing_the_password_or_banning_ends_tokens_and_sessions(app, alice, deed):
    with working(app):
        secret = actions.create_token(alice.user, name="Script", scope="write", days="365")
        stamp = alice.user.session_stamp
    with working(app):
        if deed == "ban":
            administration.ban(alice.user, by=None, why="spam")
        else:
            actions.change_password(alice.user, new="another long password")
    with app.app_context():
        assert queries.find_token(secret) is None
        assert bell.session_of(alice.id, stamp) is None


def test_a_suspended_user_has_no_session_until_it_ends(app, clock, alice):
    with working(app):
        alice.user.suspended_until = clock() + timedelta(hours=1)
        stamp = alice.user.session_stamp
    with app.app_context():
        assert bell.session_of(alice.id, stamp) is None
        assert bell.version_for(alice.id, stamp) is None
    clock.move(hours=2)
    with app.app_context():
        assert bell.session_of(alice.id, stamp)[0].id == alice.id


def test_all_invalid_fields_of_a_token_are_reported_at_once(app, alice):
    def create(**fields):
        actions.create_token(alice.user, **fields)

    assert refused(app, create, name="", scope="admin", days="7") == {"name", "scope", "days"}


def test_the_number_of_tokens_is_limited(app, alice, most):
    most(MAX_TOKENS=1)
    with working(app):
        actions.create_token(alice.user, name="One", scope="read", days="30")

    def another():
        actions.create_token(alice.user, name="Two", scope="read", days="30")

    assert refused(app, another) == {"name"}


def test_bob_cannot_revoke_alices_token(app, alice, bob):
    with working(app):
        actions.create_token(alice.user, name="Script", scope="read", days="30")
    with app.app_context():
        token_id = queries.tokens_of(alice.id)[0].id
    with pytest.raises(NotFound), working(app):
        actions.revoke_token(bob.user, token_id)


@pytest.mark.both_databases
def test_a_token_is_deleted_a_month_after_it_expired(app, alice, clock):
    with working(app):
        actions.create_token(alice.user, name="One", scope="read", days="30")
    for days, expected in ((59, 1), (2, 0)):
        clock.move(days=days)
        app.extensions["trackflow.jobs"].sweep()
        with app.app_context():
            assert len(queries.tokens_of(alice.id)) == expected

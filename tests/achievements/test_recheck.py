"""A recheck recounts from the source rows, corrects counters and grants missed awards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import ALL_PARTS, at_once, new_charter
from tests.support.databases import run_command
from trackflow_web import composition
from trackflow_web.achievements import handler
from trackflow_web.achievements.models import (
    RecheckRun,
    UserAchievement,
    UserStats,
    UserValue,
)
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.recheck import start as admin_actions
from trackflow_web.domain.songs import actions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

# Tests that depend on SQL; the rest is the same arithmetic on both databases.
both_databases = pytest.mark.both_databases


@pytest.fixture
def plant(app):
    """`plant(sa.update(...))`: change rows without events."""

    def execute(*statements):
        with app.app_context(), unit_of_work(()):
            for statement in statements:
                db.session.execute(statement)

    return execute


@pytest.fixture
def without_engine(app):
    """`with without_engine(): ...`: events are recorded without the achievement handler."""

    class Deaf:
        def __enter__(self):
            self.patch = pytest.MonkeyPatch()
            self.patch.setattr(handler, "_deltas_by_user", lambda _activities: {})

        def __exit__(self, *_error):
            self.patch.undo()

    return Deaf


def recheck_all(app, user_ids=None):
    with app.app_context(), unit_of_work(composition.HANDLERS):
        return recheck.reconcile_users(user_ids)


def found(plan):
    """A plan as plain values that can be compared."""
    awards = sorted((award.user_id, award.entry.code, award.earned_at) for award in plan.awards)
    drift = sorted((d.user_id, d.name, str(d.stored), str(d.counted)) for d in plan.drift)
    return plan.users, awards, drift, len(plan.value_drift) + plan.values_corrected


def stats_of(person):
    return sa.update(UserStats).where(UserStats.user_id == person.id)


# --- what is right stays as it is ----------------------------------------------------------------


@both_databases
def test_a_recheck_without_drift_changes_nothing(app, alice):
    alice.move(alice.add(year=1988), "wip", "released")
    alice.visit()
    before = alice.numbers, alice.codes
    done = recheck_all(app)
    assert (done.awards, done.result.corrections) == ([], 0)
    assert (alice.numbers, alice.codes) == before


def test_a_recheck_includes_every_user(app, alice, bob):
    everyone_else = 1  # the noise
    assert recheck_all(app).users == 2 + everyone_else


@both_databases
def test_a_recheck_of_some_users_leaves_the_others_unchanged(app, alice, bob, plant):
    alice.add()
    bob.add()
    plant(sa.update(UserStats).values(total_songs=7))
    done = recheck_all(app, [alice.id])
    assert found(done) == (1, [], [(alice.id, "total_songs", "7", "1")], 0)
    assert (alice.number("total_songs"), bob.number("total_songs")) == (1, 7)
    recheck_all(app)
    assert bob.number("total_songs") == 1


# --- drift ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "planted",
    [
        {"total_songs": 99},
        {"total_songs": 0, "total_planned": -3},
        {"total_released": 0, "total_finished": 12, "total_authored": 1},
        {"distinct_artists": 5, "distinct_years": 0, "distinct_decades": 7},
        {"login_streak": 100, "current_streak": 44},
        {"last_login_date": date(2001, 1, 1)},
        {"total_achievements": 80, "total_points": 1},
    ],
)
def test_counters_that_drifted_are_reported_and_corrected(app, clock, alice, plant, planted):
    alice.move(alice.add(year=1988), "wip", "released")
    alice.visit()
    before, earned = alice.numbers, alice.codes
    plant(stats_of(alice).values(**planted))
    done = recheck_all(app)
    assert {drift.name for drift in done.drift} == set(planted)
    assert (alice.numbers, alice.codes) == (before, earned)


@both_databases
def test_a_missing_row_of_counters_is_restored(app, alice, plant):
    alice.add(year=1988, status="released")
    before = alice.numbers
    plant(sa.delete(UserStats).where(UserStats.user_id == alice.id))
    assert alice.numbers == {}
    recheck_all(app)
    assert alice.numbers == before


@both_databases
@pytest.mark.parametrize(
    "wrong",
    [
        lambda alice: sa.delete(UserValue).where(UserValue.user_id == alice.id),
        lambda alice: sa.update(UserValue).where(UserValue.user_id == alice.id).values(n=9),
        lambda alice: sa.insert(UserValue).values(
            user_id=alice.id, kind="artist", value="nobody: at all", n=3
        ),
        lambda alice: sa.insert(UserValue).values(user_id=alice.id, kind="year", value="1", n=-1),
    ],
    ids=["missing", "changed", "surplus", "negative"],
)
def test_distinct_values_that_drifted_are_reported_and_corrected(app, alice, plant, wrong):
    alice.add(year=1988, status="released")
    before = [alice.values(kind) for kind in ("artist", "year", "decade")]
    plant(wrong(alice))
    assert recheck_all(app).values_corrected
    assert [alice.values(kind) for kind in ("artist", "year", "decade")] == before
    assert recheck_all(app).result.corrections == 0


def test_counters_that_are_too_high_grant_nothing(app, alice, plant):
    alice.add()
    plant(stats_of(alice).values(total_songs=500, total_planned=250, distinct_artists=100))
    recheck_all(app)
    assert alice.codes == ["dreamer"]


def test_drift_does_not_remove_awards(app, alice, plant):
    song = alice.add()
    alice.delete(song)
    plant(stats_of(alice).values(total_songs=4))
    recheck_all(app)
    assert alice.codes == ["dreamer"]


# --- awards that were missed ---------------------------------------------------------------------


@both_databases
def test_a_missed_award_is_granted_with_its_true_date(app, clock, alice, without_engine):
    began = clock()
    with without_engine():
        for number in range(6):
            alice.add(f"Song {number}")
            clock.move(days=1)
    recheck_all(app)
    awards = alice.awards
    assert awards["dreamer"].earned_at == began
    assert awards["visionary"].earned_at == began + timedelta(days=4)
    assert {award.awarded_at for award in awards.values()} == {clock()}
    assert all(award.backfilled for award in awards.values())


def test_a_backfilled_award_has_the_date_of_the_song_that_reached_it(
    app, clock, alice, without_engine
):
    with without_engine():
        first = alice.add("First")
        second = alice.add("Second")
        clock.move(days=1)
        alice.move(second, "wip", "released")
        clock.move(days=1)
        alice.move(first, "wip", "released")
    recheck_all(app)
    assert alice.awards["first_finish"].earned_at == clock() - timedelta(days=1)


@both_databases
def test_a_distinct_artist_has_the_date_of_the_first_release(app, clock, alice, without_engine):
    began = clock()
    with without_engine():
        for number in range(5):
            alice.add(artist=f"Artist {number}", status="released")
            alice.add("Two", f"Artist {number}", status="released")
            clock.move(days=1)
    recheck_all(app)
    assert alice.awards["variety_seeker"].earned_at == began + timedelta(days=4)


@both_databases
def test_a_backfilled_streak_award_has_the_date_of_its_day(app, clock, alice, without_engine):
    began = clock()
    with without_engine():
        for _ in range(2):
            alice.visit()
            clock.move(days=1)
        clock.move(days=5)
        for _ in range(4):
            alice.visit()
            clock.move(days=1)
    recheck_all(app)
    assert alice.awards["early_bird"].earned_at == began + timedelta(days=9)
    assert alice.number("login_streak") == 4


@both_databases
def test_a_recheck_grants_every_missed_award_at_once(app, clock, alice, without_engine):
    with without_engine():
        song = alice.add(status="wip", year=1988)
        alice.mark(song, "done", ALL_PARTS)
        alice.move(song, "released")
    recheck_all(app)
    assert sorted(alice.codes) == [
        "first_finish", "first_release", "getting_started", "perfectionist",
    ]  # fmt: skip
    assert alice.number("total_points") == 40


def test_a_recheck_does_not_award_undone_work(app, alice, without_engine):
    with without_engine():
        alice.delete(alice.add())
    assert recheck_all(app).awards == []


@both_databases
def test_a_second_recheck_does_nothing(app, alice, without_engine):
    with without_engine():
        alice.add_many(10, status="released", year=1988)
    first = recheck_all(app)
    again = recheck_all(app)
    assert first.awards
    assert first.drift
    assert (again.awards, again.result.corrections) == ([], 0)


@both_databases
def test_a_recheck_matches_its_dry_run(app, clock, alice, bob, plant, without_engine):
    with without_engine():
        alice.add_many(6, status="released", year=1988)
        bob.add(status="wip")
    plant(stats_of(alice).values(total_songs=3), sa.delete(UserValue))
    with app.app_context():
        shown = recheck.find()
    assert alice.codes == []
    assert found(recheck_all(app)) == found(shown)


def test_a_dry_run_changes_nothing(app, alice, without_engine):
    with without_engine():
        alice.add()
    with app.app_context():
        first = recheck.find()
        assert found(recheck.find()) == found(first)
    assert (alice.numbers, alice.codes) == ({}, [])
    recheck_all(app)


@both_databases
def test_a_recheck_processes_users_in_chunks(app, monkeypatch, without_engine):
    monkeypatch.setattr(recheck, "USERS_A_CHUNK", 2)
    people = [new_charter(app, f"person-{number}") for number in range(5)]
    with without_engine():
        for person in people:
            person.add()
    done = recheck_all(app)
    assert done.users == 6
    assert len(done.awards) == 5
    assert [person.codes for person in people] == [["dreamer"]] * 5


# --- the command and the audit -------------------------------------------------------------------


@both_databases
def test_the_command_prints_users_awards_and_corrections(app, alice, without_engine):
    with without_engine():
        alice.add()
    said = run_command(app, "achievements", "recheck")
    assert "2 users, 1 award, 2 numbers corrected." in said
    said = run_command(app, "achievements", "recheck")
    assert "2 users, 0 awards, 0 numbers corrected." in said


def test_the_command_for_one_user_leaves_the_others_unchanged(app, alice, bob, without_engine):
    with without_engine():
        alice.add()
        bob.add()
    assert "1 user, 1 award" in run_command(app, "achievements", "recheck", "--user", "Alice")
    assert (alice.codes, bob.codes) == (["dreamer"], [])
    run_command(app, "achievements", "recheck", "--user", "bob")


@pytest.mark.parametrize("name", ["nobody-here", "no such name", "x"])
def test_the_command_for_an_unknown_user_fails_with_a_message(app, name):
    result = app.test_cli_runner().invoke(args=["achievements", "recheck", "--user", name])
    assert result.exit_code == 1
    assert "No user with that name." in result.output


def test_an_administrators_recheck_is_stored(app, clock, work, admin, alice, without_engine):
    with without_engine():
        alice.add()
    with work():
        admin_actions.start_recheck(admin.user, "alice")
    with app.app_context():
        run = db.session.scalars(sa.select(RecheckRun)).one()
        kept = (run.admin_name, run.target, run.at, run.users, run.awards, run.drift)
    assert kept == ("olga", "alice", clock(), 1, 1, 2)


# --- at once -------------------------------------------------------------------------------------


# SQLite has one writer at a time, and waiting too long fails.
ROUNDS = {"sqlite": 4, "postgresql": 12}


@both_databases
def test_concurrent_rechecks_and_actions_keep_the_counters_right(app, database_kind, alice, bob):
    rounds = ROUNDS[database_kind]

    def rechecks():
        for _ in range(rounds):
            recheck_all(app)

    def act(person, artist):
        for number in range(rounds):
            song = person.add(f"Song {number}", artist, status="released", year=1980 + number)
            person.edit(song, artist="Metallica", year=1990 + number)
            if number % 2:
                person.delete(song)

    at_once(
        [
            rechecks,
            rechecks,
            lambda: act(alice, "Nirvana"),
            lambda: act(bob, "Megadeth"),
        ]
    )
    assert alice.number("total_songs") == alice.number("distinct_years") == rounds / 2
    assert alice.values("artist") == {"metallica": rounds / 2}
    assert alice.number("total_points") == sum(a.points for a in alice.awards.values())


@both_databases
def test_actions_of_two_users_and_rechecks_of_both_do_not_deadlock(app, work, alice, bob):
    def release_for(first, second, title):
        for number in range(6):
            with work():
                for person in (first, second):
                    actions.add_song(
                        person.user, title=f"{title} {number}", artist=title, status="released"
                    )

    at_once(
        [
            lambda: release_for(alice, bob, "Forth"),
            lambda: release_for(bob, alice, "Back"),
            lambda: [recheck_all(app) for _ in range(4)],
        ]
    )
    assert alice.number("total_songs") == bob.number("total_songs") == 12
    assert alice.values("artist") == bob.values("artist") == {"forth": 6, "back": 6}


@both_databases
def test_a_first_action_concurrent_with_a_recheck_is_counted(app):
    for number in range(8):
        person = new_charter(app, f"person-{number}")
        at_once(
            [
                lambda p=person: p.add(status="released", year=1988),
                lambda p=person: recheck_all(app, [p.id]),
                lambda p=person: recheck_all(app, [p.id]),
            ]
        )
        assert recheck_all(app, [person.id]).drift == []
        assert person.number("total_songs") == 1


@both_databases
def test_concurrent_rechecks_grant_once(app, alice, without_engine):
    with without_engine():
        alice.add_many(10)
    at_once([lambda: recheck_all(app)] * 4)
    assert sorted(alice.codes) == ["dreamer", "long_term_planner", "visionary"]
    assert alice.number("total_points") == 45
    with app.app_context():
        assert len(db.session.scalars(sa.select(UserAchievement.id)).all()) == 3 + _of_noise()


def _of_noise():
    noise = sa.select(sa.func.count(UserAchievement.id)).where(UserAchievement.user_id == 1)
    return db.session.scalar(noise)

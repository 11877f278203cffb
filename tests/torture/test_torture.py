"""A small torture on every run of the tests, and what the judge of it would see."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.support.catalogues import BY_CODE, ENTRIES, Deploy
from tests.support.charter import Charter
from tests.support.people import working
from tests.support.wire import visitors
from tests.torture.failover import Outcome, TimedTally
from tests.torture.journal import Journal
from tests.torture.people import make_circle
from tests.torture.session import Wanted, torture
from tests.torture.table import Row, as_text, row_from_json, sums
from tests.torture.verdict import judge
from trackflow_web import composition
from trackflow_web.achievements.catalogue import sync
from trackflow_web.achievements.catalogue.ladders import Category
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.events import CategoryCompleted
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.community.models import FeedEntry
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.transactions import unit_of_work
from trackflow_web.notifications.models import Notification

SECONDS = 600


@pytest.mark.both_databases
def test_kills_and_races_lose_nothing(tmp_path, database_kind, sized):
    only = frozenset({"kill", "race"})
    kills, races = sized(6, stress=200), sized(16, stress=500)
    deadline = time.monotonic() + SECONDS
    wanted = Wanted(kills=kills, races=races, rounds=0, deadline=deadline, only=only)
    rows = torture(database_kind, tmp_path, wanted)
    assert [(row.fault, row.tried) for row in rows] == [("kill", kills), ("race", races)]
    assert not any(row.is_wrong for row in rows), as_text(rows)
    assert all(row.writes for row in rows)


@pytest.mark.both_databases
def test_notifications_are_told_exactly_once(tmp_path, database_kind, sized):
    rounds = sized(5, stress=200)
    deadline = time.monotonic() + SECONDS
    only = frozenset({"notices: kill", "notices: redelivery", "notices: race"})
    wanted = Wanted(kills=0, races=0, rounds=0, deadline=deadline, only=only, notices=rounds)
    rows = torture(database_kind, tmp_path, wanted)
    assert {(row.fault, row.tried) for row in rows} == {(fault, rounds) for fault in only}
    assert not any(row.is_wrong for row in rows), as_text(rows)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("kind", "only"),
    [("sqlite", {"locked"}), ("postgresql", {"locked", "restart"})],
)
def test_locks_and_restarts_lose_nothing(tmp_path, sized, kind, only):
    rounds = sized(1, stress=10)
    deadline = time.monotonic() + SECONDS
    wanted = Wanted(kills=0, races=0, rounds=rounds, deadline=deadline, only=frozenset(only))
    rows = torture(kind, tmp_path, wanted)
    assert {row.fault for row in rows} == only
    assert not any(row.is_wrong for row in rows), as_text(rows)
    assert all(row.tried for row in rows)


# --- failovers, which `make torture` does ---------------------------------------------------------


def test_a_silence_is_the_longest_time_between_writes_of_a_window():
    tally = TimedTally()
    tally.times = [1.0, 2.0, 7.0, 20.0]
    assert tally.silence(1.5, 8.0) == 5.0
    assert tally.silence(10.0, 14.0) == 4.0


def test_a_missed_goal_makes_a_failover_wrong():
    good = Outcome(silent={"postgresql": [4.0, 9.9]})
    assert good.missed_goals == 0
    assert not Row("postgresql", "failover", 2).missing(good.missed_goals).is_wrong
    for bad in (
        Outcome(silent={"postgresql": [4.0, 10.1]}),
        Outcome(accepted_by_the_old=1),
        Outcome(restarted=1),
    ):
        assert Row("postgresql", "failover", 2).missing(bad.missed_goals).is_wrong


# --- the judge -----------------------------------------------------------------------------------


@pytest.fixture
def journal(app, alice):
    """The journal of Alice, who has a song and was shown its toast."""
    Charter(app, alice).add("One")
    with app.app_context():
        db.session.execute(sa.update(UserAchievement).values(notified=True))
        db.session.commit()
    browser = visitors(app, 0, [alice.id])[0]
    kept = Journal(browser, songs={"One": "future"})
    kept.told["toast-1"] = kept.codes["dreamer"] = kept.came["toast-1"] = 1
    return kept


def wrong(app, journal):
    verdict = judge(app, [journal])
    found = {name: getattr(verdict, name) for name in ("lost", "doubled", "missed", "toasts")}
    return {name: number for name, number in found.items() if number}


def test_the_verdict_is_clean_without_faults(app, journal):
    assert wrong(app, journal) == {}


@pytest.mark.parametrize("acknowledged", [{"Two": "future"}, {"One": "released"}])
def test_the_verdict_reports_lost_songs(app, journal, acknowledged):
    journal.songs |= acknowledged
    assert wrong(app, journal) == {"lost": 1}


def test_the_verdict_reports_lost_comments_and_reactions(app, journal):
    journal.comments.add("About One.")
    journal.reactions.add(1)
    journal.follows.add(1)
    assert wrong(app, journal) == {"lost": 3}


def test_the_verdict_ignores_unacknowledged_actions(app, journal):
    journal.songs["One"] = None
    assert wrong(app, journal) == {}


@pytest.mark.leaves_drift("a notification is changed")
def test_the_verdict_reports_lost_and_doubled_notifications(app, alice, journal):
    mine = Notification.user_id == alice.id
    with app.app_context():
        db.session.execute(sa.update(Notification).where(mine).values(n=Notification.n + 1))
        db.session.commit()
    assert wrong(app, journal) == {"doubled": 1}
    with app.app_context():
        db.session.execute(sa.delete(Notification).where(mine))
        db.session.commit()
    assert wrong(app, journal) == {"lost": 1}


@pytest.mark.leaves_drift("points are changed")
def test_the_verdict_reports_points_of_leaderboards_that_are_wrong(app, alice, journal):
    with app.app_context():
        mine = LeaderboardScore.user_id == alice.id
        more = {"score": LeaderboardScore.score + 1}
        db.session.execute(sa.update(LeaderboardScore).where(mine).values(more))
        db.session.commit()
    assert wrong(app, journal)["missed"] >= 1


def test_followers_of_a_circle_are_told_of_each_release_of_the_next_two(app):
    people = make_circle(app, 0, 4)
    with app.app_context():
        pairs = set(db.session.execute(sa.select(Follow.user_id, Follow.followed_id)).all())
    ids = [each.user_id for each in people]
    following = {(ids[i], ids[(i + step) % 4]) for i in range(4) for step in (1, 2)}
    assert {tuple(pair) for pair in pairs} == following


# --- long runs of several parts ------------------------------------------------------------------


def test_parts_of_a_run_add_up_to_one_row_for_each_fault():
    first = Row("sqlite", "kill", 500, writes=7, notes=("a",), compared={"awards": 2}, seconds=9.5)
    parts = [first, replace(first, lost=1, notes=("b",)), Row("sqlite", "race", 3)]
    rows = sums(row_from_json(part.to_json()) for part in parts)
    assert rows[0] == Row(
        "sqlite", "kill", 1000, writes=14, lost=1, notes=("a", "b"), compared={"awards": 4},
        seconds=19.0,
    )  # fmt: skip
    assert rows[1] == parts[2]
    assert "compared 4 awards" in as_text(rows)


@pytest.mark.leaves_drift("entries of the feed are changed")
def test_the_verdict_reports_lost_and_doubled_entries_of_the_feed(app, alice, journal):
    entry = sa.select(FeedEntry.id).where(FeedEntry.user_id == alice.id)
    with app.app_context():
        db.session.execute(sa.update(FeedEntry).where(FeedEntry.id.in_(entry)).values(n=2))
        db.session.commit()
    assert wrong(app, journal) == {"doubled": 1}
    with app.app_context():
        db.session.execute(sa.delete(FeedEntry).where(FeedEntry.user_id == alice.id))
        db.session.commit()
    assert wrong(app, journal) == {"lost": 1}


@pytest.mark.leaves_drift("notifications are changed")
def test_the_verdict_reports_lost_and_doubled_notifications_of_awards(app, alice, journal):
    mine = Notification.user_id == alice.id
    with app.app_context():
        db.session.execute(sa.update(Notification).where(mine).values(n=2))
        db.session.commit()
    assert wrong(app, journal) == {"doubled": 1}
    with app.app_context():
        db.session.execute(sa.delete(Notification).where(mine))
        db.session.commit()
    assert wrong(app, journal) == {"lost": 1}


@pytest.fixture
def quality(app, monkeypatch):
    """A catalogue whose category `quality` is complete with one song."""
    those = [entry for entry in ENTRIES if entry.category is not Category.QUALITY]
    last = replace(BY_CODE["perfectionist"], metric="total_songs", threshold=1)
    Deploy(monkeypatch)._install([*those, last])
    with working(app):
        sync.sync()
    with app.app_context(), unit_of_work(composition.HANDLERS):
        reconcile_users()


@pytest.mark.leaves_drift("a completion is taken away")
def test_the_verdict_reports_lost_and_doubled_completions(app, quality, alice, journal):
    journal.told["toast-1"] = 2  # the song has earned two achievements
    assert wrong(app, journal) == {}
    with app.app_context():
        told = Event.name == CategoryCompleted.event_name
        table = Event.__table__
        copied = [column for column in table.columns if column.name != "id"]
        db.session.execute(
            sa.insert(table).from_select(
                [column.name for column in copied], sa.select(*copied).where(told)
            )
        )
        db.session.commit()
    assert wrong(app, journal) == {"doubled": 1}
    with app.app_context():
        mine = CategoryCompletion.user_id == alice.id
        db.session.execute(sa.delete(CategoryCompletion).where(mine))
        db.session.commit()
    found = wrong(app, journal)
    assert found["lost"] == 1
    assert found["missed"] >= 1


@pytest.mark.leaves_drift("an award is taken away")
def test_the_verdict_reports_a_missing_award(app, alice, journal):
    with app.app_context():
        mine = UserAchievement.user_id == alice.id
        db.session.execute(sa.delete(UserAchievement).where(mine))
        db.session.commit()
    assert wrong(app, journal)["missed"] >= 2


def test_the_verdict_reports_missing_and_extra_toasts(app, journal):
    journal.told.clear()
    assert wrong(app, journal) == {"toasts": 1}
    journal.told |= {"toast-1": 1, "toast-2": 1}
    journal.codes["dreamer"] = 2
    assert wrong(app, journal) == {"toasts": 1}

"""Leaderboards: what scores when, places, closed periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.people import add_person, working
from tests.support.songs import add_song
from trackflow_web.achievements.standings import board, finals
from trackflow_web.achievements.standings.board import View
from trackflow_web.achievements.standings.models import LeaderboardFinal, LeaderboardScore
from trackflow_web.achievements.standings.windows import Score, Span, Window, window_of
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people import administration, profile
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock as clocks
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def crowd(app):
    """Five users with 4, 3, 3, 1 and 0 releases this week; noise has released long ago."""
    people = []
    for name, releases in (("ann", 4), ("ben", 3), ("cat", 3), ("dan", 1), ("eve", 0)):
        person = add_person(app, name)
        for number in range(releases):
            add_song(app, person, f"{name} {number}", status="released")
        people.append(person)
    return people


def score(app, person, kind, span=Span.WEEK):
    with app.app_context():
        window = window_of(span, clocks.now().date())
        found = sa.select(LeaderboardScore.score).where(
            LeaderboardScore.kind == kind,
            LeaderboardScore.span == span,
            LeaderboardScore.start == window.start,
            LeaderboardScore.user_id == person.id,
        )
        return db.session.scalar(found) or 0


def load(app, viewer, kind=Score.RELEASES, span=Span.WEEK, view=View.TOP, **more):
    with app.app_context():
        day = more.pop("day", clocks.now().date())
        return board.load(viewer.user, kind, window_of(span, day), view, **more)


def places(found):
    return [(row.username, row.place) for row in found.rows]


@pytest.mark.parametrize(
    ("span", "day", "start", "end"),
    [
        (Span.WEEK, date(2026, 11, 29), date(2026, 11, 23), date(2026, 11, 30)),
        (Span.WEEK, date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 7)),
        (Span.WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 4)),
        (Span.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (Span.MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        (Span.YEAR, date(2026, 12, 31), date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_half_open(span, day, start, end):
    assert window_of(span, day) == Window(span, start, end)
    assert window_of(span, end - timedelta(days=1)).start == start
    assert window_of(span, end).start == end


@pytest.mark.both_databases
def test_work_scores_in_the_period_in_which_it_is_done(app, clock, alice):
    clock.set(MONDAY - timedelta(microseconds=1))
    song = add_song(app, alice, status="released")
    assert score(app, alice, Score.RELEASES) == 1
    clock.set(MONDAY)
    assert score(app, alice, Score.RELEASES) == 0
    with working(app):
        authoring.mark_part(db.session.get_one(Song, song), Part.DRUMS, alice.user, state="done")
    assert score(app, alice, Score.PARTS) == 1
    assert score(app, alice, Score.RELEASES, Span.ALL) == 1


@pytest.mark.both_databases
def test_achievements_score_with_their_points(app, alice):
    add_song(app, alice, status="released")
    with app.app_context():
        earned = board.load(
            alice.user, Score.POINTS, window_of(Span.ALL, clocks.now().date()), View.AROUND
        )
    assert score(app, alice, Score.POINTS) == earned.me.score > 0
    assert score(app, alice, Score.ACHIEVEMENTS) > 0


@pytest.mark.both_databases
def test_deleting_a_song_takes_its_release_and_parts_away_from_everybody(app, alice, bob):
    song_id = add_song(app, alice, status="released")
    with working(app):
        song = db.session.get_one(Song, song_id)
        authoring.mark_part(song, Part.DRUMS, bob.user, state="done")
        authoring.mark_part(song, Part.BASS, alice.user, state="done")
    assert score(app, bob, Score.PARTS) == 1
    with working(app):
        songs.delete_song(db.session.get_one(Song, song_id), alice.user)
    assert score(app, bob, Score.PARTS) == score(app, alice, Score.PARTS) == 0
    assert score(app, alice, Score.RELEASES) == 0


@pytest.mark.both_databases
def test_equal_scores_share_a_place_and_the_next_is_skipped(app, crowd):
    with working(app):
        for number in range(2):
            songs.add_song(crowd[4].user, title=f"E {number}", artist="E", status="released")
    assert places(load(app, crowd[0])) == [
        ("ann", 1), ("ben", 2), ("cat", 2), ("eve", 4), ("dan", 5)
    ]  # fmt: skip


@pytest.mark.both_databases
def test_a_cursor_shows_everybody_once_with_their_places(app, crowd):
    add_song(app, crowd[4], status="released")
    whole, cursor, seen = load(app, crowd[0]), None, []
    while True:
        part = load(app, crowd[0], limit=2, cursor=cursor)
        seen += places(part)
        cursor = part.following
        if cursor is None:
            break
    assert seen == places(whole)
    assert len(seen) == 5


def test_fewer_than_five_have_no_places(app, crowd):
    found = load(app, crowd[0])
    assert found.users == 4
    assert {row.place for row in found.rows} == {None}
    assert found.me.place is None
    assert found.me.score == 4


@pytest.mark.both_databases
def test_around_me_shows_the_neighbours(app, crowd):
    add_song(app, crowd[4], status="released")
    found = load(app, crowd[3], view=View.AROUND)
    assert "dan" in [row.username for row in found.rows]
    assert found.me.place == 4


def test_who_opts_out_leaves_no_gap_and_is_told_why(app, crowd):
    add_song(app, crowd[4], status="released")
    with working(app):
        profile.change_privacy(crowd[0].user, boards="0")
    found = load(app, crowd[0])
    assert places(found)[0] == ("ben", None)
    assert "chosen not to appear" in found.me.reason
    with working(app):
        profile.change_privacy(crowd[0].user, boards="1")
    assert places(load(app, crowd[0]))[0] == ("ann", 1)


def test_a_private_profile_leaves_a_gap(app, crowd):
    add_song(app, crowd[4], status="released")
    with working(app):
        profile.change_privacy(crowd[0].user, profile="me")
    assert places(load(app, crowd[1]))[0] == ("ben", 2)
    assert places(load(app, crowd[0]))[0] == ("ann", 1)


def test_a_banned_user_has_no_place(app, crowd):
    with working(app):
        administration.ban(crowd[0].user, by=None, why="Spam")
    assert "ann" not in [name for name, _ in places(load(app, crowd[1]))]


@pytest.mark.both_databases
def test_places_are_final_48_hours_after_the_end(app, clock, alice):
    clock.set(MONDAY - timedelta(days=1))
    for number in range(5):
        person = add_person(app, f"racer{number}")
        add_song(app, person, status="released")
    add_song(app, alice, "Two", status="released")
    add_song(app, alice, "Three", status="released")
    clock.set(MONDAY + timedelta(hours=47))
    with working(app):
        finals.close_ended()  # those of last year
    assert not load(app, alice, day=date(2026, 11, 29)).closed
    clock.set(MONDAY + timedelta(hours=48))
    with working(app):
        assert finals.close_ended() > 0
        assert finals.close_ended() == 0
    found = load(app, alice, day=date(2026, 11, 29))
    assert found.closed
    assert (found.me.place, found.users) == (1, 6)
    assert [place for _, place in places(found)] == [1, 2, 2, 2, 2, 2]
    assert load(app, alice).rows == []


def test_the_change_is_that_since_the_last_closed_period(app, clock, crowd):
    add_song(app, crowd[4], "First", status="released")
    clock.move(days=10)
    with working(app):
        finals.close_ended()
    for person in crowd:
        add_song(app, person, "Next week", status="released")
    add_song(app, crowd[3], "Dan wins", status="released")
    changes = {row.username: row.change for row in load(app, crowd[0]).rows}
    assert changes["dan"] == 3
    assert changes["ann"] < 0


def test_a_deleted_account_leaves_a_gap_in_a_closed_period(app, clock, crowd):
    clock.move(days=10)
    with working(app):
        finals.close_ended()
        db.session.delete(crowd[0].user)
    with app.app_context():
        of_nobody = sa.select(sa.func.count()).where(LeaderboardFinal.user_id.is_(None))
        assert db.session.scalar(of_nobody) > 0


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "1-2",
        "1-2-3-4",
        "9" * 100,
        "1-2-٣",
        "-1-2-3",
        f"{2**31}-1-1",
        f"1-{10**18}-1",
        f"1-1-{2**63}",
    ],
)
def test_a_malformed_cursor_is_refused(app, alice, cursor):
    with pytest.raises(Invalid) as refusal:
        load(app, alice, cursor=cursor)
    assert [*refusal.value.errors] == ["cursor"]

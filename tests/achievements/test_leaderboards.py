"""Leaderboards: what scores when, places, closed periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, at_once, statements_of
from tests.support.people import add_person, working
from tests.support.songs import add_song
from trackflow_web import composition
from trackflow_web.achievements import progress, toasts
from trackflow_web.achievements.awards import revoke
from trackflow_web.achievements.events import LevelReached
from trackflow_web.achievements.standings import board, finals, totals
from trackflow_web.achievements.standings.board import View
from trackflow_web.achievements.standings.models import LeaderboardFinal, LeaderboardScore
from trackflow_web.achievements.standings.windows import Score, Span, Window, window_of
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people import administration, profile
from trackflow_web.domain.people.models import Announced
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.jobs import leaderboards
from trackflow_web.kernel import clock as clocks
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.failpoints import Point
from trackflow_web.kernel.redelivery import redeliver

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


@pytest.mark.both_databases
def test_places_among_many_are_those_that_counting_finds(app, crowd, monkeypatch):
    add_song(app, crowd[4], status="released")
    views = [(person, view) for person in crowd for view in (View.AROUND, View.TOP)]
    counted = [load(app, person, view=view) for person, view in views]
    monkeypatch.setattr(totals, "LEAST_KEPT", 5)
    monkeypatch.setattr(board, "ROWS_AROUND", 1)
    for (person, view), expected in zip(views, counted, strict=True):
        found = load(app, person, view=view)
        assert found.me == expected.me
        assert all(row in expected.rows for row in found.rows)
    # Whoever rises has the new place at once, others within a minute.
    add_song(app, crowd[1], status="released")
    add_song(app, crowd[1], "another", status="released")
    found = load(app, crowd[1], view=View.TOP)
    assert found.me.place == 1
    assert [row.place for row in found.rows] == sorted(row.place for row in found.rows)


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


# --- ties, cursors, gaps -------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_tie_over_the_border_of_pages_shows_everybody_once(app, clock):
    people = [add_person(app, f"tied{number}") for number in range(7)]
    for person in people:  # all reach the same score at the same moment
        add_song(app, person, status="released")
    cursor, seen = None, []
    while True:
        part = load(app, people[0], limit=2, cursor=cursor)
        seen += places(part)
        cursor = part.following
        if cursor is None:
            break
    assert seen == [(f"tied{number}", 1) for number in range(7)]


def test_a_cursor_stays_valid_when_scores_rise_meanwhile(app, crowd):
    add_song(app, crowd[4], "First", status="released")
    first = load(app, crowd[0], limit=2)
    for number in range(5):
        add_song(app, crowd[4], f"More {number}", status="released")
    rest = load(app, crowd[0], limit=10, cursor=first.following)
    # Whoever overtook is on a page that was read already; nobody is shown twice.
    assert not {name for name, _ in places(first)} & {name for name, _ in places(rest)}


def test_a_private_row_on_the_border_leaves_a_gap_and_keeps_the_cursor(app, crowd):
    add_song(app, crowd[4], status="released")
    with working(app):
        profile.change_privacy(crowd[1].user, profile="me")
    first = load(app, crowd[0], limit=2)
    rest = load(app, crowd[0], limit=10, cursor=first.following)
    assert places(first) == [("ann", 1)]
    assert [place for _, place in places(rest)] == [2, 4, 4]


def test_opting_out_closes_ranks_in_the_open_period_and_keeps_closed_places(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    add_song(app, add_person(app, "fay"), status="released")
    clock.move(days=10)
    with working(app):
        finals.close_ended()
        profile.change_privacy(crowd[0].user, boards="0")
    closed = load(app, crowd[0], day=(clock() - timedelta(days=10)).date())
    assert places(closed)[0] == ("ann", 1)
    assert load(app, crowd[0], span=Span.ALL).rows[0].place == 1
    assert "ann" not in [name for name, _ in places(load(app, crowd[1], span=Span.ALL))]


def test_a_private_profile_leaves_a_gap_in_closed_periods_too(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    clock.move(days=10)
    with working(app):
        finals.close_ended()
        profile.change_privacy(crowd[0].user, profile="me")
    day = (clock() - timedelta(days=10)).date()
    assert places(load(app, crowd[1], day=day))[0] == ("ben", 2)


def test_a_closed_period_of_few_users_has_no_places_either(app, clock, crowd):
    clock.move(days=10)
    with working(app):
        finals.close_ended()
    found = load(app, crowd[0], day=(clock() - timedelta(days=10)).date())
    assert (found.closed, found.users, {row.place for row in found.rows}) == (True, 4, {None})


def test_a_user_behind_the_kept_places_gets_a_sentence_of_their_own(app, clock, crowd, monkeypatch):
    add_song(app, crowd[4], status="released")
    monkeypatch.setattr(finals, "MOST_KEPT", 2)
    clock.move(days=10)
    with working(app):
        finals.close_ended()
    found = load(app, crowd[3], day=(clock() - timedelta(days=10)).date())
    assert found.me.reason == "You weren't among the first 2 of 5; later places aren't kept."


# --- the edges of periods ------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("moment", "week", "month", "year"),
    [
        ("2026-12-31T23:59:59.999999+00:00", "2026-12-28", "2026-12-01", "2026-01-01"),
        ("2027-01-01T00:00:00+00:00", "2026-12-28", "2027-01-01", "2027-01-01"),
        ("2027-01-03T23:59:59.999999+00:00", "2026-12-28", "2027-01-01", "2027-01-01"),
        ("2027-01-04T00:00:00+00:00", "2027-01-04", "2027-01-01", "2027-01-01"),
        # Clocks change in Berlin; the periods are those of UTC.
        ("2026-03-29T23:30:00+02:00", "2026-03-23", "2026-03-01", "2026-01-01"),
        ("2026-10-26T00:30:00+01:00", "2026-10-19", "2026-10-01", "2026-01-01"),
        # Already Monday at +14:00, still Sunday in UTC.
        ("2026-03-09T10:00:00+14:00", "2026-03-02", "2026-03-01", "2026-01-01"),
    ],
)
def test_work_lies_in_exactly_one_week_month_and_year(app, clock, alice, moment, week, month, year):
    clock.set(moment)
    add_song(app, alice, status="released")
    with app.app_context():
        rows = db.session.execute(
            sa.select(LeaderboardScore.span, LeaderboardScore.start).where(
                LeaderboardScore.kind == Score.RELEASES,
                LeaderboardScore.user_id == alice.id,
                LeaderboardScore.span != Span.ALL,
            )
        )
        found = {span: str(start) for span, start in rows}
    assert found == {"week": week, "month": month, "year": year}


@pytest.mark.both_databases
def test_an_award_that_is_noticed_after_its_week_scores_for_all_time_only(app, clock, alice):
    clock.set(MONDAY - timedelta(hours=1))
    with failpoints.failing(Point.COUNTERS_UPDATED, ZeroDivisionError()):
        add_song(app, alice, status="released")
    clock.set(MONDAY + timedelta(hours=1))
    with app.app_context():
        redeliver(composition.HANDLERS)
    assert score(app, alice, Score.POINTS) == 0
    assert score(app, alice, Score.POINTS, Span.ALL) > 0
    assert score(app, alice, Score.RELEASES, Span.ALL) == 1


@pytest.mark.both_databases
def test_a_closing_that_was_cut_off_is_done_again_as_a_whole(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    clock.move(days=10)
    with pytest.raises(ZeroDivisionError), working(app):
        finals.close_ended()
        raise ZeroDivisionError
    with working(app):
        finals.close_ended()
    found = load(app, crowd[0], day=(clock() - timedelta(days=10)).date())
    assert [place for _, place in places(found)] == [1, 2, 2, 4, 4]


@pytest.mark.both_databases
def test_two_closings_at_once_store_places_once(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    clock.move(days=10)

    def close():
        with working(app):
            finals.close_ended()

    at_once([close, close])
    found = load(app, crowd[0], day=(clock() - timedelta(days=10)).date())
    assert len(found.rows) == 5


@pytest.mark.both_databases
def test_a_closing_that_was_killed_between_its_steps_shows_final_places_and_goes_on(
    app, clock, crowd, monkeypatch
):
    add_song(app, crowd[4], status="released")
    clock.move(days=10)
    day = (clock() - timedelta(days=10)).date()
    monkeypatch.setattr(finals, "SCORES_A_STEP", 2)
    kind, window = Score.RELEASES, window_of(Span.WEEK, day)
    with working(app):
        finals.close(kind, window)
        assert finals.delete_scores(kind, window)  # two of five
    with app.app_context():
        order = finals.of_closed(kind, window, crowd[0].id)
        assert (order.is_final, order.count()) == (True, 5)
    with app.app_context():
        leaderboards.close_ended(app.extensions["trackflow.jobs"].tools)
        assert finals.next_ended() is None
    found = load(app, crowd[0], day=day)
    assert (found.closed, [place for _, place in places(found)]) == (True, [1, 2, 2, 4, 4])


def test_until_a_job_closes_a_period_pages_show_its_scores_and_write_nothing(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    day = clock().date()
    clock.move(days=30)
    with statements_of(app) as seen:
        found = load(app, crowd[0], day=day)
    assert (found.closed, [place for _, place in places(found)]) == (False, [1, 2, 2, 4, 4])
    assert all(each.startswith("SELECT") for each in seen)
    with app.app_context():
        leaderboards.close_ended(app.extensions["trackflow.jobs"].tools)
    assert places(load(app, crowd[0], day=day)) == places(found)


@pytest.mark.both_databases
def test_work_that_is_told_after_the_closing_changes_no_place(app, clock, crowd):
    add_song(app, crowd[4], status="released")
    day = clock().date()
    with failpoints.failing(Point.COUNTERS_UPDATED, ZeroDivisionError()):
        add_song(app, crowd[3], "Late", status="released")
    clock.move(days=10)
    with app.app_context():
        leaderboards.close_ended(app.extensions["trackflow.jobs"].tools)
    before = places(load(app, crowd[0], day=day))
    with app.app_context():
        redeliver(composition.HANDLERS)
        leaderboards.close_ended(app.extensions["trackflow.jobs"].tools)
    assert places(load(app, crowd[0], day=day)) == before


# --- levels --------------------------------------------------------------------------------------


def levels_reached(app, person):
    with app.app_context():
        names = [LevelReached.event_name]
        rows = db.session.scalars(
            sa.select(Event).where(Event.user_id == person.id, Event.name.in_(names))
        )
        return [row.data["level"] for row in rows]


@pytest.mark.both_databases
def test_eight_threads_in_two_applications_reach_a_level_once(make_app, app, alice):
    other = make_app()
    songs_of_alice = alice.add_many(8, status="wip")
    calls = [
        lambda song=song, at=at: Charter(other if at % 2 else app, alice.person).move(
            song, "released"
        )
        for at, song in enumerate(songs_of_alice)
    ]
    at_once(calls)
    reached = levels_reached(app, alice)
    assert len(reached) == len(set(reached)) >= 1


@pytest.mark.both_databases
def test_a_plain_award_takes_no_statement_for_its_level(app, alice):
    alice.add("First", status="released")
    with statements_of(app) as seen:
        alice.move(alice.add("Second"), "wip")
    assert not [text for text in seen.naming("SELECT", "level_best") if "INSERT" not in text]


def test_a_level_never_falls(app, alice, admin):
    for number in range(5):
        alice.add(f"Song {number}", f"Artist {number}", year=1960 + 10 * number, status="released")
    before = _level(app, alice)
    with working(app):
        for code in alice.codes:
            revoke.revoke(admin.user, alice.user, code, reason="A test")
    assert alice.number("total_points") == 0
    assert _level(app, alice) == before > 1


def _level(app, person):
    with app.app_context():
        return progress.of_user(person.id).summary.level


@pytest.mark.both_databases
def test_the_toast_of_a_level_survives_a_lost_response_and_is_shown_once(app, clock, alice):
    for number in range(5):
        alice.add(f"Song {number}", f"Artist {number}", year=1960 + 10 * number, status="released")
    with working(app):
        lost = toasts.reserve(alice.id)
    with working(app):
        assert toasts.waiting(alice.id) is None
    clock.move(seconds=3)
    with working(app):
        again = toasts.reserve(alice.id, batch=toasts.waiting(alice.id))
    assert lost.level == again.level > 1
    with working(app):
        toasts.confirm(again.award_ids, user_id=alice.id, level=again.level)
    alice.given("perfectionist")
    with working(app):
        assert toasts.reserve(alice.id).level is None


@pytest.mark.both_databases
def test_a_level_that_was_shown_with_awards_is_shown_again_with_them_only(app, clock, alice):
    for number in range(5):
        alice.add(f"Song {number}", f"Artist {number}", year=1960 + 10 * number, status="released")
    with working(app):
        lost = toasts.reserve(alice.id)
    clock.move(seconds=3)
    for number in range(5, 10):
        alice.add(f"Song {number}", f"Artist {number}", status="released")
    with working(app):
        assert toasts.reserve(alice.id).level is None
        again = toasts.reserve(alice.id, batch=toasts.waiting(alice.id))
    assert (again.id, again.count) == (lost.id, lost.count)
    assert again.level >= lost.level > 1


@pytest.mark.both_databases
def test_a_level_whose_awards_are_not_to_be_shown_comes_with_the_next_ones(app, clock, alice):
    for number in range(5):
        alice.add(f"Song {number}", f"Artist {number}", year=1960 + 10 * number, status="released")
    with working(app):
        lost = toasts.reserve(alice.id)
        toasts.forget_unwanted(alice.id, Announced.NONE)
    clock.move(seconds=3)
    for number in range(5, 10):
        alice.add(f"Song {number}", f"Artist {number}", status="released")
    with working(app):
        assert toasts.reserve(alice.id).level >= lost.level > 1

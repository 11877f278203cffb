"""Undoing an import takes back what only that import earned, and nothing else."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk.selection import select
from trackflow_web.domain.imports import actions, files, steps, undo
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.songs.actions import add_song, delete_song, edit_song
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.undo import actions as undo_steps
from trackflow_web.jobs import imports as jobs
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases


@pytest.fixture
def bring(app, alice):
    """`bring(100, status="released")`: import this many songs; return the id of the import."""

    def run(count, *, name="Mix", status="released", first=0):
        lines = "".join(
            f"Song {n},Artist {n % 40},{1950 + n % 70}\n" for n in range(first, first + count)
        )
        with working(app):
            playlist = files.read(f"title,artist,year\n{lines}".encode())
            item = actions.begin_file(alice.user, playlist, name=name, status=status)
            import_id = item.id
        app.extensions["trackflow.jobs"].work.named["import"](import_id)
        return import_id

    return run


@pytest.fixture
def take_back(app):
    def run(import_id):
        with working(app):
            undo.request(db.session.get_one(Import, import_id, with_for_update=True))
        app.extensions["trackflow.jobs"].work.named["import"](import_id)
        with app.app_context():
            assert db.session.get_one(Import, import_id).state == "undone"

    return run


def earned(app, person):
    with app.app_context():
        found = db.session.scalars(
            sa.select(Achievement.code)
            .join(UserAchievement, UserAchievement.achievement_id == Achievement.id)
            .where(UserAchievement.user_id == person.id)
        )
        return set(found)


def numbers(app, person):
    with app.app_context():
        return numbers_of(person.id)


@pytest.mark.fault("D1", "17")
def test_an_undone_import_leaves_no_song_no_achievement_and_no_point(app, alice, bring, take_back):
    before = earned(app, alice)
    import_id = bring(120)
    assert len(earned(app, alice) - before) > 10
    take_back(import_id)
    assert earned(app, alice) == before
    after = numbers(app, alice)
    assert (after["total_songs"], after["total_points"], after["total_achievements"]) == (0, 0, 0)


def test_awards_earned_by_work_before_an_import_remain(app, alice, bring, take_back):
    with working(app):
        add_song(alice.user, title="By hand", artist="Anna", status="released", year=1999)
    before = earned(app, alice)
    assert before
    take_back(bring(120))
    assert earned(app, alice) == before


def test_awards_reached_by_other_work_meanwhile_remain(app, alice, bring, take_back):
    import_id = bring(10, status="future")
    assert "first_plan" in earned(app, alice) or earned(app, alice)
    by_import = earned(app, alice)
    with working(app):
        made = [add_song(alice.user, title=f"Own {n}", artist="Anna").id for n in range(10)]
    take_back(import_id)
    kept = earned(app, alice) & by_import
    assert kept
    with working(app):
        for song_id in made:
            delete_song(db.session.get_one(Song, song_id), alice.user)
    other = bring(1, name="Other", first=500)
    take_back(other)
    assert kept <= earned(app, alice)


def test_two_undone_imports_leave_nothing(app, alice, bring, take_back):
    first = bring(120, name="One")
    second = bring(120, name="Two", first=1_000)
    take_back(first)
    assert earned(app, alice)
    take_back(second)
    assert earned(app, alice) == set()


def test_a_withdrawn_award_can_be_earned_by_work(app, alice, bring, take_back):
    take_back(bring(5, status="released"))
    assert earned(app, alice) == set()
    with working(app):
        add_song(alice.user, title="By hand", artist="Anna", status="released")
    assert earned(app, alice)


def test_a_recheck_after_an_undo_grants_nothing(app, alice, bring, take_back):
    take_back(bring(120))
    with working(app):
        assert recheck.reconcile_users([alice.id]).awards == []
    assert earned(app, alice) == set()


@pytest.mark.fault("A5")
def test_an_interrupted_undo_resumes_where_it_was(app, alice, bring, monkeypatch, clock):
    import_id = bring(1_200)
    monkeypatch.setattr(jobs, "PAUSE_OF_UNDO", 0)
    real, calls = undo.remove_chunk, []

    def failing_later(item):
        calls.append(item.removed)
        if len(calls) == 2:
            raise RuntimeError
        return real(item)

    with working(app):
        undo.request(db.session.get_one(Import, import_id, with_for_update=True))
    monkeypatch.setattr(undo, "remove_chunk", failing_later)
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    assert numbers(app, alice)["total_songs"] == 700
    with app.app_context():
        item = db.session.get_one(Import, import_id)
        assert (item.state, item.removed, item.to_remove) == ("queued", 500, 1_200)
        assert item.percent == 41
    clock.move(minutes=1)
    app.extensions["trackflow.jobs"].sweep()
    assert numbers(app, alice)["total_songs"] == 0
    assert earned(app, alice) == set()


def test_imported_songs_refer_to_their_import(app, alice, bring):
    import_id = bring(3)
    with working(app):
        add_song(alice.user, title="By hand", artist="Anna")
    with app.app_context():
        found = db.session.execute(sa.select(Song.title, Song.import_id).order_by(Song.id)).all()
    assert [row.import_id for row in found if row.title.startswith("Song")] == [import_id] * 3
    assert [row.import_id for row in found if row.title == "By hand"] == [None]


def test_a_cut_off_import_is_not_undone_while_it_waits(app, alice, bring):
    import_id = bring(3)
    with working(app):
        undo.request(db.session.get_one(Import, import_id, with_for_update=True))
    with working(app):
        assert not actions.cancel(db.session.get_one(Import, import_id, with_for_update=True))
        assert steps.acquire(import_id, "worker")
    app.extensions["trackflow.jobs"].work.named["import"](import_id, take_over=True)
    with app.app_context():
        assert db.session.get_one(Import, import_id).state == "undone"


@pytest.fixture
def delete_all(app, alice):
    """Delete Alice's songs; returns the token that undoes it."""

    def run():
        with working(app):
            ids = list(db.session.scalars(sa.select(Song.id).where(Song.user_id == alice.id)))
            return bulk.delete(select(alice.user, ids), alice.user).token

    return run


def restore(app, person, token):
    with working(app):
        return undo_steps.undo(person.user, token).changed


def scores_of_periods(app, person):
    with app.app_context():
        found = sa.select(LeaderboardScore.score).where(
            LeaderboardScore.user_id == person.id, LeaderboardScore.span != "all"
        )
        return list(db.session.scalars(found))


def test_deleted_songs_of_an_import_that_was_undone_since_do_not_come_back(
    clock, app, alice, bring, take_back, delete_all
):
    import_id = bring(12)
    token = delete_all()
    take_back(import_id)
    assert restore(app, alice, token) == 0
    assert earned(app, alice) == set()
    assert numbers(app, alice)["total_songs"] == 0
    assert scores_of_periods(app, alice) == []


def test_a_deleted_song_with_work_comes_back_without_its_import(
    clock, app, alice, bring, take_back, delete_all
):
    import_id = bring(1)
    clock.move(minutes=1)
    with working(app):
        song = db.session.scalars(sa.select(Song).where(Song.user_id == alice.id)).one()
        edit_song(song, alice.user, title="Mine", artist="Anna", album="", year=1999)
    token = delete_all()
    take_back(import_id)
    assert restore(app, alice, token) == 1
    assert scores_of_periods(app, alice) == []


def test_what_restored_songs_of_an_import_bring_about_is_no_work_of_today(
    clock, app, alice, bring, take_back, delete_all
):
    first = bring(6)
    token = delete_all()
    second = bring(6, name="Other", first=1_000)
    before = earned(app, alice)
    assert restore(app, alice, token) == 6
    assert earned(app, alice) > before
    assert scores_of_periods(app, alice) == []
    take_back(first)
    take_back(second)
    assert earned(app, alice) == set()

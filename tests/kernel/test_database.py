"""The two databases behave alike, and neither loses anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

THREADS, ROUNDS = 8, 6


def test_songs_added_at_once_by_eight_threads_are_all_counted(app, alice):
    def add(thread):
        for number in range(ROUNDS):
            with working(app):
                actions.add_song(alice.user, title=f"{thread} {number}", artist="Metallica")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(add, range(THREADS)))
    with app.app_context():
        assert db.session.get_one(UserStats, alice.id).total_songs == THREADS * ROUNDS


def test_the_same_song_added_concurrently_exists_once(app, alice):
    def add(_thread):
        try:
            with working(app):
                actions.add_song(alice.user, title="One", artist="Metallica")
        except actions.Duplicate as refusal:
            return refusal.existing_id
        return 0

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(add, range(THREADS)))
    assert answers.count(0) == 1
    assert len(set(answers)) == 2  # the others all refer to the existing one


def test_times_are_returned_in_utc(app, alice):
    in_samoa = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=13)))
    with working(app):
        alice.user.banned_at = in_samoa
    with app.app_context():
        found = alice.user.banned_at
    assert (found, found.tzinfo) == (in_samoa, UTC)


def test_a_time_without_a_zone_is_rejected(app, alice):
    with pytest.raises(sa.exc.StatementError, match="a time needs a zone"), working(app):
        alice.user.banned_at = datetime(2026, 3, 2)  # noqa: DTZ001 -- the mistake in question


def test_a_deleted_account_leaves_no_songs_behind(app, alice):
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
    with working(app):
        db.session.execute(sa.delete(User).where(User.id == alice.id))
    with app.app_context():
        owners = db.session.scalars(sa.select(actions.Song.user_id)).all()
    assert alice.id not in owners


def test_database_errors_contain_no_values(app):
    secret = "alice@example.org"
    with app.app_context(), pytest.raises(sa.exc.SQLAlchemyError) as caught:
        db.session.execute(sa.text("INSERT INTO nowhere VALUES (:value)"), {"value": secret})
    assert "example.org" not in str(caught.value)

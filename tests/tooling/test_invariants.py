"""The check at the end of every test notices what it is there for."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.invariants import assert_nothing_forgotten
from trackflow_web.achievements.models import UserAchievement, UserStats
from trackflow_web.domain.songs import actions as songs
from trackflow_web.kernel.database import db


def change(app, statement):
    """Change a row without events."""
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


@pytest.fixture
def alice_with_a_song(alice, work):
    with work():
        songs.add_song(alice.user, title="One", artist="Metallica")
    return alice


@pytest.mark.leaves_drift(reason="that is what is noticed")
def test_drift_of_a_counter_is_detected(app, alice_with_a_song):
    mine = UserStats.user_id == alice_with_a_song.id
    change(app, sa.update(UserStats).where(mine).values(total_songs=7))
    with pytest.raises(AssertionError, match="total_songs"):
        assert_nothing_forgotten(app)


@pytest.mark.leaves_drift(reason="that is what is noticed")
def test_a_missing_award_is_detected(app, alice_with_a_song):
    mine = UserAchievement.user_id == alice_with_a_song.id
    change(app, sa.delete(UserAchievement).where(mine))
    with pytest.raises(AssertionError, match="due but not granted"):
        assert_nothing_forgotten(app)


def test_the_noise_data_is_consistent(app):
    assert_nothing_forgotten(app)

"""Invariants after every test: no award is lost, duplicated or missed, and no counter is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.recheck.reconcile import find
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.collaborations.rules import State
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask


def assert_nothing_forgotten(app: Flask) -> None:
    """For every user, a full recheck grants nothing and corrects nothing."""
    with app.app_context():
        found = find(user_ids=None)
    assert not found.awards, f"due but not granted: {found.awards}"
    assert not found.completions, f"completed but not recorded: {found.completions}"
    assert not found.value_drift, f"distinct values differ from the songs: {found.value_drift}"
    assert not found.drift, f"counters differ from their source rows: {found.drift}"
    assert not found.period_drift, f"period counters differ from them: {found.period_drift}"
    assert not found.score_drift, f"leaderboard scores differ from them: {found.score_drift}"


def assert_collaborators_have_accepted(app: Flask) -> None:
    """No user collaborates on a song whose invitation is pending, declined or left."""
    with app.app_context():
        without = db.session.execute(
            sa.select(Invitation.song_id, Invitation.invitee_id, Invitation.state)
            .join(
                Collaboration,
                sa.and_(
                    Collaboration.song_id == Invitation.song_id,
                    Collaboration.user_id == Invitation.invitee_id,
                ),
            )
            .where(Invitation.state != State.ACCEPTED)
        ).all()
    assert not without, f"collaborators without a yes: {without}"

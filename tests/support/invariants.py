"""What holds after every test: no award is lost, duplicated or missed, and no counter is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.recheck.reconcile import find

if TYPE_CHECKING:
    from flask import Flask


def assert_nothing_forgotten(app: Flask) -> None:
    """For every user, a full recheck grants nothing and corrects nothing."""
    with app.app_context():
        found = find(user_ids=None)
    assert not found.awards, f"due but not granted: {found.awards}"
    assert not found.value_drift, f"distinct values differ from the songs: {found.value_drift}"
    assert not found.drift, f"counters differ from their source rows: {found.drift}"
    assert not found.period_drift, f"period counters differ from them: {found.period_drift}"

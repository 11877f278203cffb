"""How many users have a place: a large number is counted once a minute."""

from __future__ import annotations

from datetime import timedelta

from trackflow_web.achievements.standings import totals
from trackflow_web.achievements.standings.windows import Score, Span, window_of
from trackflow_web.kernel import clock


def test_a_large_number_is_kept_for_a_minute(app, monkeypatch):
    now = clock.now()
    window = window_of(Span.YEAR, now.date())
    counted = iter([totals.LEAST_KEPT, totals.LEAST_KEPT + 1])
    with app.app_context():
        found = []
        for seconds in (0, 59, 60):
            monkeypatch.setattr(totals.clock, "now", lambda: now + timedelta(seconds=seconds))  # noqa: B023 -- called at once
            found.append(totals.of(Score.PARTS, window, lambda: next(counted)))
    assert found == [totals.LEAST_KEPT, totals.LEAST_KEPT, totals.LEAST_KEPT + 1]


def test_a_small_number_is_counted_each_time(app):
    window = window_of(Span.WEEK, clock.now().date())
    counted = iter([4, 5])
    with app.app_context():
        found = [totals.of(Score.PARTS, window, lambda: next(counted)) for _ in range(2)]
    assert found == [4, 5]


def test_ranks_know_how_many_are_better_than_any_score():
    ranks = totals.Ranks.of([(3, 2), (9, 1), (1, 4)])
    better = {score: ranks.better_than(score) for score in (0, 1, 2, 3, 8, 9, 10)}
    assert better == {0: 7, 1: 3, 2: 3, 3: 1, 8: 1, 9: 0, 10: 0}


def test_ranks_are_counted_once_a_minute_and_only_for_a_large_number(app, monkeypatch):
    now = clock.now()
    window = window_of(Span.YEAR, now.date())
    counted = iter([[(1, 1)], [(1, 2)]])
    with app.app_context():
        args = Score.PARTS, window, totals.LEAST_KEPT
        found = []
        for seconds in (0, 59, 60):
            monkeypatch.setattr(totals.clock, "now", lambda: now + timedelta(seconds=seconds))  # noqa: B023 -- called at once
            found.append(totals.ranks(*args, lambda: next(counted)).better_than(0))
        small = totals.ranks(*args[:2], totals.LEAST_KEPT - 1, lambda: next(counted))
    assert found == [1, 1, 2]
    assert small is None

"""How often something may be done, counted where every process sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import parse

from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.errors import TooMany

pytestmark = pytest.mark.both_databases

THREE_A_MINUTE = parse("3/1 minute")


@pytest.fixture(autouse=True)
def _at_noon(app, clock):
    with app.app_context():
        yield


def claim(key="alice"):
    return rate_limits.hit("knocking", key, THREE_A_MINUTE)


def test_hits_above_the_limit_are_rejected():
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_the_wait_decreases_with_time(clock):
    [claim() for _ in range(3)]
    clock.move(seconds=45)
    assert claim() == 15


def test_the_count_restarts_after_the_window(clock):
    [claim() for _ in range(4)]
    clock.move(seconds=60)
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_the_wait_is_at_least_a_second(clock):
    [claim() for _ in range(3)]
    clock.move(seconds=59.9)
    assert claim() == 1


def test_each_user_has_a_separate_count():
    [claim("alice") for _ in range(4)]
    assert claim("bob") == 0


def test_two_limits_of_one_user_are_counted_separately():
    [claim("alice") for _ in range(4)]
    assert rate_limits.hit("ringing", "alice", THREE_A_MINUTE) == 0


def test_a_returned_hit_can_be_used_again():
    [claim() for _ in range(3)]
    rate_limits.undo_hit("knocking", "alice")
    assert [claim(), claim()] == [0, 60]


def test_returning_too_many_hits_does_not_raise_the_limit():
    for _ in range(5):
        rate_limits.undo_hit("knocking", "alice")
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_exceeding_the_limit_reports_the_wait():
    [claim() for _ in range(3)]
    with pytest.raises(TooMany, match="Slowly") as refusal:
        rate_limits.enforce("knocking", "alice", THREE_A_MINUTE, "Slowly.")
    assert refusal.value.retry_after == 60


def test_parallel_hits_never_exceed_the_limit(app):
    def knock(_number):
        with app.app_context():
            return claim()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(knock, range(24)))
    assert waits.count(0) == 3


def test_expired_windows_are_deleted(clock):
    claim("alice")
    clock.move(seconds=30)
    claim("bob")
    clock.move(seconds=30)
    assert rate_limits.forget_ended() == 1
    assert rate_limits.forget_ended() == 0

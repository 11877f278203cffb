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


def test_the_first_ones_are_free_and_the_next_one_waits():
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_the_wait_gets_shorter(clock):
    [claim() for _ in range(3)]
    clock.move(seconds=45)
    assert claim() == 15


def test_after_the_window_everything_begins_anew(clock):
    [claim() for _ in range(4)]
    clock.move(seconds=60)
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_waiting_is_at_least_a_second(clock):
    [claim() for _ in range(3)]
    clock.move(seconds=59.9)
    assert claim() == 1


def test_alice_does_not_use_up_what_is_bobs():
    [claim("alice") for _ in range(4)]
    assert claim("bob") == 0


def test_two_limits_of_one_person_are_counted_apart():
    [claim("alice") for _ in range(4)]
    assert rate_limits.hit("ringing", "alice", THREE_A_MINUTE) == 0


def test_what_is_given_back_can_be_used_again():
    [claim() for _ in range(3)]
    rate_limits.undo_hit("knocking", "alice")
    assert [claim(), claim()] == [0, 60]


def test_giving_back_too_much_earns_nothing():
    for _ in range(5):
        rate_limits.undo_hit("knocking", "alice")
    assert [claim() for _ in range(4)] == [0, 0, 0, 60]


def test_over_the_limit_one_is_told_how_long_to_wait():
    [claim() for _ in range(3)]
    with pytest.raises(TooMany, match="Slowly") as refusal:
        rate_limits.enforce("knocking", "alice", THREE_A_MINUTE, "Slowly.")
    assert refusal.value.retry_after == 60


def test_parallel_hits_never_pass_the_limit_together(app):
    def knock(_number):
        with app.app_context():
            return claim()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(knock, range(24)))
    assert waits.count(0) == 3


def test_counts_whose_window_ended_are_deleted(clock):
    claim("alice")
    clock.move(seconds=30)
    claim("bob")
    clock.move(seconds=30)
    assert rate_limits.forget_ended() == 1
    assert rate_limits.forget_ended() == 0

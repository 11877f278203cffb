"""The rules by which a soak is judged, and a short one."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import Wanted, soak
from tests.soak.load import Tally
from tests.soak.samples import family, percentile
from tests.soak.site import Place
from tests.soak.verdict import LIMITS, as_text, findings, slope

TIMES = [10.0 * number for number in range(360)]


def samples(name, values):
    return [{"second": second, name: value} for second, value in zip(TIMES, values, strict=True)]


def test_a_slope_is_the_growth_per_hour_with_its_error():
    straight = slope(TIMES, [5 + time / 3600 for time in TIMES])
    assert straight.growth == pytest.approx(1.0)
    assert straight.error == pytest.approx(0.0, abs=1e-6)
    restless = slope(TIMES, [5 + number % 2 for number in range(360)])
    assert abs(restless.growth) < 3 * restless.error


def test_nothing_follows_from_a_few_values():
    assert slope([1.0, 2.0], [1.0, 100.0]).error == float("inf")


def test_memory_that_grows_by_more_than_a_twentieth_an_hour_is_a_leak():
    for growth, is_wrong in ((20.0, True), (5.0, False), (-50.0, False)):
        values = [200 + growth * time / 3600 + number % 3 for number, time in enumerate(TIMES)]
        (found,) = findings(samples("web PSS MB", values))
        assert found.is_wrong == is_wrong, growth


def test_what_grows_in_the_first_half_only_is_no_leak():
    values = [min(number, 150) for number in range(360)]
    (found,) = findings(samples("web PSS MB", values))
    assert not found.is_wrong


def test_files_that_come_and_go_are_no_leak_and_those_that_stay_are():
    come_and_go = [50 + number * 7 % 11 for number in range(360)]
    (found,) = findings(samples("web files", come_and_go))
    assert not found.is_wrong
    (found,) = findings(samples("web files", [50 + number // 60 for number in range(360)]))
    assert found.is_wrong
    assert "grows" in as_text([found])


def test_a_log_may_not_exceed_its_most():
    (limit,) = [each for each in LIMITS if each.name == "WAL MB"]
    values = [limit.most + 1, *[10.0] * 359]
    (found,) = findings(samples("WAL MB", values))
    assert found.is_wrong


def test_percentiles_are_of_the_ordered_values():
    ordered = [float(number) for number in range(1, 101)]
    assert [percentile(ordered, share) for share in (0.5, 0.95, 0.99)] == [51, 96, 100]
    assert percentile([], 0.5) == 0


def test_a_503_is_no_failure_and_no_answer_is_one():
    tally = Tally()
    for status in (200, 503, 404):
        tally.note(status, 0.1, "")
    assert tally.failures == 0
    for status in (500, 0):
        tally.note(status, 0.1, "")
    assert tally.failures == 2
    assert tally.recent() == [0.1] * 5
    assert tally.recent() == []


def test_the_family_of_a_process_that_has_ended_is_empty():
    assert family(2**22 + 1) == []


@pytest.mark.stress
@pytest.mark.both_databases
def test_a_short_soak_is_clean(tmp_path, database_kind):
    tmp_path.chmod(0o711)
    wanted = Wanted(database_kind, seconds=20, calibrate=0, rate=2, every=2, people=8)
    outcome = soak(wanted, tmp_path, Place(None))
    assert not outcome.wrong
    assert not outcome.tally.failures, outcome.lines()
    assert outcome.tally.actions

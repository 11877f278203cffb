"""Long runs of generated requests in parts."""

from __future__ import annotations

import pytest


@pytest.mark.tools
def test_parts_of_a_long_run_add_up():
    from tests.fuzz.__main__ import Part, sums  # noqa: PLC0415 -- needs requirements-dev.txt
    from tests.fuzz.world import Tally  # noqa: PLC0415 -- needs requirements-dev.txt

    tally = Tally(requests=5, slowest=0.5)
    tally.statuses[200] = 4
    tally.failures["a 500"] = 1
    part = Part("sqlite", "api", tally, 2.0)
    (found,) = sums([part.to_json(), part.to_json()])
    assert (found.what, found.seconds, found.tally.requests) == ("sqlite, api", 4.0, 10)
    assert (found.tally.statuses[200], found.tally.failures["a 500"]) == (8, 2)
    assert found.tally.slowest == 0.5

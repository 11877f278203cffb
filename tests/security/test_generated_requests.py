"""Made-up requests: some for every route here, with `python -m tests.fuzz` any number of them."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.both_databases, pytest.mark.tools]

SEED = 2026


@pytest.fixture
def tally():
    from tests.fuzz.world import Tally  # noqa: PLC0415 -- needs requirements-dev.txt

    return Tally()


def test_hostile_requests_to_every_route_get_a_quick_response(databases, tally, sized):
    from tests.fuzz import routes  # noqa: PLC0415 -- needs requirements-dev.txt

    routes.send_to_each(databases, tally, sized(20, stress=60), SEED)
    assert not tally.failures
    # Nearly every route got as far as its fields: the requests are not all rejected at the door.
    far = [
        name for name, statuses in tally.reached.items() if min(statuses) < 400 or 422 in statuses
    ]
    assert len(far) > 0.9 * len(tally.reached) > 100


def test_generated_api_requests_conform_to_the_openapi_document(databases, tally, sized):
    from tests.fuzz import api  # noqa: PLC0415 -- needs requirements-dev.txt

    api.run(databases, tally, requests=sized(100, stress=10_000), first_seed=SEED)
    assert not tally.failures
    assert {200, 401, 404, 422} <= tally.statuses.keys()


@pytest.mark.stress
def test_generated_form_requests_cause_no_server_error(databases, tally):
    from tests.fuzz import forms  # noqa: PLC0415 -- needs requirements-dev.txt

    forms.run(databases, tally, requests=10_000, first_seed=SEED)
    assert not tally.failures
    assert {200, 303, 404, 422} <= tally.statuses.keys()

"""Requests that are made up: hundreds here, with `python -m tests.fuzz` as many as one likes."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.both_databases, pytest.mark.tools]

SEED = 2026


@pytest.fixture
def requests(sized):
    return sized(250, stress=10_000)


@pytest.fixture
def tally():
    from tests.fuzz.world import Tally  # noqa: PLC0415 -- needs requirements-dev.txt

    return Tally()


def test_generated_api_requests_conform_to_the_openapi_document(databases, tally, requests):
    from tests.fuzz import api  # noqa: PLC0415 -- needs requirements-dev.txt

    api.run(databases, tally, requests=requests, first_seed=SEED)
    assert not tally.failures
    assert {200, 201, 401, 404, 422} <= tally.statuses.keys()


def test_generated_form_requests_cause_no_server_error(databases, tally, requests):
    from tests.fuzz import forms  # noqa: PLC0415 -- needs requirements-dev.txt

    forms.run(databases, tally, requests=requests, first_seed=SEED)
    assert not tally.failures
    assert {200, 303, 404, 422} <= tally.statuses.keys()

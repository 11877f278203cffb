"""In these tests Alice, Bob and Charlie work without a browser."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def bob(app, bob):
    return Charter(app, bob)


@pytest.fixture
def charlie(app, charlie):
    return Charter(app, charlie)

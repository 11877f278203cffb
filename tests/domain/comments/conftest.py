"""A thread of Alice's."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk


@pytest.fixture
def talk(app, alice):
    """The thread on a pack of Alice's."""
    return Talk(app, alice)

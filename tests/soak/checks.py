"""What must hold in the end: a full recheck finds nothing, and nothing is half there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support import invariants
from tests.support.databases import close
from tests.support.settings import settings_for
from trackflow_web import composition, create_app
from trackflow_web.kernel.redelivery import redeliver

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = (
    invariants.assert_nothing_forgotten,
    invariants.assert_collaborators_have_accepted,
    invariants.assert_feed_is_as_rebuilt,
    invariants.assert_notifications_are_whole,
    invariants.assert_nothing_refers_to_what_is_gone,
)
LONGEST = 500


def wrong_in(url: str) -> list[str]:
    """Redeliver what is pending, and return what is wrong then."""
    app = create_app(settings_for(url))
    wrong: list[str] = []
    try:
        with app.app_context():
            while redeliver(composition.HANDLERS):
                pass
        for check in CHECKS:
            with _noted(wrong):
                check(app)
    finally:
        close(app)
    return wrong


@contextmanager
def _noted(wrong: list[str]) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        wrong.append(str(error)[:LONGEST])

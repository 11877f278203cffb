"""The job that re-encodes an uploaded picture: small, square, without metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.adapters import images
from trackflow_web.domain.people import avatars
from trackflow_web.domain.people.avatars import LARGE, SMALL
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools


def run(user_id: int, tools: Tools) -> None:
    """Encode the picture that a user has uploaded. May be repeated at any point.

    The attempt is counted first, because decoding may kill the worker.
    """
    with unit_of_work(tools.handlers):
        original = avatars.acquire(user_id)
    if original is None:
        return
    try:
        encoded = images.squares(original, (LARGE, SMALL))
    except images.Unreadable:
        with unit_of_work(tools.handlers):
            avatars.fail(user_id, original)
        return
    with unit_of_work(tools.handlers):
        avatars.finish(user_id, original, large=encoded[LARGE], small=encoded[SMALL])

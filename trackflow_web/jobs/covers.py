"""The job that re-encodes an uploaded cover: square, of two sizes, without metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.adapters import images
from trackflow_web.domain.covers import actions
from trackflow_web.domain.covers.actions import LARGE, SMALL
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Handler


def run(cover_id: int, handlers: Sequence[Handler]) -> None:
    """Encode an uploaded cover. May be repeated at any point.

    The attempt is counted first, because decoding may kill the worker.
    """
    with unit_of_work(handlers):
        original = actions.acquire(cover_id)
    if original is None:
        return
    try:
        encoded = images.squares(original, (LARGE, SMALL))
    except images.Unreadable:
        with unit_of_work(handlers):
            actions.fail(cover_id)
        return
    with unit_of_work(handlers):
        actions.finish(cover_id, large=encoded[LARGE], small=encoded[SMALL])

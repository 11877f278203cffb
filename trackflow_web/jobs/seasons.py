"""The job of seasons: count earlier work, tell users, close what is over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trackflow_web.achievements.recheck import seasons as counting
from trackflow_web.kernel.transactions import reading, unit_of_work
from trackflow_web.notifications import seasons as notices

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackflow_web.jobs.tools import Tools


def run(tools: Tools) -> None:
    """Do what is due; each slice is a unit of work, and may be repeated after a crash."""
    with reading():
        counted = counting.waiting()
    for season_id in counted:
        _until_done(tools, partial(counting.step, season_id))
    with reading():
        told = notices.due()
    for season_id, type_ in told:
        _until_done(tools, partial(notices.step, season_id, type_))
    with reading():
        is_due = counting.count_ended() > 0
    if is_due:
        with unit_of_work(tools.handlers):
            counting.close_ended()


def _until_done(tools: Tools, step: Callable[[], bool]) -> None:
    more = True
    while more:
        with unit_of_work(tools.handlers):
            more = step()

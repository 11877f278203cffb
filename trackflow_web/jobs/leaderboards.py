"""The job that closes periods of leaderboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.standings import finals
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools


def close_ended(tools: Tools) -> None:
    """Close what has ended, each period in its own unit of work, then delete its scores.

    A run that was killed is continued by the next one: what has scores is not done yet.
    """
    while True:
        with reading():
            ended = finals.next_ended()
        if ended is None:
            return
        with unit_of_work(tools.handlers):
            finals.close(*ended)
        more = True
        while more:
            with unit_of_work(tools.handlers):
                more = finals.delete_scores(*ended)

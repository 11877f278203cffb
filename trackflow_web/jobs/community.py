"""The jobs of the community: the past of the feed, weekly highlights, figures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trackflow_web.community import figures, highlights, rebuild
from trackflow_web.kernel import clock
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools

# Other jobs wait meanwhile; the next run goes on a minute later.
SECONDS_OF_REBUILDING = 20


def write_past_entries(tools: Tools) -> None:
    """Write the feed of what happened before there was one, some users at a time."""
    with reading():
        if not rebuild.is_waiting():
            return
    ends_at = time.monotonic() + SECONDS_OF_REBUILDING
    more = True
    while more and time.monotonic() < ends_at:
        with unit_of_work(tools.handlers):
            more = rebuild.step()


def choose_highlights(tools: Tools) -> None:
    """Choose for the weeks that are over, each in its own unit of work."""
    with reading():
        weeks = highlights.weeks_to_choose(clock.now())
    for week in weeks:
        with unit_of_work(tools.handlers):
            highlights.choose(week, newcomer_days=tools.newcomer_days)


def count_figures(tools: Tools) -> None:
    """Count again what is too old, each report in its own unit of work."""
    with reading():
        kinds = figures.due()
    for kind in kinds:
        with unit_of_work(tools.handlers):
            figures.make(kind)

"""The job that counts the holders of achievements in a large community."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trackflow_web.achievements.awards import holder_counting
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools


def run(tools: Tools) -> None:
    """Count what is due, each part in its own unit of work. It may be killed and repeated."""
    with reading():
        plan = holder_counting.plan()
    if plan is None:
        return
    with unit_of_work(tools.handlers):
        holder_counting.begin()
    began = time.monotonic()
    for ids in plan.parts:
        with reading():
            part = holder_counting.count(ids)
        with unit_of_work(tools.handlers):
            if not holder_counting.store(part):  # another worker counts, too
                return
    with unit_of_work(tools.handlers):
        holder_counting.end(plan, seconds=time.monotonic() - began)

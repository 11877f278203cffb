"""The job that reads uploaded chart files, song by song."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.chart_scans import actions
from trackflow_web.integrations.charts import scans
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools


def run(scan_id: int, tools: Tools) -> None:
    """Read what is still unread of a scan. May be repeated at any point, also concurrently.

    The attempt is counted first, because a file may kill the worker.
    """
    with unit_of_work(tools.handlers):
        if not actions.count_attempt(scan_id):
            return
    while True:
        with reading():
            song = scans.read(scan_id)
        if song is None:
            return
        report = scans.report_of(song)
        with unit_of_work(tools.handlers):
            actions.keep_report(song.scan_id, song.position, report)

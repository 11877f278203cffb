"""What is looked after again and again: nothing that was begun is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from trackflow_web.achievements.recheck import runs
from trackflow_web.domain.imports import pruning, queries
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.database import db
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.jobs.tools import Tools

log = structlog.get_logger()

IMPORTS_A_SWEEP = 100


def run(tools: Tools, start: Callable[[str, int], None], *, at_start: bool = False) -> None:
    """Start forsaken jobs again, announce unheard facts, forget ended limits and imports.

    `at_start`: nobody else can be at work, so whatever is unfinished has been forsaken. One part
    that fails leaves the others to be done.
    """
    for part in (
        lambda: _start(
            start, "import", queries.abandoned(IMPORTS_A_SWEEP, all_unfinished=at_start)
        ),
        lambda: _start(start, "recheck", runs.abandoned(all_unfinished=at_start)),
        lambda: redeliver(tools.handlers),
        rate_limits.forget_ended,
        lambda: _prune(tools),
    ):
        try:
            part()
        except Exception:
            log.exception("sweep_failed")
        finally:
            db.session.rollback()


def _prune(tools: Tools) -> None:
    with unit_of_work(tools.handlers):
        pruning.sweep()


def _start(start: Callable[[str, int], None], name: str, ids: Sequence[int]) -> None:
    db.session.rollback()  # the ids were read; a job begins with a transaction of its own
    for row_id in ids:
        start(name, row_id)

"""The job that rechecks everyone, from wherever it was cut off."""

from __future__ import annotations

import math
import secrets
import time
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.achievements.recheck import reconcile, runs
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.leases import LeaseLost
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.models import RecheckRun
    from trackflow_web.kernel.events import Handler

log = structlog.get_logger()

# Seconds between two chunks, in which other writers run: they poll SQLite's lock at this interval.
PAUSE = 0.1
# Users, and the seconds from which on a chunk is made smaller, or larger: others wait for it.
SMALLEST_CHUNK = 100
LONG, SHORT = 0.5, 0.2
# Seconds. After this long other jobs get their turn: imports, the sweep of every minute.
TURN = 10.0
FIRST_PAUSE_AFTER_FAILURE = 0.5

OUR_FAULT = "Something went wrong on our side; see the log."


def run(
    run_id: int,
    handlers: Sequence[Handler],
    *,
    take_over: bool = False,
    turn: float = TURN,
) -> bool:
    """Process a free run for one turn; return whether it needs another one.

    Running it twice or concurrently changes nothing: only the holder of the lease continues.
    """
    worker = secrets.token_hex(16)
    with unit_of_work(handlers):
        if not runs.acquire(run_id, worker, take_over=take_over):
            return False
    return work(run_id, worker, handlers, turn=turn)


def work(run_id: int, worker: str, handlers: Sequence[Handler], *, turn: float) -> bool:
    """Recheck the chunks of a leased run; return whether there is more to do."""
    until, users = time.monotonic() + turn, SMALLEST_CHUNK
    while True:
        begun = time.monotonic()
        try:
            with unit_of_work(handlers):
                run = runs.renew(run_id, worker)
                more = runs.step(run, users)
                ours = more and time.monotonic() < until
                if more and not ours:
                    runs.release(run)
        except LeaseLost:
            return False
        # Whatever a chunk fails with, it is tried again, a few times: a later one may go through.
        except Exception:
            log.exception("recheck_broke_off", run_id=run_id)
            if not _again(run_id, worker, handlers):
                return False
            continue
        failpoints.point(failpoints.Point.AFTER_CHUNK)
        if not ours:
            return more
        users = _next_chunk(users, time.monotonic() - begun)
        _let_others_write()


def _next_chunk(users: int, seconds: float) -> int:
    """Return the size of the next chunk from the duration of the last one."""
    if seconds > LONG:
        return max(users // 2, SMALLEST_CHUNK)
    return min(users * 2, reconcile.USERS_A_CHUNK) if seconds < SHORT else users


def _let_others_write() -> None:
    if db.engine.dialect.name == "sqlite":  # whose lock is for all that is written
        time.sleep(PAUSE)


def run_now(handlers: Sequence[Handler]) -> RecheckRun | None:
    """Recheck everyone immediately, as a command; return the finished run.

    None if another one is unfinished. Interrupting the command cancels the run.
    """
    worker = f"{runs.COMMANDS}{secrets.token_hex(8)}"
    with unit_of_work(handlers):
        run_id = runs.begin(worker=worker)
    if run_id is None:
        return None
    try:
        work(run_id, worker, handlers, turn=math.inf)
    except KeyboardInterrupt:
        with unit_of_work(handlers):
            runs.cancel(run_id)
        raise
    return runs.find(run_id)


def _again(run_id: int, worker: str, handlers: Sequence[Handler]) -> bool:
    """Record the failure and wait briefly. If that fails too, maintenance continues the run."""
    try:
        with unit_of_work(handlers):
            run = runs.renew(run_id, worker)
            again, attempts = runs.note_failure(run, OUR_FAULT), run.attempts
    except LeaseLost:
        return False
    except SQLAlchemyError:
        log.exception("recheck_failure_not_noted", run_id=run_id)
        return False
    if again:
        time.sleep(FIRST_PAUSE_AFTER_FAILURE * 2 ** (attempts - 1))
    return again

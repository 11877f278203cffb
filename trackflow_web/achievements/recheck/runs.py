"""Runs of a recheck of everyone: one at a time, chunk by chunk, resumed after a crash.

The row of the run is the lock: only one can be unfinished. A worker leases it (`kernel.leases`);
every chunk is a separate transaction that renews the lease and stores the progress, so that a kill
costs at most one chunk, which is then repeated.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.models import UNFINISHED_RUNS, RecheckRun, RunState
from trackflow_web.achievements.recheck import reconcile
from trackflow_web.achievements.recheck.result import RecheckResult
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, leases
from trackflow_web.kernel.database import db, get_for_update, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYONE = "everyone"
RUNS_SHOWN = 20
# Recorded as the starter where that was no administrator.
COMMAND = "a command"
# Prefix of workers that are commands: a starting web server does not take over their run.
COMMANDS = "command:"
# A chunk may take longer: its transaction locks the row meanwhile.
LEASE_LASTS = timedelta(seconds=20)
CUT_OFF = "It was cut off."
# Consecutive failures without a finished chunk.
MOST_ATTEMPTS = 5


def result_of(run: RecheckRun) -> RecheckResult:
    """Return what a run has done so far."""
    return RecheckResult(users=run.users, awards=run.awards, corrections=run.drift)


def add_result(run: RecheckRun, result: RecheckResult) -> None:
    """Add to what a run has done."""
    run.users += result.users
    run.awards += result.awards
    run.drift += result.corrections


def begin(admin: User | None = None, *, worker: str = "") -> int | None:
    """Add a run for everyone, leased by this worker if one is named; return its id.

    Return None while another run is unfinished. With a worker, a run whose lease has expired counts
    as failed, and the new one starts from the beginning.
    """
    now = clock.now()
    if worker:
        db.session.execute(
            sa.update(RecheckRun)
            .where(RecheckRun.state == RunState.RUNNING, leases.has_expired(RecheckRun))
            .values(state=RunState.FAILED, worker="", error=CUT_OFF, ended_at=now)
        )
    return db.session.scalar(
        upsert(RecheckRun)
        .values(
            admin_id=admin.id if admin else None,
            admin_name=admin.username if admin else COMMAND,
            target=EVERYONE,
            at=now,
            state=RunState.RUNNING if worker else RunState.WAITING,
            total=count_users(),
            last_user_id=0,
            users=0,
            awards=0,
            drift=0,
            error="",
            attempts=0,
            worker=worker,
            held_until=now + LEASE_LASTS if worker else None,
            started_at=now if worker else None,
        )
        .on_conflict_do_nothing()
        .returning(RecheckRun.id)
    )


def start_over(run_id: int) -> bool:
    """Let an unfinished run recheck everyone again; return False if it had ended.

    For a change of the catalogue: users whom it has passed may be due something by it.
    """
    run = get_for_update(RecheckRun, run_id)
    if run is None or not run.is_unfinished:
        return False
    run.last_user_id, run.total = 0, run.users + count_users()
    return True


def acquire(run_id: int, worker: str, *, take_over: bool = False) -> bool:
    """Acquire a run that waits; return whether the worker has it now."""
    return leases.acquire(
        RecheckRun,
        run_id,
        worker,
        RecheckRun.state.in_(UNFINISHED_RUNS),
        lasts=LEASE_LASTS,
        take_over=take_over,
        state=RunState.RUNNING,
        started_at=sa.func.coalesce(RecheckRun.started_at, clock.now()),
    )


def renew(run_id: int, worker: str) -> RecheckRun:
    """Extend the lease; return the run, locked until the commit. Raises LeaseLost."""
    return leases.renew(RecheckRun, run_id, worker, lasts=LEASE_LASTS)


def step(run: RecheckRun, users: int) -> bool:
    """Recheck the next `users` users of a leased run; return whether there are more."""
    users = min(users, reconcile.USERS_A_CHUNK)
    chunk = db.session.scalars(
        sa.select(User.id).where(User.id > run.last_user_id).order_by(User.id).limit(users)
    ).all()
    if chunk:
        add_result(run, reconcile.reconcile_chunk(chunk).result)
        run.last_user_id, run.attempts, run.error = chunk[-1], 0, ""
    if len(chunk) == users:
        return True
    _end(run, RunState.DONE)
    return False


def release(run: RecheckRun) -> None:
    """End the lease of a run, so that any worker may resume it."""
    run.state = RunState.WAITING
    leases.release(run)


def note_failure(run: RecheckRun, why: str) -> bool:
    """Record a failed chunk; return whether to retry. Too many failures end the run."""
    run.attempts, run.error = run.attempts + 1, why
    if run.attempts < MOST_ATTEMPTS:
        return True
    _end(run, RunState.FAILED)
    return False


def cancel(run_id: int) -> bool:
    """Stop a run after its current chunk, keeping its results; return False if it had ended."""
    run = get_for_update(RecheckRun, run_id)
    if run is None or not run.is_unfinished:
        return False
    _end(run, RunState.CANCELLED)
    return True


def _end(run: RecheckRun, state: RunState) -> None:
    run.state, run.ended_at = state, clock.now()
    leases.release(run)


# --- reading -----------------------------------------------------------------------------------


def find(run_id: int) -> RecheckRun | None:
    """Return the run with this id, as it is now."""
    return db.session.get(RecheckRun, run_id, populate_existing=True)


def unfinished() -> RecheckRun | None:
    """Return the run that is waiting or running."""
    return db.session.scalar(sa.select(RecheckRun).where(RecheckRun.state.in_(UNFINISHED_RUNS)))


def latest() -> RecheckRun | None:
    """Return the newest run that is or was a job."""
    return db.session.scalar(
        sa.select(RecheckRun)
        .where(RecheckRun.total.is_not(None))
        .order_by(RecheckRun.id.desc())
        .limit(1)
    )


def ended() -> Sequence[RecheckRun]:
    """Return the latest runs that have ended, newest first."""
    return db.session.scalars(
        sa.select(RecheckRun)
        .where(RecheckRun.state.not_in(UNFINISHED_RUNS))
        .order_by(RecheckRun.id.desc())
        .limit(RUNS_SHOWN)
    ).all()


def abandoned(*, all_unfinished: bool = False) -> Sequence[int]:
    """Return the ids of unfinished runs without a valid lease, or all that no command works on."""
    free = leases.is_free(RecheckRun)
    if all_unfinished:
        free = sa.or_(free, ~RecheckRun.worker.startswith(COMMANDS))
    return db.session.scalars(
        sa.select(RecheckRun.id).where(RecheckRun.state.in_(UNFINISHED_RUNS), free)
    ).all()


def count_users() -> int:
    """Return how many users a recheck of everyone has; the banned are included."""
    return db.session.scalar(sa.select(sa.func.count(User.id))) or 0

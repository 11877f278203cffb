"""A recheck of everyone, chunk by chunk: one at a time, and begun again where it was cut off.

The row of the run is the lock: only one can be unfinished. A worker leases it (`kernel.leases`);
every chunk is a separate transaction that renews the lease and stores how far it came. So a kill
costs at most one chunk, which is then done again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.models import UNFINISHED_RUNS, RecheckRun, RunState
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, leases
from trackflow_web.kernel.database import db, get_for_update, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.recheck.reconcile import Plan

EVERYONE = "everyone"
# Who began it, where that was no administrator on a page.
COMMAND = "a command"
# Workers that are commands: the start of a web server does not take their run away.
COMMANDS = "command:"
# So long a worker may say nothing before it is given up for dead. The longest chunk may take longer
# all the same: while it lasts its transaction holds the row.
LEASE_LASTS = timedelta(seconds=20)
CUT_OFF = "It was cut off."
# Failures in a row without a chunk in between.
MOST_ATTEMPTS = 5


def figures(found: Plan) -> tuple[int, int, int]:
    """Users looked at, awards given, numbers corrected."""
    return found.users, len(found.awards), found.corrections


def begin(admin: User | None = None, *, worker: str = "") -> int | None:
    """Note that everyone is to be rechecked, by this worker if one is named.

    Gives the run's id; None while another one is unfinished. One whose worker died leaves the way
    to a new one free, which begins at the beginning.
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
    """Recheck the next so many users of a run that is held; gives whether there is more to do."""
    users = min(users, recheck.USERS_A_CHUNK)
    chunk = db.session.scalars(
        sa.select(User.id).where(User.id > run.last_user_id).order_by(User.id).limit(users)
    ).all()
    if chunk:
        looked_at, awards, drift = figures(recheck.recheck_chunk(chunk))
        run.users += looked_at
        run.awards += awards
        run.drift += drift
        run.last_user_id, run.attempts, run.error = chunk[-1], 0, ""
    if len(chunk) == users:
        return True
    _end(run, RunState.DONE)
    return False


def release(run: RecheckRun) -> None:
    """Leave a run that is held to whoever takes it up next."""
    run.state = RunState.WAITING
    leases.release(run)


def note_failure(run: RecheckRun, why: str) -> bool:
    """A chunk failed: gives whether it may be tried again; after too many times the run ends."""
    run.attempts, run.error = run.attempts + 1, why
    if run.attempts < MOST_ATTEMPTS:
        return True
    _end(run, RunState.FAILED)
    return False


def cancel(run_id: int) -> bool:
    """Stop a run after the chunk that is being done; what was done stays. False: it had ended."""
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
    """The run with this id, as it is now."""
    return db.session.get(RecheckRun, run_id, populate_existing=True)


def unfinished() -> RecheckRun | None:
    """The one that is waiting or under way."""
    return db.session.scalar(sa.select(RecheckRun).where(RecheckRun.state.in_(UNFINISHED_RUNS)))


def latest() -> RecheckRun | None:
    """The newest one of everyone that was a job, ended or not."""
    return db.session.scalar(
        sa.select(RecheckRun)
        .where(RecheckRun.total.is_not(None))
        .order_by(RecheckRun.id.desc())
        .limit(1)
    )


def abandoned(*, all_unfinished: bool = False) -> Sequence[int]:
    """The ids of runs that nobody works on; or of all that are not a command's at this moment."""
    free = leases.is_free(RecheckRun)
    if all_unfinished:
        free = sa.or_(free, ~RecheckRun.worker.startswith(COMMANDS))
    return db.session.scalars(
        sa.select(RecheckRun.id).where(RecheckRun.state.in_(UNFINISHED_RUNS), free)
    ).all()


def count_users() -> int:
    """How many people a recheck of everyone looks at; the banned too."""
    return db.session.scalar(sa.select(sa.func.count(User.id))) or 0

"""Starting a recheck, as an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements.models import RecheckRun
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.domain.people import queries
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.achievements.recheck.result import RecheckResult
    from trackflow_web.domain.people.models import User

# The number of users up to which a recheck runs within the request, not in a job.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Started:
    """The run of a recheck; not `is_new` when an unfinished one of everyone was found instead."""

    run: RecheckRun
    is_new: bool

    @property
    def result(self) -> RecheckResult:
        """Return what the run has done so far."""
        return runs.result_of(self.run)


def user_ids_named(name: object) -> list[int] | None:
    """Return the id of the user with this name as a list; None, meaning everyone, when empty.

    Raise Invalid naming `user` if there is no such user.
    """
    typed = text.line(name, "user", longest=200, required=False)
    if not typed:
        return None
    user = queries.find_by_typed_name(typed)
    if user is None:
        raise Invalid(user="No user with that name.")
    return [user.id]


def start_recheck(admin: User, name: object) -> Started:
    """Recheck one user or (empty name) everyone, and store the administrator and the result.

    One user, and everyone of a small community, are rechecked at once; for more users the run waits
    for a job. Raise Invalid naming `user` if there is no such user.
    """
    user_ids = user_ids_named(name)
    if user_ids is None:
        unfinished = runs.unfinished()
        if unfinished is not None:
            return Started(unfinished, is_new=False)
        if runs.count_users() > MOST_AT_ONCE:
            return _add_run(admin)
    result = reconcile_users(user_ids).result
    target = queries.find_user(user_ids[0]) if user_ids else None
    now = clock.now()
    run = RecheckRun(
        admin_id=admin.id,
        admin_name=admin.username,
        target=target.username if target else runs.EVERYONE,
        at=now,
        started_at=now,
        ended_at=now,
        users=result.users,
        awards=result.awards,
        drift=result.corrections,
    )
    db.session.add(run)
    db.session.flush()  # the response redirects to its id
    return Started(run, is_new=True)


def recheck_after_change(admin: User) -> RecheckRun:
    """Return the run that rechecks everyone after a change of the catalogue, in a job.

    A run that is under way begins again.
    """
    run_id = runs.begin(admin)
    run = runs.unfinished() if run_id is None else runs.find(run_id)
    if run is None or (run_id is None and not runs.start_over(run.id)):
        return recheck_after_change(admin)  # the unfinished one ended just now
    return run


def _add_run(admin: User) -> Started:
    run_id = runs.begin(admin)
    run = runs.unfinished() if run_id is None else runs.find(run_id)
    if run is None:  # the unfinished one ended just now
        return _add_run(admin)
    return Started(run, is_new=run_id is not None)

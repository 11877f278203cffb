"""What administrators do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements.models import RecheckRun
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.recheck import runs
from trackflow_web.domain.people import queries
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

# People. So many are rechecked while the administrator waits, more by a job.
MOST_AT_ONCE = 500


def user_ids_named(name: object) -> list[int] | None:
    """The user with this name as a list of one; None, meaning everyone, for an empty name.

    Raises Invalid naming `user`.
    """
    typed = text.line(name, "user", longest=200, required=False)
    if not typed:
        return None
    user = queries.find_by_typed_name(typed)
    if user is None:
        raise Invalid(user="There is nobody of this name.")
    return [user.id]


@dataclass(frozen=True)
class Asked:
    """What came of asking for a recheck; not `begun`: another one of everyone is unfinished."""

    run: RecheckRun
    begun: bool


def ask_for_recheck(admin: User, name: object) -> Asked:
    """Recheck one user or (empty name) everyone, and keep who asked and what came of it.

    One user, and everyone of a small community, are rechecked here and now; for more people the run
    waits to be started as a job. Raises Invalid naming `user`.
    """
    user_ids = user_ids_named(name)
    if user_ids is None:
        unfinished = runs.unfinished()
        if unfinished is not None:
            return Asked(unfinished, begun=False)
        if runs.count_users() > MOST_AT_ONCE:
            return _begin(admin)
    users, awards, drift = runs.figures(recheck.recheck(user_ids))
    target = queries.find_user(user_ids[0]) if user_ids else None
    now = clock.now()
    run = RecheckRun(
        admin_id=admin.id,
        admin_name=admin.username,
        target=target.username if target else runs.EVERYONE,
        at=now,
        started_at=now,
        ended_at=now,
        users=users,
        awards=awards,
        drift=drift,
    )
    db.session.add(run)
    db.session.flush()  # the response redirects to its id
    return Asked(run, begun=True)


def _begin(admin: User) -> Asked:
    run_id = runs.begin(admin)
    run = runs.unfinished() if run_id is None else runs.find(run_id)
    if run is None:  # somebody else's ended this very moment
        return _begin(admin)
    return Asked(run, begun=run_id is not None)

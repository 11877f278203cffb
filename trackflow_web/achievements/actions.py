"""What administrators do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements import recheck
from trackflow_web.achievements.models import RecheckRun
from trackflow_web.domain.people import queries, rules
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.achievements.recheck import Plan
    from trackflow_web.domain.people.models import User

EVERYONE = "everyone"


def user_ids_named(name: object) -> list[int] | None:
    """The user with this name as a list of one; None, meaning everyone, for an empty name.

    Raises Invalid naming `user`.
    """
    typed = text.line(name, "user", longest=200, required=False)
    if not typed:
        return None
    try:
        user = queries.find_by_username(rules.username(typed, reserved_too=True))
    except Invalid:
        user = None
    if user is None:
        raise Invalid(user="There is nobody of this name.")
    return [user.id]


def run_recheck(admin: User, name: object) -> Plan:
    """Recheck one user or (empty name) everyone, and keep who did so and what came of it."""
    user_ids = user_ids_named(name)
    done = recheck.recheck(user_ids)
    target = queries.find_user(user_ids[0]) if user_ids else None
    db.session.add(
        RecheckRun(
            admin_id=admin.id,
            admin_name=admin.username,
            target=target.username if target else EVERYONE,
            at=clock.now(),
            users=done.users,
            awards=len(done.awards),
            drift=done.corrections,
        )
    )
    return done

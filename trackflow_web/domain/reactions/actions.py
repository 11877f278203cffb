"""Reacting. A reaction is set, never toggled: what is so already stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.reactions import rules
from trackflow_web.domain.reactions.events import Reacted, ReactionRemoved
from trackflow_web.domain.reactions.models import REMOVED, Reaction
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.subjects import Subject
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from limits import RateLimitItem

    from trackflow_web.domain.people.models import User

TOO_MANY = "You're reacting very often. Try again later."
OWN = "You can't react to something of your own."


def react(
    user: User, subject: Subject, kind: Kind | None, *, limits: Sequence[RateLimitItem]
) -> None:
    """Set the user's reaction to a subject that they may see; None takes it back.

    Raises Invalid naming `subject`, TooMany.
    """
    if subject.owner_id == user.id:
        raise Invalid(subject=OWN)
    key = (user.id, subject.type, subject.id)
    before = db.session.get(Reaction, key)
    if (before.kind if before else None) == kind:
        return
    # The user's other reactions wait here for this one.
    rate_limits.enforce_all_within("reactions", str(user.id), limits, TOO_MANY)
    before = get_for_update(Reaction, key)
    had = before.kind if before else None
    if had == kind:
        return
    is_told = (
        kind is not None
        and had is None
        and rules.is_told(before.told_at if before else None, clock.now())
    )
    if before is None:
        before = Reaction(user_id=user.id, subject_type=subject.type, subject_id=subject.id)
        db.session.add(before)
    before.kind, before.changed_at = kind, clock.now()
    if is_told:
        before.told_at = before.changed_at
    db.session.flush()
    payload = (
        ReactionRemoved(owner_id=subject.owner_id)
        if kind is None
        else Reacted(kind=kind, owner_id=subject.owner_id, is_told=is_told)
    )
    record(payload, user_id=user.id, subject_type=subject.type, subject_id=subject.id)


def prune() -> None:
    """Delete reactions that were taken back long enough ago to be told of again."""
    db.session.execute(
        sa.delete(Reaction)
        .where(REMOVED, Reaction.changed_at <= clock.now() - rules.TOLD_ONCE_IN)
        .execution_options(synchronize_session=False)
    )

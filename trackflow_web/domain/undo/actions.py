"""Keeping steps, undoing them once, and forgetting them."""

from __future__ import annotations

import secrets
from datetime import timedelta

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.undo import reversals, steps
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.domain.undo.reversals import Undone
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import NotFound

# Long enough to notice a mistake; a copy of what was deleted is kept no longer.
LASTS = timedelta(minutes=10)
TOKEN_BYTES = 16
LONGEST_TOKEN = 32
TOO_LATE = "This can no longer be undone."


def keep(user: User, step: steps.Step) -> str:
    """Keep a step of the user's action; return the token that undoes it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.session.add(
        UndoStep(
            user_id=user.id,
            token=token,
            kind=steps.name_of(step),
            data=steps.encode(step),
            created_at=clock.now(),
        )
    )
    db.session.flush()
    return token


def undo(user: User, token: str) -> Undone:
    """Undo a step of the user; the second time it changes nothing.

    What others or the user have changed since stays. Raises NotFound for a token of nobody or of
    somebody else, and for one that is too old.
    """
    kept = _find(user, token)
    if kept is None or kept.created_at <= clock.now() - LASTS:
        raise NotFound(TOO_LATE)
    step = steps.decode(kept.kind, kept.data)
    if kept.undone_at is not None:
        return Undone(kind=kept.kind, changed=0, is_repeated=True)
    kept.undone_at = clock.now()
    return reversals.reverse(step, user, since=kept.created_at)


def prune() -> None:
    """Delete the steps that are too old to be undone."""
    db.session.execute(sa.delete(UndoStep).where(UndoStep.created_at <= clock.now() - LASTS))


def _find(user: User, token: str) -> UndoStep | None:
    if len(token) > LONGEST_TOKEN:
        return None
    return db.session.scalar(
        sa.select(UndoStep)
        .where(UndoStep.user_id == user.id, UndoStep.token == token)
        .with_for_update()
    )

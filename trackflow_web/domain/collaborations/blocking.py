"""The handler that ends invitations between two users when one blocks the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.collaborations.invitations import record_withdrawn
from trackflow_web.domain.collaborations.models import Invitation
from trackflow_web.domain.collaborations.rules import State
from trackflow_web.domain.relations.events import UserBlocked
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Event


def handle(recorded: Sequence[Event]) -> None:
    """Withdraw what is pending between the two; collaborations go on."""
    for event in recorded:
        if isinstance(event.payload, UserBlocked):
            _withdraw_between(event.user_id, event.subject_id)


def _withdraw_between(user_id: int, person_id: int) -> None:
    both = (user_id, person_id)
    gone = db.session.execute(
        sa.delete(Invitation)
        .where(
            Invitation.inviter_id.in_(both),
            Invitation.invitee_id.in_(both),
            Invitation.state == State.PENDING,
        )
        .returning(
            Invitation.id,
            Invitation.inviter_id,
            Invitation.invitee_id,
            Invitation.song_id,
            Invitation.pack_id,
        )
        .execution_options(synchronize_session="fetch")
    ).all()
    for row in gone:
        record_withdrawn(Invitation(**row._mapping))  # noqa: SLF001 -- the columns by their names

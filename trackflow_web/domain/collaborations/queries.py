"""Reading who helps with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence


def helps(user_id: int, song_id: int) -> bool:
    """Return whether this user is a collaborator on this song."""
    found = sa.select(sa.literal(1)).where(
        Collaboration.song_id == song_id, Collaboration.user_id == user_id
    )
    return db.session.scalar(found) is not None


def helpers_of(song_id: int) -> Sequence[User]:
    """Return the collaborators on a song, by name."""
    return db.session.scalars(
        sa.select(User)
        .join(Collaboration, Collaboration.user_id == User.id)
        .where(Collaboration.song_id == song_id)
        .order_by(User.username)
    ).all()


def song_ids_of(user_id: int) -> sa.Select[int]:
    """Return a SELECT of the ids of songs of others on which the user is a collaborator."""
    return sa.select(Collaboration.song_id).where(Collaboration.user_id == user_id)

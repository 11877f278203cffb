"""Released songs as subjects of reactions and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held, not_held_from, visible_to

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer


def releases(viewer: Viewer, *, blocked_too: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the releases that a viewer may see."""
    return (
        sa.select(Song.id, Song.user_id.label("owner_id"), User.username, Song.title.label("name"))
        .join(User, User.id == Song.user_id)
        .where(
            Song.status == Status.RELEASED,
            visible_to(viewer, blocked_too=blocked_too),
            not_held_from(viewer, Held.RELEASE, Song.id, Song.user_id),
        )
    )

"""Packs as subjects of reactions and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import Held, not_held_from, visible_to

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer


def packs(viewer: Viewer, *, blocked_too: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the packs that a viewer may see."""
    return (
        sa.select(Pack.id, Pack.user_id.label("owner_id"), User.username, Pack.name.label("name"))
        .join(User, User.id == Pack.user_id)
        .where(
            visible_to(viewer, blocked_too=blocked_too),
            not_held_from(viewer, Held.PACK, Pack.id, Pack.user_id),
        )
    )

"""Packs as subjects of reactions and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held, not_held_from, visible_to

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer


def packs(viewer: Viewer, *, blocked_too: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the packs that a viewer may see.

    Others than the owner see a page of them only once something in them is released.
    """
    released = sa.exists().where(
        Song.pack_id == Pack.id,
        Song.status == Status.RELEASED,
        not_held_from(viewer, Held.RELEASE, Song.id, Song.user_id),
    )
    has_page: sa.ColumnElement[bool] = released.correlate(Pack)
    if viewer is not None:
        has_page = sa.or_(has_page, Pack.user_id == viewer)
    return (
        sa.select(
            Pack.id,
            Pack.user_id.label("owner_id"),
            User.username,
            Pack.name.label("name"),
            has_page.label("has_page"),
        )
        .join(User, User.id == Pack.user_id)
        .where(
            visible_to(viewer, blocked_too=blocked_too),
            not_held_from(viewer, Held.PACK, Pack.id, Pack.user_id),
        )
    )

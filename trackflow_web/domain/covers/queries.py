"""Covers that a viewer may see."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.covers.actions import LARGE
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility.conditions import not_held, visible_to
from trackflow_web.kernel.database import db


def find_visible_cover(digest: str, size: int, viewer_id: int | None) -> tuple[bytes, bool] | None:
    """Return a cover, and whether everyone may see it, if the viewer sees what it belongs to.

    That is a release or a pack of a visible user, and whatever the viewer works on.
    """
    content = Cover.large if size == LARGE else Cover.small
    is_release = sa.and_(Song.status == Status.RELEASED, not_held("release", Song.id))
    is_shown_pack = not_held("pack", Pack.id)
    helped = sa.select(Collaboration.song_id).where(
        Collaboration.song_id == Song.id, Collaboration.user_id == viewer_id
    )
    own = User.id == viewer_id
    songs = (
        sa.select(content.label("content"), _for_everyone(is_release))
        .join(Song, sa.and_(Song.cover == Cover.digest, Song.user_id == Cover.user_id))
        .join(User, User.id == Song.user_id)
        .where(
            Cover.digest == digest,
            sa.or_(own, sa.and_(is_release, visible_to(viewer_id)), helped.exists()),
        )
    )
    packs = (
        sa.select(content.label("content"), _for_everyone(is_shown_pack))
        .join(Pack, sa.and_(Pack.cover == Cover.digest, Pack.user_id == Cover.user_id))
        .join(User, User.id == Pack.user_id)
        .where(Cover.digest == digest, sa.or_(own, sa.and_(is_shown_pack, visible_to(viewer_id))))
    )
    for found in (songs, packs):
        row = db.session.execute(found.order_by(sa.desc("is_public")).limit(1)).one_or_none()
        if row is not None:
            return row.content, bool(row.is_public)
    return None


def _for_everyone(is_shown: sa.ColumnElement[bool]) -> sa.Label[bool]:
    """Return whether visitors see what is shown: a copy of it may be kept for all of them."""
    return sa.and_(is_shown, visible_to(None)).label("is_public")


def upload_state(*, song_id: int | None = None, pack_id: int | None = None) -> str:
    """Return what became of the last upload for a song or a pack: `waiting`, `failed`, or empty."""
    column, value = (Cover.song_id, song_id) if song_id is not None else (Cover.pack_id, pack_id)
    row = db.session.execute(
        sa.select(Cover.original.is_not(None), Cover.failed)
        .where(column == value)
        .order_by(Cover.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return ""
    return "waiting" if row[0] else "failed" if row[1] else ""

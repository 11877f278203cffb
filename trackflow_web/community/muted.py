"""Which entries and subjects a viewer does not want to hear of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.community.models import FeedEntry, Kind
from trackflow_web.domain.relations.models import Muted
from trackflow_web.domain.relations.muting import is_artist_muted_by, is_muted_by
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song

if TYPE_CHECKING:
    from trackflow_web.domain.visibility.conditions import Viewer

_FEED: Any = FeedEntry.__table__


def is_entry_muted(viewer_id: Viewer | None) -> sa.ColumnElement[bool]:
    """Return the condition for entries whose user or newest subject the viewer has muted."""
    kind, subject_id = _FEED.c.kind, _FEED.c.subject_id
    song = sa.select(is_song_muted(viewer_id)).where(Song.id == subject_id)
    is_album_muted = is_artist_muted_by(viewer_id, Series.artist_key)
    album = sa.select(is_album_muted).where(Series.id == subject_id)
    return sa.or_(
        is_muted_by(viewer_id, Muted.PERSON, _FEED.c.user_id),
        sa.and_(kind == Kind.RELEASE, is_true(song)),
        sa.and_(kind == Kind.PACK, is_muted_by(viewer_id, Muted.PACK, subject_id)),
        sa.and_(kind == Kind.SERIES, is_true(album)),
    )


def is_true(answer: sa.Select[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that the one row there may be says yes.

    For an EXISTS PostgreSQL would look at all songs first, and keep those that are muted.
    """
    found = answer.correlate(_FEED).scalar_subquery()
    return sa.func.coalesce(found, sa.false(), type_=sa.Boolean())


def is_song_muted(viewer_id: Viewer | None) -> sa.ColumnElement[bool]:
    """Return the condition for songs that the viewer has muted, by artist or pack too."""
    return sa.or_(
        is_muted_by(viewer_id, Muted.SONG, Song.id),
        is_muted_by(viewer_id, Muted.PACK, Song.pack_id),
        is_artist_muted_by(viewer_id, Song.artist_key),
    )

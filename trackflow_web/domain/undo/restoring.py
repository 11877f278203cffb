"""Restoring deleted songs with all that belonged to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.row_limits import LimitReached, RowLimit, hold, room
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import queries
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.undo import snapshots
from trackflow_web.kernel.database import Base, db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.undo.steps import Deleted

Row = dict[str, Any]
# These have events of their own.
COLLABORATIONS = Collaboration.__tablename__
USERS = User.__tablename__


def restore(kept: Sequence[Deleted], owner: User, since: datetime) -> list[Song]:
    """Restore songs that were deleted at `since`; return them.

    A song gets its old id unless another song has it, and is another version where the owner has
    added the same song since. What refers to a row that is gone stays away.
    Raises LimitReached.
    """
    hold(owner.id)
    if room(RowLimit.SONGS, Song.user_id == owner.id) < len(kept):
        raise LimitReached(RowLimit.SONGS)
    gone = {**snapshots.dangling(kept, since), (USERS, owner.id): False}
    return [_restore(each, owner, gone) for each in sorted(kept, key=lambda each: each.song_id)]


def _restore(kept: Deleted, owner: User, gone: Mapping[tuple[str, int], bool]) -> Song:
    song = _insert_song(kept, owner, gone)
    for table in snapshots.child_tables():
        for row in kept.rows.get(table.name, []):
            whole = snapshots.without_dangling(table.name, row, gone)
            if whole is not None and table.name != COLLABORATIONS:
                _insert(table, whole, song.id)
    snapshots.relink(kept.links, song.id)
    songs.record_restored(song, owner)
    for row in kept.rows.get(COLLABORATIONS, []):
        _restore_collaborator(song, row, gone)
    return song


def _insert_song(kept: Deleted, owner: User, gone: Mapping[tuple[str, int], bool]) -> Song:
    table = Base.metadata.tables[snapshots.SONGS]
    row = snapshots.without_dangling(table.name, kept.rows[table.name][0], gone) or {}
    values = snapshots.values_of(table, row)
    if db.session.scalar(sa.select(Song.id).where(Song.id == kept.song_id)) is not None:
        del values["id"]
    same = (owner.id, values["artist_key"], values["title_key"])
    if queries.has_version(*same, values["version"]):
        values["version"] = queries.next_version(*same)
    song_id = db.session.scalar(sa.insert(table).values(values).returning(table.c.id))
    return db.session.get_one(Song, song_id, populate_existing=True)


def _insert(table: sa.Table, row: Row, song_id: int) -> None:
    """Insert a row that belongs to the song; with another id where its own is taken."""
    values = snapshots.values_of(table, row) | {"song_id": song_id}
    if "id" in values:
        taken = sa.select(table.c.id).where(table.c.id == values["id"])
        if db.session.scalar(taken) is not None:
            del values["id"]
    db.session.execute(sa.insert(table).values(values))


def _restore_collaborator(song: Song, row: Row, gone: Mapping[tuple[str, int], bool]) -> None:
    user = None if gone.get((USERS, row["user_id"])) else db.session.get(User, row["user_id"])
    if user is not None and user.banned_at is None:
        collaborations.add(
            song_id=song.id,
            owner_id=song.user_id,
            user=user,
            about=songs.about(song),
            since=datetime.fromisoformat(row["created_at"]),
        )

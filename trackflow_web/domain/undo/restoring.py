"""Restoring deleted songs with all that belonged to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.row_limits import LimitReached, RowLimit, hold, room
from trackflow_web.domain.series.models import Track
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import queries
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.undo import snapshots
from trackflow_web.domain.undo.snapshots import SONGS
from trackflow_web.kernel.database import Base, db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.undo.steps import Deleted

Row = dict[str, Any]
# Imports know of undo steps, so that only the name of their table is known here.
IMPORTS = "imports"
# These have events of their own.
COLLABORATIONS = Collaboration.__tablename__
USERS = User.__tablename__


def restore(kept: Sequence[Deleted], owner: User, since: datetime) -> list[Song]:
    """Restore songs that were deleted at `since`; return them.

    A song gets its old id unless another song has it, and is another version where the owner has
    added the same song since. What refers to a row that is gone stays away, and so does a song that
    undoing its import would have deleted.
    Raises LimitReached.
    """
    hold(owner.id)
    if room(RowLimit.SONGS, Song.user_id == owner.id) < len(kept):
        raise LimitReached(RowLimit.SONGS)
    dangling = snapshots.dangling(SONGS, [each.rows for each in kept], since)
    gone = {**dangling, (USERS, owner.id): False}
    standing = _standing_imports(kept)
    return [
        _restore(each, owner, gone)
        for each in sorted(kept, key=lambda each: each.song_id)
        if not _is_untouched(each) or each.rows[SONGS][0].get("import_id") in standing
    ]


def _standing_imports(kept: Sequence[Deleted]) -> set[int | None]:
    """Return the ids of the songs' imports that were not undone; None for those without one."""
    ids = {each.rows[SONGS][0].get("import_id") for each in kept} - {None}
    table = Base.metadata.tables[IMPORTS]
    found = sa.select(table.c.id).where(table.c.id.in_(ids), ~table.c.is_undone)
    return {None, *db.session.scalars(found)}


def _is_untouched(kept: Deleted) -> bool:
    """Return whether a song was as its import had made it: undoing that would have deleted it."""
    row = kept.rows[SONGS][0]
    return (
        row["updated_at"] == row["created_at"]
        and row["pack_id"] is None
        and not kept.rows.get(COLLABORATIONS)
        and not any(link.table == Track.__tablename__ for link in kept.links)
    )


def _restore(kept: Deleted, owner: User, gone: Mapping[tuple[str, int], bool]) -> Song:
    song = _insert_song(kept, owner, gone)
    for table, column in snapshots.children(SONGS):
        for row in kept.rows.get(table.name, []):
            whole = snapshots.without_dangling(SONGS, table.name, row, gone)
            if whole is not None and table.name != COLLABORATIONS:
                snapshots.insert(table, whole, **{column: song.id})
    snapshots.relink(kept.links, song.id)
    songs.record_restored(song, owner)
    for row in kept.rows.get(COLLABORATIONS, []):
        _restore_collaborator(song, row, gone)
    return song


def _insert_song(kept: Deleted, owner: User, gone: Mapping[tuple[str, int], bool]) -> Song:
    row = snapshots.without_dangling(SONGS, SONGS, kept.rows[SONGS][0], gone) or {}
    same = (owner.id, row["artist_key"], row["title_key"])
    changes = {}
    if queries.has_version(*same, row["version"]):
        changes["version"] = queries.next_version(*same)
    song_id = snapshots.insert(Base.metadata.tables[SONGS], row, **changes)
    return db.session.get_one(Song, song_id, populate_existing=True)


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

"""Restoring deleted packs and albums with their songs and tracks."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.packs.queries import find_same as find_same_pack
from trackflow_web.domain.people.row_limits import LimitReached, RowLimit, hold, room
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.series.queries import find_same as find_same_album
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.songs.rules import LONGEST_NAME
from trackflow_web.domain.undo import snapshots
from trackflow_web.domain.undo.snapshots import ALBUMS, PACKS
from trackflow_web.kernel import text
from trackflow_web.kernel.database import Base, db

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.undo.steps import AlbumDeleted, Link, PackDeleted, Placed, Rows

# A number beside a name that the owner has given again: " (2)".
LONGEST_NUMBER = 8


def restore_pack(kept: PackDeleted, owner: User, since: datetime) -> Pack:
    """Restore a pack that was deleted at `since`; songs that are in another pack now stay there.

    It gets a number behind its name where the owner has another pack of that name since.
    Raises LimitReached.
    """
    in_order = sorted(kept.songs, key=lambda placed: placed.song_id)
    songs = [placed for placed in in_order if _may_return(placed, owner)]
    _require_room(RowLimit.PACKS, Pack.user_id == owner.id, owner)
    row = kept.rows[PACKS][0]
    name = _free(row["name"], lambda key: find_same_pack(owner.id, key) is not None)
    changes = {"name": name, "name_key": text.comparison_key(name)}
    pack_id = _insert(PACKS, kept.rows, kept.links, since, changes)
    pack = db.session.get_one(Pack, pack_id, populate_existing=True)
    packs.return_songs(pack, {placed.song_id: placed.was_optional for placed in songs})
    return pack


def restore_album(kept: AlbumDeleted, owner: User, since: datetime) -> Series:
    """Restore an album that was deleted at `since`, with its tracks and their songs.

    It gets a number behind its name where the owner has another album of that name since.
    Raises LimitReached.
    """
    _require_room(RowLimit.ALBUMS, Series.user_id == owner.id, owner)
    row = kept.rows[ALBUMS][0]
    artist_key = row["artist_key"]
    name = _free(row["album"], lambda key: find_same_album(owner.id, artist_key, key) is not None)
    changes = {"album": name, "album_key": text.comparison_key(name)}
    series_id = _insert(ALBUMS, kept.rows, kept.links, since, changes)
    album = db.session.get_one(Series, series_id, populate_existing=True)
    series.record_restored(album)
    return album


def _may_return(placed: Placed, owner: User) -> bool:
    """Return whether a song, which is locked, is still the owner's and in no pack."""
    song = find_song(placed.song_id, for_update=True)
    return song is not None and song.user_id == owner.id and song.pack_id is None


def _require_room(limit: RowLimit, counted: Any, owner: User) -> None:  # noqa: ANN401 -- a condition
    hold(owner.id)
    if not room(limit, counted):
        raise LimitReached(limit)


def _free(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the name, or the first with a number behind it that is not taken."""
    if not is_taken(text.comparison_key(name)):
        return name
    numbered = (f"{name[: LONGEST_NAME - LONGEST_NUMBER]} ({number})" for number in count(2))
    return next(each for each in numbered if not is_taken(text.comparison_key(each)))


def _insert(
    root: str, rows: Rows, links: tuple[Link, ...], since: datetime, changes: dict[str, str]
) -> int:
    """Insert the row with what was deleted with it; return its id."""
    gone = snapshots.dangling(root, [rows], since)
    tables = Base.metadata.tables
    root_id = snapshots.insert(tables[root], rows[root][0], **changes)
    for table, column in snapshots.children(root):
        for row in rows.get(table.name, []):
            whole = snapshots.without_dangling(root, table.name, row, gone)
            if whole is not None:
                snapshots.insert(table, whole, **{column: root_id})
    snapshots.relink(links, root_id)
    return root_id

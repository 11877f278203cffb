"""Undoing an import: a request marks it, a job undoes it in chunks.

Each chunk is a separate unit of work: counters are right in between, and other writes wait
only shortly. The last step deletes awards that only the import earned; see
`achievements/recheck/withdraw.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.comments import threads
from trackflow_web.domain.imports import queries
from trackflow_web.domain.imports.actions import end, record_about
from trackflow_web.domain.imports.events import (
    ImportUndone,
    PlaylistUnimported,
    SongsUnimported,
)
from trackflow_web.domain.imports.models import Import, ImportedPlaylist, ImportRow
from trackflow_web.domain.imports.rules import Outcome, Source, State
from trackflow_web.domain.series.models import Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

# Songs that one unit of work deletes. SQLite accepts this many ids in a statement.
SONGS_A_CHUNK = 500


def request(item: Import) -> int:
    """Mark an import for undoing; return the number of songs concerned.

    Songs with further work are kept. The import must have been loaded for update. Raises Invalid
    if there is nothing to undo.
    """
    if not queries.may_be_undone(item):
        raise Invalid(form="There's nothing to undo here.")
    item.is_undone, item.state = True, State.QUEUED
    item.to_remove, item.removed = _count_untouched(item), 0
    item.attempts, item.deaths, item.retry_at, item.error = 0, 0, None, ""
    item.updated_at = clock.now()
    return item.to_remove


def remove_chunk(item: Import) -> int:
    """Take some songs back; return how many. The import must be held."""
    ids = _untouched(item)
    if not ids:
        return 0
    # The rows first: they are found by their songs.
    db.session.execute(
        sa.update(ImportRow)
        .where(ImportRow.song_id.in_(ids), ImportRow.import_id == item.id)
        .values(outcome=Outcome.REMOVED, song_id=None)
    )
    threads.forget(SubjectType.RELEASE, ids)
    db.session.execute(sa.delete(Song).where(Song.id.in_(ids)))
    item.removed += len(ids)
    item.deaths = 0
    item.updated_at = clock.now()
    record_about(SongsUnimported, item, n=len(ids))
    return len(ids)


def finish(item: Import) -> None:
    """Stop counting the playlist; the event removes the awards that only this import earned."""
    end(item, State.UNDONE)
    item.error = ""
    if _stop_counting(item):
        record_about(PlaylistUnimported, item)
    record_about(ImportUndone, item)


def give_up(item: Import, error: str) -> None:
    """Keep the remaining songs of an import whose undoing failed; it may be retried."""
    end(item, State.DONE)
    item.is_undone, item.error = False, error[:300]


def note_withdrawn(import_id: int, achievements: int) -> None:
    """Store the number of achievements withdrawn with an import."""
    db.session.execute(
        sa.update(Import).where(Import.id == import_id).values(withdrawn=achievements)
    )


def latest_standing(user_id: int) -> int | None:
    """Return the id of the user's latest import that was not undone, or None."""
    return db.session.scalar(
        sa.select(Import.id)
        .where(Import.user_id == user_id, Import.state == State.DONE, Import.imported > 0)
        .order_by(Import.finished_at.desc(), Import.id.desc())
        .limit(1)
    )


def _are_untouched(item: Import) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of songs that are as an import made them and that nothing refers to."""
    collaborators = sa.select(Collaboration.song_id).where(Collaboration.song_id == Song.id)
    tracks = sa.select(Track.song_id).where(Track.song_id == Song.id)
    return (
        Song.import_id == item.id,
        Song.updated_at == Song.created_at,
        Song.status == item.status,
        # Chart files bring parts, and any later one changes the time of the song.
        *(() if item.source == Source.CHARTS else (Song.parts_done + Song.parts_skipped == 0,)),
        Song.pack_id.is_(None),
        ~collaborators.exists(),
        ~tracks.exists(),
    )


def _count_untouched(item: Import) -> int:
    found = sa.select(sa.func.count()).select_from(Song).where(*_are_untouched(item))
    return db.session.scalar(found) or 0


def _untouched(item: Import) -> Sequence[int]:
    return db.session.scalars(
        sa.select(Song.id)
        .where(*_are_untouched(item))
        .order_by(Song.id)
        .limit(SONGS_A_CHUNK)
        .with_for_update(of=Song)
    ).all()


def _stop_counting(item: Import) -> bool:
    """Stop counting the playlist for this import; return whether it no longer counts.

    Another existing import of the same playlist takes its place.
    """
    counted = get_for_update(ImportedPlaylist, (item.user_id, item.playlist_key))
    if counted is None or counted.import_id != item.id:
        return False
    other = db.session.scalar(
        sa.select(Import)
        .where(
            Import.user_id == item.user_id,
            Import.playlist_key == item.playlist_key,
            Import.state == State.DONE,
            Import.from_spotify,
            Import.imported > 0,
            Import.id != item.id,
        )
        .order_by(Import.finished_at, Import.id)
        .limit(1)
    )
    if other is None:
        db.session.delete(counted)
        return True
    counted.import_id, counted.name = other.id, other.name
    counted.at = other.finished_at or other.updated_at
    return False

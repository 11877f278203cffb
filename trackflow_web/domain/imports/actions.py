"""What people do with imports: begin, cancel and undo them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.imports import files, queries, rules
from trackflow_web.domain.imports.events import (
    ImportPayload,
    PlaylistUnimported,
    SongsUnimported,
)
from trackflow_web.domain.imports.models import (
    IMPORT_ROWS,
    Import,
    ImportedPlaylist,
    ImportRow,
)
from trackflow_web.domain.imports.rules import (
    MOST_UNFINISHED,
    UNFINISHED,
    Outcome,
    Row,
    Source,
    State,
)
from trackflow_web.domain.people.models import User
from trackflow_web.domain.series.models import Track
from trackflow_web.domain.songs import rules as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Checks, Invalid, TooMany
from trackflow_web.kernel.events import record
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence


# SQLite reads a statement of so many ids without complaint.
IDS_A_STATEMENT = 500
WAIT_FOR_ANOTHER = 60  # seconds


def begin_file(
    user: User,
    playlist: files.PlaylistFile,
    *,
    name: object = "",
    filename: str = "",
    status: object = Status.FUTURE,
) -> Import:
    """Take a playlist file in. What it is called is what it is known by.

    Raises Invalid naming the fields, TooMany.
    """
    files.require_clear(playlist)
    check = Checks()
    called = check(rules.playlist_name, name or playlist.name or filename)
    state = check(songs.status, status or Status.FUTURE)
    check.finish()
    item = _begin(user, Source.FILE, rules.key_of_file(called), called, state)
    item.total = len(playlist.rows)
    keep_rows(item, 0, playlist.rows)
    return item


def begin_spotify(user: User, *, playlist: object, status: object = Status.FUTURE) -> Import:
    """Take a playlist in that Spotify will be asked for.

    Raises Invalid naming the fields, TooMany.
    """
    check = Checks()
    playlist_id = check(rules.spotify_id, playlist)
    state = check(songs.status, status or Status.FUTURE)
    check.finish()
    connection = queries.find_connection(user.id)
    if connection is None or connection.has_ended:
        raise Invalid(playlist="Connect your Spotify account first.")
    return _begin(
        user, Source.SPOTIFY, rules.key_of_spotify(playlist_id), f"Spotify {playlist_id}", state
    )


def _begin(user: User, source: Source, key: str, name: str, status: Status) -> Import:
    # Held, so that requests that come together cannot pass the limit together.
    db.session.execute(sa.select(User.id).where(User.id == user.id).with_for_update())
    if queries.count_unfinished(user.id) >= MOST_UNFINISHED:
        message = f"{count_of(MOST_UNFINISHED, 'import')} of yours are not finished yet."
        raise TooMany(message, WAIT_FOR_ANOTHER)
    now = clock.now()
    item = Import(
        user_id=user.id,
        source=source,
        playlist_key=key,
        name=name,
        status=status,
        state=State.QUEUED,
        created_at=now,
        updated_at=now,
        fetched=0,
        matched=0,
        imported=0,
        skipped=0,
    )
    db.session.add(item)
    db.session.flush()
    return item


def keep_rows(item: Import, offset: int, rows: Sequence[Row]) -> None:
    """Keep entries of a playlist, the first of which stands at `offset`."""
    if rows:
        # To the table and not through the mapper: there may be ten thousand.
        db.session.connection().execute(
            sa.insert(IMPORT_ROWS),
            [_row(item.id, offset + number, row) for number, row in enumerate(rows)],
        )
    item.fetched = offset + len(rows)
    item.updated_at = clock.now()


def _row(import_id: int, position: int, row: Row) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "position": position,
        "title": row.title,
        "artist": row.artist,
        "album": row.album,
        "year": row.year,
        "outcome": Outcome.SKIPPED if row.reason else Outcome.WAITING,
        "reason": row.reason or "",
        "title_key": "",
        "artist_key": "",
        "search_key": "",
        "song_id": None,
    }


def cancel(item: Import) -> bool:
    """Stop an import before it has made songs; gives whether there was time for that.

    The import must have been loaded for update: the job checks under the same lock.
    """
    if item.state not in UNFINISHED:
        return False
    end(item, State.CANCELLED)
    return True


def fail(item: Import, error: str) -> None:
    """Give an import up, with a sentence about why."""
    end(item, State.FAILED)
    item.error = error[:300]


def end(item: Import, state: State) -> None:
    """Note that nothing more happens to an import by itself."""
    now = clock.now()
    item.state, item.updated_at, item.finished_at = state, now, now
    item.worker, item.held_until, item.retry_at = "", None, None


# --- undo --------------------------------------------------------------------------------------


def undo(item: Import) -> int:
    """Take back the songs of an import that nobody has touched since; gives how many those were.

    The import must have been loaded for update. Raises Invalid when there is nothing to undo.
    """
    if not queries.may_be_undone(item):
        raise Invalid(form="There is nothing to undo here.")
    ids = _untouched(item)
    # The rows first: with its song a row would lose what it is told by.
    for some in _in_pieces(ids):
        db.session.execute(
            sa.update(ImportRow)
            .where(ImportRow.import_id == item.id, ImportRow.song_id.in_(some))
            .values(outcome=Outcome.REMOVED, song_id=None)
        )
        db.session.execute(sa.delete(Song).where(Song.id.in_(some)))
    end(item, State.UNDONE)
    if ids:
        record_about(SongsUnimported, item, n=len(ids))
    if _stop_counting(item):
        record_about(PlaylistUnimported, item)
    return len(ids)


def _untouched(item: Import) -> Sequence[int]:
    """The songs of an import that are as it made them and that nothing else refers to."""
    helpers = sa.select(Collaboration.song_id).where(Collaboration.song_id == Song.id)
    tracks = sa.select(Track.song_id).where(Track.song_id == Song.id)
    return db.session.scalars(
        sa.select(Song.id)
        .join(ImportRow, ImportRow.song_id == Song.id)
        .where(
            ImportRow.import_id == item.id,
            ImportRow.outcome == Outcome.IMPORTED,
            Song.updated_at == Song.created_at,
            Song.status == item.status,
            Song.parts_done + Song.parts_skipped == 0,
            Song.pack_id.is_(None),
            ~helpers.exists(),
            ~tracks.exists(),
        )
        .order_by(Song.id)
        .with_for_update(of=Song)
    ).all()


def _stop_counting(item: Import) -> bool:
    """Let the playlist count no longer through this import; gives whether it counts no longer.

    Another import of the same playlist that stands takes its place.
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


def _in_pieces(ids: Sequence[int]) -> Sequence[Sequence[int]]:
    return [ids[start : start + IDS_A_STATEMENT] for start in range(0, len(ids), IDS_A_STATEMENT)]


def record_about(event_type: type[ImportPayload], item: Import, *, n: int = 1) -> None:
    """Record an event of an import."""
    payload = event_type(name=item.name, source=Source(item.source), status=Status(item.status))
    record(payload, user_id=item.user_id, subject_id=item.id, n=n)

"""Actions of users on imports: start and cancel them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.imports import files, pruning, queries, rules
from trackflow_web.domain.imports.events import ImportPayload
from trackflow_web.domain.imports.models import IMPORT_ROWS, Import
from trackflow_web.domain.imports.rules import (
    MOST_UNFINISHED,
    UNFINISHED,
    Outcome,
    Row,
    Source,
    State,
)
from trackflow_web.domain.people import row_limits
from trackflow_web.domain.songs import rules as songs
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel import clock, leases
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Checks, Invalid, TooMany
from trackflow_web.kernel.events import record
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.people.models import User


WAIT_FOR_ANOTHER = 60  # seconds


def begin_file(
    user: User,
    playlist: files.PlaylistFile,
    *,
    name: object = "",
    filename: str = "",
    status: object = Status.FUTURE,
) -> Import:
    """Start an import of a playlist file. Its name identifies the playlist.

    Raises Invalid naming the fields, TooMany.
    """
    files.require_clear(playlist)
    check = Checks()
    called = check(rules.playlist_name, name, playlist.name, filename)
    state = check(songs.status, status or Status.FUTURE)
    check.finish()
    item = begin(user, Source.FILE, rules.key_of_file(called), called, state)
    item.total = len(playlist.rows)
    item.from_spotify = playlist.identifies_spotify_tracks
    keep_rows(item, 0, playlist.rows)
    return item


def begin_spotify(
    user: User, *, playlist: object, status: object = Status.FUTURE, previewed: bool = False
) -> Import:
    """Start an import of a Spotify playlist; with `previewed` it waits for the user.

    Raises Invalid naming the fields, TooMany.
    """
    check = Checks()
    playlist_id = check(rules.spotify_id, playlist)
    state = check(songs.status, status or Status.FUTURE)
    check.finish()
    connection = queries.find_connection(user.id)
    if connection is None or connection.has_ended:
        raise Invalid(playlist="Connect your Spotify account first.")
    item = begin(
        user, Source.SPOTIFY, rules.key_of_spotify(playlist_id), f"Spotify {playlist_id}", state
    )
    item.is_previewed, item.from_spotify = previewed, True
    return item


def begin(
    user: User,
    source: Source,
    key: str,
    name: str,
    status: Status,
    *,
    state: State = State.QUEUED,
) -> Import:
    """Insert an import; older ones may be deleted for it. Raises LimitReached, TooMany."""
    row_limits.hold(user.id)
    if state == State.QUEUED:
        require_turn(user.id)
    pruning.make_room(user.id)
    now = clock.now()
    item = Import(
        user_id=user.id,
        source=source,
        playlist_key=key,
        name=name,
        status=status,
        state=state,
        created_at=now,
        updated_at=now,
        fetched=0,
        matched=0,
        imported=0,
        skipped=0,
        rows_kept=0,
        is_previewed=False,
        is_undone=False,
        from_spotify=False,
    )
    db.session.add(item)
    db.session.flush()
    return item


def require_turn(user_id: int) -> None:
    """Raise TooMany while enough imports of the user are not finished."""
    if queries.count_unfinished(user_id) >= MOST_UNFINISHED:
        message = f"{count_of(MOST_UNFINISHED, 'import')} of yours are not finished yet."
        raise TooMany(message, WAIT_FOR_ANOTHER)


def keep_rows(
    item: Import,
    offset: int,
    rows: Sequence[Row],
    compared: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Store entries of a playlist, the first of which is at `offset`.

    `compared` has the results of comparing some of them, by position.
    """
    known = compared or {}
    if rows:
        # To the table and not through the mapper: there may be ten thousand.
        db.session.connection().execute(
            sa.insert(IMPORT_ROWS),
            [
                {**_row(item.id, position, row), **known.get(position, {})}
                for position, row in enumerate(rows, start=offset)
            ],
        )
    item.fetched = item.rows_kept = offset + len(rows)
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
        "similar_to": "",
        "version": 0,
        "title_key": "",
        "artist_key": "",
        "search_key": "",
        "song_id": None,
    }


def cancel(item: Import) -> bool:
    """Stop an import before it has created songs; return whether that succeeded.

    The import must have been loaded for update: the job checks under the same lock.
    """
    if item.is_undone or item.state not in (State.PREVIEW, *UNFINISHED):
        return False
    end(item, State.CANCELLED)
    pruning.drop_rows([item.id])
    item.rows_kept = 0
    return True


def fail(item: Import, error: str) -> None:
    """Fail an import, with a message."""
    end(item, State.FAILED)
    item.error = error[:300]


def end(item: Import, state: State) -> None:
    """Mark an import as ended."""
    now = clock.now()
    item.state, item.updated_at, item.finished_at = state, now, now
    item.retry_at = None
    leases.release(item)


def record_about(event_type: type[ImportPayload], item: Import, *, n: int = 1) -> None:
    """Record an event of an import."""
    payload = event_type(name=item.name, source=Source(item.source), status=Status(item.status))
    record(payload, user_id=item.user_id, subject_id=item.id, n=n)

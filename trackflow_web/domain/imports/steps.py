"""The steps of an import, each of which may be interrupted and repeated.

A job leases an import (see `kernel.leases`), and every step that writes renews the lease. Only
`finish` creates songs: all of them in one short transaction, so that an import is done completely
or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.imports import matching
from trackflow_web.domain.imports.actions import end, record_about
from trackflow_web.domain.imports.events import PlaylistImported, SongsImported
from trackflow_web.domain.imports.models import (
    IMPORT_ROWS,
    Import,
    ImportedPlaylist,
    ImportRow,
)
from trackflow_web.domain.imports.rules import UNFINISHED, Outcome, Reason, State
from trackflow_web.domain.people import row_limits
from trackflow_web.domain.people.row_limits import RowLimit
from trackflow_web.domain.songs.actions import STATUS_MILESTONE
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Draft, Status
from trackflow_web.kernel import clock, failpoints, leases
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.imports.matching import Seen, VersionKeys

# A job that does not renew for this long is dead. Longer than the longest wait for Spotify.
LEASE_LASTS = timedelta(seconds=60)
ROWS_A_STEP = 1_000
# Workers that may die with an import at one place. Some die because the site is restarted.
MOST_DEATHS = 20
COMPARED = (
    "artist_key",
    "title_key",
    "search_key",
    "outcome",
    "reason",
    "similar_to",
    "version",
    "song_id",
)


@dataclass(frozen=True)
class Compared:
    """The results of comparing some rows; `upto` is the position after the last of them."""

    upto: int
    rows: Sequence[dict[str, Any]]


# --- the lease ---------------------------------------------------------------------------------


def acquire(import_id: int, worker: str, *, take_over: bool = False) -> bool:
    """Acquire an import that waits; return whether the worker has it now."""
    now = clock.now()
    return leases.acquire(
        Import,
        import_id,
        worker,
        Import.state.in_(UNFINISHED),
        sa.or_(Import.retry_at.is_(None), Import.retry_at <= now),
        lasts=LEASE_LASTS,
        take_over=take_over,
        # Whoever had it has not released it.
        deaths=sa.case((Import.worker != "", Import.deaths + 1), else_=Import.deaths),
        state=State.RUNNING,
        retry_at=None,
        updated_at=now,
    )


def renew(import_id: int, worker: str) -> Import:
    """Extend the lease; return the import, locked until the commit. Raises LeaseLost."""
    return leases.renew(Import, import_id, worker, lasts=LEASE_LASTS)


def release(item: Import, *, retry_at: datetime, error: str) -> None:
    """Put an import back among those that wait, until a time."""
    leases.release(item)
    item.state, item.retry_at = State.QUEUED, retry_at
    item.error, item.updated_at = error[:300], clock.now()
    item.attempts += 1


# --- comparing ---------------------------------------------------------------------------------


def compare(item: Import, seen: Seen) -> Compared | None:
    """Compare the next rows with the songs. Only reads; None if all were compared.

    `seen` has the earlier rows and is extended.
    """
    rows = db.session.execute(
        sa.select(
            ImportRow.position,
            ImportRow.title,
            ImportRow.artist,
            ImportRow.album,
            ImportRow.year,
            ImportRow.outcome,
        )
        .where(ImportRow.import_id == item.id, ImportRow.position >= item.matched)
        .order_by(ImportRow.position)
        .limit(ROWS_A_STEP)
    ).all()
    if not rows:
        return None
    drafts = {
        row.position: Draft(title=row.title, artist=row.artist, album=row.album, year=row.year)
        for row in rows
        if row.outcome == Outcome.WAITING
    }
    compared = matching.compare(item.user_id, drafts, seen)
    return Compared(
        upto=rows[-1].position + 1,
        rows=[{"at_position": position, **columns} for position, columns in compared.items()],
    )


def keep_compared(item: Import, compared: Compared) -> None:
    """Keep what comparing came to."""
    if compared.rows:
        _update_rows(item.id, compared.rows, COMPARED)
    item.matched, item.deaths, item.updated_at = compared.upto, 0, clock.now()


def _update_rows(import_id: int, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Update rows by one statement with many values; each of `rows` names its `at_position`."""
    table = IMPORT_ROWS
    statement = (
        sa.update(table)
        .where(
            table.c.import_id == import_id,
            table.c.position == sa.bindparam("at_position"),
        )
        .values({name: sa.bindparam(name) for name in columns})
    )
    db.session.connection().execute(statement, list(rows))


# --- writing -----------------------------------------------------------------------------------


def positions_of_new(import_id: int) -> dict[VersionKeys, int]:
    """Return the positions of rows that will become songs, by their keys."""
    rows = db.session.execute(
        sa.select(
            ImportRow.artist_key, ImportRow.title_key, ImportRow.version, ImportRow.position
        ).where(ImportRow.import_id == import_id, ImportRow.outcome == Outcome.NEW)
    )
    return {(artist, title, version): position for artist, title, version, position in rows}


def show_preview(item: Import) -> None:
    """Let an import wait for its user, who sees the expected outcome of its rows."""
    item.state, item.updated_at = State.PREVIEW, clock.now()
    leases.release(item)
    item.total = item.matched = item.fetched
    item.error, item.attempts = "", 0


def finish(item: Import, positions: dict[VersionKeys, int]) -> None:
    """Create the songs and record the event. The import must be leased.

    Songs that the user added elsewhere since the comparison are left unchanged, and rows above the
    song limit of the account are skipped.
    """
    _skip_beyond_limit(item)
    made = _insert_songs(item)
    failpoints.point(failpoints.Point.IMPORT_MADE)
    if made:
        _update_rows(
            item.id,
            [
                {"at_position": positions[keys], "song_id": song_id, "outcome": Outcome.IMPORTED}
                for keys, song_id in made.items()
            ],
            ("song_id", "outcome"),
        )
    db.session.execute(
        sa.update(ImportRow)
        .where(ImportRow.import_id == item.id, ImportRow.outcome == Outcome.NEW)
        .values(outcome=Outcome.SKIPPED, reason=Reason.HAVE_IT)
        .execution_options(synchronize_session=False)
    )
    end(item, State.DONE)
    item.error = ""
    item.total = item.matched = item.fetched
    item.imported, item.skipped = len(made), item.fetched - len(made)
    if made:
        record_about(SongsImported, item, n=len(made))
        if item.from_spotify and _counts_now(item):
            record_about(PlaylistImported, item)


def _skip_beyond_limit(item: Import) -> None:
    """Skip the new rows for which the account has no room."""
    row_limits.hold(item.user_id)
    room = row_limits.room(RowLimit.SONGS, Song.user_id == item.user_id)
    is_new = (ImportRow.import_id == item.id) & (ImportRow.outcome == Outcome.NEW)
    first = db.session.scalar(
        sa.select(ImportRow.position)
        .where(is_new)
        .order_by(ImportRow.position)
        .offset(room)
        .limit(1)
    )
    if first is not None:
        db.session.execute(
            sa.update(ImportRow)
            .where(is_new, ImportRow.position >= first)
            .values(outcome=Outcome.SKIPPED, reason=Reason.NO_ROOM)
            .execution_options(synchronize_session=False)
        )


def _insert_songs(item: Import) -> dict[VersionKeys, int]:
    """Insert the new songs in one statement; return their ids by what they are known by."""
    now = clock.now()
    milestone = f"{STATUS_MILESTONE[Status(item.status)]}_at"
    values: dict[str, Any] = {
        "user_id": sa.literal(item.user_id, Song.user_id.type),
        "title": ImportRow.title,
        "artist": ImportRow.artist,
        "album": ImportRow.album,
        "year": ImportRow.year,
        "title_key": ImportRow.title_key,
        "artist_key": ImportRow.artist_key,
        "search_key": ImportRow.search_key,
        "version": ImportRow.version,
        "status": sa.literal(str(item.status), sa.String()),
        "is_optional": sa.false(),
        "parts_done": sa.literal(0),
        "parts_skipped": sa.literal(0),
        milestone: sa.literal(now, Song.created_at.type),
        "created_at": sa.literal(now, Song.created_at.type),
        "updated_at": sa.literal(now, Song.created_at.type),
        "import_id": sa.literal(item.id, Song.user_id.type),
    }
    new_rows = (
        sa.select(*values.values())
        .where(ImportRow.import_id == item.id, ImportRow.outcome == Outcome.NEW)
        .order_by(ImportRow.position)
    )
    rows = db.session.execute(
        upsert(Song)
        .from_select(list(values), new_rows, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Song.artist_key, Song.title_key, Song.version, Song.id)
    )
    return {(artist, title, version): song_id for artist, title, version, song_id in rows}


def _counts_now(item: Import) -> bool:
    """Count the playlist; return whether it did not count before."""
    counted = db.session.scalar(
        upsert(ImportedPlaylist)
        .values(
            user_id=item.user_id,
            playlist_key=item.playlist_key,
            import_id=item.id,
            name=item.name,
            at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(ImportedPlaylist.import_id)
    )
    return counted is not None

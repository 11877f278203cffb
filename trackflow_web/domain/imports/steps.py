"""The steps of an import, each of which may be cut off and begun again.

A job holds an import by its `worker`; every step that writes first makes sure that it still does,
so that a step of a job that was given up for dead changes nothing. Only `finish` makes songs: all
of them in one short transaction, so that an import is done or has not begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.imports.actions import end, record_about
from trackflow_web.domain.imports.events import PlaylistImported, SongsImported
from trackflow_web.domain.imports.models import (
    IMPORT_ROWS,
    Import,
    ImportedPlaylist,
    ImportRow,
)
from trackflow_web.domain.imports.rules import UNFINISHED, Outcome, Reason, State
from trackflow_web.domain.songs.actions import STATUS_MILESTONE
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Draft, Status
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db, get_for_update, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

# A job that says nothing for so long is dead. Longer than the longest wait for the other side.
HELD_FOR = timedelta(seconds=60)
ROWS_A_STEP = 1_000
# SQLite takes so many bound values in one statement without complaint.
ARTISTS_A_STATEMENT = 500

Keys = tuple[str, str]


class NotOurs(Exception):
    """The import was cancelled, deleted or taken over: the job that notices stops."""


@dataclass(frozen=True)
class Compared:
    """What comparing some rows came to; `upto` is the position behind the last of them."""

    upto: int
    rows: Sequence[dict[str, Any]]


# --- holding -----------------------------------------------------------------------------------


def acquire(import_id: int, worker: str, *, whoever_holds_it: bool = False) -> bool:
    """Take an import that waits, for this worker; gives whether it is theirs now."""
    now = clock.now()
    free = (Import.retry_at.is_(None)) | (Import.retry_at <= now)
    if not whoever_holds_it:
        free &= (Import.held_until.is_(None)) | (Import.held_until <= now)
    claimed = db.session.scalar(
        sa.update(Import)
        .where(Import.id == import_id, Import.state.in_(UNFINISHED), free)
        .values(
            state=State.RUNNING,
            worker=worker,
            held_until=now + HELD_FOR,
            retry_at=None,
            updated_at=now,
        )
        .returning(Import.id)
    )
    return claimed is not None


def renew(import_id: int, worker: str) -> Import:
    """The import, held on for a while; raises NotOurs when it is not this worker's any more."""
    item = get_for_update(Import, import_id)
    if item is None or item.state != State.RUNNING or item.worker != worker:
        raise NotOurs
    item.held_until = clock.now() + HELD_FOR
    return item


def release(item: Import, *, retry_at: datetime, error: str) -> None:
    """Put an import back among those that wait, until a time."""
    item.state, item.worker, item.held_until = State.QUEUED, "", None
    item.retry_at, item.error, item.updated_at = retry_at, error[:300], clock.now()
    item.attempts += 1


# --- comparing ---------------------------------------------------------------------------------


def seen_before(import_id: int) -> set[Keys]:
    """What the rows that were compared already are known by."""
    rows = db.session.execute(
        sa.select(ImportRow.artist_key, ImportRow.title_key).where(
            ImportRow.import_id == import_id, ImportRow.outcome == Outcome.NEW
        )
    )
    return {(row.artist_key, row.title_key) for row in rows}


def compare(item: Import, seen: set[Keys]) -> Compared | None:
    """Look at the next rows: which are new. Only reads; None when all were looked at.

    `seen` are the keys of the rows before and is added to.
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
    keys = {position: (draft.artist_key, draft.title_key) for position, draft in drafts.items()}
    there = _songs_there(item.user_id, {artist for artist, _ in keys.values()})
    compared = []
    for position, draft in drafts.items():
        song_id = there.get(keys[position])
        reason = Reason.HAVE_IT if song_id else Reason.TWICE if keys[position] in seen else None
        seen.add(keys[position])
        compared.append(
            {
                "at_position": position,
                "artist_key": keys[position][0],
                "title_key": keys[position][1],
                "search_key": draft.search_key,
                "outcome": Outcome.SKIPPED if reason else Outcome.NEW,
                "reason": reason or "",
                "song_id": song_id,
            }
        )
    return Compared(upto=rows[-1].position + 1, rows=compared)


def _songs_there(user_id: int, artist_keys: set[str]) -> dict[Keys, int]:
    wanted = sorted(artist_keys)
    there: dict[Keys, int] = {}
    for start in range(0, len(wanted), ARTISTS_A_STATEMENT):
        some = wanted[start : start + ARTISTS_A_STATEMENT]
        rows = db.session.execute(
            sa.select(Song.artist_key, Song.title_key, Song.id).where(
                Song.user_id == user_id, Song.artist_key.in_(some)
            )
        )
        there |= {(artist, title): song_id for artist, title, song_id in rows}
    return there


def keep_compared(item: Import, compared: Compared) -> None:
    """Keep what comparing came to."""
    if compared.rows:
        _update_rows(
            item.id,
            compared.rows,
            ("artist_key", "title_key", "search_key", "outcome", "reason", "song_id"),
        )
    item.matched, item.updated_at = compared.upto, clock.now()


def _update_rows(import_id: int, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """One statement sent with many values; each of `rows` names its `at_position`."""
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


def positions_of_new(import_id: int) -> dict[Keys, int]:
    """Where the rows stand that will be songs, by what they are known by."""
    rows = db.session.execute(
        sa.select(ImportRow.artist_key, ImportRow.title_key, ImportRow.position).where(
            ImportRow.import_id == import_id, ImportRow.outcome == Outcome.NEW
        )
    )
    return {(artist, title): position for artist, title, position in rows}


def finish(item: Import, positions: dict[Keys, int]) -> None:
    """Make the songs, and say what followed. The import must be held.

    What the user has got by other ways since the rows were compared is left as it is.
    """
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
        if _counts_now(item):
            record_about(PlaylistImported, item)


def _insert_songs(item: Import) -> dict[Keys, int]:
    """The new songs by what they are known by, made in one statement."""
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
        "status": sa.literal(str(item.status), sa.String()),
        "is_optional": sa.false(),
        "parts_done": sa.literal(0),
        "parts_skipped": sa.literal(0),
        milestone: sa.literal(now, Song.created_at.type),
        "created_at": sa.literal(now, Song.created_at.type),
        "updated_at": sa.literal(now, Song.created_at.type),
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
        .returning(Song.artist_key, Song.title_key, Song.id)
    )
    return {(artist, title): song_id for artist, title, song_id in rows}


def _counts_now(item: Import) -> bool:
    """Let the playlist count; gives whether it did not before."""
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

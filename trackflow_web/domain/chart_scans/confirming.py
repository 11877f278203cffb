"""Making songs of what the user of an upload of chart files confirms.

What is confirmed was done before, somewhere else: the songs count like those of an import. A user
whom the files name gets the credit for parts, without a date: it is no work of today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part, State, is_authored
from trackflow_web.domain.chart_scans import queries, rules
from trackflow_web.domain.chart_scans.rules import NOT_THERE, Confirmed, proposed
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports.actions import record_about
from trackflow_web.domain.imports.events import SongsImported
from trackflow_web.domain.imports.models import ImportRow
from trackflow_web.domain.imports.rules import Outcome, Reason, Source
from trackflow_web.domain.imports.rules import State as ImportState
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import row_limits
from trackflow_web.domain.people.charter_names import plain_names
from trackflow_web.domain.people.row_limits import LimitReached, RowLimit
from trackflow_web.domain.songs import rules as songs
from trackflow_web.domain.songs.actions import STATUS_MILESTONE
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackflow_web.domain.chart_scans.models import ChartScan, ScannedSong
    from trackflow_web.domain.imports.models import Import
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.rules import Draft, Status

ROWS_A_STATEMENT = 500
NOT_READ = "This upload is still being read."
NOTHING_TO_CONFIRM = "There is no song left to add."


@dataclass
class Confirmation:
    """What confirming came to: songs made, songs that were there already, the import's id."""

    made: int = 0
    updated: int = 0
    import_id: int | None = None
    song_ids: list[int] = field(default_factory=list)


def proposals(scan: ChartScan) -> list[Confirmed]:
    """Return what the reports on the songs of an upload propose. Raises Invalid naming `song`."""
    songs_found = queries.songs_of(scan.id, limit=scan.songs)
    reports = {
        song.position: song.report
        for song in songs_found
        if song.report is not None and song.confirmed_at is None
    }
    found = proposed(reports)
    if not found:
        raise Invalid(song=NOTHING_TO_CONFIRM)
    return found


def confirm(
    scan: ChartScan, user: User, wanted: Sequence[Confirmed], *, status: object
) -> Confirmation:
    """Make or complete the songs that the user confirms; a song is confirmed once.

    A song that the user has already gets the parts; otherwise it is added with this status. The
    scan must have been loaded for update. Raises Invalid naming the field, LimitReached.
    """
    state = songs.status(status or songs.Status.WIP)
    rows = {row.position: row for row in queries.songs_of(scan.id, limit=scan.songs)}
    if any(each.position not in rows for each in wanted):
        raise Invalid(song=NOT_THERE)
    if any(rows[each.position].report is None for each in wanted):
        raise Invalid(song=NOT_READ)
    wanted = [each for each in wanted if rows[each.position].confirmed_at is None]
    drafts = {each.position: _draft(rows[each.position], each) for each in wanted}
    return _write(scan, user, wanted, drafts, rows, state) if wanted else Confirmation()


def _draft(row: ScannedSong, wanted: Confirmed) -> Draft:
    found = row.report or {}
    try:
        return songs.draft(
            title=wanted.title or found.get("title"),
            artist=wanted.artist or found.get("artist"),
            album=found.get("album") or "",
            year=found.get("year"),
        )
    except Invalid as refusal:
        raise Invalid(
            **{f"{name}:{row.position}": message for name, message in refusal.errors.items()}
        ) from None


def _write(
    scan: ChartScan,
    user: User,
    wanted: Sequence[Confirmed],
    drafts: Mapping[int, Draft],
    rows: Mapping[int, ScannedSong],
    status: Status,
) -> Confirmation:
    keys = {draft.artist_key for draft in drafts.values()}
    known = dict(queries.own_songs(user.id, keys, for_update=True))
    new = {(draft.artist_key, draft.title_key) for draft in drafts.values()} - set(known)
    _require_room(user.id, len(new))
    item = _import(user, scan, status)
    now = clock.now()
    done = Confirmation(import_id=item.id)
    chosen: list[tuple[Song, Confirmed]] = []
    for place, each in enumerate(wanted):
        draft = drafts[each.position]
        pair = draft.artist_key, draft.title_key
        is_new = pair not in known
        if is_new:
            known[pair] = _song(user, draft, status, item, now)
            done.made += 1
        else:
            done.updated += 1
        song = known[pair]
        chosen.append((song, each))
        _note_row(item, place, song, draft, is_new=is_new)
        rows[each.position].confirmed_at, rows[each.position].song_id = now, song.id
        done.song_ids.append(song.id)
    names = plain_names(user)
    named = {
        each.position: rules.credited(rows[each.position].report or {}, names) for each in wanted
    }
    _mark_parts(chosen, named, user.id, now)
    authored = (song for song, _ in chosen if song.authored_at == now)
    packs.update_completions({song.pack_id for song in authored if song.pack_id is not None})
    item.imported, item.skipped = done.made, done.updated
    item.total = item.fetched = item.matched = item.rows_kept = len(wanted)
    db.session.flush()
    record_about(SongsImported, item, n=done.made or done.updated)
    return done


def _require_room(user_id: int, new: int) -> None:
    row_limits.hold(user_id)
    if new > row_limits.room(RowLimit.SONGS, Song.user_id == user_id):
        raise LimitReached(RowLimit.SONGS)


def _import(user: User, scan: ChartScan, status: Status) -> Import:
    """Insert the import that these songs belong to, which can be undone like every other."""
    item = imports.begin(
        user, Source.CHARTS, f"charts:{scan.id}", scan.name, status, state=ImportState.DONE
    )
    item.finished_at = item.updated_at
    return item


def _song(user: User, draft: Draft, status: Status, item: Import, now: datetime) -> Song:
    song = Song(
        user_id=user.id,
        **draft.columns,
        status=status,
        import_id=item.id,
        version=0,
        is_optional=False,
        parts_done=0,
        parts_skipped=0,
        created_at=now,
        updated_at=now,
    )
    setattr(song, f"{STATUS_MILESTONE[status]}_at", now)
    db.session.add(song)
    db.session.flush()
    return song


def _note_row(item: Import, position: int, song: Song, draft: Draft, *, is_new: bool) -> None:
    db.session.add(
        ImportRow(
            import_id=item.id,
            position=position,
            title=draft.title,
            artist=draft.artist,
            album=draft.album,
            year=draft.year,
            outcome=Outcome.IMPORTED if is_new else Outcome.SKIPPED,
            reason="" if is_new else Reason.PARTS_ADDED,
            song_id=song.id,
        )
    )


def _mark_parts(
    chosen: Sequence[tuple[Song, Confirmed]],
    named: Mapping[int, frozenset[Part]],
    user_id: int,
    now: datetime,
) -> None:
    """Set the confirmed parts, with credit where the files name the user; what is done stays."""
    states = _states(sorted({song.id for song, _ in chosen}))
    changed: list[dict[str, Any]] = []
    for song, wanted in chosen:
        parts = states.setdefault(song.id, {})
        for part in Part:
            before = parts.get(part, State.TODO)
            is_done, not_needed = part in wanted.done, part in wanted.not_needed
            if is_done and before is not State.DONE:
                parts[part] = State.DONE
                done_by = user_id if part in named[wanted.position] else None
                changed.append(_part(song.id, part, State.DONE, now, done_by))
            elif not_needed and before is State.TODO and not is_done:
                parts[part] = State.SKIP
                changed.append(_part(song.id, part, State.SKIP, now))
        _count(song, parts, now)
    for start in range(0, len(changed), ROWS_A_STATEMENT):
        inserted = upsert(SongPart).values(changed[start : start + ROWS_A_STATEMENT])
        db.session.execute(
            inserted.on_conflict_do_update(
                index_elements=[SongPart.song_id, SongPart.part],
                set_={
                    "state": inserted.excluded.state,
                    "at": inserted.excluded.at,
                    # The first time stays, and with it the credit of whoever did the part then.
                    "done_by": sa.case(
                        (SongPart.first_done_at.is_(None), inserted.excluded.done_by),
                        else_=SongPart.done_by,
                    ),
                    "first_done_at": sa.func.coalesce(
                        SongPart.first_done_at, inserted.excluded.first_done_at
                    ),
                },
            )
        )


def _part(
    song_id: int, part: Part, state: State, now: datetime, done_by: int | None = None
) -> dict[str, Any]:
    is_dated = state is State.DONE and done_by is None
    return {
        "song_id": song_id,
        "part": part,
        "state": state,
        "at": now,
        "done_by": done_by,
        "first_done_at": now if is_dated else None,
    }


def _count(song: Song, parts: Mapping[Part, State], now: datetime) -> None:
    """Set what a song stores about its parts."""
    done = sum(state is State.DONE for state in parts.values())
    skipped = sum(state is State.SKIP for state in parts.values())
    if (done, skipped) == (song.parts_done, song.parts_skipped):
        return
    song.parts_done, song.parts_skipped = done, skipped
    if song.created_at != now:
        song.updated_at = now
    if is_authored(parts.values()) and song.authored_at is None:
        song.authored_at = now


def _states(song_ids: Sequence[int]) -> dict[int, dict[Part, State]]:
    found: dict[int, dict[Part, State]] = {}
    for start in range(0, len(song_ids), ROWS_A_STATEMENT):
        for song_id, part, state in db.session.execute(
            sa.select(SongPart.song_id, SongPart.part, SongPart.state).where(
                SongPart.song_id.in_(song_ids[start : start + ROWS_A_STATEMENT])
            )
        ):
            found.setdefault(song_id, {})[Part(part)] = State(state)
    return found

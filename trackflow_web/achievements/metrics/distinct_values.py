"""Distinct values: the artists, years and decades of a user's released songs.

`user_values` counts the songs that have a value; going from 0 to 1 and back changes the counter of
distinct values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserValue
from trackflow_web.domain.songs.events import (
    ArtistAndYear,
    SongDeleted,
    SongEdited,
    SongPayload,
    SongReleased,
    SongRestored,
)
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.database import db, literal_ids, upsert
from trackflow_web.kernel.events import Event

DECADE = (Song.year - Song.year % 10).label("decade")
# The value of a released song for each kind of distinct values, as `user_values` stores it.
VALUE_OF_KIND: dict[str, sa.ColumnElement[Any]] = {
    "artist": Song.artist_key.expression,
    "year": sa.cast(Song.year, sa.Text),
    "decade": sa.cast(DECADE, sa.Text),
}


def value_changes(event: Event) -> Iterable[tuple[str, str, int]]:
    """Return what an event adds to `user_values` and takes from it: (kind, value, 1 or -1)."""
    match event.payload:
        case SongReleased() as song:
            yield from _values(song, 1)
        case SongRestored(was=was) as song if Milestone.RELEASED in was:
            yield from _values(song, 1)
        case SongDeleted(was=was) as song if Milestone.RELEASED in was:
            yield from _values(song, -1)
        case SongEdited(was=was) as song if Milestone.RELEASED in was:
            yield from _values(song.before, -1)
            yield from _values(song, 1)


def _values(song: ArtistAndYear | SongPayload, sign: int) -> Iterable[tuple[str, str, int]]:
    yield "artist", song.artist_key, sign
    if song.year is not None:
        yield "year", str(song.year), sign
        yield "decade", str(song.year - song.year % 10), sign


# --- recounting --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ValueDrift:
    """A row of `user_values` whose count differs from the songs."""

    user_id: int
    kind: str
    value: str
    stored: int
    counted: int


def drift(user_ids: Sequence[int]) -> list[ValueDrift]:
    """Return the rows of these users that differ from their songs."""
    return [ValueDrift(*row) for row in db.session.execute(_drift(), {"user_ids": user_ids})]


def correct(user_ids: Sequence[int]) -> int:
    """Correct the rows of these users; return how many were wrong."""
    wrong = _drift().subquery()
    statement = upsert(UserValue).from_select(
        ["user_id", "kind", "value", "n"],
        sa.select(wrong.c.user_id, wrong.c.kind, wrong.c.value, wrong.c.counted)
        # Always true; without a WHERE, SQLite parses ON CONFLICT as the ON of a join.
        .where(wrong.c.counted >= 0)
        .order_by(wrong.c.user_id, wrong.c.kind, wrong.c.value),
    )
    statement = statement.on_conflict_do_update(
        index_elements=[UserValue.user_id, UserValue.kind, UserValue.value],
        set_={"n": statement.excluded.n},
    )
    written = db.session.connection().execute(
        statement, {"user_ids": user_ids}, execution_options={"preserve_rowcount": True}
    )
    return written.rowcount


@cache
def _drift() -> sa.Select[int, str, str, int, int]:
    """Return the SELECT of the rows where songs and stored counts differ.

    One GROUP BY over both finds rows that are missing, superfluous, or miscounted.
    """
    whose = literal_ids("user_ids")
    songs = [
        sa.select(
            Song.user_id,
            _kind(kind),
            value.label("value"),
            _ONE.label("counted"),
            _NONE.label("stored"),
        ).where(Song.user_id.in_(whose), Song.released_at.is_not(None), value.is_not(None))
        for kind, value in VALUE_OF_KIND.items()
    ]
    stored_rows = sa.select(
        UserValue.user_id, UserValue.kind, UserValue.value, _NONE, UserValue.n
    ).where(UserValue.user_id.in_(whose))
    both = sa.union_all(*songs, stored_rows).subquery()
    counted, stored = sa.func.sum(both.c.counted), sa.func.sum(both.c.stored)
    return (
        sa.select(
            both.c.user_id,
            both.c.kind,
            both.c.value,
            sa.cast(stored, sa.Integer).label("stored"),
            sa.cast(counted, sa.Integer).label("counted"),
        )
        .group_by(both.c.user_id, both.c.kind, both.c.value)
        .having(counted != stored)
    )


_ONE, _NONE = sa.literal_column("1", sa.Integer), sa.literal_column("0", sa.Integer)


def _kind(kind: str) -> sa.Label[str]:
    return sa.literal(kind, sa.Text).label("kind")

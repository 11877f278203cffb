"""The ledger of different values: which artists, years and decades the released songs have.

How many songs have a value is kept in `user_values`; the first one and the last move the number of
different ones.
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
)
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.database import db, literal_ids, upsert
from trackflow_web.kernel.events import Event

DECADE = (Song.year - Song.year % 10).label("decade")
# What a released song adds to each kind of different values, as the ledger keeps it.
VALUE_OF_KIND: dict[str, sa.ColumnElement[Any]] = {
    "artist": Song.artist_key.expression,
    "year": sa.cast(Song.year, sa.Text),
    "decade": sa.cast(DECADE, sa.Text),
}


def value_moves(event: Event) -> Iterable[tuple[str, str, int]]:
    """What a fact adds to and takes from the ledger: (kind, value, 1 or -1)."""
    match event.payload:
        case SongReleased() as song:
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
class Line:
    """A line of the ledger that says something else than the songs."""

    user_id: int
    kind: str
    value: str
    kept: int
    counted: int


def wrong_lines(user_ids: Sequence[int]) -> list[Line]:
    """The lines of these users that their songs contradict."""
    return [Line(*row) for row in db.session.execute(_wrong_lines(), {"user_ids": user_ids})]


def correct_lines(user_ids: Sequence[int]) -> int:
    """Write these users' lines as their songs have them; gives how many were wrong."""
    wrong = _wrong_lines().subquery()
    statement = upsert(UserValue).from_select(
        ["user_id", "kind", "value", "n"],
        sa.select(wrong.c.user_id, wrong.c.kind, wrong.c.value, wrong.c.counted)
        # Always so; without a condition SQLite takes ON CONFLICT for the ON of a join.
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
def _wrong_lines() -> sa.Select[int, str, str, int, int]:
    """Songs and ledger laid on top of each other: what does not come out even is wrong.

    One sort finds lines that are missing, lines that are too many, and lines that miscount.
    """
    whose = literal_ids("user_ids")
    songs = [
        sa.select(
            Song.user_id,
            _kind(kind),
            value.label("value"),
            _ONE.label("counted"),
            _NONE.label("kept"),
        ).where(Song.user_id.in_(whose), Song.released_at.is_not(None), value.is_not(None))
        for kind, value in VALUE_OF_KIND.items()
    ]
    lines = sa.select(UserValue.user_id, UserValue.kind, UserValue.value, _NONE, UserValue.n).where(
        UserValue.user_id.in_(whose)
    )
    both = sa.union_all(*songs, lines).subquery()
    counted, kept = sa.func.sum(both.c.counted), sa.func.sum(both.c.kept)
    return (
        sa.select(
            both.c.user_id,
            both.c.kind,
            both.c.value,
            sa.cast(kept, sa.Integer).label("kept"),
            sa.cast(counted, sa.Integer).label("counted"),
        )
        .group_by(both.c.user_id, both.c.kind, both.c.value)
        .having(counted != kept)
    )


_ONE, _NONE = sa.literal_column("1", sa.Integer), sa.literal_column("0", sa.Integer)


def _kind(kind: str) -> sa.Label[str]:
    return sa.literal(kind, sa.Text).label("kind")

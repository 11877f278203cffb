"""The ledger of different values: which artists, years and decades the released songs have.

How many songs have a value is kept in `user_values`; the first one and the last move the number of
different ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.activity import Activity, Fact

DECADE = (Song.year - Song.year % 10).label("decade")
# What a released song adds to each kind of different values, as the ledger keeps it.
VALUE_OF_KIND: dict[str, sa.ColumnElement[Any]] = {
    "artist": Song.artist_key.expression,
    "year": sa.cast(Song.year, sa.Text),
    "decade": sa.cast(DECADE, sa.Text),
}


def value_moves(activity: Activity) -> Iterable[tuple[str, str, int]]:
    """What a fact adds to and takes from the ledger: (kind, value, 1 or -1)."""
    data = activity.data
    if activity.fact == Fact.SONG_RELEASED:
        yield from _values(data, 1)
    elif activity.fact == Fact.SONG_DELETED and Milestone.RELEASED in data["was"]:
        yield from _values(data, -1)
    elif activity.fact == Fact.SONG_EDITED and Milestone.RELEASED in data["was"]:
        yield from _values(data["before"], -1)
        yield from _values(data, 1)


def _values(song: Mapping[str, Any], sign: int) -> Iterable[tuple[str, str, int]]:
    yield "artist", song["artist_key"], sign
    if song["year"] is not None:
        yield "year", str(song["year"]), sign
        yield "decade", str(song["year"] - song["year"] % 10), sign

"""Statistics of a library and its parts, grouped by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import LEAST_DONE, Part, State
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import PARTS, Status
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import count_of

_SETTLED = Song.parts_done + Song.parts_skipped
# The parts still to do until a song is fully authored. Where nearly everything is marked as not
# needed, some of those have to be done after all.
OPEN_PARTS: sa.ColumnElement[int] = sa.case(
    (LEAST_DONE - Song.parts_done > PARTS - _SETTLED, LEAST_DONE - Song.parts_done),
    else_=PARTS - _SETTLED,
)
_RELEASED: sa.ColumnElement[int] = sa.func.count(Song.released_at)


@dataclass(frozen=True)
class InStatus:
    """The songs of one state and their parts."""

    status: Status
    songs: int
    parts_done: int
    parts_skipped: int

    @property
    def parts_open(self) -> int:
        """The parts that are neither done nor marked as not needed."""
        return self.songs * PARTS - self.parts_done - self.parts_skipped


@dataclass(frozen=True)
class PartTally:
    """On how many songs a part is done, and on how many it is not needed."""

    part: Part
    done: int
    skipped: int


@dataclass(frozen=True)
class ArtistTally:
    """The songs of one artist: all of them, and those that were ever released."""

    artist: str
    songs: int
    released: int


@dataclass(frozen=True)
class YearTally:
    """The same for a year; None are the songs of which no year is known."""

    year: int | None
    songs: int
    released: int


@dataclass(frozen=True)
class Planned:
    """A song that was never released and the parts that are open.

    `songs` is how many such songs share its year or artist.
    """

    song_id: int
    title: str
    artist: str
    year: int | None
    parts: int
    songs: int

    @property
    def parts_text(self) -> str:
        """`2 parts left`; a finished chart only waits to be released."""
        return f"{count_of(self.parts, 'part')} left" if self.parts else "ready to release"


def by_status(user_id: int) -> list[InStatus]:
    """Return the user's own songs by state, all three of them, in the order of the work."""
    rows = db.session.execute(
        sa.select(
            Song.status,
            sa.func.count(),
            sa.func.sum(Song.parts_done),
            sa.func.sum(Song.parts_skipped),
        )
        .where(Song.user_id == user_id)
        .group_by(Song.status)
    )
    found = {Status(row[0]): InStatus(Status(row[0]), *map(int, row[1:])) for row in rows}
    return [found.get(status, InStatus(status, 0, 0, 0)) for status in Status]


def by_part(user_id: int) -> list[PartTally]:
    """Return how often each part is done on the user's own songs, in the order of the work."""
    rows = db.session.execute(
        sa.select(SongPart.part, SongPart.state, sa.func.count())
        .join(Song, Song.id == SongPart.song_id)
        .where(Song.user_id == user_id, SongPart.state != State.TODO)
        .group_by(SongPart.part, SongPart.state)
    )
    found = {(Part(part), State(state)): count for part, state, count in rows}
    return [
        PartTally(part, found.get((part, State.DONE), 0), found.get((part, State.SKIP), 0))
        for part in Part
    ]


def by_artist(user_id: int, limit: int, *, released_first: bool = False) -> list[ArtistTally]:
    """Return the artists with the most own songs (or the most released ones), the most first."""
    songs: sa.ColumnElement[Any] = sa.func.count()
    order = (_RELEASED, songs) if released_first else (songs, _RELEASED)
    rows = db.session.execute(
        sa.select(sa.func.min(Song.artist), songs, _RELEASED)
        .where(Song.user_id == user_id)
        .group_by(Song.artist_key)
        .order_by(*(number.desc() for number in order), Song.artist_key)
        .limit(limit)
    )
    return [ArtistTally(*row) for row in rows]


def by_year(user_id: int) -> list[YearTally]:
    """Return the user's own songs by year, earliest first; those without a year last."""
    rows = db.session.execute(
        sa.select(Song.year, sa.func.count(), _RELEASED)
        .where(Song.user_id == user_id)
        .group_by(Song.year)
        .order_by(Song.year.is_(None), Song.year)
    )
    return [YearTally(*row) for row in rows]


def planned_for_new_years(user_id: int, each: int) -> list[Planned]:
    """Return up to `each` own songs for every year of which none was released yet, by year.

    Within a year those with the fewest open parts come first.
    """
    planned = _planned(user_id, Song.year.expression, each)
    return _read(sa.select(planned).order_by(planned.c.year, planned.c.place))


def planned_for_new_artists(user_id: int, limit: int) -> list[Planned]:
    """Return the song with the fewest open parts of up to `limit` artists without a release."""
    planned = _planned(user_id, Song.artist_key.expression, 1)
    return _read(sa.select(planned).order_by(planned.c.parts, planned.c.song_id).limit(limit))


def _planned(user_id: int, value: sa.ColumnElement[Any], each: int) -> sa.Subquery:
    own = Song.user_id == user_id
    released = sa.select(value).where(own, Song.released_at.is_not(None), value.is_not(None))
    ranked = (
        sa.select(
            Song.id.label("song_id"),
            Song.title,
            Song.artist,
            Song.year,
            OPEN_PARTS.label("parts"),
            sa.func.count().over(partition_by=value).label("songs"),
            sa.func.row_number()
            .over(partition_by=value, order_by=(OPEN_PARTS, Song.id))
            .label("place"),
        )
        .where(own, Song.released_at.is_(None), value.is_not(None), value.not_in(released))
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place <= each).subquery()


def _read(planned: sa.Select[Any]) -> list[Planned]:
    return [
        Planned(row.song_id, row.title, row.artist, row.year, row.parts, row.songs)
        for row in db.session.execute(planned)
    ]


def fewest_parts(
    user_id: sa.BindParameter[int], limit: sa.BindParameter[int]
) -> sa.Select[int, str, int]:
    """Return the own songs that are closest to being fully authored: id, title, open parts.

    For use in another SELECT; the fewest open parts first.
    """
    return (
        sa.select(Song.id.label("id"), Song.title.label("label"), OPEN_PARTS.label("parts"))
        .where(Song.user_id == user_id, Song.authored_at.is_(None))
        .order_by(OPEN_PARTS, Song.id)
        .limit(limit)
    )

"""Queries of released songs whose owners are visible to a viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, load_only

from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held, not_held_from, visible_to
from trackflow_web.kernel.database import UTCDateTime, db
from trackflow_web.kernel.text import artist_key, comparison_key, like_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

# Covers of one page of the grid.
RELEASES_A_PAGE = 48
MOST_ALBUMS = 10
_NEWEST_FIRST = (Song.released_at.desc(), Song.id.desc())


@dataclass(frozen=True)
class Filters:
    """The filters of a list of releases; `pack` is a name or an id, `user` a username."""

    artist: str = ""
    year: int | None = None
    pack: str = ""
    q: str = ""
    user: str = ""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is filtered."""
        return self == NO_FILTERS


@dataclass(frozen=True)
class ReleasePage:
    """One page of releases, counted from 1; the total is not counted."""

    songs: Sequence[Song]
    page: int
    has_more: bool


@dataclass(frozen=True)
class Place:
    """A pack or an album that contains a release."""

    kind: str
    id: int
    name: str


@dataclass(frozen=True)
class Tile:
    """What a tile shows of a release."""

    id: int
    title: str
    artist: str
    album: str
    year: int | None
    cover: str | None


@dataclass(frozen=True)
class Around:
    """The pack and the albums of a release, and other releases of its owner, newest first."""

    places: Sequence[Place]
    others: Sequence[Tile]


NO_FILTERS = Filters()


def is_release(viewer_id: int | None) -> sa.ColumnElement[bool]:
    """Return the condition for releases that the viewer may see; joined with their owners."""
    return sa.and_(visible_to(viewer_id), is_public(viewer_id))


def find_release(song_id: int, viewer_id: int | None) -> Song | None:
    """Return a released song with its owner, if the viewer may see it."""
    return db.session.scalar(_releases(viewer_id).where(Song.id == song_id))


def list_releases(filters: Filters, viewer_id: int, *, page: int) -> ReleasePage:
    """Return a page of the releases that the viewer may see, newest first."""
    found = _matching(filters, viewer_id).order_by(*_NEWEST_FIRST)
    songs = db.session.scalars(
        found.limit(RELEASES_A_PAGE + 1).offset((page - 1) * RELEASES_A_PAGE)
    ).all()
    return ReleasePage(songs[:RELEASES_A_PAGE], page, has_more=len(songs) > RELEASES_A_PAGE)


def releases_after(
    filters: Filters, viewer_id: int, *, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Song]:
    """Return up to `limit` releases, newest first, after the time and id of one."""
    found = _matching(filters, viewer_id)
    if after is not None:
        place = sa.tuple_(Song.released_at, Song.id)
        found = found.where(place < sa.tuple_(*map(sa.literal, after)))
    return db.session.scalars(found.order_by(*_NEWEST_FIRST).limit(limit)).all()


def latest_of(user_id: int, viewer_id: int | None, *, limit: int) -> Sequence[Song]:
    """Return the latest releases of a user who is visible to the viewer."""
    found = sa.select(Song).where(Song.user_id == user_id, is_public(viewer_id))
    return db.session.scalars(found.order_by(*_NEWEST_FIRST).limit(limit)).all()


def around(song: Song, viewer_id: int | None, *, limit: int) -> Around:
    """Return what a release is in and what else its owner has released, in one statement."""
    pack = _row("pack", Pack.id, Pack.name).where(
        Pack.id == song.pack_id, not_held_from(viewer_id, Held.PACK, Pack.id, Pack.user_id)
    )
    albums = (
        _row("series", Series.id, Series.album)
        .join(Track, Track.series_id == Series.id)
        .where(
            Track.song_id == song.id,
            ~Track.irrelevant,
            not_held_from(viewer_id, Held.SERIES, Series.id, Series.user_id),
        )
        .limit(MOST_ALBUMS)
    )
    others = (
        _row("song", Song.id, Song.title, Song.artist, Song.album, Song.year, Song.cover)
        .where(Song.user_id == song.user_id, Song.id != song.id, is_public(viewer_id))
        .order_by(*_NEWEST_FIRST)
        .limit(limit)
    )
    parts = (each.subquery().select() for each in (pack, albums, others))
    rows = db.session.execute(sa.union_all(*parts)).all()
    return Around(
        places=[Place(row.kind, row.id, row.title) for row in rows if row.kind != "song"],
        others=[
            Tile(row.id, row.title, row.artist, row.album, row.year, row.cover)
            for row in sorted(
                (row for row in rows if row.kind == "song"),
                key=lambda row: (row.place, row.id),
                reverse=True,
            )
        ],
    )


def _row(kind: str, id_: Any, title: Any, *more: Any) -> sa.Select[*tuple[Any, ...]]:  # noqa: ANN401 -- columns of any table
    artist, album, year, cover = more or (
        *(sa.literal(""), sa.literal("")),
        *(sa.literal(None, sa.Integer), sa.literal(None, sa.String)),
    )
    place = Song.released_at if more else sa.literal(None, UTCDateTime())
    return sa.select(
        sa.literal(kind).label("kind"),
        id_.label("id"),
        title.label("title"),
        artist.label("artist"),
        album.label("album"),
        year.label("year"),
        cover.label("cover"),
        place.label("place"),
    )


def find_public_pack(pack_id: int, viewer_id: int | None) -> tuple[Pack, User] | None:
    """Return a pack with its owner, if the viewer may see one of its releases."""
    row = db.session.execute(
        sa.select(Pack, User)
        .join(User, User.id == Pack.user_id)
        .where(
            Pack.id == pack_id,
            visible_to(viewer_id),
            not_held_from(viewer_id, Held.PACK, Pack.id, Pack.user_id),
            sa.exists().where(Song.pack_id == Pack.id, is_public(viewer_id)),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def released_in_pack(pack_id: int, viewer_id: int | None, *, limit: int) -> Sequence[Song]:
    """Return up to `limit` releases in a pack, by title."""
    return db.session.scalars(
        sa.select(Song)
        .where(Song.pack_id == pack_id, is_public(viewer_id))
        .order_by(Song.title_key, Song.id)
        .limit(limit)
    ).all()


def find_public_series(
    series_id: int, viewer_id: int | None, *, blocked_too: bool = False
) -> tuple[Series, User] | None:
    """Return an album with its owner, if the viewer may see a release of one of its tracks.

    With `blocked_too` also one of a user whom the viewer has blocked.
    """
    row = db.session.execute(
        sa.select(Series, User)
        .join(User, User.id == Series.user_id)
        .where(
            Series.id == series_id,
            visible_to(viewer_id, blocked_too=blocked_too),
            not_held_from(viewer_id, Held.SERIES, Series.id, Series.user_id),
            sa.exists().where(
                Track.series_id == Series.id,
                ~Track.irrelevant,
                Track.song_id == Song.id,
                is_public(viewer_id),
            ),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def released_in_series(
    series_id: int, viewer_id: int | None, *, limit: int
) -> Sequence[tuple[int, Song]]:
    """Return up to `limit` releases of an album with their positions, in order."""
    rows = db.session.execute(
        sa.select(Track.position, Song)
        .join(Song, Song.id == Track.song_id)
        .where(Track.series_id == series_id, ~Track.irrelevant, is_public(viewer_id))
        .order_by(Track.position)
        .limit(limit)
    ).all()
    return [(row[0], row[1]) for row in rows]


def is_public(viewer_id: int | None) -> sa.ColumnElement[bool]:
    """Return the condition for releases of an owner who is known to be visible."""
    return sa.and_(
        Song.status == Status.RELEASED,
        not_held_from(viewer_id, Held.RELEASE, Song.id, Song.user_id),
    )


def _releases(viewer_id: int | None) -> sa.Select[Song]:
    return (
        sa.select(Song)
        .join(User, User.id == Song.user_id)
        .where(is_release(viewer_id))
        .options(contains_eager(Song.owner))
    )


def _matching(filters: Filters, viewer_id: int) -> sa.Select[Song]:
    found = _releases(viewer_id).options(
        contains_eager(Song.owner).options(
            load_only(User.username, User.display_name, User.audience, User.banned_at, User.avatar)
        )
    )
    if filters.is_empty:
        # A long import would fill every page; with a filter its songs are found, too.
        found = found.where(sa.or_(Song.import_id.is_(None), Song.released_at != Song.created_at))
    if filters.artist:
        found = found.where(Song.artist_key == artist_key(filters.artist))
    if filters.year is not None:
        found = found.where(Song.year == filters.year)
    if filters.pack:
        found = found.where(Song.pack_id.in_(_packs(filters.pack)))
    if filters.user:
        found = found.where(User.username == filters.user)
    if filters.q:
        found = found.where(Song.search_key.like(like_pattern(filters.q), escape="\\"))
    return found


def _packs(wanted: str) -> sa.Select[int]:
    """Return the SELECT of the packs with this name or id."""
    found = sa.select(Pack.id)
    is_named = Pack.name_key == comparison_key(wanted)
    # 18 digits: as many as an id may have.
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:  # noqa: PLR2004
        return found.where(sa.or_(is_named, Pack.id == int(wanted)))
    return found.where(is_named)

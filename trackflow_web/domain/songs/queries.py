"""Reading songs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trackflow_web.domain.collaborations.queries import song_ids_of
from trackflow_web.domain.people import row_limits
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.row_limits import RowLimit
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db, dialect, get_for_update
from trackflow_web.kernel.pagination import last_page
from trackflow_web.kernel.text import artist_key, like_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SONGS_A_PAGE = 50
Conditions = tuple[sa.ColumnElement[bool], ...]
Order = tuple[sa.ColumnElement[Any], ...]
NEWEST_FIRST: Order = (Song.id.desc(),)
# Of an owner only what a list shows, because the row of every song repeats it.
OWNER_SHOWN = joinedload(Song.owner).load_only(User.username, User.audience, User.banned_at)


@dataclass(frozen=True)
class Listing:
    """One page of a user's songs, newest first; `page` counts from 1."""

    songs: Sequence[Song]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return last_page(self.total, self.size)


@dataclass(frozen=True)
class Counts:
    """How many songs there are: found in each tab (`all` and the states), and without a search."""

    tabs: dict[str, int]
    everything: int


def find_song(song_id: int, *, for_update: bool = False) -> Song | None:
    """Return the song with this id; with `for_update` locked until the commit."""
    return get_for_update(Song, song_id) if for_update else db.session.get(Song, song_id)


def find_same(user_id: int, artist_key: str, title_key: str) -> Song | None:
    """Return the user's song of this artist and title, of several versions the first."""
    return db.session.scalar(
        sa.select(Song)
        .where(Song.user_id == user_id, Song.artist_key == artist_key, Song.title_key == title_key)
        .order_by(Song.version)
        .limit(1)
    )


def has_version(user_id: int, artist_key: str, title_key: str, version: int) -> bool:
    """Return whether the user has this version of a song of this artist and title."""
    found = sa.select(Song.id).where(
        Song.user_id == user_id,
        Song.artist_key == artist_key,
        Song.title_key == title_key,
        Song.version == version,
    )
    return db.session.scalar(found) is not None


def lock_songs(song_ids: Collection[int]) -> Sequence[Song]:
    """Return those of these songs that there are, locked in the order of their ids."""
    return db.session.scalars(
        sa.select(Song)
        .where(Song.id.in_(song_ids))
        .order_by(Song.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def next_version(user_id: int, artist_key: str, title_key: str) -> int:
    """Return the version that another song of this artist and title gets; 0 for the first."""
    last = db.session.scalar(
        sa.select(sa.func.max(Song.version)).where(
            Song.user_id == user_id, Song.artist_key == artist_key, Song.title_key == title_key
        )
    )
    return 0 if last is None else last + 1


def list_songs(
    user_id: int,
    *,
    status: Status | None,
    q: str,
    page: int,
    size: int = SONGS_A_PAGE,
    total: int | None = None,
    only: Conditions = (),
    order: Order = NEWEST_FIRST,
) -> Listing:
    """Return a page of songs the user owns or works on, in one state or all, containing `q`.

    `only` are further conditions. Behind the last page comes the last one: songs may have been
    deleted meanwhile. They are counted where the `total` is not known.
    """
    wanted = _matching(user_id, status, q).where(*only)
    if total is None:
        total = db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    page = min(page, last_page(total, size))
    songs = db.session.scalars(wanted.order_by(*order).limit(size).offset((page - 1) * size)).all()
    return Listing(songs=songs, page=page, size=size, total=total)


def songs_after(
    user_id: int,
    *,
    status: Status | None,
    q: str,
    before_id: int | None,
    limit: int,
    only: Conditions = (),
) -> Sequence[Song]:
    """Return up to `limit` songs the user owns or works on, newest first, before `before_id`."""
    wanted = _matching(user_id, status, q).where(*only)
    if before_id is not None:
        wanted = wanted.where(Song.id < before_id)
    return db.session.scalars(wanted.order_by(Song.id.desc()).limit(limit)).all()


def _matching(user_id: int, status: Status | None, q: str) -> sa.Select[Song]:
    wanted = sa.select(Song).where(is_on_list_of(user_id)).options(OWNER_SHOWN)
    if status is not None:
        wanted = wanted.where(Song.status == status)
    if q:
        wanted = wanted.where(Song.search_key.like(like_pattern(q), escape="\\"))
    return wanted


def is_on_list_of(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition for songs that the user owns or works on.

    Behind OR, PostgreSQL would compare every song of everybody with a subquery; an array it looks
    up in the index.
    """
    others = song_ids_of(user_id)
    if dialect() == "postgresql":
        works_on = Song.id == sa.any_(sa.func.array(others.scalar_subquery()))
    else:
        works_on = Song.id.in_(others)
    return sa.or_(Song.user_id == user_id, works_on)


def choices(user_id: int, q: str, *, limit: int, outside_pack: int | None = None) -> Sequence[Song]:
    """Return up to `limit` of the user's own songs containing `q`, newest first.

    Those in the pack `outside_pack` are not among them.
    """
    wanted = sa.select(Song).where(Song.user_id == user_id)
    if outside_pack is not None:
        # Also true without a pack.
        wanted = wanted.where(Song.pack_id.is_distinct_from(outside_pack))
    if q:
        wanted = wanted.where(Song.search_key.like(like_pattern(q), escape="\\"))
    return db.session.scalars(wanted.order_by(Song.id.desc()).limit(limit)).all()


def artists_of(user_id: int, start: str, *, limit: int) -> Sequence[str]:
    """Return artists of the user's own songs that begin like `start`, the most frequent first."""
    named = sa.select(sa.func.min(Song.artist)).where(Song.user_id == user_id)
    if start:
        pattern = like_pattern(artist_key(start)).removeprefix("%")
        named = named.where(Song.artist_key.like(pattern, escape="\\"))
    return db.session.scalars(
        named.group_by(Song.artist_key)
        .order_by(sa.func.count().desc(), sa.func.min(Song.artist))
        .limit(limit)
    ).all()


def count_songs(user_id: int, *, q: str = "", only: Conditions = ()) -> Counts:
    """Count the songs the user has or works on: those containing `q` in each state, and all."""
    found = sa.and_(sa.true(), *only)
    if q:
        found = sa.and_(found, Song.search_key.like(like_pattern(q), escape="\\"))
    rows = db.session.execute(
        sa.select(Song.status, sa.func.count(), sa.func.sum(sa.case((found, 1), else_=0)))
        .where(is_on_list_of(user_id))
        .group_by(Song.status)
    ).all()
    found_in = dict.fromkeys(Status, 0) | {Status(row[0]): int(row[2]) for row in rows}
    tabs = {"all": sum(found_in.values())} | {str(status): n for status, n in found_in.items()}
    return Counts(tabs=tabs, everything=sum(row[1] for row in rows))


def room_for_more(user_id: int) -> int:
    """Return how many more songs the user may have."""
    return row_limits.room(RowLimit.SONGS, Song.user_id == user_id)


# By their names: parts and achievements are built on this feature.
_STATS = sa.table("user_stats", sa.column("user_id"), sa.column("total_songs", sa.Integer))
_PARTS = sa.table("song_parts", sa.column("song_id"), sa.column("done_by"))


def done_by(song_id: int) -> tuple[int, ...]:
    """Return the users who have done parts of a song."""
    found = sa.select(_PARTS.c.done_by).where(
        _PARTS.c.song_id == song_id, _PARTS.c.done_by.is_not(None)
    )
    return tuple(db.session.scalars(found.distinct().order_by(_PARTS.c.done_by)))


def stored_count(user_id: int) -> sa.Select[int]:
    """Return the SELECT of the counter of a user's songs, which costs the same for any number."""
    return sa.select(_STATS.c.total_songs).where(_STATS.c.user_id == user_id)

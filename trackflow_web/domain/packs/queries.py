"""Reading packs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.statistics import OPEN_PARTS
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import PARTS, Progress, Status
from trackflow_web.domain.visibility import Held, not_held_from
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.pagination import Page, last_page

if TYPE_CHECKING:
    from collections.abc import Sequence


PACKS_A_PAGE = 50
SONGS_A_PAGE = 100
MOST_UNRELEASED = 100


@dataclass(frozen=True)
class Overview:
    """A pack with its counts of songs."""

    pack: Pack
    songs: int
    released: int
    authored: int
    parts_done: int
    parts_skipped: int

    @property
    def status(self) -> Status:
        """The status that it has as a whole: that of a song that is as far."""
        if self.songs and self.released == self.songs:
            return Status.RELEASED
        return Status.WIP if self.released or self.parts_done else Status.FUTURE

    @property
    def progress(self) -> Progress:
        """The pack's progress over the parts of all its songs."""
        return Progress(done=self.parts_done, skipped=self.parts_skipped, parts=self.songs * PARTS)


@dataclass(frozen=True)
class Unreleased:
    """A song of a pack that is not Released, and how many of its parts are still to do."""

    id: int
    title: str
    parts_left: int


def find_pack(pack_id: int, *, for_update: bool = False) -> Pack | None:
    """Return the pack with this id; with `for_update` locked until the commit."""
    return get_for_update(Pack, pack_id) if for_update else db.session.get(Pack, pack_id)


def find_to_settle(pack_id: int) -> Pack | None:
    """Return the pack with this id, locked so that others may still add songs to it.

    Those lock its key and then call this too: a stronger lock would deadlock two of them.
    """
    return get_for_update(Pack, pack_id, key_share=True)


def find_same(user_id: int, name_key: str) -> Pack | None:
    """Return the user's pack of this name, by comparison key."""
    return db.session.scalar(
        sa.select(Pack).where(Pack.user_id == user_id, Pack.name_key == name_key)
    )


def pack_names_of(user_id: int, *, limit: int, beside: int | None = None) -> list[tuple[int, str]]:
    """Return id and name of the user's `limit` latest packs, newest first, and of this one."""
    latest = sa.select(Pack.id).where(Pack.user_id == user_id).order_by(Pack.id.desc()).limit(limit)
    # One list of ids: behind OR, PostgreSQL would compare it with every pack of everybody.
    ids = latest.subquery().select().union_all(sa.select(sa.literal(beside, sa.BigInteger)))
    rows = db.session.execute(
        sa.select(Pack.id, Pack.name).where(Pack.id.in_(ids)).order_by(Pack.id.desc())
    )
    return [(pack_id, name) for pack_id, name in rows]


def list_packs(user_id: int, *, page: int) -> Page[Overview]:
    """Return a page of the user's packs with their counts, newest first."""
    total = db.session.scalar(sa.select(sa.func.count()).where(Pack.user_id == user_id)) or 0
    found = _overviews().where(Pack.user_id == user_id)
    rows = db.session.execute(found.limit(PACKS_A_PAGE).offset((page - 1) * PACKS_A_PAGE))
    return Page([_overview(row) for row in rows], page, PACKS_A_PAGE, total)


def overviews_after(user_id: int, *, before_id: int | None, limit: int) -> list[Overview]:
    """Return up to `limit` of them, newest first, before `before_id`."""
    wanted = _overviews().where(Pack.user_id == user_id).limit(limit)
    if before_id is not None:
        wanted = wanted.where(Pack.id < before_id)
    return [_overview(row) for row in db.session.execute(wanted)]


def overview(pack_id: int) -> Overview:
    """Return one pack with its counts."""
    return _overview(db.session.execute(_overviews().where(Pack.id == pack_id)).one())


def _overviews() -> sa.Select[Pack, int, int, int, int, int]:
    released = sa.case((Song.status == Status.RELEASED, 1), else_=0)
    return (
        sa.select(
            Pack,
            sa.func.count(Song.id),
            sa.func.coalesce(sa.func.sum(released), 0),
            sa.func.count(Song.authored_at),
            sa.func.coalesce(sa.func.sum(Song.parts_done), 0),
            sa.func.coalesce(sa.func.sum(Song.parts_skipped), 0),
        )
        .outerjoin(Song, Song.pack_id == Pack.id)
        .group_by(Pack.id)
        .order_by(Pack.id.desc())
    )


def _overview(row: sa.Row[Pack, int, int, int, int, int]) -> Overview:
    return Overview(*row)


def released_of(user_id: int, viewer_id: int | None, limit: int) -> list[Overview]:
    """Return the user's packs of which a viewer may see something, newest first."""
    released = sa.exists().where(
        Song.pack_id == Pack.id,
        Song.status == Status.RELEASED,
        not_held_from(viewer_id, Held.RELEASE, Song.id, Song.user_id),
    )
    found = _overviews().where(
        Pack.user_id == user_id,
        not_held_from(viewer_id, Held.PACK, Pack.id, Pack.user_id),
        released.correlate(Pack),
    )
    found = found.limit(limit)
    return [_overview(row) for row in db.session.execute(found)]


def count_released_complete(user_id: sa.BindParameter[int]) -> sa.ScalarSelect[int]:
    """Return the SELECT of how many complete packs others may know of: all of it is released.

    Optional songs are not needed for that either.
    """
    unreleased = sa.select(Song.id).where(
        Song.pack_id == Pack.id, ~Song.is_optional, Song.status != Status.RELEASED
    )
    complete = (Pack.user_id == user_id, Pack.completed_at.is_not(None), ~unreleased.exists())
    return sa.select(sa.func.count(Pack.id)).where(*complete).scalar_subquery()


def fewest_parts(
    user_id: sa.BindParameter[int], limit: sa.BindParameter[int]
) -> sa.Select[int, str, int]:
    """Return the own packs that are closest to being complete: id, name, open parts.

    For use in another SELECT; the fewest open parts first. Packs without a required song are
    excluded.
    """
    parts = sa.func.sum(sa.case((Song.authored_at.is_(None), OPEN_PARTS), else_=0))
    return (
        sa.select(Pack.id.label("id"), Pack.name.label("label"), parts.label("parts"))
        .join(Song, Song.pack_id == Pack.id)
        .where(Pack.user_id == user_id, Pack.completed_at.is_(None), ~Song.is_optional)
        .group_by(Pack.id)
        .order_by(parts, Pack.id)
        .limit(limit)
    )


def list_songs(overview: Overview, *, page: int) -> Page[Song]:
    """Return a page of a pack's songs: required songs first, then optional ones, by title.

    Numbers past the end return the last page, because songs may have been removed.
    """
    page = min(page, last_page(overview.songs, SONGS_A_PAGE))
    songs = db.session.scalars(
        sa.select(Song)
        .where(Song.pack_id == overview.pack.id)
        .order_by(Song.is_optional, Song.title_key, Song.id)
        .limit(SONGS_A_PAGE)
        .offset((page - 1) * SONGS_A_PAGE)
    ).all()
    return Page(songs, page, SONGS_A_PAGE, overview.songs)


def unreleased(pack_id: int) -> list[Unreleased]:
    """Return up to MOST_UNRELEASED songs of the pack that are not Released, unfinished ones first.

    What a song that is fully authored has left is nothing.
    """
    left = sa.case((Song.authored_at.is_(None), OPEN_PARTS), else_=0)
    rows = db.session.execute(
        sa.select(Song.id, Song.title, left)
        .where(Song.pack_id == pack_id, Song.status != Status.RELEASED)
        .order_by(left.desc(), Song.title_key, Song.id)
        .limit(MOST_UNRELEASED)
    )
    return [Unreleased(*row) for row in rows]


def songs_after(pack_id: int, *, before_id: int | None, limit: int) -> Sequence[Song]:
    """Return up to `limit` songs of a pack, newest first, before `before_id`."""
    wanted = sa.select(Song).where(Song.pack_id == pack_id)
    if before_id is not None:
        wanted = wanted.where(Song.id < before_id)
    return db.session.scalars(wanted.order_by(Song.id.desc()).limit(limit)).all()


def lock_songs(pack_id: int) -> Sequence[Song]:
    """Return the songs of a pack, held for a change in the order of their ids."""
    return db.session.scalars(
        sa.select(Song)
        .where(Song.pack_id == pack_id)
        .order_by(Song.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def is_complete(pack_id: int) -> bool:
    """Return whether the pack has required songs and all of them are fully authored."""
    songs, authored = db.session.execute(
        sa.select(sa.func.count(Song.id), sa.func.count(Song.authored_at)).where(
            Song.pack_id == pack_id, ~Song.is_optional
        )
    ).one()
    return songs > 0 and songs == authored

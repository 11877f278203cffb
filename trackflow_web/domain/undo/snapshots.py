"""Deleted songs as plain values: every row that goes with a song, and every link to it.

Which tables these are is read from their foreign keys, so that a table that is added later is
restored as well: rows that a song deletes (CASCADE) are kept, links that it empties (SET NULL) are
noted.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.undo.steps import Deleted, Link
from trackflow_web.kernel.database import Base, UTCDateTime, db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]
SONGS = "songs"


def take(songs: Sequence[Song]) -> tuple[Deleted, ...]:
    """Return what is deleted with these songs; to be called before that."""
    ids = [song.id for song in songs]
    rows: dict[int, dict[str, list[Row]]] = {song_id: {} for song_id in ids}
    for table, column in [(_table(SONGS), _table(SONGS).c.id), *_children("CASCADE")]:
        for row in db.session.execute(sa.select(table).where(column.in_(ids))):
            values = row._mapping  # noqa: SLF001 -- SQLAlchemy's public name for it
            song_id = values[column]
            rows[song_id].setdefault(table.name, []).append(
                {each.name: _plain(values[each]) for each in table.c}
            )
    links = _links(ids)
    return tuple(
        Deleted(song_id=song_id, rows=rows[song_id], links=tuple(links[song_id])) for song_id in ids
    )


def values_of(table: sa.Table, row: Row) -> Row:
    """Return a stored row with values that its columns take."""
    return {name: _typed(table.c[name], value) for name, value in row.items() if name in table.c}


def dangling(kept: Iterable[Deleted], since: datetime) -> Mapping[tuple[str, int], bool]:
    """Return for every row of another table that is referred to whether it is gone.

    The keys are the table and the id. A user who came after `since` may have got the id of one who
    was deleted.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for deleted in kept:
        for name, rows in deleted.rows.items():
            for column, target in _references(name):
                wanted[target] |= {row[column] for row in rows if row.get(column) is not None}
    gone: dict[tuple[str, int], bool] = {}
    for target, ids in wanted.items():
        table = _table(target)
        found = sa.select(table.c.id).where(table.c.id.in_(ids))
        if target == User.__tablename__:
            found = found.where(table.c.created_at <= since)
        there = set(db.session.scalars(found))
        gone |= {(target, each): each not in there for each in ids}
    return gone


def without_dangling(name: str, row: Row, gone: Mapping[tuple[str, int], bool]) -> Row | None:
    """Return the row with links to what is gone emptied; None when it cannot be without one."""
    for column, target in _references(name):
        if row.get(column) is None or not gone.get((target, row[column])):
            continue
        if not _table(name).c[column].nullable:
            return None
        row = {**row, column: None}
    return row


def relink(links: Iterable[Link], song_id: int) -> None:
    """Let rows refer to the song again that have referred to none since."""
    for link in links:
        table = _table(link.table)
        column = table.c[link.column]
        key = [table.c[name] == _typed(table.c[name], value) for name, value in link.key.items()]
        db.session.execute(
            sa.update(table).where(*key, column.is_(None)).values({column.name: song_id})
        )


def child_tables() -> list[sa.Table]:
    """Return the tables whose rows are deleted with their song."""
    return [table for table, _column in _children("CASCADE")]


# --- foreign keys --------------------------------------------------------------------------------


def _table(name: str) -> sa.Table:
    return Base.metadata.tables[name]


@cache
def _children(ondelete: str) -> list[tuple[sa.Table, sa.Column[Any]]]:
    """Return the tables with a foreign key to songs of this kind, and its column."""
    return [
        (table, key.parent)
        for table in Base.metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name)
        if key.column.table.name == SONGS and key.ondelete == ondelete
    ]


@cache
def _references(name: str) -> list[tuple[str, str]]:
    """Return the columns of a table that refer to other tables than songs, with those tables."""
    return [
        (key.parent.name, key.column.table.name)
        for key in _table(name).foreign_keys
        if key.column.table.name != SONGS and key.column.name == "id"
    ]


def _links(ids: Sequence[int]) -> Mapping[int, list[Link]]:
    links: dict[int, list[Link]] = defaultdict(list)
    for table, column in _children("SET NULL"):
        key = list(table.primary_key)
        for song_id, *values in db.session.execute(
            sa.select(column, *key).where(column.in_(ids)).order_by(*key)
        ):
            names = [each.name for each in key]
            plain = dict(zip(names, map(_plain, values), strict=True))
            links[song_id].append(Link(table=table.name, column=column.name, key=plain))
    return links


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever a column holds
    return value.isoformat() if isinstance(value, date | datetime) else value


def _typed(column: sa.Column[Any], value: Any) -> Any:  # noqa: ANN401 -- whatever a column holds
    if value is None:
        return None
    if isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    return value

"""Deleted rows as plain values: a song, a pack or an album, all that goes with it and refers to it.

Which tables these are is read from their foreign keys, so that a table that is added later is
restored as well: rows that are deleted with it (CASCADE) are kept, links that are emptied (SET
NULL) are noted. `root` is the table of what was deleted.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.undo.steps import Deleted, Link, Rows
from trackflow_web.kernel.database import Base, UTCDateTime, db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]
SONGS = "songs"
PACKS = "packs"
ALBUMS = "series"


class Taken(NamedTuple):
    """The rows that are deleted with one of a table, by table, and the links to it."""

    rows: Rows
    links: tuple[Link, ...]


def take_songs(songs: Sequence[Song]) -> tuple[Deleted, ...]:
    """Return what is deleted with these songs; to be called before that."""
    taken = take(SONGS, [song.id for song in songs])
    return tuple(
        Deleted(song_id=song_id, rows=each.rows, links=each.links)
        for song_id, each in taken.items()
    )


def take(root: str, ids: Sequence[int]) -> Mapping[int, Taken]:
    """Return what is deleted with these rows, by their ids; to be called before that."""
    rows: dict[int, Rows] = {each: {} for each in ids}
    for table, column in [(_table(root), _table(root).c.id), *_children(root, "CASCADE")]:
        for row in db.session.execute(sa.select(table).where(column.in_(ids))):
            values = row._mapping  # noqa: SLF001 -- SQLAlchemy's public name for it
            rows[values[column]].setdefault(table.name, []).append(
                {each.name: _plain(values[each]) for each in table.c}
            )
    links = _links(root, ids)
    return {each: Taken(rows[each], tuple(links[each])) for each in ids}


def values_of(table: sa.Table, row: Row) -> Row:
    """Return a stored row with values that its columns take."""
    return {name: _typed(table.c[name], value) for name, value in row.items() if name in table.c}


def dangling(root: str, kept: Iterable[Rows], since: datetime) -> Mapping[tuple[str, int], bool]:
    """Return for every row of another table that is referred to whether it is gone.

    The keys are the table and the id. A row that came after `since` may have got the id of one
    that was deleted.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for by_table in kept:
        for name, rows in by_table.items():
            for column, target in _references(root, name):
                wanted[target] |= {row[column] for row in rows if row.get(column) is not None}
    gone: dict[tuple[str, int], bool] = {}
    for target, ids in wanted.items():
        table = _table(target)
        found = sa.select(table.c.id).where(table.c.id.in_(ids))
        if "created_at" in table.c:
            found = found.where(table.c.created_at <= since)
        there = set(db.session.scalars(found))
        gone |= {(target, each): each not in there for each in ids}
    return gone


def without_dangling(
    root: str, name: str, row: Row, gone: Mapping[tuple[str, int], bool]
) -> Row | None:
    """Return the row with links to what is gone emptied; None when it cannot be without one."""
    for column, target in _references(root, name):
        if row.get(column) is None or not gone.get((target, row[column])):
            continue
        if not _table(name).c[column].nullable:
            return None
        row = {**row, column: None}
    return row


def relink(links: Iterable[Link], root_id: int) -> None:
    """Let rows refer to what was restored again that have referred to nothing since."""
    for link in links:
        table = _table(link.table)
        column = table.c[link.column]
        key = [table.c[name] == _typed(table.c[name], value) for name, value in link.key.items()]
        db.session.execute(
            sa.update(table).where(*key, column.is_(None)).values({column.name: root_id})
        )


def children(root: str) -> list[tuple[sa.Table, str]]:
    """Return the tables whose rows are deleted with one of this table, and the column."""
    return [(table, column.name) for table, column in _children(root, "CASCADE")]


def insert(table: sa.Table, row: Row, **changes: object) -> int:
    """Insert a row with some values changed; with another id where its own is taken.

    Returns 0 for a table without ids.
    """
    values = values_of(table, row) | changes
    if "id" not in table.c:
        db.session.execute(sa.insert(table).values(values))
        return 0
    if db.session.scalar(sa.select(table.c.id).where(table.c.id == values["id"])) is not None:
        del values["id"]
    inserted: int = db.session.scalars(sa.insert(table).values(values).returning(table.c.id)).one()
    return inserted


# --- foreign keys --------------------------------------------------------------------------------


def _table(name: str) -> sa.Table:
    return Base.metadata.tables[name]


@cache
def _children(root: str, ondelete: str) -> list[tuple[sa.Table, sa.Column[Any]]]:
    """Return the tables with a foreign key of this kind to the root, and its column."""
    return [
        (table, key.parent)
        for table in Base.metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name)
        if key.column.table.name == root and key.ondelete == ondelete
    ]


@cache
def _references(root: str, name: str) -> list[tuple[str, str]]:
    """Return the columns of a table that refer to other tables than the root, with those."""
    return [
        (key.parent.name, key.column.table.name)
        for key in _table(name).foreign_keys
        if key.column.table.name != root and key.column.name == "id"
    ]


def _links(root: str, ids: Sequence[int]) -> Mapping[int, list[Link]]:
    links: dict[int, list[Link]] = defaultdict(list)
    for table, column in _children(root, "SET NULL"):
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

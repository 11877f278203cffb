"""Pieces of a JSON document: rows are read in pages and written as they come."""

from __future__ import annotations

import itertools
import json
from base64 import b64encode
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.kernel.database import Base, db
from trackflow_web.kernel.transactions import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import InstrumentedAttribute

Row = dict[str, Any]

ROWS_AT_ONCE = 500
# Of rows that contain rows: an album has up to 200 tracks.
FULL_ROWS_AT_ONCE = 100
# Keys derived from other columns for comparing and searching, and the state of jobs.
DERIVED = frozenset({"title_key", "artist_key", "album_key", "name_key", "search_key"})
WORKINGS = frozenset({"worker", "held_until", "retry_at", "attempts", "last_user_id"})


# --- reading -------------------------------------------------------------------------------------


def rows_of(
    model: type[Base],
    which: sa.ColumnElement[bool],
    *,
    only: Iterable[str] = (),
    leave_out: Iterable[str] = (),
    at_once: int = ROWS_AT_ONCE,
) -> Iterator[list[Row]]:
    """Return pages of a table's rows, without the columns that name their user."""
    table = model.__table__
    hidden = {"user_id", "admin_id"} | DERIVED | WORKINGS | set(leave_out)
    columns = [table.c[name] for name in only] or [
        column for column in table.c if column.name not in hidden
    ]
    return selected(sa.select(*columns).where(which), *table.primary_key, at_once=at_once)


def selected(
    select: sa.Select[*tuple[Any, ...]],
    *keys: sa.ColumnElement[Any] | InstrumentedAttribute[Any],
    at_once: int = ROWS_AT_ONCE,
) -> Iterator[list[Row]]:
    """Return pages of what a query finds, in the order of `keys`, which are unique together."""
    names = tuple(column.name for column in select.selected_columns)
    page = select.add_columns(*(key.label(f"key_{at}") for at, key in enumerate(keys)))
    page = page.order_by(*keys).limit(at_once)
    wanted = page
    while True:
        with reading():
            found = db.session.execute(wanted).all()
        if found:
            yield [dict(zip(names, row, strict=False)) for row in found]
        if len(found) < at_once:
            return
        last = (
            sa.literal(value, key.type)
            for key, value in zip(keys, found[-1][len(names) :], strict=True)
        )
        wanted = page.where(sa.tuple_(*keys) > sa.tuple_(*last))


def with_details(
    pages: Iterator[list[Row]],
    find: Callable[[Sequence[int]], tuple[str, Mapping[Any, list[Row]]]],
) -> Iterator[list[Row]]:
    """Return pages of rows, each with the rows that belong to it."""
    for page in pages:
        name, found = find([row["id"] for row in page])
        yield [row | {name: found[row["id"]]} for row in page]


def grouped_by(pages: Iterator[list[Row]], column: str) -> Mapping[Any, list[Row]]:
    """Return the rows under the value of a column, without it."""
    grouped: Mapping[Any, list[Row]] = defaultdict(list)
    for row in itertools.chain.from_iterable(pages):
        grouped[row.pop(column)].append(row)
    return grouped


# --- writing -------------------------------------------------------------------------------------


def document(first: Row, more: Mapping[str, Iterator[str]]) -> Iterator[str]:
    yield as_json(first)[:-1]
    for name, pieces in more.items():
        yield f', "{name}": '
        yield from pieces
    yield "}"


def json_list(pages: Iterator[list[Row]]) -> Iterator[str]:
    """Return the pieces of a list, one for each page."""
    yield "["
    separator = ""
    for page in pages:
        yield separator + ", ".join(map(as_json, page))
        separator = ", "
    yield "]"


def json_of_first(pages: Iterator[list[Row]]) -> Iterator[str]:
    """Return the only row, or an empty object."""
    yield as_json(next(pages, [{}])[0])


def as_json(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    if isinstance(value, date):  # which moments are too
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(value)

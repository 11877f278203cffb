"""Subjects of reactions and comments, and who may see them.

Features declare which of their rows are subjects; the composition root passes those to `use`. This
module imports none of them, because some of them have comments themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

# Larger numbers are ids of nothing, and too large for a column.
LARGEST_ID = 2**63 - 1


class SubjectType(StrEnum):
    """The types of subjects; the ids are those of songs, awards, packs, comments and feedback."""

    RELEASE = "release"
    ACHIEVEMENT = "achievement"
    PACK = "pack"
    COMMENT = "comment"
    FEATURE_REQUEST = "feature_request"
    BUG_REPORT = "bug_report"


@dataclass(frozen=True)
class Subject:
    """What people react to and comment on; `owner_id` is whose it is."""

    type: SubjectType
    id: int
    owner_id: int

    @property
    def key(self) -> Key:
        """Return the type and id."""
        return self.type, self.id


@dataclass(frozen=True)
class SubjectText:
    """A subject with the username of its owner and what it is called now.

    `name` is a title; for an award the code of its achievement, for a comment the key of its thread
    (`release:7`). Without `has_page` the viewer sees its thread only.
    """

    subject: Subject
    username: str
    name: str
    has_page: bool = True


Key = tuple[SubjectType, int]
Viewer = Any  # the id of a user, None for a visitor, or a parameter that stands for an id
# Returns the rows (id, owner_id, username, name, and has_page where some have none) that a viewer
# may see; with `blocked_too` also those of users whom the viewer has blocked.
Rows = Callable[..., sa.Select[*tuple[Any, ...]]]

_rows: dict[SubjectType, Rows] = {}


def use(declared: Mapping[SubjectType, Rows]) -> None:
    """Apply the features' declarations to this process."""
    _rows.update(declared)


def find_subject(
    type_: str, id_: int, viewer_id: int | None, *, blocked_too: bool = False
) -> Subject | None:
    """Return a subject if the viewer may see it; None also for a type that does not exist.

    With `blocked_too` also one of a user whom the viewer has blocked, so that it can be reported.
    """
    if type_ not in _rows:
        return None
    key = (SubjectType(type_), id_)
    found = describe([key], viewer_id, blocked_too=blocked_too).get(key)
    return found.subject if found else None


def describe(
    keys: Iterable[Key], viewer_id: int | None, *, blocked_too: bool = False
) -> dict[Key, SubjectText]:
    """Return those subjects that the viewer may see, by type and id, in one statement."""
    wanted: dict[SubjectType, set[int]] = defaultdict(set)
    for type_, id_ in keys:
        if 0 < id_ <= LARGEST_ID:
            wanted[type_].add(id_)
    if not wanted:
        return {}
    types = tuple(type_ for type_ in SubjectType if type_ in wanted)
    parameters: dict[str, Any] = {str(type_): sorted(wanted[type_]) for type_ in types}
    if viewer_id is not None:
        parameters["viewer_id"] = viewer_id
    statement = _statement(types, signed_in=viewer_id is not None, blocked_too=blocked_too)
    rows = db.session.execute(statement, parameters)
    found = [
        SubjectText(
            Subject(SubjectType(row.type), row.id, row.owner_id),
            row.username,
            row.name,
            has_page=bool(row.has_page),
        )
        for row in rows
    ]
    return {each.subject.key: each for each in found}


def is_visible(
    type_: InstrumentedAttribute[SubjectType],
    id_: InstrumentedAttribute[int],
    among: Iterable[SubjectType],
    viewer: Viewer,
    *,
    blocked_too: bool = False,
) -> sa.ColumnElement[bool]:
    """Return the condition for columns of a table that name a subject which a viewer may see."""
    outer = cast("Any", id_).__clause_element__().table

    def rows_of(each: SubjectType) -> sa.ColumnElement[bool]:
        rows = _rows[each](viewer, blocked_too=blocked_too)
        return rows.where(rows.selected_columns.id == id_).correlate(outer).exists()

    return sa.or_(*(sa.and_(type_ == each, rows_of(each)) for each in among))


@lru_cache(maxsize=128)
def _statement(
    types: tuple[SubjectType, ...], *, signed_in: bool, blocked_too: bool
) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for these types, built once."""
    viewer = sa.bindparam("viewer_id", type_=sa.BigInteger) if signed_in else None
    found = [_typed(type_, viewer, blocked_too=blocked_too) for type_ in types]
    rows = (sa.union_all(*found) if len(found) > 1 else found[0]).subquery()
    return sa.select(rows)


def _typed(type_: SubjectType, viewer: Viewer, *, blocked_too: bool) -> sa.Select[*tuple[Any, ...]]:
    rows = _rows[type_](viewer, blocked_too=blocked_too).subquery()
    columns = (rows.c.id, rows.c.owner_id, rows.c.username, rows.c.name)
    has_page = rows.c.get("has_page", sa.true()).label("has_page")
    return sa.select(sa.literal(str(type_)).label("type"), *columns, has_page).where(
        rows.c.id.in_(literal_ids(str(type_)))
    )
